"""Where chance comes from: the generator against its published answers, and the address of every word."""

from __future__ import annotations

import numpy as np

from experiments.verification.analytical_rules import Near
from experiments.verification.checks import Breaches, Finding
from experiments.verification.p_values import Odds
from experiments.verification.random_scenarios import Ground
from simulation import chance
from simulation.chance import (
    ARRIVAL,
    CONSEQUENCES,
    LATER_PROGRAMMES,
    LIFE,
    LOTTERY,
    MONTH_ZERO,
    PAROLE,
    RECRUITING,
    RUIN,
    VOLUNTEER,
    WORD,
    fill_four,
    key_of,
    normal_table,
    philox,
    words_at,
)
from simulation.compiled import plain
from simulation.month import words_of_month
from simulation.vector_rules import FIRST_FACTOR, programme_row

ONES = 0xFFFFFFFF
KNOWN_ANSWERS = (
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((ONES, ONES, ONES, ONES), (ONES, ONES), (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    ((0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344), (0xA4093822, 0x299F31D0),
     (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1)),
)  # fmt: skip
"""Counter, key and answer of Philox4x32-10 in the file kat_vectors of Random123 (Salmon et al. 2011)."""


def the_generator_gives_its_published_answers(ground: Ground) -> Finding:
    """The compiled generator, and the same in ordinary Python, is Philox4x32-10 bit for bit."""
    del ground
    seen = Breaches()
    for counter, key, answer in KNOWN_ANSWERS:
        seen.see(tuple(words_at(*counter, *key).tolist()) == answer, "compiled")
        seen.see(tuple(int(word) for word in plain(philox)(*counter, *key)) == answer, "plain")
    return seen.found()


def a_block_has_the_words_of_its_people(ground: Ground) -> Finding:
    """Filling the words of a block gives everybody the words of his or her own address."""
    seen, luck = Breaches(), ground.luck(2)
    person, replicate, month = (luck.integers(0, 2**32, 50, dtype=np.uint32) for _ in range(3))
    rows = np.zeros((4, 50), np.uint32)
    fill_four(rows[0], rows[1], rows[2], rows[3], person, replicate, month, ARRIVAL | 2, 11, 13)
    for i in range(50):
        seen.same(
            rows[:, i], words_at(int(person[i]), int(replicate[i]), int(month[i]), ARRIVAL | 2, 11, 13), f"person {i}"
        )
    return seen.found()


def every_word_has_the_address_that_is_written_down(ground: Ground) -> Finding:
    """The words of a month lie where the table of addresses says: person, replicate, month + 1024, purpose."""
    seen = Breaches()
    for world in [*ground.worlds("helped", 6), *ground.worlds("any", 4)]:
        for stage, now in world.months():
            if stage != "lived" or now.month % 5 or now.rows.stop <= now.rows.start:
                continue
            n, people = now.numbers, now.people
            factors, programmes = len(n.gain), len(n.starts)
            rows = len(now.buffers.words)
            words = words_of_month(
                now.month, people, now.rows.start, now.rows.stop, rows, factors, programmes, n.key0, n.key1
            )
            for i in range(now.rows.start, min(now.rows.stop, now.rows.start + 3)):
                at = int(now.month) - int(people.release[i]) + MONTH_ZERO

                def own(purpose: int, i: int = i, at: int = at, now=now) -> list[int]:  # type: ignore[no-untyped-def]
                    who = int(now.people.person[i]), int(now.people.replicate[i])
                    return [
                        int(word) for word in words_at(*who, at, LIFE | purpose, now.numbers.key0, now.numbers.key1)
                    ]

                mine = words[:, i - now.rows.start].tolist()
                first = own(0)
                seen.see(mine[:3] == first[:3], "offence, contact and end of the first programme")
                for f in range(factors):
                    block, place = divmod(FIRST_FACTOR + f, 4)
                    seen.see(mine[FIRST_FACTOR + f] == own(block)[place], f"factor {f}")
                for k in range(1, programmes):
                    row = plain(programme_row)(k, factors)
                    block, place = divmod(2 * (k - 1), 4)
                    seen.see(mine[row : row + 2] == own(LATER_PROGRAMMES + block)[place : place + 2], f"programme {k}")
    return seen.found()


def no_two_purposes_share_an_address(ground: Ground) -> Finding:
    """Lives, arrivals, volunteers, recruiting and lots have high bytes of their own, and blocks that never meet."""
    del ground
    seen = Breaches()
    lives = (LIFE, ARRIVAL, VOLUNTEER, RECRUITING, LOTTERY)
    seen.see(
        len({each >> 24 for each in lives}) == len(lives) and not any(each & 0xFFFFFF for each in lives), "high bytes"
    )
    seen.see([each >> 24 for each in lives] == [0, 1, 2, 3, 4], "the table of addresses")
    months = set(range((FIRST_FACTOR + 16 + 3) // 4))
    later = {LATER_PROGRAMMES + k for k in range(4)}
    after = {CONSEQUENCES, PAROLE} | {RUIN + f for f in range(16)}
    seen.see(len(months | later | after) == len(months) + len(later) + len(after), "blocks of a month")
    seen.see(
        (LATER_PROGRAMMES, CONSEQUENCES, PAROLE, RUIN, MONTH_ZERO) == (32, 64, 65, 72, 1024), "the table of addresses"
    )
    return seen.found()


def seeds_are_two_words(ground: Ground) -> Finding:
    """A seed below 2^64 is the key's two words, low word first; beyond it is refused."""
    del ground
    seen = Breaches()
    for seed in (0, 1, 2**32 - 1, 2**32, 2**63 + 12345, 2**64 - 1):
        low, high = key_of(seed)
        seen.see(low + (high << 32) == seed and 0 <= low < 2**32 and 0 <= high < 2**32, f"seed {seed}")
    for seed in (-1, 2**64):
        try:
            key_of(seed)
        except ValueError:
            seen.see(True)
            continue
        seen.see(False, f"seed {seed} was taken")
    return seen.found()


def the_table_of_normal_numbers_is_that_of_its_quantiles(ground: Ground) -> Finding:
    """65,536 numbers in the middle of equal parts, symmetric, rising, with variance 1; a word's upper half
    chooses one.
    """
    from scipy import stats

    del ground
    seen, table = Near(), normal_table()
    seen.see(len(table), 65536)
    seen.see(table, stats.norm.ppf((np.arange(65536) + 0.5) / 65536), 1e-6)
    seen.see([table.mean(), table.var()], [0.0, 1.0], 1e-4)
    seen.see(np.diff(table).min() > 0, 1)
    for word in (0, 65535, 65536, 2**31, 2**32 - 1):
        seen.see(plain(chance.normal)(np.uint32(word), table), table[word >> 16])
    seen.see(WORD, 2.0**32)
    seen.see(table.flags.writeable, 0, words="a table that somebody can write to")
    return seen.found()


def words_are_spread_evenly(ground: Ground) -> Finding:
    """Words at neighbouring addresses are even, and those of two months or two purposes have nothing to do with each
    other.
    """
    odds, number = Odds(), ground.many(20_000)
    zero = np.zeros(number, np.uint32)
    rows = np.zeros((8, number), np.uint32)
    key0, key1 = key_of(ground.seed)
    people = np.arange(number, dtype=np.uint32)
    fill_four(rows[0], rows[1], rows[2], rows[3], people, zero, zero + np.uint32(MONTH_ZERO), LIFE, key0, key1)
    fill_four(rows[4], rows[5], rows[6], rows[7], people, zero, zero + np.uint32(MONTH_ZERO + 1), LIFE, key0, key1)
    for k in range(8):
        odds.counts(np.bincount(rows[k] >> 28, minlength=16), np.full(16, 1 / 16), f"word {k}")
    for one, other in ((0, 1), (0, 4), (2, 3), (1, 5)):
        both = np.corrcoef(rows[one].astype(np.float64), rows[other].astype(np.float64))[0, 1]
        odds.mean(np.array([both]), 0.0, 1 / np.sqrt(number), f"words {one} and {other}")
    return odds.found()

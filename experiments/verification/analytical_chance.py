"""The random numbers: the generator against its published answers, and the address of every number."""

from __future__ import annotations

import numpy as np
from scipy import stats

from experiments.verification.check_context import CheckContext
from experiments.verification.checks import Deviations, Finding, Violations
from experiments.verification.p_values import PValues
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


def the_generator_gives_its_published_answers(context: CheckContext) -> Finding:
    """The compiled generator, and the same in ordinary Python, is Philox4x32-10 bit for bit."""
    del context
    claim = Violations()
    for counter, key, answer in KNOWN_ANSWERS:
        claim.check(tuple(words_at(*counter, *key).tolist()) == answer, "compiled")
        claim.check(tuple(int(word) for word in plain(philox)(*counter, *key)) == answer, "plain")
    return claim.finding()


def a_block_has_the_random_numbers_of_its_people(context: CheckContext) -> Finding:
    """Filling a block gives everybody the random numbers of his or her own address."""
    claim, rng = Violations(), context.rng(2)
    person, replicate, month = (rng.integers(0, 2**32, 50, dtype=np.uint32) for _ in range(3))
    rows = np.zeros((4, 50), np.uint32)
    fill_four(rows[0], rows[1], rows[2], rows[3], person, replicate, month, ARRIVAL | 2, 11, 13)
    for i in range(50):
        claim.equal(
            rows[:, i], words_at(int(person[i]), int(replicate[i]), int(month[i]), ARRIVAL | 2, 11, 13), f"person {i}"
        )
    return claim.finding()


def every_random_number_has_its_documented_address(context: CheckContext) -> Finding:
    """The random numbers of a month lie where the table of addresses says: person, replicate, month + 1024, purpose."""
    claim = Violations()
    for case in context.scenarios(programme=6, any=4):
        for stage, now in case.months():
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
                claim.check(mine[:3] == first[:3], "offence, contact and end of the first programme")
                for f in range(factors):
                    block, place = divmod(FIRST_FACTOR + f, 4)
                    claim.check(mine[FIRST_FACTOR + f] == own(block)[place], f"factor {f}")
                for k in range(1, programmes):
                    row = plain(programme_row)(k, factors)
                    block, place = divmod(2 * (k - 1), 4)
                    claim.check(
                        mine[row : row + 2] == own(LATER_PROGRAMMES + block)[place : place + 2], f"programme {k}"
                    )
    return claim.finding()


def no_two_purposes_share_an_address(context: CheckContext) -> Finding:
    """Lives, arrivals, volunteers, recruiting and lots have high bytes of their own, and blocks that never meet."""
    del context
    claim = Violations()
    lives = (LIFE, ARRIVAL, VOLUNTEER, RECRUITING, LOTTERY)
    claim.check(
        len({each >> 24 for each in lives}) == len(lives) and not any(each & 0xFFFFFF for each in lives), "high bytes"
    )
    claim.check([each >> 24 for each in lives] == [0, 1, 2, 3, 4], "the table of addresses")
    months = set(range((FIRST_FACTOR + 16 + 3) // 4))
    later = {LATER_PROGRAMMES + k for k in range(4)}
    after = {CONSEQUENCES, PAROLE} | {RUIN + f for f in range(16)}
    claim.check(len(months | later | after) == len(months) + len(later) + len(after), "blocks of a month")
    claim.check(
        (LATER_PROGRAMMES, CONSEQUENCES, PAROLE, RUIN, MONTH_ZERO) == (32, 64, 65, 72, 1024), "the table of addresses"
    )
    return claim.finding()


def a_seed_is_two_32_bit_numbers(context: CheckContext) -> Finding:
    """A seed below 2^64 is the key's two 32-bit numbers, the low one first; a seed beyond it is refused."""
    del context
    claim = Violations()
    for seed in (0, 1, 2**32 - 1, 2**32, 2**63 + 12345, 2**64 - 1):
        low, high = key_of(seed)
        claim.check(low + (high << 32) == seed and 0 <= low < 2**32 and 0 <= high < 2**32, f"seed {seed}")
    for seed in (-1, 2**64):
        try:
            key_of(seed)
        except ValueError:
            claim.check(True)
            continue
        claim.check(False, f"seed {seed} was taken")
    return claim.finding()


def the_table_of_normal_numbers_is_that_of_its_quantiles(context: CheckContext) -> Finding:
    """65,536 numbers in the middle of equal parts, symmetric, rising, with variance 1; the upper half
    of a random number chooses one.
    """
    del context
    claim, table = Deviations(), normal_table()
    claim.check(len(table), 65536)
    claim.check(table, stats.norm.ppf((np.arange(65536) + 0.5) / 65536), 1e-6)
    claim.check([table.mean(), table.var()], [0.0, 1.0], 1e-4)
    claim.check(table, -table[::-1], detail="symmetry")
    claim.check(np.diff(table).min() > 0, 1)
    for word in (0, 65535, 65536, 2**31, 2**32 - 1):
        claim.check(plain(chance.normal)(word, table), table[word >> 16])
    claim.check(WORD, 2.0**32)
    claim.check(table.flags.writeable, 0, detail="a table that somebody can write to")
    return claim.finding()


def random_numbers_are_uniform(context: CheckContext) -> Finding:
    """Random numbers at neighbouring addresses are uniform, and those of two months or two purposes are
    uncorrelated.
    """
    p_values, number = PValues(), context.scaled(20_000)
    zero = np.zeros(number, np.uint32)
    rows = np.zeros((8, number), np.uint32)
    key0, key1 = key_of(context.seed)
    people = np.arange(number, dtype=np.uint32)
    fill_four(rows[0], rows[1], rows[2], rows[3], people, zero, zero + np.uint32(MONTH_ZERO), LIFE, key0, key1)
    fill_four(rows[4], rows[5], rows[6], rows[7], people, zero, zero + np.uint32(MONTH_ZERO + 1), LIFE, key0, key1)
    for k in range(8):
        p_values.counts(np.bincount(rows[k] >> 28, minlength=16), np.full(16, 1 / 16), f"word {k}")
    for one, other in ((0, 1), (0, 4), (2, 3), (1, 5)):
        both = np.corrcoef(rows[one].astype(np.float64), rows[other].astype(np.float64))[0, 1]
        p_values.mean(np.array([both]), 0.0, 1 / np.sqrt(number), f"words {one} and {other}")
    return p_values.finding()

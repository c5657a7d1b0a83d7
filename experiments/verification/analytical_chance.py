"""The random numbers: the generator against its published answers, and the address of every number."""

from __future__ import annotations

from functools import partial

import numpy as np
from scipy import stats

from experiments.verification.check_context import CheckContext
from experiments.verification.checks import Deviations, PValues, Violations, analytical_checks
from simulation import chance
from simulation.chance import ARRIVAL, LATER_PROGRAMMES, LIFE, MONTH_ZERO, fill_four, key_of, normal_table, words_at
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


def the_generator_gives_its_published_answers(claim: Violations) -> None:
    """The compiled generator, and the same in ordinary Python, is Philox4x32-10 bit for bit."""
    for counter, key, answer in KNOWN_ANSWERS:
        claim.check(tuple(words_at(*counter, *key).tolist()) == answer, "compiled")
        claim.check(tuple(int(word) for word in plain(chance.philox)(*counter, *key)) == answer, "plain")


def a_block_has_the_random_numbers_of_its_people(claim: Violations, context: CheckContext) -> None:
    """Filling a block gives everybody the random numbers of his or her own address."""
    rng = context.rng(2)
    person, replicate, month = (rng.integers(0, 2**32, 50, dtype=np.uint32) for _ in range(3))
    rows = np.zeros((4, 50), np.uint32)
    fill_four(*rows, person, replicate, month, ARRIVAL | 2, 11, 13)
    for i, own in enumerate(zip(person.tolist(), replicate.tolist(), month.tolist(), strict=True)):
        claim.equal(rows[:, i], words_at(*own, ARRIVAL | 2, 11, 13), f"person {i}")


def every_random_number_has_its_documented_address(claim: Violations, context: CheckContext) -> None:
    """The random numbers of a month lie where the table of addresses says: person, replicate, month + 1024, purpose."""
    for case in context.scenarios(programme=6, any=4):
        for stage, now in case.months():
            if stage != "lived" or now.month % 5 or now.rows.stop <= now.rows.start:
                continue
            n, people, low, high = now.numbers, now.people, now.rows.start, now.rows.stop
            factors, programmes, rows = len(n.gain), len(n.starts), len(now.buffers.words)
            words = words_of_month(now.month, people, low, high, rows, factors, programmes, n.key0, n.key1)
            for i in range(low, min(high, low + 3)):
                at = int(now.month) - int(people.release[i]) + MONTH_ZERO
                own = partial(_words, int(people.person[i]), int(people.replicate[i]), at, (n.key0, n.key1))
                mine = words[:, i - low].tolist()
                claim.check(mine[:3] == own(0)[:3], "offence, contact and end of the first programme")
                for f in range(factors):
                    block, place = divmod(FIRST_FACTOR + f, 4)
                    claim.check(mine[FIRST_FACTOR + f] == own(block)[place], f"factor {f}")
                for k in range(1, programmes):
                    row = plain(programme_row)(k, factors)
                    block, place = divmod(2 * (k - 1), 4)
                    right = own(LATER_PROGRAMMES + block)[place : place + 2]
                    claim.check(mine[row : row + 2] == right, f"programme {k}")


def _words(person: int, replicate: int, month: int, key: tuple[int, int], purpose: int) -> list[int]:
    return [int(word) for word in words_at(person, replicate, month, LIFE | purpose, *key)]


def no_two_purposes_share_an_address(claim: Violations) -> None:
    """Lives, arrivals, volunteers, recruiting and lots have high bytes of their own, and blocks that never meet."""
    lives = (LIFE, ARRIVAL, chance.VOLUNTEER, chance.RECRUITING, chance.LOTTERY)
    apart = len({each >> 24 for each in lives}) == len(lives) and not any(each & 0xFFFFFF for each in lives)
    claim.check(apart, "high bytes")
    claim.check([each >> 24 for each in lives] == [0, 1, 2, 3, 4], "the table of addresses")
    months = set(range((FIRST_FACTOR + 16 + 3) // 4))
    later = {LATER_PROGRAMMES + k for k in range(4)}
    after = {chance.CONSEQUENCES, chance.PAROLE} | {chance.RUIN + f for f in range(16)}
    claim.check(len(months | later | after) == len(months) + len(later) + len(after), "blocks of a month")
    stated = (LATER_PROGRAMMES, chance.CONSEQUENCES, chance.PAROLE, chance.RUIN, MONTH_ZERO)
    claim.check(stated == (32, 64, 65, 72, 1024), "the table of addresses")


def a_seed_is_two_32_bit_numbers(claim: Violations) -> None:
    """A seed below 2^64 is the key's two 32-bit numbers, the low one first; a seed beyond it is refused."""
    for seed in (0, 1, 2**32 - 1, 2**32, 2**63 + 12345, 2**64 - 1):
        low, high = key_of(seed)
        claim.check(low + (high << 32) == seed and 0 <= low < 2**32 and 0 <= high < 2**32, f"seed {seed}")
    for seed in (-1, 2**64):
        claim.refused(partial(key_of, seed), f"seed {seed}")


def the_table_of_normal_numbers_is_that_of_its_quantiles(claim: Deviations) -> None:
    """65,536 numbers in the middle of equal parts, symmetric, rising, with variance 1; the upper half
    of a random number chooses one.
    """
    table = normal_table()
    claim.check(len(table), 65536)
    claim.check(table, stats.norm.ppf((np.arange(65536) + 0.5) / 65536), 1e-6)
    claim.check([table.mean(), table.var()], [0.0, 1.0], 1e-4)
    claim.check(table, -table[::-1], detail="symmetry")
    claim.check(np.diff(table).min() > 0, 1)
    for word in (0, 65535, 65536, 2**31, 2**32 - 1):
        claim.check(plain(chance.normal)(word, table), table[word >> 16])
    claim.check(chance.WORD, 2.0**32)
    claim.check(table.flags.writeable, 0, detail="a table that can be changed")


def random_numbers_are_uniform(claim: PValues, context: CheckContext) -> None:
    """Random numbers at neighbouring addresses are uniform, and those of two months or two purposes are
    uncorrelated.
    """
    number = context.scaled(20_000)
    people, zero = np.arange(number, dtype=np.uint32), np.zeros(number, np.uint32)
    rows = np.zeros((8, number), np.uint32)
    for block, month in ((rows[:4], MONTH_ZERO), (rows[4:], MONTH_ZERO + 1)):
        fill_four(*block, people, zero, zero + np.uint32(month), LIFE, *key_of(context.seed))
    for k in range(8):
        claim.counts(np.bincount(rows[k] >> 28, minlength=16), np.full(16, 1 / 16), f"word {k}")
    for one, other in ((0, 1), (0, 4), (2, 3), (1, 5)):
        both = np.corrcoef(rows[one].astype(np.float64), rows[other].astype(np.float64))[0, 1]
        claim.mean(np.array([both]), 0.0, 1 / np.sqrt(number), f"words {one} and {other}")


CHANCE = analytical_checks(
    "chance", no_two_purposes_share_an_address, a_seed_is_two_32_bit_numbers,
    the_table_of_normal_numbers_is_that_of_its_quantiles, the_generator_gives_its_published_answers,
    a_block_has_the_random_numbers_of_its_people, random_numbers_are_uniform,
    every_random_number_has_its_documented_address,
)  # fmt: skip

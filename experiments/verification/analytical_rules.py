"""Where mathematics has the answer, rule by rule, and the random numbers that the rules are given.

Each rule is given random numbers spread evenly over all there are. What it does with them is what it does by chance, to
one part in their number; a finding is the largest deviation in units of what their spacing allows. The generator is
compared with its published answers, and every number with its documented address.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from experiments.verification.check_context import CheckContext
from experiments.verification.checks import Deviations, PValues, Violations, analytical_checks
from simulation import chance, rules
from simulation.chance import ARRIVAL, LATER_PROGRAMMES, LIFE, MONTH_ZERO, fill_four, key_of, normal_table, words_at
from simulation.compiled import plain
from simulation.compiled_parameters import MOST_RECRUITS, phase_table
from simulation.month import words_of_month
from simulation.vector_rules import FIRST_FACTOR, programme_row

SPREAD = 4096
STEP = 1.0 / SPREAD
WORDS = [int((i + 0.5) * chance.WORD / SPREAD) for i in range(SPREAD)]
"""Random numbers (32 bits) spread evenly."""
UNMATCHED = (rules.ASIDE, rules.WAITING, rules.PLANNED, rules.UNPLANNED, rules.WITHOUT, rules.LEFT, rules.CAUGHT)
ONES = 0xFFFFFFFF
KNOWN_ANSWERS = (
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((ONES, ONES, ONES, ONES), (ONES, ONES), (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    ((0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344), (0xA4093822, 0x299F31D0),
     (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1)),
)  # fmt: skip
"""Counter, key and answer of Philox4x32-10 in the file kat_vectors of Random123 (Salmon et al. 2011)."""


# Rules ----------------------------------------------------------------------------------------------------------


def _all(rule: Callable[..., Any], *given: Any, every: int = 1) -> npt.NDArray[Any]:
    """What a rule does with each of the random numbers, or every so many of them; they stand where ``None`` does."""
    at = given.index(None)
    return np.array([plain(rule)(*given[:at], word, *given[at + 1 :]) for word in WORDS[::every]])


def things_happen_by_their_chance(claim: Deviations) -> None:
    """An event with a chance happens that often; at chance 0 it never happens, at 1 always."""
    for probability in (0.0, 0.1, 0.5, 0.93, 1.0):
        claim.check(_all(rules.happens, None, probability).mean(), probability, STEP)


def offences_in_a_month_are_geometric(claim: Deviations) -> None:
    """k offences or more happen in a month with chance another^(k - 1), up to the most there can be."""
    for another in (0.0, 0.3, 0.9):
        numbers = _all(rules.burst, None, another, 20)
        for k in range(1, 21):
            claim.check((numbers >= k).mean(), another ** (k - 1), STEP, f"another {another}, {k} or more")
        claim.check(numbers.max() <= 20, 1)


def decisions_take_an_investigation_and_a_court_case(claim: Deviations) -> None:
    """Months until a decision are the sum of two geometric phases, together with the stated mean."""
    halves = [int((i + 0.5) * 65536 / 128) for i in range(128)]
    for mean in (0.0, 0.5, 4.0, 24.0):
        phase, part = phase_table(mean), 2 / (2 + mean)
        months = np.array([plain(rules.waits)((high << 16) | low, phase) for high in halves for low in halves])
        claim.check(months.mean(), mean, 0.02 * max(mean, 0.01), f"mean {mean}")
        for k in (0, 1, 3, 12):
            claim.check((months <= k).mean(), stats.nbinom.cdf(k, 2, part), 0.01, f"mean {mean}, {k} months")
        for k in (0, 1, 5):
            claim.check((phase > k).mean(), (1 - part) ** (k + 1), 2 / 65536, f"mean {mean}, one phase beyond {k}")


def volunteers_come_forward_as_poisson_says(claim: Deviations) -> None:
    """The number who come forward in a place has the quantiles of a Poisson distribution, up to the most
    there may be.
    """
    words = WORDS[8::16]
    for rate in (0.0, 0.05, 1.0, 7.5, 60.0, MOST_RECRUITS):
        numbers = np.array([plain(rules.come_forward)(word, np.exp(-rate), rate) for word in words])
        right = stats.poisson.ppf((np.array(words) + 0.5) / chance.WORD, rate)
        claim.check((numbers != right).mean(), 0.0, 0.01, f"rate {rate}")
        claim.check(numbers.mean(), right.mean(), 1e-3 * max(1.0, rate), f"rate {rate}: mean")


def custody_lasts_as_long_as_is_served(claim: Deviations) -> None:
    """Whole months in custody have the mean of the time served: the stated part of it for those who are
    granted parole.
    """
    every = WORDS[::64]
    for sentence, parole, part in ((0.4, 0.6, 2 / 3), (2.9, 0.6, 2 / 3), (3.0, 1.0, 0.5), (9.0, 0.6, 2 / 3),
                                   (9.3, 1.0, 0.5), (9.0, 0.0, 0.5)):  # fmt: skip
        months = [plain(rules.served)(sentence, first, parole, 3.0, part, word) for first in every for word in every]
        share = np.mean([word < parole * chance.WORD for word in every]) if sentence >= 3.0 else 0.0
        claim.check(np.mean(months), share * sentence * part + (1 - share) * sentence, 1.1 / 64, f"sentence {sentence}")
        times = [time for time, probability in ((sentence, 1 - share), (sentence * part, share)) if probability > 0]
        whole = {int(time) for time in times} | {int(np.ceil(time)) for time in times}
        claim.check(whole == set(months), 1, detail=f"sentence {sentence}: months {sorted(set(months))}")


def sanctions_have_the_stated_chances(claim: Deviations) -> None:
    """Prison grows with earlier convictions up to fifteen; the rest is split into suspended sentences and fines."""
    for convictions, prison in ((0, 0.2), (5, 0.3), (14, 0.48), (15, 0.5), (16, 0.5), (40, 0.5)):
        outcomes = _all(rules.sanctioned, None, convictions, 0.2, 0.02, 0.25)
        chances = {rules.PRISON: prison, rules.SUSPENDED: (1 - prison) * 0.25, rules.FINE: (1 - prison) * 0.75}
        for value, probability in chances.items():
            share = (outcomes == value).mean()
            claim.check(share, probability, 1.5 * STEP, f"{convictions} convictions, sanction {value}")
    claim.check((_all(rules.sanctioned, None, 15, 0.9, 0.02, 0.25) == rules.PRISON).mean(), 1.0)


def somebody_offends_with_the_chance_of_the_hazard(claim: Deviations) -> None:
    """In a month with this hazard at least one offence happens with chance 1 - exp(-hazard)."""
    for hazard in (0.0, 1e-6, 0.08, 0.7, 1.5, 3.0):
        claim.check(_all(rules.offends, None, hazard).mean(), 1 - np.exp(-hazard), STEP, f"hazard {hazard}")


def they_meet_as_often_as_there_are_volunteers(claim: Deviations) -> None:
    """With one of two volunteers gone contact is half as likely; without a match there is none."""
    for carried in (1.0, 0.5, 0.0):
        claim.check(_all(rules.meets, rules.MATCHED, carried, None, 0.8).mean(), 0.8 * carried, STEP)
    for status in UNMATCHED:
        claim.check(_all(rules.meets, status, 1.0, None, 0.8, every=64).any(), 0)


def a_match_ends_by_plan_or_by_chance(claim: Deviations) -> None:
    """Unplanned with the stated chance before the last month, planned in it; what has ended stays ended."""
    before = _all(rules.standing, rules.MATCHED, 11, 12, None, 0.05)
    claim.check([(before == each).mean() for each in (rules.UNPLANNED, rules.MATCHED)], [0.05, 0.95], STEP)
    for clock in (12, 13):
        claim.check(_all(rules.standing, rules.MATCHED, clock, 12, None, 0.05, every=64), rules.PLANNED)
    for status in UNMATCHED:
        for clock in (0, 12, 20):
            claim.check(_all(rules.standing, status, clock, 12, None, 1.0, every=512), status)
    claim.check(len({rules.MATCHED, *UNMATCHED}), 8)


def a_relationship_works_now_and_leaves_a_residual_effect(claim: Deviations) -> None:
    """Level 1 while they meet, else what is left; what stays grows with the months met, then fades; the
    hazard follows.
    """
    for months, right in ((7.0, 0.3), (14.0, 0.6), (20.0, 0.6), (0.0, 0.0)):
        claim.check(plain(rules.remembered)(1, months, 14.0, 0.4, 0.6, 0.9), right)
    claim.check(plain(rules.remembered)(0, 14.0, 14.0, 0.4, 0.6, 0.9), 0.36)
    claim.check([plain(rules.present)(1, 0.3, 0.9), plain(rules.present)(0, 0.3, 0.9)], [1.0, 0.27])
    for effect in (0.0, 0.6, 1.0, 1.5):
        hazards = [plain(rules.in_relation)(0.1, level, effect) for level in (0.0, 0.5, 1.0)]
        claim.check(hazards, [0.1, 0.1 * (1 + effect) / 2, 0.1 * effect])


def volunteers_quit_more_with_the_months_they_are_matched(claim: Deviations) -> None:
    """The chance to stop grows in proportion to the years spent matched."""
    for months, right in ((0.0, 0.02), (12.0, 0.03), (24.0, 0.04)):
        claim.check(_all(rules.tires, None, 0.02, 0.5, months).mean(), right, STEP)


def amounts_are_rounded_without_a_drift(claim: Deviations) -> None:
    """A whole number of volunteers has the stated amount as its mean, and is one of its two neighbours."""
    for amount in (0.0, 0.3, 2.0, 7.9):
        numbers = _all(rules.rounded, amount, None)
        claim.check(numbers.mean(), amount, STEP)
        claim.check(np.abs(numbers - amount).max() < 1, 1)


def the_hazard_decays_by_half_in_its_half_time(claim: Deviations) -> None:
    """All of the first month's hazard at release, half of the fall after the settling months, the later part in the
    end.
    """
    for since, right in ((0.0, 1.0), (6.0, 0.7), (18.0, 0.55), (1e12, 0.4)):
        claim.check(plain(rules.fading)(since, 0.4, 6.0), right)


def support_lowers_the_hazard_of_those_who_have_it(claim: Deviations) -> None:
    """The hazard is multiplied by the ratio where a factor is missing; help makes gains likelier and losses rarer."""
    claim.check([plain(rules.lacking)(0.1, held, 1.5) for held in (0, 1)], [0.15, 0.1])
    claim.check([plain(rules.likelier)(0.1, has, 3.0) for has in (0, 1)], [0.1, 0.3])
    claim.check([plain(rules.rarer)(0.3, has, 3.0) for has in (0, 1)], [0.3, 0.1])
    claim.check([plain(rules.among_peers)(share, 0.1, 2.0) for share in (0.1, 0.6)], [1.0, math.e])
    for held, inside, right in ((0, 0, 0.3), (1, 0, 0.8), (0, 1, 0.0), (1, 1, 1.0)):
        claim.check(_all(rules.holds, held, inside, None, 0.3, 0.2).mean(), right, STEP, f"held {held}")


def scarcity_gives_what_there_is(claim: Deviations) -> None:
    """The part of the wanted gains that is given is what comes up over what is wanted, at most all of it."""
    for openings, demand, right in ((0.02, 8.0, 0.25), (0.02, 1.0, 1.0), (0.0, 8.0, 0.0), (0.02, 0.0, 0.7),
                                    (0.02, 0.5, 1.0)):  # fmt: skip
        claim.check(plain(rules.scarce)(openings, 100.0, demand, 0.7), right)


# Random numbers -------------------------------------------------------------------------------------------------


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
        claim.refused(partial(key_of, seed), f"seed {seed}", ValueError)


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


RULES = analytical_checks(
    "rules", things_happen_by_their_chance, offences_in_a_month_are_geometric,
    decisions_take_an_investigation_and_a_court_case, volunteers_come_forward_as_poisson_says,
    custody_lasts_as_long_as_is_served, sanctions_have_the_stated_chances,
    somebody_offends_with_the_chance_of_the_hazard, they_meet_as_often_as_there_are_volunteers,
    a_match_ends_by_plan_or_by_chance, a_relationship_works_now_and_leaves_a_residual_effect,
    volunteers_quit_more_with_the_months_they_are_matched, amounts_are_rounded_without_a_drift,
    the_hazard_decays_by_half_in_its_half_time, support_lowers_the_hazard_of_those_who_have_it,
    scarcity_gives_what_there_is,
)  # fmt: skip
CHANCE = analytical_checks(
    "chance", no_two_purposes_share_an_address, a_seed_is_two_32_bit_numbers,
    the_table_of_normal_numbers_is_that_of_its_quantiles, the_generator_gives_its_published_answers,
    a_block_has_the_random_numbers_of_its_people, random_numbers_are_uniform,
    every_random_number_has_its_documented_address,
)  # fmt: skip

"""Where mathematics has the answer, rule by rule: each is given random numbers spread evenly over all there are.

What a rule does with them is what it does by chance, to one part in their number. A finding is the largest
deviation in units of what their spacing allows.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from experiments.verification.checks import Deviations, analytical_checks
from simulation import rules
from simulation.chance import WORD
from simulation.compiled import plain
from simulation.compiled_parameters import MOST_RECRUITS, phase_table

SPREAD = 4096
STEP = 1.0 / SPREAD
WORDS = [int((i + 0.5) * WORD / SPREAD) for i in range(SPREAD)]
"""Random numbers (32 bits) spread evenly."""
UNMATCHED = (rules.ASIDE, rules.WAITING, rules.PLANNED, rules.UNPLANNED, rules.WITHOUT, rules.LEFT, rules.CAUGHT)


def _all(rule: Callable[..., Any], *given: Any, every: int = 1) -> npt.NDArray[Any]:
    """What a rule does with each of the random numbers, or every so many of them; they stand where ``None`` does."""
    at = given.index(None)
    return np.array([plain(rule)(*given[:at], word, *given[at + 1 :]) for word in WORDS[::every]])


def things_happen_by_their_chance(claim: Deviations) -> None:
    """An event with a chance happens that often; at chance 0 it never happens, at 1 always."""
    for chance in (0.0, 0.1, 0.5, 0.93, 1.0):
        claim.check(_all(rules.happens, None, chance).mean(), chance, STEP)


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
        right = stats.poisson.ppf((np.array(words) + 0.5) / WORD, rate)
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
        share = np.mean([word < parole * WORD for word in every]) if sentence >= 3.0 else 0.0
        claim.check(np.mean(months), share * sentence * part + (1 - share) * sentence, 1.1 / 64, f"sentence {sentence}")
        times = [time for time, chance in ((sentence, 1 - share), (sentence * part, share)) if chance > 0]
        whole = {int(time) for time in times} | {int(np.ceil(time)) for time in times}
        claim.check(whole == set(months), 1, detail=f"sentence {sentence}: months {sorted(set(months))}")


def sanctions_have_the_stated_chances(claim: Deviations) -> None:
    """Prison grows with earlier convictions up to fifteen; the rest is split into suspended sentences and fines."""
    for convictions, prison in ((0, 0.2), (5, 0.3), (14, 0.48), (15, 0.5), (16, 0.5), (40, 0.5)):
        outcomes = _all(rules.sanctioned, None, convictions, 0.2, 0.02, 0.25)
        chances = {rules.PRISON: prison, rules.SUSPENDED: (1 - prison) * 0.25, rules.FINE: (1 - prison) * 0.75}
        for value, chance in chances.items():
            share = (outcomes == value).mean()
            claim.check(share, chance, 1.5 * STEP, f"{convictions} convictions, sanction {value}")
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

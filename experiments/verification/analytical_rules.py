"""Where mathematics has the answer, rule by rule: each is given random numbers spread evenly over all there are.

What a rule does with them is what it does by chance, to one part in their number. A finding is the largest
deviation in units of what their spacing allows.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import stats

from experiments.verification.checks import CheckContext, Deviations, Finding
from simulation import rules
from simulation.chance import WORD
from simulation.compiled import plain
from simulation.compiled_parameters import MOST_RECRUITS, phase_table
from simulation.rules import (
    ASIDE,
    CAUGHT,
    FINE,
    LEFT,
    MATCHED,
    PLANNED,
    PRISON,
    SUSPENDED,
    UNPLANNED,
    WAITING,
    WITHOUT,
)

SPREAD = 4096
STEP = 1.0 / SPREAD
WORDS = [int((i + 0.5) * WORD / SPREAD) for i in range(SPREAD)]
"""Random numbers (32 bits) spread evenly."""


def _share(outcomes: list[Any], value: Any) -> float:
    return float(sum(outcome == value for outcome in outcomes) / len(outcomes))


def things_happen_by_their_chance(context: CheckContext) -> Finding:
    """An event with a chance happens that often; at chance 0 it never happens, at 1 always."""
    del context
    claim = Deviations()
    for chance in (0.0, 0.1, 0.5, 0.93, 1.0):
        claim.check(np.mean([plain(rules.happens)(word, chance) for word in WORDS]), chance, STEP)
    return claim.finding()


def offences_in_a_month_are_geometric(context: CheckContext) -> Finding:
    """k offences or more happen in a month with chance another^(k - 1), up to the most there can be."""
    del context
    claim = Deviations()
    for another in (0.0, 0.3, 0.9):
        numbers = np.array([plain(rules.burst)(word, another, 20) for word in WORDS])
        for k in range(1, 21):
            claim.check((numbers >= k).mean(), another ** (k - 1), STEP, f"another {another}, {k} or more")
        claim.check(numbers.max() <= 20, 1)
    return claim.finding()


def decisions_take_an_investigation_and_a_court_case(context: CheckContext) -> Finding:
    """Months until a decision are the sum of two geometric phases, together with the stated mean."""
    del context
    claim = Deviations()
    halves = [int((i + 0.5) * 65536 / 128) for i in range(128)]
    for mean in (0.0, 0.5, 4.0, 24.0):
        phase = phase_table(mean)
        months = np.array([plain(rules.waits)((high << 16) | low, phase) for high in halves for low in halves])
        claim.check(months.mean(), mean, 0.02 * max(mean, 0.01), f"mean {mean}")
        for k in (0, 1, 3, 12):
            claim.check((months <= k).mean(), stats.nbinom.cdf(k, 2, 2 / (2 + mean)), 0.01, f"mean {mean}, {k} months")
        part = 2 / (2 + mean)
        for k in (0, 1, 5):
            claim.check((phase > k).mean(), (1 - part) ** (k + 1), 2 / 65536, f"mean {mean}, one phase beyond {k}")
    return claim.finding()


def volunteers_come_forward_as_poisson_says(context: CheckContext) -> Finding:
    """The number who come forward in a place has the quantiles of a Poisson distribution, up to the most
    there may be.
    """
    del context
    claim = Deviations()
    words = WORDS[8::16]
    for rate in (0.0, 0.05, 1.0, 7.5, 60.0, MOST_RECRUITS):
        numbers = np.array([plain(rules.come_forward)(word, np.exp(-rate), rate) for word in words])
        right = stats.poisson.ppf((np.array(words) + 0.5) / WORD, rate)
        claim.check((numbers != right).mean(), 0.0, 0.01, f"rate {rate}")
        claim.check(numbers.mean(), right.mean(), 1e-3 * max(1.0, rate), f"rate {rate}: mean")
    return claim.finding()


def custody_lasts_as_long_as_is_served(context: CheckContext) -> Finding:
    """Whole months in custody have the mean of the time served: the stated part of it for those who are
    granted parole.
    """
    del context
    claim = Deviations()
    every = WORDS[::64]
    for sentence, parole, part in (
        (0.4, 0.6, 2 / 3),
        (2.9, 0.6, 2 / 3),
        (3.0, 1.0, 0.5),
        (9.0, 0.6, 2 / 3),
        (9.3, 1.0, 0.5),
        (9.0, 0.0, 0.5),
    ):
        months = np.array(
            [plain(rules.served)(sentence, first, parole, 3.0, part, word) for first in every for word in every]
        )
        share = np.mean([word < parole * WORD for word in every]) if sentence >= 3.0 else 0.0
        claim.check(months.mean(), share * sentence * part + (1 - share) * sentence, 1.1 / 64, f"sentence {sentence}")
        times = [time for time, chance in ((sentence, 1 - share), (sentence * part, share)) if chance > 0]
        whole = {int(time) for time in times} | {int(np.ceil(time)) for time in times}
        claim.check(
            whole == set(months.tolist()), 1, detail=f"sentence {sentence}: months {sorted(set(months.tolist()))}"
        )
    return claim.finding()


def sanctions_have_the_stated_chances(context: CheckContext) -> Finding:
    """Prison grows with earlier convictions up to fifteen; the rest is split into suspended sentences and fines."""
    del context
    claim = Deviations()
    for convictions, prison in ((0, 0.2), (5, 0.3), (14, 0.48), (15, 0.5), (16, 0.5), (40, 0.5)):
        outcomes = [plain(rules.sanctioned)(word, convictions, 0.2, 0.02, 0.25) for word in WORDS]
        for value, chance in ((PRISON, prison), (SUSPENDED, (1 - prison) * 0.25), (FINE, (1 - prison) * 0.75)):
            claim.check(_share(outcomes, value), chance, 1.5 * STEP, f"{convictions} convictions, sanction {value}")
    claim.check(_share([plain(rules.sanctioned)(word, 15, 0.9, 0.02, 0.25) for word in WORDS], PRISON), 1.0)
    return claim.finding()


def somebody_offends_with_the_chance_of_the_hazard(context: CheckContext) -> Finding:
    """In a month with this hazard at least one offence happens with chance 1 - exp(-hazard)."""
    del context
    claim = Deviations()
    for hazard in (0.0, 1e-6, 0.08, 0.7, 1.5, 3.0):
        claim.check(
            np.mean([plain(rules.offends)(word, hazard) for word in WORDS]),
            1 - np.exp(-hazard),
            STEP,
            f"hazard {hazard}",
        )
    return claim.finding()


def they_meet_as_often_as_there_are_volunteers(context: CheckContext) -> Finding:
    """With one of two volunteers gone contact is half as likely; without a match there is none."""
    del context
    claim = Deviations()
    for carried in (1.0, 0.5, 0.0):
        claim.check(np.mean([plain(rules.meets)(MATCHED, carried, word, 0.8) for word in WORDS]), 0.8 * carried, STEP)
    for status in (ASIDE, WAITING, PLANNED, UNPLANNED, WITHOUT, LEFT, CAUGHT):
        claim.check(any(plain(rules.meets)(status, 1.0, word, 0.8) for word in WORDS[::64]), 0)
    return claim.finding()


def a_match_ends_by_plan_or_by_chance(context: CheckContext) -> Finding:
    """Unplanned with the stated chance before the last month, planned in it; what has ended stays ended."""
    del context
    claim = Deviations()
    before = [plain(rules.standing)(MATCHED, 11, 12, word, 0.05) for word in WORDS]
    claim.check([_share(before, UNPLANNED), _share(before, MATCHED)], [0.05, 0.95], STEP)
    for clock in (12, 13):
        claim.check([plain(rules.standing)(MATCHED, clock, 12, word, 0.05) for word in WORDS[::64]], PLANNED)
    for status in (ASIDE, WAITING, PLANNED, UNPLANNED, WITHOUT, LEFT, CAUGHT):
        for clock in (0, 12, 20):
            claim.check([plain(rules.standing)(status, clock, 12, word, 1.0) for word in WORDS[::512]], status)
    claim.check(len({ASIDE, WAITING, MATCHED, PLANNED, UNPLANNED, WITHOUT, LEFT, CAUGHT}), 8)
    return claim.finding()


def a_relationship_works_now_and_leaves_a_residual_effect(context: CheckContext) -> Finding:
    """Level 1 while they meet, else what is left; what stays grows with the months met, then fades; the
    hazard follows.
    """
    del context
    claim = Deviations()
    for months, right in ((7.0, 0.3), (14.0, 0.6), (20.0, 0.6), (0.0, 0.0)):
        claim.check(plain(rules.remembered)(1, months, 14.0, 0.4, 0.6, 0.9), right)
    claim.check(plain(rules.remembered)(0, 14.0, 14.0, 0.4, 0.6, 0.9), 0.36)
    claim.check([plain(rules.present)(1, 0.3, 0.9), plain(rules.present)(0, 0.3, 0.9)], [1.0, 0.27])
    for effect in (0.0, 0.6, 1.0, 1.5):
        claim.check([plain(rules.in_relation)(0.1, level, effect) for level in (0.0, 0.5, 1.0)],
                 [0.1, 0.1 * (1 + effect) / 2, 0.1 * effect])  # fmt: skip
    return claim.finding()


def volunteers_quit_more_with_the_months_they_are_matched(context: CheckContext) -> Finding:
    """The chance to stop grows in proportion to the years spent matched."""
    del context
    claim = Deviations()
    for months, right in ((0.0, 0.02), (12.0, 0.03), (24.0, 0.04)):
        claim.check(np.mean([plain(rules.tires)(word, 0.02, 0.5, months) for word in WORDS]), right, STEP)
    return claim.finding()


def amounts_are_rounded_without_a_drift(context: CheckContext) -> Finding:
    """A whole number of volunteers has the stated amount as its mean, and is one of its two neighbours."""
    del context
    claim = Deviations()
    for amount in (0.0, 0.3, 2.0, 7.9):
        numbers = [plain(rules.rounded)(amount, word) for word in WORDS]
        claim.check(np.mean(numbers), amount, STEP)
        claim.check(max(abs(number - amount) for number in numbers) < 1, 1)
    return claim.finding()


def the_hazard_decays_by_half_in_its_half_time(context: CheckContext) -> Finding:
    """All of the first month's hazard at release, half of the fall after the settling months, the later part in the
    end.
    """
    del context
    claim = Deviations()
    for since, right in ((0.0, 1.0), (6.0, 0.7), (18.0, 0.55), (1e12, 0.4)):
        claim.check(plain(rules.fading)(since, 0.4, 6.0), right)
    return claim.finding()


def support_lowers_the_hazard_of_those_who_have_it(context: CheckContext) -> Finding:
    """The hazard is multiplied by the ratio where a factor is missing; help makes gains likelier and losses rarer."""
    del context
    claim = Deviations()
    claim.check([plain(rules.lacking)(0.1, held, 1.5) for held in (0, 1)], [0.15, 0.1])
    claim.check([plain(rules.likelier)(0.1, has, 3.0) for has in (0, 1)], [0.1, 0.3])
    claim.check([plain(rules.rarer)(0.3, has, 3.0) for has in (0, 1)], [0.3, 0.1])
    claim.check([plain(rules.among_peers)(share, 0.1, 2.0) for share in (0.1, 0.6)], [1.0, math.e])
    for held, inside, right in ((0, 0, 0.3), (1, 0, 0.8), (0, 1, 0.0), (1, 1, 1.0)):
        claim.check(
            np.mean([plain(rules.holds)(held, inside, word, 0.3, 0.2) for word in WORDS]), right, STEP, f"held {held}"
        )
    return claim.finding()


def scarcity_gives_what_there_is(context: CheckContext) -> Finding:
    """The part of the wanted gains that is given is what comes up over what is wanted, at most all of it."""
    del context
    claim = Deviations()
    for openings, demand, right in (
        (0.02, 8.0, 0.25),
        (0.02, 1.0, 1.0),
        (0.0, 8.0, 0.0),
        (0.02, 0.0, 0.7),
        (0.02, 0.5, 1.0),
    ):
        claim.check(plain(rules.scarce)(openings, 100.0, demand, 0.7), right)
    return claim.finding()

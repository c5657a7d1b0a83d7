"""Where mathematics has the answer, rule by rule: each is given words that are spread evenly over all there are.

What a rule does with such words is what it does by chance, to one part in their number. A finding is the largest
deviation in units of what the spacing of the words allows.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from experiments.verification.checks import Finding
from experiments.verification.random_scenarios import Ground
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
"""Words spread evenly."""


class Near:
    """The largest deviation of some figures from what they should be, in units of what is allowed."""

    def __init__(self) -> None:
        self.most, self.looked, self.words = 0.0, 0, ""

    def see(self, value: Any, right: Any, allowed: float = 1e-9, words: str = "") -> None:
        """Look at figures beside what they should be."""
        one, other = np.broadcast_arrays(np.asarray(value, np.float64), np.asarray(right, np.float64))
        self.looked += one.size
        with np.errstate(invalid="ignore"):
            apart = np.where(one == other, 0.0, np.abs(one - other)) / allowed
        most = float(np.max(apart, initial=0.0)) if np.isfinite(apart).all() else np.inf
        if most > self.most:
            self.most = most
            self.words = (
                f"{words}: {np.ravel(one)[:4].tolist()} against {np.ravel(other)[:4].tolist()}" if most > 1 else ""
            )

    def found(self) -> Finding:
        """The finding: at most one unit is allowed."""
        return Finding(value=self.most, low=0.0, high=1.0, looked=self.looked, words=self.words)


def _share(outcomes: list[Any], value: Any) -> float:
    return sum(outcome == value for outcome in outcomes) / len(outcomes)


def things_happen_by_their_chance(ground: Ground) -> Finding:
    """A word is below a chance as often as the chance says; at chance 0 nothing happens, at 1 everything."""
    del ground
    seen = Near()
    for chance in (0.0, 0.1, 0.5, 0.93, 1.0):
        seen.see(np.mean([plain(rules.happens)(word, chance) for word in WORDS]), chance, STEP)
    return seen.found()


def a_burst_is_geometric(ground: Ground) -> Finding:
    """k offences or more happen in a month with chance another^(k - 1), up to the most there can be."""
    del ground
    seen = Near()
    for another in (0.0, 0.3, 0.9):
        numbers = np.array([plain(rules.burst)(word, another, 20) for word in WORDS])
        for k in range(1, 21):
            seen.see((numbers >= k).mean(), another ** (k - 1), STEP, f"another {another}, {k} or more")
        seen.see(numbers.max() <= 20, 1)
    return seen.found()


def decisions_take_an_investigation_and_a_court_case(ground: Ground) -> Finding:
    """Months until a decision are the sum of two geometric phases, together with the stated mean."""
    from scipy import stats

    del ground
    seen = Near()
    halves = [int((i + 0.5) * 65536 / 128) for i in range(128)]
    for mean in (0.0, 0.5, 4.0, 24.0):
        phase = phase_table(mean)
        months = np.array([plain(rules.waits)((high << 16) | low, phase) for high in halves for low in halves])
        seen.see(months.mean(), mean, 0.02 * max(mean, 0.01), f"mean {mean}")
        for k in (0, 1, 3, 12):
            seen.see((months <= k).mean(), stats.nbinom.cdf(k, 2, 2 / (2 + mean)), 0.01, f"mean {mean}, {k} months")
        part = 2 / (2 + mean)
        for k in (0, 1, 5):
            seen.see((phase > k).mean(), (1 - part) ** (k + 1), 2 / 65536, f"mean {mean}, one phase beyond {k}")
    return seen.found()


def volunteers_come_forward_as_poisson_says(ground: Ground) -> Finding:
    """The number who come forward in a place has the quantiles of a Poisson distribution, up to the most
    there may be.
    """
    from scipy import stats

    del ground
    seen = Near()
    words = WORDS[8::16]
    for rate in (0.0, 0.05, 1.0, 7.5, 60.0, MOST_RECRUITS):
        numbers = np.array([plain(rules.come_forward)(word, np.exp(-rate), rate) for word in words])
        right = stats.poisson.ppf((np.array(words) + 0.5) / WORD, rate)
        seen.see((numbers != right).mean(), 0.0, 0.01, f"rate {rate}")
        seen.see(numbers.mean(), right.mean(), 1e-3 * max(1.0, rate), f"rate {rate}: mean")
    return seen.found()


def custody_lasts_as_long_as_is_served(ground: Ground) -> Finding:
    """Whole months in custody have the mean of the time served: the stated part of it for those who are
    granted parole.
    """
    del ground
    seen = Near()
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
        seen.see(months.mean(), share * sentence * part + (1 - share) * sentence, 1.1 / 64, f"sentence {sentence}")
        times = [time for time, chance in ((sentence, 1 - share), (sentence * part, share)) if chance > 0]
        whole = {int(time) for time in times} | {int(np.ceil(time)) for time in times}
        seen.see(whole == set(months.tolist()), 1, words=f"sentence {sentence}: months {sorted(set(months.tolist()))}")
    return seen.found()


def sanctions_have_the_stated_chances(ground: Ground) -> Finding:
    """Prison grows with earlier convictions up to fifteen; the rest is split into suspended sentences and fines."""
    del ground
    seen = Near()
    for convictions, prison in ((0, 0.2), (5, 0.3), (14, 0.48), (15, 0.5), (16, 0.5), (40, 0.5)):
        told = [plain(rules.sanctioned)(word, convictions, 0.2, 0.02, 0.25) for word in WORDS]
        for value, chance in ((PRISON, prison), (SUSPENDED, (1 - prison) * 0.25), (FINE, (1 - prison) * 0.75)):
            seen.see(_share(told, value), chance, 1.5 * STEP, f"{convictions} convictions, sanction {value}")
    seen.see(_share([plain(rules.sanctioned)(word, 15, 0.9, 0.02, 0.25) for word in WORDS], PRISON), 1.0)
    return seen.found()


def somebody_offends_with_the_chance_of_the_hazard(ground: Ground) -> Finding:
    """In a month with this hazard at least one offence happens with chance 1 - exp(-hazard)."""
    del ground
    seen = Near()
    for hazard in (0.0, 1e-6, 0.08, 0.7, 1.5, 3.0):
        seen.see(
            np.mean([plain(rules.offends)(word, hazard) for word in WORDS]),
            1 - np.exp(-hazard),
            STEP,
            f"hazard {hazard}",
        )
    return seen.found()


def they_meet_as_often_as_there_are_volunteers(ground: Ground) -> Finding:
    """With one of two volunteers gone contact is half as likely; without a match there is none."""
    del ground
    seen = Near()
    for carried in (1.0, 0.5, 0.0):
        seen.see(np.mean([plain(rules.meets)(MATCHED, carried, word, 0.8) for word in WORDS]), 0.8 * carried, STEP)
    for status in (ASIDE, WAITING, PLANNED, UNPLANNED, WITHOUT, LEFT, CAUGHT):
        seen.see(any(plain(rules.meets)(status, 1.0, word, 0.8) for word in WORDS[::64]), 0)
    return seen.found()


def a_match_ends_by_plan_or_by_chance(ground: Ground) -> Finding:
    """Unplanned with the stated chance before the last month, planned in it; what has ended stays ended."""
    del ground
    seen = Near()
    before = [plain(rules.standing)(MATCHED, 11, 12, word, 0.05) for word in WORDS]
    seen.see([_share(before, UNPLANNED), _share(before, MATCHED)], [0.05, 0.95], STEP)
    for clock in (12, 13):
        seen.see([plain(rules.standing)(MATCHED, clock, 12, word, 0.05) for word in WORDS[::64]], PLANNED)
    for status in (ASIDE, WAITING, PLANNED, UNPLANNED, WITHOUT, LEFT, CAUGHT):
        for clock in (0, 12, 20):
            seen.see([plain(rules.standing)(status, clock, 12, word, 1.0) for word in WORDS[::512]], status)
    seen.see(len({ASIDE, WAITING, MATCHED, PLANNED, UNPLANNED, WITHOUT, LEFT, CAUGHT}), 8)
    return seen.found()


def a_relationship_is_felt_and_remembered(ground: Ground) -> Finding:
    """Level 1 while they meet, else what is left; what stays grows with the months met, then fades; the
    hazard follows.
    """
    del ground
    seen = Near()
    for months, right in ((7.0, 0.3), (14.0, 0.6), (20.0, 0.6), (0.0, 0.0)):
        seen.see(plain(rules.remembered)(1, months, 14.0, 0.4, 0.6, 0.9), right)
    seen.see(plain(rules.remembered)(0, 14.0, 14.0, 0.4, 0.6, 0.9), 0.36)
    seen.see([plain(rules.present)(1, 0.3, 0.9), plain(rules.present)(0, 0.3, 0.9)], [1.0, 0.27])
    for effect in (0.0, 0.6, 1.0, 1.5):
        seen.see([plain(rules.in_relation)(0.1, level, effect) for level in (0.0, 0.5, 1.0)],
                 [0.1, 0.1 * (1 + effect) / 2, 0.1 * effect])  # fmt: skip
    return seen.found()


def volunteers_tire_with_the_months_they_are_matched(ground: Ground) -> Finding:
    """The chance to stop grows in proportion to the years spent matched."""
    del ground
    seen = Near()
    for months, right in ((0.0, 0.02), (12.0, 0.03), (24.0, 0.04)):
        seen.see(np.mean([plain(rules.tires)(word, 0.02, 0.5, months) for word in WORDS]), right, STEP)
    return seen.found()


def amounts_are_rounded_without_a_drift(ground: Ground) -> Finding:
    """A whole number of volunteers has the stated amount as its mean, and is one of its two neighbours."""
    del ground
    seen = Near()
    for amount in (0.0, 0.3, 2.0, 7.9):
        numbers = [plain(rules.rounded)(amount, word) for word in WORDS]
        seen.see(np.mean(numbers), amount, STEP)
        seen.see(max(abs(number - amount) for number in numbers) < 1, 1)
    return seen.found()


def the_hazard_fades_by_half_in_the_settling_months(ground: Ground) -> Finding:
    """All of the first month's hazard at release, half of the fall after the settling months, the later part in the
    end.
    """
    del ground
    seen = Near()
    for since, right in ((0.0, 1.0), (6.0, 0.7), (18.0, 0.55), (1e12, 0.4)):
        seen.see(plain(rules.fading)(since, 0.4, 6.0), right)
    return seen.found()


def support_lowers_the_hazard_of_whoever_has_it(ground: Ground) -> Finding:
    """The hazard is multiplied by the ratio where a factor is lacked; gains are likelier and losses rarer with help."""
    del ground
    seen = Near()
    seen.see([plain(rules.lacking)(0.1, held, 1.5) for held in (0, 1)], [0.15, 0.1])
    seen.see([plain(rules.likelier)(0.1, has, 3.0) for has in (0, 1)], [0.1, 0.3])
    seen.see([plain(rules.rarer)(0.3, has, 3.0) for has in (0, 1)], [0.3, 0.1])
    seen.see([plain(rules.among_peers)(share, 0.1, 2.0) for share in (0.1, 0.6)], [1.0, np.e])
    for held, inside, right in ((0, 0, 0.3), (1, 0, 0.8), (0, 1, 0.0), (1, 1, 1.0)):
        seen.see(
            np.mean([plain(rules.holds)(held, inside, word, 0.3, 0.2) for word in WORDS]), right, STEP, f"held {held}"
        )
    return seen.found()


def scarcity_gives_what_there_is(ground: Ground) -> Finding:
    """The part of the wanted gains that is given is what comes up over what is wanted, at most all of it."""
    del ground
    seen = Near()
    for openings, demand, right in (
        (0.02, 8.0, 0.25),
        (0.02, 1.0, 1.0),
        (0.0, 8.0, 0.0),
        (0.02, 0.0, 0.7),
        (0.02, 0.5, 1.0),
    ):
        seen.see(plain(rules.scarce)(openings, 100.0, demand, 0.7), right)
    return seen.found()

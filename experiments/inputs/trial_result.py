"""What the trial reported, and how well a pair of risks explains it although the group sizes are not known.

29 % of the mentored and 67 % of the controls in the highest-risk group reoffended within two years; 97 people took
part, about half of them mentored. How many of the 97 were in the highest-risk group was never published. So every
pair of counts and sizes that rounds to 29 % and 67 % and is possible with 97 people is used, each weighted by how
probable its sizes are before the result is seen.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

PEOPLE = 97
MENTORED_PERCENT, CONTROL_PERCENT = 29, 67
"""As printed [S2]."""
GAP = CONTROL_PERCENT - MENTORED_PERCENT
"""Points between the two percentages."""
LIKE_THE_TRIAL, TRIALS_OWN = "a new group like the trial's", "the trial's own"
"""In tables: people like the trial's highest-risk group; and whichever definition of reoffending the trial used."""
MENTORED_ARM = 49
"""People drawn to mentors; half of 97, the other half has 48 (the exact split is not published)."""
SHARE_LOW, SHARE_HIGH = 0.3, 0.6
"""Share of the 97 in the highest-risk group: uniform between these (not published)."""
ANALYSES = ("intention to treat", "as treated")
"""How people are counted: in the arm that they were drawn to, or only if they met their mentors at least once. Which of
the two the report used is not known."""
REGION_67, REGION_95 = 1 / 3, 1 / 20
"""Relative likelihood that a pair of risks needs to lie inside the 67 % and the 95 % likelihood region: how probable it
makes the reported pair, relative to the best pair of risks, summed over every group size that rounds to it. These are
the regions of a likelihood ratio with two free risks."""


def rounds_to(percent: int, most: int) -> list[tuple[int, int]]:
    """Counts and sizes (k, n), n up to ``most``, whose share rounds to a whole percentage (halves away from zero)."""
    return [
        (k, n) for n in range(1, most + 1) for k in range(n + 1) if math.floor(100 * k / n + 0.5) == percent
    ]  # fmt: skip


class ReportedCounts(NamedTuple):
    """Every way in which the reported pair can have come about: arrays of W."""

    mentored_hits: Floats
    mentored_size: Floats
    control_hits: Floats
    control_size: Floats
    weight: Floats  # probability of the two sizes before the result is seen; all pairs of sizes together 1


@cache
def reported_counts() -> ReportedCounts:
    """The pairs of counts and sizes that give 29 % and 67 % with 97 people in two arms of 49 and 48."""
    sizes = size_weights()
    rows = [
        (k1, n1, k0, n0, sizes[n1, n0])
        for k1, n1 in rounds_to(MENTORED_PERCENT, MENTORED_ARM)
        for k0, n0 in rounds_to(CONTROL_PERCENT, PEOPLE - MENTORED_ARM)
    ]
    return ReportedCounts(*np.array(rows, dtype=np.float64).T)


@cache
def size_weights() -> Floats:
    """Probability of n1 mentored and n0 controls in the highest-risk group (array 50 x 49).

    The group's share of the 97 is uniform between 0.3 and 0.6; each of the 97 belongs to it with that probability.
    """
    from scipy.stats import binom  # SciPy is slow to load, and most who import this module need a constant

    share = np.linspace(SHARE_LOW, SHARE_HIGH, 301)
    mentored = binom.pmf(np.arange(MENTORED_ARM + 1)[:, None], MENTORED_ARM, share)
    control = binom.pmf(np.arange(PEOPLE - MENTORED_ARM + 1)[:, None], PEOPLE - MENTORED_ARM, share)
    weights: Floats = np.asarray(mentored) @ np.asarray(control).T / len(share)
    return weights


def log_likelihood(mentored: npt.ArrayLike, control: npt.ArrayLike) -> Floats:
    """Log probability that a trial reports 29 % and 67 %, for given two-year risks of the highest-risk groups.

    Summed over the group sizes, which were never published; in the shape of the risks.
    """
    from scipy.special import logsumexp  # slow to load, see above

    way = reported_counts()
    terms = log_binomial(way.mentored_hits, way.mentored_size, mentored)
    terms = terms + log_binomial(way.control_hits, way.control_size, control)
    return np.asarray(logsumexp(terms, b=way.weight, axis=-1))


def log_binomial(hits: Floats, size: Floats, risk: npt.ArrayLike) -> Floats:
    """Log probability of W hits in groups of W sizes (the last axis of the result), for risks of any shape."""
    from scipy.special import gammaln  # slow to load, see above

    p = np.clip(np.asarray(risk, np.float64), 1e-9, 1 - 1e-9)[..., None]
    choose = gammaln(size + 1) - gammaln(hits + 1) - gammaln(size - hits + 1)
    return np.asarray(choose + hits * np.log(p) + (size - hits) * np.log1p(-p))


@cache
def best_log_likelihood() -> float:
    """The largest that any pair of risks can reach (searched on a fine grid around 29 % and 67 %)."""
    p1, p0 = np.meshgrid(np.linspace(0.25, 0.33, 161), np.linspace(0.63, 0.71, 161))
    return float(log_likelihood(p1, p0).max())


def relative_likelihood(mentored: npt.ArrayLike, control: npt.ArrayLike) -> Floats:
    """How probable the reported pair is relative to the best pair of risks (0-1); see ``REGION_67``."""
    return np.exp(log_likelihood(mentored, control) - best_log_likelihood())


class NoEffect(NamedTuple):
    """What the reported pair says about no effect at all, at the risk (the same in both arms) that suits it best."""

    risk: float
    relative_likelihood: float
    two_sided: float
    """p-value: the likelihood-ratio test of equal risks, one degree of freedom."""
    one_sided: float
    """The same, counting only trials in which the mentored reoffend less."""


@cache
def no_effect() -> NoEffect:
    """Evidence against no effect at all, calculated: nothing is simulated, so the arms differ by nothing.

    >>> [round(value, 3) for value in no_effect()]
    [0.473, 0.058, 0.017, 0.008]
    """
    from scipy.stats import chi2  # slow to load, see above

    risks = np.linspace(0.2, 0.8, 601)
    likelihood = relative_likelihood(risks, risks)
    best = int(likelihood.argmax())
    p = float(chi2.sf(-2 * np.log(likelihood[best]), 1))
    return NoEffect(float(risks[best]), float(likelihood[best]), p, p / 2)


@cache
def group_sizes() -> dict[str, Any]:
    """The sizes of the highest-risk groups that can have given 29 % and 67 %: pairs (of counts and sizes), mentored
    and control (sizes of each group).
    """
    way = reported_counts()
    return {"people": PEOPLE, "pairs": len(way.weight), "mentored": sorted({int(n) for n in way.mentored_size}),
            "control": sorted({int(n) for n in way.control_size})}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Printed:
    """What a trial printed of its highest-risk group, and the sizes of its arms: two whole percentages, no group sizes.

    The people of a trial are randomised to two arms; each person belongs to the highest-risk group with the same
    probability (the group's share); each member of it reoffends with the arm's risk. Given the group's share the arms
    are independent, so the probability is a product of two sums over every count and size that rounds to the printed
    percentage.
    """

    mentored_percent: int = MENTORED_PERCENT
    control_percent: int = CONTROL_PERCENT
    mentored_arm: int = MENTORED_ARM
    control_arm: int = PEOPLE - MENTORED_ARM

    def likelihood(self, mentored: npt.ArrayLike, control: npt.ArrayLike, share: npt.ArrayLike) -> Floats:
        """Probability that a trial prints this pair (array in the shape of the arguments).

        Arguments are the two-year risks of the highest-risk group in the two arms, and the group's share of the
        participants (all 0-1).
        """
        first = arm_likelihood(self.mentored_percent, self.mentored_arm, mentored, share)
        return first * arm_likelihood(self.control_percent, self.control_arm, control, share)

    def sizes(self, risk: npt.ArrayLike, share: npt.ArrayLike, *, mentored: bool) -> tuple[Floats, Floats]:
        """S sizes of the group in an arm that can round to the printed percentage, and the probability of each.

        Probabilities (shape of ``risk`` x S, sum 1) are given risk, share and the printed percentage.
        """
        percent, arm = (
            (self.mentored_percent, self.mentored_arm) if mentored else (self.control_percent, self.control_arm)
        )
        hits, size = _ways(percent, arm)
        terms = _terms(hits, size, arm, risk, share)
        sizes = np.unique(size)
        chance = np.stack([terms[..., size == each].sum(axis=-1) for each in sizes], axis=-1)
        return sizes, chance / np.maximum(chance.sum(axis=-1, keepdims=True), 1e-300)


def arm_likelihood(percent: int, arm: int, risk: npt.ArrayLike, share: npt.ArrayLike) -> Floats:
    """Probability that an arm of ``arm`` people prints a percentage of its highest-risk group."""
    hits, size = _ways(percent, arm)
    return np.asarray(_terms(hits, size, arm, risk, share).sum(axis=-1))


@cache
def _ways(percent: int, arm: int) -> tuple[Floats, Floats]:
    found = np.array(rounds_to(percent, arm), dtype=np.float64).reshape(-1, 2)
    return found[:, 0], found[:, 1]


def _terms(hits: Floats, size: Floats, arm: int, risk: npt.ArrayLike, share: npt.ArrayLike) -> Floats:
    return np.exp(log_binomial(size, np.asarray(arm, np.float64), share) + log_binomial(hits, size, risk))

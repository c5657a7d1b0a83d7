"""How probable the printed result of a trial is: two whole percentages of groups whose sizes are not known.

The people of a trial are randomised to two arms; each person belongs to the highest-risk group with the same
probability (the group's share); each member of it reoffends with the arm's risk. Printed are the two shares as whole
percentages. Given the group's share the arms are independent, so the probability is a product of two sums over every
count and size that rounds to what was printed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from experiments.inputs.trial_result import (
    CONTROL_PERCENT,
    MENTORED_ARM,
    MENTORED_PERCENT,
    PEOPLE,
    Floats,
    log_binomial,
    rounds_to,
)


@dataclass(frozen=True, kw_only=True)
class Printed:
    """What a trial printed of its highest-risk group, and the sizes of its arms."""

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

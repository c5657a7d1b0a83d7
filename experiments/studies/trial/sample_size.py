"""How large a trial must be: the chance of a significant result at any size, calculated without simulation.

Every pair of counts is weighted by its binomial probability, and the sizes of the groups are left to chance too: who
of an arm is at highest risk. Over draws of a posterior the mean is the assurance. The truth itself moves with the
size, since volunteers of a larger trial are seldom in the wrong town: it is taken from the sizes that were simulated,
and read off between them along the logarithm of the size.

References
----------
O'Hagan, Stevens & Campbell (2005), Pharmaceutical Statistics 4:187, doi:10.1002/pst.175 (assurance: the power to be
expected when the truth is uncertain).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from experiments.statistics.two_proportions import (
    Expected,
    Floats,
    Longs,
    expected,
    favour,
    formula,
    mean_expected,
    sizes,
)
from experiments.studies.trial.planned_trials import Truth
from experiments.studies.trial.power_study import LARGEST, SMALLEST

PAIRS = ((60, 64, 4), (300, 16, 1), (10**9, 4, 1))
"""Up to how many people in a group power is a mean over how many pairs of sizes: one truth, each of many."""
BY_FORMULA = (1_000, 300)
"""People in a group from which power is by formula (right to 0.1 and 0.3 points there): one truth, each of many."""
STEP = 1.25
"""Ratio of the sizes along a curve."""
NEAR = 0.03
"""Sizes this near to each other are one."""


def calculated(truth: Truth, size: int, *, alpha: float, test: str) -> Expected:
    """What trials of a size are expected to find on one truth."""
    cases = sizes(size // 2, size - size // 2, truth.share, _pairs(size * truth.share / 2, many=False))
    risks = truth.mentored, truth.control
    found = {(n1, n0): expected(risks[0], n1, risks[1], n0, alpha=alpha, test=test) for n1, n0 in set(cases)}
    return mean_expected([found[case] for case in cases])


def _pairs(people: float, *, many: bool) -> int:
    return next(row[1 + many] for row in PAIRS if people <= row[0])


@dataclass(frozen=True, kw_only=True)
class Prospect:
    """What trials of any size can be expected to find: truths by size, and how they will be judged."""

    known: Mapping[int, Sequence[Truth]]
    """The truths (one, or a draw each) at the sizes that were simulated."""
    alpha: float = 0.05
    test: str = "fisher"

    def truths(self, size: int) -> list[Truth]:
        """The truths at a size, from the nearest simulated below and above."""
        at = sorted(self.known)
        if size in self.known:
            return list(self.known[size])
        columns = [[(row.mentored, row.control, row.share) for row in self.known[each]] for each in at]
        values = np.array(columns)  # simulated sizes x truths x 3
        where = np.interp(np.log(size), np.log(at), np.arange(len(at)))
        below = int(min(where, max(0, len(at) - 2)))
        above = min(below + 1, len(at) - 1)
        mixed = values[below] + (where - below) * (values[above] - values[below])
        return [Truth(mentored=row[0], control=row[1], share=min(1.0, row[2])) for row in mixed.tolist()]

    def favour(self, size: int) -> Floats:
        """Chance of a significant result in favour of mentoring, for each truth."""
        truths = self.truths(size)
        return np.array([self._favour(truth, size, number, len(truths) > 1) for number, truth in enumerate(truths)])

    def _favour(self, truth: Truth, size: int, number: int, many: bool) -> float:
        """For one truth; each of many has few pairs of group sizes, and others than the next."""
        people, risks = size * truth.share / 2, (truth.mentored, truth.control)
        if people > BY_FORMULA[many]:
            return formula(risks[0], people, risks[1], people, alpha=self.alpha, corrected=self.test == "fisher")
        shift = number * 0.7548776662466927 % 1.0
        cases = sizes(size // 2, size - size // 2, truth.share, _pairs(people, many=many), shift)
        found = [favour(risks[0], n1, risks[1], n0, alpha=self.alpha, test=self.test) for n1, n0 in cases]
        return float(np.mean(found))

    def needed(self, target: float) -> int | None:
        """The least size (an even number, to half a per cent) that reaches a power.

        None if the largest does not, or if there is no true difference to be seen.
        """
        if not any(row.seen for row in self.known[min(self.known)]) or self.favour(LARGEST).mean() < target:
            return None
        low, high = SMALLEST, LARGEST
        while high - low > max(2, 0.005 * high):
            middle = 2 * round(np.sqrt(low * high) / 2)
            middle = min(max(middle, low + 2), high - 2)
            low, high = (low, middle) if self.favour(middle).mean() >= target else (middle, high)
        return high

    def simulated_near(self, size: int) -> int | None:
        """A simulated size that is as good as this one."""
        return min((each for each in self.known if abs(each / size - 1) <= NEAR), default=None)

    def curve(self) -> tuple[Longs, Floats]:
        """Sizes from the smallest to the largest (S), and the chance at each for each truth (truths x S)."""
        count = int(np.log(LARGEST / SMALLEST) / np.log(STEP)) + 1
        steps = np.unique(2 * np.round(np.geomspace(SMALLEST, LARGEST, count) / 2).astype(np.int64))
        return steps, np.stack([self.favour(int(size)) for size in steps], axis=1)

"""How improbable what was seen would be if a claim were true: p-values, and one rule for all of them.

A claim is refused below ``FALSE_ALARM``, so a true one is refused once in a million. Several p-values of one check are
told by the smallest, times their number (Bonferroni). Runs have fixed luck, so a check that holds keeps holding until
the model changes. The controls (``controls.CONTROLS``) are wrong by a stated amount and must be refused.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from experiments.verification.checks import Finding

FALSE_ALARM = 1e-6
"""Probability with which a check refuses a true claim."""
SMALLEST_CELL = 10.0
"""Expected count below which the cells at the end of a table are pooled."""


class Odds:
    """The p-values of one check."""

    def __init__(self) -> None:
        self.smallest, self.number, self.looked, self.words = 1.0, 0, 0, ""

    def _note(self, p: float, looked: int, words: str) -> None:
        self.number, self.looked = self.number + 1, self.looked + looked
        if not p >= self.smallest:
            self.smallest, self.words = (0.0 if math.isnan(p) else p), words

    def share(self, hits: Any, number: Any, expected: float, words: str = "") -> None:
        """So many of so many independent trials, against a chance (exact binomial)."""
        from scipy import stats

        k, n = int(hits), int(number)
        p = float(stats.binomtest(k, n, min(1.0, max(0.0, float(expected)))).pvalue) if n else math.nan
        self._note(p, n, f"{words}: {k} of {n} ({k / max(n, 1):.4f}) against {expected:.4f}")

    def mean(self, values: npt.ArrayLike, expected: float, sd: float, words: str = "") -> None:
        """The mean of independent values with standard deviation ``sd`` (normal)."""
        from scipy import stats

        data = np.asarray(values, dtype=np.float64)
        apart = float(data.mean()) - expected
        z = apart / (sd / math.sqrt(len(data))) if sd > 0 else math.copysign(math.inf, apart) if apart else 0.0
        self._note(
            float(2 * stats.norm.sf(abs(z))), len(data), f"{words}: mean {data.mean():.4f} against {expected:.4f}"
        )

    def counts(self, observed: npt.ArrayLike, chances: npt.ArrayLike, words: str = "") -> None:
        """Counts with given chances (chi-square; the last cells are pooled until they are large enough)."""
        from scipy import stats

        seen = np.asarray(observed, dtype=np.float64)
        hoped = np.asarray(chances, dtype=np.float64) * seen.sum() / np.sum(chances)
        while len(hoped) > 2 and hoped[-1] < SMALLEST_CELL:
            hoped, seen = np.append(hoped[:-2], hoped[-2:].sum()), np.append(seen[:-2], seen[-2:].sum())
        p = float(stats.chisquare(seen, hoped).pvalue) if seen.sum() else math.nan
        self._note(p, int(seen.sum()), f"{words}: counts {seen.astype(int).tolist()} against {hoped.round(1).tolist()}")

    def found(self) -> Finding:
        """The smallest p-value, times how many there were; at least the rate of false alarms is allowed."""
        p = min(1.0, self.smallest * max(1, self.number))
        told = self.words if p < FALSE_ALARM else ""
        return Finding(value=p, low=FALSE_ALARM, high=1.0, looked=self.looked, words=told)

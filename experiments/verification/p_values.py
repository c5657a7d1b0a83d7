"""How improbable the result would be if a claim were true: p-values, and one rule for all of them.

A claim is refused below ``FALSE_ALARM``, so a true one is refused once in a million. Several p-values of one check are
judged by the smallest, times their number (Bonferroni). Runs have fixed seeds, so a check that holds keeps holding
until the model changes. The controls (``controls.CONTROLS``) are wrong by a stated amount and must be refused.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from experiments.verification.checks import Finding

FALSE_ALARM = 1e-6
"""Probability with which a check refuses a true claim."""
SMALLEST_CELL = 10.0
"""Expected count below which the cells at the end of a table are pooled."""


class PValues:
    """The p-values of one check."""

    def __init__(self) -> None:
        self.smallest, self.number, self.examined, self.detail = 1.0, 0, 0, ""

    def _note(self, p: float, examined: int, detail: str) -> None:
        self.number, self.examined = self.number + 1, self.examined + examined
        if not p >= self.smallest:
            self.smallest, self.detail = (0.0 if math.isnan(p) else p), detail

    def share(self, hits: Any, number: Any, expected: float, detail: str = "") -> None:
        """So many of so many independent trials, against a chance (exact binomial)."""
        k, n = int(hits), int(number)
        p = float(stats.binomtest(k, n, min(1.0, max(0.0, float(expected)))).pvalue) if n else math.nan
        self._note(p, n, f"{detail}: {k} of {n} ({k / max(n, 1):.4f}) against {expected:.4f}")

    def mean(self, values: npt.ArrayLike, expected: float, sd: float, detail: str = "") -> None:
        """The mean of independent values with standard deviation ``sd`` (normal)."""
        data = np.asarray(values, dtype=np.float64)
        apart = float(data.mean()) - expected
        z = apart / (sd / math.sqrt(len(data))) if sd > 0 else math.copysign(math.inf, apart) if apart else 0.0
        self._note(
            float(2 * stats.norm.sf(abs(z))), len(data), f"{detail}: mean {data.mean():.4f} against {expected:.4f}"
        )

    def counts(self, observed: npt.ArrayLike, chances: npt.ArrayLike, detail: str = "") -> None:
        """Counts with given chances (chi-square; the last cells are pooled until they are large enough)."""
        counts = np.asarray(observed, dtype=np.float64)
        expected = np.asarray(chances, dtype=np.float64) * counts.sum() / np.sum(chances)
        while len(expected) > 2 and expected[-1] < SMALLEST_CELL:
            expected = np.append(expected[:-2], expected[-2:].sum())
            counts = np.append(counts[:-2], counts[-2:].sum())
        p = float(stats.chisquare(counts, expected).pvalue) if counts.sum() else math.nan
        against = f"counts {counts.astype(int).tolist()} against {expected.round(1).tolist()}"
        self._note(p, int(counts.sum()), f"{detail}: {against}")

    def finding(self) -> Finding:
        """The smallest p-value, times how many there were; at least the rate of false alarms is allowed."""
        p = min(1.0, self.smallest * max(1, self.number))
        refused = self.detail if p < FALSE_ALARM else ""
        return Finding(value=p, low=FALSE_ALARM, high=1.0, examined=self.examined, detail=refused)

"""Medians, quantiles and middle 95 % of values that may have weights."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def interval(values: Sequence[float] | np.ndarray, weights: np.ndarray | None = None) -> tuple[float, float, float]:
    """Median and the ends of the middle 95 % of (weighted) values: median, low, high."""
    low, middle, high = quantiles(values, (0.025, 0.5, 0.975), weights)
    return float(middle), float(low), float(high)


def quantiles(
    values: Sequence[float] | np.ndarray, shares: Sequence[float], weights: np.ndarray | None = None
) -> np.ndarray:
    """Quantiles of weighted values (array of ``shares``); plain ones without weights."""
    x = np.asarray(values, dtype=np.float64)
    if weights is None:
        return np.asarray(np.quantile(x, shares))
    order = np.argsort(x)
    upto = np.cumsum(weights[order])
    return np.asarray(np.interp(np.asarray(shares) * upto[-1], upto - 0.5 * weights[order], x[order]))

"""Hazard ratios by Cox's method for times in whole months: what age or earlier convictions do to the hazard."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def cox(covariates: npt.ArrayLike, time: npt.ArrayLike, event: npt.ArrayLike, *, steps: int = 12) -> Floats:
    """Log hazard ratios per unit of each covariate, adjusted for the others (Breslow's handling of ties).

    Parameters
    ----------
    covariates
        N x C numbers.
    time
        N months until the event or until observation stopped.
    event
        N, whether the event happened.
    steps
        Most steps of Newton's method.

    Returns
    -------
    Array of C.

    Raises
    ------
    numpy.linalg.LinAlgError
        If a covariate does not vary or two say the same.

    References
    ----------
    Cox (1972), JRSS B 34:187, doi:10.1111/j.2517-6161.1972.tb00899.x; Breslow (1974), doi:10.2307/2529620.
    """
    x = np.asarray(covariates, np.float64)
    x = x - x.mean(axis=0)
    t, hit = np.asarray(time, np.float64), np.asarray(event, bool)
    order = np.argsort(-t, kind="stable")
    x, t, hit = x[order], t[order], hit[order]
    moments, deaths = np.unique(t[hit], return_counts=True)
    at_risk = np.searchsorted(-t, -moments, side="right") - 1
    group = np.searchsorted(moments, t[hit])
    totals = np.stack([np.bincount(group, x[hit, c], len(moments)) for c in range(x.shape[1])], axis=1)
    beta = np.zeros(x.shape[1])
    for _ in range(steps):
        weight = np.exp(x @ beta)
        s0 = np.cumsum(weight)[at_risk]
        mean = np.cumsum(weight[:, None] * x, axis=0)[at_risk] / s0[:, None]
        square = np.cumsum(weight[:, None, None] * x[:, :, None] * x[:, None, :], axis=0)[at_risk] / s0[:, None, None]
        score = (totals - deaths[:, None] * mean).sum(axis=0)
        information = (deaths[:, None, None] * (square - mean[:, :, None] * mean[:, None, :])).sum(axis=0)
        step = np.linalg.solve(information, score)
        beta = beta + step
        if np.abs(step).max() < 1e-9:
            break
    return beta

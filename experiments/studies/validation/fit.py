"""A scenario of another country fitted to counts: weighted draws of what is doubted, and what they say.

Every doubt is mapped to a standard normal number through its prior, so the prior of a place is known whatever the
quantities are. Places are drawn in rounds: first all over the prior, then around those that agreed with the data. All
rounds count together, each place with the weight prior times likelihood over the mean density of all rounds (the
balance heuristic). Nothing here knows what the counts are of.

References
----------
Veach & Guibas (1995), SIGGRAPH 95:419, doi:10.1145/218380.218498 (balance heuristic); Cappé, Guillin, Marin & Robert
(2004), JCGS 13:907, doi:10.1198/106186004X12803 (population Monte Carlo).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from simulation.parameters import Prior, quantities
from simulation.scenario import Scenario

Floats = npt.NDArray[np.float64]

ROUNDS = 4
"""The first over the prior, the others near the data."""
CENTRES = 150
"""Places around which a later round is drawn: those that agree, as often as they agree."""
FROM_PRIOR = 0.15
"""Share of every later round drawn over the prior, so that no weight can be without bound."""
ENOUGH = 200.0
"""Effective number of draws below which nothing is reported."""


@dataclass(frozen=True, kw_only=True)
class Doubt:
    """A quantity that is doubted: one key of the scenario, or several that are one and the same number."""

    keys: tuple[str, ...]
    prior: str
    what: str
    fitted: bool
    """Whether the data speak of it; else it keeps its prior up to chance."""
    low: float = -np.inf
    high: float = np.inf
    """Allowed range: draws from beyond are brought to its ends."""


def doubts(scenario: Scenario, rows: Sequence[tuple[str, ...]], own: dict[str, tuple[str, str]]) -> list[Doubt]:
    """Doubts of a scenario by key: the priors of the scenario itself, or ``own`` ones (prior, what) for what is fitted.

    Keys that stand together are one number.
    """
    known = {row.key: row for row in quantities(scenario)}
    found = []
    for keys in rows:
        row = known[keys[0]]
        prior, what = own.get(keys[0], (row.prior, row.what))
        low, high = -np.inf if row.low is None else row.low, np.inf if row.high is None else row.high
        found.append(Doubt(keys=keys, prior=prior, what=what, fitted=keys[0] in own, low=low, high=high))
    return found


def values(rows: Sequence[Doubt], places: Floats) -> Floats:
    """Values of the doubts at N x K places, rounded to seven digits: N x K."""
    from scipy.special import ndtr

    shares = np.clip(ndtr(places), 1e-9, 1 - 1e-9)
    columns = [np.clip(Prior.read(row.prior).quantile(shares[:, k]), row.low, row.high) for k, row in enumerate(rows)]
    return np.array([[float(f"{value:.7g}") for value in row] for row in np.stack(columns, axis=1)])


def changes(rows: Sequence[Doubt], row: Floats) -> dict[str, float]:
    """One place's values by key."""
    return {key: float(value) for doubt, value in zip(rows, row, strict=True) for key in doubt.keys}


@dataclass(frozen=True, kw_only=True)
class Draws:
    """Weighted draws: N x K values, N weights (sum 1), N x M of what the model says at each."""

    doubts: list[Doubt]
    values: Floats
    weight: Floats
    said: Floats
    log_likelihood: Floats

    @property
    def effective(self) -> float:
        """Effective number of draws (Kish)."""
        return float(1.0 / (self.weight**2).sum())

    def mean(self, column: Floats) -> Floats:
        """Weighted mean of N (x ...) numbers."""
        return np.asarray(np.tensordot(self.weight, column, axes=1))

    def quantile(self, column: Floats, at: Sequence[float]) -> Floats:
        """Weighted quantiles of N numbers."""
        return quantile(column, self.weight, at)

    def again(self, number: int, luck: np.random.Generator) -> npt.NDArray[np.int64]:
        """Rows of equally probable draws: systematic resampling."""
        at = (np.arange(number) + luck.random()) / number
        return np.minimum(np.searchsorted(np.cumsum(self.weight), at), len(self.weight) - 1)


def quantile(column: Floats, weight: Floats, at: Sequence[float]) -> Floats:
    """Weighted quantiles of N numbers: the value at which the weight below and half of its own reach each share."""
    order = np.argsort(column, kind="stable")
    reached = np.cumsum(weight[order]) - 0.5 * weight[order]
    return np.asarray(np.interp(at, reached, column[order]))


def fit(
    rows: list[Doubt],
    say: Callable[[Floats], Floats],
    log_likelihood: Callable[[Floats], Floats],
    *,
    seed: int,
    draws: int,
) -> Draws:
    """Weighted draws of what is doubted, given data.

    Parameters
    ----------
    rows
        K doubts.
    say
        What the model says (N x M) at N x K values.
    log_likelihood
        Log probability of the data (N) by what the model says.
    seed
        Luck of the places.
    draws
        How many in each of ``ROUNDS`` rounds.
    """
    size = len(rows)
    places, said, likely = np.empty((0, size)), np.empty((0, 0)), np.empty(0)
    rounds: list[_Around] = []
    for number in range(ROUNDS):
        luck = np.random.default_rng([seed, number])
        if number:
            rounds.append(_around(places, _log_weight(places, likely, rounds), luck))
        new = _places(luck, draws, size, rounds[-1] if rounds else None)
        told = say(values(rows, new))
        said = told if not number else np.concatenate([said, told])
        places = np.concatenate([places, new])
        likely = np.concatenate([likely, log_likelihood(told)])
    log = _log_weight(places, likely, rounds)
    weight = np.exp(log - log.max())
    return Draws(doubts=rows, values=values(rows, places), weight=weight / weight.sum(), said=said,
                 log_likelihood=likely)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class _Around:
    """A mixture of normal distributions around places that agreed: C x K centres, one K x K covariance."""

    centres: Floats
    spread: Floats

    def log_density(self, places: Floats) -> Floats:
        from scipy.linalg import solve_triangular
        from scipy.special import logsumexp

        size = places.shape[1]
        root = np.linalg.cholesky(self.spread)
        plain = solve_triangular(root, places.T, lower=True).T
        near = solve_triangular(root, self.centres.T, lower=True).T
        apart = (plain**2).sum(axis=1)[:, None] + (near**2).sum(axis=1)[None, :] - 2 * plain @ near.T
        constant = -0.5 * size * np.log(2 * np.pi) - np.log(np.diag(root)).sum() - np.log(len(self.centres))
        return np.asarray(constant + logsumexp(-0.5 * apart, axis=1))


def _around(places: Floats, log: Floats, luck: np.random.Generator) -> _Around:
    """Where the next round is drawn: around the places that agree, as wide as Silverman's rule says."""
    size = places.shape[1]
    weight = _tempered(log, size)
    number = min(CENTRES, 1.0 / (weight**2).sum())
    at = (np.arange(CENTRES) + luck.random()) / CENTRES
    centres = places[np.minimum(np.searchsorted(np.cumsum(weight), at), len(places) - 1)]
    width = (4 / (size + 2)) ** (1 / (size + 4)) * number ** (-1 / (size + 4))
    spread = width**2 * np.cov(places, rowvar=False, aweights=weight).reshape(size, size)
    return _Around(centres=centres, spread=spread + 1e-6 * np.eye(size))


def _tempered(log: Floats, size: int) -> Floats:
    """Weights flattened as far as is needed for a covariance to be estimated (an effective 8 draws a doubt)."""
    for heat in np.geomspace(1.0, 1e-3, 60):
        weight = np.exp(heat * (log - log.max()))
        weight /= weight.sum()
        if 1.0 / (weight**2).sum() >= 8 * size:
            break
    return np.asarray(weight)


def _places(luck: np.random.Generator, number: int, size: int, around: _Around | None) -> Floats:
    """Places of one round: scrambled Sobol' numbers, over the prior or around places that agreed."""
    from scipy.special import ndtri
    from scipy.stats import qmc

    cube = qmc.Sobol(size, rng=luck).random_base2(int(np.ceil(np.log2(number))))[:number]
    normal = np.asarray(ndtri(np.clip(cube, 1e-9, 1 - 1e-9)))
    if around is None:
        return normal
    centre = around.centres[luck.integers(len(around.centres), size=number)]
    near = centre + normal @ np.linalg.cholesky(around.spread).T
    return np.where((luck.random(number) < FROM_PRIOR)[:, None], normal, near)


def _log_weight(places: Floats, likely: Floats, rounds: Sequence[_Around]) -> Floats:
    """Log of prior times likelihood over the mean density of all rounds that have been drawn."""
    from scipy.special import logsumexp

    prior = -0.5 * (places**2).sum(axis=1) - 0.5 * places.shape[1] * np.log(2 * np.pi)
    drawn = [prior]
    for around in rounds:
        near = np.log1p(-FROM_PRIOR) + around.log_density(places)
        drawn.append(np.logaddexp(np.log(FROM_PRIOR) + prior, near))
    return np.asarray(prior + likely - logsumexp(np.stack(drawn), axis=0) + np.log(len(drawn)))


def log_counts(chances: Floats, counts: npt.NDArray[Any], rest: float) -> Floats:
    """Log probability of counts in M classes and the rest, by chances N x M (array of N, up to a constant)."""
    inside = np.clip(chances, 1e-9, 1.0)
    left = np.clip(1.0 - chances.sum(axis=1), 1e-9, 1.0)
    return np.asarray(np.log(inside) @ counts + rest * np.log(left))

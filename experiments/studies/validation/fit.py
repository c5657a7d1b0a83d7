"""A scenario fitted to counts from another country: weighted draws of its uncertain parameters, and their predictions.

Every uncertain parameter is mapped to a standard normal number through its prior, so that the prior of a point is known
whatever the quantities are. Points are sampled in rounds: first from the prior, then around those that agreed with the
data. All rounds count together, each point with the weight prior times likelihood over the mean density of all rounds
(the balance heuristic).

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
import pandas as pd
from scipy.linalg import solve_triangular
from scipy.special import logsumexp, ndtr, ndtri
from scipy.stats import qmc

from experiments.execution.context import Compute
from experiments.execution.jobs import Job
from simulation.parameters import ParameterError, Prior, quantities
from simulation.scenario import Scenario

Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]

MIDDLE_95 = (0.025, 0.975)
DRAWS_A_TASK = 16
ROUNDS = 4
"""The first from the prior, the others near the data."""
CENTRES = 150
"""Points around which a later round is drawn: those that agree, as often as they agree."""
FROM_PRIOR = 0.15
"""Share of every later round drawn from the prior, so that no weight can be without bound."""
ENOUGH = 200.0
"""Effective number of draws below which nothing is reported."""


@dataclass(frozen=True, kw_only=True)
class UncertainParameter:
    """An uncertain quantity: one key of the scenario, or several that are one and the same number."""

    keys: tuple[str, ...]
    prior: str
    what: str
    fitted: bool
    """Whether the data inform it; else it keeps its prior up to simulation error."""
    low: float = -np.inf
    high: float = np.inf
    """Allowed range: draws from beyond are brought to its ends."""


def uncertain_parameters(
    scenario: Scenario, rows: Sequence[tuple[str, ...]], own: dict[str, tuple[str, str]]
) -> list[UncertainParameter]:
    """Uncertain parameters of a scenario, with its priors, or ``own`` ones (prior, what) for those that are fitted.

    Each row has the keys of one number.
    """
    known = {row.key: row for row in quantities(scenario)}
    found = []
    for keys in rows:
        row = known[keys[0]]
        prior, what = own.get(keys[0], (row.prior, row.what))
        low, high = -np.inf if row.low is None else row.low, np.inf if row.high is None else row.high
        found.append(UncertainParameter(keys=keys, prior=prior, what=what, fitted=keys[0] in own, low=low, high=high))
    return found


def values(parameters: Sequence[UncertainParameter], points: Floats) -> Floats:
    """Values of the parameters at N x K standard normal points, rounded to seven digits: N x K."""
    shares = np.clip(ndtr(points), 1e-9, 1 - 1e-9)
    columns = [np.clip(Prior.read(row.prior).quantile(shares[:, k]), row.low, row.high)
               for k, row in enumerate(parameters)]  # fmt: skip
    return np.array([[float(f"{value:.7g}") for value in row] for row in np.stack(columns, axis=1)])


def changes(parameters: Sequence[UncertainParameter], row: Floats) -> dict[str, float]:
    """One draw's values by key."""
    return {key: float(value) for each, value in zip(parameters, row, strict=True) for key in each.keys}


def predictor(
    parameters: Sequence[UncertainParameter], compute: Compute, *, name: str, work: str, context: dict[str, Any],
    command: str,
) -> Callable[[Floats], Floats]:  # fmt: skip
    """The predictions (N x M) at N x K values, simulated by a job whose ``work`` gives one column ``share``.

    The payload of its tasks has ``changes``: a dictionary a draw.
    """

    def predict(points: Floats) -> Floats:
        each = [changes(parameters, point) for point in points]
        tasks = [{"changes": each[k : k + DRAWS_A_TASK]} for k in range(0, len(each), DRAWS_A_TASK)]
        job = Job(name=name, work=work, context=context, pieces=tasks, command=command)
        return np.concatenate([np.asarray(table["share"]) for table in compute(job)]).reshape(len(points), -1)

    return predict


@dataclass(frozen=True, kw_only=True)
class WeightedDraws:
    """Weighted draws: N x K values, N weights (sum 1), N x M predictions of the model."""

    parameters: list[UncertainParameter]
    values: Floats
    weight: Floats
    predicted: Floats

    @property
    def effective(self) -> float:
        """Effective number of draws (Kish)."""
        return float(1.0 / (self.weight**2).sum())

    def mean(self, column: Floats) -> Floats:
        """Weighted mean of N (x ...) numbers."""
        return np.asarray(np.tensordot(self.weight, column, axes=1))

    def quantile(self, column: Floats, at: Sequence[float] = MIDDLE_95) -> Floats:
        """Weighted quantiles of N numbers."""
        return quantile(column, self.weight, at)

    def curve(self, shares: Floats) -> dict[str, Floats]:
        """Mean, low and high (95 %) of M shares by time, at N draws: N x M."""
        ends = np.array([self.quantile(column) for column in shares.T])
        return {"mean": self.mean(shares), "low": ends[:, 0], "high": ends[:, 1]}

    def resample(self, number: int, rng: np.random.Generator) -> Longs:
        """Rows of equally probable draws: systematic resampling."""
        return _systematic(self.weight, number, rng)

    def groups(self, chances: Floats, people: int, number: int, rng: np.random.Generator) -> Longs:
        """Counts by class in groups of so many people, as the draws expect them, by N x M chances: number x M."""
        sampled = chances[self.resample(number, rng)]
        whole = np.concatenate([sampled, 1 - sampled.sum(axis=1, keepdims=True)], axis=1)
        return np.asarray(rng.multinomial(people, np.clip(whole, 0, 1))[:, :-1])

    def table(self) -> pd.DataFrame:
        """The parameters given the data: key, what, prior, fitted (yes, no), mean, low, high (95 %)."""
        rows = []
        for k, each in enumerate(self.parameters):
            column = self.values[:, k]
            low, high = self.quantile(column)
            rows.append({"key": " = ".join(each.keys), "what": each.what, "prior": each.prior,
                         "fitted": "yes" if each.fitted else "no",
                         "mean": float(self.mean(column)), "low": low, "high": high})  # fmt: skip
        return pd.DataFrame(rows)


def _systematic(weight: Floats, number: int, rng: np.random.Generator) -> Longs:
    """Rows in proportion to weights (sum 1), evenly spaced."""
    at = (np.arange(number) + rng.random()) / number
    return np.minimum(np.searchsorted(np.cumsum(weight), at), len(weight) - 1)


def require_enough(draws: WeightedDraws) -> None:
    """Refuse too small an effective number of draws; ``ParameterError`` names the number that would be enough."""
    if draws.effective < ENOUGH:
        needed = round(1.3 * (len(draws.weight) / ROUNDS) * ENOUGH / max(draws.effective, 1.0))
        raise ParameterError(
            f"the draws are worth [{draws.effective:.0f}] independent ones; at least {ENOUGH:.0f} are needed: "
            f"raise --draws to {needed} or more"
        )


def quantile(column: Floats, weight: Floats, at: Sequence[float]) -> Floats:
    """Weighted quantiles of N numbers: where the weight below and half of a value's own reach each share."""
    order = np.argsort(column, kind="stable")
    reached = np.cumsum(weight[order]) - 0.5 * weight[order]
    return np.asarray(np.interp(at, reached, column[order]))


def fit(
    parameters: list[UncertainParameter], predict: Callable[[Floats], Floats],
    log_likelihood: Callable[[Floats], Floats], *, seed: int, draws: int,
) -> WeightedDraws:  # fmt: skip
    """Weighted draws of K uncertain parameters, given data: so many in each of ``ROUNDS`` rounds.

    ``predict`` gives the predictions (N x M) at N x K values; ``log_likelihood`` the log probability of the data (N)
    given these.
    """
    size = len(parameters)
    points, predicted, likely = np.empty((0, size)), np.empty((0, 0)), np.empty(0)
    rounds: list[_Mixture] = []
    for number in range(ROUNDS):
        rng = np.random.default_rng([seed, number])
        if number:
            rounds.append(_around(points, _log_weight(points, likely, rounds), rng))
        new = _points(rng, draws, size, rounds[-1] if rounds else None)
        latest = predict(values(parameters, new))
        predicted = latest if not number else np.concatenate([predicted, latest])
        points = np.concatenate([points, new])
        likely = np.concatenate([likely, log_likelihood(latest)])
    log = _log_weight(points, likely, rounds)
    weight = np.exp(log - log.max())
    return WeightedDraws(parameters=parameters, values=values(parameters, points), weight=weight / weight.sum(),
                         predicted=predicted)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class _Mixture:
    """A mixture of normal distributions around points that agreed: C x K centres, one K x K covariance."""

    centres: Floats
    covariance: Floats

    def log_density(self, points: Floats) -> Floats:
        size = points.shape[1]
        root = np.linalg.cholesky(self.covariance)
        plain = solve_triangular(root, points.T, lower=True).T
        near = solve_triangular(root, self.centres.T, lower=True).T
        apart = (plain**2).sum(axis=1)[:, None] + (near**2).sum(axis=1)[None, :] - 2 * plain @ near.T
        constant = -0.5 * size * np.log(2 * np.pi) - np.log(np.diag(root)).sum() - np.log(len(self.centres))
        return np.asarray(constant + logsumexp(-0.5 * apart, axis=1))


def _around(points: Floats, log: Floats, rng: np.random.Generator) -> _Mixture:
    """Where the next round is drawn: around the points that agree, as wide as Silverman's rule says."""
    size = points.shape[1]
    weight = _tempered(log, size)
    number = min(CENTRES, 1.0 / (weight**2).sum())
    centres = points[_systematic(weight, CENTRES, rng)]
    width = (4 / (size + 2)) ** (1 / (size + 4)) * number ** (-1 / (size + 4))
    covariance = width**2 * np.cov(points, rowvar=False, aweights=weight).reshape(size, size)
    return _Mixture(centres=centres, covariance=covariance + 1e-6 * np.eye(size))


def _tempered(log: Floats, size: int) -> Floats:
    """Weights flattened as far as a covariance needs to be estimated (an effective 8 draws a parameter)."""
    for heat in np.geomspace(1.0, 1e-3, 60):
        weight = np.exp(heat * (log - log.max()))
        weight /= weight.sum()
        if 1.0 / (weight**2).sum() >= 8 * size:
            break
    return np.asarray(weight)


def _points(rng: np.random.Generator, number: int, size: int, around: _Mixture | None) -> Floats:
    """Points of one round: scrambled Sobol' numbers, from the prior or around points that agreed."""
    cube = qmc.Sobol(size, rng=rng).random_base2(int(np.ceil(np.log2(number))))[:number]
    normal = np.asarray(ndtri(np.clip(cube, 1e-9, 1 - 1e-9)))
    if around is None:
        return normal
    centre = around.centres[rng.integers(len(around.centres), size=number)]
    near = centre + normal @ np.linalg.cholesky(around.covariance).T
    return np.where((rng.random(number) < FROM_PRIOR)[:, None], normal, near)


def _log_weight(points: Floats, likely: Floats, rounds: Sequence[_Mixture]) -> Floats:
    """Log of prior times likelihood over the mean density of all rounds that have been drawn."""
    prior = -0.5 * (points**2).sum(axis=1) - 0.5 * points.shape[1] * np.log(2 * np.pi)
    drawn = [prior]
    for around in rounds:
        near = np.log1p(-FROM_PRIOR) + around.log_density(points)
        drawn.append(np.logaddexp(np.log(FROM_PRIOR) + prior, near))
    return np.asarray(prior + likely - logsumexp(np.stack(drawn), axis=0) + np.log(len(drawn)))


def log_counts(chances: Floats, counts: npt.NDArray[Any], rest: float) -> Floats:
    """Log probability of counts in M classes and the rest, by chances N x M (array of N, up to a constant)."""
    inside = np.clip(chances, 1e-9, 1.0)
    left = np.clip(1.0 - chances.sum(axis=1), 1e-9, 1.0)
    return np.asarray(np.log(inside) @ counts + rest * np.log(left))

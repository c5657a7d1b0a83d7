"""Value of information: what resolving all, some or a trial's part of the uncertainty before a decision is worth.

A decision now takes the option with the highest mean net benefit. With more information another option may be better,
and the difference is gained: the expected value of perfect information (EVPI) if everything were known, of partial
perfect information (EVPPI) if some quantities were, and of sample information (EVSI) if the result of a trial were. All
are in the unit of the net benefits (kroner). The mean net benefit given a quantity is the regression on it (Strong
2014); the result of a trial is one more quantity (Strong 2015). Net benefits that are means over few replicates include
simulation noise: that is harmless in a regression, and makes ``evpi`` too large.

References
----------
Strong, Oakley & Brennan (2014), Medical Decision Making 34:311, doi:10.1177/0272989X13505910.
Strong, Oakley, Brennan & Breeze (2015), Medical Decision Making 35:570, doi:10.1177/0272989X15575286.
Eilers & Marx (1996), Statistical Science 11:89, doi:10.1214/ss/1038425655 (splines with a penalty on differences).
Wood (2017), Generalized Additive Models, 2nd ed., doi:10.1201/9781315370279 (covariance, dearer parameters).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.linalg import block_diag

from simulation.parameters import ParameterError

Floats = npt.NDArray[np.float64]
BENDS = {1: 14, 2: 8}
"""Splines of a curve over one quantity, and along each side of a surface over two."""
ADDED = 8
"""Splines of each curve where three or more quantities are known together."""
CATEGORIES = 6
"""A quantity with so few values or fewer is a category: each value has its own mean."""
STIFFNESS = np.logspace(-3.0, 5.0, 17)
"""Penalties that are tried, as parts of the data's own weight."""
DEARER = 1.4
"""Each parameter of a curve counts for so many when the penalty is chosen: curves follow chance less."""
SIMULATED = 200
"""Curves drawn from the uncertainty of the fitted one."""


@dataclass(frozen=True, kw_only=True)
class InformationValue:
    """The value of some information, in kroner."""

    value: float
    error: float
    """Standard error: draws are few, and the curve through them is not certain."""
    floor: float = 0.0
    """The estimate for shuffled (worthless) information, mean over the shuffles: near zero, or the method fails here.
    Zero too where no shuffles were made."""


def evpi(benefit: npt.ArrayLike) -> InformationValue:
    """Expected value of perfect information, from net benefits (kroner, draws x options)."""
    gain = _gains(_increments(benefit))
    return InformationValue(value=float(gain.mean()), error=float(gain.std(ddof=1) / np.sqrt(len(gain))))


def evppi(benefit: npt.ArrayLike, known: pd.DataFrame, *, shuffles: int = 0, seed: int = 1) -> InformationValue:
    """Expected value of partial perfect information: of knowing some quantities together.

    One quantity gives a curve, two a surface, three or more the sum of a curve each (all as stiff) and of the products
    of pairs. ``benefit`` is the net benefit in kroner, draws x options; ``known`` holds the quantities, draws x
    quantities (numbers or categories). Its rows are shuffled so many times for the floor.
    """
    y = _increments(benefit)
    for name in known:
        if known[name].isna().any():
            raise ParameterError(f"quantity [{name}] has values that are missing; leave such draws out")
    rng = np.random.Generator(np.random.Philox(key=seed))
    basis, penalties = _basis(known)
    found = _regressed(y, basis, penalties, rng)
    floors = [_regressed(y, basis[rng.permutation(len(y))], penalties, rng).value for _ in range(shuffles)]
    return replace(found, floor=float(np.mean(floors)) if floors else 0.0)


def evppi_table(benefit: npt.ArrayLike, quantities: pd.DataFrame, *, groups: Mapping[str, Sequence[str]] | None = None,
                shuffles: int = 5, seed: int = 1) -> pd.DataFrame:  # fmt: skip
    """EVPPI of each quantity (draws x quantities), or of each group of columns by its name, the largest first.

    Columns: what, value, error, floor (kroner), share (of the EVPI, 0-1; NaN where that is zero).
    """
    wanted = groups if groups is not None else {str(name): [str(name)] for name in quantities}
    everything, rows = evpi(benefit).value, []
    for name, columns in wanted.items():
        one = evppi(benefit, quantities[list(columns)], shuffles=shuffles, seed=seed)
        rows.append((name, one.value, one.error, one.floor, one.value / everything if everything > 0 else np.nan))
    table = pd.DataFrame(rows, columns=["what", "value", "error", "floor", "share"])
    return table.sort_values("value", ascending=False, ignore_index=True)


# A further trial ----------------------------------------------------------------------------------------------


def observed_risks(control: npt.ArrayLike, mentored: npt.ArrayLike, per_arm: int, *, seed: int) -> pd.DataFrame:
    """Results of trials of two arms, one at each draw: log odds of the controls, and log odds ratio.

    Risks are 0-1, one a draw. Counts are binomial, and one half is added to each (no log of zero). A draw uses the same
    random numbers at every size.
    """
    from scipy.stats import binom  # slow to import

    uniform = np.random.Generator(np.random.Philox(key=seed)).random((2, len(np.asarray(control))))
    hits = [binom.ppf(u, per_arm, np.asarray(risk)) for u, risk in zip(uniform, (control, mentored), strict=True)]
    log_odds = [np.log((k + 0.5) / (per_arm - k + 0.5)) for k in hits]
    return pd.DataFrame({"control": log_odds[0], "ratio": log_odds[1] - log_odds[0]})


def evsi_table(benefit: npt.ArrayLike, sizes: Sequence[int], results: Callable[[int], pd.DataFrame], *,
               cost: Callable[[int], float], seed: int = 1) -> pd.DataFrame:  # fmt: skip
    """Expected value of sample information, for trials of several sizes, and what is left when the trial is paid.

    ``sizes`` are people in each arm (0: no trial), ``results`` what a trial of a size shows at each draw
    (``observed_risks``), ``cost`` its kroner. Columns: per_arm, value and error (kroner), gain (the value), cost, net
    (gain less cost), net_error, best (the size with the highest net; none where no trial pays for itself).
    """
    rows = []
    for size in sizes:
        one = evppi(benefit, results(size), seed=seed) if size > 0 else InformationValue(value=0.0, error=0.0)
        paid = cost(size) if size > 0 else 0.0
        rows.append((size, one.value, one.error, one.value, paid, one.value - paid, one.error))
    table = pd.DataFrame(rows, columns=["per_arm", "value", "error", "gain", "cost", "net", "net_error"])
    net = table["net"].to_numpy()
    return table.assign(best=(np.arange(len(net)) == net.argmax()) & (net > 0))


# The regression -----------------------------------------------------------------------------------------------


def _increments(benefit: npt.ArrayLike) -> Floats:
    """Net benefit of every other option less that of the option with the highest mean, draws x (options - 1)."""
    net = np.asarray(benefit, np.float64)
    if not np.isfinite(net).all():
        raise ParameterError("net benefits have values that are no numbers [nan or inf]; leave such draws out")
    best = int(net.mean(axis=0).argmax())
    return np.delete(net, best, axis=1) - net[:, [best]]


def _gains(increments: Floats) -> Floats:
    """What the best option at each draw gains over the option that is best on average."""
    return np.asarray(np.clip(increments.max(axis=1), 0.0, None))


def _basis(known: pd.DataFrame) -> tuple[Floats, list[Floats]]:
    """Columns on which to regress (draws x K), and the penalties on them (each K x K).

    Numbers are taken by rank, as normal scores: what is known is the same, and no value lies far from all others.
    """
    parts, number = [_column(known[name], BENDS.get(known.shape[1], ADDED)) for name in known], known.shape[1]
    if number == 1:
        return parts[0][0], [parts[0][1]]
    sizes = [part[0].shape[1] for part in parts]
    if number == 2:
        surface = (parts[0][0][:, :, None] * parts[1][0][:, None, :]).reshape(len(known), -1)
        sides = np.kron(parts[0][1], np.eye(sizes[1])), np.kron(np.eye(sizes[0]), parts[1][1])
        return surface, [np.asarray(side, np.float64) for side in sides]
    lines = [part[0] @ np.linspace(-1.0, 1.0, size) for part, size in zip(parts, sizes, strict=True)]
    pairs = np.column_stack([a * b for a, b in combinations(lines, 2)])
    columns = np.column_stack([*(part[0] for part in parts), pairs - pairs.mean(axis=0)])
    curves = block_diag(*(part[1] for part in parts), np.zeros((pairs.shape[1], pairs.shape[1])))
    return columns, [curves, np.diag((np.arange(columns.shape[1]) >= sum(sizes)).astype(np.float64))]


def _column(values: pd.Series, bends: int) -> tuple[Floats, Floats]:
    """Splines over one quantity with a penalty on their second differences; a mean for each value of a category."""
    from scipy.interpolate import BSpline  # slow to import
    from scipy.stats import norm, rankdata  # slow to import

    codes, levels = pd.factorize(values)
    if len(levels) <= CATEGORIES or not pd.api.types.is_numeric_dtype(values):
        return np.eye(len(levels))[codes], np.eye(len(levels)) - (1.0 / len(levels) if len(levels) > 1 else 0.0)
    score = norm.ppf((rankdata(values) - 0.5) / len(values))
    low, high = score.min() - 1e-6, score.max() + 1e-6
    knots = low + (high - low) / (bends - 3) * np.arange(-3, bends + 1)
    splines = BSpline.design_matrix(score, knots, 3).toarray()
    bend = np.diff(np.eye(bends), 2, axis=0)
    return np.asarray(splines), bend.T @ bend


def _regressed(
    increments: Floats, basis: Floats, penalties: Sequence[Floats], rng: np.random.Generator
) -> InformationValue:
    """Value of choosing by the fitted increments, with its error.

    Error: the draws are a sample (spread of the gains over them), and the coefficients are not certain (spread of the
    value over coefficients drawn from their posterior; the same random numbers for all options, correlated as
    residuals are).
    """
    draws, middle = len(increments), increments.mean(axis=0)
    square = basis.T @ basis
    fits = [_fit(column, basis, square, penalties) for column in (increments - middle).T]
    fitted = np.column_stack([basis @ coefficients for coefficients, _ in fits]) + middle
    rest = np.atleast_2d(np.corrcoef((increments - fitted).T)) if len(fits) > 1 else np.eye(1)
    mixed = np.linalg.cholesky(np.nan_to_num(rest) + 1e-9 * np.eye(len(fits)))
    normal = np.einsum("ij,jks->iks", mixed, rng.standard_normal((len(fits), basis.shape[1], SIMULATED)))
    drawn = np.stack([basis @ (root @ normal[k]) for k, (_, root) in enumerate(fits)], axis=2)  # draws x curves x fits
    curves = fitted[:, None, :] + drawn
    gains = np.clip(curves.max(axis=2), 0.0, None).mean(axis=0) - np.clip(curves.mean(axis=0).max(axis=1), 0.0, None)
    gain = _gains(fitted)
    value = float(gain.mean() - max(0.0, fitted.mean(axis=0).max()))
    return InformationValue(value=value, error=float(np.hypot(gain.std(ddof=1) / np.sqrt(draws), gains.std(ddof=1))))


def _fit(y: Floats, basis: Floats, square: Floats, penalties: Sequence[Floats]) -> tuple[Floats, Floats]:
    """Coefficients (K), and a root of their posterior covariance (K x K).

    Each penalty is chosen in turn, twice, by generalised cross-validation: least RSS / (draws - DEARER x parameters)^2.
    """
    draws, towards, own = len(y), basis.T @ y, float(y @ y)
    scaled = [penalty * (np.diag(square)[np.diag(penalty) > 0].sum() / np.trace(penalty)) for penalty in penalties]
    ridge = 1e-9 * np.trace(square) * np.eye(len(square))

    def tried(weights: Sequence[float]) -> tuple[float, Floats, Floats]:
        whole = square + ridge + sum(weight * each for weight, each in zip(weights, scaled, strict=True))
        root = np.linalg.inv(np.linalg.cholesky(whole)).T
        inverse = root @ root.T
        coefficients = inverse @ towards
        left = max(0.0, own - 2 * float(coefficients @ towards) + float(coefficients @ square @ coefficients))
        used = float(np.trace(inverse @ square))
        score = left / max(1.0, draws - DEARER * used) ** 2
        return score, coefficients, root * np.sqrt(left / max(1.0, draws - used))

    chosen = [float(STIFFNESS[-1])] * len(scaled)
    for _ in range(2):
        for k in range(len(scaled)):
            scores = [tried([*chosen[:k], float(weight), *chosen[k + 1 :]])[0] for weight in STIFFNESS]
            chosen[k] = float(STIFFNESS[int(np.argmin(scores))])
    return tried(chosen)[1:]

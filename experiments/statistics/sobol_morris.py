"""Which uncertain inputs matter most for an outcome: Morris screening, then Sobol' indices, over the priors.

An input is given as a share of its prior, so the space is a unit cube with independent uniform sides, whatever the
priors are. ``morris_screening`` finds the inputs that matter at all, ``sobol_indices`` divides the outcome's variance
among them, and ``first_order_indices`` does what can be done with dependent draws (a posterior). They know nothing of
people or prisons.

References
----------
Morris (1991), Technometrics 33:161, doi:10.1080/00401706.1991.10484804; Campolongo, Cariboni & Saltelli (2007),
Environmental Modelling & Software 22:1509, doi:10.1016/j.envsoft.2006.10.004; Saltelli et al. (2010), Computer
Physics Communications 181:259, doi:10.1016/j.cpc.2009.09.018; Plischke, Borgonovo & Smith (2013), European Journal
of Operational Research 226:536, doi:10.1016/j.ejor.2012.11.047.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from simulation.parameters import ParameterError

Floats = npt.NDArray[np.float64]
Evaluate = Callable[[Floats], npt.ArrayLike]
"""What an outcome is at N x K shares (each 0-1): N numbers."""
OTHERS = "all others"
"""Name of the inputs that have no index of their own, taken together."""
LEVELS = 4
"""Levels of each input in the screening: 0, 1/3, 2/3 and 1."""
RESAMPLES = 1000
"""Bootstrap samples behind each interval."""
MOST_BINS, ROWS_A_BIN = 24, 30
"""Groups of draws behind a first-order index from given draws."""
NORMAL_95 = 1.959964


def _problem(keys: Sequence[str]) -> dict[str, Any]:
    return {"num_vars": len(keys), "names": list(keys), "bounds": [[0.0, 1.0]] * len(keys)}


def morris_screening(keys: Sequence[str], evaluate: Evaluate, *, trajectories: int, seed: int) -> pd.DataFrame:
    """Elementary effects of each of K inputs, by Morris's method: walks through the cube, each of K + 1 points.

    One row an input, the largest first: key; ``mu_star`` (mean absolute change of the outcome from the low to the
    high end of the input, by proportion), ``mu_star_low`` and ``mu_star_high`` (95 %, bootstrap); ``mu`` (the same
    with signs); ``sigma`` (standard deviation of the change: a curved effect, or interactions).
    """
    from SALib.analyze import morris as analysis  # slow to import
    from SALib.sample import morris as design  # slow to import

    points = design.sample(_problem(keys), trajectories, num_levels=LEVELS, seed=seed)
    values = np.asarray(evaluate(points), dtype=np.float64)
    found = analysis.analyze(_problem(keys), points, values, num_resamples=RESAMPLES, num_levels=LEVELS, seed=seed)
    star, half = np.asarray(found["mu_star"], np.float64), np.asarray(found["mu_star_conf"], np.float64)
    table = pd.DataFrame({
        "key": list(keys), "mu_star": star, "mu_star_low": np.maximum(star - half, 0.0), "mu_star_high": star + half,
        "mu": np.asarray(found["mu"], np.float64), "sigma": np.asarray(found["sigma"], np.float64),
    })  # fmt: skip
    return table.sort_values("mu_star", ascending=False, kind="stable", ignore_index=True)


def sobol_indices(
    keys: Sequence[str], evaluate: Evaluate, *, points: int, seed: int, chosen: Sequence[str] | None = None
) -> pd.DataFrame:
    """Sobol' indices: the parts of the outcome's variance that are due to each input.

    ``points`` is the size of the design's base, a power of two; there are so many times (chosen + 2) evaluations, or
    + 3. The ``chosen`` inputs (None: all) get an index of their own, the rest get one together, as ``OTHERS``.

    One row an input, the largest total first, ``OTHERS`` last: key; ``first`` (part of the variance that would go if
    it were known) and ``total`` (part that would stay if all others were known), each with ``_low`` and ``_high``
    (95 %, bootstrap). NaN if the outcome does not vary. Raises ``ParameterError`` if ``points`` is no power of two.
    """
    from SALib.analyze import sobol as analysis  # slow to import
    from SALib.sample import sobol as design  # slow to import

    check_points(points)
    own = set(keys) if chosen is None else set(chosen)
    groups = [key if key in own else OTHERS for key in keys]
    names = list(dict.fromkeys(groups))
    sample = design.sample(_problem(keys) | {"groups": groups}, points, calc_second_order=False, seed=seed)
    values = np.asarray(evaluate(sample), dtype=np.float64)
    found = dict.fromkeys(("S1", "S1_conf", "ST", "ST_conf"), np.full(len(names), np.nan))
    if not is_flat(values):
        found = analysis.analyze(_problem(names), values, calc_second_order=False, num_resamples=RESAMPLES,
                                 seed=seed + 1)  # fmt: skip
    table = pd.DataFrame({"key": names})
    for name, index in (("first", "S1"), ("total", "ST")):
        middle, half = np.asarray(found[index]), np.asarray(found[f"{index}_conf"])
        table[name], table[f"{name}_low"], table[f"{name}_high"] = middle, middle - half, middle + half
    table = table.sort_values("total", ascending=False, kind="stable")
    last = table["key"] == OTHERS
    return pd.concat([table[~last], table[last]], ignore_index=True)


def is_flat(values: Floats) -> bool:
    """Whether an outcome does not vary, but for rounding."""
    return bool(np.ptp(values) <= 1e-12 * max(1.0, float(np.abs(values).max())))


def base_rows(number: int, names: int) -> npt.NDArray[np.int64]:
    """Rows of a design of ``sobol_indices`` that are independent draws of all inputs (2 x ``number`` of them)."""
    first = np.arange(number) * (names + 2)
    return np.concatenate([first, first + names + 1])


def check_points(points: int) -> None:
    """Refuse a size of a Sobol' sequence at which it is not balanced."""
    if points < 2 or points & (points - 1):
        below = 2 ** max(1, points.bit_length() - 1)
        raise ParameterError(f"--points is [{points}]; a Sobol' sequence needs a power of two: {below} or {2 * below}")


def first_order_indices(table: pd.DataFrame, values: npt.ArrayLike, *, seed: int) -> pd.DataFrame:
    """First-order indices from N given draws (``table``: a column an input), whose inputs may be dependent.

    One row an input that varies, the largest first: key; ``first``, ``first_low``, ``first_high``: the part of the
    outcome's variance that would go, on average, if the input were known (95 %, bootstrap); NaN if the outcome does
    not vary. Draws are put in groups of similar size along the input (a group for each value where there are few); the
    index is the part of the variance between the groups, freed of what chance alone would put there (epsilon squared).
    """
    y = np.asarray(values, dtype=np.float64)
    rng = np.random.default_rng(seed)
    again = rng.integers(len(y), size=(RESAMPLES, len(y)))
    flat, rows = is_flat(y), []
    for key in table.columns:
        group = groups_of(table[key])
        if group.max() == 0:
            continue
        first = np.nan if flat else _between(group, y)
        half = np.nan if flat else NORMAL_95 * float(np.std([_between(group[k], y[k]) for k in again], ddof=1))
        rows.append({"key": key, "first": first, "first_low": first - half, "first_high": first + half})
    found = pd.DataFrame(rows, columns=["key", "first", "first_low", "first_high"])
    return found.sort_values("first", ascending=False, kind="stable", ignore_index=True)


def groups_of(column: pd.Series) -> npt.NDArray[np.int64]:
    """Numbers of groups of similar size along a column; of its values, where they are few."""
    bins = int(np.clip(len(column) // ROWS_A_BIN, 2, MOST_BINS))
    codes, kinds = pd.factorize(column, sort=True)
    if len(kinds) <= bins or not pd.api.types.is_numeric_dtype(column):
        return np.asarray(codes, np.int64)
    place = np.argsort(np.argsort(column.to_numpy(np.float64), kind="stable"), kind="stable")
    return place * bins // len(column)


def _between(group: npt.NDArray[np.int64], y: Floats) -> float:
    """Part of the variance that lies between groups, freed of chance; 0 if nothing varies."""
    count = np.bincount(group)
    there = count > 0
    sums = np.bincount(group, weights=y)[there]
    whole = float(((y - y.mean()) ** 2).sum())
    between = float((sums**2 / count[there]).sum() - y.sum() ** 2 / len(y))
    if whole <= 0 or len(y) <= there.sum():
        return 0.0
    return 1.0 - (whole - between) / whole * (len(y) - 1) / (len(y) - int(there.sum()))


def simulation_noise(same: Floats, other: Floats) -> tuple[float, float]:
    """How much of an outcome's variation is simulation noise.

    ``same`` are values at P points, all with the same seed; ``other`` those at the same points with each of L other
    seeds (L x P). The result is the variance of the differences between points that is simulation noise (what a seed
    does to all points alike is left out, since all points share it), and the standard deviation that the simulation
    gives one value.
    """
    values = np.vstack([same, other])
    rest = values - values.mean(axis=0) - values.mean(axis=1, keepdims=True) + values.mean()
    number = (values.shape[0] - 1) * (values.shape[1] - 1)
    return float((rest**2).sum() / number), float(np.sqrt(values.var(axis=0, ddof=1).mean()))

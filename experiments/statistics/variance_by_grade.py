"""What the uncertainty of a result rests on: its variance divided among measured, judged and assumed quantities.

It is the variance that is divided, not the result. A quantity's part is how much less the result would vary if the
quantity were known, so a wide prior counts for much and a fixed value for nothing, whatever its grade; how many of each
grade are fixed is counted beside it (``experiments.inputs.evidence``). Two ways: from Sobol' indices over independent
priors (``shares_from_indices``), and from any draws, dependent ones too (``shares_from_draws``).

References
----------
Owen (2014), SIAM/ASA Journal on Uncertainty Quantification 2:245, doi:10.1137/130936233 (Shapley's value of variance);
Song, Nelson & Staum (2016), SIAM/ASA Journal on Uncertainty Quantification 4:1060, doi:10.1137/15M1048070 (dependent
inputs).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import combinations
from math import factorial
from typing import Any, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiments.statistics.sobol_morris import NORMAL_95, OTHERS, is_flat
from simulation.parameters import Grade

Floats = npt.NDArray[np.float64]
GRADES: tuple[str, ...] = get_args(Grade)
REST = "rest"
"""What no quantity explains by itself: interactions, quantities that are not among the inputs, and simulation noise."""
FEW_VALUES = 6
"""A quantity with so many values or fewer is a category: each value has its own mean."""
DRAWS_A_COLUMN = 3.0
"""Draws that are needed for each column of the regression."""
BLOCKS = 20
"""Blocks of draws of the jackknife."""


def shares_from_indices(parts: pd.DataFrame, grade_of: Callable[[str], str]) -> pd.DataFrame:
    """Shares of the variance by grade from Sobol' indices over independent priors (``parts``: of ``sobol_indices``).

    One row a grade, then ``OTHERS`` if it is there (quantities without an index of their own, of all grades), then
    ``REST``: grade, inputs (quantities with an index), share (sum of first-order indices; REST is what is left), low
    and high (95 %, errors taken as independent). NaN if the outcome does not vary.
    """
    rows, half = [], (parts["first_high"] - parts["first"]) ** 2
    kinds = parts["key"].map(lambda key: OTHERS if key == OTHERS else grade_of(key))
    for grade in (*GRADES, *([OTHERS] if (kinds == OTHERS).any() else [])):
        mine = kinds == grade
        rows.append(_row(grade, int(mine.sum()), float(parts["first"][mine].sum(skipna=False)),
                         float(np.sqrt(half[mine].sum()))))  # fmt: skip
    rows.append(_row(REST, 0, 1.0 - float(parts["first"].sum(skipna=False)), float(np.sqrt(half.sum()))))
    return pd.DataFrame(rows)


def _row(grade: str, inputs: int, share: float, half: float) -> dict[str, Any]:
    return {"grade": grade, "inputs": inputs, "share": share, "low": share - half, "high": share + half}


def shares_from_draws(
    inputs: pd.DataFrame, values: npt.ArrayLike, grade_of: Callable[[str], str], *, seed: int = 1
) -> pd.DataFrame | None:
    """Shares of the variance by grade from N draws (a column a quantity), whose quantities may be dependent.

    A grade's share is its Shapley value: how much of the variance goes if the quantities of the grade become known,
    mean over the six orders in which the three grades could become known. What is explained by the quantities of some
    grades is the adjusted R squared of a regression on them (curves bend once, no products). Quantities that do not
    vary count for nothing; ``seed`` decides the blocks of draws for the intervals.

    One row a grade, then ``REST``: grade, inputs (quantities that vary), share (they add up to 1), low and high (95 %,
    jackknife over 20 blocks of draws). Estimates can lie slightly below 0. NaN if the result does not vary; None if
    there are too few draws for so many quantities.
    """
    y, known = np.asarray(values, np.float64), _varying(inputs)
    grades = [grade_of(str(name)) for name in known]
    counts = {grade: grades.count(grade) for grade in GRADES}
    if is_flat(y):
        return pd.DataFrame([_row(grade, counts.get(grade, 0), np.nan, np.nan) for grade in (*GRADES, REST)])
    if (regression := _columns(known, len(y))) is None:
        return None
    columns, owner = regression
    kind = np.array([GRADES.index(grades[k]) for k in owner])

    def divided(grams: Floats) -> Floats:
        explained = {chosen: _explained(grams, np.flatnonzero(np.isin(kind, chosen)))
                 for size in range(4) for chosen in combinations(range(3), size)}  # fmt: skip
        each = [_shapley(explained, grade) for grade in range(3)]
        return np.array([*each, 1.0 - sum(each)])

    middle, half = _jackknife(columns, y, divided, seed)
    return pd.DataFrame([
        _row(grade, counts.get(grade, 0), float(share), float(width))
        for grade, share, width in zip((*GRADES, REST), middle, half, strict=True)
    ])  # fmt: skip


def first_order_shares(inputs: pd.DataFrame, values: npt.ArrayLike, *, seed: int = 1) -> pd.DataFrame:
    """The share of the variance that would go if one quantity alone became known, the largest first.

    Arguments as for ``shares_from_draws``. Columns: key, first, first_low, first_high (95 %). Dependent quantities
    share what they explain, so these shares overlap.
    """
    y, known = np.asarray(values, np.float64), _varying(inputs)
    regression = None if known.empty or is_flat(y) else _columns(known, len(y), one_by_one=True)
    if regression is None:
        return pd.DataFrame(columns=["key", "first", "first_low", "first_high"])
    columns, owner = regression
    own = [np.flatnonzero(owner == k) for k in range(known.shape[1])]
    middle, half = _jackknife(columns, y, lambda grams: np.array([_explained(grams, each) for each in own]), seed)
    table = pd.DataFrame({"key": list(known), "first": middle, "first_low": middle - half, "first_high": middle + half})
    return table.sort_values("first", ascending=False, kind="stable", ignore_index=True)


def as_data(table: pd.DataFrame) -> list[dict[str, Any]]:
    """A table of shares for a manifest: what is not known is None."""
    return [{str(key): None if isinstance(value, float) and np.isnan(value) else value for key, value in row.items()}
            for row in table.round(4).to_dict("records")]  # fmt: skip


# The regression -----------------------------------------------------------------------------------------------


def _varying(inputs: pd.DataFrame) -> pd.DataFrame:
    return inputs.loc[:, [bool((inputs[name] != inputs[name].iloc[0]).any()) for name in inputs]].reset_index(drop=True)


def _columns(
    known: pd.DataFrame, draws: int, *, one_by_one: bool = False
) -> tuple[Floats, npt.NDArray[np.int64]] | None:
    """Columns of the regression (draws x P), and the quantity of each.

    Straight lines only where draws are few, and None where they are too few.
    """
    for bends in (2, 1):
        parts = [_column(known[name], bends) for name in known]
        width = max((part.shape[1] for part in parts), default=0) if one_by_one else sum(p.shape[1] for p in parts)
        if draws >= DRAWS_A_COLUMN * width:
            owner = np.repeat(np.arange(len(parts)), [part.shape[1] for part in parts])
            return (np.column_stack(parts) if parts else np.zeros((draws, 0))), owner
    return None


def _column(values: pd.Series, bends: int) -> Floats:
    """A quantity by rank, as normal scores, and their squares; one column a value (but one) for a category."""
    from scipy.stats import norm, rankdata  # slow to import, and reports that divide nothing need it not

    codes, levels = pd.factorize(values)
    if len(levels) <= FEW_VALUES or not pd.api.types.is_numeric_dtype(values):
        return np.asarray(np.eye(len(levels))[codes][:, 1:], np.float64)
    score = norm.ppf((rankdata(values) - 0.5) / len(values))
    return np.column_stack([score, score**2][:bends])


def _jackknife(columns: Floats, y: Floats, divided: Callable[[Floats], Floats], seed: int) -> tuple[Floats, Floats]:
    """What ``divided`` makes of all draws (given their sums of squares and products), and half its 95 % interval."""
    whole = np.column_stack([np.ones(len(y)), columns - columns.mean(axis=0), (y - y.mean()) / y.std()])
    block = np.random.default_rng([seed, 11]).permutation(len(y)) % BLOCKS
    grams = np.array([whole[block == k].T @ whole[block == k] for k in range(BLOCKS)])
    total = grams.sum(axis=0)
    without = np.array([divided(total - gram) for gram in grams])
    spread = (BLOCKS - 1) / BLOCKS * ((without - without.mean(axis=0)) ** 2).sum(axis=0)
    return divided(total), NORMAL_95 * np.sqrt(spread)


def _explained(gram: Floats, chosen: npt.NDArray[np.int64]) -> float:
    """Adjusted R squared of the last column on some of the others; the first is the constant."""
    draws, rows = gram[0, 0], np.concatenate([[0], chosen + 1])
    around = gram[-1, -1] - gram[0, -1] ** 2 / draws
    if not len(chosen):
        return 0.0
    square, towards = gram[np.ix_(rows, rows)], gram[rows, -1]
    found = np.linalg.lstsq(square, towards, rcond=1e-10)[0]
    rest = gram[-1, -1] - float(towards @ found)
    return float(1.0 - rest / around * (draws - 1) / (draws - len(rows)))


def _shapley(explained: Mapping[tuple[int, ...], float], one: int) -> float:
    """Shapley's value of one of three."""
    others = [k for k in range(3) if k != one]
    total = 0.0
    for size in range(3):
        weight = factorial(size) * factorial(2 - size) / factorial(3)
        for before in combinations(others, size):
            total += weight * (explained[tuple(sorted((*before, one)))] - explained[before])
    return total

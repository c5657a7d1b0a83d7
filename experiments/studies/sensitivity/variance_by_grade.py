"""What the doubt about a number rests on: its variance divided among measured, judged and assumed quantities.

It is the doubt that is divided, not the number. A quantity counts for as much as the number would be steadier if it
were known, so a wide prior counts for much and a fixed one for nothing, whatever its grade; how many of each grade are
fixed is counted beside it. Two ways: from Sobol' indices over independent priors (``of_indices``), and from any draws,
also such as go together (``of_draws``).

References
----------
Owen (2014), SIAM/ASA Journal on Uncertainty Quantification 2:245, doi:10.1137/130936233 (Shapley's value of variance);
Song, Nelson & Staum (2016), SIAM/ASA Journal on Uncertainty Quantification 4:1060, doi:10.1137/15M1048070 (inputs that
go together).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import factorial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiments.inputs.parameter_points import EFFECT
from experiments.inputs.parameter_points import doubted as doubted_in
from experiments.statistics.sobol_morris import NORMAL_95, OTHERS
from experiments.studies.rollout.plan import RolloutPlan
from experiments.studies.rollout.plan import uncertain as doubted_of
from simulation.parameters import ParameterError, Quantity, quantities
from simulation.prices import Prices
from simulation.scenario import Scenario

Floats = npt.NDArray[np.float64]
GRADES = ("measured", "judged", "assumed")
REST = "rest"
"""What no quantity explains by itself: several acting together, what is not among them, and chance."""
PLAN, PRICE = "plan.", "price."
"""What the keys of a plan's own doubts and of prices begin with in tables of draws."""
FEW_VALUES = 6
"""A quantity with so many values or fewer is a category: each value has its own mean."""
DRAWS_A_COLUMN = 3.0
"""Draws that are needed for each column of the regression."""
BLOCKS = 20
"""Parts of the draws that are left out in turn, to see how firm a share is."""


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Every quantity behind a number."""

    rows: Mapping[str, Quantity]
    """By the key that draws have; those of a plan begin with ``plan.``, prices with ``price.``."""
    doubted: frozenset[str]
    """Keys of those that have a prior and were not given."""

    @classmethod
    def of(cls, base: Scenario, plan: RolloutPlan | None = None, prices: Prices | None = None) -> Inputs:
        """The quantities of a scenario, of a plan's volunteers and quality, and of prices.

        What a plan chooses (places, dates, offer) is no input of which one could be in doubt, and is not counted.
        """
        alone = next(iter(base.programme)) if len(base.programme) == 1 else ""
        effects = ("programme.direct_effect", "programme.support_effect") if alone else ()
        rows = {row.key.replace(f"programme.{alone}.", "programme.") if alone else row.key: row
                for row in quantities(base)}  # fmt: skip
        rows = {key: row for key, row in rows.items() if key not in effects}
        rows |= {row.key: row for row in (EFFECT if alone else ())}
        open_ = {row.key for row in doubted_in(base)}
        if plan is not None:
            rows |= {PLAN + row.key: row for name in ("volunteers", "quality")
                     for row in quantities(getattr(plan, name), f"{name}.")}  # fmt: skip
            open_ |= {PLAN + row.key for row in doubted_of(plan)}
        if prices is not None:
            own = {row.key: row for row in quantities(prices)}
            rows |= {PRICE + key: row for key, row in own.items()}
            open_ |= {PRICE + key for key, row in own.items() if row.prior != "fixed"}
        return cls(rows=rows, doubted=frozenset(open_))

    def grade(self, key: str) -> str:
        """The grade of a quantity; ``assumed`` where nothing is declared."""
        return self.rows[key].grade if key in self.rows else "assumed"

    def census(self) -> pd.DataFrame:
        """How many there are of each grade: grade, inputs (numbers only), doubted, fixed (no doubt is carried)."""
        numbers = {key: row for key, row in self.rows.items()
                   if isinstance(row.value, (int, float)) and not isinstance(row.value, bool)}  # fmt: skip
        out = []
        for grade in GRADES:
            mine = [key for key, row in numbers.items() if row.grade == grade]
            doubted = sum(key in self.doubted for key in mine)
            out.append({"grade": grade, "inputs": len(mine), "doubted": doubted, "fixed": len(mine) - doubted})
        return pd.DataFrame(out)


def of_indices(parts: pd.DataFrame, grade_of: Callable[[str], str]) -> pd.DataFrame:
    """Shares of the variance by grade from Sobol' indices over independent priors.

    Parameters
    ----------
    parts
        What ``sensitivity.indices`` gives: key, first, first_low, first_high; the rest of the doubts as ``OTHERS``.
    grade_of
        The grade of a key.

    Returns
    -------
    One row a grade, then ``OTHERS`` if it is there (doubts without an index of their own, of all grades), then
    ``REST``: grade, inputs (doubts that have an index), share (sum of first-order indices; REST is what is left), low
    and high (95 %, errors taken as independent). NaN if the outcome does not vary.
    """
    rows, half = [], (parts["first_high"] - parts["first"]) ** 2
    kinds = parts["key"].map(lambda key: OTHERS if key == OTHERS else grade_of(key))
    for grade in (*GRADES, *([OTHERS] if (kinds == OTHERS).any() else [])):
        mine = kinds == grade
        rows.append(_row(grade, int(mine.sum()), float(parts["first"][mine].sum(skipna=False)), _root(half[mine])))
    rows.append(_row(REST, 0, 1.0 - float(parts["first"].sum(skipna=False)), _root(half)))
    return pd.DataFrame(rows)


def _root(squares: pd.Series) -> float:
    return float(np.sqrt(squares.sum()))


def _row(grade: str, inputs: int, share: float, half: float) -> dict[str, Any]:
    return {"grade": grade, "inputs": inputs, "share": share, "low": share - half, "high": share + half}


def of_draws(
    inputs: pd.DataFrame, values: npt.ArrayLike, grade_of: Callable[[str], str], *, seed: int = 1
) -> pd.DataFrame:
    """Shares of the variance by grade from draws, which may go together.

    A grade's share is its Shapley value: how much of the variance goes if the quantities of the grade become known,
    mean over the six orders in which the three grades could become known. What is explained by the quantities of some
    grades is the adjusted R squared of a regression on them (curves bend once, no products).

    Parameters
    ----------
    inputs
        N draws, one column a quantity (numbers, or texts of a few kinds); those that do not vary count for nothing.
    values
        The number at each draw.
    grade_of
        The grade of a column.
    seed
        Decides which draws are left out together, for the intervals.

    Returns
    -------
    One row a grade, then ``REST``: grade, inputs (quantities that vary), share (they add up to 1), low and high (95 %,
    jackknife over 20 parts of the draws). Estimates can lie slightly below 0. NaN if the number does not vary.

    Raises
    ------
    ParameterError
        If there are too few draws for so many quantities.
    """
    y, known = np.asarray(values, np.float64), _varying(inputs)
    grades = [grade_of(str(name)) for name in known]
    counts = {grade: grades.count(grade) for grade in GRADES}
    if np.ptp(y) <= 1e-12 * max(1.0, float(np.abs(y).max())):
        return pd.DataFrame([_row(grade, counts.get(grade, 0), np.nan, np.nan) for grade in (*GRADES, REST)])
    columns, owner = _columns(known, len(y))
    kind = np.array([GRADES.index(grades[k]) for k in owner])

    def divided(grams: Floats) -> Floats:
        worth = {chosen: _explained(grams, np.flatnonzero(np.isin(kind, chosen)))
                 for size in range(4) for chosen in combinations(range(3), size)}  # fmt: skip
        each = [_shapley(worth, grade) for grade in range(3)]
        return np.array([*each, 1.0 - sum(each)])

    middle, half = _jackknife(columns, y, divided, seed)
    return pd.DataFrame([
        _row(grade, counts.get(grade, 0), float(share), float(width))
        for grade, share, width in zip((*GRADES, REST), middle, half, strict=True)
    ])  # fmt: skip


def alone(inputs: pd.DataFrame, values: npt.ArrayLike, *, seed: int = 1) -> pd.DataFrame:
    """How much of the variance goes if one quantity alone becomes known, the largest first.

    Arguments as for ``of_draws``. Columns: key, first, first_low, first_high (95 %). Quantities that go together share
    what they explain, so these parts overlap.
    """
    y, known = np.asarray(values, np.float64), _varying(inputs)
    empty = pd.DataFrame(columns=["key", "first", "first_low", "first_high"])
    if known.empty or np.ptp(y) <= 1e-12 * max(1.0, float(np.abs(y).max())):
        return empty
    columns, owner = _columns(known, len(y), one_by_one=True)
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


def _columns(known: pd.DataFrame, draws: int, *, one_by_one: bool = False) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Columns of the regression (draws x P), and the quantity of each; straight lines only, where draws are few."""
    for bends in (2, 1):
        parts = [_column(known[name], bends) for name in known]
        width = max((part.shape[1] for part in parts), default=0) if one_by_one else sum(p.shape[1] for p in parts)
        if draws >= DRAWS_A_COLUMN * width:
            owner = np.repeat(np.arange(len(parts)), [part.shape[1] for part in parts])
            return (np.column_stack(parts) if parts else np.zeros((draws, 0))), owner
    raise ParameterError(
        f"[{draws}] draws are too few to divide the doubt among {known.shape[1]} quantities; at least "
        f"{round(DRAWS_A_COLUMN * width)} are needed (--draws)"
    )


def _column(values: pd.Series, bends: int) -> Floats:
    """A quantity by rank, as normal scores, and their squares; one column a value (but one) for a category."""
    from scipy.stats import norm, rankdata

    codes, levels = pd.factorize(values)
    if len(levels) <= FEW_VALUES or not pd.api.types.is_numeric_dtype(values):
        return np.asarray(np.eye(len(levels))[codes][:, 1:], np.float64)
    score = norm.ppf((rankdata(values) - 0.5) / len(values))
    return np.column_stack([score, score**2][:bends])


def _jackknife(columns: Floats, y: Floats, divided: Callable[[Floats], Floats], seed: int) -> tuple[Floats, Floats]:
    """What ``divided`` makes of all draws, and half the width of its 95 %; it is given sums of squares and products."""
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


def _shapley(worth: Mapping[tuple[int, ...], float], one: int) -> float:
    """Shapley's value of one of three."""
    others = [k for k in range(3) if k != one]
    total = 0.0
    for size in range(3):
        weight = factorial(size) * factorial(2 - size) / factorial(3)
        for before in combinations(others, size):
            total += weight * (worth[tuple(sorted((*before, one)))] - worth[before])
    return total


def heaviest(tables: Sequence[pd.DataFrame], number: int = 3) -> list[str]:
    """The quantities behind most of the doubt over some tables of ``alone``: the largest part in any, in order."""
    every = pd.concat(list(tables), ignore_index=True) if tables else pd.DataFrame(columns=["key", "first"])
    return [str(key) for key in every.groupby("key")["first"].max().sort_values(ascending=False).index[:number]]

"""What a report says the numbers rest on: shares of the doubt by grade, and the quantities behind most of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiments.inputs.evidence import ModelInputs
from experiments.reports.catalogue import ReportMessages
from experiments.reports.names import believed, name_of, short_name, source_of, valued
from experiments.reports.page import Grid, Part
from experiments.statistics.variance_by_grade import (
    GRADES,
    REST,
    as_data,
    first_order_shares,
    largest_contributors,
    shares_from_draws,
)
from simulation.parameters import ParameterError

FIFTH = 0.2
"""Part of the draws that stands for an end of a quantity."""
CLEARLY = 0.03
"""Part of the variance below which a quantity is not said to matter."""


@dataclass(frozen=True, kw_only=True)
class GradedUncertainty:
    """What some numbers hang on."""

    inputs: ModelInputs
    drawn: pd.DataFrame
    """Draws x quantities."""
    values: Mapping[str, npt.NDArray[np.float64]]
    """Each number at the draws, by what it is called in the report."""
    shares: Mapping[str, pd.DataFrame]
    """What ``shares_from_draws`` gives for each number."""
    alone: Mapping[str, pd.DataFrame]
    """What ``first_order_shares`` gives."""

    def top(self, number: int, *, of: str | None = None) -> list[str]:
        """The quantities behind most of the doubt, over all numbers or of one."""
        tables = [table[table["first_low"] > 0] for name, table in self.alone.items() if of in (None, name)]
        kept = [table[table["first"] >= CLEARLY] for table in tables]
        return largest_contributors(kept, number)


def doubt_of(
    inputs: ModelInputs, drawn: pd.DataFrame, values: Mapping[str, npt.ArrayLike], *, seed: int = 1
) -> GradedUncertainty | None:
    """Divide the doubt about some numbers; None if there are too few draws for it."""
    shares, single, kept = {}, {}, {}
    for name, column in values.items():
        every = np.asarray(column, np.float64)
        known = np.isfinite(every)
        try:
            shares[name] = shares_from_draws(drawn[known], every[known], inputs.grade, seed=seed)
            single[name] = first_order_shares(drawn[known], every[known], seed=seed)
        except ParameterError:
            return None
        kept[name] = every
    return GradedUncertainty(inputs=inputs, drawn=drawn, values=kept, shares=shares, alone=single)


def for_receipt(doubt: GradedUncertainty | None) -> dict[str, Any]:
    """Shares by grade of each number as plain data; nothing if there are none."""
    return {} if doubt is None else {name: as_data(table) for name, table in doubt.shares.items()}


def interval(row: Mapping[Any, Any], w: ReportMessages, name: str = "share") -> str:
    """A share with its interval, kept between 0 and 100 %."""
    if row[name] != row[name]:
        return "–"
    middle, low, high = (w.percent(min(1.0, max(0.0, row[key])), 0) for key in _ends(name))
    return f"{middle} ({w.to(low.partition(chr(160))[0], high)})"


def _ends(name: str) -> tuple[str, str, str]:
    return (name, "low", "high") if name == "share" else (name, f"{name}_low", f"{name}_high")


def grades_part(doubt: GradedUncertainty, w: ReportMessages, *, names: Mapping[str, str], census: pd.DataFrame) -> Part:
    """The part of the page; ``names`` gives each number's name in the language."""
    head = [w("grades.number"), *(w(f"grades.{grade}") for grade in GRADES), w(f"grades.{REST}")]
    rows = []
    for name, table in doubt.shares.items():
        told = {str(row["grade"]): row for row in table.to_dict("records")}
        rows.append([names[name], *(interval(told[grade], w) for grade in (*GRADES, REST))])
    counted = [[w(f"grades.{row['grade']}"), w.number(row["inputs"], 0), w.number(row["uncertain"], 0),
                w.number(row["fixed"], 0)] for row in census.to_dict("records")]  # fmt: skip
    fixed = int(census["fixed"].sum())
    return Part(
        title=w("grades.title"),
        paragraphs=[w("grades.what"), *(sentence(name, doubt, w, names) for name in doubt.shares)],
        grids=[
            Grid(caption=w("grades.caption"), head=head, rows=rows),
            Grid(caption=w("grades.census"), head=[w("grades.grade"), w("grades.inputs"), w("grades.uncertain"),
                                                   w("grades.fixed")], rows=counted),
            *assumptions(doubt, w),
        ],
        after=[w("grades.limits", fixed=w.number(fixed, 0), draws=w.number(len(doubt.drawn), 0))],
    )  # fmt: skip


def sentence(name: str, doubt: GradedUncertainty, w: ReportMessages, names: Mapping[str, str]) -> str:
    """How the doubt about one number divides, in a sentence, and which three quantities are behind most of it."""
    told = {str(row["grade"]): float(row["share"]) for row in doubt.shares[name].to_dict("records")}
    if told[REST] != told[REST]:
        return w("grades.steady", name=names[name])
    parts = {grade: w.percent(min(1.0, max(0.0, share)), 0) for grade, share in told.items()}
    said = w("grades.sentence", name=names[name], **parts)
    top = doubt.top(3, of=name)
    if not top:
        return f"{said} {w('grades.none_alone')}"
    single = doubt.alone[name].set_index("key")["first"]
    each = [f"{short_name(key, doubt.inputs.rows.get(key), w)} ({w.percent(max(0.0, float(single[key])), 0)})"
            for key in top]  # fmt: skip
    return f"{said} {w('grades.behind', inputs=w.listed(each))}"


def assumptions(doubt: GradedUncertainty, w: ReportMessages, number: int = 6) -> list[Grid]:
    """The quantities behind most of the doubt, each with what is believed of it, its grade and its source."""
    rows = []
    for key in doubt.top(number):
        row = doubt.inputs.rows.get(key)
        rows.append([
            _first_up(name_of(key, row, w)), believed(key, doubt.drawn[key], doubt.inputs, w),
            w(f"grades.{doubt.inputs.grade(key)}"), source_of(key, row, w),
        ])  # fmt: skip
    head = [w("grades.quantity"), w("grades.believed"), w("grades.grade"), w("grades.source")]
    return [Grid(caption=w("grades.heaviest"), head=head, rows=rows, wordy=True)] if rows else []


def _first_up(text: str) -> str:
    return text[:1].upper() + text[1:]


def changes(doubt: GradedUncertainty, of: str, w: ReportMessages, say: str, form: str, *, number: int = 3,
            **more: str) -> list[str]:
    """What one number is where a quantity is lowest and highest: a sentence for each of the heaviest.

    Parameters
    ----------
    doubt
        The draws.
    of
        Which number.
    w
        ReportMessages.
    say
        Key of the sentence; it has the places ``name``, ``low``, ``high``, ``at_low`` and ``at_high``.
    form
        How the number is written: percent, points, number or kroner (millions).
    number
        How many quantities.
    more
        Further places of the sentence.
    """
    told, y = [], pd.Series(doubt.values[of])
    for key in doubt.top(number, of=of):
        column, row = doubt.drawn[key].reset_index(drop=True), doubt.inputs.rows.get(key)
        if not pd.api.types.is_numeric_dtype(column) or column.nunique() < 2:
            continue
        low, high = column <= column.quantile(FIFTH), column >= column.quantile(1 - FIFTH)
        ends = [valued(key, float(column[side].median()), row, w) for side in (low, high)]
        found = [written(float(y[side].mean()), form, w) for side in (low, high)]
        told.append(w(say, name=name_of(key, row, w), low=ends[0], high=ends[1], at_low=found[0], at_high=found[1],
                      **more))  # fmt: skip
    return told


def written(value: float, form: str, w: ReportMessages) -> str:
    """A number in its form."""
    if form == "percent":
        return w.percent(value)
    if form == "points":
        return w.points(value)
    if form == "kroner":
        return w.kroner(value, million=True)
    return w.number(value, 1 if abs(value) < 10 else None)


def tags_in(parts: Sequence[Part]) -> list[str]:
    """Every text of the tables of some parts, for the list of sources."""
    return [cell for part in parts for grid in part.grids for row in grid.rows for cell in row]

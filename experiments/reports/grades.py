"""What a report says the numbers rest on: shares of the uncertainty by grade, and the quantities behind most of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiments.inputs.evidence import ModelInputs
from experiments.inputs.posterior import SHIPPED, Posterior
from experiments.inputs.scenario_files import load
from experiments.provenance.csv_tables import kept_table
from experiments.reports.catalogue import ReportMessages
from experiments.reports.names import believed, name_of, short_name, source_of, valued
from experiments.reports.page import Grid, Part, capitalised
from experiments.statistics.variance_by_grade import GRADES, REST, as_data, first_order_shares, shares_from_draws

GAP = "gap"
FIFTH = 0.2
"""Part of the draws that stands for an end of a quantity."""
CLEARLY = 0.03
"""Part of the variance below which a quantity is not named."""


@dataclass(frozen=True, kw_only=True)
class GradedUncertainty:
    """What some numbers depend on."""

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
        """The quantities with the largest first-order share in any of the numbers, or in one of them, in order."""
        every = pd.concat([table for name, table in self.alone.items() if of in (None, name)])
        kept = every[(every["first_low"] > 0) & (every["first"] >= CLEARLY)]
        return [str(key) for key in kept.groupby("key")["first"].max().sort_values(ascending=False).index[:number]]


def graded_uncertainty(
    inputs: ModelInputs, drawn: pd.DataFrame, values: Mapping[str, npt.ArrayLike], *, seed: int = 1
) -> GradedUncertainty | None:
    """Divide the uncertainty of some numbers; None if there are too few draws for it."""
    shares, single, kept = {}, {}, {}
    for name, column in values.items():
        kept[name] = np.asarray(column, np.float64)
        known = np.isfinite(kept[name])
        found = shares_from_draws(drawn[known], kept[name][known], inputs.grade, seed=seed)
        if found is None:
            return None
        shares[name], single[name] = found, first_order_shares(drawn[known], kept[name][known], seed=seed)
    return GradedUncertainty(inputs=inputs, drawn=drawn, values=kept, shares=shares, alone=single)


def for_receipt(graded: GradedUncertainty | None) -> dict[str, Any]:
    """Shares by grade of each number as plain data; nothing if there are none."""
    return {} if graded is None else {name: as_data(table) for name, table in graded.shares.items()}


def _share(row: Mapping[Any, Any], w: ReportMessages) -> str:
    """A share with its interval, kept between 0 and 100 %."""
    if row["share"] != row["share"]:
        return "–"
    middle, low, high = (w.percent(min(1.0, max(0.0, row[key])), 0) for key in ("share", "low", "high"))
    return f"{middle} ({w.to(low.partition(chr(160))[0], high)})"


def grades_part(
    graded: GradedUncertainty, w: ReportMessages, *, names: Mapping[str, str], census: pd.DataFrame
) -> Part:
    """The part of the page; ``names`` gives each number's name in the language."""
    head = [w("grades.number"), *(w(f"grades.{grade}") for grade in GRADES), w(f"grades.{REST}")]
    rows = []
    for name, table in graded.shares.items():
        by_grade = {str(row["grade"]): row for row in table.to_dict("records")}
        rows.append([names[name], *(_share(by_grade[grade], w) for grade in (*GRADES, REST))])
    counted = [[w(f"grades.{row['grade']}"), w.number(row["inputs"], 0), w.number(row["uncertain"], 0),
                w.number(row["fixed"], 0)] for row in census.to_dict("records")]  # fmt: skip
    fixed = int(census["fixed"].sum())
    return Part(
        title=w("grades.title"),
        paragraphs=[w("grades.what"), *(_sentence(name, graded, w, names) for name in graded.shares)],
        grids=[
            Grid(caption=w("grades.caption"), head=head, rows=rows),
            Grid(caption=w("grades.census"), head=[w("grades.grade"), w("grades.inputs"), w("grades.uncertain"),
                                                   w("grades.fixed")], rows=counted),
            *_assumptions(graded, w),
        ],
        after=[w("grades.limits", fixed=w.number(fixed, 0), draws=w.number(len(graded.drawn), 0))],
    )  # fmt: skip


def _sentence(name: str, graded: GradedUncertainty, w: ReportMessages, names: Mapping[str, str]) -> str:
    """How the uncertainty of one number divides, in a sentence, and which three quantities are behind most of it."""
    shares = {str(row["grade"]): float(row["share"]) for row in graded.shares[name].to_dict("records")}
    if shares[REST] != shares[REST]:
        return w("grades.steady", name=names[name])
    parts = {grade: w.percent(min(1.0, max(0.0, share)), 0) for grade, share in shares.items()}
    divided = w("grades.sentence", name=names[name], **parts)
    top = graded.top(3, of=name)
    if not top:
        return f"{divided} {w('grades.none_alone')}"
    single = graded.alone[name].set_index("key")["first"]
    each = [f"{short_name(key, graded.inputs.rows.get(key), w)} ({w.percent(max(0.0, float(single[key])), 0)})"
            for key in top]  # fmt: skip
    return f"{divided} {w('grades.behind', inputs=w.listed(each))}"


def _assumptions(graded: GradedUncertainty, w: ReportMessages) -> list[Grid]:
    """The quantities behind most of the uncertainty, each with what is believed of it, its grade and its source."""
    rows = []
    for key in graded.top(6):
        row = graded.inputs.rows.get(key)
        rows.append([
            capitalised(name_of(key, row, w)), believed(key, graded.drawn[key], graded.inputs, w),
            w(f"grades.{graded.inputs.grade(key)}"), source_of(key, row, w),
        ])  # fmt: skip
    head = [w("grades.quantity"), w("grades.believed"), w("grades.grade"), w("grades.source")]
    return [Grid(caption=w("grades.heaviest"), head=head, rows=rows, wordy=True)] if rows else []


def changes(graded: GradedUncertainty, of: str, w: ReportMessages, text: str, form: Literal["points", "number"],
            **more: str) -> list[str]:  # fmt: skip
    """What one number is where a quantity is lowest and highest: a sentence for each of the three heaviest.

    ``text`` is the key of the sentence, with the placeholders ``name``, ``low``, ``high``, ``at_low`` and ``at_high``,
    and those of ``more``; the number is written as ``form`` says.
    """
    sentences, y = [], pd.Series(graded.values[of])
    for key in graded.top(3, of=of):
        column, row = graded.drawn[key].reset_index(drop=True), graded.inputs.rows.get(key)
        if not pd.api.types.is_numeric_dtype(column) or column.nunique() < 2:
            continue
        sides = column <= column.quantile(FIFTH), column >= column.quantile(1 - FIFTH)
        low, high = (valued(key, float(column[side].median()), row, w) for side in sides)
        means = [float(y[side].mean()) for side in sides]
        at_low, at_high = (w.points(each) if form == "points" else w.number(each, 1 if abs(each) < 10 else None)
                           for each in means)  # fmt: skip
        sentences.append(w(text, name=name_of(key, row, w), low=low, high=high, at_low=at_low, at_high=at_high, **more))
    return sentences


def tags_in(parts: Sequence[Part]) -> list[str]:
    """Every text of the tables of some parts, for the list of sources."""
    return [cell for part in parts for grid in part.grids for row in grid.rows for cell in row]


def read_table(folder: Path, name: str) -> pd.DataFrame:
    """A table of a study's folder."""
    return kept_table(folder / f"{name}.csv")


def trial_uncertainty(file: Path | None = None) -> GradedUncertainty | None:
    """How the uncertainty of the difference divides; by the draws that come with Desist, if no file is given."""
    posterior = Posterior.read(file if file is not None and file.is_file() else SHIPPED)
    table = posterior.table
    if not {"_control", "_mentored"} <= set(table):
        return None
    gap = (table["_control"] - table["_mentored"]).to_numpy(float)
    return graded_uncertainty(ModelInputs.of(load("trial")), table[posterior.keys], {GAP: gap})


def trial_parts(w: ReportMessages, graded: GradedUncertainty | None, further: tuple[str, ...] = ()) -> list[Part]:
    """The assumptions that matter most, and what would change the answer, for reports about the trial."""
    points, parts = list(further), []
    if graded is not None:
        parts.append(grades_part(graded, w, names={GAP: w("study.of_gap")}, census=graded.inputs.census()))
        points += [capitalised(each) for each in changes(graded, GAP, w, "study.change_gap", "points")]
    points += [w("study.sizes"), w("study.structure")]
    return [*parts, Part(title=w("common.change"), points=points)]

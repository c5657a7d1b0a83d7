"""Report of ``desist ladder``: from headline to real-world effect."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from experiments.figures.ladder import ladder_figure
from experiments.figures.style import styled
from experiments.language.formatting import Language
from experiments.language.ladder import HEADLINE, KRONER, POINTS, REACH, figure_text, label, with_interval
from experiments.language.messages import Messages
from experiments.reports.catalogue import ReportMessages
from experiments.reports.grades import read_table
from experiments.reports.names import sources
from experiments.reports.page import Grid, Page, Part, capitalised, picture
from experiments.reports.plan import general_terms
from experiments.reports.trial import terms_of
from simulation.parameters import ParameterError

LIKELY, UNLIKELY = 0.6, 0.4


# The ladder ---------------------------------------------------------------------------------------------------


def ladder_page(folder: Path, manifest: Mapping[str, Any], language: Language) -> Page:
    """The page of ``desist ladder``."""
    w = ReportMessages(language)
    tables = {kind: read_table(folder, kind) for kind in (POINTS, KRONER)}
    if any(len(table) < 2 for table in tables.values()):
        raise ParameterError(f"[{folder}] has no steps; a report needs at least one in each ladder")
    m = Messages(language, "ladder")
    with styled():
        figure = ladder_figure(tables, m)
    rows = "; ".join(f"{_step(row, kind, w)} {with_interval(row, m)}" for kind, table in tables.items()
                     for row in table.to_dict("records"))  # fmt: skip
    draws = int(manifest.get("draws", 0))
    parts = [
        Part(title=w("common.figures"), pictures=[
            picture(figure, alt=w("ladder.alt", rows=rows), caption=w("ladder.fig"))
        ]),
        Part(title=w("common.uncertainty"), paragraphs=[w("ladder.how", draws=w.number(draws, 0))],
             grids=[_grid(table, kind, w) for kind, table in tables.items()]),
        Part(title=w("grades.title"), paragraphs=[w("ladder.steps_are")], grids=[_sources(tables, w)]),
        Part(title=w("common.change"), points=[_move(tables[KRONER], w), w("study.sizes"), w("study.structure")]),
    ]  # fmt: skip
    texts = [str(text) for table in tables.values() for text in table["source"]]
    return Page(
        language=language, kind=w("ladder.kind"), title=w("ladder.title"),
        question=f"{w('study.trial_background')} {w('ladder.question')}", answer=ladder_answer(tables, w), parts=parts,
        terms=[*terms_of(w), *general_terms(w, draws)], sources=sources(texts),
    )  # fmt: skip


def ladder_answer(tables: Mapping[str, pd.DataFrame], w: ReportMessages) -> list[str]:
    """Five sentences from both ladders."""
    points, kroner = (tables[kind].iloc[-1].to_dict() for kind in (POINTS, KRONER))
    key = "ladder.points" if points["step"] == REACH else "ladder.points_yes"
    share = float(kroner["above_one"])
    verdict = w("ladder.back_yes" if share >= LIKELY else "ladder.back_no" if share < UNLIKELY else "ladder.back_open")
    return [
        w(key, **_ends(points, w)), w("ladder.largest", list=w.listed(_largest(tables[POINTS], w))),
        w("ladder.kroner", **_ends(kroner, w)), w("ladder.back", share=w.of_hundred(share), verdict=verdict),
        _move(tables[KRONER], w),
    ]  # fmt: skip


def _largest(table: pd.DataFrame, w: ReportMessages) -> list[str]:
    rows = table.iloc[1:].dropna(subset=["factor"]).sort_values("factor").head(3).to_dict("records")
    m = Messages(w.language, "ladder")
    return [m("step_item", name=_step(row, POINTS, w), factor=m.number(row["factor"], 2)) for row in rows]


def _move(table: pd.DataFrame, w: ReportMessages) -> str:
    """The step without which the final value would change most."""
    steps, last = table.iloc[1:], float(table["figure"].iloc[-1])
    row = steps.iloc[int((steps["without"] - last).abs().to_numpy().argmax())].to_dict()
    return w("ladder.move", name=_step(row, KRONER, w), n=_number(row["without"], w))


def _step(row: Mapping[Any, Any], kind: str, w: ReportMessages) -> str:
    """A step in plain words; the headline of kroner has words of its own."""
    name = str(row["step"])
    return label(KRONER if name == HEADLINE and kind == KRONER else name, Messages(w.language, "ladder"))


def _number(value: float, w: ReportMessages) -> str:
    return figure_text(value, Messages(w.language))


def _ends(row: Mapping[Any, Any], w: ReportMessages) -> dict[str, str]:
    return {name: _number(float(row[key]), w) for name, key in (("n", "figure"), ("low", "low"), ("high", "high"))}


def _grid(table: pd.DataFrame, kind: str, w: ReportMessages) -> Grid:
    m, rows = Messages(w.language), []
    for k, row in enumerate(table.to_dict("records")):
        own = [f"× {w.number(row['factor'], 2)}", figure_text(row["without"], m)] if k else ["", ""]
        rows.append([capitalised(_step(row, kind, w)), with_interval(row, m), *own])
    head = [w(f"ladder.{name}") for name in ("step", "left", "factor", "without")]
    return Grid(caption=w(f"ladder.table_{'kroner' if kind == KRONER else 'points'}"), head=head, rows=rows)


def _sources(tables: Mapping[str, pd.DataFrame], w: ReportMessages) -> Grid:
    """What each step rests on."""
    m = Messages(w.language, "ladder")
    rows = {_step(row, kind, w): m(f"step.{row['step']}.source")
            for kind, table in tables.items() for row in table.iloc[1:].to_dict("records")}  # fmt: skip
    return Grid(caption=w("ladder.source"), head=[w("ladder.step"), w("grades.source")],
                rows=[[capitalised(name), capitalised(text)] for name, text in rows.items()], wordy=True)  # fmt: skip

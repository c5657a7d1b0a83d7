"""Reports of ``desist ladder`` and ``desist falsify``: from headline to street, and the attack on the model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from experiments.figures import style
from experiments.figures.ladder import ladder_figure
from experiments.language.formatting import Language
from experiments.language.ladder import HEADLINE, KRONER, POINTS, REACH, figure_text, label
from experiments.language.messages import Messages
from experiments.reports.catalogue import Words
from experiments.reports.figures import stacks, told_rows
from experiments.reports.names import sources
from experiments.reports.page import Grid, Page, Part, picture
from experiments.reports.plan import general_terms
from experiments.reports.trial import terms_of
from experiments.reports.uncertainty import read_table
from experiments.verification.stored_measurements import Faults
from simulation.parameters import ParameterError

KINDS = {"law": "kind_law", "closed form": "kind_closed", "control": "kind_control", "pattern": "kind_pattern"}
VERDICTS = ("holds", "cannot say", "fails")
LIKELY, UNLIKELY = 0.6, 0.4


# The ladder ---------------------------------------------------------------------------------------------------


def ladder_page(folder: Path, manifest: Mapping[str, Any], language: Language) -> Page:
    """The page of ``desist ladder``."""
    w = Words(language)
    tables = {kind: read_table(folder, kind) for kind in (POINTS, KRONER)}
    if any(len(table) < 2 for table in tables.values()):
        raise ParameterError(f"[{folder}] has no steps; a report needs at least one in each ladder")
    style()
    figure = ladder_figure(tables, Messages(language, "ladder"))
    rows = "; ".join(f"{_step(row, kind, w)} {_figure(row, w)}" for kind, table in tables.items()
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


def ladder_answer(tables: Mapping[str, pd.DataFrame], w: Words) -> list[str]:
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


def _largest(table: pd.DataFrame, w: Words) -> list[str]:
    rows = table.iloc[1:].dropna(subset=["factor"]).sort_values("factor").head(3).to_dict("records")
    m = Messages(w.language, "ladder")
    return [m("step_item", name=_step(row, POINTS, w), factor=m.number(row["factor"], 2)) for row in rows]


def _move(table: pd.DataFrame, w: Words) -> str:
    """The step without which the final value would change most."""
    steps, last = table.iloc[1:], float(table["figure"].iloc[-1])
    row = steps.iloc[int((steps["without"] - last).abs().to_numpy().argmax())].to_dict()
    return w("ladder.move", name=_step(row, KRONER, w), n=_number(row["without"], w))


def _step(row: Mapping[Any, Any], kind: str, w: Words) -> str:
    """A step in plain words; the headline of kroner has words of its own."""
    name = str(row["step"])
    return label(KRONER if name == HEADLINE and kind == KRONER else name, Messages(w.language, "ladder"))


def _number(value: float, w: Words) -> str:
    return figure_text(value, Messages(w.language))


def _ends(row: Mapping[Any, Any], w: Words) -> dict[str, str]:
    return {name: _number(float(row[key]), w) for name, key in (("n", "figure"), ("low", "low"), ("high", "high"))}


def _figure(row: Mapping[Any, Any], w: Words) -> str:
    ends = _ends(row, w)
    return ends["n"] if row["low"] == row["high"] else f"{ends['n']} ({w.to(ends['low'], ends['high'])})"


def _grid(table: pd.DataFrame, kind: str, w: Words) -> Grid:
    rows = [[_up(_step(row, kind, w)), _figure(row, w), f"× {w.number(row['factor'], 2)}" if k else "",
             _number(row["without"], w) if k else ""] for k, row in enumerate(table.to_dict("records"))]  # fmt: skip
    head = [w(f"ladder.{name}") for name in ("step", "left", "factor", "without")]
    return Grid(caption=w(f"ladder.table_{'kroner' if kind == KRONER else 'points'}"), head=head, rows=rows)


def _sources(tables: Mapping[str, pd.DataFrame], w: Words) -> Grid:
    """What each step rests on."""
    m = Messages(w.language, "ladder")
    rows = {_step(row, kind, w): m(f"step.{row['step']}.source")
            for kind, table in tables.items() for row in table.iloc[1:].to_dict("records")}  # fmt: skip
    return Grid(caption=w("ladder.source"), head=[w("ladder.step"), w("grades.source")],
                rows=[[_up(name), _up(text)] for name, text in rows.items()], wordy=True)  # fmt: skip


def _up(text: str) -> str:
    return text[:1].upper() + text[1:]


# The attack ---------------------------------------------------------------------------------------------------


def falsify_page(folder: Path, _manifest: Mapping[str, Any], language: Language) -> Page:
    """The page of ``desist falsify``; patterns left out and faults are told if they are in the folder."""
    w, table = Words(language), read_table(folder, "verdicts")
    left, faults = (
        read_table(folder, name) if (folder / f"{name}.csv").is_file() else None for name in ("left_out", "faults")
    )
    counts = {kind: [int((rows["verdict"] == verdict).sum()) for verdict in VERDICTS]
              for kind in KINDS if len(rows := table[table["kind"] == kind])}  # fmt: skip
    names = [w("falsify.holds"), w("falsify.cannot"), w("falsify.fails")]
    figure = stacks([(w(f"falsify.{KINDS[kind]}"), parts) for kind, parts in counts.items()], names=names, w=w,
                    axis=w("falsify.checks"), alarm=True)  # fmt: skip
    told = {w(f"falsify.{KINDS[kind]}"): ", ".join(f"{name} {n}" for name, n in zip(names, parts, strict=True))
            for kind, parts in counts.items()}  # fmt: skip
    parts = [
        Part(title=w("common.figures"), pictures=[
            picture(figure, alt=w("falsify.alt", rows=told_rows(told)), caption=w("falsify.fig"))
        ]),
        Part(title=w("common.uncertainty"), paragraphs=[w("falsify.how")], grids=_patterns(table, w)),
        Part(title=w("common.change"), points=[w("falsify.cannot_show"), w("study.structure")]),
    ]  # fmt: skip
    return Page(language=language, kind=w("falsify.kind"), title=w("falsify.title"), question=w("falsify.question"),
                answer=falsify_answer(table, left, faults, w), parts=parts)  # fmt: skip


def falsify_answer(table: pd.DataFrame, left: pd.DataFrame | None, faults: pd.DataFrame | None, w: Words) -> list[str]:
    """Five sentences: laws, controls, patterns, patterns left out, planted faults."""

    def of(rows: pd.DataFrame) -> dict[str, str]:
        number = rows["verdict"].value_counts()
        kinds = (("good", "holds"), ("bad", "fails"), ("open", "cannot say"))
        found = {name: w.number(int(number.get(verdict, 0)), 0) for name, verdict in kinds}
        return {"n": w.number(len(rows), 0), **found}

    own = of(table[table["kind"].isin(["law", "closed form"])])
    but = w("falsify.but", bad=own["bad"], open=own["open"]) if (own["bad"], own["open"]) != ("0", "0") else ""
    controls, mine = of(table[table["kind"] == "control"]), table[table["kind"] == "pattern"]
    free = of(mine[mine["fitted"] == "not fitted to"])
    told = of(mine)
    predicted, planted = w("falsify.left_none"), w("falsify.faults_none")
    if left is not None:
        predicted = w("falsify.left_out", **of(left))
    if faults is not None:
        found = Faults(table=faults, code="", seed=0)
        share, low, high = (w.percent(each) for each in found.share)
        planted = w("falsify.faults", n=w.number(len(faults), 0), counted=w.number(len(found.counted), 0), share=share,
                    low=low, high=high)  # fmt: skip
    return [
        w("falsify.laws", n=own["n"], good=own["good"], but=but),
        w("falsify.controls", n=controls["n"], good=controls["good"]),
        w("falsify.patterns", **told, free=free["good"], free_n=free["n"]), predicted, planted,
    ]  # fmt: skip


def _patterns(table: pd.DataFrame, w: Words) -> list[Grid]:
    rows = table[(table["kind"] == "pattern") & (table["verdict"] != "holds")].to_dict("records")
    if not rows:
        return []
    verdicts = {"fails": w("falsify.fails"), "cannot say": w("falsify.cannot"), "holds": w("falsify.holds")}
    head = [w(f"falsify.{name}") for name in ("pattern", "model", "band", "verdict")]
    return [Grid(caption=w("falsify.table"), head=head, wordy=True, rows=[
        [str(row["claim"]), w.number(row["value"]), w.to(w.number(row["low"]), w.number(row["high"])),
         verdicts[str(row["verdict"])]] for row in rows
    ])]  # fmt: skip

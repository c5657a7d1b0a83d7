"""Report of ``desist check-model``: does the model survive its own checks?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from experiments.language.formatting import Language
from experiments.reports.catalogue import ReportMessages
from experiments.reports.figures import rows_text, stacks
from experiments.reports.grades import read_table
from experiments.reports.page import Grid, Page, Part, picture
from experiments.verification.stored_measurements import fault_summary

KINDS = ("invariant", "analytical", "control", "pattern")
VERDICTS = ("holds", "inconclusive", "fails")


def check_model_page(folder: Path, _manifest: Mapping[str, Any], language: Language) -> Page:
    """The page of ``desist check-model``; left-out patterns and faults are on it if they are in the folder."""
    w, table = ReportMessages(language), read_table(folder, "verdicts")
    left_out, faults = (
        read_table(folder, name) if (folder / f"{name}.csv").is_file() else None for name in ("left_out", "faults")
    )
    counts = {kind: [int((rows["verdict"] == verdict).sum()) for verdict in VERDICTS]
              for kind in KINDS if len(rows := table[table["kind"] == kind])}  # fmt: skip
    names = [w(f"check_model.{verdict}") for verdict in VERDICTS]
    figure = stacks([(w(f"check_model.kind_{kind}"), parts) for kind, parts in counts.items()], names=names, w=w,
                    axis=w("check_model.checks"), alarm=True)  # fmt: skip
    by_kind = {w(f"check_model.kind_{kind}"): ", ".join(f"{name} {n}" for name, n in zip(names, parts, strict=True))
               for kind, parts in counts.items()}  # fmt: skip
    parts = [
        Part(title=w("common.figures"), pictures=[
            picture(figure, alt=w("check_model.alt", rows=rows_text(by_kind)), caption=w("check_model.fig"))
        ]),
        Part(title=w("common.uncertainty"), paragraphs=[w("check_model.how")], grids=_patterns(table, w)),
        Part(title=w("common.change"), points=[w("check_model.cannot_show"), w("study.structure")]),
    ]  # fmt: skip
    return Page(
        language=language, kind=w("check_model.kind"), title=w("check_model.title"),
        question=w("check_model.question"), answer=check_model_answer(table, left_out, faults, w), parts=parts,
    )  # fmt: skip


def check_model_answer(
    table: pd.DataFrame, left_out: pd.DataFrame | None, faults: pd.DataFrame | None, w: ReportMessages
) -> list[str]:  # fmt: skip
    """Five sentences: own checks, controls, patterns, patterns left out, planted faults."""

    def of(rows: pd.DataFrame) -> dict[str, str]:
        number = rows["verdict"].value_counts()
        kinds = (("good", "holds"), ("bad", "fails"), ("open", "inconclusive"))
        found = {name: w.number(int(number.get(verdict, 0)), 0) for name, verdict in kinds}
        return {"n": w.number(len(rows), 0), **found}

    own = of(table[table["kind"].isin(["invariant", "analytical"])])
    but = w("check_model.but", bad=own["bad"], open=own["open"]) if (own["bad"], own["open"]) != ("0", "0") else ""
    controls, patterns = of(table[table["kind"] == "control"]), table[table["kind"] == "pattern"]
    free = of(patterns[patterns["fitted"] == "not fitted to"])
    predicted, planted = w("check_model.left_none"), w("check_model.faults_none")
    if left_out is not None:
        predicted = w("check_model.left_out", **of(left_out))
    if faults is not None:
        found = fault_summary(faults)
        planted = w("check_model.faults", n=w.number(found["planted"], 0), counted=w.number(found["counted"], 0),
                    **{name: w.percent(found[name]) for name in ("share", "low", "high")})  # fmt: skip
    return [
        w("check_model.own", n=own["n"], good=own["good"], but=but),
        w("check_model.controls", n=controls["n"], good=controls["good"]),
        w("check_model.patterns", **of(patterns), free=free["good"], free_n=free["n"]), predicted, planted,
    ]  # fmt: skip


def _patterns(table: pd.DataFrame, w: ReportMessages) -> list[Grid]:
    rows = table[(table["kind"] == "pattern") & (table["verdict"] != "holds")].to_dict("records")
    if not rows:
        return []
    head = [w(f"check_model.{name}") for name in ("pattern", "model", "band", "verdict")]
    return [Grid(caption=w("check_model.table"), head=head, wordy=True, rows=[
        [str(row["claim"]), w.number(row["value"]), w.to(w.number(row["low"]), w.number(row["high"])),
         w(f"check_model.{row['verdict']}")] for row in rows
    ])]  # fmt: skip

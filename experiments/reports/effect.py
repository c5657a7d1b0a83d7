"""Reports of ``desist calibrate`` and ``desist mechanisms``: what 97 people show, and the parts of the effect."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from experiments.inputs.routes import AS_IS, DIRECT, SCARCE, TOTAL
from experiments.inputs.trial_result import GAP, LIKE_THE_TRIAL, TRIALS_OWN
from experiments.language.formatting import Language
from experiments.reports.catalogue import ReportMessages
from experiments.reports.figures import bars, ranges, rows_text
from experiments.reports.grades import read_table
from experiments.reports.page import Grid, Page, Part, capitalised, picture
from experiments.reports.trial import HALF_LIFE, trial_report

Row = Mapping[Any, Any]


# The calibration ----------------------------------------------------------------------------------------------


def calibration_page(folder: Path, manifest: Mapping[str, Any], language: Language) -> Page:
    """The page of ``desist calibrate``."""
    w = ReportMessages(language)
    table, priors = read_table(folder, "differences"), read_table(folder, "by_prior")
    own = table[table["definition"] == TRIALS_OWN].to_dict("records")
    first, second = (
        ranges([(w(f"groups.{row[key]}"), [_points(row)]) for row in rows], names=[""], w=w,
               axis=w("study.points_fewer"), zero=True,
               dashed=[(GAP, w("study.reported", n=str(GAP)).replace(" %", ""))])
        for key, rows in (("group", own), ("prior", priors.to_dict("records")))
    )  # fmt: skip
    fewer = {_group(row, w): f"{w.points(row['difference'])} ({w.to(w.points(row['low']), w.points(row['high']))})"
            for row in own}  # fmt: skip
    others = {w(f"groups.{row['prior']}"): w.points(row["difference"]) for row in priors.to_dict("records")}
    grid = Grid(
        caption=w("calibration.table"),
        head=[w("calibration.group"), w("calibration.without"), w("calibration.with"), w("calibration.fewer")],
        rows=[[capitalised(_group(row, w)), w.percent(row["without"]), w.percent(row["with"]), fewer[_group(row, w)]]
              for row in own],
    )  # fmt: skip
    draws = float(manifest.get("diagnostics", {}).get("trial_draws", manifest.get("retained", 0)))
    parts = [
        Part(title=w("common.figures"), pictures=[
            picture(first, alt=w("calibration.alt", rows=rows_text(fewer)), caption=w("calibration.fig")),
            picture(second, alt=w("calibration.alt", rows=rows_text(others)), caption=w("calibration.fig_prior")),
        ]),
        Part(title=w("common.uncertainty"), paragraphs=[w("calibration.checked", draws=w.number(draws, 0))],
             grids=[grid, _registers(read_table(folder, "registers"), w)]),
    ]  # fmt: skip
    answer = calibration_answer(table, priors, read_table(folder, "parameters"), w)
    return trial_report("calibration", w, parts, answer, further=(w("study.larger"),),
                        draws=folder / "posterior.parquet")  # fmt: skip


def calibration_answer(table: pd.DataFrame, priors: pd.DataFrame, about: pd.DataFrame, w: ReportMessages) -> list[str]:
    """Five sentences from the tables of a calibration."""
    own = {str(row["group"]): row for row in table[table["definition"] == TRIALS_OWN].to_dict("records")}
    like, half = own[LIKE_THE_TRIAL], about.set_index("key").loc[HALF_LIFE]
    key = "calibration.like" if like["low"] > 0 else "calibration.like_open"
    ends = {"n": w.points(like["difference"]), "low": w.points(like["low"]), "high": w.points(like["high"])}
    survives = {"survives": w.percent(like["survives"] / 100)} if like["low"] > 0 else {}

    def pair(first: Row, second: Row) -> dict[str, str]:
        return {f"{name}{end}": w.points(row[column]) for name, row in (("a", first), ("b", second))
                for end, column in (("", "difference"), ("_low", "low"), ("_high", "high"))}  # fmt: skip

    by_prior = {str(row["prior"]): row for row in priors.to_dict("records")}
    return [
        w(key, **ends, **survives), w("calibration.helps", p=w.percent(like["helps"])),
        w("calibration.all", **pair(own["all who would sign up"], own["all released"])),
        w("calibration.prior", **pair(by_prior["sceptical"], by_prior["wide"])),
        w("calibration.cannot", **{name: _range(half, which, w) for name, which in
                                   (("before", "prior"), ("now", "posterior"))}),
    ]  # fmt: skip


def _range(row: Any, which: str, w: ReportMessages) -> str:
    return w.to(w.number(row[f"{which}_low"], 0), w.number(row[f"{which}_high"], 0))


def _group(row: Row, w: ReportMessages) -> str:
    return w(f"groups.{row['group']}")


def _points(row: Row) -> tuple[float, float, float]:
    return 100 * row["difference"], 100 * row["low"], 100 * row["high"]


def _registers(table: pd.DataFrame, w: ReportMessages) -> Grid:
    rows = []
    for row in table.to_dict("records"):
        if w.has(f"calibration.{row['figure']}"):
            ends = w.to(*(w.number(100 * row[f"model_{end}"], 0) for end in ("low", "high")))
            model = f"{w.percent(row['model'])} ({ends})"
            rows.append([capitalised(w(f"calibration.{row['figure']}")), w.percent(row["observed"]), model])
    head = [w("calibration.figure"), w("calibration.observed"), w("calibration.model")]
    return Grid(caption=w("calibration.registers"), head=head, rows=rows)


# The mechanisms -----------------------------------------------------------------------------------------------


def mechanisms_page(folder: Path, manifest: Mapping[str, Any], language: Language) -> Page:
    """The page of ``desist mechanisms``."""
    w, table = ReportMessages(language), read_table(folder, "shares")
    rows = {(str(row["condition"]), str(row["mechanism"])): row for row in table.to_dict("records")}
    shown = [name for name in (AS_IS, SCARCE) if (name, TOTAL) in rows]
    routes = [str(row["mechanism"]) for row in table[table["condition"] == AS_IS].sort_values(
        "points", ascending=False, kind="stable").to_dict("records") if row["mechanism"] != TOTAL]  # fmt: skip
    names = [w("mechanisms.as_is"), w("mechanisms.scarcity")][: len(shown)]
    figure = bars([(_route(name, w), [_bar(rows[(condition, name)]) for condition in shown]) for name in routes],
                  names=names, w=w, axis=w("study.points_fewer"))  # fmt: skip
    points = {_route(name, w): w.number(rows[(AS_IS, name)]["points"], 1) for name in routes}
    grid = Grid(
        caption=w("mechanisms.table"), head=[w("mechanisms.way"), *names, w("mechanisms.share")],
        rows=[[capitalised(_route(name, w)), *(_spanned(rows[(condition, name)], w) for condition in shown),
               w.percent(rows[(AS_IS, name)]["share"], 0)] for name in (*routes, TOTAL)],
    )  # fmt: skip
    parts = [
        Part(title=w("common.figures"), pictures=[
            picture(figure, alt=w("mechanisms.alt", rows=rows_text(points)), caption=w("mechanisms.fig"))
        ]),
        Part(title=w("common.uncertainty"), grids=[grid],
             paragraphs=[w("mechanisms.how", trials=w.number(manifest.get("trials", 0), 0))]),
    ]  # fmt: skip
    return trial_report("mechanisms", w, parts, mechanisms_answer(rows, routes, str(manifest["scenario"]), w))


def mechanisms_answer(rows: Mapping[tuple[str, str], Row], routes: list[str], setting: str,
                      w: ReportMessages) -> list[str]:
    """Five sentences from the parts of the effect."""
    total, direct = rows[(AS_IS, TOTAL)], rows[(AS_IS, DIRECT)]
    named = w(f"settings.{setting}") if w.has(f"settings.{setting}") else setting
    others = [f"{_route(name, w)} {w.number(rows[(AS_IS, name)]['points'], 1)}" for name in routes if name != DIRECT]
    clear = total["points_low"] > 0 or total["points_high"] < 0
    scarce = rows.get((SCARCE, TOTAL), total)
    return [
        w("mechanisms.total" if clear else "mechanisms.total_open", setting=named, **_ends(total, w)),
        w("mechanisms.direct", n=w.number(direct["points"], 1), share=w.percent(direct["share"], 0)),
        w("mechanisms.factors", list=w.listed(others)), w("mechanisms.scarce", **_ends(scarce, w)),
        w("mechanisms.assumed"),
    ]  # fmt: skip


def _ends(row: Row, w: ReportMessages) -> dict[str, str]:
    keys = (("n", "points"), ("low", "points_low"), ("high", "points_high"))
    return {name: w.number(round(row[key], 1) + 0.0, 1) for name, key in keys}


def _spanned(row: Row, w: ReportMessages) -> str:
    ends = _ends(row, w)
    return f"{ends['n']} ({w.to(ends['low'], ends['high'])})"


def _bar(row: Row) -> tuple[float, float, float]:
    return row["points"], row["points_low"], row["points_high"]


def _route(name: str, w: ReportMessages) -> str:
    return w(f"routes.{name}") if w.has(f"routes.{name}") else name

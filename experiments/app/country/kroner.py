"""Charts of kroner: who pays and who saves, the public's gain by year, and one plan against another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import Any

import pandas as pd

from experiments.app.catalogue import PageMessages
from experiments.app.charts import INK, MENTORED, Spec, chart
from experiments.app.country.looks import CHANCE, DOUBT, begins, lines, over_years, plain, silent, spanned, year_name
from experiments.app.country.study import Plans, PlanSheet, row_of
from experiments.language.formatting import rounded
from experiments.language.plan_text import outcome_text, payer_text
from simulation.prices import PUBLIC

MILLION = 1e6
NOTHING = 0.05
"""Million kroner below which a payer is left out."""
COMPARED = ("started", "joined", "matched", "offences", "reoffenders_any", "prison_days", "places", "volunteers")
"""Outcomes of a chart of differences."""


def payer_bars(w: PageMessages, sheet: PlanSheet, *, title: str, ends: tuple[float, float], height: int = 320) -> Spec:
    """Million kroner spent and saved by each public payer, with the middle 95 % of the draws; ``ends`` of the axis."""
    table, names = sheet.tables["payers"], {payer: payer_text(w, payer) for payer in PUBLIC}
    sides = {side: w(f"country.kroner.{side}") for side in ("spent", "saved")}
    rows = []
    for row in table[table["payer"].isin(PUBLIC)].to_dict("records"):
        own = {key: row[key] / MILLION for key in ("mean", *DOUBT)}
        if max(map(abs, own.values())) >= NOTHING:
            rows.append({"payer": names[row["payer"]], "name": sides[row["side"]], **own,
                         "label": w.number(own["mean"], int(abs(own["mean"]) < 9.95)),
                         "text": spanned(w, own, int(abs(own["mean"]) < 9.95))})  # fmt: skip
    order = [names[payer] for payer in PUBLIC if any(row["payer"] == names[payer] for row in rows)]
    axis = {"type": "quantitative", "title": None, "axis": {"format": ",d", "tickCount": 6},
            "scale": {"domain": [*ends], "nice": True}}  # fmt: skip
    apart: dict[str, Any] = {
        "y": {"field": "payer", "type": "nominal", "sort": order, "title": None,
              "axis": {"ticks": False, "domain": False, "labelPadding": 8}},
        "yOffset": {"field": "name", "sort": [*sides.values()]},
    }  # fmt: skip
    mean, low = ({"field": key, **axis} for key in ("mean", "low"))
    tips = [{"field": "payer", "title": " "}, {"field": "name", "title": " "},
            {"field": "text", "title": w("country.kroner.axis")}]  # fmt: skip
    colour = {"field": "name", "type": "nominal", "title": None,
              "scale": {"domain": [*sides.values()], "range": ["#e8a36b", "#8fb8dc"]},
              "legend": {"symbolType": "square", "symbolSize": 200}}  # fmt: skip
    layers = [
        {"mark": {"type": "bar"}, "encoding": {**apart, "x": mean, "color": colour, "tooltip": tips}},
        {"mark": {"type": "rule", "color": INK, "strokeWidth": 1.5},
         "encoding": {**apart, "x": low, "x2": {"field": "high"}}},
        {"mark": {"type": "point", "filled": True, "shape": "diamond", "color": INK, "size": 50, "opacity": 1},
         "encoding": {**apart, "x": mean}},
        {"mark": {"type": "text", "align": "left", "dx": 7},
         "encoding": {**apart, "x": {"field": "high", **axis}, "text": {"field": "label"}}},
    ]  # fmt: skip
    parts = ", ".join(f"{row['payer']} {row['name']} {row['text']}" for row in rows)
    said = f"{title}, {w('country.kroner.axis')}: {parts}."
    head = {"text": title, "subtitle": w("country.kroner.axis"), "subtitleFontSize": 14}
    return chart(w, said, silent({"title": head, "data": {"values": rows}, "layer": layers}), height=height)


def payer_ends(sheets: Sequence[PlanSheet]) -> tuple[float, float]:
    """Both ends of an axis of million kroner that plans share, with room for numbers at its end."""
    rows = pd.concat([sheet.tables["payers"] for sheet in sheets])
    rows = rows[rows["payer"].isin(PUBLIC)] if len(rows) else rows
    low, high = min(0.0, float(rows["low"].min())) / MILLION, max(MILLION, float(rows["high"].max())) / MILLION
    return low, high + 0.08 * (high - low)


def budget(w: PageMessages, sheets: Sequence[PlanSheet], titles: Sequence[str], *, height: int = 270) -> Spec:
    """Million kroner that the public gains a year (saved less spent), not discounted, with the middle 95 %."""
    rows, head = [], w("country.kroner.by-year")
    for sheet, title in zip(sheets, titles, strict=True):
        for k, row in enumerate(sheet.tables["budget"].to_dict("records")):
            own = {key: row[f"net_{key}"] / MILLION for key in ("mean", *DOUBT)}
            rows.append({"at": begins(sheet.plan) + k, "when": row["year"], "name": title, "text": spanned(w, own, 1),
                         **{key: plain(value, 3) for key, value in own.items()}})  # fmt: skip
    plan = sheets[0].plan
    zero: Spec = {"mark": {"type": "rule", "color": INK}, "encoding": {"y": {"datum": 0}}}
    layers = [*over_years(w, plan, rows, titles, title=head), zero]
    shown = (year_name(plan, 0), year_name(plan, plan.years - 1))
    parts = "; ".join(f"{row['name']} {row['when']}: {row['text']}" for row in rows if row["when"] in shown)
    return chart(w, f"{head}. {parts}.", silent({"title": head, "layer": layers}), height=height)


def forest(w: PageMessages, study: Plans, titles: Sequence[str], *, height: int = 520) -> Spec:
    """The plan against the one beside it: thick 95 % of the draws, thin what chance alone does."""
    gaps = {outcome: row_of(study.between["differences"], "outcome", outcome) for outcome in COMPARED}
    beside = study.sheets[1].tables["summary"]
    one = {outcome: abs(row_of(beside, "outcome", outcome)["mean"]) / 100 for outcome in COMPARED}
    texts = {outcome: gap_text(w, outcome, row) for outcome, row in gaps.items()}
    rows = [
        {"outcome": "\n".join([*wrap(outcome_text(w, outcome), 34), texts[outcome]]), "text": texts[outcome],
         **{key: plain(gaps[outcome][key] / one[outcome]) for key in ("mean", *DOUBT, *CHANCE)}}
        for outcome in COMPARED if one[outcome] > 0
    ]  # fmt: skip
    axis = {"type": "quantitative", "title": None, "axis": {"format": ",d", "tickCount": 6}}
    told = {"labelExpr": "split(datum.label, '\\n')", "ticks": False, "domain": False, "labelPadding": 8,
             "labelOffset": -11}  # fmt: skip
    y = {"field": "outcome", "type": "nominal", "sort": None, "title": None, "axis": told}
    tips = [{"field": "text", "title": w("country.compare.more")}]

    def span(ends: tuple[str, str], width: float, opacity: float) -> Spec:
        return {"mark": {"type": "rule", "strokeWidth": width, "color": MENTORED, "opacity": opacity},
                "encoding": {"y": y, "x": {"field": ends[0], **axis}, "x2": {"field": ends[1]}}}  # fmt: skip

    layers = [
        {"mark": {"type": "rule", "color": INK}, "encoding": {"x": {"datum": 0}}},
        span(DOUBT, 9, 0.35), span(CHANCE, 2, 1.0),
        {"mark": {"type": "point", "filled": True, "size": 90, "color": MENTORED, "opacity": 1},
         "encoding": {"y": y, "x": {"field": "mean", **axis}, "tooltip": tips}},
    ]  # fmt: skip
    parts = "; ".join(str(row["outcome"]).replace("\n", " ") for row in rows)
    said = w("country.compare.described", plan=titles[0], other=titles[1], parts=parts)
    head = {"text": lines(w("country.compare.axis", other=titles[1])), "fontWeight": "normal"}
    return chart(w, said, silent({"title": head, "data": {"values": rows}, "layer": layers}), height=height)


def gap_text(w: PageMessages, outcome: str, row: Mapping[str, Any]) -> str:
    """A difference in its own unit with its interval."""
    share = outcome == "matched"
    found, decimals = rounded((100 if share else 1) * row[key] for key in ("mean", *DOUBT))
    mean, low, high = (w.number(value, 0 if share else decimals) for value in found)
    sign = "+" if found[0] > 0 else ""
    return w(f"country.compare.{'points' if share else 'gap'}", mean=f"{sign}{mean}", low=low, high=high)

"""Charts of kroner: who pays and who saves, the public's gain by year, and one plan against another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import Any

import pandas as pd

from experiments.app.catalogue import PageMessages
from experiments.app.charts import INK, MENTORED, Spec, chart, field, layer
from experiments.app.country import looks
from experiments.app.country.looks import CHANCE, NAMED, SQUARES, UNCERTAINTY
from experiments.app.country.study import Plans, PlanSheet, row_of
from experiments.language.formatting import rounded
from experiments.language.plan_text import outcome_text, payer_text
from simulation.prices import PUBLIC

MILLION = 1e6
AMOUNTS = {"format": ",d", "tickCount": 6}
NOTHING = 0.05
"""Million kroner below which a payer is left out."""
COMPARED = ("started", "joined", "matched", "offences", "reoffenders_any", "prison_days", "places", "volunteers")
"""Outcomes of a chart of differences."""


def payer_bars(w: PageMessages, sheet: PlanSheet, *, title: str, ends: tuple[float, float]) -> Spec:
    """Million kroner spent and saved by each public payer, with the middle 95 % of the draws; ``ends`` of the axis."""
    table, names = sheet.tables["payers"], {payer: payer_text(w, payer) for payer in PUBLIC}
    sides = {side: w(f"country.kroner.{side}") for side in ("spent", "saved")}
    rows = []
    for row in table[table["payer"].isin(PUBLIC)].to_dict("records"):
        own = {key: row[key] / MILLION for key in ("mean", *UNCERTAINTY)}
        if max(map(abs, own.values())) >= NOTHING:
            rows.append({"payer": names[row["payer"]], "name": sides[row["side"]], **own,
                         "label": w.number(own["mean"], int(abs(own["mean"]) < 9.95)),
                         "text": looks.spanned(w, own, int(abs(own["mean"]) < 9.95))})  # fmt: skip
    order = [names[payer] for payer in PUBLIC if any(row["payer"] == names[payer] for row in rows)]
    axis: Spec = {"title": None, "axis": AMOUNTS, "scale": {"domain": [*ends], "nice": True}}
    apart = {"y": field("payer", "nominal", sort=order, title=None, axis=NAMED),
             "yOffset": {"field": "name", "sort": [*sides.values()]}}  # fmt: skip
    mean, low, high = (field(key, **axis) for key in ("mean", "low", "high"))
    colour = field("name", "nominal", title=None, legend=SQUARES,
                   scale={"domain": [*sides.values()], "range": ["#e8a36b", "#8fb8dc"]})  # fmt: skip
    tooltip = looks.tips(payer=" ", name=" ", text=w("country.kroner.axis"))
    layers = [
        layer("bar", {**apart, "x": mean, "color": colour, "tooltip": tooltip}),
        layer("rule", {**apart, "x": low, "x2": {"field": "high"}}, color=INK, strokeWidth=1.5),
        layer("point", {**apart, "x": mean}, filled=True, shape="diamond", color=INK, size=50, opacity=1),
        layer("text", {**apart, "x": high, "text": {"field": "label"}}, align="left", dx=7),
    ]
    parts = ", ".join(f"{row['payer']} {row['name']} {row['text']}" for row in rows)
    head = {"text": title, "subtitle": w("country.kroner.axis"), "subtitleFontSize": 14}
    spec = {"title": head, "data": {"values": rows}, "layer": layers}
    return chart(w, f"{title}, {w('country.kroner.axis')}: {parts}.", spec, height=320)


def payer_ends(sheets: Sequence[PlanSheet]) -> tuple[float, float]:
    """Both ends of an axis of million kroner that plans share, with room for numbers at its end."""
    rows = pd.concat([sheet.tables["payers"] for sheet in sheets])
    rows = rows[rows["payer"].isin(PUBLIC)] if len(rows) else rows
    low, high = min(0.0, float(rows["low"].min())) / MILLION, max(MILLION, float(rows["high"].max())) / MILLION
    return low, high + 0.08 * (high - low)


def budget(w: PageMessages, sheets: Sequence[PlanSheet], titles: Sequence[str]) -> Spec:
    """Million kroner that the public gains a year (saved less spent), not discounted, with the middle 95 %."""
    rows, head = [], w("country.kroner.by-year")
    for sheet, title in zip(sheets, titles, strict=True):
        for k, row in enumerate(sheet.tables["budget"].to_dict("records")):
            own = {key: row[f"net_{key}"] / MILLION for key in ("mean", *UNCERTAINTY)}
            rows.append({"at": looks.begins(sheet.plan) + k, "when": row["year"], "name": title,
                         "text": looks.spanned(w, own, 1),
                         **{key: looks.plain(value, 3) for key, value in own.items()}})  # fmt: skip
    plan = sheets[0].plan
    layers = [*looks.over_years(w, plan, rows, titles, title=head), layer("rule", {"y": {"datum": 0}}, color=INK)]
    shown = (looks.year_name(plan, 0), looks.year_name(plan, plan.years - 1))
    parts = "; ".join(f"{row['name']} {row['when']}: {row['text']}" for row in rows if row["when"] in shown)
    return chart(w, f"{head}. {parts}.", {"title": head, "layer": layers}, height=270)


def forest(w: PageMessages, study: Plans, titles: Sequence[str]) -> Spec:
    """The plan against the one beside it: thick 95 % of the draws, thin what chance alone does."""
    gaps = {outcome: row_of(study.between["differences"], "outcome", outcome) for outcome in COMPARED}
    beside = study.sheets[1].tables["summary"]
    one = {outcome: abs(row_of(beside, "outcome", outcome)["mean"]) / 100 for outcome in COMPARED}
    texts = {outcome: gap_text(w, outcome, row) for outcome, row in gaps.items()}
    rows = [
        {"outcome": "\n".join([*wrap(outcome_text(w, outcome), 34), texts[outcome]]), "text": texts[outcome],
         **{key: looks.plain(gaps[outcome][key] / one[outcome]) for key in ("mean", *UNCERTAINTY, *CHANCE)}}
        for outcome in COMPARED if one[outcome] > 0
    ]  # fmt: skip
    y = looks.rows_of_names("outcome", -11)
    axis: Spec = {"title": None, "axis": AMOUNTS}

    def span(ends: tuple[str, str], width: float, opacity: float) -> Spec:
        return layer("rule", {"y": y, "x": field(ends[0], **axis), "x2": {"field": ends[1]}}, strokeWidth=width,
                     color=MENTORED, opacity=opacity)  # fmt: skip

    point = {"y": y, "x": field("mean", **axis), "tooltip": looks.tips(text=w("country.compare.more"))}
    layers = [
        layer("rule", {"x": {"datum": 0}}, color=INK), span(UNCERTAINTY, 9, 0.35), span(CHANCE, 2, 1.0),
        layer("point", point, filled=True, size=90, color=MENTORED, opacity=1),
    ]  # fmt: skip
    parts = "; ".join(str(row["outcome"]).replace("\n", " ") for row in rows)
    about = w("country.compare.described", plan=titles[0], other=titles[1], parts=parts)
    head = {"text": looks.lines(w("country.compare.axis", other=titles[1])), "fontWeight": "normal"}
    return chart(w, about, {"title": head, "data": {"values": rows}, "layer": layers}, height=520)


def gap_text(w: PageMessages, outcome: str, row: Mapping[str, Any]) -> str:
    """A difference in its own unit with its interval."""
    share = outcome == "matched"
    found, decimals = rounded((100 if share else 1) * row[key] for key in ("mean", *UNCERTAINTY))
    mean, low, high = (w.number(value, 0 if share else decimals) for value in found)
    sign = "+" if found[0] > 0 else ""
    return w(f"country.compare.{'points' if share else 'gap'}", mean=f"{sign}{mean}", low=low, high=high)

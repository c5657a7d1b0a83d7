"""Charts of plans for the whole country: volunteers and the queue, people by year, and who misses out.

Each takes the tables of a study and gives a specification.
"""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import Any

from experiments.app.catalogue import PageMessages
from experiments.app.charts import CONTROL, MENTORED, Rows, Spec, chart, field, layer
from experiments.app.country import looks
from experiments.app.country.looks import CHANCE, NUMBERS, SQUARES, UNCERTAINTY
from experiments.app.country.study import PlanSheet, row_of
from experiments.language.plan_text import reason_text
from experiments.studies.rollout.tables import REASONS

CREW, PEOPLE = ("volunteers", "needed", "in_training"), ("matched", "waiting")
"""Columns of ``plans.tables.supply_by_month`` on the two charts of the supply."""
HEIGHT = 270
FILLS = {"started": MENTORED, "without": CONTROL, "limit": "#8073ac", "declined": "#f1a340", "too_short": "#a6a6a6",
         "not_offered": "#7fb2d6", "closed": "#dedede"}  # fmt: skip
"""What became of people, from the ground up."""


def supply(w: PageMessages, sheet: PlanSheet, columns: Sequence[str], *, title: str, top: float) -> Spec:
    """Columns of the supply month by month, with the middle 95 % of the draws; ``top`` is the end of the axis."""
    table, plan = sheet.tables["supply"], sheet.plan
    names = {column: w(f"country.supply.{column}") for column in columns}
    rows = []
    for row in table.to_dict("records"):
        at = looks.begins(plan) + (row["time"] + 0.5) / 12
        for column in columns:
            own = {"mean": row[column], "low": row[f"{column}_low"], "high": row[f"{column}_high"]}
            rows.append({"at": round(at, 3), "when": f"{int(row['time']) % 12 + 1}/{int(at)}", "name": names[column],
                         "text": looks.spanned(w, own),
                         **{key: looks.plain(value, 1) for key, value in own.items()}})  # fmt: skip
    layers = looks.over_years(w, plan, rows, [*names.values()], title=title, points=False, top=top)
    last = table[(table["time"] >= 12 * (plan.years - 1)) & (table["time"] < 12 * plan.years)]
    parts = ", ".join(f"{names[column]} {w.number(last[column].mean(), 0)}" for column in columns)
    about = w("country.supply.described", title=title, year=looks.year_name(plan, plan.years - 1), parts=parts)
    return chart(w, about, {"title": title, "layer": layers}, height=HEIGHT)


def highest(sheets: Sequence[PlanSheet], columns: Sequence[str]) -> float:
    """The highest end of an interval of these columns of the supply, for an axis that plans share."""
    return float(max(sheet.tables["supply"][f"{column}_high"].max() for sheet in sheets for column in columns))


def curves(w: PageMessages, sheets: Sequence[PlanSheet], titles: Sequence[str], outcome: str) -> Spec:
    """An outcome by year for one plan or two, with bands for the uncertain parameters and for chance."""
    rows, sums, head = [], [], w(f"country.curve.{outcome}")
    for sheet, title in zip(sheets, titles, strict=True):
        table = sheet.tables["by_year"]
        for row in table[table["outcome"] == outcome].to_dict("records"):
            ends: dict[str, Any] = {key: looks.plain(row[key]) for key in ("mean", *UNCERTAINTY, *CHANCE)}
            rows.append({"at": looks.begins(sheet.plan) + row["time"], "when": row["year"], "name": title,
                         "text": looks.spanned(w, ends), **ends})  # fmt: skip
        sums.append(f"{title}: {looks.spanned(w, row_of(sheet.tables['summary'], 'outcome', outcome))}")
    layers = looks.over_years(w, sheets[0].plan, rows, titles, title=head, bands=(UNCERTAINTY, CHANCE))
    about = w("country.curve.described", title=head, parts="; ".join(sums))
    return chart(w, about, {"title": head, "layer": layers}, height=HEIGHT)


def reasons(w: PageMessages, sheets: Sequence[PlanSheet], titles: Sequence[str]) -> Spec:
    """What became of everybody who was due, as shares of releases: a bar a reason and plan, with its number."""
    tables = [{reason: float(row_of(sheet.tables["missing_out"], "reason", reason)["share"])
               for reason in REASONS} for sheet in sheets]  # fmt: skip
    seen = [reason for reason in REASONS if max(table[reason] for table in tables) >= 0.0005]
    seen.sort(key=lambda reason: -tables[0][reason])
    carrier = sheets[0].result.facts["programme"]["carrier"]
    rows: Rows = [
        {"reason": "\n".join(wrap(reason_text(w, reason, carrier), 30)), "name": title, "share": table[reason],
         "text": w.percent(table[reason], int(table[reason] < 0.0995))}
        for table, title in zip(tables, titles, strict=True) for reason in seen
    ]  # fmt: skip
    apart = {"y": looks.rows_of_names("reason", -5)}
    if len(sheets) > 1:
        apart["yOffset"] = {"field": "name", "sort": None}
    x = field("share", axis=None, scale={"domain": [0, 1.12 * max(max(table.values()) for table in tables)]})
    head, colour = w("country.reasons.title"), looks.looks(titles)["color"]
    if len(titles) > 1:
        colour |= {"legend": SQUARES | {"columns": 1}}
    layers = [
        layer("bar", {**apart, "x": x, "color": colour}, cornerRadiusEnd=2),
        layer("text", {**apart, "x": x, "text": {"field": "text"}}, align="left", dx=5),
    ]
    parts = "; ".join(
        f"{title}: " + ", ".join(f"{row['reason']} {row['text']}".replace("\n", " ") for row in rows
                                 if row["name"] == title) for title in titles)  # fmt: skip
    spec = {"title": head, "data": {"values": rows}, "layer": layers}
    return chart(w, f"{head}. {parts}.", spec, height=50 + (36 + 14 * len(titles)) * len(seen))


def reasons_by_year(w: PageMessages, sheet: PlanSheet, *, title: str) -> Spec:
    """Releases that were coming up, by year and what became of them: a stacked bar a year, the mentored at the foot."""
    table, plan = sheet.tables["missing_out_by_year"], sheet.plan
    table = table.assign(people=12 * table["people"] / table["months"])
    seen = [reason for reason in FILLS if table.loc[table["reason"] == reason, "people"].sum() >= 0.5]
    names = {reason: w(f"country.reasons.{reason}") for reason in seen}
    rows = [
        {"year": looks.year_name(plan, int(row["time"])), "name": names[row["reason"]],
         "people": looks.plain(row["people"], 1), "rank": seen.index(row["reason"]), "text": w.number(row["people"], 0)}
        for row in table.to_dict("records") if row["reason"] in seen
    ]  # fmt: skip
    encoding = {
        "x": field("year", "ordinal", title=None, axis={"labelAngle": 0, "labelOverlap": True}),
        "y": field("people", stack="zero", title=None, axis=NUMBERS), "order": field("rank"),
        "color": field("name", "nominal", title=None, sort=None, legend=SQUARES | {"columns": 3},
                       scale={"domain": [*names.values()], "range": [FILLS[each] for each in seen]}),
        "tooltip": looks.tips(year=" ", name=" ", text=w("country.reasons.people")),
    }  # fmt: skip
    spec = {"title": title, **layer("bar", encoding, rows, stroke="white", strokeWidth=0.6)}
    last = looks.year_name(plan, plan.years - 1)
    parts = ", ".join(f"{row['name']} {row['text']}" for row in rows if row["year"] == last)
    return chart(w, w("country.supply.described", title=title, year=last, parts=parts), spec, height=HEIGHT)

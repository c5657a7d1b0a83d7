"""What charts of plans have in common: the look of each plan, the axis of years, lines with their intervals.

Pale bands are 95 % of the draws, dark ones what chance alone does; two plans differ in colour, dash and point.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import Any

from experiments.app.catalogue import PageMessages
from experiments.app.charts import CONTROL, MENTORED, QUIET, Rows, Spec, field, layer
from experiments.studies.rollout.plan import FOLLOWED_ON, RolloutPlan

LOOKS = ((MENTORED, [1, 0], "circle"), (CONTROL, [7, 3], "square"), ("#707070", [2, 3], "diamond"))
"""Colour, dash and point of the first, second and third line."""
UNCERTAINTY, CHANCE = ("low", "high"), ("stochastic_low", "stochastic_high")
"""Ends of both intervals, as ``tables.estimate`` names them."""
ACROSS, LONG = 44, 30
"""Letters of a title in a line; and of a name from which on names in a legend stand below each other."""
NUMBERS = {"tickCount": 5, "format": ",d"}
"""An axis of whole numbers."""
NAMED = {"ticks": False, "domain": False, "labelPadding": 8}
"""An axis of names."""
SQUARES = {"symbolType": "square", "symbolSize": 200}
"""A legend of bars."""


def looks(names: Sequence[str]) -> dict[str, Spec]:
    """Colour and dash of lines by ``name``, with one legend if there are several."""
    legend = {"symbolType": "stroke", "symbolStrokeWidth": 3, "symbolSize": 500, "symbolOpacity": 1, "labelLimit": 420,
              "columns": 1 if max(map(len, names)) > LONG else 2} if len(names) > 1 else None  # fmt: skip
    return {
        channel: field("name", "nominal", sort=None, title=None, legend=legend,
                       scale={"domain": [*names], "range": [look[part] for look in LOOKS[: len(names)]]})
        for part, channel in enumerate(("color", "strokeDash"))
    }  # fmt: skip


def rows_of_names(name: str, offset: int, **axis: Any) -> Spec:
    """A nominal axis downward whose names may have several lines."""
    split = {"labelExpr": "split(datum.label, '\\n')", "labelOffset": offset}
    return field(name, "nominal", sort=None, title=None, axis=NAMED | split | axis)


def tips(**titles: str) -> list[dict[str, str]]:
    """What a mark says when it is pointed at: columns and their titles."""
    return [{"field": name, "title": title} for name, title in titles.items()]


def begins(plan: RolloutPlan) -> float:
    """The first month of a plan, in years."""
    return int(plan.begins[:4]) + (int(plan.begins[5:]) - 1) / 12


def year_name(plan: RolloutPlan, year: int) -> str:
    """The calendar year in which a year of a plan begins."""
    return str(int(plan.begins[:4]) + year)


def over_years(
    w: PageMessages, plan: RolloutPlan, rows: Rows, names: Sequence[str], *, title: str,
    bands: Sequence[tuple[str, str]] = (UNCERTAINTY,), points: bool = True, top: float | None = None,
) -> list[Spec]:  # fmt: skip
    """Lines over the calendar with their intervals, and the years after the last releases in grey.

    A row is a point: at (calendar year), name, mean, text, and the ends of the ``bands``, of which the widest come
    first. ``names`` are the lines in order, ``title`` stands in the tip of a point, and ``top`` ends the axis if charts
    share it. ``points`` are shown if each stands for a year, half of it before its place on the axis; else they stand
    for months and only answer to being pointed at.
    """
    middle = 0.5 if points else 0.0
    edge = begins(plan) + plan.years - middle
    last = edge + FOLLOWED_ON / 12
    x = field("at", title=None, scale={"domain": [begins(plan) - middle, last], "nice": False},
              axis={"format": "d", "grid": False, "tickMinStep": 1, "labelOverlap": True})  # fmt: skip
    y: dict[str, Any] = {"title": None, "axis": NUMBERS}
    if top is not None:
        y["scale"] = {"domain": [0, top], "nice": True}
    mean, own, name = field("mean", **y), field("colour", "nominal", scale=None), field("name", "nominal")
    areas = [
        layer("area", {"x": x, "y": field(low, **y), "y2": {"field": high}, "color": own, "detail": name},
              opacity=0.16 * (k + 1))
        for k, (low, high) in enumerate(bands)
    ]  # fmt: skip
    dots = {"x": x, "y": mean, "color": own, "shape": field("shape", "nominal", scale=None),
            "tooltip": tips(name=" ", when=" ", text=title)}  # fmt: skip
    styles = {name: {"colour": colour, "shape": point} for name, (colour, _, point) in zip(names, LOOKS, strict=False)}
    after = [{"first": edge, "last": last, "middle": (edge + last) / 2}]
    return [
        layer("rect", {"x": {**x, "field": "first"}, "x2": {"field": "last"}}, after, color="#eeeeee"),
        layer("text", {"x": {**x, "field": "middle"}}, after, baseline="top", y=4, color=QUIET,
              text=w("country.followed")),
        {"data": {"values": [{**row, **styles[row["name"]]} for row in rows]}, "layer": [
            *areas, layer("line", {"x": x, "y": mean, **looks(names)}, strokeWidth=2.5),
            layer("point", dots, filled=True, size=80, opacity=float(points)),
        ]},
    ]  # fmt: skip


def lines(text: str) -> list[str]:
    """A title in lines that a phone has room for."""
    return wrap(text, ACROSS)


def spanned(w: PageMessages, row: Mapping[str, Any], decimals: int = 0) -> str:
    """A mean with its interval in words."""
    mean, low, high = (w.number(row[key], decimals) for key in ("mean", *UNCERTAINTY))
    return w("country.span", mean=mean, low=low, high=high)


def plain(value: float, digits: int = 2) -> float | None:
    """A number for the data of a chart; None where there is none."""
    return None if value != value else round(value, digits)

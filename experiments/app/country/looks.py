"""What charts of plans have in common: the look of each plan, the axis of years, lines with their intervals.

Pale bands are 95 % of the draws, dark ones what chance alone does; two plans differ in colour, dash and point.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import Any

from experiments.app.catalogue import PageMessages
from experiments.app.charts import CONTROL, MENTORED, QUIET, Spec
from experiments.studies.rollout.plan import FOLLOWED_ON, RolloutPlan

LOOKS = ((MENTORED, [1, 0], "circle"), (CONTROL, [7, 3], "square"), ("#707070", [2, 3], "diamond"))
"""Colour, dash and point of the first, second and third line."""
DOUBT, CHANCE = ("low", "high"), ("stochastic_low", "stochastic_high")
"""Ends of both intervals, as ``tables.estimate`` names them."""
ACROSS, LONG = 44, 30
"""Letters of a title in a line; and of a name from which on names in a legend stand below each other."""
NUMBERS = {"tickCount": 5, "format": ",d"}
"""An axis of whole numbers."""


def looks(names: Sequence[str]) -> dict[str, Any]:
    """Colour and dash of lines by ``name``, with one legend if there are several."""
    shown: dict[str, Any] = {"field": "name", "type": "nominal", "sort": None, "title": None}
    chosen = LOOKS[: len(names)]
    legend = {"symbolType": "stroke", "symbolStrokeWidth": 3, "symbolSize": 500, "symbolOpacity": 1, "labelLimit": 420,
              "columns": 1 if max(map(len, names)) > LONG else 2} if len(names) > 1 else None  # fmt: skip

    def scaled(part: int) -> dict[str, Any]:
        return shown | {"scale": {"domain": [*names], "range": [look[part] for look in chosen]}, "legend": legend}

    return {"color": scaled(0), "strokeDash": scaled(1)}


def begins(plan: RolloutPlan) -> float:
    """The first month of a plan, in years."""
    return int(plan.begins[:4]) + (int(plan.begins[5:]) - 1) / 12


def year_name(plan: RolloutPlan, year: int) -> str:
    """The calendar year in which a year of a plan begins."""
    return str(int(plan.begins[:4]) + year)


def over_years(
    w: PageMessages, plan: RolloutPlan, rows: Sequence[Mapping[str, Any]], names: Sequence[str], *, title: str,
    bands: Sequence[tuple[str, str]] = (DOUBT,), points: bool = True, top: float | None = None,
) -> list[Spec]:  # fmt: skip
    """Lines over the calendar with their intervals, and the years after the last releases in grey.

    Parameters
    ----------
    w, plan
        PageMessages, and the plan that gives the calendar.
    rows
        One row a point: at (calendar year), name, mean, text, and the ends of the bands.
    names
        The lines, in order.
    title
        What is drawn, for the tip of a point.
    bands
        Ends of the intervals, the widest first.
    points
        Whether points are shown, each of which stands for a year, half of it before its place on the axis; else they
        stand for months and only answer to being pointed at.
    top
        End of the axis, if charts share it.
    """
    middle = 0.5 if points else 0.0
    edge = begins(plan) + plan.years
    last = edge + FOLLOWED_ON / 12 - middle
    x = {"field": "at", "type": "quantitative", "title": None,
         "scale": {"domain": [begins(plan) - middle, last], "nice": False},
         "axis": {"format": "d", "grid": False, "tickMinStep": 1, "labelOverlap": True}}  # fmt: skip
    y: dict[str, Any] = {"type": "quantitative", "title": None, "axis": NUMBERS}
    if top is not None:
        y["scale"] = {"domain": [0, top], "nice": True}
    mean = {"field": "mean", **y}
    own: dict[str, Any] = {"field": "colour", "type": "nominal", "scale": None}
    each = {"field": "name", "type": "nominal"}
    areas: list[Spec] = [
        {"mark": {"type": "area", "opacity": 0.16 * (k + 1)},
         "encoding": {"x": x, "y": {"field": low, **y}, "y2": {"field": high}, "color": own, "detail": each}}
        for k, (low, high) in enumerate(bands)
    ]  # fmt: skip
    tips = [{"field": "name", "title": " "}, {"field": "when", "title": " "}, {"field": "text", "title": title}]
    shape = {"field": "shape", "type": "nominal", "scale": None}
    dots = {"x": x, "y": mean, "color": own, "shape": shape, "tooltip": tips}
    styles = {name: {"colour": colour, "shape": point} for name, (colour, _, point) in zip(names, LOOKS, strict=False)}
    return [
        *_followed(w, edge - middle, last, x),
        {"data": {"values": [{**row, **styles[row["name"]]} for row in rows]}, "layer": [
            *areas, {"mark": {"type": "line", "strokeWidth": 2.5}, "encoding": {"x": x, "y": mean, **looks(names)}},
            {"mark": {"type": "point", "filled": True, "size": 80, "opacity": float(points)}, "encoding": dots},
        ]},
    ]  # fmt: skip


def _followed(w: PageMessages, first: float, last: float, x: Mapping[str, Any]) -> list[Spec]:
    """The years after the last releases, in grey."""
    row = {"first": first, "last": last, "middle": (first + last) / 2}
    words = {"type": "text", "baseline": "top", "y": 4, "color": QUIET, "text": w("country.followed")}
    return [
        {"data": {"values": [row]}, "mark": {"type": "rect", "color": "#eeeeee"},
         "encoding": {"x": {**x, "field": "first"}, "x2": {"field": "last"}}},
        {"data": {"values": [row]}, "mark": words, "encoding": {"x": {**x, "field": "middle"}}},
    ]  # fmt: skip


def silent(spec: Spec) -> Spec:
    """A specification whose marks say nothing to a screen reader one by one: the description has the numbers."""
    mark = {"mark": {**spec["mark"], "aria": False}} if "mark" in spec else {}
    layers = {"layer": [silent(layer) for layer in spec["layer"]]} if "layer" in spec else {}
    return {**spec, **mark, **layers}


def lines(text: str) -> list[str]:
    """A title in lines that a phone has room for."""
    return wrap(text, ACROSS)


def spanned(w: PageMessages, row: Mapping[str, Any], decimals: int = 0, *, ends: tuple[str, str] = DOUBT) -> str:
    """A mean with its interval in words."""
    mean, low, high = (w.number(row[key], decimals) for key in ("mean", *ends))
    return w("country.span", mean=mean, low=low, high=high)


def plain(value: float, digits: int = 2) -> float | None:
    """A number for the data of a chart; None where there is none."""
    return None if value != value else round(value, digits)

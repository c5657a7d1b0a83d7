"""The ladder from headline to delivered effect as a chart: what is left after each step, with its interval."""

from __future__ import annotations

import math

import pandas as pd

from experiments.app.catalogue import PageMessages
from experiments.app.charts import INK, MENTORED, QUIET, Rows, Spec, chart, field, layer
from experiments.app.country.looks import NAMED, lines, tips
from experiments.app.country.study import all_steps
from experiments.app.shared_results import kept
from experiments.figures.ladder import rows_of
from experiments.language.ladder import figure_text
from experiments.language.messages import Messages
from experiments.studies.rollout.headline_steps import EffectCounts, ladders, left, steps_without

NARROW = 320
"""Pixels of a picture's width below which there is room for the figures only, not for two columns of numbers."""


@kept(32)
def tables_of(found: EffectCounts, steps: tuple[str, ...]) -> dict[str, pd.DataFrame]:
    """Both ladders of these steps, and what is left after all of them (``left``).

    Numbers are those of ``desist ladder``; sentences on the re-run trial may be of another of its runs.
    """
    names = steps_without([name for name in all_steps() if name not in steps])
    return {**ladders(found, names), "left": left(found, names)}


def waterfall(w: PageMessages, table: pd.DataFrame, kind: str) -> Spec:
    """A ladder from the headline down to what is left; ``kind`` is points or kroner."""
    rows: Rows = []
    before, m = 0.0, Messages(w.language, "ladder")
    for number, row in enumerate(rows_of(table, kind, m)):
        value = 0.0 if math.isnan(row["figure"]) else float(row["figure"])
        low, high = (None if math.isnan(row[key]) else row[key] for key in ("low", "high"))
        wide = low is not None and high is not None and high > low
        figure, least, most, without = (figure_text(row[key], m) for key in ("figure", "low", "high", "without"))
        rows.append({
            "label": f"{number}|{row['label']}", "value": value, "begin": 0.0 if row["whole"] else before,
            "low": low if wide else None, "high": high if wide else None,
            "kind": "whole" if row["whole"] else "fell" if value <= before else "rose", "figure": figure,
            "factor": "" if math.isnan(row["factor"]) else "× " + w.number(row["factor"], 2),
            "text": figure if least == most else w("country.span", mean=figure, low=least, high=most),
            "without": without, "bold": row["whole"],
        })  # fmt: skip
        before = value
    return _drawn(w, rows, kind)


def _drawn(w: PageMessages, rows: Rows, kind: str) -> Spec:
    far = max([1.0, *(row[key] for row in rows for key in ("value", "high") if row[key] is not None)])
    near = min([0.0, *(row["low"] for row in rows if row["low"] is not None)])
    title = w(f"country.ladder.axis.{kind}")
    scale = {"domainMin": near, "domainMax": {"expr": f"{far} * (width > {NARROW} ? 1.22 : 1.4)"}, "nice": False}
    begin, value, low = (field(name, title=None, axis={"format": "d", "tickCount": 6}, scale=scale)
                         for name in ("begin", "value", "low"))  # fmt: skip
    split = {"labelExpr": "split(split(datum.label, '|')[1], '\\n')", "labelOffset": -4, "labelLineHeight": 15}
    y = field("label", "nominal", sort=None, title=None, axis=NAMED | split)
    fill = field("kind", "nominal", legend=None,
                 scale={"domain": ["whole", "fell", "rose"], "range": [MENTORED, "#e0a478", "#8fb8dc"]})  # fmt: skip
    tip = {"tooltip": tips(text=title, factor=w("country.ladder.factor"), without=w("country.ladder.without"))}
    figures, factors = ({"y": y, "text": {"field": name}} for name in ("figure", "factor"))
    layers = [
        layer("bar", {"y": y, "x": begin, "x2": {"field": "value"}, "color": fill, **tip}, height={"band": 0.7}),
        layer("rule", {"y": y, "x": low, "x2": {"field": "high"}}, color=INK, strokeWidth=1.5),
        layer("point", {"y": y, "x": value, **tip}, filled=True, shape="diamond", color=INK, size=60, opacity=1),
        layer("text", figures, align="right", x={"expr": f"width > {NARROW} ? 0.9 * width : width"}, fontWeight="bold",
              fontSize={"expr": f"width > {NARROW} ? 17 : 14"}, color=INK),
        layer("text", factors, align="right", x={"expr": "width"}, color=QUIET,
              opacity={"expr": f"width > {NARROW} ? 1 : 0"}),
    ]  # fmt: skip
    if kind == "kroner":
        layers.append(layer("rule", {"x": {"datum": 1}}, color=INK, strokeDash=[5, 4]))
    parts = "; ".join(f"{row['label'].split('|')[1]} {row['text']}".replace("\n", " ") for row in rows)
    described = w("country.ladder.described", title=title, parts=parts)
    spec = {"title": {"text": lines(title), "fontWeight": "normal"}, "data": {"values": rows}, "layer": layers}
    return chart(w, described, spec, height=34 * len(rows) + 70)

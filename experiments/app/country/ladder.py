"""The ladder from headline to delivered effect as a chart: what is left after each step, with its interval."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from experiments.app.catalogue import PageMessages
from experiments.app.charts import INK, MENTORED, QUIET, Spec, chart
from experiments.app.country.looks import lines, silent
from experiments.app.country.study import all_steps
from experiments.app.shared_results import kept
from experiments.figures.ladder import rows_of
from experiments.language.ladder import figure_text
from experiments.language.messages import Messages
from experiments.studies.rollout.headline_steps import EffectCounts, ladders, left, steps_without

NARROW = 320
"""Pixels of a picture's width below which there is no room for two columns of numbers."""


class _Known:
    """What was counted, compared by identity and not by its content."""

    def __init__(self, found: EffectCounts) -> None:
        self.found = found

    def __hash__(self) -> int:
        return id(self.found)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Known) and self.found is other.found


def tables_of(found: EffectCounts, steps: Sequence[str]) -> dict[str, pd.DataFrame]:
    """Both ladders of these steps, and what is left after all of them (``left``).

    Numbers are those of ``desist ladder``; sentences on the re-run trial may be of another of its runs.
    """
    return _tables(_Known(found), tuple(steps))


@kept(32)
def _tables(known: _Known, steps: tuple[str, ...]) -> dict[str, pd.DataFrame]:
    names = steps_without([name for name in all_steps() if name not in steps])
    return {**ladders(known.found, names), "left": left(known.found, names)}


def waterfall(w: PageMessages, table: pd.DataFrame, kind: str, *, height: int | None = None) -> Spec:
    """A ladder from the headline down to what is left; ``kind`` is points or kroner."""
    rows, before, m = [], 0.0, _messages(w)
    for place, row in enumerate(rows_of(table, kind, m)):
        value = 0.0 if math.isnan(row["figure"]) else float(row["figure"])
        ends = {key: None if math.isnan(row[key]) else row[key] for key in ("low", "high")}
        wide = ends["low"] is not None and ends["high"] is not None and ends["high"] > ends["low"]
        factor = "" if math.isnan(row["factor"]) else "× " + w.number(row["factor"], 2)
        rows.append({
            "label": f"{place}|{row['label']}", "value": value, "begin": 0.0 if row["whole"] else before,
            "low": ends["low"] if wide else None, "high": ends["high"] if wide else None,
            "kind": "whole" if row["whole"] else "fell" if value <= before else "rose",
            "figure": figure_text(row["figure"], m), "factor": factor,
            "text": _spanned(w, row), "without": _without(w, row), "bold": row["whole"],
        })  # fmt: skip
        before = value
    return _drawn(w, rows, kind, height or 34 * len(rows) + 70)


def _messages(w: PageMessages) -> Messages:
    """The texts of ``desist ladder`` in the page's language."""
    return Messages(w.language, "ladder")


def _spanned(w: PageMessages, row: Mapping[str, Any]) -> str:
    mean, low, high = (figure_text(row[key], _messages(w)) for key in ("figure", "low", "high"))
    return mean if low == high else w("country.span", mean=mean, low=low, high=high)


def _without(w: PageMessages, row: Mapping[str, Any]) -> str:
    return figure_text(row["without"], _messages(w))


def _drawn(w: PageMessages, rows: Sequence[Mapping[str, Any]], kind: str, height: int) -> Spec:
    far = max([1.0, *(row[key] for row in rows for key in ("value", "high") if row[key] is not None)])
    near = min([0.0, *(row["low"] for row in rows if row["low"] is not None)])
    title = w(f"country.ladder.axis.{kind}")
    axis = {"type": "quantitative", "title": None, "axis": {"format": "d", "tickCount": 6},
            "scale": {"domainMin": near, "domainMax": {"expr": f"{far} * (width > {NARROW} ? 1.22 : 1.4)"},
                      "nice": False}}  # fmt: skip
    y = {"field": "label", "type": "nominal", "sort": None, "title": None,
         "axis": {"labelExpr": "split(split(datum.label, '|')[1], '\\n')", "ticks": False, "domain": False,
                  "labelPadding": 8, "labelOffset": -4, "labelLineHeight": 15}}  # fmt: skip
    tips = [{"field": "text", "title": title}, {"field": "factor", "title": w("country.ladder.factor")},
            {"field": "without", "title": w("country.ladder.without")}]  # fmt: skip
    fill = {"field": "kind", "type": "nominal", "legend": None,
            "scale": {"domain": ["whole", "fell", "rose"], "range": [MENTORED, "#e0a478", "#8fb8dc"]}}  # fmt: skip
    layers: list[Spec] = [
        {"mark": {"type": "bar", "height": {"band": 0.7}},
         "encoding": {"y": y, "x": {"field": "begin", **axis}, "x2": {"field": "value"}, "color": fill,
                      "tooltip": tips}},
        {"mark": {"type": "rule", "color": INK, "strokeWidth": 1.5},
         "encoding": {"y": y, "x": {"field": "low", **axis}, "x2": {"field": "high"}}},
        {"mark": {"type": "point", "filled": True, "shape": "diamond", "color": INK, "size": 60, "opacity": 1},
         "encoding": {"y": y, "x": {"field": "value", **axis}, "tooltip": tips}},
        _column("figure", f"width > {NARROW} ? 0.9 * width : width", True), _column("factor", "width", False),
    ]  # fmt: skip
    for layer in layers[3:]:
        layer["encoding"]["y"] = y
    if kind == "kroner":
        layers.append(
            {
                "mark": {"type": "rule", "color": INK, "strokeDash": [5, 4]},
                "encoding": {"x": {"datum": 1}},
            }
        )
    parts = "; ".join(f"{row['label'].split('|')[1]} {row['text']}".replace("\n", " ") for row in rows)
    described = w("country.ladder.described", title=title, parts=parts)
    spec: Spec = {"title": {"text": lines(title), "fontWeight": "normal"}, "data": {"values": [*rows]}, "layer": layers}
    return chart(w, described, silent(spec), height=height)


def _column(field: str, at: str, bold: bool) -> Spec:
    """Numbers in a column at the right; where there is no room for two, only the figures."""
    look = {"fontSize": {"expr": f"width > {NARROW} ? 17 : 14"}, "fontWeight": "bold", "color": INK} if bold else {
        "opacity": {"expr": f"width > {NARROW} ? 1 : 0"}, "color": QUIET}  # fmt: skip
    return {"mark": {"type": "text", "align": "right", "x": {"expr": at}, **look},
            "encoding": {"text": {"field": field}}}  # fmt: skip

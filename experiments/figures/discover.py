"""The figure of scenario discovery: runs that pay back and runs that do not, and the box of conditions around them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter

from experiments.figures.palette import COLOURS
from experiments.language.discover import label
from experiments.language.messages import Messages

PALE = "#d9d9d9"
SHOWN = 1_500
"""Points of either kind that are drawn at most: more hide each other."""
MOST = 8.0
"""Kroner back for a krone at which the axis ends."""


def figures(
    facts: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], m: Messages
) -> dict[str, Callable[[], Figure]]:
    """The study's figures by name; none without a condition on a number."""
    if any(row["values"] is None for row in facts["conditions"]):
        return {"box": lambda: box_figure(facts, tables["runs"], m)}
    return {}


def box_figure(facts: Mapping[str, Any], runs: pd.DataFrame, m: Messages) -> Figure:
    """Runs that pay back and runs that do not: one condition against the kroner back for a krone, or two conditions."""
    figure = Figure(figsize=(7.5, 6.2), layout="constrained")
    ax, fails = figure.subplots(), runs["_fails"].astype(bool).to_numpy()
    shown = [row for row in facts["conditions"] if row["values"] is None]
    limits = {row["quantity"]: (-np.inf if row["low"] is None else row["low"],
                                np.inf if row["high"] is None else row["high"]) for row in shown}  # fmt: skip
    labels = {row["quantity"]: label(row, facts, m) for row in shown}
    inputs = runs[list(limits)]
    if len(limits) == 1:
        column = "_ratio" if facts["saving"] == "average" else f"_{facts['saving'].replace('-', '_')}"
        inputs = inputs.assign(back=runs[column].clip(upper=MOST))
        labels["back"] = m("figure.back", n=m.number(MOST, 0))
    across, up = map(str, inputs)
    for flag, name, colour, marker in ((0, m("figure.pays_back"), PALE, "o"),
                                       (1, m("figure.does_not"), COLOURS["control"], "^")):  # fmt: skip
        rows = inputs[fails == flag].head(SHOWN)
        ax.plot(rows[across], rows[up], marker, ms=3.2, mew=0, alpha=0.75, color=colour, label=name)
    spans = []
    for name in (across, up):
        low, high = float(inputs[name].min()), float(inputs[name].max())
        room = 0.03 * (high - low)
        first, last = limits.get(name, (-np.inf, np.inf))
        spans.append((low - room, high + room, max(first, low - room), min(last, high + room)))
    (left, right, x0, x1), (bottom, top, y0, y1) = spans
    ax.set(xlim=(left, right), ylim=(bottom, top), xlabel=labels[across], ylabel=labels[up],
           title=m("figure.title"))  # fmt: skip
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: m.plain(value)))
    ax.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, facecolor=COLOURS["observed"], alpha=0.07, zorder=0))
    ax.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor=COLOURS["observed"], linewidth=2))
    ax.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2, markerscale=2)
    if "back" in inputs:
        ax.axhline(1, color="black", linewidth=0.8, linestyle="--")
    return figure

"""The figure of ``desist mechanisms``: what runs through each mechanism, in percentage points, bar by bar."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.figures.palette import COLOURS, HATCHES
from experiments.studies.trial.shapley import TOTAL

SHADES = (COLOURS["mentored"], COLOURS["control"])
PATTERNS = (HATCHES["control"], HATCHES["mentored"])
"""Colour and pattern of the bars of each condition, in order."""


def mechanism_bars(table: pd.DataFrame, ax: Axes, *, conditions: dict[str, str], group: str) -> Axes:
    """Horizontal bars in percentage points with 95 % intervals, mechanism by mechanism, the largest on top.

    Parameters
    ----------
    table
        Rows of ``Parts.table``; that of the total is left out.
    ax
        Where to draw.
    conditions
        What to call each condition that is drawn, in order (one or two).
    group
        Whose reoffending it is, for the axis.
    """
    rows = table[table["mechanism"] != TOTAL]
    first = rows[rows["condition"] == next(iter(conditions))].sort_values("points", kind="stable")
    order = {name: place for place, name in enumerate(first["mechanism"])}
    height = 0.8 / len(conditions)
    ends = []
    for number, (condition, name) in enumerate(conditions.items()):
        own = rows[rows["condition"] == condition]
        place = own["mechanism"].map(order) + (0.4 - height / 2 - number * height)
        ax.barh(place, own["points"], height * 0.92, color=SHADES[number], hatch=PATTERNS[number], edgecolor="white",
                linewidth=0.5, alpha=0.85, label=name)  # fmt: skip
        low, high = (own[end].fillna(own["points"]) for end in ("points_low", "points_high"))
        ax.hlines(place, low, high, color=COLOURS["observed"], linewidth=1.4)
        ends += [*np.maximum(high, 0.0), *np.minimum(low, 0.0)]
        for y, x, points, share in zip(place, np.maximum(high, 0.0), own["points"], own["share"], strict=True):
            text = f"{round(points, 1) + 0.0:.1f}" + ("" if share != share else f"  ({round(100 * share) + 0:d} %)")
            ax.annotate(text, (x, y), xytext=(5, 0), textcoords="offset points", va="center",
                        fontsize=8)  # fmt: skip
    ax.axvline(0, color=COLOURS["observed"], linewidth=0.8)
    width = max(ends) - min(ends)
    ax.set_xlim(min(ends) - 0.02 * width * (min(ends) < 0), max(ends) + 0.17 * width if width else 1.0)
    ax.set_yticks(range(len(first)), list(first["label"]))
    ax.tick_params(axis="y", length=0)
    ax.set(xlabel=f"percentage points less two-year reoffending,\n{group}", ylabel="")
    return ax


def mechanisms_figure(
    table: pd.DataFrame, *, conditions: dict[str, str], group: str, title: str, interval: str
) -> Figure:
    """The bars with title and legend; ``interval`` says what the lines are."""
    number = table["mechanism"].nunique() - 1
    figure = Figure(figsize=(7.6, 1.5 + 0.3 * number * (1 + len(conditions)) / 1.5))
    ax = mechanism_bars(table, figure.add_subplot(), conditions=conditions, group=group)
    ax.set_title(title, loc="left")
    figure.legend(frameon=False, loc="outside lower center", ncols=2, title=f"line: {interval}")
    return figure

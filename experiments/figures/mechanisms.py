"""The figure of ``desist mechanisms``: what runs through each route, in percentage points, bar by bar."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from experiments.figures.palette import COLOURS, HATCHES
from experiments.inputs.routes import TOTAL
from experiments.language.mechanisms import conditions_of, route_name
from experiments.language.messages import Messages

SHADES = (COLOURS["mentored"], COLOURS["control"])
PATTERNS = (HATCHES["control"], HATCHES["mentored"])
"""Colour and pattern of the bars of each condition, in order."""


def figures(
    facts: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], m: Messages
) -> dict[str, Callable[[], Figure]]:
    """The study's figures by name."""
    return {"mechanisms": lambda: mechanisms_figure(facts, tables["shares"], m)}


def mechanisms_figure(facts: Mapping[str, Any], table: pd.DataFrame, m: Messages) -> Figure:
    """The bars with title and legend."""
    conditions = conditions_of(facts, m)
    number = table["mechanism"].nunique() - 1
    figure = Figure(figsize=(7.6, 1.5 + 0.3 * number * (1 + len(conditions)) / 1.5))
    ax = mechanism_bars(table, figure.add_subplot(), conditions=conditions, m=m)
    ax.set_xlabel(m("figure.axis", group=m(f"group.{facts['group']}")))
    totals = table[table["mechanism"] == TOTAL].set_index("condition")["points"]
    wholes = [m("figure.whole", points=m.number(round(totals[key], 1) + 0.0, 1), condition=name)
              for key, name in conditions.items()]  # fmt: skip
    ax.set_title(m("figure.title", scenario=facts["scenario"], wholes=", ".join(wholes)), loc="left")
    figure.legend(frameon=False, loc="outside lower center", ncols=2,
                  title=m("figure.draws" if facts["draws"] else "figure.stochastic"))  # fmt: skip
    return figure


def mechanism_bars(table: pd.DataFrame, ax: Axes, *, conditions: Mapping[str, str], m: Messages) -> Axes:
    """Horizontal bars in percentage points with 95 % intervals, route by route, the largest on top.

    ``conditions`` are the one or two that are drawn, in order, each with its name. The total is left out.
    """
    rows = table[table["mechanism"] != TOTAL]
    first = rows[rows["condition"] == next(iter(conditions))].sort_values("points", kind="stable")
    order = {name: place for place, name in enumerate(first["mechanism"])}
    height = 0.8 / len(conditions)
    ends: list[float] = []
    for number, (condition, name) in enumerate(conditions.items()):
        own = rows[rows["condition"] == condition]
        place = own["mechanism"].map(order) + (0.4 - height / 2 - number * height)
        ax.barh(place, own["points"], height * 0.92, color=SHADES[number], hatch=PATTERNS[number], edgecolor="white",
                linewidth=0.5, alpha=0.85, label=name)  # fmt: skip
        low, high = (own[end].fillna(own["points"]) for end in ("points_low", "points_high"))
        ax.hlines(place, low, high, color=COLOURS["observed"], linewidth=1.4)
        ends += [*np.maximum(high, 0.0), *np.minimum(low, 0.0)]
        for y, x, points, share in zip(place, np.maximum(high, 0.0), own["points"], own["share"], strict=True):
            part = "" if share != share else f"  ({m.percent(round(share, 2) + 0.0, 0)})"
            ax.annotate(f"{m.number(round(points, 1) + 0.0, 1)}{part}", (x, y), xytext=(5, 0),
                        textcoords="offset points", va="center", fontsize=8)  # fmt: skip
    ax.axvline(0, color=COLOURS["observed"], linewidth=0.8)
    width = max(ends) - min(ends)
    ax.set_xlim(min(ends) - 0.02 * width * (min(ends) < 0), max(ends) + 0.17 * width if width else 1.0)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: m.plain(round(value, 6))))
    ax.set_yticks(range(len(first)), [route_name(row, m) for row in first.to_dict("records")])
    ax.tick_params(axis="y", length=0)
    ax.set_ylabel("")
    return ax

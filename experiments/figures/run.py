"""The figure of ``desist run``: survival curves by arm."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MultipleLocator, PercentFormatter

from experiments.figures.palette import COLOURS, LINES
from experiments.language.messages import Messages


def figures(
    facts: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], m: Messages
) -> dict[str, Callable[[], Figure]]:
    """The study's figures by name; none where no history was kept."""
    return {"curves": lambda: curves_figure(facts, tables["curves"], m)} if "curves" in tables else {}


def curves_figure(facts: Mapping[str, Any], curves: pd.DataFrame, m: Messages) -> Figure:
    """Survival curves under the scenario's title."""
    figure = Figure(figsize=(6.8, 4.6))
    ax = survival(curves, figure.add_subplot(), definition=facts["definition"], m=m)
    ax.set_title(facts["title"], fontsize=10, wrap=True)
    return figure


def survival(table: pd.DataFrame, ax: Axes, *, definition: str, m: Messages) -> Axes:
    """Curves of Kaplan and Meier with 95 % bands, from ``outcomes.curve`` split by arm."""
    for arm, rows in table.groupby("arm", observed=True):
        name = str(arm)
        colour = COLOURS.get(name, COLOURS["observed"])
        ax.fill_between(rows["month"], rows["low"], rows["high"], step="post", color=colour, alpha=0.18, linewidth=0)
        ax.step(rows["month"], rows["share"], where="post", color=colour, linestyle=LINES.get(name, "-"),
                label=m(f"cell.{name}"))  # fmt: skip
        last = rows.iloc[-1]
        ax.annotate(m.percent(last["share"], 0), (last["month"], last["share"]), xytext=(4, 0),
                    textcoords="offset points", va="center", color=colour)  # fmt: skip
    ax.set(xlabel=m("figure.month"), ylabel=m("figure.share", definition=m(f"common.definition.{definition}")),
           ylim=(0, 1))  # fmt: skip
    ax.set_xlim(left=0)
    ax.xaxis.set_major_locator(MultipleLocator(6))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: m.number(value, 0)))
    ax.yaxis.set_major_formatter(PercentFormatter(1.0))
    ax.legend(frameon=False, loc="upper left", title=m("figure.arm"))
    return ax

"""Figures of the value of information: EVPPI of each group of inputs, and EVSI of a further trial by its size."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from experiments.figures.decision import money_axis
from experiments.figures.palette import COLOURS
from experiments.language.messages import Messages
from experiments.language.voi import amount, group

GREY = "#9a9a9a"


def figures(
    facts: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], m: Messages
) -> dict[str, Callable[[], Figure]]:
    """The study's figures by name."""

    def both() -> Figure:
        figure = Figure(figsize=(12.5, 4.8))
        left, right = figure.subplots(1, 2)
        evppi_bars(tables["groups"], left, evpi=facts["evpi"]["value"], m=m)
        evsi_curve(tables["trials"], right, ceiling=facts["risks"]["value"], m=m)
        return figure

    return {"voi": both}


def evppi_bars(table: pd.DataFrame, ax: Axes, *, evpi: float, m: Messages) -> Axes:
    """EVPPI of each group of inputs, ± 2 errors, the largest on top; a tick shows what worthless information gives.

    ``table`` has columns what, value, error and floor (kroner); ``evpi`` is drawn as a line.
    """
    y, value, error = np.arange(len(table))[::-1], table["value"], 2 * table["error"]
    ax.barh(y, value, height=0.62, color=COLOURS["mentored"], alpha=0.75, linewidth=0)
    ax.errorbar(value, y, xerr=[np.minimum(error, value), error], fmt="none", ecolor=COLOURS["observed"],
                elinewidth=1.2, capsize=2)  # fmt: skip
    ax.plot(table["floor"], y, "|", ms=15, mew=1.6, color=COLOURS["control"], label=m("figure.floor"))
    ax.axvline(evpi, color=COLOURS["observed"], linestyle="--", linewidth=1.2)
    high = float(max(evpi, (value + error).max()))
    ax.set_xlim(0, 1.05 * high)
    ax.annotate(m("figure.evpi", value=amount(evpi, m)), (evpi, 1.0), xycoords=("data", "axes fraction"), xytext=(0, 3),
                textcoords="offset points", fontsize=8, ha="right" if evpi > 0.7 * high else "center")  # fmt: skip
    ax.set_yticks(y, [group(name, m) for name in table["what"]])
    ax.set_ylim(min(0, len(table) - 4) - 0.6, len(table) - 0.4)
    ax.tick_params(axis="y", length=0)
    ax.set_title(m("figure.evppi_title"), loc="left", pad=18)
    money_axis(ax.xaxis, m("figure.evppi"), high, m=m)
    ax.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.16))
    return ax


def evsi_curve(table: pd.DataFrame, ax: Axes, *, ceiling: float, m: Messages) -> Axes:
    """EVSI of a further trial by its size, its cost, and what is left; the best size is marked.

    ``table`` has columns per_arm (people), gain, cost, net, net_error (kroner for the plan) and best; ``ceiling`` is
    the value if what the trial measures were known for certain.
    """
    at, gain, error = table["per_arm"], table["gain"], 2 * table["net_error"]
    ax.fill_between(at, gain - error, gain + error, color=COLOURS["mentored"], alpha=0.15, linewidth=0)
    ax.plot(at, gain, color=COLOURS["mentored"], marker="o", ms=3.5, label=m("figure.gain"))
    trials = table[at > 0]
    ax.plot(trials["per_arm"], trials["cost"], color=COLOURS["control"], linestyle="--", label=m("figure.cost"))
    ax.plot(trials["per_arm"], trials["net"], color=COLOURS["observed"], linewidth=2.4, label=m("figure.net"))
    ax.axhline(ceiling, color=GREY, linestyle=":", linewidth=1.4, label=m("figure.ceiling"))
    ax.axhline(0, color=COLOURS["observed"], linewidth=0.8)
    heights = [float(each) for each in (*gain + error, *table["net"] - error, ceiling, 0.0)]
    ax.set_ylim(min(heights) - 0.05 * np.ptp(heights), max(heights) + 0.14 * np.ptp(heights))
    subtitle = m("figure.trial_none")
    if table["best"].any():
        best = table[table["best"]].iloc[0]
        ax.plot(best["per_arm"], best["net"], "D", ms=8, color=COLOURS["observed"], mec="white", zorder=5)
        subtitle = m("figure.trial_best", size=m.number(best["per_arm"], 0), value=amount(best["net"], m))
    ax.set_title(f"{m('figure.trial_title')}\n{subtitle}")
    ax.set(xlabel=m("figure.people"), xlim=(0, 1.02 * at.max()))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: m.number(value, 0)))
    money_axis(ax.yaxis, m("figure.plan"), *heights, m=m)
    ax.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)
    return ax

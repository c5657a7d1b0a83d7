"""Figures of money: who pays and who gains, and kroner by year."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from experiments.figures.palette import COLOURS
from experiments.language.messages import MILLION, Messages
from experiments.language.plan_text import PUBLIC_TOTAL, payer_text
from simulation.prices import PUBLIC

SAVING, COST = COLOURS["mentored"], COLOURS["control"]
APART = ("victims", "volunteers' time")
"""Payers that are shown apart, below the public ones."""
GREY = "#bdbdbd"
ENGLISH = Messages("en")


def flows(table: pd.DataFrame, ax: Axes, *, m: Messages = ENGLISH) -> Axes:
    """Who pays and who gains: costs to the left, savings to the right, and what is left with its interval.

    ``table`` is what ``cost_effectiveness.break_even`` gives (kroner). The public payers come first, with their total;
    victims and volunteers' time, if there are any, below a line.
    """
    rows = table.set_index("payer")[["spent", "saved", "gain", "gain_low", "gain_high"]] / MILLION
    apart = [name for name in APART if name in rows.index and rows.loc[name, ["spent", "saved"]].sum() != 0]
    shown = [*PUBLIC, PUBLIC_TOTAL, *apart]
    for y, payer in enumerate(shown):
        spent, saved, net, low, high = (float(each) for each in rows.loc[payer].to_numpy(float))
        for value, colour, hatch in ((-spent, COST, ""), (saved, SAVING, "////")):
            ax.barh(y, value, height=0.6, color=colour, hatch=hatch, alpha=0.45 if payer in APART else 0.85,
                    edgecolor="white", linewidth=0)  # fmt: skip
        ax.errorbar(net, y, xerr=[[max(0.0, net - low)], [max(0.0, high - net)]], fmt="D", color=COLOURS["observed"],
                    markersize=4.5, capsize=2.5, linewidth=1.3, zorder=4)  # fmt: skip
        ax.annotate(f"{'+' if net >= 0 else ''}{m.number(net, 1)}", (1.01, y), xycoords=("axes fraction", "data"),
                    va="center", fontsize=8.5)  # fmt: skip
    ax.annotate(m("plan.figure.net"), (1.01, -0.62), xycoords=("axes fraction", "data"), va="bottom", fontsize=8.5,
                style="italic")  # fmt: skip
    ax.axvline(0, color=COLOURS["observed"], linewidth=1)
    ax.axhline(len(PUBLIC) - 0.5, color=GREY, linewidth=0.8)
    if apart:
        ax.axhline(len(PUBLIC) + 0.5, color=GREY, linewidth=0.8)
    ax.barh(0, 0, color=COST, label=m("plan.figure.pays"))
    ax.barh(0, 0, color=SAVING, hatch="////", edgecolor="white", linewidth=0, label=m("plan.figure.saves"))
    ax.plot([], [], "D", color=COLOURS["observed"], markersize=4.5, label=m("plan.figure.net_draws"))
    ax.set_yticks(range(len(shown)), [m("plan.figure.total") if payer == PUBLIC_TOTAL else payer_text(m, payer)
                                      for payer in shown])  # fmt: skip
    ax.set_ylim(len(shown) - 0.45, -0.55)
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel(m("plan.figure.million"))
    ax.xaxis.set_major_locator(MaxNLocator(7))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: m.plain(value)))
    ax.grid(axis="x", color="#dddddd", linewidth=0.6)
    ax.set_axisbelow(True)
    ax.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=3)
    return ax


def budget(table: pd.DataFrame, ax: Axes, *, m: Messages = ENGLISH) -> Axes:
    """Kroner of the public payers year by year: costs and savings as bars, the net with its band.

    ``table``: year, then cost, saving and net (kroner), each with ``_mean``, ``_low`` and ``_high``.
    """
    parts = {name: table[[f"{name}_{key}" for key in ("mean", "low", "high")]].to_numpy() / MILLION
             for name in ("cost", "saving", "net")}  # fmt: skip
    at = np.arange(len(table))
    ax.bar(at, -parts["cost"][:, 0], width=0.7, color=COST, alpha=0.85, linewidth=0, label=m("plan.figure.costs"))
    ax.bar(at, parts["saving"][:, 0], width=0.7, color=SAVING, alpha=0.85, hatch="////", edgecolor="white",
           linewidth=0, label=m("plan.figure.savings"))  # fmt: skip
    net = parts["net"]
    ax.fill_between(at, net[:, 1], net[:, 2], color=COLOURS["observed"], alpha=0.18, linewidth=0, zorder=3,
                    label=m("plan.figure.net_draws"))  # fmt: skip
    ax.plot(at, net[:, 0], "-D", color=COLOURS["observed"], markersize=4, linewidth=1.5, zorder=4,
            label=m("plan.figure.net"))  # fmt: skip
    ax.axhline(0, color=COLOURS["observed"], linewidth=1)
    ax.set_ylabel(m("plan.figure.million_a_year"))
    step = 1 + len(table) // 9
    ax.set_xticks(at[::step], [str(year) for year in table["year"]][::step])
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: m.plain(value)))
    ax.grid(axis="y", color="#dddddd", linewidth=0.6)
    ax.set_axisbelow(True)
    ax.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.1), ncols=4)
    return ax


def money_figure(break_even: pd.DataFrame, by_year: pd.DataFrame, *, title: str, m: Messages) -> Figure:
    """Who pays and who gains, and beside it the kroner by year."""
    figure = Figure(figsize=(12.5, 4.6))
    left, right = figure.subplots(1, 2, width_ratios=[1.15, 1.0])
    flows(break_even, left, m=m)
    budget(by_year, right, m=m)
    figure.suptitle(title, fontsize=11)
    return figure

"""Figures of money: who pays and who gains, and kroner by year."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from experiments.figures.palette import COLOURS
from experiments.language.danish import say
from experiments.language.formatting import Language, number
from experiments.language.plan_text import PURSE_NAMES
from simulation.prices import PUBLIC

MILLION = 1_000_000
SAVING, COST = COLOURS["mentored"], COLOURS["control"]
APART = ("victims", "volunteers' time")
"""Purses that are shown apart, below the public ones."""
TOTAL = "all public purses"
GREY = "#bdbdbd"


def over_draws(table: pd.DataFrame, by: str, column: str) -> pd.DataFrame:
    """Mean and middle 95 % over draws of a column, by another: index ``by``; mean, low, high."""
    grouped = table.groupby(by, observed=True)[column]
    return pd.DataFrame({"mean": grouped.mean(), "low": grouped.quantile(0.025), "high": grouped.quantile(0.975)})


def flows(table: pd.DataFrame, ax: Axes, *, language: Language = "en") -> Axes:
    """Who pays and who gains: costs to the left, savings to the right, and what is left with its interval.

    ``table`` is what ``economics.by_purse`` gives, with or without draws (kroner). The public purses come first, with
    their total; victims and volunteers' time, if there are any, below a line.
    """
    known = table if "draw" in table else table.assign(draw=0)
    public = known[known["purse"].isin(PUBLIC)]
    total = public.groupby("draw")[["cost", "saving", "net"]].sum().reset_index().assign(purse=TOTAL)
    whole = pd.concat([known.astype({"purse": str}), total], ignore_index=True)
    parts = {name: over_draws(whole, "purse", name) / MILLION for name in ("cost", "saving", "net")}
    apart = [name for name in APART if (parts["cost"] + parts["saving"]).loc[name, "mean"] != 0]
    shown = [*PUBLIC, TOTAL, *apart]
    for y, purse in enumerate(shown):
        cost, saving, net = (parts[name].loc[purse] for name in ("cost", "saving", "net"))
        for value, colour, hatch in ((-cost["mean"], COST, ""), (saving["mean"], SAVING, "////")):
            ax.barh(y, value, height=0.6, color=colour, hatch=hatch, alpha=0.45 if purse in APART else 0.85,
                    edgecolor="white", linewidth=0)  # fmt: skip
        ax.errorbar(net["mean"], y, xerr=[[net["mean"] - net["low"]], [net["high"] - net["mean"]]], fmt="D",
                    color=COLOURS["observed"], markersize=4.5, capsize=2.5, linewidth=1.3, zorder=4)  # fmt: skip
        ax.annotate(_millions(net["mean"], language), (1.01, y), xycoords=("axes fraction", "data"), va="center",
                    fontsize=8.5)  # fmt: skip
    ax.annotate(say(language, "net"), (1.01, -0.62), xycoords=("axes fraction", "data"), va="bottom", fontsize=8.5,
                style="italic")  # fmt: skip
    ax.axvline(0, color=COLOURS["observed"], linewidth=1)
    ax.axhline(len(PUBLIC) - 0.5, color=GREY, linewidth=0.8)
    if apart:
        ax.axhline(len(PUBLIC) + 0.5, color=GREY, linewidth=0.8)
    ax.barh(0, 0, color=COST, label=say(language, "pays"))
    ax.barh(0, 0, color=SAVING, hatch="////", edgecolor="white", linewidth=0, label=say(language, "saves"))
    ax.plot([], [], "D", color=COLOURS["observed"], markersize=4.5,
            label=say(language, "net, 95 % of draws" if "draw" in table else "net"))  # fmt: skip
    names = {**PURSE_NAMES[language], TOTAL: say(language, TOTAL)} if language == "da" else {}
    ax.set_yticks(range(len(shown)), [names.get(purse, purse) for purse in shown])
    ax.set_ylim(len(shown) - 0.45, -0.55)
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel(say(language, "million kroner"))
    ax.xaxis.set_major_locator(MaxNLocator(7))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _number(value, language)))
    ax.grid(axis="x", color="#dddddd", linewidth=0.6)
    ax.set_axisbelow(True)
    ax.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=3)
    return ax


def budget(table: pd.DataFrame, ax: Axes, *, language: Language = "en") -> Axes:
    """Kroner of the public purses year by year: costs and savings as bars, the net with its bands.

    ``table`` is what ``economics.by_year`` gives, with or without draws (kroner); year 0 is the first.
    """
    parts = {name: over_draws(table, "year", name) / MILLION for name in ("cost", "saving", "net")}
    years = parts["net"].index.to_numpy()
    ax.bar(years, -parts["cost"]["mean"], width=0.7, color=COST, alpha=0.85, linewidth=0, label=say(language, "costs"))
    ax.bar(years, parts["saving"]["mean"], width=0.7, color=SAVING, alpha=0.85, hatch="////", edgecolor="white",
           linewidth=0, label=say(language, "savings"))  # fmt: skip
    net = parts["net"]
    if "draw" in table:
        ax.fill_between(years, net["low"], net["high"], color=COLOURS["observed"], alpha=0.18, linewidth=0,
                        label=say(language, "net, 95 % of draws"), zorder=3)  # fmt: skip
    ax.plot(years, net["mean"], "-D", color=COLOURS["observed"], markersize=4, linewidth=1.5, zorder=4,
            label=say(language, "net"))  # fmt: skip
    ax.axhline(0, color=COLOURS["observed"], linewidth=1)
    ax.set(xlabel=say(language, "year (0 is the first)"), ylabel=say(language, "million kroner a year"))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _number(value, language)))
    ax.grid(axis="y", color="#dddddd", linewidth=0.6)
    ax.set_axisbelow(True)
    ax.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.18), ncols=4)
    return ax


def money_figure(
    purses: pd.DataFrame, years: pd.DataFrame, *, title: str = "", language: Language = "en"
) -> Figure:
    """Who pays and who gains, and beside it the kroner by year."""
    figure = Figure(figsize=(12.5, 4.6))
    left, right = figure.subplots(1, 2, width_ratios=[1.15, 1.0])
    flows(purses, left, language=language)
    budget(years, right, language=language)
    if title:
        figure.suptitle(title, fontsize=11)
    return figure


def _number(value: float, language: Language) -> str:
    decimals = max(0, -int(np.floor(np.log10(abs(value))))) if 0 < abs(value) < 1 else 0 if value == round(value) else 1
    return number(value, language, decimals)


def _millions(value: float, language: Language) -> str:
    return ("+" if value >= 0 else "") + number(value, language, 1)

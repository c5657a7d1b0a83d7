"""Figures of priorities: rules over horizons and capacities, a map of ten more volunteers, orders against budgets."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from experiments.figures.maps import choropleth
from experiments.figures.palette import COLOURS
from experiments.studies.rollout.allocation_rules import EFFECTS, EVERYBODY, OUTCOMES, RULES
from experiments.studies.rollout.municipality_order import BEST, LOT, RICHEST, SHARES

RULE_COLOURS = dict(zip(RULES, (COLOURS["observed"], COLOURS["control"], COLOURS["mentored"], "#8c8c8c"), strict=True))
RULE_LINES = dict(zip(RULES, ("-", "-", (0, (5, 1.5)), (0, (1.5, 1.5))), strict=True))
RULE_HATCHES = dict(zip(RULES, ("", "", "////", "...."), strict=True))
ORDER_STYLES = {
    BEST: (COLOURS["mentored"], "-"), "largest first": (COLOURS["observed"], (0, (4, 1.5))),
    "most releases first": ("#542788", (0, (1, 1.2))), "today's area outward": ("#f1a340", "-"),
    "alphabetical": (COLOURS["control"], (0, (5, 1.5))), RICHEST: ("#7fb2d6", "-"), LOT: ("#8c8c8c", "-"),
}  # fmt: skip
"""Colour and line of each order; those that all but coincide are dashed and dotted on top of one another."""
WITHOUT_UNIT = {"offences": "offences", "relapses_any": "relapses", "reoffenders_any": "reoffenders",
                "custody_months": "prison months"}  # fmt: skip
GREY = "#dddddd"


def along_horizons(table: pd.DataFrame, ax: Axes) -> Axes:
    """What a course avoids, cumulated to each horizon, one line a rule; bands (95 % of the draws) of the two extremes.

    ``table`` holds the rows of ``priorities.rules_table`` of one effect and outcome: a capacity, and everybody.
    """
    for rule in RULES:
        rows = table[table["rule"] == rule].sort_values("horizon")
        colour = RULE_COLOURS[rule]
        if rule.endswith("risk"):
            ax.fill_between(rows["horizon"], rows["each_low"], rows["each_high"], color=colour, alpha=0.13, linewidth=0)
        ax.plot(rows["horizon"], rows["each_mean"], color=colour, linestyle=RULE_LINES[rule], linewidth=1.7, label=rule)
    whole = table[table["rule"] == EVERYBODY].sort_values("horizon")
    ax.plot(whole["horizon"], whole["each_mean"], color="#555555", linewidth=0.8, label="everybody served")
    ax.axhline(0, color=COLOURS["observed"], linewidth=0.6)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))
    ax.yaxis.set_major_locator(MaxNLocator(4))
    return ax


def best_shares(table: pd.DataFrame, ax: Axes) -> Axes:
    """How probable each rule is to be the best at each horizon, as bars that add up to 1."""
    foot = np.zeros(table["horizon"].nunique())
    for rule in RULES:
        rows = table[table["rule"] == rule].sort_values("horizon")
        ax.bar(rows["horizon"], rows["best"], bottom=foot, color=RULE_COLOURS[rule], hatch=RULE_HATCHES[rule],
               edgecolor="white", linewidth=0.4, width=0.85, label=rule)  # fmt: skip
        foot += rows["best"].to_numpy()
    ax.set_ylim(0, 1)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.0f} %"))
    return ax


def rules_figure(table: pd.DataFrame, *, title: str, shares: bool = False) -> Figure:
    """Small multiples: outcomes downward, capacities across, for the effect as believed and the same for everybody.

    With ``shares`` how probable each rule is to be the best, else what a course avoids.
    """
    capacities = sorted(table.loc[table["rule"] != EVERYBODY, "capacity"].unique())
    figure = Figure(figsize=(2.1 + 4.0 * max(2, len(capacities)), 10.2), layout="constrained")
    figure.suptitle(title, fontsize=11)
    halves = figure.subfigures(1, len(EFFECTS), wspace=0.03, squeeze=False)[0]
    handles: dict[str, Artist] = {}
    for half, (effect, words) in zip(halves, EFFECTS.items(), strict=True):
        grid = half.subplots(len(OUTCOMES), len(capacities), sharex=True, sharey="row", squeeze=False)
        half.suptitle(words, fontsize=11, fontweight="bold")
        for row, outcome in enumerate(OUTCOMES):
            own = table[(table["effect"] == effect) & (table["outcome"] == outcome)]
            for column, capacity in enumerate(capacities):
                ax = grid[row, column]
                here = own[(own["capacity"] == capacity) | ((own["rule"] == EVERYBODY) & (not shares))]
                (best_shares if shares else along_horizons)(here, ax)
                drawn, names = ax.get_legend_handles_labels()
                handles.update(zip(names, drawn, strict=True))
                if row == 0:
                    ax.set_title(f"{100 * capacity:.0f} % served", fontsize=10)
                if column == 0:
                    text = WITHOUT_UNIT[outcome]
                    ax.set_ylabel(f"{text}:\nrule is best" if shares else f"{text} avoided\nper course", fontsize=9)
        half.supxlabel("years from the start of the plan", fontsize=10)
    figure.legend([*handles.values()], [*handles], loc="outside lower center", ncols=5, frameon=False)
    return figure


def volunteers_map(table: pd.DataFrame, *, outcome: str, more: float) -> Figure:
    """What more volunteers avoid in each municipality; those where the plan never opens are hatched."""
    figure = Figure(figsize=(10.2, 7.6), layout="constrained")
    values = dict(zip(table["number"].astype(int), table[outcome].astype(float), strict=True))
    choropleth(figure.subplots(), values, missing="not in the plan",
               label=f"{OUTCOMES[outcome]} by\n{more:g} more volunteers")  # fmt: skip
    return figure


def against_budget(curves: pd.DataFrame, ax: Axes, *, outcome: str) -> Axes:
    """What each order has won when a budget is spent; the band is the best order's 95 % of the draws."""
    for name, (colour, line) in ORDER_STYLES.items():
        rows = curves[curves["order"] == name]
        if name == BEST:
            ax.fill_between(rows["budget"] / 1e6, rows["low"], rows["high"], color=colour, alpha=0.12, linewidth=0,
                            label="95 % of the draws, best order")  # fmt: skip
        ax.plot(rows["budget"] / 1e6, rows["mean"], color=colour, linestyle=line, linewidth=1.8, label=name)
    ax.axhline(0, color=COLOURS["observed"], linewidth=0.6)
    ax.set(xlabel="spent, million kr. of 2021, all years", ylabel=OUTCOMES[outcome], xlim=(0, None))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}".replace("-", "−")))
    ax.legend(frameon=False, loc="upper left")
    return ax


def regrets(table: pd.DataFrame, ax: Axes) -> Axes:
    """What each order wins less than the best one, part of the best, at three budgets, with two simulation errors."""
    names = [name for name in ORDER_STYLES if name != BEST]
    for k, share in enumerate(SHARES):
        rows = table[np.isclose(table["share"], share)].set_index("order").loc[names]
        y = np.arange(len(names)) + 0.26 * (k - 1)
        ax.barh(y, rows["part"], height=0.24, color=COLOURS["mentored"], alpha=(0.35, 0.6, 0.9)[k], linewidth=0,
                xerr=2 * rows["part_error"], error_kw={"elinewidth": 1, "capsize": 2},
                label=f"{100 * share:.0f} % of the budget")  # fmt: skip
    ax.axvline(0, color=COLOURS["observed"], linewidth=1)
    ax.set_yticks(np.arange(len(names)), names)
    ax.invert_yaxis()
    ax.tick_params(axis="y", length=0)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.0f} %".replace("-", "−")))
    ax.set(xlabel="less than the best order, ± 2 simulation errors")
    ax.grid(axis="x", color=GREY, linewidth=0.6)
    ax.set_axisbelow(True)
    ax.legend(frameon=False, loc="upper right")
    return ax


def orders_figure(curves: pd.DataFrame, regret: pd.DataFrame, *, outcome: str, title: str) -> Figure:
    """Both in one figure."""
    figure = Figure(figsize=(12.5, 5.2), layout="constrained")
    figure.suptitle(title, fontsize=11)
    left, right = figure.subplots(1, 2, width_ratios=[1.15, 1.0])
    against_budget(curves, left, outcome=outcome)
    regrets(regret, right)
    return figure

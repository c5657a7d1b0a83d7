"""Figures of priorities: rules over horizons and capacities, a map of more volunteers, orders against budgets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from experiments.figures.maps import choropleth
from experiments.figures.palette import COLOURS
from experiments.language.messages import Messages
from experiments.language.priorities import million

EVERYBODY = "everybody"
RULES = {
    "first come": (COLOURS["observed"], "-", ""), "highest risk": (COLOURS["control"], "-", ""),
    "lowest risk": (COLOURS["mentored"], (0, (5, 1.5)), "////"), "lottery": ("#8c8c8c", (0, (1.5, 1.5)), "...."),
}  # fmt: skip
"""Colour, line and hatching of each rule."""
BEST = "best value per krone"
ORDERS = {
    BEST: (COLOURS["mentored"], "-"), "largest first": (COLOURS["observed"], (0, (4, 1.5))),
    "most releases first": ("#542788", (0, (1, 1.2))), "today's area outward": ("#f1a340", "-"),
    "alphabetical": (COLOURS["control"], (0, (5, 1.5))), "highest share at highest risk": ("#7fb2d6", "-"),
    "by lot": ("#8c8c8c", "-"),
}  # fmt: skip
"""Colour and line of each order; those that all but coincide are dashed and dotted on top of one another."""
GREY = "#dddddd"


def figures(
    facts: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], m: Messages
) -> dict[str, Callable[[], Figure]]:
    """The study's figures by name: those of the parts that were asked for."""
    found: dict[str, Callable[[], Figure]] = {}
    plan, outcome = facts["plan"]["name"], facts["outcome"]
    if "rules" in facts:
        for name, key in (("rules", "rules"), ("rules_best", "best")):
            title = m(f"figure.{key}", plan=plan, n=m.number(facts["rules"]["draws"]))
            found[name] = partial(rules_figure, tables["rules"], title=title, shares=key == "best", m=m)
    if "volunteers" in facts:
        more = facts["volunteers"]["more"]
        found["volunteers"] = partial(volunteers_map, tables["volunteers"], outcome=outcome, more=more, m=m)
    if "order" in facts:
        title = m("figure.order", plan=plan, cost=million(facts["order"]["cost"], m))
        found["order"] = partial(orders_figure, tables["budget"], tables["regret"], outcome=outcome, title=title, m=m)
    return found


# Rules --------------------------------------------------------------------------------------------------------


def along_horizons(table: pd.DataFrame, ax: Axes, m: Messages) -> Axes:
    """What a course avoids, cumulated to each horizon, one line a rule; bands (95 % of the draws) of the two extremes.

    ``table`` holds the rows of ``rules`` of one effect and outcome: a capacity, and everybody.
    """
    for rule, (colour, line, _) in RULES.items():
        rows = table[table["rule"] == rule].sort_values("horizon")
        if rule.endswith("risk"):
            ax.fill_between(rows["horizon"], rows["each_low"], rows["each_high"], color=colour, alpha=0.13, linewidth=0)
        ax.plot(rows["horizon"], rows["each_mean"], color=colour, linestyle=line, linewidth=1.7,
                label=m(f"rule.{rule}"))  # fmt: skip
    whole = table[table["rule"] == EVERYBODY].sort_values("horizon")
    ax.plot(whole["horizon"], whole["each_mean"], color="#555555", linewidth=0.8, label=m("figure.everybody"))
    ax.axhline(0, color=COLOURS["observed"], linewidth=0.6)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))
    ax.yaxis.set_major_locator(MaxNLocator(4))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: m.plain(value)))
    return ax


def best_shares(table: pd.DataFrame, ax: Axes, m: Messages) -> Axes:
    """In which share of the draws each rule is the best at each horizon, as bars that add up to 1."""
    below = np.zeros(table["horizon"].nunique())
    for rule, (colour, _, hatch) in RULES.items():
        rows = table[table["rule"] == rule].sort_values("horizon")
        ax.bar(rows["horizon"], rows["best"], bottom=below, color=colour, hatch=hatch, edgecolor="white", linewidth=0.4,
               width=0.85, label=m(f"rule.{rule}"))  # fmt: skip
        below += rows["best"].to_numpy()
    ax.set_ylim(0, 1)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: m.percent(value, 0)))
    return ax


def rules_figure(table: pd.DataFrame, *, title: str, m: Messages, shares: bool) -> Figure:
    """Small multiples: outcomes downward, capacities across, for the effect as estimated and the same for everyone.

    With ``shares`` in which share of the draws each rule is the best, else what a course avoids.
    """
    capacities = sorted(table.loc[table["rule"] != EVERYBODY, "capacity"].unique())
    effects, outcomes = (list(dict.fromkeys(table[name])) for name in ("effect", "outcome"))
    figure = Figure(figsize=(2.1 + 4.0 * max(2, len(capacities)), 10.2), layout="constrained")
    figure.suptitle(title, fontsize=11)
    halves = figure.subfigures(1, len(effects), wspace=0.03, squeeze=False)[0]
    handles: dict[str, Artist] = {}
    for half, effect in zip(halves, effects, strict=True):
        grid = half.subplots(len(outcomes), len(capacities), sharex=True, sharey="row", squeeze=False)
        half.suptitle(m(f"figure.{effect}"), fontsize=11, fontweight="bold")
        for row, outcome in enumerate(outcomes):
            own = table[(table["effect"] == effect) & (table["outcome"] == outcome)]
            for column, capacity in enumerate(capacities):
                ax = grid[row, column]
                here = own[(own["capacity"] == capacity) | ((own["rule"] == EVERYBODY) & (not shares))]
                (best_shares if shares else along_horizons)(here, ax, m)
                drawn, names = ax.get_legend_handles_labels()
                handles.update(zip(names, drawn, strict=True))
                if row == 0:
                    ax.set_title(m("figure.served", share=m.percent(capacity, 0)), fontsize=10)
                if column == 0:
                    key = "figure.is_best" if shares else "figure.per_course"
                    ax.set_ylabel(m(key, outcome=m(f"outcome.{outcome}")), fontsize=9)
        half.supxlabel(m("figure.horizon"), fontsize=10)
    figure.legend([*handles.values()], [*handles], loc="outside lower center", ncols=5, frameon=False)
    return figure


# Municipalities -----------------------------------------------------------------------------------------------


def volunteers_map(table: pd.DataFrame, *, outcome: str, more: float, m: Messages) -> Figure:
    """What more volunteers avoid in each municipality; those where the plan never opens are hatched."""
    figure = Figure(figsize=(10.2, 7.6), layout="constrained")
    values = dict(zip(table["number"].astype(int), table[outcome].astype(float), strict=True))
    label = m("figure.volunteers", outcome=m(f"outcome.{outcome}"), more=m.plain(more))
    choropleth(figure.subplots(), values, missing=m("figure.missing"), label=label, form=m.number)
    return figure


def against_budget(curves: pd.DataFrame, ax: Axes, *, outcome: str, m: Messages) -> Axes:
    """What each order has avoided when a budget is spent; the band is the best order's 95 % of the draws."""
    for name, (colour, line) in ORDERS.items():
        rows = curves[curves["order"] == name]
        if name == BEST:
            ax.fill_between(rows["budget"] / 1e6, rows["low"], rows["high"], color=colour, alpha=0.12, linewidth=0,
                            label=m("figure.band"))  # fmt: skip
        ax.plot(rows["budget"] / 1e6, rows["mean"], color=colour, linestyle=line, linewidth=1.8,
                label=m(f"orders.{name}"))  # fmt: skip
    ax.axhline(0, color=COLOURS["observed"], linewidth=0.6)
    ax.set(xlabel=m("figure.spent"), ylabel=m("figure.avoided", outcome=m(f"outcome.{outcome}")), xlim=(0, None))
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: m.plain(value)))
    ax.legend(frameon=False, loc="upper left")
    return ax


def regrets(table: pd.DataFrame, ax: Axes, *, m: Messages) -> Axes:
    """What each order avoids less than the best one, part of the best, at three budgets, with two simulation errors."""
    names = [name for name in ORDERS if name != BEST]
    for k, share in enumerate(sorted(table["share"].unique())):
        rows = table[table["share"] == share].set_index("order").loc[names]
        y = np.arange(len(names)) + 0.26 * (k - 1)
        ax.barh(y, rows["part"], height=0.24, color=COLOURS["mentored"], alpha=(0.35, 0.6, 0.9)[k], linewidth=0,
                xerr=2 * rows["part_error"], error_kw={"elinewidth": 1, "capsize": 2},
                label=m("figure.budget", share=m.percent(share, 0)))  # fmt: skip
    ax.axvline(0, color=COLOURS["observed"], linewidth=1)
    ax.set_yticks(np.arange(len(names)), [m(f"orders.{name}") for name in names])
    ax.invert_yaxis()
    ax.tick_params(axis="y", length=0)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: m.percent(value, 0)))
    ax.set(xlabel=m("figure.less"))
    ax.grid(axis="x", color=GREY, linewidth=0.6)
    ax.set_axisbelow(True)
    ax.legend(frameon=False, loc="upper right")
    return ax


def orders_figure(curves: pd.DataFrame, regret: pd.DataFrame, *, outcome: str, title: str, m: Messages) -> Figure:
    """Both in one figure."""
    figure = Figure(figsize=(12.5, 5.2), layout="constrained")
    figure.suptitle(title, fontsize=11)
    left, right = figure.subplots(1, 2, width_ratios=[1.15, 1.0])
    against_budget(curves, left, outcome=outcome, m=m)
    regrets(regret, right, m=m)
    return figure

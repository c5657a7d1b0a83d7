"""Figures of the calibration and of its check.

The reported difference and what is left of it, prior and posterior, definitions; ranks of known truths, and coverage.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, PercentFormatter

from experiments.figures.palette import COLOURS
from experiments.figures.style import Figures
from experiments.inputs.parameter_points import STRENGTH
from experiments.inputs.trial_result import TRIALS_OWN
from experiments.language.calibrate import checked_quantity
from experiments.language.messages import Messages

PRIOR, POSTERIOR = "#9a9a9a", COLOURS["mentored"]
SHADES = ("#2166ac", "#67a9cf", "#b35806")
MARKS = {"any": ("o", "#b35806"), "prison": ("^", "#2166ac"), "sentence": ("s", "#5e3c99")}
"""Marker and colour of each definition."""
TICKS = (0.01, 0.03, 0.1, 0.3, 1, 3)
CRITICAL = 1.358
"""The distance of Kolmogorov and Smirnov that 95 % of uniform samples stay within, times the root of their number."""


def figures(facts: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], m: Messages) -> Figures:
    """The study's figures by name; none if the calibration refused itself."""
    if facts["check"]:
        return {"check": lambda: check_figure(tables["ranks"], tables["coverage"], m)}
    return {} if facts["refusals"] else {"calibration": lambda: calibration_figure(facts, tables, m)}


def calibration_figure(facts: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], m: Messages) -> Figure:
    """The six panels of ``desist calibrate``."""
    figure = Figure(figsize=(12.5, 7.6))
    axes = figure.subplots(2, 3)
    risk_pairs(tables["risks"], facts["reported"], axes[0, 0], m)
    remaining(tables["densities"], tables["differences"], axes[0, 1], reported=facts["reported"]["gap"], m=m)
    definitions(facts["definitions"], axes[0, 2], m)
    histograms = tables["histograms"]
    names = ("strength", "share", "half_life")
    for ax, key, name in zip(axes[1], histograms["key"].unique(), names, strict=True):
        prior_and_posterior(histograms[histograms["key"] == key], ax, label=m(f"figure.{name}"), m=m,
                            log=key == STRENGTH)  # fmt: skip
        ax.set_title(m(f"figure.{name}_title"))
    axes[1, 0].legend(frameon=False, loc="upper right")
    return figure


def risk_pairs(risks: pd.DataFrame, reported: Mapping[str, int], ax: Axes, m: Messages) -> None:
    """Risks of both arms at the draws; the reported pair as a cross, equal risks as a line."""
    for definition, (marker, colour) in MARKS.items():
        rows = risks[risks["definition"] == definition]
        ax.plot(rows["control"], rows["mentored"], marker, ms=2.6, alpha=0.45, color=colour, mew=0,
                label=m(f"figure.{definition}"))  # fmt: skip
    ax.plot([0, 1], [0, 1], color=COLOURS["observed"], linewidth=0.8)
    ax.text(0.335, 0.365, m("figure.no_difference"), rotation=42, fontsize=8, color=COLOURS["observed"], ha="center",
            va="center")  # fmt: skip
    pair = (reported["control_percent"] / 100, reported["mentored_percent"] / 100)
    ax.plot(*pair, "X", ms=11, color=COLOURS["observed"], mec="white")
    percent = {arm: m.number(reported[f"{arm}_percent"]) for arm in ("mentored", "control")}
    ax.annotate(m("figure.reported", **percent), pair, xytext=(9, -3), textcoords="offset points", fontsize=8, va="top")
    ax.set(xlim=(0.25, 0.9), ylim=(0.1, 0.9), xlabel=m("figure.control_risk"), ylabel=m("figure.mentored_risk"),
           title=m("figure.risks"))  # fmt: skip
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    ax.legend(frameon=False, title=m("figure.definition_used"), loc="upper left", markerscale=2, handletextpad=0.1)


def remaining(densities: pd.DataFrame, differences: pd.DataFrame, ax: Axes, *, reported: int, m: Messages) -> None:
    """Difference in two-year reoffending for new groups: densities, medians and 95 %, the reported one dashed."""
    own = differences[differences["definition"] == TRIALS_OWN].set_index("group")
    names = list(dict.fromkeys(densities["group"]))
    for place, name in enumerate(names):
        y, colour = len(names) - 1 - place, SHADES[place]
        rows = densities[densities["group"] == name]
        half = 0.35 * rows["density"] / rows["density"].max()
        ax.fill_between(100 * rows["difference"], y - half, y + half, color=colour, alpha=0.35, linewidth=0)
        low, middle, high = (100 * own.loc[name, end] for end in ("low", "difference", "high"))
        ax.plot([low, high], [y, y], color=colour, linewidth=2)
        ax.plot(middle, y, "o", color=colour, ms=6)
        text = m("figure.spread", n=m.number(middle, 1), low=m.number(low, 1), high=m.number(high, 1))
        ax.text(reported + 1.5, y, text, va="center", fontsize=8, color=colour)
        ax.text(-9.5, y + 0.37, m(f"group.{name}"), fontsize=9, va="bottom")
    ax.axvline(0, color=COLOURS["observed"], linewidth=0.8)
    ax.axvline(reported, color=COLOURS["observed"], linestyle="--", linewidth=1.2)
    ax.text(reported - 0.7, len(names) - 0.15, m("figure.reported_gap", gap=m.number(reported)), fontsize=8, ha="right",
            va="top")  # fmt: skip
    ax.set(xlim=(-10, 55), ylim=(-0.5, len(names) - 0.1), yticks=[], xlabel=m("figure.fewer"), title=m("figure.left"))
    ax.spines["left"].set_visible(False)


def prior_and_posterior(classes: pd.DataFrame, ax: Axes, *, label: str, log: bool = False, m: Messages) -> None:
    """Two histograms of one parameter."""
    edges = np.append(classes["low"], classes["high"].iloc[-1])
    ax.stairs(classes["prior"], edges, fill=True, color=PRIOR, alpha=0.45, label=m("figure.prior"))
    ax.stairs(classes["posterior"], edges, color=POSTERIOR, linewidth=1.8, label=m("figure.posterior"))
    if log:
        ax.set_xscale("log")
        ticks = [tick for tick in TICKS if edges[0] <= tick <= edges[-1]]
        ax.set_xticks(ticks, [m.plain(tick) for tick in ticks])
        ax.minorticks_off()
    else:
        ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: m.plain(float(value))))
    ax.set(xlabel=label, yticks=[])
    ax.spines["left"].set_visible(False)


def definitions(probabilities: Mapping[str, float], ax: Axes, m: Messages) -> None:
    """Posterior probability of each definition; the prior as a line."""
    names = list(probabilities)
    ax.bar([m(f"figure.{name}") for name in names], [probabilities[name] for name in names], color=POSTERIOR, width=0.6)
    for place, name in enumerate(names):
        ax.text(place, probabilities[name] + 0.02, m.percent(probabilities[name], 0), ha="center", fontsize=9)
    ax.axhline(1 / len(names), color=PRIOR, linewidth=2)
    ax.text(0.5, 1 / len(names) + 0.012, m("figure.prior"), fontsize=9, color="#555555", ha="center")
    ax.set(ylim=(0, max(0.75, 0.15 + max(probabilities.values()))), title=m("figure.definitions"))
    ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))


# The check ----------------------------------------------------------------------------------------------------


def check_figure(ranks: pd.DataFrame, covered: pd.DataFrame, m: Messages) -> Figure:
    """Ranks and coverage, for the trial and for the registers."""
    parts = list(dict.fromkeys(ranks["part"]))
    figure = Figure(figsize=(11.5, 4.8 * len(parts)))
    axes = figure.subplots(len(parts), 2, squeeze=False)
    for row, part in zip(axes, parts, strict=True):
        mine = ranks[ranks["part"] == part]
        number = int(mine["trial"].nunique())
        rank_curves(mine, row[0], number=number, m=m)
        coverage(covered[covered["part"] == part], row[1], m)
        row[0].set_title(m(f"figure.ranks_{part}", number=m.number(number, 0)))
        row[1].set_title(m("figure.covered"))
    return figure


def rank_curves(table: pd.DataFrame, ax: Axes, *, number: int, m: Messages) -> None:
    """Distance of the ranks' distribution from the uniform one, with the band within which 95 % of true ones stay."""
    at = np.linspace(0, 1, 201)
    for name, rows in table.groupby("quantity", sort=False):
        values = np.sort(rows["rank"].to_numpy())
        ax.plot(at, np.searchsorted(values, at, side="right") / len(values) - at, linewidth=1.1,
                label=checked_quantity(str(name), m))  # fmt: skip
    half = CRITICAL / np.sqrt(number)
    ax.fill_between(at, -half, half, color=PRIOR, alpha=0.25, linewidth=0)
    ax.axhline(0, color=COLOURS["observed"], linewidth=0.8)
    ax.set(xlabel=m("figure.rank"), ylabel=m("figure.below"), xlim=(0, 1))
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: m.plain(round(value, 6) + 0.0)))
    ax.legend(frameon=False, fontsize=7, ncols=2, loc="upper center", bbox_to_anchor=(0.5, -0.16))


def coverage(table: pd.DataFrame, ax: Axes, m: Messages) -> None:
    """Share of intervals that contain the truth, with its 95 % interval, for each level."""
    names = list(dict.fromkeys(table["quantity"]))
    for place, level in enumerate(sorted(table["level"].unique())):
        rows = table[table["level"] == level].set_index("quantity").loc[names]
        y = np.arange(len(names)) + 0.2 * (place - 1)
        # an end can lie a rounding error on the wrong side of a share of 0 or 1
        spread = np.maximum([rows["covered"] - rows["low"], rows["high"] - rows["covered"]], 0.0)
        ax.errorbar(rows["covered"], y, xerr=spread, fmt="o", ms=4, linewidth=1.2, color=SHADES[place])
        ax.axvline(level, color=SHADES[place], linestyle="--", linewidth=1)
        ax.text(level, len(names) - 0.35, m.percent(level, 0), ha="center", fontsize=8, color=SHADES[place],
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 1})  # fmt: skip
    ax.set_yticks(np.arange(len(names)), [checked_quantity(name, m) for name in names], fontsize=8)
    ax.set(xlim=(0.3, 1.02), ylim=(-0.6, len(names)), xlabel=m("figure.intervals"))
    ax.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))

"""Figures of a planned trial: power against size, and what its significant results report against the truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, PercentFormatter

from experiments.figures.palette import COLOURS
from experiments.inputs.trial_result import GAP
from experiments.language.messages import Messages

GREY = "#d9d9d9"


def figures(
    facts: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], m: Messages
) -> dict[str, Callable[[], Figure]]:
    """The study's figures by name."""
    return {"power": lambda: power_figure(facts, tables["sizes"], tables["reported"], m)}


def power_figure(facts: Mapping[str, Any], sizes: pd.DataFrame, reported: pd.DataFrame, m: Messages) -> Figure:
    """Both in one figure."""
    figure = Figure(figsize=(10.5, 4.2))
    left, right = figure.subplots(1, 2)
    power_along(sizes, left, planned=facts["plan"]["size"], targets=[row["target"] for row in facts["needed"]],
                many=facts["truth"] == "draws", m=m)  # fmt: skip
    reported_differences(reported, right, truth=facts["power"]["difference"], mean=facts["power"]["reported"], m=m)
    return figure


def power_along(
    table: pd.DataFrame, ax: Axes, *, planned: int, targets: list[float], many: bool, m: Messages
) -> Axes:  # fmt: skip
    """Power (or assurance, over many truths) against the number of people, with targets as dashed lines.

    ``table`` has columns size, power (calculated), low and high (middle 95 % of the draws), simulated and
    simulated_error (shares 0-1, NaN where nothing was simulated).
    """
    rows = table.sort_values("size")
    if many:
        ax.fill_between(rows["size"], rows["low"], rows["high"], color=COLOURS["mentored"], alpha=0.15, linewidth=0,
                        label=m("figure.middle"))  # fmt: skip
    name = m("figure.assurance" if many else "figure.power")
    ax.plot(rows["size"], rows["power"], color=COLOURS["mentored"], linewidth=2, label=name)
    seen = rows.dropna(subset=["simulated"])
    ax.errorbar(seen["size"], seen["simulated"], 2 * seen["simulated_error"], linestyle="none", marker="o",
                color=COLOURS["control"], markersize=5, capsize=2, zorder=4, label=m("figure.simulated"))  # fmt: skip
    for target in targets:
        ax.axhline(target, color=COLOURS["observed"], linestyle="--", linewidth=1)
        ax.annotate(f"{100 * target:g} %", (0.005, target), xycoords=("axes fraction", "data"), va="bottom", fontsize=8)
    ax.axvline(planned, color=COLOURS["observed"], linestyle=":", linewidth=1.2)
    ax.annotate(m("figure.planned", n=m.number(planned, 0)), (planned, 0.99), xycoords=("data", "axes fraction"),
                xytext=(4, 0), textcoords="offset points", va="top", fontsize=8)  # fmt: skip
    ax.set_xscale("log")
    ax.set(xlabel=m("figure.people"), ylabel=m("figure.share"), ylim=(0, 1.12), title=m("figure.size"))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: m.number(value, 0)))
    ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    ax.set_yticks(np.arange(0, 1.01, 0.2))
    ax.legend(frameon=True, framealpha=0.9, edgecolor="none", loc="lower right")
    return ax


def reported_differences(table: pd.DataFrame, ax: Axes, *, truth: float, mean: float | None, m: Messages) -> Axes:
    """What single trials report, the significant ones dark: truth as a line, the real trial's gap dashed.

    ``table`` has one row a class of differences: difference (its middle, shares, control less mentored), significant
    and not_significant (counts of trials). ``truth`` is the (mean) true difference, ``mean`` the mean size of what the
    significant trials report (None if there is none).
    """
    at, trials = table["difference"], table[["significant", "not_significant"]].to_numpy().sum()
    width = float(np.diff(at).min()) if len(at) > 1 else 0.04
    below = table["not_significant"] / trials
    label = m("figure.significant") if mean is None else m("figure.significant_mean", n=m.points(mean, 0))
    ax.bar(at, below, width, color=GREY, edgecolor="white", linewidth=0.5, label=m("figure.not_significant"))
    ax.bar(at, table["significant"] / trials, width, bottom=below, color=COLOURS["mentored"], edgecolor="white",
           linewidth=0.5, hatch="////", label=label)  # fmt: skip
    ax.margins(y=0.35)
    near = abs(truth - GAP / 100) < 3 * width
    for value, dash, text, height in (
        (truth, "-", m("figure.truth", n=m.points(truth, 0)), 0.87 if near else 0.81),
        (GAP / 100, "--", m("figure.observed", n=m.number(GAP)), 0.81),
    ):
        ax.axvline(value, ymax=0.8, color=COLOURS["observed"], linestyle=dash, linewidth=1.4)
        ax.text(value, height, text, ha="center", va="bottom", fontsize=8, transform=ax.get_xaxis_transform())
    ax.set(xlabel=m("figure.difference"), ylabel=m("figure.trials"), title=m("figure.reports"))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: m.points(value, 0)))
    ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    ax.legend(frameon=False, loc="upper left")
    return ax

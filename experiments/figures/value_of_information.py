"""Figures of what knowledge is worth: of knowing each quantity, and of a further trial by its size.

Each takes a table of ``worth.py`` and an ``ax``, and returns the ``ax``.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from experiments.figures.decision import GREY, kroner, money_axis
from experiments.figures.palette import COLOURS


def worth_bars(table: pd.DataFrame, ax: Axes, *, everything: float, labels: Mapping[str, str] | None = None,
               number: int = 12, unit: str = "worth per person") -> Axes:  # fmt: skip
    """What knowing each quantity is worth, ± 2 errors, the largest on top; a tick shows what knowing nothing gives.

    Parameters
    ----------
    table
        What ``worth.evppi_table`` gives, in kroner per person (or any other unit, if all are multiplied).
    ax
        Where to draw.
    everything
        The EVPI, as a line.
    labels
        Names of the quantities in a few words.
    number
        Bars at most.
    unit
        What the kroner are: of a person, of a plan.
    """
    rows = table.head(number)
    y = np.arange(len(rows))[::-1]
    ax.barh(y, rows["value"], height=0.62, color=COLOURS["mentored"], alpha=0.75, linewidth=0)
    low = np.minimum(2 * rows["error"], rows["value"])
    ax.errorbar(rows["value"], y, xerr=[low, 2 * rows["error"]], fmt="none", ecolor=COLOURS["observed"], elinewidth=1.2,
                capsize=2)  # fmt: skip
    ax.plot(rows["floor"], y, "|", ms=15, mew=1.6, color=COLOURS["control"], label="shuffled: worth of knowing nothing")
    ax.axvline(everything, color=COLOURS["observed"], linestyle="--", linewidth=1.2)
    high = float(max(everything, (rows["value"] + 2 * rows["error"]).max()))
    ax.set_xlim(0, 1.05 * high)
    ax.annotate(f"everything: {kroner(everything)}", (everything, 1.0), xycoords=("data", "axes fraction"),
                xytext=(0, 3), textcoords="offset points", fontsize=8,
                ha="right" if everything > 0.7 * high else "center")  # fmt: skip
    ax.set_yticks(y, [(labels or {}).get(name, name) for name in rows["what"]])
    ax.set_ylim(min(0, len(rows) - 4) - 0.6, len(rows) - 0.4)
    ax.tick_params(axis="y", length=0)
    ax.set_title("What is it worth to know?", loc="left", pad=18)
    money_axis(ax.xaxis, unit, high)
    ax.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.16))
    return ax


def trial_value(
    table: pd.DataFrame, ax: Axes, *, ceiling: float | None = None, unit: str = "all future people"
) -> Axes:
    """What a further trial is worth by its size, what it costs, and what is left; the best size marked.

    Parameters
    ----------
    table
        What ``worth.trial_worth`` gives.
    ax
        Where to draw.
    ceiling
        Kroner for all future people if what the trial measures were known for sure (EVPPI x people).
    unit
        What the kroner are of.
    """
    rows = table.sort_values("per_arm")
    at, error = rows["per_arm"], 2 * rows["net_error"]
    ax.fill_between(at, rows["gain"] - error, rows["gain"] + error, color=COLOURS["mentored"], alpha=0.15, linewidth=0)
    ax.plot(at, rows["gain"], color=COLOURS["mentored"], marker="o", ms=3.5, label="worth of the result, ± 2 errors")
    held = rows[at > 0]
    ax.plot(held["per_arm"], held["cost"], color=COLOURS["control"], linestyle="--", label="cost of the trial")
    ax.plot(held["per_arm"], held["net"], color=COLOURS["observed"], linewidth=2.4, label="worth less cost")
    if ceiling is not None:
        ax.axhline(ceiling, color=GREY, linestyle=":", linewidth=1.4, label="if it were known for sure")
    ax.axhline(0, color=COLOURS["observed"], linewidth=0.8)
    heights = [float(each) for each in (*rows["gain"] + error, *rows["net"] - error, ceiling or 0.0, 0.0)]
    ax.set_ylim(min(heights) - 0.05 * np.ptp(heights), max(heights) + 0.14 * np.ptp(heights))
    said = "no size pays for itself"
    if rows["best"].any():
        best = rows[rows["best"]].iloc[0]
        ax.plot(best["per_arm"], best["net"], "D", ms=8, color=COLOURS["observed"], mec="white", zorder=5)
        said = f"best of these sizes: {best['per_arm']:,.0f} in each arm, {kroner(best['net'])} left"
    ax.set_title(f"Is a further trial worth its money?\n{said}")
    ax.set(xlabel="people in each arm", xlim=(0, 1.02 * at.max()))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    money_axis(ax.yaxis, unit, *heights)
    ax.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)
    return ax


def worth_figure(parts: pd.DataFrame, trials: pd.DataFrame, *, everything: float, ceiling: float | None = None,
                 labels: Mapping[str, str] | None = None,
                 units: tuple[str, str] = ("worth per person", "all future people")) -> Figure:  # fmt: skip
    """Worth of knowing each quantity, and of a trial by its size."""
    figure = Figure(figsize=(12.5, 4.8))
    left, right = figure.subplots(1, 2)
    worth_bars(parts, left, everything=everything, labels=labels, unit=units[0])
    trial_value(trials, right, ceiling=ceiling, unit=units[1])
    return figure

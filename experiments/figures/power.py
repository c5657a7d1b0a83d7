"""Figures of a planned trial: power against size, and what its significant results report against the truth."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, PercentFormatter

from experiments.figures.palette import COLOURS
from experiments.inputs.trial_result import GAP

BIN = 0.04
"""Width of a bar: four points."""
GREY = "#d9d9d9"


def power_along(table: pd.DataFrame, ax: Axes, *, planned: int, targets: list[float], many: bool) -> Axes:
    """Power (or assurance, with many truths) against the number of people, with targets as dashed lines.

    ``table`` has columns size, power (calculated), low and high (middle 95 % of the draws), simulated and
    simulated_error (shares 0-1, NaN where nothing was simulated).
    """
    rows = table.sort_values("size")
    if many:
        ax.fill_between(rows["size"], rows["low"], rows["high"], color=COLOURS["mentored"], alpha=0.15, linewidth=0,
                        label="middle 95 % of the draws")  # fmt: skip
    name = "assurance, calculated" if many else "power, calculated"
    ax.plot(rows["size"], rows["power"], color=COLOURS["mentored"], linewidth=2, label=name)
    seen = rows.dropna(subset=["simulated"])
    ax.errorbar(seen["size"], seen["simulated"], 2 * seen["simulated_error"], linestyle="none", marker="o",
                color=COLOURS["control"], markersize=5, capsize=2, zorder=4, label="simulated, ± 2 errors")  # fmt: skip
    for target in targets:
        ax.axhline(target, color=COLOURS["observed"], linestyle="--", linewidth=1)
        ax.annotate(f"{100 * target:g} %", (0.005, target), xycoords=("axes fraction", "data"), va="bottom", fontsize=8)
    ax.axvline(planned, color=COLOURS["observed"], linestyle=":", linewidth=1.2)
    ax.annotate(f"planned\n{planned:,} people", (planned, 0.99), xycoords=("data", "axes fraction"), xytext=(4, 0),
                textcoords="offset points", va="top", fontsize=8)  # fmt: skip
    ax.set_xscale("log")
    ax.set(xlabel="people randomised", ylabel="trials significant in favour of mentoring", ylim=(0, 1.12),
           title="How large must it be?")  # fmt: skip
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    ax.set_yticks(np.arange(0, 1.01, 0.2))
    ax.legend(frameon=True, framealpha=0.9, edgecolor="none", loc="lower right")
    return ax


def reported(table: pd.DataFrame, ax: Axes, *, truth: float, mean: float) -> Axes:
    """What single trials report, the significant ones dark: truth as a line, the real trial's gap dashed.

    ``table`` has columns difference (shares, control less mentored) and significant, one row a trial; ``truth`` is the
    (mean) true difference, ``mean`` the mean size of what the significant report (NaN if there is none).
    """
    known = table.dropna(subset=["difference"])
    ends = np.floor(known["difference"].min() / BIN), np.ceil(known["difference"].max() / BIN) + 1
    edges = (np.arange(ends[0], ends[1] + 1) - 0.5) * BIN
    parts = [known.loc[known["significant"] == flag, "difference"] for flag in (False, True)]
    weights = [np.full(len(part), 1 / len(known)) for part in parts]
    beside = f", mean {100 * mean:.0f}" if mean == mean else ""
    ax.hist(parts, edges.tolist(), weights=weights, stacked=True, color=[GREY, COLOURS["mentored"]], edgecolor="white",
            linewidth=0.5, label=["not significant", f"significant{beside}"])  # fmt: skip
    for bar in ax.patches[len(edges) - 1 :]:
        bar.set_hatch("////")
    ax.margins(y=0.35)
    near = abs(truth - GAP / 100) < 3 * BIN
    for value, dash, text, height in (
        (truth, "-", f"truth {100 * truth:.0f}", 0.87 if near else 0.81), (GAP / 100, "--", f"observed {GAP}", 0.81)
    ):  # fmt: skip
        ax.axvline(value, ymax=0.8, color=COLOURS["observed"], linestyle=dash, linewidth=1.4)
        ax.text(value, height, text, ha="center", va="bottom", fontsize=8, transform=ax.get_xaxis_transform())
    ax.set(xlabel="reported difference, points (control less mentored)", ylabel="share of trials",
           title="What does such a trial report?")  # fmt: skip
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.0f}"))
    ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    ax.legend(frameon=False, loc="upper left")
    return ax


def power_figure(
    sizes: pd.DataFrame, trials: pd.DataFrame, *, planned: int, targets: list[float], many: bool, truth: float,
    mean: float,
) -> Figure:  # fmt: skip
    """Both in one figure."""
    figure = Figure(figsize=(10.5, 4.2))
    left, right = figure.subplots(1, 2)
    power_along(sizes, left, planned=planned, targets=targets, many=many)
    reported(trials, right, truth=truth, mean=mean)
    return figure

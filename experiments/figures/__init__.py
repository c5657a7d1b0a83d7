"""Figures: each takes a table and an ``ax`` and returns the ``ax``; the data first, then the model.

One palette, safe for the colour-blind and told apart in black and white by line and marker; units on the axes;
uncertainty drawn; observed values as dashed lines with their number.
"""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from experiments.figures.palette import COLOURS
from experiments.inputs.trial_result import CLOSE, CONTROL_PERCENT, MENTORED_PERCENT, POSSIBLE

LINES = {"control": "-", "mentored": (0, (5, 1.5))}
HATCHES = {"control": "", "mentored": "////"}
NAMES = {
    "effect.strength": "strength: hazard ratio while they meet",
    "effect.support_share": "share through support factors",
    "programme.half_life_months": "half-life, months",
    "trial.control_risk": "control risk",
}
SUPPORT = LinearSegmentedColormap.from_list("support", ["#ffffff", "#dbe9f6", "#7fb2d6", "#2b6ca8", "#08306b"])


def style() -> None:
    """Seaborn's plain style, type that can be read in print, text that stays text in SVG, the same bytes each time."""
    import seaborn as sns

    sns.set_theme(style="ticks", context="notebook", font="DejaVu Sans")
    mpl.rcParams.update({
        "svg.fonttype": "none", "svg.hashsalt": "desist", "figure.constrained_layout.use": True,
        "axes.spines.top": False, "axes.spines.right": False, "font.size": 10, "axes.titlesize": 11,
        "axes.labelsize": 10, "legend.fontsize": 9, "legend.title_fontsize": 9, "xtick.labelsize": 9,
        "ytick.labelsize": 9,
    })  # fmt: skip


def printed_shares(table: pd.DataFrame, ax: Axes, *, title: str) -> Axes:
    """How often a trial prints each share, in both arms; the observed 29 and 67 % as dashed lines.

    ``table`` has columns arm and share (0-1), one row a trial and arm.
    """
    import seaborn as sns

    sns.histplot(
        table, x="share", hue="arm", hue_order=["control", "mentored"], palette=COLOURS, bins=np.arange(0, 1.01, 0.04),
        stat="proportion", common_norm=False, alpha=0.55, edgecolor="white", linewidth=0.5, legend=False, ax=ax,
    )  # fmt: skip
    for arm, bars in zip(("mentored", "control"), ax.containers, strict=False):
        for bar in bars:
            bar.set_hatch(HATCHES[arm])
        bars.set_label(arm)
    ax.margins(y=0.28)
    for percent, arm in ((MENTORED_PERCENT, "mentored"), (CONTROL_PERCENT, "control")):
        ax.axvline(percent / 100, ymax=0.86, color=COLOURS["observed"], linestyle="--", linewidth=1.2)
        ax.text(percent / 100, 0.99, f"observed\n{arm} {percent} %", ha="center", va="top", fontsize=8,
                transform=ax.get_xaxis_transform())  # fmt: skip
    ax.set(xlabel="reoffended within two years, highest-risk group", ylabel="share of trials", title=title, xlim=(0, 1))
    ax.set_ylim(bottom=0)
    ax.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    return ax


def support_map(table: pd.DataFrame, ax: Axes, *, x: str, y: str) -> Axes:
    """Where two assumptions reproduce the trial: shade is support (0-1), a dot reproduced, a ring not excluded.

    Where several points share a cell the best is shown.
    """
    grid = table.pivot_table(index=y, columns=x, values="support", aggfunc="max").sort_index().sort_index(axis=1)
    import seaborn as sns

    sns.heatmap(grid, cmap=SUPPORT, vmin=0, vmax=1, cbar=False, linewidths=0.4, linecolor="#cccccc", ax=ax)
    ax.invert_yaxis()
    ax.set(xlabel="", ylabel="")
    shades = grid.to_numpy()
    for row in range(grid.shape[0]):
        for column in range(grid.shape[1]):
            value = shades[row, column]
            if value >= CLOSE:
                ax.plot(column + 0.5, row + 0.5, "o", color="black", markeredgecolor="white", markersize=6)
            elif value >= POSSIBLE:
                ax.plot(column + 0.5, row + 0.5, "o", color="none", markeredgecolor="#666666", markersize=4)
    ax.set_xticks(np.arange(grid.shape[1]) + 0.5, [_value(value) for value in grid.columns])
    ax.set_yticks(np.arange(grid.shape[0]) + 0.5, [_value(value) for value in grid.index])
    ax.tick_params(length=0)
    ax.tick_params(axis="y", rotation=0)
    return ax


def arms_along(table: pd.DataFrame, ax: Axes, *, x: str) -> Axes:
    """Risk in both arms along one assumption, with two simulation errors; the observed pair as dashed lines."""
    rows = table.sort_values(x)
    for arm in ("control", "mentored"):
        ax.errorbar(rows[x], rows[arm], 2 * rows[f"{arm}_error"], color=COLOURS[arm], linestyle=LINES[arm],
                    marker="o" if arm == "control" else "s", markersize=4, capsize=2, label=arm)  # fmt: skip
    for percent in (MENTORED_PERCENT, CONTROL_PERCENT):
        ax.axhline(percent / 100, color=COLOURS["observed"], linestyle="--", linewidth=1)
        ax.annotate(f"observed {percent} %", (1, percent / 100), xycoords=("axes fraction", "data"), ha="right",
                    va="bottom", fontsize=8)  # fmt: skip
    ax.set(xlabel=NAMES.get(x, x), ylabel="reoffended within two years, highest-risk group", ylim=(0, 1))
    ax.yaxis.set_major_formatter(PercentFormatter(1.0))
    ax.legend(frameon=False, title="arm, ± 2 simulation errors")
    return ax


def support_along(table: pd.DataFrame, ax: Axes, *, x: str) -> Axes:
    """Support of the points along one assumption, whatever the others are; the two bounds of the check as lines."""
    ax.plot(table[x], table["support"], "o", color=COLOURS["mentored"], markersize=3, alpha=0.6)
    for bound, name in ((CLOSE, "reproduced"), (POSSIBLE, "not excluded")):
        ax.axhline(bound, color=COLOURS["observed"], linestyle="--", linewidth=1)
        ax.annotate(name, (1, bound), xycoords=("axes fraction", "data"), ha="right", va="bottom", fontsize=8)
    ax.set(xlabel=NAMES.get(x, x), ylabel="support for 29 / 67 %", ylim=(0, 1.05))
    return ax


def sweep_figure(table: pd.DataFrame, axes: Sequence[str], *, grid: bool = True) -> Figure:
    """The whole sweep in one figure: maps over the first two axes for each value of the next two, if it is a grid."""
    numeric = [key for key in axes if pd.api.types.is_numeric_dtype(table[key])]
    if len(axes) == 1 and numeric:
        figure = Figure(figsize=(6.4, 4.4))
        arms_along(table, figure.add_subplot(), x=axes[0])
        return figure
    on_grid = grid and len(axes) >= 2 and all(len(table[key].unique()) <= 16 for key in axes[:4])
    if not on_grid:
        shown = numeric or [axes[0]]
        figure = Figure(figsize=(3.4 * min(3, len(shown)), 3.1 * ((len(shown) + 2) // 3)))
        for number, key in enumerate(shown):
            ax = figure.add_subplot((len(shown) + 2) // 3, min(3, len(shown)), number + 1)
            support_along(table, ax, x=key)
        return figure
    return _panels(table, list(axes))


def _panels(table: pd.DataFrame, axes: list[str]) -> Figure:
    x, y = axes[0], axes[1]
    values: list[list[object]] = [sorted(table[key].unique()) for key in axes[2:4]]
    columns = values[0] if values else [None]
    rows = values[1][::-1] if len(values) > 1 else [None]
    figure = Figure(figsize=(max(7.5, 3.0 * len(columns) + 1.4), max(4.0, 1.9 * len(rows) + 1.9)))
    grid = figure.subplots(len(rows), len(columns), sharex=True, sharey=True, squeeze=False)
    for row, down in enumerate(rows):
        for column, along in enumerate(columns):
            part = table
            if along is not None:
                part = part[part[axes[2]] == along]
            if down is not None:
                part = part[part[axes[3]] == down]
            ax = support_map(part, grid[row, column], x=x, y=y)
            if row == 0 and along is not None:
                ax.set_title(f"{NAMES.get(axes[2], axes[2])}: {_value(along)}")
            if column == len(columns) - 1 and down is not None:
                ax.annotate(f"{NAMES.get(axes[3], axes[3])} {_value(down)}", (1.03, 0.5), xycoords="axes fraction",
                            rotation=270, va="center", fontsize=9)  # fmt: skip
            ax.tick_params(axis="x", rotation=90)
    figure.supxlabel(NAMES.get(x, x), fontsize=10)
    figure.supylabel(NAMES.get(y, y), fontsize=10)
    shade = mpl.cm.ScalarMappable(norm=mpl.colors.Normalize(0, 1), cmap=SUPPORT)
    bar = figure.colorbar(shade, ax=grid, shrink=0.6, pad=0.03 if len(axes) < 4 else 0.05)
    bar.set_label("support: probability of 29 / 67 %, best pair = 1")
    legend = "● reproduces the trial (29 % against 67 %)     ○ is not excluded     no mark: excluded"
    figure.suptitle(legend, fontsize=10)
    return figure


def _value(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, (int, float)) else str(value)

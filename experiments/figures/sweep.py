"""Figures of a sweep: where in a space of assumptions the trial's result is likely."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from experiments.figures.palette import COLOURS, LINES
from experiments.inputs.trial_result import CONTROL_PERCENT, MENTORED_PERCENT, REGION_67, REGION_95
from experiments.language.messages import Messages

SHADES = LinearSegmentedColormap.from_list(
    "likelihood", ["#ffffff", "#dbe9f6", "#7fb2d6", "#2b6ca8", "#08306b"]
)  # fmt: skip
MOST_VALUES = 16
"""Values of an axis on a map; with more the points are drawn along each axis."""


def figures(
    facts: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], m: Messages
) -> dict[str, Callable[[], Figure]]:
    """The study's figures by name."""
    axes = [each["key"] for each in facts["axes"]]
    return {"map": lambda: sweep_figure(tables["points"], axes, grid=facts["design"] == "grid", m=m)}


def sweep_figure(table: pd.DataFrame, axes: Sequence[str], *, grid: bool = True, m: Messages) -> Figure:
    """The whole sweep in one figure: maps over the first two axes for each value of the next two, if it is a grid."""
    numeric = [key for key in axes if pd.api.types.is_numeric_dtype(table[key])]
    if len(axes) == 1 and numeric:
        figure = Figure(figsize=(6.4, 4.4))
        risks_along(table, figure.add_subplot(), x=axes[0], m=m)
        return figure
    on_grid = grid and len(axes) >= 2 and all(len(table[key].unique()) <= MOST_VALUES for key in axes[:4])
    if not on_grid:
        shown = numeric or [axes[0]]
        figure = Figure(figsize=(3.4 * min(3, len(shown)), 3.1 * ((len(shown) + 2) // 3)))
        for number, key in enumerate(shown):
            ax = figure.add_subplot((len(shown) + 2) // 3, min(3, len(shown)), number + 1)
            likelihood_along(table, ax, x=key, m=m)
        return figure
    return _panels(table, list(axes), m)


def likelihood_map(table: pd.DataFrame, ax: Axes, *, x: str, y: str) -> Axes:
    """Where two assumptions make the trial's result likely.

    The shade is the relative likelihood (0-1); a dot marks points inside the 67 % likelihood region, a ring those that
    are only inside the 95 % region. Where several points share a cell the best is shown.
    """
    import seaborn as sns  # half a second: only where a map is drawn

    grid = table.pivot_table(index=y, columns=x, values="relative_likelihood", aggfunc="max")
    grid = grid.sort_index().sort_index(axis=1)
    sns.heatmap(grid, cmap=SHADES, vmin=0, vmax=1, cbar=False, linewidths=0.4, linecolor="#cccccc", ax=ax)
    ax.invert_yaxis()
    ax.set(xlabel="", ylabel="")
    shades = grid.to_numpy()
    for row in range(grid.shape[0]):
        for column in range(grid.shape[1]):
            value = shades[row, column]
            if value >= REGION_67:
                ax.plot(column + 0.5, row + 0.5, "o", color="black", markeredgecolor="white", markersize=6)
            elif value >= REGION_95:
                ax.plot(column + 0.5, row + 0.5, "o", color="none", markeredgecolor="#666666", markersize=4)
    ax.set_xticks(np.arange(grid.shape[1]) + 0.5, [_value(value) for value in grid.columns])
    ax.set_yticks(np.arange(grid.shape[0]) + 0.5, [_value(value) for value in grid.index])
    ax.tick_params(length=0)
    ax.tick_params(axis="y", rotation=0)
    return ax


def risks_along(table: pd.DataFrame, ax: Axes, *, x: str, m: Messages) -> Axes:
    """Risk in both arms along one assumption; the observed pair as dashed lines.

    Bars are two simulation errors, or the middle 95 % of the draws if ``table`` is over draws.
    """
    rows = table.sort_values(x)
    over_draws = "draws" in rows.columns
    for arm in ("control", "mentored"):
        half = (rows[f"{arm}_high"] - rows[f"{arm}_low"]) / 4 if over_draws else rows[f"{arm}_error"]
        ax.errorbar(rows[x], rows[arm], 2 * half, color=COLOURS[arm], linestyle=LINES[arm],
                    marker="o" if arm == "control" else "s", markersize=4, capsize=2,
                    label=m(f"figure.{arm}"))  # fmt: skip
    for percent in (MENTORED_PERCENT, CONTROL_PERCENT):
        ax.axhline(percent / 100, color=COLOURS["observed"], linestyle="--", linewidth=1)
        ax.annotate(m("figure.observed", percent=f"{percent} %"), (1, percent / 100),
                    xycoords=("axes fraction", "data"), ha="right", va="bottom", fontsize=8)  # fmt: skip
    ax.set(xlabel=axis_label(x, m), ylabel=m("figure.risk"), ylim=(0, 1))
    ax.yaxis.set_major_formatter(PercentFormatter(1.0))
    ax.legend(frameon=False, title=m("figure.arms_draws" if over_draws else "figure.arms"))
    return ax


def likelihood_along(table: pd.DataFrame, ax: Axes, *, x: str, m: Messages) -> Axes:
    """Relative likelihood of the points along one assumption, whatever the others are; both regions as lines."""
    ax.plot(table[x], table["relative_likelihood"], "o", color=COLOURS["mentored"], markersize=3, alpha=0.6)
    for bound, name in ((REGION_67, m("figure.region_67")), (REGION_95, m("figure.region_95"))):
        ax.axhline(bound, color=COLOURS["observed"], linestyle="--", linewidth=1)
        ax.annotate(name, (1, bound), xycoords=("axes fraction", "data"), ha="right", va="bottom", fontsize=8)
    ax.set(xlabel=axis_label(x, m), ylabel=m("figure.likelihood"), ylim=(0, 1.05))
    return ax


def _panels(table: pd.DataFrame, axes: list[str], m: Messages) -> Figure:
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
            ax = likelihood_map(part, grid[row, column], x=x, y=y)
            if row == 0 and along is not None:
                ax.set_title(f"{axis_label(axes[2], m)}: {_value(along)}")
            if column == len(columns) - 1 and down is not None:
                ax.annotate(f"{axis_label(axes[3], m)} {_value(down)}", (1.03, 0.5), xycoords="axes fraction",
                            rotation=270, va="center", fontsize=9)  # fmt: skip
            ax.tick_params(axis="x", rotation=90)
    figure.supxlabel(axis_label(x, m), fontsize=10)
    figure.supylabel(axis_label(y, m), fontsize=10)
    shade = mpl.cm.ScalarMappable(norm=mpl.colors.Normalize(0, 1), cmap=SHADES)
    bar = figure.colorbar(shade, ax=grid, shrink=0.6, pad=0.03 if len(axes) < 4 else 0.05)
    bar.set_label(m("figure.shade"))
    figure.suptitle(m("figure.legend"), fontsize=10)
    return figure


def axis_label(key: str, m: Messages) -> str:
    """What an axis is called in a figure: its text in the catalogue, or its key."""
    return m(f"axis.{key}") if m.has(f"axis.{key}") else key


def _value(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, (int, float)) else str(value)

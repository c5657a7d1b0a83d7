"""Figures of ``desist calibrate --check``: ranks of known truths, and how often intervals contain them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, PercentFormatter

from experiments.figures.palette import COLOURS
from experiments.language.messages import Messages

BAND = "#9a9a9a"
SHADES = ("#2166ac", "#67a9cf", "#b35806")
CRITICAL = 1.358
"""The distance of Kolmogorov and Smirnov that 95 % of uniform samples stay within, times the root of their number."""


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


def rank_curves(table: pd.DataFrame, ax: Axes, *, number: int, m: Messages) -> Axes:
    """Distance of the ranks' distribution from the uniform one, with the band within which 95 % of true ones stay.

    ``table`` has columns quantity and rank (0-1), one row a simulated trial and quantity.
    """
    at = np.linspace(0, 1, 201)
    for name, rows in table.groupby("quantity", sort=False):
        values = np.sort(rows["rank"].to_numpy())
        label = _quantity(str(name), m)
        ax.plot(at, np.searchsorted(values, at, side="right") / len(values) - at, linewidth=1.1, label=label)
    half = CRITICAL / np.sqrt(number)
    ax.fill_between(at, -half, half, color=BAND, alpha=0.25, linewidth=0)
    ax.axhline(0, color=COLOURS["observed"], linewidth=0.8)
    ax.set(xlabel=m("figure.rank"), ylabel=m("figure.below"), xlim=(0, 1))
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: m.plain(round(value, 6) + 0.0)))
    ax.legend(frameon=False, fontsize=7, ncols=2, loc="upper center", bbox_to_anchor=(0.5, -0.16))
    return ax


def coverage(table: pd.DataFrame, ax: Axes, m: Messages) -> Axes:
    """Share of intervals that contain the truth, with its 95 % interval, for each level.

    ``table`` has columns quantity, level, covered, low, high (shares).
    """
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
    ax.set_yticks(np.arange(len(names)), [_quantity(name, m) for name in names], fontsize=8)
    ax.set(xlim=(0.3, 1.02), ylim=(-0.6, len(names)), xlabel=m("figure.intervals"))
    ax.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    return ax


def _quantity(name: str, m: Messages) -> str:
    return m(f"quantity.{name}") if m.has(f"quantity.{name}") else name

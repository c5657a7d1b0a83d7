"""Figures of a run: how many have reoffended, month by month."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MultipleLocator, PercentFormatter

from experiments.figures.palette import COLOURS, LINES


def survival(table: pd.DataFrame, ax: Axes, *, definition: str) -> Axes:
    """Curves of Kaplan and Meier with 95 % bands, from ``outcomes.curve`` split by arm."""
    for arm, rows in table.groupby("arm", observed=True):
        colour = COLOURS.get(str(arm), COLOURS["observed"])
        ax.fill_between(rows["month"], rows["low"], rows["high"], step="post", color=colour, alpha=0.18, linewidth=0)
        ax.step(rows["month"], rows["share"], where="post", color=colour, linestyle=LINES.get(str(arm), "-"), label=arm)
        last = rows.iloc[-1]
        ax.annotate(f"{100 * last['share']:.0f} %", (last["month"], last["share"]), xytext=(4, 0),
                    textcoords="offset points", va="center", color=colour)  # fmt: skip
    ax.set(xlabel="months after release", ylabel=f"reoffended (definition: {definition})", ylim=(0, 1))
    ax.set_xlim(left=0)
    ax.xaxis.set_major_locator(MultipleLocator(6))
    ax.yaxis.set_major_formatter(PercentFormatter(1.0))
    ax.legend(frameon=False, loc="upper left", title="arm, 95 % band")
    return ax

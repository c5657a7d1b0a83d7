"""Figures of the attacks: observed figures and the model's in their bands, predictions beside what was left out."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from experiments.figures.palette import COLOURS

MODEL, WRONG, UNSURE, BAND = COLOURS["mentored"], COLOURS["control"], "#777777", "#d9d9d9"
OF_VERDICT = {"holds": MODEL, "fails": WRONG, "cannot say": UNSURE}
SHORT = {
    "D1": "new decision, 6 months", "D2": "new decision, 12 months", "D3": "new decision, 24 months",
    "D4": "new decision, 24 months, men",
    "D5": "one offence only", "D6": "four offences or more", "D7": "men back in prison",
    "D8": "prison, of men who reoffend", "D9": "sentence decided in 24 months", "N1": "return to prison: hazard rises",
    "N2": "return to prison: year 2 over 1",
    "D10": "falls with each age group", "D11": "men, 10+ convictions", "D12": "at least one problem",
    "D13": "three or more problems", "D14": "in work after 30 months", "D15": "sentences of 3 months or less",
    "D16": "sentences over 24 months", "O1": "trial: controls", "O2": "trial: mentored",
    "O3": "trial: risk ratio (posterior)",
    "O4": "new decision, 24 months (2013)", "O5": "hazard of year 2 over year 1", "O6": "first offence in year 3",
    "O7": "hazard by age", "O8": "odds, young against old", "O9": "hazard by earlier convictions",
    "O10": "odds, many against few convictions", "O11": "job gained in a week", "O12": "job lost in a week",
    "O13a": "odds, no housing", "O13b": "odds, no economy", "O13c": "odds, no work", "O13d": "odds, no qualifications",
    "O13e": "odds, no network (associates)", "O13f": "odds, no network (family)",
}  # fmt: skip
"""Short names of the patterns, for the figure."""
BEYOND = 2.2
"""Half-widths of a band at which a figure is drawn at the edge, as an arrow."""


def _placed(row: dict[str, float], value: float) -> float:
    """A value in half-widths of the band from its middle."""
    half = (row["low_end"] - row["high_end"]) / -2 or 1.0
    return (value - (row["low_end"] + row["high_end"]) / 2) / half


def patterns(table: pd.DataFrame, ax: Axes) -> Axes:
    """Observed and model's figures on the scale of each one's band, one row a pattern.

    ``table`` is the table of verdicts, rows of kind ``pattern``; ``words`` holds what was observed.
    """
    rows = table[table["kind"] == "pattern"].to_dict("records")
    for y, row in enumerate(rows):
        row["low_end"], row["high_end"] = row["low"], row["high"]
        ax.add_patch(Rectangle((-1, y - 0.34), 2, 0.68, color=BAND, linewidth=0))
        observed = float(row["words"].removeprefix("observed "))
        seen, told = (float(np.clip(_placed(row, value), -BEYOND, BEYOND)) for value in (observed, row["value"]))
        colour = OF_VERDICT[row["verdict"]]
        marker = "o" if abs(told) < BEYOND else ("<" if told < 0 else ">")
        wide = 2 * row["error"] / ((row["high"] - row["low"]) / 2 or 1.0)
        ax.plot([told - wide, told + wide], [y, y], color=colour, linewidth=1.2)
        filled = colour if row["fitted"] == "not fitted to" else "white"
        ax.plot(told, y, marker=marker, color=colour, markerfacecolor=filled, markersize=6.5, linestyle="none")
        ax.plot(seen, y, marker="|", color=COLOURS["observed"], markersize=12, markeredgewidth=2, linestyle="none")
        ax.text(
            BEYOND + 0.15, y, f"{_number(row['value'])}  ({_number(observed)})", va="center", fontsize=8, color=colour
        )
    ax.set_yticks(
        range(len(rows)), [f"{SHORT.get(row['name'], row['claim'][:34])}  {row['name']}" for row in rows], fontsize=8
    )
    ax.set_xticks([-1, 0, 1], ["low end", "middle", "high end"], fontsize=8)
    ax.set(xlim=(-BEYOND - 0.1, BEYOND + 0.1), ylim=(len(rows) - 0.4, -0.6), xlabel="place in each figure's own band")
    ax.text(BEYOND + 0.15, -0.95, "model  (observed)", fontsize=8, va="center")
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    return ax


def left_out(table: pd.DataFrame, ax: Axes) -> Axes:
    """Predictions beside what was left out, in standard deviations of the observed figure's own doubt.

    ``table`` has the columns of ``falsify.left_out.compared``.
    """
    rows = table.to_dict("records")
    for y, row in enumerate(rows):
        middle, low, high = ((row[name] - row["observed"]) / row["sd"] for name in ("predicted", "low", "high"))
        colour = OF_VERDICT[row["verdict"]]
        ax.add_patch(Rectangle((-1.96, y - 0.34), 3.92, 0.68, color=BAND, linewidth=0))
        ax.plot([low, high], [y, y], color=colour, linewidth=1.4)
        ax.plot(middle, y, marker="o", color=colour, markersize=6, linestyle="none")
        ax.plot(0, y, marker="|", color=COLOURS["observed"], markersize=12, markeredgewidth=2, linestyle="none")
    labels = [f"{row['left_out']}: {OF_GROUPS[row['figure']]}" if row["left_out"] in GROUPS else row["left_out"]
              for row in rows]  # fmt: skip
    ax.set_yticks(range(len(rows)), labels, fontsize=8)
    ax.set(
        ylim=(len(rows) - 0.4, -0.6), xlabel="prediction less observed, in standard deviations of the observed figure"
    )
    ax.tick_params(axis="x", labelsize=8)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    return ax


GROUPS = ("timing", "counts")
"""Sets of several figures, whose rows are told apart by the figure."""
OF_GROUPS = {"any_6": "6 months", "any_12": "12 months", "any_24": "24 months", "one_offence": "one offence",
             "four_offences": "four or more"}  # fmt: skip


def patterns_figure(table: pd.DataFrame) -> Figure:
    """The observed patterns, with a key."""
    number = int((table["kind"] == "pattern").sum())
    figure = Figure(figsize=(8.2, 1.3 + 0.235 * number))
    ax = patterns(table, figure.add_subplot())
    key = (
        ("|", COLOURS["observed"], "none", "observed"), ("s", BAND, BAND, "band"),
        ("o", MODEL, "white", "model, fitted to it"), ("o", MODEL, MODEL, "model, not fitted to it"),
        ("o", WRONG, WRONG, "outside its band"), ("o", UNSURE, "white", "too close to say"),
    )  # fmt: skip
    seen = set(table.loc[table["kind"] == "pattern", "verdict"])
    for marker, colour, face, label in (each for each in key if each[1] != UNSURE or "cannot say" in seen):
        ax.plot([], [], marker=marker, color=colour, markerfacecolor=face, linestyle="none", label=label,
                markeredgewidth=2 if marker == "|" else 1, markersize=10 if marker in "|s" else 6.5)  # fmt: skip
    figure.legend(*ax.get_legend_handles_labels(), frameon=False, loc="outside upper center", ncols=6,
                  fontsize=8, columnspacing=1.2, handletextpad=0.3)  # fmt: skip
    return figure


def left_out_figure(table: pd.DataFrame) -> Figure:
    """The left-out patterns, with a key."""
    figure = Figure(figsize=(8.2, 1.3 + 0.25 * len(table)))
    ax = left_out(table, figure.add_subplot())
    ax.plot([], [], marker="|", color=COLOURS["observed"], markersize=10, markeredgewidth=2, linestyle="none",
            label="observed")  # fmt: skip
    ax.plot([], [], marker="s", color=BAND, markersize=10, linestyle="none", label="its own doubt, 95 %")
    words = {"holds": "prediction, 95 %", "fails": "prediction that fails", "cannot say": "too wide to say"}
    for verdict in (each for each in words if each in set(table["verdict"])):
        ax.plot([], [], color=OF_VERDICT[verdict], marker="o", markersize=6, label=words[verdict])
    figure.legend(*ax.get_legend_handles_labels(), frameon=False, loc="outside upper center", ncols=4, fontsize=8)
    return figure


def _number(value: float) -> str:
    return (
        f"{value:.0f}" if value >= 1 and float(value).is_integer() else f"{value:.2g}" if value < 1 else f"{value:.3g}"
    )

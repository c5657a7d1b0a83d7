"""Figures of the checks: observed figures and the model's in their bands, predictions beside what was left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from experiments.figures.palette import COLOURS
from experiments.language.check_model import figure_text, named
from experiments.language.messages import Messages

MODEL, WRONG, UNSURE, BAND = COLOURS["mentored"], COLOURS["control"], "#777777", "#d9d9d9"
OF_VERDICT = {"holds": MODEL, "fails": WRONG, "inconclusive": UNSURE}
GROUPS = ("timing", "counts")
"""Sets of several figures, whose rows are distinguished by the figure."""
BEYOND = 2.2
"""Half-widths of a band at which a figure is drawn at the edge, as an arrow."""


def figures(
    facts: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], m: Messages  # noqa: ARG001  as every study's
) -> dict[str, Callable[[], Figure]]:  # fmt: skip
    """The study's figures by name."""
    made: dict[str, Callable[[], Figure]] = {}
    if "verdicts" in tables and (tables["verdicts"]["kind"] == "pattern").any():
        made["patterns"] = lambda: patterns(tables["verdicts"], m)
    if "left_out" in tables:
        made["left_out"] = lambda: left_out(tables["left_out"], m)
    return made


def patterns(table: pd.DataFrame, m: Messages) -> Figure:
    """Observed and model's figures on the scale of each one's band, one row a pattern, with a key.

    ``table`` is the table of verdicts, rows of kind ``pattern``; ``detail`` holds what was observed.
    """
    rows = table[table["kind"] == "pattern"].to_dict("records")
    figure = Figure(figsize=(8.2, 1.3 + 0.235 * len(rows)))
    ax = figure.add_subplot()
    for y, row in enumerate(rows):
        observed, value = float(row["detail"].removeprefix("observed ")), row["value"]
        half, middle = (row["high"] - row["low"]) / 2 or 1.0, (row["low"] + row["high"]) / 2
        seen, shown = (float(np.clip((each - middle) / half, -BEYOND, BEYOND)) for each in (observed, value))
        colour = OF_VERDICT[row["verdict"]]
        marker = "o" if abs(shown) < BEYOND else ("<" if shown < 0 else ">")
        wide = 2 * row["error"] / half
        filled = colour if row["fitted"] == "not fitted to" else "white"
        _row(ax, y, (-1, 1), seen)
        ax.plot([shown - wide, shown + wide], [y, y], color=colour, linewidth=1.2)
        ax.plot(shown, y, marker=marker, color=colour, markerfacecolor=filled, markersize=6.5, linestyle="none")
        both = f"{figure_text(value, m, 2 if value < 1 else 3)}  ({figure_text(observed, m, 2 if observed < 1 else 3)})"
        ax.text(BEYOND + 0.15, y, both, va="center", fontsize=8, color=colour)
    _labels(ax, [f"{named('pattern', row['name'], m, row['claim'][:34])}  {row['name']}" for row in rows])
    ax.set_xticks([-1, 0, 1], [m(f"figure.{name}") for name in ("low", "middle", "high")], fontsize=8)
    ax.set(xlim=(-BEYOND - 0.1, BEYOND + 0.1), xlabel=m("figure.place"))
    ax.text(BEYOND + 0.15, -0.95, m("figure.both"), fontsize=8, va="center")
    key = (
        ("|", COLOURS["observed"], "none", "observed"), ("s", BAND, BAND, "band"),
        ("o", MODEL, "white", "fitted"), ("o", MODEL, MODEL, "free"),
        ("o", WRONG, WRONG, "outside"), ("o", UNSURE, "white", "near"),
    )  # fmt: skip
    verdicts = {row["verdict"] for row in rows}
    for marker, colour, face, label in (each for each in key if each[1] != UNSURE or "inconclusive" in verdicts):
        ax.plot([], [], marker=marker, color=colour, markerfacecolor=face, linestyle="none", label=m(f"figure.{label}"),
                markeredgewidth=2 if marker == "|" else 1, markersize=10 if marker in "|s" else 6.5)  # fmt: skip
    figure.legend(*ax.get_legend_handles_labels(), frameon=False, loc="outside upper center", ncols=6,
                  fontsize=8, columnspacing=1.2, handletextpad=0.3)  # fmt: skip
    return figure


def left_out(table: pd.DataFrame, m: Messages) -> Figure:
    """Predictions beside what was left out, in standard deviations of the observed figure's own uncertainty.

    ``table`` has the columns of ``left_out.csv``.
    """
    rows = table.to_dict("records")
    figure = Figure(figsize=(8.2, 1.3 + 0.25 * len(rows)))
    ax = figure.add_subplot()
    for y, row in enumerate(rows):
        middle, low, high = ((row[name] - row["observed"]) / row["sd"] for name in ("predicted", "low", "high"))
        colour = OF_VERDICT[row["verdict"]]
        _row(ax, y, (-1.96, 1.96), 0)
        ax.plot([low, high], [y, y], color=colour, linewidth=1.4)
        ax.plot(middle, y, marker="o", color=colour, markersize=6, linestyle="none")
    names = [named("set", row["left_out"], m) for row in rows]
    _labels(ax, [f"{name}: {m('short.' + row['figure'])}" if row["left_out"] in GROUPS else name
                 for name, row in zip(names, rows, strict=True)])  # fmt: skip
    ax.set(xlabel=m("figure.difference"))
    ax.tick_params(axis="x", labelsize=8)
    ax.plot([], [], marker="|", color=COLOURS["observed"], markersize=10, markeredgewidth=2, linestyle="none",
            label=m("figure.observed"))  # fmt: skip
    ax.plot([], [], marker="s", color=BAND, markersize=10, linestyle="none", label=m("figure.own"))
    labels = {"holds": "prediction", "fails": "prediction_fails", "inconclusive": "prediction_wide"}
    for verdict in (each for each in labels if each in set(table["verdict"])):
        ax.plot([], [], color=OF_VERDICT[verdict], marker="o", markersize=6, label=m(f"figure.{labels[verdict]}"))
    figure.legend(*ax.get_legend_handles_labels(), frameon=False, loc="outside upper center", ncols=4, fontsize=8)
    return figure


def _row(ax: Axes, y: int, band: tuple[float, float], observed: float) -> None:
    """The band of a row, and what was observed in it."""
    ax.add_patch(Rectangle((band[0], y - 0.34), band[1] - band[0], 0.68, color=BAND, linewidth=0))
    ax.plot(observed, y, marker="|", color=COLOURS["observed"], markersize=12, markeredgewidth=2, linestyle="none",
            zorder=2.5)  # fmt: skip


def _labels(ax: Axes, labels: list[str]) -> None:
    ax.set_yticks(range(len(labels)), labels, fontsize=8)
    ax.set(ylim=(len(labels) - 0.4, -0.6))
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)

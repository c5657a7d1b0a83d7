"""The ladder from headline to delivered effect as a waterfall: what is left after each step, with its interval."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from experiments.figures.palette import COLOURS
from experiments.language.ladder import KINDS, figure_text, foot, label
from experiments.language.messages import Messages

GREY = "#bdbdbd"
COLUMNS = (("left", 0.16), ("factor", 0.44), ("without", 0.92))
"""Columns of numbers beside the bars, and where they end."""


def figures(
    facts: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], m: Messages
) -> dict[str, Callable[[], Figure]]:
    """The study's figures by name."""
    both = {kind: tables[kind] for kind in KINDS}
    return {"ladder": lambda: ladder_figure(both, m, title=facts["title"][m.language])}


def rows_of(table: pd.DataFrame, kind: str, m: Messages) -> list[dict[str, Any]]:
    """The rows that are shown, with their labels: the headline, a row a step, and the final value."""
    rows = [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]
    below = foot(rows[-1]["step"], kind, m)
    last = {**rows[-1], "factor": math.nan, "without": math.nan, "whole": True, "label": below}
    first = "kroner" if kind == "kroner" else "headline"
    shown = [{**row, "whole": not k, "label": label(row["step"] if k else first, m, lines=True)}
             for k, row in enumerate(rows)]  # fmt: skip
    return [*shown, last]


def waterfall(table: pd.DataFrame, ax: Axes, *, kind: str, m: Messages) -> Axes:
    """A ladder from the headline down to what is left.

    ``table`` is the study's ``points`` or ``kroner``, as ``kind`` says.
    """
    rows, before = rows_of(table, kind, m), 0.0
    for y, row in enumerate(rows):
        value = 0.0 if math.isnan(row["figure"]) else float(row["figure"])
        fell = value <= before and not row["whole"]
        begin = 0.0 if row["whole"] else before
        ax.barh(y, value - begin, left=begin, height=0.62, color=COLOURS["control" if fell else "mentored"],
                hatch="////" if row["whole"] else "", alpha=0.85 if row["whole"] or fell else 0.45, edgecolor="white",
                linewidth=0)  # fmt: skip
        if y:
            ax.plot([before, before], [y - 0.69, y + (0.31 if not row["whole"] else -0.31)], color=GREY, linewidth=1,
                    zorder=1)  # fmt: skip
        if row["high"] > row["low"]:
            ends = [[max(0.0, value - row["low"])], [max(0.0, row["high"] - value)]]
            ax.errorbar(value, y, xerr=ends, fmt="D", capsize=2.5, color=COLOURS["observed"], markersize=3.5,
                        linewidth=1.1, zorder=4)  # fmt: skip
        before = value
    ax.set_yticks(range(len(rows)), [row["label"] for row in rows])
    ax.set_ylim(len(rows) - 0.45, -0.6)
    seen = [row[end] for row in rows for end in ("low", "high") if not math.isnan(row[end])]
    low, high = min(0.0, *seen), max(1.0, *seen)
    ax.set_xlim(1.05 * low, 1.04 * high)
    if kind == "kroner":
        ax.axvline(1, color=COLOURS["observed"], linestyle="--", linewidth=1.1, zorder=3)
        ax.annotate(m("figure.pays") + " →", (1, -0.58), xytext=(3, 0), textcoords="offset points",
                    fontsize=8, va="bottom")  # fmt: skip
    ax.axvline(0, color=COLOURS["observed"], linewidth=0.8)
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel(m(f"figure.{kind}"))
    ax.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: m.number(value, 0)))
    ax.grid(axis="x", color="#dddddd", linewidth=0.6)
    ax.set_axisbelow(True)
    return ax


def numbers(table: pd.DataFrame, ax: Axes, *, kind: str, m: Messages) -> Axes:
    """What is left after each step, its factor, and the final value without it: columns beside ``waterfall``."""
    rows = rows_of(table, kind, m)
    for y, row in enumerate(rows):
        factor = "" if math.isnan(row["factor"]) else f"× {m.number(row['factor'], 2)}"
        texts = (figure_text(row["figure"], m), factor, figure_text(row["without"], m) if 0 < y < len(rows) - 1 else "")
        for text, (_, x) in zip(texts, COLUMNS, strict=True):
            ax.text(x, y, text, va="center", ha="right", fontsize=9, fontweight="bold" if row["whole"] else "normal")
    for name, x in COLUMNS:
        ax.text(x, -0.66, m(f"figure.{name}"), va="bottom", ha="right", fontsize=8, style="italic")
    ax.set_xlim(0, 1)
    ax.set_ylim(len(rows) - 0.45, -0.6)
    ax.axis("off")
    return ax


def ladder_figure(tables: Mapping[str, pd.DataFrame], m: Messages, *, title: str = "") -> Figure:
    """Both ladders, one above the other: the study's tables ``points`` and ``kroner``."""
    kinds = list(tables)
    heights = [len(tables[kind]) + 3.0 for kind in kinds]
    figure = Figure(figsize=(10.2, 0.9 + 0.4 * sum(heights)))
    axes = figure.subplots(len(kinds), 2, height_ratios=heights, width_ratios=[2.6, 1.0], squeeze=False)
    for (left, right), kind in zip(axes, kinds, strict=True):
        waterfall(tables[kind], left, kind=kind, m=m)
        numbers(tables[kind], right, kind=kind, m=m)
    if title:
        figure.suptitle(title, fontsize=11)
    figure.supxlabel(m("figure.note"), fontsize=8.5, style="italic")
    return figure

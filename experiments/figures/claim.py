"""The figure of ``desist claim``: what becomes of "one krone saves eight", step by step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from experiments.figures.palette import COLOURS
from experiments.language.messages import Messages

GREY = "#bdbdbd"


def figures(
    facts: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], m: Messages  # noqa: ARG001  as every study's
) -> dict[str, Callable[[], Figure]]:  # fmt: skip
    """The study's figures by name."""
    return {"claim": lambda: claim_figure(tables["steps"], m)}


def claim_figure(table: pd.DataFrame, m: Messages) -> Figure:
    """What one krone saves as one assumption after another is replaced, with the middle 95 % of the draws.

    ``table`` is the study's ``steps``.
    """
    figure = Figure(figsize=(9.6, 1.5 + 0.55 * len(table)))
    ax, begin = figure.add_subplot(), 0.0
    for y, row in enumerate(table.to_dict("records")):
        ratio = float(row["ratio"])
        lower = y > 0 and ratio <= begin
        ax.barh(y, ratio - begin, left=begin, height=0.62, color=COLOURS["control" if lower else "mentored"],
                hatch="" if lower else "////", alpha=0.85, edgecolor="white", linewidth=0)  # fmt: skip
        if y:
            ax.plot([begin, begin], [y - 0.69, y + 0.31], color=GREY, linewidth=1, zorder=1)
        if row["high"] - row["low"] > 0:
            ax.errorbar(ratio, y, xerr=[[ratio - row["low"]], [row["high"] - ratio]], fmt="D", capsize=2.5,
                        color=COLOURS["observed"], markersize=4, linewidth=1.2, zorder=4)  # fmt: skip
        for x, text in ((1.02, m.number(ratio, 1)), (1.14, m.percent(row["pays_back"], 0))):
            ax.annotate(text, (x, y), xycoords=("axes fraction", "data"), va="center", fontsize=9.5)
        begin = ratio
    for x, head in ((1.02, m("figure.ratio")), (1.14, m("figure.pays_back"))):
        ax.annotate(head, (x, -0.62), xycoords=("axes fraction", "data"), va="bottom", fontsize=8.5, style="italic")
    ax.axvline(1, color=COLOURS["observed"], linestyle="--", linewidth=1.2)
    ax.annotate(m("figure.even"), (1, len(table) - 0.45), xytext=(4, 3), textcoords="offset points", fontsize=8.5)
    ax.set_yticks(range(len(table)), [_wrapped(m(f"step.{step}.name")) for step in table["step"]])
    ax.set_ylim(len(table) - 0.35, -0.6)
    ax.set_xlim(min(0.0, float(table["low"].min())) * 1.03, float(table["high"].max()) * 1.03)
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel(m("figure.kroner"))
    ax.grid(axis="x", color="#dddddd", linewidth=0.6)
    ax.set_axisbelow(True)
    return figure


def _wrapped(text: str) -> str:
    """A label in two lines at most."""
    if len(text) <= 24:
        return text
    cut = text.rfind(" ", 0, len(text) // 2 + 4)
    return f"{text[:cut]}\n{text[cut + 1 :]}"

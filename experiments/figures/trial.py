"""The figure of a repeated trial: what single trials report, under each setting of the effect."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from experiments.figures.palette import COLOURS, HATCHES
from experiments.inputs.trial_result import ANALYSES, CONTROL_PERCENT, MENTORED_PERCENT
from experiments.language.messages import Messages

ARMS = ("mentored", "control")


def figures(
    facts: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], m: Messages
) -> dict[str, Callable[[], Figure]]:
    """The study's figures by name."""
    return {"shares": lambda: shares_figure(facts, tables["reported"], m)}


def shares_figure(facts: Mapping[str, Any], reported: pd.DataFrame, m: Messages) -> Figure:
    """One panel a setting."""
    means = {row["setting"]: row for row in facts["settings"] if row["analysis"] == ANALYSES[0]}
    settings = list(means)
    lines = (len(settings) + 1) // 2
    figure = Figure(figsize=(10, 3.4 * lines))
    grid = figure.subplots(lines, 2 if len(settings) > 1 else 1, squeeze=False, sharey=True)
    for ax in list(grid.flat)[len(settings) :]:
        ax.set_visible(False)
    for ax, name in zip(grid.flat, settings, strict=False):
        risks = {arm: m.percent(means[name][arm], 1) for arm in ARMS}
        reported_shares(reported[reported["setting"] == name], ax, title=m("figure.title", setting=name, **risks),
                        observed=facts["like_the_trial"], m=m)
    grid.flat[0].legend(frameon=False, title=m("figure.arm"), loc="upper right", bbox_to_anchor=(1.08, 0.85))
    return figure


def reported_shares(table: pd.DataFrame, ax: Axes, *, title: str, observed: bool, m: Messages) -> Axes:
    """How often a trial reports each share, in both arms; the ``observed`` 29 and 67 % as dashed lines.

    ``table`` has one row an arm and class of shares: arm, low and high (ends of the class, 0-1), trials.
    """
    for arm in ARMS:
        rows = table[table["arm"] == arm]
        ax.bar(rows["low"], rows["trials"] / max(1, rows["trials"].sum()), rows["high"] - rows["low"], align="edge",
               color=COLOURS[arm], alpha=0.55, edgecolor="white", linewidth=0.5, hatch=HATCHES[arm],
               label=m(f"figure.{arm}"))  # fmt: skip
    ax.margins(y=0.28)
    for percent, arm in ((MENTORED_PERCENT, "mentored"), (CONTROL_PERCENT, "control")) if observed else ():
        ax.axvline(percent / 100, ymax=0.86, color=COLOURS["observed"], linestyle="--", linewidth=1.2)
        ax.text(percent / 100, 0.99, m("figure.observed", arm=m(f"figure.{arm}"), percent=f"{percent} %"), ha="center",
                va="top", fontsize=8, transform=ax.get_xaxis_transform())  # fmt: skip
    ax.set(xlabel=m("figure.share"), ylabel=m("figure.trials"), title=title, xlim=(0, 1))
    ax.set_ylim(bottom=0)
    ax.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    return ax

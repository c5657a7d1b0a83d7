"""The figure of ``desist observe``: a register's curve, and the model's beside it."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MultipleLocator, PercentFormatter

from experiments.figures.palette import COLOURS
from experiments.studies.validation.disclosure import WHOLE
from simulation.outcomes import RULES

GROUPS = ("#222222", "#1b7837", "#762a83", "#b35806", "#2166ac", "#8c510a")
"""Colours of groups, as far as they go round."""
MARKS = "os^vDP"


def observed_figure(seen: pd.DataFrame, model: pd.DataFrame | None, *, definition: str, scenario: str = "",
                    people: int = 0) -> Figure:  # fmt: skip
    """The register's curve by group with its bands; the model's as a dashed line with the band of its cohorts."""
    figure = Figure(figsize=(7.4, 4.9))
    ax = figure.add_subplot()
    if model is not None:
        colour = COLOURS["mentored"]
        ax.fill_between(model["month"], model["low"], model["high"], color=colour, alpha=0.18, linewidth=0,
                        label=f"model {scenario}, 95 % of cohorts of {people:,}")  # fmt: skip
        ax.plot(model["month"], model["share"], color=colour, linestyle=(0, (5, 1.5)), linewidth=1.8,
                label=f"model {scenario}, mean")  # fmt: skip
    for k, (name, rows) in enumerate(seen.groupby("group", sort=False)):
        _steps(rows, ax, colour=GROUPS[k % len(GROUPS)], mark=MARKS[k % len(MARKS)],
               label="register, 95 %" if name == WHOLE else f"register, {name}")  # fmt: skip
    last = max(float(seen["month"].max()) if len(seen) else 0.0, 0.0 if model is None else float(model["month"].max()))
    ax.set(xlabel="months after release", ylabel="reoffended", ylim=(0, 1), xlim=(0, max(last, 1)))
    ax.set_title(f"{definition}: {RULES[definition]}", fontsize=9.5, wrap=True)
    ax.xaxis.set_major_locator(MultipleLocator(6 if last <= 72 else 24))
    ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    ax.legend(frameon=False, loc="upper left", fontsize=8.5)
    return figure


def _steps(rows: pd.DataFrame, ax: Axes, *, colour: str, mark: str, label: str) -> None:
    """A curve at the months that may be shown: a dot at each, joined by straight lines."""
    ax.fill_between(rows["month"], rows["low"], rows["high"], color=colour, alpha=0.13, linewidth=0)
    ax.plot(rows["month"], rows["share"], color=colour, linewidth=1.3, marker=mark, markersize=3, label=label)

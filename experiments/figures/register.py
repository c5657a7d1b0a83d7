"""The figure of ``desist register``: the register's curve, and the model's beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MultipleLocator, PercentFormatter

from experiments.figures.palette import COLOURS
from experiments.figures.style import Figures
from experiments.language.messages import Messages
from experiments.language.register import EVERYBODY, group_name, people

GROUPS = ("#222222", "#1b7837", "#762a83", "#b35806", "#2166ac", "#8c510a")
"""Colours of groups, as far as they go round."""
MARKS = "os^vDP"


def figures(facts: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], m: Messages) -> Figures:
    """The study's figures by name."""
    return {"curve": lambda: register_figure(facts, tables["curve"], tables.get("model"), m)}


def register_figure(
    facts: Mapping[str, Any], observed: pd.DataFrame, model: pd.DataFrame | None, m: Messages
) -> Figure:
    """The register's curve by group with its bands, at the months that may be shown; the model's as a dashed line."""
    figure, definition = Figure(figsize=(7.4, 4.9)), facts["definition"]
    ax = figure.add_subplot()
    if model is not None:
        colour = COLOURS["mentored"]
        band = m("figure.band", scenario=facts["scenario"], people=people(facts["releases"], m))
        ax.fill_between(model["month"], model["low"], model["high"], color=colour, alpha=0.18, linewidth=0, label=band)
        ax.plot(model["month"], model["share"], color=colour, linestyle=(0, (5, 1.5)), linewidth=1.8,
                label=m("figure.mean", scenario=facts["scenario"]))  # fmt: skip
    for k, (name, rows) in enumerate(observed.groupby("group", sort=False)):
        label = m("figure.register") if name == EVERYBODY else m("figure.group", group=group_name(name, m))
        colour, mark = GROUPS[k % len(GROUPS)], MARKS[k % len(MARKS)]
        ax.fill_between(rows["month"], rows["low"], rows["high"], color=colour, alpha=0.13, linewidth=0)
        ax.plot(rows["month"], rows["share"], color=colour, linewidth=1.3, marker=mark, markersize=3, label=label)
    last = max(float(observed["month"].max()) if len(observed) else 0.0,
               0.0 if model is None or model.empty else float(model["month"].max()))  # fmt: skip
    ax.set(xlabel=m("figure.months"), ylabel=m("figure.reoffended"), ylim=(0, 1), xlim=(0, max(last, 1)))
    ax.set_title(m("definition", name=definition, rule=m(f"rule.{definition}")).rstrip("."), fontsize=9.5, wrap=True)
    ax.xaxis.set_major_locator(MultipleLocator(6 if last <= 72 else 24))
    ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    if ax.get_legend_handles_labels()[0]:
        ax.legend(frameon=False, loc="upper left", fontsize=8.5)
    return figure

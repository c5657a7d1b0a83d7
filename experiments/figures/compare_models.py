"""Figures of the model comparison: probability of each model, and what would distinguish them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from experiments.figures.palette import COLOURS
from experiments.figures.style import Figures
from experiments.language.messages import Messages

BEFORE = "#9a9a9a"
SHADES = ("#2166ac", "#67a9cf", "#b35806")


def figures(facts: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], m: Messages) -> Figures:
    """The study's figures by name."""
    return {"models": lambda: models_figure(facts, tables["evidence"], tables["separation"], m)}


def models_figure(facts: Mapping[str, Any], evidence: pd.DataFrame, separation: pd.DataFrame, m: Messages) -> Figure:
    """The three panels of ``desist compare-models``."""
    figure = Figure(figsize=(13.5, 4.9))
    axes = figure.subplots(1, 3, width_ratios=(1.25, 1, 1))
    probabilities(evidence, axes[0], m)
    for ax, (first, second) in zip(axes[1:], (("support", "direct"), ("both", "chance")), strict=True):
        separation_curves(separation[(separation["first"] == first) & (separation["second"] == second)], ax, m)
        ax.axhline(facts["sure"], color=COLOURS["observed"], linestyle="--", linewidth=1)
        ax.set_title(m(f"figure.{first}_{second}"))
    figure.legend(*axes[1].get_legend_handles_labels(), frameon=False, fontsize=9, loc="outside lower right", ncols=3)
    return figure


def probabilities(table: pd.DataFrame, ax: Axes, m: Messages) -> None:
    """Posterior probability of each model, for each prior of the strength, with the simulation error."""
    names = list(dict.fromkeys(table["model"]))
    for place, (label, rows) in enumerate(table.groupby("prior", sort=False)):
        rows = rows.set_index("model").loc[names]
        y = np.arange(len(names))[::-1] + 0.25 * (1 - place)
        spread = [rows["probability"] - rows["probability_low"], rows["probability_high"] - rows["probability"]]
        ax.barh(y, rows["probability"], height=0.22, xerr=np.maximum(spread, 0), color=SHADES[place],
                label=m(f"prior.{label}"), error_kw={"linewidth": 1})  # fmt: skip
    ax.axvline(1 / len(names), color=BEFORE, linewidth=1.5)
    ax.text(1 / len(names), len(names) - 0.42, m("figure.before"), fontsize=8, color="#555555", ha="center")
    ax.set_yticks(np.arange(len(names))[::-1], [m(f"figure.{name}") for name in names])
    ax.set(xlim=(0, None), ylim=(-0.6, len(names) - 0.3), xlabel=m("figure.probability"))
    ax.set_title(m("figure.models"))
    ax.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    ax.legend(frameon=False, title=m("figure.prior"), loc="lower right")


def separation_curves(table: pd.DataFrame, ax: Axes, m: Messages) -> None:
    """How often each measurement (a row of ``table``) names the right one of two models, by people in each arm."""
    sizes = [int(name.split("_")[1]) for name in table.columns if name.startswith("right_")]
    for marker, row in zip("os^Dvx", table.itertuples(), strict=False):
        values = [getattr(row, f"right_{size}") for size in sizes]
        ax.plot(sizes, values, marker=marker, ms=4, linewidth=1.3, label=m(f"measurement.{row.measurement}"))
    ax.set_xscale("log")
    ax.set_xticks(sizes[::2], [m.number(size, 0) for size in sizes[::2]])
    ax.minorticks_off()
    ax.set(ylim=(0.45, 1.02), xlabel=m("figure.arm"), ylabel=m("figure.right"))
    ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))

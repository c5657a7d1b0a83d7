"""The figure of a sensitivity study: a tornado, and beside it what each input explains of the variance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from experiments.figures.palette import COLOURS
from experiments.figures.style import Figures
from experiments.language.messages import Messages
from experiments.language.quantities import quantity_name
from experiments.language.sensitivity import SHOWN, pair

ROW_INCHES = 0.36


def figures(facts: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], m: Messages) -> Figures:
    """The study's figures by name."""
    parts = tables["first_order"].head(SHOWN) if facts["draws"] else tables["sobol"]
    return {"tornado": lambda: sensitivity_figure(facts, pd.DataFrame(facts["tornado"]), parts, m)}


def sensitivity_figure(facts: Mapping[str, Any], ends: pd.DataFrame, parts: pd.DataFrame, m: Messages) -> Figure:
    """The bars and the indices side by side, one row an input of ``parts``, the widest bar on top."""
    outcome = m(f"outcome.{facts['outcome']}.label")
    if facts["draws"]:
        ways = m("figure.tornado_draws"), m("figure.indices_draws")
    else:
        low, high = (facts["tornado_ends"][end] for end in ("low", "high"))
        ways = m("figure.tornado", low=m.number(100 * low, 0), high=m.percent(high, 0)), m("figure.indices")
    keys = [key for key in ends["key"] if key in set(parts["key"])]
    rows = parts.set_index("key").reindex([*keys, *(key for key in parts["key"] if key not in keys)])
    figure = Figure(figsize=(11.0, 1.9 + ROW_INCHES * max(3, len(rows))))
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=[1.25, 1.0])
    tornado_bars(ends.set_index("key").loc[keys].reset_index(), left, noise=facts["tornado_stochastic_sd"], m=m)
    _outcome_axis(left, outcome, facts["unit"], m)
    variance_bars(rows, right, m)
    left.set_yticks(np.arange(len(rows)), [quantity_name(str(key), m) for key in rows.index])
    left.set_ylim(len(rows) - 0.4, -0.6)
    for ax, way in zip((left, right), ways, strict=True):
        ax.tick_params(axis="y", length=0)
        ax.set_title(way, fontsize=10)
        ax.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.5 / (0.3 * len(rows) + 1)), ncols=3,
                  fontsize=8)  # fmt: skip
    figure.suptitle(m("figure.title", scenario=facts["scenario"], outcome=outcome), fontsize=11)
    return figure


def tornado_bars(table: pd.DataFrame, ax: Axes, *, noise: float, m: Messages) -> None:
    """The outcome at both ends of each input, from the top down, with the input's values there beside the bars.

    A band is shaded in which a difference may be simulation noise, whose standard deviation in one value is ``noise``.
    """
    middle = float(table["middle"].iloc[0])
    band = 1.96 * np.sqrt(2.0) * noise
    ax.axvspan(middle - band, middle + band, color="#000000", alpha=0.08, linewidth=0, label=m("figure.noise"))
    width = float((table[["outcome_low", "outcome_high"]] - middle).abs().to_numpy().max()) or max(band, 1e-9)
    for y, row in enumerate(table.to_dict("records")):
        ends = {end: float(row[f"outcome_{end}"]) - middle for end in ("low", "high")}
        for end in sorted(ends, key=lambda name: -abs(ends[name])):
            colour = COLOURS["control" if end == "low" else "mentored"]
            ax.barh(y, ends[end], left=middle, height=0.62, color=colour, hatch="" if end == "low" else "////",
                    edgecolor="white", linewidth=0.0)  # fmt: skip
        left = "low" if ends["low"] <= ends["high"] else "high"
        right = "high" if left == "low" else "low"
        texts = dict(zip(("low", "high"), pair(row["low"], row["high"], m), strict=True))
        for end, at, side, shift in (
            (left, min(0.0, ends[left]), "right", -3), (right, max(0.0, ends[right]), "left", 3)
        ):  # fmt: skip
            ax.annotate(texts[end], (middle + at, y), xytext=(shift, 0), textcoords="offset points", ha=side,
                        va="center", fontsize=7.5)  # fmt: skip
    ax.axvline(middle, color=COLOURS["observed"], linewidth=1)
    for end, colour, hatch in (("low", "control", ""), ("high", "mentored", "////")):
        ax.barh(0, 0, color=COLOURS[colour], hatch=hatch, edgecolor="white", linewidth=0.0, label=m(f"figure.{end}"))
    ax.set_xlim(middle - 1.35 * max(width, band), middle + 1.35 * max(width, band))


def variance_bars(table: pd.DataFrame, ax: Axes, m: Messages) -> None:
    """Part of the outcome's variance by each input, with 95 % intervals: by itself, and (if known) with interactions.

    From the top down; rows that are missing (NaN) are left empty.
    """
    kinds = [("first", "mentored", "o"), ("total", "control", "s")][: 1 + ("total" in table)]
    for number, (name, colour, marker) in enumerate(kinds):
        y = np.arange(len(table)) + (0.17 * (2 * number - 1) if len(kinds) > 1 else 0.0)
        error = np.abs(table[[f"{name}_low", f"{name}_high"]].to_numpy().T - table[name].to_numpy())
        ax.barh(y, table[name].clip(lower=0), height=0.3 if len(kinds) > 1 else 0.6, color=COLOURS[colour], alpha=0.35,
                linewidth=0)  # fmt: skip
        ax.errorbar(table[name], y, xerr=error, fmt=marker, color=COLOURS[colour], markersize=3.5, linewidth=1.2,
                    label=m(f"figure.{name}"))  # fmt: skip
    ax.axvline(0, color=COLOURS["observed"], linewidth=1)
    high = np.nanmax([0.1, *table[[f"{name}_high" for name, *_ in kinds]].to_numpy().ravel()])
    low = np.nanmin([0.0, *table[[f"{name}_low" for name, *_ in kinds]].to_numpy().ravel()])
    ax.set_xlim(min(low, -0.02 * high) * 1.05, high * 1.05)
    ax.set_xlabel(m("figure.variance"))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{_tick(value, m)} %"))
    _ruled(ax)


def _outcome_axis(ax: Axes, outcome: str, unit: str, m: Messages) -> None:
    ax.set_xlabel(m("figure.points", outcome=outcome) if unit == "points" else outcome)
    end = " %" if unit == "share" else ""
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{_tick(value, m)}{end}" if unit in ("points", "share")
                                               else m.plain(round(value, 6))))  # fmt: skip
    _ruled(ax)


def _tick(share: float, m: Messages) -> str:
    """A share in per cent at a tick, with no more decimals than it has."""
    return m.plain(round(100 * share, 6) + 0.0)


def _ruled(ax: Axes) -> None:
    ax.xaxis.set_major_locator(MaxNLocator(5))
    ax.grid(axis="x", color="#dddddd", linewidth=0.6)
    ax.set_axisbelow(True)

"""Figures of external validation: observed figures as steps, predictions as bands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MultipleLocator, PercentFormatter

from experiments.figures.palette import COLOURS
from experiments.figures.style import Figures
from experiments.language.messages import Messages
from experiments.language.register import group_name

ARMS = {"control": "control", "aided": "mentored"}
"""Arms of the LIFE experiment, with the colours' names."""
REPORTED = "#67a9cf"
"""Colour of what a trial of this size would report."""


def figures(facts: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], m: Messages) -> Figures:
    """The study's figures by name."""
    if facts["data"] == "life":
        return {"life": lambda: life_figure(facts, tables["prediction"], tables["observed"], m)}
    return {"north-carolina": lambda: north_carolina_figure(tables["months"], tables["groups"], m)}


def predicted_curve(
    table: pd.DataFrame, observed: pd.DataFrame, ax: Axes, *, colour: str, x: str, group: str, m: Messages
) -> None:  # fmt: skip
    """One curve: observed as steps with its interval; predicted mean, parameter uncertainty (dark), groups (light).

    ``table`` has columns ``x``, mean, low, high, and ``group``_low and ``group``_high; ``observed`` has ``x``, share,
    low and high, or no rows.
    """
    zero = pd.DataFrame({x: [0.0], **dict.fromkeys(["mean", "low", "high", f"{group}_low", f"{group}_high"], 0.0)})
    rows = pd.concat([zero, table], ignore_index=True)
    for start, alpha, label in ((f"{group}_", 0.13, "group_band"), ("", 0.3, "parameter_band")):
        ax.fill_between(rows[x], rows[f"{start}low"], rows[f"{start}high"], color=colour, alpha=alpha, linewidth=0,
                        label=m(f"figure.{label}"))  # fmt: skip
    ax.plot(rows[x], rows["mean"], color=colour, linewidth=1.8, linestyle=(0, (5, 1.5)), label=m("figure.mean"))
    if not observed.empty:
        ax.step(observed[x], observed["share"], where="post", color=COLOURS["observed"], linewidth=1.5,
                label=m("figure.observed"))  # fmt: skip
        last = observed.iloc[-1]
        ax.errorbar([last[x]], [last["share"]], [[last["share"] - last["low"]], [last["high"] - last["share"]]],
                    color=COLOURS["observed"], capsize=3, linewidth=1.2, clip_on=False)  # fmt: skip
    ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))


def life_figure(facts: Mapping[str, Any], predicted: pd.DataFrame, observed: pd.DataFrame, m: Messages) -> Figure:
    """Both arms of the LIFE experiment, and the difference between them; only the prediction if no more was read."""
    figure = Figure(figsize=(11.5, 4.3))
    axes = figure.subplots(1, 3, width_ratios=(1, 1, 0.85))
    for ax, (arm, name) in zip(axes, ARMS.items(), strict=False):
        predicted_curve(predicted[predicted["arm"] == arm], observed[observed["arm"] == arm], ax, colour=COLOURS[name],
                        x="week", group="men", m=m)  # fmt: skip
        ax.set(xlabel=m("figure.weeks"), ylim=(0, 0.45), xlim=(0, 52.6), title=m(f"figure.{arm}_title"))
        ax.xaxis.set_major_locator(MultipleLocator(13))
        ax.legend(frameon=False, loc="upper left", fontsize=8)
        if arm == "control":
            ax.set_ylabel(m("figure.arrested", men=m.number(facts["men"])))
            continue
        ax.axvline(13, ymax=0.2, color=COLOURS["observed"], linestyle=":", linewidth=1.2)
        ax.text(13.8, 0.006, m("figure.aid_ends"), fontsize=8, va="bottom")
    _difference(facts, axes[2], m)
    return figure


def _difference(facts: Mapping[str, Any], ax: Axes, m: Messages) -> None:
    expected, observed = facts["expected"], facts["observed"]
    low, high = expected["reported_low"], expected["reported_high"]
    rows: list[tuple[str, float, float, float, str]] = [
        (m("figure.effect"), expected["difference"], expected["difference_low"], expected["difference_high"],
         COLOURS["mentored"]),
        (m("figure.reported", men=m.number(facts["men"])), (low + high) / 2, low, high, REPORTED),
    ]  # fmt: skip
    if observed is not None:
        rows.append((m("figure.observed"), observed["difference"], observed["low"], observed["high"],
                     COLOURS["observed"]))  # fmt: skip
    for place, (_, middle, low, high, colour) in enumerate(rows):
        y = len(rows) - 1 - place
        ax.plot([100 * low, 100 * high], [y, y], color=colour, linewidth=2.4)
        if place != 1:
            ax.plot(100 * middle, y, "o", color=colour, markersize=7)
        ax.text(50 * (low + high), y + 0.1, m.to(m.points(low), m.points(high)), color=colour, fontsize=8,
                va="bottom", ha="center", bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5})  # fmt: skip
    ax.axvline(0, color=COLOURS["observed"], linewidth=0.8)
    ax.set_yticks(range(len(rows))[::-1], [name for name, *_ in rows])
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.set(ylim=(-0.6, len(rows) - 0.4), xlabel=m("figure.difference"), title=m("figure.difference_title"))


def north_carolina_figure(months: pd.DataFrame, groups: pd.DataFrame, m: Messages) -> Figure:
    """Both halves of North Carolina by month, and the held-out groups at 24 and 60 months."""
    figure = Figure(figsize=(11.5, 7.6))
    axes = figure.subplots(2, 2)
    for ax, half in zip(axes[0], ("fitted", "held out"), strict=True):
        rows = months[months["half"] == half]
        zero = pd.DataFrame({"month": [0], "share": [0.0], "low": [0.0], "high": [0.0]})
        observed = rows[["month", "observed", "observed_low", "observed_high"]].set_axis(zero.columns, axis=1)
        colour = COLOURS["control" if half == "fitted" else "mentored"]
        predicted_curve(rows, pd.concat([zero, observed], ignore_index=True), ax, colour=colour, x="month",
                        group="people", m=m)  # fmt: skip
        ax.set(xlabel=m("figure.months"), ylabel=m("figure.back"), ylim=(0, 0.5), xlim=(0, 71),
               title=m(f"figure.by_month_{half.replace(' ', '_')}"))  # fmt: skip
        ax.xaxis.set_major_locator(MultipleLocator(12))
        ax.legend(frameon=False, loc="upper left", fontsize=8)
    for ax, by in zip(axes[1], ("age", "priors"), strict=True):
        _by_group(groups[groups["by"] == by], ax, m)
        ax.set(xlabel=m(f"figure.{by}"), title=m(f"figure.by_{by}"))
    return figure


def _by_group(table: pd.DataFrame, ax: Axes, m: Messages) -> None:
    """Shares back in prison by group: predicted bands, observed as dots with their intervals."""
    names = list(dict.fromkeys(table["group"]))
    for window, colour, shift in ((24, COLOURS["mentored"], -0.17), (60, COLOURS["control"], 0.17)):
        rows = table[table["months"] == window].set_index("group").loc[names]
        x = np.arange(len(names)) + shift
        ax.bar(x, rows["people_high"] - rows["people_low"], 0.3, bottom=rows["people_low"], color=colour, alpha=0.15,
               linewidth=0)  # fmt: skip
        ax.bar(x, rows["high"] - rows["low"], 0.3, bottom=rows["low"], color=colour, alpha=0.35, linewidth=0,
               label=m("figure.window", months=m.months(window)))  # fmt: skip
        spread = [rows["observed"] - rows["observed_low"], rows["observed_high"] - rows["observed"]]
        ax.errorbar(x, rows["observed"], yerr=spread, fmt="o", color=COLOURS["observed"], markersize=4, capsize=2,
                    linewidth=1, label=m("figure.observed_interval") if window == 60 else None)  # fmt: skip
    sizes = table.drop_duplicates("group").set_index("group").loc[names, "people"]
    ax.set_xticks(range(len(names)), [f"{group_name(name, m)}\n({sizes[name]})" for name in names])
    ax.set(ylabel=m("figure.back"), ylim=(0, 0.8))
    ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    ax.legend(frameon=False, loc="upper left", fontsize=8, ncols=2)

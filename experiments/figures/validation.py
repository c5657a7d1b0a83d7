"""Figures of other trials and countries: what was seen as steps, what was predicted as bands."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MultipleLocator, PercentFormatter

from experiments.figures.palette import COLOURS
from experiments.studies.validation.life_aid import Comparison

ARMS = {"control": "control", "aided": "mentored"}
"""Arms of the LIFE experiment, with the colours' names."""


def beside(said: pd.DataFrame, seen: pd.DataFrame | None, ax: Axes, *, colour: str, x: str, group: str) -> Axes:
    """One curve: what was seen as steps with its band; predicted mean, doubt (dark) and doubt with chance (light).

    ``said`` has columns ``x``, mean, low, high, and ``group``_low and ``group``_high; ``seen`` has ``x``, share, low
    and high.
    """
    start = pd.DataFrame({x: [0.0], **dict.fromkeys(["mean", "low", "high", f"{group}_low", f"{group}_high"], 0.0)})
    rows = pd.concat([start, said], ignore_index=True)
    ax.fill_between(rows[x], rows[f"{group}_low"], rows[f"{group}_high"], color=colour, alpha=0.13, linewidth=0,
                    label="model, 95 % of groups of this size")  # fmt: skip
    ax.fill_between(rows[x], rows["low"], rows["high"], color=colour, alpha=0.3, linewidth=0,
                    label="model, 95 % of what is not known")  # fmt: skip
    ax.plot(rows[x], rows["mean"], color=colour, linewidth=1.8, linestyle=(0, (5, 1.5)), label="model, mean")
    if seen is not None:
        ax.step(seen[x], seen["share"], where="post", color=COLOURS["observed"], linewidth=1.5, label="seen")
        last = seen.iloc[-1]
        ax.errorbar([last[x]], [last["share"]], [[last["share"] - last["low"]], [last["high"] - last["share"]]],
                    color=COLOURS["observed"], capsize=3, linewidth=1.2, clip_on=False)  # fmt: skip
    ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    return ax


def life_figure(said: pd.DataFrame, seen: pd.DataFrame | None, numbers: dict[str, float],
                found: Comparison | None) -> Figure:  # fmt: skip
    """Both arms of the LIFE experiment, and the difference between them; without ``seen`` only the prediction."""
    figure = Figure(figsize=(11.5, 4.3))
    axes = figure.subplots(1, 3, width_ratios=(1, 1, 0.85))
    control = _control()
    for ax, (arm, name), title in zip(axes, ARMS.items(), ("Without aid: fitted", "With aid: predicted"), strict=False):
        mine = control if arm == "control" else None
        if seen is not None:
            mine = seen[seen["arm"] == arm]
        beside(said[said["arm"] == arm], mine, ax, colour=COLOURS[name], x="week", group="men")
        ax.set(xlabel="weeks after release", ylim=(0, 0.45), xlim=(0, 52.6), title=title)
        ax.xaxis.set_major_locator(MultipleLocator(13))
        ax.legend(frameon=False, loc="upper left", fontsize=8)
        if arm == "control":
            ax.set_ylabel("arrested, share of 216 men")
            continue
        ax.axvline(13, ymax=0.2, color=COLOURS["observed"], linestyle=":", linewidth=1.2)
        ax.text(13.8, 0.006, "the aid ends", fontsize=8, va="bottom")
    _difference(numbers, found, axes[2])
    return figure


def _control() -> pd.DataFrame:
    from experiments.studies.validation.life_aid import seen_curves

    table = seen_curves(np.zeros(52, int))
    return table[table["arm"] == "control"]


def _difference(numbers: dict[str, float], found: Comparison | None, ax: Axes) -> Axes:
    effect = (numbers["difference"], numbers["difference_low"], numbers["difference_high"])
    low, high = numbers["printed_low"], numbers["printed_high"]
    rows: list[tuple[str, float, float, float, str]] = [
        ("model:\neffect of the aid", *effect, COLOURS["mentored"]),
        ("model:\nwhat 216 men\nwould print", (low + high) / 2, low, high, "#67a9cf"),
    ]
    if found is not None:
        rows.append(("seen", found.difference, found.low, found.high, COLOURS["observed"]))
    for place, (_, middle, low, high, colour) in enumerate(rows):
        y = len(rows) - 1 - place
        ax.plot([100 * low, 100 * high], [y, y], color=colour, linewidth=2.4)
        if place != 1:
            ax.plot(100 * middle, y, "o", color=colour, markersize=7)
        ax.text(50 * (low + high), y + 0.1, f"{100 * low:.1f} to {100 * high:.1f}", color=colour, fontsize=8,
                va="bottom", ha="center", bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5})  # fmt: skip
    ax.axvline(0, color=COLOURS["observed"], linewidth=0.8)
    ax.set_yticks(range(len(rows))[::-1], [name for name, *_ in rows])
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.set(ylim=(-0.6, len(rows) - 0.4), xlabel="fewer arrested in a year, points", title="Difference, 95 %")
    return ax


def carolina_figure(months: pd.DataFrame, groups: pd.DataFrame) -> Figure:
    """Both halves of North Carolina by month, and the held-out groups at 24 and 60 months."""
    figure = Figure(figsize=(11.5, 7.6))
    axes = figure.subplots(2, 2)
    for ax, half in zip(axes[0], ("fitted", "held out"), strict=True):
        rows = months[months["half"] == half]
        first = pd.DataFrame({"month": [0], "share": [0.0], "low": [0.0], "high": [0.0]})
        seen = rows[["month", "seen", "seen_low", "seen_high"]].set_axis(["month", "share", "low", "high"], axis=1)
        colour = COLOURS["control" if half == "fitted" else "mentored"]
        beside(rows, pd.concat([first, seen], ignore_index=True), ax, colour=colour, x="month", group="people")
        ax.set(xlabel="months after release", ylabel="back in prison", ylim=(0, 0.5), xlim=(0, 71),
               title=f"By month: the half that was {half}")  # fmt: skip
        ax.xaxis.set_major_locator(MultipleLocator(12))
        ax.legend(frameon=False, loc="upper left", fontsize=8)
    for ax, (by, name) in zip(axes[1], (("age", "years at release"), ("priors", "earlier imprisonments")), strict=True):
        _by_group(groups[groups["by"] == by], ax)
        ax.set(xlabel=name, title=f"Held-out half by {'age' if by == 'age' else 'earlier imprisonments'}: predicted")
    return figure


def _by_group(table: pd.DataFrame, ax: Axes) -> Axes:
    """Shares back in prison by group: predicted bands, seen as dots with their intervals."""
    names = list(dict.fromkeys(table["group"]))
    for window, colour, shift in ((24, COLOURS["mentored"], -0.17), (60, COLOURS["control"], 0.17)):
        rows = table[table["months"] == window].set_index("group").loc[names]
        x = np.arange(len(names)) + shift
        ax.bar(x, rows["people_high"] - rows["people_low"], 0.3, bottom=rows["people_low"], color=colour, alpha=0.15,
               linewidth=0)  # fmt: skip
        ax.bar(x, rows["high"] - rows["low"], 0.3, bottom=rows["low"], color=colour, alpha=0.35, linewidth=0,
               label=f"model, {window} months")  # fmt: skip
        spread = [rows["seen"] - rows["seen_low"], rows["seen_high"] - rows["seen"]]
        ax.errorbar(x, rows["seen"], yerr=spread, fmt="o", color=COLOURS["observed"], markersize=4, capsize=2,
                    linewidth=1, label="seen, 95 %" if window == 60 else None)  # fmt: skip
    sizes = table.drop_duplicates("group").set_index("group").loc[names, "people"]
    ax.set_xticks(range(len(names)), [f"{name}\n({sizes[name]})" for name in names])
    ax.set(ylabel="back in prison", ylim=(0, 0.8))
    ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    ax.legend(frameon=False, loc="upper left", fontsize=8, ncols=2)
    return ax

"""Figures of a decision: effect against cost, how sure a choice is, who gets money back.

Each takes a table of ``decision.py`` and an ``ax``, and returns the ``ax``. Kroner are
written in thousands, millions or billions, whichever gives short numbers, and the axis says which.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, PercentFormatter

from experiments.figures.palette import COLOURS
from experiments.language.danish import say
from experiments.language.formatting import Language, number
from experiments.language.plan_text import PURSE_NAMES
from experiments.statistics.cost_effectiveness import PUBLIC

SHADES = ("#2166ac", "#b35806", "#5e3c99", "#1b7837", "#8c510a", "#542788")
DASHES = ("-", (0, (5, 1.5)), (0, (1, 1.2)), "-.", (0, (3, 1, 1, 1, 1, 1)), (0, (8, 2)))
MARKERS = "os^Dvx"
GREY, PALE = "#9a9a9a", "#d9d9d9"
SCALES = ((1e9, "billion kr."), (1e6, "million kr."), (1e3, "thousand kr."), (1.0, "kr."))
SHOWN = 1_500
"""Points of an option that are drawn at most: more hide each other."""


def kroner(value: float, language: Language = "en") -> str:
    """An amount in three digits and its unit: 900 kr., 36,700 kr., −2.5 million kr."""
    size, unit = _scale(value) if abs(value) >= 1e6 else SCALES[-1]
    return f"{_plain(float(f'{value / size:.3g}'), language)} {say(language, unit)}"


def _plain(value: float, language: Language = "en") -> str:
    text = f"{value:,.10g}".replace("-", "−")
    return text if language == "en" else text.translate(str.maketrans(",.", ".,"))


def _alike(*values: float, language: Language) -> list[str]:
    """Amounts with as many decimals as the largest of them needs."""
    largest = max(abs(value) for value in values)
    decimals = 0 if largest >= 100 or largest == 0 else max(1, 1 - int(np.floor(np.log10(largest))))
    return [number(value, language, decimals) for value in values]


def _scale(*values: float) -> tuple[float, str]:
    """The unit in which the largest of some amounts is short."""
    largest = max((abs(value) for value in values if np.isfinite(value)), default=0.0)
    return next(((size, unit) for size, unit in SCALES if largest >= size), SCALES[-1])


def money_axis(axis: Axis, label: str, *values: float, language: Language = "en") -> None:
    """Label an axis of kroner in the unit that suits the largest value on it."""
    size, unit = _scale(*values)
    axis.set_major_locator(MaxNLocator(5))
    axis.set_major_formatter(FuncFormatter(lambda value, _: _plain(value / size, language)))
    axis.set_label_text(f"{label}, {say(language, unit)}")


# Effect, cost and choice --------------------------------------------------------------------------------------


def plane_points(points: pd.DataFrame, ax: Axes, *, effect: str, threshold: float, against: str,
                 shares: pd.DataFrame | None = None, language: Language = "en") -> Axes:  # fmt: skip
    """The cost-effectiveness plane: a point a draw, means as large marks, what a unit of effect is worth as a line.

    Parameters
    ----------
    points
        What ``decision.plane`` gives.
    ax
        Where to draw.
    effect
        What is gained, with its unit ("reoffenders avoided a year").
    threshold
        Kroner per unit of effect: draws below the line are worth their money.
    against
        The comparator's name.
    shares
        What ``decision.quadrants`` gives: the share of draws is written into each quadrant if there is one option.
    language
        Of the words; ``effect`` and ``against`` are in it already.
    """
    names = list(dict.fromkeys(points["option"]))
    for k, name in enumerate(names):
        rows = points[points["option"] == name]
        few = rows.iloc[:: -(-len(rows) // SHOWN)]
        ax.plot(few["effect"], few["cost"], MARKERS[k % 6], ms=2.6, alpha=0.35, mew=0, color=SHADES[k % 6], zorder=2)
        worth = float((threshold * rows["effect"] > rows["cost"]).mean())
        label = say(language, "{option}: worth it in {n} %", option=str(name), n=f"{100 * worth:.0f}")
        ax.plot(rows["effect"].mean(), rows["cost"].mean(), MARKERS[k % 6], ms=9, mec="white", color=SHADES[k % 6],
                zorder=4, label=label)  # fmt: skip
    for key, axis in (("effect", "x"), ("cost", "y")):
        low, high = min(0.0, points[key].min()), max(0.0, points[key].max())
        room = 0.12 * (high - low or 1.0)
        getattr(ax, f"set_{axis}lim")(low - room, high + room)
    ends = np.array(ax.get_xlim())
    ax.axline((0.0, 0.0), slope=threshold, color=COLOURS["observed"], linestyle="--", linewidth=1.2, zorder=3,
              label=say(language, "{amount} a unit", amount=kroner(threshold, language)))  # fmt: skip
    ax.fill_between(ends, threshold * ends, ax.get_ylim()[0], color=COLOURS["mentored"], alpha=0.06, linewidth=0)
    ax.axhline(0, color=COLOURS["observed"], linewidth=0.8, zorder=1)
    ax.axvline(0, color=COLOURS["observed"], linewidth=0.8, zorder=1)
    if shares is not None and len(names) == 1:
        _corners(shares, ax, language)
    beyond = {"effect": effect, "against": against}
    ax.set(xlabel=say(language, "{effect}, more than {against}", **beyond), title=say(language, "Effect and cost"))
    ax.xaxis.set_major_locator(MaxNLocator(6))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _plain(value, language)))
    label = say(language, "net cost, more than {against}", against=against)
    money_axis(ax.yaxis, label, *ax.get_ylim(), language=language)
    ax.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.16), handletextpad=0.4)
    return ax


def _corners(shares: pd.DataFrame, ax: Axes, language: Language) -> None:
    """The share of draws in the corner of each quadrant, where the quadrant has room for it."""
    inverse = ax.transAxes.inverted()
    x, y = inverse.transform(ax.transData.transform((0.0, 0.0)))
    for quadrant, share in zip(shares["quadrant"], shares["share"], strict=True):
        more, dearer = quadrant.startswith("more"), quadrant.endswith("dearer")
        if (1 - x if more else x) < 0.1 or (1 - y if dearer else y) < 0.08:
            continue
        text = f"{say(language, quadrant)}: {100 * share:.0f} %"
        ax.text(0.985 if more else 0.015, 0.985 if dearer else 0.015, text, fontsize=8, transform=ax.transAxes,
                ha="right" if more else "left", va="top" if dearer else "bottom", zorder=5,
                bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.5})  # fmt: skip


def acceptability_curves(
    table: pd.DataFrame, ax: Axes, *, effect: str, marked: float | None = None, language: Language = "en"
) -> Axes:
    """How probable each option is to be best, over what a unit of effect is worth; the best on average in bold.

    ``table`` is what ``decision.acceptability`` gives; ``effect`` the unit ("avoided reoffender"); ``marked`` a
    threshold to point at.
    """
    names = list(dict.fromkeys(table["option"]))
    for k, name in enumerate(names):
        rows = table[table["option"] == name].sort_values("threshold")
        at, colour = rows["threshold"], SHADES[k % 6]
        ax.fill_between(at, rows["low"], rows["high"], color=colour, alpha=0.12, linewidth=0)
        ax.plot(at, rows["share"], color=colour, linestyle=DASHES[k % 6], linewidth=1.4, label=name)
        ax.plot(at, rows["share"].where(rows["best"]), color=colour, linewidth=4.5, alpha=0.45, solid_capstyle="butt")
    ax.plot([], [], color=GREY, linewidth=4.5, alpha=0.6, label=say(language, "best on average"))
    if marked is not None:
        ax.axvline(marked, color=COLOURS["observed"], linestyle="--", linewidth=1)
        right = marked < 0.6 * table["threshold"].max()
        ax.annotate(kroner(marked, language), (marked, 1.04), xytext=(4 if right else -4, 0), fontsize=8,
                    textcoords="offset points", ha="left" if right else "right", va="center")  # fmt: skip
    ax.set(ylim=(0, 1.08), xlim=(table["threshold"].min(), table["threshold"].max()),
           ylabel=say(language, "probability to be best"), title=say(language, "How sure is the choice?"))  # fmt: skip
    money_axis(ax.xaxis, say(language, "worth of one {effect}", effect=effect), *ax.get_xlim(), language=language)
    ax.set_yticks(np.arange(0, 1.01, 0.2))
    ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    ax.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)
    return ax


def odds_by_purse(table: pd.DataFrame, ax: Axes, *, language: Language = "en") -> Axes:
    """How probable it is that each purse gets its money back, with mean gains and their 95 %; the total in bold.

    ``table`` is what ``decision.break_even`` gives; purses below the total are not part of it and drawn hollow.
    """
    names = table["purse"].tolist()
    last = names.index(PUBLIC)
    y = np.arange(len(names))[::-1].astype(float)
    size, unit = _scale(*table[["gain_low", "gain_high"]].to_numpy().ravel())
    for place, row in zip(y, table.to_dict("records"), strict=True):
        total, apart = row["purse"] == PUBLIC, place < y[last]
        colour = COLOURS["observed"] if total else GREY if apart else COLOURS["mentored"]
        ax.plot([row["low"], row["high"]], [place, place], color=colour, linewidth=2.4, solid_capstyle="butt")
        ax.plot(row["odds"], place, "D" if total else "o", ms=7, color=colour, mfc="white" if apart else colour)
        low, gain, high = _alike(*(row[key] / size for key in ("gain_low", "gain", "gain_high")), language=language)
        text = f"{gain}  ({low} {say(language, 'to')} {high})"
        ax.annotate(text, (1.03, place), xycoords=("axes fraction", "data"), va="center", fontsize=8.5,
                    fontweight="bold" if total else "normal", annotation_clip=False)  # fmt: skip
    head = say(language, "gain, {unit}\n(95 % of the draws)", unit=say(language, unit))
    ax.annotate(head, (1.03, len(names) - 0.35), xycoords=("axes fraction", "data"),
                fontsize=8.5, va="bottom", annotation_clip=False)  # fmt: skip
    ax.axvline(0.5, color=GREY, linestyle=":", linewidth=1)
    if last < len(names) - 1:
        ax.axhline(y[last] - 0.5, color=PALE, linewidth=1)
        ax.text(0.01, y[last] - 0.56, say(language, "not in the total"), fontsize=8, color="#666666", va="top")
    ax.set(xlim=(-0.03, 1.03), ylim=(-0.7, len(names) - 0.4), xlabel=say(language, "probability to break even"))
    spoken = {**PURSE_NAMES["da"], PUBLIC: say("da", PUBLIC)} if language == "da" else {}
    ax.set_yticks(y, [spoken.get(name, name) for name in names])
    ax.get_yticklabels()[last].set_fontweight("bold")
    ax.tick_params(axis="y", length=0)
    ax.set_title(say(language, "Who gets the money back?"), loc="left")
    ax.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    ax.grid(axis="x", color="#e6e6e6", linewidth=0.6)
    ax.set_axisbelow(True)
    return ax


# Together -----------------------------------------------------------------------------------------------------


def decision_figure(points: pd.DataFrame, curves: pd.DataFrame, purses: pd.DataFrame, *, effect: str, unit: str,
                    threshold: float, against: str, shares: pd.DataFrame | None = None,
                    language: Language = "en") -> Figure:  # fmt: skip
    """Plane, curves and purses side by side; ``effect`` in the plural and ``unit`` in the singular, else as above."""
    figure = Figure(figsize=(15.5, 5.0))
    left, middle, right = figure.subplots(1, 3, width_ratios=(1.1, 1.1, 0.8))
    plane_points(points, left, effect=effect, threshold=threshold, against=against, shares=shares, language=language)
    acceptability_curves(curves, middle, effect=unit, marked=threshold, language=language)
    odds_by_purse(purses, right, language=language)
    return figure

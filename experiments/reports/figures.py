"""Figures of reports about studies: ranges, stacked bars, curves; labels come in the report's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import fill

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from experiments.figures.palette import COLOURS
from experiments.figures.style import styled
from experiments.reports.catalogue import ReportMessages

SHADES = (COLOURS["mentored"], COLOURS["control"], "#5e3c99")
MARKERS = ("s", "o", "D")
FILLS = ((COLOURS["mentored"], "////"), ("#a9c9e4", ""), ("#d9d9d9", "...."))
"""Colour and hatching of what is good, open and bad, so that they differ in black and white."""
WIDTH = 7.4
"""Inches: a column of A4 with type that can be read."""
Range = tuple[float, float, float]
"""Middle, low, high."""


def numbers(w: ReportMessages, unit: str = "") -> FuncFormatter:
    """Ticks as the language writes numbers."""
    return FuncFormatter(lambda value, _: f"{w.number(round(value, 6))}{unit}")


@styled()
def ranges(
    rows: Sequence[tuple[str, Sequence[Range]]], *, names: Sequence[str], w: ReportMessages, axis: str, unit: str = "",
    dashed: Sequence[tuple[float, str]] = (), zero: bool = False,
) -> Figure:  # fmt: skip
    """Points with their ranges, row by row: a label and one range for each series (NaN where there is none).

    ``names`` are those of the series (one series has no legend); ``dashed`` are values with a line and a text above it.
    """
    figure = Figure(figsize=(WIDTH, 1.35 + 0.36 * len(rows) * (1 + 0.45 * (len(names) - 1))))
    ax, number = figure.add_subplot(), len(names)
    for place, (_, series) in enumerate(rows):
        for k, (middle, low, high) in enumerate(series):
            y = place + (k - (number - 1) / 2) * 0.34
            ax.plot([low, high], [y, y], color=SHADES[k], linewidth=2.2, solid_capstyle="butt")
            ax.plot(middle, y, MARKERS[k], color=SHADES[k], ms=6, label=names[k] if not place else None)
    for k, (value, text) in enumerate(dashed):
        ax.axvline(value, color=COLOURS["observed"], linestyle="--", linewidth=1.1)
        ax.annotate(text, (value, 1.0), xycoords=("data", "axes fraction"), ha=("left" if k % 2 else "right"),
                    va="bottom", fontsize=8.5)  # fmt: skip
    if zero:
        ax.axvline(0, color=COLOURS["observed"], linewidth=0.9)
    return _finished(figure, [fill(label, 30) for label, _ in rows], axis, w, unit=unit, legend=number > 1)


def _finished(
    figure: Figure, labels: Sequence[str], axis: str, w: ReportMessages, *, unit: str = "", legend: bool = True
) -> Figure:  # fmt: skip
    """The figure of lying rows with their labels, its axis and its legend."""
    (ax,) = figure.axes
    ax.set_yticks(range(len(labels)), labels)
    ax.set_ylim(len(labels) - 0.5, -0.5)
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel(axis)
    ax.xaxis.set_major_formatter(numbers(w, unit))
    ax.grid(axis="x", color="#dddddd", linewidth=0.6)
    ax.set_axisbelow(True)
    if legend:
        figure.legend(frameon=False, loc="outside lower center", ncols=3)
    return figure


@styled()
def stacks(
    rows: Sequence[tuple[str, Sequence[float]]], *, names: Sequence[str], w: ReportMessages, axis: str,
    across: str = "", alarm: bool = False,
) -> Figure:  # fmt: skip
    """Lying bars of counts, each cut into good, open and bad; the counts stand in the bars.

    With ``alarm`` what is bad stands out: it is a failure, not merely what is unlikely.
    """
    figure = Figure(figsize=(WIDTH, 1.5 + 0.36 * len(rows)))
    ax, most = figure.add_subplot(), max(sum(parts) for _, parts in rows)
    for place, (_, parts) in enumerate(rows):
        left = 0.0
        for k, size in enumerate(parts):
            colour, hatch = (COLOURS["control"], "") if alarm and k == 2 else FILLS[k]
            ax.barh(place, size, 0.74, left=left, color=colour, hatch=hatch, edgecolor="white", linewidth=0.5,
                    label=names[k] if not place else None)  # fmt: skip
            if size >= 0.045 * most:
                ax.text(left + size / 2, place, w.number(size, 0), ha="center", va="center", fontsize=8.5,
                        bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.2, "alpha": 0.85})  # fmt: skip
            left += size
    ax.set_ylabel(across)
    ax.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    return _finished(figure, [fill(label, 30) for label, _ in rows], axis, w)


@styled()
def bars(rows: Sequence[tuple[str, Sequence[Range]]], *, names: Sequence[str], w: ReportMessages, axis: str) -> Figure:
    """Lying bars with intervals, one for each series."""
    number = len(names)
    figure = Figure(figsize=(WIDTH, 1.35 + 0.34 * len(rows) * (1 + 0.5 * (number - 1))))
    ax, height = figure.add_subplot(), 0.8 / number
    looks = (FILLS[0], (COLOURS["control"], ""))
    for place, (_, series) in enumerate(rows):
        for k, (middle, low, high) in enumerate(series):
            y, (colour, hatch) = place + (k - (number - 1) / 2) * height, looks[k]
            ax.barh(y, middle, height * 0.92, color=colour, hatch=hatch, edgecolor="white", linewidth=0.5,
                    label=names[k] if not place else None)  # fmt: skip
            ax.plot([low, high], [y, y], color=COLOURS["observed"], linewidth=1.3)
    ax.axvline(0, color=COLOURS["observed"], linewidth=0.9)
    return _finished(figure, [label for label, _ in rows], axis, w, legend=number > 1)


@styled()
def curve(
    line: Sequence[tuple[float, float]], dots: Sequence[tuple[float, float, float]], *, w: ReportMessages, axis: str,
    up: str, wanted: Sequence[float], planned: tuple[float, str],
) -> Figure:  # fmt: skip
    """Shares that rise with size: a calculated line, simulated dots with their errors, wanted shares dashed."""
    figure = Figure(figsize=(WIDTH, 4.0))
    ax = figure.add_subplot()
    ax.plot(*zip(*line, strict=True), color=COLOURS["mentored"], linewidth=2)
    if dots:
        at, shares, errors = zip(*dots, strict=True)
        ax.errorbar(at, shares, [2 * each for each in errors], linestyle="none", marker="o", color=COLOURS["control"],
                    ms=5.5, capsize=2.5, zorder=4)  # fmt: skip
    for share in wanted:
        ax.axhline(share, color=COLOURS["observed"], linestyle="--", linewidth=1)
    ax.axvline(planned[0], color=COLOURS["observed"], linestyle=":", linewidth=1.2)
    ax.annotate(planned[1], (planned[0], 0.98), xycoords=("data", "axes fraction"), xytext=(4, 0), va="top",
                fontsize=8.5, textcoords="offset points")  # fmt: skip
    ax.set_xscale("log")
    ax.set(xlabel=axis, ylabel=up, ylim=(0, 1.02))
    ax.xaxis.set_major_formatter(numbers(w))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: w.percent(value, 0)))
    ax.grid(color="#e2e2e2", linewidth=0.6)
    return figure


def rows_text(rows: Mapping[str, str]) -> str:
    """Rows of a figure as a text for people who cannot see it."""
    return "; ".join(f"{name}: {value}" for name, value in rows.items())

"""The ladder from headline to street as a waterfall: what is left after each rung, with its interval."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from experiments.figures.palette import COLOURS
from simulation.parameters import ParameterError

LABELS = {
    "headline": ("the trial as printed", "forsøget som trykt"),
    "kroner": ("one krone saves eight", "én krone giver otte"),
    "small-trial": ("a small trial exaggerates", "et lille forsøg overdriver"),
    "value": ("the value of no new crime,\nnot of no serious crime",
              "værdien af ingen ny kriminalitet,\nikke af ingen alvorlig"),
    "definition": ("another count of reoffending", "en anden optælling af recidiv"),
    "sign-ups": ("ordinary sign-ups,\nnot the trial's people", "almindelige deltagere,\nikke forsøgets"),
    "average-risk": ("all whom the plan serves,\nnot only the highest risk",
                     "alle, som planen hjælper,\nikke kun højeste risiko"),
    "scaling": ("quality lost in growing", "kvalitet tabt i væksten"),
    "unfilled": ("too few volunteers\nor places in time", "for få frivillige\neller pladser i tide"),
    "reach": ("most of the released\nare never in it", "de fleste løsladte\ner aldrig med"),
    "price": ("the price of a course", "prisen på et forløb"),
    "discounting": ("later kroner are worth less", "senere kroner er mindre værd"),
    "prison-day": ("a prison day saves\npart of its cost", "en fængselsdag sparer\nkun en del af sin pris"),
}  # fmt: skip
"""Rungs in plain words: English, Danish."""
FEET = {
    "reach": ("left per released person", "tilbage pr. løsladt"),
    "points": ("left per person\nwho says yes", "tilbage pr. person,\nder siger ja"),
    "kroner": ("left", "tilbage"),
}  # fmt: skip
"""What stands at the foot, by the last rung or the ladder."""
TEXTS = {
    "of points": ("points fewer who reoffend within two years",
                  "procentpoint færre med ny kriminalitet inden for to år"),
    "of kroner": ("kroner back for one krone (public purses)", "kroner tilbage for én krone (offentlige kasser)"),
    "column left": ("left", "tilbage"), "column factor": ("factor", "faktor"),
    "column without": ("left at the foot\nwithout this rung", "tilbage nederst\nuden dette trin"),
    "note": ("Bars end at means (diamonds); lines are the middle 95 % of the draws.",
             "Søjlerne ender ved gennemsnit (ruder); stregerne er de midterste 95 % af trækningerne."),
    "pays": ("pays back", "tjener sig ind"),
}  # fmt: skip
LANGUAGES = ("en", "da")
GREY = "#bdbdbd"
COLUMNS = (("column left", 0.16), ("column factor", 0.44), ("column without", 0.92))
"""Columns of numbers beside the bars, and where they end."""


def said(text: tuple[str, str], language: str) -> str:
    """A text in a language (en, da).

    Raises
    ------
    ParameterError
        If there is no such language.
    """
    if language not in LANGUAGES:
        raise ParameterError(f"language is [{language}]; allowed is {', '.join(LANGUAGES)}")
    return text[LANGUAGES.index(language)]


def number(value: float, language: str = "en") -> str:
    """A figure with one decimal, two below 1; a dash if it is not known; Danish with a comma."""
    if value != value:
        return "–"
    text = f"{value:z.2f}" if abs(value) < 0.995 else f"{value:z.1f}"
    text = text.replace("-", "−")
    return text.replace(".", ",") if language == "da" else text


def rows_of(table: pd.DataFrame, kind: str, language: str) -> list[dict[str, Any]]:
    """The rows that are shown, with their labels: the headline, a row a rung, and what stands at the foot."""
    rows = [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]
    foot = FEET.get(rows[-1]["rung"], FEET[kind])
    last = {**rows[-1], "factor": math.nan, "without": math.nan, "whole": True, "label": said(foot, language)}
    first = "kroner" if kind == "kroner" else "headline"
    shown = [{**row, "whole": not k, "label": said(LABELS[row["rung"] if k else first], language)}
             for k, row in enumerate(rows)]  # fmt: skip
    return [*shown, last]


def waterfall(table: pd.DataFrame, ax: Axes, *, kind: str, language: str = "en") -> Axes:
    """A ladder from the headline down to what is left.

    ``table`` is what ``ladder.ladder`` gives; ``kind`` is points or kroner; ``language`` en or da.
    """
    rows, before = rows_of(table, kind, language), 0.0
    for y, row in enumerate(rows):
        value = 0.0 if math.isnan(row["figure"]) else float(row["figure"])
        fell = value <= before and not row["whole"]
        begin = 0.0 if row["whole"] else before
        ax.barh(y, value - begin, left=begin, height=0.62, color=COLOURS["control" if fell else "mentored"],
                hatch="////" if row["whole"] else "", alpha=0.85 if row["whole"] or fell else 0.45, edgecolor="white",
                linewidth=0)  # fmt: skip
        if y:
            ax.plot([before, before], [y - 0.69, y + (0.31 if not row["whole"] else -0.31)], color=GREY, linewidth=1,
                    zorder=1)  # fmt: skip
        if row["high"] > row["low"]:
            ends = [[max(0.0, value - row["low"])], [max(0.0, row["high"] - value)]]
            ax.errorbar(value, y, xerr=ends, fmt="D", capsize=2.5, color=COLOURS["observed"], markersize=3.5,
                        linewidth=1.1, zorder=4)  # fmt: skip
        before = value
    ax.set_yticks(range(len(rows)), [row["label"] for row in rows])
    ax.set_ylim(len(rows) - 0.45, -0.6)
    seen = [row[end] for row in rows for end in ("low", "high") if not math.isnan(row[end])]
    low, high = min(0.0, *seen), max(1.0, *seen)
    ax.set_xlim(1.05 * low, 1.04 * high)
    if kind == "kroner":
        ax.axvline(1, color=COLOURS["observed"], linestyle="--", linewidth=1.1, zorder=3)
        ax.annotate(said(TEXTS["pays"], language) + " →", (1, -0.58), xytext=(3, 0), textcoords="offset points",
                    fontsize=8, va="bottom")  # fmt: skip
    ax.axvline(0, color=COLOURS["observed"], linewidth=0.8)
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel(said(TEXTS[f"of {kind}"], language))
    ax.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0f}".replace("-", "−")))
    ax.grid(axis="x", color="#dddddd", linewidth=0.6)
    ax.set_axisbelow(True)
    return ax


def numbers(table: pd.DataFrame, ax: Axes, *, kind: str, language: str = "en") -> Axes:
    """What is left after each rung, its factor, and what the foot would be without it: columns beside ``waterfall``."""
    rows = rows_of(table, kind, language)
    for y, row in enumerate(rows):
        factor = "" if math.isnan(row["factor"]) else f"× {row['factor']:.2f}"
        texts = (number(row["figure"], language), factor.replace(".", ",") if language == "da" else factor,
                 number(row["without"], language) if 0 < y < len(rows) - 1 else "")  # fmt: skip
        for text, (_, x) in zip(texts, COLUMNS, strict=True):
            ax.text(x, y, text, va="center", ha="right", fontsize=9, fontweight="bold" if row["whole"] else "normal")
    for name, x in COLUMNS:
        ax.text(x, -0.66, said(TEXTS[name], language), va="bottom", ha="right", fontsize=8, style="italic")
    ax.set_xlim(0, 1)
    ax.set_ylim(len(rows) - 0.45, -0.6)
    ax.axis("off")
    return ax


def ladder_figure(tables: Mapping[str, pd.DataFrame], *, title: str = "", language: str = "en") -> Figure:
    """Both ladders, one above the other; ``tables`` is what ``ladder.ladders`` gives."""
    kinds = list(tables)
    heights = [len(tables[kind]) + 3.0 for kind in kinds]
    figure = Figure(figsize=(10.2, 0.9 + 0.4 * sum(heights)))
    axes = figure.subplots(len(kinds), 2, height_ratios=heights, width_ratios=[2.6, 1.0], squeeze=False)
    for (left, right), kind in zip(axes, kinds, strict=True):
        waterfall(tables[kind], left, kind=kind, language=language)
        numbers(tables[kind], right, kind=kind, language=language)
    if title:
        figure.suptitle(title, fontsize=11)
    figure.supxlabel(said(TEXTS["note"], language), fontsize=8.5, style="italic")
    return figure

"""Figures of plans for the whole country: curves over the years, volunteers, who misses out, maps, differences.

Each takes a table and an ``ax`` and returns the ``ax``; labels are in English or Danish. Pale bands are what is not
known (95 % of the draws), dark ones what chance does in one known world.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import fill
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from experiments.figures.decision import DASHES, MARKERS, SHADES
from experiments.figures.maps import choropleth, tiles
from experiments.figures.palette import COLOURS
from experiments.language.formatting import Language, number, rounded
from experiments.language.plan_text import OUTCOMES, REASONS, percent
from experiments.studies.rollout.plan import Plan, year_of
from experiments.studies.rollout.plan_study import FEW
from experiments.studies.rollout.tables import estimates
from simulation.parameters import ParameterError

A_YEAR = ("started", "offences", "reoffenders_any", "places")
IN_ALL = ("started", "offences", "reoffenders_any", "prison_days")
"""Outcomes of a page of curves, and of one of curves that add up."""
COMPARED = ("started", "joined", "matched", "offences", "reoffenders_any", "relapses_any", "prison_days", "places",
            "volunteers")  # fmt: skip
"""Outcomes of a page of differences."""
FILLS = {
    "started": (COLOURS["mentored"], "////"), "without": (COLOURS["control"], ""), "declined": ("#f1a340", ""),
    "too_short": ("#a6a6a6", ""), "not_offered": ("#7fb2d6", "...."), "closed": ("#dedede", ""),
}  # fmt: skip
"""What became of people, from the ground up, with colour and hatching."""
MAPS = {"matched": "joined", "started": "started", "relapses_avoided": "started", "offences_avoided": "started"}
"""What a map shows (columns of ``plans.study.by_place``), and of whom there must be ``plans.study.FEW`` at least."""
TEXT: Mapping[str, tuple[str, str]] = {
    "started": ("people mentored", "personer med mentor"), "offences": ("offences avoided", "undgåede lovbrud"),
    "reoffenders_any": ("reoffenders avoided", "undgåede tilbagefald"),
    "places": ("prison places freed", "frigjorte fængselspladser"),
    "prison_days": ("prison days avoided", "sparede fængselsdage"),
    "a year": ("a year", "om året"), "in all": ("since the start", "siden starten"),
    "mean": ("mean of the year", "årets gennemsnit"),
    "doubt": ("pale: what is not known (95 %)", "lys: det, vi ikke ved (95 %)"),
    "chance": ("dark: chance alone (95 %)", "mørk: tilfældet alene (95 %)"),
    "thick": ("thick: what is not known (95 %)", "tyk: det, vi ikke ved (95 %)"),
    "thin": ("thin: chance alone (95 %)", "tynd: tilfældet alene (95 %)"),
    "after": ("follow-up", "opfølgning"), "people": ("people", "personer"), "crew": ("volunteers", "frivillige"),
    "volunteers": ("trained", "uddannede"), "in_training": ("in training", "under uddannelse"),
    "needed": ("needed for all who want it in time", "nødvendige til alle, der vil og kan nå det"),
    "matched": ("matched", "har en mentor"), "waiting": ("on the list, not matched", "på listen, endnu uden mentor"),
    "releases": ("releases coming up, a year", "kommende løsladelser, om året"),
    "share": ("share of releases", "andel af løsladelserne"),
    "difference": ("more than “{first}”, in % of it", "mere end »{first}«, i % af den"),
    "map matched": ("Share matched before release\nof those who wanted it and had time",
                    "Andel med mentor før løsladelsen\naf dem, der ville og havde tid nok"),
    "map started": ("People mentored,\nall years of the plan", "Personer med mentor,\nalle planens år"),
    "map relapses_avoided": ("Releases followed by a new offence,\nfewer, all years of the plan",
                             "Færre løsladelser, der følges af ny\nkriminalitet, alle planens år"),
    "map offences_avoided": ("Offences avoided,\nall years of the plan", "Undgåede lovbrud,\nalle planens år"),
    "few joined": ("fewer than {n} wanted it", "færre end {n} ville være med"),
    "few started": ("fewer than {n} mentored", "færre end {n} med mentor"),
}  # fmt: skip
"""Labels in English and Danish."""


def _text(language: Language, what: str, **parts: str) -> str:
    return TEXT[what][language == "da"].format(**parts)


def _numbers(language: Language, unit: str = "") -> FuncFormatter:
    def written(value: float, _: object = None) -> str:
        text = f"{value:,.10g}".replace("-", "−") + unit
        return text if language == "en" else text.translate(str.maketrans(",.", ".,"))

    return FuncFormatter(written)


def _legend(figure: Figure, handles: Sequence[Any], names: Sequence[str]) -> Figure:
    figure.legend(handles, names, frameon=False, loc="outside lower center", ncols=2)
    return figure


def _calendar(ax: Axes, plan: Plan, last: int, language: Language, *, middle: bool) -> None:
    """Years on the x axis, and the years after the last releases in grey; ``middle``: a year is a point, not a span."""
    shown = range(0, last + 1, 1 if last < 7 else 2)
    ax.set_xticks([*shown], [year_of(plan, year) for year in shown])
    edge = plan.years - (0.5 if middle else 0.0)
    right = last + (0.5 if middle else 1.0)
    ax.set_xlim(-0.5 if middle else 0.0, right)
    if right > edge:
        ax.axvspan(edge, right, color="#efefef", linewidth=0, zorder=0)
        ax.text((edge + right) / 2, 0.985, _text(language, "after"), transform=ax.get_xaxis_transform(), ha="center",
                va="top", fontsize=8, color="#666666")  # fmt: skip
    ax.grid(axis="y", color="#dddddd", linewidth=0.6)
    ax.set_axisbelow(True)


def by_year(table: pd.DataFrame, outcome: str, *, cumulated: bool = False) -> pd.DataFrame:
    """An outcome by year with its intervals: time, then the columns of ``plans.tables.estimate``.

    ``table`` is what ``plans.tables.outcomes`` gives by ``time``; cumulated, a year holds the sum up to it, run by run.
    """
    if outcome not in table:
        known = ", ".join(name for name in OUTCOMES["en"] if name in table)
        raise ParameterError(f"outcome is [{outcome}], which the table does not have; allowed is {known}")
    rows = table[["draw", "replicate", "time", outcome]].sort_values("time")
    if cumulated:
        rows[outcome] = rows.groupby(["draw", "replicate"])[outcome].cumsum()
    return estimates(rows, ("time",)).drop(columns=["outcome", "what"])


def curves(
    tables: Mapping[str, pd.DataFrame], outcome: str, ax: Axes, *, plan: Plan, cumulated: bool = False,
    language: Language = "en",
) -> Axes:  # fmt: skip
    """An outcome over the years for one plan or more, with bands over doubt and over chance.

    ``tables`` are those of ``plans.tables.outcomes`` by ``time``, by the plans' titles; ``plan`` gives the calendar.
    """
    last = 0
    for k, (name, table) in enumerate(tables.items()):
        rows, colour = by_year(table, outcome, cumulated=cumulated), SHADES[k % 6]
        at, last = rows["time"], max(last, int(rows["time"].max()))
        ax.fill_between(at, rows["low"], rows["high"], color=colour, alpha=0.16, linewidth=0)
        ax.fill_between(at, rows["chance_low"], rows["chance_high"], color=colour, alpha=0.34, linewidth=0)
        ax.plot(at, rows["mean"], color=colour, linestyle=DASHES[k % 6], marker=MARKERS[k % 6], ms=3.5, label=name)
    ax.axhline(0, color=COLOURS["observed"], linewidth=0.8)
    how = "in all" if cumulated else "mean" if outcome == "places" else "a year"
    ax.set_title(f"{_text(language, outcome)}, {_text(language, how)}", loc="left")
    ax.yaxis.set_major_locator(MaxNLocator(5))
    ax.yaxis.set_major_formatter(_numbers(language))
    _calendar(ax, plan, last, language, middle=True)
    return ax


def rollout_figure(
    tables: Mapping[str, pd.DataFrame], *, plan: Plan, cumulated: bool = False, language: Language = "en"
) -> Figure:
    """Four outcomes over the years on a page."""
    figure = Figure(figsize=(10, 6.8))
    panels = figure.subplots(2, 2).ravel()
    for ax, outcome in zip(panels, IN_ALL if cumulated else A_YEAR, strict=True):
        curves(tables, outcome, ax, plan=plan, cumulated=cumulated, language=language)
    lines, names = panels[0].get_legend_handles_labels()
    bands = [Patch(color=colour, linewidth=0) for colour in ("#e2e2e2", "#b0b0b0")]
    return _legend(figure, [*lines, *bands], [*names, _text(language, "doubt"), _text(language, "chance")])


def over_months(
    table: pd.DataFrame, ax: Axes, names: Sequence[str], *, plan: Plan, title: str, language: Language = "en"
) -> Axes:
    """Columns of ``plans.tables.supply_by_month`` over the calendar, with the middle 95 % of the draws."""
    at = (table["time"] + 0.5) / 12
    for k, name in enumerate(names):
        colour = (*SHADES[:2], "#777777")[k]
        ax.fill_between(at, table[f"{name}_low"], table[f"{name}_high"], color=colour, alpha=0.15, linewidth=0)
        ax.plot(at, table[name], color=colour, linestyle=DASHES[k], linewidth=1.8, label=_text(language, name))
    ax.set_title(_text(language, title), loc="left")
    ax.set_ylim(bottom=0)
    ax.yaxis.set_major_locator(MaxNLocator(5))
    ax.yaxis.set_major_formatter(_numbers(language))
    _calendar(ax, plan, int(table["time"].max()) // 12, language, middle=False)
    ax.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.1), ncols=len(names))
    return ax


def supply_figure(table: pd.DataFrame, *, plan: Plan, language: Language = "en") -> Figure:
    """Volunteers there against those needed, and below them the people who are matched and who wait."""
    figure = Figure(figsize=(10, 7.4))
    above, below = figure.subplots(2, 1)
    over_months(table, above, ("volunteers", "needed", "in_training"), plan=plan, title="crew", language=language)
    over_months(table, below, ("matched", "waiting"), plan=plan, title="people", language=language)
    return figure


def missing_bars(
    table: pd.DataFrame, ax: Axes, *, by: str, plan: Plan | None = None, language: Language = "en"
) -> Axes:
    """What became of the people who were due, as stacked bars.

    Parameters
    ----------
    table
        What ``plans.tables.missing_out`` gives, split by ``by``.
    ax
        Where to draw.
    by
        Column of the table: ``time`` (upright bars of people) or any other (lying bars of shares).
    plan
        For the calendar, if it is by ``time``.
    language
        Of the labels.
    """
    upright = by == "time"
    wide = table.pivot_table(index=by, columns="reason", values="people" if upright else "share", sort=upright)
    ground = np.zeros(len(wide))
    for reason, (colour, hatch) in FILLS.items():
        sizes = wide[reason].to_numpy()
        if not sizes.any():
            continue
        named = REASONS[language][reason]
        look: dict[str, Any] = {"color": colour, "edgecolor": "white", "linewidth": 0.4, "label": named}
        if upright:
            ax.bar(np.arange(len(wide)), sizes, 0.8, bottom=ground, hatch=hatch, **look)
        else:
            ax.barh(np.arange(len(wide)), sizes, 0.72, left=ground, **look)
            ink = "white" if reason in ("started", "without") else "black"
            for y, (left, size) in enumerate(zip(ground, sizes, strict=True)):
                if size >= 0.07:
                    ax.text(left + size / 2, y, percent(size, language), ha="center", va="center", fontsize=8,
                            color=ink)  # fmt: skip
        ground = ground + sizes
    if upright:
        names = [str(year) if plan is None else year_of(plan, int(year)) for year in wide.index]
        ax.set_xticks(np.arange(len(wide))[:: 1 + len(wide) // 9], names[:: 1 + len(wide) // 9])
        ax.set_title(_text(language, "releases"), loc="left")
        ax.yaxis.set_major_formatter(_numbers(language))
        ax.grid(axis="y", color="#dddddd", linewidth=0.6)
    else:
        ax.set_yticks(np.arange(len(wide)), [str(name) for name in wide.index])
        ax.set_ylim(len(wide) - 0.5, -0.5)
        ax.set_xlim(0, 1)
        ax.set_title(_text(language, "share"), loc="left")
        ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.0f} %"))
        ax.tick_params(axis="y", length=0)
    ax.set_axisbelow(True)
    return ax


def missing_figure(
    by_time: pd.DataFrame, by_region: pd.DataFrame, *, plan: Plan, region: str = "region", language: Language = "en"
) -> Figure:
    """Who misses out and why, by year and by region (column ``region``)."""
    figure = Figure(figsize=(10, 5.0))
    left, right = figure.subplots(1, 2, width_ratios=[1.0, 1.15])
    missing_bars(by_time, left, by="time", plan=plan, language=language)
    missing_bars(by_region, right, by=region, language=language)
    found = {name: bar for ax in (right, left) for bar, name in zip(*ax.get_legend_handles_labels(), strict=True)}
    names = [REASONS[language][reason] for reason in FILLS if REASONS[language][reason] in found]
    return _legend(figure, [found[name] for name in names], names)


def place_map(
    table: pd.DataFrame, ax: Axes, *, what: str, tiled: bool = False, language: Language = "en"
) -> Axes:
    """A plan by municipality on the true map or on tiles; places with fewer than ``FEW`` people are hatched.

    ``table`` is what ``plans.study.by_place`` gives, ``what`` a key of ``MAPS``.
    """
    if what not in MAPS:
        raise ParameterError(f"the map is of [{what}]; allowed is {', '.join(MAPS)}")
    shown = table[table[MAPS[what]] >= FEW]
    values = dict(zip(shown["municipality"], shown[what].astype(float), strict=True))
    high = max([*values.values(), 0.0]) or 1.0
    share = what == "matched"

    def form(value: float) -> str:
        return percent(value, language) if share else number(value, language, int(abs(value) < 10 and value % 1 > 0))

    how: dict[str, Any] = {"limits": (0.0, high)} if share else {"norm": PowerNorm(0.5, 0.0, high)}
    missing = _text(language, f"few {MAPS[what]}", n=number(FEW, language))
    draw = tiles if tiled else choropleth
    return draw(ax, values, label=_text(language, f"map {what}"), form=form, missing=missing, **how)


def map_figure(table: pd.DataFrame, *, what: str, tiled: bool = False, language: Language = "en") -> Figure:
    """A map as a figure of its own."""
    figure = Figure(figsize=(10, 7.5))
    place_map(table, figure.add_subplot(), what=what, tiled=tiled, language=language)
    return figure


def forest(
    differences: pd.DataFrame, first: pd.DataFrame, ax: Axes, *, titles: Mapping[str, str],
    outcomes: Sequence[str] = COMPARED, language: Language = "en",
) -> Axes:  # fmt: skip
    """Further plans against the first, outcome by outcome: thick what is not known, thin what chance does.

    Parameters
    ----------
    differences
        plan (its name), then the columns of ``plans.tables.estimates``: further plans less the first, on the same luck.
    first
        ``plans.tables.estimates`` of the first plan; an outcome of which it has none is left out.
    ax
        Where to draw; the differences themselves are written on its right.
    titles
        What each plan is called, by name, the first plan first.
    outcomes
        Keys of ``plans.tables.LABELS``, from the top.
    language
        Of the labels.
    """
    base = dict(zip(first["outcome"], first["mean"].abs() / 100, strict=True))
    shown, plans = [outcome for outcome in outcomes if base[outcome] > 0], list(titles)[1:]
    for row in differences[differences["outcome"].isin(shown)].to_dict("records"):
        k, y, one = plans.index(row["plan"]), shown.index(row["outcome"]), base[row["outcome"]]
        colour, at = SHADES[(k + 1) % 6], y + (k - (len(plans) - 1) / 2) * 0.7 / len(plans)
        ax.plot([row["low"] / one, row["high"] / one], [at, at], color=colour, linewidth=6, alpha=0.35,
                solid_capstyle="butt")  # fmt: skip
        ax.plot([row["chance_low"] / one, row["chance_high"] / one], [at, at], "|-", color=colour, ms=6, linewidth=1.2)
        ax.plot(row["mean"] / one, at, MARKERS[(k + 1) % 6], color=colour, ms=5)
        ax.annotate(_gap(row, language), (1.02, at), xycoords=("axes fraction", "data"), va="center", fontsize=8.5,
                    color=colour, annotation_clip=False)  # fmt: skip
    ax.axvline(0, color=COLOURS["observed"], linewidth=1)
    ax.set_yticks(range(len(shown)), [fill(OUTCOMES[language][outcome], 28) for outcome in shown])
    ax.set_ylim(len(shown) - 0.5, -0.5)
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel(_text(language, "difference", first=next(iter(titles.values()))))
    ax.xaxis.set_major_formatter(_numbers(language, " %"))
    ax.grid(axis="x", color="#dddddd", linewidth=0.6)
    ax.set_axisbelow(True)
    return ax


def _gap(row: Mapping[Any, Any], language: Language) -> str:
    """A difference in its own unit: +4,200 (1,760 to 7,610)."""
    share = row["outcome"] == "matched"
    values, decimals = rounded((100 if share else 1) * row[key] for key in ("mean", "low", "high"))
    mean, low, high = (number(value, language, 0 if share else decimals) for value in values)
    points, to = {"en": (" points", "to"), "da": (" point", "til")}[language]
    return f"{'+' if values[0] > 0 else ''}{mean}{points if share else ''}  ({low} {to} {high})"


def difference_figure(
    differences: pd.DataFrame, first: pd.DataFrame, *, titles: Mapping[str, str], language: Language = "en"
) -> Figure:
    """Differences as a figure of their own."""
    plans = list(titles.values())[1:]
    figure = Figure(figsize=(10, 2.2 + len(COMPARED) * (0.32 + 0.24 * len(plans))))
    forest(differences, first, figure.add_subplot(), titles=titles, language=language)
    marks = [Line2D([], [], color=SHADES[(k + 1) % 6], marker=MARKERS[(k + 1) % 6], linewidth=1.2)
             for k in range(len(plans))]  # fmt: skip
    lines = [Line2D([], [], color=colour, linewidth=width, solid_capstyle="butt")
             for colour, width in (("#cccccc", 6.0), ("#777777", 1.2))]  # fmt: skip
    return _legend(figure, [*marks, *lines], [*plans, _text(language, "thick"), _text(language, "thin")])

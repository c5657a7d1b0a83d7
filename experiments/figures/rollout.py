"""Figures of a plan for the whole country: curves over the years, who delivers it, who misses out, maps, kroner.

Each takes a table and an ``ax`` and returns the ``ax``. Pale bands are 95 % of the draws of the uncertain parameters,
dark ones 95 % of what chance alone does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from textwrap import fill
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from experiments.figures.decision import DASHES, MARKERS, SHADES, decision_figure
from experiments.figures.maps import choropleth, tiles
from experiments.figures.palette import COLOURS
from experiments.language.messages import MILLION, Messages
from experiments.language.plan_text import PUBLIC_TOTAL, Fact, payer_text, reason_text, title_text, year_text
from simulation.parameters import ParameterError
from simulation.prices import PUBLIC

A_YEAR = ("started", "offences", "reoffenders_any", "places")
"""Outcomes of a page of curves."""
FILLS = {
    "started": (COLOURS["mentored"], "////"), "without": (COLOURS["control"], ""), "limit": ("#8073ac", "...."),
    "declined": ("#f1a340", ""),
    "too_short": ("#a6a6a6", ""), "not_offered": ("#7fb2d6", "...."), "closed": ("#dedede", ""),
}  # fmt: skip
"""What became of people, from the ground up, with colour and hatching."""
APART = ("victims", "volunteers' time")
"""Payers that are shown apart, below the public ones."""
GREY = "#bdbdbd"
MAPS = {"matched": "joined", "started": "started", "relapses_avoided": "started", "offences_avoided": "started"}
"""What a map shows (columns of ``by_municipality``), and of whom there must be enough for a number to say something."""


def figures(
    facts: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], m: Messages
) -> dict[str, Callable[[], Figure]]:
    """The study's figures by name."""
    plan, programme, few = facts["plan"], facts["programme"], facts["few"]
    title = title_text(plan, m).partition(":")[0].partition(",")[0]
    titles = {plan["name"]: title, facts["no_plan"]: m(f"plan.option.{facts['no_plan']}")}
    return {
        "rollout": lambda: rollout_figure({title: tables["by_year"]}, plan=plan, m=m),
        "supply": lambda: supply_figure(tables["supply"], plan=plan, programme=programme, m=m),
        "missing_out": lambda: missing_figure(tables["missing_out_by_year"], tables["missing_out_by_region"], plan=plan,
                                              carrier=programme["carrier"], m=m),
        "map": lambda: map_figure(tables["by_municipality"], what="matched", few=few, m=m),
        "map_tiles": lambda: map_figure(tables["by_municipality"], what="started", tiled=True, few=few, m=m),
        "costs": lambda: money_figure(tables["break_even"], tables["budget"], title=title, m=m),
        "decision": lambda: decision_figure(tables, threshold=facts["marked_threshold"], against=facts["no_plan"],
                                            titles=titles, m=m),
    }  # fmt: skip


def numbers(m: Messages, unit: str = "") -> FuncFormatter:
    """Numbers of an axis, with a unit."""
    return FuncFormatter(lambda value, _=None: m.plain(value) + unit)


def legend(figure: Figure, handles: Sequence[Any], names: Sequence[str]) -> Figure:
    """One legend below all panels; long names are broken."""
    figure.legend(handles, [fill(name, 60) for name in names], frameon=False, loc="outside lower center", ncols=2)
    return figure


def _calendar(ax: Axes, plan: Fact, last: int, m: Messages, *, middle: bool) -> None:
    """Years on the x axis, and the years after the last releases in grey; ``middle``: a year is a point, not a span."""
    shown = range(0, last + 1, 1 if last < 7 else 2)
    ax.set_xticks([*shown], [year_text(plan["begins"], year) for year in shown])
    edge = plan["years"] - (0.5 if middle else 0.0)
    right = last + (0.5 if middle else 1.0)
    ax.set_xlim(-0.5 if middle else 0.0, right)
    if right > edge:
        ax.axvspan(edge, right, color="#efefef", linewidth=0, zorder=0)
        ax.text((edge + right) / 2, 0.985, m("rollout.figure.follow_up"), transform=ax.get_xaxis_transform(),
                ha="center", va="top", fontsize=8, color="#666666")  # fmt: skip
    ax.grid(axis="y", color="#dddddd", linewidth=0.6)
    ax.set_axisbelow(True)


def curves(tables: Mapping[str, pd.DataFrame], outcome: str, ax: Axes, *, plan: Fact, m: Messages) -> Axes:
    """An outcome over the years for one plan or more, with bands for the uncertain parameters and for chance.

    ``tables`` are ``by_year`` of each plan, by its title; ``plan`` (its facts) gives the calendar.
    """
    last = 0
    for k, (name, table) in enumerate(tables.items()):
        rows, colour = table[table["outcome"] == outcome], SHADES[k % 6]
        if rows.empty:
            known = ", ".join(dict.fromkeys(table["outcome"]))
            raise ParameterError(f"outcome is [{outcome}], which the table does not have; allowed is {known}")
        at, last = rows["time"], max(last, int(rows["time"].max()))
        ax.fill_between(at, rows["low"], rows["high"], color=colour, alpha=0.16, linewidth=0)
        ax.fill_between(at, rows["stochastic_low"], rows["stochastic_high"], color=colour, alpha=0.34, linewidth=0)
        ax.plot(at, rows["mean"], color=colour, linestyle=DASHES[k % 6], marker=MARKERS[k % 6], ms=3.5, label=name)
    ax.axhline(0, color=COLOURS["observed"], linewidth=0.8)
    how = m(f"rollout.figure.{'mean_of_year' if outcome == 'places' else 'a_year'}")
    ax.set_title(f"{m(f'rollout.figure.{outcome}')}, {how}", loc="left")
    ax.yaxis.set_major_locator(MaxNLocator(5))
    ax.yaxis.set_major_formatter(numbers(m))
    _calendar(ax, plan, last, m, middle=True)
    return ax


def rollout_figure(tables: Mapping[str, pd.DataFrame], *, plan: Fact, m: Messages) -> Figure:
    """Four outcomes over the years on a page."""
    figure = Figure(figsize=(10, 6.8))
    panels = figure.subplots(2, 2).ravel()
    for ax, outcome in zip(panels, A_YEAR, strict=True):
        curves(tables, outcome, ax, plan=plan, m=m)
    lines, names = panels[0].get_legend_handles_labels()
    bands = [Patch(color=colour, linewidth=0) for colour in ("#e2e2e2", "#b0b0b0")]
    both = [m(f"rollout.figure.{name}") for name in ("parameter", "stochastic")]
    return legend(figure, [*lines, *bands], [*names, *both])


def over_months(
    table: pd.DataFrame, ax: Axes, names: Mapping[str, str], *, plan: Fact, title: str, m: Messages
) -> Axes:
    """Columns of ``supply`` over the calendar, with the middle 95 % of the draws; ``names`` are columns and labels."""
    at = (table["time"] + 0.5) / 12
    for k, (name, label) in enumerate(names.items()):
        colour = (*SHADES[:2], "#777777")[k]
        ax.fill_between(at, table[f"{name}_low"], table[f"{name}_high"], color=colour, alpha=0.15, linewidth=0)
        ax.plot(at, table[name], color=colour, linestyle=DASHES[k], linewidth=1.8, label=label)
    ax.set_title(title, loc="left")
    ax.set_ylim(bottom=0)
    ax.yaxis.set_major_locator(MaxNLocator(5))
    ax.yaxis.set_major_formatter(numbers(m))
    _calendar(ax, plan, int(table["time"].max()) // 12, m, middle=False)
    ax.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.1), ncols=3)
    return ax


def supply_figure(table: pd.DataFrame, *, plan: Fact, programme: Fact, m: Messages) -> Figure:
    """Volunteers (or slots) there against those needed, and below them the people in a course and waiting."""
    figure = Figure(figsize=(10, 7.4))
    above, below = figure.subplots(2, 1)
    slots = programme["carrier"] == "slots"
    columns = ("needed",) if slots else ("volunteers", "needed", "in_training")
    labels = {name: m("rollout.figure.needed_slots" if slots else "rollout.figure.needed_volunteers")
            if name == "needed" else m(f"rollout.figure.{name}") for name in columns}  # fmt: skip
    title = m(f"rollout.figure.carrier_{programme['delivered_by']}")
    over_months(table, above, labels, plan=plan, title=title, m=m)
    if slots:
        above.axhline(programme["capacity"], color=COLOURS["observed"], linestyle="--", linewidth=1.2,
                      label=m("rollout.figure.capacity"))  # fmt: skip
        above.set_ylim(0, max(above.get_ylim()[1], 1.08 * programme["capacity"]))
        above.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.1), ncols=3)
    people = {name: m(f"rollout.figure.{name}") for name in ("matched", "waiting")}
    over_months(table, below, people, plan=plan, title=m("rollout.figure.people"), m=m)
    return figure


def missing_bars(
    table: pd.DataFrame, ax: Axes, *, by: str, carrier: str, m: Messages, begins: str | None = None
) -> Axes:
    """What became of the people who were due: upright bars of people by ``time``, or lying bars of shares.

    ``table`` is ``missing_out``, split by ``by``; ``carrier`` is that of the programme's facts; ``begins`` is the first
    month of the plan, for the calendar.
    """
    upright = by == "time"
    if upright:
        table = table.assign(people=12 * table["people"] / table["months"])
    wide = table.pivot_table(index=by, columns="reason", values="people" if upright else "share", sort=upright)
    ground = np.zeros(len(wide))
    for reason, (colour, hatch) in FILLS.items():
        sizes = wide[reason].to_numpy()
        if not sizes.any():
            continue
        look: dict[str, Any] = {"color": colour, "edgecolor": "white", "linewidth": 0.4,
                                "label": reason_text(m, reason, carrier)}  # fmt: skip
        if upright:
            ax.bar(np.arange(len(wide)), sizes, 0.8, bottom=ground, hatch=hatch, **look)
        else:
            ax.barh(np.arange(len(wide)), sizes, 0.72, left=ground, **look)
            ink = "white" if reason in ("started", "without", "limit") else "black"
            for y, (left, size) in enumerate(zip(ground, sizes, strict=True)):
                if size >= 0.07:
                    ax.text(left + size / 2, y, m.percent(size), ha="center", va="center", fontsize=8, color=ink)
        ground = ground + sizes
    if upright:
        names = [str(year) if begins is None else year_text(begins, int(year)) for year in wide.index]
        ax.set_xticks(np.arange(len(wide))[:: 1 + len(wide) // 9], names[:: 1 + len(wide) // 9])
        ax.set_title(m("rollout.figure.releases"), loc="left")
        ax.yaxis.set_major_formatter(numbers(m))
        ax.grid(axis="y", color="#dddddd", linewidth=0.6)
    else:
        ax.set_yticks(np.arange(len(wide)), [str(name) for name in wide.index])
        ax.set_ylim(len(wide) - 0.5, -0.5)
        ax.set_xlim(0, 1)
        ax.set_title(m("rollout.figure.share"), loc="left")
        ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.0f} %"))
        ax.tick_params(axis="y", length=0)
    ax.set_axisbelow(True)
    return ax


def missing_figure(
    by_time: pd.DataFrame, by_region: pd.DataFrame, *, plan: Fact, carrier: str, m: Messages
) -> Figure:  # fmt: skip
    """Who misses out and why, by year and by region."""
    figure = Figure(figsize=(10, 5.0))
    left, right = figure.subplots(1, 2, width_ratios=[1.0, 1.15])
    missing_bars(by_time, left, by="time", carrier=carrier, begins=plan["begins"], m=m)
    missing_bars(by_region, right, by="region", carrier=carrier, m=m)
    found = {name: bar for ax in (right, left) for bar, name in zip(*ax.get_legend_handles_labels(), strict=True)}
    names = [reason_text(m, reason, carrier) for reason in FILLS if reason_text(m, reason, carrier) in found]
    return legend(figure, [found[name] for name in names], names)


def municipality_map(
    table: pd.DataFrame, ax: Axes, *, what: str, few: float, m: Messages, tiled: bool = False
) -> Axes:
    """A plan by municipality on the true map or on tiles; places with fewer than ``few`` people are hatched, and those
    where it never opens are grey.

    ``table`` is ``by_municipality``, ``what`` a key of ``MAPS``.
    """
    if what not in MAPS:
        raise ParameterError(f"the map is of [{what}]; allowed is {', '.join(MAPS)}")
    shown = table[(table[MAPS[what]] >= few) & table["open"]]
    values = dict(zip(shown["municipality"], shown[what].astype(float), strict=True))
    high = max([*values.values(), 0.0]) or 1.0
    share = what == "matched"

    def form(value: float) -> str:
        return m.percent(value) if share else m.number(value, 0)

    how: dict[str, Any] = {"limits": (0.0, high)} if share else {"norm": PowerNorm(0.5, 0.0, high)}
    how |= {"closed": table.loc[~table["open"], "municipality"].tolist(), "shut": m("rollout.figure.closed")}
    missing = m(f"rollout.figure.few_{MAPS[what]}", n=m.number(few))
    draw = tiles if tiled else choropleth
    return draw(ax, values, label=m(f"rollout.figure.map_{what}"), form=form, missing=missing, **how)


def map_figure(table: pd.DataFrame, *, what: str, few: float, m: Messages, tiled: bool = False) -> Figure:
    """A map as a figure of its own."""
    figure = Figure(figsize=(10, 7.5))
    municipality_map(table, figure.add_subplot(), what=what, tiled=tiled, few=few, m=m)
    return figure


# Kroner -------------------------------------------------------------------------------------------------------


def flows(table: pd.DataFrame, ax: Axes, *, m: Messages) -> Axes:
    """Who pays and who gains: costs to the left, savings to the right, and what is left with its interval.

    ``table`` is what ``cost_effectiveness.break_even`` gives (kroner). The public payers come first, with their total;
    victims and volunteers' time, if there are any, below a line.
    """
    rows = table.set_index("payer")[["spent", "saved", "gain", "gain_low", "gain_high"]] / MILLION
    apart = [name for name in APART if name in rows.index and rows.loc[name, ["spent", "saved"]].sum() != 0]
    shown = [*PUBLIC, PUBLIC_TOTAL, *apart]
    for y, payer in enumerate(shown):
        spent, saved, net, low, high = (float(each) for each in rows.loc[payer].to_numpy(float))
        for value, colour, hatch in ((-spent, COLOURS["control"], ""), (saved, COLOURS["mentored"], "////")):
            ax.barh(y, value, height=0.6, color=colour, hatch=hatch, alpha=0.45 if payer in APART else 0.85,
                    edgecolor="white", linewidth=0)  # fmt: skip
        ax.errorbar(net, y, xerr=[[max(0.0, net - low)], [max(0.0, high - net)]], fmt="D", color=COLOURS["observed"],
                    markersize=4.5, capsize=2.5, linewidth=1.3, zorder=4)  # fmt: skip
        ax.annotate(f"{'+' if net >= 0 else ''}{m.number(net, 1)}", (1.01, y), xycoords=("axes fraction", "data"),
                    va="center", fontsize=8.5)  # fmt: skip
    ax.annotate(m("plan.figure.net"), (1.01, -0.62), xycoords=("axes fraction", "data"), va="bottom", fontsize=8.5,
                style="italic")  # fmt: skip
    ax.axvline(0, color=COLOURS["observed"], linewidth=1)
    ax.axhline(len(PUBLIC) - 0.5, color=GREY, linewidth=0.8)
    if apart:
        ax.axhline(len(PUBLIC) + 0.5, color=GREY, linewidth=0.8)
    ax.barh(0, 0, color=COLOURS["control"], label=m("plan.figure.pays"))
    ax.barh(0, 0, color=COLOURS["mentored"], hatch="////", edgecolor="white", linewidth=0, label=m("plan.figure.saves"))
    ax.plot([], [], "D", color=COLOURS["observed"], markersize=4.5, label=m("plan.figure.net_draws"))
    ax.set_yticks(range(len(shown)), [m("plan.figure.total") if payer == PUBLIC_TOTAL else payer_text(m, payer)
                                      for payer in shown])  # fmt: skip
    ax.set_ylim(len(shown) - 0.45, -0.55)
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel(m("plan.figure.million"))
    ax.xaxis.set_major_locator(MaxNLocator(7))
    ax.xaxis.set_major_formatter(numbers(m))
    ax.grid(axis="x", color="#dddddd", linewidth=0.6)
    ax.set_axisbelow(True)
    ax.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=3)
    return ax


def budget(table: pd.DataFrame, ax: Axes, *, m: Messages) -> Axes:
    """Kroner of the public payers year by year: costs and savings as bars, the net with its band.

    ``table``: year, then cost, saving and net (kroner), each with ``_mean``, ``_low`` and ``_high``.
    """
    parts = {name: table[[f"{name}_{key}" for key in ("mean", "low", "high")]].to_numpy() / MILLION
             for name in ("cost", "saving", "net")}  # fmt: skip
    at = np.arange(len(table))
    ax.bar(at, -parts["cost"][:, 0], width=0.7, color=COLOURS["control"], alpha=0.85, linewidth=0,
           label=m("plan.figure.costs"))  # fmt: skip
    ax.bar(at, parts["saving"][:, 0], width=0.7, color=COLOURS["mentored"], alpha=0.85, hatch="////", edgecolor="white",
           linewidth=0, label=m("plan.figure.savings"))  # fmt: skip
    net = parts["net"]
    ax.fill_between(at, net[:, 1], net[:, 2], color=COLOURS["observed"], alpha=0.18, linewidth=0, zorder=3,
                    label=m("plan.figure.net_draws"))  # fmt: skip
    ax.plot(at, net[:, 0], "-D", color=COLOURS["observed"], markersize=4, linewidth=1.5, zorder=4,
            label=m("plan.figure.net"))  # fmt: skip
    ax.axhline(0, color=COLOURS["observed"], linewidth=1)
    ax.set_ylabel(m("plan.figure.million_a_year"))
    step = 1 + len(table) // 9
    ax.set_xticks(at[::step], [str(year) for year in table["year"]][::step])
    ax.yaxis.set_major_formatter(numbers(m))
    ax.grid(axis="y", color="#dddddd", linewidth=0.6)
    ax.set_axisbelow(True)
    ax.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.1), ncols=4)
    return ax


def money_figure(break_even: pd.DataFrame, by_year: pd.DataFrame, *, title: str, m: Messages) -> Figure:
    """Who pays and who gains, and beside it the kroner by year."""
    figure = Figure(figsize=(12.5, 4.6))
    left, right = figure.subplots(1, 2, width_ratios=[1.15, 1.0])
    flows(break_even, left, m=m)
    budget(by_year, right, m=m)
    figure.suptitle(title, fontsize=11)
    return figure

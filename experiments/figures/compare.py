"""Figures of plans beside each other: curves over the years, and the further plans against the first.

Thick lines are 95 % of the draws of the uncertain parameters, thin ones 95 % of what chance alone does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from textwrap import fill
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from experiments.figures.decision import MARKERS, SHADES
from experiments.figures.palette import COLOURS
from experiments.figures.rollout import legend, numbers, rollout_figure
from experiments.language.compare import titles
from experiments.language.formatting import rounded
from experiments.language.messages import Messages
from experiments.language.plan_text import outcome_text

COMPARED = ("started", "joined", "matched", "offences", "reoffenders_any", "relapses_any", "prison_days", "places",
            "volunteers")  # fmt: skip
"""Outcomes of a page of differences."""


def figures(
    facts: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], m: Messages
) -> dict[str, Callable[[], Figure]]:
    """The study's figures by name."""
    plans = [each["plan"] for each in facts["plans"]]
    called = dict(zip((plan["name"] for plan in plans), titles(facts, m), strict=True))
    by_year = {title: tables["plans_by_year"][tables["plans_by_year"]["plan"] == name]
               for name, title in called.items()}  # fmt: skip
    first = tables["plans"][tables["plans"]["plan"] == plans[0]["name"]]
    return {
        "differences": lambda: difference_figure(tables["differences"], first, titles=called, m=m),
        "rollout": lambda: rollout_figure(by_year, plan=plans[0], m=m),
    }


def forest(
    differences: pd.DataFrame, first: pd.DataFrame, ax: Axes, *, titles: Mapping[str, str], m: Messages,
    outcomes: Sequence[str] = COMPARED,
) -> Axes:  # fmt: skip
    """Further plans against the first, outcome by outcome, in per cent of the first; the differences on the right.

    ``differences`` are further plans less the first (plan, then the columns of ``tables.estimates``), ``first`` are the
    estimates of the first plan (an outcome of which it has none is left out), ``titles`` are by name, the first first.
    """
    base = dict(zip(first["outcome"], first["mean"].abs() / 100, strict=True))
    shown, plans = [outcome for outcome in outcomes if base[outcome] > 0], list(titles)[1:]
    for row in differences[differences["outcome"].isin(shown)].to_dict("records"):
        k, y, one = plans.index(row["plan"]), shown.index(row["outcome"]), base[row["outcome"]]
        colour, at = SHADES[(k + 1) % 6], y + (k - (len(plans) - 1) / 2) * 0.7 / len(plans)
        ax.plot([row["low"] / one, row["high"] / one], [at, at], color=colour, linewidth=6, alpha=0.35,
                solid_capstyle="butt")  # fmt: skip
        ax.plot([row["stochastic_low"] / one, row["stochastic_high"] / one], [at, at], "|-", color=colour, ms=6,
                linewidth=1.2)  # fmt: skip
        ax.plot(row["mean"] / one, at, MARKERS[(k + 1) % 6], color=colour, ms=5)
        ax.annotate(_gap(row, m), (1.02, at), xycoords=("axes fraction", "data"), va="center", fontsize=8.5,
                    color=colour, annotation_clip=False)  # fmt: skip
    ax.axvline(0, color=COLOURS["observed"], linewidth=1)
    ax.set_yticks(range(len(shown)), [fill(outcome_text(m, outcome), 28) for outcome in shown])
    ax.set_ylim(len(shown) - 0.5, -0.5)
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel(m("compare.figure.difference", first=next(iter(titles.values()))))
    ax.xaxis.set_major_formatter(numbers(m, " %"))
    ax.grid(axis="x", color="#dddddd", linewidth=0.6)
    ax.set_axisbelow(True)
    return ax


def _gap(row: Mapping[Any, Any], m: Messages) -> str:
    """A difference in its own unit: +4,200 (1,760 to 7,610)."""
    share = row["outcome"] == "matched"
    values, decimals = rounded((100 if share else 1) * row[key] for key in ("mean", "low", "high"))
    mean, low, high = (m.number(value, 0 if share else decimals) for value in values)
    points = f" {m('compare.figure.points')}" if share else ""
    return f"{'+' if values[0] > 0 else ''}{mean}{points}  ({m.to(low, high)})"


def difference_figure(
    differences: pd.DataFrame, first: pd.DataFrame, *, titles: Mapping[str, str], m: Messages
) -> Figure:
    """Differences as a figure of their own."""
    plans = list(titles.values())[1:]
    figure = Figure(figsize=(10, 2.2 + len(COMPARED) * (0.32 + 0.24 * len(plans))))
    forest(differences, first, figure.add_subplot(), titles=titles, m=m)
    marks = [Line2D([], [], color=SHADES[(k + 1) % 6], marker=MARKERS[(k + 1) % 6], linewidth=1.2)
             for k in range(len(plans))]  # fmt: skip
    lines = [Line2D([], [], color=colour, linewidth=width, solid_capstyle="butt")
             for colour, width in (("#cccccc", 6.0), ("#777777", 1.2))]  # fmt: skip
    return legend(figure, [*marks, *lines], [*plans, m("compare.figure.thick"), m("compare.figure.thin")])

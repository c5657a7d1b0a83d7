"""The figure of a sensitivity study: a tornado, and beside it what each doubt explains of the variance."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from experiments.figures.palette import COLOURS
from experiments.statistics.sobol_morris import OTHERS
from experiments.studies.sensitivity.outcomes_at import Outcome
from experiments.studies.sensitivity.uncertain_inputs import FIFTH, TORNADO

LABELS = {
    "people.age_median": "median age, years",
    "people.women_share": "share of women",
    "people.motivation_hazard_ratio": "what motivation does to the hazard",
    "people.accepts_volunteers": "share who say yes to volunteers",
    "people.accepts_system": "share who say yes to the system",
    "people.acceptance_by_motivation": "how far motivation decides who says yes",
    "people.clustering": "how far problems go together",
    "risk.level": "level of risk",
    "risk.monthly_hazard": "hazard in the first month",
    "risk.propensity_sd": "lasting difference between people",
    "risk.never_share": "share who never offend again",
    "risk.later_hazard": "hazard later, part of the first month's",
    "risk.settling_months": "months until the hazard has settled",
    "risk.age_hazard_ratio": "hazard per ten years of age",
    "risk.women_hazard_ratio": "hazard of women against men",
    "risk.priors_hazard_ratio": "hazard per earlier conviction",
    "risk.highest_share": "size of the highest-risk group",
    "offending.another_offence": "chance of one more offence in a month",
    "offending.delay_mean_months": "months from offence to decision",
    "offending.prison_chance": "chance of prison",
    "offending.suspended_chance": "chance of a suspended sentence",
    "custody.parole_chance": "share granted parole",
    "peers.strength": "influence of peers",
    "volunteers.recruits_per_month": "new volunteers per month",
    "volunteers.quit_chance": "volunteers who stop, per month",
    "volunteers.quit_after_end": "volunteers who stop after a match",
    "trial.definition": "definition of reoffending",
    "effect.strength": "strength (hazard ratio while they meet)",
    "effect.support_share": "share of the effect through support factors",
    OTHERS: "all others together",
}
"""Keys in a few words."""
PARTS = {
    "lacked_at_release": "share who lack it",
    "lacking_hazard_ratio": "hazard when lacked",
    "gain": "chance of a gain per month",
    "loss": "chance of a loss per month",
    "destroyed_by_custody": "lost in custody",
    "contact_chance": "chance that they meet in a month",
    "unplanned_exit": "chance of an unplanned end per month",
    "direct_effect": "direct effect, hazard ratio",
    "support_effect": "effect through support, hazard ratio",
    "direct_effect_others": "direct effect on all others, hazard ratio",
    "support_effect_others": "support for all others, hazard ratio",
    "stays": "part of the direct effect that stays",
    "half_life_months": "half-life of what stays, months",
}
"""The last part of a factor's or programme's key in a few words."""
ROW_INCHES = 0.36


def label(key: str) -> str:
    """A dotted key in a few words."""
    if key in LABELS:
        return LABELS[key]
    *above, last = key.split(".")
    words = PARTS.get(last, last.replace("_", " "))
    return f"{above[-1].replace('_', ' ')}: {words}" if len(above) > 1 or above[:1] == ["factor"] else words


def tornado_bars(table: pd.DataFrame, ax: Axes, *, outcome: Outcome, chance: float) -> Axes:
    """The outcome at the low and the high end of each doubt, with the values there beside the bars.

    Parameters
    ----------
    table
        What ``doubts.tornado`` gives, from the top of the figure down.
    ax
        Where to draw; rows are at 0, 1, 2 ... downward.
    outcome
        What is shown.
    chance
        Standard deviation of one value by chance of the simulation; a band of what may be chance is shaded.
    """
    middle = float(table["middle"].iloc[0])
    band = 1.96 * np.sqrt(2.0) * chance
    ax.axvspan(middle - band, middle + band, color="#000000", alpha=0.08, linewidth=0, label="may be chance (95 %)")
    width = float((table[["outcome_low", "outcome_high"]] - middle).abs().to_numpy().max()) or max(band, 1e-9)
    for y, row in enumerate(table.to_dict("records")):
        ends = {end: float(row[f"outcome_{end}"]) - middle for end in ("low", "high")}
        for end in sorted(ends, key=lambda name: -abs(ends[name])):
            colour = COLOURS["control" if end == "low" else "mentored"]
            ax.barh(y, ends[end], left=middle, height=0.62, color=colour, hatch="" if end == "low" else "////",
                    edgecolor="white", linewidth=0.0)  # fmt: skip
        left = "low" if ends["low"] <= ends["high"] else "high"
        right = "high" if left == "low" else "low"
        texts = dict(zip(("low", "high"), pair(row["low"], row["high"]), strict=True))
        for end, at, side, shift in (
            (left, min(0.0, ends[left]), "right", -3), (right, max(0.0, ends[right]), "left", 3)
        ):  # fmt: skip
            ax.annotate(texts[end], (middle + at, y), xytext=(shift, 0), textcoords="offset points", ha=side,
                        va="center", fontsize=7.5)  # fmt: skip
    ax.axvline(middle, color=COLOURS["observed"], linewidth=1)
    for end, colour, hatch in (("low", "control", ""), ("high", "mentored", "////")):
        ax.barh(0, 0, color=COLOURS[colour], hatch=hatch, edgecolor="white", linewidth=0.0, label=end)
    ax.set_xlim(middle - 1.35 * max(width, band), middle + 1.35 * max(width, band))
    ax.set_xlabel(f"{outcome.label}{', points' if outcome.unit == 'points' else ''}")
    ax.xaxis.set_major_locator(MaxNLocator(5))
    if outcome.unit == "points":
        ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _percent(value).removesuffix(" %")))
    elif outcome.unit == "share":
        ax.xaxis.set_major_formatter(FuncFormatter(_percent))
    ax.grid(axis="x", color="#dddddd", linewidth=0.6)
    ax.set_axisbelow(True)
    return ax


def variance_bars(table: pd.DataFrame, ax: Axes) -> Axes:
    """Part of the outcome's variance by each doubt, with 95 % intervals: by itself, and (if known) with interactions.

    ``table`` is what ``sensitivity.indices`` or ``given`` gives, from the top down; rows that are missing (NaN) are
    left empty.
    """
    kinds = [("first", "by itself", "mentored", "o")]
    if "total" in table:
        kinds.append(("total", "with its interactions", "control", "s"))
    for number, (name, words, colour, marker) in enumerate(kinds):
        y = np.arange(len(table)) + (0.17 * (2 * number - 1) if len(kinds) > 1 else 0.0)
        error = np.abs(table[[f"{name}_low", f"{name}_high"]].to_numpy().T - table[name].to_numpy())
        ax.barh(y, table[name].clip(lower=0), height=0.3 if len(kinds) > 1 else 0.6, color=COLOURS[colour], alpha=0.35,
                linewidth=0)  # fmt: skip
        ax.errorbar(table[name], y, xerr=error, fmt=marker, color=COLOURS[colour], markersize=3.5, linewidth=1.2,
                    label=words)  # fmt: skip
    ax.axvline(0, color=COLOURS["observed"], linewidth=1)
    high = np.nanmax([0.1, *table[[f"{name}_high" for name, *_ in kinds]].to_numpy().ravel()])
    low = np.nanmin([0.0, *table[[f"{name}_low" for name, *_ in kinds]].to_numpy().ravel()])
    ax.set_xlim(min(low, -0.02 * high) * 1.05, high * 1.05)
    ax.set_xlabel("part of the variance")
    ax.xaxis.set_major_locator(MaxNLocator(5))
    ax.xaxis.set_major_formatter(FuncFormatter(_percent))
    ax.grid(axis="x", color="#dddddd", linewidth=0.6)
    ax.set_axisbelow(True)
    return ax


def sensitivity_figure(
    ends: pd.DataFrame, parts: pd.DataFrame, *, outcome: Outcome, chance: float, title: str, draws: bool
) -> Figure:
    """Tornado and parts of the variance side by side, one row a doubt, the widest bar on top.

    Parameters
    ----------
    ends, parts
        Tables of ``doubts.tornado`` and ``sensitivity.indices`` (or of draws); the rows are those of ``parts``.
    outcome, chance, title
        What is shown; its standard deviation by chance, between points; the figure's title.
    draws
        Whether it is over the draws of a posterior.
    """
    low, high = (100 * share for share in TORNADO)
    ways = (f"tornado: values at {low:.0f} and {high:.0f} % of each prior", "Sobol' indices, 95 %")
    if draws:
        ways = ("tornado: medians of the lowest and highest fifth", "first order, 95 %")
    keys = [key for key in ends["key"] if key in set(parts["key"])]
    rows = parts.set_index("key").reindex([*keys, *(key for key in parts["key"] if key not in keys)])
    figure = Figure(figsize=(11.0, 1.9 + ROW_INCHES * max(3, len(rows))))
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=[1.25, 1.0])
    tornado_bars(ends.set_index("key").loc[keys].reset_index(), left, outcome=outcome, chance=chance)
    variance_bars(rows, right)
    left.set_yticks(np.arange(len(rows)), [label(key) for key in rows.index])
    left.set_ylim(len(rows) - 0.4, -0.6)
    left.tick_params(axis="y", length=0)
    right.tick_params(axis="y", length=0)
    for ax, way in zip((left, right), ways, strict=True):
        ax.set_title(way, fontsize=10)
        handles, names = ax.get_legend_handles_labels()
        ax.legend(handles, names, frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.5 / (0.3 * len(rows) + 1)),
                  ncols=3, fontsize=8)  # fmt: skip
    figure.suptitle(title, fontsize=11)
    return figure


def pair(low: object, high: object) -> tuple[str, str]:
    """Two values of a doubt with as few digits as tell them apart (texts as they are)."""
    for digits in (2, 3, 4):
        texts = _digits(low, digits), _digits(high, digits)
        if texts[0] != texts[1]:
            break
    return texts


def _digits(value: object, digits: int) -> str:
    if not isinstance(value, (int, float)):
        return str(value)
    return f"{value:.0f}" if abs(value) >= 10 ** (digits - 1) else f"{value:.{digits}g}"


def _percent(value: float, _: object = None) -> str:
    return f"{100 * value:.3g} %".replace("-", "−")


def ends_in_words(draws: bool) -> str:
    """What the ends of the tornado's bars are."""
    if draws:
        return f"means over the {100 * FIFTH:.0f} % of draws with the lowest, and with the highest, values of the doubt"
    low, high = (100 * share for share in TORNADO)
    return f"at {low:.0f} and {high:.0f} % of the doubt's prior, all others at their medians"

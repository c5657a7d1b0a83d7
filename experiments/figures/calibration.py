"""Figures of the calibration: the headline and what is left of it, prior and posterior, and the check of coverage."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from experiments.figures.palette import COLOURS
from experiments.inputs.parameter_points import SHARE, STRENGTH
from experiments.inputs.trial_result import CONTROL_PERCENT, MENTORED_PERCENT
from experiments.language.calibration_text import HEADLINE, LIKE_THE_TRIAL
from simulation.outcomes import DEFINITIONS

PRIOR, POSTERIOR = "#9a9a9a", COLOURS["mentored"]
GROUPS = (LIKE_THE_TRIAL, "all who would sign up", "all released")
SHADES = ("#2166ac", "#67a9cf", "#b35806")


def risk_pairs(drawn: pd.DataFrame, ax: Axes) -> Axes:
    """Risks of both arms at the draws; the printed pair as a cross, equal risks as a line."""
    for definition, marker, colour in zip(DEFINITIONS, "o^s", ("#b35806", "#2166ac", "#5e3c99"), strict=True):
        rows = drawn[drawn["trial.definition"] == definition].head(400)
        ax.plot(rows["_control"], rows["_mentored"], marker, ms=2.6, alpha=0.45, color=colour, mew=0, label=definition)
    ax.plot([0, 1], [0, 1], color=COLOURS["observed"], linewidth=0.8)
    ax.text(0.335, 0.365, "no difference", rotation=42, fontsize=8, color=COLOURS["observed"], ha="center", va="center")
    printed = (CONTROL_PERCENT / 100, MENTORED_PERCENT / 100)
    ax.plot(*printed, "X", ms=11, color=COLOURS["observed"], mec="white")
    ax.annotate(f"printed\n{MENTORED_PERCENT} / {CONTROL_PERCENT} %", printed, xytext=(9, -3),
                textcoords="offset points", fontsize=8, va="top")  # fmt: skip
    ax.set(xlim=(0.25, 0.9), ylim=(0.1, 0.9), xlabel="risk of the controls, two years", ylabel="risk of the mentored",
           title="Highest-risk group like the trial's")  # fmt: skip
    _percent(ax, "xy")
    ax.legend(frameon=False, title="definition the\ntrial used", loc="upper left", markerscale=2, handletextpad=0.1)
    return ax


def survivors(drawn: pd.DataFrame, groups: pd.DataFrame, ax: Axes) -> Axes:
    """Difference in two-year reoffending for new groups: densities, medians and 95 %, the headline dashed."""
    own = drawn["trial.definition"].iloc[: int(groups["draw"].max()) + 1].to_numpy()
    gaps = {LIKE_THE_TRIAL: (drawn["_control"] - drawn["_mentored"]).to_numpy()}
    for name in GROUPS[1:]:
        mine = groups[groups["group"] == name].set_index(["draw", "definition"])["difference"]
        gaps[name] = np.array([mine.loc[(k, definition)] for k, definition in enumerate(own)])
    for place, (name, values) in enumerate(gaps.items()):
        low, middle, high = 100 * np.quantile(values, [0.025, 0.5, 0.975])
        y = len(gaps) - 1 - place
        ax.violinplot([100 * values], [y], orientation="horizontal", widths=0.7, showextrema=False)
        body = ax.collections[-1]
        body.set_facecolor(SHADES[place])
        body.set_alpha(0.35)
        ax.plot([low, high], [y, y], color=SHADES[place], linewidth=2)
        ax.plot(middle, y, "o", color=SHADES[place], ms=6)
        said = f"{middle:.1f}\n({low:.1f} to {high:.1f})"
        ax.text(HEADLINE + 1.5, y, said, va="center", fontsize=8, color=SHADES[place])
        ax.text(-9.5, y + 0.37, name, fontsize=9, va="bottom")
    ax.axvline(0, color=COLOURS["observed"], linewidth=0.8)
    ax.axvline(HEADLINE, color=COLOURS["observed"], linestyle="--", linewidth=1.2)
    ax.text(HEADLINE - 0.7, len(gaps) - 0.15, f"printed: {HEADLINE}", fontsize=8, ha="right", va="top")
    ax.set(xlim=(-10, 55), ylim=(-0.5, len(gaps) - 0.1), yticks=[], xlabel="fewer who reoffend, percentage points",
           title="What is left of the headline")  # fmt: skip
    ax.spines["left"].set_visible(False)
    return ax


def prior_and_posterior(
    prior: Sequence[float], posterior: Sequence[float], ax: Axes, *, label: str, log: bool = False
) -> Axes:
    """Two histograms of one quantity."""
    both = np.concatenate([np.asarray(prior), np.asarray(posterior)])
    low, high = np.quantile(both, [0.002, 0.998])
    bins = np.geomspace(low, high, 22) if log else np.linspace(low, high, 22)
    ax.hist(prior, bins=bins, weights=np.full(len(prior), 1 / len(prior)), color=PRIOR, alpha=0.45, label="prior")
    ax.hist(posterior, bins=bins, weights=np.full(len(posterior), 1 / len(posterior)), histtype="step",
            color=POSTERIOR, linewidth=1.8, label="posterior")  # fmt: skip
    if log:
        ax.set_xscale("log")
        ticks = [tick for tick in (0.01, 0.03, 0.1, 0.3, 1, 3) if low <= tick <= high]
        ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        ax.minorticks_off()
    ax.set(xlabel=label, yticks=[])
    ax.spines["left"].set_visible(False)
    return ax


def definitions(chances: dict[str, float], ax: Axes) -> Axes:
    """Posterior probability of each definition; the prior as a line."""
    names = list(chances)
    ax.bar(names, [chances[name] for name in names], color=POSTERIOR, width=0.6)
    for place, name in enumerate(names):
        ax.text(place, chances[name] + 0.02, f"{100 * chances[name]:.0f} %", ha="center", fontsize=9)
    ax.axhline(1 / len(names), color=PRIOR, linewidth=2)
    ax.text(0.5, 1 / len(names) + 0.012, "prior", fontsize=9, color="#555555", ha="center")
    ax.set(ylim=(0, max(0.75, 0.15 + max(chances.values()))), title="Definition the trial used")
    _percent(ax, "y")
    return ax


def calibration_figure(
    drawn: pd.DataFrame, groups: pd.DataFrame, prior: pd.DataFrame, chances: dict[str, float]
) -> Figure:
    """The six panels of ``desist calibrate``; ``prior`` has draws of the priors, one column a key."""
    figure = Figure(figsize=(12.5, 7.6))
    axes = figure.subplots(2, 3)
    risk_pairs(drawn, axes[0, 0])
    survivors(drawn, groups, axes[0, 1])
    definitions(chances, axes[0, 2])
    panels = ((STRENGTH, "strength: hazard ratio while they meet", True),
              (SHARE, "share through support factors", False),
              ("programme.half_life_months", "half-life of the direct effect, months", False))  # fmt: skip
    for ax, (key, label, log) in zip(axes[1], panels, strict=True):
        prior_and_posterior(prior[key].to_numpy(), drawn[key].to_numpy(), ax, label=label, log=log)
    axes[1, 0].legend(frameon=False, loc="upper right")
    axes[1, 1].set_title("Route")
    axes[1, 0].set_title("Strength of the effect")
    axes[1, 2].set_title("Persistence")
    return figure


def ranks(table: pd.DataFrame, ax: Axes, *, trials: int) -> Axes:
    """Distance of the ranks' distribution from the uniform one, with the band within which 95 % of true ones stay.

    ``table`` has columns quantity and rank (0-1), one row a synthetic trial and quantity.
    """
    at = np.linspace(0, 1, 201)
    for name, rows in table.groupby("quantity", sort=False):
        values = np.sort(rows["rank"].to_numpy())
        ax.plot(at, np.searchsorted(values, at, side="right") / len(values) - at, linewidth=1.1, label=name)
    half = 1.358 / np.sqrt(trials)
    ax.fill_between(at, -half, half, color=PRIOR, alpha=0.25, linewidth=0)
    ax.axhline(0, color=COLOURS["observed"], linewidth=0.8)
    ax.set(xlabel="rank of the truth among the posterior", ylabel="share of trials below it, minus rank", xlim=(0, 1))
    ax.legend(frameon=False, fontsize=7, ncols=2, loc="upper center", bbox_to_anchor=(0.5, -0.16))
    return ax


def coverage(table: pd.DataFrame, ax: Axes) -> Axes:
    """Share of synthetic trials whose interval holds the truth, with its 95 % interval, for each level.

    ``table`` has columns quantity, level, covered, low, high (shares).
    """
    names = list(dict.fromkeys(table["quantity"]))
    for place, level in enumerate(sorted(table["level"].unique())):
        rows = table[table["level"] == level].set_index("quantity").loc[names]
        y = np.arange(len(names)) + 0.2 * (place - 1)
        spread = [rows["covered"] - rows["low"], rows["high"] - rows["covered"]]
        ax.errorbar(rows["covered"], y, xerr=spread, fmt="o", ms=4, linewidth=1.2, color=SHADES[place])
        ax.axvline(level, color=SHADES[place], linestyle="--", linewidth=1)
        ax.text(level, len(names) - 0.35, f"{100 * level:.0f} %", ha="center", fontsize=8, color=SHADES[place],
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 1})  # fmt: skip
    ax.set_yticks(np.arange(len(names)), names, fontsize=8)
    ax.set(xlim=(0.3, 1.02), ylim=(-0.6, len(names)), xlabel="share of intervals that hold the truth")
    _percent(ax, "x")
    return ax


def check_figure(table: pd.DataFrame, covered: pd.DataFrame) -> Figure:
    """The two panels of ``desist calibrate --check``, for the trial and for the registers."""
    parts = list(dict.fromkeys(table["part"]))
    figure = Figure(figsize=(11.5, 4.8 * len(parts)))
    axes = figure.subplots(len(parts), 2, squeeze=False)
    for row, part in zip(axes, parts, strict=True):
        mine = table[table["part"] == part]
        number = int(mine["trial"].nunique())
        ranks(mine, row[0], trials=number)
        coverage(covered[covered["part"] == part], row[1])
        row[0].set_title(f"{number} made-up {'trials' if part == 'trial' else 'registers'}: ranks of the truth")
        row[1].set_title("Intervals that hold the truth")
    return figure


def rival_bars(table: pd.DataFrame, ax: Axes) -> Axes:
    """Posterior probability of each rival, for each prior of the strength, with the chance of the simulation."""
    names = list(dict.fromkeys(table["what"]))
    for place, (label, rows) in enumerate(table.groupby("prior", sort=False)):
        rows = rows.set_index("what").loc[names]
        y = np.arange(len(names))[::-1] + 0.25 * (1 - place)
        spread = [rows["probability"] - rows["probability_low"], rows["probability_high"] - rows["probability"]]
        ax.barh(y, rows["probability"], height=0.22, xerr=np.maximum(spread, 0), color=SHADES[place], label=label,
                error_kw={"linewidth": 1})  # fmt: skip
    ax.axvline(1 / len(names), color=PRIOR, linewidth=1.5)
    ax.text(1 / len(names), len(names) - 0.42, "before", fontsize=8, color="#555555", ha="center")
    ax.set_yticks(np.arange(len(names))[::-1], [name.replace(", ", ",\n") for name in names])
    ax.set(xlim=(0, None), ylim=(-0.6, len(names) - 0.3), xlabel="probability after the trial")
    ax.set_title("Rival explanations")
    _percent(ax, "x")
    ax.legend(frameon=False, title="prior of the strength", loc="lower right")
    return ax


def separation_curves(table: pd.DataFrame, ax: Axes, *, first: str, second: str, title: str) -> Axes:
    """How often each measurement names the right one of two rivals, by people an arm."""
    rows = table[(table["first"] == first) & (table["second"] == second)]
    sizes = [int(name.split("_")[1]) for name in table.columns if name.startswith("right_")]
    for marker, row in zip("os^Dvx", rows.itertuples(), strict=False):
        values = [getattr(row, f"right_{size}") for size in sizes]
        ax.plot(sizes, values, marker=marker, ms=4, linewidth=1.3, label=row.what)
    ax.set_xscale("log")
    ax.set_xticks(sizes[::2], [f"{size:,}" for size in sizes[::2]])
    ax.minorticks_off()
    ax.axhline(0.9, color=COLOURS["observed"], linestyle="--", linewidth=1)
    ax.set(ylim=(0.45, 1.02), xlabel="people an arm", ylabel="right rival named", title=title)
    _percent(ax, "y")
    return ax


def rivals_figure(table: pd.DataFrame, apart: pd.DataFrame) -> Figure:
    """The three panels of ``desist rivals``."""
    figure = Figure(figsize=(13.5, 4.9))
    axes = figure.subplots(1, 3, width_ratios=(1.25, 1, 1))
    rival_bars(table, axes[0])
    separation_curves(apart, axes[1], first="support", second="direct", title="Support factors or direct?")
    separation_curves(apart, axes[2], first="both", second="chance", title="Both routes or chance?")
    figure.legend(*axes[1].get_legend_handles_labels(), frameon=False, fontsize=9, loc="outside lower right", ncols=3)
    return figure


def _percent(ax: Axes, which: str) -> None:
    for name in which:
        getattr(ax, f"{name}axis").set_major_formatter(PercentFormatter(1.0, decimals=0))

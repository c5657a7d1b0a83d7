"""Trials at the draws of a posterior: their job, and what they report over the draws.

A *draw* is one possible truth about the uncertain parameters; a trial on it varies by chance. What trials report
spreads by both. The two are separated: parameter uncertainty is the spread of the risks from draw to draw, stochastic
variation that of single trials within a draw.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiments.execution.jobs import Job, Table
from experiments.inputs.trial_result import (
    ANALYSES,
    CONTROL_PERCENT,
    GAP,
    MENTORED_PERCENT,
    REGION_67,
    REGION_95,
    relative_likelihood,
)
from experiments.statistics.intervals import interval
from experiments.studies.trial.design_points import counts_of
from simulation.scenario import Scenario
from simulation.trial_counts import Counts, highest_risk

TASK_PEOPLE = 48_500
"""People in a task of repeated trials, about: 500 trials of 97."""
QUANTITIES = ("mentored", "control", "difference")
Floats = npt.NDArray[np.float64]


def trial_job(
    name: str, scenario: Scenario, *, seed: int, trials: int, points: Sequence[dict[str, Any]] = ({},),
    command: str = "",
) -> Job:  # fmt: skip
    """So many trials of a scenario at each point, in tasks of some hundred trials."""
    size = max(1, TASK_PEOPLE // scenario.people.count)
    return Job(
        name=f"trial {name}", work="experiments.studies.trial.design_points:simulate_trials", command=command,
        context={"scenario": scenario.to_toml(), "seed": seed},
        pieces=[
            {"point": point, "first": first, "last": min(first + size, trials)}
            for point in points for first in range(0, trials, size)
        ],
    )  # fmt: skip


def trials_in(tables: Sequence[Table], points: int = 1) -> Counts:
    """What the tasks of ``trial_job`` counted: points x trials x arms x groups x measures."""
    counts = np.concatenate([counts_of(table) for table in tables])
    return counts.reshape(points, -1, *counts.shape[1:])


def summary_over_draws(
    scenario: Scenario, points: Sequence[dict[str, Any]], counts: Counts
) -> tuple[pd.DataFrame, pd.DataFrame]:  # fmt: skip
    """What trials report over draws: a table with a row an analysis, and one with a row an analysis and draw.

    ``counts`` are draws x trials x arms x groups x measures. Of the risks there is the middle 95 % of the draws'
    (``_parameter_``), of single trials around their own draw's mean (``_stochastic_``) and of single trials in all.
    """
    rows, each = [], []
    for analysis in ANALYSES:
        reported, risks = reported_over_draws(scenario, points, counts, treated=analysis == "as treated")
        likelihood = relative_likelihood(risks["mentored"], risks["control"])
        out: dict[str, Any] = {"analysis": analysis, "draws": len(points), "trials": counts.shape[1]}
        for name in QUANTITIES:
            out |= _spread(name, reported[name], risks[name])
        known = ~np.isnan(reported["difference"])
        out |= against_report(reported["mentored"][known], reported["control"][known])
        out |= {"inside_67": float((likelihood >= REGION_67).mean()),
                "inside_95": float((likelihood >= REGION_95).mean())}  # fmt: skip
        rows.append(out)
        each.append(pd.DataFrame({"analysis": analysis, "draw": range(len(points)), **risks,
                                  "relative_likelihood": likelihood}))  # fmt: skip
    return pd.DataFrame(rows), pd.concat(each, ignore_index=True)


def against_report(mentored: Floats, control: Floats) -> dict[str, float]:
    """Of trials that report these shares: how many print at most 29 %, at least 67 %, a gap as wide, the very pair."""
    low, high = (np.floor(100 * each + 0.5) for each in (mentored, control))
    return {
        "at_most_29": float((low <= MENTORED_PERCENT).mean()), "at_least_67": float((high >= CONTROL_PERCENT).mean()),
        "as_far_apart": float((high - low >= GAP).mean()),
        "exactly": float(((low == MENTORED_PERCENT) & (high == CONTROL_PERCENT)).mean()),
    }  # fmt: skip


def reported_over_draws(
    scenario: Scenario, points: Sequence[dict[str, Any]], counts: Counts, *, treated: bool
) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """Shares that trials report (draws x trials) and risks (draws), by the definition of each draw."""
    reported, risks = [], []
    for point, of_draw in zip(points, counts, strict=True):
        arms = highest_risk(of_draw, point.get("trial.definition", scenario.trial.definition), treated=treated)
        reported.append(arms.printed_shares())
        risks.append(arms.risks)
    shares, means = np.array(reported).swapaxes(0, 1), np.array(risks).T
    both = [dict(zip(QUANTITIES, (*each, each[1] - each[0]), strict=True)) for each in (shares, means)]
    return both[0], both[1]


def _spread(name: str, reported: Floats, risks: Floats) -> dict[str, float]:
    """The spread of one quantity by parameter uncertainty, by stochastic variation and by both."""
    own = np.array([np.nanmean(row) if not np.isnan(row).all() else np.nan for row in reported])
    within = (reported - own[:, None])[~np.isnan(reported)]
    mean = float(risks.mean())
    both = reported[~np.isnan(reported)]
    _, parameter_low, parameter_high = interval(risks)
    _, stochastic_low, stochastic_high = interval(mean + within) if len(within) else (np.nan,) * 3
    _, low, high = interval(both) if len(both) else (np.nan,) * 3
    stochastic = float(within.var()) if len(within) else np.nan
    between = float(risks.var())
    return {
        name: mean, f"{name}_parameter_low": parameter_low, f"{name}_parameter_high": parameter_high,
        f"{name}_stochastic_low": stochastic_low, f"{name}_stochastic_high": stochastic_high, f"{name}_low": low,
        f"{name}_high": high,
        f"{name}_parameter_share": between / (between + stochastic) if between + stochastic > 0 else float("nan"),
    }  # fmt: skip

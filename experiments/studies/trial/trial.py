"""The trial, simulated again as it was designed: 97 people, two arms, two years; ten thousand times.

What does such a trial report, under a given effect of mentoring? Each replicate is one trial with its own people and
its own random numbers. People are analysed by intention to treat (in the arm they were drawn to) and as treated (the
mentored arm is only those who met their mentors at least once), since the report's own way is not known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiments.execution.context import RunContext
from experiments.inputs.posterior import draws_of, posterior_name
from experiments.inputs.scenario_files import SETTINGS, SHORT_AXES, change, load
from experiments.inputs.trial_result import (
    ANALYSES,
    PEOPLE,
    best_log_likelihood,
    group_sizes,
    no_effect,
    relative_likelihood,
)
from experiments.studies.result import StudyResult
from experiments.studies.trial.design_points import require_the_trial, require_two_arms, require_two_years
from experiments.studies.trial.posterior_draws import (
    against_report,
    reported_over_draws,
    summary_over_draws,
    trial_job,
    trials_in,
)
from experiments.studies.trial.trial_study import TrialStudy
from simulation.parameters import ParameterError
from simulation.scenario import Scenario
from simulation.trial_counts import Arms, Counts, highest_risk, trial_counts

TRIALS, TRIALS_A_DRAW, DRAWS = 10_000, 1_000, 100
"""Trials of a setting; trials at each draw of a posterior; draws."""
WITHOUT_EFFECT = "trial"
CLASSES = np.arange(0, 1.01, 0.04)
"""Ends of the classes of reported shares."""
Floats = npt.NDArray[np.float64]
Points = Sequence[dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class RepeatedTrials:
    """Many trials of one scenario: counts, pooled risks, and where the observed pair lies."""

    scenario: Scenario
    counts: Counts
    arms: dict[str, Arms] = field(init=False)

    def __post_init__(self) -> None:
        definition = self.scenario.trial.definition
        ways = {name: highest_risk(self.counts, definition, treated=name == ANALYSES[1]) for name in ANALYSES}
        object.__setattr__(self, "arms", ways)

    def rows(self) -> pd.DataFrame:
        """One row an analysis: risks with simulation error, middle 95 % of reported shares, where 29 and 67 lie.

        The columns are those of the table ``settings`` in the codebook.
        """
        rows = []
        for name, arms in self.arms.items():
            shares = arms.printed_shares()
            mentored_share, control_share = (each[~np.isnan(shares[0] + shares[1])] for each in shares)
            gap = control_share - mentored_share
            risks, errors = arms.risks, arms.errors
            rows.append({
                "analysis": name, "mentored": risks[0], "mentored_error": errors[0],
                "mentored_low": _quantile(mentored_share, 0.025), "mentored_high": _quantile(mentored_share, 0.975),
                "control": risks[1], "control_error": errors[1],
                "control_low": _quantile(control_share, 0.025), "control_high": _quantile(control_share, 0.975),
                "difference": risks[1] - risks[0],
                "difference_low": _quantile(gap, 0.025), "difference_high": _quantile(gap, 0.975),
                **against_report(mentored_share, control_share),
                "relative_likelihood": float(relative_likelihood(risks[0], risks[1])),
            })  # fmt: skip
        return pd.DataFrame(rows)


def _quantile(values: Floats, share: float) -> float:
    return float(np.quantile(values, share)) if len(values) else float("nan")


def repeat_trial(scenario: Scenario, *, seed: int, trials: int, threads: int | None = None) -> RepeatedTrials:
    """Simulate a trial many times under one scenario."""
    counts = trial_counts(scenario, seed=seed, trials=trials, threads=threads)
    return RepeatedTrials(scenario=scenario, counts=counts)


# The study ----------------------------------------------------------------------------------------------------


def run_trial(study: TrialStudy, context: RunContext | None) -> StudyResult:
    """Simulate the trial under each setting, over the draws of a posterior if there is one."""
    context = context or RunContext()
    many = study.posterior is not None
    number = study.trials or (TRIALS_A_DRAW if many else TRIALS)
    scenarios = _scenarios(study)
    taken = [change(each)[0] for each in study.set]
    points = {name: draws_of(study, each, DRAWS, but=taken) for name, each in scenarios.items()}
    jobs = {
        name: trial_job(name, each, seed=study.seed, trials=number, points=points[name], command=study.command())
        for name, each in scenarios.items()
    }
    with context.computing() as compute:
        counts = {name: trials_in(list(compute(job, f"trials, {name}")), len(points[name]))
                  for name, job in jobs.items()}  # fmt: skip
    if many:
        over = {name: summary_over_draws(each, points[name], counts[name]) for name, each in scenarios.items()}
        tables = {"settings": _named({name: both[0] for name, both in over.items()}),
                  "draws": _named({name: both[1] for name, both in over.items()})}  # fmt: skip
    else:
        tables = {"settings": _named({
            name: RepeatedTrials(scenario=each, counts=counts[name][0]).rows() for name, each in scenarios.items()
        })}  # fmt: skip
    tables["reported"] = _reported(scenarios, points, counts)
    return StudyResult(
        study=study, tables=tables, facts=_facts(study, scenarios, points, tables["settings"], number),
        scenario=next(iter(scenarios.values())),
        counts={"trials": number, **({"draws": len(next(iter(points.values())))} if many else {}),
                "digests": {name: each.digest for name, each in scenarios.items()}},
    )  # fmt: skip


def _scenarios(study: TrialStudy) -> dict[str, Scenario]:
    """The settings by name, or a ``ParameterError`` if one has no two arms."""
    usual = (*SETTINGS, WITHOUT_EFFECT) if study.posterior is None else (WITHOUT_EFFECT,)
    scenarios: dict[str, Scenario] = {}
    for each in study.settings or usual:
        if isinstance(each, Scenario):
            name = each.name
            scenario = each.changed(dict(change(text) for text in study.set)) if study.set else each
        else:
            name, scenario = each, load(each, study.set)
        if scenarios.setdefault(name, scenario) != scenario:
            raise ParameterError(f"two different scenarios are called [{name}]; give each a name of its own")
        require_two_arms(scenario, "a trial has two arms:")
        if study.posterior is not None:
            require_the_trial(scenario, "each draw is compared with")
        require_two_years(scenario)
    return scenarios


def _named(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Tables under one another, the setting as the first column."""
    rows = pd.concat([table.assign(setting=name) for name, table in tables.items()], ignore_index=True)
    return rows[["setting", *rows.columns.drop("setting")]]


def _reported(
    scenarios: Mapping[str, Scenario], points: Mapping[str, Points], counts: Mapping[str, Counts]
) -> pd.DataFrame:
    """How many trials report which share of each arm (intention to treat): one row a setting, arm and class."""
    tables = []
    for name, scenario in scenarios.items():
        shares = reported_over_draws(scenario, points[name], counts[name], treated=False)[0]
        for arm in ("control", "mentored"):
            known = shares[arm][~np.isnan(shares[arm])]
            tables.append(pd.DataFrame({
                "setting": name, "arm": arm, "low": np.round(CLASSES[:-1], 10), "high": np.round(CLASSES[1:], 10),
                "trials": np.histogram(known, CLASSES)[0],
            }))  # fmt: skip
    return pd.concat(tables, ignore_index=True)


def _facts(
    study: TrialStudy, scenarios: Mapping[str, Scenario], points: Mapping[str, Points], rows: pd.DataFrame, trials: int
) -> dict[str, Any]:
    """The numbers of the answer."""
    decided = sorted({key for some in points.values() for key in some[0]}, key=lambda key: (key not in SHORT_AXES, key))
    many, errors = study.posterior is not None, ["mentored_error", "control_error"]
    return {
        "trials": trials, "seed": study.seed, "settings": rows.to_dict("records"),
        "people": {name: each.people.count for name, each in scenarios.items()},
        "like_the_trial": all(each.people.count == PEOPLE for each in scenarios.values()),
        "definition": next(iter(scenarios.values())).trial.definition,
        "draws": len(next(iter(points.values()))) if many else 0,
        "posterior": posterior_name(study) if many else None, "decided": decided,
        "simulation_error": None if many else float(rows[errors].max().max()),
        "best_possible": float(np.exp(best_log_likelihood())), "sizes": group_sizes(),
        "no_effect": no_effect()._asdict(),
    }  # fmt: skip

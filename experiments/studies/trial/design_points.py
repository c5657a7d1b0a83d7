"""What the tasks of a sweep and of repeated trials compute, apart from sentences and figures about them.

A task simulates the trial at one point: some keys and values that change a scenario (``inputs.parameter_points``). Both
functions are named by jobs, so a change in this file, or in what it imports, makes all finished tasks outdated.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from experiments.inputs.parameter_points import at_point
from experiments.inputs.scenario_files import written
from experiments.inputs.trial_result import (
    CONTROL_PERCENT,
    MENTORED_PERCENT,
    PEOPLE,
    REGION_67,
    REGION_95,
    relative_likelihood,
)
from simulation.compiled_parameters import support_reach
from simulation.parameters import ParameterError
from simulation.scenario import Scenario
from simulation.trial_counts import MEASURES, WINDOW, Arms, Counts, highest_risk, trial_counts

Numbers = dict[str, float | bool | str]
ARMS, GROUPS = ("control", "mentored"), ("others", "highest risk")


def require_two_arms(scenario: Scenario, why: str) -> None:
    """Raise a ``ParameterError`` if the scenario does not randomise; ``why`` says what that is needed for."""
    if scenario.trial.assignment != "randomised":
        raise ParameterError(
            f"trial.assignment is [{scenario.trial.assignment}] in scenario {scenario.name}; {why} set it to randomised"
        )


def require_the_trial(scenario: Scenario, why: str) -> None:
    """Raise a ``ParameterError`` unless the scenario has the size and the follow-up of the trial that reported 29 %
    against 67 %; ``why`` says what that is needed for.
    """
    if scenario.people.count != PEOPLE:
        raise ParameterError(
            f"people.count is [{scenario.people.count}] in scenario {scenario.name}; {why} {MENTORED_PERCENT} % and "
            f"{CONTROL_PERCENT} %, the result of a trial of {PEOPLE} people: set it to {PEOPLE}"
        )
    if scenario.people.follow_up_months != WINDOW:
        raise ParameterError(
            f"people.follow_up_months is [{scenario.people.follow_up_months}] in scenario {scenario.name}; {why} "
            f"{MENTORED_PERCENT} % and {CONTROL_PERCENT} % within two years: set it to {WINDOW}"
        )
    require_two_years(scenario)


def require_two_years(scenario: Scenario) -> None:
    """Raise a ``ParameterError`` unless everybody in the scenario is followed for two years or more."""
    people = scenario.people
    if people.follow_up_months < WINDOW:
        raise ParameterError(
            f"people.follow_up_months is [{people.follow_up_months}] in scenario {scenario.name}; two-year "
            f"reoffending needs {WINDOW} or more"
        )
    if people.calendar_months:
        raise ParameterError(
            f"people.calendar_months is [{people.calendar_months}] in scenario {scenario.name}, so follow-up may be "
            "cut short; two-year reoffending needs all of it: set it to 0"
        )


def evaluate(base: Scenario, point: dict[str, Any], *, seed: int, replicates: int) -> Numbers:
    """Simulate both arms at one point and compare the risks with 29 / 67 %; columns as in the codebook of ``sweep``.

    Without an effect both arms have one true risk, so it is that of both together.
    """
    scenario = at_point(base, point)
    counts = trial_counts(scenario, seed=seed, trials=replicates, threads=1)
    arms = highest_risk(counts, scenario.trial.definition)
    treated = highest_risk(counts, scenario.trial.definition, treated=True)
    if without_effect(scenario):
        arms = together(arms)
    (mentored, control), (mentored_error, control_error) = arms.risks, arms.errors
    likelihood = float(relative_likelihood(mentored, control))
    programme = next(iter(scenario.programme.values()))
    return {
        "definition": scenario.trial.definition, "mentored": mentored, "mentored_error": mentored_error,
        "control": control, "control_error": control_error, "difference": control - mentored,
        "mentored_treated": treated.risks[0], "support_aim": programme.support_hazard_ratio,
        "support_reach": support_reach(scenario, programme), "relative_likelihood": likelihood,
        "inside_67": likelihood >= REGION_67, "inside_95": likelihood >= REGION_95, "digest": scenario.digest[:16],
    }  # fmt: skip


def without_effect(scenario: Scenario) -> bool:
    """Whether no programme changes the hazard of anybody in the highest-risk group."""
    return all(row.direct_hazard_ratio == row.support_hazard_ratio == 1 for row in scenario.programme.values())


def together(arms: Arms) -> Arms:
    """Two arms with the same true risk, each with the people of both: they no longer differ by chance."""
    people, hits = arms.control_people + arms.mentored_people, arms.control_hits + arms.mentored_hits
    return Arms(control_people=people, control_hits=hits, mentored_people=people, mentored_hits=hits)


def simulate_design_point(context: dict[str, Any], payload: dict[str, Any]) -> dict[str, list[Any]]:
    """One row: the risks at the ``point`` of the payload."""
    base = written(context["scenario"])
    row = evaluate(base, payload["point"], seed=context["seed"], replicates=context["replicates"])
    return {key: [value] for key, value in row.items()}


def simulate_trials(context: dict[str, Any], payload: dict[str, Any]) -> dict[str, Any]:
    """One row a trial (``first`` to below ``last``): one column for each cell of ``trial_counts``.

    An empty ``point`` is the scenario itself; ``counts_of`` puts the columns together again.
    """
    scenario = at_point(written(context["scenario"]), payload["point"])
    trials = range(payload["first"], payload["last"])
    counts = trial_counts(scenario, seed=context["seed"], trials=trials, threads=1)
    small = counts.astype(np.min_scalar_type(int(counts.max(initial=0))))
    return {
        f"{arm}, {group}, {measure}": small[:, a, g, m]
        for a, arm in enumerate(ARMS) for g, group in enumerate(GROUPS) for m, measure in enumerate(MEASURES)
    }  # fmt: skip


def counts_of(table: dict[str, list[Any]]) -> Counts:
    """The counts in a table of ``simulate_trials``: trials x arms x groups x measures."""
    columns = np.array(list(table.values()), dtype=np.int32)
    return columns.reshape(2, 2, len(MEASURES), -1).transpose(3, 0, 1, 2)

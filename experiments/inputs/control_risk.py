"""The baseline hazard at which the trial's controls have a given two-year risk."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from experiments.inputs.trial_result import PEOPLE
from simulation.parameters import ParameterError
from simulation.scenario import Scenario
from simulation.trial_counts import CONTROL, highest_risk, trial_counts

SOLVING_SEED = 20_160_401
"""Seed with which a control risk is solved for (no study's own)."""
SOLVING_TRIALS = 200


def with_control_risk(scenario: Scenario, risk: float) -> Scenario:
    """The scenario with ``risk.hazard_multiplier`` such that this share of the highest-risk controls reoffends in
    two years.

    Solved on 200 trials without any programme, with random numbers of their own, by the scenario's own definition; so
    a run's control risk differs from it by chance only. Raises ``ParameterError`` if the risk is not between 0 and 1,
    or no multiplier reaches it.
    """
    if not 0 < risk < 1:
        raise ParameterError(f"trial.control_risk is [{risk}]; allowed more than 0 and less than 1 (share)")
    levels, risks = _risk_by_level(_untreated(scenario))
    if not risks[0] <= risk <= risks[-1]:
        raise ParameterError(
            f"trial.control_risk is [{risk}]; with the definition {scenario.trial.definition} this scenario reaches "
            f"{risks[0]:.2f} to {risks[-1]:.2f}"
        )
    level = float(np.exp(np.interp(risk, risks, np.log(levels))))
    return scenario.changed({"risk.hazard_multiplier": float(f"{level:.5g}")})


def _untreated(scenario: Scenario) -> str:
    """All of a scenario that matters to its controls, as TOML."""
    bare = {name: type(row)(shortest_sentence_months=row.shortest_sentence_months, starts_month=row.starts_month,
                            deadline_month=row.deadline_month, accepted_from=row.accepted_from)
            for name, row in scenario.programme.items()}  # fmt: skip
    nobody = scenario.changed({"trial.assignment": "nobody", "risk.hazard_multiplier": 1.0})
    return nobody.model_copy(update={"programme": bare}).to_toml()


@lru_cache(maxsize=32)
def _risk_by_level(untreated: str) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Two-year risks of the controls at 21 hazard multipliers, from smallest to largest."""
    scenario = Scenario.from_toml(untreated)
    levels = np.geomspace(0.05, 8.0, 21)
    trials = max(1, SOLVING_TRIALS * PEOPLE // scenario.people.count)
    risks = []
    for level in levels:
        counts = trial_counts(scenario.changed({"risk.hazard_multiplier": float(level)}), seed=SOLVING_SEED,
                              trials=trials)
        risks.append(highest_risk(counts, scenario.trial.definition).risks[CONTROL ^ 1])
    return levels, np.maximum.accumulate(np.array(risks))

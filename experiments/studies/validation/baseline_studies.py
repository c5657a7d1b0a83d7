"""The studies of the baseline: the population beside observed figures, and a fit of risk and offending to these."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import tomli_w
from scipy.optimize import minimize

from experiments.execution.context import RunContext
from experiments.inputs.posterior import posterior_of
from experiments.inputs.scenario_files import change, scenario_of
from experiments.studies.result import StudyResult
from experiments.studies.validation.baseline import compare, compare_draws, measure, targets
from experiments.studies.validation.validate_study import BaselineStudy, FitBaselineStudy
from simulation.parameters import ParameterError
from simulation.scenario import Scenario

USUAL, DRAWS = "everyone", 40
FITTED: dict[str, tuple[float, float]] = {
    "risk.baseline_hazard": (0.01, 0.5), "risk.frailty_sd": (0.2, 2.0), "risk.immune_share": (0.0, 0.35),
    "risk.long_run_hazard_ratio": (0.02, 0.95), "risk.hazard_decay_months": (0.5, 30.0),
    "risk.age_hazard_ratio": (0.4, 1.0), "risk.priors_hazard_ratio": (1.0, 1.2),
    "offending.further_offence_chance": (0.05, 0.9), "offending.prison_chance": (0.01, 0.6),
    "offending.suspended_chance": (0.01, 0.6),
}  # fmt: skip
"""Parameters that the fit may move, and how far."""
CHECK_PEOPLE = 20_000
"""People of the other cohort on which the fitted values are checked."""


def run_baseline(study: BaselineStudy, context: RunContext | None) -> StudyResult:
    """Compare the released population with the observed figures, for one cohort or over draws."""
    context = context or RunContext()
    base, posterior = untreated(scenario_of(study, USUAL)), posterior_of(study)
    draws: list[Scenario] = []
    if posterior is None:
        table = compare(base, seed=study.seed, people=study.people, threads=context.threads)
    else:
        taken = [change(each)[0] for each in study.set]
        draws = [scenario for _, scenario in posterior.scenarios(base, study.draws or DRAWS, but=taken)]
        table = compare_draws(context.progress(draws, len(draws), "draws"), seed=study.seed, people=study.people,
                              threads=context.threads)  # fmt: skip
    inside = int(table["inside"].sum())
    facts = {"people": study.people, "draws": len(draws), "total": len(table), "inside": inside,
             "figures": table.to_dict("records")}  # fmt: skip
    counts = {"people": study.people} | ({"draws": len(draws)} if draws else {})
    return StudyResult(study=study, tables={"baseline": table}, facts=facts, scenario=base, counts=counts,
                       passed=inside == len(table))  # fmt: skip


def untreated(scenario: Scenario) -> Scenario:
    """The scenario; ``ParameterError`` if its people have a programme, unlike those of the observed figures."""
    if scenario.programme and scenario.trial.assignment != "nobody":
        raise ParameterError(
            f"scenario is [{scenario.name}], in which people have a programme; the observed figures are of people "
            "without one: add --set trial.assignment=nobody"
        )
    return scenario


def run_fit_baseline(study: FitBaselineStudy, context: RunContext | None) -> StudyResult:
    """Fit, and check the fitted values on another cohort."""
    context = context or RunContext()
    base = untreated(scenario_of(study, USUAL))
    tried = context.progress(range(study.evaluations), study.evaluations, "fit")
    evaluations = 0

    def each() -> None:
        nonlocal evaluations
        next(tried, None)
        evaluations += 1

    plan, far = fit_baseline(base, seed=study.seed, people=study.people, evaluations=study.evaluations, each=each)
    check = compare(plan, seed=study.seed + 1, people=CHECK_PEOPLE, threads=context.threads)
    values = {key: plan.value(key) for key in FITTED}
    parameters = pd.DataFrame([
        {"key": key, "value": values[key], "before": base.value(key), "lowest": low, "highest": high}
        for key, (low, high) in FITTED.items()
    ])  # fmt: skip
    facts = {"people": study.people, "evaluations": evaluations, "distance": far, "values": values,
             "check_people": CHECK_PEOPLE, "check_seed": study.seed + 1, "total": len(check),
             "inside": int(check["inside"].sum())}  # fmt: skip
    return StudyResult(
        study=study, tables={"parameters": parameters, "baseline": check}, facts=facts, scenario=plan,
        counts={"people": study.people, "evaluations": evaluations},
        files={"fitted.toml": partial(write_fitted, plan)},
    )  # fmt: skip


def write_fitted(scenario: Scenario, path: Path) -> None:
    """Write the fitted values of a scenario as TOML."""
    sections: dict[str, dict[str, float]] = {}
    for key in FITTED:
        section, name = key.split(".")
        sections.setdefault(section, {})[name] = scenario.value(key)
    path.write_text(tomli_w.dumps(sections), encoding="utf-8", newline="\n")


def distance(values: dict[str, float], table: pd.DataFrame) -> float:
    """Sum of squared differences from the fitted targets, each in units of its scale."""
    rows = table[table["fitted"] == "yes"].to_dict("records")
    return float(sum(((values[row["id"]] - row["value"]) / row["scale"]) ** 2 for row in rows))


def fit_baseline(
    scenario: Scenario, *, seed: int, people: int = 20_000, evaluations: int = 400,
    each: Callable[[], None] = lambda: None,
) -> tuple[Scenario, float]:  # fmt: skip
    """Search for parameters that meet the targets, from the scenario's own values (Nelder-Mead, common random numbers).

    Each set of values is tried on a cohort of so many people; ``each`` is called afterwards. Returns the scenario with
    the fitted values rounded to four digits, and its distance.
    """
    table, names = targets(), list(FITTED)
    low, high = (np.array(ends) for ends in zip(*FITTED.values(), strict=True))

    def at(point: npt.NDArray[np.float64]) -> Scenario:
        values = low + (high - low) / (1 + np.exp(-point))
        return scenario.changed({name: float(f"{value:.4g}") for name, value in zip(names, values, strict=True)})

    def loss(point: npt.NDArray[np.float64]) -> float:
        value = distance(measure(at(point), seed=seed, people=people), table)
        each()
        return value

    start = np.array([scenario.value(name) for name in names])
    inner = np.clip((start - low) / (high - low), 1e-3, 1 - 1e-3)
    result = minimize(
        loss, np.log(inner / (1 - inner)), method="Nelder-Mead",
        options={"maxfev": evaluations, "adaptive": True, "xatol": 1e-3, "fatol": 1e-2},
    )  # fmt: skip
    return at(result.x), float(result.fun)

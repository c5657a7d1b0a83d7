"""The fit of the baseline: parameters of risk and offending that meet the observed figures jointly."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import minimize

from experiments.execution.context import RunContext
from experiments.inputs.scenario_files import scenario_of
from experiments.studies.result import StudyResult
from experiments.studies.validation.baseline import compare, measure, targets
from experiments.studies.validation.baseline_comparison import USUAL, untreated
from experiments.studies.validation.fit_baseline_study import FitBaselineStudy
from simulation.scenario import Scenario

FITTED: dict[str, tuple[float, float]] = {
    "risk.baseline_hazard": (0.01, 0.5),
    "risk.frailty_sd": (0.2, 2.0),
    "risk.immune_share": (0.0, 0.35),
    "risk.long_run_hazard_ratio": (0.02, 0.95),
    "risk.hazard_decay_months": (0.5, 30.0),
    "risk.age_hazard_ratio": (0.4, 1.0),
    "risk.priors_hazard_ratio": (1.0, 1.2),
    "offending.further_offence_chance": (0.05, 0.9),
    "offending.prison_chance": (0.01, 0.6),
    "offending.suspended_chance": (0.01, 0.6),
}
"""Parameters that the fit may move, and how far."""
CHECK_PEOPLE = 20_000
"""People of the other cohort on which the fitted values are checked."""


def run_fit_baseline(study: FitBaselineStudy, context: RunContext | None) -> StudyResult:
    """Fit, and check the fitted values on another cohort."""
    context = context or RunContext()
    base = untreated(scenario_of(study, USUAL))
    tried = context.progress(range(study.evaluations), study.evaluations, "fit")
    numbers: list[int] = []

    def each(number: int, _: float) -> None:
        next(tried, None)
        numbers.append(number)

    plan, far = fit_baseline(base, seed=study.seed, people=study.people, evaluations=study.evaluations, each=each)
    check = compare(plan, seed=study.seed + 1, people=CHECK_PEOPLE, threads=context.threads)
    values = {key: plan.value(key) for key in FITTED}
    parameters = pd.DataFrame([
        {"key": key, "value": values[key], "before": base.value(key), "lowest": low, "highest": high}
        for key, (low, high) in FITTED.items()
    ])  # fmt: skip
    facts = {"people": study.people, "evaluations": max(numbers, default=0), "distance": far, "values": values,
             "check_people": CHECK_PEOPLE, "check_seed": study.seed + 1, "total": len(check),
             "inside": int(check["inside"].sum())}  # fmt: skip
    text = as_toml(plan)
    return StudyResult(
        study=study, tables={"parameters": parameters, "baseline": check}, facts=facts, scenario=plan,
        counts={"people": study.people, "evaluations": facts["evaluations"]},
        files={"fitted.toml": lambda path: write(path, text)},
    )  # fmt: skip


def as_toml(scenario: Scenario) -> str:
    """The fitted values of a scenario as TOML."""
    sections: dict[str, list[str]] = {}
    for key in FITTED:
        section, name = key.split(".")
        sections.setdefault(section, []).append(f"{name} = {scenario.value(key)}")
    return "\n".join("\n".join([f"[{section}]", *lines, ""]) for section, lines in sections.items())


def write(path: Path, text: str) -> None:
    """Write a text file."""
    path.write_text(text, encoding="utf-8", newline="\n")


def distance(values: dict[str, float], table: pd.DataFrame) -> float:
    """Sum of squared differences from the fitted targets, each in units of its scale."""
    rows = table[table["fitted"] == "yes"].to_dict("records")
    return float(sum(((values[row["id"]] - row["value"]) / row["scale"]) ** 2 for row in rows))


def fit_baseline(
    scenario: Scenario,
    *,
    seed: int,
    people: int = 20_000,
    evaluations: int = 400,
    each: Callable[[int, float], None] | None = None,
) -> tuple[Scenario, float]:
    """Search for parameters that meet the targets, from the scenario's own values (Nelder-Mead, common random numbers).

    Parameters
    ----------
    scenario
        Where the search begins.
    seed, people, evaluations
        Seed, size of the cohort that is simulated at each set of values, and most sets.
    each
        Called after each set with their number and the best distance so far.

    Returns
    -------
    The scenario with the fitted values rounded to four digits, and its distance.
    """
    table, names = targets(), list(FITTED)
    low, high = (np.array(ends) for ends in zip(*FITTED.values(), strict=True))
    best = [0, math.inf]

    def at(point: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Scenario:
        values = low + (high - low) / (1 + np.exp(-point))
        return scenario.changed({name: float(f"{value:.4g}") for name, value in zip(names, values, strict=True)})

    def loss(point: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
        value = distance(measure(at(point), seed=seed, people=people), table)
        best[:] = best[0] + 1, min(best[1], value)
        if each is not None:
            each(int(best[0]), best[1])
        return value

    plain = scenario.model_dump()
    start = np.array([plain[name.split(".")[0]][name.split(".")[1]] for name in names])
    inner = np.clip((start - low) / (high - low), 1e-3, 1 - 1e-3)
    result = minimize(
        loss, np.log(inner / (1 - inner)), method="Nelder-Mead",
        options={"maxfev": evaluations, "adaptive": True, "xatol": 1e-3, "fatol": 1e-2},
    )  # fmt: skip
    return at(result.x), float(result.fun)

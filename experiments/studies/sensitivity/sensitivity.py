"""The study of sensitivity: how an outcome depends on the uncertain inputs, over priors or over draws."""

from __future__ import annotations

from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from experiments.execution.context import RunContext
from experiments.inputs.evidence import ModelInputs
from experiments.inputs.posterior import posterior_of
from experiments.inputs.scenario_files import change, scenario_of
from experiments.statistics.sobol_morris import OTHERS, check_points
from experiments.statistics.variance_by_grade import shares_from_draws, shares_from_indices
from experiments.studies.result import StudyResult
from experiments.studies.sensitivity import sensitivity_study as usual
from experiments.studies.sensitivity import uncertain_inputs as estimation
from experiments.studies.sensitivity.outcomes_at import Outcome, OutcomeRuns, check
from experiments.studies.sensitivity.sensitivity_study import SensitivityStudy
from experiments.studies.sensitivity.uncertain_inputs import SensitivityEstimates, UncertainInputs
from simulation.parameters import ParameterError
from simulation.scenario import Scenario

USUAL = "trial"


def run_sensitivity(study: SensitivityStudy, context: RunContext | None) -> StudyResult:
    """Lay out points over the uncertain inputs, simulate them, and divide the outcome's variance."""
    context = context or RunContext()
    base = scenario_of(study, USUAL)
    main = "difference" if base.trial.assignment == "randomised" else "reoffended"
    outcome = check(base, study.outcome or main)
    inputs, sizes = _inputs(study, base)
    trials = study.trials or max(1, round(usual.PEOPLE_A_POINT / base.people.count))
    points = estimation.points_needed(inputs, **sizes)
    each = f"{trials:,} trial{'s' if trials > 1 else ''} of {base.people.count:,} people at each"
    context.note(f"{points:,} points, {each} ...")
    with context.computing(runs=points) as compute:
        runs = OutcomeRuns(base=base, keys=inputs.keys, seed=study.seed, trials=trials, compute=compute,
                           command=study.command())  # fmt: skip
        found = estimation.estimate_over_draws(runs, inputs, outcome) if inputs.draws else \
            estimation.estimate_over_priors(runs, inputs, outcome, **sizes)  # fmt: skip
    sizes = {"draws": len(inputs.draws)} if inputs.draws else sizes
    return _result(study, runs, inputs, outcome, found, {"runs": points, **sizes})


def _inputs(study: SensitivityStudy, base: Scenario) -> tuple[UncertainInputs, dict[str, int]]:
    """The uncertain inputs and the sizes of the designs, or a ``ParameterError`` if options do not fit together."""
    for name in ("parameters", "trajectories", "points"):
        value = getattr(study, name)
        if study.posterior is not None and value is not None:
            raise ParameterError(f"--{name} is [{value}], but a --posterior has its own points; give --draws instead")
    sizes = {"trajectories": study.trajectories or usual.TRAJECTORIES, "points": study.points or usual.POINTS,
             "parameters": study.parameters or usual.PARAMETERS}  # fmt: skip
    posterior = posterior_of(study)
    check_points(sizes["points"])
    inputs = UncertainInputs.of(
        base, posterior=posterior, number=study.draws or usual.DRAWS, only=study.only, hold=study.hold,
        fixed=[change(each)[0] for each in study.set],
        label=str(study.posterior) if isinstance(study.posterior, Path) else "a value",
    )  # fmt: skip
    return inputs, sizes


def _result(study: SensitivityStudy, runs: OutcomeRuns, inputs: UncertainInputs, outcome: Outcome,
            found: SensitivityEstimates, sizes: dict[str, int]) -> StudyResult:  # fmt: skip
    """Tables and facts."""
    draws, base = bool(inputs.draws), runs.base
    parts, ends = (_described(table, inputs) for table in (found.parts, found.ends))
    tables = {"first_order" if draws else "sobol": parts, "tornado": ends}
    if found.screening is not None:
        tables["morris"] = _described(found.screening, inputs)
    evidence = replace(ModelInputs.of(base), uncertain=frozenset(inputs.keys))
    drawn = pd.DataFrame(inputs.draws, columns=inputs.keys)
    shares = shares_from_draws(drawn, found.values, evidence.grade, seed=runs.seed) if draws else \
        shares_from_indices(found.parts, evidence.grade)  # fmt: skip
    if shares is not None:
        tables["grades"] = shares
    low, high = np.quantile(found.values, (0.025, 0.975))
    variance = float(found.values.var())
    definition = "draws" if "trial.definition" in inputs.keys else base.trial.definition
    facts: dict[str, Any] = {
        "scenario": base.name, "outcome": outcome.name, "unit": outcome.unit,
        "definition": definition if outcome.defined else None,
        "mean": float(found.values.mean()), "low": low, "high": high, "variance": variance,
        "stochastic_share": found.noise / variance if variance else None, "stochastic_sd": found.error,
        "tornado_stochastic_sd": found.ends_noise**0.5, "tornado_trials": runs.trials * found.times,
        "tornado_ends": {"fifth": estimation.FIFTH} if draws else
        dict(zip(("low", "high"), estimation.TORNADO, strict=True)),
        "rows": parts.to_dict("records"), "tornado": ends.to_dict("records"), "others": OTHERS,
        "grades": None if shares is None else shares.to_dict("records"),
        "census": evidence.census().to_dict("records"), "uncertain": inputs.studied, "quantities": len(inputs.keys),
        "draws": len(inputs.draws), "trials": runs.trials, "runs": sizes["runs"],
    }  # fmt: skip
    return StudyResult(
        study=study, tables=tables, facts=facts, scenario=base,
        counts={"outcome": outcome.name, "trials": runs.trials, **sizes, "salib": version("SALib")},
    )  # fmt: skip


def _described(table: pd.DataFrame, inputs: UncertainInputs) -> pd.DataFrame:
    """A table with what each key is, and its prior, beside the key."""
    out = table.copy()
    rows = [inputs.rows.get(key) for key in table["key"]]
    out.insert(1, "what", [row.what if row else "" for row in rows])
    if not inputs.draws:
        out.insert(2, "prior", [row.prior if row else "" for row in rows])
    return out

"""External validation: the fit, the prediction and the comparison, for each of the two data sets."""

from __future__ import annotations

from typing import Any

import pandas as pd

from experiments.execution.context import RunContext
from experiments.inputs.scenario_files import load
from experiments.provenance.csv_tables import csv_of
from experiments.provenance.stamps import digest
from experiments.studies.result import StudyResult
from experiments.studies.validation import life_aid, life_maryland, north_carolina
from experiments.studies.validation.fit import WeightedDraws, require_enough
from experiments.studies.validation.validate_study import ValidateStudy
from simulation.parameters import ParameterError


def run_validate(study: ValidateStudy, context: RunContext | None) -> StudyResult:
    """Fit one part of the data, predict the other, and compare."""
    context = context or RunContext()
    return _life(study, context) if study.data == "life" else _north_carolina(study, context)


def _life(study: ValidateStudy, context: RunContext) -> StudyResult:
    """The LIFE trial: the prediction is finished, and its digest taken, before the aided men are read."""
    if not study.predict:
        life_aid.require_data()
    with context.computing(runs=4 * study.draws) as compute:
        found = life_maryland.predict(compute, seed=study.seed, draws=study.draws, people=study.people,
                                      command=study.command())  # fmt: skip
    require_enough(found.draws)
    prediction = life_maryland.curves(found)
    before = life_maryland.frozen_prediction()["mean"]
    facts: dict[str, Any] = {
        "data": study.data, "men": life_maryland.MEN, "control_arrests": int(found.control.sum()),
        "expected": life_maryland.expected(found), "prediction_digest": digest(csv_of(prediction).encode())[:16],
        "change_since_frozen": float((prediction["mean"] - before).abs().max()),
        "effective_draws": round(found.draws.effective, 1),
        "observed": None, "compatible": None, "predicted_region": life_aid.COMPATIBLE,
    }  # fmt: skip
    tables = {"prediction": prediction, "parameters": found.draws.table(), "quarters": life_maryland.by_quarter(found)}
    weeks = None if study.predict else life_aid.aided_weeks()
    tables["observed"] = life_aid.observed_curves(weeks)
    if weeks is not None:
        comparison = life_aid.compare(found, weeks)
        tables["updated"] = life_aid.updated(found, weeks)
        facts |= {"observed": comparison, "compatible": life_aid.compatible(comparison)}
    return _result(study, life_maryland.SCENARIO, found.draws, facts, tables,
                   passed=facts["compatible"] is not False)  # fmt: skip


def _north_carolina(study: ValidateStudy, context: RunContext) -> StudyResult:
    """North Carolina 1978: one half fitted, the other predicted."""
    if study.predict:
        raise ParameterError("--predict is for life; north-carolina is fitted and predicted in one step")
    with context.computing(runs=4 * study.draws) as compute:
        found = north_carolina.fit_first_half(compute, seed=study.seed, draws=study.draws, people=study.people,
                                              command=study.command())  # fmt: skip
    require_enough(found.draws)
    patterns = north_carolina.patterns(found)
    groups, own = north_carolina.by_group(found), north_carolina.by_group(found, 0)
    facts = {
        "data": study.data, "people": north_carolina.half_sizes(),
        "shares": len(groups), "shares_inside": int(groups["inside"].sum()),
        "fitted_half_shares": len(own), "fitted_half_shares_inside": int(own["inside"].sum()),
        "patterns": patterns.drop(columns="what").to_dict("records"), "not_met_below": north_carolina.NOT_MET,
        "recounted": north_carolina.recounted(), "effective_draws": round(found.draws.effective, 1),
    }  # fmt: skip
    tables = {"groups": groups, "months": north_carolina.by_month(found), "patterns": patterns,
              "parameters": found.draws.table()}  # fmt: skip
    return _result(study, north_carolina.SCENARIO, found.draws, facts, tables, passed=bool(patterns["met"].all()))


def _result(study: ValidateStudy, scenario: str, draws: WeightedDraws, facts: dict[str, Any],
            tables: dict[str, pd.DataFrame], *, passed: bool) -> StudyResult:  # fmt: skip
    counts = {"draws": study.draws, "people": study.people, "effective": round(draws.effective, 1)}
    return StudyResult(study=study, tables=tables, facts=facts, scenario=load(scenario), counts=counts, passed=passed)

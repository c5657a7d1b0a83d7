"""The study of the model itself: every check, patterns left out of the fitting, planted faults.

The checks are carried out at once, or as tasks of a job. A task is one family of checks, so that an interrupted run
goes on where it stood.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from experiments.execution.context import Compute, Progress, RunContext
from experiments.execution.jobs import Job
from experiments.inputs.scenario_files import load
from experiments.studies.calibration.register_fit import register_figures
from experiments.studies.result import StudyResult
from experiments.verification.check_context import CheckContext
from experiments.verification.check_model_study import CheckModelStudy
from experiments.verification.checks import COLUMNS, FALSE_ALARM, Check, evaluate, verdict_table
from experiments.verification.controls import CONTROLS
from experiments.verification.left_out_patterns import KNOWN, RARE, LeftOutPlan, compare, predict
from experiments.verification.lists import ANALYTICAL_CHECKS, INVARIANTS
from experiments.verification.patterns import pattern_checks
from experiments.verification.planted_faults import measure_faults
from experiments.verification.stored_measurements import LEAST_NOTICED, Measurement, code_of, fault_summary, stored

POPULATION = "everyone"
"""The scenario that patterns are about."""


def every_check() -> tuple[Check, ...]:
    """Invariants, analytical checks, controls and observed patterns."""
    return (*INVARIANTS, *ANALYTICAL_CHECKS, *CONTROLS, *pattern_checks())


def families() -> list[tuple[str, str]]:
    """Kind and family of the checks, in order, each once; all observed patterns together, since they share cohorts."""
    return list(dict.fromkeys((each.kind, "" if each.kind == "pattern" else each.family) for each in every_check()))


def run_checks(context: CheckContext, progress: Progress) -> pd.DataFrame:
    """The table of verdicts of all checks, carried out here and now."""
    every = every_check()
    return verdict_table(progress(evaluate(every, context), len(every), "checks"))


def run_family(context: dict[str, Any], payload: dict[str, Any]) -> dict[str, list[Any]]:
    """The verdicts of one family: what a store keeps. ``context`` has ``seed`` and ``size``."""
    mine = [each for each in every_check() if each.kind == payload["kind"] and payload["family"] in ("", each.family)]
    table = verdict_table(evaluate(mine, CheckContext(seed=context["seed"], size=context["size"])))
    return {name: table[name].tolist() for name in COLUMNS}


def run_checks_as_job(compute: Compute, *, seed: int, size: float, command: str = "") -> pd.DataFrame:
    """The table of verdicts of all checks at a size, from the store as far as they are there."""
    job = Job(name="check-model: checks", work=f"{__name__}:run_family", command=command,
              context={"seed": seed, "size": size},
              pieces=[{"kind": kind, "family": family} for kind, family in families()])  # fmt: skip
    return pd.concat([pd.DataFrame(table) for table in compute(job)], ignore_index=True)[list(COLUMNS)]


def run_check_model(study: CheckModelStudy, context: RunContext | None) -> StudyResult:
    """Carry out the parts that are asked for; what is not measured anew is shown as it was measured before."""
    context = context or RunContext()
    population, tables = load(POPULATION), {}
    left_out, faults = stored("left_out"), stored("faults")
    if study.quick:
        tables["verdicts"] = run_checks(CheckContext(seed=study.seed), context.progress)
    else:
        command = study.command()
        with context.computing(runs=1_000_000) as compute:
            if "checks" in study.parts:
                tables["verdicts"] = run_checks_as_job(compute, seed=study.seed, size=study.size, command=command)
            if "left-out" in study.parts:
                # Predicted from the other figures first; the observed ones are opened afterwards.
                plan, figures = LeftOutPlan(population=population, seed=study.seed, command=command), register_figures()
                tables["left_out_predictions"] = predict(plan, figures, compute)
                table = compare(tables["left_out_predictions"], figures)
                left_out = Measurement(table=table, code=code_of("left_out"), seed=study.seed)
            if "faults" in study.parts:
                table = measure_faults(compute, study.faults, study.fault_seed, command)
                faults = Measurement(table=table, code=code_of("faults"), seed=study.fault_seed)
    if left_out is not None:
        tables["left_out"] = left_out.table
    if faults is not None:
        tables |= {"faults": faults.table, "survivors": faults.table[faults.table["outcome"] == "missed"]}
    facts = facts_of(tables.get("verdicts"), left_out, faults)
    facts |= {"quick": study.quick, "every": study.every, "parts": list(study.parts),
              "size": 1.0 if study.quick else study.size}  # fmt: skip
    return StudyResult(
        study=study, tables=tables, facts=facts, scenario=population, passed=not facts["failed"],
        counts={"quick": study.quick, "parts": list(study.parts), "size": facts["size"], "faults": study.faults,
                "fault_seed": study.fault_seed},
    )  # fmt: skip


def facts_of(verdicts: pd.DataFrame | None, left_out: Measurement | None, faults: Measurement | None) -> dict[str, Any]:
    """What was checked, in numbers, and what failed without a known reason."""
    failed: list[dict[str, str]] = []
    facts: dict[str, Any] = {"verdicts": None, "left_out": None, "faults": None, "measured": {}, "failed": failed,
                             "false_alarm": FALSE_ALARM, "rare": RARE, "least_noticed": LEAST_NOTICED}  # fmt: skip
    if verdicts is not None:
        facts["verdicts"] = {str(kind): _counts(rows) for kind, rows in verdicts.groupby("kind", sort=False)}
        patterns = verdicts[verdicts["kind"] == "pattern"]
        facts["verdicts"]["not_fitted"] = _counts(patterns[patterns["fitted"] == "not fitted to"])
        wrong = verdicts[(verdicts["verdict"] == "fails") & (verdicts["known"] == "")]
        failed += [{"what": row["kind"], "name": row["name"]} for row in wrong.to_dict("records")]
    if left_out is not None:
        table = left_out.table
        sets = table.loc[table["verdict"] == "fails", "left_out"].unique().tolist()
        alone = table[table.groupby("left_out")["figure"].transform("size") == 1]
        facts["left_out"] = {"sets": int(table["left_out"].nunique()), "all": _counts(table), "alone": _counts(alone),
                             "failed": sets, "changed": left_out.changed}  # fmt: skip
        facts["measured"]["left_out"] = {"code": left_out.code, "seed": left_out.seed}
        failed += [{"what": "left_out", "name": name} for name in sets if name not in KNOWN]
    if faults is not None:
        facts["faults"] = {**fault_summary(faults.table), "changed": faults.changed}
        facts["measured"]["faults"] = {"code": faults.code, "seed": faults.seed}
        failed += [] if facts["faults"]["enough"] else [{"what": "faults", "name": ""}]
    return facts


def _counts(rows: pd.DataFrame) -> dict[str, int]:
    """How many there are, and how many hold, fail and are inconclusive."""
    number = rows["verdict"].value_counts()
    return {"number": len(rows), **{name: int(number.get(name, 0)) for name in ("holds", "fails", "inconclusive")}}

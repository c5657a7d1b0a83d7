"""The study of mechanisms: a programme's effect divided among its routes, as it is and where something is scarce."""

from __future__ import annotations

from typing import Any

from experiments.execution.context import RunContext
from experiments.inputs.posterior import draws_of
from experiments.inputs.scenario_files import change, scenario_of
from experiments.studies.result import StudyResult
from experiments.studies.trial.coalitions import CoalitionPlan, players_of, scarce_openings
from experiments.studies.trial.effect_decomposition import EffectDecomposition
from experiments.studies.trial.mechanisms_study import MechanismsStudy
from simulation.parameters import ParameterError
from simulation.trial_counts import CONTROL, WINDOW

TRIALS, TRIALS_A_DRAW, DRAWS = 1_500, 100, 40
"""Usual numbers: trials of the scenario alone; trials of each draw, and draws, of a posterior."""
USUAL = "pooled"


def run_mechanisms(study: MechanismsStudy, context: RunContext | None) -> StudyResult:
    """Simulate every coalition of routes, and give each route its Shapley value."""
    context = context or RunContext()
    plan = _plan(study)
    draws = len(plan.draws) if study.posterior is not None else 0
    over = f", {draws} draws" if draws else ""
    context.note(f"{2 ** len(plan.players)} coalitions, {plan.trials:,} trials of each{over} ...")
    with context.computing() as compute:
        parts = EffectDecomposition.from_tables(plan, compute(plan.job(study.command()), "pieces"), study.group)
    return StudyResult(
        study=study, tables={"shares": parts.table(), "coalitions": parts.coalitions()}, facts=_facts(parts, draws),
        scenario=plan.scenario, counts={"trials": plan.trials, "draws": draws},
    )  # fmt: skip


def _plan(study: MechanismsStudy) -> CoalitionPlan:
    """What is simulated, or a ``ParameterError`` if the options do not fit together."""
    if study.scarce and study.no_scarce:
        raise ParameterError(f"--scarce is [{study.scarce[0]}] and --no-scarce is given; give one of them")
    scenario = scenario_of(study, USUAL)
    players_of(scenario)
    scarce = {} if study.no_scarce else scarce_openings(scenario, study.scarce, study.openings)
    draws = draws_of(study, scenario, DRAWS, but=[change(each)[0] for each in study.set])
    trials = study.trials or (TRIALS if study.posterior is None else TRIALS_A_DRAW)
    return CoalitionPlan(scenario=scenario, scarce=scarce, draws=draws, seed=study.seed, trials=trials)


def _facts(parts: EffectDecomposition, draws: int) -> dict[str, Any]:
    """The numbers of the answer; ``draws`` is 0 for the scenario alone."""
    plan = parts.plan
    scenario = plan.scenario
    ((name, programme),) = scenario.programme.items()
    drawn = {key for draw in plan.draws for key in draw}
    lowering, clearly = parts.lowering()
    control = parts.risks()[:, 0, :, CONTROL].mean(axis=0)
    return {
        "scenario": scenario.name, "programme": programme.label or name, "group": parts.group,
        "definition": "draws" if "trial.definition" in drawn else scenario.trial.definition, "months": WINDOW,
        "rows": parts.table().to_dict("records"), "players": plan.players, "scarce": plan.scarce,
        "trials": plan.trials, "draws": draws, "lowering": lowering, "clearly_lowering": clearly,
        "control": {"nobody": control[0], "everybody": control[-1]},
        "route": {"direct": programme.direct_hazard_ratio, "support": programme.support_hazard_ratio,
                  "drawn": "effect.support_share" in drawn},
    }  # fmt: skip

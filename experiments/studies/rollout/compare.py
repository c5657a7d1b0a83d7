"""The study of several plans, compared with common random numbers."""

from __future__ import annotations

from experiments.execution.context import RunContext
from experiments.studies.result import StudyResult
from experiments.studies.rollout.compare_study import CompareStudy
from experiments.studies.rollout.costs import per_krone_table
from experiments.studies.rollout.plan_facts import comparison_facts
from experiments.studies.rollout.plan_runs import PlanRuns, comparison_tables
from experiments.studies.rollout.plan_scenario import scenario_of
from experiments.studies.rollout.rollout import PlanRequest, counts_of
from simulation.prices import Prices


def run_compare(study: CompareStudy, context: RunContext | None) -> StudyResult:
    """Simulate all plans, and Denmark without them."""
    context = context or RunContext()
    request = PlanRequest.of(study, study.plans)
    with context.computing(runs=request.runs) as compute:
        context.note(f"Denmark with each of {len(request.plans)} plans and without, at {request.draws} draws ...")
        runs = request.simulate(study, compute)
    return comparison_result(study, runs, request.prices)


def comparison_result(study: CompareStudy, runs: PlanRuns, prices: Prices) -> StudyResult:
    """The result of runs of two plans or more."""
    tables = comparison_tables(runs, prices)
    per_krone = {plan.name: per_krone_table(runs.money(k, prices)) for k, plan in enumerate(runs.plans)}
    return StudyResult(
        study=study, tables=tables, facts=comparison_facts(runs, tables, prices, per_krone),
        scenario=scenario_of(runs.plans[0], runs.country), counts=counts_of(study, runs, prices),
    )  # fmt: skip

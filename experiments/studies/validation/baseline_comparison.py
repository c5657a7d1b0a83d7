"""The study of the baseline: the released population beside the Danish and open figures."""

from __future__ import annotations

from experiments.execution.context import RunContext
from experiments.inputs.posterior import posterior_of
from experiments.inputs.scenario_files import change, scenario_of
from experiments.studies.result import StudyResult
from experiments.studies.validation.baseline import compare, compare_draws
from experiments.studies.validation.baseline_study import BaselineStudy
from simulation.parameters import ParameterError
from simulation.scenario import Scenario

USUAL, DRAWS = "everyone", 40


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
    """The scenario, if it has nobody in a programme.

    Raises
    ------
    ParameterError
        If somebody may be: the observed figures are of people without a programme.
    """
    if scenario.programme and scenario.trial.assignment != "nobody":
        raise ParameterError(
            f"scenario is [{scenario.name}], in which people have a programme; the observed figures are of people "
            "without one: add --set trial.assignment=nobody"
        )
    return scenario

"""The study of a plan: Denmark with it and without it, at draws of the uncertain parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pandas as pd

from experiments.execution.context import RunContext
from experiments.execution.jobs import Job, Table
from experiments.inputs.municipalities import Country
from experiments.inputs.posterior import SHIPPED, Posterior
from experiments.provenance.results_folder import digest_of
from experiments.studies.result import StudyResult
from experiments.studies.rollout.costs import require_prices
from experiments.studies.rollout.of_plans import OfPlans, given_plan
from experiments.studies.rollout.plan import RolloutPlan, country_of_plan
from experiments.studies.rollout.plan_facts import rollout_facts
from experiments.studies.rollout.plan_runs import PlanRuns, needs, plan_tables, simulate_plans
from experiments.studies.rollout.plan_scenario import delivery_of, scenario_of
from experiments.studies.rollout.rollout_study import RolloutStudy
from experiments.studies.rollout.simulate import DRAWS
from experiments.studies.study import DRAWS as DRAWS_FILE
from simulation.prices import Prices
from simulation.scenario import fingerprint

Compute = Callable[[Job], Iterator[Table]]
RUNS_A_DRAW = 10
"""How many runs of some ten milliseconds one run of the country is."""


@dataclass(frozen=True, kw_only=True)
class PlanRequest:
    """What a study of plans is made from."""

    plans: Sequence[tuple[RolloutPlan, Country]]
    prices: Prices
    posterior: Posterior
    draws: int

    @classmethod
    def of(cls, study: OfPlans, plans: Sequence[str | RolloutPlan]) -> PlanRequest:
        """Everything read, and refused here if it does not fit together.

        Raises
        ------
        ParameterError
            If a file cannot be read, or a programme has no price.
        """
        prices, given = study.price_list(), study.posterior
        several = [given_plan(plan) for plan in plans]
        for plan in several:
            require_prices([delivery_of(plan).name, *plan.other_schemes], prices, scenario=plan.scenario,
                           file=study.prices if isinstance(study.prices, Path) else None)  # fmt: skip
        posterior = given if isinstance(given, Posterior) else Posterior.read(cast(Path, given or SHIPPED))
        return cls(plans=[(plan, country_of_plan(plan)) for plan in several], prices=prices, posterior=posterior,
                   draws=study.draws or DRAWS)  # fmt: skip

    @property
    def runs(self) -> int:
        """How many short runs there are, for the choice of workers."""
        return self.draws * (1 + len(self.plans)) * RUNS_A_DRAW

    def simulate(self, study: OfPlans, compute: Compute) -> PlanRuns:
        """The plans, and Denmark without them."""
        return simulate_plans(self.plans, self.posterior, compute, draws=self.draws, seed=study.seed,
                              replicates=study.replicates or 0, command=study.command())  # fmt: skip


def run_rollout(study: RolloutStudy, context: RunContext | None) -> StudyResult:
    """Simulate the plan, and count volunteers by municipality and month."""
    context = context or RunContext()
    request = PlanRequest.of(study, [study.plan])
    with context.computing(runs=request.runs) as compute:
        context.note(f"Denmark with the plan and without it, at {request.draws} draws ...")
        runs = request.simulate(study, compute)
        months = needs(runs, 0, compute, command=study.command())
    return rollout_result(study, runs, request.prices, months)


def rollout_result(
    study: RolloutStudy, runs: PlanRuns, prices: Prices, months: pd.DataFrame | None = None, k: int = 0
) -> StudyResult:
    """The result of plan k of some runs; ``months`` are its volunteers by municipality and month, if counted."""
    tables = plan_tables(runs, k, runs.money(k, prices))
    facts = rollout_facts(runs, tables, prices, k)
    return StudyResult(
        study=study, tables=tables | ({} if months is None else {"needs": months}), facts=facts,
        scenario=scenario_of(runs.plans[k], runs.country), counts=counts_of(study, runs, prices),
    )  # fmt: skip


def counts_of(study: OfPlans, runs: PlanRuns, prices: Prices) -> dict[str, Any]:
    """What the manifest of a study of plans says of it."""
    given = study.posterior
    file = SHIPPED if given is None else given
    return {
        "plans": [plan.model_dump() for plan in runs.plans],
        "posterior": {"file": file.name, "digest": digest_of(file)} if isinstance(file, Path) else {"file": DRAWS_FILE},
        "draws": len(runs.draws[0].seeds), "replicates": study.replicates or "once, every fourth draw twice",
        "prices": fingerprint(prices.model_dump())[:16],
    }  # fmt: skip

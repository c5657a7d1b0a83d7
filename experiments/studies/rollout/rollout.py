"""The studies of plans: Denmark with each of them and without, at draws of the uncertain parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from experiments.execution.context import RunContext
from experiments.execution.jobs import Compute
from experiments.inputs.municipalities import Country
from experiments.inputs.posterior import SHIPPED, Posterior
from experiments.inputs.scenario_files import OTHER_SCHEMES, load
from experiments.provenance.results_folder import digest_of
from experiments.studies.result import StudyResult
from experiments.studies.rollout.costs import (
    MARKED,
    METHODS,
    NO_PLAN,
    Money,
    course_kroner,
    per_krone_table,
    require_prices,
)
from experiments.studies.rollout.plan import FOLLOWED_ON, RolloutPlan, country_of_plan, load_plan, month_of, planned
from experiments.studies.rollout.plan_runs import (
    FEW,
    PlanRuns,
    comparison_tables,
    differences,
    money_differences,
    needs,
    plan_tables,
    simulate_plans,
)
from experiments.studies.rollout.plan_scenario import delivery_of, scenario_of
from experiments.studies.rollout.rollout_study import CompareStudy, OfPlans, RolloutStudy, given_plan
from experiments.studies.rollout.simulate import DRAWS, OF_THE_STREAM
from experiments.studies.rollout.tables import ESTIMATE, years
from experiments.studies.study import DRAWS as DRAWS_FILE
from simulation.economics import COURSE
from simulation.municipalities import municipalities
from simulation.prices import PUBLIC, Prices
from simulation.scenario import fingerprint

TODAY = "todays-area"
"""The plan of the scheme as it is today."""
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
        """Everything read; ``ParameterError`` if a file cannot be read, or a programme has no price."""
        prices = study.price_list()
        several = [given_plan(plan) for plan in plans]
        for plan in several:
            require_prices([delivery_of(plan).name, *plan.other_schemes], prices, scenario=plan.scenario,
                           file=study.prices if isinstance(study.prices, Path) else None)  # fmt: skip
        return cls(plans=[(plan, country_of_plan(plan)) for plan in several], prices=prices,
                   posterior=Posterior.given(study.posterior)[0], draws=study.draws or DRAWS)  # fmt: skip

    @property
    def runs(self) -> int:
        """How many short runs there are, for the choice of workers."""
        return self.draws * (1 + len(self.plans)) * RUNS_A_DRAW

    def simulate(self, study: OfPlans, compute: Compute) -> PlanRuns:
        """The plans, and Denmark without them."""
        return simulate_plans(self.plans, self.posterior, compute, draws=self.draws, seed=study.seed,
                              replicates=study.replicates or 0, prices=self.prices,
                              command=study.command())  # fmt: skip


def run_rollout(study: RolloutStudy, context: RunContext | None) -> StudyResult:
    """Simulate the plan beside today's area, and count volunteers by municipality and month."""
    context = context or RunContext()
    plan = given_plan(study.plan)
    today = todays_area(plan)
    request = PlanRequest.of(study, [plan] if today is None else [today, plan])
    k = len(request.plans) - 1
    with context.computing(runs=request.runs) as compute:
        context.note(f"Denmark with the plan and without it, at {request.draws} draws ...")
        runs = request.simulate(study, compute)
        months = needs(runs, k, compute, command=study.command())
    return rollout_result(study, runs, request.prices, months, k)


def todays_area(plan: RolloutPlan) -> RolloutPlan | None:
    """The scheme as it is today, over the years of a plan: what a decision about the plan adds to.

    None if the plan is that already, or if it rolls out another programme than the one there is.
    """
    if plan.name == TODAY or delivery_of(plan).name != COURSE:
        return None
    today = load_plan(TODAY)
    wave = [{**each.model_dump(exclude_unset=True), "starts": plan.begins} for each in today.wave]
    shared = {key: getattr(plan, key) for key in (*OF_THE_STREAM, "country_file", "paid_by")}
    return planned({**today.model_dump(exclude_unset=True), **shared, "wave": wave})


def rollout_result(
    study: RolloutStudy, runs: PlanRuns, prices: Prices, months: pd.DataFrame | None = None, k: int = 0
) -> StudyResult:
    """The result of plan k of some runs; ``months`` are its volunteers by municipality and month, if counted.

    Plan 0, if it is another one, is what the plan adds to: two tables and the facts ``beyond`` say how much.
    """
    tables = plan_tables(runs, k, runs.money(k, prices))
    if k:
        tables |= {"beyond": differences(runs).drop(columns="plan"), "beyond_money": money_differences(
            [(plan.name, runs.money(number, prices)) for number, plan in enumerate(runs.plans)]).drop(columns="plan")}
    facts = rollout_facts(runs, tables, prices, k)
    return StudyResult(
        study=study, tables=tables | ({} if months is None else {"needs": months}), facts=facts,
        scenario=scenario_of(runs.plans[k], runs.country), counts=counts_of(study, runs, prices),
    )  # fmt: skip


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
    return StudyResult(
        study=study, tables=tables, facts=comparison_facts(runs, tables, prices),
        scenario=scenario_of(runs.plans[0], runs.country), counts=counts_of(study, runs, prices),
    )  # fmt: skip


def counts_of(study: OfPlans, runs: PlanRuns, prices: Prices) -> dict[str, Any]:
    """What the manifest of a study of plans has of it."""
    file = SHIPPED if study.posterior is None else study.posterior
    return {
        "plans": [plan.model_dump() for plan in runs.plans],
        "posterior": {"file": file.name, "digest": digest_of(file)} if isinstance(file, Path) else {"file": DRAWS_FILE},
        "draws": len(runs.draws[0].seeds), "replicates": study.replicates or "once, every fourth draw twice",
        "prices": fingerprint(prices.model_dump())[:16],
    }  # fmt: skip


# The facts ----------------------------------------------------------------------------------------------------


def rollout_facts(runs: PlanRuns, tables: Mapping[str, pd.DataFrame], prices: Prices, k: int) -> dict[str, Any]:
    """The facts of plan k: what the tables hold, what a course costs, and courses that other schemes start (means)."""
    plan, missing, found = runs.plans[k], tables["missing_out"], runs.money(k, prices)
    counts, known = years(runs.counts[k]).groupby(["draw", "replicate"]), load(OTHER_SCHEMES).programme
    return {
        **_shared(runs, prices),
        **_of_plan(plan, tables["summary"], tables["break_even"], tables["per_krone"]),
        "beyond": None if "beyond" not in tables else {
            "plan": plan_facts(runs.plans[0]), "outcomes": _outcomes(tables["beyond"]),
            "money": _rows(tables["beyond_money"], "what"),
        },
        "reasons": dict(zip(missing["reason"], missing["share"], strict=True)),
        "course": {
            "price": course_kroner(found, runs.delivery.name), "counted": found.counted,
            "paid_by": {payer: share for payer, share in (plan.paid_by or prices.paid_by).items() if share > 0},
        },
        "costs": _rows(tables["course_costs"], "item"),
        "spent": spent(found, plan),
        "other_schemes": [
            {"name": name, "label": known[name].label or name,
             "started": float(counts[f"{name}.started"].sum().groupby("draw").mean().mean())}
            for name in plan.other_schemes
        ],
    }  # fmt: skip


def spent(found: Money, plan: RolloutPlan) -> dict[str, float]:
    """Public kroner spent in a year of the plan, not discounted: mean, and the most in any year of any draw."""
    table = found.years()
    cost = table.loc[table["year"] < plan.years, "cost"]
    return {"mean": float(cost.mean()), "most": float(cost.max())}


def comparison_facts(runs: PlanRuns, tables: Mapping[str, pd.DataFrame], prices: Prices) -> dict[str, Any]:
    """The facts of a comparison.

    ``best`` is, by method, in which share of draws no plan, and each plan, has the highest net kroner.
    """

    def of(plan: RolloutPlan, name: str) -> pd.DataFrame:
        return tables[name][tables[name]["plan"] == plan.name].drop(columns="plan")

    money = [runs.money(k, prices) for k in range(len(runs.plans))]
    return {
        **_shared(runs, prices),
        "plans": [_of_plan(plan, of(plan, "plans"), of(plan, "break_even"), per_krone_table(found))
                  for plan, found in zip(runs.plans, money, strict=True)],
        "differences": {plan.name: _outcomes(of(plan, "differences")) for plan in runs.plans[1:]},
        "gains": {plan.name: _rows(of(plan, "money_differences"), "what") for plan in runs.plans[1:]},
        "best": {method: best_shares([each.totals[net] for each in money]) for method, net in METHODS.items()},
    }  # fmt: skip


def best_shares(plans: Sequence[pd.Series]) -> list[float]:
    """In which share of draws no plan, and each plan, has the highest net kroner (``plans``, one value a draw)."""
    net = np.column_stack([np.zeros(len(plans[0])), *plans])
    return [float(share) for share in np.bincount(net.argmax(axis=1), minlength=net.shape[1]) / len(net)]


def _shared(runs: PlanRuns, prices: Prices) -> dict[str, Any]:
    """What holds for every plan of a study."""
    return {
        "programme": asdict(runs.delivery), "draws": len(runs.draws[0].seeds),
        "price_year": prices.price_year, "public": list(PUBLIC), "marked_threshold": MARKED, "few": FEW,
        "no_plan": NO_PLAN,
    }  # fmt: skip


def _of_plan(
    plan: RolloutPlan, summary: pd.DataFrame, break_even: pd.DataFrame, per_krone: pd.DataFrame
) -> dict[str, Any]:
    return {
        "plan": plan_facts(plan), "outcomes": _outcomes(summary),
        "payers": _rows(break_even, "payer"),
        "per_krone": _rows(per_krone, "method"),
    }  # fmt: skip


def plan_facts(plan: RolloutPlan) -> dict[str, Any]:
    """What a plan intends: months as 2027-01, and how many municipalities are open then."""
    months = sorted(plan.opens().values())
    rates = {plan.volunteers.recruits_per_100000 if wave.recruits_per_100000 < 0 else wave.recruits_per_100000
             for wave in plan.wave}  # fmt: skip

    def opened(month: int) -> dict[str, Any]:
        return {"month": month_of(plan, month), "open": sum(each <= month for each in months)}

    offer = plan.offer
    return {
        "name": plan.name, "title": plan.title, "title_da": plan.title_da, "begins": plan.begins, "years": plan.years,
        "first": opened(months[0]), "last": opened(months[-1]), "municipalities": len(municipalities()),
        "takes_until": month_of(plan, 12 * (offer.last_year or plan.years) - 1),
        "until": month_of(plan, plan.months + FOLLOWED_ON - 1),
        "volunteers_at_start": sum(wave.volunteers_at_start for wave in plan.wave),
        "recruits_per_100000": sorted({min(rates), max(rates)}),
        "offer": {"highest_risk_share": offer.highest_risk_share, "allocation": offer.allocation,
                  "max_per_year": offer.max_per_year, "budget_a_year": offer.budget_a_year},
    }  # fmt: skip


def _outcomes(table: pd.DataFrame) -> dict[str, dict[str, float]]:
    return {str(row["outcome"]): {name: float(row[name]) for name in ESTIMATE} for row in table.to_dict("records")}


def _rows(table: pd.DataFrame, key: str) -> dict[str, dict[str, Any]]:
    """The rows of a table by one of its columns."""
    return {str(row.pop(key)): {str(name): each for name, each in row.items()} for row in table.to_dict("records")}

"""The numbers that are said of plans, from their runs and tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from experiments.inputs.scenario_files import load
from experiments.studies.rollout.costs import MARKED, NO_PLAN
from experiments.studies.rollout.plan import FOLLOWED_ON, RolloutPlan
from experiments.studies.rollout.plan_runs import FEW, PlanRuns
from experiments.studies.rollout.plan_scenario import OTHERS, Delivery
from experiments.studies.rollout.tables import ESTIMATE, years
from simulation.municipalities import municipalities
from simulation.prices import PUBLIC, Prices, draw_prices


def rollout_facts(runs: PlanRuns, tables: Mapping[str, pd.DataFrame], prices: Prices, k: int = 0) -> dict[str, Any]:
    """The facts of one plan; ``tables`` is what ``plan_runs.plan_tables`` gives of it."""
    missing = tables["missing_out"]
    return {
        **_shared(runs, prices),
        **_of_plan(runs.plans[k], tables["summary"], tables["break_even"], tables["per_krone"]),
        "reasons": dict(zip(missing["reason"], missing["share"], strict=True)),
        "course": _course(runs, prices, k),
        "other_schemes": _other_schemes(runs, k),
    }


def comparison_facts(
    runs: PlanRuns, tables: Mapping[str, pd.DataFrame], prices: Prices, per_krone: Mapping[str, pd.DataFrame]
) -> dict[str, Any]:
    """The facts of a comparison.

    Parameters
    ----------
    runs, prices
        The runs, and what things cost.
    tables
        What ``plan_runs.comparison_tables`` gives.
    per_krone
        What one krone saves under each plan (``costs.per_krone_table``), by the plan's name.
    """
    plans, gaps = [], tables["money_differences"]
    for plan in runs.plans:
        own = {name: tables[name][tables[name]["plan"] == plan.name] for name in ("plans", "break_even")}
        plans.append(_of_plan(plan, own["plans"], own["break_even"], per_krone[plan.name]))
    found = tables["differences"]
    further = [plan.name for plan in runs.plans[1:]]
    return {
        **_shared(runs, prices), "plans": plans,
        "differences": {name: _outcomes(found[found["plan"] == name]) for name in further},
        "gains": {name: _rows(gaps[gaps["plan"] == name].drop(columns="plan"), "what") for name in further},
        "best": _best(runs, prices),
    }  # fmt: skip


def _shared(runs: PlanRuns, prices: Prices) -> dict[str, Any]:
    """What holds for every plan of a study."""
    return {
        "programme": programme_facts(runs.delivery), "draws": len(runs.draws[0].seeds),
        "price_year": prices.price_year, "public": list(PUBLIC), "marked_threshold": MARKED, "few": FEW,
        "no_plan": NO_PLAN,
    }  # fmt: skip


def programme_facts(delivery: Delivery) -> dict[str, Any]:
    """What is said of the programme that is rolled out."""
    return {
        "name": delivery.name, "label": delivery.label, "delivered_by": delivery.delivered_by,
        "carrier": delivery.carrier, "per_person": delivery.per_person, "capacity": delivery.capacity,
        "from_month": delivery.from_month, "to_month": delivery.to_month,
    }  # fmt: skip


def _of_plan(
    plan: RolloutPlan, summary: pd.DataFrame, break_even: pd.DataFrame, per_krone: pd.DataFrame
) -> dict[str, Any]:
    return {
        "plan": plan_facts(plan), "outcomes": _outcomes(summary),
        "payers": _rows(break_even.drop(columns="plan", errors="ignore"), "payer"),
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


def month_of(plan: RolloutPlan, month: int) -> str:
    """A month of a plan, counted from 0, as year and month."""
    at = int(plan.begins[5:]) - 1 + month
    return f"{int(plan.begins[:4]) + at // 12}-{at % 12 + 1:02d}"


def _outcomes(table: pd.DataFrame) -> dict[str, dict[str, float]]:
    return {str(row["outcome"]): {name: float(row[name]) for name in ESTIMATE} for row in table.to_dict("records")}


def _rows(table: pd.DataFrame, key: str) -> dict[str, dict[str, Any]]:
    """The rows of a table by one of its columns."""
    return {str(row.pop(key)): {str(name): each for name, each in row.items()} for row in table.to_dict("records")}


def _course(runs: PlanRuns, prices: Prices, k: int) -> dict[str, Any]:
    """What a course costs on average, and the share that each payer pays."""
    drawn = draw_prices(prices, len(runs.draws[k].seeds), runs.seed)
    paid_by = runs.plans[k].paid_by or prices.paid_by
    return {"price": float(drawn[f"scheme.{runs.delivery.name}.per_start"].mean()),
            "paid_by": {payer: share for payer, share in paid_by.items() if share > 0}}  # fmt: skip


def _other_schemes(runs: PlanRuns, k: int) -> list[dict[str, Any]]:
    """Courses that other schemes beside plan k start, mean over the draws."""
    plan, rows = runs.plans[k], years(runs.counts[k])
    if not plan.other_schemes:
        return []
    shelf = load(OTHERS).programme
    started = {name: rows.groupby(["draw", "replicate"])[f"{name}.started"].sum().groupby("draw").mean().mean()
               for name in plan.other_schemes}  # fmt: skip
    return [{"name": name, "label": shelf[name].label or name, "started": float(each)}
            for name, each in started.items()]  # fmt: skip


def _best(runs: PlanRuns, prices: Prices) -> list[float]:
    """Share of draws in which no plan, and each plan in order, has the highest net kroner."""
    nets = [runs.money(k, prices).totals["net"].to_numpy(float) for k in range(len(runs.plans))]
    net = np.column_stack([np.zeros(len(nets[0])), *nets])
    shares = np.bincount(net.argmax(axis=1), minlength=net.shape[1]) / len(net)
    return [float(share) for share in shares]

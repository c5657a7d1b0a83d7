"""The study of priorities: allocation rules, further volunteers by municipality, and the order for a budget."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from experiments.execution.context import Compute, RunContext
from experiments.inputs.municipalities import Country
from experiments.inputs.posterior import SHIPPED, Posterior
from experiments.provenance.results_folder import digest_of
from experiments.studies.result import StudyResult
from experiments.studies.rollout import allocation_rules, municipality_order
from experiments.studies.rollout.allocation_rules import EFFECTS, OUTCOMES, RULES, alone, at_once
from experiments.studies.rollout.costs import opening_prices
from experiments.studies.rollout.municipality_order import BEST, ByMunicipality, run_more
from experiments.studies.rollout.plan import RolloutPlan, load
from experiments.studies.rollout.plan_scenario import everybody, scenario_of
from experiments.studies.rollout.priorities_study import PrioritiesStudy
from experiments.studies.rollout.simulate import PlanDraws, draw_uncertain, run_plan
from experiments.studies.rollout.tables import carried
from simulation.history import GROUPS
from simulation.municipalities import Municipality
from simulation.parameters import ParameterError

COLUMN = {"offences": "offences", "relapses": "relapses_any", "reoffenders": "reoffenders_any",
          "prison": "custody_months"}  # fmt: skip
"""Column of each outcome that can be asked for."""
SERVED = 0.25
"""The capacity that sentences are about, or the nearest to it."""
HALF = 0.5
"""The share of the budget that sentences are about."""
SHOWN, LAST = 10, 3
"""Municipalities that are named first and last."""
FEWEST = 4
"""Draws at least: half of them select, half of them evaluate."""
Part = tuple[dict[str, pd.DataFrame], dict[str, Any]]
Costs = Callable[[int], tuple[pd.Series, pd.Series]]
"""Kroner of a course and of an open municipality a year, at so many draws."""


@dataclass(frozen=True, kw_only=True)
class Priorities:
    """What the three parts share."""

    study: PrioritiesStudy
    plan: RolloutPlan
    country: Country
    posterior: Posterior
    compute: Compute

    def draws(self, usual: int) -> PlanDraws:
        """Draws of everything that is uncertain."""
        number = self.study.draws or usual
        found = draw_uncertain(self.plan, self.country, self.posterior, number, seed=self.study.seed)
        if len(found.seeds) < FEWEST:
            raise ParameterError(f"--draws is [{len(found.seeds)}]; {FEWEST} or more are needed, half to select an "
                                 "order, half to evaluate it")  # fmt: skip
        return found

    def counts(self, plan: RolloutPlan, draws: PlanDraws, *, none: bool = False) -> pd.DataFrame:
        """Counts of a plan, or of Denmark without it."""
        return run_plan(plan, self.country, draws, self.compute, none=none, replicates=self.study.replicates or 0,
                        command=self.study.command())  # fmt: skip


def run_priorities(study: PrioritiesStudy, context: RunContext | None) -> StudyResult:
    """Compare allocation rules, and municipalities, as far as they are asked for.

    Raises ``ParameterError`` if the programme has no price, or is not one that can be compared.
    """
    plan, country = load(study.plan)
    file = SHIPPED if study.posterior is None else study.posterior
    posterior = file if isinstance(file, Posterior) else Posterior.read(Path(str(file)))
    name, programme = next(iter(everybody(plan).programme.items()))
    if programme.delivered_by != "volunteers" and set(study.parts) != {"order"}:
        raise ParameterError(
            f"programme.{name}.delivered_by is [{programme.delivered_by}]; rules and further volunteers are compared "
            "for programmes that volunteers deliver; give --order alone"
        )

    def costs(draws: int) -> tuple[pd.Series, pd.Series]:
        return opening_prices(plan, name, study.course_price, study.open_price, draws=draws, seed=study.seed)

    costs(1)  # a programme without a price is refused before anything is run
    tables, facts = dict[str, pd.DataFrame](), dict[str, Any]()
    with (context or RunContext()).computing(runs=10_000) as compute:
        asked = Priorities(study=study, plan=plan, country=country, posterior=posterior, compute=compute)
        if "rules" in study.parts:
            tables, facts["rules"] = _rules(asked)
        if {"volunteers", "order"} & set(study.parts):
            more, found = _municipalities(asked, costs)
            tables, facts = tables | more, facts | found
    about = {
        "plan": {"name": plan.name, "title": plan.title, "title_da": plan.title_da, "years": plan.years},
        "programme": programme.label or name, "outcome": COLUMN[study.outcome], "parts": list(study.parts),
    }  # fmt: skip
    drawn_from = {"posterior": {"file": file.name, "digest": digest_of(file)}} if isinstance(file, Path) else {}
    return StudyResult(
        study=study, tables=tables, facts=about | facts, scenario=scenario_of(plan, country),
        counts={
            "plan": plan.model_dump(), "parts": sorted(study.parts), **drawn_from,
            "prices": {"course": study.course_price, "open_a_year": study.open_price},
            "draws": study.draws or {"rules": allocation_rules.DRAWS, "places": municipality_order.DRAWS},
            "replicates": study.replicates or "once, every fourth draw twice",
        },
    )  # fmt: skip


# Rules --------------------------------------------------------------------------------------------------------


def _rules(asked: Priorities) -> Part:
    """The allocation rules: what each avoids, which is best, and what decides that."""
    study, plan, draws = asked.study, asked.plan, asked.draws(allocation_rules.DRAWS)
    capacities = sorted(set(study.capacity))
    job = allocation_rules.rules_job(plan, asked.country, draws, capacities=capacities,
                                     replicates=study.replicates or 0, command=study.command())  # fmt: skip
    counts, horizons = allocation_rules.run_rules(job, draws, asked.compute), allocation_rules.horizons_of(plan)
    table = allocation_rules.rules_table(allocation_rules.cumulate(counts, horizons))
    reasons = allocation_rules.risk_groups(counts, horizons)
    at = min(capacities, key=lambda each: abs(each - SERVED))
    steps = sorted({horizons[0], horizons[len(horizons) // 2], horizons[-1]})
    facts = {
        "draws": len(draws.seeds), "served": at, "horizons": [horizons[0], horizons[-1]],
        "best": [_best(table, effect, at, outcome, steps) for effect in EFFECTS for outcome in OUTCOMES],
        **_pattern(table, horizons), **_reasons(table, reasons, at, horizons),
    }  # fmt: skip
    return {"rules": table, "why": reasons}, facts


def _cell(table: pd.DataFrame, effect: str, capacity: float, outcome: str, horizon: int) -> pd.DataFrame:
    """The rows of the rules in one cell, by rule, the best first."""
    rows = table[(table["effect"] == effect) & (table["capacity"] == capacity) & (table["outcome"] == outcome)
                 & (table["horizon"] == horizon)]  # fmt: skip
    return rows.set_index("rule").sort_values("mean", ascending=False)


def _best(table: pd.DataFrame, effect: str, capacity: float, outcome: str, steps: Sequence[int]) -> dict[str, Any]:
    """Which rule avoids most on average over some horizons, by how much, and in how many draws."""
    cells = []
    for step in steps:
        rows = _cell(table, effect, capacity, outcome, step)
        best = rows.iloc[0]
        cells.append({"horizon": step, "rule": rows.index[0], "each": best["each_mean"],
                      "lottery": rows["each_mean"]["lottery"], "best": best["best"]})  # fmt: skip
    return {"effect": effect, "outcome": outcome, "cells": cells}


def _pattern(table: pd.DataFrame, horizons: Sequence[int]) -> dict[str, Any]:
    """Combinations in which the highest risk is best at first and the lowest at last; and those of the latter alone."""
    cells = []
    for name, rows in table[table["best"].notna()].groupby(keys := ["effect", "capacity", "outcome"], sort=False):
        ends = (rows[rows["horizon"] == horizon] for horizon in (horizons[0], horizons[-1]))
        best = [own["rule"].iloc[int(own["mean"].to_numpy().argmax())] for own in ends]
        cells.append((dict(zip(keys, name, strict=True)), best))
    return {
        "combinations": len(cells),
        "pattern": [cell for cell, best in cells if best == ["highest risk", "lowest risk"]],
        "lowest": [cell for cell, best in cells if best[1] == "lowest risk"],
    }


def _reasons(table: pd.DataFrame, reasons: pd.DataFrame, capacity: float, horizons: Sequence[int]) -> dict[str, Any]:
    """What decides which rule is best, in numbers of the two risk groups (the highest first)."""
    rows = reasons.set_index(["effect", "group"])
    names = {"offences": "offences", "custody_months": "custody_months", "relapses": "relapses", "months": "months",
             "in_custody": "in_custody", "avoided_offences": "avoided_offences_last",
             "avoided_relapses_first": "avoided_relapses_any_first",
             "avoided_relapses_last": "avoided_relapses_any_last",
             "avoided_reoffenders": "avoided_reoffenders_any_last"}  # fmt: skip
    both = {effect: {name: [rows[column][effect, group] for group in reversed(GROUPS)]
                     for name, column in names.items()} for effect in EFFECTS}  # fmt: skip
    cell = _cell(table, "same", capacity, "offences", horizons[-1]).loc[[RULES[1], RULES[0], RULES[2]]]
    return {"why": both, "highest": cell["highest"].tolist(), "first": cell["first"].tolist()}


# Municipalities -----------------------------------------------------------------------------------------------


def _municipalities(asked: Priorities, costs: Costs) -> Part:
    """Further volunteers in each municipality, and the order of municipalities."""
    study, plan, draws = asked.study, alone(asked.plan), asked.draws(municipality_order.DRAWS)
    tables, facts = dict[str, pd.DataFrame](), dict[str, Any]()
    none = asked.counts(plan, draws, none=True)
    here = [place for place in asked.country.places if place.number in plan.opens()]
    names = [place.name for place in here]
    limits = {"offer.max_per_year": plan.offer.max_per_year, "offer.budget_a_year": plan.offer.budget_a_year,
              "volunteers.coordinators": plan.volunteers.coordinators}  # fmt: skip
    facts["coupled_by"] = [key for key, value in limits.items() if value > 0]
    if "volunteers" in study.parts:
        base = asked.counts(plan, draws)
        extra = run_more(plan, asked.country, draws, asked.compute, more=study.more, replicates=study.replicates or 0,
                         command=study.command())  # fmt: skip
        name = carried(base)
        more, whole = (ByMunicipality.between(*pair, names, name) for pair in ((extra, base), (base, none)))
        found, facts["volunteers"] = _volunteers(asked, more, whole, here)
        tables |= found
    if "order" in study.parts:
        base = asked.counts(at_once(plan), draws)
        whole = ByMunicipality.between(base, none, names, carried(base))
        found, facts["order"] = _order(asked, whole, none, costs, here)
        tables |= found
    return tables, facts


def _volunteers(asked: Priorities, more: ByMunicipality, whole: ByMunicipality, here: Sequence[Municipality]) -> Part:
    outcome = COLUMN[asked.study.outcome]
    table, checks = municipality_order.marginal(more, whole, here)
    check = checks.set_index("outcome").loc[outcome]
    table = table.sort_values(outcome, ascending=False, ignore_index=True)
    top, bottom = table.iloc[0], table.iloc[-1]
    facts = {
        "draws": len(set(more.draws.tolist())), "more": asked.study.more,
        "courses": {"median": table["courses"].median(), "low": table["courses"].min(), "high": table["courses"].max()},
        "avoided": {"median": table[outcome].median(), "low": bottom[outcome], "high": top[outcome],
                    "lowest": bottom["municipality"], "highest": top["municipality"]},
        "ratio": check["ratio"], "error": table[f"{outcome}_error"].median(),
        "own_error": table[f"{outcome}_simulated_error"].median(), "rank_correlation": check["rank_correlation"],
        "shown": min(SHOWN, len(table)),
    }  # fmt: skip
    return {"volunteers": table, "volunteers_checks": checks}, facts


def _order(asked: Priorities, whole: ByMunicipality, none: pd.DataFrame, costs: Costs,
           here: Sequence[Municipality]) -> Part:  # fmt: skip
    study, plan, country, outcome = asked.study, asked.plan, asked.country, COLUMN[asked.study.outcome]
    course, open_a_year = (prices.to_numpy()[whole.draws][:, None] for prices in costs(len(set(whole.draws.tolist()))))
    cost = whole.courses["started"].sum(axis=2) * course + plan.years * open_a_year
    value, expected = whole.avoided[outcome].sum(axis=2), whole.expected(outcome, whole.per_course(outcome))
    simple = municipality_order.naive_orders(here, country.expected()[country.at(here)])
    released = municipality_order.count_arrays(none, ["released"], [place.name for place in here])[1]["released"]
    richest = released[:, :, 1] / np.maximum(1.0, released.sum(axis=2))
    found = municipality_order.compare_orders(value, expected, cost, richest, simple, whole.draws, seed=study.seed)
    tables = {
        "order": municipality_order.order_table(found, value, expected, cost, whole, here), "budget": found.curves(),
        "regret": found.regret(), "winners_curse": found.winners_curse(),
    }  # fmt: skip
    curves, regret, curse = (tables[name] for name in ("budget", "regret", "winners_curse"))
    half = curves[(curves["order"] == BEST) & (curves["share"] == HALF)].iloc[0]
    less = regret[regret["share"] == HALF].sort_values("part")
    named = tables["order"]["municipality"].tolist()
    facts = {
        "draws": len(set(whole.draws.tolist())), "cost": found.budgets[-1], "years": plan.years,
        "first": named[:SHOWN], "last": named[-LAST:] if len(named) > SHOWN + LAST else named[SHOWN:],
        "half": {key: half[key] for key in ("mean", "low", "high", "error")},
        "less": less[["order", "part", "part_error"]].to_dict("records"),
        "winners_curse": curse[curse["share"] == HALF].drop(columns="share").to_dict("records"),
    }  # fmt: skip
    return tables, facts

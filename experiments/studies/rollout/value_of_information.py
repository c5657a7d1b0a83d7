"""The value of information for the choice between a plan and no plan, in kroner for the whole plan.

The net benefit of the plan is what the public budgets get back less what they pay, over the plan's years. It comes from
the runs of ``discovery``: one draw each of every uncertain input.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from experiments.execution.context import RunContext
from experiments.inputs.evidence import PLAN, PRICE
from experiments.statistics.value_of_information import evpi, evppi, evppi_table, evsi_table, observed_risks
from experiments.studies.result import StudyResult
from experiments.studies.rollout.costs import METHODS
from experiments.studies.rollout.discover_study import VoiStudy
from experiments.studies.rollout.discovery import (
    RATIO,
    about,
    by_method,
    draw_inputs,
    planned_runs,
    posterior_rows,
    simulate_outcomes,
)
from simulation.parameters import ParameterError
from simulation.prices import points

SIZES = (0, 50, 100, 200, 400, 800)
"""People in each arm of a further trial."""
RESEARCH = 12_000.0
"""Kroner a person in a trial, beside the courses: recruiting, registers, analysis; assumed."""
GROUPS: dict[str, tuple[str, ...]] = {
    "effect": ("effect.hazard_ratio", "effect.support_share", "programme.half_life_months", "programme.persistence",
               "programme.direct_hazard_ratio_others", "programme.support_hazard_ratio_others"),
    "uptake": ("people.accepts_volunteers", "people.accepts_system", "people.acceptance_by_motivation",
               "people.motivation_hazard_ratio"),
    "supply": (f"{PLAN}volunteers.recruiting_reached", f"{PLAN}volunteers.ceiling_per_100000",
               f"{PLAN}volunteers.campaign_months", f"{PLAN}quality.lost_per_doubling", "volunteers.quit_chance",
               "volunteers.quit_after_end"),
    "matches": ("programme.contact_chance", "programme.dropout_chance"),
    "course price": (f"{PRICE}course.", f"{PRICE}scheme.", f"{PLAN}volunteers.volunteers_each"),
    "prison-day price": (f"{PRICE}prison.day",),
}  # fmt: skip
"""Quantities that would be learned together, by the beginnings of their keys."""
RISKS = {"control": "_any_control", "mentored": "_any_mentored"}
"""Two-year risks of the trial's highest-risk group: columns of a posterior."""


def run_voi(study: VoiStudy, context: RunContext | None) -> StudyResult:
    """Simulate a plan over every uncertain input, and value what could be learned first."""
    asked = planned_runs(study)
    missing = [name for name in RISKS.values() if name not in asked.posterior.table]
    if missing:
        raise ParameterError(f"--posterior has no column [{missing[0]}], which says what a trial would show; "
                             "desist calibrate writes it")  # fmt: skip
    rows = posterior_rows(asked.posterior, asked.number, seed=study.seed)
    risks = pd.DataFrame({arm: asked.posterior.table[name].to_numpy()[rows] for arm, name in RISKS.items()})
    inputs = draw_inputs(asked.plan, asked.posterior, asked.prices, asked.number, seed=study.seed)
    with (context or RunContext()).computing(runs=10 * asked.number) as compute:
        results = simulate_outcomes(asked.plan, asked.country, inputs, asked.prices, compute, seed=study.seed,
                                    command=study.command())  # fmt: skip
    net = results[METHODS[RATIO[study.saving]]].to_numpy()
    course = points(asked.prices)[f"scheme.{asked.programme}.per_start"].item()
    tables, found = information_values(inputs, net, risks, course=course, seed=study.seed)
    facts = {
        "plan": about(asked.plan), "runs": asked.number, "saving": study.saving, "counted": RATIO[study.saving],
        "methods": by_method(results), **found, "course": course, "research": RESEARCH,
    }  # fmt: skip
    return StudyResult(
        study=study, tables=tables, facts=facts, scenario=asked.scenario,
        counts={"plan": asked.plan.model_dump(), "runs": asked.number, "saving": study.saving},
    )  # fmt: skip


def information_values(
    inputs: pd.DataFrame, net: np.ndarray, risks: pd.DataFrame, *, course: float, seed: int
) -> tuple[dict[str, pd.DataFrame], dict[str, Any]]:
    """The value of knowing everything, groups of quantities, single quantities, or the result of a further trial.

    ``inputs`` are draws x quantities (``discovery.draw_inputs``), ``net`` the public kroner that the plan gives back
    less what is paid for it (one a draw, discounted), ``risks`` the two-year risks of the trial's highest-risk group at
    each draw (``control`` and ``mentored``, 0-1). A course of a trial costs ``course`` kroner.

    Returns
    -------
    Tables: groups and single (``evppi_table``), trials (``evsi_table``). Facts: among them risks, the EVPPI of both
    risks (the highest possible value of a trial), and chosen, the better choice without further information.
    """
    benefit = np.column_stack([np.zeros(len(net)), net])  # no plan, the plan
    named = {name: [str(own) for own in inputs if str(own).startswith(keys)] for name, keys in GROUPS.items()}
    groups = evppi_table(benefit, inputs, groups={name: keys for name, keys in named.items() if keys})
    control, mentored = (risks[name].to_numpy(np.float64) for name in ("control", "mentored"))
    both = evppi(benefit, pd.DataFrame({"control": control, "gap": control - mentored}), seed=seed)
    trials = evsi_table(
        benefit, SIZES, lambda size: observed_risks(control, mentored, size, seed=seed),
        cost=lambda size: size * course + 2 * size * RESEARCH, seed=seed,
    )  # fmt: skip
    best = trials[trials["best"]]
    facts = {
        "net": float(net.mean()), "paying_back": float((net >= 0).mean()),
        "chosen": "plan" if net.mean() > 0 else "no plan", "evpi": asdict(evpi(benefit)),
        "groups": groups.to_dict("records"), "risks": asdict(both), "trials": trials.to_dict("records"),
        "best": int(best["per_arm"].iloc[0]) if len(best) else None,
    }  # fmt: skip
    return {"groups": groups, "single": evppi_table(benefit, inputs, shuffles=1), "trials": trials}, facts

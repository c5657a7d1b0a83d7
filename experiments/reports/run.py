"""Plans told for a report, and the draws by which the doubt about them is divided.

The plans are told as ``desist rollout`` and ``desist compare`` tell them, at the same draws, so the same pieces of the
store serve both. These draws are too few to divide the doubt among some sixty quantities; so the first plan is told at
further draws (whole country only), unless there are enough.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from experiments.execution.jobs import Job, Table
from experiments.inputs.evidence import PRICE, ModelInputs
from experiments.inputs.municipalities import Country
from experiments.inputs.posterior import OF_THE_TRIAL, Posterior
from experiments.reports.grades import Doubt, doubt_of
from experiments.reports.plan import headline, used_prices
from experiments.studies.rollout.discovery import draw_inputs, simulate_outcomes
from experiments.studies.rollout.plan import Plan
from experiments.studies.rollout.plan_scenario import PLANNED_HERE, everybody
from experiments.studies.rollout.plan_study import Told, told
from simulation.prices import Prices, draw_prices

GRADE_DRAWS = 240
"""Draws by which the doubt is divided, where the plan's own are too few."""
Compute = Callable[[Job], Iterator[Table]]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a report of plans is made from."""

    plans: Sequence[tuple[Plan, Country]]
    posterior: Posterior
    prices: Prices
    draws: int
    grade_draws: int
    """0 for none."""
    seed: int
    command: str


def study_of(asked: Asked, compute: Compute) -> Told:
    """The plans, told on the same luck."""
    return told(asked.plans, asked.posterior, compute, draws=asked.draws, seed=asked.seed, command=asked.command)


def doubt_of_plan(asked: Asked, study: Told, compute: Compute) -> Doubt | None:
    """How the doubt about a plan's headline numbers divides; None if there are too few draws for that."""
    plan, country = asked.plans[0]
    inputs = ModelInputs.of(everybody(plan), plan, asked.prices)
    totals = study.money(0, asked.prices).totals
    own = doubt_of(inputs, inputs_of(study, inputs, asked), known(headline(totals)), seed=asked.seed)
    if own is not None or not asked.grade_draws:
        return own
    table = draw_inputs(plan, asked.posterior, asked.prices, asked.grade_draws, seed=asked.seed)
    further = simulate_outcomes(plan, country, table, asked.prices, compute, seed=asked.seed, command=asked.command)
    return doubt_of(inputs, kept(table, inputs, plan), known(headline(further)), seed=asked.seed)


def doubt_of_gaps(asked: Asked, study: Told, values: Mapping[str, np.ndarray]) -> Doubt | None:
    """The same of differences between plans, by the study's own draws."""
    plan = asked.plans[0][0]
    inputs = ModelInputs.of(everybody(plan), plan, asked.prices)
    return doubt_of(inputs, inputs_of(study, inputs, asked), values, seed=asked.seed)


def inputs_of(study: Told, inputs: ModelInputs, asked: Asked) -> pd.DataFrame:
    """What was drawn for the first plan of a study, draw by draw: scenario, plan and prices."""
    own = study.doubts[0].table()
    prices = draw_prices(asked.prices, len(own), study.seed).add_prefix(PRICE)
    return kept(pd.concat([own, prices], axis=1), inputs, study.plans[0])


def kept(table: pd.DataFrame, inputs: ModelInputs, plan: Plan) -> pd.DataFrame:
    """Of the columns drawn those that are in doubt and can move the plan."""
    names = [str(name) for name in table if name not in (*OF_THE_TRIAL, *PLANNED_HERE, *plan.set)]
    return table[[name for name in used_prices(names, plan) if name in inputs.uncertain]]


def known(values: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Those numbers that have a value at every draw: there is no krone to count where nothing is spent."""
    return {name: column for name, column in values.items() if np.isfinite(column).all()}

"""The draws by which a report of plans divides their uncertainty.

The plans themselves are the studies of ``desist rollout`` and ``desist compare``, at the same draws, so the same pieces
of the store serve both. These draws are too few to divide the uncertainty among some sixty quantities; so the first
plan is simulated at further draws (whole country only), if they are asked for and needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from experiments.execution.jobs import Job, Table
from experiments.inputs.evidence import PRICE, ModelInputs
from experiments.inputs.posterior import OF_THE_TRIAL
from experiments.reports.grades import GradedUncertainty, graded_uncertainty
from experiments.reports.plan import GAP, KRONER, headline
from experiments.studies.result import StudyResult
from experiments.studies.rollout.costs import moves_kroner
from experiments.studies.rollout.discovery import draw_inputs, simulate_outcomes
from experiments.studies.rollout.plan import RolloutPlan
from experiments.studies.rollout.plan_scenario import PLANNED_HERE, delivery_of, everybody
from experiments.studies.rollout.rollout import PlanRequest
from simulation.prices import Prices, draw_prices

Compute = Callable[[Job], Iterator[Table]]


@dataclass(frozen=True, kw_only=True)
class PlanReport:
    """What a report of plans is made from."""

    request: PlanRequest
    result: StudyResult
    seed: int
    grade_draws: int
    """0 for none."""
    command: str

    @property
    def plan(self) -> RolloutPlan:
        """The first plan."""
        return self.request.plans[0][0]

    @property
    def inputs(self) -> ModelInputs:
        """The quantities of its scenario, its own, and prices."""
        return ModelInputs.of(everybody(self.plan), self.plan, self.request.prices)


def uncertainty_of_plan(report: PlanReport, compute: Compute) -> GradedUncertainty | None:
    """How the uncertainty of a plan's headline numbers divides; None if there are too few draws for that."""
    inputs, table = report.inputs, report.result.tables["draws"]
    own = graded_uncertainty(inputs, inputs_of(report, table), known(headline(table)), seed=report.seed)
    if own is not None or not report.grade_draws:
        return own
    (plan, country), request = report.request.plans[0], report.request
    drawn = draw_inputs(plan, request.posterior, request.prices, report.grade_draws, seed=report.seed)
    further = simulate_outcomes(plan, country, drawn, request.prices, compute, seed=report.seed, command=report.command)
    moving = retained(drawn, inputs, plan, request.prices)
    return graded_uncertainty(inputs, moving, known(headline(further)), seed=report.seed)


def uncertainty_of_gaps(report: PlanReport) -> GradedUncertainty | None:
    """The same of the differences between the second plan and the first, by the study's own draws."""
    table = report.result.tables["draws"]
    first, second = (table[table["plan"] == plan.name].reset_index(drop=True) for plan, _ in report.request.plans[:2])
    gaps = {GAP: (second["avoided"] - first["avoided"]).to_numpy(float),
            KRONER: (second["net"] - first["net"]).to_numpy(float)}  # fmt: skip
    return graded_uncertainty(report.inputs, inputs_of(report, first), gaps, seed=report.seed)


def inputs_of(report: PlanReport, draws: pd.DataFrame) -> pd.DataFrame:
    """What was drawn for the first plan of a study, draw by draw: scenario, plan and prices."""
    prices = draw_prices(report.request.prices, len(draws), report.seed).add_prefix(PRICE)
    return retained(pd.concat([draws, prices], axis=1), report.inputs, report.plan, report.request.prices)


def retained(table: pd.DataFrame, inputs: ModelInputs, plan: RolloutPlan, prices: Prices) -> pd.DataFrame:
    """Of the columns drawn those that are uncertain and can move the plan."""
    names = [str(name) for name in table if name not in (*OF_THE_TRIAL, *PLANNED_HERE, *plan.set)]
    delivery = delivery_of(plan)
    if delivery.delivered_by == "slots":
        names = [name for name in names if not name.removeprefix("plan.").startswith("volunteers.")]
    moves = moves_kroner(plan, prices)
    return table[[name for name in names if name in inputs.uncertain and moves(name)]]


def known(values: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Those numbers that have a value at every draw: there is no krone to count where nothing is spent."""
    return {name: column for name, column in values.items() if np.isfinite(column).all()}

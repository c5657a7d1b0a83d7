"""A study of the page, computed step by step: the runs of ``desist rollout``, ``desist compare`` or ``desist ladder``.

It is computed in the background (``runs``), one piece after another, so that it can say how far it has come. What
comes back is small: the studies' results, no counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pandas as pd
from cachetools import LRUCache

from experiments.app.country.plans import RequestedPlan, read

if TYPE_CHECKING:
    from experiments.execution.jobs import Job
    from experiments.studies.result import StudyResult
    from experiments.studies.rollout.plan import RolloutPlan
    from experiments.studies.rollout.plan_runs import PlanRuns

KEPT_PIECES = 120
"""Pieces that are kept for the next study: about 0.5 MB each."""
WORDS = ("level", "where", "group")
"""Columns of texts, of which a piece has a few again and again."""
TOGETHER = 6
"""Pieces of a ladder that are computed in one step."""
LEFT_OUT = ("supply_by_region", "plane", "quadrants", "acceptability")
"""Tables of ``desist rollout`` that the page does not show."""


@dataclass(frozen=True, kw_only=True)
class PlanSheet:
    """What is found of one plan."""

    plan: RolloutPlan
    result: StudyResult  # that of ``desist rollout``, without the tables of ``LEFT_OUT``

    @property
    def tables(self) -> Mapping[str, pd.DataFrame]:
        """Its tables."""
        return self.result.tables


@dataclass(frozen=True, kw_only=True)
class Plans:
    """What a study of one plan or two gave."""

    sheets: tuple[PlanSheet, ...]  # the plan, and perhaps the one beside it
    comparison: StudyResult | None
    """That of ``desist compare``: the plan against the one beside it; None with one plan."""
    draws: int

    @property
    def between(self) -> Mapping[str, pd.DataFrame]:
        """Tables of the comparison; none with one plan."""
        return {} if self.comparison is None else self.comparison.tables


Step = tuple[int, int, Any]
"""Steps done, steps in all, and at the end what came out."""
_pieces: LRUCache[str, pd.DataFrame] = LRUCache(KEPT_PIECES)


def steps(asked: RequestedPlan) -> Iterator[Step]:
    """Compute a study; the last step has its result."""
    return _plans(asked) if asked.kind == "plans" else _ladder(asked)


# Plans ---------------------------------------------------------------------------------------------------------


def _plans(asked: RequestedPlan) -> Iterator[Step]:
    from experiments.inputs.municipalities import denmark
    from experiments.inputs.posterior import SHIPPED, Posterior
    from experiments.studies.rollout.plan_runs import simulate_plans
    from experiments.studies.rollout.simulate import draw_uncertain, job_of

    plans, country, posterior = [read(text) for text in asked.plans], denmark(), Posterior.read(SHIPPED)
    drawn = [draw_uncertain(plan, country, posterior, asked.draws, seed=asked.seed) for plan in plans]
    jobs = [job_of(plans[0], country, drawn[0], none=True)]
    jobs += [job_of(plan, country, own) for plan, own in zip(plans, drawn, strict=True)]
    whole, done, found = sum(len(job.pieces) for job in jobs) + 1, 0, {}
    for job in jobs:
        for address, piece in zip(job.addresses(), job.pieces, strict=True):
            new = address not in _pieces
            found[address] = _piece(job, address, piece)
            done += 1
            if new:
                yield done, whole, None

    def computed(job: Job) -> Iterator[Any]:
        return iter([found[address] for address in job.addresses()])

    several = [(plan, country) for plan in reversed(plans)]
    runs = simulate_plans(several, posterior, computed, draws=asked.draws, seed=asked.seed)
    yield whole, whole, reduced(runs)


def _piece(job: Job, address: str, piece: dict[str, Any]) -> pd.DataFrame:
    """One piece of a job, computed unless it was a little while ago."""
    from experiments.execution.jobs import finish

    if address not in _pieces:
        (table,) = finish(replace(job, pieces=[piece]), threads=1)
        same = {text: text for name in WORDS for text in table[name]}
        _pieces[address] = pd.DataFrame({**table, **{name: [same[text] for text in table[name]] for name in WORDS}})
    return _pieces[address]


def forget() -> None:
    """Let go of what is kept for the next study only."""
    _pieces.clear()


def reduced(runs: PlanRuns) -> Plans:
    """What the page needs of some runs, in which the plan beside the visitor's comes first."""
    from experiments.studies.rollout.rollout import comparison_result, rollout_result
    from experiments.studies.rollout.rollout_study import CompareStudy, RolloutStudy
    from simulation.prices import Prices

    prices = Prices()
    same: dict[str, Any] = {"draws": len(runs.draws[0].seeds), "seed": runs.seed}
    sheets = [
        PlanSheet(plan=plan, result=_smaller(rollout_result(RolloutStudy(plan=plan, **same), runs, prices, k=k)))
        for k, plan in enumerate(runs.plans)
    ]
    both = None
    if len(runs.plans) > 1:
        both = _smaller(comparison_result(CompareStudy(plans=runs.plans, **same), runs, prices))
    return Plans(sheets=tuple(reversed(sheets)), comparison=both, draws=same["draws"])


def _smaller(result: StudyResult) -> StudyResult:
    """A result without the tables that the page does not show."""
    return replace(result, tables={name: table for name, table in result.tables.items() if name not in LEFT_OUT})


def row_of(table: pd.DataFrame, column: str, value: str) -> dict[str, Any]:
    """The row of a table that has this value in a column; IndexError if there is none."""
    return {str(name): each for name, each in table[table[column] == value].to_dict("records")[0].items()}


# The ladder ----------------------------------------------------------------------------------------------------


def _ladder(asked: RequestedPlan) -> Iterator[Step]:
    from experiments.execution.jobs import finish
    from experiments.inputs.municipalities import denmark
    from experiments.inputs.posterior import SHIPPED, Posterior
    from experiments.studies.rollout.headline_runs import HeadlineRuns, variants_of
    from experiments.studies.rollout.headline_steps import EffectCounts, sets_of, steps_without
    from simulation.prices import Prices

    runs = HeadlineRuns.of(read(asked.plans[0]), denmark(), Posterior.read(SHIPPED), draws=asked.draws, seed=asked.seed)
    every = variants_of(sets_of(steps_without(()), orders=True))
    job = runs.job(every)
    tables: list[Any] = []
    for first in range(0, len(job.pieces), TOGETHER):
        tables += finish(replace(job, pieces=job.pieces[first : first + TOGETHER]), threads=1)
        yield len(tables), len(job.pieces) + 1, None
    counts = runs.counts(every, lambda _: iter(tables))
    yield len(tables) + 1, len(tables) + 1, EffectCounts(runs=runs, counts=counts, prices=Prices())


def all_steps() -> tuple[str, ...]:
    """The steps of a ladder, in order."""
    from experiments.studies.rollout.headline_steps import STEPS

    return tuple(STEPS)

"""A study of the page, told step by step: the runs of ``desist rollout``, ``desist compare`` or ``desist ladder``.

It is told in the background (``country_runs``), one piece after another, so that it can say how far it has come. What
comes back is small: tables, facts and reports, no counts.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from experiments.app.country.plans import Asked, read
from experiments.language.formatting import Language

if TYPE_CHECKING:
    from experiments.execution.jobs import Job
    from experiments.language.plan_text import Facts
    from experiments.studies.rollout.costs import Money
    from experiments.studies.rollout.plan import Plan
    from experiments.studies.rollout.plan_study import Told

KEPT_PIECES = 120
"""Pieces that are kept for the next study: about 0.5 MB each."""
WORDS = ("level", "where", "group")
"""Columns of texts, of which a piece has a few again and again."""
TOGETHER = 6
"""Pieces of a ladder that are told in one step."""
LEFT_OUT = ("supply_by_region", "plane", "quadrants", "acceptability")
"""Tables of ``desist rollout`` that the page does not show."""


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """What is told of one plan."""

    plan: Plan
    tables: Mapping[str, pd.DataFrame]
    """Those of ``plans.study.tables``, and ``missing_by_year``, ``purses`` and ``ways``."""
    facts: Facts
    report: Mapping[Language, str]


@dataclass(frozen=True, kw_only=True)
class Plans:
    """What a study of one plan or two gave."""

    sheets: tuple[Sheet, ...]
    """The plan, and perhaps the one beside it."""
    between: Mapping[str, pd.DataFrame]
    """``plans.study.compared``: the plan against the one beside it; empty with one plan."""
    comparison: Mapping[Language, str]
    draws: int


Result = "Plans | EffectCounts"
Step = tuple[int, int, Any]
"""Steps done, steps in all, and at the end what came out."""
_pieces: OrderedDict[str, pd.DataFrame] = OrderedDict()


def steps(asked: Asked) -> Iterator[Step]:
    """Tell a study; the last step has its result."""
    return _plans(asked) if asked.kind == "plans" else _ladder(asked)


# Plans ---------------------------------------------------------------------------------------------------------


def _plans(asked: Asked) -> Iterator[Step]:
    from experiments.inputs.municipalities import denmark
    from experiments.inputs.posterior import SHIPPED, Posterior
    from experiments.studies.rollout.plan_study import told
    from experiments.studies.rollout.simulate import draw_doubts, job_of

    plans, country, posterior = [read(text) for text in asked.plans], denmark(), Posterior.read(SHIPPED)
    doubts = [draw_doubts(plan, country, posterior, asked.draws, seed=asked.seed) for plan in plans]
    jobs = [job_of(plans[0], country, doubts[0], none=True)]
    jobs += [job_of(plan, country, own) for plan, own in zip(plans, doubts, strict=True)]
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
    study = told(several, posterior, computed, draws=asked.draws, seed=asked.seed)
    yield whole, whole, reduced(study)


def _piece(job: Job, address: str, piece: dict[str, Any]) -> pd.DataFrame:
    """One piece of a job, computed unless it was a little while ago."""
    from experiments.execution.jobs import finish

    if address not in _pieces:
        (table,) = finish(replace(job, pieces=[piece]), threads=1)
        same = {text: text for name in WORDS for text in table[name]}
        _pieces[address] = pd.DataFrame({**table, **{name: [same[text] for text in table[name]] for name in WORDS}})
    _pieces.move_to_end(address)
    while len(_pieces) > KEPT_PIECES:
        _pieces.popitem(last=False)
    return _pieces[address]


def forget() -> None:
    """Let go of what is kept for the next study only."""
    _pieces.clear()


def reduced(study: Told) -> Plans:
    """What the page needs of a study, in which the plan beside the visitor's comes first."""
    from experiments.reports.plan_figures import comparisons
    from experiments.studies.rollout.plan_study import compared
    from simulation.prices import Prices

    prices, several = Prices(), len(study.plans) > 1
    tables = compared(study, prices) if several else {}
    return Plans(
        sheets=tuple(_sheet(study, k) for k in reversed(range(len(study.plans)))),
        between={name: table for name, table in tables.items() if name not in LEFT_OUT},
        comparison=comparisons(study, tables, prices) if several else {}, draws=len(study.doubts[0].seeds),
    )  # fmt: skip


def _sheet(study: Told, k: int) -> Sheet:
    from experiments.language.plan_text import facts_of
    from experiments.reports.plan_figures import report_of
    from experiments.studies.rollout.plan_study import tables
    from experiments.studies.rollout.tables import missing_out, years
    from simulation.prices import Prices

    plan, prices = study.plans[k], Prices()
    found = study.money(k, prices)
    made = tables(study, k, found)
    own = years(study.counts[k])
    by_year = missing_out(own[own["time"] < plan.years], ("time",))
    facts = facts_of(plan, made["summary"], made["missing_out"], found, made["odds"], price_year=prices.price_year)
    return Sheet(
        plan=plan, facts=facts, report={language: report_of(study, k, made, found, prices, language)
                                        for language in ("en", "da")},
        tables={name: table for name, table in made.items() if name not in LEFT_OUT}
        | {"missing_by_year": by_year, "purses": purses(found), "ways": ways(found)},
    )  # fmt: skip


def row_of(table: pd.DataFrame, column: str, value: str) -> dict[str, Any]:
    """The row of a table that has this value in a column.

    Raises
    ------
    KeyError
        If there is none.
    """
    for row in table[table[column] == value].to_dict("records"):
        return {str(name): each for name, each in row.items()}
    raise KeyError(value)


def purses(found: Money) -> pd.DataFrame:
    """Kroner by purse and side, discounted: purse, side (spent or saved), mean, low, high (middle 95 % of draws)."""
    from experiments.statistics.intervals import interval

    table, rows = found.purses(), []
    for side, column in (("spent", "cost"), ("saved", "saving")):
        wide = table.pivot_table(index="draw", columns="purse", values=column, observed=False, aggfunc="sum")
        for purse in wide.columns:
            _, low, high = interval(wide[purse].to_numpy())
            rows.append({"purse": str(purse), "side": side, "mean": float(wide[purse].mean()), "low": low,
                         "high": high})  # fmt: skip
    return pd.DataFrame(rows)


WAYS = {"ratio": "bottom-up", "marginal": "bottom-up, marginal prison day", "top_down": "top-down"}
"""Ways to count what one krone saves, by the columns of ``Money.totals``."""


def ways(found: Money) -> pd.DataFrame:
    """What one krone saves, counted in three ways.

    Columns: way (key of ``WAYS``), per_krone (mean saved over mean spent), low, high (middle 95 % of the draws), back
    (draws in which it is one krone or more), draws.
    """
    from experiments.statistics.intervals import interval

    rows, totals = [], found.totals
    cost = totals["cost"]
    for way in WAYS if cost.sum() > 0 else ():
        known = totals[way].dropna()
        _, low, high = interval(known.to_numpy())
        rows.append({"way": way, "per_krone": float((totals[way] * cost).sum() / cost.sum()), "low": low, "high": high,
                     "back": int((known >= 1).sum()), "draws": len(known)})  # fmt: skip
    return pd.DataFrame(rows, columns=["way", "per_krone", "low", "high", "back", "draws"])


# The ladder ----------------------------------------------------------------------------------------------------


def _ladder(asked: Asked) -> Iterator[Step]:
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

    return tuple(step.name for step in STEPS)

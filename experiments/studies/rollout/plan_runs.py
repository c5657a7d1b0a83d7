"""Plans simulated side by side with common random numbers, and the tables that come of it.

``simulate_plans`` runs one plan or more, and Denmark without them; ``plan_tables`` and ``comparison_tables`` say what
the plans do.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from experiments.execution.jobs import Compute
from experiments.inputs.municipalities import Country
from experiments.inputs.posterior import Posterior
from experiments.language.plan_text import year_text
from experiments.studies.rollout import tables
from experiments.studies.rollout.costs import (
    METHODS,
    Money,
    break_even_table,
    course_costs_table,
    decision,
    payer_table,
    per_krone_table,
    plan_money,
    plan_prices,
)
from experiments.studies.rollout.plan import RolloutPlan, month_of
from experiments.studies.rollout.plan_scenario import Delivery, delivery_of
from experiments.studies.rollout.simulate import (
    OF_THE_STREAM,
    PlanDraws,
    at_drawn_prices,
    country_data,
    draw_uncertain,
    run_plan,
    run_supply,
)
from experiments.studies.rollout.tables import OUTCOMES, estimate, estimates, fewer, outcomes
from simulation.parameters import ParameterError
from simulation.prices import Prices, draw_prices

BY = {"year": "time", "region": "where", "group": "group"}
"""What outcomes are split by, and its column of counts."""
NEEDS = 8
"""Draws at which volunteers are counted by municipality and month."""
REGION = {"where": "region"}
FEW = 5.0
"""Expected courses below which a municipality's share means nothing."""


@dataclass(frozen=True, kw_only=True)
class PlanRuns:
    """What the runs of some plans gave."""

    plans: tuple[RolloutPlan, ...]
    country: Country
    draws: tuple[PlanDraws, ...]
    counts: tuple[pd.DataFrame, ...]
    """One table a plan, as ``simulate.run_plan`` gives it."""
    without: pd.DataFrame
    """The same of Denmark without any of them."""
    seed: int
    _found: dict[tuple[int, str], Money] = field(default_factory=dict, repr=False)

    @cached_property
    def delivery(self) -> Delivery:
        """The programme that the plans roll out: the same for all of them."""
        return delivery_of(self.plans[0])

    def outcomes(self, k: int, by: Sequence[str] = ()) -> pd.DataFrame:
        """What plan k does at each draw and replicate (``tables.outcomes``)."""
        return outcomes(tables.years(self.counts[k]), tables.years(self.without), by, last=self.plans[0].years - 1)

    def estimates(self, k: int, column: str = "") -> pd.DataFrame:
        """Outcomes of plan k with both intervals (``tables.estimates``), split by a column of counts if given."""
        by = (column,) if column else ()
        return _split(estimates(self.outcomes(k, by), by), column, self.plans[k])

    def money(self, k: int, prices: Prices) -> Money:
        """Kroner of plan k (``costs.plan_money``)."""
        key = (k, prices.model_dump_json(exclude_unset=True))
        if key not in self._found:
            self._found[key] = plan_money(self.plans[k], self.counts[k], self.without, prices, seed=self.seed,
                                          values=self.draws[k].plan)  # fmt: skip
        return self._found[key]


def simulate_plans(
    plans: Sequence[tuple[RolloutPlan, Country]], posterior: Posterior | None,
    compute: Compute, *, draws: int, seed: int, replicates: int = 0, prices: Prices | None = None, command: str = "",
) -> PlanRuns:  # fmt: skip
    """Simulate plans at draws of the uncertain parameters, and Denmark without them, with common random numbers.

    A budget buys courses at the price that they have in each draw of ``prices`` (default: those that come with Desist).

    Raises
    ------
    ParameterError
        If plans are of different streams of releases: then they cannot be compared.
    """
    first, country = plans[0]
    for plan, other in plans[1:]:
        for key in OF_THE_STREAM:
            if getattr(plan, key) != getattr(first, key):
                raise ParameterError(
                    f"plan [{plan.name}] has {key} [{getattr(plan, key)}] and plan [{first.name}] "
                    f"[{getattr(first, key)}]; plans are compared on the same stream of releases, so make them equal"
                )
        if country_data(country) != country_data(other):
            raise ParameterError(f"plans [{first.name}] and [{plan.name}] have different country_file; use the same")
    names = [plan.name for plan, _ in plans]
    if len(set(names)) < len(names):
        raise ParameterError(f"plans are [{', '.join(names)}]; each name may be there once (name = ... in the file)")
    drawn = [draw_uncertain(plan, country, posterior, draws, seed=seed) for plan, _ in plans]
    for (plan, _), own in zip(plans, drawn, strict=True):
        known = prices or Prices()
        at_drawn_prices(plan, own.plan, plan_prices(plan, draw_prices(known, len(own.plan), seed), known))
    without = run_plan(first, country, drawn[0], compute, replicates=replicates, none=True, command=command)
    counts = [
        run_plan(plan, country, own, compute, replicates=replicates, command=command)
        for (plan, _), own in zip(plans, drawn, strict=True)
    ]
    return PlanRuns(plans=tuple(plan for plan, _ in plans), country=country, draws=tuple(drawn), counts=tuple(counts),
                without=without, seed=seed)  # fmt: skip


def plan_tables(runs: PlanRuns, k: int, found: Money) -> dict[str, pd.DataFrame]:
    """Everything that is written of plan k, by the name of its file."""
    plan, own, carrier = runs.plans[k], tables.years(runs.counts[k]), runs.delivery.carrier
    in_plan, each = own[own["time"] < plan.years], runs.delivery.per_person
    return {
        "summary": runs.estimates(k), **{f"by_{name}": runs.estimates(k, column) for name, column in BY.items()},
        "by_municipality": by_municipality(runs, k), "missing_out": tables.missing_out(in_plan, carrier=carrier),
        "missing_out_by_region": tables.missing_out(in_plan, ("where",), carrier=carrier).rename(columns=REGION),
        "missing_out_by_year": _with_months(tables.missing_out(in_plan, ("time",), carrier=carrier),
                                            -runs.delivery.from_month),
        "supply": tables.supply_by_month(runs.counts[k], per_person=each),
        "supply_by_region": tables.supply_by_month(runs.counts[k], per_person=each, by=("time", "where")).rename(
            columns=REGION),
        "break_even": break_even_table(found), "payers": payer_table(found), "per_krone": per_krone_table(found),
        "course_costs": course_costs_table(found),
        "money": found.totals, "budget": _by_year(found, plan), **decision([(plan.name, found)]),
        "draws": _draws(runs, k, found),
    }  # fmt: skip


def _with_months(table: pd.DataFrame, before: int) -> pd.DataFrame:
    """A table by year with the months that each covers.

    People are counted in the month in which they are due, ``before`` months before release; those due before the plan
    begins are in its first year. In its last ``before`` months only people who return are due.
    """
    return table.assign(months=12 + np.where(table["time"] == 0, before, 0))


def _draws(runs: PlanRuns, k: int, found: Money) -> pd.DataFrame:
    """One row a draw: what was drawn, and what plan k costs and saves there."""
    return pd.concat([runs.draws[k].table(), found.totals.drop(columns="draw")], axis=1)


def _split(table: pd.DataFrame, column: str, plan: RolloutPlan) -> pd.DataFrame:
    """A table split by a column of counts, with regions and years by their names."""
    if column == "time":
        at = list(table.columns).index("time") + 1
        table.insert(at, "year", [year_text(plan.begins, int(year)) for year in table["time"]])
    return table.rename(columns=REGION)


def by_municipality(runs: PlanRuns, k: int) -> pd.DataFrame:
    """One row a municipality, over all years, mean of the draws.

    Whether the plan ever opens there, releases a year, people who wanted it, courses, share matched (none where fewer
    than ``FEW`` wanted it), volunteers there and needed to serve all who wanted it, and what is avoided: offences,
    releases followed by reoffending, prison months.
    """
    with_, without = (tables.places(table) for table in (runs.counts[k], runs.without))
    name = tables.carried(with_)
    keys = ["draw", "replicate", "where", "group"]
    avoided = fewer(without, with_)[[*keys, "offences", "relapses_any", "custody_months"]]
    ours = [f"{name}.joined", f"{name}.started", f"{name}.in_time", "released", "volunteer_months"]
    table = pd.concat([with_[[*keys, *ours]].sort_values(keys, ignore_index=True), avoided.drop(columns=keys)], axis=1)
    runs_of = table.groupby(["draw", "replicate", "where"])[list(table.columns[4:])].sum()
    mean = runs_of.groupby(["draw", "where"]).mean().groupby("where").mean()  # a draw counts once, however often it ran
    order = [place.name for place in runs.country.places]
    rows = mean.loc[order].reset_index()
    span, opens = 12 * runs.plans[k].years, runs.plans[k].opens()
    lasts = float(tables.lasting(tables.months(runs.counts[k]), name).mean())
    return pd.DataFrame({
        "municipality": rows["where"], "region": [place.region for place in runs.country.places],
        "open": [place.number in opens for place in runs.country.places],
        "released_a_year": runs.draws[k].released.mean(axis=0), "joined": rows[f"{name}.joined"],
        "started": rows[f"{name}.started"],
        "matched": (rows[f"{name}.in_time"] / rows[f"{name}.joined"]).where(rows[f"{name}.joined"] >= FEW),
        "volunteers": rows["volunteer_months"] / span,
        "needed": runs.delivery.per_person * rows[f"{name}.joined"] / span * lasts,
        "offences_avoided": rows["offences"],
        "relapses_avoided": rows["relapses_any"], "prison_months_avoided": rows["custody_months"],
    })  # fmt: skip


def needs(
    runs: PlanRuns, k: int, compute: Compute, *, command: str = ""
) -> pd.DataFrame:
    """Volunteers by municipality and month: there, and needed to serve everybody who wanted it and had time.

    Columns: municipality, month (year-month), volunteers, needed; means over the first ``NEEDS`` draws.
    """
    plan = runs.plans[k]
    rows = run_supply(plan, runs.country, runs.draws[k], compute, draws=NEEDS, command=command)
    mean = rows.groupby("draw")["months"].sum() / rows.groupby("draw")["started"].sum().clip(lower=1.0)
    lasts: dict[Any, float] = mean.to_dict()
    wide = rows.pivot_table(index=["draw", "time"], columns="where", values="joined", sort=False)
    parts = [part.rolling(max(1, round(lasts[draw])), min_periods=1).sum() for draw, part in wide.groupby(level="draw")]
    needed = runs.delivery.per_person * pd.concat(parts).groupby(level="time").mean()
    there = rows.pivot_table(index="time", columns="where", values="volunteers", aggfunc="mean")
    names = [place.name for place in runs.country.places]
    labels = [month_of(plan, t) for t in needed.index]
    return pd.DataFrame({
        "municipality": np.tile(names, len(labels)), "month": np.repeat(labels, len(names)),
        "volunteers": there[names].to_numpy().ravel(), "needed": needed[names].to_numpy().ravel(),
    })  # fmt: skip


def _by_year(found: Money, plan: RolloutPlan) -> pd.DataFrame:
    """Kroner of all public payers by year: cost, saving and net, mean and middle 95 % of the draws."""
    rows = []
    for year, part in found.years().groupby("year"):
        row: dict[str, object] = {"year": year_text(plan.begins, int(str(year)))}
        for name in ("cost", "saving", "net"):
            found_of = estimate(part[name], part["draw"])
            row |= {f"{name}_{key}": found_of[key] for key in ("mean", "low", "high")}
        rows.append(row)
    return pd.DataFrame(rows)


def differences(runs: PlanRuns, by: Sequence[str] = ()) -> pd.DataFrame:
    """What every further plan does beyond the first, with both intervals: plan, columns of ``by``, then ``estimates``.

    Taken draw by draw and run by run with common random numbers. Positive is more: more mentored, more avoided.
    """
    keys = ["draw", "replicate", *by]
    base = runs.outcomes(0, by).set_index(keys)
    parts = []
    for k in range(1, len(runs.plans)):
        gap = runs.outcomes(k, by).set_index(keys).sub(base)[list(OUTCOMES)].reset_index()
        parts.append(estimates(gap, by).assign(plan=runs.plans[k].name))
    table = pd.concat(parts, ignore_index=True)
    return table[["plan", *(name for name in table.columns if name != "plan")]]


def comparison_tables(runs: PlanRuns, prices: Prices) -> dict[str, pd.DataFrame]:
    """Tables of a comparison: all plans against no plan, and the further ones against the first."""
    every = [(plan.name, runs.money(k, prices)) for k, plan in enumerate(runs.plans)]

    def of_all(made: Iterable[pd.DataFrame]) -> pd.DataFrame:
        named = zip(made, runs.plans, strict=True)
        return pd.concat([table.assign(plan=plan.name) for table, plan in named], ignore_index=True)

    numbers = range(len(runs.plans))
    return {
        "plans": of_all(runs.estimates(k) for k in numbers), "differences": differences(runs),
        "plans_by_year": of_all(runs.estimates(k, "time") for k in numbers),
        **{f"differences_by_{name}": _split(differences(runs, (column,)), column, runs.plans[0])
           for name, column in BY.items()},
        "break_even": of_all(break_even_table(found) for _, found in every),
        "per_krone": of_all(per_krone_table(found) for _, found in every),
        "money_differences": money_differences(every),
        "draws": of_all(_draws(runs, k, found) for k, (_, found) in enumerate(every)), **decision(every),
    }  # fmt: skip


def money_differences(plans: Sequence[tuple[str, Money]]) -> pd.DataFrame:
    """Public kroner of every further plan beyond the first: plan, what, mean, low, high, probability (of above 0).

    ``what`` is cost, saving or net item by item at average prices, or net by the other ways of counting.
    """
    first, rows = plans[0][1].totals.set_index("draw"), []
    for name, found in plans[1:]:
        own = found.totals.set_index("draw")
        for what in ("cost", "saving", *METHODS.values()):
            gap = own[what] - first[what]
            row = estimate(gap, gap.index)
            rows.append({"plan": name, "what": what, **{key: row[key] for key in ("mean", "low", "high")},
                         "probability": float((gap > 0).mean())})  # fmt: skip
    return pd.DataFrame(rows)

"""What a plan costs and saves: kroner by payer and year, and how probable it is that it pays back.

Courses of volunteers cost what the plan uses: coordinators, recruiting, training, expenses, administration and open
municipalities. Where the plan or the user's prices give the price of a course, or the programme has nothing else, they
cost that price each. Both sums stand side by side.

Savings are counted item by item, from the prison days, cases and months in work of the plan's own years and the two
that follow, with a prison day at its average price or at what one day less saves. The unit value of a reoffender
avoided (SØM) reaches ten years beyond each release. The three are reported side by side and never added; no data can
say which is nearest the truth, so every statement about paying back names all of them. Each draw has prices of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd

from experiments.inputs.evidence import PRICE
from experiments.statistics.cost_effectiveness import Options, acceptability, break_even, plane, quadrants
from experiments.statistics.intervals import interval
from experiments.studies.rollout.plan import RolloutPlan
from experiments.studies.rollout.plan_scenario import delivery_of
from experiments.studies.rollout.tables import carried, outcomes, years
from simulation.economics import (
    COURSE,
    PAYERS,
    PUBLIC,
    CoursePrice,
    balance,
    by_payer,
    by_year,
    costs,
    difference,
    whole,
)
from simulation.parameters import ParameterError
from simulation.price_tables import given_keys
from simulation.prices import Prices, draw_prices, prices_from
from simulation.prices import carried as in_price_year

NO_PLAN = "no plan"
MARKED = 505_300.0
"""Kroner for a reoffender fewer that are marked in curves: the value that SØM gives one."""
THRESHOLDS = (0.0, 50e3, 100e3, 150e3, 200e3, 250e3, 300e3, 400e3, 505.3e3, 600e3, 764e3, 1e6)
"""Kroner that a planner would pay for one reoffender fewer."""


@dataclass(frozen=True, kw_only=True)
class Money:
    """A plan's money at each draw, mean over its replicates."""

    rows: pd.DataFrame
    """Costs and savings bottom-up, as ``economics.balance`` gives them, by draw."""
    totals: pd.DataFrame
    """One row a draw, discounted kroner of all public payers: cost, saving, net, ratio, then ratio and net with prison
    days at what one day less saves (``marginal``, ``net_marginal``) and by the value of a reoffender avoided
    (``top_down``, ``net_top_down``), ``avoided`` (reoffenders) and ``started`` (courses)."""
    counted: CoursePrice = "per course"
    """How the courses are priced in ``rows`` and ``totals`` (``course_counting``)."""
    courses: pd.DataFrame | None = None
    """Discounted public kroner of the courses, draws x what they use (``PARTS``), then their sum (``by parts``) and the
    price of a course times the courses (``per course``); None for a programme that volunteers do not deliver."""

    def payers(self) -> pd.DataFrame:
        """Discounted kroner by payer at each draw."""
        return by_payer(self.rows)

    def by_payer(self, column: str) -> pd.DataFrame:
        """Discounted kroner saved or spent (``saving``, ``cost``): draws x payers."""
        return self.payers().pivot_table(index="draw", columns="payer", values=column, observed=False, aggfunc="sum")

    def years(self) -> pd.DataFrame:
        """Kroner of all public payers by year at each draw, not discounted."""
        return by_year(self.rows)


def by_draw(table: pd.DataFrame) -> pd.DataFrame:
    """Counts by year at each draw, the mean over its replicates, of the whole country."""
    rows = years(table)
    numbers = [name for name in rows.columns if name not in ("draw", "replicate", "time", "where", "group")]
    summed = rows.groupby(["draw", "replicate", "time"], as_index=False)[numbers].sum()
    return summed.groupby(["draw", "time"], as_index=False)[numbers].mean().rename(columns={"time": "year"})


def money(
    with_: pd.DataFrame, without: pd.DataFrame, prices: Prices, *, seed: int, drawn: pd.DataFrame | None = None,
    used: pd.DataFrame | None = None, course: CoursePrice = "per course",
) -> Money:  # fmt: skip
    """What a plan costs and saves at each draw.

    Parameters
    ----------
    with_, without
        Tables of ``simulate.run_plan`` with the plan and without it, on the same draws.
    prices
        What is certain of them is fixed; the rest is drawn from its priors.
    seed
        Seed of the prices.
    drawn
        Prices at each draw, if they are at hand.
    used
        What the plan uses beside its volunteers (``plan_uses``); None for a programme that they do not deliver.
    course
        How the courses are priced (``course_counting``).
    """
    ours, theirs = by_draw(with_), by_draw(without)
    if used is not None:
        ours = ours.merge(used, on="year", how="left").fillna(0.0)
    if drawn is None:
        drawn = draw_prices(prices, int(ours["draw"].max()) + 1, seed)
    rows = balance(ours, theirs, drawn, course=course)
    marginal = whole(balance(ours, theirs, drawn, course=course, prison="marginal")).set_index("draw")
    totals = whole(rows).set_index("draw")
    fewer = outcomes(years(with_), years(without)).groupby("draw")["reoffenders_any"].mean()
    value = _present(ours, fewer, drawn)
    started = ours.groupby("draw")[f"{carried(ours)}.started"].sum()
    return Money(
        counted=course,
        courses=None if used is None else _courses(difference(ours, theirs), drawn),
        rows=rows,
        totals=totals.assign(
            marginal=marginal["ratio"], net_marginal=marginal["net"],
            top_down=value / totals["cost"].where(totals["cost"] > 0), net_top_down=value - totals["cost"],
            avoided=fewer, started=started,
        ).reset_index(),
    )  # fmt: skip


def plan_uses(plan: RolloutPlan) -> pd.DataFrame:
    """What a plan uses in each year, however many courses it has: year, open_years (municipalities), coordinators.

    ``coordinators`` is 0 where the plan does not give their number: then there are as many as the volunteers need.
    """
    years, opens = np.arange(plan.years), np.array([*plan.opens().values()])
    inside = np.clip(12 * (years[:, None] + 1) - opens[None, :], 0, 12) / 12
    part = inside.sum(axis=1) / max(1, len(opens))
    return pd.DataFrame({"year": years, "open_years": inside.sum(axis=1),
                         "coordinators": part * plan.volunteers.coordinators})  # fmt: skip


PARTS = ("coordinators", "recruiting", "clearance and training", "expenses", "administration", "open municipalities")
"""What the courses of volunteers are made of."""


def course_counting(plan: RolloutPlan, prices: Prices) -> CoursePrice:
    """How the courses of a plan are priced: ``by parts``, by what they use, or ``per course``.

    By parts unless the plan (``offer.course_price``) or the user's prices (``scheme.primus_motor.per_start``) give the
    price of a course, or nothing but that price is known of the programme.
    """
    given = ("course_price" in plan.offer.model_fields_set
             or f"scheme.{COURSE}.per_start" in given_keys(prices))  # fmt: skip
    return "by parts" if _by_volunteers(plan) and not given else "per course"


def _by_volunteers(plan: RolloutPlan) -> bool:
    """Whether the plan's programme is the one whose courses have parts, delivered by volunteers."""
    delivery = delivery_of(plan)
    return delivery.name == COURSE and delivery.delivered_by == "volunteers"


def plan_prices(
    plan: RolloutPlan, drawn: pd.DataFrame, prices: Prices, values: Sequence[Mapping[str, float]] = ()
) -> pd.DataFrame:
    """Prices as drawn, with what a plan says itself: who pays its courses, what one costs, volunteers a coordinator.

    ``values`` are the plan's own uncertain quantities, a draw each. A coordinator looks after as many volunteers in the
    costs as in the simulation, unless the user's ``prices`` say how many.
    """
    own: dict[str, Any] = {f"paid_by.{payer}": plan.paid_by.get(payer, 0.0) for payer in PUBLIC if plan.paid_by}
    if "course_price" in plan.offer.model_fields_set:
        own[f"scheme.{delivery_of(plan).name}.per_start"] = in_price_year(plan.offer.course_price, 2021, drawn)
    if values and "course.volunteers_each" not in given_keys(prices):
        usual = plan.volunteers.volunteers_each
        own["course.volunteers_each"] = [row.get("volunteers.volunteers_each", usual) for row in values]
    return drawn.assign(**own)


def plan_money(
    plan: RolloutPlan, with_: pd.DataFrame, without: pd.DataFrame, prices: Prices, *, seed: int,
    drawn: pd.DataFrame | None = None, values: Sequence[Mapping[str, float]] = (),
) -> Money:  # fmt: skip
    """What a plan costs and saves at each draw (``money``), in the prices that the plan has (``plan_prices``)."""
    if drawn is None:
        drawn = draw_prices(prices, int(with_["draw"].max()) + 1, seed)
    return money(with_, without, prices, seed=seed, drawn=plan_prices(plan, drawn, prices, values),
                 used=plan_uses(plan) if _by_volunteers(plan) else None,
                 course=course_counting(plan, prices))  # fmt: skip


def moves_kroner(plan: RolloutPlan, prices: Prices) -> Callable[[str], bool]:
    """Whether a key of a table of draws can move the plan's kroner: prices of other things cannot, all else can."""
    by_parts, programmes = course_counting(plan, prices) == "by parts", {delivery_of(plan).name, *plan.other_schemes}
    if by_parts and not plan.offer.budget_a_year:  # a budget buys courses at their price
        programmes.discard(COURSE)
    own = {f"{PRICE}scheme.{name}.per_start" for name in programmes}
    aside = (f"{PRICE}scheme.", f"{PRICE}victims.", f"{PRICE}avoided.serious", f"{PRICE}course.hour",
             f"{PRICE}course.volunteers_each", *([] if by_parts else [f"{PRICE}course."]))  # fmt: skip
    return lambda key: key in own or not key.startswith(aside)


def _courses(used: pd.DataFrame, prices: pd.DataFrame) -> pd.DataFrame:
    """The columns of ``Money.courses`` from what is used beyond no plan."""
    paid = pd.concat([costs(used, prices, course=way) for way in get_args(CoursePrice)], ignore_index=True)
    paid = paid[paid["payer"].isin(PUBLIC)].assign(item=paid["item"].str.removeprefix("courses: "))
    items = paid.pivot_table(index="draw", columns="item", values="discounted", aggfunc="sum")
    return items[[*PARTS]].assign(**{"by parts": items[[*PARTS]].sum(axis=1), "per course": items[COURSE]})


def course_costs_table(found: Money) -> pd.DataFrame:
    """What the courses cost the public, counted in two ways: item, counts, mean, low, high (discounted kroner).

    The items are the parts of what is used; then ``by parts`` (their sum) and ``per course`` (the price of a course
    times the courses); ``counts`` is true for the one that every other table uses. No rows for a programme that
    volunteers do not deliver.
    """
    rows = []
    for name, values in () if found.courses is None else found.courses.items():
        _, low, high = interval(values.to_numpy(float))
        rows.append({"item": str(name), "counts": name == found.counted, "mean": float(values.mean()), "low": low,
                     "high": high})  # fmt: skip
    return pd.DataFrame(rows, columns=["item", "counts", "mean", "low", "high"])


def course_kroner(found: Money, programme: str) -> float | None:
    """What a started course costs the public, kroner, not discounted, mean over the draws; None if none starts."""
    items = [f"courses: {name}" for name in (programme, *PARTS)]
    own = found.rows[found.rows["item"].isin(items) & found.rows["payer"].isin(PUBLIC)]
    started = float(found.totals["started"].sum())
    return float(own["kroner"].sum()) / started if started > 0 else None


def _present(counts: pd.DataFrame, fewer: pd.Series, prices: pd.DataFrame) -> pd.Series:
    """Present value of reoffenders avoided by SØM's price, each spread over its years from the year of the course."""
    name = carried(counts)
    started = counts.pivot_table(index="draw", columns="year", values=f"{name}.started").fillna(0.0)
    part = started.div(started.sum(axis=1).where(started.sum(axis=1) > 0, 1.0), axis=0)
    rate = prices["discount_rate"].to_numpy()[:, None]
    span = int(prices["avoided.years"].iloc[0])
    when = (1 + rate) ** -np.arange(started.shape[1] + span)
    spread = np.array([when[:, year : year + span].mean(axis=1) for year in range(started.shape[1])]).T
    present = (part.to_numpy() * spread).sum(axis=1)
    return pd.Series(fewer.to_numpy() * prices["avoided.any"].to_numpy() * present, index=fewer.index)


def require_prices(programmes: Iterable[str], prices: Prices, *, scenario: str, file: Path | None = None) -> None:
    """Refuse a programme that has no price, before anything is run: ``ParameterError`` with the missing key.

    ``scenario`` is the name of the plan's scenario, ``file`` the one that the prices come from, if any.
    """
    for name in programmes:
        if name not in prices.scheme:
            where = f"[{file}] lacks it" if file is not None else "write it in a file and give that with --prices"
            raise ParameterError(
                f"programme.{name} of scenario [{scenario}] has no price scheme.{name}.per_start (DKK of 2021 for a "
                f"started course, beside its label); {where}"
            )


def break_even_table(found: Money) -> pd.DataFrame:
    """How probable it is that each payer, and all public ones, get back what they pay (``break_even``)."""
    saving, cost = (found.by_payer(name)[list(PAYERS)] for name in ("saving", "cost"))
    return break_even(saving, cost, total=PUBLIC)


def payer_table(found: Money) -> pd.DataFrame:
    """Discounted kroner by payer and side: payer, side (spent or saved), mean, low, high (middle 95 % of the draws)."""
    rows = []
    for side, column in (("spent", "cost"), ("saved", "saving")):
        wide = found.by_payer(column)
        for payer in wide.columns:
            _, low, high = interval(wide[payer].to_numpy())
            rows.append({"payer": str(payer), "side": side, "mean": float(wide[payer].mean()), "low": low,
                         "high": high})  # fmt: skip
    return pd.DataFrame(rows)


METHODS = {"ratio": "net", "marginal": "net_marginal", "top_down": "net_top_down"}
"""Ways to count savings: item by item with a prison day at its average price, item by item with a prison day at what
one day less saves, and by the unit value of a reoffender avoided. Each is the name of the ratio of saving to cost in
``Money.totals``, and stands here with the name of its net kroner.
"""


PER_KRONE = ["method", "per_krone", "low", "high", "gain", "gain_low", "gain_high", "back", "draws"]


def per_krone_table(found: Money) -> pd.DataFrame:
    """What one krone saves and what the public gains, counted in three ways; no rows where nothing is spent.

    Columns: method (of ``METHODS``), per_krone (mean saved over mean spent), low, high (middle 95 % of the draws),
    gain, gain_low, gain_high (net kroner, mean and middle 95 %), back (draws in which a krone saves one or more),
    draws.
    """
    rows, totals = [], found.totals
    cost = totals["cost"]
    for method, net in METHODS.items() if cost.sum() > 0 else ():
        known = totals[method].dropna()
        (_, low, high), (_, gain_low, gain_high) = (interval(each.to_numpy()) for each in (known, totals[net]))
        rows.append({"method": method, "per_krone": float((totals[method] * cost).sum() / cost.sum()), "low": low,
                     "high": high, "gain": float(totals[net].mean()), "gain_low": gain_low, "gain_high": gain_high,
                     "back": int((known >= 1).sum()), "draws": len(known)})  # fmt: skip
    return pd.DataFrame(rows, columns=PER_KRONE)


def decision(plans: Sequence[tuple[str, Money]]) -> dict[str, pd.DataFrame]:
    """Plane, its quarters and acceptability curves of plans against no plan.

    The effect is reoffenders avoided, the cost is public kroner spent less saved.
    """
    names = (NO_PLAN, *(name for name, _ in plans))
    effect = np.column_stack([np.zeros(len(plans[0][1].totals)), *(each.totals["avoided"] for _, each in plans)])
    cost = np.column_stack([np.zeros(len(effect)), *(-each.totals["net"] for _, each in plans)])
    chosen = Options(names=names, effect=effect, cost=cost)
    return {
        "plane": plane(chosen, against=NO_PLAN), "quadrants": quadrants(chosen, against=NO_PLAN),
        "acceptability": acceptability(chosen, THRESHOLDS),
    }  # fmt: skip


# Opening in a municipality ------------------------------------------------------------------------------------


def opening_prices(
    plan: RolloutPlan, programme: str, course: float | None, open_a_year: float | None, *, draws: int, seed: int
) -> tuple[pd.Series, pd.Series]:
    """Kroner of a started course, and of an open municipality a year, at each draw.

    What the user gives is certain, and so is the plan's ``offer.course_price``. A programme without a price is refused.
    """
    if course is None and "course_price" in plan.offer.model_fields_set:
        course = plan.offer.course_price
    if course is None and programme not in Prices().scheme:
        raise ParameterError(f"nothing says what a course of programme [{programme}] costs; give --course-price"
                             " or course_price in the plan's [offer]")  # fmt: skip
    given: dict[str, Any] = {}
    if course is not None:
        given["scheme"] = {programme: {"per_start": course, "label": programme}}
    if open_a_year is not None:
        given["course"] = {"open_municipality": open_a_year}
    drawn = draw_prices(prices_from(given), draws, seed)
    return drawn[f"scheme.{programme}.per_start"], drawn["course.open_municipality"]

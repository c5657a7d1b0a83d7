"""Invariants of money: payers add up, nothing is counted twice, and no change costs exactly the programme."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from experiments.verification.check_context import CheckContext
from experiments.verification.checks import Finding, Violations, fixed
from simulation.economics import balance, by_purse, by_year, costs, counts_of, difference, savings, whole
from simulation.parameters import ParameterError
from simulation.prices import PAYERS, PUBLIC, Prices, draw_prices, points, prices_from

COUNTED = ("fines", "suspended", "prison", "offences", "custody_months", "liberty_months", "holds_employment",
           "reoffenders_any", "reoffenders_sentence", "busy_months", "came", "volunteer_months")  # fmt: skip
HOWS: list[dict[str, Any]] = [
    {"method": method, "prison": prison, "victims": victims, "avoided": avoided, "course": course}
    for method, avoided in (("bottom-up", "any"), ("top-down", "any"), ("top-down", "serious"))
    for prison, victims, course in (("average", False, "per course"), ("marginal", True, "by parts"))
]
"""The ways in which a balance can be drawn up."""
STARTED = "primus_motor.started"
DAYS = 365 / 12


def counts(*, year: int = 0, started: float = 0.0, **columns: float) -> pd.DataFrame:
    """Counts of one year: nothing happens but what is named."""
    return pd.DataFrame({"year": [year], STARTED: [started], **{name: [columns.get(name, 0.0)] for name in COUNTED}})


def random_counts(context: CheckContext, number: int, **keys: Any) -> pd.DataFrame:
    """Counts of three years for each key, drawn at random."""
    rng = context.rng(9, number)
    table = pd.MultiIndex.from_product([*keys.values(), range(3)], names=[*keys, "year"]).to_frame(index=False)
    for name in (STARTED, "paid_mentors.started", *COUNTED):
        table[name] = rng.integers(0, 500, len(table)).astype(float)
    return table


def kroner_of(table: pd.DataFrame, purse: str | None = None, item: str | None = None, column: str = "kroner") -> float:
    """Kroner of a payer, an item, or all."""
    rows = table if purse is None else table[table["purse"] == purse]
    return float((rows if item is None else rows[rows["item"] == item])[column].sum())


# Adding up --------------------------------------------------------------------------------------------------------


@fixed
def payers_and_years_add_up_to_the_total(context: CheckContext) -> Finding:
    """Public payers, years and the total are the same kroner, in cost, saving and net; every row has a known payer."""
    claim = Violations()
    for k, how in enumerate(HOWS):
        one, other = (random_counts(context, 2 * k + side, place=["Aarhus", "Ærø"]) for side in (0, 1))
        table = balance(one, other, Prices(), **how)
        for discounted, column in ((True, "discounted"), (False, "kroner")):
            purses, years = by_purse(table, discounted=discounted), by_year(table, discounted=discounted)
            total = whole(table, discounted=discounted)
            claim.check(purses["purse"].tolist() == list(PAYERS), "payers in their order")
            public = purses[purses["purse"].isin(PUBLIC)]
            for name in ("cost", "saving", "net"):
                claim.close(public[name].sum(), total[name].item(), f"{name} of the payers")
                claim.close(years[name].sum(), total[name].item(), f"{name} of the years")
            claim.close(table[column].sum(), (purses["cost"] + purses["saving"]).sum(), "all rows")
            claim.close(total["ratio"], total["saving"] / total["cost"], "ratio")
            claim.close(purses["net"], purses["saving"] - purses["cost"], "net")
        places = by_purse(table, keep=("place",))
        claim.check(len(places) == 2 * len(PAYERS), "a row for each place and payer")
        claim.close(places["net"].sum(), by_purse(table)["net"].sum(), "places")
    return claim.finding()


@fixed
def twice_the_counts_are_twice_the_kroner(context: CheckContext) -> Finding:
    """Kroner are proportional to counts, row by row."""
    claim = Violations()
    for k, how in enumerate(HOWS):
        one, other = random_counts(context, k), random_counts(context, k + 100)
        twice = [
            table.assign(**{name: 2 * table[name] for name in table.columns.drop("year")}) for table in (one, other)
        ]
        once, double = balance(one, other, Prices(), **how), balance(twice[0], twice[1], Prices(), **how)
        claim.close(double["kroner"], 2 * once["kroner"], str(how))
    return claim.finding()


@fixed
def no_difference_costs_exactly_the_programme(context: CheckContext) -> Finding:
    """If a programme changes nothing, nothing is saved, and its price times its starts is paid."""
    claim, prices = Violations(), Prices()
    price = {name: row.per_start for name, row in prices.scheme.items()}
    for how in HOWS:
        if how["course"] == "by parts":
            continue
        without = random_counts(context, 3).drop(columns=[STARTED, "paid_mentors.started"])
        with_ = without.assign(**{STARTED: 10.0, "paid_mentors.started": 4.0})
        table = balance(with_, without, prices, **how)
        claim.check(table.loc[table["side"] == "saving", "kroner"] == 0, "a saving out of nothing")
        paid = 3 * (10 * price["primus_motor"] + 4 * price["paid_mentors"])
        claim.close(whole(table, discounted=False)["cost"].item(), paid, "the programmes' price")
    return claim.finding()


@fixed
def plans_exchanged_turn_every_sign(context: CheckContext) -> Finding:
    """What one plan saves against another, the other loses against it: row by row, for every payer."""
    claim = Violations()
    for k, how in enumerate(HOWS):
        one, other = random_counts(context, k + 20), random_counts(context, k + 40)
        claim.close(
            balance(one, other, Prices(), **how)["kroner"], -balance(other, one, Prices(), **how)["kroner"], str(how)
        )
    return claim.finding()


@fixed
def methods_are_never_added_up(context: CheckContext) -> Finding:
    """A table holds avoided reoffenders, or prison days, cases and work; each item stands once for a payer, place and
    year.
    """
    claim = Violations()
    for method, hoped in (("top-down", {"avoided reoffenders"}),
                          ("bottom-up", {"prison days", "cases", "health", "benefits", "tax"})):  # fmt: skip
        table = savings(random_counts(context, 6), random_counts(context, 7), Prices(), method=method)  # type: ignore[arg-type]
        claim.check(set(table["item"]) == hoped, f"{method}: {sorted(set(table['item']))}")
        if method == "bottom-up":
            claim.check(~table.duplicated(["year", "purse", "item"]), "an item twice for a payer and year")
    return claim.finding()


@fixed
def a_marginal_prison_day_changes_one_payer(context: CheckContext) -> Finding:
    """At the marginal price the prison service saves its stated part of the average; all other payers save the same."""
    claim = Violations()
    one, other = random_counts(context, 4), random_counts(context, 5)
    for method in ("bottom-up", "top-down"):
        average, marginal = (
            by_purse(savings(one, other, Prices(), method=method, prison=prison)).set_index("purse")["saving"]
            for prison in ("average", "marginal")
        )
        share = Prices().prison.marginal_share
        claim.close(marginal["state: prison"], share * average["state: prison"], method)
        claim.check(average.drop("state: prison") == marginal.drop("state: prison"), f"{method}: another payer moved")
    return claim.finding()


@fixed
def victims_and_volunteers_are_outside_the_public_total(context: CheckContext) -> Finding:
    """Victims are counted only when asked for, volunteers' time on an account of its own; neither moves the
    public total.
    """
    claim = Violations()
    one, other = random_counts(context, 8), random_counts(context, 9)
    plain, asked = (balance(one, other, Prices(), victims=victims) for victims in (False, True))
    claim.check(kroner_of(plain, "victims") == 0 and abs(kroner_of(asked, "victims")) > 0, "victims")
    claim.check(whole(plain).equals(whole(asked)), "the total moved with the victims")
    price, extra = points(Prices()).iloc[0], (other["offences"] - one["offences"]).sum()
    kinds = sum(
        price[f"victims.kind.{name}.share"] * price[f"victims.kind.{name}.pounds"] for name in Prices().victims.kind
    )
    each = kinds * price["victims.dkk_per_pound"] * price["victims.scale"] * (1 - price["victims.justice_part"])
    claim.close(kroner_of(asked, "victims"), extra * each, "the loss of an offence")
    hours = (one["busy_months"] - other["busy_months"]).sum() * price["course.hours"] * price["course.hour"]
    claim.close(kroner_of(plain, "volunteers' time"), hours, "hours given")
    return claim.finding()


@fixed
def who_pays_decides_whose_cost_it_is(context: CheckContext) -> Finding:
    """The shares of the payers divide the cost of the courses and leave its sum alone."""
    claim = Violations()
    table = random_counts(context, 10).drop(columns="busy_months")
    paid_by = {"municipality": 0.25, "region": 0.35, "state: prison": 0.4}
    before, after = (by_purse(costs(table, prices)).set_index("purse")["cost"] for prices in
                     (Prices(), prices_from({"paid_by": paid_by})))  # fmt: skip
    claim.close(before.sum(), after.sum(), "the sum")
    for purse in PAYERS:
        claim.close(after[purse], paid_by.get(purse, 0.0) * before.sum(), purse)
    return claim.finding()


# Rows, keys and draws ---------------------------------------------------------------------------------------------


@fixed
def a_row_that_one_plan_lacks_counts_as_zero(context: CheckContext) -> Finding:
    """A place without anything under one plan is a difference, not an error; names of plans and places do
    not matter.
    """
    claim = Violations()
    one, other = (
        random_counts(context, 13, place=["Aarhus", "Ærø"]).assign(plan="a"),
        random_counts(context, 14, place=["Aarhus"]),
    )
    found = difference(one, other.assign(plan="b")).set_index(["place", "year"])
    first, second = one.set_index(["place", "year"]), other.set_index(["place", "year"])
    for name in COUNTED:
        for place, year in first.index:
            less = second.loc[(place, year), name] if place == "Aarhus" else 0.0
            claim.check(found.loc[(place, year), name] == first.loc[(place, year), name] - less, f"{name} in {place}")
    names = {"Aarhus": "x", "Ærø": "a"}
    moved = [
        table.drop(columns="plan", errors="ignore").assign(place=table["place"].map(names)).iloc[::-1]
        for table in (one, other)
    ]
    claim.close(
        whole(balance(one, other.assign(plan="b"), Prices()))["net"],
        whole(balance(moved[0], moved[1], Prices()))["net"],
        "names of places",
    )
    return claim.finding()


@fixed
def many_draws_are_as_one_by_one(context: CheckContext) -> Finding:
    """Prices and counts of three draws at once give the kroner of each draw by itself; counts without draws meet every
    draw.
    """
    claim = Violations()
    drawn = draw_prices(Prices(), 3, seed=context.seed)
    one, other = (
        random_counts(context, number, draw=range(3), group=["others", "highest risk"]) for number in (15, 16)
    )
    for how in (HOWS[0], HOWS[-1]):
        together = whole(balance(one, other, drawn, **how)).set_index("draw")
        for draw in range(3):
            mine = [table[table["draw"] == draw].drop(columns="draw") for table in (one, other)]
            alone = whole(balance(mine[0], mine[1], drawn.iloc[[draw]], **how)).iloc[0]
            claim.close(together.loc[draw][alone.index], alone, f"draw {draw}")
    plain = whole(balance(one, other, Prices())).set_index("draw")
    for draw in range(3):
        mine = [table[table["draw"] == draw].drop(columns="draw") for table in (one, other)]
        net = whole(balance(mine[0], mine[1], Prices()))["net"]
        claim.close(plain.loc[draw, "net"], net, f"draw {draw}, one price")
    every = whole(costs(counts(started=1), drawn)).set_index("draw")
    claim.close(every["cost"], drawn["scheme.primus_motor.per_start"], "every draw")
    return claim.finding()


def a_history_against_itself_costs_and_saves_nothing(context: CheckContext) -> Finding:
    """No difference between two histories is no kroner, for any payer, item or year; one more start is one price."""
    claim = Violations()
    for case in context.scenarios(programme=2):
        same = counts_of(case.history, case.scenario, years=3)
        name = next(iter(case.scenario.programme))
        prices = prices_from({"scheme": {each: {"per_start": 100.0} for each in case.scenario.programme}})
        claim.check(balance(same, same, prices, victims=True)["kroner"] == 0, "kroner out of nothing")
        more = same.assign(**{f"{name}.started": same[f"{name}.started"] + 1})
        claim.close(whole(balance(more, same, prices), discounted=False, keep=())["cost"], 100.0 * len(same), "a start")
    return claim.finding()


@fixed
def what_is_missing_is_refused(context: CheckContext) -> Finding:
    """A column, key or price that is not there, a year beyond the discount rate, or an unknown method stops with one
    line.
    """
    del context
    claim, prices = Violations(), Prices()
    for wrong in (
        lambda: costs(counts(started=1).rename(columns={STARTED: "chess.started"}), prices),
        lambda: costs(counts(started=1).drop(columns="year"), prices),
        lambda: costs(counts(started=1, year=36), prices),
        lambda: costs(counts().assign(level="place"), prices),
        lambda: costs(counts().drop(columns="came"), prices, course="by parts"),
        lambda: savings(counts(), counts(), prices, method="both"),  # type: ignore[arg-type]
        lambda: savings(counts().drop(columns="prison"), counts().drop(columns="prison"), prices),
        lambda: savings(counts(), counts().assign(place="Ærø"), prices),
        lambda: costs(counts().assign(draw=2), draw_prices(prices, 2, seed=1)),
    ):
        try:
            wrong()
        except ParameterError as refusal:
            claim.check("\n" not in str(refusal), str(refusal))
            continue
        claim.check(False, "nothing was refused")
    claim.check(costs(counts(started=1, year=35), prices)["kroner"].sum() > 0, "the last year")
    return claim.finding()


@fixed
def nothing_is_counted_where_work_is_unknown(context: CheckContext) -> Finding:
    """Counts without the months in work save prison days, cases and health alone, the same as with them."""
    claim = Violations()
    one, other = random_counts(context, 17), random_counts(context, 18)
    bare = [table.drop(columns="holds_employment") for table in (one, other)]
    full, less = (savings(first, second, Prices()) for first, second in ((one, other), bare))
    claim.check(set(less["item"]) == {"prison days", "cases", "health"}, "items")
    for item in ("prison days", "cases", "health"):
        claim.check(kroner_of(full, item=item) == kroner_of(less, item=item), item)
    claim.check(np.isfinite(less["kroner"]), "a saving that is no number")
    return claim.finding()

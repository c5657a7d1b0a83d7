"""Laws of money: purses add up, nothing is counted twice, and what changes nothing costs exactly the programme."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from experiments.verification.checks import Breaches, Finding
from experiments.verification.random_scenarios import Ground
from simulation.economics import balance, by_purse, by_year, costs, counts_of, difference, savings, whole
from simulation.parameters import ParameterError
from simulation.prices import PUBLIC, PURSES, Prices, draw_prices, points, prices_from

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


def random_counts(ground: Ground, number: int, **keys: Any) -> pd.DataFrame:
    """Counts of three years for each key, drawn at random."""
    luck = ground.luck(9, number)
    table = pd.MultiIndex.from_product([*keys.values(), range(3)], names=[*keys, "year"]).to_frame(index=False)
    for name in (STARTED, "paid_mentors.started", *COUNTED):
        table[name] = luck.integers(0, 500, len(table)).astype(float)
    return table


def kroner_of(table: pd.DataFrame, purse: str | None = None, item: str | None = None, column: str = "kroner") -> float:
    """Kroner of a purse, an item, or all."""
    rows = table if purse is None else table[table["purse"] == purse]
    return float((rows if item is None else rows[rows["item"] == item])[column].sum())


# Adding up --------------------------------------------------------------------------------------------------------


def purses_and_years_add_up_to_the_whole(ground: Ground) -> Finding:
    """Public purses, years and the whole are the same kroner, in cost, saving and net; every row has a known purse."""
    seen = Breaches()
    for k, how in enumerate(HOWS):
        one, other = (random_counts(ground, 2 * k + side, place=["Aarhus", "Ærø"]) for side in (0, 1))
        table = balance(one, other, Prices(), **how)
        for discounted, column in ((True, "discounted"), (False, "kroner")):
            purses, years = by_purse(table, discounted=discounted), by_year(table, discounted=discounted)
            total = whole(table, discounted=discounted)
            seen.see(purses["purse"].tolist() == list(PURSES), "purses in their order")
            public = purses[purses["purse"].isin(PUBLIC)]
            for name in ("cost", "saving", "net"):
                seen.near(public[name].sum(), total[name].item(), f"{name} of the purses")
                seen.near(years[name].sum(), total[name].item(), f"{name} of the years")
            seen.near(table[column].sum(), (purses["cost"] + purses["saving"]).sum(), "all rows")
            seen.near(total["ratio"], total["saving"] / total["cost"], "ratio")
            seen.near(purses["net"], purses["saving"] - purses["cost"], "net")
        places = by_purse(table, keep=("place",))
        seen.see(len(places) == 2 * len(PURSES), "a row for each place and purse")
        seen.near(places["net"].sum(), by_purse(table)["net"].sum(), "places")
    return seen.found()


def twice_the_counts_are_twice_the_kroner(ground: Ground) -> Finding:
    """Kroner are proportional to counts, row by row."""
    seen = Breaches()
    for k, how in enumerate(HOWS):
        one, other = random_counts(ground, k), random_counts(ground, k + 100)
        twice = [
            table.assign(**{name: 2 * table[name] for name in table.columns.drop("year")}) for table in (one, other)
        ]
        seen.near(
            balance(*twice, Prices(), **how)["kroner"], 2 * balance(one, other, Prices(), **how)["kroner"], str(how)
        )
    return seen.found()


def no_difference_costs_exactly_the_programme(ground: Ground) -> Finding:
    """If a programme changes nothing, nothing is saved, and its price times its starts is paid."""
    seen, prices = Breaches(), Prices()
    price = {name: row.per_start for name, row in prices.scheme.items()}
    for how in HOWS:
        if how["course"] == "by parts":
            continue
        without = random_counts(ground, 3).drop(columns=[STARTED, "paid_mentors.started"])
        with_ = without.assign(**{STARTED: 10.0, "paid_mentors.started": 4.0})
        table = balance(with_, without, prices, **how)
        seen.see(table.loc[table["side"] == "saving", "kroner"] == 0, "a saving out of nothing")
        paid = 3 * (10 * price["primus_motor"] + 4 * price["paid_mentors"])
        seen.near(whole(table, discounted=False)["cost"].item(), paid, "the programmes' price")
    return seen.found()


def plans_exchanged_turn_every_sign(ground: Ground) -> Finding:
    """What one plan saves against another, the other loses against it: row by row, in every purse."""
    seen = Breaches()
    for k, how in enumerate(HOWS):
        one, other = random_counts(ground, k + 20), random_counts(ground, k + 40)
        seen.near(
            balance(one, other, Prices(), **how)["kroner"], -balance(other, one, Prices(), **how)["kroner"], str(how)
        )
    return seen.found()


def methods_are_never_added_up(ground: Ground) -> Finding:
    """A table holds avoided reoffenders, or prison days, cases and work; each item stands once in a purse, place and
    year.
    """
    seen = Breaches()
    for method, hoped in (("top-down", {"avoided reoffenders"}),
                          ("bottom-up", {"prison days", "cases", "health", "benefits", "tax"})):  # fmt: skip
        table = savings(random_counts(ground, 6), random_counts(ground, 7), Prices(), method=method)  # type: ignore[arg-type]
        seen.see(set(table["item"]) == hoped, f"{method}: {sorted(set(table['item']))}")
        if method == "bottom-up":
            seen.see(~table.duplicated(["year", "purse", "item"]), "an item twice in a purse and year")
    return seen.found()


def a_marginal_prison_day_changes_one_purse(ground: Ground) -> Finding:
    """At the marginal price the prison service saves its stated part of the average; all other purses save the same."""
    seen = Breaches()
    one, other = random_counts(ground, 4), random_counts(ground, 5)
    for method in ("bottom-up", "top-down"):
        average, marginal = (
            by_purse(savings(one, other, Prices(), method=method, prison=prison)).set_index("purse")["saving"]  # type: ignore[arg-type]
            for prison in ("average", "marginal")
        )
        share = Prices().prison.marginal_share
        seen.near(marginal["state: prison"], share * average["state: prison"], method)
        seen.see(average.drop("state: prison") == marginal.drop("state: prison"), f"{method}: another purse moved")
    return seen.found()


def victims_and_volunteers_are_outside_the_public_total(ground: Ground) -> Finding:
    """Victims are counted only when asked for, volunteers' time in a purse of its own; neither moves the
    public total.
    """
    seen = Breaches()
    one, other = random_counts(ground, 8), random_counts(ground, 9)
    plain, asked = (balance(one, other, Prices(), victims=victims) for victims in (False, True))
    seen.see(kroner_of(plain, "victims") == 0 and abs(kroner_of(asked, "victims")) > 0, "victims")
    seen.see(whole(plain).equals(whole(asked)), "the total moved with the victims")
    price, extra = points(Prices()).iloc[0], (other["offences"] - one["offences"]).sum()
    kinds = sum(
        price[f"victims.kind.{name}.share"] * price[f"victims.kind.{name}.pounds"] for name in Prices().victims.kind
    )
    each = kinds * price["victims.dkk_per_pound"] * price["victims.scale"] * (1 - price["victims.justice_part"])
    seen.near(kroner_of(asked, "victims"), extra * each, "the loss of an offence")
    hours = (one["busy_months"] - other["busy_months"]).sum() * price["course.hours"] * price["course.hour"]
    seen.near(kroner_of(plain, "volunteers' time"), hours, "hours given")
    return seen.found()


def who_pays_decides_whose_cost_it_is(ground: Ground) -> Finding:
    """The shares of the payers divide the cost of the courses and leave its sum alone."""
    seen = Breaches()
    table = random_counts(ground, 10).drop(columns="busy_months")
    paid_by = {"municipality": 0.25, "region": 0.35, "state: prison": 0.4}
    before, after = (by_purse(costs(table, prices)).set_index("purse")["cost"] for prices in
                     (Prices(), prices_from({"paid_by": paid_by})))  # fmt: skip
    seen.near(before.sum(), after.sum(), "the sum")
    for purse in PURSES:
        seen.near(after[purse], paid_by.get(purse, 0.0) * before.sum(), purse)
    return seen.found()


# Rows, keys and draws ---------------------------------------------------------------------------------------------


def a_row_that_one_plan_lacks_counts_as_zero(ground: Ground) -> Finding:
    """A place without anything under one plan is a difference, not an error; names of plans and places do
    not matter.
    """
    seen = Breaches()
    one, other = (
        random_counts(ground, 13, place=["Aarhus", "Ærø"]).assign(plan="a"),
        random_counts(ground, 14, place=["Aarhus"]),
    )
    found = difference(one, other.assign(plan="b")).set_index(["place", "year"])
    first, second = one.set_index(["place", "year"]), other.set_index(["place", "year"])
    for name in COUNTED:
        for place, year in first.index:
            less = second.loc[(place, year), name] if place == "Aarhus" else 0.0
            seen.see(found.loc[(place, year), name] == first.loc[(place, year), name] - less, f"{name} in {place}")
    names = {"Aarhus": "x", "Ærø": "a"}
    moved = [
        table.drop(columns="plan", errors="ignore").assign(place=table["place"].map(names)).iloc[::-1]
        for table in (one, other)
    ]
    seen.near(
        whole(balance(one, other.assign(plan="b"), Prices()))["net"],
        whole(balance(*moved, Prices()))["net"],
        "names of places",
    )
    return seen.found()


def many_draws_are_as_one_by_one(ground: Ground) -> Finding:
    """Prices and counts of three draws at once give the kroner of each draw by itself; counts without draws meet every
    draw.
    """
    seen = Breaches()
    drawn = draw_prices(Prices(), 3, seed=ground.seed)
    one, other = (random_counts(ground, number, draw=range(3), group=["others", "highest risk"]) for number in (15, 16))
    for how in (HOWS[0], HOWS[-1]):
        together = whole(balance(one, other, drawn, **how)).set_index("draw")
        for draw in range(3):
            mine = [table[table["draw"] == draw].drop(columns="draw") for table in (one, other)]
            alone = whole(balance(*mine, drawn.iloc[[draw]], **how)).iloc[0]
            seen.near(together.loc[draw, alone.index], alone, f"draw {draw}")
    fixed = whole(balance(one, other, Prices())).set_index("draw")
    for draw in range(3):
        mine = [table[table["draw"] == draw].drop(columns="draw") for table in (one, other)]
        seen.near(fixed.loc[draw, "net"], whole(balance(*mine, Prices()))["net"], f"draw {draw}, one price")
    every = whole(costs(counts(started=1), drawn)).set_index("draw")
    seen.near(every["cost"], drawn["scheme.primus_motor.per_start"], "every draw")
    return seen.found()


def a_history_against_itself_costs_and_saves_nothing(ground: Ground) -> Finding:
    """No difference between two histories is no kroner, in any purse, item or year; one more start is one price."""
    seen = Breaches()
    for world in ground.worlds("helped", 2):
        same = counts_of(world.history, world.scenario, years=3)
        name = next(iter(world.scenario.programme))
        prices = prices_from({"scheme": {each: {"per_start": 100.0} for each in world.scenario.programme}})
        seen.see(balance(same, same, prices, victims=True)["kroner"] == 0, "kroner out of nothing")
        more = same.assign(**{f"{name}.started": same[f"{name}.started"] + 1})
        seen.near(whole(balance(more, same, prices), discounted=False, keep=())["cost"], 100.0 * len(same), "a start")
    return seen.found()


def what_is_missing_is_refused(ground: Ground) -> Finding:
    """A column, key or price that is not there, a year beyond the discount rate, or an unknown method stops with one
    line.
    """
    del ground
    seen, prices = Breaches(), Prices()
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
        except ParameterError as told:
            seen.see("\n" not in str(told), str(told))
            continue
        seen.see(False, "nothing was said")
    seen.see(costs(counts(started=1, year=35), prices)["kroner"].sum() > 0, "the last year")
    return seen.found()


def nothing_is_counted_where_work_is_unknown(ground: Ground) -> Finding:
    """Counts without the months in work save prison days, cases and health alone, the same as with them."""
    seen = Breaches()
    one, other = random_counts(ground, 17), random_counts(ground, 18)
    bare = [table.drop(columns="holds_employment") for table in (one, other)]
    full, less = (savings(*pair, Prices()) for pair in ((one, other), bare))
    seen.see(set(less["item"]) == {"prison days", "cases", "health"}, "items")
    for item in ("prison days", "cases", "health"):
        seen.see(kroner_of(full, item=item) == kroner_of(less, item=item), item)
    seen.see(np.isfinite(less["kroner"]), "a saving that is no number")
    return seen.found()

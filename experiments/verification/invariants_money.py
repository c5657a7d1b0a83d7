"""Invariants of money: payers add up, nothing is counted twice, and each event costs what its price says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from experiments.verification.check_context import CheckContext
from experiments.verification.checks import Violations, invariants
from simulation.economics import balance, by_payer, by_year, costs, counts_of, difference, savings, whole
from simulation.prices import PAYERS, PUBLIC, Prices, draw_prices, points, prices_from

COUNTED = ("fines", "suspended", "prison", "offences", "custody_months", "liberty_months", "holds_employment",
           "reoffenders_any", "reoffenders_sentence", "busy_months", "came", "volunteer_months")  # fmt: skip
STARTED = "primus_motor.started"
DAYS = 365 / 12
HOWS: list[dict[str, Any]] = [
    {"method": method, "prison": prison, "victims": victims, "avoided": avoided, "course": course}
    for method, avoided in (("bottom-up", "any"), ("top-down", "any"), ("top-down", "serious"))
    for prison, victims, course in (("average", False, "per course"), ("marginal", True, "by parts"))
]
"""The ways in which a balance can be drawn up."""


def counts(*, year: int = 0, started: float = 0.0, **columns: float) -> pd.DataFrame:
    """Counts of one year: nothing happens but what is named."""
    return pd.DataFrame({"year": [year], STARTED: [started], **{name: [columns.get(name, 0.0)] for name in COUNTED}})


def random_counts(seed: int, number: int, **keys: Any) -> pd.DataFrame:
    """Counts of three years for each key, drawn at random."""
    rng = np.random.default_rng([seed, 9, number])
    table = pd.MultiIndex.from_product([*keys.values(), range(3)], names=[*keys, "year"]).to_frame(index=False)
    for name in (STARTED, "paid_mentors.started", *COUNTED):
        table[name] = rng.integers(0, 500, len(table)).astype(float)
    return table


def kroner_of(table: pd.DataFrame, payer: str | None = None, item: str | None = None, column: str = "kroner") -> float:
    """Kroner of a payer, an item, or all."""
    rows = table if payer is None else table[table["payer"] == payer]
    return float((rows if item is None else rows[rows["item"] == item])[column].sum())


# Adding up --------------------------------------------------------------------------------------------------------


def payers_and_years_add_up_to_the_total(claim: Violations, seed: int) -> None:
    """Public payers, years and the total are the same kroner, in cost, saving and net; every row has a known payer."""
    for k, how in enumerate(HOWS):
        one, other = (random_counts(seed, 2 * k + side, place=["Aarhus", "Ærø"]) for side in (0, 1))
        table = balance(one, other, Prices(), **how)
        for discounted, column in ((True, "discounted"), (False, "kroner")):
            payers, years = by_payer(table, discounted=discounted), by_year(table, discounted=discounted)
            total = whole(table, discounted=discounted)
            claim.check(payers["payer"].tolist() == list(PAYERS), "payers in their order")
            public = payers[payers["payer"].isin(PUBLIC)]
            for name in ("cost", "saving", "net"):
                claim.close(public[name].sum(), total[name].item(), f"{name} of the payers")
                claim.close(years[name].sum(), total[name].item(), f"{name} of the years")
            claim.close(table[column].sum(), (payers["cost"] + payers["saving"]).sum(), "all rows")
            claim.close(total["ratio"], total["saving"] / total["cost"], "ratio")
            claim.close(payers["net"], payers["saving"] - payers["cost"], "net")
        places = by_payer(table, keep=("place",))
        claim.check(len(places) == 2 * len(PAYERS), "a row for each place and payer")
        claim.close(places["net"].sum(), by_payer(table)["net"].sum(), "places")


def twice_the_counts_are_twice_the_kroner(claim: Violations, seed: int) -> None:
    """Kroner are proportional to counts, row by row."""
    for k, how in enumerate(HOWS):
        one, other = random_counts(seed, k), random_counts(seed, k + 100)
        twice = [table.set_index("year").mul(2).reset_index() for table in (one, other)]
        double = balance(twice[0], twice[1], Prices(), **how)
        claim.close(double["kroner"], 2 * balance(one, other, Prices(), **how)["kroner"], str(how))


def no_difference_costs_exactly_the_programme(claim: Violations, seed: int) -> None:
    """If a programme changes nothing, nothing is saved, and its price times its starts is paid."""
    prices = Prices()
    price = {name: row.per_start for name, row in prices.scheme.items()}
    for how in (how for how in HOWS if how["course"] != "by parts"):
        without = random_counts(seed, 3).drop(columns=[STARTED, "paid_mentors.started"])
        with_ = without.assign(**{STARTED: 10.0, "paid_mentors.started": 4.0})
        table = balance(with_, without, prices, **how)
        claim.check(table.loc[table["side"] == "saving", "kroner"] == 0, "a saving out of nothing")
        paid = 3 * (10 * price["primus_motor"] + 4 * price["paid_mentors"])
        claim.close(whole(table, discounted=False)["cost"].item(), paid, "the programmes' price")


def plans_exchanged_turn_every_sign(claim: Violations, seed: int) -> None:
    """What one plan saves against another, the other loses against it: row by row, for every payer."""
    for k, how in enumerate(HOWS):
        one, other = random_counts(seed, k + 20), random_counts(seed, k + 40)
        turned = balance(other, one, Prices(), **how)
        claim.close(balance(one, other, Prices(), **how)["kroner"], -turned["kroner"], str(how))


def methods_are_never_added_up(claim: Violations, seed: int) -> None:
    """A table holds avoided reoffenders, or prison days, cases and work; each item stands once for a payer, place and
    year.
    """
    for method, hoped in (("top-down", {"avoided reoffenders"}),
                          ("bottom-up", {"prison days", "cases", "health", "benefits", "tax"})):  # fmt: skip
        table = savings(random_counts(seed, 6), random_counts(seed, 7), Prices(), method=method)  # type: ignore[arg-type]
        claim.check(set(table["item"]) == hoped, f"{method}: {sorted(set(table['item']))}")
        if method == "bottom-up":
            claim.check(~table.duplicated(["year", "payer", "item"]), "an item twice for a payer and year")


def a_marginal_prison_day_changes_one_payer(claim: Violations, seed: int) -> None:
    """At the marginal price the prison service saves its stated part of the average; all other payers save the same."""
    one, other = random_counts(seed, 4), random_counts(seed, 5)
    for method in ("bottom-up", "top-down"):
        average, marginal = (
            by_payer(savings(one, other, Prices(), method=method, prison=prison)).set_index("payer")["saving"]
            for prison in ("average", "marginal")
        )
        share = Prices().prison.marginal_share
        claim.close(marginal["state: prison"], share * average["state: prison"], method)
        claim.check(average.drop("state: prison") == marginal.drop("state: prison"), f"{method}: another payer moved")


def victims_and_volunteers_are_outside_the_public_total(claim: Violations, seed: int) -> None:
    """Victims are counted only when asked for, volunteers' time on an account of its own; neither moves the
    public total.
    """
    one, other = random_counts(seed, 8), random_counts(seed, 9)
    plain, asked = (balance(one, other, Prices(), victims=victims) for victims in (False, True))
    claim.check(kroner_of(plain, "victims") == 0 and abs(kroner_of(asked, "victims")) > 0, "victims")
    claim.check(whole(plain).equals(whole(asked)), "the total moved with the victims")
    price, extra = points(Prices()).iloc[0], (other["offences"] - one["offences"]).sum()
    kinds = [f"victims.kind.{name}" for name in Prices().victims.kind]
    pounds = sum(price[f"{kind}.share"] * price[f"{kind}.pounds"] for kind in kinds)
    each = pounds * price["victims.dkk_per_pound"] * price["victims.scale"] * (1 - price["victims.justice_part"])
    claim.close(kroner_of(asked, "victims"), extra * each, "the loss of an offence")
    hours = (one["busy_months"] - other["busy_months"]).sum() * price["course.hours"] * price["course.hour"]
    claim.close(kroner_of(plain, "volunteers' time"), hours, "hours given")


def who_pays_decides_whose_cost_it_is(claim: Violations, seed: int) -> None:
    """The shares of the payers divide the cost of the courses and leave its sum alone."""
    table = random_counts(seed, 10).drop(columns="busy_months")
    paid_by = {"municipality": 0.25, "region": 0.35, "state: prison": 0.4}
    before, after = (by_payer(costs(table, prices)).set_index("payer")["cost"] for prices in
                     (Prices(), prices_from({"paid_by": paid_by})))  # fmt: skip
    claim.close(before.sum(), after.sum(), "the sum")
    for payer in PAYERS:
        claim.close(after[payer], paid_by.get(payer, 0.0) * before.sum(), payer)


# Prices ---------------------------------------------------------------------------------------------------------


def one_event_fewer_saves_its_price(claim: Violations) -> None:
    """A prison month, a decided case, an avoided reoffender and a month in work save their prices, payer by payer."""
    p = points(Prices()).iloc[0]
    none = counts()
    day = savings(none, counts(custody_months=1), Prices())
    claim.close(kroner_of(day), DAYS * p["prison.day"], "a prison month")
    claim.close(kroner_of(day, "state: prison"), DAYS * p["prison.day"], "a prison month's payer")
    each = p["avoided.any"] / p["cases.per_reoffender"]
    health = (1 - p["avoided.state_share"]) * p["avoided.region_share"]
    for kind in ("fines", "suspended", "prison"):
        case = savings(none, counts().assign(**{kind: 1.0}), Prices())
        justice = p["avoided.justice_share"] - p["avoided.prison_share"]
        paid = [kroner_of(case, "state: police and courts"), kroner_of(case, "region")]
        claim.close(paid, [each * justice, each * health], kind)
        claim.close(kroner_of(case), each * (justice + health), f"{kind}: the rest")
    for avoided, column in (("any", "reoffenders_any"), ("serious", "reoffenders_sentence")):
        fewer = savings(none, counts().assign(**{column: 1.0}), Prices(), method="top-down", avoided=avoided)  # type: ignore[arg-type]
        value, state = p[f"avoided.{avoided}"], p["avoided.state_share"]
        shares = {"municipality": 1 - state - health, "region": health,
                  "state: police and courts": p["avoided.justice_share"] - p["avoided.prison_share"],
                  "state: prison": p["avoided.prison_share"],
                  "state: benefits and tax": state - p["avoided.justice_share"]}  # fmt: skip
        for payer, share in shares.items():
            claim.close(kroner_of(fewer, payer), share * value, f"{avoided}: {payer}")
        claim.close(kroner_of(fewer), value, f"{avoided}: all of it")
        years = fewer.groupby("year")["kroner"].sum()
        claim.check(years.index.tolist() == list(range(int(p["avoided.years"]))), "years")
        claim.close(years, value / p["avoided.years"], "evenly over the years")


def a_month_in_work_saves_benefit_and_brings_tax(claim: Violations) -> None:
    """A month in work instead of on benefit saves the benefit and brings tax, divided between town and
    state as stated.
    """
    for changes in ({}, {"work": {"benefit_by_municipality": 0.7, "tax_to_municipality": 0.3, "drawn": 0.5}}):
        prices = prices_from(changes)
        p = points(prices).iloc[0]
        table = savings(counts(liberty_months=1, holds_employment=1), counts(liberty_months=1), prices)
        benefit = p["work.drawn"] * p["work.benefit"]
        tax = p["work.wage"] * p["work.tax_share"] - p["work.drawn"] * p["work.benefit_tax"]
        for item, amount, share in (("benefits", benefit, p["work.benefit_by_municipality"]),
                                    ("tax", tax, p["work.tax_to_municipality"])):  # fmt: skip
            claim.close(kroner_of(table, item=item), amount, item)
            claim.close(kroner_of(table, "municipality", item), share * amount, f"{item} of the town")
            claim.close(kroner_of(table, "state: benefits and tax", item), (1 - share) * amount, f"{item} of the state")
        free = savings(counts(liberty_months=1), counts(custody_months=1), prices)
        claim.close(kroner_of(free, item="benefits"), -benefit, "out of prison, without work")
        claim.close(kroner_of(free, item="tax"), p["work.drawn"] * p["work.benefit_tax"], "tax on benefit")


def a_course_by_its_parts_is_their_sum(claim: Violations) -> None:
    """Coordinators by volunteers or as many as there are, recruiting and training by newcomers, expenses by months,
    administration on top of these, and open municipalities.
    """
    p = points(Prices()).iloc[0]
    table = costs(counts(started=7, volunteer_months=120, came=3, busy_months=40), Prices(), course="by parts")
    parts = {"coordinators": 10 / p["course.volunteers_each"] * p["course.coordinator"],
             "recruiting": 3 * p["course.recruiting"], "clearance and training": 3 * p["course.new_volunteer"],
             "expenses": 40 * p["course.expenses"]}  # fmt: skip
    for item, amount in parts.items():
        claim.close(kroner_of(table, item=f"courses: {item}"), amount, item)
    total, administration = sum(parts.values()), p["course.administration"]
    claim.close(kroner_of(table, item="courses: administration"), administration * total, "the rest")
    claim.close(whole(table)["cost"], (1 + administration) * total, "all")
    used = counts(started=7, volunteer_months=120, came=3, busy_months=40).assign(coordinators=50.0, open_years=2.0)
    table = costs(used, Prices(), course="by parts")
    claim.close(kroner_of(table, item="courses: coordinators"), 50 * p["course.coordinator"], "so many coordinators")
    claim.close(kroner_of(table, item="courses: open municipalities"), 2 * p["course.open_municipality"], "open")


def a_later_krone_is_discounted_by_the_rate(claim: Violations, seed: int) -> None:
    """Discounted kroner are kroner over (1 + rate) to the year; year 0 is whole, and older prices rise to the price
    year.
    """
    table = balance(random_counts(seed, 11), random_counts(seed, 12), Prices(), method="top-down", victims=True)
    rate = points(Prices())["discount_rate"].item()
    claim.close(table["discounted"], table["kroner"] / (1 + rate) ** table["year"], "discounted")
    early, late = costs(counts(started=1), Prices()), costs(counts(started=1, year=3), Prices())
    claim.check(kroner_of(early) == kroner_of(late) == kroner_of(early, column="discounted"), "kroner of a year")
    for rise in (0.0, 0.03):
        p = points(prices_from({"yearly_rise": rise})).iloc[0]
        claim.close(p["work.benefit"], Prices().work.benefit * (1 + rise) ** 2, "a price of 2019")
        claim.close(p["course.hour"], Prices().course.hour * (1 + rise) ** 8, "a price of 2013")


# Rows, keys and draws ---------------------------------------------------------------------------------------------


def a_row_that_one_plan_lacks_counts_as_zero(claim: Violations, seed: int) -> None:
    """A place without anything under one plan is a difference, not an error; names of plans and places do
    not matter.
    """
    one, other = random_counts(seed, 13, place=["Aarhus", "Ærø"]), random_counts(seed, 14, place=["Aarhus"])
    found = difference(one.assign(plan="a"), other.assign(plan="b")).set_index(["place", "year"])
    first, second = one.set_index(["place", "year"]), other.set_index(["place", "year"])
    less = second.reindex(first.index, fill_value=0.0)
    for name in COUNTED:
        claim.equal(found.loc[first.index, name], first[name] - less[name], name)
    names = {"Aarhus": "x", "Ærø": "a"}
    moved = [table.assign(place=table["place"].map(names)).iloc[::-1] for table in (one, other)]
    net = whole(balance(one.assign(plan="a"), other.assign(plan="b"), Prices()))["net"]
    claim.close(net, whole(balance(moved[0], moved[1], Prices()))["net"], "names of places")


def many_draws_are_as_one_by_one(claim: Violations, seed: int) -> None:
    """Prices and counts of three draws at once give the kroner of each draw by itself; counts without draws meet every
    draw.
    """
    drawn = draw_prices(Prices(), 3, seed=seed)
    groups = ["others", "highest risk"]
    one, other = (random_counts(seed, number, draw=range(3), group=groups) for number in (15, 16))
    ways: list[tuple[dict[str, Any], Prices | pd.DataFrame]] = [(HOWS[0], drawn), (HOWS[-1], drawn), ({}, Prices())]
    for how, prices in ways:
        together = whole(balance(one, other, prices, **how)).set_index("draw")
        for draw in range(3):
            mine = [table[table["draw"] == draw].drop(columns="draw") for table in (one, other)]
            alone = whole(balance(mine[0], mine[1], drawn.iloc[[draw]] if how else prices, **how)).iloc[0]
            columns = list(alone.index) if how else ["net"]
            claim.close(together.loc[draw, columns], alone[columns], f"draw {draw}")
    every = whole(costs(counts(started=1), drawn)).set_index("draw")
    claim.close(every["cost"], drawn["scheme.primus_motor.per_start"], "every draw")


def a_history_against_itself_costs_and_saves_nothing(claim: Violations, context: CheckContext) -> None:
    """No difference between two histories is no kroner, for any payer, item or year; one more start is one price."""
    for case in context.scenarios(programme=2):
        same = counts_of(case.history, case.scenario, years=3)
        name = next(iter(case.scenario.programme))
        each = {"label": "one of its own", "per_start": 100.0}
        prices = prices_from({"scheme": dict.fromkeys(case.scenario.programme, each)})
        claim.check(balance(same, same, prices, victims=True)["kroner"] == 0, "kroner out of nothing")
        more = same.assign(**{f"{name}.started": same[f"{name}.started"] + 1})
        claim.close(whole(balance(more, same, prices), discounted=False, keep=())["cost"], 100.0 * len(same), "a start")


def what_is_missing_is_refused(claim: Violations) -> None:
    """A column, key or price that is not there, a year beyond the discount rate, or an unknown method stops with one
    line.
    """
    prices = Prices()
    bare = counts().drop(columns="prison")
    for wrong in (
        lambda: costs(counts(started=1).rename(columns={STARTED: "chess.started"}), prices),
        lambda: costs(counts(started=1).drop(columns="year"), prices),
        lambda: costs(counts(started=1, year=36), prices),
        lambda: costs(counts().assign(level="place"), prices),
        lambda: costs(counts().drop(columns="came"), prices, course="by parts"),
        lambda: savings(counts(), counts(), prices, method="both"),  # type: ignore[arg-type]
        lambda: savings(bare, bare, prices),
        lambda: savings(counts(), counts().assign(place="Ærø"), prices),
        lambda: costs(counts().assign(draw=2), draw_prices(prices, 2, seed=1)),
    ):
        claim.refused(wrong, "what is missing")
    claim.check(costs(counts(started=1, year=35), prices)["kroner"].sum() > 0, "the last year")


def nothing_is_counted_where_work_is_unknown(claim: Violations, seed: int) -> None:
    """Counts without the months in work save prison days, cases and health alone, the same as with them."""
    one, other = random_counts(seed, 17), random_counts(seed, 18)
    bare = [table.drop(columns="holds_employment") for table in (one, other)]
    full, less = (savings(first, second, Prices()) for first, second in ((one, other), bare))
    claim.check(set(less["item"]) == {"prison days", "cases", "health"}, "items")
    for item in ("prison days", "cases", "health"):
        claim.check(kroner_of(full, item=item) == kroner_of(less, item=item), item)
    claim.check(np.isfinite(less["kroner"]), "a saving that is no number")


MONEY = invariants(
    "money", payers_and_years_add_up_to_the_total, twice_the_counts_are_twice_the_kroner,
    no_difference_costs_exactly_the_programme, plans_exchanged_turn_every_sign, methods_are_never_added_up,
    a_marginal_prison_day_changes_one_payer, victims_and_volunteers_are_outside_the_public_total,
    who_pays_decides_whose_cost_it_is, one_event_fewer_saves_its_price, a_month_in_work_saves_benefit_and_brings_tax,
    a_course_by_its_parts_is_their_sum, a_later_krone_is_discounted_by_the_rate,
    a_row_that_one_plan_lacks_counts_as_zero, many_draws_are_as_one_by_one,
    a_history_against_itself_costs_and_saves_nothing, what_is_missing_is_refused,
    nothing_is_counted_where_work_is_unknown,
)  # fmt: skip

"""Invariants of prices: what one event fewer saves, payer by payer, and how a later krone is discounted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from experiments.verification.checks import Violations
from simulation.economics import balance, costs, savings, whole
from simulation.prices import Prices, points, prices_from

COUNTED = ("fines", "suspended", "prison", "offences", "custody_months", "liberty_months", "holds_employment",
           "reoffenders_any", "reoffenders_sentence", "busy_months", "came", "volunteer_months")  # fmt: skip
STARTED = "primus_motor.started"
DAYS = 365 / 12


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


def kroner_of(table: pd.DataFrame, purse: str | None = None, item: str | None = None, column: str = "kroner") -> float:
    """Kroner of a payer, an item, or all."""
    rows = table if purse is None else table[table["purse"] == purse]
    return float((rows if item is None else rows[rows["item"] == item])[column].sum())


def one_event_fewer_saves_its_price(claim: Violations) -> None:
    """A prison month, a decided case, an avoided reoffender and a month in work save their prices,
    payer by payer.
    """
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
        claim.close(
            [kroner_of(case, "state: police and courts"), kroner_of(case, "region")],
            [each * justice, each * health],
            kind,
        )
        claim.close(kroner_of(case), each * (justice + health), f"{kind}: the rest")
    for avoided, column in (("any", "reoffenders_any"), ("serious", "reoffenders_sentence")):
        fewer = savings(none, counts().assign(**{column: 1.0}), Prices(), method="top-down", avoided=avoided)  # type: ignore[arg-type]
        value, state = p[f"avoided.{avoided}"], p["avoided.state_share"]
        shares = {"municipality": 1 - state - health, "region": health,
                  "state: police and courts": p["avoided.justice_share"] - p["avoided.prison_share"],
                  "state: prison": p["avoided.prison_share"],
                  "state: benefits and tax": state - p["avoided.justice_share"]}  # fmt: skip
        for purse, share in shares.items():
            claim.close(kroner_of(fewer, purse), share * value, f"{avoided}: {purse}")
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
    """Coordinators by volunteers, training by newcomers, expenses by busy months, and administration on top of all
    three.
    """
    p = points(Prices()).iloc[0]
    table = costs(counts(started=7, volunteer_months=120, came=3, busy_months=40), Prices(), course="by parts")
    parts = {"coordinators": 10 / p["course.volunteers_each"] * p["course.coordinator"],
             "clearance and training": 3 * p["course.new_volunteer"],
             "expenses": 40 * p["course.expenses"]}  # fmt: skip
    for item, amount in parts.items():
        claim.close(kroner_of(table, item=f"courses: {item}"), amount, item)
    claim.close(
        kroner_of(table, item="courses: administration"), p["course.administration"] * sum(parts.values()), "the rest"
    )
    claim.close(whole(table)["cost"], (1 + p["course.administration"]) * sum(parts.values()), "all")


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

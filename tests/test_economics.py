"""Kroner from counts: sums by hand, laws of money, what is never counted twice, and counts from a history."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.studies.rollout.published_claim import course_by_parts
from simulation.economics import balance, by_purse, by_year, costs, difference, savings, whole
from simulation.history import GROUPS
from simulation.prices import PUBLIC, PURSES, Prices, draw_prices, prices_from
from tests.mistakes import assert_one_line

PRICES = Prices()
COUNTED = ("fines", "suspended", "prison", "offences", "custody_months", "liberty_months", "holds_employment",
           "reoffenders_any", "reoffenders_sentence")  # fmt: skip


def counts(started=0.0, *, year=0, **columns):
    """Counts of one year: nothing happens but what is named."""
    return pd.DataFrame({"year": [year], "primus_motor.started": [float(started)],
                         **{name: [float(columns.get(name, 0.0))] for name in COUNTED}})  # fmt: skip


def random_counts(seed, **keys):
    """Counts of three years for each key, drawn at random."""
    luck = np.random.default_rng(seed)
    table = pd.MultiIndex.from_product([*keys.values(), range(3)], names=[*keys, "year"]).to_frame(index=False)
    for name in ("primus_motor.started", "paid_mentors.started", "busy_months", *COUNTED):
        table[name] = luck.integers(0, 500, len(table)).astype(float)
    return table


def amount(table, purse=None, item=None, column="kroner"):
    """Kroner of a purse or item."""
    rows = table if purse is None else table[table["purse"] == purse]
    return float((rows if item is None else rows[rows["item"] == item])[column].sum())


# By hand ------------------------------------------------------------------------------------------------------


def test_one_krone_saves_seven_point_nine() -> None:
    """38 of 100 fewer, 764,000 each, 100 courses of 36,667: 29,032,000 / 3,666,667 = 7.918."""
    prices = prices_from({"scheme": {"primus_motor": {"per_start": 5_500_000 / 150}}})
    found = whole(balance(counts(100, reoffenders_sentence=29), counts(reoffenders_sentence=67), prices,
                          method="top-down", avoided="serious"), discounted=False)  # fmt: skip

    assert found["saving"].item() == pytest.approx(38 * 764_000)
    assert found["cost"].item() == pytest.approx(100 * 36_666.6667)
    assert found["ratio"].item() == pytest.approx(7.918, abs=5e-4)


def test_discounting_of_a_cost() -> None:
    """A course in year 3 at 3.5 % is worth 33,000 / 1.108717875 = 29,764.11; in year 0 it is 33,000."""
    late, now = costs(counts(1, year=3), PRICES), costs(counts(1), PRICES)

    assert amount(late, column="discounted") == pytest.approx(29_764.11, abs=0.01)
    assert amount(late) == amount(now) == amount(now, column="discounted") == 33_000


def test_top_down_saving_is_spread_evenly_over_ten_years() -> None:
    """50,530 in each of years 2 to 11; discounted 50,530 x 1.035^-2 x (1 - 1.035^-10) / (1 - 1.035^-1)."""
    table = savings(counts(year=2), counts(year=2, reoffenders_any=1), PRICES, method="top-down")
    each = table.groupby("year")["kroner"].sum()

    assert each.index.tolist() == list(range(2, 12))
    np.testing.assert_allclose(each, 50_530.0)
    by_hand = 50_530 * 1.035**-2 * (1 - 1.035**-10) / (1 - 1 / 1.035)
    assert amount(table, column="discounted") == pytest.approx(by_hand)


def test_top_down_shares_of_the_purses() -> None:
    """Of 505,300: 14 % police and courts, 70 % prison, 6 % other state, 10 % municipality and region (6 and 4)."""
    table = savings(counts(), counts(reoffenders_any=1), PRICES, method="top-down")
    found = by_purse(table, discounted=False).set_index("purse")["saving"]

    np.testing.assert_allclose(found[list(PUBLIC)], 505_300 * np.array([0.06, 0.04, 0.14, 0.70, 0.06]))


def test_a_prison_month() -> None:
    """365 / 12 days at 1,450 kroner: 44,104."""
    table = savings(counts(), counts(custody_months=1), PRICES)

    assert amount(table, "state: prison") == pytest.approx(44_104.17, abs=0.01)
    assert amount(table) == pytest.approx(44_104.17, abs=0.01)


def test_a_decided_case() -> None:
    """Police and courts are 14 % of 505,300 over eight cases (8,842.75); health is 4 % of it over eight (2,526.50)."""
    for kind in ("fines", "suspended", "prison"):
        table = savings(counts(), counts(**{kind: 1}), PRICES)

        assert amount(table, "state: police and courts") == pytest.approx(8_842.75)
        assert amount(table, "region") == pytest.approx(2_526.50)
        assert amount(table) == pytest.approx(8_842.75 + 2_526.50)


def test_a_month_in_work_instead_of_on_benefit() -> None:
    """0.8 x 12,692.88 less benefit, 22,000 x 0.32 more tax, 0.8 x 3,017.16 less tax on benefit (kroner of 2021)."""
    table = savings(counts(liberty_months=1, holds_employment=1), counts(liberty_months=1), PRICES)

    assert amount(table, item="benefits") == pytest.approx(0.8 * 12_200 * 1.02**2)
    assert amount(table, item="tax") == pytest.approx(7_040 - 0.8 * 2_900 * 1.02**2)
    assert amount(table, "municipality", "benefits") == pytest.approx(0.75 * amount(table, item="benefits"))


def test_tax_and_benefits_are_divided_between_municipality_and_state() -> None:
    """With shares of 0.7 and 0.3 the municipality has 0.7 of the benefit and 0.3 of the tax, the state the rest."""
    prices = prices_from({"work": {"benefit_by_municipality": 0.7, "tax_to_municipality": 0.3}})
    table = savings(counts(liberty_months=1, holds_employment=1), counts(liberty_months=1), prices)

    for item, share in (("benefits", 0.7), ("tax", 0.3)):
        assert amount(table, "municipality", item) == pytest.approx(share * amount(table, item=item))
        assert amount(table, "state: benefits and tax", item) == pytest.approx((1 - share) * amount(table, item=item))


def test_a_month_out_of_prison_without_work_costs_a_benefit() -> None:
    """Whoever is not in prison and not in work draws benefit and pays tax on it: that saving is negative."""
    table = savings(counts(liberty_months=1), counts(custody_months=1), PRICES)

    assert amount(table, item="benefits") == pytest.approx(-0.8 * 12_200 * 1.02**2)
    assert amount(table, item="tax") == pytest.approx(0.8 * 2_900 * 1.02**2)
    assert amount(table, "state: prison") > 0


def test_todays_scheme_costs_what_the_grant_says() -> None:
    """37 courses a year, two volunteers, 14 months: a course by its parts lies within 24,000 and 36,700 kroner."""
    parts = course_by_parts(PRICES)
    paid = parts.drop("hours given").sum()

    assert 24_000 < paid < 36_700
    by_hand = 1.1 * (37 * 28 * 1.2 / 12 / 60 * 520_000 + 37 * 28 * 1.2 / 24 * 3_000 + 37 * 28 * 80) / 37
    assert paid == pytest.approx(by_hand)
    assert parts["hours given"] == pytest.approx(28 * 8 * 200 * 1.02**8)


# Laws ---------------------------------------------------------------------------------------------------------

HOWS = [{"method": method, "prison": prison, "victims": victims} for method in ("bottom-up", "top-down")
        for prison in ("average", "marginal") for victims in (False, True)]  # fmt: skip


@pytest.mark.parametrize("how", HOWS, ids=lambda how: "-".join(map(str, how.values())))
def test_purses_add_up_to_the_total(how) -> None:
    """Public purses, years and the whole are the same kroner; every row has a known purse."""
    table = balance(random_counts(1, place=["Aarhus", "Ærø"]), random_counts(2, place=["Aarhus", "Ærø"]), PRICES, **how)
    purses, years, total = by_purse(table), by_year(table, discounted=True), whole(table)

    assert purses["purse"].tolist() == list(PURSES)
    public = purses[purses["purse"].isin(PUBLIC)]
    for column in ("cost", "saving", "net"):
        assert public[column].sum() == pytest.approx(total[column].item())
        assert years[column].sum() == pytest.approx(total[column].item())
    assert amount(table, column="discounted") == pytest.approx((purses["cost"] + purses["saving"]).sum())


@given(st.integers(0, 10_000), st.sampled_from(HOWS))
def test_twice_the_counts_are_twice_the_kroner(seed: int, how: dict) -> None:
    """Kroner are proportional to counts, row by row."""
    first, second = random_counts(seed), random_counts(seed + 1)
    twice = [table.assign(**{name: 2 * table[name] for name in table.columns.drop("year")}) for table in (first, second)]
    one, two = balance(first, second, PRICES, **how), balance(*twice, PRICES, **how)

    np.testing.assert_allclose(two["kroner"], 2 * one["kroner"])


@pytest.mark.parametrize("how", HOWS, ids=lambda how: "-".join(map(str, how.values())))
def test_no_difference_costs_exactly_the_programme(how) -> None:
    """If a programme changes nothing, nothing is saved, and its price times its starts is paid."""
    without = random_counts(3).drop(columns=["primus_motor.started", "paid_mentors.started", "busy_months"])
    with_ = without.assign(**{"primus_motor.started": 10.0, "paid_mentors.started": 4.0})
    table = balance(with_, without, PRICES, **how)

    assert (table.loc[table["side"] == "saving", "kroner"] == 0).all()
    assert whole(table, discounted=False)["cost"].item() == 3 * (10 * 33_000 + 4 * 29_000)


@pytest.mark.parametrize("method", ["bottom-up", "top-down"])
def test_a_marginal_prison_day_changes_one_purse(method) -> None:
    """At the marginal price the prison service saves 0.65 of the average; all other purses save the same."""
    first, second = random_counts(4), random_counts(5)
    both = [by_purse(savings(first, second, PRICES, method=method, prison=prison)).set_index("purse")["saving"]
            for prison in ("average", "marginal")]  # fmt: skip

    assert both[1]["state: prison"] == pytest.approx(0.65 * both[0]["state: prison"])
    np.testing.assert_array_equal(both[0].drop("state: prison"), both[1].drop("state: prison"))


@pytest.mark.parametrize("method", ["bottom-up", "top-down"])
def test_victims_are_counted_only_when_asked(method) -> None:
    """Off by default; on, their own purse gains (mean British cost x 10 x 0.8) and no other purse changes."""
    plain = savings(counts(), counts(offences=1, custody_months=1, reoffenders_any=1), PRICES, method=method)
    with_victims = savings(counts(), counts(offences=1, custody_months=1, reoffenders_any=1), PRICES, method=method,
                           victims=True)  # fmt: skip
    mean = 0.06 * 14_050 + 0.01 * 11_320 + 0.05 * 5_930 + 0.02 * 10_290 + 0.25 * 870 + 0.04 * 1_350

    assert amount(plain, "victims") == 0
    assert amount(with_victims, "victims") == pytest.approx(mean * 1.02**6 * 10 * 0.8)
    assert whole(plain).equals(whole(with_victims))


def test_volunteers_time_is_shown_apart() -> None:
    """It has a purse of its own that the public total leaves out."""
    table = costs(counts(1).assign(busy_months=28.0), PRICES)

    assert amount(table, "volunteers' time") == pytest.approx(28 * 8 * 200 * 1.02**8)
    assert whole(table)["cost"].item() == 33_000


def test_who_pays_the_courses() -> None:
    """The shares of the payers decide whose cost it is, never how much."""
    prices = prices_from({"paid_by": {"municipality": 0.25, "state: prison": 0.75}})
    found = by_purse(costs(counts(4), prices)).set_index("purse")["cost"]

    assert found["municipality"] == 33_000
    assert found["state: prison"] == 99_000
    assert found.sum() == 4 * 33_000


@pytest.mark.parametrize("method", ["bottom-up", "top-down"])
def test_methods_are_never_added_up(method) -> None:
    """A table holds avoided reoffenders or prison days, cases and work, never both; work is in one of them only."""
    items = set(savings(random_counts(6), random_counts(7), PRICES, method=method)["item"])

    assert items == ({"avoided reoffenders"} if method == "top-down" else {"prison days", "cases", "health", "benefits", "tax"})


def test_names_of_places_do_not_matter() -> None:
    """Other names, another order: the same kroner."""
    first, second = (random_counts(seed, place=["Aarhus", "Ærø", "Fanø"]) for seed in (8, 9))
    names = {"Aarhus": "x", "Ærø": "a", "Fanø": "m"}
    moved = [table.assign(place=table["place"].map(names)).iloc[::-1] for table in (first, second)]

    assert whole(balance(first, second, PRICES))["net"].item() == pytest.approx(whole(balance(*moved, PRICES))["net"].item())


def test_a_row_that_one_plan_lacks_counts_as_zero() -> None:
    """A place without anything under one plan is a difference, not an error; plans' names do not matter."""
    first, second = random_counts(10, place=["Aarhus", "Ærø"]).assign(plan="a"), random_counts(11, place=["Aarhus"])
    found = difference(first, second.assign(plan="b")).set_index(["place", "year"])["prison"]

    assert found["Ærø", 1] == first.set_index(["place", "year"])["prison"]["Ærø", 1]
    assert len(found) == 6


# Draws --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", [{}, {"method": "top-down", "prison": "marginal", "victims": True}], ids=["plain", "all"])
def test_many_draws_are_as_one_by_one(how) -> None:
    """Prices and counts of five draws at once give the kroner of each draw by itself."""
    drawn = draw_prices(PRICES, 5, seed=1)
    first, second = (random_counts(seed, draw=range(5), group=list(GROUPS)) for seed in (12, 13))
    together = whole(balance(first, second, drawn, **how)).set_index("draw")

    for draw in range(5):
        mine = [table[table["draw"] == draw].drop(columns="draw") for table in (first, second)]
        alone = whole(balance(*mine, drawn.iloc[[draw]], **how)).iloc[0]
        np.testing.assert_allclose(together.loc[draw, alone.index], alone)


def test_counts_without_draws_meet_every_draw_of_prices() -> None:
    """The draws of prices become draws of the result; with many, the mean cost is that of the prior."""
    drawn = draw_prices(PRICES, 2_000, seed=2)
    found = whole(costs(counts(1), drawn))
    few, three = drawn.head(3), random_counts(14)
    for draw, row in whole(costs(three, few)).set_index("draw").iterrows():
        assert row["cost"] == pytest.approx(whole(costs(three, few.iloc[[draw]]))["cost"].item())

    assert found["draw"].tolist() == list(range(2_000))
    np.testing.assert_allclose(found["cost"], drawn["scheme.primus_motor.per_start"])
    assert found["cost"].median() == pytest.approx(33_000, rel=0.005)


# Bad input ----------------------------------------------------------------------------------------------------

BAD = [
    (lambda: costs(counts().rename(columns={"primus_motor.started": "chess.started"}), PRICES), "no price [scheme.chess.per_start]"),
    (lambda: costs(counts(1), PRICES, course="by parts"), "counts have no column [volunteer_months]"),
    (lambda: costs(counts(1).drop(columns="year"), PRICES), "counts have no column [year]"),
    (lambda: costs(counts(1).assign(level="place"), PRICES), "counts have the column [level], which is neither a number nor one of"),
    (lambda: costs(counts(1, year=36), PRICES), "year is [36]; the discount rate holds for years 0 to 35"),
    (lambda: costs(counts(1), PRICES, course="dear"), "course is [dear]; allowed is per course, by parts"),
    (lambda: savings(counts(), counts(), PRICES, method="both"), "method is [both]; allowed is bottom-up, top-down"),
    (lambda: savings(counts().drop(columns="prison"), counts().drop(columns="prison"), PRICES), "no column [prison]"),
    (lambda: savings(counts(), counts().assign(place="Ærø"), PRICES), "have the keys [place, year] and [year]"),
    (lambda: costs(random_counts(1, draw=range(3)), draw_prices(PRICES, 2, seed=1)), "draws up to [2], but prices were drawn [2] times"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "wanted"), BAD, ids=[wanted[:40] for _, wanted in BAD])
def test_bad_input_is_one_line(what, wanted) -> None:
    """A mistake is one line that names the key, the value and what is allowed."""
    assert_one_line(what, wanted)

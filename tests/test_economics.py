"""Kroner from counts: sums by hand, and bad input. What must always hold is in the list of checks (invariants of money)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from experiments.studies.rollout.published_claim import course_by_parts
from simulation.economics import balance, by_payer, costs, counts_of, savings, whole
from simulation.history import simulate
from simulation.prices import PUBLIC, Prices, draw_prices, prices_from
from tests.mistakes import assert_one_line
from tests.worlds import complete

PRICES = Prices()
COUNTED = ("fines", "suspended", "prison", "offences", "custody_months", "liberty_months", "holds_employment",
           "reoffenders_any", "reoffenders_sentence")  # fmt: skip


def counts(started=0.0, *, year=0, **columns):
    """Counts of one year: nothing happens but what is named."""
    return pd.DataFrame({"year": [year], "primus_motor.started": [float(started)],
                         **{name: [float(columns.get(name, 0.0))] for name in COUNTED}})  # fmt: skip


def amount(table, payer=None, item=None, column="kroner"):
    """Kroner of a payer or item."""
    rows = table if payer is None else table[table["payer"] == payer]
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
    found = by_payer(table, discounted=False).set_index("payer")["saving"]

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
    by_hand = 1.1 * (37 * 28 * 1.2 / 12 / 60 * 520_000 + 37 * 28 * 1.2 / 24 * (3_000 + 1_600) + 37 * 28 * 80) / 37
    assert paid == pytest.approx(by_hand)
    assert parts["hours given"] == pytest.approx(28 * 8 * 200 * 1.02**8)


# Bad input ----------------------------------------------------------------------------------------------------

def history_of_one():
    """A person's scenario and history."""
    scenario = complete(people={"count": 1})
    return simulate(scenario, seed=1), scenario


BAD = [
    (lambda: counts_of(*history_of_one(), years=37), "years is [37]; allowed 1 to 36"),
    (lambda: costs(counts().rename(columns={"primus_motor.started": "chess.started"}), PRICES), "no price [scheme.chess.per_start]"),
    (lambda: costs(counts(1), PRICES, course="by parts"), "counts have no column [volunteer_months]"),
    (lambda: costs(counts(1).drop(columns="year"), PRICES), "counts have no column [year]"),
    (lambda: costs(counts(1).assign(level="place"), PRICES), "counts have the column [level], which is neither a number nor one of"),
    (lambda: costs(counts(1, year=36), PRICES), "year is [36]; the discount rate holds for years 0 to 35"),
    (lambda: costs(counts(1), PRICES, course="dear"), "course is [dear]; allowed is per course, by parts"),
    (lambda: savings(counts(), counts(), PRICES, method="both"), "method is [both]; allowed is bottom-up, top-down"),
    (lambda: savings(counts().drop(columns="prison"), counts().drop(columns="prison"), PRICES), "no column [prison]"),
    (lambda: savings(counts(), counts().assign(place="Ærø"), PRICES), "have the keys [place, year] and [year]"),
    (lambda: costs(pd.concat([counts(1).assign(draw=k) for k in range(3)]), draw_prices(PRICES, 2, seed=1)), "draws up to [2], but prices were drawn [2] times"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "wanted"), BAD, ids=[wanted[:40] for _, wanted in BAD])
def test_bad_input_is_one_line(what, wanted) -> None:
    """A mistake is one line that names the key, the value and what is allowed."""
    assert_one_line(what, wanted)

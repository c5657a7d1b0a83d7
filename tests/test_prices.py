"""Prices: their years, sources and draws, and files of them."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from experiments.inputs.scenario_files import load, names
from simulation.parameters import ParameterError, quantities
from simulation.price_tables import given_keys
from simulation.prices import Prices, draw_prices, points, prices_from, read_prices
from tests.mistakes import assert_one_line

PRICES = Prices()


def test_prices_are_carried_to_the_price_year() -> None:
    """12,200 kroner of 2019 at 2 % a year are 12,692.88 in 2021 and 13,469.79 in 2024; shares stay."""
    later = points(prices_from({"price_year": 2024}))

    assert points(PRICES)["work.benefit"].item() == pytest.approx(12_692.88)
    assert later["work.benefit"].item() == pytest.approx(13_469.79, abs=0.01)
    assert later["work.drawn"].item() == 0.8


def test_draws_keep_to_their_priors_and_bounds() -> None:
    """Medians are those of the priors, shares stay within 0 and 1, and what is fixed does not move."""
    drawn = draw_prices(PRICES, 4_000, seed=3)

    assert drawn["avoided.any"].median() == pytest.approx(505_300, rel=0.001)
    assert drawn["prison.marginal_share"].between(0.3, 1.0).all()
    assert (drawn["discount_rate"] == 0.035).all()
    assert drawn["work.benefit"].nunique() > 1000  # carried by a rise that is doubted


def test_draws_have_an_address_by_name() -> None:
    """A further scheme moves no other price's luck; a price that is set by hand is not doubted."""
    more = draw_prices(prices_from({"scheme": {"football": {"label": "football", "per_start": 900.0}}}), 50, seed=4)
    by_hand = draw_prices(prices_from({"prison": {"day": 2_000.0}}), 50, seed=4)
    own = draw_prices(PRICES, 50, seed=4)

    pd.testing.assert_frame_equal(more[own.columns], own)
    assert (by_hand["prison.day"] == 2_000).all()
    pd.testing.assert_frame_equal(by_hand.drop(columns="prison.day"), own.drop(columns="prison.day"))


def test_a_price_that_is_given_is_in_the_price_year_of_its_file() -> None:
    """2,100 kroner a day in a file of 2026 are 2,100; what it does not give is carried there from its own year."""
    table = {"price_year": 2026, "prison": {"day": 2_100.0}, "scheme": {"primus_motor": {"per_start": 33_000.0}}}
    found = points(prices_from(table)).iloc[0]

    assert found["prison.day"] == 2_100
    assert found["scheme.primus_motor.per_start"] == 33_000
    assert found["scheme.aid.per_start"] == pytest.approx(32_000 * 1.02**5)
    assert points(prices_from({"work": {"benefit": 12_000.0}}))["work.benefit"].item() == pytest.approx(12_000 * 1.02**2)


@pytest.mark.parametrize("year", [{}, {"price_year": 2026}])
@pytest.mark.parametrize("table", [{"prison": {"day": 1_450.0}}, {"scheme": {"primus_motor": {"per_start": 33_000.0}}},
                                   {"victims": {"kind": {"theft": {"pounds": 900.0}}}}])  # fmt: skip
def test_a_price_that_is_given_is_certain(table, year) -> None:
    """Even if it is the value that comes with Desist; and it stays so when a study is saved and read."""
    prices = prices_from(table | year)
    key = next(iter(given_keys(prices) - {"price_year"}))
    drawn = draw_prices(prices, 20, seed=5)
    again = prices_from(prices.model_dump(exclude_unset=True))

    assert drawn[key].eq(drawn[key].iloc[0]).all() or "pounds" in key  # pounds of 2015 are carried by a rise that is uncertain
    pd.testing.assert_frame_equal(draw_prices(again, 20, seed=5), drawn)
    assert points(prices)[key].item() == pytest.approx(drawn[key].median(), rel=0.05)


def test_a_price_is_uncertain_with_a_prior_of_its_own() -> None:
    """In a section and in a row; the prior is of the year of the file, too."""
    about = {"source": "own accounts", "grade": "measured", "prior": "LN(2100, 0.1)"}
    mine = {"price_year": 2026, "prison": {"day": 2_100.0, "about": {"day": about}},
            "scheme": {"primus_motor": {"per_start": 2_100.0, "about": {"per_start": about}}}}  # fmt: skip
    drawn = draw_prices(prices_from(mine), 1_001, seed=5)

    for key in ("prison.day", "scheme.primus_motor.per_start"):
        assert drawn[key].median() == pytest.approx(2_100, rel=0.002)
        assert np.log(drawn[key]).std() == pytest.approx(0.1, rel=0.02)


def test_every_price_has_a_year_a_source_and_a_grade() -> None:
    """Kroner and pounds name their year; nothing is without a source."""
    for row in quantities(PRICES):
        assert row.source
        if row.unit.startswith(("DKK", "GBP")) and "per GBP" not in row.unit:
            assert re.search(r"of (20\d\d)", row.unit), row.key


def test_every_programme_that_ships_has_a_price() -> None:
    """No scenario that comes with Desist has a programme that cannot be priced."""
    programmes = {programme for name in names() for programme in load(name).programme}

    assert programmes
    assert programmes <= set(PRICES.scheme)


def test_a_file_of_prices(tmp_path) -> None:
    """A file says only what differs; what is no TOML, or not there, is one line."""
    file = tmp_path / "dear.toml"
    file.write_text("[scheme.primus_motor]\nper_start = 50000.0\n", encoding="utf-8")

    assert read_prices(file).scheme["primus_motor"].per_start == 50_000
    assert read_prices(file).prison == PRICES.prison
    file.write_text("= 3", encoding="utf-8")
    with pytest.raises(ParameterError, match="is not valid TOML"):
        read_prices(file)
    with pytest.raises(ParameterError, match="was not found"):
        read_prices(tmp_path / "none.toml")


BAD = [
    (lambda: prices_from({"prison": {"day": -1.0}}), r"prices: prison.day is [-1.0]; allowed 0 to 20000"),
    (lambda: prices_from({"prison": {"dya": 1.0}}), r"unknown key [prison.dya]; did you mean prison.day?"),
    (lambda: prices_from({"scheme": {"primusmotor": {"per_start": 1.0}}}), "prices: scheme: unknown key [primusmotor]; did you mean primus_motor?"),
    (lambda: prices_from({"victims": {"kind": {"thefts": {"share": 0.1}}}}), "victims.kind: unknown key [thefts]; did you mean theft?"),
    (lambda: prices_from({"scheme": {"primus_motor": {"per_strat": 1.0}}}), "unknown key [scheme.primus_motor.per_strat]; did you mean"),
    (lambda: prices_from({"prison": {"about": {"dya": {"source": "x", "grade": "judged"}}}}), "about.dya describes no field of this table; did you mean day?"),
    (lambda: prices_from({"prison": {"about": {"day": {"source": "x", "grade": "judged"}}}}), "about.day describes a number that is not given; give day too"),
    (lambda: prices_from({"scheme": {"primus_motor": 3.0}}), "scheme.primus_motor is [3.0]; a table is needed"),
    (lambda: prices_from({"prison": {"day": "much"}}), 'prison.day is ["much"]; a number is needed'),
    (lambda: prices_from({"paid_by": {"municipality": 0.5}}), "the shares in paid_by add up to [0.5]; they must add up to 1"),
    (lambda: prices_from({"paid_by": {"the king": 1.0}}), "paid_by names [the king], which is no public payer"),
    (lambda: prices_from({"avoided": {"prison_share": 0.9}}), "prison_share [0.9], justice_share [0.84]"),
    (lambda: prices_from({"victims": {"kind": {"theft": {"share": 0.95}}}}), "the shares of the kinds add up to [1.13]"),
    (lambda: draw_prices(PRICES, 0, seed=1), "draws of prices is [0]; allowed 1 to"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "wanted"), BAD, ids=[wanted[:40] for _, wanted in BAD])
def test_bad_input_is_one_line(what, wanted) -> None:
    """A mistake is one line that names the key, the value and what is allowed."""
    assert_one_line(what, wanted)

"""Shares of the variance by grade: known answers, nothing where there is nothing, and every quantity counted once."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from experiments.inputs.evidence import PRICE, ModelInputs
from experiments.inputs.scenario_files import load as scenario
from experiments.language.grades_text import grade_sentences
from experiments.language.messages import Messages
from experiments.statistics.sobol_morris import OTHERS
from experiments.statistics.variance_by_grade import (
    GRADES,
    REST,
    as_data,
    first_order_shares,
    shares_from_draws,
    shares_from_indices,
)
from experiments.studies.rollout.plan import load
from experiments.studies.rollout.plan_scenario import everybody
from simulation.prices import Prices

GRADE = {"a": "measured", "b": "judged", "c": "assumed", **{f"n{k}": "assumed" for k in range(7)}}


def made_up(draws, *, together=0.0, seed=1):
    """Normal quantities, of which a and b may go together; the number is their sum with c's square and chance."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(rng.standard_normal((draws, len(GRADE))), columns=list(GRADE))
    table["b"] = together * table["a"] + (1 - together**2) ** 0.5 * table["b"]
    y = 2 * table["a"] + table["b"] + (table["c"] ** 2 - 1) / 2**0.5 + rng.standard_normal(draws)
    return table, y


def test_shares_of_independent_quantities_are_their_parts_of_the_variance():
    """4 + 1 + 1 + 1: the square of c is seen, chance is left to the rest."""
    table, y = made_up(4_000)
    shares = shares_from_draws(table, y, GRADE.__getitem__).set_index("grade")

    assert shares.loc[[*GRADES, REST], "share"].to_numpy() == pytest.approx([4 / 7, 1 / 7, 1 / 7, 1 / 7], abs=0.03)
    assert shares["share"].sum() == pytest.approx(1.0)


def test_what_goes_together_is_shared_by_shapleys_value():
    """Two quantities with correlation r: closed form of Owen for sums of normal quantities."""
    r = 0.8
    table, y = made_up(4_000, together=r)
    shares = shares_from_draws(table, y, GRADE.__getitem__).set_index("grade")["share"]
    whole = 4 + 1 + 2 * 2 * r + 1 + 1
    first = 4 + 2 * r + r**2 / 2 * (1 - 4)
    second = 1 + 2 * r + r**2 / 2 * (4 - 1)

    assert shares["measured"] == pytest.approx(first / whole, abs=0.03)
    assert shares["judged"] == pytest.approx(second / whole, abs=0.03)


def test_intervals_cover_and_chance_alone_gives_nothing():
    """95 % intervals of the grades cover the truth in most of 60 repetitions; of pure chance no grade has a share."""
    truth = {"measured": 4 / 7, "judged": 1 / 7, "assumed": 1 / 7}
    covered = []
    for seed in range(60):
        table, y = made_up(300, seed=seed)
        rows = shares_from_draws(table, y, GRADE.__getitem__, seed=seed).set_index("grade")
        covered += [rows.loc[name, "low"] <= share <= rows.loc[name, "high"] for name, share in truth.items()]
    table, _ = made_up(2_000)
    nothing = shares_from_draws(table, np.random.default_rng(9).standard_normal(2_000), GRADE.__getitem__).set_index("grade")

    assert 0.85 <= np.mean(covered) <= 1.0
    assert (nothing.loc[list(GRADES), "share"].abs() < 0.02).all()
    assert nothing.loc[REST, "share"] > 0.97


def test_one_quantity_alone():
    """The largest comes first, a text of two kinds counts as a quantity, what never varies is left out."""
    table, y = made_up(2_000)
    table["kind"] = np.where(np.arange(2_000) % 2, "x", "y")
    table["same"] = 1.0
    found = first_order_shares(table, y + 3.0 * (table["kind"] == "x"))

    assert list(found["key"].head(2)) == ["a", "kind"]
    assert found["first"].iloc[0] == pytest.approx(4 / (7 + 9 / 4), abs=0.04)
    assert "same" not in set(found["key"])


def test_a_result_that_never_varies_has_no_variance_to_divide():
    table, _ = made_up(200)
    shares = shares_from_draws(table, np.full(200, 3.0), GRADE.__getitem__)

    assert shares["share"].isna().all()
    assert "does not vary" in grade_sentences(shares, ModelInputs.of(scenario("trial")).census(), Messages("en"))[0]
    assert as_data(shares)[0]["share"] is None


def test_shares_from_indices_add_up_with_the_rest():
    parts = pd.DataFrame({
        "key": ["a", "b", "c", OTHERS], "first": [0.5, 0.2, 0.1, 0.05], "first_low": [0.4, 0.1, 0.0, 0.0],
        "first_high": [0.6, 0.3, 0.2, 0.1],
    })  # fmt: skip
    found = shares_from_indices(parts, GRADE.__getitem__).set_index("grade")

    assert list(found.index) == [*GRADES, OTHERS, REST]
    assert found["share"].to_list() == pytest.approx([0.5, 0.2, 0.1, 0.05, 0.15])
    assert found.loc["measured", "high"] == pytest.approx(0.6)
    assert found.loc[REST, "high"] - found.loc[REST, "share"] == pytest.approx((3 * 0.01 + 0.0025) ** 0.5)
    assert found["share"].sum() == pytest.approx(1.0)


def test_every_quantity_of_a_plan_is_counted_with_its_grade():
    """Fixed ones carry no uncertainty and are counted as such; the two effects are one strength and one route."""
    plan, _ = load("todays-area")
    inputs = ModelInputs.of(everybody(plan), plan, Prices())
    census = inputs.census().set_index("grade")

    assert (census["inputs"] == census["uncertain"] + census["fixed"]).all()
    assert census["fixed"].sum() > 0
    assert inputs.grade("effect.hazard_ratio") == "judged"
    assert inputs.grade("plan.volunteers.recruiting_reached") == "assumed"
    assert inputs.grade(f"{PRICE}discount_rate") == "measured"
    assert "programme.direct_hazard_ratio" not in inputs.rows
    assert f"{PRICE}prison.day" in inputs.uncertain
    assert f"{PRICE}discount_rate" not in inputs.uncertain


def test_sentences_in_both_languages():
    """The same numbers, kept within 0 and 100 %; a table and its rows as facts have them say the same."""
    table, y = made_up(500)
    shares = shares_from_draws(table, y, GRADE.__getitem__)
    shares.loc[0, "low"] = -0.2
    census = ModelInputs.of(scenario("trial")).census()
    english, danish = (grade_sentences(shares, census, Messages(language)) for language in ("en", "da"))

    def digits(texts):
        return [word.strip("().,;") for text in texts for word in text.split() if word.strip("().,;").isdigit()]

    assert digits(english) == digits(danish)
    assert "measured" in english[0]
    assert "målte" in danish[0]
    assert "−" not in english[0]
    assert english == grade_sentences(shares.to_dict("records"), census.to_dict("records"), Messages("en"))


def test_too_few_draws_are_reported():
    """Where there are too few draws there are no shares, and the answer says so."""
    table, y = made_up(20)
    shares = shares_from_draws(table, y, GRADE.__getitem__)

    assert shares is None
    assert "too few draws" in grade_sentences(shares, ModelInputs.of(scenario("trial")).census(), Messages("en"))[0]

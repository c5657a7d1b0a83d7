"""A decision under uncertainty: planes and acceptability on numbers known by hand, and laws of the rest."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import norm

from experiments.statistics.cost_effectiveness import (
    PUBLIC_TOTAL,
    QUADRANTS,
    Options,
    acceptability,
    break_even,
    plane,
    quadrants,
)  # fmt: skip
from simulation.outcomes import wilson
from tests import statistics
from tests.mistakes import assert_one_line

NAMES = ("today", "nationwide", "highest risk")


def options(effect, cost, names=NAMES):
    """Options from lists of draws."""
    return Options(names=tuple(names[: len(effect[0])]), effect=np.array(effect, float), cost=np.array(cost, float))


def fixed(*pairs):
    """Options whose effect and cost are sure: three equal draws."""
    return options([[pair[0] for pair in pairs]] * 3, [[pair[1] for pair in pairs]] * 3, tuple("abcdefgh"))


numbers = st.floats(-1e6, 1e6).map(lambda x: round(x, 3))
tables = st.integers(2, 4).flatmap(
    lambda k: st.tuples(arrays(float, (6, k), elements=numbers), arrays(float, (6, k), elements=numbers))
)


# Effect and cost ----------------------------------------------------------------------------------------------


def test_four_draws_one_in_each_quadrant() -> None:
    """More and dearer, more and cheaper, less and dearer, less and cheaper: a quarter each, with Wilson's interval."""
    table = quadrants(options([[0, 1], [0, 2], [5, 1], [3, 2]], [[0, 9], [4, 1], [0, 2], [7, 3]]), against="today")
    low, high = wilson(1, 4)

    assert list(table["quadrant"]) == list(QUADRANTS)
    assert table["share"].tolist() == [0.25] * 4
    assert table["low"].tolist() == pytest.approx([float(low)] * 4)
    assert table["high"].tolist() == pytest.approx([float(high)] * 4)


def test_no_difference_counts_as_less_and_dearer() -> None:
    """A twin of the comparator earns nothing."""
    table = quadrants(fixed((1, 5), (1, 5)), against="a")

    assert table.loc[table["share"] == 1, "quadrant"].tolist() == ["less, dearer"]


@given(tables)
def test_quadrants_add_to_one(values) -> None:
    """Every draw lies in one of them."""
    effect, cost = values
    made = Options(names=tuple("abcd"[: effect.shape[1]]), effect=effect, cost=cost)

    for _, rows in quadrants(made, against="a").groupby("option"):
        assert rows["share"].sum() == pytest.approx(1)


def test_plane_is_difference_draw_by_draw() -> None:
    """Effect and cost of the same draw are subtracted; the comparator itself has no points."""
    table = plane(options([[1, 4], [2, 2]], [[10, 70], [20, 5]]), against="today")

    assert table["option"].tolist() == ["nationwide"] * 2
    assert table["effect"].tolist() == [3, 0]
    assert table["cost"].tolist() == [60, -15]


# Net benefit --------------------------------------------------------------------------------------------------


def test_acceptability_of_a_normal_difference_is_its_distribution_function() -> None:
    """Effect 2 (sd 1), cost 100 (sd 30): probability that T x effect exceeds cost is Phi((2T - 100) / sqrt(T^2 + 900))."""
    rng = np.random.default_rng(1)
    draws = 20_000
    effect = np.column_stack([np.zeros(draws), rng.normal(2, 1, draws)])
    cost = np.column_stack([np.zeros(draws), rng.normal(100, 30, draws)])
    table = acceptability(options(effect, cost), [0, 25, 50, 100, 400]).set_index(["option", "threshold"])

    for threshold in (0, 25, 50, 100, 400):
        row = table.loc[("nationwide", threshold)]
        chance = norm.cdf((2 * threshold - 100) / np.hypot(threshold, 30))
        statistics.share(round(row["share"] * draws), draws, chance)
        assert row["low"] < row["share"] < row["high"]


@given(tables, st.lists(st.floats(0, 1e5), min_size=1, max_size=4))
def test_curves_add_to_one(values, thresholds) -> None:
    """At every threshold something is best, ties are shared, and one option is taken."""
    effect, cost = values
    made = Options(names=tuple("abcd"[: effect.shape[1]]), effect=effect, cost=cost)
    table = acceptability(made, sorted(set(thresholds)))

    for _, rows in table.groupby("threshold"):
        assert rows["share"].sum() == pytest.approx(1)
        assert rows["best"].sum() == 1


def test_most_probable_need_not_be_best() -> None:
    """Seldom a great gain: best on average, and worse in nine draws of ten."""
    made = options([[0, 0]] * 9 + [[0, 100]], [[0, 1]] * 10)
    table = acceptability(made, [1.0]).set_index("option")

    assert table.loc["nationwide", ["share", "best"]].tolist() == [0.1, True]


def test_twins_share_the_curve() -> None:
    """Two equal options have one half each."""
    assert acceptability(fixed((1, 5), (1, 5)), [7.0])["share"].tolist() == [0.5, 0.5]


# Payers -------------------------------------------------------------------------------------------------------

SAVED = pd.DataFrame({"municipality": 0.0, "state": [10.0, 0.0, 6.0, 4.0], "victims": 50.0})
SPENT = pd.DataFrame({"municipality": [1.0, 2.0, 1.0, 2.0], "state": 5.0, "victims": 0.0})


def test_payers_by_hand() -> None:
    """The state gets back 20 for 20, in two draws of four; the municipality never; together 20 for 26, even at 0; victims apart."""
    table = break_even(SAVED, SPENT, total=["municipality", "state"]).set_index("payer")

    assert table.index.tolist() == ["municipality", "state", PUBLIC_TOTAL, "victims"]
    assert table["gain"].tolist() == [-1.5, 0, -1.5, 50]
    assert table["probability"].tolist() == [0, 0.5, 0.5, 1]
    assert table.loc[PUBLIC_TOTAL, "per_krone"] == pytest.approx(20 / 26)
    assert np.isnan(table.loc["victims", "per_krone"])
    for payer in ("state", PUBLIC_TOTAL):
        assert table.loc[payer, ["low", "high"]].tolist() == pytest.approx([float(end) for end in wilson(2, 4)])
    assert table.loc[PUBLIC_TOTAL, "gain"] == table.loc[["municipality", "state"], "gain"].sum()


def test_nothing_spent_and_nothing_saved_breaks_even() -> None:
    """Zero is even for the public in all; a payer without any money has no probability."""
    nothing = pd.DataFrame({"state": [0.0, 0.0]})

    found = break_even(nothing, nothing, total=["state"]).set_index("payer")

    assert found.loc["state", ["probability", "low", "high"]].isna().all()
    assert found.loc[PUBLIC_TOTAL, "probability"] == 1


# Mistakes -----------------------------------------------------------------------------------------------------


BAD = [
    (lambda: options([[1, 2]], [[1, 2]]), "effect has the shape [1 x 2]; two draws or more x 2 options"),
    (lambda: options([[1, 2]] * 2, [[1, np.nan]] * 2), "cost of option [nationwide] has values that are no numbers"),
]


@pytest.mark.parametrize(("make", "message"), BAD, ids=[message for _, message in BAD])
def test_bad_input_is_one_line(make, message) -> None:
    """What is wrong, with its value, and what is needed."""
    assert_one_line(make, message)

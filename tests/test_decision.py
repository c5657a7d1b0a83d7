"""A decision in doubt: planes, ratios, frontiers and acceptability on numbers known by hand, and laws of the rest."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import norm

from experiments.statistics.cost_effectiveness import (
    DOMINATED,
    EFFICIENT,
    MIXED,
    PUBLIC,
    QUADRANTS,
    Options,
    acceptability,
    break_even,
    frontier,
    net_benefits,
    plane,
    quadrants,
    ratios,
    settled,
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


@pytest.mark.parametrize(("effect", "cost", "ratio", "verdict"), [
    (10, 500, 50, "more effect at a price"),
    (10, -500, None, "more effect and no dearer"),
    (10, 0, None, "more effect and no dearer"),
    (-10, -500, 50, "less effect, and saves"),
    (-10, 500, None, "less effect and no cheaper"),
    (-10, 0, None, "less effect and no cheaper"),
    (0, 500, None, "as much effect, dearer"),
    (0, -500, None, "as much effect, cheaper"),
    (0, 0, None, "as much effect, as dear"),
])  # fmt: skip
def test_ratio_is_a_price_only_where_it_means_one(effect, cost, ratio, verdict) -> None:
    """50 kroner a unit gained and 50 kroner saved for each unit lost are one ratio and two verdicts; others have none."""
    row = ratios(fixed((3, 100), (3 + effect, 100 + cost)), against="a").iloc[0]

    assert row["verdict"] == verdict
    assert (row["ratio"] == ratio) if ratio is not None else np.isnan(row["ratio"])


def test_ratio_is_that_of_the_means() -> None:
    """Draws of 1 for 10 kroner and 3 for 90 kroner: 25 kroner a unit, not the mean of 10 and 30."""
    assert ratios(options([[0, 1], [0, 3]], [[0, 10], [0, 90]]), against="today")["ratio"].item() == 25


def test_frontier_by_hand() -> None:
    """Dominated: c (b does more for less), f (twin of e). Mixed: d (half b, half e does as much for less)."""
    table = frontier(fixed((0, 0), (10, 100), (8, 120), (15, 400), (20, 500), (20, 500))).set_index("option")

    assert table["verdict"].to_dict() == {
        "a": EFFICIENT, "b": EFFICIENT, "c": DOMINATED, "d": MIXED, "e": EFFICIENT, "f": DOMINATED
    }  # fmt: skip
    assert table.loc[["b", "e"], "ratio"].tolist() == [10, 40]
    assert table["ratio"].isna().sum() == 4


@given(tables, st.floats(0, 1e6))
def test_best_option_lies_on_the_frontier(values, threshold) -> None:
    """Whatever a unit is worth, an option on the frontier has the highest mean net benefit; prices rise along it."""
    effect, cost = values
    made = Options(names=tuple("abcd"[: effect.shape[1]]), effect=effect, cost=cost)
    table = frontier(made)
    worth = made.net_benefit(threshold).mean(axis=0)
    edge = [made.at(name) for name in table.loc[table["verdict"] == EFFICIENT, "option"]]
    prices = table.loc[table["verdict"] == EFFICIENT, "ratio"].dropna()

    assert worth[edge].max() == pytest.approx(worth.max(), rel=1e-9, abs=1e-6)
    assert prices.is_monotonic_increasing
    assert (prices > 0).all()


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
    assert net_benefits(made, 1.0).set_index("option").loc["nationwide", ["mean", "best"]].tolist() == [9, True]


def test_twins_share_the_curve() -> None:
    """Two equal options have one half each."""
    assert acceptability(fixed((1, 5), (1, 5)), [7.0])["share"].tolist() == [0.5, 0.5]


def test_net_benefit_by_hand() -> None:
    """3 avoided at 100,000 kr. each, for 120,000 kr.: 180,000 kr."""
    assert fixed((0, 0), (3, 120_000)).net_benefit(100_000)[0].tolist() == [0, 180_000]


# Chance -------------------------------------------------------------------------------------------------------


def test_settled_values_spread_as_the_truth_does() -> None:
    """Truth with sd 2 seen with errors of 3: the spread seen is 3.6, the settled one 2, and the mean stays."""
    rng = np.random.default_rng(2)
    truth = rng.normal(5, 2, (4_000, 1))
    seen = truth + rng.normal(0, 3, (4_000, 1))
    found = settled(seen, 3.0)

    assert seen.std() == pytest.approx(np.hypot(2, 3), rel=0.05)
    assert found.std() == pytest.approx(2, rel=0.08)
    assert found.mean() == pytest.approx(seen.mean())


def test_settled_without_chance_changes_nothing_and_with_chance_alone_leaves_the_mean() -> None:
    """The two ends."""
    seen = np.array([1.0, 2.0, 6.0])

    np.testing.assert_allclose(settled(seen, 0.0), seen)
    np.testing.assert_allclose(settled(seen, 100.0), [3.0] * 3)
    np.testing.assert_allclose(settled([4.0, 4.0], 1.0), [4.0, 4.0])


# Purses -------------------------------------------------------------------------------------------------------

SAVED = pd.DataFrame({"state": [10.0, 0.0, 6.0, 4.0], "victims": [50.0] * 4})
SPENT = pd.DataFrame({"municipality": [1.0, 2.0, 1.0, 2.0], "state": [5.0, 5.0, 5.0, 5.0]})


def test_payers_by_hand() -> None:
    """The state gets back 20 for 20, in two draws of four; the municipality never; together 20 for 26, even at 0; victims apart."""
    table = break_even(SAVED, SPENT, total=["municipality", "state"]).set_index("payer")

    assert table.index.tolist() == ["municipality", "state", PUBLIC, "victims"]
    assert table["gain"].tolist() == [-1.5, 0, -1.5, 50]
    assert table["probability"].tolist() == [0, 0.5, 0.5, 1]
    assert table.loc[PUBLIC, "per_krone"] == pytest.approx(20 / 26)
    assert np.isnan(table.loc["victims", "per_krone"])
    for payer in ("state", PUBLIC):
        assert table.loc[payer, ["low", "high"]].tolist() == pytest.approx([float(end) for end in wilson(2, 4)])
    assert table.loc[PUBLIC, "gain"] == table.loc[["municipality", "state"], "gain"].sum()


def test_nothing_spent_and_nothing_saved_breaks_even() -> None:
    """Zero is even."""
    nothing = pd.DataFrame({"state": [0.0, 0.0]})

    assert break_even(nothing, nothing, total=["state"])["probability"].tolist() == [1, 1]


# Mistakes -----------------------------------------------------------------------------------------------------


def test_long_table_with_replicates() -> None:
    """Replicates of a draw are averaged; options keep their order."""
    table = pd.DataFrame({"plan": ["b", "b", "a", "b", "a"], "draw": [0, 0, 0, 1, 1], "avoided": [1, 3, 0, 5, 0],
                          "kroner": [10, 20, 0, 7, 1]})  # fmt: skip
    made = Options.of(table, effect="avoided", cost="kroner")

    assert made.names == ("b", "a")
    assert made.effect.tolist() == [[2, 0], [5, 0]]
    assert made.cost.tolist() == [[15, 0], [7, 1]]


BAD = [
    (lambda: options([[1, 2]], [[1, 2]]), "effect has the shape [1 x 2]; two draws or more x 2 options"),
    (lambda: options([[1, 2]] * 2, [[1, 2]] * 3), "effect has [2] draws and cost [3]"),
    (lambda: options([[1, 2]] * 2, [[1, np.nan]] * 2), "cost of option [nationwide] has values that are no numbers"),
    (lambda: options([[1, 2]] * 2, [[1, 2]] * 2, ("a", "a")), "options are [a, a]; each name may be there once"),
    (lambda: plane(fixed((1, 2), (3, 4)), against="aa"), "option [aa] is not there"),
    (lambda: plane(fixed((1, 2)), against="a"), "options are [a]; a comparison needs two"),
    (lambda: break_even(SAVED, SPENT.head(2), total=["state"]), "savings have [4] draws and costs [2]"),
    (lambda: break_even(SAVED, SPENT, total=["stat"]), "payer [stat] is not there; did you mean state?"),
    (lambda: Options.of(SPENT, effect="stat", cost="state"), "column [stat] is missing; did you mean state?"),
    (lambda: Options.of(pd.DataFrame({"plan": ["a", "a", "b"], "draw": [0, 1, 0], "e": 1.0, "c": 1.0}), effect="e",
                        cost="c"), "option [b] has no draw 1; every option needs the same draws"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "message"), BAD, ids=[message for _, message in BAD])
def test_bad_input_is_one_line(make, message) -> None:
    """What is wrong, with its value, and what is needed."""
    assert_one_line(make, message)

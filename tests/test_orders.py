"""Which municipality first: they are independent, noisy ones are shrunk, orders are evaluated by other draws."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

from experiments.inputs.municipalities import denmark
from experiments.studies.rollout.allocation_rules import OUTCOMES
from experiments.studies.rollout.costs import opening_prices
from experiments.studies.rollout.municipality_order import (
    BEST,
    BUDGETS,
    LOT,
    RAW,
    RICHEST,
    ByMunicipality,
    alphabetical,
    best_order,
    compare_orders,
    count_arrays,
    gained_by,
    halves,
    marginal,
    naive_orders,
    order_table,
    shrunk,
    with_more,
)
from experiments.studies.rollout.plan import planned
from experiments.studies.rollout.plan_scenario import scenario_of
from experiments.studies.rollout.simulate import counted
from simulation.history import GROUPS
from simulation.municipalities import chosen

HERE, MORE = ("Aarhus", "Odense", "Ishøj"), 10.0
PLACES = chosen(HERE)
"""In order of their official numbers: Ishøj, Odense, Aarhus."""
NAMES = [place.name for place in PLACES]


def small(**tables):
    """A plan for three municipalities and two years."""
    return planned({"name": "small", "years": 2, "releases_per_year": 2_000.0, **tables,
                    "wave": [{"municipalities": list(HERE), "starts": "2027-01", "volunteers_at_start": 12.0}]})


@cache
def scenario(**supply):
    """Its scenario, as it is expected."""
    return scenario_of(small(volunteers=dict(supply) or {"recruits_per_100000": 1.0}), denmark())


def places_of(scenario):
    """Counts by municipality and group of one run."""
    table = counted(scenario, 3, range(1))
    return table[table["level"] == "place"].drop(columns="level").set_index(["where", "group"]).sort_index()


# Independence -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", HERE)
def test_one_run_with_more_everywhere_gives_each_place_its_own_answer(name):
    """More volunteers in one municipality only: the same there as with more everywhere, nothing changed elsewhere."""
    base, every = places_of(scenario()), places_of(with_more(scenario(), dict.fromkeys(HERE, MORE)))
    one = places_of(with_more(scenario(), {name: MORE}))

    assert one.loc[name].equals(every.loc[name])
    assert one.drop(index=name, level="where").equals(base.drop(index=name, level="where"))
    assert not one.loc[name].equals(base.loc[name])


def test_a_limit_of_coordinators_makes_places_depend_on_one_another():
    """The claim above can fail: where coordinators are few, more volunteers in one place leave fewer elsewhere."""
    tight = scenario_of(small(volunteers={"coordinators": 0.5, "volunteers_each": 20.0}), denmark())
    base, one = places_of(tight), places_of(with_more(tight, {"Aarhus": 200.0}))

    assert not one.drop(index="Aarhus", level="where").equals(base.drop(index="Aarhus", level="where"))


def test_more_volunteers_come_on_top_and_have_room():
    """Ten more at the start and room for ten more in each municipality named; all else as it was."""
    base, more = scenario(), with_more(scenario(), {"Ishøj": MORE, "Samsø": MORE})
    before, after = base.volunteers, more.volunteers

    assert after.at_start == pytest.approx(before.at_start + 2 * MORE)
    assert after.ceiling == pytest.approx(before.ceiling + 2 * MORE)
    for key in ("at_start_by", "ceiling_by"):
        assert getattr(after, key)["Ishøj"] == pytest.approx(getattr(before, key)["Ishøj"] + MORE)
        assert getattr(after, key)["Samsø"] == MORE
        assert getattr(after, key)["Odense"] == getattr(before, key)["Odense"]
    assert after.recruits_by == before.recruits_by


def test_more_volunteers_where_there_were_none():
    """A plan that starts without volunteers gets exactly those that are added."""
    plan = small().model_dump(exclude_unset=True)
    none = scenario_of(planned({**plan, "wave": [{"municipalities": list(HERE), "starts": "2027-01"}]}), denmark())

    assert with_more(none, dict.fromkeys(HERE, MORE)).volunteers.at_start == 3 * MORE


# What municipalities avoid ------------------------------------------------------------------------------------


def made(courses, avoided, draws):
    """``ByMunicipality`` from runs x places of the highest-risk group, the others with half a course that avoids nothing."""
    own = np.stack([np.full(np.shape(courses), 0.5), np.asarray(courses, float)], axis=2)
    fewer = np.stack([np.zeros(np.shape(avoided)), np.asarray(avoided, float)], axis=2)
    return ByMunicipality(draws=np.array(draws), courses={"started": own, "started_first": own},
                   avoided=dict.fromkeys(OUTCOMES, fewer))


def test_a_course_avoids_what_courses_of_its_draw_and_group_avoid():
    """All places and replicates of a draw together: 6 avoided by 3 courses is 2; 2 by 8 is a quarter."""
    found = made([[1, 1], [0, 1], [4, 4]], [[2, 0], [1, 3], [1, 1]], draws=[0, 0, 1])

    assert found.per_course("offences").tolist() == [[0.0, 2.0], [0.0, 0.25]]
    assert found.expected("offences", found.per_course("offences")).tolist() == [[2.0, 2.0], [0.0, 2.0], [1.0, 1.0]]


def test_counts_by_place_are_put_in_order():
    """Rows in any order become runs x places x groups; a column that is not there is nothing."""
    rows = [(draw, replicate, where, group) for draw in (1, 0) for replicate in (1, 0) for where in ("B", "A", "C")
            for group in reversed(GROUPS)]
    table = pd.DataFrame(rows, columns=["draw", "replicate", "where", "group"]).assign(level="place")
    table["n"] = (1000 * table["draw"] + 100 * table["replicate"] + 10 * table["where"].map({"A": 0, "B": 1, "C": 2})
                  + table["group"].eq(GROUPS[1]))
    draws, found = count_arrays(table, ["n", "missing"], ["A", "C"])

    assert draws.tolist() == [0, 0, 1, 1]
    assert found["n"].tolist() == [[[base, base + 1], [base + 20, base + 21]] for base in (0, 100, 1000, 1100)]
    assert not found["missing"].any()


def test_noise_is_not_kept():
    """Municipalities whose courses all avoid the same: nearly nothing of their own differences is kept, the total is."""
    rng = np.random.default_rng(1)
    expected = np.tile(np.linspace(1, 10, 50), (40, 1))
    direct = 2 * expected + rng.normal(0, 5, expected.shape)
    values, kept, ratio = shrunk(direct, expected)

    assert ratio == pytest.approx(2, abs=0.1)
    assert kept.mean() < 0.25
    assert np.abs(values.mean(axis=0) - 2 * expected[0]).mean() < 0.5 * np.abs((direct - 2 * expected).mean(axis=0)).mean()


def test_what_is_surely_different_is_kept():
    """A municipality whose courses avoid more than elsewhere in every run keeps its difference."""
    rng = np.random.default_rng(1)
    expected = np.ones((40, 20))
    direct = expected + np.where(np.arange(20) < 10, 3.0, -1.0) + rng.normal(0, 0.1, expected.shape)
    values, kept, _ = shrunk(direct, expected)

    assert kept.min() > 0.99
    assert np.allclose(values.mean(axis=0), direct.mean(axis=0), atol=0.02)


def test_shrinking_by_hand():
    """Two runs, two places: k from the spread of the means beyond their errors."""
    direct, expected = np.array([[1.0, 7.0], [3.0, 9.0]]), np.full((2, 2), 2.5)
    rest = direct - 2.0 * expected  # -4 and 2, then -2 and 4: means -3 and 3, variance of each mean 1
    values, kept, ratio = shrunk(direct, expected)

    assert ratio == 2.0
    assert kept == pytest.approx([8 / 9, 8 / 9])  # mean square 9, less 1, against 8 + 1
    assert values == pytest.approx(5.0 + 8 / 9 * rest)


def test_marginal_table_is_one_row_a_place():
    """More courses than elsewhere avoid more; where there are no more courses nothing is avoided."""
    rng = np.random.default_rng(1)
    draws = np.repeat(np.arange(8), 2)
    whole = made(rng.poisson(50, (16, 3)), rng.poisson(100, (16, 3)), draws)
    more = made(np.tile([0, 4, 8], (16, 1)), np.tile([0, 8, 16], (16, 1)) + rng.normal(0, 1, (16, 3)), draws)
    table, checks = marginal(more, whole, PLACES)

    assert table["municipality"].tolist() == NAMES
    assert table["courses"].tolist() == [0.5, 4.5, 8.5]
    assert table["offences"].is_monotonic_increasing
    assert table["offences"].tolist() == pytest.approx([0, 8, 16], abs=1)
    assert (table["offences_low"] <= table["offences"]).all()
    assert checks["outcome"].tolist() == list(OUTCOMES)
    assert checks["ratio"].tolist() == pytest.approx([1.0] * 4, abs=0.15)
    assert checks["rank_correlation"].tolist() == pytest.approx([1.0] * 4, abs=0.01)


# Orders -------------------------------------------------------------------------------------------------------


def test_best_order_by_hand():
    """Per krone: 3 for 1, then 4 for 2, 5 for 5, and harm last; ties in the order of the table."""
    value, cost = np.array([4.0, -1.0, 3.0, 5.0, 4.0]), np.array([2.0, 1.0, 1.0, 5.0, 2.0])

    assert best_order(value, cost).tolist() == [2, 0, 4, 3, 1]


def test_a_municipality_without_cost_and_courses_counts_as_nothing():
    """Nothing for nothing comes after what is won and before what is lost, without a division by zero."""
    assert best_order(np.array([-1.0, 0.0, 2.0]), np.array([1.0, 0.0, 1.0])).tolist() == [2, 1, 0]


def test_what_an_order_wins_by_hand():
    """Places open in order; of the first that cannot be paid, the part that can; no more than everything."""
    value, cost = np.array([[4.0, 3.0], [8.0, 1.0]]), np.array([[2.0, 1.0], [4.0, 1.0]])
    found = gained_by(np.array([1, 0]), value, cost, np.array([0.0, 1.0, 2.0, 9.0]))

    assert found.tolist() == [[0.0, 3.0, 5.0, 7.0], [0.0, 1.0, 3.0, 9.0]]


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 0, 1]])
def test_no_order_beats_the_best_on_its_own_numbers(order):
    """With what it was chosen by, the best order wins at least as much at every budget."""
    value, cost = np.array([[4.0, 3.0, 1.0]]), np.array([[2.0, 1.0, 3.0]])
    budgets = np.linspace(0, 6, 13)

    assert (gained_by(best_order(value[0], cost[0]), value, cost, budgets) >= gained_by(np.array(order), value, cost, budgets)).all()


def test_naive_orders_of_denmark():
    """Every order names each municipality once; who is first and last in each is known."""
    country = denmark()
    orders = naive_orders(country.places, country.expected())
    names = {key: [country.places[k].name for k in order] for key, order in orders.items()}
    outward = [country.places[k] for k in orders["today's area outward"]]

    assert all(sorted(order.tolist()) == list(range(98)) for order in orders.values())
    assert names["largest first"][:4] == ["København", "Aarhus", "Aalborg", "Odense"]
    assert names["largest first"][-1] == "Læsø"
    assert names["most releases first"][0] == "København"
    assert names["alphabetical"][:3] == ["Albertslund", "Allerød", "Assens"]
    assert names["alphabetical"][-4:] == ["Ærø", "Aabenraa", "Aalborg", "Aarhus"]
    assert all(place.programme_area for place in outward[:25])
    assert not any(place.programme_area for place in outward[25:])
    assert outward[-1].name == "Bornholm"


def test_danish_names_are_sorted_as_in_danish():
    """Aa is å, which comes last; å and aa are the same letter."""
    assert sorted(["Aarhus", "Ærø", "Øst", "Vejle"], key=alphabetical) == ["Vejle", "Ærø", "Øst", "Aarhus"]
    assert alphabetical("Århus") == alphabetical("Aarhus")


def test_halves_keep_the_runs_of_a_draw_together():
    """Each half is evaluated by the other: together they are all runs, and no draw is in both."""
    draws = np.repeat(np.arange(7), [2, 1, 1, 1, 2, 1, 1])
    found = list(halves(draws, 5, seed=1))

    assert len(found) == 10
    for mine, others in zip(found[::2], found[1::2], strict=True):
        assert (mine ^ others).all()
        assert not set(draws[mine]) & set(draws[others])
        assert len(set(draws[mine])) == 3
    assert len({tuple(half) for half in found}) > 4


def truth(noise, differ, known=False):
    """Orders of 30 places in 24 draws whose true values differ or not, and are what is expected or not."""
    rng = np.random.default_rng(2)
    true = 1.0 + differ * np.linspace(-1, 1, 30)[rng.permutation(30)]
    value = true + rng.normal(0, noise, (24, 30))
    naive = {"as they come": np.arange(30)}
    cost = np.ones((24, 30))
    expected = np.tile(true, (24, 1)) if known else np.ones((24, 30))
    return compare_orders(value, expected, cost, rng.random((24, 30)), naive, np.arange(24), seed=1, lots=50), true


def test_choosing_by_the_same_runs_exaggerates():
    """Where all places are alike, the order as simulated promises a gain over the lot by chance, and keeps none of it."""
    found, _ = truth(noise=1.0, differ=0.0)
    row = found.winners_curse().set_index(["order", "share"]).loc[(RAW, 0.5)]

    assert row["in_sample"] - row["by_lot"] > 2.0
    assert abs(row["held_out"] - row["by_lot"]) < 0.8


def test_shrinking_exaggerates_less_and_keeps_more():
    """Where what is expected is true and single municipalities are noisy, shrunk ones exaggerate less and avoid more."""
    found, _ = truth(noise=3.0, differ=0.5, known=True)
    rows = found.winners_curse().set_index(["order", "share"])
    shrunk_order, raw = rows.loc[(BEST, 0.5)], rows.loc[(RAW, 0.5)]

    assert shrunk_order["held_out"] > raw["held_out"] + 0.5
    assert shrunk_order["in_sample"] - shrunk_order["held_out"] < 0.7 * (raw["in_sample"] - raw["held_out"])


def test_real_differences_are_found():
    """Where places differ and there is little noise, the best order keeps what it promises and beats all others."""
    found, true = truth(noise=0.01, differ=0.8)
    regret = found.regret().set_index(["order", "share"])
    ideal = np.sort(true)[::-1][:15].sum()

    assert found.held_out[BEST][:, 20].mean() == pytest.approx(ideal, rel=0.01)
    assert found.in_sample[BEST][:, 20].mean() == pytest.approx(found.held_out[BEST][:, 20].mean(), rel=0.005)
    assert (regret["part"] > 0.05).all()
    assert found.held_out[LOT][:, 20].mean() == pytest.approx(15, abs=0.6)


def test_curves_begin_at_nothing_and_end_with_everything():
    """No money wins nothing; enough for all wins the sum, in whatever order."""
    found, _ = truth(noise=0.3, differ=0.5)
    curves = found.curves().set_index(["order", "share"])["mean"]

    assert set(found.held_out) == {BEST, "as they come", LOT, RICHEST, RAW}
    assert (curves.xs(0.0, level="share") == 0).all()
    assert np.ptp(curves.xs(1.0, level="share")) < 1e-9
    assert len(found.budgets) == len(BUDGETS)


def test_order_table_is_in_order_and_says_how_sure_positions_are():
    """Value per krone falls down the table; where there is no noise positions are certain."""
    value = np.tile([4.0, 9.0, 1.0], (8, 1))
    cost = np.tile([2.0, 3.0, 1.0], (8, 1))
    draws = np.arange(8)
    found = compare_orders(value, np.ones((8, 3)), cost, np.ones((8, 3)), {}, draws, seed=1, lots=2)
    table = order_table(found, value, np.ones((8, 3)), cost, made(np.ones((8, 3)), value, draws), PLACES)

    assert table["municipality"].tolist() == [NAMES[1], NAMES[0], NAMES[2]]
    assert table["position"].tolist() == table["first"].tolist() == table["last"].tolist() == [1, 2, 3]
    assert table["per_million"].tolist() == pytest.approx([3e6, 2e6, 1e6])


# Costs --------------------------------------------------------------------------------------------------------


def test_given_prices_are_certain():
    """What the user or the plan gives stands in every draw; the user comes before the plan."""
    plan = small(offer={"course_price": 20_000.0})

    def prices(plan, course=None, open_a_year=None):
        return [each.tolist() for each in opening_prices(plan, "primus_motor", course, open_a_year, draws=4, seed=1)]

    assert prices(plan, None, 0.0) == [[20_000.0] * 4, [0.0] * 4]
    assert prices(plan, 30_000.0)[0] == [30_000.0] * 4
    assert [len(set(each)) for each in prices(small())] == [4, 4]

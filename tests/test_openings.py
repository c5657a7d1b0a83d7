"""What differs by place and time: where a programme exists, from when, how many it may take, whom; volunteers; flats."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from simulation import simulate
from simulation.compiled_parameters import months_before, told_for
from simulation.engine import run, tell
from simulation.events import GAIN
from tests import statistics
from tests.strategies import SEEDS, scenarios
from tests.test_ledger import ledger, row
from tests.worlds import (
    EVERYBODY_ACCEPTS,
    NEUTRAL,
    OFFERED,
    complete,
    months_of,
    steady,
)

many = settings(max_examples=25)
PLACES = ["Aarhus", "Odense", "Vejle"]
RUNS = 40


def wanted(*, programme, count=600, months=36, volunteers=None, people=None, municipalities=None, **tables):
    """People without crime in three places who all want a programme, over three years."""
    rules = {**OFFERED, "ends_month": 3, **programme}
    everybody = {**EVERYBODY_ACCEPTS, "count": count, "release_months": months, "follow_up_months": 6, **(people or {})}
    return steady(
        0.0, people=everybody, trial={"assignment": "everyone"}, programme={"help": rules},
        municipalities={"include": PLACES, **(municipalities or {})}, volunteers=volunteers or {}, **tables,
    )  # fmt: skip


def rows_of(scenario, seed, *wanted_rows, replicates=RUNS):
    """Some rows of the ledgers of several runs, groups together: month x place x run each."""
    tables = ledger(scenario, seed, replicates=range(replicates))
    return [np.stack([row(table, scenario, name).sum(axis=1) for table in tables], axis=2) for name in wanted_rows]


# Where and when -----------------------------------------------------------------------------------------------------


def test_volunteers_are_there_when_their_place_opens():
    """In the month in which a place opens its part of the volunteers at the start is there, trained, and nobody before."""
    scenario = wanted(
        programme={"delivered_by": "volunteers", "opens": {"Aarhus": 5, "Odense": 9}}, count=1, people={"accepts_volunteers": 0.0},
        volunteers={"at_start": 24.3, "at_start_by": {"Århus": 2.0, "Odense": 1.0}, "quit_chance": 0.0, "training_months": 7},
    )  # fmt: skip
    came, free = (each.mean(axis=2) for each in rows_of(scenario, 1, "came", "free_months", replicates=400))
    before = months_before(scenario)

    # Odense, Vejle, Aarhus. 8.1 and 16.2: whole numbers with this mean.
    assert np.argwhere(came.T).tolist() == [[0, 9 + before], [2, 5 + before]]
    assert free[5 + before].tolist() == came[5 + before].tolist()
    assert came.sum(axis=0) == pytest.approx([8.1, 0.0, 16.2], abs=0.12)


def test_the_campaign_grows_evenly_from_the_opening():
    """Recruiting in month m after a place opens is m / campaign of its full strength, and all of it later."""
    scenario = wanted(
        programme={"delivered_by": "volunteers", "opens": {"all": 4}}, count=1,
        volunteers={"recruits_per_month": 30.0, "campaign_months": 10.0, "ceiling": 2_000.0, "quit_chance": 0.0},
    )  # fmt: skip
    (came,) = rows_of(scenario, 2, "came", replicates=200)
    opened = 4 + months_before(scenario)
    for month, seen in enumerate(came.sum(axis=1)[opened:]):
        rate = 30.0 * min(1.0, month / 10.0)

        statistics.mean(seen, rate, max(1e-9, np.sqrt(rate)))
    assert not came[:opened].any()


def test_recruits_come_where_the_plan_says():
    """Recruits are spread by the parts that are named; a place with none gets nobody, nor does one that is not named."""
    scenario = wanted(
        programme={"delivered_by": "volunteers"}, count=1,
        volunteers={"recruits_per_month": 30.0, "recruits_by": {"Vejle": 0.0, "Odense": 5.0}, "ceiling": 5_000.0},
    )  # fmt: skip
    (came,) = rows_of(scenario, 3, "came")

    assert came[:, [0, 2]].sum() + came[:, [1]].sum() == came.sum()
    assert [place.name for place in scenario.selected_municipalities] == ["Odense", "Vejle", "Aarhus"]
    assert not came[:, 1:].any()
    statistics.mean(came[1:, 0].sum(axis=0), 30.0 * (len(came) - 1), np.sqrt(30.0 * (len(came) - 1)))


def test_volunteers_are_stationary_where_as_many_come_as_stop():
    """Arrivals over the chance to stop is the mean number of volunteers, once there are as many."""
    scenario = wanted(
        programme={"delivered_by": "volunteers"}, count=1, people={"follow_up_months": 120},
        volunteers={"recruits_per_month": 20.0, "quit_chance": 0.1, "training_months": 0, "ceiling": 1_000.0},
    )  # fmt: skip
    (free,) = rows_of(scenario, 4, "free_months")

    # Who comes in a month may stop in it: 20 * (1 - 0.1) / 0.1, a Poisson number.
    statistics.mean(free[100].sum(axis=0), 180.0, np.sqrt(180.0))


def test_coordinators_cap_the_volunteers():
    """There are at most as many volunteers as coordinators can look after, however many come forward."""
    supply = {"recruits_per_month": 200.0, "coordinators": 2.0, "volunteers_each": 30.0, "ceiling": 5_000.0, "quit_chance": 0.0}
    capped = wanted(programme={"delivered_by": "volunteers"}, count=1, volunteers=supply)

    assert run(capped, seed=5).local.came.sum() == 60
    assert run(capped.replace(volunteers__coordinators=0.0), seed=5).local.came.sum() > 1_000


# How many, and whom ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("delivered_by", ["slots", "volunteers"])
def test_a_year_takes_in_its_number_where_more_want_it(delivered_by):
    """With ample demand as many start as are allowed, in the mean over the runs, in every year and place."""
    scenario = wanted(
        programme={"delivered_by": delivered_by, "max_per_year": 31.0, "opens": {"Vejle": 12}}, count=3_000,
        volunteers={"at_start": 600.0, "quit_chance": 0.0, "quit_after_end": 0.0},
        municipalities={"releases": {"Aarhus": 2.0, "Odense": 1.0, "Vejle": 1.0}},
    )  # fmt: skip
    (started,) = rows_of(scenario, 6, "help.started")
    years = started[:36].reshape(3, 12, 3, RUNS).sum(axis=1)
    # Odense, Vejle, Aarhus; two months of the second year are before Vejle opens.
    before, after = np.array([31 / 3, 0.0, 31 * 2 / 3]), np.array([31 / 4, 31 / 4, 31 / 2])
    expected = [before, before * 2 / 12 + after * 10 / 12, after]

    assert months_before(scenario) == 2
    assert years.mean(axis=2) == pytest.approx(np.array(expected), abs=0.4)
    assert abs(years.sum(axis=1) - 31).max() <= 3


@pytest.mark.parametrize("delivered_by", ["slots", "volunteers"])
@pytest.mark.parametrize(("most", "there", "blamed"), [(31.0, 600.0, "limit"), (31.0, 0.0, "supply"), (0.0, 6.0, "supply")])
def test_who_is_left_without_is_said_to_be_so_for_the_right_reason(delivered_by, most, there, blamed):
    """The limit, where it is used up while volunteers or slots are free; else too few volunteers or slots."""
    scenario = wanted(
        programme={"delivered_by": delivered_by, "max_per_year": most, **({"capacity": there} if delivered_by == "slots" else {})},
        count=900, volunteers={"at_start": there, "recruits_per_month": 0.0, "quit_chance": 0.0, "quit_after_end": 0.0},
    )  # fmt: skip
    limited, without = (rows.sum() for rows in rows_of(scenario, 6, "help.limited", "help.without", replicates=4))

    assert without > 100
    assert limited / without == pytest.approx(1.0 if blamed == "limit" else 0.0, abs=0.05)


def test_what_is_not_used_is_kept():
    """Where nobody came for 23 months, the number of two years is there in the 24th; where it just opened, a month's."""
    plain = wanted(programme={"max_per_year": 10.0, "starts_month": -1}, count=200, months=1)
    row_ = {**OFFERED, "starts_month": -24, "ends_month": 3, "capacity": 0.0}
    longer = plain.changed({"programme": {**plain.model_dump()["programme"], "other": row_}})
    at_once, kept = (rows_of(scenario, 7, "help.started")[0].sum(axis=1) for scenario in (plain, longer))

    statistics.mean(at_once[0], 10 / 12, 0.5)
    statistics.mean(kept[23], 20.0, 0.5)
    assert not kept[:23].any()


@pytest.mark.parametrize("offered", [0.0, 0.25, 0.7, 1.0])
def test_help_is_offered_to_the_stated_share(offered):
    """Of many people the stated share is offered the programme; the others are counted as not offered."""
    scenario = complete(
        people={**EVERYBODY_ACCEPTS, "count": 20_000}, trial={"assignment": "everyone"}, municipalities={"include": PLACES},
        programme={"help": {**OFFERED, "offered_share": offered}},
    )  # fmt: skip
    joined, refused = (each.sum() for each in rows_of(scenario, 8, "help.joined", "help.not_offered", replicates=1))

    assert joined + refused == 20_000
    assert joined == pytest.approx(20_000 * offered, abs=300)


# Flats and jobs ------------------------------------------------------------------------------------------------------


@many
@given(scenarios(), SEEDS)
def test_room_is_openings_over_what_was_wanted(scenario, seed):
    """In each place and month the part of the gains that is given is its own openings over last month's demand."""
    seen = None
    for stage, world in months_of(scenario, seed=seed):
        n, local = world.numbers, world.local
        if stage == "opened":
            assert seen is None or local.room[n.openings[:, 0] >= 0].tolist() == seen
            continue
        seen = [
            [
                n.first_room[f, local.place[p]] if not local.demand[f, p]
                else min(1.0, n.openings[f, local.place[p]] * float(local.at_liberty[p]) / (float(local.demand[f, p]) / 2**32))
                for p in range(len(local.number))
            ]
            for f in np.flatnonzero(n.openings[:, 0] >= 0)
        ]  # fmt: skip


def test_as_many_find_a_flat_as_flats_come_up():
    """Over years the gains in a place are its openings, and twice as many where twice as many come up."""
    thing = {**NEUTRAL, "missing_at_release": 0.9, "gain": 0.4, "loss": 0.2, "openings": 2.0, "openings_by": {"Odense": 2.0}}
    scenario = steady(
        0.0, people={"count": 20_000, "follow_up_months": 48}, factor={"thing": thing},
        municipalities={"include": ["Aarhus", "Odense"], "releases": {"all": 1.0}},
    )  # fmt: skip
    cohort, told = tell(scenario, seed=9)
    place = [each.name for each in scenario.selected_municipalities]
    gains = np.bincount(cohort.people.place[told.person[(told.kind == GAIN) & (told.month > 0)]])
    people = np.bincount(cohort.people.place)
    for name, openings in (("Aarhus", 0.02), ("Odense", 0.04)):
        expected = openings * people[place.index(name)] * 47

        statistics.mean([gains[place.index(name)]], expected, np.sqrt(expected))
        with pytest.raises(statistics.Improbable):
            statistics.mean([gains[place.index(name)]], 1.1 * expected, np.sqrt(expected))


# What changes nothing ------------------------------------------------------------------------------------------------


@many
@given(scenarios(programmes=(1, 3), signed_up=False), SEEDS)
def test_nobody_is_offered_anything_as_if_there_were_no_programme(scenario, seed):
    """Offered to nobody, programmes leave every byte of people and events as it is without them."""
    scenario = scenario.replace(people__follow_up_months=told_for(scenario))
    nobody = simulate(scenario.changed({"trial.assignment": "nobody"}), seed=seed)
    none = simulate(scenario.changed({"trial.assignment": "nobody", "programme": {}}), seed=seed)

    assert none.people.equals(nobody.people)
    assert none.events.drop(columns="detail").equals(nobody.events.drop(columns="detail"))
    assert none.events["detail"].astype(str).equals(nobody.events["detail"].astype(str))


def test_names_and_order_of_places_decide_no_count():
    """The same municipalities in another order and spelling: every number by place, everywhere, is the same."""
    supply = {"at_start": 30.0, "recruits_per_month": 3.0, "at_start_by": {"Aarhus": 2.0, "Odense": 1.0},
              "recruits_by": {"Odense": 1.0, "Vejle": 2.0}, "ceiling_by": {"Aarhus": 1.0, "Odense": 2.0, "Vejle": 1.5}}  # fmt: skip
    thing = {"missing_at_release": 0.6, "gain": 0.2, "openings": 3.0, "openings_by": {"Aarhus": 0.5, "Vejle": 2.0}}
    help_ = {"delivered_by": "volunteers", "municipalities": ["Aarhus", "Odense"], "opens": {"Aarhus": 2, "Odense": 3}, "max_per_year": 20.0}
    released = {"Aarhus": 1.0, "Odense": 2.0, "Vejle": 3.0}
    data = {
        "people": {"count": 300, "release_months": 12}, "trial": {"assignment": "everyone"}, "volunteers": supply,
        "factor": {"housing": thing}, "programme": {"help": help_}, "municipalities": {"include": PLACES, "releases": released},
    }  # fmt: skip
    plain = complete(**data)
    other = complete(**_spelt(data))
    (one,), (same,) = ledger(plain, 10), ledger(other, 10)

    assert one.tobytes() == same.tobytes()
    assert row(one, plain, "help.started").sum() > 5


def _spelt(data):
    """Names of places in other spellings, tables in the other order."""
    if isinstance(data, dict):
        return {_spelt(key): _spelt(value) for key, value in reversed(data.items())}
    if isinstance(data, list):
        return [_spelt(each) for each in reversed(data)]
    return {"Aarhus": "ÅRHUS", "Odense": " odense", "Vejle": "vejle"}.get(data, data) if isinstance(data, str) else data

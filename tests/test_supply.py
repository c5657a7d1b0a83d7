"""Volunteers, seats and the waiting list: nobody appears, vanishes or serves two people, and the list is served in order."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings

from simulation import simulate
from simulation.municipal_shares import limits, seats
from simulation.rules import MATCHED, WAITING
from simulation.volunteers import BUSY, EMPTY, FREE, TRAINING
from tests.strategies import SEEDS, scenarios
from tests.worlds import complete, told_by_month, volunteers_by_person

SUPPLIED = scenarios(programmes=(1, 2), supplied=True)
many = settings(max_examples=60)


def opened(scenario, seed):
    """The world in every month, after it has opened the month."""
    return (world for stage, world in told_by_month(scenario, seed=seed) if stage == "opened")


# Volunteers ---------------------------------------------------------------------------------------------------


@many
@given(SUPPLIED, SEEDS)
def test_volunteers_who_came_are_there_or_have_stopped(scenario, seed):
    """In every place and month: volunteers who came, less those who stopped, are in the seats that are taken."""
    for world in opened(scenario, seed):
        taken = np.add.reduceat(np.append(world.seats.state != EMPTY, 0), world.seats.begin[:-1])
        taken[world.seats.begin[:-1] == world.seats.begin[1:]] = 0

        assert taken.tolist() == (world.local.came - world.local.quit).tolist()


@many
@given(SUPPLIED, SEEDS)
def test_a_seat_is_busy_with_a_matched_person_of_its_place(scenario, seed):
    """A volunteer who is matched is matched with somebody in the programme who lives there; others with nobody."""
    for world in opened(scenario, seed):
        busy = np.flatnonzero(world.seats.state == BUSY)
        people = world.seats.person[busy]
        place = np.searchsorted(world.seats.begin, busy, side="right") - 1

        assert (world.seats.person[world.seats.state != BUSY] == -1).all()
        assert (world.lives.status[world.numbers.supply, people] == MATCHED).all()
        assert world.lives.locality[people].tolist() == place.tolist()


@many
@given(SUPPLIED, SEEDS)
def test_what_carries_a_person_is_the_volunteers_who_are_there(scenario, seed):
    """Everybody is carried by the volunteers in busy seats, as a share of those needed, and by no more than that."""
    for world in opened(scenario, seed):
        number = volunteers_by_person(world.seats)
        expected = [number[row] / scenario.volunteers.per_person for row in range(len(world.people.person))]
        matched = np.flatnonzero(world.lives.status[world.numbers.supply] == MATCHED)

        assert expected == world.lives.carried.tolist()
        assert all(0 < expected[row] <= 1 for row in matched)


@many
@given(SUPPLIED, SEEDS)
def test_no_volunteer_sits_on_two_seats(scenario, seed):
    """Volunteers of a place have different names, given in the order in which they came."""
    for world in opened(scenario, seed):
        for begin, end, came in zip(world.seats.begin, world.seats.begin[1:], world.local.came, strict=False):
            names = world.seats.name[begin:end][world.seats.state[begin:end] != EMPTY]

            assert len(names) == len(set(names.tolist()))
            assert (names < came).all()


@many
@given(SUPPLIED, SEEDS)
def test_volunteers_are_trained_before_they_are_matched(scenario, seed):
    """Who comes forward after the start is in training for the stated months; nobody is longer in it."""
    for world in opened(scenario, seed):
        training = world.seats.state == TRAINING

        assert (world.seats.ready[training] > world.month).all()
        assert (world.seats.ready[training] <= world.month + scenario.volunteers.training_months).all()
        assert (world.seats.ready[np.isin(world.seats.state, (FREE, BUSY))] <= world.month).all()


@many
@given(SUPPLIED, SEEDS)
def test_months_matched_are_counted_for_each_volunteer(scenario, seed):
    """What tires a volunteer is the number of months in which a match lasted, for as long as he or she stays."""
    lasted = Counter()
    for stage, world in told_by_month(scenario, seed=seed):
        seats, status = world.seats, world.lives.status[world.numbers.supply]
        for seat in np.flatnonzero(seats.state != EMPTY):
            volunteer = (int(np.searchsorted(seats.begin, seat, side="right")), int(seats.name[seat]))
            if stage == "opened":
                assert lasted[volunteer] == seats.months[seat]
            else:
                lasted[volunteer] += int(seats.state[seat] == BUSY and status[seats.person[seat]] == MATCHED)


def test_volunteers_are_not_kept_by_people_out_of_sight():
    """Volunteers of people whose follow-up is over come free at the planned end: how long we look changes no supply."""
    matches = [
        served(history.events)
        for history in (_short_supply("volunteers", "first come", release_months=24, follow_up=f) for f in (6, 24))
    ]

    assert len(matches[1]) > 10
    assert matches[1].equals(matches[0])


@many
@given(SUPPLIED)
def test_there_are_no_more_volunteers_than_the_ceiling(scenario):
    """A ceiling that is stated holds over all places together."""
    supply = scenario.volunteers

    assert supply.ceiling == 0 or seats(scenario).sum() <= np.ceil(supply.ceiling)
    assert supply.coordinators == 0 or seats(scenario).sum() <= np.ceil(supply.coordinators * supply.volunteers_each)


def test_without_volunteers_nobody_is_mentored():
    """A programme of volunteers without any leaves everybody who was offered it without."""
    scenario = complete(
        people={"count": 100, "accepts_volunteers": 1.0}, trial={"assignment": "everyone"},
        programme={"mentors": {"carried_by": "volunteers", "shortest_sentence_months": 0.0}},
    )  # fmt: skip
    events = simulate(scenario, seed=1).events

    assert 100 == (events["event"] == "unmatched").sum()
    assert not events["event"].isin(["match", "contact", "exit"]).any()


@pytest.mark.parametrize("per_person", [1, 2])
def test_a_person_is_matched_with_as_many_volunteers_as_needed(per_person):
    """Nine volunteers of one place are enough for nine people with one each, and for four people with two each."""
    scenario = complete(
        people={"count": 50, "accepts_volunteers": 1.0}, places={"include": ["Aarhus"]},
        trial={"assignment": "everyone"}, volunteers={"at_start": 9.0, "per_person": per_person, "quit_chance": 0.0},
        programme={"mentors": {"carried_by": "volunteers", "shortest_sentence_months": 0.0, "unplanned_exit": 0.0}},
    )  # fmt: skip
    events = simulate(scenario, seed=1).events
    matches = events[events["event"] == "match"]

    assert 9 // per_person == len(matches)
    assert (matches["value"] == per_person).all()


# Places and the waiting list ----------------------------------------------------------------------------------


@many
@given(scenarios(programmes=(1, 3)), SEEDS)
def test_a_programme_takes_no_more_people_than_it_has_places(scenario, seed):
    """In every month and municipality a programme without volunteers has at most its number of people."""
    for world in opened(scenario, seed):
        for k, programme in enumerate(scenario.programme.values()):
            matched = np.bincount(world.lives.locality[world.lives.status[k] == MATCHED], minlength=len(world.local.number))

            assert programme.carried_by == "volunteers" or (matched <= world.local.limit[k]).all()


@many
@given(scenarios(programmes=(1, 3)))
def test_the_places_of_a_programme_add_up_to_its_capacity(scenario):
    """Spread over the municipalities, no place is lost and none is added."""
    expected = [int(programme.capacity + 1e-9) for programme in scenario.programme.values()]

    assert expected == limits(scenario).sum(axis=1).tolist()


@many
@given(scenarios(programmes=(1, 3)), SEEDS)
def test_nobody_waits_beside_a_free_place(scenario, seed):
    """Whoever waits at liberty for a programme of places, without a limit a year, lives where all of them are taken."""
    for world in opened(scenario, seed):
        for k, programme in enumerate(scenario.programme.values()):
            status = world.lives.status[k]
            matched = np.bincount(world.lives.locality[status == MATCHED], minlength=len(world.local.number))
            there = (world.lives.inside == 0) | (world.people.release > world.month)
            waiting = world.lives.locality[there & (status == WAITING)]

            limited = programme.carried_by == "volunteers" or programme.most_a_year > 0.0
            assert limited or (matched[waiting] == world.local.limit[k, waiting]).all()


@pytest.mark.parametrize("carried_by", ["places", "volunteers"])
@pytest.mark.parametrize(("allocation", "sign"), [("highest risk", 1), ("lowest risk", -1)])
def test_the_list_is_served_by_risk(carried_by, allocation, sign):
    """When there is help for a few only, nobody left without comes before anybody matched in the stated order."""
    history = _short_supply(carried_by, allocation, release_months=1)
    matched = history.people["person"].isin(history.events.loc[history.events["event"] == "match", "person"])
    score = sign * history.people["score"]

    assert 10 == matched.sum()
    assert score[matched].min() >= score[~matched].max()


@pytest.mark.parametrize("carried_by", ["places", "volunteers"])
def test_first_come_is_first_served(carried_by):
    """When there is help for a few only, it goes to those who were due first."""
    history = _short_supply(carried_by, "first come", release_months=20, ends=40)
    matched = history.people["person"].isin(history.events.loc[history.events["event"] == "match", "person"])
    release = history.people["release"]

    assert 10 == matched.sum()
    assert release[matched].max() <= release[~matched].min()


@pytest.mark.parametrize("carried_by", ["places", "volunteers"])
def test_a_lottery_is_not_the_order_of_risk_or_release(carried_by):
    """Drawn by lot, other people are served than by risk, and others again with another seed."""
    chosen = [
        set(history.events.loc[history.events["event"] == "match", "person"])
        for history in (
            _short_supply(carried_by, "lottery", release_months=1, seed=1),
            _short_supply(carried_by, "lottery", release_months=1, seed=2),
            _short_supply(carried_by, "highest risk", release_months=1, seed=1),
        )
    ]

    assert [10] * 3 == [len(each) for each in chosen]
    assert len(set.union(*chosen)) > 15


def served(events):
    """Who was matched, and when."""
    return events.loc[events["event"] == "match", ["person", "month"]].reset_index(drop=True)


def _short_supply(carried_by, allocation, *, release_months, follow_up=24, ends=12, seed=1):
    """A hundred people of one place who all want the help that there is for ten of them; nobody leaves it."""
    return simulate(
        complete(
            people={"count": 100, "accepts_volunteers": 1.0, "release_months": release_months,
                    "follow_up_months": follow_up},
            places={"include": ["Aarhus"]}, trial={"assignment": "everyone"},
            offending={"prison_chance": 0.0, "prison_per_conviction": 0.0},
            volunteers={"at_start": 10.0, "per_person": 1, "quit_chance": 0.0, "quit_after_end": 0.0},
            programme={"help": {
                "carried_by": carried_by, "capacity": 10.0, "allocation": allocation, "shortest_sentence_months": 0.0,
                "unplanned_exit": 0.0, "ends_month": ends,
            }},
        ),
        seed=seed,
    )  # fmt: skip

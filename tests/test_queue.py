"""The waiting list against the theory of queues: many servers with known waits."""

from __future__ import annotations

from functools import cache
from math import factorial

import numpy as np
import pytest
from scipy import stats

from simulation.compiled_parameters import calendar_months
from simulation.engine import over_chunks, run, tell
from simulation.events import MATCH
from simulation.monthly_counts import names
from simulation.municipal_shares import limits
from simulation.rules import WITHOUT
from tests import statistics
from tests.worlds import EVERYBODY_ACCEPTS, steady

MONTHS, WARM, RUNS = 600, 100, 3
LEAVES, LOAD = 0.4, 0.7
"""Chance that a place comes free in a month, and how much of the places' time is asked for."""
FROM, TO = -24, 12
"""Months from release in which somebody waits: patience of three years, which is longer than anybody's wait."""


def queue(*, places, count, months, programme=None, people=None, where=("all",), **tables):
    """People without crime who all want a programme with so many places; service is a match that ends by chance."""
    help_ = {
        "delivered_by": "slots", "capacity": float(places), "shortest_sentence_months": 0.0, "starts_month": FROM,
        "deadline_month": TO, "ends_month": 120, "dropout_chance": LEAVES, **(programme or {}),
    }  # fmt: skip
    everybody = {**EVERYBODY_ACCEPTS, "count": count, "release_months": months, "follow_up_months": 121, **(people or {})}
    return steady(0.0, people=everybody, trial={"assignment": "everyone"}, programme={"help": help_},
                  municipalities={"include": list(where)}, **tables)  # fmt: skip


def tallied(scenario, seed, replicates=range(1)):
    """The programme's rows of the ledger by name: month x place and run, groups together."""
    parts = list(over_chunks(scenario, seed, replicates, lambda cohort: cohort.tally.sum(axis=2), threads=1, ledger=True))
    rows = np.concatenate(parts, axis=2)
    return {name.removeprefix("help."): rows[k] for k, name in enumerate(names(scenario)) if name.startswith("help.")}


# Many servers -------------------------------------------------------------------------------------------------------


def waits(arrivals, leaves, servers, most=150):
    """Mean wait (months) and share who wait, in a queue told month by month: the Markov chain, solved.

    A month opens with a Poisson number of arrivals, who take the free places and wait for the rest; then each of the
    busy places comes free with the chance ``leaves``.
    """
    new = stats.poisson.pmf(np.arange(most), arrivals)
    states = np.arange(most)
    step = np.zeros((most, most))
    for there in states:
        free = stats.binom.pmf(np.arange(min(there, servers) + 1), min(there, servers), leaves)
        for number, chance in enumerate(free):
            step[there, there - number :] += chance * new[: most - there + number]
    step /= step.sum(axis=1, keepdims=True)
    chain = np.vstack([(step - np.eye(most)).T, np.ones(most)])
    share = np.linalg.lstsq(chain, np.append(np.zeros(most), 1.0), rcond=None)[0]
    waiting = share @ np.maximum(states - servers, 0)
    after = np.zeros(most)
    for there in states:
        free = stats.binom.pmf(np.arange(min(there, servers) + 1), min(there, servers), leaves)
        after[there - np.arange(len(free))] += share[there] * free
    room = np.maximum(servers - states, 0)
    at_once = after @ np.array([new @ np.minimum(states, each) for each in room])
    return waiting / arrivals, 1.0 - at_once / arrivals


def erlang(load, servers):
    """Share who wait in M/M/c with an offered load of so many servers (Erlang C)."""
    last = load**servers / factorial(servers) * servers / (servers - load)
    return last / (sum(load**k / factorial(k) for k in range(servers)) + last)


@pytest.mark.parametrize("servers", [1, 2, 4])
def test_in_small_steps_the_chain_is_erlangs(servers):
    """With months as small as a hundredth, the chain of the next tests gives Erlang's waits."""
    arrivals, step = LOAD * servers * LEAVES, 0.05
    mean, share = waits(arrivals * step, LEAVES * step, servers, most=80)
    expected = erlang(LOAD * servers, servers)

    assert share == pytest.approx(expected, abs=0.01)
    assert mean * step == pytest.approx(expected / (servers * LEAVES - arrivals), rel=0.03)


@cache
def served():
    """Places and waits of many queues at once: municipalities with two to four places, people in proportion to them."""
    scenario = queue(places=250, count=1, months=MONTHS)
    number = limits(scenario)[0]
    weight = np.where((number >= 2) & (number <= 4), number, 0)
    names_ = [place.name for place in scenario.selected_municipalities]
    scenario = scenario.changed({
        "people.count": round(LOAD * LEAVES * weight.sum() * MONTHS),
        "municipalities.releases": dict(zip(names_, weight.astype(float).tolist(), strict=True)),
    })  # fmt: skip
    rows = tallied(scenario, 1, range(RUNS))
    return np.tile(weight, RUNS), {name: each[WARM:MONTHS] for name, each in rows.items()}, scenario


@pytest.mark.parametrize("servers", [2, 3, 4])
def test_people_wait_as_long_as_in_a_queue_with_so_many_servers(servers):
    """The mean list and the mean wait of each place are those of the chain; with one server more they are not."""
    number, rows, _ = served()
    here = number == servers
    arrivals = LOAD * LEAVES * servers
    listed, started = rows["listed_months"][:, here], rows["started"][:, here]
    wait = rows["waited_months"][:, here].sum(axis=0) / started.sum(axis=0)
    expected, _ = waits(arrivals, LEAVES, servers)
    shorter, _ = waits(arrivals, LEAVES, servers + 1)

    assert here.sum() >= 30
    statistics.mean(wait, expected, wait.std(ddof=1))
    statistics.mean(listed.mean(axis=0), arrivals * expected, listed.mean(axis=0).std(ddof=1))
    with pytest.raises(statistics.Improbable):
        statistics.mean(wait, shorter, wait.std(ddof=1))


@pytest.mark.parametrize("servers", [2, 3, 4])
def test_as_many_wait_as_in_a_queue_with_so_many_servers(servers):
    """The share of people who are not matched in the month in which they are due; with one server more it is not that."""
    number, _, scenario = served()
    cohort, told = tell(scenario, seed=7, every_event=False)
    release, place = cohort.people.release[told.person], cohort.people.place[told.person]
    counts = (told.kind == MATCH) & (release >= WARM - FROM) & (release < MONTHS - FROM) & (number[place] == servers)
    waited = np.bincount(place[counts], told.month[counts] > FROM) / np.maximum(1, np.bincount(place[counts]))
    waited = waited[np.flatnonzero(number[: len(waited)] == servers)]
    (_, share), (_, smaller) = (waits(LOAD * LEAVES * servers, LEAVES, each) for each in (servers, servers + 1))

    statistics.mean(waited, share, waited.std(ddof=1))
    with pytest.raises(statistics.Improbable):
        statistics.mean(waited, smaller, waited.std(ddof=1))


def test_nobody_is_left_without_where_patience_is_long():
    """In the queues above everybody is served, so that nothing is lost from them."""
    _, rows, scenario = served()

    assert rows["without"].sum() <= 0.001 * rows["joined"].sum()
    assert rows["started"].sum() > 0.6 * RUNS * scenario.people.count


def test_the_list_is_arrivals_times_the_wait():
    """Little's law in a stationary run: the mean list is the people who come a month times the months they wait."""
    _, rows, _ = served()
    wait = rows["waited_months"].sum() / rows["started"].sum()

    assert rows["listed_months"].sum() / rows["joined"].sum() == pytest.approx(wait, rel=0.01)


def test_a_queue_without_places_only_grows():
    """Without places everybody waits to the end of patience, and nobody is served."""
    scenario = queue(places=0, count=100, months=12)
    found = {name: int(each.sum()) for name, each in tallied(scenario, 1).items()}

    assert (found["started"], found["without"], found["listed_months"]) == (0, 100, (TO - FROM) * 100)
    assert (run(scenario, seed=1).lives.status[0] == WITHOUT).all()


# Volunteers ----------------------------------------------------------------------------------------------


def test_volunteers_who_never_tire_are_servers():
    """Three volunteers of one place, one to a person, who never stop: the same people wait as long as for three places."""
    supply = {"at_start": 3.0, "per_person": 1, "quit_chance": 0.0, "quit_after_end": 0.0}
    one, other = (
        tallied(queue(places=3, count=200, months=300, programme={"delivered_by": kind}, where=["Aarhus"], volunteers=supply), 5)
        for kind in ("slots", "volunteers")
    )

    assert one["started"].sum() > 100
    assert all(one[name].tolist() == other[name].tolist() for name in ("joined", "started", "without", "waited_months"))


def test_a_known_list_by_hand():
    """Ten people of one month, three places, nobody leaves before the end: three are matched at once, seven wait in vain."""
    rules = {"dropout_chance": 0.0, "starts_month": -2, "deadline_month": 3, "ends_month": 12}
    scenario = queue(
        places=3, count=10, months=1, programme=rules, people={"follow_up_months": 13}, where=["Aarhus"]
    )  # fmt: skip
    found = tallied(scenario, 1)

    assert found["started"].ravel().tolist() == [3] + [0] * (calendar_months(scenario) - 1)
    assert found["listed_months"].ravel().tolist()[:7] == [7, 7, 7, 7, 7, 0, 0]
    assert found["without"].ravel().tolist()[:7] == [0, 0, 0, 0, 0, 7, 0]
    assert found["months"].ravel().tolist() == [3] * 14 + [0]
    assert found["planned_end"].ravel().tolist() == [0] * 14 + [3]

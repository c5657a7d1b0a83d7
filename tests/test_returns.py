"""A stream of releases in which those who come back count: as many every year, of the same kind, and fewer with help."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulation import ReentryModel, simulate
from simulation.cohort import prepared
from simulation.engine import over_chunks, run
from simulation.ledger import names
from simulation.population import relative_hazard
from simulation.reentry_stream import BINS, is_new, solved, stream
from simulation.scenario import Scenario
from tests import statistics
from tests.strategies import SEEDS, scenarios
from tests.test_agreement import assert_same_columns

YEARS, A_YEAR, RUNS = 6, 400, 40
ODD = 0.03
"""How far a year's mean may lie from the stated number: the pilot knows the returns to about 1 %, the runs to 0.6 %."""


def country(*, returns_count=True, follow_up=12 * YEARS, **changes):
    """400 releases a year to one place, over six years."""
    return Scenario().changed({
        "people.count": A_YEAR * YEARS, "people.release_months": 12 * YEARS, "people.follow_up_months": follow_up,
        "people.calendar_months": 12 * YEARS, "people.returns_count": returns_count, "places.include": ["Aarhus"],
        **{key.replace("__", "."): value for key, value in changes.items()},
    })  # fmt: skip


HELP = {
    "programme": {"help": {"carried_by": "places", "capacity": 1e6, "shortest_sentence_months": 0.0, "again": True,
                           "direct_effect": 0.05, "direct_effect_others": 0.05, "ends_month": 24}},
    "trial.assignment": "everyone", "people.accepts_volunteers": 1.0,
}  # fmt: skip


@cache
def released(kind):
    """Releases by year, risk group and run of a kind of stream."""
    scenario = {
        "counting": country, "not counting": lambda: country(returns_count=False),
        "short": lambda: country(follow_up=24), "helped": lambda: country(**HELP),
    }[kind]()  # fmt: skip
    row = names(scenario).index("released")
    before = 2 if scenario.programme else 0

    def reduced(cohort):
        """Releases by month, group and run."""
        return cohort.tally[row, before:]

    months = np.concatenate(list(over_chunks(scenario, 1, range(RUNS), reduced, ledger=True, threads=1)), axis=2)
    return months.reshape(YEARS, 12, 2, RUNS).sum(axis=1)


# The renewal equation ---------------------------------------------------------------------------------------------


def test_new_people_by_hand():
    """Half return after a month: 1, then 1 - 1/2, then 1 - 1/4, ...; a quarter return after two months, too."""
    returns = np.array([[0.0, 0.5, 0.0, 0.0], [0.0, 0.5, 0.25, 0.0], [0.0, 0.0, 0.0, 0.0]])
    expected = [[1.0, 0.5, 0.75, 0.625], [1.0, 0.5, 0.5, 0.625], [1.0, 1.0, 1.0, 1.0]]

    assert expected == solved(returns, 4).tolist()


def test_returns_beyond_the_releases_leave_nobody_new():
    """Where everybody is back twice as often as there are releases, nobody is new."""
    assert solved(np.array([[0.0, 2.0, 0.0]]), 3).tolist() == [[1.0, 0.0, 1.0]]


@given(st.lists(st.floats(0, 0.2), min_size=2, max_size=30))
def test_new_people_and_returns_are_all_releases(kernel):
    """In every month those who are new and those of before who return add up to one release, or to more."""
    returns = np.array([[0.0, *kernel[1:]]])
    (new,) = solved(returns, len(kernel))
    back = np.convolve(new, returns[0])[: len(kernel)]

    assert (new + back)[new > 0] == pytest.approx(1.0)
    assert (back[new == 0] >= 1.0).all()


# The stream --------------------------------------------------------------------------------------------------------


def test_as_many_are_released_every_year():
    """Every year of the six has the stated number of releases, in the mean over the runs."""
    mean = released("counting").sum(axis=1).mean(axis=1)

    assert mean == pytest.approx(np.full(YEARS, A_YEAR), rel=ODD)


def test_without_counting_returns_releases_grow():
    """Where returns come on top, the sixth year has far more releases: the claim above can fail."""
    mean = released("not counting").sum(axis=1).mean(axis=1)

    assert (np.diff(mean) > ODD * A_YEAR).all()
    assert mean[-1] > 1.5 * A_YEAR


def test_the_released_are_of_the_same_kind_every_year():
    """The share of the highest-risk group among the releases stays; where returns come on top, it grows."""
    share, grows = ((each[:, 1] / each.sum(axis=1)).mean(axis=1) for each in (released("counting"), released("not counting")))

    assert share == pytest.approx(np.full(YEARS, share[0]), abs=0.02)
    assert (np.diff(grows) > 0).all()
    assert grows[-1] > share[0] + 0.05


def test_a_programme_lets_releases_fall():
    """With strong help fewer return every year, and nobody takes their place."""
    with_help, without = (released(kind).sum(axis=1).mean(axis=1) for kind in ("helped", "counting"))

    assert (np.diff(with_help) < 0).all()
    assert with_help[-1] < 0.8 * without[-1]


def test_as_many_are_released_however_short_they_are_followed():
    """Only those who are followed return, so with two years of follow-up more people are new, not fewer released."""
    mean = released("short").sum(axis=1).mean(axis=1)

    assert mean == pytest.approx(np.full(YEARS, A_YEAR), rel=ODD)


# Who is new ---------------------------------------------------------------------------------------------------------


@settings(max_examples=15)
@given(scenarios(returning=True), SEEDS)
def test_new_people_are_some_of_those_drawn(scenario, seed):
    """Whoever is in a stream is, to the byte, among the people of the same scenario in which returns do not count."""
    some, every = (
        prepared(scenario.replace(people__returns_count=counts), seed, range(2)).people for counts in (True, False)
    )
    number = {key: i for i, key in enumerate(zip(every.replicate.tolist(), every.person.tolist(), strict=True))}
    rows = [number[key] for key in zip(some.replicate.tolist(), some.person.tolist(), strict=True)]

    assert_same_columns(type(every)(*(column[..., rows] for column in every)), some)


@settings(max_examples=15)
@given(scenarios(returning=True), SEEDS)
def test_nobody_is_left_out_where_nobody_returns(scenario, seed):
    """Without prison sentences, and in the first month of any stream, everybody is new."""
    free = scenario.replace(offending__prison_chance=0.0, offending__prison_per_conviction=0.0)
    at_once = scenario.replace(people__release_months=1)
    for each in (free, at_once):
        plain = run(each.replace(people__returns_count=False), seed=seed)

        assert_same_columns(plain.people, run(each, seed=seed).people)
        assert_same_columns(plain.lives, run(each, seed=seed).lives)


def test_a_programme_decides_nobody_who_is_new():
    """The same people are new with a programme and without, whatever it does, and whoever is offered it."""
    plain, helped = prepared(country(), 3, range(2)).people, prepared(country(**HELP), 3, range(2)).people

    assert plain.person.tolist() == helped.person.tolist()
    assert (helped.release - plain.release == 2).all()
    assert_same_columns(stream(country()), stream(country(**HELP)))


def test_people_who_never_offend_are_always_new():
    """Who never returns is never counted as a return: everybody who never offends is in the stream."""
    some, every = (prepared(country(returns_count=counts), 2, range(5)).people for counts in (True, False))

    assert some.never.sum() == every.never.sum() > 0
    assert len(some.never) < 0.8 * len(every.never)


def test_each_risk_group_has_its_own_share_of_new_people():
    """Among those drawn for a year the new ones are the stated shares, group by group; higher risk, fewer new."""
    scenario = country(returns_count=False)
    found = stream(country())
    people = prepared(scenario, 4, range(RUNS)).people
    _, hazard = relative_hazard(scenario, people)
    new = is_new(country(), people, hazard, 4)
    group = np.where(hazard > 0, 1 + np.searchsorted(found.edges, hazard), 0)
    shares = []
    for number in range(BINS + 1):
        here = (group == number) & (people.release >= 12 * (YEARS - 1))
        expected = found.new[number, people.release[here]].mean()
        shares.append(expected)

        statistics.share(new[here].sum(), here.sum(), expected)
    assert shares[0] == 1.0
    assert all(later < earlier for earlier, later in pairwise(shares))


def test_a_stream_does_not_depend_on_the_seed():
    """The pilot has a seed of its own: which part is new is one number for all runs."""
    first = stream(country())
    simulate(country(people__count=50), seed=77)

    assert stream(country()) is first
    assert (first.new[:, 0] == 1.0).all()
    assert ((first.new >= 0) & (first.new <= 1)).all()


# Both drivers -------------------------------------------------------------------------------------------------------


@settings(max_examples=15)
@given(scenarios(returning=True, programmes=(1, 2)), SEEDS)
def test_both_drivers_tell_a_stream_alike(scenario, seed):
    """The compiled engine and the Mesa model tell one history of a stream, and no cut changes it."""
    told = simulate(scenario, seed=seed)
    whole, cut = (run(scenario, seed=seed, replicates=2, threads=1, chunk_people=size) for size in (16384, 1))

    assert told.same_as(ReentryModel(scenario, seed=seed).run())
    assert_same_columns(whole.people, cut.people)
    assert_same_columns(whole.lives, cut.lives)

"""A stream of releases in which those who come back count: fewer with help, as many with a short follow-up, who is new."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings

from simulation.cohort import prepared
from simulation.engine import over_chunks, run
from simulation.monthly_counts import names
from simulation.scenario import Scenario
from tests.strategies import SEEDS, scenarios
from tests.worlds import assert_same_columns

YEARS, A_YEAR, RUNS = 6, 400, 40
ODD = 0.03
"""How far a year's mean may lie from the stated number: the pilot knows the returns to about 1 %, the runs to 0.6 %."""


def country(*, include_reentries=True, follow_up=12 * YEARS, **changes):
    """400 releases a year to one place, over six years."""
    return Scenario().changed({
        "people.count": A_YEAR * YEARS, "people.release_months": 12 * YEARS, "people.follow_up_months": follow_up,
        "people.calendar_months": 12 * YEARS, "people.include_reentries": include_reentries, "municipalities.include": ["Aarhus"],
        **{key.replace("__", "."): value for key, value in changes.items()},
    })  # fmt: skip


HELP = {
    "programme": {"help": {"delivered_by": "slots", "capacity": 1e6, "shortest_sentence_months": 0.0, "re_eligible": True,
                           "direct_hazard_ratio": 0.05, "direct_hazard_ratio_others": 0.05, "ends_month": 24}},
    "trial.assignment": "everyone", "people.accepts_volunteers": 1.0,
}  # fmt: skip


@cache
def released(kind):
    """Releases by year, risk group and run of a kind of stream."""
    scenario = {
        "counting": country,
        "short": lambda: country(follow_up=24), "helped": lambda: country(**HELP),
    }[kind]()  # fmt: skip
    row = names(scenario).index("released")
    before = 2 if scenario.programme else 0

    def reduced(cohort):
        """Releases by month, group and run."""
        return cohort.tally[row, before:]

    months = np.concatenate(list(over_chunks(scenario, 1, range(RUNS), reduced, ledger=True, threads=1)), axis=2)
    return months.reshape(YEARS, 12, 2, RUNS).sum(axis=1)


# The stream --------------------------------------------------------------------------------------------------------


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
        prepared(scenario.replace(people__include_reentries=counts), seed, range(2)).people for counts in (True, False)
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
        plain = run(each.replace(people__include_reentries=False), seed=seed)

        assert_same_columns(plain.people, run(each, seed=seed).people)
        assert_same_columns(plain.lives, run(each, seed=seed).lives)

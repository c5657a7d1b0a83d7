"""On the same luck: what protects brings nobody's first offence forward, and help changes nothing before it comes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulation import simulate
from simulation.compiled import plain
from simulation.engine import run
from simulation.rules import holds
from tests.strategies import SEEDS, chances, scenarios
from tests.worlds import (
    EVERYBODY_SAYS_YES,
    NEUTRAL,
    OF_THE_PROGRAMME,
    OFFERED,
    complete,
    lives_told,
    steady,
)  # fmt: skip

APART = scenarios(apart=True, programmes=(1, 3), assignments=("everyone",))
many = settings(max_examples=60)
WORDS = st.integers(0, 2**32 - 1)


def of_all(scenario, **values):
    """Overrides that give every programme of a scenario these values."""
    return {f"programme.{name}.{key}": value for name in scenario.programme for key, value in values.items()}


def first_offences(scenario, seed):
    """Own month of everybody's first offence."""
    return run(scenario, seed=seed, replicates=2).lives.first_offence


# Protection ---------------------------------------------------------------------------------------------------


@many
@given(APART, SEEDS, chances(0.01))
def test_a_stronger_relationship_brings_no_first_offence_forward(scenario, seed, part):
    """A lower hazard while they meet delays first offences or leaves them where they were, on the same luck."""
    effects = {
        f"programme.{name}.{which}": max(0.001, part * getattr(row, which))
        for name, row in scenario.programme.items()
        for which in ("direct_effect", "direct_effect_others")
    }

    assert (first_offences(scenario, seed) <= first_offences(scenario.changed(effects), seed)).all()


@many
@given(
    APART, SEEDS,
    st.sampled_from([("contact_chance", 0.5, 1.0), ("unplanned_exit", 0.2, 0.0), ("stays", 0.1, 0.9), ("half_life_months", 2.0, 40.0)]),
)  # fmt: skip
def test_a_longer_relationship_brings_no_first_offence_forward(scenario, seed, change):
    """More months met, fewer ends, and more that stays for longer protect, where the relationship itself does."""
    key, less, more = change
    direct = of_all(scenario, direct_effect=0.5, direct_effect_others=0.7, support_effect=1.0, support_effect_others=1.0)
    weak = scenario.changed({**direct, **of_all(scenario, **{key: less})})
    strong = scenario.changed({**direct, **of_all(scenario, **{key: more})})

    assert (first_offences(weak, seed) <= first_offences(strong, seed)).all()


@many
@given(scenarios(apart=True), SEEDS, chances(0.1))
def test_a_lower_level_of_risk_brings_no_first_offence_forward(scenario, seed, part):
    """The level multiplies everybody's hazard."""
    lower = scenario.replace(risk__level=max(0.01, part * scenario.risk.level))

    assert (first_offences(scenario, seed) <= first_offences(lower, seed)).all()


@many
@given(WORDS, chances(0.0, 0.5), chances(0.0, 0.5), st.sampled_from([1.0, 1.5, 2.0]))
def test_luck_does_not_favour_who_lacks_something(word, gain, loss, times):
    """On the same luck nobody who holds a factor ends up without it where somebody who lacks it, with no more help, gains it."""
    held = plain(holds)(1, 0, word, gain * times, loss / times)
    lacked = plain(holds)(0, 0, word, gain, loss)

    assert held >= lacked


def test_more_help_with_support_brings_no_first_offence_forward():
    """Help that makes gains likelier and losses rarer protects, on the same luck, where lacking a thing raises the hazard."""
    thing = {"lacked_at_release": 0.5, "gain": 0.1, "loss": 0.1, "lacking_hazard_ratio": 4.0}
    help_for_all = {**OFFERED, "helps": {"thing": 1.0}, "support_effect_others": 0.9}
    scenario = steady(
        0.05, factor={"thing": thing}, people={**EVERYBODY_SAYS_YES, "count": 5000}, trial={"assignment": "everyone"},
        programme={"help": {**help_for_all, "support_effect": 0.9}},
    )  # fmt: skip
    more = scenario.changed({"programme.support_effect": 0.7, "programme.support_effect_others": 0.7})

    assert 0 == (first_offences(scenario, 1) > first_offences(more, 1)).sum()


# Paired lives -------------------------------------------------------------------------------------------------


@many
@given(APART, SEEDS)
def test_two_lives_of_a_person_part_at_the_first_contact(scenario, seed):
    """With and without help people live the same months on the same luck until they first meet the programme."""
    helped = lives_told(simulate(scenario, seed=seed))
    alone = lives_told(simulate(scenario.replace(trial__assignment="nobody"), seed=seed))
    for key, events in helped.items():
        parting = min((event.month for event in events if event.what == "contact"), default=10_000)
        before = [e for e in events if e.month < parting and e.what not in OF_THE_PROGRAMME]

        assert before == [e for e in alone[key] if e.month < parting]


@many
@given(scenarios(apart=True, programmes=(1, 3), assignments=("randomised",)), SEEDS)
def test_controls_live_as_if_there_were_no_programme(scenario, seed):
    """Where people have no influence on each other, whoever draws the lot of a control lives the life of nobody offered."""
    drawn = simulate(scenario, seed=seed)
    control = drawn.people.loc[drawn.people["arm"] == "control", "person"]
    nobody = simulate(scenario.replace(trial__assignment="nobody"), seed=seed).events
    expected = nobody[nobody["person"].isin(control)].reset_index(drop=True)

    assert expected.equals(drawn.events[drawn.events["person"].isin(control)].reset_index(drop=True))


# Scarcity -----------------------------------------------------------------------------------------------------


def _scarce(openings, *, gain=0.3):
    """Five hundred people of one place after one thing; it is never lost, and nobody offends."""
    thing = {**NEUTRAL, "lacked_at_release": 0.8, "gain": gain, "openings": openings}
    return complete(
        people={"count": 500, "release_months": 3}, places={"include": ["Aarhus"]}, risk={"monthly_hazard": 0.0},
        factor={"thing": thing},
    )  # fmt: skip


def _gains(scenario):
    events = simulate(scenario, seed=1).events
    return events[events["event"] == "gain"]


@pytest.mark.parametrize("programme", [{}, {"help": {}}])
def test_without_openings_nobody_gains(programme):
    """Where no flat or job comes up nobody finds one, in the first month as little as later, with a programme or without."""
    scenario = complete(**{**_scarce(0.0).model_dump(), "programme": programme})

    assert 0 == len(_gains(scenario))


def test_more_openings_give_no_fewer_gains():
    """By every month at least as many people have gained what there are more openings of."""
    openings = (0.5, 2.0, 10.0, 30.0, 100.0)
    by_month = [np.bincount(_gains(_scarce(each))["month"], minlength=24).cumsum() for each in openings]

    assert (np.diff(by_month, axis=0) >= 0).all()


@pytest.mark.parametrize("openings", [1.0, 4.0])
def test_gains_are_about_as_many_as_openings_when_things_are_short(openings):
    """While many more people seek than find, the places' openings are what is given out, the first month apart."""
    scenario = _scarce(openings).changed({"people.release_months": 1, "people.follow_up_months": 12})
    events = _gains(scenario)
    later = (events["month"] > 0).sum()

    assert later == pytest.approx(11 * 500 * openings / 100, rel=0.25)


@pytest.mark.parametrize("aim", [0.9, 0.3])
def test_help_gives_out_no_more_than_there_is(aim):
    """However much likelier help makes a gain, it takes what is scarce from others and makes nothing.

    What can be given follows the demand of the month before, so the first half year, when it leaps, is left out.
    """
    scenario = complete(
        people={"count": 4000, "release_months": 24, "follow_up_months": 12, **EVERYBODY_SAYS_YES},
        places={"include": ["Aarhus"]},
        risk={"monthly_hazard": 0.0}, trial={"assignment": "randomised"},
        factor={"thing": {**NEUTRAL, "lacked_at_release": 0.9, "gain": 0.02, "openings": 0.5, "lacking_hazard_ratio": 3.0}},
        programme={"help": {**OFFERED, "helps": {"thing": 1.0}, "support_effect": aim, "support_effect_others": aim}},
    )  # fmt: skip
    history = simulate(scenario, seed=1)
    gains = history.events[history.events["event"] == "gain"].merge(history.people[["person", "release"]], on="person")
    late = (gains["month"] + gains["release"]).between(6, 23)
    person_months = sum(((history.people["release"] <= t) & (history.people["release"] > t - 12)).sum() for t in range(6, 24))
    mentored = gains["person"].isin(history.people.loc[history.people["arm"] == "mentored", "person"]).sum()

    assert mentored > 1.3 * (len(gains) - mentored)
    assert late.sum() == pytest.approx(person_months * 0.005, rel=0.25)

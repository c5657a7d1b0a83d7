"""The Mesa model as something to look at: people, volunteers, diaries and collected data say what the history says."""

from __future__ import annotations

import gc
import math
import weakref

import mesa
import pytest
from hypothesis import given, settings

from simulation import ReentryModel, Scenario
from simulation.mesa_model import Person, Volunteer
from tests.strategies import SEEDS, scenarios
from tests.worlds import differing, events_by_person, in_custody

SCENARIO = differing(
    people={"count": 60, "accepts_volunteers": 1.0, "release_months": 6}, municipalities={"include": ["Aarhus"]},
    risk={"hazard_multiplier": 2.0}, trial={"assignment": "everyone"}, volunteers={"at_start": 30.0},
    programme={"mentors": {"delivered_by": "volunteers", "shortest_sentence_months": 0.0, "direct_hazard_ratio": 0.6}},
)  # fmt: skip


@pytest.fixture(scope="module")
def told():
    """A model that was told to the end, everybody watched."""
    model = ReentryModel(SCENARIO, seed=4, watch=range(60))
    return model, model.run()


def test_the_model_is_a_mesa_model():
    """People are agents of a Mesa model; stepping past the end changes nothing."""
    model = ReentryModel(SCENARIO.replace(people__count=3, people__follow_up_months=1), seed=1)
    model.run()
    month = model.month
    model.step()

    assert isinstance(model, mesa.Model)
    assert 3 == len(model.agents_by_type[Person])
    assert (model.finished, model.running, model.month) == (True, False, month)


def test_people_are_numbered_as_in_the_history(told):
    """The persons of the model are the rows of the people's table, in its order."""
    model, history = told

    assert list(range(60)) == [person.number for person in model.persons]
    assert history.people["priors"].tolist() == [person.priors for person in model.persons]
    assert history.people["place"].tolist() == [person.place for person in model.persons]


def test_a_diary_says_what_made_the_hazard(told):
    """Baseline and multipliers give the hazard; luck below 1 - exp(-hazard) is an offence, unless in custody."""
    model, _ = told
    entries = [entry for person in model.persons for entry in person.diary]

    assert len(entries) > 1000
    for entry in entries:
        assert entry.hazard == pytest.approx(math.prod(entry.parts.values()))
        assert entry.offended == (not entry.inside and entry.luck < 1 - math.exp(-entry.hazard))


def test_a_diary_agrees_with_the_history(told):
    """The months in which a diary tells of an offence or of custody are those of the events."""
    model, history = told
    for person, events in zip(model.persons, events_by_person(history).values(), strict=True):
        inside = in_custody(events)

        assert [e.month for e in person.diary if e.offended] == [e.month for e in events if e.what == "offence"]
        assert all(entry.inside == (entry.month < 0 or entry.month in inside) for entry in person.diary)


def test_nobody_keeps_a_diary_unasked():
    """Only people who are watched are written about."""
    model = ReentryModel(SCENARIO, seed=4, watch=[7])
    for _ in range(5):
        model.step()

    assert [7] == [person.number for person in model.persons if person.diary]


@settings(max_examples=15)
@given(scenarios(programmes=(1, 2), supplied=True), SEEDS)
def test_volunteers_and_people_know_each_other(scenario, seed):
    """Whoever a volunteer is matched with names that volunteer, in every month; agents are those who are there."""
    model = ReentryModel(scenario, seed=seed)
    while not model.finished:
        model.step()
        volunteers = model.volunteers()

        assert volunteers == sorted(model.agents_by_type.get(Volunteer, []), key=lambda each: each.seat)
        for volunteer in volunteers:
            assert volunteer.person is None or volunteer in volunteer.person.volunteers
            assert (volunteer.state == "matched") == (volunteer.person is not None)


def test_collected_data_are_those_of_the_history():
    """Months, people at liberty and in custody, meetings and reoffenders, month by month."""
    scenario = SCENARIO.replace(people__follow_up_months=6, people__release_months=8)
    model = ReentryModel(scenario, seed=5)
    history = model.run()
    table = model.datacollector.get_model_vars_dataframe()
    people = history.people.assign(begin=history.people["release"] + 2)
    calendar = history.events.merge(people[["person", "begin"]], on="person")
    calendar["month"] += calendar["begin"]
    for t, row in enumerate(table.itertuples(index=False, name=None)):
        month, free, inside, meeting, offended = row[:5]
        open_windows = ((people["begin"] - 2 <= t) & (t < people["begin"] + 6)).sum()

        assert (t, open_windows) == (month, free + inside)
        assert meeting == ((calendar["event"] == "contact") & (calendar["month"] == t)).sum()
        assert offended == calendar.loc[(calendar["event"] == "offence") & (calendar["month"] <= t), "person"].nunique()


def test_the_built_in_scenario_is_told_by_default():
    """A model without a scenario is everybody released in Denmark."""
    model = ReentryModel(seed=0)

    assert Scenario() == model.scenario
    assert 20_000 == len(model.persons)


def test_a_model_that_nobody_holds_is_forgotten():
    """Mesa keeps no model alive, so that a notebook can make as many as it likes."""
    model = ReentryModel(SCENARIO, seed=4)
    model.step()
    gone = weakref.ref(model)
    numbers = [person.unique_id for person in model.persons]
    assert len(set(numbers)) == 60
    del model
    gc.collect()

    assert gone() is None

"""No tolerance: one story, whoever tells it, in whatever order, in whatever pieces. Compared byte for byte."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulation import ReentryModel, simulate
from simulation.compiled_parameters import told_for
from simulation.engine import run
from simulation.outcomes import DEFINITIONS, times
from simulation.population import draw
from simulation.rules import NEVER
from tests.strategies import SEEDS, scenarios
from tests.worlds import OF_THE_PROGRAMME, complete, lives_told, told_by_month, without

REPLICATES = 4


def assert_same_columns(expected, actual):
    """Two tables of columns are equal in every type and byte."""
    for name, one, other in zip(type(expected)._fields, expected, actual, strict=True):
        assert (name, one.dtype, one.shape) == (name, other.dtype, other.shape)
        assert one.tobytes() == other.tobytes(), f"{name} differs"


def some(table, rows):
    """The columns of some people."""
    return type(table)(*(column[..., rows] for column in table))


def assert_same_tables(expected, actual):
    """Two data frames are equal in every value and type, whatever their index."""
    assert expected.reset_index(drop=True).equals(actual.reset_index(drop=True))


def began(events):
    """Own month of each event, and of the offence where it is a sanction."""
    return events["month"].where(events["event"] != "sanction", events["value"])


# The two drivers ----------------------------------------------------------------------------------------------


@settings(max_examples=100)
@given(scenarios(), SEEDS, st.booleans())
def test_engine_and_mesa_tell_the_same_history(scenario, seed, shuffle):
    """The compiled engine and the Mesa model, people shuffled or not, tell one history."""
    told = simulate(scenario, seed=seed)

    assert told.same_as(ReentryModel(scenario, seed=seed, shuffle=shuffle).run())


@settings(max_examples=60)
@given(scenarios(), SEEDS)
def test_engine_and_mesa_keep_the_same_columns(scenario, seed):
    """Whatever is remembered of people, places and seats when a scenario ends is the same in both drivers."""
    model = ReentryModel(scenario, seed=seed)
    model.run()
    *_, (_, world) = told_by_month(scenario, seed=seed)

    assert_same_columns(world.lives, model.lives)
    assert_same_columns(world.local, model.local)
    assert_same_columns(world.seats, model.seats)


@settings(max_examples=60)
@given(scenarios(), SEEDS)
def test_engine_and_mesa_find_the_same_hazards(scenario, seed):
    """Everybody's hazard in every month is the same number to the last bit, whether or not it decides anything."""
    model = ReentryModel(scenario, seed=seed, watch=range(scenario.people.count))
    model.run()
    found = {row: [] for row in range(scenario.people.count)}
    for stage, world in told_by_month(scenario, seed=seed):
        if stage == "lived":
            for place, row in enumerate(range(world.rows.start, world.rows.stop)):
                found[row].append(float(world.buffers.hazard[place]))

    assert found == {person.row: [entry.hazard for entry in person.diary] for person in model.persons}


@settings(max_examples=10)
@given(scenarios(), SEEDS)
def test_mesa_tells_any_replicate_as_the_engine_does(scenario, seed):
    """A replicate told alone in Mesa is the same replicate among others in the engine."""
    told = simulate(scenario, seed=seed, replicates=3)
    alone = ReentryModel(scenario, seed=seed, replicate=2).run()

    assert_same_tables(told.people[told.people["replicate"] == 2], alone.people)
    assert_same_tables(told.events[told.events["replicate"] == 2], alone.events)


@settings(max_examples=10)
@given(scenarios(), SEEDS)
def test_stopping_on_the_way_changes_nothing(scenario, seed):
    """Twelve steps, a look at the history so far, and the rest give what a run in one go gives."""
    model = ReentryModel(scenario, seed=seed)
    for _ in range(12):
        model.step()
    model.history()

    assert simulate(scenario, seed=seed).same_as(model.run())


def test_both_drivers_tell_eight_programmes_in_one_month():
    """However many programmes take people in at once, no event is lost."""
    places = {"carried_by": "places", "capacity": 1000.0, "shortest_sentence_months": 0.0}
    scenario = complete(
        people={"count": 60, "accepts_volunteers": 1.0}, places={"include": ["Aarhus"]},
        trial={"assignment": "everyone"}, programme={f"help{k}": places for k in range(8)},
    )  # fmt: skip
    told = simulate(scenario, seed=1)

    assert 8 * 60 == (told.events["event"] == "match").sum()
    assert told.same_as(ReentryModel(scenario, seed=1).run())


# The engine, however the work is cut ---------------------------------------------------------------------------


@given(scenarios(), SEEDS, st.sampled_from([1, 3, 20, 500]), st.sampled_from([1, 7, 64]), st.sampled_from([1, 2]))
def test_threads_chunks_and_blocks_change_no_byte(scenario, seed, chunk_people, block, threads):
    """One thread or two, any chunk (small ones cut a replicate by places) and any block give the same columns."""
    whole = run(scenario, seed=seed, replicates=REPLICATES, threads=1)
    cut = run(scenario, seed=seed, replicates=REPLICATES, threads=threads, chunk_people=chunk_people, block=block)

    assert_same_columns(whole.people, cut.people)
    assert_same_columns(whole.lives, cut.lives)


@given(scenarios(programmes=(1, 3)), SEEDS)
def test_places_do_not_depend_on_how_the_work_is_cut(scenario, seed):
    """Volunteers and tallies of every place are the same when a replicate is cut by places."""
    whole = run(scenario, seed=seed, replicates=REPLICATES, threads=1)
    cut = run(scenario, seed=seed, replicates=REPLICATES, threads=1, chunk_people=1)

    assert_same_columns(whole.local, cut.local)


@given(scenarios(), SEEDS, st.integers(0, REPLICATES - 1))
def test_a_replicate_alone_is_the_same_replicate_among_others(scenario, seed, number):
    """What happens in a replicate does not depend on which others are told."""
    among = run(scenario, seed=seed, replicates=REPLICATES)
    alone = run(scenario, seed=seed, replicates=range(number, number + 1))
    rows = np.flatnonzero(among.people.replicate == number)

    assert_same_columns(alone.people, some(among.people, rows))
    assert_same_columns(alone.lives._replace(locality=among.lives.locality[rows]), some(among.lives, rows))


@settings(max_examples=60)
@given(scenarios(), SEEDS)
def test_reduced_outcomes_are_those_of_the_history(scenario, seed):
    """Times to reoffending that the engine keeps are those that follow from the events, as far as can be judged."""
    cohort = run(scenario, seed=seed, replicates=3)
    history = simulate(scenario, seed=seed, replicates=3)
    for definition in DEFINITIONS:
        table = times(history, definition)
        reduced, beyond = getattr(cohort.lives, f"time_{definition}"), table["known"] + 1

        assert np.minimum(table["time"], beyond).tolist() == np.minimum(reduced, beyond).tolist()
        if scenario.people.calendar_months == 0:
            assert table["time"].tolist() == reduced.tolist()


@given(scenarios(), SEEDS)
def test_what_became_of_people_follows_from_their_events(scenario, seed):
    """Offences, cases, months of contact and support held at the end of a full follow-up can be read off the history."""
    scenario = scenario.replace(people__follow_up_months=told_for(scenario))
    lives = run(scenario, seed=seed).lives
    history = simulate(scenario, seed=seed)
    for i, events in enumerate(lives_told(history).values()):
        offences = [event for event in events if event.what == "offence"]

        assert lives.offences[i] == sum(event.value for event in offences)
        assert lives.cases[i] == len(offences)
        assert lives.first_offence[i] == min((event.month for event in offences), default=NEVER)
        assert lives.months_met[:, i].sum() == sum(event.what == "contact" for event in events)
        for f, name in enumerate(scenario.factor):
            change = sum((e.what == "gain") - (e.what == "loss") for e in events if e.detail == name)

            assert lives.held[f, i] == history.people[f"has_{name}"][i] + change


# Who is there, and what is not asked about --------------------------------------------------------------------


@given(scenarios(), SEEDS)
def test_a_cohort_is_the_start_of_one_twice_as_large(scenario, seed):
    """The first n of 2n people are the same people, whatever they do to each other later."""
    count = scenario.people.count
    few, many = draw(scenario, seed, range(2, 3)), draw(scenario, seed, range(2, 3), count=2 * count)

    assert_same_columns(few, some(many, np.arange(count)))


@given(scenarios(apart=True), SEEDS)
def test_strangers_do_not_change_a_life(scenario, seed):
    """Where people have no influence on each other, the first n of 2n people have the same lives."""
    count = scenario.people.count
    few, many = simulate(scenario, seed=seed), simulate(scenario.replace(people__count=2 * count), seed=seed)

    assert_same_tables(few.people, many.people[many.people["person"] < count])
    assert_same_tables(few.events, many.events[many.events["person"] < count])


@given(scenarios(apart=True), SEEDS, st.integers(1, 12))
def test_a_short_follow_up_is_the_start_of_a_longer_one(scenario, seed, more):
    """Months of follow-up that are added later change nothing in the months before."""
    short = scenario.replace(people__calendar_months=0)
    length = short.people.follow_up_months
    begun, whole = (
        simulate(short.replace(people__follow_up_months=months), seed=seed).events for months in (length, length + more)
    )

    assert_same_tables(*(events[began(events) < length] for events in (begun, whole)))


@given(scenarios(programmes=(1, 3)), SEEDS)
def test_a_programme_without_effect_changes_nobody(scenario, seed):
    """Help that does nothing brings matches and contacts, and not one other event, against nobody being offered it."""
    effects = ("direct_effect", "direct_effect_others", "support_effect", "support_effect_others")
    none = {f"programme.{name}.{effect}": 1.0 for name in scenario.programme for effect in effects}
    offered = simulate(scenario.changed({**none, "trial.assignment": "everyone"}), seed=seed)
    nobody = simulate(scenario.changed({**none, "trial.assignment": "nobody"}), seed=seed)

    assert nobody.events["event"].isin(OF_THE_PROGRAMME).sum() == 0
    assert_same_tables(nobody.events, without(offered.events, *OF_THE_PROGRAMME))


@given(scenarios(), SEEDS)
def test_words_about_a_scenario_decide_nothing(scenario, seed):
    """Name, title, labels, sources and grades leave the digest and every byte of the history alone."""
    first = next(iter(scenario.factor))
    about = {"gain": {"source": "another", "grade": "judged", "prior": "U(0, 1)"}}
    words = {"name": "other", "title": "Another title", f"factor.{first}.label": "x", f"factor.{first}.about": about}
    other = scenario.changed(words)

    assert scenario.digest == other.digest
    assert simulate(scenario, seed=seed).same_as(simulate(other, seed=seed))


@pytest.mark.parametrize(
    "include", [["Odense", "Aarhus", "Vejle"], ["vejle", "ÅRHUS", "odense"], ["Vejle", "Århus", "Aarhus", " Odense"]]
)
def test_order_and_spelling_of_places_decide_nothing(include):
    """The same municipalities, in another order or spelling, give the same people the same lives."""
    tables = {"people": {"count": 50}, "trial": {"assignment": "everyone"}, "volunteers": {"at_start": 20.0}}
    tables["programme"] = {"mentors": {"carried_by": "volunteers"}}
    plain = simulate(complete(places={"include": ["Aarhus", "Odense", "Vejle"]}, **tables), seed=3)

    assert plain.same_as(simulate(complete(places={"include": include}, **tables), seed=3))

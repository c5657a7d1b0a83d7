"""Both drivers give one history, byte for byte, in what the list of checks does not reach: other replicates, stops, crowds."""

from __future__ import annotations

from hypothesis import given, settings

from simulation import ReentryModel, simulate
from tests.strategies import SEEDS, scenarios
from tests.worlds import complete


def assert_same_tables(expected, actual):
    """Two data frames are equal in every value and type, whatever their index."""
    assert expected.reset_index(drop=True).equals(actual.reset_index(drop=True))


# The two drivers ----------------------------------------------------------------------------------------------


@settings(max_examples=10)
@given(scenarios(), SEEDS)
def test_mesa_simulates_any_replicate_as_the_engine_does(scenario, seed):
    """A replicate simulated alone in Mesa is the same replicate among others in the engine."""
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


def test_both_drivers_serve_eight_programmes_in_one_month():
    """However many programmes take people in at once, no event is lost."""
    places = {"delivered_by": "slots", "capacity": 1000.0, "shortest_sentence_months": 0.0}
    scenario = complete(
        people={"count": 60, "accepts_volunteers": 1.0}, municipalities={"include": ["Aarhus"]},
        trial={"assignment": "everyone"}, programme={f"help{k}": places for k in range(8)},
    )  # fmt: skip
    told = simulate(scenario, seed=1)

    assert 8 * 60 == (told.events["event"] == "match").sum()
    assert told.same_as(ReentryModel(scenario, seed=1).run())

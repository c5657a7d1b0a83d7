"""Volunteers and the waiting list in small known cases."""

from __future__ import annotations

import pytest

from simulation import simulate
from tests.worlds import complete

# Volunteers ---------------------------------------------------------------------------------------------------


def test_without_volunteers_nobody_is_mentored():
    """A programme of volunteers without any leaves everybody who was offered it without."""
    scenario = complete(
        people={"count": 100, "accepts_volunteers": 1.0}, trial={"assignment": "everyone"},
        programme={"mentors": {"delivered_by": "volunteers", "shortest_sentence_months": 0.0}},
    )  # fmt: skip
    events = simulate(scenario, seed=1).events

    assert 100 == (events["event"] == "unmatched").sum()
    assert not events["event"].isin(["match", "contact", "exit"]).any()


@pytest.mark.parametrize("per_person", [1, 2])
def test_a_person_is_matched_with_as_many_volunteers_as_needed(per_person):
    """Nine volunteers of one place are enough for nine people with one each, and for four people with two each."""
    scenario = complete(
        people={"count": 50, "accepts_volunteers": 1.0}, municipalities={"include": ["Aarhus"]},
        trial={"assignment": "everyone"}, volunteers={"at_start": 9.0, "per_person": per_person, "quit_chance": 0.0},
        programme={"mentors": {"delivered_by": "volunteers", "shortest_sentence_months": 0.0, "dropout_chance": 0.0}},
    )  # fmt: skip
    events = simulate(scenario, seed=1).events
    matches = events[events["event"] == "match"]

    assert 9 // per_person == len(matches)
    assert (matches["value"] == per_person).all()


# Places and the waiting list ----------------------------------------------------------------------------------


@pytest.mark.parametrize("delivered_by", ["slots", "volunteers"])
def test_a_lottery_is_not_the_order_of_risk_or_release(delivered_by):
    """Drawn by lot, other people are served than by risk, and others again with another seed."""
    chosen = [
        set(history.events.loc[history.events["event"] == "match", "person"])
        for history in (
            _short_supply(delivered_by, "lottery", seed=1),
            _short_supply(delivered_by, "lottery", seed=2),
            _short_supply(delivered_by, "highest risk", seed=1),
        )
    ]

    assert [10] * 3 == [len(each) for each in chosen]
    assert len(set.union(*chosen)) > 15


def _short_supply(delivered_by, allocation, *, seed):
    """A hundred people of one place who all want the help that there is for ten of them; nobody leaves it."""
    return simulate(
        complete(
            people={"count": 100, "accepts_volunteers": 1.0, "release_months": 1, "follow_up_months": 24},
            municipalities={"include": ["Aarhus"]}, trial={"assignment": "everyone"},
            offending={"prison_chance": 0.0, "prison_per_conviction": 0.0},
            volunteers={"at_start": 10.0, "per_person": 1, "quit_chance": 0.0, "quit_after_end": 0.0},
            programme={"help": {
                "delivered_by": delivered_by, "capacity": 10.0, "allocation": allocation, "shortest_sentence_months": 0.0,
                "dropout_chance": 0.0, "ends_month": 12,
            }},
        ),
        seed=seed,
    )  # fmt: skip

"""Counts from a history: against a plain count of lives, nobody lost, and priced."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from experiments.inputs.scenario_files import load
from simulation.economics import balance, counts_of, whole
from simulation.history import simulate
from simulation.outcomes import times
from simulation.parameters import ParameterError
from simulation.prices import Prices
from tests.worlds import in_custody, lives_told


@pytest.fixture(scope="module", params=["everyone", "nobody"])
def told(request):
    """Two replicates of 150 people released over a year, with volunteers or without, many of them not followed to the end."""
    scenario = load("pooled").changed({
        "people.count": 150, "people.release_months": 12, "people.follow_up_months": 30, "people.calendar_months": 38,
        "trial.assignment": request.param, "places.include": ["Aarhus", "Ærø"],
        "programme.primus_motor.deadline_month": 3,
    })  # fmt: skip
    return scenario, simulate(scenario, seed=5, replicates=2)


def test_counts_are_those_told_one_by_one(told) -> None:
    """Every column, group, place and year is the plain count over people's lives, month by month."""
    scenario, history = told
    found = counts_of(history, scenario, years=3).set_index(["replicate", "place", "group", "year"])
    people = history.people.set_index(["replicate", "person"])
    reoffended = times(history, "any").set_index(["replicate", "person"])
    expected: Counter = Counter()

    for key, events in lives_told(history).items():
        person = people.loc[key]

        def add(column, month, number=1.0, person=person, replicate=key[0]):
            year = max(0, person["release"] + month) // 12
            if year < 3:
                expected[replicate, person["place"], person["group"], year, column] += number

        inside = in_custody(events)
        held = {name: bool(person[f"has_{name}"]) for name in scenario.factor}
        matched = False
        for month in range(-2, int(person["followed"])):
            for event in (each for each in events if each.month == month):
                if event.what in ("release", "custody out"):
                    add("released", month)
                elif event.what == "offence":
                    add("offences", month, event.value)
                    add("cases", month)
                elif event.what in ("gain", "loss"):
                    held[event.detail] = event.what == "gain"
                elif event.what == "match":
                    matched = True
                    add("primus_motor.started", month)
                    add("primus_motor.in_time", month, float(month < 0))
                elif event.what == "unmatched":
                    add("primus_motor.without", month)
                elif event.what == "exit":
                    matched = False
                elif event.what == "contact":
                    add("primus_motor.contacts", month)
            add("primus_motor.months", month, float(matched))
            if month >= 0:
                add("custody_months" if month in inside else "liberty_months", month)
                for name in scenario.factor:
                    add(f"holds_{name}", month, float(held[name] and month not in inside))
        for event in events:
            if event.what == "sanction":
                add({"fine": "fines"}.get(event.detail, event.detail), event.month)
        add("reoffenders_any", 0, float(reoffended.loc[key, "time"] <= 24 <= reoffended.loc[key, "known"]))

    same = [name for name in found if name not in ("reoffenders_prison", "reoffenders_sentence")]
    offered = scenario.trial.assignment == "everyone"
    assert all(found[name].sum() > 0 for name in same if offered or not name.startswith("primus_motor"))
    for name in same:
        assert [expected[*key, name] for key in found.index] == found[name].tolist(), name


def test_people_are_conserved(told) -> None:
    """Everybody is in custody or at liberty in every month that is followed; nobody is matched and left without."""
    scenario, history = told
    found = counts_of(history, scenario, years=5).drop(columns=["place", "group"]).sum()

    assert found["custody_months"] + found["liberty_months"] == history.people["followed"].sum()
    assert found["primus_motor.started"] + found["primus_motor.without"] <= len(history.people)


def test_a_history_is_priced(told) -> None:
    """From people and events to kroner: with and without volunteers on the same luck, the courses are what is paid."""
    scenario, history = told
    alone = simulate(scenario.changed({"trial.assignment": "nobody"}), seed=5, replicates=2)
    pair = [counts_of(each, scenario, years=3) for each in (history, alone)]
    found = whole(balance(*pair, Prices()), keep=("replicate",), discounted=False).set_index("replicate")
    starts = pair[0].groupby("replicate")["primus_motor.started"].sum()

    np.testing.assert_allclose(found["cost"], 33_000 * starts)
    assert (found["saving"] != 0).all() or not starts.any()


def test_years_beyond_the_discount_rate_are_refused(told) -> None:
    """One line that says what is allowed."""
    scenario, history = told

    with pytest.raises(ParameterError, match=r"years is \[37\]; allowed 1 to 36"):
        counts_of(history, scenario, years=37)


def test_no_programme_and_no_change_is_no_money(told) -> None:
    """A history against itself saves nothing in any purse, item or year."""
    scenario, history = told
    same = counts_of(history, scenario, years=3)

    assert (balance(same, same, Prices(), victims=True)["kroner"] == 0).all()

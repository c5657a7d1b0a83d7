"""The numbers of the trial's panel: the engine's, and the command line's to the digit."""

from __future__ import annotations

import base64

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from experiments.app.trial.facts import (
    FIRST_FACTOR,
    INSIDE,
    LATER,
    MEETING,
    MOST_PEOPLE,
    OFFENDING,
    Levers,
    commands,
    many_trials,
    one_trial,
    scenario,
    trials_of,
)
from experiments.app.trial.panel import PEOPLE, PRESETS, SETTINGS
from experiments.cli.main import cli
from experiments.inputs.scenario_files import load
from simulation.history import simulate
from simulation.outcomes import times
from simulation.scenario import Scenario

USUAL = Levers(effect=67, route=40, half_life=18, dropout=45, people=97)
SOME = [USUAL, Levers(0, 0, 1, 0, 20), Levers(99, 100, 60, 95, 400), Levers(33, 35, 7, 5, 151)]


def preset(name):
    return USUAL._replace(**PRESETS[name])


def test_the_sliders_begin_where_usual_is():
    defaults = {setting.key: setting.default for setting in SETTINGS}

    assert USUAL == Levers(*(defaults[key] for key in ("effect", "route", "half_life", "dropout", "trial_people")))


@pytest.mark.parametrize(("name", "shelf"), [("pooled", "pooled"), ("reported", "as-reported"), ("none", "trial")])
def test_presets_are_the_settings_of_the_shelf_as_near_as_whole_steps_come(name, shelf):
    near = next(iter(scenario(preset(name)).programme.values()))
    exact = next(iter(load(shelf).programme.values()))

    assert near.direct_hazard_ratio == pytest.approx(exact.direct_hazard_ratio, abs=0.015)
    assert near.support_hazard_ratio == pytest.approx(exact.support_hazard_ratio, abs=0.025)
    assert near.half_life_months == exact.half_life_months
    assert near.dropout_chance == pytest.approx(exact.dropout_chance, abs=5e-5)


def test_no_effect_is_the_trial_without_an_effect():
    same = load("trial").changed({"programme.dropout_chance": 1 - 0.55 ** (1 / 14)})

    assert scenario(preset("none")).digest == same.digest


def test_a_larger_trial_has_as_many_volunteers_for_each_person():
    small, large = (scenario(USUAL._replace(people=people)) for people in (97, 388))

    assert large.volunteers.at_start == 4 * small.volunteers.at_start
    assert large.volunteers.recruits_per_month == 4 * small.volunteers.recruits_per_month


@pytest.mark.parametrize("levers", SOME)
def test_a_scenario_written_and_read_back_is_the_same(levers):
    one = one_trial(levers, 5)

    assert Scenario.from_toml(one.scenario.to_toml()).digest == one.scenario.digest == scenario(levers).digest


@pytest.mark.parametrize("levers", [USUAL, SOME[1], SOME[3]])
def test_the_film_shows_what_the_history_tells(levers):
    """Against a reading of the history person by person and event by event."""
    plan = scenario(levers)
    history, shown = simulate(plan, seed=3), one_trial(levers, 3).film
    frames = np.frombuffer(base64.b64decode(shown.months), np.uint8).reshape(levers.people, 27)
    bits = {name: FIRST_FACTOR << bit for bit, name in enumerate(plan.factor)}
    diary = {(number, month): [] for number in range(levers.people) for month in range(-2, 24)}
    for row in history.events.astype({"event": str, "detail": str}).itertuples():
        diary.setdefault((row.person, row.month), []).append((row.event, row.detail))
    for person in history.people.itertuples():
        number, inside = person.person, True
        held = {name for name in bits if getattr(person, f"has_{name}")}
        for month in range(-2, 24):
            events = diary[number, month]
            happened = {event for event, _ in events}
            if month < 0:
                assert frames[number, month + 2] == INSIDE + MEETING * ("contact" in happened)
                continue
            if month == 0:
                assert frames[number, 2] == sum(bits[name] for name in held)
            inside = "custody in" in happened or (inside and not happened & {"release", "custody out"})
            held |= {detail for event, detail in events if event == "gain"}
            held -= {detail for event, detail in events if event == "loss"}
            signs = INSIDE * inside + MEETING * ("contact" in happened) + OFFENDING * ("offence" in happened)
            assert frames[number, month + 3] == signs + sum(bits[name] for name in held)
    table = times(history)
    assert shown.again == [time if time <= 24 else LATER for time in table["time"]]
    assert shown.mentored == [int(arm == "mentored") for arm in table["arm"]]
    assert shown.highest == [int(group == "highest risk") for group in table["group"]]


@pytest.mark.parametrize("levers", SOME)
def test_the_one_trial_is_the_first_of_the_many(levers):
    first = many_trials(levers, 11).table.iloc[0]
    outcomes = one_trial(levers, 11).outcomes
    for arm in ("mentored", "control"):
        row = outcomes[(outcomes["arm"] == arm) & (outcomes["group"] == "highest risk")]

        assert first[f"{arm}_people"] == row["people"].sum()
        assert first[f"{arm}_reoffended"] == row["reoffended"].sum()


def test_the_curves_end_where_the_outcomes_are():
    one = one_trial(USUAL, 2)
    ends = one.curves[one.curves["month"] == 24].set_index(["arm", "group"]).sort_index()
    outcomes = one.outcomes.astype({"arm": str, "group": str}).set_index(["arm", "group"]).sort_index()
    columns = ["people", "reoffended", "share", "low", "high"]

    pd.testing.assert_frame_equal(ends[columns], outcomes[columns], check_dtype=False)


def run(command, tmp_path, levers, seed):
    """Save the scenario and run a command of the page as it stands there; where its results are."""
    one = one_trial(levers, seed)
    (tmp_path / f"{one.scenario.name}.toml").write_text(one.scenario.to_toml(), encoding="utf-8")
    words = command.split()[1:]
    words[1] = str(tmp_path / words[1])
    extra = ["--no-store"] if words[0] == "trial" else []
    told = CliRunner().invoke(cli, [*words, *extra, "--out", str(tmp_path / "out")], catch_exceptions=False)
    assert told.exit_code == 0, told.output
    return tmp_path / "out"


@pytest.mark.parametrize("levers", [USUAL, Levers(85, 20, 30, 10, 61)])
def test_one_trial_is_what_desist_run_prints_for_its_file(tmp_path, levers):
    folder = run(commands(levers, 7)[0], tmp_path, levers, 7)
    printed = pd.read_csv(folder / "outcomes.csv").query("definition == 'any'")
    page = one_trial(levers, 7).outcomes

    for name in ("arm", "group", "people", "reoffended"):
        assert printed[name].tolist() == page[name].tolist()
    for name in ("share", "low", "high"):
        assert printed[name].tolist() == [float(f"{value:.10g}") for value in page[name]]


def test_many_trials_are_what_desist_trial_prints_for_the_file(tmp_path):
    levers = USUAL._replace(people=200, effect=80)
    folder = run(commands(levers, 4)[1], tmp_path, levers, 4)
    printed = pd.read_csv(folder / "settings.csv").query("analysis == 'intention to treat'").iloc[0]
    page = many_trials(levers, 4)

    assert page.trials == 800
    assert {name: float(f"{value:.10g}") for name, value in page.row.items()} == {
        name: float(printed[name]) for name in page.row
    }


def test_no_answer_tells_more_people_than_half_a_second_allows():
    for people in range(PEOPLE.low, PEOPLE.high + 1):
        trials = trials_of(people)

        assert 100 <= trials <= 1_000
        assert trials * people <= MOST_PEOPLE
        assert trials == 1_000 or (trials + 100) * people > MOST_PEOPLE


def test_every_trial_is_in_one_bar_of_each_arm():
    many = many_trials(USUAL, 1)
    for arm in ("mentored", "control"):
        bars = [row for row in many.bars if row["arm"] == arm]

        assert sum(row["trials"] for row in bars) == many.trials
        assert [(row["from"], row["to"]) for row in bars] == [(low, low + 5) for low in range(0, 100, 5)]


def test_a_stronger_effect_on_the_same_luck_prints_fewer_mentored_who_reoffend():
    risks = [many_trials(USUAL._replace(effect=effect), 1).row["mentored"] for effect in (0, 50, 99)]

    assert risks[0] > risks[1] > risks[2]


def test_the_control_arm_does_not_feel_the_sliders_of_the_effect():
    tables = [many_trials(levers, 1).table for levers in (USUAL, preset("none"), preset("reported"))]
    gaps = [abs(each["control_reoffended"].mean() - tables[0]["control_reoffended"].mean()) for each in tables[1:]]

    assert max(gaps) < 0.35  # peers carry a little of it over: a third of a person of 22

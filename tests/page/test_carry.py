"""The coordinator's game without a page: decisions as scenarios, and every number against another way of counting."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from experiments.app.catalogue import LANGUAGES, PageMessages
from experiments.app.charts import picture
from experiments.app.coordinator import facts
from experiments.app.coordinator.game import (
    EACH,
    PEOPLE,
    RESULT,
    ROUNDS,
    RULES,
    SPREAD,
    TOWNS,
    round_of,
    scenario_of,
)
from experiments.app.coordinator.result import command, lesson, wrong_town, years_chart
from experiments.app.coordinator.rounds import label, since
from experiments.cli.main import cli
from simulation import ReentryModel, simulate
from simulation.compiled_parameters import numbers_of
from simulation.municipal_shares import seats
from simulation.outcomes import times

LUCK, SPREAD_NOW = 7, (8, 6, 4, 2)


def some_game(luck=LUCK, spread=SPREAD_NOW):
    """The choices of somebody who takes every second of those who are new, the first of them last."""
    return [person.number for number in range(1, ROUNDS + 1) for person in facts.new_in(luck, number)[::-2]]


def counted(scenario, luck=LUCK):
    """Courses, people who reoffend within two years, and offences, from the history."""
    history = simulate(scenario, seed=luck)
    offences = history.events[history.events["event"] == "offence"]
    return [
        int((history.events["event"] == "match").sum()),
        int((times(history, "any")["time"] <= 24).sum()),
        int(offences["value"].sum()),
    ]


# Decisions ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["9.5.3", "9.5.3.4", "9.5.3.3.0", "21.-1.0.0", "a.b.c.d", "", "²0.0.0.0", "9.5.3.3.", "9 5 3 3"]
)
def test_a_spread_that_does_not_add_up_is_refused(text):
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        SPREAD.read(text)


def test_a_spread_is_read_as_it_was_written():
    assert SPREAD.read("20.00.0.0") == ["20", "0", "0", "0"]


@pytest.mark.parametrize("spread", [(9, 5, 3, 3), (20, 0, 0, 0), (7, 7, 3, 3), (1, 0, 19, 0)])
def test_volunteers_begin_where_they_were_recruited(spread):
    """Exactly so many come, not one more or less by chance; there is room for twice as many."""
    scenario = scenario_of("player", spread)
    at_start = dict(
        zip((place.name for place in scenario.selected_municipalities), numbers_of(scenario, 1).at_start, strict=True)
    )
    room = dict(zip((place.name for place in scenario.selected_municipalities), seats(scenario), strict=True))

    assert tuple(at_start[town] for town in TOWNS) == spread
    assert tuple(room[town] for town in TOWNS) == tuple(2 * number for number in spread)
    assert not facts.year(1, spread, []).busy.any()


def test_everybody_is_new_in_one_round():
    rounds = [[person.number for person in facts.new_in(LUCK, number)] for number in range(1, ROUNDS + 1)]

    assert sorted(number for people in rounds for number in people) == list(range(PEOPLE))


def test_only_those_chosen_are_paired_and_never_too_early():
    picks = some_game()
    year, them = facts.year(LUCK, SPREAD_NOW, picks), facts.people(LUCK)
    matched = np.flatnonzero(year.matched >= 0)

    assert 0 < len(matched) == year.courses
    assert set(matched) <= set(picks)
    assert all(them[i].release <= year.matched[i] < them[i].release + 2 for i in matched)


@pytest.mark.parametrize("number", range(1, ROUNDS + 1))
def test_a_choice_changes_nothing_that_was_before_it(number):
    """What a round shows does not depend on what is chosen in it or later."""
    first = facts.month_of(number)
    before = facts.year(LUCK, SPREAD_NOW, facts.begun(LUCK, some_game(), number - 1))
    after = facts.year(LUCK, SPREAD_NOW, some_game())

    for was, now in ((before.matched, after.matched), (before.ended, after.ended)):
        assert np.where(was < first, was, -1).tolist() == np.where(now < first, now, -1).tolist()
    for was, now in ((before.free, after.free), (before.busy, after.busy), (before.training, after.training)):
        assert was[:, :first].tolist() == now[:, :first].tolist()


def test_choices_of_people_who_are_not_due_yet_do_not_count():
    late = facts.new_in(LUCK, 4)[0].number

    assert facts.begun(LUCK, [late], 3) == []
    assert facts.begun(LUCK, [late], 4) == [late]
    assert round_of(facts.people(LUCK)[late].release) == 4


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("luck", [3, 7])
def test_a_rule_that_plays_the_whole_game_is_the_built_in_rule(rule, luck):
    """Its choices, put onto the coordinator's list, tell the rule's history byte for byte."""
    picks = facts.played(rule, luck, SPREAD_NOW, [], 1)

    assert simulate(scenario_of("player", SPREAD_NOW, picks), seed=luck).same_as(simulate(scenario_of(rule, SPREAD_NOW), seed=luck))


def test_a_rule_that_takes_over_keeps_what_was_chosen():
    mine = facts.begun(LUCK, some_game(), 2)
    picks = facts.played("highest", LUCK, SPREAD_NOW, some_game(), 3)
    later = [facts.people(LUCK)[pick] for pick in picks[len(mine) :]]

    assert picks[: len(mine)] == mine
    assert later
    assert all(round_of(person.release) >= 3 for person in later)
    assert all(facts.year(LUCK, SPREAD_NOW, picks).matched[person.number] >= 0 for person in later)


# Numbers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("luck", [1, 7])
def test_the_players_year_is_the_history_of_its_scenario(luck):
    picks = some_game(luck)
    year = facts.year(luck, SPREAD_NOW, picks)

    assert counted(scenario_of("player", SPREAD_NOW, picks), luck) == [year.courses, year.reoffended.sum(), year.offences.sum()]


def test_volunteers_are_those_of_the_model_agent_by_agent():
    """Free, matched and in training in every town, seen by the other driver when each of the first months has opened."""
    picks = some_game()
    year, model = facts.year(LUCK, SPREAD_NOW, picks), ReentryModel(scenario_of("player", SPREAD_NOW, picks), seed=LUCK)
    for month in range(14):
        model.step()
        there = pd.DataFrame([(each.place, each.state) for each in model.volunteers()], columns=["town", "state"])
        for k, town in enumerate(TOWNS):
            here = there.loc[there["town"] == town, "state"].value_counts()
            told = {"free": year.free, "matched": year.busy, "in training": year.training}

            assert {state: here.get(state, 0) for state in told} == {
                state: count[k, month] for state, count in told.items()
            }


@pytest.mark.parametrize("policy", ["nobody", *RULES])
def test_the_many_years_are_replicates_of_the_same_seed(policy):
    """The first is the year that is played; each is what the history of that replicate says."""
    found = facts.years(LUCK, policy, SPREAD_NOW)
    scenario = scenario_of(policy, SPREAD_NOW)
    history = simulate(scenario, seed=LUCK, replicates=3)
    courses = (history.events["event"] == "match").groupby(history.events["replicate"]).sum()
    table = times(history, "any")
    reoffenders = (table["time"] <= 24).groupby(table["replicate"]).sum()

    assert found[:, 0].tolist() == counted(scenario)
    assert found[0, :3].tolist() == courses.tolist()
    assert found[1, :3].tolist() == reoffenders.tolist()
    assert found.shape == (3, facts.YEARS)


def test_the_table_of_results_adds_up():
    picks = some_game()
    table = facts.results(LUCK, SPREAD_NOW, picks, None).set_index("policy")
    scenarios = {
        "player": scenario_of("player", SPREAD_NOW, picks),
        "nobody": scenario_of("nobody", None),
        **{rule: scenario_of(rule, None) for rule in RULES},
    }
    fewer = facts.years(LUCK, "nobody")[1] - facts.years(LUCK, "highest")[1]

    assert list(table.index) == ["player", *RULES, "nobody"]
    for policy, scenario in scenarios.items():
        assert table.loc[policy, ["courses", "reoffenders", "offences"]].tolist() == counted(scenario)
    assert table["fewer"].tolist() == (table.loc["nobody", "reoffenders"] - table["reoffenders"]).tolist()
    assert table.loc["highest", "mean_fewer"] == fewer.mean()
    assert (np.sort(fewer) <= table.loc["highest", "low"]).sum() >= 0.05 * facts.YEARS
    assert (fewer <= table.loc["highest", "high"]).mean() >= 0.95


def test_the_towns_add_up():
    picks = some_game()
    year = facts.year(LUCK, SPREAD_NOW, picks)
    table = facts.towns(LUCK, SPREAD_NOW, year)

    assert table["people"].sum() == PEOPLE
    assert tuple(table["volunteers"]) == SPREAD_NOW
    assert table["courses"].sum() == year.courses
    assert (table["courses"] + table["without"]).tolist() == table["people"].tolist()
    assert (table["idle"] > 0).any()


def test_the_command_prints_the_numbers_of_the_page(tmp_path):
    """The downloaded scenario, run by the command on the page, gives the courses, people and offences shown."""
    picks = some_game()
    row = facts.results(LUCK, SPREAD_NOW, picks, None).iloc[0]
    file = tmp_path / "coordinator.toml"
    file.write_text(scenario_of("player", SPREAD_NOW, picks).to_toml(), encoding="utf-8")
    arguments = [str(file) if part == file.name else part for part in command(LUCK).split()[1:]]
    said = CliRunner().invoke(cli, [*arguments, "--json", "--out", str(tmp_path / "out")])
    assert said.exit_code == 0, said.output
    told = json.loads(said.stdout)
    reoffenders = sum(each["reoffended"] for each in told["outcomes"] if each["definition"] == "any")
    matched = next(each["people"] for each in told["matches"] if each["what"] == "matched")
    events = pd.read_parquet(tmp_path / "out" / "events.parquet")

    assert [matched, reoffenders] == [row["courses"], row["reoffenders"]]
    assert events.loc[events["event"] == "offence", "value"].sum() == row["offences"]


# PageMessages and picture --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_coordinator_sees_nothing_of_motivation_or_lasting_difference(language):
    """Only what stands in a file: number, risk group, sex, age, convictions, sentence, month, what is lacked."""
    assert facts.GamePerson._fields == (
        "number", "town", "release", "age", "woman", "priors", "sentence", "highest", "lacks",
    )  # fmt: skip
    texts = [label(PageMessages(language), person) for person in facts.people(LUCK)]

    assert len(set(texts)) == PEOPLE
    assert all(text.count("· ") == 6 for text in texts)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_happened_since_the_last_round_is_complete(language):
    """Everybody chosen in the round before is named: given mentors, still waiting, or released without them."""
    w, picks = PageMessages(language), some_game()
    for number in range(2, ROUNDS + 1):
        told = facts.year(LUCK, SPREAD_NOW, facts.begun(LUCK, picks, number - 1))
        text = (
            since(w, LUCK, told, picks, number)
            .replace(",", " ")
            .replace(".", " ")
            .split(w("carry.since.so_far")[:6])[0]
        )
        words = text.split()
        lately = [
            pick for pick in facts.begun(LUCK, picks, number - 1) if pick not in facts.begun(LUCK, picks, number - 2)
        ]

        assert lately
        assert all(words.count(str(pick)) >= 1 for pick in lately)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_picture_says_its_numbers(language):
    """A blind visitor is told this year's number of every rule, and mean and middle of the many years."""
    w = PageMessages(language)
    table = facts.results(LUCK, SPREAD_NOW, some_game(), None)
    spec = years_chart(w, table, facts.YEARS)
    said = spec["description"]
    drawn = {row["who"]: row for row in spec["data"]["values"]}
    for row in table[table["policy"] != "nobody"].itertuples():
        name = w(f"carry.rule.{row.policy}")

        assert drawn[name]["fewer"] == row.fewer
        assert f"{name} {row.fewer}" in said
        assert row.policy == "player" or w.number(row.mean_fewer, 1) in said
    assert picture(spec, "svg", width=390).startswith(b"<svg")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_lesson_names_the_best_rule_of_many_years_and_what_luck_does_to_it(language):
    w = PageMessages(language)
    table = facts.results(LUCK, SPREAD_NOW, some_game(), None)
    rules = table[table["policy"].isin(RULES)].sort_values("mean_fewer")
    text = lesson(w, table)

    assert text.index(w(f"carry.rule.{rules['policy'].iloc[-1]}")) < text.index(
        w(f"carry.rule.{rules['policy'].iloc[0]}")
    )
    assert w.number(rules["mean_fewer"].iloc[-1], 1) in text


def test_pairs_in_the_wrong_town_are_named():
    w = PageMessages("en")
    table = pd.DataFrame({"town": ["A", "B"], "without": [9, 1], "idle": [0, 12]})

    assert (
        wrong_town(w, table)
        == "In B pairs stood free for 12 months in all, while 9 people in A were released without mentors."
    )
    assert "10 of 60" in wrong_town(w, table.assign(idle=[3, 0]))
    assert "10 of 60" in wrong_town(w, table.assign(idle=[0, 0]))


def test_rounds_cover_the_year():
    assert ROUNDS * EACH == 12
    assert RESULT == ROUNDS + 1

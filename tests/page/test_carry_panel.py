"""The coordinator's game on the page: played, undone, sent as a link, in both languages."""

from __future__ import annotations

import pytest

from experiments.app.catalogue import LANGUAGES, PageMessages
from experiments.app.coordinator import facts
from experiments.app.coordinator.game import RESULT, ROUNDS
from tests.page.conftest import told


def now(at, key):
    """A setting of the page."""
    return at.session_state[key]


def press(at, key):
    """Press a button and tell the page again."""
    at.button(key=f"carry-{key}").click().run()
    return told(at)


def tick(at, number):
    """Tick or untick a person."""
    box = at.checkbox(key=f"carry-tick-{number}")
    (box.uncheck() if box.value else box.check()).run()
    told(at)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_game_is_played_from_recruiting_to_the_result(open_page, language):
    """Two people are chosen in every round; the page says what the engine says of exactly these choices."""
    w = PageMessages(language)
    spread = (6, 6, 4, 4)
    at = open_page(panel="carry", lang=language, carryluck=7, carrytowns="6.6.4.4")
    press(at, "go")
    picks = []
    for number in range(1, ROUNDS + 1):
        assert w("carry.round.title", n=number, first="", last="")[:8] in at.subheader[0].value
        for person in facts.new_in(7, number)[:2]:
            tick(at, person.number)
            picks.append(person.number)
        assert now(at, "carrypairs") == [str(pick) for pick in picks]
        page = press(at, "next")
    table = facts.results(7, spread, picks, None)
    own = table.iloc[0]

    assert now(at, "carryround") == RESULT
    assert f"{own['courses']}" in page
    assert f" {own['reoffenders']} " in page
    shown = at.table[0].value
    assert shown.iloc[:, 1:].to_numpy().tolist() == table[["courses", "reoffenders", "offences"]].to_numpy().tolist()


def test_a_person_who_is_unticked_is_no_longer_chosen(open_page):
    """The order is that of the ticks."""
    at = open_page(panel="carry", lang="en", carryround=1)
    one, two, three = (person.number for person in facts.new_in(1, 1)[:3])
    for number in (one, two, three, two):
        tick(at, number)

    assert now(at, "carrypairs") == [str(one), str(three)]
    assert at.query_params["carrypairs"] == f"{one}.{three}"


def test_a_round_can_be_undone(open_page):
    """Back in the round before its choices are still there; those of the round that was left are not."""
    at = open_page(panel="carry", lang="en", carryround=1)
    first, second = facts.new_in(1, 1)[0].number, facts.new_in(1, 2)[0].number
    tick(at, first)
    press(at, "next")
    tick(at, second)
    press(at, "back")

    assert now(at, "carryround") == 1
    assert now(at, "carrypairs") == [str(first)]
    assert at.checkbox(key=f"carry-tick-{first}").value

    press(at, "back")
    assert now(at, "carryround") == 0
    assert now(at, "carrypairs") == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("rule", ["first", "lottery"])
def test_a_rule_can_play_the_year(open_page, language, rule):
    """Where a rule plays with the player's towns, the player's row is the rule's row."""
    at = open_page(panel="carry", lang=language, carryround=1, carryluck=3, carryagainst="mine")
    at.selectbox(key="carry-rule").set_value(rule).run()
    press(at, "auto-rest")
    rows = at.table[0].value.iloc[:, 1:].to_numpy().tolist()

    assert now(at, "carryround") == RESULT
    assert rows[0] == rows[1 + ("first", "highest", "lowest", "lottery").index(rule)]


def test_a_rule_can_choose_in_one_round(open_page):
    """Only people who are new in this round are ticked, those whom the rule reaches."""
    at = open_page(panel="carry", lang="da", carryround=1)
    press(at, "auto-round")
    new = {str(person.number) for person in facts.new_in(1, 1)}

    assert now(at, "carryround") == 1
    assert now(at, "carrypairs")
    assert set(now(at, "carrypairs")) <= new
    assert {box.key for box in at.checkbox if box.value} == {f"carry-tick-{pick}" for pick in now(at, "carrypairs")}


def test_a_link_shows_the_same_game_in_the_other_language(open_page):
    """Towns, choices and round come back from the address, and the language changes none of them."""
    one = open_page(panel="carry", lang="da", carryround=7, carryluck=7, carrypairs="1.2.4.8.16", carrytowns="2.2.8.8")
    other = open_page(**{**one.query_params, "lang": "en"})
    rows = [at.table[0].value.iloc[:, 1:].to_numpy().tolist() for at in (one, other)]

    assert rows[0] == rows[1]
    for key in ("carryround", "carrypairs", "carrytowns", "carryluck"):
        assert now(one, key) == now(other, key)


def test_a_new_year_begins_with_the_next_luck_and_nobody_chosen(open_page):
    """The towns stay as they were; after the last luck comes the first."""
    at = open_page(panel="carry", lang="en", carryround=7, carryluck=200, carrypairs="1.2", carrytowns="5.5.5.5")
    press(at, "again")

    assert [now(at, key) for key in ("carryluck", "carrypairs", "carryround")] == [1, [], 0]
    assert now(at, "carrytowns") == ["5", "5", "5", "5"]


def test_the_same_year_can_be_tried_with_another_plan(open_page):
    at = open_page(panel="carry", lang="en", carryround=7, carryluck=9, carrypairs="1.2")
    press(at, "same")

    assert [now(at, key) for key in ("carryluck", "carrypairs", "carryround")] == [9, [], 0]


def test_nobody_chosen_is_an_answer_too(open_page):
    """A year without any course is as the year without volunteers."""
    at = open_page(panel="carry", lang="en", carryround=7)
    rows = at.table[0].value.iloc[:, 1:].to_numpy().tolist()

    assert rows[0] == rows[-1]
    assert "You gave nobody mentors" in told(at)


@pytest.mark.parametrize(
    ("key", "value"),
    [("carrytowns", "20.20.0.0"), ("carrypairs", "60"), ("carrypairs", "1.1"), ("carryround", "8"), ("carryluck", "0")],
)
def test_an_address_beyond_the_bounds_is_put_aside(open_page, key, value):
    at = open_page(panel="carry", lang="en", **{key: value})

    assert f"{key} = {value}" in at.warning[0].value.replace("\\", "")
    assert [now(at, each) for each in ("carrytowns", "carrypairs", "carryround")] == [["9", "5", "3", "3"], [], 0]

"""The panel "The whole country" without a browser, in both languages."""

from __future__ import annotations

from html import escape

import pytest

from experiments.app.catalogue import LANGUAGES, PageMessages
from experiments.app.country.facts import answers
from experiments.app.country.panel import VIEW
from experiments.app.country.runs import RUNS
from tests.page.conftest import told as page_text
from tests.page.country import MINE, climbed, told


@pytest.fixture(autouse=True)
def _there():
    """What the page shows has been told already."""
    told()
    told("as-it-comes")
    climbed()


@pytest.mark.parametrize("view", VIEW.codes)
@pytest.mark.parametrize(("language", "versus"), [("da", "none"), ("en", "as-it-comes")])
def test_every_view_opens_with_the_answers_first(open_page, language, view, versus):
    at = open_page(panel="country", lang=language, cview=view, cversus=versus, **MINE)
    text, w = page_text(at), PageMessages(language)

    for each in answers(w, told(versus)[1].sheets[0]):
        assert escape(each.label) in text
        assert f"<strong>{each.value} " in text
        assert escape(each.range) in text
    assert w("country.intervals", n=12) in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_report_is_the_one_of_the_command_line(open_page, language):
    text = page_text(open_page(panel="country", lang=language, cview="words", **MINE))

    found = told()[1].sheets[0].result.answer(language)
    for part in (*found.sentences, *found.notes):
        assert part in text
    assert PageMessages(language)("country.of-hundred", n=told()[1].draws) in text


def test_the_map_shows_what_is_chosen_as_land_and_as_tiles(open_page):
    for shape, what in (("land", "served"), ("tiles", "offences_avoided"), ("tiles", "opens")):
        at = open_page(panel="country", lang="da", cmap=what, cshape=shape, **MINE)
        assert PageMessages("da")(f"country.map.title.{what}") in page_text(at)
        assert len(at.get("vega_lite_chart")) == 2


def test_a_study_that_is_not_there_is_waited_for_with_the_map_of_what_is_planned(open_page):
    before = set(RUNS._queue)
    at = open_page(panel="country", lang="en", cplan="todays-area", cseed=98)
    text = page_text(at)
    new = set(RUNS._queue) - before

    assert at.get("progress")[0].proto.text.startswith(("Computing begins", "In the queue"))
    assert PageMessages("en")("country.map.meanwhile") in text
    assert "The plan opens in 25 of 98 municipalities from January 2027" in text
    assert len(new) == 1
    assert RUNS._busy not in new


def test_changing_the_language_keeps_every_setting_and_the_study(open_page):
    at = open_page(panel="country", lang="da", cview="kroner", cversus="as-it-comes", **MINE)
    at.session_state["lang"] = "en"
    at.run()

    assert PageMessages("en")("country.kroner.title") in page_text(at)
    assert {key: at.session_state[key] for key in MINE} == MINE
    assert at.query_params["cview"] == "kroner"


def test_a_slider_changes_the_plan_and_nothing_is_shown_that_is_not_of_it(open_page):
    at = open_page(panel="country", lang="en", **MINE)
    at.slider(key="crecruits").set_value(225).run()

    assert "country-answers" not in "".join(each.proto.body for each in at.get("html") if "<dl" in each.proto.body)
    assert at.query_params["crecruits"] == "225"


def test_rungs_can_be_clicked_away_and_the_command_says_so(open_page):
    at = open_page(panel="country", lang="en", cview="ladder", **MINE)
    left = [rung for rung in at.session_state["crungs"] if rung not in ("scaling", "price")]
    at.session_state["crungs"] = left
    at.run()

    assert not at.exception
    assert at.code[0].value == "desist ladder own-plan.toml --draws 12 --seed 5 --without scaling --without price"


def test_without_a_plan_beside_it_the_difference_says_what_to_do(open_page):
    at = open_page(panel="country", lang="da", cview="compare", **MINE)

    assert PageMessages("da")("country.compare.choose") in page_text(at)

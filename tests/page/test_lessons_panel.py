"""The panel of the five lessons, without a browser and in one."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from experiments.app.catalogue import LANGUAGES, PageMessages, catalogue
from experiments.app.charts import picture
from experiments.app.lessons.panel import LESSON, SETTINGS
from experiments.app.lessons.summaries import LESSONS, experiment, plain
from tests.page.conftest import press, settle, violations
from tests.page.conftest import told as said_by

DEFAULTS = {setting.key: setting.default for setting in SETTINGS}


def test_the_settings_name_the_lessons_that_there_are():
    assert LESSON.codes == tuple(LESSONS)


@pytest.mark.parametrize("lesson", LESSON.codes)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_lesson_shows_what_the_engine_says(open_page, lesson, language):
    at = open_page(panel="lessons", lesson=lesson, lang=language)
    found = experiment(PageMessages(language), lesson, DEFAULTS)
    text = said_by(at)

    assert at.subheader[0].value == catalogue(language)[f"lessons.{lesson}.lesson"]
    assert found.result in text
    assert found.question in text
    assert found.answer in text
    assert found.command in [each.value for each in at.code]
    assert found.scenario.to_toml().startswith("complete = true")


@pytest.mark.parametrize("lesson", LESSON.codes)
def test_a_picture_is_described_with_its_numbers_and_can_be_drawn(lesson):
    found = experiment(PageMessages("da"), lesson, DEFAULTS)

    assert plain(found.result) in found.spec["description"]
    assert "**" not in found.spec["description"]
    assert picture(found.spec, "svg").startswith(b"<svg")
    assert len(found.table) >= 2


def test_a_sentence_is_said_where_no_trial_or_one_is_significant():
    """Small trials of a small effect are seldom significant; the sentence then has no mean, or no error, to tell."""
    from dataclasses import replace

    from experiments.app.lessons.charts import curse_layers
    from experiments.app.lessons.summaries import curse_text
    from experiments.app.lessons.trials import curse

    found = curse("sceptical", 50, 1)
    none = replace(found, significant=found.significant & False, reported=float("nan"))

    one = replace(found, reported_error=float("nan"), exaggeration=float("nan"))

    assert "None of" in curse_text(PageMessages("en"), none)
    assert "(error –)." in curse_text(PageMessages("en"), one)
    assert "nan" not in str(curse_layers(PageMessages("en"), none)[0])


def test_moving_a_slider_changes_what_is_said_and_the_address(open_page):
    at = open_page(panel="lessons", lang="en", lesson="luck")
    before = at.session_state["luck_size"]
    at.select_slider(key="luck_size").set_value("20").run()
    found = experiment(PageMessages("en"), "luck", {**DEFAULTS, "luck_size": "20"})

    assert before == "97"
    assert found.result in said_by(at)
    assert at.query_params["luck_size"] == "20"


def test_again_is_the_next_luck_and_a_language_keeps_every_setting(open_page):
    at = open_page(panel="lessons", lesson="wings", wings_size=50, lang="da")
    at.button(key="lesson_seed-again").click().run()
    at.session_state["lang"] = "en"
    at.run()
    found = experiment(PageMessages("en"), "wings", {**DEFAULTS, "wings_size": 50, "lesson_seed": 2})

    assert found.result in said_by(at)


def test_a_link_restores_all_settings_of_a_lesson(open_page):
    asked = {"base_effect": 30, "base_share": 40, "base_counts": "any", "lesson_seed": 7}
    at = open_page(panel="lessons", lesson="base", lang="en", **asked)

    assert experiment(PageMessages("en"), "base", {**DEFAULTS, **asked}).result in said_by(at)


def test_a_lesson_can_be_done_by_keyboard_on_a_phone(visit):
    page = visit("?panel=lessons&lesson=self&self_drive=30&lang=da", width=390, height=844)
    before = page.inner_text("text=Tilbuddet gør")
    press(page.get_by_role("slider").first, "Home", "location.search.includes('self_drive=0')")

    assert page.inner_text("text=Tilbuddet gør") != before
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert not violations(page)


def test_all_lessons_can_be_read_by_everybody(visit):
    page = visit("?panel=lessons&lang=en")
    for name in ("Winner's curse", "Base rate", "Regression to the mean"):
        page.get_by_role("radio", name=name).click()
        page.wait_for_selector(f'[role="radio"][aria-checked="true"]:has-text("{name}")')
        settle(page)

        assert not violations(page)
    page.click("text=See an answer")
    expect(page.get_by_text("best chosen by lot")).to_be_visible()

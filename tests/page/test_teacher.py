"""The teacher's notes: their numbers are the engine's, their links are pages, and they print on two sheets."""

from __future__ import annotations

import re
from itertools import pairwise
from string import Formatter
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import expect

from experiments.app.address import read_address
from experiments.app.catalogue import LANGUAGES, PageMessages, catalogue
from experiments.app.lessons.panel import LESSON, SETTINGS
from experiments.app.lessons.summaries import experiment, plain
from experiments.app.page import every_setting
from experiments.app.teacher.notes import LINK, notes, opening, page, published, rest, simulated, template
from tests.page.conftest import settle, violations
from tests.page.conftest import told as said_by

DEFAULTS = {setting.key: setting.default for setting in SETTINGS}


def own(text):
    """The addresses of this page in the notes, as settings by key."""
    return [{key: value[0] for key, value in parse_qs(link[1:]).items()} for _, link in LINK.findall(text) if link[0] == "?"]


def places(text):
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_number_is_put_in_its_place_and_none_is_left_over(language):
    w, (first, second) = PageMessages(language), template(language)
    both = {**published(w), **simulated(w)}

    assert places(first) <= set(published(w))
    assert places(first + second) == set(both)
    assert "{" not in notes(language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_numbers_are_those_that_the_lessons_say_at_their_defaults(language):
    w = PageMessages(language)
    numbers = simulated(w)
    said = {lesson: plain(experiment(w, lesson, DEFAULTS).result) for lesson in LESSON.codes}
    said["any"] = plain(experiment(w, "base", {**DEFAULTS, "base_counts": "any"}).result)
    said["large"] = plain(experiment(w, "luck", {**DEFAULTS, "luck_size": "800"}).result)

    for name in ("luck_small", "luck_far"):
        assert numbers[name] in said["luck"]
    for name in ("luck_large", "luck_most"):
        assert numbers[name] in said["large"]
    for lesson, names in {
        "curse": ["curse_power"], "self": ["self_naive", "self_fair"], "base": ["base_others", "base_highest"],
        "any": ["any_others", "any_highest"], "wings": ["wings_before", "wings_after"],
    }.items():  # fmt: skip
        assert all(numbers[name] in said[lesson] for name in names)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_result_of_the_simulation_is_typed_into_the_notes(language):
    """What may be typed: minutes, years, counts that define an experiment, and the port of an address."""
    text = "".join(template(language))
    text = re.sub(r"\]\([^)]*\)|`[^`]*`|\{\w+\}", "", text)
    found = set(re.findall(r"\d+(?:[.,]\d+)?", text))
    minutes = {"45", "90", "0", "5", "12", "18", "28", "38", "43"}
    years = {"2016", "2021", "22", "2018", "2014"}

    assert found <= minutes | years | {"10", "100", "40", "1.000", "1,000"}


def test_both_languages_lead_to_the_same_places():
    da, en = (own(notes(language)) for language in LANGUAGES)

    assert [each.pop("lang") for each in da] == ["da"] * len(da)
    assert [each.pop("lang") for each in en] == ["en"] * len(en)
    assert da == en


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_link_is_a_page_that_there_is(language):
    settings = every_setting()
    known = {setting.key for setting in settings}
    asked = own(notes(language))

    assert {each["panel"] for each in asked} >= {"trial", "lessons", "lives", "carry", "country", "about"}
    assert {each["lesson"] for each in asked if "lesson" in each} == set(LESSON.codes)
    for each in asked:
        assert set(each) <= known
        assert read_address(settings, each)[1] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_plan_fills_forty_five_minutes_without_a_gap(language):
    spans = [tuple(map(int, found)) for found in re.findall(r"^\| (\d+)–(\d+) \|", opening(language), re.MULTILINE)]

    assert spans[0][0] == 0
    assert spans[-1][1] == 45
    assert all(before[1] == after[0] for before, after in pairwise(spans))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_panel_shows_the_notes(open_page, language):
    text = said_by(open_page(panel="teacher", lang=language))

    assert opening(language).strip() in text
    assert rest(language).strip() in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_printed_file_has_everything_and_asks_for_nothing(language):
    w, text = PageMessages(language), notes(language)
    html = page(w, text, "http://here:1/base")

    assert f'<html lang="{language}">' in html
    assert html.count("<a ") == len(LINK.findall(text))
    assert 'href="http://here:1/base/?panel=trial&amp;lang=' in html
    assert not re.search(r"<(?:script|link|img|iframe)|@import|url\(", html)
    assert not re.search(r"\*\*|\]\(|\$|^#|^\|", html, re.MULTILINE)
    assert html.count("<h1>") == 1
    assert html.count("<tr>") == len(re.findall(r"^\| ", text, re.MULTILINE))


def test_signs_of_html_in_notes_or_address_are_only_read():
    html = page(PageMessages("en"), "## a < b\n\n- c & d", "http://x/<script>")

    assert "a &lt; b" in html
    assert "c &amp; d" in html
    assert "<script>" not in html


def test_the_notes_print_on_two_sheets(browser, tmp_path):
    for language in LANGUAGES:
        file = tmp_path / f"{language}.html"
        file.write_text(page(PageMessages(language), notes(language), "http://localhost:8501/"), encoding="utf-8")
        sheet = browser.new_page()
        sheet.goto(file.as_uri())
        printed = sheet.pdf(prefer_css_page_size=True)
        sheet.close()

        assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 2


def test_a_teacher_can_follow_a_link_and_take_the_notes_home(visit, tmp_path):
    page = visit("?panel=teacher&lang=da")
    assert not violations(page)
    with page.expect_download() as download:
        page.get_by_role("button", name=catalogue("da")["teacher.print"]).click()
    download.value.save_as(tmp_path / "notes.html")
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Selvudvælgelse").first.click()
    lesson = opened.value
    lesson.wait_for_selector("h3")
    settle(lesson)

    assert download.value.suggested_filename == "desist-da.html"
    assert f'href="{page.url.split("?")[0]}?panel=trial&amp;lang=da"' in (tmp_path / "notes.html").read_text()
    expect(lesson.locator("h3").first).to_have_text(catalogue("da")["lessons.self.lesson"])

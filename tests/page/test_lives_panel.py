"""The panel of two lives, without and with a browser."""

from __future__ import annotations

import shlex

import pandas as pd
import pytest
from playwright.sync_api import expect

from experiments.app.catalogue import LANGUAGES, PageMessages
from experiments.app.two_lives import chart as lives_chart
from experiments.app.two_lives import sentences
from experiments.app.two_lives.animation import scenario
from experiments.app.two_lives.facts import pair
from experiments.language.spreadsheets import headings
from tests.page.conftest import press, told, violations
from tests.test_cli import desist

HERE = "?panel=lives&lang="


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_panel_says_who_lives_twice_where_the_lives_part_and_why(open_page, language):
    w = PageMessages(language)
    at = open_page(panel="lives", lang=language, life=88, lifeseed=7)
    lives, text = pair(7).lives(88), told(at)
    title, reasons = sentences.parted(w, "worse", lives)

    assert title in [each.value for each in at.subheader]
    assert len(reasons) == 2
    assert all(f"- {reason}" in text for reason in reasons)
    assert sentences.person(w, lives[0]) in text
    assert all(each in text for each in sentences.verdict(w, "worse", lives))
    assert sentences.often(w, pair(7)) in text
    assert w("lives.device.text") in text
    assert w("lives.device.never") in text


def test_buttons_lead_to_neighbours_and_to_whom_it_helped_or_not(open_page):
    at = open_page(panel="lives", lang="da", life=0, lifeseed=7)

    def press(button):
        at.button(key=button).click().run()
        told(at)
        return at.session_state["life"]

    kinds = pair(7).kinds
    assert [press("life-previous"), press("life-next"), press("life-next")] == [96, 0, 1]
    assert press("life-helped") == kinds.index("helped", 2)
    assert kinds[press("life-same")] == "same"
    assert press("life-worse") == 88
    assert at.button(key="life-worse").disabled
    assert "88" in at.query_params["life"]


def test_a_decision_after_two_years_is_explained(open_page):
    late = PageMessages("da")("lives.chart.late")

    assert late in told(open_page(panel="lives", lang="da", life=34))
    assert late not in told(open_page(panel="lives", lang="da", life=3))


def test_nobody_worse_off_is_no_dead_end(open_page):
    at = open_page(panel="lives", lang="en", lifeseed=1)

    assert "worse" not in pair(1).kinds
    assert at.button(key="life-worse").disabled
    at.button(key="lifeseed-again").click().run()
    assert at.session_state["lifeseed"] == 2
    assert sentences.often(PageMessages("en"), pair(2)) in told(at)


def test_the_language_changes_and_the_person_stays(open_page):
    at = open_page(panel="lives", lang="da", life=37, lifeseed=4)
    at.session_state["lang"] = "en"
    at.run()

    assert (at.session_state["life"], at.session_state["lifeseed"]) == (37, 4)
    assert sentences.parted(PageMessages("en"), "worse", pair(4).lives(37))[1][0] in told(at)


def test_the_commands_on_the_page_tell_the_lives_on_the_page(open_page, tmp_path, monkeypatch):
    at = open_page(panel="lives", lang="en", life=37, lifeseed=4)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "desist-two-lives.toml").write_text(scenario(mentors=True).to_toml(), encoding="utf-8")
    commands = at.code[0].value.splitlines()

    assert len(commands) == 2
    for life, command in zip(pair(4).lives(37), commands, strict=True):
        code, out, _ = desist(*shlex.split(command)[1:])
        assert code == 0
        assert f"At the end: {life.offences} offences" in out
        assert sentences.crime(PageMessages("en"), life).startswith(f"{life.offences} offence")


# In a browser -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_both_lives_can_be_seen_read_and_heard(visit, language):
    w = PageMessages(language)
    page = visit(f"{HERE}{language}&life=88&lifeseed=7")
    chart = page.locator("[role=graphics-document]").first
    chart.wait_for()
    table = page.locator("table.two-lives")

    assert chart.get_attribute("aria-label") == lives_chart.description(w, pair(7).lives(88))
    assert table.get_by_role("columnheader").all_inner_texts() == [
        w(f"lives.story.{key}") for key in ("month", "with", "without")
    ]
    expect(table.locator("tbody tr")).to_have_count(len(list(sentences.story(w, pair(7).lives(88)))))
    assert not violations(page)


def test_the_next_person_comes_by_keyboard_and_the_address_follows(visit):
    page = visit(f"{HERE}en&life=36&lifeseed=4")
    slider = page.get_by_role("slider").first
    slider.focus()
    press(slider, "ArrowRight", "location.search.includes('life=37')")

    expect(page.get_by_role("heading", name="The two lives part in month 5")).to_be_visible()
    page.get_by_role("button", name="Next", exact=True).focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**life=38**")


def test_the_two_lives_can_be_saved_as_a_table(visit, tmp_path):
    page = visit(f"{HERE}da&life=3")
    page.get_by_text(PageMessages("da")("page.numbers")).first.click()
    for kind, name in (("csv", "CSV"), ("xlsx", "Excel")):
        with page.expect_download() as saved:
            page.get_by_role("button", name=name).first.click()
        saved.value.save_as(tmp_path / f"lives.{kind}")
        assert saved.value.suggested_filename == f"desist-two-lives.{kind}"
    read = pd.read_csv(tmp_path / "lives.csv", keep_default_na=False, sep=";", decimal=",", encoding="utf-8-sig")
    sheets = pd.read_excel(tmp_path / "lives.xlsx", sheet_name=None, header=None)
    expected = lives_chart.table(pair(1).lives(3))
    heads = headings(expected, PageMessages("da"))
    at = expected.columns.get_loc("offences")

    assert read.columns.tolist() == sheets["two-lives"].iloc[0].tolist() == heads
    assert len(read) == len(sheets["two-lives"]) - 1 == len(expected)
    assert read.iloc[:, at].sum() == sheets["two-lives"].iloc[1:, at].sum() == sum(life.offences for life in pair(1).lives(3))
    assert sheets["Kvittering"].iloc[0].tolist()[0] == "Kvittering"


def test_on_a_phone_nothing_is_cut_off(visit):
    page = visit(f"{HERE}da&life=88&lifeseed=7", width=390, height=844)
    page.locator("[role=graphics-document]").first.wait_for()

    wide = page.evaluate("""() => [...document.querySelectorAll('table.two-lives, .vega-embed svg, .vega-embed canvas, button')]
        .map(e => e.getBoundingClientRect()).filter(r => r.width > 0 && (r.right > 391 || r.left < -1)).length""")
    assert wide == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 390

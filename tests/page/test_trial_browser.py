"""The trial's panel in a browser: guess, play, keyboard, slider, phone, accessibility, download."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from experiments.app.trial.facts import Levers, one_trial
from tests.page.conftest import press, settle, violations

USUAL = Levers(effect=67, route=40, half_life=18, dropout=45, people=97)
FILM = "?panel=trial&lang=en&guessed=yes&guess_with=20&guess_without=60"
MANY = f"{FILM}&times=many"


CUT_OFF = """[...document.querySelectorAll('[data-testid=stMain] *')]
  .filter((each) => !each.closest('details') && each.getBoundingClientRect().right > innerWidth + 1)
  .map((each) => each.outerHTML.slice(0, 80))"""
"""What reaches beyond the right edge, apart from folded tables, which scroll."""


def counted(levers, seed, month):
    """How many have reoffended by a month, all of the mentored and of the controls."""
    film = one_trial(levers, seed).film
    return [
        sum(at <= month for at, side in zip(film.again, film.mentored, strict=True) if side == arm) for arm in (1, 0)
    ]


def shown(page):
    """How many figures are marked as having reoffended, mentored and control."""
    return [page.locator(f".arm.{arm} .person.again").count() for arm in ("mentored", "control")]


def at_month(page, month):
    page.locator(".film input[type=range]").fill(str(month))


def test_guess_then_play_to_the_end(visit):
    page = visit("?panel=trial&lang=en")
    assert page.locator(".film").count() == 0
    page.get_by_role("button", name="Show me").click()
    page.wait_for_selector(".film .person")
    settle(page)
    expect(page.locator(".film .month")).to_have_text("2 months before")
    expect(page.locator(".person.inside")).to_have_count(97)
    page.get_by_label("Speed").select_option("fast")
    at_month(page, 18)
    page.get_by_role("button", name="Play").click()
    page.get_by_role("button", name="Pause").wait_for()
    assert page.locator(".film .told").inner_text() == ""
    page.get_by_role("button", name="Play").wait_for()

    expect(page.locator(".film .month")).to_have_text("Month 24")
    assert shown(page) == counted(USUAL, 1, 24)
    expect(page.locator(".film .told")).to_contain_text("Month 24. With mentors, Highest risk: new crime 12 of 23")


def test_a_slider_keeps_the_month_and_another_chance_plays_on(visit):
    page = visit(FILM)
    at_month(page, 24)
    assert shown(page) == counted(USUAL, 1, 24)
    press(page.get_by_role("slider", name="Lower risk while they meet"), "End", "location.search.includes('effect=99')")
    stronger = counted(USUAL._replace(effect=99), 1, 24)
    page.locator(f".arm.mentored .person.again >> nth={stronger[0] - 1}").wait_for()
    page.wait_for_timeout(200)

    expect(page.locator(".film .month")).to_have_text("Month 24")
    assert shown(page) == stronger != counted(USUAL, 1, 24)
    at_month(page, 14)
    page.get_by_role("button", name="Play").click()
    page.get_by_role("button", name="Run it again").click()
    page.wait_for_function("location.search.includes('trial_seed=2')")
    settle(page)
    page.get_by_label("Speed").select_option("fast")
    page.get_by_role("button", name="Play").wait_for()

    assert shown(page) == counted(USUAL._replace(effect=99), 2, 24)


def test_the_film_works_by_keyboard_alone(visit):
    page = visit(FILM)
    page.get_by_role("button", name="Play").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    for _ in range(5):
        page.keyboard.press("Enter")
    expect(page.locator(".film .month")).to_have_text("Month 3")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")

    expect(page.locator(".film .month")).to_have_text("Month 4")
    assert shown(page) == counted(USUAL, 1, 4)
    assert page.locator(".film input").get_attribute("aria-valuetext") == "Month 4"


def test_the_month_is_kept_over_a_look_at_many_trials_and_begins_anew_with_a_new_guess(visit):
    page = visit(FILM)
    at_month(page, 9)
    page.get_by_role("radio", name="1,000 times").click()
    page.wait_for_selector("[data-testid=stVegaLiteChart] canvas, [data-testid=stVegaLiteChart] svg")
    settle(page)
    page.get_by_role("radio", name="One trial").click()
    page.wait_for_selector(".film .person")
    expect(page.locator(".film .month")).to_have_text("Month 9")
    page.get_by_role("button", name="Guess again").click()
    press(page.get_by_role("slider", name="With mentors").first, "Home", "!location.search.includes('guess_with=20')")
    page.get_by_role("button", name="Show me").click()
    page.wait_for_selector(".film .person")

    expect(page.locator(".film .month")).to_have_text("2 months before")


@pytest.mark.parametrize(("address", "width"), [("?panel=trial", 390), (FILM, 390), (MANY, 390)])
def test_it_is_accessible_and_nothing_is_cut_off(visit, address, width):
    page = visit(address, width=width)
    if address == FILM:
        page.wait_for_selector(".film .person")
    if address == MANY:
        page.wait_for_selector("[data-testid=stVegaLiteChart] canvas, [data-testid=stVegaLiteChart] svg")

    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(CUT_OFF) == []


def test_the_numbers_behind_the_film_can_be_downloaded(visit):
    page = visit(FILM)
    page.get_by_text("The numbers behind the figure, and files").click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="CSV").click()
    lines = waiting.value.path().read_text(encoding="utf-8").splitlines()
    one = one_trial(USUAL, 1)

    assert lines[0] == "arm,group,month,people,reoffended,share,low,high"
    assert len(lines) == 1 + 2 * 2 * 25
    last = next(line for line in lines if line.startswith("mentored,highest risk,24,")).split(",")
    assert [int(last[3]), int(last[4])] == one.outcomes.query(
        "arm == 'mentored' and group == 'highest risk'")[["people", "reoffended"]].iloc[0].tolist()  # fmt: skip

"""The coordinator's game in a real browser: by keyboard, on a phone, read aloud, from a link."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from experiments.app.coordinator import facts
from tests.page.conftest import settle, violations


def test_a_round_is_played_by_keyboard_alone(visit):
    """Space ticks, Enter goes on; the next round begins at its heading, at the top."""
    page = visit("?panel=carry&lang=en&carryround=1", width=390, height=700)
    first = facts.new_in(1, 1)[0].number
    box = page.get_by_role("checkbox", name=f"Person {first} ·")
    box.focus()
    page.keyboard.press("Space")
    page.wait_for_url(f"**carrypairs={first}*")
    settle(page)
    button = page.get_by_role("button", name="Next round")
    button.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("h3:has-text('Round 2 of 6')")
    page.wait_for_function("document.activeElement.tagName === 'H3'")

    assert f"Person {first} was given mentors." in page.inner_text("main, [data-testid=stMain]")
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop") == 0


def towns(page):
    """What the sliders hold."""
    return [int(each.input_value()) for each in page.get_by_role("slider").all()]


def test_the_sliders_always_hold_twenty(visit):
    """However fast the keys: the others follow at once, and the address when the hand rests."""
    page = visit("?panel=carry&lang=da")
    for name, keys in (("Vejle", ["ArrowRight"] * 5), ("Aarhus", ["Home"]), ("Esbjerg", ["End", "ArrowLeft"])):
        thumb = page.get_by_role("slider", name=name)
        thumb.focus()
        for key in keys:
            page.keyboard.press(key)

            assert sum(towns(page)) == 20
    held = towns(page)
    page.wait_for_url(f"**carrytowns={'.'.join(map(str, held))}*")
    settle(page)

    assert towns(page) == held
    assert held[3] == 19
    assert "9 par og 1 til overs" in page.get_by_role("slider", name="Esbjerg").get_attribute("aria-valuetext")


def test_towns_that_are_set_just_before_the_start_count(visit):
    """Begin is pressed before the hand has rested: the game has the towns that were shown."""
    page = visit("?panel=carry&lang=en")
    page.get_by_role("slider", name="Odense").focus()
    page.keyboard.press("Home")
    held = towns(page)
    page.get_by_role("button", name="Begin").click()

    assert held[1] == 0
    expect(page.get_by_role("heading", name="Round 1 of 6")).to_be_visible()
    expect(page.get_by_role("heading", name="Odense: no pair is free")).to_be_visible()
    page.wait_for_url(f"**carrytowns={'.'.join(map(str, held))}*")


@pytest.mark.parametrize(("language", "step"), [("da", 0), ("en", 3), ("da", 7)])
def test_nothing_is_cut_off_on_a_phone_and_axe_finds_nothing(visit, language, step):
    """Start, a round with everybody ticked, and the result."""
    everybody = ".".join(map(str, range(60)))
    page = visit(f"?panel=carry&lang={language}&carryround={step}&carrypairs={everybody}", width=390)
    page.wait_for_selector(
        {0: "input[type=range]", 3: "input[type=checkbox]", 7: "[data-testid=stVegaLiteChart] svg"}[step],
        state="attached",
    )

    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert violations(page) == []

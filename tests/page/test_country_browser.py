"""The panel "The whole country" in a browser: it computes in the background, shows, and gives files."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.page.conftest import PATIENCE, press, settle, violations

SHORT = "panel=country&cplan=todays-area&cyears=2"
"""A plan that is told in a second or two."""


def answered(page):
    """Wait until the answers are there and drawn."""
    page.wait_for_selector("dl.country-answers", timeout=PATIENCE)
    page.wait_for_function("!document.querySelector('[data-testid=stSkeleton]')")
    settle(page)
    return page


def test_the_page_tells_how_far_it_is_and_then_shows_answers_and_a_map(visit):
    page = visit(f"?{SHORT}&lang=da")
    page.get_by_text("Imens: hvornår planen åbner.").wait_for()

    answered(page)
    assert page.locator("dl.country-answers dt").all_inner_texts()[0] == "Forløb, der begynder"
    expect(page.locator('[data-testid="stVegaLiteChart"] svg')).to_have_count(2)
    said = page.get_by_test_id("stVegaLiteChart").first.get_attribute("aria-label")
    assert said.startswith("Kort over Danmarks kommuner.")
    assert violations(page) == []


def test_pictures_tables_and_the_plan_can_be_downloaded(visit):
    page = answered(visit(f"?{SHORT}&lang=en"))
    page.get_by_text("The numbers behind the figure").click()
    for kind, begins in (("CSV", b"municipality,region"), ("PNG", b"\x89PNG"), ("SVG", b"<svg")):
        with page.expect_download() as got:
            page.get_by_role("button", name=kind, exact=True).click()
        assert got.value.path().read_bytes().startswith(begins)

    page.get_by_text("The plan as a file").click()
    with page.expect_download() as got:
        page.get_by_role("button", name="Download todays-area.toml").click()
    assert got.value.suggested_filename == "todays-area.toml"
    assert "years = 2" in got.value.path().read_text(encoding="utf-8")


def test_a_slider_moved_by_keyboard_is_told_anew_and_is_in_the_address(visit):
    page = answered(visit(f"?{SHORT}&lang=da"))
    before = page.locator("dl.country-answers").inner_text()
    slider = page.get_by_role("slider", name="Hvervning i forhold til planens")
    press(slider, "ArrowRight", "location.search.includes('crecruits=125')")
    page.wait_for_selector("dl.country-answers", state="detached")

    answered(page)
    expect(page.locator("dl.country-answers")).not_to_have_text(before, use_inner_text=True)


def test_a_phone_shows_the_answers_first_and_nothing_beyond_its_edge(visit):
    page = answered(visit(f"?{SHORT}&lang=da&cshape=tiles", width=390, height=800))

    answers, controls = (
        page.locator(each).first.bounding_box() for each in ("dl.country-answers", "text=Skru på planen")
    )
    assert answers["y"] < controls["y"]
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert violations(page) == []

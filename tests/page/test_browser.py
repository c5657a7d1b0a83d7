"""What all panels have in common, in a real browser. No request may leave the machine: the fixture ``visit`` says so."""

from __future__ import annotations

from itertools import pairwise
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from playwright.sync_api import expect

from experiments.app.address import Choice, Several, Whole, written
from experiments.app.catalogue import LANGUAGES, catalogue
from experiments.app.layout import NAMES_OF_STREAMLIT
from experiments.app.page import PANELS, every_setting
from tests.page.conftest import press, settle, violations


def address(page):
    return dict(parse_qsl(urlsplit(page.url).query))


def choose(page, key, name):
    """Press a button of the languages (``lang``) or panels (``panel``), and wait for what it shows."""
    button = page.locator(f".st-key-{key}").get_by_role("radio", name=name, exact=True)
    button.click()
    page.wait_for_function(
        "(code) => new URL(location).searchParams.get(code[0]) === code[1]", arg=[key, code_of(key, name)]
    )
    settle(page)


def code_of(key, name):
    if key == "lang":
        return {"Dansk": "da", "English": "en"}[name]
    return next(code for code in PANELS for language in LANGUAGES if catalogue(language)[f"page.panel.{code}"] == name)


def go(page, panel, language):
    if address(page).get("panel", "trial") != panel:
        choose(page, "panel", catalogue(language)[f"page.panel.{panel}"])
    expect(page.locator("h2").first).to_contain_text(catalogue(language)[f"{panel}.title"])


def others():
    """A value for every bounded number and choice that is allowed and is not the default, as it stands in an address."""
    found = {}
    for each in every_setting():
        if isinstance(each, Whole):
            found[each.key] = each.default + (each.step if each.default < each.high else -each.step)
        elif isinstance(each, Choice):
            found[each.key] = next(code for code in each.codes if code != each.default)
        elif isinstance(each, Several):
            found[each.key] = [code for code in each.codes if code not in each.default][:1] or each.codes[:1]
    return {key: written(value) for key, value in found.items() if key not in ("lang", "panel")}


def test_the_language_is_switched_in_one_click_and_no_setting_is_lost(visit):
    """A link that holds another value of every setting; the language is switched there and back."""
    wanted = others()
    page = visit(f"?{urlencode({'lang': 'da', 'panel': 'about', **wanted})}")

    assert {key: value for key, value in address(page).items() if key in wanted} == wanted
    for language, name in (("en", "English"), ("da", "Dansk")):
        choose(page, "lang", name)
        assert page.evaluate("document.documentElement.lang") == language
        assert page.locator('[data-testid="stSkipToContent"]').inner_text() == catalogue(language)["page.skip"]
        copy = page.locator('[data-testid="stCode"] button').first
        assert copy.get_attribute("aria-label") == catalogue(language)["page.names.copy"]
        assert page.title() == f"{catalogue(language)['page.panel.about']} · Desist"
        assert {key: value for key, value in address(page).items() if key in wanted} == wanted


def test_a_slider_is_moved_by_the_keyboard_alone_and_a_link_and_the_back_button_restore_it(visit, served):
    page = visit("?lang=en&panel=about")
    page.keyboard.press("Tab")

    assert page.evaluate("document.activeElement.dataset.testid") == "stSkipToContent"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.tagName") == "H2"
    for _ in range(12):  # back up to the panels
        page.keyboard.press("Shift+Tab")
        if page.evaluate("document.activeElement.innerText") == catalogue("en")["page.panel.about"]:
            break
    for _ in range(len(PANELS) - 1):
        page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    page.wait_for_function("new URL(location).searchParams.get('panel') === 'trial'")
    settle(page)
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.type") == "range":
            break
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**guess_with=51*")
    settle(page)
    other = visit(page.url.removeprefix(f"{served}/"))
    page.go_back()
    page.wait_for_function("!location.search.includes('guess_with')")
    settle(page)

    assert other.locator('.st-key-guess_with input[type="range"]').input_value() == "51"
    assert page.locator('.st-key-guess_with input[type="range"]').input_value() == "50"


def test_two_visitors_do_not_see_each_others_settings(visit):
    one, two = visit("?lang=da&panel=trial&guess_with=20"), visit("?lang=en&panel=trial&guess_with=80")
    slider = one.locator('.st-key-guess_with input[type="range"]')
    press(slider, "ArrowRight", "location.search.includes('guess_with=21')")
    choose(two, "panel", catalogue("en")["page.panel.about"])

    assert (address(one)["guess_with"], address(two)["guess_with"]) == ("21", "80")
    assert (address(one)["lang"], address(two)["lang"]) == ("da", "en")
    assert (address(one)["panel"], address(two)["panel"]) == ("trial", "about")


def test_the_scenario_behind_the_numbers_is_downloaded(visit):
    page = visit("?lang=da&panel=trial&guessed=yes")
    page.get_by_text(catalogue("da")["page.scenario.title"]).click()
    with page.expect_download() as found:
        page.get_by_role("button", name=catalogue("da")["page.scenario.button"]).click()

    assert found.value.suggested_filename.endswith(".toml")
    assert "[programme.primus_motor]" in found.value.path().read_text()


def test_the_link_to_a_view_is_copied(visit):
    page = visit("?lang=en&panel=about")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name=catalogue("en")["page.copy"]).click()
    page.get_by_text(catalogue("en")["page.copied"]).wait_for()

    assert page.evaluate("navigator.clipboard.readText()") == page.url


@pytest.mark.parametrize("width", [390, pytest.param(1920, marks=pytest.mark.long)])
def test_nothing_is_cut_off_on_a_phone_or_a_projector(visit, width):
    page = visit("?lang=da&panel=trial&guessed=yes", width=width)
    for panel in PANELS:
        go(page, panel, "da")
        wide = page.evaluate(
            "[document.documentElement, document.querySelector('main')].map((part) => part.scrollWidth - part.clientWidth)"
        )
        assert wide == [0, 0], panel


NAMES = """() => [...document.querySelectorAll("main [aria-label], main [placeholder]")]
  .filter((each) => each.checkVisibility()).flatMap((each) => [each.ariaLabel ?? "", each.placeholder ?? ""])"""


@pytest.mark.parametrize("language", ["da", pytest.param("en", marks=pytest.mark.long)])
def test_a_screen_reader_is_served_on_every_panel(visit, language):
    """Axe finds nothing, headings are in order, and in Danish no control has one of Streamlit's English names."""
    page = visit(f"?lang={language}&panel=trial&guessed=yes")
    found = {}
    for panel in PANELS:
        go(page, panel, language)
        if panel == "trial":
            page.wait_for_selector(".film .person")
        found[panel] = violations(page)
        headings = page.eval_on_selector_all("h1, h2, h3, h4", "all => all.map((each) => each.tagName)")
        levels = [int(tag[1]) for tag in headings]
        assert levels[:2] == [1, 2], panel
        assert all(after <= before + 1 for before, after in pairwise(levels)), panel
        assert levels.count(1) == 1, panel
        names = page.evaluate(NAMES) if language == "da" else []
        assert not [name for name in names if name.startswith(tuple(NAMES_OF_STREAMLIT.values()))], panel

    assert found == {panel: [] for panel in PANELS}


def test_nothing_of_streamlits_own_is_seen(visit):
    """Neither its menu, its deploy button, its badge nor a word of English in the Danish page."""
    page = visit("?lang=da&panel=about")

    for name in ("stMainMenu", "stAppDeployButton", "stToolbarActions", "stStatusWidget"):
        assert not page.locator(f'[data-testid="{name}"]').is_visible()
    assert "Streamlit" not in page.locator("body").inner_text()


def test_motion_stops_for_those_who_ask_for_it_and_a_printed_page_has_no_controls(visit):
    page = visit("?lang=da&panel=about")
    page.emulate_media(reduced_motion="reduce")
    longest = page.evaluate(
        "Math.max(...[...document.querySelectorAll('*')].map((each) => parseFloat(getComputedStyle(each).transitionDuration)))"
    )
    page.emulate_media(media="print")

    assert longest < 0.001
    assert not page.locator(".st-key-panel").is_visible()
    assert page.locator("h2").is_visible()


@pytest.mark.parametrize("panel", PANELS)
def test_every_panel_is_shown_under_the_policy_of_the_page(visit, panel):
    """Scripts, styles, fonts, pictures and the socket are those that it allows; nothing is refused, nothing fails."""
    page = visit(f"?panel={panel}&lang=en&guessed=yes", policy=True)
    settle(page)
    language = page.get_attribute("html", "lang")  # set by a script inside the page

    assert language == "en"
    if panel == "trial":
        page.wait_for_selector(".film .person")
    if panel in ("lessons", "lives", "country"):
        page.wait_for_selector("main canvas, main svg.marks")

"""What all panels have in common, without a browser."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from experiments.app.catalogue import LANGUAGES, catalogue
from experiments.app.page import PANELS
from tests.page.conftest import told


@pytest.mark.parametrize("panel", PANELS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_panel_opens_in_every_language(open_page, panel, language):
    at = open_page(panel=panel, lang=language)

    assert at.header[0].value == catalogue(language)[f"{panel}.title"]
    assert catalogue(language)["page.never"] in told(at)


def test_a_setting_that_is_not_allowed_is_told_in_one_line(open_page):
    at = open_page(panel="nothing", lang="en")

    assert "panel = nothing; allowed is trial, lessons" in at.warning[0].value

    at.segmented_control(key="panel").set_value("about").run()
    assert not at.warning


def test_settings_of_all_panels_are_kept_while_others_are_looked_at(open_page):
    at = open_page(panel="trial", lang="da", guess_with=20, guess_without=70)
    for panel, language in (("about", "da"), ("about", "en"), ("teacher", "en"), ("trial", "da")):
        at.segmented_control(key="lang").set_value(language)
        at.segmented_control(key="panel").set_value(panel).run()
        told(at)

    assert at.slider(key="guess_with").value == 20
    assert at.session_state["guess_without"] == 70


@pytest.mark.parametrize("value", [101, -1, 10**9, "x", None, [3], 50.5])
def test_a_control_that_says_what_is_not_allowed_says_what_it_did_before(open_page, value):
    at = open_page(panel="about", lang="en", guess_with=20)
    at.session_state["guess_with"] = value
    at.run()

    assert at.session_state["guess_with"] == 20


def test_a_setting_is_not_written_while_its_control_is_moved(open_page):
    """A control that is written again in every run would jump back while somebody moves it quickly."""
    at = open_page(panel="trial", lang="en")
    at.slider(key="guess_with").set_value(30).run()

    assert not at.slider(key="guess_with").proto.set_value
    assert at.slider(key="guess_with").value == 30


def test_the_first_page_is_told_without_the_engine_and_without_tables():
    """What is slow to load is loaded when the first visitor has something to look at."""
    code = (
        "import sys; from streamlit.testing.v1 import AppTest; from experiments.app.serving import PAGE; "
        "AppTest.from_file(str(PAGE)).run(timeout=60); print(*{'pandas', 'numba', 'mesa'} & set(sys.modules))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert ran.stdout.split() == []


@pytest.mark.parametrize("value", ["![x](https://elsewhere.invalid/x.png)", "1\t2", "<img src=//x>", ":red[x] $x$"])
def test_what_stands_in_an_address_is_shown_as_plain_text(open_page, value):
    """A link cannot make a visitor's browser fetch anything; unknown keys are named."""
    at = open_page(panel="about", lang="en", carryseed=value, nothing=value)
    texts = [warning.value for warning in at.warning]

    assert len(texts) == 2
    assert "no setting of that name" in texts[0]
    for text in texts:
        assert not re.search(r"(?<!\\)[\[\]<>:$](?!\s)", text.partition("=")[2].split(";")[0].split(", but")[0])

"""What all panels have in common, without a browser."""

from __future__ import annotations

import pytest

from experiments.app.page import PANELS
from experiments.app.words import LANGUAGES, catalogue
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

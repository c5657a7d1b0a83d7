"""A report in a browser: accessible, no wider than its window, and nothing asked of anybody."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from experiments.reports.effect import calibration_page
from experiments.reports.page import html
from experiments.reports.receipt import sealed_page
from tests.page.conftest import violations


@pytest.mark.parametrize("language", ["en", "da"])
def test_a_report_is_accessible_at_every_width_and_asks_nothing(browser, tmp_path, language):
    """Axe finds nothing against WCAG 2 A and AA; no request leaves; the page is as wide as its window; it prints."""
    folder = Path(__file__).parents[2] / "results/calibration"
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    file = tmp_path / "report.html"
    made = html(calibration_page(folder, manifest, language))
    file.write_text(sealed_page(made, {"command": "desist report calibration"}), encoding="utf-8")
    asked = []
    for width in (1280, 390):
        page = browser.new_page(viewport={"width": width, "height": 900})
        page.on("request", lambda request: asked.append(request.url))
        page.goto(file.as_uri())

        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert all(page.evaluate("[...document.images].map((each) => each.complete && each.naturalWidth > 0)"))
        page.close()
    assert {url.partition(":")[0] for url in asked} <= {"file", "data"}
    page = browser.new_page()
    page.goto(file.as_uri())
    paper = page.pdf(prefer_css_page_size=True)
    page.close()

    assert paper.startswith(b"%PDF")

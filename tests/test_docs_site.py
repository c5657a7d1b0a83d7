"""The site of the documents: links that leave the folder, tags of sources, and nothing loaded from elsewhere.

Run where ``.[docs]`` is installed (``.ci/docs`` does).
"""

from __future__ import annotations

import sys

import pytest

from tests.snippets import HOME

pytest.importorskip("mkdocs")
pytest.importorskip("nbclient")
sys.path.insert(0, str(HOME / "docs" / "site"))

import hooks
import notebooks
import outside


@pytest.mark.parametrize(
    ("uri", "link", "there"),
    [
        ("runs.md", "model.md#a-month", "model.md#a-month"),
        ("runs.md", "../README.md#verbs", "repository/README.md#verbs"),
        ("runs.md", "../simulation/rules.py#L3", "repository/simulation/rules.py.md"),
        ("guides/planner.md", "../../results/calibration-check/check.png", "../repository/results/calibration-check/check.png"),
        ("guides/planner.md", "../notebooks/planner.ipynb", "../notebooks/planner.md"),
        ("repository/README.md", "docs/model.md", "../model.md"),
        ("runs.md", "https://example.org/a.md", "https://example.org/a.md"),
        ("runs.md", "missing.md", "missing.md"),
    ],
)  # fmt: skip
def test_links_lead_to_the_site(uri, link, there):
    """A link by a path of the repository leads to the page of the site; one that leads nowhere is left to the strict build."""
    assert hooks.turned(f"see [it]({link}).", uri) == f"see [it]({there})."


def test_tags_lead_to_the_sources_and_code_is_left_alone():
    """[S2] becomes a link, also beside another; a number in brackets stays a number; code and links stay as they are."""
    text = "a [S2][S9], [1], `[S2]` and [S2](x.md)\n\n```text\n[S2]\n```\n"
    told = hooks.sourced(text, "guides/planner.md")

    assert told.startswith("a [\\[S2\\]](../sources.md#s2)[\\[S9\\]](../sources.md#s9), \\[1\\], `[S2]` and [S2](x.md)")
    assert "```text\n[S2]\n```" in told


def test_the_list_of_sources_can_be_led_to():
    """Each row of the list has an anchor."""
    sources = (HOME / "docs" / "sources.md").read_text(encoding="utf-8")

    assert hooks.sourced(sources, "sources.md").count('<span id="s') == sources.count("\n| S")


@pytest.mark.parametrize(
    "tag",
    [
        '<script src="https://example.org/a.js"></script>',
        '<link rel="stylesheet" href="//example.org/a.css">',
        '<img srcset="https://example.org/a.png 2x">',
        '<p style="background: url(https://example.org/a.png)">',
    ],
)
def test_what_a_page_loads_from_elsewhere_is_found(tmp_path, tag):
    """Scripts, styles and pictures of others are named with their page; a link to follow is none of them."""
    (tmp_path / "a.html").write_text(f'<a href="https://example.org">x</a><img src="b.png">{tag}', encoding="utf-8")

    assert len(outside.loaded(tmp_path)) == 1


def test_what_a_style_sheet_loads_from_elsewhere_is_found(tmp_path):
    """Fonts and imports of others, too."""
    (tmp_path / "a.css").write_text(
        '@import "https://example.org/b.css"; p { background: url(c.png) }', encoding="utf-8"
    )

    assert outside.loaded(tmp_path) == ["a.css: https://example.org/b.css"]


def test_a_notebook_whose_code_changes_is_run_again(tmp_path):
    """What was kept of a notebook is known by its text and by the code it rests on."""
    text = (HOME / "docs" / "notebooks" / "teacher.ipynb").read_text(encoding="utf-8")
    first, second = tmp_path / "a.ipynb", tmp_path / "b.ipynb"
    first.write_text(text, encoding="utf-8")
    second.write_text(text.replace("gange=1000", "gange=999"), encoding="utf-8")

    assert notebooks.digest(first) == notebooks.digest(HOME / "docs" / "notebooks" / "teacher.ipynb")
    assert notebooks.digest(first) != notebooks.digest(second)


def test_a_notebook_rests_on_the_studies_that_it_calls():
    """A study that is called by its name counts with its module, its figure and its sentences."""
    found = notebooks.modules("from experiments import load_scenario, sweep\nfrom simulation.outcomes import times\n")

    assert {"experiments.studies.trial.sweep_study", "experiments.figures.sweep", "experiments.language.sweep"} < set(found)
    assert "simulation.outcomes" in found
    assert "experiments.studies.trial.power_study" not in found


def test_every_verb_is_on_the_page_of_commands():
    from experiments.cli.main import VERBS

    page = hooks.commands()

    assert [f"## desist {name}" in page and f"desist {name} " in page for name in VERBS] == [True] * len(VERBS)

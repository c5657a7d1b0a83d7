"""What the page says about itself."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from experiments.app.about.panel import GRADES, SOURCES, effect_of_trial, grades
from experiments.app.catalogue import LANGUAGES, PageMessages, catalogue
from experiments.cli.main import cli
from tests.page.conftest import told

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_says_what_the_page_is_not_for_and_how_sure_it_is(open_page, language):
    page = told(open_page(panel="about", lang=language))
    found = effect_of_trial()

    assert catalogue(language)["about.never.text"] in page
    assert f"**{PageMessages(language).number(found.points, 0)} " in page
    for counts in grades().values():
        assert f"| {' | '.join(map(str, counts))} |" in page


def test_how_sure_it_is_comes_from_the_draws_that_are_shipped():
    draws = pd.read_parquet(Path(__file__).parents[2] / "experiments/inputs/data/posterior.parquet")
    gaps = 100 * (draws["_control"] - draws["_mentored"])
    found = effect_of_trial()

    assert found.points == pytest.approx(np.median(gaps))
    assert (found.low, found.high) == pytest.approx(tuple(np.percentile(gaps, [2.5, 97.5])))
    assert found.lowers == np.mean(gaps > 0)
    assert found.printed == 67 - 29


def test_grades_are_counted_as_the_command_line_counts_them():
    ran = CliRunner().invoke(cli, ["parameters", "pooled", "--json"])
    listed = [row["grade"] for row in json.loads(ran.output)]

    assert grades()["model"] == tuple(listed.count(grade) for grade in GRADES)
    assert sum(grades()["model"]) == len(listed) > 50


@pytest.mark.parametrize("tag", SOURCES)
def test_every_source_is_the_one_of_the_documents(tag):
    row = next(line for line in (DOCS / "sources.md").read_text().splitlines() if line.startswith(f"| {tag} |"))

    for language in LANGUAGES:
        assert catalogue(language)[f"about.sources.{tag}"].partition("](")[2].partition(")")[0] in row


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_five_sentences_on_what_the_page_is(language):
    lines = catalogue(language)["about.what"].splitlines()

    assert len(lines) == 5
    assert all(line.endswith(".") for line in lines)

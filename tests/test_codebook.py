"""Every column that a study saves is explained in its codebook, and docs/data.md shows every codebook."""

from __future__ import annotations

import csv
import re
import tomllib
from fnmatch import fnmatchcase

import pytest

from experiments import load_scenario, person, power, run, trial
from experiments.language.codebooks import FOLDER, codebook
from experiments.studies.catalogue import STUDIES
from tests.snippets import HOME

SAVED = sorted(each.parent for each in (HOME / "results").rglob("study.toml"))
"""The results that are kept, each with the study that made it."""


def unexplained(verb, tables):
    """Columns, by their tables, that the codebook of a study does not have."""
    books = {book.name: book.columns for book in codebook(verb)}
    return [
        f"{name}.{column}" for name, columns in tables.items() for column in columns
        if not any(fnmatchcase(column, known) for known in books.get(name, ()))
    ]  # fmt: skip


@pytest.mark.parametrize("folder", SAVED, ids=lambda path: str(path.relative_to(HOME / "results")))
def test_every_column_of_a_kept_result_is_explained(folder):
    """Each CSV file that is kept has its columns in the codebook of its study."""
    verb = tomllib.loads((folder / "study.toml").read_text(encoding="utf-8"))["study"]
    tables = {}
    for file in folder.glob("*.csv"):
        with file.open(encoding="utf-8", newline="") as rows:
            tables[file.stem] = next(csv.reader(rows))

    assert unexplained(verb, tables) == []


@pytest.mark.parametrize("made", [
    lambda: run("pooled", replicates=2), lambda: trial("pooled", trials=4), lambda: power(load_scenario("as-reported"), size=40, trials=20, target=0.5),
    lambda: person(3),
], ids=["run", "trial", "power", "person"])  # fmt: skip
def test_every_column_of_a_new_result_is_explained(made):
    """The same for what studies give now."""
    result = made()

    assert unexplained(result.study.verb, {name: list(table) for name, table in result.tables.items()}) == []


def test_every_codebook_is_of_a_study_and_on_the_page():
    """No study is without a codebook, none is of no study, and the page shows each once."""
    page = (HOME / "docs" / "data.md").read_text(encoding="utf-8")
    shown = re.findall(r"<!-- code: tables ([\w-]+) -->", page)

    assert sorted(shown) == sorted(STUDIES), "docs/data.md lacks a mark <!-- code: tables VERB -->; see docs/extending.md"
    assert {file.stem for file in FOLDER.glob("*.toml")} == {verb.replace("-", "_") for verb in STUDIES}

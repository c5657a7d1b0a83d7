"""Documents quote ``results/``: every number, table and picture that is marked is what the kept results say."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from experiments.inputs.trial_result import no_effect
from experiments.reproduction.documents import MADE, PICTURES, QUOTED, filled, pictures, quoting, row_of, written
from experiments.reproduction.headline_studies import CODE, STUDIES, keeps
from experiments.reproduction.tables import TABLES, lined, number, span
from tests.mistakes import assert_one_line
from tests.stated import stated, unmarked

DOCUMENTS = quoting(CODE)
MANY = 5
"""Documents that quote, at least."""
LARGEST, IN_ALL = 200_000, 6_000_000
"""Bytes of a kept table, and of everything that is kept."""


def test_the_documents_that_matter_quote():
    """Ladder, priorities, plans, power, mechanisms and calibration at least."""
    names = {path.stem for path in DOCUMENTS}

    assert {"ladder", "priorities", "rollout", "power", "mechanisms", "calibration"} <= names
    assert len(names) >= MANY


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_a_document_says_what_the_results_say(path):
    """If not: ``desist reproduce --documents`` writes it."""
    text = path.read_text(encoding="utf-8")
    now, changes = filled(text, CODE)

    assert [] == changes
    assert text == now


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_every_mark_is_understood_and_closed(path):
    """A mark that no rule reads would be a number that nobody checks; one that begins a line would break its paragraph."""
    text = path.read_text(encoding="utf-8")

    assert text.count("<!--/-->") == len(QUOTED.findall(text)) + len(MADE.findall(text))
    assert len(re.findall(r"<!--\w+ ", text)) == len(QUOTED.findall(text))
    assert [] == re.findall(r"^[ \t]*(?:[-*] |\d+\. )?<!--\w+ .*", text, re.MULTILINE)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_a_number_without_a_mark_is_a_stated_fact(path):
    """A result is quoted by mark; what is stated without one stands in ``stated_numbers.txt``."""
    page = path.relative_to(CODE).as_posix()

    assert unmarked(path.read_text(encoding="utf-8")) == stated().get(page, set())


def test_an_unmarked_result_would_be_noticed():
    """A number beside its mark counts, one within it does not."""
    assert unmarked("about 2,134 of <!--row mean:0-->1,350<!--/--> in 2018, `5000` and 12 %") == {"2,134"}


def test_facts_are_one_row(tmp_path):
    """Keys below keys are columns."""
    (tmp_path / "results").mkdir()
    (tmp_path / "results/facts.json").write_text('{"runs": 7, "evpi": {"value": 7571990.8}}', encoding="utf-8")
    text = "<!-- results: all = facts.json -->\n\nOf <!--all runs-->0<!--/--> runs, <!--all evpi.value:M1-->0<!--/-->."

    assert filled(text, tmp_path)[0].endswith("Of <!--all runs-->7<!--/--> runs, <!--all evpi.value:M1-->7.6<!--/-->.")


def test_pictures_are_the_figures_of_the_kept_results():
    """Byte for byte; each figure is there."""
    assert all((CODE / source).is_file() for source in PICTURES.values())
    assert [] == list(pictures(CODE))


def test_the_readme_counts_as_the_sweep_does():
    """How many points reproduce the trial, of how many."""
    answer = (CODE / "results/effect/answer_en.txt").read_text(encoding="utf-8")
    found = re.search(r"(\d+) of the (\d+) sets of assumptions", answer)

    assert found
    assert f"{found[1]} of the {found[2]} points" in " ".join((CODE / "README.md").read_text(encoding="utf-8").split())


@pytest.mark.parametrize("name", ["README.md", "docs/index.md", "docs/settings.md"])
def test_what_is_said_of_no_effect_is_what_is_calculated(name):
    """Its relative likelihood and both p-values, and never that it is excluded."""
    said, found = " ".join((CODE / name).read_text(encoding="utf-8").split()), no_effect()

    assert f"relative likelihood is {found.relative_likelihood:.2f}" in said or f"at most {found.relative_likelihood:.2f}" in said
    assert f"p {found.two_sided:.3f} two-sided" in said
    assert f"{found.one_sided:.3f} one-sided" in said
    assert "disfavoured, not excluded" in said


def test_what_is_kept_is_small():
    """Tables up to 200 kB each, 6 MB in all."""
    files = [path for study in STUDIES for path in (CODE / study.folder).glob("*") if keeps(study, path.name)]
    sizes = {path: path.stat().st_size for path in files}

    assert {} == {path: size for path, size in sizes.items() if path.suffix == ".csv" and size > LARGEST}
    assert sum(sizes.values()) < IN_ALL


def test_version_control_keeps_what_the_list_says():
    """The lines of .gitignore on results/ are those that the list of studies gives: nothing else is kept there."""
    lines = (CODE / ".gitignore").read_text(encoding="utf-8").splitlines()
    needed = ["/results/*", "!/results/README.md", "!/results/times.csv"]
    for top in dict.fromkeys(study.name.partition("/")[0] for study in STUDIES):
        below = [study.name for study in STUDIES if study.name.startswith(f"{top}/")]
        needed += [
            f"!/results/{top}/",
            *([f"/results/{top}/*"] if below else []),
            *(f"!/results/{name}/" for name in below),
        ]
    needed += [f"/results/**/*.{end}" for end in ("nc", "parquet", "svg")]
    needed += [f"/results/{study.name}/{name}" for study in STUDIES for name in study.large]

    assert needed == [line for line in lines if "/results/" in line]


# Marks --------------------------------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path):
    """A home with one small table."""
    folder = tmp_path / "results" / "small"
    folder.mkdir(parents=True)
    pd.DataFrame({"rung": ["top", "foot"], "figure": [38.0, 0.4321], "share": [1.0, 0.225]}).to_csv(
        folder / "t.csv", index=False
    )
    return tmp_path


HEAD = "<!-- results: top = small/t.csv[rung=top]; foot =\nsmall/t.csv[rung=foot & share=0.225] -->\n"


def test_a_number_is_written_between_its_marks(home):
    """And what stands around it stays."""
    text = HEAD + "Of <!--top figure:0-->39<!--/--> points <!--foot {figure:~} ({share:%0})-->x<!--/-->.\n"
    now, changes = filled(text, home)

    assert (
        HEAD + "Of <!--top figure:0-->38<!--/--> points <!--foot {figure:~} ({share:%0})-->0.43 (22 %)<!--/-->.\n"
        == now
    )
    assert 2 == len(changes)
    assert (now, []) == filled(now, home)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (HEAD + "Of <!--tap figure-->1<!--/-->", "mark [tap figure] names no row of this document; did you mean top?"),
        (HEAD + "Of <!--top figur-->1<!--/-->", "did you mean figure?"),
        (HEAD + "Of <!--top figure:z-->1<!--/-->", "form is [z]; allowed is"),
        (
            "<!-- results: side = small/t.csv[rung=side] -->",
            "row [rung=side] finds 0 rows in small/t.csv; one is needed",
        ),
        ("<!-- results: all = small/t.csv -->", "row [] finds 2 rows in small/t.csv; one is needed"),
        ("<!-- results: top = small/t.csv[rang=top] -->", "did you mean rung?"),
        ("<!-- results: u = none/u.csv -->", "run desist reproduce none"),
        ("<!-- table laddr_points -->\n<!--/-->", "did you mean ladder_points?"),
    ],
)
def test_a_mark_that_finds_nothing_is_refused_in_one_line(home, text, wanted):
    """A number that cannot be found must not stay as it was."""
    assert_one_line(lambda: filled(text, home), wanted)


def test_numbers_are_written_as_documents_have_them():
    """Thousands with commas, shares in per cent, millions; no minus before a zero; a dash for what is not known."""
    assert ["1,235", "1,230", "12.3 %", "159", "0.43", "6.1", "-0.3", "0", "–"] == [
        number(1234.6, "0"), number(1234.6, "-1"), number(0.123, "%1"), number(159e6, "M0"), number(0.43, "~"),
        number(6.11, "~"), number(-0.31, "1"), number(-0.2, "0"), number(float("nan"), "1"),
    ]  # fmt: skip
    assert "6.1 (0.00 to 14.3)" == span(pd.Series({"mean": 6.11, "low": 0.0, "high": 14.31}))
    assert "38.0" == span(pd.Series({"mean": 38.0, "low": 38.0, "high": 38.0}))
    assert ["| a | |", "|---|---|", "| b | 1 |"] == lined(["a", ""], [["b", "1"]])


def test_a_row_is_found_by_several_columns_and_by_numbers():
    """Conditions are met together."""
    table = pd.DataFrame({"share": [0.5, 1.0, 0.5], "order": ["a", "a", "b"], "part": [1.0, 2.0, 3.0]})

    assert "3" == written("{part:0}", row_of(table, "share=0.5 & order=b", "t.csv"))


@pytest.mark.parametrize("name", TABLES)
def test_every_table_can_be_made_from_the_kept_results(name):
    """A head, a rule and a row at least, all of one width; or a paragraph."""
    lines = TABLES[name](CODE / "results")

    assert len(lines) >= (3 if "|" in lines[0] else 1)
    assert 1 == len({line.count("|") for line in lines})

"""The documents that describe the model: tables that the code writes, checklists, links, what every front page says."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from experiments.cli.model import parameters
from experiments.inputs.scenario_files import load
from experiments.reproduction.documents import quoting
from experiments.reproduction.parameter_tables import BLOCK, STATES, State, live, states, up_to_date
from simulation import state
from simulation.parameters import quantities
from simulation.rules import NEVER
from tests.mistakes import assert_one_line
from tests.worlds import months_of

HOME = Path(__file__).parents[1]
DOCS = HOME / "docs"
DESCRIBING = ["odd.md", "odd-submodels.md", "stress.md", "cheers.md"]
"""Pages that describe the model to whoever must check it."""
LINKED = [*DESCRIBING, "model.md", "parameters.md", "design.md"]
STRESS = [
    "1.1", "1.2", "1.3", "2.1", "2.2", "2.3", "2.4", "2.5", "3.1", "3.2", "3.3", "3.4", "4.1", "4.2", "4.3", "5.1", "5.2",
    "5.3", "5.4", "6.1",
]  # fmt: skip
CHEERS = [str(number) for number in range(1, 29)]
ITEM = re.compile(r"^\*\*(\d[\d.]*) [^*]+\*\* (Met in part|Met|Not met)\. (.+?)(?=\n\n|\Z)", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


WRITTEN = [page for page in quoting(HOME) if BLOCK.search(page.read_text(encoding="utf-8"))]
"""Pages with tables that the code writes."""


def read(name):
    """The text of a page of docs/."""
    return (DOCS / name).read_text(encoding="utf-8")


# Tables that the code writes --------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: page.name)
def test_one_digit_that_is_changed_in_a_table_is_noticed(page):
    """A control: in every part of a page, the first digit of its text changed, the page is not what the code gives."""
    text = page.read_text(encoding="utf-8")
    for part in BLOCK.finditer(text):
        at = next(k for k in range(part.start(2), part.end(2)) if text[k].isdigit())
        forged = f"{text[:at]}{(int(text[at]) + 1) % 10}{text[at + 1 :]}"

        assert up_to_date(forged) == text
        assert forged != text


def test_every_quantity_of_the_model_is_in_the_tables():
    """Nothing that `par` declares for the scenarios of the trial is left out of docs/parameters.md."""
    text = read("parameters.md")

    assert [row.key for row in quantities(load("pooled")) if f"| `{row.key}` |" not in text] == []


def test_quantities_as_one_table():
    """``--markdown`` prints a row for each quantity of the grade."""
    printed = CliRunner().invoke(parameters, ["pooled", "--grade", "measured", "--markdown"]).output.splitlines()
    measured = [row for row in quantities(load("pooled")) if row.grade == "measured"]

    assert len(printed) == 2 + len(measured)
    assert all(line.count(" | ") == 7 for line in printed[2:])


BAD = [
    ("<!-- code: quantites pooled -->\n<!-- end code -->", "did you mean quantities?"),
    ("<!-- code: quantities pooled -->\n", "is not closed"),
    ("<!-- code: quantities nowhere -->\n<!-- end code -->", "[nowhere] was not found"),
    ("<!-- code: quantities pooled risks -->\n<!-- end code -->", "no quantity under [risks]"),
    ("<!-- code: state Persons -->\n<!-- end code -->", "[Persons]"),
    ("<!-- code: effect pooled -->\n<!-- end code -->", "too few or too many"),
]


@pytest.mark.parametrize(("text", "said"), BAD, ids=lambda value: value[:40])
def test_a_part_that_cannot_be_written_is_refused_in_one_line(text, said):
    """What is asked for and is not there is named."""
    assert_one_line(lambda: up_to_date(text), said)


# State variables --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", STATES)
def test_every_state_variable_is_described(name):
    """The described columns are those of the code, in their order, and each is in the table."""
    columns = state.PeopleColumns if name == "People" else getattr(state, name)
    assert tuple(STATES[name]) == columns._fields
    assert list(live(name)) == list(STATES[name])
    assert states(name).count("\n") == 1 + len(STATES[name])


def test_shapes_are_read_from_a_run():
    """What a column has one value for is the code's: factors, programmes and municipalities differ."""
    assert live("PeopleColumns")["lacks"][0] == "person and factor"
    assert live("PersonState")["status"][0] == "person and programme"
    assert live("MunicipalityState")["limit"][0] == "municipality and programme"
    assert live("VolunteerSlots")["months"] == ("volunteer slot", np.dtype("int16"))


WORLDS = [
    ("everyone", ["people.count=400", "people.follow_up_months=60"]),
    ("pooled", ["people.count=300", "programme.re_eligible=true", "people.follow_up_months=48"]),
    ("other-schemes", ["people.count=300"]),
    ("trial", ["volunteers.quit_chance=0.2", "people.follow_up_months=36", "factor.housing.openings=0.2"]),
]


@pytest.mark.parametrize(("name", "changes"), WORLDS, ids=[name for name, _ in WORLDS])
def test_state_variables_lie_in_their_ranges(name, changes):
    """In every month of runs of several kinds, each column has values in the range that is stated for it."""
    for _, world in months_of(load(name, changes), seed=5):
        for label, tables in (("PeopleColumns", world.people), ("PersonState", world.lives), ("MunicipalityState", world.local)):
            _within(STATES[label], tables)
        _within(STATES["VolunteerSlots"], world.seats)


def _holds(meant: State, value: float) -> bool:
    """Whether a value lies in the range that is stated for a column."""
    if meant.never and value == NEVER:
        return True
    return (meant.low is None or value >= meant.low) and (meant.high is None or value <= meant.high)


def _within(meant: dict[str, State], table):
    for key, column in table._asdict().items():
        if column.size:
            ends = np.unique(column)[[0, -1]] if not meant[key].never else np.unique(column[column != 32_000])[:1]
            assert all(_holds(meant[key], float(value)) for value in ends), f"{key} has {ends}, not {meant[key].allowed}"


def test_a_range_can_be_left():
    """A control: values outside are not held to lie inside, and a month that does not come is one only where it may be."""
    assert not _holds(STATES["PeopleColumns"]["age"], 17.0)
    assert not _holds(STATES["PersonState"]["status"], 8.0)
    assert _holds(STATES["PersonState"]["turn"], 32_000)
    assert not _holds(STATES["PersonState"]["pending"], 32_000)


# Checklists -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("page", "numbers"), [("stress.md", STRESS), ("cheers.md", CHEERS)])
def test_every_item_of_a_checklist_is_answered_once_and_in_order(page, numbers):
    """Each number stands once with a verdict; what is met is shown by a link or a file, what is not has its reason."""
    items = ITEM.findall(read(page))

    assert [number for number, _, _ in items] == numbers
    for number, verdict, answer in items:
        shown = LINK.search(answer) or "`" in answer
        assert len(answer.split()) > 8, number
        assert shown or verdict == "Not met", number


@pytest.mark.parametrize("page", ["stress.md", "cheers.md"])
def test_the_count_of_what_is_met_is_true(page):
    """The sentence at the top counts the verdicts below it."""
    text = " ".join(read(page).split())
    verdicts = [verdict for _, verdict, _ in ITEM.findall(read(page))]
    counted = {each: verdicts.count(each) for each in ("Met", "Met in part", "Not met")}
    said = f"{counted['Met']} are met, {counted['Met in part']} in part, and {counted['Not met']} are not."

    assert f"Of the {len(verdicts)} items {said}" in text


# Links and words --------------------------------------------------------------------------------------------------


def anchors(path):
    """Anchors of a page's headings, where the two usual ways of making them agree."""
    found, fenced = set(), False
    for line in path.read_text(encoding="utf-8").splitlines():
        fenced ^= line.startswith("```")
        if line.startswith("#") and not fenced:
            words = re.sub(r"[^\w\s-]", "", line.lstrip("#").strip().lower())
            if words.replace(" ", "-") == re.sub(r"[-\s]+", "-", words):
                found.add(words.replace(" ", "-"))
    return found


@pytest.mark.parametrize("page", LINKED)
def test_links_lead_somewhere(page):
    """Every file that a page links to exists, and every heading in it."""
    for target in LINK.findall(read(page)):
        if target.startswith(("http://", "https://")):
            continue
        name, _, anchor = target.partition("#")
        file = (DOCS / name).resolve() if name else DOCS / page

        assert file.exists(), target
        assert not anchor or anchor in anchors(file), target


@pytest.mark.parametrize("page", LINKED)
def test_files_that_a_page_names_exist(page):
    """Paths in code type are paths of the project."""
    named = re.findall(r"`((?:simulation|experiments|tests|docs)/[\w./-]+\.\w+)`", read(page))

    assert [path for path in named if not (HOME / path).exists()] == []


@pytest.mark.parametrize("page", DESCRIBING)
def test_every_description_says_what_it_must_not_be_used_for(page):
    """One line at the top of each: this compares policies and must not be used to judge a person."""
    first = read(page).split("\n\n")[1]

    assert re.fullmatch(r"\*\*Desist compares policies for populations\. It must never be used to judge .*\*\*", first)


def test_the_citation_is_of_this_version():
    """CITATION.cff names the version and licence of the package."""
    project = tomllib.loads((HOME / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = (HOME / "CITATION.cff").read_text(encoding="utf-8").splitlines()

    assert f"version: {project['version']}" in lines
    assert f"license: {project['license']}" in lines
    assert "cff-version: 1.2.0" in lines

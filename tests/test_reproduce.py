"""The headline studies: their commands are what is kept, they come out the same elsewhere, and a changed digit is found."""

from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path

import pandas as pd
import pytest

from experiments.cli import rebuilding
from experiments.cli.command import parse
from experiments.execution.store import Store
from experiments.reproduction import headline_studies
from experiments.reproduction.headline_studies import CODE, STUDIES, HeadlineStudy, Ran, chosen, keeps, rebuild
from experiments.reproduction.times import COLUMNS, Clock, read_times, write_times
from experiments.studies.trial.power_study import PowerStudy
from experiments.studies.trial.trial_study import TrialStudy
from tests.mistakes import assert_one_line
from tests.test_cli import desist

TINY = HeadlineStudy(
    name="tiny", question="What do 20 trials print?", pace="quick", study=TrialStudy(settings=("pooled",), trials=20)
)


# The list -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("headline", STUDIES, ids=lambda headline: headline.name)
def test_every_study_can_be_given_as_its_command(headline):
    """The command that is listed asks for the study, and whatever file is named comes with the clone."""
    study = headline.study

    assert parse(type(study), shlex.split(study.command())[2:]) == study
    assert all((CODE / path).is_file() for _, path in study if isinstance(path, Path))


def test_no_two_studies_share_a_folder():
    """Nor does one write into the folder of another."""
    names = [study.name for study in STUDIES]

    assert len(names) == len(set(names))
    assert not [(a, b) for a in names for b in names if b.startswith(f"{a}/")]


@pytest.mark.parametrize("study", STUDIES, ids=lambda study: study.name)
def test_what_is_kept_was_made_by_the_study(study):
    """The manifest beside each kept result holds the study that the list holds."""
    path = CODE / study.folder / "manifest.json"
    if not path.is_file():
        pytest.skip(f"{study.folder} is not kept yet")

    assert study.study.to_toml() == json.loads(path.read_text(encoding="utf-8")).get("study")


def test_a_name_stands_for_itself_and_for_all_below_it():
    """``power`` is every study of power; order is that of the list, whatever was asked first."""
    assert ["trial"] == [study.name for study in chosen(["trial"])]
    assert all(study.name.startswith("power/") for study in chosen(["power"]))
    assert ["trial", "claim"] == [study.name for study in chosen(["claim", "trial"])]
    assert list(STUDIES) == chosen([])
    assert {"quick"} == {study.pace for study in chosen([], quick=True)}


def test_an_unknown_study_is_refused_with_the_nearest():
    """In one line, like every mistake."""
    assert_one_line(
        lambda: chosen(["trail"]), "study is [trail], which is none of the headline studies; did you mean trial?"
    )
    assert_one_line(lambda: chosen(["sensitivity"], quick=True), "none of which is quick")


# Rebuilding ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home in which the tiny study was carried out."""
    place = tmp_path_factory.mktemp("home")
    ran = rebuild(TINY, place, place / "store")

    assert ran.code == 0
    assert ran.seconds > 0
    return place


@pytest.fixture
def here(home, monkeypatch):
    """That home as the clone, with the tiny study as the only one."""
    monkeypatch.setattr(headline_studies, "STUDIES", (TINY,))
    monkeypatch.setattr(rebuilding, "STUDIES", (TINY,))
    monkeypatch.setattr(rebuilding, "HOME", home)
    return home


def test_the_manifest_names_the_command_as_it_stands_in_the_list(home):
    """And not the folder or the store of the moment, so that it is the same bytes everywhere."""
    made = json.loads((home / "results/tiny/manifest.json").read_text(encoding="utf-8"))

    assert "desist trial pooled --trials 20" == made["command"]
    assert str(home) not in (home / "results/tiny/manifest.json").read_text(encoding="utf-8")


def test_kept_are_tables_pictures_and_texts(home):
    """No SVG, and nothing that the study calls large."""
    names = sorted(path.name for path in (home / TINY.folder).iterdir() if keeps(TINY, path.name))

    assert ["answer_da.txt", "answer_en.txt", "facts.json", "manifest.json", "reported.csv", "scenario.toml", "settings.csv", "shares.png",
            "study.toml"] == names  # fmt: skip
    assert (home / "results/tiny/shares.svg").is_file()


def test_a_study_that_comes_out_as_kept_is_said_to(here):
    """Rebuilt elsewhere from nothing, file by file the same; nothing here is touched."""
    before = {path: path.read_bytes() for path in here.rglob("*") if path.is_file()}
    code, out, _ = desist("reproduce", "--check")

    assert code == 0
    assert "1 of 1 studies come out as stored" in out
    assert before == {path: path.read_bytes() for path in here.rglob("*") if path.is_file()}


def test_a_changed_digit_and_a_file_that_is_gone_are_found(here):
    """By file, row and column; a digest in the manifest does not stand for a file that should be there. Exit code 1."""
    path, gone = here / "results/tiny/settings.csv", here / "results/tiny/answer_en.txt"
    kept = {each: each.read_bytes() for each in (path, gone)}
    cell = f"{pd.read_csv(path).loc[0, 'mentored']:.10g}"
    other = cell[:-1] + ("1" if cell[-1] != "1" else "2")
    path.write_bytes(kept[path].replace(cell.encode(), other.encode(), 1))
    gone.unlink()
    code, out, _ = desist("reproduce", "tiny", "--check", "--json")
    for each, before in kept.items():
        each.write_bytes(before)
    (found,) = json.loads(out)

    assert (code, found["equal"]) == (1, False)
    assert f"settings.csv: row 1, column mentored: recorded [{other}], now [{cell}]" in found["differences"]
    assert "answer_en.txt: should be kept, and is not there" in found["differences"]


def test_a_study_that_was_never_made_differs(here, monkeypatch):
    """With a line that says what to do."""
    never = HeadlineStudy(name="never", question="?", study=TINY.study)
    monkeypatch.setattr(headline_studies, "STUDIES", (never,))
    code, out, _ = desist("reproduce", "--check")

    assert code == 1
    assert "never" in out
    assert "was not found" in out


def test_a_command_that_breaks_off_is_exit_code_1(here, monkeypatch):
    """And said, with the others still carried out."""
    wrong = HeadlineStudy(name="wrong", question="?", study=TrialStudy(settings=("no-such-scenario",)))
    monkeypatch.setattr(headline_studies, "STUDIES", (wrong, TINY))
    code, out, _ = desist("reproduce")

    assert code == 1
    assert "BROKE OFF with exit code 2" in out
    assert "results/tiny/" in out.replace("\\", "/")


def test_rebuilding_says_what_came_out_where_and_how_long_it_took(here):
    """Study, beginning of the answer, seconds, folder."""
    code, out, _ = desist("reproduce", "--json")
    (row,) = json.loads(out)

    assert code == 0
    assert row["answer"].startswith("In the scenario pooled, ")
    assert row["folder"] == str(Path("results/tiny"))
    assert row["seconds"] > 0


# Times --------------------------------------------------------------------------------------------------------


def test_times_of_the_others_stay_and_those_of_no_study_go(tmp_path):
    """One row a study, in the order of the list."""
    a, b, gone = (HeadlineStudy(name=name, question="?", study=PowerStudy()) for name in ("a", "b", "gone"))
    times = [
        Ran(study=study, code=0, seconds=seconds, processor_seconds=3.2) for study, seconds in ((b, 2.4), (gone, 9.0))
    ]
    write_times(tmp_path, times, [a, b, gone])
    write_times(tmp_path, [Ran(study=a, code=0, seconds=1.6, processor_seconds=0.4)], [a, b])
    found = read_times(tmp_path)

    assert list(COLUMNS) == list(found.columns)
    assert [("a", 2), ("b", 2)] == list(zip(found["study"], found["seconds"], strict=True))


def test_no_time_is_written_for_what_was_read_from_the_store(tmp_path):
    """A time that leaves out what an earlier round computed would be too short."""
    store = Store(tmp_path)
    old, new = "a" * 40, "b" * 40
    store.write(old, b"x")
    clock = Clock.started(tmp_path)
    store.write(new, b"y")
    head = {"work": "w", "code": "c", "command": ""}

    store.enter({"name": "one", **head}, {}, [new])
    assert clock.fresh()
    store.enter({"name": "two", **head}, {}, [new, old])
    assert not clock.fresh()
    assert clock.fresh()


def test_quick_studies_are_quick():
    """A minute of processor time at most, two minutes on two cores together, by the times that were written down."""
    took = read_times(CODE).set_index("study")["processor_seconds"]
    quick = took[[study.name for study in STUDIES if study.pace == "quick"]]

    assert quick.max() <= 60
    assert quick.sum() <= 240


def test_the_list_shows_question_command_and_time(here):
    """Nothing is run for it."""
    code, out, _ = desist("reproduce", "--list")

    assert code == 0
    assert TINY.question in out
    assert "desist trial pooled --trials 20" in out


# Documents ----------------------------------------------------------------------------------------------------

HEAD = "<!-- results: row = tiny/settings.csv[analysis=intention to treat] -->\n"


@pytest.fixture
def documents(here):
    """Two documents that quote the tiny study, one of them with a mark that finds nothing, and one that quotes none."""
    folder = here / "docs"
    folder.mkdir()
    (folder / "a.md").write_text(HEAD + "It is <!--row mentored:%0-->99 %<!--/--> here.\n", encoding="utf-8")
    (folder / "b.md").write_text(HEAD + "It is <!--raw mentored:%0-->99 %<!--/--> here.\n", encoding="utf-8")
    (folder / "c.md").write_text("It is 99 % here.\n", encoding="utf-8")
    yield folder
    shutil.rmtree(folder)


def test_documents_are_written_from_the_results(documents):
    """What can be written is; what cannot is told by document, with exit code 1."""
    share = pd.read_csv(documents.parent / "results/tiny/settings.csv").loc[0, "mentored"]
    before = (documents / "b.md").read_text(encoding="utf-8")
    code, out, _ = desist("reproduce", "--documents")

    assert code == 1
    assert f"<!--row mentored:%0-->{100 * share:.0f} %<!--/--> here." in (documents / "a.md").read_text(
        encoding="utf-8"
    )
    assert before == (documents / "b.md").read_text(encoding="utf-8")
    assert "b.md: mark [raw mentored:%0] names no row of this document; did you mean row?" in out


def test_documents_are_only_looked_at_with_check(documents):
    """The line that is wrong is shown; nothing is written."""
    (documents / "b.md").unlink()
    before = (documents / "a.md").read_text(encoding="utf-8")
    code, out, _ = desist("reproduce", "--documents", "--check")

    assert code == 1
    assert "99 %" in out
    assert before == (documents / "a.md").read_text(encoding="utf-8")
    assert desist("reproduce", "--documents")[0] == 0
    assert (0, "The documents say what results/ and the code say.\n") == desist("reproduce", "--documents", "--check")[:2]

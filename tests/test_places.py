"""Where results go: the same study and inputs replace a finished folder, others get one beside it."""

from __future__ import annotations

import json

import pytest

from experiments.inputs.named_files import named_in
from experiments.provenance.receipts import sealed_page
from experiments.studies.places import page_place_for
from simulation.parameters import name_from
from tests.test_cli import desist


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder to work in, with a scenario that extends another file."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "base.toml").write_text('extends = "pooled"\n[people]\ncount = 20\n', encoding="utf-8")
    (tmp_path / "mine.toml").write_text('extends = "base.toml"\nname = "mine"\n', encoding="utf-8")
    return tmp_path


def folders(here):
    return sorted(path.name for path in (here / "results").iterdir())


def test_the_same_study_replaces_and_another_seed_does_not(here):
    first = desist("run", "mine.toml")
    again = desist("run", "./mine.toml", "--language", "da")
    before = (here / "results/mine/manifest.json").read_bytes()
    other = desist("run", "mine.toml", "--seed", "2")
    beside = next(name for name in folders(here) if name != "mine")

    assert [code for code, _, _ in (first, again, other)] == [0, 0, 0]
    assert (here / "results/mine/manifest.json").read_bytes() == before
    assert "The folder results/mine/ holds a result of other inputs, and was left as it is." in other[1]
    assert f"Tables, figures and manifest: results/{beside}/" in other[1]
    assert "left as it is" not in first[1] + again[1]
    desist("run", "mine.toml", "--seed", "2")
    assert folders(here) == ["mine", beside]


@pytest.mark.parametrize("file", ["mine.toml", "base.toml"])
def test_a_file_counts_by_what_is_in_it(here, file):
    """Also one that is only extended; with its old text the result is in its old folder."""
    old = (here / file).read_text(encoding="utf-8")
    desist("run", "mine.toml", "--out", "own")
    (here / file).write_text(old.replace("20", "30") + "# a note\n", encoding="utf-8")
    desist("run", "mine.toml", "--out", "own")
    beside = next(here.glob("own-*"))
    (here / file).write_text(old, encoding="utf-8")
    answer = json.loads(desist("run", "mine.toml", "--out", "own", "--json")[1])

    assert answer["folder"] == "own"
    assert sorted(json.loads((beside / "manifest.json").read_text(encoding="utf-8"))["inputs"]) == ["base.toml", "mine.toml"]


def test_a_folder_whose_manifest_cannot_be_read_is_kept(here):
    (here / "own").mkdir()
    (here / "own/manifest.json").write_text("{", encoding="utf-8")
    desist("run", "mine.toml", "--out", "own")

    assert (here / "own/manifest.json").read_text(encoding="utf-8") == "{"
    assert len(list(here.glob("own-*/manifest.json"))) == 1


def test_a_page_of_other_prices_does_not_replace_a_page(here):
    page = here / "plan-en.html"
    page.write_text(sealed_page("<body></body>", {"command": "desist report plan --draws 3", "inputs": {}}), encoding="utf-8")

    assert page_place_for(page, "desist report plan --draws 3") == page
    assert page_place_for(page, "desist report plan --draws 3 --prices base.toml").name.startswith("plan-en-")
    assert page_place_for(here / "new.html", "desist report plan") == here / "new.html"


def test_files_that_name_each_other_in_a_circle_are_named_once(here):
    (here / "base.toml").write_text('extends = ["mine", "base.toml", "nowhere"]\n', encoding="utf-8")

    assert [path.name for path in named_in(here / "mine.toml")] == ["base.toml"]


def test_names_that_differ_in_capitals_alone_have_folders_of_their_own(here):
    """On Windows and macOS they would be one folder."""
    text = (here / "mine.toml").read_text(encoding="utf-8")
    (here / "twin.toml").write_text(text.replace('"mine"', '"Mine"'), encoding="utf-8")
    for _ in range(2):
        desist("run", "mine.toml")
        desist("run", "twin.toml")

    assert len({name.casefold() for name in folders(here)}) == len(folders(here)) == 2


@pytest.mark.parametrize("name", ["", "a/b", "..", "../x", "/tmp/x", r"a\b", "a.", ".a", "a b", "CON", "nul.txt", "Com1", "a\n", "a\0", "a" * 101, "a:b"])
def test_a_name_that_is_no_folder_is_refused(here, name):
    """For scenarios, sweeps and plans alike, whatever system they are on; a file's own name is made usable."""
    text = json.dumps(name)
    for verb, about in (("run", 'extends = "mine.toml"\n'), ("sweep", 'scenario = "trial"\n'), ("rollout", "years = 1\n")):
        (here / "bad.toml").write_text(f"{about}name = {text}\n", encoding="utf-8")
        code, out, err = desist(verb, "bad.toml")

        assert (code, out, len(err.splitlines())) == (2, "", 1), err
        assert "name: [" in err
    assert [name_from(each) for each in ("my plan (2)", "CON", "..", "København")] == ["my-plan-2", "own-CON", "own", "København"]

"""Where results go: the same study and inputs replace a finished folder, others get one beside it."""

from __future__ import annotations

import json

import pytest

from experiments.inputs.named_files import named_in
from experiments.provenance.receipts import sealed_page
from experiments.studies.places import page_place_for
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

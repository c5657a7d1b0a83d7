"""Receipts: stamps in pictures and texts, sealed pages, manifests that list what was written, folders compared."""

from __future__ import annotations

import io
import json
import shutil

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from matplotlib.image import imread
from PIL import Image

from experiments import load_result
from experiments.figures.style import style
from experiments.inputs.scenario_files import load
from experiments.language.codebooks import FOLDER, codebook
from experiments.language.messages import LANGUAGES, Messages, part_of
from experiments.language.spreadsheets import csv_for_people, heading, workbook
from experiments.provenance.csv_tables import csv_of, table_of
from experiments.provenance.differences import difference
from experiments.provenance.receipts import bare, compare, inputs_of, manifest_of
from experiments.provenance.results_folder import Folder
from experiments.provenance.stamps import digest, intact, sealed, stamp_of, stamped, untouched, without, without_seal
from experiments.studies.catalogue import SUMMARIES
from experiments.studies.trial.power_study import PowerStudy
from simulation.parameters import ParameterError
from tests.test_cli import desist

MODULE = "experiments.studies.trial.trial"
"""The module whose code makes the results of the tests."""
ABOUT = {"command": "desist trial --set 'a=\"<&\"'", "scenario": "trial", "digest": "ab" * 32, "seed": 0, "desist": "1"}


def a_figure(height: float = 1.0) -> Figure:
    style()
    figure = Figure(figsize=(1, 1))
    figure.add_subplot().plot([0, height])
    return figure


def a_folder(path, *, value: float = 0.5, command: str = "desist trial pooled --trials 20", **more) -> Folder:
    """A folder with a table, a picture and texts, some of them written after the manifest."""
    folder = Folder(path)
    folder.table("shares", pd.DataFrame({"arm": ["mentored", "control"], "share": [0.25, value]}))
    folder.figure("curve", a_figure())
    folder.manifest(load("pooled"), seed=1, command=command, trials=20, module=MODULE, **more)
    folder.text("answer.txt", f"67 of 100: {value}\n")
    folder.text("report_da.txt", "67 af 100\n")
    return folder


# Stamps -------------------------------------------------------------------------------------------------------


def files_of(path):
    a_folder(path)
    return {each.name: each.read_bytes() for each in path.iterdir() if each.suffix in (".png", ".svg", ".txt")}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return files_of(tmp_path_factory.mktemp("files"))


NAMES = ("curve.png", "curve.svg", "answer.txt", "report_da.txt")


@pytest.mark.parametrize("name", NAMES)
def test_a_stamp_is_read_back_and_taken_off(name, files):
    """What was stamped is read, and without it the file is what it was; stamping again changes nothing."""
    plain = without(name, files[name])
    again = stamped(name, plain, ABOUT)
    found = stamp_of(name, again)

    assert stamp_of(name, plain) is None
    assert without(name, again) == plain
    assert stamped(name, again, ABOUT) == again
    assert untouched(name, again)
    assert untouched(name, files[name])
    if name.endswith(".txt"):
        assert "desist trial --set" in found["line"]
    else:
        assert {key: found[key] for key in ABOUT} == ABOUT


def test_a_stamped_picture_is_the_same_picture(files):
    """The pixels are untouched, and every reader of pictures can read them."""
    both = (files["curve.png"], without("curve.png", files["curve.png"]))
    one, other = (imread(io.BytesIO(each), format="png") for each in both)

    assert np.array_equal(one, other)


def test_texts_end_with_one_line_in_their_language(files):
    """English, and Danish where the name says so."""
    last = {name: files[name].decode().splitlines()[-1] for name in ("answer.txt", "report_da.txt")}

    assert last["answer.txt"].startswith("Receipt: desist trial pooled --trials 20; scenario pooled ")
    assert "; seed 1; trials 20; desist " in last["answer.txt"]
    assert "; startværdi (seed) 1; forsøg 20; desist " in last["report_da.txt"]


@settings(max_examples=60, deadline=None)
@given(data=st.data(), name=st.sampled_from(NAMES))
def test_any_changed_byte_of_a_stamped_file_is_found(data, name, files):
    """Also a byte of the receipt itself."""
    whole = files[name]
    at = data.draw(st.integers(0, len(whole) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda each: each != whole[at]))
    changed = whole[:at] + bytes([other]) + whole[at + 1 :]
    try:
        good = untouched(name, changed)
    except ParameterError:
        good = False

    assert not good


# Manifests ----------------------------------------------------------------------------------------------------


def test_a_manifest_lists_every_file_with_its_digest(tmp_path):
    """Also those that were written after it, or by somebody else; it seals itself; nothing else lies there."""
    folder = a_folder(tmp_path)
    (tmp_path / "draws.bin").write_bytes(b"other")
    folder.wrote(tmp_path / "draws.bin")
    manifest = manifest_of(tmp_path)

    assert set(manifest["files"]) == {each.name for each in tmp_path.iterdir()} - {"manifest.json"}
    assert len(manifest["files"]) == 7
    for name, recorded in manifest["files"].items():
        assert digest((tmp_path / name).read_bytes()) == recorded
    assert intact(manifest)
    assert not intact({**manifest, "seed": 2})


def test_the_same_command_gives_the_same_bytes_wherever_it_writes(tmp_path):
    """Folder, store, cluster and threads are in the manifest's command, and in nothing else."""
    a_folder(tmp_path / "a", command="desist trial pooled --trials 20")
    a_folder(tmp_path / "b", command="desist trial pooled --out x --trials 20 --threads=2 --no-store --json --store y")
    table = compare(tmp_path / "a", tmp_path / "b")

    assert table["equal"].all()
    assert set(table["compared"]) == {"bytes", "keys"}
    assert len(table) == 7


def test_a_folder_without_a_scenario_has_a_manifest_too(tmp_path):
    folder = Folder(tmp_path)
    folder.text("answer.txt", "7\n")
    folder.manifest(None, command="desist register mine.csv", module=MODULE)

    assert set(manifest_of(tmp_path)["files"]) == {"answer.txt"}
    assert untouched("answer.txt", (tmp_path / "answer.txt").read_bytes())


def test_a_file_outside_the_folder_is_not_written(tmp_path):
    """A name that leads elsewhere, as a plan's may, is refused."""
    folder = Folder(tmp_path / "in")
    for name in ("../out.txt", str(tmp_path / "out.txt"), "a/b.txt"):
        with pytest.raises(ParameterError, match="file name"):
            folder.text(name, "7\n")
    with pytest.raises(ParameterError, match="file name"):
        folder.figure("../out", a_figure())

    assert {each.name for each in tmp_path.iterdir()} == {"in"}


def test_options_that_decide_nothing_are_left_out_of_a_command():
    assert bare("desist sweep --vary a=1,2 --out 'my folder' --json --seed 3") == "desist sweep --vary a=1,2 --seed 3"
    assert bare("desist run --threads 2 x.toml --store=s -- --out") == "desist run x.toml -- --out"


def test_files_carry_no_names_of_folders(tmp_path, monkeypatch):
    """Input files by their names alone; what is no file stays as it was typed."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "my file.toml").write_text("", encoding="utf-8")
    a_folder(tmp_path / "out", command=f"desist run '{tmp_path}/deep/my file.toml' --prices='deep/my file.toml' a/b")
    said = (tmp_path / "out" / "report_da.txt").read_text(encoding="utf-8").splitlines()[-1]

    assert said.startswith("Kvittering: desist run 'my file.toml' '--prices=my file.toml' a/b; ")


def test_inputs_are_the_files_that_a_command_names(tmp_path, monkeypatch):
    """As typed, by argument, option and ``=``; neither folders nor the folder for results."""
    monkeypatch.chdir(tmp_path)
    for name in ("mine.toml", "draws.parquet", "prices.toml", "trial"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    found = inputs_of("desist trial mine.toml ./draws.parquet --prices=prices.toml --out trial --seed 1")

    assert found == {
        "mine.toml": digest(b"mine.toml"), "./draws.parquet": digest(b"draws.parquet"),
        "prices.toml": digest(b"prices.toml"),
    }  # fmt: skip


# Folders compared ---------------------------------------------------------------------------------------------


def changed(folder, **keys):
    """Rewrite keys of a manifest, and its own receipt."""
    manifest = manifest_of(folder) | keys
    (folder / "manifest.json").write_text(json.dumps(sealed(manifest), indent=2) + "\n", encoding="utf-8")


def row_of(old, new, name):
    return compare(old, new).set_index("file").loc[name].to_dict()


def test_the_first_difference_is_said_by_row_and_column(tmp_path):
    """Tables by row and column, texts by line, manifests by key."""
    a_folder(tmp_path / "a")
    a_folder(tmp_path / "b", value=0.625, draws=7)

    table = row_of(tmp_path / "a", tmp_path / "b", "shares.csv")
    text = row_of(tmp_path / "a", tmp_path / "b", "answer.txt")
    manifest = row_of(tmp_path / "a", tmp_path / "b", "manifest.json")
    assert table == {"compared": "bytes", "equal": False, "words": "row 2, column share: recorded [0.5], now [0.625]"}
    assert text["words"] == "line 1: recorded [67 of 100: 0.5], now [67 of 100: 0.625]"
    assert manifest["words"] == "draws: not recorded"


def test_measured_times_may_differ_and_nothing_else(tmp_path):
    """A column of seconds is left out, and said; a digit beside it is found."""
    for name, seconds, share in (("a", 1.5, 0.5), ("b", 2.5, 0.5), ("c", 2.5, 0.6)):
        folder = a_folder(tmp_path / name)
        folder.table("times", pd.DataFrame({"seconds": [seconds], "share": [share]}))
    row = row_of(tmp_path / "a", tmp_path / "b", "times.csv")

    assert (row["compared"], row["equal"]) == ("numbers", True)
    assert "seconds" in row["words"]
    assert not row_of(tmp_path / "a", tmp_path / "c", "times.csv")["equal"]


def test_a_pixel_is_found(tmp_path):
    a_folder(tmp_path / "a")
    folder = a_folder(tmp_path / "b")
    folder.figure("curve", a_figure(0.9))

    row = row_of(tmp_path / "a", tmp_path / "b", "curve.png")
    assert not row["equal"]
    assert "of the pixels, the first at" in row["words"]


def test_a_picture_that_is_packed_otherwise_is_the_same(tmp_path):
    """Pixels and receipt decide, not the library that compresses them; another receipt is a difference."""
    a_folder(tmp_path / "a")
    a_folder(tmp_path / "b")
    path = tmp_path / "b" / "curve.png"
    own, packed = without_seal(stamp_of("curve.png", path.read_bytes())), io.BytesIO()
    Image.open(path).save(packed, format="png", compress_level=1)
    path.write_bytes(stamped("curve.png", packed.getvalue(), own))
    row = row_of(tmp_path / "a", tmp_path / "b", "curve.png")

    assert (row["compared"], row["equal"]) == ("pixels", True)
    path.write_bytes(stamped("curve.png", packed.getvalue(), own | {"seed": 2}))
    assert not row_of(tmp_path / "a", tmp_path / "b", "curve.png")["equal"]


def test_what_is_not_kept_is_compared_by_its_digest(tmp_path):
    a_folder(tmp_path / "a")
    a_folder(tmp_path / "b")
    a_folder(tmp_path / "c", value=0.7)
    (tmp_path / "a" / "shares.csv").unlink()

    assert row_of(tmp_path / "a", tmp_path / "b", "shares.csv") == {"compared": "digest", "equal": True, "words": ""}
    assert not row_of(tmp_path / "a", tmp_path / "c", "shares.csv")["equal"]


def test_a_file_more_or_less_is_a_difference(tmp_path):
    a_folder(tmp_path / "a")
    a_folder(tmp_path / "b").text("more.txt", "7\n")

    assert row_of(tmp_path / "a", tmp_path / "b", "more.txt")["words"].endswith("it is not recorded")
    assert row_of(tmp_path / "b", tmp_path / "a", "more.txt")["words"].endswith("does not write it now")


def test_other_versions_are_compared_by_numbers(tmp_path):
    """A millionth is within the tolerance and a thousandth is not; pictures of another Matplotlib are not compared."""
    a_folder(tmp_path / "a")
    a_folder(tmp_path / "near", value=0.5 * (1 + 5e-7))
    a_folder(tmp_path / "far", value=0.5005)
    versions = manifest_of(tmp_path / "a")["versions"]
    changed(tmp_path / "a", versions=versions | {"numpy": "0.1"})

    near, far = (compare(tmp_path / "a", tmp_path / each).set_index("file") for each in ("near", "far"))
    assert near.drop("answer.txt")["equal"].all()
    assert near.loc["shares.csv", "compared"] == "numbers"
    assert near.loc["curve.png", "compared"] == "pixels"
    assert far.loc["shares.csv", "words"] == "row 2, column share: recorded [0.5], now [0.5005]"
    changed(tmp_path / "a", versions=versions | {"matplotlib": "0.1"})
    table = compare(tmp_path / "a", tmp_path / "near").set_index("file")
    assert table.loc[["curve.png", "curve.svg"], "compared"].tolist() == ["not compared"] * 2


def test_a_printed_number_may_differ_by_its_last_digit_where_versions_differ(tmp_path):
    for name, value in (("a", 0.125), ("b", 0.126), ("c", 0.128)):
        a_folder(tmp_path / name, value=value)
    changed(tmp_path / "a", versions=manifest_of(tmp_path / "a")["versions"] | {"numpy": "0.1"})

    assert row_of(tmp_path / "a", tmp_path / "b", "answer.txt")["equal"]
    assert not row_of(tmp_path / "a", tmp_path / "c", "answer.txt")["equal"]


def test_a_folder_without_a_manifest_is_one_line(tmp_path):
    a_folder(tmp_path / "a")
    for text in (None, "no json", "[]", "{}", '{"command": 1, "versions": {}}', "[" * 100_000):
        shutil.rmtree(tmp_path / "b", ignore_errors=True)
        (tmp_path / "b").mkdir()
        if text is not None:
            (tmp_path / "b" / "manifest.json").write_text(text, encoding="utf-8")
        with pytest.raises(ParameterError, match="manifest"):
            compare(tmp_path / "a", tmp_path / "b")


def test_a_text_that_a_spreadsheet_would_carry_out_is_marked_and_read_back(tmp_path):
    """Cells and headings; numbers and a dash alone stay as they are."""
    table = pd.DataFrame({"group": ["=1+1", "@name", "+45", "-x", "-", "'quoted", "'=own"], "=head": -1.5})
    table["kind"] = pd.Categorical(["=a", "b"] * 3 + ["b"])
    text = csv_of(table)
    path = tmp_path / "t.csv"
    path.write_text(text, encoding="utf-8")
    again = table_of(path.read_bytes())

    assert not [cell for line in text.splitlines() for cell in line.split(",") if cell[:1] in "=+@" and cell]
    assert text.splitlines()[0] == "group,'=head,kind"
    assert text.splitlines()[1] == "'=1+1,-1.5,'=a"
    assert again.columns.tolist() == table.columns.tolist()
    assert again.astype({"kind": str}).equals(table.astype({"kind": str}))


# Tables for people --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_workbook_has_the_receipt_all_tables_and_every_column(language, tmp_path):
    """Same bytes each time; numbers are numbers; headings are in the language; nothing is carried out as a formula."""
    code, out, err = desist("power", "--control", "0.5", "--difference", "0.2", "--per-arm", "40", "--trials", "20", "--language", language,
                            "--out", str(tmp_path / "own"), "--xlsx", str(tmp_path / "own.xlsx"))  # fmt: skip
    result = load_result(tmp_path / "own")
    sheets = pd.read_excel(tmp_path / "own.xlsx", sheet_name=None, header=None)
    first, *_, columns = sheets

    assert (code, "Traceback" in err) == (0, False)
    assert str(tmp_path / "own.xlsx") in out
    assert (tmp_path / "own.xlsx").read_bytes() == result.workbook(language)
    assert set(list(sheets)[1:-1]) == set(result.tables)
    assert (first, columns) == {"en": ("Receipt", "Columns"), "da": ("Kvittering", "Kolonner")}[language]
    assert sheets[first].iloc[0].tolist() == [first, result.study.command()]
    assert result.answer(language).sentences[0] in sheets[first][1].tolist()
    for name, table in result.tables.items():
        numbers = table.select_dtypes("number").to_numpy(float)
        shown = sheets[name].iloc[1:, [k for k, kind in enumerate(table.dtypes) if kind.kind in "iuf"]].to_numpy(float)
        np.testing.assert_allclose(shown, numbers)
    assert len(sheets[columns]) == 1 + sum(map(len, (table.columns for table in result.tables.values())))


def test_every_column_has_a_danish_heading_and_formulas_stay_text(tmp_path):
    """Of all tables of all studies; the keys of parameters keep their names."""
    known = {verb: Messages("da", verb.replace("-", "_")) for verb in SUMMARIES
             if (FOLDER / f"{verb.replace('-', '_')}.toml").is_file()}  # fmt: skip
    plain = {column for verb, m in known.items() for book in codebook(verb) for column in book.columns
             if "*" not in column and heading(column, m) == column and not m.has(f"columns.{column}")}  # fmt: skip
    same = {key for key, text in part_of("da", "headings.column").items() if text == key}
    table = pd.DataFrame({"group": ["=1+1", "@x"], "share": [0.25, np.nan], "people": [1_500, 2]})

    assert plain <= same | {"95 %", "Mesa"}
    assert csv_for_people(table, Messages("da", "register")).decode("utf-8-sig").splitlines() == [
        "gruppe;andel;personer", "'=1+1;0,25;1500", "'@x;;2"]  # fmt: skip
    assert csv_for_people(table, Messages("da", "register")).startswith(b"\xef\xbb\xbf")
    assert csv_for_people(table, Messages("en", "register")) == csv_of(table).encode()
    made = openpyxl.load_workbook(io.BytesIO(workbook({"a/b": table}, Messages("en"), verb="", receipt=[("Receipt", "=x")])))
    assert [cell.data_type for cell in made["a-b"]["A"][1:]] == ["s", "s"]
    assert made["Receipt"]["B1"].data_type == "s"


@pytest.mark.parametrize("file", ["", "own"])
def test_a_workbook_that_cannot_be_written_is_refused_before_the_study_is_run(file, tmp_path, monkeypatch):
    monkeypatch.setattr(PowerStudy, "run", lambda *_: pytest.fail("run"))
    (tmp_path / "own").mkdir()
    place = str(tmp_path / file) if file else ""
    code, _, err = desist("power", "--out", str(tmp_path / "out"), "--xlsx", place)

    assert code == 2
    assert "--xlsx" in err
    assert len(err.splitlines()) == 1


def test_facts_are_compared_to_as_many_digits_as_tables():
    """The sixteenth digit is the processor's; the ninth is not."""
    facts = b'{"a": 0.017200474717496417}'

    assert difference("facts.json", facts, b'{"a": 0.017200474717496386}', exact=True) == ""
    assert difference("facts.json", facts, b'{"a": 0.017200474817496417}', exact=True).startswith("a: recorded")

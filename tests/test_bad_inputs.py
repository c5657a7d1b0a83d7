"""Bad input of every kind is answered in a line, with exit code 2, before anything is computed."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from experiments import load_result, register
from experiments.execution.store import Store, encoded
from experiments.inputs.posterior import Posterior
from experiments.provenance.csv_tables import kept_table, table_of
from experiments.provenance.receipts import manifest_of
from experiments.provenance.results_folder import Folder
from experiments.studies.calibration.calibrate_study import CalibrateStudy
from experiments.studies.calibration.calibration import plan_of
from experiments.studies.rollout.rollout_study import RolloutStudy
from experiments.studies.validation.register_extract import ExtractFormat, read_extract
from simulation import parquet_file
from simulation.parameters import ParameterError
from simulation.parquet_file import read_parquet
from simulation.scenario import Scenario
from simulation.text_file import parse_toml, read_text
from tests.bad_inputs import EXTRACT, bad_inputs, judged, refused, stop_before_computing
from tests.mistakes import assert_one_line


def _faults(number, seed, folder, monkeypatch):
    stop_before_computing(monkeypatch)
    monkeypatch.chdir(folder)
    found = {}
    for words in islice(bad_inputs(seed, folder), number):
        if fault := refused(words, monkeypatch):
            found[" ".join(words)[:300]] = fault
    return found


def test_bad_inputs_are_answered_in_a_line(tmp_path, monkeypatch):
    """No traceback, no line of more than 300 characters, exit code 2: a seeded part of all."""
    assert _faults(60, 1, tmp_path, monkeypatch) == {}


@pytest.mark.long
def test_twenty_thousand_bad_inputs_are_answered_in_a_line(tmp_path, monkeypatch):
    """The same, for 20,000 of them in this process."""
    assert _faults(20_000, 2, tmp_path, monkeypatch) == {}


@pytest.mark.long
def test_two_hundred_bad_commands_are_answered_in_a_line(tmp_path):
    """The same, for 200 as commands of their own; one that turns out to be good is ended."""
    found = {}
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    for words in islice(bad_inputs(3, tmp_path), 200):
        if any("\0" in each or len(each) > 100_000 for each in words):
            continue  # no system passes these on
        given = [os.fsencode(each) for each in [sys.executable, "-m", "experiments.cli.main", *words]]
        try:
            ran = subprocess.run(given, cwd=tmp_path, env=env, capture_output=True, timeout=20, check=False)
        except subprocess.TimeoutExpired:
            continue
        if fault := judged(ran.returncode, ran.stderr.decode(errors="replace")):
            found[" ".join(words)[:300]] = fault
    assert found == {}


# Files --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "wanted"),
    [(f"a = {'[' * 20_000}", "nested too deep"), (f"a = {'9' * 5_000}", "too large"), (f"a = {2**64}", "at most 2^64 - 1"),
     ("a = ", "not valid TOML")],
)  # fmt: skip
def test_toml_that_no_study_can_mean(text, wanted):
    """Nested too deep, numbers of 5,000 digits and seeds beyond the largest are each a line."""
    assert_one_line(lambda: parse_toml(text, "own.toml"), wanted)


def test_another_encoding_is_named_and_a_byte_order_mark_is_read(tmp_path):
    """UTF-16 and Windows' Latin are refused as what they are; the mark that Windows writes is no part of the text."""
    file = tmp_path / "own.toml"
    file.write_bytes("a = 1".encode("utf-16"))
    assert_one_line(lambda: read_text(file), "UTF-16")
    file.write_bytes("a = 'æ'".encode("latin-1"))
    assert_one_line(lambda: read_text(file), "not UTF-8")
    file.write_bytes(b"\xef\xbb\xbfa = 1")
    assert read_text(file) == "a = 1"


@pytest.mark.parametrize(("files", "times"), [(25, 2), (1_500, 1)])
def test_extends_that_goes_on_and_on_is_refused(tmp_path, files, times):
    """A scenario that doubles 25 times, or stands on 1,500 others, is refused at once."""
    for k in range(files):
        (tmp_path / f"s{k}.toml").write_text(f"extends = {[f's{k + 1}.toml'] * times}\n", encoding="utf-8")
    (tmp_path / f"s{files}.toml").write_text("", encoding="utf-8")

    assert_one_line(lambda: Scenario.read(tmp_path / "s0.toml"), "too many files")


def test_a_message_is_short_and_plain_whatever_was_given():
    """A value of 100,000 characters is cut, control characters are written out, what to do stays."""
    message = str(ParameterError(f"key is [{'x y ' * 25_000}\t\x1b]; allowed 0 to 1"))

    assert len(message) < 300
    assert message.endswith("allowed 0 to 1")
    assert message.isprintable()


def test_parquet_that_unpacks_to_too_much_is_not_read(tmp_path, monkeypatch):
    """A file is refused by what it says of itself; a long text that is repeated is refused before it is written out."""
    file = tmp_path / "bomb.parquet"
    pq.write_table(pa.table({"a": ["x" * 20_000] * 1_000}), file)
    assert_one_line(lambda: read_parquet(file, "file", "save it again"), "text of more than 10,000 bytes")
    monkeypatch.setattr(parquet_file, "MOST_CELLS", 999)
    assert_one_line(lambda: read_parquet(file, "file", "save it again"), "has 1,000 cells; at most 999")


@pytest.mark.parametrize(
    ("column", "values", "notes", "wanted"),
    [("risk.frailty_sd", [1.0], b"{", "holds no draws"), ("risk.frailty_sd", [1.0], b"[1]", "holds no draws"),
     ("frailty", [1.0], None, "[frailty] is no key of a scenario"), ("risk.frailty_sd", ["x"], None, "holds no numbers"),
     ("trial.definition", ["all"], None, "trial.definition is [all]"), ("risk.frailty_sd", [[1.0]], None, "lists")],
)  # fmt: skip
def test_a_damaged_posterior_is_one_line(tmp_path, column, values, notes, wanted):
    """Broken metadata, columns that mean nothing, and values that no such key can have."""
    file = tmp_path / "posterior.parquet"
    about = {b"desist": b'{"kind": "posterior"}' if notes is None else notes, b"pandas": b"{"}
    pq.write_table(pa.table({column: values}).replace_schema_metadata(about), file)

    assert_one_line(lambda: Posterior.read(file), wanted)


def test_a_garbage_piece_under_a_matching_checksum_is_not_believed(tmp_path):
    """The checksum in a name says which bytes were named, not that they are a piece: it is computed again."""
    address, good = "a" * 40, encoded({"x": [1]}, {})
    for garbage in (b"garbage", good[:-9], b""):
        store = Store(tmp_path / str(len(garbage)))
        store.write(address, garbage)

        assert store.read(address) is None
        assert len(store.damaged) == 1
        store.write(address, good)
        assert store.read(address) == good


@pytest.mark.parametrize("files", [["x"], {"facts.json": 1}, {"../../x": "y"}, {"/etc/passwd": "y"}])
def test_a_damaged_manifest_is_one_line(tmp_path, files):
    """Files without digests, and files outside of the folder."""
    text = json.dumps({"command": "desist power", "versions": {}, "files": files})
    (tmp_path / "manifest.json").write_text(text, encoding="utf-8")

    with pytest.raises(ParameterError, match=r"is no manifest|outside of its folder"):
        manifest_of(tmp_path)


# Folders of results -------------------------------------------------------------------------------------------


def test_a_full_disk_is_one_line_and_leaves_no_part_of_a_file(tmp_path, monkeypatch):
    """The part that was written is removed, what was there stays."""
    folder = Folder(tmp_path)
    folder.text("a.txt", "before")
    real = Path.write_bytes

    def full(path, data):
        real(path, data[:1])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    assert_one_line(lambda: folder.text("a.txt", "after"), "No space left on device")
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("a.txt", "before")]


def test_two_may_write_into_one_folder_at_the_same_time(tmp_path):
    """No part of one is taken for a part of the other."""
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda k: Folder(tmp_path).text("a.txt", f"{k:03}" * 30_000), range(200)))

    assert [each.name for each in tmp_path.iterdir()] == ["a.txt"]
    whole = (tmp_path / "a.txt").read_text()
    assert whole == whole[:3] * 30_000


# Options ------------------------------------------------------------------------------------------------------


def test_calibrate_checks_before_it_simulates_whether_it_can_sample():
    """Too few points or steps are refused before anything is computed, with the least that is needed."""
    few = CalibrateStudy(points=100)
    assert_one_line(lambda: plan_of(few, draws=50, trials=2, retained=10), "--points is [100]")
    short = CalibrateStudy(steps=60)
    assert_one_line(lambda: plan_of(short, draws=50, trials=2, retained=10), "--steps is [60]")


def test_a_plan_needs_two_draws():
    """An interval cannot be had from one."""
    assert_one_line(lambda: RolloutStudy(plan="todays-area", draws=1), "draws is [1]; allowed 2 to")


# Labels -------------------------------------------------------------------------------------------------------


def test_a_label_of_a_user_is_taken_for_nothing_else(tmp_path):
    """A group called all, alle or (blank) stands in quotation marks; a blank is no label."""
    file = tmp_path / "own.csv"
    lines = EXTRACT.splitlines()
    named = ["all", "Alle", "(blank)", "", "NA"]
    cells = [line.replace(";A;", f";{named[k % 5]};") for k, line in enumerate(lines[1:])]
    file.write_text("\n".join([lines[0], *cells]), encoding="utf-8")
    people = read_extract(file, ExtractFormat(by="unit")).people

    assert list(people["group"][:5]) == ['"all"', '"Alle"', '"(blank)"', "(blank)", "NA"]
    assert list(table_of(people[["group"]].to_csv(index=False).encode())["group"]) == list(people["group"])


@pytest.mark.parametrize("name", ["none", "Total", "a + b", "a.b", "x" * 61])
def test_no_factor_is_called_like_a_word_of_the_tables(name):
    """Such a name is refused, with what is allowed."""
    with pytest.raises(ParameterError, match="a factor or programme is called"):
        Scenario.from_toml(f'[factor."{name}"]\nlabel = "X"\n')


@pytest.mark.parametrize("labels", [["01", "1"], ["1e5", "2"], ["True", "False"], ["NA", "None", "nan"], ["'=x", "+1"], ["all", "<5", "-"]])
def test_a_label_comes_back_from_a_saved_result_as_it_was(labels, tmp_path):
    """Whatever it looks like: saved groups are the user's own texts, not numbers, blanks or truth values."""
    row = "{person};2016-01-01;2016-02-01;2016-03-01;fine;{unit}"
    rows = [row.format(person=k, unit=labels[k % len(labels)]) for k in range(12 * len(labels))]
    rows += [f"{k};2016-01-01;;;;{labels[k % len(labels)]}" for k in range(1000, 1000 + 12 * len(labels))]
    (tmp_path / "own.csv").write_text("\n".join(["person;release;offence;decision;sanction;unit", *rows]), encoding="utf-8")
    result = register(str(tmp_path / "own.csv"), by="unit", until="2020-01-01")
    table = result.tables["outcomes"]
    again = load_result(result.save(tmp_path / "saved")).tables["outcomes"]

    assert set(table["group"]) == {"all", *(f'"{each}"' if each == "all" else each for each in labels)}
    assert again["group"].tolist() == table["group"].tolist()
    assert kept_table(tmp_path / "saved/curve.csv")["group"].tolist() == result.tables["curve"]["group"].tolist()

"""``desist check-results``: what is as recorded is accepted, every changed digit is found, and nothing else is run."""

from __future__ import annotations

import io
import json
import random
import re
import shutil
import subprocess
from pathlib import Path

import click
import matplotlib.image
import numpy as np
import pandas as pd
import pytest

from experiments.cli import main
from experiments.execution.environment import versions
from experiments.provenance.receipts import sealed_page, untouched_page
from experiments.provenance.stamps import digest, receipt_of, sealed, stamp_of, stamped, without, without_seal
from experiments.reproduction import rerun
from experiments.reproduction.rerun import report_again, study_again
from experiments.studies.catalogue import STUDIES, study_class
from experiments.studies.study import kinds
from tests.test_cli import desist

MINE = 'extends = "pooled"\nname = "mine"\n\n[people]\ncount = 60\n'


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Two small real folders: a trial, and a run of a scenario's file; and the folder where they were made."""
    home = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        (home / "mine.toml").write_text(MINE, encoding="utf-8")
        assert desist("trial", "pooled", "--trials", "20", "--no-store", "--out", "results/trial")[0] == 0
        assert desist("run", "mine.toml", "--seed", "3", "--out", "results/mine")[0] == 0
    return home


@pytest.fixture
def home(made, tmp_path, monkeypatch):
    """A copy of them, as the working folder."""
    shutil.copytree(made, tmp_path / "home")
    monkeypatch.chdir(tmp_path / "home")
    return tmp_path / "home"


def verified(*arguments):
    """Exit code, and the rows of every folder by file."""
    code, out, err = desist("check-results", *arguments, "--json")
    assert out, err
    return code, {row["file"]: row for each in json.loads(out)["found"] for row in each["files"]}


def resealed(folder, **keys):
    """What a forger does: stamps anew, lists anew, seals anew."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8")) | keys
    for name in manifest["files"]:
        data = (folder / name).read_bytes()
        own = stamp_of(name, data)
        if own is not None and "line" not in own:
            data = stamped(name, data, without_seal(own))
        elif own is not None:
            head = data[: -len(f"{own['receipt']}.\n")]
            data = head + f"{digest(head)[:16]}.\n".encode()
        (folder / name).write_bytes(data)
        manifest["files"][name] = digest(data)
    text = json.dumps(sealed(manifest), indent=2, ensure_ascii=False) + "\n"
    (folder / "manifest.json").write_text(text, encoding="utf-8")


# Digests ------------------------------------------------------------------------------------------------------


def test_what_was_not_touched_is_as_recorded(home):
    """Folder by folder, file by file, and the whole tree; the inputs too; nothing is changed or left behind."""
    before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    code, rows = verified("results", "--quick")

    assert code == 0
    assert {row["digest"] for row in rows.values()} == {"as recorded"}
    assert {"settings.csv", "people.parquet", "curves.png", "curves.svg", "answer_en.txt", "input mine.toml"} <= set(rows)
    for name in ("settings.csv", "answer_en.txt", "shares.png", "manifest.json"):
        assert verified(f"results/trial/{name}", "--quick")[0] == 0
    assert {path: path.read_bytes() for path in home.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("folder", ["trial", "mine"])
def test_one_changed_digit_anywhere_is_found(home, folder):
    """A digit (of a picture or a parquet file: a byte) at random places of every file in turn, manifest and scenario too."""
    luck = random.Random(6)
    for path in sorted((home / "results" / folder).iterdir()):
        whole = path.read_bytes()
        digits = [found.start() for found in re.finditer(rb"[0-9]", whole)]
        for at in luck.sample(digits, min(len(digits), 12)):
            other = luck.choice([each for each in b"0123456789" if each != whole[at]])
            path.write_bytes(whole[:at] + bytes([other]) + whole[at + 1 :])
            code, rows = verified(f"results/{folder}", "--quick")
            assert code == 1, (path.name, at)
            wrong = {row["file"] for row in rows.values() if row["wrong"]}
            assert wrong == {path.name} if path.name != "manifest.json" else path.name in wrong
            assert verified(f"results/{folder}/{path.name}", "--quick")[0] == 1
        path.write_bytes(whole)

    assert verified(f"results/{folder}", "--quick")[0] == 0


def test_a_forgery_that_claims_other_versions_is_never_as_recorded(home):
    """What is within the tolerance for other versions cannot be compared, and that is the headline and the exit code."""
    folder = home / "results" / "trial"
    table = pd.read_csv(folder / "settings.csv")
    cell = next(name for name in table if pd.api.types.is_float_dtype(table[name]) and table[name].iloc[0] > 0)
    table.loc[0, cell] *= 1 + 4e-7
    table.to_csv(folder / "settings.csv", index=False)
    resealed(folder, versions=versions() | {"numpy": "0.1"})
    code, out, _ = desist("check-results", "results/trial")

    assert code == 3
    assert out.startswith("results/trial: cannot be compared on these versions")
    assert "made by other versions (numpy 0.1, here" in out
    assert "as recorded" not in out.splitlines()[0]


def test_an_input_that_changed_or_is_gone_is_one_line(home):
    """The command cannot be given again, and that is said."""
    (home / "mine.toml").write_text(MINE.replace("60", "61"), encoding="utf-8")
    code, out, _ = desist("check-results", "results/mine")
    assert code == 1
    assert "not made again: [mine.toml] is not the file that the command read" in out
    (home / "mine.toml").unlink()

    assert verified("results/mine", "--quick")[1]["input mine.toml"]["digest"] == "not here"


def test_files_that_are_not_kept_or_not_listed_are_said(home):
    """Neither is a fault of a folder; a file that is not listed cannot be verified by itself."""
    (home / "results" / "trial" / "shares.svg").unlink()
    (home / "results" / "trial" / "own.csv").write_text("a\n1\n", encoding="utf-8")
    code, rows = verified("results/trial", "--quick")

    assert code == 0
    assert (rows["shares.svg"]["digest"], rows["own.csv"]["digest"]) == ("not kept", "not listed")
    code, _, err = desist("check-results", "results/trial/own.csv")
    assert code == 2
    assert "not listed in the manifest beside it" in err


def test_a_manifest_from_before_receipts_is_one_line(home):
    path = home / "results" / "trial" / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({"command": manifest["command"], "versions": versions()}), encoding="utf-8")
    code, out, _ = desist("check-results", "results/trial")

    assert code == 1
    assert out.splitlines()[1].startswith("  its manifest was written before receipts; run it again: desist trial")


def test_an_interrupted_study_is_one_line(home):
    """What was finished is as recorded, and cannot be made again."""
    resealed(home / "results" / "trial", complete=False)
    code, out, _ = desist("check-results", "results/trial")

    assert code == 1
    assert "not made again: the command was interrupted; run it to its end" in out
    assert verified("results/trial", "--quick")[0] == 0


@pytest.mark.parametrize("name", ["shares.png", "shares.svg", "answer_en.txt"])
def test_a_picture_or_text_that_was_moved_says_what_made_it(home, name):
    """Its receipt is read and checked; that a recomputation needs the folder is said."""
    moved = home / f"moved-{name}"
    shutil.copy(home / "results" / "trial" / name, moved)
    code, out, _ = desist("check-results", str(moved))

    assert code == 0
    assert "desist trial pooled --trials 20; scenario pooled" in out
    assert "that needs the folder it came from" in out
    data = moved.read_bytes()
    moved.write_bytes(data[:1000] + bytes([data[1000] ^ 1]) + data[1001:])
    assert desist("check-results", str(moved))[0] == 1


def test_bad_input_is_one_line(home):
    """A path that is not there, a folder without a manifest, a file without a receipt."""
    (home / "empty").mkdir()
    (home / "lone.csv").write_text("a\n1\n", encoding="utf-8")
    (home / "lone.png").write_bytes(b"no picture")
    (home / "lone.html").write_text("<html></html>", encoding="utf-8")
    for path in ("nowhere", "empty", "lone.csv", "lone.png", "lone.html"):
        code, _, err = desist("check-results", path)
        assert code == 2
        assert err.count("\n") == 1
        assert path in err or path.startswith("lone.")


# Made again ---------------------------------------------------------------------------------------------------


def test_made_again_an_untouched_folder_is_the_same(home):
    """Byte for byte; the folder itself is not written to."""
    before = {path: path.stat().st_mtime_ns for path in home.rglob("*")}
    code, rows = verified("results/mine")

    assert code == 0
    assert {row["recomputed"] for row in rows.values()} == {"same bytes", "same", "-"}
    assert rows["input mine.toml"]["digest"] == "as recorded"
    assert {path: path.stat().st_mtime_ns for path in home.rglob("*")} == before


def test_a_consistent_forgery_is_found_by_making_it_again_only(home):
    """A digit of a table, of the answer, of a figure, a pixel and a count, with every digest and receipt made to fit."""
    folder = home / "results" / "trial"
    table = (folder / "settings.csv").read_text(encoding="utf-8")
    row = table.splitlines()[1].split(",")
    share = next(cell for cell in row if cell.startswith("0."))
    (folder / "settings.csv").write_text(table.replace(share, "0.2", 1), encoding="utf-8")
    text = (folder / "answer_en.txt").read_text(encoding="utf-8")
    (folder / "answer_en.txt").write_text(text.replace("97 people", "98 people").replace("38 apart", "37 apart"), "utf-8")
    own = without_seal(stamp_of("shares.png", (folder / "shares.png").read_bytes()))
    pixels = matplotlib.image.imread(folder / "shares.png")
    pixels[40, 50, :3] = 0.0
    drawn = io.BytesIO()
    matplotlib.image.imsave(drawn, np.ascontiguousarray(pixels), format="png")
    (folder / "shares.png").write_bytes(stamped("shares.png", drawn.getvalue(), own))
    curve = (folder / "shares.svg").read_text(encoding="utf-8")
    (folder / "shares.svg").write_text(curve.replace("97", "98", 1), encoding="utf-8")
    resealed(folder, trials=21)

    assert verified("results/trial", "--quick")[0] == 0
    code, rows = verified("results/trial")
    wrong = {name: row["words"] for name, row in rows.items() if row["wrong"]}
    assert code == 1
    assert set(wrong) == {"settings.csv", "answer_en.txt", "shares.png", "shares.svg", "manifest.json"}
    assert wrong["settings.csv"].startswith("row 1, column ")
    assert f"recorded [0.2], now [{share}]" in wrong["settings.csv"]
    assert "of the pixels, the first at 51 from the left, 41 from above" in wrong["shares.png"]
    assert wrong["manifest.json"] == "trials: recorded [21], now [20]"
    assert rows["scenario.toml"]["recomputed"] == "same bytes"


def test_a_page_is_verified_by_its_own_receipt(home, monkeypatch):
    """Sealed and untouched, then forged and sealed anew: only giving its command again finds that."""
    about = {"command": "desist report trial", "digest": "ab", "seed": 1, "versions": versions(), "code": "c",
             "inputs": {"mine.toml": digest(MINE.encode())}}  # fmt: skip
    plain = "<html><body><p>67 %</p></body></html>"

    def written(command, out):
        out.write_text(sealed_page(plain, about | {"command": command}), encoding="utf-8")
        return ""

    monkeypatch.setattr("experiments.reproduction.verify.report_again", written)
    page = home / "moved.html"
    page.write_text(sealed_page(plain, about), encoding="utf-8")
    assert untouched_page(page.read_text(encoding="utf-8"))
    code, rows = verified("moved.html")
    assert verified("results", "--quick")[0] == 0
    shutil.copy("moved.html", "results/page.html")
    assert "page.html" in verified("results", "--quick")[1]
    assert code == 0
    assert rows["moved.html"]["recomputed"] == "same bytes"
    page.write_text(page.read_text(encoding="utf-8").replace("67 %", "68 %"), encoding="utf-8")
    assert verified("moved.html", "--quick")[0] == 1
    page.write_text(sealed_page(plain.replace("67", "68"), about), encoding="utf-8")
    assert verified("moved.html", "--quick")[0] == 0
    code, rows = verified("moved.html")

    assert code == 1
    assert "recorded [" in rows["moved.html"]["words"]


# What a hostile manifest can do --------------------------------------------------------------------------------


@pytest.fixture
def started(monkeypatch):
    """The command lines of all processes that are started; each is carried out in this process instead."""
    lines = []

    def run(command, **_):
        assert command[1:4] == ["-P", "-c", rerun.START]
        lines.append(command[4:])
        code, _, err = desist(*command[4:])
        return subprocess.CompletedProcess(command, code, stderr=err.encode())

    monkeypatch.setattr(rerun.subprocess, "run", run)
    return lines


@pytest.mark.parametrize("command", ["sh -c 'touch evil'", "desist serve", "desist store --remove-all --yes", ""])
def test_the_command_of_a_manifest_is_never_run(home, started, command):
    """It is only compared: what is run is the study, and the difference is found."""
    resealed(home / "results" / "trial", command=command)
    before = set(home.rglob("*"))
    code, rows = verified("results/trial")

    assert code == 1
    assert rows["manifest.json"]["words"].startswith("command: recorded [")
    assert [line[0] for line in started] == ["study"]
    assert set(home.rglob("*")) == before


HOSTILE = (
    'study = "serve"', 'study = "store"', 'study = "reproduce"', 'study = "sh"', 'study = ["trial"]', 'study = "trial',
    "", 'study = "trial"\nout = "evil"', 'study = "trial"\nstore = "evil"', 'study = "trial"\ncluster = "tcp://a:1"',
    'study = "trial"\ntrials = "2; touch evil"', 'study = "trial"\nscenario = "$(touch evil)"',
    'study = "register"\nexample = "evil"', 'study = "experiments.cli.serve:serve"',
)  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_a_study_is_read_as_data(home, started, text):
    """A study that is none is refused in one line, and nothing of it reaches the command line."""
    folder = home / "results" / "trial"
    (folder / "study.toml").write_text(text, encoding="utf-8")
    resealed(folder, study=text)
    before = set(home.rglob("*"))
    code, out, _ = desist("check-results", "results/trial")

    assert code == 1
    assert out.count("not made again: ") == 1
    assert all(line[:2] == ["study", "--out"] and line[3:] == ["--no-store", "--language", "en", "--", "results/trial"]
               for line in started)  # fmt: skip
    assert set(home.rglob("*")) == before


def test_a_manifest_holds_the_study_of_its_folder(home):
    """Another study in the manifest than in the file beside it is a forgery, and nothing is run."""
    resealed(home / "results" / "trial", study='study = "trial"\ntrials = 10\n')
    code, out, _ = desist("check-results", "results/trial")

    assert code == 1
    assert "not made again: its study.toml is not the study that its manifest holds" in out


def test_nothing_is_written_but_the_new_folder(home, started, monkeypatch):
    """Neither a store nor results, whatever the surroundings say."""
    monkeypatch.setenv("DESIST_STORE", str(home / "evil"))
    before = set(home.rglob("*"))

    assert study_again(home / "results" / "trial", home / "new") == ""
    assert (home / "new" / "manifest.json").is_file()
    assert {path for path in set(home.rglob("*")) - before if home / "new" not in (path, *path.parents)} == set()


NO_REPORTS = (
    "sh -c 'touch evil'", "desist", "desist serve", "desist store --remove-all --yes", "desist check-results .",
    "desist reproduce", "desist country --csv evil", "desist -- report", "/bin/sh report trial", "", "'",
    "desist 'report; touch evil'", "desist scenario trial", "desist study results/trial",
)  # fmt: skip
ELSEWHERE = (
    "desist report trial --prices -- --out evil.html", "desist report trial -- --trials 2 --out evil",
    "desist report trial -- --trials 2 --store=evil", "desist report trial --prices -- --cluster tcp://127.0.0.1:1",
    "desist report trial --language -- --out=evil.html",
)  # fmt: skip


@pytest.mark.parametrize("command", [*NO_REPORTS, *ELSEWHERE])
def test_only_reports_are_made_of_a_page_s_command(home, started, command):
    """No process is started for anything else, nor where a folder is named in a way that only a forger writes."""
    reason = report_again(command, home / "new.html")

    assert reason.startswith("[")
    assert not started


@pytest.mark.parametrize("where", ["", "--out evil.html --store evil --cluster tcp://127.0.0.1:1 --json"])
def test_a_report_writes_its_page_only(home, started, where):
    """Folder, store and cluster are chosen anew; shell signs are only words."""
    before = set(home.rglob("*"))

    assert report_again(f"desist report trial {where} -- --trials 20", home / "new.html") == ""
    assert set(home.rglob("*")) - before == {home / "new.html"}
    assert "[;]" in report_again(f"desist report ';' touch evil {where}", home / "other.html")
    assert set(home.rglob("*")) - before == {home / "new.html"}


def test_every_option_with_a_path_is_decided_on():
    """Of the two verbs that are run, where is written is chosen anew, and every other path is only read."""
    paths = {}
    for verb in ("study", "report"):
        command = main.cli.get_command(click.Context(main.cli), verb)
        paths[verb] = {each.name for each in command.params if isinstance(each.type, (click.Path, click.File))}
    fields = {
        name for verb in STUDIES for name, field in study_class(verb).model_fields.items() if Path in kinds(field)
    }

    assert paths == {"study": {"file", "store", "out", "xlsx"}, "report": {"prices", "posterior", "store", "out"}}
    assert fields == {"file", "posterior", "prices"}


def test_names_that_lead_out_of_the_folder_are_refused(home):
    """A manifest can make nobody read another file as if it were its own."""
    folder, secret = home / "results" / "trial", home / "mine.toml"
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    for name in ("../../mine.toml", str(secret), "a/../../../mine.toml", "C:\\mine.toml"):
        files = manifest["files"] | {name: digest(secret.read_bytes())}
        text = json.dumps(sealed(manifest | {"files": files}), indent=2, ensure_ascii=False) + "\n"
        (folder / "manifest.json").write_text(text, encoding="utf-8")
        code, out, _ = desist("check-results", "results/trial", "--quick")
        assert code == 1
        assert "lists a file outside of its folder" in out


def test_a_stamp_seals_itself(home):
    """The receipt of a picture is the digest of all else that it says."""
    data = (home / "results" / "trial" / "shares.png").read_bytes()
    own = stamp_of("shares.png", data)

    assert own["receipt"] == receipt_of(own)
    assert own["content"] == digest(without("shares.png", data))

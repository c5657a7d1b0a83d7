"""The store's files: whole or not there, known when they are damaged, listed, checked and pruned by ``desist runs``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as some

from experiments.execution.jobs import Store, finish
from experiments.execution.store import STRAY_SECONDS, Contents
from simulation.parameters import ParameterError
from tests.test_cli import desist
from tests.test_runs import ENVIRONMENT, HOME, a_job, kept_in


def flipped(data):
    """One bit in the middle is another."""
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 16]) + data[middle + 1 :]


@pytest.mark.parametrize("harm", [flipped, lambda data: data[:-1], lambda _: b"", lambda data: data + b"\0"],
                         ids=["flipped", "truncated", "empty", "longer"])  # fmt: skip
def test_a_damaged_file_is_named_and_computed_again(harm, tmp_path):
    """Harm to one file is noticed when it is read, told by name, and undone; the tables are as before."""
    job = a_job(5)
    before = repr(list(finish(job, store=Store(tmp_path))))
    whole = kept_in(tmp_path)
    file = Path(Contents.of(tmp_path).pieces[job.addresses()[2]][0].path)
    file.write_bytes(harm(file.read_bytes()))
    lines = []
    store = Store(tmp_path, notice=lines.append)

    assert repr(list(finish(job, store=store))) == before
    assert lines == [f"{file} is damaged; it is computed again"]
    assert store.damaged == [file]
    assert kept_in(tmp_path) == whole
    assert all(piece.whole() for piece in Contents.of(tmp_path).files(job.addresses()))


def test_a_piece_is_an_arrow_file_that_says_what_made_it(tmp_path):
    """pandas opens it; its metadata name work, code, payload and versions."""
    import pyarrow as pa

    job = a_job(1)
    list(finish(job, store=Store(tmp_path)))
    file = tmp_path / kept_in(tmp_path)[0]
    about = json.loads(pa.ipc.open_file(file).schema.metadata[b"desist"])

    assert pd.read_feather(file)["n"].tolist() == [0, 1]
    assert about["work"] == job.work
    assert about["code"] == job.code
    assert about["piece"] == {"n": 0, "pair": [0, 0]}
    assert {"python", "desist", "numpy"} <= set(about["versions"])


def test_what_the_killed_left_is_swept_out(tmp_path):
    """Half-written files of long ago go when a store is opened; those of now stay, and neither counts as a piece."""
    list(finish(a_job(2), store=Store(tmp_path)))
    for name, age in (("old", STRAY_SECONDS + 60), ("new", 0)):
        part = tmp_path / "parts" / name
        part.write_bytes(b"half")
        os.utime(part, (time.time() - age,) * 2)
    (tmp_path / "pieces" / "ab").mkdir(exist_ok=True)
    (tmp_path / "pieces" / "ab" / "notes.txt").write_text("mine", encoding="utf-8")
    list(finish(a_job(2), store=Store(tmp_path)))

    assert [part.name for part in (tmp_path / "parts").iterdir()] == ["new"]
    assert len(Contents.of(tmp_path).pieces) == 2


def test_a_full_disk_is_one_line(tmp_path, monkeypatch):
    """Where nothing more can be written the user is told which folder and why."""
    store = Store(tmp_path)

    def full(self, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(ParameterError, match=r"--store is \[.*\], which cannot be written \(No space left on device\)"):
        list(finish(a_job(2), store=store))


@pytest.mark.parametrize("where", ["/proc/desist", "a file"])
def test_a_store_that_cannot_be_written_is_refused(where, tmp_path):
    """A store below a file or on a system's folder gives one line and exit code 2, before any work."""
    path = where if where.startswith("/") else str(tmp_path / "file" / "store")
    (tmp_path / "file").write_text("", encoding="utf-8")
    code, _, err = desist("sweep", "--store", path, "--out", str(tmp_path / "out"))

    assert code == 2
    assert err.splitlines()[-1].startswith(f"desist: --store is [{path}], which cannot be written (")
    assert "--no-store" in err


def test_two_processes_share_a_store(tmp_path):
    """Two that run the same study at once on one store both get all tables, and leave it whole."""
    script = (
        "import sys; from pathlib import Path; from tests.test_runs import a_job\n"
        "from experiments.execution.jobs import Store, finish\n"
        "print(repr(list(finish(a_job(40, pieces=[{'n': n, 'seconds': 0.005} for n in range(40)]), store=Store(Path(sys.argv[1]))))))"
    )
    both = [
        subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, cwd=HOME, env=ENVIRONMENT)
        for _ in range(2)
    ]
    told = [process.communicate(timeout=600)[0] for process in both]
    kept = Contents.of(tmp_path)

    assert [process.returncode for process in both] == [0, 0]
    assert told[0] == told[1] == (repr(list(finish(a_job(40, pieces=[{"n": n, "seconds": 0.005} for n in range(40)])))) + "\n").encode()
    assert len(kept.pieces) == len(kept.files(kept.pieces)) == 40
    assert all(piece.whole() for piece in kept.files(kept.pieces))
    assert not list((tmp_path / "parts").iterdir())


# Listing, checking, pruning ---------------------------------------------------------------------------------------


def a_store(path, **studies):
    """A store in which each named study has the pieces with these numbers."""
    store = Store(path)
    for name, numbers in studies.items():
        list(finish(a_job(name=name, pieces=[{"n": n} for n in numbers]), store=store))
    return store


def runs(path, *options):
    """``desist runs`` on a store: exit code, what it prints and what it complains of."""
    return desist("store", "--store", str(path), *options)


def listed(path):
    """Names of studies with the number of their pieces that are there."""
    return {row["name"]: (row["done"], row["pieces"]) for row in json.loads(runs(path, "--json")[1])["studies"]}


def outdated(path, name):
    """Make a study of the store one of other code."""
    study = next(study for study in Contents.of(path).studies if study.name == name)
    study.path.write_text(study.path.read_text(encoding="utf-8").replace(study.code, "0" * 16), encoding="utf-8")


def test_an_empty_store_is_one_friendly_line_and_no_folder(tmp_path):
    """Looking at what is not there says so, and makes nothing."""
    for options in ((), ("--remove-all", "--yes"), ("--verify",)):
        code, out, err = runs(tmp_path / "none", *options)
        assert (code, err, out.count("\n")) == (0, "", 1)
    assert runs(tmp_path / "none")[1].startswith(f"Nothing is stored in {tmp_path / 'none'}")
    assert not (tmp_path / "none").exists()


def test_studies_are_listed_with_their_pieces(tmp_path):
    """Name, pieces done of all, size, code and command; what two studies share counts once in the sum."""
    a_store(tmp_path, first=range(4), second=range(2, 8))
    Path(Contents.of(tmp_path).pieces[a_job(8, pieces=[{"n": 7}]).addresses()[0]][0].path).unlink()
    outdated(tmp_path, "second")
    code, out, err = runs(tmp_path)
    data = json.loads(runs(tmp_path, "--json")[1])
    size = sum((tmp_path / name).stat().st_size for name in kept_in(tmp_path))

    assert (code, err) == (0, "")
    assert listed(tmp_path) == {"first": (4, 4), "second": (5, 6)}
    assert {row["name"]: row["present_code"] for row in data["studies"]} == {"first": True, "second": False}
    assert (data["pieces"], data["bytes"]) == (7, size)
    assert "5 of 6" in out
    assert "desist count" in out
    assert "2 studies, 7 pieces, " in out


def test_verify_names_what_is_damaged(tmp_path):
    """All pieces are read; a damaged one is named and the exit code is 1; nothing is removed."""
    a_store(tmp_path, first=range(4))
    assert runs(tmp_path, "--verify")[:2] == (0, f"4 pieces in {tmp_path} read: all whole.\n")
    file = tmp_path / kept_in(tmp_path)[1]
    file.write_bytes(flipped(file.read_bytes()))
    code, out, err = runs(tmp_path, "--verify")

    assert (code, out) == (1, f"4 pieces in {tmp_path} read: 1 damaged.\n")
    assert err.startswith(f"desist: {file} is damaged")
    assert len(kept_in(tmp_path)) == 4


def test_verify_reads_what_describes_a_study(tmp_path):
    """A description that is cut short, or names another piece, is no description: exit code 1."""
    a_store(tmp_path, first=range(4))
    (file,) = (tmp_path / "studies").iterdir()
    whole = file.read_text(encoding="utf-8")
    for damaged in (whole[:-20], whole.replace(whole[-3], "0" if whole[-3] != "0" else "1"), "", "\0"):
        file.write_text(damaged, encoding="utf-8")
        code, out, err = runs(tmp_path, "--verify")

        assert (code, out) == (1, f"4 pieces in {tmp_path} read: all whole, and 1 description of a study that cannot be read.\n")
        assert err == f"desist: {file} describes no study; --remove-all removes it\n"


def test_nothing_is_removed_without_yes(tmp_path):
    """Where nobody can be asked the removal is described, refused in one line, and exit code 2."""
    a_store(tmp_path, first=range(4))
    code, out, err = runs(tmp_path, "--remove", "first")

    assert code == 2
    assert "first" in out
    assert err.startswith("desist: nothing was removed; give --yes to remove 1 study and 4 pieces, ")
    assert err.count("\n") == 1
    assert listed(tmp_path) == {"first": (4, 4)}


def test_what_another_study_needs_stays(tmp_path):
    """Removing one of two studies takes its own pieces only; removing the other takes the rest."""
    a_store(tmp_path, first=range(6), second=range(4, 9))
    code, out, _ = runs(tmp_path, "--remove", "first", "--yes")
    assert code == 0
    assert "1 study and 4 pieces" in out
    assert listed(tmp_path) == {"second": (5, 5)}
    digest = Contents.of(tmp_path).studies[0].digest
    runs(tmp_path, "--remove", digest[:6], "--yes")
    assert kept_in(tmp_path) == []
    assert listed(tmp_path) == {}


def test_outdated_studies_and_loose_pieces_go_together(tmp_path):
    """--remove-outdated takes studies of other code and pieces of no study; studies of modules not found here stay."""
    a_store(tmp_path, now=range(3), before=range(10, 14), lost=range(20, 22), mine=range(30, 31))
    outdated(tmp_path, "before")
    mine = next(study for study in Contents.of(tmp_path).studies if study.name == "mine")
    first, context, *addresses = mine.path.read_text(encoding="utf-8").split("\n")[:-1]
    mine.path.unlink()
    Store(tmp_path).enter(json.loads(first) | {"work": "my_study:work"}, json.loads(context), addresses)
    next(study for study in Contents.of(tmp_path).studies if study.name == "lost").path.unlink()
    assert "Of no study: 2 pieces" in runs(tmp_path)[1]
    runs(tmp_path, "--remove-outdated", "--yes")

    assert listed(tmp_path) == {"now": (3, 3), "mine": (1, 1)}
    assert len(kept_in(tmp_path)) == 4


def test_studies_go_by_when_they_were_last_used(tmp_path):
    """--older-than counts from the last start or piece of a study."""
    a_store(tmp_path, young=range(3), old=range(10, 12))
    old = next(study for study in Contents.of(tmp_path).studies if study.name == "old")
    long_ago = time.time() - 40 * 86_400
    for path in (old.path, *(Path(piece.path) for piece in Contents.of(tmp_path).files(old.addresses))):
        os.utime(path, (long_ago, long_ago))
    assert runs(tmp_path, "--older-than", "50", "--yes")[1] == "There is nothing to remove.\n"
    runs(tmp_path, "--older-than", "30", "--yes")
    assert listed(tmp_path) == {"young": (3, 3)}


def test_everything_can_go(tmp_path):
    """--remove-all leaves nothing that is listed, not even descriptions that cannot be read; JSON says what went."""
    a_store(tmp_path, first=range(3))
    (tmp_path / "studies" / "broken.txt").write_text("{", encoding="utf-8")
    code, out, err = runs(tmp_path, "--remove-all", "--yes", "--json")

    assert code == 0
    assert json.loads(out)["pieces"] == 3
    assert "broken.txt describes no study" in err
    assert runs(tmp_path)[1].startswith("Nothing is stored")


@given(some.lists(some.sets(some.integers(0, 12)), min_size=1, max_size=5), some.data())
def test_pruning_frees_just_what_nobody_needs(tmp_path_factory, studies, data):
    """For any studies and any of them removed: the pieces left are those of the studies left."""
    path = tmp_path_factory.mktemp("store")
    store = Store(path)
    jobs = [a_job(name=f"study {k}", pieces=[{"n": n} for n in sorted(numbers)]) for k, numbers in enumerate(studies)]
    for job in jobs:
        for address in job.addresses():
            store.write(address, b"made up")
        store.enter({"name": job.name, "work": job.work, "code": job.code, "command": ""}, {}, job.addresses())
    gone = data.draw(some.sets(some.sampled_from([job.name for job in jobs])))
    found = Contents.of(path)
    leaving = [study for study in found.studies if study.name in gone]
    found.remove(leaving, found.freed(leaving))
    left = Contents.of(path)

    assert {study.name for study in left.studies} == {job.name for job in jobs} - gone
    assert set(left.pieces) == {address for job in jobs if job.name not in gone for address in job.addresses()}


@pytest.mark.parametrize(("options", "message"), [
    (["--remove", "frist"], "--remove is [frist], which is no study's name or digest in "),
    (["--remove", "frist"], "did you mean first?"),
    (["--older-than", "-1"], "-1"),
    (["--verify", "--remove-all"], "--verify is given with something to remove"),
])  # fmt: skip
def test_bad_pruning_is_one_line(options, message, tmp_path):
    """A name that is none, a negative age and a contradiction are refused before anything is touched."""
    a_store(tmp_path, first=range(2))
    code, _, err = runs(tmp_path, *options, "--yes")

    assert (code, err.count("\n")) == (2, 1)
    assert message in err
    assert len(kept_in(tmp_path)) == 2


def test_what_is_no_store_is_told(tmp_path):
    """A file in place of the folder is one line."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    code, _, err = runs(tmp_path / "file")

    assert (code, err.count("\n")) == (2, 1)
    assert "which cannot be read (Not a directory)" in err

"""Runs that are disturbed: killed and resumed, damaged, left by their scheduler. Nothing lost, nothing believed, nothing waited for."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import Executor, Future
from types import SimpleNamespace

import pytest

from experiments.execution import jobs
from experiments.execution.jobs import Store, finish
from experiments.execution.store import Contents
from simulation.parameters import ParameterError
from tests.test_cli import desist
from tests.test_cluster import SWEEP, command, killed_after, scheduler, worker
from tests.test_runs import ENVIRONMENT, HOME, a_job, kept_in

PIECES = 40
RESUMED = f"""
from pathlib import Path
from experiments.execution.jobs import Store, finish
from tests.test_runs import a_job
pieces = [{{"n": n, "seconds": 0.02}} for n in range({PIECES})]
list(finish(a_job(pieces=pieces), store=Store(Path("store")), threads=2))
"""


def rounds(few, many, **marks):
    """A small part in the ordinary tests, and the whole among those that take long."""
    return pytest.mark.parametrize("number", [few, pytest.param(many, marks=pytest.mark.long)], **marks)


# Killed and resumed -----------------------------------------------------------------------------------------------


def one_round(folder, chance):
    """Kill a process once it has kept a random number of new pieces: whether it had ended by then."""
    store = folder / "store"
    wanted = len(kept_in(store)) + chance.randrange(1, 12)
    process = subprocess.Popen([sys.executable, "-c", RESUMED], cwd=folder, env={**ENVIRONMENT, "PYTHONPATH": str(HOME)})
    try:
        while process.poll() is None and len(kept_in(store)) < wanted:
            time.sleep(0.001)
        time.sleep(chance.uniform(0, 0.02))
    finally:
        process.kill()
    code = process.wait()
    assert code in (0, -signal.SIGKILL), "it has failed by itself"
    return code == 0


@rounds(2, 30)
def test_what_a_killed_process_has_kept_stays(number, tmp_path):
    """After every kill all that was kept is there and whole; what is resumed ends with the bytes of an undisturbed run."""
    chance = random.Random(14)
    pieces = [{"n": n, "seconds": 0.02} for n in range(PIECES)]
    calm = repr(list(finish(a_job(pieces=pieces), store=Store(tmp_path / "calm"))))
    kept, finished = set(), 0
    for _ in range(number):
        ended = one_round(tmp_path, chance)
        now = set(kept_in(tmp_path / "store"))
        assert kept < now
        contents = Contents.of(tmp_path / "store")
        assert all(piece.whole() for piece in contents.files(contents.pieces))
        kept = now
        if ended or len(kept) == PIECES:
            assert kept == set(kept_in(tmp_path / "calm"))
            shutil.rmtree(tmp_path / "store")
            kept, finished = set(), finished + 1
    assert finished >= number // 10
    assert repr(list(finish(a_job(pieces=pieces), store=Store(tmp_path / "store")))) == calm
    assert kept_in(tmp_path / "store") == kept_in(tmp_path / "calm")


# Damaged ----------------------------------------------------------------------------------------------------------


def damaged(data, chance):
    """The bytes of a file after some accident; never those it had."""
    at = chance.randrange(len(data))
    other = bytes([data[at] ^ (1 << chance.randrange(8))])
    harms = (data[:at] + other + data[at + 1 :], data[:at], b"", data + chance.randbytes(7), bytes(len(data)),
             data[:at] + data[at + 1 :], data[at:] + data[:at] + b"\n")  # fmt: skip
    return chance.choice([each for each in harms if each != data])


def test_sixty_damaged_pieces_are_computed_again(tmp_path):
    """Each of 60 pieces is damaged in its own way: each is named, and none is believed."""
    chance, job = random.Random(14), a_job(60)
    before = repr(list(finish(job, store=Store(tmp_path))))
    whole, lines = kept_in(tmp_path), []
    for name in whole:
        (tmp_path / name).write_bytes(damaged((tmp_path / name).read_bytes(), chance))

    assert repr(list(finish(job, store=Store(tmp_path, notice=lines.append)))) == before
    assert sorted(lines) == sorted(f"{tmp_path / name} is damaged; it is computed again" for name in whole)
    assert kept_in(tmp_path) == whole
    assert all(piece.whole() for piece in Contents.of(tmp_path).files(job.addresses()))


@rounds(10, 60)
def test_damaged_results_are_not_as_recorded(number, tmp_path):
    """Whichever file of a folder of results is damaged, the check says so in words, and the exit code is not 0."""
    chance, folder = random.Random(14), tmp_path / "results"
    assert desist("trial", "pooled", "--trials", "4", "--no-store", "--out", str(folder))[0] == 0
    assert desist("check-results", "--quick", str(folder))[0] == 0
    files = sorted(folder.iterdir())
    for k in range(number):
        file = files[k % len(files)]
        whole = file.read_bytes()
        file.write_bytes(damaged(whole, chance))
        code, out, err = desist("check-results", "--quick", str(folder))
        file.write_bytes(whole)
        assert code in (1, 2), file
        assert "NOT as recorded" in out + err, file
        assert "Traceback" not in out + err


# Left by the scheduler --------------------------------------------------------------------------------------------


class Gone(Executor):
    """An executor whose scheduler dies when it is sent the third task; no task that it was sent later ever ends."""

    def __init__(self):
        self._client, self.sent = SimpleNamespace(status="running"), 0

    def submit(self, function, /, *arguments, **named):
        self.sent += 1
        future = Future()
        if self.sent < 3:
            future.set_result(function(*arguments, **named))
        else:
            self._client.status = "closed"
        return future


def test_a_task_that_nobody_will_finish_is_not_waited_for(tmp_path, monkeypatch):
    """A task that is sent while the scheduler dies ends in one line, and what was finished is kept."""
    monkeypatch.setattr(jobs, "ALIVE_SECONDS", 0.01)
    with pytest.raises(ParameterError, match=r"the workers were lost .*; what was finished is in the store"):
        list(finish(a_job(30), store=Store(tmp_path), executor=Gone()))
    assert len(kept_in(tmp_path)) >= 2


@pytest.mark.long
def test_ten_schedulers_killed_are_ten_lines(tmp_path):
    """A scheduler killed at ten moments: one line, exit code 2, no finished piece lost; then all of it without one."""
    for k in range(10):
        store, folder = tmp_path / f"store-{k}", tmp_path / f"out-{k}"
        with scheduler(tmp_path) as (address, boss), worker(tmp_path, address):
            watch = killed_after(boss, store, 1 + 2 * k)
            code, _, err = command(
                tmp_path, *SWEEP, "--replicates", "400", "--cluster", address, "--store", str(store), "--out", str(folder)
            )
            watch.join(60)
        assert (code, err.count("Traceback")) == (2, 0), err
        assert err.splitlines()[-1].startswith("desist: the workers were lost ("), err
        kept = Contents.of(store)
        assert len(kept.pieces) >= 1 + 2 * k
        assert all(piece.whole() for piece in kept.files(kept.pieces))

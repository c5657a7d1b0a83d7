"""Pieces on a running Dask cluster: the same bytes, whoever dies; and clusters that are none, in one line."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress

import pytest

from experiments.execution import cluster
from experiments.execution.store import Contents
from tests.test_cli import desist
from tests.test_runs import ENVIRONMENT, HOME, kept_in

SWEEP = ("sweep", "--vary", "effect.hazard_ratio=0.05:1:10:log", "--vary", "programme.half_life_months=3,12,36")


@contextmanager
def dask(folder, *arguments, **environment):
    """One of Dask's own commands as a process, killed at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "dask", *arguments], cwd=folder, env={**ENVIRONMENT, **environment},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@contextmanager
def scheduler(folder):
    """A scheduler on a free port of this machine: its address, and its process."""
    file = folder / "scheduler.json"
    file.unlink(missing_ok=True)
    where = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--dashboard-address", "127.0.0.1:0")
    with dask(folder, "scheduler", *where, "--scheduler-file", str(file)) as process:
        until = time.monotonic() + 600
        address = None
        while address is None and time.monotonic() < until:
            with suppress(OSError, ValueError):
                address = json.loads(file.read_text(encoding="utf-8"))["address"]
            time.sleep(0.05)
        yield address, process


def worker(folder, address, **environment):
    """A worker with one thread and no nanny, so that killing it kills it."""
    options = ("--nthreads", "1", "--no-dashboard", "--no-nanny", "--local-directory", str(folder))
    return dask(folder, "worker", address, *options, **environment)


def command(folder, *arguments):
    """``desist`` in a process of its own; exit code, output and errors."""
    done = subprocess.run(
        [sys.executable, "-m", "experiments.cli.main", *arguments], cwd=folder, env=ENVIRONMENT, capture_output=True, text=True,
        timeout=900, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


def killed_after(process, store, pieces):
    """A thread that kills a process once the store has so many pieces."""

    def watch():
        until = time.monotonic() + 600
        while len(kept_in(store)) < pieces and time.monotonic() < until:
            time.sleep(0.005)
        process.kill()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    return thread


@pytest.mark.long
def test_a_sweep_on_two_workers_one_of_them_killed_is_that_of_one_machine(tmp_path):
    """Two workers, one killed in the middle: every piece and table has the bytes of a sweep without a cluster."""
    sweep = [*SWEEP, "--replicates", "100"]
    with scheduler(tmp_path) as (address, _), worker(tmp_path, address) as first, worker(tmp_path, address):
        watch = killed_after(first, tmp_path / "far", 3)
        code, _, err = command(
            tmp_path, *sweep, "--cluster", address, "--store", str(tmp_path / "far"), "--out", str(tmp_path / "a")
        )
        watch.join(60)
        assert first.wait(600) != 0
    assert (code, err.count("\n")) == (0, 1)
    assert desist(*sweep, "--store", str(tmp_path / "near"), "--out", str(tmp_path / "b"))[0] == 0
    for name in ("points.csv", "answer_en.txt", "map.png", "map.svg"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert kept_in(tmp_path / "far") == kept_in(tmp_path / "near")
    assert len(Contents.of(tmp_path / "far").pieces) == 30


@pytest.mark.long
def test_workers_with_other_code_or_a_lost_scheduler_are_one_line(tmp_path):
    """A worker whose rules are other ones is refused; a scheduler that dies costs one line and no finished piece."""
    for package in ("simulation", "experiments"):
        shutil.copytree(HOME / package, tmp_path / "other" / package, ignore=shutil.ignore_patterns("__pycache__"))
    with (tmp_path / "other" / "simulation" / "rules.py").open("a", encoding="utf-8") as file:
        file.write("# changed\n")
    store = tmp_path / "store"
    options = ["--store", str(store), "--out", str(tmp_path / "out")]
    with scheduler(tmp_path) as (address, boss):
        with worker(tmp_path, address, PYTHONPATH=str(tmp_path / "other")):
            code, _, err = command(tmp_path, *SWEEP, "--cluster", address, *options)
        assert code == 2
        assert "a worker has other code [" in err.splitlines()[-1]
        assert "Traceback" not in err
        assert kept_in(store) == []
        with worker(tmp_path, address):
            watch = killed_after(boss, store, 2)
            code, _, err = command(tmp_path, *SWEEP, "--replicates", "2000", "--cluster", address, *options)
            watch.join(60)
    assert code == 2
    assert err.splitlines()[-1].startswith("desist: the workers were lost (")
    assert "Traceback" not in err
    kept = Contents.of(store)
    assert 2 <= len(kept.pieces) < 30
    assert all(piece.whole() for piece in kept.files(kept.pieces))


@pytest.mark.long
@pytest.mark.parametrize("kill", range(10))
def test_a_scheduler_that_is_killed_is_not_waited_for(tmp_path, kill):
    """After one piece, two, three ...: one line and exit code 2, and every finished piece is there and whole."""
    store = tmp_path / "store"
    with scheduler(tmp_path) as (address, boss), worker(tmp_path, address):
        watch = killed_after(boss, store, 1 + kill)
        code, _, err = command(tmp_path, *SWEEP, "--replicates", "2000", "--cluster", address, "--store", str(store),
                               "--out", str(tmp_path / "out"))  # fmt: skip
        watch.join(600)
    kept = Contents.of(store)

    assert (code, len(err.splitlines()[-1:]), "Traceback" in err) == (2, 1, False)
    assert err.splitlines()[-1].startswith("desist: the workers were lost (")
    assert len(kept.pieces) > kill
    assert all(piece.whole() for piece in kept.files(kept.pieces))


@contextmanager
def stranger(answer):
    """A port of this machine where something answers that is no scheduler; its address."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        held = []

        def serve():
            try:
                while True:
                    held.append(server.accept()[0])
                    held[-1].sendall(answer)
            except OSError:
                return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"tcp://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)
        for connection in held:
            connection.close()


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n" * 10], ids=["silent", "web"])
def test_what_is_no_scheduler_is_one_line(answer, tmp_path, monkeypatch):
    """A port that is silent, or talks of something else, is given up in seconds with one line and exit code 2."""
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 1.0)
    with stranger(answer) as address:
        begun = time.monotonic()
        code, _, err = desist(*SWEEP, "--cluster", address, "--out", str(tmp_path))

    assert time.monotonic() - begun < 300
    assert (code, err) == (
        2, f"desist: --cluster is [{address}], where no scheduler answers; start one with dask scheduler, or leave "
        "--cluster out\n",
    )  # fmt: skip


@pytest.mark.parametrize("address", ["", "here", "127.0.0.1:8786", "http://127.0.0.1:8786", "tcp://127.0.0.1", "tcp://a:0", "tcp://a:99999"])
def test_an_address_that_is_none_is_one_line(address, tmp_path):
    """An address is tcp://HOST:PORT; anything else is refused before anybody is asked."""
    code, _, err = desist("trial", "--cluster", address, "--out", str(tmp_path))

    assert (code, err) == (2, f"desist: --cluster is [{address}]; write tcp://HOST:PORT, as dask scheduler prints it\n")


def test_without_dask_the_extra_is_named(tmp_path, monkeypatch):
    """Where Dask is not installed the user is told how to install it."""
    monkeypatch.setitem(sys.modules, "distributed", None)
    code, _, err = desist("trial", "--cluster", "tcp://127.0.0.1:1", "--out", str(tmp_path))

    assert (code, err.count("\n")) == (2, 1)
    assert "pip install 'desist[cluster]'" in err


@pytest.mark.long
def test_the_snippets_of_the_document_run(tmp_path):
    """The Python of docs/runs.md runs as it is written, and keeps its pieces."""
    parts = (HOME / "docs" / "runs.md").read_text(encoding="utf-8").split("```python\n")[1:]
    for name, part in zip(("processes.py", "levels.py"), parts, strict=True):
        (tmp_path / name).write_text(part.split("```", 1)[0], encoding="utf-8")
        done = subprocess.run(
            [sys.executable, name], cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout
    assert len(kept_in(tmp_path / "results" / "runs")) == 6 + 8

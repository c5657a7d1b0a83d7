"""Other systems than this one: what Windows does not have is asked for before it is used, and it is set up in PowerShell."""

from __future__ import annotations

import ast
import math
import os
import re
import signal
import sys

import pytest

from experiments.app.connections import connections_for
from experiments.benchmarks.country import peak_memory
from experiments.execution.store import Contents, Store
from experiments.verification import mutant_process, planted_faults
from simulation.parameters import ParameterError
from tests.test_runs import HOME

MISSING = {"fcntl", "grp", "pty", "pwd", "resource", "termios", "tty"}
"""Modules that Windows does not have."""
UNIX = {
    "os": {"chown", "fork", "getegid", "geteuid", "getgid", "getpgid", "getuid", "killpg", "mkfifo", "nice", "setpriority", "setsid",
           "uname", "wait", "waitpid"},
    "signal": {"ITIMER_PROF", "SIGALRM", "SIGHUP", "SIGKILL", "SIGPROF", "SIGQUIT", "SIGUSR1", "SIGUSR2", "alarm", "pause",
               "setitimer"},
}  # fmt: skip
"""Names that these modules do not have there."""
GUARDED = {"app/country/runs.py": {"setpriority"}, "app/connections.py": {"resource"}, "benchmarks/country.py": {"resource"},
           "verification/mutant_process.py": {"setitimer", "ITIMER_PROF"}, "verification/planted_faults.py": {"SIGPROF"},
           "compiled_cache.py": {"getuid"}}  # fmt: skip
"""Where one of them is used behind a question whether it is there."""


def used(path):
    """What a file uses that Windows does not have."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from MISSING.intersection(each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from {node.module} & MISSING
            yield from UNIX.get(node.module or "", set()).intersection(each.name for each in node.names)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield from {node.attr} & UNIX.get(node.value.id, set())


def test_what_windows_lacks_is_used_behind_a_guard():
    """No file uses what is only there on Unix, but for the places whose guards are tested."""
    found = {}
    for package in ("experiments", "simulation"):
        for path in sorted((HOME / package).rglob("*.py")):
            if names := set(used(path)):
                found[path.relative_to(HOME / package).as_posix()] = names
    assert found == GUARDED


def test_memory_is_not_a_number_where_the_system_does_not_tell(monkeypatch):
    """Without the module ``resource`` the benchmark goes on."""
    assert peak_memory() > 1
    monkeypatch.setitem(sys.modules, "resource", None)
    assert math.isnan(peak_memory())
    assert connections_for(100).most == 2_000


def test_a_mutant_that_never_ends_is_ended_by_the_clock(monkeypatch):
    """Without timers of processor time it is ended from outside; what it printed before is kept."""
    monkeypatch.delattr(signal, "SIGPROF", raising=False)
    monkeypatch.setattr(mutant_process, "TIMED", False)
    mutant_process._within(1.0)
    assert planted_faults.ended_in_time([sys.executable, "-c", "print(1)"])[:2] == (0, "1\n")
    monkeypatch.setattr(planted_faults, "LONGEST", 1.0)
    code, _, _ = planted_faults.ended_in_time([sys.executable, "-c", "while True: pass"])
    assert code is None


def test_a_piece_that_another_process_reads_is_kept(tmp_path, monkeypatch):
    """Windows refuses to replace an open file: the same bytes are there already; other bytes are one line."""
    store = Store(tmp_path)
    store.write("a" * 40, b"one")
    monkeypatch.setattr(os, "replace", refuse)
    store.write("a" * 40, b"one")
    with pytest.raises(ParameterError, match=r"--store is \[.*\], which cannot be written"):
        store.write("a" * 40, b"two")
    assert len(Contents.of(tmp_path).pieces) == 1
    assert list((tmp_path / "parts").iterdir()) == []


def refuse(*_):
    """What Windows says of an open file."""
    raise PermissionError(13, "The process cannot access the file because it is being used by another process")


def test_powershell_is_set_up_by_the_same_commands():
    """Beside each line for a Unix shell stands one without ``&&``, which PowerShell 5.1 does not know."""
    text = (HOME / "README.md").read_text(encoding="utf-8")
    lines = re.findall(r"<!-- setup: \w+ -->\n```sh\n(.+)\n```\n[^`]*```powershell\n(.+)\n```\n", text)

    assert len(lines) == text.count("<!-- setup:") == 2
    guides = sorted((HOME / "docs" / "guides").glob("*.md"))
    beside = re.compile(r"```sh\n(python3 -m venv .+)\n```\n[^`]*(?:`[^`]+`[^`]*)*```powershell\n(.+)\n```\n")
    found = {path.name: beside.findall(path.read_text(encoding="utf-8")) for path in guides}
    assert all(len(each) == path.read_text(encoding="utf-8").count("python3 -m venv") for path, each in zip(guides, found.values(), strict=True))
    for unix, windows in [*lines, *(each for several in found.values() for each in several)]:
        assert "&&" not in windows
        assert windows.count("{") == windows.count("}") == windows.count("if ($?)") == unix.count("&&")
        same = windows.rstrip("} ").replace("; if ($?) { ", " && ").replace("py -m", "python3 -m", 1)
        assert same.replace(".venv\\Scripts\\", ".venv/bin/") == unix

"""Planted faults: is a broken rule noticed? Mutation testing of the model by its own laws.

Each fault (``mutations.py``) is planted in a copy of the packages in a temporary folder with its own compiled
code, and a process tries the laws and closed forms there (``child.py``). The observed patterns have no say, and
no stored result is compared with. What becomes of a fault:

- *noticed*: a law or form fails, the model breaks down while one is tried, or it never ends;
- *missed*: all of them hold, and some bytes of what is told differ;
- *no difference*: all bytes are those of the original on a broad set of other worlds: not counted, but listed;
- *does not run*: not even one small world can be told: nobody could overlook it, so it is not counted as noticed.

References
----------
DeMillo, Lipton & Sayward (1978), Hints on test data selection, Computer 11(4):34, doi:10.1109/C-M.1978.218136.
"""

from __future__ import annotations

import ast
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from experiments.execution.jobs import Job, Table
from experiments.verification import mutant_process
from experiments.verification.mutations import Fault, drawn, faults_of, planted

HERE = Path(__file__).resolve().parents[2]
PACKAGES = ("simulation", "experiments")
RULE_FILES = (
    "chance", "population", "numbers", "spread", "rules", "passes", "month", "volunteers", "waiting", "returns",
    "ledger", "prepared", "engine", "history", "outcomes", "accounts", "economics", "regression",
)  # fmt: skip
"""Files of the model that decide what happens, what is counted and what is priced.

Left out are descriptions of columns, sections and places, the reading and refusing of files, and the Mesa driver, which
is one of the attackers.
"""
OUTCOMES = ("noticed", "missed", "no difference", "does not run")
WORK = "experiments.verification.planted_faults:piece"


def all_faults() -> dict[str, list[Fault]]:
    """Every fault of every rule file."""
    return {
        name: faults_of(name, (HERE / "simulation" / f"{name}.py").read_text(encoding="utf-8")) for name in RULE_FILES
    }


# A copy to break --------------------------------------------------------------------------------------------------


class Bench:
    """A copy of the packages, with its own compiled code, in which faults are planted one after the other."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.cache, self.warm = folder, folder / "cache", folder / "warm"
        for name in PACKAGES:
            shutil.copytree(HERE / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "app"))
        self.rests_on = _dependants(folder / "simulation")
        told = self._told("laws", "")
        if told.get("noticed") != "":
            raise RuntimeError(f"the laws do not hold in a copy of the model without any fault: {told}")
        self.bytes = self._told("bytes", "")
        shutil.copytree(self.cache, self.warm)

    def _told(self, what: str, file: str) -> dict[str, Any]:
        """What a process says: its last line of JSON, and how it ended if that was not well."""
        settings = {
            key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE")
        }
        settings |= {"PYTHONPATH": str(self.folder), "NUMBA_CACHE_DIR": str(self.cache), "PYTHONWARNINGS": "ignore",
                     "DESIST_CACHE": str(self.folder / "home"), "OMP_NUM_THREADS": "1"}  # fmt: skip
        command = [sys.executable, "-m", "experiments.verification.mutant_process", what, file, "1"]
        done = subprocess.run(command, cwd=self.folder, env=settings, text=True, capture_output=True, check=False)
        lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
        found: dict[str, Any] = json.loads(lines[-1]) if lines else {}
        if done.returncode == -signal.SIGPROF:
            found["ended"] = "never ended"
        elif done.returncode != 0:
            found["ended"] = (done.stderr.strip().splitlines() or [f"signal {-done.returncode}"])[-1][:200]
        return found

    def _renew(self, file: str) -> None:
        """The compiled code of the original, without what rests on a file."""
        shutil.rmtree(self.cache, ignore_errors=True)
        shutil.copytree(self.warm, self.cache)
        for path in self.cache.rglob("*.nb*"):
            if path.name.split(".")[0] in self.rests_on[file]:
                path.unlink()

    def tried(self, fault: Fault) -> dict[str, Any]:
        """What becomes of a fault: outcome, which law or form noticed it, and how."""
        path = self.folder / "simulation" / f"{fault.file}.py"
        text = path.read_text(encoding="utf-8")
        kept = path.stat()
        begun = time.perf_counter()
        self._renew(fault.file)
        try:
            path.write_text(planted(text, fault), encoding="utf-8")
            found = self._outcome(fault.file)
        finally:
            path.write_text(text, encoding="utf-8")
            os.utime(path, ns=(kept.st_atime_ns, kept.st_mtime_ns))
        return {**found, "seconds": round(time.perf_counter() - begun, 1)}

    def _outcome(self, file: str) -> dict[str, Any]:
        told = self._told("laws", file)
        if told.get("noticed"):
            return {"outcome": "noticed", "noticed": told["noticed"], "how": told["how"], "words": told["words"]}
        ended = str(told.get("ended", ""))
        if not told.get("runs"):
            return {"outcome": "does not run", "noticed": "", "how": "", "words": ended}
        if ended:
            how = "never ended" if ended == "never ended" else "broke down"
            return {"outcome": "noticed", "noticed": "", "how": how, "words": ended}
        found = self._told("bytes", file)
        parts = [name for name, digest in self.bytes.items() if found.get(name) != digest]
        words = f"differs in {len(parts)} of {len(self.bytes)}: {', '.join(parts[:3])}" if parts else ""
        return {"outcome": "missed" if parts else "no difference", "noticed": "", "how": "", "words": words}


def _dependants(folder: Path) -> dict[str, set[str]]:
    """For each file of the model: the files whose compiled code rests on it, itself included."""
    imports = {}
    for path in folder.glob("*.py"):
        nodes = [node for node in ast.walk(ast.parse(path.read_bytes())) if isinstance(node, ast.ImportFrom)]
        imports[path.stem] = {
            node.module.split(".")[1] for node in nodes if node.module and node.module.startswith("simulation.")
        }
    closure = {name: {name} for name in imports}
    for _ in imports:
        closure = {
            name: found.union(*(closure.get(each, set()) | {each} for each in imports[name]))
            for name, found in closure.items()
        }
    return {name: {other for other, found in closure.items() if name in found} for name in imports}


@cache
def _bench() -> Bench:
    """The bench of this process; gone when it ends."""
    import atexit

    folder = Path(tempfile.mkdtemp(prefix="desist-faults-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Bench(folder)


# A study ----------------------------------------------------------------------------------------------------------


def piece(context: dict[str, Any], payload: dict[str, Any]) -> dict[str, list[Any]]:
    """What becomes of one fault: what a store keeps. ``payload`` is the fault."""
    del context
    fault = Fault(**payload)
    return {name: [value] for name, value in {**asdict(fault), "number": fault.number, **_bench().tried(fault)}.items()}


def job(number: int, seed: int, command: str) -> Job:
    """The study of so many faults."""
    chosen = drawn(all_faults(), number, seed)
    return Job(name="falsify: planted faults", work=WORK, command=command, context={"laws": mutant_process.__name__},
               pieces=[asdict(fault) for fault in chosen])  # fmt: skip


def measured(run: Callable[[Job], Iterator[Table]], number: int, seed: int, command: str = "") -> pd.DataFrame:
    """What became of so many planted faults, one row each, in order of file and line."""
    parts = [pd.DataFrame(table) for table in run(job(number, seed, command))]
    columns = ["number", "file", "line", "kind", "before", "after", "outcome", "noticed", "how", "words", "seconds"]
    return pd.concat(parts, ignore_index=True)[columns].sort_values(["file", "line", "number"], ignore_index=True)

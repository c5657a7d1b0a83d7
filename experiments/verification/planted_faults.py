"""Planted faults: is a broken rule noticed? Mutation testing of the model by its own checks.

Each mutation (``mutations.py``) is made in a copy of the packages in a temporary folder with its own compiled code, and
a process carries out the invariants and analytical checks there (``mutant_process.py``). The observed patterns do not
count, and no stored result is compared with. What becomes of a mutation:

- *noticed*: a check fails, the model breaks down while one is carried out, or it never ends;
- *missed*: all of them hold, and some bytes of the results differ;
- *no difference*: all bytes are those of the original on a broad set of other scenarios: not counted, but listed;
- *does not run*: not even one small scenario can be simulated: nobody could overlook it, so it does not count.

This is part of the package, and not of its tests, so that ``desist check-model`` can measure an installed model.

References
----------
DeMillo, Lipton & Sayward (1978), Hints on test data selection, Computer 11(4):34, doi:10.1109/C-M.1978.218136.
"""

from __future__ import annotations

import ast
import atexit
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from experiments.execution.context import Compute
from experiments.execution.jobs import Job
from experiments.verification import mutant_process
from experiments.verification.checks import BROKE_DOWN
from experiments.verification.mutations import Mutation, mutated, mutations_of, sample_mutations

HERE = Path(__file__).resolve().parents[2]
PACKAGES = ("simulation", "experiments")
RULE_FILES = {name: f"{'experiments/statistics' if name == 'regression' else 'simulation'}/{name}.py"
              for name in mutant_process.FIRST}  # fmt: skip
"""Files in which faults are planted."""
NEVER_ENDED = "never ended"
LONGEST = 8 * mutant_process.MOST_SECONDS
"""Seconds by the clock after which a process never ends, where the system does not count its processor time."""


def all_mutations() -> dict[str, list[Mutation]]:
    """Every mutation of every rule file."""
    return {name: mutations_of(name, (HERE / path).read_text(encoding="utf-8")) for name, path in RULE_FILES.items()}


# A copy to break --------------------------------------------------------------------------------------------------


class MutantBench:
    """A copy of the packages, with its own compiled code, in which mutations are made one after the other."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.cache, self.warm = folder, folder / "cache", folder / "warm"
        for name in PACKAGES:
            shutil.copytree(HERE / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "app"))
        self.rests_on = _dependants(folder / "simulation")
        found = self._run("checks", "")
        if found.get("noticed") != "":
            raise RuntimeError(f"the checks do not hold in a copy of the model without any mutation: {found}")
        self.bytes = self._run("bytes", "")
        shutil.copytree(self.cache, self.warm)

    def _run(self, what: str, file: str) -> dict[str, Any]:
        """What a process finds: its last line of JSON, and how it ended if that was not well."""
        settings = {**os.environ, "PYTHONPATH": str(self.folder), "NUMBA_CACHE_DIR": str(self.cache),
                    "PYTHONWARNINGS": "ignore", "DESIST_CACHE": str(self.folder / "home"),
                    "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": ""}  # fmt: skip
        command = [sys.executable, "-m", "experiments.verification.mutant_process", what, file]
        code, out, err = ended_in_time(command, cwd=self.folder, env=settings)
        lines = [line for line in out.splitlines() if line.startswith("{")]
        found: dict[str, Any] = json.loads(lines[-1]) if lines else {}
        if code is None:
            found["ended"] = NEVER_ENDED
        elif code != 0:
            found["ended"] = (err.strip().splitlines() or [f"signal {-code}"])[-1][:200]
        return found

    def _renew(self, file: str) -> None:
        """The compiled code of the original, without what rests on a file."""
        shutil.rmtree(self.cache, ignore_errors=True)
        shutil.copytree(self.warm, self.cache)
        for path in self.cache.rglob("*.nb*"):
            if path.name.split(".")[0] in self.rests_on.get(file, ()):
                path.unlink()

    def try_mutation(self, mutation: Mutation) -> dict[str, Any]:
        """What becomes of a mutation: outcome, which check noticed it, and how."""
        path = self.folder / RULE_FILES[mutation.file]
        text = path.read_text(encoding="utf-8")
        kept = path.stat()
        begun = time.perf_counter()
        self._renew(mutation.file)
        try:
            path.write_text(mutated(text, mutation), encoding="utf-8")
            found = self._outcome(mutation.file)
        finally:
            path.write_text(text, encoding="utf-8")
            os.utime(path, ns=(kept.st_atime_ns, kept.st_mtime_ns))
        return {**found, "seconds": round(time.perf_counter() - begun, 1)}

    def _outcome(self, file: str) -> dict[str, Any]:
        checked = self._run("checks", file)
        ended = str(checked.get("ended", ""))
        nothing = {"noticed": "", "how": "", "detail": ended}
        if checked.get("noticed"):
            return {"outcome": "noticed", **{name: checked[name] for name in nothing}}
        if not checked.get("runs"):
            return {"outcome": "does not run", **nothing}
        if ended:
            return {"outcome": "noticed", **nothing, "how": ended if ended == NEVER_ENDED else BROKE_DOWN}
        found = self._run("bytes", file)
        parts = [name for name, digest in self.bytes.items() if found.get(name) != digest]
        detail = f"differs in {len(parts)} of {len(self.bytes)}: {', '.join(parts[:3])}" if parts else ""
        return {"outcome": "missed" if parts else "no difference", **nothing, "detail": detail}


def ended_in_time(command: list[str], **options: Any) -> tuple[int | None, str, str]:
    """Exit code, output and errors of a process that ends itself in time; without a code if it did not end.

    Where the system has no timer of processor time (Windows), the process is ended after ``LONGEST`` seconds.
    """
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)
    try:
        out, err = process.communicate(timeout=None if mutant_process.TIMED else LONGEST)
    except subprocess.TimeoutExpired:
        process.kill()
        return None, *process.communicate()
    timed_out = mutant_process.TIMED and process.returncode == -signal.SIGPROF
    return None if timed_out else process.returncode, out, err


def _dependants(folder: Path) -> dict[str, set[str]]:
    """For each file of the model: the files whose compiled code rests on it, itself included."""
    imports = {}
    for path in folder.glob("*.py"):
        nodes = (node for node in ast.walk(ast.parse(path.read_bytes())) if isinstance(node, ast.ImportFrom))
        modules = [node.module.split(".") for node in nodes if node.module]
        imports[path.stem] = {module[1] for module in modules if module[0] == "simulation" and len(module) > 1}
    closure = {name: {name} for name in imports}
    for _ in imports:
        closure = {name: found.union(imports[name], *(closure.get(each, set()) for each in imports[name]))
                   for name, found in closure.items()}  # fmt: skip
    return {name: {other for other, found in closure.items() if name in found} for name in imports}


@cache
def _bench() -> MutantBench:
    """The bench of this process; gone when it ends."""
    folder = Path(tempfile.mkdtemp(prefix="desist-faults-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return MutantBench(folder)


# A study ----------------------------------------------------------------------------------------------------------


def run_mutant(context: dict[str, Any], payload: dict[str, Any]) -> dict[str, list[Any]]:
    """What becomes of one mutation: what a store keeps. ``payload`` is the mutation."""
    del context
    mutation = Mutation(**payload)
    row = {**asdict(mutation), "number": mutation.number, **_bench().try_mutation(mutation)}
    return {name: [value] for name, value in row.items()}


def mutation_job(number: int, seed: int, command: str) -> Job:
    """The job of so many mutations."""
    return Job(name="check-model: planted faults", work=f"{__name__}:run_mutant", command=command,
               context={"checks": mutant_process.__name__},
               pieces=[asdict(mutation) for mutation in sample_mutations(all_mutations(), number, seed)])  # fmt: skip


def measure_faults(compute: Compute, number: int, seed: int, command: str = "") -> pd.DataFrame:
    """What became of so many planted faults, one row each, in order of file and line."""
    parts = [pd.DataFrame(table) for table in compute(mutation_job(number, seed, command))]
    columns = ["number", "file", "line", "kind", "before", "after", "outcome", "noticed", "how", "detail", "seconds"]
    return pd.concat(parts, ignore_index=True)[columns].sort_values(["file", "line", "number"], ignore_index=True)

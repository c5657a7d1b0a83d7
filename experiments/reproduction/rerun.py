"""A result made again: the same study or report, in a process and a folder of its own.

Nothing of a manifest reaches a shell, and nothing in it says where something is written: a study is read as data, and
the folder, the store and the workers are chosen here. So a manifest from elsewhere can cost time, and can neither run
another program nor write outside the folder that is made for it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from experiments.provenance.receipts import bare, words_of

HOME = Path(__file__).resolve().parents[2]
"""The folder that holds the packages ``experiments`` and ``simulation``."""
PLACES = ("--out", "--xlsx", "--store", "--cluster")
"""Options that say where something is written or computed."""
START = "from experiments.cli.main import main; main()"


def environment() -> dict[str, str]:
    """Variables of a process that finds these packages wherever it is started."""
    paths = [str(HOME), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


def study_again(source: Path, out: Path, *, language: str = "en") -> str:
    """Run a saved study (a folder or a TOML file) again into a new folder; in one line why not, if it broke off.

    ``language`` is that of its figures.
    """
    where = ["--out", str(out), "--no-store", "--language", language]
    return _run(["study", *where, "--", str(source)], out)


def report_again(command: str, out: Path) -> str:
    """Make a report again, as its receipt has the command, into a new file; why not, if it could not be made.

    Options that say where something is written or computed are left out. A command that hides one where it would be
    read all the same (as a value, or among the options of a study) is refused.
    """
    words = words_of(bare(command))
    shown = f"[{' '.join(words)[:60]}]"
    if words[:2] != ["desist", "report"]:
        return f"{shown} is no command that makes a report"
    if hidden := [word for word in words if word.partition("=")[0] in PLACES]:
        return f"{shown} says [{hidden[0]}] where no report has it"
    return _run(["report", "--out", str(out), "--no-store", *words[2:]], out)


def _run(arguments: Sequence[str], out: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-P", "-c", START, *arguments], env=environment(), stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False,
    )  # fmt: skip
    if done.returncode in (0, 1) and out.exists() and (out.is_file() or any(out.glob("manifest.json"))):
        return ""
    lines = done.stderr.decode(errors="replace").strip().splitlines() or [f"it ended with code {done.returncode}"]
    return lines[-1].removeprefix("desist: ")[:300]

"""The headline studies of ``results/``: what each asks, the study that answers it, and which of its files are kept.

Each is carried out by a process of its own, from its TOML file, which sees nothing but a *home* (the folder that holds
``results/``), the store and the installed code. So it is rebuilt in the clone, and in an empty folder beside it, to the
same bytes.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import shorten
from typing import Any

from experiments.execution.environment import RESULTS
from experiments.provenance.receipts import compare
from experiments.reproduction.rerun import HOME as CODE
from experiments.reproduction.rerun import START, environment
from experiments.studies.catalogue import study_class
from experiments.studies.study import Study
from simulation.errors import nearest
from simulation.parameters import ParameterError

KEPT = (".csv", ".json", ".png", ".toml", ".txt")
"""Ends of the names of files that are kept under version control; SVG and Parquet files are made again."""
POSTERIOR = "experiments/inputs/data/posterior.parquet"
"""The draws that come with Desist."""
LONGEST = 240
"""Characters of an answer that are shown in a list."""


@dataclass(frozen=True, kw_only=True)
class HeadlineStudy:
    """A study whose result is kept."""

    name: str
    """Its folder below ``results/``."""
    question: str
    study: Study
    pace: str = "usual"
    """``quick`` (half a minute on two cores at most), ``usual`` (minutes) or ``long`` (half an hour and more)."""
    large: tuple[str, ...] = ()
    """Files that are not kept, for their size: large tables, and figures that show what another study's show."""

    @property
    def folder(self) -> Path:
        """Where it is saved, relative to a home."""
        return RESULTS / self.name


def _headline_study(name: str, row: dict[str, Any]) -> HeadlineStudy:
    """A study from its table in ``headline_studies.toml``."""
    study = study_class(row["verb"])(**row.get("options", {}))
    return HeadlineStudy(name=name, question=row["question"], study=study, pace=row.get("pace", "usual"),
                         large=tuple(row.get("large", ())))  # fmt: skip


STUDIES = tuple(
    _headline_study(name, row)
    for name, row in tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")).items()
)
"""All of them, in the order in which they are rebuilt."""


def chosen(names: Sequence[str], *, quick: bool = False, no_long: bool = False) -> list[HeadlineStudy]:
    """The studies of these names; all without a name. A name also stands for all whose name begins with it and a slash.

    Raises ``ParameterError`` if a name is no study's, or if none is left.
    """
    found = []
    for name in names:
        some = [study for study in STUDIES if study.name == name or study.name.startswith(f"{name.rstrip('/')}/")]
        if not some:
            known = nearest(name, [study.name for study in STUDIES])
            raise ParameterError(f"study is [{name}], which is none of the headline studies; {known} (see --list)")
        found += some
    wanted = [study for study in STUDIES if (study in found or not names) and (study.pace == "quick" or not quick)]
    if not wanted:
        raise ParameterError(f"study is [{', '.join(names)}], none of which is quick; leave --quick out (see --list)")
    return [study for study in wanted if not (no_long and study.pace == "long")]


def keeps(study: HeadlineStudy, name: str) -> bool:
    """Whether a file of that name in the study's folder is kept."""
    return name.endswith(KEPT) and name not in study.large and not name.startswith(".")


def answer(study: HeadlineStudy, home: Path) -> str:
    """The first sentence of a study's answer, shortened; nothing if it was never made."""
    path = home / study.folder / "answer_en.txt"
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return shorten(lines[0], LONGEST, placeholder=" ...") if lines else ""


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What became of a study's command."""

    study: HeadlineStudy
    code: int
    """Exit code: 0 fine, 1 a check of the study's own failed, anything else: it broke off."""
    seconds: float
    """By the clock."""
    processor_seconds: float
    """Of all its processes; 0 where the system does not say."""


def rebuild(study: HeadlineStudy, home: Path, store: Path) -> Ran:
    """Run a study in a home, the folder that holds ``results/``; progress and mistakes go to standard error.

    The draws that a study reads are copied there if they are missing. ``store`` is the folder of finished pieces.
    """
    if getattr(study.study, "posterior", None) is not None and not (home / POSTERIOR).exists():
        (home / POSTERIOR).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(CODE / POSTERIOR, home / POSTERIOR)
    begun, before = time.perf_counter(), os.times()
    with TemporaryDirectory(prefix="desist-study-") as place:
        file = Path(place) / "study.toml"
        file.write_text(study.study.to_toml(), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-P", "-c", START, "study", str(file), "--replace", "--out", str(study.folder)], cwd=home,
            env={**environment(), "DESIST_STORE": str(store.resolve())}, stdout=subprocess.DEVNULL, check=False,
        )  # fmt: skip
    after = os.times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return Ran(study=study, code=done.returncode, seconds=time.perf_counter() - begun, processor_seconds=spent)


def differences(study: HeadlineStudy, old: Path, new: Path) -> tuple[int, list[str]]:
    """How many files of a study were compared in two homes, and a line for each that differs (``receipts.compare``).

    What is not kept in the old home is compared by the digest in its manifest.
    """
    here = old / study.folder
    try:
        table = compare(here, new / study.folder)
    except ParameterError as problem:
        return 0, [str(problem)]
    apart = table[~table["equal"].astype(bool)]
    lines = [f"{row['file']}: {row['words']}" for row in apart.to_dict("records")]
    lost = [name for name in table["file"] if keeps(study, name) and not (here / name).is_file()]
    return len(table), [*lines, *(f"{name}: should be kept, and is not there" for name in lost)]

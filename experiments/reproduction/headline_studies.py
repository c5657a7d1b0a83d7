"""The headline studies of ``results/``: what each asks, the command that makes it, and which of its files are kept.

A study is a command line and the folder that it fills, relative to a *home*: the folder that holds ``results/``. Each
is carried out by a process of its own, which sees nothing but that home, the store and the installed code. So the same
commands rebuild a study in the clone, and in an empty folder beside it, to the same bytes.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten

from experiments.execution.environment import RESULTS
from simulation.errors import nearest
from simulation.parameters import ParameterError

CODE = Path(__file__).resolve().parents[2]
"""The folder that holds the packages ``experiments`` and ``simulation``."""
START = "from experiments.cli.main import main; main()"
KEPT = (".csv", ".json", ".png", ".toml", ".txt")
"""Ends of the names of files that are kept under version control; SVG and Parquet files are made again."""
POSTERIOR = "experiments/inputs/data/posterior.parquet"
"""The draws that come with Desist."""
ANSWER = re.compile(r"^(?!The scheme opens|Plan:|Truth)(?=.*\d).{40}")
"""A line that answers: with a digit, at least 40 characters, and not what is asked about."""
LONGEST = 240
"""Characters of an answer that are told in a list."""


@dataclass(frozen=True, kw_only=True)
class Study:
    """A study whose result is kept."""

    name: str
    """Its folder below ``results/``."""
    question: str
    command: tuple[str, ...]
    """Verb and options."""
    pace: str = "usual"
    """``quick`` (half a minute on two cores at most), ``usual`` (minutes) or ``long`` (half an hour and more)."""
    reads: tuple[str, ...] = ()
    """Files of the clone that the command names."""
    large: tuple[str, ...] = ()
    """Files that are not kept, for their size: large tables, and figures that tell what another study's tells."""

    @property
    def folder(self) -> Path:
        """Where it writes, relative to a home."""
        return RESULTS / self.name


def _power(name: str, truth: str, words: str, pace: str = "usual") -> Study:
    return Study(
        name=f"power/{name}", question=f"What would a trial of 97 people find if {words}?", pace=pace,
        command=("power", truth, "--out", f"results/power/{name}"), large=() if name == "pooled" else ("power.png",),
    )  # fmt: skip


def _ladder(plan: str) -> Study:
    return Study(
        name=f"ladder/{plan}", question=f"From headline to street, if the plan is {plan}", command=("ladder", plan),
        large=("ladder.png",),
    )  # fmt: skip


PLANS = ("todays-area", "nationwide-over-five-years", "nationwide-at-once")
STUDIES: tuple[Study, ...] = (
    Study(name="trial", question="What does a trial of 97 people print, under each setting of the effect?",
          command=("trial",), pace="quick"),
    Study(name="effect", question="Under which assumptions does the trial print 29 % against 67 %?", command=("sweep",),
          pace="quick"),
    Study(name="claim", question="What gives \"one krone saves eight\", and what does it become?", command=("claim",),
          pace="quick"),
    Study(name="power/given", question="What would 24 people an arm find, if the truth were 19 points?", pace="quick",
          command=("power", "--per-arm", "24", "--control", "0.67", "--difference", "0.19", "--out",
                   "results/power/given")),
    _power("as-reported", "as-reported", "mentoring did what was printed", "quick"),
    _power("pooled", "pooled", "mentoring does what other trials make likely", "quick"),
    Study(name="calibration", question="What can 97 people tell us?", command=("calibrate",)),
    Study(name="rivals", question="Support factors, the relationship itself, both, or chance?", command=("rivals",)),
    Study(name="sensitivity", question="Which doubts matter most for the difference in the trial?",
          command=("sensitivity",)),
    Study(name="mechanisms", question="How much of the effect runs through housing, work ... and how much directly?",
          command=("mechanisms",)),
    _power("sceptical", "sceptical", "other trials say little"),
    _power("no-effect", "trial", "mentoring does nothing"),
    Study(name="power/400", question="What would a trial of 400 people find, with all that is doubted?",
          command=("power", "--size", "400", "--posterior", POSTERIOR, "--out", "results/power/400"),
          reads=(POSTERIOR,)),
    Study(name="ladder/nationwide-at-once", question="From headline to street: 38 points and 8 : 1, rung by rung",
          command=("ladder", "nationwide-at-once", "--orders")),
    _ladder("todays-area"), _ladder("nationwide-over-five-years"), _ladder("highest-risk-only"),
    _ladder("investment-fund-420"),
    Study(name="rollout/nationwide-at-once", question="What happens if the whole country opens at once?",
          command=("rollout", "nationwide-at-once"), large=("needs.csv", "map_tiles.png")),
    Study(name="rollout/todays-area", question="What happens if today's area goes on?",
          command=("rollout", "todays-area"),
          large=("needs.csv", "map.png", "map_tiles.png", "rollout.png", "supply.png", "missing_out.png",
                 "decision.png", "costs.png")),
    Study(name="compare/" + "-".join(PLANS), question="How do the three plans differ?",
          command=("compare", *PLANS), large=("rollout.png",)),
    Study(name="priorities/nationwide-at-once", question="Whom first, and which municipality first?",
          command=("priorities", "nationwide-at-once", "--draws", "40"),
          large=("rules.png", "rules_best.png", "volunteers.png")),
    Study(name="discover/nationwide-at-once", question="Under which conditions does the plan not pay back?",
          command=("discover", "nationwide-at-once"), large=("runs.csv",)),
    Study(name="worth/nationwide-at-once", question="What is it worth to know more before deciding?",
          command=("worth", "nationwide-at-once")),
    Study(name="elsewhere-life", question="Does it hold for the men of Maryland who were paid?",
          command=("elsewhere", "life"), large=("seen.csv",)),
    Study(name="elsewhere-north-carolina", question="Does it hold for the other half of North Carolina 1978?",
          command=("elsewhere", "north-carolina")),
    Study(name="calibration-check", question="Does the calibration find truths that are known?",
          command=("calibrate", "--check"), large=("ranks.csv",)),
    Study(name="falsify", question="Does the model hold its own laws, forms and patterns, and are faults noticed?",
          command=("falsify",), pace="long", large=("left_out_predictions.csv",)),
)  # fmt: skip
"""All of them, in the order in which they are rebuilt: what is read from the store is made before it is read."""


def chosen(names: Sequence[str], *, quick: bool = False) -> list[Study]:
    """The studies of these names; all without a name. A name also stands for all whose name begins with it and a slash.

    Raises
    ------
    ParameterError
        If a name is no study's, or if none is left.
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
    return wanted


def kept(study: Study, home: Path) -> list[Path]:
    """The files of a study that are kept under version control, by name; none if it was never made."""
    folder = home / study.folder
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if keeps(study, path.name) and path.is_file())


def keeps(study: Study, name: str) -> bool:
    """Whether a file of that name in the study's folder is kept."""
    return name.endswith(KEPT) and name not in study.large and not name.startswith(".")


def ignoring() -> list[str]:
    """The lines of ``.gitignore`` on ``results/``: nothing is kept there but the folders of the studies."""
    lines = ["/results/*", "!/results/README.md", "!/results/times.csv"]
    for top in dict.fromkeys(study.name.partition("/")[0] for study in STUDIES):
        below = [study.name for study in STUDIES if study.name.startswith(f"{top}/")]
        lines += [
            f"!/results/{top}/",
            *([f"/results/{top}/*"] if below else []),
            *(f"!/results/{name}/" for name in below),
        ]
    lines += [f"/results/**/*.{end}" for end in ("nc", "parquet", "svg")]
    return lines + [f"/results/{study.name}/{name}" for study in STUDIES for name in study.large]


def answer(study: Study, home: Path) -> str:
    """The first line of a study's answer, shortened; nothing if it has none.

    >>> answer(Study(name="none", question="", command=()), Path("nowhere"))
    ''
    """
    for name in ("answer.txt", "answer_en.txt"):
        path = home / study.folder / name
        if path.is_file():
            lines = [line for line in path.read_text(encoding="utf-8").splitlines() if ANSWER.search(line)]
            return shorten(lines[0], LONGEST, placeholder=" ...") if lines else ""
    return ""


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What became of a study's command."""

    study: Study
    code: int
    """Exit code: 0 fine, 1 a check of the study's own failed, anything else: it broke off."""
    seconds: float
    """By the clock."""
    processor_seconds: float
    """Of all its processes; 0 where the system does not tell."""


def rebuild(study: Study, home: Path, store: Path) -> Ran:
    """Carry out a study's command in a home; progress and mistakes go to standard error.

    Parameters
    ----------
    study
        Which.
    home
        Folder that holds ``results/``. What the command reads is copied there if it is missing.
    store
        Folder of finished pieces.
    """
    for name in study.reads:
        if not (home / name).exists():
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(CODE / name, home / name)
    paths = [str(CODE), *filter(None, [os.environ.get("PYTHONPATH")])]
    own = {"DESIST_STORE": str(store.resolve()), "PYTHONPATH": os.pathsep.join(paths)}
    begun, before = time.perf_counter(), os.times()
    done = subprocess.run(
        [sys.executable, "-P", "-c", START, *study.command], cwd=home, env={**os.environ, **own},
        stdout=subprocess.DEVNULL, check=False,
    )  # fmt: skip
    after = os.times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return Ran(study=study, code=done.returncode, seconds=time.perf_counter() - begun, processor_seconds=spent)

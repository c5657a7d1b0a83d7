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
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten

from experiments.execution.environment import RESULTS
from experiments.reproduction.rerun import HOME as CODE
from experiments.reproduction.rerun import START, environment
from experiments.studies.calibration.calibrate_study import CalibrateStudy, CompareModelsStudy
from experiments.studies.rollout.claim_study import ClaimStudy
from experiments.studies.rollout.compare_study import CompareStudy
from experiments.studies.rollout.discover_study import DiscoverStudy
from experiments.studies.rollout.ladder_study import LadderStudy
from experiments.studies.rollout.priorities_study import PrioritiesStudy
from experiments.studies.rollout.rollout_study import RolloutStudy
from experiments.studies.rollout.voi_study import VoiStudy
from experiments.studies.sensitivity.sensitivity_study import SensitivityStudy
from experiments.studies.study import Study
from experiments.studies.trial.mechanisms_study import MechanismsStudy
from experiments.studies.trial.power_study import PowerStudy
from experiments.studies.trial.sweep_study import SweepStudy
from experiments.studies.trial.trial_study import TrialStudy
from experiments.studies.validation.validate_study import ValidateStudy
from experiments.verification.check_model_study import CheckModelStudy
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


def _power(name: str, truth: str, words: str, pace: str = "usual") -> HeadlineStudy:
    return HeadlineStudy(
        name=f"power/{name}", question=f"What would a trial of 97 people find if {words}?", pace=pace,
        study=PowerStudy(scenario=truth), large=() if name == "pooled" else ("power.png",),
    )  # fmt: skip


def _ladder(plan: str) -> HeadlineStudy:
    return HeadlineStudy(
        name=f"ladder/{plan}", question=f"From headline to real-world effect, if the plan is {plan}",
        study=LadderStudy(plan=plan), large=("ladder.png",),
    )  # fmt: skip


PLANS = ("todays-area", "nationwide-over-five-years", "nationwide-at-once")
AT_ONCE = "nationwide-at-once"
STUDIES: tuple[HeadlineStudy, ...] = (
    HeadlineStudy(name="trial", question="What does a trial of 97 people report, under each setting of the effect?",
                  study=TrialStudy(), pace="quick"),
    HeadlineStudy(name="effect", question="Under which assumptions does the trial report 29 % against 67 %?",
                  study=SweepStudy(), pace="quick"),
    HeadlineStudy(name="claim", question="What gives \"one krone saves eight\", and what does it become?",
                  study=ClaimStudy(), pace="quick"),
    HeadlineStudy(name="power/given", question="What would 24 people an arm find, if the truth were 19 points?",
                  pace="quick", study=PowerStudy(per_arm=24, control=0.67, difference=0.19)),
    _power("as-reported", "as-reported", "mentoring did what was reported", "quick"),
    _power("pooled", "pooled", "mentoring does what other trials make likely", "quick"),
    HeadlineStudy(name="calibration", question="What can 97 people tell us?", study=CalibrateStudy()),
    HeadlineStudy(name="compare-models", question="Support factors, the relationship itself, both, or chance?",
                  study=CompareModelsStudy()),
    HeadlineStudy(name="sensitivity", question="Which uncertain inputs matter most for the difference in the trial?",
                  study=SensitivityStudy()),
    HeadlineStudy(name="mechanisms", question="How much of the effect runs through housing, work ... and directly?",
                  study=MechanismsStudy()),
    _power("sceptical", "sceptical", "other trials say little"),
    _power("no-effect", "trial", "mentoring does nothing"),
    HeadlineStudy(name="power/400", question="What would a trial of 400 people find, with all that is uncertain?",
                  study=PowerStudy(size=400, posterior=Path(POSTERIOR))),
    HeadlineStudy(name=f"ladder/{AT_ONCE}", question="From headline to real-world effect: 38 points and 8 : 1",
                  study=LadderStudy(plan=AT_ONCE, orders=True)),
    *map(_ladder, ("todays-area", "nationwide-over-five-years", "highest-risk-only", "investment-fund-420")),
    HeadlineStudy(name=f"rollout/{AT_ONCE}", question="What happens if the whole country opens at once?",
                  study=RolloutStudy(plan=AT_ONCE),
                  large=("needs.csv", "map_tiles.png", "supply.png", "missing_out.png", "costs.png")),
    HeadlineStudy(name="rollout/todays-area", question="What happens if today's area goes on?",
                  study=RolloutStudy(plan="todays-area"),
                  large=("needs.csv", "map.png", "map_tiles.png", "rollout.png", "supply.png", "missing_out.png",
                         "decision.png", "costs.png")),
    HeadlineStudy(name="compare/" + "-".join(PLANS), question="How do the three plans differ?",
                  study=CompareStudy(plans=PLANS), large=("rollout.png",)),
    HeadlineStudy(name=f"priorities/{AT_ONCE}", question="Whom first, and which municipality first?",
                  study=PrioritiesStudy(plan=AT_ONCE, draws=40),
                  large=("rules.png", "rules_best.png", "volunteers.png", "order.png")),
    HeadlineStudy(name=f"discover/{AT_ONCE}", question="Under which conditions does the plan not pay back?",
                  study=DiscoverStudy(plan=AT_ONCE), large=("runs.csv", "box.png")),
    HeadlineStudy(name=f"voi/{AT_ONCE}", question="What is it worth to know more before deciding?",
                  study=VoiStudy(plan=AT_ONCE)),
    HeadlineStudy(name="validate-life", question="Does it hold for the men of Maryland who were paid?",
                  study=ValidateStudy(data="life"), large=("seen.csv",)),
    HeadlineStudy(name="validate-north-carolina", question="Does it hold for the other half of North Carolina 1978?",
                  study=ValidateStudy(data="north-carolina")),
    HeadlineStudy(name="calibration-check", question="Does the calibration find truths that are known?",
                  study=CalibrateStudy(check=True), large=("ranks.csv",)),
    HeadlineStudy(name="check-model", pace="long", large=("left_out_predictions.csv",), study=CheckModelStudy(),
                  question="Does the model hold its invariants, checks and patterns, and are faults noticed?"),
)  # fmt: skip
"""All of them, in the order in which they are rebuilt: what is read from the store is made before it is read."""


def chosen(names: Sequence[str], *, quick: bool = False) -> list[HeadlineStudy]:
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


def kept(study: HeadlineStudy, home: Path) -> list[Path]:
    """The files of a study that are kept under version control, by name; none if it was never made."""
    folder = home / study.folder
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if keeps(study, path.name) and path.is_file())


def keeps(study: HeadlineStudy, name: str) -> bool:
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
    """Of all its processes; 0 where the system does not tell."""


def rebuild(study: HeadlineStudy, home: Path, store: Path) -> Ran:
    """Run a study in a home; progress and mistakes go to standard error.

    Parameters
    ----------
    study
        Which.
    home
        Folder that holds ``results/``. The draws that a study reads are copied there if they are missing.
    store
        Folder of finished pieces.
    """
    if getattr(study.study, "posterior", None) is not None and not (home / POSTERIOR).exists():
        (home / POSTERIOR).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(CODE / POSTERIOR, home / POSTERIOR)
    begun, before = time.perf_counter(), os.times()
    with tempfile.TemporaryDirectory(prefix="desist-study-") as place:
        file = Path(place) / "study.toml"
        file.write_text(study.study.to_toml(), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-P", "-c", START, "study", str(file), "--out", str(study.folder)], cwd=home,
            env={**environment(), "DESIST_STORE": str(store.resolve())}, stdout=subprocess.DEVNULL, check=False,
        )  # fmt: skip
    after = os.times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return Ran(study=study, code=done.returncode, seconds=time.perf_counter() - begun, processor_seconds=spent)

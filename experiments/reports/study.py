"""Studies of which there are reports: what each asks by default, where its folder is, and who writes its page.

A report reads the folder in which the study was saved, if it was made by the same study, code and versions and nothing
in it was changed since. Otherwise the study is run into a folder of the report's own, so that nobody's results are
replaced.
"""

from __future__ import annotations

import contextlib
import shlex
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from experiments.execution.code_digest import code_of
from experiments.execution.context import RunContext
from experiments.execution.environment import RESULTS, versions
from experiments.language.formatting import Language
from experiments.provenance.receipts import manifest_of, readable
from experiments.provenance.stamps import digest, intact
from experiments.reports.check_model import check_model_page
from experiments.reports.effect import calibration_page, mechanisms_page
from experiments.reports.ladder import ladder_page
from experiments.reports.page import Page
from experiments.reports.power import power_page
from experiments.reports.receipt import about_study, check_line, receipt_rows
from experiments.reports.reportable import require_reportable
from experiments.reports.trial import sweep_page, trial_page
from experiments.studies.calibration.calibrate_study import CalibrateStudy
from experiments.studies.places import place_for
from experiments.studies.rollout.headline_study import LadderStudy
from experiments.studies.study import Study
from experiments.studies.trial.mechanisms_study import MechanismsStudy
from experiments.studies.trial.power_study import PowerStudy
from experiments.studies.trial.sweep_study import SweepStudy
from experiments.studies.trial.trial_study import TrialStudy
from experiments.verification.check_model_study import CheckModelStudy
from simulation.parameters import ParameterError

OWN = RESULTS / "report"
"""Where studies are saved that a report had to run."""


@dataclass(frozen=True, kw_only=True)
class ReportedStudy:
    """A study of which there is a report."""

    name: str
    study: Study
    """What is reported if nothing else is asked for."""
    folder: str
    """Its folder below ``results``."""
    writer: Callable[[Path, Mapping[str, Any], Language], Page]
    """Makes the page without its receipt, from the folder and its manifest."""
    long: bool = False
    """Whether it takes so long that a report does not begin it unasked."""
    unread: tuple[str, ...] = ()
    """Files that the page does not read, and that may be gone (too large to be kept)."""

    def page(
        self, study: Study, extra: Sequence[str], language: Language, context: RunContext
    ) -> tuple[Page, dict[str, Any]]:
        """The page and its receipt; ``extra`` are the words of the command line that ask for it, beyond its name."""
        require_reportable(study)
        words = ["desist", "report", self.name, "--language", language, *(["--", *extra] if extra else [])]
        with self._saved(study, context) as folder:
            manifest = manifest_of(folder)
            about = about_study(shlex.join(words), manifest)
            page = self.writer(folder, manifest, language)
        return replace(page, receipt=receipt_rows(about, language), check=[check_line([self.name], language)]), about

    @contextlib.contextmanager
    def _saved(self, study: Study, context: RunContext) -> Iterator[Path]:
        """The folder of the study: read where there is a good one, made otherwise."""
        if context.store is None:
            with tempfile.TemporaryDirectory(prefix="desist-report-") as place:
                yield study.run(context).save(Path(place))
            return
        own = place_for(OWN / self.folder, study)
        for folder in (RESULTS / self.folder, own):
            if not unfit(folder, study, self.unread):
                context.note(f"Read: {folder}/ (made by the same study, code and versions).")
                yield folder
                return
        if self.long and study == self.study:
            usual = RESULTS / self.folder
            raise ParameterError(
                f"the folder [{usual}] cannot be used ({unfit(usual, study, self.unread)}), and the study takes long; "
                f"run {study.command()} first, or desist report {self.name} -- --quick"
            )
        context.note(f"Made anew: {study.command()} ...")
        yield study.run(context).save(own)


STUDIES = {
    each.name: each
    for each in (
        ReportedStudy(name="trial", study=TrialStudy(), folder="trial", writer=trial_page),
        ReportedStudy(name="sweep", study=SweepStudy(), folder="effect", writer=sweep_page),
        ReportedStudy(name="calibration", study=CalibrateStudy(), folder="calibration", writer=calibration_page),
        ReportedStudy(name="mechanisms", study=MechanismsStudy(), folder="mechanisms", writer=mechanisms_page),
        ReportedStudy(name="power", study=PowerStudy(scenario="pooled"), folder="power/pooled", writer=power_page),
        ReportedStudy(name="ladder", study=LadderStudy(plan="nationwide-at-once", orders=True),
                      folder="ladder/nationwide-at-once", writer=ladder_page),
        ReportedStudy(name="check-model", study=CheckModelStudy(), folder="check-model", writer=check_model_page,
                      long=True, unread=("left_out_predictions.csv",)),
    )
}  # fmt: skip
"""By name, in the order of the help."""


def split(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Names, and the options of a study that follow them."""
    first = next((k for k, name in enumerate(names) if name.startswith("-")), len(names))
    named = ["sweep" if name == "effect" else name for name in names[:first]]
    if not named:
        raise ParameterError(f"[{names[0]}] is no study or plan; name one first, its options after it")
    return named, list(names[first:])


def unfit(folder: Path, study: Study, unread: Sequence[str] = ()) -> str:
    """Why a folder cannot stand for what a study gives now; nothing if it can. Files of ``unread`` may be missing."""
    try:
        manifest = manifest_of(folder)
    except ParameterError:
        return "it is not there"
    if manifest.get("study") != study.to_toml():
        return f"it was made by {manifest['command']}"
    if "receipt" not in manifest or not intact(manifest):
        return "its receipt does not hold"
    if manifest.get("code") != code_of(type(study).__module__):
        return "it was made by other code"
    if manifest["versions"] != versions():
        return "it was made by other versions"
    for name, known in manifest.get("files", {}).items():
        data = readable(folder / name)
        if data is None and name in unread:
            continue
        if name.endswith((".csv", ".json", ".txt")) and (data is None or digest(data) != known):
            return f"{name} is not what was written"
    return ""

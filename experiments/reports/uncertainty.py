"""What the difference between the trial's arms hangs on, by the draws that a calibration has written."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from experiments.inputs.evidence import ModelInputs
from experiments.inputs.posterior import SHIPPED, Posterior
from experiments.inputs.scenario_files import load
from experiments.reports.catalogue import ReportMessages
from experiments.reports.grades import GradedUncertainty, changes, doubt_of, grades_part
from experiments.reports.page import Part

GAP = "gap"
TABLES = "csv"


def read_table(folder: Path, name: str) -> pd.DataFrame:
    """A table of a study's folder."""
    return pd.read_csv(folder / f"{name}.{TABLES}")


def trial_doubt(file: Path | None = None) -> GradedUncertainty | None:
    """How the doubt about the difference divides; by the draws that come with Desist, if no file is given."""
    posterior = Posterior.read(file if file is not None and file.is_file() else SHIPPED)
    table = posterior.table
    if not {"_control", "_mentored"} <= set(table):
        return None
    gap = (table["_control"] - table["_mentored"]).to_numpy(float)
    return doubt_of(ModelInputs.of(load("trial")), table[posterior.keys], {GAP: gap})


def trial_parts(w: ReportMessages, doubt: GradedUncertainty | None, further: tuple[str, ...] = ()) -> list[Part]:
    """The assumptions that matter most, and what would change the answer, for reports about the trial."""
    points = list(further)
    parts = []
    if doubt is not None:
        parts.append(grades_part(doubt, w, names={GAP: w("study.of_gap")}, census=doubt.inputs.census()))
        points += [each[:1].upper() + each[1:] for each in changes(doubt, GAP, w, "study.change_gap", "points")]
    points += [w("study.sizes"), w("study.structure")]
    return [*parts, Part(title=w("common.change"), points=points)]

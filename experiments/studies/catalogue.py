"""The catalogue of studies: which class each verb is, and how a study or a result is read from a file."""

from __future__ import annotations

import os.path
import tomllib
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.studies.study import DRAWS, Study
from simulation.errors import nearest
from simulation.parameters import ParameterError
from simulation.text_file import parse_toml, read_text

if TYPE_CHECKING:
    from experiments.studies.result import StudyResult

FOLDERS = {
    "studies.trial": ("sweep", "trial", "mechanisms", "power", "run", "person", "fit-effects"),
    "studies.calibration": ("calibrate", "compare-models"),
    "studies.sensitivity": ("sensitivity",),
    "studies.rollout": ("rollout", "compare", "discover", "voi", "priorities", "ladder", "claim"),
    "studies.validation": ("register", "validate", "baseline", "fit-baseline"),
    "verification": ("check-model",),
    "benchmarks": ("benchmark",),
}
"""The verbs of the studies in each package; ``fit-effects`` is ``FitEffectsStudy`` in its ``fit_effects_study.py``."""
TOGETHER = {
    "compare": "rollout", "voi": "discover", "ladder": "headline", "claim": "headline", "compare-models": "calibrate",
    "baseline": "validate", "fit-baseline": "validate",
}  # fmt: skip
"""Studies that stand in a module with another: the first word of its name."""
STUDIES = {
    verb: f"experiments.{folder}.{TOGETHER.get(verb, verb.replace('-', '_'))}_study:"
          f"{verb.title().replace('-', '')}Study"
    for folder, verbs in FOLDERS.items() for verb in verbs
}  # fmt: skip
"""Every study by its verb: module and class. A class is imported when it is used."""
SUMMARIES: dict[str, str] = tomllib.loads((Path(__file__).parent / "verbs.toml").read_text(encoding="utf-8"))
"""What each verb of the command line does, in the order of its help; studies and others."""
FILE = "study.toml"


def study_class(verb: str) -> type[Study]:
    """The class of a verb; raises ``ParameterError`` if no study has that verb."""
    if verb not in STUDIES:
        raise ParameterError(f"study is [{verb}], which is no study; {nearest(verb, STUDIES)}")
    module, name = STUDIES[verb].split(":")
    found: type[Study] = getattr(import_module(module), name)
    return found


def parse_study(text: str, *, label: str = "the study", draws: Path | None = None) -> Study:
    """A study from its TOML text, which messages call ``label``.

    ``draws`` is the file that holds draws which were given as a value: they are a value again. Raises
    ``ParameterError`` if the text is not TOML, has no known ``study``, or an option is unknown or not allowed.
    """
    data = parse_toml(text, label)
    if not isinstance(data.get("study"), str):
        raise ParameterError(f'{label} names no study; write study = "VERB", for example study = "power"')
    if draws is not None and data.get("posterior") == DRAWS and draws.is_file():
        from experiments.inputs.posterior import Posterior  # tables: not needed to read a study

        data["posterior"] = Posterior.read(draws)
    return study_class(data.pop("study"))(**data)


def read_study(path: str | Path) -> Study:
    """A study from a TOML file, or from the folder of a result.

    Raises
    ------
    ParameterError
        If there is no such file, or it holds no study.
    """
    file = Path(path)
    file = file / FILE if os.path.isdir(file) else file
    return parse_study(read_text(file, "study file"), label=file.name, draws=file.parent / DRAWS)


def load_result(folder: str | Path) -> StudyResult:
    """A result as it was saved, with its study; its files are checked against the manifest.

    A table that was not kept, because it is large, is missing: only its use raises ``ParameterError``.

    Raises
    ------
    ParameterError
        If the folder holds no result, or a file was changed.
    """
    from experiments.studies.result import load  # tables and figures: not needed to read a study

    return load(Path(folder), read_study(folder))

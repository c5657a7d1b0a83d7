"""The catalogue of studies: which class each verb is, and how a study or a result is read from a file."""

from __future__ import annotations

import tomllib
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.studies.study import DRAWS, Study
from simulation.errors import nearest
from simulation.parameters import ParameterError

if TYPE_CHECKING:
    from experiments.studies.result import StudyResult

STUDIES = {
    "calibrate": "experiments.studies.calibration.calibrate_study:CalibrateStudy",
    "compare-models": "experiments.studies.calibration.compare_models_study:CompareModelsStudy",
    "power": "experiments.studies.trial.power_study:PowerStudy",
    "sweep": "experiments.studies.trial.sweep_study:SweepStudy",
    "trial": "experiments.studies.trial.trial_study:TrialStudy",
    "mechanisms": "experiments.studies.trial.mechanisms_study:MechanismsStudy",
    "sensitivity": "experiments.studies.sensitivity.sensitivity_study:SensitivityStudy",
    "run": "experiments.studies.trial.run_study:RunStudy",
    "person": "experiments.studies.trial.person_study:PersonStudy",
    "claim": "experiments.studies.rollout.claim_study:ClaimStudy",
    "ladder": "experiments.studies.rollout.ladder_study:LadderStudy",
    "baseline": "experiments.studies.validation.baseline_study:BaselineStudy",
    "fit-baseline": "experiments.studies.validation.fit_baseline_study:FitBaselineStudy",
    "fit-effects": "experiments.studies.trial.fit_effects_study:FitEffectsStudy",
    "register": "experiments.studies.validation.register_study:RegisterStudy",
    "validate": "experiments.studies.validation.validate_study:ValidateStudy",
    "discover": "experiments.studies.rollout.discover_study:DiscoverStudy",
    "voi": "experiments.studies.rollout.voi_study:VoiStudy",
    "priorities": "experiments.studies.rollout.priorities_study:PrioritiesStudy",
    "rollout": "experiments.studies.rollout.rollout_study:RolloutStudy",
    "compare": "experiments.studies.rollout.compare_study:CompareStudy",
    "check-model": "experiments.verification.check_model_study:CheckModelStudy",
    "benchmark": "experiments.benchmarks.benchmark_study:BenchmarkStudy",
}
"""Every study by its verb: module and class. A class is imported when it is used."""
FILE = "study.toml"


def study_class(verb: str) -> type[Study]:
    """The class of a verb.

    Raises
    ------
    ParameterError
        If no study has that verb.
    """
    if verb not in STUDIES:
        raise ParameterError(f"study is [{verb}], which is no study; {nearest(verb, STUDIES)}")
    module, name = STUDIES[verb].split(":")
    found: type[Study] = getattr(import_module(module), name)
    return found


def parse_study(text: str, *, label: str = "the study", draws: Path | None = None) -> Study:
    """A study from its TOML text, as ``Study.to_toml`` writes it.

    ``draws`` is the file that holds draws which were given as a value: they are a value again.

    Raises
    ------
    ParameterError
        If it is not TOML, has no known ``study``, or an option is unknown or not allowed.
    """
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as problem:
        raise ParameterError(f"{label} is not valid TOML: {problem}") from None
    if not isinstance(data.get("study"), str):
        raise ParameterError(f'{label} names no study; write study = "VERB", for example study = "power"')
    if draws is not None and data.get("posterior") == DRAWS and draws.is_file():
        from experiments.inputs.posterior import Posterior

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
    file = file / FILE if file.is_dir() else file
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError, ValueError) as problem:
        why = getattr(problem, "strerror", None) or problem
        raise ParameterError(f"study file is [{file}], which cannot be read ({why}); name a TOML file") from None
    return parse_study(text, label=file.name, draws=file.parent / DRAWS)


def load_result(folder: str | Path) -> StudyResult:
    """A result as it was saved, with its study; its files are checked against the manifest.

    Raises
    ------
    ParameterError
        If the folder holds no result, or a file was changed.
    """
    from experiments.studies.result import load

    return load(Path(folder), read_study(folder))

"""The study of the calibration: the posterior with its tables, or the check that the method works."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

from experiments.execution.context import RunContext
from experiments.execution.environment import versions
from experiments.inputs.evidence import ModelInputs
from experiments.inputs.posterior import Posterior
from experiments.inputs.trial_result import CONTROL_PERCENT, GAP, MENTORED_PERCENT
from experiments.provenance.receipts import shown
from experiments.statistics.intervals import interval
from experiments.statistics.variance_by_grade import as_data, shares_from_draws
from experiments.studies.calibration import calibration_tables as tables_of
from experiments.studies.calibration import trial_fit
from experiments.studies.calibration.calibrate_study import CalibrateStudy
from experiments.studies.calibration.calibration import Calibration, CalibrationPlan, calibrated, plan_of
from experiments.studies.calibration.coverage_check import FALSE_ALARM, all_uniform, coverage_check
from experiments.studies.calibration.new_populations import new_groups
from experiments.studies.result import StudyResult
from experiments.studies.study import DRAWS
from simulation.outcomes import DEFINITIONS
from simulation.parameters import ParameterError


@dataclass(frozen=True, kw_only=True, eq=False)
class CalibrationResult(StudyResult):
    """The result of a calibration; another study takes it as its ``posterior``."""

    posterior: Posterior | None = None
    """Equally probable draws of the uncertain parameters; None if the calibration refused itself."""

    @property
    def draws_of_parameters(self) -> Posterior:
        """The draws, for a study that runs over them; ``ParameterError`` if the calibration refused or has none."""
        if self.refused:
            raise ParameterError("\n".join(self.answer().sentences))
        if self.posterior is None:
            raise ParameterError(f"posterior: the result of [{self.study.command()}] has no draws; name a file of them")
        return self.posterior

    @classmethod
    def restored(cls, folder: Path, **parts: Any) -> Self:
        """The result from what was read of its folder, with its draws if they are there."""
        file = folder / DRAWS
        return cls(**parts, posterior=Posterior.read(file) if file.is_file() else None)


def run_calibrate(study: CalibrateStudy, context: RunContext | None) -> StudyResult:
    """Calibrate on the registers and the trial; with ``check``, calibrate simulated data whose truth is known."""
    context = context or RunContext()
    definitions = trial_fit.EVEN if study.definition is None else \
        tuple(float(name == study.definition) for name in DEFINITIONS)  # fmt: skip
    plan = plan_of(study, draws=study.draws, trials=study.trials, retained=study.retained, definitions=definitions)
    context.note(f"{study.points + study.near_points:,} design points, then {study.trials:,} trials on each of "
                 f"{study.draws:,} draws ...")  # fmt: skip
    with context.computing(runs=study.points + study.draws) as compute:
        if study.check:
            found = coverage_check(plan, compute, trials=study.trials_checked, registers=study.registers_checked)
            return _checked(study, plan, found)
        calibration = calibrated(plan, compute)
        if refusals := calibration.refusals():
            facts = {"check": False, "refusals": refusals, "diagnostics": calibration.diagnostics()}
            return CalibrationResult(study=study, tables={}, facts=facts, refused=True, passed=False)
        drawn = calibration.drawn()
        groups = new_groups(plan.trial, drawn.head(study.groups).to_dict("records"), compute, seed=plan.seed,
                            command=plan.command)  # fmt: skip
    return _reported(study, calibration, drawn, groups)


def _reported(study: CalibrateStudy, calibration: Calibration, drawn: Any, groups: Any) -> CalibrationResult:
    """Tables, facts and the posterior of a calibration that can be trusted."""
    plan, diagnostics = calibration.plan, calibration.diagnostics()
    posterior = Posterior(table=drawn, about={
        "command": shown(plan.command), "scenario": plan.trial.name, "digest": plan.trial.digest, "seed": plan.seed,
        "diagnostics": diagnostics, "versions": versions(),
    })  # fmt: skip
    inputs = ModelInputs.of(plan.trial)
    grades = shares_from_draws(drawn[posterior.keys], drawn["_control"] - drawn["_mentored"], inputs.grade,
                              seed=plan.seed)  # fmt: skip
    tables = {
        "differences": tables_of.differences(drawn, groups, draws=diagnostics["trial_draws"]),
        "parameters": tables_of.parameters(calibration), "registers": tables_of.registers(calibration),
        "ties": tables_of.correlations(calibration), "by_prior": tables_of.by_prior(calibration),
        **({} if grades is None else {"grades": grades}),
        "risks": tables_of.risks(drawn), "densities": tables_of.densities(drawn, groups),
        "histograms": tables_of.histograms(calibration, drawn),
    }  # fmt: skip
    facts = {
        "check": False, "refusals": [], "scenario": plan.trial.name,
        "reported": {"mentored_percent": MENTORED_PERCENT, "control_percent": CONTROL_PERCENT, "gap": GAP},
        "differences": tables["differences"].to_dict("records"), "by_prior": tables["by_prior"].to_dict("records"),
        "definitions": calibration.definition_probabilities, "definition_given": study.definition,
        "definition_prior": 1 / len(DEFINITIONS), "control_any": float(drawn["_any_control"].mean()),
        "sizes": {arm: dict(zip(("median", "low", "high"), interval(drawn[f"_size_{arm}"]), strict=True))
                  for arm in ("mentored", "control")},
        "parameters": tables["parameters"].to_dict("records"),
        "grades": None if grades is None else grades.to_dict("records"), "census": inputs.census().to_dict("records"),
        "diagnostics": diagnostics,
    }  # fmt: skip
    files: dict[str, Callable[[Path], object]] = {DRAWS: posterior.write}
    if all(find_spec(name) is not None for name in ("arviz", "h5netcdf", "h5py")):
        files["posterior.nc"] = partial(write_inference_data, posterior)
    return CalibrationResult(
        study=study, tables=tables, facts=facts, scenario=plan.trial, posterior=posterior, files=files,
        counts={**_counts(plan), "retained": plan.retained, "groups": study.groups, "diagnostics": diagnostics,
                **({} if grades is None else {"grades": as_data(grades)})},
    )  # fmt: skip


def write_inference_data(posterior: Posterior, path: Path) -> Path:
    """Write the draws as ArviZ's ``InferenceData`` (NetCDF), one chain, for other tools of inference.

    The definition is a number: the place of its name among any, prison, sentence. Raises ``ImportError`` if ArviZ is
    not installed (``pip install 'desist[inference]'``).
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # once a day it tells of its next version
        import arviz as az  # optional and heavy
    table = posterior.table.copy()
    table["trial.definition"] = [DEFINITIONS.index(name) for name in table["trial.definition"]]
    columns = {str(name).lstrip("_"): values.to_numpy()[None, :] for name, values in table.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        new = int(az.__version__.split(".")[0]) >= 1  # from ArviZ 1 on, the data are a ``DataTree``
        data = az.from_dict({"posterior": columns}) if new else az.from_dict(posterior=columns)
        for group in (data, *(data[name] for name in (data.groups() if callable(data.groups) else data.children))):
            group.attrs.pop("created_at", None)  # the same draws give the same bytes
        data.to_netcdf(str(path), engine="h5netcdf")  # the folder has it written beside, and moved into place
    return path


def _counts(plan: CalibrationPlan) -> dict[str, Any]:
    return {"population": plan.population.digest, "points": plan.points, "near_points": plan.near_points,
            "people": plan.people, "steps": plan.steps, "draws": plan.draws, "trials": plan.trials}  # fmt: skip


def _checked(study: CalibrateStudy, plan: CalibrationPlan, tables: dict[str, Any]) -> StudyResult:
    """Tables and facts of the check."""
    definitions, uniform = tables.pop("definitions"), tables["uniform"]
    passed = all_uniform(uniform["p"])
    facts = {
        "check": True, "passed": passed, "false_alarm": FALSE_ALARM,
        "simulated": uniform.groupby("part", sort=False)["number"].max().to_dict(),
        "uniform": uniform.to_dict("records"), "coverage": tables["coverage"].to_dict("records"),
        "definitions": definitions.to_dict("records"),
    }  # fmt: skip
    return CalibrationResult(
        study=study, tables=tables, facts=facts, scenario=plan.trial, passed=passed,
        counts={**_counts(plan), "trials_checked": study.trials_checked, "registers_checked": study.registers_checked},
    )  # fmt: skip

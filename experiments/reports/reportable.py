"""What can be reported: a study is checked before anything of it is run. Each check raises ``ParameterError``."""

from __future__ import annotations

from experiments.inputs.designs import Axis, axes_of
from experiments.inputs.parameter_points import SHARE, STRENGTH
from experiments.inputs.scenario_files import load, scenario_of
from experiments.reports.trial import HALF_LIFE, SETTINGS
from experiments.studies.calibration.calibrate_study import CalibrateStudy
from experiments.studies.study import OverDraws, Study
from experiments.studies.trial.design_points import require_the_trial, require_two_years
from experiments.studies.trial.power_study import PowerStudy
from experiments.studies.trial.sweep_study import SweepStudy
from experiments.studies.trial.trial_study import TrialStudy
from simulation.parameters import ParameterError


def require_reportable(study: Study) -> None:
    """Refuse a study that a report cannot be of: over draws, of another follow-up or size, or without its axes."""
    if isinstance(study, OverDraws) and study.posterior is not None:
        raise ParameterError(f"--posterior is given to {study.verb}; a report is of one setting, so leave it out")
    if isinstance(study, TrialStudy):
        _trial(study)
    if isinstance(study, SweepStudy):
        _sweep(study)
    if isinstance(study, PowerStudy):
        _power(study)
    if isinstance(study, CalibrateStudy) and study.check:
        raise ParameterError("--check is given to calibrate; a report is of a calibration, so leave it out")


def _trial(study: TrialStudy) -> None:
    for name in SETTINGS:
        require_the_trial(load(name, study.set), "the report compares with")


def _sweep(study: SweepStudy) -> None:
    axes = [Axis.read(text) for text in study.vary] or axes_of(study.plan().vary)
    if missing := sorted({STRENGTH, HALF_LIFE, SHARE} - {axis.key for axis in axes}):
        raise ParameterError(f"a report of a sweep needs the axis [{missing[0]}]; the sweep effect has all that it "
                             "needs")  # fmt: skip


def _power(study: PowerStudy) -> None:
    if study.control is not None or study.difference is not None:
        return
    scenario = scenario_of(study, "pooled")
    follow_up = {} if study.follow_up is None else {"people.follow_up_months": study.follow_up}
    require_two_years(scenario.changed(follow_up))

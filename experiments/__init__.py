"""Desist's studies, each in one line of Python.

>>> from experiments import load_scenario, power
>>> result = power(load_scenario("pooled"), target=0.8)  # doctest: +SKIP
>>> result.size_needed, result.tables["sizes"], result.figure(), result.text("da")  # doctest: +SKIP

A study takes the options of its command, and gives a ``StudyResult``. The names below are public; everything else may
change.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from experiments.execution.context import RunContext
    from experiments.inputs.scenario_files import load_scenario
    from experiments.studies.catalogue import load_result, read_study
    from experiments.studies.result import StudyResult
    from experiments.studies.rollout.plan import load_plan
    from experiments.studies.study import Study

_HOMES = {
    "RunContext": "experiments.execution.context",
    "Study": "experiments.studies.study",
    "StudyResult": "experiments.studies.result",
    "load_plan": "experiments.studies.rollout.plan",
    "load_result": "experiments.studies.catalogue",
    "load_scenario": "experiments.inputs.scenario_files",
    "read_study": "experiments.studies.catalogue",
}

__all__ = ["RunContext", "Study", "StudyResult", "load_plan", "load_result", "load_scenario", "read_study"]


def __getattr__(name: str) -> Any:
    """Public names are looked up when they are used, so that the command line starts at once."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    from experiments.studies.catalogue import STUDIES, study_class

    verb = name.replace("_", "-")
    if verb in STUDIES:
        return study_class(verb).call
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

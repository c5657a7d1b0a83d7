"""Scenarios that come with Desist, found by name, with changes from the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from simulation.parameters import ParameterError
from simulation.scenario import Scenario
from simulation.scenario_layers import find
from simulation.text_file import parse_toml

SHELF = Path(__file__).parent / "scenarios"
SETTINGS = ("as-reported", "pooled", "sceptical")
"""The three named settings of the mentors' effect: scenarios that extend ``trial``."""
OTHER_SCHEMES = "other-schemes"
"""The scenario of the schemes that a plan can have beside it."""
SHORT_AXES = ("effect.hazard_ratio", "effect.support_share", "trial.control_risk")
"""Axes of a sweep that stand for changes of several parameters (``parameter_points.py``)."""


def names() -> list[str]:
    """Names of the scenarios that come with Desist."""
    return sorted(str(file.relative_to(SHELF).with_suffix("")) for file in SHELF.rglob("*.toml"))


def titles() -> dict[str, str]:
    """The title of each scenario that comes with Desist, by its name."""
    return {name: load(name).title for name in names()}


def load(name: str, changes: Sequence[str] = ()) -> Scenario:
    """A scenario by name or path, with changes such as ``risk.hazard_multiplier=1.1``.

    Raises ``ParameterError`` if it is not found, cannot be read, or a change is not allowed.
    """
    if name == Scenario().name and not changes:
        return Scenario.read(SHELF / "everyone.toml")
    scenario = Scenario.read(find(name, (SHELF,)), shelf=(SHELF,))
    return scenario.changed(dict(change(each) for each in changes)) if changes else scenario


def load_scenario(name: str, changes: Mapping[str, Any] | None = None) -> Scenario:
    """A scenario by name or file, with changes by dotted key.

    >>> load_scenario("pooled", {"volunteers.at_start": 20}).volunteers.at_start
    20.0

    Raises
    ------
    ParameterError
        If it is not found, cannot be read, or a change is not allowed.
    """
    scenario = load(name)
    return scenario.changed(changes) if changes else scenario


class _OnScenario(Protocol):
    """A study of one scenario."""

    @property
    def scenario(self) -> str | Scenario | None: ...
    @property
    def set(self) -> Sequence[str]: ...


def scenario_of(study: _OnScenario, usual: str) -> Scenario:
    """The scenario of a study, with its changes; ``usual`` if it names none."""
    if isinstance(study.scenario, Scenario):
        return study.scenario.changed(dict(change(each) for each in study.set)) if study.set else study.scenario
    return load(study.scenario or usual, study.set)


@lru_cache(maxsize=16)
def written(text: str) -> Scenario:
    """A scenario from its full TOML text: what the pieces of a study carry; the latest few are kept."""
    return Scenario.from_toml(text)


def change(text: str) -> tuple[str, Any]:
    """A change ``key=value``; the value is read as TOML (numbers, true, lists, text in quotes) or plain text."""
    key, sign, value = text.partition("=")
    if not sign or not key.strip():
        raise ParameterError(f"change [{text}] is not of the form key=value, for example risk.hazard_multiplier=1.1")
    key = key.strip()
    if key in SHORT_AXES:
        raise ParameterError(f"[{key}] stands for several parameters; it is an axis for desist sweep --vary")
    return key, read_value(value.strip())


def read_value(text: str) -> Any:
    """A value as TOML reads it, or the text itself."""
    try:
        return parse_toml(f"value = {text}", "a value")["value"]
    except ParameterError:
        return text

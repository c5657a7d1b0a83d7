"""Desist's model: people released from prison, their support, the volunteers who mentor them, and new crime.

The public names are below; everything else may change.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulation.history import History, simulate
    from simulation.mesa_model import ReentryModel
    from simulation.parameters import ParameterError
    from simulation.scenario import Scenario

__all__ = ["History", "ParameterError", "ReentryModel", "Scenario", "simulate"]

_HOMES = {
    "History": "simulation.history",
    "ParameterError": "simulation.parameters",
    "ReentryModel": "simulation.mesa_model",
    "Scenario": "simulation.scenario",
    "simulate": "simulation.history",
}


def __getattr__(name: str) -> Any:
    """Public names are looked up when they are used, so that the command line starts at once."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

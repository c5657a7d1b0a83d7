"""Scenarios that tests are about, and ways of looking into a run: those of the checks, and some more."""

from __future__ import annotations

import tomli_w

from experiments.verification.check_context import SimulatedCase, events_by_person, in_custody
from experiments.verification.random_scenarios import EVERYBODY_ACCEPTS, NEUTRAL, OFFERED, complete, steady
from simulation.scenario import Scenario

__all__ = [
    "EVERYBODY_ACCEPTS", "NEUTRAL", "OFFERED", "assert_same_columns", "complete", "differing", "events_by_person",
    "in_custody", "months_of", "steady",
]  # fmt: skip


def differing(**tables):
    """A scenario that differs from the built-in one in these tables."""
    return Scenario.from_toml(tomli_w.dumps(tables))


def months_of(scenario, *, seed):
    """Simulate with the engine's own parts; stops in each month when it has opened and when it was lived."""
    return (each for each in SimulatedCase(scenario, seed).months() if each[0] in ("opened", "lived"))


def assert_same_columns(expected, actual):
    """Two tables of columns are equal in every type and byte."""
    for name, one, other in zip(type(expected)._fields, expected, actual, strict=True):
        assert (name, one.dtype, one.shape) == (name, other.dtype, other.shape)
        assert one.tobytes() == other.tobytes(), f"{name} differs"

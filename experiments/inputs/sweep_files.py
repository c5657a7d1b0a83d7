"""Sweeps as files: where a sweep starts, what varies, and how the space is filled."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from experiments.inputs.designs import Axis, Design, axes_of
from simulation.errors import explain
from simulation.parameters import ParameterError, Section

FOLDER = Path(str(files("experiments").joinpath("inputs/sweeps")))


class SweepFile(Section):
    """A sweep as a TOML file has it."""

    name: str = "sweep"
    scenario: str = "trial"
    design: Design = "grid"
    points: int = Field(256, ge=1, description="points of a Latin hypercube or Sobol' design")
    replicates: int = Field(200, ge=1, le=1_000_000, description="trials at each point")
    seed: int = Field(1, ge=0, description="seed of the random numbers, the same at every point")
    vary: dict[str, Any] = Field(default_factory=dict, description="axes: lists, or text such as 0.3:1.0:8")
    set: dict[str, Any] = Field(default_factory=dict, description="dotted keys that differ from the scenario")

    def axes(self) -> list[Axis]:
        """What varies."""
        return axes_of(self.vary)


def read_sweep(name: str) -> SweepFile:
    """A sweep by name or path; raises ``ParameterError`` if it is not found, not TOML, or holds what is not allowed."""
    path = Path(name) if name.endswith(".toml") else FOLDER / f"{name}.toml"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in FOLDER.glob("*.toml")))
        raise ParameterError(f"sweep [{name}] was not found; give a TOML file, or one of: {known}")
    try:
        return SweepFile.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except tomllib.TOMLDecodeError as problem:
        raise ParameterError(f"{path.name} is not valid TOML: {problem}") from None
    except ValidationError as mistakes:
        raise ParameterError(explain(mistakes, SweepFile, path.name)) from None
    except (OSError, UnicodeDecodeError) as problem:
        raise ParameterError(f"file [{path}] could not be read: {problem}") from None

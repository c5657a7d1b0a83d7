"""Which points of a space of assumptions are tried (grids, Latin hypercubes, Sobol' sequences), and sweeps as files.

An axis is written ``key=low:high:number`` (evenly spaced), ``key=low:high:number:log`` (evenly spaced on a log
scale) or ``key=a,b,c`` (a list, with values as TOML writes them). Latin hypercubes and Sobol' sequences take
``key=low:high`` and fill the space.
"""

from __future__ import annotations

import json
import os.path
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import inf, isfinite, prod
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import Field, ValidationError

from experiments.inputs.scenario_files import read_value
from simulation.errors import explain
from simulation.parameters import Name, ParameterError, Section
from simulation.text_file import read_toml

Design = Literal["grid", "latin", "sobol"]
FOLDER = Path(__file__).parent / "sweeps"
"""Where the sweeps lie that come with Desist."""
MOST_POINTS = 1_000_000
FEWEST = 2
"""Fewest values of a range: its two ends."""


@dataclass(frozen=True, kw_only=True)
class Axis:
    """One assumption that varies: a list of values, or a range with its ends, number of values and scale."""

    key: str
    values: tuple[Any, ...] = ()
    low: float = 0.0
    high: float = 0.0
    number: int = 0
    log: bool = False

    @classmethod
    def read(cls, text: str) -> Axis:
        """An axis from ``key=...``; raises ``ParameterError`` saying what is wrong."""
        key, sign, rest = text.partition("=")
        key, rest = key.strip(), rest.strip()
        if not sign or not key or not rest:
            raise ParameterError(
                f"--vary is [{text}]; write key=low:high:number, key=low:high:number:log or key=a,b,c"
            )
        if ":" not in rest or any(mark in rest for mark in "\"'["):
            return cls(key=key, values=_each_once(key, _listed(rest)))
        parts = rest.split(":")
        log = parts[-1] == "log"
        numbers = parts[:-1] if log else parts
        try:
            low, high = float(numbers[0]), float(numbers[1])
            number = int(numbers[2]) if len(numbers) > 2 else 0
        except (ValueError, IndexError):
            raise ParameterError(
                f"--vary is [{text}]; {key}=low:high:number needs two numbers and a count"
            ) from None
        if len(numbers) > 3 or not -inf < low < high < inf or (log and low <= 0):
            raise ParameterError(
                f"--vary is [{text}]; low must be below high (and above 0 for log), and both finite"
            )
        if len(numbers) > 2 and not FEWEST <= number <= MOST_POINTS:
            raise ParameterError(
                f"--vary is [{text}]; the number of values is [{number}]: allowed {FEWEST} (both ends) "
                f"to {MOST_POINTS:,}; one value is written {key}={low:g}"
            )
        return cls(key=key, low=low, high=high, number=number, log=log)

    @property
    def text(self) -> str:
        """The axis as ``read`` takes it."""
        if self.values:
            plain = all(map(_plain, self.values))
            return f"{self.key}={','.join(str(each) if plain else json.dumps(each) for each in self.values)}"
        number, log = f":{self.number}" if self.number else "", ":log" if self.log else ""
        return f"{self.key}={self.low!r}:{self.high!r}{number}{log}"

    def at(self, share: float) -> Any:
        """Value at a share (0-1) of the way along the axis."""
        if self.values:
            return self.values[min(int(share * len(self.values)), len(self.values) - 1)]
        if self.log:
            return float(f"{self.low * (self.high / self.low) ** share:.6g}")
        return float(f"{self.low + (self.high - self.low) * share:.6g}")

    def steps(self) -> tuple[Any, ...]:
        """All values of the axis on a grid; raises ``ParameterError`` if it has no number of values."""
        if self.values:
            return self.values
        if self.number < 1:
            raise ParameterError(
                f"--vary {self.key}={self.low:g}:{self.high:g} needs a number of values on a grid"
            )
        return tuple(self.at(i / (self.number - 1)) for i in range(self.number))


def _listed(text: str) -> tuple[Any, ...]:
    """Values between commas: as TOML reads them, or as they stand."""
    try:
        return tuple(tomllib.loads(f"values = [{text}]")["values"])
    except (ValueError, RecursionError):
        return tuple(read_value(value.strip()) for value in text.split(","))


def _each_once(key: str, values: tuple[Any, ...]) -> tuple[Any, ...]:
    """The values of an axis, or a ``ParameterError`` if one is there twice or is no finite number."""
    seen = set()
    for value in values:
        if isinstance(value, float) and not isfinite(value):
            raise ParameterError(f"--vary {key} has the value [{value}]; finite numbers are needed")
        same = value if type(value) in (int, float) else json.dumps(value, default=str)
        if same in seen:
            written = ",".join(str(each) for each in values)
            meant = [f"{whole}.{part}" for whole, part in zip(values[::2], values[1::2], strict=False)]
            commas = len(values) % 2 == 0 and all(type(each) is int for each in values)
            raise ParameterError(
                f"--vary {key} is [{written}], which has [{value}] twice; "
                + (f"decimals take a point: {key}={','.join(meant)}" if commas else "give each value once")
            )
        seen.add(same)
    return values


def _plain(value: Any) -> bool:
    """Whether a value is read as what it is without quotes and brackets."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return False
    text = str(value)
    return text == text.strip() != "" and not set(text) & set(",:[]'\"=") and read_value(text) == value


def points(axes: Sequence[Axis], design: Design, number: int, *, seed: int) -> list[dict[str, Any]]:
    """The points of a design, each a value for every axis.

    Parameters
    ----------
    axes
        What varies; two axes may not have the same key.
    design
        ``grid`` (every combination), ``latin`` (Latin hypercube) or ``sobol`` (scrambled Sobol' sequence).
    number
        Points of a Latin hypercube or Sobol' sequence; without meaning for a grid.
    seed
        Seed of the Latin hypercube and of the scrambling.

    Raises
    ------
    ParameterError
        If there is nothing to vary, an axis is there twice, the design is too large, or a Sobol' sequence has a number
        of points that is no power of two.
    """
    from scipy.stats import qmc  # slow to load, and most designs are grids

    keys = [axis.key for axis in axes]
    if not axes:
        raise ParameterError("nothing varies; give at least one --vary key=low:high:number")
    if len(set(keys)) < len(keys):
        raise ParameterError(f"--vary names [{next(k for k in keys if keys.count(k) > 1)}] twice; once is allowed")
    if design not in get_args(Design):
        raise ParameterError(f"design is [{design}]; allowed is {', '.join(get_args(Design))}")
    if design == "grid":
        size = prod(len(axis.values) or axis.number for axis in axes)
        if size > MOST_POINTS:
            raise ParameterError(
                f"the grid has {size:,} points; allowed at most {MOST_POINTS:,}: use fewer values or --design "
                "sobol"
            )
        steps = [axis.steps() for axis in axes]
        return [dict(zip(keys, values, strict=True)) for values in product(*steps)]
    if not 1 <= number <= MOST_POINTS:
        raise ParameterError(f"--points is [{number}]; allowed 1 to {MOST_POINTS:,}")
    if design == "sobol":
        if number & (number - 1):
            below = 2 ** (number.bit_length() - 1)
            raise ParameterError(
                f"--points is [{number}]; a Sobol' sequence is balanced only with a power of two: use {below} or "
                f"{2 * below}, or --design latin"
            )
        shares = qmc.Sobol(len(axes), rng=seed).random_base2(number.bit_length() - 1)
    else:
        shares = qmc.LatinHypercube(len(axes), rng=seed).random(number)
    return [{axis.key: axis.at(float(u)) for axis, u in zip(axes, row, strict=True)} for row in shares]


def axes_of(vary: Mapping[str, Any]) -> list[Axis]:
    """Axes from a mapping, such as the ``[vary]`` table of a sweep's file: texts as on the command line, or values."""
    axes = []
    for key, given in vary.items():
        value = given.tolist() if hasattr(given, "tolist") else given
        if isinstance(value, (list, tuple)) and value:
            values = tuple(each.item() if hasattr(each, "item") else each for each in value)
            axes.append(Axis(key=key, values=_each_once(key, values)))
        elif isinstance(value, str):
            axes.append(Axis.read(f"{key}={value}"))
        else:
            raise ParameterError(f"vary.{key} is [{value}]; a list of values or text such as \"0.3:1.0:8\" is needed")
    return axes


# Sweeps as files ----------------------------------------------------------------------------------------------


class SweepFile(Section):
    """A sweep as a TOML file has it."""

    name: Name = "sweep"
    scenario: str = "trial"
    design: Design = "grid"
    points: int = Field(256, ge=1, description="points of a Latin hypercube or Sobol' design")
    replicates: int = Field(200, ge=1, le=1_000_000, description="trials at each point")
    seed: int = Field(1, ge=0, description="seed of the random numbers, the same at every point")
    vary: dict[str, Any] = Field(default_factory=dict, description="axes: lists, or text such as 0.3:1.0:8")
    set: dict[str, Any] = Field(default_factory=dict, description="dotted keys that differ from the scenario")


def read_sweep(name: str) -> SweepFile:
    """A sweep by name or path; raises ``ParameterError`` if it is not found, not TOML, or holds what is not allowed."""
    path = Path(name) if name.endswith(".toml") else FOLDER / f"{name}.toml"
    if not os.path.isfile(path):
        known = ", ".join(sorted(file.stem for file in FOLDER.glob("*.toml")))
        raise ParameterError(f"sweep [{name}] was not found; give a TOML file, or one of: {known}")
    try:
        return SweepFile.model_validate(read_toml(path))
    except ValidationError as mistakes:
        raise ParameterError(explain(mistakes, SweepFile, path.name)) from None

"""A point of a space of assumptions as a scenario.

Most keys are the scenario's own. Three are short for changes of several parameters: ``effect.hazard_ratio`` and
``effect.support_share`` divide a hazard ratio S between the routes (direct S**(1 - share), through support factors
S**share, for the highest-risk group), and ``trial.control_risk`` solves for the baseline hazard multiplier at which
that share of the highest-risk controls reoffends.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from experiments.inputs.control_risk import with_control_risk
from experiments.inputs.scenario_files import SHORT_AXES
from simulation.parameters import ParameterError, Prior, Quantity, quantities
from simulation.scenario import Scenario

STRENGTH, SHARE, CONTROL_RISK = SHORT_AXES
EFFECT = tuple(
    Quantity(**row)
    for row in tomllib.loads((Path(__file__).parent / "data" / "effect.toml").read_text(encoding="utf-8"))["quantity"]
)
"""The two short axes of the effect, with their priors (from other trials, never from this one)."""
USUAL_STRENGTH, USUAL_SHARE = (float(row.value) for row in EFFECT)
"""What ``effect.hazard_ratio`` and ``effect.support_share`` are where only the other of them varies."""
STRONGEST = float(EFFECT[0].high or 0.0)
"""Largest hazard ratio: mentors who do harm."""


def at_point(base: Scenario, point: dict[str, Any]) -> Scenario:
    """The scenario at a point, with the three short axes resolved.

    Raises ``ParameterError`` if a key is not known or a value not allowed.
    """
    for key in SHORT_AXES:
        if key in point and (isinstance(point[key], bool) or not isinstance(point[key], (int, float))):
            raise ParameterError(f"{key} is [{point[key]}]; a number is needed")
    for key in point:
        if key not in SHORT_AXES and (near := get_close_matches(key, SHORT_AXES, n=1, cutoff=0.85)):
            raise ParameterError(f"unknown key [{key}]; did you mean {near[0]}?")
    changes = {key: value for key, value in in_kind(base, point).items() if key not in SHORT_AXES}
    if STRENGTH in point or SHARE in point:
        changes |= effect(float(point.get(STRENGTH, USUAL_STRENGTH)), float(point.get(SHARE, USUAL_SHARE)))
    scenario = base.changed(changes) if changes else base
    return with_control_risk(scenario, float(point[CONTROL_RISK])) if CONTROL_RISK in point else scenario


def effect(strength: float, share: float) -> dict[str, float]:
    """The programme's two effects for a strength and the share of it through support factors.

    Support factors cannot do harm, so a strength above 1 is all direct.
    """
    if not 0 < strength <= STRONGEST or not 0 <= share <= 1:
        raise ParameterError(
            f"{STRENGTH} is [{strength}] and {SHARE} [{share}]; allowed are more than 0 to {STRONGEST:g}, and 0 to 1"
        )
    if strength > 1:
        return {"programme.direct_hazard_ratio": strength, "programme.support_hazard_ratio": 1.0}
    return {
        "programme.direct_hazard_ratio": max(0.001, strength ** (1 - share)),
        "programme.support_hazard_ratio": max(0.05, strength**share),
    }


def in_kind(base: Scenario, point: dict[str, Any]) -> dict[str, Any]:
    """A point with whole numbers where the scenario has them: axes are spaced in fractions."""

    def whole(key: str, value: Any) -> Any:
        return round(value) if isinstance(value, float) and type(base.value(key)) is int else value

    return {key: whole(key, value) if key not in SHORT_AXES else value for key, value in point.items()}


def uncertain_of_schemes(others: Scenario, names: Sequence[str]) -> list[Quantity]:
    """Quantities that have a prior, of some programmes of a scenario; ``scheme.`` before the name of each."""
    return [replace(row, key=f"scheme.{row.key.removeprefix('programme.')}") for row in quantities(others)
            if row.prior != "fixed" and any(row.key.startswith(f"programme.{name}.") for name in names)]  # fmt: skip


def uncertain_quantities(base: Scenario) -> list[Quantity]:
    """Every quantity of a scenario that has a prior, the effect by its strength and route where it has a programme.

    Keys of the only programme are written without its name (``programme.half_life_months``).
    """
    alone = next(iter(base.programme)) if len(base.programme) == 1 else None
    found = []
    for row in quantities(base):
        key = row.key.replace(f"programme.{alone}.", "programme.") if alone else row.key
        if row.prior == "fixed" or (alone and key in effect(1.0, 0.0)):
            continue
        found.append(Quantity(**{**row.__dict__, "key": key}))
    return [*found, *(EFFECT if alone else ())]


def at_shares(rows: Sequence[Quantity], shares: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Values of K quantities at N x K shares (0-1) of their priors, within their bounds and rounded to eight digits.

    Uniform shares give draws from the priors.
    """
    columns = []
    for k, row in enumerate(rows):
        values = Prior.read(row.prior).quantile(np.clip(shares[:, k], 1e-6, 1 - 1e-6))
        low = -np.inf if row.low is None else row.low
        high = np.inf if row.high is None else row.high
        columns.append([float(f"{value:.8g}") for value in np.clip(values, low, high)])
    return np.array(columns, dtype=np.float64).T.reshape(len(shares), len(rows))

"""The uncertain inputs of a scenario, and how an outcome depends on them: over the priors, or over draws.

The points are laid out here, simulated by ``outcomes_at``, and evaluated by ``statistics.sobol_morris``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiments.inputs.parameter_points import at_shares, uncertain_quantities
from experiments.inputs.posterior import Posterior, fitting
from experiments.inputs.scenario_files import SHORT_AXES
from experiments.statistics import sobol_morris
from experiments.statistics.response_surface import Floats
from experiments.studies.sensitivity.outcomes_at import Outcome, OutcomeRuns
from simulation.errors import nearest
from simulation.parameters import ParameterError, Quantity
from simulation.scenario import Scenario

INNER = (0.05, 0.95)
"""Shares of a prior between which the screening moves: its ends proper are infinitely far out."""
TORNADO = (0.1, 0.9)
"""Shares of a prior at the ends of a bar of the tornado."""
FIFTH = 0.2
"""Part of the draws that stands for an end, where inputs are dependent."""
TORNADO_TIMES, TORNADO_PEOPLE = 8, 32_000
"""So many times the trials are run at the points of a tornado, whose single values are shown; but for no more than
about so many people."""
REPEATED, OTHER_SEEDS = 32, 3
"""How many points are repeated with how many other seeds, to measure the simulation noise."""


@dataclass(frozen=True, kw_only=True)
class UncertainInputs:
    """The uncertain inputs of a scenario."""

    rows: dict[str, Quantity]
    """Every quantity with a prior, by key."""
    keys: list[str]
    """Keys of the values of a point, in order."""
    studied: list[str]
    """Those of the keys whose influence is estimated (over the priors: all)."""
    draws: list[list[Any]] = field(default_factory=list)
    """Draws of a posterior, value by value; empty over the priors."""

    @classmethod
    def of(
        cls, base: Scenario, *, posterior: Posterior | None = None, number: int | None = None, only: Sequence[str] = (),
        hold: Sequence[str] = (), fixed: Sequence[str] = (), label: str = "posterior",
    ) -> UncertainInputs:  # fmt: skip
        """The inputs that have a prior, or those of ``number`` draws of a posterior, which messages call ``label``.

        Keys in ``only`` are studied (all, if it is empty): over the priors the others have the scenario's values, draws
        keep theirs. Keys in ``hold``, and those that the user has set (``fixed``), have the scenario's values. Raises
        ``ParameterError`` if a key is not uncertain here, or none is left.
        """
        rows = {row.key: row for row in uncertain_quantities(base)}
        only, hold, fixed = ([_bare(key, base) for key in each] for each in (only, hold, fixed))
        if {"programme.direct_hazard_ratio", "programme.support_hazard_ratio"} & set(fixed):
            fixed = [*fixed, *SHORT_AXES[:2]]
        if posterior is None:
            keys = _studied(list(rows), only, hold, fixed, f"has no prior in scenario {base.name}")
            return cls(rows=rows, keys=keys, studied=keys)
        known = list(fitting(base, posterior.draws(1)[0]))
        if not known:
            raise ParameterError(f"--posterior is [{label}], whose draws decide nothing in scenario {base.name}")
        where = f"is not in the draws of {label}, as far as scenario {base.name} has a place for them"
        studied = _studied(known, only, hold, fixed, where)
        drawn = [fitting(base, draw, but=[*hold, *fixed]) for draw in posterior.draws(number)]
        keys = list(drawn[0])
        return cls(rows=rows, keys=keys, studied=studied, draws=[[point[key] for key in keys] for point in drawn])


def _studied(keys: list[str], only: Sequence[str], hold: Sequence[str], fixed: Sequence[str], why: str) -> list[str]:
    """The keys that are studied; ``why`` is the reason to refuse an unknown one."""
    for option, named in (("--only", only), ("--hold", hold)):
        for key in named:
            if key not in keys:
                raise ParameterError(f"{option} is [{key}], which {why}; {nearest(key, keys)}")
    for key in only:
        if key in hold or key in fixed:
            raise ParameterError(f"--only is [{key}], which --hold or --set fixes; leave one of the two out")
    left = [key for key in keys if key not in hold and key not in fixed and (key in only or not only)]
    if not left:
        raise ParameterError(
            f"--hold and --set fix [{', '.join([*hold, *fixed])}], and no uncertain input is left; free one"
        )
    return left


def _bare(key: str, base: Scenario) -> str:
    """A key without the name of the only programme."""
    alone = next(iter(base.programme)) if len(base.programme) == 1 else None
    return key.replace(f"programme.{alone}.", "programme.", 1) if alone else key


@dataclass(frozen=True, kw_only=True)
class SensitivityEstimates:
    """How an outcome depends on the uncertain inputs."""

    parts: pd.DataFrame
    """The indices: of ``sobol_indices`` or ``first_order_indices``."""
    ends: pd.DataFrame
    """The bars: of ``tornado`` or ``among_draws``."""
    values: Floats
    """The outcome at independent draws of all uncertain inputs."""
    noise: float
    """Variance of differences between points that is simulation noise."""
    error: float
    """Standard deviation of one value by simulation noise."""
    ends_noise: float
    """Variance of the values in ``ends`` by simulation noise; over draws, by which draws there are, too."""
    times: int = 1
    """So many times the trials were run at the points of the tornado."""
    screening: pd.DataFrame | None = None


def points_needed(inputs: UncertainInputs, *, trajectories: int, points: int, parameters: int) -> int:
    """How many points a study simulates, repeats among them."""
    number = len(inputs.keys)
    if inputs.draws:
        return len(inputs.draws) + OTHER_SEEDS * min(REPEATED, len(inputs.draws))
    groups = min(parameters, number) + (parameters < number)
    return 1 + 2 * number + trajectories * (number + 1) + points * (groups + 2) + OTHER_SEEDS * min(REPEATED, points)


def estimate_over_priors(
    runs: OutcomeRuns, inputs: UncertainInputs, outcome: Outcome, *, trajectories: int, points: int, parameters: int
) -> SensitivityEstimates:
    """Tornado and screening (``trajectories`` walks) of all inputs, then Sobol' indices of those that matter most.

    ``points`` is the base size of the Sobol' design, a power of two. ``parameters`` inputs get an index of their own;
    the others vary, too, and get one together.
    """
    rows = [inputs.rows[key] for key in inputs.keys]

    def at(shares: Floats, what: str, stride: int = 1, times: int = 1) -> Floats:
        return _column(runs.at(at_shares(rows, shares).tolist(), what, stride=stride, times=times), outcome)

    ends = tornado_shares(len(rows))
    times = int(np.clip(TORNADO_PEOPLE // (runs.trials * runs.base.people.count), 1, TORNADO_TIMES))
    bars = tornado(inputs.keys, at_shares(rows, ends), at(ends, "tornado", times=times))
    low, high = INNER
    screening = sobol_morris.morris_screening(
        inputs.keys, lambda shares: at(low + (high - low) * shares, "screening"), trajectories=trajectories,
        seed=runs.seed,
    )  # fmt: skip
    chosen = list(screening["key"][:parameters])
    groups = len(chosen) + (len(chosen) < len(rows))
    design: list[Floats] = []

    def parted(shares: Floats) -> Floats:
        design[:] = [shares, at(shares, "indices", groups + 2)]
        return design[1]

    parts = sobol_morris.sobol_indices(inputs.keys, parted, points=points, seed=runs.seed, chosen=chosen)
    alike = sobol_morris.base_rows(points, groups)
    shares, values = design[0][alike], design[1][alike]
    noise, error = _noise(runs, outcome, at_shares(rows, shares[:REPEATED]).tolist(), values[:REPEATED])
    return SensitivityEstimates(parts=parts, ends=bars, values=values, noise=noise, error=error,
                                ends_noise=noise / times, times=times, screening=screening)  # fmt: skip


def estimate_over_draws(runs: OutcomeRuns, inputs: UncertainInputs, outcome: Outcome) -> SensitivityEstimates:
    """First-order indices, and a tornado of means, over draws of a posterior; see ``estimate_over_priors``."""
    values = _column(runs.at(inputs.draws, "draws"), outcome)
    table = pd.DataFrame(inputs.draws, columns=inputs.keys)[inputs.studied]
    some = np.linspace(0, len(values) - 1, min(REPEATED, len(values))).round().astype(int)
    noise, error = _noise(runs, outcome, [inputs.draws[k] for k in some], values[some])
    parts = sobol_morris.first_order_indices(table, values, seed=runs.seed)
    if parts.empty:
        raise ParameterError(f"--posterior has but one value of [{', '.join(inputs.studied)}]; "
                             "nothing uncertain is left")  # fmt: skip
    return SensitivityEstimates(
        parts=parts, ends=among_draws(table, values), values=values, noise=noise, error=error,
        ends_noise=float(values.var()) / max(1.0, FIFTH * len(values)),
    )  # fmt: skip


def _noise(runs: OutcomeRuns, outcome: Outcome, points: list[list[Any]], values: Floats) -> tuple[float, float]:
    other = [_column(runs.at(points, "noise", seed_offset=k), outcome) for k in range(1, OTHER_SEEDS + 1)]
    return sobol_morris.simulation_noise(values, np.array(other))


def _column(table: pd.DataFrame, outcome: Outcome) -> Floats:
    """The outcome's values; refuses points at which nobody is in its group."""
    values = table[outcome.name].to_numpy(np.float64)
    missing = int(np.isnan(values).sum())
    if missing:
        raise ParameterError(
            f"--outcome is [{outcome.name}], which has no value at {missing} of {len(values)} points: nobody is in its "
            "group there; raise --trials or people.count"
        )
    return values


def tornado_shares(number: int) -> Floats:
    """Shares of the points of a tornado of K inputs: all at the median, then each at its low and its high end."""
    shares = np.full((1 + 2 * number, number), 0.5)
    for k in range(number):
        shares[1 + 2 * k : 3 + 2 * k, k] = TORNADO
    return shares


def tornado(keys: Sequence[str], points: Floats, values: Floats) -> pd.DataFrame:
    """The outcome at both ends of each of K inputs, the others at their medians, the widest bar first.

    ``points`` and ``values`` are the inputs' values at ``tornado_shares``, and the outcome there. Columns: key; low and
    high (values of the input); outcome_low and outcome_high; middle (the outcome with all at their medians); width.
    """
    return _widest([
        {"key": key, "low": points[1 + 2 * k, k], "high": points[2 + 2 * k, k], "outcome_low": values[1 + 2 * k],
         "outcome_high": values[2 + 2 * k], "middle": values[0]}
        for k, key in enumerate(keys)
    ])  # fmt: skip


def among_draws(table: pd.DataFrame, values: npt.ArrayLike) -> pd.DataFrame:
    """The mean outcome among the draws that are lowest, and highest, in each input, which may depend on others.

    The columns of ``tornado``; low and high are the medians of the lowest and the highest fifth of the draws, or the
    two kinds (of a text) at which the outcome is lowest and highest.
    """
    y = pd.Series(np.asarray(values, dtype=np.float64))
    found = []
    for key in table.columns:
        column = table[key].reset_index(drop=True)
        if column.nunique() < 2:
            continue
        ends: tuple[Any, Any]
        if pd.api.types.is_numeric_dtype(column):
            low, high = column <= column.quantile(FIFTH), column >= column.quantile(1 - FIFTH)
            ends = (float(column[low].median()), float(column[high].median()))
        else:
            means = y.groupby(column).mean()
            ends = (means.idxmin(), means.idxmax())
            low, high = column == ends[0], column == ends[1]
        found.append({"key": key, "low": ends[0], "high": ends[1], "outcome_low": float(y[low].mean()),
                      "outcome_high": float(y[high].mean()), "middle": float(y.mean())})  # fmt: skip
    return _widest(found)


def _widest(rows: list[dict[str, Any]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["key", "low", "high", "outcome_low", "outcome_high", "middle"])
    table["width"] = (table["outcome_high"] - table["outcome_low"]).abs()
    return table.sort_values("width", ascending=False, kind="stable", ignore_index=True)

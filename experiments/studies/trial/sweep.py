"""The sweep: under which assumptions about mentoring does the trial report 29 % against 67 %?

Every point of a design is a scenario (``inputs.parameter_points``), and all are simulated with common random numbers.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from experiments.execution.context import RunContext
from experiments.execution.jobs import Job
from experiments.inputs.designs import Axis, SweepFile, axes_of, points
from experiments.inputs.parameter_points import (
    CONTROL_RISK,
    SHARE,
    STRENGTH,
    USUAL_SHARE,
    USUAL_STRENGTH,
    at_point,
    in_kind,
)
from experiments.inputs.posterior import draws_of, posterior_name
from experiments.inputs.scenario_files import change, load
from experiments.inputs.trial_result import CONTROL_PERCENT, REGION_67, REGION_95, group_sizes, no_effect
from experiments.statistics.intervals import interval
from experiments.studies.result import StudyResult
from experiments.studies.trial.design_points import Numbers, require_the_trial, require_two_arms
from experiments.studies.trial.sweep_study import SweepStudy
from simulation.parameters import ParameterError
from simulation.scenario import Scenario

DRAWS = 20
"""Draws of a posterior at each point."""
BEST = 5
"""Points that are shown."""
CHECKED = 2_000
"""Points that are checked before the first is simulated; of a larger design the values of each axis."""
MOST_COUNTED = 12
"""Values of an axis that are counted one by one; of more only the ends are given."""
REPORTED = CONTROL_PERCENT / 100
HALF_LIFE = "programme.half_life_months"


@dataclass(frozen=True, kw_only=True)
class PointResult:
    """One point of a design, with the risks there."""

    point: dict[str, Any]
    numbers: Numbers
    draw: int | None = None
    """Number of the draw of a posterior, if the sweep runs over draws."""


@dataclass(frozen=True, kw_only=True)
class PreparedSweep:
    """A sweep with everything read that its options name."""

    plan: SweepFile
    base: Scenario
    axes: list[Axis]
    points: list[dict[str, Any]]
    draws: list[dict[str, Any]]
    """Draws as changes of the scenario; empty without a posterior."""


def run_sweep(study: SweepStudy, context: RunContext | None) -> StudyResult:
    """Simulate every point of the design; what is finished if it is interrupted."""
    context = context or RunContext()
    ready = prepared(study)
    plan, base = ready.plan, ready.base
    work = simulate_design(
        base, ready.points, seed=plan.seed, replicates=plan.replicates, draws=ready.draws, context=context,
        name="sweep" if study.vary else f"sweep {plan.name}", command=study.command(),
    )  # fmt: skip
    rows, complete = _finished(work)
    table = over_draws(rows) if ready.draws else pd.DataFrame([{**row.point, **row.numbers} for row in rows])
    facts = _facts(study, ready, table) | {
        "finished": len(rows), "planned": len(ready.points) * max(1, len(ready.draws))
    }  # fmt: skip
    return StudyResult(
        study=study, tables={"points": table}, facts=facts, scenario=base, passed=facts["inside_67"] > 0,
        complete=complete,
        counts={"design": plan.design, "replicates": plan.replicates, "points": len(table),
                "axes": [axis.text for axis in ready.axes], **({"draws": len(ready.draws)} if ready.draws else {})},
    )  # fmt: skip


def prepared(study: SweepStudy) -> PreparedSweep:
    """Scenario, axes, points and draws, or a ``ParameterError`` if the options do not fit together."""
    plan = study.plan()
    axes = [Axis.read(text) for text in study.vary] or axes_of(plan.vary)
    if plan.design == "grid" and study.points is not None:
        raise ParameterError(
            f"--points is [{study.points}], but a grid has every combination of its axes; leave --points out, or give "
            "--design latin or --design sobol"
        )
    base = _scenario(study, plan)
    design = [in_kind(base, point) for point in points(axes, plan.design, plan.points, seed=plan.seed)]
    taken = [*(axis.key for axis in axes), *plan.set, *(change(each)[0] for each in study.set)]
    draws = draws_of(study, base, DRAWS, but=taken)
    return PreparedSweep(plan=plan, base=base, axes=axes, points=design, draws=[] if study.posterior is None else draws)


def _scenario(study: SweepStudy, plan: SweepFile) -> Scenario:
    """The scenario that a sweep starts from, with the changes of its file and of the options.

    A file of a scenario is also looked for beside the file of the sweep.
    """
    base = study.scenario or plan.scenario
    if isinstance(base, str):
        beside = Path(study.sweep).parent / base
        near = study.sweep.endswith(".toml") and base.endswith(".toml") and beside.is_file()
        base = load(str(beside) if near else base)
    base = base.changed(plan.set) if plan.set else base
    return base.changed(dict(change(each) for each in study.set)) if study.set else base


def simulate_design(
    base: Scenario,
    design: list[dict[str, Any]],
    *,
    seed: int,
    replicates: int,
    draws: Sequence[dict[str, Any]] = (),
    context: RunContext | None = None,
    name: str = "sweep",
    command: str = "",
) -> Generator[PointResult, None, None]:
    """Simulate every point of a design (keys and values that change ``base``), in order, several at a time.

    Over ``draws`` the whole design is simulated on each of them, draw by draw; a point wins over a draw. ``name`` and
    ``command`` are what the store calls it.
    A scenario without two arms and control risks out of reach are a ParameterError at once, others at their point.
    """
    for scenario in _different(base, design):
        require_two_arms(scenario, "a sweep compares two arms: use the scenario trial or")
        require_the_trial(scenario, "a sweep compares with")
    context = context or RunContext()
    rows = [(k, point) for k in range(len(draws)) for point in design] if draws else [(None, each) for each in design]
    job = Job(
        name=name, work="experiments.studies.trial.design_points:simulate_design_point", command=command,
        context={"scenario": base.to_toml(), "seed": seed, "replicates": replicates},
        pieces=[{"point": point if k is None else {**draws[k], **point}} for k, point in rows],
    )  # fmt: skip
    if context.store is None or not all(map(context.store.has, job.addresses())):
        for risk in dict.fromkeys(point[CONTROL_RISK] for point in design if CONTROL_RISK in point):
            at_point(base, {**(draws[0] if draws else {}), CONTROL_RISK: risk})
    over = f", over {len(draws)} draws" if draws else ""
    with context.computing() as compute:
        context.note(f"{len(design)} points, {replicates} trials of {base.people.count} people at each{over} ...")
        tables = compute(job, "sweep")
        try:
            for (k, point), table in zip(rows, tables, strict=True):
                yield PointResult(point=point, numbers={key: values[0] for key, values in table.items()}, draw=k)
        finally:
            if isinstance(tables, Generator):
                tables.close()  # calls back what has not begun, before the workers are waited for


def _different(base: Scenario, design: Sequence[dict[str, Any]]) -> Iterator[Scenario]:
    """Scenarios that show what cannot be simulated: at the points, or of a large design with each value by itself.

    Control risks are left out; they take time.
    """
    bare = [{key: value for key, value in point.items() if key != CONTROL_RISK} for point in design]
    if len(bare) > CHECKED:
        values = {key: dict.fromkeys(point[key] for point in bare) for key in bare[0]}
        bare = [{**bare[0], key: value} for key, some in values.items() for value in list(some)[:CHECKED]]
    yield base
    yield from (at_point(base, point) for point in {json.dumps(point, default=str): point for point in bare}.values())


def _finished(work: Generator[PointResult, None, None]) -> tuple[list[PointResult], bool]:
    """The points, and whether they are all there; an interrupt before the first one is passed on."""
    rows: list[PointResult] = []
    with closing(work):
        try:
            for row in work:
                rows.append(row)  # noqa: PERF402  what is there must be kept when an interrupt comes
        except KeyboardInterrupt:
            if not rows:
                raise
            return rows, False
    return rows, True


# Tables -------------------------------------------------------------------------------------------------------


def over_draws(rows: Sequence[PointResult]) -> pd.DataFrame:
    """One row a point: means over the draws, and the middle 95 % of draws in the columns ``_low`` and ``_high``.

    ``relative_likelihood`` is a median. ``draws`` differs between points if the sweep was interrupted.
    """
    number = sum(row.draw == 0 for row in rows)
    found = []
    for k, first in enumerate(rows[:number]):
        table = pd.DataFrame([row.numbers for row in rows[k::number]])
        out: dict[str, Any] = {**first.point, "draws": len(table)}
        for name in ("mentored", "control", "difference"):
            _, low, high = interval(table[name].to_numpy())
            out |= {name: float(table[name].mean()), f"{name}_low": low, f"{name}_high": high}
        out |= {name: float(table[name].mean()) for name in ("mentored_error", "control_error", "mentored_treated")}
        out |= {name: float(table[name].median()) for name in ("support_aim", "support_reach", "relative_likelihood")}
        out |= {name: float(table[name].mean()) for name in ("inside_67", "inside_95")}
        found.append(out)
    return pd.DataFrame(found)


def by_median(table: pd.DataFrame) -> pd.DataFrame:
    """The table with true or false in ``inside_67`` and ``inside_95``, over draws by the median relative likelihood."""
    if "draws" not in table.columns:
        return table
    likelihood = table["relative_likelihood"]
    return table.assign(inside_67=likelihood >= REGION_67, inside_95=likelihood >= REGION_95)


# Facts --------------------------------------------------------------------------------------------------------


def _facts(study: SweepStudy, ready: PreparedSweep, table: pd.DataFrame) -> dict[str, Any]:
    """The numbers of the answer: where in the space the trial's result is likely, and where it is not."""
    shares, order = table["inside_67"], table.sort_values("relative_likelihood", ascending=False)
    table = by_median(table)
    good, keys = table[table["inside_67"]], [axis.key for axis in ready.axes]
    beyond = table[table["support_aim"] < table["support_reach"]]
    return {
        "design": ready.plan.design, "replicates": ready.plan.replicates, "seed": ready.plan.seed,
        "points": len(table), "inside_67": len(good), "inside_95": int(table["inside_95"].sum()),
        "axes": [{"key": key, **_along(table, good, key)} for key in keys],
        "effect": _effect(table, good, keys), "no_effect": _no_effect(table, keys),
        "assumed": _assumed(keys, ready.draws),
        "support": {"beyond": len(beyond), "reach": float(beyond["support_reach"].median()) if len(beyond) else None},
        "nearest": table.iloc[int(np.nanargmax(table["relative_likelihood"]))].to_dict(),
        "best": order.head(BEST).to_dict("records"),
        "draws": int(table["draws"].max()) if ready.draws else 0,
        "posterior": posterior_name(study) if ready.draws else None,
        "over_draws": {"every": int((shares == 1).sum()), "some": int((shares > 0).sum())} if ready.draws else None,
        "simulation_error": float(table[["mentored_error", "control_error"]].max().max()),
        "sizes": group_sizes(),
    }  # fmt: skip


def _along(table: pd.DataFrame, good: pd.DataFrame, key: str) -> dict[str, Any]:
    """Values of an axis with the number of points inside the 67 % region at each, or the ends if there are many."""
    values, kept = sorted(table[key].unique()), sorted(good[key].unique())
    if len(values) > MOST_COUNTED:
        low, high = (kept[0], kept[-1]) if kept else (None, None)
        return {"values": None, "number": len(values), "low": low, "high": high}
    counts = [{"value": value, "inside_67": int((good[key] == value).sum())} for value in values]
    return {"values": counts, "number": len(values)}


def _no_effect(table: pd.DataFrame, keys: Sequence[str]) -> dict[str, Any] | None:
    """The evidence against no effect at all, with the points that have none; None if none has."""
    none = table[table[STRENGTH] == 1.0] if STRENGTH in keys else table.head(0)
    if none.empty:
        return None
    return {**no_effect()._asdict(), "points": len(none), "inside_95": int(none["inside_95"].sum())}


def _effect(table: pd.DataFrame, good: pd.DataFrame, keys: Sequence[str]) -> dict[str, Any] | None:
    """The weakest effect inside the 67 % region, in all and for each half-life; None if the effect does not vary."""
    if STRENGTH not in keys or good.empty:
        return None
    by_half_life = None
    reported = REPORTED in list(table.get(CONTROL_RISK, []))
    if HALF_LIFE in keys:
        some = good[good[CONTROL_RISK] == REPORTED] if reported else good
        by_half_life = [
            {"half_life": value, "weakest": float(rows[STRENGTH].max()) if len(rows) else None}
            for value in sorted(table[HALF_LIFE].unique())
            for rows in [some[some[HALF_LIFE] == value]]
        ]
    return {"weakest": float(good[STRENGTH].max()), "by_half_life": by_half_life,
            "control_risk": REPORTED if reported else None}  # fmt: skip


def _assumed(keys: Sequence[str], draws: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the other short axis of the effect is, where only one of them varies."""
    pairs = ((SHARE, STRENGTH, USUAL_STRENGTH), (STRENGTH, SHARE, USUAL_SHARE))
    return [{"key": missing, "value": value} for there, missing, value in pairs
            if there in keys and missing not in keys and not any(missing in draw for draw in draws)]  # fmt: skip

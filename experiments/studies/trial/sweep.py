"""The main job: under which assumptions about mentoring does the trial print 29 % against 67 %?

Every point of a design is a scenario (``points.py``); all points meet the same people and the same luck.
"""

from __future__ import annotations

import tomllib
from collections.abc import Generator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import Field, ValidationError

from experiments.execution.jobs import Job, Store, finish
from experiments.inputs.designs import Axis, Design, axes_of
from experiments.inputs.parameter_points import CONTROL_RISK, SHARE, STRENGTH, at_point
from experiments.inputs.scenario_files import change, load
from experiments.inputs.trial_result import CLOSE, CONTROL_PERCENT, POSSIBLE
from experiments.statistics.intervals import interval
from experiments.studies.trial.design_points import Numbers
from simulation.errors import explain
from simulation.parameters import ParameterError, Section
from simulation.scenario import Scenario

REPORTED = CONTROL_PERCENT / 100
HALF_LIFE = "programme.half_life_months"
STUDIES = Path(str(files("experiments").joinpath("inputs/sweeps")))
EXPLAINED = {
    STRENGTH: "strength of the effect (hazard ratio while they meet, both routes)",
    SHARE: "share of the effect that runs through support factors",
    CONTROL_RISK: "control risk (highest-risk group, two years)",
    HALF_LIFE: "half-life of the direct effect after the end (months)",
}


class Study(Section):
    """A sweep as a file: scenario, design, luck, and what varies."""

    name: str = "sweep"
    scenario: str = "trial"
    design: Design = "grid"
    points: int = Field(256, ge=1, description="points of a Latin hypercube or Sobol' design")
    replicates: int = Field(200, ge=1, le=1_000_000, description="trials at each point")
    seed: int = Field(1, ge=0, description="luck, the same at every point")
    vary: dict[str, Any] = Field(default_factory=dict, description="axes: lists, or text such as 0.3:1.0:8")
    set: dict[str, Any] = Field(default_factory=dict, description="dotted keys that differ from the scenario")

    def axes(self) -> list[Axis]:
        """What varies."""
        return axes_of(self.vary)


def read_study(name: str) -> Study:
    """A study by name or path.

    Raises
    ------
    ParameterError
        If it is not found, not TOML, or says something that is not allowed.
    """
    path = Path(name) if name.endswith(".toml") else STUDIES / f"{name}.toml"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in STUDIES.glob("*.toml")))
        raise ParameterError(f"study [{name}] was not found; give a TOML file, or one of: {known}")
    try:
        return Study.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except tomllib.TOMLDecodeError as problem:
        raise ParameterError(f"{path.name} is not valid TOML: {problem}") from None
    except ValidationError as mistakes:
        raise ParameterError(explain(mistakes, Study, path.name)) from None
    except (OSError, UnicodeDecodeError) as problem:
        raise ParameterError(f"file [{path}] could not be read: {problem}") from None


@dataclass(frozen=True, kw_only=True)
class Row:
    """One point with what the trial prints there."""

    point: dict[str, Any]
    numbers: Numbers
    draw: int | None = None
    """Number of the draw of a posterior, if the sweep runs over draws."""


def sweep(
    base: Scenario,
    design: list[dict[str, Any]],
    *,
    seed: int,
    replicates: int,
    threads: int | None = None,
    draws: Sequence[dict[str, Any]] = (),
    store: Store | None = None,
    executor: Executor | None = None,
    name: str = "sweep",
    command: str = "",
) -> Generator[Row, None, None]:
    """Evaluate every point of a design, in order, several at a time.

    Parameters
    ----------
    base, design
        A trial of two arms, and the points: keys and values that change it (``designs.points``).
    seed, replicates
        Luck, and trials at each point.
    threads, store, executor
        Who does it and where finished points are kept (``runs.finish``).
    draws
        Keys and values that are not known: the whole design is run on each of these, draw by draw. A point wins over
        a draw.
    name, command
        What it is called in ``desist runs``.

    Raises
    ------
    ParameterError
        At once for a scenario without two arms and for control risks out of reach; else at the first such point.
    """
    if base.trial.assignment != "randomised":
        raise ParameterError(
            f"trial.assignment is [{base.trial.assignment}] in scenario {base.name}; a sweep compares two arms: "
            "use the scenario trial or set it to randomised"
        )
    rows = [(k, point) for k in range(len(draws)) for point in design] if draws else [(None, each) for each in design]
    job = Job(
        name=name, work="experiments.studies.trial.design_points:of_sweep", command=command,
        context={"scenario": base.to_toml(), "seed": seed, "replicates": replicates},
        pieces=[{"point": point if k is None else {**draws[k], **point}} for k, point in rows],
    )  # fmt: skip
    if store is None or not all(map(store.has, job.addresses())):
        for risk in dict.fromkeys(point[CONTROL_RISK] for point in design if CONTROL_RISK in point):
            at_point(base, {**(draws[0] if draws else {}), CONTROL_RISK: risk})
    tables = finish(job, store=store, executor=executor, threads=threads)
    try:
        for (k, point), table in zip(rows, tables, strict=True):
            yield Row(point=point, numbers={key: values[0] for key, values in table.items()}, draw=k)
    finally:
        tables.close()


def table_of(rows: Sequence[Row]) -> pd.DataFrame:
    """The sweep as a table: one row a point, axes first; over draws if it ran over draws (see ``over_draws``)."""
    if rows and rows[0].draw is not None:
        return over_draws(rows)
    return pd.DataFrame([{**row.point, **row.numbers} for row in rows])


def over_draws(rows: Sequence[Row]) -> pd.DataFrame:
    """One row a point: means over the draws, and the middle 95 % of draws in the columns ``_low`` and ``_high``.

    ``support`` is the median over the draws; ``reproduced`` and ``possible`` are shares of the draws. ``draws`` says
    how many there are, which differs between points if the sweep was interrupted.
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
        out |= {name: float(table[name].median()) for name in ("support_aim", "support_reach", "support")}
        out |= {name: float(table[name].mean()) for name in ("reproduced", "possible")}
        found.append(out)
    return pd.DataFrame(found)


def judged(table: pd.DataFrame) -> pd.DataFrame:
    """The table with true or false in ``reproduced`` and ``possible``: over draws, whether half of them are so."""
    if "draws" not in table.columns:
        return table
    return table.assign(reproduced=table["support"] >= CLOSE, possible=table["support"] >= POSSIBLE)


def in_words(table: pd.DataFrame, axes: list[str]) -> list[str]:
    """The answer in a few sentences: where in the space the trial is reproduced, and where it is not."""
    shares, table = table["reproduced"], judged(table)
    good, number = table[table["reproduced"]], len(table)
    excluded = number - int(table["possible"].sum())
    lines = [
        f"{len(good) or 'None'} of {number} points reproduce{'' if len(good) != 1 else 's'} 29 % against 67 %; "
        f"{number - len(good) - excluded} more cannot be excluded; {excluded} can."
    ]
    best = table.loc[table["support"].idxmax()]
    where = ", ".join(f"{_name(key)} {_spelled(best[key])}" for key in axes)
    risks = f"{_risk(best, 'mentored')} against {_risk(best, 'control')}"
    if "draws" in table.columns:
        lines.append(
            f"Counted so by the median of {table['draws'].max()} draws: {int((shares == 1).sum())} points reproduce it "
            f"in every draw, {int((shares > 0).sum())} in at least one."
        )
    if good.empty:
        odds = max(1, round(1 / max(float(best["support"]), 1e-9)))
        return [*lines, f"The nearest: {risks}, 1/{odds} as probable as the best possible pair ({where})."]
    lines += _strengths(table, good, axes)
    lines += [_along(table, good, key) for key in axes if key != STRENGTH and len(table[key].unique()) > 1]
    beyond = table[table["support_aim"] < table["support_reach"]]
    if len(beyond):
        lines.append(
            f"At {len(beyond)} points more is asked of the support factors than they can give: help lowers the "
            f"hazard to {beyond['support_reach'].median():.2f} times in the first year at the most."
        )
    return [*lines, f"Best: {risks} ({where})."]


def _risk(row: pd.Series, arm: str) -> str:
    """A risk in per cent, with the middle 95 % of draws if there are draws."""
    ends = f" ({100 * row[f'{arm}_low']:.0f}-{100 * row[f'{arm}_high']:.0f})" if "draws" in row.index else ""
    return f"{100 * row[arm]:.0f} %{ends}"


def _strengths(table: pd.DataFrame, good: pd.DataFrame, axes: list[str]) -> list[str]:
    """The weakest effect that does it, in all and for each half-life."""
    if STRENGTH not in axes:
        return []
    weakest = good[STRENGTH].max()
    lines = [f"The effect must be strong: a hazard ratio of {weakest:g} or less while they meet (1 is no effect)."]
    none = table[table[STRENGTH] == 1.0]
    if len(none) and not none["possible"].any():
        lines.append("No effect at all is excluded at every control risk tried: chance alone seldom prints this pair.")
    if HALF_LIFE in axes:
        at = f" with the reported control risk of {REPORTED:g}" if REPORTED in list(table.get(CONTROL_RISK, [])) else ""
        good = good[good[CONTROL_RISK] == REPORTED] if at else good
        each = [
            f"{value:g} months: {rows[STRENGTH].max():g}" if len(rows) else f"{value:g} months: none"
            for value in sorted(table[HALF_LIFE].unique())
            for rows in [good[good[HALF_LIFE] == value]]
        ]
        lines.append(f"Weakest effect that does it{at}, by half-life after the end: {'; '.join(each)}.")
    return lines


def _along(table: pd.DataFrame, good: pd.DataFrame, key: str) -> str:
    values = sorted(table[key].unique())
    kept = sorted(good[key].unique())
    missed = [value for value in values if value not in kept]
    name = EXPLAINED.get(key, _name(key))
    name = name[0].upper() + name[1:]
    if len(values) > 12:
        return f"{name}: between {_spelled(kept[0])} and {_spelled(kept[-1])}."
    counts = ", ".join(f"{_spelled(value)} ({int((good[key] == value).sum())})" for value in kept)
    return f"{name}: {counts} points{'; not at ' + _listed(missed) if missed else ''}."


def _name(key: str) -> str:
    return key.split(".")[-1].replace("_", " ")


def _spelled(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, (int, float)) else str(value)


def _listed(values: list[Any]) -> str:
    texts = [_spelled(value) for value in values]
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} or {texts[-1]}"


def study_scenario(study: Study, changes: tuple[str, ...] = (), *, beside: Path | None = None) -> Scenario:
    """The scenario that a study starts from, with its own and the command line's changes.

    A scenario file is looked up beside the study file, too.
    """
    near = beside / study.scenario if beside is not None and study.scenario.endswith(".toml") else None
    base = load(str(near) if near is not None and near.is_file() else study.scenario)
    if study.set:
        base = base.changed(study.set)
    if changes:
        base = base.changed(dict(change(each) for each in changes))
    return base


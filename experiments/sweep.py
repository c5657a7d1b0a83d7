"""The main job: under which assumptions about mentoring does the trial print 29 % against 67 %?

Every point of a design is a scenario (``points.py``); all points meet the same people and the same luck.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from os import cpu_count
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import Field, ValidationError

from experiments.designs import Axis, Design, axes_of
from experiments.observed import CLOSE, CONTROL_PERCENT, POSSIBLE, support
from experiments.points import CONTROL_RISK, SHARE, STRENGTH, USUAL_SHARE, USUAL_STRENGTH, at_point, in_kind
from experiments.shelf import change, load
from experiments.trial import highest_risk, trial_counts
from simulation.mistakes import explain
from simulation.numbers import support_reach
from simulation.parameters import ParameterError, Section
from simulation.scenario import Scenario

REPORTED = CONTROL_PERCENT / 100
HALF_LIFE = "programme.half_life_months"
STUDIES = Path(__file__).parent / "studies"
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
    scenario: Scenario
    numbers: dict[str, float | bool | str]


def evaluate(base: Scenario, point: dict[str, Any], *, seed: int, replicates: int) -> Row:
    """Run both arms at one point and check the result against 29 / 67."""
    scenario = at_point(base, point)
    counts = trial_counts(scenario, seed=seed, trials=replicates, threads=1)
    arms = highest_risk(counts, scenario.trial.definition)
    treated = highest_risk(counts, scenario.trial.definition, treated=True)
    (mentored, control), (mentored_error, control_error) = arms.risks, arms.errors
    likely = float(support(mentored, control))
    programme = next(iter(scenario.programme.values()))
    numbers: dict[str, float | bool | str] = {
        "definition": scenario.trial.definition, "mentored": mentored, "mentored_error": mentored_error,
        "control": control, "control_error": control_error, "difference": control - mentored,
        "mentored_treated": treated.risks[0], "support_aim": programme.support_effect,
        "support_reach": support_reach(scenario, programme), "support": likely, "reproduced": likely >= CLOSE,
        "possible": likely >= POSSIBLE, "digest": scenario.digest[:16],
    }  # fmt: skip
    return Row(point=point, scenario=scenario, numbers=numbers)


def sweep(
    base: Scenario, design: list[dict[str, Any]], *, seed: int, replicates: int, threads: int | None = None
) -> Iterator[Row]:
    """Evaluate every point of a design, in order, several at a time.

    The first point is evaluated before the others begin, so that a mistake is told at once.
    """
    if base.trial.assignment != "randomised":
        raise ParameterError(
            f"trial.assignment is [{base.trial.assignment}] in scenario {base.name}; a sweep compares two arms: "
            "use the scenario trial or set it to randomised"
        )
    for point in design:
        if CONTROL_RISK not in point:
            break
        at_point(base, {CONTROL_RISK: point[CONTROL_RISK]})
    first = evaluate(base, design[0], seed=seed, replicates=replicates)
    yield first
    with ThreadPoolExecutor(threads if threads is not None else cpu_count()) as pool:
        work = [pool.submit(evaluate, base, point, seed=seed, replicates=replicates) for point in design[1:]]
        try:
            for each in work:
                yield each.result()
        finally:
            for each in work:
                each.cancel()


def table_of(rows: list[Row]) -> pd.DataFrame:
    """The sweep as a table: one row a point, axes first."""
    return pd.DataFrame([{**row.point, **row.numbers} for row in rows])


def in_words(table: pd.DataFrame, axes: list[str]) -> list[str]:
    """The answer in a few sentences: where in the space the trial is reproduced, and where it is not."""
    good, number = table[table["reproduced"]], len(table)
    excluded = number - int(table["possible"].sum())
    lines = [
        f"{len(good) or 'None'} of {number} points reproduce{'' if len(good) != 1 else 's'} 29 % against 67 %; "
        f"{number - len(good) - excluded} more cannot be excluded; {excluded} can."
    ]
    best = table.loc[table["support"].idxmax()]
    where = ", ".join(f"{_name(key)} {_spelled(best[key])}" for key in axes)
    risks = f"{100 * best['mentored']:.0f} % against {100 * best['control']:.0f} %"
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


"""Outcomes of a scenario as single numbers at many points. One run gives them all: another outcome costs no new run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiments.execution.context import Compute
from experiments.execution.jobs import Job
from experiments.inputs.parameter_points import at_point
from experiments.inputs.scenario_files import written
from simulation.engine import SimulatedChunk, over_chunks
from simulation.errors import nearest
from simulation.history import mentored
from simulation.parameters import ParameterError
from simulation.scenario import Scenario
from simulation.trial_counts import CONTROL, HIGHEST, MENTORED, WINDOW

TASK_POINTS = 8
"""Points in a task: some 0.2 seconds, and few enough that neighbours find the same people still in memory."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One number that a scenario leads to; the catalogue describes it (``sensitivity.outcome``)."""

    name: str
    unit: Literal["points", "share", "times", "offences"]
    """Points and shares are kept as shares of 1."""
    needs: Literal["people", "programme", "two arms"] = "people"
    defined: bool = True
    """Whether it counts by the scenario's definition of reoffending."""


OUTCOMES = {row.name: row for row in (
    Outcome(name="difference", unit="points", needs="two arms"),
    Outcome(name="control", unit="share", needs="two arms"),
    Outcome(name="mentored", unit="share", needs="two arms"),
    Outcome(name="hazard_ratio", unit="times", needs="two arms"),
    Outcome(name="difference_all", unit="points", needs="two arms"),
    Outcome(name="reoffended", unit="share"),
    Outcome(name="prison", unit="share", defined=False),
    Outcome(name="offences", unit="offences", defined=False),
    Outcome(name="treated", unit="share", needs="programme", defined=False),
)}  # fmt: skip
"""The outcomes by name."""
NEEDS = {"two arms": "two arms (trial.assignment randomised)", "programme": "a programme that is offered"}


def possible(scenario: Scenario) -> list[str]:
    """Names of the outcomes that a scenario has."""
    has = {"people"}
    if scenario.programme and scenario.trial.assignment != "nobody":
        has.add("programme")
    if scenario.trial.assignment == "randomised":
        has.add("two arms")
    return [name for name, row in OUTCOMES.items() if row.needs in has]


def check(scenario: Scenario, name: str) -> Outcome:
    """The outcome of that name; ``ParameterError`` if the scenario has none, or follows people for too short a time."""
    allowed = possible(scenario)
    if name not in OUTCOMES:
        raise ParameterError(f"--outcome is [{name}]; {nearest(name, OUTCOMES)} (allowed: {', '.join(allowed)})")
    if name not in allowed:
        raise ParameterError(
            f"--outcome is [{name}], which needs {NEEDS[OUTCOMES[name].needs]}; scenario {scenario.name} has none, "
            f"and allows {', '.join(allowed)}"
        )
    if scenario.people.follow_up_months < WINDOW:
        raise ParameterError(
            f"people.follow_up_months is [{scenario.people.follow_up_months}]; outcomes look at two years, so at least "
            f"{WINDOW} are needed"
        )
    if scenario.people.calendar_months:
        raise ParameterError(
            f"people.calendar_months is [{scenario.people.calendar_months}], which cuts follow-ups short; set it to 0 "
            "(no early stop)"
        )
    return OUTCOMES[name]


def outcomes(scenario: Scenario, *, seed: int, trials: int) -> dict[str, float]:
    """Every possible outcome of a scenario over so many replicates, by name; NaN where a group is empty.

    Shares and differences of shares (0-1), ratios, offences per person.
    """

    def reduce(cohort: SimulatedChunk) -> npt.NDArray[np.int64]:
        people, lives = cohort.people, cohort.lives
        arm = mentored(scenario, people)
        cell = 2 * arm.astype(np.int64) + lives.highest
        hit = getattr(lives, f"time_{scenario.trial.definition}") <= WINDOW
        treated = arm & (lives.months_met.sum(axis=0) > 0)
        rest = [lives.offences.sum(), (lives.time_prison <= WINDOW).sum(), treated.sum()]
        cells = [np.bincount(each, minlength=4) for each in (cell, cell[hit])]  # people, reoffenders by arm and group
        return np.concatenate([*cells, rest]).astype(np.int64)

    sums = np.sum(list(over_chunks(scenario, seed, range(trials), reduce, threads=1)), axis=0)
    people, hits = sums[0:4].reshape(2, 2), sums[4:8].reshape(2, 2)
    offences, prison, treated = sums[8:]
    with np.errstate(invalid="ignore", divide="ignore"):
        highest, whole = hits[:, HIGHEST] / people[:, HIGHEST], hits.sum(axis=1) / people.sum(axis=1)
        free = np.log((people - hits + 0.5) / (people + 1.0))[:, HIGHEST]
        found = {
            "difference": highest[CONTROL] - highest[MENTORED],
            "control": highest[CONTROL],
            "mentored": highest[MENTORED],
            "hazard_ratio": free[MENTORED] / free[CONTROL] if people[:, HIGHEST].all() else np.nan,
            "difference_all": whole[CONTROL] - whole[MENTORED],
            "reoffended": hits.sum() / people.sum(),
            "prison": prison / people.sum(),
            "offences": offences / people.sum(),
            "treated": treated / people[MENTORED].sum(),
        }
    return {name: float(found[name]) for name in possible(scenario)}


def simulate_outcomes(context: dict[str, Any], payload: dict[str, Any]) -> dict[str, list[float]]:
    """Outcomes at some points, one row a point.

    ``context`` has ``scenario`` (TOML text), ``keys`` (of the points' values, in order) and ``trials``; ``payload`` has
    ``seed`` and ``points``, a list of values each.
    """
    base, keys = written(context["scenario"]), context["keys"]
    rows = [
        outcomes(at_point(base, dict(zip(keys, values, strict=True))), seed=payload["seed"], trials=context["trials"])
        for values in payload["points"]
    ]
    return {name: [row[name] for row in rows] for name in possible(base)}


@dataclass(frozen=True, kw_only=True)
class OutcomeRuns:
    """Outcomes at points around a scenario, computed once and stored."""

    base: Scenario
    keys: Sequence[str]
    """What a point gives values to, in order."""
    seed: int
    trials: int
    compute: Compute
    """Computes a job."""
    command: str = ""

    def at(
        self, points: Sequence[Sequence[Any]], what: str, *, seed_offset: int = 0, stride: int = 1, times: int = 1
    ) -> pd.DataFrame:
        """Every outcome (one column each) at some points, which are lists of values of ``keys``; ``what`` names them.

        ``seed_offset`` is 0 for the study's own seed, 1, 2, ... for others; ``times`` multiplies the trials. Points
        ``stride`` apart go into the same task, so that a design for another outcome, which has most of its columns in
        common with this one, finds those in the store.
        """
        rows = np.arange(len(points)).reshape(-1, stride)
        order = [rows[k : k + TASK_POINTS, column]
                 for k in range(0, len(rows), TASK_POINTS) for column in range(stride)]  # fmt: skip
        seed = (self.seed + seed_offset) % 2**64
        job = Job(
            name=f"sensitivity {self.base.name}: {what}", work=f"{__name__}:simulate_outcomes", command=self.command,
            context={"scenario": self.base.to_toml(), "keys": list(self.keys), "trials": self.trials * times},
            pieces=[{"seed": seed, "points": [list(points[row]) for row in part]} for part in order],
        )  # fmt: skip
        table = pd.concat(map(pd.DataFrame, self.compute(job, what)), ignore_index=True)
        return table.iloc[np.argsort(np.concatenate(order))].reset_index(drop=True)

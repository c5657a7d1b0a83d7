"""Outcomes of a scenario as single numbers: what a study of doubts asks for at each of many points.

One run gives them all, so that asking for another outcome later costs no other run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiments.execution.jobs import Job, Store, Table, finish
from experiments.inputs.parameter_points import at_point
from experiments.inputs.scenario_files import written
from simulation.engine import Cohort, over_chunks
from simulation.errors import nearest
from simulation.history import mentored
from simulation.parameters import ParameterError
from simulation.scenario import Scenario
from simulation.trial_counts import CONTROL, HIGHEST, MENTORED, WINDOW

PIECE_ROWS = 8
"""Points in a piece: some 0.2 seconds, and few enough that neighbours find the same people still in memory."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One number that a scenario leads to."""

    name: str
    label: str
    """A few words, for axes and sentences."""
    what: str
    """What exactly is counted."""
    unit: Literal["points", "share", "times", "offences"]
    """Points and shares are kept as shares of 1."""
    needs: Literal["people", "programme", "two arms"] = "people"
    defined: bool = True
    """Whether it counts by the scenario's definition of reoffending."""


OUTCOMES = {
    row.name: row
    for row in (
        Outcome(
            name="difference", label="difference between the arms", unit="points", needs="two arms",
            what="share of the highest-risk controls who reoffend in two years less that of the mentored",
        ),
        Outcome(
            name="control", label="risk of the controls", unit="share", needs="two arms",
            what="share of the highest-risk controls who reoffend in two years",
        ),
        Outcome(
            name="mentored", label="risk of the mentored", unit="share", needs="two arms",
            what="share of the highest-risk mentored who reoffend in two years",
        ),
        Outcome(
            name="hazard_ratio", label="hazard ratio of the arms", unit="times", needs="two arms",
            what="ln(1 - mentored) / ln(1 - control) in the highest-risk group, with half a person added to each count",
        ),
        Outcome(
            name="difference_all", label="difference between the arms, everybody", unit="points", needs="two arms",
            what="share of all controls who reoffend in two years less that of all mentored",
        ),
        Outcome(
            name="reoffended", label="share who reoffend", unit="share",
            what="share of everybody who reoffends in two years, whatever the arm",
        ),
        Outcome(
            name="prison", label="share who return to prison", unit="share", defined=False,
            what="share of everybody with a new prison sentence for an offence in two years",
        ),
        Outcome(
            name="offences", label="number of offences per person", unit="offences", defined=False,
            what="offences per person during the follow-up",
        ),
        Outcome(
            name="treated", label="share who meet a mentor", unit="share", needs="programme", defined=False,
            what="share of the mentored arm who meet somebody of a programme at least once",
        ),
    )
}  # fmt: skip
"""What can be asked for, by name."""


def possible(scenario: Scenario) -> list[str]:
    """Names of the outcomes that a scenario has."""
    has = {"people"}
    if scenario.programme and scenario.trial.assignment != "nobody":
        has.add("programme")
    if scenario.trial.assignment == "randomised":
        has.add("two arms")
    return [name for name, row in OUTCOMES.items() if row.needs in has]


def check(scenario: Scenario, name: str) -> Outcome:
    """The outcome of that name, if the scenario has it.

    Raises
    ------
    ParameterError
        If it is not known, if the scenario does not have it, or if people are not followed for two years.
    """
    allowed = possible(scenario)
    if name not in OUTCOMES:
        raise ParameterError(f"--outcome is [{name}]; {nearest(name, OUTCOMES)} (allowed: {', '.join(allowed)})")
    if name not in allowed:
        raise ParameterError(
            f"--outcome is [{name}], which needs {_article(OUTCOMES[name].needs)}; scenario {scenario.name} has none, "
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


def _article(needs: str) -> str:
    return {"two arms": "two arms (trial.assignment randomised)", "programme": "a programme that is offered"}[needs]


def outcomes(scenario: Scenario, *, seed: int, trials: int) -> dict[str, float]:
    """Every possible outcome of a scenario.

    Parameters
    ----------
    scenario
        Whose people are followed for two years or longer.
    seed, trials
        Luck; how many replicates are pooled.

    Returns
    -------
    Name to value: shares and differences of shares (0-1), times, offences per person. NaN where a group is empty.
    """

    def reduce(cohort: Cohort) -> npt.NDArray[np.int64]:
        return _sums(scenario, cohort)

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


def _sums(scenario: Scenario, cohort: Cohort) -> npt.NDArray[np.int64]:
    """People and reoffenders by arm and group (eight numbers), offences, people sent to prison, treated people."""
    people, lives = cohort.people, cohort.lives
    arm = mentored(scenario, people)
    cell = 2 * arm.astype(np.int64) + lives.highest
    hit = getattr(lives, f"time_{scenario.trial.definition}") <= WINDOW
    treated = arm & (lives.months_met.sum(axis=0) > 0)
    rest = [lives.offences.sum(), (lives.time_prison <= WINDOW).sum(), treated.sum()]
    return np.concatenate([np.bincount(cell, minlength=4), np.bincount(cell[hit], minlength=4), rest]).astype(np.int64)


def piece(context: dict[str, Any], payload: dict[str, Any]) -> dict[str, list[float]]:
    """Outcomes at some points: the work of a job.

    Parameters
    ----------
    context
        ``scenario`` (TOML text), ``keys`` (of the points' values, in order), ``trials``.
    payload
        ``seed``, and ``points``: one list of values for each point.

    Returns
    -------
    Columns of outcomes, one row a point.
    """
    base, keys = written(context["scenario"]), context["keys"]
    rows = [
        outcomes(at_point(base, dict(zip(keys, values, strict=True))), seed=payload["seed"], trials=context["trials"])
        for values in payload["points"]
    ]
    return {name: [row[name] for row in rows] for name in possible(base)}


@dataclass(frozen=True, kw_only=True)
class Points:
    """Outcomes at points around a scenario: computed once, in pieces, and kept in the store."""

    base: Scenario
    keys: Sequence[str]
    """What a point gives values to, in order."""
    seed: int
    trials: int
    store: Store | None = None
    executor: Executor | None = None
    threads: int | None = None
    command: str = ""
    told: Callable[[Iterable[Table], int, str], Iterable[Table]] = lambda pieces, *_: pieces
    """Shows progress: given the pieces, how many there are, and what they are for."""

    def at(
        self, points: Sequence[Sequence[Any]], what: str, *, luck: int = 0, stride: int = 1, times: int = 1
    ) -> pd.DataFrame:
        """Every outcome at some points.

        Parameters
        ----------
        points
            Values of ``keys``, point by point.
        what
            What they are for, in a word.
        luck
            0 for the study's own luck, 1, 2, ... for others.
        stride
            Points so far apart are cut into the same piece, so that a design for another outcome, which has most of
            its columns in common with this one, finds those in the store.
        times
            So many times the trials.

        Returns
        -------
        One row a point, one column an outcome.
        """
        rows = np.arange(len(points)).reshape(-1, stride)
        order = [rows[k : k + PIECE_ROWS, column] for k in range(0, len(rows), PIECE_ROWS) for column in range(stride)]
        job = Job(
            name=f"sensitivity {self.base.name}: {what}", work=f"{__name__}:piece", command=self.command,
            context={"scenario": self.base.to_toml(), "keys": list(self.keys), "trials": self.trials * times},
            pieces=[
                {"seed": (self.seed + luck) % 2**64, "points": [list(points[row]) for row in part]} for part in order
            ],
        )  # fmt: skip
        work = finish(job, store=self.store, executor=self.executor, threads=self.threads)
        table = pd.concat([pd.DataFrame(each) for each in self.told(work, len(order), what)], ignore_index=True)
        return table.iloc[np.argsort(np.concatenate(order))].reset_index(drop=True)

"""The trial on the page: sliders as a scenario, one trial as an animation, and many trials.

One trial is what ``desist run FILE --seed N`` simulates, many trials are what ``desist trial FILE --trials T --seed N``
counts; the one is the first of the many.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiments.app.shared_results import kept
from experiments.inputs.scenario_files import load
from experiments.inputs.trial_result import ANALYSES
from experiments.studies.trial.planned_trials import TrialPlan
from experiments.studies.trial.trial import repeat_trial
from simulation.history import History, simulate
from simulation.outcomes import shares, times, wilson
from simulation.scenario import Scenario
from simulation.trial_counts import WINDOW

ARMS = ("mentored", "control")
BASE = "pooled"
NAME = "trial-on-the-page"
MOST_TRIALS = 1_000
MOST_PEOPLE = 160_000
"""People simulated for one answer: a quarter of a second on two cores."""
BEFORE = 2
"""Months before release that are shown."""
INSIDE, MEETING, OFFENDING, FIRST_FACTOR = 1, 2, 4, 8
"""Bits of a person's month; the support factors follow in the order of the scenario."""
BAR = 5
"""Width of a bar in percentage points."""
LATER = 99
"""Month of those who do not reoffend within the window."""


class Levers(NamedTuple):
    """The sliders, in whole numbers."""

    effect: int  # per cent by which the risk of offending is lower while they meet (highest-risk group)
    route: int  # per cent of the effect that is aimed through support factors
    half_life: int  # months in which what stays of the direct effect halves after the end
    dropout: int  # of 100 matches, how many end unplanned before their time
    people: int


class TrialFilm(NamedTuple):
    """One trial month by month, as the browser plays it; people in the order of their numbers.

    There are 27 frames: two months before release, the day of release, and month 1 to 24 after it. What happens in
    own month m (from 0) is in the frame of month m + 1.
    """

    mentored: list[int]  # 1 for the mentored arm
    highest: list[int]  # 1 for the highest-risk group
    again: list[int]
    """Months after release within which a person counts as having reoffended; ``LATER`` if not within 24."""
    months: str  # people x 27 bytes in base64: the bits of each month
    factors: list[str]


@dataclass(frozen=True, kw_only=True)
class One:
    """One trial."""

    scenario: Scenario
    film: TrialFilm
    outcomes: pd.DataFrame
    """As ``desist run`` prints it: a row an arm and group, with people, reoffended, share, low, high."""
    curves: pd.DataFrame  # arm, group, month (0-24), people, reoffended, share, low, high (Wilson, 95 %)

    def printed(self) -> tuple[int | None, int | None]:
        """Whole percentages that this trial prints for the highest-risk group: mentored, control (None: nobody)."""
        highest = self.outcomes[self.outcomes["group"] == "highest risk"]
        rows = highest.groupby("arm", observed=True)[["reoffended", "people"]].sum()
        mentored, control = (percent_of(*map(int, rows.loc[arm])) if arm in rows.index else None for arm in ARMS)
        return mentored, control


@dataclass(frozen=True, kw_only=True)
class Many:
    """Many trials, the highest-risk group by intention to treat."""

    trials: int
    row: dict[str, float]  # the row of ``desist trial`` (``RepeatedTrials.rows``)
    table: pd.DataFrame  # a row a trial: trial, and people and reoffended in both arms of the highest-risk group
    bars: list[dict[str, Any]]
    """How many trials print a percentage in each bar: arm, from, to (whole per cent; 100 is in the last), trials."""


def scenario(levers: Levers) -> Scenario:
    """The trial that the sliders describe; volunteers grow with the number of people, as in ``desist power``."""
    point = {
        "effect.hazard_ratio": (100 - levers.effect) / 100,
        "effect.support_share": levers.route / 100,
        "programme.half_life_months": float(levers.half_life),
    }
    made = TrialPlan(size=levers.people, drop_out=levers.dropout / 100).scenario(load(BASE), point)
    title = (
        f"The trial as set on the page: effect {levers.effect} %, {levers.route} % of it through support factors, "
        f"half-life {levers.half_life} months, {levers.dropout} of 100 matches end early, {levers.people} people"
    )
    return made.changed({"name": NAME, "title": title})


@kept(64)
def one_trial(levers: Levers, seed: int) -> One:
    """One trial."""
    plan = scenario(levers)
    history = simulate(plan, seed=seed)
    table = times(history, plan.trial.definition)
    outcomes = shares(table, window=WINDOW, by=("arm", "group"))
    return One(scenario=plan, film=film(plan, history, table), outcomes=outcomes, curves=_by_month(table))


def trials_of(people: int) -> int:
    """How many trials of so many people are simulated at once: 1,000, or fewer hundreds of larger trials."""
    return min(MOST_TRIALS, MOST_PEOPLE // people // 100 * 100)


@kept(64)
def many_trials(levers: Levers, seed: int) -> Many:
    """Many trials; the first of them is ``one_trial``."""
    found = repeat_trial(scenario(levers), seed=seed, trials=trials_of(levers.people))
    arms = found.arms[ANALYSES[0]]
    table = pd.DataFrame({
        "trial": np.arange(len(found.counts)),
        "mentored_people": arms.mentored_people, "mentored_reoffended": arms.mentored_hits,
        "control_people": arms.control_people, "control_reoffended": arms.control_hits,
    })  # fmt: skip
    row = {str(name): float(value) for name, value in found.rows().iloc[0].items() if name != "analysis"}
    return Many(trials=len(found.counts), row=row, table=table, bars=_bars(table))


def _bars(table: pd.DataFrame) -> list[dict[str, Any]]:
    rows = []
    for arm in ARMS:
        people, hits = (table[f"{arm}_{what}"].to_numpy() for what in ("people", "reoffended"))
        percents = np.floor(100 * hits[people > 0] / people[people > 0] + 0.5)
        counts = np.histogram(percents, bins=np.arange(0, 101, BAR))[0]
        rows += [{"arm": arm, "from": BAR * k, "to": BAR * (k + 1), "trials": int(n)} for k, n in enumerate(counts)]
    return rows


def commands(levers: Levers, seed: int) -> tuple[str, str]:
    """The commands that compute one trial, and many, from the scenario's file."""
    file = f"{NAME}.toml"
    return f"desist run {file} --seed {seed}", f"desist trial {file} --trials {trials_of(levers.people)} --seed {seed}"


def percent_of(hits: int, people: int) -> int | None:
    """The whole percentage that is printed for a share, halves up as in ``observed``; None for nobody."""
    return int(np.floor(100 * hits / people + 0.5)) if people else None


def film(plan: Scenario, history: History, table: pd.DataFrame) -> TrialFilm:
    """A history as frames; ``table`` is what ``outcomes.times`` gives."""
    people, names = history.people, list(plan.factor)
    if len(names) > 5:
        raise ValueError(f"a month has room for 5 support factors, not {len(names)}")
    happened = partial(_happened, history)
    inside = np.cumsum(happened("custody in") - happened("custody out"), axis=1)
    frames = np.zeros((len(people), BEFORE + 1 + WINDOW), np.uint8)
    frames[:, :BEFORE] = INSIDE
    frames[:, BEFORE + 1 :] = inside * INSIDE + np.minimum(happened("offence"), 1) * OFFENDING
    for bit, name in enumerate(names):
        at_release = people[f"has_{name}"].to_numpy(np.int64)[:, None]
        change = np.cumsum(happened("gain", name) - happened("loss", name), axis=1)
        held = np.concatenate([at_release, at_release + change], axis=1)
        frames[:, BEFORE:] |= (held * (FIRST_FACTOR << bit)).astype(np.uint8)
    met = np.insert(happened("contact", first=-BEFORE), BEFORE, 0, axis=1)  # nobody meets on the day of release
    frames |= (met * MEETING).astype(np.uint8)
    again = np.where(table["time"] <= WINDOW, table["time"], LATER)
    return TrialFilm(
        mentored=(people["arm"] == "mentored").astype(int).tolist(),
        highest=(people["group"] == "highest risk").astype(int).tolist(),
        again=again.tolist(), months=base64.b64encode(frames.tobytes()).decode(), factors=names,
    )  # fmt: skip


def _happened(history: History, event: str, detail: str = "", first: int = 0) -> npt.NDArray[np.int64]:
    """How often something happened: people x own months ``first`` to 23."""
    events = history.events
    rows = (events["event"] == event) & events["month"].between(first, WINDOW - 1)
    if detail:
        rows &= events["detail"] == detail
    person, month = (events.loc[rows, name].to_numpy(np.int64) for name in ("person", "month"))
    number, width = len(history.people), WINDOW - first
    return np.bincount(person * width + month - first, minlength=number * width).reshape(number, width)


def _by_month(table: pd.DataFrame) -> pd.DataFrame:
    """Who has reoffended within each number of months, the highest-risk group first."""
    parts: list[dict[str, Any]] = []
    for group in ("highest risk", "others"):
        for arm in ARMS:
            time = table.loc[(table["arm"] == arm) & (table["group"] == group), "time"].to_numpy()
            parts += [{"arm": arm, "group": group, "month": month, "people": len(time),
                       "reoffended": int((time <= month).sum())} for month in range(WINDOW + 1)]  # fmt: skip
    rows = pd.DataFrame(parts)
    rows["share"] = rows["reoffended"] / rows["people"].where(rows["people"] > 0)
    rows["low"], rows["high"] = wilson(rows["reoffended"].to_numpy(), rows["people"].to_numpy())
    return rows

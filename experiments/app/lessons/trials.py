"""The first two lessons, on many simulated trials: chance in small groups, and the winner's curse.

The trials are those of ``desist trial`` and ``desist power``, with the same seed. Larger trials are simulated fewer
times, so that an answer comes at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from experiments.app.shared_results import kept
from experiments.inputs.scenario_files import load
from experiments.inputs.trial_result import ANALYSES, GAP
from experiments.statistics.two_proportions import as_far_apart
from experiments.studies.trial.planned_trials import TrialPlan, Truth, arms_of, job, judged, piece, summary
from experiments.studies.trial.trial import repeat_trial
from simulation.scenario import Scenario

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
PEOPLE = 60_000
"""People simulated for one answer, about."""
FEWEST, MOST = 150, 1_000
"""Trials simulated."""
LARGE = 0.10
"""A difference that a newspaper would print: 10 points."""
ALPHA = 0.05
"""Level of Fisher's test at which a trial is published."""


def trials_of(size: int) -> int:
    """How many trials of so many people are simulated: a round number.

    >>> trials_of(97), trials_of(800)
    (600, 150)
    """
    return max(FEWEST, min(MOST, PEOPLE // size // 50 * 50))


def least(differences: Floats, size: float) -> Bools:
    """Whether differences are of a size or more, whichever way; free of the last digit of a division."""
    return np.abs(np.round(differences, 9)) >= size


def nothing(size: int) -> Scenario:
    """The trial with so many people, whose mentors change nothing for anybody."""
    return load("trial").changed(
        {
            "name": "lesson-luck", "title": f"A trial of {size} people whose mentors change nothing",
            "people.count": size, "programme.direct_hazard_ratio_others": 1.0,
            "programme.support_hazard_ratio_others": 1.0,
        }
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Luck:
    """What trials print although nothing works. Differences are control less mentored, shares of 1."""

    scenario: Scenario
    command: str
    trials: int
    differences: Floats  # one for each trial with people in both arms of the highest-risk group
    per_arm: float  # people at highest risk in an arm, mean
    large: float  # share of trials that print a difference of ``LARGE`` or more, whichever way
    error: float  # simulation error of ``large``
    low: float
    high: float  # the middle 95 % of the differences
    as_far: float  # share of trials that print a difference as large as the real one's, whichever way


@kept(64)
def luck(size: int, seed: int) -> Luck:
    """Simulate trials of so many people whose mentors change nothing."""
    scenario, trials = nothing(size), trials_of(size)
    repeated = repeat_trial(scenario, seed=seed, trials=trials)
    arms, row = repeated.arms[ANALYSES[0]], repeated.rows().iloc[0]
    mentored, control = arms.printed_shares()
    known = ~np.isnan(control - mentored)
    mentored, control = mentored[known], control[known]
    gap = control - mentored
    large = float(least(gap, LARGE).mean())
    as_far = as_far_apart(mentored, control, GAP) | as_far_apart(control, mentored, GAP)
    return Luck(
        scenario=scenario, command=f"desist trial lesson-luck.toml --trials {trials} --seed {seed}", trials=trials,
        differences=gap, per_arm=float(arms.mentored_people.mean() + arms.control_people.mean()) / 2,
        large=large, error=float(np.sqrt(large * (1 - large) / len(gap))), low=float(row["difference_low"]),
        high=float(row["difference_high"]), as_far=float(as_far.mean()),
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Curse:
    """What the significant ones among many trials print, beside the truth. Shares of 1, each with simulation error."""

    scenario: Scenario
    command: str
    trials: int
    differences: Floats
    significant: Bools
    truth: float
    truth_error: float
    power: float  # share of trials that are significant, whichever way
    reported: float  # mean size of the significant differences; NaN if there is none
    reported_error: float
    exaggeration: float  # how many times the truth they report; NaN if there is none


@kept(64)
def curse(truth: str, size: int, seed: int) -> Curse:
    """Simulate trials of so many people at a named setting of the effect, and publish only the significant."""
    base = load(truth).changed({"name": "lesson-curse"})
    number = trials_of(size)
    work = job(base, TrialPlan(size=size), [{}], seed=seed, trials=number)
    arms = arms_of([piece(work.context, each) for each in work.pieces], 1)[0]
    true = Truth.of(arms, size)
    trials = judged(arms, true, alpha=ALPHA, test="fisher")
    found, there = summary(trials), trials["difference"].notna()
    winners = trials.loc[trials["significant"], "difference"].abs()
    return Curse(
        scenario=base, command=f"desist power lesson-curse.toml --size {size} --trials {number} --seed {seed}",
        trials=number, differences=trials.loc[there, "difference"].to_numpy(),
        significant=trials.loc[there, "significant"].to_numpy(), truth=found["difference"], truth_error=true.error,
        power=found["power"], reported=found["reported"], exaggeration=found["exaggeration"],
        reported_error=float(winners.std(ddof=1) / np.sqrt(len(winners))) if len(winners) > 1 else float("nan"),
    )  # fmt: skip

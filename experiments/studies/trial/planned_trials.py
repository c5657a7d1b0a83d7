"""What a planned trial would find, and how large it must be: power, width of the interval, the winner's curse.

The truth is a scenario, draws of a posterior, or two given risks. The engine runs the planned trial many times on
the truth, and every trial is judged as its report would be (``two_shares.py``). The size that a trial needs is
calculated without the model (``sizing.py``), and then simulated.

References
----------
Gelman & Carlin (2014), Perspectives on Psychological Science 9:641, doi:10.1177/1745691614551642 (exaggeration, wrong
signs).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiments.execution.jobs import Job, Table
from experiments.inputs.parameter_points import at_point
from experiments.inputs.scenario_files import written
from experiments.inputs.trial_result import GAP, PEOPLE
from experiments.statistics.two_proportions import TESTS, as_far_apart, newcombe
from experiments.studies.trial.design_points import require_two_arms
from simulation.engine import SimulatedChunk, over_chunks
from simulation.history import mentored
from simulation.parameter_sections import Definition
from simulation.parameters import ParameterError
from simulation.scenario import Scenario
from simulation.trial_counts import Arms

Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]
PIECE_PEOPLE = 50_000
"""People simulated in a task, about (a quarter of a second)."""
ELSEWHERE = 2**24
"""Trials at another size have numbers this far from those of the planned size, and so their own random numbers."""


@dataclass(frozen=True, kw_only=True)
class TrialPlan:
    """A trial as it is planned; None leaves a share to the truth."""

    size: int = PEOPLE
    """People randomised, half of them to mentors."""
    group: Literal["high-risk", "everyone"] = "high-risk"
    """Who is analysed."""
    definition: Definition = "any"
    follow_up: int = 24
    """Months after release in which offences count."""
    lost: float = 0.0
    """Share whose outcome is never known, alike in both arms and whatever they did."""
    high_risk_share: float | None = None
    """Share of the people at highest risk."""
    drop_out: float | None = None
    """Chance that a match ends unplanned before its planned end, volunteers' and custody's ends apart."""

    def decides(self, base: Scenario) -> list[str]:
        """Dotted keys that the plan decides and no draw of a posterior may."""
        share = ["risk.high_risk_share"] if self.high_risk_share is not None else []
        ends = [f"programme.{next(iter(base.programme))}.dropout_chance"] if self.drop_out is not None else []
        return ["trial.definition", *share, *ends]

    def scenario(self, base: Scenario, point: dict[str, Any] | None = None) -> Scenario:
        """The planned trial on a truth: ``base``, at a point if there is one.

        Volunteers (and slots of programmes without) grow with the size, so that a larger trial is no poorer.
        """
        require_two_arms(base, "a planned trial has two arms:")
        truth = at_point(base, point) if point else base
        times, supply, name = self.size / truth.people.count, truth.volunteers, next(iter(truth.programme))
        changes: dict[str, Any] = {
            "people.count": self.size, "people.follow_up_months": self.follow_up, "people.calendar_months": 0,
            "trial.definition": self.definition, "volunteers.at_start": supply.at_start * times,
            "volunteers.recruits_per_month": supply.recruits_per_month * times,
            "volunteers.ceiling": supply.ceiling * times,
            **{f"programme.{key}.capacity": row.capacity * times for key, row in truth.programme.items()},
        }  # fmt: skip
        if self.high_risk_share is not None:
            changes["risk.high_risk_share"] = self.high_risk_share
        if self.drop_out is not None:
            months = truth.programme[name].ends_month - truth.programme[name].starts_month
            changes[f"programme.{name}.dropout_chance"] = 1 - (1 - self.drop_out) ** (1 / months)
        return truth.changed(changes)


# Trials on the truth ------------------------------------------------------------------------------------------


def job(base: Scenario, plan: TrialPlan, points: Sequence[dict[str, Any]], *, seed: int, trials: int, first: int = 0,
        command: str = "") -> Job:  # fmt: skip
    """So many trials of the planned size on each point of ``base``, each with random numbers of its own.

    An empty point is ``base`` itself; ``first`` is the number of the first trial.
    """
    step = max(1, min(trials, PIECE_PEOPLE // plan.size))
    design = {key: getattr(plan, key) for key in TrialPlan.__dataclass_fields__ if key != "size"}
    pieces = []
    for k, point in enumerate(points):
        begin, end = first + k * trials, first + (k + 1) * trials
        pieces += [{"point": point, "size": plan.size, "first": start, "trials": min(step, end - start)}
                   for start in range(begin, end, step)]  # fmt: skip
    context = {"scenario": base.to_toml(), "plan": design, "seed": seed}
    return Job(name="power", work=f"{__name__}:piece", context=context, pieces=pieces, command=command)


def piece(context: dict[str, Any], payload: dict[str, Any]) -> Table:
    """Counts of some trials on one truth: a row a trial, columns as ``trial.Arms``."""
    plan = TrialPlan(size=payload["size"], **context["plan"])
    scenario = plan.scenario(written(context["scenario"]), payload["point"])
    wanted = range(payload["first"], payload["first"] + payload["trials"])
    time = f"time_{plan.definition}"

    def reduce(cohort: SimulatedChunk) -> Longs:
        people, lives = cohort.people, cohort.lives
        first = int(people.replicate.min())
        trial = people.replicate.astype(np.int64) - first
        hit = getattr(lives, time) <= plan.follow_up
        cell = (trial * 2 + mentored(scenario, people)) * 2 + hit
        counted = lives.highest == 1 if plan.group == "high-risk" else np.ones(len(cell), bool)
        counts = np.bincount(cell[counted], minlength=4 * (int(trial.max()) + 1)).reshape(-1, 4)
        return np.array([_known(row, plan.lost, context["seed"], first + k) for k, row in enumerate(counts)])

    rows = np.concatenate(list(over_chunks(scenario, context["seed"], wanted, reduce, threads=1)))
    return {
        "control_people": (rows[:, 0] + rows[:, 1]).tolist(), "control_hits": rows[:, 1].tolist(),
        "mentored_people": (rows[:, 2] + rows[:, 3]).tolist(), "mentored_hits": rows[:, 3].tolist(),
    }  # fmt: skip


def _known(counts: Longs, lost: float, seed: int, trial: int) -> Longs:
    """Counts without the people who are lost; their chance has the trial's number as its address."""
    if lost == 0:
        return counts
    return np.random.Generator(np.random.Philox(key=seed, counter=[0, 0, 0, trial])).binomial(counts, 1 - lost)


def arms_of(tables: Sequence[Table], truths: int) -> list[Arms]:
    """The tables of a job's tasks put together again: the trials of each truth."""
    each = len(tables) // truths
    return [Arms(**{name: np.concatenate([part[name] for part in tables[k * each : (k + 1) * each]]).astype(np.int32)
                    for name in Arms.__dataclass_fields__}) for k in range(truths)]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What is true of the people analysed: two risks (0-1), and the share of all randomised that they are."""

    mentored: float
    control: float
    share: float
    error: float = 0.0
    """Simulation error of the difference."""

    @property
    def difference(self) -> float:
        """Control less mentored."""
        return self.control - self.mentored

    @property
    def seen(self) -> bool:
        """Whether there is a difference beyond two simulation errors."""
        return abs(self.difference) > 2 * self.error

    @classmethod
    def of(cls, arms: Arms, size: int) -> Truth:
        """The pooled risks of many trials."""
        people = int(arms.mentored_people.sum() + arms.control_people.sum())
        if not arms.mentored_people.sum() or not arms.control_people.sum():
            raise ParameterError(
                f"--size is [{size}], and {len(arms.control_people)} such trials have nobody to analyse in one arm; "
                "raise --size, --trials or --high-risk-share, or lower --lost"
            )
        risks, error = arms.risks, float(np.hypot(*arms.errors))
        return cls(mentored=risks[0], control=risks[1], share=people / (size * len(arms.control_people)), error=error)


def given(truth: Truth, size: int, *, seed: int, trials: int, first: int = 0) -> Arms:
    """Trials on two given risks, without the model: binomial counts."""
    random = np.random.Generator(np.random.Philox(key=seed, counter=[0, 0, 0, first]))
    groups = [random.binomial(arm, truth.share, trials) for arm in (size // 2, size - size // 2)]
    hits = [random.binomial(group, risk) for group, risk in zip(groups, (truth.mentored, truth.control), strict=True)]
    names = ("mentored_people", "control_people", "mentored_hits", "control_hits")
    return Arms(**{name: each.astype(np.int32) for name, each in zip(names, (*groups, *hits), strict=True)})


# What the trials report ---------------------------------------------------------------------------------------


def judged(arms: Arms, truth: Truth, *, alpha: float, test: str) -> pd.DataFrame:
    """Each trial as its report has it: one row a trial.

    difference is control less mentored (NaN if a group is empty), width that of the 95 % interval, as_far whether it
    prints a gap as wide as the real trial's, true the true difference.
    """
    counts = arms.mentored_hits, arms.mentored_people, arms.control_hits, arms.control_people
    low, high = newcombe(*counts)
    p = TESTS[test](*counts)
    shares = arms.printed_shares()
    return pd.DataFrame({
        "difference": shares[1] - shares[0], "width": high - low, "p": p, "significant": p <= alpha,
        "as_far": as_far_apart(*shares, GAP), "true": truth.difference, "seen": truth.seen,
    })  # fmt: skip


def summary(trials: pd.DataFrame) -> dict[str, float]:
    """Trials on one or many truths in a few numbers.

    power, favour and against are shares significant (either way; with the mentored lower, higher), error is the
    simulation error of favour. Among the significant, reported and behind are the mean size of the reported and of the
    true difference, exaggeration (type M) is the one over the other, and wrong_sign (type S) the share with a sign that
    is not the truth's; both are NaN where no true difference is seen. stochastic_sd is that of the reported difference
    at a given truth.
    """
    hits = trials[trials["significant"]]
    favour = float((hits["difference"] > 0).sum() / len(trials))
    rest = trials["difference"] - trials.groupby("true")["difference"].transform("mean")
    found = {
        "trials": float(len(trials)), "difference": float(trials["true"].mean()),
        "power": float(trials["significant"].mean()), "favour": favour,
        "against": float((hits["difference"] < 0).sum() / len(trials)),
        "error": float(np.sqrt(favour * (1 - favour) / len(trials))), "width": float(trials["width"].mean()),
        "reported": float(hits["difference"].abs().mean()), "behind": float(hits["true"].abs().mean()),
        "exaggeration": float("nan"), "wrong_sign": float("nan"),
        "as_far": float(trials["as_far"].mean()), "stochastic_sd": float(np.sqrt((rest**2).mean())),
    }  # fmt: skip
    if hits["seen"].any():
        found["exaggeration"] = found["reported"] / found["behind"]
        found["wrong_sign"] = float((np.sign(hits["difference"]) != np.sign(hits["true"])).mean())
    return found


def parameter_sd(trials: Sequence[pd.DataFrame]) -> float:
    """Spread of the truth itself (standard deviation over draws), free of the chance in each draw's own mean."""
    truths = np.array([float(each["true"].iloc[0]) for each in trials])
    noise = np.mean([each["difference"].var() / len(each) for each in trials])
    return float(np.sqrt(max(0.0, truths.var(ddof=1) - noise))) if len(trials) > 1 else 0.0

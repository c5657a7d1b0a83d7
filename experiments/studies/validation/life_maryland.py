"""The LIFE experiment, told by the same engine: fit the men without aid, predict those with it, then look.

432 men were released from prison in Maryland; half of them, by lot, were paid for 13 weeks, and all were followed for a
year for their first arrest. The scenario ``life-maryland`` has money as a programme that helps with the support factor
economy and does nothing else. This module reads the control arm only; the aided arm is read in ``aided``.

Weeks become months of 52 / 12 weeks, so that 13 weeks are three months and 52 are twelve; an arrest belongs to the
month that holds the middle of its week.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from io import StringIO
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiments.execution.jobs import Job, Table
from experiments.inputs.scenario_files import load, written
from experiments.studies.validation.fit import Draws, changes, doubts, fit, log_counts
from simulation.engine import Cohort, over_chunks
from simulation.scenario import Scenario

Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]

SCENARIO = "life-maryland"
WEEKS, MONTHS, MEN = 52, 12, 216
"""Weeks and months of follow-up; men in each arm."""
PEOPLE = 60_000
"""People told at each draw, half of them in each arm, all draws on the same luck."""
DRAWS = 512
"""Draws in each round of the fit."""
ROWS_A_PIECE = 16
ROWS = (
    ("risk.level",), ("risk.later_hazard",), ("offending.delay_mean_months",),
    ("factor.economy.lacking_hazard_ratio",), ("factor.economy.lacked_at_release",), ("factor.economy.loss",),
    ("programme.aid.gain_times", "programme.aid.gain_times_others"),
)  # fmt: skip
"""What is doubted: two numbers that the control arm decides, then what money does."""
FITTED = {
    "risk.level": ("LN(0.3, 1.0)", "level of risk"),
    "risk.later_hazard": ("U(0.1, 1.0)", "hazard long after release, part of the first month's"),
    "offending.delay_mean_months": ("LN(1.0, 1.0)", "mean months from offence to arrest"),
}
FROZEN = "inputs/data/life_prediction.csv"
"""The prediction that was written before the aided arm was first read."""


def control_weeks() -> pd.DataFrame:
    """The control arm: week (1 to 52), at_risk (men without an arrest before it), arrested (first arrests in it)."""
    text = files("experiments").joinpath("inputs/data/life_control_weeks.csv").read_text(encoding="utf-8")
    return pd.read_csv(StringIO(text))[["week", "at_risk", "arrested"]]


def months_of_weeks(arrested: npt.ArrayLike) -> Longs:
    """First arrests by month (12) from first arrests by week (52), by the middle of each week."""
    month = np.floor((np.arange(WEEKS) + 0.5) * MONTHS / WEEKS).astype(np.int64)
    return np.bincount(month, np.asarray(arrested, np.float64), MONTHS).astype(np.int64)


def piece(context: dict[str, Any], payload: dict[str, Any]) -> Table:
    """First arrests by month in both arms at some draws: what a store keeps.

    ``context`` has ``scenario`` (TOML), ``people`` and ``seed``; ``payload`` has ``changes`` (a dictionary a draw).
    The table has one column ``share``: draw by draw 12 months of the controls, then 12 of the aided.
    """
    base = written(context["scenario"]).changed({"people.count": context["people"]})
    shares = [first_arrests(base.changed(each), seed=context["seed"]).ravel() for each in payload["changes"]]
    return {"share": np.concatenate(shares).tolist()}


def first_arrests(scenario: Scenario, *, seed: int) -> Floats:
    """Share of each arm (controls, aided) first arrested in each month: 2 x 12."""

    def reduce(cohort: Cohort) -> Longs:
        first, side = cohort.lives.time_sentence.astype(np.int64) - 1, cohort.people.side.astype(np.int64)
        counts = np.bincount(side * (MONTHS + 1) + np.minimum(first, MONTHS), minlength=2 * (MONTHS + 1))
        return counts.reshape(2, MONTHS + 1)

    counts = np.sum(list(over_chunks(scenario, seed, range(1), reduce, threads=1)), axis=0)
    return np.asarray(counts[:, :MONTHS] / counts.sum(axis=1, keepdims=True))


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """What is said of the aided men before looking at them."""

    draws: Draws
    control: Longs
    """The control arm's first arrests by month, to which the draws were fitted."""
    chances: Floats
    """N x 2 x 12: share of each arm first arrested in each month, at each draw."""
    luck: int

    def cumulated(self, arm: int) -> Floats:
        """Share arrested by the end of each month, at each draw: N x 12."""
        return np.asarray(self.chances[:, arm].cumsum(axis=1))

    def trials(self, number: int = 20_000, *, aided: bool = True) -> Longs:
        """First arrests by month in groups of 216 men as the draws expect them: number x 12.

        ``aided`` False gives groups to whom the aid does nothing: as the controls.
        """
        luck = np.random.default_rng([self.luck, 7 + aided])
        chances = self.chances[self.draws.again(number, luck), int(aided)]
        whole = np.concatenate([chances, 1 - chances.sum(axis=1, keepdims=True)], axis=1)
        return np.asarray(luck.multinomial(MEN, np.clip(whole, 0, 1))[:, :MONTHS])


def predict(compute: Callable[[Job], Iterator[Table]], *, seed: int = 1, draws: int = DRAWS, people: int = PEOPLE,
            command: str = "", scenario: Scenario | None = None) -> Prediction:  # fmt: skip
    """Fit the control arm and say what the aided arm will be; no figure of the aided arm is read.

    Parameters
    ----------
    compute
        Computes the pieces of a job in order.
    seed, draws, people
        Luck, draws in each round, people told at each draw.
    command, scenario
        The command as typed, for the store; the scenario if it is not the one on the shelf.
    """
    plan = load(SCENARIO) if scenario is None else scenario
    rows = doubts(plan, ROWS, FITTED)
    control = months_of_weeks(control_weeks()["arrested"])

    def say(points: Floats) -> Floats:
        told = [changes(rows, point) for point in points]
        parts = [{"changes": told[k : k + ROWS_A_PIECE]} for k in range(0, len(told), ROWS_A_PIECE)]
        context = {"scenario": plan.to_toml(), "people": people, "seed": seed}
        job = Job(name="elsewhere: life", work=f"{__name__}:piece", context=context, pieces=parts,
                  command=command)  # fmt: skip
        return np.concatenate([np.asarray(table["share"]) for table in compute(job)]).reshape(len(points), 2 * MONTHS)

    def likelihood(said: Floats) -> Floats:
        return log_counts(said[:, :MONTHS], control, MEN - control.sum())

    found = fit(rows, say, likelihood, seed=seed, draws=draws)
    return Prediction(draws=found, control=control, chances=found.said.reshape(-1, 2, MONTHS), luck=seed)


def curves(found: Prediction) -> pd.DataFrame:
    """The prediction as a table: by arm and month the share arrested.

    Returns
    -------
    arm, month (1 to 12), week, mean, low and high (95 % of what is not known), men_low and men_high (95 % of groups
    of 216 men, chance included).
    """
    parts = []
    for arm, name in enumerate(("control", "aided")):
        share = found.cumulated(arm)
        groups = found.trials(aided=bool(arm)).cumsum(axis=1) / MEN
        ends = np.array([found.draws.quantile(share[:, m], (0.025, 0.975)) for m in range(MONTHS)])
        men = np.quantile(groups, (0.025, 0.975), axis=0)
        parts.append(pd.DataFrame({
            "arm": name, "month": np.arange(1, MONTHS + 1), "week": np.arange(1, MONTHS + 1) * WEEKS / MONTHS,
            "mean": found.draws.mean(share), "low": ends[:, 0], "high": ends[:, 1],
            "men_low": men[0], "men_high": men[1],
        }))  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def doubted(found: Prediction) -> pd.DataFrame:
    """What was doubted, before and after the control arm: keys, what, prior, fitted, mean, low, high (95 %)."""
    rows = []
    for k, doubt in enumerate(found.draws.doubts):
        low, high = found.draws.quantile(found.draws.values[:, k], (0.025, 0.975))
        rows.append({"key": " = ".join(doubt.keys), "what": doubt.what, "prior": doubt.prior,
                     "fitted": "yes" if doubt.fitted else "no",
                     "mean": float(found.draws.mean(found.draws.values[:, k])), "low": low, "high": high})  # fmt: skip
    return pd.DataFrame(rows)


def expected(found: Prediction) -> dict[str, float]:
    """The prediction in numbers: what the aid does to the share arrested within 52 weeks, and to the hazard.

    Differences are controls less aided (positive: the aid helps), 0-1.
    """
    gap = found.cumulated(0)[:, -1] - found.cumulated(1)[:, -1]
    ratio = np.log1p(-found.cumulated(1)[:, -1]) / np.log1p(-found.cumulated(0)[:, -1])
    men = found.trials()[:, :MONTHS].sum(axis=1)
    printed = found.control.sum() / MEN - men / MEN
    numbers: dict[str, float] = {}
    for name, column in (("difference", gap), ("hazard_ratio", ratio)):
        low, high = found.draws.quantile(column, (0.025, 0.975))
        numbers |= {name: float(found.draws.mean(column)), f"{name}_low": float(low), f"{name}_high": float(high)}
    low, high = np.quantile(men, (0.025, 0.975))
    return numbers | {
        "aided": float(found.draws.mean(found.cumulated(1)[:, -1])), "arrests": float(men.mean()),
        "arrests_low": float(low), "arrests_high": float(high),
        "printed_low": float(np.quantile(printed, 0.025)), "printed_high": float(np.quantile(printed, 0.975)),
    }  # fmt: skip


def frozen() -> pd.DataFrame:
    """The prediction that was written, and put beside the code, before the aided arm was first read."""
    text = files("experiments").joinpath(FROZEN).read_text(encoding="utf-8")
    return pd.read_csv(StringIO(text))


def shape(found: Prediction) -> pd.DataFrame:
    """How the fit meets the control arm, quarter by quarter (13 weeks): quarter, seen, expected, low, high (of 216)."""
    groups = found.trials(aided=False).reshape(-1, 4, 3).sum(axis=2)
    low, high = np.quantile(groups, (0.025, 0.975), axis=0)
    return pd.DataFrame({"quarter": np.arange(1, 5), "seen": found.control.reshape(4, 3).sum(axis=1),
                         "expected": groups.mean(axis=0), "low": low, "high": high})  # fmt: skip

"""The LIFE experiment in the same model: the men without aid are fitted, those with aid are predicted.

432 men were released from prison in Maryland; half of them, by lot, were paid for 13 weeks, and all were followed for a
year for their first arrest. The scenario ``life-maryland`` has money as a programme that helps with the support factor
economy and does nothing else. This module reads the control arm only; the aided arm is read in ``life_aid``.

Weeks become months of 52 / 12 weeks, so that 13 weeks are three months and 52 are twelve; an arrest belongs to the
month that holds the middle of its week.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiments.execution.context import Compute
from experiments.execution.jobs import Table
from experiments.inputs.scenario_files import load, written
from experiments.studies.validation import fit
from experiments.studies.validation.baseline import data_table
from experiments.studies.validation.fit import MIDDLE_95, Floats, Longs
from simulation.engine import SimulatedChunk, over_chunks
from simulation.scenario import Scenario

SCENARIO = "life-maryland"
WEEKS, MONTHS, MEN = 52, 12, 216
"""Weeks and months of follow-up; men in each arm."""
PARAMETERS = (
    ("risk.hazard_multiplier",), ("risk.long_run_hazard_ratio",), ("offending.delay_mean_months",),
    ("factor.economy.missing_hazard_ratio",), ("factor.economy.missing_at_release",), ("factor.economy.loss",),
    ("programme.aid.gain_multiplier", "programme.aid.gain_multiplier_others"),
)  # fmt: skip
"""The uncertain parameters: three that the control arm informs, then what money does."""
FITTED = {
    "risk.hazard_multiplier": ("LN(0.3, 1.0)", "baseline hazard multiplier"),
    "risk.long_run_hazard_ratio": ("U(0.1, 1.0)", "hazard long after release, part of the first month's"),
    "offending.delay_mean_months": ("LN(1.0, 1.0)", "mean months from offence to arrest"),
}

def control_weeks() -> pd.DataFrame:
    """The control arm: week (1 to 52), at_risk (men without an arrest before it), arrested (first arrests in it)."""
    return data_table("life_control_weeks")[["week", "at_risk", "arrested"]]


def months_of_weeks(arrested: npt.ArrayLike) -> Longs:
    """First arrests by month (12) from first arrests by week (52), by the middle of each week."""
    month = np.floor((np.arange(WEEKS) + 0.5) * MONTHS / WEEKS).astype(np.int64)
    return np.bincount(month, np.asarray(arrested, np.float64), MONTHS).astype(np.int64)


def run_task(context: dict[str, Any], payload: dict[str, Any]) -> Table:
    """First arrests at some draws in one column ``share``: draw by draw 12 months of the controls, then of the aided.

    ``context`` has ``scenario`` (TOML), ``people`` (half of them in each arm) and ``seed``, the same for every draw.
    """
    base = written(context["scenario"]).changed({"people.count": context["people"]})
    shares = [first_arrests(base.changed(each), seed=context["seed"]).ravel() for each in payload["changes"]]
    return {"share": np.concatenate(shares).tolist()}


def first_arrests(scenario: Scenario, *, seed: int) -> Floats:
    """Share of each arm (controls, aided) first arrested in each month: 2 x 12."""

    def reduce(cohort: SimulatedChunk) -> Longs:
        first, side = cohort.lives.time_sentence.astype(np.int64) - 1, cohort.people.side.astype(np.int64)
        counts = np.bincount(side * (MONTHS + 1) + np.minimum(first, MONTHS), minlength=2 * (MONTHS + 1))
        return counts.reshape(2, MONTHS + 1)

    counts = np.sum(list(over_chunks(scenario, seed, range(1), reduce, threads=1)), axis=0)
    return np.asarray(counts[:, :MONTHS] / counts.sum(axis=1, keepdims=True))


@dataclass(frozen=True, kw_only=True)
class LifePrediction:
    """The prediction of the aided men, made before their data are read."""

    draws: fit.WeightedDraws
    control: Longs
    """The control arm's first arrests by month, to which the draws were fitted."""
    chances: Floats
    """N x 2 x 12: share of each arm first arrested in each month, at each draw."""
    seed: int

    def cumulated(self, arm: int) -> Floats:
        """Share arrested by the end of each month, at each draw: N x 12."""
        return np.asarray(self.chances[:, arm].cumsum(axis=1))

    def groups(self, number: int = 20_000, *, aided: bool = True) -> Longs:
        """First arrests by month in groups of 216 men as the draws expect them: number x 12.

        Without ``aided`` the aid does nothing to the groups: they are as the controls.
        """
        rng = np.random.default_rng([self.seed, 7 + aided])
        return self.draws.groups(self.chances[:, int(aided)], MEN, number, rng)


def predict(compute: Compute, *, seed: int = 1, draws: int, people: int, command: str = "") -> LifePrediction:
    """Fit the control arm and predict the aided arm, of which no figure is read.

    ``draws`` is the number in each round of the fit, ``people`` the number simulated at each draw.
    """
    plan = load(SCENARIO)
    parameters = fit.uncertain_parameters(plan, PARAMETERS, FITTED)
    control = months_of_weeks(control_weeks()["arrested"])
    context = {"scenario": plan.to_toml(), "people": people, "seed": seed}
    shares = fit.predictor(parameters, compute, name="validate: life", work=f"{__name__}:run_task", context=context,
                       command=command)  # fmt: skip

    def likelihood(predicted: Floats) -> Floats:
        return fit.log_counts(predicted[:, :MONTHS], control, MEN - control.sum())

    found = fit.fit(parameters, shares, likelihood, seed=seed, draws=draws)
    return LifePrediction(draws=found, control=control, chances=found.predicted.reshape(-1, 2, MONTHS), seed=seed)


def curves(found: LifePrediction) -> pd.DataFrame:
    """Share arrested by arm and month (1 to 12): arm, month, week, mean, low, high, men_low, men_high.

    ``low`` and ``high`` are 95 % parameter uncertainty; ``men_low`` and ``men_high`` are 95 % of groups of 216 men,
    stochastic variation included.
    """
    parts = []
    for arm, name in enumerate(("control", "aided")):
        low, high = np.quantile(found.groups(aided=bool(arm)).cumsum(axis=1) / MEN, MIDDLE_95, axis=0)
        parts.append(pd.DataFrame({
            "arm": name, "month": np.arange(1, MONTHS + 1), "week": np.arange(1, MONTHS + 1) * WEEKS / MONTHS,
            **found.draws.curve(found.cumulated(arm)), "men_low": low, "men_high": high,
        }))  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def expected(found: LifePrediction) -> dict[str, float]:
    """The prediction in numbers: what the aid does to the share arrested within 52 weeks, and to the hazard.

    Differences are controls less aided (positive: the aid helps), 0-1; ``reported`` is what a trial of 216 men in each
    arm would report, stochastic variation included.
    """
    control, aided = (found.cumulated(arm)[:, -1] for arm in (0, 1))
    men = found.groups().sum(axis=1)
    reported = found.control.sum() / MEN - men / MEN
    numbers: dict[str, float] = {}
    for name, column in (("difference", control - aided), ("hazard_ratio", np.log1p(-aided) / np.log1p(-control))):
        low, high = found.draws.quantile(column)
        numbers |= {name: float(found.draws.mean(column)), f"{name}_low": float(low), f"{name}_high": float(high)}
    low, high = np.quantile(men, MIDDLE_95)
    return numbers | {
        "aided": float(found.draws.mean(aided)), "arrests": float(men.mean()),
        "arrests_low": float(low), "arrests_high": float(high),
        "reported_low": float(np.quantile(reported, 0.025)), "reported_high": float(np.quantile(reported, 0.975)),
    }  # fmt: skip


def frozen_prediction() -> pd.DataFrame:
    """The prediction that was written, and put beside the code, before the aided arm was first read."""
    return data_table("life_prediction")


def by_quarter(found: LifePrediction) -> pd.DataFrame:
    """How the fit meets the control arm by quarter (13 weeks): quarter, observed, expected, low, high (of 216 men)."""
    groups = found.groups(aided=False).reshape(-1, 4, 3).sum(axis=2)
    low, high = np.quantile(groups, MIDDLE_95, axis=0)
    return pd.DataFrame({"quarter": np.arange(1, 5), "observed": found.control.reshape(4, 3).sum(axis=1),
                         "expected": groups.mean(axis=0), "low": low, "high": high})  # fmt: skip

"""The observed patterns, one by one: what was observed, the band that was set for it, and the model's figure.

``data/patterns.csv`` carries each figure with its data, band, source and whether the model was fitted to it. Bands are
wider than the figures' own intervals where data are of another country, time or definition. A figure whose distance
from the end of its band is within twice the simulation error decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from importlib.resources import files
from io import StringIO
from itertools import pairwise
from typing import Any, TypeVar, cast

import numpy as np
import pandas as pd

from experiments.inputs.posterior import Posterior
from experiments.inputs.scenario_files import load
from experiments.studies.trial.validation_tables import single_factor
from experiments.studies.validation.baseline import measure
from experiments.verification.check_context import CheckContext
from experiments.verification.checks import Check, Finding
from simulation.engine import SimulatedChunk, run, tell
from simulation.events import CUSTODY_IN
from simulation.history import History, simulate
from simulation.scenario import Scenario
from simulation.trial_counts import Arms, highest_risk, trial_counts

COHORTS = 6
"""Cohorts of 20,000 simulated for a figure at size 1."""
TRIALS, PEOPLE, OF_HISTORY, MONTHS = 400, 20_000, 4_000, 36
WEEKS = 52 / 12
AGES = (15, 25, 35, 50, 200)
T = TypeVar("T")
Measured = tuple[float, float]
"""The model's figure and its simulation error."""


def patterns() -> pd.DataFrame:
    """The table of observed patterns.

    ``ci_low`` and ``ci_high`` are 95 % where known, ``how`` says how the model was fitted to it, ``measure`` is a key
    of ``MEASURES``, and ``known`` says why it is known to fail (empty if it is not).
    """
    text = files("experiments").joinpath("inputs/data/patterns.csv").read_text(encoding="utf-8")
    return pd.read_csv(StringIO(text), keep_default_na=False, na_values={name: [""] for name in ("ci_low", "ci_high")})


def pattern_checks() -> tuple[Check, ...]:
    """A check for every observed pattern, in the order of the table."""
    return tuple(_check(row) for row in patterns().to_dict("records"))


def _check(row: Mapping[Any, Any]) -> Check:
    def compare(context: CheckContext) -> Finding:
        value, error = MEASURES[row["measure"]](context)
        observed = f"observed {row['observed']:g}"
        return Finding(value=value, low=row["band_low"], high=row["band_high"], error=error, detail=observed)

    return Check(
        name=str(row["id"]), kind="pattern", family=str(row["group"]), claim=str(row["statistic"]), function=compare,
        origin=f"{row['data']}; {row['source']}", fitted="fitted to" if row["fitted"] == "yes" else "not fitted to",
        known=str(row["known"]),
    )  # fmt: skip


# The model's figures --------------------------------------------------------------------------------------------


def _mean(values: Any) -> Measured:
    each = np.asarray(values, dtype=np.float64)
    return float(each.mean()), float(each.std(ddof=1) / np.sqrt(len(each))) if len(each) > 1 else 0.0


def _share(number: float, of: float) -> Measured:
    share = number / of if of else float("nan")
    return share, float(np.sqrt(share * (1 - share) / of)) if of else 0.0


def once(function: Callable[[CheckContext], T]) -> Callable[[CheckContext], T]:
    """Compute something once for all checks of a context."""
    return lambda context: cast(T, context.once(function.__name__, lambda: function(context)))


@once
def everyone(context: CheckContext) -> Scenario:
    """Everybody released, no programme, followed for three years: what the patterns are about."""
    del context
    return load("everyone").replace(people__follow_up_months=MONTHS, people__count=PEOPLE)


@once
def _figures(context: CheckContext) -> list[dict[str, float]]:
    """The baseline's figures and some more, cohort by cohort."""
    scenario = everyone(context)
    seeds = [context.seed * 1000 + k for k in range(context.scaled(COHORTS))]
    return [measure(scenario, seed=seed) | _men_and_ages(run(scenario, seed=seed)) | _returns(scenario, seed)
            for seed in seeds]  # fmt: skip


def _men_and_ages(cohort: SimulatedChunk) -> dict[str, float]:
    people, lives = cohort.people, cohort.lives
    men, again = people.woman == 0, lives.time_any <= 24
    prison = (lives.time_prison <= 24) & men
    by_age = [again[(people.age >= low) & (people.age < high)].mean() for low, high in pairwise(AGES)]
    lacks = people.lacks.sum(axis=0)
    return {
        "any_men": float(again[men].mean()), "prison_of_reoffending_men": float(prison.sum() / (again & men).sum()),
        "age_falls": float(np.sum(np.diff(by_age) < 0)),
        "any_men_ten": float(again[men & (people.priors >= 10)].mean()),
        "one_problem": float((lacks >= 1).mean()), "three_problems": float((lacks >= 3).mean()),
        "short_sentences": float((people.sentence <= 3.0).mean()),
        "long_sentences": float((people.sentence > 24.0).mean()),
    }  # fmt: skip


def _returns(scenario: Scenario, seed: int) -> dict[str, float]:
    """Hazards of the first return to prison, by its date."""
    cohort, events = tell(scenario, seed=seed, every_event=False)
    inside = events.kind == CUSTODY_IN
    first = np.full(len(cohort.people.person), MONTHS)
    np.minimum.at(first, events.person[inside], events.month[inside])

    def hazard(low: int, high: int) -> float:
        months = np.clip(first, low, high) - low
        return float(((first >= low) & (first < high)).sum() / (months + 0.0)[first >= low].sum())

    free = [float((first >= month).mean()) for month in (12, 24)]
    return {"return_rises": hazard(4, 10) / hazard(0, 4), "return_year_2": np.log(free[0] / free[1]) / -np.log(free[0])}


def _figure(name: str, context: CheckContext) -> Measured:
    return _mean([each[name] for each in _figures(context)])


@once
def _arms(context: CheckContext) -> Arms:
    """Mentored and controls of the highest-risk group, with the effect as reported."""
    scenario = load("as-reported")
    counts = trial_counts(scenario, seed=context.seed, trials=context.scaled(TRIALS))
    return highest_risk(counts, scenario.trial.definition)


def _trial(arm: int, context: CheckContext) -> Measured:
    """Two-year risk in an arm (0 mentored, 1 control)."""
    arms = _arms(context)
    return arms.risks[arm], arms.errors[arm]


def _posterior_ratio(context: CheckContext) -> Measured:
    del context
    table = Posterior.read(files("experiments").joinpath("inputs/data/posterior.parquet")).table  # type: ignore[arg-type]
    return float((table["_mentored"] / table["_control"]).median()), 0.0


@once
def _history(context: CheckContext) -> History:
    scenario = everyone(context).replace(people__count=OF_HISTORY)
    return simulate(scenario, seed=context.seed, replicates=context.scaled(1))


@once
def _work(context: CheckContext) -> dict[str, Measured]:
    """Weekly chances to gain and lose work of people at liberty; the share of all released in work after 30 months."""
    history = _history(context)
    people, events = history.people, history.events
    key = pd.MultiIndex.from_frame(people[["replicate", "person"]])
    row = key.get_indexer(pd.MultiIndex.from_frame(events[["replicate", "person"]]))
    month, what = events["month"].to_numpy(), events["event"].astype(str).to_numpy()
    mine, ours = events["detail"].eq("employment").to_numpy(), (month >= 0) & (month < MONTHS)
    moved, inside = np.zeros((2, len(people), MONTHS + 1), np.int8)
    for name, step in (("gain", 1), ("loss", -1)):
        which = (what == name) & mine & ours
        np.add.at(moved, (row[which], month[which] + 1), np.int8(step))
    for name, step in (("custody in", 1), ("custody out", -1)):
        which = (what == name) & ours
        np.add.at(inside, (row[which], month[which]), np.int8(step))
    held = people["has_employment"].to_numpy(np.int8)[:, None] + np.cumsum(moved, axis=1)
    free = np.cumsum(inside, axis=1)[:, :MONTHS] == 0
    own = events["value"].to_numpy() == 0
    rates = {}
    for name, event, state in (("job_gained", "gain", 0), ("job_lost", "loss", 1)):
        number = ((what == event) & mine & ours & own).sum()
        chance, error = _share(float(number), float((free & (held[:, :MONTHS] == state)).sum()))
        rates[name] = (1 - (1 - chance) ** (1 / WEEKS), error / WEEKS)
    rates["in_work_30"] = _share(float((held[:, 30] * free[:, 30]).sum()), float(len(people)))
    return rates


def _of_work(name: str, context: CheckContext) -> Measured:
    return _work(context)[name]


@once
def _singles(context: CheckContext) -> pd.DataFrame:
    return single_factor(everyone(context), seed=context.seed).set_index("factor")


def _single(factor: str, context: CheckContext) -> Measured:
    """Odds ratio of reoffending within 24 months, a factor missing against held by everybody, all others missing."""
    table = _singles(context)
    odds = {name: (row["reoffended_24m"], row["n"] - row["reoffended_24m"]) for name, row in table.iterrows()}
    lacked, held = odds["none"], odds[factor]
    ratio = (lacked[0] / lacked[1]) / (held[0] / held[1])
    # Both cohorts live with the same random numbers, so that the error without it is an upper bound.
    return float(ratio), float(ratio * np.sqrt(sum(1 / number for number in (*lacked, *held))))


OF_COHORTS = (
    "any_6", "any_12", "any_24", "one_offence", "four_offences", "prison_men", "sentence_24", "hazard_year_2",
    "risk_year_3", "age_hazard_ratio", "priors_hazard_ratio", "age_odds", "priors_odds", "any_men",
    "prison_of_reoffending_men", "age_falls", "any_men_ten", "one_problem", "three_problems", "short_sentences",
    "long_sentences", "return_rises", "return_year_2",
)  # fmt: skip
MEASURES: dict[str, Callable[[CheckContext], Measured]] = {
    **{name: partial(_figure, name) for name in OF_COHORTS},
    **{name: partial(_of_work, name) for name in ("job_gained", "job_lost", "in_work_30")},
    **{f"single_{name}": partial(_single, name)
       for name in ("housing", "economy", "employment", "education", "network")},
    "trial_mentored": partial(_trial, 0), "trial_control": partial(_trial, 1), "posterior_ratio": _posterior_ratio,
}  # fmt: skip
"""The model's figure for each name in the column ``measure``."""

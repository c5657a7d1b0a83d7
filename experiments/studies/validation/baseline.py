"""The baseline: the released population, without any programme, beside the Danish and open data.

``measure`` gives the model's value of each target of ``inputs/data/baseline_targets.csv``, into which better data can
be put.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from importlib.resources import files
from io import StringIO
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiments.statistics.regression import cox
from simulation.engine import run
from simulation.scenario import Scenario


def data_table(name: str, **options: Any) -> pd.DataFrame:
    """A table of ``inputs/data`` by its name; ``options`` are those of ``pandas.read_csv``."""
    text = files("experiments").joinpath(f"inputs/data/{name}.csv").read_text(encoding="utf-8")
    table: pd.DataFrame = pd.read_csv(StringIO(text), **options)
    return table


def targets() -> pd.DataFrame:
    """The observed figures: id, value aimed at, band (low, high), scale (weight 1/scale), fitted, what, source."""
    return data_table("baseline_targets")


def measure(
    scenario: Scenario, *, seed: int, people: int | None = None, threads: int | None = None
) -> dict[str, float]:
    """The model's value for each target, from one cohort followed for 36 months (shares 0-1, ratios).

    Counts of offences are of the first 24 months, from a second run of the same people with the same random numbers.
    """
    changes = {"people.follow_up_months": 36, **({} if people is None else {"people.count": people})}
    long = scenario.changed(changes)
    cohort = run(long, seed=seed, threads=threads)
    short = run(long.changed({"people.follow_up_months": 24}), seed=seed, threads=threads)
    lives, released = cohort.lives, cohort.people
    first, men = lives.first_offence, released.woman == 0
    number = short.lives.offences[short.lives.time_any <= 24]
    free = {window: float((first >= window).mean()) for window in (12, 24, 36)}
    covariates = np.column_stack([released.age / 10.0, released.priors]).astype(np.float64)
    age, priors = np.exp(cox(covariates, np.minimum(first + 1, 36), first < 36))

    def odds(rows: npt.NDArray[np.bool_]) -> float:
        share = float((first[rows] < 24).mean())
        return share / (1 - share)

    return {
        **{f"any_{window}": float((lives.time_any <= window).mean()) for window in (6, 12, 24)},
        "prison_men": float((lives.time_prison[men] <= 24).mean()),
        "sentence_24": float((lives.time_sentence <= 24).mean()),
        "one_offence": float((number == 1).mean()), "four_offences": float((number >= 4).mean()),
        "hazard_year_2": math.log(free[12] / free[24]) / -math.log(free[12]), "risk_year_3": 1 - free[36] / free[24],
        "age_hazard_ratio": float(age), "priors_hazard_ratio": float(priors),
        "age_odds": odds(released.age < 25) / odds(released.age >= 50),
        "priors_odds": odds(released.priors >= 10) / odds(released.priors <= 4),
    }  # fmt: skip


def compare(scenario: Scenario, *, seed: int, people: int | None = None, threads: int | None = None) -> pd.DataFrame:
    """Model and data: the targets with columns model and inside (whether it lies in the band)."""
    table, values = targets(), measure(scenario, seed=seed, people=people, threads=threads)
    table["model"] = [values[name] for name in table["id"]]
    table["inside"] = table["model"].between(table["low"], table["high"])
    return table


def compare_draws(scenarios: Iterable[Scenario], *, seed: int, people: int, threads: int | None) -> pd.DataFrame:
    """Model and data over the draws of a posterior, each with random numbers of its own.

    The targets with columns model (mean over draws), model_low, model_high (middle 95 %) and inside (whether the mean
    lies in the band).
    """
    table = targets()
    found = [measure(scenario, seed=seed + k, people=people, threads=threads) for k, scenario in enumerate(scenarios)]
    columns = np.array([[each[name] for name in table["id"]] for each in found])
    table["model"] = columns.mean(axis=0)
    table["model_low"], table["model_high"] = np.quantile(columns, [0.025, 0.975], axis=0)
    table["inside"] = table["model"].between(table["low"], table["high"])
    return table


def factor_shifts(scenario: Scenario, *, seed: int, people: int = 20_000) -> pd.DataFrame:
    """How far each support factor moves the baseline, although the mean hazard at release is held.

    Columns: factor, with_factor and without_factor (share with a new decision in two years, nobody mentored, same
    random numbers), shift (percentage points). A shift comes from factors changing after release and from people
    differing more.
    """
    bare = scenario.changed({"people.count": people, "trial.assignment": "nobody"})
    whole = float((run(bare, seed=seed).lives.time_any <= 24).mean())
    rows = []
    for name in scenario.factor:
        factor = {
            key: row.model_copy(update={"helped_by": {k: v for k, v in row.helped_by.items() if k != name}})
            for key, row in bare.factor.items() if key != name
        }  # fmt: skip
        programme = {
            key: row.model_copy(update={"gain_weights": {k: v for k, v in row.gain_weights.items() if k != name}})
            for key, row in bare.programme.items()
        }  # fmt: skip
        data = bare.model_copy(update={"factor": factor, "programme": programme})
        without = float((run(data, seed=seed).lives.time_any <= 24).mean())
        rows.append({"factor": name, "with_factor": whole, "without_factor": without,
                     "shift": 100 * (whole - without)})  # fmt: skip
    return pd.DataFrame(rows)


def shifts_text(table: pd.DataFrame) -> str:
    """The shifts of ``factor_shifts`` as text."""
    shares = {name: [f"{100 * share:.1f} %" for share in table[name]] for name in ("with_factor", "without_factor")}
    shown = table.assign(**shares, shift=[f"{shift:+.1f}" for shift in table["shift"]])
    return (f"{shown.to_string(index=False)}\nShare with a new decision in two years (any) with and without the "
            "factor, nobody mentored, the same random numbers; shift in percentage points.")  # fmt: skip

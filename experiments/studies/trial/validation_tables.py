"""Four tables for checks against outside data: the whole released population, work, single factors, the trial.

Months are turned into weeks by 52 / 12; everything else is read off histories.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from experiments.inputs.scenario_files import load
from simulation.engine import run
from simulation.history import History, simulate
from simulation.population import centre, reference
from simulation.scenario import Scenario

PEOPLE = 20_000
MONTHS = 36
WEEKS_PER_MONTH = 52 / 12


def validation_tables(scenario: Scenario, *, seed: int) -> dict[str, pd.DataFrame]:
    """The tables agents, employment, single_factor and trial.

    The first three are of the whole released population without any programme and with this scenario's risk, factors
    and people (at least 20,000); the last is of the scenario's trial, or of ``pooled`` if it has none.
    """
    everyone = untreated(scenario)
    history = simulate(everyone, seed=seed)
    trial = scenario if scenario.trial.assignment == "randomised" else load("pooled")
    return {
        "agents": agents(history), "employment": employment(everyone, history),
        "single_factor": single_factor(everyone, seed=seed), "trial": trial_by_tercile(trial, seed=seed),
    }  # fmt: skip


def untreated(scenario: Scenario) -> Scenario:
    """Everybody released under the scenario's risk and factors: no programme, all places, followed for 36 months."""
    plain = Scenario()
    return plain.model_copy(
        update={
            "people": scenario.people.model_copy(update={
                "count": max(PEOPLE, scenario.people.count if not scenario.trial.signed_up else 0),
                "follow_up_months": MONTHS, "calendar_months": 0, "release_months": 1,
            }),
            "risk": scenario.risk.model_copy(
                update={"hazard_multiplier": plain.risk.hazard_multiplier} if scenario.trial.signed_up else {}
            ),
            "factor": scenario.factor, "offending": scenario.offending, "custody": scenario.custody,
            "peers": scenario.peers,
        }
    )  # fmt: skip


def agents(history: History) -> pd.DataFrame:
    """age (years), priors (earlier convictions), t1_months (first offence, empty if none), n_0_12, n_12_24."""
    people = history.people
    offences = history.events[history.events["event"] == "offence"]
    key = pd.MultiIndex.from_frame(people[["replicate", "person"]])

    def number(rows: pd.DataFrame) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        return rows.groupby(["replicate", "person"])["value"].sum().reindex(key, fill_value=0).to_numpy(np.int64)

    first = offences.groupby(["replicate", "person"])["month"].min().reindex(key)
    return pd.DataFrame({
        "age": people["age"].astype(float).round(2), "priors": people["priors"],
        "t1_months": first.to_numpy(float) + 1,
        "n_0_12": number(offences[offences["month"] < 12]),
        "n_12_24": number(offences[(offences["month"] >= 12) & (offences["month"] < 24)]),
    })  # fmt: skip


def employment(scenario: Scenario, history: History) -> pd.DataFrame:
    """employed_prev_week (0, 1), person_weeks and first_offences, among people without an offence so far.

    A first offence comes before any custody, so every month up to it is at liberty.
    """
    if "employment" not in scenario.factor:
        return pd.DataFrame({"employed_prev_week": [0, 1], "person_weeks": [0.0, 0.0], "first_offences": [0, 0]})
    people, events = history.people, history.events
    months = int(people["followed"].max())
    key = pd.MultiIndex.from_frame(people[["replicate", "person"]])
    first = events[events["event"] == "offence"].groupby(["replicate", "person"])["month"].min().reindex(key)
    until = first.fillna(months).to_numpy(np.int64)
    change = np.zeros((len(people), months + 1), np.int8)
    moved = events[events["detail"].eq("employment") & events["event"].isin(["gain", "loss"])]
    moved = moved[(moved["month"] >= 0) & (moved["month"] < months)]
    rows = key.get_indexer(pd.MultiIndex.from_frame(moved[["replicate", "person"]]))
    np.add.at(change, (rows, moved["month"].to_numpy() + 1), np.where(moved["event"] == "gain", 1, -1))
    employed = people["has_employment"].to_numpy(np.int8)[:, None] + np.cumsum(change, axis=1, dtype=np.int8)
    month = np.arange(months)
    at_risk = month[None, :] <= until[:, None]
    offended = (month[None, :] == until[:, None]) & first.notna().to_numpy()[:, None]
    state = employed[:, :months] == 1
    return pd.DataFrame([
        {"employed_prev_week": code, "person_weeks": round(float((at_risk & which).sum()) * WEEKS_PER_MONTH, 1),
         "first_offences": int((offended & which).sum())}
        for code, which in ((0, ~state), (1, state))
    ])  # fmt: skip


def single_factor(scenario: Scenario, *, seed: int) -> pd.DataFrame:
    """factor (none, then one that all people have throughout and all others missing), n, reoffended by 12 and 24."""
    rows = []
    for name in ("none", *scenario.factor):
        factor = {
            key: row.model_copy(update={
                "missing_at_release": 0.0 if key == name else 1.0, "gain": 0.0, "loss": 0.0,
                "lost_in_custody": 0.0, "helped_by": {},
            })
            for key, row in scenario.factor.items()
        }  # fmt: skip
        # The centre is kept: the hazard of each person is the scenario's own, only what is held differs.
        moved = scenario.model_copy(update={"factor": factor})
        level = scenario.risk.hazard_multiplier * centre(moved) / centre(scenario)
        moved = moved.model_copy(update={"risk": scenario.risk.model_copy(update={"hazard_multiplier": level})})
        first = run(moved, seed=seed).lives.first_offence
        rows.append({"factor": name, "n": len(first), "reoffended_12m": int((first < 12).sum()),
                     "reoffended_24m": int((first < 24).sum())})  # fmt: skip
    return pd.DataFrame(rows)


def trial_by_tercile(scenario: Scenario, *, seed: int, trials: int = 400) -> pd.DataFrame:
    """arm (control, mentor), risk_tercile (1 low to 3 high), n and reoffended_24m, summed over trials."""
    cohort = run(scenario, seed=seed, replicates=trials)
    low, high = reference(scenario).terciles
    tercile = 1 + (cohort.lives.score >= low).astype(int) + (cohort.lives.score >= high)
    hit = getattr(cohort.lives, f"time_{scenario.trial.definition}") <= 24
    table = pd.DataFrame({
        "arm": np.where(cohort.people.side == 1, "mentor", "control"), "risk_tercile": tercile, "hit": hit,
    })  # fmt: skip
    grouped = table.groupby(["arm", "risk_tercile"])["hit"]
    return pd.DataFrame({"n": grouped.size(), "reoffended_24m": grouped.sum()}).reset_index()

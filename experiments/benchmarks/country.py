"""How fast a whole country is simulated: ten years of Denmark, 98 municipalities, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from time import perf_counter
from typing import Any

import numpy as np

from experiments.studies.rollout.plan import load, planned
from experiments.studies.rollout.plan_scenario import scenario_of
from simulation.engine import SimulatedChunk, over_chunks
from simulation.monthly_counts import names
from simulation.scenario import Scenario

YEARS, PEOPLE = 10, 70_300
WAYS: dict[str, dict[str, Any]] = {
    "followed two years": {"people.include_reentries": False, "people.follow_up_months": 24},
    "followed to the end": {"people.include_reentries": False},
    "returns count": {},
}
"""Everybody drawn is followed two years; or until the ten years are over; or as plans do: those who return count among
the releases, so that fewer people are drawn."""


def country(way: str) -> Scenario:
    """Ten years of Denmark under the plan ``nationwide-at-once``, with nothing after the last month of releases."""
    plan, places = load("nationwide-at-once")
    plan = planned({**plan.model_dump(exclude_unset=True), "years": YEARS})
    months = 12 * YEARS
    return scenario_of(plan, places).changed({
        "people.count": PEOPLE, "people.follow_up_months": months, "people.calendar_months": months, **WAYS[way],
    })  # fmt: skip


def measure(way: str, replicates: int) -> dict[str, float]:
    """Seconds, person-months (millions), millions of them a second, and peak memory (MiB) of so many replicates."""
    scenario = country(way)
    row = {name: k for k, name in enumerate(names(scenario))}

    def months_and_starts(cohort: SimulatedChunk) -> tuple[float, float]:
        tally = cohort.tally.sum(axis=(1, 2, 3), dtype=np.float64)
        months = float(tally[row["custody_months"]] + tally[row["liberty_months"]])
        return months, float(tally[row["primus_motor.started"]])

    list(over_chunks(scenario, 1, range(2), months_and_starts, ledger=True))
    begun = perf_counter()
    found = list(over_chunks(scenario, 2, range(replicates), months_and_starts, ledger=True))
    spent = perf_counter() - begun
    work = sum(months for months, _ in found) / 1e6
    return {"seconds": spent, "person_months": work, "a_second": work / spent, "peak_mib": peak_memory(),
            "courses": sum(courses for _, courses in found) / replicates}  # fmt: skip


def peak_memory() -> float:
    """The most memory that this process has had, MiB; not a number where the system does not tell (Windows)."""
    try:
        import resource  # Windows has none
    except ImportError:
        return float("nan")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 1024**2)


def measure_apart(way: str, replicates: int) -> dict[str, float]:
    """``measure`` in a fresh process, so that its memory is its own."""
    command = [sys.executable, "-m", "experiments.benchmarks.country", way, str(replicates)]
    found: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure(sys.argv[1], int(sys.argv[2]))))

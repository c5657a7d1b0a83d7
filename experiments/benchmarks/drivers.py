"""What the benchmark measures: both drivers on the same scenario, memory, start-up, studies, and the store of runs."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd

from experiments.execution.context import RunContext
from experiments.execution.jobs import Store
from experiments.execution.store import Contents, checksum, encoded
from experiments.execution.store_listing import store_listing
from experiments.inputs.designs import Axis, points
from experiments.inputs.scenario_files import load
from experiments.studies.trial.sweep import prepared, simulate_design
from experiments.studies.trial.sweep_study import SweepStudy
from experiments.studies.trial.trial import repeat_trial
from simulation.compiled_parameters import months_before
from simulation.engine import over_chunks, run
from simulation.mesa_model import ReentryModel
from simulation.scenario import Scenario
from simulation.state import bytes_per_person

MESA_PEOPLE = 2_000
"""Most people simulated in Mesa; it is no faster per person with more."""
BLOCK_PEOPLE = 200_000
"""People that a measurement of the engine simulates at least, in replicates."""

PLANS = ("todays-area", "nationwide-over-five-years", "nationwide-at-once")
AXES = ("effect.hazard_ratio=0.05:1:1000:log", "programme.half_life_months=3:120:2")
"""Two thousand points."""
POINTS, ROUNDS, REPLICATES = 200, 5, 200
"""Points of a round, rounds, and trials at each point, with and without the store."""
PIECES, STUDIES = 100_000, 50
"""Of the store that is listed."""


def full_model(people: int) -> Scenario:
    """The full model: the trial's eight municipalities with all of its mechanisms, scaled to so many people.

    Both routes of the effect, volunteers, the waiting list, custody, peers, scarcity of flats and jobs; releases over
    a year and volunteers in the proportion of the trial.
    """
    size = people / load("pooled").people.count
    return load("pooled").changed({
        "people.count": people, "people.release_months": 12, "volunteers.at_start": 60.0 * size,
        "volunteers.recruits_per_month": 4.0 * size,
    })  # fmt: skip


def person_months(scenario: Scenario, replicates: int = 1) -> int:
    """Person-months that a run simulates: everybody from the first programme's start to the end of follow-up."""
    people = scenario.people
    return replicates * people.count * (people.follow_up_months + months_before(scenario))


def seconds(work: Callable[[], object], *, tries: int = 3) -> float:
    """Shortest of some tries, in seconds."""
    best = float("inf")
    for _ in range(tries):
        begin = perf_counter()
        work()
        best = min(best, perf_counter() - begin)
    return best


def simulate_replicates(scenario: Scenario, replicates: int, threads: int | None) -> int:
    """Simulate replicates as studies do, keeping no more than a count of each chunk; returns all offences."""
    chunks = over_chunks(
        scenario, 1, range(replicates), lambda cohort: int(cohort.lives.offences.sum()), threads=threads
    )
    return sum(chunks)


def driver_speeds(sizes: Sequence[int]) -> pd.DataFrame:
    """Person-months per second (millions) of the engine and of Mesa, and bytes a person, for each size.

    The full model counts everything but drawing the people: volunteers and waiting lists too. The column
    "no programme" is the scenario ``everyone`` (support, scarcity, peers, offences, custody) on one thread.
    """
    rows = []
    for people in sizes:
        scenario = full_model(people)
        replicates = max(1, BLOCK_PEOPLE // people)
        work = person_months(scenario, replicates)
        cohort = run(scenario, seed=1, replicates=replicates)  # compiled, and people drawn
        one = seconds(lambda: simulate_replicates(scenario, replicates, 1))  # noqa: B023
        every = seconds(lambda: simulate_replicates(scenario, replicates, None))  # noqa: B023
        bare = load("everyone").changed({"people.count": people})
        simulate_replicates(bare, replicates, 1)
        alone = seconds(lambda: simulate_replicates(bare, replicates, 1))  # noqa: B023
        small = full_model(min(people, MESA_PEOPLE))
        model = ReentryModel(small, seed=1)
        mesa = seconds(model.run, tries=1)
        slow = person_months(small) / mesa / 1e6
        rows.append({
            "people": people, "replicates": replicates, "engine 1 thread": work / one / 1e6,
            "engine all threads": work / every / 1e6, "Mesa": slow, "ratio": work / one / 1e6 / slow,
            "ratio all": work / every / 1e6 / slow,
            "no programme": person_months(bare, replicates) / alone / 1e6,
            "bytes a person": bytes_per_person(cohort.people, cohort.lives),
        })  # fmt: skip
    return pd.DataFrame(rows)


def start_up_seconds() -> dict[str, float]:
    """Seconds of whole commands: help, a warm run of 7,030 people, and a first run that has to compile."""
    desist = [sys.executable, "-m", "experiments.cli.main"]
    with tempfile.TemporaryDirectory() as folder:
        run_7030 = [*desist, "run", "everyone", "--set", "people.count=7030", "--out", folder]

        def call(arguments: list[str], **more: str) -> None:
            subprocess.run(arguments, check=True, capture_output=True, env={**os.environ, **more})

        call(run_7030)
        return {
            "desist --help": seconds(lambda: call([*desist, "--help"])),
            "desist run of 7,030 people, warm": seconds(lambda: call(run_7030)),
            "the same, compiling first": seconds(lambda: call(run_7030, DESIST_CACHE=folder), tries=1),
        }


def study_seconds() -> dict[str, float]:
    """Seconds of the headline studies once compiled."""
    ready = prepared(SweepStudy())
    pooled = load("pooled")
    repeat_trial(pooled, seed=2, trials=100)

    def whole(*verb: str) -> float:
        """Seconds that a verb takes with its default settings, in a process of its own."""
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "experiments.cli.main", *verb, "--no-store", "--out", folder]
            return seconds(lambda: subprocess.run(command, check=True, capture_output=True), tries=1)

    return {
        "10,000 trials of 97 people": seconds(lambda: repeat_trial(pooled, seed=1, trials=10_000), tries=1),
        f"the default sweep ({len(ready.points)} points)": seconds(
            lambda: list(simulate_design(ready.base, ready.points, seed=1, replicates=ready.plan.replicates)), tries=1
        ),
        **{f"desist {verb}, as it comes": whole(verb) for verb in ("power", "mechanisms", "sensitivity", "calibrate")},
        "desist compare of three plans, as it comes": whole("compare", *PLANS),
    }


# The store of runs -------------------------------------------------------------------------------------------


def store_costs() -> dict[str, float]:
    """What the store costs, for ``desist benchmark``."""
    return {
        **overhead(), "seconds to read 2,000 points back": read_back(), "seconds to list 100,000 pieces": listing(),
    }  # fmt: skip


def overhead() -> dict[str, float]:
    """What the store adds to a sweep: the same points with and without it, in turn, so that both meet the same machine.

    Each round keeps its pieces in a new store. Seconds a point without the store, its ratio with to without (median
    over rounds), and the same ratio by what the processors were busy for, which other programs on the machine disturb
    less.
    """
    design = _design()[:: 2_000 // POINTS][:POINTS]
    _sweep(design[:4], 1, REPLICATES, None)
    ratios, busy, plain = [], [], []
    for k in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            store = Store(Path(folder))
            spent = {}
            for kept in (None, store) if k % 2 else (store, None):
                wall, before = perf_counter(), os.times()
                _sweep(design, k, REPLICATES, kept)
                after = os.times()
                worked = after.user + after.system - before.user - before.system
                spent[kept is not None] = (perf_counter() - wall, worked)
        ratios.append(spent[True][0] / spent[False][0])
        busy.append(spent[True][1] / spent[False][1])
        plain.append(spent[False][0] / len(design))
    return {
        "seconds a point": float(np.median(plain)), "with the store to without": float(np.median(ratios)),
        "the same, busy": float(np.median(busy)),
    }  # fmt: skip


def read_back() -> float:
    """Seconds to read a finished sweep of 2,000 points back (how long its trials took has no part in it)."""
    with tempfile.TemporaryDirectory() as folder:
        _sweep(_design(), 1, 2, Store(Path(folder)))
        begun = perf_counter()
        _sweep(_design(), 1, 2, Store(Path(folder)))
        return perf_counter() - begun


def _sweep(design: list[dict[str, Any]], seed: int, replicates: int, store: Store | None) -> None:
    for _ in simulate_design(load("trial"), design, seed=seed, replicates=replicates, context=RunContext(store=store)):
        pass


def listing() -> float:
    """Seconds to list a store of so many pieces in so many studies, as ``desist store`` does."""
    with tempfile.TemporaryDirectory() as folder:
        fill(Store(Path(folder)))
        begun = perf_counter()
        store_listing(Contents.of(Path(folder)))
        return perf_counter() - begun


def fill(store: Store) -> None:
    """Write made-up pieces and studies into a store."""
    rng = np.random.default_rng(1)
    data = encoded({"mentored": [0.3], "control": [0.7]}, {"made": "for a measurement"})
    name = checksum(data)
    addresses = [rng.bytes(20).hex() for _ in range(PIECES)]
    for k in range(256):
        (store.path / "pieces" / f"{k:02x}").mkdir()
    for address in addresses:
        (store.path / "pieces" / address[:2] / f"{address[2:]}-{name}.arrow").write_bytes(data)
    work = "experiments.studies.trial.design_points:simulate_design_point"
    head = {"name": "made up", "work": work, "code": "0" * 16, "command": "none"}
    for part in np.array_split(np.array(addresses), STUDIES):
        store.enter(head, {}, part.tolist())


def _design() -> list[dict[str, Any]]:
    return points([Axis.read(text) for text in AXES], "grid", 0, seed=1)

"""What the store of runs costs: a sweep with it beside one without, a finished one read back, a full store listed."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from experiments.execution.context import RunContext
from experiments.execution.jobs import Store
from experiments.execution.store import Contents, checksum, encoded
from experiments.execution.store_listing import store_listing
from experiments.inputs.designs import Axis, points
from experiments.inputs.scenario_files import load
from experiments.studies.trial.sweep import simulate_design

AXES = ("effect.hazard_ratio=0.05:1:1000:log", "programme.half_life_months=3:120:2")
"""Two thousand points."""
POINTS, ROUNDS, REPLICATES = 200, 5, 200
"""Points of a round, rounds, and trials at each point, with and without the store."""
PIECES, STUDIES = 100_000, 50


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

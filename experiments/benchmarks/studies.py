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
PIECES = 100_000
STUDIES = 50


def overhead(number: int = 200, *, rounds: int = 5, replicates: int = 200) -> dict[str, float]:
    """What the store adds to a sweep: the same points with and without it, in turn, so that both meet the same machine.

    Parameters
    ----------
    number, replicates
        Points of a round and trials at each; points are taken from all of ``AXES``.
    rounds
        How often; each keeps its pieces in a new store.

    Returns
    -------
    Seconds a point without the store, its ratio with to without (median over rounds), and the same ratio by what the
    processors were busy for, which other programs on the machine disturb less.
    """
    base = load("trial")
    design = _design()[:: max(1, 2_000 // number)][:number]
    list(simulate_design(base, design[:4], seed=1, replicates=replicates))
    ratios, busy, plain = [], [], []
    for k in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            store = Store(Path(folder))
            spent = {}
            for kept in (None, store) if k % 2 else (store, None):
                wall, processor = perf_counter(), os.times()
                context = RunContext(store=kept)
                for _ in simulate_design(base, design, seed=k, replicates=replicates, context=context):
                    pass
                after = os.times()
                worked = after.user + after.system - processor.user - processor.system
                spent[kept is not None] = (perf_counter() - wall, worked)
        ratios.append(spent[True][0] / spent[False][0])
        busy.append(spent[True][1] / spent[False][1])
        plain.append(spent[False][0] / len(design))
    return {
        "seconds a point": float(np.median(plain)), "with the store to without": float(np.median(ratios)),
        "the same, busy": float(np.median(busy)),
    }  # fmt: skip


def read_back(replicates: int = 2) -> float:
    """Seconds to read a finished sweep of 2,000 points back (how long its trials took has no part in it)."""
    base, design = load("trial"), _design()
    with tempfile.TemporaryDirectory() as folder:
        for _ in simulate_design(base, design, seed=1, replicates=replicates, context=_stored(folder)):
            pass
        begun = perf_counter()
        for _ in simulate_design(base, design, seed=1, replicates=replicates, context=_stored(folder)):
            pass
        return perf_counter() - begun


def _stored(folder: str) -> RunContext:
    return RunContext(store=Store(Path(folder)))


def listing(pieces: int = PIECES, studies: int = STUDIES) -> float:
    """Seconds to list a store of so many pieces in so many studies, as ``desist store`` does."""
    with tempfile.TemporaryDirectory() as folder:
        store = filled(Path(folder), pieces, studies)
        begun = perf_counter()
        store_listing(Contents.of(store.path))
        return perf_counter() - begun


def filled(path: Path, pieces: int, studies: int) -> Store:
    """A store of so many made-up pieces."""
    store = Store(path)
    rng = np.random.default_rng(1)
    data = encoded({"mentored": [0.3], "control": [0.7]}, {"made": "for a measurement"})
    name = checksum(data)
    addresses = [rng.bytes(20).hex() for _ in range(pieces)]
    for k in range(256):
        (path / "pieces" / f"{k:02x}").mkdir()
    for address in addresses:
        (path / "pieces" / address[:2] / f"{address[2:]}-{name}.arrow").write_bytes(data)
    work = "experiments.studies.trial.design_points:simulate_design_point"
    head = {"name": "made up", "work": work, "code": "0" * 16, "command": "none"}
    for part in np.array_split(np.array(addresses), studies):
        store.enter(head, {}, part.tolist())
    return store


def _design() -> list[dict[str, Any]]:
    return points([Axis.read(text) for text in AXES], "grid", 0, seed=1)


def store_costs() -> dict[str, float]:
    """All of it, for ``desist benchmark``."""
    return {
        **overhead(), "seconds to read 2,000 points back": read_back(), "seconds to list 100,000 pieces": listing(),
    }  # fmt: skip

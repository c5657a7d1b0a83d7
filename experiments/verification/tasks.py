"""The attacks of a full run as pieces of a study: one family of checks a piece, so that an interrupted run goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd

from experiments.execution.jobs import Job, Table
from experiments.verification.analytical import FORMS
from experiments.verification.checks import COLUMNS, Check, Ground, judged, table_of
from experiments.verification.controls import CONTROLS
from experiments.verification.invariants import LAWS
from experiments.verification.patterns import checks

FULL_SIZE = 4.0
"""Times as many worlds, people and cohorts as the quick look."""


def every_check() -> tuple[Check, ...]:
    """All checks that need no sampler and no planting: laws, closed forms, controls, observed patterns."""
    return (*LAWS, *FORMS, *CONTROLS, *checks())


def families() -> list[tuple[str, str]]:
    """Kind and family of the checks, in order, each once; all observed patterns together, since they share cohorts."""
    return list(dict.fromkeys((each.kind, "" if each.kind == "pattern" else each.family) for each in every_check()))


def quick(ground: Ground, shown: Callable[[Any, int, str], Any]) -> pd.DataFrame:
    """The table of verdicts of all checks, carried out here and now; ``shown`` wraps what is done to show progress."""
    every = every_check()
    return table_of(shown(judged(every, ground), len(every), "attacks"))


def piece(context: dict[str, Any], payload: dict[str, Any]) -> dict[str, list[Any]]:
    """The verdicts of one family: what a store keeps. ``context`` has ``seed`` and ``size``."""
    ground = Ground(seed=context["seed"], size=context["size"])
    mine = [each for each in every_check() if each.kind == payload["kind"] and payload["family"] in ("", each.family)]
    table = table_of(judged(mine, ground))
    return {name: table[name].tolist() for name in COLUMNS}


def full(run: Callable[[Job], Iterator[Table]], *, seed: int, size: float, command: str = "") -> pd.DataFrame:
    """The table of verdicts of all checks at a size, from the store as far as they are there."""
    job = Job(name="falsify: attacks", work=f"{__name__}:piece", command=command,
              context={"seed": seed, "size": size},
              pieces=[{"kind": kind, "family": family} for kind, family in families()])  # fmt: skip
    return pd.concat([pd.DataFrame(table) for table in run(job)], ignore_index=True)[list(COLUMNS)]

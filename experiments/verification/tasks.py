"""The checks that need no sampler and no mutation, at once or as tasks of a job.

A task is one family of checks, so that an interrupted run goes on where it stood.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from experiments.execution.context import Compute, Progress
from experiments.execution.jobs import Job
from experiments.verification.check_context import CheckContext
from experiments.verification.checks import COLUMNS, Check, evaluate, verdict_table
from experiments.verification.controls import CONTROLS
from experiments.verification.lists import ANALYTICAL_CHECKS, INVARIANTS
from experiments.verification.patterns import pattern_checks


def every_check() -> tuple[Check, ...]:
    """Invariants, analytical checks, controls and observed patterns."""
    return (*INVARIANTS, *ANALYTICAL_CHECKS, *CONTROLS, *pattern_checks())


def families() -> list[tuple[str, str]]:
    """Kind and family of the checks, in order, each once; all observed patterns together, since they share cohorts."""
    return list(dict.fromkeys((each.kind, "" if each.kind == "pattern" else each.family) for each in every_check()))


def run_checks(context: CheckContext, progress: Progress) -> pd.DataFrame:
    """The table of verdicts of all checks, carried out here and now."""
    every = every_check()
    return verdict_table(progress(evaluate(every, context), len(every), "checks"))


def run_family(context: dict[str, Any], payload: dict[str, Any]) -> dict[str, list[Any]]:
    """The verdicts of one family: what a store keeps. ``context`` has ``seed`` and ``size``."""
    scale = CheckContext(seed=context["seed"], size=context["size"])
    mine = [each for each in every_check() if each.kind == payload["kind"] and payload["family"] in ("", each.family)]
    table = verdict_table(evaluate(mine, scale))
    return {name: table[name].tolist() for name in COLUMNS}


def run_checks_as_job(compute: Compute, *, seed: int, size: float, command: str = "") -> pd.DataFrame:
    """The table of verdicts of all checks at a size, from the store as far as they are there."""
    job = Job(name="check-model: checks", work=f"{__name__}:run_family", command=command,
              context={"seed": seed, "size": size},
              pieces=[{"kind": kind, "family": family} for kind, family in families()])  # fmt: skip
    return pd.concat([pd.DataFrame(table) for table in compute(job)], ignore_index=True)[list(COLUMNS)]

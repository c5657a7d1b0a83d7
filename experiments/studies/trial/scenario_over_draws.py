"""A scenario over the draws of a posterior: outcomes by arm and group, with the parameters' uncertainty in them.

Each draw is a scenario and has random numbers of its own. The tables report the mean over the draws, their middle 95 %,
and how much of that spread is stochastic variation of the runs rather than uncertainty about the parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from experiments.execution.jobs import Job, Table
from experiments.inputs.parameter_points import at_point
from experiments.inputs.scenario_files import written
from experiments.statistics.intervals import interval
from experiments.studies.trial.design_points import ARMS, GROUPS
from simulation.engine import over_chunks
from simulation.history import mentored
from simulation.outcomes import DEFINITIONS
from simulation.scenario import Scenario

PEOPLE_A_TASK = 40_000
"""People simulated in a task, about."""


def simulate_draws(context: dict[str, Any], payload: dict[str, Any]) -> dict[str, list[Any]]:
    """People and reoffenders at some draws, within ``window`` months."""
    base, window = written(context["scenario"]), context["window"]
    rows = []
    for number, (point, seed) in enumerate(zip(payload["points"], payload["seeds"], strict=True)):
        scenario = at_point(base, point)

        def counts(cohort: Any, scenario: Scenario = scenario) -> Any:
            cell = mentored(scenario, cohort.people).astype(np.int64) * 2 + cohort.lives.highest
            hits = [getattr(cohort.lives, f"time_{name}") <= window for name in DEFINITIONS]
            return np.stack([np.bincount(cell[row], minlength=4) for row in (np.ones(len(cell), bool), *hits)])

        total = sum(over_chunks(scenario, seed, range(context["replicates"]), counts, threads=1))
        for place in range(4):
            for k, name in enumerate(DEFINITIONS):
                people, hits = int(total[0, place]), int(total[1 + k, place])
                rows.append((number, ARMS[place // 2], GROUPS[place % 2], name, people, hits))
    names = ("draw", "arm", "group", "definition", "people", "hits")
    return {name: list(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}


def over_draws(
    base: Scenario, points: Sequence[dict[str, Any]], compute: Callable[[Job], Iterator[Table]], *, seed: int,
    replicates: int, window: int, command: str = "",
) -> pd.DataFrame:  # fmt: skip
    """People and reoffenders at each draw: draw, arm, group, definition, people, hits.

    ``points`` are the draws, each with the keys that it changes in ``base`` (see ``fitting``).
    """
    each = max(1, round(PEOPLE_A_TASK / (base.people.count * replicates)))
    job = Job(
        name=f"run {base.name} over draws", work=f"{__name__}:simulate_draws", command=command,
        context={"scenario": base.to_toml(), "replicates": replicates, "window": window},
        pieces=[
            {"points": part, "seeds": [seed * 1_000_003 + k + j for j in range(len(part))]}
            for k in range(0, len(points), each)
            for part in [points[k : k + each]]
        ],
    )  # fmt: skip
    tables = [pd.DataFrame(table) for table in compute(job)]
    return pd.concat([table.assign(draw=table["draw"] + k * each) for k, table in enumerate(tables)], ignore_index=True)


def summary(table: pd.DataFrame, *, by: Sequence[str] = ("arm", "group")) -> pd.DataFrame:
    """Shares over the draws, by definition and the columns of ``by``: mean, middle 95 % and two standard deviations.

    ``stochastic_sd`` is that of one draw's share by stochastic variation of its runs, ``parameter_sd`` that of the
    rest. With both arms there are rows for ``difference``: controls minus mentored.
    """
    rows = []
    for (definition, *names), part in table.groupby(["definition", *by], sort=False):
        people, hits = (part.groupby("draw")[name].sum().to_numpy() for name in ("people", "hits"))
        if people.sum() == 0:
            continue
        spread = _spread(hits / np.maximum(people, 1), _variance(hits, people))
        rows.append((definition, *names, people.mean(), *spread))
    if "arm" in by and table.loc[table["people"] > 0, "arm"].nunique() == 2:
        rest = [name for name in by if name != "arm"]
        for (definition, *names), part in table.groupby(["definition", *rest], sort=False):
            sides = [part[part["arm"] == arm].groupby("draw")[["people", "hits"]].sum() for arm in ARMS]
            shares = [side["hits"] / side["people"].clip(lower=1) for side in sides]
            variance = sum(_variance(side["hits"].to_numpy(), side["people"].to_numpy()) for side in sides)
            gap = (shares[0] - shares[1]).to_numpy()
            rows.append((definition, "difference", *names, sides[1]["people"].mean(), *_spread(gap, variance)))
    columns = ("share", "low", "high", "stochastic_sd", "parameter_sd")
    return pd.DataFrame(rows, columns=["definition", *by, "people", *columns])


def _variance(hits: Any, people: Any) -> Any:
    share = (hits + 0.5) / (people + 1.0)
    return share * (1 - share) / np.maximum(people, 1)


def _spread(values: Any, variance: Any) -> tuple[float, float, float, float, float]:
    _, low, high = interval(values)
    stochastic = float(np.mean(variance))
    parameter = max(0.0, float(np.var(values, ddof=1)) - stochastic) if len(values) > 1 else 0.0
    return float(np.mean(values)), low, high, float(np.sqrt(stochastic)), float(np.sqrt(parameter))

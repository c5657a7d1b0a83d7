"""What mentoring would do for a new group: people like the trial's, all who would sign up, and all released.

At draws of a posterior everybody released in the country is simulated twice with common random numbers, once with the
programme offered to all and enough volunteers, once without it. People who would sign up accept volunteers and have
sentences that leave time to start.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from experiments.execution.jobs import Job, Table
from experiments.inputs.parameter_points import at_point
from experiments.inputs.posterior import fitting
from experiments.inputs.scenario_files import written
from simulation.engine import run
from simulation.outcomes import DEFINITIONS
from simulation.scenario import Scenario
from simulation.trial_counts import WINDOW

PEOPLE = 8_000
"""People simulated at each draw, with and without the programme."""
GROUPS = ("highest-risk who would sign up", "all who would sign up", "all released")
ENOUGH = {"volunteers.at_start": 8_000, "volunteers.recruits_per_month": 800.0, "volunteers.ceiling": 40_000}
"""Volunteers for everybody who accepts: the question here is what mentoring does, not whether there are volunteers."""
DRAWS_A_TASK = 5


def simulate_new_populations(context: dict[str, Any], payload: dict[str, Any]) -> dict[str, list[Any]]:
    """Reoffenders at the ``draws`` and ``seeds`` of a payload: draw, group, definition, people, offered, none."""
    base = written(context["scenario"])
    rows = []
    for number, (draw, seed) in enumerate(zip(payload["draws"], payload["seeds"], strict=True)):
        scenario = at_point(base, fitting(base, draw, but=tuple(ENOUGH)))
        without = scenario.changed({"trial.assignment": "nobody"})
        runs = [run(each, seed=seed, threads=1) for each in (scenario, without)]
        people, lives = runs[0].people, runs[0].lives
        shortest = next(iter(scenario.programme.values())).shortest_sentence_months
        signs = (people.accepts & 1 > 0) & (people.sentence >= shortest)
        for group, who in zip(GROUPS, (signs & (lives.highest > 0), signs, np.ones(len(signs), bool)), strict=True):
            for definition in DEFINITIONS:
                hits = [int((getattr(each.lives, f"time_{definition}")[who] <= WINDOW).sum()) for each in runs]
                rows.append((number, group, definition, int(who.sum()), *hits))
    names = ("draw", "group", "definition", "people", "offered", "none")
    return {name: list(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}


def new_groups(
    trial: Scenario, draws: Sequence[Mapping[Any, Any]], compute: Callable[[Job], Iterator[Table]], *, seed: int,
    command: str = "", people: int = PEOPLE,
) -> pd.DataFrame:  # fmt: skip
    """Two-year risks of new groups at each draw: draw, group, definition, people, offered, none (shares), difference.

    ``offered`` is intention to treat: everybody to whom the programme is offered; ``difference`` is none minus offered.
    """
    clean = [{key: value for key, value in draw.items() if not str(key).startswith("_")} for draw in draws]
    seeds = [seed * 1_000_003 + k for k in range(len(clean))]
    everybody = trial.changed({
        "municipalities.include": ["all"], "people.count": people, "people.release_months": 1, "trial.signed_up": False,
        "trial.assignment": "everyone", "risk.hazard_multiplier": 1.0, **ENOUGH,
    })  # fmt: skip
    job = Job(
        name="calibrate: new groups", work=f"{__name__}:simulate_new_populations", command=command,
        context={"scenario": everybody.to_toml()},
        pieces=[{"draws": clean[k : k + DRAWS_A_TASK], "seeds": seeds[k : k + DRAWS_A_TASK]}
                for k in range(0, len(clean), DRAWS_A_TASK)],
    )  # fmt: skip
    tables = [pd.DataFrame(table) for table in compute(job)]
    for k, part in enumerate(tables):
        part["draw"] += k * DRAWS_A_TASK
    table = pd.concat(tables, ignore_index=True)
    for name in ("offered", "none"):
        table[name] = table[name] / table["people"].clip(lower=1)
    table["difference"] = table["none"] - table["offered"]
    return table

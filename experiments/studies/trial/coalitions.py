"""Every coalition of the routes of a programme's effect, simulated with common random numbers.

The effect is divided as a cooperative game: the players are the factors that the programme helps with, and the direct
route. Every set of players (a *coalition*) is simulated with the same random numbers, with the help of all others
switched off. ``effect_decomposition`` makes Shapley values of the counts.

How many times likelier help makes a gain is solved once, for the whole programme, and then held: a factor that is
switched off makes no other factor stronger.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from experiments.execution.jobs import Job, Table
from experiments.inputs.parameter_points import at_point
from experiments.inputs.routes import AS_IS, DIRECT, SCARCE
from experiments.inputs.scenario_files import written
from experiments.statistics.shapley_values import members
from experiments.studies.trial.design_points import require_two_arms, require_two_years
from simulation.compiled_parameters import gain_multipliers
from simulation.errors import nearest
from simulation.parameters import ParameterError
from simulation.scenario import Scenario
from simulation.trial_counts import MEASURES, trial_counts

MOST_PLAYERS = 12
"""4,096 coalitions; beyond them exact values take too long."""
BLOCK = 10
"""Trials in a block of the jackknife (fewer if there are fewer than 200 trials)."""
COUNTED = ("coalition", "block", "high_risk", "control_people", "control_hits", "mentored_people", "mentored_hits")
"""Columns of a task; ``block`` counts from the task's first trial, ``high_risk`` is 1 for the highest-risk group."""
TASK_PEOPLE = 100_000
"""People simulated in a task, about (a third of a second)."""


# The players ----------------------------------------------------------------------------------------------------


def players_of(scenario: Scenario) -> list[str]:
    """The factors that the only programme helps with (in the scenario's order), then the direct route.

    A scenario that is no trial of one programme followed for two years, or has too many players, is a ParameterError.
    """
    if len(scenario.programme) != 1:
        names = ", ".join(scenario.programme) or "none"
        raise ParameterError(
            f"programme is [{names}] in scenario {scenario.name}; one programme is taken apart: leave "
            "one in the scenario"
        )
    require_two_arms(scenario, "the effect is a difference of two arms:")
    require_two_years(scenario)
    if DIRECT in scenario.factor:
        raise ParameterError(f"a support factor is called [{DIRECT}], which is the name of a route; rename the factor")
    (programme,) = scenario.programme.values()
    helped = [name for name in scenario.factor if programme.gain_weights.get(name, 0.0) > 0]
    if len(helped) + 1 > MOST_PLAYERS:
        raise ParameterError(
            f"programme.gain_weights is about [{len(helped)}] factors with a weight above 0; at most "
            f"{MOST_PLAYERS - 1} can be taken apart: set the weight of others to 0"
        )
    return [*helped, DIRECT]


def with_fixed_multipliers(scenario: Scenario) -> Scenario:
    """The scenario with the multipliers of gains that its aims lead to, as given values: the same run, to the byte."""
    (programme,) = scenario.programme.values()
    others, highest = gain_multipliers(scenario, programme)
    return scenario.changed({"programme.gain_multiplier_others": others, "programme.gain_multiplier": highest})


def coalition_scenario(whole: Scenario, members: Iterable[str]) -> Scenario:
    """A scenario of ``with_fixed_multipliers`` in which only these players work."""
    (programme,) = whole.programme.values()
    on = set(members)
    helps = {name: weight if name in on else 0.0 for name, weight in programme.gain_weights.items()}
    direct = {} if DIRECT in on else {"programme.direct_hazard_ratio": 1.0, "programme.direct_hazard_ratio_others": 1.0}
    return whole.changed({"programme.gain_weights": helps, **direct})


def scarce_openings(scenario: Scenario, factors: Sequence[str], openings: float) -> dict[str, float]:
    """Openings of the factors that are made scarce, by name (housing if none is named and it can be scarcer).

    A factor that is not known, or has no more openings as it is, is a ParameterError.
    """
    if not factors:
        usual = scenario.factor.get("housing")
        return {"housing": openings} if usual is not None and usual.openings > openings else {}
    for name in factors:
        if name not in scenario.factor:
            raise ParameterError(f"--scarce is [{name}], no factor of this scenario; {nearest(name, scenario.factor)}")
        own = scenario.factor[name].openings
        if not openings < own:
            raise ParameterError(
                f"--openings is [{openings:g}], but factor.{name}.openings is {own:g} already: "
                "give less (per 100 people and month)"
            )
    return dict.fromkeys(factors, openings)


# Simulated ------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=16)
def _whole(text: str, draw: str, openings: str) -> Scenario:
    """The scenario of a task with all players on; multipliers are those before anything became scarce."""
    base, changes = written(text), json.loads(draw)
    whole = with_fixed_multipliers(at_point(base, changes) if changes else base)
    return whole.changed({f"factor.{name}.openings": value for name, value in json.loads(openings).items()})


def simulate_coalitions(context: dict[str, Any], payload: dict[str, Any]) -> Table:
    """Some coalitions over some trials: the counts of ``COUNTED``, one row a coalition, block of trials and group."""
    whole = _whole(context["scenario"], json.dumps(payload["draw"]), json.dumps(payload["openings"]))
    first, last = payload["trials"]
    starts = np.arange(0, last - first, context["block"])
    columns = [MEASURES.index("people"), MEASURES.index(whole.trial.definition)]
    rows = []
    for mask in payload["coalitions"]:
        scenario = coalition_scenario(whole, members(context["players"], mask))
        counts = trial_counts(scenario, seed=context["seed"], trials=range(first, last), threads=1)
        blocks = np.add.reduceat(counts[..., columns].astype(np.int64), starts, axis=0)
        for number, groups in enumerate(blocks.transpose(0, 2, 1, 3)):
            rows += [(mask, number, g, *cell.ravel().tolist()) for g, cell in enumerate(groups)]
    return {name: list(column) for name, column in zip(COUNTED, zip(*rows, strict=True), strict=True)}


@dataclass(frozen=True, kw_only=True)
class CoalitionPlan:
    """Which scenario is simulated for every coalition, at which draws, and with how many trials."""

    scenario: Scenario
    trials: int
    """Trials of each draw."""
    scarce: dict[str, float] = field(default_factory=dict)
    """Openings per 100 people and month in the second condition, by factor; empty for one condition only."""
    draws: Sequence[dict[str, Any]] = ({},)
    """Draws of the uncertain parameters; each has trials of its own. One empty draw: the scenario alone."""
    seed: int = 1
    players: list[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "players", players_of(self.scenario))

    @property
    def conditions(self) -> list[str]:
        """As is, and scarce if something is."""
        return [AS_IS, SCARCE] if self.scarce else [AS_IS]

    @property
    def block(self) -> int:
        """Trials in a block."""
        return max(1, min(BLOCK, self.trials // 20))

    def tasks(self) -> Iterator[tuple[int, int, dict[str, Any]]]:
        """Draw, condition and payload of every task."""
        size = max(self.block, TASK_PEOPLE // self.scenario.people.count // self.block * self.block)
        together = max(1, TASK_PEOPLE // (min(size, self.trials) * self.scenario.people.count))
        coalitions = list(range(2 ** len(self.players)))
        for d, draw in enumerate(self.draws):
            begin, end = d * self.trials, (d + 1) * self.trials
            for c, openings in enumerate([{}, self.scarce][: len(self.conditions)]):
                for first in range(begin, end, size):
                    for k in range(0, len(coalitions), together):
                        yield d, c, {
                            "draw": draw, "openings": openings, "trials": [first, min(first + size, end)],
                            "coalitions": coalitions[k : k + together],
                        }  # fmt: skip

    def job(self, command: str = "") -> Job:
        """The tasks as a job."""
        context = {"scenario": self.scenario.to_toml(), "players": self.players, "seed": self.seed, "block": self.block}
        pieces = [payload for _, _, payload in self.tasks()]
        work = f"{__name__}:simulate_coalitions"
        return Job(name="mechanisms", work=work, context=context, pieces=pieces, command=command)

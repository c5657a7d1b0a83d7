"""How much of a programme's effect runs through each support factor and through the direct route.

The effect is taken apart as a game: the players are the factors that the programme helps with, and the direct route.
Every set of players (a *coalition*) is run on the same luck, with the help of all others switched off, and each player
is given its Shapley value: the mean, over all orders in which the players could be switched on, of what it adds
(L. S. Shapley, "A value for n-person games", 1953). The values add up to the whole effect, and a player that changes
nothing gets exactly zero.

How many times likelier help makes a gain is solved once, for the whole programme, and then held: a factor that is
switched off makes no other factor stronger.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from experiments.execution.jobs import Job, Table
from experiments.inputs.parameter_points import at_point
from experiments.inputs.scenario_files import written
from simulation.compiled_parameters import gain_multipliers
from simulation.errors import nearest
from simulation.parameters import ParameterError
from simulation.scenario import Scenario
from simulation.trial_counts import MEASURES, WINDOW, trial_counts

Floats = npt.NDArray[np.float64]
DIRECT = "direct"
"""The player that is no support factor."""
AS_IS, SCARCE = "as is", "scarce"
"""Conditions: the scenario's own openings, and scarce ones."""
MOST_PLAYERS = 12
"""4,096 coalitions; beyond them exact values take too long."""
BLOCK = 10
"""Trials in a block of the jackknife (fewer if there are fewer than 200 trials)."""
COUNTED = ("coalition", "block", "highest", "control_people", "control_hits", "mentored_people", "mentored_hits")
"""Columns of a piece; ``block`` counts from the piece's first trial, ``highest`` is 1 for the highest-risk group."""
PIECE_PEOPLE = 100_000
"""People told in a piece, about (a third of a second)."""
TRIALS, TRIALS_A_DRAW, DRAWS = 1_500, 100, 40
"""Usual numbers: trials of the scenario alone; trials of each draw, and draws, of a posterior."""


# The players ----------------------------------------------------------------------------------------------------


def players_of(scenario: Scenario) -> list[str]:
    """The factors that the only programme helps with (in the scenario's order), then the direct route.

    Raises
    ------
    ParameterError
        If the scenario is no trial of one programme followed for two years, or has too many players.
    """
    if len(scenario.programme) != 1:
        names = ", ".join(scenario.programme) or "none"
        raise ParameterError(
            f"programme is [{names}] in scenario {scenario.name}; one programme is taken apart: leave "
            "one in the scenario"
        )
    if scenario.trial.assignment != "randomised":
        raise ParameterError(
            f"trial.assignment is [{scenario.trial.assignment}] in scenario {scenario.name}; the effect is a "
            "difference of two arms: set it to randomised"
        )
    if scenario.people.follow_up_months < WINDOW:
        raise ParameterError(
            f"people.follow_up_months is [{scenario.people.follow_up_months}] in scenario {scenario.name}; two-year "
            f"reoffending needs {WINDOW} or more"
        )
    if DIRECT in scenario.factor:
        raise ParameterError(f"a support factor is called [{DIRECT}], which is the name of a route; rename the factor")
    (programme,) = scenario.programme.values()
    helped = [name for name in scenario.factor if programme.helps.get(name, 0.0) > 0]
    if len(helped) + 1 > MOST_PLAYERS:
        raise ParameterError(
            f"programme.helps is about [{len(helped)}] factors with a weight above 0; at most {MOST_PLAYERS - 1} can "
            "be taken apart: set the weight of others to 0"
        )
    return [*helped, DIRECT]


def held(scenario: Scenario) -> Scenario:
    """The scenario with the multipliers of gains written down that its aims ask for: the same run, to the byte."""
    (programme,) = scenario.programme.values()
    others, highest = gain_multipliers(scenario, programme)
    return scenario.changed({"programme.gain_times_others": others, "programme.gain_times": highest})


def only(whole: Scenario, members: Iterable[str]) -> Scenario:
    """A scenario of ``held`` in which only these players work."""
    (programme,) = whole.programme.values()
    on = set(members)
    helps = {name: weight if name in on else 0.0 for name, weight in programme.helps.items()}
    direct = {} if DIRECT in on else {"programme.direct_effect": 1.0, "programme.direct_effect_others": 1.0}
    return whole.changed({"programme.helps": helps, **direct})


def scarcer(scenario: Scenario, asked: Sequence[str], openings: float) -> dict[str, float]:
    """Openings of the factors that are made scarce, by name (housing if none is asked for and it can be scarcer).

    Raises
    ------
    ParameterError
        If a factor is not known or has no more openings as it is.
    """
    if not asked:
        usual = scenario.factor.get("housing")
        return {"housing": openings} if usual is not None and usual.openings > openings else {}
    for name in asked:
        if name not in scenario.factor:
            raise ParameterError(f"--scarce is [{name}], no factor of this scenario; {nearest(name, scenario.factor)}")
        own = scenario.factor[name].openings
        if not openings < own:
            raise ParameterError(
                f"--openings is [{openings:g}], but factor.{name}.openings is {own:g} already: "
                "give less (per 100 people and month)"
            )
    return dict.fromkeys(asked, openings)


# The game -------------------------------------------------------------------------------------------------------


def shapley(values: npt.ArrayLike) -> Floats:
    """Exact Shapley values.

    Parameters
    ----------
    values
        ... x 2**n: what each coalition reaches; bit i of its number says whether player i is in it.

    Returns
    -------
    ... x n: they add up to the value of all less that of nobody.
    """
    v = np.asarray(values, dtype=np.float64)
    n = v.shape[-1].bit_length() - 1
    if v.shape[-1] != 2**n:
        raise ValueError(f"{v.shape[-1]} coalitions are not all sets of some players")
    masks = np.arange(2**n)
    parts = np.zeros((*v.shape[:-1], n))
    for i in range(n):
        rest = masks[masks >> i & 1 == 0]
        sizes = [int(mask).bit_count() for mask in rest]
        weights = [math.factorial(s) * math.factorial(n - s - 1) / math.factorial(n) for s in sizes]
        parts[..., i] = (v[..., rest | 1 << i] - v[..., rest]) @ np.array(weights)
    return parts


def members(players: Sequence[str], mask: int) -> list[str]:
    """The players of a coalition."""
    return [name for i, name in enumerate(players) if mask >> i & 1]


@lru_cache(maxsize=16)
def _whole(text: str, point: str, openings: str) -> Scenario:
    """The scenario of a piece with all players on; multipliers are those before anything became scarce."""
    base, changes = written(text), json.loads(point)
    whole = held(at_point(base, changes) if changes else base)
    return whole.changed({f"factor.{name}.openings": value for name, value in json.loads(openings).items()})


def piece(context: dict[str, Any], payload: dict[str, Any]) -> Table:
    """Some coalitions over some trials: the counts of ``COUNTED``, one row a coalition, block of trials and group."""
    whole = _whole(context["scenario"], json.dumps(payload["point"]), json.dumps(payload["openings"]))
    first, last = payload["trials"]
    starts = np.arange(0, last - first, context["block"])
    columns = [MEASURES.index("people"), MEASURES.index(whole.trial.definition)]
    rows = []
    for mask in payload["coalitions"]:
        scenario = only(whole, members(context["players"], mask))
        counts = trial_counts(scenario, seed=context["seed"], trials=range(first, last), threads=1)
        blocks = np.add.reduceat(counts[..., columns].astype(np.int64), starts, axis=0)
        for number, groups in enumerate(blocks.transpose(0, 2, 1, 3)):
            rows += [(mask, number, g, *cell.ravel().tolist()) for g, cell in enumerate(groups)]
    return {name: list(column) for name, column in zip(COUNTED, zip(*rows, strict=True), strict=True)}


@dataclass(frozen=True, kw_only=True)
class Study:
    """What is taken apart, and on how much luck."""

    scenario: Scenario
    scarce: dict[str, float] = field(default_factory=dict)
    """Openings per 100 people and month in the second condition, by factor; empty for one condition only."""
    points: Sequence[dict[str, Any]] = ({},)
    """Draws of a posterior as points; each has trials of its own. One empty point: the scenario alone."""
    trials: int = TRIALS
    """Trials of each draw."""
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

    def cuts(self) -> Iterator[tuple[int, int, dict[str, Any]]]:
        """Draw, condition and payload of every piece."""
        size = max(self.block, PIECE_PEOPLE // self.scenario.people.count // self.block * self.block)
        together = max(1, PIECE_PEOPLE // (min(size, self.trials) * self.scenario.people.count))
        coalitions = list(range(2 ** len(self.players)))
        for d, point in enumerate(self.points):
            begin, end = d * self.trials, (d + 1) * self.trials
            for c, openings in enumerate([{}, self.scarce][: len(self.conditions)]):
                for first in range(begin, end, size):
                    for k in range(0, len(coalitions), together):
                        yield d, c, {
                            "point": point, "openings": openings, "trials": [first, min(first + size, end)],
                            "coalitions": coalitions[k : k + together],
                        }  # fmt: skip

    def job(self, command: str = "") -> Job:
        """The study as pieces for ``runs.finish``."""
        context = {"scenario": self.scenario.to_toml(), "players": self.players, "seed": self.seed, "block": self.block}
        pieces = [payload for _, _, payload in self.cuts()]
        return Job(name="mechanisms", work=f"{__name__}:piece", context=context, pieces=pieces, command=command)

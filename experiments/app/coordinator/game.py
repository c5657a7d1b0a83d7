"""The coordinator's game: 20 volunteers, 60 people, four towns; what can be decided, and the scenarios that it makes.

A game is its settings: the seed, where the volunteers live, and who was chosen in which order. The engine simulates
everything else anew from the start. Every random number has a fixed address, so a decision changes only what follows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from experiments.app.address import Choice, Several, Whole

if TYPE_CHECKING:
    from simulation.scenario import Scenario

TOWNS = ("Aarhus", "Odense", "Vejle", "Esbjerg")
"""Municipalities of today's programme area, the largest first."""
PEOPLE, VOLUNTEERS, MONTHS = 60, 20, 12
"""People released in a year, all of whom have said yes; volunteers at the start."""
ROUNDS, EACH = 6, 2
"""Rounds, and months in each: people who are due on the waiting list in these months are new in the round."""
RESULT = ROUNDS + 1
ALLOCATION = {"first": "first come", "highest": "highest risk", "lowest": "lowest risk", "lottery": "lottery"}
RULES = tuple(ALLOCATION)


@dataclass(frozen=True)
class Parts:
    """Whole numbers that add up to a total, written with dots."""

    key: str
    default: tuple[str, ...]
    total: int

    def read(self, text: str) -> list[str]:
        """The numbers in an address; ValueError if they are not as many as the default's, or do not add up."""
        parts = text.split(".")
        whole = len(parts) == len(self.default) and all(part.isascii() and part.isdigit() for part in parts)
        if not whole or sum(map(int, parts)) != self.total:
            raise ValueError(text)
        return [str(int(part)) for part in parts]

    @property
    def allowed(self) -> str:
        """What is allowed, to be read."""
        return f"{' + '.join('abcdefgh'[: len(self.default)])} = {self.total}"


SEED = Whole("carryluck", 1, 1, 200)
SPREAD = Parts("carrytowns", ("9", "5", "3", "3"), VOLUNTEERS)
PICKS = Several("carrypairs", (), tuple(map(str, range(PEOPLE))))
ROUND = Whole("carryround", 0, 0, RESULT)
"""0: where to recruit; 1 to 6: whom to pair; 7: the result."""
AGAINST = Choice("carryagainst", "people", ("people", "mine"))
"""Where the volunteers of the built-in rules live: by population, or where the player has them."""
SETTINGS: tuple[Any, ...] = (SEED, SPREAD, PICKS, ROUND, AGAINST)

Spread = tuple[int, ...]
"""Volunteers at the start in each of ``TOWNS``."""


@lru_cache(maxsize=1)
def base() -> Scenario:
    """The year without decisions: the effect that other trials make likely, first come, volunteers by population."""
    from experiments.inputs.scenario_files import load

    return load("pooled").changed({
        "name": "coordinator", "title": "20 volunteers and 60 people released in a year", "people.count": PEOPLE,
        "people.release_months": MONTHS, "municipalities.include": list(TOWNS), "trial.assignment": "everyone",
        "volunteers.at_start": float(VOLUNTEERS), "volunteers.recruits_per_month": 1.0,
        "volunteers.ceiling": 2.0 * VOLUNTEERS,
    })  # fmt: skip


def scenario_of(policy: str, spread: Spread | None, picks: Sequence[int] = ()) -> Scenario:
    """The year of a policy: ``player``, a code of ``RULES``, or ``nobody`` (the same year without volunteers' help).

    For the player only ``picks`` are paired, in each town in this order. Volunteers live, come forward and have room by
    population (None) or as they are spread.
    """
    if policy == "nobody":
        return base().changed({"name": "no-volunteers", "trial.assignment": "nobody"})
    if policy == "player":
        own: dict[str, Any] = {"name": "coordinator", "programme.allocation": "listed", "programme.listed": [*picks]}
    else:
        own = {"name": f"coordinator-{policy}", "programme.allocation": ALLOCATION[policy]}
    if spread is not None:
        parts = {name: float(number) for name, number in zip(TOWNS, spread, strict=True)}
        own |= {f"volunteers.{each}": parts for each in ("at_start_by", "recruits_by", "ceiling_by")}
    return base().changed(own)


def divided(total: int, weights: Sequence[float]) -> list[int]:
    """Whole numbers in proportion to weights that add up to the total: the largest remainders are rounded up.

    >>> divided(60, [300, 200, 110, 115])
    [25, 17, 9, 9]
    """
    exact = [total * weight / sum(weights) for weight in weights]
    found = [int(each) for each in exact]
    for k in sorted(range(len(exact)), key=lambda k: found[k] - exact[k])[: total - sum(found)]:
        found[k] += 1
    return found


def round_of(release: int) -> int:
    """Round in which people released in this month (0 to 11) are new on the waiting list, two months before."""
    return 1 + release // EACH

"""What a process says of the model that it imports: does it run, do the laws hold, and what are its bytes?

Started by ``faults.py`` on a copy of the packages in which a fault was planted. Prints one line of JSON.
"""

from __future__ import annotations

import hashlib
import json
import signal
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from experiments.inputs.scenario_files import load
from experiments.statistics.regression import cox
from experiments.verification.analytical import FORMS
from experiments.verification.checks import FAILS, Check, Ground, judged
from experiments.verification.drawn_scenarios import drawn
from experiments.verification.invariants import LAWS
from experiments.verification.invariants_money import HOWS, random_counts
from experiments.verification.random_scenarios import World
from simulation.accounts import counts_of
from simulation.economics import balance, by_purse, by_year, savings, whole
from simulation.engine import run
from simulation.outcomes import DEFINITIONS, curve, matches, offence_counts, shares, times
from simulation.prices import Prices, draw_prices

FIRST = {
    "economics": ("money",), "outcomes": ("outcomes", "censoring"), "regression": ("outcomes",),
    "accounts": ("conservation", "money"),
    "population": ("people",), "prepared": ("people", "order of people"), "returns": ("the stream",),
    "numbers": ("numbers",), "spread": ("numbers",), "chance": ("chance",), "rules": ("rules",),
    "waiting": ("supply and queue", "programmes"), "volunteers": ("supply and queue",), "history": ("lives",),
    "ledger": ("conservation",), "month": ("lives", "order of people"), "passes": ("order of people",),
    "engine": ("order of people", "lives"),
}  # fmt: skip
"""Families that are tried first for a fault in a file: an order, which decides only how soon it is noticed."""
SORTS = ("any", "apart", "helped", "supplied", "drawn by lot", "signed up", "returning")
WORLDS = 16
"""Worlds of each sort whose bytes are compared; their luck is not that of the laws."""
OTHER_LUCK = 77_000
SMALL_SECONDS, MOST_SECONDS = 90.0, 150.0
"""Processor time after which telling one small world, and trying all laws, is said never to end: some 20 and 25 seconds
are needed, most of the first for compiling.
"""


def ordered(file: str) -> Sequence[Check]:
    """All laws and forms, those of a file's own families first."""
    first = FIRST.get(file, ())
    every = [*FORMS, *LAWS]
    return sorted(every, key=lambda each: first.index(each.family) if each.family in first else len(first))


def first_noticed(file: str, seed: int) -> dict[str, Any]:
    """The first law or form that fails, and what it found; without a name if none does."""
    tried = 0
    for each in judged(ordered(file), Ground(seed=seed)):
        tried += 1
        if each.verdict == FAILS:
            how = "broke down" if each.found.words.startswith("broke down") else each.check.kind
            return {"noticed": each.check.name, "how": how, "words": each.found.words[:200], "tried": tried}
    return {"noticed": "", "how": "", "words": "", "tried": tried}


def small_world() -> World:
    """One world with everything in it: if it cannot be told, a model does not run."""
    scenario = load("trial").changed({
        "people.count": 60, "people.release_months": 4, "people.returns_count": True, "trial.assignment": "everyone",
        "trial.signed_up": False, "people.accepts_volunteers": 1.0, "volunteers.at_start": 30.0,
        "places.include": ["Aarhus", "Odense"],
    })  # fmt: skip
    return World(scenario, 5)


def parts_of(world: World) -> Iterator[tuple[str, Any]]:
    """Everything that is told, counted and priced of a world."""
    for name, column in zip(world.cohort.people._fields, world.cohort.people, strict=True):
        yield f"people.{name}", column
    for table in (world.cohort.lives, world.cohort.local):
        yield from zip(table._fields, table, strict=True)
    yield "history", world.history.people
    yield "events", world.history.events
    yield from world.ledger.items()
    for definition in DEFINITIONS:
        judged_ = times(world.history, definition)
        yield definition, judged_
        yield f"{definition} shares", shares(judged_, window=6)
        yield f"{definition} curve", curve(judged_)
        yield f"{definition} counts", offence_counts(world.history, window=6, among=definition)
    yield "matches", matches(world.history)
    yield "accounts", counts_of(world.history, world.scenario, years=3)


def money_of(ground: Ground) -> Iterator[tuple[str, Any]]:
    """Kroner of random counts, in every way."""
    for k, how in enumerate(HOWS):
        one, other = (random_counts(ground, 40 + 2 * k + side, place=["Aarhus", "Ærø"]) for side in (0, 1))
        table = balance(one, other, Prices(), **how)
        yield f"balance {k}", table
        yield (
            f"sums {k}",
            [by_purse(table, keep=("place",)), by_year(table), whole(table), savings(one, other, Prices())],
        )
    drawn_prices = draw_prices(Prices(), 3, seed=4)
    many = [random_counts(ground, 80 + side, draw=range(3), group=["others", "highest risk"]) for side in (0, 1)]
    plain = [random_counts(ground, 90 + side) for side in (0, 1)]
    for name, pair, prices in (
        ("draws", many, drawn_prices),
        ("one price", many, Prices()),
        ("one count", plain, drawn_prices),
    ):
        table = balance(*pair, prices)
        yield name, [table, by_purse(table), whole(table, keep=("draw",), discounted=False)]
    yield "missing rows", balance(many[0].iloc[:7], many[1].iloc[3:], Prices(), victims=True)


def digests(number: int = WORLDS) -> dict[str, str]:
    """A digest of the bytes of each world, of money and of a regression."""
    found = {}
    ground = Ground(seed=OTHER_LUCK)
    for sort in SORTS:
        for k in range(number):
            luck = np.random.default_rng([OTHER_LUCK, k, *sort.encode()])
            found[f"{sort} {k}"] = _digest(parts_of(World(drawn(luck, sort), 1000 + k)))
    for k in range(number // 2):
        world = World(drawn(np.random.default_rng([OTHER_LUCK, k, 1]), "returning"), 2000 + k)
        found[f"in a row {k}"] = _digest(
            (key, column) for level in (1.0, 3.0) for key, column in parts_of(world.changed({"risk.level": level}))
        )
    for name in ("everyone", "trial", "other-schemes"):
        scenario = load(name).changed({"people.count": 400, "people.follow_up_months": 30})
        found[name] = _digest(parts_of(World(scenario, 9)))
        cohort = run(scenario, seed=3, replicates=2, threads=2, chunk_people=50)
        found[f"{name}, cut"] = _digest(zip(cohort.lives._fields, cohort.lives, strict=True))
    luck = np.random.default_rng(OTHER_LUCK)
    x, months = luck.normal(size=(300, 2)), luck.integers(1, 30, 300)
    found["regression"] = _digest([("beta", cox(x, months, luck.random(300) < 0.7))])
    found["money"] = _digest(money_of(ground))
    return found


def _digest(parts: Any) -> str:
    digest = hashlib.sha256()
    for name, part in parts:
        digest.update(str(name).encode())
        for each in part if isinstance(part, list) else [part]:
            text = (
                each.to_csv(index=False)
                if hasattr(each, "to_csv")
                else f"{np.asarray(each).dtype}{np.asarray(each).tolist()}"
            )
            digest.update(text.encode())
    return digest.hexdigest()[:16]


def _within(seconds: float) -> None:
    """Let the system end this process when it has worked so long (its own seconds, however busy the machine is)."""
    signal.setitimer(signal.ITIMER_PROF, seconds)


def main(what: str, file: str, seed: int) -> None:
    """``laws``: whether one small world can be told, then the first law that fails; ``bytes``: the digests. In JSON."""
    _within(MOST_SECONDS if what == "bytes" else SMALL_SECONDS)
    if what == "bytes":
        _say(digests())
        return
    _digest(parts_of(small_world()))
    _say({"runs": True})
    _within(MOST_SECONDS)
    _say({"runs": True, **first_noticed(file, seed)})


def _say(told: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))

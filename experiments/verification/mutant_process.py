"""What a process finds of the model that it imports: does it run, do the checks hold, and what are its bytes?

Started by ``planted_faults.py`` on a copy of the packages in which a fault was planted. Prints lines of JSON.
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
from experiments.verification.check_context import CheckContext, SimulatedCase
from experiments.verification.checks import BROKE_DOWN, FAILS, Check, evaluate
from experiments.verification.invariants_money import HOWS, random_counts
from experiments.verification.lists import ANALYTICAL_CHECKS, INVARIANTS
from experiments.verification.random_scenarios import STREAMS, draw_scenario
from simulation.annual_counts import counts_of
from simulation.economics import balance, by_payer, by_year, savings, whole
from simulation.engine import run
from simulation.outcomes import DEFINITIONS, curve, matches, offence_counts, shares, times
from simulation.prices import Prices, draw_prices

FIRST = {
    "annual_counts": ("conservation", "money"), "chance": ("chance",), "economics": ("money",),
    "engine": ("order of people", "lives"), "history": ("lives",), "monthly_counts": ("conservation",),
    "month": ("lives", "order of people"), "compiled_parameters": ("numbers",), "outcomes": ("outcomes", "censoring"),
    "vector_rules": ("order of people",), "population": ("people",), "cohort": ("people", "order of people"),
    "regression": ("outcomes",), "reentry_stream": ("the stream",), "rules": ("rules",),
    "municipal_shares": ("numbers",), "volunteers": ("supply and queue",),
    "waiting": ("supply and queue", "programmes"),
}  # fmt: skip
"""Families that are tried first for a fault in a file: an order, which decides only how soon it is noticed.

The files decide what happens, what is counted and what is priced; they stand in the order in which mutations are drawn.
Left out are descriptions of columns, sections and municipalities, the reading and refusing of files, and the Mesa
driver, which is one of the means of checking.
"""
SCENARIOS = 16
"""Random scenarios of each kind whose bytes are compared; their seeds are not those of the checks."""
OTHER_SEED = 77_000
SMALL_SECONDS, MOST_SECONDS = 90.0, 150.0
"""Processor time after which one small scenario, and all checks, are said never to end: some 20 and 25 seconds
are needed, most of the first for compiling.
"""
TIMED = hasattr(signal, "setitimer")
"""Whether the system ends a process after some processor time."""


def ordered(file: str) -> Sequence[Check]:
    """All invariants and analytical checks, those of a file's own families first."""
    first = FIRST.get(file, ())
    every = [*ANALYTICAL_CHECKS, *INVARIANTS]
    return sorted(every, key=lambda each: first.index(each.family) if each.family in first else len(first))


def first_noticed(file: str) -> dict[str, Any]:
    """The first check that fails, and what it found; without a name if none does."""
    for each in evaluate(ordered(file), CheckContext(seed=1)):
        if each.verdict == FAILS:
            how = BROKE_DOWN if each.finding.detail.startswith(BROKE_DOWN) else each.check.kind
            return {"noticed": each.check.name, "how": how, "detail": each.finding.detail[:200]}
    return {"noticed": "", "how": "", "detail": ""}


def small_case() -> SimulatedCase:
    """One case with everything in it: if it cannot be simulated, a model does not run."""
    scenario = load("trial").changed({
        "people.count": 60, "people.release_months": 4, "people.include_reentries": True,
        "people.accepts_volunteers": 1.0, "trial.assignment": "everyone", "trial.signed_up": False,
        "volunteers.at_start": 30.0, "municipalities.include": ["Aarhus", "Odense"],
    })  # fmt: skip
    return SimulatedCase(scenario, 5)


def parts_of(case: SimulatedCase) -> Iterator[tuple[str, Any]]:
    """Everything that is simulated, counted and priced of a case."""
    for name, column in zip(case.cohort.people._fields, case.cohort.people, strict=True):
        yield f"people.{name}", column
    for table in (case.cohort.lives, case.cohort.local):
        yield from zip(table._fields, table, strict=True)
    yield "history", case.history.people
    yield "events", case.history.events
    yield from case.ledger.items()
    for definition in DEFINITIONS:
        known = times(case.history, definition)
        yield definition, known
        yield f"{definition} shares", shares(known, window=6)
        yield f"{definition} curve", curve(known)
        yield f"{definition} counts", offence_counts(case.history, window=6, among=definition)
    yield "matches", matches(case.history)
    yield "accounts", counts_of(case.history, case.scenario, years=3)


def money_of(seed: int) -> Iterator[tuple[str, Any]]:
    """Kroner of random counts, in every way."""
    for k, how in enumerate(HOWS):
        one, other = (random_counts(seed, 40 + 2 * k + side, place=["Aarhus", "Ærø"]) for side in (0, 1))
        table = balance(one, other, Prices(), **how)
        yield f"balance {k}", table
        sums = [by_payer(table, keep=("place",)), by_year(table), whole(table), savings(one, other, Prices())]
        yield f"sums {k}", sums
    drawn_prices = draw_prices(Prices(), 3, seed=4)
    many = [random_counts(seed, 80 + side, draw=range(3), group=["others", "highest risk"]) for side in (0, 1)]
    plain = [random_counts(seed, 90 + side) for side in (0, 1)]
    for name, pair, prices in (("draws", many, drawn_prices), ("one price", many, Prices()),
                               ("one count", plain, drawn_prices)):  # fmt: skip
        table = balance(pair[0], pair[1], prices)
        yield name, [table, by_payer(table), whole(table, keep=("draw",), discounted=False)]
    yield "missing rows", balance(many[0].iloc[:7], many[1].iloc[3:], Prices(), victims=True)


def digests(number: int = SCENARIOS) -> dict[str, str]:
    """A digest of the bytes of each case, of money and of a regression."""
    found = {}
    for kind, stream in STREAMS.items():
        for k in range(number):
            rng = np.random.default_rng([OTHER_SEED, k, *stream])
            found[f"{kind} {k}"] = _digest(parts_of(SimulatedCase(draw_scenario(rng, kind), 1000 + k)))
    for k in range(number // 2):
        case = SimulatedCase(draw_scenario(np.random.default_rng([OTHER_SEED, k, 1]), "reentry"), 2000 + k)
        both = (case.changed({"risk.hazard_multiplier": level}) for level in (1.0, 3.0))
        found[f"in a row {k}"] = _digest(part for each in both for part in parts_of(each))
    for name in ("everyone", "trial", "other-schemes"):
        scenario = load(name).changed({"people.count": 400, "people.follow_up_months": 30})
        found[name] = _digest(parts_of(SimulatedCase(scenario, 9)))
        cohort = run(scenario, seed=3, replicates=2, threads=2, chunk_people=50)
        found[f"{name}, cut"] = _digest(zip(cohort.lives._fields, cohort.lives, strict=True))
    rng = np.random.default_rng(OTHER_SEED)
    x, months = rng.normal(size=(300, 2)), rng.integers(1, 30, 300)
    found["regression"] = _digest([("beta", cox(x, months, rng.random(300) < 0.7))])
    found["money"] = _digest(money_of(OTHER_SEED))
    return found


def _digest(parts: Any) -> str:
    digest = hashlib.sha256()
    for name, part in parts:
        digest.update(str(name).encode())
        for each in part if isinstance(part, list) else [part]:
            column = np.asarray(each)
            table = each.to_csv(index=False) if hasattr(each, "to_csv") else f"{column.dtype}{column.tolist()}"
            digest.update(table.encode())
    return digest.hexdigest()[:16]


def _within(seconds: float) -> None:
    """Let the system end this process when it has worked so long (its own seconds, however busy the machine is).

    Where the system has no such timer (Windows), the process that started this one ends it.
    """
    if TIMED:
        signal.setitimer(signal.ITIMER_PROF, seconds)


def main(what: str, file: str) -> Iterator[dict[str, Any]]:
    """``checks``: whether one small case can be simulated, then the first check that fails; ``bytes``: the digests."""
    _within(MOST_SECONDS if what == "bytes" else SMALL_SECONDS)
    if what == "bytes":
        yield digests()
        return
    _digest(parts_of(small_case()))
    yield {"runs": True}
    _within(MOST_SECONDS)
    yield {"runs": True, **first_noticed(file)}


if __name__ == "__main__":
    for found in main(sys.argv[1], sys.argv[2]):
        sys.stdout.write(json.dumps(found) + "\n")
        sys.stdout.flush()

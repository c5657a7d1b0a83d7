"""What checks are given: random scenarios, what was simulated of them, and the size of the examination.

The draw is seeded, so that the same scenarios are examined wherever the checks run. What was simulated is kept while
checks examine it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from types import SimpleNamespace
from typing import Any, NamedTuple, cast

import numpy as np
import numpy.typing as npt

from experiments.verification.random_scenarios import STREAMS, ScenarioKind, draw_scenario
from simulation.cohort import prepared
from simulation.compiled_parameters import months_before, numbers_of
from simulation.engine import (
    SimulatedChunk,
    active,
    begin_buffers,
    begin_lives,
    begin_world,
    over_chunks,
    released,
    tell,
)
from simulation.history import History, simulate
from simulation.month import close_month, live_month
from simulation.monthly_counts import NO_LEDGER, names
from simulation.scenario import Scenario
from simulation.state import RunState, events_room
from simulation.volunteers import open_month

MOST_CACHED = 200
OF_THE_PROGRAMME = ("match", "unmatched", "exit", "contact")
"""Events that a programme brings by being there, whatever it does."""


class RecordedEvent(NamedTuple):
    """One event in a person's life, in own months."""

    month: int
    what: str
    detail: str
    value: int


def events_by_person(history: History) -> dict[tuple[int, int], list[RecordedEvent]]:
    """Everybody's events in order, by replicate and person."""
    found: dict[tuple[int, int], list[RecordedEvent]] = {
        key: [] for key in zip(history.people["replicate"].tolist(), history.people["person"].tolist(), strict=True)
    }
    columns = [history.events[name].tolist() for name in ("replicate", "person", "month", "event", "detail", "value")]
    for replicate, person, *event in zip(*columns, strict=True):
        found[replicate, person].append(RecordedEvent(*event))
    return found


def of_kind(events: list[RecordedEvent], *names: str) -> list[RecordedEvent]:
    """A person's events of these names."""
    return [event for event in events if event.what in names]


def in_custody(events: list[RecordedEvent]) -> set[int]:
    """Own months after release in which a person is in custody (open-ended at the end)."""
    months: set[int] = set()
    begin = None
    for event in events:
        if event.what == "custody in":
            begin = event.month
        elif event.what == "custody out" and begin is not None:
            months.update(range(begin, event.month))
            begin = None
    return months if begin is None else months | set(range(begin, begin + 1000))


def places_of_slots(slots: Any) -> npt.NDArray[np.int64]:
    """The place of each volunteer slot, as a row of the municipalities of a scenario."""
    return np.searchsorted(slots.begin, np.arange(len(slots.state)), side="right") - 1


@dataclass(frozen=True, eq=False)
class SimulatedCase:
    """A scenario simulated with a seed, and what can be examined of it."""

    scenario: Scenario
    seed: int

    @property
    def name(self) -> str:
        """The first digits of the scenario's digest."""
        return self.scenario.digest[:8]

    @cached_property
    def history(self) -> History:
        """People and events of one replicate."""
        return simulate(self.scenario, seed=self.seed)

    @cached_property
    def lives(self) -> dict[int, list[RecordedEvent]]:
        """Everybody's events, by number."""
        return {person: events for (_, person), events in events_by_person(self.history).items()}

    @cached_property
    def cohort(self) -> SimulatedChunk:
        """The columns of one replicate when it has ended, in order of the numbers."""
        return tell(self.scenario, seed=self.seed)[0]

    @cached_property
    def ledger(self) -> dict[str, npt.NDArray[np.int32]]:
        """Rows of the ledger by name: calendar months x groups x places."""
        (tally,) = over_chunks(self.scenario, self.seed, range(1), lambda cohort: cohort.tally, threads=1, ledger=True)
        return dict(zip(names(self.scenario), tally, strict=True))

    @cached_property
    def nobody(self) -> SimulatedCase:
        """The same people with the same random numbers, nobody offered anything."""
        return SimulatedCase(self.scenario.changed({"trial.assignment": "nobody"}), self.seed)

    def changed(self, changes: dict[str, Any]) -> SimulatedCase:
        """The same random numbers under another scenario."""
        return SimulatedCase(self.scenario.changed(changes), self.seed)

    def opened_months(self) -> Iterator[SimpleNamespace]:
        """The state in each month when it has opened; see ``months``."""
        return (now for stage, now in self.months() if stage == "opened")

    def months(self) -> Iterator[tuple[str, SimpleNamespace]]:
        """Simulate with the engine's own parts; stops in each month before it opens, opened and lived.

        Yields the stage and the state: month, people, lives, local, seats, numbers, buffers (scratch rows of the last
        block of people), and the rows of the people who live the month.
        """
        scenario, seed = self.scenario, self.seed
        ready = prepared(scenario, seed, range(1))
        n = numbers_of(scenario, seed)
        people, lives, buffers = ready.people, begin_lives(scenario, ready, n), begin_buffers(n)
        local, seats = begin_world(scenario, n, ready.replicates)
        first, last = released(people)
        events = events_room(200 * len(people.person) + 1000)
        state = RunState(people, lives, local, seats, n, events, NO_LEDGER)
        now = SimpleNamespace(people=people, lives=lives, local=local, seats=seats, numbers=n, buffers=buffers)
        for t in range(n.calendar):
            now.month = t
            low, high = active(t, first, last, months_before(scenario), n.told_for)
            now.rows = slice(low, high)
            yield "before", now
            open_month(t, low, high, state)
            yield "opened", now
            live_month(t, low, high, people, lives, local, n, buffers, events, True)
            yield "lived", now
            close_month(local, n)


@dataclass(eq=False)
class CheckContext:
    """What a check is given: a seed, how much to examine, random scenarios, and what was simulated so far."""

    seed: int = 1
    size: float = 1.0
    """Times as many people and random scenarios as the quick examination."""
    first: int = 0
    """Where checks begin to count scenarios that they treat in turn (windows, cuts, definitions)."""
    representative: bool = True
    """Whether the scenarios are many enough that everything happens in some of them."""
    _cached: OrderedDict[Any, Any] = field(default_factory=OrderedDict, repr=False)

    def scaled(self, number: int) -> int:
        """So many people or runs at this size, given their number at size 1."""
        return max(1, round(number * self.size))

    def scenarios(self, **numbers: int) -> list[SimulatedCase]:
        """The first so many (at size 1) random scenarios of some kinds; each is simulated once for all checks."""
        return [self.random_scenario(cast(ScenarioKind, kind), k)
                for kind, number in numbers.items() for k in range(self.scaled(number))]  # fmt: skip

    def random_scenario(self, kind: ScenarioKind, number: int) -> SimulatedCase:
        """The random scenario of a kind with this number."""

        def draw() -> SimulatedCase:
            rng = np.random.default_rng([self.seed, number, *STREAMS[kind]])
            return SimulatedCase(draw_scenario(rng, kind), int(rng.integers(0, 2**64, dtype=np.uint64)))

        found: SimulatedCase = self.once((kind, number), draw)
        while len(self._cached) > MOST_CACHED:
            self._cached.popitem(last=False)
        return found

    def once(self, key: Any, compute: Callable[[], Any]) -> Any:
        """What is computed under a key, once for all checks."""
        if key not in self._cached:
            self._cached[key] = compute()
        return self._cached[key]

    def rng(self, *address: int) -> np.random.Generator:
        """Random numbers for a check that draws its own."""
        return np.random.default_rng([self.seed, *address])

    def varied(self, value: float, low: float, high: float) -> float:  # noqa: ARG002  a context may take another
        """A number of a claim that holds for any between two ends: the stated one."""
        return value

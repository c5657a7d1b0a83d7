"""The readable driver: the same model stepped in Mesa, agent by agent.

A ``Person`` (``persons.py``) is a handle on one row of the columns, a ``Volunteer`` on one seat. What the world does
when a month opens and closes is the engine's own code. For the same scenario and seed the histories are those of the
engine, byte for byte, in whatever order people step.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import count
from typing import Any

import mesa
import numpy as np

from simulation.cohort import prepared
from simulation.compiled_parameters import months_before, numbers_of
from simulation.engine import SimulatedChunk, active, begin_buffers, begin_lives, begin_world, ordered, released
from simulation.history import History, events_table, people_table
from simulation.mesa_person import Entry, NumberedByModel, Person
from simulation.month import close_month, words_of_month
from simulation.monthly_counts import NO_LEDGER
from simulation.rules import NEVER
from simulation.scenario import Scenario
from simulation.state import EventBuffer, Numbers, PeopleColumns, RunState, events_room
from simulation.volunteers import EMPTY, open_month

__all__ = ["Entry", "Person", "ReentryModel", "Volunteer"]

SEAT_STATES = ("empty", "in training", "free", "matched")


class Volunteer(mesa.Agent):  # type: ignore[misc]
    """A mentor: a handle on one slot of a municipality, for as long as the same volunteer occupies it."""

    model: ReentryModel
    _ids = NumberedByModel()

    def __init__(self, model: ReentryModel, seat: int) -> None:
        super().__init__(model)
        self.seat = seat
        self.name = int(model.seats.name[seat])

    @property
    def place(self) -> str:
        """Municipality."""
        local = int(np.searchsorted(self.model.seats.begin, self.seat, side="right")) - 1
        return self.model.scenario.selected_municipalities[int(self.model.local.place[local])].name

    @property
    def state(self) -> str:
        """In training, free or matched."""
        return SEAT_STATES[int(self.model.seats.state[self.seat])]

    @property
    def months_matched(self) -> int:
        """Months spent matched so far: what tires."""
        return int(self.model.seats.months[self.seat])

    @property
    def person(self) -> Person | None:
        """The person matched with, if any."""
        row = int(self.model.seats.person[self.seat])
        return None if row < 0 else self.model.by_row[row]


class ReentryModel(mesa.Model):  # type: ignore[misc]
    """One replicate of a scenario as a Mesa model.

    Parameters
    ----------
    scenario
        The scenario to simulate; the built-in one if it is left out.
    seed
        Whole number from 0 to 2**64 - 1 that fixes all random numbers. Mesa's own generator (seeded with it) decides
        only the order in which people step, which is without meaning.
    replicate
        Which of the runs with this seed.
    shuffle
        Whether people step in random order.
    watch
        Numbers of people who keep a diary of what made their hazard (``Person.diary``).
    """

    def __init__(
        self,
        scenario: Scenario | None = None,
        *,
        seed: int,
        replicate: int = 0,
        shuffle: bool = True,
        watch: Collection[int] = (),
    ) -> None:
        super().__init__(rng=seed)
        self._told_scenario = Scenario() if scenario is None else scenario
        self.watch, self.shuffle = frozenset(watch), shuffle
        ready = prepared(self.scenario, seed, range(replicate, replicate + 1))
        self.numbers: Numbers = numbers_of(self.scenario, seed)
        self.people: PeopleColumns = ready.people
        self.lives = begin_lives(self.scenario, ready, self.numbers)
        self.local, self.seats = begin_world(self.scenario, self.numbers, ready.replicates)
        self._back, self._released = ready.back, released(ready.people)
        self._before = months_before(self.scenario)
        self.month = 0
        self.low = self.high = 0
        self.rows = slice(0, 0)  # of the people who are followed this month
        self.words: list[list[int]] = []
        self.told: list[tuple[int, int, int, int, int]] = []
        self.agent_numbers = count(1)
        self.by_row = [Person(self, row) for row in range(len(self.people.person))]
        self._seated: dict[int, Volunteer] = {}
        self.datacollector = mesa.DataCollector(
            model_reporters={
                "month": lambda model: model.month,
                "at liberty": lambda model: int((model.lives.inside[model.rows] == 0).sum()),
                "in custody": lambda model: int((model.lives.inside[model.rows] == 1).sum()),
                "meeting a programme": lambda model: int(model.lives.met[:, model.rows].any(axis=0).sum()),
                "have offended": lambda model: int((model.lives.first_offence < NEVER).sum()),
                "volunteers": lambda model: int((model.seats.state != EMPTY).sum()),
            }
        )

    @property
    def scenario(self) -> Scenario:
        """The scenario that is simulated."""
        return self._told_scenario

    @scenario.setter
    def scenario(self, value: object) -> None:
        """Mesa 3.5 sets a scenario class of its own when a model is made; this model keeps its own kind."""

    @property
    def persons(self) -> list[Person]:
        """People in order of their numbers."""
        return [self.by_row[int(row)] for row in self._back]

    def volunteers(self) -> list[Volunteer]:
        """The volunteers there are now, place by place."""
        return [self._seated[seat] for seat in sorted(self._seated)]

    @property
    def finished(self) -> bool:
        """Whether the last month of the scenario has been simulated."""
        return self.month >= self.numbers.calendar

    def step(self) -> None:
        """Simulate one calendar month: it opens, each person lives it, it closes."""
        if self.finished:
            self.running = False
            return
        n, t = self.numbers, self.month
        first, last = self._released
        told = events_room((2 * len(n.starts) + 1) * len(self.by_row))
        self.low, self.high = active(t, first, last, self._before, n.told_for)
        state = RunState(self.people, self.lives, self.local, self.seats, n, told, NO_LEDGER)
        open_month(t, self.low, self.high, state)
        number = int(told.count[0])
        self.told.extend(zip(*(column[:number].tolist() for column in told[1:]), strict=True))
        self._seat_volunteers()
        self.rows = slice(*active(t, first, last, self._before, n.follow_up))
        rows = len(begin_buffers(n, 1).words)
        words = words_of_month(t, self.people, self.low, self.high, rows, len(n.gain), len(n.starts), n.key0, n.key1)
        self.words = words.T.tolist()
        everybody = self.agents_by_type[Person]
        everybody.shuffle_do("live") if self.shuffle else everybody.do("live")
        self.datacollector.collect(self)
        close_month(self.local, n)
        self.month = t + 1
        self.running = not self.finished

    def run(self) -> History:
        """Simulate all months that are left, and return the history."""
        while not self.finished:
            self.step()
        return self.history()

    def _seat_volunteers(self) -> None:
        """Volunteers come and go with their seats."""
        taken = np.flatnonzero(self.seats.state != EMPTY).tolist()
        here = {seat: int(self.seats.name[seat]) for seat in taken}
        for seat, volunteer in list(self._seated.items()):
            if here.get(seat) != volunteer.name:
                volunteer.remove()
                del self._seated[seat]
        for seat in here:
            if seat not in self._seated:
                self._seated[seat] = Volunteer(self, seat)

    def history(self) -> History:
        """The history so far, as the engine would return it."""
        columns: Any = np.array(self.told, dtype=np.int64).reshape(-1, 5).T
        place_in_order = np.argsort(self._back).astype(np.int32)
        told = EventBuffer(
            np.array([len(self.told)]), place_in_order[columns[0]], columns[1].astype(np.int16),
            columns[2].astype(np.uint8), columns[3].astype(np.int16), columns[4].astype(np.int16),
        )  # fmt: skip
        cohort = SimulatedChunk(ordered(self.people, self._back), ordered(self.lives, self._back), self.local)
        people, events = people_table(self.scenario, cohort), events_table(self.scenario, cohort, told)
        return History(people=people, events=events, about={"scenario": self.scenario.digest, "driver": "Mesa"})

"""The readable driver: the same story told in Mesa, agent by agent.

A ``Person`` is a handle on one row of the columns and lives a month by calling the rules as ordinary Python; a
``Volunteer`` is a handle on one seat. What the world does when a month opens and closes is the engine's own code.
For the same scenario and seed the histories are those of the engine, byte for byte, in whatever order people step.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, cast

import mesa
import numpy as np

from simulation import rules
from simulation.chance import CONSEQUENCES, LIFE, MONTH_ZERO, PAROLE, RUIN, WORD, words_at
from simulation.columns import Numbers, People, Told, events_room
from simulation.compiled import plain
from simulation.engine import Cohort, active, begin_buffers, begin_lives, begin_world, ordered, released
from simulation.history import History, events_table, people_table
from simulation.month import FIRST_FACTOR, close_month, programme_row, words_of_month
from simulation.numbers import months_before, numbers_of
from simulation.prepared import prepared
from simulation.rules import CAUGHT, MATCHED, NEVER, PRISON, SUSPENDED
from simulation.scenario import Scenario
from simulation.telling import (
    CONTACT,
    CUSTODY_IN,
    CUSTODY_OUT,
    EXIT,
    GAIN,
    LOSS,
    OFFENCE,
    RELEASE,
    SANCTION,
)  # fmt: skip
from simulation.volunteers import EMPTY, open_month

SEAT_STATES = ("empty", "in training", "free", "matched")
STANDINGS = (
    "aside", "waiting", "matched", "planned end", "unplanned end", "unmatched", "volunteers gone", "in custody",
)  # fmt: skip

# The rules as ordinary Python functions.
fading, lacking, in_relation = plain(rules.fading), plain(rules.lacking), plain(rules.in_relation)
offends, standing, meets = plain(rules.offends), plain(rules.standing), plain(rules.meets)
present, remembered, happens = plain(rules.present), plain(rules.remembered), plain(rules.happens)
likelier, rarer, holds = plain(rules.likelier), plain(rules.rarer), plain(rules.holds)
burst, waits, sanctioned, served = plain(rules.burst), plain(rules.waits), plain(rules.sanctioned), plain(rules.served)
row_of_programme = plain(programme_row)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """Why a month went as it did: what made the hazard, and the luck it met (for a person who is watched)."""

    month: int
    inside: bool
    parts: dict[str, float]  # baseline per month, then what it was multiplied by
    hazard: float  # per month
    luck: float  # 0-1; an offence if it is below 1 - exp(-hazard)
    offended: bool


class Person(mesa.Agent):  # type: ignore[misc]
    """Somebody released from prison: a handle on one row, with a month to live."""

    model: ReentryModel

    def __init__(self, model: ReentryModel, row: int) -> None:
        super().__init__(model)
        self.row = row
        people = model.people
        self.number, self.release = int(people.person[row]), int(people.release[row])
        self.diary: list[Entry] = []

    # What one may look at ---------------------------------------------------------------------------------

    @property
    def month(self) -> int:
        """Own month: 0 is the first after release, negative before."""
        return self.model.month - self.release

    @property
    def age(self) -> float:
        """Years at release."""
        return float(self.model.people.age[self.row])

    @property
    def priors(self) -> int:
        """Earlier convictions at release."""
        return int(self.model.people.priors[self.row])

    @property
    def place(self) -> str:
        """Municipality."""
        return self.model.scenario.municipalities[int(self.model.people.place[self.row])].name

    @property
    def support(self) -> dict[str, bool]:
        """Support factors, held or lacked."""
        held = self.model.lives.held[:, self.row]
        return {name: bool(have) for name, have in zip(self.model.scenario.factor, held, strict=True)}

    @property
    def inside(self) -> bool:
        """Not released yet, or in custody."""
        return bool(self.model.lives.inside[self.row])

    @property
    def standing(self) -> dict[str, str]:
        """What has become of the person in each programme."""
        status = self.model.lives.status[:, self.row]
        return {name: STANDINGS[int(code)] for name, code in zip(self.model.scenario.programme, status, strict=True)}

    @property
    def volunteers(self) -> list[Volunteer]:
        """The volunteers matched with the person now."""
        return [volunteer for volunteer in self.model.volunteers() if volunteer.person is self]

    @property
    def offences(self) -> int:
        """Offences since release."""
        return int(self.model.lives.offences[self.row])

    # A month ------------------------------------------------------------------------------------------------

    def live(self) -> None:
        """Live the month that is open, in the order of the design."""
        model, i = self.model, self.row
        if not model.low <= i < model.high:
            return
        lives, words = model.lives, model.words[i - model.low]
        if lives.turn[i] == model.month:
            self._turn()
        level = [self._contact(k, words) for k in range(len(model.scenario.programme))]
        self._support(words)
        inside = bool(lives.inside[i])
        hazard = self._hazard(level)
        offended = not inside and words[0] < hazard * WORD and offends(words[0], hazard)
        if self.number in model.watch:
            self._note(level, hazard, words[0], offended, inside)
        if offended:
            self._offend()
        model.local.at_liberty[lives.locality[i]] += 0 if inside else 1

    def _words(self, purpose: int) -> list[int]:
        people, i, n = self.model.people, self.row, self.model.numbers
        at = self.month + MONTH_ZERO
        found = words_at(int(people.person[i]), int(people.replicate[i]), at, LIFE | purpose, n.key0, n.key1)
        return cast("list[int]", found.tolist())

    def _tell(self, kind: int, detail: int, value: int, month: int | None = None) -> None:
        self.model.told.append((self.row, self.month if month is None else month, kind, detail, value))

    def _turn(self) -> None:
        """The month of release or of custody has come."""
        lives, i, t, n = self.model.lives, self.row, self.model.month, self.model.numbers
        if lives.inside[i]:
            lives.inside[i], lives.free_since[i], lives.turn[i] = 0, t, NEVER
            self._tell(RELEASE if self.month == 0 else CUSTODY_OUT, 0, 0)
            return
        months = int(lives.pending[i])
        lives.inside[i], lives.turn[i], lives.pending[i] = 1, t + months, 0
        self._tell(CUSTODY_IN, 0, months)
        for f, ruin in enumerate(n.ruin.tolist()):
            word = self._words(RUIN + f)[0]
            if lives.held[f, i] and happens(word, ruin):
                lives.held[f, i] = 0
                self._tell(LOSS, f, 1)
        for k in range(len(n.starts)):
            if lives.status[k, i] == MATCHED:
                lives.status[k, i] = CAUGHT
                self._tell(EXIT, k, CAUGHT)

    def _contact(self, k: int, words: list[int]) -> float:
        """Does the match end, do they meet; returns the level of the relationship this month."""
        lives, i, n = self.model.lives, self.row, self.model.numbers
        row = row_of_programme(k, len(n.gain))
        before, ends = int(lives.status[k, i]), int(n.ends[k])
        after = standing(before, self.month, ends, words[row + 1], float(n.leaves[k]))
        if after != before:
            lives.status[k, i] = after
            self._tell(EXIT, k, after)
        carried = float(lives.carried[i]) if k == n.supply else 1.0
        met = int(meets(after, carried, words[row], float(n.contact[k])))
        lives.met[k, i] = met
        lives.months_met[k, i] += met
        echo, months, fade = float(lives.echo[k, i]), int(lives.months_met[k, i]), float(n.fade[k])
        lives.echo[k, i] = remembered(met, months, float(ends - int(n.starts[k])), echo, float(n.stays[k]), fade)
        if met:
            self._tell(CONTACT, k, 0)
        return present(met, echo, fade)

    def _support(self, words: list[int]) -> None:
        """Support factors come and go; what a gain depends on is what was held when the month opened."""
        model, lives, i, n = self.model, self.model.lives, self.row, self.model.numbers
        place, inside, high = lives.locality[i], int(lives.inside[i]), int(lives.highest[i])
        before = lives.held[:, i].tolist()
        for f, have in enumerate(before):
            gain, loss = float(n.gain[f]), float(n.loss[f])
            for g, has in enumerate(before):
                gain = likelier(gain, has, float(n.helped[f, g]))
            for k in range(len(n.starts)):
                times = float(n.boost[k, f, high])
                gain = likelier(gain, lives.met[k, i], times)
                loss = rarer(loss, lives.met[k, i], times)
            if n.openings[f] >= 0.0:
                if not have and not inside:
                    model.local.demand[f, place] += np.uint64(int(min(gain, 1.0) * WORD))
                gain *= float(model.local.room[f, place])
            after = int(holds(have, inside, words[FIRST_FACTOR + f], gain, loss))
            if after != have:
                lives.held[f, i] = after
                self._tell(GAIN if after else LOSS, f, 0)

    def _parts(self, level: list[float]) -> Iterator[tuple[str, float]]:
        """What the hazard is made of, in the order in which it is multiplied."""
        model, lives, i, n = self.model, self.model.lives, self.row, self.model.numbers
        since = model.month - int(lives.free_since[i])
        yield "person", float(lives.baseline[i])
        yield "time since release", fading(float(since), n.later, n.settling)
        for f, name in enumerate(model.scenario.factor):
            yield f"lacking {name}", lacking(1.0, int(lives.held[f, i]), float(n.ratio[f]))
        for k, name in enumerate(model.scenario.programme):
            yield name, in_relation(1.0, level[k], float(n.effect[k, int(lives.highest[i])]))
        if n.peers_strength != 0.0:
            yield "peers", float(model.local.peers[lives.locality[i]])

    def _hazard(self, level: list[float]) -> float:
        hazard = 1.0
        for _, times in self._parts(level):
            hazard *= times
        return hazard

    def _note(self, level: list[float], hazard: float, word: int, offended: bool, inside: bool) -> None:
        parts = dict(self._parts(level))
        self.diary.append(
            Entry(month=self.month, inside=inside, parts=parts, hazard=hazard, luck=word / WORD, offended=offended)
        )

    def _offend(self) -> None:
        """Offences are committed: how many, and what follows from them."""
        lives, i, n, t = self.model.lives, self.row, self.model.numbers, self.model.month
        month = self.month
        w_burst, w_wait, w_sanction, w_sentence = self._words(CONSEQUENCES)
        number = burst(w_burst, n.another, n.most_offences)
        decided = month + waits(w_wait, n.phase)
        convictions = int(self.model.people.priors[i]) + int(lives.cases[i])
        sanction = sanctioned(w_sanction, convictions, n.prison, n.prison_per_conviction, n.suspended)
        lives.cases[i] += 1
        lives.offences[i] += number
        lives.first_offence[i] = min(int(lives.first_offence[i]), month)
        self.model.local.offending[lives.locality[i]] += 1
        window = max(month + 1, decided - n.decided_within + 1)
        lives.time_any[i] = min(int(lives.time_any[i]), window)
        self._tell(OFFENCE, 0, number)
        self._tell(SANCTION, sanction, month, decided)
        if sanction >= SUSPENDED:
            lives.time_sentence[i] = min(int(lives.time_sentence[i]), decided + 1)
        if sanction != PRISON:
            return
        lives.time_prison[i] = min(int(lives.time_prison[i]), window)
        w_parole, w_odd, _, _ = self._words(PAROLE)
        sentence = float(n.sentences[w_sentence >> 22])
        months = served(sentence, w_parole, n.parole, n.parole_from, n.parole_part, w_odd)
        if months > 0:
            begins = t + max(1, decided - month)
            waiting = int(lives.pending[i])
            lives.pending_from[i] = begins if waiting == 0 else min(int(lives.pending_from[i]), begins)
            lives.pending[i] = min(waiting + months, 1200)
            lives.turn[i] = lives.pending_from[i]


class Volunteer(mesa.Agent):  # type: ignore[misc]
    """A mentor: a handle on one seat of a place, for as long as the same volunteer sits there."""

    model: ReentryModel

    def __init__(self, model: ReentryModel, seat: int) -> None:
        super().__init__(model)
        self.seat = seat
        self.name = int(model.seats.name[seat])

    @property
    def place(self) -> str:
        """Municipality."""
        local = int(np.searchsorted(self.model.seats.begin, self.seat, side="right")) - 1
        return self.model.scenario.municipalities[int(self.model.local.place[local])].name

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
        What is told; the built-in one if it is left out.
    seed
        Whole number from 0 to 2**64 - 1: decides everybody's luck. Mesa's own generator (seeded with it) decides
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
        self.people: People = ready.people
        self.lives = begin_lives(self.scenario, ready, self.numbers)
        self.local, self.seats = begin_world(self.scenario, self.numbers, ready.replicates)
        self._back, self._released = ready.back, released(ready.people)
        self._before = months_before(self.scenario)
        self.month = 0
        self.low = self.high = 0
        self.words: list[list[int]] = []
        self.told: list[tuple[int, int, int, int, int]] = []
        self.by_row = [Person(self, row) for row in range(len(self.people.person))]
        self._seated: dict[int, Volunteer] = {}
        self.datacollector = mesa.DataCollector(
            model_reporters={
                "month": lambda model: model.month,
                "at liberty": lambda model: int((model.lives.inside[model.rows] == 0).sum()),
                "in custody": lambda model: int((model.lives.inside[model.rows] == 1).sum()),
                "meeting a programme": lambda model: int(model.lives.met.any(axis=0).sum()),
                "have offended": lambda model: int((model.lives.first_offence < NEVER).sum()),
                "volunteers": lambda model: int((model.seats.state != EMPTY).sum()),
            }
        )

    @property
    def scenario(self) -> Scenario:
        """What is told."""
        return self._told_scenario

    @scenario.setter
    def scenario(self, value: object) -> None:
        """Mesa 3.5 sets a scenario class of its own when a model is made; this model keeps its own kind."""

    @property
    def rows(self) -> slice:
        """Rows of the people whose window is open this month."""
        return slice(self.low, self.high)

    @property
    def persons(self) -> list[Person]:
        """People in order of their numbers."""
        return [self.by_row[int(row)] for row in self._back]

    def volunteers(self) -> list[Volunteer]:
        """The volunteers there are now, place by place."""
        return [self._seated[seat] for seat in sorted(self._seated)]

    @property
    def finished(self) -> bool:
        """Whether the last month of the scenario has been told."""
        return self.month >= self.numbers.calendar

    def step(self) -> None:
        """Tell one calendar month: the world opens it, each person lives it, the world closes it."""
        if self.finished:
            self.running = False
            return
        n, t = self.numbers, self.month
        first, last = self._released
        told = events_room(4 * len(self.by_row) + 16)
        open_month(t, self.people, self.lives, self.local, self.seats, n, first, last, told)
        number = int(told.count[0])
        self.told.extend(zip(*(column[:number].tolist() for column in told[1:]), strict=True))
        self._seat_volunteers()
        self.low, self.high = active(t, first, last, self._before, n.follow_up)
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
        """Tell all months that are left, and return the history."""
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
        """What has happened so far, as the engine would tell it."""
        columns: Any = np.array(self.told, dtype=np.int64).reshape(-1, 5).T
        place_in_order = np.argsort(self._back).astype(np.int32)
        told = Told(
            np.array([len(self.told)]), place_in_order[columns[0]], columns[1].astype(np.int16),
            columns[2].astype(np.uint8), columns[3].astype(np.int16), columns[4].astype(np.int16),
        )  # fmt: skip
        cohort = Cohort(ordered(self.people, self._back), ordered(self.lives, self._back), self.local)
        people, events = people_table(self.scenario, cohort), events_table(self.scenario, cohort, told)
        return History(people=people, events=events, about={"scenario": self.scenario.digest, "driver": "Mesa"})

"""A person in the readable driver: a handle on one row, who lives a month by calling the rules as ordinary Python."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import mesa
import numpy as np

from simulation import rules
from simulation.chance import CONSEQUENCES, LIFE, MONTH_ZERO, PAROLE, RUIN, WORD, words_at
from simulation.compiled import plain
from simulation.events import (
    CONTACT,
    CUSTODY_IN,
    CUSTODY_OUT,
    EXIT,
    GAIN,
    LOSS,
    OFFENCE,
    RELEASE,
    SANCTION,
    UNMATCHED,
)  # fmt: skip
from simulation.rules import CAUGHT, MATCHED, NEVER, PRISON, SUSPENDED, WAITING, WITHOUT
from simulation.vector_rules import FIRST_FACTOR, programme_row

if TYPE_CHECKING:
    from simulation.mesa_model import ReentryModel, Volunteer

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
    """Why a month went as it did: what made the hazard, and the random number it met (for a person who is watched)."""

    month: int
    inside: bool
    parts: dict[str, float]  # baseline per month, then what it was multiplied by
    hazard: float  # per month
    luck: float  # 0-1; an offence if it is below 1 - exp(-hazard)
    offended: bool


class NumberedByModel:
    """Numbers for a model's agents, kept by the model: Mesa 3.3 keeps them for ever, and every model with them."""

    def __getitem__(self, model: ReentryModel) -> Iterator[int]:
        """What numbers the agents of a model."""
        return model.agent_numbers


class Person(mesa.Agent):  # type: ignore[misc]
    """A person released from prison: a handle on one row, with a month to live."""

    model: ReentryModel
    _ids = NumberedByModel()

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
        return self.model.scenario.selected_municipalities[int(self.model.people.place[self.row])].name

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
        lives.anchor[i] = t + months
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
            elif lives.status[k, i] == WAITING:
                lives.status[k, i] = WITHOUT
                self._tell(UNMATCHED, k, 0)

    def _contact(self, k: int, words: list[int]) -> float:
        """Does the match end, do they meet; returns the level of the relationship this month."""
        lives, i, n = self.model.lives, self.row, self.model.numbers
        row = row_of_programme(k, len(n.gain))
        before, ends = int(lives.status[k, i]), int(n.ends[k])
        after = standing(before, self.model.month - int(lives.anchor[i]), ends, words[row + 1], float(n.leaves[k]))
        if after != before:
            lives.status[k, i] = after
            self._tell(EXIT, k, after)
        carried = float(lives.carried[i]) if k == n.supply else 1.0
        met = int(meets(after, carried, words[row], float(n.contact[k])))
        lives.met[k, i] = met
        lives.months_met[k, i] += met
        echo, months, fade = float(lives.echo[k, i]), int(lives.months_met[k, i]), float(n.fade[k])
        lives.echo[k, i] = remembered(met, months, float(ends - int(n.starts[k])), echo, float(n.persistence[k]), fade)
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
            if n.openings[f, 0] >= 0.0:
                if not have and not inside:
                    model.local.demand[f, place] += np.uint64(int(min(gain, 1.0) * WORD))
                gain = min(gain, 1.0) * float(model.local.room[f, place])
            after = int(holds(have, inside, words[FIRST_FACTOR + f], gain, loss))
            if after != have:
                lives.held[f, i] = after
                self._tell(GAIN if after else LOSS, f, 0)

    def _parts(self, level: list[float]) -> Iterator[tuple[str, float]]:
        """What the hazard is made of, in the order in which it is multiplied."""
        model, lives, i, n = self.model, self.model.lives, self.row, self.model.numbers
        since = model.month - int(lives.free_since[i])
        yield "person", float(lives.baseline[i])
        yield "time since release", fading(float(since), n.risk.long_run_hazard_ratio, n.risk.hazard_decay_months)
        for f, name in enumerate(model.scenario.factor):
            yield f"lacking {name}", lacking(1.0, int(lives.held[f, i]), float(n.ratio[f]))
        for k, name in enumerate(model.scenario.programme):
            yield name, in_relation(1.0, level[k], float(n.effect[k, int(lives.highest[i])]))
        if n.peers.strength != 0.0:
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
        month, o, c = self.month, n.offending, n.custody
        w_burst, w_wait, w_sanction, w_sentence = self._words(CONSEQUENCES)
        number = burst(w_burst, o.further_offence_chance, n.most_offences)
        decided = month + waits(w_wait, n.phase)
        convictions = int(self.model.people.priors[i]) + int(lives.cases[i])
        sanction = sanctioned(w_sanction, convictions, o.prison_chance, o.prison_per_conviction, o.suspended_chance)
        lives.cases[i] += 1
        self.model.local.offending[lives.locality[i]] += 1
        if month < n.follow_up:
            self._count(month, decided, number, sanction)
        if sanction != PRISON:
            return
        w_parole, w_odd, _, _ = self._words(PAROLE)
        sentence = float(n.sentences[w_sentence >> 22])
        months = served(sentence, w_parole, c.parole_chance, c.parole_from_months, c.parole_served, w_odd)
        if months > 0:
            begins = t + max(1, decided - month)
            waiting = int(lives.pending[i])
            lives.pending_from[i] = begins if waiting == 0 else min(int(lives.pending_from[i]), begins)
            lives.pending[i] = min(waiting + months, 1200)
            lives.turn[i] = lives.pending_from[i]

    def _count(self, month: int, decided: int, number: int, sanction: int) -> None:
        """Offences that are seen: what they are in the sense of each definition."""
        lives, i = self.model.lives, self.row
        lives.offences[i] += number
        lives.first_offence[i] = min(int(lives.first_offence[i]), month)
        window = max(month + 1, decided - self.model.numbers.decided_within + 1)
        lives.time_any[i] = min(int(lives.time_any[i]), window)
        if sanction >= SUSPENDED:
            lives.time_sentence[i] = min(int(lives.time_sentence[i]), decided + 1)
        if sanction == PRISON:
            lives.time_prison[i] = min(int(lives.time_prison[i]), window)
        self._tell(OFFENCE, 0, number)
        self._tell(SANCTION, sanction, month, decided)

"""A run month by month, with everything that decided a month: what two lives are read from.

The readable driver simulates the run; each step also records the support factors that were held when the month opened,
the random numbers drawn for them, and what made each person's hazard. Chances of gaining or losing a support factor are
computed from these by the rules themselves, so they are the ones that decided.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from simulation import rules
from simulation.chance import WORD
from simulation.compiled import plain
from simulation.compiled_parameters import months_before
from simulation.events import LOSS
from simulation.history import History
from simulation.scenario import Scenario
from simulation.vector_rules import FIRST_FACTOR

if TYPE_CHECKING:
    from simulation.mesa_model import ReentryModel
    from simulation.state import Numbers

CHANGES = ("trial.assignment=everyone", "volunteers.at_start=600")
"""What differs from ``pooled``: all 97 are offered mentors, and there are volunteers enough for all of them."""

_likelier, _rarer = plain(rules.likelier), plain(rules.rarer)


def scenario(*, mentors: bool) -> Scenario:
    """The run in which everybody is offered mentors, or the same run without any (``desist person --without``)."""
    from experiments.inputs.scenario_files import load

    return load("pooled", CHANGES if mentors else (*CHANGES, "trial.assignment=nobody"))


@dataclass(frozen=True, kw_only=True)
class Chance:
    """What could have happened to a support factor in a month, and the random number it met. Shares of 0 to 1."""

    gaining: bool  # else losing
    chance: float
    luck: float  # it happens below the chance; for a loss counted from the top, where the rules lose
    contact: float  # what the contact of this month multiplied the chance by
    room: float  # and scarcity in the municipality


@dataclass(frozen=True, kw_only=True)
class LifeFilm:
    """A run. Arrays are N people by number x M own months from ``-before`` on (x F support factors, P parts)."""

    scenario: Scenario
    history: History
    numbers: Numbers
    before: int
    highest: npt.NDArray[np.bool_]  # N, in the highest-risk group
    opened: npt.NDArray[np.bool_]  # N x M x F, held when support is decided, after what custody has destroyed
    held: npt.NDArray[np.bool_]  # N x M x F, when the month is over
    word: npt.NDArray[np.uint32]  # N x M x F
    room: npt.NDArray[np.float64]  # N x M x F, part of the wanted gains that the municipality can give
    met: npt.NDArray[np.bool_]  # N x M x programmes
    inside: npt.NDArray[np.bool_]  # N x M
    part: npt.NDArray[np.float64]  # N x M x P, what the hazard is made of, in the order of ``parts``
    hazard: npt.NDArray[np.float64]  # N x M, per month
    luck: npt.NDArray[np.float64]  # N x M, offences if it is below 1 - exp(-hazard)
    parts: tuple[str, ...]

    def chance(self, number: int, month: int, factor: int) -> Chance:
        """The chance that decided whether a person at liberty gained, or kept, a support factor in an own month."""
        n, at = self.numbers, month + self.before
        opened, met = self.opened[number, at], self.met[number, at]
        boosts = [float(n.boost[k, factor, int(self.highest[number])]) for k in range(len(n.starts)) if met[k]]
        luck = float(self.word[number, at, factor]) / WORD
        if opened[factor]:
            loss, contact = float(n.loss[factor]), 1.0
            for times in boosts:
                loss, contact = _rarer(loss, 1, times), contact / times
            return Chance(gaining=False, chance=loss, luck=1.0 - luck, contact=contact, room=1.0)
        gain, contact = float(n.gain[factor]), 1.0
        for g, has in enumerate(opened.tolist()):
            gain = _likelier(gain, has, float(n.helped[factor, g]))
        for times in boosts:
            gain, contact = _likelier(gain, 1, times), contact * times
        room = float(self.room[number, at, factor]) if n.openings[factor, 0] >= 0.0 else 1.0
        return Chance(gaining=True, chance=min(gain, 1.0) * room, luck=luck, contact=contact, room=room)


def film(plan: Scenario, *, seed: int) -> LifeFilm:
    """Simulate a scenario and record what decided it."""
    from simulation.mesa_model import ReentryModel

    people, before = plan.people.count, months_before(plan)
    months, factors, programmes = before + plan.people.follow_up_months, len(plan.factor), len(plan.programme)
    model = ReentryModel(plan, seed=seed, watch=range(people), shuffle=False)
    kept: dict[str, Any] = {
        "opened": np.zeros((people, months, factors), bool), "held": np.zeros((people, months, factors), bool),
        "word": np.zeros((people, months, factors), np.uint32), "room": np.ones((people, months, factors)),
        "met": np.zeros((people, months, programmes), bool), "inside": np.zeros((people, months), bool),
    }  # fmt: skip
    rows = np.array([person.row for person in model.persons])
    while not model.finished:
        _keep(model, rows, before, kept)
    diaries = [person.diary for person in model.persons]
    parts = tuple(diaries[0][0].parts)
    hazards = np.ones((people, months, len(parts) + 2))  # its parts, the hazard, and the random number it met
    for number, diary in enumerate(diaries):
        for entry in diary:
            if entry.month < plan.people.follow_up_months:
                hazards[number, entry.month + before] = (*entry.parts.values(), entry.hazard, entry.luck)
    return LifeFilm(
        scenario=plan, history=model.history(), numbers=model.numbers, before=before, parts=parts,
        highest=model.lives.highest[rows] == 1, part=hazards[..., :-2], hazard=hazards[..., -2],
        luck=hazards[..., -1], **kept,
    )  # fmt: skip


def _keep(model: ReentryModel, rows: npt.NDArray[np.int64], before: int, kept: dict[str, Any]) -> None:
    """Simulate the next calendar month and record it for everybody who is followed in it."""
    month = model.month - model.people.release[rows].astype(np.int64)
    held, room, begin = model.lives.held.copy(), model.local.room.copy(), len(model.told)
    model.step()
    for row, _, kind, factor, by_custody in model.told[begin:]:
        if kind == LOSS and by_custody:
            held[factor, row] = 0
    seen = (rows >= model.low) & (rows < model.high) & (month < model.scenario.people.follow_up_months)
    if not seen.any():
        return
    here, at = rows[seen], (np.flatnonzero(seen), month[seen] + before)
    words = np.array(model.words, dtype=np.uint32)[here - model.low]
    kept["opened"][at] = held[:, here].T
    kept["held"][at] = model.lives.held[:, here].T
    kept["word"][at] = words[:, FIRST_FACTOR : FIRST_FACTOR + len(held)]
    kept["room"][at] = room[:, model.lives.locality[here]].T
    kept["met"][at] = model.lives.met[:, here].T
    kept["inside"][at] = model.lives.inside[here]

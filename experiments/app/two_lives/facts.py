"""Two lives of a person with common random numbers: what happens in each, where they part and why, whom it helped."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from experiments.app.shared_results import kept
from experiments.app.two_lives.animation import LifeFilm, film, scenario
from simulation.outcomes import times

Kind = Literal["helped", "same", "none", "worse", "unmet"]
KINDS: tuple[Kind, ...] = ("helped", "same", "none", "worse", "unmet")
"""Less crime with mentors; as much in both lives; none in either; more with mentors; never met them."""
WINDOW = 24
"""Months after release."""
OF_MENTORS = frozenset({"match", "unmatched", "exit", "contact"})
"""Events that only the programme makes: lives do not part by them."""


@dataclass(frozen=True, order=True)
class LifeEvent:
    """Something that happened in an own month; ``detail`` and ``value`` as in a history."""

    month: int
    what: str
    detail: str
    value: int


@dataclass(frozen=True)
class Life:
    """One of the two lives of a person."""

    film: LifeFilm
    number: int

    @cached_property
    def events(self) -> tuple[LifeEvent, ...]:
        """Everything that happened, in the order of the history."""
        rows = self.film.history.events
        rows = rows[rows["person"] == self.number]
        columns = (rows[name].tolist() for name in ("month", "event", "detail", "value"))
        return tuple(LifeEvent(*each) for each in zip(*columns, strict=True))

    @property
    def offences(self) -> int:
        """Offences within two years."""
        return sum(event.value for event in self.events if event.what == "offence" and event.month < WINDOW)

    def holds_at_end(self) -> list[str]:
        """Support factors held after the last month."""
        names = list(self.film.scenario.factor)
        return [name for name, have in zip(names, self.film.held[self.number, -1], strict=True) if have]

    def in_prison(self, month: int) -> bool:
        """Not released yet, or in custody, in an own month."""
        return bool(self.film.inside[self.number, month + self.film.before])

    def risk(self, month: int) -> tuple[float, float]:
        """Chance of new crime in an own month, and the random number it met (an offence if it is lower); 0 to 1."""
        at = (self.number, month + self.film.before)
        return 1.0 - math.exp(-float(self.film.hazard[at])), float(self.film.luck[at])


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Something that happened in one life only, in the month in which lives part, and why. Chances of 0 to 1."""

    what: Literal["gain", "loss", "offence"]
    detail: str  # support factor
    mentored: bool  # in which life it happened
    with_mentors: float
    without: float
    luck: float  # the same in both lives: it happens where it is below the chance
    causes: dict[str, float]  # what the chance (of crime: the hazard) with mentors is so many times that without for
    shut: bool = False  # in the other life the person is in prison, where nothing of this can happen


@dataclass(frozen=True)
class LifePair:
    """Both runs of a seed, and what mentors made of each person's two lives."""

    mentored: LifeFilm
    alone: LifeFilm

    def lives(self, number: int) -> tuple[Life, Life]:
        """The life with mentors and the one without."""
        return Life(self.mentored, number), Life(self.alone, number)

    @cached_property
    def kinds(self) -> tuple[Kind, ...]:
        """What mentors made of everybody's new crime, by number."""
        met = [bool(each.any()) for each in self.mentored.met]
        return tuple(map(_kind, met, _crime(self.mentored), _crime(self.alone)))

    def next_of(self, kind: Kind, number: int) -> int | None:
        """The next person of a kind after this one, around the end; None if there is nobody else of it."""
        order = [*range(number + 1, len(self.kinds)), *range(number)]
        return next((each for each in order if self.kinds[each] == kind), None)


@kept(99)
def pair(seed: int) -> LifePair:
    """Both runs of a seed; a class soon has every seed that the page offers, at two megabytes each."""
    return LifePair(film(scenario(mentors=True), seed=seed), film(scenario(mentors=False), seed=seed))


def _crime(world: LifeFilm) -> list[tuple[bool, int, int]]:
    """Everybody's new crime, the more the greater: reoffended, offences in the window, how early (months)."""
    when = times(world.history, world.scenario.trial.definition)["time"].clip(upper=WINDOW + 1).to_numpy(np.int64)
    events = world.history.events
    rows = events[(events["event"] == "offence") & (events["month"] < WINDOW)]
    number = np.bincount(rows["person"], weights=rows["value"], minlength=len(when)).astype(np.int64)
    return [(bool(w <= WINDOW), int(n), -int(w)) for w, n in zip(when, number, strict=True)]


def _kind(met: bool, with_them: tuple[bool, int, int], without: tuple[bool, int, int]) -> Kind:
    if not met:
        return "unmet"
    if with_them == without:
        return "same" if without[0] else "none"
    return "helped" if with_them < without else "worse"


def parting(with_them: Life, without: Life) -> tuple[int, list[Difference]] | None:
    """The first own month in which support factors, offences, decisions or custody differ, and in what; None if never.

    Lives part only where the same random number meets different chances: at a support factor gained or lost, or at an
    offence. Everything else follows from these.
    """
    own, other = ({e for e in life.events if e.what not in OF_MENTORS} for life in (with_them, without))
    differing = own ^ other
    if not differing:
        return None
    month, factors = min(event.month for event in differing), list(with_them.film.scenario.factor)
    here = [each for each in differing if each.month == month and each.what in ("gain", "loss", "offence")]
    here.sort(key=lambda event: len(factors) if event.what == "offence" else factors.index(event.detail))
    return month, [_why(event, event in own, with_them, without) for event in here]


def crimes(kind: Kind, with_them: Life, without: Life) -> list[tuple[int, Difference]]:
    """New crime in one of the two lives only, and why: the first, and the first that speaks for the verdict.

    The second is given only if the first speaks against it, as when an offence less is followed by one more.
    """
    own, other = ({e for e in life.events if e.what == "offence"} for life in (with_them, without))
    differing = sorted(own ^ other)
    shown = differing[:1]
    if kind in ("helped", "worse"):
        shown += [event for event in differing if (event in own) == (kind == "worse")][:1]
    return [(event.month, _why(event, event in own, with_them, without)) for event in sorted(set(shown))]


def _why(event: LifeEvent, mentored: bool, with_them: Life, without: Life) -> Difference:
    if event.what == "offence":
        (with_risk, luck), (risk, _) = with_them.risk(event.month), without.risk(event.month)
        shut = (without if mentored else with_them).in_prison(event.month)
        return Difference(what="offence", detail="", mentored=mentored, with_mentors=with_risk, without=risk, luck=luck,
                          causes=_risk_causes(event.month, with_them, without), shut=shut)  # fmt: skip
    factor = list(with_them.film.scenario.factor).index(event.detail)
    a, b = (life.film.chance(life.number, event.month, factor) for life in (with_them, without))
    causes = {"contact": a.contact / b.contact, "room": a.room / b.room if b.room else 1.0}
    return Difference(what="gain" if a.gaining else "loss", detail=event.detail, mentored=mentored,
                      with_mentors=a.chance, without=b.chance, luck=a.luck, causes=_telling(causes))  # fmt: skip


def _risk_causes(month: int, with_them: Life, without: Life) -> dict[str, float]:
    """Parts of the hazard that differ; the relationship is ``contact`` in a month of contact, else ``memory``."""
    world, at = with_them.film, (with_them.number, month + with_them.film.before)
    ratios = dict(zip(world.parts, world.part[at] / without.film.part[at], strict=True))
    for name in world.scenario.programme:
        ratios["contact" if world.met[at].any() else "memory"] = ratios.pop(name)
    return _telling(ratios)


def _telling(causes: dict[str, float]) -> dict[str, float]:
    """Causes that can be seen when written with two decimals."""
    return {name: float(times) for name, times in causes.items() if abs(times - 1.0) >= 0.005}

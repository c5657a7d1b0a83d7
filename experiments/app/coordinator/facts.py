"""What happens in the coordinator's game: every number from the engine, simulated anew at every move."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiments.app.coordinator.game import EACH, MONTHS, PEOPLE, RULES, TOWNS, Spread, base, round_of, scenario_of
from experiments.app.shared_results import kept
from simulation.cohort import prepared
from simulation.compiled_parameters import months_before, numbers_of
from simulation.engine import over_chunks, run, tell
from simulation.events import EXIT, MATCH
from simulation.history import ENDS
from simulation.monthly_counts import IN_TRAINING
from simulation.rules import ASIDE, WAITING, WITHOUT
from simulation.waiting import lots

YEARS = 200
"""Years with other people in which the rules are simulated: replicates of the same seed, this year first."""
WINDOW = 24
"""Months after release in which new crime counts (definition any)."""


class GamePerson(NamedTuple):
    """What a coordinator can see of a person."""

    number: int
    town: str
    release: int  # month, 0 to 11
    age: int  # years
    woman: bool
    priors: int  # earlier convictions
    sentence: int  # months
    highest: bool  # in the highest-risk group by age, sex and earlier convictions
    lacks: tuple[str, ...]  # support factors lacked at release


class Year(NamedTuple):
    """What happened in a year: arrays of people (60), or of towns (4) and months."""

    matched: npt.NDArray[np.int64]  # calendar month of the match, -1 if none
    ended: npt.NDArray[np.int64]  # calendar month of the end of the match, -1 if it never began
    how: tuple[str, ...]  # how it ended (a name of ``history.ENDS``), empty if it never began
    reoffended: npt.NDArray[np.bool_]
    offences: npt.NDArray[np.int64]  # in two years
    training: npt.NDArray[np.int64]  # volunteers, towns x calendar months, when the month has opened
    free: npt.NDArray[np.int64]
    busy: npt.NDArray[np.int64]

    @property
    def courses(self) -> int:
        """People matched."""
        return int((self.matched >= 0).sum())


@kept(32)
def people(seed: int) -> tuple[GamePerson, ...]:
    """The 60 people of a year, in order of their numbers."""
    scenario = base()
    ready = prepared(scenario, seed, range(1))
    them, rows = ready.people, ready.back
    names, factors, before = scenario.selected_municipalities, list(scenario.factor), months_before(scenario)
    return tuple(
        GamePerson(
            number=int(them.person[i]), town=names[them.place[i]].name, release=int(them.release[i]) - before,
            age=int(them.age[i]), woman=bool(them.woman[i]), priors=int(them.priors[i]),
            sentence=round(float(them.sentence[i])), highest=bool(ready.highest[i]),
            lacks=tuple(name for f, name in enumerate(factors) if them.lacks[f, i]),
        )
        for i in rows
    )  # fmt: skip


def new_in(seed: int, number: int) -> list[GamePerson]:
    """Those who are new on the waiting list in a round, in order of release and number."""
    found = [person for person in people(seed) if round_of(person.release) == number]
    return sorted(found, key=lambda person: (person.release, person.number))


def begun(seed: int, picks: Sequence[int], number: int) -> list[int]:
    """The people chosen who are on the waiting list by the end of a round; who is due later does not count yet."""
    them = people(seed)
    return [pick for pick in picks if round_of(them[pick].release) <= number]


def year(seed: int, spread: Spread, picks: Sequence[int]) -> Year:
    """The year with the player's decisions."""
    return year_of(seed, "player", spread, tuple(picks))


@kept(256)
def year_of(seed: int, policy: str, spread: Spread | None = None, picks: tuple[int, ...] = ()) -> Year:
    """The year of a policy, as ``game.scenario_of`` has it."""
    scenario = scenario_of(policy, spread, picks)
    cohort, events = tell(scenario, seed=seed, every_event=False)
    matched, ended = np.full(PEOPLE, -1), np.full(PEOPLE, -1)
    how = [""] * PEOPLE
    release = cohort.people.release.astype(np.int64)
    for at in np.flatnonzero((events.kind == MATCH) | (events.kind == EXIT)):
        person, month = events.person[at], release[events.person[at]] + events.month[at]
        if events.kind[at] == MATCH:
            matched[person] = month
        else:
            ended[person], how[person] = month, ENDS[int(events.value[at])]
    lives = cohort.lives
    tally = next(over_chunks(scenario, seed, range(1), lambda whole: whole, threads=1, ledger=True)).tally
    order = [[place.name for place in scenario.selected_municipalities].index(name) for name in TOWNS]
    training, free, busy = (tally[IN_TRAINING + k, :, 0, order].astype(np.int64) for k in range(3))
    return Year(matched, ended, tuple(how), lives.time_any <= WINDOW, lives.offences.astype(np.int64), training, free,
                busy)  # fmt: skip


def month_of(number: int) -> int:
    """Calendar month of the run in which a round begins (the run begins two months before the first release)."""
    return EACH * (number - 1)


def played(rule: str, seed: int, spread: Spread, picks: Sequence[int], number: int) -> list[int]:
    """The choices when a rule plays from a round on: those made before it, then whom it reaches, in that order.

    From the first round on it gives the very history of the built-in rule.
    """
    before = begun(seed, picks, number - 1)
    scenario = base()
    ready, n = prepared(scenario, seed, range(1)), numbers_of(scenario, seed)
    them = ready.people
    drawn = lots(them.person, them.replicate, 0, n.key0, n.key1)
    keys: dict[str, np.ndarray] = {
        "first": them.release, "highest": -ready.score, "lowest": ready.score, "lottery": np.zeros(PEOPLE)
    }  # fmt: skip
    order = [int(person) for person in them.person[np.lexsort((them.person, drawn, keys[rule]))]]
    later = [person for person in order if round_of(people(seed)[person].release) >= number]
    reached = year(seed, spread, [*before, *later]).matched
    return [*before, *sorted((each for each in later if reached[each] >= 0), key=lambda each: reached[each])]


@kept(64)
def years(seed: int, policy: str, spread: Spread | None = None) -> npt.NDArray[np.int64]:
    """Courses, people who reoffend, and offences under a rule in each of ``YEARS`` years (3 x years).

    Years are replicates of the seed, which differ in people and chance; the first is the year that is played.
    """
    cohort = run(scenario_of(policy, spread), seed=seed, replicates=YEARS, threads=1)
    which, lives = cohort.people.replicate.astype(np.int64), cohort.lives
    never = np.isin(lives.status[0], (ASIDE, WAITING, WITHOUT))
    counted = (~never, lives.time_any <= WINDOW, lives.offences)
    return np.array([np.bincount(which, each, minlength=YEARS) for each in counted]).astype(np.int64)


def results(seed: int, spread: Spread, picks: Sequence[int], where: Spread | None) -> pd.DataFrame:
    """The player's year beside the built-in rules: this year with common random numbers, and the rules in many years.

    The volunteers of the rules live ``where`` (None: by population). Columns: policy (player, a code of ``RULES``,
    nobody); courses, reoffenders (people, within two years, definition any) and offences in this year; fewer
    (reoffenders fewer than without volunteers). Of the rules over ``YEARS`` years: mean_courses, mean_fewer with its
    standard error, low and high (5 and 95 %) of fewer.
    """
    mine, without = year(seed, spread, picks), years(seed, "nobody")

    def row(policy: str, this_year: Iterable[int], **over: float) -> dict[str, Any]:
        courses, reoffenders, offences = map(int, this_year)
        fewer = int(without[1, 0]) - reoffenders
        return {"policy": policy, "courses": courses, "reoffenders": reoffenders, "offences": offences,
                "fewer": fewer, **over}  # fmt: skip

    rows = [row("player", (mine.courses, mine.reoffended.sum(), mine.offences.sum()))]
    for rule in RULES:
        found = years(seed, rule, where)
        fewer = without[1] - found[1]
        low, high = np.quantile(fewer, [0.05, 0.95], method="inverted_cdf").tolist()
        rows.append(row(rule, found[:, 0], mean_courses=float(found[0].mean()), mean_fewer=float(fewer.mean()),
                        error=float(fewer.std(ddof=1) / np.sqrt(YEARS)), low=low, high=high))  # fmt: skip
    return pd.DataFrame([*rows, row("nobody", without[:, 0])])


def towns(seed: int, spread: Spread, mine: Year) -> pd.DataFrame:
    """By town: people released, volunteers at the start, courses, people left without, idle months of pairs.

    A pair that is free for one of the 13 months in which people are on the waiting list counts as one.
    """
    rows = []
    for k, name in enumerate(TOWNS):
        here = [person.number for person in people(seed) if person.town == name]
        courses = int((mine.matched[here] >= 0).sum())
        idle = int((mine.free[k, : MONTHS + 1] // 2).sum())
        rows.append((name, len(here), spread[k], courses, len(here) - courses, idle))
    return pd.DataFrame(rows, columns=["town", "people", "volunteers", "courses", "without", "idle"])

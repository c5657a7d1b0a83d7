"""Scenarios that tests are about, and ways of looking into a world while it is told."""

from __future__ import annotations

from collections import defaultdict
from types import SimpleNamespace
from typing import NamedTuple

import tomli_w

from simulation.cohort import prepared
from simulation.compiled_parameters import months_before, numbers_of
from simulation.engine import active, begin_buffers, begin_lives, begin_world, released
from simulation.month import close_month, live_month
from simulation.scenario import Scenario
from simulation.state import events_room
from simulation.volunteers import open_month

NEUTRAL = {"lacked_at_release": 0.5, "gain": 0.0, "loss": 0.0, "lacking_hazard_ratio": 1.0}
"""A support factor that does nothing."""
EVERYBODY_SAYS_YES = {"accepts_volunteers": 1.0, "accepts_system": 1.0}
OFFERED = {"shortest_sentence_months": 0.0, "contact_chance": 1.0, "unplanned_exit": 0.0, "capacity": 1_000_000}
"""A programme with room for all, which nobody leaves and in which they meet every month."""
OF_THE_PROGRAMME = ("match", "unmatched", "exit", "contact")
"""Events that a programme brings by being there, whatever it does."""


def complete(**tables):
    """A scenario from these tables only; what they leave out is as built in."""
    return Scenario.from_toml(tomli_w.dumps({"complete": True, **tables}))


def differing(**tables):
    """A scenario that differs from the built-in one in these tables."""
    return Scenario.from_toml(tomli_w.dumps(tables))


def steady(hazard, *, factor=None, people=None, offending=None, risk=None, **tables):
    """A scenario in which everybody has the same hazard in every month: no differences, no custody, no peers."""
    return complete(
        people={"motivation_hazard_ratio": 1.0, **(people or {})},
        risk={
            "monthly_hazard": hazard, "propensity_sd": 0.0, "never_share": 0.0, "later_hazard": 1.0,
            "age_hazard_ratio": 1.0, "women_hazard_ratio": 1.0, "priors_hazard_ratio": 1.0, **(risk or {}),
        },
        offending={"prison_chance": 0.0, "prison_per_conviction": 0.0, **(offending or {})},
        peers={"strength": 0.0},
        factor={"thing": NEUTRAL} if factor is None else factor,
        **tables,
    )  # fmt: skip


class Event(NamedTuple):
    """One event in somebody's life."""

    month: int
    what: str
    detail: str
    value: int


def lives_told(history):
    """Everybody's events in order: a dictionary of (replicate, person) to a list of ``Event``."""
    told = {key: [] for key in zip(history.people["replicate"], history.people["person"], strict=True)}
    for replicate, person, *event in history.events.itertuples(index=False):
        told[replicate, person].append(Event(*event))
    return told


def in_custody(events):
    """Own months after release in which somebody is in custody, from his or her events (open-ended at the end)."""
    months, begin = set(), None
    for event in events:
        if event.what == "custody in":
            begin = event.month
        elif event.what == "custody out":
            months.update(range(begin, event.month))
            begin = None
    return months if begin is None else months | set(range(begin, begin + 1000))


def without(events, *names):
    """A table of events without those of these names."""
    return events[~events["event"].isin(names)].reset_index(drop=True)


def told_by_month(scenario, *, seed, replicate=0):
    """Tell a scenario with the engine's own parts; stops in each month when it has opened and when it was lived.

    Yields ``"opened"`` or ``"lived"`` and the world: month, people, lives, local, seats, numbers, buffers (scratch
    rows of the last block of people), and the rows of the people who live the month.
    """
    ready = prepared(scenario, seed, range(replicate, replicate + 1))
    n = numbers_of(scenario, seed)
    people, lives, buffers = ready.people, begin_lives(scenario, ready, n), begin_buffers(n)
    local, seats = begin_world(scenario, n, ready.replicates)
    first, last = released(people)
    told = events_room(200 * len(people.person))
    world = SimpleNamespace(people=people, lives=lives, local=local, seats=seats, numbers=n, buffers=buffers)
    for t in range(n.calendar):
        world.month = t
        low, high = active(t, first, last, months_before(scenario), n.told_for)
        open_month(t, low, high, people, lives, local, seats, n, told)
        world.rows = slice(low, high)
        yield "opened", world
        live_month(t, low, high, people, lives, local, n, buffers, told, True)
        yield "lived", world
        close_month(local, n)


def volunteers_by_person(seats):
    """How many volunteers are matched with each person (row)."""
    number = defaultdict(int)
    for person in seats.person[seats.person >= 0].tolist():
        number[person] += 1
    return number

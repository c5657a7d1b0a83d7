"""Laws of programmes: who is offered help, who is matched, when they meet, and how it ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from experiments.verification.checks import Breaches, Finding
from experiments.verification.invariants_lives import of_kind
from experiments.verification.random_scenarios import Event, Ground, World, complete, in_custody
from simulation.engine import run
from simulation.history import ENDS
from simulation.programmes import Programme

LONG_AGO, FAR_OFF = -1000, 1000


class Course(NamedTuple):
    """What a programme was to somebody around one release: the first, or one after a new custody."""

    name: str
    rules: Programme
    release: int
    again: bool
    match: list[Event]
    left: list[int]
    ended: list[Event]
    contacts: list[int]


def worlds_of(ground: Ground) -> list[World]:
    """The worlds in which programmes are looked at."""
    return [*ground.worlds("helped"), *ground.worlds("supplied"), *ground.worlds("signed up", 8)]


def courses(world: World, events: list[Event]) -> Iterator[Course]:
    """Somebody's courses, programme by programme; whatever happens until a custody begins is about the
    release before.
    """
    custody = [(event.month, event.month + event.value) for event in of_kind(events, "custody in")]
    begins = [LONG_AGO, *(month for month, _ in custody), FAR_OFF]
    for name, rules in world.scenario.programme.items():
        for k, release in enumerate([0, *(out for _, out in custody)]):
            mine = [event for event in events if begins[k] < event.month <= begins[k + 1]]
            of = [event for event in mine if event.detail == name]
            yield Course(
                name, rules, release, k > 0, of_kind(of, "match"), [e.month for e in of_kind(of, "unmatched")],
                [e for e in mine if e.what == "exit" and e.detail.startswith(f"{name}: ")],
                [e.month for e in of_kind(of, "contact")],
            )  # fmt: skip


def all_courses(ground: Ground) -> Iterator[tuple[World, int, list[Event], Course]]:
    """Every course of everybody: world, person, events, course."""
    for world in worlds_of(ground):
        for person, events in world.lives.items():
            for course in courses(world, events):
                yield world, person, events, course


# Who, and when ----------------------------------------------------------------------------------------------------


def people_are_matched_in_time_or_not_at_all(ground: Ground) -> Finding:
    """A match comes once a release, from first month to before the deadline; else people are left then, or
    by custody.
    """
    seen = Breaches()
    for _, person, events, course in all_courses(ground):
        custody = {event.month for event in of_kind(events, "custody in")}
        months = [event.month - course.release for event in course.match]
        first, last = course.rules.starts_month, course.rules.deadline_month
        most = course.rules.again if course.again else 1
        seen.see(len(course.match) + len(course.left) <= most, f"person {person}: two courses")
        seen.see([first <= month < last for month in months], f"person {person}: matched in {months}")
        seen.see(
            [month - course.release == last or month in custody for month in course.left], f"person {person}: left"
        )
    return seen.found()


def only_people_who_say_yes_and_have_time_are_offered_help(ground: Ground) -> Finding:
    """Whoever is matched or left without accepts help of that kind, is of the offered share and has time for it."""
    seen = Breaches()
    for world in worlds_of(ground):
        people = run(world.scenario, seed=world.seed).people
        events = world.history.events
        listed = events[events["event"].isin(["match", "unmatched"])]
        for name, rules in world.scenario.programme.items():
            rows = listed.loc[listed["detail"] == name, "person"].to_numpy()
            where = {person: row for row, person in enumerate(people.person.tolist())}
            rows = np.array([where[person] for person in rows.tolist()], dtype=np.int64)
            yes = people.accepts[rows] & (1 if rules.accepted_from == "volunteers" else 2)
            seen.see(yes > 0, f"{name}: help for somebody who says no")
            if not rules.again:
                seen.see(
                    people.sentence[rows] >= np.float32(rules.shortest_sentence_months), f"{name}: too little time"
                )
            offered = world.scenario.trial.assignment
            if offered != "everyone":
                seen.see((people.side[rows] == 1) & (offered == "randomised"), f"{name}: help for a control")
    return seen.found()


def whoever_signed_up_is_eligible_and_says_yes(ground: Ground) -> Finding:
    """In a trial of people who sign up, everybody accepts the first programme and has time for it."""
    seen = Breaches()
    for world in ground.worlds("signed up"):
        people = run(world.scenario, seed=world.seed, replicates=3).people
        first = next(iter(world.scenario.programme.values()))
        seen.see(people.accepts & (1 if first.accepted_from == "volunteers" else 2) > 0, "a no")
        seen.see(people.sentence >= np.float32(first.shortest_sentence_months), "a sentence that is too short")
    return seen.found()


def everybody_who_signed_up_is_put_on_the_list(ground: Ground) -> Finding:
    """Whoever is drawn into a trial is on its list, even with a sentence of exactly the shortest length."""
    scenario = complete(
        people={"count": 200, "sentence_median_months": 2.3, "sentence_log_sd": 0.0},
        trial={"assignment": "everyone", "signed_up": True},
        programme={"help": {"capacity": 1_000_000.0, "shortest_sentence_months": 2.3}},
    )  # fmt: skip
    events = World(scenario, ground.seed).history.events["event"]
    seen = Breaches()
    seen.see(events.isin(["match", "unmatched"]).sum() == 200, "not everybody was on the list")
    return seen.found()


def lots_split_every_pair(ground: Ground) -> Finding:
    """Of each two people one is drawn to be mentored, so arms differ by one person at most."""
    seen = Breaches()
    for world in ground.worlds("drawn by lot"):
        people = run(world.scenario, seed=world.seed, replicates=5).people
        for replicate in range(5):
            side = people.side[people.replicate == replicate]
            seen.see(side[: len(side) // 2 * 2].reshape(-1, 2).sum(axis=1) == 1, "a pair on one side")
    return seen.found()


# The relationship -------------------------------------------------------------------------------------------------


def contact_lasts_from_match_to_exit(ground: Ground) -> Finding:
    """People meet only while they are matched, once a month at most, from the match to before its end."""
    seen = Breaches()
    for _, person, _, course in all_courses(ground):
        last = course.release + course.rules.ends_month
        end = course.ended[0].month if course.ended else last
        seen.see(len(course.ended) <= len(course.match), f"person {person}: an end without a match")
        seen.see(len(course.contacts) == len(set(course.contacts)), f"person {person}: met twice")
        seen.see([bool(course.match) and course.match[0].month <= m < min(end, last) for m in course.contacts],
                 f"person {person}: {course.name}")  # fmt: skip
    return seen.found()


def matches_end_for_the_reason_that_is_given(ground: Ground) -> Finding:
    """Planned ends come in the last month, ends by custody when it begins, and none later than planned."""
    seen = Breaches()
    for world, person, events, course in all_courses(ground):
        custody = {event.month for event in of_kind(events, "custody in")}
        last = course.release + course.rules.ends_month
        for event in course.ended:
            how = event.detail.removeprefix(f"{course.name}: ")
            right = {"planned": event.month == last, "custody": event.month in custody,
                     "volunteers gone": course.rules.carried_by == "volunteers",
                     "unplanned": course.rules.unplanned_exit > 0 and event.month < last}[how]  # fmt: skip
            seen.see(right and course.match[0].month <= event.month <= last, f"person {person}: {event}")
        followed = int(world.history.people["followed"].iloc[list(world.lives).index(person)])
        if course.match and not course.ended:
            seen.see(last >= followed, f"person {person}: a match without an end")
    return seen.found()


def nobody_is_met_in_custody(ground: Ground) -> Finding:
    """A match ends when custody begins; whoever is inside meets a programme only if it is offered again, before
    release.
    """
    seen = Breaches()
    for world in worlds_of(ground):
        for person, events in world.lives.items():
            inside = in_custody(events)
            for course in courses(world, events):
                ahead = (
                    set(range(course.release + course.rules.starts_month, course.release)) if course.again else set()
                )
                seen.see(inside & set(course.contacts) <= (ahead if course.rules.again else set()), f"person {person}")
    return seen.found()


def nobody_is_matched_in_custody(ground: Ground) -> Finding:
    """Whoever is back in custody while on the list is not matched there, even if a volunteer comes free."""
    scenario = complete(
        people={"count": 200, "accepts_volunteers": 1.0}, risk={"level": 10.0}, places={"include": ["Aarhus"]},
        offending={"prison_chance": 1.0, "delay_mean_months": 0.0, "sentence_median_months": 12.0},
        trial={"assignment": "everyone"}, volunteers={"recruits_per_month": 20.0, "training_months": 4},
        programme={"help": {"carried_by": "volunteers", "deadline_month": 12, "shortest_sentence_months": 0.0}},
    )  # fmt: skip
    seen = Breaches()
    matched = 0
    for person, events in World(scenario, ground.seed).lives.items():
        inside = in_custody(events) - {event.month for event in of_kind(events, "custody in")}
        months = {event.month for event in of_kind(events, "match")}
        matched += len(months)
        seen.see(not inside & months, f"person {person}")
    seen.see(matched > 0, "nobody was matched at all")
    return seen.found()


def volunteers_gone_means_that_none_is_left(ground: Ground) -> Finding:
    """A match is of the volunteers that the programme needs, and of none where it is carried by places."""
    seen = Breaches()
    for world, person, _, course in all_courses(ground):
        needed = world.scenario.volunteers.per_person if course.rules.carried_by == "volunteers" else 0
        seen.see([event.value == needed for event in course.match], f"person {person}")
        seen.see(
            [event.detail.removeprefix(f"{course.name}: ") in ENDS.values() for event in course.ended], "an unknown end"
        )
    return seen.found()

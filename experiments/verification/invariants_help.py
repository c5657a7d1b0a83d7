"""Invariants of programmes: who is offered help, who is matched, when they meet, and how it ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from experiments.verification.check_context import (
    OF_THE_PROGRAMME,
    CheckContext,
    RecordedEvent,
    SimulatedCase,
    in_custody,
    of_kind,
)
from experiments.verification.checks import Violations, invariants
from experiments.verification.random_scenarios import complete
from simulation.engine import run
from simulation.history import ENDS
from simulation.programmes import Programme
from simulation.state import PeopleColumns

LONG_AGO, FAR_OFF = -1000, 1000


class HelpCourse(NamedTuple):
    """What a programme was to a person around one release: the first, or one after a new custody."""

    name: str
    rules: Programme
    begin: int
    """Own month in which the custody before the release began; for the first release, long ago."""
    release: int
    match: list[RecordedEvent]
    left: list[int]
    ended: list[RecordedEvent]
    contacts: list[int]

    @property
    def again(self) -> bool:
        """Whether it is about a later release."""
        return self.begin > LONG_AGO


def cases_of(context: CheckContext) -> list[SimulatedCase]:
    """The random scenarios in which programmes are examined."""
    return context.scenarios(programme=12, volunteers=12, signed_up=8)


def courses(case: SimulatedCase, events: list[RecordedEvent]) -> Iterator[HelpCourse]:
    """A person's courses, programme by programme; all events until a custody begins are about the release before."""
    custody = [(event.month, event.month + event.value) for event in of_kind(events, "custody in")]
    begins = [LONG_AGO, *(month for month, _ in custody), FAR_OFF]
    for name, rules in case.scenario.programme.items():
        for k, release in enumerate([0, *(out for _, out in custody)]):
            mine = [event for event in events if begins[k] < event.month <= begins[k + 1]]
            of = [event for event in mine if event.detail == name]
            yield HelpCourse(
                name, rules, begins[k], release, of_kind(of, "match"), [e.month for e in of_kind(of, "unmatched")],
                [e for e in mine if e.what == "exit" and e.detail.startswith(f"{name}: ")],
                [e.month for e in of_kind(of, "contact")],
            )  # fmt: skip


def all_courses(context: CheckContext) -> Iterator[tuple[SimulatedCase, int, list[RecordedEvent], HelpCourse]]:
    """Every course of everybody: case, person, events, course."""
    for case in cases_of(context):
        for person, events in case.lives.items():
            for course in courses(case, events):
                yield case, person, events, course


def accepted(people: PeopleColumns, rules: Programme) -> npt.NDArray[np.bool_]:
    """Who accepts a programme."""
    return people.accepts & (1 if rules.accepted_from == "volunteers" else 2) > 0


def has_time(people: PeopleColumns, rules: Programme) -> npt.NDArray[np.bool_]:
    """Whose sentence is long enough for a programme."""
    return people.sentence >= np.float32(rules.shortest_sentence_months)


# Who, and when ----------------------------------------------------------------------------------------------------


def people_are_matched_in_time_or_not_at_all(claim: Violations, context: CheckContext) -> None:
    """A match comes once a release, from first month to before the deadline; else people are left then, or
    by custody.
    """
    for _, person, events, course in all_courses(context):
        custody = {event.month for event in of_kind(events, "custody in")}
        months = [event.month - course.release for event in course.match]
        first, last = course.rules.starts_month, course.rules.deadline_month
        most = course.rules.re_eligible if course.again else 1
        claim.check(len(course.match) + len(course.left) <= most, f"person {person}: two courses")
        claim.check([first <= month < last for month in months], f"person {person}: matched in {months}")
        left = [month - course.release == last or month in custody for month in course.left]
        claim.check(left, f"person {person}: left")


def only_people_who_accept_and_have_time_are_offered_help(claim: Violations, context: CheckContext) -> None:
    """People who are matched or left without accept help of that kind, are offered it and have time for it."""
    for case in cases_of(context):
        people = run(case.scenario, seed=case.seed).people
        events = case.history.events
        listed = events[events["event"].isin(["match", "unmatched"])]
        for name, rules in case.scenario.programme.items():
            rows = np.searchsorted(people.person, listed.loc[listed["detail"] == name, "person"].to_numpy())
            claim.check(accepted(people, rules)[rows], f"{name}: help for a person who says no")
            if not rules.re_eligible:
                claim.check(has_time(people, rules)[rows], f"{name}: too little time")
            offered = case.scenario.trial.assignment
            if offered != "everyone":
                claim.check((people.side[rows] == 1) & (offered == "randomised"), f"{name}: help for a control")
        table = case.history.people
        controls = table.loc[table["arm"] == "control"]
        theirs = events.loc[events["person"].isin(controls["person"]), "event"]
        claim.check(not theirs.isin(OF_THE_PROGRAMME).any() and not controls["treated"].any(), "a control who is met")


def people_who_signed_up_are_eligible_and_accept(claim: Violations, context: CheckContext) -> None:
    """In a trial of people who sign up, everybody accepts the first programme and has time for it."""
    for case in context.scenarios(signed_up=12):
        people = run(case.scenario, seed=case.seed, replicates=3).people
        first = next(iter(case.scenario.programme.values()))
        claim.check(accepted(people, first), "a no")
        claim.check(has_time(people, first), "a sentence that is too short")


def everybody_who_signed_up_is_put_on_the_list(claim: Violations, seed: int) -> None:
    """Everybody who is drawn into a trial is on its list, even with a sentence of exactly the shortest length."""
    scenario = complete(
        people={"count": 200, "sentence_median_months": 2.3, "sentence_log_sd": 0.0},
        trial={"assignment": "everyone", "signed_up": True},
        programme={"help": {"capacity": 1_000_000.0, "shortest_sentence_months": 2.3}},
    )  # fmt: skip
    events = SimulatedCase(scenario, seed).history.events["event"]
    claim.check(events.isin(["match", "unmatched"]).sum() == 200, "not everybody was on the list")


def lots_split_every_pair(claim: Violations, context: CheckContext) -> None:
    """Of each two people one is drawn to be mentored, so arms differ by one person at most."""
    for case in context.scenarios(randomised=12):
        people = run(case.scenario, seed=case.seed, replicates=5).people
        for replicate in range(5):
            side = people.side[people.replicate == replicate]
            claim.check(side[: len(side) // 2 * 2].reshape(-1, 2).sum(axis=1) == 1, "a pair on one side")


# The relationship -------------------------------------------------------------------------------------------------


def contact_lasts_from_match_to_exit(claim: Violations, context: CheckContext) -> None:
    """People meet only while they are matched, once a month at most, from the match to before its end."""
    for _, person, _, course in all_courses(context):
        last = course.release + course.rules.ends_month
        end = course.ended[0].month if course.ended else last
        claim.check(len(course.ended) <= len(course.match), f"person {person}: an end without a match")
        claim.check(len(course.contacts) == len(set(course.contacts)), f"person {person}: met twice")
        begin = course.match[0].month if course.match else FAR_OFF
        claim.check([begin <= m < min(end, last) for m in course.contacts], f"person {person}: {course.name}")


def matches_end_for_the_reason_that_is_given(claim: Violations, context: CheckContext) -> None:
    """Planned ends come in the last month, ends by custody when it begins, and none later than planned."""
    for case, person, events, course in all_courses(context):
        custody = {event.month for event in of_kind(events, "custody in")}
        last = course.release + course.rules.ends_month
        for event in course.ended:
            how = event.detail.removeprefix(f"{course.name}: ")
            right = {"planned": event.month == last, "custody": event.month in custody,
                     "volunteers gone": course.rules.delivered_by == "volunteers",
                     "unplanned": course.rules.dropout_chance > 0 and event.month < last}[how]  # fmt: skip
            claim.check(right and course.match[0].month <= event.month <= last, f"person {person}: {event}")
        followed = int(case.history.people["followed"].iloc[list(case.lives).index(person)])
        if course.match and not course.ended:
            claim.check(last >= followed, f"person {person}: a match without an end")


def nobody_is_met_in_custody(claim: Violations, context: CheckContext) -> None:
    """A match ends when custody begins; people in custody meet a programme only if it is offered again, before
    release.
    """
    for _, person, events, course in all_courses(context):
        begins = course.release + course.rules.starts_month
        ahead = range(begins, course.release) if course.again and course.rules.re_eligible else ()
        claim.check(in_custody(events) & set(course.contacts) <= set(ahead), f"person {person}")


def nobody_is_matched_in_custody(claim: Violations, seed: int) -> None:
    """People who are back in custody while on the list are not matched there, even if a volunteer comes free."""
    scenario = complete(
        people={"count": 200, "accepts_volunteers": 1.0}, risk={"hazard_multiplier": 10.0},
        municipalities={"include": ["Aarhus"]},
        offending={"prison_chance": 1.0, "delay_mean_months": 0.0, "sentence_median_months": 12.0},
        trial={"assignment": "everyone"}, volunteers={"recruits_per_month": 20.0, "training_months": 4},
        programme={"help": {"delivered_by": "volunteers", "deadline_month": 12, "shortest_sentence_months": 0.0}},
    )  # fmt: skip
    matched = 0
    for person, events in SimulatedCase(scenario, seed).lives.items():
        inside = in_custody(events) - {event.month for event in of_kind(events, "custody in")}
        months = {event.month for event in of_kind(events, "match")}
        matched += len(months)
        claim.check(not inside & months, f"person {person}")
    claim.check(matched > 0, "nobody was matched at all")


def volunteers_gone_means_that_none_is_left(claim: Violations, context: CheckContext) -> None:
    """A match is of the volunteers that the programme needs, and of none where it is carried by places."""
    for case, person, _, course in all_courses(context):
        needed = case.scenario.volunteers.per_person if course.rules.delivered_by == "volunteers" else 0
        claim.check([event.value == needed for event in course.match], f"person {person}")
        how = [event.detail.removeprefix(f"{course.name}: ") for event in course.ended]
        claim.check([each in ENDS.values() for each in how], "an unknown end")


PROGRAMMES = invariants(
    "programmes", people_are_matched_in_time_or_not_at_all, only_people_who_accept_and_have_time_are_offered_help,
    people_who_signed_up_are_eligible_and_accept, everybody_who_signed_up_is_put_on_the_list, lots_split_every_pair,
    contact_lasts_from_match_to_exit, matches_end_for_the_reason_that_is_given, nobody_is_met_in_custody,
    nobody_is_matched_in_custody, volunteers_gone_means_that_none_is_left,
)  # fmt: skip

"""Invariants of a life: what is always so in anybody's history, in whatever scenario."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from experiments.verification.check_context import CheckContext, RecordedEvent, SimulatedCase, in_custody, of_kind
from experiments.verification.checks import Violations, fixed, invariants
from simulation.compiled_parameters import calendar_months, months_before, told_for
from simulation.engine import run
from simulation.history import ALL_DECISIONS, ARMS, EVENTS, GROUPS, SANCTIONS, History, simulate
from simulation.rules import NEVER

MOST_SERVED = 1200
"""Most months of custody that can be waiting."""


def cases_of(context: CheckContext) -> list[SimulatedCase]:
    """The random scenarios in which lives are examined."""
    return context.scenarios(any=12, programme=12, volunteers=6, reentry=6)


def everybody(context: CheckContext) -> Iterator[tuple[SimulatedCase, Any, list[RecordedEvent]]]:
    """All people of these scenarios: the case, the row of the table of people, and the person's events."""
    for case in cases_of(context):
        for about, events in zip(case.history.people.itertuples(), case.lives.values(), strict=True):
            yield case, about, events


# Custody and offences ---------------------------------------------------------------------------------------------


def everybody_is_released_once(claim: Violations, context: CheckContext) -> None:
    """Everybody who is followed is released in month 0, and nobody twice."""
    for _, about, events in everybody(context):
        right = [0] if about.followed > 0 else []
        claim.check([event.month for event in of_kind(events, "release")] == right, f"person {about.person}")


def custody_begins_and_ends_in_turn(claim: Violations, context: CheckContext) -> None:
    """People go in and come out in turn, and serve exactly the months that were stated when they went in."""
    for _, about, events in everybody(context):
        turns = of_kind(events, "custody in", "custody out")
        for k, event in enumerate(turns):
            claim.check(event.what == ("custody in", "custody out")[k % 2], f"person {about.person}: {event}")
            claim.check(event.month > (turns[k - 1].month if k else 0), f"person {about.person}: {event}")
            if k % 2:
                claim.check(event.month - turns[k - 1].month == turns[k - 1].value, f"person {about.person}: {event}")
            else:
                out = event.month + event.value
                claim.check(0 < event.value <= MOST_SERVED, f"person {about.person} serves {event.value}")
                claim.check(k + 1 < len(turns) or out >= about.followed, f"person {about.person} never came out")


def nobody_offends_in_custody_or_before_release(claim: Violations, context: CheckContext) -> None:
    """Offences are committed at liberty, within the follow-up."""
    for _, about, events in everybody(context):
        allowed = set(range(about.followed)) - in_custody(events)
        for event in of_kind(events, "offence"):
            claim.check(event.month in allowed and event.value >= 1, f"person {about.person}: {event}")


def custody_follows_from_a_prison_sentence(claim: Violations, context: CheckContext) -> None:
    """Nobody goes in unless a prison sentence was decided then, or the month before where it was decided at once."""
    for _, about, events in everybody(context):
        decided = {max(e.month, e.value + 1) for e in of_kind(events, "sanction") if e.detail == "prison"}
        for event in of_kind(events, "custody in"):
            claim.check(event.month in decided, f"person {about.person}: {event}")


def every_case_is_decided_once_and_not_before_it_happened(claim: Violations, context: CheckContext) -> None:
    """Each month with offences is one case; it is decided at once or later, in sight if nobody stops looking."""
    for case in cases_of(context):
        whole = case.changed({"people.calendar_months": 0})
        for person, events in whole.lives.items():
            offences, sanctions = of_kind(events, "offence"), of_kind(events, "sanction")
            claim.check([e.month for e in offences] == sorted(e.value for e in sanctions), f"person {person}")
            claim.check([e.month >= e.value for e in sanctions], f"person {person}")


def immune_people_never_offend(claim: Violations, context: CheckContext) -> None:
    """The immune share never offends again, whatever happens to them; the others can."""
    others = 0
    for case in context.scenarios(any=12):
        cohort = run(case.scenario, seed=case.seed, replicates=3)
        first, never = cohort.lives.first_offence, cohort.people.never == 1
        claim.check(first[never] == NEVER, "an offence of an immune person")
        others += int((first[~never] < NEVER).sum())
    claim.check(others > 0 or not context.representative, "nobody offends at all")


# Support ----------------------------------------------------------------------------------------------------------


def only_what_is_missing_is_gained_and_what_is_held_is_lost(claim: Violations, context: CheckContext) -> None:
    """Gains and losses of each factor take turns, beginning with what was held at release."""
    for case, about, events in everybody(context):
        for name in case.scenario.factor:
            held = bool(getattr(about, f"has_{name}"))
            for event in of_kind(events, "gain", "loss"):
                if event.detail == name:
                    claim.check(event.what == ("loss" if held else "gain"), f"person {about.person}: {event}")
                    held = not held


def support_changes_only_at_liberty(claim: Violations, context: CheckContext) -> None:
    """In custody nothing is gained or lost; what custody destroys is lost in the month in which it begins."""
    for _, about, events in everybody(context):
        inside = in_custody(events)
        begins = {event.month for event in of_kind(events, "custody in")}
        for event in of_kind(events, "gain", "loss"):
            destroyed = event.what == "loss" and event.value == 1
            right = event.month in begins if destroyed else event.month not in inside
            claim.check(event.month >= 0 and right, f"person {about.person}: {event}")


# Columns and tables -----------------------------------------------------------------------------------------------


def what_became_of_people_follows_from_their_events(claim: Violations, context: CheckContext) -> None:
    """Offences, cases, months of contact and support held when a follow-up is over can be read off the history."""
    for case in cases_of(context):
        whole = case.changed({"people.follow_up_months": told_for(case.scenario)})
        lives, people = whole.cohort.lives, whole.history.people
        for i, events in enumerate(whole.lives.values()):
            offences = of_kind(events, "offence")
            right = [sum(e.value for e in offences), len(offences), min((e.month for e in offences), default=NEVER),
                     sum(e.what == "contact" for e in events)]  # fmt: skip
            kept = [lives.offences[i], lives.cases[i], lives.first_offence[i], lives.months_met[:, i].sum()]
            claim.check(right == kept, f"row {i}: {kept} kept, {right} in the events")
            for f, name in enumerate(whole.scenario.factor):
                change = sum((e.what == "gain") - (e.what == "loss") for e in events if e.detail == name)
                claim.check(lives.held[f, i] == people[f"has_{name}"].iloc[i] + change, f"row {i}: {name}")


def the_table_of_people_is_that_of_the_columns(claim: Violations, context: CheckContext) -> None:
    """Arm, group, place, age, release and the rest of the table of people are what was drawn, in the same order."""
    for case in cases_of(context):
        table, (people, lives, *_) = case.history.people, case.cohort
        places = [place.name for place in case.scenario.selected_municipalities]
        offered = {"nobody": 0, "everyone": 1}.get(case.scenario.trial.assignment, people.side)
        before = months_before(case.scenario)
        columns = {
            "person": people.person, "age": people.age, "priors": people.priors, "sentence": people.sentence,
            "motivation": people.motivation, "propensity": people.propensity, "score": lives.score,
            "woman": people.woman == 1, "release": people.release - before, "treated": lives.months_met.sum(axis=0) > 0,
            "place": np.array(places)[people.place], "group": np.array(GROUPS)[lives.highest],
            "arm": np.array(ARMS)[np.broadcast_to(offered, people.side.shape)],
            **{f"has_{name}": row == 0 for name, row in zip(case.scenario.factor, people.lacks, strict=True)},
        }  # fmt: skip
        for name, column in columns.items():
            claim.equal(table[name].to_numpy().astype(np.asarray(column).dtype), column, name)
        claim.check(table["release"].between(0, case.scenario.people.release_months - 1), "months of release")


def people_are_followed_until_observation_stops(claim: Violations, context: CheckContext) -> None:
    """Somebody is followed for the stated months or until the calendar ends; decisions are known as long,
    or for ever.
    """
    for case in cases_of(context):
        people, table = case.scenario.people, case.history.people
        last = people.release_months - 1 + people.follow_up_months
        stop = min(last, people.calendar_months) if people.calendar_months else last
        left = np.maximum(stop - table["release"].to_numpy(), 0)
        claim.equal(table["followed"], np.minimum(left, people.follow_up_months), "followed")
        claim.equal(table["decided"], left if people.calendar_months else np.full(len(table), ALL_DECISIONS), "decided")
        events = case.history.events.merge(table[["person", "followed", "decided"]], on="person")
        until = np.where(events["event"] == "sanction", events["decided"], events["followed"])
        claim.check(events["month"] < until, "an event after the end")
        claim.check(calendar_months(case.scenario) == months_before(case.scenario) + stop, "calendar")


def a_history_is_in_order(claim: Violations, context: CheckContext) -> None:
    """Events are sorted by person and month; in a month release comes before custody, and offences come last."""
    for case in cases_of(context):
        events = case.history.events
        keys = list(zip(events["person"], events["month"], events["event"].cat.codes, strict=True))
        claim.check([one <= other for one, other in pairwise(keys)], "order of events")
        claim.check(list(events["event"].cat.categories) == list(EVENTS), "kinds of events")
        scenario = case.scenario
        about = {"gain": scenario.factor, "loss": scenario.factor, "sanction": SANCTIONS, "match": scenario.programme,
                 "unmatched": scenario.programme, "contact": scenario.programme}  # fmt: skip
        for name, known in about.items():
            claim.check(set(events.loc[events["event"] == name, "detail"]) <= set(known), f"what a {name} is about")
        claim.check(events["person"].isin(case.history.people["person"]), "an event of nobody")


@fixed
def a_history_is_read_as_it_was_written(claim: Violations, context: CheckContext) -> None:
    """People and events come back from files as they were, with what made them; no replicates are no history."""
    with TemporaryDirectory() as name:
        for case in context.scenarios(programme=2):
            case.history.write(Path(name))
            again = History.read(Path(name))
            claim.check(case.history.same_as(again), "a history that was read")
            made = again.about == case.history.about and again.about["scenario"] == case.scenario.digest
            claim.check(made, "what made it")
            claim.check(not case.history.same_as(case.nobody.history), "two histories that differ")
        (Path(name) / "events.parquet").unlink()
        claim.refused(lambda: History.read(Path(name)), "half a history")
    claim.refused(lambda: simulate(case.scenario, seed=1, replicates=0), "a history of nothing")
    claim.refused(lambda: run(case.scenario, seed=1, replicates=0), "a run of nothing")


LIVES = invariants(
    "lives", everybody_is_released_once, custody_begins_and_ends_in_turn, nobody_offends_in_custody_or_before_release,
    custody_follows_from_a_prison_sentence, every_case_is_decided_once_and_not_before_it_happened,
    immune_people_never_offend, only_what_is_missing_is_gained_and_what_is_held_is_lost,
    support_changes_only_at_liberty, what_became_of_people_follows_from_their_events,
    the_table_of_people_is_that_of_the_columns, people_are_followed_until_observation_stops, a_history_is_in_order,
    a_history_is_read_as_it_was_written,
)  # fmt: skip

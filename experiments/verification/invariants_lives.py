"""Laws of a life: what is always so in anybody's history, in whatever scenario."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from experiments.verification.checks import Breaches, Finding
from experiments.verification.random_scenarios import Event, Ground, World, complete, in_custody
from simulation.compiled_parameters import calendar_months, months_before, told_for
from simulation.engine import run
from simulation.history import ALL_DECISIONS, ARMS, GROUPS, History, simulate
from simulation.parameters import ParameterError
from simulation.rules import NEVER

MOST_SERVED = 1200
"""Most months of custody that can be waiting."""


def worlds_of(ground: Ground) -> list[World]:
    """The worlds in which lives are looked at."""
    return [
        *ground.worlds("any"),
        *ground.worlds("helped"),
        *ground.worlds("supplied", 6),
        *ground.worlds("returning", 6),
    ]


def of_kind(events: list[Event], *names: str) -> list[Event]:
    """Somebody's events of these names."""
    return [event for event in events if event.what in names]


def _followed(world: World) -> dict[int, int]:
    people = world.history.people
    return dict(zip(people["person"].tolist(), people["followed"].tolist(), strict=True))


# Custody and offences ---------------------------------------------------------------------------------------------


def everybody_is_released_once(ground: Ground) -> Finding:
    """Whoever is followed at all is released in month 0, and nobody twice."""
    seen = Breaches()
    for world in worlds_of(ground):
        followed = _followed(world)
        for person, events in world.lives.items():
            right = [0] if followed[person] > 0 else []
            seen.see([event.month for event in of_kind(events, "release")] == right, f"person {person}")
    return seen.found()


def custody_begins_and_ends_in_turn(ground: Ground) -> Finding:
    """People go in and come out in turn, and serve exactly the months that were said when they went in."""
    seen = Breaches()
    for world in worlds_of(ground):
        followed = _followed(world)
        for person, events in world.lives.items():
            turns = of_kind(events, "custody in", "custody out")
            for k, event in enumerate(turns):
                seen.see(event.what == ("custody in", "custody out")[k % 2], f"person {person}: {event}")
                seen.see(event.month > (turns[k - 1].month if k else 0), f"person {person}: {event}")
                if k % 2:
                    seen.see(event.month - turns[k - 1].month == turns[k - 1].value, f"person {person}: {event}")
                else:
                    out = event.month + event.value
                    seen.see(0 < event.value <= MOST_SERVED, f"person {person} serves {event.value}")
                    seen.see(k + 1 < len(turns) or out >= followed[person], f"person {person} never came out")
    return seen.found()


def nobody_offends_in_custody_or_before_release(ground: Ground) -> Finding:
    """Offences are committed at liberty, within the follow-up."""
    seen = Breaches()
    for world in worlds_of(ground):
        followed = _followed(world)
        for person, events in world.lives.items():
            allowed = set(range(followed[person])) - in_custody(events)
            for event in of_kind(events, "offence"):
                seen.see(event.month in allowed and event.value >= 1, f"person {person}: {event}")
    return seen.found()


def custody_follows_from_a_prison_sentence(ground: Ground) -> Finding:
    """Nobody goes in unless a prison sentence was decided then, or the month before where it was decided at once."""
    seen = Breaches()
    for world in worlds_of(ground):
        for person, events in world.lives.items():
            decided = {max(e.month, e.value + 1) for e in of_kind(events, "sanction") if e.detail == "prison"}
            for event in of_kind(events, "custody in"):
                seen.see(event.month in decided, f"person {person}: {event}")
    return seen.found()


def months_sentenced_are_served_or_still_to_be_served(ground: Ground) -> Finding:
    """Where all sentences are of ten months: those of a person add up to the months served and those that wait."""
    seen = Breaches()
    for delay, parole, part, months in ((0.0, 0.0, 1.0, 10), (6.0, 1.0, 0.5, 5), (15.0, 1.0, 0.8, 8)):
        scenario = complete(
            people={"count": ground.many(300), "follow_up_months": 40}, places={"include": ["Aarhus"]},
            offending={"prison_chance": 1.0, "delay_mean_months": delay, "sentence_median_months": 10.0,
                       "sentence_log_sd": 0.0}, risk={"level": 4.0},
            custody={"parole_chance": parole, "parole_served": part, "parole_from_months": 10.0},
        )  # fmt: skip
        world = World(scenario, ground.seed)
        for person, events in world.lives.items():
            inside, turns = in_custody(events), [e.month for e in of_kind(events, "custody in")]
            cases = of_kind(events, "sanction")
            served = sum(e.value for e in of_kind(events, "custody in"))
            seen.see(
                served + world.cohort.lives.pending[person] == months * len(cases), f"person {person}: {served} months"
            )
            for case in cases:
                begins = max(case.month, case.value + 1)
                there = begins in inside or any(case.value < month <= begins for month in turns)
                seen.see(case.detail == "prison" and (there or begins >= 40), f"person {person}: {case}")
    return seen.found()


def every_case_is_decided_once_and_not_before_it_happened(ground: Ground) -> Finding:
    """Each month with offences is one case; it is decided at once or later, in sight if nobody stops looking."""
    seen = Breaches()
    for world in worlds_of(ground):
        whole = world.changed({"people.calendar_months": 0})
        for person, events in whole.lives.items():
            offences, sanctions = of_kind(events, "offence"), of_kind(events, "sanction")
            seen.see([e.month for e in offences] == sorted(e.value for e in sanctions), f"person {person}")
            seen.see([e.month >= e.value for e in sanctions], f"person {person}")
    return seen.found()


def people_who_never_offend_never_offend(ground: Ground) -> Finding:
    """The share who never offend again do not, whatever happens to them; the others can."""
    seen = Breaches()
    others = 0
    for world in ground.worlds("any"):
        cohort = run(world.scenario, seed=world.seed, replicates=3)
        first, never = cohort.lives.first_offence, cohort.people.never == 1
        seen.see(first[never] == NEVER, "an offence of somebody who never offends")
        others += int((first[~never] < NEVER).sum())
    seen.see(others > 0, "nobody offends at all")
    return seen.found()


# Support ----------------------------------------------------------------------------------------------------------


def only_what_is_lacked_is_gained_and_what_is_held_is_lost(ground: Ground) -> Finding:
    """Gains and losses of each factor take turns, beginning with what was held at release."""
    seen = Breaches()
    for world in worlds_of(ground):
        people = world.history.people
        for row, events in enumerate(world.lives.values()):
            for name in world.scenario.factor:
                held = bool(people[f"has_{name}"].iloc[row])
                for event in events:
                    if event.detail == name and event.what in ("gain", "loss"):
                        seen.see(event.what == ("loss" if held else "gain"), f"row {row}: {event}")
                        held = not held
    return seen.found()


def support_changes_only_at_liberty(ground: Ground) -> Finding:
    """In custody nothing is gained or lost; what custody destroys is lost in the month in which it begins."""
    seen = Breaches()
    for world in worlds_of(ground):
        for person, events in world.lives.items():
            inside = in_custody(events)
            begins = {event.month for event in of_kind(events, "custody in")}
            for event in of_kind(events, "gain", "loss"):
                destroyed = event.what == "loss" and event.value == 1
                right = event.month in begins if destroyed else event.month not in inside
                seen.see(event.month >= 0 and right, f"person {person}: {event}")
    return seen.found()


# Columns and tables -----------------------------------------------------------------------------------------------


def what_became_of_people_follows_from_their_events(ground: Ground) -> Finding:
    """Offences, cases, months of contact and support held when a follow-up is over can be read off the history."""
    seen = Breaches()
    for world in worlds_of(ground):
        whole = world.changed({"people.follow_up_months": told_for(world.scenario)})
        lives, people = whole.cohort.lives, whole.history.people
        for i, events in enumerate(whole.lives.values()):
            offences = of_kind(events, "offence")
            right = (sum(e.value for e in offences), len(offences), min((e.month for e in offences), default=NEVER),
                     sum(e.what == "contact" for e in events))  # fmt: skip
            kept = (
                int(lives.offences[i]),
                int(lives.cases[i]),
                int(lives.first_offence[i]),
                int(lives.months_met[:, i].sum()),
            )
            seen.see(right == kept, f"row {i}: {kept} kept, {right} told")
            for f, name in enumerate(whole.scenario.factor):
                change = sum((e.what == "gain") - (e.what == "loss") for e in events if e.detail == name)
                seen.see(lives.held[f, i] == people[f"has_{name}"].iloc[i] + change, f"row {i}: {name}")
    return seen.found()


def the_table_of_people_is_that_of_the_columns(ground: Ground) -> Finding:
    """Arm, group, place, age, release and the rest of the table of people are what was drawn, in the same order."""
    seen = Breaches()
    for world in worlds_of(ground):
        table, (people, lives, *_) = world.history.people, world.cohort
        places = [place.name for place in world.scenario.municipalities]
        offered = {"nobody": 0, "everyone": 1}.get(world.scenario.trial.assignment, people.side)
        before = months_before(world.scenario)
        columns = {
            "person": people.person, "age": people.age, "priors": people.priors, "sentence": people.sentence,
            "motivation": people.motivation, "propensity": people.propensity, "score": lives.score,
            "woman": people.woman == 1, "release": people.release - before, "treated": lives.months_met.sum(axis=0) > 0,
            "place": np.array(places)[people.place], "group": np.array(GROUPS)[lives.highest],
            "arm": np.array(ARMS)[np.broadcast_to(offered, people.side.shape)],
            **{f"has_{name}": row == 0 for name, row in zip(world.scenario.factor, people.lacks, strict=True)},
        }  # fmt: skip
        for name, column in columns.items():
            seen.same(table[name].to_numpy().astype(np.asarray(column).dtype), column, name)
        seen.see(
            (table["release"] >= 0) & (table["release"] < world.scenario.people.release_months), "months of release"
        )
    return seen.found()


def people_are_followed_until_observation_stops(ground: Ground) -> Finding:
    """Somebody is followed for the stated months or until the calendar ends; decisions are known as long,
    or for ever.
    """
    seen = Breaches()
    for world in worlds_of(ground):
        people, table = world.scenario.people, world.history.people
        last = people.release_months - 1 + people.follow_up_months
        stop = min(last, people.calendar_months) if people.calendar_months else last
        left = np.maximum(stop - table["release"].to_numpy(), 0)
        seen.same(table["followed"], np.minimum(left, people.follow_up_months), "followed")
        seen.same(table["decided"], left if people.calendar_months else np.full(len(table), ALL_DECISIONS), "decided")
        events = world.history.events.merge(table[["person", "followed", "decided"]], on="person")
        until = np.where(events["event"] == "sanction", events["decided"], events["followed"])
        seen.see(events["month"] < until, "an event after the end")
        seen.see(calendar_months(world.scenario) == months_before(world.scenario) + stop, "calendar")
    return seen.found()


def a_history_is_in_order(ground: Ground) -> Finding:
    """Events are sorted by person and month; in a month release comes before custody, and offences come last."""
    seen = Breaches()
    for world in worlds_of(ground):
        events = world.history.events
        keys = list(
            zip(events["person"].tolist(), events["month"].tolist(), events["event"].cat.codes.tolist(), strict=True)
        )
        seen.see([one <= other for one, other in pairwise(keys)], "order of events")
        seen.see(events["person"].isin(world.history.people["person"]), "an event of nobody")
    return seen.found()


def a_history_is_read_as_it_was_written(ground: Ground) -> Finding:
    """People and events come back from files as they were, with what made them; no replicates are no history."""
    seen = Breaches()
    with TemporaryDirectory() as name:
        for world in ground.worlds("helped", 2):
            world.history.write(Path(name))
            again = History.read(Path(name))
            seen.see(world.history.same_as(again), "a history that was read")
            seen.see(
                again.about == world.history.about and again.about["scenario"] == world.scenario.digest, "what made it"
            )
            seen.see(not world.history.same_as(world.nobody.history), "two histories that differ")
        (Path(name) / "events.parquet").unlink()
        seen.see(_refused(lambda: History.read(Path(name))), "half a history was read")
    seen.see(_refused(lambda: simulate(world.scenario, seed=1, replicates=0)), "a history of nothing")
    seen.see(_refused(lambda: run(world.scenario, seed=1, replicates=0)), "a run of nothing")
    return seen.found()


def _refused(what: Callable[[], object]) -> bool:
    try:
        what()
    except ParameterError as told:
        return "\n" not in str(told)
    return False

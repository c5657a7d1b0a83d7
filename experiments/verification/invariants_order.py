"""Laws without tolerance: what must not matter does not matter, to the byte.

No effect, more people, other words and orders, other drivers and cuts of the work: none of them may change a life.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from experiments.verification.checks import Breaches, Finding
from experiments.verification.random_scenarios import OF_THE_PROGRAMME, Ground, World, complete, country
from simulation.cohort import prepared
from simulation.compiled_parameters import months_before, numbers_of
from simulation.engine import run
from simulation.history import simulate
from simulation.outcomes import DEFINITIONS, times
from simulation.population import centre, draw, reference, relative_hazard
from simulation.reentry_stream import is_new, stream
from simulation.scenario import Scenario

REPLICATES = 3
EFFECTS = ("direct_effect", "direct_effect_others", "support_effect", "support_effect_others")


def _same_tables(seen: Breaches, one: Any, other: Any, words: str) -> None:
    """Two data frames, value by value, whatever their index."""
    first, second = one.reset_index(drop=True), other.reset_index(drop=True)
    seen.see(first.equals(second), f"{words}: {len(first)} rows against {len(second)}")


def _same_columns(seen: Breaches, one: Any, other: Any, words: str) -> None:
    """Two tables of columns, in every type and byte."""
    for name, first, second in zip(type(one)._fields, one, other, strict=True):
        same = (first.dtype, first.shape) == (second.dtype, second.shape) and first.tobytes() == second.tobytes()
        seen.see(same, f"{words}: {name} differs")


def _some(table: Any, rows: Any) -> Any:
    return type(table)(*(column[..., rows] for column in table))


def of_all(world: World, **values: Any) -> dict[str, Any]:
    """Changes that give every programme of a world these values."""
    return {f"programme.{name}.{key}": value for name in world.scenario.programme for key, value in values.items()}


# Zero effect ------------------------------------------------------------------------------------------------------


def a_programme_without_effect_changes_nobody(ground: Ground) -> Finding:
    """Help that does nothing brings matches and contacts, and not one other event, against nobody being offered it."""
    seen = Breaches()
    for world in ground.worlds("helped"):
        none = world.changed({**of_all(world, **dict.fromkeys(EFFECTS, 1.0)), "trial.assignment": "everyone"})
        offered, nobody = none.history.events, none.nobody.history.events
        theirs = offered["event"].isin(OF_THE_PROGRAMME)
        seen.see(
            not nobody["event"].isin(OF_THE_PROGRAMME).any(), "nobody was offered a programme, and somebody met it"
        )
        _same_tables(seen, nobody, offered[~theirs], world.scenario.digest[:8])
        seen.looked += int(theirs.sum()) - 1
    return seen.found()


def help_without_an_aim_makes_no_gain_likelier(ground: Ground) -> Finding:
    """A support effect of 1 multiplies every chance of a gain by exactly 1, in both groups."""
    seen = Breaches()
    for world in ground.worlds("helped"):
        seen.see(
            numbers_of(world.changed(of_all(world, support_effect=1.0, support_effect_others=1.0)).scenario, 1).boost
            == 1
        )
    return seen.found()


# Doubled people ---------------------------------------------------------------------------------------------------


def a_cohort_is_the_start_of_one_twice_as_large(ground: Ground) -> Finding:
    """The first n of 2n people are the same people, whatever they do to each other later."""
    seen = Breaches()
    for world in ground.worlds("any"):
        count = world.scenario.people.count
        few, many = (
            draw(world.scenario, world.seed, range(2, 3)),
            draw(world.scenario, world.seed, range(2, 3), count=2 * count),
        )
        _same_columns(seen, few, _some(many, np.arange(count)), world.scenario.digest[:8])
    return seen.found()


def strangers_do_not_change_a_life(ground: Ground) -> Finding:
    """Where people have no influence on each other, the first n of 2n people have the same lives."""
    seen = Breaches()
    for world in ground.worlds("apart"):
        count = world.scenario.people.count
        many = simulate(world.scenario.replace(people__count=2 * count), seed=world.seed)
        few = world.history
        _same_tables(seen, few.people, many.people[many.people["person"] < count], "people")
        _same_tables(seen, few.events, many.events[many.events["person"] < count], "events")
    return seen.found()


def a_short_follow_up_is_the_start_of_a_longer_one(ground: Ground) -> Finding:
    """Months of follow-up that are added later change nothing in the months before."""
    seen = Breaches()
    for world in ground.worlds("apart"):
        short = world.changed({"people.calendar_months": 0})
        length = short.scenario.people.follow_up_months
        longer = short.changed({"people.follow_up_months": length + 7})
        both = []
        for each in (short, longer):
            events = each.history.events
            began = events["month"].where(events["event"] != "sanction", events["value"])
            both.append(events[began < length])
        _same_tables(seen, *both, world.scenario.digest[:8])
    return seen.found()


# Relabelled places ------------------------------------------------------------------------------------------------


def order_and_spelling_of_places_decide_nothing(ground: Ground) -> Finding:
    """The same municipalities, in another order or spelling, give the same people the same lives."""
    seen = Breaches()
    tables: dict[str, Any] = {
        "people": {"count": 60},
        "trial": {"assignment": "everyone"},
        "volunteers": {"at_start": 20.0},
    }
    tables["programme"] = {"mentors": {"carried_by": "volunteers"}}
    plain = simulate(complete(places={"include": ["Aarhus", "Odense", "Vejle"]}, **tables), seed=ground.seed)
    for include in (["vejle", "ÅRHUS", "odense"], ["Vejle", "Århus", "Aarhus", " Odense"]):
        other = simulate(complete(places={"include": include}, **tables), seed=ground.seed)
        seen.see(plain.same_as(other), f"places named as {include}")
    return seen.found()


def inhabitants_are_the_parts_where_none_are_named(ground: Ground) -> Finding:
    """Giving every municipality its number of inhabitants as its part of the released, or twice that,
    changes nobody.
    """
    seen = Breaches()
    for world in ground.worlds("any", 6):
        bare = world.changed({"places.released": {}})
        for times_ in (1.0, 2.0):
            parts = {place.name: times_ * place.population for place in world.scenario.municipalities}
            named = bare.changed({"places.released": parts})
            _same_columns(seen, bare.cohort.people, named.cohort.people, f"parts times {times_}")
    return seen.found()


def names_and_labels_decide_nothing(ground: Ground) -> Finding:
    """Other names of factors and programmes, labels, sources and titles leave every number of the lives alone."""
    seen = Breaches()
    for world in ground.worlds("helped", 8):
        text = world.scenario.model_dump()
        names = {name: f"thing{k}" for k, name in enumerate(world.scenario.factor)}
        renamed = {**text, "name": "other", "title": "Another title"}
        factors = text["factor"].items()
        renamed["factor"] = {
            names[key]: {**row, "label": "x", "helped_by": {names[k]: v for k, v in row["helped_by"].items()}}
            for key, row in factors
        }
        renamed["programme"] = {f"scheme{k}": {**row, "helps": {names[key]: v for key, v in row["helps"].items()}}
                                for k, row in enumerate(text["programme"].values())}  # fmt: skip
        other = World(complete(**renamed), world.seed)
        _same_columns(seen, world.cohort.lives, other.cohort.lives, world.scenario.digest[:8])
        words = world.changed({"name": "other", "title": "Another title"})
        seen.see(words.scenario.digest == world.scenario.digest, "a title changed the digest")
    return seen.found()


# Order of people, and of the work ---------------------------------------------------------------------------------


def two_drivers_tell_one_story(ground: Ground) -> Finding:
    """The compiled engine and the Mesa model, whose people step in random order, tell one history and keep
    one state.
    """
    from simulation.mesa_model import ReentryModel

    seen = Breaches()
    for k, world in enumerate([*ground.worlds("any"), *ground.worlds("helped", 6), *ground.worlds("supplied", 6)]):
        model = ReentryModel(
            world.scenario, seed=world.seed, shuffle=k % 2 == 0, watch=range(world.scenario.people.count)
        )
        told = model.run()
        seen.see(world.history.same_as(told), f"histories of {world.scenario.digest[:8]}")
        hazards: dict[int, list[float]] = {row: [] for row in range(len(model.by_row))}
        last = None
        for stage, last in world.months():
            if stage == "lived":
                for place, row in enumerate(range(last.rows.start, last.rows.stop)):
                    hazards[row].append(float(last.buffers.hazard[place]))
        diaries = {person.row: [entry.hazard for entry in person.diary] for person in model.by_row}
        seen.see(hazards == diaries, f"hazards of {world.scenario.digest[:8]}")
        if last is not None:
            for one, other in ((last.lives, model.lives), (last.local, model.local), (last.seats, model.seats)):
                _same_columns(seen, one, other, world.scenario.digest[:8])
    return seen.found()


def threads_chunks_and_blocks_change_no_byte(ground: Ground) -> Finding:
    """One thread or two, any chunk (small ones cut a replicate by places) and any block give the same columns."""
    seen = Breaches()
    for k, world in enumerate(ground.worlds("any") + ground.worlds("supplied", 6)):
        whole = run(world.scenario, seed=world.seed, replicates=REPLICATES, threads=1)
        cut = run(world.scenario, seed=world.seed, replicates=REPLICATES, threads=1 + k % 2,
                  chunk_people=(1, 3, 20, 500)[k % 4], block=(1, 7, 64)[k % 3])  # fmt: skip
        for one, other in zip(whole[:3], cut[:3], strict=True):
            _same_columns(seen, one, other, world.scenario.digest[:8])
    return seen.found()


def a_replicate_alone_is_the_same_among_others(ground: Ground) -> Finding:
    """What happens in a replicate does not depend on which others are told."""
    seen = Breaches()
    for world in ground.worlds("any"):
        among = run(world.scenario, seed=world.seed, replicates=REPLICATES)
        alone = run(world.scenario, seed=world.seed, replicates=range(1, 2))
        rows = np.flatnonzero(among.people.replicate == 1)
        _same_columns(seen, alone.people, _some(among.people, rows), "people")
        lives = _some(among.lives, rows)._replace(locality=alone.lives.locality)
        _same_columns(seen, alone.lives, lives, "lives")
        own = alone.lives.locality - (among.lives.locality[rows] - len(world.scenario.municipalities))
        seen.see(own == 0, "localities")
        history = simulate(world.scenario, seed=world.seed, replicates=2)
        seen.see(history.people["replicate"].isin((0, 1)).all(), "replicates")
        second = simulate(world.scenario, seed=world.seed, first=1)
        _same_tables(seen, history.events[history.events["replicate"] == 1], second.events, "events of the second")
    return seen.found()


def a_ledger_does_not_depend_on_how_the_work_is_cut(ground: Ground) -> Finding:
    """Replicates together or apart, cut by places, in threads: each has its own ledger, to the byte, and changes
    nobody.
    """
    from simulation.engine import over_chunks

    seen = Breaches()
    for k, world in enumerate(ground.worlds("helped", 8) + ground.worlds("any", 4)):

        def rows(world: World = world, **cut: Any) -> Any:
            parts = over_chunks(world.scenario, world.seed, range(2), tuple, ledger=True, **cut)
            return [np.concatenate([part[3] for part in parts], axis=3)]

        (together,), (cut,) = rows(threads=1), rows(threads=2, chunk_people=(1, 20)[k % 2], block=(1, 64)[k % 2])
        seen.see(together.tobytes() == cut.tobytes(), f"ledgers of {world.scenario.digest[:8]}")
        counted, plain = (next(over_chunks(world.scenario, world.seed, range(1), tuple, ledger=each, threads=1))
                          for each in (True, False))  # fmt: skip
        for one, other in zip(counted[:3], plain[:3], strict=True):
            _same_columns(seen, one, other, "with a ledger")
    return seen.found()


def people_are_put_back_in_their_order(ground: Ground) -> Finding:
    """However people are sorted to be told, a run gives them in order of their numbers, each with his or
    her own life.
    """
    seen = Breaches()
    for world in ground.worlds("any") + ground.worlds("returning", 6):
        ready = prepared(world.scenario, world.seed, range(2))
        order = list(
            zip(ready.people.replicate[ready.back].tolist(), ready.people.person[ready.back].tolist(), strict=True)
        )
        seen.see(order == sorted(order), "order of the people")
        cohort = run(world.scenario, seed=world.seed, replicates=2)
        seen.same(cohort.people.person, ready.people.person[ready.back], "numbers")
        seen.same(cohort.lives.score, ready.score[ready.back], "scores")
        keys = (ready.people.release, ready.people.replicate, ready.people.place)
        rows = list(zip(*(key.tolist() for key in keys), strict=True))
        seen.see(rows == sorted(rows), "rows by release, replicate and place")
    return seen.found()


def what_was_told_before_changes_nobody(ground: Ground) -> Finding:
    """A scenario told right after one that differs in one number has its own people, hazards, groups and stream."""
    seen = Breaches()
    for world in [*ground.worlds("returning", 5), *ground.worlds("any", 5)]:
        prepared(world.scenario, world.seed, range(2))
        factor = next(iter(world.scenario.factor))
        for key, value in (
            ("risk.level", 9.0), ("risk.age_hazard_ratio", 0.61), ("people.motivation_hazard_ratio", 0.71),
            (f"factor.{factor}.lacking_hazard_ratio", 2.9), ("risk.propensity_sd", 1.3), ("people.women_share", 0.37),
            ("offending.prison_chance", 0.77), ("people.count", 37), ("risk.highest_share", 0.33),
        ):  # fmt: skip
            other = world.scenario.changed({key: value})
            _prepared_by_hand(seen, other, world.seed, key)
        if world.scenario.people.returns_count and world.scenario.people.release_months > 1:
            low, high = (stream(world.scenario.changed({"risk.level": level})).returns.sum() for level in (0.2, 8.0))
            seen.see(low <= high, "more risk and fewer returns")
    for level in (1.0, 3.0, 0.5):
        _prepared_by_hand(seen, country(**{"risk.level": level}), ground.seed, f"a stream at level {level}")
    return seen.found()


def _prepared_by_hand(seen: Breaches, scenario: Scenario, seed: int, words: str) -> None:
    """People ready to be told, against the same drawn anew and put in order by hand."""
    people = draw(scenario, seed, range(2))
    score, hazard = relative_hazard(scenario, people)
    new = np.ones(len(people.person), bool)
    if scenario.people.returns_count:
        new = is_new(scenario, people, hazard, seed)
    ready, cut = prepared(scenario, seed, range(2)), reference(scenario).highest_from
    back = _some(ready.people, ready.back)
    seen.same(back.person, people.person[new], f"{words}: who is there")
    seen.same(back.release, people.release[new] + months_before(scenario), f"{words}: months of release")
    seen.near(ready.hazard[ready.back], hazard[new] / centre(scenario), f"{words}: hazards", rel=1e-6)
    seen.near(ready.score[ready.back], score[new], f"{words}: scores", rel=1e-5, tiny=1e-5)
    seen.same(ready.highest[ready.back], score[new] >= cut, f"{words}: groups of risk")
    place = people.replicate[new].astype(np.int64) * len(scenario.municipalities) + people.place[new]
    seen.same(ready.locality[ready.back], place, f"{words}: localities")


# What is reduced is what was told ---------------------------------------------------------------------------------


def outcomes_of_a_run_are_those_of_its_history(ground: Ground) -> Finding:
    """Times to reoffending that the engine keeps without events are those that follow from the events."""
    seen = Breaches()
    for world in ground.worlds("any") + ground.worlds("helped", 6):
        for definition in DEFINITIONS:
            table = times(world.history, definition)
            kept, beyond = getattr(world.cohort.lives, f"time_{definition}"), table["known"].to_numpy() + 1
            seen.same(np.minimum(table["time"], beyond), np.minimum(kept, beyond), definition)
            if world.scenario.people.calendar_months == 0:
                seen.same(table["time"], kept, f"{definition}, never stopped")
    return seen.found()

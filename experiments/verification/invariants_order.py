"""Invariants without tolerance: what must not matter does not matter, to the byte.

A programme without effect, more people, other names and orders, another driver or another division of the work:
none of them may change a life.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from experiments.verification.check_context import OF_THE_PROGRAMME, CheckContext, SimulatedCase
from experiments.verification.checks import Violations, fixed, invariants
from experiments.verification.random_scenarios import complete, country
from simulation.cohort import prepared
from simulation.compiled_parameters import months_before, numbers_of
from simulation.engine import over_chunks, run
from simulation.history import simulate
from simulation.outcomes import DEFINITIONS, times
from simulation.population import centre, draw, reference, relative_hazard
from simulation.reentry_stream import is_new, stream
from simulation.scenario import Scenario

REPLICATES = 3
EFFECTS = ("direct_hazard_ratio", "direct_hazard_ratio_others", "support_hazard_ratio", "support_hazard_ratio_others")


def _same_tables(claim: Violations, one: Any, other: Any, detail: str) -> None:
    """Two data frames, value by value, whatever their index."""
    first, second = one.reset_index(drop=True), other.reset_index(drop=True)
    claim.check(first.equals(second), f"{detail}: {len(first)} rows against {len(second)}")


def _same_columns(claim: Violations, one: Any, other: Any, detail: str) -> None:
    """Two tables of columns, in every type and byte."""
    for name, first, second in zip(type(one)._fields, one, other, strict=True):
        same = (first.dtype, first.shape) == (second.dtype, second.shape) and first.tobytes() == second.tobytes()
        claim.check(same, f"{detail}: {name} differs")


def _some(table: Any, rows: Any) -> Any:
    return type(table)(*(column[..., rows] for column in table))


def of_all(case: SimulatedCase, **values: Any) -> dict[str, Any]:
    """Changes that give every programme of a case these values."""
    return {f"programme.{name}.{key}": value for name in case.scenario.programme for key, value in values.items()}


def everyone_with(case: SimulatedCase, **values: Any) -> SimulatedCase:
    """A case in which everybody is offered every programme, and each has these values."""
    return case.changed({**of_all(case, **values), "trial.assignment": "everyone"})


def a_programme_without_effect_changes_nobody(claim: Violations, context: CheckContext) -> None:
    """Help that does nothing brings matches and contacts, and not one other event, against nobody being offered it."""
    for case in context.scenarios(programme=12):
        none = everyone_with(case, **dict.fromkeys(EFFECTS, 1.0))
        offered, nobody = none.history.events, none.nobody.history.events
        theirs = offered["event"].isin(OF_THE_PROGRAMME)
        met = nobody["event"].isin(OF_THE_PROGRAMME).any()
        claim.check(not met, "nobody was offered a programme, and a person met it")
        _same_tables(claim, nobody, offered[~theirs], case.name)
        claim.examined += int(theirs.sum()) - 1


def help_without_an_aim_makes_no_gain_likelier(claim: Violations, context: CheckContext) -> None:
    """A support effect of 1 multiplies every chance of a gain by exactly 1, in both groups."""
    for case in context.scenarios(programme=12):
        without = case.changed(of_all(case, support_hazard_ratio=1.0, support_hazard_ratio_others=1.0))
        claim.check(numbers_of(without.scenario, 1).boost == 1)


def a_cohort_is_the_start_of_one_twice_as_large(claim: Violations, context: CheckContext) -> None:
    """The first n of 2n people are the same people, whatever they do to each other later."""
    for case in context.scenarios(any=12):
        count = case.scenario.people.count
        few, many = (draw(case.scenario, case.seed, range(2, 3), count=times * count) for times in (1, 2))
        _same_columns(claim, few, _some(many, np.arange(count)), case.name)


def strangers_do_not_change_a_life(claim: Violations, context: CheckContext) -> None:
    """Where people have no influence on each other, the first n of 2n people have the same lives."""
    for case in context.scenarios(independent=12):
        count = case.scenario.people.count
        many = simulate(case.scenario.replace(people__count=2 * count), seed=case.seed)
        few = case.history
        _same_tables(claim, few.people, many.people[many.people["person"] < count], "people")
        _same_tables(claim, few.events, many.events[many.events["person"] < count], "events")


def a_short_follow_up_is_the_start_of_a_longer_one(claim: Violations, context: CheckContext) -> None:
    """Months of follow-up that are added later change nothing in the months before."""
    for case in context.scenarios(independent=12):
        short = case.changed({"people.calendar_months": 0})
        length = short.scenario.people.follow_up_months
        longer = short.changed({"people.follow_up_months": length + round(context.varied(7, 1, 12))})
        both = []
        for each in (short, longer):
            events = each.history.events
            began = events["month"].where(events["event"] != "sanction", events["value"])
            both.append(events[began < length])
        _same_tables(claim, both[0], both[1], case.name)


def order_and_spelling_of_municipalities_decide_nothing(claim: Violations, seed: int) -> None:
    """The same municipalities, in another order or spelling, give the same people the same lives."""
    tables = {"people": {"count": 60}, "trial": {"assignment": "everyone"}, "volunteers": {"at_start": 20.0},
              "programme": {"mentors": {"delivered_by": "volunteers"}}}  # fmt: skip
    plain = simulate(complete(municipalities={"include": ["Aarhus", "Odense", "Vejle"]}, **tables), seed=seed)
    for include in (
        ["Odense", "Aarhus", "Vejle"], ["vejle", "ÅRHUS", "odense"], ["Vejle", "Århus", "Aarhus", " Odense"],
    ):  # fmt: skip
        other = simulate(complete(municipalities={"include": include}, **tables), seed=seed)
        claim.check(plain.same_as(other), f"places named as {include}")


def inhabitants_are_the_parts_where_none_are_named(claim: Violations, context: CheckContext) -> None:
    """Giving every municipality its number of inhabitants as its part of the released, or twice that,
    changes nobody.
    """
    for case in context.scenarios(any=6):
        bare = case.changed({"municipalities.releases": {}})
        for times_ in (1.0, 2.0):
            parts = {place.name: times_ * place.population for place in case.scenario.selected_municipalities}
            named = bare.changed({"municipalities.releases": parts})
            _same_columns(claim, bare.cohort.people, named.cohort.people, f"parts times {times_}")


def names_and_labels_decide_nothing(claim: Violations, context: CheckContext) -> None:
    """Other names of factors and programmes, labels, sources and titles leave every number of the lives alone."""
    for case in context.scenarios(programme=8):
        text = case.scenario.model_dump()
        names = {name: f"thing{k}" for k, name in enumerate(case.scenario.factor)}
        renamed = {**text, "name": "other", "title": "Another title"}

        def new_names(by_factor: dict[str, float], names: dict[str, str] = names) -> dict[str, float]:
            return {names[name]: value for name, value in by_factor.items()}

        renamed["factor"] = {names[key]: {**row, "label": "x", "helped_by": new_names(row["helped_by"])}
                             for key, row in text["factor"].items()}  # fmt: skip
        renamed["programme"] = {f"scheme{k}": {**row, "gain_weights": new_names(row["gain_weights"])}
                                for k, row in enumerate(text["programme"].values())}  # fmt: skip
        other = SimulatedCase(complete(**renamed), case.seed)
        _same_columns(claim, case.cohort.lives, other.cohort.lives, case.name)
        first, about = next(iter(case.scenario.factor)), {"source": "another", "grade": "judged", "prior": "U(0, 1)"}
        texts = case.changed({"name": "other", "title": "Another title", f"factor.{first}.label": "x",
                              f"factor.{first}.about": {"gain": about}})  # fmt: skip
        claim.check(texts.scenario.digest == case.scenario.digest, "a title changed the digest")
        claim.check(texts.history.same_as(case.history), "a title changed the history")


def both_drivers_simulate_one_history(claim: Violations, context: CheckContext) -> None:
    """The compiled engine and the Mesa model, whose people step in random order, give one history and keep
    one state.
    """
    from simulation.mesa_model import ReentryModel  # Mesa is slow to import

    for k, case in enumerate(context.scenarios(any=12, programme=6, volunteers=6), context.first):
        model = ReentryModel(case.scenario, seed=case.seed, shuffle=k % 2 == 0, watch=range(case.scenario.people.count))
        by_mesa = model.run()
        claim.check(case.history.same_as(by_mesa), f"histories of {case.name}")
        hazards: dict[int, list[float]] = {row: [] for row in range(len(model.by_row))}
        last = None
        for stage, last in case.months():
            if stage == "lived":
                for place, row in enumerate(range(last.rows.start, last.rows.stop)):
                    hazards[row].append(float(last.buffers.hazard[place]))
        diaries = {person.row: [entry.hazard for entry in person.diary] for person in model.by_row}
        claim.check(hazards == diaries, f"hazards of {case.name}")
        if last is not None:
            for one, other in ((last.lives, model.lives), (last.local, model.local), (last.seats, model.seats)):
                _same_columns(claim, one, other, case.name)


def threads_chunks_and_blocks_change_no_byte(claim: Violations, context: CheckContext) -> None:
    """One thread or two, any chunk (small ones cut a replicate by places) and any block give the same columns."""
    for k, case in enumerate(context.scenarios(any=12, volunteers=6), context.first):
        whole = run(case.scenario, seed=case.seed, replicates=REPLICATES, threads=1)
        cut = run(case.scenario, seed=case.seed, replicates=REPLICATES, threads=1 + k % 2,
                  chunk_people=(1, 3, 20, 500)[k % 4], block=(1, 7, 64)[k % 3])  # fmt: skip
        for one, other in zip(whole[:3], cut[:3], strict=True):
            _same_columns(claim, one, other, case.name)


def a_replicate_alone_is_the_same_among_others(claim: Violations, context: CheckContext) -> None:
    """What happens in a replicate does not depend on which others are simulated."""
    for case in context.scenarios(any=12):
        among = run(case.scenario, seed=case.seed, replicates=REPLICATES)
        alone = run(case.scenario, seed=case.seed, replicates=range(1, 2))
        rows = np.flatnonzero(among.people.replicate == 1)
        _same_columns(claim, alone.people, _some(among.people, rows), "people")
        lives = _some(among.lives, rows)._replace(locality=alone.lives.locality)
        _same_columns(claim, alone.lives, lives, "lives")
        own = alone.lives.locality - (among.lives.locality[rows] - len(case.scenario.selected_municipalities))
        claim.check(own == 0, "localities")
        history = simulate(case.scenario, seed=case.seed, replicates=2)
        claim.check(history.people["replicate"].isin((0, 1)).all(), "replicates")
        second = simulate(case.scenario, seed=case.seed, first=1)
        _same_tables(claim, history.events[history.events["replicate"] == 1], second.events, "events of the second")


def a_ledger_does_not_depend_on_how_the_work_is_cut(claim: Violations, context: CheckContext) -> None:
    """Replicates together or apart, cut by places, in threads: each has its own ledger, to the byte, and changes
    nobody.
    """
    for k, case in enumerate(context.scenarios(programme=8, any=4), context.first):

        def rows(case: SimulatedCase = case, replicates: range = range(2), **cut: Any) -> Any:
            parts = over_chunks(case.scenario, case.seed, replicates, tuple, ledger=True, **cut)
            return [np.concatenate([part[3] for part in parts], axis=3)]

        (together,), (cut,) = rows(threads=1), rows(threads=2, chunk_people=(1, 20)[k % 2], block=(1, 64)[k % 2])
        (alone,) = rows(replicates=range(1, 2), threads=1)
        claim.check(together[..., together.shape[3] // 2 :].tobytes() == alone.tobytes(), "a ledger among others")
        claim.check(together.tobytes() == cut.tobytes(), f"ledgers of {case.name}")
        counted, plain = (next(over_chunks(case.scenario, case.seed, range(1), tuple, ledger=each, threads=1))
                          for each in (True, False))  # fmt: skip
        for one, other in zip(counted[:3], plain[:3], strict=True):
            _same_columns(claim, one, other, "with a ledger")


def people_are_put_back_in_their_order(claim: Violations, context: CheckContext) -> None:
    """However people are sorted for the simulation, a run gives them in order of their numbers, each with his or
    her own life.
    """
    for case in context.scenarios(any=12, reentry=6):
        ready = prepared(case.scenario, case.seed, range(2))
        order = list(zip(ready.people.replicate[ready.back], ready.people.person[ready.back], strict=True))
        claim.check(order == sorted(order), "order of the people")
        cohort = run(case.scenario, seed=case.seed, replicates=2)
        claim.equal(cohort.people.person, ready.people.person[ready.back], "numbers")
        claim.equal(cohort.lives.score, ready.score[ready.back], "scores")
        keys = (ready.people.release, ready.people.replicate, ready.people.place)
        rows = list(zip(*(key.tolist() for key in keys), strict=True))
        claim.check(rows == sorted(rows), "rows by release, replicate and place")


@fixed
def earlier_runs_change_nobody(claim: Violations, context: CheckContext) -> None:
    """A scenario simulated right after one that differs in one number has people, hazards and a stream of its own."""
    for case in context.scenarios(reentry=5, any=5):
        prepared(case.scenario, case.seed, range(2))
        factor = next(iter(case.scenario.factor))
        for key, value in (
            ("risk.hazard_multiplier", 9.0), ("risk.age_hazard_ratio", 0.61), ("people.motivation_hazard_ratio", 0.71),
            (f"factor.{factor}.missing_hazard_ratio", 2.9), ("risk.frailty_sd", 1.3), ("people.women_share", 0.37),
            ("offending.prison_chance", 0.77), ("people.count", 37), ("risk.high_risk_share", 0.33),
        ):  # fmt: skip
            other = case.scenario.changed({key: value})
            _prepared_by_hand(claim, other, case.seed, key)
        if case.scenario.people.include_reentries and case.scenario.people.release_months > 1:
            at = [case.scenario.changed({"risk.hazard_multiplier": level}) for level in (0.2, 8.0)]
            low, high = (stream(each).returns.sum() for each in at)
            claim.check(low <= high, "more risk and fewer returns")
    for level in (1.0, 3.0, 0.5):
        _prepared_by_hand(claim, country(**{"risk.hazard_multiplier": level}), context.seed,
                          f"a stream at level {level}")


def _prepared_by_hand(claim: Violations, scenario: Scenario, seed: int, detail: str) -> None:
    """People ready to be simulated, against the same drawn anew and put in order by hand."""
    people = draw(scenario, seed, range(2))
    score, hazard = relative_hazard(scenario, people)
    new = np.ones(len(people.person), bool)
    if scenario.people.include_reentries:
        new = is_new(scenario, people, hazard, seed)
    ready, cut = prepared(scenario, seed, range(2)), reference(scenario).highest_from
    back = _some(ready.people, ready.back)
    claim.equal(back.person, people.person[new], f"{detail}: who is there")
    claim.equal(back.release, people.release[new] + months_before(scenario), f"{detail}: months of release")
    claim.close(ready.hazard[ready.back], hazard[new] / centre(scenario), f"{detail}: hazards", rel=1e-6)
    claim.close(ready.score[ready.back], score[new], f"{detail}: scores", rel=1e-5, tiny=1e-5)
    claim.equal(ready.highest[ready.back], score[new] >= cut, f"{detail}: groups of risk")
    place = people.replicate[new].astype(np.int64) * len(scenario.selected_municipalities) + people.place[new]
    claim.equal(ready.locality[ready.back], place, f"{detail}: localities")


def outcomes_of_a_run_are_those_of_its_history(claim: Violations, context: CheckContext) -> None:
    """Times to reoffending that the engine keeps without events are those that follow from the events."""
    for case in context.scenarios(any=12, programme=6):
        for definition in DEFINITIONS:
            table = times(case.history, definition)
            kept, beyond = getattr(case.cohort.lives, f"time_{definition}"), table["known"].to_numpy() + 1
            claim.equal(np.minimum(table["time"], beyond), np.minimum(kept, beyond), definition)
            if case.scenario.people.calendar_months == 0:
                claim.equal(table["time"], kept, f"{definition}, never stopped")


ZERO_EFFECT = invariants(
    "zero effect", a_programme_without_effect_changes_nobody, help_without_an_aim_makes_no_gain_likelier,
)  # fmt: skip
DOUBLED_PEOPLE = invariants(
    "doubled people", a_cohort_is_the_start_of_one_twice_as_large, strangers_do_not_change_a_life,
    a_short_follow_up_is_the_start_of_a_longer_one,
)  # fmt: skip
RELABELLED_PLACES = invariants(
    "relabelled places", order_and_spelling_of_municipalities_decide_nothing,
    inhabitants_are_the_parts_where_none_are_named, names_and_labels_decide_nothing,
)  # fmt: skip
ORDER_OF_PEOPLE = invariants(
    "order of people", both_drivers_simulate_one_history, threads_chunks_and_blocks_change_no_byte,
    a_replicate_alone_is_the_same_among_others, a_ledger_does_not_depend_on_how_the_work_is_cut,
    people_are_put_back_in_their_order, earlier_runs_change_nobody, outcomes_of_a_run_are_those_of_its_history,
)  # fmt: skip

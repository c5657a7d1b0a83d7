"""The ledger of counts: the same story as the events, told month by month, group by group and place by place."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.verification.random_scenarios import World
from experiments.verification.recounted_ledger import ENDINGS, OF_VOLUNTEERS, by_hand
from simulation import simulate
from simulation.compiled_parameters import calendar_months, told_for
from simulation.engine import over_chunks, run
from simulation.ledger import A_PROGRAMME, COMMON, OF_A_PROGRAMME, WINDOW, names
from simulation.rules import WAITING
from tests.strategies import SEEDS, scenarios
from tests.worlds import complete

DEFINITIONS = ("any", "prison", "sentence")
ALL, HELPED = scenarios(returning=None), scenarios(programmes=(1, 3), returning=None)
some, many = settings(max_examples=15), settings(max_examples=40)


def ledger(scenario, seed, *, replicates=range(1), threads=1, **cut):
    """The ledgers of some replicates: row x month x group x place, one array a replicate, in order."""
    places = len(scenario.municipalities)

    def apart(cohort):
        """One array a replicate."""
        return np.split(cohort.tally, cohort.tally.shape[3] // places, axis=3)

    parts = over_chunks(scenario, seed, replicates, apart, threads=threads, ledger=True, **cut)
    return [each for part in parts for each in part]


def row(table, scenario, name):
    """One row of a ledger by its name: month x group x place."""
    return table[names(scenario).index(name)]


def whole(scenario):
    """The scenario without an early stop, everybody followed as long as he or she may be in a programme."""
    return scenario.replace(people__calendar_months=0, people__follow_up_months=told_for(scenario))


# What it counts, once more from the events ------------------------------------------------------------------------------


def as_counter(scenario, table):
    """A ledger without the volunteers' rows as (row, month, group, place) to a number, zeros left out."""
    rows = names(scenario)
    return Counter({
        (rows[at[0]], *at[1:]): int(table[at]) for at in map(tuple, np.argwhere(table).tolist())
        if rows[at[0]] not in OF_VOLUNTEERS
    })  # fmt: skip


@many
@given(ALL, SEEDS)
def test_a_ledger_is_what_the_events_add_up_to(scenario, seed):
    """Every row, in every month, group and place, is the number that one counts in the history."""
    scenario = whole(scenario)
    (table,) = ledger(scenario, seed)

    assert by_hand(World(scenario, seed)) == as_counter(scenario, table)


@given(HELPED, SEEDS)
def test_a_ledger_counts_nobody_after_the_follow_up(scenario, seed):
    """Whatever happens to somebody after his or her follow-up is in no row, as it is in no history."""
    scenario = scenario.replace(people__calendar_months=0)
    (table,) = ledger(scenario, seed)

    assert by_hand(World(scenario, seed)) == as_counter(scenario, table)


@given(ALL, SEEDS)
def test_reoffenders_are_those_whose_time_is_within_two_years(scenario, seed):
    """Where nobody goes to prison, reoffenders are the people whom the engine's own times put within two years."""
    scenario = whole(scenario).replace(offending__prison_chance=0.0, offending__prison_per_conviction=0.0)
    (table,), lives = ledger(scenario, seed), run(scenario, seed=seed).lives
    for definition in DEFINITIONS:
        reoffended = getattr(lives, f"time_{definition}") <= WINDOW
        expected = [int((reoffended & (lives.highest == group)).sum()) for group in (0, 1)]

        assert expected == row(table, scenario, f"reoffenders_{definition}").sum(axis=(0, 2)).tolist()
        assert (row(table, scenario, f"relapses_{definition}") == row(table, scenario, f"reoffenders_{definition}")).all()


# However it is made ------------------------------------------------------------------------------------------------------


@given(ALL, SEEDS, st.sampled_from([1, 3, 20, 500]), st.sampled_from([1, 7, 64]), st.sampled_from([1, 2]))
def test_a_ledger_does_not_depend_on_how_the_work_is_cut(scenario, seed, chunk_people, block, threads):
    """Replicates together or apart, cut by places, in threads: each has its own ledger, to the byte."""
    together = ledger(scenario, seed, replicates=range(3))
    cut = ledger(scenario, seed, replicates=range(3), chunk_people=chunk_people, block=block, threads=threads)
    (alone,) = ledger(scenario, seed, replicates=range(2, 3))

    assert [each.tobytes() for each in together] == [each.tobytes() for each in cut]
    assert alone.tobytes() == together[2].tobytes()


@given(ALL, SEEDS, st.integers(1, 24))
def test_a_ledger_that_stops_early_is_the_start_of_a_longer_one(scenario, seed, stop):
    """A calendar that ends earlier leaves the months before its end as they are, but for offences that come after it."""
    scenario = scenario.replace(people__calendar_months=0)
    (begun,), (longer,) = ledger(scenario.replace(people__calendar_months=stop), seed), ledger(scenario, seed)
    later = np.array([name.startswith(("relapses_", "reoffenders_")) for name in names(scenario)])

    assert (begun[~later] == longer[~later, : begun.shape[1]]).all()
    assert (begun[later] <= longer[later, : begun.shape[1]]).all()


@some
@given(ALL, SEEDS)
def test_a_ledger_changes_nobody(scenario, seed):
    """People and what became of them are the same with a ledger and without."""
    counted, plain = (next(over_chunks(scenario, seed, range(1), tuple, ledger=each, threads=1)) for each in (True, False))
    for one, other in zip(counted[:3], plain[:3], strict=True):
        for name, here, there in zip(type(one)._fields, one, other, strict=True):
            assert here.tobytes() == there.tobytes(), name


# What adds up ------------------------------------------------------------------------------------------------------------


@given(HELPED, SEEDS)
def test_everybody_who_is_due_is_counted_once(scenario, seed):
    """Closed, not offered, too short, declined and joined together are the people due; who joined is somewhere."""
    scenario = whole(scenario)
    (table,), cohort = ledger(scenario, seed), run(scenario, seed=seed)
    offered = np.ones(len(cohort.people.side)) if scenario.trial.assignment == "everyone" else cohort.people.side
    events = simulate(scenario, seed=seed).events
    turns, number = events[events["event"] == "custody in"], {key: i for i, key in enumerate(cohort.people.person.tolist())}
    for k, (name, rules) in enumerate(scenario.programme.items()):
        due = int(offered.sum())
        for turn in turns.itertuples() if rules.again else ():
            month = max(turn.month, turn.month + turn.value + rules.starts_month)
            seen = min(told_for(scenario), calendar_months(scenario) - cohort.people.release[number[turn.person]])
            due += bool(offered[number[turn.person]]) and month < seen
        of = {each: int(row(table, scenario, f"{name}.{each}").sum()) for each in OF_A_PROGRAMME}

        assert due == sum(of[why] for why in ("closed", "not_offered", "too_short", "declined", "joined"))
        assert of["joined"] == of["started"] + of["without"] + (cohort.lives.status[k] == WAITING).sum()


@given(ALL, SEEDS)
def test_people_are_not_released_yet_inside_or_at_liberty(scenario, seed):
    """In every month and place the people who are followed are in custody or at liberty; each turn moves one of them."""
    scenario = scenario.replace(people__follow_up_months=40, people__calendar_months=30)
    (table,), people = ledger(scenario, seed), run(scenario, seed=seed).people
    released, to_custody, inside, free = (
        row(table, scenario, name).sum(axis=1) for name in ("released", "to_custody", "custody_months", "liberty_months")
    )
    first = np.zeros_like(released)
    seen = people.release < len(first)
    np.add.at(first, (people.release[seen], people.place[seen]), 1)

    assert np.cumsum(first, axis=0).tolist() == (inside + free).tolist()
    assert np.cumsum(to_custody - (released - first), axis=0).tolist() == inside.tolist()


@given(HELPED, SEEDS)
def test_matches_last_from_start_to_end(scenario, seed):
    """In every month: those who started so far, less those who ended, are matched; nobody meets who is not."""
    scenario = whole(scenario)
    if any(programme.again for programme in scenario.programme.values()):  # a match may begin in the last month told
        scenario = scenario.replace(people__release_months=1)
    (table,) = ledger(scenario, seed)
    for name in scenario.programme:
        of = {each: row(table, scenario, f"{name}.{each}") for each in OF_A_PROGRAMME}
        ended = sum(of[each] for each in ENDINGS.values())

        assert np.cumsum(of["started"] - ended, axis=0).tolist() == of["months"].tolist()
        assert (of["contacts"] <= of["months"]).all()
        assert ((of["in_time"] <= of["started"]) & (of["started_first"] <= of["started"])).all()


@some
@given(ALL, SEEDS)
def test_no_part_is_more_than_its_whole(scenario, seed):
    """Holders are at liberty, cases have offences, decisions cases; reoffenders relapsed, and relapses follow releases."""
    (table,) = ledger(scenario, seed)
    of = {name: row(table, scenario, name) for name in names(scenario)}
    decided = of["fines"] + of["suspended"] + of["prison"]

    assert (table >= 0).all()
    assert all((of[f"holds_{name}"] <= of["liberty_months"]).all() for name in scenario.factor)
    assert (of["cases"] <= of["offences"]).all()
    assert (np.cumsum(decided, axis=0) <= np.cumsum(of["cases"], axis=0)).all()
    for definition in DEFINITIONS:
        assert (of[f"reoffenders_{definition}"] <= of[f"relapses_{definition}"]).all()
        assert (of[f"relapses_{definition}"] <= of["relapses_any"]).all()
    assert (of["relapses_any"] <= of["released"]).all()


# Its names ---------------------------------------------------------------------------------------------------------------


def test_rows_have_names_and_names_have_rows():
    """A name for every row, each once: common ones, one a factor, those of each programme; no rows if not asked for."""
    scenario = complete(
        people={"count": 10}, trial={"assignment": "everyone"},
        programme={"mentors": {"carried_by": "volunteers"}, "courses": {"capacity": 5.0}},
    )  # fmt: skip
    found = names(scenario)
    (table,) = ledger(scenario, 1)

    assert len(found) == len(set(found)) == len(table) == len(COMMON) + len(scenario.factor) + 2 * A_PROGRAMME
    assert found[: len(COMMON)] == list(COMMON)
    assert found[-1] == f"courses.{OF_A_PROGRAMME[-1]}"
    assert len(OF_A_PROGRAMME) == A_PROGRAMME
    assert run(scenario, seed=1).tally.size == 0


@pytest.mark.parametrize(("again", "joined"), [(False, 300), (True, 600)])
def test_a_known_story_in_counts(again, joined):
    """Everybody offends at once, goes in for ten months, comes out again: counted by hand."""
    scenario = complete(
        people={"count": 300, "accepts_volunteers": 1.0, "follow_up_months": 13}, places={"include": ["Aarhus"]},
        risk={"monthly_hazard": 5.0, "never_share": 0.0, "propensity_sd": 0.0, "level": 20.0, "later_hazard": 1.0},
        offending={"prison_chance": 1.0, "delay_mean_months": 0.0, "sentence_median_months": 10.0, "sentence_log_sd": 0.0,
                   "another_offence": 0.0},
        custody={"parole_chance": 0.0}, peers={"strength": 0.0}, trial={"assignment": "everyone"},
        programme={"help": {"capacity": 300.0, "shortest_sentence_months": 0.0, "again": again, "contact_chance": 1.0,
                            "unplanned_exit": 0.0}},
    )  # fmt: skip
    (table,) = ledger(scenario, 1)
    total = {name: int(row(table, scenario, name).sum()) for name in names(scenario)}

    # Released in month 0, in custody in months 1 to 10, released in month 11, in custody again in month 12.
    assert (total["released"], total["offences"], total["prison"], total["to_custody"]) == (600, 600, 600, 600)
    assert (total["liberty_months"], total["custody_months"]) == (600, 3300)
    assert (total["relapses_prison"], total["reoffenders_prison"]) == (600, 300)
    # Matched two months before release, until custody begins in month 1 and in month 12.
    assert (total["help.joined"], total["help.started"], total["help.in_time"]) == (joined, joined, joined)
    assert (total["help.started_first"], total["help.ended_in_custody"], total["help.months"]) == (300, joined, 3 * joined)

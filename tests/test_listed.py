"""The coordinator's own list: only those on it are taken in, in its order, and nobody who keeps no list notices."""

from __future__ import annotations

import numpy as np
import pytest
import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st

from simulation import ReentryModel, Scenario, simulate
from simulation.cohort import prepared
from simulation.compiled_parameters import numbers_of
from simulation.engine import over_chunks, run
from simulation.monthly_counts import A_PROGRAMME, HOLDING, JOINED, LISTED
from simulation.parameters import quantities
from simulation.programmes import Allocation, Order
from simulation.waiting import lots
from tests.mistakes import assert_one_line
from tests.strategies import SEEDS, scenarios
from tests.worlds import assert_same_columns, complete, differing

RULES = Allocation.__args__


@st.composite
def listed(draw):
    """Scenarios in which some programmes are given by the coordinator's own list, of anybody in any order."""
    scenario = draw(scenarios(programmes=(1, 3)))
    people = st.lists(st.integers(0, scenario.people.count - 1), unique=True)
    for name in draw(st.lists(st.sampled_from(list(scenario.programme)), min_size=1, unique=True)):
        table = {"allocation": "listed", "listed": draw(people)}
        rows = scenario.model_dump()["programme"]
        scenario = scenario.changed({"programme": {**rows, name: {**rows[name], **table}}})
    return scenario


def few(delivered_by, *people, allocation="listed", **more):
    """Forty people of two places who all want the help that there is for eight of them; nobody leaves it."""
    own = {"listed": list(people)} if allocation == "listed" else {}
    return complete(
        people={"count": 40, "accepts_volunteers": 1.0, "release_months": 6, **more},
        municipalities={"include": ["Aarhus", "Odense"]}, trial={"assignment": "everyone"},
        offending={"prison_chance": 0.0, "prison_per_conviction": 0.0},
        volunteers={"at_start": 16.0, "ceiling": 16.0, "quit_chance": 0.0, "quit_after_end": 0.0},
        programme={"help": {
            "delivered_by": delivered_by, "capacity": 8.0, "shortest_sentence_months": 0.0, "dropout_chance": 0.0,
            "ends_month": 40, "allocation": allocation, **own,
        }},
    )  # fmt: skip


def matched(history):
    """Numbers of those who were matched, in the order of calendar month and number."""
    found = history.events[history.events["event"] == "match"].merge(history.people, on=["replicate", "person"])
    found = found.assign(calendar=found["release"] + found["month"]).sort_values(["calendar", "person"])
    return found["person"].tolist()


both = pytest.mark.parametrize("delivered_by", ["slots", "volunteers"])


# What a list does ---------------------------------------------------------------------------------------------


@settings(max_examples=60)
@given(listed(), SEEDS)
def test_both_drivers_serve_the_same_list(scenario, seed):
    """Engine and Mesa tell one history where a coordinator keeps a list."""
    assert simulate(scenario, seed=seed).same_as(ReentryModel(scenario, seed=seed).run())


@given(listed(), SEEDS)
def test_nobody_else_is_taken_in(scenario, seed):
    """Whoever is matched in any replicate is on the list of the programme."""
    events = simulate(scenario, seed=seed, replicates=3).events
    for name, row in scenario.programme.items():
        taken = events.loc[(events["event"] == "match") & (events["detail"] == name), "person"]

        assert row.allocation != "listed" or set(taken) <= set(row.listed)


@given(listed(), SEEDS, st.sampled_from([1, 500]), st.sampled_from([1, 64]))
def test_a_list_is_served_the_same_however_the_work_is_cut(scenario, seed, chunk_people, block):
    """Chunks, blocks and threads change no byte."""
    whole = run(scenario, seed=seed, replicates=3, threads=1)
    cut = run(scenario, seed=seed, replicates=3, threads=2, chunk_people=chunk_people, block=block)

    assert_same_columns(whole.lives, cut.lives)


@both
def test_an_empty_list_is_nobody(delivered_by):
    """Whoever keeps a list and puts nobody on it pairs nobody, and all who wait are left without."""
    history = simulate(few(delivered_by), seed=1)

    assert matched(history) == []
    assert (history.events["event"] == "unmatched").sum() == 40


@both
def test_the_order_of_the_list_decides(delivered_by):
    """Of people who are due in one month, the first on the list get the help there is, whatever their risk."""
    orders = ([*range(40)], [*reversed(range(40))])
    first, last = (set(matched(simulate(few(delivered_by, *order, release_months=1), seed=3))) for order in orders)
    place = simulate(few(delivered_by, release_months=1), seed=3).people["place"]
    here = {name: [person for person in range(40) if place[person] == name] for name in ("Aarhus", "Odense")}
    number = {name: sum(person in first for person in people) for name, people in here.items()}

    assert 8 == len(first) == sum(number.values())
    assert first == {person for name, people in here.items() for person in people[: number[name]]}
    assert last == {person for name, people in here.items() for person in people[len(people) - number[name] :]}


@both
def test_a_list_serves_no_place_for_another(delivered_by):
    """People of one municipality on the list do not stand in the way of those of another, who come later on it."""
    place = simulate(few(delivered_by, release_months=1), seed=3).people["place"]
    aarhus, odense = ([person for person in range(40) if place[person] == name] for name in ("Aarhus", "Odense"))
    together = matched(simulate(few(delivered_by, *aarhus, *odense, release_months=1), seed=3))
    alone = [matched(simulate(few(delivered_by, *people, release_months=1), seed=3)) for people in (aarhus, odense)]

    assert sorted(together) == sorted([*alone[0], *alone[1]])


@both
def test_who_is_kept_for_later_is_not_taken_now(delivered_by):
    """Help that nobody on the list wants yet is there for those who come later, and they get it."""
    release = simulate(few(delivered_by), seed=5).people["release"]
    late = [person for person in range(40) if release[person] >= 4]
    first_come = matched(simulate(few(delivered_by, allocation="first come"), seed=5))
    kept = matched(simulate(few(delivered_by, *late), seed=5))

    assert not set(first_come) & set(late)
    assert kept
    assert set(kept) <= set(late)


@both
def test_whoever_waits_for_nothing_is_still_on_the_waiting_list(delivered_by):
    """People who are not on the coordinator's list wait until their deadline like all others, and are counted."""
    asked, nobody = (
        next(over_chunks(few(delivered_by, *people), 1, range(1), lambda cohort: cohort, threads=1, ledger=True)).tally
        for people in (range(40), ())
    )
    scenario = few(delivered_by)
    row = HOLDING + len(scenario.factor)
    assert A_PROGRAMME
    assert asked[row + JOINED].sum() == nobody[row + JOINED].sum() == 40
    assert nobody[row + LISTED].sum() == 80  # months: each of 40 for the two until release
    assert asked[row + LISTED].sum() < 80


@pytest.mark.parametrize("rule", RULES)
@given(scenarios(programmes=(1, 1)), SEEDS)
@settings(max_examples=20)
def test_a_list_of_all_in_the_order_of_a_rule_is_the_rule(rule, scenario, seed):
    """Whoever lists everybody as a built-in rule would serve them tells the rule's history, byte for byte.

    Where people come back they are due again later, so that no one order stands for first come, first served.
    """
    plain = scenario.changed({"programme.help0.re_eligible": False, "programme.help0.allocation": rule})
    ready, n = prepared(plain, seed, range(1)), numbers_of(plain, seed)
    people = ready.people
    drawn = lots(people.person, people.replicate, 0, n.key0, n.key1)
    before = {"first come": people.release, "highest risk": -ready.score, "lowest risk": ready.score}
    order = people.person[np.lexsort((people.person, drawn, before.get(rule, np.zeros(len(drawn)))))].tolist()
    own = plain.changed({"programme.help0.allocation": "listed", "programme.help0.listed": order})

    assert simulate(plain, seed=seed).same_as(simulate(own, seed=seed))


# How it is written --------------------------------------------------------------------------------------------


HELP = {"help": {"delivered_by": "volunteers"}}


def test_a_list_is_written_and_read_back():
    """TOML out and in gives an equal scenario, with the list in its order; the digest knows list and order."""
    one, other = (few("volunteers", *people) for people in ((3, 1, 2), (1, 2, 3)))
    again = Scenario.from_toml(one.to_toml())

    assert again == one
    assert again.programme["help"].listed == [3, 1, 2]
    assert len({one.digest, other.digest, few("volunteers").digest}) == 3


def test_scenarios_without_a_list_do_not_know_of_one():
    """Neither file nor digest nor table of quantities has a word of a list that nobody keeps."""
    plain = differing(programme=HELP)
    written = plain.to_toml()

    assert "listed" not in written
    assert "listed" not in plain.model_dump_json()
    assert not [row.key for row in quantities(plain) if row.key.endswith("listed")]
    assert plain.digest == Scenario.from_toml(written + "\n").digest
    assert plain.digest == differing(programme={"help": {**HELP["help"], "listed": []}}).digest


def test_a_list_is_in_the_table_of_quantities():
    """Where a list is kept, it stands in the table with unit, meaning, source and grade."""
    row = next(row for row in quantities(few("volunteers", 4, 2)) if row.key == "programme.help.listed")

    assert (row.value, row.unit, row.grade, row.prior) == ([4, 2], "numbers of people", "assumed", "fixed")
    assert all((row.what, row.source))


def test_a_list_can_be_set_by_its_key():
    """A change may name the list, also where there was none and with the programme's name left out."""
    plain = differing(programme=HELP)
    own = plain.changed({"programme.allocation": "listed", "programme.listed": [7, 0]})

    assert own.programme["help"].listed == [7, 0]
    assert own == plain.changed({"programme.help.allocation": "listed", "programme.help.listed": [7, 0]})
    assert own.changed({"programme.allocation": "first come", "programme.listed": []}) == plain


def test_plans_keep_to_the_rules():
    """A plan for the country serves by a rule; a list of numbers means nothing there."""
    assert "listed" not in RULES
    assert Order.__args__ == (*RULES, "listed")


@pytest.mark.parametrize(
    ("row", "wanted"),
    [
        ({"listed": [1]}, "programme.help: listed names 1 people, but allocation is [first come]; set it to listed, or"),
        ({"allocation": "lottery", "listed": [1, 2]}, "listed names 2 people, but allocation is [lottery]"),
        ({"allocation": "listed", "listed": [1, 2, 1]}, "listed names person [1] twice; name each person once"),
        ({"allocation": "listed", "listed": [5]}, "programme.help.listed names person [5]; people.count is [5], so numbers are 0 to 4"),
        ({"allocation": "listed", "listed": [-1]}, "programme.help.listed names person [-1]"),
        ({"allocation": "listed", "listed": ["x"]}, 'programme.help.listed.0 is ["x"]; a whole number is needed'),
        ({"allocation": "listed", "listed": 3}, "programme.help.listed is [3]; a list is needed"),
        ({"allocation": "list"}, "allowed is first come, highest risk, lowest risk, lottery, listed"),
        ({"allocation": "listed", "lisetd": []}, "did you mean programme.help.listed?"),
    ],
)  # fmt: skip
def test_a_bad_list_is_refused_in_one_line(row, wanted):
    """What is wrong is said with its value, and what is allowed."""
    text = tomli_w.dumps({"people": {"count": 5}, "programme": {"help": row}})

    assert_one_line(lambda: Scenario.from_toml(text), wanted)

"""What is always so in a history, in whatever scenario: custody, support, programmes, offences, arms."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from simulation import simulate
from simulation.engine import run
from simulation.outcomes import DEFINITIONS, shares, times
from simulation.rules import NEVER
from tests.strategies import SEEDS, scenarios
from tests.worlds import complete, in_custody, lives_told, without


def of_kind(events, *names):
    """Somebody's events of these names."""
    return [event for event in events if event.what in names]


class Course(NamedTuple):
    """What a programme was to somebody around one release: the first, or one after a new custody."""

    name: str
    rules: object
    release: int
    again: bool
    match: list
    left: list
    ended: list
    contacts: list


def courses(scenario, events):
    """Somebody's courses, programme by programme; whatever happens until a custody begins is about the release before."""
    custody = [(event.month, event.month + event.value) for event in of_kind(events, "custody in")]
    for name, rules in scenario.programme.items():
        begins = [-1000, *(month for month, _ in custody), 1000]
        for k, release in enumerate([0, *(out for _, out in custody)]):
            mine = [event for event in events if begins[k] < event.month <= begins[k + 1]]
            of = [event for event in mine if event.detail == name]
            yield Course(
                name, rules, release, k > 0, [e.month for e in of_kind(of, "match")], [e.month for e in of_kind(of, "unmatched")],
                [e for e in mine if e.what == "exit" and e.detail.startswith(f"{name}: ")],
                [e.month for e in of_kind(of, "contact")],
            )  # fmt: skip


many = settings(max_examples=60)


# Custody and offences -----------------------------------------------------------------------------------------


@many
@given(scenarios(), SEEDS)
def test_everybody_is_released_once(scenario, seed):
    """Whoever is followed at all is released in month 0, and nobody twice."""
    history = simulate(scenario, seed=seed)
    followed = dict(zip(lives_told(history), history.people["followed"], strict=True))
    for key, events in lives_told(history).items():
        expected = [0] if followed[key] > 0 else []

        assert expected == [event.month for event in of_kind(events, "release")]


@many
@given(scenarios(), SEEDS)
def test_custody_begins_and_ends_in_turn(scenario, seed):
    """After release people go in and come out in turn, and serve the months that were said when they went in."""
    for events in lives_told(simulate(scenario, seed=seed)).values():
        turns = of_kind(events, "custody in", "custody out")
        for position, event in enumerate(turns):
            goes_in = position % 2 == 0

            assert event.what == ("custody in" if goes_in else "custody out")
            assert event.month > (turns[position - 1].month if position else 0)
            if not goes_in:
                assert event.month - turns[position - 1].month == turns[position - 1].value


@many
@given(scenarios(), SEEDS)
def test_nobody_offends_in_custody_or_before_release(scenario, seed):
    """Offences are committed at liberty, within the follow-up."""
    history = simulate(scenario, seed=seed)
    followed = dict(zip(lives_told(history), history.people["followed"], strict=True))
    for key, events in lives_told(history).items():
        months = {event.month for event in of_kind(events, "offence")}

        assert months <= set(range(followed[key])) - in_custody(events)


@many
@given(scenarios(), SEEDS)
def test_custody_follows_from_a_prison_sentence(scenario, seed):
    """Nobody goes in unless a prison sentence has been decided (or was decided at once, and begins a month later)."""
    for events in lives_told(simulate(scenario, seed=seed)).values():
        decided = [max(e.month, e.value + 1) for e in of_kind(events, "sanction") if e.detail == "prison"]

        assert all(event.month in decided for event in of_kind(events, "custody in"))


@many
@given(scenarios(), SEEDS)
def test_every_case_is_decided_once_and_not_before_it_happened(scenario, seed):
    """Each month with offences is one case; it is decided at once or later, in sight if nobody stops looking."""
    whole = scenario.replace(people__calendar_months=0)
    for events in lives_told(simulate(whole, seed=seed)).values():
        offences, sanctions = of_kind(events, "offence"), of_kind(events, "sanction")

        assert [event.month for event in offences] == sorted(event.value for event in sanctions)
        assert all(event.month >= event.value for event in sanctions)


@many
@given(scenarios(), SEEDS)
def test_people_who_never_offend_never_offend(scenario, seed):
    """The share who never offend again do not, whatever happens to them."""
    cohort = run(scenario, seed=seed, replicates=3)

    assert (cohort.lives.first_offence[cohort.people.never == 1] == NEVER).all()


# Support ------------------------------------------------------------------------------------------------------


@many
@given(scenarios(), SEEDS)
def test_only_what_is_lacked_is_gained_and_only_what_is_held_is_lost(scenario, seed):
    """Gains and losses of each factor take turns, beginning with what was held at release."""
    history = simulate(scenario, seed=seed)
    for row, events in enumerate(lives_told(history).values()):
        for name in scenario.factor:
            held = history.people[f"has_{name}"][row]
            for change in (event.what for event in events if event.detail == name):
                assert change == ("loss" if held else "gain")
                held = not held


@many
@given(scenarios(), SEEDS)
def test_support_changes_only_at_liberty(scenario, seed):
    """In custody nothing is gained or lost; what custody destroys is lost in the month in which it begins."""
    for events in lives_told(simulate(scenario, seed=seed)).values():
        inside = in_custody(events)
        begins = {event.month for event in of_kind(events, "custody in")}
        for event in of_kind(events, "gain", "loss"):
            destroyed = event.what == "loss" and event.value == 1

            assert event.month >= 0
            assert event.month in begins if destroyed else event.month not in inside


# Programmes ---------------------------------------------------------------------------------------------------


@many
@given(scenarios(programmes=(1, 3)), SEEDS)
def test_people_are_matched_in_time_or_not_at_all(scenario, seed):
    """A match comes once a release, between first month and deadline; else people are left without then, or by custody."""
    for events in lives_told(simulate(scenario, seed=seed)).values():
        custody = {event.month for event in of_kind(events, "custody in")}
        for course in courses(scenario, events):
            months = [month - course.release for month in course.match]

            assert len(course.match) + len(course.left) <= (course.rules.again if course.again else 1)
            assert all(course.rules.starts_month <= month < course.rules.deadline_month for month in months)
            assert all(month - course.release == course.rules.deadline_month or month in custody for month in course.left)


@many
@given(scenarios(programmes=(1, 3)), SEEDS)
def test_only_people_who_say_yes_and_have_time_are_offered_help(scenario, seed):
    """Whoever is matched or left without accepts help of that kind and has a sentence that is long enough."""
    history, people = simulate(scenario, seed=seed), run(scenario, seed=seed).people
    listed = history.events[history.events["event"].isin(["match", "unmatched"])]
    for name, rules in scenario.programme.items():
        rows = listed.loc[listed["detail"] == name, "person"].to_numpy()

        assert (people.accepts[rows] & (1 if rules.accepted_from == "volunteers" else 2) > 0).all()
        assert rules.again or (people.sentence[rows] >= np.float32(rules.shortest_sentence_months)).all()


@many
@given(scenarios(programmes=(1, 3)), SEEDS)
def test_contact_lasts_from_match_to_exit(scenario, seed):
    """People meet only while they are matched, from the first month of the programme to before its last."""
    for events in lives_told(simulate(scenario, seed=seed)).values():
        for _, rules, release, _, match, _, ended, contacts in courses(scenario, events):
            last = release + rules.ends_month
            end = ended[0].month if ended else last

            assert len(ended) <= len(match)
            assert all(match and match[0] <= month < min(end, last) for month in contacts)
            assert len(contacts) == len(set(contacts))


@many
@given(scenarios(programmes=(1, 3)), SEEDS)
def test_nobody_is_met_in_custody(scenario, seed):
    """A match ends when custody begins; whoever is inside meets a programme only if it is offered again, before release."""
    for events in lives_told(simulate(scenario, seed=seed)).values():
        inside = in_custody(events)
        for course in courses(scenario, events):
            ahead = set(range(course.release + course.rules.starts_month, course.release)) if course.again else set()

            assert inside & set(course.contacts) <= (ahead if course.rules.again else set())


def test_nobody_is_matched_in_custody():
    """Whoever is back in custody while on the list is not matched there, even if a volunteer comes free."""
    scenario = complete(
        people={"count": 200, "accepts_volunteers": 1.0}, risk={"level": 10.0}, places={"include": ["Aarhus"]},
        offending={"prison_chance": 1.0, "delay_mean_months": 0.0, "sentence_median_months": 12.0},
        trial={"assignment": "everyone"}, volunteers={"recruits_per_month": 20.0, "training_months": 4},
        programme={"help": {"carried_by": "volunteers", "deadline_month": 12, "shortest_sentence_months": 0.0}},
    )  # fmt: skip
    lives = lives_told(simulate(scenario, seed=1)).values()

    assert any(of_kind(events, "match") for events in lives)
    for events in lives:
        inside = in_custody(events) - {event.month for event in of_kind(events, "custody in")}

        assert not inside & {event.month for event in of_kind(events, "match")}


@many
@given(scenarios(programmes=(1, 3)), SEEDS)
def test_matches_end_for_the_reason_that_is_given(scenario, seed):
    """Planned ends come in the last month, ends by custody when it begins, others in between."""
    for events in lives_told(simulate(scenario, seed=seed)).values():
        custody = {event.month for event in of_kind(events, "custody in")}
        for course in courses(scenario, events):
            for event in course.ended:
                how = event.detail.removeprefix(f"{course.name}: ")

                assert how != "planned" or event.month == course.release + course.rules.ends_month
                assert how != "custody" or event.month in custody
                assert how != "volunteers gone" or course.rules.carried_by == "volunteers"
                assert course.match[0] <= event.month <= course.release + course.rules.ends_month


@many
@given(scenarios(programmes=(1, 3), assignments=("randomised",)), SEEDS)
def test_controls_are_never_matched(scenario, seed):
    """What a programme brings is brought to the mentored arm only."""
    history = simulate(scenario, seed=seed)
    control = history.people.loc[history.people["arm"] == "control", "person"]
    theirs = history.events[history.events["person"].isin(control)]

    assert len(theirs) == len(without(theirs, "match", "unmatched", "exit", "contact"))
    assert not history.people["treated"][history.people["arm"] == "control"].any()


@many
@given(scenarios(programmes=(1, 1), assignments=("randomised",)), SEEDS)
def test_lots_split_every_pair(scenario, seed):
    """Of each two people one is drawn to be mentored, so arms differ by one person at most."""
    people = run(scenario, seed=seed, replicates=5).people
    for replicate in range(5):
        side = people.side[people.replicate == replicate]
        pairs = side[: len(side) // 2 * 2].reshape(-1, 2).sum(axis=1)

        assert (pairs == 1).all()
        assert abs(2 * int(side.sum()) - len(side)) <= 1


@many
@given(scenarios(programmes=(1, 3), signed_up=True), SEEDS)
def test_whoever_signed_up_is_eligible_and_says_yes(scenario, seed):
    """In a trial of people who sign up, everybody accepts the programme and has time for it."""
    people = run(scenario, seed=seed, replicates=3).people
    first = next(iter(scenario.programme.values()))

    assert (people.accepts & (1 if first.accepted_from == "volunteers" else 2) > 0).all()
    assert (people.sentence >= np.float32(first.shortest_sentence_months)).all()


def test_everybody_who_signed_up_is_put_on_the_list():
    """Even with a sentence of exactly the shortest length: who is drawn into a trial is eligible for its programme."""
    scenario = complete(
        people={"count": 200, "sentence_median_months": 2.3, "sentence_log_sd": 0.0},
        trial={"assignment": "everyone", "signed_up": True},
        programme={"help": {"capacity": 1_000_000.0, "shortest_sentence_months": 2.3}},
    )
    events = simulate(scenario, seed=1).events

    assert 200 == events["event"].isin(["match", "unmatched"]).sum()


# Censoring ----------------------------------------------------------------------------------------------------


@many
@given(scenarios(), SEEDS, st.integers(1, 18), st.sampled_from(DEFINITIONS))
def test_censored_people_are_neither_successes_nor_failures(scenario, seed, window, definition):
    """People whose window cannot be judged are counted as censored, whatever is known of them so far."""
    table = times(simulate(scenario, seed=seed, replicates=2), definition)
    censored = table["known"] < window
    guilty, innocent = table.copy(), table.copy()
    guilty.loc[censored, "time"], innocent.loc[censored, "time"] = np.int16(1), np.int16(NEVER)
    counted = shares(table, window=window, by=())

    assert counted["censored"].sum() == censored.sum()
    assert counted["people"].sum() == (~censored).sum()
    assert shares(guilty, window=window, by=()).equals(shares(innocent, window=window, by=()))


@many
@given(scenarios(), SEEDS, st.integers(1, 12), st.integers(1, 12), st.sampled_from(DEFINITIONS))
def test_stopping_early_changes_no_verdict(scenario, seed, window, stop, definition):
    """Whoever can be judged although observation stopped early gets the verdict of the whole story."""
    whole = scenario.replace(people__calendar_months=0)
    early = times(simulate(whole.replace(people__calendar_months=stop + window), seed=seed), definition)
    late = times(simulate(whole, seed=seed), definition)
    judged = early["known"] >= window

    assert (late["known"][judged] >= window).all()
    assert (early["time"][judged] <= window).tolist() == (late["time"][judged] <= window).tolist()

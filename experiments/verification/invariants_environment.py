"""Invariants of a month: the waiting list and the volunteers, counted again by hand.

Opening a month is one piece of code for both drivers, so their agreement says nothing of it. Here it is computed a
second time, as plainly as possible, from what was there before the month opened.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from types import SimpleNamespace

import numpy as np
import numpy.typing as npt
from scipy import stats

from experiments.verification.check_context import CheckContext, SimulatedCase, places_of_slots
from experiments.verification.checks import Violations, invariants
from experiments.verification.random_scenarios import complete
from simulation.chance import LOTTERY, MONTH_ZERO, RECRUITING, VOLUNTEER, WORD, words_at
from simulation.municipal_shares import seats as seats_of
from simulation.rules import ASIDE, LEFT, MATCHED, WAITING, WITHOUT
from simulation.volunteers import EMPTY, TRAINING
from simulation.waiting import BUSY, BY_LOT, FIRST_COME, FREE, HIGHEST


def _words(now: SimpleNamespace, *counter: int) -> list[int]:
    n = now.numbers
    return [int(word) for word in words_at(*(int(each) for each in counter), n.key0, n.key1)]


def _months(case: SimulatedCase) -> Iterator[tuple[SimpleNamespace, SimpleNamespace]]:
    """The state in each month when it has opened, and what it was before."""
    was = SimpleNamespace()
    for stage, now in case.months():
        if stage == "before":
            copied = ((now.lives, ("status", "carried")), (now.local, ("came", "quit", "taken_in")),
                      (now.seats, ("state", "name", "ready", "months", "person")))  # fmt: skip
            was = SimpleNamespace(**{name: getattr(of, name).copy() for of, names in copied for name in names})
        if stage == "opened":
            yield now, was


# The waiting list -------------------------------------------------------------------------------------------------


def the_list_is_that_of_a_count_by_hand(claim: Violations, context: CheckContext) -> None:
    """Each month those come onto the list who are due, offered, open, eligible and accept; those who are
    late leave it.
    """
    for case in context.scenarios(programme=12, volunteers=12):
        for now, was in _months(case):
            _list_by_hand(claim, case, now, was)


def _list_by_hand(claim: Violations, case: SimulatedCase, now: SimpleNamespace, was: SimpleNamespace) -> None:
    people, lives, n, t = now.people, now.lives, now.numbers, now.month
    everyone = case.scenario.trial.assignment == "everyone"
    for k, rules in enumerate(case.scenario.programme.values()):
        for i in range(len(people.person)):
            before, after = was.status[k, i], lives.status[k, i]
            if not now.rows.start <= i < now.rows.stop:
                claim.check(before == after, "a person who is not simulated this month")
                continue
            since, first = t - lives.anchor[i], lives.anchor[i] == people.release[i]
            due = since == rules.starts_month and lives.inside[i] and (before == ASIDE if first else rules.re_eligible)
            asked = everyone or people.side[i] == 1
            closed = rules.closes_month and t - _before_release(case) >= rules.closes_month
            open_ = n.opens[k, people.place[i]] <= t and not closed
            able = not first or people.sentence[i] >= np.float32(rules.shortest_sentence_months)
            yes = people.accepts[i] & (1 if rules.accepted_from == "volunteers" else 2)
            joins = bool(due and asked and open_ and lives.score[i] >= n.least[k] and able and yes)
            listed = joins or before == WAITING
            late = listed and since >= rules.deadline_month
            if late:
                right = {WITHOUT}
            elif listed:
                right = {WAITING, MATCHED}
            else:
                right = {before, LEFT} if before == MATCHED else {before}
            claim.check(int(after) in right, f"month {t}, row {i}, programme {k}: {before} became {after}")


def _before_release(case: SimulatedCase) -> int:
    return max((-row.starts_month for row in case.scenario.programme.values()), default=0)


def the_list_is_served_in_its_order(claim: Violations, context: CheckContext) -> None:
    """Nobody is served before somebody of the same place who comes earlier by the rule; and nobody waits
    beside room.
    """
    for case in context.scenarios(programme=16, volunteers=16):
        allowed = np.zeros(())
        for now, was in _months(case):
            if now.month == 0:
                allowed = np.zeros(now.local.taken_in.shape)
            for k in range(len(now.numbers.starts)):
                _service_by_hand(claim, now, was, k, allowed)


def _service_by_hand(
    claim: Violations, now: SimpleNamespace, was: SimpleNamespace, k: int, allowed: npt.NDArray[np.float64]
) -> None:
    people, lives, local, n, t = now.people, now.lives, now.local, now.numbers, now.month
    rows = range(now.rows.start, now.rows.stop)
    limited = n.allowance[k, t] < np.inf
    if limited:
        allowed[k] += n.allowance[k, t] * n.part[local.place] * (n.opens[k, local.place] <= t)
    for here in range(len(local.number)):
        mine = [i for i in rows if lives.locality[i] == here]
        served = [i for i in mine if lives.status[k, i] == MATCHED and was.status[k, i] != MATCHED]
        waits = [i for i in mine if lives.status[k, i] == WAITING]
        if served or waits:
            key = {i: _place_in_line(now, k, i) for i in served + waits}
            last = max((key[i] for i in served), default=(-np.inf,))
            first = min((key[i] for i in waits), default=(np.inf,))
            claim.check(last <= first, f"month {t}, programme {k}: served out of order")
        claim.check(local.taken_in[k, here] - was.taken_in[k, here] == len(served), "people taken in")
        room = len(mine) + 1
        if limited:
            word = _words(now, 1 + k, int(local.replicate[here]), 0, RECRUITING | int(local.number[here]))[0]
            room = int(allowed[k, here] + word / WORD) - int(was.taken_in[k, here])
            claim.check(len(served) <= max(0, room), f"month {t}: more taken in than allowed")
        slots = slice(now.seats.begin[here], now.seats.begin[here + 1])
        if k == n.supply:
            free = int((now.seats.state[slots] == FREE).sum())
            right = not waits or len(served) >= room or free < n.volunteers.per_person
            claim.check(right, f"month {t}: people wait beside free volunteers")
            enough = free >= n.volunteers.per_person
        else:
            matched = sum(lives.status[k, i] == MATCHED for i in range(len(people.person)) if lives.locality[i] == here)
            claim.check(matched <= local.limit[k, here], f"month {t}: more people than places")
            full = sum(lives.status[k, i] == MATCHED for i in mine) >= local.limit[k, here]
            claim.check(not waits or len(served) >= room or full, f"month {t}: a person waits beside a free place")
            enough = not full
        held_back = limited and bool(waits) and len(served) >= room and enough
        claim.check(bool(local.held_back[k, here]) == held_back, f"month {t}: who is kept out by the limit alone")


def _place_in_line(now: SimpleNamespace, k: int, i: int) -> tuple[float, ...]:
    """What puts people in order: the rule, then each one's own lot, then the number."""
    people, rule = now.people, int(now.numbers.allocation[k])
    lot = _words(now, int(people.person[i]), int(people.replicate[i]), k, LOTTERY | 1)[0]
    score = float(now.lives.score[i])
    first = {FIRST_COME: float(now.lives.anchor[i]), HIGHEST: -score, BY_LOT: 0.0}.get(rule, score)
    return (first, float(lot), float(people.person[i]))


# Volunteers -------------------------------------------------------------------------------------------------------


def volunteers_stop_and_come_by_their_own_random_numbers(claim: Violations, context: CheckContext) -> None:
    """Who stops, who is trained, who comes free and how many come forward follow from each one's own random numbers."""
    stopped = 0
    for case in context.scenarios(volunteers=16):
        for now, was in _months(case):
            stopped += _volunteers_by_hand(claim, case, now, was)
    claim.check(stopped > 20 or not context.representative, f"{stopped} volunteers stopped")


def _volunteers_by_hand(claim: Violations, case: SimulatedCase, now: SimpleNamespace, was: SimpleNamespace) -> int:
    slots, local, t, supply = now.seats, now.local, now.month, case.scenario.volunteers
    status, stopped = was.status[now.numbers.supply], 0
    for here in range(len(local.number)):
        low, high = int(slots.begin[here]), int(slots.begin[here + 1])
        there = {int(slots.name[slot]): slot for slot in range(low, high) if slots.state[slot] != EMPTY}
        claim.check(len(there) == int((slots.state[low:high] != EMPTY).sum()), "a volunteer in two slots")
        left = 0
        for slot in range(low, high):
            state, name = was.state[slot], int(was.name[slot])
            if state == EMPTY:
                continue
            address = int(local.number[here]) * 65536 + MONTH_ZERO + t
            own, after, *_ = _words(now, name, int(local.replicate[here]), address, VOLUNTEER)
            busy = state == BUSY
            lasts = busy and status[was.person[slot]] == MATCHED
            months = int(was.months[slot]) + int(lasts)
            works = state != TRAINING or was.ready[slot] <= t
            chance = supply.quit_chance * (1.0 + supply.quit_increase_per_year * months / 12.0)
            stops = (works and own < chance * WORD) or (busy and not lasts and after < supply.quit_after_end * WORD)
            claim.check((name not in there) == stops, f"month {t}: volunteer {name} of place {here}")
            left += stops
            if not stops and name in there:
                claim.check(there[name] == slot and slots.months[slot] == months, f"month {t}: volunteer {name}")
                claim.check((slots.state[slot] == TRAINING) == (not works), f"month {t}: training of volunteer {name}")
        new = range(int(was.came[here]), int(local.came[here]))
        since = t - now.numbers.opens[now.numbers.supply, local.place[here]]
        for name in new:
            address = int(local.number[here]) * 65536 + MONTH_ZERO + t
            own = _words(now, name, int(local.replicate[here]), address, VOLUNTEER)[0]
            trained = 0 if since == 0 else supply.training_months
            stops = trained == 0 and own < supply.quit_chance * WORD
            claim.check((name not in there) == stops, f"month {t}: new volunteer {name} of place {here}")
            if name in there:
                claim.check(slots.ready[there[name]] == t + trained, f"month {t}: training of new volunteer {name}")
                claim.check(slots.months[there[name]] == 0, f"month {t}: new volunteer {name} has months behind")
            left += stops
        claim.check(local.quit[here] - was.quit[here] == left, f"month {t}: {left} stopped")
        claim.check(all(name < local.came[here] for name in there), "a volunteer who never came")
        claim.check(len(there) <= seats_of(case.scenario)[int(local.place[here])], "more volunteers than the ceiling")
        taken = int((was.state[low:high] != EMPTY).sum())
        _newcomers(claim, case, now, here, len(new), since, high - low - taken)
        stopped += left
    return stopped


def _newcomers(
    claim: Violations, case: SimulatedCase, now: SimpleNamespace, here: int, new: int, since: int, room: int
) -> None:
    """How many come forward: the stated number when a municipality opens, then Poisson by its own random number."""
    n, local, supply = now.numbers, now.local, case.scenario.volunteers
    row, closed = int(local.place[here]), now.month >= n.closes[n.supply]
    word = _words(now, 0, int(local.replicate[here]), now.month + MONTH_ZERO, RECRUITING | int(local.number[here]))[0]
    if since < 0 or closed:
        wanted = [0]
    elif since == 0:
        whole = int(n.at_start[row])
        wanted = [whole + (word < (n.at_start[row] - whole) * WORD)]
    else:
        rate = n.rate[row] * min(1.0, since / supply.campaign_months if supply.campaign_months else 1.0)
        middle = int(stats.poisson.ppf((word + 0.5) / WORD, rate)) if rate > 0 else 0
        wanted = [middle - 1, middle, middle + 1] if rate > 0 else [0]
    right = new in [min(room, each) for each in wanted]
    claim.check(right, f"month {now.month}: {new} came, {wanted} by the random number")


def volunteer_slots_and_people_agree(claim: Violations, context: CheckContext) -> None:
    """A busy volunteer is matched with a person of the place; people are carried by the volunteers who are there."""
    for case in context.scenarios(volunteers=16):
        needed = case.scenario.volunteers.per_person
        for now, was in _months(case):
            slots, lives, status = now.seats, now.lives, now.lives.status[now.numbers.supply]
            busy = np.flatnonzero(slots.state == BUSY)
            place, held = places_of_slots(slots), Counter(slots.person[busy].tolist())
            claim.check(slots.person[slots.state != BUSY] == -1, "a person with a volunteer who is not busy")
            claim.check(status[slots.person[busy]] == MATCHED, "a busy volunteer without a match")
            claim.equal(lives.locality[slots.person[busy]], place[busy], "a volunteer of another place")
            for i in np.flatnonzero(status == MATCHED).tolist():
                right = 0 < held[i] <= needed and abs(lives.carried[i] - held[i] / needed) < 1e-6
                claim.check(right, f"row {i}: {held[i]}")
                lonely = held[i] < needed and (slots.state[place == lives.locality[i]] == FREE).any()
                claim.check(not lonely, f"row {i} lacks a volunteer beside a free one")
            gone = (status == LEFT) & (was.status[now.numbers.supply] == MATCHED)
            claim.check(lives.carried[gone] < 0.01, "a person was left who has a volunteer")
            claim.check(lives.carried[status != MATCHED] < 0.01, "a person without a match is carried")


def how_long_we_look_changes_no_supply(claim: Violations, seed: int) -> None:
    """Volunteers of people whose follow-up is over come free at the planned end, so a longer one changes no match."""
    matches = []
    for follow_up in (6, 24):
        help_ = {"delivered_by": "volunteers", "shortest_sentence_months": 0.0, "dropout_chance": 0.0, "ends_month": 12}
        scenario = complete(
            people={"count": 100, "accepts_volunteers": 1.0, "release_months": 24, "follow_up_months": follow_up},
            municipalities={"include": ["Aarhus"]}, trial={"assignment": "everyone"},
            offending={"prison_chance": 0.0, "prison_per_conviction": 0.0},
            volunteers={"at_start": 10.0, "per_person": 1, "quit_chance": 0.0, "quit_after_end": 0.0},
            programme={"help": help_},
        )  # fmt: skip
        events = SimulatedCase(scenario, seed).history.events
        matches.append(events.loc[events["event"] == "match", ["person", "month"]].to_numpy().tolist())
    claim.check(len(matches[1]) > 10, "few were matched")
    claim.check(matches[0] == matches[1], "other people were matched")


SUPPLY_AND_QUEUE = invariants(
    "supply and queue", the_list_is_that_of_a_count_by_hand, the_list_is_served_in_its_order,
    volunteers_stop_and_come_by_their_own_random_numbers, volunteer_slots_and_people_agree,
    how_long_we_look_changes_no_supply,
)  # fmt: skip

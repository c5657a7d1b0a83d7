"""The waiting list: who comes onto it, who is served in which order, who is left without."""

from __future__ import annotations

import numpy as np

from simulation.chance import LOTTERY, RECRUITING, WORD, draw_four, fill_four
from simulation.compiled import loop, part
from simulation.events import MATCH, UNMATCHED, tell
from simulation.monthly_counts import (
    A_PROGRAMME,
    CLOSED,
    DECLINED,
    HOLDING,
    JOINED,
    LIMITED,
    LISTED,
    NOT_OFFERED,
    TOO_SHORT,
    enter,
)
from simulation.rules import ASIDE, MATCHED, WAITING, WITHOUT
from simulation.state import Ints, Longs, Numbers, PeopleColumns, PersonState, RunState

FREE, BUSY = 2, 3
"""What a seat for a volunteer holds (see ``volunteers``)."""

FIRST_COME, HIGHEST, LOWEST, BY_LOT, BY_LIST = range(5)
"""Codes of the allocation rules, in the order in which ``programmes.Order`` names them."""

WITHOUT_LIMIT = 1 << 40


def serve(t: int, low: int, high: int, run: RunState) -> None:
    """The waiting lists of calendar month t, programme by programme, for the people in rows low to high."""
    people, lives, local, seats, n, told, tally = run
    waiting, taken = np.empty(high - low, np.int32), np.empty(len(local.number), np.int32)
    for k in range(len(n.starts)):
        row = HOLDING + len(n.gain) + A_PROGRAMME * k
        number = _gather(
            t, k, row, low, high, waiting, taken, lives.status[k], lives.anchor, lives.inside, lives.score,
            lives.locality, local.place, local.held_back[k], people.release, people.sentence, people.accepts,
            people.side, lives.highest, n, told, tally,
        )  # fmt: skip
        if n.allowance[k, t] < np.inf:
            local.allowed[k] += n.allowance[k, t] * n.part[local.place] * (n.opens[k, local.place] <= t)
        if not number:
            local.held_back[k] = 0
            continue
        order = _list_order(k, waiting[:number], people, lives, n)
        asked = _asked(k, order, people, n)
        room = _room(t, k, local.number, local.replicate, local.allowed[k], local.taken_in[k], n)
        if k == n.supply:
            status, carried = lives.status[k], lives.carried
            each = n.volunteers.per_person
            _pair(t, k, asked, lives.locality, status, carried, people.release, seats, each, room, told)
            short = np.zeros(len(room), bool)
            if n.allowance[k, t] < np.inf:
                free = np.concatenate([[0], np.cumsum(seats.state == FREE)])
                short = (room <= 0) & (np.diff(free[seats.begin]) >= each)
        else:
            slots = local.limit[k] - taken
            places = np.minimum(room, slots)
            left = places.copy()
            _hand_out(t, k, asked, lives.locality, lives.status[k], people.release, left, told)
            short = (left <= 0) & (room < slots)
        waits = np.zeros(len(room), bool)
        waits[lives.locality[order[lives.status[k, order] == WAITING]]] = True
        local.held_back[k] = short & waits
        _tally_list(
            t, row + LISTED, order, lives.status[k], lives.locality, lives.highest, local.taken_in[k], people.release,
            n, tally,
        )  # fmt: skip


@loop
def _gather(  # type: ignore[no-untyped-def]
    t, k, row, low, high, waiting, taken, status, anchor, inside, score, locality, place, held_back, release, sentence,
    accepts, side, highest, n, told, tally,
):  # fmt: skip
    """Who is due comes onto the list, if open to them; who is late leaves it; how many are matched in each place.

    Returns how many of the first of ``waiting`` are rows of people on the list.
    """
    number = 0
    taken[:] = 0
    for i in range(low, high):
        if t == anchor[i] + n.starts[k] and inside[i]:
            first = anchor[i] == release[i]
            due = (first and status[i] == ASIDE) or (not first and n.re_eligible[k])
            if due and (n.offered == 1 or side[i] == 1):
                why = _why(t, k, place[locality[i]], score[i], first, sentence[i], accepts[i], n)
                if t - release[i] < n.follow_up:
                    enter(tally, row + why, t, highest[i], locality[i], 1)
                if why == JOINED:
                    status[i] = WAITING
        if status[i] == WAITING:
            if t - anchor[i] >= n.deadline[k]:
                status[i] = WITHOUT
                tell(told, i, t - release[i], UNMATCHED, k, 0)
                if t - release[i] < n.follow_up and held_back[locality[i]]:
                    enter(tally, row + LIMITED, t, highest[i], locality[i], 1)
            else:
                waiting[number] = i
                number += 1
        elif status[i] == MATCHED:
            taken[locality[i]] += 1
    return number


@part
def _why(t, k, place, score, first, sentence, accepts, n):  # type: ignore[no-untyped-def]
    """Whether somebody who is due comes onto the list, or the first reason against it."""
    if not n.opens[k, place] <= t < n.closes[k]:
        return CLOSED
    if score < n.least[k]:
        return NOT_OFFERED
    if first and sentence < n.shortest[k]:
        return TOO_SHORT
    return JOINED if accepts & n.accepted[k] else DECLINED


def _list_order(k: int, waiting: Ints, people: PeopleColumns, lives: PersonState, n: Numbers) -> Longs:
    """The list in the order of the allocation rule, then of each person's own lot, coordinator by coordinator."""
    drawn = lots(people.person[waiting], people.replicate[waiting], k, n.key0, n.key1)
    before = np.zeros(len(waiting))
    if n.allocation[k] == FIRST_COME:
        before = lives.anchor[waiting].astype(np.float64)
    elif n.allocation[k] in (HIGHEST, LOWEST):
        before = lives.score[waiting].astype(np.float64) * (-1.0 if n.allocation[k] == HIGHEST else 1.0)
    elif n.allocation[k] == BY_LIST:
        before = n.rank[k, people.person[waiting]].astype(np.float64)
    order = np.lexsort((people.person[waiting], drawn, before, lives.locality[waiting]))
    rows: Longs = waiting[order].astype(np.int64)
    return rows


def _asked(k: int, order: Longs, people: PeopleColumns, n: Numbers) -> Longs:
    """Those of the list who may be taken in: all of them, or those on the coordinator's own list."""
    return order[n.rank[k, people.person[order]] >= 0] if n.allocation[k] == BY_LIST else order


@loop
def lots(person, replicate, k, key0, key1):  # type: ignore[no-untyped-def]
    """Lots of some people for the list of programme k: the lowest goes first."""
    size = len(person)
    words, zero = np.empty((4, size), np.uint32), np.full(size, k, np.uint32)
    fill_four(words[0], words[1], words[2], words[3], person, replicate, zero, LOTTERY | 1, key0, key1)
    return words[0]


@loop
def _room(t, k, number, replicate, allowed, taken_in, n):  # type: ignore[no-untyped-def]
    """How many more each place may take in this month, by what it has been allowed so far (odd parts by chance)."""
    room = np.full(len(number), WITHOUT_LIMIT, np.int64)
    if n.allowance[k, t] < np.inf:
        for place in range(len(number)):
            word = draw_four(1 + k, replicate[place], 0, RECRUITING | number[place], n.key0, n.key1)[0]
            room[place] = int(allowed[place] + word / WORD) - taken_in[place]
    return room


@loop
def _hand_out(t, k, order, locality, status, release, places, told):  # type: ignore[no-untyped-def]
    """A programme without volunteers takes people in as long as there are places."""
    for i in order:
        if places[locality[i]] > 0:
            places[locality[i]] -= 1
            status[i] = MATCHED
            tell(told, i, t - release[i], MATCH, k, 0)


@loop
def _pair(t, k, order, locality, status, carried, release, seats, per_person, room, told):  # type: ignore[no-untyped-def]
    """Coordinators match free volunteers of their place with the people on the list (place by place)."""
    place, seat, chosen = -1, 0, np.empty(per_person, np.int64)
    for i in order:
        if locality[i] != place:
            place = locality[i]
            seat = seats.begin[place]
        if room[place] <= 0:
            continue
        found = 0
        while found < per_person and seat < seats.begin[place + 1]:
            if seats.state[seat] == FREE:
                chosen[found] = seat
                found += 1
            seat += 1
        if found < per_person:
            continue
        for each in chosen:
            seats.state[each] = BUSY
            seats.person[each] = i
        room[place] -= 1
        carried[i] = 1.0
        status[i] = MATCHED
        tell(told, i, t - release[i], MATCH, k, per_person)


@loop
def _tally_list(t, row, order, status, locality, highest, taken_in, release, n, tally):  # type: ignore[no-untyped-def]
    """Who was taken in, and who is still on the list when the month has opened."""
    for i in order:
        if status[i] == WAITING:
            if t - release[i] < n.follow_up:
                enter(tally, row, t, highest[i], locality[i], 1)
        else:
            taken_in[locality[i]] += 1

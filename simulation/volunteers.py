"""Volunteers as a supply, and the waiting list: what the world does when a month opens.

Place by place, volunteers come forward, are trained, tire and stop; a coordinator gives people who lost one another,
and pairs whoever is free with the people on the list, in the order of the allocation rule. Programmes without
volunteers hand out their places in the same step. People who are not matched by the deadline are left without.
Both drivers call these very functions.
"""

from __future__ import annotations

import numpy as np

from simulation.chance import (
    LOTTERY,
    MONTH_ZERO,
    RECRUITING,
    VOLUNTEER,
    draw_four,
    fill_four,
)  # fmt: skip
from simulation.columns import Ints, Lives, Localities, Longs, Numbers, People, Seats, Told
from simulation.compiled import loop, part
from simulation.rules import ASIDE, LEFT, MATCHED, WAITING, WITHOUT, come_forward, happens, rounded, tires
from simulation.telling import EXIT, MATCH, UNMATCHED, tell

EMPTY, TRAINING, FREE, BUSY = range(4)
"""What a seat for a volunteer holds: nobody, one in training, one who is free, one who is matched."""

FIRST_COME, HIGHEST, LOWEST, BY_LOT = range(4)
"""Codes of the allocation rules, in the order in which ``supports.Allocation`` names them."""


def open_month(
    t: int,
    people: People,
    lives: Lives,
    local: Localities,
    seats: Seats,
    n: Numbers,
    first: Ints,
    last: Ints,
    told: Told,
) -> None:
    """Open calendar month t. ``first[m]:last[m]`` are the rows of the people released in month m."""
    if n.supply >= 0:
        _supply(
            t, local.number, local.replicate, local.place, local.came, local.quit, local.gaps, seats, seats.words,
            lives.status[n.supply], lives.carried, people.release, n, told,
        )  # fmt: skip
    if n.offered == 0:
        return
    for k in range(len(n.starts)):
        _join(k, _released(t - n.starts[k], first, last), people, lives, n)
        _leave_without(t, k, _released(t - n.deadline[k], first, last), people, lives, told)
        waiting = _waiting(k, t - n.deadline[k] + 1, t - n.starts[k], lives, first, last)
        if not len(waiting):
            continue
        order = _list_order(k, waiting, people, lives, n)
        if k == n.supply:
            status, carried = lives.status[k], lives.carried
            _pair(t, k, order, lives.locality, status, carried, people.release, seats, n.per_person, told)
        else:
            taken = np.bincount(
                lives.locality[lives.status[k] == MATCHED], minlength=len(local.number)
            ).astype(np.int32)  # fmt: skip
            _hand_out(t, k, order, lives.locality, lives.status[k], people.release, taken, local.limit[k], told)


# The waiting list --------------------------------------------------------------------------------------------


def _released(month: int, first: Ints, last: Ints) -> slice:
    return slice(int(first[month]), int(last[month])) if 0 <= month < len(first) else slice(0, 0)


def _join(k: int, rows: slice, people: People, lives: Lives, n: Numbers) -> None:
    """People who are due, are offered the programme, have time for it and say yes come onto the list."""
    agrees = (people.accepts[rows] & n.accepted[k] != 0) & (people.sentence[rows] >= n.shortest[k])
    offered = agrees if n.offered == 1 else agrees & (people.side[rows] == 1)
    status = lives.status[k, rows]
    status[offered & (status == ASIDE)] = WAITING


def _leave_without(t: int, k: int, rows: slice, people: People, lives: Lives, told: Told) -> None:
    status = lives.status[k, rows]
    late = status == WAITING
    status[late] = WITHOUT
    if len(told.person):
        for i in np.flatnonzero(late) + rows.start:
            _tell_one(told, i, t - people.release[i], UNMATCHED, k, 0)


def _waiting(k: int, earliest: int, latest: int, lives: Lives, first: Ints, last: Ints) -> Longs:
    """Rows of the people on the list: those released in the given months who have not been matched."""
    earliest, latest = max(0, earliest), min(len(first) - 1, latest)
    if earliest > latest:
        return np.empty(0, np.int64)
    begin, end = first[earliest], last[latest]
    rows: Longs = np.flatnonzero(lives.status[k, begin:end] == WAITING) + begin
    return rows


def _list_order(k: int, waiting: Longs, people: People, lives: Lives, n: Numbers) -> Longs:
    """The list in the order of the allocation rule, then of each person's own lot, coordinator by coordinator."""
    lots = _lots(people.person[waiting], people.replicate[waiting], k, n.key0, n.key1)
    before = np.zeros(len(waiting))
    if n.allocation[k] == FIRST_COME:
        before = people.release[waiting].astype(np.float64)
    elif n.allocation[k] in (HIGHEST, LOWEST):
        before = lives.score[waiting].astype(np.float64) * (-1.0 if n.allocation[k] == HIGHEST else 1.0)
    order: Longs = waiting[np.lexsort((people.person[waiting], lots, before, lives.locality[waiting]))]
    return order


@loop
def _lots(person, replicate, k, key0, key1):  # type: ignore[no-untyped-def]
    size = len(person)
    words, zero = np.empty((4, size), np.uint32), np.full(size, k, np.uint32)
    fill_four(words[0], words[1], words[2], words[3], person, replicate, zero, LOTTERY | 1, key0, key1)
    return words[0]


@loop
def _tell_one(told, person, month, kind, detail, value):  # type: ignore[no-untyped-def]
    tell(told, person, month, kind, detail, value)


@loop
def _hand_out(t, k, order, locality, status, release, taken, limit, told):  # type: ignore[no-untyped-def]
    """A programme without volunteers takes people in as long as there are places."""
    for i in order:
        place = locality[i]
        if taken[place] < limit[place]:
            taken[place] += 1
            status[i] = MATCHED
            tell(told, i, t - release[i], MATCH, k, 0)


@loop
def _pair(t, k, order, locality, status, carried, release, seats, per_person, told):  # type: ignore[no-untyped-def]
    """Coordinators match free volunteers of their place with the people on the list (place by place)."""
    place, seat, chosen = -1, 0, np.empty(per_person, np.int64)
    for i in order:
        if locality[i] != place:
            place = locality[i]
            seat = seats.begin[place]
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
        carried[i] = 1.0
        status[i] = MATCHED
        tell(told, i, t - release[i], MATCH, k, per_person)


# The supply --------------------------------------------------------------------------------------------------


@loop
def _supply(  # type: ignore[no-untyped-def]
    t, number, replicate, row, came, quit_, gaps, seats, words, status, carried, release, n, told
):  # fmt: skip
    """The month of the volunteers, place by place. ``status`` is of the programme that they carry."""
    most = 0
    for place in range(len(number)):
        most = max(most, seats.begin[place + 1] - seats.begin[place])
    alone = np.empty(most, np.int64)
    _recruit(t, number, replicate, row, came, seats, n)
    for seat in range(len(seats.month)):
        seats.month[seat] = seats.address[seat] + t
    fill_four(words[0], words[1], words[2], words[3], seats.name, seats.run, seats.month, VOLUNTEER, n.key0, n.key1)
    for place in range(len(number)):
        lost = _live_volunteers(
            t, place, seats, words, status, carried, quit_, alone, n.per_person, n.quits, n.tiring, n.quits_after
        )
        if lost > 0 or gaps[place] > 0:
            gaps[place] = _fill_gaps(
                t, place, alone[:lost], seats, status, carried, release, n.per_person, n.supply, told
            )


@part
def _recruit(t, number, replicate, row, came, seats, n):  # type: ignore[no-untyped-def]
    """Volunteers come forward in each place; those of month 0 have been trained before."""
    for place in range(len(number)):
        word = draw_four(0, replicate[place], t + MONTH_ZERO, RECRUITING | number[place], n.key0, n.key1)[0]
        if t == 0:
            _seat_new(t, place, rounded(n.at_start[row[place]], word), 0, came, seats)
        else:
            _seat_new(t, place, come_forward(word, n.nobody[row[place]], n.rate[row[place]]), n.training, came, seats)


@part
def _seat_new(t, place, new, training, came, seats):  # type: ignore[no-untyped-def]
    """Volunteers who come forward sit down to be trained, as far as there are seats."""
    for seat in range(seats.begin[place], seats.begin[place + 1]):
        if new <= 0:
            return
        if seats.state[seat] == EMPTY:
            new -= 1
            seats.state[seat] = TRAINING
            seats.name[seat] = came[place]
            seats.ready[seat] = t + training
            seats.months[seat] = 0
            came[place] += 1


@part
def _live_volunteers(  # type: ignore[no-untyped-def]
    t, place, seats, words, status, carried, quit_, alone, per_person, quits, tiring, quits_after
):  # fmt: skip
    """Volunteers finish their training, are free after a match, tire and stop.

    Returns how many of the first of ``alone`` are people who lost a volunteer (once for each).
    """
    lost = 0
    for seat in range(seats.begin[place], seats.begin[place + 1]):
        state, person = seats.state[seat], seats.person[seat]
        there = (state == FREE) | (state == BUSY) | ((state == TRAINING) & (seats.ready[seat] <= t))
        over = (state == BUSY) & (status[person] != MATCHED)
        seats.months[seat] += (state == BUSY) & (status[person] == MATCHED)
        stops = there & tires(words[0, seat], quits, tiring, float(seats.months[seat]))
        if state == TRAINING and there:
            seats.state[seat] = FREE
        if not (stops or over):
            continue
        if over:
            carried[person] = 0.0
            seats.person[seat] = -1
            seats.state[seat] = FREE
            stops = stops or happens(words[1, seat], quits_after)
        elif state == BUSY:
            alone[lost] = person
            lost += 1
            carried[person] -= 1.0 / per_person
        if stops:
            _stop(seat, place, seats, quit_)
    return lost


@part
def _fill_gaps(t, place, alone, seats, status, carried, release, per_person, supply, told):  # type: ignore[no-untyped-def]
    """People who lost a volunteer come before the waiting list; who has none left and is given none is left.

    Returns how many people still have one volunteer too few.
    """
    cursor = seats.begin[place]
    for person in alone:
        cursor = _complete(person, place, cursor, seats, carried, per_person)
        if carried[person] < 0.01 and status[person] == MATCHED:
            status[person] = LEFT
            tell(told, person, t - release[person], EXIT, supply, LEFT)
    incomplete = 0
    for seat in range(seats.begin[place], seats.begin[place + 1]):
        if seats.state[seat] == BUSY and carried[seats.person[seat]] < 0.99:
            cursor = _complete(seats.person[seat], place, cursor, seats, carried, per_person)
            incomplete += carried[seats.person[seat]] < 0.99
    return incomplete


@part
def _stop(seat, place, seats, quit_):  # type: ignore[no-untyped-def]
    """A volunteer stops: the seat is empty, and whoever sits there later has another name."""
    seats.state[seat] = EMPTY
    seats.person[seat] = -1
    quit_[place] += 1


@part
def _complete(person, place, cursor, seats, carried, per_person):  # type: ignore[no-untyped-def]
    """Give a person free volunteers of the place until there are enough, as far as there are any.

    Seats before ``cursor`` are known to hold nobody free; returns where the next search may begin.
    """
    while carried[person] <= 0.99 and cursor < seats.begin[place + 1]:
        if seats.state[cursor] == FREE:
            seats.state[cursor] = BUSY
            seats.person[cursor] = person
            carried[person] += 1.0 / per_person
        cursor += 1
    return cursor

"""Volunteers as a supply, and the waiting list: what the world does when a month opens.

Place by place, volunteers come forward, are trained, tire and stop; a coordinator gives people who lost one another,
and pairs whoever is free with the people on the list, in the order of the allocation rule. Programmes without
volunteers hand out their places in the same step. People who are not matched by the deadline are left without.
Both drivers call these very functions.
"""

from __future__ import annotations

import numpy as np

from simulation.chance import (
    LOTTERY, MONTH_ZERO, RECRUITING, VOLUNTEER, draw_four, fill_four,
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
            t, local.number, local.replicate, local.place, local.came, local.quit, seats, lives.status[n.supply],
            lives.carried, people.release, n, told,
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
            _pair(t, k, order, lives.locality, lives.status[k], lives.carried, people.release, seats, n.per_person, told)
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
    for i in np.flatnonzero(lives.status[k, rows] == WAITING) + rows.start:
        lives.status[k, i] = WITHOUT
        _tell_one(told, i, t - people.release[i], UNMATCHED, k, 0)


def _waiting(k: int, earliest: int, latest: int, lives: Lives, first: Ints, last: Ints) -> Longs:
    """Rows of the people on the list: those released in the given months who have not been matched."""
    earliest, latest = max(0, earliest), min(len(first) - 1, latest)
    if earliest > latest:
        return np.empty(0, np.int64)
    begin, end = first[earliest], last[latest]
    return np.flatnonzero(lives.status[k, begin:end] == WAITING) + begin


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
    """Coordinators match free volunteers of their place with the people on the list."""
    for i in order:
        place = locality[i]
        free = 0
        for seat in range(seats.begin[place], seats.begin[place + 1]):
            free += seats.state[seat] == FREE
        if free < per_person:
            continue
        _complete(i, place, seats, carried, per_person)
        status[i] = MATCHED
        tell(told, i, t - release[i], MATCH, k, per_person)


# The supply --------------------------------------------------------------------------------------------------


@loop
def _supply(t, number, replicate, row, came, quit_, seats, status, carried, release, n, told):  # type: ignore[no-untyped-def]
    """The month of the volunteers, place by place. ``status`` is of the programme that they carry."""
    for place in range(len(number)):
        begin, end = seats.begin[place], seats.begin[place + 1]
        _settle(t, place, number[place], replicate[place], seats, status, carried, quit_, n)
        word = _luck(0, replicate[place], t, RECRUITING, number[place], n)[0]
        starting = t == 0
        new = rounded(n.at_start[row[place]], word) if starting else come_forward(
            word, n.nobody[row[place]], n.rate[row[place]]
        )  # fmt: skip
        _seat_new(t, begin, end, new, 0 if starting else n.training, came, place, seats)
        alone = np.empty(end - begin, np.int64)
        lost = 0
        for seat in range(begin, end):
            if seats.state[seat] != FREE and seats.state[seat] != BUSY:
                continue
            seats.months[seat] += seats.state[seat] == BUSY
            word = _luck(seats.name[seat], replicate[place], t, VOLUNTEER, number[place], n)[0]
            if tires(word, n.quits, n.tiring, float(seats.months[seat])):
                if seats.state[seat] == BUSY:
                    alone[lost] = seats.person[seat]
                    lost += 1
                    carried[seats.person[seat]] -= 1.0 / n.per_person
                _stop(seat, place, seats, quit_)
        for person in alone[:lost]:
            _complete(person, place, seats, carried, n.per_person)
            if carried[person] < 0.01 and status[person] == MATCHED:
                status[person] = LEFT
                tell(told, person, t - release[person], EXIT, n.supply, LEFT)
        for seat in range(begin, end):
            if seats.state[seat] == BUSY and carried[seats.person[seat]] < 0.99:
                _complete(seats.person[seat], place, seats, carried, n.per_person)


@part
def _luck(name, replicate, t, purpose, number, n):  # type: ignore[no-untyped-def]
    return draw_four(name, replicate, t + MONTH_ZERO, purpose | number, n.key0, n.key1)


@part
def _settle(t, place, number, replicate, seats, status, carried, quit_, n):  # type: ignore[no-untyped-def]
    """Volunteers whose match has ended are free again, or stop; those who have been trained become free."""
    for seat in range(seats.begin[place], seats.begin[place + 1]):
        if seats.state[seat] == TRAINING and seats.ready[seat] <= t:
            seats.state[seat] = FREE
        if seats.state[seat] != BUSY or status[seats.person[seat]] == MATCHED:
            continue
        carried[seats.person[seat]] = 0.0
        seats.person[seat] = -1
        seats.state[seat] = FREE
        word = _luck(seats.name[seat], replicate, t, VOLUNTEER, number, n)[1]
        if happens(word, n.quits_after):
            _stop(seat, place, seats, quit_)


@part
def _seat_new(t, begin, end, new, training, came, place, seats):  # type: ignore[no-untyped-def]
    """Volunteers who come forward sit down to be trained, as far as there are seats."""
    for seat in range(begin, end):
        if new <= 0:
            return
        if seats.state[seat] == EMPTY:
            new -= 1
            seats.state[seat] = TRAINING if training > 0 else FREE
            seats.name[seat] = came[place]
            seats.ready[seat] = t + training
            seats.months[seat] = 0
            came[place] += 1


@part
def _stop(seat, place, seats, quit_):  # type: ignore[no-untyped-def]
    """A volunteer stops: the seat is empty, and whoever sits there later has another name."""
    seats.state[seat] = EMPTY
    seats.person[seat] = -1
    quit_[place] += 1


@part
def _complete(person, place, seats, carried, per_person):  # type: ignore[no-untyped-def]
    """Give a person free volunteers of the place until there are enough, as far as there are any."""
    for seat in range(seats.begin[place], seats.begin[place + 1]):
        if carried[person] > 0.99:
            return
        if seats.state[seat] == FREE:
            seats.state[seat] = BUSY
            seats.person[seat] = person
            carried[person] += 1.0 / per_person

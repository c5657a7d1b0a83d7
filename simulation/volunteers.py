"""Volunteers as a supply: what the world does when a month opens.

Place by place, volunteers come forward, are trained, tire and stop; a coordinator gives people who lost one another
and then serves the waiting list (``waiting.py``). Both drivers call these very functions.
"""

from __future__ import annotations

import math

import numpy as np

from simulation.chance import MONTH_ZERO, RECRUITING, VOLUNTEER, draw_four, fill_four
from simulation.compiled import loop, part
from simulation.events import EXIT, tell
from simulation.monthly_counts import CAME, IN_TRAINING, STOPPED
from simulation.rules import LEFT, MATCHED, come_forward, happens, rounded, tires
from simulation.state import RunState
from simulation.waiting import BUSY, FREE, serve

EMPTY, TRAINING = 0, 1
"""What a seat for a volunteer holds besides ``FREE`` and ``BUSY``: nobody, or somebody in training."""


def open_month(t: int, low: int, high: int, run: RunState) -> None:
    """Open calendar month t; the people who are simulated this month are in rows low to high."""
    people, lives, local, seats, n, told, tally = run
    if n.supply >= 0:
        _supply(
            t, local.number, local.replicate, local.place, local.came, local.quit, local.gaps, seats, seats.words,
            lives.status[n.supply], lives.carried, people.release, n, told, tally,
        )  # fmt: skip
    if n.offered:
        serve(t, low, high, run)
    if n.supply >= 0 and len(tally):
        _tally_volunteers(t, len(local.number), seats, tally)


@loop
def _supply(  # type: ignore[no-untyped-def]
    t, number, replicate, row, came, quit_, gaps, seats, words, status, carried, release, n, told, tally
):  # fmt: skip
    """The month of the volunteers, place by place. ``status`` is of the programme that they carry."""
    most, v = 0, n.volunteers
    for place in range(len(number)):
        most = max(most, seats.begin[place + 1] - seats.begin[place])
    alone = np.empty(most, np.int64)
    if len(tally):
        for place in range(len(number)):
            tally[CAME, t, 0, place] -= came[place]
            tally[STOPPED, t, 0, place] -= quit_[place]
    _recruit(t, number, replicate, row, came, seats, n)
    for seat in range(len(seats.month)):
        seats.month[seat] = seats.address[seat] + t
    fill_four(words[0], words[1], words[2], words[3], seats.name, seats.run, seats.month, VOLUNTEER, n.key0, n.key1)
    for place in range(len(number)):
        lost = _live_volunteers(
            t, place, seats, words, status, carried, quit_, alone, v.per_person, v.quit_chance,
            v.quit_increase_per_year, v.quit_after_end,
        )  # fmt: skip
        if lost > 0 or gaps[place] > 0:
            gaps[place] = _fill_gaps(
                t, place, alone[:lost], seats, status, carried, release, v.per_person, n.supply, told
            )
    if len(tally):
        for place in range(len(number)):
            tally[CAME, t, 0, place] += came[place]
            tally[STOPPED, t, 0, place] += quit_[place]


@loop
def _tally_volunteers(t, places, seats, tally):  # type: ignore[no-untyped-def]
    """Volunteers in training, free and matched when the month has opened."""
    for place in range(places):
        for seat in range(seats.begin[place], seats.begin[place + 1]):
            if seats.state[seat] != EMPTY:
                tally[IN_TRAINING + seats.state[seat] - TRAINING, t, 0, place] += 1


@part
def _recruit(t, number, replicate, row, came, seats, n):  # type: ignore[no-untyped-def]
    """Volunteers come forward in each place that is open; those of its first month have been trained before."""
    campaign = n.volunteers.campaign_months
    for place in range(len(number)):
        since = t - n.opens[n.supply, row[place]]
        if since < 0 or t >= n.closes[n.supply]:
            continue
        word = draw_four(0, replicate[place], t + MONTH_ZERO, RECRUITING | number[place], n.key0, n.key1)[0]
        if since == 0:
            _seat_new(t, place, rounded(n.at_start[row[place]], word), 0, came, seats)
        else:
            rate = n.rate[row[place]] * (min(1.0, since / campaign) if campaign > 0.0 else 1.0)
            _seat_new(t, place, come_forward(word, math.exp(-rate), rate), n.volunteers.training_months, came, seats)


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
    t, place, seats, words, status, carried, quit_, alone, per_person, quits, quit_increase_per_year, quits_after
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
        stops = there & tires(words[0, seat], quits, quit_increase_per_year, float(seats.months[seat]))
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

    VolunteerSlots before ``cursor`` are known to hold nobody free; returns where the next search may begin.
    """
    while carried[person] <= 0.99 and cursor < seats.begin[place + 1]:
        if seats.state[cursor] == FREE:
            seats.state[cursor] = BUSY
            seats.person[cursor] = person
            carried[person] += 1.0 / per_person
        cursor += 1
    return cursor

"""The ledger: how much of what happened, by calendar month, risk group and place, without keeping events.

Its rows are counted from the events of each month and from who is where when the month ends, so that a run over a
whole country needs no more memory than its tables. ``read`` gives the rows their names.
"""

from __future__ import annotations

import numpy as np

from simulation.compiled import loop, part
from simulation.events import (
    CUSTODY_IN,
    CUSTODY_OUT,
    EXIT,
    MATCH,
    OFFENCE,
    RELEASE,
    SANCTION,
    UNMATCHED,
)
from simulation.rules import MATCHED, PRISON, SUSPENDED
from simulation.scenario import Scenario
from simulation.state import MonthlyCounts

# First what happens, and the person-months; then the volunteers; then one row a factor.
RELEASED, OFFENCES, CASES, FINES, TO_CUSTODY, IN_CUSTODY, AT_LIBERTY = 0, 1, 2, 3, 6, 7, 8
RELAPSED, REOFFENDED, IN_TRAINING, CAME, STOPPED, HOLDING = 9, 12, 15, 18, 19, 20
# Then so many rows a programme: why people did not come onto the list, what became of those who did.
A_PROGRAMME = 18
CLOSED, NOT_OFFERED, TOO_SHORT, DECLINED, JOINED, STARTED, IN_TIME, WAITED, LEFT_WITHOUT = range(9)
ENDED, MATCH_MONTHS, CONTACTS, LISTED, STARTED_FIRST, LIMITED = 9, 13, 14, 15, 16, 17

COMMON = (
    "released", "offences", "cases", "fines", "suspended", "prison", "to_custody", "custody_months", "liberty_months",
    "relapses_any", "relapses_prison", "relapses_sentence", "reoffenders_any", "reoffenders_prison",
    "reoffenders_sentence", "training_months", "free_months", "busy_months", "came", "stopped",
)  # fmt: skip
"""Names of the first rows: counts in a month, or person-months (volunteer-months from ``training_months`` on).

Reoffenders are people who reoffend within two years of their first release, in the sense of each definition; relapses
are releases, first or again, after which that happens. Both count once, in the month of the release.
"""
OF_A_PROGRAMME = (
    "closed", "not_offered", "too_short", "declined", "joined", "started", "in_time", "waited_months", "without",
    "planned_end", "unplanned_end", "volunteers_gone", "ended_in_custody", "months", "contacts", "listed_months",
    "started_first", "limited",
)  # fmt: skip
"""Names of a programme's rows: why people who were due did not come onto the list (the first reason of four), how many
did, were matched, were matched before release, months waited by them, left without; how matches ended; person-months
matched, meeting, and on the list; matched around their first release; left without because of the limit on people
taken in, not for lack of volunteers or slots."""

WINDOW = 24
"""Months after a release in which an offence makes a reoffender."""
NO_LEDGER: MonthlyCounts = np.zeros((0, 0, 0, 0), np.int32)


def names(scenario: Scenario) -> list[str]:
    """Names of the rows of a scenario's ledger, in order."""
    factors = [f"holds_{name}" for name in scenario.factor]
    return [*COMMON, *factors, *(f"{name}.{row}" for name in scenario.programme for row in OF_A_PROGRAMME)]


def empty(scenario: Scenario, months: int, localities: int) -> MonthlyCounts:
    """A ledger with nothing in it: rows x calendar months x risk groups (others, highest) x localities."""
    return np.zeros((len(names(scenario)), months, 2, localities), np.int32)


@part
def enter(tally, row, t, group, locality, amount):  # type: ignore[no-untyped-def]
    """Add to a row of the ledger in calendar month t, if there is a ledger and t is in it."""
    if row < tally.shape[0] and 0 <= t < tally.shape[1]:
        tally[row, t, group, locality] += amount


@loop
def count_events(  # type: ignore[no-untyped-def]
    told, begin, tally, release, anchor, free_since, reoffended, highest, locality, place, side, score, n
):  # fmt: skip
    """Count the events told since ``begin``; offences after the follow-up were not told.

    ``reoffended`` (definitions x N) holds the calendar month of each person's latest offence that was counted.
    """
    programmes = HOLDING + len(n.gain)
    for e in range(begin, told.count[0]):
        i, month, kind, detail, value = told.person[e], told.month[e], told.kind[e], told.detail[e], told.value[e]
        t, g, here = release[i] + month, highest[i], locality[i]
        row = programmes + A_PROGRAMME * detail
        if kind == SANCTION:
            enter(tally, FINES + detail, t, g, here, 1)
            offence, since = release[i] + value, free_since[i]
            if offence - since < WINDOW:
                in_time = t - since < WINDOW + n.decided_within
                for d in range(3):
                    counts = in_time if d == 0 else (detail == PRISON and in_time)
                    if d == 2:
                        counts = detail >= SUSPENDED and t - since < WINDOW
                    if counts and reoffended[d, i] < since:
                        reoffended[d, i] = offence
                        enter(tally, RELAPSED + d, since, g, here, 1)
                        enter(tally, REOFFENDED + d, since, g, here, since == release[i])
        elif month >= n.follow_up:
            continue
        elif kind == OFFENCE:
            enter(tally, OFFENCES, t, g, here, value)
            enter(tally, CASES, t, g, here, 1)
        elif kind in (RELEASE, CUSTODY_OUT):
            enter(tally, RELEASED, t, g, here, 1)
        elif kind == CUSTODY_IN:
            enter(tally, TO_CUSTODY, t, g, here, 1)
            for k in range(len(n.starts)):
                asked = n.offered == 1 or (n.offered == 2 and side[i] == 1)
                if asked and n.re_eligible[k] and value < 1 - n.starts[k]:
                    why = NOT_OFFERED if score[i] < n.least[k] else TOO_SHORT
                    if not n.opens[k, place[here]] <= t < n.closes[k]:
                        why = CLOSED
                    enter(tally, programmes + A_PROGRAMME * k + why, t, g, here, 1)
        elif kind == MATCH:
            enter(tally, row + STARTED, t, g, here, 1)
            enter(tally, row + IN_TIME, t, g, here, t < anchor[i])
            enter(tally, row + STARTED_FIRST, t, g, here, anchor[i] == release[i])
            enter(tally, row + WAITED, t, g, here, t - anchor[i] - n.starts[detail])
        elif kind == UNMATCHED:
            enter(tally, row + LEFT_WITHOUT, t, g, here, 1)
        elif kind == EXIT:
            enter(tally, row + ENDED + (value - 3 if value < 5 else value - 4), t, g, here, 1)


@loop
def take_stock(t, low, high, release, inside, highest, locality, held, status, met, tally, follow_up):  # type: ignore[no-untyped-def]
    """Person-months: in custody, at liberty, holding each factor there, matched, meeting."""
    programmes = HOLDING + len(held)
    for i in range(low, high):
        month = t - release[i]
        if month >= follow_up:
            continue
        g, place = highest[i], locality[i]
        if month >= 0:
            if inside[i]:
                tally[IN_CUSTODY, t, g, place] += 1
            else:
                tally[AT_LIBERTY, t, g, place] += 1
                for f in range(len(held)):
                    tally[HOLDING + f, t, g, place] += held[f, i]
        for k in range(len(status)):
            if status[k, i] == MATCHED:
                row = programmes + A_PROGRAMME * k
                tally[row + MATCH_MONTHS, t, g, place] += 1
                tally[row + CONTACTS, t, g, place] += met[k, i]

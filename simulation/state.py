"""What is remembered of a run while it is told: one array per attribute, people sorted by month of release.

N people, F support factors, K programmes, L localities (a place in a replicate), S volunteers' seats. Rows of
two-dimensional arrays are contiguous per factor or programme. Nothing here has behaviour.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Shorts = npt.NDArray[np.int16]
Ints = npt.NDArray[np.int32]
Unsigned = npt.NDArray[np.uint32]
Longs = npt.NDArray[np.int64]
Singles = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
MonthlyCounts = np.ndarray[tuple[int, int, int, int], np.dtype[np.int32]]


class PeopleColumns(NamedTuple):
    """Who is released: drawn once, never changed. Arrays of N (``lacks``: F x N)."""

    person: Unsigned  # number within the replicate, from 0
    replicate: Unsigned
    place: Shorts  # row in the scenario's municipalities
    release: Shorts  # calendar month of release
    age: Singles  # years at release
    woman: Bytes
    priors: Shorts  # earlier convictions
    sentence: Singles  # months
    motivation: Singles  # standard deviations
    propensity: Singles  # lasting difference, standard deviations
    never: Bytes  # will not offend, whatever happens
    accepts: Bytes  # 1 from volunteers, 2 from the system, 3 from both
    side: Bytes  # the lot drawn by this one of each two people
    lacks: Bytes  # F x N, at release


class PersonState(NamedTuple):
    """What becomes of them. Arrays of N (``held``: F x N; those of programmes: K x N)."""

    baseline: Singles  # hazard in the first month, everything held, per month
    score: Singles  # predicted log hazard from age, sex and earlier convictions
    highest: Bytes  # in the highest-risk group
    locality: Ints
    held: Bytes
    anchor: Shorts  # calendar month of the release from which programmes count
    inside: Bytes  # not released yet, or in custody
    turn: Shorts  # calendar month of the next release or custody
    free_since: Shorts  # calendar month of the latest release
    pending: Shorts  # months of custody that have been decided or are about to be
    pending_from: Shorts  # calendar month in which they begin
    cases: Shorts
    offences: Shorts
    first_offence: Shorts  # own month; NEVER if none
    time_any: Shorts  # smallest window in months in which the person counts as reoffending, per definition
    time_prison: Shorts
    time_sentence: Shorts
    status: Bytes  # K x N
    met: Bytes  # K x N, this month
    months_met: Bytes  # K x N
    echo: Singles  # K x N
    carried: Singles  # share of the needed volunteers who are there


class MunicipalityState(NamedTuple):
    """What the people of a place share. Arrays of L; ``came`` and ``quit`` count volunteers."""

    number: Unsigned  # official number of the place
    replicate: Unsigned
    place: Shorts  # row in the scenario's municipalities
    peers: Floats  # times the hazard this month
    room: Floats  # F x L, part of the wanted gains that can be given this month
    at_liberty: Longs  # people, this month so far
    offending: Longs  # people, this month so far
    demand: npt.NDArray[np.uint64]  # F x L, sum of wanted gains in 2**-32, this month so far
    limit: Ints  # K x L, most people in a programme
    allowed: Floats  # K x L, people who may be taken in so far
    taken_in: Longs  # K x L, people taken in so far
    held_back: Bytes  # K x L, whether only the limit on people taken in kept somebody out this month
    came: Unsigned  # volunteers who have come forward so far
    quit: Longs  # volunteers who have stopped so far
    gaps: Ints  # people who have one volunteer too few


class VolunteerSlots(NamedTuple):
    """Volunteers, each in a seat of his or her place. Arrays of S, but ``begin``: L + 1."""

    begin: Ints  # where the seats of each locality begin
    state: Bytes
    name: Unsigned  # which volunteer of the place sits here
    ready: Shorts  # calendar month in which training ends
    months: Shorts  # months matched so far
    person: Ints  # matched person (row), -1 if none
    run: Unsigned  # replicate of the seat's place
    address: Unsigned  # of the seat's place and month 0, in chance
    month: Unsigned  # the same of the current month
    words: Unsigned  # 4 x S, this month's


class Numbers(NamedTuple):
    """A scenario as plain numbers for the compiled loops. P places, F factors, K programmes."""

    key0: int
    key1: int
    follow_up: int  # months
    told_for: int  # months after release, at least follow_up
    calendar: int  # months until observation stops
    offered: int  # 0 nobody, 1 everyone, 2 one of each two
    risk: Any  # this and the next four: every number of the scenario's section, by its key
    offending: Any
    custody: Any
    peers: Any
    volunteers: Any
    most_offences: int
    phase: Bytes  # 65,536 months of an investigation or a court case
    sentences: Floats  # 1,024 quantiles of new sentences, months
    decided_within: int  # months after the window, definitions any and prison
    first_room: Floats  # F x P, part of the wanted gains where nothing is known of the demand
    gain: Floats  # F
    loss: Floats  # F
    ratio: Floats  # F, hazard when lacked
    ruin: Floats  # F
    openings: Floats  # F x P, per person at liberty and month; negative where not scarce
    helped: Floats  # F x F, times the gain of the row's factor for holders of the column's
    supply: int  # programme carried by volunteers, -1 if none
    accepted: Bytes  # K, bit of ``accepts`` that is needed
    starts: Shorts  # K
    deadline: Shorts  # K
    ends: Shorts  # K
    shortest: Singles  # K, months of sentence
    opens: Shorts  # K x P, month of the run; NEVER where a programme does not exist
    closes: Shorts  # K, month of the run
    re_eligible: Bytes  # K, offered again before the release from a new custody
    least: Floats  # K, score from which it is offered
    allowance: Floats  # K x months, people taken in per part of the released people; infinite without a limit
    part: Floats  # P, parts of the released people
    allocation: Bytes  # K
    rank: Ints  # K x people: place on the coordinator's own list, -1 if none (K x 0 if none is kept)
    contact: Floats  # K
    leaves: Floats  # K
    effect: Floats  # K x 2, hazard ratio for others and the highest-risk group
    boost: Floats  # K x F x 2, times the gains
    persistence: Floats  # K
    fade: Floats  # K, per month
    at_start: Floats  # P, volunteers when a place opens
    rate: Floats  # P, volunteers a month


class EventBuffer(NamedTuple):
    """Events as they are told: arrays with room for so many, ``count[0]`` of them used (or needed)."""

    count: Longs  # type: ignore[assignment]  # a tuple's own count is not needed
    person: Ints  # row
    month: Shorts  # own month
    kind: Bytes
    detail: Shorts
    value: Shorts


class RunState(NamedTuple):
    """All that the opening of a month reads and writes; both drivers hold one."""

    people: PeopleColumns
    lives: PersonState
    local: MunicipalityState
    seats: VolunteerSlots
    numbers: Numbers
    told: EventBuffer
    tally: MonthlyCounts


class Buffers(NamedTuple):
    """Scratch rows for one block of people."""

    words: Unsigned  # rows x block
    month: Unsigned
    hazard: Floats
    gain: Floats
    loss: Floats
    level: Floats  # K x block, of the relationship
    after: Bytes  # what has become of a match
    whole: Singles  # ones: programmes that need no volunteers are always there
    found: Ints  # rows of people who are told one by one
    before: Bytes  # F x block, held when the month opened


def events_room(size: int) -> EventBuffer:
    """Empty room for so many events (memory is taken only as they come)."""
    count, person, kind = np.zeros(1, np.int64), np.empty(size, np.int32), np.empty(size, np.uint8)
    month, detail, value = np.empty(size, np.int16), np.empty(size, np.int16), np.empty(size, np.int16)
    return EventBuffer(count, person, month, kind, detail, value)


def bytes_per_person(*tables: Any) -> float:
    """Bytes that one person takes in the given tables of columns (N is taken from the first column)."""
    people = len(tables[0][0])
    each: float = sum(array.nbytes for table in tables for array in table if array.shape[-1:] == (people,)) / people
    return each

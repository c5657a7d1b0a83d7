"""The fast driver: compiled loops over many people and replicates, with no more memory than a chunk needs.

Replicates are told in chunks of whole replicates (small trials lie side by side and fill a block); one very large
replicate is cut by places, which share nothing. Chunks run in threads. However they are cut, whoever runs them and
in whatever order, the bytes are the same.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from simulation.chance import MONTH_ZERO
from simulation.cohort import PreparedPeople, prepared
from simulation.compiled_parameters import months_before, numbers_of
from simulation.month import close_month, live_month
from simulation.monthly_counts import NO_LEDGER, count_events, empty, take_stock
from simulation.municipal_shares import limits
from simulation.municipal_shares import seats as seats_of
from simulation.parameters import ParameterError
from simulation.reentry_stream import simulated_by
from simulation.rules import NEVER
from simulation.scenario import Scenario
from simulation.state import (
    Buffers,
    EventBuffer,
    Ints,
    Longs,
    MonthlyCounts,
    MunicipalityState,
    Numbers,
    PeopleColumns,
    PersonState,
    RunState,
    VolunteerSlots,
    events_room,
)
from simulation.vector_rules import FIRST_FACTOR
from simulation.volunteers import open_month

BLOCK = 4096
"""People in a block: its rows stay in the second cache; smaller blocks pay more for taking the rows apart."""
CHUNK_PEOPLE = 16384
"""People in a chunk, about; a replicate larger than two chunks is cut by municipality if threads can share it."""

Result = TypeVar("Result")
Table = TypeVar("Table", bound=NamedTuple)


class SimulatedChunk(NamedTuple):
    """People and what became of them: whole replicates, in order of replicate and number unless said otherwise."""

    people: PeopleColumns
    lives: PersonState
    local: MunicipalityState
    tally: MonthlyCounts = NO_LEDGER
    """Rows x calendar months x risk groups x localities, if it was asked for (``monthly_counts.py`` names the rows)."""


def begin_lives(scenario: Scenario, ready: PreparedPeople, numbers: Numbers) -> PersonState:
    """Everybody before the first month: in prison, with the support that will be held at release."""
    people = ready.people
    n, programmes = len(people.person), len(numbers.starts)
    short, never = np.zeros(n, np.int16), np.full(n, NEVER, np.int16)
    return PersonState(
        baseline=(ready.hazard * (scenario.risk.hazard_multiplier * scenario.risk.baseline_hazard)).astype(np.float32),
        score=ready.score, highest=ready.highest, locality=ready.locality,
        held=(1 - people.lacks).astype(np.uint8), inside=np.ones(n, np.uint8),
        anchor=people.release.copy(), turn=people.release.copy(),
        free_since=short.copy(), pending=short.copy(), pending_from=never.copy(),
        cases=short.copy(), offences=short.copy(), first_offence=never.copy(),
        time_any=never.copy(), time_prison=never.copy(), time_sentence=never.copy(),
        status=np.zeros((programmes, n), np.uint8), met=np.zeros((programmes, n), np.uint8),
        months_met=np.zeros((programmes, n), np.uint8), echo=np.zeros((programmes, n), np.float32),
        carried=np.zeros(n, np.float32),
    )  # fmt: skip


def begin_world(
    scenario: Scenario, numbers: Numbers, replicates: npt.NDArray[np.uint32], own: Longs | None = None
) -> tuple[MunicipalityState, VolunteerSlots]:
    """The municipalities of the given replicates (all of the scenario in each) before the first month.

    Slots for volunteers are only in the municipalities ``own`` (all of them if it is None).
    """
    places = scenario.selected_municipalities
    size, count, factors = len(places) * len(replicates), len(replicates), len(numbers.gain)
    chairs = np.tile(seats_of(scenario), count) if numbers.supply >= 0 else np.zeros(size, np.int32)
    if own is not None:
        chairs = chairs * np.isin(np.arange(size), own)
    total = int(chairs.sum())
    local = MunicipalityState(
        number=np.tile(np.array([place.number for place in places], np.uint32), count),
        replicate=np.repeat(replicates, len(places)),
        place=np.tile(np.arange(len(places), dtype=np.int16), count),
        peers=np.ones(size), room=np.ascontiguousarray(np.tile(numbers.first_room, count)),
        at_liberty=np.zeros(size, np.int64), offending=np.zeros(size, np.int64),
        demand=np.zeros((factors, size), np.uint64),
        limit=np.ascontiguousarray(np.tile(limits(scenario), count)),
        allowed=np.zeros((len(numbers.starts), size)), taken_in=np.zeros((len(numbers.starts), size), np.int64),
        held_back=np.zeros((len(numbers.starts), size), np.uint8),
        came=np.zeros(size, np.uint32), quit=np.zeros(size, np.int64), gaps=np.zeros(size, np.int32),
    )  # fmt: skip
    chair = VolunteerSlots(
        begin=np.concatenate([[0], np.cumsum(chairs)]).astype(np.int32),
        state=np.zeros(total, np.uint8), name=np.zeros(total, np.uint32), ready=np.zeros(total, np.int16),
        months=np.zeros(total, np.int16), person=np.full(total, -1, np.int32),
        run=np.repeat(local.replicate, chairs), address=np.repeat(local.number * 65536 + MONTH_ZERO, chairs),
        month=np.zeros(total, np.uint32), words=np.zeros((4, total), np.uint32),
    )  # fmt: skip
    return local, chair


def begin_buffers(numbers: Numbers, block: int = BLOCK) -> Buffers:
    """Scratch rows for blocks of so many people."""
    factors, programmes = len(numbers.gain), len(numbers.starts)
    rows = 4 * ((FIRST_FACTOR + factors + 3) // 4 + programmes // 2)
    return Buffers(
        words=np.zeros((rows, block), np.uint32), month=np.zeros(block, np.uint32), hazard=np.zeros(block),
        gain=np.zeros(block), loss=np.zeros(block), level=np.zeros((programmes, block)),
        after=np.zeros(block, np.uint8), whole=np.ones(block, np.float32), found=np.zeros(block, np.int32),
        before=np.zeros((factors, block), np.uint8),
    )  # fmt: skip


def released(people: PeopleColumns) -> tuple[Ints, Ints]:
    """First and last row (exclusive) of the people released in each calendar month; they must be in that order."""
    months = np.arange(0 if not len(people.release) else int(people.release.max()) + 1)
    first = np.searchsorted(people.release, months, side="left").astype(np.int32)
    return first, np.searchsorted(people.release, months, side="right").astype(np.int32)


def active(t: int, first: Ints, last: Ints, before: int, months: int) -> tuple[int, int]:
    """Rows of the people whose own month lies from ``before`` months before release to ``months`` after it."""
    earliest, latest = max(0, t - months + 1), min(len(first) - 1, t + before)
    return (int(first[earliest]), int(last[latest])) if earliest <= latest else (0, 0)


def _tell_chunk(
    scenario: Scenario, seed: int, ready: PreparedPeople, room: int, block: int, ledger: bool = False,
    every: bool = True,
) -> tuple[PersonState, MunicipalityState, EventBuffer, MonthlyCounts]:
    n = numbers_of(scenario, seed)
    people, lives, buffers = ready.people, begin_lives(scenario, ready, n), begin_buffers(n, block)
    local, seats = begin_world(scenario, n, ready.replicates, ready.places)
    first, last = released(people)
    before = months_before(scenario)
    tally, told = NO_LEDGER, events_room(room)
    if ledger:
        tally = empty(scenario, n.calendar, len(local.number))
        told = events_room(room or len(people.person) * (6 + len(n.gain) + 3 * len(n.starts)))
    state = RunState(people, lives, local, seats, n, told, tally)
    reoffended = np.full((3, len(people.person) if ledger else 0), -1, np.int16)

    def count(begin: int) -> None:
        if ledger:
            count_events(told, begin, tally, people.release, lives.anchor, lives.free_since, reoffended,
                         lives.highest, lives.locality, local.place, people.side, lives.score, n)  # fmt: skip

    for t in range(n.calendar):
        low, high = active(t, first, last, before, n.told_for)
        begin = int(told.count[0])
        open_month(t, low, high, state)
        count(begin)
        begin = int(told.count[0])
        live_month(t, low, high, people, lives, local, n, buffers, told, room > 0 and every)
        count(begin)
        if ledger:
            take_stock(t, low, high, people.release, lives.inside, lives.highest, lives.locality, lives.held,
                       lives.status, lives.met, tally, n.follow_up)  # fmt: skip
            told.count[0] *= room > 0
        close_month(local, n)
    return lives, local, told, tally


def chunks(scenario: Scenario, replicates: range, people: int = CHUNK_PEOPLE) -> list[range]:
    """Replicates in groups of about so many people, at least one replicate in each."""
    each = max(1, people // scenario.people.count)
    return [replicates[start : start + each] for start in range(0, len(replicates), each)]


def over_chunks(
    scenario: Scenario,
    seed: int,
    replicates: range,
    reduce: Callable[[SimulatedChunk], Result],
    *,
    threads: int | None = None,
    chunk_people: int | None = None,
    block: int = BLOCK,
    ledger: bool = False,
) -> Iterator[Result]:
    """Tell replicates chunk by chunk and give what ``reduce`` makes of each, in order.

    Parameters
    ----------
    scenario, seed
        What decides the run; ``seed`` from 0 to 2**64 - 1.
    replicates
        Numbers of the replicates.
    reduce
        Function of a cohort of whole replicates, whose people come in no particular order; called in a worker thread.
    threads
        Worker threads; None for one per core.
    chunk_people, block
        How the work is cut (None: as is fastest). No result depends on them.
    ledger
        Whether cohorts come with a ledger.
    """
    parts = chunks(scenario, replicates, chunk_people or CHUNK_PEOPLE)
    cores = os.cpu_count() if threads is None else threads
    workers = 1 if cores is None else cores

    def work(part: range) -> Result:
        return reduce(_cohort(scenario, seed, part, block, chunk_people, workers if len(parts) == 1 else 1, ledger))

    if workers == 1 or len(parts) == 1:
        yield from map(work, parts)
        return
    with ThreadPoolExecutor(workers) as pool:
        yield from pool.map(work, parts)


def run(
    scenario: Scenario,
    *,
    seed: int,
    replicates: int | range = 1,
    threads: int | None = None,
    chunk_people: int | None = None,
    block: int = BLOCK,
) -> SimulatedChunk:
    """Tell some replicates without storing events: people and what became of them.

    ``replicates`` is a number, or a range of replicate numbers. Times are own months; a person with ``time_any`` of
    w or less reoffended within w months in the sense of the definition (``NEVER`` if not at all).
    """
    wanted = range(replicates) if isinstance(replicates, int) else replicates
    if not len(wanted):
        raise ParameterError("replicates is [0]; at least 1 is needed")
    parts = list(
        over_chunks(
            scenario, seed, wanted, lambda cohort: cohort, threads=threads, chunk_people=chunk_people, block=block
        )
    )
    people = _joined([part.people for part in parts])
    lives = _joined([part.lives for part in parts])
    local = _joined([part.local for part in parts])
    rows = np.lexsort((people.person, people.replicate))
    people, lives = ordered(people, rows), ordered(lives, rows)
    group = people.replicate.astype(np.int64) - wanted.start
    locality = (group * len(scenario.selected_municipalities) + people.place).astype(np.int32)
    return SimulatedChunk(people, lives._replace(locality=locality), local)


def _joined(tables: list[Table]) -> Table:
    columns = (np.concatenate([table[c] for table in tables], axis=-1) for c in range(len(tables[0])))
    return tables[0]._make(columns)


def _cohort(
    scenario: Scenario, seed: int, part: range, block: int, chunk_people: int | None, threads: int, ledger: bool
) -> SimulatedChunk:
    """One chunk of whole replicates; a very large replicate is simulated piece by piece, each in a thread."""
    whole = prepared(scenario, seed, part)
    alone = threads == 1 and chunk_people is None
    pieces = [whole] if alone else whole.by_places(2 * (chunk_people or CHUNK_PEOPLE))

    def work(piece: PreparedPeople) -> tuple[PersonState, MunicipalityState, EventBuffer, MonthlyCounts]:
        return _tell_chunk(scenario, seed, piece, 0, block, ledger)

    if len(pieces) == 1:
        lives, local, _, tally = work(whole)
        return SimulatedChunk(whole.people, lives, local, tally)
    with ThreadPoolExecutor(threads) as pool:
        told = list(pool.map(work, pieces))
    lives = _joined([part[0] for part in told])
    people = _joined([piece.people for piece in pieces])
    tally = told[0][3]
    for part_of_it in told[1:]:
        tally += part_of_it[3]
    return SimulatedChunk(people, lives, _gathered([part_of_it[1] for part_of_it in told], pieces), tally)


def _gathered(parts: list[MunicipalityState], pieces: list[PreparedPeople]) -> MunicipalityState:
    """The municipalities of a chunk that was simulated in pieces, each from the piece that it belongs to."""
    columns = []
    for column in zip(*parts, strict=True):
        whole = column[0].copy()
        for array, piece in zip(column, pieces, strict=True):
            whole[..., piece.places] = array[..., piece.places]
        columns.append(whole)
    return MunicipalityState._make(columns)


def ordered(table: Table, rows: Longs) -> Table:
    """The people of a table of columns in the order of ``rows``; columns that are not about people stay as they are."""
    n = len(table[0])
    return table._make(column[..., rows] if column.shape[-1] == n else column for column in table)


def tell(
    scenario: Scenario, *, seed: int, replicate: int = 0, replicates: int = 1, block: int = BLOCK,
    every_event: bool = True,
) -> tuple[SimulatedChunk, EventBuffer]:  # fmt: skip
    """Tell some replicates with their events; ``EventBuffer.person`` are rows of the cohort, in no particular order.

    Without ``every_event`` contacts and what comes and goes of support are left out.
    """
    ready = prepared(scenario, seed, range(replicate, replicate + replicates))
    room = 40 * scenario.people.count * replicates + 1000
    lives, local, told, _ = _tell_chunk(scenario, seed, ready, room, block, every=every_event)
    if told.count[0] > room:
        lives, local, told, _ = _tell_chunk(scenario, seed, ready, int(told.count[0]), block, every=every_event)
    number = int(told.count[0])
    told = EventBuffer._make((told.count, *(column[:number] for column in told[1:])))
    told = told._replace(person=np.argsort(ready.back).astype(np.int32)[told.person])
    return SimulatedChunk(ordered(ready.people, ready.back), ordered(lives, ready.back), local), told


simulated_by(lambda scenario, seed: tell(scenario, seed=seed, every_event=False))

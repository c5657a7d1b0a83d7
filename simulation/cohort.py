"""People made ready to be simulated: drawn, put in order, with their relative hazards; kept for the next scenario.

In a sweep many scenarios share their people (only effects or the level of risk differ), so the latest few cohorts
are kept. What is kept is never written to.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from simulation.compiled_parameters import months_before
from simulation.population import centre, draw, reference, relative_hazard, who
from simulation.reentry_stream import is_new
from simulation.scenario import Scenario, fingerprint
from simulation.state import Bytes, Floats, Ints, Longs, PeopleColumns, Singles

KEPT_BYTES = 150_000_000
"""Memory that kept cohorts may take."""


class PreparedPeople(NamedTuple):
    """People of some replicates in the order in which they are simulated. Arrays of N unless said otherwise."""

    people: PeopleColumns
    replicates: npt.NDArray[np.uint32]  # their numbers, one each
    hazard: Floats  # relative to a mean of 1 at release, before the level; lacking factors raise it later
    score: Singles
    highest: Bytes
    locality: Ints
    places: Longs  # the localities that belong to it (all of them, unless it was cut by places)
    back: Longs  # rows in order of replicate and number

    def by_places(self, most: int) -> list[PreparedPeople]:
        """The cohort cut into parts of whole localities with about so many people; itself if it is not larger."""
        size = len(self.people.person)
        if size <= most:
            return [self]
        heads = np.bincount(self.locality, minlength=len(self.places))
        group = np.cumsum(heads) // most
        group = np.maximum(group, group[heads > 0].min())
        parts = []
        for number in np.unique(group):
            rows = np.flatnonzero(group[self.locality] == number)
            people = PeopleColumns._make(np.ascontiguousarray(column[..., rows]) for column in self.people)
            parts.append(
                self._replace(
                    people=people, hazard=self.hazard[rows], score=self.score[rows], highest=self.highest[rows],
                    locality=self.locality[rows], places=np.flatnonzero(group == number), back=np.arange(len(rows)),
                )
            )  # fmt: skip
        return parts

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        return sum(array.nbytes for array in self.people) + sum(array.nbytes for array in self[1:])


_kept: OrderedDict[Hashable, PreparedPeople] = OrderedDict()
_lock = Lock()


def prepared(scenario: Scenario, seed: int, replicates: range) -> PreparedPeople:
    """The people of some replicates, ready to be told; from memory if the same people were told lately."""
    key = (who(scenario), _stream_key(scenario), months_before(scenario), seed, replicates.start, replicates.stop)
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    made = _make(scenario, seed, replicates)
    with _lock:
        _kept[key] = made
        while len(_kept) > 1 and sum(each.nbytes for each in _kept.values()) > KEPT_BYTES:
            _kept.popitem(last=False)
    return made


def _stream_key(scenario: Scenario) -> str:
    """What decides, besides who people are, which of them are new."""
    if not scenario.people.include_reentries:
        return ""
    return fingerprint(scenario.model_dump(include={"people", "risk", "offending", "custody", "peers", "factor"}))


def _make(scenario: Scenario, seed: int, replicates: range) -> PreparedPeople:
    drawn = draw(scenario, seed, replicates)
    if scenario.people.include_reentries:
        new = is_new(scenario, drawn, relative_hazard(scenario, drawn)[1], seed)
        drawn = PeopleColumns._make(np.ascontiguousarray(column[..., new]) for column in drawn)
    order = np.lexsort((drawn.person, drawn.place, drawn.replicate, drawn.release))
    people = PeopleColumns._make(np.ascontiguousarray(column[..., order]) for column in drawn)
    people = people._replace(release=people.release + np.int16(months_before(scenario)))
    about = reference(scenario)
    score, hazard = relative_hazard(scenario, people)
    group = (people.replicate - np.uint32(replicates.start)).astype(np.int32)
    return PreparedPeople(
        people=people,
        replicates=np.asarray(replicates, dtype=np.uint32),
        hazard=hazard / centre(scenario),
        score=score.astype(np.float32),
        highest=(score >= about.highest_from).astype(np.uint8),
        locality=(group * len(scenario.selected_municipalities) + people.place).astype(np.int32),
        places=np.arange(len(replicates) * len(scenario.selected_municipalities)),
        back=np.argsort(order),
    )

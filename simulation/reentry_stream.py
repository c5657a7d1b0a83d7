"""A steady stream of releases in which those who come back count.

The 7,030 people released in a year include people who were released before, went back to prison and are released
again. Where a scenario follows people for years (``people.include_reentries``), a release is therefore either somebody
new or the return of somebody who is already followed. New people come only as far as the returns of those before
them, expected without any programme, leave room: so without a programme the number of releases, and who they are,
stays the same in every year, and with one it falls.

How often people return is found by telling a pilot population once, by risk, and solving the renewal equation

    new(t) + sum over s < t of new(s) returns(t - s) = released

month by month for each of ``BINS`` groups of risk.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from simulation.chance import LOTTERY, WORD, draw_four, key_of
from simulation.compiled import loop
from simulation.events import CUSTODY_OUT
from simulation.population import relative_hazard
from simulation.scenario import Scenario, fingerprint
from simulation.state import EventBuffer, Floats, PeopleColumns, Unsigned

PILOT_PEOPLE = 20_000
PILOT_SEED = 20_190_317
BINS = 12
"""Groups of risk of equal size among those who may offend; people who never offend are one more."""


Simulate = Callable[[Scenario, int], tuple[Any, EventBuffer]]
"""Tells a scenario for a seed: a cohort (with ``people``) and what happened to them."""


class Stream(NamedTuple):
    """Which part of the people drawn for a month are new."""

    edges: Floats  # BINS - 1 relative hazards between the groups of risk
    new: Floats  # (BINS + 1) x months, share 0-1; row 0 is people who never offend
    returns: Floats  # (BINS + 1) x months, releases again by months since the first, per person


def stream(scenario: Scenario) -> Stream:
    """How many of the people drawn for each month of release are new, by risk; from memory if it was found lately."""
    key = fingerprint(
        scenario.model_dump(include={"people", "risk", "offending", "custody", "peers", "municipalities", "factor"})
    )
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    found = _found(scenario)
    with _lock:
        _kept[key] = found
        while len(_kept) > 16:
            _kept.popitem(last=False)
    return found


_kept: OrderedDict[str, Stream] = OrderedDict()
_lock = Lock()
_tellers: list[Simulate] = []


def simulated_by(teller: Simulate) -> None:
    """Say who tells the pilot: the engine, which itself draws its people through this module."""
    _tellers.append(teller)


def is_new(scenario: Scenario, people: PeopleColumns, hazard: Floats, seed: int) -> npt.NDArray[np.bool_]:
    """Whether each of the people drawn for a stream is somebody new (array of N), by lot.

    ``hazard`` is relative, as ``population.relative_hazard`` gives it; ``people.release`` counts from 0.
    """
    found = stream(scenario)
    share = found.new[_bins(hazard, found.edges), people.release]
    key0, key1 = key_of(seed)
    return np.asarray(_lots(people.person, people.replicate, key0, key1) < share * WORD)


def solved(returns: Floats, months: int) -> Floats:
    """Shares of new people in each month (rows x months) from returns by months since the first release.

    Returns that exceed the releases of a month leave nobody new (0).
    """
    new = np.zeros((len(returns), months))
    for t in range(months):
        new[:, t] = np.maximum(0.0, 1.0 - (new[:, :t] * returns[:, t:0:-1]).sum(axis=1))
    return new


@loop
def _lots(person, replicate, key0, key1):  # type: ignore[no-untyped-def]
    found: Unsigned = np.empty(len(person), np.uint32)
    for i in range(len(person)):
        found[i] = draw_four(person[i], replicate[i], 0, LOTTERY | 2, key0, key1)[0]
    return found


def _bins(hazard: Floats, edges: Floats) -> npt.NDArray[np.int64]:
    return np.where(hazard > 0.0, 1 + np.searchsorted(edges, hazard), 0)


def _found(scenario: Scenario) -> Stream:
    months = scenario.people.release_months
    pilot = scenario.changed({
        "programme": {}, "trial.assignment": "nobody", "trial.signed_up": False, "people.include_reentries": False,
        "people.count": PILOT_PEOPLE, "people.release_months": 1, "people.calendar_months": 0,
        "people.follow_up_months": min(scenario.people.follow_up_months, months + 1),
    })  # fmt: skip
    cohort, told = _tellers[-1](pilot, PILOT_SEED)
    _, hazard = relative_hazard(pilot, cohort.people)
    edges = np.quantile(hazard[hazard > 0.0], np.arange(1, BINS) / BINS)
    row = _bins(hazard, edges)
    heads = np.maximum(1, np.bincount(row, minlength=BINS + 1))
    out = told.kind == CUSTODY_OUT
    month = np.minimum(told.month[out], months)
    counts = np.zeros((BINS + 1, months + 1))
    np.add.at(counts, (row[told.person[out]], month), 1.0)
    returns = counts[:, :months] / heads[:, None]
    return Stream(edges, solved(returns, months), returns)

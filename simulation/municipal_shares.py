"""How what a scenario counts in whole (people, volunteers, places in a programme) is spread over its municipalities.

Everything is spread by population unless the scenario names other parts.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from simulation.municipalities import by_place, chosen
from simulation.programmes import Programme
from simulation.rules import NEVER
from simulation.scenario import Scenario
from simulation.state import Bytes, Floats, Ints, Shorts


def weights(scenario: Scenario, by: Mapping[str, float], key: str) -> Floats:
    """What each municipality weighs when a whole is spread (array of P): what is named, else population.

    Places that are not named get nothing, unless none is named at all.
    """
    if not by:
        return np.array([place.population for place in scenario.selected_municipalities], dtype=np.float64)
    return np.array([value or 0.0 for value in by_place(by, scenario.selected_municipalities, key)], dtype=np.float64)


def parts(scenario: Scenario, by: Mapping[str, float], key: str) -> Floats:
    """Parts of a whole by municipality (array of P that adds up to 1, or to 0 if nobody is given anything)."""
    found = weights(scenario, by, key)
    return found / (found.sum() or 1.0)


def released_parts(scenario: Scenario) -> Floats:
    """Parts of the released people by municipality (array of P)."""
    return parts(scenario, scenario.municipalities.releases, "municipalities.releases")


def there(scenario: Scenario, row: Programme) -> Bytes:
    """Whether a programme exists in each municipality (array of P)."""
    if not row.municipalities:
        return np.ones(len(scenario.selected_municipalities), np.uint8)
    where = set(chosen(row.municipalities, "municipalities"))
    return np.array([place in where for place in scenario.selected_municipalities], np.uint8)


def opening(scenario: Scenario, row: Programme, before: int) -> Shorts:
    """Month of the run in which a programme opens in each municipality (array of P; ``NEVER`` where it does not exist).

    ``before`` is the number of months that the run begins before the first release.
    """
    given = by_place(row.opens, scenario.selected_municipalities, "opens")
    months = [0 if not month else int(month) + before for month in given]
    return np.where(there(scenario, row) == 1, months, NEVER).astype(np.int16)


def seats(scenario: Scenario) -> Ints:
    """Most volunteers at a time in each place of the scenario (array of P)."""
    supply = scenario.volunteers
    total = supply.ceiling or max(2.0 * supply.at_start, 12.0 * supply.recruits_per_month)
    if supply.coordinators:
        total = min(total, supply.coordinators * supply.volunteers_each)
    upto = np.ceil(total * np.cumsum(parts(scenario, supply.ceiling_by, "volunteers.ceiling_by")) - 1e-9)
    most: Floats = np.diff(upto, prepend=0.0)
    return most.astype(np.int32)


def limits(scenario: Scenario) -> np.ndarray[tuple[int, int], np.dtype[np.int32]]:
    """Places of each programme in each municipality: K x P whole numbers that add up to its capacity."""
    people = np.array([place.population for place in scenario.selected_municipalities], dtype=np.float64)
    rows = []
    for row in scenario.programme.values():
        here = people * there(scenario, row)
        rows.append(np.diff(np.floor(row.capacity * np.cumsum(here) / here.sum() + 1e-9), prepend=0.0))
    return np.array(rows, dtype=np.int32).reshape(len(rows), len(people))


def allowances(scenario: Scenario, opens: Shorts, months: int) -> Floats:
    """People whom each programme may take in, month by month, per part of the released people (K x months).

    A month's part of ``max_per_year`` over the parts of the municipalities that are open; infinite without a limit.
    """
    share, rows = released_parts(scenario), []
    for row, begin in zip(scenario.programme.values(), opens, strict=True):
        open_parts = np.array([share[begin <= t].sum() for t in range(months)])
        quota = row.max_per_year / 12.0 / np.where(open_parts > 0.0, open_parts, np.inf)
        rows.append(quota if row.max_per_year else np.full(months, np.inf))
    return np.array(rows).reshape(len(rows), months)

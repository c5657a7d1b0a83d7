"""A history counted by calendar year, risk group and place: the table that is priced.

Volunteers, and when somebody came onto a list, are not in a history and so not in this table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from simulation.parameters import ParameterError

if TYPE_CHECKING:
    from simulation.history import History
    from simulation.scenario import Scenario

Longs = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

KEYS = ("plan", "draw", "replicate", "place", "region", "group", "year")
"""Columns of a counts table that say whose counts they are; all others are counts."""
OF_PEOPLE = ("replicate", "place", "group")
WINDOW = 24
"""Months after release in which somebody counts as a reoffender."""
MOST_YEARS = 36


def counts_of(history: History, scenario: Scenario, *, years: int) -> pd.DataFrame:
    """What happened in each calendar year, by replicate, place and risk group.

    Parameters
    ----------
    history
        People and events. Someone released in calendar month r was, in own month m, in calendar month r + m; the first
        year is months 0 to 11 and whatever came before.
    scenario
        The scenario that was simulated; names its factors and programmes.
    years
        How many years are counted; what happened later is left out.

    Returns
    -------
    One row for each replicate, place, group and year, in this order, with sums: ``released`` (first and again),
    ``offences``, ``cases`` (by date of the offence), ``fines``, ``suspended``, ``prison`` (by date of the decision),
    ``custody_months``, ``liberty_months`` and ``holds_<factor>`` (person-months after the first release, while
    followed), for each programme ``.started``, ``.in_time`` (before release), ``.without``, ``.months`` (matched) and
    ``.contacts``, and ``reoffenders_<definition>`` (people by year of release, within 24 months; whose window cannot be
    judged is left out). An offence in the month of release counts in the year of release.
    """
    from simulation.outcomes import DEFINITIONS, times  # the drivers, through history; prices are read without them

    if not 1 <= years <= MOST_YEARS:
        raise ParameterError(f"years is [{years}]; allowed 1 to {MOST_YEARS}")
    tally = _Tally(history, years)
    event, detail = tally.events["event"].astype(str).to_numpy(), tally.events["detail"].astype(str).to_numpy()
    value = tally.events["value"].to_numpy(np.float64)

    def add(name: str, which: Bools, weight: npt.NDArray[np.float64] | None = None) -> None:
        tally.add(name, tally.row[which], tally.month[which], None if weight is None else weight[which])

    add("released", (event == "release") | (event == "custody out"))
    add("offences", event == "offence", value)
    add("cases", event == "offence")
    for column, sanction in (("fines", "fine"), ("suspended", "suspended"), ("prison", "prison")):
        add(column, (event == "sanction") & (detail == sanction))
    inside = tally.standing(event == "custody in", event == "custody out")
    after = tally.own_months >= 0
    tally.add_months("custody_months", inside & after)
    tally.add_months("liberty_months", ~inside & after)
    for factor in scenario.factor:
        mine = detail == factor
        held = history.people[f"has_{factor}"].to_numpy(np.int8)
        holds = tally.standing((event == "gain") & mine, (event == "loss") & mine, begin=held)
        tally.add_months(f"holds_{factor}", holds & ~inside & after)
    for programme in scenario.programme:
        mine = detail == programme
        match = (event == "match") & mine
        ends = (event == "exit") & np.char.startswith(detail.astype(np.str_), f"{programme}: ")
        add(f"{programme}.started", match)
        add(f"{programme}.in_time", match & (tally.month < 0))
        add(f"{programme}.without", (event == "unmatched") & mine)
        tally.add_months(f"{programme}.months", tally.standing(match, ends))
        add(f"{programme}.contacts", (event == "contact") & mine)
    for definition in DEFINITIONS:
        told = times(history, definition)
        hit = ((told["known"] >= WINDOW) & (told["time"] <= WINDOW)).to_numpy()
        tally.add(f"reoffenders_{definition}", np.flatnonzero(hit), np.zeros(int(hit.sum()), np.int64))
    return tally.table()


class _Tally:
    """Counts by group of people and year, filled column by column."""

    def __init__(self, history: History, years: int) -> None:
        people, self.events, self.years = history.people, history.events, years
        person = pd.MultiIndex.from_frame(people[["replicate", "person"]])
        self.row = np.asarray(person.get_indexer(pd.MultiIndex.from_frame(self.events[["replicate", "person"]])))
        self.month = self.events["month"].to_numpy(np.int64)
        self.release = people["release"].to_numpy(np.int64)
        self.followed = people["followed"].to_numpy(np.int64)
        first = min(0, int(self.month.min(initial=0)))
        self.own_months = np.arange(first, max(1, int(self.followed.max(initial=1))))
        grouped = people.groupby(list(OF_PEOPLE), observed=True, sort=True)
        self.cell, self.keys = grouped.ngroup().to_numpy(), grouped.size().index.to_frame(index=False)
        self.columns: dict[str, npt.NDArray[np.float64]] = {}

    def add(self, name: str, row: Longs, month: Longs, weight: npt.NDArray[np.float64] | None = None) -> None:
        """Add things that happened to people (rows) in their own months."""
        year = np.maximum(self.release[row] + month, 0) // 12
        now = year < self.years
        cell = (self.cell[row] * self.years + year)[now]
        size = len(self.keys) * self.years
        told = np.bincount(cell, None if weight is None else weight[now], size).astype(np.float64)
        self.columns[name] = self.columns.get(name, np.zeros(size)) + told

    def standing(self, begins: Bools, ends: Bools, begin: npt.NDArray[np.int8] | None = None) -> Bools:
        """Whether each person was in a state in each own month (people x months), from the events that change it."""
        states = np.zeros((len(self.release), len(self.own_months)), np.int8)
        if begin is not None:
            states[:, 0] = begin
        for which, step in ((begins, 1), (ends, -1)):
            at = self.month[which] - self.own_months[0]
            np.add.at(states, (self.row[which], at), np.int8(step))
        return np.cumsum(states, axis=1, dtype=np.int8) > 0

    def add_months(self, name: str, state: Bools) -> None:
        """Add person-months in a state, while people are followed."""
        row, at = np.nonzero(state & (self.own_months < self.followed[:, None]))
        self.add(name, row, self.own_months[at])

    def table(self) -> pd.DataFrame:
        """The counts, a row each group and year."""
        keys = self.keys.loc[np.repeat(np.arange(len(self.keys)), self.years)].reset_index(drop=True)
        return keys.assign(year=np.tile(np.arange(self.years), len(self.keys)), **self.columns)

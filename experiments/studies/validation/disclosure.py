"""Statistical disclosure control of a register's tables: nothing that counts fewer than five people.

A share is left out if it counts fewer people than that on either side, or if it differs by fewer from the next
published one of the same people (a longer window, a wider definition), since a difference is a count too. Where groups
are left out, further ones are left out with them until all of these together count enough people on either side, so
that nobody can subtract them from everybody. A curve begins where enough people have reoffended, is given at months
between which as many reoffended, or nobody, and only of groups whose shares are given. The owner of the data may have a
stricter rule (``least``).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiments.language.register import EVERYBODY
from experiments.statistics.survival import cumulative_incidence
from experiments.studies.validation.register_extract import RegisterExtract
from simulation.outcomes import curve

LEAST = 5
"""Fewest people that may be counted."""
WHOLE, SMALL = EVERYBODY, "(small groups)"
NUMBERS = ["people", "reoffended", "share", "low", "high"]
INCIDENCE = "cumulative_incidence"
Longs = npt.NDArray[np.int64]


def differ_by_few(one: float, other: float, least: int) -> bool:
    """Whether two counts of the same people differ, and by fewer than ``least``."""
    return 0 < abs(one - other) < least


def pool_small_groups(register: RegisterExtract, *, least: int = LEAST) -> RegisterExtract:
    """A register whose groups of fewer than ``least`` releases are one, so that no table names them."""
    if "group" not in register.people:
        return register
    group = register.people["group"]
    few = group.map(group.value_counts()) < least
    return replace(register, people=register.people.assign(group=group.where(~few, SMALL)))


def suppress_shares(table: pd.DataFrame, *, least: int = LEAST) -> pd.DataFrame:
    """Shares without those that count fewer than ``least`` people.

    ``table`` has definition, group (``all`` for everybody), window, people, censored, reoffended, share, low, high. A
    column shown is added. What is left out is NaN in every number, censored also where it counts one to ``least`` - 1.
    """
    out = table.astype(dict.fromkeys(("people", "reoffended", "censored"), float))
    few = (out["reoffended"] < least) | (out["people"] - out["reoffended"] < least)
    out["shown"] = ~few
    for _, rows in out.groupby(["definition", "group"], sort=False):
        _steps(out, rows.sort_values("window", ascending=False).index, least)
    wide = out[out["definition"] == "any"].set_index(["group", "window"])
    for place, row in out[out["definition"] == "prison"].iterrows():
        if (row["group"], row["window"]) in wide.index:
            other = wide.loc[(row["group"], row["window"])]
            if other["shown"] and differ_by_few(other["reoffended"], row["reoffended"], least):
                out.loc[place, "shown"] = False
    for _, rows in out[out["group"] != WHOLE].groupby(["definition", "window"], sort=False):
        _protect(out, rows, least)
    out.loc[~out["shown"], [*NUMBERS, "censored"]] = np.nan
    out.loc[(out["censored"] > 0) & (out["censored"] < least), "censored"] = np.nan
    return out


def _protect(out: pd.DataFrame, rows: pd.DataFrame, least: int) -> None:
    """Leave out more groups of one definition and window until those left out are not known by subtraction.

    They are two at least, with ``least`` people or more on either side of their common share; or all.
    """
    while True:
        shown = out.loc[rows.index, "shown"]
        gone, left = rows[~shown], rows[shown]
        if gone.empty or left.empty:
            return
        hits, rest = gone["reoffended"].sum(), (gone["people"] - gone["reoffended"]).sum()
        if len(gone) > 1 and min(hits, rest) >= least:
            return
        out.loc[left["reoffended"].idxmin(), "shown"] = False


def of_shown_groups(table: pd.DataFrame, counted: pd.DataFrame, definition: str, *, least: int = LEAST) -> pd.DataFrame:
    """People of ``outcomes.times`` whose groups have all their shares given (``suppress_shares``) under a definition.

    Shares of windows in which fewer than ``least`` had reoffended do not count here: a curve begins later.
    """
    hits = table.assign(time=table["time"].where(table["time"] <= table["known"]))
    hidden = {row["group"] for row in counted.to_dict("records") if row["definition"] == definition and not row["shown"]
              and (hits.loc[hits["group"] == row["group"], "time"] <= row["window"]).sum() >= least}  # fmt: skip
    last = counted[counted["definition"] == definition].sort_values("window").groupby("group")["shown"].last()
    return table[~table["group"].isin(hidden) & table["group"].map(last).fillna(False).astype(bool)]


def to_nearest_five(number: int) -> int | None:
    """How many people there are, so that nobody can count those who are left out; None if fewer than five."""
    return None if number < LEAST else 5 * round(number / 5)


def _steps(out: pd.DataFrame, order: pd.Index, least: int) -> None:
    """From the longest window down: leave out what differs by too few from the last one shown."""
    last: tuple[float, float] | None = None
    for place in order[out.loc[order, "shown"].to_numpy()]:
        here = (float(out.loc[place, "reoffended"]), float(out.loc[place, "people"]))
        if last is not None and any(differ_by_few(one, other, least) for one, other in zip(last, here, strict=True)):
            out.loc[place, "shown"] = False
        else:
            last = here


def suppress_counts(table: pd.DataFrame, *, least: int = LEAST) -> pd.DataFrame:
    """Numbers of offences (offences, people, share) without those that are too small; never a single row alone."""
    out = table.astype({"people": float})
    few = out["people"] < least
    if few.sum() == 1:
        few |= out["people"] == out.loc[~few, "people"].min()
    out.loc[few, ["people", "share"]] = np.nan
    out["shown"] = ~few
    return out


def suppress_curve(table: pd.DataFrame, *, least: int = LEAST) -> pd.DataFrame:
    """Kaplan-Meier curve of ``outcomes.times`` by group, at the months that may be shown.

    Columns: group, month, at_risk, share, low, high, and cumulative_incidence (death as an end of its own) if
    ``table`` says who ``died``. After month 0 the first is that at which ``least`` people have reoffended. Between two
    months that follow one another, and beyond the last, lie at least ``least`` people who reoffended, or none, and at
    least as many who died, or none, and as many who were followed no longer, or none.
    """
    deaths = "died" in table
    if table.empty:
        return pd.DataFrame(columns=["group", "month", "at_risk", "share", "low", "high", *[INCIDENCE][:deaths]])
    whole = curve(table, by=("group",))
    parts = []
    for name, rows in whole.groupby("group", observed=True, sort=False):
        people = table[table["group"] == name]
        time, known = (people[column].to_numpy(np.int64) for column in ("time", "known"))
        died = people["died"].to_numpy() if deaths else np.zeros(len(people), bool)
        own = rows.assign(**{INCIDENCE: cumulative_incidence(time, known, died)}) if deaths else rows
        parts.append(own[own["month"].isin(_months(time, known, died, least))])
    return pd.concat(parts, ignore_index=True)


def _months(time: Longs, known: Longs, died: npt.NDArray[np.bool_], least: int) -> list[int]:
    """Months at which a curve may be shown."""
    last, hit = int(known.max(initial=0)), time <= known
    seen = np.minimum(time, known)
    events = np.bincount(seen[hit], minlength=last + 1)
    ends = [np.bincount(seen[~hit & how], minlength=last + 1) for how in (died, ~died)]
    at_risk = len(seen) - np.concatenate([[0], np.cumsum(events + sum(ends))])
    kept, counts, ever = [], np.zeros(3, int), 0
    for month in range(last + 1):
        ever += int(events[month])
        counts += [events[month], *(gone[month - 1] if month else 0 for gone in ends)]
        if month and ever < least:
            continue
        if all(count == 0 or count >= least for count in counts) and at_risk[month] - events[month] >= least:
            kept.append(month)
            counts[:] = 0
    return kept

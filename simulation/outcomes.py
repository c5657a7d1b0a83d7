"""From histories to numbers: who reoffended and when, shares, survival curves, counts, what became of matches.

Every function looks at a table of people and times and at nothing else, so a register with the same columns gets
the same treatment. People whose window has not ended are censored: they never count as successes.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from simulation.history import History
from simulation.parameter_sections import Definition
from simulation.parameters import ParameterError

DEFINITIONS: tuple[Definition, ...] = get_args(Definition)
RULES: dict[str, str] = {
    "any": "any new guilty decision, for an offence in the window and decided within one further year",
    "prison": "a new prison sentence, for an offence in the window and decided within one further year",
    "sentence": "a new suspended or prison sentence decided inside the window",
}
"""The three definitions in words; both parts of each differ: which sanctions count, and which dates."""
FURTHER_YEAR = 12
NOT_IN_SIGHT = 32_000
"""Time of people who have not reoffended as far as is known."""


def times(history: History, definition: Definition = "any") -> pd.DataFrame:
    """When each person counts as reoffending.

    Parameters
    ----------
    history
        People and events.
    definition
        ``any``, ``prison`` or ``sentence`` (see ``RULES``).

    Returns
    -------
    DataFrame
        The people's replicate, person, arm, treated and group (as far as they are there), ``time``: the smallest
        window in months within which the person reoffended, and ``known``: the largest window that can be judged.
        For example: an offence in month 3 (the fourth after release) that is decided in month 17 counts within
        every window from 6 months on, since 17 lies within 6 + 12 months but not within 5 + 12.
    """
    if definition not in DEFINITIONS:
        raise ParameterError(f"definition is [{definition}]; allowed is {', '.join(DEFINITIONS)}")
    events = history.events
    decisions = events[events["event"] == "sanction"]
    counted = {"any": ("fine", "suspended", "prison"), "prison": ("prison",), "sentence": ("suspended", "prison")}
    decisions = decisions[decisions["detail"].isin(counted[definition])]
    offence, decided = decisions["value"].to_numpy(np.int64), decisions["month"].to_numpy(np.int64)
    window = decided + 1
    if definition != "sentence":
        window = np.maximum(offence + 1, decided + 1 - FURTHER_YEAR)
    first = (
        pd.DataFrame({"replicate": decisions["replicate"], "person": decisions["person"], "time": window})
        .groupby(["replicate", "person"])["time"]
        .min()
    )
    people = history.people
    out = people[[name for name in ("replicate", "person", "arm", "treated", "group") if name in people]].copy()
    key = pd.MultiIndex.from_frame(out[["replicate", "person"]])
    out["time"] = first.reindex(key).fillna(NOT_IN_SIGHT).to_numpy(np.int16)
    known = people["decided"].to_numpy(np.int64) - (0 if definition == "sentence" else FURTHER_YEAR)
    out["known"] = np.minimum(people["followed"], known).clip(lower=0).to_numpy(np.int16)
    return out


def shares(table: pd.DataFrame, *, window: int = 24, by: Sequence[str] = ("arm",)) -> pd.DataFrame:
    """Share who reoffended within a window, among the people whose window can be judged.

    Parameters
    ----------
    table
        What ``times`` returns (or a register with its columns).
    window
        Months after release.
    by
        Columns to split by; empty for everybody.

    Returns
    -------
    DataFrame
        The columns of ``by``, people, censored (people left out), reoffended, share (0-1), low and high (95 %
        interval of Wilson).

    References
    ----------
    Wilson (1927), JASA 22:209, doi:10.2307/2276774.
    """
    keys = list(by)
    rows = table.assign(all="all") if not keys else table
    rows = rows.assign(judged=rows["known"] >= window, hit=(rows["known"] >= window) & (rows["time"] <= window))
    grouped = rows.groupby(keys or ["all"], observed=True)
    out = pd.DataFrame({
        "people": grouped["judged"].sum(), "censored": grouped.size() - grouped["judged"].sum(),
        "reoffended": grouped["hit"].sum(),
    }).reset_index()  # fmt: skip
    out["share"] = out["reoffended"] / out["people"].where(out["people"] > 0)
    out["low"], out["high"] = wilson(out["reoffended"].to_numpy(), out["people"].to_numpy())
    return out


def wilson(hits: npt.ArrayLike, number: npt.ArrayLike, z: float = 1.959964) -> tuple[
    npt.NDArray[np.float64], npt.NDArray[np.float64]
]:  # fmt: skip
    """Wilson's interval for shares: lower and upper ends, in the shape of the counts; (0, 1) where there is nobody."""
    k, n = np.asarray(hits, np.float64), np.asarray(number, np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        middle = (k + z * z / 2) / (n + z * z)
        half = z * np.sqrt(k * (n - k) / n + z * z / 4) / (n + z * z)
    return np.where(n > 0, middle - half, 0.0), np.where(n > 0, middle + half, 1.0)


def curve(table: pd.DataFrame, *, by: Sequence[str] = ("arm",)) -> pd.DataFrame:
    """Share with a new offence by month, by the method of Kaplan and Meier.

    Parameters
    ----------
    table
        What ``times`` returns; follow-up may differ between people.
    by
        Columns to split by.

    Returns
    -------
    DataFrame
        The columns of ``by``, month (0 to the last known), at_risk (people), share (0-1), low and high (95 %,
        log-log, with Greenwood's variance).

    References
    ----------
    Kaplan & Meier (1958), JASA 53:457, doi:10.2307/2281868.
    """
    keys = list(by)
    parts = []
    groups = table.groupby(keys, observed=True) if keys else [((), table)]
    for name, rows in groups:
        part = _kaplan_meier(rows["time"].to_numpy(np.int64), rows["known"].to_numpy(np.int64))
        for position, key in enumerate(keys):
            value: Any = name[position] if isinstance(name, tuple) else name
            part.insert(position, key, value)
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def _kaplan_meier(time: npt.NDArray[np.int64], known: npt.NDArray[np.int64]) -> pd.DataFrame:
    from scipy.stats import CensoredData, ecdf  # slow to import

    last = int(known.max(initial=0))
    seen, hit = np.minimum(time, known), time <= known
    months = np.arange(last + 1)
    at_risk = len(time) - np.concatenate([[0], np.cumsum(np.bincount(seen, minlength=last + 1))[:-1]])
    survival = np.ones(last + 1)
    ends = [survival, survival]
    if hit.any():
        found: Any = ecdf(CensoredData.right_censored(seen, ~hit)).sf
        survival = found.evaluate(months)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # no interval where nobody, or everybody, has reoffended
            band = found.confidence_interval(0.95, method="log-log")
        plain = (survival <= 0) | (survival >= 1)
        ends = [np.where(plain, survival, each.evaluate(months)) for each in (band.high, band.low)]
    return pd.DataFrame({"month": months, "at_risk": at_risk, "share": 1 - survival, "low": 1 - ends[0],
                         "high": 1 - ends[1]})  # fmt: skip


def offence_counts(history: History, *, window: int = 24, among: Definition = "any") -> pd.DataFrame:
    """How many offences reoffenders committed within a window.

    Returns
    -------
    DataFrame
        offences (1, 2, 3, "4 or more"), people, share (0-1, of the people who reoffended in the sense of ``among``).
    """
    table = times(history, among)
    reoffended = table[(table["time"] <= window) & (table["known"] >= window)]
    events = history.events
    offences = events[(events["event"] == "offence") & (events["month"] < window)]
    number = offences.groupby(["replicate", "person"])["value"].sum()
    counts = number.reindex(pd.MultiIndex.from_frame(reoffended[["replicate", "person"]])).fillna(0)
    capped = counts.clip(upper=4).astype(int).value_counts().reindex([1, 2, 3, 4], fill_value=0)
    total = max(1, int(capped.sum()))
    return pd.DataFrame({"offences": ["1", "2", "3", "4 or more"], "people": capped.to_numpy(),
                         "share": capped.to_numpy() / total})  # fmt: skip


def matches(history: History) -> pd.DataFrame:
    """What became of the people offered a programme: matched, ended how, left without.

    Returns
    -------
    DataFrame
        programme, what, people; ``contacts`` rows give the mean months of contact per matched person instead.
    """
    return matches_of(match_counts(history))


def match_counts(history: History) -> pd.Series:
    """Events of programmes by kind and detail, in order of their first: counts of several histories can be added."""
    events = history.events
    known = events.loc[events["event"].isin(["match", "unmatched", "exit", "contact"]), ["event", "detail"]]
    counts = known.groupby(["event", "detail"], observed=True, sort=False).size()
    names = [tuple(map(str, key)) for key in counts.index]
    return counts.set_axis(pd.MultiIndex.from_tuples(names, names=["event", "detail"]))


def matches_of(counts: pd.Series) -> pd.DataFrame:
    """The table of ``matches`` from ``match_counts``."""
    keys: Any = counts.index
    rows, number = [], {(str(event), str(detail)): float(counts[event, detail]) for event, detail in keys}
    for programme in dict.fromkeys(detail for event, detail in number if event in ("match", "unmatched")):
        matched = number.get(("match", programme), 0.0)
        rows.append((programme, "matched", matched))
        rows.append((programme, "left without", number.get(("unmatched", programme), 0.0)))
        ends = {detail.rpartition(": ")[2]: each for (event, detail), each in number.items()
                if event == "exit" and detail.rpartition(": ")[0] == programme}  # fmt: skip
        rows += [(programme, f"ended: {how}", each) for how, each in sorted(ends.items(), key=lambda end: -end[1])]
        rows.append((programme, "months of contact, mean", number.get(("contact", programme), 0.0) / max(1.0, matched)))
    return pd.DataFrame(rows, columns=["programme", "what", "people"])

"""From the counts of a plan's runs to the outcomes that a planner asks for, each with two intervals.

*Parameter uncertainty* is the spread between draws of the uncertain parameters, without the simulation noise in it.
*Stochastic variation* is the spread between replicates of one draw: how differently the future may turn out although
every parameter is known. Differences between plans are taken draw by draw and replicate by replicate, with common
random numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiments.language.messages import Messages
from experiments.language.plan_text import reason_text
from simulation.parameters import ParameterError

Floats = npt.NDArray[np.float64]
KEYS = ("draw", "replicate", "time", "where", "group")
DAYS = 365 / 12
FROM_NONE = ("offences", "custody_months", "relapses_any", "released")
"""Counts of which a plan is to bring about fewer."""
REOFFENDERS = ("reoffenders_any", "reoffenders_prison", "reoffenders_sentence")
OUTCOMES = (
    "started", "joined", "matched", "waited", "offences", "reoffenders_any", "reoffenders_sentence",
    "reoffenders_prison", "relapses_any", "released", "prison_days", "places", "volunteers",
)  # fmt: skip
"""Outcomes that are reported, in this order. Avoided ones are Denmark without the plan less Denmark with it."""
REASONS = ("closed", "not_offered", "too_short", "declined", "limit", "without", "started")
"""What became of the people who were due, in the order of the reasons."""
ENGLISH = Messages("en")
"""Tables name outcomes and reasons in English, as the catalogue does."""


def years(table: pd.DataFrame) -> pd.DataFrame:
    """The rows by year, region and group of a plan's counts."""
    return table[table["level"] == "year"].drop(columns="level")


def months(table: pd.DataFrame) -> pd.DataFrame:
    """The rows by month and region, each the mean over a draw's replicates."""
    return table[table["level"] == "month"].drop(columns=["level", "replicate", "group"])


def places(table: pd.DataFrame) -> pd.DataFrame:
    """The rows by municipality and group, over all years."""
    return table[table["level"] == "place"].drop(columns=["level", "time"])


def carried(counts: pd.DataFrame) -> str:
    """Name of the programme that is rolled out: the first in the counts."""
    for name in counts.columns:
        if str(name).endswith(".started"):
            return str(name).removesuffix(".started")
    raise ParameterError("the plan has no programme; name a scenario with one (scenario)")


def fewer(without: pd.DataFrame, with_: pd.DataFrame) -> pd.DataFrame:
    """Counts of the first less those of the second, row by row, with common random numbers; columns of both.

    Raises ``ParameterError`` if they are not of the same draws, replicates, years and places.
    """
    keys = [key for key in KEYS if key in without]
    first, second = (table.sort_values(keys, ignore_index=True) for table in (without, with_))
    if len(first) != len(second) or not first[keys].equals(second[keys]):
        raise ParameterError("two tables of counts are not of the same draws, replicates, years and places")
    both = [name for name in first.columns if name in second and name not in keys]
    return pd.concat([first[keys], first[both] - second[both]], axis=1)


def outcomes(
    with_: pd.DataFrame, without: pd.DataFrame, by: Sequence[str] = (), *, last: int | None = None
) -> pd.DataFrame:
    """What a plan does at each draw and replicate, from counts by year (``years``): one column an outcome.

    Reoffenders avoided are courses times what a course does to reoffending within two years in its risk group
    (``per_course``); everything else is the difference of two counts. ``by`` is of ``time``, ``where`` and ``group``;
    ``last`` is the last full year, counted from 0, for places freed and volunteers (None for the last of all).
    """
    name = carried(with_)
    keys = ["draw", "replicate", *by]
    avoided = fewer(without[[*KEYS, *FROM_NONE]], with_[[*KEYS, *FROM_NONE]])
    done = avoided.groupby(keys, sort=False)[list(FROM_NONE)].sum()
    ours = [f"{name}.{each}" for each in ("started", "joined", "in_time", "waited_months")]
    own = with_.groupby(keys, sort=False)[ours].sum()
    at = int(with_["time"].max()) if last is None else last
    year = (slice(None) if "time" in by else with_["time"] == at)
    busy = with_[year].groupby(keys, sort=False)["volunteer_months"].sum() / 12
    freed = avoided[avoided["time"] == at] if "time" not in by else avoided
    started = own[f"{name}.started"]
    rates = per_course(with_, without)
    groups = with_.groupby([*dict.fromkeys([*keys, "group"])], sort=False)[f"{name}.started"].sum().reset_index()
    avoided_by = groups.merge(rates, on=["draw", "replicate", "group"])
    for each in REOFFENDERS:
        avoided_by[each] *= avoided_by[f"{name}.started"]
    people = avoided_by.groupby(keys, sort=False)[list(REOFFENDERS)].sum()
    found = done.join(people).assign(
        started=started, joined=own[f"{name}.joined"],
        matched=own[f"{name}.in_time"] / own[f"{name}.joined"].where(own[f"{name}.joined"] > 0),
        waited=own[f"{name}.waited_months"] / started.where(started > 0), prison_days=done["custody_months"] * DAYS,
        places=freed.groupby(keys, sort=False)["custody_months"].sum() / 12, volunteers=busy,
    )  # fmt: skip
    return found[list(OUTCOMES)].reset_index()


def per_course(with_: pd.DataFrame, without: pd.DataFrame) -> pd.DataFrame:
    """Reoffenders avoided by a course, by draw, replicate and risk group: people who do not reoffend within two years.

    It can be seen among first releases only: who is released again, and when, is changed by the plan itself. Columns:
    draw, replicate, group, then one a definition.
    """
    name, keys = carried(with_), ["draw", "replicate", "group"]
    ours, theirs = (table.groupby(keys)[list(REOFFENDERS)].sum() for table in (with_, without))
    first = with_.groupby(keys)[f"{name}.started_first"].sum()
    return (theirs - ours).div(first.where(first > 0), axis=0).fillna(0.0).reset_index()


ESTIMATE = ("mean", "error", "low", "high", "stochastic_sd", "parameter_sd", "stochastic_low", "stochastic_high")
"""Columns of an estimate."""


def estimate(values: pd.Series | Floats, draws: npt.ArrayLike) -> dict[str, float]:
    """Mean of an outcome with its two intervals of 95 %, from one number a run and the draw of each run.

    ``mean``; ``error`` (standard error of the mean); ``low`` and ``high`` (95 % of the draws, without the simulation
    noise); ``stochastic_sd`` (standard deviation of one future where every parameter is known; NaN with one replicate);
    ``parameter_sd`` (standard deviation over draws, without simulation noise); ``stochastic_low`` and
    ``stochastic_high`` (95 % of single futures around the mean). Runs without a number (NaN) are left out.
    """
    frame = pd.DataFrame({"value": np.asarray(values, np.float64), "draw": np.asarray(draws)}).dropna()
    if frame.empty:
        return dict.fromkeys(ESTIMATE, np.nan)
    grouped = frame.groupby("draw")["value"]
    means, sizes = grouped.mean().to_numpy(), grouped.size().to_numpy()
    within = grouped.var(ddof=1).to_numpy()
    known = sizes > 1
    variance = float(np.average(within[known], weights=sizes[known] - 1)) if known.any() else np.nan
    mean = float(means.mean())
    between = float(means.var(ddof=1)) if len(means) > 1 else 0.0
    noise = 0.0 if np.isnan(variance) else variance * float(np.mean(1.0 / sizes))
    parameter = max(0.0, between - noise)
    shrunk = mean + (means - mean) * np.sqrt(parameter / between) if between > 0 else means
    low, high = np.quantile(shrunk, (0.025, 0.975))
    half = 1.959964 * np.sqrt(variance)
    values_of = (mean, float(np.sqrt(between / len(means))), float(low), float(high), float(np.sqrt(variance)),
                 float(np.sqrt(parameter)), mean - half, mean + half)  # fmt: skip
    return dict(zip(ESTIMATE, values_of, strict=True))


def estimates(table: pd.DataFrame, by: Sequence[str] = ()) -> pd.DataFrame:
    """Every outcome of ``outcomes`` (or of a difference of two) with its intervals, for each value of ``by``.

    Columns: those of ``by``, outcome, what (its label), then those of ``estimate``.
    """
    rows = []
    groups: Any = table.groupby(list(by), sort=False) if by else [((), table)]
    for names, part in groups:
        for outcome in OUTCOMES:
            if outcome in part:
                own = dict(zip(by, names if isinstance(names, tuple) else (names,), strict=True))
                rows.append({**own, "outcome": outcome, "what": ENGLISH(f"plan.outcome.{outcome}"),
                             **estimate(part[outcome], part["draw"])})  # fmt: skip
    return pd.DataFrame(rows)


def missing_out(with_: pd.DataFrame, by: Sequence[str] = (), *, carrier: str = "volunteers_2") -> pd.DataFrame:
    """Why people miss out: reason, what (its text), people (mean of the draws), share (of all who were due, 0-1).

    ``carrier`` is ``volunteers_1``, ``volunteers_2`` or ``slots``: it decides the texts only.
    """
    name = carried(with_)
    rows = with_.rename(columns={f"{name}.{reason}": reason for reason in REASONS} | {f"{name}.limited": "limit"})
    rows["without"] -= rows["limit"]
    runs = rows.groupby(["draw", "replicate", *by])[list(REASONS)].sum().groupby(["draw", *by]).mean()
    grouped = runs.groupby(list(by)).mean() if by else runs.mean().to_frame().T
    long = grouped.reset_index(drop=not by).melt(id_vars=list(by), var_name="reason", value_name="people")
    total = long.groupby(list(by))["people"].transform("sum") if by else long["people"].sum()
    texts = {reason: reason_text(ENGLISH, reason, carrier) for reason in REASONS}
    return long.assign(what=long["reason"].map(texts), share=long["people"] / total)


def supply_by_month(table: pd.DataFrame, *, per_person: int = 2, by: Sequence[str] = ("time",)) -> pd.DataFrame:
    """The supply month by month: volunteers there and needed, people matched, people on the list.

    ``volunteers`` are trained ones; ``needed`` is how many would serve everybody who wanted it and had time: people who
    came onto the list in the latest months, as many as a course lasts on average, times ``per_person`` (volunteers, or
    one slot). Mean over the draws with the middle 95 % of them (``_low``, ``_high``). ``by`` begins with ``time``.
    """
    name, rows = carried(table), months(table)
    sums = rows.groupby(["draw", *by])[
        ["volunteer_months", "training_months", f"{name}.months", f"{name}.listed_months", f"{name}.joined"]
    ].sum()  # fmt: skip
    lasts = lasting(rows, name)
    found = sums.iloc[:, :4].set_axis(["volunteers", "in_training", "matched", "waiting"], axis=1)
    cells = ["draw", *by[1:]]
    window: dict[Any, int] = {draw: int(each) for draw, each in lasts.items()}

    def in_course(joined: pd.Series) -> pd.Series:
        cell: Any = joined.name
        return joined.rolling(window[cell[0] if by[1:] else cell], min_periods=1).sum()

    found["needed"] = per_person * sums[f"{name}.joined"].groupby(level=cells).transform(in_course)
    grouped = found.groupby(level=list(range(1, 1 + len(by))))
    out = grouped.mean()
    for share, ending in ((0.025, "low"), (0.975, "high")):
        out = out.join(grouped.quantile(share).add_suffix(f"_{ending}"))
    return out.reset_index()


def lasting(rows: pd.DataFrame, name: str) -> pd.Series:
    """How many whole months a course lasts at each draw, on average (14 where none was started)."""
    sums = rows.groupby("draw")[[f"{name}.months", f"{name}.started"]].sum()
    mean = sums[f"{name}.months"] / sums[f"{name}.started"].where(sums[f"{name}.started"] > 0)
    return mean.fillna(14.0).round().clip(lower=1)

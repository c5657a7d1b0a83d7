"""The ladder from headline to street: what is left of 38 points and of 8:1 after one discount after another.

Each rung replaces one thing that the headline takes for granted. A figure under a set of rungs is read from runs with
exactly these rungs (``rungs.py``), never from the figure above it. A rung's factor is the figure with it over the
figure before it, so the factors multiply out to the last figure exactly; they depend on the order, which is why each
rung is also left out alone, and averaged over all orders if asked for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from experiments.inputs.trial_result import CONTROL_PERCENT, MENTORED_PERCENT
from experiments.statistics.intervals import interval
from experiments.studies.rollout.headline_runs import (
    AVERAGE,
    COLUMNS,
    DEFINITION,
    REACH,
    SCALING,
    SIGN_UPS,
    SMALL_TRIAL,
    TOLD,
    UNFILLED,
    Floats,
    Setting,
    World,
)
from experiments.studies.rollout.published_claim import Assumptions, Claim, spelled_out
from simulation.economics import COURSE, REOFFENDERS
from simulation.errors import nearest
from simulation.outcomes import DEFINITIONS
from simulation.parameters import ParameterError
from simulation.prices import Prices

HEADLINE = CONTROL_PERCENT - MENTORED_PERCENT
"""Points printed [S2]."""
VALUE, PRICE, DISCOUNTING, PRISON_DAY = "value", "price", "discounting", "prison-day"
PRICED = {VALUE: ("avoided.any",), PRICE: (f"scheme.{COURSE}.per_start",), DISCOUNTING: (),
          PRISON_DAY: ("prison.marginal_share",)}  # fmt: skip
"""Rungs that change kroner only, with the prices that each takes from their priors."""
POINTS, KRONER = "points", "kroner"
RESAMPLED = 400
"""Times the draws are drawn again to see how far a mean may be off."""
Parts = tuple[Floats, Floats]
"""A figure at each draw as what is divided and what it is divided by; over draws it is mean over mean."""


@dataclass(frozen=True, kw_only=True)
class Rung:
    """One discount."""

    name: str
    what: str
    """A sentence; names in braces are numbers of the run (``Found.numbers``)."""
    source: str
    of: tuple[str, ...] = (POINTS, KRONER)
    """Ladders that it belongs to."""


RUNGS = (
    Rung(name=SMALL_TRIAL, source="the calibration (docs/calibration.md)",
         what="the trial run again at draws of what 97 people, other trials and registers say together"),
    Rung(name=VALUE, what="{any} kr. for each person fewer with any new crime, not {claimed} for no serious crime",
         source="SØM's value for the wider outcome [S26]", of=(KRONER,)),
    Rung(name=DEFINITION, what="{counted}, not the trial's own count, which is not known",
         source="any new decision is what Statistics Denmark counts [S9][S99]; of SØM's values, 505,300 is for no new "
         "crime and 764,000 for no new serious crime, read here as a suspended or prison sentence [S26]"),
    Rung(name=SIGN_UPS, what="people who say yes to an offer to all, at the risk of all released; the trial's people "
         "were at {level} times it",
         source="level inferred in the calibration; motivation lowers the risk of whoever says yes, in the trial too; "
         "that it changes what mentors do is nowhere measured and not assumed"),
    Rung(name=AVERAGE, what="all whom the plan serves, {highest} of whom belong to the highest-risk group",
         source="no effect is reported outside that group [S2]; hazard ratio LN(0.98, 0.15) for the others"),
    Rung(name=SCALING, what="{lost} of the effect (its logarithm) is lost as recruiting outgrows the trial's",
         source="the plan's quality.lost_per_doubling, U(0, 0.15) unless its file gives it; assumed"),
    Rung(name=UNFILLED, what="{matched} of those who say yes are matched before release{in_trial}; a course that never "
         "starts costs nothing; courses broken off are in the effect from the start",
         source="the plan's municipalities, recruiting and training (desist rollout); assumed"),
    Rung(name=REACH, what="{joined} of all released in the country say yes in time; the others live elsewhere, serve "
         "too short, or say no",
         source="44 % have two months left to serve [S18]; who says yes: B(4, 6), assumed", of=(POINTS,)),
    Rung(name=PRICE, what="{course} kr. a course, not {cost}", source="24,000 to 36,667 [S2][S4][S6]", of=(KRONER,)),
    Rung(name=DISCOUNTING, what="{rate} a year, over the {years} years of the saving", of=(KRONER,),
         source="Ministry of Finance [S63]"),
    Rung(name=PRISON_DAY, what="{marginal} of a prison day's cost falls away, not all of it",
         source="buildings and guards stay; assumed", of=(KRONER,)),
)  # fmt: skip
"""All rungs, in order."""
COUNTED = {
    "any": "any new decision counts", "prison": "a new prison sentence counts",
    "sentence": "a new suspended or prison sentence counts",
}  # fmt: skip


def kept(without: Iterable[str]) -> frozenset[str]:
    """The rungs that stay when some are removed; ``ParameterError`` for a name that is no rung, with the nearest."""
    names = [rung.name for rung in RUNGS]
    for name in without:
        if name not in names:
            raise ParameterError(f"--without is [{name}], which is no rung; {nearest(name, names)}")
    return frozenset(names) - set(without)


def on(ladder: str, rungs: frozenset[str]) -> list[str]:
    """Names of the rungs of a ladder that are in a set, in order."""
    return [rung.name for rung in RUNGS if ladder in rung.of and rung.name in rungs]


def sets_of(rungs: frozenset[str], *, orders: bool = False) -> list[frozenset[str]]:
    """Every set of rungs whose figure is asked for: from the top down, each rung left out, or all sets there are."""
    found: list[frozenset[str]] = []
    for names in (on(POINTS, rungs), on(KRONER, rungs)):
        found += _subsets(names) if orders else [frozenset(names[:k]) for k in range(len(names) + 1)]
        found += [frozenset(names) - {name} for name in names]
    return list(set(found))


def _subsets(names: Sequence[str]) -> list[frozenset[str]]:
    return [frozenset(name for k, name in enumerate(names) if number >> k & 1) for number in range(2 ** len(names))]


# Figures from runs --------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Found:
    """What was counted, and the figures of any set of rungs whose worlds were run."""

    setting: Setting
    counts: Mapping[World, Floats]
    prices: Prices
    definition: str = "any"
    """What the rung of that name counts in the ladder of points."""

    @cached_property
    def _claim(self) -> Claim:
        """One reoffender fewer for each course, at every draw."""
        risks = {f"{value}_{side}": float(side == "without") for value in REOFFENDERS for side in ("with", "without")}
        one = pd.DataFrame(risks, index=range(self.setting.number))
        return Claim.of(self.prices, {"the trial's": one}, seed=self.setting.seed)

    def points(self, rungs: frozenset[str]) -> Parts:
        """Points by which two-year reoffending falls, at each draw: of those who say yes, or of all released."""
        one, world = np.ones(self.setting.number), World.of(rungs)
        if not rungs & set(TOLD):
            return HEADLINE * one, one
        share = self.avoided(rungs, self.definition) / self._of(world, "joined", rungs)
        if REACH in rungs:
            street = world if world.planned else world.street
            share = share * self._of(street, "joined", rungs) / self._of(street, "people", rungs)
        return 100 * share, one

    def per_course(self, rungs: frozenset[str], definition: str) -> Floats:
        """Reoffenders fewer for each course, at each draw; as printed if no rung changes that. NaN without a course."""
        if not rungs & set(TOLD):
            return np.full(self.setting.number, HEADLINE / 100)
        courses = self._of(World.of(rungs), "started" if UNFILLED in rungs else "joined", rungs)
        return self.avoided(rungs, definition) / np.where(courses > 0, courses, np.nan)

    def kroner(self, rungs: frozenset[str]) -> Parts:
        """Kroner saved and spent for a course, public purses, at each draw; people are counted as the kroner are."""
        value = self._value(rungs & set(PRICED))
        fewer = self.per_course(rungs - {REACH}, "any" if VALUE in rungs else "sentence")
        return fewer * value["saving"].to_numpy(np.float64), value["cost"].to_numpy(np.float64)

    def _value(self, rungs: frozenset[str]) -> pd.DataFrame:
        """Saving and cost of a course that makes one reoffender fewer, at each draw."""
        if rungs not in self._values:
            how = Assumptions(
                value="any" if VALUE in rungs else "serious", discounted=DISCOUNTING in rungs,
                drawn=tuple(key for name in sorted(rungs) for key in PRICED[name]), marginal=PRISON_DAY in rungs,
            )  # fmt: skip
            self._values[rungs] = self._claim.at(how)
        return self._values[rungs]

    @cached_property
    def _values(self) -> dict[frozenset[str], pd.DataFrame]:
        return {}

    def with_others(self, rungs: frozenset[str]) -> Floats:
        """Points among all released under the plan, at each draw, whoever was mentored."""
        fewer = self.avoided(rungs, self.definition, among="all_")
        return 100 * fewer / self._of(World.of(rungs), "people", rungs)

    def avoided(self, rungs: frozenset[str], definition: str, *, among: str = "") -> Floats:
        """Reoffenders fewer with mentors than without, at each draw, by this definition if the rung is there."""
        world = World.of(rungs)
        own = self.setting.definitions(world)
        columns = [among + (definition if DEFINITION in rungs else each) for each in own]
        return self._of(world.without, columns, rungs) - self._of(world, columns, rungs)

    def _of(self, world: World, column: str | Sequence[str], rungs: frozenset[str]) -> Floats:
        """A count of people at each draw: of the whole highest-risk group, or of all whom the plan serves."""
        names = [column] * self.setting.number if isinstance(column, str) else column
        groups = slice(0, 2) if AVERAGE in rungs else slice(1, 2)
        if not world.planned and AVERAGE not in rungs:
            names = ["people" if name == "joined" else f"all_{name}" for name in names]
        table = self.counts[world]
        return np.array([table[k, groups, COLUMNS.index(name)].sum() for k, name in enumerate(names)])

    def numbers(self, rungs: frozenset[str]) -> dict[str, str]:
        """The numbers in the sentences of the rungs; what was not run is not known."""
        told = {
            **spelled_out(self.prices), "counted": COUNTED[self.definition], "lost": _percent(self.setting.lost()),
            "level": "{:.2f} ({:.2f} to {:.2f})".format(*interval(self.setting.levels(World.of(rungs)))),
            "in_trial": "",
        }  # fmt: skip

        def part(world: World, some: str, whole: str, groups: slice = slice(0, 2)) -> str:
            if world not in self.counts or (whole == "people" and not world.planned):
                return "part"
            table = self.counts[world]
            return _percent(table[:, groups, COLUMNS.index(some)].sum(axis=1)
                            / table[:, :, COLUMNS.index(whole)].sum(axis=1))  # fmt: skip

        now, trial = World.of(rungs), [each for each in self.counts if each.offered and not each.planned]
        told["matched"], told["joined"] = part(now, "started", "joined"), part(now, "joined", "people")
        told["highest"] = part(now, "joined", "joined", slice(1, 2))
        return told | ({"in_trial": f", {part(trial[-1], 'started', 'joined')} in the re-run trial"} if trial else {})


def _percent(values: Floats) -> str:
    known = values[np.isfinite(values)]
    return "{:.0f} % ({:.0f} to {:.0f})".format(*(100 * x for x in interval(known))) if len(known) else "part"


# The ladder ---------------------------------------------------------------------------------------------------


def ladder(
    figure: Callable[[frozenset[str]], Parts], names: Sequence[str], *, seed: int, orders: bool = False
) -> pd.DataFrame:
    """A ladder from its top to its last rung.

    Parameters
    ----------
    figure
        The figure at each draw under a set of rungs, in two parts.
    names, seed
        The rungs, in order; luck of the bootstrap.
    orders
        Whether factors are averaged over all orders as well (every set of rungs must be known).

    Returns
    -------
    One row a rung, first the headline: rung, figure (mean over mean), median, low, high (95 % of the draws), error
    (standard error of the figure, by drawing the draws again: chance and few draws together), factor (over the row
    above), factor_error; then the last figure without this rung alone: without, without_low, without_high; above_one
    (share of draws); ``over_orders``: the factor's geometric mean over all orders (NaN if a figure is not above 0).
    """
    whole, parts = frozenset(names), [figure(frozenset(names[:k])) for k in range(len(names) + 1)]
    again = _again(parts, seed)
    shared = over_orders(figure, names) if orders else dict.fromkeys(names, math.nan)
    rows: list[dict[str, Any]] = []
    for k, each in enumerate(parts):
        row: dict[str, Any] = {"rung": names[k - 1] if k else "headline", **_summary(each)}
        row |= {"error": float(again[k].std()), "factor": math.nan, "factor_error": math.nan}
        if k and rows[-1]["figure"]:
            row["factor"] = row["figure"] / rows[-1]["figure"]
            with np.errstate(divide="ignore", invalid="ignore"):
                row["factor_error"] = float((again[k] / again[k - 1]).std())
        out = _summary(figure(whole - {names[k - 1]})) if k else dict.fromkeys(("figure", "low", "high"), math.nan)
        row |= {"without": out["figure"], "without_low": out["low"], "without_high": out["high"]}
        row["above_one"] = float((each[0] > each[1]).mean())
        rows.append(row | {"over_orders": shared[names[k - 1]] if k else math.nan})
    return pd.DataFrame(rows)


def _mean(parts: Parts) -> float:
    """Mean over mean, of the draws in which there is a figure; NaN if there is none."""
    known = np.isfinite(parts[0])
    return float(parts[0][known].mean() / parts[1][known].mean()) if known.any() else math.nan


def _summary(parts: Parts) -> dict[str, float]:
    values = parts[0] / parts[1]
    known = values[np.isfinite(values)]
    middle, low, high = interval(known) if len(known) else (math.nan,) * 3
    return {"figure": _mean(parts), "median": middle, "low": low, "high": high}


def _again(rows: Sequence[Parts], seed: int) -> Floats:
    """Figures of the draws drawn again: rows x ``RESAMPLED``, the same draws in every row."""
    number = len(rows[0][0])
    picks = np.random.default_rng([seed, 6]).integers(number, size=(RESAMPLED, number))
    return np.array([[_mean((above[pick], below[pick])) for pick in picks] for above, below in rows])


def over_orders(figure: Callable[[frozenset[str]], Parts], names: Sequence[str]) -> dict[str, float]:
    """The factor of each rung, geometric mean over all orders of the rungs (Shapley's value of the logarithm).

    They too multiply out to the last figure over the first.

    References
    ----------
    Shapley (1953), A value for n-person games, Contributions to the Theory of Games II, 307.
    """
    known, n = {rungs: _mean(figure(rungs)) for rungs in _subsets(names)}, len(names)
    if not all(value > 0 for value in known.values()):
        return dict.fromkeys(names, math.nan)

    return {
        name: math.exp(math.fsum(math.log(known[below | {name}] / known[below]) / (n * math.comb(n - 1, len(below)))
                                 for below in known if name not in below))
        for name in names
    }  # fmt: skip


def ladders(found: Found, rungs: frozenset[str], *, orders: bool = False) -> dict[str, pd.DataFrame]:
    """Both ladders (see ``ladder``), with ``what`` each rung replaces and its ``source``."""
    numbers, named = found.numbers(rungs), {rung.name: rung for rung in RUNGS}
    tops = {POINTS: f"{CONTROL_PERCENT} and {MENTORED_PERCENT} % of the highest-risk group, {HEADLINE} points",
            KRONER: "{points} points x {claimed} / {cost} kr.".format(**numbers)}  # fmt: skip
    told = {}
    for kind, figure in ((POINTS, found.points), (KRONER, found.kroner)):
        if kind == KRONER:
            numbers["counted"] = COUNTED["any" if VALUE in rungs else "sentence"]
        table = ladder(figure, on(kind, rungs), seed=found.setting.seed, orders=orders)
        below = [named[name] for name in table["rung"].iloc[1:]]
        table["what"] = [tops[kind], *(rung.what.format(**numbers) for rung in below)]
        table["source"] = ["[S2][S4][S6][S26]; our reading", *(rung.source for rung in below)]
        told[kind] = table
    return told


def left(found: Found, rungs: frozenset[str]) -> pd.DataFrame:
    """Points left at the foot of the ladder: per, definition, figure (mean), median, low, high (95 %).

    Per released person, the same with everybody else in the same places (peers, flats, jobs), per person who says yes,
    and per started course; those that were not run are left out.
    """
    rows, alone, one = [], (rungs | {DEFINITION}) - {REACH}, np.ones(found.setting.number)
    for definition in DEFINITIONS if rungs & set(TOLD) else ():
        mine = replace(found, definition=definition)
        per = {"released person": mine.points(alone | {REACH})} if REACH in rungs else {}
        per["person who says yes"] = mine.points(alone)
        if UNFILLED in rungs:
            per["started course"] = 100 * mine.per_course(alone, definition), one
        if {REACH, UNFILLED} <= rungs:
            per["released person, others too"] = mine.with_others(alone), one
        rows += [{"per": name, "definition": definition, **_summary(each)} for name, each in per.items()]
    return pd.DataFrame(rows, columns=["per", "definition", "figure", "median", "low", "high"])

"""From headline to delivered effect: what is left of 38 points and of 8:1 after one step of attenuation after another.

Each step replaces one thing that the headline takes for granted. A figure under a set of steps is read from runs with
exactly these steps (``headline_runs.py``), never from the figure above it. A step's factor is the figure with it over
the figure before it, so the factors multiply out to the last figure exactly; they depend on the order, which is why
each step is also left out alone, and averaged over all orders if asked for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any

import numpy as np
import pandas as pd

from experiments.execution.context import RunContext
from experiments.inputs.posterior import Posterior
from experiments.inputs.trial_result import CONTROL_PERCENT, MENTORED_PERCENT
from experiments.language.ladder import texts_of_step
from experiments.language.messages import Messages
from experiments.provenance.results_folder import digest_of
from experiments.statistics.intervals import interval
from experiments.studies.result import StudyResult
from experiments.studies.rollout.headline_runs import (
    AVERAGE,
    COLUMNS,
    DEFINITION,
    DRAWS,
    REACH,
    SCALING,
    SIGN_UPS,
    SIMULATED,
    SMALL_TRIAL,
    UNFILLED,
    Floats,
    HeadlineRuns,
    RunVariant,
    variants_of,
)
from experiments.studies.rollout.headline_study import LadderStudy
from experiments.studies.rollout.plan import load
from experiments.studies.rollout.plan_scenario import everybody
from experiments.studies.rollout.published_claim import Assumptions, PublishedClaim, numbers_of
from simulation.economics import COURSE, REOFFENDERS
from simulation.errors import nearest
from simulation.outcomes import DEFINITIONS
from simulation.parameters import ParameterError
from simulation.prices import Prices, read_prices

HEADLINE = CONTROL_PERCENT - MENTORED_PERCENT
"""Percentage points as reported [S2]."""
VALUE, PRICE, DISCOUNTING, PRISON_DAY = "value", "price", "discounting", "prison-day"
PRICED = {VALUE: ("avoided.any",), PRICE: (f"scheme.{COURSE}.per_start",), DISCOUNTING: (),
          PRISON_DAY: ("prison.marginal_share",)}  # fmt: skip
"""Steps that change kroner only, with the prices that each takes from their priors."""
POINTS, KRONER = "points", "kroner"
FIRST = "headline"
"""The name of the first row, before any step."""
RESAMPLED = 400
"""Times the draws are drawn again to see how far a mean may be off."""
Parts = tuple[Floats, Floats]
"""A figure at each draw as what is divided and what it is divided by; over draws it is mean over mean."""


BOTH = (POINTS, KRONER)
STEPS = {
    SMALL_TRIAL: BOTH, VALUE: (KRONER,), DEFINITION: BOTH, SIGN_UPS: BOTH, AVERAGE: BOTH, SCALING: BOTH, UNFILLED: BOTH,
    REACH: (POINTS,), PRICE: (KRONER,), DISCOUNTING: (KRONER,), PRISON_DAY: (KRONER,),
}  # fmt: skip
"""All steps of attenuation, in order, with the ladders that each belongs to; the catalogue has their texts."""


def steps_without(left_out: Iterable[str]) -> frozenset[str]:
    """The steps that stay when some are removed; ``ParameterError`` for a name that is no step, with the nearest."""
    for name in left_out:
        if name not in STEPS:
            raise ParameterError(f"--without is [{name}], which is no step; {nearest(name, STEPS)}")
    return frozenset(STEPS) - set(left_out)


def steps_of(ladder: str, steps: frozenset[str]) -> list[str]:
    """Names of the steps of a ladder that are in a set, in order."""
    return [name for name, of in STEPS.items() if ladder in of and name in steps]


def sets_of(steps: frozenset[str], *, orders: bool = False) -> list[frozenset[str]]:
    """Every set of steps whose figure is needed: from the top down, each step left out, or all sets there are."""
    found: list[frozenset[str]] = []
    for names in (steps_of(POINTS, steps), steps_of(KRONER, steps)):
        found += _subsets(names) if orders else [frozenset(names[:k]) for k in range(len(names) + 1)]
        found += [frozenset(names) - {name} for name in names]
    return list(set(found))


def _subsets(names: Sequence[str]) -> list[frozenset[str]]:
    return [frozenset(name for k, name in enumerate(names) if number >> k & 1) for number in range(2 ** len(names))]


# Figures from runs --------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, eq=False)
class EffectCounts:
    """What was counted in the runs, and the figures of any set of steps whose variants were run."""

    runs: HeadlineRuns
    counts: Mapping[RunVariant, Floats]
    prices: Prices
    definition: str = "any"
    """What the step of that name counts in the ladder of points."""

    @cached_property
    def _claim(self) -> PublishedClaim:
        """One reoffender fewer for each course, at every draw."""
        risks = {f"{value}_{side}": float(side == "without") for value in REOFFENDERS for side in ("with", "without")}
        one = pd.DataFrame(risks, index=range(self.runs.number))
        return PublishedClaim.of(self.prices, {"the trial's": one}, seed=self.runs.seed)

    def points(self, steps: frozenset[str]) -> Parts:
        """Points by which two-year reoffending falls, at each draw: of those who say yes, or of all released."""
        one, variant = np.ones(self.runs.number), RunVariant.of(steps)
        if not steps & set(SIMULATED):
            return HEADLINE * one, one
        share = self.avoided(steps, self.definition) / self._of(variant, "joined", steps)
        if REACH in steps:
            country = variant if variant.planned else variant.country
            share = share * self._of(country, "joined", steps) / self._of(country, "people", steps)
        return 100 * share, one

    def per_course(self, steps: frozenset[str], definition: str) -> Floats:
        """Reoffenders fewer for each course, at each draw; as reported if no step changes it; NaN without a course."""
        if not steps & set(SIMULATED):
            return np.full(self.runs.number, HEADLINE / 100)
        courses = self._of(RunVariant.of(steps), "started" if UNFILLED in steps else "joined", steps)
        return self.avoided(steps, definition) / np.where(courses > 0, courses, np.nan)

    def kroner(self, steps: frozenset[str]) -> Parts:
        """Kroner saved and spent for a course, public budgets, at each draw; people are counted as the kroner are."""
        value = self._value(steps & set(PRICED))
        fewer = self.per_course(steps - {REACH}, "any" if VALUE in steps else "sentence")
        return fewer * value["saving"].to_numpy(np.float64), value["cost"].to_numpy(np.float64)

    @cached_property
    def _value(self) -> Callable[[frozenset[str]], pd.DataFrame]:
        """Saving and cost of a course that makes one reoffender fewer, at each draw, under steps that change kroner."""

        @cache
        def value(steps: frozenset[str]) -> pd.DataFrame:
            return self._claim.at(Assumptions(
                value="any" if VALUE in steps else "serious", discounted=DISCOUNTING in steps,
                drawn=tuple(key for name in sorted(steps) for key in PRICED[name]), marginal=PRISON_DAY in steps,
            ))  # fmt: skip

        return value

    def with_others(self, steps: frozenset[str]) -> Floats:
        """Points among all released under the plan, at each draw, mentored or not."""
        fewer = self.avoided(steps, self.definition, among="all_")
        return 100 * fewer / self._of(RunVariant.of(steps), "people", steps)

    def avoided(self, steps: frozenset[str], definition: str, *, among: str = "") -> Floats:
        """Reoffenders fewer with mentors than without, at each draw, by this definition if the step is there."""
        variant = RunVariant.of(steps)
        own = self.runs.of_the_trial("trial.definition", variant)
        columns = [among + (definition if DEFINITION in steps else each) for each in own]
        return self._of(variant.without, columns, steps) - self._of(variant, columns, steps)

    def _of(self, variant: RunVariant, column: str | Sequence[str], steps: frozenset[str]) -> Floats:
        """A count of people at each draw: of the whole highest-risk group, or of all whom the plan serves."""
        names = [column] * self.runs.number if isinstance(column, str) else column
        groups = slice(0, 2) if AVERAGE in steps else slice(1, 2)
        if not variant.planned and AVERAGE not in steps:
            names = ["people" if name == "joined" else f"all_{name}" for name in names]
        table = self.counts[variant]
        return np.array([table[k, groups, COLUMNS.index(name)].sum() for k, name in enumerate(names)])

    def numbers(self, steps: frozenset[str]) -> dict[str, Any]:
        """The numbers in the sentences of the steps: those of the claim, and intervals over the draws.

        Median, low and high of the baseline hazard of the trial's people (times), and as shares of what is lost in
        growing, who is matched of those who say yes, who joins of all released, who of them is at highest risk, and
        who was matched in the trial run again. What was not run is None.
        """
        variant = RunVariant.of(steps)

        def part(some_variant: RunVariant, some: str, whole: str, groups: slice = slice(0, 2)) -> list[float] | None:
            if some_variant not in self.counts or (whole == "people" and not some_variant.planned):
                return None
            table = self.counts[some_variant]
            return _share(table[:, groups, COLUMNS.index(some)].sum(axis=1)
                          / table[:, :, COLUMNS.index(whole)].sum(axis=1))  # fmt: skip

        trial = [each for each in self.counts if each.offered and not each.planned]
        return {
            **numbers_of(self.prices),
            "counted": {POINTS: self.definition, KRONER: "any" if VALUE in steps else "sentence"},
            "level": list(interval(self.runs.of_the_trial("risk.hazard_multiplier", variant))),
            "lost": _share(self.runs.lost()),
            "matched": part(variant, "started", "joined"), "joined": part(variant, "joined", "people"),
            "highest": part(variant, "joined", "joined", slice(1, 2)),
            "in_trial": part(trial[-1], "started", "joined") if trial else None,
        }  # fmt: skip


def _share(values: Floats) -> list[float] | None:
    """Median and middle 95 % of shares over the draws in which they are known."""
    known = values[np.isfinite(values)]
    return list(interval(known)) if len(known) else None


# The ladder ---------------------------------------------------------------------------------------------------


def ladder(
    figure: Callable[[frozenset[str]], Parts], names: Sequence[str], *, seed: int, orders: bool = False
) -> pd.DataFrame:
    """A ladder from its top to its last step; ``seed`` is that of the bootstrap.

    One row a step, first the headline: step, figure (mean over mean), median, low, high (95 % of the draws), error
    (standard error of the figure, by drawing the draws again: stochastic variation and few draws together), factor
    (over the row above), factor_error; then the last figure without this step alone: without, without_low,
    without_high; above_one (share of draws); ``over_orders``: with ``orders``, the factor's geometric mean over all
    orders (NaN if a figure is not above 0).
    """
    whole, parts = frozenset(names), [figure(frozenset(names[:k])) for k in range(len(names) + 1)]
    again = _again(parts, seed)
    shared = over_orders(figure, names) if orders else dict.fromkeys(names, math.nan)
    rows: list[dict[str, Any]] = []
    for k, each in enumerate(parts):
        row: dict[str, Any] = {"step": names[k - 1] if k else FIRST, **_summary(each)}
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
    """The factor of each step, geometric mean over all orders of the steps (Shapley's value of the logarithm).

    They too multiply out to the last figure over the first.

    References
    ----------
    Shapley (1953), A value for n-person games, Contributions to the Theory of Games II, 307.
    """
    known, n = {steps: _mean(figure(steps)) for steps in _subsets(names)}, len(names)
    if not all(value > 0 for value in known.values()):
        return dict.fromkeys(names, math.nan)

    return {
        name: math.exp(math.fsum(math.log(known[below | {name}] / known[below]) / (n * math.comb(n - 1, len(below)))
                                 for below in known if name not in below))
        for name in names
    }  # fmt: skip


def ladders(found: EffectCounts, steps: frozenset[str], *, orders: bool = False) -> dict[str, pd.DataFrame]:
    """Both ladders (see ``ladder``), with ``what`` each step replaces and its ``source``, in English."""
    numbers, english, made = found.numbers(steps), Messages("en", "ladder"), {}
    for kind, figure in ((POINTS, found.points), (KRONER, found.kroner)):
        table = ladder(figure, steps_of(kind, steps), seed=found.runs.seed, orders=orders)
        texts = [texts_of_step(str(name), kind, numbers, english) for name in table["step"]]
        made[kind] = table.assign(what=[each["what"] for each in texts], source=[each["source"] for each in texts])
    return made


def left(found: EffectCounts, steps: frozenset[str]) -> pd.DataFrame:
    """Points left after all steps, as far as they were run: per, definition, figure (mean), median, low, high (95 %).

    "Others too" are all people in the same municipalities, who share peers, flats and jobs with the mentored.
    """
    rows, alone, one = [], (steps | {DEFINITION}) - {REACH}, np.ones(found.runs.number)
    for definition in DEFINITIONS if steps & set(SIMULATED) else ():
        mine = replace(found, definition=definition)
        per = {"released person": mine.points(alone | {REACH})} if REACH in steps else {}
        per["person who says yes"] = mine.points(alone)
        if UNFILLED in steps:
            per["started course"] = 100 * mine.per_course(alone, definition), one
        if {REACH, UNFILLED} <= steps:
            per["released person, others too"] = mine.with_others(alone), one
        rows += [{"per": name, "definition": definition, **_summary(each)} for name, each in per.items()]
    return pd.DataFrame(rows, columns=["per", "definition", "figure", "median", "low", "high"])


# The study ----------------------------------------------------------------------------------------------------


def run_ladder(study: LadderStudy, context: RunContext | None) -> StudyResult:
    """Run every variant that the steps need, and read both ladders from the counts."""
    context, steps = context or RunContext(), steps_without(study.without)
    plan, country = load(study.plan)
    prices = Prices() if study.prices is None else read_prices(study.prices)
    posterior, file = Posterior.given(study.posterior)
    used = {} if file is None else {"posterior": file.name, "posterior_digest": digest_of(file)}
    runs = HeadlineRuns.of(plan, country, posterior, draws=study.draws or DRAWS, seed=study.seed,
                           command=study.command())  # fmt: skip
    with context.computing() as compute:
        counts = runs.counts(variants_of(sets_of(steps, orders=study.orders)), compute)
    found = EffectCounts(runs=runs, counts=counts, prices=prices, definition=study.definition)
    tables, rest = ladders(found, steps, orders=study.orders), left(found, steps)
    title = plan.title or plan.name
    facts = {
        "plan": plan.name, "title": {"en": title, "da": plan.title_da or title}, "headline": HEADLINE,
        "definition": study.definition,
        **{kind: table.drop(columns=["what", "source"]).to_dict("records") for kind, table in tables.items()},
        "left": rest.to_dict("records"), "numbers": found.numbers(steps), "draws": runs.number,
    }  # fmt: skip
    return StudyResult(
        study=study, tables={**tables, "left": rest}, facts=facts, scenario=everybody(plan),
        counts={"plan": plan.name, "draws": runs.number, "trials": runs.trials, "without": list(study.without),
                "definition": study.definition, **used,
                "prices": None if study.prices is None else digest_of(study.prices)},
    )  # fmt: skip

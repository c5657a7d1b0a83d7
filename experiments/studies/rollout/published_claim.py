"""The claim that one krone saves eight: what gives it, and what it becomes as its assumptions are replaced.

The claim is a short sum: 38 points fewer reoffend, at 764,000 kroner each, for a course of 36,667 kroner. Each step
replaces one assumption by a better-supported one, alone and on top of those before it. All kroner come from
``simulation.economics``; effects for new groups come from the draws of a posterior (``desist calibrate``).

The sum is our reading: the report's own derivation could not be read. It concerns the public budgets only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from experiments.execution.context import RunContext
from experiments.execution.jobs import Compute
from experiments.inputs.posterior import Posterior
from experiments.inputs.scenario_files import load
from experiments.inputs.trial_result import CONTROL_PERCENT, MENTORED_PERCENT
from experiments.language.claim import texts_of_step
from experiments.language.messages import Messages
from experiments.provenance.results_folder import digest_of
from experiments.statistics.intervals import interval
from experiments.studies.calibration.new_populations import GROUPS, new_groups
from experiments.studies.result import StudyResult
from experiments.studies.rollout.headline_study import ClaimStudy
from simulation.economics import COURSE, REOFFENDERS, balance, costs, whole
from simulation.economics import Avoided as Value
from simulation.parameters import ParameterError, quantities
from simulation.price_tables import given_keys
from simulation.prices import Prices, carried, draw_prices, points, read_prices
from simulation.scenario import Scenario

Effect = Literal["the trial's", "like the trial's", "all who would sign up"]
VALUE = 764_000.0
"""Kroner saved for each avoided reoffender, as the claim needs it: SØM's value of no new serious crime [S26]."""
COST = 5_500_000 / 150
"""Kroner a course, as the claim needs it: the grant for the pilot [S6] over the courses planned for it [S4]."""
SIGNED_UP = GROUPS[1]
RISKS = {"_any_mentored": "any_with", "_any_control": "any_without", "_mentored": "serious_with",
         "_control": "serious_without"}  # fmt: skip
"""Columns of a posterior that hold the risks of a group like the trial's."""
DRAWS = 400
"""Draws of a posterior at which new groups are simulated, and of prices beside them."""
PRICE_DRAWS = 4_000
"""Draws of prices where there is no posterior."""
CLAIM_YEAR = 2021
"""Year in whose kroner the claim's two numbers are."""
COURSES, TENURE, FREE, MONTHS, EACH = 37, 24, 0.2, 14, 2
"""Today's scheme: courses started a year and volunteers each [S4], months of a course [S2]; months that a volunteer
stays, and volunteers free for each one matched, are assumed."""


@dataclass(frozen=True, kw_only=True)
class Assumptions:
    """What a ratio of saving to cost rests on; as built in, those of the claim."""

    value: Value = "serious"
    """Which of SØM's two values an avoided reoffender has."""
    effect: Effect = "the trial's"
    """Whose two-year risks, with and without mentors."""
    drawn: tuple[str, ...] = ()
    """Prices taken from their priors; the others are those of the claim."""
    discounted: bool = False
    marginal: bool = False
    """Whether a prison day saves only the part of its cost that falls away."""

    def after(self, changes: Mapping[str, Any]) -> Assumptions:
        """The assumptions after a step; its prices are drawn beside those drawn before."""
        return replace(self, **{**changes, "drawn": (*self.drawn, *changes.get("drawn", ()))})


FIRST = "claim"
"""The key of the row that is the claim itself."""
STEPS: dict[str, dict[str, Any]] = {
    "value": {"value": "any", "drawn": ("avoided.any",)}, "price": {"drawn": (f"scheme.{COURSE}.per_start",)},
    "like-the-trial": {"effect": "like the trial's"}, "signed-up": {"effect": "all who would sign up"},
    "discounting": {"discounted": True}, "prison-day": {"marginal": True, "drawn": ("prison.marginal_share",)},
}  # fmt: skip
"""The assumptions that are replaced, in order; the catalogue has each step's name, what it replaces, and the source."""


def numbers_of(prices: Prices) -> dict[str, Any]:
    """The numbers in the sentences of the steps; a price with its prior, unless it is fixed."""
    table, certain = {each.key: each for each in quantities(prices)}, given_keys(prices, certain=True)

    def price(key: str) -> dict[str, Any]:
        row = table[key]
        return {"value": row.value, "prior": None if key in certain or row.prior == "fixed" else row.prior}

    return {
        "any": price("avoided.any"), "claimed": VALUE, "course": price(f"scheme.{COURSE}.per_start"), "cost": COST,
        "points": CONTROL_PERCENT - MENTORED_PERCENT, "rate": prices.discount_rate, "years": prices.avoided.years,
        "marginal": price("prison.marginal_share"),
    }  # fmt: skip


# Risks with and without mentors -------------------------------------------------------------------------------


def of_the_trial(posterior: Posterior, path: object) -> Posterior:
    """The posterior itself, if it holds the trial's risks; ``ParameterError`` if it does not."""
    missing = [name for name in (*RISKS, "trial.definition") if name not in posterior.table]
    if missing:
        raise ParameterError(
            f"--posterior is [{path}], which has no column [{missing[0]}]; desist calibrate writes one that has"
        )
    return posterior


def like_the_trial(posterior: Posterior, number: int) -> pd.DataFrame:
    """Risks of a new group like the trial's at the first draws; serious is the trial's own definition of the draw."""
    return posterior.table.head(number)[list(RISKS)].rename(columns=RISKS).reset_index(drop=True)


def signed_up(
    posterior: Posterior, trial: Scenario, compute: Compute, number: int, *, command: str = ""
) -> pd.DataFrame:
    """Risks of all who would sign up at the first draws, as ``like_the_trial``; run anew, or read from the store.

    With the calibration's own seed, so that its finished pieces are used again.
    """
    table = posterior.table.head(number)
    draws: Any = table.to_dict("records")
    groups = new_groups(trial, draws, compute, seed=int(posterior.about.get("seed", 1)), command=command)
    mine: Any = groups[groups["group"] == SIGNED_UP].set_index(["draw", "definition"])
    own = list(enumerate(table["trial.definition"]))
    by_value = {"any": [(draw, "any") for draw, _ in own], "serious": own}
    return pd.DataFrame({
        f"{value}_{side}": mine.loc[rows, column].to_numpy() for value, rows in by_value.items()
        for side, column in (("with", "offered"), ("without", "none"))
    })  # fmt: skip


def effects(posterior: Posterior | None, groups: pd.DataFrame | None, number: int) -> dict[str, pd.DataFrame]:
    """Risks by effect, those that are known; the trial's own percentages are the same at each draw and price."""
    printed = {"with": MENTORED_PERCENT / 100, "without": CONTROL_PERCENT / 100}
    found = {"the trial's": pd.DataFrame({f"{value}_{side}": np.full(number, risk) for value in REOFFENDERS
                                          for side, risk in printed.items()})}  # fmt: skip
    if posterior is not None:
        found["like the trial's"] = like_the_trial(posterior, number)
    if groups is not None:
        found["all who would sign up"] = groups
    return found


# Ratios -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class PublishedClaim:
    """The claim at draws: what is fixed in it, what is drawn, and whose risks."""

    prices: Prices
    fixed: pd.DataFrame
    drawn: pd.DataFrame
    risks: Mapping[str, pd.DataFrame]

    @classmethod
    def of(cls, prices: Prices, risks: Mapping[str, pd.DataFrame], *, seed: int) -> PublishedClaim:
        """With prices drawn as often as there are risks; fixed are the claim's own value and cost of a course."""
        number = len(risks["the trial's"])
        one = points(prices)
        own = one.assign(**{f"scheme.{COURSE}.per_start": carried(COST, CLAIM_YEAR, one),
                            "avoided.serious": carried(VALUE, CLAIM_YEAR, one)})  # fmt: skip
        fixed = pd.concat([own] * number, ignore_index=True)
        return cls(prices=prices, fixed=fixed, drawn=draw_prices(prices, number, seed), risks=risks)

    def at(self, now: Assumptions) -> pd.DataFrame:
        """One started course at each draw: cost, saving, net (kroner), ratio, break_even (share, 0-1)."""
        risks = self.risks[now.effect]
        found = self._course(now, risks[f"{now.value}_with"], risks[f"{now.value}_without"])
        everybody = self._course(now, 0.0 * risks[f"{now.value}_with"], 0.0 * risks[f"{now.value}_without"] + 1.0)
        return found.assign(break_even=everybody["cost"] / everybody["saving"])

    def _course(self, now: Assumptions, with_: pd.Series, without: pd.Series) -> pd.DataFrame:
        """One started course at each draw, by the same functions as any plan."""
        counts = [
            pd.DataFrame({"draw": np.arange(len(risk)), "year": 0, f"{COURSE}.started": started,
                          REOFFENDERS[now.value]: risk})
            for risk, started in ((with_, 1.0), (without, 0.0))
        ]  # fmt: skip
        prices = self.fixed.assign(**{key: self.drawn[key] for key in now.drawn})
        table = balance(counts[0], counts[1], prices, method="top-down", avoided=now.value,
                        prison="marginal" if now.marginal else "average")  # fmt: skip
        return whole(table, discounted=now.discounted)


def summary(table: pd.DataFrame) -> dict[str, float]:
    """A ratio over draws.

    ratio (median), low and high (95 %), expected (mean saving over mean cost), pays_back (share of draws in which the
    saving is larger), net (median, kroner a course), break_even (median, share 0-1).
    """
    middle, low, high = interval(table["ratio"].to_numpy())
    return {
        "ratio": middle, "low": low, "high": high, "expected": float(table["saving"].mean() / table["cost"].mean()),
        "pays_back": float((table["net"] > 0).mean()), "net": float(table["net"].median()),
        "break_even": float(table["break_even"].median()),
    }  # fmt: skip


def steps(claim: PublishedClaim) -> pd.DataFrame:
    """The claim, and each assumption replaced whose effect is known.

    Columns: step (its key), what and source (in English), then what ``summary`` gives of the step on top of those
    before it, and of the step alone (``alone``, ``alone_low``, ``alone_high``, ``alone_pays_back``).
    """
    numbers, english, rows = numbers_of(claim.prices), Messages("en", "claim"), []
    now = start = Assumptions()
    for step, changes in {FIRST: {}, **STEPS}.items():
        if changes.get("effect", "the trial's") in claim.risks:
            now, alone = now.after(changes), summary(claim.at(start.after(changes)))
            rows.append({"step": step, **texts_of_step(step, numbers, english), **summary(claim.at(now)),
                         "alone": alone["ratio"], "alone_low": alone["low"], "alone_high": alone["high"],
                         "alone_pays_back": alone["pays_back"]})  # fmt: skip
    return pd.DataFrame(rows)


def break_even_effects(prices: Prices) -> pd.DataFrame:
    """Points by which reoffending must fall to pay for a course: cost, value (kroner), points; undiscounted."""
    one = points(prices)
    values = [one[key].item() for key in ("avoided.any", "avoided.serious")]
    both = (carried(COST, CLAIM_YEAR, one).item(), one[f"scheme.{COURSE}.per_start"].item())
    rows = [(cost, value, 100 * cost / value) for cost in both for value in values]
    return pd.DataFrame(rows, columns=["cost", "value", "points"])


def course_by_parts(prices: Prices | pd.DataFrame) -> pd.Series:
    """Kroner a course of today's scheme by each of its parts, and volunteers' time (means over sampled prices)."""
    busy = COURSES * MONTHS * EACH
    trained = busy * (1 + FREE)
    year = pd.DataFrame({"year": [0], f"{COURSE}.started": [float(COURSES)], "busy_months": [float(busy)],
                         "volunteer_months": [trained], "came": [trained / TENURE]})  # fmt: skip
    table = costs(year, prices, course="by parts")
    draws = table["draw"].nunique() if "draw" in table else 1
    found = table.groupby("item", sort=False)["kroner"].sum() / COURSES / draws
    return found.rename(lambda item: str(item).removeprefix("courses: "))


# The study ----------------------------------------------------------------------------------------------------


def run_claim(study: ClaimStudy, context: RunContext | None) -> StudyResult:
    """The claim at draws of prices and of a posterior, each assumption replaced in turn."""
    context = context or RunContext()
    if study.no_posterior and (study.draws is not None or study.posterior is not None):
        raise ParameterError("--no-posterior is given with --posterior or --draws; leave one of them out")
    prices = Prices() if study.prices is None else read_prices(study.prices)
    posterior, file, groups, number, trial = None, None, None, PRICE_DRAWS, load("trial")
    if not study.no_posterior:
        posterior, file = Posterior.given(study.posterior)
        posterior = of_the_trial(posterior, file or "a value")
        number = min(study.draws or DRAWS, len(posterior.table))
        context.note(f"Everybody who would sign up, at {number:,} draws ...")
        with context.computing(runs=2 * number) as compute:
            groups = signed_up(posterior, trial, compute, number, command=study.command())
    claim = PublishedClaim.of(prices, effects(posterior, groups, number), seed=study.seed)
    table, even, parts = steps(claim), break_even_effects(prices), course_by_parts(prices)
    used = {} if file is None else {"posterior": file.name, "posterior_digest": digest_of(file)}
    facts = {
        "steps": table.drop(columns=["what", "source"]).to_dict("records"), "break_even": even.to_dict("records"),
        "course_by_parts": parts.to_dict(), "numbers": numbers_of(prices), "draws": number,
        "with_posterior": posterior is not None, "posterior": used or None,
    }  # fmt: skip
    return StudyResult(
        study=study, facts=facts, scenario=trial,
        tables={"steps": table, "break_even": even, "prices": pd.DataFrame(map(vars, quantities(prices)))},
        counts={"draws": number, **used, "prices": None if study.prices is None else digest_of(study.prices)},
    )  # fmt: skip

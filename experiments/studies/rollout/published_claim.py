"""The claim that one krone saves eight: what gives it, and what it becomes as its assumptions are replaced.

The claim is a short sum: 38 points fewer reoffend, each worth 764,000 kroner, for a course of 36,667 kroner. Each step
replaces one assumption by a better-supported one, alone and on top of those before it. All kroner come from
``simulation.economics``; effects for new groups come from the draws of a posterior (``desist calibrate``).

The sum is our reading: the report's own derivation could not be read. It concerns the public purses only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiments.execution.jobs import Job, Table
from experiments.inputs.posterior import Posterior
from experiments.inputs.trial_result import CONTROL_PERCENT, MENTORED_PERCENT
from experiments.provenance.results_folder import percent
from experiments.statistics.intervals import interval
from experiments.studies.calibration.new_populations import GROUPS, new_groups
from simulation.economics import COURSE, REOFFENDERS, balance, costs, whole
from simulation.economics import Avoided as Value
from simulation.parameters import ParameterError, quantities
from simulation.prices import Prices, draw_prices, points
from simulation.scenario import Scenario

Floats = npt.NDArray[np.float64]
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
"""Draws of a posterior at which new groups are told, and of prices beside them."""
SAME = 1e-9
"""Ends of an interval this close are one number: nothing in it is doubted."""
PRICE_DRAWS = 4_000
"""Draws of prices where there is no posterior."""
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


@dataclass(frozen=True, kw_only=True)
class Step:
    """One assumption replaced."""

    name: str
    what: str
    source: str
    changes: Mapping[str, Any]
    draws: tuple[str, ...] = ()

    def of(self, now: Assumptions) -> Assumptions:
        """The assumptions after it."""
        return replace(now, **self.changes, drawn=(*now.drawn, *self.draws))

    @property
    def needs_posterior(self) -> bool:
        """Whether it rests on a calibration."""
        return "effect" in self.changes


STEPS = (
    Step(name="value of an avoided reoffender", what="no new crime, {any}, not no serious crime, {claimed}",
         source="SØM's value for the outcome that is counted [S26]", changes={"value": "any"}, draws=("avoided.any",)),
    Step(name="cost of a course", what="{course}, not {cost}",
         source="24,000 to 36,667: the grant over the plan, start-up included, and what 8:1 implies [S4][S6]",
         changes={}, draws=(f"scheme.{COURSE}.per_start",)),
    Step(name="a new group like the trial's", what="the posterior's difference, not the printed {points} points",
         source="97 people, other trials and the registers together (docs/calibration.md)",
         changes={"effect": "like the trial's"}),
    Step(name="all who would sign up", what="people at every risk, not the highest-risk group alone",
         source="volunteers meet whoever signs up; run at the posterior's draws (docs/calibration.md)",
         changes={"effect": "all who would sign up"}),
    Step(name="discounting", what="{rate} a year, over the {years} years of the saving",
         source="Ministry of Finance [S63]; the saving spread evenly over SØM's years", changes={"discounted": True}),
    Step(name="what a prison day saves", what="a part of its cost, {marginal}, not all of it",
         source="buildings and guards stay; assumed", changes={"marginal": True}, draws=("prison.marginal_share",)),
)  # fmt: skip
"""The assumptions that are replaced, in order."""


def of_the_claim(prices: Prices) -> Prices:
    """The prices with the claim's own value of an avoided reoffender and cost of a course."""
    course = prices.scheme[COURSE].model_copy(update={"per_start": COST})
    avoided = prices.avoided.model_copy(update={"serious": VALUE})
    return prices.model_copy(update={"scheme": {**prices.scheme, COURSE: course}, "avoided": avoided})


def spelled_out(prices: Prices) -> dict[str, str]:
    """The numbers in the sentences of the steps."""
    table = {each.key: each for each in quantities(prices)}

    def doubted(key: str) -> str:
        row, own = table[key], {each.key: each for each in quantities(Prices())}.get(key)
        moved = own is not None and own.value != row.value and own.prior == row.prior
        number = f"{row.value:,.10g}"
        return number if moved or row.prior == "fixed" else f"{number} ({row.prior})"

    return {
        "any": doubted("avoided.any"), "claimed": f"{VALUE:,.0f}", "course": doubted(f"scheme.{COURSE}.per_start"),
        "cost": f"{COST:,.0f}", "points": str(CONTROL_PERCENT - MENTORED_PERCENT),
        "rate": f"{100 * prices.discount_rate:g} %", "years": str(prices.avoided.years),
        "marginal": doubted("prison.marginal_share"),
    }  # fmt: skip


# Risks with and without mentors -------------------------------------------------------------------------------


def printed(number: int) -> pd.DataFrame:
    """The trial's percentages as risks, whichever value they are priced at: one row each draw."""
    risks = {"with": MENTORED_PERCENT / 100, "without": CONTROL_PERCENT / 100}
    return pd.DataFrame({f"{value}_{side}": np.full(number, risk) for value in REOFFENDERS
                         for side, risk in risks.items()})  # fmt: skip


def of_the_trial(posterior: Posterior, path: Path) -> Posterior:
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
    posterior: Posterior, trial: Scenario, compute: Callable[[Job], Iterator[Table]], number: int, *, command: str = ""
) -> pd.DataFrame:
    """Risks of all who would sign up at the first draws, as ``like_the_trial``; run anew, or read from the store.

    With the calibration's own seed, so that its finished pieces are used again.
    """
    table = posterior.table.head(number)
    draws: Any = table.to_dict("records")
    told = new_groups(trial, draws, compute, seed=int(posterior.about.get("seed", 1)), command=command)
    mine: Any = told[told["group"] == SIGNED_UP].set_index(["draw", "definition"])
    own = list(enumerate(table["trial.definition"]))
    by_value = {"any": [(draw, "any") for draw, _ in own], "serious": own}
    return pd.DataFrame({
        f"{value}_{side}": mine.loc[rows, column].to_numpy() for value, rows in by_value.items()
        for side, column in (("with", "offered"), ("without", "none"))
    })  # fmt: skip


def effects(posterior: Posterior | None, groups: pd.DataFrame | None, number: int) -> dict[str, pd.DataFrame]:
    """Risks by effect: those that are known."""
    found = {"the trial's": printed(number)}
    if posterior is not None:
        found["like the trial's"] = like_the_trial(posterior, number)
    if groups is not None:
        found["all who would sign up"] = groups
    return found


# Ratios -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Claim:
    """The claim at draws: what is fixed in it, what is drawn, and whose risks."""

    prices: Prices
    fixed: pd.DataFrame
    drawn: pd.DataFrame
    risks: Mapping[str, pd.DataFrame]

    @classmethod
    def of(cls, prices: Prices, risks: Mapping[str, pd.DataFrame], *, seed: int) -> Claim:
        """With prices drawn as often as there are risks."""
        number = len(risks["the trial's"])
        fixed = pd.concat([points(of_the_claim(prices))] * number, ignore_index=True)
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

    def known(self, step: Step) -> bool:
        """Whether the risks that a step needs are there."""
        return step.changes.get("effect", "the trial's") in self.risks


def summary(told: pd.DataFrame) -> dict[str, float]:
    """A ratio over draws.

    Returns
    -------
    ratio (median), low and high (95 %), expected (mean saving over mean cost), pays_back (share of draws in which the
    saving is larger), net (median, kroner a course), break_even (median, share 0-1).
    """
    middle, low, high = interval(told["ratio"].to_numpy())
    return {
        "ratio": middle, "low": low, "high": high, "expected": float(told["saving"].mean() / told["cost"].mean()),
        "pays_back": float((told["net"] > 0).mean()), "net": float(told["net"].median()),
        "break_even": float(told["break_even"].median()),
    }  # fmt: skip


def steps(claim: Claim) -> pd.DataFrame:
    """The claim, and each assumption replaced.

    Returns
    -------
    step, what, source, then for the step on top of those before it what ``summary`` gives, and for the step alone
    ``alone``, ``alone_low``, ``alone_high``, ``alone_pays_back``. Steps whose effects are not known are left out.
    """
    start, numbers = Assumptions(), spelled_out(claim.prices)
    first = summary(claim.at(start))
    rows = [{"step": "the claim", "what": "{points} points x {claimed} / {cost}".format(**numbers),
             "source": "[S2][S4][S6][S26]; our reading", **first, **_alone(first)}]  # fmt: skip
    now = start
    for step in STEPS:
        if not claim.known(step):
            continue
        now, alone = step.of(now), summary(claim.at(step.of(start)))
        rows.append({"step": step.name, "what": step.what.format(**numbers), "source": step.source,
                     **summary(claim.at(now)), **_alone(alone)})  # fmt: skip
    return pd.DataFrame(rows)


def _alone(found: dict[str, float]) -> dict[str, float]:
    return {"alone": found["ratio"], "alone_low": found["low"], "alone_high": found["high"],
            "alone_pays_back": found["pays_back"]}  # fmt: skip


def break_even(prices: Prices) -> pd.DataFrame:
    """Points by which reoffending must fall to pay for a course: cost, value (kroner), points; undiscounted."""
    values = [prices.avoided.any, prices.avoided.serious]
    rows = [(cost, value, 100 * cost / value) for cost in (COST, prices.scheme[COURSE].per_start) for value in values]
    return pd.DataFrame(rows, columns=["cost", "value", "points"])


def todays_scheme() -> pd.DataFrame:
    """Counts of a year of today's scheme, running steadily: courses, volunteers and their months."""
    busy = COURSES * MONTHS * EACH
    trained = busy * (1 + FREE)
    return pd.DataFrame({"year": [0], f"{COURSE}.started": [float(COURSES)], "busy_months": [float(busy)],
                         "volunteer_months": [trained], "came": [trained / TENURE]})  # fmt: skip


def course_by_parts(prices: Prices | pd.DataFrame) -> pd.Series:
    """Kroner a course of today's scheme by each of its parts, and volunteers' time (means over sampled prices)."""
    table = costs(todays_scheme(), prices, course="by parts")
    draws = table["draw"].nunique() if "draw" in table else 1
    found = table.groupby("item", sort=False)["kroner"].sum() / COURSES / draws
    return found.rename(lambda item: str(item).removeprefix("courses: "))


# In words -----------------------------------------------------------------------------------------------------


def in_words(table: pd.DataFrame, even: pd.DataFrame, parts: pd.Series) -> list[str]:
    """The answer in sentences."""
    first, last = table.iloc[0], table.iloc[-1]
    sizes = [f"{row.points:.1f} ({row.cost:,.0f} / {row.value:,.0f})" for row in even.itertuples()]
    words = [
        f"One krone saves {first['ratio']:.1f}: {first['what']}.",
        f"With every assumption below replaced, one krone saves {last['ratio']:.1f} (95 %: {last['low']:.1f} to "
        f"{last['high']:.1f}); {last['expected']:.1f} by mean saving over mean cost. It pays back in "
        f"{100 * last['pays_back']:.0f} % of the draws; the median course leaves {last['net']:+,.0f} kr.",
        f"A course pays back if reoffending falls by more points than cost / value: {'; '.join(sizes)}; with every "
        f"assumption replaced {100 * last['break_even']:.1f}.",
    ]
    if not set(table["step"]) & {step.name for step in STEPS if step.needs_posterior}:
        words[1] += f" The effect is still the trial's own {CONTROL_PERCENT - MENTORED_PERCENT} points."
    time = parts["hours given"]
    words.append(
        f"A course of today's scheme costs {parts.sum() - time:,.0f} kr. by its parts. The volunteers' time would be "
        f"worth {time:,.0f} kr. more, and is counted nowhere above."
    )
    words.append(
        "All of this counts people who reoffend or do not (top-down, SØM). A plan priced by prison days, cases and "
        "months in work (bottom-up) can come out higher: docs/money.md."
    )
    return words


def listed(table: pd.DataFrame) -> pd.DataFrame:
    """The steps as they are printed: a krone saves, on top of the steps before; pays back; alone."""
    return pd.DataFrame({
        "step": table["step"],
        "one krone saves": [_ratio(row) for _, row in table.iterrows()],
        "pays back": [percent(share) for share in table["pays_back"]],
        "break-even": [f"{100 * share:.1f} points" for share in table["break_even"]],
        "this step alone": [_ratio(row, "alone") for _, row in table.iterrows()],
    })  # fmt: skip


def sources(table: pd.DataFrame) -> list[str]:
    """What each step replaced, and why: a line a step."""
    rows: list[dict[str, Any]] = [dict(row) for _, row in table.iloc[1:].iterrows()]
    return [f"- {row['step']}: {row['what']}. {row['source'][:1].upper()}{row['source'][1:]}." for row in rows]


def _ratio(row: pd.Series, name: str = "ratio") -> str:
    low, high = (row[end if name == "ratio" else f"{name}_{end}"] for end in ("low", "high"))
    middle = f"{row[name]:.1f}"
    return middle if high - low < SAME else f"{middle} ({low:.1f} to {high:.1f})"

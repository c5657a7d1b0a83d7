"""Does a plan hold? Many runs over everything that is not known, and the one or two conditions under which it fails.

Each run draws the scenario (from the posterior), the plan's own doubts (recruiting, scaling up ...), the country and
the prices. A run fails if the public purses together get back less than they pay. ``boxes`` looks for the conditions;
fresh runs on either side of each threshold put them to the test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from experiments.execution.jobs import Job, Table
from experiments.inputs.municipalities import Country
from experiments.inputs.parameter_points import EFFECT, at_shares
from experiments.inputs.posterior import OF_THE_TRIAL, Posterior
from experiments.language.discovery_text import Quantity
from experiments.statistics.scenario_discovery import Found, discover, stability
from experiments.studies.rollout.costs import money
from experiments.studies.rollout.discovery_check import checked, either_side
from experiments.studies.rollout.plan import RolloutPlan, uncertain
from experiments.studies.rollout.plan_scenario import PLANNED_HERE
from experiments.studies.rollout.simulate import PlanDraws, run_pairs
from simulation.parameters import ParameterError, quantities
from simulation.prices import Prices, draw_prices
from simulation.scenario import Scenario

Saving = Literal["average", "marginal", "top-down"]
"""How savings are counted: bottom-up (prison days at their average price, or what one day less saves) or top-down."""
RUNS = 1_000
PLAN, PRICE = "plan.", "price."
"""What the keys of a plan's own doubts and of prices begin with, beside dotted keys of the scenario."""
APART = 30_000_001
"""Added to the seed for fresh runs."""


@dataclass(frozen=True, kw_only=True)
class Held:
    """What the runs say of a plan."""

    inputs: pd.DataFrame
    """Runs x quantities that were drawn."""
    results: pd.DataFrame
    """One row a run: what ``plans.money.Money.totals`` has."""
    fails: np.ndarray
    found: Found
    steady: pd.DataFrame
    """How far the thresholds move if runs are resampled; empty without a box."""
    checks: pd.DataFrame
    """What fresh runs on either side of each threshold say; empty without a box."""


def drawn(plan: RolloutPlan, posterior: Posterior | None, prices: Prices, n: int, *, seed: int) -> pd.DataFrame:
    """Inputs of n runs: draws of the posterior, of the plan's doubts and the prices; what does not vary is out."""
    from scipy.stats import qmc

    rows = uncertain(plan)
    own = at_shares(rows, qmc.LatinHypercube(max(1, len(rows)), rng=np.random.default_rng([seed, 5])).random(n))
    parts = [pd.DataFrame(own, columns=[PLAN + row.key for row in rows])]
    parts.append(draw_prices(prices, n, seed).add_prefix(PRICE))
    if posterior is not None:
        points = pd.DataFrame(posterior.draws())
        parts.insert(0, points.iloc[taken(posterior, n, seed=seed)].reset_index(drop=True))
    table = pd.concat(parts, axis=1).drop(columns=[*OF_THE_TRIAL, *PLANNED_HERE], errors="ignore")
    return table.loc[:, (table != table.iloc[0]).any()]


def taken(posterior: Posterior, n: int, *, seed: int) -> np.ndarray:
    """Which draws of a posterior n runs take (rows of its table): each as often as any other, in random order."""
    luck, size = np.random.default_rng([seed, 4]), len(posterior.table)
    return np.concatenate([luck.permutation(size) for _ in range(-(-n // size))])[:n]


def outcomes_at(
    plan: RolloutPlan, country: Country, inputs: pd.DataFrame, prices: Prices,
    compute: Callable[[Job], Iterator[Table]], *, seed: int, luck: np.ndarray | None = None, command: str = "",
) -> pd.DataFrame:  # fmt: skip
    """What the plan gives at each row of inputs: ``plans.money.Money.totals``.

    ``luck`` gives rows that are to meet the same luck (and the same country) the same number; None for a luck each.
    """
    numbers = np.arange(len(inputs)) if luck is None else np.asarray(luck)
    places = country.drawn(int(numbers.max()) + 1, seed)
    of_plan = [name for name in inputs if name.startswith(PLAN)]
    of_world = [name for name in inputs if not name.startswith((PLAN, PRICE))]
    doubts = PlanDraws(
        points=_rows(inputs, of_world),
        plan=[{key.removeprefix(PLAN): value for key, value in row.items()} for row in _rows(inputs, of_plan)],
        released=places[numbers], seeds=[seed * 1_000_003 + int(number) for number in numbers],
    )  # fmt: skip
    counts, without = run_pairs(plan, country, doubts, compute, command=command)
    book = draw_prices(prices, len(inputs), seed)
    for name in inputs:
        if name.startswith(PRICE):
            book[name.removeprefix(PRICE)] = inputs[name].to_numpy()
    return money(counts, without, prices, seed=seed, drawn=book).totals


def failing(results: pd.DataFrame, saving: Saving) -> np.ndarray:
    """Whether each run does not pay back: the public purses get back less than they pay."""
    if saving not in get_args(Saving):
        raise ParameterError(f"saving is [{saving}]; allowed is {', '.join(get_args(Saving))}")
    column = {"average": "ratio", "marginal": "marginal", "top-down": "top_down"}[saving]
    return np.asarray(~(results[column] >= 1.0))


def hold(
    plan: RolloutPlan, country: Country, posterior: Posterior | None, prices: Prices,
    compute: Callable[[Job], Iterator[Table]], *, runs: int = RUNS, saving: Saving = "average", pairs: int = 50,
    seed: int = 1, method: Literal["prim", "cart"] = "prim", command: str = "",
) -> Held:  # fmt: skip
    """Run a plan over everything that is not known, look for the conditions under which it fails, and check them.

    Parameters
    ----------
    plan, country, posterior, prices
        What is run; without a posterior the scenario stays as it is.
    compute
        Runs a job.
    runs
        Runs, each with the plan and without it.
    saving
        How savings are counted.
    pairs
        Fresh pairs of runs at each threshold.
    seed
        Luck.
    method
        ``prim`` or ``cart``.
    command
        The command as typed, for the store.
    """
    inputs = drawn(plan, posterior, prices, runs, seed=seed)
    results = outcomes_at(plan, country, inputs, prices, compute, seed=seed, command=command)
    fails = failing(results, saving)
    found = discover(inputs, fails, method=method, seed=seed)
    steady, checks = pd.DataFrame(), pd.DataFrame()
    if found.box is not None:
        steady = stability(inputs, fails, found.box, samples=12, method=method, seed=seed).thresholds
        design = either_side(found.box, inputs, number=pairs, seed=seed)
        luck = pd.factorize(pd.MultiIndex.from_frame(design[["quantity", "end", "pair"]]))[0]
        fresh = outcomes_at(
            plan, country, design[list(inputs)], prices, compute, seed=seed + APART, luck=luck, command=command
        )
        checks = checked(design, failing(fresh, saving))
    return Held(inputs=inputs, results=results, fails=fails, found=found, steady=steady, checks=checks)


def spoken(plan: RolloutPlan, base: Scenario, prices: Prices, names: list[str]) -> dict[str, Quantity]:
    """How the quantities are said: by what they are declared to be, Danish only where it is written here."""
    known = {row.key: row for row in [*quantities(base), *EFFECT]}
    known |= {PLAN + row.key: row for row in uncertain(plan)} | {PRICE + row.key: row for row in quantities(prices)}
    alone = next(iter(base.programme), "")
    said = {}
    for name in names:
        row = known.get(name) or known.get(name.replace("programme.", f"programme.{alone}.", 1))
        english = row.what.partition(";")[0].partition(",")[0] if row else name
        danish = DANISH.get(name, f"{english} ({name})")
        percent = row is not None and row.unit == "share 0-1"
        unit = " %" if percent else (" kr." if name.startswith(PRICE) and row is not None and "DKK" in row.unit else "")
        said[name] = Quantity(
            label={"en": ENGLISH.get(name, english), "da": danish}, unit={"en": unit, "da": unit},
            times=100.0 if percent else 1.0,
        )  # fmt: skip
    return said


ENGLISH = {
    "effect.strength": "the hazard ratio of mentoring (highest-risk group, while they meet)",
    "price.prison.day": "the price of a prison day",
    "price.scheme.primus_motor.per_start": "the price of a course",
    "price.prison.marginal_share": "the part of a prison day's price that one day less saves",
    "plan.volunteers.recruiting_reached": "recruiting (1: as planned)",
    "programme.direct_effect_others": "the direct hazard ratio of mentoring for everybody else",
    "programme.half_life_months": "the half-life of what stays of the effect (months)",
}
DANISH = {
    "effect.strength": "mentorernes hazard ratio (gruppen med højest risiko, mens de mødes)",
    "price.prison.day": "prisen på en fængselsdag",
    "price.scheme.primus_motor.per_start": "prisen på et forløb",
    "price.prison.marginal_share": "den del af en fængselsdags pris, som én dag mindre sparer",
    "plan.volunteers.recruiting_reached": "hvervningen (1: som planlagt)",
    "programme.direct_effect_others": "mentorernes direkte hazard ratio for alle andre",
    "programme.half_life_months": "halveringstiden for det, der bliver af virkningen (måneder)",
}
"""How the quantities that most often decide are said."""


def _rows(inputs: pd.DataFrame, names: list[str]) -> list[dict[str, Any]]:
    """Some columns as one dictionary a row (an empty one where there are none)."""
    columns = [inputs[name].tolist() for name in names]
    return [{name: column[k] for name, column in zip(names, columns, strict=True)} for k in range(len(inputs))]

"""Does a plan pay back? Many runs over every uncertain input, and the one or two conditions under which it does not.

Each run draws the scenario (from the posterior), the plan's own uncertain quantities (recruiting, scaling up ...), the
releases by municipality, and the prices. A run fails if the public budgets together get back less than they pay.
``scenario_discovery`` finds the conditions; fresh runs on either side of each limit test them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy.stats import qmc

from experiments.execution.context import RunContext
from experiments.execution.jobs import Job, Table
from experiments.inputs.municipalities import Country
from experiments.inputs.parameter_points import EFFECT, at_shares
from experiments.inputs.posterior import OF_THE_TRIAL, SHIPPED, Posterior
from experiments.statistics.scenario_discovery import FEWEST, Box, DiscoveryResult, discover, stability
from experiments.studies.result import StudyResult
from experiments.studies.rollout.costs import money
from experiments.studies.rollout.discover_study import DiscoverStudy, PlanOverInputs
from experiments.studies.rollout.discovery_check import check_thresholds, paired_design
from experiments.studies.rollout.plan import RolloutPlan, load, shortened, uncertain
from experiments.studies.rollout.plan_scenario import PLANNED_HERE, everybody
from experiments.studies.rollout.simulate import PlanDraws, run_pairs
from simulation.parameters import ParameterError, quantities
from simulation.prices import Prices, draw_prices, read_prices
from simulation.scenario import Scenario

Saving = Literal["average", "marginal", "top-down"]
"""How savings are counted: bottom-up (prison days at their average price, or what one day less saves) or top-down."""
RATIO: dict[Saving, str] = {"average": "ratio", "marginal": "marginal", "top-down": "top_down"}
"""Kroner back for a krone, by how savings are counted: columns of ``costs.Money.totals``."""
RUNS = 1_000
PLAN, PRICE = "plan.", "price."
"""What the keys of a plan's own uncertain quantities and of prices begin with, beside dotted keys of the scenario."""
FRESH = 30_000_001
"""Added to the seed for fresh runs."""
SAMPLES = 12
"""Samples of the runs by which the stability of the limits is estimated."""
STABILITY = ["quantity", "end", "threshold", "chosen", "at_end", "low", "middle", "high"]
CHECKS = ["quantity", "end", "pairs", "inside", "inside_low", "inside_high", "outside", "outside_low", "outside_high",
          "only_inside", "only_outside", "p_value", "confirmed"]  # fmt: skip
SCORES = ["half", "runs", "failures", "inside", "hits", "coverage", "coverage_low", "coverage_high", "density",
          "density_low", "density_high", "mass", "correlation"]  # fmt: skip
CANDIDATES = ["coverage", "density", "mass", "correlation", "conditions", "quasi_p", "selected"]
"""Columns of tables that may be empty."""


@dataclass(frozen=True, kw_only=True)
class PlannedRuns:
    """A plan, and what its runs are drawn from."""

    plan: RolloutPlan
    country: Country
    scenario: Scenario
    """The plan's scenario, before anything is drawn."""
    posterior: Posterior
    prices: Prices
    number: int
    """Runs."""

    @property
    def programme(self) -> str:
        """The programme that the plan rolls out."""
        return next(iter(self.scenario.programme))


def planned_runs(study: PlanOverInputs) -> PlannedRuns:
    """What a study asks for.

    Raises
    ------
    ParameterError
        If a file cannot be used, or the programme has no price.
    """
    plan, country = load(study.plan)
    prices = Prices() if study.prices is None else read_prices(study.prices)
    file = SHIPPED if study.posterior is None else study.posterior
    posterior = file if isinstance(file, Posterior) else Posterior.read(Path(str(file)))
    plan = shortened(plan, study.years)
    runs = PlannedRuns(plan=plan, country=country, scenario=everybody(plan), posterior=posterior, prices=prices,
                       number=study.runs or RUNS)  # fmt: skip
    if runs.programme not in prices.scheme:
        raise ParameterError(f"scheme has no price of programme [{runs.programme}]; give [scheme.{runs.programme}] "
                             "per_start in a file with --prices (docs/money.md)")  # fmt: skip
    return runs


def run_discover(study: DiscoverStudy, context: RunContext | None) -> StudyResult:
    """Run a plan over every uncertain input, find the conditions under which it fails, and check them by fresh runs."""
    if find_spec("ema_workbench") is None:
        raise ParameterError("discover needs the EMA Workbench; install it with pip install 'desist[discovery]'")
    asked = planned_runs(study)
    context = context or RunContext()
    inputs = draw_inputs(asked.plan, asked.posterior, asked.prices, asked.number, seed=study.seed)
    with context.computing(runs=10 * asked.number) as compute:

        def simulate(rows: pd.DataFrame, seed: int, streams: np.ndarray | None = None) -> pd.DataFrame:
            return simulate_outcomes(asked.plan, asked.country, rows, asked.prices, compute, seed=seed, streams=streams,
                                     command=study.command())  # fmt: skip

        results = simulate(inputs, study.seed)
        fails = failing(results, study.saving)
        found = discover(inputs, fails, method=study.method, seed=study.seed)
        steady, checks = pd.DataFrame(columns=STABILITY), pd.DataFrame(columns=CHECKS)
        if found.box is not None:
            steady = stability(inputs, fails, found.box, samples=SAMPLES, method=study.method,
                               seed=study.seed).thresholds  # fmt: skip
            design = paired_design(found.box, inputs, number=study.pairs, seed=study.seed)
            streams = pd.factorize(pd.MultiIndex.from_frame(design[["quantity", "end", "pair"]]))[0]
            fresh = simulate(design[list(inputs)], study.seed + FRESH, streams)
            checks = check_thresholds(design, failing(fresh, study.saving))
    tables = {
        "runs": inputs.assign(**{f"_{name}": results[name].to_numpy() for name in results if name != "draw"},
                              _fails=fails),
        "boxes": found.candidates.reindex(columns=CANDIDATES), "scores": found.scores.reindex(columns=SCORES),
        "stability": steady, "checks": checks,
    }  # fmt: skip
    return StudyResult(
        study=study, tables=tables, facts=_facts(study, asked, found, fails, tables), scenario=asked.scenario,
        counts={"plan": asked.plan.model_dump(), "runs": asked.number, "saving": study.saving},
    )  # fmt: skip


def _facts(study: DiscoverStudy, asked: PlannedRuns, found: DiscoveryResult, fails: np.ndarray,
           tables: dict[str, pd.DataFrame]) -> dict[str, Any]:  # fmt: skip
    held_out = None if found.box is None else {name: float(found.held_out[name]) for name in (
        "coverage", "coverage_low", "coverage_high", "density", "density_low", "density_high")}  # fmt: skip
    return {
        "plan": about(asked.plan), "programme": asked.programme, "runs": found.runs, "failures": found.failures,
        "failing": float(fails.mean()), "saving": study.saving, "method": study.method, "fewest": FEWEST,
        "reason": found.reason, "conditions": [] if found.box is None else conditions(found.box, asked),
        "held_out": held_out, "p_value": found.p_value, "scores": tables["scores"].to_dict("records"),
        "checks": tables["checks"].to_dict("records"),
    }  # fmt: skip


def about(plan: RolloutPlan) -> dict[str, Any]:
    """What answers say of a plan."""
    return {"name": plan.name, "title": plan.title, "title_da": plan.title_da, "years": plan.years}


def conditions(box: Box, asked: PlannedRuns) -> list[dict[str, Any]]:
    """The conditions of a box: quantity, what it is, its unit, lowest and highest value or (of a category) values."""
    known = {row.key: row for row in [*quantities(asked.scenario), *EFFECT]}
    known |= {PLAN + row.key: row for row in uncertain(asked.plan)}
    known |= {PRICE + row.key: row for row in quantities(asked.prices)}
    found = []
    for name, limit in box.limits.items():
        row = known.get(name) or known.get(name.replace("programme.", f"programme.{asked.programme}.", 1))
        ends = sorted(limit) if isinstance(limit, frozenset) else None
        low, high = (None, None) if isinstance(limit, frozenset) else limit
        found.append({"quantity": name, "what": row.what if row else name, "unit": row.unit if row else "",
                      "low": low, "high": high, "values": ends})  # fmt: skip
    return found


def draw_inputs(plan: RolloutPlan, posterior: Posterior | None, prices: Prices, n: int, *, seed: int) -> pd.DataFrame:
    """Inputs of n runs: draws of the posterior, the plan's uncertain quantities and the prices, without constants."""
    rows = uncertain(plan)
    own = at_shares(rows, qmc.LatinHypercube(max(1, len(rows)), rng=np.random.default_rng([seed, 5])).random(n))
    parts = [pd.DataFrame(own, columns=[PLAN + row.key for row in rows])]
    parts.append(draw_prices(prices, n, seed).add_prefix(PRICE))
    if posterior is not None:
        points = pd.DataFrame(posterior.draws())
        parts.insert(0, points.iloc[posterior_rows(posterior, n, seed=seed)].reset_index(drop=True))
    table = pd.concat(parts, axis=1).drop(columns=[*OF_THE_TRIAL, *PLANNED_HERE], errors="ignore")
    return table.loc[:, (table != table.iloc[0]).any()]


def posterior_rows(posterior: Posterior, n: int, *, seed: int) -> np.ndarray:
    """The rows of a posterior that n runs use: each as often as any other, in random order."""
    rng, size = np.random.default_rng([seed, 4]), len(posterior.table)
    return np.concatenate([rng.permutation(size) for _ in range(-(-n // size))])[:n]


def simulate_outcomes(
    plan: RolloutPlan, country: Country, inputs: pd.DataFrame, prices: Prices,
    compute: Callable[[Job], Iterator[Table]], *,
    seed: int, streams: np.ndarray | None = None, command: str = "",
) -> pd.DataFrame:  # fmt: skip
    """Kroner of the plan at each row of inputs: ``costs.Money.totals``.

    Rows with the same number in ``streams`` share their random numbers and their releases by municipality; None for
    random numbers of their own.
    """
    numbers = np.arange(len(inputs)) if streams is None else np.asarray(streams)
    places = country.drawn(int(numbers.max()) + 1, seed)
    names = [str(name) for name in inputs]
    of_plan = [name for name in names if name.startswith(PLAN)]
    of_scenario = [name for name in names if not name.startswith((PLAN, PRICE))]
    doubts = PlanDraws(
        points=_rows(inputs, of_scenario),
        plan=[{key.removeprefix(PLAN): value for key, value in row.items()} for row in _rows(inputs, of_plan)],
        released=places[numbers], seeds=[seed * 1_000_003 + int(number) for number in numbers],
    )  # fmt: skip
    counts, without = run_pairs(plan, country, doubts, compute, command=command)
    book = draw_prices(prices, len(inputs), seed)
    for name in names:
        if name.startswith(PRICE):
            book[name.removeprefix(PRICE)] = inputs[name].to_numpy()
    return money(counts, without, prices, seed=seed, drawn=book).totals


def failing(results: pd.DataFrame, saving: Saving) -> np.ndarray:
    """Whether each run fails: the public budgets get back less than they pay."""
    return np.asarray(~(results[RATIO[saving]] >= 1.0))


def _rows(inputs: pd.DataFrame, names: Sequence[str]) -> list[dict[str, Any]]:
    """Some columns as one dictionary a row (an empty one where there are none)."""
    columns = [inputs[name].tolist() for name in names]
    return [{name: column[k] for name, column in zip(names, columns, strict=True)} for k in range(len(inputs))]

"""Does a plan pay back? Many runs over every uncertain input, and the one or two conditions under which it does not.

Each run draws the scenario (from the posterior), the plan's own uncertain quantities (recruiting, scaling up ...), the
releases by municipality, and the prices. A run fails if the public budgets together get back less than they pay.
``scenario_discovery`` finds the conditions; fresh runs on either side of each limit test them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import binomtest, qmc

from experiments.execution.context import RunContext
from experiments.execution.jobs import Job, Table
from experiments.inputs.evidence import PLAN, PRICE, ModelInputs
from experiments.inputs.municipalities import Country
from experiments.inputs.parameter_points import at_shares, uncertain_of_schemes
from experiments.inputs.posterior import OF_THE_TRIAL, SHIPPED, Posterior
from experiments.inputs.scenario_files import OTHER_SCHEMES
from experiments.inputs.scenario_files import load as load_scenario
from experiments.statistics.scenario_discovery import ENDS, FEWEST, STABILITY, Box, discover, ends, stability
from experiments.studies.result import StudyResult
from experiments.studies.rollout.costs import METHODS, moves_kroner, plan_money, plan_prices
from experiments.studies.rollout.discover_study import DiscoverStudy, PlanOverInputs
from experiments.studies.rollout.plan import RolloutPlan, load, shortened, uncertain
from experiments.studies.rollout.plan_scenario import PLANNED_HERE, everybody
from experiments.studies.rollout.simulate import PlanDraws, at_drawn_prices, run_pairs
from simulation.outcomes import wilson
from simulation.parameters import ParameterError
from simulation.prices import Prices, draw_prices, read_prices
from simulation.scenario import Scenario

Saving = Literal["average", "marginal", "top-down"]
"""How savings are counted: item by item (prison days at their average price, or at what one day less saves), or by the
unit value of a reoffender avoided."""
RATIO: dict[Saving, str] = {"average": "ratio", "marginal": "marginal", "top-down": "top_down"}
"""The name of each way of counting in ``costs.METHODS``."""
RUNS = 1_000
FRESH = 30_000_001
"""Added to the seed for fresh runs."""
SAMPLES = 12
"""Samples of the runs by which the stability of the limits is estimated."""
SIDES = ("inside", "outside")
STEP = 0.1
"""How far inside and outside a limit fresh runs are, as a share of the sampled runs (a tenth of them lies between)."""
SIGNIFICANT = 0.05
"""McNemar's p-value up to which a limit is confirmed."""
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
    """What a study asks for; a ``ParameterError`` if a file cannot be used, or the programme has no price."""
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
    inputs = draw_inputs(asked.plan, asked.posterior, asked.prices, asked.number, seed=study.seed)
    with (context or RunContext()).computing(runs=10 * asked.number) as compute:

        def simulate(rows: pd.DataFrame, seed: int, streams: np.ndarray | None = None) -> pd.DataFrame:
            return simulate_outcomes(asked.plan, asked.country, rows, asked.prices, compute, seed=seed, streams=streams,
                                     command=study.command())  # fmt: skip

        results = simulate(inputs, study.seed)
        fails = failing(results, study.saving)
        found = discover(inputs, fails, method=study.method, seed=study.seed)
        steady, checks = pd.DataFrame(columns=STABILITY), pd.DataFrame(columns=CHECKS)
        if found.box is not None:
            steady = stability(inputs, fails, found.box, samples=SAMPLES, method=study.method, seed=study.seed)
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
    shown = [f"{name}{end}" for name in ("coverage", "density") for end in ("", "_low", "_high")]
    held_out = None if found.box is None else {name: float(found.held_out[name]) for name in shown}
    facts = {
        "plan": about(asked.plan), "programme": asked.programme, "runs": found.runs, "failures": found.failures,
        "failing": float(fails.mean()), "saving": study.saving, "counted": RATIO[study.saving],
        "methods": by_method(results), "method": study.method, "fewest": FEWEST,
        "reason": found.reason, "conditions": [] if found.box is None else conditions(found.box, asked),
        "held_out": held_out, "p_value": found.p_value, "scores": tables["scores"].to_dict("records"),
        "checks": tables["checks"].to_dict("records"),
    }  # fmt: skip
    return StudyResult(
        study=study, tables=tables, facts=facts, scenario=asked.scenario,
        counts={"plan": asked.plan.model_dump(), "runs": asked.number, "saving": study.saving},
    )  # fmt: skip


def by_method(results: pd.DataFrame) -> dict[str, dict[str, float]]:
    """By each way of counting (``costs.METHODS``): mean net kroner, and the share of runs with the money back."""
    return {method: {"net": float(results[net].mean()), "back": float((results[net] >= 0).mean())}
            for method, net in METHODS.items()}  # fmt: skip


def about(plan: RolloutPlan) -> dict[str, Any]:
    """How answers describe a plan."""
    return {"name": plan.name, "title": plan.title, "title_da": plan.title_da, "years": plan.years}


def conditions(box: Box, asked: PlannedRuns) -> list[dict[str, Any]]:
    """The conditions of a box: quantity, what it is, its unit, lowest and highest value or (of a category) values."""
    known, found = ModelInputs.of(asked.scenario, asked.plan, asked.prices).rows, []
    for name, limit in box.limits.items():
        row = known.get(name)
        choices = isinstance(limit, frozenset)
        low, high = (None, None) if choices else limit
        found.append({"quantity": name, "what": row.what if row else name, "unit": row.unit if row else "",
                      "low": low, "high": high, "values": sorted(limit) if choices else None})  # fmt: skip
    return found


def draw_inputs(plan: RolloutPlan, posterior: Posterior | None, prices: Prices, n: int, *, seed: int) -> pd.DataFrame:
    """Inputs of n runs: draws of the posterior, the plan's uncertain quantities and the prices, without constants.

    Prices that cannot move the plan's kroner are left out.
    """
    rows = [*uncertain(plan), *uncertain_of_schemes(load_scenario(OTHER_SCHEMES), plan.other_schemes)]
    own = at_shares(rows, qmc.LatinHypercube(max(1, len(rows)), rng=np.random.default_rng([seed, 5])).random(n))
    parts = [pd.DataFrame(own, columns=[PLAN + row.key for row in rows])]
    parts.append(draw_prices(prices, n, seed).add_prefix(PRICE))
    if posterior is not None:
        points = pd.DataFrame(posterior.draws())
        parts.insert(0, points.iloc[posterior_rows(posterior, n, seed=seed)].reset_index(drop=True))
    table = pd.concat(parts, axis=1).drop(columns=[*OF_THE_TRIAL, *PLANNED_HERE], errors="ignore")
    moves = table.columns.map(moves_kroner(plan, prices)).to_numpy(bool)
    return table.loc[:, moves & (table != table.iloc[0]).any().to_numpy()]


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
    rows: list[dict[Any, Any]] = inputs.to_dict("records")
    drawn = PlanDraws(
        points=[{key: value for key, value in row.items() if not key.startswith((PLAN, PRICE))} for row in rows],
        plan=[{key.removeprefix(PLAN): value for key, value in row.items() if key.startswith(PLAN)} for row in rows],
        released=places[numbers], seeds=[seed * 1_000_003 + int(number) for number in numbers],
    )  # fmt: skip
    price_draws = draw_prices(prices, len(inputs), seed)
    for name in inputs.filter(regex=f"^{re.escape(PRICE)}"):
        price_draws[str(name).removeprefix(PRICE)] = inputs[name].to_numpy()
    at_drawn_prices(plan, drawn.plan, plan_prices(plan, price_draws, prices))
    counts, without = run_pairs(plan, country, drawn, compute, command=command)
    return plan_money(plan, counts, without, prices, seed=seed, drawn=price_draws, values=drawn.plan).totals


def failing(results: pd.DataFrame, saving: Saving) -> np.ndarray:
    """Whether each run fails: the public budgets get back less than they pay."""
    return np.asarray(~(results[METHODS[RATIO[saving]]] >= 0.0))


# Fresh runs on either side of a limit ---------------------------------------------------------------------------


def paired_design(box: Box, inputs: pd.DataFrame, *, number: int, seed: int) -> pd.DataFrame:
    """Inputs for a fresh run on both sides of each threshold; all else is as sampled, and the same on both sides.

    The runs of a pair differ in one quantity and are to share their random numbers. Their other inputs come from runs
    that meet the box's other conditions. Correlations with the one quantity in the sample are broken by this. There are
    ``number`` pairs at each threshold. One row a run: quantity, end, side, pair (from 0), and all inputs.
    """
    rng = np.random.Generator(np.random.Philox(key=seed))
    parts = []
    for name, end, values in _sides(box, inputs):
        others = Box(limits={key: limit for key, limit in box.limits.items() if key != name})
        rows = inputs[others.inside(inputs)]
        rows = rows.iloc[rng.choice(len(rows), number, replace=len(rows) < number)].reset_index(drop=True)
        for side, allowed in zip(SIDES, values, strict=True):
            put = pd.Series(allowed)[rng.integers(0, len(allowed), number)].to_numpy()
            parts.append(rows.assign(**{name: put}).assign(quantity=name, end=end, side=side, pair=np.arange(number)))
    return pd.concat(parts, ignore_index=True)[["quantity", "end", "side", "pair", *inputs.columns]]


def _sides(box: Box, inputs: pd.DataFrame) -> list[tuple[str, str, tuple[list, list]]]:
    """For each threshold, and each category: the values to put just inside, and those just outside."""
    sides: list[tuple[str, str, tuple[list, list]]] = []
    for name, end, threshold in ends(box):
        x = inputs[name].to_numpy(np.float64)
        at, inward = float((x < threshold).mean()), (1, -1)[end]
        inside, outside = (float(np.quantile(x, min(1.0, max(0.0, at + way * STEP)))) for way in (inward, -inward))
        low, high = (float(each) for each in box.limits[name])
        if not low <= inside <= high:  # a range narrower than the step
            inside = (low + high) / 2
        sides.append((name, ENDS[end], ([inside], [outside])))
    for name, limit in box.limits.items():
        if isinstance(limit, frozenset):
            texts = inputs[name].astype(str)
            known = [sorted(set(inputs[name][texts.isin(limit) == kept])) for kept in (True, False)]
            sides.append((name, "", (known[0], known[1])))
    return sides


def check_thresholds(design: pd.DataFrame, fails: npt.ArrayLike) -> pd.DataFrame:
    """How often the runs of a ``paired_design`` fail on either side of each threshold.

    Columns: quantity, end, pairs, then inside and outside (shares that fail, 0-1, with their ``_low`` and ``_high``,
    95 %, Wilson), only_inside and only_outside (pairs in which one of the two fails), p_value (McNemar's exact test,
    one-sided), confirmed (whether that is at most ``SIGNIFICANT``).
    """
    rows = []
    by_limit = design.assign(fails=np.asarray(fails, bool)).groupby(["quantity", "end"], sort=False)
    for (name, end), part in by_limit:
        sides = [part[part["side"] == side].set_index("pair")["fails"].sort_index() for side in SIDES]
        row: dict[str, object] = {"quantity": name, "end": end, "pairs": len(sides[0])}
        for side, flags in zip(SIDES, sides, strict=True):
            low, high = wilson(flags.sum(), len(flags))
            row |= {side: flags.mean(), f"{side}_low": float(low), f"{side}_high": float(high)}
        only = [int((sides[k] & ~sides[1 - k]).sum()) for k in (0, 1)]
        p_value = float(binomtest(only[0], sum(only), 0.5, alternative="greater").pvalue) if sum(only) else 1.0
        rows.append(row | {"only_inside": only[0], "only_outside": only[1], "p_value": p_value,
                           "confirmed": p_value <= SIGNIFICANT})  # fmt: skip
    return pd.DataFrame(rows)

"""A programme's effect in parts: from the counts of ``coalitions.py`` to percentage points, shares and intervals.

Simulation error is a delete-a-block jackknife over blocks of trials (B. Efron, "The jackknife, the bootstrap and other
resampling plans", 1982): all coalitions have common random numbers, so a block is left out of all of them at once.
Parameter uncertainty is the spread over the draws of a posterior. A draw has its own trials, and its estimate has a
simulation error too; the spread is narrowed by as much before its middle 95 % is read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import stdtrit

from experiments.execution.context import RunContext
from experiments.execution.jobs import Table
from experiments.inputs.posterior import draws_of
from experiments.inputs.routes import AS_IS, DIFFERENCE, DIRECT, SCARCE, TOTAL
from experiments.inputs.scenario_files import change, scenario_of
from experiments.statistics.shapley_values import Floats, members, shapley
from experiments.studies.result import StudyResult
from experiments.studies.trial.coalitions import CoalitionPlan, players_of, scarce_openings
from experiments.studies.trial.mechanisms_study import MechanismsStudy
from simulation.parameters import ParameterError
from simulation.trial_counts import CONTROL, HIGHEST, MENTORED, WINDOW

TRIALS, TRIALS_A_DRAW, DRAWS = 1_500, 100, 40
"""Usual numbers: trials of the scenario alone; trials of each draw, and draws, of a posterior."""
USUAL = "pooled"
LABELS = {DIRECT: "direct: the relationship itself", TOTAL: "all together"}
LEAST_DRAWS = 10
"""Fewest draws with an effect that give an interval of shares."""


# The parts of the effect ---------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class EffectDecomposition:
    """The effect in parts: D draws, C conditions, B blocks of trials, n players."""

    plan: CoalitionPlan
    group: str
    """``high-risk`` or ``everyone``."""
    counts: npt.NDArray[np.int64]
    """D x C x B x 2**n x arms (control, mentored) x (people, reoffenders)."""

    @classmethod
    def from_tables(
        cls, plan: CoalitionPlan, tables: Iterable[Table], group: str = "high-risk"
    ) -> EffectDecomposition:
        """From the tables of the tasks of ``plan.job``, in order; a ``ParameterError`` if one arm's group is empty."""
        blocks, coalitions = -(-plan.trials // plan.block), 2 ** len(plan.players)
        counts = np.zeros((len(plan.draws), len(plan.conditions), blocks, coalitions, 2, 2, 2), np.int64)
        for (d, c, payload), table in zip(plan.tasks(), tables, strict=True):
            mask, block, high_risk, *numbers = (np.array(column, np.int64) for column in table.values())
            block += (payload["trials"][0] - d * plan.trials) // plan.block
            counts[d, c, block, mask, high_risk] = np.stack(numbers, axis=-1).reshape(-1, 2, 2)
        chosen = counts[..., HIGHEST, :, :] if group == "high-risk" else counts.sum(axis=-3)
        if not chosen.sum(axis=2)[..., 0].all():
            raise ParameterError(
                f"--trials is [{plan.trials}]; the group [{group}] is empty in one arm: give more trials"
            )
        return cls(plan=plan, group=group, counts=chosen)

    def risks(self) -> Floats:
        """Share who reoffended, pooled over blocks: D x C x 2**n x arms (control, mentored)."""
        sums = self.counts.sum(axis=2)
        return np.asarray(sums[..., 1] / sums[..., 0])

    def views(self) -> dict[str, tuple[Floats, Floats]]:
        """By condition, and for their difference: parts and total (D x n+1), and the same without each block.

        In shares; the second array is D x B x n+1. The value of a coalition is the risk of the controls less that
        of the mentored, in the same run.
        """
        left = np.maximum(self.counts.sum(axis=2, keepdims=True) - self.counts, [1, 0])
        found, without = (
            _with_total(risks[..., CONTROL] - risks[..., MENTORED])
            for risks in (self.risks(), left[..., 1] / left[..., 0])
        )
        views = {name: (found[:, c], without[:, c]) for c, name in enumerate(self.plan.conditions)}
        if SCARCE in views:
            views[DIFFERENCE] = (views[AS_IS][0] - views[SCARCE][0], views[AS_IS][1] - views[SCARCE][1])
        return views

    def table(self) -> pd.DataFrame:
        """One row a condition and mechanism: percentage points and shares of the total, with 95 % intervals.

        ``points_low`` to ``points_high`` is the interval of the simulation error for a scenario alone, and the middle
        95 % of the draws for a posterior. ``alone`` and ``last`` are what a mechanism adds (points) if it is the first
        that is switched on, and the last.
        """
        plan, scenario, rows = self.plan, self.plan.scenario, []
        n = len(plan.players)
        ends = dict(zip(plan.conditions, self._ends(), strict=True))
        for condition, (found, without) in self.views().items():
            columns = _in_points(found, without) | _in_shares(found, without, divide=condition != DIFFERENCE)
            columns |= ends.get(condition, dict.fromkeys(("alone", "last"), np.full(n + 1, np.nan)))
            for name in (*scenario.factor, DIRECT, TOTAL):
                label = scenario.factor[name].label or name if name in scenario.factor else LABELS[name]
                row: dict[str, Any] = {"condition": condition, "mechanism": name, "label": label}
                if name in (*plan.players, TOTAL):
                    i = (*plan.players, TOTAL).index(name)
                    row |= {key: float(column[i]) for key, column in columns.items()}
                else:
                    whole = columns["share"][n]
                    row |= {key: float(0 * whole) if key.startswith("share") else 0.0 for key in columns}
                rows.append(row)
        return pd.DataFrame(rows)

    def _ends(self) -> list[dict[str, Floats]]:
        """By condition what each player adds first and last, in percentage points (mean over draws)."""
        n, found = len(self.plan.players), self.risks()
        values = 100 * (found[..., CONTROL] - found[..., MENTORED]).mean(axis=0)
        bits = 2 ** np.arange(n)
        ends = [(row[bits] - row[0], row[-1] - row[2**n - 1 - bits]) for row in values]
        return [{"alone": np.append(alone, np.nan), "last": np.append(last, np.nan)} for alone, last in ends]

    def coalitions(self) -> pd.DataFrame:
        """One row a condition and coalition: who is on, risk in both arms (shares), their difference in points."""
        rows = []
        players = self.plan.players
        for condition, risks in zip(self.plan.conditions, self.risks().mean(axis=0), strict=True):
            for mask, (control, mentored) in enumerate(risks):
                on = members(players, mask)
                rows.append({
                    "condition": condition, "members": " + ".join(on) or "nobody",
                    **{name: int(name in on) for name in players},
                    "control": control, "mentored": mentored, "points": 100 * (control - mentored),
                })  # fmt: skip
        return pd.DataFrame(rows)

    def lowering(self) -> tuple[int, int]:
        """In how many draws the programme lowers reoffending, and in how many clearly (these have shares)."""
        found, without = self.views()[AS_IS]
        lowers = found[:, -1] > 0
        return int(lowers.sum()), int((lowers & _significant(found, without)).sum())


def _with_total(values: Floats) -> Floats:
    """Parts of the values of all coalitions, and behind them the whole effect: ... x n+1."""
    whole = values[..., -1:] - values[..., :1]
    return np.concatenate([shapley(values), whole], axis=-1)


def _variance(without: Floats) -> Floats:
    """Simulation variance of estimates, from the same without each block (D x B x k): D x k, NaN for one block."""
    blocks = without.shape[1]
    if blocks < 2:
        return np.full((len(without), without.shape[2]), np.nan)
    rest = without - without.mean(axis=1, keepdims=True)
    return np.asarray((rest**2).sum(axis=1) * (blocks - 1) / blocks)


def _times(without: Floats) -> float:
    """Standard errors on each side of a 95 % interval: Student's t for so many blocks."""
    return float(stdtrit(max(1, without.shape[0] * (without.shape[1] - 1)), 0.975))


def _significant(found: Floats, without: Floats) -> npt.NDArray[np.bool_]:
    """Whether the total of each draw differs from zero by more than the simulation error (array of D)."""
    error = np.nan_to_num(np.sqrt(_variance(without)[:, -1]))
    return np.abs(found[:, -1]) > _times(without[:1]) * error


def spread_of_draws(draws: Floats, variance: Floats) -> tuple[Floats, Floats]:
    """Middle 95 % of draws (D x k) whose estimates have this simulation variance, freed of it: low, high.

    The median of the variances counts, since a share of a small effect has a very large one.
    """
    middle, whole = draws.mean(axis=0), draws.var(axis=0, ddof=1)
    own = np.maximum(whole - np.nan_to_num(np.median(variance, axis=0)), 0.0)
    freed = middle + (draws - middle) * np.sqrt(own / np.where(whole > 0, whole, 1.0))
    low, high = np.quantile(freed, [0.025, 0.975], axis=0)
    return low, high


def _in_points(found: Floats, without: Floats) -> dict[str, Floats]:
    """Percentage points with their intervals, each an array of n+1."""
    draws, variance = len(found), _variance(without)
    middle = found.mean(axis=0)
    half = _times(without) * np.sqrt(variance.sum(axis=0)) / draws
    low, high = spread_of_draws(found, variance) if draws > 1 else (middle - half, middle + half)
    columns = {
        "points": middle, "points_low": low, "points_high": high,
        "stochastic_low": middle - half, "stochastic_high": middle + half,
    }  # fmt: skip
    return {name: 100 * column for name, column in columns.items()}


def _in_shares(found: Floats, without: Floats, *, divide: bool) -> dict[str, Floats]:
    """Shares of the total with their intervals, each an array of n+1; NaN where there is no total to divide.

    For a scenario alone the interval is that of the simulation error of the ratio, linearised. For a posterior they are
    the mean and the middle 95 % over the draws in which the programme lowers reoffending by more than the simulation
    error.
    """
    unknown = np.full(found.shape[1], np.nan)
    used = _significant(found, without) & ((found[:, -1] > 0) | (len(found) == 1))
    if not divide or not used.any():
        return {"share": unknown, "share_low": unknown, "share_high": unknown}
    total = found[used, -1:]
    own = found[used] / total
    variance = _variance(without[used] - own[:, None] * without[used][..., -1:]) / total**2
    share, low, high = own.mean(axis=0), unknown, unknown
    if len(found) == 1:
        half = _times(without) * np.sqrt(variance[0])
        low, high = share - half, share + half
    elif used.sum() >= LEAST_DRAWS:
        low, high = spread_of_draws(own, variance)
    return {"share": share, "share_low": low, "share_high": high}


# The study ----------------------------------------------------------------------------------------------------


def run_mechanisms(study: MechanismsStudy, context: RunContext | None) -> StudyResult:
    """Simulate every coalition of routes, and give each route its Shapley value."""
    context = context or RunContext()
    plan = _plan(study)
    draws = len(plan.draws) if study.posterior is not None else 0
    over = f", {draws} draws" if draws else ""
    context.note(f"{2 ** len(plan.players)} coalitions, {plan.trials:,} trials of each{over} ...")
    with context.computing() as compute:
        parts = EffectDecomposition.from_tables(plan, compute(plan.job(study.command()), "pieces"), study.group)
    return StudyResult(
        study=study, tables={"shares": parts.table(), "coalitions": parts.coalitions()}, facts=_facts(parts, draws),
        scenario=plan.scenario, counts={"trials": plan.trials, "draws": draws},
    )  # fmt: skip


def _plan(study: MechanismsStudy) -> CoalitionPlan:
    """What is simulated, or a ``ParameterError`` if the options do not fit together."""
    if study.scarce and study.no_scarce:
        raise ParameterError(f"--scarce is [{study.scarce[0]}] and --no-scarce is given; give one of them")
    scenario = scenario_of(study, USUAL)
    players_of(scenario)
    scarce = {} if study.no_scarce else scarce_openings(scenario, study.scarce, study.openings)
    draws = draws_of(study, scenario, DRAWS, but=[change(each)[0] for each in study.set])
    trials = study.trials or (TRIALS if study.posterior is None else TRIALS_A_DRAW)
    return CoalitionPlan(scenario=scenario, scarce=scarce, draws=draws, seed=study.seed, trials=trials)


def _facts(parts: EffectDecomposition, draws: int) -> dict[str, Any]:
    """The numbers of the answer; ``draws`` is 0 for the scenario alone."""
    plan = parts.plan
    scenario = plan.scenario
    ((name, programme),) = scenario.programme.items()
    drawn = {key for draw in plan.draws for key in draw}
    lowering, clearly = parts.lowering()
    control = parts.risks()[:, 0, :, CONTROL].mean(axis=0)
    return {
        "scenario": scenario.name, "programme": programme.label or name, "group": parts.group,
        "definition": "draws" if "trial.definition" in drawn else scenario.trial.definition, "months": WINDOW,
        "rows": parts.table().to_dict("records"), "players": plan.players, "scarce": plan.scarce,
        "trials": plan.trials, "draws": draws, "lowering": lowering, "clearly_lowering": clearly,
        "control": {"nobody": control[0], "everybody": control[-1]},
        "route": {"direct": programme.direct_hazard_ratio, "support": programme.support_hazard_ratio,
                  "drawn": "effect.support_share" in drawn},
    }  # fmt: skip

"""Does the calibration work? Made-up trials and registers whose truth is known, calibrated in the same way.

A truth is drawn from what is believed before the trial; the engine runs one trial of 97 people under it, which prints
two percentages; the posterior given these is compared with the truth. Over many trials the rank of the truth among the
posterior's draws must be uniform, and 50, 80 and 95 % intervals must hold it so often. The registers' half is checked
in the same way with truths from the priors. Truths are spread evenly over the priors of what only a trial can tell, or
chance in drawing them would be taken for an error of the method; false alarms are rarer than stated for that.

References
----------
Talts, Betancourt, Simpson, Vehtari & Gelman (2018), arXiv:1804.06788 (simulation-based calibration).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from experiments.execution.jobs import Job
from experiments.inputs.parameter_points import SHARE, STRENGTH, at_point, at_shares
from experiments.inputs.rounded_percentages import Printed
from experiments.inputs.scenario_files import written
from experiments.statistics.response_surface import Floats, Surface
from experiments.studies.calibration import register_fit as registers
from experiments.studies.calibration import trial_fit
from experiments.studies.calibration.calibration import Plan, Runner, bank_of, doubt_of, first_surface, from_registers
from experiments.studies.calibration.register_fit import Facts, facts, shares_of
from experiments.studies.calibration.trial_fit import Bank, all_doubts
from simulation.outcomes import DEFINITIONS, wilson
from simulation.parameters import Quantity
from simulation.scenario import Scenario
from simulation.trial_counts import CONTROL, HIGHEST, MEASURES, MENTORED, trial_counts

LEVELS = (0.5, 0.8, 0.95)
FALSE_ALARM = 0.01
"""Probability with which a method that works fails the test of all ranks together (Kolmogorov-Smirnov, Holm)."""
OF_TRIALS = ("risk.level", "risk.highest_share", STRENGTH, SHARE, "programme.half_life_months",
             "programme.unplanned_exit")  # fmt: skip
OF_REGISTERS = ("risk.monthly_hazard", "risk.propensity_sd", "risk.never_share", "risk.later_hazard",
                "offending.another_offence", "offending.prison_chance", "risk.priors_hazard_ratio")  # fmt: skip
REGISTER_PEOPLE = 40_000
STEPS, BURN = 700, 500


@dataclass(frozen=True, kw_only=True)
class Check:
    """What the made-up trials and registers say of the method."""

    ranks: pd.DataFrame  # part, quantity, trial, rank (0-1)
    uniform: pd.DataFrame  # part, quantity, number, distance and p of the test of Kolmogorov and Smirnov
    coverage: pd.DataFrame  # part, quantity, level, covered, low, high (95 % interval of the share)
    definitions: pd.DataFrame  # definition, expected, happened

    @property
    def passed(self) -> bool:
        """Whether all ranks can be uniform, at the stated rate of false alarms (Holm's method)."""
        p = np.sort(self.uniform["p"].to_numpy())
        return bool((p * np.arange(len(p), 0, -1) >= FALSE_ALARM).all())


@lru_cache(maxsize=8)
def _scenario(text: str) -> tuple[Scenario, tuple[Quantity, ...]]:
    base = written(text)
    return base, tuple(all_doubts(base))


def trial_piece(context: dict[str, Any], payload: dict[str, Any]) -> dict[str, list[Any]]:
    """One trial, and the mean of many, at each place; see ``rerun.piece``. The first trial is the data."""
    base, rows = _scenario(context["scenario"])
    values = at_shares(rows, shares_of(rows, np.array(payload["places"])))
    out: dict[str, list[Any]] = {"data": [], "truth": []}
    for point, seed in zip(values, payload["seeds"], strict=True):
        scenario = at_point(base, {row.key: float(value) for row, value in zip(rows, point, strict=True)})
        counts = trial_counts(scenario, seed=seed, trials=1 + context["trials"], threads=1)
        out["data"].append(counts[0].ravel().tolist())
        out["truth"].append(counts[1:].sum(axis=0).ravel().tolist())
    return out


def register_piece(context: dict[str, Any], payload: dict[str, Any]) -> dict[str, list[Any]]:
    """Ranks of made-up truths in the registers' half.

    ``context`` has ``scenario``, the wide ``surface`` (coefficients) and ``doubt``; ``payload`` has ``places``,
    ``seeds``. The figures of each truth are the model's own plus normal errors of their stated size.
    """
    _, rows = registers.base_of(context["scenario"])
    known = facts()
    surface = Surface(names=known.names, kinds=tuple(known.kinds), coefficients=np.array(context["coefficients"]),
                      error=np.zeros(0), noise=np.zeros(0))  # fmt: skip
    starts = registers.design(rows, 400, seed=1)
    columns = [[row.key for row in rows].index(key) for key in OF_REGISTERS]
    out: dict[str, list[Any]] = {key: [] for key in OF_REGISTERS}
    for place, seed in zip(payload["places"], payload["seeds"], strict=True):
        luck = np.random.default_rng([seed, 6])
        one = {"places": [place], "seeds": [seed]}
        figures = registers.piece({"scenario": context["scenario"], "people": REGISTER_PEOPLE}, one)
        seen = np.array([figures[name][0] for name in known.names]) + known.sd * luck.standard_normal(len(known.sd))
        made_up = Facts(names=known.names, observed=seen, sd=known.sd)
        density = registers.log_density(rows, surface, made_up, doubt=np.array(context["doubt"]))
        best = starts[np.argsort(-density(starts))[:150]]
        chains = registers.sample(density, best, seed=seed, steps=STEPS, burn=BURN, ensembles=1)
        flat = chains.flat
        for key, column in zip(OF_REGISTERS, columns, strict=True):
            out[key].append(float((flat[:, column] < place[column]).mean()))
    return out


def check(plan: Plan, run: Runner, *, trials: int, registers: int) -> Check:
    """Calibrate so many made-up trials and registers."""
    known = from_registers(plan, run)
    bank = bank_of(plan, known, run)
    ranks, definitions = _trial_ranks(plan, bank, known.chains.flat, run, trials)
    if registers:
        ranks = pd.concat([ranks, _register_ranks(plan, run, registers)], ignore_index=True)
    uniform, coverage = judged(ranks)
    return Check(ranks=ranks, uniform=uniform, coverage=coverage, definitions=definitions)


def _trial_ranks(plan: Plan, bank: Bank, flat: Floats, run: Runner, number: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    luck = np.random.default_rng([plan.seed, 7])
    where = trial_fit.extended(bank.rows, flat[luck.choice(len(flat), number)], seed=plan.seed + 7_777)
    where = np.round(where, 6)
    job = Job(
        name="calibrate: made-up trials", work=f"{__name__}:trial_piece", command=plan.command,
        context={"scenario": plan.trial.to_toml(), "trials": plan.trials},
        pieces=trial_fit.pieces(where, (plan.seed * 16 + 9) * 10_000_000),
    )  # fmt: skip
    tables = list(run(job))
    data, truth = (
        np.concatenate([np.array(table[name], np.int64) for table in tables]).reshape(number, 2, 2, len(MEASURES))
        for name in ("data", "truth")
    )
    definition = luck.choice(len(DEFINITIONS), number, p=np.asarray(plan.definitions))
    truths = Bank(rows=bank.rows, where=where, counts=np.stack([truth, np.zeros_like(truth)], axis=1))
    risks, values = bank.risks(), bank.values
    own, true_risks, true_values = risks, truths.risks(), truths.values
    rows, chances, happened = [], np.zeros(len(DEFINITIONS)), np.zeros(len(DEFINITIONS))
    for k in range(number):
        printed = printed_by(data[k], DEFINITIONS[definition[k]])
        if printed is None:
            continue
        each = bank.likelihoods(printed) * np.asarray(plan.definitions)
        weights = each.sum(axis=1) / each.sum()
        chances += each.sum(axis=0) / each.sum()
        happened[definition[k]] += 1
        gap, control = own[..., 1] - own[..., 0], own[..., 1]
        true_control, true_mentored = true_risks[k, definition[k], 1], true_risks[k, definition[k], 0]
        rows.append((k, "difference", _rank(gap, true_control - true_mentored, each)))
        rows.append((k, "control risk", _rank(control, true_control, each)))
        for key in OF_TRIALS:
            column = bank.keys.index(key)
            rows.append((k, key, _rank(values[:, column], true_values[k, column], weights)))
    table = pd.DataFrame(rows, columns=["trial", "quantity", "rank"]).assign(part="trial")
    found = pd.DataFrame({"definition": DEFINITIONS, "expected": chances, "happened": happened})
    return table[["part", "quantity", "trial", "rank"]], found


def _rank(values: Floats, truth: float, weights: Floats) -> float:
    """Weighted share of the draws below the truth (ties by half)."""
    below = (weights * ((values < truth) + 0.5 * (values == truth))).sum()
    return float(below / weights.sum())


def printed_by(counts: Any, definition: str) -> Printed | None:
    """What one trial prints of its highest-risk group; None if a group is empty."""
    people, hits = counts[:, HIGHEST, 0], counts[:, HIGHEST, MEASURES.index(definition)]
    if not people.all():
        return None
    percent = np.floor(100 * hits / people + 0.5).astype(int)
    arms = counts[:, :, 0].sum(axis=1)
    return Printed(
        mentored_percent=int(percent[MENTORED]), control_percent=int(percent[CONTROL]),
        mentored_arm=int(arms[MENTORED]), control_arm=int(arms[CONTROL]),
    )  # fmt: skip


def _register_ranks(plan: Plan, run: Runner, number: int) -> pd.DataFrame:
    surface, noise = first_surface(plan, run)
    known = facts()
    rows = registers.told(plan.population)
    where = np.round(registers.places(rows, np.random.default_rng([plan.seed, 8]).random((number, len(rows)))), 6)
    spelled = where.tolist()
    first = (plan.seed * 16 + 10) * 10_000_000
    job = Job(
        name="calibrate: made-up registers", work=f"{__name__}:register_piece", command=plan.command,
        context={"scenario": plan.population.to_toml(), "coefficients": surface.coefficients.tolist(),
                 "doubt": doubt_of(known, surface, noise).tolist()},
        pieces=[{"places": [place], "seeds": [first + k]} for k, place in enumerate(spelled)],
    )  # fmt: skip
    tables = [pd.DataFrame(table) for table in run(job)]
    table = pd.concat(tables, ignore_index=True).rename_axis("trial").reset_index()
    return table.melt(id_vars="trial", var_name="quantity", value_name="rank").assign(part="registers")[
        ["part", "quantity", "trial", "rank"]
    ]


def judged(ranks: pd.DataFrame, levels: Sequence[float] = LEVELS) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Whether ranks can be uniform, and how often intervals hold the truth: two tables as in ``Check``."""
    from scipy.stats import kstest

    uniform, coverage = [], []
    for (part, quantity), rows in ranks.groupby(["part", "quantity"], sort=False):
        values = rows["rank"].to_numpy()
        test = kstest(values, "uniform")
        uniform.append((part, quantity, len(values), float(test.statistic), float(test.pvalue)))
        for level in levels:
            held = int((np.abs(values - 0.5) <= level / 2).sum())
            low, high = wilson(held, len(values))
            coverage.append((part, quantity, level, held / len(values), float(low), float(high)))
    return (
        pd.DataFrame(uniform, columns=["part", "quantity", "number", "distance", "p"]),
        pd.DataFrame(coverage, columns=["part", "quantity", "level", "covered", "low", "high"]),
    )


def check_in_words(found: Check) -> list[str]:
    """The verdict in sentences."""
    parts = found.uniform.groupby("part", sort=False)["number"].max()
    kinds = {"trial": "trials", "registers": "registers"}
    what = " and ".join(f"{number} made-up {kinds[str(part)]}" for part, number in parts.items())
    worst = found.uniform.loc[found.uniform["p"].idxmin()]
    lines = [
        f"{what[0].upper() + what[1:]} with a known truth were calibrated. Ranks of the truth "
        f"{'can be' if found.passed else 'cannot be'} uniform for all {len(found.uniform)} quantities together "
        f"(Kolmogorov-Smirnov, Holm, false alarms {100 * FALSE_ALARM:.0f} %); the least so: {worst['quantity']}, "
        f"p = {worst['p']:.2g}.",
    ]  # fmt: skip
    for level, rows in found.coverage.groupby("level"):
        lines.append(
            f"Intervals of {100 * level:.0f} % hold the truth in {100 * rows['covered'].mean():.0f} % of cases on "
            f"average, from {100 * rows['covered'].min():.0f} to {100 * rows['covered'].max():.0f} % by quantity."
        )
    pairs = "; ".join(f"{row.definition} {row.expected:.0f} expected, {row.happened:.0f} happened"
                      for row in found.definitions.itertuples())  # fmt: skip
    return [*lines, f"Definition of the made-up trials: {pairs}."]

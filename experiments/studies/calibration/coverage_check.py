"""Does the calibration work? Simulated trials and registers whose truth is known, calibrated in the same way.

A truth is sampled from the prior of the trial, and one trial of 97 people is simulated under it. The rank of the truth
among the draws of the posterior given its two percentages must be uniform over many trials, and 50, 80 and 95 %
intervals must contain it so often. The registers' half is checked in the same way with truths from the priors. Truths
of parameters that only a trial informs are sampled with a Latin hypercube, or chance in sampling them would be taken
for an error of the method; false alarms are rarer than stated for these.

References
----------
Talts, Betancourt, Simpson, Vehtari & Gelman (2018), arXiv:1804.06788 (simulation-based calibration).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import kstest

from experiments.execution.context import Compute
from experiments.execution.jobs import Job
from experiments.inputs.parameter_points import SHARE, STRENGTH
from experiments.inputs.trial_result import Printed
from experiments.statistics.response_surface import Emulator, Floats
from experiments.studies.calibration import calibration, register_fit, trial_fit
from experiments.studies.calibration.calibration import CalibrationPlan
from experiments.studies.calibration.register_fit import RegisterFigures, register_figures
from experiments.studies.calibration.trial_fit import SimulationBank
from simulation.outcomes import DEFINITIONS, wilson
from simulation.trial_counts import CONTROL, HIGHEST, MEASURES, MENTORED, trial_counts

LEVELS = (0.5, 0.8, 0.95)
COLUMNS = ["part", "quantity", "trial", "rank"]
FALSE_ALARM = 0.01
"""Probability with which a method that works fails the test of all ranks together (Kolmogorov-Smirnov, Holm)."""
OF_TRIALS = ("risk.hazard_multiplier", "risk.high_risk_share", STRENGTH, SHARE, "programme.half_life_months",
             "programme.dropout_chance")  # fmt: skip
OF_REGISTERS = ("risk.baseline_hazard", "risk.frailty_sd", "risk.immune_share", "risk.long_run_hazard_ratio",
                "offending.further_offence_chance", "offending.prison_chance", "risk.priors_hazard_ratio")  # fmt: skip
REGISTER_PEOPLE = 40_000
STEPS, BURN = 700, 500


def all_uniform(p: npt.ArrayLike) -> bool:
    """Whether all ranks can be uniform by their tests, at the stated rate of false alarms (Holm's method)."""
    ordered = np.sort(p)
    return bool((ordered * np.arange(len(ordered), 0, -1) >= FALSE_ALARM).all())


def simulate_known_trials(context: dict[str, Any], payload: dict[str, Any]) -> dict[str, list[Any]]:
    """One trial, and the sum of many, at each truth; see ``trial_fit.simulate_trials``. The first is the data."""
    out: dict[str, list[Any]] = {"data": [], "truth": []}
    for scenario, seed in register_fit.scenarios_at(*trial_fit.base_of(context["scenario"]), payload):
        counts = trial_counts(scenario, seed=seed, trials=1 + context["trials"], threads=1)
        out["data"].append(counts[0].ravel().tolist())
        out["truth"].append(counts[1:].sum(axis=0).ravel().tolist())
    return out


def rank_known_registers(context: dict[str, Any], payload: dict[str, Any]) -> dict[str, list[Any]]:
    """Ranks of known truths in the registers' half; figures of a truth are the model's plus errors of the stated size.

    ``context`` has ``scenario``, the ``coefficients`` of the first emulator and ``sd`` of the figures; ``payload`` has
    ``coordinates`` and ``seeds``.
    """
    _, rows = register_fit.base_of(context["scenario"])
    known = register_figures()
    emulator = Emulator(names=known.names, kinds=tuple(known.kinds), coefficients=np.array(context["coefficients"]),
                      error=np.zeros(0), noise=np.zeros(0))  # fmt: skip
    starts = register_fit.design(rows, 400, seed=1)
    columns = [[row.key for row in rows].index(key) for key in OF_REGISTERS]
    out: dict[str, list[Any]] = {key: [] for key in OF_REGISTERS}
    for truth, seed in zip(payload["coordinates"], payload["seeds"], strict=True):
        rng = np.random.default_rng([seed, 6])
        one = {"coordinates": [truth], "seeds": [seed]}
        figures = register_fit.simulate_register_figures({"scenario": context["scenario"], "people": REGISTER_PEOPLE},
                                                         one)  # fmt: skip
        observed = np.array([figures[name][0] for name in known.names]) + known.sd * rng.standard_normal(len(known.sd))
        simulated = RegisterFigures(names=known.names, observed=observed, sd=known.sd)
        density = register_fit.log_density(rows, emulator, simulated, sd=np.array(context["sd"]))
        best = starts[np.argsort(-density(starts))[:150]]
        chains = register_fit.sample(density, best, seed=seed, steps=STEPS, burn=BURN, ensembles=1)
        for key, column in zip(OF_REGISTERS, columns, strict=True):
            out[key].append(float((chains.flat[:, column] < truth[column]).mean()))
    return out


def coverage_check(plan: CalibrationPlan, run: Compute, *, trials: int, registers: int) -> dict[str, pd.DataFrame]:
    """Calibrate so many simulated trials and registers.

    Tables: ranks of the truths (part, quantity, trial, rank 0-1), uniform and coverage (``uniform_and_coverage``), and
    definitions (definition, expected, happened).
    """
    known = calibration.from_registers(plan, run)
    bank = calibration.simulation_bank(plan, known, run)
    ranks, definitions = _trial_ranks(plan, bank, known.chains.flat, run, trials)
    if registers:
        ranks = pd.concat([ranks, _register_ranks(plan, run, registers)], ignore_index=True)
    uniform, coverage = uniform_and_coverage(ranks)
    return {"uniform": uniform, "coverage": coverage, "ranks": ranks, "definitions": definitions}


def _trial_ranks(
    plan: CalibrationPlan, bank: SimulationBank, flat: Floats, run: Compute, number: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng([plan.seed, 7])
    at = trial_fit.extended(bank.rows, flat[rng.choice(len(flat), number)], seed=plan.seed + 7_777)
    at = np.round(at, 6)
    job = Job(
        name="calibrate: trials of a known truth", work=f"{__name__}:simulate_known_trials", command=plan.command,
        context={"scenario": plan.trial.to_toml(), "trials": plan.trials},
        pieces=register_fit.tasks(at, (plan.seed * 16 + 9) * 10_000_000, trial_fit.DRAWS_A_TASK),
    )  # fmt: skip
    tables = list(run(job))
    data, truth = (
        np.concatenate([np.array(table[name], np.int64) for table in tables]).reshape(number, 2, 2, len(MEASURES))
        for name in ("data", "truth")
    )
    definition = rng.choice(len(DEFINITIONS), number, p=np.asarray(plan.definitions))
    truths = SimulationBank(rows=bank.rows, coordinates=at, counts=np.stack([truth, np.zeros_like(truth)], axis=1))
    risks, values = bank.risks(), bank.values
    true_risks, true_values = truths.risks(), truths.values
    rows, expected, happened = [], np.zeros(len(DEFINITIONS)), np.zeros(len(DEFINITIONS))
    for k in range(number):
        printed = printed_by(data[k], DEFINITIONS[definition[k]])
        if printed is None:
            continue
        each = bank.likelihoods(printed) * np.asarray(plan.definitions)
        weights = each.sum(axis=1) / each.sum()
        expected += each.sum(axis=0) / each.sum()
        happened[definition[k]] += 1
        gap, control = risks[..., 1] - risks[..., 0], risks[..., 1]
        true_control, true_mentored = true_risks[k, definition[k], 1], true_risks[k, definition[k], 0]
        rows.append((k, "difference", _rank(gap, true_control - true_mentored, each)))
        rows.append((k, "control risk", _rank(control, true_control, each)))
        for key in OF_TRIALS:
            column = bank.keys.index(key)
            rows.append((k, key, _rank(values[:, column], true_values[k, column], weights)))
    table = pd.DataFrame(rows, columns=["trial", "quantity", "rank"]).assign(part="trial")
    found = pd.DataFrame({"definition": DEFINITIONS, "expected": expected, "happened": happened})
    return table[COLUMNS], found


def _rank(values: Floats, truth: float, weights: Floats) -> float:
    """Weighted share of the draws below the truth (ties by half)."""
    below = (weights * ((values < truth) + 0.5 * (values == truth))).sum()
    return float(below / weights.sum())


def printed_by(counts: Any, definition: str) -> Printed | None:
    """What one trial reports of its highest-risk group; None if a group is empty."""
    people, hits = counts[:, HIGHEST, 0], counts[:, HIGHEST, MEASURES.index(definition)]
    if not people.all():
        return None
    percent = np.floor(100 * hits / people + 0.5).astype(int)
    arms = counts[:, :, 0].sum(axis=1)
    return Printed(mentored_percent=int(percent[MENTORED]), control_percent=int(percent[CONTROL]),
                   mentored_arm=int(arms[MENTORED]), control_arm=int(arms[CONTROL]))  # fmt: skip


def _register_ranks(plan: CalibrationPlan, run: Compute, number: int) -> pd.DataFrame:
    emulator, noise = calibration.first_emulator(plan, run)
    known = register_figures()
    rows = register_fit.register_parameters(plan.population)
    shares = np.random.default_rng([plan.seed, 8]).random((number, len(rows)))
    first = (plan.seed * 16 + 10) * 10_000_000
    job = Job(
        name="calibrate: registers of a known truth", work=f"{__name__}:rank_known_registers", command=plan.command,
        context={"scenario": plan.population.to_toml(), "coefficients": emulator.coefficients.tolist(),
                 "sd": calibration.figure_sd(known, emulator, noise).tolist()},
        pieces=[{"coordinates": [truth], "seeds": [first + k]}
                for k, truth in enumerate(np.round(register_fit.coordinates(rows, shares), 6).tolist())],
    )  # fmt: skip
    table = pd.concat(map(pd.DataFrame, run(job)), ignore_index=True).rename_axis("trial").reset_index()
    table = table.melt(id_vars="trial", var_name="quantity", value_name="rank")
    return table.assign(part="registers")[COLUMNS]


def uniform_and_coverage(ranks: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Whether ranks can be uniform, and how often intervals contain the truth.

    The first table has part, quantity, number, distance and p of the test of Kolmogorov and Smirnov; the second part,
    quantity, level, covered, low, high (95 % interval of the share).
    """
    uniform, coverage = [], []
    for (part, quantity), rows in ranks.groupby(["part", "quantity"], sort=False):
        values = rows["rank"].to_numpy()
        test = kstest(values, "uniform")
        uniform.append((part, quantity, len(values), float(test.statistic), float(test.pvalue)))
        for level in LEVELS:
            held = int((np.abs(values - 0.5) <= level / 2).sum())
            low, high = wilson(held, len(values))
            coverage.append((part, quantity, level, held / len(values), float(low), float(high)))
    uniform_table = pd.DataFrame(uniform, columns=["part", "quantity", "number", "distance", "p"])
    return uniform_table, pd.DataFrame(coverage, columns=["part", "quantity", "level", "covered", "low", "high"])

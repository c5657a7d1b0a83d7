"""Four models of 29 against 67 %: through support factors, through the relationship itself, both, or chance.

Each model is a calibration of its own in which the route is fixed. Its evidence is the mean probability, over its own
prior, that 97 people report the pair. Evidence depends on the prior of the strength, so three are shown. Further
measurements may distinguish models that the trial cannot: the tables give how many people each measurement needs in
each arm before it would usually name the right model.

References
----------
Kass & Raftery (1995), JASA 90:773, doi:10.2307/2291091 (Bayes factors).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtr
from scipy.stats import norm

from experiments.execution.context import Compute, RunContext
from experiments.execution.jobs import Job
from experiments.inputs.parameter_points import SHARE, STRENGTH, at_point
from experiments.inputs.scenario_files import written
from experiments.inputs.trial_result import CONTROL_PERCENT, MENTORED_PERCENT
from experiments.statistics.response_surface import Floats
from experiments.studies.calibration import calibration, trial_fit
from experiments.studies.calibration.calibrate_study import CompareModelsStudy
from experiments.studies.calibration.calibration import CalibrationPlan, RegisterFit
from experiments.studies.calibration.register_fit import coordinates
from experiments.studies.calibration.trial_fit import SimulationBank, effective
from experiments.studies.result import StudyResult
from simulation.engine import run as simulate
from simulation.parameters import Prior
from simulation.scenario import Scenario

NOTHING: dict[str, float] = {STRENGTH: 1.0, SHARE: 0.0, "programme.direct_hazard_ratio_others": 1.0,
                             "programme.support_hazard_ratio_others": 1.0}  # fmt: skip
MODELS: dict[str, tuple[str, dict[str, float]]] = {
    "support": ("all through support factors", {SHARE: 1.0}),
    "direct": ("all direct", {SHARE: 0.0}),
    "both": ("both routes", {}),
    "chance": ("no effect, only chance", NOTHING),
}
"""Name, description, and keys that do not follow the draws."""
STRENGTHS = {"other trials": "", "sceptical": "LN(0.55, 0.58)", "wide": "LN(0.20, 2.00)"}
"""Priors of the strength for which the evidence is given: of other trials (the parameter's own); the sceptic's, hazard
ratio LN(0.85, 0.15) over 24 months; a wide one."""
MEASUREMENTS = {
    "risk_24": "reoffending within 24 months", "risk_12": "reoffending within 12 months",
    "late": "reoffending in months 25-36, among those free of it so far",
    "held": "support factors held after a year (mean share)",
    "housing": "housing held after a year", "employment": "employment held after a year",
}  # fmt: skip
"""Measurements that might distinguish the models: differences between mentored and controls, highest-risk group."""
SIZES = (25, 50, 100, 200, 400, 800, 1_600, 3_200, 6_400)
"""People in each arm."""
SURE = 0.9
"""How often the right model of a pair must be named."""
TRIALS = 40
DRAWS_A_TASK = 4


@dataclass(frozen=True, kw_only=True)
class CandidateModel:
    """One model of the trial, calibrated."""

    name: str
    bank: SimulationBank
    likelihoods: Floats  # N, the definition summed over

    def evidence(self, prior: str = "") -> tuple[float, float, float]:
        """Probability of what was reported under the model, its standard error, and the effective number of draws.

        ``prior`` is another prior of the strength (as ``Prior`` reads it), cut at 1 as the model's own is.
        """
        weights = np.ones(len(self.likelihoods))
        if prior and self.name != "chance":
            strength = self.bank.column(STRENGTH)
            own = next(row for row in self.bank.rows if row.key == STRENGTH).prior
            weights = log_normal(prior, strength) / log_normal(own, strength) * _helping(own) / _helping(prior)
        weights = weights / weights.mean()
        values = weights * self.likelihoods
        mean = float(values.mean())
        return mean, float((values - mean * weights).std() / np.sqrt(len(values))), effective(weights)


def log_normal(prior: str, strength: Floats) -> Floats:
    """Density of a log-normal prior of the strength, times the strength."""
    read = Prior.read(prior)
    return np.asarray(norm.pdf((np.log(strength) - np.log(read.first)) / read.second) / read.second)


def _helping(prior: str) -> float:
    """Probability that a log-normal prior of the strength is at most 1."""
    read = Prior.read(prior)
    return float(norm.cdf(-np.log(read.first) / read.second))


def candidate_models(plan: CalibrationPlan, known: RegisterFit, run: Compute) -> list[CandidateModel]:
    """Calibrate every model; in all of them mentors may help or do nothing, not harm (the prior is cut at 1)."""
    rows = trial_fit.uncertain_parameters(plan.trial)
    column = [row.key for row in rows].index(STRENGTH)

    def helping(at: Floats) -> Floats:
        share = ndtr(at[:, column]) * _helping(rows[column].prior)
        at = at.copy()
        at[:, column] = coordinates([rows[column]], share[:, None])[:, 0]
        return at

    found = []
    for part, (name, (_, fixed)) in enumerate(MODELS.items()):
        bank = calibration.simulation_bank(plan, known, run, fixed=fixed, part=20 + part, name=f"model {name}",
                                           changed=helping)  # fmt: skip
        likely = bank.likelihoods(plan.printed) @ np.asarray(plan.definitions)
        found.append(CandidateModel(name=name, bank=bank, likelihoods=likely))
    return found


def evidence(models: Sequence[CandidateModel]) -> pd.DataFrame:
    """Evidence and posterior probability of each model (all equally probable before), for each prior of the strength.

    Columns: prior, model, what, evidence, error (standard error), bayes_factor (against chance), probability,
    probability_low, probability_high (95 %, of the simulation only), draws (effective).
    """
    rows = []
    rng = np.random.default_rng(1)
    for label, prior in STRENGTHS.items():
        found = [model.evidence(prior) for model in models]
        means, errors = (np.array([each[k] for each in found]) for k in (0, 1))
        drawn = np.maximum(means + errors * rng.standard_normal((4_000, len(found))), 1e-300)
        low, high = np.quantile(drawn / drawn.sum(axis=1, keepdims=True), [0.025, 0.975], axis=0)
        chance = means[[model.name for model in models].index("chance")]
        for k, model in enumerate(models):
            rows.append({
                "prior": label, "model": model.name, "what": MODELS[model.name][0], "evidence": means[k],
                "error": errors[k], "bayes_factor": means[k] / chance, "probability": means[k] / means.sum(),
                "probability_low": low[k], "probability_high": high[k], "draws": found[k][2],
            })  # fmt: skip
    return pd.DataFrame(rows)


def simulate_measurements(context: dict[str, Any], payload: dict[str, Any]) -> dict[str, list[float]]:
    """Each measurement at some draws: shares of the controls and of the mentored, highest-risk group.

    Everybody is simulated twice with common random numbers, with and without mentors, so that differences vary little.
    """
    base = written(context["scenario"])
    out: dict[str, list[float]] = {f"{name}_{arm}": [] for name in MEASUREMENTS for arm in ("control", "mentored")}
    for draw, seed in zip(payload["draws"], payload["seeds"], strict=True):
        scenario = at_point(base, draw)
        for arm, assignment in (("control", "nobody"), ("mentored", "everyone")):
            for name, value in _measured(scenario.changed({"trial.assignment": assignment}), seed).items():
                out[f"{name}_{arm}"].append(value)
    return out


def _measured(scenario: Scenario, seed: int) -> dict[str, float]:
    long = simulate(scenario.changed({"people.follow_up_months": 36}), seed=seed, replicates=TRIALS, threads=1).lives
    year = simulate(scenario.changed({"people.follow_up_months": 12}), seed=seed, replicates=TRIALS, threads=1).lives
    high = long.highest > 0
    time = getattr(long, f"time_{scenario.trial.definition}")[high]
    held = dict(zip(scenario.factor, year.held[:, year.highest > 0].mean(axis=1), strict=True))
    return {
        "risk_24": float((time <= 24).mean()), "risk_12": float((time <= 12).mean()),
        "late": float((time[time > 24] <= 36).mean()), "held": float(np.mean(list(held.values()))),
        "housing": float(held.get("housing", np.nan)), "employment": float(held.get("employment", np.nan)),
    }  # fmt: skip


def measured(plan: CalibrationPlan, models: Sequence[CandidateModel], run: Compute, *, draws: int) -> pd.DataFrame:
    """Each measurement at draws from each model's posterior: the columns of ``simulate_measurements``, and model."""
    tables = []
    base = plan.trial.changed({
        "volunteers.at_start": 2 * plan.trial.volunteers.at_start,
        "volunteers.recruits_per_month": 2 * plan.trial.volunteers.recruits_per_month,
    })  # fmt: skip
    for part, model in enumerate(models):
        rng = np.random.default_rng([plan.seed, 30 + part])
        values = model.bank.values[calibration.systematic(model.likelihoods, draws, rng)]
        points = [dict(zip(model.bank.keys, map(float, row), strict=True)) | MODELS[model.name][1] for row in values]
        for point in points:
            point["volunteers.recruits_per_month"] *= 2
        seeds = [(plan.seed * 64 + part) * 1_000_000 + k for k in range(draws)]
        job = Job(
            name=f"compare-models: measurements under {model.name}", work=f"{__name__}:simulate_measurements",
            command=plan.command, context={"scenario": base.to_toml()},
            pieces=[{"draws": points[k : k + DRAWS_A_TASK], "seeds": seeds[k : k + DRAWS_A_TASK]}
                    for k in range(0, draws, DRAWS_A_TASK)],
        )  # fmt: skip
        tables.append(pd.concat(map(pd.DataFrame, run(job)), ignore_index=True).assign(model=model.name))
    return pd.concat(tables, ignore_index=True)


def separation(table: pd.DataFrame, *, sizes: Sequence[int] = SIZES, draws: int = 4_000) -> pd.DataFrame:
    """Which measurement would distinguish which pair of models, and with how many people in each arm.

    A measured difference is the model's own at a draw, plus the sampling error of two groups of that size. The model
    under which it is more probable (normal densities) is named. Columns: first, second (models), measurement, what,
    first_mean, second_mean (expected differences, mentored minus controls), ``right_N`` (share named rightly) for each
    size, needed (people in each arm; NaN if none of the sizes is enough).
    """
    rng = np.random.default_rng(2)
    names = list(dict.fromkeys(table["model"]))
    rows = []
    for i, first in enumerate(names):
        for second in names[i + 1 :]:
            for name, what in MEASUREMENTS.items():
                sides = [table[table["model"] == model] for model in (first, second)]
                if any(side[f"{name}_control"].isna().any() for side in sides):
                    continue
                gaps = [(side[f"{name}_mentored"] - side[f"{name}_control"]).to_numpy() for side in sides]
                noise = [_spread(side, name) for side in sides]
                right = {size: _right(gaps, noise, size, draws, rng) for size in sizes}
                rows.append({
                    "first": first, "second": second, "measurement": name, "what": what, "first_mean": gaps[0].mean(),
                    "second_mean": gaps[1].mean(), **{f"right_{size}": share for size, share in right.items()},
                    "needed": float(next((size for size, share in right.items() if share >= SURE), np.nan)),
                })  # fmt: skip
    return pd.DataFrame(rows)


def _spread(side: pd.DataFrame, name: str) -> float:
    """Standard deviation of a difference with one person in each arm."""
    p = [side[f"{name}_{arm}"].mean() for arm in ("control", "mentored")]
    less = 0.5 if name == "held" else 1.0  # a mean over factors that go together; five such halve the variance at least
    return float(np.sqrt(less * sum(each * (1 - each) for each in p)))


def _right(gaps: list[Floats], noise: list[float], size: int, draws: int, rng: np.random.Generator) -> float:
    sd = [np.hypot(gap.std(), each / np.sqrt(size)) + 1e-9 for gap, each in zip(gaps, noise, strict=True)]
    named = []
    for k in (0, 1):
        seen = rng.choice(gaps[k], draws) + noise[k] / np.sqrt(size) * rng.standard_normal(draws)
        density = [-0.5 * ((seen - gap.mean()) / each) ** 2 - np.log(each) for gap, each in zip(gaps, sd, strict=True)]
        better = density[k] - density[1 - k]
        named.append(float((better > 0).mean() + 0.5 * (better == 0).mean()))
    return float(np.mean(named))


def run_compare_models(study: CompareModelsStudy, context: RunContext | None) -> StudyResult:
    """Compare the four models, and predict what further measurements would show."""
    context = context or RunContext()
    plan = calibration.plan_of(study, draws=study.draws, trials=study.trials)
    context.note(f"{study.points + study.near_points:,} design points, then {study.trials:,} trials on each of "
                 f"{study.draws:,} draws of {len(MODELS)} models ...")  # fmt: skip
    with context.computing(runs=study.points + study.draws) as compute:
        models = candidate_models(plan, calibration.from_registers(plan, compute), compute)
        expected = measured(plan, models, compute, draws=study.measured)
    tables = {"evidence": evidence(models), "separation": separation(expected)}
    own = next(row.prior for row in models[0].bank.rows if row.key == STRENGTH)
    facts = {
        "scenario": plan.trial.name,
        "reported": {"mentored_percent": MENTORED_PERCENT, "control_percent": CONTROL_PERCENT},
        "evidence": tables["evidence"].to_dict("records"), "separation": tables["separation"].to_dict("records"),
        "priors": {name: prior or own for name, prior in STRENGTHS.items()}, "sure": SURE, "largest": SIZES[-1],
    }  # fmt: skip
    names = ("draws", "trials", "measured", "points", "near_points", "people", "steps")
    counts = {"population": plan.population.digest, **{name: getattr(study, name) for name in names}}
    return StudyResult(study=study, tables=tables, facts=facts, scenario=plan.trial, counts=counts)

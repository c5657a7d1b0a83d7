"""The calibration on the registers and the trial of 97 people: a posterior of the uncertain parameters.

First the registers: an emulator of the model's figures over the priors, a second one near the data, sampled by emcee.
Then the trial: it is simulated at draws from the registers' posterior and the priors of the rest, and each draw is
weighted by the probability that 97 people report 29 % and 67 %. Together that is Bayes' rule for both sources at once;
the definition of reoffending that the trial used, and the sizes behind the percentages, are summed over. A posterior
is refused if a diagnostic shows that it cannot be trusted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from experiments.execution.context import Compute
from experiments.execution.jobs import Job
from experiments.inputs.scenario_files import load
from experiments.inputs.trial_result import Printed
from experiments.statistics.response_surface import Emulator, Floats, least_points
from experiments.studies.calibration import register_fit, trial_fit
from experiments.studies.calibration.calibrate_study import FromRegisters
from experiments.studies.calibration.register_fit import Chains, RegisterFigures, register_figures
from experiments.studies.calibration.trial_fit import SimulationBank, effective
from experiments.studies.trial.design_points import require_the_trial
from simulation.outcomes import DEFINITIONS
from simulation.parameters import ParameterError, Quantity
from simulation.scenario import Scenario

REPEATS = 100
"""Design points that are simulated again with other random numbers, to measure stochastic variation."""
CHECKED = 80
"""Draws at which the emulator is compared with the model, with twice as many people."""
INFLATED = 1.3
"""How much wider than the first posterior the second design is."""
WIDE_WEIGHT = 0.25
"""Weight of the first design in the second emulator."""
MOST_R_HAT, LEAST_EFFECTIVE, MOST_BIAS, MOST_STOCHASTIC, MOST_WEIGHT = 1.05, 400.0, 0.5, 0.5, 0.05
"""Beyond these the posterior is refused: convergence; effective draws of either step; bias of the emulator in standard
deviations of a figure; stochastic variation of the log likelihood; the largest weight of one draw."""


@dataclass(frozen=True, kw_only=True)
class CalibrationPlan:
    """Everything that decides a calibration."""

    population: Scenario
    """Everybody released, without a programme: the people of the registers."""
    trial: Scenario
    """The trial that reported 29 and 67 %."""
    seed: int = 1
    points: int
    near_points: int
    people: int
    steps: int
    draws: int
    trials: int
    retained: int = 2_000
    printed: Printed = field(default_factory=Printed)
    definitions: tuple[float, ...] = trial_fit.EVEN
    command: str = ""

    def __post_init__(self) -> None:
        if self.population.trial.assignment != "nobody" or self.population.trial.signed_up:
            raise ParameterError(
                f"--population is [{self.population.name}], in which people are in a trial or a programme; the "
                "registers describe everybody released: use everyone, or set trial.assignment to nobody"
            )
        if self.trial.trial.assignment != "randomised" or len(self.trial.programme) != 1:
            raise ParameterError(
                f"--scenario is [{self.trial.name}], which is no trial of one programme; use trial, or set "
                "trial.assignment to randomised and leave one programme"
            )
        require_the_trial(self.trial, "it is compared with")
        self._check_enough()

    def _check_enough(self) -> None:
        """Refuse so few points or steps that nothing could be drawn from them, before anything is computed."""
        parameters = len(register_fit.register_parameters(self.population))
        walkers = register_fit.walkers(parameters)
        points = max(least_points(parameters), walkers)
        least = -(-max(self.near_points // 2, walkers) // walkers)  # thinned steps of each of two ensembles
        steps = 3 * (register_fit.THIN * (least - 1) + 1)
        if self.points < points:
            raise ParameterError(
                f"--points is [{self.points}], too few for an emulator of {parameters} uncertain parameters; give at "
                f"least {points}, better twice as many"
            )
        if 2 * walkers * (-(-(self.steps // 3) // register_fit.THIN)) < self.near_points:
            raise ParameterError(
                f"--steps is [{self.steps}], which gives fewer draws than the --near-points "
                f"[{self.near_points}]; give at least {steps} steps or fewer points"
            )


def plan_of(study: FromRegisters, **more: Any) -> CalibrationPlan:
    """The plan of a study; ``more`` is what else it decides."""
    population, trial = (load(each) if isinstance(each, str) else each for each in (study.population, study.scenario))
    return CalibrationPlan(
        population=population, trial=trial, seed=study.seed, points=study.points, near_points=study.near_points,
        people=study.people, steps=study.steps, command=study.command(), **more,
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class RegisterFit:
    """The registers' half of the posterior: chains, the emulator behind them, and how well it fits."""

    rows: tuple[Quantity, ...]
    known: RegisterFigures
    emulator: Emulator
    noise: Floats  # stochastic standard deviation of one figure of the design, by figure
    bias: Floats  # mean of emulator minus model at draws, by figure
    spread: Floats  # root mean square of emulator minus model at draws beyond stochastic variation, by figure
    checked: pd.DataFrame  # the model's own figures at draws
    chains: Chains


def from_registers(plan: CalibrationPlan, run: Compute) -> RegisterFit:
    """The first half: the posterior given the registers."""
    rows, known = register_fit.register_parameters(plan.population), register_figures()
    wide, outputs, noise = _wide(plan, run)
    emulator = Emulator.fit(wide, outputs, known.names, known.kinds)
    density = register_fit.log_density(rows, emulator, known, sd=figure_sd(known, emulator, noise))
    start = wide[np.argsort(-density(wide))[: max(200, len(wide) // 10)]]
    chains = register_fit.sample(density, start, seed=plan.seed, steps=plan.steps // 3, burn=plan.steps // 4)

    middle = chains.flat.mean(axis=0)
    rng = np.random.default_rng([plan.seed, 1])
    near = middle + INFLATED * (chains.flat[rng.choice(len(chains.flat), plan.near_points, replace=False)] - middle)
    uniform = register_fit.is_uniform(rows)
    near = np.clip(near, -register_fit.HALF_WIDTH, register_fit.HALF_WIDTH) * uniform + near * (1 - uniform)
    second = _figures(plan, run, near, "registers, near the data", 1)[list(known.names)].to_numpy(float)
    weights = np.concatenate([np.ones(len(near)), np.full(len(wide), WIDE_WEIGHT)])
    emulator = Emulator.fit(np.vstack([near, wide]), np.vstack([second, outputs]), known.names, known.kinds,
                            weights=weights)  # fmt: skip
    density = register_fit.log_density(rows, emulator, known, sd=figure_sd(known, emulator, noise))
    start = chains.flat[rng.choice(len(chains.flat), min(400, len(chains.flat)), replace=False)]
    chains = register_fit.sample(density, start, seed=plan.seed + 1, steps=plan.steps, burn=plan.steps // 3)

    at = chains.flat[rng.choice(len(chains.flat), CHECKED, replace=False)]
    checked = _figures(plan, run, at, "registers, checked at draws", 2, people=2 * plan.people)
    off = emulator(at) - checked[list(known.names)].to_numpy(float)
    variance = noise**2 / 2
    return RegisterFit(
        rows=tuple(rows), known=known, emulator=emulator, noise=noise, bias=off.mean(axis=0),
        spread=np.sqrt(np.maximum((off**2).mean(axis=0) - variance, 0.0)), checked=checked, chains=chains,
    )  # fmt: skip


def _wide(plan: CalibrationPlan, run: Compute) -> tuple[Floats, Floats, Floats]:
    """The first design: coordinates, the model's figures there, and their stochastic standard deviation."""
    known = register_figures()
    wide = register_fit.design(register_fit.register_parameters(plan.population), plan.points, seed=plan.seed)
    repeats = min(REPEATS, len(wide))
    table = _figures(plan, run, np.vstack([wide, wide[:repeats]]), "registers, over the priors", 0)
    outputs = table[list(known.names)].to_numpy(float)
    noise = np.sqrt(np.nanmean((outputs[:repeats] - outputs[len(wide) :]) ** 2, axis=0) / 2)
    return wide, outputs[: len(wide)], noise


def first_emulator(plan: CalibrationPlan, run: Compute) -> tuple[Emulator, Floats]:
    """The emulator over the whole of the priors, and the stochastic variation of the figures it was fitted to."""
    known, (wide, outputs, noise) = register_figures(), _wide(plan, run)
    return Emulator.fit(wide, outputs, known.names, known.kinds), noise


def figure_sd(known: RegisterFigures, emulator: Emulator, noise: Floats) -> Floats:
    """Standard deviation of each figure: its own, and the emulator's error beyond stochastic variation in its test."""
    return np.sqrt(known.sd**2 + np.maximum(emulator.error**2 - noise**2, 0.0))


def _figures(plan: CalibrationPlan, run: Compute, at: Floats, name: str, part: int, people: int = 0) -> pd.DataFrame:
    job = Job(
        name=f"calibrate: {name}", command=plan.command,
        work="experiments.studies.calibration.register_fit:simulate_register_figures",
        context={"scenario": plan.population.to_toml(), "people": people or plan.people},
        pieces=register_fit.tasks(at, _seeds(plan, part)),
    )  # fmt: skip
    return pd.concat(map(pd.DataFrame, run(job)), ignore_index=True)


def _seeds(plan: CalibrationPlan, part: int) -> int:
    return (plan.seed * 16 + part) * 10_000_000 % 2**63


def simulation_bank(
    plan: CalibrationPlan, known: RegisterFit, run: Compute, *, fixed: dict[str, Any] | None = None, part: int = 3,
    name: str = "the trial", changed: Callable[[Floats], Floats] | None = None,
) -> SimulationBank:  # fmt: skip
    """The trial at draws from the registers and the priors of the rest.

    For another model: ``fixed`` are keys that do not follow the draws, ``changed`` gives other coordinates.
    """
    rows = trial_fit.uncertain_parameters(plan.trial)
    if [row.key for row in rows[: len(known.rows)]] != [row.key for row in known.rows]:
        raise ValueError("the two scenarios do not share the uncertain parameters of the registers")
    rng = np.random.default_rng([plan.seed, 3])
    flat = known.chains.flat
    chosen = rng.choice(len(flat), plan.draws, replace=len(flat) < plan.draws)
    at = trial_fit.extended(rows, flat[chosen], seed=plan.seed)
    if changed is not None:
        at = changed(at)
    job = Job(
        name=f"calibrate: {name}", work="experiments.studies.calibration.trial_fit:simulate_trials",
        command=plan.command, context={"scenario": plan.trial.to_toml(), "trials": plan.trials, "fixed": fixed or {}},
        pieces=register_fit.tasks(at, _seeds(plan, part), trial_fit.DRAWS_A_TASK),
    )  # fmt: skip
    return SimulationBank.of(rows, at, list(run(job)))


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """A posterior: a weighted simulation bank, and what says whether to trust it."""

    plan: CalibrationPlan
    known: RegisterFit
    bank: SimulationBank
    by_definition: Floats = field(init=False)  # N x definitions: likelihood times prior of the definition
    weights: Floats = field(init=False)  # N, sum 1

    def __post_init__(self) -> None:
        each = self.bank.likelihoods(self.plan.printed) * np.asarray(self.plan.definitions)
        object.__setattr__(self, "by_definition", each)
        object.__setattr__(self, "weights", each.sum(axis=1) / max(each.sum(), 1e-300))

    @property
    def definition_probabilities(self) -> dict[str, float]:
        """Posterior probability of each definition."""
        total = self.by_definition.sum(axis=0)
        return dict(zip(DEFINITIONS, (total / total.sum()).tolist(), strict=True))

    def diagnostics(self) -> dict[str, float]:
        """Numbers that show whether the posterior can be trusted (see ``refusals``)."""
        known = self.known
        noise = trial_fit.likelihood_stochastic_sd(self.bank, self.plan.printed, self.plan.definitions)
        return {
            "r_hat": known.chains.r_hat, "register_draws": known.chains.effective, "accepted": known.chains.accepted,
            "emulator_bias": float(np.max(np.abs(known.bias) / known.known.sd)),
            "emulator_spread": float(np.max(known.spread / known.known.sd)),
            "register_stochastic_sd": float(np.max(known.emulator.noise / known.known.sd)),
            "trial_draws": effective(self.weights), "largest_weight": float(self.weights.max()),
            "likelihood_stochastic_sd": noise,
        }  # fmt: skip

    def refusals(self) -> list[dict[str, Any]]:
        """Why the posterior must not be used: ``diagnostic``, its ``value`` and the ``bar`` it misses; empty if well.

        A value that is not a number misses every bar.
        """
        found = self.diagnostics()
        at_most = {"r_hat": MOST_R_HAT, "emulator_bias": MOST_BIAS, "largest_weight": MOST_WEIGHT,
                   "likelihood_stochastic_sd": MOST_STOCHASTIC}  # fmt: skip
        at_least = {"register_draws": LEAST_EFFECTIVE, "trial_draws": LEAST_EFFECTIVE}
        missed = {name for name, bar in at_most.items() if not found[name] <= bar}
        missed |= {name for name, bar in at_least.items() if not found[name] >= bar}
        bars = at_most | at_least
        return [{"diagnostic": name, "value": found[name], "bar": bars[name]} for name in found if name in missed]

    def drawn(self) -> pd.DataFrame:
        """Equally probable draws: one column a key and ``trial.definition``; results in columns that begin with ``_``.

        ``_mentored``, ``_control``: risks by the draw's definition in the highest-risk group; ``_any_mentored``,
        ``_any_control``: by the definition ``any``; ``_size_mentored``, ``_size_control``: sizes of the groups behind
        the two percentages.
        """
        rng = np.random.default_rng([self.plan.seed, 4])
        chosen = systematic(self.weights, self.plan.retained, rng)
        each = self.by_definition[chosen] / self.by_definition[chosen].sum(axis=1, keepdims=True)
        definition = (rng.random(len(chosen))[:, None] > np.cumsum(each, axis=1)).sum(axis=1).clip(max=2)
        risks = self.bank.risks()[chosen]
        own = risks[np.arange(len(chosen)), definition]
        table = pd.DataFrame(self.bank.values[chosen], columns=self.bank.keys)
        table["trial.definition"] = [DEFINITIONS[k] for k in definition]
        table["_mentored"], table["_control"] = own[:, 0], own[:, 1]
        table["_any_mentored"], table["_any_control"] = risks[:, 0, 0], risks[:, 0, 1]
        share = self.bank.group_share[chosen]
        for column, risk, mentored in (("_size_mentored", own[:, 0], True), ("_size_control", own[:, 1], False)):
            sizes, probability = self.plan.printed.sizes(risk, share, mentored=mentored)
            pick = (rng.random(len(chosen))[:, None] > np.cumsum(probability, axis=1)).sum(axis=1)
            table[column] = sizes[pick.clip(max=len(sizes) - 1)].astype(int)
        order = rng.permutation(len(table))
        return table.iloc[order].reset_index(drop=True)


def systematic(weights: Floats, number: int, rng: np.random.Generator) -> Sequence[int] | Any:
    """Rows drawn in proportion to weights, evenly spaced (systematic resampling): array of ``number``."""
    at = (rng.random() + np.arange(number)) / number
    return np.searchsorted(np.cumsum(weights) / weights.sum(), at).clip(max=len(weights) - 1)


def calibrated(plan: CalibrationPlan, run: Compute) -> Calibration:
    """The whole calibration; ``run`` computes jobs."""
    known = from_registers(plan, run)
    return Calibration(plan=plan, known=known, bank=simulation_bank(plan, known, run))

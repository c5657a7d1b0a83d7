"""What 97 people can tell us: a posterior of what the trial and the registers leave open.

First the registers: a response surface of the model's figures over the priors, a second one where they agree with the
data, sampled by emcee. Then the trial: it is re-run at draws from the registers' posterior and the priors of the rest,
and each draw is weighted by the probability that 97 people print 29 % and 67 %. Together that is Bayes' rule for both
sources at once; the definition of reoffending that the trial used, and the sizes behind the percentages, are summed
over. What comes out is refused where a diagnostic says that it cannot be trusted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from experiments.execution.jobs import Job, Table
from experiments.inputs.rounded_percentages import Printed
from experiments.statistics.response_surface import Floats, Surface
from experiments.studies.calibration import register_fit, trial_fit
from experiments.studies.calibration.register_fit import Chains, Facts, facts
from experiments.studies.calibration.trial_fit import Bank, effective
from simulation.outcomes import DEFINITIONS
from simulation.parameters import ParameterError, Quantity
from simulation.scenario import Scenario

Runner = Callable[[Job], Iterator[Table]]
"""Gives the tables of a job's pieces, in order."""

REPEATS = 100
"""Places of the design that are told again on other luck, to see how much is chance."""
CHECKED = 80
"""Draws at which the surface is compared with the model, with twice as many people."""
INFLATED = 1.3
"""How much wider than the first posterior the second design is."""
WIDE_WEIGHT = 0.25
"""Weight of the first design in the second surface."""
MOST_R_HAT, LEAST_EFFECTIVE, MOST_BIAS, MOST_CHANCE, MOST_WEIGHT = 1.05, 400.0, 0.5, 0.5, 0.05
"""Beyond these nothing is reported: convergence; effective draws of either step; bias of the surface in standard
deviations of a figure; chance in the log likelihood; the largest share of one draw."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Everything that decides a calibration."""

    population: Scenario
    """Everybody released, without a programme: what the registers speak of."""
    trial: Scenario
    """The trial: what 29 and 67 % speak of."""
    seed: int = 1
    points: int = register_fit.POINTS
    near_points: int = register_fit.NEAR_POINTS
    people: int = register_fit.PEOPLE
    steps: int = 2_400
    draws: int = 4_000
    trials: int = 100
    kept: int = 2_000
    printed: Printed = field(default_factory=Printed)
    definitions: tuple[float, ...] = trial_fit.EVEN
    command: str = ""

    def __post_init__(self) -> None:
        if self.population.trial.assignment != "nobody" or self.population.trial.signed_up:
            raise ParameterError(
                f"--population is [{self.population.name}], in which people are in a trial or a programme; the "
                "registers speak of everybody released: use everyone, or set trial.assignment to nobody"
            )
        if self.trial.trial.assignment != "randomised" or len(self.trial.programme) != 1:
            raise ParameterError(
                f"--scenario is [{self.trial.name}], which is no trial of one programme; use trial, or set "
                "trial.assignment to randomised and leave one programme"
            )


@dataclass(frozen=True, kw_only=True)
class Registers:
    """What the registers leave: chains, the surface behind them, and how well it fits."""

    rows: tuple[Quantity, ...]
    known: Facts
    surface: Surface
    noise: Floats  # chance of one figure of the design, by figure
    bias: Floats  # mean of surface minus model at draws, by figure
    spread: Floats  # root mean square of surface minus model at draws beyond chance, by figure
    checked: pd.DataFrame  # the model's own figures at draws
    chains: Chains


def from_registers(plan: Plan, run: Runner) -> Registers:
    """The first half: what the registers say."""
    rows, known = register_fit.told(plan.population), facts()
    wide, outputs, noise = _wide(plan, run)
    surface = Surface.fit(wide, outputs, known.names, known.kinds)
    density = register_fit.log_density(rows, surface, known, doubt=doubt_of(known, surface, noise))
    start = wide[np.argsort(-density(wide))[: max(200, len(wide) // 10)]]
    chains = register_fit.sample(density, start, seed=plan.seed, steps=plan.steps // 3, burn=plan.steps // 4)

    middle = chains.flat.mean(axis=0)
    luck = np.random.default_rng([plan.seed, 1])
    near = middle + INFLATED * (chains.flat[luck.choice(len(chains.flat), plan.near_points, replace=False)] - middle)
    near = np.clip(near, -register_fit.HALF_WIDTH, register_fit.HALF_WIDTH) * register_fit.is_uniform(rows) + near * (
        1 - register_fit.is_uniform(rows)
    )
    second = _figures(plan, run, near, "registers, near the data", 1)[list(known.names)].to_numpy(float)
    weights = np.concatenate([np.ones(len(near)), np.full(len(wide), WIDE_WEIGHT)])
    surface = Surface.fit(
        np.vstack([near, wide]), np.vstack([second, outputs]), known.names, known.kinds, weights=weights
    )
    density = register_fit.log_density(rows, surface, known, doubt=doubt_of(known, surface, noise))
    start = chains.flat[luck.choice(len(chains.flat), min(400, len(chains.flat)), replace=False)]
    chains = register_fit.sample(density, start, seed=plan.seed + 1, steps=plan.steps, burn=plan.steps // 3)

    at = chains.flat[luck.choice(len(chains.flat), CHECKED, replace=False)]
    checked = _figures(plan, run, at, "registers, checked at draws", 2, people=2 * plan.people)
    off = surface(at) - checked[list(known.names)].to_numpy(float)
    chance = noise**2 / 2
    return Registers(
        rows=tuple(rows), known=known, surface=surface, noise=noise, bias=off.mean(axis=0),
        spread=np.sqrt(np.maximum((off**2).mean(axis=0) - chance, 0.0)), checked=checked, chains=chains,
    )  # fmt: skip


def _wide(plan: Plan, run: Runner) -> tuple[Floats, Floats, Floats]:
    """The first design: places, the model's figures there, and how much of each is chance."""
    known = facts()
    wide = register_fit.design(register_fit.told(plan.population), plan.points, seed=plan.seed)
    repeats = min(REPEATS, len(wide))
    table = _figures(plan, run, np.vstack([wide, wide[:repeats]]), "registers, over the priors", 0)
    outputs = table[list(known.names)].to_numpy(float)
    noise = np.sqrt(np.nanmean((outputs[:repeats] - outputs[len(wide) :]) ** 2, axis=0) / 2)
    return wide, outputs[: len(wide)], noise


def first_surface(plan: Plan, run: Runner) -> tuple[Surface, Floats]:
    """The surface over the whole of the priors, and the chance in the figures it was fitted to."""
    known = facts()
    wide, outputs, noise = _wide(plan, run)
    return Surface.fit(wide, outputs, known.names, known.kinds), noise


def doubt_of(known: Facts, surface: Surface, noise: Floats) -> Floats:
    """Standard deviation of each figure: its own, and the surface's error beyond the chance in its test."""
    return np.sqrt(known.sd**2 + np.maximum(surface.error**2 - noise**2, 0.0))


def _figures(plan: Plan, run: Runner, where: Floats, name: str, part: int, people: int = 0) -> pd.DataFrame:
    job = Job(
        name=f"calibrate: {name}", work="experiments.studies.calibration.register_fit:piece", command=plan.command,
        context={"scenario": plan.population.to_toml(), "people": people or plan.people},
        pieces=register_fit.pieces(where, _seeds(plan, part)),
    )  # fmt: skip
    return pd.concat([pd.DataFrame(table) for table in run(job)], ignore_index=True)


def _seeds(plan: Plan, part: int) -> int:
    return (plan.seed * 16 + part) * 10_000_000 % 2**63


def bank_of(
    plan: Plan, known: Registers, run: Runner, *, fixed: dict[str, Any] | None = None, part: int = 3,
    name: str = "the trial", moved: Callable[[Floats], Floats] | None = None,
) -> Bank:  # fmt: skip
    """The trial at draws from the registers and the priors of the rest.

    For a rival explanation: ``fixed`` are keys that do not follow the draws, ``moved`` changes the places.
    """
    rows = trial_fit.all_doubts(plan.trial)
    if [row.key for row in rows[: len(known.rows)]] != [row.key for row in known.rows]:
        raise ValueError("the two scenarios do not share the doubts of the registers")
    luck = np.random.default_rng([plan.seed, 3])
    flat = known.chains.flat
    chosen = luck.choice(len(flat), plan.draws, replace=len(flat) < plan.draws)
    where = trial_fit.extended(rows, flat[chosen], seed=plan.seed)
    if moved is not None:
        where = moved(where)
    job = Job(
        name=f"calibrate: {name}", work="experiments.studies.calibration.trial_fit:piece", command=plan.command,
        context={"scenario": plan.trial.to_toml(), "trials": plan.trials, "fixed": fixed or {}},
        pieces=trial_fit.pieces(where, _seeds(plan, part)),
    )  # fmt: skip
    return Bank.of(rows, where, list(run(job)))


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """A posterior: a weighted bank, and what says whether to trust it."""

    plan: Plan
    known: Registers
    bank: Bank
    by_definition: Floats = field(init=False)  # N x definitions: likelihood times prior of the definition
    weights: Floats = field(init=False)  # N, sum 1

    def __post_init__(self) -> None:
        each = self.bank.likelihoods(self.plan.printed) * np.asarray(self.plan.definitions)
        object.__setattr__(self, "by_definition", each)
        object.__setattr__(self, "weights", each.sum(axis=1) / max(each.sum(), 1e-300))

    @property
    def definition_chances(self) -> dict[str, float]:
        """Posterior probability of each definition."""
        total = self.by_definition.sum(axis=0)
        return dict(zip(DEFINITIONS, (total / total.sum()).tolist(), strict=True))

    def diagnostics(self) -> dict[str, float]:
        """What says whether the posterior can be trusted (see ``refusals``)."""
        chance = trial_fit.chance_in_likelihood(self.bank, self.plan.printed, self.plan.definitions)
        known = self.known
        return {
            "r_hat": known.chains.r_hat, "register_draws": known.chains.effective, "accepted": known.chains.accepted,
            "surface_bias": float(np.max(np.abs(known.bias) / known.known.sd)),
            "surface_spread": float(np.max(known.spread / known.known.sd)),
            "register_chance": float(np.max(known.surface.noise / known.known.sd)),
            "trial_draws": effective(self.weights), "largest_weight": float(self.weights.max()),
            "likelihood_chance": chance,
        }  # fmt: skip

    def refusals(self) -> list[str]:
        """Why nothing should be reported, in words; empty if all is well."""
        d = self.diagnostics()
        told = []
        if not d["r_hat"] <= MOST_R_HAT:
            told.append(f"the chains have not converged (R-hat {d['r_hat']:.3f}, at most {MOST_R_HAT}); raise --steps")
        if not d["register_draws"] >= LEAST_EFFECTIVE:
            told.append(f"only {d['register_draws']:.0f} effective draws from the registers, at least "
                        f"{LEAST_EFFECTIVE:.0f}; raise --steps")  # fmt: skip
        if not d["surface_bias"] <= MOST_BIAS:
            told.append(f"the response surface is off by {d['surface_bias']:.2f} standard deviations of a figure, at "
                        f"most {MOST_BIAS}; raise --points")  # fmt: skip
        if not d["trial_draws"] >= LEAST_EFFECTIVE:
            told.append(f"only {d['trial_draws']:.0f} effective draws after the trial, at least "
                        f"{LEAST_EFFECTIVE:.0f}; raise --draws")  # fmt: skip
        if not d["largest_weight"] <= MOST_WEIGHT:
            told.append(f"one draw carries {100 * d['largest_weight']:.0f} % of all weight, at most "
                        f"{100 * MOST_WEIGHT:.0f} %; raise --draws")  # fmt: skip
        if not d["likelihood_chance"] <= MOST_CHANCE:
            told.append(f"chance moves the log likelihood by {d['likelihood_chance']:.2f}, at most {MOST_CHANCE}; "
                        "raise --trials")  # fmt: skip
        return told

    def drawn(self) -> pd.DataFrame:
        """Equally probable draws: one column a key and ``trial.definition``; results in columns that begin with ``_``.

        ``_mentored``, ``_control``: risks by the draw's definition in the highest-risk group; ``_any_mentored``,
        ``_any_control``: by the definition ``any``; ``_size_mentored``, ``_size_control``: sizes of the groups behind
        the two percentages.
        """
        luck = np.random.default_rng([self.plan.seed, 4])
        chosen = systematic(self.weights, self.plan.kept, luck)
        chances = self.by_definition[chosen] / self.by_definition[chosen].sum(axis=1, keepdims=True)
        definition = (luck.random(len(chosen))[:, None] > np.cumsum(chances, axis=1)).sum(axis=1).clip(max=2)
        risks = self.bank.risks()[chosen]
        own = risks[np.arange(len(chosen)), definition]
        table = pd.DataFrame(self.bank.values[chosen], columns=self.bank.keys)
        table["trial.definition"] = [DEFINITIONS[k] for k in definition]
        table["_mentored"], table["_control"] = own[:, 0], own[:, 1]
        table["_any_mentored"], table["_any_control"] = risks[:, 0, 0], risks[:, 0, 1]
        share = self.bank.group_share[chosen]
        for column, risk, mentored in (("_size_mentored", own[:, 0], True), ("_size_control", own[:, 1], False)):
            sizes, chance = self.plan.printed.sizes(risk, share, mentored=mentored)
            pick = (luck.random(len(chosen))[:, None] > np.cumsum(chance, axis=1)).sum(axis=1).clip(max=len(sizes) - 1)
            table[column] = sizes[pick].astype(int)
        order = luck.permutation(len(table))
        return table.iloc[order].reset_index(drop=True)


def systematic(weights: Floats, number: int, luck: np.random.Generator) -> Sequence[int] | Any:
    """Rows drawn in proportion to weights, evenly spaced (systematic resampling): array of ``number``."""
    at = (luck.random() + np.arange(number)) / number
    return np.searchsorted(np.cumsum(weights) / weights.sum(), at).clip(max=len(weights) - 1)


def calibrate(plan: Plan, run: Runner) -> Calibration:
    """The whole calibration; ``run`` computes jobs (see ``runs.finish``)."""
    known = from_registers(plan, run)
    return Calibration(plan=plan, known=known, bank=bank_of(plan, known, run))

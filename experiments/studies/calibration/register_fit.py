"""The calibration on the registers, whose people are all released: the first half of the calibration.

Timing, counts and gradients of reoffending are known from Denmark and abroad (``data/baseline_targets.csv``, each with
its own standard deviation). The uncertain parameters of people, risk, offences and support are sampled by emcee from
their posterior given these figures, with an emulator of the model that is compared with the model at the draws.

Parameters are sampled in *coordinates* of about -2 to 2: a uniform prior is stretched to +-1.7, and any other is mapped
to the normal distribution, so that the middle of every prior is 0 and its variance 1.

References
----------
Foreman-Mackey, Hogg, Lang & Goodman (2013), PASP 125:306, doi:10.1086/670067 (emcee).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from scipy.special import ndtr, ndtri
from scipy.stats import qmc

from experiments.inputs.parameter_points import at_point, at_shares, uncertain_quantities
from experiments.inputs.scenario_files import written
from experiments.statistics.response_surface import Floats, Kind
from experiments.studies.validation.baseline import measure, targets
from simulation.parameters import Quantity
from simulation.scenario import Scenario

THIN = 10
"""Every tenth step of the sampler is kept."""
POINTS_A_TASK = 20
HALF_WIDTH = float(np.sqrt(3.0))
"""Ends of a uniform prior in coordinates: it has variance 1 there."""
SILENT = ("people.accepts_volunteers", "people.accepts_system", "people.acceptance_by_motivation",
          "risk.hazard_multiplier", "risk.high_risk_share")  # fmt: skip
"""Parameters on which registers of everybody released give no information (who signs up, and the trial's own)."""
KINDS: dict[str, Kind] = {"age_hazard_ratio": "ratio", "priors_hazard_ratio": "ratio", "hazard_year_2": "ratio"}
"""How figures are regressed, where not as shares."""


@dataclass(frozen=True, kw_only=True)
class RegisterFigures:
    """Figures of the registers: M names, values and standard deviations."""

    names: tuple[str, ...]
    observed: Floats
    sd: Floats

    @property
    def kinds(self) -> list[Kind]:
        """How each is regressed."""
        return [KINDS.get(name, "share") for name in self.names]


def register_figures() -> RegisterFigures:
    """The figures that count in the likelihood."""
    table = targets().dropna(subset=["sd"])
    return RegisterFigures(
        names=tuple(table["id"]), observed=table["observed"].to_numpy(float), sd=table["sd"].to_numpy(float)
    )


def register_parameters(base: Scenario) -> list[Quantity]:
    """The uncertain parameters on which the registers give information."""
    rows = uncertain_quantities(base)
    return [row for row in rows if row.key.split(".")[0] not in ("volunteers", "programme", "effect")
            and row.key not in SILENT]  # fmt: skip


def is_uniform(rows: Sequence[Quantity]) -> Floats:
    """1 for each quantity with a uniform prior, 0 for others."""
    return np.array([1.0 if row.prior.startswith("U") else 0.0 for row in rows])


def coordinates(rows: Sequence[Quantity], shares: Floats) -> Floats:
    """Coordinates at shares of the priors (N x K, 0-1)."""
    inside = np.clip(shares, 1e-6, 1 - 1e-6)
    return np.where(is_uniform(rows) > 0, (2 * inside - 1) * HALF_WIDTH, ndtri(inside))


def prior_shares(rows: Sequence[Quantity], at: Floats) -> Floats:
    """Shares of the priors at coordinates (N x K)."""
    return np.where(is_uniform(rows) > 0, (at / HALF_WIDTH + 1) / 2, ndtr(at))


def log_prior(rows: Sequence[Quantity], at: Floats) -> Floats:
    """Log density of the priors at N x K coordinates (array of N; -inf outside a uniform one)."""
    uniform = is_uniform(rows) > 0
    inside = (np.abs(at[:, uniform]) <= HALF_WIDTH).all(axis=1)
    return np.where(inside, -0.5 * (at[:, ~uniform] ** 2).sum(axis=1), -np.inf)


@lru_cache(maxsize=8)
def base_of(text: str) -> tuple[Scenario, tuple[Quantity, ...]]:
    """A population from its TOML, with the uncertain parameters on which the registers give information."""
    base = written(text)
    return base, tuple(register_parameters(base))


def scenarios_at(
    base: Scenario, rows: Sequence[Quantity], payload: Mapping[str, Any], fixed: Mapping[str, Any] | None = None
) -> Iterator[tuple[Scenario, int]]:
    """The scenario and the seed of each design point of a payload: ``coordinates`` (N x K) and ``seeds`` (N).

    Keys in ``fixed`` do not follow the points.
    """
    values = at_shares(rows, prior_shares(rows, np.array(payload["coordinates"])))
    for point, seed in zip(values, payload["seeds"], strict=True):
        sampled = {row.key: float(value) for row, value in zip(rows, point, strict=True)}
        yield at_point(base, {**sampled, **(fixed or {})}), seed


def simulate_register_figures(context: dict[str, Any], payload: dict[str, Any]) -> dict[str, list[float]]:
    """The model's figures at the design points of a payload; ``context`` has ``scenario`` (TOML) and ``people``."""
    found = [measure(scenario, seed=seed, people=context["people"], threads=1)
             for scenario, seed in scenarios_at(*base_of(context["scenario"]), payload)]  # fmt: skip
    return {name: [float(each[name]) for each in found] for name in found[0]}


def tasks(at: Floats, first_seed: int, size: int = POINTS_A_TASK) -> list[dict[str, Any]]:
    """Coordinates cut into payloads of ``size`` rows; each row has a seed of its own."""
    rounded = [[float(f"{value:.7g}") for value in row] for row in at]
    seeds = range(first_seed, first_seed + len(rounded))
    return [{"coordinates": rounded[k : k + size], "seeds": list(seeds[k : k + size])}
            for k in range(0, len(rounded), size)]  # fmt: skip


def design(rows: Sequence[Quantity], number: int, *, seed: int) -> Floats:
    """Coordinates that fill the priors evenly (scrambled Sobol' sequence): N x K."""
    sampler = qmc.Sobol(len(rows), rng=seed)
    shares = sampler.random_base2(int(np.ceil(np.log2(number))))[:number]
    return np.asarray(coordinates(rows, shares))


def log_density(
    rows: Sequence[Quantity], emulator: Callable[[Floats], Floats], known: RegisterFigures, *, sd: Floats
) -> Callable[[Floats], Floats]:
    """Log posterior density at N x K coordinates, up to a constant; ``emulator`` gives the M figures there.

    ``sd`` (M) is the standard deviation of each figure: its own, and the emulator's error.
    """

    def density(at: Floats) -> Floats:
        prior = log_prior(rows, at)
        good = np.isfinite(prior)
        value = np.full(len(at), -np.inf)
        if good.any():
            z = (emulator(at[good]) - known.observed) / sd
            value[good] = prior[good] - 0.5 * (z * z).sum(axis=1)
        return value

    return density


@dataclass(frozen=True, kw_only=True)
class Chains:
    """Draws of independent ensembles (E x S x W x K coordinates), and whether they have converged."""

    coordinates: Floats
    time: float  # autocorrelation time in steps, the longest of all quantities
    accepted: float  # share of proposals accepted

    @property
    def flat(self) -> Floats:
        """All draws: N x K."""
        return self.coordinates.reshape(-1, self.coordinates.shape[-1])

    @property
    def effective(self) -> float:
        """Effective number of draws for the slowest quantity."""
        return float(len(self.flat) / max(self.time, 1.0))

    @property
    def r_hat(self) -> float:
        """Potential scale reduction between the halves of the ensembles, the largest of all quantities."""
        ensembles, steps = self.coordinates.shape[:2]
        halves = self.coordinates[:, : steps // 2 * 2].reshape(ensembles * 2, -1, *self.coordinates.shape[2:])
        halves = halves.reshape(len(halves), -1, self.coordinates.shape[-1])
        within = halves.var(axis=1, ddof=1).mean(axis=0)
        between = halves.mean(axis=1).var(axis=0, ddof=1)
        return float(np.sqrt(1 + between / np.maximum(within, 1e-300)).max())


def walkers(parameters: int) -> int:
    """How many walkers an ensemble has for so many parameters; as many points are needed to begin at."""
    return 2 * (parameters + 3)


def sample(
    density: Callable[[Floats], Floats], start: Floats, *, seed: int, steps: int, burn: int, thin: int = THIN,
    ensembles: int = 2,
) -> Chains:  # fmt: skip
    """Draws from a log density by emcee: independent ensembles of walkers that begin at random rows of ``start``.

    Each ensemble discards ``burn`` steps and retains ``steps`` (before thinning). The moves add and multiply number by
    number. So the draws are the same on processors whose linear algebra adds in another order, as long as no proposal
    is decided by the last digit of the density.
    """
    import emcee  # only needed for sampling, not by the workers that simulate
    from emcee.autocorr import integrated_time  # the same

    number_of_walkers = walkers(start.shape[1])
    chains, times, accepted = [], [], []
    for number in range(ensembles):
        rng = np.random.default_rng([seed, number])
        plain = start[rng.choice(len(start), number_of_walkers, replace=False)]
        moved = plain + 1e-3 * rng.standard_normal(plain.shape)
        first = np.where(np.isfinite(density(moved))[:, None], moved, plain)
        moves = [(emcee.moves.DEMove(), 0.7), (emcee.moves.StretchMove(), 0.3)]
        sampler = emcee.EnsembleSampler(number_of_walkers, start.shape[1], density, moves=moves, vectorize=True)
        state = np.random.RandomState(int(rng.integers(2**31))).get_state()
        sampler.random_state = state
        settled = sampler.run_mcmc(first, burn, progress=False)
        sampler.reset()
        sampler.run_mcmc(settled, steps, progress=False)
        chain = sampler.get_chain()
        chains.append(chain[::thin])
        times.append(float(np.max(integrated_time(chain, tol=0, quiet=True))))
        accepted.append(float(np.mean(sampler.acceptance_fraction)))
    return Chains(coordinates=np.array(chains), time=max(times) / thin, accepted=float(np.mean(accepted)))

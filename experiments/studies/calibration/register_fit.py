"""What the registers say of the released population: the first half of the calibration.

Timing, counts and gradients of reoffending are known from Denmark and abroad (``data/baseline_targets.csv``, each with
the standard deviation of its own doubt). Of everything that is doubted about people, risk, offences and support, this
gives draws that agree with them: a response surface of the model's own figures, sampled by emcee, and afterwards
checked against the model at the draws.

Places in the space of doubts are numbers of about -2 to 2: a prior that is uniform is stretched to +-1.7, any other is
mapped to the normal distribution, so that the middle of every prior is 0.

References
----------
Foreman-Mackey, Hogg, Lang & Goodman (2013), PASP 125:306, doi:10.1086/670067 (emcee).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from experiments.inputs.parameter_points import at_point, at_shares, doubted
from experiments.inputs.scenario_files import written
from experiments.statistics.response_surface import Floats, Kind, Surface
from experiments.studies.validation.baseline import measure, targets
from simulation.parameters import Quantity
from simulation.scenario import Scenario

PEOPLE = 10_000
"""People told at each point of the design; each point has luck of its own."""
POINTS = 2_000
"""Points of the first design, over the priors."""
NEAR_POINTS = 900
"""Points of the second design, where the registers agree."""
ROWS_A_PIECE = 20
HALF_WIDTH = float(np.sqrt(3.0))
"""Ends of a uniform prior in the space of doubts: it has variance 1 there."""
SILENT = ("people.accepts_volunteers", "people.accepts_system", "people.acceptance_by_motivation", "risk.level",
          "risk.highest_share")  # fmt: skip
"""Doubts on which registers of everybody released say nothing (who signs up, and the trial's own)."""
KINDS: dict[str, Kind] = {"age_hazard_ratio": "ratio", "priors_hazard_ratio": "ratio", "hazard_year_2": "ratio"}
"""How figures are regressed, where not as shares."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Figures of the registers: M names, values and standard deviations."""

    names: tuple[str, ...]
    observed: Floats
    sd: Floats

    @property
    def kinds(self) -> list[Kind]:
        """How each is regressed."""
        return [KINDS.get(name, "share") for name in self.names]


def facts() -> Facts:
    """The figures that count in the likelihood."""
    table = targets().dropna(subset=["sd"])
    return Facts(names=tuple(table["id"]), observed=table["observed"].to_numpy(float), sd=table["sd"].to_numpy(float))


def told(base: Scenario) -> list[Quantity]:
    """The doubts on which the registers say something."""
    return [row for row in doubted(base) if row.key.split(".")[0] not in ("volunteers", "programme", "effect")
            and row.key not in SILENT]  # fmt: skip


def is_uniform(rows: Sequence[Quantity]) -> Floats:
    """1 for each quantity with a uniform prior, 0 for others."""
    return np.array([1.0 if row.prior.startswith("U") else 0.0 for row in rows])


def places(rows: Sequence[Quantity], shares: Floats) -> Floats:
    """Shares of priors (N x K, 0-1) as places in the space of doubts."""
    from scipy.special import ndtri

    inside = np.clip(shares, 1e-6, 1 - 1e-6)
    return np.where(is_uniform(rows) > 0, (2 * inside - 1) * HALF_WIDTH, ndtri(inside))


def shares_of(rows: Sequence[Quantity], where: Floats) -> Floats:
    """Places in the space of doubts as shares of priors."""
    from scipy.special import ndtr

    return np.where(is_uniform(rows) > 0, (where / HALF_WIDTH + 1) / 2, ndtr(where))


def log_prior(rows: Sequence[Quantity], where: Floats) -> Floats:
    """Log density of the priors at N x K places (array of N; -inf outside a uniform one)."""
    uniform = is_uniform(rows) > 0
    inside = (np.abs(where[:, uniform]) <= HALF_WIDTH).all(axis=1)
    return np.where(inside, -0.5 * (where[:, ~uniform] ** 2).sum(axis=1), -np.inf)


@lru_cache(maxsize=8)
def base_of(text: str) -> tuple[Scenario, tuple[Quantity, ...]]:
    """A population from its TOML, with the doubts on which the registers say something."""
    base = written(text)
    return base, tuple(told(base))


def piece(context: dict[str, Any], payload: dict[str, Any]) -> dict[str, list[float]]:
    """The model's figures at some places: what a store keeps.

    ``context`` has ``scenario`` (TOML) and ``people``; ``payload`` has ``places`` (N x K) and ``seeds`` (N).
    """
    base, rows = base_of(context["scenario"])
    values = at_shares(rows, shares_of(rows, np.array(payload["places"])))
    found = []
    for point, seed in zip(values, payload["seeds"], strict=True):
        scenario = at_point(base, {row.key: float(value) for row, value in zip(rows, point, strict=True)})
        found.append(measure(scenario, seed=seed, people=context["people"], threads=1))
    return {name: [float(each[name]) for each in found] for name in found[0]}


def pieces(where: Floats, first_seed: int) -> list[dict[str, Any]]:
    """Places cut into payloads for ``piece``; each place has a seed of its own."""
    spelled = [[float(f"{value:.7g}") for value in row] for row in where]
    return [
        {"places": part, "seeds": list(range(first_seed + k, first_seed + k + len(part)))}
        for k in range(0, len(spelled), ROWS_A_PIECE)
        for part in [spelled[k : k + ROWS_A_PIECE]]
    ]


def design(rows: Sequence[Quantity], number: int, *, seed: int) -> Floats:
    """Places that fill the priors evenly (scrambled Sobol' sequence): N x K."""
    from scipy.stats import qmc

    sampler = qmc.Sobol(len(rows), rng=seed)
    shares = sampler.random_base2(int(np.ceil(np.log2(number))))[:number]
    return np.asarray(places(rows, shares))


def log_density(
    rows: Sequence[Quantity], surface: Surface, known: Facts, *, doubt: Floats
) -> Callable[[Floats], Floats]:
    """Log posterior density at N x K places, up to a constant.

    ``doubt`` (M) is the standard deviation of each figure: its own, and the surface's error.
    """

    def density(where: Floats) -> Floats:
        prior = log_prior(rows, where)
        good = np.isfinite(prior)
        value = np.full(len(where), -np.inf)
        if good.any():
            z = (surface(where[good]) - known.observed) / doubt
            value[good] = prior[good] - 0.5 * (z * z).sum(axis=1)
        return value

    return density


@dataclass(frozen=True, kw_only=True)
class Chains:
    """Draws of independent ensembles: E x S x W x K places, and what says whether they have converged."""

    places: Floats
    time: float  # autocorrelation time in steps, the longest of all quantities
    accepted: float  # share of proposals accepted

    @property
    def flat(self) -> Floats:
        """All draws: N x K."""
        return self.places.reshape(-1, self.places.shape[-1])

    @property
    def effective(self) -> float:
        """Effective number of draws for the slowest quantity."""
        return float(len(self.flat) / max(self.time, 1.0))

    @property
    def r_hat(self) -> float:
        """Potential scale reduction between the halves of the ensembles, the largest of all quantities."""
        ensembles, steps = self.places.shape[:2]
        halves = self.places[:, : steps // 2 * 2].reshape(ensembles * 2, -1, *self.places.shape[2:])
        halves = halves.reshape(len(halves), -1, self.places.shape[-1])
        within = halves.var(axis=1, ddof=1).mean(axis=0)
        between = halves.mean(axis=1).var(axis=0, ddof=1)
        return float(np.sqrt(1 + between / np.maximum(within, 1e-300)).max())


def sample(
    density: Callable[[Floats], Floats], start: Floats, *, seed: int, steps: int, burn: int, thin: int = 10,
    ensembles: int = 2, shown: Callable[[Iterable[int]], Iterable[int]] = iter,
) -> Chains:  # fmt: skip
    """Draws from a density by emcee: some independent ensembles of walkers.

    The moves add and multiply number by number. So the draws are the same on processors whose linear algebra adds in
    another order, as long as no proposal is decided by the last digit of the density.

    Parameters
    ----------
    density
        Log density at N x K places.
    start
        Places from which the walkers of each ensemble are taken, at random (N x K).
    seed, steps, burn, thin, ensembles
        Luck; steps kept (before thinning) and steps forgotten of each ensemble.
    shown
        May wrap the numbers of the ensembles to show progress.
    """
    import emcee
    from emcee.autocorr import integrated_time

    walkers = 2 * (start.shape[1] + 3)
    kept, times, accepted = [], [], []
    for number in shown(range(ensembles)):
        luck = np.random.default_rng([seed, number])
        plain = start[luck.choice(len(start), walkers, replace=False)]
        moved = plain + 1e-3 * luck.standard_normal(plain.shape)
        first = np.where(np.isfinite(density(moved))[:, None], moved, plain)
        moves = [(emcee.moves.DEMove(), 0.7), (emcee.moves.StretchMove(), 0.3)]
        sampler = emcee.EnsembleSampler(walkers, start.shape[1], density, moves=moves, vectorize=True)
        state = np.random.RandomState(int(luck.integers(2**31))).get_state()
        sampler.random_state = state
        settled = sampler.run_mcmc(first, burn, progress=False)
        sampler.reset()
        sampler.run_mcmc(settled, steps, progress=False)
        chain = sampler.get_chain()
        kept.append(chain[::thin])
        times.append(float(np.max(integrated_time(chain, tol=0, quiet=True))))
        accepted.append(float(np.mean(sampler.acceptance_fraction)))
    return Chains(places=np.array(kept), time=max(times) / thin, accepted=float(np.mean(accepted)))

"""The trial, simulated at draws of every uncertain parameter: the second half of the calibration.

Draws given the registers (``register_fit``) are joined with draws from the priors of the other parameters. The trial is
simulated many times at each draw, which gets the probability of the reported pair. The runs do not depend on that pair,
so one simulation bank serves the real trial and any number of simulated ones (importance sampling).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import qmc

from experiments.inputs.parameter_points import at_shares, uncertain_quantities
from experiments.inputs.scenario_files import written
from experiments.inputs.trial_result import Printed
from experiments.statistics.response_surface import Floats
from experiments.studies.calibration.register_fit import coordinates, prior_shares, register_parameters, scenarios_at
from simulation.outcomes import DEFINITIONS
from simulation.parameters import Quantity
from simulation.scenario import Scenario
from simulation.trial_counts import CONTROL, HIGHEST, MEASURES, MENTORED, trial_counts

DRAWS_A_TASK = 10
EVEN = tuple(1 / len(DEFINITIONS) for _ in DEFINITIONS)
"""Prior of the definition that the trial used: nothing is known, so all three are equally probable."""


def uncertain_parameters(base: Scenario) -> list[Quantity]:
    """Every uncertain parameter: those that the registers inform first, then the rest."""
    first = register_parameters(base)
    known = {row.key for row in first}
    return [*first, *(row for row in uncertain_quantities(base) if row.key not in known)]


@lru_cache(maxsize=8)
def base_of(text: str) -> tuple[Scenario, tuple[Quantity, ...]]:
    """A trial from its TOML, with every uncertain parameter."""
    base = written(text)
    return base, tuple(uncertain_parameters(base))


def simulate_trials(context: dict[str, Any], payload: dict[str, Any]) -> dict[str, list[Any]]:
    """Counts of the first and of the second half of the trials at each draw: arms x groups x ``MEASURES`` in one row.

    ``context`` has ``scenario`` (TOML), ``trials`` (at each draw) and ``fixed`` (keys that do not follow the draw).
    """
    half = (context["trials"] + 1) // 2
    out: dict[str, list[Any]] = {"first": [], "second": []}
    for scenario, seed in scenarios_at(*base_of(context["scenario"]), payload, context["fixed"]):
        counts = trial_counts(scenario, seed=seed, trials=context["trials"], threads=1)
        out["first"].append(counts[:half].sum(axis=0).ravel().tolist())
        out["second"].append(counts[half:].sum(axis=0).ravel().tolist())
    return out


def extended(rows: Sequence[Quantity], known: Floats, *, seed: int) -> Floats:
    """Coordinates of N draws from the registers, extended by the priors of the other uncertain parameters (N x K).

    ``rows`` are all uncertain parameters, those of the registers first. The others are sampled with a Latin hypercube,
    so that chance in drawing from a prior is not taken for knowledge.
    """
    number, dims = known.shape
    rest = list(rows[dims:])
    shares = qmc.LatinHypercube(len(rest), rng=np.random.default_rng([seed, 2])).random(number)
    return np.hstack([known, coordinates(rest, shares)])


@dataclass(frozen=True, kw_only=True)
class SimulationBank:
    """Draws with what the trial gives at each of them."""

    rows: tuple[Quantity, ...]
    coordinates: Floats  # N x K
    counts: npt.NDArray[np.int64]  # N x 2 halves x arms x groups x MEASURES

    @classmethod
    def of(cls, rows: Sequence[Quantity], at: Floats, tables: Sequence[dict[str, list[Any]]]) -> SimulationBank:
        """A bank from the tables of ``simulate_trials``, in order, at N x K coordinates."""
        halves = [np.concatenate([np.array(table[half], np.int64) for table in tables]) for half in ("first", "second")]
        counts = np.stack(halves, axis=1).reshape(len(at), 2, 2, 2, len(MEASURES))
        return cls(rows=tuple(rows), coordinates=at, counts=counts)

    @property
    def keys(self) -> list[str]:
        """What the columns of ``values`` are."""
        return [row.key for row in self.rows]

    @property
    def values(self) -> Floats:
        """N x K values of the quantities."""
        return at_shares(self.rows, prior_shares(self.rows, self.coordinates))

    def column(self, key: str) -> Floats:
        """Values of one quantity (N)."""
        return np.asarray(self.values[:, self.keys.index(key)])

    @property
    def group_share(self) -> Floats:
        """Share of the participants in the highest-risk group at each draw, as it came out in the runs."""
        people = self.counts[..., 0].sum(axis=1)
        return np.asarray(people[:, :, HIGHEST].sum(axis=1) / people.sum(axis=(1, 2)))

    def risks(self, *, half: int | None = None) -> Floats:
        """Two-year risks in the highest-risk group: N x definitions x (mentored, control).

        ``half`` (0 or 1) uses only half of the trials, to see how much is stochastic variation.
        """
        counts = self.counts.sum(axis=1) if half is None else self.counts[:, half]
        people = counts[:, :, HIGHEST, 0]
        hits = np.stack([counts[:, :, HIGHEST, MEASURES.index(name)] for name in DEFINITIONS], axis=1)
        risks = hits / np.maximum(people, 1)[:, None, :]
        return np.asarray(risks[..., [MENTORED, CONTROL]])

    def likelihoods(self, printed: Printed, *, half: int | None = None) -> Floats:
        """Probability of what was reported at each draw under each definition: N x definitions."""
        risks = self.risks(half=half)
        return printed.likelihood(risks[..., 0], risks[..., 1], self.group_share[:, None])


def effective(weights: Floats) -> float:
    """Effective number of draws behind weights (Kish): (sum w)^2 / sum w^2."""
    return float(weights.sum() ** 2 / max((weights**2).sum(), 1e-300))


def likelihood_stochastic_sd(bank: SimulationBank, printed: Printed, definitions: Sequence[float]) -> float:
    """Standard deviation of the log likelihood from stochastic variation in the simulator, over the posterior.

    From the difference between the two halves of the trials: all of them together vary half as much.
    """
    prior = np.asarray(definitions)
    logs = [np.log(np.maximum(bank.likelihoods(printed, half=half) @ prior, 1e-300)) for half in (0, 1)]
    weights = bank.likelihoods(printed) @ prior
    spread = (weights * (logs[0] - logs[1]) ** 2).sum() / max(weights.sum(), 1e-300)
    return float(np.sqrt(spread) / 2)

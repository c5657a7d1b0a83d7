"""An emulator: a quadratic response surface that stands for a simulator.

Outputs are regressed on all first and second powers and products of the inputs. Each design point has random numbers
of its own, so the regression averages stochastic variation away. The error of the emulator is measured on design
points that it was not fitted to. This file knows nothing of prisons.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from simulation.parameters import ParameterError

Floats = npt.NDArray[np.float64]
Kind = Literal["share", "ratio", "number"]
"""Share (0-1): regressed as its log odds; ratio (positive): as its logarithm; number: as it is."""
SCALES: dict[Kind, tuple[Callable[[Floats], Floats], Callable[[Floats], Floats]]] = {
    "share": (lambda share: np.log(share / (1 - share)), lambda value: 1 / (1 + np.exp(-value))),
    "ratio": (np.log, np.exp), "number": (np.asarray, np.asarray),
}  # fmt: skip
"""To the scale of the regression, and back."""
TESTED = 7


def least_points(parameters: int) -> int:
    """How many design points an emulator of so many parameters needs: a fifth more than it has terms."""
    return math.ceil(1.2 * ((parameters + 1) * (parameters + 2) // 2))


@dataclass(frozen=True, kw_only=True)
class Emulator:
    """Quadratic regressions of several outputs on the same inputs."""

    names: tuple[str, ...]
    kinds: tuple[Kind, ...]
    coefficients: Floats  # terms x outputs
    error: Floats  # root mean square of emulator minus simulator on design points left out, by output
    noise: Floats  # standard error of the emulator from stochastic variation in its design, by output (mean)

    @classmethod
    def fit(
        cls, inputs: Floats, outputs: Floats, names: Sequence[str], kinds: Sequence[Kind], *,
        weights: Floats | None = None,
    ) -> Emulator:  # fmt: skip
        """Fit to a design of N points: inputs (N x K, on a scale of about one), outputs (N x M), weights (N, or equal).

        Points with an output that is not a number are left out. The error is measured on every ``TESTED``-th point; the
        emulator that is returned is fitted to all. Raises ``ParameterError`` if there are too few points for its terms.
        """
        weight = np.ones(len(inputs)) if weights is None else weights
        good = np.isfinite(outputs).all(axis=1)
        for m, kind in enumerate(kinds):
            good &= (outputs[:, m] > 0) & ((outputs[:, m] < 1) | (kind != "share")) if kind != "number" else True
        x, y, weight = inputs[good], outputs[good], weight[good]
        terms = _terms(x)
        if len(x) < 1.2 * terms.shape[1]:
            raise ParameterError(
                f"{len(x)} design points can be used [--points, --near-points], too few for an emulator of "
                f"{terms.shape[1]} terms; ask for at least {least_points(x.shape[1])}, better twice as many"
            )
        target = np.column_stack([SCALES[kind][0](y[:, m]) for m, kind in enumerate(kinds)])
        test = np.arange(len(x)) % TESTED == 0
        first = _solve(terms[~test], target[~test], weight[~test])
        residual = _outputs(terms[test] @ first, kinds) - y[test]
        scale = weight[test] / weight[test].sum()
        error = np.sqrt((scale[:, None] * residual**2).sum(axis=0))
        share = terms.shape[1] / len(x)
        return cls(
            names=tuple(names), kinds=tuple(kinds), coefficients=_solve(terms, target, weight),
            error=error, noise=error * np.sqrt(share),
        )  # fmt: skip

    def __call__(self, inputs: Floats) -> Floats:
        """Outputs (N x M) at inputs (N x K)."""
        return _outputs(_terms(inputs) @ self.coefficients, self.kinds)


def _terms(x: Floats) -> Floats:
    i, j = np.triu_indices(x.shape[1])
    return np.hstack([np.ones((len(x), 1)), x, x[:, i] * x[:, j]])


def _solve(terms: Floats, target: Floats, weight: Floats) -> Floats:
    root = np.sqrt(weight)[:, None]
    return np.asarray(np.linalg.lstsq(root * terms, root * target, rcond=None)[0])


def _outputs(values: Floats, kinds: Sequence[Kind]) -> Floats:
    return np.column_stack([SCALES[kind][1](values[:, m]) for m, kind in enumerate(kinds)])

"""What checks are given by Hypothesis: random scenarios of ``strategies.py`` instead of those of a seed."""

from __future__ import annotations

from hypothesis import strategies as st

from experiments.verification.check_context import CheckContext, SimulatedCase
from tests.strategies import SEEDS, scenarios

KINDS = {
    "any": scenarios(returning=None),
    "independent": scenarios(apart=True),
    "programme": scenarios(programmes=(1, 3), returning=None),
    "volunteers": scenarios(programmes=(1, 2), supplied=True),
    "randomised": scenarios(apart=True, programmes=(1, 3), assignments=("randomised",)),
    "signed_up": scenarios(programmes=(1, 3), signed_up=True),
    "reentry": scenarios(returning=True),
}
TURNS = 36
"""Numbers from which checks begin to count what they treat in turn: a multiple of their cycles."""


class DrawnContext(CheckContext):
    """One random scenario of each kind, drawn when a check asks for it; all checks of an example share them."""

    def __init__(self, data):
        super().__init__(seed=data.draw(st.integers(0, 2**32 - 1)), first=data.draw(st.integers(0, TURNS - 1)),
                         representative=False)  # fmt: skip
        self._data = data

    def scenarios(self, **numbers):
        """One of each kind."""
        return [self.random_scenario(kind, 0) for kind in numbers]

    def random_scenario(self, kind, number):
        """The scenario of a kind, drawn once."""
        return self.once((kind, number), lambda: SimulatedCase(self._data.draw(KINDS[kind]), self._data.draw(SEEDS)))

    def varied(self, value, low, high):  # noqa: ARG002  the stated number is not asked for
        """Any number between the two ends."""
        return self._data.draw(st.floats(low, high, allow_subnormal=False))

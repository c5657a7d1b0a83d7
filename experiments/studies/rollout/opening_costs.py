"""What opening the scheme in a municipality costs: its courses, and what it costs however few they are."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from experiments.inputs.parameter_points import at_shares
from experiments.studies.rollout.plan import RolloutPlan
from simulation.economics import COURSE
from simulation.parameters import ParameterError, Section, par, quantities
from simulation.prices import Prices

Floats = npt.NDArray[np.float64]


class OpeningCosts(Section):
    """What an open municipality costs."""

    course: float = par(33_000.0, "DKK of 2021", 1, 10_000_000, what="price of a started course",
        source="24,000 to 36,700 [S2][S4][S6]", grade="judged", prior="LN(33000, 0.30)")
    open_a_year: float = par(50_000.0, "DKK of 2021 a year", 0, 100_000_000,
        what="what an open municipality costs however few courses it has: premises, meetings with prisons and the "
        "municipality, a small part of somebody's time", source="nothing found; assumed", grade="assumed",
        prior="LN(50000, 0.50)")

    @classmethod
    def of(cls, plan: RolloutPlan, programme: str, course: float | None, open_a_year: float | None) -> OpeningCosts:
        """Prices with those that the user gives, or the plan (``offer.course_price``); given ones are certain.

        A programme other than ``COURSE`` costs what the prices that come with Desist say.

        Raises
        ------
        ParameterError
            If nothing says what a course of the programme costs.
        """
        if course is None and "course_price" in plan.offer.model_fields_set:
            course = plan.offer.course_price
        if course is None and programme != COURSE:
            scheme = Prices().scheme.get(programme)
            if scheme is None:
                raise ParameterError(f"nothing says what a course of programme [{programme}] costs; give --course-price"
                                     " or course_price in the plan's [offer]")  # fmt: skip
            course = scheme.per_start
        given = {"course": course, "open_a_year": open_a_year}
        return cls(**{key: value for key, value in given.items() if value is not None})

    def draw(self, n: int, *, seed: int) -> dict[str, Floats]:
        """Prices at n draws, each evenly spread over its prior; given ones are constant."""
        rng, found = np.random.Generator(np.random.Philox(key=seed)), {}
        for row in quantities(self):
            shares = (rng.permutation(n)[:, None] + 0.5) / n
            uncertain = row.key not in self.model_fields_set
            found[row.key] = at_shares([row], shares)[:, 0] if uncertain else np.full(n, float(row.value))
        return found

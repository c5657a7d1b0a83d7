"""``desist sensitivity``: which uncertain inputs matter most for an outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from experiments.studies.study import OnScenario, OverDraws, Seeded, option

if TYPE_CHECKING:
    from experiments.execution.context import RunContext
    from experiments.studies.result import StudyResult

PARAMETERS, TRAJECTORIES, POINTS = 12, 12, 512
"""Inputs with an index of their own; walks of the screening; base size of the Sobol' design."""
DRAWS = 2000
"""Draws of a posterior."""
PEOPLE_A_POINT = 4000
"""People simulated at each point, about, where ``trials`` is not given."""


class SensitivityStudy(OnScenario, OverDraws, Seeded):
    """Which uncertain inputs matter most for an outcome, and which do not matter?

    Morris screening over all quantities of SCENARIO (default: trial) that have a prior, then Sobol' indices of those
    that matter most, and a tornado. All points have the same random numbers. With --posterior: first-order indices
    over its draws, whose parameters are dependent.
    """

    verb: ClassVar[str] = "sensitivity"
    outcome: str | None = option(
        None, what="Which outcome: difference (default), control, mentored, hazard_ratio, difference_all, reoffended "
        "(default without two arms), prison, offences, treated",
    )  # fmt: skip
    only: tuple[str, ...] = option((), what="Only this quantity is uncertain; may be repeated", metavar="KEY")
    hold: tuple[str, ...] = option(
        (), what="Keep this quantity at the scenario's value; may be repeated", metavar="KEY"
    )
    parameters: int | None = option(
        None, "quantities", 1, 1000, what=f"How many get an index of their own (default: {PARAMETERS})"
    )
    trajectories: int | None = option(
        None, "walks", 2, 10_000, what=f"Walks of the screening (default: {TRAJECTORIES})"
    )
    points: int | None = option(
        None, "points", 2, 2**20, what=f"Size of the Sobol' design, a power of two (default: {POINTS})"
    )
    trials: int | None = option(
        None, "trials", 1, 1_000_000, what=f"Replicates at each point (default: about {PEOPLE_A_POINT:,} people)"
    )

    def run(self, context: RunContext | None = None) -> StudyResult:
        """Compute the result; see ``Study.run``."""
        from experiments.studies.sensitivity.sensitivity import run_sensitivity

        return run_sensitivity(self, context)

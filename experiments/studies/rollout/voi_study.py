"""``desist voi``: what is more information worth before a plan is decided on?"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from experiments.studies.rollout.discover_study import PlanOverInputs
from experiments.studies.study import option

if TYPE_CHECKING:
    from experiments.execution.context import RunContext
    from experiments.studies.result import StudyResult


class VoiStudy(PlanOverInputs):
    """What is more information worth before a plan is decided on?

    The expected value of perfect information (EVPI), of knowing some inputs (EVPPI), and of a further trial by its size
    (EVSI), in kroner for the whole of PLAN. It uses the runs of desist discover, and finds them in the store if they
    have been made.

    \b
    desist voi nationwide-at-once
    """  # noqa: D301

    verb: ClassVar[str] = "voi"
    saving: Literal["average", "marginal"] = option(
        "average", what="Savings: prison days at their average price, or at what one day less saves"
    )

    def run(self, context: RunContext | None = None) -> StudyResult:
        """Compute the result; see ``Study.run``."""
        from experiments.studies.rollout.value_of_information import run_voi

        return run_voi(self, context)

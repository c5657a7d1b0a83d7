"""``desist fit-effects``: the parameters of the three named settings of the effect."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from experiments.studies.study import Study, option

if TYPE_CHECKING:
    from experiments.execution.context import RunContext
    from experiments.studies.result import StudyResult


class FitEffectsStudy(Study):
    """Which parameters do the settings as-reported, pooled and sceptical need?

    Each setting stands for a hazard ratio that a trial would find over 24 months. The hazard ratio while mentor and
    mentee meet is solved for by bisection, with fixed random numbers.
    """

    verb: ClassVar[str] = "fit-effects"
    trials: int = option(1_000, "trials", 10, 100_000, what="Trials simulated at each step")

    def run(self, context: RunContext | None = None) -> StudyResult:
        """Compute the result; see ``Study.run``."""
        from experiments.studies.trial.effect_settings import run_fit_effects

        return run_fit_effects(self, context)

"""The study that compares explanations of the trial."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from experiments.studies.calibration.calibrate_study import FromRegisters
from experiments.studies.study import option

if TYPE_CHECKING:
    from experiments.execution.context import RunContext
    from experiments.studies.result import StudyResult


class CompareModelsStudy(FromRegisters):
    """Which explanation of 29 against 67 % is most probable: support factors, the direct route, both, or chance?

    Compares four models by their Bayes factors, and says which measurement with how many people would tell them
    apart. It begins with the registers' half of desist calibrate, which is read from the store if that was run before.
    """

    verb: ClassVar[str] = "compare-models"
    draws: int = option(1_000, "draws", 50, 1_000_000, what="Draws for each model at which the trial is simulated")
    trials: int = option(100, "trials", 2, 100_000, what="Trials at each draw")
    measured: int = option(
        120, "draws", 20, 100_000, what="Draws for each model at which further measurements are simulated"
    )

    def run(self, context: RunContext | None = None) -> StudyResult:
        """Compute the result; see ``Study.run``."""
        from experiments.studies.calibration.model_comparison import run_compare_models

        return run_compare_models(self, context)

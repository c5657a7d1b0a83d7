"""The studies that calibrate the model on the registers and the trial, and that compare models of the trial."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from experiments.studies.study import Seeded, option
from simulation.scenario import Scenario

if TYPE_CHECKING:
    from experiments.execution.context import RunContext
    from experiments.studies.result import StudyResult


class FromRegisters(Seeded):
    """A study that begins with the calibration on the registers."""

    scenario: str | Scenario = option("trial", what="The trial", metavar="SCENARIO")
    population: str | Scenario = option(
        "everyone", what="Everybody released: the people of the registers", metavar="SCENARIO"
    )
    points: int = option(2_000, "points", 100, 1_000_000, what="Design points over the priors")
    near_points: int = option(900, "points", 100, 1_000_000, what="Design points near the registers' figures")
    people: int = option(10_000, "people", 1_000, 1_000_000, what="People simulated at each design point")
    steps: int = option(2_400, "steps", 60, 1_000_000, what="Steps of the sampler")


class CalibrateStudy(FromRegisters):
    """What can 97 people tell us? A posterior of what the trial and the registers leave uncertain.

    Writes posterior.parquet, equally probable draws of the uncertain parameters that other studies take with
    --posterior. If a diagnostic shows that the posterior cannot be trusted, nothing is written and the exit code is 1.
    With --check, simulated trials and registers whose truth is known are calibrated instead (many minutes, resumable).
    """

    verb: ClassVar[str] = "calibrate"
    result_class: ClassVar[str] = "experiments.studies.calibration.calibrate:CalibrationResult"
    check: bool = option(False, what="Calibrate simulated trials and registers whose truth is known")
    trials_checked: int = option(1_000, "trials", 100, 100_000, what="Simulated trials of --check")
    registers_checked: int = option(200, "registers", 0, 10_000, what="Simulated registers of --check")
    draws: int = option(4_000, "draws", 50, 1_000_000, what="Draws at which the trial is simulated")
    trials: int = option(100, "trials", 2, 100_000, what="Trials at each draw")
    retained: int = option(2_000, "draws", 10, 1_000_000, what="Equally probable draws written")
    groups: int = option(400, "draws", 10, 100_000, what="Draws at which new groups are simulated")
    definition: Literal["any", "prison", "sentence"] | None = option(
        None, what="Take this as the definition of reoffending that the trial used (default: it is inferred)"
    )

    @property
    def folder(self) -> str:
        """The folder of its results; the check has one of its own."""
        return "calibration-check" if self.check else "calibration"

    def run(self, context: RunContext | None = None) -> StudyResult:
        """Compute the result; see ``Study.run``. Without ``check`` it is a ``CalibrationResult``."""
        from experiments.studies.calibration.calibrate import run_calibrate

        return run_calibrate(self, context)


class CompareModelsStudy(FromRegisters):
    """Which explanation of 29 against 67 % is most probable: support factors, the direct route, both, or chance?

    Compares four models by their Bayes factors, and shows which measurement with how many people would distinguish
    them. It begins with the registers' half of desist calibrate, which is read from the store if that was run before.
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

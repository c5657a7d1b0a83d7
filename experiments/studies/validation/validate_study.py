"""``desist baseline``, ``desist fit-baseline`` and ``desist validate``: the model beside data."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from experiments.studies.study import OnScenario, OverDraws, Seeded, option

if TYPE_CHECKING:
    from experiments.execution.context import RunContext
    from experiments.studies.result import StudyResult


class ValidateStudy(Seeded):
    """Does the model predict a trial and a cohort from another country? (external validation)

    life: 432 men released in Maryland, half of them paid for 13 weeks. The men without aid are fitted, the arrests of
    those with aid are predicted, and only then are their data read (from the package lifelines).

    north-carolina: 1,445 people released in 1977-78. The return curve of one half is fitted; the other half is
    predicted by month, by age and by earlier imprisonments.

    The exit code is 1 if the observed figures lie outside what was predicted.
    """

    verb: ClassVar[str] = "validate"
    data: Literal["life", "north-carolina"] = option(
        what="Which data: the LIFE trial in Maryland, or people released in North Carolina", argument=True
    )
    draws: int = option(512, "draws", 32, 100_000, what="Draws in each of four rounds of the fit")
    people: int = option(60_000, "people", 1_000, 5_000_000, what="People simulated at each draw")
    predict: bool = option(False, what="life: stop after the prediction, without reading the men with aid")

    @property
    def folder(self) -> str:
        """The folder of its results, below ``results/``."""
        return f"{self.verb}-{self.data}"

    def run(self, context: RunContext | None = None) -> StudyResult:
        """Compute the result; see ``Study.run``."""
        from experiments.studies.validation.validate import run_validate

        return run_validate(self, context)


class BaselineStudy(OnScenario, OverDraws, Seeded):
    """Does the released population, without any programme, reoffend as Danish and open figures say?

    SCENARIO is everyone by default. With --posterior the population is simulated at each of its draws (40 if --draws is
    not given). The exit code is 1 if a figure lies outside its band.
    """

    verb: ClassVar[str] = "baseline"
    people: int = option(20_000, "people", 1_000, 5_000_000, what="People simulated (for each draw)")

    def run(self, context: RunContext | None = None) -> StudyResult:
        """Compute the result; see ``Study.run``."""
        from experiments.studies.validation.baseline_studies import run_baseline

        return run_baseline(self, context)


class FitBaselineStudy(OnScenario, Seeded):
    """Which defaults of risk and offending meet the Danish figures best?

    The search begins at the values of SCENARIO (default: everyone) and ends with the file fitted.toml. Put better data
    into experiments/inputs/data/baseline_targets.csv first, then copy the values into a scenario (or the defaults).
    """

    verb: ClassVar[str] = "fit-baseline"
    people: int = option(60_000, "people", 1_000, 1_000_000, what="People simulated at each set of values")
    evaluations: int = option(450, "sets", 1, 100_000, what="Most sets of values that are tried")

    def run(self, context: RunContext | None = None) -> StudyResult:
        """Compute the result; see ``Study.run``."""
        from experiments.studies.validation.baseline_studies import run_fit_baseline

        return run_fit_baseline(self, context)

"""``desist baseline`` and ``desist fit-baseline``: the released population beside the Danish figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from experiments.studies.study import OnScenario, OverDraws, Seeded, option

if TYPE_CHECKING:
    from experiments.execution.context import RunContext
    from experiments.studies.result import StudyResult


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

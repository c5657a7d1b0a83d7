"""``desist fit-baseline``: the defaults of risk and offending, fitted to the Danish figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from experiments.studies.study import OnScenario, Seeded, option

if TYPE_CHECKING:
    from experiments.execution.context import RunContext
    from experiments.studies.result import StudyResult


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
        from experiments.studies.validation.fit_baseline import run_fit_baseline

        return run_fit_baseline(self, context)

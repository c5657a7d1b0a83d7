"""``desist baseline``: the released population beside the Danish figures."""

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
        from experiments.studies.validation.baseline_comparison import run_baseline

        return run_baseline(self, context)

"""``desist mechanisms``: what the effect of a programme is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from experiments.studies.study import OnScenario, OverDraws, Seeded, option

if TYPE_CHECKING:
    from experiments.execution.context import RunContext
    from experiments.studies.result import StudyResult


class MechanismsStudy(OnScenario, OverDraws, Seeded):
    """How much of the effect runs through housing, work ... and how much is the relationship itself?

    Every set of routes is switched on and off with the same random numbers (64 sets for five support factors and the
    direct route). Each route gets its Shapley value, and the values add up to the whole effect. The same is done where
    there are no flats to be had. SCENARIO is a trial with one programme (default: pooled).
    """

    verb: ClassVar[str] = "mechanisms"
    trials: int | None = option(
        None, "trials", 1, 10_000_000, what="Trials of each set of routes (default: 1,500, or 100 a draw)"
    )
    group: Literal["high-risk", "everyone"] = option(
        "high-risk", what="Whose reoffending: the highest-risk group's, or everyone's"
    )
    scarce: tuple[str, ...] = option(
        (), what="What is scarce in the second condition (default: housing); may be repeated", metavar="FACTOR"
    )
    openings: float = option(
        0.0, "openings per 100 people and month", 0, below=100, what="How scarce: openings per 100 people and month"
    )
    no_scarce: bool = option(False, what="Leave the second condition out")

    def run(self, context: RunContext | None = None) -> StudyResult:
        """Compute the result; see ``Study.run``."""
        from experiments.studies.trial.effect_decomposition import run_mechanisms

        return run_mechanisms(self, context)

"""``desist check-model``: does the model obey what must hold, agree with mathematics, and match what was observed?"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from experiments.studies.study import Seeded, option

if TYPE_CHECKING:
    from experiments.execution.context import RunContext
    from experiments.studies.result import StudyResult


class CheckModelStudy(Seeded):
    """Check the model: invariants, analytical checks, observed patterns, patterns left out, planted faults.

    The exit code is 1 if an invariant or analytical check fails, if a control is not refused, if an observed or
    left-out pattern fails without a known reason, or if fewer than 90 % of the planted faults are noticed. A full run
    takes about an hour; interrupted, it goes on where it stood. --threads says how many processes work.
    """

    verb: ClassVar[str] = "check-model"
    quick: bool = option(
        False, what="Under a minute: all checks at size 1; left-out patterns and planted faults as measured before"
    )
    part: tuple[Literal["checks", "left-out", "faults"], ...] = option(
        (), what="Carry out only this part; may be repeated (default: all three)"
    )
    faults: int = option(216, "faults", 18, 4_000, what="Faults to plant, one at a time")
    fault_seed: int = option(3, "", 0, 2**31, what="Seed of the choice of faults")
    size: float = option(4.0, "times", 1, 100, what="Times as many random scenarios and people as with --quick")
    every: bool = option(False, what="Show every invariant and analytical check, not a line for each family")

    @property
    def folder(self) -> str:
        """The folder of its results: quick runs have their own."""
        return "check-model-quick" if self.quick else self.verb

    @property
    def parts(self) -> tuple[str, ...]:
        """What is carried out."""
        return ("checks",) if self.quick else self.part or ("checks", "left-out", "faults")

    def run(self, context: RunContext | None = None) -> StudyResult:
        """Compute the result; see ``Study.run``."""
        from experiments.verification.check_model import run_check_model

        return run_check_model(self, context)

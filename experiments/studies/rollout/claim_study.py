"""The options of ``desist claim``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from experiments.studies.study import OverDraws, Seeded, option

if TYPE_CHECKING:
    from experiments.execution.context import RunContext
    from experiments.studies.result import StudyResult


class ClaimStudy(OverDraws, Seeded):
    """One krone saves eight: what gives that, and what it becomes as its assumptions are replaced.

    The claim is 38 points fewer reoffenders x 764,000 kr. / 36,667 kr. a course = 7.9. Each step replaces one
    assumption by a better-supported one, alone and on top of those before it. The effect for a new group comes from
    --posterior (by default the one that comes with Desist; at most 400 draws unless --draws says otherwise).
    """

    verb: ClassVar[str] = "claim"
    prices: Path | None = option(
        None, what="Prices that differ from the built-in ones (TOML; docs/money.md)", metavar="FILE"
    )
    no_posterior: bool = option(False, what="Leave out the steps that need a posterior")

    def run(self, context: RunContext | None = None) -> StudyResult:
        """Compute the result; see ``Study.run``."""
        from experiments.studies.rollout.published_claim import run_claim

        return run_claim(self, context)

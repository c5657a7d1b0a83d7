"""``desist discover`` and ``desist voi``: studies of a plan over every uncertain input."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from experiments.studies.study import ParameterDraws, Seeded, option

if TYPE_CHECKING:
    from experiments.execution.context import RunContext
    from experiments.studies.result import StudyResult


SAVING = "Savings: prison days at their average price, at what one day less saves, or reoffenders avoided (SØM)"


class PlanOverInputs(Seeded):
    """A study of many runs of a plan, each with its own draw of every uncertain input."""

    plan: str = option(what="Name or file of a plan (desist rollout --list)", argument=True, metavar="PLAN")
    runs: int | None = option(
        None, "runs", 100, 100_000, what="Runs, each with the plan and without it (default: 1,000)"
    )
    years: int = option(5, "years", 1, 18, what="Years of the plan that are simulated; fewer are faster")
    prices: Path | None = option(
        None, metavar="FILE", what="Prices that differ from those that come with Desist (TOML; docs/money.md)"
    )
    posterior: Path | ParameterDraws | None = option(
        None, metavar="FILE", what="Draws of the uncertain parameters, from desist calibrate (default: Desist's own)"
    )

    @property
    def folder(self) -> str:
        """The folder of its results, below ``results/``."""
        from experiments.studies.rollout.plan import load

        return f"{self.verb}/{load(self.plan)[0].name}"


class DiscoverStudy(PlanOverInputs):
    """Under which one or two conditions does a plan not pay back?

    PLAN is simulated a thousand times over everything that is uncertain: the effect, how many accept the offer,
    volunteers, prices and more. Scenario discovery then finds the conditions that separate the runs that do not pay
    back from the others, and fresh runs on either side of each limit check them. Needs the extra `discovery`.

    \b
    desist discover nationwide-at-once
    """  # noqa: D301

    verb: ClassVar[str] = "discover"
    saving: Literal["average", "marginal", "top-down"] = option("average", what=SAVING)
    method: Literal["prim", "cart"] = option(
        "prim", what="How conditions are found: by peeling (PRIM) or by trees (CART)"
    )
    pairs: int = option(50, "pairs", 10, 10_000, what="Fresh pairs of runs at each limit")

    def run(self, context: RunContext | None = None) -> StudyResult:
        """Compute the result; see ``Study.run``."""
        from experiments.studies.rollout.discovery import run_discover

        return run_discover(self, context)


class VoiStudy(PlanOverInputs):
    """What is more information worth before a plan is decided on?

    The expected value of perfect information (EVPI), of knowing some inputs (EVPPI), and of a further trial by its size
    (EVSI), in kroner for the whole of PLAN. It uses the runs of desist discover, and finds them in the store if they
    have been made.

    \b
    desist voi nationwide-at-once
    """  # noqa: D301

    verb: ClassVar[str] = "voi"
    saving: Literal["average", "marginal", "top-down"] = option("average", what=SAVING)

    def run(self, context: RunContext | None = None) -> StudyResult:
        """Compute the result; see ``Study.run``."""
        from experiments.studies.rollout.value_of_information import run_voi

        return run_voi(self, context)

"""``desist rollout``: a plan for the whole country."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import field_validator

from experiments.studies.rollout.of_plans import OfPlans, given_plan, inline_plan
from experiments.studies.rollout.plan import RolloutPlan
from experiments.studies.study import option

if TYPE_CHECKING:
    from experiments.execution.context import RunContext
    from experiments.studies.result import StudyResult


class RolloutStudy(OfPlans):
    """What does a plan do for the whole country, what does it cost whom, and how certain is that?

    PLAN is the name of a plan that comes with Desist (--list) or a TOML file. Denmark is simulated with the plan and
    without it, at many draws of the uncertain parameters and with the same random numbers. Parameter uncertainty and
    chance have an interval each.

    \b
    desist rollout nationwide-at-once
    desist rollout mine.toml --language da
    """  # noqa: D301

    verb: ClassVar[str] = "rollout"
    plan: str | RolloutPlan = option(what="Name or file of a plan", argument=True, metavar="PLAN")

    @field_validator("plan", mode="before")
    @classmethod
    def _inline_plan(cls, value: Any) -> Any:
        return inline_plan(value)

    @property
    def folder(self) -> str:
        """The folder of its results, below ``results/``."""
        return f"rollout/{given_plan(self.plan).name}"

    def show(self) -> str:
        """The plan in full, and what is uncertain about it."""
        from experiments.studies.rollout.plan_scenario import plan_in_full

        return plan_in_full(given_plan(self.plan))

    def run(self, context: RunContext | None = None) -> StudyResult:
        """Compute the result; see ``Study.run``."""
        from experiments.studies.rollout.rollout import run_rollout

        return run_rollout(self, context)

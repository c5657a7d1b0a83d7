"""``desist compare``: plans for the whole country against each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import field_validator

from experiments.studies.rollout.of_plans import OfPlans, given_plan, inline_plan
from experiments.studies.rollout.plan import RolloutPlan
from experiments.studies.study import option
from simulation.parameters import ParameterError

if TYPE_CHECKING:
    from experiments.execution.context import RunContext
    from experiments.studies.result import StudyResult


class CompareStudy(OfPlans):
    """How do plans differ? Every further plan is compared with the first, with the same random numbers.

    A PLAN is the name of a plan that comes with Desist (--list) or a TOML file. Parameter uncertainty and chance have
    an interval each.

    \b
    desist compare todays-area nationwide-over-five-years nationwide-at-once
    """  # noqa: D301

    verb: ClassVar[str] = "compare"
    plans: tuple[str | RolloutPlan, ...] = option(
        what="Names or files of two plans or more", argument=True, metavar="PLAN PLAN ..."
    )

    @field_validator("plans", mode="before")
    @classmethod
    def _inline_plans(cls, value: Any) -> Any:
        plans = tuple(inline_plan(each) for each in value)
        if len(plans) < 2:
            raise ParameterError("compare needs two plans or more; desist rollout takes one alone")
        return plans

    @classmethod
    def call(cls, *plans: str | RolloutPlan, context: RunContext | None = None, **options: Any) -> StudyResult:
        """Compare these plans; see ``Study.call``."""
        given: dict[str, Any] = {"plans": plans, **options} if plans else options
        return cls(**given).run(context)

    @property
    def folder(self) -> str:
        """The folder of its results, below ``results/``."""
        return "compare/" + "-".join(given_plan(plan).name for plan in self.plans)[:100]

    def run(self, context: RunContext | None = None) -> StudyResult:
        """Compute the result; see ``Study.run``."""
        from experiments.studies.rollout.compare import run_compare

        return run_compare(self, context)

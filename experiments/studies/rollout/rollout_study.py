"""``desist rollout`` and ``desist compare``: one plan for the whole country, or several against each other."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import field_validator

from experiments.studies.rollout.plan import RolloutPlan, load_plan, names, planned
from experiments.studies.study import ParameterDraws, Seeded, option
from simulation.parameters import ParameterError
from simulation.prices import Prices, prices_from, read_prices

if TYPE_CHECKING:
    from experiments.execution.context import RunContext
    from experiments.studies.result import StudyResult


class OfPlans(Seeded):
    """A study of plans at draws of the uncertain parameters."""

    prices: Path | Prices | None = option(
        None, metavar="FILE", what="Prices that differ from those that come with Desist (TOML; docs/money.md)"
    )
    replicates: int | None = option(
        None, "times", 1, 1000,
        what="How often each draw is simulated (default: once, and every fourth draw twice)",
    )  # fmt: skip
    posterior: Path | ParameterDraws | None = option(
        None, metavar="FILE",
        what="Draws of the uncertain parameters, from desist calibrate (default: those that come with Desist)",
    )  # fmt: skip
    draws: int | None = option(None, "draws", 2, 100_000, what="How many of these draws are used (default: 48)")

    @field_validator("prices", mode="before")
    @classmethod
    def _inline_prices(cls, value: Any) -> Any:
        return prices_from(value) if isinstance(value, dict) else value

    @classmethod
    def listing(cls) -> str:
        """The plans that come with Desist, with their titles."""
        return "\n".join(f"{name:28} {load_plan(name).title}" for name in names())

    def price_list(self) -> Prices:
        """The prices: those that come with Desist, with the changes of a file."""
        if isinstance(self.prices, Prices):
            return self.prices
        return Prices() if self.prices is None else read_prices(self.prices)


def inline_plan(value: Any) -> Any:
    """A plan from the table of a TOML file; a name, a file or a plan as it is."""
    return planned(value) if isinstance(value, dict) else value


def given_plan(plan: str | RolloutPlan) -> RolloutPlan:
    """The plan behind an option: by name or file, or the plan itself."""
    return load_plan(plan) if isinstance(plan, str) else plan


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
        """The plan in full, what is uncertain about it, and the prices that a file gives; every file is read."""
        from experiments.studies.rollout.plan_scenario import plan_in_full, prices_in_full
        from experiments.studies.rollout.rollout import PlanRequest

        request = PlanRequest.of(self, [self.plan])
        return "\n".join([plan_in_full(request.plans[0][0]), *prices_in_full(request.prices)])

    def run(self, context: RunContext | None = None) -> StudyResult:
        """Compute the result; see ``Study.run``."""
        from experiments.studies.rollout.rollout import run_rollout

        return run_rollout(self, context)


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
        from experiments.studies.rollout.rollout import run_compare

        return run_compare(self, context)

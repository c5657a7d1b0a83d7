"""What studies of plans have in common: plans as options, prices, and draws that come with Desist."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import field_validator

from experiments.studies.rollout.plan import RolloutPlan, load_plan, names, planned
from experiments.studies.study import ParameterDraws, Seeded, option
from simulation.prices import Prices, prices_from, read_prices


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
    draws: int | None = option(None, "draws", 1, 100_000, what="How many of these draws are used (default: 48)")

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

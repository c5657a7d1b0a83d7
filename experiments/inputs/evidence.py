"""Every quantity behind a result, with its evidence grade, and which of them are uncertain.

The variance of a result is divided among the grades by ``experiments.statistics.variance_by_grade``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

import pandas as pd
from pydantic import BaseModel

from experiments.inputs.parameter_points import EFFECT, uncertain_of_schemes, uncertain_quantities
from experiments.inputs.scenario_files import OTHER_SCHEMES, load
from simulation.parameters import Grade, Quantity, quantities
from simulation.prices import Prices
from simulation.scenario import Scenario

PLAN, PRICE = "plan.", "price."
"""What the keys of a plan's own quantities and of prices begin with in tables of draws."""


@dataclass(frozen=True, kw_only=True)
class ModelInputs:
    """Every quantity behind a result."""

    rows: Mapping[str, Quantity]
    """By the key that draws have; those of a plan begin with ``plan.``, prices with ``price.``."""
    uncertain: frozenset[str]
    """Keys of those that have a prior and were not given a value."""

    @classmethod
    def of(cls, base: Scenario, plan: BaseModel | None = None, prices: Prices | None = None) -> ModelInputs:
        """The quantities of a scenario, of a plan's volunteers and quality, and of prices.

        What a plan chooses (municipalities, dates, offer) cannot be uncertain, and is not counted.
        """
        alone = next(iter(base.programme)) if len(base.programme) == 1 else ""
        effects = ("programme.direct_hazard_ratio", "programme.support_hazard_ratio") if alone else ()
        rows = {row.key.replace(f"programme.{alone}.", "programme.") if alone else row.key: row
                for row in quantities(base)}  # fmt: skip
        rows = {key: row for key, row in rows.items() if key not in effects}
        rows |= {row.key: row for row in (EFFECT if alone else ())}
        uncertain = {row.key for row in uncertain_quantities(base)}
        for name in ("volunteers", "quality") if plan is not None else ():
            section: BaseModel = getattr(plan, name)
            own = {f"{PLAN}{row.key}": row for row in quantities(section, f"{name}.")}
            rows |= own
            given = {f"{PLAN}{name}.{field}" for field in section.model_fields_set}
            uncertain |= {key for key, row in own.items() if row.prior != "fixed" and key not in given}
        others = getattr(plan, "other_schemes", ())
        if others:
            own = {f"{PLAN}{row.key}": row for row in uncertain_of_schemes(load(OTHER_SCHEMES), others)}
            rows |= own
            uncertain |= set(own)
        if prices is not None:
            own = {f"{PRICE}{row.key}": row for row in quantities(prices)}
            rows |= own
            uncertain |= {key for key, row in own.items() if row.prior != "fixed"}
        return cls(rows=rows, uncertain=frozenset(uncertain))

    def grade(self, key: str) -> str:
        """The evidence grade of a quantity; ``assumed`` where nothing is declared."""
        return self.rows[key].grade if key in self.rows else "assumed"

    def census(self) -> pd.DataFrame:
        """How many there are of each grade: grade, inputs (numbers only), uncertain, fixed (no uncertainty counts)."""
        numbers = {key: row for key, row in self.rows.items()
                   if isinstance(row.value, (int, float)) and not isinstance(row.value, bool)}  # fmt: skip
        out = []
        for grade in get_args(Grade):
            mine = [key for key, row in numbers.items() if row.grade == grade]
            uncertain = sum(key in self.uncertain for key in mine)
            out.append({"grade": grade, "inputs": len(mine), "uncertain": uncertain, "fixed": len(mine) - uncertain})
        return pd.DataFrame(out)

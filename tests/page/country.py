"""Studies of the whole country for tests of the page: told once, small, and put where the page looks for them."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from experiments.app.country.plans import Choices, asked, pair
from experiments.app.country.runs import RUNS, Status
from experiments.app.country.study import steps

YEARS, DRAWS, SEED = 2, 12, 5
FEW = 2
"""Draws that are told; the page takes them for ``DRAWS``."""
MINE = {"cplan": "highest-risk-only", "cyears": YEARS, "crecruits": 200, "cseed": SEED}
"""Settings of the page for the plan of the tests, which is changed and short."""
CHOICES = Choices(plan="highest-risk-only", recruits=200, years=YEARS)


@cache
def told(versus="none"):
    """A study of the tests' plan at few draws, and what was asked; the page has it as if it were of all."""
    few = asked("plans", pair(CHOICES, versus), draws=FEW, seed=SEED)
    *_, (_, _, result) = steps(few)
    RUNS._keep(replace(few, draws=DRAWS), Status(result=result))
    return few, result


@cache
def climbed():
    """The same of its ladder."""
    few = asked("ladder", pair(CHOICES, "none"), draws=FEW, seed=SEED)
    *_, (_, _, result) = steps(few)
    RUNS._keep(replace(few, draws=DRAWS), Status(result=result))
    return few, result

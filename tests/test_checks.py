"""The model keeps its invariants and agrees with mathematics: the lists of ``desist check-model``, carried out here.

A check stands in one list, in ``experiments/verification``. Here Hypothesis feeds those that examine random scenarios,
family by family, so that all checks of a family share what was simulated; the others build their own scenarios.
"""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.verification.check_context import CheckContext
from experiments.verification.checks import evaluate
from experiments.verification.controls import CONTROLS
from experiments.verification.lists import ANALYTICAL_CHECKS, INVARIANTS
from tests.drawn_context import DrawnContext

FAMILIES = {
    "zero effect": 25, "doubled people": 25, "relabelled places": 25, "order of people": 34, "monotone help": 60,
    "paired lives": 60, "conservation": 25, "lives": 25, "programmes": 25, "supply and queue": 30, "censoring": 30,
    "money": 6, "numbers": 25,
}  # fmt: skip
"""Examples for each family (half of them, and twice as many among what takes long), each with a scenario of every kind."""
DRAWN = [each for each in (*INVARIANTS, *ANALYTICAL_CHECKS) if each.family in FAMILIES and not each.fixed]
OWN = [each for each in (*INVARIANTS, *ANALYTICAL_CHECKS) if each not in DRAWN]
SEEDS = {"money": (11, 12, 13)}
"""Seeds of families whose checks draw tables and no scenarios."""


@pytest.mark.parametrize("part", [0.5, pytest.param(2.0, marks=pytest.mark.long)], ids=["half", "twice"])
@pytest.mark.parametrize("family", FAMILIES)
def test_checks_hold_in_whatever_scenario(family, part):
    """Every check of a family holds, or has nothing to examine, in scenarios that Hypothesis draws."""
    checks = [each for each in DRAWN if each.family == family]

    @settings(max_examples=math.ceil(part * FAMILIES[family]))
    @given(st.data())
    def hold(data):
        """All of them on the same scenarios; what breaks down is raised as it is."""
        context = DrawnContext(data)
        for check in checks:
            finding = check.function(context)
            assert finding.verdict != "fails", f"{check.name}: {finding.detail}"

    assert checks
    hold()


@pytest.mark.parametrize("check", OWN, ids=lambda check: check.name)
def test_a_check_with_its_own_scenarios_holds(check):
    """Fixed scenarios, rules over all random numbers, whole runs of 10,000 people: each holds."""
    for seed in SEEDS.get(check.family, (11,)):
        (result,) = evaluate([check], CheckContext(seed=seed))

        assert result.verdict == "holds", result.finding.detail


@pytest.mark.parametrize("check", CONTROLS, ids=lambda check: check.name)
def test_a_claim_that_is_wrong_on_purpose_is_refused(check):
    """Controls hold only if they are refused."""
    (result,) = evaluate([check], CheckContext(seed=5))

    assert result.verdict == "holds"


def test_every_check_is_carried_out_once():
    """Each check of the lists is in one of the tests above."""
    assert len(DRAWN) + len(OWN) == len(INVARIANTS) + len(ANALYTICAL_CHECKS)
    assert {each.family for each in DRAWN} == set(FAMILIES)

"""A box put to the test: fresh runs on either side of its thresholds."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from experiments.statistics.scenario_discovery import Box
from experiments.studies.rollout.discovery import check_thresholds, paired_design
from tests.test_scenario_discovery import CHEAP, RUNS, WEAK, flawed

# Either side --------------------------------------------------------------------------------------------------

PAIR = Box(limits={"effect": (WEAK, np.inf), "price": (-np.inf, CHEAP)})


def test_pairs_differ_in_one_quantity_only() -> None:
    """Inside meets the whole box; outside fails one condition; a tenth of the runs lies between; all else is a run's."""
    design = paired_design(PAIR, RUNS, number=30, seed=1)
    inside, outside = (design[design["side"] == side].reset_index(drop=True) for side in ("inside", "outside"))

    assert len(design) == 2 * 2 * 30
    assert PAIR.inside(inside).all()
    assert not PAIR.inside(outside).any()
    for name, rest in (("effect", "price"), ("price", "effect")):
        mine = inside["quantity"] == name
        others = [column for column in RUNS if column != name]
        pd.testing.assert_frame_equal(inside.loc[mine, others], outside.loc[mine, others])
        assert set(inside.loc[mine, rest]) <= set(RUNS[rest])
        low, high = sorted((inside.loc[mine, name].iloc[0], outside.loc[mine, name].iloc[0]))
        assert RUNS[name].between(low, high).mean() == pytest.approx(0.2, abs=0.01)


def test_true_threshold_is_confirmed_and_a_false_one_is_not() -> None:
    """Fresh runs of the truth: the effect's threshold is confirmed, that of the cost, which matters nothing, is not."""
    box = Box(limits={"effect": (WEAK, np.inf), "cost": (30_000.0, np.inf)})
    design = paired_design(box, RUNS, number=40, seed=1)
    table = check_thresholds(design, flawed(design["effect"] > WEAK, wrong=0.1)).set_index("quantity")

    assert table["confirmed"].to_dict() == {"effect": True, "cost": False}
    assert table.loc["effect", "inside"] > 0.8
    assert table.loc["effect", "outside"] < 0.2
    assert table.loc["effect", "inside_low"] < table.loc["effect", "inside"] < table.loc["effect", "inside_high"]


def test_check_by_hand() -> None:
    """Five pairs of which only the inside fails, one the other way: 7 of 64 by McNemar's exact test, so it is not sure."""
    design = paired_design(Box(limits={"effect": (WEAK, np.inf)}), RUNS, number=8, seed=1)
    fails = np.where(design["side"] == "inside", design["pair"].isin([0, 1, 2, 3, 4, 6]), design["pair"].isin([5, 6]))
    row = check_thresholds(design, fails).iloc[0]

    assert (row["only_inside"], row["only_outside"], row["inside"], row["outside"]) == (5, 1, 6 / 8, 2 / 8)
    assert row["p_value"] == pytest.approx(7 / 64)
    assert not row["confirmed"]
    assert check_thresholds(design, np.zeros(16, bool))["p_value"].item() == 1


def test_categories_and_narrow_ranges_have_two_sides() -> None:
    """A category swaps allowed for other values; a range narrower than the step is met in its middle."""
    x = RUNS.assign(definition=np.random.default_rng(3).choice(["any", "prison", "sentence"], len(RUNS)))
    named = paired_design(Box(limits={"definition": frozenset({"any", "prison"})}), x, number=20, seed=1)
    narrow = paired_design(Box(limits={"cost": (33_000.0, 33_500.0)}), x, number=5, seed=1)

    assert set(named.loc[named["side"] == "inside", "definition"]) == {"any", "prison"}
    assert set(named.loc[named["side"] == "outside", "definition"]) == {"sentence"}
    assert set(narrow.loc[narrow["side"] == "inside", "cost"]) == {33_250.0}
    assert (narrow.loc[narrow["side"] == "outside"].groupby("end")["cost"].first() < 33_000).to_dict() == {
        "lowest": True, "highest": False
    }  # fmt: skip

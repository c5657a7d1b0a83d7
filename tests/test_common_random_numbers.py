"""What common random numbers save: the measure, on numbers that are known and on small runs."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.inputs.scenario_files import load
from experiments.studies.trial.common_random_numbers import (
    ALL_MATCHED,
    NOBODY,
    bound,
    pairs,
    ratio,
    shares,
    variance_ratio,
    variance_ratios,
)

SMALL = load("pooled").changed({**ALL_MATCHED, "people.count": 1000})


def test_ratio_of_known_numbers() -> None:
    """Independent random numbers add the two variances; common ones leave that of the difference."""
    less, more = np.array([0.5, 0.6, 0.7]), np.array([0.4, 0.5, 0.7])

    assert ratio(less, more) == pytest.approx((0.01 + 0.07 / 3) / (0.01 / 3))


def test_bound_of_two_shares() -> None:
    """55 against 47 %: two coins vary with 0.4966, a difference that 8 % of the people make with 0.0736."""
    assert bound(0.55, 0.47) == pytest.approx(0.4966 / 0.0736)
    assert bound(0.5, 0.5) == float("inf")


def test_ratio_of_independent_people_reaches_its_bound() -> None:
    """People with one random number each, better off under one policy: the ratio is the bound."""
    words = np.random.default_rng(1).random((4000, 500))
    less, more = (words < 0.55).mean(axis=1), (words < 0.47).mean(axis=1)

    assert ratio(less, more) == pytest.approx(bound(0.55, 0.47), rel=0.1)


def test_common_random_numbers_save_more_than_two_of_three_replicates() -> None:
    """All matched against none, 1,000 people: the difference varies less than a third as much as with independent random numbers."""
    less, more = (shares(SMALL.changed(change), seed=1, replicates=80) for change in (NOBODY, {}))
    found = variance_ratio(less, more)

    assert found["difference"] > 4
    assert found["ratio"] > 3
    assert found["low"] < found["ratio"] < found["high"]


def test_policy_that_changes_nothing_changes_nobody() -> None:
    """Shares are equal in every replicate when nothing but a name differs, and when help comes that does nothing."""
    without = SMALL.changed(NOBODY)
    idle = SMALL.changed({
        "programme.direct_hazard_ratio": 1.0, "programme.direct_hazard_ratio_others": 1.0, "programme.support_hazard_ratio": 1.0,
        "programme.support_hazard_ratio_others": 1.0,
    })  # fmt: skip
    first = shares(without, seed=1, replicates=5)

    assert (first == shares(without.changed({"name": "other"}), seed=1, replicates=5)).all()
    assert (first == shares(idle, seed=1, replicates=5)).all()
    assert variance_ratio(first, first)["ratio"] == float("inf")
    assert not (first == shares(without, seed=2, replicates=5)).all()


def test_every_pair_is_measured() -> None:
    """Each pair of the benchmark runs, and its second policy does better (with the effects they have, or nearly)."""
    rows = variance_ratios(replicates=8, people=1000)

    assert list(rows["policies"]) == [pair.name for pair in pairs()]
    assert (rows["difference"][:5] > 0).all()
    assert (rows["ratio"] > 1).all()

"""The check against 29 and 67 %: which counts round to them, and how probable a pair of risks makes them."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from experiments.inputs.trial_result import (
    MENTORED_ARM,
    PEOPLE,
    REGION_67,
    REGION_95,
    best_log_likelihood,
    group_sizes,
    log_likelihood,
    relative_likelihood,
    reported_counts,
    rounds_to,
    size_weights,
)  # fmt: skip


def test_counts_that_round_to_29_percent() -> None:
    """The sizes that can give 29 % are those of the evidence: 7, 14, 17, 21, 24, 28, 31, 34, 35 and on."""
    sizes = sorted({n for _, n in rounds_to(29, 35)})

    assert sizes == [7, 14, 17, 21, 24, 28, 31, 34, 35]


def test_counts_that_round_to_67_percent() -> None:
    """Thirds round to 67 %, and so do a few other shares of larger groups."""
    sizes = sorted({n for _, n in rounds_to(67, 30)})

    assert sizes == [3, 6, 9, 12, 15, 18, 21, 24, 27, 30]


@pytest.mark.parametrize("percent", [29, 67])
def test_every_pair_rounds_to_its_percentage(percent: int) -> None:
    """Exact fractions lie within half a point."""
    for k, n in rounds_to(percent, 49):
        assert abs(Fraction(100 * k, n) - percent) <= Fraction(1, 2)


def test_size_weights_are_a_distribution() -> None:
    """The weights of all pairs of sizes add up to one, and the mean group is 45 % of each arm."""
    weights = size_weights()
    mentored = weights.sum(axis=1) @ np.arange(MENTORED_ARM + 1)

    assert weights.sum() == pytest.approx(1.0)
    assert mentored == pytest.approx(0.45 * MENTORED_ARM)


def test_likelihood_equals_a_naive_sum() -> None:
    """The likelihood is the plain sum over all pairs of counts and sizes, counted one by one."""
    p1, p0 = 0.35, 0.62
    weights = size_weights()
    total = sum(
        weights[n1, n0] * math.comb(n1, k1) * p1**k1 * (1 - p1) ** (n1 - k1)
        * math.comb(n0, k0) * p0**k0 * (1 - p0) ** (n0 - k0)
        for (k1, n1), (k0, n0) in product(rounds_to(29, MENTORED_ARM), rounds_to(67, PEOPLE - MENTORED_ARM))
    )  # fmt: skip

    assert float(log_likelihood(p1, p0)) == pytest.approx(math.log(total))


def test_the_observed_pair_is_best() -> None:
    """The relative likelihood is 1 near 29 and 67 %, and nowhere more."""
    grid1, grid0 = np.meshgrid(np.linspace(0.05, 0.95, 91), np.linspace(0.05, 0.95, 91))

    assert float(relative_likelihood(0.29, 0.67)) == pytest.approx(1.0, abs=0.01)
    assert relative_likelihood(grid1, grid0).max() <= 1.0 + 1e-9


def test_the_check_can_fail() -> None:
    """No effect at 67 % is outside the 95 % region; a few points off the observed pair is inside the 67 % region."""
    assert float(relative_likelihood(0.67, 0.67)) < REGION_95
    assert float(relative_likelihood(0.33, 0.65)) > REGION_67


def test_likelihood_is_the_probability_of_the_reported_pair() -> None:
    """Trials drawn at random report 29 and 67 % as often as the likelihood says."""
    rng = np.random.default_rng(3)
    trials = 400_000
    share = rng.uniform(0.3, 0.6, trials)
    n1, n0 = rng.binomial(MENTORED_ARM, share), rng.binomial(PEOPLE - MENTORED_ARM, share)
    k1, k0 = rng.binomial(n1, 0.29), rng.binomial(n0, 0.67)
    some = (n1 > 0) & (n0 > 0)
    both = (np.floor(100 * k1[some] / n1[some] + 0.5) == 29) & (np.floor(100 * k0[some] / n0[some] + 0.5) == 67)
    expected = math.exp(float(log_likelihood(0.29, 0.67)))
    error = math.sqrt(expected / trials)

    assert abs(both.sum() / trials - expected) < 5 * error


def test_every_way_is_possible_with_97_people() -> None:
    """No group is larger than its arm."""
    way = reported_counts()

    assert way.mentored_size.max() <= MENTORED_ARM
    assert way.control_size.max() <= PEOPLE - MENTORED_ARM
    assert math.isfinite(best_log_likelihood())
    assert group_sizes()["pairs"] == len(way.weight) == 270

"""What the statistical harness can and cannot see: true claims pass, claims wrong by a stated amount fail."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tests import statistics

NUMBER = 20_000
"""People in a typical statistical check; the sizes of error below are what so many can see."""


@pytest.fixture
def luck():
    return np.random.default_rng(20_200_101)


def test_true_claims_pass(luck):
    """Two hundred true claims of each kind pass."""
    for _ in range(200):
        statistics.share(luck.binomial(NUMBER, 0.3), NUMBER, 0.3)
        statistics.mean(luck.normal(2.0, 3.0, 1000), 2.0, 3.0)
        statistics.two_shares(luck.binomial(500, 0.3), 500, luck.binomial(700, 0.3), 700)
        statistics.counts(luck.multinomial(NUMBER, [0.5, 0.3, 0.2]), [0.5, 0.3, 0.2])


@pytest.mark.parametrize("error", [-0.03, 0.03])
def test_a_share_wrong_by_three_points_fails(luck, error):
    """Among 20,000 people a share that is claimed three points too high or too low is always noticed."""
    with pytest.raises(statistics.Improbable):
        statistics.share(luck.binomial(NUMBER, 0.3), NUMBER, 0.3 + error)


@pytest.mark.parametrize("error", [-0.1, 0.1])
def test_a_mean_wrong_by_a_tenth_of_its_spread_fails(luck, error):
    """Among 20,000 values a mean that is claimed a tenth of a standard deviation off is always noticed."""
    with pytest.raises(statistics.Improbable):
        statistics.mean(luck.normal(0.0, 1.0, NUMBER), error, 1.0)


def test_different_shares_fail():
    """Groups of 10,000 with shares of 30 and 34 % are not taken for the same."""
    with pytest.raises(statistics.Improbable):
        statistics.two_shares(3000, 10_000, 3400, 10_000)


def test_wrong_counts_fail(luck):
    """Among 20,000 people three points moved from one cell of a table to another are noticed."""
    with pytest.raises(statistics.Improbable):
        statistics.counts(luck.multinomial(NUMBER, [0.5, 0.3, 0.2]), [0.47, 0.33, 0.2])


def test_the_checks_refuse_at_the_stated_rate(luck, monkeypatch):
    """With the bar at one in twenty, about one true claim in twenty is refused: the p-values are honest."""
    monkeypatch.setattr(statistics, "FALSE_ALARM", 0.05)
    refused = 0
    for _ in range(2000):
        try:
            statistics.mean(luck.normal(0.0, 1.0, 50), 0.0, 1.0)
        except statistics.Improbable:
            refused += 1

    assert stats.binomtest(refused, 2000, 0.05).pvalue > 1e-6

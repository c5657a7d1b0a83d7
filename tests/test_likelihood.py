"""The probability of what a trial reported: closed forms, a naive twin, and trials that the engine really runs."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import beta

from experiments.inputs.scenario_files import load
from experiments.inputs.trial_result import SHARE_HIGH, SHARE_LOW, Printed, arm_likelihood, log_likelihood
from simulation.trial_counts import highest_risk, trial_counts
from tests import statistics


def test_all_percentages_together_have_probability_one() -> None:
    """An arm prints some whole percentage unless nobody in it is at highest risk."""
    share, risk, arm = 0.4, 0.3, 11
    total = sum(float(arm_likelihood(percent, arm, risk, share)) for percent in range(101))

    assert total == pytest.approx(1 - (1 - share) ** arm, abs=1e-12)


def test_an_arm_is_what_a_naive_count_says() -> None:
    """The sum over sizes and counts is that of two plain loops."""
    percent, arm, risk, share = 67, 9, 0.55, 0.45
    naive = 0.0
    for size in range(1, arm + 1):
        belongs = math.comb(arm, size) * share**size * (1 - share) ** (arm - size)
        for hits in range(size + 1):
            if math.floor(100 * hits / size + 0.5) == percent:
                naive += belongs * math.comb(size, hits) * risk**hits * (1 - risk) ** (size - hits)

    assert float(arm_likelihood(percent, arm, risk, share)) == pytest.approx(naive, rel=1e-12)


def test_the_likelihood_of_the_sweep_is_the_mean_over_shares() -> None:
    """Averaged over the share of the highest-risk group it is the likelihood of the sweep's check."""
    shares = np.linspace(SHARE_LOW, SHARE_HIGH, 301)
    mean = Printed().likelihood(np.full(301, 0.33), np.full(301, 0.6), shares).mean()

    assert np.log(mean) == pytest.approx(float(log_likelihood(0.33, 0.6)), abs=1e-9)


def test_where_everybody_is_at_highest_risk_the_posterior_is_a_beta_distribution() -> None:
    """With one possible size and a uniform prior the posterior of a risk is known: Beta(hits + 1, others + 1)."""
    risk = (np.arange(20_000) + 0.5) / 20_000
    weights = arm_likelihood(29, 49, risk, np.ones_like(risk))
    mean = (weights * risk).sum() / weights.sum()
    variance = (weights * (risk - mean) ** 2).sum() / weights.sum()
    exact = beta(14 + 1, 35 + 1)  # 14 of 49 is the only count that rounds to 29 %

    assert mean == pytest.approx(exact.mean(), abs=1e-5)
    assert variance == pytest.approx(exact.var(), rel=1e-4)


def test_sizes_have_probabilities_that_add_up() -> None:
    """Sizes that can round to the percentage have probabilities that add up to one, and others none."""
    sizes, chance = Printed().sizes(np.array([0.3, 0.5]), np.array([0.4, 0.6]), mentored=True)

    assert chance.sum(axis=1) == pytest.approx([1.0, 1.0])
    assert {7, 14, 17, 21} <= set(sizes.astype(int).tolist())
    assert 6 not in sizes


@pytest.mark.parametrize("setting", ["as-reported", "pooled"])
def test_trials_that_are_really_run_print_it_so_often(setting) -> None:  # type: ignore[no-untyped-def]
    """Trials of 97 people, counted one by one, print a pair near 29 / 67 as often as the likelihood says.

    The likelihood takes people as independent, with the arm's mean risk; trials share flats, peers and volunteers.
    """
    number, near = 6_000, 6
    counts = trial_counts(load(setting), seed=31, trials=number)
    arms = highest_risk(counts, "any")
    mentored, control = (np.floor(100 * each + 0.5) for each in arms.printed_shares())
    hits = ((np.abs(mentored - 29) <= near) & (np.abs(control - 67) <= near)).sum()
    share = counts[:, :, 1, 0].sum() / counts[..., 0].sum()
    expected = sum(
        0.5 * (float(Printed(mentored_percent=a, control_percent=b).likelihood(*arms.risks, share))
               + float(Printed(mentored_percent=a, control_percent=b, mentored_arm=48, control_arm=49)
                       .likelihood(*arms.risks, share)))
        for a in range(29 - near, 29 + near + 1) for b in range(67 - near, 67 + near + 1)
    )  # fmt: skip

    statistics.share(hits, number, expected)
    with pytest.raises(statistics.Improbable):
        statistics.share(hits, number, 1.6 * expected)

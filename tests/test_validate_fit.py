"""Weighted draws against mathematics: where the answer is known, the fit gives it; where data say nothing, the prior."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from experiments.inputs.scenario_files import load
from experiments.studies.validation.fit import (
    ENOUGH,
    UncertainParameter,
    WeightedDraws,
    changes,
    fit,
    log_counts,
    quantile,
    require_enough,
    uncertain_parameters,
    values,
)
from tests.mistakes import assert_one_line

LEVEL = UncertainParameter(keys=("a",), prior="N(0, 1)", what="", fitted=True)
OTHER = UncertainParameter(keys=("b", "c"), prior="U(0, 2)", what="", fitted=False)


def fitted(observed, sd, draws=256):
    """A normal observation of the first of two parameters."""
    return fit(
        [LEVEL, OTHER],
        lambda points: points,
        lambda predicted: stats.norm.logpdf(observed, predicted[:, 0], sd),
        seed=1,
        draws=draws,
    )


@pytest.mark.parametrize(("observed", "sd"), [(1.0, 0.5), (-2.5, 0.2), (0.0, 3.0)])
def test_a_normal_posterior_is_found(observed, sd):
    """Prior N(0, 1) and an observation with a known error: mean and standard deviation of the posterior are known."""
    found = fitted(observed, sd)
    mean, spread = observed / (1 + sd**2), sd / np.sqrt(1 + sd**2)
    column = found.values[:, 0]

    assert found.effective > ENOUGH
    assert found.mean(column) == pytest.approx(mean, abs=5 * spread / np.sqrt(found.effective))
    assert np.sqrt(found.mean((column - found.mean(column)) ** 2)) == pytest.approx(spread, rel=0.15)
    assert found.quantile(column, (0.025, 0.975)) == pytest.approx(
        stats.norm.ppf([0.025, 0.975], mean, spread), abs=0.35 * spread
    )


def test_what_the_data_do_not_speak_of_keeps_its_prior():
    """Uniform from 0 to 2, whatever was observed of the other."""
    found = fitted(1.0, 0.3)

    assert found.quantile(found.values[:, 1], (0.1, 0.5, 0.9)) == pytest.approx([0.2, 1.0, 1.8], abs=0.15)


def test_an_observation_that_says_nothing_changes_nothing():
    """With a flat likelihood every draw of the first round weighs the same."""
    found = fit([LEVEL], lambda points: points, lambda predicted: np.zeros(len(predicted)), seed=3, draws=256)

    assert found.effective > 0.8 * len(found.weight)
    assert found.mean(found.values[:, 0]) == pytest.approx(0.0, abs=0.1)


def test_keys_that_stand_together_are_one_number():
    """They are set to the same value."""
    assert changes([LEVEL, OTHER], np.array([0.5, 1.5])) == {"a": 0.5, "b": 1.5, "c": 1.5}


def test_priors_are_the_scenarios_own_unless_something_is_fitted():
    """The economy's ratio keeps the prior of the scenario file; values are kept within what is allowed."""
    rows = uncertain_parameters(
        load("life-maryland"),
        [("risk.hazard_multiplier",), ("factor.economy.missing_hazard_ratio",)],
        {"risk.hazard_multiplier": ("LN(0.3, 1.0)", "level")},
    )

    assert [(row.prior, row.fitted) for row in rows] == [("LN(0.3, 1.0)", True), ("LN(1.2, 0.15)", False)]
    assert values(rows, np.array([[-9.0, 0.0], [0.0, 0.0]])).tolist() == [[0.01, 1.2], [0.3, 1.2]]


def test_counts_are_multinomial():
    """The log probability of counts, up to a constant, is that of scipy."""
    chances = np.array([[0.1, 0.2, 0.3], [0.2, 0.2, 0.2]])
    own = log_counts(chances, np.array([3, 4, 5]), 8)
    expected = [stats.multinomial.logpmf([3, 4, 5, 8], 20, [*row, 1 - sum(row)]) for row in chances]

    assert own[0] - own[1] == pytest.approx(expected[0] - expected[1])


def test_weighted_quantiles_of_equal_weights_are_plain_ones():
    """The middle of a row of numbers, in whatever order."""
    column = np.random.default_rng(1).permutation(np.arange(101.0))

    assert quantile(column, np.full(101, 1 / 101), (0.5,)) == pytest.approx([50.0])


def test_resampling_follows_the_weights():
    """Systematic resampling: a draw with half of the weight comes half of the time."""
    draws = WeightedDraws(parameters=[LEVEL], values=np.zeros((3, 1)), weight=np.array([0.25, 0.5, 0.25]), predicted=np.zeros((3, 1)))  # fmt: skip

    assert np.bincount(draws.resample(1_000, np.random.default_rng(2))).tolist() == pytest.approx([250, 500, 250], abs=1)


def test_too_few_draws_are_refused_in_one_line():
    """Draws that are worth a handful are not reported; the message says how many are needed."""
    draws = WeightedDraws(parameters=[LEVEL], values=np.zeros((400, 1)), weight=np.r_[0.5, np.full(399, 0.5 / 399)], predicted=np.zeros((400, 1)))  # fmt: skip

    assert_one_line(
        lambda: require_enough(draws), "the draws are worth [4] independent ones; at least 200 are needed: raise --draws to"
    )

"""Value of information: closed forms, bounds, shuffled knowledge, and weighted draws as another method."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, norm

from experiments.statistics.value_of_information import (
    InformationValue,
    evpi,
    evppi,
    evppi_table,
    evsi_table,
    observed_risks,
)
from tests.mistakes import assert_one_line

DRAWS = 4_000
SURE = 5.0
"""Stated errors within which an estimate must lie: one false alarm in two million, if errors are normal."""


def loss(mean: float, sd: float) -> float:
    """Expected gain of choosing between 0 and a normal number once it is known (unit normal loss integral)."""
    z = abs(mean) / sd
    return sd * (norm.pdf(z) - z * norm.sf(z))


def linear(mean, parts, *, draws=DRAWS, seed=1):
    """Net benefits of two options whose difference is the mean plus normal quantities with these weights."""
    known = pd.DataFrame({name: np.random.default_rng([seed, k]).standard_normal(draws) for k, name in enumerate(parts)})
    net = mean + known @ pd.Series(parts)
    return np.column_stack([np.full(draws, 300.0), 300.0 + net]), known


def near(found: InformationValue, truth: float) -> None:
    """An estimate within so many of its own errors, and one that says something."""
    assert abs(found.value - truth) < SURE * found.error
    assert found.error < 0.1 * max(truth, 200)


def estimated(truth: pd.Series, events: int, *, seed: int) -> pd.DataFrame:
    """Trials' estimates of a normal quantity: noise of variance 4 / events is added to the truth of each draw."""
    noise = np.random.default_rng(seed).standard_normal(len(truth))
    return pd.DataFrame({"ratio": truth + noise * np.sqrt(4.0 / events)})


PARTS = {"effect": 1_000.0, "price": 600.0, "uptake": 300.0}
ALL = float(np.sqrt(sum(weight**2 for weight in PARTS.values())))


# Closed forms -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mean", [0.0, 500.0, -1_500.0])
def test_perfect_information_of_a_normal_difference(mean: float) -> None:
    """EVPI is the unit normal loss integral."""
    near(evpi(linear(mean, PARTS)[0]), loss(mean, ALL))


@pytest.mark.parametrize("mean", [0.0, 500.0, -1_500.0])
@pytest.mark.parametrize("names", [("effect",), ("price",), ("effect", "price"), ("effect", "price", "uptake")])
def test_partial_information_of_a_normal_difference(mean: float, names: tuple[str, ...]) -> None:
    """EVPPI is the same integral with the spread of what is known: curves, surfaces and sums of curves."""
    net, known = linear(mean, PARTS)

    near(evppi(net, known[list(names)]), loss(mean, float(np.hypot.reduce([PARTS[name] for name in names]))))


@pytest.mark.parametrize("events", [4, 40, 400])
def test_sample_information_of_a_normal_difference(events: int) -> None:
    """EVSI by a trial of a normal quantity: the spread shrinks by its part of the variance, 1 / (1 + 4 / events)."""
    net, known = linear(400.0, PARTS)
    seen = estimated(known["effect"], events, seed=3)

    near(evppi(net, seen), loss(400.0, 1_000.0 / np.sqrt(1 + 4 / events)))


def test_interaction_of_two_quantities() -> None:
    """Difference a x b: alone neither is worth anything, together everything: half the mean size, 1 / pi."""
    a, b = np.random.default_rng(4).standard_normal((2, DRAWS))
    net = np.column_stack([np.zeros(DRAWS), 1_000 * a * b])
    known = pd.DataFrame({"a": a, "b": b})

    near(evppi(net, known), 1_000 / np.pi)
    assert evppi(net, known[["a"]]).value < 40
    near(evppi(net, known.assign(c=np.random.default_rng(5).random(DRAWS))), 1_000 / np.pi)


def test_curved_knowledge_of_three_options() -> None:
    """Three options, a wave and a step: the known truth is the mean of the best of the three curves."""
    x = np.random.default_rng(6).uniform(-3, 3, DRAWS)
    curves = np.column_stack([np.zeros(DRAWS), 800 * np.sin(2 * x), 500 * np.tanh(3 * x)])
    grid = np.linspace(-3, 3, 60_001)
    truth = np.max([0 * grid, 800 * np.sin(2 * grid), 500 * np.tanh(3 * grid)], axis=0).mean()
    noisy = curves + np.random.default_rng(7).normal(0, 600, (DRAWS, 3))

    near(evppi(noisy, pd.DataFrame({"x": x})), truth)


def test_category_is_worth_its_means() -> None:
    """Three definitions with net benefits -900, 0 and 600: knowing which is worth a third of 600 (mean -100 without)."""
    which = np.random.default_rng(8).integers(0, 3, DRAWS)
    net = np.array([-900.0, 0.0, 600.0])[which] + np.random.default_rng(9).normal(0, 500, DRAWS)
    benefit = np.column_stack([np.zeros(DRAWS), net])
    names = pd.DataFrame({"definition": np.array(["any", "prison", "sentence"])[which]})

    near(evppi(benefit, names), 200.0)
    near(evppi(benefit, pd.DataFrame({"code": which})), 200.0)


# Bounds -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mean", [0.0, 700.0])
def test_order_of_worths(mean: float) -> None:
    """0 <= a trial <= its quantity <= two quantities <= everything, within errors."""
    net, known = linear(mean, PARTS, draws=800, seed=5)
    steps = [evppi(net, estimated(known["effect"], 20, seed=1)), evppi(net, known[["effect"]]),
             evppi(net, known[["effect", "price"]]), evpi(net)]  # fmt: skip

    assert steps[0].value >= 0
    for less, more in pairwise(steps):
        assert less.value <= more.value + 2 * less.error


def test_nothing_is_worth_nothing_when_one_option_always_wins() -> None:
    """No knowledge changes the choice."""
    net, known = linear(1e5, PARTS)

    assert evpi(net) == InformationValue(value=0.0, error=0.0)
    assert evppi(net, known).value == pytest.approx(0, abs=1e-6)
    assert evppi_table(net, known)["share"].isna().all()


@pytest.mark.parametrize("draws", [200, 1_000, 5_000])
def test_shuffled_knowledge_is_worth_about_nothing(draws: int) -> None:
    """Where it is hardest, at equal means: less than one or two errors of the mean benefit; else next to nothing."""
    net, known = linear(0.0, PARTS, draws=draws)
    net = net - net.mean(axis=0)
    apart = np.add(net, [0.0, 500.0])
    error = ALL / np.sqrt(draws)

    for names, times in ((["effect"], 1), (["effect", "price"], 1), (list(PARTS), 2)):
        assert evppi(net, known[names], shuffles=10).floor < times * error
        assert evppi(apart, known[names], shuffles=10).floor < 0.1 * times * error
    assert evppi(net, known[["effect"]]).value > 4 * error


@pytest.mark.parametrize("name", ["effect", "uptake"])
def test_stated_error_is_the_real_one(name: str) -> None:
    """Over 120 sets of 300 draws, estimates spread as they say they do: where the gains vary, and where the curve does."""
    found = [evppi(net, known[[name]]) for net, known in (linear(500.0, PARTS, draws=300, seed=k)
                                                              for k in range(100, 220))]  # fmt: skip
    values, errors = (np.array([getattr(one, key) for one in found]) for key in ("value", "error"))
    truth = loss(500.0, PARTS[name])

    assert np.sqrt((errors**2).mean()) == pytest.approx(values.std(ddof=1), rel=0.3)
    assert abs(values.mean() - truth) < 4 * values.std() / np.sqrt(len(found)) + 0.03 * truth


def test_order_and_scale_of_a_quantity_do_not_matter() -> None:
    """Rows in another order, kroner in thousands, a hazard ratio for its logarithm: the same value."""
    net, known = linear(200.0, PARTS, draws=500)
    found = evppi(net, known[["effect"]])
    order = np.random.default_rng(1).permutation(500)

    assert evppi(net[order], known[["effect"]].iloc[order]).value == pytest.approx(found.value)
    assert evppi(net, np.exp(known[["effect"]])).value == pytest.approx(found.value)
    assert evppi(net / 1_000, known[["effect"]]).value == pytest.approx(found.value / 1_000)


def test_simulation_noise_does_not_move_partial_information() -> None:
    """Net benefits with noise as large as the uncertainty: EVPI is far too large, EVPPI is not moved."""
    net, known = linear(500.0, {"effect": 1_000.0})
    noisy = net + np.column_stack([np.zeros(DRAWS), np.random.default_rng(3).normal(0, 1_000, DRAWS)])

    assert evpi(noisy).value > 1.5 * loss(500.0, 1_000.0)
    near(evppi(noisy, known), loss(500.0, 1_000.0))


def test_table_is_sorted_and_has_groups() -> None:
    """Alone: effect first. In groups: columns together."""
    net, known = linear(300.0, PARTS)
    alone = evppi_table(net, known)
    together = evppi_table(net, known, groups={"money": ["price"], "the rest": ["effect", "uptake"]}, shuffles=0)

    assert alone["what"].tolist() == ["effect", "price", "uptake"]
    assert alone["share"].iloc[0] == pytest.approx(loss(300, 1_000) / loss(300, ALL), abs=0.05)
    assert together["what"].tolist() == ["the rest", "money"]


# A trial ------------------------------------------------------------------------------------------------------


def posterior(draws=2_000):
    """Made-up draws of two risks, and net benefit per person: 500,000 kr. for each avoided, a course for 33,000 kr."""
    rng = np.random.default_rng(11)
    control = rng.beta(30, 20, draws)
    mentored = 1 - (1 - control) ** np.exp(rng.normal(-0.15, 0.12, draws))
    price = 500_000 * np.exp(rng.normal(0, 0.25, draws))
    return control, mentored, np.column_stack([np.zeros(draws), price * (control - mentored) - 33_000])


def by_weights(control, mentored, benefit, per_arm):
    """Sample information the long way: each trial's posterior by weighting all draws with its likelihood."""
    seen = [binom.ppf(u, per_arm, p) for u, p in zip(np.random.Generator(np.random.Philox(key=5)).random(
        (2, len(control))), (control, mentored), strict=True)]  # fmt: skip
    logs = sum(binom.logpmf(k[:, None], per_arm, p[None, :]) for k, p in zip(seen, (control, mentored), strict=True))
    weights = np.exp(logs - logs.max(axis=1, keepdims=True))
    means = weights @ benefit / weights.sum(axis=1, keepdims=True)
    return means.max(axis=1).mean() - benefit.mean(axis=0).max()


@pytest.mark.parametrize("per_arm", [50, 200, 800])
def test_trial_of_two_arms_agrees_with_weighted_draws(per_arm: int) -> None:
    """The regression and the weights of Bayes agree within three errors."""
    control, mentored, benefit = posterior()
    found = evppi(benefit, observed_risks(control, mentored, per_arm, seed=5))

    assert abs(found.value - by_weights(control, mentored, benefit, per_arm)) < 3 * found.error
    assert found.error < 0.25 * found.value


def test_larger_trials_are_worth_more_up_to_knowing_the_risks() -> None:
    """Size 0 is worth nothing; its value grows with size (within an error) towards that of knowing both risks."""
    control, mentored, benefit = posterior()
    table = evsi_table(benefit, [0, 25, 100, 400, 1_600, 100_000], lambda size: observed_risks(control, mentored, size, seed=2),
                        cost=lambda size: 1e6 + 40_000 * size)  # fmt: skip
    risks = evppi(benefit, pd.DataFrame({"control": control, "mentored": mentored}))
    steps = table["value"].to_numpy()

    assert steps[0] == 0
    assert (np.diff(steps) > -table["error"].to_numpy()[1:]).all()
    assert steps[3] > 3 * steps[1] > 0
    assert steps[-1] == pytest.approx(risks.value, abs=2 * risks.error)
    assert (steps <= risks.value + 2 * table["error"]).all()


def test_gain_less_cost_by_hand() -> None:
    """Net is the value less the cost; the best size has the highest net; a trial that is too dear is not best."""
    control, mentored, benefit = posterior()
    sizes = [0, 50, 200, 800]

    def table_at(each):
        return evsi_table(20_000 * benefit, sizes, lambda size: observed_risks(control, mentored, size, seed=2),
                           cost=lambda size: each * size)  # fmt: skip

    table, dear = table_at(50_000), table_at(1e9)
    np.testing.assert_allclose(table["net"], table["value"] - np.array(sizes) * 50_000)
    assert table.loc[table["best"], "net"].item() == table["net"].max() > 0
    assert not dear["best"].any()


def test_a_draw_has_the_same_random_numbers_at_every_size() -> None:
    """A draw with few reoffenders in a small trial has few in a large one; no risk at all is never seen."""
    risks = np.full(500, 0.5)
    small, large = (observed_risks(risks, risks, size, seed=1)["control"] for size in (20, 500))

    assert np.corrcoef(small, large)[0, 1] > 0.95
    sure = observed_risks(np.zeros(3), np.ones(3), 10, seed=1)
    assert sure["control"].tolist() == pytest.approx([np.log(0.5 / 10.5)] * 3)
    assert sure["ratio"].tolist() == pytest.approx([2 * np.log(10.5 / 0.5)] * 3)


# Mistakes -----------------------------------------------------------------------------------------------------

TWO = np.zeros((60, 2))
BAD = [
    (lambda: evpi(np.full((60, 2), np.nan)), "no numbers [nan or inf]"),
    (lambda: evppi(TWO, pd.DataFrame({"a": [np.nan] * 60})), "quantity [a] has values that are missing"),
]


@pytest.mark.parametrize(("make", "message"), BAD, ids=[message for _, message in BAD])
def test_bad_input_is_one_line(make, message) -> None:
    """What is wrong, with its value, and what is needed."""
    assert_one_line(make, message)


def test_equal_options_and_constant_quantities_are_worth_nothing() -> None:
    """No division by zero where nothing differs."""
    net, _ = linear(100.0, PARTS, draws=100)

    assert evppi(TWO, pd.DataFrame({"a": np.arange(60.0)})).value == 0
    assert evppi(net, pd.DataFrame({"a": np.ones(100)})).value == pytest.approx(0, abs=1e-6)

"""Patterns left out on purpose: the prediction is made without them, and judged by how far out they are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from experiments.execution.jobs import finish
from experiments.inputs.scenario_files import load
from experiments.studies.calibration import register_fit
from experiments.studies.calibration.register_fit import register_figures
from experiments.verification import left_out_patterns
from experiments.verification.left_out_patterns import (
    KNOWN,
    MIDDLES,
    RARE,
    SETS,
    WIDER,
    LeftOutPlan,
    compare,
    predict,
    summarise,
    uncertain_parameters,
)
from simulation.parameters import Prior
from tests.test_calibration import bare

SMALL = {"points": 360, "near_each": 40, "people": 2_500, "draws": 4, "steps": 120}


def alone(job):
    """Compute a job here, one piece after the other, keeping nothing."""
    return finish(job, threads=1)


def with_another(known, name):
    """The registers' facts with another value of one figure."""
    k = known.names.index(name)
    observed = known.observed.copy()
    observed[k] *= 0.5
    return replace(known, observed=observed)


def test_at_least_six_are_left_out_one_at_a_time():
    """Every figure of the likelihood is left out alone, and some in groups; excuses are for sets that exist."""
    single = {names[0] for names in SETS.values() if len(names) == 1}

    assert single == set(register_figures().names)
    assert len(single) >= 6
    assert any(len(names) > 1 for names in SETS.values())
    assert set(KNOWN) <= set(SETS)


def test_priors_that_figures_had_set_are_widened():
    """Each widened prior is wider than the scenario's own, and the other uncertain parameters keep theirs."""
    base = load("everyone")
    for own, wide in zip(register_fit.register_parameters(base), uncertain_parameters(base), strict=True):
        if own.key not in WIDER:
            assert own == wide
            continue
        spread = [np.ptp(Prior.read(row.prior).quantile(np.array([0.1, 0.9]))) for row in (own, wide)]

        assert spread[1] > 1.2 * spread[0], own.key


@pytest.mark.long
@pytest.mark.parametrize(("left_out", "same"), [("year 3", True), ("one offence", False)])
def test_a_prediction_never_sees_what_it_predicts(monkeypatch, left_out, same):
    """With another observed value of the left-out figure its prediction is the same to the last digit; another set's is not."""
    monkeypatch.setattr(left_out_patterns, "SETS", {left_out: SETS[left_out]})
    plan = LeftOutPlan(population=bare("everyone"), **SMALL)
    one, other = (predict(plan, known, alone)["predicted"].to_numpy()
                  for known in (register_figures(), with_another(register_figures(), "risk_year_3")))  # fmt: skip

    assert same == np.array_equal(one, other)
    assert len(one) == len(MIDDLES)
    assert (np.diff(one) >= 0).all()


def predicted(values, figure="any_24", **columns):
    """A prediction with these quantiles."""
    return pd.DataFrame({"left_out": "24 months", "figure": figure, "part": MIDDLES, "predicted": np.sort(values),
                         "off": 0.0, "r_hat": 1.0, "draws": 1000.0, **columns})  # fmt: skip


@pytest.mark.parametrize(
    ("middle", "spread", "more", "verdict"),
    [
        (0.66, 0.01, {}, "holds"), (0.67, 0.01, {}, "holds"), (0.70, 0.01, {}, "fails"), (0.60, 0.02, {}, "fails"),
        (0.60, 0.05, {}, "holds"), (0.66, 0.09, {}, "inconclusive"), (0.66, 0.01, {"r_hat": 1.3}, "inconclusive"),
        (0.70, 0.01, {"off": 0.02}, "inconclusive"),
    ],
)  # fmt: skip
def test_a_prediction_holds_fails_or_is_inconclusive(middle, spread, more, verdict):
    """Close by in units of the uncertainty of both together it holds; too wide, not converged or off, it says nothing."""
    from scipy.stats import norm

    table = compare(predicted(middle + spread * norm.ppf(MIDDLES), **more), register_figures())
    z = (middle - 0.66) / np.hypot(spread, 0.01)

    assert [verdict] == table["verdict"].tolist()
    assert table["p"].item() == pytest.approx(2 * norm.sf(abs(z)), abs=0.02)
    assert table["apart"].item() == pytest.approx(z, abs=0.05)


def test_true_predictions_fail_one_time_in_twenty():
    """Where figures come from the prediction and its uncertainty, the share that fails is the stated one."""
    rng = np.random.default_rng(2)
    known, failed = register_figures(), 0
    k = known.names.index("any_24")
    for _ in range(600):
        middle = 0.66 + rng.normal(0, 0.02)
        observed = known.observed.copy()
        observed[k] = middle + rng.normal(0, np.hypot(0.02, 0.01))
        from scipy.stats import norm

        table = compare(predicted(middle + 0.02 * norm.ppf(MIDDLES)), replace(known, observed=observed))
        failed += table["verdict"].item() == "fails"

    assert failed / 600 == pytest.approx(RARE, abs=0.03)


def test_a_prediction_in_short_is_mean_spread_and_ends():
    """What is written down before: mean, standard deviation and the middle 95 %."""
    from scipy.stats import norm

    row = summarise(predicted(0.5 + 0.1 * norm.ppf(MIDDLES))).iloc[0]

    assert row["predicted"] == pytest.approx(0.5)
    assert row["spread"] == pytest.approx(0.1, rel=0.02)
    assert [row["low"], row["high"]] == pytest.approx([0.304, 0.696], abs=0.005)

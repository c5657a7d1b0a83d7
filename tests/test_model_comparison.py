"""The model comparison and runs over draws: evidence that is known, measurements that tell apart, the two variances."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from experiments.execution.jobs import finish
from experiments.inputs.parameter_points import STRENGTH, effect
from experiments.inputs.posterior import Posterior, fitting
from experiments.inputs.scenario_files import load
from experiments.inputs.trial_result import Printed
from experiments.language.compare_models import answer
from experiments.language.messages import Messages
from experiments.studies.calibration.model_comparison import (
    MEASUREMENTS,
    MODELS,
    SIZES,
    STRENGTHS,
    CandidateModel,
    evidence,
    separation,
)
from experiments.studies.calibration.register_fit import coordinates
from experiments.studies.calibration.trial_fit import SimulationBank
from experiments.studies.result import as_json
from experiments.studies.trial.scenario_over_draws import over_draws, simulate_draws, summary
from simulation.parameters import ParameterError, Quantity
from simulation.scenario import Scenario


def candidate(name: str, strengths: np.ndarray, likelihoods: np.ndarray) -> CandidateModel:
    """A model whose draws and likelihoods are given."""
    row = Quantity(key=STRENGTH, value=1.0, unit="", low=0.001, high=5.0, grade="assumed", prior="LN(0.45, 1.20)", what="", source="")  # fmt: skip
    z = (np.log(strengths) - np.log(0.45)) / 1.2
    bank = SimulationBank(rows=(row,), coordinates=z[:, None], counts=np.zeros((len(z), 2, 2, 2, 8), np.int64))
    return CandidateModel(name=name, bank=bank, likelihoods=likelihoods)


def helping(number: int = 40_000) -> np.ndarray:
    """Draws of the strength's prior, cut at 1."""
    rng = np.random.default_rng(1)
    draws = 0.45 * np.exp(1.2 * rng.standard_normal(4 * number))
    return draws[draws <= 1][:number]


def test_evidence_is_the_mean_likelihood() -> None:
    """Where the likelihood of a model is constant its evidence is that constant, under every prior, without error."""
    found = candidate("both", helping(), np.full(40_000, 0.002))

    for prior in ("", "LN(0.55, 0.58)"):
        mean, error, _ = found.evidence(prior)
        assert mean == pytest.approx(0.002, rel=1e-9)
        assert error < 1e-9


def test_another_prior_of_the_strength_is_that_prior() -> None:
    """Reweighted draws have the mean that draws of the other prior have."""
    strengths = helping()
    mean, error, effective = candidate("direct", strengths, strengths).evidence("LN(0.55, 0.58)")
    rng = np.random.default_rng(2)
    other = 0.55 * np.exp(0.58 * rng.standard_normal(200_000))

    assert mean == pytest.approx(other[other <= 1].mean(), abs=5 * error + 0.002)
    assert effective < len(strengths)


def test_probabilities_of_models() -> None:
    """Models with evidence 3, 3, 3 and 1 have probabilities of 30, 30, 30 and 10 % and Bayes factors of 3."""
    strengths = helping(2_000)
    models = [candidate(name, strengths, np.full(2_000, 1e-4 if name == "chance" else 3e-4)) for name in MODELS]
    table = evidence(models)
    first = table[table["prior"] == "other trials"].set_index("model")

    assert first["probability"].to_dict() == pytest.approx({"support": 0.3, "direct": 0.3, "both": 0.3, "chance": 0.1})
    assert first.loc["both", "bayes_factor"] == pytest.approx(3.0)


def expected(first: float, second: float) -> pd.DataFrame:
    """Two models that differ in one measurement only, each without uncertainty about it."""
    rows = []
    for name, gap in (("support", first), ("direct", second)):
        row = {f"{each}_{arm}": 0.5 for each in MEASUREMENTS for arm in ("control", "mentored")}
        rows += [{**row, "housing_mentored": 0.5 + gap, "model": name}] * 40
    return pd.DataFrame(rows)


def test_measurements_that_differ_tell_models_apart() -> None:
    """With a true difference of 20 points between the models the share named rightly is that of the normal formula."""
    from scipy.stats import norm

    table = separation(expected(0.2, 0.0), sizes=(25, 100, 400), draws=40_000).set_index("measurement")
    for size in (25, 100, 400):
        spread = [np.sqrt((0.25 + p * (1 - p)) / size) for p in (0.7, 0.5)]
        right = np.mean([norm.cdf(0.1 / each) for each in spread])

        assert table.loc["housing", f"right_{size}"] == pytest.approx(right, abs=0.02)
        assert table.loc["employment", f"right_{size}"] == pytest.approx(0.5, abs=0.02)
    assert table.loc["housing", "needed"] == 100
    assert np.isnan(table.loc["employment", "needed"])


@pytest.mark.parametrize(("language", "nothing", "quarter"), [
    ("en", "none of the measurements is enough", "all direct 25"), ("da", "Ingen af målingerne er nok", "alt direkte 25")
])  # fmt: skip
def test_the_answer_says_when_nothing_is_enough(language, nothing, quarter) -> None:  # type: ignore[no-untyped-def]
    """Where no measurement separates a pair, the sentences say so."""
    strengths = helping(500)
    models = [candidate(name, strengths, np.full(500, 1e-4)) for name in MODELS]
    facts = as_json({
        "evidence": evidence(models).to_dict("records"), "separation": separation(expected(0.0, 0.0)).to_dict("records"),
        "reported": {"mentored_percent": 29, "control_percent": 67}, "priors": STRENGTHS, "sure": 0.9, "largest": SIZES[-1],
    })  # fmt: skip
    sentences = answer(facts, {}, Messages(language, "compare_models")).sentences

    assert any(nothing in each for each in sentences)
    assert quarter in sentences[0]


def test_more_strength_than_one_is_harm_by_the_direct_route() -> None:
    """Support factors cannot do harm; what is not allowed is refused in one line."""
    assert effect(1.5, 0.6) == {"programme.direct_hazard_ratio": 1.5, "programme.support_hazard_ratio": 1.0}
    with pytest.raises(ParameterError, match=r"effect.hazard_ratio is \[7"):
        effect(7.0, 0.4)


# Runs over draws ------------------------------------------------------------------------------------------------


def posterior(**columns: list[float]) -> Posterior:
    return Posterior(table=pd.DataFrame({key.replace("__", "."): value for key, value in columns.items()}), about={})


def test_a_draw_is_the_scenario_it_makes() -> None:
    """Run over one draw, a scenario gives the counts of the same change written out."""
    base = load("pooled")
    points = [{"risk.hazard_multiplier": 0.9}, {}]
    context = {"scenario": base.to_toml(), "replicates": 3, "window": 24}
    drawn = pd.DataFrame(simulate_draws(context, {"points": points, "seeds": [5, 5]}))
    changed = {**context, "scenario": base.changed({"risk.hazard_multiplier": 0.9}).to_toml()}
    written = pd.DataFrame(simulate_draws(changed, {"points": [{}], "seeds": [5]}))

    assert drawn[drawn["draw"] == 0]["hits"].tolist() == written["hits"].tolist()
    assert drawn[drawn["draw"] == 1]["hits"].tolist() != written["hits"].tolist()


def test_parameter_uncertainty_is_told_from_stochastic_variation() -> None:
    """Draws that all say the same have stochastic variation only; draws that differ have uncertain parameters."""
    base = Scenario().replace(people__count=2_000)

    def spread(levels: list[float]) -> pd.Series:
        points = [fitting(base, draw) for draw in posterior(risk__baseline_hazard=levels).draws(len(levels))]
        table = over_draws(base, points, finish, seed=1, replicates=1, window=24)
        rows = summary(table, by=("arm",))
        return rows[rows["definition"] == "any"].iloc[0]

    same, different = spread([0.0675] * 30), spread(list(np.linspace(0.04, 0.1, 30)))

    assert same["parameter_sd"] < 0.6 * same["stochastic_sd"]
    assert different["parameter_sd"] > 3 * different["stochastic_sd"]
    assert same["low"] < same["share"] < same["high"]


def test_a_change_of_the_users_wins_over_the_draws() -> None:
    """A key that was set stays as it was set at every draw."""
    base = Scenario().replace(people__count=500, risk__baseline_hazard=0.0)
    draws = posterior(risk__baseline_hazard=[0.05, 0.1]).draws(2)
    points = [fitting(base, draw, but=["risk.baseline_hazard"]) for draw in draws]
    table = over_draws(base, points, finish, seed=1, replicates=1, window=24)

    assert table["hits"].sum() == 0


def test_printed_pairs_have_arms_that_add_up_to_97() -> None:
    """The two arms hold the 97 people of the trial."""
    assert Printed().mentored_arm + Printed().control_arm == 97
    assert coordinates([], np.zeros((3, 0))).shape == (3, 0)

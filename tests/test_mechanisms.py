"""The effect divided among its routes: Shapley values by closed forms, coalitions, intervals, the study."""

from __future__ import annotations

import re
from itertools import permutations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.execution.jobs import finish
from experiments.inputs.posterior import Posterior
from experiments.inputs.routes import AS_IS, DIFFERENCE, DIRECT, SCARCE, TOTAL
from experiments.inputs.scenario_files import load
from experiments.statistics.shapley_values import shapley
from experiments.studies.trial import coalitions
from experiments.studies.trial.coalitions import (
    CoalitionPlan,
    coalition_scenario,
    players_of,
    scarce_openings,
    simulate_coalitions,
    with_fixed_multipliers,
)
from experiments.studies.trial.effect_decomposition import EffectDecomposition, spread_of_draws
from experiments.studies.trial.mechanisms_study import MechanismsStudy
from simulation.compiled_parameters import numbers_of
from simulation.parameters import ParameterError
from simulation.trial_counts import HIGHEST, MEASURES, trial_counts
from tests.test_cli import desist

ONE = {"set": ("programme.gain_weights={housing = 1.0}",), "trials": 20}
"""Two players and few trials."""


@pytest.fixture(scope="module")
def pooled():
    return load("pooled")


@pytest.fixture(scope="module")
def small():
    """Three players: housing, network and the direct route; economy is listed with a weight of zero."""
    return load("pooled").changed({"programme.gain_weights": {"housing": 1.0, "network": 0.5, "economy": 0.0}})


@pytest.fixture(scope="module")
def parts(small):
    plan = CoalitionPlan(scenario=small, scarce={"housing": 0.0}, trials=200)
    return EffectDecomposition.from_tables(plan, finish(plan.job()))


def of(table, condition, mechanism):
    return table.set_index(["condition", "mechanism"]).loc[(condition, mechanism)]


# Closed forms ---------------------------------------------------------------------------------------------------


def sets(n):
    return [[i for i in range(n) if mask >> i & 1] for mask in range(2**n)]


def test_an_additive_game_gives_each_player_its_own_value() -> None:
    value = np.array([3.0, -1.5, 0.25, 0.0, 7.0])
    parts = shapley([0.4 + sum(value[i] for i in on) for on in sets(5)])

    np.testing.assert_allclose(parts, value, rtol=0, atol=1e-12)
    assert parts[3] == 0.0


def test_what_two_players_only_do_together_is_halved() -> None:
    values = [2.0 * (0 in on) + 5.0 * (1 in on) + 3.0 * (0 in on and 1 in on) for on in sets(3)]

    assert shapley(values).tolist() == [3.5, 6.5, 0.0]


def test_the_runway_is_paid_by_those_who_need_it() -> None:
    """Littlechild and Owen's airport: each stretch of the runway is shared by the aeroplanes that need it."""
    needs = (1.0, 2.0, 3.0)
    values = [max([needs[i] for i in on], default=0.0) for on in sets(3)]

    np.testing.assert_allclose(shapley(values), [1 / 3, 1 / 3 + 1 / 2, 1 / 3 + 1 / 2 + 1], atol=1e-12)


def test_values_are_means_over_all_orders() -> None:
    values = np.random.default_rng(3).normal(size=16)
    found = np.zeros(4)
    for order in permutations(range(4)):
        mask = 0
        for i in order:
            found[i] += (values[mask | 1 << i] - values[mask]) / 24
            mask |= 1 << i

    np.testing.assert_allclose(shapley(values), found, atol=1e-12)


@given(st.integers(1, 7), st.integers(0, 1000))
def test_parts_sum_to_the_total_and_likes_are_treated_alike(n: int, seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=(3, 2**n))
    np.testing.assert_allclose(shapley(values).sum(axis=-1), values[:, -1] - values[:, 0], rtol=0, atol=1e-12)
    by_size = np.random.default_rng(seed).normal(size=n + 1)[[len(on) for on in sets(n)]]
    np.testing.assert_allclose(shapley(by_size), (by_size[-1] - by_size[0]) / n, rtol=0, atol=1e-12)


def test_half_a_game_is_refused() -> None:
    with pytest.raises(ValueError, match="3 coalitions"):
        shapley([0.0, 1.0, 2.0])


# Coalitions in the model ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["as-reported", "pooled", "sceptical"])
def test_fixed_multipliers_change_no_count(name: str) -> None:
    plain = load(name)

    assert with_fixed_multipliers(plain) != plain
    assert np.array_equal(*(trial_counts(each, seed=5, trials=20) for each in (plain, with_fixed_multipliers(plain))))


def test_all_players_are_the_plain_scenario_and_no_players_are_no_effect(pooled) -> None:
    players = players_of(pooled)
    inert = pooled.changed({f"programme.{name}": 1.0 for name in (
        "direct_hazard_ratio", "direct_hazard_ratio_others", "support_hazard_ratio", "support_hazard_ratio_others")})  # fmt: skip
    assert players == ["housing", "economy", "employment", "network", "education", DIRECT]
    for on, same in ((players, pooled), ([], inert)):
        assert np.array_equal(*(trial_counts(each, seed=5, trials=30) for each in (coalition_scenario(with_fixed_multipliers(pooled), on), same)))


def test_a_factor_that_is_switched_off_makes_no_other_stronger(pooled) -> None:
    boosts = [numbers_of(coalition_scenario(with_fixed_multipliers(pooled), on), 1).boost[0] for on in (players_of(pooled), ["economy"])]

    assert np.array_equal(boosts[1][1], boosts[0][1])
    assert (np.delete(boosts[1], 1, axis=0) == 1.0).all()
    assert boosts[0][1, 1] > 2


def test_a_task_counts_what_the_trial_counts(small) -> None:
    plan = CoalitionPlan(scenario=small, trials=20)
    job = plan.job()
    table = pd.DataFrame(simulate_coalitions(job.context, {**job.pieces[0], "coalitions": [7]}))
    counts = trial_counts(small, seed=1, trials=20)[..., [MEASURES.index("people"), MEASURES.index("any")]]

    assert (table["coalition"] == 7).all()
    rows = table[table["high_risk"] == 1].sort_values("block")
    assert np.array_equal(rows.iloc[:, 3:].to_numpy(), counts[:, :, HIGHEST].reshape(20, 4))


def test_parts_sum_to_the_total_in_every_condition(parts) -> None:
    table = parts.table()
    for condition, rows in table.groupby("condition"):
        whole = rows["mechanism"] == TOTAL
        assert rows.loc[~whole, "points"].sum() == pytest.approx(rows.loc[whole, "points"].item(), rel=0, abs=1e-12)
        if condition != DIFFERENCE:
            assert rows.loc[~whole, "share"].sum() == pytest.approx(1.0, rel=0, abs=1e-12)
    listed = parts.coalitions().set_index(["condition", "members"])["points"]
    gained = listed[AS_IS, "housing + network + direct"] - listed[AS_IS, "nobody"]
    assert of(table, AS_IS, TOTAL)["points"] == pytest.approx(gained, abs=1e-12)


def test_what_has_no_influence_gets_exactly_zero(small, parts) -> None:
    """Factors that are not helped with, and one that is but neither changes the hazard nor helps another factor."""
    found = parts.table().set_index("mechanism").loc[["economy", "employment", "education"]]
    assert (found[["points", "points_low", "points_high", "alone", "last"]].loc[found["condition"] == AS_IS] == 0).all(axis=None)
    harmless = small.changed({"factor.network.missing_hazard_ratio": 1.0, "factor.employment.helped_by": {}})
    plan = CoalitionPlan(scenario=harmless, trials=40)
    row = of(EffectDecomposition.from_tables(plan, finish(plan.job()), "everyone").table(), AS_IS, "network")

    assert row[["points", "points_low", "points_high", "share", "alone", "last"]].tolist() == [0.0] * 6


def test_a_programme_without_effect_has_no_shares(small) -> None:
    inert = small.changed({f"programme.{name}": 1.0 for name in (
        "direct_hazard_ratio", "direct_hazard_ratio_others", "support_hazard_ratio", "support_hazard_ratio_others")})  # fmt: skip
    plan = CoalitionPlan(scenario=inert, trials=20)
    table = EffectDecomposition.from_tables(plan, finish(plan.job())).table()

    assert (table[["points", "points_low", "points_high"]] == 0).all(axis=None)
    assert table[["share", "share_low", "share_high"]].isna().all(axis=None)


def test_without_flats_housing_gives_less(parts) -> None:
    table = parts.table()

    assert of(table, DIFFERENCE, "housing")["points_low"] > 0
    assert 0 < of(table, SCARCE, "housing")["points"] < of(table, AS_IS, "housing")["points"] / 2
    assert of(table, SCARCE, TOTAL)["points"] < of(table, AS_IS, TOTAL)["points"]


@pytest.mark.parametrize(("people", "threads"), [(100_000, 2), (1_000, 1), (7_000, 2)])
def test_results_do_not_depend_on_cuts_or_threads(small, people, threads, monkeypatch) -> None:
    plan = CoalitionPlan(scenario=small, draws=[{}, {"effect.hazard_ratio": 0.4}], trials=30)
    usual = EffectDecomposition.from_tables(plan, finish(plan.job(), threads=1)).counts
    monkeypatch.setattr(coalitions, "TASK_PEOPLE", people)
    job = plan.job()

    assert len(job.pieces) >= (2 if people > 50_000 else 4)
    assert np.array_equal(EffectDecomposition.from_tables(plan, finish(job, threads=threads)).counts, usual)


# Intervals ------------------------------------------------------------------------------------------------------


def made_up(plan, chance, risks):
    """Counts of independent coin tosses: D draws with risks of each coalition and arm (D x 2**n x 2)."""
    blocks = -(-plan.trials // plan.block)
    people = np.full((len(risks), 1, blocks, *risks.shape[1:]), 60)
    hits = chance.binomial(people, risks[:, None, None])
    return EffectDecomposition(plan=plan, group="high-risk", counts=np.stack([people, hits], axis=-1))


def test_the_interval_of_the_simulation_error_covers_the_truth_in_95_percent(pooled) -> None:
    plan = CoalitionPlan(scenario=pooled.changed({"programme.gain_weights": {"housing": 1.0}}), trials=200)
    truth = np.array([[0.6, 0.6], [0.6, 0.55], [0.6, 0.48], [0.6, 0.4]])
    chance, inside = np.random.default_rng(11), []
    for _ in range(300):
        table = made_up(plan, chance, truth[None]).table()
        housing, direct = of(table, AS_IS, "housing"), of(table, AS_IS, DIRECT)
        inside.append([
            housing["points_low"] <= 6.5 <= housing["points_high"],
            direct["share_low"] <= 13.5 / 20 <= direct["share_high"],
        ])  # fmt: skip

    assert np.all(np.abs(np.mean(inside, axis=0) - 0.95) < 0.04)


def test_the_spread_of_draws_is_freed_of_simulation_error() -> None:
    chance = np.random.default_rng(12)
    truth, noise = chance.normal(size=4_000), chance.normal(size=4_000) * 0.7
    low, high = spread_of_draws(np.stack([truth + noise, noise], axis=1), np.full((4_000, 2), 0.49))

    assert (low[0], high[0]) == pytest.approx((-1.96, 1.96), abs=0.12)
    assert high[1] - low[1] < 0.8


def test_parameter_uncertainty_is_apart_from_simulation_error(pooled) -> None:
    """Draws whose effects differ widely: the interval of the draws is wide, that of the simulation error of their mean narrow."""
    plan = CoalitionPlan(scenario=pooled.changed({"programme.gain_weights": {"housing": 1.0}}), trials=200, draws=[{}] * 30)
    direct = np.linspace(0.0, 0.3, 30)
    risks = np.stack([np.full((30, 4), 0.6), 0.6 - np.stack([0 * direct, 0 * direct, direct, direct], axis=1)], axis=-1)
    parts = made_up(plan, np.random.default_rng(13), risks)
    row = of(parts.table(), AS_IS, DIRECT)
    lowers, clearly = parts.lowering()

    assert (row["points"], row["points_low"], row["points_high"]) == pytest.approx((15.0, 0.8, 29.2), abs=1.5)
    assert row["stochastic_high"] - row["stochastic_low"] < 2.0
    assert 20 <= clearly < lowers <= 30
    assert row["share"] == pytest.approx(1.0, abs=0.1)


# The study ------------------------------------------------------------------------------------------------------

BAD = [
    ({"scenario": "other-schemes"}, "one programme is taken apart"),
    ({"scenario": "everyone"}, "programme is [none] in scenario everyone"),
    ({"set": ("trial.assignment=everyone",)}, "trial.assignment is [everyone] in scenario pooled"),
    ({"set": ("people.follow_up_months=12",)}, "two-year reoffending needs 24 or more"),
    ({"set": ("people.calendar_months=30",)}, "two-year reoffending needs all of it: set it to 0"),
    ({"scarce": ("housng",)}, "--scarce is [housng], no factor of this scenario; did you mean housing?"),
    ({"openings": 4.5, "scarce": ("housing",)}, "factor.housing.openings is 4 already"),
    ({"scarce": ("housing",), "no_scarce": True}, "give one of them"),
    ({"draws": 5}, "there is no --posterior to draw from"),
    ({"posterior": Path("missing.parquet")}, "--posterior is [missing.parquet]"),
    ({"trials": 0}, "trials is [0]"),
    ({"scenario": "nowhere"}, "scenario [nowhere] was not found"),
]


@pytest.mark.parametrize(("options", "message"), BAD, ids=lambda each: " ".join(each) if isinstance(each, dict) else "")
def test_bad_options_are_refused(options: dict, message: str) -> None:
    with pytest.raises(ParameterError, match=re.escape(message)):
        MechanismsStudy(**options).run()


@pytest.mark.parametrize(("arguments", "message"), [
    (["--scarce", "housng"], "--scarce is [housng], no factor of this scenario; did you mean housing?"),
    (["--openings", "100"], "is not in the range"),
    (["--group", "few"], "'few' is not one of"),
])
def test_a_bad_command_is_answered_in_one_line(arguments: list[str], message: str, tmp_path: Path) -> None:
    code, _, err = desist("mechanisms", *arguments, "--no-store", "--out", str(tmp_path))

    assert code == 2
    assert len(err.splitlines()) == 1
    assert message in err


def test_too_many_players_are_refused(pooled) -> None:
    row = pooled.factor["education"].model_dump()
    more = {f"more_{k}": row for k in range(7)}
    crowd = pooled.changed({"factor": {**pooled.model_dump()["factor"], **more}})
    crowd = crowd.changed({"programme.gain_weights": dict.fromkeys(crowd.factor, 1.0)})

    with pytest.raises(ParameterError, match=r"about \[12\] factors"):
        players_of(crowd)


def test_scarcity_falls_on_housing_unless_named(pooled) -> None:
    assert scarce_openings(pooled, [], 0.0) == {"housing": 0.0}
    assert scarce_openings(pooled, ["employment", "network"], 0.5) == {"employment": 0.5, "network": 0.5}
    assert scarce_openings(pooled.changed({"factor.housing.openings": 0.0}), [], 0.0) == {}


def test_the_answer_in_both_languages() -> None:
    """Who, what, against what and the number; both languages give the same numbers."""
    result = MechanismsStudy(**ONE).run()
    english, danish = (list(result.answer(language).sentences) for language in ("en", "da"))

    assert "Primus Motor lowers reoffending within two years in the highest-risk group by" in english[0]
    assert "compared with the control group" in english[0]
    assert "Without flats," in english[2]
    assert "Uden boliger" in danish[2]
    assert "hazard ratio of 0.51 directly and 0.64 through support" in result.text()
    for here, there in zip(english, danish, strict=True):
        assert re.findall(r"\d+", here) == re.findall(r"\d+", there)
    assert list(result.tables["shares"]["mechanism"].unique()) == \
        ["housing", "economy", "employment", "network", "education", DIRECT, TOTAL]  # fmt: skip


def test_a_programme_with_a_label_of_its_own_is_called_so() -> None:
    """Nothing is said of Primus Motor where the scenario has another programme, and a factor keeps its label."""
    own = load("pooled").changed({"programme.gain_weights": {"housing": 1.0}, "programme.label": "Second Chance",
                                  "factor.housing.label": "a room"})  # fmt: skip
    result = MechanismsStudy(scenario=own, trials=20).run()

    for language in ("en", "da"):
        assert "Second Chance" in result.text(language)
        assert "Primus Motor" not in result.text(language)
        assert "a room" in result.text(language)


def test_no_effect_is_said() -> None:
    inert = [f"programme.{name}=1.0" for name in ("direct_hazard_ratio", "direct_hazard_ratio_others", "support_hazard_ratio",
                                                  "support_hazard_ratio_others")]  # fmt: skip
    result = MechanismsStudy(set=(*ONE["set"], *inert), trials=20).run()

    assert result.answer().sentences == ["In the scenario pooled, Primus Motor has no effect on reoffending within two "
                                         "years in the highest-risk group: every part is zero."]  # fmt: skip
    assert result.figure() is not None


def test_the_command_writes_the_same_bytes_from_the_store_and_from_two_threads(tmp_path: Path) -> None:
    runs = ("--store", str(tmp_path / "runs"))
    one = ("mechanisms", "--set", ONE["set"][0], "--trials", "20")
    code, out, _ = desist(*one, *runs, "--threads", "1", "--out", str(tmp_path / "a"))
    again = desist(*one, *runs, "--out", str(tmp_path / "b"))
    apart = desist(*one, "--no-store", "--threads", "2", "--out", str(tmp_path / "c"))

    assert (code, again[0], apart[0]) == (0, 0, 0)
    assert "In the scenario pooled, Primus Motor lowers" in out
    names = {"shares.csv", "coalitions.csv", "mechanisms.png", "mechanisms.svg", "answer_en.txt", "answer_da.txt",
             "facts.json", "study.toml", "manifest.json", "scenario.toml"}  # fmt: skip
    assert {path.name for path in (tmp_path / "a").iterdir()} == names
    for name in names - {"manifest.json"}:
        for other in "bc":
            assert (tmp_path / other / name).read_bytes() == (tmp_path / "a" / name).read_bytes()


def test_draws_decide_what_the_options_leave_open() -> None:
    """Each draw decides the strength and the half-life; what is set stays."""
    drawn = pd.DataFrame({"effect.hazard_ratio": [0.2, 0.4, 0.6], "effect.support_share": 0.4, "risk.hazard_multiplier": 0.6,
                          "programme.half_life_months": [6.0, 12.0, 18.0]})  # fmt: skip
    changes = (*ONE["set"], "risk.hazard_multiplier=0.7")
    result = MechanismsStudy(set=changes, trials=20, posterior=Posterior(table=drawn, about={})).run()

    assert result.draws == 3
    assert result.route["drawn"]
    assert "on average over 3 draws of the uncertain parameters" in result.answer().sentences[0]
    total = of(result.tables["shares"], AS_IS, TOTAL)
    assert total["points_low"] < total["points"] < total["points_high"]
    assert total["points"] > 5

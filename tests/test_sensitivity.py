"""Which inputs matter: closed forms of the indices, outcomes as the model gives them, and what the study answers."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments.execution.context import RunContext
from experiments.execution.jobs import Store
from experiments.inputs.posterior import Posterior
from experiments.inputs.scenario_files import load
from experiments.language.messages import Messages
from experiments.language.quantities import quantity_name
from experiments.language.sensitivity import pair
from experiments.statistics.sobol_morris import (
    OTHERS,
    base_rows,
    first_order_indices,
    groups_of,
    morris_screening,
    simulation_noise,
    sobol_indices,
)
from experiments.studies.catalogue import load_result
from experiments.studies.sensitivity.outcomes_at import OUTCOMES, OutcomeRuns, check, outcomes, possible
from experiments.studies.sensitivity.sensitivity_study import SensitivityStudy
from experiments.studies.sensitivity.uncertain_inputs import UncertainInputs, estimate_over_priors
from simulation.parameters import ParameterError
from simulation.trial_counts import highest_risk, trial_counts
from tests.test_cli import desist

KEYS = ["one", "two", "three"]
A, B = 7.0, 0.1
ALONE = {"one": 0.5 * (1 + B * np.pi**4 / 5) ** 2, "two": A**2 / 8, "three": 0.0}
BOTH = B**2 * np.pi**8 * (1 / 18 - 1 / 50)
WHOLE = sum(ALONE.values()) + BOTH
FIRST = {key: value / WHOLE for key, value in ALONE.items()}
TOTAL = {"one": FIRST["one"] + BOTH / WHOLE, "two": FIRST["two"], "three": BOTH / WHOLE}
"""Indices of Ishigami's function in closed form: the first input and the third interact, nothing else does."""
DEAD = "people.accepts_system"
"""What nobody in the trial is asked."""
SMALL = {"only": ("effect.hazard_ratio", "risk.hazard_multiplier", DEAD), "trials": 3, "trajectories": 2, "points": 8}
COMMAND = ["--only", "effect.hazard_ratio", "--only", "risk.hazard_multiplier", "--only", DEAD, "--trials", "3", "--trajectories", "2",
           "--points", "8"]  # fmt: skip


def ishigami(shares):
    x, y, z = np.pi * (2 * shares.T - 1)
    return np.sin(x) + A * np.sin(y) ** 2 + B * z**4 * np.sin(x)


def by_key(table):
    return table.set_index("key")


# Indices --------------------------------------------------------------------------------------------------------


def test_ishigami_has_its_indices():
    """First and total indices of Ishigami's function come out, inside the intervals given."""
    table = by_key(sobol_indices(KEYS, ishigami, points=2048, seed=1))

    for key in KEYS:
        row = table.loc[key]
        assert row["first"] == pytest.approx(FIRST[key], abs=0.02)
        assert row["total"] == pytest.approx(TOTAL[key], abs=0.02)
        assert row["first_low"] < FIRST[key] < row["first_high"]
        assert row["total_low"] < TOTAL[key] < row["total_high"]


def test_those_left_out_get_one_index_together():
    """Inputs without an index of their own still vary; together they have the sum of their parts."""
    table = sobol_indices(KEYS, ishigami, points=2048, seed=1, chosen=["one"])
    rows = by_key(table)

    assert list(table["key"]) == ["one", OTHERS]
    assert rows.loc[OTHERS, "first"] == pytest.approx(FIRST["two"] + FIRST["three"], abs=0.03)
    assert rows.loc[OTHERS, "total"] == pytest.approx(1 - FIRST["one"], abs=0.03)
    assert rows.loc["one", "first"] == pytest.approx(FIRST["one"], abs=0.03)


def test_without_interactions_first_is_total():
    """A sum of weighted inputs divides its variance as the squares of the weights, and has no interactions."""
    weights = np.array([3.0, 2.0, 0.0])
    table = by_key(sobol_indices(KEYS, lambda shares: shares @ weights, points=512, seed=2))

    assert list(table["first"]) == pytest.approx([9 / 13, 4 / 13, 0.0], abs=0.02)
    assert list(table["total"]) == pytest.approx([9 / 13, 4 / 13, 0.0], abs=0.02)
    assert tuple(table.loc["three"]) == (0.0,) * 6


def test_a_larger_design_begins_with_the_smaller():
    """The independent draws of a design are the first of a larger one, so a store has them already."""
    seen = []
    for points, chosen in ((8, KEYS[:1]), (16, KEYS[:2]), (16, KEYS)):
        sobol_indices(KEYS, lambda shares: seen.append(shares) or shares.sum(axis=1), points=points, seed=5, chosen=chosen)
    small, large, whole = (shares[base_rows(n, g)] for shares, n, g in zip(seen, (8, 16, 16), (2, 3, 3), strict=True))

    assert (large == whole).all()
    assert (small == np.vstack([large[:8], large[16:24]])).all()


def test_screening_of_a_plane_gives_its_slopes():
    """The elementary effects of a plane are its slopes, with signs in mu; sigma shows interactions."""
    slopes = np.array([2.0, -5.0, 0.0])
    table = morris_screening(KEYS, lambda shares: shares @ slopes, trajectories=4, seed=3)

    assert list(table["key"]) == ["two", "one", "three"]
    assert list(table["mu_star"]) == pytest.approx([5.0, 2.0, 0.0], abs=1e-12)
    assert list(table["mu"]) == pytest.approx([-5.0, 2.0, 0.0], abs=1e-12)
    assert list(table["sigma"]) == pytest.approx([0.0, 0.0, 0.0], abs=1e-12)
    both = by_key(morris_screening(KEYS, lambda x: x[:, 0] * x[:, 1] + x[:, 2], trajectories=30, seed=4))["sigma"]
    assert both["three"] < 1e-12 < 0.1 < min(both["one"], both["two"])


def test_constant_outcomes_have_no_indices():
    """Where nothing varies there is nothing to divide; where something does, the seed decides the rest (0, too)."""
    table = sobol_indices(KEYS, lambda shares: np.full(len(shares), 0.7), points=8, seed=1)
    none = first_order_indices(pd.DataFrame({"one": [1.0, 2.0, 3.0]}), [0.7] * 3, seed=1)

    assert table.drop(columns="key").isna().all(axis=None)
    assert none.drop(columns="key").isna().all(axis=None)
    assert (morris_screening(KEYS, lambda shares: np.ones(len(shares)), trajectories=2, seed=1)["mu_star"] == 0).all()
    one, two = (sobol_indices(KEYS, ishigami, points=16, seed=0) for _ in range(2))
    pd.testing.assert_frame_equal(one, two)


@pytest.mark.parametrize("points", [3, 500, 1])
def test_sobol_sizes_are_powers_of_two(points):
    """Another size is refused, with the nearest that are allowed."""
    with pytest.raises(ParameterError, match=r"--points is \[\d+\]; a Sobol' sequence needs a power of two"):
        sobol_indices(KEYS, ishigami, points=points, seed=1)


def test_first_order_of_dependent_draws():
    """For a sum of correlated normal inputs the index is the squared correlation with the outcome."""
    rng, both = np.random.default_rng(1), 0.6
    draws = rng.multivariate_normal([0, 0, 0], [[1, both, 0], [both, 1, 0], [0, 0, 1]], 4000)
    y = draws @ np.array([1.0, 0.5, 0.0])
    table = by_key(first_order_indices(pd.DataFrame(draws, columns=KEYS), y, seed=1))
    variance = 1 + 0.25 + 2 * 0.5 * both

    assert table.loc["one", "first"] == pytest.approx((1 + 0.5 * both) ** 2 / variance, abs=0.03)
    assert table.loc["two", "first"] == pytest.approx((both + 0.5) ** 2 / variance, abs=0.03)
    assert table.loc["three", "first"] == pytest.approx(0.0, abs=0.01)
    assert (table["first_low"] < table["first"]).all()


def test_first_order_of_given_draws_finds_ishigami():
    """With independent draws the same indices come out as from a design, curved effects included."""
    shares = np.random.default_rng(2).random((4000, 3))
    table = by_key(first_order_indices(pd.DataFrame(shares, columns=KEYS), ishigami(shares), seed=1))

    assert {key: table.loc[key, "first"] for key in KEYS} == pytest.approx(FIRST, abs=0.03)


def test_kinds_are_groups():
    """An input of few values, or of texts, has a group for each; one that does not vary is left out."""
    kinds = pd.Series(["any", "prison"] * 200)
    table = first_order_indices(pd.DataFrame({"rule": kinds, "same": 1.0}), (kinds == "any").astype(float), seed=1)

    assert set(groups_of(kinds)) == {0, 1}
    assert len(set(groups_of(pd.Series(np.arange(400.0))))) == 13
    assert list(table["key"]) == ["rule"]
    assert table.loc[0, "first"] == pytest.approx(1.0)


def test_noise_is_what_seeds_do_to_single_points():
    """What a seed does to all points alike is no difference between points; the rest is."""
    rng = np.random.default_rng(3)
    points, seeds = rng.normal(size=400), np.array([0.0, 5.0, -3.0])[:, None]
    values = points + seeds + rng.normal(scale=0.5, size=(3, 400))
    noise, error = simulation_noise(values[0], values[1:])

    assert noise == pytest.approx(0.25, rel=0.15)
    assert error == pytest.approx(np.sqrt(np.var([0, 5, -3], ddof=1) + 0.25), rel=0.1)
    assert simulation_noise(points, points + seeds[1:])[0] == pytest.approx(0.0, abs=1e-20)


# Outcomes and points --------------------------------------------------------------------------------------------


def test_outcomes_are_those_of_the_trial():
    """The outcomes of a scenario are the shares that the trial's own counts give."""
    scenario = load("pooled")
    found = outcomes(scenario, seed=3, trials=20)
    counts = trial_counts(scenario, seed=3, trials=20)
    mentored, control = highest_risk(counts, "any").risks

    assert list(found) == possible(scenario) == list(OUTCOMES)
    assert (found["mentored"], found["control"]) == (mentored, control)
    assert found["difference"] == control - mentored
    assert found["hazard_ratio"] == pytest.approx(np.log(1 - mentored) / np.log(1 - control), rel=0.01)
    assert found["reoffended"] == counts[..., 1].sum() / counts[..., 0].sum()
    assert 0.5 < found["treated"] < 1 < found["offences"]


def test_outcomes_follow_the_definition():
    """With another definition of reoffending the outcomes count by it; prison is prison in any case."""
    rows = {rule: outcomes(load("trial", [f"trial.definition={rule}"]), seed=1, trials=10) for rule in ("any", "prison")}

    assert rows["prison"]["reoffended"] == rows["prison"]["prison"] == rows["any"]["prison"] < rows["any"]["reoffended"]


def test_scenarios_have_the_outcomes_that_make_sense():
    """Without arms there is no difference between them, and without a programme nobody meets anybody."""
    everyone, schemes = load("everyone", ["people.count=50"]), load("other-schemes", ["people.count=50"])

    assert possible(everyone) == ["reoffended", "prison", "offences"]
    assert possible(schemes) == ["reoffended", "prison", "offences", "treated"]
    assert list(outcomes(everyone, seed=1, trials=1)) == possible(everyone)
    assert check(schemes, "treated").name == "treated"
    with pytest.raises(ParameterError, match=r"needs two arms .* scenario everyone has none, and allows reoffended"):
        check(everyone, "difference")


@pytest.mark.parametrize(("workers", "points"), [(1, 1), (2, 1), (2, 1000)], ids=["thread", "threads", "processes"])
def test_points_come_back_in_order(workers, points, tmp_path):
    """However points are cut into tasks, and whoever runs them, each has its own outcomes, bit for bit."""
    base = load("trial")
    strengths = [0.1, 0.4, 0.9, 1.5, 0.2, 0.6]
    with RunContext(store=Store(tmp_path), threads=workers).computing(runs=points) as compute:
        runs = OutcomeRuns(base=base, keys=["programme.direct_hazard_ratio"], seed=2, trials=3, compute=compute)
        for _ in range(2):
            table = runs.at([[value] for value in strengths], "test", stride=2)
            for value, (_, row) in zip(strengths, table.iterrows(), strict=True):
                own = outcomes(base.changed({"programme.direct_hazard_ratio": value}), seed=2, trials=3)
                assert row.to_dict() == own


def test_what_does_not_matter_has_no_effect_at_all():
    """With common random numbers, who accepts the system changes nothing in the trial: its indices are exactly zero."""
    base = load("trial")
    inputs = UncertainInputs.of(base, only=["effect.hazard_ratio", DEAD])
    with RunContext().computing() as compute:
        runs = OutcomeRuns(base=base, keys=inputs.keys, seed=1, trials=5, compute=compute)
        found = estimate_over_priors(runs, inputs, OUTCOMES["difference"], trajectories=3, points=8, parameters=12)
    dead, ends = by_key(found.parts).loc[DEAD], by_key(found.ends).loc[DEAD]

    assert tuple(dead) == (0.0,) * 6
    assert by_key(found.screening).loc[DEAD, "mu_star"] == 0
    assert ends["outcome_low"] == ends["outcome_high"] == ends["middle"]
    assert by_key(found.ends).loc["effect.hazard_ratio", "outcome_low"] > by_key(found.ends).loc["effect.hazard_ratio", "outcome_high"]


def test_uncertain_inputs_are_those_with_priors():
    """All quantities with priors are uncertain, but those that are set, held, or not named."""
    base = load("trial")
    every = UncertainInputs.of(base).keys

    assert {"effect.hazard_ratio", "risk.hazard_multiplier", "programme.persistence"} <= set(every)
    assert UncertainInputs.of(base, only=["risk.hazard_multiplier", "programme.primus_motor.persistence"]).keys == ["risk.hazard_multiplier", "programme.persistence"]
    assert set(every) - set(UncertainInputs.of(base, hold=["risk.hazard_multiplier"], fixed=["people.count"]).keys) == {"risk.hazard_multiplier"}
    assert not {"effect.hazard_ratio", "effect.support_share"} & set(UncertainInputs.of(base, fixed=["programme.direct_hazard_ratio"]).keys)
    with pytest.raises(ParameterError, match=r"--only is \[risk.hazard_multipl\], which has no prior .* did you mean risk.hazard_multiplier"):
        UncertainInputs.of(base, only=["risk.hazard_multipl"])
    with pytest.raises(ParameterError, match="leave one of the two out"):
        UncertainInputs.of(base, only=["risk.hazard_multiplier"], fixed=["risk.hazard_multiplier"])


@pytest.mark.parametrize("language", ["en", "da"])
def test_every_uncertain_input_has_a_short_name(language):
    """In both languages: without dots and underscores, and no two alike."""
    m = Messages(language)
    for name in ("trial", "everyone", "other-schemes"):
        words = [quantity_name(key, m) for key in UncertainInputs.of(load(name)).keys]
        assert not any("_" in each or len(each) > 80 for each in words)
        assert len(set(words)) == len(words)


def test_values_are_written_with_as_few_digits_as_make_them_differ():
    """In the reader's language; texts stay as they are."""
    m, danish = Messages("en", "sensitivity"), Messages("da", "sensitivity")

    assert quantity_name("factor.sobriety.missing_at_release", m) == "sobriety: share who lack it at release"
    assert pair(1.06, 1.12, m) == ("1.06", "1.12")
    assert pair(1.06, 1.12, danish) == ("1,06", "1,12")
    assert pair("any", "prison", m) == ("any", "prison")
    assert pair(0.03, 250.0, m) == ("0.03", "250")


# The study ------------------------------------------------------------------------------------------------------


def pieces(store):
    return {path.name: path.stat().st_mtime_ns for path in store.glob("pieces/*/*.arrow")}


def test_the_answer_in_both_languages():
    """What the outcome depends on, the same numbers in both languages; what does not matter has indices of zero."""
    result = SensitivityStudy(**SMALL).run()
    sobol = by_key(result.tables["sobol"])
    english, danish = (list(result.answer(language).sentences) for language in ("en", "da"))

    assert sobol.loc[DEAD, ["first", "first_low", "first_high", "total", "total_low", "total_high"]].tolist() == [0.0] * 6
    assert sobol.loc["effect.hazard_ratio", "prior"].startswith("LN(")
    assert result.uncertain == [DEAD, "risk.hazard_multiplier", "effect.hazard_ratio"]
    assert "The uncertain input that matters most is: strength of the effect" in english[1]
    assert any("Simulation noise is" in each for each in english)
    assert "virkningens styrke" in danish[1]
    for here, there in zip(english, danish, strict=True):
        assert re.findall(r"\d+", here) == re.findall(r"\d+", there)


def test_another_outcome_is_answered_from_the_store(tmp_path):
    """Every run gives all outcomes."""
    context = RunContext(store=Store(tmp_path))
    SensitivityStudy(**SMALL).run(context)
    kept = pieces(tmp_path)
    result = SensitivityStudy(**SMALL, outcome="offences").run(context)

    assert "number of offences per person" in result.answer().sentences[0]
    assert result.definition is None
    assert pieces(tmp_path) == kept


def test_the_command_writes_the_same_bytes_again(tmp_path):
    """Tables, figures and answers do not depend on the number of threads, and a saved result says the same."""
    for folder, threads in (("a", "1"), ("b", "2")):
        out = str(tmp_path / folder)
        assert desist("sensitivity", *COMMAND, "--no-store", "--threads", threads, "--out", out)[0] == 0
    for name in ("sobol.csv", "morris.csv", "tornado.csv", "grades.csv", "tornado.png", "tornado.svg", "answer_en.txt",
                 "answer_da.txt", "facts.json", "scenario.toml"):  # fmt: skip
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert load_result(tmp_path / "a").text("da") in (tmp_path / "a" / "answer_da.txt").read_text(encoding="utf-8")


def test_sensitivity_over_a_posterior():
    """Over draws there are first-order indices only; what does not vary is left out, texts are kinds."""
    rng = np.random.default_rng(1)
    strength = np.exp(rng.normal(-0.7, 0.5, 30))
    table = pd.DataFrame({
        "effect.hazard_ratio": strength, "risk.hazard_multiplier": 0.6 + 0.1 * strength, "people.problem_correlation": 0.38,
        "trial.definition": ["any", "prison"] * 15, "_weight": 1.0,
    })  # fmt: skip
    posterior = Posterior(table=table, about={})
    result = SensitivityStudy(posterior=posterior, trials=2).run()
    fewer = SensitivityStudy(posterior=posterior, trials=2, draws=12, hold=("risk.hazard_multiplier",)).run()
    first = result.tables["first_order"]

    assert set(first["key"]) == {"effect.hazard_ratio", "risk.hazard_multiplier", "trial.definition"}
    assert "total" not in first
    assert "The inputs are dependent in the draws" in result.text()
    assert set(fewer.tables["tornado"]["key"]) == {"effect.hazard_ratio", "trial.definition"}
    assert fewer.draws == 12


def test_nothing_uncertain_may_matter():
    """An outcome that no input changes is said to be so, with tables and a figure."""
    result = SensitivityStudy(**SMALL | {"only": (DEAD,)}).run()

    assert "none of the uncertain inputs changes it" in result.text()
    assert result.stochastic_share is None
    assert result.figure() is not None


BAD = [
    ({"outcome": "diference"}, "--outcome is [diference]; did you mean difference?"),
    ({"scenario": "everyone", "outcome": "control"}, "--outcome is [control], which needs two arms"),
    ({"scenario": "everyone", "outcome": "treated"}, "needs a programme"),
    ({"only": "risk.hazard_multipl"}, "--only is [risk.hazard_multipl], which has no prior in scenario trial; did you mean risk.hazard_multiplier?"),
    ({"hold": "people.count"}, "--hold is [people.count], which has no prior"),
    ({"only": "risk.hazard_multiplier", "set": "risk.hazard_multiplier=0.7"}, "--only is [risk.hazard_multiplier], which --hold or --set fixes"),
    ({"points": 500}, "--points is [500]; a Sobol' sequence needs a power of two: 256 or 512"),
    ({"draws": 5}, "--draws is [5], but there is no --posterior"),
    ({"posterior": Path("missing.parquet")}, "--posterior is [missing.parquet]"),
    ({"posterior": Path("missing.parquet"), "points": 8}, "--points is [8], but a --posterior has its own points"),
    ({"set": "people.follow_up_months=12"}, "people.follow_up_months is [12]"),
    ({"set": "people.calendar_months=30"}, "people.calendar_months is [30]"),
    (SMALL | {"trials": 1, "set": "people.count=2", "points": 2}, "nobody is in its group there"),
]


@pytest.mark.parametrize(("options", "message"), BAD, ids=lambda each: " ".join(each) if isinstance(each, dict) else "")
def test_bad_options_are_refused(options, message):
    """A mistake is answered in one line that says what is wrong and what is allowed."""
    with pytest.raises(ParameterError, match=re.escape(message)) as refused:
        SensitivityStudy(**options).run()
    assert "\n" not in str(refused.value)


def test_a_bad_command_is_answered_in_one_line(tmp_path):
    """On standard error, with exit code 2."""
    code, _, err = desist("sensitivity", "--outcome", "diference", "--no-store", "--out", str(tmp_path))

    assert code == 2
    assert err.splitlines() == ["desist: --outcome is [diference]; did you mean difference? (allowed: difference, control, "
                                "mentored, hazard_ratio, difference_all, reoffended, prison, offences, treated)"]  # fmt: skip

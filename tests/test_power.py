"""A planned trial: tests and intervals on known numbers, the calculation against simulation, sizes, and the verb."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as truth_of

from experiments.inputs.parameter_points import STRENGTH
from experiments.inputs.posterior import Posterior
from experiments.inputs.scenario_files import load
from experiments.statistics.two_proportions import (
    CASE,
    TESTS,
    as_far_apart,  # fmt: skip
    check,
    expected,
    favour,
    fisher,
    formula,
    newcombe,
    sizes,
    z_test,
)
from experiments.studies.trial import planned_trials as power
from experiments.studies.trial.planned_trials import (
    TrialPlan,
    Truth,
    arms_of,
    job,
    judged,
    parameter_sd,
    piece,
    summary,
)
from experiments.studies.trial.power_study import LARGEST, SMALLEST
from experiments.studies.trial.sample_size import Prospect, calculated
from simulation.parameters import ParameterError
from simulation.trial_counts import WINDOW, highest_risk, trial_counts
from tests import statistics
from tests.test_cli import desist

POOLED = load("pooled")
USUAL = {"alpha": 0.05, "test": "fisher"}


def simulated(plan, *, base=POOLED, trials=100, points=None, first=0):
    """Trials of a plan, computed here without store or threads."""
    work = job(base, plan, points or [{}], seed=1, trials=trials, first=first)
    return arms_of([piece(work.context, each) for each in work.pieces], len(points or [{}]))


# Tests and intervals ------------------------------------------------------------------------------------------


def test_fisher_is_that_of_scipy() -> None:
    """Every table of 9 against 6, and 300 larger ones, have SciPy's p-value."""
    a, b = np.meshgrid(np.arange(10), np.arange(7), indexing="ij")
    rng = np.random.default_rng(1)
    n1, n0 = rng.integers(1, 200, (2, 300))
    k1, k0 = rng.integers(0, n1 + 1), rng.integers(0, n0 + 1)
    tables = [*zip(a.ravel(), np.full(70, 9), b.ravel(), np.full(70, 6), strict=True), *zip(k1, n1, k0, n0, strict=True)]

    expected_p = [truth_of.fisher_exact([[x, n - x], [y, m - y]]).pvalue for x, n, y, m in tables]
    np.testing.assert_allclose(fisher(*np.array(tables).T), expected_p, rtol=1e-9, atol=1e-12)


@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 40), st.integers(0, 40))
def test_fisher_does_not_care_which_arm_is_which(a: int, rest1: int, b: int, rest0: int) -> None:
    """Swapping arms, or calling reoffending not reoffending, leaves p; empty groups have p = 1."""
    n1, n0 = a + rest1, b + rest0
    p = float(fisher(a, n1, b, n0))

    assert 0 < p <= 1
    assert p == pytest.approx(float(fisher(b, n0, a, n1)))
    assert p == pytest.approx(float(fisher(rest1, n1, rest0, n0)))
    assert n1 * n0 > 0 or p == 1


def test_z_test_is_pearsons_chi_square() -> None:
    """Without correction."""
    for a, n1, b, n0 in [(7, 24, 16, 24), (3, 10, 9, 40), (50, 100, 60, 90)]:
        p = truth_of.chi2_contingency([[a, n1 - a], [b, n0 - b]], correction=False).pvalue
        assert float(z_test(a, n1, b, n0)) == pytest.approx(p)
    assert float(z_test(0, 5, 0, 5)) == 1


def test_newcombe_interval_of_the_paper() -> None:
    """56 of 70 against 48 of 80: 0.0524 to 0.3339 (Newcombe 1998, table II, method 10)."""
    low, high = newcombe(48, 80, 56, 70)

    assert (round(float(low), 4), round(float(high), 4)) == (0.0524, 0.3339)
    assert [float(each) for each in newcombe(0, 0, 3, 5)] == [-1, 1]


def test_gap_is_judged_as_printed() -> None:
    """Percentages are rounded before they are compared, as a report does; empty groups print nothing."""
    assert as_far_apart([7 / 24, 0.294, 0.3, np.nan], [16 / 24, 0.665, 0.67, 0.9], 38).tolist() == [True, True, False, False]


# The case: 24 per arm, a true difference of 19 points -------------------------------------------------------------


def test_case_by_adding_up_every_pair_of_counts() -> None:
    """Power, width and report are the plain sums over all 625 pairs of counts, told one by one."""
    people, control, difference = CASE
    rows = [
        (truth_of.binom.pmf(a, people, control - difference) * truth_of.binom.pmf(b, people, control), (b - a) / people,
         truth_of.fisher_exact([[a, people - a], [b, people - b]]).pvalue <= 0.05)
        for a in range(people + 1) for b in range(people + 1)
    ]  # fmt: skip
    weight, gap, hit = (np.array(column) for column in zip(*rows, strict=True))
    found = expected(control - difference, people, control, people)

    assert found.power == pytest.approx(weight[hit].sum(), abs=1e-8)
    assert found.reported == pytest.approx((weight * gap)[hit].sum() / weight[hit].sum(), abs=1e-7)
    assert found.against == pytest.approx(weight[hit & (gap < 0)].sum(), abs=1e-8)


def test_case_in_numbers() -> None:
    """About a quarter find it (z-test; a fifth by Fisher's), and those report twice the truth, 50 points wide."""
    found = check(alpha=0.05)

    assert found["fisher"]["power"] == pytest.approx(0.1936, abs=5e-5)
    assert found["z"]["power"] == pytest.approx(0.2858, abs=5e-5)
    assert found["formula"] == pytest.approx(0.2609, abs=5e-5)
    assert found["fisher"]["exaggeration"] == pytest.approx(2.04, abs=0.005)
    assert found["z"]["exaggeration"] == pytest.approx(1.88, abs=0.005)
    assert found["width"] == pytest.approx(0.504, abs=5e-4)


@pytest.mark.parametrize("test", TESTS)
def test_case_agrees_with_simulated_trials(test: str) -> None:
    """20,000 trials of two binomial groups: as many are significant, and report as much, as calculated."""
    people, control, difference = CASE
    truth = Truth(mentored=control - difference, control=control, share=1.0)
    trials = judged(power.given(truth, 2 * people, seed=1, trials=20_000), truth, alpha=0.05, test=test)
    found, exact = summary(trials), expected(control - difference, people, control, people, test=test)
    hits = trials.loc[trials["significant"], "difference"].abs()

    statistics.share(trials["significant"].sum(), 20_000, exact.power)
    statistics.mean(trials["width"], exact.width, trials["width"].std())
    statistics.mean(hits, exact.magnitude, hits.std())
    assert found["exaggeration"] == pytest.approx(exact.exaggeration, abs=0.05)


def test_no_effect_is_seldom_significant() -> None:
    """Fisher's test keeps its level at every size and risk; the formula is near it for large groups."""
    for n in (5, 24, 60, 300):
        for risk in (0.1, 0.5, 0.67):
            assert expected(risk, n, risk, n).power <= 0.05
    assert formula(0.5, 400, 0.62, 400, corrected=True) == pytest.approx(favour(0.5, 400, 0.62, 400), abs=0.01)


def test_exaggeration_has_no_meaning_without_effect() -> None:
    """Type M and type S of no difference are not numbers."""
    found = expected(0.6, 24, 0.6, 24)
    truth = Truth(mentored=0.6, control=0.6, share=1.0)
    told = summary(judged(power.given(truth, 48, seed=1, trials=4000), truth, **USUAL))

    assert np.isnan([found.exaggeration, told["exaggeration"], told["wrong_sign"]]).all()
    statistics.share(told["power"] * 4000, 4000, found.power)


# Sizes --------------------------------------------------------------------------------------------------------


def test_group_sizes_are_binomial() -> None:
    """The lattice of group sizes has the mean and spread of chance; no chance where everybody is analysed."""
    pairs = np.array(sizes(48, 49, 0.45, 64))

    assert pairs.mean(axis=0) == pytest.approx([48 * 0.45, 49 * 0.45], abs=0.1)
    assert pairs.std(axis=0) == pytest.approx([3.45, 3.48], abs=0.15)
    assert sizes(48, 49, 1.0, 64) == [(48, 49)]


def test_power_grows_with_size() -> None:
    """From 8 to 20,000 people, and the size needed is where the curve crosses the target."""
    ahead = Prospect(known={97: [Truth(mentored=0.48, control=0.67, share=0.45)]})
    steps, chance = ahead.curve()
    needed = ahead.needed(0.8)

    assert (steps[0], steps[-1]) == (SMALLEST, LARGEST)
    assert np.diff(chance[0]).min() > -0.005
    assert needed is not None
    assert ahead.favour(needed).mean() == pytest.approx(0.8, abs=0.01)
    assert float(np.interp(needed, steps, chance[0])) == pytest.approx(0.8, abs=0.02)
    assert calculated(ahead.truths(97)[0], 97, **USUAL).favour == pytest.approx(float(ahead.favour(97).mean()), abs=1e-9)


def test_truth_is_read_off_between_simulated_sizes() -> None:
    """Half way along the logarithm, half of each; beyond the ends it stays."""
    small, large = Truth(mentored=0.5, control=0.6, share=0.4), Truth(mentored=0.4, control=0.6, share=0.5)
    ahead = Prospect(known={100: [small], 400: [large]})

    assert ahead.truths(50)[0].mentored == 0.5
    assert ahead.truths(200)[0].mentored == pytest.approx(0.45)
    assert ahead.truths(200)[0].share == pytest.approx(0.45)
    assert ahead.truths(1000)[0].mentored == pytest.approx(0.4)


def test_assurance_cannot_exceed_what_is_believed() -> None:
    """If two of five draws do harm, no size brings three fifths; without any effect there is no size at all."""
    good, bad = (Truth(mentored=risk, control=0.6, share=0.45) for risk in (0.4, 0.65))
    ahead = Prospect(known={97: [good, good, good, bad, bad]})

    assert ahead.needed(0.8) is None
    assert ahead.favour(LARGEST).mean() == pytest.approx(0.6)
    assert Prospect(known={97: [Truth(mentored=0.6, control=0.6, share=0.45, error=0.001)]}).needed(0.5) is None


# Trials in the model ------------------------------------------------------------------------------------------


def test_planned_trial_of_97_is_the_trial() -> None:
    """The counts are those of ``trial.py`` with the same random numbers, trial by trial, however the work is cut."""
    (arms,) = simulated(TrialPlan(), trials=60)
    known = highest_risk(trial_counts(POOLED, seed=1, trials=60), "any")
    work = job(POOLED, TrialPlan(), [{}], seed=1, trials=60)
    cut = [{**work.pieces[0], "first": first, "trials": 20} for first in (0, 20, 40)]
    (again,) = arms_of([piece(work.context, each) for each in cut], 1)

    assert WINDOW == TrialPlan().follow_up
    for name in ("control_people", "control_hits", "mentored_people", "mentored_hits"):
        assert (getattr(arms, name) == getattr(known, name)).all()
        assert (getattr(arms, name) == getattr(again, name)).all()


def test_calculation_agrees_with_the_model() -> None:
    """2,000 trials in the model: as many are significant as two binomial groups at their risks say."""
    plan = TrialPlan(size=200)
    (arms,) = simulated(plan, trials=2_000)
    truth = Truth.of(arms, 200)
    trials = judged(arms, truth, **USUAL)

    statistics.share((trials["significant"] & (trials["difference"] > 0)).sum(), 2_000,
                     calculated(truth, 200, **USUAL).favour)  # fmt: skip
    assert truth.seen
    assert truth.share == pytest.approx(0.45, abs=0.02)


def test_plan_decides_what_it_says() -> None:
    """Size, volunteers in proportion, follow-up, definition, share and drop-out are the plan's."""
    plan = TrialPlan(size=291, follow_up=36, definition="prison", high_risk_share=0.3, drop_out=0.8)
    planned = plan.scenario(POOLED)
    programme = planned.programme["primus_motor"]

    assert (planned.people.count, planned.people.follow_up_months) == (291, 36)
    assert planned.volunteers.at_start == pytest.approx(3 * POOLED.volunteers.at_start)
    assert planned.volunteers.recruits_per_month == pytest.approx(3 * POOLED.volunteers.recruits_per_month)
    assert (planned.trial.definition, planned.risk.high_risk_share) == ("prison", 0.3)
    assert 1 - (1 - programme.dropout_chance) ** 14 == pytest.approx(0.8)
    assert plan.decides(POOLED) == ["trial.definition", "risk.high_risk_share", "programme.primus_motor.dropout_chance"]
    assert TrialPlan().scenario(POOLED).programme == POOLED.programme


def test_directions() -> None:
    """Longer follow-up finds more reoffenders, drop-out weakens the effect, everyone dilutes it, loss takes people."""
    usual = simulated(TrialPlan(), trials=400)[0]
    (risk1, risk0), gap = usual.risks, Truth.of(usual, 97).difference
    longer = simulated(TrialPlan(follow_up=36), trials=400)[0].risks
    leaving = Truth.of(simulated(TrialPlan(drop_out=0.95), trials=400)[0], 97)
    everyone = Truth.of(simulated(TrialPlan(group="everyone"), trials=400)[0], 97)
    lost = Truth.of(simulated(TrialPlan(lost=0.3), trials=400)[0], 97)
    prison = simulated(TrialPlan(definition="prison"), trials=400)[0].risks

    assert longer[0] > risk1
    assert longer[1] > risk0
    assert leaving.difference < gap - 0.03
    assert everyone.difference < gap - 0.03
    assert everyone.share == 1.0
    assert lost.share == pytest.approx(0.7 * Truth.of(usual, 97).share, abs=0.01)
    assert lost.control == pytest.approx(risk0, abs=0.02)
    assert prison[1] < risk0


def test_doubt_is_told_from_chance() -> None:
    """Draws that differ by chance only have no doubt; strong and no effect have much."""
    def spread(strengths: list[float]) -> float:
        arms = simulated(TrialPlan(), points=[{STRENGTH: each} for each in strengths], trials=150)
        return parameter_sd([judged(each, Truth.of(each, 97), **USUAL) for each in arms])

    assert spread([0.3] * 4) < 0.02
    assert spread([0.05, 1.0, 0.05, 1.0]) > 0.1


def test_nobody_to_analyse_is_told() -> None:
    """A group that is empty in every trial is a mistake of the plan's."""
    with pytest.raises(ParameterError, match="nobody to analyse"):
        Truth.of(simulated(TrialPlan(size=8, high_risk_share=0.01), trials=2)[0], 8)


# The verb -----------------------------------------------------------------------------------------------------

BAD = [
    (["everyone"], "trial.assignment is [nobody] in scenario everyone; a planned trial has two arms"),
    (["--control", "0.5"], "--difference is missing"),
    (["--difference", "0.5"], "--control is missing"),
    (["--control", "0.2", "--difference", "0.5"], "the mentored's risk would be -0.3: allowed is -0.8 to 0.2"),
    (["--per-arm", "24"], "--per-arm is [24], which needs a given truth: add --control and --difference"),
    (["--control", "0.6", "--difference", "0.1", "--drop-out", "0.5"], "--drop-out is [0.5], but --control and"),
    (["--control", "0.6", "--difference", "0.1", "--per-arm", "9", "--size", "20"], "--size is [20], but --per-arm"),
    (["pooled", "--control", "0.6", "--difference", "0.1"], "SCENARIO is [pooled]"),
    (["--draws", "5"], "--draws is [5], but there is no --posterior"),
    (["--posterior", "missing.parquet"], "--posterior is [missing.parquet]"),
    (["--size", "7"], "7 is not in the range"),
    (["--set", "people.count=30000"], "people.count is [30000] in scenario pooled; a planned trial has 8 to 20,000"),
    (["--definition", "some"], "'some' is not one of"),
    (["--set", "risk.hazard_multipl=1"], "did you mean risk.hazard_multiplier?"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD, ids=lambda each: " ".join(each) if isinstance(each, list) else "")
def test_bad_input_is_one_line(arguments: list[str], message: str, tmp_path: Path) -> None:
    """A mistake is one line that says what is wrong and what to do."""
    code, _, err = desist("power", *arguments, "--no-store", "--out", str(tmp_path))

    assert (code, err.count("\n")) == (2, 1)
    assert err.startswith("desist: ")
    assert message in err


def test_verb_answers_and_writes(tmp_path: Path) -> None:
    """Power, width, winner's curse and size, in words, tables and a figure; and the same again from the store."""
    options = ["--trials", "400", "--target", "0.4", "--set", "programme.direct_hazard_ratio=0.1"]
    again = ["--store", str(tmp_path / "store"), "--out"]
    code, out, _ = desist("power", *options, *again, str(tmp_path / "a"))
    rows, table = pd.read_csv(tmp_path / "a" / "power.csv"), pd.read_csv(tmp_path / "a" / "sizes.csv")
    planned, needed = table[table["why"] == "planned"].iloc[0], table[table["why"] == "40 %"].iloc[0]

    assert code == 0
    for words in ("a power of", "winner's curse", "interval for the difference", "A power of 40\N{NO-BREAK SPACE}% takes", "24 per arm"):
        assert words in out
    assert rows["power"].iloc[0] == pytest.approx(rows["favour"].iloc[0] + rows["against"].iloc[0])
    assert planned["simulated"] == pytest.approx(planned["power"], abs=0.1)
    assert needed["simulated"] == pytest.approx(0.4, abs=0.1)
    assert json.loads((tmp_path / "a" / "manifest.json").read_text(encoding="utf-8"))["trials"] == 400
    assert desist("power", *options, *again, str(tmp_path / "b"))[1].splitlines()[:-1] == out.splitlines()[:-1]
    for name in ("power.csv", "sizes.csv", "answer_en.txt", "facts.json", "power.png", "power.svg"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_verb_over_a_posterior(tmp_path: Path) -> None:
    """Assurance over draws, chance and doubt apart; a target that cannot be reached is told."""
    table = pd.DataFrame({STRENGTH: [0.05, 0.3, 1.0, 1.5] * 2, "trial.definition": ["any"] * 8})
    file = Posterior(table=table, about={}).write(tmp_path / "posterior.parquet")
    options = ["--posterior", str(file), "--draws", "8", "--trials", "60", "--target", "0.9", "--no-store"]
    code, out, _ = desist("power", *options, "--json", "--out", str(tmp_path))
    found = json.loads(out)

    assert code == 0
    assert found["draws"] == 8
    assert found["needed"][0]["size"] is None
    assert found["power"]["parameter_sd"] > 0.05
    assert found["power"]["stochastic_sd"] > 0.1
    assert any("No size reaches" in line for line in found["answer"])
    assert len(pd.read_csv(tmp_path / "power.csv")) == 8


def test_verb_on_a_given_truth(tmp_path: Path) -> None:
    """The case itself, without the model: calculated and simulated power side by side."""
    arguments = ["--per-arm", "24", "--control", "0.67", "--difference", "0.19", "--trials", "2000", "--json"]
    code, out, _ = desist("power", *arguments, "--out", str(tmp_path))
    found = json.loads(out)

    assert code == 0
    assert found["calculated"]["favour"] == pytest.approx(found["check"]["fisher"]["power"], abs=0.0005)
    statistics.share(round(found["power"]["favour"] * 2000), 2000, found["calculated"]["favour"])
    assert not (tmp_path / "scenario.toml").exists()

"""Which doubts matter: closed forms of the indices, outcomes as the model gives them, and what the verb answers."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from experiments.execution.jobs import Store
from experiments.execution.workers import workers_of
from experiments.figures.sensitivity import label, pair
from experiments.inputs.posterior import Posterior
from experiments.inputs.scenario_files import load
from experiments.statistics.sobol_morris import OTHERS, base_rows, chance, given, groups_of, indices, screen
from experiments.studies.sensitivity.outcomes_at import OUTCOMES, Points, check, outcomes, possible
from experiments.studies.sensitivity.uncertain_inputs import Doubts, over_priors
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
"""Indices of Ishigami's function in closed form: the first doubt and the third act together, nothing else does."""
DEAD = "people.accepts_system"
"""What nobody in the trial is asked."""
SMALL = ["--only", "effect.strength", "--only", "risk.level", "--only", DEAD, "--trials", "3", "--trajectories", "2",
         "--points", "8", "--threads", "1"]  # fmt: skip


def ishigami(shares):
    x, y, z = np.pi * (2 * shares.T - 1)
    return np.sin(x) + A * np.sin(y) ** 2 + B * z**4 * np.sin(x)


def by_key(table):
    return table.set_index("key")


# Indices --------------------------------------------------------------------------------------------------------


def test_ishigami_has_its_indices():
    """First and total indices of Ishigami's function come out, inside the intervals given."""
    table = by_key(indices(KEYS, ishigami, points=2048, seed=1))

    for key in KEYS:
        row = table.loc[key]
        assert row["first"] == pytest.approx(FIRST[key], abs=0.02)
        assert row["total"] == pytest.approx(TOTAL[key], abs=0.02)
        assert row["first_low"] < FIRST[key] < row["first_high"]
        assert row["total_low"] < TOTAL[key] < row["total_high"]


def test_those_left_out_get_one_index_together():
    """Doubts without an index of their own still vary; together they have the sum of their parts."""
    table = indices(KEYS, ishigami, points=2048, seed=1, chosen=["one"])
    rows = by_key(table)

    assert list(table["key"]) == ["one", OTHERS]
    assert rows.loc[OTHERS, "first"] == pytest.approx(FIRST["two"] + FIRST["three"], abs=0.03)
    assert rows.loc[OTHERS, "total"] == pytest.approx(1 - FIRST["one"], abs=0.03)
    assert rows.loc["one", "first"] == pytest.approx(FIRST["one"], abs=0.03)


def test_without_interactions_first_is_total():
    """A sum of weighted doubts divides its variance as the squares of the weights, and has no interactions."""
    weights = np.array([3.0, 2.0, 0.0])
    table = by_key(indices(KEYS, lambda shares: shares @ weights, points=512, seed=2))

    assert list(table["first"]) == pytest.approx([9 / 13, 4 / 13, 0.0], abs=0.02)
    assert list(table["total"]) == pytest.approx([9 / 13, 4 / 13, 0.0], abs=0.02)
    assert tuple(table.loc["three"]) == (0.0,) * 6


def test_a_larger_design_begins_with_the_smaller():
    """The independent draws of a design are the first of a larger one, so a store has them already."""
    seen = []
    for points, chosen in ((8, KEYS[:1]), (16, KEYS[:2]), (16, KEYS)):
        indices(KEYS, lambda shares: seen.append(shares) or shares.sum(axis=1), points=points, seed=5, chosen=chosen)
    small, large, whole = (shares[base_rows(n, g)] for shares, n, g in zip(seen, (8, 16, 16), (2, 3, 3), strict=True))

    assert (large == whole).all()
    assert (small == np.vstack([large[:8], large[16:24]])).all()


def test_screening_of_a_plane_gives_its_slopes():
    """The elementary effects of a plane are its slopes, with signs in mu; sigma shows what acts together."""
    slopes = np.array([2.0, -5.0, 0.0])
    table = screen(KEYS, lambda shares: shares @ slopes, trajectories=4, seed=3)

    assert list(table["key"]) == ["two", "one", "three"]
    assert list(table["mu_star"]) == pytest.approx([5.0, 2.0, 0.0], abs=1e-12)
    assert list(table["mu"]) == pytest.approx([-5.0, 2.0, 0.0], abs=1e-12)
    assert list(table["sigma"]) == pytest.approx([0.0, 0.0, 0.0], abs=1e-12)
    both = by_key(screen(KEYS, lambda x: x[:, 0] * x[:, 1] + x[:, 2], trajectories=30, seed=4))["sigma"]
    assert both["three"] < 1e-12 < 0.1 < min(both["one"], both["two"])


def test_constant_outcomes_have_no_indices():
    """Where nothing varies there is nothing to divide; where something does, the seed decides the rest (0, too)."""
    table = indices(KEYS, lambda shares: np.full(len(shares), 0.7), points=8, seed=1)
    none = given(pd.DataFrame({"one": [1.0, 2.0, 3.0]}), [0.7] * 3, seed=1)

    assert table.drop(columns="key").isna().all(axis=None)
    assert none.drop(columns="key").isna().all(axis=None)
    assert (screen(KEYS, lambda shares: np.ones(len(shares)), trajectories=2, seed=1)["mu_star"] == 0).all()
    one, two = (indices(KEYS, ishigami, points=16, seed=0) for _ in range(2))
    pd.testing.assert_frame_equal(one, two)


@pytest.mark.parametrize("points", [3, 500, 1])
def test_sobol_sizes_are_powers_of_two(points):
    """Another size is refused, with the nearest that are allowed."""
    with pytest.raises(ParameterError, match=r"--points is \[\d+\]; a Sobol' sequence needs a power of two"):
        indices(KEYS, ishigami, points=points, seed=1)


def test_first_order_of_draws_that_go_together():
    """For a sum of correlated normal doubts the index is the squared correlation with the outcome."""
    rng, both = np.random.default_rng(1), 0.6
    draws = rng.multivariate_normal([0, 0, 0], [[1, both, 0], [both, 1, 0], [0, 0, 1]], 4000)
    y = draws @ np.array([1.0, 0.5, 0.0])
    table = by_key(given(pd.DataFrame(draws, columns=KEYS), y, seed=1))
    variance = 1 + 0.25 + 2 * 0.5 * both

    assert table.loc["one", "first"] == pytest.approx((1 + 0.5 * both) ** 2 / variance, abs=0.03)
    assert table.loc["two", "first"] == pytest.approx((both + 0.5) ** 2 / variance, abs=0.03)
    assert table.loc["three", "first"] == pytest.approx(0.0, abs=0.01)
    assert (table["first_low"] < table["first"]).all()


def test_first_order_of_given_draws_finds_ishigami():
    """With independent draws the same indices come out as from a design, curved doubts included."""
    shares = np.random.default_rng(2).random((4000, 3))
    table = by_key(given(pd.DataFrame(shares, columns=KEYS), ishigami(shares), seed=1))

    assert {key: table.loc[key, "first"] for key in KEYS} == pytest.approx(FIRST, abs=0.03)


def test_kinds_are_groups():
    """A doubt of few values, or of texts, has a group for each; one that does not vary is left out."""
    kinds = pd.Series(["any", "prison"] * 200)
    table = given(pd.DataFrame({"rule": kinds, "same": 1.0}), (kinds == "any").astype(float), seed=1)

    assert set(groups_of(kinds)) == {0, 1}
    assert len(set(groups_of(pd.Series(np.arange(400.0))))) == 13
    assert list(table["key"]) == ["rule"]
    assert table.loc[0, "first"] == pytest.approx(1.0)


def test_chance_is_what_lucks_do_to_single_points():
    """What a luck does to all points alike is no difference between points; the rest is."""
    rng = np.random.default_rng(3)
    points, lucks = rng.normal(size=400), np.array([0.0, 5.0, -3.0])[:, None]
    values = points + lucks + rng.normal(scale=0.5, size=(3, 400))
    noise, error = chance(values[0], values[1:])

    assert noise == pytest.approx(0.25, rel=0.15)
    assert error == pytest.approx(np.sqrt(np.var([0, 5, -3], ddof=1) + 0.25), rel=0.1)
    assert chance(points, points + lucks[1:])[0] == pytest.approx(0.0, abs=1e-20)


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
    """However points are cut into pieces, and whoever runs them, each has its own outcomes, bit for bit."""
    base = load("trial")
    strengths = [0.1, 0.4, 0.9, 1.5, 0.2, 0.6]
    with workers_of(None, workers, runs=points) as executor:
        runs = Points(base=base, keys=["programme.direct_effect"], seed=2, trials=3, executor=executor, threads=workers, store=Store(tmp_path))
        for _ in range(2):
            table = runs.at([[value] for value in strengths], "test", stride=2)
            for value, (_, row) in zip(strengths, table.iterrows(), strict=True):
                own = outcomes(base.changed({"programme.direct_effect": value}), seed=2, trials=3)
                assert row.to_dict() == own


def test_what_does_not_matter_has_no_effect_at_all():
    """On the same luck, who says yes to the system changes nothing in the trial: its indices are zero, exactly."""
    base = load("trial")
    doubts = Doubts.of(base, only=["effect.strength", DEAD])
    runs = Points(base=base, keys=doubts.keys, seed=1, trials=5)
    found = over_priors(runs, doubts, OUTCOMES["difference"], trajectories=3, points=8, parameters=12)
    dead, ends = by_key(found.parts).loc[DEAD], by_key(found.ends).loc[DEAD]

    assert tuple(dead) == (0.0,) * 6
    assert by_key(found.screening).loc[DEAD, "mu_star"] == 0
    assert ends["outcome_low"] == ends["outcome_high"] == ends["middle"]
    assert by_key(found.ends).loc["effect.strength", "outcome_low"] > by_key(found.ends).loc["effect.strength", "outcome_high"]


def test_doubts_are_those_with_priors():
    """All quantities with priors are doubted, but those that are set, held, or not named."""
    base = load("trial")
    every = Doubts.of(base).keys

    assert {"effect.strength", "risk.level", "programme.stays"} <= set(every)
    assert Doubts.of(base, only=["risk.level", "programme.primus_motor.stays"]).keys == ["risk.level", "programme.stays"]
    assert set(every) - set(Doubts.of(base, hold=["risk.level"], fixed=["people.count"]).keys) == {"risk.level"}
    assert not {"effect.strength", "effect.support_share"} & set(Doubts.of(base, fixed=["programme.direct_effect"]).keys)
    with pytest.raises(ParameterError, match=r"--only is \[risk.lvel\], which has no prior .* did you mean risk.level"):
        Doubts.of(base, only=["risk.lvel"])
    with pytest.raises(ParameterError, match="leave one of the two out"):
        Doubts.of(base, only=["risk.level"], fixed=["risk.level"])


def test_labels_are_words():
    """Every doubt of the scenarios on the shelf has a short name without dots and underscores; ends differ."""
    for name in ("trial", "everyone", "other-schemes"):
        words = [label(key) for key in Doubts.of(load(name)).keys]
        assert not any("_" in each or len(each) > 70 for each in words)
        assert len(set(words)) == len(words)
    assert label("factor.sobriety.lacked_at_release") == "sobriety: share who lack it"
    assert pair(1.06, 1.12) == ("1.06", "1.12")
    assert pair("any", "prison") == ("any", "prison")
    assert pair(0.03, 250.0) == ("0.03", "250")


# The verb -------------------------------------------------------------------------------------------------------


def pieces(store):
    return {path.name: path.stat().st_mtime_ns for path in store.glob("pieces/*/*.arrow")}


def test_sensitivity_answers_and_keeps_what_it_ran(tmp_path):
    """It writes what it says, the same bytes again, and answers another outcome from the store."""
    store = ["--store", str(tmp_path / "store")]
    code, out, _ = desist("sensitivity", *SMALL, *store, "--out", str(tmp_path / "a"))
    manifest = json.loads((tmp_path / "a" / "manifest.json").read_text(encoding="utf-8"))
    sobol = by_key(pd.read_csv(tmp_path / "a" / "sobol.csv"))
    kept = pieces(tmp_path / "store")

    assert code == 0
    assert "What matters most" in out
    assert "Chance in the simulation is" in out
    assert sobol.loc[DEAD, ["first", "first_low", "first_high", "total", "total_low", "total_high"]].tolist() == [0.0] * 6
    assert sobol.loc["effect.strength", "prior"].startswith("LN(")
    assert manifest["outcome"] == "difference"
    assert manifest["doubts"] == [DEAD, "risk.level", "effect.strength"]
    code, out, _ = desist("sensitivity", *SMALL[:-1], "2", *store, "--outcome", "offences", "--out", str(tmp_path / "b"))
    assert code == 0
    assert "number of offences per person" in out
    assert pieces(tmp_path / "store") == kept
    assert desist("sensitivity", *SMALL[:-1], "2", "--no-store", "--out", str(tmp_path / "c"))[0] == 0
    for name in ("sobol.csv", "morris.csv", "tornado.csv", "tornado.png", "tornado.svg", "answer.txt", "scenario.toml"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "c" / name).read_bytes()


def test_sensitivity_over_a_posterior(tmp_path):
    """Over draws there are first-order indices only; what does not vary is left out, texts are kinds."""
    rng = np.random.default_rng(1)
    strength = np.exp(rng.normal(-0.7, 0.5, 30))
    table = pd.DataFrame({
        "effect.strength": strength, "risk.level": 0.6 + 0.1 * strength, "people.clustering": 0.38,
        "trial.definition": ["any", "prison"] * 15, "_weight": 1.0,
    })  # fmt: skip
    file = Posterior(table=table, about={}).write(tmp_path / "posterior.parquet")
    common = ["sensitivity", "--posterior", str(file), "--trials", "2", "--no-store", "--out", str(tmp_path)]
    code, out, _ = desist(*common, "--json")
    answer = json.loads(out)
    first = pd.read_csv(tmp_path / "first_order.csv")

    assert code == 0
    assert set(first["key"]) == {"effect.strength", "risk.level", "trial.definition"}
    assert "total" not in first
    assert "The draws go together" in answer["answer"]
    assert desist(*common, "--draws", "12", "--hold", "risk.level")[0] == 0
    assert set(pd.read_csv(tmp_path / "tornado.csv")["key"]) == {"effect.strength", "trial.definition"}


def test_nothing_that_is_doubted_may_matter(tmp_path):
    """An outcome that no doubt changes is told so in words, with tables and a figure."""
    small = ["--only", DEAD, *SMALL[6:]]
    code, out, _ = desist("sensitivity", *small, "--no-store", "--out", str(tmp_path))

    assert code == 0
    assert "nothing that is doubted changes it" in out
    assert (tmp_path / "tornado.png").stat().st_size > 0


BAD = [
    (["--outcome", "diference"], "--outcome is [diference]; did you mean difference?"),
    (["everyone", "--outcome", "control"], "--outcome is [control], which needs two arms"),
    (["everyone", "--outcome", "treated"], "needs a programme"),
    (["--only", "risk.lvel"], "--only is [risk.lvel], which has no prior in scenario trial; did you mean risk.level?"),
    (["--hold", "people.count"], "--hold is [people.count], which has no prior"),
    (["--only", "risk.level", "--set", "risk.level=0.7"], "--only is [risk.level], which --hold or --set fixes"),
    (["--points", "500"], "--points is [500]; a Sobol' sequence needs a power of two: 256 or 512"),
    (["--draws", "5"], "--draws is [5], but there is no --posterior"),
    (["--posterior", "missing.parquet"], "--posterior is [missing.parquet]"),
    (["--posterior", "missing.parquet", "--points", "8"], "--points is [8], but a --posterior has its own points"),
    (["--set", "people.follow_up_months=12"], "people.follow_up_months is [12]"),
    (["--set", "people.calendar_months=30"], "people.calendar_months is [30]"),
    (["--trials", "1", "--set", "people.count=2", *SMALL[:6], "--points", "2"], "nobody is in its group there"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD, ids=lambda each: " ".join(each[-2:]) if isinstance(each, list) else "")
def test_bad_input_is_one_line(arguments, message, tmp_path):
    """A mistake is answered in one line that says what is wrong and what is allowed."""
    code, _, err = desist("sensitivity", *arguments, "--no-store", "--out", str(tmp_path))
    lines = [line for line in err.splitlines() if not line.endswith("...")]

    assert code == 2
    assert len(lines) == 1
    assert message in lines[0]

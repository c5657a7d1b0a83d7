"""Trials and sweeps: counts, the two analyses, solved control risks, designs, and what the studies say."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments import load_result, sweep
from experiments.execution.context import RunContext
from experiments.execution.jobs import Table
from experiments.inputs.control_risk import with_control_risk
from experiments.inputs.designs import Axis, axes_of, points
from experiments.inputs.parameter_points import at_point
from experiments.inputs.posterior import SHIPPED, Posterior
from experiments.inputs.scenario_files import load, names
from experiments.inputs.trial_result import REGION_67, REGION_95, no_effect, relative_likelihood
from experiments.language.messages import FOLDER
from experiments.studies.catalogue import parse_study, study_class
from experiments.studies.trial.design_points import evaluate
from experiments.studies.trial.effect_settings import SETTINGS, mentored_risk_at
from experiments.studies.trial.sweep import prepared, simulate_design
from experiments.studies.trial.sweep_study import SweepStudy
from experiments.studies.trial.trial import repeat_trial
from experiments.studies.trial.trial_study import TrialStudy
from simulation.history import simulate
from simulation.outcomes import DEFINITIONS, times
from simulation.parameters import ParameterError
from simulation.scenario import Scenario
from simulation.trial_counts import highest_risk, trial_counts
from tests.mistakes import assert_one_line


@pytest.fixture(scope="module")
def pooled() -> Scenario:
    """The planning setting of the trial."""
    return load("pooled")


def test_counts_agree_with_histories(pooled: Scenario) -> None:
    """The counts of trials are those of their histories, for each arm, group, definition and analysis."""
    counts = trial_counts(pooled, seed=4, trials=3)
    history = simulate(pooled, seed=4, replicates=3)
    for definition in DEFINITIONS:
        table = times(history, definition)
        table["hit"] = table["time"] <= 24
        for arm_code, arm in enumerate(("control", "mentored")):
            rows = table[(table["arm"] == arm) & (table["group"] == "highest risk")]
            expected = rows.groupby("replicate")["hit"].sum().reindex(range(3), fill_value=0).tolist()
            treated = rows[rows["treated"]] if arm == "mentored" else rows
            expected_treated = treated.groupby("replicate")["hit"].sum().reindex(range(3), fill_value=0).tolist()
            column = 1 + DEFINITIONS.index(definition)

            assert expected == counts[:, arm_code, 1, column].tolist()
            assert expected_treated == counts[:, arm_code, 1, 4 + column].tolist()


def test_counts_do_not_depend_on_threads(pooled: Scenario) -> None:
    """One thread, two threads, and trials simulated alone give the same counts."""
    together = trial_counts(pooled, seed=9, trials=40, threads=2)
    alone = np.concatenate([trial_counts(pooled, seed=9, trials=range(k, k + 1), threads=1) for k in range(40)])

    assert np.array_equal(trial_counts(pooled, seed=9, trials=40, threads=1), together)
    assert np.array_equal(alone, together)


def test_arms_split_97_people(pooled: Scenario) -> None:
    """Every trial has 97 people, 48 and 49 in the arms."""
    people = trial_counts(pooled, seed=1, trials=50)[..., 0].sum(axis=2)

    assert (people.sum(axis=1) == 97).all()
    assert set(np.unique(people)) <= {48, 49}


def test_simulation_error_is_that_of_repetition(pooled: Scenario) -> None:
    """The stated error of a pooled risk is near the spread of that risk over independent seeds."""
    risks, errors = [], []
    for seed in range(40):
        arms = highest_risk(trial_counts(pooled, seed=seed, trials=50), "any")
        risks.append(arms.risks[0])
        errors.append(arms.errors[0])

    assert np.std(risks, ddof=1) == pytest.approx(np.mean(errors), rel=0.45)


def test_control_risk_is_solved_for() -> None:
    """A run with other random numbers has the control risk that was asked for, within simulation error."""
    for wanted in (0.5, 0.67, 0.8):
        scenario = with_control_risk(load("trial"), wanted)
        arms = highest_risk(trial_counts(scenario, seed=77, trials=400), "any")

        assert arms.risks[1] == pytest.approx(wanted, abs=5 * (arms.errors[1] + 0.006))


def test_control_risk_out_of_reach_is_refused() -> None:
    """A control risk that no level reaches is refused, with what is reached."""
    scenario = load("trial").changed({"trial.definition": "prison"})

    with pytest.raises(ParameterError, match=r"trial.control_risk is \[0.99\].*reaches"):
        with_control_risk(scenario, 0.99)


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda each: each.name)
def test_settings_stand_for_their_hazard_ratio(setting) -> None:  # type: ignore[no-untyped-def]
    """Each shipped setting gives the risk of the mentored that its hazard ratio over 24 months stands for."""
    arms = highest_risk(trial_counts(load(setting.name), seed=5, trials=800), "any")

    assert arms.risks[0] == pytest.approx(setting.mentored_risk, abs=5 * arms.errors[0] + 0.01)
    assert arms.risks[1] == pytest.approx(0.67, abs=5 * arms.errors[1] + 0.01)


def test_strength_is_monotone() -> None:
    """A stronger effect with the same random numbers lowers the risk of the mentored."""
    base = load("trial")
    risks = [mentored_risk_at(base, ratio, trials=100) for ratio in (1.0, 0.5, 0.2, 0.05)]

    assert risks == sorted(risks, reverse=True)


def test_the_observed_pair_fits_as_reported_and_not_without_effect() -> None:
    """At face value the pair is inside the 67 % region; without any effect it is outside the 95 % region."""
    reported = repeat_trial(load("as-reported"), seed=1, trials=400).rows()
    nothing = repeat_trial(load("trial"), seed=1, trials=400).rows()

    assert reported["relative_likelihood"].iloc[0] > 0.9
    assert nothing["relative_likelihood"].iloc[0] < REGION_95


def test_routes_divide_the_strength() -> None:
    """Strength and share resolve to a direct effect and an aim through support factors whose product is the strength."""
    scenario = at_point(load("trial"), {"effect.hazard_ratio": 0.25, "effect.support_share": 0.5})
    programme = scenario.programme["primus_motor"]

    assert programme.direct_hazard_ratio * programme.support_hazard_ratio == pytest.approx(0.25)


def test_grid_has_every_combination() -> None:
    """A grid of 3 x 2 values has six points, in order."""
    grid = points([Axis.read("a=0:1:3"), Axis.read("b=x,y")], "grid", 0, seed=0)

    assert grid == [{"a": a, "b": b} for a in (0.0, 0.5, 1.0) for b in ("x", "y")]


@pytest.mark.parametrize("design", ["latin", "sobol"])
def test_space_filling_designs(design) -> None:  # type: ignore[no-untyped-def]
    """A Latin hypercube and a Sobol' sequence put one point in each of n slices of each axis, inside its ends."""
    number = 32
    rows = points([Axis.read("a=1:3"), Axis.read("b=0.01:1:log")], design, number, seed=3)
    a = np.array([row["a"] for row in rows])
    b = np.log([row["b"] for row in rows]) / np.log(0.01)

    assert sorted((number * (a - 1) / 2).astype(int).tolist()) == list(range(number))
    assert len(set((number * b).astype(int).tolist())) >= number - 1


@pytest.mark.parametrize("text", ["", "a", "a=", "a=1:x:3", "a=3:1:3", "a=0:1:3:log", "a=1:2:3:4", "a=0.1:1:1000000000",
                                  "a=0.5:0.6:1", "a=1:1e400:3", "a=nan:1:3", "a=1,nan", "a=inf", "a=2,3,2.0"])
def test_wrong_axes_are_refused(text: str) -> None:
    """An axis that cannot be read is refused in one line that shows it."""
    with pytest.raises(ParameterError, match="--vary"):
        points([Axis.read(text)], "grid", 0, seed=0)


def test_decimal_commas_are_recognised() -> None:
    """A list with a value twice is refused, and is read as it was probably meant."""
    assert_one_line(lambda: Axis.read("a=1,1,1,2"), "which has [1] twice; decimals take a point: a=1.1,1.2")
    assert_one_line(lambda: axes_of({"a": [2, 3, 2.0]}), "has [2.0] twice; give each value once")


def test_a_design_is_refused_by_its_size_before_it_is_built() -> None:
    """A grid of 10^12 points, and a Sobol' sequence that is no power of two."""
    large = [Axis.read(f"{key}=0:1:1000000") for key in "ab"]

    assert_one_line(lambda: points(large, "grid", 0, seed=0), "the grid has 1,000,000,000,000 points")
    assert_one_line(lambda: points(large, "sobol", 100, seed=0), "--points is [100]; a Sobol' sequence is balanced only")


@pytest.mark.parametrize(("options", "wanted"), [
    ({"vary": "effect.hazard_ratio=0.5,7"}, "effect.hazard_ratio is [7.0]"),
    ({"vary": ("effect.hazard_ratio=0.5,0.6", "programme.dropout_chance=0.1,3")}, "dropout_chance is [3]"),
    ({"points": 5}, "--points is [5], but a grid has every combination"),
    ({"set": ("people.count=160", "people.follow_up_months=36")}, "people.count is [160] in scenario trial"),
    ({"set": "people.follow_up_months=36"}, "people.follow_up_months is [36] in scenario trial"),
    ({"set": "people.calendar_months=30"}, "people.calendar_months is [30] in scenario trial"),
    ({"vary": "people.count=97,160"}, "people.count is [160] in scenario trial"),
])  # fmt: skip
def test_a_sweep_says_what_is_wrong_before_it_simulates(options, wanted: str) -> None:  # type: ignore[no-untyped-def]
    """A bad value of a later point, and a scenario that is not the trial which reported 29 % against 67 %."""
    assert_one_line(lambda: SweepStudy(**options).run(RunContext(note=pytest.fail)), wanted)


def test_a_large_design_is_checked_value_by_value() -> None:
    """More points than are checked one by one: the last value of an axis is found all the same."""
    study = SweepStudy(vary=("effect.hazard_ratio=0.1:1:60", "programme.dropout_chance=0.1:3:60"))

    assert_one_line(lambda: study.run(RunContext(note=pytest.fail)), "dropout_chance is [")


def test_without_an_effect_the_arms_do_not_differ_by_chance() -> None:
    """Both arms have the risk of both together, so the relative likelihood is near what calculation gives."""
    base = load("trial")
    row = evaluate(base, {"effect.hazard_ratio": 1.0, "trial.control_risk": 0.47}, seed=3, replicates=40)
    other = evaluate(base, {"effect.hazard_ratio": 0.99, "trial.control_risk": 0.47}, seed=3, replicates=40)

    assert row["mentored"] == row["control"] == pytest.approx((other["mentored"] + other["control"]) / 2, abs=0.02)
    assert row["difference"] == 0 != other["difference"]
    assert row["relative_likelihood"] == pytest.approx(no_effect().relative_likelihood, abs=0.004)


def test_no_effect_is_disfavoured_not_excluded() -> None:
    """By hand: the p-value of a likelihood ratio, one degree of freedom, and half of it for one side."""
    found = no_effect()
    z = math.sqrt(-2 * math.log(found.relative_likelihood))

    assert REGION_95 < found.relative_likelihood < REGION_67
    assert found.two_sided == pytest.approx(math.erfc(z / math.sqrt(2)))
    assert found.one_sided == found.two_sided / 2
    assert float(relative_likelihood(found.risk, found.risk)) == found.relative_likelihood
    result = SweepStudy(vary="effect.hazard_ratio=0.05,1.0", replicates=10).run()
    for language, wanted in (("en", "disfavoured, not excluded. It does best if 47"), ("da", "men udelukker det ikke")):
        assert wanted in " ".join(result.answer(language).sentences)


def test_trials_of_another_size_are_not_compared_with_the_real_one() -> None:
    """They say so; their report, draws compared with the trial, and a follow-up of less than two years are refused."""
    result = TrialStudy(settings="pooled", set="people.count=40", trials=20).run()
    for language in ("en", "da"):
        text = result.text(language)
        assert "97" in text
        assert "29 %" not in text
        assert "likelihood" not in text
    assert_one_line(TrialStudy(set="people.follow_up_months=12").run, "people.follow_up_months is [12]")
    assert_one_line(TrialStudy(set="people.count=40", posterior=SHIPPED).run, "people.count is [40] in scenario trial")


def test_points_have_common_random_numbers() -> None:
    """A point's result does not depend on the other points of the design, nor on threads."""
    base = load("trial")
    axes = axes_of({"effect.hazard_ratio": [1.0, 0.3], "programme.half_life_months": [3, 120]})
    design = points(axes, "grid", 0, seed=0)
    rows = list(simulate_design(base, design, seed=2, replicates=10, context=RunContext(threads=2)))
    alone = evaluate(base, design[3], seed=2, replicates=10)

    assert rows[3].numbers == alone
    assert [row.point for row in rows] == design


def test_the_nearest_point_is_named_where_none_fits() -> None:
    """Where no point is inside the 67 % region the study has not passed, and names the nearest."""
    result = SweepStudy(vary=("programme.direct_hazard_ratio=0.9:1.0:2",), seed=2, replicates=40).run()

    assert not result.tables["points"]["inside_67"].any()
    assert not result.passed
    for language, none, nearest in (("en", "None of the 2", "nearest"), ("da", "Ingen af de 2", "Tættest")):
        sentences = result.answer(language).sentences
        assert none in sentences[0]
        assert nearest in sentences[1]


def test_a_sweep_in_one_line_of_python(tmp_path: Path) -> None:
    """A scenario and a mapping of axes are a study, which is saved, loaded and repeated to the same table."""
    result = sweep(load("trial"), {"effect.hazard_ratio": np.array([0.05, 1.0]), "programme.half_life_months": "3:120:2"},
                   replicates=10, seed=1)  # fmt: skip
    loaded = load_result(result.save(tmp_path))

    assert result.study.vary == ("effect.hazard_ratio=0.05,1.0", "programme.half_life_months=3.0:120.0:2")
    assert result.tables["points"]["programme.half_life_months"].tolist() == [3, 120, 3, 120]
    assert loaded.study == result.study
    assert loaded.text("da") == result.text("da")
    assert loaded.study.run().tables["points"].equals(result.tables["points"])


def test_a_study_file_may_have_its_axes_as_a_table() -> None:
    """``[vary]`` is written as in the file of a sweep."""
    study = parse_study('study = "sweep"\nreplicates = 5\n[vary]\n"effect.hazard_ratio" = [0.1, 0.4]\n')

    assert study.command() == "desist sweep --vary effect.hazard_ratio=0.1,0.4 --replicates 5"


def test_an_interrupted_sweep_returns_what_is_finished() -> None:
    """An interrupt after two points gives a result of two points, which says so."""

    def stopped(items: Iterable[Table], total: int, what: str) -> Iterator[Table]:
        yield from islice(items, 2)
        raise KeyboardInterrupt

    study = SweepStudy(vary=("programme.direct_hazard_ratio=0.1:1.0:5",), replicates=10)
    result = study.run(RunContext(progress=stopped))

    assert not result.complete
    assert len(result.tables["points"]) == 2
    assert "interrupted after 2 of 5 points" in result.answer().sentences[0]


def test_shipped_sweep_and_scenarios_are_sound() -> None:
    """Every scenario that comes with Desist loads, and the default sweep's points are all possible scenarios."""
    assert {"everyone", "trial", "as-reported", "pooled", "sceptical"} <= set(names())
    ready = prepared(SweepStudy())
    assert len(ready.points) == 480
    for point in ready.points[:: len(ready.points) // 7]:
        at_point(ready.base, {key: value for key, value in point.items() if key != "trial.control_risk"})
    for name in names():
        assert load(name).digest


@pytest.mark.parametrize("verb", ["sweep", "trial"])
def test_every_column_and_text_of_the_study_is_there(verb: str, tmp_path: Path) -> None:
    """Without draws and over draws: columns are in the codebook, both languages answer, and the figure is drawn."""
    codebook = tomllib.loads((FOLDER.parent / "codebook" / f"{verb}.toml").read_text(encoding="utf-8"))
    posterior = Posterior(table=pd.DataFrame({"risk.hazard_multiplier": [0.5, 0.8, 1.1]}), about={"command": "none"})
    axes = {"vary": ("effect.hazard_ratio=0.1,1.0",), "replicates": 5} if verb == "sweep" else {"trials": 5}
    for given in (axes, {**axes, "posterior": posterior}):
        result = study_class(verb)(**given).run()
        for name, table in result.tables.items():
            assert set(table) - {"effect.hazard_ratio"} <= set(codebook[name]["columns"])
        for language in ("en", "da"):
            assert "{" not in result.text(language)
            assert result.figure(language=language).axes


def test_axes_are_written_as_they_are_read() -> None:
    """Any axis that a mapping gives is the same again from its text."""
    mapping = {"a": [1, 2.5, True], "b": ["any", "x,y", "1"], "c": "0.1:2:5:log", "d": [["Aarhus"], ["Odense", "Vejle"]]}
    for axis in axes_of(mapping):
        assert Axis.read(axis.text) == axis

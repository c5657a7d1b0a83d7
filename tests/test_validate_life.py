"""The LIFE experiment: the prediction knows nothing of the men who were paid; months, arms and aid are what is said."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest

from experiments import load_result, validate
from experiments.execution.code_digest import STORING, sources_of
from experiments.execution.jobs import Job, finish
from experiments.inputs.scenario_files import load
from experiments.provenance.results_folder import digest_of
from experiments.studies.validation import fit, life_aid, life_maryland
from simulation import simulate
from simulation.outcomes import curve, shares, times
from tests.mistakes import assert_one_line
from tests.test_cli import desist


def compute(job: Job):
    """Pieces, here and now."""
    return finish(job, threads=2)


@pytest.fixture(scope="module")
def found():
    """A prediction of fewer draws and people than the study's."""
    return life_maryland.predict(compute, draws=128, people=10_000)


# Before looking -----------------------------------------------------------------------------------------------


def test_the_prediction_cannot_reach_the_men_who_were_paid():
    """Neither the module that predicts nor what it imports of the studies names the package that has them."""
    sources = sources_of("experiments.studies.validation.life_maryland")

    assert Path(fit.__file__) in sources
    assert Path(life_aid.__file__) not in sources
    assert not [path.name for path in sources | STORING if re.search(r"^\s*(from|import) lifelines", path.read_text("utf-8"), re.M)]
    assert re.search(r"^\s*(from|import) lifelines", Path(life_aid.__file__).read_text("utf-8"), re.M)


def test_the_table_of_facts_has_the_control_arm_only():
    """216 men at risk at first, 66 arrested; every week follows from the one before."""
    table = life_maryland.control_weeks()

    assert (52, 216, 66) == (len(table), table["at_risk"].iloc[0], table["arrested"].sum())
    assert (table["at_risk"].iloc[1:].to_numpy() == (table["at_risk"] - table["arrested"]).iloc[:-1].to_numpy()).all()


def test_the_table_of_facts_is_the_packages():
    """Counted again from the control arm of the package, if it is installed."""
    datasets = pytest.importorskip("lifelines.datasets")
    men = datasets.load_rossi().query("fin == 0")
    counts = np.bincount(men.loc[men["arrest"] == 1, "week"], minlength=53)[1:]

    assert counts.tolist() == life_maryland.control_weeks()["arrested"].tolist()


def test_the_prediction_is_the_one_that_was_written_first(found):
    """Fewer draws and people come near the table that was written before the men who were paid were read."""
    before, now = life_maryland.frozen_prediction(), life_maryland.curves(found)

    assert before[["arm", "month"]].equals(now[["arm", "month"]])
    assert (before["mean"] - now["mean"]).abs().max() < 0.03
    aid = before.pivot_table(index="month", columns="arm", values="mean")
    assert (aid["aided"] <= aid["control"]).all()


# Weeks and months ---------------------------------------------------------------------------------------------


def test_thirteen_weeks_are_three_months():
    """An arrest in each week: 13 a quarter, 52 in all; 4 or 5 in each month."""
    months = life_maryland.months_of_weeks(np.ones(52))

    assert months.reshape(4, 3).sum(axis=1).tolist() == [13, 13, 13, 13]
    assert set(months.tolist()) == {4, 5}


@pytest.mark.parametrize(("week", "month"), [(1, 0), (4, 0), (5, 1), (9, 1), (13, 2), (14, 3), (52, 11)])
def test_a_week_belongs_to_the_month_that_holds_its_middle(week, month):
    """Months are 52 / 12 weeks."""
    weeks = np.zeros(52)
    weeks[week - 1] = 1

    assert life_maryland.months_of_weeks(weeks).tolist() == [int(k == month) for k in range(12)]


# The scenario -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def history():
    """20,000 men of the scenario, simulated with events."""
    return simulate(load(life_maryland.SCENARIO).replace(people__count=20_000), seed=4)


def test_counting_the_engine_is_counting_the_history(history):
    """First arrests by month from the engine are the project's own outcomes: the definition sentence, by arm."""
    shares_of = life_maryland.first_arrests(load(life_maryland.SCENARIO).replace(people__count=20_000), seed=4)
    table = curve(times(history, "sentence"))
    for number, arm in enumerate(("control", "mentored")):
        expected = table[table["arm"] == arm]["share"].to_numpy()

        assert np.allclose(np.concatenate([[0], shares_of[number].cumsum()]), expected)


def test_half_of_the_men_are_paid_for_three_months_and_nobody_else(history):
    """Everybody drawn to it, in the months 0, 1 and 2 (and the month before, in prison, when nothing is bought)."""
    paid = history.events[history.events["event"] == "contact"]
    mentored = set(history.people.loc[history.people["arm"] == "mentored", "person"])

    assert set(paid["person"]) == mentored
    assert 10_000 == len(mentored)
    assert [-1, 0, 1, 2] == sorted(paid["month"].unique())
    assert (paid["month"].value_counts() == 10_000).all()


def test_the_aid_goes_through_economy_and_through_nothing_else():
    """Where lacking money does nothing to the hazard, both arms have the same arrests, man by man with the same random numbers."""
    plan = load(life_maryland.SCENARIO).replace(people__count=4_000, factor__economy__missing_hazard_ratio=1.0)
    plan = plan.changed({"factor.housing.helped_by.economy": 1.0, "factor.education.helped_by.economy": 1.0})
    paid = simulate(plan.changed({"trial.assignment": "everyone"}), seed=2)
    unpaid = simulate(plan.changed({"trial.assignment": "nobody"}), seed=2)

    assert times(paid, "sentence")["time"].equals(times(unpaid, "sentence")["time"])
    strong = plan.changed({"factor.economy.missing_hazard_ratio": 3.0, "trial.assignment": "everyone"})
    helped = shares(times(simulate(strong, seed=2), "sentence"), window=12, by=())["share"].iloc[0]
    alone = simulate(strong.changed({"trial.assignment": "nobody"}), seed=2)
    assert helped < shares(times(alone, "sentence"), window=12, by=())["share"].iloc[0] - 0.02


def test_the_arms_have_nothing_to_do_with_each_other():
    """No peers and no scarcity: the controls' arrests are the same whether the others are paid or not."""
    plan = load(life_maryland.SCENARIO).replace(people__count=4_000)
    both = times(simulate(plan, seed=6), "sentence")
    none = times(simulate(plan.changed({"trial.assignment": "nobody"}), seed=6), "sentence")
    controls = (both["arm"] == "control").to_numpy()

    assert both["time"][controls].tolist() == none["time"][controls].tolist()


def test_the_scenario_lies_where_it_was_fitted(found):
    """Its level, fall and delay are within the draws; its controls are arrested about as often as those seen."""
    table = found.draws.table().set_index("key")
    plan = load(life_maryland.SCENARIO)
    for key in ("risk.hazard_multiplier", "risk.long_run_hazard_ratio", "offending.delay_mean_months"):
        assert table.loc[key, "low"] < plan.value(key) < table.loc[key, "high"]
    share = life_maryland.first_arrests(plan.replace(people__count=40_000), seed=9)[0].sum()
    assert share == pytest.approx(66 / 216, abs=0.03)


# Beside the men -----------------------------------------------------------------------------------------------


def of_arrests(number):
    """Made-up men: so many arrests, spread over the weeks."""
    weeks = np.zeros(52, np.int64)
    np.add.at(weeks, np.linspace(0, 51, number).astype(int), 1)
    return weeks


def test_a_trial_like_the_prediction_is_compatible_and_a_wonder_is_not(found):
    """The expected number of arrests lies inside; ten arrests, or two hundred, lie outside."""
    usual = life_aid.compare(found, of_arrests(round(life_maryland.expected(found)["arrests"])))

    assert life_aid.compatible(usual)
    assert usual["at_least_as_far"] > 0.8
    assert usual["likelihood_ratio"] == pytest.approx(1.0, abs=0.5)
    for number in (10, 200):
        assert not life_aid.compatible(life_aid.compare(found, of_arrests(number)))


def test_the_hazard_ratio_is_that_of_the_shares():
    """Ratio of -ln(1 - share), with the interval of the delta method worked out by hand."""
    ratio, low, high = life_aid.hazard_ratio(50, 100, 200)
    sd = np.sqrt(0.25 / (200 * 0.75 * np.log(0.75) ** 2) + 0.5 / (200 * 0.5 * np.log(0.5) ** 2))

    assert ratio == pytest.approx(np.log(0.75) / np.log(0.5))
    assert (low, high) == pytest.approx((ratio * np.exp(-1.959964 * sd), ratio * np.exp(1.959964 * sd)))


def test_few_arrests_make_money_matter_more(found):
    """What is believed of the economy after the men is higher if fewer of those who were paid were arrested."""
    after = [life_aid.updated(found, of_arrests(number)).set_index("key")["after_mean"] for number in (45, 75)]

    assert after[0]["factor.economy.missing_hazard_ratio"] > after[1]["factor.economy.missing_hazard_ratio"]


def test_without_the_package_one_line_says_what_to_install(monkeypatch):
    """The men who were paid are in it and nowhere else."""
    monkeypatch.setitem(sys.modules, "lifelines.datasets", None)

    assert_one_line(
        life_aid.aided_weeks, "the package [lifelines], which is not installed; install it (pip install lifelines)"
    )


def test_other_men_in_the_package_are_refused(monkeypatch):
    """If its control arm is not the one that was fitted, nothing is compared."""
    datasets = pytest.importorskip("lifelines.datasets")
    men = datasets.load_rossi()
    men.loc[men.index[0], "fin"] = 1 - men.loc[men.index[0], "fin"]
    monkeypatch.setattr(datasets, "load_rossi", lambda: men)

    assert_one_line(life_aid.aided_weeks, "the package lifelines has other men in load_rossi()")


@pytest.fixture
def quick(found, monkeypatch):
    """The study with the prediction of these tests, which is worth fewer draws than are asked for."""
    monkeypatch.setattr("experiments.studies.validation.life_maryland.predict", lambda *_, **__: found)
    monkeypatch.setattr("experiments.studies.validation.fit.ENOUGH", 10.0)


def test_predict_stops_before_the_men_are_read(quick, tmp_path, monkeypatch):
    """With --predict nothing of the men who were paid is read; the prediction and its figure are there."""
    monkeypatch.setattr("experiments.studies.validation.life_aid.aided_weeks", lambda: pytest.fail("read"))
    result = validate("life", predict=True)
    result.save(tmp_path)

    assert result.passed
    assert result.observed is None
    assert "was finished before the data on the men with aid were read" in result.text()
    assert {"control"} == set(result.tables["observed"]["arm"])
    assert 24 == len(result.tables["prediction"])
    assert (tmp_path / "life.png").stat().st_size > 10_000


def test_the_prediction_does_not_depend_on_the_men(quick, tmp_path, monkeypatch):
    """Its digest, taken before they are read, is that of the file; it is the same whoever the men are, and without them."""
    digests = set()
    for arrests in (5, 60):
        monkeypatch.setattr("experiments.studies.validation.life_aid.aided_weeks", lambda arrests=arrests: of_arrests(arrests))
        digests.add(validate("life").prediction_digest)
    result = validate("life", predict=True)
    result.save(tmp_path)

    assert {digest_of(tmp_path / "prediction.csv")} == digests | {result.prediction_digest}


def test_without_the_package_nothing_is_begun(monkeypatch):
    """One line says what to install, before minutes of computing; --predict needs no package."""
    monkeypatch.setitem(sys.modules, "lifelines.datasets", None)
    monkeypatch.setattr("experiments.studies.validation.life_maryland.predict", lambda *_, **__: pytest.fail("begun"))

    assert_one_line(lambda: validate("life"), "add --predict to get the prediction without them")


@pytest.mark.parametrize(("arrests", "expected"), [(60, 0), (5, 1)])
def test_the_command_says_and_exits_as_it_was(arrests, expected, quick, tmp_path, monkeypatch):
    """Exit code 0 if the men lie among those predicted, 1 if not (made-up men); a saved result says the same."""
    monkeypatch.setattr("experiments.studies.validation.life_aid.aided_weeks", lambda: of_arrests(arrests))
    code, out, _ = desist("validate", "life", "--out", str(tmp_path), "--language", "da")
    result = load_result(tmp_path)

    assert expected == code
    assert result.compatible is (expected == 0)
    assert result.observed["arrests"] == arrests
    assert result.text("da") in out
    assert ("lies inside" if expected == 0 else "lies outside") in result.text()
    assert {"prediction", "observed", "updated", "parameters", "quarters"} == set(result.tables)
    assert str(tmp_path) not in (tmp_path / "answer_en.txt").read_text(encoding="utf-8")  # else it could not be verified


def test_too_few_draws_are_not_reported(tmp_path):
    """From the fit to the refusal: one line, exit code 2, and no prediction is written."""
    code, _, err = desist(
        "validate", "life", "--predict", "--draws", "32", "--people", "1000", "--threads", "2", "--out", str(tmp_path)
    )

    assert (code, len(err.splitlines())) == (2, 1)
    assert "raise --draws to" in err
    assert not (tmp_path / "prediction.csv").exists()

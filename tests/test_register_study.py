"""``desist register`` as its users meet it: answers, files, the model beside, exit codes, nothing of a person written."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from experiments import load_result, register
from experiments.language.messages import Messages
from experiments.studies.validation import cells
from experiments.studies.validation.register import compare, matching_scenario, observed_shares, simulate_alongside
from experiments.studies.validation.register_extract import RegisterExtract, read_extract
from experiments.studies.validation.write import extract
from simulation import Scenario, simulate
from simulation.outcomes import RULES, curve, times
from tests.mistakes import assert_one_line
from tests.test_cli import desist

PLAN = Scenario().replace(people__count=600, people__follow_up_months=24)


@pytest.fixture(autouse=True, scope="module")
def later_day():
    """A day by which everything is known that the model writes, which knows decisions for centuries."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cells, "today", lambda: np.datetime64("2999-12-31"))
        yield


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """An extract of 600 people invented by the model."""
    path = tmp_path_factory.mktemp("extract") / "extract.csv"
    extract(simulate(PLAN, seed=11)).to_csv(path, index=False)
    return path


def test_the_study_counts_as_the_library_does(file):
    """Shares of the extract are those of the history, with what is small left out; each definition is said in full."""
    result = register(str(file))
    table, expected = result.tables["outcomes"], observed_shares(read_extract(file), [6, 12, 24])
    shown = table["share"].notna()

    assert result.passed
    assert shown.sum() >= 8
    assert np.allclose(table["share"][shown], expected["share"][shown])
    assert result.reoffended["share"] == expected[(expected["definition"] == "any") & (expected["window"] == 24)]["share"].iloc[0]
    assert all(f"{name}: {rule}." in result.text() for name, rule in RULES.items())
    assert "counts fewer than 5 people" in result.text()


def test_the_model_beside_itself_agrees(file, tmp_path):
    """600 people of everyone lie within what cohorts of 600 give by chance; both curves are drawn; it can be loaded again."""
    result = register(str(file), scenario="everyone", seed=5)
    again = load_result(result.save(tmp_path))

    assert result.passed
    assert "lies inside the middle 95 % of" in result.text().replace("\N{NO-BREAK SPACE}", " ")
    assert {"beside", "model", "curve", "outcomes", "offences"} == set(result.tables)
    assert again.text("da") == result.text("da")
    assert {"curve.png", "curve.svg", "scenario.toml"} <= {each.name for each in tmp_path.iterdir()}
    assert json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))["cohorts"] >= 100


@pytest.mark.parametrize("definition", ["any", "prison", "sentence"])
def test_another_model_beside_it_does_not(definition, file):
    """With three times the risk the register lies outside, under each definition."""
    result = register(str(file), scenario="everyone", set="risk.hazard_multiplier=3", definition=definition, window=12)

    assert not result.passed
    assert "does not agree with the model" in result.text()


def test_the_same_people_and_random_numbers_give_the_same(file, monkeypatch):
    """A register that the model wrote, beside the model with its seed: one cohort gives each share and the curve exactly."""
    monkeypatch.setattr("experiments.studies.validation.register.cohorts_needed", lambda _: 1)
    read = read_extract(file)
    model, band = simulate_alongside(matching_scenario(PLAN, read), read, "prison", [6, 12, 24], seed=11, threads=1)
    rows = compare(observed_shares(read, [6, 12, 24]), model)

    assert rows["share"].tolist() == rows["model"].tolist()
    assert rows["inside"].all()
    assert band["share"].tolist() == curve(times(read.history("prison"), "prison"), by=())["share"].tolist()


def test_the_model_is_followed_as_long_as_the_register(tmp_path):
    """Half of the people are followed for 6 months: the model's cohorts have as many who can be judged."""
    table = extract(simulate(PLAN, seed=3))
    short = table["person"].astype(int) % 2 == 0
    table.loc[short, "followed"] = table.loc[short, "release"]
    table.to_csv(tmp_path / "short.csv", index=False)
    read = read_extract(tmp_path / "short.csv")
    model, _ = simulate_alongside(matching_scenario(Scenario(), read), read, "any", [12], seed=1, threads=1)
    rows = compare(observed_shares(read, [12]), model).set_index("definition")
    wide = rows["model_high"] - rows["model_low"]

    assert 300 == rows.loc["any", "people"]
    # The middle 95 % of shares of 300 people, from 100 cohorts: about 3.5 standard errors wide.
    assert 0.06 < wide["any"] < 0.18


def test_nothing_of_a_person_is_written(tmp_path):
    """Neither names of people nor their dates are in any file of the folder; small groups are not named."""
    table = extract(simulate(PLAN.replace(people__count=80), seed=2))
    table["person"] = [f"secret{each}" for each in table["person"]]
    table.to_csv(tmp_path / "mine.csv", index=False)
    code, out, err = desist("register", str(tmp_path / "mine.csv"), "--by", "person", "--out", str(tmp_path / "out"))
    written = "".join(
        each.read_text(encoding="utf-8") for each in (tmp_path / "out").iterdir() if each.suffix != ".png"
    )

    assert code == 0
    assert "secret" not in written + out + err
    assert not any(each in written for each in set(table["offence"]) - {""})


def test_json_is_for_machines(file, tmp_path):
    """What is left out is null."""
    code, out, _ = desist("register", str(file), "--json", "--out", str(tmp_path), "--window", "1")
    told = json.loads(out)

    assert code == 0
    assert told["releases"] == 600
    assert told["reoffended"] is None or told["reoffended"]["window"] == 1


def test_an_example_to_try_with(tmp_path):
    """2,000 invented people that can be read; the answer says that they are invented, in both languages."""
    path = tmp_path / "example.csv"
    code, out, _ = desist("register", "--example", str(path), "--language", "da")

    assert code == 0
    assert "ingen af dem virkelige" in out
    assert 2_000 == len(read_extract(path).people)


BAD = [
    ([], "FILE is missing: Register extract: CSV, Parquet, .xlsx or Stata; --example writes one to try this with"),
    (["FILE", "--until", "31-12-19"], "--until is [31-12-19]; allowed is a date"),
    (["FILE", "--beside", "trial"], "--beside is [trial], which randomises half of its people to a programme"),
    (["FILE", "--set", "risk.hazard_multiplier=2"], "--set is [risk.hazard_multiplier=2], but no scenario is simulated"),
    (["FILE", "--fine", "x", "--prison", "X"], "--prison is [X], which another option names, too"),
    (["FILE", "--person", "persons"], "--person is [persons], which is no column of extract.csv; did you mean person?"),
    (["FILE", "--beside", "evryone"], "did you mean everyone?"),
    (["none.csv"], "cannot be read"),
]


@pytest.mark.parametrize(
    ("arguments", "message"), BAD, ids=lambda each: " ".join(each) if isinstance(each, list) else ""
)
def test_bad_input_is_one_line_and_exit_code_2(arguments, message, file, tmp_path):
    """What is wrong, and what to do."""
    told = [str(file) if each == "FILE" else each for each in arguments]
    code, _, err = desist("register", *told, "--out", str(tmp_path))

    assert (code, len(err.splitlines())) == (2, 1)
    assert message in err


def test_nobody_followed_for_a_month_cannot_be_compared():
    """There is nothing to put beside the model."""
    people = pd.DataFrame({"replicate": 0, "person": [0], "followed": 0, "decided": 0})
    read = RegisterExtract(people=people, events=pd.DataFrame(), definitions=("any",))

    assert_one_line(lambda: matching_scenario(Scenario(), read), "nobody in the register was followed for a whole month")


def test_groups_are_in_tables_and_figure(file, tmp_path):
    """The user's own groups are split; the answer has them, too."""
    table = pd.read_csv(file, dtype=str, keep_default_na=False).assign(
        sex=lambda rows: ["K" if int(p) % 3 else "M" for p in rows["person"]]
    )
    table.to_csv(tmp_path / "sexes.csv", index=False)
    result = register(str(tmp_path / "sexes.csv"), by="sex")
    labels = [text.get_text() for text in result.figure("curve", "da").axes[0].get_legend().get_texts()]

    assert {"all", "K", "M"} == set(result.tables["outcomes"]["group"])
    assert labels == ["register, K", "register, M"]
    assert "alle" in result.text("da")


def test_few_decisions_that_do_not_count_are_not_numbered(tmp_path):
    """Six earlier convictions are six, in both languages; one late decision is fewer than five."""
    row = "{},2018-01-01,{},{},fine,2020-12-31\n"
    text = "person,release,offence,decision,sanction,followed\n"
    text += "".join(row.format(f"p{k}", "2016-01-01", "2016-05-01") for k in range(6)) + row.format("p2", "2020-12-01", "2021-02-01")
    (tmp_path / "mine.csv").write_text(text, encoding="utf-8")
    result = register(str(tmp_path / "mine.csv"))

    assert {"before": 6, "late": None} == result.left_out
    assert Messages("en", "register")("left_out.before", number="6") in result.text()
    assert "færre end 5 afgørelser er dateret efter" in result.text("da")


def test_follow_up_that_ends_because_of_the_outcome_is_told(tmp_path):
    """Those who reoffend are followed to that day only, so nobody who can be judged has: share and curve contradict."""
    rng = np.random.default_rng(1)
    when = np.where(rng.random(400) < 0.5, rng.integers(30, 600, 400), 4_000).astype("timedelta64[D]")
    never = np.timedelta64(4_000, "D")
    release = np.datetime64("2016-01-01")
    rows = pd.DataFrame({
        "person": range(400), "release": str(release), "offence": [str(release + w) if w < never else "" for w in when],
        "decision": [str(release + w) if w < never else "" for w in when], "sanction": np.where(when < never, "prison", ""),
        "followed": [str(release + min(w + np.timedelta64(40, "D"), np.timedelta64(900, "D"))) for w in when], "decided": "2020-01-01",
    })  # fmt: skip
    rows.to_csv(tmp_path / "ended.csv", index=False)
    rows.assign(followed="2018-06-19").to_csv(tmp_path / "whole.csv", index=False)

    said = {name: register(str(tmp_path / f"{name}.csv"), window=(6, 12)).text("en") for name in ("ended", "whole")}
    assert "share and curve contradict each other" in said["ended"]
    assert "contradict" not in said["whole"]


def test_deaths_are_told_and_count_as_an_end_of_their_own(tmp_path):
    """The curve has the cumulative incidence beside it, at most as high; without deaths there is no such column."""
    rows = extract(simulate(PLAN.replace(people__calendar_months=40), seed=12))
    rows["died"] = np.where(rows["person"].astype(int) % 3 == 0, rows["followed"], "")
    rows.to_csv(tmp_path / "died.csv", index=False)
    result = register(str(tmp_path / "died.csv"))
    steps = result.tables["curve"]

    assert (steps["cumulative_incidence"] <= steps["share"] + 1e-12).all()
    assert "Kaplan and Meier" in result.text("en")

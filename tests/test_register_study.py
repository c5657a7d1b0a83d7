"""``desist observe`` as its users meet it: answers, files, the model beside, exit codes, nothing of a person written."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments.studies.validation.register_extract import Register, observe
from experiments.studies.validation.tables import alike, beside, compared, seen_shares
from experiments.studies.validation.write import extract
from simulation import Scenario, simulate
from simulation.outcomes import curve, times
from tests.mistakes import assert_one_line
from tests.test_cli import desist

PLAN = Scenario().replace(people__count=600, people__follow_up_months=24)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """An extract of 600 people invented by the model."""
    path = tmp_path_factory.mktemp("extract") / "extract.csv"
    extract(simulate(PLAN, seed=11)).to_csv(path, index=False)
    return path


def test_the_verb_counts_as_the_library_does(file, tmp_path):
    """Shares, curve and offences of the extract are those of the history, with what is small left out."""
    code, out, _ = desist("observe", str(file), "--out", str(tmp_path))
    table = pd.read_csv(tmp_path / "outcomes.csv")
    expected = seen_shares(observe(file), [6, 12, 24])

    assert code == 0
    assert "decided within one further year" in out
    assert "decided inside the window" in out
    assert "fewer than 5 people" in out
    shown = table["share"].notna()
    assert shown.sum() >= 8
    assert np.allclose(table["share"][shown], expected["share"][shown])


def test_the_model_beside_itself_agrees(file, tmp_path):
    """600 people of everyone lie within what cohorts of 600 bring by chance; exit code 0, both curves drawn."""
    code, out, _ = desist("observe", str(file), "--beside", "everyone", "--out", str(tmp_path), "--seed", "5")

    assert code == 0
    assert "lies among what the model brings by chance" in out
    assert {"beside.csv", "model.csv", "curve.csv", "curve.png", "curve.svg", "scenario.toml", "manifest.json"} <= {
        each.name for each in tmp_path.iterdir()
    }
    assert json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))["cohorts"] >= 100


@pytest.mark.parametrize("definition", ["any", "prison", "sentence"])
def test_another_model_beside_it_does_not(definition, file, tmp_path):
    """With three times the risk the register lies outside: exit code 1, under each definition."""
    code, out, _ = desist("observe", str(file), "--beside", "everyone", "--set", "risk.level=3", "--definition", definition,
                          "--window", "12", "--out", str(tmp_path))  # fmt: skip

    assert code == 1
    assert "lies outside what the model brings by chance" in out


def test_the_same_people_on_the_same_luck_are_the_same(file, monkeypatch):
    """A register that the model wrote, beside the model with its seed: one cohort gives each share and the curve exactly."""
    monkeypatch.setattr("experiments.studies.validation.tables.cohorts", lambda _: 1)
    register = observe(file)
    model, band = beside(alike(PLAN, register), register, "prison", [6, 12, 24], seed=11, threads=1)
    rows = compared(seen_shares(register, [6, 12, 24]), model)

    assert rows["share"].tolist() == rows["model"].tolist()
    assert rows["inside"].all()
    assert band["share"].tolist() == curve(times(register.history("prison"), "prison"), by=())["share"].tolist()


def test_the_model_is_watched_as_long_as_the_register(tmp_path):
    """Half of the people are followed for 6 months: the model's cohorts have as many who can be judged."""
    table = extract(simulate(PLAN, seed=3))
    short = table["person"].astype(int) % 2 == 0
    table.loc[short, "followed"] = table.loc[short, "release"]
    table.to_csv(tmp_path / "short.csv", index=False)
    register = observe(tmp_path / "short.csv")
    model, _ = beside(alike(Scenario(), register), register, "any", [12], seed=1, threads=1)
    rows = compared(seen_shares(register, [12]), model).set_index("definition")
    wide = rows["model_high"] - rows["model_low"]

    assert 300 == rows.loc["any", "people"]
    # The middle 95 % of shares of 300 people, from 100 cohorts: about 3.5 standard errors wide.
    assert 0.06 < wide["any"] < 0.18


def test_nothing_of_a_person_is_written(tmp_path):
    """Neither names of people nor their dates are in any file of the folder; small groups are not named."""
    table = extract(simulate(PLAN.replace(people__count=80), seed=2))
    table["person"] = [f"secret{each}" for each in table["person"]]
    table.to_csv(tmp_path / "mine.csv", index=False)
    code, out, err = desist("observe", str(tmp_path / "mine.csv"), "--by", "person", "--out", str(tmp_path / "out"))
    written = "".join(
        each.read_text(encoding="utf-8") for each in (tmp_path / "out").iterdir() if each.suffix != ".png"
    )

    assert code == 0
    assert "secret" not in written + out + err
    assert not any(each in written for each in set(table["offence"]) - {""})


def test_json_is_for_machines(file, tmp_path):
    """What is left out is null."""
    code, out, _ = desist("observe", str(file), "--json", "--out", str(tmp_path), "--window", "1")
    told = json.loads(out)

    assert code == 0
    assert told["releases"] == "about 600"
    assert {"definition", "share"} <= set(told["outcomes"][0])


def test_an_example_to_try_with(tmp_path):
    """2,000 invented people, read back by the verb; both are said in the answer."""
    path = tmp_path / "example.csv"
    code, out, _ = desist("observe", "--example", str(path))

    assert code == 0
    assert "none of them real" in out
    assert 2_000 == len(observe(path).people)


BAD = [
    ([], "FILE is []; a register extract is needed"),
    (["FILE", "--until", "31-12-19"], "--until is [31-12-19]; allowed is a date"),
    (["FILE", "--beside", "trial"], "--beside is [trial], which draws half of its people to a programme"),
    (["FILE", "--set", "risk.level=2"], "--set is [risk.level=2], but no scenario is told"),
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
    code, _, err = desist("observe", *told, "--out", str(tmp_path))

    assert (code, len(err.splitlines())) == (2, 1)
    assert message in err


def test_nobody_followed_for_a_month_cannot_be_compared():
    """There is nothing to put beside the model."""
    people = pd.DataFrame({"replicate": 0, "person": [0], "followed": 0, "decided": 0})
    register = Register(people=people, events=pd.DataFrame(), definitions=("any",))

    assert_one_line(lambda: alike(Scenario(), register), "nobody in the register was followed for a whole month")


def test_the_figure_is_there(file, tmp_path):
    """With and without groups."""
    table = pd.read_csv(file, dtype=str, keep_default_na=False).assign(
        sex=lambda rows: ["K" if int(p) % 3 else "M" for p in rows["person"]]
    )
    table.to_csv(tmp_path / "sexes.csv", index=False)
    code, *_ = desist("observe", str(tmp_path / "sexes.csv"), "--by", "sex", "--out", str(tmp_path / "out"))

    assert code == 0
    assert Path(tmp_path / "out" / "curve.png").stat().st_size > 10_000
    assert {"K", "M"} <= set(pd.read_csv(tmp_path / "out" / "outcomes.csv")["group"])

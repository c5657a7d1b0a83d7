"""The verbs of inference as their users meet them: refusal, answers, files, bad input in one line."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from experiments.cli.calibrate import by_grade
from experiments.inputs.posterior import Posterior
from experiments.studies.calibration import calibration
from experiments.studies.calibration.calibration import Plan
from tests.test_calibration import bare
from tests.test_cli import desist

SMALL = ["--points", "340", "--near-points", "300", "--people", "1000", "--steps", "300", "--trials", "10", "--threads", "1"]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A population and a trial with one support factor, as files, and a store that the tests share."""
    folder = tmp_path_factory.mktemp("inference")
    for name in ("everyone", "trial"):
        (folder / f"{name}.toml").write_text(bare(name).to_toml(), encoding="utf-8")
    return folder


def small(files, *more: str) -> list[str]:
    return ["--scenario", str(files / "trial.toml"), "--population", str(files / "everyone.toml"), *SMALL, "--store",
            str(files / "runs"), *more]  # fmt: skip


def lower_bars(monkeypatch) -> None:
    """Accept what so few draws can give."""
    for name, value in (("MOST_R_HAT", 3.0), ("LEAST_EFFECTIVE", 5.0), ("MOST_BIAS", 9.0), ("MOST_CHANCE", 9.0),
                        ("MOST_WEIGHT", 1.0)):  # fmt: skip
        monkeypatch.setattr(calibration, name, value)


def test_a_calibration_that_cannot_be_trusted_is_refused(files):
    """With few draws the exit code is 1, the reasons are told, and no posterior is written."""
    code, out, err = desist("calibrate", *small(files, "--draws", "60", "--out", str(files / "bad")))

    assert code == 1
    assert "not reported: only" in err
    assert "raise --draws" in err
    assert out == ""
    assert not (files / "bad" / "posterior.parquet").exists()


def test_a_calibration_is_reported_and_every_file_written(files, monkeypatch):
    """Posterior, tables, figure, manifest and answer are there; the posterior runs in another study."""
    lower_bars(monkeypatch)
    folder = files / "good"
    code, out, _ = desist("calibrate", *small(files, "--draws", "60", "--kept", "40", "--groups", "10", "--out", str(folder)))

    assert code == 0
    assert "of the headline survives" in out
    assert "What 97 people cannot tell" in out
    assert "There are too few draws to divide the doubt by grade" in out
    for name in ("posterior.parquet", "parameters.csv", "differences.csv", "registers.csv", "ties.csv", "calibration.png",
                 "calibration.svg", "answer.txt", "manifest.json", "scenario.toml"):  # fmt: skip
        assert (folder / name).stat().st_size > 0
    assert len(Posterior.read(folder / "posterior.parquet").table) == 40
    assert json.loads((folder / "manifest.json").read_text())["diagnostics"]["trial_draws"] > 5
    assert pd.read_csv(folder / "differences.csv")["difference"].between(-1, 1).all()

    code, out, _ = desist("run", "pooled", "--posterior", str(folder / "posterior.parquet"), "--draws", "4", "--json",
                          "--out", str(files / "over"))  # fmt: skip
    rows = pd.DataFrame(json.loads(out)["outcomes"])
    assert code == 0
    assert {"control", "mentored", "difference"} == set(rows["arm"])

    code, out, _ = desist("baseline", "--posterior", str(folder / "posterior.parquet"), "--draws", "2", "--people", "1000",
                          "--out", str(files / "baseline"))  # fmt: skip
    assert code in (0, 1)
    assert "95 % of draws" in out


def test_the_doubt_about_the_headline_is_divided_by_grade():
    """With many draws: shares of the three grades and the rest add up to one; the strength, which decides here, is judged."""
    rng = np.random.default_rng(1)
    drawn = pd.DataFrame({"effect.strength": rng.lognormal(-0.8, 1.0, 600), "people.accepts_volunteers": rng.random(600)})
    drawn["_control"] = 0.67
    drawn["_mentored"] = 0.5 + 0.1 * np.log(drawn["effect.strength"]) + 0.01 * rng.standard_normal(600)
    shares, told = by_grade(Plan(population=bare("everyone"), trial=bare("trial")), drawn)
    part = shares.set_index("grade")["share"]

    assert part.sum() == pytest.approx(1.0)
    assert part["judged"] > 0.95
    assert "a new group like the trial's" in told[0]
    assert "Quantities: " in told[1]


def test_rivals_in_small(files, monkeypatch):
    """Four rivals with probabilities that add up to one for each prior of the strength; tables and figure."""
    folder = files / "rivals"
    code, out, _ = desist("rivals", *small(files, "--draws", "50", "--measured", "20", "--out", str(folder)))

    assert code == 0
    assert "With all four equally probable before" in out
    table = pd.read_csv(folder / "evidence.csv")
    assert table.groupby("prior")["probability"].sum().tolist() == pytest.approx([1.0, 1.0, 1.0])
    assert (folder / "rivals.png").stat().st_size > 0


BAD = [
    (["calibrate", "--population", "trial"], r"--population is [trial]"),
    (["calibrate", "--scenario", "everyone"], "--scenario is [everyone], which is no trial"),
    (["calibrate", "--scenario", "nowhere"], "nowhere"),
    (["rivals", "--scenario", "everyone"], "--scenario is [everyone], which is no trial"),
    (["calibrate", "--cluster", "127.0.0.1"], "--cluster is [127.0.0.1]; write tcp://HOST:PORT"),
    (["run", "pooled", "--posterior", "missing.parquet"], "--posterior is [missing.parquet]"),
    (["baseline", "--posterior", "missing.parquet"], "--posterior is [missing.parquet]"),
    (["sweep", "--vary", "effect.strength=a,b"], "effect.strength is [a]"),
]


@pytest.mark.parametrize(("command", "wanted"), BAD, ids=[" ".join(command) for command, _ in BAD])
def test_bad_input_is_one_line(command, wanted, tmp_path, monkeypatch):
    """A mistake is one line that says what to do, with exit code 2 and without a traceback."""
    monkeypatch.chdir(tmp_path)
    code, _, err = desist(*command)
    lines = [line for line in err.splitlines() if line.startswith("desist: ")]

    assert code == 2
    assert len(lines) == 1
    assert wanted in lines[0]
    assert "Traceback" not in err

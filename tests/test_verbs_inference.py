"""The studies of inference as their users meet them: refusal, answers, files, draws as a value, bad input in one line."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments import calibrate, load_result, power, read_study, trial
from experiments.execution.context import RunContext
from experiments.execution.jobs import Store
from experiments.inputs.evidence import ModelInputs
from experiments.inputs.posterior import Posterior
from experiments.language.grades_text import grade_sentences
from experiments.language.messages import Messages
from experiments.statistics.variance_by_grade import shares_from_draws
from experiments.studies.calibration import calibration
from experiments.studies.calibration.calibrate import CalibrationResult
from experiments.studies.calibration.calibrate_study import CalibrateStudy
from experiments.studies.catalogue import parse_study
from simulation.parameters import ParameterError
from tests.test_calibration import bare
from tests.test_cli import desist

NUMBERS = {"points": 340, "near_points": 300, "people": 1_000, "steps": 300, "trials": 10}
SMALL = [word for name, value in NUMBERS.items() for word in (f"--{name.replace('_', '-')}", str(value))]
BARS = {"MOST_R_HAT": 3.0, "LEAST_EFFECTIVE": 5.0, "MOST_BIAS": 9.0, "MOST_STOCHASTIC": 9.0, "MOST_WEIGHT": 1.0}
"""What so few draws can give."""


@dataclass
class Inputs:
    """A population and a trial with one support factor, as files, and a store that the tests share."""

    folder: Path

    @property
    def context(self) -> RunContext:
        return RunContext(store=Store(self.folder / "runs"), threads=1)

    @property
    def options(self) -> dict:
        return {"scenario": bare("trial"), "population": bare("everyone"), **NUMBERS}

    def words(self, *more: str) -> list[str]:
        return ["--scenario", str(self.folder / "trial.toml"), "--population", str(self.folder / "everyone.toml"), *SMALL,
                "--threads", "1", "--store", str(self.folder / "runs"), *more]  # fmt: skip


@pytest.fixture(scope="module")
def inputs(tmp_path_factory) -> Inputs:
    folder = tmp_path_factory.mktemp("inference")
    for name in ("everyone", "trial"):
        (folder / f"{name}.toml").write_text(bare(name).to_toml(), encoding="utf-8")
    return Inputs(folder)


@pytest.fixture(scope="module")
def found(inputs) -> CalibrationResult:
    """A calibration from few draws, with the bars set lower."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in BARS.items():
            patch.setattr(calibration, name, value)
        return calibrate(draws=60, retained=40, groups=10, **inputs.options, context=inputs.context)


def test_a_calibration_that_cannot_be_trusted_is_refused(inputs) -> None:
    """With few draws the exit code is 1, the reasons are given, and nothing is written."""
    code, out, err = desist("calibrate", *inputs.words("--draws", "60", "--out", str(inputs.folder / "bad")))

    assert code == 1
    assert "desist: Not reported: only" in err
    assert "raise --draws" in err
    assert out == ""
    assert list((inputs.folder / "bad").iterdir()) == []


@pytest.mark.parametrize(("language", "said"), [("en", "Not reported: only"), ("da", "Ikke meddelt: Der er kun")])
def test_a_refused_calibration_is_no_posterior(inputs, language, said, tmp_path) -> None:
    """From Python it says why, and neither another study nor a folder takes it."""
    refused = calibrate(draws=60, **inputs.options, context=inputs.context)

    assert refused.refused
    assert not refused.passed
    assert said in refused.text(language)
    assert refused.figures == []
    with pytest.raises(ParameterError, match="Not reported: only"):
        power(posterior=refused, trials=10)
    with pytest.raises(ParameterError, match="Not reported: only"):
        refused.save(tmp_path / "refused")


def test_a_calibration_is_reported_in_both_languages(found) -> None:
    """The answer says what is left of the headline, what cannot be told, and that grades need more draws."""
    english, danish = found.text(), found.text("da")

    for said in ("of the reported difference is left", "What 97 people cannot tell", "too few draws to divide", "R-hat"):
        assert said in english
    for said in ("af den viste forskel er tilbage", "Det kan 97 mennesker ikke vise", "for få beregninger", "R-hat"):
        assert said in danish
    assert found.diagnostics["trial_draws"] > 5
    assert found.tables["differences"]["difference"].between(-1, 1).all()


def test_a_calibration_writes_every_file(found, tmp_path) -> None:
    """Posterior, tables, figure, manifest and answers are there, and are read back."""
    folder = found.save(tmp_path / "good")

    for name in ("posterior.parquet", "parameters.csv", "differences.csv", "registers.csv", "ties.csv", "by_prior.csv",
                 "calibration.png", "calibration.svg", "answer_en.txt", "answer_da.txt", "facts.json", "manifest.json",
                 "scenario.toml", "study.toml"):  # fmt: skip
        assert (folder / name).stat().st_size > 0
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["diagnostics"] == found.facts["diagnostics"]
    assert Posterior.read(folder / "posterior.parquet").table.equals(found.posterior.table)
    again = load_result(folder)
    assert again.text("da") == found.text("da")
    assert again.figures == ["calibration"]
    again.figure(language="da")


def test_a_folder_of_a_calibration_is_restored_with_its_draws(found, tmp_path) -> None:
    """What is read back can be another study's posterior, as the result itself."""
    folder = found.save(tmp_path / "good")
    again = CalibrationResult.restored(folder, study=found.study, tables={}, facts=found.facts)

    assert again.draws_of_parameters.table.equals(found.posterior.table)


def test_draws_given_as_a_value_are_written_beside_the_study(found, tmp_path) -> None:
    """A study takes a calibration as its posterior; its folder holds the draws, and gives the same again."""
    options = {"trials": 4, "draws": 3}
    first = trial("pooled", posterior=found, **options)
    folder = first.save(tmp_path / "trial")

    assert 'posterior = "posterior.parquet"' in (folder / "study.toml").read_text()
    assert Posterior.read(folder / "posterior.parquet").table.equals(found.posterior.table)
    assert "posterior.parquet" in json.loads((folder / "manifest.json").read_text())["files"]
    assert read_study(folder).run().facts == first.facts
    assert trial("pooled", posterior=folder / "posterior.parquet", **options).facts == first.facts


def test_the_posterior_runs_in_other_studies(found, tmp_path) -> None:
    """The file is taken by run and by baseline."""
    file = str(found.posterior.write(tmp_path / "posterior.parquet"))
    code, out, _ = desist("run", "pooled", "--posterior", file, "--draws", "4", "--json", "--out", str(tmp_path / "over"))
    rows = pd.DataFrame(json.loads(out)["outcomes"])
    assert code == 0
    assert {"control", "mentored", "difference"} == set(rows["arm"])

    words = ["--posterior", file, "--draws", "2", "--people", "1000", "--out", str(tmp_path / "baseline")]
    code, out, _ = desist("baseline", *words)
    assert code in (0, 1)
    assert "95 % of draws" in out


def test_a_study_of_given_scenarios_is_the_same_from_its_file(inputs) -> None:
    """Trial and population that were given as values are in the TOML."""
    study = CalibrateStudy(draws=60, **inputs.options)

    assert parse_study(study.to_toml()) == study
    assert study.command() == "desist study study.toml"


def test_the_uncertainty_of_the_difference_is_divided_by_grade():
    """With many draws: shares of the three grades and the rest add up to one; the strength, which decides here, is judged."""
    rng = np.random.default_rng(1)
    drawn = pd.DataFrame({"effect.hazard_ratio": rng.lognormal(-0.8, 1.0, 600), "people.accepts_volunteers": rng.random(600)})
    mentored = 0.5 + 0.1 * np.log(drawn["effect.hazard_ratio"]) + 0.01 * rng.standard_normal(600)
    inputs = ModelInputs.of(bare("trial"))
    shares = shares_from_draws(drawn, 0.67 - mentored, inputs.grade, seed=1)
    part = shares.set_index("grade")["share"]

    assert part.sum() == pytest.approx(1.0)
    assert part["judged"] > 0.95
    assert "judged" in grade_sentences(shares, inputs.census(), Messages("en"))[0]


@pytest.mark.long
def test_the_check_in_small(inputs, tmp_path) -> None:
    """Simulated trials and registers are calibrated; the exit code says whether ranks can be uniform."""
    words = inputs.words("--check", "--draws", "60", "--trials-checked", "100", "--registers-checked", "0")
    code, out, _ = desist("calibrate", *words, "--out", str(tmp_path))
    facts = json.loads((tmp_path / "facts.json").read_text())

    assert code == (0 if facts["passed"] else 1)
    assert "100 simulated trials whose truth is known" in out
    assert len(pd.read_csv(tmp_path / "ranks.csv")) == len(facts["uniform"]) * 100
    assert (tmp_path / "check.png").stat().st_size > 0
    assert "simulerede forsøg" in (tmp_path / "answer_da.txt").read_text(encoding="utf-8")


@pytest.mark.long
def test_models_in_small(inputs, tmp_path) -> None:
    """Four models with probabilities that add up to one for each prior of the strength; tables and figure."""
    code, out, _ = desist("compare-models", *inputs.words("--draws", "50", "--measured", "20", "--out", str(tmp_path)))
    table = pd.read_csv(tmp_path / "evidence.csv")

    assert code == 0
    assert "If all four were equally probable before the trial" in out
    assert table.groupby("prior")["probability"].sum().tolist() == pytest.approx([1.0, 1.0, 1.0])
    assert table.loc[table["model"] == "chance", "bayes_factor"].eq(1).all()
    assert (tmp_path / "models.png").stat().st_size > 0
    assert re.search(r"begge veje \d+", (tmp_path / "answer_da.txt").read_text(encoding="utf-8"))


BAD = [
    (["calibrate", "--population", "trial"], r"--population is [trial]"),
    (["calibrate", "--scenario", "everyone"], "--scenario is [everyone], which is no trial"),
    (["calibrate", "--scenario", "nowhere"], "nowhere"),
    (["compare-models", "--scenario", "everyone"], "--scenario is [everyone], which is no trial"),
    (["calibrate", "--scenario", "larger.toml"], "people.count is [160] in scenario larger; it is compared with 29 % and 67 %"),
    (["compare-models", "--scenario", "longer.toml"], "people.follow_up_months is [36] in scenario longer; it is compared with"),
    (["calibrate", "--cluster", "127.0.0.1"], "--cluster is [127.0.0.1]; write tcp://HOST:PORT"),
    (["run", "pooled", "--posterior", "missing.parquet"], "--posterior is [missing.parquet]"),
    (["baseline", "--posterior", "missing.parquet"], "--posterior is [missing.parquet]"),
    (["sweep", "--vary", "effect.hazard_ratio=a,b"], "effect.hazard_ratio is [a]"),
]


@pytest.mark.parametrize(("command", "wanted"), BAD, ids=[" ".join(command) for command, _ in BAD])
def test_bad_input_is_one_line(command, wanted, tmp_path, monkeypatch):
    """A mistake is one line that says what to do, with exit code 2 and without a traceback."""
    monkeypatch.chdir(tmp_path)
    for name, people in (("larger", "count = 160"), ("longer", "follow_up_months = 36")):
        Path(f"{name}.toml").write_text(f'extends = "trial"\nname = "{name}"\n[people]\n{people}\n', encoding="utf-8")
    code, _, err = desist(*command)
    lines = [line for line in err.splitlines() if line.startswith("desist: ")]

    assert code == 2
    assert len(lines) == 1
    assert wanted in lines[0]
    assert "Traceback" not in err


def test_a_result_whose_large_table_was_not_kept_is_loaded_with_the_others() -> None:
    """The check of the calibration is kept without its ranks: the answer is there; the figure says what is missing."""
    folder = Path(__file__).parents[1] / "results" / "calibration-check"
    check = load_result(folder)

    assert {"coverage", "uniform"} <= set(check.tables)
    assert check.text("da") in (folder / "answer_da.txt").read_text(encoding="utf-8")
    if not (folder / "ranks.csv").is_file():
        with pytest.raises(ParameterError, match=r"ranks.csv\] is missing; make the result again: desist calibrate --check") as refused:
            check.figure()
        assert str(refused.value) in check._repr_html_().replace("&#x27;", "'")
    with pytest.raises(KeyError):
        check.tables["no such table"]


def test_a_result_without_its_facts_is_refused(found, tmp_path) -> None:
    """Without the facts there is nothing to answer with; one line says what to do."""
    folder = found.save(tmp_path / "bare")
    (folder / "facts.json").unlink()

    with pytest.raises(ParameterError, match=r"facts.json\] is missing; make the result again: desist"):
        load_result(folder)

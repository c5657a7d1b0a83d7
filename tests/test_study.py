"""A study is a value, a function and a result: as TOML, as a command, in Python, saved and loaded."""

from __future__ import annotations

import shlex
from pathlib import Path

import click
import matplotlib as mpl
import pandas as pd
import pytest

import experiments
from experiments.cli.command import parse
from experiments.cli.main import VERBS
from experiments.inputs.posterior import Posterior
from experiments.inputs.scenario_files import load_scenario, titles
from experiments.language.messages import catalogue
from experiments.reproduction.headline_studies import STUDIES as HEADLINES
from experiments.studies.catalogue import STUDIES, load_result, parse_study, read_study, study_class
from experiments.studies.result import StudyResult
from experiments.studies.study import flag
from experiments.studies.trial.power_study import PowerStudy
from experiments.studies.trial.trial_study import TrialStudy
from simulation.parameters import ParameterError, quantities
from simulation.renamed import RENAMED
from tests.test_cli import desist

GIVEN = {"per_arm": 24, "control": 0.67, "difference": 0.19, "trials": 200, "target": 0.5}


@pytest.fixture(scope="module")
def result() -> StudyResult:
    """A small study that needs no model."""
    found: StudyResult = experiments.power(**GIVEN)
    return found


@pytest.mark.parametrize("headline", HEADLINES, ids=lambda each: each.name)
def test_a_study_is_the_same_as_toml_and_as_a_command(headline) -> None:  # type: ignore[no-untyped-def]
    """Both ways back give the value again."""
    study = headline.study
    assert parse_study(study.to_toml()) == study
    assert parse(type(study), shlex.split(study.command())[2:]) == study


@pytest.mark.parametrize("verb", STUDIES)
def test_every_study_has_sentences_in_both_languages(verb: str) -> None:
    """A study has its own part of the catalogue, and says what each of its options means."""
    kind = study_class(verb)
    assert kind.verb == verb
    assert all(field.description for field in kind.model_fields.values())
    assert any(key.startswith(f"{verb.replace('-', '_')}.") for key in catalogue("en"))


def test_python_is_as_printed() -> None:
    """A scenario with changes, a study in one line, and the size it needs."""
    base = load_scenario("pooled", {"volunteers.at_start": 20})
    found = experiments.power(base, target=0.8, trials=40)
    assert found.study.scenario == base
    assert found.size_needed == found.facts["needed"][0]["size"]
    assert found.figure("power").axes
    assert "styrke" in found.text("da")
    with pytest.raises(AttributeError, match="no fact"):
        found.sizes_needed  # noqa: B018


def test_saved_loaded_and_run_again(result: StudyResult, tmp_path: Path) -> None:
    """A folder gives study, facts and sentences back, and the same bytes when its study is run again."""
    result.save(tmp_path / "one")
    again = load_result(tmp_path / "one")
    assert again.study == result.study
    assert again.facts == result.facts
    assert again.text("da") == result.text("da")
    # A file of CSV does not say whether 24 is a whole number.
    pd.testing.assert_frame_equal(again.tables["sizes"], result.tables["sizes"].reset_index(drop=True), check_dtype=False)
    code, out, _ = desist("study", str(tmp_path / "one"), "--no-store", "--out", str(tmp_path / "two"))
    assert code == 0
    assert out.startswith(result.text())
    for file in (tmp_path / "one").iterdir():
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes(), file.name


def test_a_changed_table_is_not_loaded(result: StudyResult, tmp_path: Path) -> None:
    """Every file is held against its digest."""
    file = result.save(tmp_path) / "sizes.csv"
    file.write_text(file.read_text(encoding="utf-8").replace("planned", "wanted"), encoding="utf-8")
    with pytest.raises(ParameterError, match=r"sizes.csv\] was changed since it was written"):
        load_result(tmp_path)


def test_draws_given_as_a_value_are_saved_beside_the_study(tmp_path: Path) -> None:
    """A study over draws that are no file is read from its folder with its draws, and run again to the same bytes."""
    draws = Posterior(table=pd.DataFrame({"volunteers.at_start": [20.0, 40.0]}), about={})
    found = experiments.trial("pooled", posterior=draws, trials=4)
    found.save(tmp_path / "one")
    again = load_result(tmp_path / "one").study
    assert isinstance(again, TrialStudy)
    assert isinstance(again.posterior, Posterior)
    pd.testing.assert_frame_equal(again.posterior.table, draws.table)
    assert again.to_toml() == found.study.to_toml()
    again.run().save(tmp_path / "two")
    for file in (tmp_path / "one").iterdir():
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes(), file.name


def test_a_users_settings_of_matplotlib_change_no_figure_and_stay(tmp_path):
    """Sketches, weights, colours, TeX: the same bytes, and the user's settings are as they were."""
    result = experiments.power(**GIVEN)
    result.save(tmp_path / "plain")
    own = {"path.sketch": (5, 50, 2), "font.weight": "bold", "savefig.facecolor": "pink", "text.usetex": True, "lines.linewidth": 9}
    with mpl.rc_context(own):
        result.save(tmp_path / "own")
        kept = {key: mpl.rcParams[key] for key in own}
    figures = [f"{name}.{ending}" for name in result.figures for ending in ("png", "svg")]

    assert kept == own
    assert figures
    assert all((tmp_path / "own" / name).read_bytes() == (tmp_path / "plain" / name).read_bytes() for name in figures)


def test_a_result_shows_itself_in_a_notebook(result: StudyResult) -> None:
    """Answer, main figure and main table as HTML."""
    html = result._repr_html_()
    assert "data:image/png;base64," in html
    assert "<table" in html
    assert "power of" in html


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("study = 3", 'study names no study; write study = "VERB"'),
        ('study = "powr"', "study is [powr], which is no study; did you mean power?"),
        ('study = "power"\nsize = 3', "power: size is [3]; allowed 8 to 20000 (people)"),
        ('study = "power"\nsizes = 3', "power: unknown key [sizes]; did you mean size?"),
        ('study = "power"\nhighest_share = 0.3', "power: unknown key [highest_share]; it is now called high_risk_share"),
        ('study = "power"\ntarget = [1.5]', "target is [1.5]; allowed more than 0 to less than 1 (share 0-1)"),
        ('study = "power"\ntarget = ["0.8"]', 'power: target is ["0.8"]; a number is needed'),
        ("study = ", "study is not valid TOML"),
    ],
)
def test_a_mistake_in_a_study_is_one_line(text: str, message: str, tmp_path: Path) -> None:
    """Which key, which value, what is allowed."""
    (tmp_path / "study").write_text(text, encoding="utf-8")
    with pytest.raises(ParameterError) as caught:
        read_study(tmp_path / "study")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["worth"], "it is now called voi"),
        (["power", "--highest-share", "0.3"], "--highest-share is now called --high-risk-share"),
        (["run", "--set", "risk.level=2"], "it is now called risk.hazard_multiplier"),
        (["run", "pooled", "--set", "programme.again=true"], "it is now called programme.re_eligible"),
    ],
)
def test_a_name_of_the_first_version_is_answered_with_its_new_one(words: list[str], message: str) -> None:
    """In one line, exit code 2."""
    code, _, err = desist(*words)
    assert (code, err.count("\n")) == (2, 1)
    assert message in err


def test_no_old_name_is_in_use() -> None:
    """What was renamed is no verb, option or key any more."""
    options = {flag(name, field) for verb in STUDIES for name, field in study_class(verb).model_fields.items()}
    keys = {part for name in titles() for row in quantities(load_scenario(name)) for part in row.key.split(".")}
    sections = {key for name in titles() for key in load_scenario(name).model_dump()}
    assert not set(RENAMED) & {*VERBS, *options, *keys, *sections}
    with pytest.raises(click.ClickException):
        parse(PowerStudy, ["--highest-share", "0.3"])

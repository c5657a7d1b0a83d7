"""The baseline: the released population meets what was observed, its fit finds its way, and the settings of the effect."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from experiments import baseline as baseline_study
from experiments import fit_baseline as fit_baseline_study
from experiments import fit_effects, load_result
from experiments.inputs.posterior import SHIPPED
from experiments.inputs.scenario_files import load
from experiments.studies.trial.effect_settings import SETTINGS
from experiments.studies.validation import baseline, baseline_studies
from simulation.programmes import Factor
from simulation.scenario import Scenario
from tests.mistakes import assert_one_line
from tests.test_cli import desist


def test_baseline_meets_its_targets() -> None:
    """The default scenario, 20,000 people: every Danish and open figure lies inside its band, jointly."""
    table = baseline.compare(Scenario(), seed=1)

    assert table.loc[~table["inside"], ["id", "model", "low", "high"]].to_dict("records") == []


def test_the_baseline_check_can_fail() -> None:
    """A population with half the risk misses the figures."""
    table = baseline.compare(Scenario().changed({"risk.hazard_multiplier": 0.5}), seed=1, people=5_000)

    assert not table["inside"].all()


def test_fit_finds_its_way_back() -> None:
    """From a hazard that is a fifth too high the fit comes nearer to the targets."""
    start = Scenario().changed({"risk.baseline_hazard": Scenario().risk.baseline_hazard * 1.2})
    before = baseline_studies.distance(baseline.measure(start, seed=3, people=4_000), baseline.targets())
    _, after = baseline_studies.fit_baseline(start, seed=3, people=4_000, evaluations=40)

    assert after < 0.7 * before


def test_shift_of_a_new_factor_is_small() -> None:
    """Adding substance use with a hazard ratio of 1.6 moves the baseline by less than two points."""
    data = Scenario().model_dump()
    data["factor"]["substance"] = Factor(missing_at_release=0.56, gain=0.02, loss=0.02, missing_hazard_ratio=1.6).model_dump()
    shifts = baseline.factor_shifts(Scenario.model_validate(data), seed=1, people=20_000).set_index("factor")

    assert abs(shifts.loc["substance", "shift"]) < 2.0


# The studies --------------------------------------------------------------------------------------------------


def test_the_command_says_what_lies_outside(tmp_path: Path) -> None:
    """A halved risk misses figures: exit code 1, each miss is a sentence, in Danish too; the result can be loaded."""
    code, out, _ = desist("baseline", "--set", "risk.hazard_multiplier=0.5", "--people", "4000", "--out", str(tmp_path))
    result = load_result(tmp_path)

    assert code == 1
    assert "OUTSIDE" in out
    assert out.count("Outside: ") == result.total - result.inside > 0
    assert result.text("da").count("Uden for: ") == result.total - result.inside


def test_the_usual_baseline_is_passed() -> None:
    """The study on its default seed, as ``compare`` counts it."""
    result = baseline_study()

    assert result.passed
    assert result.tables["baseline"]["model"].tolist() == baseline.compare(load("everyone"), seed=1, people=20_000)["model"].tolist()


def test_the_baseline_over_draws_has_a_range() -> None:
    """Mean and middle 95 % over draws of a posterior."""
    result = baseline_study(posterior=SHIPPED, draws=3, people=1_000)
    table = result.tables["baseline"]

    assert result.draws == 3
    assert (table["model_low"] <= table["model"]).all()
    assert (table["model"] <= table["model_high"]).all()
    assert "95 % of draws" in result.text().replace("\N{NO-BREAK SPACE}", " ")


def test_people_with_a_programme_are_no_baseline() -> None:
    """The observed figures are of people without one; said in one line, with what to do."""
    assert_one_line(lambda: baseline_study("pooled"), "add --set trial.assignment=nobody")


def test_the_fit_gives_a_file_to_copy(tmp_path: Path) -> None:
    """``fitted.toml`` has the fitted values, key by key, and is allowed in a scenario."""
    result = fit_baseline_study(people=1_000, evaluations=4)
    values = tomllib.loads((result.save(tmp_path) / "fitted.toml").read_text(encoding="utf-8"))
    flat = {f"{section}.{name}": value for section, names in values.items() for name, value in names.items()}

    assert flat == result.values == dict(zip(baseline_studies.FITTED, result.tables["parameters"]["value"], strict=True))
    assert Scenario().changed(flat).value("risk.age_hazard_ratio") == flat["risk.age_hazard_ratio"]
    assert result.evaluations == 4


def test_the_settings_are_solved_for(tmp_path: Path) -> None:
    """The weaker the effect that a trial finds, the weaker the one during contact; routes multiply to it; as JSON, too."""
    code, out, _ = desist("fit-effects", "--trials", "20", "--json", "--out", str(tmp_path))
    rows = load_result(tmp_path).tables["settings"]

    assert code == 0
    assert [row["setting"] for row in json.loads(out)["settings"]] == [each.name for each in SETTINGS] == rows["setting"].tolist()
    assert rows["hazard_ratio"].is_monotonic_increasing
    assert (rows["direct_hazard_ratio"] * rows["support_hazard_ratio"]).tolist() == pytest.approx(rows["hazard_ratio"].tolist())
    assert rows["mentored_risk"].tolist() == pytest.approx([0.290, 0.514, 0.610], abs=0.001)


def test_the_answer_of_the_settings_names_each_one() -> None:
    """In both languages."""
    result = fit_effects(trials=10)

    for language in ("en", "da"):
        assert all(f"{setting.name}: " in result.text(language) for setting in SETTINGS)

"""The command line as its users meet it: answers, files, bad input in one line, exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from experiments.cli import main
from experiments.inputs.scenario_files import load
from simulation.history import History
from simulation.scenario import Scenario


def desist(*arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a command, run in this process."""
    runner = CliRunner()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["desist", *arguments])
        with runner.isolation() as (out, err, _):
            try:
                main.main()
                code = 0
            except SystemExit as stop:
                code = int(stop.code or 0)
            sys.stdout.flush()
            return code, out.getvalue().decode(), err.getvalue().decode()


def test_help_names_every_verb() -> None:
    """The help lists all verbs, and each verb has help of its own."""
    code, out, _ = desist("--help")

    assert code == 0
    for verb in main.VERBS:
        assert verb in out
        assert desist(verb, "--help")[0] == 0


BAD = [
    (["run", "--set", "risk.hazard_multipl=1"], "did you mean risk.hazard_multiplier?"),
    (["run", "--set", "risk.hazard_multiplier=high"], 'risk.hazard_multiplier is ["high"]; a number is needed'),
    (["run", "--set", "risk.hazard_multiplier=99"], "risk.hazard_multiplier is [99]; allowed 0.01 to 20"),
    (["run", "--set", "people.count=1.5"], "a whole number is needed"),
    (["run", "--set", "nonsense"], "change [nonsense] is not of the form key=value"),
    (["run", "pooledd"], "scenario [pooledd] was not found; did you mean pooled?"),
    (["run", "missing.toml"], "missing.toml"),
    (["run", "--set", "trial.assignment=randomised"], "the scenario has no programme"),
    (["run", "--set", "municipalities.include=['Arhus']"], "did you mean Aarhus?"),
    (["run", "--replicates", "0"], "0 is not in the range"),
    (["run", "--out", "/proc/desist"], "cannot be written"),
    (["run", "--set", "title=a\udcff"], "holds bytes that are no UTF-8"),
    (["sweep", "--vary", "trial.control_risk=\udcff"], "holds bytes that are no UTF-8"),
    (["run", "--out", ""], "Invalid value for '--out': it is empty"),
    (["run", "--set", f"people.count={'a ' * 50_000}"], "people.count is"),
    (["run", "--set", "x" * 100_000], "is not of the form key=value"),
    (["sweep", "--points", "7" * 5_000], "--points"),
    (["sweep", "--vary", f"risk.{'x' * 100_000}=1,2"], "unknown key"),
    (["rnu"], "unknown verb [rnu]; did you mean run?"),
    (["person", "97"], "person is [97]; this scenario has people 0 to 96"),
    (["sweep", "nothing"], "sweep [nothing] was not found"),
    (["sweep", "--vary", "risk.hazard_multiplier"], "--vary is [risk.hazard_multiplier]"),
    (["sweep", "--vary", "risk.hazard_multipl=1:2:2"], "unknown key [risk.hazard_multipl]"),
    (["sweep", "--vary", "effect.hazard_ratoi=0.3:1:2"], "unknown key [effect.hazard_ratoi]; did you mean effect.hazard_ratio?"),
    (["sweep", "--vary", "risk.hazard_multiplier=1:2:2", "--scenario", "everyone"], "a sweep compares two arms"),
    (["sweep", "--vary", "effect.hazard_ratio=0:2:2"], "effect.hazard_ratio is [0.0]"),
    (["sweep", "--vary", "trial.control_risk=1.5,2"], "trial.control_risk is [1.5]"),
    (["trial", "everyone"], "a trial has two arms"),
    (["scenario", "--set", "programme.direct_hazard_ratio=0.5"], "unknown key"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD, ids=lambda each: " ".join(each) if isinstance(each, list) else "")
def test_bad_input_is_one_line_and_exit_code_2(arguments: list[str], message: str, tmp_path: Path) -> None:
    """A mistake is answered in one line that says what is wrong and what to do, without a traceback."""
    out = [] if "--out" in arguments or arguments[0] in ("person", "scenario", "rnu") else ["--out", str(tmp_path)]
    code, _, err = desist(*arguments, *out)
    lines = [line for line in err.splitlines() if not line.endswith("...")]

    assert code == 2
    assert len(lines) == 1
    assert lines[0].startswith("desist: ")
    assert message in lines[0]


def test_broken_toml_is_told(tmp_path: Path) -> None:
    """A file that is not TOML is named, with the place of the mistake."""
    file = tmp_path / "mine.toml"
    file.write_text("[risk\nlevel = 1", encoding="utf-8")
    code, _, err = desist("scenario", str(file))

    assert (code, err.count("\n")) == (2, 1)
    assert "mine.toml is not valid TOML" in err


def test_two_mistakes_are_two_lines(tmp_path: Path) -> None:
    """Every mistake of a file is told at once."""
    file = tmp_path / "mine.toml"
    file.write_text('extends = "trial"\n[risk]\nhazard_multiplier = 99\nhazard_multipl = 1\n', encoding="utf-8")
    code, _, err = desist("scenario", str(file))

    assert (code, err.count("\n")) == (2, 2)
    assert "risk.hazard_multiplier is [99]" in err
    assert "unknown key [risk.hazard_multipl]; did you mean risk.hazard_multiplier?" in err


def test_printed_scenario_is_the_scenario(tmp_path: Path) -> None:
    """What ``desist scenario`` prints is a complete file that gives an equal scenario."""
    code, out, _ = desist("scenario", "pooled", "--set", "risk.hazard_multiplier=0.7")
    file = tmp_path / "full.toml"
    file.write_text(out, encoding="utf-8")

    assert code == 0
    assert Scenario.read(file) == load("pooled", ["risk.hazard_multiplier=0.7"])


def test_parameters_have_homes() -> None:
    """Every quantity is printed with unit, source, grade and prior."""
    rows = json.loads(desist("parameters", "pooled", "--json")[1])

    assert len(rows) > 90
    assert all(row["unit"] and row["source"] and row["grade"] in ("measured", "judged", "assumed") for row in rows)
    assert sum(row["prior"] != "fixed" for row in rows) > 30
    assert "risk.hazard_multiplier" in desist("parameters", "everyone", "--grade", "assumed")[1]


def test_run_writes_what_it_says(tmp_path: Path) -> None:
    """A run leaves its history, tables, curves and manifest, and prints rates with the definition named."""
    code, out, _ = desist("run", "pooled", "--replicates", "2", "--out", str(tmp_path))
    history = History.read(tmp_path)
    manifest = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))

    assert code == 0
    assert "any new conviction, for an offence in the window" in out
    assert sorted(history.people["replicate"].unique().tolist()) == [0, 1]
    assert manifest["digest"] == load("pooled").digest == history.about["scenario"]
    assert manifest["command"].startswith("desist run pooled")
    for name in ("outcomes.csv", "curves.csv", "curves.png", "curves.svg", "scenario.toml", "matches.csv"):
        assert (tmp_path / name).stat().st_size > 0


def test_run_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    """Tables and figures of the same command are the same, byte for byte."""
    for folder in ("a", "b"):
        desist("run", "trial", "--out", str(tmp_path / folder))
    for name in ("outcomes.csv", "curves.csv", "curves.svg", "curves.png", "people.parquet", "events.parquet"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_validation_export(tmp_path: Path) -> None:
    """The four tables for outside checks have their columns, at least 20,000 people, and plausible content."""
    code, _, _ = desist("run", "pooled", "--export", "validation", "--out", str(tmp_path))
    agents = pd.read_csv(tmp_path / "agents.csv")
    work = pd.read_csv(tmp_path / "employment.csv").set_index("employed_prev_week")
    factor = pd.read_csv(tmp_path / "single_factor.csv").set_index("factor")
    trial = pd.read_csv(tmp_path / "trial.csv").set_index(["arm", "risk_tercile"])
    hazard = work["first_offences"] / work["person_weeks"]

    assert code == 0
    assert list(agents.columns) == ["age", "priors", "t1_months", "n_0_12", "n_12_24"]
    assert len(agents) >= 20_000
    assert ((agents["n_0_12"] > 0) == (agents["t1_months"] <= 12)).all()
    assert agents["t1_months"].dropna().between(1, 36).all()
    assert hazard[1] < hazard[0]
    assert list(factor.index) == ["none", "housing", "economy", "employment", "network", "education"]
    assert (factor.loc["none", "reoffended_24m"] > factor["reoffended_24m"].drop("none")).all()
    assert set(trial.index.get_level_values("arm")) == {"control", "mentor"}
    assert trial["n"].sum() == 400 * 97


def test_sweep_answers_and_sets_the_exit_code(tmp_path: Path) -> None:
    """A sweep with a point inside the 67 % region ends with 0, one without with 1; both write table, map and manifest."""
    strong = ["--vary", "effect.hazard_ratio=0.02,0.1", "--set", "programme.half_life_months=60.0"]
    code, out, _ = desist("sweep", *strong, "--replicates", "60", "--out", str(tmp_path / "strong"))
    table = pd.read_csv(tmp_path / "strong" / "points.csv")

    assert code == 0
    assert "sets of assumptions that were tried fit this result well" in out
    assert "never published" in out
    assert list(table["effect.hazard_ratio"]) == [0.02, 0.1]
    assert table["inside_67"].any()
    weak = ["--vary", "programme.direct_hazard_ratio=0.9:1.0:2", "--replicates", "40", "--json"]
    code, out, _ = desist("sweep", *weak, "--out", str(tmp_path / "weak"))
    assert code == 1
    assert json.loads(out)["inside_67"] == 0
    for folder in ("strong", "weak"):
        assert (tmp_path / folder / "map.png").stat().st_size > 0
        assert json.loads((tmp_path / folder / "manifest.json").read_text(encoding="utf-8"))["complete"] is True


def test_interrupted_sweep_leaves_what_was_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C after two points leaves a readable table of two points, says so, and ends with 130."""
    import experiments.studies.trial.sweep as module

    whole = module.simulate_design

    def stopped(*arguments, **options):  # type: ignore[no-untyped-def]
        rows = whole(*arguments, **options)
        yield next(rows)
        yield next(rows)
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "simulate_design", stopped)
    vary = ["--vary", "programme.direct_hazard_ratio=0.1:1.0:5", "--replicates", "10"]
    code, out, err = desist("sweep", *vary, "--out", str(tmp_path))
    manifest = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))

    assert code == 130
    assert "interrupted; what is finished is written" in err
    assert "interrupted after 2 of 5 points" in out
    assert len(pd.read_csv(tmp_path / "points.csv")) == 2
    assert manifest["complete"] is False


def test_trial_reports_every_setting(tmp_path: Path) -> None:
    """The trial is simulated for the three settings and without an effect, both analyses side by side."""
    code, out, _ = desist("trial", "--trials", "60", "--out", str(tmp_path))
    rows = pd.read_csv(tmp_path / "settings.csv")

    assert code == 0
    assert "as treated" in out
    assert rows["setting"].drop_duplicates().tolist() == ["as-reported", "pooled", "sceptical", "trial"]
    assert (tmp_path / "shares.png").stat().st_size > 0


def test_a_person_is_a_story_with_reasons() -> None:
    """The story names the person, tells events in order and ends with the note that it is no forecast."""
    code, out, _ = desist("person", "17", "--scenario", "trial")
    without = desist("person", "17", "--scenario", "trial", "--without")[1]

    assert code == 0
    assert out.startswith("Person 17: ")
    assert "released" in out
    assert "It says nothing about any real person." in out
    assert without.splitlines()[1] == out.splitlines()[1]


def test_offences_have_reasons() -> None:
    """Somebody among the first people offends, and the story says with what probability and why."""
    stories = [desist("person", str(number), "--scenario", "trial")[1] for number in range(6)]

    assert any("offence" in story and "probability " in story and "random number " in story for story in stories)


def test_municipalities_are_listed() -> None:
    """98 municipalities, each with number, region and population; headings in the reader's language."""
    rows = json.loads(desist("municipalities", "--json")[1])
    code, out, _ = desist("municipalities", "--language", "da")

    assert code == 0
    assert "indbyggere" in out
    assert out.count("programområde i dag") == 25

    assert len(rows) == 98
    assert sum(row["programme_area"] for row in rows) == 25


def test_an_output_that_cannot_show_every_sign_has_the_nearest():
    """As when output is redirected on Windows: no traceback; minus signs and quotation marks fall back."""
    code = (
        "import sys; from experiments.cli import main; sys.argv = ['desist', 'nothing−of “the” kind→∑ÆØ'];"
        "main.main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False,
                          env={**os.environ, "PYTHONIOENCODING": "cp1252"})  # fmt: skip
    said = done.stderr.decode("cp1252")

    assert done.returncode == 2
    assert "Traceback" not in said
    assert "unknown verb [nothing-of" in said
    assert "the" in said
    assert "kind->?" in said

"""The examples of docs/extending.md do what the page says."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from experiments.inputs.scenario_files import load
from experiments.language import formatting
from experiments.language.formatting import FOLDER, format_of, number
from tests.snippets import FENCE, HOME, blocks

PAGE = HOME / "docs" / "extending.md"
BLOCKS = blocks(PAGE)
FORGOTTEN = """
import numpy as np

from experiments.verification.random_scenarios import draw_scenario
from simulation import ReentryModel, simulate

scenarios = [draw_scenario(np.random.default_rng([9, k]), "independent") for k in range(3)]
assert any(scenario.risk.ageing_hazard_ratio != 1.0 for scenario in scenarios), "no random scenario has the rule"
same = [simulate(each, seed=3).same_as(ReentryModel(each, seed=3).run()) for each in scenarios]
print("noticed" if not all(same) else "not noticed")
"""
"""Random scenarios of the checks, which draw the new number by themselves, where the Mesa person lacks the rule."""
COMPARED = """
from experiments.inputs.scenario_files import load
from simulation import ReentryModel, simulate

small = ["people.count=10", "people.follow_up_months=48", "risk.immune_share=0"]
ageing = load("pooled", [*small, "risk.ageing_hazard_ratio=0.3"])
engine = simulate(ageing, seed=3)
assert engine.same_as(ReentryModel(ageing, seed=3).run()), "engine and Mesa differ"
offences = [(history.events["event"] == "offence").sum() for history in (engine, simulate(load("pooled", small), seed=3))]
assert 0 < offences[0] < offences[1], offences
"""
"""Run on a copy of the packages that has the rule; without compiling, which would take minutes."""


def saved(name):
    """The text of the block that the page tells the reader to save under this name."""
    return next(block.text for block in BLOCKS if block.saved == name)


def test_scenarios_of_the_page_are_what_it_says(tmp_path):
    """The sixth factor and the paid mentors are there, with their grades; the programme is in slots, not volunteers."""
    for name in ("six.toml", "paid.toml"):
        (tmp_path / name).write_text(saved(name), encoding="utf-8")
    six, paid = load(str(tmp_path / "six.toml")), load(str(tmp_path / "paid.toml"))

    assert len(six.factor) == 6
    assert six.factor["employment"].helped_by["sobriety"] == 1.3
    assert six.programme["primus_motor"].gain_weights["sobriety"] == 0.5
    assert paid.programme["paid_mentors"].delivered_by == "slots"
    assert paid.programme["paid_mentors"].direct_hazard_ratio == 0.9


def test_python_of_the_page_runs_in_its_order(tmp_path, monkeypatch, capsys):
    """Study, outcome and figure work as a script of one's own, and the study saves a whole result."""
    monkeypatch.chdir(tmp_path)
    for block in (each for each in BLOCKS if each.language == "python"):
        exec(compile(block.text, str(block), "exec", dont_inherit=True), {"__name__": "__main__"})

    printed = capsys.readouterr().out
    assert "who reoffended did so within" in printed
    assert {"months.csv", "months.png", "answer_en.txt", "answer_da.txt", "facts.json", "study.toml", "manifest.json"} <= {
        file.name for file in (tmp_path / "results" / "median").iterdir()
    }
    assert (tmp_path / "share.png").is_file()


@pytest.mark.skipif(shutil.which("git") is None, reason="git applies the change")
def test_ageing_as_the_page_writes_it_agrees_and_lowers_offending(tmp_path):
    """The change applies to the packages as they are; both drivers agree, and there are fewer offences.

    If the Mesa person forgets the rule, random scenarios of the checks show it.
    """
    change = next(fence["text"] for fence in FENCE.finditer(PAGE.read_text(encoding="utf-8")) if fence["language"] == "diff")
    for package in ("simulation", "experiments"):
        shutil.copytree(HOME / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(tmp_path.parent)}
    subprocess.run(["git", "apply", "-"], input=change, text=True, cwd=tmp_path, env=environment, check=True)
    environment |= {"PYTHONPATH": str(tmp_path), "NUMBA_DISABLE_JIT": "1"}

    def run(program):
        return subprocess.run([sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    done = run(COMPARED)
    person = tmp_path / "simulation" / "mesa_person.py"
    lines = [line for line in person.read_text(encoding="utf-8").splitlines() if "n.risk.ageing" not in line and '"ageing"' not in line]
    person.write_text("\n".join(lines), encoding="utf-8")
    forgotten = run(FORGOTTEN)

    assert done.returncode == 0, done.stderr[-2000:]
    assert forgotten.stdout.strip() == "noticed", forgotten.stderr[-2000:]


def test_a_language_is_a_folder_with_its_signs(tmp_path, monkeypatch):
    """The example's ``language.toml`` in a new folder writes numbers; the folders that are there are the languages."""
    example = next(block.text for block in BLOCKS if block.language == "toml" and "decimal" in block.text)
    (tmp_path / "sv").mkdir()
    (tmp_path / "sv" / "language.toml").write_text(example, encoding="utf-8")

    assert {each.name for each in FOLDER.iterdir() if each.is_dir()} == set(formatting.LANGUAGES)
    monkeypatch.setattr(formatting, "FOLDER", tmp_path)
    format_of.cache_clear()
    try:
        assert number(12345.5, "sv", 1) == "12\N{NO-BREAK SPACE}345,5"
    finally:
        format_of.cache_clear()

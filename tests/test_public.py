"""The face that the package shows: its names, what importing it costs, and what it may import."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import simulation

HOME = Path(simulation.__file__).parent
SOURCES = sorted(HOME.glob("*.py"))
SLOW = ("numba", "mesa", "scipy", "pandas", "matplotlib")


def imported(source):
    """Names of the modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_the_public_names_are_these():
    """Five names, each of which is there."""
    expected = ["History", "ParameterError", "ReentryModel", "Scenario", "simulate"]

    assert expected == sorted(simulation.__all__)
    assert expected == [getattr(simulation, name).__name__ for name in expected]


def test_a_star_import_brings_the_public_names():
    """``from simulation import *`` gives what ``__all__`` says, and nothing of the inside."""
    names: dict[str, object] = {}
    exec("from simulation import *", names)

    assert set(simulation.__all__) == set(names) - {"__builtins__"}


def test_an_unknown_name_is_no_attribute():
    """Asking the package for something else fails as for any module."""
    with pytest.raises(AttributeError, match="module 'simulation' has no attribute 'Model'"):
        simulation.Model  # noqa: B018


def test_importing_the_package_is_cheap():
    """Neither the compiler nor Mesa nor the tables' library is loaded before something is used."""
    code = f"import sys, simulation; print([name for name in {SLOW} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=HOME.parent)

    assert "[]" == found.stdout.strip()


def test_old_compiled_code_is_forgotten_and_nothing_else(tmp_path):
    """Making room for compiled code deletes folders of older compiled code only, whatever else lies beside them."""
    kept, old = ("runs", "my notes"), [f"{number:016x}" for number in range(8)]
    for order, name in enumerate((*kept, *old)):
        (tmp_path / "desist" / name).mkdir(parents=True)
        os.utime(tmp_path / "desist" / name, (order, order))
    environment = {**os.environ, "DESIST_CACHE": str(tmp_path), "NUMBA_CACHE_DIR": ""}
    subprocess.run([sys.executable, "-c", "import simulation.compiled"], check=True, cwd=HOME.parent, env=environment)
    left = {path.name for path in (tmp_path / "desist").iterdir()}

    assert len(left & set(old)) < len(old)
    assert set(kept) <= left


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_the_model_knows_nothing_of_the_experiments(source):
    """Imports run one way."""
    assert not [name for name in imported(source) if name.split(".")[0] == "experiments"]


@pytest.mark.parametrize("name", ["simulation/outcomes.py", "experiments/statistics/regression.py"])
def test_outcomes_look_at_histories_only(name):
    """What turns a history into numbers knows no driver, so a register gets the same treatment."""
    drivers = {f"simulation.{inside}" for inside in ("engine", "mesa_model", "month", "volunteers", "cohort", "state")}

    assert all((HOME / f"{each.partition('.')[2]}.py").is_file() for each in drivers)
    assert not drivers & set(imported(HOME.parent / name))

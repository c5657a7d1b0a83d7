"""``desist benchmark``: what it measures, on sizes that take a moment; seconds themselves are no claim."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pandas as pd
import pytest

import experiments
from experiments.benchmarks import benchmark, drivers
from experiments.benchmarks.benchmark_study import BenchmarkStudy
from experiments.benchmarks.page import LIMITS

CODEBOOK = Path(experiments.__file__).parent / "language" / "codebook" / "benchmark.toml"


@pytest.fixture
def quickly(monkeypatch):
    """Few people, and made-up measurements of what takes minutes."""
    monkeypatch.setattr(drivers, "BLOCK_PEOPLE", 100)
    seconds = {"desist --help": 0.2, "desist run of 7,030 people, warm": 1.5}
    monkeypatch.setattr(benchmark, "start_up_seconds", lambda: seconds)
    monkeypatch.setattr(benchmark, "study_seconds", lambda: {"desist power, as it comes": 9.0})
    country = {"seconds": 2.0, "person_months": 100.0, "a_second": 50.0, "peak_mib": 400.0, "courses": 9.0}
    monkeypatch.setattr(benchmark, "measure_apart", lambda *_: country)
    monkeypatch.setattr(benchmark, "store_costs", lambda: {"seconds a point": 0.01})
    row = {"policies": "all against none", "difference": 8.0, "sd_same": 0.5, "sd_independent": 0.7, "ratio": 6.4, "low": 5.0,
           "high": 8.0, "bound": 6.75}  # fmt: skip
    monkeypatch.setattr(benchmark, "variance_ratios", lambda: pd.DataFrame([row]))


def test_the_machine_is_measured_and_answered_in_both_languages(quickly):
    """Drivers, start-up, studies, country, store and common random numbers; every column is in the codebook."""
    result = BenchmarkStudy(people=(100,)).run()
    columns = tomllib.loads(CODEBOOK.read_text(encoding="utf-8"))

    assert (result.tables["drivers"]["engine 1 thread"] > result.tables["drivers"]["Mesa"]).all()
    assert "With 100 people the compiled engine simulates" in result.text()
    assert "kræver en stærk indsats 6 gange færre gentagelser" in result.text("da")
    assert {name: set(table) for name, table in result.tables.items()} == {
        name: set(columns[name]["columns"]) for name in result.tables
    }


def test_a_quick_run_measures_the_drivers_only(quickly):
    """One size of each driver, and nothing that takes minutes."""
    result = BenchmarkStudy(people=(100,), quick=True).run()

    assert list(result.tables) == ["drivers"]
    assert result.figures == []


def test_the_page_is_answered_with_its_limits(monkeypatch):
    """Median and limit of the cold start and the class."""
    row = {"median": 0.25, "95 %": 0.4, "worst": 0.9, "number": 30.0}
    costs = {"cold start": row, "slider: the trial": row, "class": {**row, "visitors": 30.0, "errors": 0.0, "MiB": 700.0}}
    monkeypatch.setattr("experiments.benchmarks.page.page_costs", lambda **_: costs)
    text = BenchmarkStudy(part="page").run().text()

    assert f"limit {LIMITS['cold start']:g}" in text
    assert "In a class of 30 an answer takes 0.25 seconds" in text

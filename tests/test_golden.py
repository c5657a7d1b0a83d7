"""Golden tables: small, read by people, each row with a sentence on why it is plausible.

A row that changes needs a line tagged "changes numbers" in the changelog.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import pytest

from experiments.inputs.scenario_files import load
from simulation.history import History, simulate
from simulation.outcomes import matches, times

ROWS = list(csv.DictReader((Path(__file__).parent / "golden" / "outcomes.csv").read_text(encoding="utf-8").splitlines()))


@cache
def told(scenario: str) -> History:
    """1,000 people, one replicate, seed 2019."""
    return simulate(load(scenario, ["people.count=1000"]), seed=2019)


def measured(scenario: str, what: str) -> int:
    """The number that a row of the table is about."""
    history = told(scenario)
    kind, _, rest = what.partition(": ")
    if kind == "reoffended":
        return int((times(history, rest)["time"] <= 24).sum())
    if kind == "events":
        return int((history.events["event"] == rest).sum())
    if kind == "sanctions":
        return int((history.events["detail"] == rest).sum())
    if kind == "hold at release":
        return int(history.people[f"has_{rest}"].sum())
    if kind == "mentored":
        return int((history.people["arm"] == "mentored").sum())
    found = matches(history).set_index("what")["people"]
    return int(found[rest])


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['scenario']}, {row['what']}")
def test_golden_numbers_stand(row: dict[str, str]) -> None:
    """The same scenario and seed give the same small numbers as ever."""
    assert row["why"].strip()
    assert int(row["value"]) == measured(row["scenario"], row["what"])

"""The observed patterns: their table, and the model's figures against counts by hand."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from experiments.studies.validation.baseline import targets
from experiments.verification.check_context import CheckContext, events_by_person, in_custody
from experiments.verification.checks import evaluate
from experiments.verification.patterns import (
    MEASURES,
    MONTHS,
    WEEKS,
    _figures,
    _history,
    _returns,
    _work,
    everyone,
    pattern_checks,
    patterns,
)  # fmt: skip
from simulation.history import simulate

OPEN = [f"O{k}" for k in range(1, 13)] + [f"O13{letter}" for letter in "abcdef"]
"""The open targets that the table must carry."""
SOURCES = (Path(__file__).parents[1] / "docs" / "sources.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def context():
    """Seed and size of the tests: one cohort, and a small history."""
    return CheckContext(seed=4, size=0.2)


# The table ----------------------------------------------------------------------------------------------------


def test_the_promised_patterns_are_there():
    """Danish timing, counts, re-imprisonment and every open target, each once."""
    table = patterns().set_index("id")

    assert set(OPEN) <= set(table.index)
    assert table.index.is_unique
    assert [0.39, 0.54, 0.66] == table.loc[["D1", "D2", "D3"], "observed"].tolist()
    assert {"counts", "re-imprisonment"} <= set(table["group"])


@pytest.mark.parametrize("row", patterns().to_dict("records"), ids=lambda row: row["id"])
def test_a_pattern_has_data_a_band_and_an_origin(row):
    """Bands hold what was observed and its interval; sources are listed; whatever was fitted says by what."""
    assert row["band_low"] <= row["observed"] <= row["band_high"]
    if not np.isnan(row["ci_low"]):
        assert row["ci_low"] <= row["observed"] <= row["ci_high"]
    assert row["measure"] in MEASURES
    assert row["data"]
    for tag in re.findall(r"\[(S\d+)\]", row["source"]):
        assert f"| {tag} |" in SOURCES
    assert re.search(r"\[S\d+\]|NCJ 256094|Chung|Salo|Rossi", row["source"])
    assert row["fitted"] in ("yes", "no")
    assert row["how"] or row["fitted"] == "no"


def test_what_the_baseline_was_fitted_to_is_marked():
    """A figure of the baseline's targets is marked as fitted exactly if it is one, cohorts of other years apart."""
    fitted = targets().set_index("id")["fitted"]
    table = patterns()
    mine = table[table["measure"].isin(fitted.index) & (table["id"] != "O4")]

    assert len(mine) == len(fitted)
    assert mine["fitted"].tolist() == fitted[mine["measure"]].tolist()


def test_only_failing_patterns_have_an_excuse(context):
    """A pattern with a stated reason does fail; no reason is kept in store for one that may fail later."""
    excused = [each for each in pattern_checks() if each.known]

    assert 1 <= len(excused) <= 6
    assert {"fails"} == {result.verdict for result in evaluate(excused, context)}


# The figures --------------------------------------------------------------------------------------------------


def test_every_figure_has_a_value(context):
    """Each is a number with a simulation error that is not negative."""
    for name, measure in MEASURES.items():
        value, error = measure(context)

        assert np.isfinite(value), name
        assert error >= 0, name


def test_more_cohorts_have_a_smaller_error():
    """The simulation error is that of a mean: with more cohorts it shrinks."""
    few, many = CheckContext(seed=4, size=0.5), CheckContext(seed=4, size=2.0)

    assert MEASURES["any_24"](many)[1] < MEASURES["any_24"](few)[1]
    assert len(_figures(many)) == 12


def test_work_is_that_of_a_count_by_hand(context):
    """Weekly chances to gain and lose work at liberty, and the share in work after 30 months, person by person."""
    history = _history(context)
    counted = {"gain": 0, "loss": 0, "without": 0, "with": 0, "working": 0}
    for (_, person), events in events_by_person(history).items():
        held, inside = bool(history.people["has_employment"].iloc[person]), in_custody(events)
        for month in range(MONTHS):
            if month == 30:
                counted["working"] += held and month not in inside
            if month not in inside:
                counted["with" if held else "without"] += 1
            for event in events:
                if event.month == month and event.detail == "employment":
                    counted[event.what] += event.value == 0
                    held = event.what == "gain"
    gain, loss = counted["gain"] / counted["without"], counted["loss"] / counted["with"]
    found = _work(context)

    assert found["job_gained"][0] == pytest.approx(1 - (1 - gain) ** (1 / WEEKS))
    assert found["job_lost"][0] == pytest.approx(1 - (1 - loss) ** (1 / WEEKS))
    assert found["in_work_30"][0] == pytest.approx(counted["working"] / len(history.people))


def test_returns_to_prison_are_those_of_a_count_by_hand(context):
    """Hazards of the first return by its date: people who go in over months at risk, person by person."""
    scenario = everyone(context).replace(people__count=3000)
    first = [min((e.month for e in events if e.what == "custody in"), default=MONTHS)
             for events in events_by_person(simulate(scenario, seed=8)).values()]  # fmt: skip

    def hazard(low, high):
        """People who go in between two months over the months in which they could."""
        return sum(low <= month < high for month in first) / sum(min(max(month, low), high) - low for month in first)

    free = [np.mean([month >= end for month in first]) for end in (12, 24)]
    found = _returns(scenario, 8)

    assert found["return_rises"] == pytest.approx(hazard(4, 10) / hazard(0, 4))
    assert found["return_year_2"] == pytest.approx(np.log(free[0] / free[1]) / -np.log(free[0]))

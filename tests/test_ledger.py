"""The ledger of counts: names of its rows, and a story that is counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from simulation.engine import over_chunks, run
from simulation.monthly_counts import A_PROGRAMME, COMMON, OF_A_PROGRAMME, names
from tests.worlds import complete


def ledger(scenario, seed, *, replicates=range(1), threads=1, **cut):
    """The ledgers of some replicates: row x month x group x place, one array a replicate, in order."""
    places = len(scenario.selected_municipalities)

    def apart(cohort):
        """One array a replicate."""
        return np.split(cohort.tally, cohort.tally.shape[3] // places, axis=3)

    parts = over_chunks(scenario, seed, replicates, apart, threads=threads, ledger=True, **cut)
    return [each for part in parts for each in part]


def row(table, scenario, name):
    """One row of a ledger by its name: month x group x place."""
    return table[names(scenario).index(name)]


# Its names ---------------------------------------------------------------------------------------------------------------


def test_rows_have_names_and_names_have_rows():
    """A name for every row, each once: common ones, one a factor, those of each programme; no rows if not asked for."""
    scenario = complete(
        people={"count": 10}, trial={"assignment": "everyone"},
        programme={"mentors": {"delivered_by": "volunteers"}, "courses": {"capacity": 5.0}},
    )  # fmt: skip
    found = names(scenario)
    (table,) = ledger(scenario, 1)

    assert len(found) == len(set(found)) == len(table) == len(COMMON) + len(scenario.factor) + 2 * A_PROGRAMME
    assert found[: len(COMMON)] == list(COMMON)
    assert found[-1] == f"courses.{OF_A_PROGRAMME[-1]}"
    assert len(OF_A_PROGRAMME) == A_PROGRAMME
    assert run(scenario, seed=1).tally.size == 0


@pytest.mark.parametrize(("again", "joined"), [(False, 300), (True, 600)])
def test_a_known_story_in_counts(again, joined):
    """Everybody offends at once, goes in for ten months, comes out again: counted by hand."""
    scenario = complete(
        people={"count": 300, "accepts_volunteers": 1.0, "follow_up_months": 13}, municipalities={"include": ["Aarhus"]},
        risk={"baseline_hazard": 5.0, "immune_share": 0.0, "frailty_sd": 0.0, "hazard_multiplier": 20.0, "long_run_hazard_ratio": 1.0},
        offending={"prison_chance": 1.0, "delay_mean_months": 0.0, "sentence_median_months": 10.0, "sentence_log_sd": 0.0,
                   "further_offence_chance": 0.0},
        custody={"parole_chance": 0.0}, peers={"strength": 0.0}, trial={"assignment": "everyone"},
        programme={"help": {"capacity": 300.0, "shortest_sentence_months": 0.0, "re_eligible": again, "contact_chance": 1.0,
                            "dropout_chance": 0.0}},
    )  # fmt: skip
    (table,) = ledger(scenario, 1)
    total = {name: int(row(table, scenario, name).sum()) for name in names(scenario)}

    # Released in month 0, in custody in months 1 to 10, released in month 11, in custody again in month 12.
    assert (total["released"], total["offences"], total["prison"], total["to_custody"]) == (600, 600, 600, 600)
    assert (total["liberty_months"], total["custody_months"]) == (600, 3300)
    assert (total["relapses_prison"], total["reoffenders_prison"]) == (600, 300)
    # Matched two months before release, until custody begins in month 1 and in month 12.
    assert (total["help.joined"], total["help.started"], total["help.in_time"]) == (joined, joined, joined)
    assert (total["help.started_first"], total["help.ended_in_custody"], total["help.months"]) == (300, joined, 3 * joined)

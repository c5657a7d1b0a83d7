"""A run from Python: outcomes, survival curves, history; what is saved comes back; one person's story in Danish."""

from __future__ import annotations

import gc
import weakref

import pandas as pd
import pytest

from experiments import load_result, load_scenario, person, run
from experiments.inputs.posterior import Posterior
from experiments.studies.trial.recorded_runs import RecordedRuns
from experiments.studies.trial.run import RunResult
from simulation.engine import chunks
from simulation.history import History, batches, simulate
from simulation.outcomes import DEFINITIONS, curve, matches, offence_counts, shares, times
from simulation.parameters import ParameterError

POOLED = load_scenario("pooled")


@pytest.fixture(scope="module")
def trials() -> RunResult:
    """Twenty trials."""
    return run(POOLED, replicates=20, seed=1)


def test_a_run_gives_outcomes_survival_and_history(trials: RunResult) -> None:
    """The three lines of the architecture, with the numbers of the functions behind them."""
    history = simulate(POOLED, seed=1, replicates=20)
    arms = trials.outcomes(by="arm").set_index(["definition", "arm"])

    assert trials.history.same_as(history)
    for name in DEFINITIONS:
        pd.testing.assert_frame_equal(arms.loc[name], shares(times(history, name), by=["arm"]).set_index("arm"))
    pd.testing.assert_frame_equal(trials.survival(), curve(times(history, POOLED.trial.definition)))
    pd.testing.assert_frame_equal(trials.outcomes(), trials.tables["outcomes"])
    assert trials.outcomes(by=[], window=12)["people"].tolist() == [20 * 97] * 3


def test_a_saved_run_comes_back_with_its_history(trials: RunResult, tmp_path) -> None:
    """Every file once more: tables, facts, scenario, people and events; saved again it is the same files."""
    trials.save(tmp_path / "a")
    again = load_result(tmp_path / "a")

    assert isinstance(again, RunResult)
    assert again.history.same_as(trials.history)
    assert again.facts == trials.facts
    assert again.scenario == POOLED
    pd.testing.assert_frame_equal(again.outcomes(by="arm"), trials.outcomes(by="arm"))
    again.save(tmp_path / "b")
    for file in sorted((tmp_path / "a").iterdir()):
        if file.suffix not in (".json", ".png", ".svg"):
            assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes(), file.name
    (tmp_path / "a" / "people.parquet").write_bytes(b"changed")
    with pytest.raises(ParameterError, match=r"people\.parquet\] was changed since it was written"):
        load_result(tmp_path / "a")


def test_many_replicates_are_what_each_of_them_is(tmp_path) -> None:
    """Three batches, computed one after the other, give the histories and tables of single replicates."""
    scenario = POOLED.changed({"people.count": 6_000})
    found = run(scenario, replicates=5, seed=1)
    single = [simulate(scenario, seed=1, first=number) for number in range(5)]
    both = History(**{table: pd.concat([getattr(each, table) for each in single], ignore_index=True)
                      for table in ("people", "events")})  # fmt: skip

    assert len(chunks(scenario, range(5))) == 3
    assert found.history.same_as(both)
    assert found.history.about["replicates"] == 5
    pd.testing.assert_frame_equal(found.tables["offences"], offence_counts(both))
    pd.testing.assert_frame_equal(found.tables["matches"], matches(both))
    pd.testing.assert_frame_equal(found.tables["curves"], curve(times(both, scenario.trial.definition)))
    pd.testing.assert_frame_equal(found.tables["outcomes"], found.outcomes())


def test_no_more_than_two_batches_are_held_at_a_time() -> None:
    """What was packed is let go, so that memory does not grow with the number of replicates."""
    held, most = weakref.WeakSet(), 0
    scenario = POOLED.changed({"people.count": 9_000})

    def parts():
        nonlocal most
        for part in batches(scenario, seed=1, replicates=6):
            held.add(part)
            gc.collect()
            most = max(most, len(held))
            yield part
            del part

    RecordedRuns(parts(), window=24)

    assert most <= 2


def test_over_draws_there_are_outcomes_and_no_history() -> None:
    """Outcomes by arm from the draws; survival curves are refused in one line."""
    draws = Posterior(table=pd.DataFrame({"risk.hazard_multiplier": [0.9, 1.0, 1.1]}), about={})
    found = run(POOLED, posterior=draws, replicates=2, seed=1)

    assert found.history is None
    assert set(found.outcomes(by="arm")["arm"]) == {"control", "mentored", "difference"}
    assert found.facts["following"] == 1
    with pytest.raises(ParameterError, match="keeps no history"):
        found.survival()


@pytest.mark.parametrize("language", ["en", "da"])
def test_a_run_speaks_both_languages(trials: RunResult, language: str) -> None:
    """Arms and shares in the first sentences, no key left over; figures have the language's labels."""
    text = trials.text(language)
    share = trials.facts["by_arm"][0]["share"]

    assert f"{100 * share:.1f}".replace(".", "," if language == "da" else ".") in text.splitlines()[1]
    assert "{" not in text
    label = trials.figure("curves", language).axes[0].get_xlabel()
    assert label == {"en": "months after release", "da": "måneder efter løsladelsen"}[language]


def test_one_person_has_a_story_in_danish() -> None:
    """The same facts in both languages; without the programme the same person at release."""
    with_, without = person(3, seed=7), person(3, seed=7, without=True)

    assert with_.facts["missing"] == without.facts["missing"] == ["housing", "economy"]
    assert "måned -2: får Primus Motor (2 frivillige)" in with_.text("da").splitlines()
    assert "Primus Motor" not in without.text("da")
    assert with_.tables["months"]["event"].tolist() == [event["event"] for event in with_.facts["events"]]

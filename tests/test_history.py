"""The two tables of a history: what is in them, and that they survive a round through files."""

from __future__ import annotations

import pytest

from simulation import History, ParameterError, simulate
from simulation.engine import run
from tests.worlds import complete, differing

SMALL = differing(
    people={"count": 200, "accepts_volunteers": 1.0}, municipalities={"include": ["Aarhus"]}, trial={"assignment": "randomised"},
    volunteers={"at_start": 80.0}, programme={"mentors": {"delivered_by": "volunteers", "shortest_sentence_months": 0.0}},
)  # fmt: skip


def test_a_missing_history_is_named(tmp_path):
    """The message names the file and the command that writes it."""
    with pytest.raises(ParameterError, match=r"people\.parquet\], which was not found; desist run writes it"):
        History.read(tmp_path)


def test_a_damaged_history_is_named(tmp_path):
    """A file that is not what it says is refused in one line."""
    simulate(SMALL, seed=1).write(tmp_path)
    (tmp_path / "events.parquet").write_bytes(b"PAR1 and then something else")
    with pytest.raises(ParameterError, match=r"events\.parquet\], which is no readable Parquet file"):
        History.read(tmp_path)


def test_a_history_says_what_made_it():
    """Digest, seed and number of replicates are there to make it again."""
    about = simulate(SMALL, seed=5, replicates=2).about

    assert (SMALL.digest, 5, 2) == (about["scenario"], about["seed"], about["replicates"])


def test_seeds_and_replicates_have_their_own_chance():
    """Two replicates differ, two seeds differ, and the same seed gives the same again; 0 is a seed."""
    zero, again, one = (simulate(SMALL, seed=seed, replicates=2) for seed in (0, 0, 1))
    first, second = (zero.people[zero.people["replicate"] == r].drop(columns="replicate") for r in (0, 1))

    assert zero.same_as(again)
    assert not zero.same_as(one)
    assert not first.reset_index(drop=True).equals(second.reset_index(drop=True))


@pytest.mark.parametrize("seed", [-1, 2**64])
def test_a_seed_out_of_range_is_refused(seed):
    """What has no address is refused before anything is told."""
    with pytest.raises(ValueError, match="seed is"):
        simulate(SMALL, seed=seed)


def test_no_replicates_are_refused():
    """A run of nothing is a mistake of the user, said in one line."""
    for tell in (simulate, run):
        with pytest.raises(ParameterError, match=r"replicates is \[0\]"):
            tell(SMALL, seed=1, replicates=0)


def test_names_may_be_any_words():
    """Factors and programmes with blanks or accents in their names make a history like any other."""
    scenario = complete(
        people={"count": 50, "accepts_volunteers": 1.0}, trial={"assignment": "everyone"},
        factor={"en bolig åben": {"missing_at_release": 0.5, "gain": 0.2}},
        programme={"ungdom nord": {"capacity": 1000.0, "shortest_sentence_months": 0.0}},
    )  # fmt: skip
    details = set(simulate(scenario, seed=1).events["detail"])

    assert {"en bolig åben", "ungdom nord", "ungdom nord: planned"} <= details

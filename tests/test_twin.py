"""The description of the model is enough to program it again: a second telling from the documents gives the same events."""

from __future__ import annotations

import pytest

from experiments.inputs.scenario_files import load
from simulation import simulate
from simulation.population import reference
from tests.twin import Twin, whole_parts
from tests.twin_people import philox

WORLDS = {
    "everyone, 60 months": ("everyone", ["people.count=150", "people.follow_up_months=60", "municipalities.include=[\"Aarhus\", \"Odense\"]"]),
    "the trial": ("pooled", []),
    "few volunteers who tire": ("pooled", ["volunteers.at_start=12", "volunteers.quit_chance=0.1", "programme.allocation=highest risk"]),
    "offered again, lottery": (
        "as-reported",
        ["trial.assignment=everyone", "trial.signed_up=false", "people.count=200", "people.follow_up_months=48",
         "programme.re_eligible=true", "programme.allocation=lottery", "programme.shortest_sentence_months=0.0",
         "people.accepts_volunteers=0.8", "programme.offered_share=0.7"],
    ),
    "slots instead of volunteers": (
        "pooled", ["programme.delivered_by=slots", "programme.capacity=20.0", "programme.allocation=lowest risk"],
    ),
    "flats and jobs are scarce": (
        "pooled", ["factor.housing.openings=0.5", "factor.employment.openings=0.3", "peers.strength=4.0"],
    ),
}  # fmt: skip


def by_the_model(scenario, seed):
    """The model's events in the form of the twin's."""
    told = simulate(scenario, seed=seed).events
    columns = [told[name] for name in ("person", "month", "event", "detail", "value")]
    return sorted((int(a), int(b), str(c), str(d), int(e)) for a, b, c, d, e in zip(*columns, strict=True))


@pytest.mark.parametrize("seed", [1, 2**40 + 7])
@pytest.mark.parametrize("world", WORLDS)
def test_a_second_telling_from_the_documents_is_the_same(world, seed):
    """Every event of every person: month, kind, what about, value."""
    scenario = load(*WORLDS[world])
    expected = by_the_model(scenario, seed)

    assert Twin(scenario, reference(scenario), seed=seed).tell() == expected
    assert len(expected) > 500


OTHERWISE = [
    "programme.persistence=0.3", "programme.half_life_months=3.0", "programme.contact_chance=0.8", "volunteers.quit_after_end=0.6",
    "volunteers.quit_increase_per_year=5.0", "people.problem_correlation=0.2", "people.trust_shared=0.6", "risk.hazard_decay_months=8.0",
    "peers.strength=3.0", "peers.pseudo_people=2.0", "factor.housing.openings=1.0", "offending.delay_mean_months=5.0",
    "offending.prison_per_conviction=0.03", "custody.parole_served=0.5", "factor.economy.lost_in_custody=0.6",
]  # fmt: skip


@pytest.mark.parametrize("change", OTHERWISE)
def test_a_rule_that_is_told_otherwise_is_noticed(change):
    """A control: a twin with one number of one rule changed tells another story than the model."""
    name, changes = WORLDS["offered again, lottery"]
    other = Twin(load(name, [*changes, change]), reference(load(name, changes)), seed=1).tell()

    assert other != by_the_model(load(name, changes), 1)


def test_the_twin_has_the_published_generator():
    """Philox4x32-10 with counter and key of ones (all bits set), as published."""
    assert philox((2**32 - 1,) * 4, 2**64 - 1) == (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)


def test_wholes_are_divided_without_loss():
    """Parts of a whole add up to it."""
    assert sum(whole_parts(10, [0.35, 0.35, 0.3], round, 0)) == 10

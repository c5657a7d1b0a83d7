"""Where mathematics has the answer: rules of behaviour, one by one, over words that are spread evenly."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from simulation.chance import WORD
from simulation.compiled import plain
from simulation.compiled_parameters import MOST_RECRUITS, phase_table
from simulation.rules import (
    ASIDE,
    FINE,
    MATCHED,
    PLANNED,
    PRISON,
    SUSPENDED,
    UNPLANNED,
    burst,
    come_forward,
    fading,
    in_relation,
    meets,
    offends,
    present,
    remembered,
    rounded,
    sanctioned,
    scarce,
    served,
    standing,
    tires,
    waits,
)  # fmt: skip

WORDS = [int((i + 0.5) * WORD / 4096) for i in range(4096)]
"""Words spread evenly: what a rule does with them is what it does by chance, to one part in 4,096."""


def share_of(outcomes, value):
    """Share of the evenly spread words that lead to a value."""
    return sum(outcome == value for outcome in outcomes) / len(outcomes)


@pytest.mark.parametrize("another", [0.0, 0.3, 0.9])
def test_a_burst_is_geometric(another):
    """k offences or more happen in a month with chance another**(k - 1), up to the most there can be."""
    numbers = [plain(burst)(word, another, 20) for word in WORDS]
    for k in range(1, 21):
        assert np.mean(np.array(numbers) >= k) == pytest.approx(another ** (k - 1), abs=1 / 4096)
    assert max(numbers) <= 20


@pytest.mark.parametrize("mean", [0.0, 0.5, 4.0, 24.0])
def test_decisions_take_an_investigation_and_a_court_case(mean):
    """Months until a decision are the sum of two geometric phases, together with the stated mean."""
    phase, halves = phase_table(mean), [int((i + 0.5) * 65536 / 256) for i in range(256)]
    months = np.array([plain(waits)((high << 16) | low, phase) for high in halves for low in halves])

    assert months.mean() == pytest.approx(mean, rel=0.02)
    for k in (0, 1, 3, 12):
        assert (months <= k).mean() == pytest.approx(stats.nbinom.cdf(k, 2, 2 / (2 + mean)), abs=0.01)


@pytest.mark.parametrize("rate", [0.0, 0.05, 1.0, 7.5, 60.0, MOST_RECRUITS])
def test_volunteers_come_forward_as_poisson_says(rate):
    """The number who come forward in a place has the quantiles of a Poisson distribution, up to the most there may be."""
    numbers = [plain(come_forward)(word, np.exp(-rate), rate) for word in WORDS[8::16]]
    expected = stats.poisson.ppf((np.array(WORDS[8::16]) + 0.5) / WORD, rate)

    assert np.abs(np.array(numbers) - expected).max() <= 1
    assert np.mean(numbers) == pytest.approx(expected.mean(), rel=1e-3, abs=1e-3)


@pytest.mark.parametrize(("sentence", "parole", "expected"), [(0.4, 0.6, 0.4), (2.9, 0.6, 2.9), (9.0, 0.6, 7.2), (9.0, 1.0, 6.0)])
def test_custody_lasts_as_long_as_is_served(sentence, parole, expected):
    """Whole months in custody have the mean of the time served: two thirds for the part who are granted parole."""
    months = [
        plain(served)(sentence, parole_word, parole, 3.0, 2 / 3, word) for parole_word in WORDS[::64] for word in WORDS[::64]
    ]

    assert np.mean(months) == pytest.approx(expected, abs=0.12)
    assert all(abs(month - sentence) < 1 or abs(month - sentence * 2 / 3) < 1 for month in months)


@pytest.mark.parametrize(("convictions", "prison"), [(0, 0.2), (5, 0.3), (15, 0.5), (40, 0.5)])
def test_sanctions_have_the_stated_chances(convictions, prison):
    """Prison grows with earlier convictions up to fifteen; the rest is split into suspended sentences and fines."""
    sanctions = [plain(sanctioned)(word, convictions, 0.2, 0.02, 0.25) for word in WORDS]

    assert share_of(sanctions, PRISON) == pytest.approx(prison, abs=1 / 4096)
    assert share_of(sanctions, SUSPENDED) == pytest.approx((1 - prison) * 0.25, abs=1 / 2048)
    assert share_of(sanctions, FINE) == pytest.approx((1 - prison) * 0.75, abs=1 / 4096)


@pytest.mark.parametrize("hazard", [0.0, 1e-6, 0.08, 0.7, 3.0])
def test_somebody_offends_with_the_chance_of_the_hazard(hazard):
    """In a month with this hazard at least one offence happens with chance 1 - exp(-hazard)."""
    happened = [plain(offends)(word, hazard) for word in WORDS]

    assert np.mean(happened) == pytest.approx(1 - np.exp(-hazard), abs=1 / 4096)


@pytest.mark.parametrize(("carried", "expected"), [(1.0, 0.8), (0.5, 0.4), (0.0, 0.0)])
def test_they_meet_as_often_as_there_are_volunteers(carried, expected):
    """With one of two volunteers gone contact is half as likely; without a match there is none."""
    assert np.mean([plain(meets)(MATCHED, carried, word, 0.8) for word in WORDS]) == pytest.approx(expected, abs=1 / 4096)
    assert not any(plain(meets)(status, carried, 0, 0.8) for status in (ASIDE, PLANNED, UNPLANNED))


def test_a_match_ends_by_plan_or_by_chance():
    """Unplanned with the stated chance before the last month, planned in it; what has ended stays ended."""
    before = [plain(standing)(MATCHED, 11, 12, word, 0.05) for word in WORDS]

    assert share_of(before, UNPLANNED) == pytest.approx(0.05, abs=1 / 4096)
    assert share_of(before, MATCHED) == pytest.approx(0.95, abs=1 / 4096)
    assert PLANNED == plain(standing)(MATCHED, 12, 12, 0, 0.05)
    assert UNPLANNED == plain(standing)(UNPLANNED, 12, 12, 0, 0.05)


def test_what_is_remembered_grows_with_the_months_met_and_fades():
    """A share of the relationship stays, in proportion to the months met; from month to month it fades by its factor."""
    assert plain(remembered)(1, 7.0, 14.0, 0.0, 0.6, 0.9) == pytest.approx(0.3)
    assert plain(remembered)(1, 14.0, 14.0, 0.0, 0.6, 0.9) == pytest.approx(0.6)
    assert plain(remembered)(1, 20.0, 14.0, 0.0, 0.6, 0.9) == pytest.approx(0.6)
    assert plain(remembered)(0, 14.0, 14.0, 0.6, 0.6, 0.9) == pytest.approx(0.54)


def test_a_relationship_is_there_while_they_meet_and_then_as_it_is_remembered():
    """Level 1 in a month of contact, else what is left; the hazard falls in proportion to the level."""
    assert 1.0 == plain(present)(1, 0.3, 0.9)
    assert plain(present)(0, 0.3, 0.9) == pytest.approx(0.27)
    assert [plain(in_relation)(0.1, level, 0.6) for level in (0.0, 0.5, 1.0)] == pytest.approx([0.1, 0.08, 0.06])


def test_volunteers_tire_with_the_months_they_are_matched():
    """The chance to stop grows in proportion to the years spent matched."""
    for months, expected in ((0.0, 0.02), (12.0, 0.03), (24.0, 0.04)):
        stops = [plain(tires)(word, 0.02, 0.5, months) for word in WORDS]

        assert np.mean(stops) == pytest.approx(expected, abs=1 / 4096)


def test_amounts_are_rounded_without_a_drift():
    """A whole number of volunteers has the stated amount as its mean."""
    for amount in (0.0, 0.3, 2.0, 7.9):
        assert np.mean([plain(rounded)(amount, word) for word in WORDS]) == pytest.approx(amount, abs=1 / 4096)


def test_the_hazard_fades_by_half_in_the_settling_months():
    """All of the first month's hazard at release, half of the fall after the settling months, the later part in the end."""
    assert plain(fading)(0.0, 0.4, 6.0) == pytest.approx(1.0)
    assert plain(fading)(6.0, 0.4, 6.0) == pytest.approx(0.7)
    assert plain(fading)(1e9, 0.4, 6.0) == pytest.approx(0.4)


def test_scarcity_gives_what_there_is():
    """The part of the wanted gains that is given is what comes up over what is wanted, at most all of it."""
    assert plain(scarce)(0.02, 100.0, 8.0, 1.0) == pytest.approx(0.25)
    assert plain(scarce)(0.02, 100.0, 1.0, 1.0) == 1.0
    assert plain(scarce)(0.0, 100.0, 8.0, 1.0) == 0.0

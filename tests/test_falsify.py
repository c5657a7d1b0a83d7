"""The attacks themselves: what a verdict is, that laws are broken by broken worlds, and that controls are refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from experiments.language.verification_text import ABOUT
from experiments.verification.drawn_scenarios import drawn

from experiments.verification.analytical import FORMS
from experiments.verification.analytical_rules import Near
from experiments.verification.checks import Breaches, Check, Finding, Ground, check, judged, table_of
from experiments.verification.controls import CONTROLS
from experiments.verification.invariants import LAWS
from experiments.verification.p_values import FALSE_ALARM, Odds
from experiments.verification.tasks import every_check, families, piece

FAMILIES = ("zero effect", "doubled people", "relabelled places", "order of people", "monotone help", "conservation",
            "paired lives")  # fmt: skip
SMALL = 0.25
"""Size at which the laws are tried here: three or four worlds of each sort."""


def finding(value, low=0.0, high=1.0, error=0.0, looked=1):
    """A finding with some ends."""
    return Finding(value=value, low=low, high=high, error=error, looked=looked)


# Verdicts -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (finding(0.5), "holds"), (finding(1.0), "holds"), (finding(1.01), "fails"), (finding(-0.1), "fails"),
        (finding(0.5, looked=0), "cannot say"), (finding(math.nan), "cannot say"), (finding(math.inf), "fails"),
        (finding(0.95, error=0.03), "cannot say"), (finding(1.05, error=0.03), "cannot say"),
        (finding(0.9, error=0.03), "holds"), (finding(1.1, error=0.03), "fails"),
    ],
)  # fmt: skip
def test_a_verdict_holds_fails_or_cannot_say(found, expected):
    """Inside the band it holds, outside it fails; of nothing, and within twice the error of an end, nothing can be said."""
    assert expected == found.verdict


def test_a_check_is_named_and_claimed_by_its_function():
    """The name is the function's, the claim the first paragraph of its docstring, on one line."""

    def nobody_is_lost(ground):
        """Whoever comes in
        goes out.

        More words.
        """
        return finding(0.0)

    made = check("law", "conservation", nobody_is_lost)

    assert ("nobody is lost", "law") == (made.name, made.kind)
    assert made.claim.split() == ["Whoever", "comes", "in", "goes", "out."]


def test_a_check_that_breaks_down_has_failed():
    """An attack that cannot be carried out is a failure, and is told with what went wrong."""

    def breaks(ground):
        """A claim."""
        raise ValueError("no such month")

    (result,) = judged([check("law", "lives", breaks)], Ground())

    assert "fails" == result.verdict
    assert "ValueError: no such month" in result.found.words
    assert result.stops


def test_a_known_failure_is_printed_and_does_not_stop():
    """A check with a stated reason fails in the table, and leaves the exit code alone."""

    def outside(ground):
        """A claim."""
        return finding(2.0)

    one = Check(name="x", kind="pattern", family="y", claim="z", look=outside, known="because")
    (result,) = judged([one], Ground())

    assert ("fails", False) == (result.verdict, result.stops)
    assert "because" == table_of([result])["known"].item()


def test_breaches_are_counted_and_the_first_is_told():
    """Arrays count value by value, tables of another length are one breach, and nothing seen is no verdict."""
    seen = Breaches()
    seen.see([True, False, True, False], "two of four")
    seen.same([1, 2], [1, 2, 3], "lengths")
    seen.near([1.0, 2.0], [1.0 + 1e-12, 2.1], "digits")

    assert (7, 4.0, "two of four") == (seen.looked, seen.found().value, seen.found().words)
    assert "cannot say" == Breaches().found().verdict


def test_the_largest_deviation_counts():
    """Of several figures the worst decides, in units of what is allowed; what is no number is too far."""
    seen = Near()
    seen.see([1.0, 2.0], [1.0, 2.05], 0.1)
    assert 0.5 == pytest.approx(seen.found().value)
    seen.see(np.inf, np.inf)
    assert "holds" == seen.found().verdict
    seen.see(math.nan, 1.0)

    assert "fails" == seen.found().verdict


# Chance -------------------------------------------------------------------------------------------------------


def test_the_smallest_p_value_counts_as_often_as_there_are():
    """Several p-values of one check are judged by the smallest, times their number; counts of nothing are refused."""
    odds = Odds()
    for hits in (500, 505, 400):
        odds.share(hits, 1000, 0.5)
    alone = Odds()
    alone.share(400, 1000, 0.5)

    assert odds.found().value == pytest.approx(3 * alone.found().value)
    assert "fails" == odds.found().verdict
    odds.counts([0, 0], [1, 1])
    assert 0.0 == odds.found().value


def test_true_claims_are_hardly_ever_refused():
    """Among 300 checks of true claims none is refused; p-values of true shares are not small too often."""
    luck = np.random.default_rng(1)
    values = []
    for _ in range(300):
        odds = Odds()
        odds.share(luck.binomial(2000, 0.3), 2000, 0.3)
        odds.mean(luck.normal(size=500), 0.0, 1.0)
        odds.counts(luck.multinomial(1000, [0.2, 0.3, 0.5]), [2, 3, 5])
        values.append(odds.found().value)

    assert min(values) > FALSE_ALARM
    assert np.mean(np.array(values) < 0.1) < 0.17


# The lists ----------------------------------------------------------------------------------------------------


def test_the_laws_that_were_promised_are_there():
    """Zero effect, doubled people, relabelled places, order of people, monotone help, conservation, paired lives."""
    assert set(FAMILIES) <= {each.family for each in LAWS}
    assert len({each.name for each in every_check()}) == len(every_check())


def test_every_check_has_a_claim_in_one_sentence():
    """A claim is a sentence that can be read aloud, and every check says where it comes from."""
    for each in (*LAWS, *FORMS, *CONTROLS):
        assert each.claim.endswith("."), each.name
        assert len(each.claim) < 170, each.name
        assert each.origin, each.name


def test_every_family_is_told_in_words():
    """The printed table says of each family of laws and closed forms what it is about."""
    assert {each.family for each in (*LAWS, *FORMS)} == set(ABOUT)


def test_families_are_pieces_that_leave_nothing_out():
    """The pieces of a full run hold every check once."""
    kinds = families()
    number = sum(
        1 for kind, family in kinds for each in every_check() if each.kind == kind and family in ("", each.family)
    )

    assert len(every_check()) == number == len({(kind, family) for kind, family in kinds}) - len(kinds) + number


@pytest.mark.parametrize("sort", ["any", "apart", "helped", "supplied", "drawn by lot", "signed up", "returning"])
def test_drawn_worlds_are_what_their_sort_says(sort):
    """Scenarios drawn for a sort are valid, are of the sort, and are the same for the same luck."""
    for k in range(20):
        scenario = drawn(np.random.default_rng([k]), sort)
        programmes = list(scenario.programme.values())

        assert scenario == drawn(np.random.default_rng([k]), sort)
        assert programmes or sort in ("any", "apart", "returning")
        if sort in ("apart", "drawn by lot"):
            assert scenario.peers.strength == 0.0
            assert all(row.openings == 100.0 for row in scenario.factor.values())
            assert all(row.carried_by == "places" and row.most_a_year == 0.0 for row in programmes)
        assert sort != "supplied" or any(row.carried_by == "volunteers" for row in programmes)
        assert sort != "drawn by lot" or scenario.trial.assignment == "randomised"
        assert sort != "signed up" or scenario.trial.signed_up
        assert sort != "returning" or scenario.people.returns_count


# On the model as it is installed ------------------------------------------------------------------------------


def test_controls_are_refused():
    """Each claim that is wrong on purpose is refused; without the turn it fails."""
    verdicts = {each.check.name: each.verdict for each in judged(CONTROLS, Ground(seed=5))}

    assert set(verdicts.values()) == {"holds"}
    assert len(verdicts) >= 5


def test_a_piece_is_the_verdicts_of_one_family():
    """What a store keeps of a family is its rows of the table."""
    table = piece({"seed": 3, "size": SMALL}, {"kind": "law", "family": "censoring"})

    assert table["name"] == [each.name for each in LAWS if each.family == "censoring"]
    assert set(table["verdict"]) == {"holds"}

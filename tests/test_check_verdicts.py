"""What checks are made of: verdicts, violations, deviations, p-values, the lists, random scenarios."""

from __future__ import annotations

import math

import numpy as np
import pytest

from experiments.language.messages import LANGUAGES, catalogue
from experiments.verification.check_context import CheckContext
from experiments.verification.check_model import every_check, facts_of, families, run_family
from experiments.verification.checks import (
    FALSE_ALARM,
    Check,
    Deviations,
    Finding,
    PValues,
    Violations,
    check_of,
    evaluate,
    verdict_table,
)
from experiments.verification.controls import CONTROLS
from experiments.verification.lists import ANALYTICAL_CHECKS, INVARIANTS
from experiments.verification.random_scenarios import STREAMS, draw_scenario

PROMISED = ("zero effect", "doubled people", "relabelled places", "order of people", "monotone help", "conservation",
            "paired lives")  # fmt: skip
SEEDS = {
    "any": 13647905333943079187, "independent": 18175828170529957842, "programme": 14731361854007646917,
    "volunteers": 16431983340111467013, "randomised": 7586534937939849981, "signed_up": 249050361677040582,
    "reentry": 1175376658014247866,
}  # fmt: skip
"""Seeds of the first random scenario of each kind, as they were drawn when the kinds had other names."""


def finding(value, low=0.0, high=1.0, error=0.0, examined=1):
    """A finding with some ends."""
    return Finding(value=value, low=low, high=high, error=error, examined=examined)


# Verdicts -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (finding(0.5), "holds"), (finding(1.0), "holds"), (finding(1.01), "fails"), (finding(-0.1), "fails"),
        (finding(0.5, examined=0), "inconclusive"), (finding(math.nan), "inconclusive"), (finding(math.inf), "fails"),
        (finding(0.95, error=0.03), "inconclusive"), (finding(1.05, error=0.03), "inconclusive"),
        (finding(0.9, error=0.03), "holds"), (finding(1.1, error=0.03), "fails"),
    ],
)  # fmt: skip
def test_a_verdict_holds_fails_or_is_inconclusive(found, expected):
    """Inside the band it holds, outside it fails; of nothing, and within twice the error of an end, it is inconclusive."""
    assert expected == found.verdict


def test_a_check_is_named_and_claimed_by_its_function():
    """The name is the function's, the claim the first paragraph of its docstring, on one line."""

    def nobody_is_lost(claim: Violations):
        """All who come in
        go out.

        More words.
        """
        claim.check([True, True])

    made = check_of("invariant", "conservation", nobody_is_lost)

    assert ("nobody is lost", "invariant", 2) == (made.name, made.kind, made.function(CheckContext()).examined)
    assert made.claim.split() == ["All", "who", "come", "in", "go", "out."]


def test_a_check_is_given_what_it_asks_for():
    """A check that asks for a seed and for no context builds its own scenarios; each run fills a new record."""

    def seeds_are_even(claim: Deviations, seed: int):
        """A claim."""
        claim.check(seed % 2, 0, 0.5)

    def sizes_are_one(claim: PValues, context):
        """A claim."""
        claim.share_of([context.size == 1.0], 1.0)

    own, other = (check_of("invariant", "lives", function) for function in (seeds_are_even, sizes_are_one))

    assert (own.fixed, other.fixed) == (True, False)
    assert [own.function(CheckContext(seed=seed)).verdict for seed in (2, 3, 2)] == ["holds", "fails", "holds"]
    assert other.function(CheckContext()).verdict == "holds"


def test_a_check_in_which_the_model_breaks_down_has_failed():
    """A check that cannot be carried out is a failure, with what went wrong."""

    def breaks(claim: Violations):
        """A claim."""
        raise ValueError("no such month")

    (result,) = evaluate([check_of("invariant", "lives", breaks)], CheckContext())

    assert "fails" == result.verdict
    assert "ValueError: no such month" in result.finding.detail


def test_a_known_failure_is_shown_and_leaves_the_exit_code_alone():
    """A check with a stated reason fails in the table, and is not among the facts' failures."""

    def outside(context):
        """A claim."""
        return finding(2.0)

    one = Check(name="x", kind="pattern", family="y", claim="z", function=outside, known="because")
    table = verdict_table(evaluate([one], CheckContext()))

    assert ["fails", "because"] == table[["verdict", "known"]].iloc[0].tolist()
    assert [] == facts_of(table, None, None)["failed"]
    assert [{"what": "pattern", "name": "x"}] == facts_of(table.assign(known=""), None, None)["failed"]


def test_violations_are_counted_and_the_first_is_kept():
    """Arrays count value by value, tables of another length are one violation, and nothing examined is no verdict."""
    claim = Violations()
    claim.check([True, False, True, False], "two of four")
    claim.equal([1, 2], [1, 2, 3], "lengths")
    claim.close([1.0, 2.0], [1.0 + 1e-12, 2.1], "digits")
    claim.refused(lambda: int("three"), "a word", ValueError)
    claim.refused(lambda: int("3"), "a number", ValueError)

    assert (9, 5.0, "two of four") == (claim.examined, claim.finding().value, claim.finding().detail)
    assert "inconclusive" == Violations().finding().verdict


def test_the_largest_deviation_counts():
    """Of several figures the worst decides, in units of what is allowed; what is no number is too far."""
    claim = Deviations()
    claim.check([1.0, 2.0], [1.0, 2.05], 0.1)
    assert 0.5 == pytest.approx(claim.finding().value)
    claim.check(np.inf, np.inf)
    assert "holds" == claim.finding().verdict
    claim.check(math.nan, 1.0)

    assert "fails" == claim.finding().verdict


# P-values -----------------------------------------------------------------------------------------------------


def test_the_smallest_p_value_counts_as_often_as_there_are():
    """Several p-values of one check are judged by the smallest, times their number; counts of nothing are refused."""
    p_values = PValues()
    for hits in (500, 505, 400):
        p_values.share(hits, 1000, 0.5)
    alone = PValues()
    alone.share(400, 1000, 0.5)

    assert p_values.finding().value == pytest.approx(3 * alone.finding().value)
    assert "fails" == p_values.finding().verdict
    p_values.counts([0, 0], [1, 1])
    assert 0.0 == p_values.finding().value


def test_true_claims_are_hardly_ever_refused():
    """Among 300 checks of true claims none is refused; p-values of true shares are not small too often."""
    rng = np.random.default_rng(1)
    values = []
    for _ in range(300):
        p_values = PValues()
        p_values.share(rng.binomial(2000, 0.3), 2000, 0.3)
        p_values.mean(rng.normal(size=500), 0.0, 1.0)
        p_values.counts(rng.multinomial(1000, [0.2, 0.3, 0.5]), [2, 3, 5])
        values.append(p_values.finding().value)

    assert min(values) > FALSE_ALARM
    assert np.mean(np.array(values) < 0.1) < 0.17


# The lists ----------------------------------------------------------------------------------------------------


def test_the_invariants_that_were_promised_are_there():
    """Zero effect, doubled people, relabelled places, order of people, monotone help, conservation, paired lives."""
    assert set(PROMISED) <= {each.family for each in INVARIANTS}
    assert len({each.name for each in every_check()}) == len(every_check())


def test_every_check_has_a_claim_in_one_sentence():
    """A claim is a sentence that can be read aloud, and every check says where it comes from."""
    for each in (*INVARIANTS, *ANALYTICAL_CHECKS, *CONTROLS):
        assert each.claim.endswith("."), each.name
        assert len(each.claim) < 170, each.name
        assert each.origin, each.name


def test_every_family_is_explained_in_both_languages():
    """The printed table says of each family of invariants and analytical checks what it is about."""
    families_ = {each.family for each in (*INVARIANTS, *ANALYTICAL_CHECKS)}
    for language in LANGUAGES:
        texts = catalogue(language)

        assert {key.removeprefix("check_model.about.") for key in texts if key.startswith("check_model.about.")} == families_
        assert all(f"check_model.family.{family}" in texts for family in families_)


def test_families_are_tasks_that_leave_nothing_out():
    """The tasks of a full run hold every check once."""
    kinds = families()
    number = sum(
        1 for kind, family in kinds for each in every_check() if each.kind == kind and family in ("", each.family)
    )

    assert len(every_check()) == number
    assert len(set(kinds)) == len(kinds)


def test_a_task_is_the_verdicts_of_one_family():
    """What a store keeps of a family is its rows of the table."""
    table = run_family({"seed": 3, "size": 0.25}, {"kind": "invariant", "family": "censoring"})

    assert table["name"] == [each.name for each in INVARIANTS if each.family == "censoring"]
    assert set(table["verdict"]) == {"holds"}


@pytest.mark.parametrize("kind", STREAMS)
def test_random_scenarios_are_of_their_kind(kind):
    """Scenarios drawn for a kind are valid, are of the kind, and are the same for the same seed."""
    for k in range(20):
        scenario = draw_scenario(np.random.default_rng([k]), kind)
        programmes = list(scenario.programme.values())

        assert scenario == draw_scenario(np.random.default_rng([k]), kind)
        assert programmes or kind in ("any", "independent", "reentry")
        if kind in ("independent", "randomised"):
            assert scenario.peers.strength == 0.0
            assert all(row.openings == 100.0 for row in scenario.factor.values())
            assert all(row.delivered_by == "slots" and row.max_per_year == 0.0 for row in programmes)
        assert kind != "volunteers" or any(row.delivered_by == "volunteers" for row in programmes)
        assert kind != "randomised" or scenario.trial.assignment == "randomised"
        assert kind != "signed_up" or scenario.trial.signed_up
        assert kind != "reentry" or scenario.people.include_reentries


def test_random_scenarios_stay_the_same_for_ever():
    """Names of kinds may change, the draws may not."""
    context = CheckContext(seed=1)
    seeds = {kind: context.random_scenario(kind, 0).seed for kind in STREAMS}

    assert seeds == SEEDS

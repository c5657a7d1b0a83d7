"""Controls that must fail: claims wrong by a stated amount, and scenarios in which an invariant does not hold."""

from __future__ import annotations

import numpy as np

from experiments.verification.check_context import OF_THE_PROGRAMME, CheckContext
from experiments.verification.checks import Check, PValues, Violations, controls
from experiments.verification.invariants_order import everyone_with
from experiments.verification.invariants_policy import first_offences
from experiments.verification.random_scenarios import steady
from simulation.engine import run
from simulation.outcomes import shares, times


def a_share_is_two_points_higher_than_it_is(claim: PValues, context: CheckContext) -> None:
    """Among 100,000 people 40 % of whom say yes, 42 % say yes."""
    rng = context.rng(10)
    claim.share((rng.random(100_000) < 0.40).sum(), 100_000, 0.42, "a yes")


def a_hazard_is_a_tenth_higher_than_it_is(claim: PValues, seed: int) -> None:
    """In a run with a hazard of 0.08 a month as many offend within a year as with 0.088."""
    first = run(steady(0.08, people={"count": 10_000}), seed=seed).lives.first_offence
    claim.share((first < 12).sum(), 10_000, 1 - np.exp(-12 * 0.088), "twelve months")


def counts_are_even_that_are_not(claim: PValues, context: CheckContext) -> None:
    """Sixteen cells are equally likely, of which one has a fifth too many."""
    chances = np.ones(16)
    chances[3] = 1.2
    claim.counts(context.rng(11).multinomial(20_000, chances / chances.sum()), np.ones(16), "cells")


def harm_brings_no_first_offence_forward(claim: Violations, context: CheckContext) -> None:
    """Mentors who do harm (a hazard ratio of 3) bring nobody's first offence forward."""
    for case in context.scenarios(randomised=6):
        worse = everyone_with(case, direct_hazard_ratio=3.0, direct_hazard_ratio_others=3.0, contact_chance=1.0)
        claim.check(first_offences(case.nobody) <= first_offences(worse))


def a_programme_with_an_effect_changes_nobody(claim: Violations, context: CheckContext) -> None:
    """Help that quarters the hazard while they meet brings not one other event than no help."""
    for case in context.scenarios(randomised=6):
        strong = everyone_with(case, direct_hazard_ratio=0.25, direct_hazard_ratio_others=0.25, contact_chance=1.0)
        offered = strong.history.events
        mine = offered[~offered["event"].isin(OF_THE_PROGRAMME)].reset_index(drop=True)
        claim.check(mine.equals(case.nobody.history.events.reset_index(drop=True)))


def the_censored_are_successes(claim: Violations, context: CheckContext) -> None:
    """Counting people whose window has not ended as people who did not reoffend changes no share."""
    for case in context.scenarios(any=8):
        months = {"people.calendar_months": 14, "people.follow_up_months": 12, "people.release_months": 6}
        stopped = case.changed(months)
        table = times(stopped.history, "sentence")
        counted = table.assign(known=12)
        one, other = (shares(each, window=12, by=())["share"] for each in (table, counted))
        claim.check(np.allclose(one, other, equal_nan=True))


CONTROLS: tuple[Check, ...] = controls(
    a_share_is_two_points_higher_than_it_is, a_hazard_is_a_tenth_higher_than_it_is, counts_are_even_that_are_not,
    harm_brings_no_first_offence_forward, a_programme_with_an_effect_changes_nobody, the_censored_are_successes,
)  # fmt: skip

"""Controls that must fail: claims wrong by a stated amount, and scenarios in which an invariant does not hold."""

from __future__ import annotations

import numpy as np

from experiments.verification.check_context import OF_THE_PROGRAMME, CheckContext, steady
from experiments.verification.checks import Check, Finding, Violations, controls
from experiments.verification.invariants_order import of_all
from experiments.verification.p_values import PValues
from simulation.engine import run
from simulation.outcomes import shares, times


def a_share_is_two_points_higher_than_it_is(context: CheckContext) -> Finding:
    """Among 100,000 people 40 % of whom say yes, 42 % say yes."""
    rng, p_values = context.rng(10), PValues()
    p_values.share((rng.random(100_000) < 0.40).sum(), 100_000, 0.42, "a yes")
    return p_values.finding()


def a_hazard_is_a_tenth_higher_than_it_is(context: CheckContext) -> Finding:
    """In a run with a hazard of 0.08 a month as many offend within a year as with 0.088."""
    first = run(steady(0.08, people={"count": 10_000}), seed=context.seed).lives.first_offence
    p_values = PValues()
    p_values.share((first < 12).sum(), 10_000, 1 - np.exp(-12 * 0.088), "twelve months")
    return p_values.finding()


def counts_are_even_that_are_not(context: CheckContext) -> Finding:
    """Sixteen cells are equally likely, of which one has a fifth too many."""
    chances = np.ones(16)
    chances[3] = 1.2
    p_values = PValues()
    p_values.counts(context.rng(11).multinomial(20_000, chances / chances.sum()), np.ones(16), "cells")
    return p_values.finding()


def harm_brings_no_first_offence_forward(context: CheckContext) -> Finding:
    """Mentors who do harm (a hazard ratio of 3) bring nobody's first offence forward."""
    claim = Violations()
    for case in context.scenarios(randomised=6):
        harm = of_all(case, direct_hazard_ratio=3.0, direct_hazard_ratio_others=3.0, contact_chance=1.0)
        worse = case.changed({**harm, "trial.assignment": "everyone"})
        one, other = (
            run(each.scenario, seed=each.seed, replicates=2).lives.first_offence for each in (case.nobody, worse)
        )
        claim.check(one <= other)
    return claim.finding()


def a_programme_with_an_effect_changes_nobody(context: CheckContext) -> Finding:
    """Help that quarters the hazard while they meet brings not one other event than no help."""
    claim = Violations()
    for case in context.scenarios(randomised=6):
        strong = of_all(case, direct_hazard_ratio=0.25, direct_hazard_ratio_others=0.25, contact_chance=1.0)
        offered = case.changed({**strong, "trial.assignment": "everyone"}).history.events
        mine = offered[~offered["event"].isin(OF_THE_PROGRAMME)].reset_index(drop=True)
        claim.check(mine.equals(case.nobody.history.events.reset_index(drop=True)))
    return claim.finding()


def the_censored_are_successes(context: CheckContext) -> Finding:
    """Counting people whose window has not ended as people who did not reoffend changes no share."""
    claim = Violations()
    for case in context.scenarios(any=8):
        stopped = case.changed(
            {"people.calendar_months": 14, "people.follow_up_months": 12, "people.release_months": 6}
        )
        table = times(stopped.history, "sentence")
        counted = table.assign(known=12)
        one, other = (shares(each, window=12, by=())["share"] for each in (table, counted))
        claim.check(np.allclose(one, other, equal_nan=True))
    return claim.finding()


CONTROLS: tuple[Check, ...] = controls(
    a_share_is_two_points_higher_than_it_is, a_hazard_is_a_tenth_higher_than_it_is, counts_are_even_that_are_not,
    harm_brings_no_first_offence_forward, a_programme_with_an_effect_changes_nobody, the_censored_are_successes,
)  # fmt: skip

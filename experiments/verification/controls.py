"""Controls that must fail: claims wrong by a stated amount, and worlds in which a law of help does not hold."""

from __future__ import annotations

import numpy as np

from experiments.verification.checks import Breaches, Check, Finding, control
from experiments.verification.invariants_order import of_all
from experiments.verification.p_values import Odds
from experiments.verification.random_scenarios import OF_THE_PROGRAMME, Ground, steady
from simulation.engine import run
from simulation.outcomes import shares, times


def a_share_is_two_points_higher_than_it_is(ground: Ground) -> Finding:
    """Among 100,000 people 40 % of whom say yes, 42 % say yes."""
    luck, odds = ground.luck(10), Odds()
    odds.share((luck.random(100_000) < 0.40).sum(), 100_000, 0.42, "a yes")
    return odds.found()


def a_hazard_is_a_tenth_higher_than_it_is(ground: Ground) -> Finding:
    """In a run with a hazard of 0.08 a month as many offend within a year as with 0.088."""
    first = run(steady(0.08, people={"count": 10_000}), seed=ground.seed).lives.first_offence
    odds = Odds()
    odds.share((first < 12).sum(), 10_000, 1 - np.exp(-12 * 0.088), "twelve months")
    return odds.found()


def counts_are_even_that_are_not(ground: Ground) -> Finding:
    """Sixteen cells are equally likely, of which one has a fifth too many."""
    chances = np.ones(16)
    chances[3] = 1.2
    odds = Odds()
    odds.counts(ground.luck(11).multinomial(20_000, chances / chances.sum()), np.ones(16), "cells")
    return odds.found()


def harm_brings_no_first_offence_forward(ground: Ground) -> Finding:
    """Mentors who do harm (a hazard ratio of 3) bring nobody's first offence forward."""
    seen = Breaches()
    for world in ground.worlds("drawn by lot", 6):
        harm = of_all(world, direct_effect=3.0, direct_effect_others=3.0, contact_chance=1.0)
        worse = world.changed({**harm, "trial.assignment": "everyone"})
        one, other = (
            run(each.scenario, seed=each.seed, replicates=2).lives.first_offence for each in (world.nobody, worse)
        )
        seen.see(one <= other)
    return seen.found()


def a_programme_with_an_effect_changes_nobody(ground: Ground) -> Finding:
    """Help that quarters the hazard while they meet brings not one other event than no help."""
    seen = Breaches()
    for world in ground.worlds("drawn by lot", 6):
        strong = of_all(world, direct_effect=0.25, direct_effect_others=0.25, contact_chance=1.0)
        offered = world.changed({**strong, "trial.assignment": "everyone"}).history.events
        mine = offered[~offered["event"].isin(OF_THE_PROGRAMME)].reset_index(drop=True)
        seen.see(mine.equals(world.nobody.history.events.reset_index(drop=True)))
    return seen.found()


def the_censored_are_successes(ground: Ground) -> Finding:
    """Counting people whose window has not ended as people who did not reoffend changes no share."""
    seen = Breaches()
    for world in ground.worlds("any", 8):
        stopped = world.changed(
            {"people.calendar_months": 14, "people.follow_up_months": 12, "people.release_months": 6}
        )
        table = times(stopped.history, "sentence")
        counted = table.assign(known=12)
        seen.see(np.allclose(*(shares(each, window=12, by=())["share"] for each in (table, counted)), equal_nan=True))
    return seen.found()


CONTROLS: tuple[Check, ...] = control(
    a_share_is_two_points_higher_than_it_is, a_hazard_is_a_tenth_higher_than_it_is, counts_are_even_that_are_not,
    harm_brings_no_first_offence_forward, a_programme_with_an_effect_changes_nobody, the_censored_are_successes,
)  # fmt: skip

"""Who is released: shares, spreads and correlations as stated, and groups of risk of the stated size."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from simulation.cohort import prepared
from simulation.population import REFERENCE_PEOPLE, centre, draw, reference, relative_hazard
from simulation.scenario import Scenario
from tests import statistics
from tests.worlds import NEUTRAL, complete, differing, steady

PEOPLE = 50_000
PROGRAMME = {"help": {"shortest_sentence_months": 0.0, "capacity": 10.0}}


def drawn(scenario, *, seed=1, count=PEOPLE):
    """So many people of a scenario."""
    return draw(scenario, seed, range(1), count=count)


def both_positive(correlation):
    """Chance that two standard normal numbers with this correlation are both positive."""
    return 0.25 + np.arcsin(correlation) / (2 * np.pi)


@pytest.fixture(scope="module")
def everybody():
    return Scenario(), drawn(Scenario())


# Shares -------------------------------------------------------------------------------------------------------


def test_everybody_has_the_stated_shares(everybody):
    """Women, those who never offend again, and those who say yes to volunteers or to the system."""
    scenario, people = everybody
    statistics.share(people.woman.sum(), PEOPLE, scenario.people.women_share)
    statistics.share(people.never.sum(), PEOPLE, scenario.risk.never_share)
    statistics.share((people.accepts & 1).sum(), PEOPLE, scenario.people.accepts_volunteers)
    statistics.share((people.accepts & 2).astype(bool).sum(), PEOPLE, scenario.people.accepts_system)


def test_factors_are_lacked_as_often_as_stated(everybody):
    """Each support factor is lacked at release by its stated share."""
    scenario, people = everybody
    for factor, lacks in zip(scenario.factor.values(), people.lacks, strict=True):
        statistics.share(lacks.sum(), PEOPLE, factor.lacked_at_release)


def test_half_of_the_people_are_older_and_longer_inside_than_the_median(everybody):
    """Ages and sentences have the stated medians."""
    scenario, people = everybody
    statistics.share((people.age > scenario.people.age_median).sum(), PEOPLE, 0.5)
    statistics.share((people.sentence > scenario.people.sentence_median_months).sum(), PEOPLE, 0.5)


def test_people_are_spread_over_the_municipalities_by_population(everybody):
    """A municipality has its part of the people that it has of the inhabitants."""
    scenario, people = everybody
    inhabitants = np.array([place.population for place in scenario.municipalities])
    order = np.argsort(-inhabitants)
    seen = np.bincount(people.place, minlength=len(order))

    statistics.counts(seen[order], inhabitants[order] / inhabitants.sum())


def test_releases_are_spread_evenly_over_the_months():
    """Every month of release has the same part of the people."""
    people = drawn(Scenario().replace(people__release_months=12))

    statistics.counts(np.bincount(people.release, minlength=12), np.full(12, 1 / 12))


def test_lots_are_fair(everybody):
    """Which of two people is mentored is drawn with even chances."""
    _, people = everybody
    statistics.share(people.side[::2].sum(), PEOPLE // 2, 0.5)


# What goes together -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("clustering", [0.2, 0.5])
def test_problems_go_together_as_stated(clustering):
    """Two problems of half of the people each occur together as often as their correlation says."""
    half = {**NEUTRAL, "lacked_at_release": 0.5}
    people = drawn(complete(people={"clustering": clustering}, factor={"one": half, "other": half}))

    statistics.share((people.lacks.sum(axis=0) == 2).sum(), PEOPLE, both_positive(clustering))


def test_problems_and_convictions_go_with_the_lasting_difference():
    """People likelier to offend lack more and were convicted more often, as far as stated."""
    scenario = complete(
        people={"age_median": 34.0, "age_log_sd": 0.0, "priors_median": 4.0, "priors_by_propensity": 0.35,
                "problems_by_propensity": 0.4, "clustering": 0.5},
        factor={"one": {**NEUTRAL, "lacked_at_release": 0.5}},
    )  # fmt: skip
    people = drawn(scenario)
    worse = people.propensity > 0
    statistics.share((worse & (people.priors >= 4)).sum(), PEOPLE, both_positive(0.35))
    statistics.share((worse & (people.lacks[0] == 1)).sum(), PEOPLE, both_positive(0.4))


def test_who_says_yes_is_more_motivated():
    """Motivation and the two answers have the stated correlations; volunteers and the system are not the same."""
    by, trust = 0.5, 0.3
    scenario = differing(people={
        "accepts_volunteers": 0.5, "accepts_system": 0.5, "acceptance_by_motivation": by, "trust_shared": trust,
    })  # fmt: skip
    people = drawn(scenario)
    yes = people.accepts & 1 == 1
    statistics.share((yes & (people.motivation > 0)).sum(), PEOPLE, both_positive(by))
    statistics.share((people.accepts == 3).sum(), PEOPLE, both_positive(by**2 + (1 - by**2) * trust))


def test_people_of_a_trial_are_those_who_would_have_said_yes():
    """Where only people who sign up are in the scenario, they are as motivated as those who say yes among everybody."""
    share, by = 0.4, 0.5
    people = drawn(differing(trial={"signed_up": True}, programme=PROGRAMME))
    least = stats.norm.isf(share)
    mean = by * stats.norm.pdf(least) / share
    variance = 1 + by**2 * (least * stats.norm.pdf(least) / share - (stats.norm.pdf(least) / share) ** 2)

    statistics.mean(people.motivation, mean, np.sqrt(variance))


# Risk ---------------------------------------------------------------------------------------------------------


def test_lasting_differences_leave_the_mean_hazard_alone():
    """Motivation and the lasting difference are centred: the mean relative hazard is 1, however large they are."""
    scenario = steady(0.1, people={"motivation_hazard_ratio": 0.8}, risk={"propensity_sd": 0.6})
    _, relative = relative_hazard(scenario, drawn(scenario, count=200_000))
    spread = np.hypot(np.log(0.8), 0.6)

    statistics.mean(relative, 1.0, np.sqrt(np.exp(spread**2) - 1))


@pytest.mark.parametrize("signed_up", [False, True])
@pytest.mark.parametrize("share", [0.1, 0.45])
def test_the_highest_risk_group_has_the_wanted_share(share, signed_up):
    """Among the people of the scenario the wanted share is in the group (the cut is from 20,000 others)."""
    scenario = differing(
        risk={"highest_share": share}, people={"count": PEOPLE}, trial={"signed_up": signed_up}, programme=PROGRAMME
    )
    highest = prepared(scenario, 3, range(1)).highest

    statistics.mean(highest, share, np.sqrt(share * (1 - share) * (1 + PEOPLE / REFERENCE_PEOPLE)))


def test_thirds_of_risk_are_thirds():
    """The cuts between the three groups of equal size leave a third of the people in each."""
    scenario = Scenario()
    score, _ = relative_hazard(scenario, drawn(scenario, seed=4))
    low, high = reference(scenario).terciles
    sd = np.sqrt(2 / 9 * (1 + PEOPLE / REFERENCE_PEOPLE))
    statistics.mean(score < low, 1 / 3, sd)
    statistics.mean(score >= high, 1 / 3, sd)


@pytest.mark.parametrize("signed_up", [False, True])
def test_a_sixth_factor_leaves_the_mean_log_hazard_at_release_alone(signed_up):
    """Adding substance use with three times the hazard spreads the log hazard, and moves its mean by chance only."""
    tables = {"trial": {"signed_up": signed_up}, "programme": PROGRAMME}
    six = differing(**tables, factor={"substance_use": {"lacked_at_release": 0.6, "lacking_hazard_ratio": 3.0}})
    people = draw(six, 11, range(1), selected=False, count=PEOPLE)
    held = np.log([row.lacking_hazard_ratio for row in six.factor.values()]) @ people.lacks
    sd = held.std()
    low, high = held.mean() - np.log(centre(six)) + np.array([-5, 5]) * sd / np.sqrt(PEOPLE)

    assert low < 0 < high


def test_the_centre_is_closed_form():
    """The centre is the product of the factors' ratios, each to the power of the share who lack it."""
    six = differing(factor={"substance_use": {"lacked_at_release": 0.6, "lacking_hazard_ratio": 3.0}})

    assert centre(six) == pytest.approx(centre(Scenario()) * 3.0**0.6)


def test_a_sixth_factor_changes_nobody():
    """Adding a factor leaves everybody's age, past, place, answers and other factors as they were."""
    five = drawn(Scenario(), count=1000)
    six = drawn(differing(factor={"substance_use": {"lacked_at_release": 0.6}}), count=1000)
    names = [name for name in five._fields if name != "lacks"]

    assert all((getattr(five, name) == getattr(six, name)).all() for name in names)
    assert (five.lacks == six.lacks[:5]).all()

"""From words to figures: how many times likelier help makes a gain, and what a programme is as plain numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from simulation.compiled_parameters import MOST_TIMES, calendar_months, numbers_of, support_multiplier, support_reach
from simulation.population import reference
from simulation.programmes import Programme
from simulation.scenario import Scenario
from tests.worlds import differing

HELPS = {"housing": 1.0, "employment": 0.5, "network": 0.8}


def programme(**fields):
    """A programme that helps with three of the five factors."""
    return Programme(helps=HELPS, **fields)


def mean_log_hazard(scenario, helped, group, times):
    """Mean log hazard from lacked factors over a year of help: one expected share after another, naively."""
    factors = scenario.factor
    share = {name: 1 - lacked for name, lacked in zip(factors, reference(scenario).lacked[group], strict=True)}
    total = 0.0
    for _ in range(12):
        before = dict(share)
        for name, factor in factors.items():
            gain = factor.gain
            for other, more in factor.helped_by.items():
                gain *= (1 - before[other]) + before[other] * more
            more = times ** helped.helps.get(name, 0.0)
            gained = (1 - before[name]) * min(1.0, gain * more)
            share[name] = before[name] + gained - before[name] * factor.loss / more
            total += (1 - share[name]) * math.log(factor.lacking_hazard_ratio)
    return total / 12


@pytest.mark.parametrize("aim", [0.98, 0.9, 0.85])
@pytest.mark.parametrize("group", [0, 1])
def test_help_with_support_reaches_its_aim(aim, group):
    """With the multiplier that is found, the mean hazard of a year of help is the aim times that without help."""
    helped = programme(support_effect=aim, support_effect_others=aim)
    times = support_multiplier(Scenario(), helped, group)
    reached = mean_log_hazard(Scenario(), helped, group, times) - mean_log_hazard(Scenario(), helped, group, 1.0)

    assert 1.0 < times < MOST_TIMES
    assert math.exp(reached) == pytest.approx(aim, abs=1e-4)


def test_an_aim_out_of_reach_is_taken_as_far_as_help_can_go():
    """Where not even a thousand times likelier gains are enough, a thousand is taken, and the reach is told."""
    helped = programme(support_effect=0.1)
    most = mean_log_hazard(Scenario(), helped, 1, MOST_TIMES) - mean_log_hazard(Scenario(), helped, 1, 1.0)

    assert support_multiplier(Scenario(), helped, 1) == pytest.approx(MOST_TIMES)
    assert support_reach(Scenario(), helped) == pytest.approx(math.exp(most), abs=1e-6)


def test_weights_are_powers_of_the_common_multiplier():
    """A factor of weight one half becomes likelier by the root of the multiplier; one that is not helped does not."""
    helped = programme(support_effect=0.9)
    scenario = differing(programme={"help": helped.model_dump()})
    times = support_multiplier(scenario, helped, 1)
    boost = dict(zip(scenario.factor, numbers_of(scenario, 1).boost[0, :, 1], strict=True))

    assert boost["housing"] == pytest.approx(times)
    assert boost["employment"] == pytest.approx(times**0.5)
    assert boost["economy"] == 1.0


def test_help_without_an_aim_changes_no_chance():
    """A support effect of 1 makes gains exactly as likely as without help, in both groups."""
    scenario = differing(programme={"help": programme().model_dump()})

    assert (numbers_of(scenario, 1).boost == 1.0).all()


def test_the_part_that_stays_halves_in_the_half_life():
    """Fading month by month over a half-life leaves one half."""
    scenario = differing(programme={"help": {"half_life_months": 18.0}})

    assert numbers_of(scenario, 1).fade[0] ** 18 == pytest.approx(0.5)


def test_new_sentences_are_the_quantiles_of_their_distribution():
    """Half of the new sentences are below the stated median, and a third of the logs beyond one spread... as normal."""
    offending = Scenario().offending
    logs = np.log(numbers_of(Scenario(), 1).sentences / offending.sentence_median_months) / offending.sentence_log_sd

    assert np.median(logs) == pytest.approx(0.0, abs=1e-3)
    assert (np.abs(logs) < 1.0).mean() == pytest.approx(0.6827, abs=2e-3)


@pytest.mark.parametrize(("starts", "expected"), [((), 24), ((-2,), 26), ((-2, -5), 29)])
def test_the_calendar_begins_with_the_first_programme(starts, expected):
    """The world starts when the first person is due in a programme, and ends with the last follow-up."""
    programmes = {f"help{k}": {"starts_month": each} for k, each in enumerate(starts)}

    assert expected == calendar_months(differing(programme=programmes))

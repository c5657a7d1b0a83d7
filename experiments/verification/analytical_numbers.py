"""Where mathematics has the answer: a scenario as plain numbers, and how a whole is spread over municipalities."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import numpy as np
from scipy import stats

from experiments.verification.check_context import CheckContext, SimulatedCase
from experiments.verification.checks import Deviations, Violations, analytical_checks
from experiments.verification.random_scenarios import complete
from simulation import (
    annual_counts,
    economics,
    monthly_counts,
    outcomes,
    population,
    reentry_stream,
    rules,
    vector_rules,
)
from simulation import compiled_parameters as compiled
from simulation.compiled_parameters import calendar_months, months_before, numbers_of, support_multiplier, told_for
from simulation.municipal_shares import allowances, limits, opening, parts, released_parts, seats, there
from simulation.municipalities import municipalities
from simulation.population import reference
from simulation.programmes import UNLIMITED, Programme
from simulation.rules import NEVER
from simulation.scenario import Scenario

RULES = ("first come", "highest risk", "lowest risk", "lottery")
OF_FACTORS = {"gain": "gain", "loss": "loss", "ratio": "missing_hazard_ratio", "ruin": "lost_in_custody"}
OF_PROGRAMMES = {"starts": "starts_month", "deadline": "deadline_month", "ends": "ends_month",
                 "re_eligible": "re_eligible", "contact": "contact_chance", "leaves": "dropout_chance",
                 "persistence": "persistence"}  # fmt: skip
"""Names of plain numbers, and the keys of the parameters that they are."""


def cases_of(context: CheckContext) -> list[SimulatedCase]:
    """The random scenarios whose numbers are examined."""
    return context.scenarios(any=10, programme=10, volunteers=10)


# Numbers ----------------------------------------------------------------------------------------------------------


def numbers_are_the_scenarios_own(claim: Deviations, context: CheckContext) -> None:
    """Every plain number that the loops read is the one that the scenario states, in the place of its name."""
    for case in cases_of(context):
        s = case.scenario
        n, before = numbers_of(s, case.seed), months_before(s)
        factors, programmes = list(s.factor.values()), list(s.programme.values())
        plain = {
            **{name: [getattr(row, key) for row in factors] for name, key in OF_FACTORS.items()},
            **{name: [getattr(row, key) for row in programmes] for name, key in OF_PROGRAMMES.items()},
            "follow_up": s.people.follow_up_months, "told_for": told_for(s), "calendar": calendar_months(s),
            "most_offences": 20, "decided_within": 12,
            "offered": ("nobody", "everyone", "randomised").index(s.trial.assignment),
            "supply": next((k for k, row in enumerate(programmes) if row.delivered_by == "volunteers"), -1),
            "accepted": [1 if row.accepted_from == "volunteers" else 2 for row in programmes],
            "allocation": [RULES.index(row.allocation) for row in programmes],
            "closes": [row.closes_month + before if row.closes_month else NEVER for row in programmes],
        }  # fmt: skip
        for name, right in plain.items():
            claim.check(getattr(n, name), right, 1e-12, name)
        for section in ("risk", "offending", "custody", "peers", "volunteers"):
            for name, number in getattr(n, section)._asdict().items():
                claim.check(number, s.value(f"{section}.{name}"), 1e-12, name)
        claim.check([n.key0, n.key1], [case.seed & 0xFFFFFFFF, case.seed >> 32], 0.5, "key")
        claim.check(n.shortest, [row.shortest_sentence_months for row in programmes], 1e-6, "shortest")
        effects = [[row.direct_hazard_ratio_others, row.direct_hazard_ratio] for row in programmes]
        claim.check(n.effect, np.array(effects).reshape(-1, 2), 1e-12, "effects")
        for g, factor in enumerate(factors):
            claim.check(n.helped[g], [factor.helped_by.get(name, 1.0) for name in s.factor], 1e-12, "helped by")
        for k, row in enumerate(programmes):
            claim.check(n.fade[k] ** row.half_life_months, 0.5, 1e-9, "half-life")
            above = np.mean(np.array(case.cohort.lives.score) >= n.least[k])
            claim.check(n.least[k] == -np.inf if row.offered_share == 1 else above <= 1, 1, detail="offered share")


def months_begin_with_the_first_programme(claim: Deviations, context: CheckContext) -> None:
    """A run starts when the first person is due; people are simulated to the end of help, the calendar to the last of
    them.
    """
    for case in cases_of(context):
        s = case.scenario
        rows = list(s.programme.values())
        before = max([0, *(-row.starts_month for row in rows)])
        claim.check(months_before(s), before)
        claim.check(told_for(s), max([s.people.follow_up_months, *(row.ends_month + 1 for row in rows)]))
        last = s.people.release_months - 1 + s.people.follow_up_months
        stop = s.people.calendar_months or last
        claim.check(calendar_months(s), before + min(last, stop))


def new_sentences_are_the_quantiles_of_their_distribution(claim: Deviations, context: CheckContext) -> None:
    """1,024 new sentences lie at the quantiles of a log-normal distribution, cut at 192 months."""
    for case in context.scenarios(any=6):
        o = case.scenario.offending
        z = stats.norm.ppf((np.arange(1024) + 0.5) / 1024)
        right = np.minimum(192.0, o.sentence_median_months * np.exp(o.sentence_log_sd * z))
        claim.check(numbers_of(case.scenario, 1).sentences, right, 1e-6)


def _log_hazard(scenario: Scenario, helped: Programme, group: int, times: float) -> float:
    """Mean log hazard from lacked factors over a year of help: one expected share after another, naively."""
    share = {name: 1 - lacked for name, lacked in zip(scenario.factor, reference(scenario).lacked[group], strict=True)}
    total = 0.0
    for _ in range(12):
        before = dict(share)
        for name, factor in scenario.factor.items():
            gain = factor.gain
            for other, more in factor.helped_by.items():
                gain *= (1 - before[other]) + before[other] * more
            more = times ** helped.gain_weights.get(name, 0.0)
            gained = (1 - before[name]) * min(1.0, gain * more)
            share[name] = before[name] + gained - before[name] * factor.loss / more
            total += (1 - share[name]) * math.log(factor.missing_hazard_ratio)
    return total / 12


def help_with_support_reaches_its_aim(claim: Deviations) -> None:
    """With the multiplier that is found, the mean hazard of a year of help is the aim times that without,
    or the reach.
    """
    helps = {"housing": 1.0, "employment": 0.5, "network": 0.8}
    for signed_up in (False, True):
        for aim in (0.98, 0.9, 0.85):
            helped = Programme(gain_weights=helps, support_hazard_ratio=aim, support_hazard_ratio_others=aim)
            scenario = complete(trial={"signed_up": signed_up}, programme={"help": helped.model_dump()})
            for group in (0, 1):
                times = support_multiplier(scenario, helped, group)
                found = _log_hazard(scenario, helped, group, times) - _log_hazard(scenario, helped, group, 1.0)
                claim.check(math.exp(found), aim, 2e-4, f"aim {aim}, group {group}")
                boost = dict(zip(scenario.factor, numbers_of(scenario, 1).boost[0, :, group], strict=True))
                for name in scenario.factor:
                    claim.check(boost[name], times ** helps.get(name, 0.0), 1e-9 * times, f"{name}, aim {aim}")
    far = Programme(gain_weights=helps, support_hazard_ratio=0.1, support_hazard_ratio_others=0.9)
    most = _log_hazard(Scenario(), far, 1, compiled.MOST_TIMES) - _log_hazard(Scenario(), far, 1, 1.0)
    claim.check(support_multiplier(Scenario(), far, 1), compiled.MOST_TIMES, 1e-6, "out of reach")
    claim.check(compiled.support_reach(Scenario(), far), math.exp(most), 1e-6, "reach")
    given = complete(programme={"help": {"gain_weights": {"housing": 1.0}, "gain_multiplier": 7.0,
                                         "gain_multiplier_others": 3.0}})
    claim.check(numbers_of(given, 1).boost[0, list(given.factor).index("housing")], [3.0, 7.0], 1e-9, "stated times")


def openings_are_per_hundred_people(claim: Deviations, context: CheckContext) -> None:
    """Openings per person and month are the stated ones per hundred, times the place's; unlimited ones are
    never short.
    """
    for case in cases_of(context):
        s, found, room = case.scenario, compiled.openings(case.scenario), compiled.first_room(case.scenario)
        for f, row in enumerate(s.factor.values()):
            for p, place in enumerate(s.selected_municipalities):
                times = _named(row.openings_by, place, 1.0)
                right = -1.0 if row.openings >= UNLIMITED else row.openings / 100 * times
                claim.check(found[f, p], right, 1e-12, place.name)
                wanted = row.missing_at_release * row.gain
                short = 0.0 <= right < wanted
                claim.check(room[f, p], right / wanted if short else 1.0, 1e-9, f"first room in {place.name}")


def _named(values: Any, place: Any, otherwise: Any) -> Any:
    """What a table by place says of a municipality: later names win over earlier ones."""
    found = otherwise
    for name, value in values.items():
        if name in ("all", place.name, place.region) or (name == "programme area" and place.programme_area):
            found = value
    return found


# Spread -----------------------------------------------------------------------------------------------------------


def a_whole_is_spread_without_loss(claim: Deviations, context: CheckContext) -> None:
    """Parts add up to one, in proportion to what is named or to inhabitants; places of a programme add up to its
    capacity.
    """
    for case in cases_of(context):
        s, supply, n = case.scenario, case.scenario.volunteers, numbers_of(case.scenario, 1)
        everybody = np.array([place.population for place in s.selected_municipalities], float)
        spread = {}
        for key, by in (("municipalities.releases", s.municipalities.releases), ("at_start_by", supply.at_start_by),
                        ("recruits_by", supply.recruits_by)):  # fmt: skip
            hand = np.array([_named(by, place, 0.0) for place in s.selected_municipalities]) if by else everybody
            spread[key] = parts(s, by, key)
            claim.check(spread[key], hand / hand.sum() if hand.sum() else hand, 1e-12, key)
        claim.check(released_parts(s), spread["municipalities.releases"], 1e-15)
        claim.check(n.at_start, supply.at_start * spread["at_start_by"], 1e-9, "volunteers at the start")
        rate = np.minimum(compiled.MOST_RECRUITS, supply.recruits_per_month * spread["recruits_by"])
        claim.check(n.rate, rate, 1e-9, "recruits")
        for row, found in zip(s.programme.values(), limits(s), strict=True):
            named = dict.fromkeys(row.municipalities or ["all"], True)
            here = np.array([_named(named, place, False) for place in s.selected_municipalities])
            claim.check(there(s, row), here, detail="where a programme is")
            claim.check(found.sum(), int(row.capacity + 1e-9), 0.5, "capacity")
            share = row.capacity * everybody * here / (everybody * here).sum()
            claim.check(np.abs(found - share).max() < 1 + 1e-6, 1, detail="places of a municipality")
            claim.check(found[~here], 0, detail="places where it is not")


def volunteer_slots_are_as_many_as_the_ceiling(claim: Deviations, context: CheckContext) -> None:
    """Most volunteers at a time: the ceiling, else twice the start and a year's recruits; no more than coordinators can
    see.
    """
    for case in context.scenarios(volunteers=12, any=6):
        s, supply = case.scenario, case.scenario.volunteers
        total = supply.ceiling if supply.ceiling > 0 else max(2 * supply.at_start, 12 * supply.recruits_per_month)
        if supply.coordinators > 0:
            total = min(total, supply.coordinators * supply.volunteers_each)
        share = total * parts(s, supply.ceiling_by, "ceiling_by")
        found = seats(s)
        claim.check(found.sum(), np.ceil(share.sum() - 1e-9), 0.5, "all volunteer slots")
        claim.check(np.abs(found - share).max() < 1 + 1e-6, 1, detail="volunteer slots of a municipality")
        claim.check(found.min() >= 0, 1)


def programmes_open_when_and_where_they_say(claim: Deviations, context: CheckContext) -> None:
    """A programme opens in the month named for a place, counted from the first release; without a name at the
    beginning.
    """
    for case in cases_of(context):
        s, before = case.scenario, months_before(case.scenario)
        for k, row in enumerate(s.programme.values()):
            is_there = there(s, row)
            for p, place in enumerate(s.selected_municipalities):
                month = _named(row.opens, place, 0)
                right = NEVER if not is_there[p] else month + before if month else 0
                claim.check(opening(s, row, before)[p], right, detail=place.name)
                claim.check(numbers_of(s, 1).opens[k, p], right, detail=place.name)


def a_year_takes_in_its_stated_number(claim: Deviations, context: CheckContext) -> None:
    """A programme with a limit a year lets in a twelfth of it a month, over the open places by their
    released people.
    """
    for case in context.scenarios(programme=12, volunteers=8):
        s, before = case.scenario, months_before(case.scenario)
        opens = np.array([opening(s, row, before) for row in s.programme.values()])
        found, share = allowances(s, opens, 20), released_parts(s)
        for k, row in enumerate(s.programme.values()):
            for month in range(20):
                if not row.max_per_year:
                    claim.check(found[k, month], np.inf)
                    continue
                open_ = share[opens[k] <= month].sum()
                right = row.max_per_year / 12 if open_ > 0 else 0.0
                claim.check(found[k, month] * open_, right, 1e-9, f"month {month}")


def municipalities_are_those_of_the_country(claim: Violations) -> None:
    """98 municipalities in five regions, 5,822,679 inhabitants on 1 January 2020, each with a number and name of its
    own.
    """
    places = municipalities()
    numbers, names = {place.number for place in places}, {place.name for place in places}
    claim.check(len(numbers) == len(names) == len(places) == 98, "98")
    claim.check(sum(place.population for place in places) == 5_822_763 - 84, "inhabitants [S21]")
    claim.check(sorted(numbers) == [place.number for place in places], "order")
    regions = Counter(place.region for place in places)
    claim.check(sorted(regions.values()) == [11, 17, 19, 22, 29], f"regions {regions}")


def documented_numbers_are_the_models(claim: Deviations) -> None:
    """Ends, windows and sizes that are written down: 20 offences, 12 and 24 months, 700 volunteers, 20,000 people."""
    stated = {
        "offences in a month": (compiled.MOST_OFFENCES, 20), "convictions that count": (population.MOST_PRIORS, 20),
        "months after the window": (compiled.DECIDED_WITHIN, 12), "a further year": (outcomes.FURTHER_YEAR, 12),
        "volunteers in a place and month": (compiled.MOST_RECRUITS, 700), "times a gain": (compiled.MOST_TIMES, 1000),
        "months of help": (compiled.HELP_MONTHS, 12), "reference population": (population.REFERENCE_PEOPLE, 20_000),
        "pilot": (reentry_stream.PILOT_PEOPLE, 20_000), "groups of risk": (reentry_stream.BINS, 12),
        "a ledger's window": (monthly_counts.WINDOW, 24), "an account's window": (annual_counts.WINDOW, 24),
        "never": (rules.NEVER, outcomes.NOT_IN_SIGHT), "days in a month": (economics.DAYS, 365 / 12),
        "last discounted year": (economics.LAST_YEAR, 35),
        "factor's first random number": (vector_rules.FIRST_FACTOR, 3),
    }  # fmt: skip
    for name, (number, right) in stated.items():
        claim.check(number, right, 1e-9, name)


NUMBERS = analytical_checks(
    "numbers", documented_numbers_are_the_models, months_begin_with_the_first_programme,
    openings_are_per_hundred_people, a_whole_is_spread_without_loss, volunteer_slots_are_as_many_as_the_ceiling,
    programmes_open_when_and_where_they_say, a_year_takes_in_its_stated_number, municipalities_are_those_of_the_country,
    numbers_are_the_scenarios_own, new_sentences_are_the_quantiles_of_their_distribution,
    help_with_support_reaches_its_aim,
)  # fmt: skip

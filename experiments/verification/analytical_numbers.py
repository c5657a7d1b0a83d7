"""Where mathematics has the answer: a scenario's words as plain numbers, and how a whole is spread
over municipalities.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from experiments.verification.analytical_rules import Near
from experiments.verification.checks import Breaches, Finding
from experiments.verification.random_scenarios import Ground, World, complete
from simulation import (
    accounts,
    compiled_parameters,
    economics,
    ledger,
    outcomes,
    population,
    reentry_stream,
    rules,
    vector_rules,
)
from simulation.compiled_parameters import (
    MOST_RECRUITS,
    MOST_TIMES,
    calendar_months,
    first_room,
    months_before,
    numbers_of,
    openings,
    support_multiplier,
    support_reach,
    told_for,
)
from simulation.municipal_shares import allowances, limits, opening, parts, released_parts, seats, there
from simulation.places import municipalities
from simulation.population import reference
from simulation.programmes import UNLIMITED, Programme
from simulation.rules import NEVER
from simulation.scenario import Scenario

RULES = ("first come", "highest risk", "lowest risk", "lottery")


def worlds_of(ground: Ground) -> list[World]:
    """The worlds whose numbers are looked at."""
    return [*ground.worlds("any", 10), *ground.worlds("helped", 10), *ground.worlds("supplied", 10)]


# Numbers ----------------------------------------------------------------------------------------------------------


def numbers_are_the_scenarios_own(ground: Ground) -> Finding:
    """Every plain number that the loops read is the one that the scenario states, in the place of its name."""
    seen = Near()
    for world in worlds_of(ground):
        s = world.scenario
        n, before = numbers_of(s, world.seed), months_before(s)
        factors, programmes, supply = list(s.factor.values()), list(s.programme.values()), s.volunteers
        plain = {
            "key0": world.seed & 0xFFFFFFFF, "key1": world.seed >> 32, "follow_up": s.people.follow_up_months,
            "later": s.risk.later_hazard, "settling": s.risk.settling_months, "another": s.offending.another_offence,
            "most_offences": 20, "decided_within": 12, "prison": s.offending.prison_chance,
            "prison_per_conviction": s.offending.prison_per_conviction, "suspended": s.offending.suspended_chance,
            "parole": s.custody.parole_chance, "parole_from": s.custody.parole_from_months,
            "parole_part": s.custody.parole_served, "peers_strength": s.peers.strength,
            "peers_usual": s.peers.usual_share, "peers_pseudo": s.peers.pseudo_people, "per_person": supply.per_person,
            "training": supply.training_months, "quits": supply.quit_chance, "tiring": supply.tiring,
            "quits_after": supply.quit_after_end, "campaign": supply.campaign_months,
            "offered": ("nobody", "everyone", "randomised").index(s.trial.assignment),
            "supply": next((k for k, row in enumerate(programmes) if row.carried_by == "volunteers"), -1),
            "gain": [row.gain for row in factors], "loss": [row.loss for row in factors],
            "ratio": [row.lacking_hazard_ratio for row in factors],
            "ruin": [row.destroyed_by_custody for row in factors],
            "accepted": [1 if row.accepted_from == "volunteers" else 2 for row in programmes],
            "starts": [row.starts_month for row in programmes], "deadline": [row.deadline_month for row in programmes],
            "ends": [row.ends_month for row in programmes], "again": [row.again for row in programmes],
            "allocation": [RULES.index(row.allocation) for row in programmes],
            "contact": [row.contact_chance for row in programmes], "leaves": [row.unplanned_exit for row in programmes],
            "stays": [row.stays for row in programmes],
            "closes": [row.closes_month + before if row.closes_month else NEVER for row in programmes],
            "told_for": told_for(s), "calendar": calendar_months(s),
        }  # fmt: skip
        for name, right in plain.items():
            seen.see(getattr(n, name), right, 1e-12 if name not in ("key0", "key1") else 0.5, name)
        seen.see(n.shortest, [row.shortest_sentence_months for row in programmes], 1e-6, "shortest")
        effects = [[row.direct_effect_others, row.direct_effect] for row in programmes]
        seen.see(n.effect, np.array(effects).reshape(-1, 2), 1e-12, "effects")
        for g, row in enumerate(factors):
            seen.see(n.helped[g], [row.helped_by.get(name, 1.0) for name in s.factor], 1e-12, "helped by")
        for k, row in enumerate(programmes):
            seen.see(n.fade[k] ** row.half_life_months, 0.5, 1e-9, "half-life")
            above = np.mean(np.array(world.cohort.lives.score) >= n.least[k])
            seen.see(n.least[k] == -np.inf if row.offered_share == 1 else above <= 1, 1, words="offered share")
    return seen.found()


def months_begin_with_the_first_programme(ground: Ground) -> Finding:
    """The world starts when the first person is due, people are told to the end of help, the calendar to the last of
    them.
    """
    seen = Near()
    for world in worlds_of(ground):
        s = world.scenario
        rows = list(s.programme.values())
        before = max([0, *(-row.starts_month for row in rows)])
        seen.see(months_before(s), before)
        seen.see(told_for(s), max([s.people.follow_up_months, *(row.ends_month + 1 for row in rows)]))
        last = s.people.release_months - 1 + s.people.follow_up_months
        stop = s.people.calendar_months or last
        seen.see(calendar_months(s), before + min(last, stop))
    return seen.found()


def new_sentences_are_the_quantiles_of_their_distribution(ground: Ground) -> Finding:
    """1,024 new sentences lie at the quantiles of a log-normal law, cut at 192 months."""
    from scipy import stats

    seen = Near()
    for world in ground.worlds("any", 6):
        o = world.scenario.offending
        z = stats.norm.ppf((np.arange(1024) + 0.5) / 1024)
        right = np.minimum(192.0, o.sentence_median_months * np.exp(o.sentence_log_sd * z))
        seen.see(numbers_of(world.scenario, 1).sentences, right, 1e-6)
    return seen.found()


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
            more = times ** helped.helps.get(name, 0.0)
            gained = (1 - before[name]) * min(1.0, gain * more)
            share[name] = before[name] + gained - before[name] * factor.loss / more
            total += (1 - share[name]) * math.log(factor.lacking_hazard_ratio)
    return total / 12


def help_with_support_reaches_its_aim(ground: Ground) -> Finding:
    """With the multiplier that is found, the mean hazard of a year of help is the aim times that without,
    or the reach.
    """
    del ground
    seen, helps = Near(), {"housing": 1.0, "employment": 0.5, "network": 0.8}
    for signed_up in (False, True):
        for aim in (0.98, 0.9, 0.85):
            helped = Programme(helps=helps, support_effect=aim, support_effect_others=aim)
            scenario = complete(trial={"signed_up": signed_up}, programme={"help": helped.model_dump()})
            for group in (0, 1):
                times = support_multiplier(scenario, helped, group)
                found = _log_hazard(scenario, helped, group, times) - _log_hazard(scenario, helped, group, 1.0)
                seen.see(math.exp(found), aim, 2e-4, f"aim {aim}, group {group}")
                boost = dict(zip(scenario.factor, numbers_of(scenario, 1).boost[0, :, group], strict=True))
                for name in scenario.factor:
                    seen.see(boost[name], times ** helps.get(name, 0.0), 1e-9 * times, f"{name}, aim {aim}")
    far = Programme(helps=helps, support_effect=0.1, support_effect_others=0.9)
    most = _log_hazard(Scenario(), far, 1, MOST_TIMES) - _log_hazard(Scenario(), far, 1, 1.0)
    seen.see(support_multiplier(Scenario(), far, 1), MOST_TIMES, 1e-6, "out of reach")
    seen.see(support_reach(Scenario(), far), math.exp(most), 1e-6, "reach")
    given = complete(programme={"help": {"helps": {"housing": 1.0}, "gain_times": 7.0, "gain_times_others": 3.0}})
    seen.see(numbers_of(given, 1).boost[0, list(given.factor).index("housing")], [3.0, 7.0], 1e-9, "stated times")
    return seen.found()


def openings_are_per_hundred_people(ground: Ground) -> Finding:
    """Openings per person and month are the stated ones per hundred, times the place's; unlimited ones are
    never short.
    """
    seen = Near()
    for world in worlds_of(ground):
        s, found, room = world.scenario, openings(world.scenario), first_room(world.scenario)
        for f, row in enumerate(s.factor.values()):
            for p, place in enumerate(s.municipalities):
                times = _named(row.openings_by, place, 1.0)
                right = -1.0 if row.openings >= UNLIMITED else row.openings / 100 * times
                seen.see(found[f, p], right, 1e-12, place.name)
                wanted = row.lacked_at_release * row.gain
                short = 0.0 <= right < wanted
                seen.see(room[f, p], right / wanted if short else 1.0, 1e-9, f"first room in {place.name}")
    return seen.found()


def _named(values: Any, place: Any, otherwise: Any) -> Any:
    """What a table by place says of a municipality: later names win over earlier ones."""
    found = otherwise
    for name, value in values.items():
        if name in ("all", place.name, place.region) or (name == "programme area" and place.programme_area):
            found = value
    return found


# Spread -----------------------------------------------------------------------------------------------------------


def a_whole_is_spread_without_loss(ground: Ground) -> Finding:
    """Parts add up to one, in proportion to what is named or to inhabitants; places of a programme add up to its
    capacity.
    """
    seen = Near()
    for world in worlds_of(ground):
        s, supply = world.scenario, world.scenario.volunteers
        everybody = np.array([place.population for place in s.municipalities], float)
        for by, key in (
            (s.places.released, "places.released"),
            (supply.at_start_by, "at_start_by"),
            (supply.recruits_by, "recruits_by"),
        ):
            hand = np.array([_named(by, place, 0.0) for place in s.municipalities]) if by else everybody
            right = hand / hand.sum() if hand.sum() else hand
            seen.see(parts(s, by, key), right, 1e-12, key)
        seen.see(released_parts(s), parts(s, s.places.released, "places.released"), 1e-15)
        n = numbers_of(s, 1)
        seen.see(
            n.at_start, supply.at_start * parts(s, supply.at_start_by, "at_start_by"), 1e-9, "volunteers at the start"
        )
        rate = np.minimum(MOST_RECRUITS, supply.recruits_per_month * parts(s, supply.recruits_by, "recruits_by"))
        seen.see(n.rate, rate, 1e-9, "recruits")
        found = limits(s)
        for k, row in enumerate(s.programme.values()):
            here = np.array(
                [not row.places or _named(dict.fromkeys(row.places, True), place, False) for place in s.municipalities]
            )
            seen.see(there(s, row), here, words="where a programme is")
            seen.see(found[k].sum(), int(row.capacity + 1e-9), 0.5, "capacity")
            share = row.capacity * everybody * here / (everybody * here).sum()
            seen.see(np.abs(found[k] - share).max() < 1 + 1e-6, 1, words="places of a municipality")
            seen.see(found[k][~here], 0, words="places where it is not")
    return seen.found()


def seats_are_as_many_as_the_ceiling(ground: Ground) -> Finding:
    """Most volunteers at a time: the ceiling, else twice the start and a year's recruits; no more than coordinators can
    see.
    """
    seen = Near()
    for world in [*ground.worlds("supplied"), *ground.worlds("any", 6)]:
        s, supply = world.scenario, world.scenario.volunteers
        total = supply.ceiling if supply.ceiling > 0 else max(2 * supply.at_start, 12 * supply.recruits_per_month)
        if supply.coordinators > 0:
            total = min(total, supply.coordinators * supply.volunteers_each)
        share = total * parts(s, supply.ceiling_by, "ceiling_by")
        found = seats(s)
        seen.see(found.sum(), np.ceil(share.sum() - 1e-9), 0.5, "all seats")
        seen.see(np.abs(found - share).max() < 1 + 1e-6, 1, words="seats of a municipality")
        seen.see(found.min() >= 0, 1)
    return seen.found()


def programmes_open_when_and_where_they_say(ground: Ground) -> Finding:
    """A programme opens in the month named for a place, counted from the first release; without a name at the
    beginning.
    """
    seen = Near()
    for world in worlds_of(ground):
        s, before = world.scenario, months_before(world.scenario)
        for k, row in enumerate(s.programme.values()):
            is_there = there(s, row)
            for p, place in enumerate(s.municipalities):
                month = _named(row.opens, place, 0)
                right = NEVER if not is_there[p] else month + before if month else 0
                seen.see(opening(s, row, before)[p], right, words=place.name)
                seen.see(numbers_of(s, 1).opens[k, p], right, words=place.name)
    return seen.found()


def a_year_takes_in_its_stated_number(ground: Ground) -> Finding:
    """A programme with a limit a year lets in a twelfth of it a month, over the open places by their
    released people.
    """
    seen = Near()
    for world in [*ground.worlds("helped"), *ground.worlds("supplied", 8)]:
        s, before = world.scenario, months_before(world.scenario)
        opens = np.array([opening(s, row, before) for row in s.programme.values()])
        found, share = allowances(s, opens, 20), released_parts(s)
        for k, row in enumerate(s.programme.values()):
            for month in range(20):
                open_ = share[opens[k] <= month].sum()
                if not row.most_a_year:
                    seen.see(found[k, month], np.inf)
                else:
                    seen.see(
                        found[k, month] * open_, row.most_a_year / 12 if open_ > 0 else 0.0, 1e-9, f"month {month}"
                    )
    return seen.found()


def municipalities_are_those_of_the_country(ground: Ground) -> Finding:
    """98 municipalities in five regions, 5,822,679 inhabitants on 1 January 2020, each with a number and name of its
    own.
    """
    del ground
    seen, places = Breaches(), municipalities()
    seen.see(
        len({place.number for place in places}) == len({place.name for place in places}) == len(places) == 98, "98"
    )
    seen.see(sum(place.population for place in places) == 5_822_763 - 84, "inhabitants [S21]")
    seen.see(sorted(place.number for place in places) == [place.number for place in places], "order")
    regions = {region: sum(place.region == region for place in places) for region in {place.region for place in places}}
    seen.see(sorted(regions.values()) == [11, 17, 19, 22, 29], f"regions {regions}")
    return seen.found()


def numbers_that_are_written_down_are_the_models(ground: Ground) -> Finding:
    """Ends, windows and sizes that are written down: 20 offences, 12 and 24 months, 700 volunteers, 20,000 people."""
    del ground
    seen = Near()
    stated = {
        "offences in a month": (compiled_parameters.MOST_OFFENCES, 20),
        "convictions that count": (population.MOST_PRIORS, 20),
        "months after the window": (compiled_parameters.DECIDED_WITHIN, 12),
        "a further year": (outcomes.FURTHER_YEAR, 12),
        "volunteers in a place and month": (compiled_parameters.MOST_RECRUITS, 700),
        "times a gain": (compiled_parameters.MOST_TIMES, 1000),
        "months of help": (compiled_parameters.HELP_MONTHS, 12),
        "reference population": (population.REFERENCE_PEOPLE, 20_000),
        "pilot": (reentry_stream.PILOT_PEOPLE, 20_000), "groups of risk": (reentry_stream.BINS, 12),
        "a ledger's window": (ledger.WINDOW, 24),
        "an account's window": (accounts.WINDOW, 24), "never": (rules.NEVER, outcomes.NOT_IN_SIGHT),
        "days in a month": (economics.DAYS, 365 / 12), "last discounted year": (economics.LAST_YEAR, 35),
        "factor's first word": (vector_rules.FIRST_FACTOR, 3),
    }  # fmt: skip
    for name, (number, right) in stated.items():
        seen.see(number, right, 1e-9, name)
    return seen.found()

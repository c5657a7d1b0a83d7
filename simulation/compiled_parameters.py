"""A scenario as the plain numbers that compiled loops read.

Here words become figures: names become positions, half-lives become monthly factors, and the wanted effect of help
with support factors becomes "so many times likelier", by following the expected shares month by month.
"""

from __future__ import annotations

import math
from collections import namedtuple
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import numpy as np

from simulation.chance import key_of
from simulation.municipal_shares import allowances, opening, parts, released_parts
from simulation.municipalities import by_place
from simulation.parameter_sections import Custody, Offending, Peers, Risk
from simulation.parameters import Section
from simulation.population import reference
from simulation.programmes import UNLIMITED, Programme, Volunteers
from simulation.rules import NEVER
from simulation.scenario import Scenario
from simulation.state import Bytes, Floats, Ints, Numbers, Shorts

MOST_OFFENCES = 20
"""Most offences in one month."""
DECIDED_WITHIN = 12
"""Months after the window in which a decision still counts (definitions any and prison)."""
MOST_RECRUITS = 700.0
"""Most volunteers who come forward in one place and month, in the mean (beyond it exp(-rate) has no number)."""
MOST_TIMES = 1000.0
"""Most that help can multiply the chance of a gain by."""
ALLOCATIONS = ("first come", "highest risk", "lowest risk", "lottery", "listed")
ASSIGNMENTS = ("nobody", "everyone", "randomised")
RECORDS: dict[type[Section], Any] = {
    section: namedtuple(
        f"{section.__name__}Numbers",
        [name for name, field in section.model_fields.items() if field.annotation in (int, float)], module=__name__,
    )
    for section in (Risk, Offending, Custody, Peers, Volunteers)
}  # fmt: skip
"""The record of each section that rules read; a parameter that is declared there is in it."""
globals().update({record.__name__: record for record in RECORDS.values()})  # the cache of compiled code looks here
HELP_MONTHS = 12
"""Months after release over which the aim of help with support factors is a mean."""


def numbers_of(scenario: Scenario, seed: int) -> Numbers:
    """Everything that the loops read of a scenario, for a seed from 0 to 2**64 - 1."""
    from scipy.special import ndtri  # slow to import

    key0, key1 = key_of(seed)
    factors, programmes = scenario.factor, list(scenario.programme.values())
    offending, supply = scenario.offending, scenario.volunteers
    middle = (np.arange(1024) + 0.5) / 1024
    sentences = offending.sentence_median_months * np.exp(offending.sentence_log_sd * ndtri(middle))
    carried = [position for position, row in enumerate(programmes) if row.delivered_by == "volunteers"]
    before, calendar = months_before(scenario), calendar_months(scenario)
    opens = np.array([opening(scenario, row, before) for row in programmes], np.int16)
    opens = opens.reshape(len(programmes), len(scenario.selected_municipalities))
    at_start = supply.at_start * parts(scenario, supply.at_start_by, "volunteers.at_start_by")
    rate = supply.recruits_per_month * parts(scenario, supply.recruits_by, "volunteers.recruits_by")
    return Numbers(
        key0=key0, key1=key1,
        follow_up=scenario.people.follow_up_months, told_for=told_for(scenario), calendar=calendar,
        offered=ASSIGNMENTS.index(scenario.trial.assignment),
        risk=numbers_in(scenario.risk), offending=numbers_in(offending), custody=numbers_in(scenario.custody),
        peers=numbers_in(scenario.peers), volunteers=numbers_in(supply),
        most_offences=MOST_OFFENCES, phase=phase_table(offending.delay_mean_months),
        sentences=np.minimum(sentences, 192.0), decided_within=DECIDED_WITHIN, first_room=first_room(scenario),
        gain=_floats(row.gain for row in factors.values()),
        loss=_floats(row.loss for row in factors.values()),
        ratio=_floats(row.missing_hazard_ratio for row in factors.values()),
        ruin=_floats(row.lost_in_custody for row in factors.values()),
        openings=openings(scenario),
        helped=np.array([[row.helped_by.get(name, 1.0) for name in factors] for row in factors.values()]).reshape(
            len(factors), len(factors)
        ),
        supply=carried[0] if carried else -1,
        accepted=np.array([1 if row.accepted_from == "volunteers" else 2 for row in programmes], np.uint8),
        starts=_shorts(row.starts_month for row in programmes),
        deadline=_shorts(row.deadline_month for row in programmes),
        ends=_shorts(row.ends_month for row in programmes),
        shortest=_floats(row.shortest_sentence_months for row in programmes).astype(np.float32),
        opens=opens, closes=_shorts(row.closes_month + before if row.closes_month else NEVER for row in programmes),
        re_eligible=np.array([row.re_eligible for row in programmes], np.uint8),
        least=_floats(reference(scenario).score_of(row.offered_share) for row in programmes),
        allowance=allowances(scenario, opens, calendar), part=released_parts(scenario),
        allocation=np.array([ALLOCATIONS.index(row.allocation) for row in programmes], np.uint8),
        rank=ranks(scenario),
        contact=_floats(row.contact_chance for row in programmes),
        leaves=_floats(row.dropout_chance for row in programmes),
        effect=np.array([[row.direct_hazard_ratio_others,
                          row.direct_hazard_ratio] for row in programmes]).reshape(-1, 2),
        boost=np.array([_boosts(scenario, row) for row in programmes]).reshape(len(programmes), len(factors), 2),
        persistence=_floats(row.persistence for row in programmes),
        fade=_floats(0.5 ** (1.0 / row.half_life_months) for row in programmes),
        at_start=at_start, rate=np.minimum(rate, MOST_RECRUITS),
    )  # fmt: skip


def numbers_in(section: Section) -> Any:
    """Every plain number of a section as a record that compiled loops can read; its fields are the section's keys."""
    record = RECORDS[type(section)]
    return record(*(getattr(section, name) for name in record._fields))


def _floats(values: Iterable[float]) -> Floats:
    return np.array(list(values), dtype=np.float64)


def _shorts(values: Iterable[int]) -> Shorts:
    return np.array(list(values), dtype=np.int16)


def openings(scenario: Scenario) -> Floats:
    """Openings of each factor in each municipality, per person at liberty and month (F x P); negative: no scarcity."""
    places, rows = scenario.selected_municipalities, []
    for name, row in scenario.factor.items():
        times = by_place(row.openings_by, places, f"factor.{name}.openings_by")
        here = np.array([1.0 if value is None else value for value in times])
        rows.append(np.full(len(places), -1.0) if row.openings >= UNLIMITED else row.openings / 100 * here)
    return np.array(rows).reshape(len(rows), len(places))


def ranks(scenario: Scenario) -> Ints:
    """Everybody's place on the coordinators' own lists (K x people), -1 if none; K x 0 where no list is kept."""
    rows = list(scenario.programme.values())
    size = scenario.people.count if any(row.allocation == "listed" for row in rows) else 0
    found = np.full((len(rows), size), -1, np.int32)
    for k, row in enumerate(rows):
        found[k, row.listed] = np.arange(len(row.listed))
    return found


def first_room(scenario: Scenario) -> Floats:
    """Part of the wanted gains that a place can give in the first month, before any demand is known (F x P).

    Openings against what people who lack the factor at release want of it.
    """
    rows = scenario.factor.values()
    wanted = np.array([row.missing_at_release * row.gain for row in rows])[:, None]
    there = openings(scenario)
    short = (there >= 0.0) & (there < wanted)
    room: Floats = np.ones_like(there)
    np.divide(there, wanted, where=short, out=room)
    return room


@lru_cache(maxsize=32)
def phase_table(mean: float) -> Bytes:
    """Months of one phase of a case: geometric with half of the mean, for 65,536 equal parts of chance."""
    if mean <= 0.0:
        return np.zeros(65536, np.uint8)
    part = (np.arange(65536) + 1.0) / 65536
    return np.minimum(np.floor(np.log(part) / math.log(mean / (2.0 + mean))), 250.0).astype(np.uint8)


def months_before(scenario: Scenario) -> int:
    """Months before release in which the first programme of the scenario begins (0 without programmes)."""
    return max((-row.starts_month for row in scenario.programme.values()), default=0)


def told_for(scenario: Scenario) -> int:
    """Months after release in which people are told: as long as they are followed or may be in a programme.

    What happens after the follow-up is not recorded, but it keeps volunteers and places taken.
    """
    ends = max((row.ends_month + 1 for row in scenario.programme.values()), default=0)
    return max(scenario.people.follow_up_months, ends)


def calendar_months(scenario: Scenario) -> int:
    """Calendar months that are told: until the last follow-up ends, or until the scenario stops observing."""
    people = scenario.people
    before = months_before(scenario)
    whole = before + people.release_months - 1 + people.follow_up_months
    stop = people.calendar_months
    return whole if stop == 0 else min(whole, before + stop)


def _boosts(scenario: Scenario, programme: Programme) -> Floats:
    """Times the chance of a gain for each factor (rows) and group (others, highest risk)."""
    common = gain_multipliers(scenario, programme)
    weights = np.array([programme.gain_weights.get(name, 0.0) for name in scenario.factor])
    return np.array([[times**weight for times in common] for weight in weights]).reshape(len(weights), 2)


def gain_multipliers(scenario: Scenario, programme: Programme) -> tuple[float, float]:
    """Times the chance of a gain for a factor of weight 1: others, highest-risk group."""
    aims = (programme.support_hazard_ratio_others, programme.support_hazard_ratio)
    given = (programme.gain_multiplier_others, programme.gain_multiplier)
    others, highest = (
        times or (support_multiplier(scenario, programme, group) if aim < 1.0 else 1.0)
        for group, (times, aim) in enumerate(zip(given, aims, strict=True))
    )
    return others, highest


def support_multiplier(scenario: Scenario, programme: Programme, group: int) -> float:
    """Times the chance of a gain (for a factor of weight 1) that a programme's aim asks for.

    The expected share holding each factor is followed for twelve months of contact, with and without help; the
    multiplier is the one at which the mean log hazard is lower by -log(support_hazard_ratio). Scarcity, missed
    months and
    custody are left out, so what is reached in a run is a little less; where even 1,000 times is not enough, 1,000
    is returned (see ``support_reach``).
    """
    reached, times = _reach(scenario, programme, group)
    aim = -math.log(programme.support_hazard_ratio if group else programme.support_hazard_ratio_others)
    return float(np.exp(np.interp(aim, reached, np.log(times))))


def support_reach(scenario: Scenario, programme: Programme) -> float:
    """The lowest hazard ratio that help with support factors can aim at in the highest-risk group."""
    reached, _ = _reach(scenario, programme, 1)
    return math.exp(-float(reached[-1]))


def _reach(scenario: Scenario, programme: Programme, group: int) -> tuple[Floats, Floats]:
    factors = scenario.factor
    names = list(factors)
    return _expected_reach(
        tuple((row.gain, row.loss, row.missing_hazard_ratio) for row in factors.values()),
        tuple(tuple(row.helped_by.get(name, 1.0) for name in names) for row in factors.values()),
        tuple(programme.gain_weights.get(name, 0.0) for name in names),
        reference(scenario).lacked[group],
    )


@lru_cache(maxsize=256)
def _expected_reach(
    rows: tuple[tuple[float, float, float], ...],
    helped: tuple[tuple[float, ...], ...],
    weights: tuple[float, ...],
    lacked: tuple[float, ...],
) -> tuple[Floats, Floats]:
    """Mean fall of the log hazard over a year of help, for multipliers from 1 to 1,000."""
    times = np.exp(np.linspace(0.0, math.log(MOST_TIMES), 600))
    with_help = [np.full(len(times), 1.0 - share) for share in lacked]
    fall = np.zeros(len(times))
    for _ in range(HELP_MONTHS):
        before = [share.copy() for share in with_help]
        for f, (gain, loss, ratio) in enumerate(rows):
            chance = np.full(len(times), gain)
            for g, likelier in enumerate(helped[f]):
                chance = chance * (1.0 + before[g] * (likelier - 1.0))
            more = times ** weights[f]
            share = before[f]
            with_help[f] = share + (1.0 - share) * np.minimum(1.0, chance * more) - share * loss / more
            fall += with_help[f] * math.log(ratio) / HELP_MONTHS
    return np.maximum.accumulate(fall - fall[0]), times

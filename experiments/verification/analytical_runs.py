"""Where mathematics has the answer: whole runs in which only one thing happens."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from experiments.verification.check_context import (
    EVERYBODY_ACCEPTS,
    NEUTRAL,
    OFFERED,
    CheckContext,
    SimulatedCase,
    complete,
    events_by_person,
    steady,
)
from experiments.verification.checks import Deviations, Finding
from experiments.verification.p_values import PValues
from simulation.compiled_parameters import numbers_of
from simulation.engine import SimulatedChunk, run
from simulation.history import simulate
from simulation.rules import NEVER
from simulation.scenario import Scenario

PEOPLE, HAZARD = 10_000, 0.08


def _run(context: CheckContext, scenario: Scenario, number: int = PEOPLE) -> SimulatedChunk:
    return run(scenario.changed({"people.count": context.scaled(number)}), seed=context.seed)


def _offended(p_values: PValues, first: npt.NDArray[np.int16], months: int, total: float, words: str) -> None:
    """The share with a first offence within some months, against the sum of their hazards."""
    p_values.share((first < months).sum(), len(first), 1 - np.exp(-total), words)


# Risk -------------------------------------------------------------------------------------------------------------


def a_constant_hazard_is_geometric(context: CheckContext) -> Finding:
    """The share with a first offence within t months is 1 - exp(-hazard t), and every single month has its part."""
    p_values = PValues()
    first = _run(context, steady(HAZARD)).lives.first_offence
    for months in (1, 6, 12, 24):
        _offended(p_values, first, months, HAZARD * months, f"{months} months")
    chances = np.append(np.exp(-HAZARD * np.arange(24)) * (1 - np.exp(-HAZARD)), np.exp(-24 * HAZARD))
    p_values.counts(
        np.append(np.bincount(first[first < NEVER], minlength=24), (first == NEVER).sum()), chances, "months"
    )
    return p_values.finding()


def known_risks_multiply_the_hazard(context: CheckContext) -> Finding:
    """Level, share who never offend, fading, ten years of age, sex and ten convictions act on the hazard as stated."""
    p_values = PValues()
    for key, value in (("risk.hazard_multiplier", 2.0), ("risk.immune_share", 0.4)):
        first = _run(context, steady(HAZARD).changed({key: value})).lives.first_offence
        once = 1 - np.exp(-HAZARD * 12 * (value if key == "risk.hazard_multiplier" else 1.0))
        p_values.share((first < 12).sum(), len(first),
                       once if key == "risk.hazard_multiplier" else once * (1 - value), key)
    later, settling = 0.3, 4.0
    fading = steady(HAZARD, risk={"long_run_hazard_ratio": later, "hazard_decay_months": settling})
    total = sum(HAZARD * (later + (1 - later) / (1 + month / settling)) for month in range(12))
    _offended(p_values, _run(context, fading).lives.first_offence, 12, total, "fading")
    people = {"age_log_sd": 0.0, "age_median": 44.0, "women_share": 0.5}
    for by, ratio in (("age", 0.4), ("women", 0.3)):
        cohort = _run(context, steady(HAZARD, people=people, risk={f"{by}_hazard_ratio": ratio}))
        for woman in (0, 1):
            times = ratio if by == "age" or woman else 1.0
            _offended(
                p_values,
                cohort.lives.first_offence[cohort.people.woman == woman],
                12,
                12 * HAZARD * times,
                f"{by} {woman}",
            )
    past = {"priors_log_sd": 0.0, "priors_by_age": 0.0, "priors_median": 10.5}
    cohort = _run(context, steady(HAZARD, people=past, risk={"priors_hazard_ratio": 1.05}))
    _offended(p_values, cohort.lives.first_offence, 12, 12 * HAZARD * 1.05**10, "ten convictions")
    return p_values.finding()


def a_release_starts_the_clock_again(context: CheckContext) -> Finding:
    """With a hazard that fades fast, people offend as much in the first month after custody as after their first
    release.
    """
    p_values = PValues()
    scenario = steady(
        1.0, people={"follow_up_months": 8}, risk={"long_run_hazard_ratio": 0.0, "hazard_decay_months": 0.5},
        offending={"prison_chance": 1.0, "delay_mean_months": 0.0, "sentence_median_months": 3.0,
                   "sentence_log_sd": 0.0},
        custody={"parole_chance": 0.0},
    )  # fmt: skip
    scenario = scenario.changed({"people.count": context.scaled(5000)})
    events = SimulatedCase(scenario, context.seed).history.events
    out = events[events["event"] == "custody out"]
    offences = set(
        zip(*(events.loc[events["event"] == "offence", name].tolist() for name in ("person", "month")), strict=True)
    )
    again = [
        (person, month) in offences for person, month in zip(out["person"].tolist(), out["month"].tolist(), strict=True)
    ]
    p_values.share(sum(again), len(again), 1 - np.exp(-1.0), "the month of a later release")
    return p_values.finding()


# Support ----------------------------------------------------------------------------------------------------------


def markov(lacked: float, gain: float, loss: float, months: int) -> float:
    """Share who hold a factor after some months of a two-state chain."""
    settled = gain / (gain + loss)
    return float(settled + (1.0 - lacked - settled) * (1.0 - gain - loss) ** months)


def support_follows_a_two_state_chain(context: CheckContext) -> Finding:
    """The share who hold a factor after t months is that of a Markov chain; gains are likelier for who holds what
    helps.
    """
    p_values = PValues()
    thing = {**NEUTRAL, "missing_at_release": 0.7, "gain": 0.05, "loss": 0.02}
    for months in (1, 6, 24):
        held = _run(context, steady(HAZARD, factor={"thing": thing}, people={"follow_up_months": months})).lives.held[0]
        p_values.share(held.sum(), len(held), markov(0.7, 0.05, 0.02, months), f"{months} months")
    helper = {**NEUTRAL, "missing_at_release": 0.4}
    helped = {**NEUTRAL, "missing_at_release": 1.0, "gain": 0.05, "helped_by": {"helper": 2.0}}
    lives = _run(
        context, steady(HAZARD, factor={"helper": helper, "thing": helped}, people={"follow_up_months": 6})
    ).lives
    for has, gain in ((0, 0.05), (1, 0.10)):
        held = lives.held[1][lives.held[0] == has]
        p_values.share(held.sum(), len(held), 1 - (1 - gain) ** 6, f"helper {has}")
    return p_values.finding()


def missing_a_factor_multiplies_the_hazard(context: CheckContext) -> Finding:
    """People without a factor have the hazard times its ratio, against people with it; the mean hazard is kept."""
    p_values = PValues()
    thing = {**NEUTRAL, "missing_at_release": 0.5, "missing_hazard_ratio": 2.0}
    lives = _run(context, steady(HAZARD, factor={"thing": thing})).lives
    for held, times in ((1, 1.0), (0, 2.0)):
        _offended(
            p_values, lives.first_offence[lives.held[0] == held], 12, 12 * HAZARD * times / 2.0**0.5, f"held {held}"
        )
    return p_values.finding()


def custody_destroys_the_stated_part(context: CheckContext) -> Finding:
    """Of those who hold a factor when custody begins, the stated part loses it there; factor by factor."""
    p_values = PValues()
    things = {"thing": {**NEUTRAL, "lost_in_custody": 0.35}, "other": {**NEUTRAL, "lost_in_custody": 0.8}}
    prison = {"prison_chance": 1.0, "delay_mean_months": 0.0, "sentence_median_months": 30.0, "sentence_log_sd": 0.0}
    scenario = steady(0.3, people={"count": context.scaled(3000), "follow_up_months": 6}, factor=things,
                      offending=prison,
                      custody={"parole_chance": 0.4})  # fmt: skip
    history = simulate(scenario, seed=context.seed)
    turns = history.events[history.events["event"] == "custody in"]
    for name, chance in (("thing", 0.35), ("other", 0.8)):
        held = history.people[f"has_{name}"] & history.people["person"].isin(turns["person"])
        lost = (history.events["event"] == "loss") & (history.events["detail"] == name)
        p_values.share(lost.sum(), held.sum(), chance, name)
    p_values.share((turns["value"] == 20).sum(), len(turns), 0.4, "parole")
    p_values.share(turns["value"].isin((20, 30)).sum(), len(turns), 1.0, "months")
    return p_values.finding()


# Consequences -----------------------------------------------------------------------------------------------------


def offences_sanctions_and_delays_have_their_chances(context: CheckContext) -> Finding:
    """In whole runs bursts are geometric, sanctions have their shares, and decisions take the stated time
    in the mean.
    """
    p_values = PValues()
    offending = {"further_offence_chance": 0.6, "prison_chance": 0.3, "suspended_chance": 0.25,
                 "delay_mean_months": 4.0,
                 "sentence_median_months": 0.1, "sentence_log_sd": 0.0}  # fmt: skip
    scenario = steady(0.2, people={"count": context.scaled(3000)}, offending=offending, custody={"parole_chance": 0.0})
    history = simulate(scenario, seed=context.seed)
    happened = [event for events in events_by_person(history).values() for event in events]
    number = [event.value for event in happened if event.what == "offence"]
    p_values.counts(np.bincount(number, minlength=21)[1:], np.append(0.4 * 0.6 ** np.arange(19), 0.6**19), "bursts")
    cases = [event for event in happened if event.what == "sanction"]
    for name, chance in (("prison", 0.3), ("suspended", 0.7 * 0.25), ("fine", 0.7 * 0.75)):
        p_values.share(sum(event.detail == name for event in cases), len(cases), chance, name)
    later = np.array([event.month - event.value for event in cases])
    p_values.mean(later, 4.0, float(np.sqrt(4.0 * (2 + 4.0) / 2)), "months until a decision")
    for months in (0, 2, 6):
        p_values.share(
            (later <= months).sum(), len(later), float(stats.nbinom.cdf(months, 2, 2 / 6)), f"{months} months"
        )
    inside = sum(event.what == "custody in" for event in happened)
    prison = sum(event.detail == "prison" for event in cases)
    p_values.share(inside, prison, 0.1 * 0.97, "a tenth of a month is a month for one in ten") if prison < 200 else None
    return p_values.finding()


# The relationship -------------------------------------------------------------------------------------------------


def helped(*, starts: int = -1, ends: int = 24, effect: float = 1.0, **more: Any) -> Scenario:
    """Everybody in a programme in which they meet every month."""
    rules = {**OFFERED, "starts_month": starts, "ends_month": ends, "direct_hazard_ratio": effect,
             "direct_hazard_ratio_others": effect, "persistence": 0.0, **more}  # fmt: skip
    people = {**EVERYBODY_ACCEPTS, "follow_up_months": 24}
    return steady(HAZARD, people=people, trial={"assignment": "everyone"}, programme={"help": rules})


def a_relationship_multiplies_the_hazard(context: CheckContext) -> Finding:
    """Who is met every month has the hazard times the direct effect of the risk group; what stays halves by its half-
    life.
    """
    p_values = PValues()
    _offended(p_values, _run(context, helped(effect=0.4)).lives.first_offence, 12, 12 * 0.4 * HAZARD, "everybody")
    two = helped().changed(
        {"programme.direct_hazard_ratio": 0.3, "programme.direct_hazard_ratio_others": 0.8,
         "risk.age_hazard_ratio": 1.0001}
    )
    lives = _run(context, two).lives
    for group, effect in ((0, 0.8), (1, 0.3)):
        _offended(p_values, lives.first_offence[lives.highest == group], 12, 12 * effect * HAZARD, f"group {group}")
    fades = _run(context, helped(ends=6, effect=0.2, persistence=0.8, half_life_months=4.0)).lives.first_offence
    level = [1.0] * 6 + [0.8 * 0.5 ** (month / 4.0) for month in range(1, 19)]
    _offended(p_values, fades, 24, sum(HAZARD * (1 - 0.8 * each) for each in level), "what stays")
    half = _run(context, helped(starts=-1, ends=6, effect=0.2, persistence=1.0, half_life_months=1200.0,
                                dropout_chance=1.0))
    p_values.share((half.lives.months_met[0] > 0).sum(), len(half.lives.months_met[0]), 0.0, "met after an end at once")
    return p_values.finding()


def contacts_are_missed_and_matches_ended_by_chance(context: CheckContext) -> Finding:
    """Months met are geometric in the chance to leave, each met with the chance of contact; in a later
    programme, too.
    """
    p_values = PValues()
    one = helped(starts=-2, ends=12, contact_chance=0.7, dropout_chance=0.1)
    rules = one.programme["help"]
    three = one.changed({"programme": {name: rules.model_dump() for name in ("help", "more", "most")}})
    met = _run(context, three).lives.months_met
    right = sum(0.9**month * 0.7 for month in range(1, 15))
    for k in range(3):
        p_values.mean(met[k], right, float(met[k].std()), f"programme {k}")
    for one_, other in ((0, 1), (1, 2)):
        both = np.corrcoef(met[one_].astype(float), met[other].astype(float))[0, 1]
        p_values.mean(np.array([both]), 0.0, 1 / np.sqrt(met.shape[1]), "random numbers of two programmes")
    return p_values.finding()


def help_makes_gains_likelier_and_losses_rarer(context: CheckContext) -> Finding:
    """Who is met every month follows a chain with the gain times, and the loss over, the multiplier of the
    risk group.
    """
    p_values = PValues()
    thing = {**NEUTRAL, "missing_at_release": 0.7, "gain": 0.03, "loss": 0.04, "missing_hazard_ratio": 2.0}
    effects = {"support_hazard_ratio": 0.8, "support_hazard_ratio_others": 0.92, "gain_weights": {"thing": 1.0}}
    scenario = steady(
        0.0, factor={"thing": thing}, people={**EVERYBODY_ACCEPTS, "follow_up_months": 12},
        risk={"age_hazard_ratio": 1.0001}, trial={"assignment": "everyone"},
        programme={"help": {**OFFERED, "ends_month": 24, **effects}},
    )  # fmt: skip
    cohort = _run(context, scenario)
    boost = numbers_of(scenario, context.seed).boost[0, 0]
    p_values.share(int(boost[1] > boost[0] > 1.05), 1, 1.0, f"multipliers {boost.tolist()}")
    for group in (0, 1):
        rows = cohort.lives.highest == group
        right = markov(cohort.people.lacks[0, rows].mean(), 0.03 * boost[group], 0.04 / boost[group], 12)
        p_values.share(cohort.lives.held[0, rows].sum(), rows.sum(), right, f"group {group}")
    return p_values.finding()


# Volunteers and surroundings ------------------------------------------------------------------------


def volunteers_stop_at_the_stated_rates(context: CheckContext) -> Finding:
    """Rested volunteers stop with a constant chance a month; when a match ends the stated part of them
    stops as well.
    """
    p_values = PValues()
    rested = complete(people={"count": 1, "follow_up_months": 24}, volunteers={"at_start": 4000.0, "quit_chance": 0.03},
                      programme={"mentors": {"delivered_by": "volunteers"}})  # fmt: skip
    local = run(rested, seed=context.seed).local
    p_values.share(local.came.sum() - local.quit.sum(), local.came.sum(), 0.97**26, "rested")
    after = complete(
        people={"count": 2000, "accepts_volunteers": 1.0, "follow_up_months": 12}, risk={"baseline_hazard": 0.0},
        volunteers={"at_start": 4000.0, "quit_chance": 0.0, "quit_after_end": 0.15, "per_person": 1},
        trial={"assignment": "everyone"}, municipalities={"include": ["Aarhus"]},
        programme={"mentors": {"delivered_by": "volunteers", "ends_month": 6, "shortest_sentence_months": 0.0}},
    )  # fmt: skip
    p_values.share(run(after, seed=context.seed).local.quit.sum(), 2000, 0.15, "after a match")
    return p_values.finding()


def volunteers_come_at_the_stated_rate(context: CheckContext) -> Finding:
    """The number who come forward has the mean of a Poisson distribution, and grows evenly to it over the months of
    a campaign.
    """
    p_values, runs = PValues(), context.scaled(30)
    scenario = complete(
        people={"count": 1, "follow_up_months": 24}, volunteers={"recruits_per_month": 40.0, "ceiling": 100_000.0},
        programme={"mentors": {"delivered_by": "volunteers"}}, municipalities={"include": ["Aarhus", "Odense",
                                                                                           "Vejle"]},
    )  # fmt: skip
    for campaign, months in ((0.0, 25.0), (10.0, sum(min(1.0, month / 10) for month in range(1, 26)))):
        local = run(
            scenario.changed({"volunteers.campaign_months": campaign}), seed=context.seed, replicates=runs
        ).local
        came = np.bincount(local.replicate, weights=local.came)
        p_values.mean(came, 40.0 * months, float(np.sqrt(40.0 * months)), f"campaign of {campaign} months")
    return p_values.finding()


def peers_and_openings_follow_from_the_month_before(context: CheckContext) -> Finding:
    """The hazard among peers and the room for gains are those of a count by hand, place by place."""
    scenario = complete(
        people={"count": 400, "follow_up_months": 8, "release_months": 3}, municipalities={"include": ["Aarhus",
                                                                                                       "Samsø"]},
        risk={"hazard_multiplier": 4.0}, peers={"strength": 2.0, "reference_share": 0.1, "pseudo_people": 5.0},
        factor={"thing": {**NEUTRAL, "gain": 0.2, "openings": 3.0, "openings_by": {"Aarhus": 2.0}}},
    )  # fmt: skip
    claim, known = Deviations(), None
    aarhus = [place.name for place in scenario.selected_municipalities].index("Aarhus")
    openings = np.where(np.arange(2) == aarhus, 0.06, 0.03)
    before: tuple[npt.NDArray[Any], npt.NDArray[Any]] = (np.zeros(0), np.zeros(0))
    for stage, now in SimulatedCase(scenario, context.seed).months():
        if stage == "opened":
            before = now.lives.cases.copy(), now.lives.held[0].copy()
            if known is not None:
                claim.check(now.local.peers, known[0], 1e-9, f"peers in month {now.month}")
                claim.check(now.local.room[0], known[1], 1e-6, f"room in month {now.month}")
            else:
                claim.check(now.local.room[0], np.minimum(1.0, openings / (0.5 * 0.2)), 1e-9, "room of the first month")
        if stage == "lived":
            present = np.zeros(len(now.lives.inside), bool)
            present[now.rows] = True
            free, where = present & (now.lives.inside == 0), now.lives.locality
            number = np.bincount(where[free], minlength=2)
            offending = np.bincount(where, weights=now.lives.cases - before[0], minlength=2)
            wanted = 0.2 * np.bincount(where[free & (before[1] == 0)], minlength=2)
            share = (offending + 5.0 * 0.1) / (number + 5.0)
            room = np.minimum(1.0, np.divide(openings * number, wanted, out=np.ones(2) * np.inf, where=wanted > 0))
            room = np.where(wanted > 0, room, np.minimum(1.0, openings / (0.5 * 0.2)))
            known = np.exp(2.0 * (share - 0.1)), room
    return claim.finding()

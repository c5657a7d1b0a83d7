"""Where mathematics has the answer: whole runs in which only one thing happens."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from experiments.verification.check_context import CheckContext, SimulatedCase, events_by_person
from experiments.verification.checks import Deviations, PValues, analytical_checks
from experiments.verification.random_scenarios import EVERYBODY_ACCEPTS, NEUTRAL, OFFERED, complete, steady
from simulation.compiled_parameters import numbers_of
from simulation.engine import SimulatedChunk, run
from simulation.history import simulate
from simulation.scenario import Scenario

PEOPLE, HAZARD = 10_000, 0.08
SENTENCED_AT_ONCE = {"prison_chance": 1.0, "delay_mean_months": 0.0, "sentence_log_sd": 0.0}


def _run(context: CheckContext, scenario: Scenario, number: int = PEOPLE) -> SimulatedChunk:
    return run(scenario.changed({"people.count": context.scaled(number)}), seed=context.seed)


def _offended(claim: PValues, first: npt.NDArray[np.int16], months: int, total: float, words: str) -> None:
    """The share with a first offence within some months, against the sum of their hazards."""
    claim.share_of(first < months, 1 - np.exp(-total), words)


# Risk -------------------------------------------------------------------------------------------------------------


def a_constant_hazard_is_geometric(claim: PValues, context: CheckContext) -> None:
    """The share with a first offence within t months is 1 - exp(-hazard t), and every single month has its part."""
    first = _run(context, steady(HAZARD)).lives.first_offence
    for months in (1, 6, 12, 24):
        _offended(claim, first, months, HAZARD * months, f"{months} months")
    chances = np.append(np.exp(-HAZARD * np.arange(24)) * (1 - np.exp(-HAZARD)), np.exp(-24 * HAZARD))
    claim.counts(np.bincount(np.minimum(first, 24), minlength=25), chances, "months")


def known_risks_multiply_the_hazard(claim: PValues, context: CheckContext) -> None:
    """Level, share who never offend, fading, ten years of age, sex and ten convictions act on the hazard as stated."""
    twice = steady(HAZARD, risk={"hazard_multiplier": 2.0})
    _offended(claim, _run(context, twice).lives.first_offence, 12, HAZARD * 12 * 2.0, "twice the hazard")
    first = _run(context, steady(HAZARD, risk={"immune_share": 0.4})).lives.first_offence
    claim.share_of(first < 12, (1 - np.exp(-HAZARD * 12)) * (1 - 0.4), "immune share")
    later, settling = 0.3, 4.0
    fading = steady(HAZARD, risk={"long_run_hazard_ratio": later, "hazard_decay_months": settling})
    total = sum(HAZARD * (later + (1 - later) / (1 + month / settling)) for month in range(12))
    _offended(claim, _run(context, fading).lives.first_offence, 12, total, "fading")
    people = {"age_log_sd": 0.0, "age_median": 44.0, "women_share": 0.5}
    for by, ratio in (("age", 0.4), ("women", 0.3)):
        cohort = _run(context, steady(HAZARD, people=people, risk={f"{by}_hazard_ratio": ratio}))
        for woman in (0, 1):
            total = 12 * HAZARD * (ratio if by == "age" or woman else 1.0)
            _offended(claim, cohort.lives.first_offence[cohort.people.woman == woman], 12, total, f"{by} {woman}")
    past = {"priors_log_sd": 0.0, "priors_by_age": 0.0, "priors_median": 10.5}
    cohort = _run(context, steady(HAZARD, people=past, risk={"priors_hazard_ratio": 1.05}))
    _offended(claim, cohort.lives.first_offence, 12, 12 * HAZARD * 1.05**10, "ten convictions")


def a_release_starts_the_clock_again(claim: PValues, context: CheckContext) -> None:
    """With a hazard that fades fast, people offend as much in the first month after custody as after their first
    release.
    """
    offending = {**SENTENCED_AT_ONCE, "sentence_median_months": 3.0}
    scenario = steady(
        1.0, people={"follow_up_months": 8, "count": context.scaled(5000)}, offending=offending,
        risk={"long_run_hazard_ratio": 0.0, "hazard_decay_months": 0.5}, custody={"parole_chance": 0.0},
    )  # fmt: skip
    events = SimulatedCase(scenario, context.seed).history.events
    out, offences = (events.loc[events["event"] == what, ["person", "month"]] for what in ("custody out", "offence"))
    again = pd.MultiIndex.from_frame(out).isin(pd.MultiIndex.from_frame(offences))
    claim.share_of(again, 1 - np.exp(-1.0), "the month of a later release")


# Support ----------------------------------------------------------------------------------------------------------


def markov(lacked: float, gain: float, loss: float, months: int) -> float:
    """Share who hold a factor after some months of a two-state chain."""
    settled = gain / (gain + loss)
    return float(settled + (1.0 - lacked - settled) * (1.0 - gain - loss) ** months)


def support_follows_a_two_state_chain(claim: PValues, context: CheckContext) -> None:
    """The share who hold a factor after t months is that of a Markov chain; gains are likelier for who holds what
    helps.
    """
    thing = {**NEUTRAL, "missing_at_release": 0.7, "gain": 0.05, "loss": 0.02}
    for months in (1, 6, 24):
        held = _run(context, steady(HAZARD, factor={"thing": thing}, people={"follow_up_months": months})).lives.held[0]
        claim.share_of(held, markov(0.7, 0.05, 0.02, months), f"{months} months")
    helper = {**NEUTRAL, "missing_at_release": 0.4}
    helped = {**NEUTRAL, "missing_at_release": 1.0, "gain": 0.05, "helped_by": {"helper": 2.0}}
    two = steady(HAZARD, factor={"helper": helper, "thing": helped}, people={"follow_up_months": 6})
    first, second = _run(context, two).lives.held
    for has, gain in ((0, 0.05), (1, 0.10)):
        claim.share_of(second[first == has], 1 - (1 - gain) ** 6, f"helper {has}")


def missing_a_factor_multiplies_the_hazard(claim: PValues, context: CheckContext) -> None:
    """People without a factor have the hazard times its ratio, against people with it; the mean hazard is kept."""
    thing = {**NEUTRAL, "missing_at_release": 0.5, "missing_hazard_ratio": 2.0}
    lives = _run(context, steady(HAZARD, factor={"thing": thing})).lives
    for held, times in ((1, 1.0), (0, 2.0)):
        total = 12 * HAZARD * times / 2.0**0.5
        _offended(claim, lives.first_offence[lives.held[0] == held], 12, total, f"held {held}")


def custody_destroys_the_stated_part(claim: PValues, context: CheckContext) -> None:
    """Of those who hold a factor when custody begins, the stated part loses it there; factor by factor."""
    things = {"thing": {**NEUTRAL, "lost_in_custody": 0.35}, "other": {**NEUTRAL, "lost_in_custody": 0.8}}
    scenario = steady(0.3, people={"count": context.scaled(3000), "follow_up_months": 6}, factor=things,
                      offending={**SENTENCED_AT_ONCE, "sentence_median_months": 30.0},
                      custody={"parole_chance": 0.4})  # fmt: skip
    history = simulate(scenario, seed=context.seed)
    turns = history.events[history.events["event"] == "custody in"]
    for name, chance in (("thing", 0.35), ("other", 0.8)):
        held = history.people[f"has_{name}"] & history.people["person"].isin(turns["person"])
        lost = (history.events["event"] == "loss") & (history.events["detail"] == name)
        claim.share(lost.sum(), held.sum(), chance, name)
    claim.share_of(turns["value"] == 20, 0.4, "parole")
    claim.share_of(turns["value"].isin((20, 30)), 1.0, "months")


# Consequences -----------------------------------------------------------------------------------------------------


def offences_sanctions_and_delays_have_their_chances(claim: PValues, context: CheckContext) -> None:
    """In whole runs bursts are geometric, sanctions have their shares, and decisions take the stated time
    in the mean.
    """
    offending = {"further_offence_chance": 0.6, "prison_chance": 0.3, "suspended_chance": 0.25,
                 "delay_mean_months": 4.0, "sentence_median_months": 0.1, "sentence_log_sd": 0.0}  # fmt: skip
    scenario = steady(0.2, people={"count": context.scaled(3000)}, offending=offending, custody={"parole_chance": 0.0})
    history = simulate(scenario, seed=context.seed)
    happened = [event for events in events_by_person(history).values() for event in events]
    number = [event.value for event in happened if event.what == "offence"]
    claim.counts(np.bincount(number, minlength=21)[1:], np.append(0.4 * 0.6 ** np.arange(19), 0.6**19), "bursts")
    cases = [event for event in happened if event.what == "sanction"]
    for name, chance in (("prison", 0.3), ("suspended", 0.7 * 0.25), ("fine", 0.7 * 0.75)):
        claim.share_of([event.detail == name for event in cases], chance, name)
    later = np.array([event.month - event.value for event in cases])
    claim.mean(later, 4.0, float(np.sqrt(4.0 * (2 + 4.0) / 2)), "months until a decision")
    for months in (0, 2, 6):
        claim.share_of(later <= months, float(stats.nbinom.cdf(months, 2, 2 / 6)), f"{months} months")
    inside = sum(event.what == "custody in" for event in happened)
    prison = sum(event.detail == "prison" for event in cases)
    claim.share(inside, prison, 0.1 * 0.97, "a tenth of a month is a month for one in ten") if prison < 200 else None


# The relationship -------------------------------------------------------------------------------------------------


def helped(*, starts: int = -1, ends: int = 24, effect: float = 1.0, **more: Any) -> Scenario:
    """Everybody in a programme in which they meet every month."""
    rules = {**OFFERED, "starts_month": starts, "ends_month": ends, "direct_hazard_ratio": effect,
             "direct_hazard_ratio_others": effect, "persistence": 0.0, **more}  # fmt: skip
    people = {**EVERYBODY_ACCEPTS, "follow_up_months": 24}
    return steady(HAZARD, people=people, trial={"assignment": "everyone"}, programme={"help": rules})


def a_relationship_multiplies_the_hazard(claim: PValues, context: CheckContext) -> None:
    """Who is met every month has the hazard times the direct effect of the risk group; what stays halves by its half-
    life.
    """
    _offended(claim, _run(context, helped(effect=0.4)).lives.first_offence, 12, 12 * 0.4 * HAZARD, "everybody")
    two = helped().changed({"programme.direct_hazard_ratio": 0.3, "programme.direct_hazard_ratio_others": 0.8,
                            "risk.age_hazard_ratio": 1.0001})  # fmt: skip
    lives = _run(context, two).lives
    for group, effect in ((0, 0.8), (1, 0.3)):
        _offended(claim, lives.first_offence[lives.highest == group], 12, 12 * effect * HAZARD, f"group {group}")
    fades = _run(context, helped(ends=6, effect=0.2, persistence=0.8, half_life_months=4.0)).lives.first_offence
    level = [1.0] * 6 + [0.8 * 0.5 ** (month / 4.0) for month in range(1, 19)]
    _offended(claim, fades, 24, sum(HAZARD * (1 - 0.8 * each) for each in level), "what stays")
    half = helped(ends=6, effect=0.2, persistence=1.0, half_life_months=1200.0, dropout_chance=1.0)
    claim.share_of(_run(context, half).lives.months_met[0] > 0, 0.0, "met after an end at once")


def contacts_are_missed_and_matches_ended_by_chance(claim: PValues, context: CheckContext) -> None:
    """Months met are geometric in the chance to leave, each met with the chance of contact; in a later
    programme, too.
    """
    one = helped(starts=-2, ends=12, contact_chance=0.7, dropout_chance=0.1)
    rules = one.programme["help"]
    three = one.changed({"programme": {name: rules.model_dump() for name in ("help", "more", "most")}})
    met = _run(context, three).lives.months_met
    right = sum(0.9**month * 0.7 for month in range(1, 15))
    for k in range(3):
        claim.mean(met[k], right, float(met[k].std()), f"programme {k}")
    for one_, other in ((0, 1), (1, 2)):
        both = np.corrcoef(met[one_].astype(float), met[other].astype(float))[0, 1]
        claim.mean(np.array([both]), 0.0, 1 / np.sqrt(met.shape[1]), "random numbers of two programmes")


def help_makes_gains_likelier_and_losses_rarer(claim: PValues, context: CheckContext) -> None:
    """Who is met every month follows a chain with the gain times, and the loss over, the multiplier of the
    risk group.
    """
    thing = {**NEUTRAL, "missing_at_release": 0.7, "gain": 0.03, "loss": 0.04, "missing_hazard_ratio": 2.0}
    effects = {"support_hazard_ratio": 0.8, "support_hazard_ratio_others": 0.92, "gain_weights": {"thing": 1.0}}
    scenario = steady(
        0.0, factor={"thing": thing}, people={**EVERYBODY_ACCEPTS, "follow_up_months": 12},
        risk={"age_hazard_ratio": 1.0001}, trial={"assignment": "everyone"},
        programme={"help": {**OFFERED, "ends_month": 24, **effects}},
    )  # fmt: skip
    cohort = _run(context, scenario)
    boost = numbers_of(scenario, context.seed).boost[0, 0]
    claim.share(int(boost[1] > boost[0] > 1.05), 1, 1.0, f"multipliers {boost.tolist()}")
    for group in (0, 1):
        rows = cohort.lives.highest == group
        right = markov(cohort.people.lacks[0, rows].mean(), 0.03 * boost[group], 0.04 / boost[group], 12)
        claim.share_of(cohort.lives.held[0, rows], right, f"group {group}")


# Volunteers and surroundings ------------------------------------------------------------------------


def volunteers_stop_at_the_stated_rates(claim: PValues, seed: int) -> None:
    """Rested volunteers stop with a constant chance a month; when a match ends the stated part of them
    stops as well.
    """
    rested = complete(people={"count": 1, "follow_up_months": 24}, volunteers={"at_start": 4000.0, "quit_chance": 0.03},
                      programme={"mentors": {"delivered_by": "volunteers"}})  # fmt: skip
    local = run(rested, seed=seed).local
    claim.share(local.came.sum() - local.quit.sum(), local.came.sum(), 0.97**26, "rested")
    after = complete(
        people={"count": 2000, "accepts_volunteers": 1.0, "follow_up_months": 12}, risk={"baseline_hazard": 0.0},
        volunteers={"at_start": 4000.0, "quit_chance": 0.0, "quit_after_end": 0.15, "per_person": 1},
        trial={"assignment": "everyone"}, municipalities={"include": ["Aarhus"]},
        programme={"mentors": {"delivered_by": "volunteers", "ends_month": 6, "shortest_sentence_months": 0.0}},
    )  # fmt: skip
    claim.share(run(after, seed=seed).local.quit.sum(), 2000, 0.15, "after a match")


def volunteers_come_at_the_stated_rate(claim: PValues, context: CheckContext) -> None:
    """The number who come forward has the mean of a Poisson distribution, and grows evenly to it over the months of
    a campaign.
    """
    scenario = complete(
        people={"count": 1, "follow_up_months": 24}, municipalities={"include": ["Aarhus", "Odense", "Vejle"]},
        volunteers={"recruits_per_month": 40.0, "ceiling": 100_000.0},
        programme={"mentors": {"delivered_by": "volunteers"}},
    )  # fmt: skip
    for campaign, months in ((0.0, 25.0), (10.0, sum(min(1.0, month / 10) for month in range(1, 26)))):
        each = scenario.changed({"volunteers.campaign_months": campaign})
        local = run(each, seed=context.seed, replicates=context.scaled(30)).local
        came = np.bincount(local.replicate, weights=local.came)
        claim.mean(came, 40.0 * months, float(np.sqrt(40.0 * months)), f"campaign of {campaign} months")


def peers_and_openings_follow_from_the_month_before(claim: Deviations, seed: int) -> None:
    """The hazard among peers and the room for gains are those of a count by hand, place by place."""
    scenario = complete(
        people={"count": 400, "follow_up_months": 8, "release_months": 3},
        municipalities={"include": ["Aarhus", "Samsø"]},
        risk={"hazard_multiplier": 4.0}, peers={"strength": 2.0, "reference_share": 0.1, "pseudo_people": 5.0},
        factor={"thing": {**NEUTRAL, "gain": 0.2, "openings": 3.0, "openings_by": {"Aarhus": 2.0}}},
    )  # fmt: skip
    known: tuple[npt.NDArray[Any], npt.NDArray[Any]] | None = None
    aarhus = [place.name for place in scenario.selected_municipalities].index("Aarhus")
    openings = np.where(np.arange(2) == aarhus, 0.06, 0.03)
    first_room = np.minimum(1.0, openings / (0.5 * 0.2))
    for stage, now in SimulatedCase(scenario, seed).months():
        if stage == "opened":
            cases, held = now.lives.cases.copy(), now.lives.held[0].copy()
            if known is not None:
                claim.check(now.local.peers, known[0], 1e-9, f"peers in month {now.month}")
                claim.check(now.local.room[0], known[1], 1e-6, f"room in month {now.month}")
            else:
                claim.check(now.local.room[0], first_room, 1e-9, "room of the first month")
        if stage == "lived":
            present = np.zeros(len(now.lives.inside), bool)
            present[now.rows] = True
            free, where = present & (now.lives.inside == 0), now.lives.locality
            number = np.bincount(where[free], minlength=2)
            offending = np.bincount(where, weights=now.lives.cases - cases, minlength=2)
            wanted = 0.2 * np.bincount(where[free & (held == 0)], minlength=2)
            share = (offending + 5.0 * 0.1) / (number + 5.0)
            room = np.minimum(1.0, np.divide(openings * number, wanted, out=np.ones(2) * np.inf, where=wanted > 0))
            known = np.exp(2.0 * (share - 0.1)), np.where(wanted > 0, room, first_room)


RUNS = analytical_checks(
    "runs", a_constant_hazard_is_geometric, known_risks_multiply_the_hazard, a_release_starts_the_clock_again,
    support_follows_a_two_state_chain, missing_a_factor_multiplies_the_hazard, custody_destroys_the_stated_part,
    offences_sanctions_and_delays_have_their_chances, a_relationship_multiplies_the_hazard,
    contacts_are_missed_and_matches_ended_by_chance, help_makes_gains_likelier_and_losses_rarer,
    volunteers_stop_at_the_stated_rates, volunteers_come_at_the_stated_rate,
    peers_and_openings_follow_from_the_month_before,
)  # fmt: skip

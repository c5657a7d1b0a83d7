"""Invariants of what help may do: it protects whom it should, and lives diverge only where it reaches them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from experiments.verification.check_context import OF_THE_PROGRAMME, CheckContext, SimulatedCase
from experiments.verification.checks import Violations, fixed, invariants
from experiments.verification.invariants_order import everyone_with
from experiments.verification.random_scenarios import EVERYBODY_ACCEPTS, NEUTRAL, OFFERED, complete, steady
from simulation.compiled import plain
from simulation.engine import run
from simulation.history import simulate
from simulation.rules import holds

NEVER_PARTED = 10_000


def first_offences(case: SimulatedCase) -> npt.NDArray[np.int16]:
    """Own month of everybody's first offence."""
    return run(case.scenario, seed=case.seed, replicates=2).lives.first_offence


def _later(claim: Violations, weak: SimulatedCase, strong: SimulatedCase, detail: str) -> None:
    """Nobody's first offence may come sooner under the second."""
    one, other = first_offences(weak), first_offences(strong)
    claim.check(one <= other, f"{detail}: {int((one > other).sum())} of {len(one)} offend sooner")


def a_stronger_relationship_brings_no_first_offence_forward(claim: Violations, context: CheckContext) -> None:
    """A lower hazard while they meet delays first offences or leaves them, with the same random numbers."""
    for case in context.scenarios(randomised=12):
        everyone, part = case.changed({"trial.assignment": "everyone"}), context.varied(0.4, 0.01, 1.0)
        both = ("direct_hazard_ratio", "direct_hazard_ratio_others")
        lower = {f"programme.{name}.{which}": max(0.001, part * getattr(row, which))
                 for name, row in case.scenario.programme.items() for which in both}  # fmt: skip
        _later(claim, everyone, everyone.changed(lower), case.name)


def a_longer_relationship_brings_no_first_offence_forward(claim: Violations, context: CheckContext) -> None:
    """More months met, fewer ends, and more that stays for longer protect, where the relationship itself does."""
    ways = (("contact_chance", 0.5, 1.0), ("dropout_chance", 0.2, 0.0), ("persistence", 0.1, 0.9),
            ("half_life_months", 2.0, 40.0))  # fmt: skip
    direct = {"direct_hazard_ratio": 0.5, "direct_hazard_ratio_others": 0.7, "support_hazard_ratio": 1.0,
              "support_hazard_ratio_others": 1.0}
    for case in context.scenarios(randomised=8):
        for key, less, more in ways:
            weak, strong = (everyone_with(case, **direct, **{key: each}) for each in (less, more))
            _later(claim, weak, strong, key)


def a_lower_baseline_hazard_brings_no_first_offence_forward(claim: Violations, context: CheckContext) -> None:
    """The multiplier of the baseline hazard acts on everybody, so half of it delays first offences or leaves them."""
    for case in context.scenarios(independent=12):
        level = context.varied(0.5, 0.1, 1.0) * case.scenario.risk.hazard_multiplier
        lower = case.changed({"risk.hazard_multiplier": max(0.01, level)})
        _later(claim, case, lower, case.name)


@fixed
def more_help_with_support_brings_no_first_offence_forward(claim: Violations, context: CheckContext) -> None:
    """Help that makes gains likelier and losses rarer protects where lacking a thing raises the hazard."""
    thing = {"missing_at_release": 0.5, "gain": 0.1, "loss": 0.1, "missing_hazard_ratio": 4.0}
    help_for_all = {**OFFERED, "gain_weights": {"thing": 1.0}, "support_hazard_ratio": 0.9,
                    "support_hazard_ratio_others": 0.9}
    people = {**EVERYBODY_ACCEPTS, "count": context.scaled(3000), "follow_up_months": 12}
    scenario = steady(0.05, factor={"thing": thing}, people=people, trial={"assignment": "everyone"},
                      programme={"help": help_for_all})  # fmt: skip
    weak = SimulatedCase(scenario, context.seed)
    strong = weak.changed({"programme.support_hazard_ratio": 0.7, "programme.support_hazard_ratio_others": 0.7})
    _later(claim, weak, strong, "support")
    held = [run(each.scenario, seed=context.seed).lives.held.mean() for each in (weak, strong)]
    claim.check(held[1] > held[0] + 0.05, "more help and no more support")


@fixed
def who_holds_something_is_no_worse_off(claim: Violations, context: CheckContext) -> None:
    """With the same random number nobody loses a factor where a person without it, with no more help,
    gains it.
    """
    rng = context.rng(1)
    for word in rng.integers(0, 2**32, 2000):
        gain, loss = rng.uniform(0, 0.5, 2)
        times = float(rng.choice([1.0, 1.5, 2.0]))
        lacked = plain(holds)(0, 0, int(word), gain, loss)
        claim.check(plain(holds)(1, 0, int(word), gain * times, loss / times) >= lacked, f"word {word}")


def two_lives_of_a_person_diverge_at_the_first_contact(claim: Violations, context: CheckContext) -> None:
    """With and without help, and the same random numbers, lives are the same until they first meet the programme."""
    for case in context.scenarios(randomised=12):
        everyone = case.changed({"trial.assignment": "everyone"})
        alone = case.nobody.lives
        for person, events in everyone.lives.items():
            parting = min((event.month for event in events if event.what == "contact"), default=NEVER_PARTED)
            before = [e for e in events if e.month < parting and e.what not in OF_THE_PROGRAMME]
            same = before == [e for e in alone[person] if e.month < parting]
            claim.check(same, f"person {person}, before month {parting}")


@fixed
def lives_diverge_somewhere(claim: Violations, context: CheckContext) -> None:
    """The invariant above is not about idle help: under strong help some lives diverge after the first contact."""
    parted = 0
    for case in context.scenarios(randomised=12):
        strong = everyone_with(case, direct_hazard_ratio=0.05, direct_hazard_ratio_others=0.05, contact_chance=1.0)
        first, other = first_offences(strong), first_offences(case.nobody)
        parted += int((first != other).sum())
        claim.examined += len(first)
    claim.check(parted >= 20, f"{parted} lives diverged")


def controls_live_as_if_there_were_no_programme(claim: Violations, context: CheckContext) -> None:
    """Where people do not influence each other, a control lives the life of a person who was offered nothing."""
    for case in context.scenarios(randomised=12):
        people = case.history.people
        control = people.loc[people["arm"] == "control", "person"]
        drawn, nobody = (each.history.events for each in (case, case.nobody))
        mine, theirs = (each[each["person"].isin(control)].reset_index(drop=True) for each in (drawn, nobody))
        claim.check(mine.equals(theirs), case.name)
        claim.examined += len(control)


def _scarce(seed: int, openings: float, **tables: Any) -> SimulatedCase:
    """Five hundred people of one place after one thing; it is never lost, and nobody offends."""
    thing = {**NEUTRAL, "missing_at_release": 0.8, "gain": 0.3, "openings": openings}
    scenario = complete(people={"count": 500, "release_months": 3}, municipalities={"include": ["Aarhus"]},
                        risk={"baseline_hazard": 0.0}, factor={"thing": thing}, **tables)  # fmt: skip
    return SimulatedCase(scenario, seed)


def _gains(case: SimulatedCase) -> npt.NDArray[np.int64]:
    events = case.history.events
    return np.bincount(events.loc[events["event"] == "gain", "month"], minlength=24).cumsum()


def more_openings_give_no_fewer_gains(claim: Violations, seed: int) -> None:
    """Without openings nobody gains, and by every month at least as many have gained what there are more
    openings of.
    """
    by_month = [_gains(_scarce(seed, each)) for each in (0.0, 0.5, 2.0, 10.0, 30.0, 100.0)]
    claim.check(by_month[0] == 0, "gains without openings")
    beside = _gains(_scarce(seed, 0.0, programme={"help": {}}))
    claim.check(beside == 0, "gains without openings, beside a programme")
    claim.check(np.diff(by_month, axis=0) >= 0, "fewer gains with more openings")


def gains_are_as_many_as_openings_where_things_are_short(claim: Violations, seed: int) -> None:
    """While many more people seek than find, the places' openings are what is given out, the first month apart."""
    for openings in (1.0, 4.0):
        case = _scarce(seed, openings).changed({"people.release_months": 1, "people.follow_up_months": 12})
        gains = _gains(case)
        claim.check(abs((gains[11] - gains[0]) / (11 * 5 * openings) - 1) < 0.25, f"{gains[11] - gains[0]} gains")


def help_takes_what_is_scarce_from_others(claim: Violations, seed: int) -> None:
    """However much likelier help makes a gain, as many things are given out in all as come up."""
    thing = {**NEUTRAL, "missing_at_release": 0.9, "gain": 0.02, "openings": 0.5, "missing_hazard_ratio": 3.0}
    people = {"count": 4000, "release_months": 24, "follow_up_months": 12, **EVERYBODY_ACCEPTS}
    for aim in (0.9, 0.3):
        help_ = {**OFFERED, "gain_weights": {"thing": 1.0}, "support_hazard_ratio": aim,
                 "support_hazard_ratio_others": aim}
        scenario = complete(people=people, municipalities={"include": ["Aarhus"]}, risk={"baseline_hazard": 0.0},
                            trial={"assignment": "randomised"}, factor={"thing": thing},
                            programme={"help": help_})  # fmt: skip
        history = simulate(scenario, seed=seed)
        gains = history.events[history.events["event"] == "gain"].merge(history.people[["person", "release", "arm"]])
        late = int((gains["month"] + gains["release"]).between(6, 23).sum())
        release = history.people["release"].to_numpy()
        hoped = 0.005 * sum(int(((release <= t) & (release > t - 12)).sum()) for t in range(6, 24))
        arms = gains["arm"].value_counts()
        claim.check(arms["mentored"] > 1.3 * arms["control"], f"aim {aim}: help brings the helped nothing")
        claim.check(abs(late / hoped - 1) < 0.25, f"aim {aim}: {late} gains, {hoped:.0f} openings")


MONOTONE_HELP = invariants(
    "monotone help", a_stronger_relationship_brings_no_first_offence_forward,
    a_longer_relationship_brings_no_first_offence_forward, a_lower_baseline_hazard_brings_no_first_offence_forward,
    more_help_with_support_brings_no_first_offence_forward, who_holds_something_is_no_worse_off,
)  # fmt: skip
PAIRED_LIVES = invariants(
    "paired lives", two_lives_of_a_person_diverge_at_the_first_contact, lives_diverge_somewhere,
    controls_live_as_if_there_were_no_programme,
)  # fmt: skip
SCARCITY = invariants(
    "scarcity", more_openings_give_no_fewer_gains, gains_are_as_many_as_openings_where_things_are_short,
    help_takes_what_is_scarce_from_others,
)  # fmt: skip

"""Invariants of what help may do: it protects whom it should, and lives diverge only where it reaches them."""

from __future__ import annotations

from typing import Any

import numpy as np

from experiments.verification.check_context import (
    EVERYBODY_ACCEPTS,
    NEUTRAL,
    OF_THE_PROGRAMME,
    OFFERED,
    CheckContext,
    SimulatedCase,
    complete,
    steady,
)
from experiments.verification.checks import Finding, Violations, fixed
from experiments.verification.invariants_order import of_all
from simulation.compiled import plain
from simulation.engine import run
from simulation.history import simulate
from simulation.rules import holds

NEVER_PARTED = 10_000


def _first(case: SimulatedCase) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    """Own month of everybody's first offence."""
    return run(case.scenario, seed=case.seed, replicates=2).lives.first_offence


def _later(claim: Violations, weak: SimulatedCase, strong: SimulatedCase, detail: str) -> None:
    """Nobody's first offence may come sooner under the second."""
    one, other = _first(weak), _first(strong)
    claim.check(one <= other, f"{detail}: {int((one > other).sum())} of {len(one)} offend sooner")


# Monotone help ----------------------------------------------------------------------------------------------------


def a_stronger_relationship_brings_no_first_offence_forward(context: CheckContext) -> Finding:
    """A lower hazard while they meet delays first offences or leaves them, with the same random numbers."""
    claim = Violations()
    for case in context.scenarios(randomised=12):
        everyone, part = case.changed({"trial.assignment": "everyone"}), context.varied(0.4, 0.01, 1.0)
        lower = {
            f"programme.{name}.{which}": max(0.001, part * getattr(row, which))
            for name, row in case.scenario.programme.items() for which in ("direct_hazard_ratio",
                                                                           "direct_hazard_ratio_others")
        }  # fmt: skip
        _later(claim, everyone, everyone.changed(lower), case.scenario.digest[:8])
    return claim.finding()


def a_longer_relationship_brings_no_first_offence_forward(context: CheckContext) -> Finding:
    """More months met, fewer ends, and more that stays for longer protect, where the relationship itself does."""
    claim = Violations()
    ways = (
        ("contact_chance", 0.5, 1.0),
        ("dropout_chance", 0.2, 0.0),
        ("persistence", 0.1, 0.9),
        ("half_life_months", 2.0, 40.0),
    )
    direct = {"direct_hazard_ratio": 0.5, "direct_hazard_ratio_others": 0.7, "support_hazard_ratio": 1.0,
              "support_hazard_ratio_others": 1.0}
    for case in context.scenarios(randomised=8):
        for key, less, more in ways:
            weak, strong = (case.changed({**of_all(case, **direct, **{key: each}), "trial.assignment": "everyone"})
                            for each in (less, more))  # fmt: skip
            _later(claim, weak, strong, key)
    return claim.finding()


def a_lower_baseline_hazard_brings_no_first_offence_forward(context: CheckContext) -> Finding:
    """The multiplier of the baseline hazard acts on everybody, so half of it delays first offences or leaves them."""
    claim = Violations()
    for case in context.scenarios(independent=12):
        level = context.varied(0.5, 0.1, 1.0) * case.scenario.risk.hazard_multiplier
        lower = case.changed({"risk.hazard_multiplier": max(0.01, level)})
        _later(claim, case, lower, case.scenario.digest[:8])
    return claim.finding()


@fixed
def more_help_with_support_brings_no_first_offence_forward(context: CheckContext) -> Finding:
    """Help that makes gains likelier and losses rarer protects where lacking a thing raises the hazard."""
    thing = {"missing_at_release": 0.5, "gain": 0.1, "loss": 0.1, "missing_hazard_ratio": 4.0}
    help_for_all = {**OFFERED, "gain_weights": {"thing": 1.0}, "support_hazard_ratio": 0.9,
                    "support_hazard_ratio_others": 0.9}
    people = {**EVERYBODY_ACCEPTS, "count": context.scaled(3000), "follow_up_months": 12}
    scenario = steady(0.05, factor={"thing": thing}, people=people, trial={"assignment": "everyone"},
                      programme={"help": help_for_all})  # fmt: skip
    weak = SimulatedCase(scenario, context.seed)
    claim = Violations()
    strong = weak.changed({"programme.support_hazard_ratio": 0.7, "programme.support_hazard_ratio_others": 0.7})
    _later(claim, weak, strong, "support")
    held = [run(each.scenario, seed=context.seed).lives.held.mean() for each in (weak, strong)]
    claim.check(held[1] > held[0] + 0.05, "more help and no more support")
    return claim.finding()


@fixed
def who_holds_something_is_no_worse_off(context: CheckContext) -> Finding:
    """With the same random number nobody loses a factor where a person without it, with no more help,
    gains it.
    """
    claim, rng = Violations(), context.rng(1)
    for word in rng.integers(0, 2**32, 2000):
        gain, loss = rng.uniform(0, 0.5, 2)
        times = float(rng.choice([1.0, 1.5, 2.0]))
        held, lacked = (
            plain(holds)(1, 0, int(word), gain * times, loss / times),
            plain(holds)(0, 0, int(word), gain, loss),
        )
        claim.check(held >= lacked, f"word {word}")
    return claim.finding()


# Paired lives -----------------------------------------------------------------------------------------------------


def two_lives_of_a_person_diverge_at_the_first_contact(context: CheckContext) -> Finding:
    """With and without help, and the same random numbers, lives are the same until they first meet the programme."""
    claim = Violations()
    for case in context.scenarios(randomised=12):
        everyone = case.changed({"trial.assignment": "everyone"})
        alone = case.nobody.lives
        for person, events in everyone.lives.items():
            parting = min((event.month for event in events if event.what == "contact"), default=NEVER_PARTED)
            before = [e for e in events if e.month < parting and e.what not in OF_THE_PROGRAMME]
            claim.check(
                before == [e for e in alone[person] if e.month < parting], f"person {person}, before month {parting}"
            )
    return claim.finding()


@fixed
def lives_diverge_somewhere(context: CheckContext) -> Finding:
    """The invariant above is not about idle help: under strong help some lives diverge after the first contact."""
    claim = Violations()
    parted = 0
    for case in context.scenarios(randomised=12):
        strong = case.changed({**of_all(case, direct_hazard_ratio=0.05, direct_hazard_ratio_others=0.05,
                                        contact_chance=1.0),
                                "trial.assignment": "everyone"})  # fmt: skip
        first, other = _first(strong), _first(case.nobody)
        parted += int((first != other).sum())
        claim.examined += len(first)
    claim.check(parted >= 20, f"{parted} lives diverged")
    return claim.finding()


def controls_live_as_if_there_were_no_programme(context: CheckContext) -> Finding:
    """Where people do not influence each other, a control lives the life of a person who was offered nothing."""
    claim = Violations()
    for case in context.scenarios(randomised=12):
        people = case.history.people
        control = people.loc[people["arm"] == "control", "person"]
        drawn, nobody = (each.history.events for each in (case, case.nobody))
        mine, theirs = (each[each["person"].isin(control)].reset_index(drop=True) for each in (drawn, nobody))
        claim.check(mine.equals(theirs), case.scenario.digest[:8])
        claim.examined += len(control)
    return claim.finding()


# Scarcity ---------------------------------------------------------------------------------------------------------


def _scarce(context: CheckContext, openings: float, **tables: Any) -> SimulatedCase:
    """Five hundred people of one place after one thing; it is never lost, and nobody offends."""
    thing = {**NEUTRAL, "missing_at_release": 0.8, "gain": 0.3, "openings": openings}
    scenario = complete(people={"count": 500, "release_months": 3}, municipalities={"include": ["Aarhus"]},
                        risk={"baseline_hazard": 0.0}, factor={"thing": thing}, **tables)  # fmt: skip
    return SimulatedCase(scenario, context.seed)


def _gains(case: SimulatedCase) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    events = case.history.events
    return np.bincount(events.loc[events["event"] == "gain", "month"], minlength=24).cumsum()


@fixed
def more_openings_give_no_fewer_gains(context: CheckContext) -> Finding:
    """Without openings nobody gains, and by every month at least as many have gained what there are more
    openings of.
    """
    claim = Violations()
    by_month = [_gains(_scarce(context, each)) for each in (0.0, 0.5, 2.0, 10.0, 30.0, 100.0)]
    claim.check(by_month[0] == 0, "gains without openings")
    beside = _gains(_scarce(context, 0.0, programme={"help": {}}))
    claim.check(beside == 0, "gains without openings, beside a programme")
    claim.check(np.diff(by_month, axis=0) >= 0, "fewer gains with more openings")
    return claim.finding()


@fixed
def gains_are_as_many_as_openings_where_things_are_short(context: CheckContext) -> Finding:
    """While many more people seek than find, the places' openings are what is given out, the first month apart."""
    claim = Violations()
    for openings in (1.0, 4.0):
        case = _scarce(context, openings).changed({"people.release_months": 1, "people.follow_up_months": 12})
        gains = _gains(case)
        claim.check(abs((gains[11] - gains[0]) / (11 * 5 * openings) - 1) < 0.25, f"{gains[11] - gains[0]} gains")
    return claim.finding()


@fixed
def help_takes_what_is_scarce_from_others(context: CheckContext) -> Finding:
    """However much likelier help makes a gain, as many things are given out in all as come up."""
    claim = Violations()
    thing = {**NEUTRAL, "missing_at_release": 0.9, "gain": 0.02, "openings": 0.5, "missing_hazard_ratio": 3.0}
    people = {"count": 4000, "release_months": 24, "follow_up_months": 12, **EVERYBODY_ACCEPTS}
    for aim in (0.9, 0.3):
        help_ = {**OFFERED, "gain_weights": {"thing": 1.0}, "support_hazard_ratio": aim,
                 "support_hazard_ratio_others": aim}
        scenario = complete(people=people, municipalities={"include": ["Aarhus"]}, risk={"baseline_hazard": 0.0},
                            trial={"assignment": "randomised"}, factor={"thing": thing},
                            programme={"help": help_})  # fmt: skip
        history = simulate(scenario, seed=context.seed)
        gains = history.events[history.events["event"] == "gain"].merge(history.people[["person", "release", "arm"]])
        late = int((gains["month"] + gains["release"]).between(6, 23).sum())
        release = history.people["release"].to_numpy()
        hoped = 0.005 * sum(int(((release <= t) & (release > t - 12)).sum()) for t in range(6, 24))
        arms = gains["arm"].value_counts()
        claim.check(arms["mentored"] > 1.3 * arms["control"], f"aim {aim}: help brings the helped nothing")
        claim.check(abs(late / hoped - 1) < 0.25, f"aim {aim}: {late} gains, {hoped:.0f} openings")
    return claim.finding()

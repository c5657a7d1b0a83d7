"""Laws of what help may do: it protects whom it should, and lives part only where it reaches them."""

from __future__ import annotations

import numpy as np

from experiments.verification.checks import Breaches, Finding
from experiments.verification.invariants_order import of_all
from experiments.verification.random_scenarios import (
    EVERYBODY_SAYS_YES,
    NEUTRAL,
    OF_THE_PROGRAMME,
    OFFERED,
    Ground,
    World,
    complete,
    steady,
)
from simulation.engine import run
from simulation.history import simulate

NEVER_PARTED = 10_000


def _first(world: World) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    """Own month of everybody's first offence."""
    return run(world.scenario, seed=world.seed, replicates=2).lives.first_offence


def _later(seen: Breaches, weak: World, strong: World, words: str) -> None:
    """Nobody's first offence may come sooner under the second."""
    one, other = _first(weak), _first(strong)
    seen.see(one <= other, f"{words}: {int((one > other).sum())} of {len(one)} offend sooner")


# Monotone help ----------------------------------------------------------------------------------------------------


def a_stronger_relationship_brings_no_first_offence_forward(ground: Ground) -> Finding:
    """A lower hazard while they meet delays first offences or leaves them where they were, on the same luck."""
    seen = Breaches()
    for world in ground.worlds("drawn by lot"):
        everyone = world.changed({"trial.assignment": "everyone"})
        lower = {
            f"programme.{name}.{which}": max(0.001, 0.4 * getattr(row, which))
            for name, row in world.scenario.programme.items() for which in ("direct_effect", "direct_effect_others")
        }  # fmt: skip
        _later(seen, everyone, everyone.changed(lower), world.scenario.digest[:8])
    return seen.found()


def a_longer_relationship_brings_no_first_offence_forward(ground: Ground) -> Finding:
    """More months met, fewer ends, and more that stays for longer protect, where the relationship itself does."""
    seen = Breaches()
    ways = (
        ("contact_chance", 0.5, 1.0),
        ("unplanned_exit", 0.2, 0.0),
        ("stays", 0.1, 0.9),
        ("half_life_months", 2.0, 40.0),
    )
    direct = {"direct_effect": 0.5, "direct_effect_others": 0.7, "support_effect": 1.0, "support_effect_others": 1.0}
    for world in ground.worlds("drawn by lot", 8):
        for key, less, more in ways:
            weak, strong = (world.changed({**of_all(world, **direct, **{key: each}), "trial.assignment": "everyone"})
                            for each in (less, more))  # fmt: skip
            _later(seen, weak, strong, key)
    return seen.found()


def a_lower_level_of_risk_brings_no_first_offence_forward(ground: Ground) -> Finding:
    """The level multiplies everybody's hazard, so half of it delays first offences or leaves them."""
    seen = Breaches()
    for world in ground.worlds("apart"):
        lower = world.changed({"risk.level": max(0.01, 0.5 * world.scenario.risk.level)})
        _later(seen, world, lower, world.scenario.digest[:8])
    return seen.found()


def more_help_with_support_brings_no_first_offence_forward(ground: Ground) -> Finding:
    """Help that makes gains likelier and losses rarer protects where lacking a thing raises the hazard."""
    thing = {"lacked_at_release": 0.5, "gain": 0.1, "loss": 0.1, "lacking_hazard_ratio": 4.0}
    help_for_all = {**OFFERED, "helps": {"thing": 1.0}, "support_effect": 0.9, "support_effect_others": 0.9}
    people = {**EVERYBODY_SAYS_YES, "count": ground.many(3000), "follow_up_months": 12}
    scenario = steady(0.05, factor={"thing": thing}, people=people, trial={"assignment": "everyone"},
                      programme={"help": help_for_all})  # fmt: skip
    weak = World(scenario, ground.seed)
    seen = Breaches()
    strong = weak.changed({"programme.support_effect": 0.7, "programme.support_effect_others": 0.7})
    _later(seen, weak, strong, "support")
    held = [run(each.scenario, seed=ground.seed).lives.held.mean() for each in (weak, strong)]
    seen.see(held[1] > held[0] + 0.05, "more help and no more support")
    return seen.found()


def who_holds_something_is_no_worse_off(ground: Ground) -> Finding:
    """On the same luck nobody who held a factor lacks it where somebody who lacked it, with no more help, has it."""
    from simulation.compiled import plain
    from simulation.rules import holds

    seen, luck = Breaches(), ground.luck(1)
    for word in luck.integers(0, 2**32, 2000):
        gain, loss = luck.uniform(0, 0.5, 2)
        times = float(luck.choice([1.0, 1.5, 2.0]))
        held, lacked = (
            plain(holds)(1, 0, int(word), gain * times, loss / times),
            plain(holds)(0, 0, int(word), gain, loss),
        )
        seen.see(held >= lacked, f"word {word}")
    return seen.found()


# Paired lives -----------------------------------------------------------------------------------------------------


def two_lives_of_a_person_part_at_the_first_contact(ground: Ground) -> Finding:
    """With and without help people live the same months on the same luck until they first meet the programme."""
    seen = Breaches()
    for world in ground.worlds("drawn by lot"):
        everyone = world.changed({"trial.assignment": "everyone"})
        alone = world.nobody.lives
        for person, events in everyone.lives.items():
            parting = min((event.month for event in events if event.what == "contact"), default=NEVER_PARTED)
            before = [e for e in events if e.month < parting and e.what not in OF_THE_PROGRAMME]
            seen.see(
                before == [e for e in alone[person] if e.month < parting], f"person {person}, before month {parting}"
            )
    return seen.found()


def lives_part_somewhere(ground: Ground) -> Finding:
    """The law above is not about idle help: under strong help some lives do part after the first contact."""
    seen = Breaches()
    parted = 0
    for world in ground.worlds("drawn by lot"):
        strong = world.changed({**of_all(world, direct_effect=0.05, direct_effect_others=0.05, contact_chance=1.0),
                                "trial.assignment": "everyone"})  # fmt: skip
        first, other = _first(strong), _first(world.nobody)
        parted += int((first != other).sum())
        seen.looked += len(first)
    seen.see(parted >= 20, f"{parted} lives parted")
    return seen.found()


def controls_live_as_if_there_were_no_programme(ground: Ground) -> Finding:
    """Where people are apart, whoever draws the lot of a control lives the life of somebody who was offered nothing."""
    seen = Breaches()
    for world in ground.worlds("drawn by lot"):
        people = world.history.people
        control = people.loc[people["arm"] == "control", "person"]
        drawn, nobody = (each.history.events for each in (world, world.nobody))
        mine, theirs = (each[each["person"].isin(control)].reset_index(drop=True) for each in (drawn, nobody))
        seen.see(mine.equals(theirs), world.scenario.digest[:8])
        seen.looked += len(control)
    return seen.found()


# Scarcity ---------------------------------------------------------------------------------------------------------


def _scarce(ground: Ground, openings: float) -> World:
    """Five hundred people of one place after one thing; it is never lost, and nobody offends."""
    thing = {**NEUTRAL, "lacked_at_release": 0.8, "gain": 0.3, "openings": openings}
    scenario = complete(people={"count": 500, "release_months": 3}, places={"include": ["Aarhus"]},
                        risk={"monthly_hazard": 0.0}, factor={"thing": thing})  # fmt: skip
    return World(scenario, ground.seed)


def _gains(world: World) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    events = world.history.events
    return np.bincount(events.loc[events["event"] == "gain", "month"], minlength=24).cumsum()


def more_openings_give_no_fewer_gains(ground: Ground) -> Finding:
    """Without openings nobody gains, and by every month at least as many have gained what there are more
    openings of.
    """
    seen = Breaches()
    by_month = [_gains(_scarce(ground, each)) for each in (0.0, 0.5, 2.0, 10.0, 30.0, 100.0)]
    seen.see(by_month[0] == 0, "gains without openings")
    seen.see(np.diff(by_month, axis=0) >= 0, "fewer gains with more openings")
    return seen.found()


def gains_are_as_many_as_openings_where_things_are_short(ground: Ground) -> Finding:
    """While many more people seek than find, the places' openings are what is given out, the first month apart."""
    seen = Breaches()
    for openings in (1.0, 4.0):
        world = _scarce(ground, openings).changed({"people.release_months": 1, "people.follow_up_months": 12})
        gains = _gains(world)
        seen.see(abs((gains[11] - gains[0]) / (11 * 5 * openings) - 1) < 0.25, f"{gains[11] - gains[0]} gains")
    return seen.found()


def help_takes_what_is_scarce_from_others(ground: Ground) -> Finding:
    """However much likelier help makes a gain, as many things are given out in all as come up."""
    seen = Breaches()
    thing = {**NEUTRAL, "lacked_at_release": 0.9, "gain": 0.02, "openings": 0.5, "lacking_hazard_ratio": 3.0}
    people = {"count": 4000, "release_months": 24, "follow_up_months": 12, **EVERYBODY_SAYS_YES}
    for aim in (0.9, 0.3):
        help_ = {**OFFERED, "helps": {"thing": 1.0}, "support_effect": aim, "support_effect_others": aim}
        scenario = complete(people=people, places={"include": ["Aarhus"]}, risk={"monthly_hazard": 0.0},
                            trial={"assignment": "randomised"}, factor={"thing": thing},
                            programme={"help": help_})  # fmt: skip
        history = simulate(scenario, seed=ground.seed)
        gains = history.events[history.events["event"] == "gain"].merge(history.people[["person", "release", "arm"]])
        late = int((gains["month"] + gains["release"]).between(6, 23).sum())
        release = history.people["release"].to_numpy()
        hoped = 0.005 * sum(int(((release <= t) & (release > t - 12)).sum()) for t in range(6, 24))
        arms = gains["arm"].value_counts()
        seen.see(arms["mentored"] > 1.3 * arms["control"], f"aim {aim}: help brings the helped nothing")
        seen.see(abs(late / hoped - 1) < 0.25, f"aim {aim}: {late} gains, {hoped:.0f} openings")
    return seen.found()

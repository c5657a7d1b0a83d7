"""The other three lessons, on groups of people: self-selection, base rate, regression to the mean.

Everybody simulated here is one of the engine's own people; no difference between groups is put in by hand.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from experiments.app.shared_results import kept
from experiments.inputs.scenario_files import load
from simulation.engine import SimulatedChunk, over_chunks, run
from simulation.parameter_sections import Definition
from simulation.scenario import Scenario
from simulation.trial_counts import WINDOW, Arms

Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
TOWNS, RELEASED = 40, 2_000
"""Self-selection: so many replicates of so many people."""
OFFERED = 30_000
"""Base rate: people who are offered the programme."""
WINGS, WORST, SIMULATED = 40, 5, 80_000
"""Regression: groups; how many of the worst are picked; people simulated, about."""
FOR_ALL = {
    "people.release_months": 1, "programme.delivered_by": "slots", "programme.capacity": 1_000_000.0,
    "programme.contact_chance": 1.0, "programme.dropout_chance": 0.0, "programme.gain_weights": {},
    "programme.direct_hazard_ratio_others": 1.0, "programme.support_hazard_ratio_others": 1.0,
}  # fmt: skip
"""A programme with room for everybody who says yes, in which everybody meets somebody and nobody drops out."""


# Self-selection -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """A programme that changes nothing, seen in two ways: participants beside two kinds of others."""

    scenario: Scenario
    command: str  # prints the participants' share (as treated, mentored)
    naive: Arms  # participants (mentored), and everybody else (control)
    fair: Arms  # participants (mentored), and those who said yes and drew no place (control)


def gap(arms: Arms) -> tuple[float, float]:
    """Control less mentored (share of 1), and its simulation error."""
    return arms.risks[1] - arms.risks[0], float(np.hypot(*arms.errors))


def unchanged(drive: int, choose: int) -> Scenario:
    """Everybody released in Denmark; half are drawn to a programme that changes nothing, and may say no.

    ``drive``: by how many per cent one standard deviation of motivation lowers the hazard of offending; ``choose``:
    correlation of motivation with saying yes, in per cent.
    """
    return load("trial").changed(
        {
            **FOR_ALL, "name": "lesson-self", "title": "A programme that changes nothing, offered by lot",
            "people.count": RELEASED, "people.motivation_hazard_ratio": 1 - drive / 100,
            "people.acceptance_by_motivation": choose / 100, "risk.hazard_multiplier": 1.0, "risk.high_risk_share": 1.0,
            "municipalities.include": ["all"], "trial.signed_up": False, "programme.shortest_sentence_months": 0.0,
        }
    )  # fmt: skip


@kept(64)
def chosen(drive: int, choose: int, seed: int) -> Chosen:
    """Simulate people of whom some say yes to a programme that changes nothing."""
    scenario = unchanged(drive, choose)

    def reduce(cohort: SimulatedChunk) -> Longs:
        people, lives = cohort.people, cohort.lives
        town = people.replicate.astype(np.int64) - int(people.replicate.min())
        hit, met = lives.time_any <= WINDOW, lives.months_met.sum(axis=0) > 0
        undrawn = (people.accepts & 1 == 1) & (people.side == 0)
        rows = [row for group in (met, ~met, undrawn) for row in (group, group & hit)]
        return np.stack([np.bincount(town[row], minlength=int(town.max()) + 1) for row in rows], axis=-1)

    counts = np.concatenate(list(over_chunks(scenario, seed, range(TOWNS), reduce))).astype(np.int32)
    participants = {"mentored_people": counts[:, 0], "mentored_hits": counts[:, 1]}
    naive = Arms(control_people=counts[:, 2], control_hits=counts[:, 3], **participants)
    fair = Arms(control_people=counts[:, 4], control_hits=counts[:, 5], **participants)
    command = f"desist trial lesson-self.toml --trials {TOWNS} --seed {seed}"
    return Chosen(scenario=scenario, command=command, naive=naive, fair=fair)


# Base rate ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Prevented:
    """One risk group with and without a programme, with the same random numbers. Shares of 1."""

    people: int
    without: float
    with_it: float
    error: float  # simulation error of the difference, which is one of the same people

    @property
    def prevented(self) -> float:
        """Share of the group who do not reoffend because of it."""
        return self.without - self.with_it

    @property
    def needed(self) -> float:
        """People to mentor for one reoffender fewer; infinite if there is none fewer."""
        return 1 / self.prevented if self.prevented > 0 else float("inf")


@dataclass(frozen=True, kw_only=True)
class Base:
    """The same effect in two risk groups."""

    scenario: Scenario
    command: str  # two lines that print the four shares
    effect: int
    others: Prevented
    highest: Prevented


def same_effect(effect: int, share: int) -> Scenario:
    """People who sign up, with one effect for all of them.

    ``effect``: by how many per cent the hazard is lower while they meet; ``share``: per cent of them who count as the
    highest-risk group.
    """
    ratio = 1 - effect / 100
    return load("trial").changed(
        {
            **FOR_ALL, "name": "lesson-base", "title": "One effect for low and high risk", "people.count": OFFERED,
            "risk.high_risk_share": share / 100, "trial.assignment": "everyone",
            "programme.direct_hazard_ratio": ratio, "programme.direct_hazard_ratio_others": ratio,
        }
    )  # fmt: skip


@kept(64)
def base(effect: int, share: int, definition: Definition, seed: int) -> Base:
    """Simulate the same people with the same random numbers, with a programme and without it."""
    scenario, arms = same_effect(effect, share), ("nobody", "everyone")
    both = [run(scenario.changed({"trial.assignment": who}), seed=seed).lives for who in arms]
    without, with_it = (getattr(lives, f"time_{definition}") <= WINDOW for lives in both)
    groups = []
    for code in (0, 1):
        mine = both[0].highest == code
        fewer = without[mine].astype(np.int64) - with_it[mine]
        groups.append(Prevented(
            people=int(mine.sum()), without=float(without[mine].mean()), with_it=float(with_it[mine].mean()),
            error=float(fewer.std(ddof=1) / np.sqrt(len(fewer))),
        ))  # fmt: skip
    commands = [f"desist run lesson-base.toml --set trial.assignment={who} --seed {seed}" for who in arms]
    return Base(scenario=scenario, command="\n".join(commands), effect=effect, others=groups[0], highest=groups[1])


# Regression to the mean ---------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Wings:
    """Prison wings in two years in which nothing was done. Shares of 1."""

    scenario: Scenario
    command: str  # simulates the people of the two years, and prints the share of them all
    first: Floats
    second: Floats  # share who reoffend of each wing's people, by year; the first pair of years
    worst: Longs  # numbers of the worst wings of the first year
    before: float
    after: float  # mean share of the worst wings in the first year, and of the same wings in the second
    mean: float  # of all wings in both years
    pairs: int  # pairs of years simulated
    fall: float  # mean fall of the worst wings over all pairs, without anything done
    error: float  # simulation error of ``fall``


def untouched(size: int) -> Scenario:
    """The people who are released from all wings in a year; nobody is offered anything."""
    title = f"A year of releases from {WINGS} wings, no programme"
    return load("everyone").changed({"name": "lesson-wings", "title": title, "people.count": WINGS * size})


def wing_of(score: Floats, size: int, sorted_share: float) -> Longs:
    """Which wing each person comes from (array like ``score``, people in the order of their numbers).

    So large a part of every wing, rounded to people, is filled in the order of predicted risk, the lowest in the first
    wing and the highest in the last; the rest of the places are filled by number, which says nothing of anybody.
    """
    ranked = round(sorted_share * size)
    first = WINGS * ranked
    wing = np.empty(len(score), np.int64)
    wing[np.argsort(score[:first], kind="stable")] = np.arange(first) // max(1, ranked)
    wing[first:] = np.arange(len(score) - first) % WINGS
    return wing


@kept(64)
def wings(size: int, differ: int, seed: int) -> Wings:
    """Simulate pairs of years of 40 wings, and follow the worst of the first year into the second.

    ``size``: people released from a wing in a year; ``differ``: per cent of a wing's people who are placed by predicted
    risk, which is how far wings differ lastingly.
    """
    scenario = untouched(size)
    pairs = max(10, SIMULATED // scenario.people.count // 2)
    lives = run(scenario, seed=seed, replicates=2 * pairs).lives
    hits, scores = (lives.time_any <= WINDOW).reshape(2 * pairs, -1), lives.score.reshape(2 * pairs, -1)
    years = [np.bincount(wing_of(score.astype(np.float64), size, differ / 100), hit, WINGS) / size
             for score, hit in zip(scores, hits, strict=True)]  # fmt: skip
    first, second = np.array(years[0::2]), np.array(years[1::2])
    worst = np.argsort(-first, axis=1, kind="stable")[:, :WORST]
    before, after = (np.take_along_axis(year, worst, axis=1).mean(axis=1) for year in (first, second))
    falls = before - after
    return Wings(
        scenario=scenario, command=f"desist run lesson-wings.toml --replicates 2 --seed {seed}", first=first[0],
        second=second[0], worst=worst[0], before=float(before[0]), after=float(after[0]),
        mean=float(hits[:2].mean()), pairs=pairs, fall=float(falls.mean()),
        error=float(falls.std(ddof=1) / np.sqrt(pairs)),
    )  # fmt: skip

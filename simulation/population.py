"""Who is released, drawn person by person, each from his or her own address in chance.

A first cohort of n people is the start of a cohort of 2n. Where only people who sign up are in the scenario (a
trial), a number is offered to candidate after candidate until one is eligible and says yes, so that those who sign
up differ from those who do not as they would in the world.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from simulation.chance import ARRIVAL, LOTTERY, WORD, draw_four, key_of, normal, normal_table
from simulation.compiled import loop, part
from simulation.municipal_shares import weights
from simulation.scenario import Scenario, fingerprint
from simulation.state import Floats, PeopleColumns

CANDIDATES = 100_000
"""Candidates tried for one seat in a trial before the last is taken as he or she is."""
MOST_PRIORS = 20
"""Earlier convictions beyond which more of them no longer raise the hazard."""
REFERENCE_PEOPLE = 20_000
REFERENCE_SEED = 20_200_101
"""Seed of the reference population by which risk groups are cut (no run uses it)."""


class Draws(NamedTuple):
    """The part of a scenario that decides who is released, as plain numbers. F factors, P places."""

    key0: int
    key1: int
    release_months: int
    age_median: float
    age_log_sd: float
    women: float
    priors_median: float
    priors_log_sd: float
    priors_by_age: float
    priors_by_frailty: float
    sentence_median: float
    sentence_log_sd: float
    never: float
    accept_volunteers: float  # least latent number that says yes
    accept_system: float
    by_motivation: float
    trust: float
    problems_by_frailty: float
    problems_shared: float
    problems_own: float
    lack_above: Floats  # F, least latent number that lacks it
    place_below: Floats  # P, upper ends of the places' shares, in words
    must_accept: int  # bit of ``accepts`` that is needed to be in the scenario, 0 if none
    must_serve: float  # shortest sentence, months


@part
def _words(person, replicate, attempt, block, d):  # type: ignore[no-untyped-def]
    return draw_four(
        np.uint64(person), np.uint64(replicate), np.uint64(attempt), np.uint64(ARRIVAL | block),
        np.uint64(d.key0), np.uint64(d.key1),
    )


@part
def _answer(own, shared, motivation, least, d):  # type: ignore[no-untyped-def]
    """Whether a person says yes: motivation, a trust that is shared by all helpers, and something of its own."""
    trust = math.sqrt(d.trust) * shared + math.sqrt(1.0 - d.trust) * own
    rest = math.sqrt(1.0 - d.by_motivation * d.by_motivation)
    return d.by_motivation * motivation + rest * trust > least


@part
def _meet(person, replicate, d, table):  # type: ignore[no-untyped-def]
    """The first candidate for a number who may be in the scenario: attempt, sentence, motivation, answers."""
    attempt = 0
    while True:
        w0, w1, w2, w3 = _words(person, replicate, attempt, 0, d)
        sentence = min(192.0, d.sentence_median * math.exp(d.sentence_log_sd * normal(w0, table)))
        motivation = normal(w1, table)
        shared = normal(_words(person, replicate, attempt, 1, d)[0], table)
        accepts = 0
        if _answer(normal(w2, table), shared, motivation, d.accept_volunteers, d):
            accepts += 1
        if _answer(normal(w3, table), shared, motivation, d.accept_system, d):
            accepts += 2
        wanted = d.must_accept == 0 or (accepts & d.must_accept != 0 and sentence >= d.must_serve)
        if wanted or attempt >= CANDIDATES:
            return attempt, sentence, motivation, accepts
        attempt += 1


@loop
def _draw(people, d, table):  # type: ignore[no-untyped-def]
    """Fill the columns of people whose ``person`` and ``replicate`` are given."""
    factors = len(d.lack_above)
    for i in range(len(people.person)):
        person, replicate = people.person[i], people.replicate[i]
        attempt, sentence, motivation, accepts = _meet(person, replicate, d, table)
        _, w_age, w_sex, w_priors = _words(person, replicate, attempt, 1, d)
        w_propensity, w_place, w_release, w_never = _words(person, replicate, attempt, 2, d)
        w_shared, _, _, _ = _words(person, replicate, attempt, 3, d)
        propensity, shared = normal(w_propensity, table), normal(w_shared, table)
        age = min(80.0, max(18.0, d.age_median * math.exp(d.age_log_sd * normal(w_age, table))))
        r = d.priors_by_frailty
        z = r * propensity + math.sqrt(1.0 - r * r) * normal(w_priors, table)
        career = ((age - 14.0) / 20.0) ** d.priors_by_age
        people.age[i] = age
        people.woman[i] = w_sex < d.women * WORD
        people.priors[i] = int(min(30.0, d.priors_median * career * math.exp(d.priors_log_sd * z)))
        people.sentence[i] = sentence
        people.motivation[i] = motivation
        people.propensity[i] = propensity
        people.never[i] = w_never < d.never * WORD
        people.accepts[i] = accepts
        people.release[i] = int(w_release * float(d.release_months) / WORD)
        place = 0
        while w_place >= d.place_below[place]:
            place += 1
        people.place[i] = place
        for block in range((factors + 3) // 4):
            words = _words(person, replicate, attempt, 4 + block, d)
            for j in range(min(4, factors - 4 * block)):
                own = normal(words[j], table)
                latent = d.problems_by_frailty * propensity + d.problems_shared * shared + d.problems_own * own
                people.lacks[4 * block + j, i] = latent > d.lack_above[4 * block + j]
        pair = draw_four(
            np.uint64(person >> 1), np.uint64(replicate), np.uint64(0), np.uint64(LOTTERY),
            np.uint64(d.key0), np.uint64(d.key1),
        )
        people.side[i] = (np.uint64(person) ^ (pair[0] >> np.uint64(31))) & np.uint64(1)


def room(count: int, replicates: range, factors: int) -> PeopleColumns:
    """Columns for ``count`` people in each replicate, numbered but not drawn."""
    n = count * len(replicates)
    return PeopleColumns(
        person=np.tile(np.arange(count, dtype=np.uint32), len(replicates)),
        replicate=np.repeat(np.asarray(replicates, dtype=np.uint32), count),
        place=np.empty(n, np.int16), release=np.empty(n, np.int16), age=np.empty(n, np.float32),
        woman=np.empty(n, np.uint8), priors=np.empty(n, np.int16), sentence=np.empty(n, np.float32),
        motivation=np.empty(n, np.float32), propensity=np.empty(n, np.float32), never=np.empty(n, np.uint8),
        accepts=np.empty(n, np.uint8), side=np.empty(n, np.uint8), lacks=np.empty((factors, n), np.uint8),
    )  # fmt: skip


def draws_of(scenario: Scenario, seed: int, *, selected: bool | None = None) -> Draws:
    """The numbers that decide who is released; ``selected`` overrides whether only those who sign up are."""
    from scipy.special import ndtri  # slow to import

    p, factors = scenario.people, scenario.factor.values()
    own_by_propensity = p.problems_by_frailty
    shared = math.sqrt(max(0.0, p.problem_correlation - own_by_propensity**2))
    programmes = list(scenario.programme.values())
    signed = scenario.trial.signed_up if selected is None else selected
    first = programmes[0] if signed and programmes else None
    people = weights(scenario, scenario.municipalities.releases, "municipalities.releases")
    below = np.floor(np.cumsum(people) / people.sum() * WORD)
    below[-1] = WORD
    key0, key1 = key_of(seed)
    return Draws(
        key0=key0, key1=key1, release_months=p.release_months,
        age_median=p.age_median, age_log_sd=p.age_log_sd, women=p.women_share,
        priors_median=p.priors_median, priors_log_sd=p.priors_log_sd, priors_by_age=p.priors_by_age,
        priors_by_frailty=p.priors_by_frailty,
        sentence_median=p.sentence_median_months, sentence_log_sd=p.sentence_log_sd,
        never=scenario.risk.immune_share,
        accept_volunteers=float(ndtri(1.0 - p.accepts_volunteers)),
        accept_system=float(ndtri(1.0 - p.accepts_system)),
        by_motivation=p.acceptance_by_motivation, trust=p.trust_shared,
        problems_by_frailty=own_by_propensity, problems_shared=shared,
        problems_own=math.sqrt(max(0.0, 1.0 - own_by_propensity**2 - shared**2)),
        lack_above=np.array([float(ndtri(1.0 - row.missing_at_release)) for row in factors]),
        place_below=below,
        must_accept=0 if first is None else (1 if first.accepted_from == "volunteers" else 2),
        must_serve=0.0 if first is None else first.shortest_sentence_months,
    )  # fmt: skip


def draw(scenario: Scenario, seed: int, replicates: range, *, selected: bool | None = None,
         count: int = 0) -> PeopleColumns:
    """The people of some replicates, in order of replicate and number.

    Parameters
    ----------
    scenario, seed
        What decides them; ``seed`` from 0 to 2**64 - 1.
    replicates
        Numbers of the replicates, each with ``scenario.people.count`` people (or ``count`` if it is not 0).
    selected
        Overrides whether only people who sign up are drawn.
    """
    people = room(count or scenario.people.count, replicates, len(scenario.factor))
    _draw(people, draws_of(scenario, seed, selected=selected), normal_table())
    return people


def relative_hazard(scenario: Scenario, people: PeopleColumns) -> tuple[Floats, Floats]:
    """Hazards relative to the average person's, before support factors.

    Returns
    -------
    Two arrays of N: what age, sex and earlier convictions predict (log hazard), and the whole relative hazard with
    motivation and the lasting difference (both centred on a mean of 1), zero for those who never offend again.
    """
    risk = scenario.risk
    predicted = (
        math.log(risk.age_hazard_ratio) * (people.age.astype(np.float64) - 34.0) / 10.0
        + math.log(risk.women_hazard_ratio) * people.woman
        + math.log(risk.priors_hazard_ratio) * np.minimum(people.priors, MOST_PRIORS)
    )
    motivated = math.log(scenario.people.motivation_hazard_ratio)
    lasting = (
        motivated * people.motivation.astype(np.float64)
        - motivated**2 / 2
        + risk.frailty_sd * people.propensity.astype(np.float64)
        - risk.frailty_sd**2 / 2
    )
    return predicted, np.where(people.never == 1, 0.0, np.exp(predicted + lasting))


def centre(scenario: Scenario) -> float:
    """What the lacked support factors multiply the hazard by, at release, in the geometric mean over the released.

    Every baseline is divided by it, so a factor added to the scenario leaves the mean of the log hazard where it was,
    whatever it goes together with; near two thirds reoffending that also holds the share (its second derivative in
    the log hazard is zero at a cumulative hazard of one).
    """
    log = sum(row.missing_at_release * math.log(row.missing_hazard_ratio) for row in scenario.factor.values())
    return math.exp(log)


class Reference(NamedTuple):
    """What the reference population says of a scenario."""

    highest_from: float  # score from which a person of the scenario belongs to the highest-risk group
    terciles: tuple[float, float]  # scores between the three risk groups of equal size
    lacked: tuple[tuple[float, ...], tuple[float, ...]]  # shares lacking each factor: others, highest-risk group
    scores: tuple[float, ...]  # quantiles of the score at 0, 1, ... 100 %

    def score_of(self, share: float) -> float:
        """Score above which this share (0-1) of the scenario's people lies; minus infinity for everybody."""
        return -math.inf if share >= 1.0 else float(np.interp(1.0 - share, np.linspace(0, 1, 101), self.scores))


def reference(scenario: Scenario) -> Reference:
    """Cuts of the risk groups, from a reference population of 20,000 people who may be in the scenario."""
    return _reference(_People(scenario))


class _People:
    """A scenario as a key for ``lru_cache``: equal if the same people may be in it, with the same relative hazards."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.key = who(scenario)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _People) and other.key == self.key

    def __hash__(self) -> int:
        return hash(self.key)


def who(scenario: Scenario) -> str:
    """Digest of the part of a scenario that decides who people are and how their hazards differ."""
    programmes = [
        (row.accepted_from, row.shortest_sentence_months)
        for row in list(scenario.programme.values())[:1]
        if scenario.trial.signed_up
    ]
    risk = scenario.risk.model_dump(exclude={"hazard_multiplier", "baseline_hazard", "long_run_hazard_ratio",
                                             "hazard_decay_months"})
    factors = {name: (row.missing_at_release, row.missing_hazard_ratio) for name, row in scenario.factor.items()}
    people = scenario.people.model_dump(exclude={"follow_up_months", "calendar_months", "include_reentries"})
    places = [[place.number for place in scenario.selected_municipalities], scenario.municipalities.releases]
    return fingerprint([people, risk, factors, programmes, places])


@lru_cache(maxsize=64)
def _reference(group: _People) -> Reference:
    scenario = group.scenario
    own = draw(scenario, REFERENCE_SEED, range(1), count=REFERENCE_PEOPLE)
    score, _ = relative_hazard(scenario, own)
    cut = float(np.quantile(score, 1.0 - scenario.risk.high_risk_share))
    high = score >= cut
    shares = [tuple(float(row[group].mean()) if group.any() else 0.0 for row in own.lacks) for group in (~high, high)]
    low_cut, high_cut = np.quantile(score, [1 / 3, 2 / 3])
    scores = tuple(np.quantile(score, np.linspace(0, 1, 101)).tolist())
    return Reference(cut, (float(low_cut), float(high_cut)), (shares[0], shares[1]), scores)

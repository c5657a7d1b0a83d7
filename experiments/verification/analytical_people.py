"""Where mathematics has the answer about who is released: shares, medians, correlations, ends and groups of risk."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats

from experiments.verification.check_context import CheckContext
from experiments.verification.checks import Deviations, PValues, Violations, analytical_checks
from experiments.verification.random_scenarios import NEUTRAL, complete, steady
from simulation.chance import ARRIVAL, key_of, normal_table, words_at
from simulation.cohort import prepared
from simulation.population import CANDIDATES, MOST_PRIORS, REFERENCE_PEOPLE, centre, draw, reference, relative_hazard
from simulation.scenario import Scenario
from simulation.state import PeopleColumns

DRAWN = 20_000
PROGRAMME = {"help": {"shortest_sentence_months": 0.0, "capacity": 10.0}}
OLDEST, YOUNGEST, LONGEST, MOST = 80.0, 18.0, 192.0, 30
"""Ends of ages (years), sentences (months) and earlier convictions, as docs/model.md states them."""


def _drawn(context: CheckContext, scenario: Scenario, number: int = DRAWN) -> PeopleColumns:
    return draw(scenario, context.seed, range(1), count=context.scaled(number))


def both_positive(correlation: float) -> float:
    """Chance that two standard normal numbers with this correlation are both positive."""
    return float(0.25 + np.arcsin(correlation) / (2 * np.pi))


def everybody_has_the_stated_shares(claim: PValues, context: CheckContext) -> None:
    """Women, the immune, people who accept volunteers or the system, and people without each support factor."""
    scenario = Scenario()
    people, p = _drawn(context, scenario), scenario.people
    claim.share_of(people.woman, p.women_share, "women")
    claim.share_of(people.never, scenario.risk.immune_share, "never")
    claim.share_of(people.accepts & 1, p.accepts_volunteers, "yes to volunteers")
    claim.share_of(people.accepts >> 1, p.accepts_system, "yes to the system")
    for name, lacks in zip(scenario.factor, people.lacks, strict=True):
        claim.share_of(lacks, scenario.factor[name].missing_at_release, name)
    offered = _drawn(context, complete(programme={"help": {"shortest_sentence_months": 6.0}}))
    claim.share_of(offered.accepts & 1, p.accepts_volunteers, "yes where there is a programme")
    claim.share_of(offered.sentence < 6.0, float((people.sentence < 6.0).mean()), "too short for a programme")


def ages_sentences_and_convictions_have_their_spread(claim: PValues, context: CheckContext) -> None:
    """Quantiles of age and sentence are log-normal; earlier convictions grow with age from fourteen, by the stated
    power.
    """
    people, p = _drawn(context, Scenario()), Scenario().people
    for z in (-1.0, 0.0, 0.7, 1.5):
        claim.share_of(people.age > p.age_median * np.exp(z * p.age_log_sd), stats.norm.sf(z), f"age at {z} sd")
        longer = people.sentence > p.sentence_median_months * np.exp(z * p.sentence_log_sd)
        claim.share_of(longer, stats.norm.sf(z), f"sentence at {z} sd")
    for name in ("motivation", "propensity"):
        column = getattr(people, name)
        claim.mean(column, 0.0, 1.0, name)
        claim.mean(column.astype(np.float64) ** 2, 1.0, np.sqrt(2.0), f"{name}, squared")
    for age, power in ((34.0, 0.7), (54.0, 0.7), (54.0, 2.0), (24.0, 1.0)):
        of_an_age = {"age_median": age, "age_log_sd": 0.0, "priors_median": 8.0, "priors_log_sd": 0.5,
                     "priors_by_age": power}  # fmt: skip
        priors = _drawn(context, complete(people=of_an_age), 5000).priors
        middle = 8.0 * ((age - 14) / 20) ** power
        for least in (2, 6, 15):
            chance = stats.norm.sf(np.log(least / middle) / 0.5)
            claim.share_of(priors >= least, chance, f"{least} or more convictions at {age}")


def nobody_is_beyond_the_ends(claim: Deviations, context: CheckContext) -> None:
    """Ages end at 18 and 80, sentences at 192 months, earlier convictions at 30 and 0; where spread is wide all are
    reached.
    """
    wide = complete(people={"age_median": 35.0, "age_log_sd": 1.0, "sentence_log_sd": 3.0, "priors_log_sd": 3.0})
    people = _drawn(context, wide)
    claim.check([people.age.min(), people.age.max()], [YOUNGEST, OLDEST], detail="ages")
    claim.check(people.sentence.max(), LONGEST, detail="sentences")
    claim.check([people.priors.min(), people.priors.max()], [0, MOST], detail="convictions")


def people_are_spread_over_municipalities_and_months(claim: PValues, context: CheckContext) -> None:
    """A municipality has its part of the people by inhabitants, or by its stated part; every month of
    release the same.
    """
    everywhere = Scenario().replace(people__release_months=12)
    people = _drawn(context, everywhere)
    inhabitants = np.array([place.population for place in everywhere.selected_municipalities])
    order = np.argsort(-inhabitants)
    claim.counts(np.bincount(people.place, minlength=len(order))[order], inhabitants[order], "inhabitants")
    claim.counts(np.bincount(people.release, minlength=12), np.ones(12), "months of release")
    releases = {"Aarhus": 1.0, "Odense": 3.0}
    parts = complete(municipalities={"include": ["Aarhus", "Odense", "Samsø"], "releases": releases})
    names = np.array([place.name for place in parts.selected_municipalities])[_drawn(context, parts).place]
    claim.share_of(names == "Odense", 0.75, "Odense")
    claim.share_of(names == "Samsø", 0.0, "Samsø")


def lots_are_fair(claim: PValues, context: CheckContext) -> None:
    """Which of two people is mentored is drawn with even chances, pair by pair, apart from everything else."""
    people = _drawn(context, Scenario())
    first = people.side[::2]
    claim.share_of(first, 0.5, "first of a pair")
    claim.share_of(first[:-1] == first[1:], 0.5, "neighbouring pairs")
    for name, row in (("woman", people.woman), ("never", people.never), ("lacks", people.lacks[0])):
        claim.share_of(people.side[row == 1], 0.5, name)


def what_goes_together_does_so_as_stated(claim: PValues, context: CheckContext) -> None:
    """Problems, convictions, the lasting difference, motivation and answers have the stated correlations."""
    half = {**NEUTRAL, "missing_at_release": 0.5}
    for correlation in (0.2, 0.5):
        two = complete(people={"problem_correlation": correlation}, factor={"one": half, "other": half})
        claim.share_of(_drawn(context, two).lacks.sum(axis=0) == 2, both_positive(correlation), "problems")
    mixed = complete(people={
        "age_median": 34.0, "age_log_sd": 0.0, "priors_median": 4.0, "priors_by_frailty": 0.35,
        "problem_correlation": 0.5, "problems_by_frailty": 0.4, "accepts_volunteers": 0.5, "accepts_system": 0.5,
        "acceptance_by_motivation": 0.5, "trust_shared": 0.3,
    }, factor={"one": half})  # fmt: skip
    people = _drawn(context, mixed)
    worse, yes = people.propensity > 0, people.accepts & 1 == 1
    claim.share_of(worse & (people.priors >= 4), both_positive(0.35), "convictions and the lasting difference")
    claim.share_of(worse & (people.lacks[0] == 1), both_positive(0.4), "problems and the lasting difference")
    claim.share_of(yes & (people.motivation > 0), both_positive(0.5), "motivation and a yes")
    claim.share_of(people.accepts == 3, both_positive(0.5**2 + (1 - 0.5**2) * 0.3), "two answers")
    for one, other in (("motivation", "propensity"), ("age", "motivation"), ("sentence", "propensity")):
        high = (getattr(people, one) > np.median(getattr(people, one))) & (getattr(people, other) > 0)
        if getattr(people, one).std() > 0:
            claim.share_of(high, 0.25, f"{one} and {other}")


def people_of_a_trial_are_those_who_would_have_accepted(claim: PValues, context: CheckContext) -> None:
    """Where only people who sign up are in the scenario, they are as motivated as those who accept among everybody."""
    share, by = 0.4, 0.5
    least = stats.norm.isf(share)
    density = stats.norm.pdf(least)
    for kind in ("volunteers", "system"):
        rules = {"help": {**PROGRAMME["help"], "accepted_from": kind}}
        trial = complete(people={f"accepts_{kind}": share}, trial={"signed_up": True}, programme=rules)
        variance = 1 + by**2 * (least * density / share - (density / share) ** 2)
        claim.mean(_drawn(context, trial).motivation, by * density / share, float(np.sqrt(variance)), kind)


def volunteers_for_a_trial_are_the_first_who_accept(claim: Violations, context: CheckContext) -> None:
    """Where only people who sign up are in the scenario, each is the first candidate, by the written addresses, who
    accepts and has time.
    """
    share, shortest = 0.3, 4.0
    key = key_of(context.seed)
    for own, kind in ((2, "volunteers"), (3, "system")):
        rules = {"help": {"capacity": 10.0, "accepted_from": kind, "shortest_sentence_months": shortest}}
        scenario = complete(people={f"accepts_{kind}": share}, trial={"signed_up": True}, programme=rules)
        people, p = _drawn(context, scenario, 100), scenario.people
        by, trust, least = p.acceptance_by_motivation, p.trust_shared, stats.norm.isf(share)
        for i, person in enumerate(people.person.tolist()):
            for attempt in range(CANDIDATES):
                word = normal_table()[words_at(person, 0, attempt, ARRIVAL, *key) >> 16]
                shared = normal_table()[words_at(person, 0, attempt, ARRIVAL | 1, *key)[0] >> 16]
                sentence = min(LONGEST, p.sentence_median_months * np.exp(p.sentence_log_sd * word[0]))
                answer = np.sqrt(trust) * shared + np.sqrt(1 - trust) * word[own]
                if by * word[1] + np.sqrt(1 - by * by) * answer > least and sentence >= shortest:
                    break
            drawn = float(people.motivation[i]), float(people.sentence[i])
            claim.check(np.allclose(drawn, (word[1], sentence), rtol=1e-6), f"{kind}, person {person}: {drawn}")


def the_hazard_is_that_of_the_formula(claim: Deviations, context: CheckContext) -> None:
    """Age by ten years from 34, sex, convictions up to 20, motivation and the lasting difference multiply, centred on
    1.
    """
    for case in context.scenarios(any=8):
        scenario, people = case.scenario, case.cohort.people
        risk, p = scenario.risk, scenario.people
        score = (np.log(risk.age_hazard_ratio) * (people.age.astype(float) - 34) / 10
                 + np.log(risk.women_hazard_ratio) * people.woman
                 + np.log(risk.priors_hazard_ratio) * np.minimum(people.priors, 20))  # fmt: skip
        a, s = np.log(p.motivation_hazard_ratio), risk.frailty_sd
        whole = score + a * people.motivation - a * a / 2 + s * people.propensity - s * s / 2
        right = np.where(people.never == 1, 0.0, np.exp(whole))
        lacked = np.prod([row.missing_hazard_ratio**row.missing_at_release for row in scenario.factor.values()])
        base = right / lacked * risk.hazard_multiplier * risk.baseline_hazard
        claim.check(relative_hazard(scenario, people)[0], score, 1e-6, "score")
        claim.check(relative_hazard(scenario, people)[1], right, 1e-6 * max(1.0, right.max()), "relative hazard")
        claim.check(centre(scenario), lacked, 1e-9, "centre")
        claim.check(case.cohort.lives.baseline, base, 1e-6 * max(1.0, base.max()), "baseline")
        claim.check(case.cohort.lives.score, score, 1e-5, "score that is kept")
    claim.check(MOST_PRIORS, 20)


def differences_leave_the_mean_hazard_alone(claim: PValues, context: CheckContext) -> None:
    """Motivation and the lasting difference are centred: the mean relative hazard is 1, however large they are."""
    scenario = steady(0.1, people={"motivation_hazard_ratio": 0.8}, risk={"frailty_sd": 0.6})
    _, relative = relative_hazard(scenario, _drawn(context, scenario, 100_000))
    spread = np.hypot(np.log(0.8), 0.6)
    claim.mean(relative, 1.0, float(np.sqrt(np.exp(spread**2) - 1)))


def groups_of_risk_have_the_stated_size(claim: PValues, context: CheckContext) -> None:
    """The highest-risk group has its share, thirds are thirds, and quantiles of the score leave what they say above
    them.
    """
    number = context.scaled(DRAWN)
    noise = 1 + number / REFERENCE_PEOPLE
    for share, signed_up in ((0.1, False), (0.45, True)):
        scenario = complete(risk={"high_risk_share": share}, people={"count": number}, trial={"signed_up": signed_up},
                            programme=PROGRAMME)  # fmt: skip
        ready = prepared(scenario, context.seed, range(1))
        claim.mean(ready.highest, share, float(np.sqrt(share * (1 - share) * noise)), f"highest risk {share}")
        about = reference(scenario)
        for part in (0.2, 0.5, 0.85):
            above = ready.score >= about.score_of(part)
            claim.mean(above, part, float(np.sqrt(part * (1 - part) * noise)), f"offered to {part}")
        low, high = about.terciles
        for third in (ready.score < low, ready.score >= high):
            claim.mean(third, 1 / 3, float(np.sqrt(2 / 9 * noise)), "thirds")
        for group, lacked in enumerate(about.lacked):
            mine = ready.people.lacks[:, ready.highest == group]
            for f, name in enumerate(scenario.factor):
                more = 1 + mine.shape[1] / (REFERENCE_PEOPLE * (share if group else 1 - share))
                claim.mean(mine[f], lacked[f], float(np.sqrt(lacked[f] * (1 - lacked[f]) * more)), name)


def everybody_is_offered_what_is_offered_to_all(claim: Violations, context: CheckContext) -> None:
    """Offered to a share of 1 means to everybody, however low the score; to a share of 0 to next to nobody."""
    for case in context.scenarios(any=6):
        about = reference(case.scenario)
        claim.check(about.score_of(1.0) == -np.inf, "a least score for all")
        claim.check(np.mean(case.cohort.lives.score > about.score_of(0.0)) < 0.1, "many above the highest")
        claim.check(np.diff(np.array(about.scores)) >= 0, "quantiles in order")
        claim.check(about.highest_from == about.highest_from and about.terciles[0] <= about.terciles[1], "cuts")


def a_further_factor_changes_nobody(claim: Violations, context: CheckContext) -> None:
    """Adding a factor leaves everybody's age, past, place, answers and other factors as they were; the mean log hazard
    too.
    """
    more: dict[str, Any] = {"missing_at_release": 0.6, "missing_hazard_ratio": 3.0}
    five = Scenario()
    sixth = next(iter(five.factor.values())).model_copy(update=more)
    six = five.model_copy(update={"factor": {**five.factor, "substance_use": sixth}})
    one, other = (_drawn(context, each, 2000) for each in (five, six))
    for name in one._fields:
        if name != "lacks":
            claim.equal(getattr(one, name), getattr(other, name), name)
    claim.equal(one.lacks, other.lacks[:5], "factors")
    logs = np.log([row.missing_hazard_ratio for row in six.factor.values()])
    held = logs @ _drawn(context, six).lacks
    apart = (held.mean() - np.log(centre(six))) / (held.std() / np.sqrt(len(held)))
    claim.check(abs(apart) < 5, f"the mean log hazard moved by {apart:.1f} standard errors")


PEOPLE = analytical_checks(
    "people", everybody_has_the_stated_shares, ages_sentences_and_convictions_have_their_spread,
    nobody_is_beyond_the_ends, people_are_spread_over_municipalities_and_months, lots_are_fair,
    what_goes_together_does_so_as_stated, people_of_a_trial_are_those_who_would_have_accepted,
    the_hazard_is_that_of_the_formula, differences_leave_the_mean_hazard_alone, groups_of_risk_have_the_stated_size,
    everybody_is_offered_what_is_offered_to_all, a_further_factor_changes_nobody,
    volunteers_for_a_trial_are_the_first_who_accept,
)  # fmt: skip

"""Where mathematics has the answer: rules one by one, and whole runs in which only one thing happens."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from simulation import Scenario, simulate
from simulation.chance import WORD
from simulation.compiled import plain
from simulation.engine import run
from simulation.numbers import phase_table
from simulation.parameters import quantities
from simulation.rules import (
    FINE,
    NEVER,
    PRISON,
    SUSPENDED,
    among_peers,
    burst,
    come_forward,
    fading,
    rounded,
    sanctioned,
    scarce,
    served,
    tires,
    waits,
)  # fmt: skip
from tests import statistics
from tests.worlds import EVERYBODY_SAYS_YES, NEUTRAL, OFFERED, complete, lives_told, steady, told_by_month

PEOPLE = 20_000
HAZARD = 0.08
WORDS = [int((i + 0.5) * WORD / 4096) for i in range(4096)]
"""Words spread evenly: what a rule does with them is what it does by chance, to one part in 4,096."""
MOST_RECRUITS = float(next(q.high for q in quantities(Scenario()) if q.key == "volunteers.recruits_per_month"))


def share_of(outcomes, value):
    """Share of the evenly spread words that lead to a value."""
    return sum(outcome == value for outcome in outcomes) / len(outcomes)


# Rules, one by one --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("another", [0.0, 0.3, 0.9])
def test_a_burst_is_geometric(another):
    """k offences or more happen in a month with chance another**(k - 1), up to the most there can be."""
    numbers = [plain(burst)(word, another, 20) for word in WORDS]
    for k in range(1, 21):
        assert np.mean(np.array(numbers) >= k) == pytest.approx(another ** (k - 1), abs=1 / 4096)
    assert max(numbers) <= 20


@pytest.mark.parametrize("mean", [0.0, 0.5, 4.0, 24.0])
def test_decisions_take_an_investigation_and_a_court_case(mean):
    """Months until a decision are the sum of two geometric phases, together with the stated mean."""
    phase, halves = phase_table(mean), [int((i + 0.5) * 65536 / 256) for i in range(256)]
    months = np.array([plain(waits)((high << 16) | low, phase) for high in halves for low in halves])

    assert months.mean() == pytest.approx(mean, rel=0.02)
    for k in (0, 1, 3, 12):
        assert (months <= k).mean() == pytest.approx(stats.nbinom.cdf(k, 2, 2 / (2 + mean)), abs=0.01)


@pytest.mark.parametrize("rate", [0.0, 0.05, 1.0, 7.5, 60.0, MOST_RECRUITS])
def test_volunteers_come_forward_as_poisson_says(rate):
    """The number who come forward in a place has the quantiles of a Poisson distribution, up to the most there may be."""
    numbers = [plain(come_forward)(word, np.exp(-rate), rate) for word in WORDS[8::16]]
    expected = stats.poisson.ppf((np.array(WORDS[8::16]) + 0.5) / WORD, rate)

    assert np.abs(np.array(numbers) - expected).max() <= 1
    assert np.mean(numbers) == pytest.approx(expected.mean(), rel=1e-3, abs=1e-3)


@pytest.mark.parametrize(("sentence", "parole", "expected"), [(0.4, 0.6, 0.4), (2.9, 0.6, 2.9), (9.0, 0.6, 7.2), (9.0, 1.0, 6.0)])
def test_custody_lasts_as_long_as_is_served(sentence, parole, expected):
    """Whole months in custody have the mean of the time served: two thirds for the part who are granted parole."""
    months = [
        plain(served)(sentence, parole_word, parole, 3.0, 2 / 3, word) for parole_word in WORDS[::64] for word in WORDS[::64]
    ]

    assert np.mean(months) == pytest.approx(expected, abs=0.12)
    assert all(abs(month - sentence) < 1 or abs(month - sentence * 2 / 3) < 1 for month in months)


@pytest.mark.parametrize(("convictions", "prison"), [(0, 0.2), (5, 0.3), (15, 0.5), (40, 0.5)])
def test_sanctions_have_the_stated_chances(convictions, prison):
    """Prison grows with earlier convictions up to fifteen; the rest is split into suspended sentences and fines."""
    sanctions = [plain(sanctioned)(word, convictions, 0.2, 0.02, 0.25) for word in WORDS]

    assert share_of(sanctions, PRISON) == pytest.approx(prison, abs=1 / 4096)
    assert share_of(sanctions, SUSPENDED) == pytest.approx((1 - prison) * 0.25, abs=1 / 2048)
    assert share_of(sanctions, FINE) == pytest.approx((1 - prison) * 0.75, abs=1 / 4096)


def test_volunteers_tire_with_the_months_they_are_matched():
    """The chance to stop grows in proportion to the years spent matched."""
    for months, expected in ((0.0, 0.02), (12.0, 0.03), (24.0, 0.04)):
        stops = [plain(tires)(word, 0.02, 0.5, months) for word in WORDS]

        assert np.mean(stops) == pytest.approx(expected, abs=1 / 4096)


def test_amounts_are_rounded_without_a_drift():
    """A whole number of volunteers has the stated amount as its mean."""
    for amount in (0.0, 0.3, 2.0, 7.9):
        assert np.mean([plain(rounded)(amount, word) for word in WORDS]) == pytest.approx(amount, abs=1 / 4096)


def test_the_hazard_fades_by_half_in_the_settling_months():
    """All of the first month's hazard at release, half of the fall after the settling months, the later part in the end."""
    assert plain(fading)(0.0, 0.4, 6.0) == pytest.approx(1.0)
    assert plain(fading)(6.0, 0.4, 6.0) == pytest.approx(0.7)
    assert plain(fading)(1e9, 0.4, 6.0) == pytest.approx(0.4)


def test_scarcity_gives_what_there_is():
    """The part of the wanted gains that is given is what comes up over what is wanted, at most all of it."""
    assert plain(scarce)(0.02, 100.0, 8.0) == pytest.approx(0.25)
    assert plain(scarce)(0.02, 100.0, 1.0) == 1.0
    assert plain(scarce)(0.0, 100.0, 8.0) == 0.0


# Whole runs in which only one thing happens -------------------------------------------------------------------


@pytest.fixture(scope="module")
def first_offences():
    """Own month of the first offence where everybody has the same hazard every month."""
    return run(steady(HAZARD, people={"count": PEOPLE}), seed=1).lives.first_offence


@pytest.mark.parametrize("month", [1, 6, 12, 24])
def test_a_constant_hazard_is_geometric(first_offences, month):
    """The share with a first offence within t months is 1 - exp(-hazard * t)."""
    statistics.share((first_offences < month).sum(), PEOPLE, 1 - np.exp(-HAZARD * month))


def test_first_offences_spread_over_the_months_as_a_geometric_distribution(first_offences):
    """Every single month has its geometric share, and so has no offence at all."""
    chances = np.exp(-HAZARD * np.arange(24)) * (1 - np.exp(-HAZARD))
    seen = np.append(np.bincount(first_offences[first_offences < NEVER], minlength=24), (first_offences == NEVER).sum())

    statistics.counts(seen, np.append(chances, np.exp(-24 * HAZARD)))


@pytest.mark.parametrize(("key", "value", "times"), [("risk.level", 2.0, 2.0), ("risk.never_share", 0.4, None)])
def test_level_and_never_share_act_on_the_whole(key, value, times):
    """The level multiplies the hazard; the share who never offend again is left out of the rest."""
    lives = run(steady(HAZARD, people={"count": PEOPLE}).changed({key: value}), seed=2).lives
    once = 1 - np.exp(-HAZARD * 12 * (times or 1.0))

    statistics.share((lives.first_offence < 12).sum(), PEOPLE, once if times else once * (1 - value))


def test_a_fading_hazard_adds_up():
    """With a hazard that falls after release the share follows from its sum over the months."""
    later, settling = 0.3, 4.0
    scenario = steady(HAZARD, people={"count": PEOPLE}, risk={"later_hazard": later, "settling_months": settling})
    total = sum(HAZARD * (later + (1 - later) / (1 + month / settling)) for month in range(12))

    statistics.share((run(scenario, seed=3).lives.first_offence < 12).sum(), PEOPLE, 1 - np.exp(-total))


@pytest.mark.parametrize(("by", "ratio"), [("age", 0.4), ("women", 0.3)])
def test_known_risks_multiply_the_hazard(by, ratio):
    """Ten years more than 34 multiply everybody's hazard by the ratio of age, and being a woman by that of women."""
    people = {"count": PEOPLE, "age_log_sd": 0.0, "age_median": 44.0, "women_share": 0.5}
    cohort = run(steady(HAZARD, people=people, risk={f"{by}_hazard_ratio": ratio}), seed=4)
    for woman in (0, 1):
        group = cohort.people.woman == woman
        hazard = HAZARD * (ratio if by == "age" or woman else 1.0)

        statistics.share((cohort.lives.first_offence[group] < 12).sum(), group.sum(), 1 - np.exp(-12 * hazard))


# Support ------------------------------------------------------------------------------------------------------


def markov(lacked, gain, loss, months):
    """Share who hold a factor after some months of a two-state chain."""
    settled = gain / (gain + loss)
    return settled + (1.0 - lacked - settled) * (1.0 - gain - loss) ** months


@pytest.mark.parametrize("months", [1, 6, 24])
def test_support_follows_a_two_state_chain(months):
    """Without help the share who hold a factor after t months is that of a Markov chain."""
    thing = {**NEUTRAL, "lacked_at_release": 0.7, "gain": 0.05, "loss": 0.02}
    lives = run(steady(HAZARD, factor={"thing": thing}, people={"count": PEOPLE, "follow_up_months": months}), seed=5).lives

    statistics.share(lives.held[0].sum(), PEOPLE, markov(0.7, 0.05, 0.02, months))


def test_support_is_gained_faster_by_who_holds_what_helps():
    """A factor that makes another twice as likely does so, and only for those who hold it."""
    helper = {**NEUTRAL, "lacked_at_release": 0.4}
    thing = {**NEUTRAL, "lacked_at_release": 1.0, "gain": 0.05, "helped_by": {"helper": 2.0}}
    people = {"count": PEOPLE, "follow_up_months": 6}
    cohort = run(steady(HAZARD, factor={"helper": helper, "thing": thing}, people=people), seed=6)
    for has, gain in ((0, 0.05), (1, 0.10)):
        held = cohort.lives.held[1][cohort.lives.held[0] == has]

        statistics.share(held.sum(), len(held), 1 - (1 - gain) ** 6)


def test_custody_destroys_the_stated_part():
    """Of those who hold a factor when custody begins, the stated part loses it there."""
    history = simulate(
        steady(
            0.3, people={"count": 4000, "follow_up_months": 6},
            factor={"thing": {**NEUTRAL, "destroyed_by_custody": 0.35}},
            offending={"prison_chance": 1.0, "delay_mean_months": 0.0, "sentence_median_months": 30.0, "sentence_log_sd": 0.0},
        ),
        seed=7,
    )  # fmt: skip
    went_in = history.events.loc[history.events["event"] == "custody in", "person"]
    held = history.people["has_thing"] & history.people["person"].isin(went_in)

    statistics.share((history.events["event"] == "loss").sum(), held.sum(), 0.35)


# The relationship ---------------------------------------------------------------------------------------------


def helped(*, starts=-1, ends=24, effect=1.0, stays=0.0, half_life=18.0, **more):
    """Everybody in a programme in which they meet every month."""
    programme = {
        **OFFERED, "starts_month": starts, "ends_month": ends, "direct_effect": effect, "direct_effect_others": effect,
        "stays": stays, "half_life_months": half_life, **more,
    }  # fmt: skip
    people = {**EVERYBODY_SAYS_YES, "count": PEOPLE, "follow_up_months": 24}
    return steady(HAZARD, people=people, trial={"assignment": "everyone"}, programme={"help": programme})


def test_a_relationship_multiplies_the_hazard_while_it_lasts():
    """Who is met every month has the hazard times the direct effect."""
    lives = run(helped(effect=0.4), seed=8).lives

    statistics.share((lives.first_offence < 12).sum(), PEOPLE, 1 - np.exp(-12 * 0.4 * HAZARD))


def test_what_stays_of_a_relationship_fades_by_its_half_life():
    """After the planned end the stated part stays, and halves with every half-life."""
    lives = run(helped(ends=6, effect=0.2, stays=0.8, half_life=4.0), seed=9).lives
    level = [1.0] * 6 + [0.8 * 0.5 ** (month / 4.0) for month in range(1, 19)]

    statistics.share((lives.first_offence < 24).sum(), PEOPLE, 1 - np.exp(-sum(HAZARD * (1 - 0.8 * each) for each in level)))


def test_contacts_are_missed_and_matches_ended_by_chance():
    """Months met are geometric in the chance to leave, each met with the chance of contact."""
    lives = run(helped(starts=-2, ends=12, contact_chance=0.7, unplanned_exit=0.1), seed=10).lives
    months = [0.9**month * 0.7 for month in range(1, 15)]

    statistics.mean(lives.months_met[0], sum(months), lives.months_met[0].std())


# The world ----------------------------------------------------------------------------------------------------


def test_volunteers_stop_at_the_stated_rate():
    """Rested volunteers stop with a constant chance a month, so those who are left follow a geometric law."""
    scenario = complete(
        people={"count": 1, "follow_up_months": 24}, volunteers={"at_start": 5000.0, "quit_chance": 0.03},
        programme={"mentors": {"carried_by": "volunteers"}},
    )  # fmt: skip
    local = run(scenario, seed=11).local
    months = 2 + 24

    statistics.share(local.came.sum() - local.quit.sum(), local.came.sum(), 0.97**months)


def test_volunteers_come_at_the_stated_rate():
    """Over two years the number who come forward has the mean and the spread of a Poisson distribution."""
    scenario = complete(
        people={"count": 1, "follow_up_months": 24}, volunteers={"recruits_per_month": 40.0, "ceiling": 100_000.0},
        programme={"mentors": {"carried_by": "volunteers"}},
    )  # fmt: skip
    expected = 40.0 * (2 + 24 - 1)
    local = run(scenario, seed=12, replicates=50).local
    came = np.bincount(local.replicate, weights=local.came)

    statistics.mean(came, expected, np.sqrt(expected))


def test_peers_and_openings_follow_from_the_month_before():
    """The hazard among peers and the room for gains are those of a count by hand, place by place."""
    scenario = complete(
        people={"count": 400, "follow_up_months": 6}, places={"include": ["Aarhus", "Samsø"]}, risk={"level": 4.0},
        peers={"strength": 2.0, "usual_share": 0.1, "pseudo_people": 5.0},
        factor={"thing": {**NEUTRAL, "gain": 0.2, "openings": 3.0}},
    )  # fmt: skip
    seen = None
    for stage, world in told_by_month(scenario, seed=13):
        if stage == "opened":
            before, held = world.lives.cases.copy(), world.lives.held[0].copy()
            if seen is not None:
                assert world.local.peers.tolist() == pytest.approx(seen[0])
                assert world.local.room[0].tolist() == pytest.approx(seen[1], rel=1e-6)
            continue
        free, where = world.lives.inside == 0, world.lives.locality
        number = np.bincount(where[free], minlength=2)
        offending = np.bincount(where, weights=world.lives.cases - before, minlength=2)
        wanted = 0.2 * np.bincount(where[free & (held == 0)], minlength=2)
        share = (offending + 5.0 * 0.1) / (number + 5.0)
        seen = [plain(among_peers)(each, 0.1, 2.0) for each in share], np.minimum(1.0, 0.03 * number / wanted).tolist()


def test_offences_in_a_run_come_in_geometric_bursts():
    """Offences in a month with any are geometric in a whole run as they are word by word."""
    history = simulate(steady(0.2, people={"count": 3000}, offending={"another_offence": 0.6}), seed=14)
    number = [event.value for events in lives_told(history).values() for event in events if event.what == "offence"]
    chances = 0.4 * 0.6 ** np.arange(19)

    statistics.counts(np.bincount(number, minlength=21)[1:], np.append(chances, 0.6**19))

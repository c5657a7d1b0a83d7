"""Where mathematics has the answer: whole runs in which only one thing happens."""

from __future__ import annotations

import numpy as np
import pytest

from simulation import simulate
from simulation.compiled import plain
from simulation.compiled_parameters import numbers_of
from simulation.engine import run
from simulation.rules import NEVER, among_peers
from tests import statistics
from tests.worlds import EVERYBODY_SAYS_YES, NEUTRAL, OFFERED, complete, lives_told, steady, told_by_month

PEOPLE = 20_000
HAZARD = 0.08


# Risk ---------------------------------------------------------------------------------------------------------


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


def test_parole_shortens_the_stated_part_of_long_sentences():
    """Of sentences of thirty months some are served to two thirds, by the chance of parole; the others in full."""
    history = simulate(
        steady(
            0.3, people={"count": 4000, "follow_up_months": 6},
            offending={"prison_chance": 1.0, "delay_mean_months": 0.0, "sentence_median_months": 30.0, "sentence_log_sd": 0.0},
            custody={"parole_chance": 0.4},
        ),
        seed=15,
    )  # fmt: skip
    months = history.events.loc[history.events["event"] == "custody in", "value"]

    assert {20, 30} == set(months)
    statistics.share((months == 20).sum(), len(months), 0.4)


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


def test_each_group_has_its_own_direct_effect():
    """The highest-risk group is helped by its effect, everybody else by the other."""
    scenario = helped().changed({
        "programme.direct_effect": 0.3, "programme.direct_effect_others": 0.8, "risk.age_hazard_ratio": 1.0001,
    })  # fmt: skip
    lives = run(scenario, seed=16).lives
    for group, effect in ((0, 0.8), (1, 0.3)):
        first = lives.first_offence[lives.highest == group]

        statistics.share((first < 12).sum(), len(first), 1 - np.exp(-12 * effect * HAZARD))


def test_help_with_support_makes_gains_likelier_and_losses_rarer():
    """Who is met every month follows a two-state chain with the gain times, and the loss over, the multiplier."""
    thing = {**NEUTRAL, "lacked_at_release": 0.7, "gain": 0.03, "loss": 0.04, "lacking_hazard_ratio": 2.0}
    effects = {"support_effect": 0.9, "support_effect_others": 0.9, "helps": {"thing": 1.0}}
    scenario = steady(
        0.0, factor={"thing": thing}, people={**EVERYBODY_SAYS_YES, "count": PEOPLE, "follow_up_months": 12},
        risk={"age_hazard_ratio": 1.0001},
        trial={"assignment": "everyone"}, programme={"help": {**OFFERED, "ends_month": 24, **effects}},
    )  # fmt: skip
    cohort = run(scenario, seed=17)
    for group in (0, 1):
        times = numbers_of(scenario, 17).boost[0, 0, group]
        rows = cohort.lives.highest == group
        lacked = cohort.people.lacks[0, rows].mean()

        assert times > 1.1
        statistics.share(cohort.lives.held[0, rows].sum(), rows.sum(), markov(lacked, 0.03 * times, 0.04 / times, 12))


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


def test_volunteers_stop_after_a_match_by_the_stated_chance():
    """Where nobody tires, those who stop are the stated part of those whose match has ended."""
    scenario = complete(
        people={"count": 3000, "accepts_volunteers": 1.0, "follow_up_months": 12}, risk={"monthly_hazard": 0.0},
        volunteers={"at_start": 6000.0, "quit_chance": 0.0, "quit_after_end": 0.15, "per_person": 1},
        trial={"assignment": "everyone"}, places={"include": ["Aarhus"]},
        programme={"mentors": {"carried_by": "volunteers", "ends_month": 6, "shortest_sentence_months": 0.0}},
    )  # fmt: skip
    local = run(scenario, seed=18).local

    statistics.share(local.quit.sum(), 3000, 0.15)


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

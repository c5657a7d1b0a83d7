"""The five lessons say what the engine and the command line say."""

from __future__ import annotations

import json
import shlex

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from experiments.app.lessons.charts import bars, hundred
from experiments.app.lessons.groups import (
    RELEASED,
    TOWNS,
    WINGS,
    Prevented,
    base,
    chosen,
    gap,
    unchanged,
    wing_of,
    wings,
)
from experiments.app.lessons.trials import LARGE, curse, least, luck, nothing, trials_of
from experiments.cli.main import cli
from simulation.engine import run
from simulation.history import History
from simulation.outcomes import times

SEED = 3


@pytest.fixture
def printed(tmp_path, monkeypatch):
    """What the command line prints for a lesson's scenario file and each of its commands."""
    monkeypatch.chdir(tmp_path)

    def ran(found, *more):
        (tmp_path / f"{found.scenario.name}.toml").write_text(found.scenario.to_toml(), encoding="utf-8")
        answers = []
        for command in found.command.splitlines():
            words = shlex.split(command)
            assert words[0] == "desist"
            told = CliRunner().invoke(cli, [*words[1:], "--json", *more])
            assert told.exit_code == 0, told.output
            answers.append(json.loads(told.stdout))
        return answers

    return ran


# The same numbers as the command line -------------------------------------------------------------------------


def test_chance_in_small_groups_is_what_desist_trial_prints(printed):
    found = luck(97, SEED)
    row = printed(found)[0]["settings"][0]

    assert (row["difference_low"], row["difference_high"]) == (found.low, found.high)
    assert 0 < row["as_far_apart"] <= found.as_far < found.large
    assert row["as_far_apart"] == pytest.approx(np.mean(found.differences >= 0.375), abs=0.005)  # one side only
    assert found.as_far == pytest.approx(np.mean(np.abs(found.differences) >= 0.375), abs=0.005)
    assert found.low == np.quantile(found.differences, 0.025)
    assert found.large == np.mean([abs(each) >= 0.1 - 1e-12 for each in found.differences])


def test_the_winners_curse_is_what_desist_power_prints(printed):
    found = curse("pooled", 97, SEED)
    power = printed(found, "--target", "0.05")[0]["power"]

    assert (power["difference"], power["power"]) == (found.truth, found.power)
    assert (power["reported"], power["exaggeration"]) == (found.reported, found.exaggeration)
    assert found.power == found.significant.mean()
    assert found.reported == pytest.approx(np.abs(found.differences[found.significant]).mean())


def test_participants_reoffend_as_desist_trial_prints_as_treated(printed):
    found = chosen(30, 70, SEED)
    as_treated = printed(found)[0]["settings"][1]

    assert as_treated["analysis"] == "as treated"
    assert (as_treated["mentored"], as_treated["mentored_error"]) == (found.naive.risks[0], found.naive.errors[0])


def test_the_four_shares_of_the_base_rate_are_what_desist_run_prints(printed):
    found = base(50, 20, "prison", SEED)
    shares = [
        row["share"] for answer in printed(found) for row in answer["outcomes"] if row["definition"] == "prison"
    ]  # fmt: skip

    assert shares == [found.others.without, found.highest.without, found.others.with_it, found.highest.with_it]


def test_the_wings_are_those_of_the_history_that_desist_run_keeps(printed, tmp_path):
    found = wings(30, 30, SEED)
    answer = printed(found)[0]
    history = History.read(tmp_path / answer["folder"])
    hit = times(history, "any")["time"].to_numpy() <= 24
    years = []
    for year in (0, 1):
        mine = (history.people["replicate"] == year).to_numpy()
        wing = wing_of(history.people["score"].to_numpy()[mine], 30, 0.3)
        years.append(pd.Series(hit[mine]).groupby(wing).mean().to_numpy())

    assert answer["outcomes"][0]["share"] == found.mean
    assert np.allclose(years, [found.first, found.second], atol=1e-12)
    assert np.isclose(found.before, np.sort(found.first)[-5:].mean())


# What the lessons claim ---------------------------------------------------------------------------------------


def test_chance_makes_fewer_large_differences_the_larger_the_trial():
    shares = [luck(size, SEED).large for size in (20, 97, 400)]

    assert shares[0] > shares[1] > shares[2]


def test_mentors_who_change_nothing_change_no_byte():
    there = nothing(97)
    absent = there.changed({"trial.assignment": "nobody"})

    assert np.array_equal(run(there, seed=SEED).lives.time_any, run(absent, seed=SEED).lives.time_any)


def test_what_is_published_exaggerates_less_the_larger_the_trial():
    small, large = (curse("pooled", size, SEED) for size in (97, 400))

    assert small.exaggeration > large.exaggeration > 1
    assert small.power < large.power


def test_participants_look_better_than_others_only_until_lots_are_drawn():
    found = chosen(30, 70, SEED)
    (naive, naive_error), (fair, fair_error) = gap(found.naive), gap(found.fair)

    assert naive > 6 * naive_error
    assert abs(fair) < 4 * fair_error


def test_without_self_selection_participants_are_like_everybody_else():
    for drive, choose in ((0, 70), (30, 0)):
        naive, error = gap(chosen(drive, choose, SEED).naive)

        assert abs(naive) < 4 * error


def test_the_programme_of_the_self_selected_changes_no_byte():
    there = unchanged(30, 70).changed({"people.count": 500})
    absent = there.changed({"trial.assignment": "nobody"})

    assert np.array_equal(run(there, seed=SEED).lives.time_any, run(absent, seed=SEED).lives.time_any)


def test_participants_are_all_who_say_yes_and_are_drawn():
    told = run(unchanged(30, 70).changed({"people.count": 500}), seed=SEED)
    people = told.people

    yes_and_drawn = (people.accepts & 1 == 1) & (people.side == 1)

    assert np.array_equal(told.lives.months_met.sum(axis=0) > 0, yes_and_drawn)
    assert TOWNS * RELEASED == chosen(30, 70, SEED).naive.mentored_people.sum() + (
        chosen(30, 70, SEED).naive.control_people.sum()
    )


def test_one_effect_prevents_more_prison_sentences_where_there_are_more():
    found = base(50, 20, "prison", SEED)

    assert found.highest.prevented > found.others.prevented + 4 * (found.highest.error + found.others.error)
    assert found.highest.needed == 1 / found.highest.prevented < found.others.needed


def test_if_all_new_crime_counts_the_two_groups_hardly_differ():
    """What the answer to the question says: the rule stops where nearly everybody offends anyway."""
    found = base(50, 20, "any", SEED)

    assert abs(found.highest.prevented - found.others.prevented) < 0.03 < found.highest.prevented


def test_the_worst_wings_fall_to_the_mean_if_wings_do_not_differ():
    found = wings(30, 0, SEED)

    assert found.fall > 10 * found.error
    assert np.allclose([found.first[found.worst].mean(), found.before], np.sort(found.first)[-5:].mean())
    assert abs(found.after - found.mean) < 0.1
    assert wings(200, 100, SEED).fall < found.fall / 4


# How it is done -----------------------------------------------------------------------------------------------


def test_every_wing_has_its_size_and_is_filled_by_risk_as_far_as_asked():
    score = np.random.default_rng(0).normal(size=WINGS * 30)
    by_number, by_risk, half = (wing_of(score, 30, share) for share in (0.0, 1.0, 0.5))

    assert all((np.bincount(wing) == 30).all() for wing in (by_number, by_risk, half))
    assert np.array_equal(by_number, np.arange(WINGS * 30) % WINGS)
    assert (np.diff(by_risk[np.argsort(score)]) >= 0).all()
    means = np.bincount(half, score) / 30
    assert np.corrcoef(means, np.arange(WINGS))[0, 1] > 0.9


def test_ten_points_count_as_large_although_a_division_ends_in_a_crooked_digit():
    differences = np.array([7 / 10 - 6 / 10, 3 / 10 - 4 / 10, 0.0999])

    assert least(differences, LARGE).tolist() == [True, True, False]


def test_bars_part_at_ten_points_on_both_sides():
    table = bars(np.array([0.1, -0.1, 0.0999, -0.0999, 0.0]), np.array([True, True, False, False, False]))

    assert dict(zip(table["from_points"], table["trials"], strict=True)) == {-15: 1, -10: 1, 0: 1, 5: 1, 10: 1}
    assert table["percent"].sum() == pytest.approx(100)


def test_a_hundred_people_are_a_hundred_whatever_is_rounded():
    for without, with_it in ((0.214, 0.13), (0.5, 0.505), (1.0, 0.0), (0.0, 0.0)):
        group = Prevented(people=1, without=without, with_it=with_it, error=0.0)

        assert len(hundred(group)) == 100


def test_no_answer_tells_more_than_a_hundred_and_fifty_thousand_people():
    """The bound on what one visitor can ask for."""
    assert all(size * trials_of(size) <= 150_000 for size in (20, 50, 97, 200, 400, 800))

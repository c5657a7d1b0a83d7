"""A plan's counts: common random numbers with it and without it, sums that agree, draws that stand alone."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

from experiments.inputs.municipalities import denmark
from experiments.studies.rollout.plan import FOLLOWED_ON, planned, uncertain
from experiments.studies.rollout.plan_scenario import scenario_of
from experiments.studies.rollout.simulate import (
    COUNTRY,
    TWICE,
    counted,
    country_data,
    country_of,
    draw_uncertain,
    job_of,
    run_plan,
    simulate_draw,
    simulate_pair,
)
from simulation.compiled_parameters import months_before
from simulation.engine import over_chunks, run
from simulation.history import GROUPS
from simulation.monthly_counts import COMMON, names
from simulation.parameters import ParameterError

DENMARK = denmark()
YEARS = 2
NO_EFFECT = {f"programme.{name}": 1.0 for name in (
    "direct_hazard_ratio", "direct_hazard_ratio_others", "support_hazard_ratio", "support_hazard_ratio_others")}  # fmt: skip
CRIME = [*COMMON[:15], *(f"holds_{name}" for name in ("housing", "economy", "employment", "network", "education"))]
"""Columns that count people, crime and support, not of volunteers or courses."""
KEYS = ["replicate", "time", "where", "group"]


def plan_of(**tables):
    """A plan of two years with 600 releases a year, in three waves."""
    waves = [
        {"municipalities": ["programme area"], "starts": "2027-01", "volunteers_at_start": 60.0},
        {"municipalities": ["Randers", "Viborg"], "starts": "2027-06"},
        {"municipalities": ["all"], "starts": "2028-01"},
    ]
    return planned({
        "name": "small", "years": YEARS, "releases_per_year": 600.0, "wave": waves,
        "volunteers": {"recruits_per_100000": 0.9}, **tables,
    })  # fmt: skip


@cache
def simulated(kind):
    """Counts of three replicates: of the plan, without it, of one without effect, of one without volunteers."""
    tables = {
        "plan": {}, "none": {}, "no effect": {"set": NO_EFFECT}, "no effect, none": {"set": NO_EFFECT},
        "no volunteers": {"volunteers": {"recruits_per_100000": 0.0}},
    }[kind]  # fmt: skip
    plan = plan_of(**tables)
    if kind == "no volunteers":
        bare = [{**wave.model_dump(), "volunteers_at_start": 0.0} for wave in plan.wave]
        plan = planned({**plan.model_dump(), "wave": bare})
    return counted(scenario_of(plan, DENMARK, none=kind.endswith("none")), 11, range(3))


def at(table, level):
    """The rows of a level."""
    return table[table["level"] == level].reset_index(drop=True)


def computed(job, order=None):
    """The tables of a job's pieces, computed here, in another order if one is given."""
    order = range(len(job.pieces)) if order is None else order
    found = {k: simulate_draw(job.context, job.pieces[k]) for k in order}
    return (found[k] for k in range(len(job.pieces)))


# Common random numbers --------------------------------------------------------------------------------------------------


def test_a_plan_without_effect_changes_no_count_of_crime():
    """Mentors who do nothing mentor hundreds, and leave every column of people, crime and support as it is without them."""
    ours, theirs = simulated("no effect"), simulated("no effect, none")

    assert at(ours, "year")["primus_motor.started"].sum() > 100
    for level in ("year", "place"):
        pd.testing.assert_frame_equal(at(ours, level)[[*KEYS, *CRIME]], at(theirs, level)[[*KEYS, *CRIME]], check_exact=True)


def test_a_plan_without_volunteers_mentors_nobody():
    """Nobody at the start and nobody who comes: people join the list and are left without, and crime is as without a plan."""
    ours, theirs = (at(simulated(kind), "year") for kind in ("no volunteers", "none"))
    of = {name.removeprefix("primus_motor."): ours[name].sum() for name in ours if name.startswith("primus_motor.")}

    assert of["joined"] == of["without"] > 100
    assert of["started"] == of["months"] == of["contacts"] == 0
    assert ours[["came", "stopped", "volunteer_months", "training_months"]].to_numpy().sum() == 0
    pd.testing.assert_frame_equal(ours[[*KEYS, *CRIME]], theirs[[*KEYS, *CRIME]], check_exact=True)


def test_a_plan_avoids_crime():
    """With the pooled effect there are fewer offences than without, with common random numbers: the two claims above can fail."""
    ours, theirs = (at(simulated(kind), "year") for kind in ("plan", "none"))

    assert ours["offences"].sum() < theirs["offences"].sum()
    assert ours["primus_motor.started"].sum() > 100
    assert theirs["primus_motor.joined"].sum() == 0


def test_denmark_without_a_plan_counts_no_volunteers():
    """Nobody comes forward where there is no plan, so nobody is paid for."""
    theirs = at(simulated("none"), "year")

    assert theirs[["came", "stopped", "training_months", "volunteer_months"]].to_numpy().sum() == 0


def test_denmark_without_a_plan_is_one_job():
    """Whatever two plans do, their job without them is the same to the byte: computed once, kept once."""
    other = plan_of(
        offer={"allocation": "lottery", "re_eligible": False, "uptake": 0.1}, volunteers={"recruits_per_100000": 9.0},
        wave=[{"municipalities": ["Fanø"], "starts": "2028-12"}], quality={"lost_per_doubling": 0.9}, other_schemes=["prison_visits"],
    )  # fmt: skip
    jobs = []
    for plan in (plan_of(), other):
        drawn = draw_uncertain(plan, DENMARK, None, 2, seed=1)
        jobs.append(job_of(plan, DENMARK, drawn, none=True, replicates=1))

    assert jobs[0].addresses() == jobs[1].addresses()
    assert jobs[0].addresses() != job_of(plan_of(years=3), DENMARK, drawn, none=True, replicates=1).addresses()
    assert simulate_draw(jobs[0].context, jobs[0].pieces[1]) == simulate_draw(jobs[1].context, jobs[1].pieces[1])


def test_a_pair_is_the_plan_and_denmark_without_it():
    """Simulated together, both tables are those that are simulated apart."""
    plan = plan_of()
    job = job_of(plan, DENMARK, draw_uncertain(plan, DENMARK, None, 1, seed=3), replicates=1, whole=True)
    both = pd.DataFrame(simulate_pair(job.context, job.pieces[0]))
    apart = [pd.DataFrame(simulate_draw({**job.context, "none": none}, job.pieces[0])) for none in (False, True)]

    for none, table in enumerate(apart):
        own = both[both["none"] == none].reset_index(drop=True)

        pd.testing.assert_frame_equal(own[list(table)], table, check_dtype=False)


# Sums -------------------------------------------------------------------------------------------------------------------


def test_regions_places_and_the_country_agree():
    """By group and run: all regions over all years, all municipalities, and the whole country have the same counts."""
    plan, scenario = simulated("plan"), scenario_of(plan_of(), DENMARK)
    whole = counted(scenario, 11, range(3), whole=True)
    columns = list(plan.columns[5:])
    sums = [
        table.groupby(["replicate", "group"])[columns].sum()
        for table in (at(plan, "year"), at(plan, "place"), whole)
    ]  # fmt: skip

    assert set(whole["where"]) == {COUNTRY}
    assert set(whole["level"]) == {"year"}
    pd.testing.assert_frame_equal(sums[0], sums[1])
    pd.testing.assert_frame_equal(sums[0], sums[2])
    by_year = [table.groupby(["replicate", "time", "group"])[columns].sum() for table in (at(plan, "year"), whole)]
    pd.testing.assert_frame_equal(*by_year)


def test_counts_are_those_of_the_run():
    """Volunteers, people and offences over all years are what the engine itself remembers."""
    scenario, plan = scenario_of(plan_of(), DENMARK), at(simulated("plan"), "year")
    cohort = run(scenario, seed=11, replicates=3)

    assert plan["came"].sum() == cohort.local.came.sum()
    assert plan["stopped"].sum() == cohort.local.quit.sum()
    assert plan["offences"].sum() == cohort.lives.offences.sum()
    assert plan["cases"].sum() == cohort.lives.cases.sum()
    assert plan["primus_motor.started"].sum() == cohort.local.taken_in.sum()
    first = (at(simulated("plan"), "year")["released"] - at(simulated("plan"), "year")["to_custody"]).sum()
    assert first + (cohort.lives.inside == 1).sum() == len(cohort.people.person)


def test_months_add_up_to_years():
    """A year's counts, in the mean over the runs, are those of its months; the first year has those before release, too."""
    plan, scenario = simulated("plan"), scenario_of(plan_of(), DENMARK)
    columns = list(plan.columns[6:])
    years = at(plan, "year").groupby(["time", "where"])[columns].sum() / 3
    months = at(plan, "month").assign(time=lambda table: table["time"] // 12).groupby(["time", "where"])[columns].sum()
    before = (years - months).groupby("time").sum()
    tallies = over_chunks(scenario, 11, range(3), lambda cohort: cohort.tally[:, :2].sum(axis=(1, 2, 3)), ledger=True)

    assert (at(plan, "month")["replicate"] == -1).all()
    pd.testing.assert_frame_equal(months[CRIME], years[CRIME], rtol=1e-5)
    assert before.iloc[0].tolist() == pytest.approx((sum(tallies) / 3).tolist(), abs=0.01)
    assert np.abs(before.iloc[1:].to_numpy()).max() < 0.01


def test_tables_have_a_row_for_every_key():
    """Years and two more, five regions, two groups, 98 places, months from the first release: each once, none left out."""
    plan, scenario = simulated("plan"), scenario_of(plan_of(), DENMARK)
    years, places, months = (at(plan, level) for level in ("year", "place", "month"))

    assert len(years) == 3 * (YEARS + FOLLOWED_ON // 12) * 5 * 2
    assert len(places) == 3 * 98 * 2
    assert len(months) == (12 * YEARS + FOLLOWED_ON) * 5
    assert not plan.duplicated(["level", *KEYS]).any()
    assert set(years["group"]) == set(GROUPS)
    assert set(places["where"]) == {place.name for place in scenario.selected_municipalities}
    assert list(plan.columns[6:]) == names(scenario)
    assert (plan["volunteer_months"] == plan["free_months"] + plan["busy_months"]).all()
    assert months_before(scenario) == 2


def test_a_plan_counts_where_it_is_open():
    """In its first year a place that opens in the second has nobody on the list, and is counted as closed."""
    years = at(simulated("plan"), "year").groupby(["time", "where"]).sum(numeric_only=True)
    sjælland = years.xs("Sjælland", level="where")

    assert sjælland["primus_motor.joined"].iloc[0] == 0
    assert sjælland["came"].iloc[0] == 0
    assert sjælland["primus_motor.closed"].iloc[0] > 0
    assert sjælland["primus_motor.joined"].iloc[1] > 0


# Draws ------------------------------------------------------------------------------------------------------------------


def test_the_same_draws_give_the_same_table():
    """Told twice, and in another order of the draws: byte for byte."""
    plan = plan_of()
    drawn = draw_uncertain(plan, DENMARK, None, 3, seed=5)
    tables = [
        run_plan(plan, DENMARK, drawn, lambda job, order=order: computed(job, order), replicates=1)
        for order in (None, None, [2, 0, 1])
    ]  # fmt: skip

    assert set(tables[0]["draw"]) == {0, 1, 2}
    pd.testing.assert_frame_equal(tables[0], tables[1], check_exact=True)
    pd.testing.assert_frame_equal(tables[0], tables[2], check_exact=True)


def test_a_draw_alone_is_the_same_draw_among_others():
    """A draw's counts rest on its own payload only; other draws have other counts."""
    plan = plan_of()
    job = job_of(plan, DENMARK, draw_uncertain(plan, DENMARK, None, 2, seed=5), replicates=1)
    alone, other = (simulate_draw(job.context, each) for each in job.pieces)

    assert alone == next(computed(job))
    assert alone["offences"] != other["offences"]


def test_some_draws_are_told_twice():
    """By default every fourth draw is simulated twice, to separate chance from uncertainty; else as often as is asked."""
    plan = plan_of()
    drawn = draw_uncertain(plan, DENMARK, None, 9, seed=5)
    usual, three = (job_of(plan, DENMARK, drawn, replicates=number).pieces for number in (0, 3))

    assert [each["replicates"] for each in usual] == [2 if k % TWICE == 0 else 1 for k in range(9)]
    assert {each["replicates"] for each in three} == {3}


def test_plans_share_their_doubts():
    """Seeds, releases and the share of every uncertain quantity are those of any other plan; what a plan gives is not drawn."""
    plan, other = plan_of(), plan_of(volunteers={"campaign_months": 3.0, "recruits_per_100000": 0.9})
    ours, theirs = (draw_uncertain(each, DENMARK, None, 8, seed=2) for each in (plan, other))

    assert ours.seeds == theirs.seeds
    assert len(set(ours.seeds)) == 8
    np.testing.assert_array_equal(ours.released, theirs.released)
    assert [{k: v for k, v in row.items() if k != "volunteers.campaign_months"} for row in ours.plan] == theirs.plan
    assert {key for row in ours.plan for key in row} == {row.key for row in uncertain(plan)}
    assert ours.table().shape == (8, len(uncertain(plan)))
    assert not set(ours.seeds) & set(draw_uncertain(plan, DENMARK, None, 8, seed=3).seeds)


def test_doubts_cover_their_priors_evenly():
    """Draws are a Latin hypercube: in each of n equal parts of a prior there is one draw."""
    plan = plan_of()
    drawn = draw_uncertain(plan, DENMARK, None, 16, seed=4)
    values = np.sort([row["volunteers.campaign_months"] for row in drawn.plan])

    # U(6, 24) in sixteen parts.
    assert np.floor((values - 6) / 18 * 16).astype(int).tolist() == list(range(16))


def test_a_country_travels_as_data():
    """Through the plain data of a job a country keeps every number."""
    again = country_of(country_data(DENMARK))

    np.testing.assert_allclose(again.expected(), DENMARK.expected(), rtol=1e-9)
    np.testing.assert_allclose(again.drawn(3, 1), DENMARK.drawn(3, 1), rtol=1e-9)
    for name in ("strength", "flats", "jobs"):
        np.testing.assert_allclose(getattr(again, name), getattr(DENMARK, name), rtol=1e-9)
    assert again.places == DENMARK.places


def test_a_plan_of_nothing_known_is_refused():
    """A job of a plan whose scenario has no programme is refused in one line."""
    plan = plan_of(scenario="everyone")
    with pytest.raises(ParameterError, match=r"scenario is \[everyone\]") as refused:
        job_of(plan, DENMARK, draw_uncertain(plan, DENMARK, None, 1, seed=1))

    assert len(str(refused.value).splitlines()) == 1


# The whole country --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def denmarks_years():
    """Denmark without a plan, everybody released in six years, two runs: counts of the whole country by year."""
    plan = planned({"name": "none", "years": 6})
    table = counted(scenario_of(plan, DENMARK, none=True), 5, range(2), whole=True)
    return table.groupby(["replicate", "time"]).sum(numeric_only=True).groupby("time").mean()


def test_as_many_are_released_as_in_2019(denmarks_years):
    """Every year of the stream has about 7,030 releases, those who return counted; afterwards only returns are left."""
    released = denmarks_years["released"]

    assert released[:6].tolist() == pytest.approx([7030] * 6, rel=0.03)
    assert released[6] < 0.8 * 7030
    assert denmarks_years["to_custody"][0] < denmarks_years["to_custody"][5]


def test_as_many_reoffend_as_the_registers_say(denmarks_years):
    """Of the people first released in the first year 66 % reoffend within two years, 40 % go to prison, a third is sentenced."""
    first = denmarks_years.iloc[0]

    assert first["reoffenders_any"] / first["released"] == pytest.approx(0.66, abs=0.04)
    assert first["reoffenders_prison"] / first["released"] == pytest.approx(0.38, abs=0.05)
    assert first["reoffenders_sentence"] / first["released"] == pytest.approx(0.33, abs=0.06)

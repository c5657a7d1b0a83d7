"""Plans in kroner over uncertain parameters: from counts to probabilities, on small runs and by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments.execution.jobs import finish
from experiments.inputs.evidence import PLAN, PRICE
from experiments.inputs.municipalities import denmark
from experiments.inputs.posterior import SHIPPED, Posterior
from experiments.studies.rollout.costs import (
    NO_PLAN,
    break_even_table,
    course_costs_table,
    course_kroner,
    decision,
    money,
    plan_money,
    plan_uses,
    require_prices,
)
from experiments.studies.rollout.discovery import draw_inputs, failing, posterior_rows, simulate_outcomes
from experiments.studies.rollout.plan import load, planned
from experiments.studies.rollout.plan_runs import comparison_tables, needs, plan_tables, simulate_plans
from experiments.studies.rollout.plan_scenario import scenario_of
from experiments.studies.rollout.published_claim import course_by_parts
from experiments.studies.rollout.rollout import rollout_result
from experiments.studies.rollout.rollout_study import RolloutStudy
from experiments.studies.rollout.simulate import draw_uncertain, run_supply
from experiments.studies.rollout.value_of_information import information_values
from simulation.parameters import ParameterError
from simulation.prices import PUBLIC, Prices, draw_prices, prices_from

SMALL = {"years": 2, "releases_per_year": 700.0, "wave": [{"municipalities": ["all"], "starts": "2027-01", "volunteers_at_start": 60.0}]}
STRONG = {"programme.direct_hazard_ratio": 0.05, "programme.direct_hazard_ratio_others": 0.2}


def compute(job):
    return finish(job, store=None, executor=None, threads=2)


def small(**more):
    return planned({"name": "small", **SMALL, **more})


@pytest.fixture(scope="module")
def study():
    """Two small plans at six draws: few volunteers, and many."""
    more = {**SMALL, "wave": [{**SMALL["wave"][0], "volunteers_at_start": 600.0}]}
    plans = [(small(set=STRONG), denmark()), (planned({"name": "more", **more, "set": STRONG}), denmark())]
    return simulate_plans(plans, Posterior.read(SHIPPED), compute, draws=6, seed=1)


def test_payers_add_up_to_the_total(study):
    """What the public payers gain is what the plan gains, at every draw."""
    found = study.money(0, Prices())
    payers = found.payers()
    public = payers[payers["payer"].isin(PUBLIC)].groupby("draw")["net"].sum()

    assert public.to_numpy() == pytest.approx(found.totals["net"].to_numpy())
    assert (found.totals["cost"] > 0).all()
    assert break_even_table(found).set_index("payer")["gain"][list(PUBLIC)].sum() == pytest.approx(found.totals["net"].mean())


def test_kroner_of_single_years_are_those_of_the_plan(study):
    """Years add up to the plan, before discounting."""
    found = study.money(0, Prices())
    years = found.years().groupby("draw")["net"].sum()
    rows = found.rows[found.rows["payer"].isin(PUBLIC)]
    sign = np.where(rows["side"] == "cost", -1.0, 1.0)

    assert years.to_numpy() == pytest.approx((rows["kroner"] * sign).groupby(rows["draw"]).sum().to_numpy())


def test_top_down_by_hand():
    """Ten reoffenders avoided by one year's courses: the value spread over ten years, each discounted."""
    row = {"draw": 0, "replicate": 0, "where": "Denmark", "level": "year"}
    base = pd.DataFrame([{**row, "time": year, "group": group} for year in (0, 1) for group in ("others", "highest risk")])
    names = ["offences", "custody_months", "relapses_any", "released", "reoffenders_prison", "reoffenders_sentence",
             "fines", "suspended", "prison", "volunteer_months", "busy_months", "came"]  # fmt: skip
    mentors = [f"primus_motor.{each}" for each in ("started", "started_first", "joined", "in_time", "waited_months")]
    base[[*names, *mentors]] = 0.0
    first = (base["time"] == 0) & (base["group"] == "highest risk")
    without = base.assign(reoffenders_any=np.where(first, 30.0, 0.0))
    with_ = base.assign(reoffenders_any=np.where(first, 20.0, 0.0))
    with_.loc[first, ["primus_motor.started", "primus_motor.started_first"]] = 100.0
    prices = Prices()
    found = money(with_, without, prices, seed=1, drawn=draw_prices(prices, 1, 1).assign(
        **{"avoided.any": 505_300.0, "scheme.primus_motor.per_start": 33_000.0}))  # fmt: skip
    value = 10 * 505_300 * np.mean([1.035**-year for year in range(10)])

    assert found.totals["top_down"].tolist() == pytest.approx([value / 3_300_000])
    assert found.totals["avoided"].tolist() == pytest.approx([10.0])
    assert found.totals["cost"].tolist() == pytest.approx([3_300_000])


def test_a_plan_is_compared_with_no_plan(study):
    """Plane and curve have the plan beside no plan; shares add up at every threshold."""
    found = decision([("small", study.money(0, Prices()))])

    assert set(found["acceptability"]["option"]) == {NO_PLAN, "small"}
    assert found["acceptability"].groupby("threshold")["share"].sum().to_numpy() == pytest.approx(1.0)
    assert found["quadrants"]["share"].sum() == pytest.approx(1.0)


def test_more_volunteers_mentor_more_people(study):
    """With common random numbers: more courses, fewer offences, in every draw or on average."""
    table = comparison_tables(study, Prices())["differences"].set_index("outcome")

    assert table.loc["started", "low"] > 0
    assert table.loc["offences", "mean"] > 0
    assert (table["plan"] == "more").all()


def test_everything_that_is_written_is_there(study):
    """All tables have rows; regions and years are named; municipalities are all there."""
    made = plan_tables(study, 0, study.money(0, Prices()))

    assert all(len(table) for table in made.values())
    assert set(made["by_region"]["region"]) == {"Hovedstaden", "Sjælland", "Syddanmark", "Midtjylland", "Nordjylland"}
    assert {"2027", "2028"} <= set(made["by_year"]["year"])
    assert len(made["by_municipality"]) == 98
    summed = made["by_region"].groupby("outcome")["mean"].sum()
    whole = made["summary"].set_index("outcome")["mean"]
    assert summed["offences"] == pytest.approx(whole["offences"], rel=1e-6)
    assert made["by_municipality"]["started"].sum() == pytest.approx(whole["started"], rel=0.02)


def test_other_streams_are_not_compared():
    """Plans of another number of years have other releases; one line says so."""
    other = planned({"name": "other", **SMALL, "years": 3})
    with pytest.raises(ParameterError, match=r"plan \[other\] has years \[3\] and plan \[small\] \[2\]"):
        simulate_plans([(small(), denmark()), (other, denmark())], None, compute, draws=2, seed=1)


def test_who_pays_is_the_plans_choice(study):
    """A plan paid for by municipalities costs the state's prisons nothing."""
    plan = study.plans[0].model_copy(update={"paid_by": {"municipality": 1.0}})
    other = replace(study, plans=(plan, study.plans[1]), _found={})
    cost = other.money(0, Prices()).payers().groupby("payer", observed=False)["cost"].sum()

    assert cost["state: prison"] == 0
    assert cost["municipality"] > 0


# Runs over everything ------------------------------------------------------------------------------------------


def test_inputs_are_of_the_posterior_the_plan_and_the_prices():
    """Every draw of the posterior is taken equally often; what does not vary is left out."""
    posterior = Posterior.read(SHIPPED)
    inputs = draw_inputs(small(), posterior, Prices(), 400, seed=1)

    assert {f"{PLAN}volunteers.recruiting_reached", f"{PRICE}prison.day", "effect.hazard_ratio"} <= set(inputs)
    assert "trial.definition" not in inputs
    assert np.bincount(posterior_rows(posterior, 400, seed=1)).tolist() == [2] * 200
    assert (inputs != inputs.iloc[0]).any().all()


def test_runs_use_the_random_numbers_they_are_given():
    """Rows with the same inputs and the same random numbers give the same kroner; with others other ones."""
    inputs = draw_inputs(small(), Posterior.read(SHIPPED), Prices(), 3, seed=1)
    rows = inputs.iloc[[0, 0, 0]].reset_index(drop=True)
    found = simulate_outcomes(small(), denmark(), rows, Prices(), compute, seed=1, streams=np.array([0, 0, 1]))
    same = found["net"].to_numpy()

    assert same[0] == same[1] != same[2]


def test_a_plan_without_effect_does_not_pay_back():
    """Mentoring that does nothing costs what it costs: every run fails, however savings are counted."""
    plan = small(set={"programme.direct_hazard_ratio": 1.0, "programme.support_hazard_ratio": 1.0, "programme.direct_hazard_ratio_others": 1.0,
                      "programme.support_hazard_ratio_others": 1.0})  # fmt: skip
    inputs = draw_inputs(plan, None, Prices(), 3, seed=1)
    found = simulate_outcomes(plan, denmark(), inputs, Prices(), compute, seed=1)

    assert (found["saving"].abs() < 1e-6).all()
    assert failing(found, "average").all()
    assert failing(found, "marginal").all()
    assert failing(found, "top-down").all()


def test_value_of_information():
    """Knowing what decides is worth nearly the EVPI, knowing the rest nothing; no trial is worth more than the truth."""
    rng = np.random.default_rng(1)
    gap = rng.normal(0.05, 0.1, 2_000)
    inputs = pd.DataFrame({"effect.hazard_ratio": gap, "people.accepts_volunteers": rng.normal(size=2_000)})
    risks = pd.DataFrame({"control": np.full(2_000, 0.6), "mentored": np.clip(0.6 - gap, 0.01, 0.99)})
    tables, found = information_values(inputs, 1e6 * gap, risks, course=33_000.0, seed=1)
    groups, gain = tables["groups"].set_index("what")["value"], tables["trials"]["gain"]

    assert found["chosen"] == "plan"
    assert groups["effect"] == pytest.approx(found["evpi"]["value"], rel=0.05)
    assert groups["uptake"] < 0.1 * found["evpi"]["value"]
    assert (gain <= found["risks"]["value"] * 1.05).all()
    assert gain.is_monotonic_increasing


def test_doubts_are_the_same_for_every_plan():
    """The same share of each prior, the same places and seeds, whatever the plan; what a plan gives is not uncertain."""
    first = draw_uncertain(small(), denmark(), None, 5, seed=1)
    other = draw_uncertain(small(volunteers={"ceiling_per_100000": 10.0}), denmark(), None, 5, seed=1)

    assert (first.released == other.released).all()
    assert first.seeds == other.seeds
    for one, two in zip(first.plan, other.plan, strict=True):
        assert set(one) - set(two) == {"volunteers.ceiling_per_100000"}
        assert all(one[key] == value for key, value in two.items())


def test_volunteers_by_municipality_and_month(study):
    """Every municipality in every month; the country's sum is what the counts by month say."""
    found = needs(study, 0, compute)
    plan, counts = study.plans[0], study.counts[0]
    monthly = counts[(counts["level"] == "month") & (counts["draw"] == 0)].groupby("time")["volunteer_months"].sum()
    rows = run_supply(plan, study.country, study.draws[0], compute, draws=2)
    once = rows[rows["draw"] == 1].groupby("time")["volunteers"].sum()
    told_once = counts[(counts["level"] == "month") & (counts["draw"] == 1)].groupby("time")["volunteer_months"].sum()

    assert len(found) == 98 * len(monthly)
    assert found["month"].iloc[0] == "2027-01"
    assert (found["needed"] >= 0).all()
    assert once.to_numpy() == pytest.approx(told_once.to_numpy())


def test_a_budget_buys_courses_at_the_price_of_each_draw():
    """With volunteers enough the budget is spent in every draw, dear or cheap, on average over the years; the answer says so."""
    plan = small(years=3, offer={"budget_a_year": 6e6}, releases_per_year=7000.0,
                 wave=[{"municipalities": ["all"], "volunteers_at_start": 3000.0}])  # fmt: skip
    study = simulate_plans([(plan, denmark())], Posterior.read(SHIPPED), compute, draws=4, seed=1)
    result = rollout_result(RolloutStudy(plan=plan), study, Prices())
    about = {"per_start": {"source": "own", "grade": "judged", "prior": "LN(33000, 0.30)"}}
    given = prices_from({"scheme": {"primus_motor": {"per_start": 33_000.0, "about": about}}})
    per_course = rollout_result(RolloutStudy(plan=plan), study, given)
    spent = study.money(0, given).years().query("year < 3").groupby("draw")["cost"].mean()
    reasons = result.facts["reasons"]

    assert spent.to_numpy() == pytest.approx(6e6, rel=0.1)
    assert study.money(0, given).totals["started"].std() > 20
    assert per_course.facts["spent"]["mean"] == pytest.approx(spent.mean())
    assert "A municipality carries over what it does not use" in per_course.text("en")
    assert result.facts["spent"]["mean"] > 1.05 * spent.mean()
    assert "so the budget may be exceeded" in result.text("en")
    assert reasons["limit"] > 0.05 > reasons["without"]
    assert "the year's limit or budget was used up" in result.text("en")


def test_other_schemes_beside_a_plan_are_named_and_paid_for():
    """Places started of every scheme are in the report, in both languages, and in the costs; and nothing warns."""
    others = ["prison_visits", "paid_mentors", "group_activities", "remand_effort", "study_support"]
    plan = small(other_schemes=others)
    study = simulate_plans([(plan, denmark())], None, compute, draws=2, seed=1)
    found = study.money(0, Prices())
    drawn = study.draws[0].table()
    first, second = (
        scenario_of(plan, denmark(), plan_values=values).programme["prison_visits"] for values in study.draws[0].plan
    )
    assert first.capacity != second.capacity  # drawn from their priors
    assert (first.capacity, first.direct_hazard_ratio) == tuple(
        drawn.loc[0, ["plan.scheme.prison_visits.capacity", "plan.scheme.prison_visits.direct_hazard_ratio"]])  # fmt: skip
    assert {name.split(".")[2] for name in drawn if name.startswith("plan.scheme.")} == set(plan.other_schemes)
    result = rollout_result(RolloutStudy(plan=plan), study, Prices())
    items = set(found.rows.loc[found.rows["side"] == "cost", "item"])
    assert {"courses: prison_visits", "courses: paid_mentors", "courses: coordinators"} <= items
    assert "prison visiting service" in result.text("en")
    assert "fængselsbesøg" in result.text("da")
    assert len(result.answer("en").tables[-1].table) == 5 + 2 + 4


def test_a_programme_without_a_price_is_refused_by_key_and_file():
    """Before anything is run, in one line."""
    with pytest.raises(ParameterError, match=r"^programme\.coaches of scenario \[coaches\.toml\] has no price "
                       r"scheme\.coaches\.per_start .*--prices$"):
        require_prices(["coaches"], Prices(), scenario="coaches.toml")
    with pytest.raises(ParameterError, match=r"scheme\.coaches\.per_start .*; \[own\.toml\] lacks it$"):
        require_prices(["primus_motor", "coaches"], Prices(), scenario="coaches.toml", file=Path("own.toml"))


def test_what_a_plan_uses_is_added_up_beside_the_price_of_a_course(study):
    """Fifty coordinators cost more than none; today's area agrees with the price of a course within its uncertainty."""
    plan = study.plans[0]
    many = planned({**plan.model_dump(exclude_unset=True), "volunteers": {"coordinators": 50.0}})
    counts, without = study.counts[0], study.without
    first, second = (plan_money(each, counts, without, Prices(), seed=1) for each in (plan, many))
    table, dearer = (course_costs_table(each).set_index("item") for each in (first, second))

    assert dearer.loc["coordinators", "mean"] > table.loc["coordinators", "mean"] + 10e6
    assert dearer.loc["per course", "mean"] == table.loc["per course", "mean"]
    assert table.iloc[:-2]["mean"].sum() == pytest.approx(table.loc["by parts", "mean"])
    assert first.totals["cost"].mean() == pytest.approx(table.loc["by parts", "mean"])
    assert table["counts"].tolist() == [name == "by parts" for name in table.index]
    assert plan_uses(plan)["open_years"].max() == len(plan.opens())
    halved = plan_money(plan, counts, without, Prices(), seed=1, values=[{"volunteers.volunteers_each": 30.0}] * 6).courses
    usual = plan_money(plan, counts, without, Prices(), seed=1, values=[{"volunteers.volunteers_each": 60.0}] * 6).courses
    assert halved["coordinators"].to_numpy() == pytest.approx(2 * usual["coordinators"].to_numpy())
    today = course_by_parts(Prices())
    assert 24_000 < today.drop("hours given").sum() < 36_700


def test_todays_area_costs_as_much_by_parts_as_at_the_price_of_a_course():
    """The two sums agree within their uncertainty, and the means within a tenth."""
    plan, country = load("todays-area")
    study = simulate_plans([(plan, country)], Posterior.read(SHIPPED), compute, draws=8, seed=1)
    table = course_costs_table(study.money(0, Prices())).set_index("item").loc[["by parts", "per course"]]

    assert table["low"].max() < table["high"].min()
    assert table.loc["by parts", "mean"] == pytest.approx(table.loc["per course", "mean"], rel=0.1)


def test_the_price_of_a_course_counts_where_it_is_given(study):
    """In the plan (kroner of 2021, certain) or in the user's prices; who pays comes from the plan."""
    counts, without, plan = study.counts[0], study.without, study.plans[0]
    own = planned({**plan.model_dump(exclude_unset=True), "offer": {"course_price": 10_000.0}, "paid_by": {"region": 1.0}})
    prices = prices_from({"scheme": {"primus_motor": {"per_start": 20_000.0}}})
    first, second = plan_money(own, counts, without, Prices(), seed=1), plan_money(plan, counts, without, prices, seed=1)

    assert (first.counted, second.counted) == ("per course", "per course")
    assert course_kroner(first, "primus_motor") == pytest.approx(10_000)
    assert course_kroner(second, "primus_motor") == pytest.approx(20_000)
    assert second.totals["cost"].to_numpy() == pytest.approx(2 * first.totals["cost"].to_numpy())
    assert set(first.payers().query("cost > 0")["payer"]) - {"volunteers' time"} == {"region"}

"""Plans as visitors of the page set them."""

from __future__ import annotations

import pytest

from experiments.app.country import plans as own
from experiments.app.country.facts import command, files
from experiments.app.country.panel import MOST, OFFERED, OPENING, ORDER, PLAN, RUNGS, START, VERSUS, YEARS
from experiments.app.country.plans import Choices, asked, beside, intended, pair, plan_of, read, toml_of
from experiments.app.country.study import all_steps
from experiments.inputs.municipalities import denmark
from experiments.studies.rollout.plan import load, names, uncertain
from experiments.studies.rollout.plan_scenario import plan_in_full, scenario_of


def test_the_page_offers_the_plans_and_rungs_that_come_with_desist():
    assert sorted(own.PLANS) == names()
    assert PLAN.codes == own.PLANS
    assert VERSUS.codes == ("none", own.CAME_WITH, *own.PLANS)
    assert RUNGS.codes == all_steps()


def test_sliders_begin_where_every_plan_that_comes_with_desist_begins():
    for name in own.PLANS:
        plan, _ = load(name)
        assert (plan.wave[0].volunteers_at_start, plan.years) == (START.default, YEARS.default)
        assert plan.wave[0].municipalities == ["programme area"]


@pytest.mark.parametrize("name", own.PLANS)
def test_a_plan_that_nobody_has_changed_is_the_one_that_comes_with_desist(name):
    study = asked("plans", pair(Choices(plan=name), own.CAME_WITH), draws=12, seed=1)

    assert plan_of(Choices(plan=name)) == load(name)[0]
    assert command(study) == f"desist rollout {name} --draws 12 --seed 1"
    assert files(study) == {}


@pytest.mark.parametrize(
    ("change", "key", "value"),
    [({"recruits": 150}, "volunteers.recruits_per_100000", 1.35), ({"order": "highest"}, "offer.allocation", "highest risk"),
     ({"offered": "fifth"}, "offer.highest_risk_share", 0.2), ({"most": "200"}, "offer.max_per_year", 200.0),
     ({"years": 5}, "years", 5), ({"start": 300}, "wave.0.volunteers_at_start", 300.0)],
)  # fmt: skip
def test_a_choice_changes_its_own_key_of_the_plan_and_what_is_doubted_stays(change, key, value):
    came, _ = load("nationwide-at-once")
    plan = plan_of(Choices(plan="nationwide-at-once", **change))

    def flat(model, prefix=""):
        rows = model.items() if isinstance(model, dict) else enumerate(model)
        return {name: each for k, part in rows for name, each in (
            flat(part, f"{prefix}{k}.") if isinstance(part, (dict, list)) else {f"{prefix}{k}": part}).items()}  # fmt: skip

    before, after = (flat(each.model_dump(exclude={"name", "title", "title_da"})) for each in (came, plan))
    assert {each: after[each] for each in after if after[each] != before.get(each)} == {key: pytest.approx(value)}
    assert uncertain(plan) == uncertain(came)


@pytest.mark.parametrize("years", [YEARS.low, YEARS.high])
@pytest.mark.parametrize("opening", OPENING.codes)
@pytest.mark.parametrize("name", own.PLANS)
def test_every_opening_gives_a_plan_that_can_be_told_and_written(name, opening, years):
    plan = plan_of(Choices(plan=name, opening=opening, years=years))

    assert read(toml_of(plan)).model_dump() == plan.model_dump()
    assert uncertain(read(toml_of(plan))) == uncertain(plan)
    assert all(month < 12 * years for month in intended(toml_of(plan)).opens.values())


def test_every_other_choice_gives_a_plan_that_can_be_told():
    country = denmark()
    for key, codes in (("order", ORDER.codes), ("offered", OFFERED.codes), ("most", MOST.codes)):
        for code in codes:
            plan = plan_of(Choices(plan="investment-fund-420", **{key: code}))
            assert scenario_of(plan, country).programme


def test_steps_open_half_a_year_or_a_year_apart():
    half, year = (plan_of(Choices(plan="highest-risk-only", opening=code)) for code in ("half", "year"))

    assert sorted(set(half.opens().values())) == [0, 6, 12, 18, 24]
    assert year.opens() == load("nationwide-over-five-years")[0].opens()
    assert len(half.opens()) == 98


def test_steps_that_come_after_the_last_year_are_left_out():
    plan = plan_of(Choices(plan="investment-fund-420", opening="year"))

    assert max(plan.opens().values()) == 36
    assert len(plan.opens()) < 98


def test_a_changed_plan_is_named_apart_and_compared_with_what_it_was():
    both = pair(Choices(plan="todays-area", recruits=200), own.CAME_WITH)
    study = asked("plans", both, draws=24, seed=3)

    assert [plan.name for plan in both] == [own.OWN, "todays-area"]
    assert command(study) == "desist compare todays-area own-plan.toml --draws 24 --seed 3"
    assert list(files(study)) == ["own-plan.toml"]


def test_a_plan_of_fewer_years_is_a_file_of_its_own_and_says_so_in_its_title():
    plan = beside("todays-area", 4)

    assert (plan.title, plan.title_da) == ("Today's area, 4 years", "Dagens område, 4 år")
    assert command(asked("ladder", [plan], draws=12, seed=1)) == "desist ladder todays-area.toml --draws 12 --seed 1"


def test_a_plan_beside_itself_is_not_compared():
    assert len(pair(Choices(plan="todays-area"), "todays-area")) == 1
    assert len(pair(Choices(plan="todays-area"), "none")) == 1
    assert len(pair(Choices(plan="todays-area"), "highest-risk-only")) == 2


def test_what_a_plan_intends_is_what_the_command_line_prints_of_it():
    plan, _ = load("nationwide-at-once")
    intends = intended(toml_of(plan))
    shown = plan_in_full(plan)

    assert len(intends.opens) == 98
    assert sum(intends.released.values()) == pytest.approx(7_030)
    assert f"Planned: {intends.recruits:.1f} people" in shown
    assert f"{intends.at_start:.0f} volunteers are there" in shown
    assert f"{100 * intends.lost:.0f} % of the effect" in shown

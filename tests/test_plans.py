"""Plan files: what they say, what they mean for the model, and how they are refused."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

from experiments.inputs.municipalities import denmark
from experiments.inputs.municipality_csv import written
from experiments.inputs.scenario_files import load as scenario_called
from experiments.language.plan_text import year_text
from experiments.studies.rollout.plan import (
    FOLLOWED_ON,
    PLANS,
    find_plan,
    load,
    months_between,
    names,
    planned,
    uncertain,
)
from experiments.studies.rollout.plan_scenario import at_start, everybody, lost_in_scaling, recruiting, scenario_of
from experiments.studies.rollout.rollout_study import RolloutStudy
from simulation.municipalities import chosen, municipalities
from simulation.parameters import ParameterError

DENMARK = denmark()
NAMES = [place.name for place in DENMARK.places]


def plan_of(*waves, **tables):
    """A plan from its waves (places, starts and more) and other tables."""
    named = [{"municipalities": places, "starts": starts, **more} for places, starts, more in waves]
    return planned({"name": "mine", **({"wave": named} if named else {}), **tables})


def saved(tmp_path, text):
    """A plan file with such text."""
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


# The plans that come with Desist --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", names())
def test_each_plan_is_a_scenario(name):
    """Every shipped plan can be read, and is a scenario of all municipalities for its years and two more."""
    plan, country = load(name)
    scenario = scenario_of(plan, country)
    (programme,) = scenario.programme.values()

    assert plan.name == name
    assert plan.title
    assert plan.title_da not in ("", plan.title)
    assert len(scenario.selected_municipalities) == 98
    assert scenario.people.include_reentries
    assert scenario.people.count == 7030 * plan.years
    assert scenario.people.calendar_months == plan.months + FOLLOWED_ON <= scenario.people.follow_up_months
    assert scenario.trial.assignment == "everyone"
    assert not scenario.trial.signed_up
    assert programme.re_eligible
    assert {place.number for place in chosen(programme.municipalities)} == set(plan.opens())


def test_where_and_when_the_plans_open():
    """Today's area is 25 places at once; nationwide opens 98, at once or in five steps of a year."""
    opens = {name: load(name)[0].opens() for name in names()}
    today = {place.number for place in municipalities() if place.programme_area}

    assert [*opens] == ["highest-risk-only", "investment-fund-420", "nationwide-at-once", "nationwide-over-five-years", "todays-area"]
    assert set(opens["todays-area"]) == set(opens["investment-fund-420"]) == today
    assert len(opens["nationwide-at-once"]) == len(opens["nationwide-over-five-years"]) == 98
    assert set(opens["nationwide-at-once"].values()) == {0}
    assert set(opens["nationwide-over-five-years"].values()) == {0, 12, 24, 36, 48}
    assert {number for number, month in opens["nationwide-over-five-years"].items() if month == 0} == today


def test_the_funds_plan_is_420_people():
    """At most 105 courses a year for four years, offered to the upper two thirds by predicted risk."""
    (programme,) = scenario_of(*load("investment-fund-420")).programme.values()

    assert programme.max_per_year * programme.closes_month / 12 == 420
    assert programme.offered_share == pytest.approx(0.67)


# What a plan means -----------------------------------------------------------------------------------------------------


def test_dates_in_months_and_years():
    """Months between two dates, over a turn of the year and backward; a year of a plan by its name."""
    pairs = [("2027-01", "2027-01"), ("2027-11", "2028-02"), ("2027-01", "2026-12"), ("2027-03", "2037-03")]

    assert [months_between(*pair) for pair in pairs] == [0, 3, -1, 120]
    assert [year_text(plan_of().begins, year) for year in (0, 1, 9)] == ["2027", "2028", "2036"]
    later = plan_of((["all"], "2027-07", {}), begins="2027-07")
    assert [year_text(later.begins, year) for year in (0, 3)] == ["2027/28", "2030/31"]
    assert year_text("2099-07", 0) == "2099/00"


@pytest.mark.parametrize("spelling", ["Århus", "Aarhus", "aarhus", " ÅRHUS ", "A\u030arhus"])
def test_spellings_are_understood(spelling):
    """However it is spelt, the place is Aarhus (number 751)."""
    plan = plan_of(([spelling], "2027-03", {}))

    assert plan.opens() == {751: 2}
    assert scenario_of(plan, DENMARK).digest == scenario_of(plan_of((["Aarhus"], "2027-03", {})), DENMARK).digest


def test_the_last_wave_takes_what_is_left():
    """A place opens in the first wave that names it; a last wave with all takes the others."""
    plan = plan_of((["Nordjylland"], "2027-04", {}), (["Odense"], "2029-01", {}), (["all"], "2028-01", {}))
    opens = plan.opens()
    by_name = {name: opens[place.number] for name, place in zip(NAMES, DENMARK.places, strict=True)}

    assert (by_name["Aalborg"], by_name["Odense"], by_name["Aarhus"]) == (3, 24, 12)
    assert sorted(set(opens.values())) == [3, 12, 24]
    (programme,) = scenario_of(plan, DENMARK).programme.values()
    assert programme.opens["Aalborg"] == 3
    assert len(programme.opens) == 98


def test_recruiting_by_hand():
    """People who come forward: rate times inhabitants times strength, a wave's own rate where it has one, 0 included."""
    plan = plan_of(
        (["Aarhus"], "2027-01", {"recruits_per_100000": 2.0}), (["Odense", "Samsø"], "2028-01", {}),
        (["Vejle"], "2027-01", {"recruits_per_100000": 0.0}), volunteers={"recruits_per_100000": 0.5},
    )  # fmt: skip
    found = dict(zip(NAMES, recruiting(plan, DENMARK), strict=True))
    people = {place.name: place.population for place in DENMARK.places}

    assert found["Aarhus"] == pytest.approx(2.0 * people["Aarhus"] / 1e5 * 1.25)
    assert found["Odense"] == pytest.approx(0.5 * people["Odense"] / 1e5 * 1.25)
    assert found["Samsø"] == pytest.approx(0.5 * people["Samsø"] / 1e5)
    assert {name for name, value in found.items() if value > 0} == {"Aarhus", "Odense", "Samsø"}
    assert scenario_of(plan, DENMARK).volunteers.recruits_per_month == pytest.approx(sum(found.values()))


def test_volunteers_at_the_start_by_hand():
    """A wave's volunteers are spread over its own places by inhabitants times strength; each wave's are all there."""
    plan = plan_of(
        (["Aarhus", "Samsø"], "2027-01", {"volunteers_at_start": 100.0}), (["all"], "2028-01", {"volunteers_at_start": 7.0})
    )
    found = dict(zip(NAMES, at_start(plan, DENMARK), strict=True))
    aarhus, samsø = (next(p.population for p in DENMARK.places if p.name == name) for name in ("Aarhus", "Samsø"))

    assert found["Aarhus"] == pytest.approx(100 * 1.25 * aarhus / (1.25 * aarhus + samsø))
    assert found["Aarhus"] + found["Samsø"] == pytest.approx(100.0)
    assert sum(found.values()) == pytest.approx(107.0)
    supply = scenario_of(plan, DENMARK).volunteers
    assert supply.at_start == pytest.approx(107.0)
    assert supply.at_start_by["Aarhus"] == pytest.approx(found["Aarhus"])


def test_what_is_lost_in_scaling_by_hand():
    """Each doubling of recruiting beyond the trial's loses its share of the effect's logarithm; none if smaller, or of harm."""
    everywhere = plan_of((["all"], "2027-01", {}), quality={"lost_per_doubling": 0.1, "trial_recruits": 5.0},
                         volunteers={"recruits_per_100000": 1.0})  # fmt: skip
    people = sum(place.population * strength for place, strength in zip(DENMARK.places, DENMARK.strength, strict=True))
    expected = 0.1 * math.log2(people / 1e5 / 5.0)
    small = plan_of((["Samsø"], "2027-01", {}))
    every = planned({**everywhere.model_dump(), "quality": {"lost_per_doubling": 1.0, "trial_recruits": 5.0}})

    assert lost_in_scaling(everywhere, DENMARK) == pytest.approx(expected)
    assert 0.3 < expected < 0.4
    assert lost_in_scaling(small, DENMARK) == 0.0
    assert lost_in_scaling(every, DENMARK) == 1.0
    base, scaled = everybody(everywhere), scenario_of(everywhere, DENMARK)
    (before,), (after,) = base.programme.values(), scaled.programme.values()
    assert after.direct_hazard_ratio == pytest.approx(before.direct_hazard_ratio ** (1 - expected))
    assert after.support_hazard_ratio == pytest.approx(before.support_hazard_ratio ** (1 - expected))
    (nothing,) = scenario_of(every, DENMARK).programme.values()
    assert (nothing.direct_hazard_ratio, nothing.support_hazard_ratio) == (1.0, 1.0)
    (harm,) = scenario_of(plan_of((["all"], "2027-01", {}), set={"programme.direct_hazard_ratio": 1.5}), DENMARK).programme.values()
    assert harm.direct_hazard_ratio == 1.5


def test_the_lower_limit_counts():
    """Of a number a year and a budget over the price of a course the smaller one counts; neither is no limit."""
    def most(**offer):
        (programme,) = scenario_of(plan_of(offer=offer), DENMARK).programme.values()
        return programme.max_per_year  # fmt: skip

    assert most() == 0.0
    assert most(max_per_year=100.0) == 100.0
    assert most(budget_a_year=3.3e6) == pytest.approx(100.0)
    assert most(budget_a_year=3.3e6, course_price=66_000.0, max_per_year=80.0) == pytest.approx(50.0)
    assert most(budget_a_year=3.3e6, max_per_year=80.0) == 80.0


def test_the_offer_is_the_programmes():
    """Allocation, share, uptake, again and last year are the programme's; a share of 0 is nobody, not the default."""
    plan = plan_of(offer={"allocation": "lottery", "highest_risk_share": 0.0, "uptake": 0.0, "re_eligible": False, "last_year": 3})
    scenario = scenario_of(plan, DENMARK)
    (programme,) = scenario.programme.values()

    assert (programme.allocation, programme.offered_share, programme.re_eligible) == ("lottery", 0.0, False)
    assert (programme.closes_month, scenario.people.accepts_volunteers) == (36, 0.0)
    assert scenario_of(plan_of(), DENMARK).value("programme.closes_month") == 120


def test_denmark_without_a_plan_is_the_same_for_all():
    """Nothing of a plan but its stream of releases decides what happens without it."""
    assert len({scenario_of(*load(name), none=True).digest for name in names()}) == 1
    assert scenario_of(*load("todays-area"), none=True).trial.assignment == "nobody"


def test_denmark_without_a_plan_has_no_volunteers():
    """Where nothing is offered nobody is recruited either: no volunteers to pay for."""
    supply = scenario_of(*load("nationwide-at-once"), none=True).volunteers

    assert (supply.at_start, supply.recruits_per_month) == (0.0, 0.0)


def test_other_schemes_beside():
    """A scheme of other-schemes comes beside the first programme, open until the plan ends."""
    scenario = scenario_of(plan_of(other_schemes=["prison_visits"]), DENMARK)
    known = scenario_called("other-schemes").programme["prison_visits"]

    assert list(scenario.programme)[1:] == ["prison_visits"]
    assert scenario.programme["prison_visits"].capacity == known.capacity
    assert scenario.programme["prison_visits"].closes_month == 120


def test_a_draw_decides_what_the_plan_leaves_open():
    """Draws reach scenario, plan and releases; what the plan or its set says stays."""
    plan = plan_of((["all"], "2027-01", {}), volunteers={"campaign_months": 6.0}, set={"risk.baseline_hazard": 0.05})
    draw = {"risk.baseline_hazard": 0.09, "people.accepts_volunteers": 0.33, "risk.hazard_multiplier": 3.0, "people.count": 5}
    values = {"volunteers.ceiling_per_100000": 80.0}
    released = np.linspace(10.0, 107.0, 98)
    scenario = scenario_of(plan, DENMARK, draw=draw, plan_values=values, released=released)

    assert scenario.risk.baseline_hazard == 0.05
    assert scenario.people.accepts_volunteers == 0.33
    assert scenario.risk.hazard_multiplier == 1.0
    assert scenario.people.count == round(released.sum() * 10)
    assert scenario.municipalities.releases == pytest.approx(dict(zip(NAMES, released, strict=True)))
    assert scenario.volunteers.ceiling_by["Odense"] == pytest.approx(DENMARK.population[NAMES.index("Odense")] / 1e5 * 80)
    assert scenario.volunteers.campaign_months == 6.0


def test_what_a_file_gives_is_not_doubted():
    """Quantities with a prior are uncertain unless the plan's file gives them."""
    free = {row.key for row in uncertain(plan_of())}
    said = {row.key for row in uncertain(plan_of(volunteers={"campaign_months": 12.0}, quality={"lost_per_doubling": 0.05}))}

    assert free - said == {"volunteers.campaign_months", "quality.lost_per_doubling"}
    assert said < free
    assert "volunteers.recruits_per_100000" not in free


# Files and mistakes ------------------------------------------------------------------------------------------------------

WAVE = '[[wave]]\nmunicipalities = {places}\nstarts = "{starts}"\n'
BAD = {
    "unknown place": (WAVE.format(places='["Odence"]', starts="2027-01"), r"wave 1: municipalities names \[Odence\].*did you mean Odense\?"),
    "start after the end": (WAVE.format(places='["all"]', starts="2037-01"), r"wave 1: starts is \[2037-01\].*2027-01, until 2036"),
    "start before the beginning": (WAVE.format(places='["all"]', starts="2026-12"), r"wave 1: starts is \[2026-12\]"),
    "a place twice": (
        WAVE.format(places='["Aarhus"]', starts="2027-01") + WAVE.format(places='["Midtjylland"]', starts="2028-01"),
        r"wave 2: municipalities names \[Aarhus\], which opens already in wave 1",
    ),
    "no places": (WAVE.format(places="[]", starts="2027-01"), r"wave 1: municipalities is \[\[\]\]; at least one municipality"),
    "no wave": ("wave = []", r"wave is \[\[\]\]; at least one wave is needed"),
    "places as text": (WAVE.format(places='"Aarhus"', starts="2027-01"), r'municipalities is \["Aarhus"\]; a list is needed'),
    "unknown key of a wave": ('[[wave]]\nmunicipality = ["Aarhus"]\n', r"mine.toml: wave 1: unknown key \[municipality\]; did you mean municipalities\?"),
    "negative budget": ("[offer]\nbudget_a_year = -1.0", r"offer.budget_a_year is \[-1.0\]; allowed 0 to"),
    "no number": ("[offer]\nbudget_a_year = nan", r"offer.budget_a_year is \[nan\]; a finite number is needed"),
    "unknown table": ("[ofer]\nuptake = 0.3", r"unknown key \[ofer\]; did you mean offer\?"),
    "unknown key": ("[offer]\nuptak = 0.3", r"unknown key \[offer.uptak\]; did you mean offer.uptake\?"),
    "thirteenth month": ('begins = "2027-13"', r'^(?!.*letters).*begins.*\["?2027-13"?\].*month'),
    "a month in words": ('begins = "januar 2027"', r'^(?!.*letters).*begins.*\["?januar 2027"?\].*month'),
    "only a year": (WAVE.format(places='["all"]', starts="2027"), r'^(?!.*letters).*starts.*\["?2027"?\].*month'),
    "less than nobody": ("[[wave]]\nrecruits_per_100000 = -0.5", r"recruits_per_100000.*\[-0.5\]"),
    "a year as a number": ("begins = 2027", r"begins.*\[2027\]"),
    "no years": ("years = 0", r"years is \[0\]; allowed 1 to 18"),
    "half a year": ("years = 2.5", r"years is \[2.5\]; a whole number is needed"),
    "uptake below nothing": ("[offer]\nuptake = -0.5", r"offer.uptake is \[-0.5\]; allowed is 0 to 1, or -1"),
    "uptake in percent": ("[offer]\nuptake = 40", r"offer.uptake is \[40\]; allowed"),
    "unknown rule": ('[offer]\nallocation = "random"', r'offer.allocation is \["random"\]; allowed is first come, highest risk'),
    "negative recruits": ("[volunteers]\nrecruits_per_100000 = -0.1", r"volunteers.recruits_per_100000 is \[-0.1\]; allowed 0 to"),
    "a value of the second wave": ('[[wave]]\nmunicipalities = ["Vejle"]\n[[wave]]\nvolunteers_at_start = -1.0\n',
                                   r"mine.toml: wave 2: volunteers_at_start is \[-1.0\]; allowed 0 to 100000"),
    "a mistyped region": ('[[wave]]\nmunicipalities = ["Nordjyland"]\n', r"wave 1: .* did you mean Nordjylland\?"),
    "a mistyped payer": ("[paid_by]\nmunicipalit = 1.0\n", r"no payer; did you mean municipality\?"),
    "not TOML": ("years = ten", r"mine.toml is not valid TOML"),
    "own figures missing": ('country_file = "nothing.csv"', r"file \[.*nothing.csv\] cannot be read"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", BAD)
def test_a_bad_plan_is_refused_in_one_line(tmp_path, mistake):
    """Each mistake is one line that names the key and the value, and says what is allowed."""
    text, message = BAD[mistake]
    with pytest.raises(ParameterError, match=message) as refused:
        load(str(saved(tmp_path, text)))

    assert len(str(refused.value).splitlines()) == 1


def test_all_mistakes_are_told(tmp_path):
    """Two mistakes are two lines."""
    with pytest.raises(ParameterError) as refused:
        load(str(saved(tmp_path, "years = 0\n[offer]\nbudget_a_year = -1.0\n")))

    lines = [re.split(r" is | \[", line)[0] for line in str(refused.value).splitlines()]
    assert lines == ["mine.toml: years", "mine.toml: offer.budget_a_year"]


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"scenario": "poled"}, r"scenario \[poled\] was not found; did you mean pooled\?"),
        ({"scenario": "everyone"}, r"scenario is \[everyone\], which has 0 programmes"),
        ({"other_schemes": ["visits"]}, r"other_schemes names \[visits\], which is no other scheme; known are prison_visits"),
        ({"set": {"risk.hazard_multipl": 1.0}}, r"unknown key \[risk.hazard_multipl\]; did you mean risk.hazard_multiplier\?"),
        ({"set": {"risk.hazard_multiplier": -1.0}}, r"risk.hazard_multiplier is \[-1.0\]; allowed 0.01 to 20"),
    ],
)
def test_a_plan_that_means_no_scenario_is_refused(tables, message):
    """What only the scenario can know is refused when the plan becomes one."""
    with pytest.raises(ParameterError, match=message) as refused:
        scenario_of(plan_of(**tables), DENMARK)

    assert len(str(refused.value).splitlines()) == 1


def test_a_plan_is_found_by_name_or_path(tmp_path):
    """Names are those that come with Desist, paths end in .toml; a wrong one names the nearest."""
    path = saved(tmp_path, "years = 3\n")

    assert find_plan("todays-area") == PLANS / "todays-area.toml"
    assert find_plan(str(path)) == path
    assert load(str(path))[0].name == "mine"
    with pytest.raises(ParameterError, match=r"plan \[todays-aera\] was not found; did you mean todays-area\?"):
        find_plan("todays-aera")
    with pytest.raises(ParameterError, match=r"plan \[none.toml\] was not found; check the path"):
        find_plan("none.toml")


def test_own_figures_are_found_beside_the_plan(tmp_path):
    """A user's own table is read from the plan's folder; its releases are the plan's, its other places stay."""
    table = DENMARK.table().drop(columns="per_1000")
    table.loc[table["name"] == "Aarhus", "releases_per_year"] = 1_000.0
    (tmp_path / "own.csv").write_text(written(table), encoding="utf-8")
    plan, country = load(str(saved(tmp_path, 'country_file = "own.csv"\nyears = 1\n')))
    scenario = scenario_of(plan, country)
    expected = DENMARK.expected().sum() - DENMARK.expected()[NAMES.index("Aarhus")] + 1_000

    assert scenario.municipalities.releases["Aarhus"] == 1_000.0
    assert scenario.people.count == round(expected)


def test_own_figures_of_the_municipalities_that_a_plan_opens_suffice(tmp_path):
    """Ten rows are enough for a plan in ten municipalities, or fewer; the others keep what is published."""
    table = DENMARK.table().drop(columns="per_1000").head(10).assign(flats=0.5)
    (tmp_path / "own.csv").write_text(written(table), encoding="utf-8")
    wave = f'country_file = "own.csv"\n[[wave]]\nmunicipalities = {NAMES[2:9]}\n'
    _, country = load(str(saved(tmp_path, wave)))

    assert country.flats[:10].tolist() == [0.5] * 10
    np.testing.assert_array_equal(country.flats[10:], DENMARK.flats[10:])
    with pytest.raises(ParameterError, match=r"own.csv has no row for \[Aarhus\]; add one for each"):
        load(str(saved(tmp_path, wave.replace(NAMES[2], "Aarhus"))))


def test_what_is_shown_has_the_prices_that_are_given(tmp_path):
    """``--show --prices`` reads the file: it shows what is given and refuses what cannot be used."""
    file = tmp_path / "own.toml"
    file.write_text("price_year = 2026\n[prison]\nday = 2100.0\n", encoding="utf-8")
    shown = RolloutStudy(plan="todays-area", prices=file).show().splitlines()

    assert shown[-3:] == ["# Prices that are given (results are in kroner of 2026):", "# price_year = 2026",
                          "# prison.day = 2100.0"]  # fmt: skip
    file.write_text("[prison]\ndya = 2100.0\n", encoding="utf-8")
    with pytest.raises(ParameterError, match=r"unknown key \[prison.dya\]; did you mean prison.day\?"):
        RolloutStudy(plan="todays-area", prices=file).show()


def test_own_figures_without_a_place_are_refused_in_one_line(tmp_path):
    """A table that lacks a municipality names it."""
    table = DENMARK.table().drop(columns="per_1000")
    (tmp_path / "own.csv").write_text(written(table[table["name"] != "Læsø"]), encoding="utf-8")
    with pytest.raises(ParameterError, match=r"own.csv has no row for \[Læsø\]; add one for each") as refused:
        load(str(saved(tmp_path, 'country_file = "own.csv"\n')))

    assert len(str(refused.value).splitlines()) == 1

"""A plan in words: every number is a fact's, both languages say the same, signs and gaps are told in words."""

from __future__ import annotations

import dataclasses
import re
from string import Formatter

import numpy as np
import pandas as pd
import pytest

from experiments.execution.jobs import finish
from experiments.inputs.municipalities import denmark
from experiments.inputs.posterior import SHIPPED, Posterior
from experiments.language.discovery_text import Quantity
from experiments.language.formatting import rounded  # fmt: skip
from experiments.language.plan_text import (
    GROUP_NAMES,
    MONTHS,
    OUTCOMES,
    PURSE_NAMES,
    REASONS,
    SAID,
    Facts,
    Span,
    comparison,
    facts_of,
    percent,
    report,
    short_titles,
)
from experiments.statistics.cost_effectiveness import break_even
from experiments.studies.rollout.costs import Money
from experiments.studies.rollout.plan import load, names, planned
from experiments.studies.rollout.plan_study import compared, tables, told
from experiments.studies.rollout.tables import LABELS, MISSED
from simulation.history import GROUPS
from simulation.prices import PUBLIC, PURSES, Prices

BOTH = pytest.mark.parametrize("language", ["en", "da"])
PLAN = planned({
    "name": "mine", "title": "My plan: a try", "title_da": "Min plan, et forsøg", "begins": "2030-03", "years": 7,
    "wave": [{"places": ["Aarhus"], "starts": "2030-03", "volunteers_at_start": 61.0},
             {"places": ["Aalborg", "Ærø"], "starts": "2031-11"}],
    "volunteers": {"recruits_per_100000": 0.42},
    "offer": {"highest_risk_share": 0.37, "most_a_year": 52.0, "budget_a_year": 9.5e6, "allocation": "lottery"},
})  # fmt: skip
OUT = {
    "started": Span(mean=1234.4, low=417.2, high=3210.1, chance=88.4),
    "offences": Span(mean=733.3, low=201.2, high=1499.0, chance=77.0),
    "reoffenders_any": Span(mean=46.2, low=-3.4, high=101.7, chance=12.6),
    "prison_days": Span(mean=15_551, low=2_111, high=40_404, chance=1_777),
    "places": Span(mean=4.26, low=0.61, high=9.83, chance=1.37),
}  # fmt: skip
FACTS = Facts(
    plan=PLAN, outcomes=OUT,
    reasons={"closed": 0.1, "not_offered": 0.0, "too_short": 0.512, "declined": 0.25, "without": 0.095, "started": 0.043},
    spent=dict(zip(PURSES, (3.21, 0, 0, 21.34, 0, 0, 30.3), strict=True)),
    saved=dict(zip(PURSES, (5.67, 0.89, 4.43, 17.76, 6.54, 0, 0), strict=True)), price_year=2019,
    gain=Span(mean=10.7, low=-8.2, high=33.3), odds=0.77,
    per_krone={"ratio": Span(mean=1.43, low=0.21, high=4.32), "top_down": Span(mean=0.87, low=-0.12, high=2.4)}, draws=48,
    doubts=(Quantity(label={"en": "the effect", "da": "virkningen"}), Quantity(label={"en": "uptake", "da": "hvem der vil"})),
)  # fmt: skip
SPOKEN = [
    2030, 1, 98, 2031, 3, 98, 2037, 61, 0.42, 100_000, 37, 52, 9.5, 1230, 420, 3210, 95, 100, 90, 4.3, 51, 25, 10, 9.5,
    730, 200, 1500, 80, 46, 3, 102, 13, 15_600, 2100, 40_400, 1800, 4.3, 0.6, 9.8, 1.4,
    2019, 21, 3, 18, 7, 6, 4, 1, 30, 2039, 11, -8, 33, 77, 100, 1.4, 0.2, 4.3, 0.9, -0.1, 2.4, 48,
]  # fmt: skip
"""Every number of the report, in order, rounded by hand."""
FIXED = {95.0, 100.0, 98.0, 100_000.0}
"""Numbers that are no facts of a plan: 95 of 100, of 98 municipalities, per 100,000 inhabitants."""


def spoken(text: str, language: str) -> list[float]:
    """The numbers of a text."""
    found = re.findall(r"−?\d+(?:[.,]\d+)*", text)
    marks = {"en": str.maketrans({",": "", "−": "-"}), "da": str.maketrans({".": "", ",": ".", "−": "-"})}[language]
    return [float(each.translate(marks)) for each in found]


def words(text: str) -> int:
    """Words of letters in a text, without its title."""
    return sum(bool(re.search(r"[^\W\d]", each)) for each in text.partition("\n\n")[2].split())


def changed(**facts):
    return dataclasses.replace(FACTS, **facts)


# Catalogues ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("catalogue", "keys"), [(OUTCOMES, LABELS), (REASONS, MISSED), (PURSE_NAMES, PURSES), (GROUP_NAMES, GROUPS)]
)
def test_both_languages_name_everything(catalogue, keys) -> None:
    """The same keys in English and Danish, nothing without a name, no name twice."""
    for language in ("en", "da"):
        assert set(catalogue[language]) == set(keys)
        assert all(catalogue[language].values())
        assert len(set(catalogue[language].values())) == len(catalogue[language])


def test_both_languages_say_the_same_things() -> None:
    """Each sentence has the same facts in both; twelve months."""
    for what, said in SAID.items():
        english, danish = ({part for _, part, _, _ in Formatter().parse(text) if part} for text in said)
        assert english == danish, what
    assert [len(MONTHS[language].split()) for language in ("en", "da")] == [12, 12]


# The report ---------------------------------------------------------------------------------------------------


@BOTH
def test_every_number_is_a_fact(language) -> None:
    """The numbers of the report, parsed back, are those of the facts, rounded, in order, and no others."""
    assert spoken(report(FACTS, language), language) == SPOKEN


def test_danish_numbers_are_danish() -> None:
    """Points between thousands, a decimal comma, a space before the per cent."""
    text = report(FACTS, "da")

    for part in ("1.230 forløb", "15.600 færre fængselsdage", "for kort dom 51 %", "i tide 9,5 %", "0,42 nye om måneden",
                 "marts 2030", "til og med februar 2037", "9,5 mio. kr. om året", "Mest vejer: virkningen, hvem der vil."):  # fmt: skip
        assert part in text
    assert percent(0.291, "da") == "29 %"
    assert percent(0.0291, "da") == "2,9 %"


@BOTH
def test_every_fact_is_told(language) -> None:
    """A change of any fact changes the text."""
    base = report(FACTS, language)
    changes = [{"odds": 0.5}, {"draws": 7}, {"price_year": 2025}, {"gain": Span(mean=1, low=0, high=2)}, {"doubts": ()},
               {"spent": {**FACTS.spent, "volunteers' time": 9.0}}, {"saved": {**FACTS.saved, "region": 3.0}},
               {"reasons": {**FACTS.reasons, "not_offered": 0.05}}]  # fmt: skip
    changes += [{"outcomes": {**OUT, key: Span(mean=2, low=1, high=3, chance=1)}} for key in OUT]
    changes += [{"per_krone": {**FACTS.per_krone, key: Span(mean=2, low=1, high=3)}} for key in FACTS.per_krone]

    for change in changes:
        assert report(changed(**change), language) != base, change


@BOTH
def test_signs_are_told_in_words(language) -> None:
    """More offences are more, not fewer; an interval with both signs says which end is which."""
    more, fewer, to = {"en": ("more", "fewer", "to"), "da": ("flere", "færre", "til")}[language]
    offences = {"en": "offences", "da": "lovovertrædelser"}[language]
    mixed = report(FACTS, language)
    worse = report(changed(outcomes={**OUT, "offences": Span(mean=-40, low=-90, high=-11)}), language)

    assert f"3 {more} {to} 102 {fewer}; ±13" in mixed
    assert f"40 {more} {offences} (11–90)" in worse


@BOTH
def test_chance_that_is_not_known_is_not_told(language) -> None:
    """One run a draw says nothing of chance: no ± anywhere."""
    silent = {key: dataclasses.replace(span, chance=np.nan) for key, span in OUT.items()}

    assert "±" in report(FACTS, language)
    assert "±" not in report(changed(outcomes=silent), language)


@BOTH
def test_nothing_done_costs_nothing(language) -> None:
    """Without courses there is nothing about kroner, and no number but zeros and what is fixed."""
    nothing = changed(
        outcomes={key: Span(mean=0, low=0, high=0) for key in OUT}, reasons={"declined": 1.0, "started": 0.0}, per_krone={},
        plan=planned({"name": "none", "wave": [{"places": ["all"]}], "volunteers": {"recruits_per_100000": 0.0}}),
    )  # fmt: skip
    text = report(nothing, language)

    assert "kr." not in text
    assert set(spoken(text, language)) == {0, 95, 98, 100, 2027, 2036, 48, 100_000}


@BOTH
@pytest.mark.parametrize("name", names())
def test_it_is_half_a_page(name, language) -> None:
    """180 to 250 words for every plan that comes with Desist, with its title; and what it must never be used for."""
    plan, _ = load(name)
    text = report(changed(plan=plan, doubts=()), language)
    last = {"en": "never be used to judge a person.", "da": "må aldrig bruges til at bedømme et menneske."}[language]

    assert 180 <= words(text) <= 250
    assert text.startswith((plan.title if language == "en" else plan.title_da) + "\n\n")
    assert text.endswith(last)


def test_waves_are_told() -> None:
    """At once, or step by step with the first and the last month."""
    at_once, _ = load("nationwide-at-once")
    in_steps, _ = load("nationwide-over-five-years")

    assert "in January 2027 in 98 of 98 municipalities and" in report(changed(plan=at_once), "en")
    assert ("i januar 2027 i 25 af 98 kommuner, trin for trin frem til januar 2031 i 98 af 98 kommuner, og"
            in report(changed(plan=in_steps), "da"))  # fmt: skip
    assert "De med højest risiko kommer først." in report(changed(plan=load("highest-risk-only")[0]), "da")
    assert "through December 2030, with" in report(changed(plan=load("investment-fund-420")[0]), "en")


# Facts from tables --------------------------------------------------------------------------------------------


def test_facts_by_hand() -> None:
    """What a krone saves is the ratio of the means; its interval is that of the draws; chance is half its interval."""
    costs = pd.DataFrame({"state: prison": [10e6, 30e6], "volunteers' time": [4e6, 6e6]})
    savings = pd.DataFrame({"municipality": [20e6, 10e6]}).reindex(columns=list(PUBLIC), fill_value=0.0)
    totals = pd.DataFrame({"cost": [10e6, 30e6], "ratio": [2.0, 1 / 3], "top_down": [1.0, 0.5]})
    row = {"outcome": "started", "mean": 10.0, "low": 5.0, "high": 20.0, "chance_low": 8.0, "chance_high": 12.0}
    missing = pd.DataFrame({"reason": ["started", "declined"], "share": [0.25, 0.75]})
    found = facts_of(PLAN, pd.DataFrame([row]), missing, Money(rows=pd.DataFrame(), totals=totals),
                     break_even(savings, costs, total=PUBLIC), price_year=2021)  # fmt: skip

    assert found.outcomes["started"] == Span(mean=10, low=5, high=20, chance=2)
    assert found.per_krone["ratio"].mean == pytest.approx(30 / 40)
    assert found.per_krone["top_down"].mean == pytest.approx(25 / 40)
    assert found.per_krone["ratio"].low == pytest.approx(1 / 3 + 0.025 * (2 - 1 / 3))
    assert (found.spent["state: prison"], found.spent["volunteers' time"], found.saved["municipality"]) == (20, 5, 15)
    assert (found.gain.mean, found.odds, found.draws) == (-5, 0.5, 2)
    assert found.reasons == {"started": 0.25, "declined": 0.75}


def test_rounding_is_alike() -> None:
    """Three digits of the largest; whole numbers from ten on; nothing for what is not known; zero is zero."""
    assert rounded([142_137, 30_291, 291_204, -20_301]) == ([142_000, 30_000, 291_000, -20_000], 0)
    assert rounded([104.6, 0.4]) == ([105, 0], 0)
    assert rounded([9.96, -0.04]) == ([10.0, 0.0], 1)
    assert rounded([0.0]) == ([0.0], 0)
    assert np.isnan(rounded([np.nan, 5.0])[0][0])


def test_titles_are_short_unless_alike() -> None:
    """Up to the comma or colon; whole where two would be the same."""
    today, once, highest = (load(name)[0] for name in ("todays-area", "nationwide-at-once", "highest-risk-only"))

    assert short_titles([today, once], "da") == ["Dagens område", "Hele landet på én gang"]
    assert short_titles([once, highest], "en") == [once.title, highest.title]


@pytest.fixture(scope="module")
def study():
    """Two small plans, few volunteers and many, at six draws."""
    small = {"years": 2, "releases_per_year": 700.0}
    plans = [planned({"name": name, **small, "wave": [{"places": ["all"], "volunteers_at_start": there}]})
             for name, there in (("few", 60.0), ("many", 600.0))]  # fmt: skip
    return told([(plan, denmark()) for plan in plans], Posterior.read(SHIPPED),
                lambda job: finish(job, store=None, executor=None, threads=2), draws=6, seed=1)  # fmt: skip


def facts_in(study):
    found = []
    for k, plan in enumerate(study.plans):
        money = study.money(k, Prices())
        made = tables(study, k, money)
        found.append((facts_of(plan, made["summary"], made["missing_out"], money, made["odds"], price_year=2021), made))
    return found


def close(value: float, known: np.ndarray) -> bool:
    """Whether a number that was told is one of these, rounded to three digits of something not 300 times larger."""
    return bool((np.abs(np.abs(known) - abs(value)) <= np.maximum(0.51 if abs(value) >= 10 else 0.051, 0.02 * abs(value))).any())


@BOTH
def test_numbers_of_a_run_are_in_its_tables(study, language) -> None:
    """Every number told of a real run is in the tables it came from: as it is, in per cent or in millions."""
    for facts, made in facts_in(study):
        numbers = [made[name].select_dtypes("number").to_numpy().ravel() for name in ("summary", "missing_out", "odds")]
        spans = [value for span in facts.per_krone.values() for value in (span.mean, span.low, span.high)]
        chance = 1.959964 * made["summary"]["chance"].to_numpy()
        raw = np.concatenate([*numbers, chance, spans])
        known = np.concatenate([raw, 100 * raw, raw / 1e6])
        plan = {2027.0, 2028.0, 2030.0, 2021.0, 6.0, 0.3, *(wave.volunteers_at_start for wave in facts.plan.wave)}
        told_of = [value for value in spoken(report(facts, language), language) if value not in FIXED | plan]

        assert len(told_of) > 30
        assert [value for value in told_of if not close(value, known[np.isfinite(known)])] == []


@BOTH
def test_comparison_is_five_lines(study, language) -> None:
    """Both plans in each line, the second against the first, with the same numbers as their reports."""
    facts = [each for each, _ in facts_in(study)]
    lines = comparison(facts, compared(study, Prices())["differences"], language).splitlines()
    started = [number for each in facts for number in spoken(report(each, language), language)
               if number == rounded([each.outcomes["started"].mean, each.outcomes["started"].high])[0][0]]  # fmt: skip

    assert len(lines) == 5
    assert all("few" in line and "many" in line for line in lines[:4])
    assert [spoken(lines[0], language)[k] for k in (0, 4)] == list(dict.fromkeys(started))
    assert spoken(lines[2], language)[0] > 0
    assert {"en": "more courses", "da": "flere forløb"}[language] in lines[2]

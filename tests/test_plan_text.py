"""A plan in words: every number is a fact's, both languages say the same, signs and gaps are given in words."""

from __future__ import annotations

import copy
import re
from string import Formatter

import numpy as np
import pandas as pd
import pytest

from experiments.execution.jobs import finish
from experiments.inputs.municipalities import denmark
from experiments.inputs.posterior import SHIPPED, Posterior
from experiments.language.formatting import rounded
from experiments.language.messages import Messages, part_of
from experiments.language.plan_text import outcome_text, payer_text, reason_text, titles_text
from experiments.language.rollout import answer
from experiments.statistics.cost_effectiveness import break_even
from experiments.studies.rollout.costs import Money, per_krone_table
from experiments.studies.rollout.plan import load, names, planned
from experiments.studies.rollout.plan_runs import simulate_plans
from experiments.studies.rollout.rollout import comparison_result, plan_facts, rollout_result
from experiments.studies.rollout.rollout_study import CompareStudy, RolloutStudy
from experiments.studies.rollout.tables import OUTCOMES, REASONS
from simulation.history import GROUPS
from simulation.prices import PAYERS, PUBLIC, Prices

BOTH = pytest.mark.parametrize("language", ["en", "da"])
PLAN = planned({
    "name": "mine", "title": "My plan: a try", "title_da": "Min plan, et forsøg", "begins": "2030-03", "years": 7,
    "wave": [{"municipalities": ["Aarhus"], "starts": "2030-03", "volunteers_at_start": 61.0},
             {"municipalities": ["Aalborg", "Ærø"], "starts": "2031-11"}],
    "volunteers": {"recruits_per_100000": 0.42},
    "offer": {"highest_risk_share": 0.37, "max_per_year": 52.0, "budget_a_year": 9.5e6, "allocation": "lottery"},
})  # fmt: skip


def row(mean, low, high, chance=np.nan):
    return {"mean": mean, "low": low, "high": high, "stochastic_sd": None if np.isnan(chance) else chance / 1.959964}


def payer(saved, spent, low=0.0, high=0.0, probability=0.5):
    return {"saved": saved * 1e6, "spent": spent * 1e6, "gain": (saved - spent) * 1e6, "gain_low": low * 1e6,
            "gain_high": high * 1e6, "probability": probability}  # fmt: skip


def per_krone(mean, low, high, back=37):
    return {"per_krone": mean, "low": low, "high": high, "back": back, "draws": 48,
            "gain": (mean - 1) * 1e7, "gain_low": (low - 1) * 1e7, "gain_high": (high - 1) * 1e7}  # fmt: skip


BEYOND = {"started": (808, 303, 1907), "reoffenders_any": (27, -5, 66), "offences": (1, 0, 2)}
SAVED, SPENT = (5.67, 0.89, 4.43, 17.76, 6.54, 0, 0), (3.21, 0, 0, 21.34, 0, 0, 30.3)
FACTS = {
    "plan": plan_facts(PLAN), "draws": 48, "price_year": 2019, "public": list(PUBLIC),
    "programme": {"name": "primus_motor", "label": "Primus Motor", "delivered_by": "volunteers",
                  "carrier": "volunteers_2", "per_person": 2, "capacity": 0.0, "from_month": -2, "to_month": 12},
    "outcomes": {"started": row(1234.4, 417.2, 3210.1, 88.4), "offences": row(733.3, 201.2, 1499.0, 77.0),
                 "reoffenders_any": row(46.2, -3.4, 101.7, 12.6), "prison_days": row(15_551, 2_111, 40_404, 1_777),
                 "places": row(4.26, 0.61, 9.83, 1.37)},
    "reasons": {"closed": 0.1, "not_offered": 0.0, "too_short": 0.512, "declined": 0.25, "without": 0.095, "started": 0.043},
    "payers": dict(zip(PAYERS, map(payer, SAVED, SPENT), strict=True)) | {"public total": payer(35.3, 24.6, -8.2, 33.3, 0.77)},
    "beyond": {
        "plan": plan_facts(planned({"name": "before", "wave": [{"municipalities": ["Odense"]}]})),
        "outcomes": {name: row(*bounds) for name, bounds in BEYOND.items()},
        "money": {"net": row(61e6, -17e6, 204e6) | {"probability": 0.83}, "net_marginal": {"probability": 0.6},
                  "net_top_down": {"probability": 0.29}},
    },
    "per_krone": {"ratio": per_krone(1.43, 0.21, 4.32), "marginal": per_krone(1.2, 0.1, 4.0),
                  "top_down": per_krone(0.87, -0.12, 2.4, 20)},
    "course": {"price": 33_240.0, "counted": "by parts", "paid_by": {"state: prison": 0.7, "municipality": 0.3}}, "other_schemes": [],
    "spent": {"mean": 7.3e6, "most": 14.2e6},
    "costs": {"coordinators": row(9.4e6, 5e6, 21e6), "by parts": row(17.6e6, 8e6, 33e6), "per course": row(24.6e6, 9e6, 48e6)},
}  # fmt: skip
SPLIT = {f"by_{name}": pd.DataFrame([{name: key, "outcome": outcome, "mean": 3.0, "low": 2.0, "high": 4.0} for outcome in
                                     ("started", "offences", "reoffenders_any", "prison_days")])
         for name, key in (("region", "Fyn"), ("group", "others"), ("year", "2030"))}  # fmt: skip
SPOKEN = [
    2030, 1, 98, 3, 98, 2031, 1230, 7, 4.3, 420, 3210, 95, 100, 1, 98, 810, 300, 1910, 27, -5, 66, 61, -17, 204, 29, 83, 100,
    46, 95, 100, 3, 102, 25, 35, 2039, 11, 8.2, 33, 42, 77, 100, 77, 77, 42, 2037, 61, 0.42, 100_000, 37, 52, 9.5, 7.3, 14, 4.3, 51,
    25, 10, 9.5, 33_200, 2019, 30, 48,
]  # fmt: skip
"""Every number of the sentences and notes, in order, rounded by hand."""


def numbers(text: str, language: str) -> list[float]:
    """The numbers of a text."""
    found = re.findall(r"−?\d+(?:[.,]\d+)*", text)
    marks = {"en": str.maketrans({",": "", "−": "-"}), "da": str.maketrans({".": "", ",": ".", "−": "-"})}[language]
    return [float(each.translate(marks)) for each in found]


def said(facts, language):
    return answer(facts, SPLIT, Messages(language, "rollout"))


def prose(facts, language):
    """Sentences and notes."""
    found = said(facts, language)
    return "\n".join([*found.sentences, *found.notes])


def changed(path, value):
    """The facts with one of them changed; ``path`` is dotted."""
    found = copy.deepcopy(FACTS)
    *way, last = path.split(".")
    at = found
    for key in way:
        at = at[key]
    at[last] = value
    return found


# Catalogues ---------------------------------------------------------------------------------------------------


@BOTH
def test_both_languages_name_everything(language) -> None:
    """Every outcome, reason, payer and group has a name, and no name is there twice."""
    m = Messages(language)
    for found in ([outcome_text(m, name) for name in OUTCOMES], [reason_text(m, name, "volunteers_2") for name in REASONS],
                  [reason_text(m, "without", name) for name in ("volunteers_1", "volunteers_2", "slots")],
                  [payer_text(m, name) for name in (*PAYERS, "public total")], [m(f"plan.group.{name}") for name in GROUPS]):  # fmt: skip
        assert all(found)
        assert len(set(found)) == len(found)


@pytest.mark.parametrize("part", ["plan", "rollout", "compare"])
def test_both_languages_say_the_same_things(part) -> None:
    """The same keys with the same placeholders; nothing of more than two words is left in English."""

    def places(text):
        return sorted({name for _, name, _, _ in Formatter().parse(text) if name})

    english, danish = part_of("en", part), part_of("da", part)

    assert {key: places(text) for key, text in english.items()} == {key: places(text) for key, text in danish.items()}
    assert not [key for key in english if english[key] == danish[key] and len(english[key].split()) > 2]


# The answer ---------------------------------------------------------------------------------------------------


@BOTH
def test_every_number_is_a_fact(language) -> None:
    """The numbers of sentences and notes, parsed back, are those of the facts, rounded, in order, and no others."""
    assert numbers(prose(FACTS, language), language) == SPOKEN


@BOTH
def test_tables_hold_every_outcome_and_payer(language) -> None:
    """Rounded by hand; with ± chance alone where it is known."""
    beyond, outcomes, methods, payers, costs, split = (each.text() for each in said(FACTS, language).tables)

    assert numbers(outcomes, language)[-4:] == [4.3, 0.6, 9.8, 1.4]
    assert "± " in outcomes
    assert "± " not in beyond
    assert numbers(methods, language) == [95, 1.4, 0.2, 4.3, 4.0, -8.0, 33.0, 77, 100, 1.2, 0.1, 4, 2.0, -9.0, 30, 77, 100,
                                          0.9, -0.1, 2.4, -1.0, -11.0, 14, 42, 100]
    assert numbers(costs, language)[-6:] == [18, 8, 33, 25, 9, 48]
    assert numbers(payers, language)[-7:] == [35, 25, 11, -8, 33, 77, 100]
    assert numbers(split, language).count(3.0) == 12


def test_danish_numbers_are_danish() -> None:
    """Points between thousands, a decimal comma, a space before the per cent."""
    text = said(FACTS, "da").text().replace("\N{NO-BREAK SPACE}", " ")

    for part in ("Omkring 1.230 forløb", "15.600", "for kort dom 51 %", "manglede frivillige 9,5 %", "og 0,42 om måneden", "marts 2030",
                 "til og med februar 2037", "9,5 mio. kr. om året"):  # fmt: skip
        assert part in text


@BOTH
@pytest.mark.parametrize(("path", "value"), [
    ("payers.public total", payer(35.3, 24.6, -8.2, 33.3, 0.5)), ("draws", 7), ("price_year", 2025),
    ("payers.public total", payer(35.3, 24.6, 0.0, 2.0, 0.77)), ("payers.volunteers' time", payer(0, 9.0)),
    ("payers.region", payer(3.0, 0.0)), ("reasons.not_offered", 0.05), ("per_krone.ratio", per_krone(2, 1, 3)),
    ("per_krone.top_down", per_krone(2, 1, 3)), ("course.price", 20_000.0), ("course.counted", "per course"), ("course.paid_by", {"region": 1.0}),
    *((f"outcomes.{name}", row(2, 1, 3, 1)) for name in FACTS["outcomes"]),
    ("other_schemes", [{"name": "prison_visits", "label": "prison visiting service", "started": 5.0}]),
])  # fmt: skip
def test_every_fact_is_told(language, path, value) -> None:
    assert said(changed(path, value), language).text() != said(FACTS, language).text()


@BOTH
def test_chance_that_is_not_known_is_not_told(language) -> None:
    """One run a draw says nothing of chance: no ± anywhere."""
    silent = changed("outcomes", {name: {**each, "stochastic_sd": None} for name, each in FACTS["outcomes"].items()})

    assert "±" in said(FACTS, language).text()
    assert "±" not in said(silent, language).text()


@BOTH
def test_nothing_done_costs_nothing(language) -> None:
    """Without courses there is nothing about kroner but that nothing is spent."""
    nothing = changed("per_krone", {}) | {
        "beyond": None, "costs": {},
        "outcomes": {key: row(0, 0, 0) for key in FACTS["outcomes"]}, "reasons": {"declined": 1.0, "started": 0.0},
        "plan": plan_facts(planned({"name": "none", "wave": [{"municipalities": ["all"]}], "volunteers": {"recruits_per_100000": 0.0}})),
    }  # fmt: skip
    found = said(nothing, language)

    assert "kr." not in prose(nothing, language)
    assert found.sentences[2] == Messages(language)("plan.nothing")
    assert len(found.tables) == 2
    assert len(found.sentences) == 3


@BOTH
@pytest.mark.parametrize("name", names())
def test_it_is_short(name, language) -> None:
    """At most 375 words without tables, with the plan's title first; and at last what it must never be used for."""
    plan, _ = load(name)
    text = prose({**FACTS, "plan": plan_facts(plan)}, language)

    assert sum(bool(re.search(r"[^\W\d]", each)) for each in text.split()) <= 375
    assert (plan.title if language == "en" else plan.title_da) in text.splitlines()[0]
    assert text.splitlines()[-1] == Messages(language)("plan.never")


def test_waves_are_told() -> None:
    """At once, or step by step with the first and the last month."""
    at_once, in_steps, first, fund = (
        plan_facts(load(name)[0])
        for name in ("nationwide-at-once", "nationwide-over-five-years", "highest-risk-only", "investment-fund-420")
    )

    assert "opens in January 2027 in all 98 municipalities. About" in prose({**FACTS, "plan": at_once}, "en")
    assert ("i januar 2027 i 25 af 98 kommuner, der trinvis udvides til alle 98 kommuner frem til januar 2031."
            in prose({**FACTS, "plan": in_steps}, "da"))  # fmt: skip
    assert "De med højeste risiko kommer først." in prose({**FACTS, "plan": first}, "da")
    assert "through December 2030." in prose({**FACTS, "plan": fund}, "en")


@BOTH
def test_a_programme_of_slots_has_no_volunteers(language) -> None:
    """Neither volunteers nor recruits are spoken of, and its slots are."""
    programme = {"name": "coaches", "label": "job coaches", "delivered_by": "slots", "carrier": "slots", "per_person": 1,
                 "capacity": 400.0, "from_month": -2, "to_month": 6}  # fmt: skip
    facts = {**FACTS, "programme": programme} | {"payers": {**FACTS["payers"], "volunteers' time": payer(0, 0)}, "costs": {}}
    text = said(facts, language).text()

    assert "job coaches" in text
    assert "400" in text
    assert not re.search("volunteer|frivillig|Primus", text)


# Facts from tables --------------------------------------------------------------------------------------------


def test_a_krone_by_hand() -> None:
    """What a krone saves is the ratio of the means; its interval is that of the draws."""
    totals = pd.DataFrame({"cost": [10e6, 30e6], "ratio": [2.0, 1 / 3], "marginal": [1.0, 1.0], "top_down": [1.0, 0.5],
                           "net": [10e6, -20e6], "net_marginal": [0.0, 0.0], "net_top_down": [0.0, -15e6]})
    table = per_krone_table(Money(rows=pd.DataFrame(), totals=totals)).set_index("method")
    payers = [*PUBLIC, "volunteers' time"]
    costs = pd.DataFrame({"state: prison": [10e6, 30e6], "volunteers' time": [4e6, 6e6]}).reindex(columns=payers, fill_value=0.0)
    savings = pd.DataFrame({"municipality": [20e6, 10e6]}).reindex(columns=payers, fill_value=0.0)
    public = break_even(savings, costs, total=PUBLIC).set_index("payer").loc["public total"]

    assert table.loc["ratio", "per_krone"] == pytest.approx(30 / 40)
    assert table.loc["top_down", "per_krone"] == pytest.approx(25 / 40)
    assert table.loc["ratio", "low"] == pytest.approx(1 / 3 + 0.025 * (2 - 1 / 3))
    assert table.loc["top_down", ["back", "draws"]].tolist() == [1, 2]
    assert table.loc["ratio", ["gain", "gain_low"]].tolist() == pytest.approx([-5e6, -20e6 + 0.025 * 30e6])
    assert (public["gain"], public["probability"]) == (-5e6, 0.5)


def test_rounding_is_alike() -> None:
    """Three digits of the largest; whole numbers from ten on; nothing for what is not known; zero is zero."""
    assert rounded([142_137, 30_291, 291_204, -20_301]) == ([142_000, 30_000, 291_000, -20_000], 0)
    assert rounded([104.6, 0.4]) == ([105, 0], 0)
    assert rounded([9.96, -0.04]) == ([10.0, 0.0], 1)
    assert rounded([0.0]) == ([0.0], 0)
    assert np.isnan(rounded([np.nan, 5.0])[0][0])


def test_a_plan_is_called_what_its_file_calls_it() -> None:
    """Titles are never cut; those that are alike have their names in brackets."""
    today, once = (load(name)[0] for name in ("todays-area", "nationwide-at-once"))
    mine = planned({"name": "mine", "title": "Today's area, but with paid coordinators: a try"})
    twin = planned({"name": "twin", "title": today.title})

    assert titles_text([today, once], Messages("da")) == ["Dagens område", "Hele landet på én gang"]
    assert titles_text([today, mine], Messages("en")) == ["Today's area", mine.title]
    assert titles_text([today, twin], Messages("en")) == ["Today's area (todays-area)", "Today's area (twin)"]


@pytest.fixture(scope="module")
def runs():
    """Two small plans, few volunteers and many, at six draws."""
    small = {"years": 2, "releases_per_year": 700.0}
    plans = [planned({"name": name, **small, "wave": [{"municipalities": ["all"], "volunteers_at_start": there}]})
             for name, there in (("few", 60.0), ("many", 600.0))]  # fmt: skip
    return simulate_plans([(plan, denmark()) for plan in plans], Posterior.read(SHIPPED),
                          lambda job: finish(job, store=None, executor=None, threads=2), draws=6, seed=1)  # fmt: skip


def close(value: float, known: np.ndarray) -> bool:
    """Whether a number in a text is one of these, rounded to three digits of something not 300 times larger."""
    return bool((np.abs(np.abs(known) - abs(value)) <= np.maximum(0.51 if abs(value) >= 10 else 0.051, 0.02 * abs(value))).any())


@BOTH
def test_numbers_of_a_run_are_in_its_tables(runs, language) -> None:
    """Every number in the texts of a real run is in the tables it came from: as it is, in per cent or in millions."""
    for k, plan in enumerate(runs.plans):
        result = rollout_result(RolloutStudy(plan=plan), runs, Prices(), k=k)
        tables = [result.tables[name] for name in ("summary", "missing_out", "break_even", "per_krone", "by_region",
                                                   "by_group", "by_year")]  # fmt: skip
        raw = np.concatenate([*(table.select_dtypes("number").to_numpy().ravel() for table in tables),
                              1.959964 * tables[0]["stochastic_sd"].to_numpy(), [result.facts["course"]["price"]]])  # fmt: skip
        known = np.concatenate([raw, 100 * raw, raw / 1e6])
        top_down = result.facts["per_krone"]["top_down"]
        given = {95.0, 100.0, 98.0, 100_000.0, 2021.0, 2027.0, 2028.0, 2029.0, 2030.0, 6.0, 0.3, 2.0,
                 100.0 * top_down["back"] / top_down["draws"], plan.wave[0].volunteers_at_start}  # fmt: skip
        found = [value for value in numbers(result.text(language), language) if value not in given]

        assert len(found) > 150
        assert [value for value in found if not close(value, known[np.isfinite(known)]) and round(value) not in
                {round(each) for each in given}] == []  # fmt: skip


@BOTH
def test_comparison_is_five_sentences(runs, language) -> None:
    """Both plans in each of the first four, the second against the first, with the numbers of their own results."""
    result = comparison_result(CompareStudy(plans=runs.plans), runs, Prices())
    sentences = result.answer(language).sentences
    started = [rollout_result(RolloutStudy(plan=plan), runs, Prices(), k=k).facts["outcomes"]["started"]["mean"]
               for k, plan in enumerate(runs.plans)]  # fmt: skip

    assert len(sentences) == 5
    assert all("few" in each and "many" in each for each in sentences[:4])
    assert numbers(sentences[0], language) == rounded(started)[0]
    assert result.facts["differences"]["many"]["started"]["low"] > 0

"""Which rule first: horizons cumulate, the best add up to one, rules serve whom they say; the study and its command."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from experiments.execution.context import RunContext
from experiments.inputs.municipalities import denmark
from experiments.inputs.posterior import SHIPPED, Posterior
from experiments.studies.catalogue import load_result
from experiments.studies.rollout.allocation_rules import (
    EVERYBODY,
    KEYS,
    NOBODY,
    OF_A_COURSE,
    OF_A_RUN,
    OUTCOMES,
    RULES,
    alone,
    at_once,
    best_shares,
    cumulate,
    horizons_of,
    risk_groups,
    rules_job,
    rules_table,
    run_rules,
    same_for_all,
    simulate_rules,
    summarise,
    yearly,
)
from experiments.studies.rollout.costs import opening_prices
from experiments.studies.rollout.plan import load, planned
from experiments.studies.rollout.plan_scenario import scenario_of
from experiments.studies.rollout.priorities_study import PrioritiesStudy
from experiments.studies.rollout.simulate import counted, draw_uncertain
from experiments.studies.rollout.tables import estimate
from simulation.history import GROUPS
from simulation.parameters import ParameterError
from tests.test_cli import desist

PLAN = {
    "name": "small", "years": 3, "releases_per_year": 3_000.0,
    "wave": [{"municipalities": ["København", "Aarhus"], "starts": "2027-01", "volunteers_at_start": 10.0},
             {"municipalities": ["Odense"], "starts": "2028-01"}],
}
FILE = """
years = 3
releases_per_year = 3000.0

[[wave]]
municipalities = ["København", "Aarhus"]
starts = "2027-01"
volunteers_at_start = 10.0

[[wave]]
municipalities = ["Odense"]
starts = "2028-01"
"""
HIGHEST, LOWEST = "highest risk", "lowest risk"


@pytest.fixture(scope="module")
def counts_of_rules():
    """Every rule at a quarter and a half of what serves everybody, at four draws."""
    plan, country = planned(PLAN), denmark()
    draws = draw_uncertain(plan, country, Posterior.read(SHIPPED), 4, seed=1)
    work = rules_job(plan, country, draws, capacities=(0.25, 0.5))
    return run_rules(work, draws, lambda work: (simulate_rules(work.context, payload) for payload in work.pieces))


# Runs ---------------------------------------------------------------------------------------------------------


def sums(counts_of_rules, **wanted):
    """Sums over years of the runs of one effect, capacity and so on, by group."""
    rows = counts_of_rules[np.logical_and.reduce([counts_of_rules[key] == each for key, each in wanted.items()])]
    return rows.groupby("group")[[*OF_A_RUN, *OF_A_COURSE]].sum()


@pytest.mark.long
def test_one_draw_in_four_is_simulated_twice(counts_of_rules):
    """Four draws are five runs; more replicates are simulated if they are asked for."""
    plan, country = planned(PLAN), denmark()
    draws = draw_uncertain(plan, country, None, 4, seed=1)

    assert counts_of_rules.groupby("draw")["replicate"].nunique().tolist() == [2, 1, 1, 1]
    assert [each["replicate"] for each in rules_job(plan, country, draws, capacities=(0.5,), replicates=3).pieces] == [0, 1, 2] * 4


def test_everybody_is_served_where_nothing_is_short(counts_of_rules):
    """With volunteers enough and no limit nearly all who want it start, and nobody does where nobody is offered it."""
    for effect in ("own", "same"):
        every = sums(counts_of_rules, effect=effect, rule=EVERYBODY).sum()

        assert every["started"] > 0.99 * every["joined"] > 100
    assert sums(counts_of_rules, rule=NOBODY)[list(OF_A_COURSE)].to_numpy().sum() == 0


@pytest.mark.parametrize("capacity", [0.25, 0.5])
def test_rules_serve_as_many_and_whom_they_say(counts_of_rules, capacity):
    """At one capacity all rules start as many courses; the highest risk first serves more of the highest risk."""
    every = sums(counts_of_rules, effect="own", rule=EVERYBODY).sum()
    parts = {rule: sums(counts_of_rules, effect="own", capacity=capacity, rule=rule)["started"] for rule in RULES}
    highest = {rule: part["highest risk"] / part.sum() for rule, part in parts.items()}

    for part in parts.values():
        assert part.sum() == pytest.approx(capacity * every["joined"], rel=0.08)
    assert highest[LOWEST] + 0.15 < highest["first come"] < highest[HIGHEST] - 0.15
    assert highest["lottery"] == pytest.approx(highest["first come"], abs=0.08)


def test_counts_are_those_of_a_rollout():
    """By year and group, all places together: what ``rollout.counted`` counts."""
    scenario = scenario_of(planned({**PLAN, "years": 2}), denmark())
    mine = yearly(scenario, 3, 1).set_index(["time", "group"])
    other = counted(scenario, 3, range(1, 2))
    other = other[other["level"] == "year"].groupby(["time", "group"]).sum(numeric_only=True)
    expected = other[[*OF_A_RUN, *(f"primus_motor.{name}" for name in OF_A_COURSE)]].loc[mine.index]

    assert mine["started"].sum() > 0
    assert np.array_equal(mine.to_numpy(), expected.to_numpy())


def test_all_places_open_at_once_and_nothing_is_beside():
    """The dates of the waves are moved to the first month; a plan that is so already is not touched."""
    plan = planned({**PLAN, "other_schemes": ["paid_mentors"]})

    assert set(at_once(plan).opens().values()) == {0}
    assert at_once(plan).opens().keys() == plan.opens().keys()
    assert alone(plan).other_schemes == []
    assert at_once(at_once(plan)) == at_once(plan)
    assert alone(planned(PLAN)) == planned(PLAN)


def test_the_same_effect_is_that_of_the_highest_risk_group():
    """Others get both routes of the effect, and nothing else changes."""
    base = scenario_of(planned(PLAN), denmark())
    same = same_for_all(base)
    row = same.programme["primus_motor"]

    assert (row.direct_hazard_ratio_others, row.support_hazard_ratio_others) == (row.direct_hazard_ratio, row.support_hazard_ratio)
    assert base.programme["primus_motor"].direct_hazard_ratio_others != row.direct_hazard_ratio_others
    assert same.changed({f"programme.{key}": base.value(f"programme.{key}") for key in (
        "direct_hazard_ratio_others", "support_hazard_ratio_others")}) == base


# Tables -------------------------------------------------------------------------------------------------------


def counts(rule, offences, *, draw=0, effect="own", capacity=0.5):
    """Counts of a run of three years: offences by group and year, one course in each, the first around a first release."""
    rows = [{"draw": draw, "replicate": 0, "effect": effect, "capacity": capacity, "rule": rule, "time": time,
             "group": group, **dict.fromkeys([*OF_A_RUN, *OF_A_COURSE], 0.0), "offences": float(number),
             "released": 10.0, "started": float(rule != NOBODY), "started_first": float(rule != NOBODY and time == 0)}
            for group, numbers in zip(GROUPS, offences, strict=True) for time, number in enumerate(numbers)]
    return pd.DataFrame(rows)


TOY = pd.concat([
    counts(NOBODY, [[5, 5, 5], [10, 10, 10]], effect="", capacity=0.0),
    counts(HIGHEST, [[5, 5, 5], [7, 8, 9]]), counts(LOWEST, [[4, 3, 2], [10, 10, 10]]),
    counts(EVERYBODY, [[4, 3, 2], [7, 8, 9]], capacity=1.0),
], ignore_index=True)  # fmt: skip


def test_horizons_cumulate():
    """Highest first avoids 3, 2, 1 a year: 3, 5, 6 by horizon; lowest first 1, 2, 3: 1, 3, 6; everybody both."""
    found = cumulate(TOY, [1, 2, 3])
    by_rule = {rule: rows.sort_values("horizon") for rule, rows in found.groupby("rule")}

    assert by_rule[HIGHEST]["offences"].tolist() == [3, 5, 6]
    assert by_rule[LOWEST]["offences"].tolist() == [1, 3, 6]
    assert by_rule[EVERYBODY]["offences"].tolist() == [4, 8, 12]
    assert by_rule[HIGHEST]["courses"].tolist() == [2, 4, 6]
    assert by_rule[HIGHEST]["highest"].tolist() == [1, 2, 3]
    assert NOBODY not in by_rule
    assert cumulate(TOY, [2])["horizon"].unique().tolist() == [2]


def test_the_best_rule_may_change_with_the_horizon():
    """In the toy the highest risk first wins over one and two years; over three both avoid six and share it."""
    table = rules_table(cumulate(TOY, [1, 2, 3])).set_index(["outcome", "rule", "horizon"]).sort_index()

    assert table.loc[("offences", HIGHEST), "best"].tolist() == [1.0, 1.0, 0.5]
    assert table.loc[("offences", LOWEST), "best"].tolist() == [0.0, 0.0, 0.5]
    assert table.loc[("offences", HIGHEST), "each_mean"].tolist() == [1.5, 1.25, 1.0]
    assert table.loc[("offences", HIGHEST), "highest"].tolist() == [0.5] * 3
    assert table.loc[("offences", HIGHEST), "first"].tolist() == pytest.approx([1, 1 / 2, 1 / 3])
    assert table.loc[("offences", EVERYBODY), "best"].isna().all()


def test_what_the_groups_are_like_by_hand():
    """Offences per release, and what a course avoids in each group over one year and over three."""
    rows = risk_groups(pd.concat([TOY, TOY[TOY["effect"] == "own"].assign(effect="same")]), [1, 3])
    mine = rows[rows["effect"] == "own"].set_index("group")

    assert mine["offences"].tolist() == [0.5, 1.0]
    assert mine["avoided_offences_first"].tolist() == [1.0, 3.0]
    assert mine["avoided_offences_last"].tolist() == [2.0, 2.0]


def test_shares_of_the_best_add_up_to_one(counts_of_rules):
    """In every cell the rules share the draws; nothing is said where everybody is served."""
    table = rules_table(cumulate(counts_of_rules, [2, 3]))
    ranked = table[table["rule"] != EVERYBODY]

    assert np.allclose(ranked.groupby(["effect", "capacity", "outcome", "horizon"])["best"].sum(), 1.0)
    assert len(ranked) == 2 * 2 * len(OUTCOMES) * 2 * len(RULES)
    assert table.loc[table["rule"] == EVERYBODY, "best"].isna().all()
    assert (ranked["best_low"] - 1e-9 <= ranked["best"]).all()
    assert (ranked["best"] <= ranked["best_high"] + 1e-9).all()


def test_those_that_tie_share_a_draw():
    """One draw won alone, one shared by two, one by all."""
    values = pd.DataFrame({"a": [3.0, 1.0, 0.0], "b": [2.0, 1.0, 0.0], "c": [1.0, 0.0, 0.0]})

    assert best_shares(values).tolist() == pytest.approx([(1 + 1 / 2 + 1 / 3) / 3, (1 / 2 + 1 / 3) / 3, 1 / 9])


def test_a_course_does_more_for_the_highest_risk_group_as_believed(counts_of_rules):
    """The prior has next to no effect outside that group; made the same for all, the others gain too."""
    rows = risk_groups(counts_of_rules, [2, 3]).set_index(["effect", "group"])["avoided_offences_last"]

    assert rows[("own", HIGHEST)] > 3 * abs(rows[("own", "others")])
    assert rows[("same", "others")] > rows[("own", "others")]


def test_intervals_are_those_of_a_plan():
    """Column by column the same numbers as ``plans.tables.estimate``, which takes one outcome at a time."""
    rng = np.random.default_rng(1)
    draws = np.repeat(np.arange(9), [2, 1, 1, 1, 2, 1, 1, 1, 2])
    values = rng.normal(5, 1, (9, 3))[draws] + rng.normal(0, 0.5, (len(draws), 3))
    found = summarise(values, draws)

    for k, row in enumerate(found.to_dict("records")):
        expected = estimate(values[:, k], draws)
        assert row == pytest.approx({key: expected[key if key in expected else "chance"] for key in row})


def test_pooled_municipalities_separate_noise_from_uncertainty():
    """With pure noise in all of many places hardly any uncertainty is left; one alone may seem to have some."""
    rng = np.random.default_rng(1)
    draws = np.repeat(np.arange(20), 2)
    values = rng.normal(0, 1, (40, 60))
    widths = [(found["high"] - found["low"]) for found in (summarise(values, draws), summarise(values, draws, pooled=True))]

    assert widths[1].max() < 0.6 * widths[0].max()
    assert np.isnan(summarise(values[::2], draws[::2])["stochastic_sd"]).all()


def test_horizons_are_the_years_of_the_plan():
    """From two years to the last; a plan of a year has that one."""
    assert horizons_of(planned(PLAN)) == [2, 3]
    assert horizons_of(planned({"name": "short", "years": 1})) == [1]
    assert horizons_of(load("nationwide-at-once")[0]) == list(range(2, 11))


# The study ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """The plan as a file."""
    file = tmp_path_factory.mktemp("plan") / "small.toml"
    file.write_text(FILE, encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def result(small):
    """All three answers, on four draws."""
    return PrioritiesStudy(plan=str(small), draws=4, capacity=(0.25,)).run(RunContext(threads=1))


def test_study_answers_all_three_questions_in_both_languages(result):
    """Rules, municipalities and orders in sentences and tables; what decides in the notes."""
    english, danish = result.answer("en"), result.answer("da")

    assert result.facts["parts"] == ["rules", "volunteers", "order"]
    assert len(english.sentences) == len(danish.sentences)
    assert "people who want Primus Motor can be served" in english.sentences[0]
    for words in ("10 more trained volunteers", "By value per krone", "these orders are as good"):
        assert words in "\n".join(english.sentences)
    assert "10 flere uddannede frivillige" in "\n".join(danish.sentences)
    assert "What is counted" in "\n".join(english.notes)
    assert danish.tables[0].table["resultat"].tolist()[:2] == ["lovovertrædelser", "tilbagefald"]
    assert english.tables[1].table["municipality"].tolist() == result.tables["volunteers"]["municipality"].tolist()


def test_facts_are_those_of_the_tables(result):
    """The best rule of a cell avoids most of the four; half of the budget is that of the table."""
    rules, cell = result.tables["rules"], result.facts["rules"]["best"][0]
    rows = rules[(rules["effect"] == cell["effect"]) & (rules["outcome"] == cell["outcome"]) & (rules["horizon"] == 2)
                 & (rules["capacity"] == 0.25)].set_index("rule")  # fmt: skip
    budget = result.tables["budget"]

    assert cell["cells"][0]["rule"] == rows["mean"].idxmax()
    assert cell["cells"][0]["lottery"] == rows.loc["lottery", "each_mean"]
    assert result.facts["rules"]["combinations"] == 2 * len(OUTCOMES)
    assert result.facts["order"]["cost"] == budget["budget"].max()
    assert sorted(result.tables["order"]["municipality"]) == ["Aarhus", "København", "Odense"]


def test_result_is_saved_and_read(result, tmp_path):
    """Tables, figures and both answers; a saved result says the same and draws the same figures in Danish."""
    result.save(tmp_path)
    again = load_result(tmp_path)

    assert {"rules.csv", "why.csv", "volunteers.csv", "order.csv", "winners_curse.csv", "answer_da.txt", "rules.png",
            "rules_best.png", "volunteers.png", "order.png"} <= {each.name for each in tmp_path.iterdir()}  # fmt: skip
    assert again.answer("da").sentences == result.answer("da").sentences
    assert again.study == result.study
    assert "lodtrækning" in {text.get_text() for text in again.figure("rules", "da").legends[0].get_texts()}


def test_a_part_alone_and_a_plan_whose_municipalities_depend_on_one_another(small, tmp_path):
    """Only what is asked for is there; limits that couple municipalities are named first."""
    coupled = tmp_path / "coupled.toml"
    coupled.write_text(f"{FILE}\n[offer]\nmax_per_year = 40.0\n", encoding="utf-8")
    found = PrioritiesStudy(plan=str(coupled), order=True, draws=4, outcome="prison", open_price=0.0).run(
        RunContext(threads=1)
    )

    assert found.answer("en").sentences[0].startswith("Caution: offer.max_per_year")
    assert "prison months" in found.text()
    assert set(found.tables) == {"order", "budget", "regret", "winners_curse"}
    assert list(found.figures) == ["order"]


def test_a_programme_without_a_price_is_refused(small):
    """A course of another programme costs what its price table says; without one nothing is run."""
    plan = planned(PLAN)

    assert opening_prices(plan, "prison_visits", None, None, draws=99, seed=1)[0].median() == pytest.approx(4000, rel=0.1)
    with pytest.raises(ParameterError, match=r"programme \[new\] costs; give --course-price"):
        opening_prices(plan, "new", None, None, draws=1, seed=1)


BAD = [
    (["nationwide-at-onc"], "did you mean nationwide-at-once?"),
    (["small.toml", "--draws", "3"], "--draws is [3]; 4 or more are needed"),
    (["small.toml", "--rules", "--capacity", "1.5"], "1.5 is not in the range 0<x<1"),
    (["small.toml", "--more", "0"], "0.0 is not in the range"),
    (["small.toml", "--outcome", "crime"], "'crime' is not one of"),
    (["small.toml", "--open-price", "-1"], "-1.0 is not in the range"),
    (["small.toml", "--posterior", "missing.parquet"], "--posterior is [missing.parquet]"),
    (["unknown.toml"], "plan [unknown.toml] was not found"),
]


@pytest.mark.parametrize("capacity", [0.0, 1.0, -0.1, 2.0])
def test_a_capacity_is_a_part_of_the_whole(capacity, small):
    """Nobody and everybody are simulated anyway."""
    with pytest.raises(ParameterError, match="allowed more than 0 to less than 1"):
        PrioritiesStudy(plan=str(small), capacity=(0.5, capacity))


@pytest.mark.parametrize(("arguments", "message"), BAD, ids=lambda each: " ".join(each) if isinstance(each, list) else "")
def test_bad_input_is_one_line(arguments, message, small, tmp_path, monkeypatch):
    """A mistake is one line that says what is wrong and what to do."""
    monkeypatch.chdir(small.parent)
    code, _, err = desist("priorities", *arguments, "--threads", "1", "--no-store", "--out", str(tmp_path / "out"))

    assert (code, err.count("\n")) == (2, 1)
    assert err.startswith("desist: ")
    assert message in err


def test_verb_answers_and_writes_the_same_again(small, tmp_path, monkeypatch):
    """The command's folder, JSON and manifest; the same bytes again from the store."""
    monkeypatch.chdir(small.parent)
    options = ["--order", "--draws", "4", "--threads", "1", "--store", str(tmp_path / "store"), "--out"]
    code, out, _ = desist("priorities", "small.toml", *options, str(tmp_path / "a"))
    again = json.loads(desist("priorities", "small.toml", *options, str(tmp_path / "b"), "--json")[1])
    manifest = json.loads((tmp_path / "a" / "manifest.json").read_text(encoding="utf-8"))

    assert code == 0
    assert out.splitlines()[0] == again["answer"][0]
    assert (manifest["plan"]["name"], manifest["parts"]) == ("small", ["order"])
    for name in ("order.csv", "budget.csv", "facts.json", "answer_en.txt", "order.png"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_keys_come_first(counts_of_rules):
    """Tables of runs begin with what tells the runs apart."""
    assert counts_of_rules.columns[: len(KEYS)].tolist() == KEYS

"""The ladder from headline to delivered effect: its runs, its figures, its words, and the verb."""

from __future__ import annotations

import json
import math
from itertools import permutations
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from experiments.execution.jobs import finish
from experiments.figures.ladder import ladder_figure, rows_of
from experiments.inputs.municipalities import denmark
from experiments.inputs.parameter_points import at_point
from experiments.inputs.posterior import Posterior
from experiments.inputs.scenario_files import load
from experiments.language.ladder import figure_text, label
from experiments.language.messages import Messages
from experiments.provenance.stamps import without
from experiments.studies.rollout.headline_runs import (
    AVERAGE,
    COHORT,
    COLUMNS,
    DEFINITION,
    NOTHING,
    REACH,
    SCALING,
    SIGN_UPS,
    SIMULATED,
    SMALL_TRIAL,
    UNFILLED,
    HeadlineRuns,
    RunVariant,
    by_difference,
    variants_of,
)
from experiments.studies.rollout.headline_steps import (
    DISCOUNTING,
    KRONER,
    POINTS,
    PRICE,
    STEPS,
    VALUE,
    EffectCounts,
    ladder,
    ladders,
    left,
    over_orders,
    sets_of,
    steps_of,
    steps_without,
)
from experiments.studies.rollout.headline_study import LadderStudy
from experiments.studies.rollout.plan import planned
from experiments.studies.rollout.plan_scenario import scenario_of
from simulation.engine import run
from simulation.parameters import ParameterError
from simulation.prices import Prices
from tests.test_cli import desist

DENMARK = denmark()
ALL = frozenset(STEPS)
PLAN = {"name": "small", "years": 1, "releases_per_year": 3_000.0,
        "wave": [{"municipalities": ["programme area"], "volunteers_at_start": 300.0}]}  # fmt: skip
NO_EFFECT = {"effect.hazard_ratio": 1.0, "programme.direct_hazard_ratio_others": 1.0, "programme.support_hazard_ratio_others": 1.0}


def posterior(number=3, seed=1, **fixed):
    """A posterior of so many draws, drawn at random; ``fixed`` columns have one value."""
    random = np.random.default_rng(seed)
    control = random.uniform(0.5, 0.9, number)
    return Posterior(about={"seed": 1}, table=pd.DataFrame({
        "effect.hazard_ratio": random.uniform(0.05, 0.4, number), "effect.support_share": random.uniform(0.2, 0.6, number),
        "risk.hazard_multiplier": random.uniform(0.7, 1.3, number),
        "trial.definition": [("any", "prison", "sentence")[k % 3] for k in range(number)],
        "_control": control, "_mentored": control - random.uniform(0, 0.4, number),
    }).assign(**{key.replace("__", "."): value for key, value in fixed.items()}))  # fmt: skip


def runs_of(plan=None, draws=3, trials=3, of=None):
    """The runs of a small plan with so many draws and trials."""
    return HeadlineRuns.of(planned(plan or PLAN), DENMARK, of or posterior(draws), draws=draws, seed=1, trials=trials)


def counted(runs, sets):
    """What is counted in the runs of some sets of steps."""
    counts = runs.counts(variants_of(sets), lambda job: finish(job, store=None, threads=1))
    return EffectCounts(runs=runs, counts=counts, prices=Prices())


@pytest.fixture(scope="module")
def found():
    """Every run of a small ladder."""
    return counted(runs_of(), sets_of(ALL, orders=True))


# The figures --------------------------------------------------------------------------------------------------


def test_factors_multiply_out_to_the_last_figure(found) -> None:
    """The headline times every factor is the last figure, in points and in kroner."""
    for table in ladders(found, ALL).values():
        last = table["figure"].iloc[0] * table["factor"].iloc[1:].prod()

        assert last == pytest.approx(table["figure"].iloc[-1], rel=1e-12)


def test_the_tops_are_the_headline(found) -> None:
    """38 points, and 38 points x 764,000 / 36,667 kroner."""
    tables = ladders(found, ALL)

    assert tables[POINTS]["figure"].iloc[0] == 38.0
    assert tables[KRONER]["figure"].iloc[0] == pytest.approx(0.38 * 764_000 * 150 / 5_500_000)
    assert tables[POINTS]["step"].tolist() == ["headline", *steps_of(POINTS, ALL)]
    assert tables[KRONER]["step"].tolist() == ["headline", *steps_of(KRONER, ALL)]


@pytest.mark.parametrize("name", sorted(ALL))
def test_a_step_that_is_removed_gives_the_ladder_without_it(found, name) -> None:
    """The final value without a step is what the whole ladder says it would be without it."""
    whole, less = ladders(found, ALL), ladders(found, ALL - {name})

    for kind in (POINTS, KRONER):
        assert name not in less[kind]["step"].tolist()
        if name in whole[kind]["step"].tolist():
            said_so = whole[kind].set_index("step").loc[name, "without"]
            assert less[kind]["figure"].iloc[-1] == said_so


def test_a_ladder_of_one_step_is_its_own_run() -> None:
    """The trial at each draw, run directly: those randomised to mentors against the same people without."""
    runs = runs_of(trials=40)
    steps, trial, gaps = frozenset({SMALL_TRIAL}), load("trial"), []
    for point, seed in zip(runs.drawn.points, runs.drawn.seeds, strict=True):
        offered = at_point(trial, point)
        hits = []
        for each in (offered.changed({"trial.assignment": "nobody"}), offered):
            cohort = run(each, seed=seed, replicates=40, threads=1)
            who = (cohort.people.side == 1) & (cohort.lives.highest == 1)
            hits.append((getattr(cohort.lives, f"time_{point['trial.definition']}")[who] <= 24).mean())
        gaps.append(100 * (hits[0] - hits[1]))
    table = ladders(counted(runs, sets_of(steps)), steps)[POINTS]

    assert table["figure"].tolist() == [38.0, pytest.approx(np.mean(gaps))]
    assert table["median"].iloc[1] == pytest.approx(np.median(gaps))


def test_the_final_value_is_the_plan_run_beside_denmark_without_it(found) -> None:
    """All steps: the plan's scenario against nobody offered anything, over all released, run directly."""
    runs, points = found.runs, []
    base = load("pooled").changed({
        "municipalities.include": ["all"], "people.release_months": 12, "trial.signed_up": False,
        "trial.assignment": "everyone", "risk.hazard_multiplier": 1.0, **COHORT,
    })  # fmt: skip
    drawn = runs.drawn
    for point, own, released, seed in zip(drawn.points, drawn.plan, drawn.released, drawn.seeds, strict=True):
        offered = scenario_of(runs.plan, DENMARK, draw=point, plan_values=own, released=released, base=base)
        offered = offered.changed({"programme.re_eligible": False})
        nobody = offered.changed({"trial.assignment": "nobody"})
        cohorts = [run(each, seed=seed, threads=1) for each in (offered, nobody)]
        yes = cohorts[0].lives.status[0] != 0
        hits = [((each.lives.time_any <= 24) & yes).sum() for each in cohorts]
        points.append(100 * (int(hits[1]) - int(hits[0])) / len(yes))

    np.testing.assert_allclose(found.points(frozenset(steps_of(POINTS, ALL)))[0], points)


def test_an_offer_with_nothing_behind_it_changes_nobody() -> None:
    """The variant without mentors is Denmark in which nobody is offered anything, person by person."""
    runs = runs_of()
    drawn = runs.drawn
    offered = scenario_of(runs.plan, DENMARK, draw=drawn.points[0], released=drawn.released[0])
    offered = offered.changed({**COHORT, "programme.re_eligible": False})
    empty, nobody = (run(offered.changed(change), seed=5, threads=1) for change in
                     (NOTHING, {"trial.assignment": "nobody"}))  # fmt: skip

    assert (empty.lives.status[0] != 0).any()
    for name in ("time_any", "time_prison", "time_sentence", "cases"):
        assert (getattr(empty.lives, name) == getattr(nobody.lives, name)).all()


def test_no_effect_gives_nothing_at_every_step() -> None:
    """A posterior in which mentors do nothing: 0 points and 0 kroner, exactly; factors after the first do not exist."""
    names = list(ALL)
    runs = runs_of(of=posterior(**{key.replace(".", "__"): value for key, value in NO_EFFECT.items()}))
    for table in ladders(counted(runs, sets_of(ALL)), frozenset(names)).values():
        assert table["figure"].iloc[1:].tolist() == [0.0] * (len(table) - 1)
        assert table["factor"].iloc[1] == 0.0
        assert table["factor"].iloc[2:].isna().all()


def test_as_reported_is_the_trial_as_printed() -> None:
    """Without the first step the runs begin where the headline does: 38 points within twice the simulation error."""
    found = counted(runs_of(draws=1, trials=2_000), [frozenset({DEFINITION})])
    points = found.points(frozenset({DEFINITION}))[0][0]
    people = found.counts[RunVariant()][0, 1, COLUMNS.index("joined")]

    assert points == pytest.approx(38, abs=200 * math.sqrt(0.5 * 0.5 / people))


def test_steps_that_change_nothing_have_a_factor_of_one(found) -> None:
    """The trial's people at the level of all released, any decision counted by the trial, nothing lost in growing."""
    of = posterior(risk__hazard_multiplier=1.0, trial__definition="any")
    runs = runs_of({**PLAN, "quality": {"lost_per_doubling": 0.0}}, of=of)
    table = ladders(counted(runs, sets_of(ALL)), ALL)[POINTS].set_index("step")

    assert table.loc[[SIGN_UPS, DEFINITION, SCALING], "factor"].tolist() == [1.0, 1.0, 1.0]
    assert (ladders(found, ALL)[POINTS].set_index("step").loc[[SIGN_UPS, DEFINITION, SCALING], "factor"] != 1.0).all()


def test_kroner_by_hand(found) -> None:
    """Steps that are prices only need no runs: 38 points at other kroner."""
    bare = EffectCounts(runs=found.runs, counts={}, prices=Prices())
    table = ladders(bare, frozenset({DISCOUNTING}))[KRONER]
    dear = bare.kroner(frozenset({PRICE, VALUE}))

    assert table["factor"].iloc[1] == pytest.approx(sum(1.035**-k for k in range(10)) / 10)
    np.testing.assert_allclose(dear[0] / 0.38, bare._claim.drawn["avoided.any"])
    np.testing.assert_allclose(dear[1], bare._claim.drawn["scheme.primus_motor.per_start"])


def test_points_by_hand() -> None:
    """Counts made up: 20 and 10 reoffenders fewer of 100 and 300 who say yes, of 1,000 and 3,000 released."""
    drawn = SimpleNamespace(points=[{}])
    runs = SimpleNamespace(number=1, seed=1, drawn=drawn, of_the_trial=lambda _key, _variant: ["prison"])
    with_ = np.zeros((1, 2, len(COLUMNS)))
    with_[0, :, :3] = [[3_000, 300, 150], [1_000, 100, 80]]
    none = with_.copy()
    none[0, :, COLUMNS.index("prison")], none[0, :, COLUMNS.index("any")] = [10, 20], [30, 25]
    steps = frozenset({SMALL_TRIAL, UNFILLED})
    variant = RunVariant.of(steps)
    found = EffectCounts(runs=runs, counts={variant: with_, variant.without: none}, prices=Prices())
    every = steps | {AVERAGE, DEFINITION}

    assert found.points(steps)[0] == [20.0]
    assert found.points(steps | {AVERAGE})[0] == [7.5]
    assert found.points(every)[0] == pytest.approx(13.75)
    assert found.points(every | {REACH})[0] == pytest.approx(1.375)
    assert found.per_course(every, "any") == pytest.approx(55 / 230)


def test_the_order_of_draws_does_not_matter() -> None:
    """The same posterior in another order gives the same tables, digit for digit."""
    draws = posterior(9)
    mixed = Posterior(table=draws.table.sample(frac=1, random_state=3), about=draws.about)
    some = frozenset({SMALL_TRIAL, AVERAGE})
    first, second = (ladders(counted(runs_of(draws=3, of=each), sets_of(some)), some) for each in (draws, mixed))

    for kind in (POINTS, KRONER):
        pd.testing.assert_frame_equal(first[kind], second[kind])


def test_draws_are_spread_over_the_trials_difference() -> None:
    """Three of nine draws: the second, fifth and eighth by their difference; without the trial's risks, by strength."""
    draws = posterior(9)
    gap = (draws.table["_control"] - draws.table["_mentored"]).sort_values(ascending=False)
    chosen = by_difference(draws, 3).table
    bare = Posterior(table=draws.table.drop(columns=["_control", "_mentored"]), about={})

    np.testing.assert_allclose(chosen["_control"] - chosen["_mentored"], gap.iloc[[1, 4, 7]])
    assert by_difference(bare, 9).table["effect.hazard_ratio"].is_monotonic_increasing
    assert len(by_difference(draws, 50).table) == 9


# Orders -------------------------------------------------------------------------------------------------------


def one(value):
    """A figure that has one value at one draw."""
    return np.array([value]), np.ones(1)


def test_mean_over_orders_by_hand() -> None:
    """Two steps that make each other worse: the naive mean over both orders; they multiply out to the final value."""
    figures = {frozenset(): 8.0, frozenset("a"): 4.0, frozenset("b"): 2.0, frozenset("ab"): 0.5}
    found = over_orders(lambda steps: one(figures[steps]), ["a", "b"])

    assert found["a"] == pytest.approx(math.sqrt(4 / 8 * 0.5 / 2))
    assert found["b"] == pytest.approx(math.sqrt(2 / 8 * 0.5 / 4))
    assert found["a"] * found["b"] == pytest.approx(0.5 / 8)


def test_mean_over_orders_is_the_mean_over_orders(found) -> None:
    """All 720 orders of six steps, one by one; and factors that do not depend on the order come out as they are."""
    names = [SMALL_TRIAL, DEFINITION, SIGN_UPS, AVERAGE, SCALING, REACH]
    known = {steps: found.points(steps)[0].mean() for steps in sets_of(frozenset(names), orders=True)
             if steps <= set(names)}  # fmt: skip
    logs = {name: [] for name in names}
    for order in permutations(names):
        for k, name in enumerate(order):
            logs[name].append(math.log(known[frozenset(order[: k + 1])] / known[frozenset(order[:k])]))
    shared = over_orders(found.points, names)

    for name in names:
        assert shared[name] == pytest.approx(math.exp(np.mean(logs[name])))
    plain = over_orders(lambda steps: one(math.prod({"a": 0.5, "b": 3.0}[each] for each in steps)), ["a", "b"])
    assert plain == pytest.approx({"a": 0.5, "b": 3.0})


def test_mean_over_orders_does_not_exist_where_a_figure_is_not_above_zero() -> None:
    """Logarithms of harm do not exist; nothing is made up."""
    assert all(math.isnan(each) for each in over_orders(lambda steps: one(1.0 - len(steps)), ["a", "b"]).values())


def test_over_draws_a_figure_is_mean_over_mean_with_the_draws_interval() -> None:
    """Saving 0 to 100 for 10 kroner: 5; the interval is that of the draws; the error that of a mean."""
    saving = np.arange(101.0)
    table = ladder(lambda steps: (saving if steps else np.full(101, 80.0), np.full(101, 10.0)), ["a"], seed=1)
    last = table.iloc[-1]

    assert (last["figure"], last["median"], last["low"], last["high"]) == (5.0, 5.0, 0.25, 9.75)
    assert last["error"] == pytest.approx(saving.std() / 10 / math.sqrt(101), rel=0.15)
    assert last["factor"] == 5 / 8
    assert last["above_one"] == 90 / 101
    assert table["error"].iloc[0] == 0.0


# Runs ---------------------------------------------------------------------------------------------------------


def test_only_the_runs_that_are_needed() -> None:
    """Twelve variants for the whole ladder, none for prices; without mentors nothing is lost in growing."""
    needed = variants_of(sets_of(ALL))

    assert len(needed) == 12
    assert variants_of([frozenset({PRICE}), frozenset()]) == []
    assert all(variant.offered or not variant.scaled for variant in needed)
    assert set(needed) < set(variants_of(sets_of(ALL, orders=True)))


def test_a_plan_for_the_highest_risk_has_no_discount_for_average_risk() -> None:
    """Offered to fewer than the highest-risk group, in the re-run trial too: only people of that group are left."""
    plan = {**PLAN, "offer": {"highest_risk_share": 0.2}}
    found = counted(runs_of(plan, of=posterior(risk__high_risk_share=0.5), trials=40), sets_of(ALL))
    without = found.counts[RunVariant(shrunk=True, offered=False)]

    joined, people = (without[:, :, COLUMNS.index(name)] for name in ("joined", "people"))
    assert (joined[:, 0] == 0).all()
    np.testing.assert_allclose(joined[:, 1] / people.sum(axis=1), 0.2, atol=0.05)
    assert "100 % (100 to 100)" in ladders(found, ALL)[POINTS].set_index("step").loc[AVERAGE, "what"]


def test_variants_follow_the_steps() -> None:
    """Four steps change the run; the others change what is counted."""
    assert RunVariant.of({SMALL_TRIAL, SIGN_UPS, SCALING, UNFILLED}) == RunVariant.of(SIMULATED)
    assert RunVariant.of({DEFINITION, AVERAGE, REACH}) == RunVariant()
    assert runs_of().of_the_trial("risk.hazard_multiplier", RunVariant()) == [load("as-reported").risk.hazard_multiplier] * 3
    assert runs_of().of_the_trial("risk.hazard_multiplier", RunVariant.of(SIMULATED)) == [point["risk.hazard_multiplier"] for point in runs_of().drawn.points]
    assert RunVariant.of(SIMULATED).without == RunVariant(shrunk=True, ordinary=True, planned=True, offered=False)


def test_a_plan_without_volunteers_helps_nobody() -> None:
    """Nothing is left of the points, and there is no course to ask about."""
    plan = {**PLAN, "wave": [{"municipalities": ["all"]}], "volunteers": {"recruits_per_100000": 0.0}}
    found = counted(runs_of(plan), sets_of(ALL))
    tables = ladders(found, ALL)

    assert tables[POINTS]["figure"].iloc[-1] == 0.0
    assert math.isnan(tables[KRONER]["figure"].iloc[-1])
    assert ladder_figure(tables, Messages("en", "ladder")).axes


def test_what_is_left_by_definition(found) -> None:
    """The final value is among them; those who say yes have more than all released; wider counts are there."""
    table = left(found, ALL).set_index(["per", "definition"])["figure"]
    last = ladders(found, ALL)[POINTS]["figure"]

    assert table["released person", "any"] == last.iloc[-1]
    assert table["person who says yes", "any"] == last.iloc[-2]
    assert table["started course", "prison"] > table["person who says yes", "prison"]
    assert len(table) == 12
    assert len(left(found, ALL - {REACH})) == 6
    assert left(found, frozenset({PRICE})).empty


def test_a_wrong_name_is_answered_with_the_nearest() -> None:
    """One line: the name, and what was meant."""
    with pytest.raises(ParameterError, match=r"^--without is \[scalling\], which is no step; did you mean scaling\?$"):
        steps_without(["price", "scalling"])
    assert steps_without(["price"]) == ALL - {"price"}


# Figures ------------------------------------------------------------------------------------------------------


def test_every_step_has_plain_words_in_both_languages(found) -> None:
    """A bar a step, the headline and the final value; Danish with commas."""
    tables = ladders(found, ALL)

    for language in ("en", "da"):
        m = Messages(language, "ladder")
        assert all(label(name, m) for name in ("headline", "kroner", *ALL))
        axes = ladder_figure(tables, m, title="a plan").axes
        assert [len(ax.get_yticks()) for ax in axes[::2]] == [len(tables[POINTS]) + 1, len(tables[KRONER]) + 1]
    danish, english = Messages("da", "ladder"), Messages("en", "ladder")
    assert rows_of(tables[POINTS], POINTS, danish)[-1]["label"] == "tilbage pr. løsladt"
    assert figure_text(0.456, danish) == "0,46"
    assert [figure_text(value, english) for value in (-0.001, 12.34, math.nan)] == ["0.00", "12.3", "–"]


# The verb -----------------------------------------------------------------------------------------------------


PLAN_FILE = """title = "A small plan"
title_da = "En lille plan"
years = 1
releases_per_year = 2000
[[wave]]
municipalities = ["programme area"]
volunteers_at_start = 200
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A small plan as a file."""
    file = tmp_path_factory.mktemp("plan") / "small.toml"
    file.write_text(PLAN_FILE, encoding="utf-8")
    return file


def test_the_verb_writes_its_result(small, tmp_path) -> None:
    """What is left of 38 points and of a krone; every file is there; the language changes no table and no answer."""
    command = ["ladder", str(small), "--draws", "2", "--threads", "1", "--out"]
    code, out, _ = desist(*command, str(tmp_path / "a"))

    assert code == 0
    assert out.startswith("A small plan: the trial reported 38 percentage points fewer")
    assert "per started course" in out
    assert "one krone spent on courses brings back " in out
    assert all(f"- {name} (" in out for name in ALL)
    desist(*command, str(tmp_path / "b"), "--language", "da")
    for name in ("points.csv", "kroner.csv", "left.csv", "answer_en.txt", "answer_da.txt"):
        both = [without(name, (tmp_path / each / name).read_bytes()) for each in "ab"]
        assert both[0] == both[1]
    for name in ("facts.json", "study.toml", "ladder.png", "ladder.svg", "manifest.json"):
        assert (tmp_path / "a" / name).stat().st_size > 0


def test_steps_are_left_out_of_the_study(small, tmp_path) -> None:
    """The manifest says what was left out; prices alone need no runs; the Danish answer is the plan's own title."""
    result = LadderStudy(plan=str(small), draws=5, without=SIMULATED).run()
    manifest = json.loads((result.save(tmp_path) / "manifest.json").read_text())

    assert [row["step"] for row in result.points] == ["headline"]
    assert [row["step"] for row in result.kroner] == ["headline", "value", "price", "discounting", "prison-day"]
    assert manifest["without"] == list(SIMULATED)
    assert result.text("da").startswith("En lille plan: Forsøget viste 38 procentpoint færre")


def test_a_definition_of_ones_own_is_told_beside_that_of_the_kroner(small) -> None:
    """Points count prison sentences; the kroner are for any new conviction, and the notes say both."""
    notes = LadderStudy(plan=str(small), draws=2, definition="prison", without=("scaling",)).run().answer().notes
    said = [note for note in notes if note.startswith("- definition")]

    assert ["a new prison sentence counts" in said[0], "in kroner: any new conviction counts" in said[1]] == [True, True]


def test_the_verb_lists_the_steps() -> None:
    """A line a step, in either language."""
    code, out, _ = desist("ladder", "--list", "--language", "da")

    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == list(STEPS)
    assert "de fleste løsladte er aldrig med" in out


BAD = [
    (["--without", "discount"], "--without is [discount], which is no step; did you mean discounting?"),
    (["todays-aria"], "plan [todays-aria] was not found; did you mean todays-area?"),
    (["--posterior", "none.parquet"], "--posterior is [none.parquet], which was not found"),
    (["--prices", "none.toml"], "prices [none.toml] was not found; check the name"),
    (["--draws", "0"], "0 is not in the range"),
    (["--definition", "fines"], "'fines' is not one of"),
]


@pytest.mark.parametrize(("more", "wanted"), BAD, ids=[" ".join(more) for more, _ in BAD])
def test_bad_input_is_one_line(more, wanted, tmp_path, monkeypatch) -> None:
    """A mistake is one line that says what to do, with exit code 2."""
    monkeypatch.chdir(tmp_path)
    code, _, err = desist("ladder", *more)
    lines = [line for line in err.splitlines() if line.startswith("desist: ")]

    assert code == 2
    assert len(lines) == 1
    assert wanted in lines[0]

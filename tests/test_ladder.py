"""The ladder from headline to street: its runs, its figures, its words, and the verb."""

from __future__ import annotations

import json
import math
from itertools import permutations
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from experiments.cli import main
from experiments.execution.jobs import finish
from experiments.figures.ladder import FEET, LABELS, TEXTS, ladder_figure, number, rows_of, said
from experiments.inputs.municipalities import denmark
from experiments.inputs.parameter_points import at_point
from experiments.inputs.posterior import Posterior
from experiments.inputs.scenario_files import load
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
    SMALL_TRIAL,
    TOLD,
    UNFILLED,
    Setting,
    World,
    by_difference,
    worlds,
)
from experiments.studies.rollout.headline_steps import (
    DISCOUNTING,
    KRONER,
    POINTS,
    PRICE,
    RUNGS,
    VALUE,
    Found,
    kept,
    ladder,
    ladders,
    left,
    on,
    over_orders,
    sets_of,
)
from experiments.studies.rollout.plan import planned
from experiments.studies.rollout.plan_scenario import scenario_of
from simulation.engine import run
from simulation.parameters import ParameterError
from simulation.prices import Prices
from tests.test_cli import desist

DENMARK = denmark()
ALL = frozenset(rung.name for rung in RUNGS)
PLAN = {"name": "small", "years": 1, "releases_per_year": 3_000.0,
        "wave": [{"places": ["programme area"], "volunteers_at_start": 300.0}]}  # fmt: skip
NO_EFFECT = {"effect.strength": 1.0, "programme.direct_effect_others": 1.0, "programme.support_effect_others": 1.0}


def posterior(number=3, seed=1, **fixed):
    """A posterior of so many draws, drawn at random; ``fixed`` columns have one value."""
    luck = np.random.default_rng(seed)
    control = luck.uniform(0.5, 0.9, number)
    return Posterior(about={"seed": 1}, table=pd.DataFrame({
        "effect.strength": luck.uniform(0.05, 0.4, number), "effect.support_share": luck.uniform(0.2, 0.6, number),
        "risk.level": luck.uniform(0.7, 1.3, number),
        "trial.definition": [("any", "prison", "sentence")[k % 3] for k in range(number)],
        "_control": control, "_mentored": control - luck.uniform(0, 0.4, number),
    }).assign(**{key.replace("__", "."): value for key, value in fixed.items()}))  # fmt: skip


def settled(plan=None, draws=3, trials=3, of=None):
    """A setting of a small plan with so many draws and trials."""
    return Setting.of(planned(plan or PLAN), DENMARK, of or posterior(draws), draws=draws, seed=1, trials=trials)


def counted(setting, sets):
    """What is found in the runs of some sets of rungs."""
    counts = setting.counts(worlds(sets), lambda job: finish(job, store=None, threads=1))
    return Found(setting=setting, counts=counts, prices=Prices())


@pytest.fixture(scope="module")
def found():
    """Every run of a small ladder."""
    return counted(settled(), sets_of(ALL, orders=True))


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
    assert tables[POINTS]["rung"].tolist() == ["headline", *on(POINTS, ALL)]
    assert tables[KRONER]["rung"].tolist() == ["headline", *on(KRONER, ALL)]


@pytest.mark.parametrize("name", sorted(ALL))
def test_a_rung_that_is_removed_gives_the_ladder_without_it(found, name) -> None:
    """The foot of the ladder without a rung is what the whole ladder says the foot would be without it."""
    whole, less = ladders(found, ALL), ladders(found, ALL - {name})

    for kind in (POINTS, KRONER):
        assert name not in less[kind]["rung"].tolist()
        if name in whole[kind]["rung"].tolist():
            said_so = whole[kind].set_index("rung").loc[name, "without"]
            assert less[kind]["figure"].iloc[-1] == said_so


def test_a_ladder_of_one_rung_is_its_own_run() -> None:
    """The trial at each draw, told directly: those drawn to mentors against the same people without."""
    setting = settled(trials=40)
    rungs, trial, gaps = frozenset({SMALL_TRIAL}), load("trial"), []
    for point, seed in zip(setting.doubts.points, setting.doubts.seeds, strict=True):
        offered = at_point(trial, point)
        hits = []
        for each in (offered.changed({"trial.assignment": "nobody"}), offered):
            told = run(each, seed=seed, replicates=40, threads=1)
            who = (told.people.side == 1) & (told.lives.highest == 1)
            hits.append((getattr(told.lives, f"time_{point['trial.definition']}")[who] <= 24).mean())
        gaps.append(100 * (hits[0] - hits[1]))
    table = ladders(counted(setting, sets_of(rungs)), rungs)[POINTS]

    assert table["figure"].tolist() == [38.0, pytest.approx(np.mean(gaps))]
    assert table["median"].iloc[1] == pytest.approx(np.median(gaps))


def test_the_foot_is_the_plan_run_beside_denmark_without_it(found) -> None:
    """All rungs: the plan's scenario against nobody offered anything, over all released, told directly."""
    setting, points = found.setting, []
    base = load("pooled").changed({
        "places.include": ["all"], "people.release_months": 12, "trial.signed_up": False,
        "trial.assignment": "everyone", "risk.level": 1.0, **COHORT,
    })  # fmt: skip
    doubts = setting.doubts
    for point, own, released, seed in zip(doubts.points, doubts.plan, doubts.released, doubts.seeds, strict=True):
        offered = scenario_of(setting.plan, DENMARK, draw=point, doubts=own, released=released, base=base)
        offered = offered.changed({"programme.again": False})
        told = [run(each, seed=seed, threads=1) for each in (offered, offered.changed({"trial.assignment": "nobody"}))]
        yes = told[0].lives.status[0] != 0
        hits = [((each.lives.time_any <= 24) & yes).sum() for each in told]
        points.append(100 * (int(hits[1]) - int(hits[0])) / len(yes))

    np.testing.assert_allclose(found.points(frozenset(on(POINTS, ALL)))[0], points)


def test_an_offer_with_nothing_behind_it_changes_nobody() -> None:
    """The world without mentors is Denmark in which nobody is offered anything, life by life."""
    setting = settled()
    doubts = setting.doubts
    offered = scenario_of(setting.plan, DENMARK, draw=doubts.points[0], released=doubts.released[0])
    offered = offered.changed({**COHORT, "programme.again": False})
    empty, nobody = (run(offered.changed(change), seed=5, threads=1) for change in
                     (NOTHING, {"trial.assignment": "nobody"}))  # fmt: skip

    assert (empty.lives.status[0] != 0).any()
    for name in ("time_any", "time_prison", "time_sentence", "cases"):
        assert (getattr(empty.lives, name) == getattr(nobody.lives, name)).all()


def test_no_effect_gives_nothing_at_every_rung() -> None:
    """A posterior in which mentors do nothing: 0 points and 0 kroner, exactly; factors after the first do not exist."""
    names = list(ALL)
    setting = settled(of=posterior(**{key.replace(".", "__"): value for key, value in NO_EFFECT.items()}))
    for table in ladders(counted(setting, sets_of(ALL)), frozenset(names)).values():
        assert table["figure"].iloc[1:].tolist() == [0.0] * (len(table) - 1)
        assert table["factor"].iloc[1] == 0.0
        assert table["factor"].iloc[2:].isna().all()


def test_as_reported_is_the_trial_as_printed() -> None:
    """Without the first rung the runs begin where the headline does: 38 points within twice the simulation error."""
    found = counted(settled(draws=1, trials=2_000), [frozenset({DEFINITION})])
    points = found.points(frozenset({DEFINITION}))[0][0]
    people = found.counts[World()][0, 1, COLUMNS.index("joined")]

    assert points == pytest.approx(38, abs=200 * math.sqrt(0.5 * 0.5 / people))


def test_rungs_that_change_nothing_have_a_factor_of_one(found) -> None:
    """The trial's people at the level of all released, any decision counted by the trial, nothing lost in growing."""
    of = posterior(risk__level=1.0, trial__definition="any")
    setting = settled({**PLAN, "quality": {"lost_per_doubling": 0.0}}, of=of)
    table = ladders(counted(setting, sets_of(ALL)), ALL)[POINTS].set_index("rung")

    assert table.loc[[SIGN_UPS, DEFINITION, SCALING], "factor"].tolist() == [1.0, 1.0, 1.0]
    assert (ladders(found, ALL)[POINTS].set_index("rung").loc[[SIGN_UPS, DEFINITION, SCALING], "factor"] != 1.0).all()


def test_kroner_by_hand(found) -> None:
    """Rungs that are prices only need no runs: 38 points at other kroner."""
    bare = Found(setting=found.setting, counts={}, prices=Prices())
    table = ladders(bare, frozenset({DISCOUNTING}))[KRONER]
    dear = bare.kroner(frozenset({PRICE, VALUE}))

    assert table["factor"].iloc[1] == pytest.approx(sum(1.035**-k for k in range(10)) / 10)
    np.testing.assert_allclose(dear[0] / 0.38, bare._claim.drawn["avoided.any"])
    np.testing.assert_allclose(dear[1], bare._claim.drawn["scheme.primus_motor.per_start"])


def test_points_by_hand() -> None:
    """Counts made up: 20 and 10 reoffenders fewer of 100 and 300 who say yes, of 1,000 and 3,000 released."""
    doubts = SimpleNamespace(points=[{}])
    setting = SimpleNamespace(number=1, seed=1, doubts=doubts, definitions=lambda _: ["prison"])
    with_ = np.zeros((1, 2, len(COLUMNS)))
    with_[0, :, :3] = [[3_000, 300, 150], [1_000, 100, 80]]
    none = with_.copy()
    none[0, :, COLUMNS.index("prison")], none[0, :, COLUMNS.index("any")] = [10, 20], [30, 25]
    rungs = frozenset({SMALL_TRIAL, UNFILLED})
    world = World.of(rungs)
    found = Found(setting=setting, counts={world: with_, world.without: none}, prices=Prices())
    every = rungs | {AVERAGE, DEFINITION}

    assert found.points(rungs)[0] == [20.0]
    assert found.points(rungs | {AVERAGE})[0] == [7.5]
    assert found.points(every)[0] == pytest.approx(13.75)
    assert found.points(every | {REACH})[0] == pytest.approx(1.375)
    assert found.per_course(every, "any") == pytest.approx(55 / 230)


def test_the_order_of_draws_does_not_matter() -> None:
    """The same posterior in another order gives the same tables, digit for digit."""
    draws = posterior(9)
    mixed = Posterior(table=draws.table.sample(frac=1, random_state=3), about=draws.about)
    some = frozenset({SMALL_TRIAL, AVERAGE})
    first, second = (ladders(counted(settled(draws=3, of=each), sets_of(some)), some) for each in (draws, mixed))

    for kind in (POINTS, KRONER):
        pd.testing.assert_frame_equal(first[kind], second[kind])


def test_draws_are_spread_over_the_trials_difference() -> None:
    """Three of nine draws: the second, fifth and eighth by their difference; without the trial's risks, by strength."""
    draws = posterior(9)
    gap = (draws.table["_control"] - draws.table["_mentored"]).sort_values(ascending=False)
    chosen = by_difference(draws, 3).table
    bare = Posterior(table=draws.table.drop(columns=["_control", "_mentored"]), about={})

    np.testing.assert_allclose(chosen["_control"] - chosen["_mentored"], gap.iloc[[1, 4, 7]])
    assert by_difference(bare, 9).table["effect.strength"].is_monotonic_increasing
    assert len(by_difference(draws, 50).table) == 9


# Orders -------------------------------------------------------------------------------------------------------


def one(value):
    """A figure that has one value at one draw."""
    return np.array([value]), np.ones(1)


def test_mean_over_orders_by_hand() -> None:
    """Two rungs that make each other worse: the naive mean over both orders; they multiply out to the foot."""
    figures = {frozenset(): 8.0, frozenset("a"): 4.0, frozenset("b"): 2.0, frozenset("ab"): 0.5}
    found = over_orders(lambda rungs: one(figures[rungs]), ["a", "b"])

    assert found["a"] == pytest.approx(math.sqrt(4 / 8 * 0.5 / 2))
    assert found["b"] == pytest.approx(math.sqrt(2 / 8 * 0.5 / 4))
    assert found["a"] * found["b"] == pytest.approx(0.5 / 8)


def test_mean_over_orders_is_the_mean_over_orders(found) -> None:
    """All 720 orders of six rungs, one by one; and factors that do not depend on the order come out as they are."""
    names = [SMALL_TRIAL, DEFINITION, SIGN_UPS, AVERAGE, SCALING, REACH]
    known = {rungs: found.points(rungs)[0].mean() for rungs in sets_of(frozenset(names), orders=True)
             if rungs <= set(names)}  # fmt: skip
    logs = {name: [] for name in names}
    for order in permutations(names):
        for k, name in enumerate(order):
            logs[name].append(math.log(known[frozenset(order[: k + 1])] / known[frozenset(order[:k])]))
    shared = over_orders(found.points, names)

    for name in names:
        assert shared[name] == pytest.approx(math.exp(np.mean(logs[name])))
    plain = over_orders(lambda rungs: one(math.prod({"a": 0.5, "b": 3.0}[each] for each in rungs)), ["a", "b"])
    assert plain == pytest.approx({"a": 0.5, "b": 3.0})


def test_mean_over_orders_does_not_exist_where_a_figure_is_not_above_zero() -> None:
    """Logarithms of harm do not exist; nothing is made up."""
    assert all(math.isnan(each) for each in over_orders(lambda rungs: one(1.0 - len(rungs)), ["a", "b"]).values())


def test_over_draws_a_figure_is_mean_over_mean_with_the_draws_interval() -> None:
    """Saving 0 to 100 for 10 kroner: 5; the interval is that of the draws; the error that of a mean."""
    saving = np.arange(101.0)
    table = ladder(lambda rungs: (saving if rungs else np.full(101, 80.0), np.full(101, 10.0)), ["a"], seed=1)
    last = table.iloc[-1]

    assert (last["figure"], last["median"], last["low"], last["high"]) == (5.0, 5.0, 0.25, 9.75)
    assert last["error"] == pytest.approx(saving.std() / 10 / math.sqrt(101), rel=0.15)
    assert last["factor"] == 5 / 8
    assert last["above_one"] == 90 / 101
    assert table["error"].iloc[0] == 0.0


# Runs ---------------------------------------------------------------------------------------------------------


def test_only_the_runs_that_are_needed() -> None:
    """Twelve worlds for the whole ladder, none for prices; without mentors nothing is lost in growing."""
    needed = worlds(sets_of(ALL))

    assert len(needed) == 12
    assert worlds([frozenset({PRICE}), frozenset()]) == []
    assert all(world.offered or not world.scaled for world in needed)
    assert set(needed) < set(worlds(sets_of(ALL, orders=True)))


def test_a_plan_for_the_highest_risk_has_no_discount_for_average_risk() -> None:
    """Offered to fewer than the highest-risk group, in the re-run trial too: only people of that group are left."""
    plan = {**PLAN, "offer": {"highest_risk_share": 0.2}}
    found = counted(settled(plan, of=posterior(risk__highest_share=0.5), trials=40), sets_of(ALL))
    without = found.counts[World(shrunk=True, offered=False)]

    joined, people = (without[:, :, COLUMNS.index(name)] for name in ("joined", "people"))
    assert (joined[:, 0] == 0).all()
    np.testing.assert_allclose(joined[:, 1] / people.sum(axis=1), 0.2, atol=0.05)
    assert "100 % (100 to 100)" in ladders(found, ALL)[POINTS].set_index("rung").loc[AVERAGE, "what"]


def test_worlds_follow_the_rungs() -> None:
    """Four rungs change the run; the others change what is counted."""
    assert World.of({SMALL_TRIAL, SIGN_UPS, SCALING, UNFILLED}) == World.of(TOLD)
    assert World.of({DEFINITION, AVERAGE, REACH}) == World()
    assert settled().levels(World()) == [load("as-reported").risk.level] * 3
    assert settled().levels(World.of(TOLD)) == [point["risk.level"] for point in settled().doubts.points]
    assert World.of(TOLD).without == World(shrunk=True, ordinary=True, planned=True, offered=False)


def test_a_plan_without_volunteers_helps_nobody() -> None:
    """Nothing is left of the points, and there is no course to ask about."""
    plan = {**PLAN, "wave": [{"places": ["all"]}], "volunteers": {"recruits_per_100000": 0.0}}
    found = counted(settled(plan), sets_of(ALL))
    tables = ladders(found, ALL)

    assert tables[POINTS]["figure"].iloc[-1] == 0.0
    assert math.isnan(tables[KRONER]["figure"].iloc[-1])
    assert ladder_figure(tables).axes


def test_what_is_left_by_definition(found) -> None:
    """The foot of the ladder is among them; those who say yes have more than all released; wider counts are there."""
    table = left(found, ALL).set_index(["per", "definition"])["figure"]
    foot = ladders(found, ALL)[POINTS]["figure"]

    assert table["released person", "any"] == foot.iloc[-1]
    assert table["person who says yes", "any"] == foot.iloc[-2]
    assert table["started course", "prison"] > table["person who says yes", "prison"]
    assert len(table) == 12
    assert len(left(found, ALL - {REACH})) == 6
    assert left(found, frozenset({PRICE})).empty


def test_a_wrong_name_is_answered_with_the_nearest() -> None:
    """One line: the name, and what was meant."""
    with pytest.raises(ParameterError, match=r"^--without is \[scalling\], which is no rung; did you mean scaling\?$"):
        kept(["price", "scalling"])
    assert kept(["price"]) == ALL - {"price"}


# Figures ------------------------------------------------------------------------------------------------------


def test_every_rung_has_plain_words_in_both_languages(found) -> None:
    """A bar a rung, the headline and the foot; Danish with commas."""
    tables = ladders(found, ALL)

    assert set(LABELS) == {"headline", "kroner", *ALL}
    assert all(len(text) == 2 and all(text) for text in (*LABELS.values(), *FEET.values(), *TEXTS.values()))
    for language in ("en", "da"):
        axes = ladder_figure(tables, title="a plan", language=language).axes
        assert [len(ax.get_yticks()) for ax in axes[::2]] == [len(tables[POINTS]) + 1, len(tables[KRONER]) + 1]
    labels = [row["label"] for row in rows_of(tables[POINTS], POINTS, "da")]
    assert labels[-1] == "tilbage pr. løsladt"
    assert (number(0.456, "da"), number(-0.001), number(12.34), number(math.nan)) == ("0,46", "0.00", "12.3", "–")
    with pytest.raises(ParameterError, match=r"language is \[no\]; allowed is en, da"):
        said(("a", "b"), "no")


# The verb -----------------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _verb_is_there(monkeypatch):
    """The verb is in the table of verbs, or put there."""
    monkeypatch.setitem(main.VERBS, "ladder", "experiments.cli.ladder:ladder")
    monkeypatch.setitem(main.SUMMARIES, "ladder", main.SUMMARIES.get("ladder", "From headline to street."))


PLAN_FILE = """title = "A small plan"
title_da = "En lille plan"
years = 1
releases_per_year = 2000
[[wave]]
places = ["programme area"]
volunteers_at_start = 200
"""


def test_the_verb_reads_the_ladder_aloud(tmp_path) -> None:
    """It prints what is left of 38 points and of a krone; every file is there; the same command gives the same bytes."""
    (tmp_path / "small.toml").write_text(PLAN_FILE, encoding="utf-8")
    command = ["ladder", str(tmp_path / "small.toml"), "--draws", "2", "--threads", "1", "--out"]
    code, out, _ = desist(*command, str(tmp_path / "a"))

    assert code == 0
    assert "Of 38 points " in out
    assert "per started course" in out
    assert "; one krone brings back " in out
    assert all(f"- {name}: " in out for name in ALL)
    for name in ("answer.txt", "points.csv", "kroner.csv", "left.csv", "ladder.png", "ladder.svg", "manifest.json"):
        assert (tmp_path / "a" / name).stat().st_size > 0
    desist(*command, str(tmp_path / "b"), "--language", "da")
    for name in ("points.csv", "kroner.csv", "left.csv", "answer.txt"):
        both = [without(name, (tmp_path / each / name).read_bytes()) for each in "ab"]
        assert both[0] == both[1]


def test_the_verb_leaves_rungs_out(tmp_path) -> None:
    """As JSON for machines; the manifest says what was left out; prices alone need no runs."""
    (tmp_path / "small.toml").write_text(PLAN_FILE, encoding="utf-8")
    without = [word for name in TOLD for word in ("--without", name)]
    code, out, _ = desist("ladder", str(tmp_path / "small.toml"), "--draws", "5", *without, "--json", "--out",
                          str(tmp_path / "a"))  # fmt: skip
    told = json.loads(out)

    assert code == 0
    assert [row["rung"] for row in told["points"]] == ["headline"]
    assert [row["rung"] for row in told["kroner"]] == ["headline", "value", "price", "discounting", "prison-day"]
    assert json.loads((tmp_path / "a" / "manifest.json").read_text())["without"] == list(TOLD)


def test_the_verb_lists_the_rungs() -> None:
    """A line a rung, in either language."""
    code, out, _ = desist("ladder", "--list", "--language", "da")

    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == [rung.name for rung in RUNGS]
    assert "de fleste løsladte er aldrig med" in out


BAD = [
    (["--without", "discount"], "--without is [discount], which is no rung; did you mean discounting?"),
    (["todays-aria"], "plan [todays-aria] was not found; did you mean todays-area?"),
    (["--posterior", "none.parquet"], "--posterior is [none.parquet], which is no readable Parquet file"),
    (["--prices", "none.toml"], "prices [none.toml] cannot be read"),
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

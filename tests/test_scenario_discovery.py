"""Scenario discovery: known boxes are found, noise holds none, a twin of PRIM, and other samples of the same runs."""

from __future__ import annotations

import subprocess
import sys
import warnings
from importlib.util import find_spec
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.statistics.prim import PEEL, prim_boxes
from experiments.statistics.scenario_discovery import ALPHA, WEAKEST, Box, discover, stability
from simulation.outcomes import wilson
from simulation.parameters import ParameterError

needs = pytest.mark.skipif(find_spec("ema_workbench") is None, reason="needs the extra discovery")
METHODS = ("prim", "cart")
ROOT = Path(__file__).parents[1]
WEAK, CHEAP = 0.86, 900.0


def sample(runs=1_200, seed=1, noise=3):
    """Made-up runs: a hazard ratio, the price of a prison day, the cost of a course, and quantities without meaning."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame({
        "effect": np.exp(rng.normal(-0.15, 0.15, runs)), "price": rng.lognormal(np.log(900), 0.3, runs),
        "cost": rng.lognormal(np.log(33_000), 0.3, runs), **{f"noise {k}": rng.random(runs) for k in range(noise)},
    })  # fmt: skip


def flawed(fails, seed=2, wrong=0.05):
    """Outcomes of which one in twenty is turned round."""
    return np.asarray(fails) ^ (np.random.default_rng(seed).random(len(fails)) < wrong)


RUNS = sample()
CORNER = flawed((RUNS["effect"] > WEAK) & (RUNS["price"] < CHEAP))


# Boxes --------------------------------------------------------------------------------------------------------


def test_score_by_hand() -> None:
    """Ten runs, four fail, five lie in the box, three of these fail."""
    x = pd.DataFrame({"a": range(10)})
    fails = [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]
    score = Box(limits={"a": (-np.inf, 4.0)}).score(x, fails)

    assert (score["runs"], score["failures"], score["inside"], score["hits"]) == (10, 4, 5, 3)
    assert (score["coverage"], score["density"], score["mass"]) == (0.75, 0.6, 0.5)
    assert (score["coverage_low"], score["coverage_high"]) == tuple(float(end) for end in wilson(3, 4))
    assert score["correlation"] == pytest.approx(np.corrcoef(fails, np.arange(10) < 5)[0, 1])


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 1)), min_size=4, max_size=40), st.floats(0, 1), st.floats(0, 1))
def test_correlation_is_what_the_rule_says_it_is(runs, one, other) -> None:
    """The geometric mean of coverage and of density, each less what lies there otherwise; 0 where nothing is said."""
    fails, x = np.array([run[0] for run in runs]), pd.DataFrame({"a": [run[1] for run in runs]})
    box = Box(limits={"a": (min(one, other), max(one, other))})
    score, inside = box.score(x, fails), box.inside(x)

    if fails.all() or not fails.any() or inside.all() or not inside.any():
        assert score["correlation"] == 0
    else:
        wide, dense = score["coverage"] - inside[~fails].mean(), score["density"] - fails[~inside].mean()
        assert score["correlation"] == pytest.approx(np.sign(wide) * np.sqrt(wide * dense))


def test_ends_belong_to_the_box() -> None:
    """Both thresholds are inside, categories are compared as texts, and conditions must all be met."""
    x = pd.DataFrame({"a": [1.0, 2, 3, 4], "b": ["x", "y", "x", "z"], "c": [True, False, True, True]})

    assert Box(limits={"a": (2.0, 3.0)}).inside(x).tolist() == [False, True, True, False]
    assert Box(limits={"b": frozenset({"x", "z"}), "a": (3.0, np.inf)}).inside(x).tolist() == [False, False, True, True]
    assert Box(limits={"c": frozenset({"True"})}).inside(x).tolist() == [True, False, True, True]
    assert Box(limits={}).inside(x).all()


# PRIM ---------------------------------------------------------------------------------------------------------


def peel(x: pd.DataFrame, y: np.ndarray) -> list[dict[str, tuple[float, float]]]:
    """PRIM's peeling in a few lines: cut off the twentieth whose loss raises the share of failures most, per run lost."""
    every = {name: (float(x[name].min()), float(x[name].max())) for name in x}
    box, rows, way = dict(every), np.ones(len(y), bool), [dict(every)]
    while True:
        best = None
        for name in x:
            values = np.sort(x[name].to_numpy()[rows])
            for end, place in ((1, 1 - PEEL), (0, PEEL)):
                at = (len(values) - 1) * place
                first, last = int(np.floor(at)), int(np.ceil(at))
                cut = (values[first - (first == last and end)] + values[last + (first == last and not end)]) / 2
                left = rows & ((x[name] <= cut) if end else (x[name] >= cut)).to_numpy()
                gain = (y[left].mean() - y[rows].mean()) / (rows.sum() - left.sum())
                limits = box | {name: (box[name][0], cut) if end else (cut, box[name][1])}
                key = (gain, sum(limits[each] == every[each] for each in x))
                if best is None or key > best[0]:
                    best = key, left, limits
        (gain, _), left, limits = best
        if gain <= 0 or left.mean() < PEEL:
            return way
        box, rows = limits, left
        way.append(dict(limits))


def opened(way, x):
    """Limits of the twin in the package's form: no end where nothing was cut."""
    ends = {name: (x[name].min(), x[name].max()) for name in x}
    return [{name: (low if low > ends[name][0] else -np.inf, high if high < ends[name][1] else np.inf)
             for name, (low, high) in box.items() if (low, high) != ends[name]} for box in way]  # fmt: skip


@needs
@pytest.mark.parametrize("seed", [1, 2])
def test_workbench_peels_as_its_twin(seed: int) -> None:
    """The same boxes in the same order, and what follows is pasting: boxes that are no smaller."""
    x = sample(runs=600, seed=seed, noise=2)
    y = flawed((x["effect"] > WEAK) & (x["price"] < CHEAP), seed=seed, wrong=0.1)
    found, twin = prim_boxes(x, y), opened(peel(x, y), x)

    assert len(twin) > 15
    for ours, theirs in zip(twin, found, strict=False):
        assert ours.keys() == theirs.keys()
        for name, limit in ours.items():
            assert theirs[name] == pytest.approx(limit)
    sizes = [Box(limits=limits).inside(x).sum() for limits in found[len(twin) - 1 :]]
    assert sizes == sorted(sizes)


@needs
def test_quasi_p_is_that_of_the_workbench() -> None:
    """Where a condition has one end, its quasi-p-value is the Workbench's for that end."""
    from experiments.statistics.prim import _limits, _workbench
    from experiments.statistics.scenario_discovery import _quasi_p

    prim, _ = _workbench()
    x, y = RUNS[["effect", "price"]], CORNER
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        newer = not hasattr(prim, "ABOVE")
        made = (prim.Prim(x, y) if newer else prim.Prim(x, y, threshold=0.1)).find_box()
    seen = 0
    for box, theirs in zip(made.box_lims, made.p_values if newer else made.qp, strict=True):
        limits = _limits(box, made.box_lims[0], {})
        ours = _quasi_p(x, y, limits)
        for name, (low, high) in limits.items():
            if np.isinf(low) or np.isinf(high):
                assert ours[name] == pytest.approx(max(theirs[name]), rel=1e-6)
                seen += 1
    assert seen > 20


# What is found ------------------------------------------------------------------------------------------------


@needs
@pytest.mark.parametrize("method", METHODS)
def test_known_box_is_found(method) -> None:
    """A corner of a weak effect and a cheap prison day, one outcome in twenty wrong: both thresholds, and honest shares."""
    found = discover(RUNS, CORNER, method=method)
    truth = Box(limits={"effect": (WEAK, np.inf), "price": (-np.inf, CHEAP)}).score(RUNS, CORNER)
    limits = found.box.limits

    assert set(limits) == {"effect", "price"}
    assert limits["effect"] == (pytest.approx(WEAK, abs=0.02), np.inf)
    assert limits["price"] == (-np.inf, pytest.approx(CHEAP, rel=0.04))
    assert max(found.box.quasi_p.values()) <= ALPHA
    assert found.held_out["coverage_low"] < truth["coverage"] < found.held_out["coverage_high"] + 0.02
    assert found.held_out["density_low"] - 0.02 < truth["density"] < found.held_out["density_high"]
    assert found.scores["runs"].sum() == len(RUNS)
    assert found.candidates["selected"].sum() == 1


@needs
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("threshold", [0.75, 0.86, 1.0])
def test_one_condition_stays_one(method, threshold: float) -> None:
    """Where failing depends on one quantity, with few or with most runs failing, no second one is named."""
    found = discover(RUNS, flawed(RUNS["effect"] > threshold), method=method)

    assert list(found.box.limits) == ["effect"]
    assert found.box.limits["effect"] == (pytest.approx(threshold, abs=0.03), np.inf)


@needs
def test_measure_of_a_quantity_does_not_matter() -> None:
    """Logarithms in place of hazard ratios, thousands in place of kroner, falling in place of rising: the same runs."""
    other = RUNS.assign(effect=np.log(RUNS["effect"]), price=-RUNS["price"] / 1_000)
    found, again = discover(RUNS, CORNER), discover(other, CORNER)

    np.testing.assert_array_equal(found.box.inside(RUNS), again.box.inside(other))


@needs
@pytest.mark.parametrize("method", METHODS)
def test_categories_and_ranges(method) -> None:
    """Two definitions of three, and costs that are neither low nor high."""
    x = RUNS.assign(definition=np.random.default_rng(3).choice(["any", "prison", "sentence"], len(RUNS)))
    named = discover(x, flawed(x["definition"] != "prison"), method=method).box
    middle = discover(x, flawed(x["cost"].between(28_000, 40_000)), method=method).box

    assert named.limits == {"definition": frozenset({"any", "sentence"})}
    assert middle.limits["cost"] == pytest.approx((28_000, 40_000), rel=0.05)


@pytest.mark.long
@needs
def test_nothing_stands_out_of_noise() -> None:
    """Ten sets of runs that fail by chance: at most one has a box (one in a hundred is expected)."""
    boxes = 0
    for seed in range(10):
        x = sample(runs=300, seed=seed)
        boxes += discover(x, np.random.default_rng(900 + seed).random(300) < 0.4, method="cart").box is not None
    quiet = discover(sample(), np.random.default_rng(7).random(1_200) < 0.4)

    assert boxes <= 1
    assert (quiet.box, quiet.reason) == (None, "nothing stands out")


@needs
def test_held_out_half_is_honest() -> None:
    """Sixty runs that fail by chance: boxes look good where they were found, not elsewhere, and chance there is no proof."""
    found = [discover(sample(runs=60, seed=seed), np.random.default_rng(500 + seed).random(60) < 0.45, method="cart")
             for seed in (0, 1, 3, 4, 13, 25, 32, 34)]  # fmt: skip
    scores = np.array([one.scores["correlation"] for one in found])

    assert scores[:, 0].min() > 0.4
    assert scores[:, 1].mean() < 0.25
    assert (scores[:, 1] > WEAKEST).any()
    assert not any(one.box for one in found)


@needs
def test_weak_condition_does_not_stand_out_however_sure() -> None:
    """60 against 50 % over thousands of runs: real, and too little to say where the plan fails."""
    x = pd.DataFrame({"a": np.random.default_rng(1).random(6_000), "b": np.random.default_rng(2).random(6_000)})
    found = discover(x, np.random.default_rng(3).random(6_000) < 0.5 + 0.1 * (x["a"] > 0.5), method="cart")

    assert found.p_value < 0.01
    assert found.reason == "nothing stands out"


@pytest.mark.parametrize(("hits", "reason"), [(0, "none fail"), (300, "all fail"), (19, "few fail"), (281, "few hold")])
def test_too_few_are_refused_before_any_search(hits: int, reason: str) -> None:
    """None, all, or fewer than twenty of either kind; the Workbench is not needed for this."""
    found = discover(sample(runs=300), np.arange(300) < hits)

    assert (found.box, found.reason, found.failures) == (None, reason, hits)


@needs
def test_same_seed_same_answer_and_nothing_else_is_touched() -> None:
    """Twice the same; colours of figures and NumPy's old generator stay as they are."""
    colours, state = mpl.rcParams["axes.prop_cycle"], np.random.get_state()[1].copy()  # noqa: NPY002
    first, again = (discover(RUNS, CORNER, method="cart", seed=4) for _ in range(2))

    assert first.box == again.box
    assert first.box != discover(RUNS, CORNER, method="cart", seed=5).box
    assert mpl.rcParams["axes.prop_cycle"] == colours
    np.testing.assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002


# Stability ----------------------------------------------------------------------------------------------------


@pytest.mark.long
@needs
def test_clear_box_is_stable_and_a_chance_one_is_not() -> None:
    """Samples of a corner choose the same two quantities near the same thresholds; samples of noise choose anything."""
    box = Box(limits={"effect": (WEAK, np.inf), "price": (-np.inf, CHEAP)})
    rows = stability(RUNS, CORNER, box, samples=10, method="cart", seed=1).set_index("quantity")
    chance = np.random.default_rng(7).random(len(RUNS)) < 0.4
    noise = stability(RUNS, chance, box, samples=5, method="cart", seed=1)

    assert (rows["chosen"] >= 0.9).all()
    assert rows["end"].to_dict() == {"effect": "lowest", "price": "highest"}
    assert (rows["low"] < rows["high"]).all()
    assert rows["middle"].between(rows["low"], rows["high"]).all()
    assert rows.loc["effect", "middle"] == pytest.approx(WEAK, abs=0.02)
    assert rows.loc["price", "high"] - rows.loc["price", "low"] < 150
    assert noise["chosen"].min() < 0.3


@pytest.mark.long
@needs
def test_stability_by_prim() -> None:
    """The same by peeling, with few samples."""
    found = discover(RUNS, CORNER)

    assert stability(RUNS, CORNER, found.box, samples=2, method="prim", seed=1)["at_end"].tolist() == [1, 1]


# Mistakes -----------------------------------------------------------------------------------------------------


def test_missing_values_are_one_line() -> None:
    """What is wrong, with its name."""
    with pytest.raises(ParameterError, match=r"^quantity \[cost\] has values that are missing; leave such runs out$"):
        discover(RUNS.assign(cost=np.nan), CORNER)


def test_importing_is_cheap() -> None:
    """Neither the Workbench nor what it brings is loaded before something is looked for."""
    heavy = ("ema_workbench", "sklearn", "statsmodels", "matplotlib")
    code = f"import sys, experiments.statistics.scenario_discovery; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)

    assert done.stdout.strip() == "[]"

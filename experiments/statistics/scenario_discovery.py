"""Scenario discovery: the one or two conditions under which a plan fails.

Runs differ in their uncertain inputs, and each fails or not (does not pay back, say). A *box* is a part of the space of
inputs: ranges of a few quantities. Its *coverage* is the share of all failures that lie in it, its *density* the share
of the runs in it that fail. Either can be had alone: everything covers all, one failing run is dense. The rule selects
the box with the highest *correlation* between lying in it and failing. That is the geometric mean of coverage less the
share of the other runs that lie in it too, and density less the share that fails outside: 0 for a box that
separates nothing, 1 for one that separates everything.

The rule: runs are split in halves. In the first, PRIM peels all quantities; the ``SHORT_LIST`` with the clearest
restrictions are peeled again, alone and in pairs; of all boxes on the way whose every condition has a quasi-p-value of
``ALPHA`` or less, the best is selected, with a second condition only if that is ``CLEARLY`` better. The second half
tests it: unless runs fail more often inside by Fisher's test at ``SIGNIFICANT``, with a correlation of ``WEAKEST``, no
condition stands out. Trees can take the place of PRIM. The boxes come from the EMA Workbench (``prim.py``).

References
----------
Bryant & Lempert (2010), Technological Forecasting and Social Change 77:34, doi:10.1016/j.techfore.2009.08.002
(scenario discovery, coverage, density, quasi-p-values).
Kwakkel (2019), Futures & Foresight Science 1:e8, doi:10.1002/ffo2.8 (few dimensions).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiments.statistics.prim import Flags, Limit, Limits, cart_boxes, prim_boxes
from simulation.outcomes import wilson
from simulation.parameters import ParameterError

Method = Literal["prim", "cart"]
Reason = Literal["", "none fail", "all fail", "few fail", "few hold", "nothing stands out"]
"""Why there is no box."""
LOOK: dict[str, Callable[[pd.DataFrame, Flags], list[Limits]]] = {"prim": prim_boxes, "cart": cart_boxes}
FEWEST = 20
"""Failures, and other runs, below which no search is made."""
MOST, SHORT_LIST = 2, 4
"""Conditions of a box at most, and quantities from which they are chosen."""
ALPHA, SIGNIFICANT = 0.05, 0.01
CLEARLY = 1.1
"""How many times better the correlation must be with a second condition."""
WEAKEST = 0.2
"""Correlation below which a box separates too little, however sure it is."""
ENDS = ("lowest", "highest")
STABILITY = ["quantity", "end", "threshold", "chosen", "at_end", "low", "middle", "high"]
"""Columns of ``stability``."""


@dataclass(frozen=True, kw_only=True)
class Box:
    """Conditions on a few quantities; a run lies in the box if it meets them all."""

    limits: Mapping[str, Limit]
    quasi_p: Mapping[str, float] = field(default_factory=dict)
    """For each condition: how probable so many failures are if it did not matter (one-sided binomial test against the
    box without it). It ignores that the best of many was selected; the held-out half does not."""

    def inside(self, inputs: pd.DataFrame) -> Flags:
        """Which runs meet all conditions."""
        kept = np.ones(len(inputs), bool)
        for name, limit in self.limits.items():
            column = inputs[name]
            met = column.astype(str).isin(limit) if isinstance(limit, frozenset) else column.between(*limit)
            kept &= met.to_numpy(bool)
        return kept

    def score(self, inputs: pd.DataFrame, fails: npt.ArrayLike) -> dict[str, float]:
        """How well it separates runs that fail from others.

        runs, failures, inside (runs), hits (failures inside), coverage, density and mass (shares 0-1; the first two
        with their ``_low`` and ``_high``, 95 %, Wilson; NaN where there are no runs), correlation.
        """
        y, within = np.asarray(fails, bool), self.inside(inputs)
        hits, inside, failures, runs = int((y & within).sum()), int(within.sum()), int(y.sum()), len(y)
        out: dict[str, float] = {"runs": runs, "failures": failures, "inside": inside, "hits": hits}
        for name, number in (("coverage", failures), ("density", inside)):
            low, high = wilson(hits, number)
            out |= {name: hits / number if number else np.nan, f"{name}_low": float(low), f"{name}_high": float(high)}
        spread = np.sqrt(float(failures) * (runs - failures) * inside * (runs - inside))
        related = (float(hits) * runs - float(inside) * failures) / spread if spread else 0.0
        return out | {"mass": inside / runs, "correlation": float(related)}


@dataclass(frozen=True, kw_only=True)
class DiscoveryResult:
    """A box, or why there is none."""

    box: Box | None
    reason: Reason
    runs: int
    failures: int
    scores: pd.DataFrame = field(default_factory=pd.DataFrame)
    """The box, or the best one if it did not stand out: ``half`` (found, held out) and what ``Box.score`` gives."""
    candidates: pd.DataFrame = field(default_factory=pd.DataFrame)
    """All boxes that the rule selected from in the first half: coverage, density, mass, correlation, conditions,
    quasi_p (the largest), selected."""
    p_value: float = 1.0
    """Fisher's p in the held-out half (0-1)."""

    @property
    def held_out(self) -> pd.Series:
        """Honest coverage and density: those of runs that did not find the box."""
        return self.scores.iloc[1]


def discover(inputs: pd.DataFrame, fails: npt.ArrayLike, *, method: Method = "prim", seed: int = 1) -> DiscoveryResult:
    """Look for one or two conditions under which runs fail.

    ``inputs``: runs x uncertain quantities, numbers or categories; ``seed`` decides the split in halves. Raises
    ``ParameterError`` if a value is missing.
    """
    from scipy.stats import fisher_exact  # slow to import

    x, y = _clean(inputs, fails)
    runs, failures = len(y), int(y.sum())
    if reason := _hopeless(runs, failures):
        return DiscoveryResult(box=None, reason=reason, runs=runs, failures=failures)
    first = _half(y, seed)
    box, candidates = _selected(x[first], y[first], method)
    if box is None:
        return DiscoveryResult(box=None, reason="nothing stands out", runs=runs, failures=failures,
                               candidates=candidates)  # fmt: skip
    halves = (("found", first), ("held out", ~first))
    scores = pd.DataFrame([{"half": name, **box.score(x[part], y[part])} for name, part in halves])
    within, fell = box.inside(x)[~first], y[~first]
    table = np.array([[np.sum(side & fell), np.sum(side & ~fell)] for side in (within, ~within)])
    p_value = float(fisher_exact(table, alternative="greater").pvalue)
    stands = p_value <= SIGNIFICANT and scores["correlation"].iloc[1] >= WEAKEST
    return DiscoveryResult(
        box=box if stands else None, reason="" if stands else "nothing stands out", runs=runs, failures=failures,
        scores=scores, candidates=candidates, p_value=p_value,
    )  # fmt: skip


def _clean(inputs: pd.DataFrame, fails: npt.ArrayLike) -> tuple[pd.DataFrame, Flags]:
    """Inputs as numbers and texts, without quantities that never differ, and outcomes as flags."""
    kept = {}
    for name, values in inputs.items():
        if values.isna().any():
            raise ParameterError(f"quantity [{name}] has values that are missing; leave such runs out")
        if len(set(values)) > 1:
            category = pd.api.types.is_bool_dtype(values) or not pd.api.types.is_numeric_dtype(values)
            kept[str(name)] = values.astype(str if category else float).to_numpy()
    return pd.DataFrame(kept), np.asarray(fails, bool)


def _hopeless(runs: int, failures: int) -> Reason:
    """Why a search is of no use; empty where it is."""
    if failures in (0, runs):
        return "all fail" if failures else "none fail"
    return "few fail" if failures < FEWEST else "few hold" if runs - failures < FEWEST else ""


def _half(y: Flags, seed: int) -> Flags:
    """Half of the failures and half of the other runs."""
    order = np.random.Generator(np.random.Philox(key=seed)).permutation(len(y))
    order = order[np.argsort(y[order], kind="stable")]
    first = np.zeros(len(y), bool)
    first[order[::2]] = True
    return first


# The rule -----------------------------------------------------------------------------------------------------


def _selected(x: pd.DataFrame, y: Flags, method: Method) -> tuple[Box | None, pd.DataFrame]:
    """The box that the rule selects, and all that it selected from."""
    if x.empty or y.all() or not y.any():
        return None, pd.DataFrame()
    look, boxes = LOOK[method], []
    kept = _clearest(x, y, look)
    for number in range(1, MOST + 1):
        for names in combinations(kept, number):
            every = [limits for limits in look(x[list(names)], y) if len(limits) == number and _any_inside(x, limits)]
            boxes += [Box(limits=limits, quasi_p=_quasi_p(x, y, limits)) for limits in every]
    if not boxes:
        return None, pd.DataFrame()
    scores = pd.DataFrame([box.score(x, y) for box in boxes])[["coverage", "density", "mass", "correlation"]]
    candidates = scores.assign(conditions=[len(box.limits) for box in boxes],
                               quasi_p=[max(box.quasi_p.values()) for box in boxes])  # fmt: skip
    significant = (candidates["quasi_p"] <= ALPHA) & (candidates["correlation"] > 0)
    best: int | None = None
    for number in range(1, MOST + 1):
        fit = candidates[(candidates["conditions"] == number) & significant]
        if len(fit) and (best is None or fit["correlation"].max() > CLEARLY * candidates["correlation"][best]):
            best = int(fit.index.to_numpy()[fit["correlation"].to_numpy().argmax()])
    return (None if best is None else boxes[best]), candidates.assign(selected=candidates.index == best)


def _clearest(x: pd.DataFrame, y: Flags, look: Callable[[pd.DataFrame, Flags], list[Limits]]) -> list[str]:
    """The short list: the quantities of the best box over all of them, then those of the last, by quasi-p-value."""
    every = [limits for limits in look(x, y) if limits and _any_inside(x, limits)]
    names: dict[str, None] = {}
    if every:
        best = max(every, key=lambda limits: Box(limits=limits).score(x, y)["correlation"])
        for limits in (best, every[-1]):
            p = _quasi_p(x, y, limits)
            names |= dict.fromkeys(sorted(p, key=lambda name: p[name]))
    return list(names)[:SHORT_LIST]


def _any_inside(x: pd.DataFrame, limits: Limits) -> bool:
    return bool(Box(limits=limits).inside(x).any())


def _quasi_p(x: pd.DataFrame, y: Flags, limits: Limits) -> dict[str, float]:
    """For each condition, how probable so many failures in the box are if they were as frequent as without it."""
    from scipy.stats import binomtest  # slow to import

    box, p = Box(limits=limits).inside(x), {}
    for name in limits:
        wider = Box(limits={key: limit for key, limit in limits.items() if key != name}).inside(x)
        p[name] = float(binomtest(int(y[box].sum()), int(box.sum()), y[wider].mean(), alternative="greater").pvalue)
    return p


# Stability ----------------------------------------------------------------------------------------------------


def stability(inputs: pd.DataFrame, fails: npt.ArrayLike, box: Box, *, samples: int, method: Method,
              seed: int) -> pd.DataFrame:  # fmt: skip
    """Apply the rule to samples of half the runs, drawn with replacement; ``box`` is the original one.

    One row an end of a condition (categories have none): quantity, end, threshold, chosen (share of samples with a
    condition on the quantity), at_end (share with this end), low, middle, high (5, 50, 95 % of the thresholds there).
    """
    x, y = _clean(inputs, fails)
    rng = np.random.Generator(np.random.Philox(key=seed))
    found: list[Limits] = []
    for _ in range(samples):
        rows = rng.integers(0, len(y), len(y) // 2)
        other, _candidates = _selected(x.iloc[rows].reset_index(drop=True), y[rows], method)
        found.append(dict(other.limits) if other is not None else {})
    rows_out = []
    for name, end, threshold in ends(box):
        there = [limits[name] for limits in found if name in limits]
        at = np.array([limit[end] for limit in there if isinstance(limit, tuple) and np.isfinite(limit[end])])
        spread = np.quantile(at, [0.05, 0.5, 0.95]) if len(at) else np.full(3, np.nan)
        rows_out.append((name, ENDS[end], threshold, len(there) / samples, len(at) / samples, *spread))
    return pd.DataFrame(rows_out, columns=STABILITY)


def ends(box: Box) -> list[tuple[str, int, float]]:
    """Every threshold of a box: quantity, end (0 the lowest value, 1 the highest), value."""
    return [(name, end, limit[end]) for name, limit in box.limits.items() if isinstance(limit, tuple)
            for end in (0, 1) if np.isfinite(limit[end])]  # fmt: skip

"""A test of a box: fresh runs just inside and just outside each of its thresholds, with common random numbers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiments.statistics.scenario_discovery import ENDS, Box, ends
from simulation.outcomes import wilson
from simulation.parameters import ParameterError

SIDES = ("inside", "outside")
SIGNIFICANT = 0.05
"""McNemar's p-value up to which the limit is confirmed."""


def paired_design(
    box: Box, inputs: pd.DataFrame, *, number: int = 50, step: float = 0.1, seed: int = 1
) -> pd.DataFrame:
    """Inputs for a fresh run on both sides of each threshold; all else is as sampled, and the same on both sides.

    The runs of a pair differ in one quantity and are to share their random numbers. Their other inputs come from runs
    that meet the box's other conditions. Correlations with the one quantity in the sample are broken by this.

    Parameters
    ----------
    box
        What scenario discovery found.
    inputs
        The runs x quantities in which it was found.
    number
        Pairs at each threshold.
    step
        How far inside and outside, as a share of the sampled runs (0.1: a tenth of them lies between).
    seed
        Seed of the selection of runs.

    Returns
    -------
    DataFrame
        One row a run: quantity, end, side, pair (from 0), and all inputs.
    """
    if not 0 < step < 0.5:
        raise ParameterError(f"step is [{step:g}]; allowed is more than 0 and less than 0.5")
    rng = np.random.Generator(np.random.Philox(key=seed))
    parts = []
    for name, end, values in _sides(box, inputs, step):
        others = Box(limits={key: limit for key, limit in box.limits.items() if key != name})
        rows = inputs[others.inside(inputs)]
        rows = rows.iloc[rng.choice(len(rows), number, replace=len(rows) < number)].reset_index(drop=True)
        for side, allowed in zip(SIDES, values, strict=True):
            put = pd.Series(allowed)[rng.integers(0, len(allowed), number)].to_numpy()
            parts.append(rows.assign(**{name: put}).assign(quantity=name, end=end, side=side, pair=np.arange(number)))
    columns = ["quantity", "end", "side", "pair"]
    return pd.concat(parts, ignore_index=True)[[*columns, *inputs.columns]]


def _sides(box: Box, inputs: pd.DataFrame, step: float) -> list[tuple[str, str, tuple[list, list]]]:
    """For each threshold, and each category: the values to put just inside, and those just outside."""
    sides: list[tuple[str, str, tuple[list, list]]] = []
    for name, end, threshold in ends(box):
        x = inputs[name].to_numpy(np.float64)
        at, inward = float((x < threshold).mean()), (1, -1)[end]
        inside, outside = (float(np.quantile(x, min(1.0, max(0.0, at + way * step)))) for way in (inward, -inward))
        low, high = (float(each) for each in box.limits[name])
        if not low <= inside <= high:  # a range narrower than the step
            inside = (low + high) / 2
        sides.append((name, ENDS[end], ([inside], [outside])))
    for name, limit in box.limits.items():
        if isinstance(limit, frozenset):
            texts = inputs[name].astype(str)
            known = [sorted(set(inputs[name][texts.isin(limit) == kept])) for kept in (True, False)]
            sides.append((name, "", (known[0], known[1])))
    return sides


def check_thresholds(design: pd.DataFrame, fails: npt.ArrayLike) -> pd.DataFrame:
    """How often the fresh runs fail on either side of each threshold.

    Parameters
    ----------
    design
        What ``paired_design`` gave.
    fails
        Whether each of its rows fails, in its order.

    Returns
    -------
    DataFrame
        quantity, end, pairs, then inside and outside (shares that fail, 0-1, with their ``_low`` and ``_high``, 95 %,
        Wilson), only_inside and only_outside (pairs in which one of the two fails), p_value (McNemar's exact
        test, one-sided), confirmed (whether that is at most ``SIGNIFICANT``).
    """
    from scipy.stats import binomtest  # slow to import

    y = np.asarray(fails)
    if y.shape != (len(design),):
        raise ParameterError(f"outcomes are [{len(y)}]; the design has {len(design)} runs")
    rows = []
    for (name, end), part in design.assign(fails=y.astype(bool)).groupby(["quantity", "end"], sort=False):
        sides = [part[part["side"] == side].set_index("pair")["fails"].sort_index() for side in SIDES]
        row: dict[str, object] = {"quantity": name, "end": end, "pairs": len(sides[0])}
        for side, flags in zip(SIDES, sides, strict=True):
            low, high = wilson(flags.sum(), len(flags))
            row |= {side: flags.mean(), f"{side}_low": float(low), f"{side}_high": float(high)}
        only = [int((sides[k] & ~sides[1 - k]).sum()) for k in (0, 1)]
        p_value = float(binomtest(only[0], sum(only), 0.5, alternative="greater").pvalue) if sum(only) else 1.0
        rows.append(row | {"only_inside": only[0], "only_outside": only[1], "p_value": p_value,
                           "confirmed": p_value <= SIGNIFICANT})  # fmt: skip
    return pd.DataFrame(rows)

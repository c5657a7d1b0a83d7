"""The men of the LIFE experiment who were paid, beside their prediction (``life_maryland``), which does not use it."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import binom

from experiments.statistics.two_proportions import newcombe
from experiments.studies.validation.fit import MIDDLE_95, Longs, log_counts, quantile
from experiments.studies.validation.life_maryland import MEN, WEEKS, LifePrediction, control_weeks, months_of_weeks
from simulation.outcomes import curve
from simulation.parameters import ParameterError

COMPATIBLE = 0.95
"""Share of the predicted groups among which the real one must lie."""


def require_data() -> None:
    """Refuse to begin without the package ``lifelines``, from which the men who were paid are read at the end."""
    try:
        there = find_spec("lifelines") and find_spec("lifelines.datasets")
    except ImportError:
        there = None
    if there is None:
        raise ParameterError(
            "the men who were paid are read from the package [lifelines], which is not installed; install it "
            "(pip install lifelines), or add --predict to get the prediction without them"
        )


def aided_weeks() -> Longs:
    """First arrests by week (52) of the men who were paid, from the installed package ``lifelines``.

    Raises ``ParameterError`` if the package is not installed, or has other men in it.
    """
    require_data()
    from lifelines.datasets import load_rossi  # here, so that nothing of these men is in memory before it is asked for

    men = load_rossi()
    arms = [men[men["fin"] == arm] for arm in (0, 1)]
    weeks = [np.bincount(arm.loc[arm["arrest"] == 1, "week"], minlength=WEEKS + 1)[1:] for arm in arms]
    if [len(arm) for arm in arms] != [MEN, MEN] or weeks[0].tolist() != control_weeks()["arrested"].tolist():
        raise ParameterError("the package lifelines has other men in load_rossi() than those fitted here; use 0.30")
    return np.asarray(weeks[1], np.int64)


def compare(found: LifePrediction, weeks: npt.ArrayLike) -> dict[str, float]:
    """The aided men (first arrests by week, 52) beside the prediction; differences are controls less aided, 0-1.

    ``arrests`` within 52 weeks; the difference with its 95 % interval (Newcombe); the ratio of the cumulative hazards
    with its 95 % interval; ``at_least_as_far``: share of the predicted groups that lie as far from the middle of the
    prediction or farther; ``likelihood_ratio``: probability of these arrests under the prediction, over that if the aid
    did nothing.
    """
    observed, controls = int(np.sum(weeks)), int(found.control.sum())
    groups = found.groups().sum(axis=1)
    below, above = float(np.mean(groups <= observed)), float(np.mean(groups >= observed))
    low, high = newcombe(observed, MEN, controls, MEN)
    ratio, ratio_low, ratio_high = hazard_ratio(observed, controls)
    return {
        "arrests": observed, "difference": (controls - observed) / MEN, "low": float(low), "high": float(high),
        "hazard_ratio": ratio, "hazard_low": ratio_low, "hazard_high": ratio_high,
        "at_least_as_far": min(1.0, 2 * min(below, above)),
        "likelihood_ratio": _probability(found, observed, 1) / _probability(found, observed, 0),
    }  # fmt: skip


def compatible(comparison: dict[str, float]) -> bool:
    """Whether the trial lies among the middle 95 % of those predicted."""
    return comparison["at_least_as_far"] >= 1 - COMPATIBLE


def hazard_ratio(aided: int, controls: int, men: int = MEN) -> tuple[float, float, float]:
    """Ratio of cumulative hazards -ln(1 - share), with a 95 % interval (delta method on its logarithm)."""
    shares = np.array([aided, controls]) / men
    hazards = -np.log1p(-shares)
    sd = float(np.sqrt((shares / (men * (1 - shares) * hazards**2)).sum()))
    ratio = float(hazards[0] / hazards[1])
    return ratio, float(ratio * np.exp(-1.959964 * sd)), float(ratio * np.exp(1.959964 * sd))


def _probability(found: LifePrediction, arrests: int, arm: int) -> float:
    """Probability of so many arrests in 52 weeks, mean over the draws."""
    return float(found.draws.mean(np.asarray(binom.pmf(arrests, MEN, found.cumulated(arm)[:, -1]))))


def updated(found: LifePrediction, weeks: npt.ArrayLike) -> pd.DataFrame:
    """The uncertain parameters before and (``after_``) after the aided men: key, prior, mean, low, high."""
    arrests = months_of_weeks(weeks)
    log = np.log(np.maximum(found.draws.weight, 1e-300)) + log_counts(found.chances[:, 1], arrests, MEN - arrests.sum())
    after = np.exp(log - log.max())
    after /= after.sum()
    rows = []
    for k, each in enumerate(found.draws.parameters):
        column = found.draws.values[:, k]
        row: dict[str, str | float] = {"key": each.keys[0], "prior": each.prior}
        for name, weight in (("", found.draws.weight), ("after_", after)):
            low, high = quantile(column, weight, MIDDLE_95)
            row |= {f"{name}mean": float(weight @ column), f"{name}low": float(low), f"{name}high": float(high)}
        rows.append(row)
    return pd.DataFrame(rows)


def observed_curves(weeks: npt.ArrayLike | None) -> pd.DataFrame:
    """The arms as they were, by the method of Kaplan and Meier: arm, week (0 to 52), at_risk, share, low, high.

    Without ``weeks`` (first arrests of the aided by week) the control arm only.
    """
    arms = {"control": control_weeks()["arrested"].to_numpy()}
    arms |= {} if weeks is None else {"aided": np.asarray(weeks)}
    parts = []
    for arm, counts in arms.items():
        time = np.repeat(np.arange(1, WEEKS + 2), np.append(counts, MEN - counts.sum()))
        parts.append(pd.DataFrame({"arm": arm, "time": time, "known": WEEKS}))
    return curve(pd.concat(parts, ignore_index=True)).rename(columns={"month": "week"})

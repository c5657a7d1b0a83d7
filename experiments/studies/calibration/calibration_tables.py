"""A calibration in tables: parameters, figures of the registers, differences for new groups, and what figures show."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import gaussian_kde

from experiments.inputs.parameter_points import SHARE, STRENGTH, at_shares
from experiments.inputs.trial_result import GAP, LIKE_THE_TRIAL, TRIALS_OWN
from experiments.statistics.intervals import interval
from experiments.studies.calibration.calibration import Calibration
from experiments.studies.calibration.model_comparison import STRENGTHS, log_normal
from experiments.studies.calibration.new_populations import GROUPS
from experiments.studies.calibration.trial_fit import effective
from simulation.outcomes import DEFINITIONS

MEDIAN_ERROR = 1.2533
"""Standard error of a median, in standard errors of a mean (normal draws: the root of half of pi)."""
SHOWN = (LIKE_THE_TRIAL, *GROUPS[1:])
"""Groups of the figure."""
HALF_LIFE = "programme.half_life_months"
HISTOGRAMS = {STRENGTH: True, SHARE: False, HALF_LIFE: False}
"""Parameters whose priors and posteriors are shown, and whether on a logarithmic scale."""
PRIOR_DRAWS, POINTS_SHOWN, CLASSES, DENSITY_POINTS = 20_000, 400, 22, 100
"""Draws of the priors; draws of risks for each definition; classes of a histogram; points of a density."""


def parameters(cal: Calibration) -> pd.DataFrame:
    """Prior, after the registers, after the trial, for each uncertain parameter.

    Columns: key, what, prior (as written), median, low, high of the prior, of the registers' posterior and of the whole
    (95 %), ``by_registers`` and ``by_trial`` (part of the variance each takes away, 0-1; negative if it adds),
    ``shift`` (of the mean, in standard deviations of the prior), ``upper_third`` (how probable the upper third of the
    draws is against the lower third by the trial alone).
    """
    at, values, weights = cal.bank.coordinates, cal.bank.values, cal.weights
    likely = cal.by_definition.sum(axis=1)
    rows = []
    for k, row in enumerate(cal.bank.rows):
        mine = at[:, k]
        mean = float(weights @ mine)
        before, after = float(mine.var()), float(weights @ (mine - mean) ** 2)
        low, high = np.quantile(mine, [1 / 3, 2 / 3])
        intervals = {"prior": at_shares([row], np.array([[0.5], [0.025], [0.975]]))[:, 0].tolist(),
                     "registers": interval(values[:, k]), "posterior": interval(values[:, k], weights)}  # fmt: skip
        rows.append({
            "key": row.key, "what": row.what, "prior": row.prior,
            **{f"{name}_{end}": value for name, found in intervals.items()
               for end, value in zip(("median", "low", "high"), found, strict=True)},
            "by_registers": 1 - before if k < len(cal.known.rows) else 0.0, "by_trial": 1 - after / before,
            "shift": mean,
            "upper_third": float(likely[mine >= high].mean() / max(likely[mine <= low].mean(), 1e-300)),
        })  # fmt: skip
    return pd.DataFrame(rows)


def correlations(cal: Calibration) -> pd.DataFrame:
    """The ten most correlated pairs of parameters in the posterior, from 0.2 on: first, second, correlation."""
    weights, at = cal.weights, cal.bank.coordinates
    rest = at - weights @ at
    cov = (rest * weights[:, None]).T @ rest
    sd = np.sqrt(np.diag(cov))
    matrix = cov / np.outer(sd, sd)
    i, j = np.triu_indices(len(matrix), 1)
    order = np.argsort(-np.abs(matrix[i, j]))[:10]
    keys = cal.bank.keys
    rows = [(keys[i[k]], keys[j[k]], float(matrix[i[k], j[k]])) for k in order if abs(matrix[i[k], j[k]]) >= 0.2]
    return pd.DataFrame(rows, columns=["first", "second", "correlation"])


def registers(cal: Calibration) -> pd.DataFrame:
    """The registers' figures beside the model at draws from the posterior of the registers."""
    known, checked = cal.known.known, cal.known.checked
    model = np.array([checked[name].mean() for name in known.names])
    return pd.DataFrame({
        "figure": known.names, "observed": known.observed, "sd": known.sd, "model": model,
        "model_low": [checked[name].quantile(0.025) for name in known.names],
        "model_high": [checked[name].quantile(0.975) for name in known.names],
        "apart": (model - known.observed) / known.sd,
        "emulator_bias": cal.known.bias, "emulator_spread": cal.known.spread, "stochastic_sd": cal.known.noise,
    })  # fmt: skip


def differences(drawn: pd.DataFrame, groups: pd.DataFrame, *, draws: float) -> pd.DataFrame:
    """Two-year risks with and without mentors for new groups, with the uncertainty of the posterior.

    ``groups`` is ``new_groups`` of the first rows of ``drawn``; ``draws`` is the effective number of draws behind
    ``drawn``. Columns: group, definition, without, with (means), difference (median), error (simulation error of the
    median), low, high (95 %), helps (probability that it is more than 0), survives (median in % of the reported
    difference).
    """
    rows = []
    for definition, start in ((TRIALS_OWN, "_"), ("any", "_any_")):
        sides = drawn[[f"{start}control", f"{start}mentored"]].set_axis(["none", "offered"], axis=1)
        rows.append(_difference(LIKE_THE_TRIAL, definition, sides, draws))
    own = _own_definitions(drawn, groups)
    number = min(draws, float(len(own)))
    for group in groups["group"].unique():
        mine = groups[groups["group"] == group]
        by_own = mine.set_index(["draw", "definition"]).loc[list(enumerate(own))]
        rows.append(_difference(group, TRIALS_OWN, by_own, number))
        rows += [_difference(group, name, mine[mine["definition"] == name].sort_values("draw"), number)
                 for name in DEFINITIONS]  # fmt: skip
    return pd.DataFrame(rows)


def _own_definitions(drawn: pd.DataFrame, groups: pd.DataFrame) -> list[str]:
    """The definition of each draw at which new groups were simulated."""
    return [str(each) for each in drawn["trial.definition"].iloc[: int(groups["draw"].max()) + 1]]


def _difference(group: str, definition: str, sides: pd.DataFrame, draws: float) -> dict[str, Any]:
    without, mentored = sides["none"].to_numpy(), sides["offered"].to_numpy()
    gap = without - mentored
    middle, low, high = interval(gap)
    return {
        "group": group, "definition": definition, "without": float(without.mean()), "with": float(mentored.mean()),
        "difference": middle, "error": MEDIAN_ERROR * float(gap.std()) / float(np.sqrt(draws)), "low": low,
        "high": high, "helps": float((gap > 0).mean()), "survives": 10_000 * middle / GAP,
    }  # fmt: skip


def by_prior(cal: Calibration) -> pd.DataFrame:
    """The difference for a new group like the trial's under other priors of the strength (``STRENGTHS``).

    Columns: prior, strength (as written), difference (median), low, high (95 %), helps, draws (effective).
    """
    strength = cal.bank.column(STRENGTH)
    own = next(row for row in cal.bank.rows if row.key == STRENGTH).prior
    risks = cal.bank.risks()
    gap = (risks[..., 1] - risks[..., 0]).ravel()
    rows = []
    for name, other in STRENGTHS.items():
        ratio = log_normal(other, strength) / log_normal(own, strength) if other else np.ones(len(strength))
        each = cal.by_definition * ratio[:, None]
        weights = each.ravel() / each.sum()
        middle, low, high = interval(gap, weights)
        rows.append((name, other or own, middle, low, high, float(weights[gap > 0].sum()), effective(each.sum(axis=1))))
    return pd.DataFrame(rows, columns=["prior", "strength", "difference", "low", "high", "helps", "draws"])


def risks(drawn: pd.DataFrame) -> pd.DataFrame:
    """Risks of both arms at the first draws of each definition: draw, definition, control, mentored."""
    shown = drawn.groupby("trial.definition", sort=False).head(POINTS_SHOWN)
    return pd.DataFrame({"draw": shown.index, "definition": shown["trial.definition"], "control": shown["_control"],
                         "mentored": shown["_mentored"]})  # fmt: skip


def densities(drawn: pd.DataFrame, groups: pd.DataFrame) -> pd.DataFrame:
    """Density of the difference in each group of ``SHOWN``, by the trial's own definition: group, difference, density.

    No rows for a group in which every draw gives the same.
    """
    gaps = {LIKE_THE_TRIAL: (drawn["_control"] - drawn["_mentored"]).to_numpy()}
    own = _own_definitions(drawn, groups)
    for name in SHOWN[1:]:
        mine = groups[groups["group"] == name].set_index(["draw", "definition"])["difference"]
        gaps[name] = mine.loc[list(enumerate(own))].to_numpy()
    rows = []
    for name, values in gaps.items():
        if np.ptp(values) > 0:
            at = np.linspace(values.min(), values.max(), DENSITY_POINTS)
            rows.append(pd.DataFrame({"group": name, "difference": at, "density": gaussian_kde(values)(at)}))
    return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=["group", "difference", "density"])


def histograms(cal: Calibration, drawn: pd.DataFrame) -> pd.DataFrame:
    """Prior and posterior of some parameters by classes: key, low, high (of the class), prior, posterior (shares)."""
    rng = np.random.default_rng([cal.plan.seed, 5])
    values = at_shares(cal.bank.rows, rng.random((PRIOR_DRAWS, len(cal.bank.rows))))
    rows = []
    for key, log in HISTOGRAMS.items():
        prior, posterior = values[:, cal.bank.keys.index(key)], drawn[key].to_numpy()
        low, high = np.quantile(np.concatenate([prior, posterior]), [0.002, 0.998])
        edges = (np.geomspace if log else np.linspace)(low, high, CLASSES)
        counts = [np.histogram(each, edges)[0] / len(each) for each in (prior, posterior)]
        rows.append(pd.DataFrame({"key": key, "low": edges[:-1], "high": edges[1:], "prior": counts[0],
                                  "posterior": counts[1]}))  # fmt: skip
    return pd.concat(rows, ignore_index=True)

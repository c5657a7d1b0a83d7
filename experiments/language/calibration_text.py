"""A calibration in tables and in words: what survives of the headline, what the data tell, and what they cannot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from experiments.inputs.parameter_points import SHARE, STRENGTH
from experiments.inputs.trial_result import CONTROL_PERCENT, MENTORED_PERCENT
from experiments.statistics.intervals import interval, quantiles
from experiments.statistics.response_surface import Floats
from experiments.studies.calibration.calibration import Calibration
from experiments.studies.calibration.model_comparison import STRENGTHS, log_normal
from experiments.studies.calibration.trial_fit import effective
from simulation.outcomes import DEFINITIONS

LIKE_THE_TRIAL = "a new group like the trial's"
OWN = "the trial's own"
"""Definition of a difference: by whichever definition the draw says that the trial used."""
ROUTES = {
    SHARE: "the share through support factors", "programme.half_life_months": "the half-life (months)",
    "programme.stays": "the part of the effect that stays",
    "programme.unplanned_exit": "unplanned ends (chance a month)",
}  # fmt: skip
"""Doubts on which a single trial can hardly speak: route, persistence, drop-out."""
MEDIAN_ERROR = 1.2533
"""Standard error of a median, in standard errors of a mean (normal draws: the root of half of pi)."""
HEADLINE = CONTROL_PERCENT - MENTORED_PERCENT


def parameters(cal: Calibration) -> pd.DataFrame:
    """Prior, after the registers, after the trial, for each doubt.

    Returns
    -------
    key, what, prior (as written), median, low, high of the prior, of the registers' posterior and of the whole (95 %
    intervals), ``by_registers`` and ``by_trial``: how much of the variance each takes away (0-1; negative if it adds),
    ``shift``: how far the mean moved, in standard deviations of the prior, ``upper_third``: how probable the upper
    third of the draws is against the lower third by the trial alone.
    """
    where, values, weights = cal.bank.where, cal.bank.values, cal.weights
    likely = cal.by_definition.sum(axis=1)
    rows = []
    for k, row in enumerate(cal.bank.rows):
        place = where[:, k]
        mean = float(weights @ place)
        before, after = float(place.var()), float(weights @ (place - mean) ** 2)
        low, high = np.quantile(place, [1 / 3, 2 / 3])
        prior = _prior(row)
        registers, both = interval(values[:, k]), interval(values[:, k], weights)
        rows.append({
            "key": row.key, "what": row.what, "prior": row.prior,
            "prior_median": prior[0], "prior_low": prior[1], "prior_high": prior[2],
            "registers_median": registers[0], "registers_low": registers[1], "registers_high": registers[2],
            "posterior_median": both[0], "posterior_low": both[1], "posterior_high": both[2],
            "by_registers": 1 - before if k < len(cal.known.rows) else 0.0, "by_trial": 1 - after / before,
            "shift": mean,
            "upper_third": float(likely[place >= high].mean() / max(likely[place <= low].mean(), 1e-300)),
        })  # fmt: skip
    return pd.DataFrame(rows)


def _prior(row: Any) -> tuple[float, float, float]:
    from experiments.inputs.parameter_points import at_shares

    middle, low, high = at_shares([row], np.array([[0.5], [0.025], [0.975]]))[:, 0]
    return float(middle), float(low), float(high)


def correlations(cal: Calibration, *, most: int = 10, at_least: float = 0.2) -> pd.DataFrame:
    """Pairs of doubts that the data tie together: first, second, correlation, in order of size."""
    weights, where = cal.weights, cal.bank.where
    rest = where - weights @ where
    cov = (rest * weights[:, None]).T @ rest
    sd = np.sqrt(np.diag(cov))
    matrix = cov / np.outer(sd, sd)
    i, j = np.triu_indices(len(matrix), 1)
    order = np.argsort(-np.abs(matrix[i, j]))[:most]
    keys = cal.bank.keys
    rows = [(keys[i[k]], keys[j[k]], float(matrix[i[k], j[k]])) for k in order if abs(matrix[i[k], j[k]]) >= at_least]
    return pd.DataFrame(rows, columns=["first", "second", "correlation"])


def figures(cal: Calibration) -> pd.DataFrame:
    """The registers' figures beside the model at draws from the posterior of the registers."""
    known, checked = cal.known.known, cal.known.checked
    return pd.DataFrame({
        "figure": known.names, "observed": known.observed, "sd": known.sd,
        "model": [checked[name].mean() for name in known.names],
        "model_low": [checked[name].quantile(0.025) for name in known.names],
        "model_high": [checked[name].quantile(0.975) for name in known.names],
        "apart": [(checked[name].mean() - value) / sd for name, value, sd in
                  zip(known.names, known.observed, known.sd, strict=True)],
        "surface_bias": cal.known.bias, "surface_spread": cal.known.spread, "chance": cal.known.noise,
    })  # fmt: skip


def differences(drawn: pd.DataFrame, groups: pd.DataFrame, *, draws: float) -> pd.DataFrame:
    """Two-year risks with and without mentors for new groups, with the doubt of the posterior.

    Parameters
    ----------
    drawn
        ``Calibration.drawn()``.
    groups
        ``newgroups.new_groups`` of the first of these draws.
    draws
        Effective number of draws behind ``drawn``.

    Returns
    -------
    group, definition, without, with (means), difference (median), error (simulation error of the median), low, high
    (95 %), helps (probability that it is more than 0), survives (median in % of 38 points).
    """
    rows = []
    pairs = {OWN: ("_control", "_mentored"), "any": ("_any_control", "_any_mentored")}
    for definition, (control, mentored) in pairs.items():
        sides = drawn[control].to_numpy(), drawn[mentored].to_numpy()
        rows.append(_difference(LIKE_THE_TRIAL, definition, *sides, draws))
    own = drawn["trial.definition"].iloc[: int(groups["draw"].max()) + 1].to_numpy()
    number = min(draws, float(len(own)))
    for group in groups["group"].unique():
        mine = groups[groups["group"] == group]
        each = {name: mine[mine["definition"] == name].sort_values("draw") for name in DEFINITIONS}
        without, offered = (
            np.array([each[name][column].iloc[k] for k, name in enumerate(own)]) for column in ("none", "offered")
        )
        rows.append(_difference(group, OWN, without, offered, number))
        for name, t in each.items():
            rows.append(_difference(group, name, t["none"].to_numpy(), t["offered"].to_numpy(), number))
    return pd.DataFrame(rows)


def _difference(group: str, definition: str, without: Floats, mentored: Floats, draws: float) -> dict[str, Any]:
    gap = without - mentored
    middle, low, high = interval(gap)
    return {
        "group": group, "definition": definition, "without": float(without.mean()), "with": float(mentored.mean()),
        "difference": middle, "error": MEDIAN_ERROR * float(gap.std()) / float(np.sqrt(draws)), "low": low,
        "high": high, "helps": float((gap > 0).mean()),
        "survives": 10_000 * middle / HEADLINE,
    }  # fmt: skip


def by_prior(cal: Calibration) -> pd.DataFrame:
    """The difference for a new group like the trial's under other priors of the strength (``rivals.STRENGTHS``).

    Returns
    -------
    prior, strength (as written), difference (median), low, high (95 %), helps, draws (effective).
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


def in_words(cal: Calibration, drawn: pd.DataFrame, table: pd.DataFrame, about: pd.DataFrame) -> list[str]:
    """The answer in sentences."""

    def row(group: str, definition: str) -> Any:
        return table[(table["group"] == group) & (table["definition"] == definition)].iloc[0]

    like = row(LIKE_THE_TRIAL, OWN)
    words = [
        f"The trial printed {MENTORED_PERCENT} % against {CONTROL_PERCENT} %, {HEADLINE} points apart. In a new group "
        f"like the trial's the difference is {_points(like)}: {like['survives']:.0f} % of the headline survives. "
        f"The probability that mentoring lowers reoffending there at all is {_percent(like['helps'])}.",
    ]
    for group, text in (("all who would sign up", "Among all who would sign up, at any risk"),
                        ("all released", "Among all released, most of whom cannot or will not take part")):  # fmt: skip
        own, usual = row(group, OWN), row(group, "any")
        words.append(f"{text}, it is {_points(own)}; by any new guilty decision {_points(usual)}.")
    others = [f"{row['prior']} ({row['strength']}) {_points(row)}" for row in by_prior(cal).to_dict("records")[1:]]
    words.append(f"It rests on the prior of the strength. Under others the first difference is: {'; '.join(others)}.")
    words.append(_definition(cal, drawn))
    words.append(
        f"The sizes behind the percentages: {_sizes(drawn['_size_mentored'])} mentored and "
        f"{_sizes(drawn['_size_control'])} controls at highest risk."
    )
    words += _told(about)
    return words


def _definition(cal: Calibration, drawn: pd.DataFrame) -> str:
    """Which definition of reoffending the trial used."""
    if not np.allclose(cal.plan.definitions, 1 / len(DEFINITIONS)):
        return "The definition of reoffending was given, not inferred."
    chances = ", ".join(f"{name} {_percent(share)}" for name, share in cal.definition_chances.items())
    control = 100 * drawn["_any_control"].mean()
    return (
        f"Which definition of reoffending the trial used: {chances} (before: {_percent(1 / len(DEFINITIONS))} each). "
        f"By any new decision {control:.0f} % of such controls would reoffend, where {CONTROL_PERCENT} % were printed."
    )


def _told(about: pd.DataFrame) -> list[str]:
    """What the data changed, and what they could not."""
    named = {str(row["key"]): row for row in about.to_dict("records")}
    gains = [(max(row["by_registers"], row["by_trial"]), row["what"]) for row in named.values()]
    first = [(gain, str(what).split(",")[0].split(" (")[0]) for gain, what in sorted(gains, reverse=True)[:5]]
    words = [
        f"Strength of the effect (hazard ratio while they meet): before {_range(named[STRENGTH], 'prior')}, now "
        f"{_range(named[STRENGTH], 'posterior')}.",
        f"The data say most about: {'; '.join(f'{what} ({_percent(gain)} less variance)' for gain, what in first)}.",
    ]
    blind = [key for key in ROUTES if key in named and abs(named[key]["by_trial"]) < 0.1]
    if blind:
        ranges = [(ROUTES[key], _range(named[key], "prior"), _range(named[key], "posterior")) for key in blind]
        each = "; ".join(f"{name} {before} before, {now} now" for name, before, now in ranges)
        words.append(f"What 97 people cannot tell: {each}.")
    if SHARE in blind:
        words.append(
            f"By the trial alone a large share through support factors is {named[SHARE]['upper_third']:.1f} times as "
            "probable as a small one: the routes remain what the prior says."
        )
    return words


def _range(row: Any, which: str) -> str:
    return f"{row[f'{which}_median']:.2g} ({row[f'{which}_low']:.2g} to {row[f'{which}_high']:.2g})"


def _points(row: Any) -> str:
    return f"{100 * row['difference']:.1f} points (95 %: {100 * row['low']:.1f} to {100 * row['high']:.1f})"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _sizes(column: pd.Series) -> str:
    low, middle, high = quantiles(column.to_numpy(), (0.025, 0.5, 0.975))
    return f"{middle:.0f} ({low:.0f} to {high:.0f})"


def diagnosed(diagnostics: dict[str, float]) -> Sequence[str]:
    """The diagnostics in two lines."""
    d = diagnostics
    return [
        f"Convergence: R-hat {d['r_hat']:.3f}; {d['register_draws']:.0f} effective draws from the registers, "
        f"{d['trial_draws']:.0f} after the trial; the largest weight of a draw {100 * d['largest_weight']:.2f} %.",
        f"Chance in the simulator moves the log likelihood of the trial by {d['likelihood_chance']:.2f} (1 would "
        f"matter) and a register's figure by {d['register_chance']:.2f} of its standard deviation; the response "
        f"surface is off by at most {d['surface_bias']:.2f}.",
    ]  # fmt: skip

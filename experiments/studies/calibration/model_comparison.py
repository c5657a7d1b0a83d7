"""Rival explanations of 29 against 67 %: support factors, the relationship itself, both, or chance.

Each rival is a calibration of its own in which the route is fixed; its evidence is the mean probability, over its own
prior, that 97 people print the pair. Evidence depends on the prior of the strength, so three are shown. What the trial
cannot tell apart other measurements may: for each, how many people an arm needs to have before it would usually name
the right rival.

References
----------
Kass & Raftery (1995), JASA 90:773, doi:10.2307/2291091 (Bayes factors).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from experiments.execution.jobs import Job
from experiments.inputs.parameter_points import SHARE, STRENGTH, at_point
from experiments.inputs.scenario_files import written
from experiments.statistics.response_surface import Floats
from experiments.studies.calibration import trial_fit
from experiments.studies.calibration.calibration import Plan, Registers, Runner, bank_of, systematic
from experiments.studies.calibration.register_fit import places
from experiments.studies.calibration.trial_fit import Bank, effective
from simulation.engine import run as told
from simulation.parameters import Prior
from simulation.scenario import Scenario

NOTHING: dict[str, float] = {
    STRENGTH: 1.0, SHARE: 0.0, "programme.direct_effect_others": 1.0, "programme.support_effect_others": 1.0,
}  # fmt: skip
RIVALS: dict[str, tuple[str, dict[str, float]]] = {
    "support": ("all through support factors", {SHARE: 1.0}),
    "direct": ("all direct", {SHARE: 0.0}),
    "both": ("both routes", {}),
    "chance": ("no effect, only chance", NOTHING),
}
"""Name, description, and keys that do not follow the draws."""
STRENGTHS = {"other trials": "", "sceptical": "LN(0.55, 0.58)", "wide": "LN(0.20, 2.00)"}
"""Priors of the strength for which the evidence is given: of other trials (the parameter's own); the sceptic's, hazard
ratio LN(0.85, 0.15) over 24 months; a wide one."""
MEASUREMENTS = {
    "risk_24": "reoffending within 24 months", "risk_12": "reoffending within 12 months",
    "late": "reoffending in months 25-36, among those free of it so far",
    "held": "support factors held after a year (mean share)",
    "housing": "housing held after a year", "employment": "employment held after a year",
}  # fmt: skip
"""What might tell the rivals apart: differences between mentored and controls, highest-risk group."""
SIZES = (25, 50, 100, 200, 400, 800, 1_600, 3_200, 6_400)
"""People an arm."""
SURE = 0.9
"""How often the right rival of a pair must be named."""
TRIALS = 40
DRAWS_A_PIECE = 4


@dataclass(frozen=True, kw_only=True)
class Rival:
    """One explanation, calibrated."""

    name: str
    bank: Bank
    likelihoods: Floats  # N, the definition summed over

    def evidence(self, prior: str = "") -> tuple[float, float, float]:
        """Probability of what was printed under the rival, its standard error, and the effective number of draws.

        ``prior`` is another prior of the strength (as ``Prior`` reads it), cut at 1 as the rival's own is.
        """
        weights = np.ones(len(self.likelihoods))
        if prior and self.name != "chance":
            strength = self.bank.column(STRENGTH)
            own = next(row for row in self.bank.rows if row.key == STRENGTH).prior
            weights = log_normal(prior, strength) / log_normal(own, strength) * _helping(own) / _helping(prior)
        weights = weights / weights.mean()
        values = weights * self.likelihoods
        mean = float(values.mean())
        return mean, float((values - mean * weights).std() / np.sqrt(len(values))), effective(weights)


def log_normal(prior: str, strength: Floats) -> Floats:
    """Density of a log-normal prior of the strength, times the strength."""
    from scipy.stats import norm

    read = Prior.read(prior)
    return np.asarray(norm.pdf((np.log(strength) - np.log(read.first)) / read.second) / read.second)


def _helping(prior: str) -> float:
    """Probability that a log-normal prior of the strength is at most 1."""
    from scipy.stats import norm

    read = Prior.read(prior)
    return float(norm.cdf(-np.log(read.first) / read.second))


def rivals_of(plan: Plan, known: Registers, run: Runner) -> list[Rival]:
    """Calibrate every rival; in all of them mentors may help or do nothing, not harm (the prior is cut at 1)."""
    found = []
    for part, (name, (_, fixed)) in enumerate(RIVALS.items()):
        bank = _bank(plan, known, run, dict(fixed), name, 20 + part)
        likely = bank.likelihoods(plan.printed) @ np.asarray(plan.definitions)
        found.append(Rival(name=name, bank=bank, likelihoods=likely))
    return found


def _bank(plan: Plan, known: Registers, run: Runner, fixed: dict[str, Any], name: str, part: int) -> Bank:
    rows = trial_fit.all_doubts(plan.trial)
    column = [row.key for row in rows].index(STRENGTH)
    prior = Prior.read(rows[column].prior)

    def helping(where: Floats) -> Floats:
        from scipy.special import ndtr

        share = ndtr(where[:, column]) * float(ndtr(-np.log(prior.first) / prior.second))
        where = where.copy()
        where[:, column] = places([rows[column]], share[:, None])[:, 0]
        return where

    return bank_of(plan, known, run, fixed=fixed, part=part, name=f"rival {name}", moved=helping)


def evidence(rivals: Sequence[Rival]) -> pd.DataFrame:
    """Evidence and posterior probability of each rival (all equally probable before), for each prior of the strength.

    Returns
    -------
    prior, rival, what, evidence, error (standard error), against_chance (Bayes factor), probability, probability_low,
    probability_high (95 %, of the simulation only), draws (effective).
    """
    rows = []
    luck = np.random.default_rng(1)
    for label, prior in STRENGTHS.items():
        found = [rival.evidence(prior) for rival in rivals]
        means, errors = (np.array([each[k] for each in found]) for k in (0, 1))
        drawn = np.maximum(means + errors * luck.standard_normal((4_000, len(found))), 1e-300)
        chances = drawn / drawn.sum(axis=1, keepdims=True)
        low, high = np.quantile(chances, [0.025, 0.975], axis=0)
        chance = means[[rival.name for rival in rivals].index("chance")]
        for k, rival in enumerate(rivals):
            rows.append({
                "prior": label, "rival": rival.name, "what": RIVALS[rival.name][0], "evidence": means[k],
                "error": errors[k], "against_chance": means[k] / chance, "probability": means[k] / means.sum(),
                "probability_low": low[k], "probability_high": high[k], "draws": found[k][2],
            })  # fmt: skip
    return pd.DataFrame(rows)


def piece(context: dict[str, Any], payload: dict[str, Any]) -> dict[str, list[float]]:
    """What each measurement would give at some draws: shares of the controls and of the mentored, highest-risk group.

    Everybody lives twice on the same luck, with mentors and without; so there is little chance in the differences.
    """
    base = written(context["scenario"])
    out: dict[str, list[float]] = {f"{name}_{arm}": [] for name in MEASUREMENTS for arm in ("control", "mentored")}
    for draw, seed in zip(payload["draws"], payload["seeds"], strict=True):
        scenario = at_point(base, draw)
        for arm, assignment in (("control", "nobody"), ("mentored", "everyone")):
            for name, value in _measured(scenario.changed({"trial.assignment": assignment}), seed).items():
                out[f"{name}_{arm}"].append(value)
    return out


def _measured(scenario: Scenario, seed: int) -> dict[str, float]:
    long = told(scenario.changed({"people.follow_up_months": 36}), seed=seed, replicates=TRIALS, threads=1).lives
    year = told(scenario.changed({"people.follow_up_months": 12}), seed=seed, replicates=TRIALS, threads=1).lives
    high = long.highest > 0
    time = getattr(long, f"time_{scenario.trial.definition}")[high]
    held = dict(zip(scenario.factor, year.held[:, year.highest > 0].mean(axis=1), strict=True))
    return {
        "risk_24": float((time <= 24).mean()), "risk_12": float((time <= 12).mean()),
        "late": float((time[time > 24] <= 36).mean()), "held": float(np.mean(list(held.values()))),
        "housing": float(held.get("housing", np.nan)), "employment": float(held.get("employment", np.nan)),
    }  # fmt: skip


def measured(plan: Plan, rivals: Sequence[Rival], run: Runner, *, draws: int = 120) -> pd.DataFrame:
    """What each measurement would give, at draws from each rival's posterior: rival, then the columns of ``piece``."""
    tables = []
    base = plan.trial.changed({
        "volunteers.at_start": 2 * plan.trial.volunteers.at_start,
        "volunteers.recruits_per_month": 2 * plan.trial.volunteers.recruits_per_month,
    })  # fmt: skip
    for part, rival in enumerate(rivals):
        luck = np.random.default_rng([plan.seed, 30 + part])
        chosen = systematic(rival.likelihoods, draws, luck)
        values, keys = rival.bank.values[chosen], rival.bank.keys
        fixed = RIVALS[rival.name][1]
        points = [dict(zip(keys, map(float, row), strict=True)) | fixed for row in values]
        for point in points:
            point["volunteers.recruits_per_month"] *= 2
        seeds = [(plan.seed * 64 + part) * 1_000_000 + k for k in range(draws)]
        job = Job(
            name=f"rivals: measurements under {rival.name}", work=f"{__name__}:piece", command=plan.command,
            context={"scenario": base.to_toml()},
            pieces=[{"draws": points[k : k + DRAWS_A_PIECE], "seeds": seeds[k : k + DRAWS_A_PIECE]}
                    for k in range(0, draws, DRAWS_A_PIECE)],
        )  # fmt: skip
        tables.append(pd.concat([pd.DataFrame(each) for each in run(job)], ignore_index=True).assign(rival=rival.name))
    return pd.concat(tables, ignore_index=True)


def separation(table: pd.DataFrame, *, sizes: Sequence[int] = SIZES, draws: int = 4_000) -> pd.DataFrame:
    """Which measurement would tell which pair of rivals apart, and with how many people an arm.

    A measured difference is the rival's own at a draw, plus chance of two groups of that size; the rival under which it
    is more probable (normal densities) is named.

    Returns
    -------
    first, second (rivals), measurement, what, first_mean, second_mean (expected differences, mentored minus controls),
    then ``right_N`` (share named rightly) for each size, and ``needed`` (people an arm; NaN if none of the sizes will
    do).
    """
    luck = np.random.default_rng(2)
    names = list(dict.fromkeys(table["rival"]))
    rows = []
    for i, first in enumerate(names):
        for second in names[i + 1 :]:
            for name, what in MEASUREMENTS.items():
                sides = [table[table["rival"] == rival] for rival in (first, second)]
                if any(side[f"{name}_control"].isna().any() for side in sides):
                    continue
                gaps = [(side[f"{name}_mentored"] - side[f"{name}_control"]).to_numpy() for side in sides]
                noise = [_spread(side, name) for side in sides]
                right = [_right(gaps, noise, size, draws, luck) for size in sizes]
                good = [size for size, share in zip(sizes, right, strict=True) if share >= SURE]
                rows.append({
                    "first": first, "second": second, "measurement": name, "what": what, "first_mean": gaps[0].mean(),
                    "second_mean": gaps[1].mean(),
                    **{f"right_{size}": share for size, share in zip(sizes, right, strict=True)},
                    "needed": float(good[0]) if good else float("nan"),
                })  # fmt: skip
    return pd.DataFrame(rows)


def _spread(side: pd.DataFrame, name: str) -> float:
    """Standard deviation of a difference of one person an arm."""
    p = [side[f"{name}_{arm}"].mean() for arm in ("control", "mentored")]
    less = 0.5 if name == "held" else 1.0  # a mean over factors that go together; five such halve the variance at least
    return float(np.sqrt(less * sum(each * (1 - each) for each in p)))


def _right(gaps: list[Floats], noise: list[float], size: int, draws: int, luck: np.random.Generator) -> float:
    sd = [np.hypot(gap.std(), each / np.sqrt(size)) + 1e-9 for gap, each in zip(gaps, noise, strict=True)]
    named = []
    for k in (0, 1):
        seen = luck.choice(gaps[k], draws) + noise[k] / np.sqrt(size) * luck.standard_normal(draws)
        density = [-0.5 * ((seen - gap.mean()) / each) ** 2 - np.log(each) for gap, each in zip(gaps, sd, strict=True)]
        better = density[k] - density[1 - k]
        named.append(float((better > 0).mean() + 0.5 * (better == 0).mean()))
    return float(np.mean(named))


def in_words(table: pd.DataFrame, apart: pd.DataFrame) -> list[str]:
    """The answer in sentences."""
    main = table[table["prior"] == next(iter(STRENGTHS))].set_index("rival")
    listed = "; ".join(f"{row.what} {100 * row.probability:.0f} %" for row in main.itertuples())
    nothing = float(main["probability"]["chance"])
    helps = 1 - nothing
    others = [
        f"under the {label} prior {rows['probability'].iloc[:3].sum() / 3 / rows['probability'].iloc[3]:.1f}"
        for label, rows in table[table["prior"] != next(iter(STRENGTHS))].groupby("prior", sort=False)
    ]
    words = [
        f"With all four equally probable before, the trial leaves: {listed}.",
        f"Some effect is {float(helps / 3 / nothing):.1f} times as probable as none, on average over the three routes; "
        f"{'; '.join(others)}.",
    ]
    routes = main.loc[["support", "direct", "both"], "probability"]
    words.append(
        f"Between the routes the trial hardly decides: the most probable is {routes.max() / routes.min():.1f} times as "
        "probable as the least." if routes.max() < 5 * routes.min() else
        f"Of the routes, {RIVALS[str(routes.idxmin())][0]} is {routes.max() / routes.min():.0f} times less probable "
        f"than {RIVALS[str(routes.idxmax())][0]}."
    )  # fmt: skip
    for first, second in (("support", "direct"), ("direct", "chance"), ("support", "chance")):
        pair = apart[(apart["first"] == first) & (apart["second"] == second)]
        good = pair.dropna(subset=["needed"]).sort_values("needed")
        label = f"{RIVALS[first][0]} against {RIVALS[second][0]}"
        if good.empty:
            words.append(f"To tell {label}: none of the measurements would do with {SIZES[-1]:,} people an arm.")
            continue
        best = good.iloc[0]
        words.append(
            f"To tell {label}: {best['what']} would name the right one in {100 * SURE:.0f} % of cases with "
            f"{best['needed']:,.0f} people an arm ({100 * best['first_mean']:+.0f} against "
            f"{100 * best['second_mean']:+.0f} points)."
        )
    return words

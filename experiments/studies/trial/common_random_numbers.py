"""What common random numbers save: how much less a difference between two policies varies than with independent ones.

Every random number has a fixed address (``simulation/chance.py``), so the same people can live under two policies with
the same random numbers, and what chance does to both cancels. The measure is a ratio of variances
over replicates: that of the difference with independent random numbers over that with common ones. It says how many
times fewer replicates are needed.

It cannot be larger than a bound. If nobody's outcome worsens under the better policy, the outcomes of the two policies
differ for a share d of the people, the difference of the shares; independently they differ as two coins do. So the
ratio is at most (p (1 - p) + q (1 - q)) / (d (1 - d)) with shares p and q: a strong policy changes many lives, and
no coupling can hide that. It can be exceeded a little where people share a municipality, since then random numbers
are shared, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiments.inputs.scenario_files import load
from simulation.engine import SimulatedChunk, over_chunks
from simulation.scenario import Scenario

Floats = npt.NDArray[np.float64]
PEOPLE, REPLICATES, SEED, WINDOW = 10_000, 100, 1, 24
"""People, replicates, seed, and months of follow-up of the measurement."""
RESAMPLES = 2_000
"""Resamples of the replicates behind an interval."""

TRIAL_LIKE = {"people.count": PEOPLE, "people.release_months": 12, "trial.assignment": "everyone"}
"""The trial's people and volunteers in its proportions, all of them offered mentors."""
ALL_MATCHED = {
    "people.count": PEOPLE, "people.release_months": 1, "trial.assignment": "everyone", "trial.signed_up": False,
    "people.accepts_volunteers": 1.0, "programme.shortest_sentence_months": 0.0, "programme.delivered_by": "slots",
    "programme.capacity": 1_000_000.0, "volunteers.at_start": 0.0, "volunteers.recruits_per_month": 0.0,
}  # fmt: skip
"""All who are released accept and are eligible, and there are slots for all."""
NOBODY = {"trial.assignment": "nobody"}


@dataclass(frozen=True, kw_only=True)
class PairedRuns:
    """Two policies on the same people."""

    name: str
    base: str = "pooled"
    """Scenario."""
    opened: bool = True
    """For all who are released (``ALL_MATCHED``), or for the trial's own people and volunteers."""
    less: dict[str, Any]
    more: dict[str, Any]
    """Changes that make the two policies; the second is expected to do better."""

    def scenarios(self, people: int = PEOPLE) -> tuple[Scenario, Scenario]:
        """The two, for so many people."""
        base = load(self.base)
        times = people / base.people.count
        supply = {"volunteers.at_start": base.volunteers.at_start * times,
                  "volunteers.recruits_per_month": base.volunteers.recruits_per_month * times}  # fmt: skip
        common = base.changed({**(ALL_MATCHED if self.opened else TRIAL_LIKE | supply), "people.count": people})
        return common.changed(self.less), common.changed(self.more)


def _gained(factor: str, more: float) -> dict[str, float]:
    return {f"factor.{factor}.gain": load("pooled").factor[factor].gain + more}


def pairs() -> list[PairedRuns]:
    """The pairs that ``desist benchmark`` measures, from strong changes to small ones."""
    return [
        PairedRuns(name="all matched against none", less=NOBODY, more={}),
        PairedRuns(name="all matched against none, sceptical", base="sceptical", less=NOBODY, more={}),
        PairedRuns(name="all offered against none, the trial's people and volunteers", opened=False, less=NOBODY,
                   more={}),
        PairedRuns(name="half matched against none", less=NOBODY, more={"people.accepts_volunteers": 0.5}),
        PairedRuns(name="60 against 50 % matched", less={"people.accepts_volunteers": 0.5},
                   more={"people.accepts_volunteers": 0.6}),
        PairedRuns(name="contact in 91 against 90 % of months", less={}, more={"programme.contact_chance": 0.91}),
        PairedRuns(name="housing gained 0.01 a month more", less={}, more=_gained("housing", 0.01)),
    ]  # fmt: skip


def shares(scenario: Scenario, *, seed: int, replicates: int, threads: int | None = None) -> Floats:
    """Share who reoffended within two years (definition any), replicate by replicate."""

    def reduce(cohort: SimulatedChunk) -> Floats:
        replicate = cohort.people.replicate.astype(np.int64)
        return np.bincount(replicate - replicate.min(), weights=cohort.lives.time_any <= WINDOW) / scenario.people.count

    return np.concatenate(list(over_chunks(scenario, seed, range(replicates), reduce, threads=threads)))


def ratio(less: Floats, more: Floats) -> float:
    """Variance of the difference with independent random numbers over that with common ones; infinite if none differs.

    The shares are replicate by replicate. Independently, every replicate of one policy may stand against every other
    of the other, so the variance of these differences is the sum of the two variances.
    """
    same = (less - more).var(ddof=1)
    return float((less.var(ddof=1) + more.var(ddof=1)) / same) if same > 0 else float("inf")


def bound(less: float, more: float) -> float:
    """The most that the ratio can be for independent people, with these two shares of reoffenders."""
    gap = abs(less - more)
    return (less * (1 - less) + more * (1 - more)) / (gap * (1 - gap)) if gap else float("inf")


def variance_ratio(less: Floats, more: Floats, *, seed: int = SEED) -> dict[str, float]:
    """Two policies, from their shares replicate by replicate with common random numbers.

    The difference and the standard deviations of one replicate's difference are in points; ``low`` to ``high`` is the
    95 % bootstrap interval of the ratio over replicates.
    """
    again = np.random.Generator(np.random.Philox(key=seed)).integers(0, len(less), (RESAMPLES, len(less)))
    value = ratio(less, more)
    ends = (value, value)
    if np.isfinite(value):
        ends = tuple(np.quantile([ratio(less[rows], more[rows]) for rows in again], [0.025, 0.975]).tolist())
    return {
        "difference": 100 * float((less - more).mean()), "sd_same": 100 * float((less - more).std(ddof=1)),
        "sd_independent": 100 * float(np.hypot(less.std(ddof=1), more.std(ddof=1))),
        "ratio": value, "low": ends[0], "high": ends[1], "bound": bound(float(less.mean()), float(more.mean())),
    }  # fmt: skip


def variance_ratios(*, replicates: int = REPLICATES, people: int = PEOPLE, threads: int | None = None) -> pd.DataFrame:
    """Every pair, measured: a row a pair, columns policies and those of ``variance_ratio``."""
    known: dict[str, Floats] = {}

    def seen(scenario: Scenario) -> Floats:
        if scenario.digest not in known:
            known[scenario.digest] = shares(scenario, seed=SEED, replicates=replicates, threads=threads)
        return known[scenario.digest]

    rows = []
    for pair in pairs():
        less, more = (seen(scenario) for scenario in pair.scenarios(people))
        rows.append({"policies": pair.name, **variance_ratio(less, more)})
    return pd.DataFrame(rows)

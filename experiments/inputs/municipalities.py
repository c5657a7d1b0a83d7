"""Denmark as data: how many people are released to each municipality in a year, and what is there to receive them.

The published facts are in ``data/country.csv``, one row a municipality; how they are turned into numbers, and how sure
that is, stands in ``Differences`` (docs/country.md). A user's own table (``country_csv``) can take the place of any
column. Nothing here knows of plans, volunteers or kroner.
"""

from __future__ import annotations

import csv
import math
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiments.inputs.municipality_csv import Own
from simulation.chance import WORD, key_of, words_at
from simulation.municipalities import Municipality, municipalities
from simulation.parameter_sections import People
from simulation.parameters import Prior, Quantity, Section, par
from simulation.programmes import Programme

Floats = npt.NDArray[np.float64]
DATA = files("experiments").joinpath("inputs/data")
COUNTRY = 128 << 24
"""Address in chance of what differs between municipalities, far from everything that happens to people."""
WORDS = 4
"""Random words at one address."""
ELIGIBLE = Prior.read("B(44, 56)")
"""Share of the released who come up for ordinary parole, 3,100 of 7,030: what the model's share is checked against."""


class Differences(Section):
    """How the published facts become numbers, and how far municipalities differ of which nothing is published."""

    releases_per_year: float = par(7030.0, "people per year", 1, 1_000_000,
        what="people released with fixed-term sentences, the whole country", source="2019 [S2]", grade="measured")
    middle_rate: float = par(1.85, "sentences per 1,000 inhabitants", 0.1, 100,
        what="custodial sentences for penal-code offences in the middle municipality",
        source="fitted to 57 of 98 municipalities below 1.975, 2016 [S24]", grade="judged")
    spread: float = par(0.33, "sd of log", 0, 2,
        what="how far the released per inhabitant differ between municipalities whose rate is not published",
        source="fitted to 57 of 98 below 1.975 and the highest at 3.95, 2016 [S24]", grade="judged",
        prior="LN(0.33, 0.2)")
    branch_strength: float = par(1.25, "times", 0.1, 10,
        what="people who come forward as volunteers, per inhabitant, where a Red Cross branch already runs the scheme, "
        "against elsewhere", source="eight places are known [S6]; size assumed", grade="assumed",
        prior="LN(1.25, 0.15)")
    country_vacant: float = par(6.5, "per 1,000 social flats", 0.1, 1000, what="vacant social flats, the whole country",
        source="October 2024 [S100]", grade="measured")
    flats_power: float = par(0.25, "power", 0, 1,
        what="how much more easily one finds a flat where more are vacant: (vacant / country's) to this power",
        source="direction from vacancies [S100]; size assumed", grade="assumed", prior="U(0, 0.5)")
    country_unemployment: float = par(2.8, "percent", 0.1, 50, what="unemployment, the whole country",
        source="November 2021 [S101]", grade="measured")
    jobs_power: float = par(0.5, "power", 0, 2,
        what="how much more easily one finds a job where fewer are unemployed: (country's / local) to this power",
        source="1 if jobs were lost equally often everywhere; halved, since that differs too", grade="assumed",
        prior="U(0, 1)")


COLUMNS = tuple(
    Quantity(key=key, low=0, prior="fixed", **{"high": None, **row})
    for key, row in tomllib.loads((DATA / "country_columns.toml").read_text(encoding="utf-8")).items()
)
"""What the table holds: unit, evidence grade and source of each column (the first two are the model's own table)."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Country:
    """Municipalities with their expected releases, recruiting strength, flats and jobs (arrays: one entry a place)."""

    places: tuple[Municipality, ...]
    ratio: Floats
    """Released per inhabitant against the middle municipality; NaN where not published, which is then uncertain."""
    spread: float
    """Standard deviation of the logarithm of a ratio that is not published."""
    total: float
    """People released in a year to all places, if the user says nothing else."""
    own: Floats
    """The user's own releases a year, which are not uncertain; NaN where there are none."""
    strength: Floats
    """People who come forward as volunteers per inhabitant, against a place without an established branch."""
    flats: Floats
    """How easily one finds a flat, against the country's mean."""
    jobs: Floats
    """How easily one finds a job, against the country's mean."""

    @property
    def population(self) -> Floats:
        """Inhabitants."""
        return np.array([place.population for place in self.places], dtype=np.float64)

    def expected(self) -> Floats:
        """Mean releases a year to each place: the total is spread as population times ratio.

        A ratio that is not published is exp(spread² / 2) on average. The user's own figures stand as they are.
        """
        raw = np.where(np.isnan(self.ratio), math.exp(self.spread**2 / 2), self.ratio) * self.population
        return np.where(np.isnan(self.own), raw * (self.total / math.fsum(raw)), self.own)

    def drawn(self, n: int, seed: int) -> Floats:
        """Releases a year, n possible countries (rows) by place; each row has the sum of ``expected``.

        Ratios that are not published are drawn, exp(spread · z). The z of a place is a function of seed, row and
        official number, so neither the order of the places nor the number of rows matters.
        """
        z = np.array([_normals(place.number, n, seed) for place in self.places]).T
        free = np.isnan(self.own)
        raw = np.where(np.isnan(self.ratio), np.exp(self.spread * z), self.ratio) * self.population
        left = math.fsum(self.expected()[free])
        times = np.array([left / math.fsum(row[free]) if free.any() else 0.0 for row in raw])
        return np.where(free, raw * times[:, None], self.own)

    def at(self, places: Iterable[Municipality]) -> npt.NDArray[np.int64]:
        """Where some places stand in the arrays, in the order in which they are given."""
        where = {place.number: k for k, place in enumerate(self.places)}
        return np.array([where[place.number] for place in places], dtype=np.int64)

    def table(self) -> pd.DataFrame:
        """One row a place: number, name, region, population, programme_area (0, 1), releases_per_year, per_1000,
        recruiting, flats, jobs.
        """
        releases = self.expected()
        rows = [(place.number, place.name, place.region, place.population, int(place.programme_area))
                for place in self.places]  # fmt: skip
        return pd.DataFrame(rows, columns=["number", "name", "region", "population", "programme_area"]).assign(
            releases_per_year=releases, per_1000=1000 * releases / self.population, recruiting=self.strength,
            flats=self.flats, jobs=self.jobs,
        )  # fmt: skip

    def summary(self, *, seed: int, draws: int) -> pd.DataFrame:
        """One row a region and one for Denmark: what is expected, and the middle 95 % of draws.

        Columns: region, municipalities, population, releases (a year), low, high, per_1000, eligible (with a sentence
        that leaves time for a programme), today_municipalities, today_population, today_share (of the population, 0-1),
        today_releases, today_eligible (today: the programme area).
        """
        share = eligible_share(People(), Programme().shortest_sentence_months)
        today = np.array([place.programme_area for place in self.places])
        releases, drawn, inhabitants = self.expected(), self.drawn(draws, seed), self.population
        rows = []
        for region in (*regions(), "Denmark"):
            here = np.array([region in (place.region, "Denmark") for place in self.places])
            low, high = np.quantile(drawn[:, here].sum(axis=1), (0.025, 0.975))
            people, out = math.fsum(inhabitants[here]), math.fsum(releases[here])
            covered, served = math.fsum(inhabitants[here & today]), math.fsum(releases[here & today])
            rows.append({
                "region": region, "municipalities": int(here.sum()), "population": int(people), "releases": out,
                "low": low, "high": high, "per_1000": 1000 * out / people, "eligible": share * out,
                "today_municipalities": int((here & today).sum()), "today_population": int(covered),
                "today_share": covered / people, "today_releases": served, "today_eligible": share * served,
            })  # fmt: skip
        return pd.DataFrame(rows)


def denmark(own: Own | None = None, differences: Differences | None = None) -> Country:
    """The 98 municipalities in order of their official numbers, with the user's own figures where there are any."""
    by = Differences() if differences is None else differences
    places, facts = municipalities(), _facts()
    population = np.array([place.population for place in places], dtype=np.float64)
    rate, branch, vacant, unemployed = (
        np.array([facts[place.number][name] for place in places])
        for name in ("sentences_per_1000", "branch", "vacant_flats", "unemployment")
    )
    known = ~np.isnan(unemployed)
    left = by.country_unemployment * population.sum() - unemployed[known] @ population[known]
    unemployed = np.where(known, unemployed, left / population[~known].sum())
    columns = {
        "recruiting": np.where(branch > 0, by.branch_strength, 1.0),
        "flats": _about_one((vacant / by.country_vacant) ** by.flats_power, population),
        "jobs": _about_one((by.country_unemployment / unemployed) ** by.jobs_power, population),
        "releases_per_year": np.full(len(places), np.nan),
    }
    for name, values in (own or {}).items():
        columns[name] = np.array([values.get(place.number, columns[name][k]) for k, place in enumerate(places)])
    return Country(
        places=places, ratio=rate / by.middle_rate, spread=by.spread, total=by.releases_per_year,
        own=columns["releases_per_year"], strength=columns["recruiting"], flats=columns["flats"], jobs=columns["jobs"],
    )  # fmt: skip


def regions() -> tuple[str, ...]:
    """The five regions, in the order of the official numbers of their first municipalities."""
    return tuple(dict.fromkeys(place.region for place in municipalities()))


def eligible_share(people: People, shortest: float) -> float:
    """Share (0-1) of the released whose sentence is at least ``shortest`` months: P(sentence >= shortest), log-normal.

    >>> round(eligible_share(People(), 2.3), 2)
    0.44
    """
    if shortest <= 0:
        return 1.0
    shorter = math.log(shortest / people.sentence_median_months)
    if people.sentence_log_sd <= 0:
        return float(shorter <= 0)
    return 0.5 * math.erfc(shorter / people.sentence_log_sd / math.sqrt(2))


def time_for_programme(summary: pd.DataFrame) -> dict[str, float]:
    """Who has time for a programme, in numbers: the shortest sentence (months) and the share of the released in a
    summary of the country, with the range (low, high) of the share who come up for ordinary parole.
    """
    whole, (low, high) = summary.iloc[-1], ELIGIBLE.quantile((0.025, 0.975))
    return {"shortest": Programme().shortest_sentence_months, "share": float(whole["eligible"] / whole["releases"]),
            "low": float(low), "high": float(high)}  # fmt: skip


def _about_one(values: Floats, population: Floats) -> Floats:
    """Values against their mean over inhabitants."""
    return np.asarray(values * (population.sum() / (values @ population)))


@cache
def _facts() -> dict[int, dict[str, float]]:
    """The published facts by official number; NaN where nothing is published."""
    text = (DATA / "country.csv").read_text(encoding="utf-8")
    return {
        int(row.pop("number")): {key: float(value or "nan") for key, value in row.items() if key != "name"}
        for row in csv.DictReader(text.splitlines())
    }


def _normals(number: int, n: int, seed: int) -> Floats:
    """Standard normal numbers of a municipality, n of them: the first ones stay when more are wanted."""
    from scipy.special import ndtri  # slow to import

    blocks = range((n + WORDS - 1) // WORDS)
    words = np.concatenate([words_at(number, block, 0, COUNTRY, *key_of(seed)) for block in blocks] or [np.empty(0)])
    return np.asarray(ndtri((words[:n] + 0.5) / WORD))

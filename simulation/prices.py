"""What things cost, and who pays: every price with its unit, year, bounds, source and evidence grade.

A unit names the year of its kroner ("DKK of 2019 a month"); ``points`` and ``draw_prices`` carry all of them to one
price year. Amounts per kind of scheme and of offence are in ``data/prices.toml``. How prices are used is in
``economics.py``; no number here is a forecast of a budget.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from zlib import crc32

import numpy as np
import numpy.typing as npt
from pydantic import Field, ValidationError, ValidatorFunctionWrapHandler, field_validator, model_validator

from simulation.errors import explain
from simulation.parameters import ParameterError, Prior, Quantity, Section, par, quantities
from simulation.price_tables import Priced, built_in_rows, given_keys, onto_rows
from simulation.programmes import Row
from simulation.text_file import read_toml

if TYPE_CHECKING:
    import pandas as pd  # slow to import

PAYERS = (
    "municipality", "region", "state: police and courts", "state: prison", "state: benefits and tax", "victims",
    "volunteers' time",
)  # fmt: skip
"""Who pays and who gains, always in this order."""
PUBLIC = PAYERS[:5]
"""The payers that make up the public total."""
MOST_DRAWS = 1_000_000
Floats = npt.NDArray[np.float64]


@cache
def _tables() -> dict[str, Any]:
    return tomllib.loads(files("simulation").joinpath("data/prices.toml").read_text(encoding="utf-8"))


class Avoided(Priced):
    """Top-down: what the public saves over some years for each person who does not reoffend within two (SØM)."""

    any: float = par(505_300.0, "DKK of 2021", 0, 10_000_000, what="saved when somebody commits no new crime",
        source="SØM for inmates, no new crime in two years [S26]; called imprecise there", grade="judged",
        prior="LN(505300, 0.25)")
    serious: float = par(764_000.0, "DKK of 2021", 0, 10_000_000, what="saved when somebody commits no serious crime",
        source="SØM for inmates, no new serious crime in two years [S26]", grade="judged", prior="LN(764000, 0.25)")
    in_work: float = par(557_000.0, "DKK of 2021", 0, 10_000_000,
        what="saved when somebody works more than half of the first year; for comparison only, never added",
        source="SØM [S27]", grade="judged")
    state_share: float = par(0.90, "share 0-1", 0, 1, what="part of it that the state saves",
        source="social investment fund, by SØM [S20]", grade="judged")
    justice_share: float = par(0.84, "share 0-1", 0, 1, what="part that police, courts and prison save",
        source="social investment fund, by SØM [S20]", grade="judged")
    prison_share: float = par(0.70, "share 0-1", 0, 1, what="part that fewer prison days save",
        source="social investment fund, by SØM [S20]", grade="judged")
    region_share: float = par(0.40, "share 0-1", 0, 1, what="the regions' part of what the state does not save",
        source="SØM gives municipalities and regions together [S20]; the split is assumed", grade="assumed",
        prior="U(0.2, 0.6)")
    prison_days: float = par(245.0, "days", 0, 5_000, what="prison days saved; for comparison only, never added",
        source="social investment fund, by SØM [S20]", grade="judged")
    years: int = par(10, "years", 1, 30, what="years over which the saving is spread, evenly, from the year of release",
        source="SØM counts ten years [S26]; evenly is assumed", grade="judged")

    @model_validator(mode="after")
    def _parts_of_parts(self) -> Self:
        if not self.prison_share <= self.justice_share <= self.state_share:
            raise ParameterError(
                f"prison_share [{self.prison_share:g}], justice_share [{self.justice_share:g}] and state_share "
                f"[{self.state_share:g}] must not fall: each is part of the next"
            )
        return self


class Prison(Priced):
    """Bottom-up: a day in prison."""

    day: float = par(1_450.0, "DKK of 2021 a day", 0, 20_000, what="average cost of a prison day",
        source="0.70 x 505,300 / 245 days = 1,444 [S20][S26]; closed 1,878, open 1,321, all 1,469 in 2015 [S28]",
        grade="judged", prior="LN(1450, 0.15)")
    marginal_share: float = par(0.65, "share 0-1", 0, 1, what="part of the average that one day less saves",
        source="buildings and guards stay; at 108 % of capacity [S50] nearly all may go; assumed", grade="assumed",
        prior="U(0.3, 1.0)")


class Cases(Priced):
    """Bottom-up: what follows a decided case outside prison."""

    per_reoffender: float = par(8.0, "cases", 0.5, 50,
        what="decided cases fewer in ten years for each who does not reoffend within two; police, courts and health "
        "of an avoided reoffender are divided by it",
        source="7.7 in the model's released population (docs/money.md); judged", grade="judged",
        prior="LN(8.0, 0.3)")


class Work(Priced):
    """Bottom-up: a month in work instead of on benefit."""

    benefit: float = par(12_200.0, "DKK of 2019 a month", 0, 50_000, what="cash benefit before tax, single, over 30",
        source="11,400 and 800 in supplements [S60]", grade="measured")
    benefit_tax: float = par(2_900.0, "DKK of 2019 a month", 0, 50_000, what="tax paid on that benefit",
        source="[S60]", grade="measured")
    drawn: float = par(0.8, "share 0-1", 0, 1, what="months at liberty without work in which it is drawn",
        source="others live on family, pensions or nothing; assumed", grade="assumed", prior="B(16, 4)")
    benefit_by_municipality: float = par(0.75, "share 0-1", 0, 1, what="part of the benefit that the municipality pays",
        source="the state refunds 80, 40, 30, then 20 % after a year (refund rules of 2016); the mix is assumed",
        grade="judged", prior="U(0.6, 0.8)")
    wage: float = par(22_000.0, "DKK of 2021 a month", 0, 100_000, what="wage in a month in work",
        source="low-paid or part-time; assumed", grade="assumed", prior="LN(22000, 0.15)")
    tax_share: float = par(0.32, "share 0-1", 0, 1, what="tax on that wage",
        source="general knowledge of Danish tax at that wage; assumed", grade="assumed")
    tax_to_municipality: float = par(0.50, "share 0-1", 0, 1, what="part of income tax that the municipality gets",
        source="general knowledge of Danish tax at that wage; assumed", grade="assumed")


class Kind(Row):
    """A kind of offence: how common it is, and what it does to the victim."""

    share: float = par(0.0, "share 0-1", 0, 1, what="part of all offences that are of this kind",
        source="assumed for a new kind; say more in its about table", grade="assumed")
    pounds: float = par(0.0, "GBP of 2015", 0, 10_000_000, what="cost of one such offence, justice included",
        source="assumed for a new kind; say more in its about table", grade="assumed")


class Victims(Priced):
    """What offences cost their victims. Outside the public payers, and counted only on request."""

    dkk_per_pound: float = par(10.0, "DKK per GBP", 1, 20, what="Danish kroner for a pound, prices included",
        source="general knowledge", grade="assumed")
    scale: float = par(1.0, "times", 0, 5, what="how Danish victims' costs compare with the British",
        source="nothing Danish found; assumed", grade="assumed", prior="U(0.7, 1.3)")
    justice_part: float = par(0.20, "share 0-1", 0, 1,
        what="part of the British cost that is police, courts and prison: taken off, since the state's prices have it",
        source="general knowledge of the British study; assumed", grade="assumed", prior="U(0.1, 0.3)")
    kind: dict[str, Kind] = Field(default_factory=lambda: built_in_rows(Kind, _tables()["victims"]["kind"]))

    @field_validator("kind", mode="wrap")
    @classmethod
    def _onto_built_in(cls, given: Any, validate: ValidatorFunctionWrapHandler) -> dict[str, Kind]:
        return onto_rows(given, Victims().kind, validate)

    @model_validator(mode="after")
    def _shares(self) -> Self:
        if (total := sum(each.share for each in self.kind.values())) > 1 + 1e-9:
            raise ParameterError(
                f"the shares of the kinds add up to [{total:g}]; allowed is up to 1, since the rest have no victim"
            )
        return self


class Course(Priced):
    """A mentoring course by its parts: what keeps volunteers going, and their time."""

    coordinator: float = par(520_000.0, "DKK of 2021 a year", 0, 5_000_000, what="salary of a coordinator, all in",
        source="general knowledge of Danish salaries; assumed", grade="assumed", prior="LN(520000, 0.10)")
    volunteers_each: float = par(60.0, "volunteers", 1, 1_000, what="trained volunteers that a coordinator looks after",
        source="nothing found; set so that today's scheme costs what the grant says", grade="assumed",
        prior="LN(60, 0.25)")
    new_volunteer: float = par(3_000.0, "DKK of 2021", 0, 100_000, what="clearance and training of a new volunteer",
        source="information meeting and courses [S4]; size assumed", grade="assumed", prior="LN(3000, 0.30)")
    recruiting: float = par(1_600.0, "DKK of 2021", 0, 100_000,
        what="finding a new volunteer: announcements, meetings, campaigns",
        source="nothing found; assumed", grade="assumed", prior="LN(1600, 0.50)")
    open_municipality: float = par(25_000.0, "DKK of 2021 a year", 0, 100_000_000,
        what="an open municipality, however few courses it has: start, premises, meetings with prisons and the "
        "municipality, a small part of an employee's time",
        source="nothing found; set so that what today's area uses agrees with the price of a course", grade="assumed",
        prior="LN(25000, 0.50)")
    expenses: float = par(80.0, "DKK of 2021 a month", 0, 5_000, what="travel and coffee of a matched volunteer",
        source="nothing found; assumed", grade="assumed", prior="LN(80, 0.40)")
    administration: float = par(0.10, "share", 0, 1,
        what="administration, added to coordinators, volunteers and expenses",
        source="nothing found; assumed", grade="assumed", prior="U(0.05, 0.15)")
    hours: float = par(8.0, "hours a month", 0, 200, what="a matched volunteer's time",
        source="14 to 15.5 hours for volunteers in all fields [S92][S93]; weekly meetings [S4]; judged", grade="judged",
        prior="LN(8, 0.4)")
    hour: float = par(200.0, "DKK of 2013 an hour", 0, 2_000, what="value of an hour of a volunteer's time",
        source="wage in social institutions and associations, as a Danish study of volunteering values it (2013)",
        grade="judged", prior="U(100, 250)")


class Scheme(Row):
    """What a started place in a scheme costs."""

    per_start: float = par(0.0, "DKK of 2021", 0, 10_000_000, what="cost of a started place, from start to end",
        source="assumed for a new scheme; say more in its about table", grade="assumed")


class Prices(Section):
    """All prices. Without arguments: those that come with Desist."""

    price_year: int = par(2021, "year", 2000, 2060, what="year whose kroner results are in",
        source="SØM's prices are of about 2021 [S26]", grade="judged")
    yearly_rise: float = par(0.02, "share a year", -0.05, 0.2, what="how fast prices and wages rise",
        source="used to carry older prices to the price year; general knowledge", grade="assumed",
        prior="U(0.01, 0.03)")
    discount_rate: float = par(0.035, "share a year", 0, 0.2,
        what="how much less a krone is worth each year later; year 0 is not discounted",
        source="Ministry of Finance, years 0 to 35 [S63]; try 0, 0.025 and 0.05", grade="measured")
    avoided: Avoided = Field(default_factory=Avoided)
    prison: Prison = Field(default_factory=Prison)
    cases: Cases = Field(default_factory=Cases)
    work: Work = Field(default_factory=Work)
    victims: Victims = Field(default_factory=Victims)
    course: Course = Field(default_factory=Course)
    scheme: dict[str, Scheme] = Field(default_factory=lambda: built_in_rows(Scheme, _tables()["scheme"]))
    paid_by: dict[str, float] = par(lambda: {"state: prison": 1.0}, "share 0-1, by payer", what="who pays the courses",
        source="the state's pool for civil society pays such schemes [S45]; a foundation paid the pilot [S6]",
        grade="judged")

    @field_validator("scheme", mode="wrap")
    @classmethod
    def _onto_built_in(cls, given: Any, validate: ValidatorFunctionWrapHandler) -> dict[str, Scheme]:
        return onto_rows(given, Prices().scheme, validate)

    @model_validator(mode="after")
    def _payers(self) -> Self:
        for payer, share in self.paid_by.items():
            if payer not in PUBLIC:
                raise ParameterError(
                    f"paid_by names [{payer}], which is no public payer; allowed is {', '.join(PUBLIC)}"
                )
            if not 0 <= share <= 1:
                raise ParameterError(f"paid_by.{payer} is [{share:g}]; allowed 0 to 1")
        if not math.isclose(total := sum(self.paid_by.values()), 1.0, abs_tol=1e-9):
            raise ParameterError(f"the shares in paid_by add up to [{total:g}]; they must add up to 1")
        return self


def prices_from(table: Mapping[str, Any], label: str = "prices") -> Prices:
    """The prices that come with Desist with some of them changed; ``paid_by`` is replaced as a whole.

    Raises ``ParameterError`` naming the key, the value and what is allowed, each line beginning with ``label``.
    """
    try:
        return Prices.model_validate(dict(table))
    except ValidationError as mistakes:
        raise ParameterError(explain(mistakes, Prices, label)) from None


def read_prices(path: Path) -> Prices:
    """Prices from a TOML file that says what differs from those that come with Desist.

    Raises ``ParameterError`` in one line if it cannot be read or holds what is not allowed.
    """
    return prices_from(read_toml(path, "prices"), path.name)


# Prices as a table --------------------------------------------------------------------------------------------


def points(prices: Prices) -> pd.DataFrame:
    """The prices as one row: a column a dotted key, kroner of the price year, ``paid_by.<payer>`` as well."""
    return _table(prices, {each.key: np.array([float(each.value)]) for each in _numbers(prices)})


def draw_prices(prices: Prices, n: int, seed: int) -> pd.DataFrame:
    """Prices drawn from their priors, in the columns of ``points``.

    Parameters
    ----------
    prices
        The prices, and the priors of the uncertain ones. A price that was given is not uncertain, unless a prior was
        given with it.
    n
        Draws, one row each; row k belongs to draw k.
    seed
        Seed. Each price has its own random numbers, by name, spread evenly over its prior (Latin hypercube).
    """
    if not 1 <= n <= MOST_DRAWS:
        raise ParameterError(f"draws of prices is [{n}]; allowed 1 to {MOST_DRAWS:,}")
    certain = given_keys(prices, certain=True)
    return _table(prices, {each.key: _drawn(each, n, seed, each.key in certain) for each in _numbers(prices)})


def carried(kroner: Any, year: int, prices: pd.DataFrame) -> Any:
    """Kroner of a year in kroner of the price year, for each row of ``points`` or ``draw_prices``."""
    return kroner * (1 + prices["yearly_rise"]) ** (prices["price_year"] - year)


def _drawn(row: Quantity, n: int, seed: int, certain: bool) -> Floats:
    if certain or row.prior == "fixed":
        return np.full(n, float(row.value))
    luck = np.random.default_rng([seed, crc32(row.key.encode())])
    values = Prior.read(row.prior).quantile((luck.permutation(n) + luck.random(n)) / n)
    return np.clip(values, row.low, row.high)


def _table(prices: Prices, columns: dict[str, Floats]) -> pd.DataFrame:
    """Columns of ``points``: what was given is in kroner of the price year that was given with it, if one was."""
    import pandas as pd  # slow to import

    of_price_year = given_keys(prices) if "price_year" in prices.model_fields_set else set()
    rise = 1 + columns["yearly_rise"]
    for each in _numbers(prices):
        year = re.search(r"of (\d{4})", each.unit)
        if year is not None and each.key not in of_price_year:
            columns[each.key] = columns[each.key] * rise ** (prices.price_year - int(year.group(1)))
    number = len(rise)
    payers = {f"paid_by.{payer}": np.full(number, prices.paid_by.get(payer, 0.0)) for payer in PUBLIC}
    return pd.DataFrame({**columns, **payers})


def _numbers(prices: Prices) -> Iterator[Quantity]:
    """All quantities but the tables of shares."""
    return (each for each in quantities(prices) if isinstance(each.value, (int, float)))

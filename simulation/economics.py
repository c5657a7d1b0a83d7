"""Kroner from counts: what programmes cost and save, whom, and in which year.

Counts are what happened under a plan in a year, as a table (``counts_of`` makes one from a history); savings compare
two plans with common random numbers. There are two methods, never added up: *bottom-up* prices each prison day, case
and month in work, *top-down* each person fewer who reoffends. Nothing here runs a model. Year 0 is the first; it is not
discounted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from simulation.annual_counts import KEYS, counts_of
from simulation.parameters import ParameterError
from simulation.prices import PAYERS, PUBLIC, Prices, points

__all__ = [
    "KEYS",
    "PAYERS",
    "PUBLIC",
    "balance",
    "by_payer",
    "by_year",
    "costs",
    "counts_of",
    "difference",
    "savings",
    "whole",
]  # fmt: skip

Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]
Method = Literal["bottom-up", "top-down"]
PrisonPrice = Literal["average", "marginal"]
Avoided = Literal["any", "serious"]
CoursePrice = Literal["per course", "by parts"]

COURSE = "primus_motor"
"""The programme that volunteers carry, whose course can be priced by its parts."""
DAYS = 365 / 12
"""Days in a month."""
REOFFENDERS: dict[str, str] = {"any": "reoffenders_any", "serious": "reoffenders_sentence"}
"""Which people each top-down value is counted on: any new decision, or a new suspended or prison sentence."""
LAST_YEAR = 35
"""Last year for which the discount rate holds [S63]."""
Entry = tuple[str, str, str, Floats]
"""Side, payer, item, kroner (one each row of counts)."""


def costs(counts: pd.DataFrame, prices: Prices | pd.DataFrame, *, course: CoursePrice = "per course") -> pd.DataFrame:
    """What the programmes of a plan cost, by payer and year.

    Parameters
    ----------
    counts
        One row a key (``KEYS``); ``<programme>.started`` is priced, and ``busy_months`` as volunteers' time, which is
        shown apart. By parts also ``volunteer_months``, ``came`` and ``busy_months``, and if they are there
        ``coordinators`` (a fixed number of them; 0 for as many as are needed) and ``open_years`` (of municipalities).
    prices
        ``Prices``, or sampled ones from ``draw_prices``: row k belongs to draw k where counts have draws; otherwise
        every row is used and becomes a draw.
    course
        Price of a mentoring course: so much a started one, or coordinators, training and expenses by their parts.

    Returns
    -------
    Keys, side (``cost``), payer, item, kroner (of the price year) and discounted (to year 0).
    """
    _allowed("course", course, get_args(CoursePrice))
    book = _Book.of(counts, prices)
    entries: list[Entry] = []
    for item, kroner in _courses(book, course):
        entries += [("cost", payer, item, kroner * share) for payer in PUBLIC
                    if (share := book.price(f"paid_by.{payer}")).any()]  # fmt: skip
    if "busy_months" in counts:
        time = book.count("busy_months") * book.price("course.hours") * book.price("course.hour")
        entries.append(("cost", "volunteers' time", "hours given", time))
    return book.rows(entries)


def savings(
    with_: pd.DataFrame, without: pd.DataFrame, prices: Prices | pd.DataFrame, *, method: Method = "bottom-up",
    prison: PrisonPrice = "average", avoided: Avoided = "any", victims: bool = False,
) -> pd.DataFrame:  # fmt: skip
    """Savings of one plan against another with common random numbers, by payer and year; negative where more is spent.

    Parameters
    ----------
    with_, without
        Counts of the two plans, with the same keys; a row that one of them lacks counts as zero. Bottom-up needs
        ``custody_months``, ``fines``, ``suspended`` and ``prison``, and prices ``liberty_months`` and
        ``holds_employment`` if they are there; top-down needs ``reoffenders_any`` or ``reoffenders_sentence``.
    prices
        As in ``costs``.
    method
        Bottom-up or top-down.
    prison
        A prison day at its average price, or at the part that one day less saves; in both methods.
    avoided
        Top-down: people fewer with any new decision, or with a new suspended or prison sentence (``REOFFENDERS``).
    victims
        Whether the loss of victims is counted as well (``offences``), under a payer of its own.

    Returns
    -------
    As ``costs``, side ``saving``. Top-down, the saving on the people released in a year is spread over that year and
    the following ones (``avoided.years``), so rows reach further than counts.
    """
    for name, value, known in (("method", method, Method), ("prison", prison, PrisonPrice),
                               ("avoided", avoided, Avoided)):  # fmt: skip
        _allowed(name, value, get_args(known))
    book = _Book.of(difference(without, with_), prices)
    part = book.price("prison.marginal_share") if prison == "marginal" else np.ones(len(book.keys))
    parts = _top_down(book, avoided, part) if method == "top-down" else [book.rows(list(_bottom_up(book, part)))]
    if victims:
        loss = book.count("offences") * _loss_by_offence(book)
        parts.append(book.rows([("saving", "victims", "victims' loss", loss)]))
    return pd.concat(parts, ignore_index=True)


def balance(
    with_: pd.DataFrame, without: pd.DataFrame, prices: Prices | pd.DataFrame, *, course: CoursePrice = "per course",
    **how: Any,
) -> pd.DataFrame:  # fmt: skip
    """Costs and savings of one plan against another in one table; ``how`` is what ``savings`` takes."""
    paid = costs(difference(with_, without), prices, course=course)
    return pd.concat([paid, savings(with_, without, prices, **how)], ignore_index=True)


def difference(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """Counts of the first less those of the second, row by row; a missing row or column counts as zero.

    Raises ``ParameterError`` if their keys differ (the name of the plan apart).
    """
    by, other = ([name for name in KEYS if name in table and name != "plan"] for table in (first, second))
    if by != other or "year" not in by:
        raise ParameterError(
            f"two tables of counts have the keys [{', '.join(by)}] and [{', '.join(other)}]; they must be the same, "
            "with year among them"
        )
    both = (_numbers_only(table).drop(columns="plan", errors="ignore") for table in (first, second))
    sums = [table.groupby(by, observed=True).sum() for table in both]
    return sums[0].sub(sums[1], fill_value=0.0).fillna(0.0).reset_index()


# Counts with prices -------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class _Book:
    """Counts, and for each row of them the row of prices that holds there."""

    keys: pd.DataFrame
    counts: pd.DataFrame
    prices: pd.DataFrame
    at: Longs

    @classmethod
    def of(cls, counts: pd.DataFrame, prices: Prices | pd.DataFrame) -> _Book:
        """Every row of counts with the prices of its draw; without draws, every row with every row of prices."""
        table = points(prices) if isinstance(prices, Prices) else prices
        counts = _numbers_only(counts).reset_index(drop=True)
        at = np.zeros(len(counts), np.int64)
        if len(table) > 1 and "draw" in counts:
            at = counts["draw"].to_numpy(np.int64)
            if len(at) and not 0 <= at.min() <= at.max() < len(table):
                raise ParameterError(
                    f"counts have draws up to [{at.max()}], but prices were drawn [{len(table)}] times; draw as many"
                )
        elif len(table) > 1:
            at = np.repeat(np.arange(len(table)), len(counts))
            counts = pd.concat([counts] * len(table), ignore_index=True).assign(draw=at)
        if "year" not in counts:
            raise ParameterError("counts have no column [year]; money is counted by year, 0 for the first")
        keys = counts[[name for name in KEYS if name in counts]]
        return cls(keys=keys, counts=counts, prices=table, at=at)

    def price(self, key: str) -> Floats:
        """A price beside each row of counts."""
        if key not in self.prices:
            raise ParameterError(f"there is no price [{key}]; add it to the prices (desist claim --prices FILE)")
        return self.prices[key].to_numpy(np.float64)[self.at]

    def count(self, name: str) -> Floats:
        """A column of counts."""
        if name not in self.counts:
            known = ", ".join(str(each) for each in self.counts if each not in KEYS)
            raise ParameterError(f"counts have no column [{name}], which is priced here; there are {known}")
        return self.counts[name].to_numpy(np.float64)

    def rows(self, entries: Sequence[Entry], *, later: int = 0) -> pd.DataFrame:
        """Entries as rows, in kroner and discounted, so many years later than the counts."""
        n, keys = len(self.keys), self.keys.assign(year=self.keys["year"] + later)
        if n and keys["year"].max() > LAST_YEAR:
            raise ParameterError(f"year is [{keys['year'].max()}]; the discount rate holds for years 0 to {LAST_YEAR}")
        table = pd.concat([keys] * len(entries), ignore_index=True) if entries else keys.iloc[:0].copy()
        table["side"] = np.repeat(np.array([side for side, *_ in entries], object), n)
        table["payer"] = pd.Categorical.from_codes(
            np.repeat(np.array([PAYERS.index(payer) for _, payer, *_ in entries], np.int8), n), pd.Index(PAYERS),
            ordered=True,
        )  # fmt: skip
        table["item"] = np.repeat(np.array([item for *_, item, _ in entries], object), n)
        table["kroner"] = np.concatenate([np.zeros(0), *(kroner for *_, kroner in entries)])
        rate = (1 + self.price("discount_rate")) ** -keys["year"].to_numpy(np.float64)
        table["discounted"] = table["kroner"] * np.tile(rate, len(entries))
        return table.astype({"side": str, "item": str})


def _numbers_only(counts: pd.DataFrame) -> pd.DataFrame:
    """The counts themselves, if all columns are keys or numbers."""
    for name in counts.columns.difference(pd.Index(KEYS)):
        if not pd.api.types.is_numeric_dtype(counts[name]):
            raise ParameterError(
                f"counts have the column [{name}], which is neither a number nor one of {', '.join(KEYS)}"
            )
    return counts


def _courses(book: _Book, course: CoursePrice) -> Iterator[tuple[str, Floats]]:
    """Items and kroner of every programme's started places."""
    for name in (str(each).removesuffix(".started") for each in book.counts if str(each).endswith(".started")):
        if course == "per course" or name != COURSE:
            yield f"courses: {name}", book.count(f"{name}.started") * book.price(f"scheme.{name}.per_start")
            continue
        coordinators = book.count("volunteer_months") / 12 / book.price("course.volunteers_each")
        if "coordinators" in book.counts:  # so many, whatever they have to do
            coordinators = np.where(book.count("coordinators") > 0, book.count("coordinators"), coordinators)
        parts = {
            "coordinators": coordinators * book.price("course.coordinator"),
            "recruiting": book.count("came") * book.price("course.recruiting"),
            "clearance and training": book.count("came") * book.price("course.new_volunteer"),
            "expenses": book.count("busy_months") * book.price("course.expenses"),
        }
        yield from ((f"courses: {item}", kroner) for item, kroner in parts.items())
        yield "courses: administration", np.sum([*parts.values()], axis=0) * book.price("course.administration")
        if "open_years" in book.counts:
            yield "courses: open municipalities", book.count("open_years") * book.price("course.open_municipality")


def _bottom_up(fewer: _Book, part: Floats) -> Iterator[Entry]:
    """Fewer prison days and decided cases; fewer months on benefit, more tax."""
    days = fewer.count("custody_months") * DAYS
    yield "saving", "state: prison", "prison days", days * fewer.price("prison.day") * part
    cases = np.sum([fewer.count(name) for name in ("fines", "suspended", "prison")], axis=0)
    each = cases * fewer.price("avoided.any") / fewer.price("cases.per_reoffender")
    justice = fewer.price("avoided.justice_share") - fewer.price("avoided.prison_share")
    yield "saving", "state: police and courts", "cases", each * justice
    health = (1 - fewer.price("avoided.state_share")) * fewer.price("avoided.region_share")
    yield "saving", "region", "health", each * health
    if "holds_employment" not in fewer.counts:
        return
    work = -fewer.count("holds_employment")
    idle = (fewer.count("liberty_months") + work) * fewer.price("work.drawn")
    benefit, town = idle * fewer.price("work.benefit"), fewer.price("work.benefit_by_municipality")
    yield "saving", "municipality", "benefits", benefit * town
    yield "saving", "state: benefits and tax", "benefits", benefit * (1 - town)
    tax = work * fewer.price("work.wage") * fewer.price("work.tax_share") - idle * fewer.price("work.benefit_tax")
    town = fewer.price("work.tax_to_municipality")
    yield "saving", "municipality", "tax", tax * town
    yield "saving", "state: benefits and tax", "tax", tax * (1 - town)


def _top_down(fewer: _Book, avoided: Avoided, part: Floats) -> list[pd.DataFrame]:
    """SØM's value of avoided reoffenders, divided between payers by its shares and spread over its years."""
    state, justice, prison = (fewer.price(f"avoided.{name}_share") for name in ("state", "justice", "prison"))
    region = (1 - state) * fewer.price("avoided.region_share")
    shares = dict(zip(PUBLIC, (1 - state - region, region, justice - prison, prison * part, state - justice),
                      strict=True))  # fmt: skip
    years = int(fewer.prices["avoided.years"].iloc[0])
    saved = fewer.count(REOFFENDERS[avoided]) * fewer.price(f"avoided.{avoided}") / years
    entries = [("saving", payer, "avoided reoffenders", saved * share) for payer, share in shares.items()]
    return [fewer.rows(entries, later=year) for year in range(years)]


def _loss_by_offence(book: _Book) -> Floats:
    """Victims' loss by an average offence, without the justice that the state's prices already have."""
    keys = [str(key) for key in book.prices if str(key).startswith("victims.kind.")]
    kinds = [key.removesuffix(".share") for key in keys if key.endswith(".share")]
    pounds = np.sum([book.price(f"{kind}.share") * book.price(f"{kind}.pounds") for kind in kinds], axis=0)
    own = book.price("victims.scale") * (1 - book.price("victims.justice_part"))
    return np.asarray(pounds * book.price("victims.dkk_per_pound") * own)


def _allowed(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ParameterError(f"{name} is [{value}]; allowed is {', '.join(known)}")


# Sums of a table of costs and savings -------------------------------------------------------------------------


def by_payer(table: pd.DataFrame, *, keep: Sequence[str] = ("draw",), discounted: bool = True) -> pd.DataFrame:
    """Cost, saving and net (saving less cost) of each payer (column ``payer``), in order, for each key in ``keep``.

    ``keep`` names keys (those that the table has not are left out); what is not kept is added up, so that replicates
    must be averaged before.
    """
    return _summed(table, [*keep, "payer"], discounted)


def by_year(table: pd.DataFrame, *, keep: Sequence[str] = ("draw",), discounted: bool = False) -> pd.DataFrame:
    """Cost, saving and net of the public payers together in each year (see ``by_payer``)."""
    return _summed(table[table["payer"].isin(PUBLIC)], [*keep, "year"], discounted)


def whole(table: pd.DataFrame, *, keep: Sequence[str] = ("draw",), discounted: bool = True) -> pd.DataFrame:
    """Cost, saving, net and ratio (saving to cost) of the public payers together (see ``by_payer``)."""
    found = _summed(table[table["payer"].isin(PUBLIC)], list(keep), discounted)
    return found.assign(ratio=found["saving"] / found["cost"].where(found["cost"] != 0))


def _summed(table: pd.DataFrame, by: list[str], discounted: bool) -> pd.DataFrame:
    keys = [name for name in by if name in table]
    amounts = table["discounted" if discounted else "kroner"].to_numpy(np.float64)
    cost = (table["side"] == "cost").to_numpy()
    split = table[keys].assign(cost=np.where(cost, amounts, 0.0), saving=np.where(cost, 0.0, amounts))
    if not keys:
        return _net(split.sum().to_frame().T)
    found = split.groupby(keys, observed=True).sum()
    if keys[-1] == "payer":
        found = found.reindex(_every_purse(found.index), fill_value=0.0)
    return _net(found.reset_index())


def _every_purse(index: pd.Index) -> pd.Index:
    """The kept keys that are there, each with all payers."""
    payers = pd.CategoricalIndex(PAYERS, categories=PAYERS, ordered=True, name="payer")
    if index.nlevels == 1:
        return payers
    kept = index.to_frame(index=False).drop(columns="payer").drop_duplicates(ignore_index=True)
    rows = kept.loc[np.repeat(np.arange(len(kept)), len(PAYERS))].assign(payer=np.tile(payers, len(kept)))
    return pd.MultiIndex.from_frame(rows.astype({"payer": payers.dtype}))


def _net(found: pd.DataFrame) -> pd.DataFrame:
    return found.assign(net=found["saving"] - found["cost"])

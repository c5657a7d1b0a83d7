"""The sections of a scenario that are tables: support factors, programmes, volunteers, places.

A sixth factor or a new programme is a few lines of TOML; the fields below are all that the model knows of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Literal, Self

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from simulation.errors import nearest
from simulation.parameters import About, ParameterError, Section, only_if_any, par

Allocation = Literal["first come", "highest risk", "lowest risk", "lottery"]
"""Rules by which a waiting list is served."""
Order = Literal[Allocation, "listed"]
"""A rule, or the coordinator's own list of people."""
UNLIMITED = 100.0
"""Openings of one per person and month: no scarcity."""
ByPlace = dict[str, Annotated[float, Field(ge=0, le=1e9)]]
"""A number for each of some municipalities, by name (spellings such as Århus are understood)."""
Month = Annotated[int, Field(ge=0, le=1_000)]


class Row(Section):
    """A row of a table in a scenario file; it brings source, grade and prior for its own numbers along."""

    label: str = Field("", description="name in tables and figures; the key if empty")
    about: dict[str, About] = Field(
        default_factory=dict, description="source, grade and prior of this row's numbers, by field"
    )

    @model_validator(mode="after")
    def _about_known_fields(self) -> Self:
        refuse_unknown(self.about, type(self))
        return self


def refuse_mistyped(below: Mapping[str, Any], layer: Mapping[str, Any], label: str) -> None:
    """Refuse a new factor or programme that has no label and nearly the name of a known one: it is a slip."""
    for table in ("factor", "programme"):
        rows, known = layer.get(table), below[table]
        for name, row in rows.items() if isinstance(rows, Mapping) else ():
            slip = name not in known and isinstance(row, Mapping) and not row.get("label")
            if slip and (near := get_close_matches(name, known, n=1, cutoff=0.75)):
                raise ParameterError(f"{label}: unknown key [{table}.{name}]; did you mean {table}.{near[0]}? "
                                     "(a new one needs a label)")  # fmt: skip


def refuse_unknown(about: Iterable[str], section: type[Section]) -> None:
    """Refuse notes about a field that a section does not have."""
    for name in about:
        if name not in section.model_fields:
            hint = nearest(name, section.model_fields)
            raise ParameterError(f"about.{name} describes no field of this table; {hint}")


class Factor(Row):
    """A support factor, held or lacked: how common it is, how it comes and goes, what lacking it does."""

    missing_at_release: float = par(0.5, "share 0-1", 0, 1, what="share who lack it at release",
        source="assumed for a new factor; say more in its about table", grade="judged")
    gain: float = par(0.02, "chance per month", 0, 1, what="chance of gaining it in a month at liberty",
        source="assumed for a new factor; say more in its about table", grade="assumed")
    loss: float = par(0.01, "chance per month", 0, 1, what="chance of losing it in a month at liberty",
        source="assumed for a new factor; say more in its about table", grade="assumed")
    missing_hazard_ratio: float = par(1.0, "times", 0.1, 10, what="hazard of offending when it is lacked",
        source="assumed for a new factor; say more in its about table", grade="judged")
    lost_in_custody: float = par(0.0, "chance", 0, 1, what="chance that custody destroys it",
        source="assumed for a new factor; say more in its about table", grade="assumed")
    openings: float = par(UNLIMITED, "per 100 people and month", 0, 100,
        what="openings (flats, jobs) that come up in a place, per 100 released people at liberty there; "
        "100: no scarcity",
        source="assumed for a new factor; say more in its about table", grade="assumed")
    openings_by: ByPlace = par(dict, "times, by municipality",
        what="openings in single municipalities, times the others'", source="as openings", grade="assumed")
    helped_by: dict[str, Annotated[float, Field(gt=0, le=100)]] = par(dict, "times, by factor",
        what="how many times likelier a gain is for people who hold another factor",
        source="assumed for a new factor; say more in its about table", grade="assumed")


class Programme(Row):
    """Any organised help: when it meets people, whom, and what it does to support and to crime."""

    delivered_by: Literal["volunteers", "slots"] = par("slots", "volunteers or slots",
        what="whether volunteers carry it (a supply) or it has a number of places", source="the programme's rule",
        grade="measured")
    accepted_from: Literal["volunteers", "system"] = par("volunteers", "volunteers or system",
        what="whose help it is in the eyes of the person", source="the programme's rule", grade="measured")
    starts_month: int = par(-2, "months from release", -24, 0, what="month in which a person is due",
        source="from about two months before release [S2]", grade="measured")
    deadline_month: int = par(0, "months from release", -24, 12,
        what="a person who is not matched before this month is left without", source="release", grade="judged")
    ends_month: int = par(12, "months from release", 0, 120, what="month of the planned end",
        source="until about one year after release [S2]", grade="measured")
    shortest_sentence_months: float = par(2.3, "months", 0, 120, what="shortest sentence that leaves time to start",
        source="44 % of the released [S18]", grade="judged")
    allocation: Order = par("first come", "first come, highest risk, lowest risk, lottery or listed",
        what="order in which the waiting list is served", source="the programme's rule", grade="assumed")
    listed: list[int] = only_if_any(par(list, "numbers of people",
        what="the coordinator's own list, where allocation is listed: nobody else is taken in, in each municipality "
        "in this order; the same numbers in every replicate", source="the programme's rule", grade="assumed"))
    capacity: float = par(0.0, "people at a time", 0, 1_000_000,
        what="places of a programme without volunteers, spread over its municipalities by population",
        source="the programme's rule", grade="assumed")
    municipalities: list[str] = par(list, "names",
        what="municipalities or regions where it exists (empty: in all of the scenario)",
        source="the programme's rule", grade="measured")
    opens: dict[str, Month] = par(dict, "calendar month, by municipality",
        what="month in which it opens in a municipality, counted from the first release (0 where nothing is said)",
        source="the plan", grade="assumed")
    closes_month: int = par(0, "calendar month", 0, 1_000,
        what="month from which nobody new is taken in (0: never)", source="the plan", grade="assumed")
    re_eligible: bool = par(False, "true or false",
        what="people who return to prison are offered it again before the next release, if there is time",
        source="the programme's rule", grade="assumed")
    offered_share: float = par(1.0, "share 0-1", 0, 1,
        what="share of the scenario's people to whom it is offered: those with the highest predicted risk",
        source="the programme's rule", grade="assumed")
    max_per_year: float = par(0.0, "people a year", 0, 1_000_000,
        what="most people taken in in a year (0: no limit), shared by the open municipalities by their released "
        "people; what is not used is kept", source="the programme's budget", grade="assumed")
    contact_chance: float = par(0.90, "chance per month", 0, 1, what="chance that they meet in a month",
        source="weekly contact is intended [S4]; some months fail", grade="judged", prior="B(18, 2)")
    dropout_chance: float = par(0.0418, "chance per month", 0, 1, what="chance of an unplanned end in a month",
        source="45 % over 14 months; Scotland 56 % in up to 6 [S88]", grade="judged", prior="B(9, 206)")
    direct_hazard_ratio: float = par(1.0, "hazard ratio", 0.001, 5,
        what="hazard while they meet, for the highest-risk group, apart from support factors",
        source="docs/settings.md, or the programme's about table", grade="assumed", prior="LN(0.74, 0.42)")
    direct_hazard_ratio_others: float = par(1.0, "hazard ratio", 0.001, 5, what="the same for everybody else",
        source="no effect is reported outside the highest-risk group; LN(0.97, 0.15)", grade="assumed",
        prior="LN(0.97, 0.15)")
    support_hazard_ratio: float = par(1.0, "hazard ratio", 0.05, 1,
        what="hazard that the help with support factors aims at, mean of the first year, highest-risk group; "
        "decides how many times likelier gains become",
        source="docs/settings.md, or the programme's about table", grade="assumed", prior="B(17, 3)")
    support_hazard_ratio_others: float = par(1.0, "hazard ratio", 0.05, 1, what="the same for everybody else",
        source="as direct_hazard_ratio_others", grade="assumed", prior="B(97, 3)")
    gain_multiplier: float = par(0.0, "times", 0, 1000,
        what="how many times likelier gains become with help, highest-risk group; "
        "0: as many as support_hazard_ratio asks for",
        source="found from support_hazard_ratio", grade="assumed")
    gain_multiplier_others: float = par(0.0, "times", 0, 1000, what="the same for everybody else",
        source="found from support_hazard_ratio_others", grade="assumed")
    gain_weights: dict[str, Annotated[float, Field(ge=0, le=1)]] = par(dict, "weight 0-1, by factor",
        what="which factors the help is about, as powers of a common multiplier",
        source="docs/settings.md, or the programme's about table", grade="assumed")
    persistence: float = par(1.0, "share 0-1", 0, 1,
        what="part of the direct effect that stays when contact ends as planned; "
        "less after fewer months of contact, in proportion", source="length of engagement drives progress [S88]",
        grade="assumed", prior="U(0.3, 1.0)")
    half_life_months: float = par(18.0, "months", 0.1, 1200, what="time in which the part that stays halves",
        source="visits: 53 % at one year, nothing at five [S65]", grade="judged", prior="U(6, 36)")

    @model_serializer(mode="wrap")
    def _without_an_empty_list(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """An empty list is not written, so that files and digests of scenarios without one do not know of it."""
        data: dict[str, Any] = handler(self)
        if not self.listed:
            data.pop("listed", None)
        return data

    @model_validator(mode="after")
    def _own_list(self) -> Self:
        if self.listed and self.allocation != "listed":
            raise ParameterError(
                f"listed names {len(self.listed)} people, but allocation is [{self.allocation}]; set it to listed, or "
                "leave the list empty"
            )
        for person, number in Counter(self.listed).items():
            if number > 1:
                raise ParameterError(f"listed names person [{person}] twice; name each person once")
        return self

    @model_validator(mode="after")
    def _order(self) -> Self:
        if not self.starts_month < self.deadline_month <= self.ends_month:
            raise ParameterError(
                f"starts_month [{self.starts_month}], deadline_month [{self.deadline_month}] and ends_month "
                f"[{self.ends_month}] must come in this order"
            )
        for name in ("gain_multiplier", "gain_multiplier_others"):
            if 0 < getattr(self, name) < 1:
                raise ParameterError(
                    f"{name} is [{getattr(self, name)}]; allowed is 0 (as support_hazard_ratio asks), or 1 to 1,000"
                )
        return self


class Volunteers(Section):
    """The supply of volunteers over all places of the scenario, spread by population."""

    at_start: float = par(0.0, "volunteers", 0, 1_000_000, what="trained volunteers when the calendar starts",
        source="pilot: 37 courses a year, two volunteers each [S4]", grade="judged")
    recruits_per_month: float = par(0.0, "volunteers per month", 0, 5_000,
        what="people who come forward (at most 700 in one place)",
        source="as at_start", grade="assumed", prior="LN(4.0, 0.4)")
    ceiling: float = par(0.0, "volunteers", 0, 1_000_000, what="most volunteers at a time (0: twice at_start, "
        "at least a year's recruits)", source="assumed", grade="assumed")
    at_start_by: ByPlace = par(dict, "parts, by municipality",
        what="how at_start is spread (empty: by population)", source="the plan", grade="assumed")
    recruits_by: ByPlace = par(dict, "parts, by municipality",
        what="how recruits_per_month is spread (empty: by population)", source="the plan", grade="assumed")
    ceiling_by: ByPlace = par(dict, "parts, by municipality",
        what="how the ceiling is spread (empty: by population)", source="the plan", grade="assumed")
    campaign_months: float = par(0.0, "months", 0, 120,
        what="months after opening until recruiting in a municipality has its full strength (it grows evenly)",
        source="word of mouth takes time; length assumed", grade="assumed")
    coordinators: float = par(0.0, "coordinators", 0, 100_000,
        what="coordinators, spread as the ceiling is (0: as many as are needed)", source="the plan",
        grade="assumed")
    volunteers_each: float = par(60.0, "volunteers", 1, 1_000, what="volunteers that one coordinator can look after",
        source="as the price of a course has it (docs/money.md)", grade="assumed")
    training_months: int = par(2, "months", 0, 24, what="clearance and training before the first match",
        source="information meeting and courses [S4]; length assumed", grade="assumed")
    per_person: int = par(2, "volunteers", 1, 2, what="volunteers matched with one person",
        source="two [S2]", grade="measured")
    quit_chance: float = par(0.018, "chance per month", 0, 1, what="chance that a rested volunteer stops in a month",
        source="median tenure about 24 months with tiring; general knowledge", grade="assumed",
        prior="LN(0.018, 0.4)")
    quit_increase_per_year: float = par(0.5, "times per year", 0, 10,
        what="how much likelier stopping becomes for each year spent matched", source="assumed", grade="assumed")
    quit_after_end: float = par(0.15, "chance", 0, 1, what="chance of stopping when a match ends",
        source="assumed", grade="assumed", prior="B(3, 17)")


class Municipalities(Section):
    """Which municipalities the scenario covers; people and volunteers are spread by population."""

    include: list[str] = par(lambda: ["all"], "names, or all, or programme area",
        what="municipalities of the scenario", source="98 municipalities, 1 January 2020 [S21]", grade="measured")
    releases: ByPlace = par(dict, "parts, by municipality",
        what="how the released people are spread over the municipalities (empty: by population)",
        source="a table of the user's own, or desist country", grade="judged")

"""A plan for the whole country as a short file: where the scheme opens when, who carries it, whom it serves.

``desist rollout`` reads such files. Every number that is not the plan's own choice has a prior, and is uncertain unless
the file gives it (``uncertain``). What a plan means for the model is in ``plan_scenario``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import AfterValidator, Field, ValidationError, model_validator

from simulation.errors import explain, nearest
from simulation.municipalities import Municipality, chosen
from simulation.parameters import Name, ParameterError, Quantity, Section, name_from, par, quantities
from simulation.prices import PUBLIC
from simulation.programmes import Allocation
from simulation.scenario_layers import find
from simulation.text_file import read_toml

if TYPE_CHECKING:
    from experiments.inputs.municipalities import Country

PLANS = Path(str(files("experiments").joinpath("inputs/plans")))
MOST_YEARS = 18
FOLLOWED_ON = 24
"""Months after the last releases of a plan in which people are still followed: every release has its two years."""


def _dated(text: str) -> str:
    """A year and month, or a ``ParameterError``."""
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text):
        raise ParameterError(f"[{text}] is no month; write year and month, for example 2027-01")
    return text


Date = Annotated[str, AfterValidator(_dated)]
choice = partial(par, source="the plan", grade="assumed")
"""A quantity that a plan decides."""


class Wave(Section):
    """Municipalities in which the scheme opens in the same month."""

    municipalities: list[str] = choice(lambda: ["all"], "names",
        what="municipalities or regions, all, or programme area")
    starts: Date = choice("2027-01", "year and month", what="month in which recruiting begins and people are taken in")
    volunteers_at_start: float = choice(0.0, "volunteers", 0, 100_000,
        what="trained volunteers in these places when they open")
    recruits_per_100000: float = choice(-1.0, "people a month per 100,000 inhabitants", -1, 1_000,
        what="people who come forward in these places (-1: as volunteers.recruits_per_100000)")


class Supply(Section):
    """Volunteers as a supply chain."""

    recruits_per_100000: float = par(0.30, "people a month per 100,000 inhabitants", 0, 1_000,
        what="people who come forward once a campaign has its full strength, where strength is 1 (docs/country.md)",
        source="keeps about 100 courses a year going in today's area, the upper end of what the pilot's plan and the "
        "investment fund's amount to [S4][S20]", grade="judged")
    recruiting_reached: float = par(1.0, "times", 0, 10, what="recruiting that is reached, part of what is planned",
        source="nothing found; assumed", grade="assumed", prior="LN(1.0, 0.35)")
    ceiling_per_100000: float = par(50.0, "volunteers per 100,000 inhabitants", 0, 100_000,
        what="most volunteers at a time in a municipality (5 % of adults volunteer in the whole social field [S93])",
        source="one in a hundred of those; assumed", grade="assumed", prior="LN(50, 0.5)")
    campaign_months: float = par(12.0, "months", 0, 120,
        what="months after opening until recruiting has its full strength", source="nothing found; assumed",
        grade="assumed", prior="U(6, 24)")
    training_months: int = par(3, "months", 0, 24, what="clearance and training before the first match",
        source="criminal records, information meeting, courses [S4]; length assumed", grade="assumed")
    coordinators: float = choice(0.0, "coordinators", 0, 100_000,
        what="coordinators in the whole country once all places are open (0: as many as are needed)")
    volunteers_each: float = par(60.0, "volunteers", 1, 1_000, what="volunteers that one coordinator looks after",
        source="as the price of a course has it (docs/money.md)", grade="assumed", prior="LN(60, 0.25)")


class Offer(Section):
    """Whom the scheme serves."""

    allocation: Allocation = choice("first come", "first come, highest risk, lowest risk or lottery",
        what="order in which a waiting list is served")
    highest_risk_share: float = choice(1.0, "share 0-1", 0, 1,
        what="share of the released to whom it is offered: those with the highest predicted risk (1: to all)")
    uptake: float = choice(-1.0, "share 0-1", -1, 1,
        what="share who say yes to volunteers (-1: as the posterior and the scenario have it)")
    re_eligible: bool = choice(True, "true or false", what="people who return to prison are offered it again")
    max_per_year: float = choice(0.0, "people a year", 0, 1_000_000,
        what="most courses started in a year (0: no limit)")
    budget_a_year: float = choice(0.0, "DKK a year", 0, 1e12,
        what="kroner that courses may cost on average in a year; what a municipality does not use in a year is carried "
        "over (0: no limit)")
    course_price: float = par(33_000.0, "DKK of 2021", 1, 10_000_000,
        what="price of a course for the budget; without it each draw takes its own price of a course",
        source="24,000 to 36,700 [S2][S4][S6]", grade="judged")
    last_year: int = choice(0, "years", 0, MOST_YEARS, what="years after which nobody new is taken in (0: never)")


class Quality(Section):
    """What growing does to the effect."""

    lost_per_doubling: float = par(0.05, "share 0-1", 0, 1,
        what="share of the effect (its logarithm) lost each time recruiting doubles beyond the trial's",
        source="programmes lose part of their effect when scaled up; size assumed", grade="assumed",
        prior="U(0, 0.15)")
    trial_recruits: float = par(4.0, "people a month", 0.01, 10_000, what="recruiting at the time of the trial",
        source="37 courses a year, two volunteers each [S4]", grade="judged")


class RolloutPlan(Section):
    """A plan: what is done, where and from when. A file gives only what differs from these defaults."""

    name: Name = "plan"
    title: str = ""
    title_da: str = ""
    scenario: str = Field("pooled", description="scenario whose first programme is rolled out, by name or path")
    begins: Date = choice("2027-01", "year and month", what="first month of the stream of releases")
    years: int = choice(10, "years", 1, MOST_YEARS, what="years of releases")
    country_file: str = Field("", description="CSV with the user's own figures by municipality (desist country --csv)")
    releases_per_year: float = choice(0.0, "people a year", 0, 1_000_000,
        what="people released in the whole country (0: 7,030, or as country_file say)")
    wave: list[Wave] = Field(default_factory=lambda: [Wave()])
    volunteers: Supply = Field(default_factory=Supply)
    offer: Offer = Field(default_factory=Offer)
    quality: Quality = Field(default_factory=Quality)
    other_schemes: list[str] = Field(default_factory=list,
                                     description="other schemes beside it (scenario other-schemes)")
    paid_by: dict[str, float] = Field(default_factory=dict, description="who pays the courses, by payer")
    set: dict[str, Any] = Field(default_factory=dict, description="changes to the scenario, by dotted key")

    @model_validator(mode="after")
    def _sense(self) -> Self:
        if not self.wave:
            raise ParameterError("wave is [[]]; at least one wave is needed (places and starts)")
        seen: dict[int, str] = {}
        for number, wave in enumerate(self.wave, start=1):
            for place in chosen(wave.municipalities, f"wave {number}: municipalities"):
                if place.number in seen and wave.municipalities != ["all"]:
                    raise ParameterError(
                        f"wave {number}: municipalities names [{place.name}], which opens already in "
                        f"{seen[place.number]}; name each municipality once (a last wave with all takes whatever is "
                        "left)"
                    )
                seen.setdefault(place.number, f"wave {number}")
            years = min(self.years, self.offer.last_year or self.years)
            if not 0 <= months_between(self.begins, wave.starts) < 12 * years:
                last = f"{int(self.begins[:4]) + years - (self.begins[5:] == '01'):04d}"
                raise ParameterError(
                    f"wave {number}: starts is [{wave.starts}]; the plan takes people in for {years} years from "
                    f"{self.begins}, until {last}; start in that time or change begins, years or offer.last_year"
                )
            rate = wave.recruits_per_100000
            if rate < 0 and rate != -1:
                raise ParameterError(
                    f"wave {number}: recruits_per_100000 is [{rate:g}]; allowed is 0 to 1,000, or -1 to take the plan's"
                )
        for payer in self.paid_by:
            if payer not in PUBLIC:
                raise ParameterError(f"paid_by names [{payer}], which is no payer; {nearest(payer, PUBLIC)}")
        total = sum(self.paid_by.values()) if self.paid_by else 1.0
        if abs(total - 1) > 1e-9:
            raise ParameterError(f"the shares in paid_by add up to [{total:g}]; they must add up to 1")
        if self.offer.uptake != -1 and not 0 <= self.offer.uptake <= 1:
            raise ParameterError(f"offer.uptake is [{self.offer.uptake}]; allowed is 0 to 1, or -1 to leave it open")
        return self

    @property
    def months(self) -> int:
        """Months of releases."""
        return 12 * self.years

    def openings(self) -> list[tuple[Wave, list[Municipality]]]:
        """Each wave with the municipalities that it opens: of those it names, the ones that no wave before it does."""
        found: list[tuple[Wave, list[Municipality]]] = []
        taken: set[int] = set()
        for wave in self.wave:
            here = [each for each in chosen(wave.municipalities, "municipalities") if each.number not in taken]
            taken |= {each.number for each in here}
            found.append((wave, here))
        return found

    def opens(self) -> dict[int, int]:
        """Month (from 0) in which each municipality opens, by official number; those that never open are left out."""
        return {place.number: months_between(self.begins, wave.starts)
                for wave, here in self.openings() for place in here}  # fmt: skip


def months_between(first: str, later: str) -> int:
    """Months from one ``year-month`` to another."""
    return 12 * (int(later[:4]) - int(first[:4])) + int(later[5:]) - int(first[5:])


def month_of(plan: RolloutPlan, month: int) -> str:
    """A month of a plan, counted from 0, as year and month."""
    at = int(plan.begins[5:]) - 1 + month
    return f"{int(plan.begins[:4]) + at // 12}-{at % 12 + 1:02d}"


def uncertain(plan: RolloutPlan) -> list[Quantity]:
    """Quantities of a plan that have a prior and that its file does not give."""
    return [
        row
        for name in ("volunteers", "quality")
        for row in quantities(getattr(plan, name), f"{name}.")
        if row.prior != "fixed" and row.key.partition(".")[2] not in getattr(plan, name).model_fields_set
    ]


def shortened(plan: RolloutPlan, years: int) -> RolloutPlan:
    """The same plan for fewer years; waves that start later are left out."""
    if years >= plan.years:
        return plan
    data = plan.model_dump(exclude_unset=True) | {"years": years}
    waves = [wave for wave in plan.wave if months_between(plan.begins, wave.starts) < 12 * years]
    return planned({**data, "name": plan.name, "wave": [wave.model_dump(exclude_unset=True) for wave in waves]})


def with_values(plan: RolloutPlan, values: Mapping[str, float]) -> RolloutPlan:
    """A plan with values for its own uncertain quantities, by dotted key."""
    data = plan.model_dump()
    for key, value in values.items():
        section, _, field = key.partition(".")
        data[section][field] = value
    return planned(data)


def names() -> list[str]:
    """Names of the plans that come with Desist."""
    return sorted(file.stem for file in PLANS.glob("*.toml"))


def load_plan(name: str) -> RolloutPlan:
    """A plan by name or path.

    >>> load_plan("nationwide-at-once").years
    10

    Raises
    ------
    ParameterError
        If it is not found, cannot be read, or describes no possible plan; one line for each mistake.
    """
    file = find_plan(name)
    data = read_toml(file, "plan")
    data.setdefault("name", name_from(file.stem))
    plan = planned(data, label=file.name)
    if plan.country_file and (beside := file.parent / plan.country_file).exists():
        plan = plan.model_copy(update={"country_file": str(beside)})
    return plan


def country_of_plan(plan: RolloutPlan) -> Country:
    """The municipalities that a plan is for: as published, or with the figures of its own file.

    The file needs the municipalities that the plan opens; others that it leaves out keep what is published.
    """
    from experiments.inputs.municipalities import denmark  # pandas: not needed for the help
    from experiments.inputs.municipality_csv import read_own  # pandas, too

    opened = [place for _, here in plan.openings() for place in here]
    return denmark(read_own(Path(plan.country_file), opened) if plan.country_file else None)


def load(name: str) -> tuple[RolloutPlan, Country]:
    """A plan by name or path, and the country it is for (see ``load_plan``)."""
    plan = load_plan(name)
    return plan, country_of_plan(plan)


def find_plan(name: str) -> Path:
    """The file of a plan: by path if it ends in .toml, else by name."""
    try:
        return find(name, (PLANS,))
    except ParameterError:
        if name.endswith(".toml"):
            raise ParameterError(f"plan [{name}] was not found; check the path, or see desist rollout --list") from None
        raise ParameterError(f"plan [{name}] was not found; {nearest(name, names())}") from None


def planned(data: dict[str, Any], *, label: str = "the plan") -> RolloutPlan:
    """A plan from plain data, or a ``ParameterError`` with one line for each mistake."""
    try:
        return RolloutPlan.model_validate(data)
    except ValidationError as mistakes:
        raise ParameterError(explain(mistakes, RolloutPlan, label)) from None

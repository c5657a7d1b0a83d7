"""Plans as a visitor sets them: one that comes with Desist, with a few of its own keys changed, and one beside it.

What is asked for is a plan as its TOML text, so that the page shows what ``desist rollout`` finds of the file that can
be downloaded.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import tomli_w

from experiments.app.country.panel import PLANS
from experiments.app.shared_results import kept
from experiments.language.messages import LANGUAGES, Messages
from experiments.language.plan_text import titles_text
from experiments.studies.rollout.plan import RolloutPlan, load, month_of, months_between, planned
from experiments.studies.rollout.plan_scenario import at_start, lost_in_scaling, recruiting

OWN = "own-plan"
"""Name of a plan that a visitor has changed."""
STEPS = "nationwide-over-five-years"
"""The plan whose municipalities open in steps; the first step is today's area."""
MONTHS_APART = {"half": 6, "year": 12}
"""Months between two steps, by the code of the choice."""
ORDERS = {"first": "first come", "highest": "highest risk", "lowest": "lowest risk", "lots": "lottery"}
OFFERED = {"all": 1.0, "two-thirds": 0.67, "highest": 0.45, "fifth": 0.2}
MOST = {"none": 0.0, "50": 50.0, "100": 100.0, "200": 200.0, "400": 400.0, "800": 800.0}
CAME_WITH, LEFT_ALONE = "as-it-comes", "plan"
"""The plan that one began from, beside it; a key that stays as the plan has it."""
AT_START, YEARS = 150, 10
"""Volunteers at the start, and years, of every plan that comes with Desist."""


@dataclass(frozen=True, kw_only=True)
class RequestedPlan:
    """A study that a visitor asks for: everything that decides it."""

    kind: Literal["plans", "ladder"]
    plans: tuple[str, ...]  # TOML texts: the plan, and perhaps the one beside it
    draws: int
    seed: int


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What a visitor has set; a setting of ``panel.SETTINGS`` has the key ``c`` and the name of its field."""

    plan: str
    opening: str = LEFT_ALONE
    recruits: int = 100  # per cent of the plan's recruiting
    start: int = AT_START
    order: str = LEFT_ALONE
    offered: str = LEFT_ALONE
    most: str = LEFT_ALONE
    years: int = YEARS


@kept(64)
def plan_of(choices: Choices) -> RolloutPlan:
    """The plan that a visitor has set; with nothing changed it is the one that comes with Desist."""
    came, _ = load(choices.plan)
    data = came.model_dump(exclude_unset=True)
    if choices.opening != LEFT_ALONE:
        data["wave"] = _waves(choices.opening)
    data["wave"][0]["volunteers_at_start"] = float(choices.start)
    if choices.recruits != 100:
        rate = came.volunteers.recruits_per_100000 * choices.recruits / 100
        data["volunteers"] = {**data.get("volunteers", {}), "recruits_per_100000": round(rate, 6)}
    offer = {
        key: meaning[code]
        for key, code, meaning in (("allocation", choices.order, ORDERS), ("max_per_year", choices.most, MOST),
                                   ("highest_risk_share", choices.offered, OFFERED))
        if code != LEFT_ALONE
    }  # fmt: skip
    if offer:
        data["offer"] = {**data.get("offer", {}), **offer}
    if choices.years != came.years:
        data["years"] = choices.years
    plan, unchanged = _in_time(data), beside(choices.plan, choices.years)
    if _same(plan, unchanged):
        return unchanged
    english, danish = _in_short(choices.plan)
    return _called(plan, OWN, f"Own plan: {english}, changed", f"Egen plan: {danish}, ændret")


@kept(32)
def beside(name: str, years: int) -> RolloutPlan:
    """A plan that comes with Desist, for so many years."""
    came, _ = load(name)
    if years == came.years:
        return came
    english, danish = _in_short(name)
    plan = _in_time({**came.model_dump(exclude_unset=True), "years": years})
    return _called(plan, name, f"{english}, {years} years", f"{danish}, {years} år")


@kept(len(PLANS))
def _in_short(name: str) -> tuple[str, ...]:
    """The title of a plan that comes with Desist, in English and Danish, as short as it can be told from the others."""
    every = [load(each)[0] for each in PLANS]
    return tuple(titles_text(every, Messages(language))[PLANS.index(name)] for language in LANGUAGES)


def _called(plan: RolloutPlan, name: str, title: str, title_da: str) -> RolloutPlan:
    """A plan under another name."""
    return planned({**plan.model_dump(exclude_unset=True), "name": name, "title": title, "title_da": title_da})


def _same(one: RolloutPlan, other: RolloutPlan) -> bool:
    """Whether two plans are the same but for what they are called."""
    called = {"name", "title", "title_da"}
    return one.model_dump(exclude=called) == other.model_dump(exclude=called)


def _waves(opening: str) -> list[dict[str, Any]]:
    """Where it opens when, as an opening of the page has it."""
    steps = load(STEPS)[0]
    waves: list[dict[str, Any]] = [wave.model_dump(exclude_unset=True) for wave in steps.wave]
    if opening == "today":
        return waves[:1]
    if opening == "once":
        return [waves[0], {"municipalities": ["all"], "starts": steps.begins}]
    for k, wave in enumerate(waves):
        wave["starts"] = month_of(steps, k * MONTHS_APART[opening])
    return waves


def _in_time(data: dict[str, Any]) -> RolloutPlan:
    """A plan from plain data; steps that would come after people are no longer taken in are left out."""
    years = data.get("years", YEARS)
    months = 12 * min(years, data.get("offer", {}).get("last_year", 0) or years)
    begins = data.get("begins", RolloutPlan().begins)
    waves = [wave for wave in data["wave"] if months_between(begins, wave["starts"]) < months]
    return planned({**data, "wave": waves})


def pair(choices: Choices, versus: str) -> tuple[RolloutPlan, ...]:
    """The plan, and the one beside it unless there is none or it is the same."""
    plan = plan_of(choices)
    if versus == "none":
        return (plan,)
    other = beside(choices.plan if versus == CAME_WITH else versus, choices.years)
    return (plan,) if _same(plan, other) else (plan, other)


def toml_of(plan: RolloutPlan) -> str:
    """A plan as a file: what differs from the defaults, and no more, since what is not given is uncertain."""
    return tomli_w.dumps(plan.model_dump(exclude_unset=True), multiline_strings=True)


def read(text: str) -> RolloutPlan:
    """The plan of a TOML text that ``toml_of`` wrote."""
    return planned(tomllib.loads(text))


def asked(kind: Literal["plans", "ladder"], plans: Sequence[RolloutPlan], *, draws: int, seed: int) -> RequestedPlan:
    """A study of these plans."""
    return RequestedPlan(kind=kind, plans=tuple(toml_of(plan) for plan in plans), draws=draws, seed=seed)


def file_name(plan: RolloutPlan) -> str:
    """How a plan is named on the command line: as it comes with Desist, or the file that holds it."""
    came = plan.name in PLANS and plan.model_dump() == load(plan.name)[0].model_dump()
    return plan.name if came else f"{plan.name}.toml"


@dataclass(frozen=True, kw_only=True)
class Intended:
    """What a plan intends, before anything is run."""

    opens: Mapping[str, int]  # month in which each municipality opens, from 0; places that never open are left out
    released: Mapping[str, float]  # people released a year, as expected
    recruits: float  # people who come forward a month in the whole country, once campaigns have their full strength
    at_start: float  # trained volunteers when their places open
    lost: float  # share (0-1) of the effect's logarithm that is lost in growing


@kept(32)
def intended(text: str) -> Intended:
    """What the plan of a TOML text intends."""
    from experiments.inputs.municipalities import denmark

    plan, country = read(text), denmark(None)
    opens = plan.opens()
    names = [place.name for place in country.places]
    return Intended(
        opens={place.name: opens[place.number] for place in country.places if place.number in opens},
        released=dict(zip(names, country.expected().tolist(), strict=True)),
        recruits=float(recruiting(plan, country).sum()), at_start=float(at_start(plan, country).sum()),
        lost=lost_in_scaling(plan, country),
    )  # fmt: skip

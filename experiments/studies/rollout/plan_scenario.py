"""What a plan means for the model: a plan and a draw of the uncertain parameters, as one scenario.

The scenario simulates everybody released in Denmark over the plan's years and two more, those who return counted among
the releases. The same draw with ``none=True`` is Denmark without the plan, with the same random numbers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import tomli_w

from experiments.inputs.municipalities import Country
from experiments.inputs.parameter_points import at_point
from experiments.inputs.posterior import fitting
from experiments.inputs.scenario_files import OTHER_SCHEMES, load
from experiments.studies.rollout.plan import FOLLOWED_ON, RolloutPlan, country_of_plan, uncertain, with_values
from simulation.parameters import ParameterError, Quantity, quantities
from simulation.price_tables import given_keys
from simulation.prices import Prices, points
from simulation.programmes import UNLIMITED
from simulation.scenario import Scenario, validated

Floats = npt.NDArray[np.float64]
EFFECTS = ("direct_hazard_ratio", "direct_hazard_ratio_others", "support_hazard_ratio", "support_hazard_ratio_others")
TIMES = ("gain_multiplier", "gain_multiplier_others")
PLANNED_HERE = ("volunteers.recruits_per_month", "people.count", "municipalities.include")
"""Keys of a draw that the plan decides."""
SCHEME = "scheme."
"""Before the name of another scheme, in the values of a plan."""
FLATS, JOBS = "housing", "employment"
"""Support factors whose openings differ by municipality."""


def everybody(plan: RolloutPlan) -> Scenario:
    """The scenario that a plan rolls out, for everybody released in Denmark; the plan's supply is not in it yet.

    Raises ``ParameterError`` if it has no programme, or another number than one.
    """
    base = load(plan.scenario)
    if len(base.programme) != 1:
        raise ParameterError(
            f"scenario is [{plan.scenario}], which has {len(base.programme)} programmes; a plan rolls out a scenario "
            "with one (pooled, sceptical, as-reported), and takes others beside it (other_schemes)"
        )
    changes: dict[str, Any] = {
        "name": plan.name, "title": plan.title or plan.name, "municipalities.include": ["all"],
        "people.release_months": plan.months, "people.follow_up_months": plan.months + FOLLOWED_ON,
        "people.calendar_months": plan.months + FOLLOWED_ON, "people.include_reentries": True,
        "trial.signed_up": False, "trial.assignment": "everyone", "risk.hazard_multiplier": 1.0,
    }  # fmt: skip
    return base.changed({**changes, **plan.set})


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """The programme that a plan rolls out, as its own table has it."""

    name: str
    label: str
    delivered_by: Literal["volunteers", "slots"]
    carrier: str
    """Who delivers it, as the catalogue has it: volunteers_1, volunteers_2 or slots."""
    per_person: int
    """Volunteers for one person, or 1 slot."""
    capacity: float
    """Slots at a time; 0 where volunteers deliver it."""
    from_month: int
    to_month: int
    """Months from release in which it is planned to begin and to end."""


def delivery_of(plan: RolloutPlan) -> Delivery:
    """The programme that a plan rolls out."""
    scenario = everybody(plan)
    name, row = next(iter(scenario.programme.items()))
    volunteers = row.delivered_by == "volunteers"
    each = scenario.volunteers.per_person if volunteers else 1
    return Delivery(
        name=name, label=row.label or name, delivered_by=row.delivered_by, per_person=each,
        carrier=f"volunteers_{each}" if volunteers else "slots", capacity=0.0 if volunteers else row.capacity,
        from_month=row.starts_month, to_month=row.ends_month,
    )  # fmt: skip


def scenario_of(
    plan: RolloutPlan, country: Country, *, draw: Mapping[str, Any] | None = None,
    plan_values: Mapping[str, float] | None = None, released: Floats | None = None, none: bool = False,
    base: Scenario | None = None,
) -> Scenario:  # fmt: skip
    """The scenario of a plan in a country, or with ``none`` of Denmark without it.

    ``draw`` is a draw of a posterior (dotted keys of the scenario), ``plan_values`` are values for the uncertain
    quantities of the plan itself, ``released`` are releases a year to each municipality: None leaves the scenario's and
    the plan's own values, and the expected releases. ``base`` is ``everybody(plan)``, if it is at hand.
    """
    start = everybody(plan) if base is None else base
    point = fitting(start, dict(draw or {}), but=(*PLANNED_HERE, *plan.set))
    scenario = at_point(start, point)
    beside = {key: value for key, value in (plan_values or {}).items() if key.startswith(SCHEME)}
    if own := {key: value for key, value in (plan_values or {}).items() if key not in beside}:
        plan = with_values(plan, own)
    a_year = country.expected() if released is None else released
    total = plan.releases_per_year or float(a_year.sum())
    names = [place.name for place in country.places]
    changes: dict[str, Any] = {
        "people.count": max(1, round(total * plan.years)),
        "municipalities.releases": dict(zip(names, _plain(a_year), strict=True)),
        **_openings(scenario, country),
    }
    if none:
        nobody = {"volunteers.at_start": 0.0, "volunteers.recruits_per_month": 0.0}
        return scenario.changed({**changes, **nobody, "trial.assignment": "nobody"})
    changes |= _supply(plan, country) | _offer(plan, scenario) | _effect(plan, country, scenario)
    scenario = scenario.changed(changes)
    return _beside(plan, scenario, beside) if plan.other_schemes else scenario


def _plain(values: Floats) -> list[float]:
    return [float(f"{value:.10g}") for value in values]


def recruiting(plan: RolloutPlan, country: Country) -> Floats:
    """People who come forward a month in each place, as planned, once campaigns have their full strength."""
    found = np.zeros(len(country.places))
    for wave, here in plan.openings():
        rate = plan.volunteers.recruits_per_100000 if wave.recruits_per_100000 < 0 else wave.recruits_per_100000
        rows = country.at(here)
        found[rows] = rate * country.population[rows] / 100_000
    return found * country.strength


def at_start(plan: RolloutPlan, country: Country) -> Floats:
    """Trained volunteers in each place when it opens."""
    found = np.zeros(len(country.places))
    for wave, here in plan.openings():
        rows = country.at(here)
        weight = country.population[rows] * country.strength[rows]
        if here:
            found[rows] = wave.volunteers_at_start * weight / weight.sum()
    return found


def _supply(plan: RolloutPlan, country: Country) -> dict[str, Any]:
    """Volunteers by place: who is there, who comes, how many there can be."""
    supply, opens = plan.volunteers, plan.opens()
    names = [place.name for place in country.places]
    here = np.array([place.number in opens for place in country.places])
    comes = recruiting(plan, country) * supply.recruiting_reached
    there = at_start(plan, country)
    most = np.maximum(here * country.population / 100_000 * supply.ceiling_per_100000, there)
    return {
        "volunteers.at_start": float(there.sum()), "volunteers.at_start_by": _named(names, there),
        "volunteers.recruits_per_month": min(5_000.0, float(comes.sum())),
        "volunteers.recruits_by": _named(names, comes),
        "volunteers.ceiling": max(1e-6, float(most.sum())), "volunteers.ceiling_by": _named(names, most),
        "volunteers.campaign_months": supply.campaign_months, "volunteers.training_months": supply.training_months,
        "volunteers.coordinators": supply.coordinators, "volunteers.volunteers_each": supply.volunteers_each,
    }  # fmt: skip


def _named(names: list[str], values: Floats) -> dict[str, float]:
    """Values by name, places with none left out; one place with nothing if there are none at all."""
    found = {name: float(f"{value:.8g}") for name, value in zip(names, values, strict=True) if value > 0}
    return found or {names[0]: 0.0}


def _offer(plan: RolloutPlan, scenario: Scenario) -> dict[str, Any]:
    """Where and when the programme is open, to whom, how many."""
    offer, opens, country = plan.offer, plan.opens(), scenario.selected_municipalities
    limits = [each for each in (offer.max_per_year, offer.budget_a_year / offer.course_price) if each > 0]
    closes = 12 * (offer.last_year or plan.years)
    changes: dict[str, Any] = {
        "programme.municipalities": [place.name for place in country if place.number in opens],
        "programme.opens": {place.name: opens[place.number] for place in country if opens.get(place.number)},
        "programme.closes_month": min(closes, plan.months), "programme.re_eligible": offer.re_eligible,
        "programme.allocation": offer.allocation, "programme.offered_share": offer.highest_risk_share,
        "programme.max_per_year": min(limits) if limits else 0.0,
    }  # fmt: skip
    if offer.uptake >= 0:
        changes["people.accepts_volunteers"] = offer.uptake
    return changes


def lost_in_scaling(plan: RolloutPlan, country: Country) -> float:
    """Share (0-1) of the effect's logarithm that a plan of this size loses."""
    planned_recruits = float(recruiting(plan, country).sum())
    doublings = math.log2(max(1.0, planned_recruits / plan.quality.trial_recruits))
    return min(1.0, plan.quality.lost_per_doubling * doublings)


def _effect(plan: RolloutPlan, country: Country, scenario: Scenario) -> dict[str, Any]:
    """The programme's effects after what is lost in scaling up; harm is not lessened by it."""
    kept = 1.0 - lost_in_scaling(plan, country)
    row = next(iter(scenario.programme.values()))
    changes = {f"programme.{name}": getattr(row, name) ** kept for name in EFFECTS if getattr(row, name) < 1.0}
    return changes | {f"programme.{name}": getattr(row, name) ** kept for name in TIMES if getattr(row, name) > 0.0}


def _openings(scenario: Scenario, country: Country) -> dict[str, Any]:
    """Flats and jobs by place, where they are scarce at all."""
    names = [place.name for place in country.places]
    return {
        f"factor.{name}.openings_by": dict(zip(names, _plain(values), strict=True))
        for name, values in ((FLATS, country.flats), (JOBS, country.jobs))
        if name in scenario.factor and scenario.factor[name].openings < UNLIMITED
    }


def _beside(plan: RolloutPlan, scenario: Scenario, values: Mapping[str, float]) -> Scenario:
    """The scenario with other schemes beside the one that is rolled out, with values for what is uncertain of them."""
    known = load(OTHER_SCHEMES).programme
    data = scenario.model_dump()
    for name in plan.other_schemes:
        if name not in known:
            raise ParameterError(f"other_schemes names [{name}], which is no other scheme; known are "
                                 f"{', '.join(known)}")
        if not set(known[name].gain_weights) <= set(scenario.factor):
            raise ParameterError(f"other_schemes names [{name}], which helps with factors that the scenario "
                                 f"does not have")
        drawn = {key.removeprefix(f"{SCHEME}{name}."): value for key, value in values.items()
                 if key.startswith(f"{SCHEME}{name}.")}  # fmt: skip
        data["programme"][name] = known[name].model_dump() | drawn | {"closes_month": plan.months, "re_eligible": True}
    return validated(data, label=plan.name)


def plan_in_full(plan: RolloutPlan) -> str:
    """A plan as TOML, and below it as comments what is uncertain of it and what it amounts to."""
    country, delivery = country_of_plan(plan), delivery_of(plan)
    scenario_of(plan, country)
    data = {key: value for key, value in plan.model_dump().items() if value not in ("", [], {})}
    slots = delivery.delivered_by == "slots"
    rows = [row for row in uncertain(plan) if not (slots and row.key.startswith("volunteers."))]
    width = max((len(row.key) for row in rows), default=0)
    lines = [tomli_w.dumps(data).rstrip(), "", "# Uncertain, since the file does not give it:"]
    lines += [f"# {row.key:{width}}  {row.prior:14} {row.what}" for row in rows]
    if slots:
        lines.append(f"# Planned: {delivery.label} has {delivery.capacity:g} slots at a time;")
    else:
        lines.append(
            f"# Planned: {recruiting(plan, country).sum():.1f} people come forward a month once all campaigns have "
            f"their full strength, {at_start(plan, country).sum():.0f} volunteers are there when their places open;"
        )
    return "\n".join([*lines, f"# {100 * lost_in_scaling(plan, country):.0f} % of the effect is lost in scaling up."])


def prices_in_full(prices: Prices) -> list[str]:
    """The prices that a user gives, as comments of TOML: key, value, unit, and prior if they are uncertain."""
    mine, certain = given_keys(prices), given_keys(prices, certain=True)
    rows = [row for row in quantities(prices) if row.key in mine]
    if not rows:
        return []
    now = points(prices).iloc[0]
    lines = [f"# {row.key} = {row.value}{_in_kroner(row, now)}{'' if row.key in certain else f', {row.prior}'}"
             for row in rows]  # fmt: skip
    return [f"# Prices that are given (results are in kroner of {prices.price_year}):", *lines]


def _in_kroner(row: Quantity, now: pd.Series) -> str:
    """What an amount is in kroner of the price year, if that is another number."""
    moved = row.key in now and now[row.key] != row.value
    return f" ({row.unit}; {now[row.key]:,.2f} in the price year)" if moved else ""

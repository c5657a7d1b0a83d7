"""Scenarios of the checks: plain ones, and random ones of few people that have everything a scenario can have.

Each random table has what is usual and, now and then, what is rare: nothing at all, one person, one month, the ends of
what is allowed. Nothing here is plausible as a country; that is the point.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np

from simulation.parameter_sections import Custody, Offending, Peers, People, Risk
from simulation.parameters import Section
from simulation.programmes import UNLIMITED, Factor, Programme, Volunteers
from simulation.scenario import Scenario, validated

FACTORS = ("housing", "economy", "employment", "network", "education", "substance_use", "health")
"""The five that are built in, and two more."""
PLACES = (["Aarhus"], ["Fanø", "Odense", "Vejle"], ["Samsø", "Aarhus"], ["programme area"], ["Aarhus", "Odense"])
SMALL, NAMED = ("Fanø", "Samsø"), ("Aarhus", "Odense", "Syddanmark", "Nordjylland")
"""Places that are never alone in a scenario, so that they may be given nothing; others that may be named."""
Table = dict[str, Any]
ScenarioKind = Literal["any", "independent", "programme", "volunteers", "randomised", "signed_up", "reentry"]
STREAMS: dict[ScenarioKind, bytes] = {
    "any": b"any", "independent": b"apart", "programme": b"helped", "volunteers": b"supplied",
    "randomised": b"drawn by lot", "signed_up": b"signed up", "reentry": b"returning",
}  # fmt: skip
"""What seeds the draw of each kind. Never changed, so that the same random scenarios are drawn for ever."""
DECLARED: dict[str, type[Section]] = {
    "people": People, "risk": Risk, "offending": Offending, "custody": Custody, "peers": Peers,
    "volunteers": Volunteers, "factor": Factor, "programme": Programme,
}  # fmt: skip
LEFT_ALONE = frozenset({
    "people.priors_median", "people.priors_by_age", "people.sentence_median_months", "risk.baseline_hazard",
    "volunteers.volunteers_each", "programme.gain_multiplier", "programme.gain_multiplier_others",
})  # fmt: skip
"""Numbers that keep their defaults: others scale the same thing, or (gain multipliers) take the place of an aim."""
SECTIONS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
NEUTRAL = {"missing_at_release": 0.5, "gain": 0.0, "loss": 0.0, "missing_hazard_ratio": 1.0}
"""A support factor that does nothing."""
EVERYBODY_ACCEPTS = {"accepts_volunteers": 1.0, "accepts_system": 1.0}
OFFERED = {"shortest_sentence_months": 0.0, "contact_chance": 1.0, "dropout_chance": 0.0, "capacity": 1_000_000}
"""A programme with room for all, which nobody leaves and in which they meet every month."""
YEARS, A_YEAR = 4, 300


def complete(**tables: Any) -> Scenario:
    """A scenario from these tables only; what they leave out is as built in."""
    return validated(tables)


def steady(
    hazard: float, *, factor: dict[str, Any] | None = None, people: dict[str, Any] | None = None,
    offending: dict[str, Any] | None = None, risk: dict[str, Any] | None = None, **tables: Any,
) -> Scenario:  # fmt: skip
    """A scenario in which everybody has the same hazard in every month: no differences, no custody, no peers."""
    return complete(
        people={"motivation_hazard_ratio": 1.0, **(people or {})},
        risk={
            "baseline_hazard": hazard, "frailty_sd": 0.0, "immune_share": 0.0, "long_run_hazard_ratio": 1.0,
            "age_hazard_ratio": 1.0, "women_hazard_ratio": 1.0, "priors_hazard_ratio": 1.0, **(risk or {}),
        },
        offending={"prison_chance": 0.0, "prison_per_conviction": 0.0, **(offending or {})},
        **{"peers": {"strength": 0.0}, **tables},
        factor={"thing": NEUTRAL} if factor is None else factor,
    )  # fmt: skip


def country(**changes: Any) -> Scenario:
    """Some releases a year to one municipality over some years, in which people who return count among them."""
    return Scenario().changed({
        "people.count": A_YEAR * YEARS, "people.release_months": 12 * YEARS, "people.follow_up_months": 12 * YEARS,
        "people.calendar_months": 12 * YEARS, "people.include_reentries": True, "municipalities.include": ["Aarhus"],
        "people.accepts_volunteers": 1.0, **changes,
    })  # fmt: skip


class _Draw:
    """Short names for what is drawn."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng

    def number(self, low: float, high: float) -> float:
        """A number between two ends, now and then one of them."""
        if self.yes(0.1):
            return float(low if self.yes(0.5) else high)
        return round(float(self.rng.uniform(low, high)), 6)

    def whole(self, low: int, high: int) -> int:
        """A whole number from low to high."""
        return int(self.rng.integers(low, high + 1))

    def yes(self, chance: float) -> bool:
        """Whether something with this chance happens."""
        return bool(self.rng.random() < chance)

    def one(self, choices: Any) -> Any:
        """One of some things."""
        return choices[int(self.rng.integers(len(choices)))]

    def or_nothing(self, low: float, high: float, chance: float = 0.4) -> float:
        """Zero with this chance, else a number."""
        return 0.0 if self.yes(chance) else self.number(low, high)

    def few_or_whole(self, low: int, high: int) -> int:
        """A whole number from low to high, now and then from one to three."""
        return self.whole(1, 3) if self.yes(0.1) else self.whole(low, high)

    def whole_or_nothing(self, low: int, high: int, chance: float) -> int:
        """Zero with this chance, else a whole number from low to high."""
        return 0 if self.yes(chance) else self.whole(low, high)

    def section(self, name: str) -> Table:
        """A section of a scenario, key by key in the order of ``random_scenarios.toml``."""
        return {key: getattr(self, how)(*ends) for key, (how, *ends) in SECTIONS[name].items()}

    def by_place(self, low: float, high: float) -> dict[str, float]:
        """Nothing, or a number for each of some places, which may be nothing everywhere."""
        named = [name for name in ("all", *NAMED, *SMALL) if self.yes(0.3)] if self.yes(0.4) else []
        return {name: self.number(low, high) for name in named}


def draw_scenario(rng: np.random.Generator, kind: ScenarioKind) -> Scenario:
    """A full scenario of a kind that is simulated in a moment.

    Kinds: ``independent``: people have no influence on one another (no peers, no scarcity, no volunteers, room for
    all); ``programme``: there is a programme; ``volunteers``: volunteers deliver one; ``randomised``: independent
    people, one of each two is offered a programme; ``signed_up``: only people who sign up; ``reentry``: people who
    return count among the releases; ``any``: any of these.
    """
    draw = _Draw(rng)
    apart = kind in ("independent", "randomised")
    names = [str(name) for name in rng.permutation(FACTORS)[: draw.whole(1, len(FACTORS))]]
    least = 1 if kind in ("programme", "volunteers", "randomised", "signed_up") else 0
    count = draw.whole(least, 3)
    carried = -1 if apart else draw.whole(0 if kind == "volunteers" else -1, count - 1) if count else -1
    include = draw.one(PLACES)
    programme = {f"help{k}": _programme(draw, names, include, k == carried, apart) for k in range(count)}
    trial: Table = {"assignment": "nobody", "signed_up": False}
    if programme:
        trial["assignment"] = "randomised" if kind == "randomised" else draw.one(("everyone", "everyone", "randomised"))
        trial["signed_up"] = kind == "signed_up" or (kind == "any" and draw.yes(0.3))
        trial["definition"] = draw.one(("any", "prison", "sentence"))
    people = draw.section("people")
    people["include_reentries"] = kind == "reentry" or (kind in ("any", "programme") and draw.yes(0.2))
    released = {"all": draw.number(0.5, 2.0), "Aarhus": draw.number(0.1, 9.0)} if draw.yes(0.4) else {}
    released |= {name: draw.or_nothing(0.5, 20.0) for name in SMALL if released and draw.yes(0.5)}
    tables: dict[str, Table] = {
        "people": people, "risk": draw.section("risk"), "offending": draw.section("offending"),
        "custody": draw.section("custody"),
        "peers": Peers(strength=0.0).model_dump() if apart else draw.section("peers"),
        "trial": trial, "municipalities": {"include": include, "releases": released},
        "volunteers": draw.section("volunteers"), "programme": programme,
        "factor": {name: _factor(draw, names, apart) for name in names},
    }  # fmt: skip
    own = rng.spawn(1)[0]
    for name, table in tables.items():
        for row in table.values() if name in ("factor", "programme") else (table,):
            row |= {key: float(own.uniform(low, high)) for key, (low, high) in not_listed(name, row).items()}
    return validated(tables)


def not_listed(section: str, table: Table) -> dict[str, tuple[float, float]]:
    """Numbers of a section that neither its table here nor ``LEFT_ALONE`` names, with the ends of what is allowed.

    A new parameter is among them. So random scenarios switch a new rule on before anybody has thought of it here.
    """
    fields = DECLARED[section].model_fields if section in DECLARED else {}
    found = {name: cast("dict[str, Any]", field.json_schema_extra) for name, field in fields.items()
             if field.annotation is float and name not in table and f"{section}.{name}" not in LEFT_ALONE}  # fmt: skip
    return {name: (about["low"], about["high"]) for name, about in found.items()}


def _factor(draw: _Draw, names: list[str], apart: bool) -> Table:
    return {
        "missing_at_release": draw.number(0, 1), "gain": draw.number(0.0, 0.5), "loss": draw.number(0.0, 0.5),
        "missing_hazard_ratio": draw.number(0.5, 3.0), "lost_in_custody": draw.number(0, 1),
        "openings": UNLIMITED if apart or draw.yes(0.5) else draw.number(0.0, 20.0),
        "openings_by": draw.by_place(0.0, 3.0),
        "helped_by": {name: draw.number(0.5, 3.0) for name in names if draw.yes(0.25)},
    }  # fmt: skip


def _programme(draw: _Draw, names: list[str], include: list[str], by_volunteers: bool, apart: bool) -> Table:
    starts = draw.whole(-4, 0)
    deadline = draw.whole(starts + 1, 4)
    opens = {name: draw.whole(0, 4) for name in ("all", "Aarhus", "Syddanmark") if draw.yes(0.3)}
    return {
        "delivered_by": "volunteers" if by_volunteers else "slots",
        "accepted_from": draw.one(("volunteers", "system")),
        "starts_month": starts, "deadline_month": deadline, "ends_month": draw.whole(max(0, deadline), 14),
        "shortest_sentence_months": draw.number(0.0, 3.0),
        "allocation": draw.one(("first come", "highest risk", "lowest risk", "lottery")),
        "capacity": 1_000_000.0 if apart else draw.number(0.0, 40.0),
        "municipalities": [draw.one(include)] if draw.yes(0.25) else [],
        "opens": opens, "closes_month": draw.whole(3, 12) if draw.yes(0.3) else 0, "re_eligible": draw.yes(0.5),
        "offered_share": draw.number(0, 1) if draw.yes(0.3) else 1.0,
        "max_per_year": 0.0 if apart or draw.yes(0.6) else draw.number(1.0, 100.0),
        "contact_chance": draw.number(0.2, 1.0), "dropout_chance": draw.number(0.0, 0.2),
        "direct_hazard_ratio": draw.number(0.05, 2.0), "direct_hazard_ratio_others": draw.number(0.05, 2.0),
        "support_hazard_ratio": draw.number(0.4, 1.0), "support_hazard_ratio_others": draw.number(0.4, 1.0),
        "gain_weights": {name: draw.number(0, 1) for name in names if draw.yes(0.4)},
        "persistence": draw.number(0, 1), "half_life_months": draw.number(0.5, 50.0),
    }  # fmt: skip

"""Random scenarios: few people and months, but everything that a scenario can have.

Each table has what is usual and, now and then, what is rare: nothing at all, one person, one month, the ends of what is
allowed. Nothing here is plausible as a country; that is the point.
"""

from __future__ import annotations

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
SECTIONS: dict[str, type[Section]] = {
    "people": People, "risk": Risk, "offending": Offending, "custody": Custody, "peers": Peers,
    "volunteers": Volunteers, "factor": Factor, "programme": Programme,
}  # fmt: skip
LEFT_ALONE = frozenset({
    "people.priors_median", "people.priors_by_age", "people.sentence_median_months", "risk.baseline_hazard",
    "volunteers.volunteers_each", "programme.gain_multiplier", "programme.gain_multiplier_others",
})  # fmt: skip
"""Numbers that keep their defaults: others scale the same thing, or (gain multipliers) take the place of an aim."""


class _Draw:
    """Short names for what is drawn."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng

    def number(self, low: float, high: float, ends: float = 0.1) -> float:
        """A number between two ends, now and then one of them."""
        if self.rng.random() < ends:
            return float(low if self.rng.random() < 0.5 else high)
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

    def by_place(self, low: float, high: float) -> dict[str, float]:
        """Nothing, or a number for each of some places, which may be nothing everywhere."""
        named = [name for name in ("all", *NAMED, *SMALL) if self.yes(0.3)] if self.yes(0.4) else []
        return {name: self.number(low, high) for name in named}


def draw_scenario(rng: np.random.Generator, kind: ScenarioKind) -> Scenario:
    """A full scenario of a kind that is simulated in a moment.

    Parameters
    ----------
    rng
        Decides it.
    kind
        ``independent``: people have no influence on one another (no peers, no scarcity, no volunteers, room for all);
        ``programme``: there is a programme; ``volunteers``: volunteers deliver one; ``randomised``: independent people,
        one of each two is offered a programme; ``signed_up``: only people who sign up; ``reentry``: people who return
        count among the releases; ``any``: any of these.
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
    people = _people(draw) | {"include_reentries": kind == "reentry" or (kind in ("any",
                                                                                  "programme") and draw.yes(0.2))}
    released = {"all": draw.number(0.5, 2.0), "Aarhus": draw.number(0.1, 9.0)} if draw.yes(0.4) else {}
    released |= {name: draw.or_nothing(0.5, 20.0) for name in SMALL if released and draw.yes(0.5)}
    tables: dict[str, Table] = {
        "people": people, "risk": _risk(draw), "offending": _offending(draw),
        "custody": {"parole_chance": draw.number(0, 1), "parole_served": draw.number(0.1, 1.0),
                    "parole_from_months": draw.number(0, 6)},
        "peers": Peers(strength=0.0).model_dump() if apart else {
            "strength": draw.or_nothing(0.1, 8.0, 0.3), "pseudo_people": draw.number(0.0, 10.0),
            "reference_share": draw.number(0.0, 0.5)},
        "trial": trial, "municipalities": {"include": include, "releases": released}, "volunteers": _volunteers(draw),
        "factor": {name: _factor(draw, names, apart) for name in names}, "programme": programme,
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
    fields = SECTIONS[section].model_fields if section in SECTIONS else {}
    found = {name: cast("dict[str, Any]", field.json_schema_extra) for name, field in fields.items()
             if field.annotation is float and name not in table and f"{section}.{name}" not in LEFT_ALONE}  # fmt: skip
    return {name: (about["low"], about["high"]) for name, about in found.items()}


def _people(draw: _Draw) -> Table:
    return {
        "count": draw.whole(1, 3) if draw.yes(0.1) else draw.whole(40, 110),
        "release_months": draw.whole(1, 6),
        "follow_up_months": draw.whole(1, 3) if draw.yes(0.1) else draw.whole(8, 26),
        "calendar_months": 0 if draw.yes(0.6) else draw.whole(1, 24),
        "age_log_sd": draw.number(0.1, 1.0), "age_median": draw.number(20.0, 60.0),
        "women_share": draw.number(0, 1), "sentence_log_sd": draw.number(0.5, 3.0),
        "priors_log_sd": draw.number(0.0, 2.0), "priors_by_frailty": draw.number(0, 0.9),
        "motivation_hazard_ratio": draw.number(0.5, 1.0),
        "accepts_volunteers": draw.number(0.3, 1.0), "accepts_system": draw.number(0.3, 1.0),
        "acceptance_by_motivation": draw.number(0.0, 0.9), "trust_shared": draw.number(0.0, 0.9),
        "problem_correlation": draw.number(0.0, 0.9), "problems_by_frailty": draw.number(0.0, 0.7),
    }  # fmt: skip


def _risk(draw: _Draw) -> Table:
    return {
        "hazard_multiplier": draw.number(0.5, 8.0), "immune_share": draw.number(0.0, 0.5),
        "frailty_sd": draw.number(0.0, 1.5),
        "long_run_hazard_ratio": draw.number(0, 1), "hazard_decay_months": draw.number(0.5, 20.0),
        "age_hazard_ratio": draw.number(0.5, 1.1), "women_hazard_ratio": draw.number(0.2, 1.4),
        "priors_hazard_ratio": draw.number(0.95, 1.3), "high_risk_share": draw.number(0.1, 0.9),
    }  # fmt: skip


def _offending(draw: _Draw) -> Table:
    return {
        "further_offence_chance": draw.number(0.0, 0.9), "delay_mean_months": draw.number(0.0, 20.0),
        "prison_chance": draw.number(0, 1), "prison_per_conviction": draw.or_nothing(0.0, 0.1),
        "suspended_chance": draw.number(0, 1), "sentence_log_sd": draw.number(0.0, 2.0),
        "sentence_median_months": draw.number(0.3, 8.0),
    }  # fmt: skip


def _volunteers(draw: _Draw) -> Table:
    return {
        "at_start": draw.or_nothing(10.0, 150.0, 0.2), "recruits_per_month": draw.or_nothing(0.5, 20.0),
        "ceiling": draw.or_nothing(5.0, 200.0), "at_start_by": draw.by_place(0.0, 3.0),
        "recruits_by": draw.by_place(0.0, 3.0), "ceiling_by": draw.by_place(0.0, 3.0),
        "campaign_months": draw.or_nothing(0.5, 12.0), "coordinators": draw.or_nothing(0.2, 5.0, 0.6),
        "training_months": draw.whole(0, 3), "per_person": draw.whole(1, 2), "quit_chance": draw.number(0.0, 0.3),
        "quit_increase_per_year": draw.number(0.0, 5.0), "quit_after_end": draw.number(0, 1),
    }  # fmt: skip


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

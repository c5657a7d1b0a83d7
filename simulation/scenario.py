"""The total description of a run: one frozen object, in and out of TOML.

Two scenarios that are equal give the same bytes; the digest names them. Seeds and the number of replicates are
not part of it, so that different scenarios meet the same luck.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import tomllib
from collections.abc import Container, Iterable, Mapping
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any, Self

import tomli_w
from pydantic import Field, ValidationError, model_validator

from simulation.errors import explain, nearest
from simulation.municipalities import Municipality, by_place, chosen
from simulation.parameter_sections import Custody, Offending, Peers, People, Risk, Trial
from simulation.parameters import Name, ParameterError, Section
from simulation.programmes import Factor, Municipalities, Programme, Volunteers
from simulation.scenario_layers import resolved
from simulation.text_file import read_text

SCHEMA = 2
"""Version of what keys and defaults mean, part of every digest."""
MOST_FACTORS = 16
MOST_PROGRAMMES = 8
NAME = re.compile(r"\w[\w -]{0,59}")
TAKEN = ("all", "none", "nobody", "everybody", "total")
"""Words that mean something in tables, so that no factor or programme is called so."""
LEAST_SIGNED_UP = 0.001
"""Least share of the released who may be in a scenario of people who sign up (fewer are too slow to find)."""


@cache
def _built_in_factors() -> dict[str, Factor]:
    text = files("simulation").joinpath("data/factors.toml").read_text(encoding="utf-8")
    return {name: Factor.model_validate(row) for name, row in tomllib.loads(text)["factor"].items()}


class Scenario(Section):
    """Everything that decides a run, apart from the seed. Without arguments: everybody released, no programme."""

    name: Name = Field("everyone", description="short name, used for folders: letters, digits, - . and _")
    title: str = Field("Everybody released from prison in Denmark, no programme", description="one line for readers")
    people: People = Field(default_factory=People)
    risk: Risk = Field(default_factory=Risk)
    offending: Offending = Field(default_factory=Offending)
    custody: Custody = Field(default_factory=Custody)
    peers: Peers = Field(default_factory=Peers)
    trial: Trial = Field(default_factory=Trial)
    municipalities: Municipalities = Field(default_factory=Municipalities)
    volunteers: Volunteers = Field(default_factory=Volunteers)
    factor: dict[str, Factor] = Field(default_factory=lambda: dict(_built_in_factors()))
    programme: dict[str, Programme] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _combination(self) -> Self:
        """Refuse combinations that mean nothing."""
        self._names_of_places()
        for kind, table in (("helped_by", self.factor), ("gain_weights", self.programme)):
            for name, row in table.items():
                for other in getattr(row, kind):
                    if other not in self.factor:
                        raise ParameterError(
                            f"{'factor' if kind == 'helped_by' else 'programme'}.{name}.{kind} names [{other}], which "
                            f"is no factor of this scenario; its factors are {', '.join(self.factor)}"
                        )
        names = [*self.factor, *self.programme, "fine", "suspended", "prison"]
        for name in names:
            if not name.strip():
                raise ParameterError("a factor or programme has no name; give it one")
            if not NAME.fullmatch(name) or name.casefold() in TAKEN:
                raise ParameterError(
                    f"a factor or programme is called [{name}]; allowed are letters, digits, blanks, - and _, at most "
                    f"60 of them, and not {', '.join(TAKEN)}"
                )
            if names.count(name) > 1:
                raise ParameterError(f"the name [{name}] stands for two things; rename the factor or programme")
        if len(self.factor) > MOST_FACTORS or len(self.programme) > MOST_PROGRAMMES:
            raise ParameterError(
                f"at most {MOST_FACTORS} factors and {MOST_PROGRAMMES} programmes can be in a scenario"
            )
        for name, row in self.programme.items():
            for person in row.listed:
                if not 0 <= person < self.people.count:
                    raise ParameterError(
                        f"programme.{name}.listed names person [{person}]; people.count is [{self.people.count}], so "
                        f"numbers are 0 to {self.people.count - 1}"
                    )
        if sum(row.delivered_by == "volunteers" for row in self.programme.values()) > 1:
            raise ParameterError("two programmes are carried by volunteers; the supply of volunteers serves only one")
        if not self.programme and (self.trial.signed_up or self.trial.assignment != "nobody"):
            raise ParameterError(
                f"trial.assignment is [{self.trial.assignment}] and trial.signed_up [{self.trial.signed_up}], but the "
                "scenario has no programme; add one or set them to nobody and false"
            )
        if self.trial.signed_up and self._share_who_may_sign_up() < LEAST_SIGNED_UP:
            raise ParameterError(
                "trial.signed_up is [true], but fewer than 1 in 1,000 released people would be eligible and say yes; "
                "raise the uptake (people.accepts_volunteers or accepts_system) or lower shortest_sentence_months"
            )
        return self

    def _names_of_places(self) -> None:
        """Refuse names that are no municipalities, and programmes that exist nowhere in the scenario."""
        here = set(chosen(self.municipalities.include))
        supply = self.volunteers
        tables: dict[str, Mapping[str, float]] = {
            "municipalities.releases": self.municipalities.releases, "volunteers.at_start_by": supply.at_start_by,
            "volunteers.recruits_by": supply.recruits_by, "volunteers.ceiling_by": supply.ceiling_by,
            **{f"factor.{name}.openings_by": row.openings_by for name, row in self.factor.items()},
            **{f"programme.{name}.opens": row.opens for name, row in self.programme.items()},
        }  # fmt: skip
        for key, values in tables.items():
            by_place(values, (), key)
        for name, row in self.programme.items():
            if row.municipalities and not here & set(chosen(row.municipalities, f"programme.{name}.municipalities")):
                raise ParameterError(
                    f"programme.{name}.municipalities is [{', '.join(row.municipalities)}], none of which is "
                    f"among the places of the "
                    "scenario (municipalities.include)"
                )
        if self.municipalities.releases and not sum(
            value or 0.0 for value in by_place(self.municipalities.releases, tuple(here), "municipalities.releases")
        ):
            raise ParameterError("municipalities.releases gives nobody to any place of the scenario; name at least one")

    def _share_who_may_sign_up(self) -> float:
        """Share of the released who have time for the first programme and say yes to it."""
        first, people = next(iter(self.programme.values())), self.people
        yes = people.accepts_volunteers if first.accepted_from == "volunteers" else people.accepts_system
        if first.shortest_sentence_months <= 0:
            return yes
        shorter = math.log(first.shortest_sentence_months / people.sentence_median_months)
        if people.sentence_log_sd <= 0:
            return yes if shorter <= 1e-6 else 0.0
        return yes * 0.5 * math.erfc(shorter / people.sentence_log_sd / math.sqrt(2))

    @cached_property
    def selected_municipalities(self) -> tuple[Municipality, ...]:
        """Places of the scenario, in order of their numbers."""
        return chosen(self.municipalities.include)

    @cached_property
    def digest(self) -> str:
        """64 hexadecimal digits that name the scenario by what it decides (names, labels and sources left out).

        Only what differs from the defaults counts, so a key that is added later, and is off by default, changes the
        digest of no scenario; a default that changes its meaning raises ``SCHEMA``.
        """
        return fingerprint({"schema": SCHEMA, **differing(self, leave=("name", "title"))})

    def __eq__(self, other: object) -> bool:
        """Equal in every value and in the order of factors and programmes (which is their address in chance)."""
        return isinstance(other, Scenario) and self.model_dump_json() == other.model_dump_json()

    __hash__ = None  # type: ignore[assignment]

    def replace(self, **overrides: Any) -> Scenario:
        """A scenario that differs in the given dotted keys, written with two underscores for the dot.

        >>> Scenario().replace(risk__hazard_multiplier=1.1).risk.hazard_multiplier
        1.1
        """
        return self.changed({key.replace("__", "."): value for key, value in overrides.items()})

    def changed(self, overrides: Mapping[str, Any]) -> Scenario:
        """A scenario that differs in the given dotted keys.

        Raises
        ------
        ParameterError
            If a key is not known or a value not allowed; one line for each mistake.
        """
        data = self.model_dump()
        for key, value in overrides.items():
            _put(data, _full_key(key, data), value)
        return validated(data)

    def value(self, key: str) -> Any:
        """The value at a dotted key, None if there is none (the only programme's name may be left out)."""
        inner: Any = self.model_dump()
        for part in _full_key(key, inner):
            inner = inner.get(part) if isinstance(inner, dict) else None
        return inner

    def to_toml(self) -> str:
        """The full scenario as TOML text; ``Scenario.from_toml`` gives an equal scenario back."""
        return tomli_w.dumps({"complete": True, **self.model_dump()})

    @classmethod
    def from_toml(cls, text: str, *, shelf: Iterable[Path] = (), label: str = "the scenario") -> Scenario:
        """Read a scenario from TOML text.

        Parameters
        ----------
        text
            Either a difference from the scenario(s) it ``extends`` (by default the built-in one), or a full
            description marked ``complete = true``.
        shelf
            Folders in which ``extends`` names are looked up.
        label
            What to call the text in messages.
        """
        return validated(resolved(text, Scenario().model_dump(), tuple(shelf), label, ()), label=label)

    @classmethod
    def read(cls, path: Path | str, *, shelf: Iterable[Path] = ()) -> Scenario:
        """Read a scenario file; see ``from_toml``. Names in ``extends`` are also looked up beside the file.

        Raises
        ------
        ParameterError
            If the file is missing, not TOML, or describes no possible scenario.
        """
        file = Path(path)
        text = read_text(file, hint="check the name, or see desist scenario --list")
        return cls.from_toml(text, shelf=(*shelf, file.parent), label=file.name)


def differing(section: Section, leave: Container[str] = ("label", "about")) -> dict[str, Any]:
    """What of a section differs from its defaults; tables of sections as pairs of name and row, in their order."""
    found: dict[str, Any] = {}
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        if name in leave:
            continue
        if isinstance(value, Section):
            if own := differing(value):
                found[name] = own
        elif isinstance(value, dict) and any(isinstance(row, Section) for row in value.values()):
            found[name] = [[key, differing(row)] for key, row in value.items()]
        elif value != field.get_default(call_default_factory=True):
            found[name] = value
    return found


def fingerprint(data: Any) -> str:
    """SHA-256 of plain data in one fixed spelling, as 64 hexadecimal digits."""
    return hashlib.sha256(json.dumps(data, separators=(",", ":")).encode()).hexdigest()


def validated(data: dict[str, Any], *, label: str = "the scenario") -> Scenario:
    """A scenario from plain data, or a ``ParameterError`` with one line for each mistake."""
    data = {key: value for key, value in data.items() if key not in ("complete", "extends")}
    try:
        return Scenario.model_validate(data)
    except ValidationError as mistakes:
        raise ParameterError(explain(mistakes, Scenario, label)) from None


def _full_key(key: str, data: dict[str, Any]) -> list[str]:
    """A dotted key in parts; the name of the programme may be left out where there is only one."""
    parts = key.split(".")
    programmes = list(data["programme"])
    if len(programmes) == 1 and parts[0] == "programme" and len(parts) >= 2 and parts[1] in Programme.model_fields:
        return ["programme", programmes[0], *parts[1:]]
    return parts


def _put(data: dict[str, Any], parts: list[str], value: Any) -> None:
    """Set a value below dotted parts; refuses tables that are not there, naming the nearest."""
    inner = data
    for depth, part in enumerate(parts[:-1]):
        if part in inner and not isinstance(inner[part], dict):
            whole = ".".join(parts[: depth + 1])
            raise ParameterError(f"unknown key [{'.'.join(parts)}]; {whole} is a value without parts")
        if part not in inner:
            known = [name for name, below in inner.items() if isinstance(below, dict)]
            raise ParameterError(f"unknown key [{'.'.join(parts)}]; {nearest(part, known, parts[:depth])}")
        inner = inner[part]
    open_table = len(parts) > 1 and parts[-2] in ("gain_weights", "helped_by")
    left_out = len(parts) == 3 and parts[0] == "programme" and parts[-1] in Programme.model_fields
    if parts[-1] not in inner and not open_table and not left_out:
        known = list(inner)
        if parts[:-1] == ["programme"]:
            if not known:
                raise ParameterError(f"unknown key [{'.'.join(parts)}]; this scenario has no programme")
            known = [*known, *Programme.model_fields]
        raise ParameterError(f"unknown key [{'.'.join(parts)}]; {nearest(parts[-1], known, parts[:-1])}")
    inner[parts[-1]] = value

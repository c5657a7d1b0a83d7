"""Tables of prices: what a user gives is put onto what comes with Desist, and it stays known what was given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Self, TypeVar, cast

from pydantic import Field, ValidatorFunctionWrapHandler, model_validator

from simulation.errors import nearest
from simulation.parameters import About, ParameterError, Section
from simulation.programmes import Row, refuse_unknown

R = TypeVar("R", bound=Row)


class Priced(Section):
    """Prices; a file may say source, grade and prior of a number that it gives, as for a row of a table."""

    about: dict[str, About] = Field(
        default_factory=dict, description="source, grade and prior of numbers that are given, by field"
    )

    @model_validator(mode="after")
    def _about_given_fields(self) -> Self:
        refuse_unknown(self.about, type(self))
        for name in self.about:
            if name not in self.model_fields_set:
                raise ParameterError(f"about.{name} describes a number that is not given; give {name} too")
        return self


def built_in_rows(kind: type[R], table: Mapping[str, Any]) -> dict[str, R]:
    """Rows that nobody gave: none of their fields counts as set."""
    return {name: _with_set(kind.model_validate(row), ()) for name, row in table.items()}


def _with_set(row: R, names: Iterable[str]) -> R:
    """The same row, of which these fields count as set by the user."""
    return cast(R, type(row).model_construct(set(names), **dict(row)))


def onto_rows(given: Any, built_in: Mapping[str, R], validate: ValidatorFunctionWrapHandler) -> dict[str, R]:
    """Rows that a user gives, put onto those that come with Desist.

    A row of another name is a new one, and needs a label; without it, it is taken for a mistyped name. A number that is
    given without source, grade and prior of its own loses those of the number that it replaces.
    """
    if not isinstance(given, Mapping):
        return cast(dict[str, R], validate(given))
    tables: dict[str, Any] = {}
    for name, row in given.items():
        tables[name] = row
        if not isinstance(row, Mapping):
            continue
        if name not in built_in:
            if not row.get("label"):
                raise ParameterError(f"unknown key [{name}]; {nearest(name, built_in)} (a new one needs a label)")
            continue
        own, about = built_in[name], row.get("about", {})
        if isinstance(about, Mapping):
            about = {**{key: each for key, each in own.about.items() if key not in row}, **about}
        tables[name] = {**own.model_dump(), **row, "about": about}
    rows = validate({**built_in, **tables})
    return {name: _with_set(row, given[name]) if isinstance(given.get(name), Mapping) else row
            for name, row in rows.items()}  # fmt: skip


def given_keys(section: Section, *, certain: bool = False, prefix: str = "") -> set[str]:
    """Dotted keys of the numbers that a user gave; with ``certain`` only those without source, grade and prior."""
    found: set[str] = set()
    for name in section.model_fields_set - {"about"}:
        value = getattr(section, name)
        if isinstance(value, Section):
            found |= given_keys(value, certain=certain, prefix=f"{prefix}{name}.")
        elif name in ("scheme", "kind"):
            for key, row in value.items():
                found |= given_keys(row, certain=certain, prefix=f"{prefix}{name}.{key}.")
        elif not certain or name not in getattr(section, "about", {}):
            found.add(f"{prefix}{name}")
    return found

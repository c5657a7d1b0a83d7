"""Municipalities and regions: where people are released to and volunteers live.

A municipality's official number is its address in chance, so neither its name nor the order of the table matters.
"""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache, lru_cache
from importlib.resources import files

from simulation.parameters import ParameterError


@dataclass(frozen=True, kw_only=True)
class Municipality:
    """A municipality: official number, name, region, inhabitants on 1 January 2020, programme there today."""

    number: int
    name: str
    region: str
    population: int
    programme_area: bool


@cache
def municipalities() -> tuple[Municipality, ...]:
    """The 98 municipalities in order of their official numbers.

    References
    ----------
    Population: Statistics Denmark's figures as published in the SSI municipality file [S21]; the sum is the
    national total of 5,822,763 less 84 on Christiansø. Programme area: the founding text [S2].
    """
    table = files("simulation").joinpath("data/municipalities.csv").read_text(encoding="utf-8")
    return tuple(
        Municipality(
            number=int(row["number"]),
            name=row["name"],
            region=row["region"],
            population=int(row["population"]),
            programme_area=row["programme_area"] == "1",
        )
        for row in csv.DictReader(table.splitlines())
    )


def _spelling(name: str) -> str:
    """A name as it is compared: small letters, aa for å, without other accents (Århus and Aarhus are one)."""
    text = unicodedata.normalize("NFC", name).casefold().replace("å", "aa").replace("ø", "oe").replace("æ", "ae")
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().strip()


def chosen(include: Iterable[str], key: str = "municipalities.include") -> tuple[Municipality, ...]:
    """Places that a scenario names, in order of their numbers.

    Parameters
    ----------
    include
        Names of municipalities or regions, ``all``, or ``programme area``; spellings such as Århus are understood.
    key
        What to call the list in messages.

    Raises
    ------
    ParameterError
        If a name is not known (the nearest known one is named), or the list is empty.
    """
    return _chosen(tuple(include), key)


def by_place(values: Mapping[str, float], places: Sequence[Municipality], key: str) -> list[float | None]:
    """The value given for each of some places, None where there is none; later names win over earlier ones.

    Parameters
    ----------
    values
        Numbers by name of a municipality, region, ``all`` or ``programme area``.
    places
        For whom they are wanted; names of other places are left aside.
    key
        What to call the table in messages.

    Raises
    ------
    ParameterError
        If a name is not known (the nearest known one is named).
    """
    found: dict[int, float] = {}
    for name, value in values.items():
        found.update((place.number, value) for place in _named(name, key))
    return [found.get(place.number) for place in places]


@lru_cache(maxsize=256)
def _chosen(include: tuple[str, ...], key: str) -> tuple[Municipality, ...]:
    if not include:
        raise ParameterError(f"{key} is [[]]; at least one municipality is needed, or all")
    found = {place for name in include for place in _named(name, key)}
    return tuple(sorted(found, key=lambda place: place.number))


@lru_cache(maxsize=1024)
def _named(name: str, key: str) -> tuple[Municipality, ...]:
    """The municipalities that a name stands for."""
    wanted = _spelling(name)
    here = tuple(
        place
        for place in municipalities()
        if wanted == "all"
        or (wanted == "programme area" and place.programme_area)
        or wanted in (_spelling(place.name), _spelling(place.region), _spelling(f"Region {place.region}"))
    )
    if not here:
        known = {_spelling(name): name for place in municipalities() for name in (place.region, place.name)}
        near = get_close_matches(wanted, known, n=1)
        hint = f"did you mean {known[near[0]]}?" if near else "desist municipalities lists the known names"
        raise ParameterError(f"{key} names [{name}], which is not a Danish municipality or region; {hint}")
    return here

"""Where the municipalities lie on paper: their shapes, a cell for each on the map of tiles, and values by place.

The shapes are a drawing to look at, not a survey: what is known of their source and what was changed stands in
``inputs/data/denmark_shapes.NOTICE.txt``. ``make_shapes.py`` makes both data files; ``maps.py`` draws.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from simulation.municipalities import Municipality, chosen, municipalities
from simulation.parameters import ParameterError

Longs = npt.NDArray[np.int64]
Values = Mapping[int, float] | Mapping[str, float] | pd.Series
Box = tuple[float, float, float, float]
CAPITAL: Box = (8_900.0, 7_040.0, 10_160.0, 8_420.0)
"""What a map shows again enlarged, Copenhagen's surroundings: left, top, right, bottom, units of the drawing."""
LONGEST = 8
"""Letters of a short name at most."""
SHORT = {
    "København": "Kbh.", "Frederiksberg": "Frb.", "Frederikssund": "Fr.sund", "Frederikshavn": "Fr.havn",
    "Høje-Taastrup": "Høje-T.", "Mariagerfjord": "Mariager",
}  # fmt: skip
"""Short names that the rule would make unclear."""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """A municipality on the map, in units of the drawing (about 29 m; y runs downward)."""

    place: Municipality
    middle: tuple[int, int]
    """A point well inside its largest part, for a label."""
    polygons: tuple[tuple[Longs, ...], ...]
    """Parts, the largest first; each an outer ring and then its holes, (corners, 2), the last corner the first."""


# The two data files -------------------------------------------------------------------------------------------


@cache
def _drawing() -> dict[str, Any]:
    text = files("experiments").joinpath("inputs/data/denmark_shapes.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


@cache
def shapes() -> tuple[Shape, ...]:
    """The 98 municipalities in order of their official numbers; neighbours have the same corners along a border.

    References
    ----------
    react-denmark-map 1.0.0 (Martin Polley, 2022, MIT); the drawing's own source is not stated.
    """
    found = []
    for place in municipalities():
        row = _drawing()["municipalities"][str(place.number)]
        polygons = tuple(tuple(np.cumsum(np.array(steps).reshape(-1, 2), axis=0) for steps in rings)
                         for rings in row["polygons"])  # fmt: skip
        found.append(Shape(place=place, middle=(row["middle"][0], row["middle"][1]), polygons=polygons))
    return tuple(found)


def sheet() -> tuple[float, float]:
    """Width and height of the drawing, units."""
    return float(_drawing()["width"]), float(_drawing()["height"])


def bornholm() -> Box:
    """The box into which Bornholm is moved: left, top, right, bottom, units of the drawing."""
    left, top, right, bottom = _drawing()["moved"]["400"]
    return float(left), float(top), float(right), float(bottom)


def cells() -> pd.DataFrame:
    """One row per municipality: number, name, short, region, row (0 in the north), column (0 in the west)."""
    text = files("experiments").joinpath("inputs/data/denmark_tiles.csv").read_text(encoding="utf-8")
    at = {int(row["number"]): (int(row["row"]), int(row["column"])) for row in csv.DictReader(text.splitlines())}
    return pd.DataFrame([
        (each.number, each.name, short_name(each.name), each.region, *at[each.number]) for each in municipalities()
    ], columns=["number", "name", "short", "region", "row", "column"])  # fmt: skip


def short_name(name: str) -> str:
    """A name in at most eight letters: whole, or what stands before a hyphen, or cut off with a full stop."""
    if name in SHORT:
        return SHORT[name]
    first = name if len(name) <= LONGEST else name.split("-")[0]
    return first if len(first) <= LONGEST else first[: LONGEST - 1] + "."


def geojson(numbers: Iterable[int] | None = None) -> dict[str, Any]:
    """Shapes (all, or those of some official numbers) as a GeoJSON FeatureCollection, in units of the drawing.

    For Altair's ``project(type="identity")``, which draws y downward as well and fits what it is given to its frame.
    A feature's id is the official number; its properties are number, name, short, region and middle (for a label).
    """
    wanted = None if numbers is None else set(numbers)
    features = []
    for shape in shapes():
        place = shape.place
        if wanted is None or place.number in wanted:
            properties = {"number": place.number, "name": place.name, "short": short_name(place.name),
                          "region": place.region, "middle": [*shape.middle]}  # fmt: skip
            corners = [[ring.tolist() for ring in rings] for rings in shape.polygons]
            features.append({"type": "Feature", "id": place.number, "properties": properties,
                             "geometry": {"type": "MultiPolygon", "coordinates": corners}})  # fmt: skip
    return {"type": "FeatureCollection", "features": features}


def capital() -> tuple[int, ...]:
    """Official numbers of the municipalities whose middle is in the enlargement around Copenhagen."""
    left, top, right, bottom = CAPITAL
    return tuple(s.place.number for s in shapes() if left < s.middle[0] < right and top < s.middle[1] < bottom)


# Values by place ----------------------------------------------------------------------------------------------


def by_number(values: Values) -> dict[int, float]:
    """Values by official number, without NaN; ``ParameterError`` for a key or value that cannot be used."""
    found: dict[int, float] = {}
    for key, value in values.items():
        number = _place(key).number
        if number in found:
            raise ParameterError(f"the map's values name [{key}] a second time; one number for each place")
        try:
            found[number] = float(value)
        except (TypeError, ValueError):
            found[number] = math.inf
        if math.isinf(found[number]):
            raise ParameterError(f"the map's value at [{key}] is [{value}]; allowed are finite numbers or nan")
    return {number: value for number, value in found.items() if not math.isnan(value)}


def _place(key: object) -> Municipality:
    """The municipality of a key."""
    if isinstance(key, str):
        try:
            here = chosen((key,))
        except ParameterError as error:
            raise ParameterError(str(error).replace("municipalities.include names", "the map's values name")) from None
    else:
        here = tuple(place for place in municipalities() if place.number == key)
    if len(here) == 1:
        return here[0]
    what = f"{len(here)} municipalities" if here else "no municipality's official number"
    raise ParameterError(
        f"the map's values name [{key}], which is {what}; desist municipalities lists names and numbers"
    )

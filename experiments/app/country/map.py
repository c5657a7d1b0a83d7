"""Denmark by municipality, as specifications of charts: in true shapes with Copenhagen enlarged, and as tiles.

Every municipality says its name and number when it is pointed at, and tiles have both written on them.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from experiments.app.catalogue import PageMessages
from experiments.app.charts import Spec, chart
from experiments.app.country.looks import silent
from experiments.app.country.municipalities import Cells, ink, short_of
from experiments.app.shared_results import kept
from experiments.inputs.municipality_shapes import capital, geojson, shapes

EDGE = "#45505c"
"""Borders, dark enough to be seen against the palest colour and the page."""
TYPE = 14.0
"""Size of type on the enlargement, pixels."""
ROWS, COLUMNS, HALVES = range(13), range(17), (range(9), range(9, 17))
"""Tiles downward and across; and the halves of the map, Jylland with Fyn and the east."""
UNITS = 3.4
"""Units of the drawing in a pixel of the enlargement, at most, on a screen of usual width."""
NARROW, BROAD = "fijltI.-", "mwMW"
"""Letters that are clearly narrower and broader than the others."""


def _colour(told: Cells, title: str, legend: bool) -> dict[str, Any]:
    colour = {"field": "class", "type": "nominal", "sort": None, "title": title,
              "scale": {"domain": [*told.classes], "range": [*told.colours]}}  # fmt: skip
    if not legend:
        return {**colour, "legend": None}
    return {
        **colour,
        "legend": {"orient": "top", "columns": 3, "symbolType": "square", "symbolSize": 220,
                   "symbolStrokeColor": "#777777", "symbolStrokeWidth": 0.8, "titleLimit": 600, "columnPadding": 16},
    }  # fmt: skip


@kept(2)
def _features(near: bool) -> tuple[dict[str, Any], ...]:
    return tuple(geojson(capital() if near else None)["features"])


def land(
    w: PageMessages, told: Cells, title: str, description: str, *, near: bool = False, legend: bool = False,
    height: int = 460
) -> Spec:
    """The map in true shapes: the whole country, or ``near`` Copenhagen with the names written on it."""
    rows = told.table.set_index("number")
    features = []
    for shape in _features(near):
        row = rows.loc[shape["id"]]
        own = {"name": row["name"], "text": row["text"], "class": row["class"]}
        features.append({"type": "Feature", "id": shape["id"], "geometry": shape["geometry"], **own})
    mark = {"type": "geoshape", "stroke": EDGE, "strokeWidth": 1.0 if near else 0.5}
    spec: Spec = {
        "projection": {"type": "identity"},
        "data": {"values": {"type": "FeatureCollection", "features": features}, "format": {"property": "features"}},
        "layer": [{
            "mark": mark,
            "encoding": {
                "color": _colour(told, title, legend),
                "tooltip": [{"field": "name", "title": w("country.map.place")}, {"field": "text", "title": title}],
            },
        }],
    }  # fmt: skip
    if near:
        spec["layer"].append(_names(told))
        spec["title"] = {"text": w("country.map.near"), "fontWeight": "normal"}
    return chart(w, description, silent(spec), height=height)


def ems(text: str) -> float:
    """About how wide a text is, in sizes of its type."""
    wide = {**dict.fromkeys(NARROW, 0.27), **dict.fromkeys(BROAD, 0.83), "r": 0.38, "s": 0.43}
    return sum(wide.get(letter, 0.55) for letter in text)


@kept(1)
def _room() -> dict[int, float]:
    """How wide each municipality is at the height of its middle, by official number, units of the drawing."""
    found = {}
    for shape in shapes():
        (x, y), ring = shape.middle, shape.polygons[0][0].tolist()
        cuts = sorted(
            x1 + (y - y1) * (x2 - x1) / (y2 - y1)
            for (x1, y1), (x2, y2) in pairwise(ring) if (y1 <= y) != (y2 <= y)
        )  # fmt: skip
        left, right = max(cut for cut in cuts if cut <= x), min(cut for cut in cuts if cut >= x)
        found[shape.place.number] = 2 * min(x - left, right - x)
    return found


def _names(told: Cells) -> Spec:
    """Short names on the enlargement where there is room for them, in black or white."""
    near, colours = set(capital()), dict(zip(told.classes, told.colours, strict=True))
    middles = {shape.place.number: shape.middle for shape in shapes()}
    rows = [
        {"short": row["short"], "x": middles[row["number"]][0], "y": middles[row["number"]][1],
         "ink": ink(colours[row["class"]])}
        for row in told.table.to_dict("records")
        if row["number"] in near and _room()[row["number"]] > UNITS * TYPE * (ems(row["short"]) + 0.4)
    ]  # fmt: skip
    return {
        "data": {"values": rows},
        "mark": {"type": "text", "fontSize": TYPE, "tooltip": None},
        "encoding": {
            "longitude": {"field": "x", "type": "quantitative"}, "latitude": {"field": "y", "type": "quantitative"},
            "text": {"field": "short"}, "color": {"field": "ink", "type": "nominal", "scale": None},
        },
    }  # fmt: skip


def tiles(
    w: PageMessages, told: Cells, what: str, title: str, description: str, *, columns: range = COLUMNS,
    legend: bool = False,
    height: int = 580,
) -> Spec:  # fmt: skip
    """The map of tiles: each municipality one cell with its short name and number, about where it lies.

    ``columns`` are those that are drawn: a narrow screen has the halves of ``HALVES`` below each other.
    """
    colours = dict(zip(told.classes, told.colours, strict=True))
    rows = [
        {**{key: row[key] for key in ("name", "short", "row", "column", "text", "class")},
         "ink": ink(colours[row["class"]]), "ems": ems(row["short"]),
         "number": "" if what == "opens" else short_of(w, what, row["value"])}
        for row in told.table.to_dict("records") if row["column"] in columns
    ]  # fmt: skip
    cell = f"min(width / {len(columns)}, 1.2 * height / {len(ROWS)})"
    plain, fitted = {"expr": f"0.28 * {cell}"}, {"expr": f"min(0.28 * {cell}, 0.92 * {cell} / datum.ems)"}
    step = {"axis": None, "type": "ordinal"}

    def over(field: str, domain: range) -> dict[str, Any]:
        return {"field": field, **step, "scale": {"domain": [*domain], "paddingInner": 0.05, "paddingOuter": 0}}

    place = {"x": over("column", columns), "y": over("row", ROWS)}

    def text(field: str, lower: str, size: dict[str, str]) -> Spec:
        return {"mark": {"type": "text", "fontSize": size, "dy": {"expr": lower}, "tooltip": None},
                "encoding": {**place, "text": {"field": field}, "color": {"field": "ink", "scale": None}}}  # fmt: skip

    tips = [{"field": "name", "title": w("country.map.place")}, {"field": "text", "title": title}]
    alone = what == "opens"
    layers: list[Spec] = [
        {"mark": {"type": "rect", "stroke": EDGE, "strokeWidth": 0.5},
         "encoding": {**place, "color": _colour(told, title, legend), "tooltip": tips}},
        text("short", "0" if alone else f"-0.17 * {cell}", fitted),
        *([] if alone else [text("number", f"0.17 * {cell}", plain)]),
    ]  # fmt: skip
    return chart(w, description, silent({"data": {"values": rows}, "layer": layers}), height=height)


def whole_map(w: PageMessages, told: Cells, title: str, description: str) -> Spec:
    """The country and Copenhagen's surroundings in one picture with a legend, to download."""
    left, right = (land(w, told, title, description, near=near, legend=not near) for near in (False, True))
    inner = ("projection", "data", "layer", "title")
    return {
        **{key: left[key] for key in ("$schema", "description", "config")},
        "hconcat": [
            {**{key: left[key] for key in inner if key in left}, "width": 520, "height": 620},
            {**{key: right[key] for key in inner if key in right}, "width": 460, "height": 500},
        ],
    }  # fmt: skip

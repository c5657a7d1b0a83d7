"""Denmark by municipality, as specifications of charts: in true shapes with Copenhagen enlarged, and as tiles.

Every municipality says its name and number when it is pointed at, and tiles have both written on them.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from experiments.app.catalogue import PageMessages
from experiments.app.charts import Spec, chart, field, layer
from experiments.app.country.looks import tips
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


def _colour(shown: Cells, title: str, legend: bool) -> Spec:
    """Classes and their colours, with a legend where the page does not show one beside the map."""
    look = {"orient": "top", "columns": 3, "symbolType": "square", "symbolSize": 220, "symbolStrokeColor": "#777777",
            "symbolStrokeWidth": 0.8, "titleLimit": 600, "columnPadding": 16}  # fmt: skip
    return field("class", "nominal", sort=None, title=title, legend=look if legend else None,
                 scale={"domain": [*shown.colours], "range": [*shown.colours.values()]})  # fmt: skip


@kept(2)
def _features(near: bool) -> tuple[dict[str, Any], ...]:
    return tuple(geojson(capital() if near else None)["features"])


def land(
    w: PageMessages, shown: Cells, title: str, description: str, *, near: bool = False, legend: bool = False
) -> Spec:
    """The map in true shapes: the whole country, or ``near`` Copenhagen with the names written on it."""
    rows = shown.table.set_index("number")
    features = []
    for shape in _features(near):
        row = rows.loc[shape["id"]]
        own = {"name": row["name"], "text": row["text"], "class": row["class"]}
        features.append({"type": "Feature", "id": shape["id"], "geometry": shape["geometry"], **own})
    encoding = {"color": _colour(shown, title, legend), "tooltip": tips(name=w("country.map.place"), text=title)}
    spec: Spec = {
        "projection": {"type": "identity"},
        "data": {"values": {"type": "FeatureCollection", "features": features}, "format": {"property": "features"}},
        "layer": [layer("geoshape", encoding, stroke=EDGE, strokeWidth=1.0 if near else 0.5)],
    }
    if near:
        spec["layer"].append(_names(shown))
        spec["title"] = {"text": w("country.map.near"), "fontWeight": "normal"}
    return chart(w, description, spec, height=460)


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


def _names(shown: Cells) -> Spec:
    """Short names on the enlargement where there is room for them, in black or white."""
    near, middles = set(capital()), {shape.place.number: shape.middle for shape in shapes()}
    rows = [
        {"short": row["short"], "x": middles[row["number"]][0], "y": middles[row["number"]][1],
         "ink": ink(shown.colours[row["class"]])}
        for row in shown.table.to_dict("records")
        if row["number"] in near and _room()[row["number"]] > UNITS * TYPE * (ems(row["short"]) + 0.4)
    ]  # fmt: skip
    encoding = {"longitude": field("x"), "latitude": field("y"), "text": {"field": "short"},
                "color": field("ink", "nominal", scale=None)}  # fmt: skip
    return layer("text", encoding, rows, fontSize=TYPE, tooltip=None)


def tiles(
    w: PageMessages, shown: Cells, what: str, title: str, description: str, *, columns: range = COLUMNS,
    legend: bool = False,
) -> Spec:  # fmt: skip
    """The map of tiles: each municipality one cell with its short name and number, about where it lies.

    ``columns`` are those that are drawn: a narrow screen has the halves of ``HALVES`` below each other.
    """
    rows = [
        {**{key: row[key] for key in ("name", "short", "row", "column", "text", "class")},
         "ink": ink(shown.colours[row["class"]]), "ems": ems(row["short"]),
         "number": "" if what == "opens" else short_of(w, what, row["value"])}
        for row in shown.table.to_dict("records") if row["column"] in columns
    ]  # fmt: skip
    cell = f"min(width / {len(columns)}, 1.2 * height / {len(ROWS)})"
    plain, fitted = {"expr": f"0.28 * {cell}"}, {"expr": f"min(0.28 * {cell}, 0.92 * {cell} / datum.ems)"}
    place = {
        channel: field(name, "ordinal", axis=None,
                       scale={"domain": [*domain], "paddingInner": 0.05, "paddingOuter": 0})
        for channel, name, domain in (("x", "column", columns), ("y", "row", ROWS))
    }  # fmt: skip

    def text(name: str, lower: str, size: dict[str, str]) -> Spec:
        encoding = {**place, "text": {"field": name}, "color": {"field": "ink", "scale": None}}
        return layer("text", encoding, fontSize=size, dy={"expr": lower}, tooltip=None)

    tip = {"tooltip": tips(name=w("country.map.place"), text=title)}
    alone = what == "opens"
    layers = [
        layer("rect", {**place, "color": _colour(shown, title, legend), **tip}, stroke=EDGE, strokeWidth=0.5),
        text("short", "0" if alone else f"-0.17 * {cell}", fitted),
        *([] if alone else [text("number", f"0.17 * {cell}", plain)]),
    ]
    return chart(w, description, {"data": {"values": rows}, "layer": layers}, height=580)


def whole_map(w: PageMessages, shown: Cells, title: str, description: str) -> Spec:
    """The country and Copenhagen's surroundings in one picture with a legend, to download."""
    left, right = (land(w, shown, title, description, near=near, legend=not near) for near in (False, True))
    inner = ("projection", "data", "layer", "title")
    return {
        **{key: left[key] for key in ("$schema", "description", "config")},
        "hconcat": [
            {**{key: left[key] for key in inner if key in left}, "width": 520, "height": 620},
            {**{key: right[key] for key in inner if key in right}, "width": 460, "height": 500},
        ],
    }  # fmt: skip

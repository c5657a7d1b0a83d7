"""Charts of the page: Vega-Lite specifications as plain dictionaries, and the same as PNG or SVG.

A chart brings its data along and names no address, so nothing leaves the machine. ``chart`` completes a specification
with the page's type, colours and number format; what is shown and what is downloaded come from the same one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from experiments.app.catalogue import PageMessages
from experiments.figures.palette import COLOURS

Spec = dict[str, Any]
Rows = list[dict[str, Any]]
MENTORED, CONTROL, OBSERVED = COLOURS["mentored"], COLOURS["control"], COLOURS["observed"]
GUESS = "#5e3c99"
"""What the visitor expected."""
INK, QUIET, LINE = "#222222", "#595959", "#dddddd"
SIZE: Spec = {"expr": "windowSize()[0] >= 1700 ? 18 : 14"}
"""Type in charts, pixels: larger where the page is on a wall, as the page's own is."""
DASH: dict[str, list[int]] = {"mentored": [], "control": [6, 3]}
"""Lines told apart without colour."""
_LOCALE = {
    "da": {"decimal": ",", "thousands": ".", "grouping": [3], "currency": ["", " kr."]},
    "en": {"decimal": ".", "thousands": ",", "grouping": [3], "currency": ["", " kr."]},
}


def field(name: str, kind: str = "quantitative", **more: Any) -> Spec:
    """A column that a picture shows."""
    return {"field": name, "type": kind, **more}


def layer(mark: str, encoding: Spec, values: Sequence[Mapping[Any, Any]] | None = None, **look: Any) -> Spec:
    """Marks of one kind; ``values`` if they have data of their own."""
    data = {} if values is None else {"data": {"values": values}}
    return {**data, "mark": {"type": mark, **look}, "encoding": encoding}


def chart(w: PageMessages, description: str, spec: Spec, *, height: int | None = 300) -> Spec:
    """A specification made ready: ``description`` is what a screen reader says instead of the picture."""
    full: Spec = {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "description": description,
        "autosize": {"type": "fit", "contains": "padding"},
        "config": {
            "font": "Source Sans, sans-serif", "locale": {"number": _LOCALE[w.language]},
            "view": {"stroke": None}, "mark": {"aria": False},  # the description says it, in the page's language
            "axis": {"aria": False, "labelFontSize": SIZE, "titleFontSize": SIZE, "titleFontWeight": "normal",
                     "labelColor": INK, "titleColor": INK, "gridColor": LINE, "domainColor": QUIET, "tickColor": QUIET,
                     "labelLimit": 320, "titlePadding": 8},
            "legend": {"aria": False, "labelFontSize": SIZE, "titleFontSize": SIZE, "labelColor": INK,
                       "titleColor": INK, "labelLimit": 400, "orient": "top"},
            "text": {"fontSize": SIZE, "color": INK}, "title": {"fontSize": SIZE, "color": INK, "anchor": "start"},
        },
    }  # fmt: skip
    if height is not None:
        full["height"] = height
    return full | spec


def picture(spec: Spec, kind: str, *, width: int = 900) -> bytes:
    """A chart as ``png`` or ``svg``, ``width`` pixels wide (twice as many in a PNG)."""
    import vl_convert

    own = {**spec, "background": "white"}
    if "hconcat" not in spec and "vconcat" not in spec and "facet" not in spec:
        own["width"] = width
    if kind == "svg":
        return str(vl_convert.vegalite_to_svg(own)).encode()
    return bytes(vl_convert.vegalite_to_png(own, scale=2))

"""Denmark by municipality: a map in true shapes, and a map of tiles on which every municipality is one cell.

Both draw one number for each place on an ``ax``. On the true map the municipalities around Copenhagen are too small to
see, so they are shown again enlarged; on the tiles they are as large as all others.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import PathCollection
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.patches import Rectangle
from matplotlib.path import Path
from matplotlib.ticker import FuncFormatter, MaxNLocator
from matplotlib.transforms import Affine2D, Transform

from experiments.inputs.municipality_shapes import (
    CAPITAL,
    Box,
    Values,
    bornholm,
    by_number,
    capital,
    cells,
    shapes,
    sheet,
    short_name,
)  # fmt: skip
from simulation.parameters import ParameterError

Colour = tuple[float, float, float, float]
AMOUNT = LinearSegmentedColormap.from_list(
    "amount", [(0, "#dbe9f6"), (0.5, "#7fb2d6"), (0.8, "#2b6ca8"), (1, "#08306b")]
)
"""Pale blue for little, dark for much, nothing as pale as the sea."""
LINE, EDGE, NOTHING = "#777777", "#ffffff", "#cccccc"
"""Frames; borders; borders and hatching of places without a value."""
CLOSED: Colour = (0.88, 0.88, 0.86, 1.0)
"""Places in which there is nothing to have a value of."""
EXTEND = ("neither", "min", "max", "both")
"""Ends of the colour bar with an arrow: 1 if values lie below it, and 2 if above it."""
NAME, TYPE = 30.0, 0.19
"""Size of type for names in the enlargement (units before it is enlarged) and in a tile (part of the tile)."""
TIMES = 4.5
"""How many times enlarged."""
ROOM = (10_600.0, 5_950.0)
"""Upper left corner of the enlargement, units of the drawing."""


@dataclass(frozen=True, kw_only=True)
class Key:
    """What the colours of a map mean."""

    label: str
    """Text over the legend, with the unit."""
    limits: tuple[float, float] | None = None
    """Values at the two ends of the scale, the smallest and the largest value if None; what lies beyond has the colour
    of the end."""
    norm: Normalize | None = None
    """A scale of matplotlib's in place of an even one (logarithmic, say)."""
    form: Callable[[float], str]
    """How a number is written."""
    missing: str
    """Text of the legend for municipalities without a value, which are hatched."""
    closed: Sequence[str] = ()
    """Municipalities in which there is nothing to have a value of, which are grey."""
    shut: str = ""
    """Text of the legend for these."""

    def __post_init__(self) -> None:
        """Refuse limits that are not in order."""
        if self.limits is not None and not self.limits[0] < self.limits[1]:
            raise ParameterError(f"the map's limits are {[*self.limits]}; the first must be below the second")

    def scale(self, amounts: Collection[float]) -> ScalarMappable:
        """Colours for these amounts."""
        low, high = self.limits or (min(amounts, default=0.0), max(amounts, default=1.0))
        even = Normalize(low, high if high > low else low + 1.0)
        return ScalarMappable(even if self.norm is None else copy(self.norm), AMOUNT)


def _legend(ax: Axes, key: Key, scale: ScalarMappable, box: Box, amounts: Collection[float]) -> None:
    """The key at (left, top, width, height of a line), in the units of ``ax``."""
    left, top, width, line = box
    size = 0.66 * line * _points(ax)
    ax.text(left, top, key.label, va="top", linespacing=1.2, fontsize=size)
    top += line * (0.95 + 0.8 * key.label.count("\n"))
    (x0, x1), (y0, y1) = ax.get_xlim(), ax.get_ylim()
    across, up = (left - x0) / (x1 - x0), (top + 0.7 * line - y0) / (y1 - y0)
    room = ax.inset_axes((across, up, width / (x1 - x0), 0.7 * line / (y0 - y1)))
    low, high = scale.get_clim()
    beyond = EXTEND[any(amount < low for amount in amounts) + 2 * any(amount > high for amount in amounts)]
    bar = ax.figure.colorbar(scale, cax=room, orientation="horizontal", extend=beyond, extendfrac=0.03)
    bar.outline.set_visible(False)
    if type(scale.norm) is Normalize:
        bar.locator = MaxNLocator(4)
    bar.formatter = FuncFormatter(lambda value, _: key.form(value))
    bar.minorticks_off()
    bar.ax.tick_params(labelsize=size, length=2, pad=2)
    down = top + 2.25 * line
    for text, fill, number in ((key.missing, None, len(shapes()) - len(amounts) - len(key.closed)),
                               (key.shut, CLOSED, len(key.closed))):  # fmt: skip
        if number > 0:
            ax.add_patch(Rectangle((left, down), 1.2 * line, 0.75 * line, **_fill(fill)))
            ax.text(left + 1.5 * line, down + 0.37 * line, text, va="center", fontsize=size)
            down += 1.1 * line


def _fill(colour: Colour | None) -> dict[str, Any]:
    """How a place is filled: in its colour, or hatched if it has none."""
    drawn = {"facecolor": "#ffffff", "hatch": "//////"} if colour is None else {"facecolor": colour}
    return {**drawn, "edgecolor": NOTHING if colour is None else EDGE, "linewidth": 0.5}


def _ink(colour: Colour | None) -> str:
    """Black or white, whichever stands out more from a colour (contrast as in WCAG 2.1); black on hatching."""
    if colour is None:
        return "#000000"
    light = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour[:3]]
    return "#000000" if float(np.dot(light, (0.2126, 0.7152, 0.0722))) > 0.179 else "#ffffff"


def _colours(key: Key, scale: ScalarMappable, amounts: Mapping[int, float]) -> dict[int, Colour | None]:
    """A colour for every municipality by official number, None where there is no amount but might be one."""
    found = dict(zip(amounts, map(tuple, scale.to_rgba(np.array([*amounts.values()]))), strict=True))
    found |= dict.fromkeys(by_number(dict.fromkeys(key.closed, 0.0)), CLOSED)
    return {shape.place.number: found.get(shape.place.number) for shape in shapes()}


def _points(ax: Axes) -> float:
    """Points of type in one unit of the axes."""
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    box = ax.get_window_extent()
    return float(min(box.width / abs(right - left), box.height / abs(top - bottom)) * 72 / ax.figure.dpi)


# Maps ---------------------------------------------------------------------------------------------------------


def choropleth(ax: Axes, values: Values, *, label: str, **colours: Any) -> Axes:
    """Denmark in true shapes, every municipality in the colour of its value, Copenhagen's surroundings enlarged.

    Parameters
    ----------
    ax
        Where to draw; a shape of about 4 wide to 3 high suits it.
    values
        A number for each municipality, by official number or by name; municipalities without one are hatched.
    label
        Text over the legend, with the unit.
    colours
        Other fields of ``Key``: ``form`` and ``missing``, ``limits`` or ``norm``, ``closed`` and ``shut``.

    Raises
    ------
    ParameterError
        If a value or its municipality cannot be used.
    """
    key, amounts = Key(label=label, **colours), by_number(values)
    scale = key.scale(amounts.values())
    fills = _colours(key, scale, amounts)
    (left, top, right, bottom), (_, high) = CAPITAL, sheet()
    width, height = TIMES * (right - left), TIMES * (bottom - top)
    _blank(ax, (-60, -60, ROOM[0] + width + 60, high + 60))
    _country(ax, fills, ax.transData)
    frame: dict[str, Any] = {"fill": False, "edgecolor": LINE, "linewidth": 0.8, "zorder": 4}
    west, north, east, south = bornholm()
    ax.add_patch(Rectangle((west, north), east - west, south - north, **frame))
    _legend(ax, key, scale, (ROOM[0] + 150, 400.0, 4_500.0, 370.0), amounts.values())
    larger = Affine2D().translate(-left, -top).scale(TIMES).translate(*ROOM)
    window = ax.add_patch(Rectangle(ROOM, width, height, **frame))
    ax.add_patch(Rectangle((left, top), right - left, bottom - top, **frame))
    for near, far in ((top, ROOM[1]), (bottom, ROOM[1] + height)):
        ax.plot((right, ROOM[0]), (near, far), color=LINE, linewidth=0.8)
    for part in _country(ax, fills, larger + ax.transData):
        part.set_clip_path(window)
    for shape in shapes():
        number, name = shape.place.number, short_name(shape.place.name)
        if number in capital():
            x, y = larger.transform(shape.middle)
            ax.text(x, y, name, ha="center", va="center", color=_ink(fills[number]),
                    fontsize=NAME * TIMES * _points(ax), zorder=5)  # fmt: skip
    return ax


def tiles(ax: Axes, values: Values, *, label: str, **colours: Any) -> Axes:
    """Denmark as a map of tiles: every municipality one cell with its short name and number, about where it lies.

    Parameters and errors as for ``choropleth``.
    """
    key, amounts = Key(label=label, **colours), by_number(values)
    scale = key.scale(amounts.values())
    fills, table = _colours(key, scale, amounts), cells()
    _blank(ax, (-0.1, -0.1, table["column"].max() + 1.1, table["row"].max() + 1.1))
    _legend(ax, key, scale, (9.3, 0.1, 5.4, 0.45), amounts.values())
    size = TYPE * _points(ax)
    for cell in table.to_dict("records"):
        colour, amount = fills[cell["number"]], amounts.get(cell["number"])
        x, y = cell["column"] + 0.5, cell["row"] + 0.5
        ax.add_patch(Rectangle((x - 0.47, y - 0.47), 0.94, 0.94, **_fill(colour)))
        text: dict[str, Any] = {"ha": "center", "color": _ink(colour), "fontsize": size}
        ax.text(x, y - 0.04, cell["short"], va="bottom", **text)
        ax.text(x, y + 0.1, "–" if amount is None else key.form(amount), va="top", **text)
    return ax


def _blank(ax: Axes, box: Box) -> None:
    """No axes, one unit as wide as high, y downward: left, top, right, bottom."""
    ax.set_aspect("equal")
    ax.set_axis_off()
    ax.set(xlim=(box[0], box[2]), ylim=(box[3], box[1]))


def _country(ax: Axes, fills: Mapping[int, Colour | None], where: Transform) -> list[PathCollection]:
    """Every municipality in its colour: those that have one, and those that are hatched."""
    parts = []
    for hatched in (False, True):
        found = [shape for shape in shapes() if (fills[shape.place.number] is None) == hatched]
        paths = [Path.make_compound_path(*(Path(ring, closed=True) for rings in shape.polygons for ring in rings))
                 for shape in found]  # fmt: skip
        fill = _fill(None) if hatched else _fill((0, 0, 0, 0)) | {"facecolor": [fills[s.place.number] for s in found]}
        parts.append(PathCollection(paths, transform=where, zorder=2, **fill))
        ax.add_collection(parts[-1], autolim=False)
    return parts

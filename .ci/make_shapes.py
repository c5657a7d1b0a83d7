"""How the map's two data files are made: municipalities from a public drawing, and a cell for each of them.

``python .ci/make_shapes.py FOLDER``, where the folder holds the unpacked package react-denmark-map 1.0.0, writes
``denmark_shapes.json`` and ``denmark_tiles.csv`` in ``experiments/inputs/data``. Only whoever remakes the files needs
this script; it needs NumPy, SciPy and Shapely 2.1 or newer, and nothing else of this project than the table of
municipalities.

In the drawing every municipality stands a little apart from its neighbours. Here the gaps between them are shared out
(each point goes to the nearest), so that neighbours have one border; inlets and coasts stay as they are drawn. Then
lines are thinned, each border once, and rounded to whole units.
"""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Iterator
from difflib import SequenceMatcher
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment
from scipy.spatial import Voronoi, cKDTree
from scipy.stats import rankdata

Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]
Rings = list[Longs]
Polygons = list[Rings]
HERE = Path(__file__).resolve().parents[1]
DATA = HERE / "experiments" / "inputs" / "data"
SHAPES, TILES = DATA / "denmark_shapes.json", DATA / "denmark_tiles.csv"
MUNICIPALITIES = HERE / "simulation" / "data" / "municipalities.csv"
WIDTH, HEIGHT = 10_116, 12_289
"""Units of the drawing; a unit is about 29 m."""
CURVE_POINTS = 12
"""Points that a curve of the drawing becomes."""
HALF_GAP = 27.0
"""Neighbours stand at most about twice this far apart, units."""
SPECK = 2_000.0
"""Islands smaller than this are left out, square units."""
LAKE = 20_000.0
"""Holes smaller than this are what is left of gaps, square units."""
TOLERANCE = 18.0
"""Root of the area that leaving out a corner may change, units."""


# The drawing --------------------------------------------------------------------------------------------------


def drawn(folder: Path) -> dict[int, tuple[str, list[Floats]]]:
    """Name and outlines of every municipality, by official number, as the package draws them (y runs downward).

    Raises
    ------
    ValueError
        If the file is not as in version 1.0.0.
    """
    text = (folder / "dist" / "esm" / "index.js").read_text(encoding="utf-8")
    end = text.index(f'viewBoxWidth:"{WIDTH}",viewBoxHeight:"{HEIGHT}"')
    entry = r'\{id:"[^"]*",name:"[^"]*",en_name:"[^"]*",display_name:"([^"]*)",code:"(\d+)",d:"([^"]*)"\}'
    part = text[text.rindex("const _=[", 0, end) : end]
    return {int(code): (name, outlines(path)) for name, code, path in re.findall(entry, part)}


def outlines(path: str) -> list[Floats]:
    """Corners of every outline of an SVG path that has the commands M, m, l, c and Z only."""
    found: list[list[Floats]] = []
    at = np.zeros(2)
    t = (np.arange(1, CURVE_POINTS + 1) / CURVE_POINTS)[:, None]
    for command, rest in re.findall(r"([a-zA-Z])([^a-zA-Z]*)", path):
        steps = np.array([float(number) for number in re.findall(r"-?\d*\.?\d+", rest)]).reshape(-1, 2)
        if command == "Z":
            at = found[-1][0][0]
        elif command in "Mm":
            at = steps[0] + (at if command == "m" else 0)
            found.append([at[None]])
        elif command == "l":
            for step in steps:
                at = at + step
                found[-1].append(at[None])
        elif command == "c":
            for a, b, c in steps.reshape(-1, 3, 2):
                found[-1].append(at + 3 * (1 - t) ** 2 * t * a + 3 * (1 - t) * t**2 * b + t**3 * c)
                at = at + c
        else:
            raise ValueError(f"the path has the command [{command}]; known are M, m, l, c and Z")
    return [np.concatenate(corners) for corners in found]


def checked(names: dict[int, str]) -> None:
    """Refuse a drawing whose numbers or names are not those of the table (Århus and Aarhus are near enough).

    Raises
    ------
    ValueError
        If a number is missing or stands for another name.
    """
    known = dict(table())
    if set(known) != set(names):
        raise ValueError(f"municipalities {sorted(set(known) ^ set(names))} are only in one of drawing and table")
    far = {n: (known[n], names[n]) for n in known if SequenceMatcher(None, known[n], names[n]).ratio() < 0.7}
    if far:
        raise ValueError(f"the drawing's names differ from the table's: {far}")


def table() -> list[tuple[int, str]]:
    """Official numbers and names."""
    with MUNICIPALITIES.open(encoding="utf-8") as file:
        return [(int(row["number"]), row["name"]) for row in csv.DictReader(file)]


# Shapes -------------------------------------------------------------------------------------------------------


def simplified(drawing: dict[int, list[Floats]]) -> dict[int, tuple[list[int], Polygons]]:
    """A point well inside and the polygons (outer ring, then holes) of every municipality, in whole units."""
    shapely: Any = import_module("shapely")  # by name: whoever only uses the files does not have it
    numbers = sorted(drawing)
    apart = [shapely.union_all([shapely.make_valid(shapely.Polygon(ring)) for ring in drawing[n]]) for n in numbers]
    land = _land(shapely, apart)
    rims = [np.unique(shapely.get_coordinates(shapely.segmentize(each, 10.0)), axis=0) for each in apart]
    points, owner = np.concatenate(rims), np.repeat(np.arange(len(numbers)), [len(rim) for rim in rims])
    cut = Voronoi(points)
    ridge, ends = cut.ridge_points, np.array(cut.ridge_vertices)
    border = (owner[ridge[:, 0]] != owner[ridge[:, 1]]) & (ends >= 0).all(axis=1)
    border &= np.linalg.norm(points[ridge[:, 0]] - points[ridge[:, 1]], axis=1) < 8 * HALF_GAP
    lines = [land.boundary, *shapely.linestrings(cut.vertices[ends[border]])]
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(shapely.union_all(lines, grid_size=1.0))))
    inside = shapely.point_on_surface(faces)
    faces = faces[shapely.contains(land.buffer(0.5), inside)]
    nearest = cKDTree(points).query(shapely.get_coordinates(shapely.point_on_surface(faces)))[1]
    whole = [shapely.union_all(faces[owner[nearest] == k]) for k in range(len(numbers))]
    whole = [shapely.union_all([p for p in shapely.get_parts(each) if p.area >= SPECK]) for each in whole]
    thin = shapely.orient_polygons(shapely.coverage_simplify(whole, TOLERANCE))
    if not shapely.coverage_is_valid(thin):
        raise ValueError("neighbours overlap after simplification; another tolerance is needed")
    found = {}
    for number, shape in zip(numbers, thin, strict=True):
        parts = sorted(shapely.get_parts(shape), key=lambda part: -part.area)
        middle = shapely.get_coordinates(shapely.maximum_inscribed_circle(parts[0]))[0]
        rings = [[shapely.get_coordinates(ring).astype(np.int64) for ring in (p.exterior, *p.interiors)] for p in parts]
        found[number] = (np.rint(middle).astype(int).tolist(), rings)
    return found


def _land(shapely: Any, apart: list[Any]) -> Any:
    """All municipalities and the gaps between them, without the narrow inlets that one has for itself."""
    land = shapely.union_all([each.buffer(HALF_GAP) for each in apart]).buffer(-HALF_GAP)
    tree = shapely.STRtree(apart)
    for k, each in enumerate(apart):
        near = [apart[j] for j in tree.query(each.buffer(4 * HALF_GAP)) if j != k]
        own = each.buffer(HALF_GAP).buffer(-HALF_GAP).difference(each)
        land = land.difference(own.difference(shapely.union_all(near).buffer(2 * HALF_GAP)))
    land = shapely.union_all([land, *apart])
    parts = [part for part in shapely.get_parts(land) if part.area >= SPECK]
    holes = [[ring for ring in part.interiors if shapely.Polygon(ring).area >= LAKE] for part in parts]
    return shapely.MultiPolygon([shapely.Polygon(p.exterior, inner) for p, inner in zip(parts, holes, strict=True)])


def packed(shapes: dict[int, tuple[list[int], Polygons]]) -> str:
    """The shapes as text: a ring is its first corner, then steps from corner to corner back to the first."""
    corners = shapes[400][1][0][0]
    box = [*(corners.min(axis=0) - 250).tolist(), *(corners.max(axis=0) + 250).tolist()]
    rows = []
    for number, (middle, polygons) in sorted(shapes.items()):
        steps = [[np.diff(ring, axis=0, prepend=[[0, 0]]).ravel().tolist() for ring in rings] for rings in polygons]
        rows.append(f'"{number}":' + json.dumps({"middle": middle, "polygons": steps}, separators=(",", ":")))
    head = {"notice": "denmark_shapes.NOTICE.txt", "width": WIDTH, "height": HEIGHT, "moved": {"400": box}}
    return json.dumps(head)[:-1] + ', "municipalities": {\n' + ",\n".join(rows) + "\n}}\n"


# Cells --------------------------------------------------------------------------------------------------------

GRID = (13.0, 14.0)
"""Rows and columns that the country is spread over before neighbours pull."""
BRIDGES = ((376, 390), (479, 482), (147, 175))
"""Neighbours besides: over Storstrøm, to Langeland, and Frederiksberg with Rødovre, a strip of København apart."""
SPACING = 1.03
"""Distance that neighbours want, cells."""
PULL = 0.08
"""How strongly the place in the country counts beside each neighbour's wish."""
SHIFTS = ((101, -0.5, 1.5), (400, 0.0, 4.0), (410, -0.25, 0.25), (500, 0.0, 0.0))
"""By first official number of a land (Sjælland with Lolland-Falster, Bornholm, Fyn, Jylland): rows and columns it is
moved, so that there is water between them and the belts lie where the bridges are."""
NUDGES = {756: (0.0, -0.7), 615: (0.0, -0.7), 727: (0.0, -0.7)}
"""Rows and columns that a place is moved by hand: Ikast-Brande, Horsens and Odder, where a hole would be in Jylland."""


def tiles(shapes: dict[int, Polygons]) -> dict[int, tuple[int, int]]:
    """Row (from the north) and column (from the west) of a cell for every municipality.

    Everybody wants a place that is half position and half rank in the country, and to have its neighbours in their
    true directions at the distance of a cell: one linear system. The nearest free cells are then shared out at the
    least sum of squared distances.
    """
    numbers = sorted(shapes)
    middles = np.array([middle(shapes[n]) for n in numbers])
    span = middles - middles.min(axis=0)
    mixed = 0.5 * span / span.max(axis=0) + 0.5 * (rankdata(middles, axis=0) - 1) / (len(numbers) - 1)
    land = np.searchsorted([first for first, _, _ in SHIFTS], numbers, side="right") - 1
    wanted = mixed[:, ::-1] * GRID + np.array(SHIFTS)[land, 1:]
    left, right = np.eye(len(numbers)) * PULL, wanted * PULL
    index = {number: k for k, number in enumerate(numbers)}
    for a, b in [*neighbours(shapes), *BRIDGES]:
        i, j = index[a], index[b]
        if land[i] != land[j]:
            continue
        step = (middles[j] - middles[i])[::-1]
        step *= SPACING / np.linalg.norm(step)
        left[[i, j], [i, j]] += 1
        left[[i, j], [j, i]] -= 1
        right[i] -= step
        right[j] += step
    places = np.linalg.solve(left, right) + [NUDGES.get(number, (0.0, 0.0)) for number in numbers]
    places -= places.min(axis=0)
    rows, columns = np.ceil(places.max(axis=0)).astype(int) + 1
    grid = np.stack(np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij"), axis=-1).reshape(-1, 2)
    cell = grid[linear_sum_assignment(((places[:, None] - grid[None]) ** 2).sum(axis=2))[1]]
    cell = np.stack([np.unique(along, return_inverse=True)[1] for along in cell.T], axis=1)
    return {number: (int(row), int(column)) for number, (row, column) in zip(numbers, cell, strict=True)}


def neighbours(shapes: dict[int, Polygons]) -> list[tuple[int, int]]:
    """Pairs of municipalities with a piece of border in common, by number."""
    owners: dict[tuple[tuple[int, ...], ...], set[int]] = {}
    for number, polygons in shapes.items():
        for a, b in _sides(polygons):
            owners.setdefault(tuple(sorted((a, b))), set()).add(number)
    return sorted({(min(pair), max(pair)) for pair in owners.values() if len(pair) == 2})


def _sides(polygons: Polygons) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
    for ring in (ring for rings in polygons for ring in rings):
        yield from pairwise(tuple(corner) for corner in ring.tolist())


def middle(polygons: Polygons) -> Floats:
    """Centre of area of all polygons together, holes taken off, units."""
    total, weight = np.zeros(2), 0.0
    for ring in (ring for rings in polygons for ring in rings):
        a, b = ring[:-1].astype(float), ring[1:].astype(float)
        cross = a[:, 0] * b[:, 1] - b[:, 0] * a[:, 1]
        total += ((a + b) * cross[:, None]).sum(axis=0) / 3
        weight += float(cross.sum())
    return total / weight


def main(folder: Path) -> None:
    """Write both files."""
    drawing = drawn(folder)
    checked({number: name for number, (name, _) in drawing.items()})
    shapes = simplified({number: rings for number, (_, rings) in drawing.items()})
    SHAPES.write_text(packed(shapes), encoding="utf-8")
    cells = tiles({number: polygons for number, (_, polygons) in shapes.items()})
    lines = ["number,name,row,column", *(f"{n},{name},{cells[n][0]},{cells[n][1]}" for n, name in table())]
    TILES.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""Where municipalities lie: 98 shapes and 98 cells, borders that fit, true geography, and the script that makes them."""

from __future__ import annotations

import json
from collections import Counter
from importlib.resources import files
from importlib.util import module_from_spec, spec_from_file_location
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from matplotlib.path import Path as Outline

from experiments.inputs.municipality_shapes import CAPITAL, bornholm, capital, cells, geojson, shapes, sheet, short_name
from simulation.municipalities import municipalities

SHAPES = {shape.place.name: shape for shape in shapes()}
CELLS = cells().set_index("name")
_SCRIPT = str(Path(__file__).parents[1] / ".ci" / "make_shapes.py")
make_shapes = module_from_spec(spec_from_file_location("make_shapes", _SCRIPT))
make_shapes.__spec__.loader.exec_module(make_shapes)
NEIGHBOURS = make_shapes.neighbours({shape.place.number: shape.polygons for shape in shapes()})


def area(shape):
    """Area of a municipality in square units, holes taken off; negative if its outlines run the wrong way round."""
    rings = [ring for rings in shape.polygons for ring in rings]
    return sum(float((r[:-1, 0] * r[1:, 1] - r[1:, 0] * r[:-1, 1]).sum()) for r in rings) / 2


def middles():
    """Centre of each municipality by name: x from the west, y from the north, units."""
    return {name: make_shapes.middle(shape.polygons) for name, shape in SHAPES.items()}


def places(kind):
    """Column-like and row-like position by name, on one of the two maps."""
    if kind == "shapes":
        return middles()
    return {name: (row["column"], row["row"]) for name, row in CELLS.to_dict("index").items()}


# Shapes -------------------------------------------------------------------------------------------------------


def test_every_municipality_has_a_shape_and_a_cell_of_its_own() -> None:
    """98 shapes and 98 different cells: 29 + 17 + 22 + 19 + 11 by region."""
    expected = {"Hovedstaden": 29, "Sjælland": 17, "Syddanmark": 22, "Midtjylland": 19, "Nordjylland": 11}

    assert expected == dict(Counter(shape.place.region for shape in shapes()))
    assert expected == dict(Counter(cells()["region"]))
    assert 98 == len(set(zip(cells()["row"], cells()["column"], strict=True)))
    assert [place.number for place in municipalities()] == [s.place.number for s in shapes()] == list(cells()["number"])


def test_rings_are_closed_and_run_the_right_way_round() -> None:
    """Every ring ends where it begins and has at least three corners; holes run against their outer ring."""
    for shape in shapes():
        for outer, *holes in shape.polygons:
            signs = [np.sign((r[:-1, 0] * r[1:, 1] - r[1:, 0] * r[:-1, 1]).sum()) for r in (outer, *holes)]

            assert all(len(ring) >= 4 and (ring[0] == ring[-1]).all() for ring in (outer, *holes))
            assert [1] + [-1] * len(holes) == signs


def test_no_two_municipalities_overlap_along_a_border() -> None:
    """A side of a ring occurs once in its direction: a neighbour has it too, the other way round."""
    sides = Counter(
        side for s in shapes() for rings in s.polygons for r in rings for side in pairwise(map(tuple, r.tolist()))
    )

    assert {1} == set(sides.values())
    assert 187 == len(NEIGHBOURS)


def test_a_label_stands_inside_its_municipality() -> None:
    """The middle of a shape is in its largest part and in no hole."""
    for shape in shapes():
        outer, *holes = (Outline(ring) for ring in shape.polygons[0])

        assert outer.contains_point(shape.middle)
        assert not any(hole.contains_point(shape.middle) for hole in holes)


def test_the_largest_and_the_smallest_are_the_true_ones() -> None:
    """Ringkøbing-Skjern is largest, Viborg second; Frederiksberg is smallest, a hole in København."""
    order = sorted(SHAPES, key=lambda name: area(SHAPES[name]))

    assert ["Viborg", "Ringkøbing-Skjern"] == order[-2:]
    assert "Frederiksberg" == order[0]
    assert 2 == len(SHAPES["København"].polygons[0])


def test_known_neighbours_have_a_border() -> None:
    """Aarhus borders on Odder, Skanderborg, Favrskov and Syddjurs, and islands on nobody."""
    name = {place.number: place.name for place in municipalities()}
    near = {
        other: {name[n] for pair in NEIGHBOURS for n in pair if other in map(name.get, pair)} - {other}
        for other in name.values()
    }

    assert {"Odder", "Skanderborg", "Favrskov", "Syddjurs"} == near["Aarhus"]
    assert {"København"} == near["Frederiksberg"]
    assert {"Bornholm", "Fanø", "Læsø", "Samsø", "Ærø", "Langeland"} == {
        who for who, others in near.items() if not others
    }


def test_bornholm_alone_is_in_its_box() -> None:
    """The box into which Bornholm is moved holds Bornholm and no other; everything is on the sheet."""
    left, top, right, bottom = bornholm()
    wide, high = sheet()
    inside = {
        name for name, shape in SHAPES.items() for rings in shape.polygons
        if ((rings[0] > (left, top)) & (rings[0] < (right, bottom))).all(axis=1).any()
    }  # fmt: skip

    assert {"Bornholm"} == inside
    assert all(((r >= 0) & (r <= (wide, high))).all() for s in shapes() for rings in s.polygons for r in rings)


# Geography ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["shapes", "cells"])
@pytest.mark.parametrize(
    ("axis", "names"),
    [
        (1, ["Hjørring", "Aalborg", "Randers", "Aarhus", "Horsens", "Vejle", "Kolding", "Haderslev", "Aabenraa"]),
        (0, ["Esbjerg", "Kolding", "Odense", "Nyborg", "Slagelse", "Næstved", "København"]),
        (0, ["Ringkøbing-Skjern", "Herning", "Silkeborg", "Aarhus"]),
        (1, ["Helsingør", "Hørsholm", "Gentofte", "København", "Dragør"]),
        (0, ["Roskilde", "Albertslund", "Glostrup", "Rødovre", "Frederiksberg"]),
        (1, ["Hillerød", "Roskilde", "Ringsted", "Vordingborg", "Guldborgsund"]),
    ],
)
def test_places_lie_as_in_the_country(kind, axis, names) -> None:
    """From north to south (1) and from west to east (0), on the map and on the tiles."""
    along = [places(kind)[name][axis] for name in names]

    assert sorted(along) == along
    assert along[0] < along[-1]


def test_neighbours_are_neighbours_on_the_tiles() -> None:
    """At least 85 % of the pairs with a border touch on the tiles too, at a side or a corner, and nobody is far off."""
    at = {row["number"]: np.array([row["row"], row["column"]]) for row in cells().to_dict("records")}
    apart = np.array([np.abs(at[a] - at[b]).max() for a, b in NEIGHBOURS])

    assert (apart <= 1).mean() >= 0.85
    assert apart.max() <= 4


def test_touching_tiles_mostly_share_a_region() -> None:
    """Of the pairs of tiles with a side in common at least 85 % are in one region."""
    region = {(row["row"], row["column"]): row["region"] for row in cells().to_dict("records")}
    same = [
        region[r, c] == region[r + i, c + j] for r, c in region for i, j in ((0, 1), (1, 0)) if (r + i, c + j) in region
    ]

    assert len(same) > 100
    assert np.mean(same) >= 0.85


def test_the_tiles_are_those_that_the_script_makes() -> None:
    """The table of cells is computed from the shapes that lie beside it."""
    made = make_shapes.tiles({shape.place.number: shape.polygons for shape in shapes()})

    assert {row["number"]: (row["row"], row["column"]) for row in cells().to_dict("records")} == made


def test_short_names_are_short_and_distinct() -> None:
    """At most eight letters, no two alike; the rule by example."""
    assert 98 == cells()["short"].nunique()
    assert cells()["short"].str.len().max() <= 8
    assert ["Aarhus", "Lyngby", "Ringkøb.", "Vording.", "Ærø"] == [
        short_name(name) for name in ("Aarhus", "Lyngby-Taarbæk", "Ringkøbing-Skjern", "Vordingborg", "Ærø")
    ]


# For the page -------------------------------------------------------------------------------------------------


def test_geojson_is_the_same_shapes() -> None:
    """A feature for each municipality, plain enough for JSON, with y downward as it is drawn."""
    found = json.loads(json.dumps(geojson(), allow_nan=False))
    by_name = {feature["properties"]["name"]: feature for feature in found["features"]}
    corners = by_name["Aarhus"]["geometry"]["coordinates"][0][0]

    assert "FeatureCollection" == found["type"]
    assert set(SHAPES) == set(by_name)
    assert 751 == by_name["Aarhus"]["id"] == by_name["Aarhus"]["properties"]["number"]
    assert SHAPES["Aarhus"].polygons[0][0].tolist() == corners
    top = {name: min(y for _, y in feature["geometry"]["coordinates"][0][0]) for name, feature in by_name.items()}
    assert top["Hjørring"] < top["Aarhus"] < top["Tønder"]


def test_the_enlargement_holds_the_municipalities_around_copenhagen() -> None:
    """About twenty, København, Frederiksberg and their neighbours among them; the page can have them alone."""
    around = {name for name, shape in SHAPES.items() if shape.place.number in capital()}
    left, top, right, bottom = CAPITAL

    assert {"København", "Frederiksberg", "Gentofte", "Glostrup", "Vallensbæk", "Dragør", "Høje-Taastrup"} < around
    assert 20 <= len(around) <= 25
    assert around == {feature["properties"]["name"] for feature in geojson(capital())["features"]}
    assert (
        left < SHAPES["Dragør"].polygons[0][0].min(axis=0)[0] < SHAPES["Dragør"].polygons[0][0].max(axis=0)[0] < right
    )
    assert top < SHAPES["Dragør"].polygons[0][0].max(axis=0)[1] < bottom


def test_the_licence_lies_beside_the_shapes() -> None:
    """The notice names the author and the licence, and says what is not known."""
    notice = files("experiments").joinpath("inputs/data/denmark_shapes.NOTICE.txt").read_text(encoding="utf-8")

    assert "Copyright (c) 2022 Martin Polley" in notice
    assert "Permission is hereby granted, free of charge" in notice
    assert "does not say\nwhere its drawing comes from" in notice


# The script ---------------------------------------------------------------------------------------------------


def test_a_path_of_the_drawing_becomes_corners() -> None:
    """Lines step on from where they are, a second outline begins beside the start of the first, a curve is cubic."""
    first, second = make_shapes.outlines("M10,20l5,0 0,5Zm1,-1c0,0 0,0 4,8l-1-2Z")

    assert [[10, 20], [15, 20], [15, 25]] == first.tolist()
    assert [11, 19] == second[0].tolist()
    assert [15, 27] == second[make_shapes.CURVE_POINTS].tolist()
    assert [14, 25] == second[-1].tolist()
    # half-way along a curve whose two control points are at its start: an eighth of the way
    assert [11.5, 20] == second[make_shapes.CURVE_POINTS // 2].tolist()


def test_a_path_with_another_command_is_refused() -> None:
    """A drawing of another kind is not half understood."""
    with pytest.raises(ValueError, match=r"\[q\]; known are M, m, l, c and Z"):
        make_shapes.outlines("M0,0q1,1 2,2Z")


def test_a_drawing_with_other_names_is_refused() -> None:
    """Århus is Aarhus; a number that stands for another name, or is missing, is not accepted."""
    names = dict(make_shapes.table())
    make_shapes.checked({**names, 751: "Århus"})

    with pytest.raises(ValueError, match=r"751.*Odense"):
        make_shapes.checked({**names, 751: "Odense"})
    with pytest.raises(ValueError, match=r"\[751\] are only in one"):
        make_shapes.checked({number: name for number, name in names.items() if number != 751})


def test_packed_shapes_are_read_as_they_were() -> None:
    """Writing the shapes again gives the file, byte for byte."""
    text = make_shapes.SHAPES.read_text(encoding="utf-8")
    again = {s.place.number: ([*s.middle], [list(rings) for rings in s.polygons]) for s in shapes()}

    assert text == make_shapes.packed(again)

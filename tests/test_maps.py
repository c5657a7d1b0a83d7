"""The maps: values under any spelling, the colour of every place, what is hatched, and that nothing is cut off."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PathCollection
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from experiments.figures.maps import AMOUNT, choropleth, tiles
from experiments.figures.style import style
from experiments.inputs.municipality_shapes import by_number, capital, cells, shapes, short_name
from simulation.municipalities import municipalities
from simulation.parameters import ParameterError

CELLS = cells().set_index("name")
POPULATION = {place.name: float(place.population) for place in municipalities()}
KEY = {"form": lambda value: f"{value:,.0f}", "missing": "no value"}
BOTH = pytest.mark.parametrize("draw", [choropleth, tiles])


def drawn(draw, values, *, size=(12, 9), **options):
    """A map on a fresh figure: its axes, after everything has been drawn."""
    style()
    figure = Figure(figsize=size)
    FigureCanvasAgg(figure)
    ax = figure.add_subplot()
    assert ax is draw(ax, values, **{"label": "people", **KEY, **options})
    figure.draw_without_rendering()
    return ax


def colours(ax):
    """Colour of every place that has one, by name, as it is drawn; hatched ones are left out."""
    if ax.collections:
        filled = ax.collections[0].get_facecolor()
        hatched = {tuple(path.vertices[0]) for path in ax.collections[1].get_paths()}
        left = [shape for shape in shapes() if tuple(shape.polygons[0][0][0]) not in hatched]
        return dict(zip((shape.place.name for shape in left), map(tuple, filled), strict=True))
    found = {}
    for name, row in CELLS.to_dict("index").items():
        at = (row["column"] + 0.5, row["row"] + 0.5)
        (cell,) = [patch for patch in ax.patches if patch.get_width() == 0.94 and np.allclose(patch.get_center(), at)]
        if cell.get_hatch() is None:
            found[name] = cell.get_facecolor()
    return found


# Values -------------------------------------------------------------------------------------------------------


def test_values_are_found_by_number_and_by_any_spelling() -> None:
    """Århus, aarhus and 751 are one place; a table's column will do; nan is no value."""
    expected = {751: 2.0, 101: 1.0}

    assert expected == by_number({"Århus": 2, "København": 1})
    assert expected == by_number({" aarhus": 2, "koebenhavn": 1, "Ærø": np.nan})
    assert expected == by_number({751: 2, 101: 1})
    assert expected == by_number(pd.Series({"Aarhus": 2, "København": 1}))
    assert expected == by_number(pd.Series([2, 1], index=[751, 101]))


@BOTH
@pytest.mark.parametrize(
    ("values", "what"),
    [
        ({"Atlantis": 1}, r"\[Atlantis\], which is not a Danish municipality"),
        ({"Arhuss": 1}, r"\[Arhuss\].*did you mean Aarhus\?"),
        ({"Syddanmark": 1}, r"\[Syddanmark\], which is 22 municipalities"),
        ({100: 1}, r"\[100\], which is no municipality's official number"),
        ({"Århus": 1, "Aarhus": 2}, r"\[Aarhus\] a second time"),
        ({"Aarhus": "many"}, r"\[Aarhus\] is \[many\]; allowed are finite numbers"),
        ({"Aarhus": np.inf}, r"\[Aarhus\] is \[inf\]; allowed are finite numbers"),
    ],
)
def test_values_that_cannot_be_used_are_one_line(draw, values, what) -> None:
    """Unknown places, several at once, one twice, and what is no number: one line that says which."""
    with pytest.raises(ParameterError, match=what) as error:
        draw(Figure().add_subplot(), values, label="people", **KEY)

    assert 1 == len(str(error.value).splitlines())


@BOTH
def test_limits_out_of_order_are_one_line(draw) -> None:
    """A scale needs a lower and an upper end."""
    with pytest.raises(ParameterError, match=r"limits are \[3.0, 3.0\]"):
        draw(Figure().add_subplot(), {"Aarhus": 2.0}, label="people", limits=(3.0, 3.0), **KEY)


# Drawing ------------------------------------------------------------------------------------------------------


@BOTH
def test_every_place_has_the_colour_of_its_value(draw) -> None:
    """The least is the palest, the most is the darkest, and a place between is where the scale says."""
    found = colours(drawn(draw, POPULATION, norm=LogNorm(1_000, 1_000_000)))

    assert set(POPULATION) == set(found)
    assert min(POPULATION, key=POPULATION.__getitem__) == max(found, key=lambda name: sum(found[name][:3]))
    for name in ("Læsø", "Odense", "København"):
        assert AMOUNT(LogNorm(1_000, 1_000_000)(POPULATION[name])) == pytest.approx(found[name])


@BOTH
def test_places_without_a_value_are_hatched_and_said_so(draw) -> None:
    """Without Aarhus 97 places have a colour and the legend names the rest; with all it does not."""
    some = {name: people for name, people in POPULATION.items() if name != "Aarhus"}
    ax = drawn(draw, some, missing="not asked")

    assert set(some) == set(colours(ax))
    assert "not asked" in {text.get_text() for text in ax.texts}
    assert "not asked" not in {text.get_text() for text in drawn(draw, POPULATION, missing="not asked").texts}
    assert {} == colours(drawn(draw, {}))


@BOTH
def test_values_beyond_the_limits_are_shown_as_such(draw) -> None:
    """The colour bar has an arrow at an end only where values lie beyond it."""
    bars = [drawn(draw, {"Aarhus": 1.0, "Odense": 9.0}, limits=limits).child_axes[0] for limits in ((0, 10), (0, 5))]

    assert [0, 1] == [len([p for p in bar.patches if type(p).__name__ == "PathPatch"]) for bar in bars]


def test_a_scale_given_is_left_as_it_is() -> None:
    """Drawing does not set the limits of the norm that is passed in."""
    norm = LogNorm()
    drawn(tiles, POPULATION, norm=norm)

    assert (None, None) == (norm.vmin, norm.vmax)


def test_the_enlargement_is_the_same_map_again() -> None:
    """Every shape is drawn twice in the same colours, and the enlarged municipalities are named."""
    twice = drawn(choropleth, POPULATION)
    named = {short_name(shape.place.name) for shape in shapes() if shape.place.number in capital()}

    assert [98, 98] == [
        len(c.get_paths()) for c in twice.collections if isinstance(c, PathCollection) and c.get_paths()
    ]
    assert np.array_equal(twice.collections[0].get_facecolor(), twice.collections[2].get_facecolor())
    assert named < {text.get_text() for text in twice.texts}


@pytest.mark.parametrize("size", [(12, 9), (7, 5.4)])
def test_names_and_numbers_fit_into_their_tiles(size) -> None:
    """Whatever the size of the figure, no name or number is wider than its cell, and nothing is cut off."""
    ax = drawn(tiles, POPULATION, size=size)
    draw = ax.figure.canvas.get_renderer()
    cell = next(patch for patch in ax.patches if isinstance(patch, Rectangle) and patch.get_width() == 0.94)
    room = cell.get_window_extent(draw).width
    inside = [text for text in ax.texts if text.get_text() != "people"]

    assert 2 * 98 == len(inside)
    assert max(text.get_window_extent(draw).width for text in inside) < room
    whole = ax.figure.bbox
    assert all(whole.x0 <= box.x0 and box.x1 <= whole.x1 for box in (t.get_window_extent(draw) for t in ax.texts))


@BOTH
def test_text_stays_text_in_svg(draw) -> None:
    """Names can be searched and read aloud in the SVG, with æ, ø and å."""
    ax, target = drawn(draw, POPULATION), io.StringIO()
    ax.figure.savefig(target, format="svg")

    assert all(f">{name}<" in target.getvalue() for name in ("Tårnby", "Rødovre", "people"))

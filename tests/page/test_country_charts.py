"""Maps and charts of the whole country: what they say, and that they can be drawn."""

from __future__ import annotations

import json

import pytest
import vl_convert

from experiments.app.catalogue import LANGUAGES, PageMessages
from experiments.app.charts import picture
from experiments.app.country import charts, kroner
from experiments.app.country import map as maps
from experiments.app.country import municipalities as places
from experiments.app.country.facts import titles_of
from experiments.app.country.ladder import tables_of, waterfall
from experiments.app.country.panel import CURVE, SHOWN
from experiments.app.country.plans import Choices, asked, intended, plan_of, read
from experiments.app.country.study import all_steps, steps
from experiments.inputs.municipality_shapes import capital
from experiments.studies.rollout.plan_runs import FEW
from simulation.municipalities import municipalities
from tests.page.country import FEW as FEW_DRAWS
from tests.page.country import SEED, YEARS, climbed, told


def map_of(w, what, *, study=True):
    """What a map of the tests' plan shows."""
    wanted, found = told()
    plan = read(wanted.plans[0])
    own = places.values(what, found.sheets[0] if study else None, intended(wanted.plans[0]))
    return places.cells_of(w, what, plan, own, list(own.values()))


def drawn(spec):
    """The specification compiles; its description."""
    json.dumps(spec, allow_nan=False)
    compiled = vl_convert.vegalite_to_vega(spec)
    assert compiled["marks"]
    assert len(compiled.get("legends", [])) <= 1, "a legend stands there twice"
    assert "http" not in json.dumps({key: part for key, part in spec.items() if key != "$schema"})
    return spec["description"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("what", SHOWN.codes)
def test_every_map_can_be_drawn_and_says_what_it_shows(what, language):
    w = PageMessages(language)
    cells = map_of(w, what)
    said, title = places.described(w, what, cells), w(f"country.map.title.{what}")

    for near in (False, True):
        assert title in drawn(maps.land(w, cells, title, said, near=near))
    for columns in (maps.COLUMNS, *maps.HALVES):
        drawn(maps.tiles(w, cells, what, title, said, columns=columns))
    drawn(maps.whole_map(w, cells, title, said))
    assert set(cells.table["class"]) <= set(cells.colours)
    assert len(places.listed(w, what, {"plan": cells})) == 98


def test_a_map_has_the_number_of_every_municipality_in_the_table():
    w, (_, found) = PageMessages("da"), told()
    cells, table = map_of(w, "matched").table.set_index("name"), found.sheets[0].tables["by_municipality"]

    for row in table.to_dict("records"):
        if row["joined"] < FEW:
            assert cells.loc[row["municipality"], "text"] == "færre end 5 ville være med"
        else:
            assert cells.loc[row["municipality"], "text"] == f"{w.percent(row['matched'])} med mentor"


def test_municipalities_that_never_open_are_told_apart_from_those_with_too_few():
    w = PageMessages("en")
    plan = read(told()[0].plans[0])
    cells = places.cells_of(w, "started", plan, {"Aarhus": 30.0, "Odense": float("nan"), "Vejle": 0.0}, [30.0, 0.0])
    text = cells.table.set_index("name")["text"]

    assert text["Aarhus"] == "30 courses"
    assert text["Odense"] == "fewer than 5 courses"
    assert text["København"] == "does not open"
    assert text["Vejle"] == "0.0 courses"


def test_a_number_below_zero_has_a_class_of_its_own():
    w = PageMessages("en")
    cells = places.cells_of(
        w, "offences_avoided", read(told()[0].plans[0]), {"Aarhus": -2.0, "Odense": 8.0}, [-2.0, 8.0]
    )

    assert next(iter(cells.colours)) == "below 0 (by chance)"
    assert cells.table.set_index("name").loc["Aarhus", "class"] == next(iter(cells.colours))


@pytest.mark.parametrize("known", [[0.03, 0.64], [0.5], [0.0, 1.7], [0.31, 0.39]])
def test_shares_have_round_borders_that_hold_them_all(known):
    found = places.edges(known, share=True)

    assert found[0] <= min(known) <= max(known) <= found[-1] + 1e-9
    assert 2 <= len(found) <= places.MOST_CLASSES + 2
    assert all(round(20 * each) == pytest.approx(20 * each) for each in found)


@pytest.mark.parametrize("known", [[5.2, 812.0], [0.0], [0.1, 0.4], [12.0, 18.0], [0.0, 40_000.0], []])
def test_amounts_have_round_borders_that_hold_them_all(known):
    found = places.edges(known, share=False)

    assert sorted(set(found)) == found
    assert 2 <= len(found) <= places.MOST_CLASSES + 1
    assert not known or found[0] <= min(known) <= max(known) < found[-1]


def test_plans_beside_each_other_share_their_classes():
    w, (wanted, found) = PageMessages("da"), told("as-it-comes")
    own = [
        places.values("started", sheet, intended(text)) for sheet, text in zip(found.sheets, wanted.plans, strict=True)
    ]
    every = [value for values in own for value in values.values()]
    one, two = (
        places.cells_of(w, "started", sheet.plan, values, every)
        for sheet, values in zip(found.sheets, own, strict=True)
    )

    assert [name for name in one.colours if name in two.colours] == [
        name for name in two.colours if name in one.colours
    ]
    assert places.key([one, two], "t").count("<i ") == len({*one.colours, *two.colours})


def test_writing_on_colours_has_enough_contrast():
    def light(colour):
        parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    every = [colour for number in range(1, 8) for colour in places.shades(number)]
    for colour in [*every, places.BELOW, places.TOO_FEW, places.NEVER]:
        bright, dark = sorted((light(colour), light(places.ink(colour))), reverse=True)
        assert (bright + 0.05) / (dark + 0.05) >= 4.5, colour


def test_names_on_the_enlargement_stand_where_there_is_room_and_every_tile_is_drawn_once():
    w = PageMessages("da")
    cells = map_of(w, "started")
    near = maps.land(w, cells, "t", "d", near=True)
    halves = [maps.tiles(w, cells, "started", "t", "d", columns=half)["data"]["values"] for half in maps.HALVES]

    written = {row["short"] for row in near["layer"][1]["data"]["values"]}
    assert {"Kbh.", "Egedal", "Greve"} <= written
    assert len(near["data"]["values"]["features"]) == len(capital()) > len(written)
    assert sorted(row["name"] for half in halves for row in half) == sorted(place.name for place in municipalities())


@pytest.mark.parametrize("versus", ["none", "as-it-comes"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_chart_can_be_drawn_for_one_plan_and_for_two(language, versus):
    w, (_, found) = PageMessages(language), told(versus)
    titles, sheets = titles_of(w, found), found.sheets

    for outcome in CURVE.codes:
        assert w(f"country.curve.{outcome}") in drawn(charts.curves(w, sheets, titles, outcome))
    for columns in (charts.CREW, charts.PEOPLE):
        top = charts.highest(sheets, columns)
        assert w(f"country.supply.{columns[0]}") in drawn(charts.supply(w, sheets[0], columns, title="t", top=top))
    assert titles[0] in drawn(charts.reasons(w, sheets, titles))
    drawn(charts.reasons_by_year(w, sheets[0], title="t"))
    drawn(kroner.payer_bars(w, sheets[0], title="t", ends=kroner.payer_ends(sheets)))
    drawn(kroner.budget(w, sheets, titles))
    if len(sheets) > 1:
        drawn(kroner.forest(w, found, titles))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_ladder_says_every_step_with_its_number(language):
    w, (_, found) = PageMessages(language), climbed()
    made = tables_of(found, all_steps())

    assert "38" in drawn(waterfall(w, made["points"], "points"))
    assert w("country.ladder.axis.kroner") in drawn(waterfall(w, made["kroner"], "kroner"))
    drawn(waterfall(w, tables_of(found, ())["points"], "points"))


def test_a_plan_with_next_to_no_courses_can_be_drawn():
    """Nobody but a few is matched: no division by nothing, no chart without an axis."""
    plan = plan_of(Choices(plan="todays-area", start=0, recruits=25, most="50", years=YEARS))
    *_, (_, _, found) = steps(asked("plans", [plan], draws=FEW_DRAWS, seed=SEED))
    w, sheet = PageMessages("en"), found.sheets[0]

    drawn(charts.reasons(w, [sheet], ["t"]))
    drawn(kroner.payer_bars(w, sheet, title="t", ends=kroner.payer_ends([sheet])))
    drawn(charts.curves(w, [sheet], ["t"], "started"))


def test_pictures_to_download_are_drawn():
    w = PageMessages("da")
    cells = map_of(w, "matched")

    assert b"Andel med mentor" in picture(maps.whole_map(w, cells, w("country.map.title.matched"), "d"), "svg")
    assert picture(maps.tiles(w, cells, "matched", "t", "d", legend=True), "png").startswith(b"\x89PNG")

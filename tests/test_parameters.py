"""Quantities with a home, what is believed of them, and the places of the country."""

from __future__ import annotations

import unicodedata
from collections import Counter

import numpy as np
import pytest
from scipy import stats

from simulation import ParameterError, Scenario
from simulation.municipalities import chosen, municipalities
from simulation.parameters import Prior, quantities
from tests.worlds import differing

ALL = list(quantities(differing(programme={"help": {}})))
DOUBTED = [each for each in ALL if each.prior != "fixed"]
by_key = pytest.mark.parametrize("quantity", ALL, ids=lambda each: each.key)
doubted_by_key = pytest.mark.parametrize("quantity", DOUBTED, ids=lambda each: each.key)


# Quantities ---------------------------------------------------------------------------------------------------


@by_key
def test_every_quantity_has_its_home(quantity):
    """Unit, meaning, source and grade are stated for each number, and its value is allowed."""
    assert all((quantity.unit, quantity.what, quantity.source))
    assert quantity.grade in ("measured", "judged", "assumed")
    assert quantity.low is None or quantity.low <= quantity.value <= quantity.high


@doubted_by_key
def test_every_prior_is_a_distribution(quantity):
    """What is believed of a number can be read, and its quantiles rise."""
    at = np.linspace(0.001, 0.999, 99)
    values = Prior.read(quantity.prior).quantile(at)

    assert (np.diff(values) > 0).all()
    assert np.isfinite(values).all()


@doubted_by_key
def test_every_value_is_believed_possible(quantity):
    """The value in use does nothing (0, or 1 for a ratio), or lies within the middle 99.9 % of what is believed of it."""
    prior = Prior.read(quantity.prior)
    low, high = prior.quantile([0.0, 1.0] if prior.kind == "U" else [0.0005, 0.9995])

    assert quantity.value in (0.0, 1.0) or low <= quantity.value <= high


@doubted_by_key
def test_every_prior_stays_within_the_allowed_values(quantity):
    """Whoever draws a number from what is believed of it can put it into a scenario."""
    low, high = Prior.read(quantity.prior).quantile([0.001, 0.999])

    assert quantity.low <= low
    assert high <= quantity.high


def test_a_table_may_bring_its_own_sources():
    """What an about table says of a number replaces what the declaration says."""
    about = {"gain": {"source": "a register", "grade": "measured", "prior": "U(0.0, 0.5)"}}
    scenario = differing(factor={"thing": {"about": about}})
    row = next(each for each in quantities(scenario) if each.key == "factor.thing.gain")
    other = next(each for each in quantities(scenario) if each.key == "factor.thing.loss")

    assert ("a register", "measured", "U(0.0, 0.5)") == (row.source, row.grade, row.prior)
    assert ("assumed", "fixed") == (other.grade, other.prior)


def test_keys_are_those_of_overrides():
    """Every key in the table of quantities can be set to the value it has."""
    scenario = differing(programme={"help": {}})

    assert scenario == scenario.changed({each.key: each.value for each in ALL})


# Priors -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("N(3, 2)", stats.norm(3, 2)), ("LN(0.7, 0.3)", stats.lognorm(0.3, scale=0.7)), ("B(4, 6)", stats.beta(4, 6)),
        ("U(-1, 3)", stats.uniform(-1, 4)),
    ],
)  # fmt: skip
def test_priors_are_the_distributions_they_name(text, expected):
    """Normal by mean and sd, log-normal by median and sd of the log, beta, and uniform by its ends."""
    at = np.array([0.025, 0.5, 0.9])

    assert Prior.read(text).quantile(at) == pytest.approx(expected.ppf(at))


@pytest.mark.parametrize("text", ["", "N(1)", "N(1, 0)", "LN(-1, 1)", "B(0, 1)", "U(2, 1)", "X(1, 2)", "N(1, 2) ", "N(1.2.3, 1)"])
def test_priors_that_are_none_are_refused(text):
    """The message names what was read."""
    with pytest.raises(ValueError, match="prior") as refused:
        Prior.read(text)

    assert f"[{text}]" in str(refused.value)


def test_a_fixed_quantity_has_no_distribution():
    """Asking for its quantile is a mistake."""
    with pytest.raises(ValueError, match="a fixed quantity has no distribution"):
        Prior.read("fixed").quantile(0.5)


# Places -------------------------------------------------------------------------------------------------------


def test_the_municipalities_are_those_of_denmark():
    """98 of them, each with its number and name once, in five regions, with all inhabitants but those of Christiansø."""
    places = municipalities()
    regions = {"Hovedstaden": 29, "Sjælland": 17, "Syddanmark": 22, "Midtjylland": 19, "Nordjylland": 11}

    assert regions == Counter(place.region for place in places)
    assert 98 == len({place.number for place in places}) == len({place.name for place in places})
    assert [place.number for place in places] == sorted(place.number for place in places)
    assert 5_822_763 - 84 == sum(place.population for place in places)


def test_the_programme_area_has_its_inhabitants():
    """2,422,503 people live in the municipalities that have the programme today."""
    assert 2_422_503 == sum(place.population for place in chosen(["programme area"]))


@pytest.mark.parametrize(
    "name", ["Aarhus", "aarhus", "ÅRHUS", "Århus", " Aarhus ", unicodedata.normalize("NFD", "Århus")]
)
def test_a_place_is_known_by_its_usual_spellings(name):
    """Capitals, aa for å, blanks around it, and the way in which some systems write accents."""
    assert ["Aarhus"] == [place.name for place in chosen([name])]


def test_regions_and_all_stand_for_their_municipalities():
    """A region by its name, with or without the word, and the country as a whole."""
    assert chosen(["Nordjylland"]) == chosen(["Region Nordjylland"])
    assert 98 == len(chosen(["all"]))
    assert chosen(["all", "Aarhus"]) == chosen(["all"])


def test_an_unknown_place_is_answered_with_the_nearest():
    """A slip of the pen is named, with what was probably meant."""
    with pytest.raises(ParameterError, match=r"names \[Odnese\], which is not a Danish .*; did you mean Odense\?"):
        chosen(["Odnese"])


def test_the_built_in_scenario_covers_the_country():
    """Everybody released in Denmark: all municipalities, and no programme."""
    assert 98 == len(Scenario().selected_municipalities)
    assert {} == Scenario().programme

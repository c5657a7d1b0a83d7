"""A box that was found: fresh runs on either side of its thresholds, and what it is in words."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from experiments.language.discovery_text import Quantity, said, share
from experiments.language.formatting import number
from experiments.statistics.scenario_discovery import FEWEST, Box, Found
from experiments.studies.rollout.discovery_check import checked, either_side
from simulation.parameters import ParameterError
from tests.test_scenario_discovery import CHEAP, RUNS, WEAK, flawed

# Either side --------------------------------------------------------------------------------------------------

PAIR = Box(limits={"effect": (WEAK, np.inf), "price": (-np.inf, CHEAP)})


def test_pairs_differ_in_one_quantity_only() -> None:
    """Inside meets the whole box; outside fails one condition; a tenth of the runs lies between; all else is a run's."""
    design = either_side(PAIR, RUNS, number=30, step=0.1)
    inside, outside = (design[design["side"] == side].reset_index(drop=True) for side in ("inside", "outside"))

    assert len(design) == 2 * 2 * 30
    assert PAIR.inside(inside).all()
    assert not PAIR.inside(outside).any()
    for name, rest in (("effect", "price"), ("price", "effect")):
        mine = inside["quantity"] == name
        others = [column for column in RUNS if column != name]
        pd.testing.assert_frame_equal(inside.loc[mine, others], outside.loc[mine, others])
        assert set(inside.loc[mine, rest]) <= set(RUNS[rest])
        low, high = sorted((inside.loc[mine, name].iloc[0], outside.loc[mine, name].iloc[0]))
        assert RUNS[name].between(low, high).mean() == pytest.approx(0.2, abs=0.01)


def test_true_threshold_holds_and_a_false_one_does_not() -> None:
    """Fresh runs of the world itself: the effect's threshold holds, that of the cost, which matters nothing, does not."""
    box = Box(limits={"effect": (WEAK, np.inf), "cost": (30_000.0, np.inf)})
    design = either_side(box, RUNS, number=40)
    table = checked(design, flawed(design["effect"] > WEAK, wrong=0.1)).set_index("quantity")

    assert table["holds"].to_dict() == {"effect": True, "cost": False}
    assert table.loc["effect", "inside"] > 0.8
    assert table.loc["effect", "outside"] < 0.2
    assert table.loc["effect", "inside_low"] < table.loc["effect", "inside"] < table.loc["effect", "inside_high"]


def test_check_by_hand() -> None:
    """Five pairs of which only the inside fails, one the other way: 7 of 64 by McNemar's exact test, so it is not sure."""
    design = either_side(Box(limits={"effect": (WEAK, np.inf)}), RUNS, number=8)
    fails = np.where(design["side"] == "inside", design["pair"].isin([0, 1, 2, 3, 4, 6]), design["pair"].isin([5, 6]))
    row = checked(design, fails).iloc[0]

    assert (row["only_inside"], row["only_outside"], row["inside"], row["outside"]) == (5, 1, 6 / 8, 2 / 8)
    assert row["chance"] == pytest.approx(7 / 64)
    assert not row["holds"]
    assert checked(design, np.zeros(16, bool))["chance"].item() == 1


def test_categories_and_narrow_ranges_have_two_sides() -> None:
    """A category swaps allowed for other values; a range narrower than the step is met in its middle."""
    x = RUNS.assign(definition=np.random.default_rng(3).choice(["any", "prison", "sentence"], len(RUNS)))
    named = either_side(Box(limits={"definition": frozenset({"any", "prison"})}), x, number=20)
    narrow = either_side(Box(limits={"cost": (33_000.0, 33_500.0)}), x, number=5)

    assert set(named.loc[named["side"] == "inside", "definition"]) == {"any", "prison"}
    assert set(named.loc[named["side"] == "outside", "definition"]) == {"sentence"}
    assert set(narrow.loc[narrow["side"] == "inside", "cost"]) == {33_250.0}
    assert (narrow.loc[narrow["side"] == "outside"].groupby("end")["cost"].first() < 33_000).to_dict() == {
        "lowest": True, "highest": False
    }  # fmt: skip


# Words --------------------------------------------------------------------------------------------------------

QUANTITIES = {
    "effect": Quantity(
        label={"en": "the hazard ratio", "da": "hazard ratioen"}, decimals=2,
        above={"en": "the effect is weaker than a hazard ratio of {value}",
               "da": "effekten er svagere end en hazard ratio på {value}"},
    ),
    "price": Quantity(
        label={"en": "the price of a prison day", "da": "prisen på en fængselsdag"}, unit={"en": " kr.", "da": " kr."},
        below={"en": "a prison day is priced below {value}", "da": "en fængselsdag er prissat under {value}"},
    ),
    "uptake": Quantity(label={"en": "uptake", "da": "tilslutningen"}, unit={"en": " %", "da": " %"}, times=100),
    "definition": Quantity(label={"en": "the definition", "da": "definitionen"}),
}  # fmt: skip


def found_with(limits, coverage=0.71, density=0.83):
    """A find with these limits and held-out shares."""
    scores = pd.DataFrame({"half": ["found", "held out"], "coverage": [0.9, coverage], "density": [0.9, density]})
    return Found(box=Box(limits=limits), why="", runs=2_000, failures=900, scores=scores)


@pytest.mark.parametrize(("limits", "english", "danish"), [
    (PAIR.limits,
     "The plan does not pay back where the effect is weaker than a hazard ratio of 0.86 and a prison day is priced below "
     "900 kr.: 83 % of such runs fail, and these are 71 % of all failures.",
     "Planen tjener sig ikke hjem, hvor effekten er svagere end en hazard ratio på 0,86 og en fængselsdag er prissat under "
     "900 kr.: 83 % af den slags kørsler slår fejl, og det er 71 % af alle fejlslagne."),
    ({"price": (1_250.4, np.inf)},
     "The plan does not pay back where the price of a prison day is above 1,250 kr.: 83 % of such runs fail, and these are "
     "71 % of all failures.",
     "Planen tjener sig ikke hjem, hvor prisen på en fængselsdag er over 1.250 kr.: 83 % af den slags kørsler slår fejl, "
     "og det er 71 % af alle fejlslagne."),
    ({"uptake": (0.2, 0.35), "definition": frozenset({"prison", "any"})},
     "The plan does not pay back where uptake is between 20 and 35 % and the definition is any or prison: 83 % of such runs "
     "fail, and these are 71 % of all failures.",
     "Planen tjener sig ikke hjem, hvor tilslutningen er mellem 20 og 35 % og definitionen er any eller prison: 83 % af den "
     "slags kørsler slår fejl, og det er 71 % af alle fejlslagne."),
    ({"other key": (-np.inf, 0.5)},
     "The plan does not pay back where other key is below 0.50: 83 % of such runs fail, and these are 71 % of all failures.",
     "Planen tjener sig ikke hjem, hvor other key er under 0,50: 83 % af den slags kørsler slår fejl, og det er 71 % af "
     "alle fejlslagne."),
])  # fmt: skip
def test_conditions_in_words(limits, english: str, danish: str) -> None:
    """One sentence, with the shares of the held-out half."""
    assert said(found_with(limits), QUANTITIES, language="en") == english
    assert said(found_with(limits), QUANTITIES, language="da") == danish


@pytest.mark.parametrize(("why", "failures", "english", "danish"), [
    ("none fail", 0, "None of 2,000 runs fails: there is no condition to look for.",
     "Ingen af 2.000 kørsler slår fejl: der er ingen betingelse at lede efter."),
    ("all fail", 2_000, "All 2,000 runs fail, whatever the conditions.",
     "Alle 2.000 kørsler slår fejl, uanset betingelserne."),
    ("few fail", 12, f"Only 12 of 2,000 runs fail: too few to say where ({FEWEST} are needed).",
     f"Kun 12 af 2.000 kørsler slår fejl: for få til at sige hvor (der skal {FEWEST} til)."),
    ("few hold", 1_991, f"All but 9 of 2,000 runs fail: too few hold to say where ({FEWEST} are needed).",
     f"Alle på nær 9 af 2.000 kørsler slår fejl: for få lykkes til at sige hvor (der skal {FEWEST} til)."),
    ("nothing stands out", 900, "No condition stands out among 2,000 runs, of which 900 fail.",
     "Ingen betingelse skiller sig ud blandt 2.000 kørsler, hvoraf 900 slår fejl."),
])  # fmt: skip
def test_no_condition_in_words(why, failures: int, english: str, danish: str) -> None:
    """Why there is none, in one line."""
    found = Found(box=None, why=why, runs=2_000, failures=failures)

    assert said(found, {}, language="en") == english
    assert said(found, {}, language="da") == danish


def test_numbers_to_be_read() -> None:
    """Two digits, three from 100, all of whole numbers below 10,000; all and none only where they are true."""
    values = [0.8636, 0.9978, 1.00006, 12.4, 104.0, 912.3, 1_450.0, 36_711.0, -0.5, 0.0]

    assert [number(value, "en") for value in values] == [
        "0.86", "1.0", "1.0", "12", "104", "912", "1,450", "36,700", "−0.50", "0"
    ]  # fmt: skip
    assert number(36_711.25, "da", 1) == "36.711,2"
    assert [share(value) for value in (0, 0.001, 0.5, 0.999, 1)] == ["0 %", "under 1 %", "50 %", "over 99 %", "100 %"]


# Mistakes -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("make", "message"), [
    (lambda: either_side(PAIR, RUNS, step=0.6), "step is [0.6]; allowed is more than 0 and less than 0.5"),
    (lambda: checked(either_side(PAIR, RUNS, number=2), [True]), "outcomes are [1]; the design has 8 runs"),
])  # fmt: skip
def test_bad_input_is_one_line(make, message) -> None:
    """What is wrong, with its value, and what is needed."""
    with pytest.raises(ParameterError) as told:
        make()

    assert str(told.value) == message

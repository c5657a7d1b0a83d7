"""From histories to numbers: curves and hazard ratios against lifelines, names that begin alike, bad input."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter, KaplanMeierFitter

from experiments.statistics.regression import cox
from experiments.verification.analytical_outcomes import register
from simulation.history import History
from simulation.outcomes import NOT_IN_SIGHT, curve, matches, times
from simulation.parameters import ParameterError

# Definitions --------------------------------------------------------------------------------------------------


def test_an_unknown_definition_is_refused():
    """The message names the three that there are."""
    with pytest.raises(ParameterError, match=r"definition is \[guilty\]; allowed is any, prison, sentence"):
        times(register((0, 1, 2, "fine")), "guilty")


def test_programmes_with_similar_names_are_kept_apart():
    """What became of one programme's matches does not include those of another whose name begins alike."""
    rows = [(0, 0, -1, "match", "help", 0), (0, 1, -1, "match", "help_more", 0), (0, 1, 0, "contact", "help_more", 0),
            (0, 1, 3, "exit", "help_more: planned", 0)]  # fmt: skip
    events = pd.DataFrame(rows, columns=["replicate", "person", "month", "event", "detail", "value"])
    table = matches(History(people=pd.DataFrame(), events=events))
    found = {(row.programme, row.what): row.people for row in table.itertuples()}

    assert 1 == found["help", "matched"]
    assert 0 == found["help", "months of contact, mean"]
    assert ("help", "ended: planned") not in found
    assert 1 == found["help_more", "ended: planned"]


# Curves -------------------------------------------------------------------------------------------------------


def test_curves_are_those_of_lifelines():
    """Kaplan and Meier's curve and its interval agree with another program, arm by arm, with people lost on the way."""
    luck = np.random.default_rng(5)
    time, known = luck.geometric(0.06, 400), luck.integers(1, 25, 400)
    table = pd.DataFrame({"time": np.where(time > 40, NOT_IN_SIGHT, time), "known": known,
                          "arm": np.where(np.arange(400) % 2, "control", "mentored")})  # fmt: skip
    drawn = curve(table)
    for arm, rows in table.groupby("arm"):
        mine = drawn[(drawn["arm"] == arm) & (drawn["month"] > 0)]
        other = KaplanMeierFitter().fit(np.minimum(rows["time"], rows["known"]), rows["time"] <= rows["known"])
        band = 1 - other.confidence_interval_.reindex(mine["month"], method="ffill")

        assert mine["share"].to_numpy() == pytest.approx(1 - other.predict(mine["month"]).to_numpy(), abs=1e-9)
        assert mine["high"].to_numpy() == pytest.approx(band.iloc[:, 0].to_numpy(), abs=1e-5)
        assert mine["low"].to_numpy() == pytest.approx(band.iloc[:, 1].to_numpy(), abs=1e-5)


# Regression ---------------------------------------------------------------------------------------------------


def test_hazard_ratios_are_those_of_lifelines():
    """Where no two times are equal, Cox's regression agrees with another program."""
    luck = np.random.default_rng(6)
    x = np.column_stack([luck.normal(size=300), luck.integers(0, 2, 300)])
    time, until = luck.exponential(1 / (0.1 * np.exp(x @ [0.5, -0.7]))), luck.exponential(20.0, 300)
    time, event = np.minimum(time, until), time <= until
    table = pd.DataFrame({"age": x[:, 0], "woman": x[:, 1], "time": time, "event": event})
    expected = CoxPHFitter().fit(table, "time", "event").params_

    assert cox(x, time, event) == pytest.approx(expected.to_numpy(), abs=1e-5)

"""From histories to numbers: definitions, censoring and intervals, by hand and against lifelines and scipy."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter, KaplanMeierFitter
from scipy import optimize, stats

from experiments.statistics.regression import cox
from simulation.history import ALL_DECISIONS, History
from simulation.outcomes import NOT_IN_SIGHT, curve, matches, offence_counts, shares, times, wilson
from simulation.parameters import ParameterError


def register(*cases, followed=24, decided=ALL_DECISIONS, people=None):
    """A history as a register would give it: cases are (person, month of offence, month of decision, sanction, offences)."""
    number = people or 1 + max(case[0] for case in cases)
    rows = [(0, person, offence, "offence", "", more[0] if more else 1) for person, offence, _, _, *more in cases]
    rows += [(0, person, decision, "sanction", sanction, offence) for person, offence, decision, sanction, *_ in cases]
    events = pd.DataFrame(rows, columns=["replicate", "person", "month", "event", "detail", "value"])
    table = {"replicate": 0, "person": range(number), "followed": followed, "decided": decided}
    return History(people=pd.DataFrame(table), events=events)


# Definitions --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("offence", "decided", "sanction", "expected"),
    [
        (3, 17, "fine", {"any": 6, "prison": NOT_IN_SIGHT, "sentence": NOT_IN_SIGHT}),  # the example of the docstring
        (3, 3, "fine", {"any": 4, "prison": NOT_IN_SIGHT, "sentence": NOT_IN_SIGHT}),
        (3, 15, "suspended", {"any": 4, "prison": NOT_IN_SIGHT, "sentence": 16}),
        (3, 16, "prison", {"any": 5, "prison": 5, "sentence": 17}),
        (0, 0, "prison", {"any": 1, "prison": 1, "sentence": 1}),
        (23, 40, "prison", {"any": 29, "prison": 29, "sentence": 41}),
    ],
)
def test_each_definition_counts_its_own_sanctions_and_dates(offence, decided, sanction, expected):
    """The smallest window that counts a case: offence in it and decided within a year of its end, or decided in it."""
    history = register((0, offence, decided, sanction))

    assert expected == {name: int(times(history, name)["time"][0]) for name in expected}


def test_the_first_case_that_counts_decides():
    """A later offence that is decided sooner can count in a smaller window than the first."""
    history = register((0, 1, 30, "fine"), (0, 4, 5, "suspended"), (1, 2, 3, "fine"))

    assert [5, 3] == times(history, "any")["time"].tolist()
    assert [6, NOT_IN_SIGHT] == times(history, "sentence")["time"].tolist()


def test_decisions_that_are_not_known_yet_shorten_what_can_be_judged():
    """With decisions known until month 20, windows up to 8 can be judged; up to 20 where only decisions in it count."""
    history = register((0, 1, 2, "fine"), followed=18, decided=20)

    assert 8 == times(history, "any")["known"][0]
    assert 18 == times(history, "sentence")["known"][0]


def test_an_unknown_definition_is_refused():
    """The message names the three that there are."""
    with pytest.raises(ParameterError, match=r"definition is \[guilty\]; allowed is any, prison, sentence"):
        times(register((0, 1, 2, "fine")), "guilty")


def test_offences_are_counted_among_reoffenders_only():
    """One, two, three, four or more offences within the window, of those who reoffended in it."""
    history = register(
        (0, 1, 2, "fine"), (1, 1, 2, "fine", 2), (2, 3, 4, "fine", 2), (2, 9, 9, "fine", 5), (3, 30, 31, "fine"), people=5
    )
    counted = offence_counts(history, window=24)

    assert [1, 1, 0, 1] == counted["people"].tolist()
    assert counted["share"].tolist() == pytest.approx([1 / 3, 1 / 3, 0, 1 / 3])


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


# Shares -------------------------------------------------------------------------------------------------------


def judged(time, known, **columns):
    """A table of times as ``times`` returns it."""
    return pd.DataFrame({"time": time, "known": known, **columns})


def test_shares_leave_out_whom_nobody_can_judge():
    """Of four people, one is censored; of the other three, one reoffended within the window."""
    table = judged([5, 30, NOT_IN_SIGHT, 2], [24, 24, 24, 10], arm=["control"] * 4)
    row = shares(table, window=24).iloc[0]

    assert [3, 1, 1] == [row["people"], row["censored"], row["reoffended"]]
    assert row["share"] == pytest.approx(1 / 3)


def test_a_group_without_anybody_to_judge_has_no_share():
    """Where all are censored there is no share, and the interval says nothing."""
    row = shares(judged([5], [3], arm=["control"]), window=24).iloc[0]

    assert np.isnan(row["share"])
    assert [0.0, 1.0] == [row["low"], row["high"]]


@pytest.mark.parametrize(("hits", "number"), [(0, 10), (3, 10), (10, 10), (14, 49), (32, 48), (1, 1)])
def test_wilsons_interval_is_that_of_scipy(hits, number):
    """The interval of a share agrees with another program, at the ends too, and stays between 0 and 1."""
    expected = stats.binomtest(hits, number).proportion_ci(0.95, method="wilson")
    low, high = wilson(hits, number)

    assert [float(low), float(high)] == pytest.approx([expected.low, expected.high], abs=1e-6)
    assert 0.0 <= low <= hits / number <= high <= 1.0


# Curves -------------------------------------------------------------------------------------------------------


def test_a_curve_by_hand():
    """Five people: one offends in the first month, one is lost after the second, two offend in the third."""
    table = judged([1, 3, 3, NOT_IN_SIGHT, NOT_IN_SIGHT], [4, 4, 4, 2, 4])
    drawn = curve(table, by=())

    assert [0, 1, 2, 3, 4] == drawn["month"].tolist()
    assert [5, 5, 4, 3, 1] == drawn["at_risk"].tolist()
    assert drawn["share"].tolist() == pytest.approx([0, 1 / 5, 1 / 5, 1 - 4 / 5 / 3, 1 - 4 / 5 / 3])


def test_curves_are_those_of_lifelines():
    """Kaplan and Meier's curve and its interval agree with another program, arm by arm, with people lost on the way."""
    luck = np.random.default_rng(5)
    time, known = luck.geometric(0.06, 400), luck.integers(1, 25, 400)
    table = judged(np.where(time > 40, NOT_IN_SIGHT, time), known, arm=np.where(np.arange(400) % 2, "control", "mentored"))
    drawn = curve(table)
    for arm, rows in table.groupby("arm"):
        mine = drawn[(drawn["arm"] == arm) & (drawn["month"] > 0)]
        other = KaplanMeierFitter().fit(np.minimum(rows["time"], rows["known"]), rows["time"] <= rows["known"])
        band = 1 - other.confidence_interval_.reindex(mine["month"], method="ffill")

        assert mine["share"].to_numpy() == pytest.approx(1 - other.predict(mine["month"]).to_numpy(), abs=1e-9)
        assert mine["high"].to_numpy() == pytest.approx(band.iloc[:, 0].to_numpy(), abs=1e-5)
        assert mine["low"].to_numpy() == pytest.approx(band.iloc[:, 1].to_numpy(), abs=1e-5)


def test_without_censoring_the_curve_is_the_share():
    """Where everybody is followed to the end, curve and share say the same."""
    table = judged([1, 2, 2, 9, NOT_IN_SIGHT, 30], [24] * 6)
    drawn = curve(table, by=())

    assert drawn["share"].iloc[-1] == pytest.approx(shares(table, window=24, by=())["share"].iloc[0])


def test_a_curve_in_which_everybody_reoffends_ends_at_one():
    """The last step has no variance to speak of; the interval does not break."""
    drawn = curve(judged([1, 2], [3, 3]), by=())

    assert [0.0, 0.5, 1.0, 1.0] == drawn["share"].tolist()
    assert np.isfinite(drawn[["low", "high"]].to_numpy()).all()


# Regression ---------------------------------------------------------------------------------------------------


def survivors(ties):
    """Three hundred people with two covariates; a third is lost. With ties, times are whole months."""
    luck = np.random.default_rng(6)
    x = np.column_stack([luck.normal(size=300), luck.integers(0, 2, 300)])
    time = luck.exponential(1 / (0.1 * np.exp(x @ [0.5, -0.7])))
    until = luck.exponential(20.0, 300)
    seen = np.minimum(time, until)
    return x, np.ceil(seen) if ties else seen, time <= until


def test_hazard_ratios_are_those_of_lifelines():
    """Where no two times are equal, Cox's regression agrees with another program."""
    x, time, event = survivors(ties=False)
    table = pd.DataFrame({"age": x[:, 0], "woman": x[:, 1], "time": time, "event": event})
    expected = CoxPHFitter().fit(table, "time", "event").params_

    assert cox(x, time, event) == pytest.approx(expected.to_numpy(), abs=1e-5)


def test_hazard_ratios_with_ties_maximise_breslows_likelihood():
    """With whole months the estimate is the maximum of Breslow's partial likelihood, written down naively."""
    x, time, event = survivors(ties=True)

    def loss(beta):
        risk = np.exp(x @ beta)
        return -sum(x[i] @ beta - np.log(risk[time >= time[i]].sum()) for i in np.flatnonzero(event))

    expected = optimize.minimize(loss, np.zeros(2), method="BFGS").x

    assert cox(x, time, event) == pytest.approx(expected, abs=1e-4)


def test_a_covariate_that_does_not_vary_is_refused():
    """There is no hazard ratio for what is the same for everybody."""
    x, time, event = survivors(ties=True)
    with pytest.raises(np.linalg.LinAlgError):
        cox(np.column_stack([x, np.ones(300)]), time, event)

"""Outcomes are what was counted; parameter uncertainty and stochastic variation are kept apart."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from experiments.language.messages import Messages
from experiments.language.plan_text import outcome_text
from experiments.studies.rollout.tables import (
    FROM_NONE,
    OUTCOMES,
    REASONS,
    REOFFENDERS,
    estimate,
    estimates,
    fewer,
    missing_out,
    outcomes,
    per_course,
    supply_by_month,
)
from simulation.parameters import ParameterError

KEYS = ["draw", "replicate", "time", "where", "group"]


def counts(values=None, *, draws=2, replicates=2, years=2, **more):
    """Counts by year of a made-up plan: everything zero but what is given (a number for every row)."""
    index = pd.MultiIndex.from_product(
        [range(draws), range(replicates), range(years), ["North", "South"], ["others", "highest risk"]], names=KEYS
    )
    names = {
        *FROM_NONE, *REOFFENDERS, "volunteer_months", "training_months",
        *(f"mentors.{each}" for each in ("started", "joined", "in_time", "waited_months", "started_first", "months",
                                         "listed_months", "limited", *({*REASONS} - {"limit"}))),
    }  # fmt: skip
    table = pd.DataFrame(0.0, index=index, columns=sorted(names)).reset_index()
    return table.assign(**(values or {}), **more)


def mentors(**values):
    return {f"mentors.{name}": value for name, value in values.items()}


def test_outcomes_are_sums_of_differences():
    """Offences, prison days and returns avoided are without less with, added over years, regions and groups."""
    with_ = counts(offences=3.0, custody_months=1.0, released=5.0, **mentors(started=2.0, joined=4.0, in_time=1.0))
    without = counts(offences=5.0, custody_months=2.0, released=5.5)
    found = outcomes(with_, without)

    assert [*OUTCOMES] == list(found.columns)[2:]
    assert (found["offences"] == 2.0 * 8).all()
    assert found["prison_days"].to_numpy() == pytest.approx(8 * 365 / 12)
    assert (found["released"] == 0.5 * 8).all()
    assert (found["started"] == 16).all()
    assert (found["matched"] == 0.25).all()
    assert len(found) == 4


def test_outcomes_split_add_up():
    """By region, group or year the parts add up to the whole."""
    rng = np.random.default_rng(1)
    with_ = counts(**mentors(started=2.0, joined=4.0, started_first=1.0))
    without = counts()
    for name in (*FROM_NONE, *REOFFENDERS):
        with_[name], without[name] = rng.integers(0, 9, len(with_)), rng.integers(0, 9, len(with_))
    whole = outcomes(with_, without).set_index(["draw", "replicate"])
    sums = [name for name in OUTCOMES if name not in ("matched", "waited", "places", "volunteers")]
    for column in ("time", "where", "group"):
        parts = outcomes(with_, without, (column,)).groupby(["draw", "replicate"])[sums].sum()

        assert np.allclose(parts, whole[sums])


def test_reoffenders_avoided_by_hand():
    """Ten first courses avoid two reoffenders in a group; with thirty courses in all that is six."""
    with_ = counts(draws=1, replicates=1, years=1)
    without = with_.copy()
    high = (with_["group"] == "highest risk") & (with_["where"] == "North")
    with_.loc[high, ["mentors.started_first", "mentors.started"]] = [10.0, 30.0]
    without.loc[high, "reoffenders_any"] = 7.0
    with_.loc[high, "reoffenders_any"] = 5.0

    assert per_course(with_, without).set_index("group").loc["highest risk", "reoffenders_any"] == pytest.approx(0.2)
    assert outcomes(with_, without)["reoffenders_any"].tolist() == pytest.approx([6.0])


def test_no_plan_avoids_nothing():
    """A plan whose counts are those without it avoids nothing, and has no shares of nobody."""
    same = counts(offences=4.0, released=3.0)
    found = outcomes(same, same)

    assert (found.drop(columns=["draw", "replicate", "matched", "waited"]) == 0).all().all()
    assert found["matched"].isna().all()


def test_counts_of_other_draws_are_refused():
    """Differences with common random numbers need the same draws, years and places."""
    with pytest.raises(ParameterError, match="not of the same draws"):
        fewer(counts(draws=2), counts(draws=3))


def made_up(uncertainty, chance, *, draws=400, replicates=3, seed=1):
    rng = np.random.default_rng(seed)
    truth = np.repeat(rng.normal(10.0, uncertainty, draws), replicates)
    return truth + rng.normal(0, chance, draws * replicates), np.repeat(np.arange(draws), replicates)


@pytest.mark.parametrize(("uncertainty", "chance"), [(3.0, 1.0), (1.0, 3.0), (2.0, 0.0)])
def test_uncertainty_and_chance_are_separated(uncertainty, chance):
    """Standard deviations over draws and over replicates come out as they went in, within a tenth or so."""
    found = estimate(*made_up(uncertainty, chance))

    assert found["parameter_sd"] == pytest.approx(uncertainty, rel=0.15)
    assert found["stochastic_sd"] == pytest.approx(chance, rel=0.1, abs=1e-12)
    assert found["high"] - found["low"] == pytest.approx(2 * 1.96 * uncertainty, rel=0.15)
    assert found["stochastic_high"] - found["stochastic_low"] == pytest.approx(2 * 1.959964 * found["stochastic_sd"], rel=1e-6)
    assert abs(found["mean"] - 10) < 4 * found["error"]


def test_without_doubt_the_interval_is_narrow():
    """If draws differ by chance alone, the interval over uncertainty all but vanishes."""
    found = estimate(*made_up(0.0, 3.0))

    assert found["high"] - found["low"] < 0.3 * 2 * 1.96 * 3.0 / np.sqrt(3)


def test_one_replicate_says_nothing_of_chance():
    """With one run a draw chance is not known, and nothing is claimed of it."""
    values, draws = made_up(2.0, 1.0, replicates=1)
    found = estimate(values, draws)

    assert np.isnan(found["stochastic_sd"])
    assert np.isnan(found["stochastic_low"])
    assert found["low"] < found["mean"] < found["high"]


def test_draws_told_once_and_twice_mix():
    """What chance does is learned from the draws that were simulated twice."""
    values, draws = made_up(2.0, 1.0, replicates=2)
    kept = ~((draws % 4 != 0) & (np.arange(len(draws)) % 2 == 1))

    assert estimate(values[kept], draws[kept])["stochastic_sd"] == pytest.approx(1.0, rel=0.25)


def test_estimates_have_every_outcome_in_order():
    """One row an outcome for each part, with its label."""
    found = estimates(outcomes(counts(**mentors(started=1.0)), counts(), ("where",)), ("where",))

    assert found["where"].tolist() == ["North"] * len(OUTCOMES) + ["South"] * len(OUTCOMES)
    assert found["what"].tolist() == [outcome_text(Messages("en"), name) for name in OUTCOMES] * 2


def test_reasons_for_missing_out_are_shares_of_all_who_were_due():
    """Every reason once, shares adding up to one, people per run; who is left without is so for one of two reasons."""
    values = {reason: float(k + 1) for k, reason in enumerate(REASONS) if reason != "limit"}
    found = missing_out(counts(**mentors(**values, limited=4.0)))
    expected = {**values, "limit": 4.0, "without": values["without"] - 4.0}

    assert found["reason"].tolist() == [*REASONS]
    assert found["people"].tolist() == [8.0 * expected[reason] for reason in REASONS]
    assert found["share"].sum() == pytest.approx(1.0)


def test_volunteers_needed_serve_all_who_want_it():
    """Two volunteers for everybody who came onto the list within the months that a course lasts."""
    values = mentors(months=6.0, started=2.0, joined=5.0, listed_months=1.0)
    table = counts(years=5, volunteer_months=3.0, **values).assign(level="month")
    table = table[(table["replicate"] == 0) & (table["group"] == "others")]
    found = supply_by_month(table)

    assert found["needed"].tolist() == [2 * 10.0, 2 * 20.0, 2 * 30.0, 2 * 30.0, 2 * 30.0]
    assert found["volunteers"].tolist() == [6.0] * 5
    assert supply_by_month(table, by=("time", "where"))["needed"].tolist()[-2:] == [30.0, 30.0]
    assert (found["needed_low"] == found["needed_high"]).all()

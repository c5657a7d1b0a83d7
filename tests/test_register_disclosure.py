"""Nothing that counts fewer than five people is published, and no such number can be found by subtraction."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.studies.validation.disclosure import (
    LEAST,
    differ_by_few,
    of_shown_groups,
    pool_small_groups,
    suppress_counts,
    suppress_curve,
    suppress_shares,
    to_nearest_five,
)
from experiments.studies.validation.register_extract import RegisterExtract
from simulation.outcomes import NOT_IN_SIGHT, curve, shares, wilson
from tests.test_cli import desist

PEOPLE = st.lists(st.tuples(st.integers(1, 30) | st.just(NOT_IN_SIGHT), st.integers(0, 30)), min_size=1, max_size=120)


def row(people, reoffended, *, definition="any", group="all", window=24, censored=0):
    """A row of a table of shares."""
    low, high = wilson(reoffended, people)
    return {"definition": definition, "group": group, "window": window, "people": people, "censored": censored,
            "reoffended": reoffended, "share": reoffended / max(people, 1), "low": float(low), "high": float(high)}  # fmt: skip


def shown(*rows):
    """Which rows are shown."""
    return suppress_shares(pd.DataFrame(rows))["shown"].tolist()


@pytest.mark.parametrize(
    ("people", "reoffended", "expected"),
    [(100, 50, True), (100, 5, True), (100, 4, False), (100, 96, False), (100, 0, False), (9, 5, False), (10, 5, True)],
)
def test_both_sides_of_a_share_must_be_five(people, reoffended, expected):
    """Those who reoffended and those who did not."""
    table = suppress_shares(pd.DataFrame([row(people, reoffended)]))

    assert [expected] == table["shown"].tolist()
    assert expected == bool(table[["people", "reoffended", "share", "low", "high"]].notna().all(axis=None))
    assert expected == bool(table["censored"].notna().all())


def test_a_share_too_near_to_that_of_a_longer_window_is_left_out():
    """The difference between six and twelve months would tell of three people."""
    assert [False, True, True] == shown(row(100, 20, window=6), row(100, 23, window=12), row(100, 23, window=24))
    assert [True, True] == shown(row(100, 18, window=6), row(100, 23, window=12))


def test_a_prison_share_too_near_to_any_is_left_out():
    """The difference would tell of two people with another sanction."""
    assert [True, False] == shown(row(100, 30), row(100, 28, definition="prison"))
    assert [True, True] == shown(row(100, 30), row(100, 30, definition="prison"))


def test_groups_are_left_out_until_nobody_can_subtract():
    """Everybody less those that are shown: two groups at least, and five people on either side."""
    rest = [row(60, 25, group="M"), row(60, 26, group="N")]

    assert [True, False, False, True] == shown(row(150, 53), row(30, 2, group="K"), *rest)
    assert [True, False, False, False, True] == shown(row(180, 54), row(30, 2, group="K"), row(30, 1, group="L"), *rest)
    assert [True, False, False] == shown(row(90, 27), row(30, 2, group="K"), row(60, 25, group="M"))


GROUPED = st.lists(st.tuples(st.sampled_from("ABCD"), st.integers(1, 30) | st.just(NOT_IN_SIGHT)), min_size=1, max_size=120)


@given(GROUPED, st.lists(st.integers(1, 30), min_size=1, max_size=3, unique=True))
def test_nothing_that_is_hidden_can_be_computed_from_what_is_shown(people, windows):
    """An attack: everybody's share and every curve are subtracted from one another at each window."""
    table = pd.DataFrame(people, columns=["group", "time"]).assign(known=36)
    parts = [shares(table, window=w, by=by).assign(definition="any", window=w) for w in windows for by in ((), ("group",))]
    rows = pd.concat([part.rename(columns={"all": "group"}) if "all" in part else part for part in parts], ignore_index=True)
    counted = suppress_shares(rows)
    steps = suppress_curve(of_shown_groups(table, counted, "any"))
    for window in windows:
        here = counted[counted["window"] == window].set_index("group")
        known = {name: row["reoffended"] for name, row in here.iterrows() if row["shown"] and name != "all"}
        for name, curve_of in steps.groupby("group"):  # the latest month up to the window
            until = curve_of[curve_of["month"] <= window].iloc[-1:]
            if len(until) and until["month"].item() == window and name in here.index:
                known[name] = round(until["share"].item() * (table["group"] == name).sum())
        hidden = set(here.index) - {"all", *known}
        assert all(count >= LEAST for count in known.values())
        if hidden and here.loc["all", "shown"] and known:
            rest = here.loc["all", "reoffended"] - sum(known.values())
            assert len(hidden) > 1
            assert rest >= LEAST
            assert table["group"].isin(hidden).sum() - rest >= LEAST


def test_fifteen_of_fifteen_are_not_deduced(tmp_path):
    """Two groups in which nobody reoffended have no curve, so the third is not what is left."""
    rows = [f"{k},2016-01-05,2016-01-20,2016-02-05,prison,A" for k in range(15)]
    rows += [f"{15 + k},2016-01-05,,,,{'BC'[k % 2]}" for k in range(60)]
    (tmp_path / "zero.csv").write_text("\n".join(["person,release,offence,decision,sanction,unit", *rows]) + "\n")
    code, _, err = desist("register", str(tmp_path / "zero.csv"), "--by", "unit", "--until", "2020-01-01", "--out", str(tmp_path / "out"))
    outcomes, steps = (pd.read_csv(tmp_path / "out" / f"{name}.csv") for name in ("outcomes", "curve"))

    assert code == 0, err
    assert outcomes.loc[outcomes["group"] != "all", "reoffended"].isna().all()
    assert steps.empty


@given(PEOPLE, st.lists(st.integers(1, 30), min_size=1, max_size=4, unique=True))
def test_what_is_shown_counts_five_in_every_cell_and_step(people, windows):
    """Of any register: on both sides of every share, and between the windows of one definition."""
    table = pd.DataFrame(people, columns=["time", "known"])
    rows = [
        shares(table, window=window, by=()).assign(definition="any", group="all", window=window) for window in windows
    ]
    out = suppress_shares(pd.concat(rows, ignore_index=True).drop(columns="all"))
    kept = out[out["shown"]].sort_values("window")

    assert (kept["reoffended"] >= LEAST).all()
    assert (kept["people"] - kept["reoffended"] >= LEAST).all()
    assert out.loc[~out["shown"], ["people", "censored", "reoffended", "share", "low", "high"]].isna().all(axis=None)
    for name in ("reoffended", "people"):
        steps = np.abs(np.diff(kept[name].to_numpy()))

        assert not ((steps > 0) & (steps < LEAST)).any()


@given(PEOPLE)
def test_a_curve_steps_over_five_people_or_nobody(people):
    """Between any two months shown lie no one to four reoffenders, nor one to four who were followed no longer."""
    table = pd.DataFrame(people, columns=["time", "known"]).assign(group="all")
    out, whole = suppress_curve(table), curve(table, by=("group",))
    hit = table["time"] <= table["known"]
    seen = table[["time", "known"]].min(axis=1)
    for begin, end in zip(out["month"], out["month"].iloc[1:], strict=False):
        counted = (hit & (seen > begin) & (seen <= end)).sum(), (~hit & (seen >= begin) & (seen < end)).sum()

        assert not any(differ_by_few(number, 0, LEAST) for number in counted)
    assert (out["at_risk"] * (1 - 0) >= LEAST).all()
    assert out.equals(whole[whole["month"].isin(out["month"])].reset_index(drop=True))


def test_a_curve_of_many_is_whole_and_one_of_few_is_empty():
    """Ten reoffenders a month are shown every month; four people have no curve."""
    many = pd.DataFrame({"time": np.repeat(np.arange(1, 13), 10), "known": 12, "group": "all"})
    survivors = pd.DataFrame({"time": np.full(40, NOT_IN_SIGHT), "known": 12, "group": "all"})

    assert list(range(13)) == suppress_curve(pd.concat([many, survivors]))["month"].tolist()
    assert suppress_curve(survivors.head(4)).empty


@given(st.lists(st.integers(0, 40), min_size=4, max_size=4))
def test_numbers_of_offences_are_never_left_out_alone(people):
    """A single number could be had from the total."""
    table = pd.DataFrame({"offences": ["1", "2", "3", "4 or more"], "people": people, "share": 0.25})
    out = suppress_counts(table)

    assert (~out["shown"]).sum() != 1
    assert (out.loc[out["shown"], "people"] >= LEAST).all()
    assert out.loc[~out["shown"], ["people", "share"]].isna().all(axis=None)


def test_small_groups_are_one_and_are_not_named():
    """A column that names people would otherwise be written as the names of groups."""
    people = pd.DataFrame(
        {"replicate": 0, "person": range(12), "followed": 24, "decided": 36, "group": [*"abc", *"ddddddddd"]}
    )
    register = pool_small_groups(RegisterExtract(people=people, events=pd.DataFrame(), definitions=("any",)))

    assert {"(small groups)", "d"} == set(register.people["group"])


def test_how_many_there_are_is_rounded():
    """To the nearest five."""
    assert [None, 5, 1_235] == [to_nearest_five(number) for number in (4, 6, 1_233)]

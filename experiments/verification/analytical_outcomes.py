"""Where mathematics has the answer: from histories to numbers, by hand and against other programs' definitions."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from experiments.statistics.regression import cox
from experiments.verification.check_context import CheckContext
from experiments.verification.checks import Deviations, PValues, Violations, analytical_checks
from experiments.verification.random_scenarios import A_YEAR, YEARS, country
from simulation.cohort import prepared
from simulation.engine import over_chunks
from simulation.history import ALL_DECISIONS, History
from simulation.monthly_counts import names
from simulation.outcomes import DEFINITIONS, NOT_IN_SIGHT, curve, matches, offence_counts, shares, times, wilson
from simulation.population import relative_hazard
from simulation.reentry_stream import BINS, is_new, solved, stream


def register(*cases: Any, followed: int = 24, decided: int = ALL_DECISIONS, people: int = 0) -> History:
    """A history as a register would give it: cases are (person, month of offence, month of decision, sanction,
    offences).
    """
    number = people or 1 + max(case[0] for case in cases)
    rows = [(0, person, offence, "offence", "", more[0] if more else 1) for person, offence, _, _, *more in cases]
    rows += [(0, person, decision, "sanction", sanction, offence) for person, offence, decision, sanction, *_ in cases]
    events = pd.DataFrame(rows, columns=["replicate", "person", "month", "event", "detail", "value"])
    table = pd.DataFrame({"replicate": 0, "person": range(number), "followed": followed, "decided": decided})
    return History(people=table, events=events)


# Definitions ------------------------------------------------------------------------------------------------------


def each_definition_counts_its_own_sanctions_and_dates(claim: Violations, context: CheckContext) -> None:
    """The smallest window that counts a case: the offence in it and decided within a year of its end, or
    decided in it.
    """
    rng = context.rng(3)
    counted = {"any": ("fine", "suspended", "prison"), "prison": ("prison",), "sentence": ("suspended", "prison")}
    for _ in range(60):
        kinds = ("fine", "suspended", "prison")
        cases = [(int(rng.integers(4)), int(at), int(at + rng.integers(0, 40)), kinds[rng.integers(3)])
                 for at in rng.choice(30, 6, replace=False)]  # fmt: skip
        history = register(*cases, people=4)
        for definition in DEFINITIONS:
            found = times(history, definition)["time"].tolist()
            for person in range(4):
                mine = [case for case in cases if case[0] == person and case[3] in counted[definition]]
                fits = [w for w in range(1, 80) for _, at, decided, _ in mine
                        if (decided < w if definition == "sentence" else at < w and decided < w + 12)]  # fmt: skip
                claim.check(found[person] == min(fits, default=NOT_IN_SIGHT), f"{definition}: {mine}")
    one = register((0, 1, 2, "fine"), followed=18, decided=20)
    for definition, known in (("any", 8), ("prison", 8), ("sentence", 18)):
        claim.check(times(one, definition)["known"][0] == known, definition)
    claim.refused(lambda: times(one, "guilty"), "an unknown definition")  # type: ignore[arg-type]


def offences_are_counted_among_reoffenders_only(claim: Violations, context: CheckContext) -> None:
    """One, two, three, four or more offences inside the window, of those who reoffended in it: a count by hand."""
    history = register((0, 1, 2, "fine"), (1, 1, 2, "fine", 2), (2, 3, 4, "fine", 2), (2, 9, 9, "fine", 5),
                       (3, 30, 31, "fine"), people=5)  # fmt: skip
    claim.check(offence_counts(history, window=24)["people"] == [1, 1, 0, 1], "by hand")
    for case in context.scenarios(any=8):
        for window in (6, 12):
            table, hand = times(case.history, "any"), [0, 0, 0, 0]
            for row in table.to_dict("records"):
                if row["time"] <= window <= row["known"]:
                    events = case.lives[row["person"]]
                    number = sum(e.value for e in events if e.what == "offence" and e.month < window)
                    if number:
                        hand[min(4, number) - 1] += 1
            found = offence_counts(case.history, window=window)
            claim.check(found["people"] == hand, f"{found['people'].tolist()} and {hand}")
            claim.check(np.abs(found["share"] - np.array(hand) / max(1, sum(hand))) < 1e-12, "shares")
            claim.check(found["offences"] == ["1", "2", "3", "4 or more"], "names")


def what_became_of_matches_is_counted_by_programme(claim: Violations, context: CheckContext) -> None:
    """Matched, left without, ended how, and mean months of contact are those of a count by hand, programme by
    programme.
    """
    for case in context.scenarios(programme=8):
        number = Counter((event.what, event.detail) for events in case.lives.values() for event in events)
        rows = matches(case.history).to_dict("records")
        found = {(row["programme"], row["what"]): float(row["people"]) for row in rows}
        for name in case.scenario.programme:
            matched, left, met = (number[what, name] for what in ("match", "unmatched", "contact"))
            if not matched + left:
                claim.check((name, "matched") not in found, name)
                continue
            claim.check(found[name, "matched"] == matched, name)
            claim.check(found[name, "left without"] == left, name)
            claim.check(abs(found[name, "months of contact, mean"] - met / max(1, matched)) < 1e-12, name)
            for how in ("planned", "unplanned", "volunteers gone", "custody"):
                ended = number["exit", f"{name}: {how}"]
                claim.check(found.get((name, f"ended: {how}"), 0.0) == ended, f"{name}: {how}")


# Shares and curves ------------------------------------------------------------------------------------------------


def shares_leave_out_whom_nobody_can_judge(claim: Violations, context: CheckContext) -> None:
    """People, censored and reoffended of each group are those of a count by hand; a group of nobody has no share."""
    rng = context.rng(4)
    for window in (1, 6, 24):
        table = pd.DataFrame(
            {"time": rng.integers(1, 40, 300), "known": rng.integers(0, 40, 300), "arm": rng.choice(["a", "b"], 300)}
        )
        table.loc[rng.random(300) < 0.3, "time"] = NOT_IN_SIGHT
        for by in (("arm",), ()):
            for row in shares(table, window=window, by=by).to_dict("records"):
                mine = table[table["arm"] == row["arm"]] if by else table
                judged = mine[mine["known"] >= window]
                hits = int((judged["time"] <= window).sum())
                hand = (len(judged), len(mine) - len(judged), hits)
                same = (row["people"], row["censored"], row["reoffended"]) == hand
                claim.check(same, f"window {window}: {row} and {hand}")
                right = abs(row["share"] - hits / len(judged)) < 1e-12
                claim.check(right and row["low"] <= row["share"] <= row["high"], "share")
    both = table.assign(group=np.where(np.arange(300) % 3, "x", "y"))
    for row in shares(both, window=6, by=("arm", "group")).to_dict("records"):
        mine = both[(both["arm"] == row["arm"]) & (both["group"] == row["group"])]
        claim.check(row["people"] + row["censored"] == len(mine), "two columns")
    nobody = shares(pd.DataFrame({"time": [5], "known": [3], "arm": ["a"]}), window=24).iloc[0]
    claim.check(np.isnan(nobody["share"]) and (nobody["low"], nobody["high"]) == (0.0, 1.0), "a share of nobody")


def wilsons_interval_is_that_of_scipy(claim: Deviations) -> None:
    """The interval of a share agrees with scipy's, at the ends too, and says nothing of nobody."""
    for hits, number in ((0, 10), (3, 10), (10, 10), (14, 49), (32, 48), (1, 1), (500, 20_000)):
        right = stats.binomtest(hits, number).proportion_ci(0.95, method="wilson")
        claim.check(wilson(hits, number), [right.low, right.high], 1e-6, f"{hits} of {number}")
    claim.check(wilson(0, 0), [0.0, 1.0])


def curves_are_those_of_kaplan_and_meier(claim: Deviations, context: CheckContext) -> None:
    """The curve is the product of the shares who do not offend among those at risk; Greenwood's variance gives its
    band.
    """
    rng = context.rng(5)
    time, known = rng.geometric(0.06, 400), rng.integers(1, 25, 400)
    table = pd.DataFrame({"time": np.where(time > 40, NOT_IN_SIGHT, time), "known": known,
                          "arm": np.where(np.arange(400) % 2, "control", "mentored")})  # fmt: skip
    small = pd.DataFrame({"time": [1, 3, 3, NOT_IN_SIGHT, NOT_IN_SIGHT], "known": [4, 4, 4, 2, 4], "arm": "control"})
    ended = pd.DataFrame({"time": [1, 2, 2], "known": [3, 3, 3], "arm": "control"})
    for whole in (table, small, ended):
        for arm, rows in whole.groupby("arm"):
            drawn = curve(whole)
            mine = drawn[drawn["arm"] == arm].reset_index(drop=True)
            alive, spread = 1.0, 0.0
            claim.check(mine["month"], np.arange(rows["known"].max() + 1), detail="months")
            claim.check(mine.loc[0, ["at_risk", "share", "low", "high"]].astype(float), [len(rows), 0, 0, 0])
            for month in range(1, int(rows["known"].max()) + 1):
                risk = int(((rows["known"] >= month) & (rows["time"] >= month)).sum())
                hits = int(((rows["time"] == month) & (rows["known"] >= month)).sum())
                alive *= 1 - hits / risk if risk else 1.0
                spread += hits / (risk * (risk - hits)) if risk > hits else 0.0
                row = mine.iloc[month]
                claim.check([row["at_risk"], row["share"]], [risk, 1 - alive], 1e-9, f"month {month}")
                half = 1.959963984540054 * np.sqrt(spread) / abs(np.log(alive)) if 0 < alive < 1 else 0.0
                band = [1 - alive ** np.exp(-half), 1 - alive ** np.exp(half)]
                claim.check([row["low"], row["high"]], band, 1e-9, "band")
    together = curve(small.drop(columns="arm"), by=())
    claim.check(together["share"], [0, 1 / 5, 1 / 5, 1 - 4 / 5 / 3, 1 - 4 / 5 / 3], 1e-9, "by hand")


def hazard_ratios_maximise_breslows_likelihood(claim: Deviations, context: CheckContext) -> None:
    """At the estimate the slope of the partial likelihood, written down naively, is zero; a covariate that is flat is
    refused.
    """
    rng = context.rng(6)
    x = np.column_stack([rng.normal(size=200), rng.integers(0, 2, 200)])
    time, until = rng.exponential(1 / (0.1 * np.exp(x @ [0.5, -0.7]))), rng.exponential(20.0, 200)
    for ties in (False, True):
        when = np.ceil(np.minimum(time, until)) if ties else np.minimum(time, until)
        event = time <= until
        beta = cox(x, when, event)
        risk, slope = np.exp(x @ beta), np.zeros(2)
        for i in np.flatnonzero(event):
            there = when >= when[i]
            slope += x[i] - (risk[there, None] * x[there]).sum(axis=0) / risk[there].sum()
        claim.check(slope, 0.0, 1e-5, f"ties {ties}")
        claim.check(len(beta), 2)
    try:
        cox(np.column_stack([x, np.ones(200)]), time, time <= until)
        claim.check(0, 1, detail="a flat covariate was taken")
    except np.linalg.LinAlgError:
        claim.check(1, 1)


# The stream -------------------------------------------------------------------------------------------------------


def new_people_and_returns_are_all_releases(claim: Deviations, context: CheckContext) -> None:
    """In every month those who are new and those of before who return add up to one release, or to more if nobody is
    new.
    """
    rng = context.rng(7)
    for most in (0.05, 0.2, 1.5):
        returns = rng.uniform(0, most, (5, 30))
        returns[:, 0] = 0.0
        new = solved(returns, 30)
        for row in range(5):
            back = np.convolve(new[row], returns[row])[:30]
            claim.check(np.where(new[row] > 0, new[row] + back, 1.0), 1.0, 1e-9, "releases")
            claim.check((back[new[row] == 0] >= 1 - 1e-12).all() and (new >= 0).all(), 1, detail="nobody new")
    by_hand = np.array([[0.0, 0.5, 0.0, 0.0], [0.0, 0.5, 0.25, 0.0], [0.0, 0.0, 0.0, 0.0], [0.0, 2.0, 0.0, 0.0]])
    right = [[1.0, 0.5, 0.75, 0.625], [1.0, 0.5, 0.5, 0.625], [1.0, 1.0, 1.0, 1.0], [1.0, 0.0, 1.0, 0.0]]
    claim.check(solved(by_hand, 4), right, 1e-12, "by hand")


def as_many_are_released_every_year(claim: Violations, context: CheckContext) -> None:
    """With returns counted, every year has the stated number of releases, of the same kind; without, releases grow."""
    runs = context.scaled(24)
    scenario = country()
    row = names(scenario).index("released")

    def releases(include_reentries: bool) -> npt.NDArray[np.int64]:
        """Years x groups of risk x runs."""
        each = scenario.changed({"people.include_reentries": include_reentries})
        parts = over_chunks(each, context.seed, range(runs), lambda cohort: cohort.tally[row], ledger=True, threads=1)
        return np.asarray(np.concatenate(list(parts), axis=2).reshape(YEARS, 12, 2, runs).sum(axis=1))

    counted = releases(True)
    yearly = counted.sum(axis=1).mean(axis=1)
    claim.check(np.abs(yearly / A_YEAR - 1) < 0.04, f"releases a year {yearly.round(1).tolist()}")
    kind = (counted[:, 1] / counted.sum(axis=1)).mean(axis=1)
    claim.check(np.abs(kind - kind[0]) < 0.03, f"share at highest risk {kind.round(3).tolist()}")
    grows = releases(False).sum(axis=1).mean(axis=1)
    claim.check(np.diff(grows) > 0.03 * A_YEAR, f"releases where returns come on top {grows.round(1).tolist()}")


def each_risk_group_has_its_own_share_of_new_people(claim: PValues, context: CheckContext) -> None:
    """Among those drawn for a year the new ones are the stated shares, by group of risk; people who never offend are
    all new.
    """
    scenario, plain = country(), country(**{"people.include_reentries": False})
    found = stream(scenario)
    people = prepared(plain, context.seed, range(context.scaled(20))).people
    _, hazard = relative_hazard(plain, people)
    new = is_new(scenario, people, hazard, context.seed)
    group = np.where(hazard > 0, 1 + np.searchsorted(found.edges, hazard), 0)
    claim.share_of(found.new.shape == (BINS + 1, 12 * YEARS) and BINS == 12, 1.0, "groups of risk")
    claim.share_of(new[(group == 0) | (people.release == 0)], 1.0, "always new")
    last = found.new[:, 12 * (YEARS - 1) :].mean(axis=1)
    claim.share_of((np.diff(last) < 0).all() and last[0] == 1.0, 1.0, "higher risk, fewer new people")
    for number in range(1, BINS + 1):
        here = (group == number) & (people.release >= 12 * (YEARS - 1))
        claim.share_of(new[here], found.new[number, people.release[here]].mean(), f"group {number}")
        size = (group == number).mean() * BINS / (hazard > 0).mean()
        claim.share_of(abs(size - 1) < 0.2, 1.0, f"size of group {number}")


def a_stream_is_decided_by_no_programme_and_no_seed(claim: Violations, seed: int) -> None:
    """The same people are new with a programme and without; the pilot has its own seed; new people are some of
    those drawn.
    """
    rules = {"capacity": 1e6, "shortest_sentence_months": 0.0, "re_eligible": True, "direct_hazard_ratio": 0.05}
    plain, offered = country(), country(programme={"help": rules}, **{"trial.assignment": "everyone"})
    one, other = (prepared(each, seed, range(2)).people for each in (plain, offered))
    every = prepared(country(**{"people.include_reentries": False}), seed, range(2)).people
    claim.equal(one.person, other.person, "who is new")
    claim.equal(other.release - one.release, np.full(len(one.release), 2), "months of release")
    keys = {key: i for i, key in enumerate(zip(every.replicate.tolist(), every.person.tolist(), strict=True))}
    rows = np.array([keys[key] for key in zip(one.replicate.tolist(), one.person.tolist(), strict=True)])
    for name in one._fields:
        claim.equal(getattr(one, name), getattr(every, name)[..., rows], name)
    claim.check(one.never.sum() == every.never.sum() > 0 and len(rows) < 0.9 * len(keys), "people who never offend")
    first = stream(plain)
    claim.check(stream(offered) is first or (stream(offered).new == first.new).all(), "the stream with a programme")
    claim.check((first.new[:, 0] == 1.0).all() and ((first.new >= 0) & (first.new <= 1)).all(), "shares")


def returns_are_counted_within_each_follow_up(claim: Violations) -> None:
    """A stream knows of no return after a follow-up's end; to follow people beyond its last month changes nothing."""
    months = 12 * YEARS
    short = stream(country(**{"people.follow_up_months": 18})).returns
    claim.check(short[:, :18].sum() > 0, "no returns within a follow-up of 18 months")
    claim.check((short[:, 18:] == 0).all(), "returns after a follow-up of 18 months")
    one, other = (stream(country(**{"people.follow_up_months": months + more})) for more in (1, 24))
    claim.equal(one.returns, other.returns, "returns with a longer follow-up")


OUTCOMES = analytical_checks(
    "outcomes", each_definition_counts_its_own_sanctions_and_dates, shares_leave_out_whom_nobody_can_judge,
    wilsons_interval_is_that_of_scipy, curves_are_those_of_kaplan_and_meier, hazard_ratios_maximise_breslows_likelihood,
    offences_are_counted_among_reoffenders_only, what_became_of_matches_is_counted_by_programme,
)  # fmt: skip
STREAM = analytical_checks(
    "the stream", new_people_and_returns_are_all_releases, as_many_are_released_every_year,
    each_risk_group_has_its_own_share_of_new_people, a_stream_is_decided_by_no_programme_and_no_seed,
    returns_are_counted_within_each_follow_up,
)  # fmt: skip

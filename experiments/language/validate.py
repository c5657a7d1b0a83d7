"""The answer of ``desist validate`` in sentences, for each of the two data sets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import pandas as pd

from experiments.language.answer import Answer, Shown
from experiments.language.messages import Messages
from experiments.language.register import group_name
from experiments.language.shown import shown_table

MONEY = "factor.economy.missing_hazard_ratio"
SAME = 5e-7
"""Largest change of a share at which the prediction is the one that was written first, digit by digit."""
SOME_EVIDENCE = 3.0
"""Likelihood ratio from which there is some evidence."""
SHOWN_MONTHS = (24, 60)


def answer(facts: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], m: Messages) -> Answer:
    """The fit, the prediction and the observation, and whether they are compatible."""
    return _life(facts, tables, m) if facts["data"] == "life" else _north_carolina(facts, tables, m)


def _life(facts: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], m: Messages) -> Answer:
    sentences = [*_predicted(facts, m), *(_observed(facts, tables["updated"], m) if facts["observed"] else ())]
    change = facts["change_since_frozen"]
    notes = [m("life.same") if change < SAME else m("life.changed", points=m.points(change, 2)),
             m("life.before", digest=facts["prediction_digest"])]  # fmt: skip
    quarters = shown_table(tables["quarters"], {
        "quarter": None, "observed": None, "expected": lambda value: m.number(value, 1),
        **dict.fromkeys(("low", "high"), lambda value: m.number(value, 0)),
    }, m, title=m("life.quarters", men=m.number(facts["men"])))  # fmt: skip
    return Answer(sentences=sentences, tables=[_parameters(tables["parameters"], m, "life"), quarters], notes=notes)


def _predicted(facts: Mapping[str, Any], m: Messages) -> Iterator[str]:
    e, men = facts["expected"], m.number(facts["men"])
    yield m("life.fitted", men=men, arrests=m.number(facts["control_arrests"]),
            share=m.percent(facts["control_arrests"] / facts["men"], 1))  # fmt: skip
    yield m("life.predicted", men=men, aided=m.percent(e["aided"], 1), **_effect(
        *(e[f"{name}{end}"] for name in ("difference", "hazard_ratio") for end in ("", "_low", "_high")), m=m
    ))  # fmt: skip
    yield m("life.groups", men=men, arrests=m.number(e["arrests"], 0), low=m.number(e["arrests_low"], 0),
            high=m.number(e["arrests_high"], 0), reported_low=m.points(e["reported_low"]),
            reported_high=m.points(e["reported_high"]))  # fmt: skip


def _observed(facts: Mapping[str, Any], updated: pd.DataFrame, m: Messages) -> Iterator[str]:
    o = facts["observed"]
    names = ("difference", "low", "high", "hazard_ratio", "hazard_low", "hazard_high")
    yield m("life.observed", men=m.number(facts["men"]), arrests=m.number(o["arrests"]),
            **_effect(*(o[name] for name in names), m=m))  # fmt: skip
    yield m("life.inside" if facts["compatible"] else "life.outside", region=m.percent(facts["predicted_region"], 0),
            share=m.percent(o["at_least_as_far"], 1))  # fmt: skip
    ratio = o["likelihood_ratio"]
    times = ratio if ratio >= 1 else 1 / ratio
    yield m("life.for_prediction" if ratio >= 1 else "life.for_no_effect", times=m.number(times, 1),
            strength=m("life.weak" if times < SOME_EVIDENCE else "life.some"))  # fmt: skip
    money = updated.set_index("key").to_dict("index")[MONEY]
    ends = ("mean", "low", "high", "after_mean", "after_low", "after_high")
    yield m("life.updated", **{name: m.number(float(money[name]), 2) for name in ends})


def _effect(*values: float, m: Messages) -> dict[str, str]:
    """Difference and hazard ratio, each with its low and high end."""
    return {name: m.points(value) if name in ("points", "low", "high") else m.number(value, 2) for name, value in
            zip(("points", "low", "high", "ratio", "ratio_low", "ratio_high"), values, strict=True)}  # fmt: skip


def _parameters(table: pd.DataFrame, m: Messages, data: str) -> Shown:
    fitted = {"fitted": lambda value: m(f"fitted.{value}")} if data == "life" else {}
    numbers = dict.fromkeys(("mean", "low", "high"), lambda value: m.number(value, 2))
    return shown_table(table, {"key": None, "prior": None, **fitted, **numbers}, m, title=m(f"{data}.parameters"))


def _north_carolina(facts: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], m: Messages) -> Answer:
    groups = tables["groups"]
    fitted, held_out = facts["people"].values()
    sentences = [
        m("north-carolina.fitted", people=m.number(fitted)),
        m("north-carolina.predicted", shares=m.number(facts["shares"]), people=m.number(held_out),
          inside=m.number(facts["shares_inside"]), share=m.percent(facts["shares_inside"] / facts["shares"], 1)),
        m("north-carolina.own_half", inside=m.number(facts["fitted_half_shares_inside"]),
          shares=m.number(facts["fitted_half_shares"])),
        *(m("north-carolina.met" if row["met"] else "north-carolina.not_met", p=m.number(row["p"], 3),
            pattern=m(f"pattern.{row['pattern'].removeprefix('by ')}")) for row in facts["patterns"]),
        *(m("north-carolina.outside", by=m(f"by.{row['by']}"), group=group_name(row["group"], m),
            months=m.months(row["months"]), observed=m.percent(row["observed"], 1), people=m.number(row["people"]),
            low=m.percent(row["people_low"], 1), high=m.percent(row["people_high"], 1))
          for row in groups[~groups["inside"]].to_dict("records")),
    ]  # fmt: skip
    known = {True: "recounted", False: "recounted_not", None: "not_recounted"}[facts["recounted"]]
    notes = [m("north-carolina.p", limit=m.plain(facts["not_met_below"])), m(f"north-carolina.{known}")]

    shown = shown_table(groups[groups["months"].isin(SHOWN_MONTHS)], {
        "by": lambda value: m(f"by.{value}"), "group": partial(group_name, m=m), "people": None,
        "months": None,
        **dict.fromkeys(("mean", "people_low", "people_high", "observed"), lambda share: m.percent(share, 1)),
        "inside": lambda value: m("yes" if value else "no"),
    }, m, title=m("north-carolina.groups"))  # fmt: skip
    return Answer(sentences=sentences, tables=[shown, _parameters(tables["parameters"], m, "north-carolina")],
                  notes=notes)  # fmt: skip

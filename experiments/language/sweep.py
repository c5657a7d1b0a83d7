"""The answer of ``desist sweep`` in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from experiments.language.answer import Answer, Shown
from experiments.language.messages import Messages
from experiments.language.trial import PAIR, likelihood, no_effect_note, sizes_note

STRENGTH = "effect.hazard_ratio"


def answer(facts: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], m: Messages) -> Answer:  # noqa: ARG001
    """Where in the space of assumptions the trial's result is likely, the best points, and how it was compared."""
    return Answer(
        sentences=[*_counted(facts, m), *_found(facts, m)],
        tables=[Shown(title=m("best_title", n=m.number(len(facts["best"]))), table=_best(facts, m))],
        notes=list(_notes(facts, m)),
    )  # fmt: skip


def _counted(facts: Mapping[str, Any], m: Messages) -> Iterator[str]:
    if facts["finished"] < facts["planned"]:
        yield m("interrupted_draws" if facts["draws"] else "interrupted", finished=m.number(facts["finished"], 0),
                planned=m.number(facts["planned"], 0))  # fmt: skip
    good, possible, number = facts["inside_67"], facts["inside_95"], facts["points"]
    yield m("count" if good else "count_none", good=m.number(good, 0), points=m.number(number, 0), **PAIR,
            open=m.number(possible - good, 0), outside=m.number(number - possible, 0))  # fmt: skip
    if facts["draws"]:
        yield m("count_draws", draws=m.number(facts["draws"], 0),
                **{name: m.number(number, 0) for name, number in facts["over_draws"].items()})  # fmt: skip


def _found(facts: Mapping[str, Any], m: Messages) -> Iterator[str]:
    nearest = facts["nearest"]
    where = m.listed([f"{_name(each['key'], m)} {_value(nearest[each['key']], m)}" for each in facts["axes"]])
    at = {"mentored": _risk(nearest, "mentored", m), "control": _risk(nearest, "control", m), "where": where}
    if not facts["inside_67"]:
        times = max(1, round(1 / max(float(nearest["relative_likelihood"]), 1e-9)))
        yield m("nearest", times=m.number(times, 0), **at)
    else:
        if facts["effect"]:
            yield from _effect(facts["effect"], m)
        yield from (_along(each, m) for each in facts["axes"] if each["key"] != STRENGTH and each["number"] > 1)
        if facts["support"]["beyond"]:
            yield m("support", n=m.number(facts["support"]["beyond"], 0), points=m.number(facts["points"], 0),
                    reach=m.number(facts["support"]["reach"], 2))  # fmt: skip
        yield m("best", **at)
    if facts["no_effect"]:
        yield no_effect_note(facts["no_effect"], m)
    for each in facts["assumed"]:
        yield m("assumed", key=each["key"], value=m.plain(each["value"]))


def _effect(effect: Mapping[str, Any], m: Messages) -> Iterator[str]:
    """The weakest effect inside the 67 % region, and the weakest for each half-life."""
    weakest = effect["weakest"]
    if weakest < 1:
        yield m("strong", ratio=m.plain(weakest), fewer=m.percent(1 - weakest))
    else:
        yield m("weak", ratio=m.plain(weakest))
    if effect["by_half_life"]:
        each = "; ".join(
            m("half_life", months=m.number(row["half_life"]),
              ratio=m("none") if row["weakest"] is None else m.plain(row["weakest"]))
            for row in effect["by_half_life"]
        )  # fmt: skip
        risk = effect["control_risk"]
        yield m("half_lives", each=each) if risk is None else m("half_lives_at", each=each, risk=m.percent(risk))


def _along(axis: Mapping[str, Any], m: Messages) -> str:
    """How many points fit at each value of an axis."""
    key = f"explained.{axis['key']}"
    name = m(key) if m.has(key) else _name(axis["key"], m)
    if axis["values"] is None:
        return m("between", axis=name, low=_value(axis["low"], m), high=_value(axis["high"], m))
    counts = m.listed([f"{_value(row['value'], m)} ({m.number(row['inside_67'])})" for row in axis["values"]
                       if row["inside_67"]])  # fmt: skip
    missed = [_value(row["value"], m) for row in axis["values"] if not row["inside_67"]]
    return m("along_missed", axis=name, counts=counts, missed=m.listed(missed)) if missed else \
        m("along", axis=name, counts=counts)  # fmt: skip


def _best(facts: Mapping[str, Any], m: Messages) -> pd.DataFrame:
    """The best points as they are printed."""
    keys = [each["key"] for each in facts["axes"]]
    rows = [
        {**{key: _value(row[key], m) for key in keys},
         **{m.heading(arm): _risk(row, arm, m, 1) for arm in ("mentored", "control")},
         m.heading("relative_likelihood"): likelihood(row["relative_likelihood"], m),
         **({m.heading("inside_67"): m.percent(row["inside_67"], 0)} if facts["draws"] else {})}
        for row in facts["best"]
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _notes(facts: Mapping[str, Any], m: Messages) -> Iterator[str]:
    if facts["draws"]:
        yield m("draws", posterior=facts["posterior"])
    yield m("error", error=m.points(facts["simulation_error"]), trials=m.number(facts["replicates"], 0))
    yield m("trial_result.rule", **PAIR)
    yield sizes_note(facts["sizes"], m)


def _risk(row: Mapping[str, Any], arm: str, m: Messages, decimals: int = 0) -> str:
    """A risk in per cent, with the middle 95 % of draws if there are draws."""
    risk = m.percent(row[arm], decimals)
    if f"{arm}_low" not in row:
        return risk
    return f"{risk} ({m.to(m.points(row[f'{arm}_low'], 0), m.points(row[f'{arm}_high'], 0))})"


def _name(key: str, m: Messages) -> str:
    """A short name of an axis in a sentence."""
    return m(f"short.{key}") if m.has(f"short.{key}") else key.split(".")[-1].replace("_", " ")


def _value(value: Any, m: Messages) -> str:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return m.plain(float(f"{value:.3g}")) if number else str(value)

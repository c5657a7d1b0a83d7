"""The answer of ``desist discover`` in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from experiments.language.answer import Answer
from experiments.language.messages import NBSP, Messages
from experiments.language.plan_text import method_parts
from experiments.language.quantities import name_of


def answer(facts: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], m: Messages) -> Answer:  # noqa: ARG001
    """How often the plan does not pay back, under which conditions, and whether new runs confirm them."""
    others = m("methods", others=method_parts(facts, "discover.method_fails", m))
    return Answer(sentences=[*_found(facts, m), others], notes=list(_notes(facts, m)))


def _found(facts: Mapping[str, Any], m: Messages) -> Iterator[str]:
    plan = facts["plan"]
    named = {row["quantity"]: label(row, facts, m, quoted=True) for row in facts["conditions"]}
    years = m("year" if plan["years"] == 1 else "years", n=m.number(plan["years"]))
    yield m("failing", failures=m.number(facts["failures"], 0), runs=m.number(facts["runs"], 0), plan=plan["name"],
            years=years, method=m(f"plan.method.{facts['counted']}"))  # fmt: skip
    if facts["reason"]:
        needed = {"fewest": m.number(facts["fewest"])} if facts["reason"].startswith("few") else {}
        if facts["reason"] == "few hold":
            needed["rest"] = m.number(facts["runs"] - facts["failures"])
        yield m(f"reason.{facts['reason'].replace(' ', '_')}", **needed)
        return
    conditions = f" {m('common.and')} ".join(condition(row, named[row["quantity"]], m) for row in facts["conditions"])
    held_out = facts["held_out"]
    yield m("where", conditions=conditions, density=_share(held_out["density"], m),
            coverage=_share(held_out["coverage"], m))  # fmt: skip
    for row in facts["checks"]:
        yield m("confirmed" if row["confirmed"] else "not_confirmed", label=named[row["quantity"]],
                pairs=m.number(row["pairs"], 0), inside=_share(row["inside"], m),
                outside=_share(row["outside"], m))  # fmt: skip


def _notes(facts: Mapping[str, Any], m: Messages) -> Iterator[str]:
    yield m("notes.inputs")
    if facts["conditions"]:
        yield m(f"notes.{facts['method']}")


def label(row: Mapping[str, Any], facts: Mapping[str, Any], m: Messages, *, quoted: bool = False) -> str:
    """What a quantity is called: a noun phrase of the catalogue, or its plain name.

    Plain names are of every kind (how much ..., share who ...) and fit a sentence only as quoted names of a quantity.
    """
    key = f"name.{row['quantity'].replace('.' + facts['programme'] + '.', '.')}"
    if m.has(key):
        return m(key)
    name = name_of(row["quantity"], row["what"], m.language).removesuffix(f" ({m('common.kr')})")
    return m("quoted", name=name) if quoted else name


def condition(row: Mapping[str, Any], name: str, m: Messages) -> str:
    """One condition in words."""
    if row["values"] is not None:
        values = [m(f"choice.{each}") if m.has(f"choice.{each}") else str(each) for each in row["values"]]
        return m("condition.one_of", label=name, value=f" {m('condition.or')} ".join(values))
    low, high = row["low"], row["high"]
    if high is None:
        return m("condition.above", label=name, value=_value(low, row, m))
    if low is None:
        return m("condition.below", label=name, value=_value(high, row, m))
    return m("condition.between", label=name, low=_value(low, row, m, bare=True), high=_value(high, row, m))


def _value(value: float, row: Mapping[str, Any], m: Messages, *, bare: bool = False) -> str:
    """A value with its unit, shares in per cent; ``bare`` without the unit."""
    percent = row["unit"] == "share 0-1"
    unit = "%" if percent else m("common.kr") if row["quantity"].startswith("price.") and "DKK" in row["unit"] else ""
    text = m.number(100 * value if percent else value)
    return text if bare or not unit else f"{text}{NBSP}{unit}"


def _share(share: float, m: Messages) -> str:
    """A share (0-1) in whole per cent; all and none are written only where they are true."""
    return f"{m.of_hundred(share)}{NBSP}%"

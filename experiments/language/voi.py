"""The answer of ``desist voi`` in sentences and two tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from experiments.language.answer import Answer, Shown
from experiments.language.messages import MILLION, NBSP, Messages
from experiments.language.plan_text import method_parts

SMALL = 50_000.0
"""Kroner below which an amount is not written in millions."""


def answer(facts: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], m: Messages) -> Answer:  # noqa: ARG001
    """What the plan gains, EVPI, EVPPI of groups of inputs, and EVSI of further trials."""
    return Answer(sentences=list(_found(facts, m)), tables=[_groups(facts, m), _trials(facts, m)],
                  notes=list(_notes(facts, m)))  # fmt: skip


def _found(facts: Mapping[str, Any], m: Messages) -> Iterator[str]:
    years, evpi = facts["plan"]["years"], facts["evpi"]
    yield m("gain", runs=m.number(facts["runs"], 0), plan=facts["plan"]["name"], net=amount(facts["net"], m),
            years=m("year" if years == 1 else "years", n=m.number(years)), share=m.of_hundred(facts["paying_back"]))
    yield m("plan" if facts["chosen"] == "plan" else "no_plan")
    yield _decision(facts, m)
    yield m("evpi", value=amount(evpi["value"], m), error=amount(2 * evpi["error"], m))
    yield m("trial", value=amount(facts["risks"]["value"], m))
    yield m("none") if facts["best"] is None else m("best", size=m.number(facts["best"], 0))


def _decision(facts: Mapping[str, Any], m: Messages) -> str:
    """Under which way of counting the decision is taken, and whether another one would change it."""
    own, methods = facts["counted"], facts["methods"]
    same = len({each["net"] > 0 for each in methods.values()}) == 1
    return m("decision.same" if same else "decision.differs", method=m(f"plan.method.{own}"),
             others=method_parts(facts, "voi.decision.other", m))  # fmt: skip


def _groups(facts: Mapping[str, Any], m: Messages) -> Shown:
    rows = [{m.heading("what"): group(row["what"], m), m.heading("value"): _with_error(row["value"], row["error"], m)}
            for row in facts["groups"]]  # fmt: skip
    return Shown(title=m("groups.title"), table=pd.DataFrame(rows))


def _trials(facts: Mapping[str, Any], m: Messages) -> Shown:
    rows = [{m.heading("per_arm"): m.number(row["per_arm"], 0), m.heading("gain"): amount(row["gain"], m),
             m.heading("cost"): amount(row["cost"], m), m.heading("net"): _with_error(row["net"], row["net_error"], m)}
            for row in facts["trials"] if row["per_arm"]]  # fmt: skip
    return Shown(title=m("trials.title"), table=pd.DataFrame(rows))


def _notes(facts: Mapping[str, Any], m: Messages) -> Iterator[str]:
    yield m("notes.saving")
    yield m("notes.kroner")
    yield m("notes.trial", course=m.kroner(facts["course"]), research=m.kroner(facts["research"]))


def group(name: str, m: Messages) -> str:
    """What a group of inputs is called; of a single quantity its key."""
    key = f"groups.{name.replace(' ', '_').replace('-', '_')}"
    return m(key) if m.has(key) else name


def amount(value: float, m: Messages) -> str:
    """Kroner: millions with one decimal, or kroner where they are few."""
    if abs(value) < SMALL:
        return m.kroner(value)
    return f"{m.number(value / MILLION, 1)}{NBSP}{m('common.million')}"


def _with_error(value: float, error: float, m: Messages) -> str:
    return m("amount", value=amount(value, m), error=amount(2 * error, m))

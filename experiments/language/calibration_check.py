"""The answer of ``desist calibrate --check`` in sentences; its texts are those of ``calibrate``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from experiments.language.answer import Answer, Shown
from experiments.language.messages import Messages


def check_answer(facts: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], m: Messages) -> Answer:  # noqa: ARG001
    """Whether the posteriors hold known truths as often as they should."""
    return Answer(
        sentences=list(_sentences(facts, m)),
        tables=[
            _shown("check.uniform", facts["uniform"], {"number": m.plain, "distance": _three(m), "p": _three(m)}, m),
            _shown("check.coverage", facts["coverage"],
                   {"level": m.percent, **{name: _percent(m) for name in ("covered", "low", "high")}}, m),
        ],
    )  # fmt: skip


def _sentences(facts: Mapping[str, Any], m: Messages) -> Iterator[str]:
    numbers = {part: m.number(many, 0) for part, many in facts["simulated"].items()}
    if "registers" in numbers:
        yield m("check.both", trials=numbers["trial"], registers=numbers["registers"])
    else:
        yield m("check.trial", trials=numbers["trial"])
    yield m("check.passed" if facts["passed"] else "check.failed")
    for level in sorted({row["level"] for row in facts["coverage"]}):
        covered = [row["covered"] for row in facts["coverage"] if row["level"] == level]
        yield m("check.level", level=m.percent(level), mean=m.percent(sum(covered) / len(covered), 0),
                low=m.percent(min(covered), 0), high=m.percent(max(covered), 0))  # fmt: skip
    worst = min(facts["uniform"], key=lambda row: row["p"])
    yield m("check.test", number=m.number(len(facts["uniform"])), alarm=m.percent(facts["false_alarm"], 0),
            name=_quantity(worst["quantity"], m), p=m.number(worst["p"]))  # fmt: skip
    pairs = [m("check.definition", definition=m(f"common.definition.{row['definition']}"),
               expected=m.number(row["expected"], 0), happened=m.number(row["happened"], 0))
             for row in facts["definitions"]]  # fmt: skip
    yield m("check.definitions", list="; ".join(pairs))


def _three(m: Messages) -> Any:
    return lambda value: m.number(value, 3)


def _percent(m: Messages) -> Any:
    return lambda value: m.percent(value, 1)


def _quantity(name: str, m: Messages) -> str:
    return m(f"quantity.{name}") if m.has(f"quantity.{name}") else name


def _shown(title: str, rows: Sequence[Mapping[str, Any]], forms: Mapping[str, Any], m: Messages) -> Shown:
    table = pd.DataFrame([
        {m.heading("part"): m(f"part.{row['part']}"), m.heading("quantity"): _quantity(row["quantity"], m),
         **{m.heading(name): form(row[name]) for name, form in forms.items()}}
        for row in rows
    ])  # fmt: skip
    return Shown(title=m(title), table=table)

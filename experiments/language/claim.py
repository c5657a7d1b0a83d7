"""The answer of ``desist claim`` in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from experiments.language.answer import Answer, Shown
from experiments.language.messages import Messages

SAME = 1e-9
"""Ends of an interval this close are one number: nothing in it is uncertain."""
TIME = "hours given"
"""The part of a course that is the volunteers' time."""
Row = Mapping[str, Any]


def answer(facts: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], m: Messages) -> Answer:  # noqa: ARG001
    """The claim, what it becomes, how far reoffending must fall, and what a course costs."""
    rows = facts["steps"]
    notes = [_note(row["step"], facts["numbers"], m) for row in rows[1:]]
    shown = Shown(table=_table(rows, m), title=m("table"))
    return Answer(sentences=list(_sentences(facts, m)), tables=[shown],
                  notes=[*notes, *([] if facts["with_posterior"] else [m("how")])])  # fmt: skip


def texts_of_step(step: str, numbers: Mapping[str, Any], m: Messages) -> dict[str, str]:
    """What a step replaces by what, and its source: the columns what and source."""
    return {"what": m(f"step.{step}.what", **written(numbers, m)), "source": m(f"step.{step}.source")}


def written(numbers: Mapping[str, Any], m: Messages) -> dict[str, str]:
    """The numbers of the claim as texts: ``numbers_of`` of the study gives them."""

    def price(row: Row) -> str:
        return m.plain(row["value"]) + (f" ({row['prior']})" if row["prior"] else "")

    return {
        **{name: price(numbers[name]) for name in ("any", "course", "marginal")},
        **{name: m.number(numbers[name], 0) for name in ("claimed", "cost", "points", "years")},
        "rate": f"{m.plain(100 * numbers['rate'])} %",
    }  # fmt: skip


def _sentences(facts: Mapping[str, Any], m: Messages) -> Iterator[str]:
    numbers, (first, *_, last) = written(facts["numbers"], m), facts["steps"]
    yield m("claim", ratio=m.number(first["ratio"], 1), **numbers)
    yield m("replaced", ratio=m.number(last["ratio"], 1), low=m.number(last["low"], 1), high=m.number(last["high"], 1),
            expected=m.number(last["expected"], 1))  # fmt: skip
    if not facts["with_posterior"]:
        yield m("no_posterior", points=numbers["points"])
    sign = "+" if last["net"] >= 0 else ""
    yield m("pays_back", share=m.of_hundred(last["pays_back"]), net=sign + m.number(last["net"], 0))
    sizes = "; ".join(m("size", points=m.number(row["points"], 1), cost=m.number(row["cost"], 0),
                        value=m.number(row["value"], 0)) for row in facts["break_even"])  # fmt: skip
    yield m("break_even", sizes=sizes, last=m.points(last["break_even"]))
    time = facts["course_by_parts"][TIME]
    parts = sum(facts["course_by_parts"].values()) - time
    yield m("parts", parts=m.number(parts, 0), time=m.number(time, 0))
    yield m("top_down")


def _table(rows: list[Row], m: Messages) -> pd.DataFrame:
    """The steps as they are printed."""
    return pd.DataFrame({
        m("column.step"): [m(f"step.{row['step']}.name") for row in rows],
        m("column.ratio"): [_ratio(row, m) for row in rows],
        m("column.pays_back"): [m.percent(row["pays_back"], 1) for row in rows],
        m("column.break_even"): [m("points", n=m.points(row["break_even"])) for row in rows],
        m("column.alone"): [_ratio(row, m, "alone") for row in rows],
    })  # fmt: skip


def _ratio(row: Row, m: Messages, name: str = "ratio") -> str:
    low, high = (row[end if name == "ratio" else f"{name}_{end}"] for end in ("low", "high"))
    middle = m.number(row[name], 1)
    return middle if high - low < SAME else f"{middle} ({m.to(m.number(low, 1), m.number(high, 1))})"


def _note(step: str, numbers: Mapping[str, Any], m: Messages) -> str:
    texts = texts_of_step(step, numbers, m)
    source = texts["source"][:1].upper() + texts["source"][1:]
    return m("note", name=m(f"step.{step}.name"), what=texts["what"], source=source)

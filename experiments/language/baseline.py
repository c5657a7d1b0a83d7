"""The answer of ``desist baseline`` in sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from experiments.language.answer import Answer, Shown
from experiments.language.messages import Messages
from experiments.language.shown import shown_table


def answer(facts: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], m: Messages) -> Answer:
    """How many figures lie inside their bands, and which do not."""
    table, draws = tables["baseline"], facts["draws"]
    inside, total, people = m.number(facts["inside"]), m.number(facts["total"]), m.number(facts["people"], 0)
    first = m("inside_draws" if draws else "inside", inside=inside, total=total, people=people,
              draws=m.number(draws, 0))  # fmt: skip
    outside = [
        m("outside", figure=figure_name(row, m), model=m.number(row["model"], 3), low=m.number(row["low"], 3),
          high=m.number(row["high"], 3)) for row in table[~table["inside"]].to_dict("records")
    ]  # fmt: skip
    return Answer(sentences=[first, *outside], tables=[figures_table(table, m)], notes=[m("narrow")])


def figure_name(row: Mapping[Any, Any], m: Messages) -> str:
    """An observed figure in the reader's language, or as the table of targets has it."""
    key = f"baseline.figures.{row['id']}"
    return m(key) if m.has(key) else str(row["what"])


def figures_table(table: pd.DataFrame, m: Messages) -> Shown:
    """The model's value of each figure, its band, and where it was observed."""
    m = Messages(m.language, "baseline")

    def three(value: float) -> str:
        return m.number(value, 3)

    rows = table.assign(
        band=[m.to(three(row["low"]), three(row["high"])) for row in table.to_dict("records")],
        figure=[figure_name(row, m) for row in table.to_dict("records")],
    )  # fmt: skip
    columns: dict[str, Callable[[Any], str] | None] = {"model": three}
    if "model_low" in table:
        columns |= {"model_low": three, "model_high": three}
    columns |= {"inside": lambda value: m("yes" if value else "no"), "band": None, "figure": None, "source": None}
    return shown_table(rows, columns, m)

"""How the variance of a result divides by evidence grade, in sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from experiments.language.messages import NBSP, Messages

Rows = pd.DataFrame | Sequence[Mapping[str, Any]]
"""A table, or its rows as facts have them."""


def grade_sentences(shares: Rows | None, census: Rows, m: Messages) -> list[str]:
    """Two sentences: how the variance divides by grade, and how many quantities there are of each.

    ``shares`` has the columns of ``statistics.variance_by_grade``, or is None if there were too few draws; ``census``
    has those of ``ModelInputs.census``.
    """
    counts = [m("grades.count", name=_name(row, m), **{name: m.number(row[name], 0)
              for name in ("inputs", "uncertain", "fixed")}) for row in _rows(census)]  # fmt: skip
    rows = [] if shares is None else _rows(shares)
    if shares is None or any(row["share"] is None or row["share"] != row["share"] for row in rows):
        divided = m("grades.few" if shares is None else "grades.none")
    else:
        parts = [m("grades.part", name=_name(row, m), low=_percent(row["low"], m).partition(NBSP)[0],
                   **{name: _percent(row[name], m) for name in ("share", "high")}) for row in rows]  # fmt: skip
        divided = m("grades.shares", parts="; ".join(parts))
    return [divided, m("grades.census", counts=m.listed(counts))]


def _rows(table: Rows) -> Sequence[Mapping[str, Any]]:
    rows: Any = table.to_dict("records") if isinstance(table, pd.DataFrame) else table
    found: Sequence[Mapping[str, Any]] = rows
    return found


def _name(row: Mapping[str, Any], m: Messages) -> str:
    return m(f"grades.name.{str(row['grade']).replace(' ', '_')}")


def _percent(share: float, m: Messages) -> str:
    """A share within 0 and 100 %: an estimate can lie slightly outside."""
    return m.percent(min(1.0, max(0.0, share)), 0)

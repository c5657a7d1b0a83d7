"""An answer: sentences first, then tables, then notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A table as it is printed: every cell is text already, headings are in the reader's language."""

    table: pd.DataFrame
    title: str = ""

    def text(self) -> str:
        """The table in columns, words to the left and numbers to the right, under its title."""
        rows = [list(map(str, self.table.columns)), *self.table.astype(str).to_numpy().tolist()]
        columns = list(zip(*rows, strict=True))
        wide = [max(map(len, column)) for column in columns]
        left = [any(cell[:1].isalpha() for cell in column[1:]) for column in columns]
        body = "\n".join(
            "  ".join(cell.ljust(n) if words else cell.rjust(n)
                      for cell, n, words in zip(row, wide, left, strict=True)).rstrip() for row in rows
        )  # fmt: skip
        return f"{self.title}\n{body}" if self.title else body


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a study answers."""

    sentences: Sequence[str]
    """The answer; the first three are understood without a glossary."""
    tables: Sequence[Shown] = field(default_factory=tuple)
    notes: Sequence[str] = field(default_factory=tuple)
    """What the numbers are and what they rest on."""

    def text(self) -> str:
        """The whole as plain text."""
        blocks = ["\n".join(self.sentences), *(each.text() for each in self.tables), "\n".join(self.notes)]
        return "\n\n".join(block for block in blocks if block)

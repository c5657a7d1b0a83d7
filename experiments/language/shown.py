"""Tables as they are printed: chosen columns, headings in the reader's language, every cell as text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from experiments.language.answer import Shown
from experiments.language.messages import Messages


def shown_table(
    table: pd.DataFrame, columns: Mapping[str, Callable[[Any], str] | None], m: Messages, *, title: str = ""
) -> Shown:  # fmt: skip
    """A table as it is printed: the columns in order, each with how a cell is written (None: as it is)."""
    cells = [[str(value) if form is None else form(value) for value in table[name]] for name, form in columns.items()]
    body = pd.DataFrame(dict(enumerate(cells))).set_axis([m.heading(name) for name in columns], axis=1)
    return Shown(table=body, title=title)

"""Tables as CSV: written for people and spreadsheets, and read back as they were."""

from __future__ import annotations

import io
import re
from collections.abc import Hashable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.provenance.receipts import manifest_of
from simulation.parameters import ParameterError

if TYPE_CHECKING:
    import pandas as pd

TEXT_KINDS = ("object", "str", "string", "category")
TEXTS = "text_columns"
"""The key of a manifest under which columns of labels that look like numbers stand, by table."""
FORMULA = re.compile(r"(?='*[=+\-@\t\r].)", re.DOTALL)
"""Before a text that a spreadsheet would carry out as the beginning of a cell, or one that has marks of its own."""
MARKED = re.compile(r"'(?='*[=+\-@\t\r].)", re.DOTALL)


def csv_of(table: pd.DataFrame, *, separator: str = ",", decimal: str = ".") -> str:
    """A table as the text of its CSV file; numbers with up to ten digits.

    A text that a spreadsheet would carry out as a formula has an apostrophe before it (``table_of`` takes it away).
    """
    text: str = _changed(table, FORMULA, "'").to_csv(
        index=False, float_format="%.10g", lineterminator="\n", sep=separator, decimal=decimal
    )
    return text


def table_of(text: bytes, texts: Sequence[str] = ()) -> pd.DataFrame:
    """A table from the text of ``csv_of``, as it was: only an empty cell is nothing, a label such as NA is a label.

    ``texts`` are columns whose labels look like numbers (``texts_like_numbers``): 01 stays 01.
    """
    import pandas as pd  # slow to import

    kinds: dict[Hashable, type] = dict.fromkeys(texts, str)
    return _changed(pd.read_csv(io.BytesIO(text), keep_default_na=False, na_values=[""], dtype=kinds), MARKED, "")


def texts_like_numbers(table: pd.DataFrame) -> list[str]:
    """Columns of text that would be read as something else: all labels look like numbers or truth values."""
    import pandas as pd  # slow to import

    found = []
    for at, kind in enumerate(table.dtypes):
        if str(kind) in TEXT_KINDS:
            labels = [label for label in table.iloc[:, at].tolist() if isinstance(label, str) or not _is_nothing(label)]
            if not labels or not all(isinstance(label, str) for label in labels):
                continue
            once = pd.DataFrame({"label": pd.Series([*dict.fromkeys(labels)], dtype=object)})
            if str(table_of(csv_of(once).encode())["label"].dtype) not in TEXT_KINDS:
                found.append(str(table.columns[at]))
    return found


def _is_nothing(cell: Any) -> bool:
    return cell is None or cell != cell


def kept_table(path: Path) -> pd.DataFrame:
    """A table of a saved result, as it was written."""
    texts: Mapping[str, list[str]] = {}
    with suppress(ParameterError):
        texts = manifest_of(path.parent).get(TEXTS) or {}
    return table_of(path.read_bytes(), texts.get(path.stem, ()))


def _changed(table: pd.DataFrame, begin: re.Pattern[str], now: str) -> pd.DataFrame:
    """A table with another beginning of every text that begins like this, headings included."""

    def text(cell: Any) -> Any:
        return now + cell[found.end() :] if isinstance(cell, str) and (found := begin.match(cell)) else cell

    table = table.rename(columns=text)
    for at, kind in enumerate(table.dtypes):
        if str(kind) in TEXT_KINDS:
            cells = table.iloc[:, at].tolist()
            now_cells = [text(cell) for cell in cells]
            if any(cell is not other for cell, other in zip(cells, now_cells, strict=True)):
                table = table.assign(**{str(table.columns[at]): now_cells})
    return table

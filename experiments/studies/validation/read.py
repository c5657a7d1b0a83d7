"""A user's own table, CSV or Parquet, as columns of text: which heading means what, and mistakes named by row."""

from __future__ import annotations

import csv
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from io import StringIO
from pathlib import Path

from simulation.errors import nearest
from simulation.parameters import ParameterError
from simulation.parquet_file import read_parquet

WORDS: dict[str, dict[str, list[str]]] = tomllib.loads(
    files("experiments").joinpath("inputs/data/register_words.toml").read_text(encoding="utf-8")
)
"""The words that are understood without an option, by meaning: of columns, sanctions and events."""
MOST = 20
"""Mistakes of one file that are listed; the rest are counted."""
MOST_ROWS = 5
"""Rows with the same mistake that are named; the rest are counted."""


@dataclass(frozen=True, kw_only=True)
class ExtractSheet:
    """A table as text."""

    file: str
    columns: dict[str, list[str]]
    """Cells by heading, without blanks around them; empty where there is nothing."""
    first: int
    """Number of the first row: 2 below a heading in a text file, as spreadsheets count; 1 in Parquet."""

    @property
    def rows(self) -> int:
        """How many."""
        return len(next(iter(self.columns.values()), []))


@dataclass
class Mistakes:
    """Mistakes in a file, row by row."""

    file: str
    first: int
    found: dict[tuple[str, str, str], list[int]] = field(default_factory=dict)
    """Rows by column, value and allowed values."""

    def add(self, row: int, column: str, value: str, allowed: str) -> None:
        """A cell that cannot be used: number of the row (from 0), heading, value, what is allowed."""
        shown = value if len(value) <= 40 else value[:37] + "..."
        self.found.setdefault((column, shown, allowed), []).append(row + self.first)

    def raise_if_any(self) -> None:
        """Raise ``ParameterError`` if there is any: a line each, in order of the rows, then how many more there are."""
        lines = sorted((rows[0], f"{self.file}: {_rows(rows)}, {column} is [{value}]; {allowed}")
                       for (column, value, allowed), rows in self.found.items())  # fmt: skip
        shown = [line for _, line in lines]
        if len(shown) > MOST:
            shown = [*shown[:MOST], f"{self.file}: and {len(shown) - MOST:,} more mistakes"]
        if shown:
            raise ParameterError("\n".join(shown))


def _rows(rows: list[int]) -> str:
    """The first few rows by number, the rest counted."""
    if len(rows) == 1:
        return f"row {rows[0]}"
    more = f" and {len(rows) - MOST_ROWS:,} more" if len(rows) > MOST_ROWS else ""
    return f"rows {', '.join(map(str, rows[:MOST_ROWS]))}{more}"


def read_sheet(path: Path) -> ExtractSheet:
    """Read a file: Parquet by its first bytes, anything else as text with columns separated by ; , or tabs.

    Text is UTF-8 with or without byte order mark, UTF-16, or Windows' Latin. Raises ``ParameterError`` in one line.
    """
    try:
        with path.open("rb") as file:
            head = file.read(4)
        return _parquet(path) if head == b"PAR1" else _text(path, head)
    except (OSError, ValueError) as problem:  # a name with a NUL is a ValueError
        if isinstance(problem, ParameterError):
            raise
        why = getattr(problem, "strerror", None) or problem
        raise ParameterError(f"file [{path}] cannot be read ({why}); check the name") from None


def _parquet(path: Path) -> ExtractSheet:
    table = read_parquet(path, "file", "save it again as Parquet or CSV")
    columns = {}
    for name in table.column_names:
        if name in columns:
            raise ParameterError(f"file [{path}] has the column [{name}] twice; remove one")
        columns[name] = [_cell(value) for value in table.column(name).to_pylist()]
    return _checked(ExtractSheet(file=path.name, columns=columns, first=1))


def _cell(value: object) -> str:
    if value is None or value != value:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _text(path: Path, head: bytes) -> ExtractSheet:
    if head.startswith(b"PK"):
        raise ParameterError(f"file [{path}] is a workbook or archive; save the sheet as CSV")
    data = path.read_bytes()
    try:
        text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
    lines = text.split("\n", 1)
    if lines[0].startswith("sep="):
        lines = (lines[1] if len(lines) > 1 else "").split("\n", 1)
    if not lines[0].strip():
        raise ParameterError(f"file [{path}] has an empty first row; names of the columns are needed there")
    separator = max(";\t,", key=lines[0].count)
    try:
        rows = list(csv.reader(StringIO("\n".join(lines), newline=""), delimiter=separator))
    except csv.Error as problem:
        raise ParameterError(f"file [{path}] is no table of text ({problem}); save it as CSV") from None
    headings = [cell.strip() for cell in rows[0]]
    while headings and not headings[-1]:
        headings.pop()
    for name in headings:
        if not name or headings.count(name) > 1:
            fault = "the heading names this column twice" if name else "a column has no name"
            raise ParameterError(f"{path.name}: row 1, column [{name}]; {fault}: correct it")
    wrong = Mistakes(file=path.name, first=2)
    for k, row in enumerate(rows[1:]):
        if any(cell.strip() for cell in row[len(headings) :]):
            wrong.add(k, "number of cells", str(len(row)), f"the heading has {len(headings)}")
    wrong.raise_if_any()
    columns = {name: [row[k].strip() if k < len(row) else "" for row in rows[1:]] for k, name in enumerate(headings)}
    return _checked(ExtractSheet(file=path.name, columns=columns, first=2))


def _checked(table: ExtractSheet) -> ExtractSheet:
    if not any(any(cells) for cells in table.columns.values()):
        raise ParameterError(f"{table.file} has no rows; one is needed for each person at least")
    return table


def columns_by_meaning(table: ExtractSheet, given: Mapping[str, str]) -> dict[str, str]:
    """Headings by meaning: those that the options name (an unknown one is refused), and those of ``WORDS``."""
    found = {}
    for meaning, heading in given.items():
        if heading not in table.columns:
            raise ParameterError(
                f"--{meaning} is [{heading}], which is no column of {table.file}; {nearest(heading, table.columns)}"
            )
        found[meaning] = heading
    plain = {re.sub(r"[\s-]+", "_", name.casefold()): name for name in table.columns}
    for meaning, words in WORDS["columns"].items():
        if meaning not in found:
            known = [plain[word] for word in words if word in plain and plain[word] not in found.values()]
            if known:
                found[meaning] = known[0]
    return found


def require_columns(table: ExtractSheet, columns: Mapping[str, str], meant: Iterable[str], why: str) -> None:
    """Refuse a table that lacks a column, naming the option that can name it."""
    for meaning in meant:
        if meaning not in columns:
            there = ", ".join(list(table.columns)[:12])
            raise ParameterError(
                f"{table.file} has no column [{meaning}], which is needed {why}; name yours with --{meaning} (there "
                f"are {there})"
            )

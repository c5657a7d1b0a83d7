"""A user's own table (CSV, Parquet, Excel, Stata) as columns of text: what headings mean, and mistakes by row."""

from __future__ import annotations

import csv
import re
import struct
import tomllib
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from itertools import chain, islice
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import numpy as np
import numpy.typing as npt

from simulation.errors import nearest
from simulation.parameters import ParameterError
from simulation.parquet_file import MOST_BYTES, read_parquet

WORDS: dict[str, dict[str, list[str]]] = tomllib.loads(
    files("experiments").joinpath("inputs/data/register_words.toml").read_text(encoding="utf-8")
)
"""The words that are understood without an option, by meaning: of columns, sanctions and events."""
MOST = 20
"""Mistakes of one file that are listed; the rest are counted."""
MOST_ROWS = 5
"""Rows with the same mistake that are named; the rest are counted."""


Texts = npt.NDArray[np.object_]


@dataclass(frozen=True, kw_only=True)
class ExtractSheet:
    """A table as text."""

    file: str
    columns: dict[str, Texts]
    """Cells by heading, without blanks around them; empty where there is nothing."""
    first: int
    """Number of the first row: 2 below a heading in a text file, as spreadsheets count; 1 in Parquet and Stata."""

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
    """Read a file: Parquet, Excel (.xlsx, its first sheet) or Stata by its first bytes, anything else as text.

    Text has columns separated by ; , or tabs, in UTF-8 with or without byte order mark, UTF-16, or Windows' Latin.
    Raises ``ParameterError`` in one line.
    """
    try:
        with path.open("rb") as file:
            head = file.read(16)
        for begins, what in REFUSED.items():
            if head.startswith(begins):
                raise ParameterError(f"file [{path}] is {what}; save the table as CSV, Parquet or .xlsx")
        if head.startswith(b"PAR1"):
            return _parquet(path)
        if head.startswith(b"PK"):
            return _workbook(path)
        return _stata(path) if head.startswith(STATA) else _text(path, head)
    except (OSError, ValueError) as problem:  # a name with a NUL is a ValueError
        if isinstance(problem, ParameterError):
            raise
        why = getattr(problem, "strerror", None) or problem
        raise ParameterError(f"file [{path}] cannot be read ({why}); check the name") from None


REFUSED = {b"\xd0\xcf\x11\xe0": "a workbook of the old kind (.xls)", b"\x1f\x8b": "compressed (gzip)",
           b"ARROW1": "a Feather file", b"FEA1": "a Feather file", b"BZh": "compressed (bzip2)",
           b"\xfd7zXZ": "compressed (xz)", b"7z\xbc\xaf": "compressed (7-Zip)",
           b"$FL2": "an SPSS file (.sav)"}  # fmt: skip
"""What is read by nothing here, by its first bytes."""
STATA = (b"<stata_dta>", b"\x71\x02", b"\x72\x02", b"\x73\x02")
"""How files of Stata begin: from version 13 on, and versions 7 to 12 written on common machines."""
CHUNK = 2_000
"""Rows of text that are taken apart at a time: few, or the collector of garbage goes through all of them again."""


def _parquet(path: Path) -> ExtractSheet:
    table = read_parquet(path, "file", "save it again as Parquet or CSV")
    columns = {}
    for name in table.column_names:
        if name in columns:
            raise ParameterError(f"file [{path}] has the column [{name}] twice; remove one")
        coded = table.column(name).combine_chunks().dictionary_encode()
        known = np.array([*map(_cell, coded.dictionary.to_pylist()), ""], dtype=object)
        columns[name] = known[coded.indices.fill_null(len(known) - 1).to_numpy(zero_copy_only=False)]
    return _checked(ExtractSheet(file=path.name, columns=columns, first=1))


def _stata(path: Path) -> ExtractSheet:
    import pandas as pd  # slow to import

    try:
        table = pd.read_stata(path)
    except (ValueError, KeyError, IndexError, OverflowError, MemoryError, EOFError, struct.error):
        raise ParameterError(f"file [{path}] is no readable Stata file; save it again, or as CSV") from None
    columns = {}
    for name in map(str, table):
        codes, known = pd.factorize(table[name])
        columns[name] = np.array([*map(_cell, known), ""], dtype=object)[codes]
    return _checked(ExtractSheet(file=path.name, columns=columns, first=1))


def _workbook(path: Path) -> ExtractSheet:
    """The first sheet of an Excel workbook."""
    import openpyxl  # slow to import

    try:
        with ZipFile(path) as archive:
            size = sum(each.file_size for each in archive.infolist())
            if "xl/workbook.xml" not in archive.namelist():
                raise ParameterError(f"file [{path}] is an archive, and no .xlsx; unpack it, or save the sheet as CSV")
        if size > MOST_BYTES:
            raise ParameterError(f"file [{path}] unpacks to {size:,} bytes; at most {MOST_BYTES:,} are read")
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        rows = ([_cell(cell) for cell in row] for row in book.worksheets[0].iter_rows(values_only=True))
        return _assembled(path, next(rows, []), rows)
    except (BadZipFile, KeyError, IndexError, TypeError, AttributeError, EOFError, SyntaxError, zlib.error):
        raise ParameterError(f"file [{path}] is no readable workbook; save the sheet as CSV") from None


def _cell(value: object) -> str:
    if value is None or value != value:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _text(path: Path, head: bytes) -> ExtractSheet:
    encoding = _encoding(path, head)
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        line = file.readline()
        if line.startswith("sep="):
            line = file.readline()
        if not line.strip():
            raise ParameterError(f"file [{path}] has an empty first row; names of the columns are needed there")
        try:
            rows = csv.reader(chain([line], file), delimiter=max(";\t,", key=line.count))
            return _assembled(path, next(rows), rows)
        except csv.Error as problem:
            raise ParameterError(f"file [{path}] is no table of text ({problem}); save it as CSV") from None


def _encoding(path: Path, head: bytes) -> str:
    """UTF-8, or UTF-16 after its mark; Windows' Latin where it is neither."""
    wanted = "utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        with path.open(encoding=wanted) as file:
            while file.read(1 << 20):
                pass
    except UnicodeDecodeError:
        return "cp1252"
    return wanted


def _assembled(path: Path, head: Sequence[str], rows: Iterator[Sequence[str]]) -> ExtractSheet:
    """The sheet of a first row with names and the rows below; cells beyond the names are mistakes."""
    headings = [cell.strip() for cell in head]
    while headings and not headings[-1]:
        headings.pop()
    for name in headings:
        if not name or headings.count(name) > 1:
            fault = "the heading names this column twice" if name else "a column has no name"
            raise ParameterError(f"{path.name}: row 1, column [{name}]; {fault}: correct it")
    wrong, width, done = Mistakes(file=path.name, first=2), len(headings), 0
    shared: dict[str, str] = {}  # each text is kept once
    parts: list[list[Texts]] = [[] for _ in headings]
    while chunk := list(islice(rows, CHUNK)):
        for k, row in enumerate(chunk):
            if len(row) != width:
                if any(cell.strip() for cell in row[width:]):
                    wrong.add(done + k, "number of cells", str(len(row)), f"the heading has {width}")
                chunk[k] = [*row[:width], *[""] * (width - len(row))]
        for part, column in zip(parts, zip(*chunk, strict=True), strict=True):
            part.append(np.array([shared.setdefault(cell, cell) for cell in map(str.strip, column)], dtype=object))
        done += len(chunk)
    wrong.raise_if_any()
    columns = {name: np.concatenate([np.array([], dtype=object), *part])
               for name, part in zip(headings, parts, strict=True)}  # fmt: skip
    return _checked(ExtractSheet(file=path.name, columns=columns, first=2))


def _checked(table: ExtractSheet) -> ExtractSheet:
    if not any((cells != "").any() for cells in table.columns.values()):
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

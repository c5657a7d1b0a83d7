"""A user's own table of municipalities: releases a year, recruiting strength, flats and jobs, as spreadsheets save it.

What is wrong with it is reported in one line a mistake.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pandas as pd

from simulation.errors import nearest
from simulation.municipalities import Municipality, chosen, municipalities
from simulation.parameters import ParameterError

COLUMNS = {
    "releases_per_year": (100_000, "people a year"),
    "recruiting": (10, "times a place without a branch"),
    "flats": (10, "times the country's mean"),
    "jobs": (10, "times the country's mean"),
}
"""Columns that a user may replace: largest value, unit (the smallest value is 0)."""
DANISH = {
    "nummer": "number", "kommunekode": "number", "kommunenr": "number", "navn": "name", "kommune": "name",
    "kommunenavn": "name", "løsladte": "releases_per_year", "løsladte_pr_år": "releases_per_year",
    "rekruttering": "recruiting", "boliger": "flats", "job": "jobs",
}  # fmt: skip
"""Danish headings that are understood."""
UNREAD = ("region", "population", "programme_area", "per_1000")
"""Headings that are there for the reader's sake."""
NUMBER = re.compile(r"\d+([.,]\d+)?")
AMBIGUOUS = {
    ";": re.compile(r"[1-9]\d{0,2}[.]\d{3}"),
    "\t": re.compile(r"[1-9]\d{0,2}[.,]\d{3}"),
    ",": re.compile(r"[1-9]\d{0,2},\d{3}"),
}
"""Separators of columns, each with what may be thousands or three decimals: 1.234 in a Danish file, 1,234 in others."""
MOST_LINES, MOST_NAMES = 10, 5
"""Mistakes of one file, and missing places, that are listed one by one; the rest are counted."""
Own = dict[str, dict[int, float]]
"""A user's own figures: some of ``COLUMNS``, each by official number of the municipality."""


@dataclass(frozen=True, kw_only=True)
class CsvSheet:
    """The cells of a file, without blanks around them; the first row is the heading."""

    file: str
    separator: str
    rows: list[list[str]]


def written(table: pd.DataFrame) -> str:
    """A table as Danish spreadsheets open it: semicolons, decimal commas, a byte order mark, lines ended by CR LF."""
    return "\ufeff" + table.to_csv(index=False, sep=";", decimal=",", float_format="%.6f", lineterminator="\r\n")


def write_new(path: Path, table: pd.DataFrame) -> None:
    """Write a table to a new file; a file that is there already holds a user's work, and is refused."""
    try:
        with path.open("x", encoding="utf-8", newline="") as file:
            file.write(written(table))
    except FileExistsError:
        raise ParameterError(f"--csv is [{path}], which exists already; name a new file") from None
    except OSError as problem:
        raise ParameterError(f"--csv is [{path}], which cannot be written ({problem.strerror})") from None


def read_own(path: Path, needed: Iterable[Municipality] = ()) -> Own:
    """A user's own figures from a CSV file, with a row for each municipality that is ``needed``, or more.

    The heading has ``number`` or ``name`` (or both, which must agree), and some of ``COLUMNS``, in any order. Columns
    are separated by semicolons, tabs or commas; decimals may have a comma; UTF-8 with or without byte order mark,
    UTF-16, or Windows' Latin. ``ParameterError`` has one line a mistake: file, row (as a spreadsheet counts), column,
    value in brackets, what is allowed.
    """
    sheet = _sheet(path)
    heading = _heading(sheet)
    own: Own = {name: {} for name in heading if name in COLUMNS}
    met: dict[int, int] = {}
    wrong: list[str] = []
    for k, row in enumerate(sheet.rows[1:], start=2):
        if any(row):
            try:
                _take(own, sheet, heading, k, met)
            except ParameterError as mistake:
                wrong += str(mistake).splitlines()
    missing = [place.name for place in needed if place.number not in met]
    if missing and not wrong:
        more = f" and {len(missing) - MOST_NAMES} more" if len(missing) > MOST_NAMES else ""
        wrong.append(f"{sheet.file} has no row for [{', '.join(missing[:MOST_NAMES])}]{more}; add one for each")
    if own.get("releases_per_year") and not any(own["releases_per_year"].values()):
        wrong.append(f"{sheet.file}, releases_per_year is [0] in every row; give releases to at least one municipality")
    if len(wrong) > MOST_LINES:
        wrong = [*wrong[:MOST_LINES], f"{sheet.file}: and {len(wrong) - MOST_LINES} more mistakes"]
    if wrong:
        raise ParameterError("\n".join(wrong))
    return own


def _sheet(path: Path) -> CsvSheet:
    """Read and take apart; the separator is the one that is most frequent in the heading."""
    try:
        data = path.read_bytes()
    except (OSError, ValueError) as problem:  # a name with a NUL is a ValueError
        why = getattr(problem, "strerror", None) or problem
        raise ParameterError(f"file [{path}] cannot be read ({why}); check the name") from None
    if data.startswith(b"PK"):
        raise ParameterError(f"file [{path}] is a workbook or archive; save the sheet as CSV")
    try:
        text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
    lines = text.splitlines()
    if lines and lines[0].startswith("sep="):
        lines = lines[1:]
    if not lines or not lines[0].strip():
        raise ParameterError(f"file [{path}] has an empty first row; column names are needed (desist country --csv)")
    separator = max(AMBIGUOUS, key=lines[0].count)
    try:
        rows = [[cell.strip() for cell in row] for row in csv.reader(StringIO("\n".join(lines)), delimiter=separator)]
    except csv.Error as problem:
        raise ParameterError(f"file [{path}] is no table of text ({problem}); save it as CSV") from None
    return CsvSheet(file=path.name, separator=separator, rows=rows)


def _heading(sheet: CsvSheet) -> list[str]:
    """The columns of a file by their names here; refuses what is not known, twice, or too little."""
    cells, at = sheet.rows[0], f"{sheet.file}: row 1"
    while cells and not cells[-1]:
        cells = cells[:-1]
    words = [re.sub(r"[\s-]+", "_", cell.casefold()) for cell in cells]
    names = [DANISH.get(word, word) for word in words]
    known = ["number", "name", *COLUMNS]
    for cell, name in zip(cells, names, strict=True):
        if name not in (*known, *UNREAD):
            raise ParameterError(f"{at} names the column [{cell}], which is not known; {nearest(name, known)}")
        if names.count(name) > 1:
            raise ParameterError(f"{at} names the column [{name}] twice; remove one")
    if not {"number", "name"} & set(names):
        raise ParameterError(f"{at} is [{', '.join(cells)}]; a column number or name is needed")
    if not set(COLUMNS) & set(names):
        raise ParameterError(f"{at} is [{', '.join(cells)}]; at least one of {', '.join(COLUMNS)} is needed")
    return names


def _take(own: Own, sheet: CsvSheet, heading: list[str], k: int, met: dict[int, int]) -> None:
    """Put the figures of row ``k`` into ``own`` and its place among those ``met``, or say what is wrong with it."""
    at, row = f"{sheet.file}: row {k}", sheet.rows[k - 1]
    if any(row[len(heading) :]):
        raise ParameterError(
            f"{at} has more cells [{len(row)}] than the heading [{len(heading)}]; with decimal commas, separate the "
            "columns by semicolons"
        )
    cells = {**dict.fromkeys(heading, ""), **dict(zip(heading, row, strict=False))}
    place = _place(at, cells.get("number", ""), cells.get("name", ""))
    if place.number in met:
        raise ParameterError(f"{at} is [{place.name}], and so is row {met[place.number]}; remove one")
    met[place.number] = k
    found, wrong = {}, []
    for name in own:
        try:
            found[name] = _figure(f"{at}, {name}", cells[name], name, sheet.separator)
        except ParameterError as mistake:
            wrong.append(str(mistake))
    if wrong:
        raise ParameterError("\n".join(wrong))
    for name, value in found.items():
        own[name][place.number] = value


def _place(at: str, number: str, name: str) -> Municipality:
    """The municipality of a row, by number, by name, or by both if they agree."""
    if not number and not name:
        raise ParameterError(f"{at} names no municipality []; give its number or name")
    by_number = {str(place.number): place for place in municipalities()}
    numbered = by_number.get(number.lstrip("0"))
    if number and numbered is None:
        raise ParameterError(
            f"{at}, number is [{number}], which is no municipality; desist municipalities lists the numbers"
        )
    if not name and numbered is not None:
        return numbered
    try:
        found = chosen([re.sub(r"\s+kommune$", "", name, flags=re.IGNORECASE)])
    except ParameterError as problem:
        hint = str(problem).rpartition("; ")[2]
        raise ParameterError(f"{at}, name is [{name}], which is no Danish municipality; {hint}") from None
    if len(found) > 1:
        raise ParameterError(f"{at}, name is [{name}], which is {len(found)} municipalities; a row is needed for each")
    if numbered is not None and numbered != found[0]:
        raise ParameterError(f"{at}, number is [{number}], which is {numbered.name}, but name is [{name}]; correct one")
    return found[0]


def _figure(at: str, text: str, column: str, separator: str) -> float:
    """A cell as a number from 0 to the column's largest."""
    largest, unit = COLUMNS[column]
    if AMBIGUOUS[separator].fullmatch(text):
        whole = re.sub("[.,]", "", text)
        raise ParameterError(f"{at} is [{text}], which may be thousands or decimals; write {whole} or {text}0")
    value = float(text.replace(",", ".")) if NUMBER.fullmatch(text) else math.nan
    if not 0 <= value <= largest:
        raise ParameterError(f"{at} is [{text}]; allowed is a number from 0 to {largest:,} ({unit})")
    return value

"""Tables for people: headings in their language, CSV as Danish spreadsheets read it, and workbooks with a receipt.

Kept tables of ``results/`` are not made here: they have plain column names and are the same for everybody.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from experiments.language.codebooks import Column, codebook
from experiments.language.messages import Messages
from experiments.provenance.csv_tables import csv_of
from simulation.parameters import ParameterError

if TYPE_CHECKING:
    import pandas as pd

MOST_ROWS = 1_048_575
"""Rows of a sheet below its headings."""
FORMATS = {"share 0-1": "0.0%", "kroner": "#,##0", "DKK": "#,##0"}
"""How a spreadsheet shows the numbers of a unit; others as they are."""
MODIFIED = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*")


def heading(column: str, m: Messages) -> str:
    """What a column is called: its study's heading, or one made from its name and the ending of that (``share_low``).

    A name that no catalogue knows, such as the key of a parameter, stays as it is.
    """
    name = column.lstrip("_")
    for key in (f"columns.{name}", f"headings.column.{name}"):
        if m.has(key):
            return m(key)
    parts = name.split("_")
    for at in range(1, len(parts)):
        base, ending = "_".join(parts[:at]), "_".join(parts[at:])
        known = heading(base, m)
        if known != base or m.has(f"headings.column.{base}"):
            if m.has(f"headings.ending.{ending}"):
                return m(f"headings.ending.{ending}", base=known)
            if ending.isdigit():
                return f"{known} {ending}"
    return column


def headings(table: pd.DataFrame, m: Messages) -> list[str]:
    """The headings of a table, each once: two that would be alike keep their plain names."""
    names = [str(name) for name in table]
    found = [heading(name, m) for name in names]
    return [name if found.count(own) > 1 else own for name, own in zip(names, found, strict=True)]


def csv_for_people(table: pd.DataFrame, m: Messages) -> bytes:
    """A table as CSV: in Danish with semicolons, decimal commas, Danish headings and a byte order mark.

    In English it is plain, with the column names of docs/data.md.
    """
    if m.language != "da":
        return csv_of(table).encode()
    own = table.set_axis(headings(table, m), axis=1)
    return csv_of(own, separator=";", decimal=",").encode("utf-8-sig")


def workbook(
    tables: Mapping[str, pd.DataFrame], m: Messages, *, verb: str, receipt: Sequence[tuple[str, str]],
    sentences: Sequence[str] = (),
) -> bytes:  # fmt: skip
    """A workbook (.xlsx): the receipt, a sheet for each table, and what every column is.

    Parameters
    ----------
    tables
        By name, which becomes the name of the sheet.
    m
        Messages of the study, in the language of the headings.
    verb
        The study, whose codebook explains the columns; empty for a table that is of none.
    receipt
        Labels and values of the first sheet.
    sentences
        The answer, below the receipt.

    Returns
    -------
    The file: the same bytes for the same contents.

    Raises
    ------
    ParameterError
        If a table has more rows than a sheet can hold.
    """
    import openpyxl  # slow to import

    book = openpyxl.Workbook(write_only=True)
    first = _sheet(book, m("headings.workbook.receipt"), [28, 110])
    for row in receipt:
        first.append([_text(first, cell, bold=k == 0) for k, cell in enumerate(row)])
    if sentences:
        first.append([])
        first.append([_text(first, m("headings.workbook.said"), bold=True)])
        for sentence in sentences:
            first.append([None, _text(first, sentence, wrapped=True)])
    explained = []
    order = [each.name for each in codebook(verb)] if verb else []
    for name in sorted(tables, key=lambda name: order.index(name) if name in order else len(order)):
        table = tables[name]
        if len(table) > MOST_ROWS:
            raise ParameterError(f"table [{name}] has {len(table):,} rows; a sheet holds {MOST_ROWS:,}: use {name}.csv")
        heads, known = headings(table, m), _columns(verb, name)
        sheet = _sheet(book, name, [max(10, min(40, len(head) + 2)) for head in heads], top=True)
        sheet.append([_text(sheet, head, bold=True) for head in heads])
        about = [known.get(str(column), Column(what="")) for column in table]
        for line in table.itertuples(index=False, name=None):
            sheet.append([_cell(sheet, value, column.unit) for value, column in zip(line, about, strict=True)])
        explained += [(name, head, str(column), each.unit, each.what)
                      for head, column, each in zip(heads, table, about, strict=True)]  # fmt: skip
    last = _sheet(book, m("headings.workbook.columns"), [24, 40, 32, 20, 100], top=True)
    keys = ("table", "heading", "name", "unit", "what")
    last.append([_text(last, m(f"headings.workbook.{key}"), bold=True) for key in keys])
    for line in explained:
        last.append([_text(last, cell) for cell in line])
    file = io.BytesIO()
    book.save(file)
    return _settled(file)


def _columns(verb: str, table: str) -> Mapping[str, Column]:
    """What the codebook of a study says of the columns of a table."""
    books = codebook(verb) if verb else ()
    return next((book.columns for book in books if book.name == table), {})


def _sheet(book: Any, name: str, widths: Sequence[int], *, top: bool = False) -> Any:
    """A new sheet; ``top`` keeps its first row in sight."""
    from openpyxl.utils import get_column_letter  # slow to import

    taken = {sheet.title.casefold() for sheet in book.worksheets}
    plain = re.sub(r"[\[\]:*?/\\]", "-", name)[:31]
    number = 2
    while (plain if number == 2 else f"{plain[:27]} {number - 1}").casefold() in taken:
        number += 1
    sheet = book.create_sheet(plain if number == 2 else f"{plain[:27]} {number - 1}")
    for at, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(at)].width = width
    if top:
        sheet.freeze_panes = "A2"
    return sheet


def _text(sheet: Any, text: object, *, bold: bool = False, wrapped: bool = False) -> Any:
    """A cell with text, which no spreadsheet carries out as a formula."""
    from openpyxl.cell import WriteOnlyCell  # slow to import
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE  # slow to import
    from openpyxl.styles import Alignment, Font  # slow to import

    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub(" ", str(text))[:32_767])
    cell.data_type = "s"
    if bold:
        cell.font = Font(bold=True)
    if wrapped:
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    return cell


def _cell(sheet: Any, value: Any, unit: str) -> Any:
    """A value as a cell: a number as one, shown as its unit is; nothing where there is none."""
    from openpyxl.cell import WriteOnlyCell  # slow to import

    value = value.item() if hasattr(value, "item") else value
    if value is None or value != value or str(value) in ("inf", "-inf"):
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return value if isinstance(value, bool) else _text(sheet, value)
    value = float(f"{value:.10g}") if isinstance(value, float) else value  # as in the kept table
    if unit not in FORMATS:
        return value
    cell = WriteOnlyCell(sheet, value)
    cell.number_format = FORMATS[unit]
    return cell


def _settled(file: io.BytesIO) -> bytes:
    """The workbook without the time at which it was written."""
    out = io.BytesIO()
    with ZipFile(file) as made, ZipFile(out, "w", ZIP_DEFLATED) as settled:
        for name in made.namelist():
            data = made.read(name)
            if name == "docProps/core.xml":
                data = MODIFIED.sub(rb"\g<1>2000-01-01T00:00:00Z", data)
            entry = ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = ZIP_DEFLATED
            settled.writestr(entry, data)
    return out.getvalue()

"""Numbers, tables and pictures of the documents, taken from ``results/`` and from the code.

A document marks what it quotes with comments, which no reader sees:

- ``<!-- results: reach = ladder/nationwide-at-once/points.csv[step=reach] -->`` names rows of tables below
  ``results/``: here the row in which column ``step`` is ``reach``. Several conditions are joined by ``&``, several
  names by semicolons. A file of facts (``facts.json``) is one row, whose columns are its keys (``evpi.value``).
- ``<!--reach figure:~-->0.43<!--/-->`` is column ``figure`` of that row, written as ``tables.number`` has it;
  ``<!--reach {figure:~} of {step}-->...<!--/-->`` is a form with several.
- ``<!-- table ladder_points -->`` ... ``<!--/-->`` is a table that a function of ``tables`` makes.
- ``<!-- code: NAME ... -->`` ... ``<!-- end code -->`` is a table of what the code declares (``parameter_tables``).

What stands between a mark and its end is written by ``desist reproduce --documents`` only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import unified_diff
from pathlib import Path

import pandas as pd

from experiments.execution.environment import RESULTS
from experiments.reproduction import tables
from experiments.reproduction.parameter_tables import up_to_date
from simulation.errors import nearest
from simulation.parameters import ParameterError

NAMED = re.compile(r"<!-- results: (.+?) -->", re.DOTALL)
ROW = re.compile(r"(\w+) = ([^;\[]+?\.(?:csv|json))(?:\[([^]]*)\])?(?:;|$)")
QUOTED = re.compile(r"(<!--(\w+) ((?:(?!-->)[^\n])+)-->)([^\n]*?)<!--/-->")
MADE = re.compile(r"(<!-- table (\w+) -->\n)(.*?)(<!--/-->)", re.DOTALL)
MARK = re.compile(r"<!-- (?:results: |code: |table \w+ -->)")
FIELD = re.compile(r"\{([\w.]+)(?::([^{}]*))?\}")
PICTURES = {
    "docs/pictures/sweep.png": "results/effect/map.png",
    "docs/pictures/ladder.png": "results/ladder/nationwide-at-once/ladder.png",
    "docs/pictures/map.png": "results/rollout/nationwide-at-once/map.png",
    "docs/pictures/life.png": "results/validate-life/life.png",
    "docs/pictures/north-carolina.png": "results/validate-north-carolina/north-carolina.png",
}
"""Pictures of the documents that are copies of a study's figure."""


def quoting(home: Path) -> list[Path]:
    """The documents of a home that quote results or code."""
    files = [home / "README.md", *sorted((home / "docs").rglob("*.md"))]
    return [path for path in files if path.is_file() and MARK.search(path.read_text(encoding="utf-8"))]


def filled(text: str, home: Path) -> tuple[str, list[str]]:
    """A document with all that it quotes as ``results/`` and the code have it now, and what that changes, by line.

    Raises ``ParameterError`` if a mark names a table, row, column, form or function that is not there.
    """
    rows = {
        name: row_of(tables.read(home / RESULTS / file), conditions or "", file)
        for block in NAMED.finditer(text)
        for name, file, conditions in ROW.findall(" ".join(block[1].split()))
    }

    def number(match: re.Match[str]) -> str:
        mark, name, form, _ = match.groups()
        if name not in rows:
            raise ParameterError(f"mark [{name} {form}] names no row of this document; {nearest(name, rows)}")
        return f"{mark}{written(form if '{' in form else f'{{{form}}}', rows[name])}<!--/-->"

    def made(match: re.Match[str]) -> str:
        mark, function, _, end = match.groups()
        if function not in tables.TABLES:
            known = nearest(function, tables.TABLES)
            raise ParameterError(f"mark [table {function}] names no function; {known}")
        return "\n".join([mark, *tables.TABLES[function](home / RESULTS), "", end])

    now = up_to_date(QUOTED.sub(number, MADE.sub(made, text)))
    changes = unified_diff(text.splitlines(), now.splitlines(), "says", "results", n=0, lineterm="")
    return now, [line for line in changes if not line.startswith(("---", "+++", "@@"))]


def row_of(table: pd.DataFrame, conditions: str, file: str) -> dict[str, object]:
    """The one row of a table that meets some conditions (``column=value & column=value``).

    Raises ``ParameterError`` if there is none, or more than one.
    """
    rows = table
    for condition in filter(None, conditions.split("&")):
        column, _, value = (each.strip() for each in condition.partition("="))
        if column not in table:
            raise ParameterError(
                f"row [{conditions}] names a column that {file} has not; {nearest(column, map(str, table))}"
            )
        cells = rows[column]
        same = cells == float(value) if pd.api.types.is_numeric_dtype(cells) else cells.astype(str) == value
        rows = rows[same]
    if len(rows) != 1:
        raise ParameterError(f"row [{conditions}] finds {len(rows)} rows in {file}; one is needed")
    return {str(key): value for key, value in rows.iloc[0].items()}


def written(form: str, row: dict[str, object]) -> str:
    """Columns of a row in a form: ``{column:how}``, where *how* is as ``tables.number`` has it.

    >>> written("{mean:0} ({low:-1} to {high:-1}), {share:%1}", {"mean": 7.6, "low": 1234, "high": 1238, "share": 0.5})
    '8 (1,230 to 1,240), 50.0 %'
    """

    def field(match: re.Match[str]) -> str:
        column, how = match[1], match[2] or ""
        if column not in row:
            raise ParameterError(f"mark [{form}] names a column that is not there; {nearest(column, row)}")
        return tables.number(row[column], how)

    return FIELD.sub(field, form)


def pictures(home: Path) -> Iterator[tuple[Path, Path]]:
    """Pictures that are not the figures that they are copies of: the figure, and its copy in the documents."""
    for copy, source in PICTURES.items():
        kept = (home / copy).read_bytes() if (home / copy).is_file() else None
        if (home / source).is_file() and kept != (home / source).read_bytes():
            yield home / source, home / copy

"""Parquet files of the user's: looked at before they are read, so that none fills the memory or ends in a traceback."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulation.parameters import ParameterError

if TYPE_CHECKING:
    import pyarrow as pa

MOST_CELLS = 200_000_000
"""Rows times columns of the largest file that is read."""
MOST_COLUMNS = 2_000
MOST_BYTES = 2_000_000_000
"""The largest file, unpacked."""
LONGEST_TEXT = 10_000
"""Bytes of the longest text in a cell."""


def read_parquet(path: Path, what: str, hint: str) -> pa.Table:
    """A Parquet file as an Arrow table of plain columns; ``what`` is what messages call it, ``hint`` what to do.

    Raises ``ParameterError`` if it cannot be read, or would take too much memory: its own description says how many
    rows, columns and bytes it unpacks to, and texts are read as a dictionary first, however often they are repeated.
    """
    import pyarrow as pa  # slow to import
    import pyarrow.parquet as pq  # slow to import

    named = f"{what} is [{path}]"
    try:
        with path.open("rb") as source, pq.ParquetFile(source) as file:
            _refuse_large(file.metadata, named)
            nested = [each.name for each in file.schema_arrow if pa.types.is_nested(each.type)]
            if nested:
                raise ParameterError(f"{named}, which has lists or tables in column [{nested[0]}]; {hint}")
            texts = [each.name for each in file.schema_arrow if _is_text(each.type)]
        with path.open("rb") as source, pq.ParquetFile(source, read_dictionary=texts) as file:
            table: pa.Table = file.read()
        table.validate(full=True)
        return _plain(_without_pandas(table), texts, named)
    except FileNotFoundError:
        raise ParameterError(f"{named}, which was not found; {hint}") from None
    except ParameterError:
        raise
    except (OSError, ValueError, TypeError, KeyError, MemoryError, RecursionError, pa.ArrowException):
        raise ParameterError(f"{named}, which is no readable Parquet file; {hint}") from None


def notes_of(table: pa.Table) -> dict[str, Any]:
    """What Desist noted in the metadata of a file; empty if it noted nothing that can be read."""
    try:
        found = json.loads((table.schema.metadata or {}).get(b"desist", b"{}"))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _without_pandas(table: pa.Table) -> pa.Table:
    """The table without what pandas noted in its metadata, which may be damaged, and says nothing that is needed."""
    kept = {key: value for key, value in (table.schema.metadata or {}).items() if key != b"pandas"}
    return table.replace_schema_metadata(kept)


def _refuse_large(about: Any, named: str) -> None:
    size = sum(about.row_group(k).total_byte_size for k in range(about.num_row_groups))
    cells = about.num_rows * about.num_columns
    for number, most, unit in ((about.num_columns, MOST_COLUMNS, "columns"), (cells, MOST_CELLS, "cells"),
                               (size, MOST_BYTES, "bytes")):  # fmt: skip
        if not 0 <= number <= most:
            raise ParameterError(f"{named}, which has {number:,} {unit}; at most {most:,} are read")


def _is_text(kind: pa.DataType) -> bool:
    import pyarrow as pa  # slow to import

    return any(check(kind) for check in (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary,
                                         pa.types.is_large_binary))  # fmt: skip


def _plain(table: pa.Table, texts: list[str], named: str) -> pa.Table:
    """The table with those texts written out, once none of them is too long."""
    import pyarrow as pa  # slow to import
    import pyarrow.compute as pc  # slow to import

    for k, column in enumerate(table.columns):
        if pa.types.is_dictionary(column.type):
            for chunk in column.chunks:
                words = chunk.dictionary
                if _is_text(words.type) and (pc.max(pc.binary_length(words)).as_py() or 0) > LONGEST_TEXT:
                    at = f"in column [{table.column_names[k]}]"
                    raise ParameterError(f"{named}, with a text of more than {LONGEST_TEXT:,} bytes {at}; shorten it")
            field = table.schema.field(k)
            if field.name in texts:
                kind = column.type.value_type
                table = table.set_column(k, field.with_type(kind), column.cast(kind))
    return table

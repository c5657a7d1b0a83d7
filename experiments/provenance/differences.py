"""The first difference between two files that should be the same: which row, which column, what was recorded.

Files that the same versions have made must be the same bytes. Where versions differ, numbers may differ by
``TOLERANCE`` of their size (or by one unit of the last digit that is printed), and pictures are compared only if
Matplotlib is the same.
"""

from __future__ import annotations

import csv
import io
import json
import math
import re
from itertools import zip_longest
from pathlib import PurePath
from typing import Any

from experiments.provenance.stamps import stamp_of, without, without_seal

TOLERANCE = 1e-6
"""What two numbers of a table may differ by, relative to the larger one, where versions differ."""
TIMES = "seconds"
"""The name of a column of a table that says how long something took."""
_NUMBER = re.compile(r"[-+]?\d[\d.,]*(?:[eE][-+]?\d+)?")
_LEAST, _LONG = 1e-12, 60


def difference(name: str, old: bytes, new: bytes, *, exact: bool) -> str:
    """Where two files of a name, which decides how they are read, begin to differ; nothing where they do not.

    Unless they must be the same bytes (``exact``), numbers may differ by ``TOLERANCE``, and what made them is left out.
    Of JSON the values count, numbers to ten digits, as tables have them.
    """
    if old == new:
        return ""
    kind = PurePath(name).suffix
    if not exact:
        old, new = without(name, old), without(name, new)
        if old == new:
            return ""
    try:
        if kind == ".csv":
            found = _tables(_csv(old), _csv(new), exact)
        elif kind == ".parquet":
            found = _tables(_parquet(old), _parquet(new), exact)
        elif kind == ".json":
            return first_key(json.loads(old), json.loads(new), exact=exact)
        elif kind == ".png":
            found = _pixels(old, new)
        elif kind in (".nc", ".arrow"):
            found = ""
        else:
            found = _lines(old.decode(), new.decode(), exact)
    except Exception:  # a file that was changed may be anything
        return f"it cannot be read as {kind or 'a file'}" if exact else "one of the two cannot be read"
    if found or not exact:
        return found
    return f"the same values, other bytes from byte {_apart(old, new) + 1:,} on"


def first_key(old: Any, new: Any, path: str = "", *, exact: bool = True) -> str:
    """Where two values from JSON begin to differ; ``path`` is the dotted key so far."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *(key for key in new if key not in old)]:
            here = f"{path}.{key}" if path else str(key)
            if key not in old or key not in new:
                return f"{here}: {'not there now' if key in old else 'not recorded'}"
            if found := first_key(old[key], new[key], here, exact=exact):
                return found
        return ""
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        pairs = enumerate(zip(old, new, strict=True), start=1)
        return next((found for k, (a, b) in pairs if (found := first_key(a, b, f"{path}.{k}", exact=exact))), "")
    if old == new and type(old) is type(new):
        return ""
    if isinstance(old, float) and isinstance(new, float) and f"{old:.10g}" == f"{new:.10g}":
        return ""  # as many digits as a table has: the last of sixteen are the processor's
    if not exact and _alike(str(old), str(new)):
        return ""
    return f"{path}: recorded [{_short(json.dumps(old))}], now [{_short(json.dumps(new))}]"


def _tables(old: list[list[str]], new: list[list[str]], exact: bool) -> str:
    """Two tables as rows of text, the first row the names of the columns."""
    names = old[0] if old else []
    if names != (new[0] if new else []):
        return f"columns: recorded [{_short(', '.join(names))}], now [{_short(', '.join(new[0] if new else []))}]"
    for number, (one, other) in enumerate(zip(old[1:], new[1:], strict=False), start=1):
        for k, (a, b) in enumerate(zip_longest(one, other, fillvalue="")):
            if a != b and (exact or not _alike(a, b)):
                column = names[k] if k < len(names) else str(k + 1)
                return f"row {number}, column {column}: recorded [{_short(a)}], now [{_short(b)}]"
    return "" if len(old) == len(new) else f"rows: recorded {len(old) - 1}, now {len(new) - 1}"


def _csv(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode())))


def _parquet(data: bytes) -> list[list[str]]:
    import pyarrow.parquet as pq  # slow to import, and most files are none

    table = pq.read_table(io.BytesIO(data))
    columns = [[str(value) for value in column.to_pylist()] for column in table.columns]
    return [table.column_names, *(list(row) for row in zip(*columns, strict=True))]


def _lines(old: str, new: str, exact: bool) -> str:
    """Two texts line by line."""
    for number, (one, other) in enumerate(zip_longest(old.split("\n"), new.split("\n")), start=1):
        if one is None or other is None:
            return f"line {number}: {'not there now' if other is None else 'not recorded'}"
        if one != other and (exact or not _alike_text(one, other)):
            back = max(0, _apart(one, other) - 20)
            return f"line {number}: recorded [{_short(one[back:])}], now [{_short(other[back:])}]"
    return ""


def _apart(one: str | bytes, other: str | bytes) -> int:
    """Where two texts or files begin to differ."""
    same = zip(one, other, strict=False)
    return next((k for k, (a, b) in enumerate(same) if a != b), min(len(one), len(other)))


def _alike_text(one: str, other: str) -> bool:
    """Whether two lines differ in nothing but numbers, and those by no more than the last digit printed."""
    if _NUMBER.sub("0", one) != _NUMBER.sub("0", other):
        return False
    pairs = zip(_NUMBER.findall(one), _NUMBER.findall(other), strict=True)
    return all(_alike(a, b) or abs(_whole(a) - _whole(b)) <= 1 for a, b in pairs)


def _whole(number: str) -> int:
    """A printed number in units of its last digit, whatever its decimal sign."""
    return int(re.sub(r"[.,eE+]", "", number).rstrip("-") or 0)


def _alike(one: str, other: str) -> bool:
    """Whether two cells are the same, or numbers that differ by no more than ``TOLERANCE``."""
    if one == other:
        return True
    try:
        return math.isclose(float(one), float(other), rel_tol=TOLERANCE, abs_tol=_LEAST)
    except ValueError:
        return False


def _pixels(old: bytes, new: bytes) -> str:
    """How many pixels of two pictures differ, and where the first lies; nothing where none does."""
    import numpy as np  # slow to import, and most files are no pictures
    from matplotlib.image import imread  # the same

    one, other = (imread(io.BytesIO(each), format="png") for each in (old, new))
    if one.shape != other.shape:
        return f"pixels: recorded {one.shape[1]} by {one.shape[0]}, now {other.shape[1]} by {other.shape[0]}"
    apart = (one != other).reshape(*one.shape[:2], -1).any(axis=2)
    if not apart.any():
        return ""
    row, column = (int(each[0]) for each in np.nonzero(apart))
    return f"{100 * apart.mean():.2g} % of the pixels, the first at {column + 1} from the left, {row + 1} from above"


def same_but_times(old: bytes, new: bytes) -> bool:
    """Whether two tables are the same but for the column of times, which no computation repeats."""
    try:
        both = [_csv(each) for each in (old, new)]
        at = both[0][0].index(TIMES)
    except (ValueError, IndexError, csv.Error):
        return False
    one, other = ([[*row[:at], *row[at + 1 :]] for row in rows] for rows in both)
    return one == other


def same_picture(old: bytes, new: bytes) -> bool:
    """Whether two PNGs have the same pixels and say the same of what made them, however they are packed."""
    one, other = (without_seal(stamp_of("x.png", each) or {}) for each in (old, new))
    try:
        return one == other and not _pixels(old, new)
    except Exception:  # a picture that was changed may be anything
        return False


def _short(text: str) -> str:
    return text if len(text) <= _LONG else text[: _LONG - 1] + "…"

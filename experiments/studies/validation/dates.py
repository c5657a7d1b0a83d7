"""Dates of a register as a user writes them, and months after release as the model counts them.

Month 0 begins on the day of release; month k begins on the same day of the k-th calendar month after it, or on the
last day of that month where it is shorter (released on 31 January: month 1 begins on 28 or 29 February). Days before
the release are in negative months.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

Days = npt.NDArray[np.datetime64]
Longs = npt.NDArray[np.int64]

FIRST_YEAR, LAST_YEAR = 1900, 2999
ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ][\d:.]*)?")
PLAIN = re.compile(r"(\d{4})(\d{2})(\d{2})")
DANISH = re.compile(r"(\d{1,2})[-./](\d{1,2})[-./](\d{4})(?: [\d:.]*)?")
ALLOWED = (f"a date from {FIRST_YEAR} to {LAST_YEAR} as 2019-05-31, 20190531 or 31-05-2019 (31.05.2019, 31/05/2019), "
           "in local time, without a time zone")  # fmt: skip
NO_DAY = np.datetime64("NaT", "D")
DAY, MONTH = np.timedelta64(1, "D"), np.timedelta64(1, "M")


def today() -> np.datetime64:
    """The day on which this is asked: nothing later is known."""
    return np.datetime64(date.today(), "D")


def day(text: str) -> date | None:
    """A date as it is written: year first, or day first as in Denmark; None if it is none, or of a year out of range.

    A time of day behind it is ignored; with a time zone it may be another day here, so that is no date. Years of two
    digits are refused: 03-04-05 is ambiguous.
    """
    if (found := ISO.fullmatch(text) or PLAIN.fullmatch(text)) is not None:
        year, month, number = (int(part) for part in found.groups())
    elif (found := DANISH.fullmatch(text)) is not None:
        number, month, year = (int(part) for part in found.groups())
    else:
        return None
    try:
        return date(year, month, number) if FIRST_YEAR <= year <= LAST_YEAR else None
    except ValueError:
        return None


def days(cells: Iterable[str]) -> tuple[Days, npt.NDArray[np.bool_]]:
    """Cells as days; NaT where a cell is blank or no date, and whether it is the latter (two arrays of N)."""
    codes, texts = pd.factorize(np.asarray([*cells], dtype=object))
    known = [day(text) for text in texts]
    read = np.array([NO_DAY if found is None else np.datetime64(found, "D") for found in known], dtype="datetime64[D]")
    wrong = np.array([bool(text) and found is None for text, found in zip(texts, known, strict=True)], dtype=bool)
    return read[codes], wrong[codes]


def _parts(when: Days) -> tuple[Longs, Longs, Longs]:
    """Calendar month counted from year 0, day of the month (from 1), and how many days that month has."""
    month = when.astype("datetime64[M]")
    number = (when - month.astype("datetime64[D]")).astype(np.int64) + 1
    return month.astype(np.int64), number, days_in(month)


def days_in(month: Days) -> Longs:
    """How many days each calendar month has."""
    return np.asarray((month + MONTH).astype("datetime64[D]") - month.astype("datetime64[D]"), dtype=np.int64)


def months_after(release: Days, when: Days) -> Longs:
    """Own month of each day: whole months since the release, negative before it (arrays of N; no NaT)."""
    begun, first, _ = _parts(release)
    month, number, length = _parts(when)
    return month - begun - (number < np.minimum(first, length))


def day_of(release: Days, months: Longs) -> Days:
    """First day of each own month (arrays of N)."""
    begun, first, _ = _parts(release)
    month = (begun + months).astype("datetime64[M]")
    after = (np.minimum(first, days_in(month)) - 1).astype("timedelta64[D]")
    return np.asarray(month.astype("datetime64[D]") + after, dtype="datetime64[D]")

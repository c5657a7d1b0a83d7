"""Numbers to be read, in English and Danish, and the texts of a catalogue."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Literal

Language = Literal["en", "da"]


def number(value: float, language: Language, decimals: int | None = None) -> str:
    """A number to be read: so many decimals, or two significant digits (three from 100, all of whole numbers below
    10,000); decimal comma and points between thousands in Danish.
    """
    if not math.isfinite(value):
        return str(value)
    if decimals is None and abs(value) < 10_000 and float(value).is_integer():
        decimals = 0
    if decimals is None:
        digits = 3 if abs(value) >= 100 else 2
        value = float(f"{value:.{digits}g}")
        decimals = digits - 1 - math.floor(math.log10(abs(value)))
    text = f"{value:,.{max(0, decimals)}f}".replace("-", "−")
    return text if language == "en" else text.translate(str.maketrans(",.", ".,"))


def texts_of(table: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """The texts of a catalogue by dotted key: ``question`` in its table ``plan`` is ``plan.question``."""
    texts: dict[str, str] = {}
    for key, value in table.items():
        name = f"{prefix}{key}"
        texts.update(texts_of(value, f"{name}.") if isinstance(value, dict) else {name: value.strip()})
    return texts


def rounded(values: Iterable[float]) -> tuple[list[float], int]:
    """Amounts rounded alike, and decimals: three digits of the largest, one decimal where all are below ten.

    >>> rounded([5299.4, -2225.3, 9501.1])
    ([5300.0, -2230.0, 9500.0], 0)
    """
    known = [float(value) for value in values]
    largest = max((abs(value) for value in known if math.isfinite(value)), default=0.0)
    step = 0.1 if 0 < largest < 10 else 10.0 ** max(0, math.floor(math.log10(max(1.0, largest))) - 2)
    return [round(value / step) * step + 0.0 if math.isfinite(value) else value for value in known], int(step < 1)

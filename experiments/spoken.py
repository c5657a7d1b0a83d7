"""Numbers to be read, in English and Danish."""

from __future__ import annotations

import math
from typing import Literal

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

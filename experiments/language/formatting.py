"""The languages that there are, numbers as each of them writes them, and the texts of a catalogue.

A language is a folder ``catalogue/LANGUAGE`` whose ``language.toml`` says what it is called and how it writes numbers.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

FOLDER = Path(str(files("experiments").joinpath("language/catalogue")))
ABOUT = "language.toml"
"""The file of a language's folder that says how it writes numbers; the others are its texts."""
DEFAULT = "en"
Language = str
"""The name of a folder of the catalogue."""
LANGUAGES: tuple[Language, ...] = tuple(
    sorted((each.parent.name for each in FOLDER.glob(f"*/{ABOUT}")), key=lambda name: (name != DEFAULT, name))
)
"""Every language, the default first."""


@dataclass(frozen=True, kw_only=True)
class LanguageFormat:
    """What a language is called in that language, and how it writes numbers."""

    name: str
    decimal: str
    thousands: str


@cache
def format_of(language: Language) -> LanguageFormat:
    """What ``language.toml`` says of a language."""
    return LanguageFormat(**tomllib.loads((FOLDER / language / ABOUT).read_text(encoding="utf-8")))


def number(value: float, language: Language, decimals: int | None = None) -> str:
    """A number to be read: so many decimals, or two significant digits (three from 100, all of whole numbers below
    10,000), with the language's signs for decimals and thousands.
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
    signs = format_of(language)
    return text.translate(str.maketrans(",.", signs.thousands + signs.decimal))


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

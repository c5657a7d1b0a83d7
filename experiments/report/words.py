"""What a report says, in Danish and English, from one catalogue a language; and numbers as each language writes them.

A catalogue is ``report/LANGUAGE.toml``; the key ``plan.question`` is the text ``question`` of its table ``plan``.
Placeholders are filled with text: numbers go through ``number``, ``percent``, ``points``, ``kroner`` or a range first.
"""

from __future__ import annotations

import math
import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path

from experiments.plans.words import rounded
from experiments.spoken import Language, number, texts_of

FOLDER = Path(str(files("experiments").joinpath("report")))
LANGUAGES: tuple[Language, ...] = ("en", "da")
NBSP = "\N{NO-BREAK SPACE}"
MILLION = 1e6


@cache
def catalogue(language: Language) -> dict[str, str]:
    """Every text of a language, by dotted key."""
    return texts_of(tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8")))


class Words:
    """Texts and numbers in one language."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def __call__(self, key: str, /, **parts: str) -> str:
        """A text with its placeholders filled; ``KeyError`` if there is no such text or placeholder."""
        text = catalogue(self.language)[key]
        return text.format(**parts).replace("kr..", "kr.") if parts else text

    def has(self, key: str) -> bool:
        """Whether there is such a text."""
        return key in catalogue(self.language)

    def number(self, value: float, decimals: int | None = None) -> str:
        """A number; a dash where there is none."""
        return number(value, self.language, decimals) if math.isfinite(value) else "–"

    def plain(self, value: float) -> str:
        """A given value with no more decimals than it has."""
        text = f"{value:.10g}"
        return self.number(value, len(text.partition(".")[2]))

    def percent(self, share: float, decimals: int | None = None) -> str:
        """A share (0-1) in per cent: whole from ten on, one decimal below; a dash where there is none."""
        if not math.isfinite(share):
            return "–"
        if decimals is None:
            decimals = 0 if share == 0 or abs(share) >= 0.0995 else 1
        return f"{number(100 * share + 0.0, self.language, decimals)}{NBSP}%"

    def points(self, gap: float, decimals: int = 1) -> str:
        """A difference of shares (0-1) in percentage points, without the word."""
        return self.number(round(100 * gap, decimals) + 0.0, decimals)

    def kroner(self, value: float, *, million: bool = False) -> str:
        """Kroner, or millions of them, rounded to be read."""
        (found,), decimals = rounded([value / MILLION if million else value])
        unit = self("common.million" if million else "common.kr")
        return f"{self.number(found, decimals if million else 0)}{NBSP}{unit}"

    def of_hundred(self, share: float) -> str:
        """So many of 100 worlds; all and none are said only where they are true."""
        text = f"{100 * share:.0f}"
        if text == "100" and share < 1:
            return self("common.over_99")
        return self("common.under_1") if text == "0" and share > 0 else text

    def several(self, *values: float) -> list[str]:
        """Amounts rounded alike."""
        found, decimals = rounded(values)
        return [self.number(value, decimals) for value in found]

    def to(self, low: str, high: str) -> str:
        """A range."""
        return self("common.to", low=low, high=high)

    def listed(self, items: list[str]) -> str:
        """Items with commas and an ``and``."""
        if len(items) < 2:
            return "".join(items)
        return f"{', '.join(items[:-1])} {self('common.and')} {items[-1]}"

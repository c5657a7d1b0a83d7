"""Everything that Desist says, from one catalogue a language, and numbers as each language writes them.

The catalogue is the folder ``catalogue/LANGUAGE``: TOML files with the same keys and placeholders in every language.
The key ``needed`` of ``power.toml`` is ``power.needed``. ``Messages(language, "power")`` finds it as ``needed``;
texts that studies share are in ``common.toml``, and found as ``common.to``.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Sequence
from functools import cache

from experiments.language.formatting import ABOUT, FOLDER, LANGUAGES, Language, number, rounded, texts_of

__all__ = ["FOLDER", "LANGUAGES", "Language", "Messages", "catalogue", "part_of"]

NBSP = "\N{NO-BREAK SPACE}"
MILLION = 1e6


@cache
def catalogue(language: Language) -> dict[str, str]:
    """Every text of a language by its dotted key: folder, file and tables."""
    texts: dict[str, str] = {}
    home = FOLDER / language
    for file in sorted(each for each in home.rglob("*.toml") if each.name != ABOUT):
        prefix = ".".join(file.relative_to(home).with_suffix("").parts)
        texts |= texts_of(tomllib.loads(file.read_text(encoding="utf-8")), f"{prefix}.")
    return texts


def part_of(language: Language, part: str) -> dict[str, str]:
    """The texts of one file or folder of the catalogue, by their keys in it."""
    start = f"{part}."
    return {key.removeprefix(start): text for key, text in catalogue(language).items() if key.startswith(start)}


class Messages:
    """Texts and numbers in one language."""

    def __init__(self, language: Language, study: str = "") -> None:
        self.language = language
        self.study = study

    def _key(self, key: str) -> str:
        own = f"{self.study}.{key}"
        return own if own in catalogue(self.language) else key

    def __call__(self, key: str, /, **parts: str) -> str:
        """A text with its placeholders filled: the study's own, or else the shared one of that key.

        Placeholders take text: numbers go through ``number``, ``percent``, ``points``, ``kroner`` ... first.

        Raises
        ------
        KeyError
            If there is no such text or placeholder.
        """
        found = self._key(key)
        if found not in catalogue(self.language):
            where = self.study or "all studies"
            raise KeyError(f"the catalogue of language [{self.language}] has no text [{key}] of {where}")
        text = catalogue(self.language)[found]
        return text.format(**parts).replace("kr..", "kr.") if parts else text

    def has(self, key: str) -> bool:
        """Whether there is such a text."""
        return self._key(key) in catalogue(self.language)

    def heading(self, column: str) -> str:
        """The heading of a table's column: the text ``columns.COLUMN``, or the name itself."""
        return self(f"columns.{column}") if self.has(f"columns.{column}") else column

    # Numbers --------------------------------------------------------------------------------------------------

    def number(self, value: float | None, decimals: int | None = None) -> str:
        """A number: so many decimals, or two significant digits; a dash where there is none."""
        return "–" if value is None or not math.isfinite(value) else number(value, self.language, decimals)

    def plain(self, value: float) -> str:
        """A given value with no more decimals than it has."""
        text = f"{value:.10g}"
        return self.number(value, len(text.partition(".")[2]))

    def percent(self, share: float | None, decimals: int | None = None) -> str:
        """A share (0-1) in per cent: whole from ten on and one decimal below, or so many decimals."""
        if share is None or not math.isfinite(share):
            return "–"
        if decimals is None:
            decimals = 0 if share == 0 or abs(share) >= 0.0995 else 1
        return f"{number(100 * share + 0.0, self.language, decimals)}{NBSP}%"

    def points(self, gap: float | None, decimals: int = 1) -> str:
        """A difference of shares (0-1) in percentage points, without the word."""
        return "–" if gap is None else self.number(round(100 * gap, decimals) + 0.0, decimals)

    def kroner(self, value: float, *, million: bool = False) -> str:
        """Kroner, or millions of them, rounded to be read."""
        (found,), decimals = rounded([value / MILLION if million else value])
        unit = self("common.million" if million else "common.kr")
        return f"{self.number(found, decimals if million else 0)}{NBSP}{unit}"

    def of_hundred(self, share: float) -> str:
        """So many of 100; all and none only where they are true."""
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

    def months(self, count: float) -> str:
        """So many months, in the singular where it is one."""
        return self("common.month" if count == 1 else "common.months", n=self.number(count, 0))

    def listed(self, items: Sequence[str]) -> str:
        """Items with commas and an ``and``."""
        if len(items) < 2:
            return "".join(items)
        return f"{', '.join(items[:-1])} {self('common.and')} {items[-1]}"

"""What the page says, in Danish and English, from one catalogue a language and panel.

A catalogue is a TOML file ``words/PANEL.LANGUAGE.toml``; the key ``effect.label`` of ``trial.da.toml`` is asked for as
``w("trial.effect.label")``. The table ``set`` of a panel's file has the words of its settings and is common to all:
``[set.effect]`` is ``w("set.effect.label")``. Placeholders are filled with text, or with whole numbers, written as
the language has them; other numbers go through ``Words.number``, ``percent``, ``points`` or ``kroner`` first.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from experiments.spoken import Language, number, texts_of

FOLDER = Path(__file__).parent / "words"
LANGUAGES: tuple[Language, ...] = ("da", "en")
CODES = {"da": "DA", "en": "EN"}
NAMES = {"da": "Dansk", "en": "English"}


@cache
def catalogue(language: Language) -> dict[str, str]:
    """Every text of a language by its dotted key."""
    texts: dict[str, str] = {}
    for file in sorted(FOLDER.glob(f"*.{language}.toml")):
        with file.open("rb") as opened:
            for key, value in tomllib.load(opened).items():
                prefix = "" if key == "set" else file.name.split(".")[0] + "."
                texts.update(texts_of({key: value}, prefix))
    return texts


class Words:
    """Texts and numbers in one language."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def __call__(self, key: str, /, **values: str | int) -> str:
        """A text with its placeholders filled.

        Raises
        ------
        KeyError
            If there is no such text or placeholder.
        TypeError
            If a value is a number with decimals: those are written by ``number`` and the others first.
        """
        text = catalogue(self.language)[key]
        return text.format(**{name: self._said(value) for name, value in values.items()}) if values else text

    def _said(self, value: str | int) -> str:
        if isinstance(value, str):
            return value
        if isinstance(value, bool) or not hasattr(value, "__index__"):
            raise TypeError(f"[{value}] is no whole number; write it by number, percent, points or kroner")
        return self.number(int(value), 0)

    def number(self, value: float, decimals: int | None = None) -> str:
        """A number: so many decimals, or as many as can be read."""
        return number(value, self.language, decimals)

    def percent(self, share: float, decimals: int = 0) -> str:
        """A share of 0 to 1 in per cent; a dash where there is none."""
        return f"{number(100 * share, self.language, decimals)}\N{NO-BREAK SPACE}%" if share == share else "–"

    def points(self, gap: float, decimals: int = 0) -> str:
        """A difference of shares in percentage points, without the word."""
        return number(100 * gap, self.language, decimals)

    def kroner(self, value: float, *, million: bool = False, decimals: int = 0) -> str:
        """Kroner, or millions of them."""
        text = number(value / 1e6 if million else value, self.language, decimals)
        unit = {"da": "mio. kr.", "en": "million kr."}[self.language] if million else "kr."
        return f"{text}\N{NO-BREAK SPACE}{unit}"

    def month(self, months: int) -> str:
        """So many months, in the singular where it is one."""
        one, many = ("måned", "måneder") if self.language == "da" else ("month", "months")
        return f"{self.number(months, 0)} {one if months == 1 else many}"

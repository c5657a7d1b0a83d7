"""What the page says: the part ``page`` of the catalogue, a file a panel.

``w("trial.effect.label")`` is the key ``effect.label`` of ``page/trial.toml``; words of settings are common to all
panels and stand in ``page/set.toml``.
"""

from __future__ import annotations

from experiments.language import messages
from experiments.language.formatting import Language, format_of, number
from experiments.language.messages import FOLDER, Messages, part_of

__all__ = ["FOLDER", "LANGUAGES", "NAMES", "PageMessages", "catalogue"]

LANGUAGES: tuple[Language, ...] = tuple(sorted(messages.LANGUAGES))
NAMES = {language: format_of(language).name for language in LANGUAGES}


def catalogue(language: Language) -> dict[str, str]:
    """Every text of the page, by dotted key."""
    return part_of(language, "page")


class PageMessages(Messages):
    """Texts and numbers of the page in one language."""

    def __init__(self, language: Language) -> None:
        super().__init__(language, "page")

    def __call__(self, key: str, /, **values: str | int) -> str:
        """A text with its placeholders filled; KeyError if there is no such text or placeholder.

        TypeError if a value is a number with decimals: ``number`` and the others write those first.
        """
        return super().__call__(key, **{name: self._as_text(value) for name, value in values.items()})

    def _as_text(self, value: str | int) -> str:
        if isinstance(value, str):
            return value
        if isinstance(value, bool) or not hasattr(value, "__index__"):
            raise TypeError(f"[{value}] is no whole number; write it by number, percent, points or kroner")
        return self.number(int(value), 0)

    def percent(self, share: float | None, decimals: int | None = None) -> str:
        """A share of 0 to 1 in per cent, whole if nothing else is asked for; a dash where there is none."""
        return super().percent(share, decimals or 0)

    def points(self, gap: float | None, decimals: int = 0) -> str:
        """A difference of shares in percentage points, without the word."""
        return "–" if gap is None else number(100 * gap, self.language, decimals)

"""What a report says: the part ``report`` of the catalogue."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from experiments.language.messages import Language, Messages

FOLDER = Path(str(files("experiments").joinpath("reports")))
"""Where the template of a report lies."""


class ReportMessages(Messages):
    """Texts and numbers of a report in one language."""

    def __init__(self, language: Language) -> None:
        super().__init__(language, "report")

"""What quantities are called in plain words, from ``quantities.toml``."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from experiments.language.formatting import Language

FILE = Path(str(files("experiments").joinpath("language/quantities.toml")))
FACTOR = re.compile(r"factor\.(\w+)\.")


@cache
def _read() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def entry(key: str) -> dict[str, str] | None:
    """What is written of a quantity; None if nothing is."""
    found: dict[str, str] | None = _read()["names"].get(FACTOR.sub("factor.FACTOR.", key))
    return found


def name_of(key: str, what: str, language: Language) -> str:
    """A quantity's name in plain words; ``what`` it is declared to be, where no name is written."""
    found = entry(key)
    if found is None:
        return what.partition(";")[0]
    text = found[language]
    if (factor := FACTOR.match(key)) is not None:
        named = _read()["factors"].get(factor.group(1))
        text = text.format(factor=named[language] if named else factor.group(1))
    return text


def short_name(key: str, what: str, language: Language) -> str:
    """The name without what stands in brackets."""
    return name_of(key, what, language).partition(" (")[0]

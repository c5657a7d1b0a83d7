"""What support factors and quantities are called: in a few words (catalogue), and in plain words (quantities.toml)."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from experiments.language.formatting import Language
from experiments.language.messages import Messages

FILE = Path(str(files("experiments").joinpath("language/quantities.toml")))
FACTOR = re.compile(r"factor\.(\w+)\.")


def factor_name(key: str, m: Messages, label: str = "") -> str:
    """A factor's own label in its scenario, or the catalogue's name of its key, or the key in words."""
    if label and label != key:
        return label
    return m(f"factor.{key}") if m.has(f"factor.{key}") else key.replace("_", " ")


def quantity_name(key: str, m: Messages) -> str:
    """A dotted key in a few words; one of a factor or a programme begins with the name of that."""
    if m.has(f"quantity.{key}"):
        return m(f"quantity.{key}")
    *above, last = key.split(".")
    part = f"quantity.part.{last}"
    words = m(part) if m.has(part) else last.replace("_", " ")
    if above[:1] == ["factor"]:
        return f"{factor_name(above[-1], m)}: {words}"
    return f"{above[-1].replace('_', ' ')}: {words}" if len(above) > 1 else words


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

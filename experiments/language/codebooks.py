"""The codebook: what every column of every table that a study saves is, and in which unit.

One TOML file a study in ``codebook/``: a table of the study, ``about`` (what a row is) and ``columns``.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

FOLDER = Path(str(files("experiments").joinpath("language/codebook")))


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a table."""

    what: str
    unit: str = ""
    """Empty for names, texts and flags."""


@dataclass(frozen=True, kw_only=True)
class TableBook:
    """A table of a study."""

    name: str
    about: str
    """What a row is."""
    columns: dict[str, Column]
    """By name; a name with ``*`` stands for all columns that fit."""


@cache
def codebook(verb: str) -> tuple[TableBook, ...]:
    """The tables of a study, in the order of its file."""
    text = (FOLDER / f"{verb.replace('-', '_')}.toml").read_text(encoding="utf-8")
    return tuple(
        TableBook(name=name, about=str(data["about"]), columns={
            str(key): Column(**about) for key, about in data["columns"].items()
        })
        for name, data in tomllib.loads(text).items()
    )  # fmt: skip

"""The files that a user's TOML file names in turn: they decide a result as much as it does."""

from __future__ import annotations

import tomllib
from pathlib import Path

KEYS = ("extends", "scenario", "country_file")
"""Keys of scenarios, sweeps and plans whose values may name a file."""


def named_in(file: Path, seen: frozenset[Path] = frozenset()) -> list[Path]:
    """What a TOML file extends, its scenario and its country file, if they are files, and what these name.

    Nothing where the file is no TOML: who reads it says so.
    """
    if file.suffix != ".toml":
        return []
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return []
    given = [data.get(key) for key in KEYS]
    names = [each for value in given for each in (value if isinstance(value, list) else [value])]
    found: list[Path] = []
    for name in names:
        if not isinstance(name, str) or not name:
            continue
        tried = [file.parent / name, file.parent / f"{name}.toml", Path(name)]
        path = next((each for each in tried if each.is_file()), None)
        if path is not None and path not in seen | {file, *found}:
            found += [path, *named_in(path, seen | {file, path, *found})]
    return list(dict.fromkeys(found))

"""A scenario file and the files that it extends: found by name or path, and laid over one another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from simulation.errors import nearest
from simulation.parameters import ParameterError
from simulation.programmes import refuse_mistyped
from simulation.text_file import parse_toml, read_text

DEEPEST, MOST_LAYERS = 20, 200
"""How many files may extend one another in a row, and how many in all."""


def resolved(
    text: str, base: dict[str, Any], shelf: tuple[Path, ...], label: str, seen: tuple[str, ...]
) -> dict[str, Any]:
    """Plain data of a TOML text with everything it extends merged below it, and ``base`` below all."""
    data = base
    for layer in _layers(text, shelf, label, seen):
        if layer.get("complete") is True:
            data = layer
        else:
            refuse_mistyped(data, layer, label)
            data = merged(data, layer)
    return data


def _layers(text: str, shelf: tuple[Path, ...], label: str, seen: tuple[str, ...]) -> list[dict[str, Any]]:
    """The differences that a TOML text stands for, in the order in which they count: what it extends, then its own."""
    data = parse_toml(text, label)
    below = data.get("extends", [])
    names = [below] if isinstance(below, str) else below
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ParameterError(f"{label}: extends is [{below}]; a name, a path or a list of them is needed")
    layers: list[dict[str, Any]] = []
    for name in names:
        if name in seen:
            raise ParameterError(f"{label}: extends goes in a circle through [{name}]")
        if len(seen) >= DEEPEST or len(layers) >= MOST_LAYERS:
            raise ParameterError(
                f"{label}: extends is [{name}], which leads on through too many files; at most {DEEPEST} one behind "
                f"the other and {MOST_LAYERS} in all are allowed"
            )
        file = find(name, shelf, label)
        layers += _layers(read_text(file), (*shelf, file.parent), file.name, (*seen, name))
    return [*layers, data]


def find(name: str, shelf: Iterable[Path], label: str = "") -> Path:
    """The file of a scenario: by path if it ends in .toml (also looked up beside ``shelf``), else by name on a shelf.

    Raises ``ParameterError`` if there is none, naming the nearest.
    """
    folders = list(dict.fromkeys(shelf))
    beside = [folder / name for folder in reversed(folders)]
    paths = [*beside, Path(name)] if label else [Path(name), *beside]
    tried = paths if name.endswith(".toml") else [folder / f"{name}.toml" for folder in folders]
    for file in tried:
        with suppress(OSError):  # a name of 300 characters
            if file.is_file():
                return file
    known = sorted({file.stem for folder in folders for file in folder.glob("*.toml")})
    hint = "check the path" if name.endswith(".toml") else nearest(name, known)
    raise ParameterError(f"{label + ': ' if label else ''}scenario [{name}] was not found; {hint}")


def merged(below: dict[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Plain data with other data over it, table by table."""
    out = dict(below)
    for key, value in above.items():
        old = out.get(key)
        out[key] = merged(old, value) if isinstance(old, dict) and isinstance(value, Mapping) else value
    return out

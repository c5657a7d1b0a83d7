"""TOML from files and options of the user's: read whole, or refused in one line that says why."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from simulation.parameters import ParameterError

LARGEST_FILE = 20_000_000
"""Bytes of the largest TOML file that is read."""
LARGEST_INTEGER = 2**64 - 1
"""The largest whole number that a file may give: the largest seed."""


def read_text(path: Path, what: str = "file", *, hint: str = "check the name") -> str:
    """The text of a file, UTF-8 with or without byte order mark; ``what`` is what messages call it, ``hint`` what to
    do if it is missing.

    Raises ``ParameterError`` if it is missing, too large, or in another encoding.
    """
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
        text = data.decode("utf-8-sig")
    except FileNotFoundError:
        raise ParameterError(f"{what} [{path}] was not found; {hint}") from None
    except UnicodeDecodeError:
        kind = "UTF-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "not UTF-8"
        raise ParameterError(f"{what} [{path}] could not be read: its text is {kind}; save it as UTF-8") from None
    except (OSError, ValueError) as problem:  # a name with a NUL is a ValueError
        why = getattr(problem, "strerror", None) or problem
        raise ParameterError(f"{what} [{path}] could not be read ({why}); name a text file") from None
    if len(data) > LARGEST_FILE:
        raise ParameterError(f"{what} [{path}] is larger than {LARGEST_FILE:,} bytes; name a smaller file")
    return text


def parse_toml(text: str, label: str) -> dict[str, Any]:
    """A TOML text as plain data; ``label`` is what messages call it.

    Raises ``ParameterError`` if it is not TOML, is nested too deep, or has a whole number that nothing here can be.
    """
    try:
        data = tomllib.loads(text)
        _refuse_huge(data, label)
    except tomllib.TOMLDecodeError as problem:
        raise ParameterError(f"{label} is not valid TOML: {problem}") from None
    except RecursionError:
        raise ParameterError(f"{label} is not valid TOML: it is nested too deep; write fewer levels") from None
    except ParameterError:
        raise
    except (ValueError, OverflowError):  # a number of more digits, or a year, than Python reads
        raise ParameterError(f"{label} is not valid TOML: a number or date is too large; write fewer digits") from None
    return data


def read_toml(path: Path, what: str = "file") -> dict[str, Any]:
    """A TOML file as plain data; see ``read_text`` and ``parse_toml``."""
    return parse_toml(read_text(path, what), path.name)


def _refuse_huge(value: Any, label: str) -> None:
    if isinstance(value, dict):
        for each in value.values():
            _refuse_huge(each, label)
    elif isinstance(value, list):
        for each in value:
            _refuse_huge(each, label)
    elif isinstance(value, int) and abs(value) > LARGEST_INTEGER:
        digits = len(str(abs(value)))
        raise ParameterError(f"{label}: a whole number has [{digits}] digits; at most 2^64 - 1 is allowed")

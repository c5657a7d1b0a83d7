"""What is in a store of finished runs, as rows and as lines of text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from experiments.execution.code_digest import code_of
from experiments.execution.store import Contents, StoredStudy
from simulation.parameters import ParameterError

CODE = {True: "present", False: "other", None: "not here"}
HEAD = ("study", "name", "pieces", "size", "last used", "code", "command")
LONGEST = 60
"""Longest command that is shown."""


def of_present_code(study: StoredStudy) -> bool | None:
    """Whether a study was computed by the code that is here now; None if its module is not to be found from here."""
    try:
        return bool(study.code == code_of(study.work.partition(":")[0]))
    except (ParameterError, SyntaxError):
        return None


def study_rows(contents: Contents, studies: Sequence[StoredStudy]) -> list[dict[str, Any]]:
    """One row a study: digest, name, pieces that are done and all of them, bytes, last use, code, command."""
    return [
        {"study": study.digest, "name": study.name, "done": contents.done(study), "pieces": len(study.addresses),
         "bytes": sum(piece.size for piece in contents.files(study.addresses)),
         "last_used": datetime.fromtimestamp(contents.last_used(study)).isoformat(" ", "minutes"),
         "present_code": of_present_code(study), "command": study.command}
        for study in studies
    ]  # fmt: skip


def store_summary(contents: Contents) -> dict[str, Any]:
    """The whole store as data: its studies, pieces, bytes, and what belongs to no study."""
    every, loose = contents.files(contents.pieces), contents.files(contents.unlisted())
    return {
        "store": str(contents.path), "studies": study_rows(contents, contents.studies),
        "pieces": len(contents.pieces), "bytes": sum(piece.size for piece in every),
        "unlisted": {"pieces": len(loose), "bytes": sum(piece.size for piece in loose)},
    }  # fmt: skip


def store_listing(contents: Contents) -> list[str]:
    """What is in a store, line by line."""
    data = store_summary(contents)
    if not data["studies"] and not data["pieces"]:
        return [f"Nothing is stored in {contents.path}; studies keep their finished pieces there."]
    table = [HEAD] + [
        (row["study"][:8], row["name"], f"{row['done']:,} of {row['pieces']:,}", format_size(row["bytes"]),
         row["last_used"], CODE[row["present_code"]], _short(row["command"]))
        for row in data["studies"]
    ]  # fmt: skip
    lines = aligned(table, right=(2, 3))
    total = f"{format_count(len(data['studies']), 'study', 'studies')}, {format_count(data['pieces'], 'piece')}"
    lines += ["", f"{total}, {format_size(data['bytes'])} in {contents.path}; pieces that studies share count once."]
    if data["unlisted"]["pieces"]:
        loose = f"{format_count(data['unlisted']['pieces'], 'piece')} ({format_size(data['unlisted']['bytes'])})"
        lines.append(f"Of no study: {loose}; --remove-outdated removes them.")
    if any(row["present_code"] is False for row in data["studies"]):
        lines.append("Studies of other code are not read any more; --remove-outdated removes them.")
    return lines


def aligned(rows: Sequence[Sequence[str]], *, right: Sequence[int] = (), widest: int = 10_000) -> list[str]:
    """Rows as lines with their cells under one another, to the left but for the columns in ``right``."""
    widths = [min(widest, max(map(len, column))) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.rjust(width) if k in right else cell.ljust(width)
                  for k, (cell, width) in enumerate(zip(row, widths, strict=True))).rstrip()
        for row in rows
    ]  # fmt: skip


def format_size(count: float) -> str:
    """A number of bytes as text."""
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} B"


def format_count(number: int, what: str, several: str = "") -> str:
    """So many of something, in the singular where it is one."""
    return f"{number:,} {what if number == 1 else several or what + 's'}"


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 4]} ..."

"""The store of finished pieces: files that are whole or not there, and know when they are damaged.

``pieces/ab/cdef...-CHECKSUM.arrow`` is a piece: its path is its address, its name ends with the checksum of its bytes,
and ``pandas.read_feather`` opens it. ``studies/DIGEST.txt`` says which pieces a study is made of. ``parts`` holds what
is being written. This file knows nothing of what is computed.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import pyarrow as pa

from simulation.parameters import ParameterError

Table = dict[str, list[Any]]
"""What a piece gives: columns of equal length, of numbers, truth values or texts."""

ADDRESS, CHECKSUM = 40, 16
"""Hexadecimal digits of a piece's address (160 bits), and of the checksum in its name (64 bits)."""
STRAY_SECONDS = 3600.0
"""Age from which the half-written file of another process is removed."""
NAME = re.compile(rf"([0-9a-f]{{{ADDRESS - 2}}})-([0-9a-f]{{{CHECKSUM}}})\.arrow")


def encoded(table: dict[str, Any], about: dict[str, Any]) -> bytes:
    """A table (columns of equal length) as the bytes of an Arrow file; ``about`` is what made it, as JSON has it.

    What made it is stored in the file's metadata (key ``desist``).
    """
    made: pa.Table = pa.table(table).replace_schema_metadata({"desist": json.dumps(about, ensure_ascii=False)})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, made.schema) as writer:
        writer.write_table(made)
    data: bytes = sink.getvalue().to_pybytes()
    return data


def decoded(data: bytes) -> Table:
    """The table in the bytes of an Arrow file, as plain Python values."""
    table: Table = pa.ipc.open_file(pa.BufferReader(data)).read_all().to_pydict()
    return table


def canonical(data: Any) -> bytes:
    """Plain data as JSON in one fixed form; raises ``ValueError`` or ``TypeError`` for what JSON does not have."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def checksum(data: bytes) -> str:
    """The checksum that a piece carries in its name."""
    return hashlib.sha256(data).hexdigest()[:CHECKSUM]


class Store:
    """A folder of finished pieces, made if it is not there.

    Parameters
    ----------
    path
        The folder.
    notice
        Called with one line for every file that is found damaged.

    Raises
    ------
    ParameterError
        If the folder cannot be written.

    Notes
    -----
    Nothing is forced to the disk: killing a process never leaves a half-written piece, and a file that a power cut
    cut short is found by its checksum. Threads, processes and machines may share one store.
    """

    def __init__(self, path: Path, *, notice: Callable[[str], object] | None = None) -> None:
        self.path = path
        self.damaged: list[Path] = []
        """Files that were found damaged, and removed."""
        self._notice = notice
        self._names: dict[str, dict[str, str]] = {}
        try:
            for part in ("pieces", "studies", "parts"):
                (path / part).mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            raise self._unwritable(problem) from None
        self._write_whole(path / f".writable-{uuid4().hex}", b"").unlink()
        self._sweep_out()

    def _unwritable(self, problem: OSError) -> ParameterError:
        return ParameterError(
            f"--store is [{self.path}], which cannot be written ({problem.strerror}); name another folder or give "
            "--no-store"
        )

    def _sweep_out(self) -> None:
        """Remove what killed processes left half-written."""
        for stray in (self.path / "parts").iterdir():
            with suppress(OSError):
                if time.time() - stray.stat().st_mtime > STRAY_SECONDS:
                    stray.unlink()

    def _write_whole(self, path: Path, data: bytes) -> Path:
        """Write a file beside and move it into place, so that it is whole or not there."""
        part = self.path / "parts" / uuid4().hex
        try:
            part.write_bytes(data)
            try:
                os.replace(part, path)
            except FileNotFoundError:
                path.parent.mkdir(parents=True, exist_ok=True)
                os.replace(part, path)
            except PermissionError:  # Windows replaces no file that another process is reading
                if _bytes(path) != data:
                    raise
                part.unlink()
        except BaseException as problem:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            if isinstance(problem, OSError):
                raise self._unwritable(problem) from None
            raise
        return path

    def _folder(self, prefix: str) -> dict[str, str]:
        """Address to file name, for the pieces whose address begins so."""
        if prefix not in self._names:
            try:
                names = sorted(os.listdir(self.path / "pieces" / prefix), reverse=True)
            except OSError:
                names = []
            self._names[prefix] = {prefix + match[1]: match[0] for match in map(NAME.fullmatch, names) if match}
        return self._names[prefix]

    def has(self, address: str) -> bool:
        """Whether a piece is there (its bytes are checked when it is read)."""
        return address in self._folder(address[:2])

    def read(self, address: str) -> bytes | None:
        """The bytes of a piece; None if it is not there.

        A damaged file is removed, remembered in ``damaged`` and reported; then the piece is not there.
        """
        name = self._folder(address[:2]).get(address)
        if name is None:
            return None
        path = self.path / "pieces" / address[:2] / name
        data = _bytes(path)
        if data is not None and name.endswith(f"-{checksum(data)}.arrow"):
            return data
        self._folder(address[:2]).pop(address, None)
        if data is not None:
            self.damaged.append(path)
            with suppress(OSError):
                path.unlink(missing_ok=True)
            if self._notice is not None:
                self._notice(f"{path} is damaged; it is computed again")
        return None

    def write(self, address: str, data: bytes) -> None:
        """Keep a piece, whole or not at all.

        Raises ``ParameterError`` if it cannot be written (no room, for example); what was kept before stays.
        """
        name = f"{address[2:]}-{checksum(data)}.arrow"
        self._write_whole(self.path / "pieces" / address[:2] / name, data)
        if address[:2] in self._names:
            self._names[address[:2]][address] = name

    def enter(self, head: dict[str, Any], context: dict[str, Any], addresses: Sequence[str]) -> None:
        """Write down which pieces a study is made of, in order, and the context that they share.

        ``head`` has its ``name``, ``work``, ``code`` and ``command``.
        """
        digest = hashlib.sha256(canonical([head["name"], head["work"], list(addresses)])).hexdigest()[:16]
        first = json.dumps({**head, "pieces": len(addresses)}, ensure_ascii=False)
        text = "\n".join([first, json.dumps(context, ensure_ascii=False), *addresses, ""])
        self._write_whole(self.path / "studies" / f"{digest}.txt", text.encode())


def _bytes(path: Path) -> bytes | None:
    """The bytes of a file: none of them if it cannot be read, None if it is not there."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError:
        return b""


# What is in a store -------------------------------------------------------------------------------------------


class Piece(NamedTuple):
    """A file of a store."""

    path: str
    size: int
    """Bytes."""
    written: float
    """Seconds since 1970."""

    def whole(self) -> bool:
        """Whether its bytes are those that were written."""
        return self.path.endswith(f"-{checksum(_bytes(Path(self.path)) or b'')}.arrow")


@dataclass(frozen=True, kw_only=True)
class StoredStudy:
    """A study that a store knows."""

    digest: str
    name: str
    work: str
    code: str
    command: str
    path: Path
    addresses: tuple[str, ...] = field(repr=False)
    started: float
    """When it was last started (seconds since 1970)."""


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What is in a store at one moment."""

    path: Path
    pieces: dict[str, list[Piece]]
    """By address; two files of one address are possible if two machines disagreed."""
    studies: list[StoredStudy]
    """The last started last."""
    unreadable: list[Path]
    """Files in ``studies`` that are none."""

    @classmethod
    def of(cls, path: Path) -> Contents:
        """Look at a store without touching it; a folder that is not there is empty.

        Raises ``ParameterError`` if it is there and cannot be read.
        """
        pieces: dict[str, list[Piece]] = {}
        studies, unreadable = [], []
        try:
            for prefix in _listed(path / "pieces"):
                for entry in os.scandir(prefix.path) if prefix.is_dir() else ():
                    match = NAME.fullmatch(entry.name)
                    with suppress(FileNotFoundError):
                        if match:
                            piece = Piece(entry.path, entry.stat().st_size, entry.stat().st_mtime)
                            pieces.setdefault(prefix.name + match[1], []).append(piece)
            for entry in _listed(path / "studies"):
                try:
                    studies.append(_study(Path(entry.path)))
                except FileNotFoundError:
                    continue
                except (ValueError, KeyError, TypeError):
                    unreadable.append(Path(entry.path))
        except OSError as problem:
            raise ParameterError(
                f"--store is [{path}], which cannot be read ({problem.strerror}); name the folder of a store"
            ) from None
        studies.sort(key=lambda study: (study.started, study.digest))
        return cls(path=path, pieces=pieces, studies=studies, unreadable=unreadable)

    def files(self, addresses: Iterable[str]) -> list[Piece]:
        """The files of some pieces, each once."""
        return [piece for address in dict.fromkeys(addresses) for piece in self.pieces.get(address, ())]

    def done(self, study: StoredStudy) -> int:
        """How many of a study's pieces are there."""
        return sum(address in self.pieces for address in study.addresses)

    def last_used(self, study: StoredStudy) -> float:
        """When it was last started or a piece of it written (seconds since 1970)."""
        return max([study.started, *(piece.written for piece in self.files(study.addresses))])

    def unlisted(self) -> list[str]:
        """Pieces that belong to no study."""
        listed = {address for study in self.studies for address in study.addresses}
        return [address for address in self.pieces if address not in listed]

    def freed(self, gone: Sequence[StoredStudy], *, unlisted: bool = False) -> list[Piece]:
        """The files that only these studies are made of; ``unlisted`` adds those that belong to no study now."""
        digests = {study.digest for study in gone}
        needed = {a for study in self.studies if study.digest not in digests for a in study.addresses}
        going = (a for study in gone for a in study.addresses if a not in needed)
        return self.files([*going, *(self.unlisted() if unlisted else ())])

    def remove(self, gone: Sequence[StoredStudy], pieces: Sequence[Piece]) -> None:
        """Remove files, then the studies; what is no longer there is no mistake."""
        paths = [*(Path(piece.path) for piece in pieces), *(study.path for study in gone)]
        for path in paths:
            try:
                path.unlink(missing_ok=True)
            except OSError as problem:
                raise ParameterError(f"file [{path}] could not be removed ({problem.strerror})") from None


def _listed(folder: Path) -> list[os.DirEntry[str]]:
    """What is in a folder, in order; nothing if it is not there."""
    try:
        return sorted((each for each in os.scandir(folder) if not each.name.startswith(".")), key=lambda e: e.name)
    except FileNotFoundError:
        return []


def _study(path: Path) -> StoredStudy:
    """Read the description of a study; raises ``ValueError`` or ``KeyError`` if it is none."""
    first, _, *addresses = path.read_text(encoding="utf-8").split("\n")[:-1]
    head = json.loads(first)
    if head["pieces"] != len(addresses):
        raise ValueError(path)
    return StoredStudy(
        digest=path.stem, name=str(head["name"]), work=str(head["work"]), code=str(head["code"]),
        command=str(head["command"]), path=path, addresses=tuple(addresses), started=path.stat().st_mtime,
    )  # fmt: skip

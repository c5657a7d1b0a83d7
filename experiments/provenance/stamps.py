"""The short receipt that a picture or a text carries by itself, so that it shows what made it when it is moved.

PNG: a text chunk ``Desist``. SVG: an element ``<metadata id="desist-receipt">`` at the end. Both hold the receipt as
JSON, with ``content``, the digest of the file without it. A text ends with one line for people, whose last word is the
digest of all that stands before it. Tables (CSV) stay plain: the manifest beside them lists them by digest.
"""

from __future__ import annotations

import hashlib
import json
import re
import struct
import zlib
from collections.abc import Mapping
from html import escape, unescape
from pathlib import PurePath
from typing import Any

from simulation.parameters import ParameterError

Receipt = dict[str, Any]
STAMPED = (".png", ".svg", ".txt")
"""Kinds of files that carry their own receipt."""
COUNTS = ("replicates", "trials", "draws", "cohorts", "groups")
"""Keys of a manifest that say how much was run, in the order in which they are given."""
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_KEYWORD = b"Desist\0"
_SVG = re.compile(r'<metadata id="desist-receipt">(.*?)</metadata>\n?', re.DOTALL)
_TEXT = re.compile(r"\n?\n(?P<line>(?:Receipt|Kvittering): [^\n]*; [a-z]+ )(?P<digest>[0-9a-f]{16})\.\n?\Z")
_WORDS = {
    "en": {"head": "Receipt", "scenario": "scenario", "seed": "seed", "digest": "receipt", "replicates": "replicates",
           "trials": "trials", "draws": "draws", "cohorts": "cohorts", "groups": "groups"},
    "da": {"head": "Kvittering", "scenario": "scenarie", "seed": "startværdi (seed)", "digest": "kvittering",
           "replicates": "gentagelser", "trials": "forsøg", "draws": "trækninger", "cohorts": "kohorter",
           "groups": "grupper", "once, every fourth draw twice": "hver fjerde trækning er kørt to gange"},
}  # fmt: skip


def without_seal(content: Mapping[str, Any]) -> Receipt:
    """What was sealed, without what sealing adds."""
    return {key: value for key, value in content.items() if key not in ("content", "receipt")}


def canonical(content: Any) -> bytes:
    """JSON in one form only: keys sorted, no spaces, ASCII."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def digest(content: bytes) -> str:
    """SHA-256 in hexadecimal, 64 digits."""
    return hashlib.sha256(content).hexdigest()


def receipt_of(content: Mapping[str, Any]) -> str:
    """The digest of everything else that a manifest, a page or a stamp says of itself."""
    return digest(canonical({key: value for key, value in content.items() if key != "receipt"}))


def sealed(content: Mapping[str, Any]) -> Receipt:
    """The same with its ``receipt`` as the last key."""
    plain = {key: value for key, value in content.items() if key != "receipt"}
    return {**plain, "receipt": receipt_of(plain)}


def intact(content: Mapping[str, Any]) -> bool:
    """Whether nothing of it was changed since it was sealed."""
    return content.get("receipt") == receipt_of(content)


def in_a_line(about: Mapping[str, Any], language: str = "en") -> str:
    """What made it, in one line without its end: command, scenario, seed, how much was run, version."""
    (head, command), *rows = in_rows(about, language)
    return f"{head}: {'; '.join([command, *(f'{label} {value}'.strip() for label, value in rows)])}"


def in_rows(about: Mapping[str, Any], language: str = "en") -> list[tuple[str, str]]:
    """What made it, as labels and values: command first, then scenario, seed, how much was run, version.

    A number of runs that is a sentence has no label.
    """
    words = _WORDS[language]
    rows = [(words["head"], str(about["command"]))]
    if about.get("scenario"):
        rows.append((words["scenario"], f"{about['scenario']} {str(about['digest'])[:16]}"))
    counts = [(words[key], str(about[key])) for key in ("seed", *COUNTS) if about.get(key) is not None]
    rows += [("", words[value]) if value in words else (label, value) for label, value in counts]
    return [*rows, ("desist", str(about["desist"]))]


def stamped(name: str, data: bytes, about: Mapping[str, Any]) -> bytes:
    """A file, with or without an earlier receipt, with its receipt inside; a file of another kind as it is.

    Its name decides its kind; a text whose name ends in ``_da.txt`` is stamped in Danish. ``about`` has command,
    scenario, digest, seed, desist, and any of ``COUNTS``.
    """
    kind, plain = PurePath(name).suffix, without(name, data)
    if kind == ".txt":
        text = plain.decode().rstrip("\n")
        language = "da" if name.endswith(("_da.txt", "-da.txt")) else "en"
        head = f"{text}\n\n{in_a_line(about, language)}; {_WORDS[language]['digest']} "
        return f"{head}{digest(head.encode())[:16]}.\n".encode()
    own = sealed({**about, "content": digest(plain)})
    if kind == ".png":
        body = _KEYWORD + json.dumps(own, ensure_ascii=True).encode()
        chunk = struct.pack(">I", len(body)) + b"tEXt" + body + struct.pack(">I", zlib.crc32(b"tEXt" + body))
        first = len(_SIGNATURE) + 25  # the header's chunk has 13 bytes of its own
        return plain[:first] + chunk + plain[first:]
    if kind == ".svg":
        head, end, rest = plain.decode().rpartition("</svg>")
        text = escape(json.dumps(own, ensure_ascii=True), quote=False)
        return f'{head}<metadata id="desist-receipt">{text}</metadata>\n{end}{rest}'.encode()
    return data


def without(name: str, data: bytes) -> bytes:
    """A file without its receipt, so that two can be compared whose makers differ in nothing but the version."""
    kind = PurePath(name).suffix
    if kind == ".png":
        return b"".join([_SIGNATURE, *(chunk for chunk in _chunks(data) if not _ours(chunk))])
    if kind == ".svg":
        return _SVG.sub("", data.decode()).encode()
    if kind == ".txt" and (found := _TEXT.search(data.decode())):
        return data[: len(data.decode()[: found.start()].encode())] + b"\n"
    return data


def stamp_of(name: str, data: bytes) -> Receipt | None:
    """The receipt inside a picture or a text, or None.

    For a picture it is what ``stamped`` was given, ``content`` and ``receipt``; for a text ``line`` and ``receipt``
    (the 16 digits at its end).
    """
    kind = PurePath(name).suffix
    if kind == ".png":
        bodies = [chunk[8 + len(_KEYWORD) : -4] for chunk in _chunks(data) if _ours(chunk)]
        return _read(bodies[0].decode("latin-1")) if bodies else None
    if kind == ".svg":
        found = _SVG.findall(_text(data))
        return _read(unescape(found[0])) if found else None
    if kind == ".txt" and (line := _TEXT.search(_text(data))):
        return {"line": line["line"] + line["digest"], "receipt": line["digest"]}
    return None


def untouched(name: str, data: bytes) -> bool:
    """Whether a file that carries its receipt is, byte for byte, what was stamped."""
    found = stamp_of(name, data)
    if found is None:
        return False
    if PurePath(name).suffix == ".txt":
        head, end = data[: -len(f"{found['receipt']}.\n")], data[-len(f"{found['receipt']}.\n") :]
        return end == f"{found['receipt']}.\n".encode() and digest(head)[:16] == found["receipt"]
    try:
        return intact(found) and stamped(name, data, without_seal(found)) == data
    except UnicodeDecodeError:
        return False


def _chunks(data: bytes) -> list[bytes]:
    """The chunks of a PNG, each with its length, name and check; what cannot be read is one last chunk."""
    if not data.startswith(_SIGNATURE):
        raise ParameterError("the file's name ends in [.png], and it is no PNG; name the picture that Desist wrote")
    found, at = [], len(_SIGNATURE)
    while at < len(data):
        size = struct.unpack(">I", data[at : at + 4])[0] + 12 if len(data) >= at + 12 else len(data)
        found.append(data[at : at + size])
        at += size
    return found


def _ours(chunk: bytes) -> bool:
    return chunk[4:8] == b"tEXt" and chunk[8:].startswith(_KEYWORD)


def _text(data: bytes) -> str:
    return data.decode("utf-8", errors="replace")


def _read(text: str) -> Receipt | None:
    """A receipt from JSON; None where it is none."""
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None

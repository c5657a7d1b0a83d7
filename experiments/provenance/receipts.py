"""Receipts: what a folder of results says of itself, and how two folders are compared.

A receipt names what made a result (command, scenario, seed, how much was run, versions, code) and lists every file by
its SHA-256. It proves that nothing was changed since, to a reader who trusts the folder; that the numbers are what the
command gives is only proved by giving it again (``experiments.reproduction.rerun``).
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from experiments.provenance.differences import TIMES, difference, first_key, same_but_times, same_picture
from experiments.provenance.stamps import digest, intact, sealed, without_seal
from simulation.parameters import ParameterError

if TYPE_CHECKING:
    import pandas as pd

MANIFEST = "manifest.json"
_ASIDE = {"--out": True, "--xlsx": True, "--store": True, "--cluster": True, "--threads": True, "--no-store": False,
          "--json": False}  # fmt: skip
"""Options that decide no result, and whether a value follows."""
_OWN = ("command", "code", "inputs", "files", "versions", "receipt", "study")
"""Keys of a manifest that are compared by themselves, or may differ."""


def compare(old: Path, new: Path) -> pd.DataFrame:
    """Two folders of results, file by file: what was recorded, and what the same command gives now.

    The files are those that the manifest of ``old`` lists (all there are, if it lists none) and those of ``new``.
    Where both manifests have the same versions, every file must be the same bytes (a PNG the same pixels and receipt,
    since another library may pack them otherwise); what is listed and not kept is compared by its digest. Where
    versions differ, numbers may differ by ``TOLERANCE`` (1e-6 of their size, or one unit of the last digit that is
    printed), and pictures are compared only if they were drawn by the same Matplotlib.

    Returns
    -------
    DataFrame with one row a file and the columns file (its name in the folder), compared (``bytes``, ``numbers``,
    ``pixels``, ``digest``, ``keys`` for the manifest, or ``not compared``), equal (whether no difference was found;
    True where nothing was compared) and words (the first difference: row, column, recorded, now; or why nothing was
    compared; otherwise empty).

    Raises
    ------
    ParameterError
        If a folder has no manifest, or one that is no JSON.
    """
    import pandas as pd  # slow to import, and a receipt is read without it

    was, now = manifest_of(old), manifest_of(new)
    exact = was["versions"] == now["versions"]
    drawn = was["versions"].get("matplotlib") == now["versions"].get("matplotlib")
    listed, fresh = was.get("files") or {}, now.get("files") or {}
    names = sorted({*(listed or names_in(old)), *(fresh or names_in(new))} - {MANIFEST})
    rows = [_compared(name, old, new, listed, exact, drawn) for name in names]
    words = first_key(_comparable(was), _comparable(now), exact=exact)
    rows.append((MANIFEST, "keys", not words, words))
    return pd.DataFrame(rows, columns=["file", "compared", "equal", "words"])


def _compared(name: str, old: Path, new: Path, listed: Mapping[str, str], exact: bool,
              drawn: bool) -> tuple[str, str, bool, str]:  # fmt: skip
    """One row of ``compare``."""
    kind = Path(name).suffix
    usual = "bytes" if exact else "pixels" if kind == ".png" else "numbers"
    was, now = readable(old / name), readable(new / name)
    if kind == ".nc" and (now is None or name not in listed):
        return name, "not compared", True, "written only where ArviZ is installed"
    if now is None:
        return name, usual, False, "the command does not write it now"
    if was is None and name not in listed:
        return name, usual, False, "the command writes it now, and it is not recorded"
    if not exact and not drawn and kind in (".png", ".svg"):
        return name, "not compared", True, "drawn by another version of Matplotlib"
    if was is None and exact:
        equal = listed[name] == digest(now)
        return name, "digest", equal, "" if equal else "not kept; its digest differs"
    if was is None:
        return name, "not compared", True, "not kept"
    if not exact and kind in (".nc", ".arrow"):
        return name, "not compared", True, "made by other versions"
    words = difference(name, was, now, exact=exact)
    if words and kind == ".csv" and same_but_times(was, now):
        return name, "numbers", True, f"but for the column {TIMES}, which is measured"
    if words and kind == ".png" and same_picture(was, now):
        return name, "pixels", True, ""
    return name, usual, not words, words


def _comparable(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """A manifest without the keys that are compared by themselves; the command without what decides no result."""
    return {"command": bare(manifest["command"])} | {key: each for key, each in manifest.items() if key not in _OWN}


def manifest_of(folder: Path) -> dict[str, Any]:
    """The manifest of a folder; raises ``ParameterError`` if there is none, or the file is no manifest."""
    path = folder / MANIFEST
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ParameterError(
            f"[{path}] was not found; name a folder that a verb of desist has written (--out, or below results)"
        ) from None
    except (OSError, ValueError, RecursionError) as problem:
        raise ParameterError(f"[{path}] is no manifest ({problem}); run its command again") from None
    versions = found.get("versions") if isinstance(found, dict) and isinstance(found.get("command"), str) else None
    if not isinstance(versions, dict) or not all(isinstance(each, str) for each in versions.values()):
        raise ParameterError(f"[{path}] is no manifest (no command or versions); name a folder that desist has written")
    listed = found.get("files", {})
    if not isinstance(listed, dict) or not all(isinstance(each, str) for each in listed.values()):
        raise ParameterError(f"[{path}] is no manifest (its files have no digests); run its command again")
    if not all(inside(name) for name in listed):
        raise ParameterError(f"[{path}] lists a file outside of its folder; run its command again")
    manifest: dict[str, Any] = found
    return manifest


def inside(name: str) -> bool:
    """Whether a name of a file stays in its folder, on any system."""
    path = PurePosixPath(name)
    return bool(name) and not path.is_absolute() and ".." not in path.parts and not {*"\\:\0"} & {*name}


def names_in(folder: Path) -> list[str]:
    """Files of a folder by their names in it, but hidden ones."""
    return [
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]


def readable(path: Path) -> bytes | None:
    """The bytes of a file; None where there is none, or it cannot be read."""
    try:
        return path.read_bytes() if path.is_file() else None
    except (OSError, ValueError):
        return None


# Commands -----------------------------------------------------------------------------------------------------


def bare(command: str) -> str:
    """A command without the options that decide no result: folder, store, cluster, threads, JSON."""
    return shlex.join(_bare(words_of(command)))


def shown(command: str) -> str:
    """A command as files carry it: bare, and input files by their names without the folders they lie in.

    A picture that is passed on does not show how the folders of a machine are called, and has the same bytes wherever
    it was made.
    """
    inputs, words = inputs_of(command), []
    for word in _bare(words_of(command)):
        name, sign, value = word.partition("=")
        if word in inputs:
            words.append(Path(word).name)
        else:
            words.append(f"{name}={Path(value).name}" if sign and value in inputs else word)
    return shlex.join(words)


def words_of(command: str) -> list[str]:
    """The words of a command line; a line that no shell could read is one word."""
    try:
        return shlex.split(command)
    except ValueError:
        return [command]


def _bare(words: Sequence[str]) -> list[str]:
    kept: list[str] = []
    waiting = False
    for k, word in enumerate(words):
        if word == "--":
            return [*kept, *words[k:]]
        name, sign, _ = word.partition("=")
        if waiting or name in _ASIDE:
            waiting = not waiting and _ASIDE[name] and not sign
        else:
            kept.append(word)
    return kept


def inputs_of(command: str) -> dict[str, str]:
    """Every file that a command names, as typed, with its SHA-256: after the verb, also behind ``=``."""
    found = {}
    for word in _bare(words_of(command))[2:]:
        for text in (word, word.partition("=")[2]):
            if text and not text.startswith("-") and (data := readable(Path(text))) is not None:
                found[text] = digest(data)
    return found


# Pages --------------------------------------------------------------------------------------------------------

_HEAD = '<script type="application/json" id="receipt">'
_PAGE = re.compile(re.escape(_HEAD) + r"(.*?)</script>", re.DOTALL)


def sealed_page(html: str, about: Mapping[str, Any]) -> str:
    """A page with its receipt inside: in the element ``<script type="application/json" id="receipt">``.

    Without such an element, it is put before the end of the body; ``ValueError`` if there are several, or no such end.
    To ``about`` (what made the page: command, digest, seed, versions, code and inputs) are added ``content``, the
    SHA-256 of the page with that element emptied, and ``receipt``.
    """
    if len(_PAGE.findall(html)) > 1:
        raise ValueError("the page has more than one receipt")
    if not _PAGE.search(html):
        head, end, rest = html.rpartition("</body>")
        if not end:
            raise ValueError("the page has no </body>")
        html = f"{head}{_HEAD}</script>\n{end}{rest}"
    empty = plain_page(html)
    own = sealed({**about, "content": digest(empty.encode())})
    text = json.dumps(own, ensure_ascii=False).replace("<", "\\u003c")
    return empty.replace(f"{_HEAD}</script>", f"{_HEAD}{text}</script>")


def page_receipt(html: str) -> dict[str, Any]:
    """The receipt inside a page; raises ``ParameterError`` if it has none, or more than one."""
    found = _PAGE.findall(html)
    try:
        own = json.loads(found[0]) if len(found) == 1 else None
    except ValueError:
        own = None
    if not isinstance(own, dict):
        raise ParameterError(f"the page has [{len(found)}] receipts that can be read; desist report writes one")
    return own


def untouched_page(html: str) -> bool:
    """Whether a page is, to the last character, what was sealed."""
    own = page_receipt(html)
    return intact(own) and sealed_page(html, without_seal(own)) == html


def plain_page(html: str) -> str:
    """A page with its receipt emptied: what ``content`` is the digest of."""
    return _PAGE.sub(f"{_HEAD}</script>", html)

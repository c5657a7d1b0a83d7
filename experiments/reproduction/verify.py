"""Whether results are what their receipts say: digests first, then the same command given again.

A finding is one row: a file, what became of its digest, what became of it when it was made again, and the first
difference in words. Nothing is written where the results lie.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from experiments.provenance.differences import difference, first_key
from experiments.provenance.receipts import (
    MANIFEST,
    bare,
    compare,
    digest,
    intact,
    manifest_of,
    names_in,
    page_receipt,
    plain_page,
    readable,
    untouched_page,
)
from experiments.provenance.stamps import in_a_line, stamp_of, untouched
from experiments.reproduction.rerun import report_again, study_again
from experiments.studies.result import STUDY
from simulation.parameters import ParameterError

SAME, CHANGED, ABSENT, UNLISTED = "as recorded", "changed", "not kept", "not listed"
MADE = {"bytes": "same bytes", "numbers": "same numbers", "pixels": "same pixels", "digest": "same digest",
        "keys": "same", "not compared": "not compared"}  # fmt: skip
ALONE = "not made again: that needs the folder it came from (or give the command yourself)"
Tell = Callable[[str], None]


@dataclass(frozen=True)
class FileRow:
    """One file."""

    file: str
    digest: str
    """as recorded, changed, not kept, not listed; for inputs also not here."""
    recomputed: str = "-"
    words: str = ""
    wrong: bool = False
    """Whether this is a reason for exit code 1."""

    @property
    def present(self) -> bool:
        """Whether the file is there and belongs to the result."""
        return self.digest not in (ABSENT, UNLISTED)


@dataclass
class ReceiptFinding:
    """What was found about one folder, page, or file that was moved."""

    path: str
    command: str
    rows: list[FileRow] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    recomputed: bool = False
    failed: bool = False
    """Whether something is wrong that no row says."""

    @property
    def good(self) -> bool:
        """Whether all is as recorded."""
        return not self.failed and not any(row.wrong for row in self.rows)

    def fail(self, why: str) -> None:
        """Note what is wrong with the whole."""
        self.notes.append(why)
        self.failed = True


def found(path: Path, *, quick: bool, tell: Tell) -> Iterator[ReceiptFinding]:
    """Check a folder, a tree of folders and pages, a file in a folder, a page, or a picture or text that was moved.

    Parameters
    ----------
    path
        What is checked.
    quick
        Digests only: nothing is made again.
    tell
        Is told in a line what is about to be made again.

    Raises
    ------
    ParameterError
        If there is nothing to check, or a file carries no receipt.
    """
    if path.is_dir():
        folders = sorted(each.parent for each in path.rglob(MANIFEST) if not _hidden(each.relative_to(path)))
        pages = sorted(each for each in path.rglob("*.html") if not _hidden(each.relative_to(path)) and _sealed(each))
        if not folders and not pages:
            raise ParameterError(
                f"PATH is [{path}], in which no {MANIFEST} was found; name a folder that desist has written"
            )
        yield from (of_folder(each, None, quick=quick, tell=tell) for each in folders)
        yield from (of_page(each, quick=quick, tell=tell) for each in pages)
        return
    if not path.is_file():
        raise ParameterError(f"PATH is [{path}], which was not found; name a folder or a file that desist has written")
    beside = (path.parent / MANIFEST).is_file()
    if beside and (path.name == MANIFEST or path.name in (manifest_of(path.parent).get("files") or {})):
        yield of_folder(path.parent, None if path.name == MANIFEST else path.name, quick=quick, tell=tell)
        return
    if path.suffix == ".html":
        yield of_page(path, quick=quick, tell=tell)
        return
    yield of_file(path, beside=beside)


def of_folder(folder: Path, only: str | None, *, quick: bool, tell: Tell) -> ReceiptFinding:
    """A folder with a manifest; ``only`` one file of it."""
    try:
        manifest = manifest_of(folder)
    except ParameterError as problem:
        finding = ReceiptFinding(path=str(folder), command="")
        finding.fail(str(problem))
        return finding
    finding = ReceiptFinding(path=str(folder), command=manifest["command"])
    if not isinstance(manifest.get("files"), dict) or "receipt" not in manifest:
        finding.fail(f"its manifest was written before receipts; run it again: {manifest['command']}")
        return finding
    rows = {row.file: row for row in _digests(folder, manifest) if only is None or row.file in (only, MANIFEST)}
    inputs = list(_inputs(manifest.get("inputs")))
    if not quick:
        _made_again(folder, manifest, rows, inputs, finding, only, tell)
    finding.rows = [*rows.values(), *inputs]
    return finding


def _made_again(folder: Path, manifest: Mapping[str, Any], rows: dict[str, FileRow], inputs: list[FileRow],
                finding: ReceiptFinding, only: str | None, tell: Tell) -> None:  # fmt: skip
    """Give the command again and put what became of each file into its row."""
    gone = [row.file.removeprefix("input ") for row in inputs if row.wrong]
    if gone:
        finding.fail(f"not made again: [{gone[0]}] is not the file that the command read (paths count from here)")
        return
    if "study" not in manifest:
        finding.fail(f"not made again: its manifest holds no study; run it again: {manifest['command']}")
        return
    if readable(folder / STUDY) != str(manifest["study"]).encode():
        finding.fail(f"not made again: its {STUDY} is not the study that its manifest holds")
        return
    if manifest.get("complete") is False:
        finding.fail("not made again: the command was interrupted; run it to its end")
        return
    with tempfile.TemporaryDirectory(prefix="desist-verify-") as place:
        tell(f"made again: {bare(finding.command)} ...")
        fresh = Path(place) / "again"
        if reason := study_again(folder, fresh, language=str(manifest.get("language", "en"))):
            finding.fail(f"not made again: {reason}")
            return
        finding.recomputed = True
        now = manifest_of(fresh)
        finding.notes += list(_notes(manifest, now))
        for row in compare(folder, fresh).to_dict("records"):
            name = row["file"]
            if only is not None and name not in (only, MANIFEST):
                continue
            before = rows.get(name) or FileRow(file=name, digest=UNLISTED)
            made = MADE[row["compared"]] if row["equal"] else "differs"
            words = row["words"] if not row["equal"] or not before.words else before.words
            rows[name] = FileRow(file=name, digest=before.digest, recomputed=made, words=words,
                             wrong=before.wrong or not row["equal"])  # fmt: skip


def _notes(was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """What a reader must know of a comparison."""
    old, new = was["versions"], now["versions"]
    other = [f"{name} {old.get(name, '-')}, here {new.get(name, '-')}" for name in {**old, **new}
             if old.get(name) != new.get(name)]  # fmt: skip
    if other:
        yield (f"made by other versions ({'; '.join(other)}): numbers are compared to 1e-6 of their size, texts to the "
               "last digit printed, pictures only if Matplotlib is the same")  # fmt: skip
    if was.get("code") != now.get("code"):
        yield f"the code has changed since (recorded {was.get('code')}, here {now.get('code')})"
    if "--cluster" in str(was["command"]):
        yield "the command named a cluster; it was made again here"


def _digests(folder: Path, manifest: Mapping[str, Any]) -> Iterator[FileRow]:
    """The manifest and every file that it lists, and what else lies in the folder."""
    text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
    whole = intact(manifest) and text.encode() == (folder / MANIFEST).read_bytes()
    yield _row(MANIFEST, whole, "it is not what was written")
    files = manifest["files"]
    for name, recorded in files.items():
        if not _inside(name):
            yield FileRow(file=str(name), digest=CHANGED, words="its name leads out of the folder", wrong=True)
            continue
        data = readable(folder / name)
        if data is None:
            yield FileRow(file=name, digest=ABSENT)
        else:
            yield _row(name, digest(data) == recorded, "its digest is not the recorded one")
    for name in sorted({*names_in(folder)} - {*files, MANIFEST}):
        if "/" not in name:
            yield FileRow(file=name, digest=UNLISTED, words="the command did not write it")


def _row(name: str, good: bool, words: str) -> FileRow:
    return FileRow(file=name, digest=SAME if good else CHANGED, words="" if good else words, wrong=not good)


def _inputs(inputs: object) -> Iterator[FileRow]:
    """Files that the command read, wherever they are, seen from here."""
    for name, recorded in (inputs if isinstance(inputs, dict) else {}).items():
        data = readable(Path(str(name)))
        if data is None:
            yield FileRow(file=f"input {name}", digest="not here", words="it was not found", wrong=True)
        else:
            yield _row(f"input {name}", digest(data) == recorded, "it was changed since the command read it")


def _inside(name: object) -> bool:
    if not isinstance(name, str) or "\\" in name or ":" in name:
        return False
    path = PurePosixPath(name)
    return bool(name) and not path.is_absolute() and ".." not in path.parts


def _sealed(path: Path) -> bool:
    """Whether a page has a receipt of its own."""
    try:
        page_receipt((readable(path) or b"").decode("utf-8", errors="replace"))
    except ParameterError:
        return False
    return True


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


# Pages, and files that were moved ----------------------------------------------------------------------------------


def of_page(path: Path, *, quick: bool, tell: Tell) -> ReceiptFinding:
    """A page that ``desist report`` has written, wherever it lies."""
    html = path.read_bytes().decode("utf-8", errors="replace")
    own = page_receipt(html)
    finding = ReceiptFinding(path=str(path), command=str(own.get("command", "")))
    inputs = list(_inputs(own.get("inputs")))
    page = _row(path.name, untouched_page(html), "the page is not what was sealed")
    gone = [row.file.removeprefix("input ") for row in inputs if row.wrong]
    if not quick and gone:
        finding.fail(f"not made again: [{gone[0]}] is not the file that the command read (paths count from here)")
    elif not quick:
        with tempfile.TemporaryDirectory(prefix="desist-verify-") as place:
            tell(f"made again: {bare(finding.command)} ...")
            fresh = Path(place) / path.name
            if reason := report_again(finding.command, fresh):
                finding.fail(f"not made again: {reason}")
            else:
                finding.recomputed = True
                page = _page_again(page, html, own, next(iter(sorted(Path(place).rglob("*.html")))), finding)
    finding.rows = [page, *inputs]
    return finding


def _page_again(page: FileRow, html: str, own: Mapping[str, Any], fresh: Path, finding: ReceiptFinding) -> FileRow:
    """The row of a page beside the page that the same command gives now."""
    now = fresh.read_bytes().decode("utf-8")
    other = page_receipt(now)
    versions = own.get("versions") if isinstance(own.get("versions"), dict) else {}
    finding.notes += list(_notes({**own, "versions": versions}, other))
    exact = versions == other["versions"]
    words = first_key(_kept(own), _kept(other), exact=exact)
    words = words or difference("page", plain_page(html).encode(), plain_page(now).encode(), exact=exact)
    made = "differs" if words else MADE["bytes" if exact else "numbers"]
    return FileRow(file=page.file, digest=page.digest, recomputed=made, words=words or page.words,
               wrong=page.wrong or bool(words))  # fmt: skip


def _kept(own: Mapping[str, Any]) -> dict[str, Any]:
    """What two receipts of a page must have in common."""
    aside = ("command", "code", "inputs", "versions", "content", "receipt")
    return {key: value for key, value in own.items() if key not in aside}


def of_file(path: Path, *, beside: bool) -> ReceiptFinding:
    """A picture or a text that carries its own receipt, or a table of the page whose receipt lies beside it.

    Raises
    ------
    ParameterError
        If it carries none.
    """
    listed = _beside(path)
    if listed is not None:
        return _of_the_page(path.with_suffix(".json"), listed)
    data = path.read_bytes()
    own = stamp_of(path.name, data)
    if own is None:
        where = "is not listed in the manifest beside it" if beside else "has no manifest beside it"
        raise ParameterError(f"PATH is [{path}], which {where} and carries no receipt; verify the folder it came from")
    finding = ReceiptFinding(path=str(path), command=str(own.get("command", "")))
    finding.rows = [_row(path.name, untouched(path.name, data), "it is not what was stamped")]
    finding.notes += [said(own), ALONE]
    return finding


def _beside(path: Path) -> dict[str, Any] | None:
    """The receipt of a table that was saved from the page: ``.json`` with the same name; None if there is none."""
    data = readable(path.with_suffix(".json")) if path.suffix in (".csv", ".json") else None
    try:
        own = json.loads(data or b"")
    except (ValueError, RecursionError):
        return None
    return own if isinstance(own, dict) and isinstance(own.get("files"), dict) and "receipt" in own else None


def _of_the_page(path: Path, own: Mapping[str, Any]) -> ReceiptFinding:
    """A table that was saved from the page, and its receipt beside it."""
    finding = ReceiptFinding(path=str(path), command=str(own.get("command", "")))
    finding.rows = [_row(path.name, intact(own), "it is not what was sealed")]
    for name, recorded in own["files"].items():
        data = readable(path.parent / name) if _inside(name) else None
        if data is None:
            finding.rows.append(FileRow(file=str(name), digest=ABSENT))
        else:
            finding.rows.append(_row(name, digest(data) == recorded, "its digest is not the recorded one"))
    finding.notes += [said(own), ALONE]
    return finding


def said(own: Mapping[str, Any]) -> str:
    """What a stamp says, as a line for people."""
    if "line" in own:
        return str(own["line"])
    return in_a_line({"command": "no command", "digest": "", "desist": "of no version", **own})

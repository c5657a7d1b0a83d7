"""Whether results are what their receipts say: digests first, then the same command given again.

A finding is one row: a file, what became of its digest, what became of it when it was made again, and the first
difference as text. Nothing is written where the results lie.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import click

from experiments.provenance.differences import difference, first_key
from experiments.provenance.receipts import (
    MANIFEST,
    bare,
    compare,
    inside,
    manifest_of,
    names_in,
    page_receipt,
    plain_page,
    readable,
    untouched_page,
)
from experiments.provenance.stamps import digest, in_a_line, intact, stamp_of, untouched
from experiments.reproduction.rerun import report_again, study_again
from experiments.studies.result import STUDY
from simulation.parameters import ParameterError

SAME, CHANGED, ABSENT, UNLISTED = "as recorded", "changed", "not kept", "not listed"
MADE = {"bytes": "same bytes", "numbers": "same numbers", "pixels": "same pixels", "digest": "same digest",
        "keys": "same", "not compared": "not compared"}  # fmt: skip
ALONE = "not made again: that needs the folder it came from (or give the command yourself)"


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
    other_versions: bool = False
    """Whether it claims other versions than those here, so that making it again proves nothing to the last digit."""

    @property
    def good(self) -> bool:
        """Whether nothing is wrong."""
        return not self.failed and not any(row.wrong for row in self.rows)

    @property
    def as_recorded(self) -> bool:
        """Whether all is as recorded, which cannot be said of other versions."""
        return self.good and not self.other_versions

    def fail(self, why: str) -> None:
        """Note what is wrong with the whole."""
        self.notes.append(why)
        self.failed = True


def found(path: Path, *, quick: bool) -> Iterator[ReceiptFinding]:
    """Check a folder, a tree of folders and pages, a file in a folder, a page, or a picture or text that was moved.

    ``quick`` compares digests only: nothing is made again. Raises ``ParameterError`` if there is nothing to check, or a
    file carries no receipt.
    """
    if path.is_dir():
        folders = sorted(each.parent for each in path.rglob(MANIFEST) if not _hidden(each.relative_to(path)))
        pages = sorted(each for each in path.rglob("*.html") if not _hidden(each.relative_to(path)) and _sealed(each))
        if not folders and not pages:
            raise ParameterError(
                f"PATH is [{path}], in which no {MANIFEST} was found; name a folder that desist has written"
            )
        yield from (of_folder(each, None, quick=quick) for each in folders)
        yield from (of_page(each, quick=quick) for each in pages)
        return
    if not path.is_file():
        raise ParameterError(f"PATH is [{path}], which was not found; name a folder or a file that desist has written")
    beside = (path.parent / MANIFEST).is_file()
    if beside and (path.name == MANIFEST or path.name in (manifest_of(path.parent).get("files") or {})):
        yield of_folder(path.parent, None if path.name == MANIFEST else path.name, quick=quick)
    elif path.suffix == ".html":
        yield of_page(path, quick=quick)
    else:
        yield of_file(path, beside=beside)


def of_folder(folder: Path, only: str | None, *, quick: bool) -> ReceiptFinding:
    """A folder with a manifest; ``only`` one file of it."""
    try:
        manifest = manifest_of(folder)
    except ParameterError as problem:
        return ReceiptFinding(path=str(folder), command="", notes=[str(problem)], failed=True)
    finding = ReceiptFinding(path=str(folder), command=manifest["command"])
    if not isinstance(manifest.get("files"), dict) or "receipt" not in manifest:
        finding.fail(f"its manifest was written before receipts; run it again: {manifest['command']}")
        return finding
    rows = {row.file: row for row in _digests(folder, manifest) if only is None or row.file in (only, MANIFEST)}
    inputs = list(_inputs(manifest.get("inputs")))
    if not quick:
        if reason := _gone(inputs) or _not_to_be_made(folder, manifest) or _made_again(folder, manifest, rows, finding):
            finding.fail(f"not made again: {reason}")
        if only is not None:
            rows = {name: row for name, row in rows.items() if name in (only, MANIFEST)}
    finding.rows = [*rows.values(), *inputs]
    return finding


def _gone(inputs: list[FileRow]) -> str:
    """Why a command cannot be given again: a file that it read is not here. Nothing if all are."""
    gone = [row.file.removeprefix("input ") for row in inputs if row.wrong]
    return f"[{gone[0]}] is not the file that the command read (paths count from here)" if gone else ""


def _not_to_be_made(folder: Path, manifest: Mapping[str, Any]) -> str:
    """Why the study of a folder cannot be run again; nothing if it can."""
    if "study" not in manifest:
        return f"its manifest holds no study; run it again: {manifest['command']}"
    if readable(folder / STUDY) != str(manifest["study"]).encode():
        return f"its {STUDY} is not the study that its manifest holds"
    return "the command was interrupted; run it to its end" if manifest.get("complete") is False else ""


def _made_again(
    folder: Path, manifest: Mapping[str, Any], rows: dict[str, FileRow], finding: ReceiptFinding
) -> str:  # fmt: skip
    """Give the command again and put what became of each file into its row; why not, if it could not be given."""
    with tempfile.TemporaryDirectory(prefix="desist-verify-") as place:
        click.echo(f"made again: {bare(finding.command)} ...", err=True)
        fresh = Path(place) / "again"
        if reason := study_again(folder, fresh, language=str(manifest.get("language", "en"))):
            return reason
        finding.recomputed = True
        now = manifest_of(fresh)
        finding.other_versions = manifest["versions"] != now["versions"]
        finding.notes += list(_notes(manifest, now))
        for row in compare(folder, fresh).to_dict("records"):
            before = rows.get(row["file"]) or FileRow(file=row["file"], digest=UNLISTED)
            made = MADE[row["compared"]] if row["equal"] else "differs"
            words = row["words"] if not row["equal"] or not before.words else before.words
            rows[row["file"]] = replace(before, recomputed=made, words=words, wrong=before.wrong or not row["equal"])
    return ""


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
    yield from _listed(folder, manifest["files"])
    for name in sorted({*names_in(folder)} - {*manifest["files"], MANIFEST}):
        if "/" not in name:
            yield FileRow(file=name, digest=UNLISTED, words="the command did not write it")


def _listed(folder: Path, files: Mapping[str, Any]) -> Iterator[FileRow]:
    """Files by their recorded digests."""
    for name, recorded in files.items():
        if not inside(name):
            yield FileRow(file=str(name), digest=CHANGED, words="its name leads out of the folder", wrong=True)
        elif (data := readable(folder / name)) is None:
            yield FileRow(file=name, digest=ABSENT)
        else:
            yield _row(name, digest(data) == recorded, "its digest is not the recorded one")


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


def of_page(path: Path, *, quick: bool) -> ReceiptFinding:
    """A page that ``desist report`` has written, wherever it lies."""
    html = path.read_bytes().decode("utf-8", errors="replace")
    own = page_receipt(html)
    finding = ReceiptFinding(path=str(path), command=str(own.get("command", "")))
    inputs = list(_inputs(own.get("inputs")))
    finding.rows = [_row(path.name, untouched_page(html), "the page is not what was sealed"), *inputs]
    if not quick and (reason := _gone(inputs) or _page_again(html, own, finding)):
        finding.fail(f"not made again: {reason}")
    return finding


def _page_again(html: str, own: Mapping[str, Any], finding: ReceiptFinding) -> str:
    """Give the command of a page again and compare the two; why not, if it could not be given."""
    page = finding.rows[0]
    with tempfile.TemporaryDirectory(prefix="desist-verify-") as place:
        click.echo(f"made again: {bare(finding.command)} ...", err=True)
        if reason := report_again(finding.command, Path(place) / page.file):
            return reason
        now = next(iter(sorted(Path(place).rglob("*.html")))).read_bytes().decode("utf-8")
    finding.recomputed = True
    other = page_receipt(now)
    versions = own.get("versions") if isinstance(own.get("versions"), dict) else {}
    finding.notes += list(_notes({**own, "versions": versions}, other))
    exact = versions == other["versions"]
    finding.other_versions = not exact
    words = first_key(_common(own), _common(other), exact=exact)
    words = words or difference("page", plain_page(html).encode(), plain_page(now).encode(), exact=exact)
    made = "differs" if words else MADE["bytes" if exact else "numbers"]
    finding.rows[0] = replace(page, recomputed=made, words=words or page.words, wrong=page.wrong or bool(words))
    return ""


def _common(own: Mapping[str, Any]) -> dict[str, Any]:
    """What two receipts of a page must have in common."""
    aside = ("command", "code", "inputs", "versions", "content", "receipt")
    return {key: value for key, value in own.items() if key not in aside}


def of_file(path: Path, *, beside: bool) -> ReceiptFinding:
    """A picture or a text that carries its own receipt, or a table of the page whose receipt lies beside it.

    Raises ``ParameterError`` if it carries none.
    """
    data = path.read_bytes()
    listed = _page_table_receipt(path)
    own = listed or stamp_of(path.name, data)
    if own is None:
        where = "is not listed in the manifest beside it" if beside else "has no manifest beside it"
        raise ParameterError(f"PATH is [{path}], which {where} and carries no receipt; verify the folder it came from")
    if listed:
        path = path.with_suffix(".json")
        rows = [_row(path.name, intact(own), "it is not what was sealed"), *_listed(path.parent, own["files"])]
    else:
        rows = [_row(path.name, untouched(path.name, data), "it is not what was stamped")]
    line = own.get("line") or in_a_line({"command": "no command", "digest": "", "desist": "of no version", **own})
    return ReceiptFinding(path=str(path), command=str(own.get("command", "")), rows=rows, notes=[str(line), ALONE])


def _page_table_receipt(path: Path) -> dict[str, Any] | None:
    """The receipt of a table that was saved from the page: ``.json`` with the same name; None if there is none."""
    data = readable(path.with_suffix(".json")) if path.suffix in (".csv", ".json") else None
    try:
        own = json.loads(data or b"")
    except (ValueError, RecursionError):
        return None
    return own if isinstance(own, dict) and isinstance(own.get("files"), dict) and "receipt" in own else None

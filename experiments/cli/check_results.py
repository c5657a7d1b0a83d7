"""``desist check-results``: are results what their receipts say?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from experiments.cli.command import shared_options
from experiments.cli.main import echo_json
from experiments.execution.store_listing import aligned

if TYPE_CHECKING:
    from experiments.reproduction.verify import ReceiptFinding


@shared_options("json")
@click.command("check-results")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--quick", is_flag=True, help="Compare digests only; run nothing again.")
def check_results(path: Path, quick: bool, as_json: bool) -> int:
    """Are results what their receipts say? Digests are compared, then the study is run again and its files compared.

    PATH is a folder that a study was saved in, a file in it, a tree of such folders (desist check-results results), a
    page of desist report, or a picture or text that was moved. Nothing is changed there. Files that a study read are
    looked for from here. The exit code is 1 if anything is not as recorded.
    """
    from experiments.reproduction.verify import found  # pandas: not needed for the help

    findings = []
    for finding in found(path, quick=quick):
        findings.append(finding)
        if not as_json:
            click.echo(("\n" if len(findings) > 1 else "") + "\n".join(_lines(finding, quick=quick)))
    good = all(each.good for each in findings)
    if as_json:
        echo_json({"path": str(path), "as_recorded": good, "quick": quick, "found": [
            {"path": each.path, "command": each.command, "as_recorded": each.good, "recomputed": each.recomputed,
             "notes": each.notes, "files": [vars(row) for row in each.rows]} for each in findings
        ]})  # fmt: skip
    elif len(findings) > 1:
        wrong = [each.path for each in findings if not each.good]
        verdict = f"not as recorded: {', '.join(wrong)}" if wrong else "all as recorded"
        click.echo(f"\n{len(findings)} folders and pages, {verdict}.")
    return 0 if good else 1


def _lines(finding: ReceiptFinding, *, quick: bool) -> Iterator[str]:
    """A verdict, what was not as recorded, and a line a file."""
    kept = sum(row.present for row in finding.rows)
    files = f"{kept} file{'s' * (kept != 1)}"
    if not finding.good:
        yield f"{finding.path}: NOT as recorded."
    elif finding.recomputed:
        yield f"{finding.path}: as recorded, and the same when made again ({files})."
    elif quick:
        yield f"{finding.path}: as recorded by its digests ({files}); nothing was made again."
    else:
        yield f"{finding.path}: untouched since it was written, by its own receipt."
    yield from (f"  {note}" for note in finding.notes)
    if finding.rows:
        names = ("file", "digest", "made again", "first difference")
        cells = [(row.file, row.digest, row.recomputed, row.words) for row in finding.rows]
        yield from (f"  {line}" for line in aligned([names, *cells]))

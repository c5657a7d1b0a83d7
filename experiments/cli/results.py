"""Commands on results: made as one file for readers, rebuilt, and checked against their receipts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from experiments.cli.command import FILE, PATH, shared_options
from experiments.cli.main import echo_json
from experiments.execution.store_listing import aligned

if TYPE_CHECKING:
    from experiments.reproduction.verify import ReceiptFinding


@shared_options("seed", "threads", "store", "no-store", "cluster", "language", "json")
@click.command()
@click.argument("names", nargs=-1, required=True, metavar="STUDY|PLAN ...")
@click.option("--out", type=FILE, default=None, metavar="FILE.html",
              help="The file (default: results/report/NAME-LANGUAGE.html).")  # fmt: skip
@click.option("--prices", type=PATH, default=None, metavar="FILE",
              help="Plans: prices that differ from those that come with Desist (TOML; docs/money.md).")  # fmt: skip
@click.option("--posterior", type=PATH, default=None, metavar="FILE",
              help="Plans: draws from desist calibrate (default: those that come with Desist).")  # fmt: skip
@click.option("--draws", type=click.IntRange(2, 100_000), default=None, help="Plans: how many draws.")  # fmt: skip
@click.option("--grade-draws", type=click.IntRange(0, 100_000), default=None,
              help="Plans: further draws that divide the uncertainty by grade (240 do; default: none).")  # fmt: skip
def report(names: tuple[str, ...], out: Path | None, as_json: bool, **options: Any) -> None:
    """One file that a civil servant can read, on a screen or on paper, in English or Danish.

    STUDY is trial, sweep, calibration, mechanisms, power, ladder or check-model: its folder under results/ is read if
    it was made by the same study and code, and the study is run otherwise. What follows -- are options of the study.
    PLAN is the name or file of a plan for the whole country, as for desist rollout; two or more are compared, with the
    same random numbers.

    \b
    desist report trial --language da
    desist report nationwide-at-once --language da
    desist report todays-area nationwide-at-once
    desist report power -- --size 400
    """  # noqa: D301
    from experiments.cli.reporting import make_report  # studies, tables and figures: not needed for the help

    make_report(names, out, as_json, **options)


@shared_options("store", "json")
@click.command()
@click.argument("names", nargs=-1, metavar="[STUDY ...]")
@click.option("--list", "listed", is_flag=True, help="List the studies and run nothing.")
@click.option("--quick", is_flag=True, help="Only those that take half a minute or less.")
@click.option("--no-long", is_flag=True, help="Leave out those that take half an hour and more.")
@click.option("--check", is_flag=True,
              help="Rebuild elsewhere without the store, compare with results/, change nothing.")  # fmt: skip
@click.option("--documents", "quote", is_flag=True,
              help="Write what the documents take from results/ and the code; run nothing.")  # fmt: skip
def reproduce(
    names: tuple[str, ...], listed: bool, quick: bool, no_long: bool, check: bool, quote: bool, store: Path | None,
    as_json: bool,
) -> int:  # fmt: skip
    """Rebuild the headline studies in results/, all of them or those that are named.

    STUDY is a folder below results/, or the beginning of some (power). Finished pieces are stored: interrupted, the
    same command goes on where it stood. With --check the studies are rebuilt in a folder beside, from nothing, and
    compared with results/ file by file; with --documents the documents are made to say what results/ says, or with both
    they are checked. The exit code is 1 if a study broke off, a check of its own failed, or something differs.

    \b
    desist reproduce --quick --check
    desist reproduce ladder
    """  # noqa: D301
    # Here, since the studies and pandas would slow --help.
    from experiments.cli import rebuilding
    from experiments.reproduction.headline_studies import chosen

    if quote:
        if names or quick or no_long or listed:
            raise click.UsageError("--documents goes with --check and --json only: it runs no studies")
        return rebuilding.quote_documents(check, as_json)
    studies = chosen(names, quick=quick, no_long=no_long)
    if listed:
        return rebuilding.list_studies(studies, as_json)
    return rebuilding.check(studies, as_json) if check else rebuilding.rebuild_here(studies, store, as_json)


OTHER_VERSIONS = 3
"""Exit code where nothing is wrong, but results claim versions on which they cannot be compared to the last digit."""


@shared_options("json")
@click.command("check-results")
@click.argument("path", type=PATH)
@click.option("--quick", is_flag=True, help="Compare digests only; run nothing again.")
def check_results(path: Path, quick: bool, as_json: bool) -> int:
    """Are results what their receipts say? Digests are compared, then the study is run again and its files compared.

    PATH is a folder that a study was saved in, a file in it, a tree of such folders (desist check-results results), a
    page of desist report, or a picture or text that was moved. Nothing is changed there. Files that a study read are
    looked for from here. The exit code is 1 if anything is not as recorded, and 3 if nothing is wrong but results claim
    other versions than those here: then they cannot be compared to the last digit.
    """
    from experiments.reproduction.verify import found  # pandas: not needed for the help

    findings = []
    for finding in found(path, quick=quick):
        findings.append(finding)
        if not as_json:
            click.echo(("\n" if len(findings) > 1 else "") + "\n".join(_lines(finding, quick=quick)))
    good = all(each.as_recorded for each in findings)
    if as_json:
        echo_json({"path": str(path), "as_recorded": good, "quick": quick, "found": [
            {"path": each.path, "command": each.command, "as_recorded": each.as_recorded,
             "other_versions": each.other_versions, "recomputed": each.recomputed,
             "notes": each.notes, "files": [vars(row) for row in each.rows]} for each in findings
        ]})  # fmt: skip
    elif len(findings) > 1:
        wrong = [each.path for each in findings if not each.good]
        others = [each.path for each in findings if each.good and each.other_versions]
        verdicts = [f"not as recorded: {', '.join(wrong)}"] if wrong else []
        verdicts += [f"cannot be compared on these versions: {', '.join(others)}"] if others else []
        click.echo(f"\n{len(findings)} folders and pages, {'; '.join(verdicts) or 'all as recorded'}.")
    return 0 if good else OTHER_VERSIONS if all(each.good for each in findings) else 1


def _lines(finding: ReceiptFinding, *, quick: bool) -> Iterator[str]:
    """A verdict, what was not as recorded, and a line a file."""
    kept = sum(row.present for row in finding.rows)
    files = f"{kept} file{'s' * (kept != 1)}"
    if not finding.good:
        yield f"{finding.path}: NOT as recorded."
    elif finding.other_versions:
        yield f"{finding.path}: cannot be compared on these versions ({files}); install those that it names."
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

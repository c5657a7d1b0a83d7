"""``desist reproduce``: the headline studies again, from their commands to the numbers in the documents."""

from __future__ import annotations

from pathlib import Path

import click

from experiments.cli.command import shared_options


@shared_options("store", "json")
@click.command()
@click.argument("names", nargs=-1, metavar="[STUDY ...]")
@click.option("--list", "listed", is_flag=True, help="List the studies and run nothing.")
@click.option("--quick", is_flag=True, help="Only those that take half a minute or less.")
@click.option("--no-long", is_flag=True, help="Leave out those that take half an hour and more.")
@click.option("--check", is_flag=True,
              help="Rebuild elsewhere without the store, compare with results/, change nothing.")  # fmt: skip
@click.option("--documents", "quote", is_flag=True,
              help="Write the numbers, tables and pictures of the documents from results/; run nothing.")  # fmt: skip
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

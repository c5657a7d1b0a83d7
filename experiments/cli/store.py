"""``desist store``: what is in the store of finished runs, whether it is whole, and how to make room in it."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

import click

from experiments.cli.command import PATH, shared_options
from experiments.cli.main import echo
from experiments.execution.jobs import KEPT
from experiments.execution.store import Contents, StoredStudy
from experiments.execution.store_listing import (
    format_count,
    format_size,
    of_present_code,
    store_listing,
    store_summary,
    study_rows,
)
from simulation.errors import nearest
from simulation.parameters import ParameterError

DAY = 86_400.0
"""Seconds."""
SHORTEST = 4
"""Digits of a study's digest that must be given at least."""


@shared_options("json")
@click.command()
@click.option("--store", "folder", type=PATH, default=None, envvar="DESIST_STORE",
              help="Folder of the store (default: results/runs, or DESIST_STORE).")
@click.option("--verify", is_flag=True, help="Check that every piece, and every description of a study, is whole; exit "
                   "code 1 if not.")
@click.option("--remove", multiple=True, metavar="STUDY",
              help="Remove studies of this name or digest; may be repeated.")
@click.option("--remove-outdated", is_flag=True, help="Remove studies of other code than this, and pieces of no study.")
@click.option("--older-than", type=click.FloatRange(0), default=None, metavar="DAYS",
              help="Remove studies that were last used so long ago.")
@click.option("--remove-all", is_flag=True, help="Remove everything.")
@click.option("--yes", is_flag=True, help="Remove without asking.")
def store(
    folder: Path | None, verify: bool, remove: tuple[str, ...], remove_outdated: bool, older_than: float | None,
    remove_all: bool, yes: bool, as_json: bool,
) -> int:  # fmt: skip
    """List the store of finished runs, show its size, check it, prune it.

    A study is listed once for every design, seed and version of the code it was run with. A piece that a study left in
    the store still needs stays, whatever else is removed.
    """
    pruning = bool(remove) or remove_outdated or remove_all or older_than is not None
    if verify and pruning:
        raise ParameterError("--verify is given with something to remove; give one of them at a time")
    contents = Contents.of(folder or KEPT)
    for file in contents.unreadable:
        click.echo(f"desist: {file} describes no study; --remove-all removes it", err=True)
    if verify:
        return _verify(contents, as_json)
    if pruning:
        gone = contents.studies if remove_all else _named(contents, remove) + [
            study for study in contents.studies
            if (remove_outdated and of_present_code(study) is False)
            or (older_than is not None and (time.time() - contents.last_used(study)) / DAY >= older_than)
        ]  # fmt: skip
        _prune(contents, gone, unlisted=remove_all or remove_outdated, everything=remove_all, yes=yes, as_json=as_json)
    else:
        echo(store_summary(contents), "\n".join(store_listing(contents)), as_json)
    return 0


def _named(contents: Contents, texts: Sequence[str]) -> list[StoredStudy]:
    """The studies that names or beginnings of digests stand for."""
    chosen: list[StoredStudy] = []
    for text in texts:
        some = [
            study for study in contents.studies
            if study.name == text or (len(text) >= SHORTEST and study.digest.startswith(text))
        ]  # fmt: skip
        if not some:
            names = dict.fromkeys(study.name for study in contents.studies)
            known = nearest(text, names) if names else "the store has no studies"
            raise ParameterError(
                f"--remove is [{text}], which is no study's name or digest in {contents.path}; {known}"
            )
        chosen += some
    return chosen


def _verify(contents: Contents, as_json: bool) -> int:
    """Check every piece; returns the exit code."""
    every = contents.files(contents.pieces)
    damaged = [piece.path for piece in every if not piece.whole()]
    for path in damaged:
        click.echo(f"desist: {path} is damaged; the study that needs it will compute it again", err=True)
    verdict = f"{len(damaged)} damaged" if damaged else "all whole"
    unreadable = [str(path) for path in contents.unreadable]
    if unreadable:
        verdict += f", and {format_count(len(unreadable), 'description')} of a study that cannot be read"
    text = f"{format_count(len(every), 'piece')} in {contents.path} read: {verdict}."
    data = {"store": str(contents.path), "pieces": len(every), "damaged": damaged, "unreadable": unreadable}
    echo(data, text, as_json)
    return 1 if damaged or unreadable else 0


def _prune(
    contents: Contents, gone: Sequence[StoredStudy], *, unlisted: bool, everything: bool, yes: bool, as_json: bool
) -> None:  # fmt: skip
    """Show what goes and how much it frees; remove it if that is confirmed."""
    gone = list({study.digest: study for study in gone}.values())
    pieces = contents.freed(gone, unlisted=unlisted)
    others = contents.unreadable if everything else []
    freed = sum(piece.size for piece in pieces)
    lines = [
        f"{row['study'][:8]}  {row['name']}, last used {row['last_used']}: {format_count(row['done'], 'piece')}, "
        f"{format_size(row['bytes'])}"
        for row in study_rows(contents, gone)
    ]
    what = (f"{format_count(len(gone), 'study', 'studies')} and {format_count(len(pieces), 'piece')}, "
            f"{format_size(freed)}")  # fmt: skip
    if not gone and not pieces and not others:
        echo({}, "There is nothing to remove.", as_json)
        return
    if not as_json:
        click.echo("\n".join([*lines, f"To be removed from {contents.path}: {what}."]))
    if not yes:
        if as_json or not sys.stdin.isatty():
            raise ParameterError(f"nothing was removed; give --yes to remove {what}")
        if not click.confirm("Remove them?"):
            click.echo("Nothing was removed.")
            return
    contents.remove(gone, pieces)
    for path in others:
        path.unlink(missing_ok=True)
    removed = [study.digest for study in gone]
    data = {"store": str(contents.path), "removed": removed, "pieces": len(pieces), "bytes": freed}
    echo(data, f"Removed: {what}.", as_json)

"""``desist runs``: what is in the store of finished runs, whether it is whole, and room made in it."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import click

from experiments.cli.main import echo_json, json_option

SHORTEST = 4
"""Digits of a study's digest that must be given at least."""
CODE = {True: "present", False: "other", None: "not here"}
DAY = 86_400.0
"""Seconds."""


@click.command()
@click.option("--store", type=click.Path(path_type=Path), default=None, envvar="DESIST_STORE", help="Folder of the store (default: results/runs, or DESIST_STORE).")  # noqa: E501
@click.option("--verify", is_flag=True, help="Read every piece and check that it is whole; exit code 1 if one is not.")
@click.option("--remove", multiple=True, metavar="STUDY", help="Remove studies of this name or digest; may be repeated.")  # noqa: E501
@click.option("--remove-outdated", is_flag=True, help="Remove studies of other code than this, and pieces of no study.")
@click.option("--older-than", type=click.FloatRange(0), default=None, metavar="DAYS", help="Remove studies that were last used so long ago.")  # noqa: E501
@click.option("--remove-all", is_flag=True, help="Remove everything.")
@click.option("--yes", is_flag=True, help="Remove without asking.")
@json_option
@click.pass_context
def runs(ctx, store, verify, remove, remove_outdated, older_than, remove_all, yes, as_json):  # type: ignore[no-untyped-def]
    """List the store of finished runs, show its size, check it, prune it.

    A study is listed once for every design, seed and version of the code it was run with. A piece that a study left in
    the store still needs stays, whatever else is removed.
    """
    from experiments.execution.jobs import KEPT
    from experiments.execution.store import Contents
    from simulation.parameters import ParameterError

    path = store or KEPT
    pruning = remove or remove_outdated or remove_all or older_than is not None
    if verify and pruning:
        raise ParameterError("--verify is given with something to remove; give one of them at a time")
    found = Contents.of(path)
    for file in found.unreadable:
        click.echo(f"desist: {file} describes no study; --remove-all removes it", err=True)
    if verify:
        ctx.exit(_verified(found, as_json))
    if pruning:
        gone = found.studies if remove_all else _named(found, remove) + [
            study for study in found.studies
            if (remove_outdated and _present(study) is False)
            or (older_than is not None and _age(found, study) >= older_than)
        ]  # fmt: skip
        _prune(found, gone, unlisted=remove_all or remove_outdated, yes=yes, as_json=as_json, everything=remove_all)
    elif as_json:
        echo_json(_as_data(found))
    else:
        click.echo("\n".join(words_of(found)))


def _present(study):  # type: ignore[no-untyped-def]
    """Whether a study was made by the code that is here now; None if its module is not to be found from here."""
    from experiments.execution.code_digest import code_of
    from simulation.parameters import ParameterError

    try:
        return bool(study.code == code_of(study.work.partition(":")[0]))
    except (ParameterError, SyntaxError):
        return None


def _age(found, study):  # type: ignore[no-untyped-def]
    """Days since a study was used."""
    return (datetime.now().timestamp() - found.last_used(study)) / DAY


def _named(found, texts):  # type: ignore[no-untyped-def]
    """The studies that names or beginnings of digests stand for."""
    from simulation.errors import nearest
    from simulation.parameters import ParameterError

    chosen = []
    for text in texts:
        some = [
            study for study in found.studies
            if study.name == text or (len(text) >= SHORTEST and study.digest.startswith(text))
        ]  # fmt: skip
        if not some:
            names = dict.fromkeys(study.name for study in found.studies)
            known = nearest(text, names) if names else "the store has no studies"
            raise ParameterError(f"--remove is [{text}], which is no study's name or digest in {found.path}; {known}")
        chosen += some
    return chosen


def _rows(found, studies):  # type: ignore[no-untyped-def]
    return [
        {"study": study.digest, "name": study.name, "done": found.done(study), "pieces": len(study.addresses),
         "bytes": sum(piece.size for piece in found.files(study.addresses)),
         "last_used": datetime.fromtimestamp(found.last_used(study)).isoformat(" ", "minutes"),
         "present_code": _present(study), "command": study.command}
        for study in studies
    ]  # fmt: skip


def _as_data(found):  # type: ignore[no-untyped-def]
    every, loose = found.files(found.pieces), found.files(found.unlisted())
    return {
        "store": str(found.path), "studies": _rows(found, found.studies), "pieces": len(found.pieces),
        "bytes": sum(piece.size for piece in every),
        "unlisted": {"pieces": len(loose), "bytes": sum(piece.size for piece in loose)},
    }  # fmt: skip


def words_of(found):  # type: ignore[no-untyped-def]
    """What is in a store, line by line."""
    data = _as_data(found)
    if not data["studies"] and not data["pieces"]:
        return [f"Nothing is stored in {found.path}; studies keep their finished pieces there."]
    head = ("study", "name", "pieces", "size", "last used", "code", "command")
    table = [head] + [
        (row["study"][:8], row["name"], f"{row['done']:,} of {row['pieces']:,}", _size(row["bytes"]), row["last_used"],
         CODE[row["present_code"]], _short(row["command"]))
        for row in data["studies"]
    ]  # fmt: skip
    widths = [max(len(line[k]) for line in table) for k in range(len(head))]
    lines = ["  ".join(text.rjust(width) if k in (2, 3) else text.ljust(width)
                       for k, (text, width) in enumerate(zip(line, widths, strict=True))).rstrip()
             for line in table]  # fmt: skip
    total = f"{_many(len(data['studies']), 'study', 'studies')}, {_many(data['pieces'], 'piece')}"
    lines += ["", f"{total}, {_size(data['bytes'])} in {found.path}; what studies share is counted once here."]
    if data["unlisted"]["pieces"]:
        loose = f"{_many(data['unlisted']['pieces'], 'piece')} ({_size(data['unlisted']['bytes'])})"
        lines.append(f"Of no study: {loose}; --remove-outdated removes them.")
    if any(row["present_code"] is False for row in data["studies"]):
        lines.append("Studies of other code are not read any more; --remove-outdated removes them.")
    return lines


def _verified(found, as_json):  # type: ignore[no-untyped-def]
    """Check every piece; returns the exit code."""
    every = found.files(found.pieces)
    damaged = [piece.path for piece in every if not piece.whole()]
    for path in damaged:
        click.echo(f"desist: {path} is damaged; the study that needs it will compute it again", err=True)
    if as_json:
        echo_json({"store": str(found.path), "pieces": len(every), "damaged": damaged})
    else:
        verdict = f"{len(damaged)} damaged" if damaged else "all whole"
        click.echo(f"{_many(len(every), 'piece')} in {found.path} read: {verdict}.")
    return 1 if damaged else 0


def _prune(found, gone, *, unlisted, yes, as_json, everything):  # type: ignore[no-untyped-def]
    """Say what goes and how much it frees; remove it if that is wanted."""
    from simulation.parameters import ParameterError

    gone = list({study.digest: study for study in gone}.values())
    pieces = found.freed(gone, unlisted=unlisted)
    others = found.unreadable if everything else []
    freed = sum(piece.size for piece in pieces)
    said = [
        f"{row['study'][:8]}  {row['name']}, last used {row['last_used']}: {_many(row['done'], 'piece')}, "
        f"{_size(row['bytes'])}"
        for row in _rows(found, gone)
    ]
    what = f"{_many(len(gone), 'study', 'studies')} and {_many(len(pieces), 'piece')}, {_size(freed)}"
    if not gone and not pieces and not others:
        click.echo("There is nothing to remove." if not as_json else "{}")
        return
    if not as_json:
        click.echo("\n".join([*said, f"To be removed from {found.path}: {what}."]))
    if not yes:
        if as_json or not sys.stdin.isatty():
            raise ParameterError(f"nothing was removed; give --yes to remove {what}")
        if not click.confirm("Remove them?"):
            click.echo("Nothing was removed.")
            return
    found.remove(gone, pieces)
    for path in others:
        path.unlink(missing_ok=True)
    if as_json:
        removed = [study.digest for study in gone]
        echo_json({"store": str(found.path), "removed": removed, "pieces": len(pieces), "bytes": freed})
    else:
        click.echo(f"Removed: {what}.")


def _size(count):  # type: ignore[no-untyped-def]
    """Bytes as people say them."""
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} B"


def _many(number, what, several=""):  # type: ignore[no-untyped-def]
    return f"{number:,} {what if number == 1 else several or what + 's'}"


def _short(text, most=60):  # type: ignore[no-untyped-def]
    return text if len(text) <= most else f"{text[: most - 4]} ..."

"""``desist reproduce``: the headline studies again, from their commands to the numbers in the documents."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from experiments.cli.main import echo_json, json_option

HOME = Path()
"""The clone: the folder that holds ``results/`` and ``docs/``."""


@click.command()
@click.argument("names", nargs=-1, metavar="[STUDY ...]")
@click.option("--list", "listed", is_flag=True, help="List the studies and run nothing.")
@click.option("--quick", is_flag=True, help="Only those that take half a minute or less.")
@click.option("--no-long", is_flag=True, help="Leave out those that take half an hour and more.")
@click.option(
    "--check", is_flag=True, help="Rebuild elsewhere without the store, compare with results/, change nothing."
)
@click.option(
    "--documents",
    is_flag=True,
    help="Write the numbers, tables and pictures of the documents from results/; run nothing.",
)
@click.option(
    "--store",
    type=click.Path(path_type=Path),
    default=None,
    envvar="DESIST_STORE",
    help="Folder of finished pieces (default: results/runs, or DESIST_STORE).",
)
@json_option
@click.pass_context
def reproduce(ctx, names, listed, quick, no_long, check, documents, store, as_json):  # type: ignore[no-untyped-def]
    """Rebuild the headline studies in results/, all of them or those that are named.

    STUDY is a folder below results/, or the beginning of some (power). Finished pieces are kept: interrupted, the same
    command goes on where it stood. With --check the studies are rebuilt in a folder beside, from nothing, and compared
    with results/ file by file; with --documents the documents are made to say what results/ says, or with both checked
    whether they do. The exit code is 1 if a study broke off, a check of its own failed, or something differs.

    \b
    desist reproduce --quick --check
    desist reproduce ladder
    """  # noqa: D301
    from experiments.execution.jobs import KEPT
    from experiments.reproduction.headline_studies import chosen

    if documents:
        if names or quick or no_long or listed:
            raise click.UsageError("--documents goes with --check and --json only: it runs no studies")
        ctx.exit(_documents(check, as_json))
    studies = [study for study in chosen(names, quick=quick) if not (no_long and study.pace == "long")]
    if listed:
        _list(studies, as_json)
        return
    ctx.exit(_check(studies, as_json) if check else _rebuild(studies, store or KEPT, as_json))


def _list(studies, as_json):  # type: ignore[no-untyped-def]
    """The studies with their questions, commands and the time that each took."""
    import shlex

    from experiments.reproduction.times import read_times, spoken

    took = read_times(HOME).set_index("study")["seconds"]
    rows = [{"study": each.name, "question": each.question, "command": shlex.join(["desist", *each.command]),
             "pace": each.pace, "seconds": float(took.get(each.name, float("nan")))} for each in studies]  # fmt: skip
    if as_json:
        echo_json(rows)
        return
    for row in rows:
        time = "not timed" if row["seconds"] != row["seconds"] else spoken(row["seconds"])
        click.echo(f"{row['study']}  ({row['pace']}, {time})\n    {row['question']}\n    {row['command']}")


# Rebuilding ---------------------------------------------------------------------------------------------------


def _rebuild(studies, store, as_json):  # type: ignore[no-untyped-def]
    """Carry the studies out here, one after the other; returns the exit code."""
    from experiments.reproduction.headline_studies import STUDIES, rebuild
    from experiments.reproduction.times import Clock, write_times

    clock, done, interrupted = Clock.started(store), [], False
    for number, study in enumerate(studies, 1):
        _told(number, len(studies), study)
        try:
            ran = rebuild(study, HOME, store)
        except KeyboardInterrupt:
            interrupted = True
            break
        done.append(ran)
        if clock.fresh() and ran.code in (0, 1):
            write_times(HOME, [ran], STUDIES)
    if as_json:
        echo_json([_row(ran, HOME) for ran in done])
    else:
        _table([_row(ran, HOME) for ran in done])
        click.echo("The documents quote these: desist reproduce --documents writes what they say now.")
    if interrupted:
        click.echo("desist: interrupted; what is finished is kept, and the same command goes on from there", err=True)
        return 130
    return 0 if all(ran.code == 0 for ran in done) else 1


def _told(number, total, study):  # type: ignore[no-untyped-def]
    click.echo(f"[{number} of {total}] {study.name}: {study.question}", err=True)
    sys.stderr.flush()


ENDS = {0: "", 1: "its own check failed; ", 130: "interrupted; "}


def _row(ran, home):  # type: ignore[no-untyped-def]
    """What became of a study, for people and machines."""
    from experiments.reproduction.headline_studies import answer

    return {"study": ran.study.name, "code": ran.code, "seconds": ran.seconds,
            "processor_seconds": ran.processor_seconds, "answer": answer(ran.study, home),
            "folder": str(ran.study.folder)}  # fmt: skip


def _table(rows):  # type: ignore[no-untyped-def]
    from experiments.reproduction.times import spoken

    for row in rows:
        end = ENDS.get(row["code"], f"BROKE OFF with exit code {row['code']}; ")
        click.echo(f"{row['folder']}/  {end}{spoken(row['seconds'])}\n    {row['answer']}")
    if rows:
        click.echo(f"In all {spoken(sum(row['seconds'] for row in rows))}.")


# Checking -----------------------------------------------------------------------------------------------------


def _check(studies, as_json):  # type: ignore[no-untyped-def]
    """Carry the studies out in a folder beside, from nothing, and compare; returns the exit code."""
    from experiments.reproduction.compare_results import differences
    from experiments.reproduction.headline_studies import rebuild
    from experiments.reproduction.times import spoken

    rows, wrong = [], 0
    with TemporaryDirectory(prefix="desist-") as place:
        there = Path(place)
        for number, study in enumerate(studies, 1):
            _told(number, len(studies), study)
            ran = rebuild(study, there, there / "store")
            files, lines = differences(study, HOME, there)
            if ran.code not in (0, 1):
                lines = [f"the command broke off with exit code {ran.code}"]
            wrong += bool(lines)
            rows.append({"study": study.name, "files": files, "equal": not lines, "differences": lines,
                         "seconds": ran.seconds, "processor_seconds": ran.processor_seconds})  # fmt: skip
            if not as_json:
                verdict = f"{files} files as kept" if not lines else "DIFFERS"
                click.echo("\n    ".join([f"{study.folder}/  {verdict}; {spoken(ran.seconds)}", *lines]))
    if as_json:
        echo_json(rows)
    else:
        click.echo(f"{len(rows) - wrong} of {len(rows)} studies come out as kept; in all "
                   f"{spoken(sum(row['seconds'] for row in rows))}.")  # fmt: skip
    return 1 if wrong else 0


# Documents ----------------------------------------------------------------------------------------------------


def _documents(check, as_json):  # type: ignore[no-untyped-def]
    """Write what the documents quote, or say where they do not; returns the exit code."""
    from experiments.reproduction.documents import filled, pictures, quoting
    from simulation.parameters import ParameterError

    changed, told, broken = [], [], []
    for path in quoting(HOME):
        text = path.read_text(encoding="utf-8")
        try:
            now, lines = filled(text, HOME)
        except ParameterError as problem:
            broken.append(f"{path}: {problem}")
            continue
        if now != text:
            changed.append(str(path))
            told += [f"{path}: {line}" for line in lines]
            if not check:
                path.write_text(now, encoding="utf-8", newline="\n")
    for source, copy in pictures(HOME):
        changed.append(str(copy))
        told.append(f"{copy}: is not {source}")
        if not check:
            copy.write_bytes(source.read_bytes())
    if as_json:
        echo_json({"changed": changed, "differences": told, "written": not check, "broken": broken})
    elif changed or broken:
        click.echo("\n".join([*(told if check else [f"written: {path}" for path in changed]), *broken]))
    else:
        click.echo("The documents say what results/ says.")
    return 1 if broken or (check and changed) else 0

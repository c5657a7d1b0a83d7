"""What ``desist reproduce`` does: headline studies listed, rebuilt, checked, and quoted in the documents."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from experiments.cli.main import echo, echo_json
from experiments.execution.jobs import KEPT
from experiments.reproduction import documents
from experiments.reproduction.headline_studies import STUDIES, HeadlineStudy, Ran, answer, differences, rebuild
from experiments.reproduction.times import Clock, format_seconds, read_times, write_times
from simulation.parameters import ParameterError

HOME = Path()
"""The clone: the folder that holds ``results/`` and ``docs/``."""


def list_studies(studies: Sequence[HeadlineStudy], as_json: bool) -> int:
    """The studies with their questions, commands and the time that each took."""
    took = read_times(HOME).set_index("study")["seconds"].astype(float).to_dict()
    if as_json:
        echo_json([
            {"study": each.name, "question": each.question, "command": each.study.command(), "pace": each.pace,
             "seconds": took.get(each.name)} for each in studies
        ])  # fmt: skip
        return 0
    for each in studies:
        time = format_seconds(took[each.name]) if each.name in took else "not timed"
        click.echo(f"{each.name}  ({each.pace}, {time})\n    {each.question}\n    {each.study.command()}")
    return 0


# Rebuilding ---------------------------------------------------------------------------------------------------


def rebuild_here(studies: Sequence[HeadlineStudy], store: Path | None, as_json: bool) -> int:
    """Carry the studies out here, one after the other; returns the exit code."""
    store = store or KEPT
    clock, done, interrupted = Clock.started(store), [], False
    for study in _announced(studies):
        try:
            ran = rebuild(study, HOME, store)
        except KeyboardInterrupt:
            interrupted = True
            break
        done.append(ran)
        if clock.fresh() and ran.code in (0, 1):
            write_times(HOME, [ran], STUDIES)
    rows = [_row(ran) for ran in done]
    if as_json:
        echo_json(rows)
    else:
        for row in rows:
            end = ENDS.get(row["code"], f"BROKE OFF with exit code {row['code']}; ")
            click.echo(f"{row['folder']}/  {end}{format_seconds(row['seconds'])}\n    {row['answer']}")
        if rows:
            click.echo(f"In all {format_seconds(sum(row['seconds'] for row in rows))}.")
        click.echo("The documents quote these: desist reproduce --documents writes what they say now.")
    if interrupted:
        click.echo("desist: interrupted; what is finished is stored, and the same command goes on from there", err=True)
        return 130
    return 0 if all(ran.code == 0 for ran in done) else 1


def _announced(studies: Sequence[HeadlineStudy]) -> Iterator[HeadlineStudy]:
    """The studies, each with a line on standard error before it begins."""
    for number, study in enumerate(studies, 1):
        click.echo(f"[{number} of {len(studies)}] {study.name}: {study.question}", err=True)
        sys.stderr.flush()
        yield study


ENDS = {0: "", 1: "its own check failed; ", 130: "interrupted; "}


def _row(ran: Ran) -> dict[str, Any]:
    """What became of a study, for people and machines."""
    return {"study": ran.study.name, "code": ran.code, "seconds": ran.seconds,
            "processor_seconds": ran.processor_seconds, "answer": answer(ran.study, HOME),
            "folder": str(ran.study.folder)}  # fmt: skip


# Checking -----------------------------------------------------------------------------------------------------


def check(studies: Sequence[HeadlineStudy], as_json: bool) -> int:
    """Carry the studies out in a folder beside, from nothing, and compare; returns the exit code."""
    rows, wrong, spent = [], 0, 0.0
    with TemporaryDirectory(prefix="desist-") as place:
        there = Path(place)
        for study in _announced(studies):
            ran = rebuild(study, there, there / "store")
            files, lines = differences(study, HOME, there)
            if ran.code not in (0, 1):
                lines = [f"the study broke off with exit code {ran.code}"]
            wrong, spent = wrong + bool(lines), spent + ran.seconds
            rows.append({"study": study.name, "files": files, "equal": not lines, "differences": lines,
                         "seconds": ran.seconds, "processor_seconds": ran.processor_seconds})  # fmt: skip
            if not as_json:
                verdict = f"{files} files as stored" if not lines else "DIFFERS"
                click.echo("\n    ".join([f"{study.folder}/  {verdict}; {format_seconds(ran.seconds)}", *lines]))
    text = f"{len(rows) - wrong} of {len(rows)} studies come out as stored; in all {format_seconds(spent)}."
    echo(rows, text, as_json)
    return 1 if wrong else 0


# Documents ----------------------------------------------------------------------------------------------------


def quote_documents(only_check: bool, as_json: bool) -> int:
    """Write what the documents quote, or say where they do not; returns the exit code."""
    changed, lines, broken = [], [], []
    for path in documents.quoting(HOME):
        text = path.read_text(encoding="utf-8")
        try:
            now, differing = documents.filled(text, HOME)
        except ParameterError as problem:
            broken.append(f"{path}: {problem}")
            continue
        if now != text:
            changed.append(str(path))
            lines += [f"{path}: {line}" for line in differing]
            if not only_check:
                path.write_text(now, encoding="utf-8", newline="\n")
    for source, copy in documents.pictures(HOME):
        changed.append(str(copy))
        lines.append(f"{copy}: is not {source}")
        if not only_check:
            copy.write_bytes(source.read_bytes())
    text = "\n".join([*(lines if only_check else [f"written: {path}" for path in changed]), *broken])
    data = {"changed": changed, "differences": lines, "written": not only_check, "broken": broken}
    echo(data, text or "The documents say what results/ and the code say.", as_json)
    return 1 if broken or (only_check and changed) else 0

"""Snippets of the documents, run as a reader would run them: each document in a new folder.

``python -m tests.snippets_run`` runs every snippet of every document, with ``README.md`` behind it those of one, with
``--show`` it prints what each of them prints.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import click

from tests.snippets import DOCUMENTS, HOME, Block, added, blocks

LONGEST = 600.0
"""Seconds after which a snippet is ended."""
ADDED = "DESIST_SNIPPET_OPTIONS"
"""The variable that carries added options to the command."""


@dataclass
class Ran:
    """What became of a block."""

    block: Block
    seconds: float = 0.0
    output: str = ""
    problem: str = ""
    lines: list[str] = field(default_factory=list)


def desist() -> None:
    """The command ``desist`` of a snippet: with the added options, if it knows them."""
    from experiments.cli.main import main

    if sys.argv[1:] and not sys.argv[1].startswith("-"):
        sys.argv += added(sys.argv[1:], shlex.split(os.environ.get(ADDED, "")))
    main()


def prepare(folder: Path) -> dict[str, str]:
    """A folder as after the set-up of the README, with ``desist`` and ``python`` on the path: its environment."""
    tools = folder / ".venv" / "bin"
    tools.mkdir(parents=True)
    for name, call in (("desist", "from tests.snippets_run import desist; desist()"), ("python", None)):
        script = f'exec "{sys.executable}" ' + (f'-c "{call}" "$@"' if call else '"$@"')
        (tools / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        (tools / name).chmod(0o755)
    shutil.copy(HOME / "constraints.txt", folder)
    path = os.pathsep.join([str(tools), str(Path(sys.executable).parent), os.environ["PATH"]])
    return {**os.environ, "PATH": path, "PYTHONPATH": str(HOME), "MPLBACKEND": "Agg", "COLUMNS": "120"}


def run(block: Block, folder: Path, environment: dict[str, str]) -> Ran:
    """Run a block in a folder; what it printed, and what is wrong."""
    for name, source in block.given:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(HOME / source, folder / name)
    if block.saved is not None:
        (folder / block.saved).write_text(block.text, encoding="utf-8")
    if block.run != "run" or block.language == "toml":
        return Ran(block)
    if block.language == "python":
        name = block.saved or f"line_{block.line}.py"
        (folder / name).write_text(block.text, encoding="utf-8")
        arguments = [sys.executable, name]
    else:
        arguments = ["bash", "-euo", "pipefail", "-c", block.text]
    started = time.monotonic()
    with (folder / ".errors").open("w+", encoding="utf-8") as errors:
        process = subprocess.Popen(arguments, cwd=folder, env={**environment, ADDED: shlex.join(block.options)}, text=True,
                                   stdout=subprocess.PIPE, stderr=errors, stdin=subprocess.DEVNULL, start_new_session=True)  # fmt: skip
        output, code = watched(process, block.until)
        errors.seek(0)
        complaint = errors.read()
    ran = Ran(block, time.monotonic() - started, output)
    if code is None:
        ran.problem = f"not finished after {LONGEST:.0f} seconds"
    elif block.until is not None and block.until not in output:
        ran.problem = f"ended with exit code {code} before it printed [{block.until}]"
    elif block.until is None and code not in block.exits:
        ran.problem = f"exit code {code}"
    elif block.printed is not None and not block.options and block.until is None:
        ran.problem = missing(block.printed, output)
    if ran.problem:
        ran.lines = (output + complaint).splitlines()[-25:]
    return ran


def watched(process: subprocess.Popen[str], until: str | None) -> tuple[str, int | None]:
    """What a process prints and its exit code, none if it took too long; it is stopped when it has printed a text."""
    pool = ThreadPoolExecutor(1)
    assert process.stdout is not None
    try:
        if until is not None:
            line = pool.submit(lambda out: next((each for each in out if until in each), ""), process.stdout)
            output = line.result(timeout=LONGEST)
            for _ in range(20):  # where interrupts are ignored at first, the page takes a later one
                os.killpg(process.pid, signal.SIGINT)
                with suppress(subprocess.TimeoutExpired):
                    return output, process.wait(timeout=30)
            raise TimeoutError
        output, _ = process.communicate(timeout=LONGEST)
    except (subprocess.TimeoutExpired, TimeoutError):
        os.killpg(process.pid, signal.SIGKILL)
        return process.communicate()[0] or "", None
    finally:
        pool.shutdown(wait=False)
    return output, process.returncode


def missing(printed: str, output: str) -> str:
    """The first line of a document's output that was not printed there, in words; nothing if all were."""
    lines = iter([line.rstrip() for line in output.splitlines()])
    skip = True
    for wanted in (line.rstrip() for line in printed.splitlines()):
        if wanted.strip() == "...":
            skip = True
            continue
        if skip:
            if not any(line == wanted for line in lines):
                return f"it did not print [{wanted}]"
        elif (line := next(lines, "")) != wanted:
            return f"it printed [{line}] where the document says [{wanted}]"
        skip = False
    return ""


def run_document(document: Path, around: Path) -> list[Ran]:
    """Run the blocks of a document in a new folder, and stop at the first that fails."""
    folder = Path(tempfile.mkdtemp(dir=around, prefix=document.stem + "-"))
    environment = {**prepare(folder), "DESIST_STORE": str(around / "runs")}
    done: list[Ran] = []
    for block in blocks(document):
        done.append(run(block, folder, environment))
        if done[-1].problem:
            break
    return done


@click.command()
@click.argument("documents", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--show", is_flag=True, help="Print what each block prints.")
@click.option("--jobs", type=click.IntRange(1, 64), default=2, show_default=True, help="Documents at a time.")
def main(documents: tuple[Path, ...], show: bool, jobs: int) -> None:
    """Run the snippets of documents (default: all), and print the time of each."""
    wanted = [path.resolve() for path in documents] or DOCUMENTS
    failed = False
    with tempfile.TemporaryDirectory() as around, ThreadPoolExecutor(jobs) as pool:
        for done in pool.map(lambda document: run_document(document, Path(around)), wanted):
            for ran in done:
                if ran.problem or ran.seconds:
                    click.echo(f"{ran.seconds:6.1f} s  {ran.block}{'  ' + ran.problem if ran.problem else ''}")
                for line in ran.output.splitlines() if show else ran.lines:
                    click.echo(f"          {line}")
                failed = failed or bool(ran.problem)
    sys.exit(int(failed))


if __name__ == "__main__":
    main()

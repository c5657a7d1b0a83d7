"""The command of a receipt given again: the same verb with the same options, in a process and a folder of its own.

Only verbs of ``REPEATABLE`` are run. Words of a manifest reach no shell: they are read by the verb's own options, and
what says where something is written, kept or computed is then replaced. So a manifest of somebody else can cost time,
and can neither run another program nor write outside the folder that is made for it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from experiments.cli.main import VERBS
from experiments.provenance.receipts import words_of
from simulation.parameters import ParameterError

REPEATABLE = (
    "sweep", "trial", "calibrate", "rivals", "mechanisms", "sensitivity", "power", "rollout", "compare", "discover",
    "worth", "priorities", "ladder", "claim", "observe", "elsewhere", "check-model", "run", "report",
)  # fmt: skip
"""Verbs that compute, and write nothing but a folder (or a page) of results."""
REPLACED: Mapping[str, Any] = {"store": None, "no_store": True, "cluster": None}
"""Options that decide no result, and what is put in their place: no store, no other machines."""
READS = ("posterior", "prices", "file")
"""Options and arguments with the path of a file that is only read."""


def refusal(words: Sequence[str]) -> str:
    """Why a command, as its words, cannot be given again; nothing if it can."""
    if len(words) < 2 or words[0] != "desist":
        return f"[{' '.join(words)[:60]}] is no command of desist"
    if words[1] not in REPEATABLE or words[1] not in VERBS:
        return f"[{words[1]}] is no verb that can be run again; allowed are {', '.join(REPEATABLE)}"
    return ""


def again(command: str, out: Path) -> str:
    """Give a command again, in this folder, with another folder for its results.

    Parameters
    ----------
    command
        As a manifest has it.
    out
        The new folder (or, for a report, the new page).

    Returns
    -------
    Nothing if it came to an end; otherwise why not, in one line.
    """
    if reason := refusal(words_of(command)):
        return reason
    home = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join([home, *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        [sys.executable, "-P", "-m", "experiments.reproduction.rerun", str(out), *words_of(command)],
        env={**os.environ, "PYTHONPATH": path}, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, check=False,
    )  # fmt: skip
    if done.returncode in (0, 1) and out.exists() and (out.is_file() or any(out.glob("manifest.json"))):
        return ""
    said = done.stderr.decode(errors="replace").strip().splitlines() or [f"it ended with code {done.returncode}"]
    return said[-1].removeprefix("desist: ")[:300]


def given(words: Sequence[str], out: Path) -> int:
    """Run a verb in this process, as ``again`` asks; its exit code.

    Raises
    ------
    ParameterError
        If it is no verb that can be repeated, takes no folder, or names another file to write.
    click.ClickException
        If its options are none.
    """
    from experiments.cli.main import cli

    if reason := refusal(words):
        raise ParameterError(reason)
    command = cli.get_command(click.Context(cli), words[1])
    assert command is not None
    context = command.make_context(words[1], list(words[2:]))
    written = {each.name for each in command.params if isinstance(each.type, click.Path)} - {*READS, *REPLACED, "out"}
    for name in sorted(each for each in written if each is not None):
        if context.params.get(name) is not None:
            raise ParameterError(f"--{name} is [{context.params[name]}], a file to write; it cannot be given again")
    if "out" not in context.params:
        raise ParameterError(f"[{words[1]}] takes no --out; it cannot be given again")
    context.params.update({name: each for name, each in REPLACED.items() if name in context.params}, out=out)
    with context:
        try:
            code = command.invoke(context)
        except click.exceptions.Exit as stop:
            code = stop.exit_code
    return code if isinstance(code, int) else 0


def main() -> None:
    """Entry point of the own process: the new folder, then the words of the command."""
    out, *words = sys.argv[1:]
    sys.argv = words  # what the verb writes down as its command
    try:
        code = given(words, Path(out))
    except (click.ClickException, ParameterError) as mistake:
        said = mistake.format_message() if isinstance(mistake, click.ClickException) else str(mistake)
        click.echo("desist: " + " ".join(said.splitlines()), err=True)
        sys.exit(2)
    sys.exit(code)


if __name__ == "__main__":
    main()

"""The command line: one verb a study. Each prints a short answer in words and says where tables and figures are.

Exit codes: 0 fine; 1 the check against the observed rates failed; 2 bad input; 130 interrupted (what was finished is
written).
"""

from __future__ import annotations

import codecs
import json
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, NoReturn

import click

from experiments.cli.command import command_of
from experiments.studies.catalogue import STUDIES, SUMMARIES
from simulation.errors import nearest
from simulation.parameters import ParameterError

MODULES = {
    "command": ("study",),
    "model": ("scenario", "parameters", "municipalities", "country"),
    "results": ("report", "reproduce", "check-results"),
    "serve": ("serve",),
    "store": ("store",),
}
"""The verbs of each module that are no studies."""
COMMANDS = {
    verb: f"experiments.cli.{module}:{verb.replace('-', '_')}" for module, verbs in MODULES.items() for verb in verbs
}
VERBS = {verb: STUDIES.get(verb) or COMMANDS[verb] for verb in SUMMARIES}
"""Verbs in the order of the help, each where it is written; a verb is loaded when it is used."""


class Verbs(click.Group):
    """A group whose verbs are imported only when they are used, so that help comes at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Verbs in the order of the table."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb of that name."""
        if cmd_name not in VERBS:
            return None
        module, name = VERBS[cmd_name].split(":")
        found = getattr(import_module(module), name)
        command: click.Command = command_of(found) if isinstance(found, type) else found
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The verb; an unknown one is answered with the nearest."""
        if args and args[0] not in VERBS and not args[0].startswith("-"):
            raise click.UsageError(f"unknown verb [{args[0]}]; {nearest(args[0], VERBS)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Verbs with their summaries, without importing them."""
        with formatter.section("Verbs"):
            formatter.write_dl([(name, SUMMARIES[name]) for name in VERBS])


@click.command(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="desist", message="desist %(version)s")
def cli() -> None:
    """Desist: people released from prison, the volunteers who mentor them, and new crime, agent by agent.

    It compares policies for populations. It must never be read as a forecast for one real person.
    """


PLAIN = {"−": "-", "–": "-", "—": "-", "≥": ">=", "≤": "<=", "≈": "~", "→": "->", "×": "x", "±": "+/-", "“": '"',
         "”": '"', "’": "'", "…": "...", "»": '"', "«": '"', "·": "-", "\N{NO-BREAK SPACE}": " "}  # fmt: skip
"""What is printed for a sign that an output cannot show."""


def _plainly(problem: UnicodeError) -> tuple[str, int]:
    """Signs that an output cannot show, as near as it can."""
    if not isinstance(problem, UnicodeEncodeError):
        raise problem
    signs = problem.object[problem.start : problem.end]
    return "".join(PLAIN.get(sign, "?") for sign in signs), problem.end


codecs.register_error("desist", _plainly)


def main() -> None:
    """Entry point: a user's mistake is one line on standard error and exit code 2, never a traceback."""
    for stream in (sys.stdout, sys.stderr):  # what is redirected on Windows cannot show every sign
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="desist")
    try:
        _require_text(sys.argv[1:])
        code = cli.main(standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as asked:
        click.echo(asked.format_message())
        sys.exit(0)
    except click.ClickException as mistake:
        _bad_input(mistake.format_message())
    except (click.Abort, KeyboardInterrupt):
        click.echo("desist: interrupted", err=True)
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except ParameterError as mistake:
        _bad_input(str(mistake))
    except OSError as problem:
        named, why = problem.filename or "a file", problem.strerror or problem
        _bad_input(f"[{named}] cannot be used ({why}); check it and start again")
    sys.exit(code if isinstance(code, int) else 0)


def _require_text(words: Sequence[str]) -> None:
    """Refuse a word that is no valid UTF-8: no file of results could hold it."""
    for word in words:
        if any("\ud800" <= sign <= "\udfff" for sign in word):
            raise ParameterError(f"[{word}] holds bytes that are no UTF-8; type it again, or rename the file")


def _bad_input(message: str) -> NoReturn:
    lines = str(ParameterError(message)).split("\n")  # Click's messages hold what the user typed, at any length
    click.echo("\n".join(f"desist: {line}" for line in lines), err=True)
    sys.exit(2)


def echo_json(data: Any) -> None:
    """Print JSON; what is not a number is null."""
    from experiments.studies.result import as_json

    click.echo(json.dumps(as_json(data), indent=2, ensure_ascii=False, allow_nan=False))


def echo(data: Any, text: str, as_json: bool) -> None:
    """Print data as JSON, or the text that shows it to people."""
    if as_json:
        echo_json(data)
    else:
        click.echo(text)


if __name__ == "__main__":
    main()

"""A command from a study's fields: options, help, bounds, and what happens when it is given."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from inspect import signature
from pathlib import Path
from types import UnionType
from typing import Any, Literal, get_args, get_origin

import click

from experiments.language.formatting import DEFAULT, LANGUAGES, Language
from experiments.studies.study import Study, about, flag, kinds
from simulation.renamed import RENAMED

CONTEXT = ("store", "no_store", "cluster", "threads", "out", "as_json", "language")
"""Options of every study that do not decide its numbers."""


class StudyCommand(click.Command):
    """A command that answers an option of the first version with its name of today."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse, as Click does."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as unknown:
            if (new := RENAMED.get(unknown.option_name)) is not None:
                raise click.UsageError(f"{unknown.option_name} is now called {new}") from None
            raise


def command_of(study: type[Study]) -> click.Command:
    """The command of a study: one option a field, and those that every study takes."""
    own = [name for name in study.model_fields if name in study.__annotations__]
    names = [*own, *(name for name in study.model_fields if name not in own)]
    fields = study.model_fields
    params = [_argument(study, each) if about(fields[each]).get("argument") else _option(study, each) for each in names]
    return StudyCommand(
        study.verb, params=[*params, *_looks(study), *_shared()], help=study.__doc__, callback=_callback(study)
    )


# Options ------------------------------------------------------------------------------------------------------


def _argument(study: type[Study], name: str) -> click.Argument:
    field = study.model_fields[name]
    several, needless = _several(study, name), hasattr(study, "listing") or hasattr(study, "write_example")
    return click.Argument(
        [name], required=field.is_required() and not needless, nargs=-1 if several else 1,
        metavar=about(field).get("metavar") or None, type=_type(study, name),
    )  # fmt: skip


def _option(study: type[Study], name: str) -> click.Option:
    field = study.model_fields[name]
    default, what = field.get_default(call_default_factory=True), _sentence(field.description or "")
    if bool in kinds(field):
        return click.Option([flag(name, field), name], is_flag=True, default=default, help=what)
    shown = default not in (None, "", ()) and isinstance(default, (int, float, str, tuple))
    return click.Option(
        [flag(name, field), name], type=_type(study, name), default=default if shown else None, show_default=shown,
        help=what, multiple=_several(study, name), metavar=_metavar(study, name),
    )  # fmt: skip


def _metavar(study: type[Study], name: str) -> str | None:
    """A placeholder that says the unit; choices say themselves."""
    extra = about(study.model_fields[name])
    if extra.get("metavar") or isinstance(_type(study, name), click.Choice):
        return extra.get("metavar") or None
    return str(extra.get("unit") or "N").split()[0].upper() if _type(study, name) is not str else "TEXT"


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?", ")")) else f"{text}."


def _several(study: type[Study], name: str) -> bool:
    return any(get_origin(each) is tuple for each in kinds(study.model_fields[name]))


def _type(study: type[Study], name: str) -> Any:
    """The Click type of a field: choices, ranges, paths, numbers or text."""
    field = study.model_fields[name]
    types = [get_args(each)[0] if get_origin(each) is tuple else each for each in kinds(field)]
    types = [kind for each in types for kind in (get_args(each) if isinstance(each, UnionType) else (each,))]
    for each in types:
        if get_origin(each) is Literal:
            return click.Choice([str(value) for value in get_args(each)])
    if Path in types and str not in types:
        return click.Path(path_type=Path)
    extra = about(field)
    low, high, (above, below) = extra.get("low"), extra.get("high"), extra.get("open", (False, False))
    if str in types:
        return str
    if float in types:
        return click.FloatRange(low, high, min_open=above, max_open=below)
    return click.IntRange(low, high, min_open=above, max_open=below)


def _looks(study: type[Study]) -> list[click.Parameter]:
    """``--list``, ``--show`` and ``--example``, where a study can list what it may be given, show what it would run, or
    write an example of the file that it reads.
    """
    found: list[click.Parameter] = []
    if hasattr(study, "listing"):
        what = "List what comes with Desist, and run nothing."
        found.append(click.Option(["--list", "listed"], is_flag=True, help=what))
    if hasattr(study, "show"):
        what = "Print what would be simulated, and run nothing."
        found.append(click.Option(["--show", "show"], is_flag=True, help=what))
    if hasattr(study, "write_example"):
        what = "Write an invented example of such a file, to try this with, and run nothing."
        found.append(click.Option(["--example"], type=click.Path(path_type=Path), metavar="FILE", help=what))
    return found


def shared_options(command: click.Command) -> click.Command:
    """Give a command the options that every study takes."""
    command.params += _shared()
    return command


def _shared() -> list[click.Parameter]:
    return [
        click.Option(["--threads"], type=click.IntRange(1, 1024), help="Workers (default: one per core)."),
        click.Option(["--store"], type=click.Path(path_type=Path), envvar="DESIST_STORE",
                     help="Folder of finished pieces (default: results/runs, or DESIST_STORE)."),
        click.Option(["--no-store"], is_flag=True, help="Keep no pieces and read none."),
        click.Option(["--cluster"], metavar="tcp://HOST:PORT", help="Send the pieces to a running Dask cluster."),
        click.Option(["--out"], type=click.Path(path_type=Path), help="Folder for results (default: results/NAME)."),
        language_option(),
        click.Option(["--json", "as_json"], is_flag=True, help="Print JSON for machines instead of sentences."),
    ]  # fmt: skip


def language_option() -> click.Option:
    """``--language``: of the printed answer, its tables and the figures."""
    return click.Option(
        ["--language"], type=click.Choice(LANGUAGES), default=DEFAULT, show_default=True, envvar="DESIST_LANGUAGE",
        help="Language of the printed answer and of the figures (or DESIST_LANGUAGE).",
    )  # fmt: skip


def parse(study: type[Study], words: Sequence[str]) -> Study:
    """The study that options and arguments on a command line ask for.

    Raises
    ------
    ParameterError, click.ClickException
        If an option is unknown or not allowed.
    """
    command = command_of(study)
    own = [each for each in command.params if each.name in study.model_fields]
    with click.Command(study.verb, params=own).make_context(study.verb, list(words)) as context:
        return study(**_given(context.params))


# What the command does ----------------------------------------------------------------------------------------


def _callback(kind: type[Study]) -> Callable[..., int]:
    def callback(**given: Any) -> int:
        aside = {name: given.pop(name) for name in CONTEXT}
        listed, show = given.pop("listed", False), given.pop("show", False)
        if listed:
            spoken = {"language": aside["language"]} if "language" in signature(kind.listing).parameters else {}  # type: ignore[attr-defined]
            click.echo(kind.listing(**spoken))  # type: ignore[attr-defined]
            return 0
        example = given.pop("example", None)
        values = _given(given)
        if example is not None:
            click.echo(kind.write_example(example, aside["language"], values))  # type: ignore[attr-defined]
            return 0
        missing = [name for name, field in kind.model_fields.items() if field.is_required() and name not in values]
        if missing:
            metavar = about(kind.model_fields[missing[0]]).get("metavar") or missing[0].upper()
            hint = "; see --list" if hasattr(kind, "listing") else ""
            hint = "; --example writes one to try this with" if hasattr(kind, "write_example") else hint
            raise click.UsageError(f"{metavar} is missing: {kind.model_fields[missing[0]].description}{hint}")
        study = kind(**values)
        if show:
            click.echo(study.show())  # type: ignore[attr-defined]
            return 0
        return execute(study, **aside)

    return callback


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    """Without what was not given."""
    return {name: each for name, each in values.items() if each is not None and each != ()}


def execute(
    study: Study, *, store: Path | None, no_store: bool, cluster: str | None, threads: int | None, out: Path | None,
    as_json: bool, language: Language,
) -> int:  # fmt: skip
    """Run a study, save its result and print the answer; returns the exit code."""
    from experiments.execution.context import RunContext, unsaid
    from experiments.execution.environment import RESULTS
    from experiments.execution.jobs import opened
    from experiments.execution.progress import progress
    from experiments.language.messages import Messages
    from experiments.provenance.results_folder import Folder

    wanted = out or (RESULTS / study.folder if study.saved_unasked else None)
    folder = Folder(wanted).path if wanted else None  # refuses a folder that cannot be written before any work
    context = RunContext(
        store=opened(store, no_store), cluster=cluster, threads=threads, progress=progress,
        note=unsaid if as_json else (lambda text: click.echo(text, err=True)),
    )  # fmt: skip
    result = study.run(context)
    if result.refused:
        click.echo("\n".join(f"desist: {each}" for each in result.answer(language).sentences), err=True)
        return 1
    if not result.complete:
        click.echo("desist: interrupted; what is finished is written. The same command goes on from there", err=True)
    if folder:
        result.save(folder, language)
    if as_json:
        said = {"answer": list(result.answer(language).sentences), **result.facts}
        said |= {"folder": str(folder)} if folder else {}
        click.echo(json.dumps(said, indent=2, ensure_ascii=False, allow_nan=False))
    else:
        click.echo(result.text(language))
        if folder:
            click.echo("\n" + Messages(language)("common.results", folder=f"{folder}{os.sep}"))
    sys.stdout.flush()
    return 130 if not result.complete else 0 if result.passed else 1

"""A command from a study's fields: options, help, bounds, and what happens when it is given."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from inspect import signature
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

import click
from pydantic.fields import FieldInfo

from experiments.language.formatting import DEFAULT, LANGUAGES, Language
from experiments.studies.catalogue import read_study
from experiments.studies.study import Study, about, flag, kinds
from simulation.renamed import RENAMED

if TYPE_CHECKING:
    from experiments.execution.context import RunContext


class NamedPath(click.Path):
    """A path; nothing at all is none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path that was given."""
        if not str(value).strip():
            self.fail("it is empty; name a file or a folder ('.' is this folder)", param, ctx)
        return super().convert(value, param, ctx)


PATH, FILE = NamedPath(path_type=Path), NamedPath(path_type=Path, dir_okay=False)


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
    looks = [click.Option(**look) for method, look in LOOKS.items() if hasattr(study, method)]
    params = [*(_parameter(study, each) for each in names), *looks, *shared(*OF_STUDIES)]
    return StudyCommand(study.verb, params=params, help=study.__doc__, callback=_callback(study))


# Options ------------------------------------------------------------------------------------------------------


def _parameter(study: type[Study], name: str) -> click.Parameter:
    """The argument or option of a field."""
    field = study.model_fields[name]
    extra, kind = about(field), _type(field)
    several = any(get_origin(each) is tuple for each in kinds(field))
    if extra.get("argument"):
        needless = hasattr(study, "listing") or hasattr(study, "write_example")
        return click.Argument([name], required=field.is_required() and not needless, nargs=-1 if several else 1,
                              metavar=extra.get("metavar") or None, type=kind)  # fmt: skip
    names, what = [flag(name, field), name], field.description or ""
    what += "" if what.endswith((".", "?", ")")) else "."
    default = field.get_default(call_default_factory=True)
    if bool in kinds(field):
        return click.Option(names, is_flag=True, default=default, help=what)
    shown = default not in (None, "", ()) and isinstance(default, (int, float, str, tuple))
    return click.Option(names, type=kind, default=default if shown else None, show_default=shown, help=what,
                        multiple=several, metavar=_metavar(extra, kind))  # fmt: skip


def _metavar(extra: Mapping[str, Any], kind: Any) -> str | None:
    """A placeholder that says the unit; choices say themselves."""
    if extra.get("metavar") or isinstance(kind, click.Choice):
        return extra.get("metavar") or None
    return "TEXT" if kind is str else str(extra.get("unit") or "N").split()[0].upper()


def _type(field: FieldInfo) -> Any:
    """The Click type of a field: choices, ranges, paths, numbers or text."""
    types = [get_args(each)[0] if get_origin(each) is tuple else each for each in kinds(field)]
    types = [kind for each in types for kind in (get_args(each) if isinstance(each, UnionType) else (each,))]
    for each in types:
        if get_origin(each) is Literal:
            return click.Choice([str(value) for value in get_args(each)])
    if str in types:
        return str
    if Path in types:
        return PATH
    extra = about(field)
    above, below = extra.get("open", (False, False))
    kind = click.FloatRange if float in types else click.IntRange
    return kind(extra.get("low"), extra.get("high"), min_open=above, max_open=below)


LOOKS: dict[str, dict[str, Any]] = {
    "listing": {"param_decls": ["--list", "listed"], "is_flag": True,
                "help": "List what comes with Desist, and run nothing."},
    "show": {"param_decls": ["--show"], "is_flag": True, "help": "Print what would be simulated, and run nothing."},
    "write_example": {"param_decls": ["--example"], "type": PATH, "metavar": "FILE",
                      "help": "Write an invented example of such a file, to try this with, and run nothing."},
}  # fmt: skip
"""Options of the studies that have these methods."""
SHARED: dict[str, dict[str, Any]] = {
    "set": {"param_decls": ["--set", "changes"], "multiple": True, "metavar": "KEY=VALUE",
            "help": "Change the scenario, for example risk.hazard_multiplier=1.1; may be repeated."},
    "seed": {"type": click.IntRange(0, 2**64 - 1), "default": 1, "show_default": True,
             "help": "Seed of the random numbers."},
    "threads": {"type": click.IntRange(1, 1024), "help": "Workers (default: one per core)."},
    "store": {"type": PATH, "envvar": "DESIST_STORE",
              "help": "Folder of finished pieces (default: results/runs, or DESIST_STORE)."},
    "no-store": {"is_flag": True, "help": "Keep no pieces and read none."},
    "cluster": {"metavar": "tcp://HOST:PORT", "help": "Send the pieces to a running Dask cluster."},
    "out": {"type": PATH, "help": "Folder for results (default: results/NAME)."},
    "xlsx": {"type": PATH, "metavar": "FILE", "help": "Write all tables as an Excel workbook, too."},
    "language": {"type": click.Choice(LANGUAGES), "default": DEFAULT, "show_default": True,
                 "envvar": "DESIST_LANGUAGE",
                 "help": "Language of the printed answer and of the figures (or DESIST_LANGUAGE)."},
    "json": {"param_decls": ["--json", "as_json"], "is_flag": True,
             "help": "Print JSON for machines instead of sentences."},
}  # fmt: skip
"""Options that several commands take, by name."""
OF_STUDIES = ("threads", "store", "no-store", "cluster", "out", "xlsx", "language", "json")


def shared(*names: str) -> list[click.Option]:
    """Options of ``SHARED``."""
    return [click.Option(**{"param_decls": [f"--{name}"], **SHARED[name]}) for name in names]


def shared_options(*names: str) -> Callable[[click.Command], click.Command]:
    """Give a command some options of ``SHARED`` after its own."""
    def with_options(command: click.Command) -> click.Command:
        command.params += shared(*names)
        return command

    return with_options


def parse(study: type[Study], words: Sequence[str]) -> Study:
    """The study that options and arguments on a command line describe.

    Raises ``ParameterError`` or ``click.ClickException`` if an option is unknown or not allowed.
    """
    command = command_of(study)
    own = [each for each in command.params if each.name in study.model_fields]
    with click.Command(study.verb, params=own).make_context(study.verb, list(words)) as context:
        return study(**_given(context.params))


# What the command does ----------------------------------------------------------------------------------------


def _callback(kind: type[Study]) -> Callable[..., int]:
    def callback(**given: Any) -> int:
        context = {str(each.name): given.pop(str(each.name)) for each in shared(*OF_STUDIES)}
        listed, show, example = (given.pop(name, None) for name in ("listed", "show", "example"))
        values = _given(given)
        if listed:
            language = {"language": context["language"]} if "language" in signature(kind.listing).parameters else {}  # type: ignore[attr-defined]
            click.echo(kind.listing(**language))  # type: ignore[attr-defined]
            return 0
        if example is not None:
            click.echo(kind.write_example(example, context["language"], values))  # type: ignore[attr-defined]
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
        return execute(study, **context)

    return callback


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    """Without what was not given."""
    return {name: each for name, each in values.items() if each is not None and each != ()}


def run_context(*, store: Path | None, no_store: bool, cluster: str | None, threads: int | None,
                as_json: bool) -> RunContext:  # fmt: skip
    """Where a study is computed, as options say; progress goes to standard error, and notes too if people read them."""
    from experiments.execution.context import RunContext, no_note, progress
    from experiments.execution.jobs import opened

    return RunContext(
        store=opened(store, no_store), cluster=cluster, threads=threads, progress=progress,
        note=no_note if as_json else (lambda text: click.echo(text, err=True)),
    )  # fmt: skip


def execute(study: Study, *, out: Path | None, as_json: bool, language: Language, xlsx: Path | None = None,
            replace: bool = False, **where: Any) -> int:  # fmt: skip
    """Run a study, save its result and print the answer; returns the exit code. ``where`` is for ``run_context``.

    A finished folder of other inputs is kept, and the result goes to one beside it, unless ``replace`` says otherwise.
    """
    from experiments.execution.environment import RESULTS
    from experiments.language.messages import Messages
    from experiments.provenance.results_folder import Folder, require_writable, write_whole
    from experiments.studies.places import place_for

    wanted = out or (RESULTS / study.folder if study.saved_unasked else None)
    folder = wanted if wanted is None or replace else place_for(wanted, study)
    if folder:
        Folder(folder)  # refuses one that cannot be written before any work
    if xlsx:
        require_writable(xlsx, "--xlsx")
    result = study.run(run_context(as_json=as_json, **where))
    if result.refused:
        click.echo("\n".join(f"desist: {each}" for each in result.answer(language).sentences), err=True)
        return 1
    if not result.complete:
        click.echo("desist: interrupted; what is finished is written. The same command goes on from there", err=True)
    if folder:
        result.save(folder, language)
    if xlsx:
        write_whole(xlsx, result.workbook(language), "--xlsx")
    if as_json:
        data = {"answer": list(result.answer(language).sentences), **result.facts}
        data |= ({"folder": str(folder)} if folder else {}) | ({"workbook": str(xlsx)} if xlsx else {})
        click.echo(json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False))
    else:
        click.echo(result.text(language))
        if folder:
            m = Messages(language)
            kept = m("common.kept", other=f"{wanted}{os.sep}") + "\n" if folder != wanted else ""
            click.echo(f"\n{kept}{m('common.results', folder=f'{folder}{os.sep}')}")
        if xlsx:
            click.echo(Messages(language)("common.workbook", file=str(xlsx)))
    sys.stdout.flush()
    return 130 if not result.complete else 0 if result.passed else 1


@shared_options(*OF_STUDIES)
@click.command()
@click.argument("file", type=PATH, metavar="FILE.toml")
@click.option("--replace", is_flag=True, hidden=True)
def study(file: Path, **context: Any) -> int:
    """Run the study that a TOML file describes.

    Every result has such a file, study.toml, so that it can be made again from its own folder. FILE.toml may also be
    the folder.
    """
    return execute(read_study(file), **context)

"""Studies of which there are reports: which verb makes each, where its folder is, and who writes its page.

A report never computes a study by itself. It reads the folder that the study's own verb has written, if that was made
with the same options, code and versions and nothing in it was changed since; otherwise the verb is run into a folder of
the report's own, so that nobody's results are replaced.
"""

from __future__ import annotations

import contextlib
import io
import shlex
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from experiments.execution.environment import RESULTS, versions
from experiments.language.formatting import Language
from experiments.provenance.receipts import bare, digest, intact, manifest_of, readable
from experiments.provenance.results_folder import code_behind
from experiments.reports.page import Page
from experiments.reports.receipt import about_study, check_line, receipt_rows
from simulation.parameters import ParameterError

OWN = RESULTS / "report"
"""Where studies go that a report had to run."""
PLACES = ("store", "no_store", "cluster", "threads")
"""Options that a report hands on to the verb: they decide no result."""


@dataclass(frozen=True, kw_only=True)
class Study:
    """A study of which there is a report."""

    name: str
    verb: str
    """The verb that makes it."""
    folder: str
    """Its folder below ``results``."""
    writer: str
    """``module:function`` of (folder, manifest, language), which gives the page without its receipt."""
    usual: tuple[str, ...] = ()
    """Words of the verb, where a report is given none."""
    long: bool = False
    """Whether it takes so long that a report does not begin it unasked."""
    unread: tuple[str, ...] = ()
    """Files that the page does not read, and that may be gone (too large to be kept)."""

    def page(self, extra: Sequence[str], language: Language, options: Mapping[str, Any]) -> tuple[Page, dict[str, Any]]:
        """The page and its receipt; ``extra`` are further options of the verb."""
        from dataclasses import replace

        words = ["desist", "report", self.name, "--language", language, *(["--", *extra] if extra else [])]
        module, function = self.writer.split(":")
        with self._folder(extra, options) as folder:
            manifest = manifest_of(folder)
            about = about_study(shlex.join(words), manifest)
            page: Page = getattr(import_module(module), function)(folder, manifest, language)
        own = receipt_rows(about, language)
        return replace(page, receipt=own, check=[check_line([self.name], language)]), about

    @contextlib.contextmanager
    def _folder(self, extra: Sequence[str], options: Mapping[str, Any]) -> Iterator[Path]:
        """The folder of the study: read where there is a good one, made otherwise."""
        words = list(extra or self.usual)
        command = shlex.join(["desist", self.verb, *words])
        if options["no_store"]:
            with tempfile.TemporaryDirectory(prefix="desist-report-") as place:
                yield self._made(Path(place), words, options)
            return
        why = ""
        for folder in (RESULTS / self.folder, OWN / self.folder):
            why = unfit(folder, command, self.unread)
            if not why:
                click.echo(f"Read: {folder}/ (made by the same command, code and versions).", err=True)
                yield folder
                return
        if self.long and not extra:
            usual = RESULTS / self.folder
            why = unfit(usual, command, self.unread)
            raise ParameterError(
                f"the folder [{usual}] cannot be used ({why}), and the study takes long; run {command} "
                f"first, or desist report {self.name} -- --quick"
            )
        click.echo(f"Made anew: {command} ...", err=True)
        yield self._made(OWN / self.folder, words, options)

    def _made(self, folder: Path, extra: Sequence[str], options: Mapping[str, Any]) -> Path:
        """Run the verb into a folder, as if it had been typed."""
        from experiments.cli.main import cli

        command = cli.get_command(click.Context(cli), self.verb)
        assert command is not None
        typed, sys.argv = sys.argv, ["desist", self.verb, *extra]
        try:
            context = command.make_context(self.verb, list(extra))
            handed = {name: options[name] for name in PLACES if name in context.params and name in options}
            context.params.update({**handed, "out": folder, "as_json": False})
            with context, contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(click.exceptions.Exit):
                command.invoke(context)
        finally:
            sys.argv = typed
        return folder


STUDIES = {
    study.name: study
    for study in (
        Study(name="trial", verb="trial", folder="trial", writer="experiments.reports.trial:trial_page"),
        Study(name="sweep", verb="sweep", folder="effect", writer="experiments.reports.trial:sweep_page"),
        Study(name="calibration", verb="calibrate", folder="calibration",
              writer="experiments.reports.effect:calibration_page"),
        Study(name="mechanisms", verb="mechanisms", folder="mechanisms",
              writer="experiments.reports.effect:mechanisms_page"),
        Study(name="power", verb="power", folder="power/pooled", usual=("pooled",),
              writer="experiments.reports.power:power_page"),
        Study(name="ladder", verb="ladder", folder="ladder/nationwide-at-once",
              usual=("nationwide-at-once", "--orders"),
              writer="experiments.reports.ladder:ladder_page"),
        Study(name="check-model", verb="check-model", folder="check-model",
              writer="experiments.reports.check_model:check_model_page", long=True,
              unread=("left_out_predictions.csv",)),
    )
}  # fmt: skip
"""By name, in the order of the help."""


def split(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Names, and the options of a study's own verb that follow them."""
    first = next((k for k, name in enumerate(names) if name.startswith("-")), len(names))
    named = ["sweep" if name == "effect" else name for name in names[:first]]
    if not named:
        raise ParameterError(f"[{names[0]}] is no study or plan; name one first, options of its verb after it")
    return named, list(names[first:])


def unfit(folder: Path, command: str, unread: Sequence[str] = ()) -> str:
    """Why a folder cannot stand for what a command gives now; nothing if it can. Files of ``unread`` may be missing."""
    try:
        manifest = manifest_of(folder)
    except ParameterError:
        return "it is not there"
    if bare(str(manifest["command"])) != bare(command):
        return f"it was made by {bare(str(manifest['command']))}"
    if "receipt" not in manifest or not intact(manifest):
        return "its receipt does not hold"
    if manifest.get("code") != code_behind(command):
        return "it was made by other code"
    if manifest["versions"] != versions():
        return "it was made by other versions"
    for name, known in manifest.get("files", {}).items():
        data = readable(folder / name)
        if data is None and name in unread:
            continue
        if name.endswith((".csv", ".json", ".txt")) and (data is None or digest(data) != known):
            return f"{name} is not what was written"
    return ""

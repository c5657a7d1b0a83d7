"""The command line: one verb a study. Each prints a short answer in words and says where tables and figures are.

Exit codes: 0 fine; 1 the check against the observed rates failed; 2 bad input; 130 interrupted (what was finished is
written).
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

from experiments.cli.catalogue import STUDIES
from experiments.cli.command import command_of

VERBS = {
    "sweep": STUDIES["sweep"],
    "trial": STUDIES["trial"],
    "calibrate": STUDIES["calibrate"],
    "compare-models": STUDIES["compare-models"],
    "mechanisms": STUDIES["mechanisms"],
    "sensitivity": STUDIES["sensitivity"],
    "power": STUDIES["power"],
    "rollout": STUDIES["rollout"],
    "compare": STUDIES["compare"],
    "discover": STUDIES["discover"],
    "voi": STUDIES["voi"],
    "priorities": STUDIES["priorities"],
    "ladder": STUDIES["ladder"],
    "claim": STUDIES["claim"],
    "register": STUDIES["register"],
    "validate": STUDIES["validate"],
    "report": "experiments.cli.report:report",
    "serve": "experiments.cli.serve:serve",
    "study": "experiments.cli.study:study",
    "run": STUDIES["run"],
    "person": STUDIES["person"],
    "scenario": "experiments.cli.model:scenario",
    "parameters": "experiments.cli.model:parameters",
    "municipalities": "experiments.cli.model:municipalities",
    "country": "experiments.cli.country:country",
    "baseline": STUDIES["baseline"],
    "fit-baseline": STUDIES["fit-baseline"],
    "fit-effects": STUDIES["fit-effects"],
    "check-model": STUDIES["check-model"],
    "check-results": "experiments.cli.check_results:check_results",
    "reproduce": "experiments.cli.reproduce:reproduce",
    "store": "experiments.cli.store:store",
    "benchmark": STUDIES["benchmark"],
}
"""Verbs in the order of the help, each where it is written; a verb is loaded when it is used."""
SUMMARIES = {
    "sweep": "Under which assumptions does the trial report 29 % against 67 %? (the main study)",
    "trial": "Simulate the trial of 97 people 10,000 times under each setting of the effect.",
    "calibrate": "What can 97 people tell us? A posterior of what the trial and the registers leave uncertain.",
    "compare-models": "Which explanation of the trial is most probable: support factors, direct, both, or chance?",
    "mechanisms": "How much of the effect runs through housing, work ... and how much directly?",
    "sensitivity": "Which uncertain inputs matter most for an outcome?",
    "power": "What would a planned trial find, and how large must it be?",
    "rollout": "What does a plan do for the whole country, what does it cost whom, and how certain is that?",
    "compare": "How do plans for the whole country differ?",
    "discover": "Under which one or two conditions does a plan not pay back?",
    "voi": "What is more information worth before a plan is decided on (EVPI, EVPPI, EVSI)?",
    "priorities": "Whom to serve first, which municipality next, and in which order for a budget?",
    "ladder": "From headline to delivered effect: what is left of 38 points and of 8:1, step by step.",
    "claim": "One krone saves eight: what gives that, and what it becomes.",
    "register": "Count reoffending in your own register extract, and compare it with the model.",
    "validate": "External validation: the LIFE trial in Maryland, and North Carolina 1978.",
    "report": "A study or a plan as one file for a civil servant, in Danish or English, also on paper.",
    "serve": "Open the page for a class or a meeting, in Danish and English.",
    "study": "Run the study in a file: any result again, from the study.toml in its own folder.",
    "run": "Run one scenario: history, outcomes by arm, survival curves.",
    "person": "One simulated person, month by month: what happened, and why.",
    "scenario": "Print a full scenario, or list those that come with Desist.",
    "parameters": "Print every quantity with unit, bounds, source, evidence grade and prior.",
    "municipalities": "List the municipalities that scenarios may name.",
    "country": "Releases, volunteers, flats and jobs by region and municipality; a table to edit.",
    "baseline": "Does the released population reoffend as the Danish figures say?",
    "fit-baseline": "Fit the defaults of risk and offending to the Danish figures.",
    "fit-effects": "Solve for the parameters of the three named settings of the effect.",
    "check-model": "Does the model obey its invariants, match mathematics and observations, and are faults noticed?",
    "check-results": "Check results against their receipts: the digest of every file, then the study run again.",
    "reproduce": "Run the headline studies again, compare them with results/, and update what the documents quote.",
    "store": "The store of finished runs: list it, check that it is whole, remove what is no longer needed.",
    "benchmark": "Measure speed, memory and start-up.",
}


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
            from simulation.errors import nearest

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


def main() -> None:
    """Entry point: a user's mistake is one line on standard error and exit code 2, never a traceback."""
    try:
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
    except ValueError as mistake:
        from simulation.parameters import ParameterError

        if not isinstance(mistake, ParameterError):
            raise
        _bad_input(str(mistake))
    sys.exit(code if isinstance(code, int) else 0)


def _bad_input(message: str) -> NoReturn:
    click.echo("\n".join(f"desist: {line}" for line in message.splitlines()), err=True)
    sys.exit(2)


# What verbs share ---------------------------------------------------------------------------------------------

Verb = TypeVar("Verb", bound=Callable[..., Any])


def seed_option(function: Verb) -> Verb:
    """``--seed``: luck."""
    seeds = click.IntRange(0, 2**64 - 1)
    return click.option("--seed", type=seeds, default=1, show_default=True, help="Luck.")(function)


def json_option(function: Verb) -> Verb:
    """``--json``: for machines."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for machines instead of words.")(function)


def set_option(function: Verb) -> Verb:
    """``--set key=value``: changes to the scenario."""
    return click.option(
        "--set", "changes", multiple=True, metavar="KEY=VALUE",
        help="Change the scenario, for example risk.hazard_multiplier=1.1; may be repeated.",
    )(function)  # fmt: skip


def threads_option(function: Verb) -> Verb:
    """``--threads``: worker threads."""
    return click.option(
        "--threads", type=click.IntRange(1, 1024), default=None, help="Worker threads (default: one per core)."
    )(function)


def store_options(function: Verb) -> Verb:
    """``--store``, ``--no-store`` and ``--cluster``: where finished pieces are kept, and who computes them."""
    function = click.option(
        "--cluster", default=None, metavar="tcp://HOST:PORT", help="Send the pieces to a running Dask cluster."
    )(function)
    function = click.option("--no-store", is_flag=True, help="Keep no pieces and read none.")(function)
    return click.option(
        "--store", type=click.Path(path_type=Path), default=None, envvar="DESIST_STORE",
        help="Folder of finished pieces (default: results/runs, or DESIST_STORE).",
    )(function)  # fmt: skip


def echo_json(data: Any) -> None:
    """Print JSON; what is not a number is null."""
    click.echo(json.dumps(_plain(data), indent=2, ensure_ascii=False, allow_nan=False))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


if __name__ == "__main__":
    main()

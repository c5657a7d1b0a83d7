"""``desist observe``: the project's own outcome functions on a user's own register extract."""

from __future__ import annotations

from pathlib import Path

import click

from experiments.cli.main import (
    command_line,
    echo_json,
    json_option,
    out_option,
    seed_option,
    set_option,
    threads_option,
)
from experiments.execution.progress import progress

HEADINGS = (
    ("person", "Number or name of the person."),
    ("release", "Date of release (a row a decision)."),
    ("offence", "Date of the offence."),
    ("decision", "Date of the decision (a row a decision)."),
    ("sanction", "Kind of sanction."),
    ("offences", "Number of offences of the row (1 if there is no such column)."),
    ("followed", "Last day on which the person's offences are known."),
    ("decided", "Last day on which decisions are known."),
    ("event", "Kind of event (a row an event)."),
    ("date", "Date of the event (a row an event)."),
)
CODES = (
    ("fine", "A word for fines, where the file has its own; may be repeated."),
    ("suspended", "The same for suspended sentences and community service."),
    ("prison", "The same for prison sentences."),
    ("not-counted", "The same for decisions that are no sanction."),
)


def _headings(function):  # type: ignore[no-untyped-def]
    """An option for each column, and one for each kind of sanction."""
    for name, text in reversed(CODES):
        function = click.option(
            f"--{name}", f"code_{name.replace('-', '_')}", multiple=True, metavar="WORD", help=text
        )(function)
    for name, text in reversed(HEADINGS):
        function = click.option(f"--{name}", f"column_{name}", default=None, metavar="COLUMN", help=text)(function)
    return function


@click.command()
@click.argument("file", type=click.Path(path_type=Path), required=False)
@_headings
@click.option(
    "--until",
    default=None,
    metavar="DATE",
    help="Last day of the extract, for everybody of whom the file says nothing.",
)
@click.option(
    "--releases",
    type=click.Choice(["first", "every"]),
    default=None,
    help="Which releases count where a person has several.",
)
@click.option("--by", default=None, metavar="COLUMN", help="Split people by a column (sex, age group, prison ...).")
@click.option(
    "--definition",
    type=click.Choice(["any", "prison", "sentence"]),
    default=None,
    help="Definition of the curve (default: any, or sentence without dates of offences).",
)
@click.option(
    "--window",
    "windows",
    type=click.IntRange(1, 600),
    multiple=True,
    default=(6, 12, 24),
    show_default=True,
    help="Months after release of the shares; may be repeated.",
)
@click.option(
    "--beside",
    default=None,
    metavar="SCENARIO",
    help="Run a scenario of the model on as many people and put it beside.",
)
@click.option(
    "--least",
    type=click.IntRange(5, 1_000),
    default=5,
    show_default=True,
    help="Fewest people that are counted in what is written.",
)
@click.option(
    "--example",
    type=click.Path(path_type=Path),
    default=None,
    metavar="FILE",
    help="Write an extract of 2,000 people invented by the model, to try this with.",
)
@set_option
@seed_option
@threads_option
@out_option
@json_option
@click.pass_context
def observe(  # type: ignore[no-untyped-def]
    ctx, file, until, releases, by, definition, windows, beside, least, example, changes, seed, threads, out, as_json,
    **options,
):  # fmt: skip
    """Count reoffending in your own register extract, as the model is counted.

    FILE is CSV or Parquet, with a row a decision (person, release, offence, decision, sanction; whoever has no
    decision has one row without one) or a row an event (person, event, date). Nothing leaves this machine, and only
    totals are written: nothing that counts fewer than five people.

    With --beside the exit code is 1 if the share in the register lies outside what the model brings by chance.
    """
    from experiments.execution.environment import RESULTS
    from experiments.inputs.scenario_files import load
    from experiments.provenance.results_folder import Folder
    from experiments.studies.validation.register_extract import Form
    from experiments.studies.validation.register_extract import observe as read
    from simulation.parameters import ParameterError

    if example is not None:
        ctx.exit(_example(example, seed, beside, changes))
    if file is None:
        raise ParameterError(
            "FILE is []; a register extract is needed (--example extract.csv writes one to try this with)"
        )
    form = Form(
        columns={name: options[f"column_{name}"] for name, _ in HEADINGS if options[f"column_{name}"] is not None},
        codes=_codes(options), until=_day(until), releases=releases, by=by,
    )  # fmt: skip
    plan = None if beside is None else load(beside, changes)
    if changes and plan is None:
        raise ParameterError(f"--set is [{changes[0]}], but no scenario is told; add --beside SCENARIO")
    folder = Folder(out or RESULTS / "observe")
    register = read(file, form)
    asked = definition if definition is not None else register.definitions[0]
    register.history(asked)
    ctx.exit(_report(file, register, plan, asked, sorted(set(windows)), folder, least, seed, threads, as_json))


def _codes(options) -> dict[str, str]:  # type: ignore[no-untyped-def]
    from simulation.parameters import ParameterError

    found: dict[str, str] = {}
    for name, _ in CODES:
        kind = "" if name == "not-counted" else name
        for word in options[f"code_{name.replace('-', '_')}"]:
            if found.setdefault(word.casefold(), kind) != kind:
                raise ParameterError(f"--{name} is [{word}], which another option names, too; name it once")
    return found


def _day(text):  # type: ignore[no-untyped-def]
    from experiments.studies.validation.dates import ALLOWED, day
    from simulation.parameters import ParameterError

    if text is None:
        return None
    if (found := day(text.strip())) is None:
        raise ParameterError(f"--until is [{text}]; allowed is {ALLOWED}")
    return found


def _example(path, seed, beside, changes) -> int:  # type: ignore[no-untyped-def]
    """Write an invented extract."""
    from experiments.inputs.scenario_files import load
    from experiments.studies.validation.write import extract
    from simulation.history import simulate
    from simulation.parameters import ParameterError

    plan = load(beside or "everyone", changes).changed({
        "people.count": 2_000, "people.release_months": 12, "people.follow_up_months": 36, "people.calendar_months": 48,
    })  # fmt: skip
    try:
        extract(simulate(plan, seed=seed)).to_csv(path, index=False, lineterminator="\n")
    except OSError as problem:
        raise ParameterError(f"--example is [{path}], which cannot be written ({problem.strerror})") from None
    click.echo(
        f"{path}: 2,000 people invented by the scenario {plan.name}, none of them real. Try: desist observe {path}"
    )
    return 0


def _report(file, register, plan, definition, windows, folder, least, seed, threads, as_json) -> int:  # type: ignore[no-untyped-def]
    from experiments.figures.observed import observed_figure
    from experiments.figures.style import style
    from experiments.provenance.results_folder import digest_of
    from experiments.studies.validation import tables
    from experiments.studies.validation.disclosure import about, counts_shown, curve_shown, pooled, shares_shown

    register, number = pooled(register, least=least), len(register.people)
    rates = shares_shown(tables.seen_shares(register, windows), least=least)
    curves = curve_shown(tables.seen_times(register, definition), least=least)
    folder.table("outcomes", rates.drop(columns="shown"))
    folder.table("curve", curves)
    counts, longest = None, max(windows)
    if "any" in register.definitions:
        judged = rates[rates["shown"] & (rates["definition"] == "any") & (rates["group"] == "all")]
        longest = int(judged["window"].max()) if len(judged) else max(windows)
        counts = counts_shown(tables.seen_offences(register, longest), least=least)
        folder.table("offences", counts.drop(columns="shown"))
    both = band = None
    made = {"command": command_line(), "file": file.name, "file_digest": digest_of(file), "definition": definition,
            "windows": windows, "least": least}  # fmt: skip
    if plan is not None:
        plan = tables.alike(plan, register)
        each = tables.cohorts(number)
        told, band = tables.beside(plan, register, definition, windows, seed=seed, threads=threads,
                                   shown=lambda rows: progress(rows, each, "cohorts"))  # fmt: skip
        both, band = tables.compared(rates, told), band[band["month"] <= curves["month"].max()]
        folder.table("beside", both.drop(columns="shown"))
        folder.table("model", band)
        folder.manifest(plan, seed=seed, cohorts=each, **made)
    else:
        folder.manifest(None, **made)
    style()
    folder.figure("curve", observed_figure(curves, band, definition=definition, people=number,
                                           scenario="" if plan is None else plan.name))  # fmt: skip
    last = None
    if both is not None:
        judged = both[(both["definition"] == definition) & both["inside"].notna()]
        last = None if judged.empty else judged.sort_values("window").iloc[-1]
    if as_json:
        echo_json({"releases": about(number), "outcomes": rates.to_dict("records"),
                   "offences": None if counts is None else counts.to_dict("records"),
                   "beside": None if both is None else both.to_dict("records"), "notes": list(register.notes),
                   "folder": str(folder.path)})  # fmt: skip
    else:
        _spoken(number, register, rates, counts, both, last, least, plan, longest)
        click.echo(f"\nTables, figure and manifest (totals only): {folder.path}/")
    return 1 if last is not None and not last["inside"] else 0


def _spoken(number, register, rates, counts, both, last, least, plan, window) -> None:  # type: ignore[no-untyped-def]
    from experiments.provenance.results_folder import percent, spelled
    from experiments.studies.validation.disclosure import about
    from simulation.outcomes import RULES

    form = {
        "people": _count,
        "censored": _count,
        "reoffended": _count,
        "share": percent,
        "low": percent,
        "high": percent,
    }
    shown = rates.drop(columns="shown")
    if not (shown["group"] != "all").any():
        shown = shown.drop(columns="group")
    if not (shown["censored"].fillna(1) > 0).any():
        shown = shown.drop(columns="censored")
    table = shown.assign(**{name: [f(value) for value in shown[name]] for name, f in form.items() if name in shown})
    click.echo(f"{about(number).capitalize()} releases. Share who reoffended, by months after release (95 % interval "
               "of Wilson):\n")  # fmt: skip
    click.echo(spelled(table))
    click.echo("\n" + "\n".join(f"{name}: {RULES[name]}." for name in register.definitions))
    if counts is not None:
        rows = counts.drop(columns="shown").assign(people=[_count(each) for each in counts["people"]],
                                                   share=[percent(each) for each in counts["share"]])  # fmt: skip
        click.echo(f"\nAmong those who reoffended (any) within {window} months, offences:\n\n{spelled(rows)}")
    for note in register.notes:
        click.echo(f"\nNote: {note}.")
    click.echo(f"\nA dash: not told, since it counts fewer than {least} people, or could be worked out from what does.")
    if both is None:
        return
    wide = dict.fromkeys(("share", "low", "high", "model", "model_low", "model_high"), "%")
    columns = ["definition", "window", *wide, "inside"]
    rows = both[columns].assign(inside=[{True: "yes", False: "no"}.get(each, "-") for each in both["inside"]])
    click.echo(f"\nBeside the model ({plan.name}, cohorts of as many people, watched as long; model_low and "
               f"model_high: middle 95 % of them):\n\n{spelled(rows, wide)}")  # fmt: skip
    if last is None:
        click.echo("\nNothing can be compared under this definition.")
        return
    where = "lies among" if last["inside"] else "lies outside"
    chance = f"{percent(last['model_low'])} to {percent(last['model_high'])}"
    click.echo(f"\n{last['definition']}, {last['window']} months: the register's {percent(last['share'])} {where} "
               f"what the model brings by chance ({chance}).")  # fmt: skip


def _count(value: float) -> str:
    return "-" if value != value else f"{value:,.0f}"

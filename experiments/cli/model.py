"""Commands that print what the model is made of: scenarios, quantities, municipalities, the country."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from experiments.cli.command import PATH, shared_options
from experiments.cli.main import echo
from experiments.language.formatting import Language


@shared_options("set", "json")
@click.command()
@click.argument("name", default="everyone")
@click.option("--list", "listing", is_flag=True, help="List the scenarios that come with Desist.")
@click.option("--shift", is_flag=True, help="Print how far each support factor moves the baseline.")
def scenario(*, name: str, listing: bool, shift: bool, changes: Sequence[str], as_json: bool) -> None:
    """Print the full effective scenario NAME as TOML (a complete file that gives the same run)."""
    from experiments.inputs.scenario_files import load, titles  # here, for --help comes at once

    if listing:
        known = titles()
        echo(known, "\n".join(f"{each:<24} {title}" for each, title in known.items()), as_json)
        return
    plan = load(name, changes)
    if shift:
        from experiments.studies.validation.baseline import factor_shifts, shifts_text  # pandas and the model

        table = factor_shifts(plan, seed=1)
        echo(table.to_dict("records"), shifts_text(table), as_json)
    else:
        text = f"# digest {plan.digest}\n{plan.to_toml()}".rstrip()
        echo({"digest": plan.digest, **plan.model_dump()}, text, as_json)


@shared_options("set", "json")
@click.command()
@click.argument("name", default="pooled")
@click.option("--grade", type=click.Choice(["measured", "judged", "assumed"]), default=None, help="Only this grade.")
@click.option("--markdown", is_flag=True, help="Print one table in Markdown.")
def parameters(*, name: str, grade: str | None, markdown: bool, changes: Sequence[str], as_json: bool) -> None:
    """Print every quantity of scenario NAME: value, unit, bounds, evidence grade, prior, meaning, source."""
    # Here, since the model would slow --help.
    from experiments.inputs.scenario_files import load
    from experiments.reproduction.parameter_tables import in_columns, listed
    from simulation.parameters import quantities

    plan = load(name, changes)
    rows = [row for row in quantities(plan) if grade is None or row.grade == grade]
    text = listed(rows) if markdown else in_columns(rows, with_effect=len(plan.programme) == 1)
    echo([asdict(row) for row in rows], text, as_json)


@shared_options("language", "json")
@click.command()
def municipalities(*, as_json: bool, language: Language) -> None:
    """Print the 98 municipalities: number, name, region, inhabitants, whether the programme is there today."""
    # Here, since pandas would slow --help.
    import pandas as pd

    from experiments.language.country import municipalities_text
    from experiments.language.messages import Messages
    from simulation.municipalities import municipalities as every

    rows = [asdict(each) for each in every()]
    echo(rows, municipalities_text(pd.DataFrame(rows), Messages(language, "country")), as_json)


@shared_options("seed", "language", "json")
@click.command()
@click.option("--municipalities", "by_municipality", is_flag=True, help="All 98 municipalities instead of the regions.")
@click.option("--sources", is_flag=True, help="What each number is, its grade and its source, instead.")
@click.option("--csv", "target", type=PATH, default=None, metavar="FILE",
              help="Write all municipalities as a table to edit, for --own and for plans.")
@click.option("--own", "own_file", type=PATH, default=None, metavar="FILE",
              help="Your own figures for releases_per_year, recruiting, flats or jobs (docs/country.md).")
@click.option("--draws", type=click.IntRange(10, 100_000), default=1_000, show_default=True,
              help="Draws of the uncertain releases behind the ranges.")
def country(
    *, by_municipality: bool, sources: bool, target: Path | None, own_file: Path | None, draws: int, seed: int,
    as_json: bool, language: Language,
) -> None:  # fmt: skip
    """Print Denmark as plans use it: people released in a year, how many have time for a programme, its area today."""
    # Here, since pandas would slow --help.
    from experiments.inputs.municipalities import COLUMNS, Differences, denmark, time_for_programme
    from experiments.inputs.municipality_csv import read_own, write_new
    from experiments.language.country import municipalities_text, regions_text, sources_text
    from experiments.language.messages import Messages
    from simulation.parameters import quantities

    if sources:
        rows = [*COLUMNS, *quantities(Differences())]
        echo([asdict(row) for row in rows], sources_text(rows), as_json)
        return
    m, own = Messages(language, "country"), read_own(own_file) if own_file is not None else None
    found = denmark(own)
    if own is not None and not as_json:
        given = {number for column in own.values() for number in column}
        click.echo(m("own", file=str(own_file), n=str(len(given)), every=str(len(found.places))) + "\n")
    if target is not None:
        write_new(target, found.table().drop(columns="per_1000"))
        if not as_json:
            click.echo(m("written", file=str(target)) + "\n")
    table = found.table() if by_municipality else found.summary(draws=draws, seed=seed)
    text = municipalities_text(table, m) if by_municipality else regions_text(table, time_for_programme(table), m)
    echo(table.to_dict("records"), text, as_json)

"""``desist country``: releases, volunteers, flats and jobs by region and municipality, and a table to edit."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from experiments.cli.command import shared_options
from experiments.cli.main import echo_json
from experiments.language.formatting import Language


@shared_options("seed", "language", "json")
@click.command()
@click.option("--municipalities", "by_municipality", is_flag=True, help="All 98 municipalities instead of the regions.")
@click.option("--sources", is_flag=True, help="What each number is, its grade and its source, instead.")
@click.option("--csv", "target", type=click.Path(path_type=Path), default=None, metavar="FILE",
              help="Write all municipalities as a table to edit, for --own and for plans.")
@click.option("--own", "own_file", type=click.Path(path_type=Path), default=None, metavar="FILE",
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
        if as_json:
            echo_json([asdict(row) for row in rows])
        else:
            click.echo(sources_text(rows))
        return
    m, found = Messages(language, "country"), denmark(read_own(own_file) if own_file is not None else None)
    if target is not None:
        write_new(target, found.table().drop(columns="per_1000"))
        if not as_json:
            click.echo(m("written", file=str(target)) + "\n")
    table = found.table() if by_municipality else found.summary(draws=draws, seed=seed)
    if as_json:
        echo_json(table.to_dict("records"))
    elif by_municipality:
        click.echo(municipalities_text(table, m))
    else:
        click.echo(regions_text(table, time_for_programme(table), m))

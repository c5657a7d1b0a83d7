"""``desist country``: releases, volunteers, flats and jobs by region and municipality, and a table to edit."""

from __future__ import annotations

from pathlib import Path

import click

from experiments.cli.main import echo_json, json_option, seed_option


@click.command()
@click.option("--places", "by_place", is_flag=True, help="All 98 municipalities instead of the regions.")
@click.option("--sources", is_flag=True, help="What each number is, its grade and its source, instead.")
@click.option("--csv", "target", type=click.Path(path_type=Path), default=None, metavar="FILE",
              help="Write all municipalities as a table to edit, for --own and for plans.")
@click.option("--own", "own_file", type=click.Path(path_type=Path), default=None, metavar="FILE",
              help="Your own figures for releases_per_year, recruiting, flats or jobs (docs/country.md).")
@click.option("--draws", type=click.IntRange(10, 100_000), default=1_000, show_default=True,
              help="Possible countries behind the ranges.")
@seed_option
@json_option
def country(by_place, sources, target, own_file, draws, seed, as_json):  # type: ignore[no-untyped-def]
    """Denmark as plans see it: people released in a year, how many have time for a programme, its area today."""
    from experiments.inputs.municipalities import denmark
    from experiments.inputs.municipality_csv import read_own, written

    if sources:
        _sources(as_json)
        return
    found = denmark(read_own(own_file) if own_file is not None else None)
    if target is not None:
        _write(target, written(found.table().drop(columns="per_1000")))
        if not as_json:
            click.echo(f"Written: {target}. Edit it, remove the columns that are not yours, and use --own.\n")
    table = found.table() if by_place else found.summary(draws=draws, seed=seed)
    if as_json:
        echo_json(table.to_dict("records"))
        return
    click.echo(_places(table) if by_place else _regions(table))


def _write(target, text):  # type: ignore[no-untyped-def]
    """Write a new file; one that is there is somebody's work and stays."""
    from simulation.parameters import ParameterError

    try:
        with target.open("x", encoding="utf-8", newline="") as file:
            file.write(text)
    except FileExistsError:
        raise ParameterError(f"--csv is [{target}], which exists already; name a new file") from None
    except OSError as problem:
        raise ParameterError(f"--csv is [{target}], which cannot be written ({problem.strerror})") from None


def _regions(table):  # type: ignore[no-untyped-def]
    """The summary as text."""
    from experiments.inputs.municipalities import ELIGIBLE
    from experiments.provenance.results_folder import percent
    from simulation.programmes import Programme

    heads = [("", "municip-", "", "released", "95 % of", "per 1,000", "with", "today's", "programme", "area"),
             ("", "alities", "inhabitants", "a year", "draws", "inhab.", "time", "inhab.", "released", "with time")]
    body = [
        (row.region, f"{row.municipalities}", f"{row.population:,}", f"{row.releases:,.0f}",
         f"{row.low:,.0f}-{row.high:,.0f}" if row.high - row.low > 1 else "", f"{row.per_1000:.2f}",
         f"{row.eligible:,.0f}", percent(row.today_share), f"{row.today_releases:,.0f}", f"{row.today_eligible:,.0f}")
        for row in table.itertuples()
    ]  # fmt: skip
    widths = (12, 9, 12, 9, 13, 10, 7, 10, 10, 10)
    lines = [
        line[0].ljust(widths[0]) + "".join(cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True))
        for line in (*heads, *body)
    ]
    whole, shortest = table.iloc[-1], Programme().shortest_sentence_months
    share, (low, high) = whole.eligible / whole.releases, ELIGIBLE.quantile((0.025, 0.975))
    return "\n".join([
        *lines, "",
        f"Programme area today: {whole.today_municipalities} municipalities, {whole.today_population:,} inhabitants; "
        f"{whole.releases * whole.today_share:,.0f} released if they were spread as the inhabitants are.",
        f"With time for a programme: a sentence of at least {shortest:g} months, {percent(share)} of the "
        f"released (up for ordinary parole are {percent(low)} to {percent(high)}).",
    ])  # fmt: skip


def _places(table):  # type: ignore[no-untyped-def]
    """All municipalities as text."""
    head = (f"{'':>4}  {'':<18} {'':<12} {'inhabitants':>11}  {'released':>8} {'per 1,000':>9}  {'recruiting':>10} "
            f"{'flats':>6} {'jobs':>6}")  # fmt: skip
    body = [
        f"{row.number:>4}  {row.name:<18} {row.region:<12} {row.population:>11,}  {row.releases_per_year:>8,.1f} "
        f"{row.per_1000:>9.2f}  {row.recruiting:>10.2f} {row.flats:>6.2f} {row.jobs:>6.2f}"
        f"{'  Primus Motor today' if row.programme_area else ''}"
        for row in table.itertuples()
    ]
    return "\n".join([head, *body])


def _sources(as_json):  # type: ignore[no-untyped-def]
    """Print what each number is and where it comes from."""
    from dataclasses import asdict

    from experiments.inputs.municipalities import COLUMNS, Differences
    from simulation.parameters import quantities

    rows = [*COLUMNS, *quantities(Differences())]
    if as_json:
        echo_json([asdict(row) for row in rows])
        return
    for row in rows:
        click.echo(f"{row.key:<22} {row.value!s:<18} {row.unit:<32} {row.grade:<9} {row.prior}")
        click.echo(f"    {row.what}. Source: {row.source}.")

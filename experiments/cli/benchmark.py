"""``desist bench``: speed, memory, start-up and what the same luck is worth, as ratios measured in one run."""

from __future__ import annotations

import click

from experiments.cli.main import echo_json, json_option

COUNTRY_RUNS = 200
"""Replicates of ten years of Denmark that are told."""


@click.command()
@click.argument("part", type=click.Choice(["page"]), required=False)
@click.option("--people", multiple=True, type=click.IntRange(100, 10_000_000), help="Sizes (1000 10000 100000).")
@click.option("--quick", is_flag=True, help="One size, no start-up, no studies, no luck; of the page a small class.")
@json_option
def bench(part, people, quick, as_json):  # type: ignore[no-untyped-def]
    """Measure person-months per second of both drivers on the same scenario, memory, start-up, and the same luck.

    With PART page: the page's cold start, its sliders in a browser, and a class of thirty (five minutes).

    Machines are noisy: compare the ratios of one run, not seconds between runs.
    """
    if part == "page":
        _page(quick, as_json)
        return
    from experiments.benchmarks.country import WAYS, apart
    from experiments.benchmarks.drivers import driver_rows, start_up, studies
    from experiments.benchmarks.studies import store_costs
    from experiments.execution.environment import versions
    from experiments.provenance.results_folder import spelled
    from experiments.studies.trial.common_random_numbers import PEOPLE, REPLICATES, luck_rows

    sizes = people or ((10_000,) if quick else (1_000, 10_000, 100_000))
    click.echo(f"measuring both drivers at {len(sizes)} sizes ...", err=True)
    rows = driver_rows(sizes)
    found = {"drivers": rows.to_dict("records"), "versions": versions()}
    if not quick:
        click.echo("measuring start-up and the headline studies (some minutes) ...", err=True)
        found |= {"start_up": start_up(), "studies": studies()}
        click.echo("measuring ten years of Denmark ...", err=True)
        found["country"] = {way: apart(way, COUNTRY_RUNS) for way in WAYS}
        click.echo("measuring the store of runs ...", err=True)
        found["store"] = store_costs()
        click.echo("measuring what the same luck is worth ...", err=True)
        luck = luck_rows()
        found["luck"] = luck.to_dict("records")
    if as_json:
        echo_json(found)
        return
    click.echo(spelled(rows, {"engine 1 thread": ",.1f", "engine all threads": ",.1f", "Mesa": ",.3f", "ratio": ",.0f",
                              "ratio all": ",.0f", "no programme": ",.1f",
                              "bytes a person": ".0f"}))  # fmt: skip
    click.echo("Million person-months per second. Engine, Mesa and their ratio: the full model of the trial;")
    click.echo("no programme: everybody released (support, scarcity, peers, offences, custody), engine, 1 thread.")
    for part in ("start_up", "studies"):
        for what, seconds in found.get(part, {}).items():
            click.echo(f"{seconds:8.2f} s  {what}")
    for way, row in found.get("country", {}).items():
        click.echo(f"{row['seconds']:8.2f} s  ten years of Denmark, {COUNTRY_RUNS} replicates, {way}: "
                   f"{row['a_second']:.1f} million person-months a second, {row['peak_mib']:.0f} MiB")  # fmt: skip
    for what, value in found.get("store", {}).items():
        click.echo(f"{value:8.3f}    {what}")
    if not quick:
        forms = {"difference": "+.2f", "sd_same": ".2f", "sd_independent": ".2f", "ratio": ",.0f", "low": ",.0f"}
        click.echo("\n" + spelled(luck, {**forms, "high": ",.0f", "bound": ",.0f"}))
        click.echo(f"Same luck: two-year reoffending, {PEOPLE:,} people, {REPLICATES} replicates (points).")
        click.echo("sd: of the difference, on the same and on independent luck; ratio of the variances with its 95 %")
        click.echo("interval; bound: the most it could be if people shared nothing.")


def _page(quick: bool, as_json: bool) -> None:
    from experiments.benchmarks.page import LIMITS, page_costs

    click.echo("measuring the page in a browser, then a class (some minutes) ...", err=True)
    found = page_costs(quick=quick)
    if as_json:
        echo_json(found)
        return
    for name, row in found.items():
        what = "slider" if name.startswith("slider") else name
        low, high = (f" (under {LIMITS[each]:g})" if each in LIMITS else "" for each in (what, f"{what}, 95 %"))
        click.echo(f"{name}: median {row['median']:.2f} s{low}, 95 % {row['95 %']:.2f} s{high}, "
                   f"worst {row['worst']:.2f} s of {row['number']:.0f}")  # fmt: skip
    row = found["class"]
    click.echo(f"class: {row['visitors']:.0f} visitors, {row['errors']:.0f} errors, "
               f"{row['MiB']:,.0f} MiB (under {LIMITS['class, MiB']:,.0f})")  # fmt: skip

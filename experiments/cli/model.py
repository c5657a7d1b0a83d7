"""Verbs about the model itself: scenarios, parameters, places, and the fits of its defaults."""

from __future__ import annotations

from pathlib import Path

import click

from experiments.cli.main import echo_json, json_option, posterior_option, seed_option, set_option
from experiments.execution.progress import progress


@click.command()
@click.argument("name", default="everyone")
@click.option("--list", "listing", is_flag=True, help="List the scenarios that come with Desist.")
@click.option("--shift", is_flag=True, help="Print how far each support factor moves the baseline.")
@set_option
@json_option
def scenario(name, listing, shift, changes, as_json):  # type: ignore[no-untyped-def]
    """Print the full effective scenario NAME as TOML (a complete file that gives the same run)."""
    from experiments.inputs.scenario_files import load, names

    if listing:
        rows = {each: load(each).title for each in names()}
        if as_json:
            echo_json(rows)
        else:
            click.echo("\n".join(f"{each:<24} {title}" for each, title in rows.items()))
        return
    plan = load(name, changes)
    if shift:
        from experiments.provenance.results_folder import spelled
        from experiments.studies.validation.baseline import shifts

        table = shifts(plan, seed=1)
        if as_json:
            echo_json(table.to_dict("records"))
        else:
            click.echo(spelled(table, {"with it": "%", "without it": "%", "shift": "+.1f"}))
            click.echo("Share with a new decision in two years (any), nobody mentored, same luck; shift in points.")
        return
    if as_json:
        echo_json({"digest": plan.digest, **plan.model_dump()})
    else:
        click.echo(f"# digest {plan.digest}\n{plan.to_toml()}", nl=False)


@click.command()
@click.argument("name", default="pooled")
@click.option("--grade", type=click.Choice(["measured", "judged", "assumed"]), default=None, help="Only this grade.")
@click.option("--markdown", is_flag=True, help="Print one table in Markdown.")
@click.option(
    "--describe",
    type=click.Path(exists=True, path_type=Path),
    default=None,
    metavar="PATH",
    help="Bring the tables that the code writes in a Markdown page, or in all pages of a folder, up to date instead.",
)
@set_option
@json_option
def parameters(name, grade, markdown, describe, changes, as_json):  # type: ignore[no-untyped-def]
    """Print every quantity of scenario NAME: value, unit, bounds, evidence grade, prior, meaning, source."""
    if describe is not None:
        _describe(describe, as_json)
        return
    from dataclasses import asdict

    from experiments.inputs.parameter_points import EFFECT
    from experiments.inputs.scenario_files import load
    from experiments.reproduction.parameter_tables import allowed, in_markdown, said
    from simulation.parameters import quantities

    plan = load(name, changes)
    rows = [row for row in quantities(plan) if grade is None or row.grade == grade]
    if as_json:
        echo_json([asdict(row) for row in rows])
        return
    if markdown:
        click.echo(in_markdown(plan, grade))
        return
    head = ("parameter", "value", "unit", "allowed", "grade", "prior")
    body = [
        (row.key, said(row.value), row.unit, allowed(row), row.grade, row.prior) for row in rows
    ]  # fmt: skip
    widths = [min(46, max(len(line[column]) for line in [head, *body])) for column in range(len(head))]
    for line, row in zip([head, *body], [None, *rows], strict=True):
        click.echo("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())
        if row is not None:
            click.echo(f"    {row.what}. Source: {row.source}.")
    grades = {each: sum(row.grade == each for row in rows) for each in ("measured", "judged", "assumed")}
    click.echo(f"\n{len(rows)} quantities: " + ", ".join(f"{number} {each}" for each, number in grades.items()) + ".")
    if len(plan.programme) == 1:
        click.echo("\nWhere doubts are drawn (calibrate, sensitivity), direct_effect and support_effect follow these:")
        for row in EFFECT:
            click.echo(f"{row.key}  {row.unit}  {allowed(row)}  {row.grade}  {row.prior}")
            click.echo(f"    {row.what}. Source: {row.source}.")


def _describe(path, as_json):  # type: ignore[no-untyped-def]
    """Bring the tables that the code writes in some pages up to date, and say which changed."""
    from experiments.reproduction.parameter_tables import describe, pages

    changed = [page.as_posix() for page in describe(path)]
    if as_json:
        echo_json({"pages": [page.as_posix() for page in pages(path)], "changed": changed})
        return
    for page in changed:
        click.echo(f"{page}: tables written anew")
    click.echo(f"{len(pages(path))} pages with tables of the code, {len(changed)} of them changed.")


@click.command()
@json_option
def places(as_json):  # type: ignore[no-untyped-def]
    """List the 98 municipalities: number, name, region, population, programme there today."""
    from dataclasses import asdict

    from simulation.places import municipalities

    if as_json:
        echo_json([asdict(place) for place in municipalities()])
        return
    for place in municipalities():
        today = "  Primus Motor today" if place.programme_area else ""
        click.echo(f"{place.number:>4}  {place.name:<18} {place.region:<12} {place.population:>8,}{today}")


@click.command()
@click.option("--people", type=click.IntRange(1_000, 5_000_000), default=20_000, show_default=True, help="Cohort.")
@posterior_option
@seed_option
@set_option
@json_option
def baseline(people, posterior, draws, seed, changes, as_json):  # type: ignore[no-untyped-def]
    """Put the released population (no programme) beside the Danish and open figures; exit code 1 if any is missed.

    With --posterior the population is that of its draws (40 if --draws is not given), each with so many people.
    """
    from experiments.inputs.posterior import Posterior
    from experiments.inputs.scenario_files import change, load
    from experiments.studies.validation.baseline import check, check_over

    base = load("everyone", changes)
    if posterior is None:
        table = check(base, seed=seed, people=people)
    else:
        found = Posterior.read(posterior).scenarios(base, draws or 40, but=[change(each)[0] for each in changes])
        scenarios = progress([scenario for _, scenario in found], len(found), "draws")
        table = check_over(scenarios, seed=seed, people=people)
    if as_json:
        echo_json(table.to_dict("records"))
    else:
        click.echo(_targets(table))
        inside = int(table["inside"].sum())
        click.echo(
            f"\n{inside} of {len(table)} figures lie inside their bands ({people:,} people, seed {seed}). Some bands "
            "are narrow against chance: not every cohort of 20,000 meets all of them (docs/baseline.md)."
        )
    click.get_current_context().exit(0 if bool(table["inside"].all()) else 1)


def _targets(table):  # type: ignore[no-untyped-def]
    lines = []
    for row in table.itertuples():
        mark = "inside " if row.inside else "OUTSIDE"
        draws = f"  ({row.model_low:.3f} to {row.model_high:.3f})" if "model_low" in table else ""
        lines.append(f"{row.model:7.3f}{draws}  {mark}  {row.low:.3f} to {row.high:.3f}  {row.what}  ({row.source})")
    over = "  95 % of draws   " if "model_low" in table else ""
    return "\n".join([f"  model{over}           band             figure", *lines])


@click.command("fit-baseline")
@click.option("--people", type=click.IntRange(1_000, 1_000_000), default=60_000, show_default=True, help="Cohort.")
@click.option("--evaluations", type=click.IntRange(1, 100_000), default=450, show_default=True, help="Most trials of parameters.")  # noqa: E501
@seed_option
@set_option
def fit_baseline(people, evaluations, seed, changes):  # type: ignore[no-untyped-def]
    """Fit the defaults of risk and offending to experiments/inputs/data/baseline_targets.csv; prints them as TOML.

    Put better data into that table, run this, and copy the values into a scenario (or the defaults).
    """
    from tqdm import tqdm

    from experiments.inputs.scenario_files import load
    from experiments.studies.validation.baseline import FITTED, check, fit

    with tqdm(total=evaluations, desc="fit", delay=2, disable=None, leave=False) as bar:

        def told(number: int, best: float) -> None:
            bar.update(number - bar.n)
            bar.set_postfix(distance=f"{best:.2f}")

        plan, distance = fit(load("everyone", changes), seed=seed, people=people, evaluations=evaluations, told=told)
    sections: dict[str, list[str]] = {}
    data = plan.model_dump()
    for key in FITTED:
        section, name = key.split(".")
        sections.setdefault(section, []).append(f"{name} = {data[section][name]}")
    for section, lines in sections.items():
        click.echo("\n".join([f"[{section}]", *lines, ""]))
    click.echo(_targets(check(plan, seed=seed + 1, people=20_000)))
    click.echo(f"\nSum of squared distances, each in units of its scale: {distance:.1f}. "
               f"The table is of another cohort, 20,000 people on seed {seed + 1}.")  # fmt: skip


@click.command("fit-settings")
@click.option("--trials", type=click.IntRange(10, 100_000), default=1_000, show_default=True, help="Trials a step.")
@json_option
def fit_settings(trials, as_json):  # type: ignore[no-untyped-def]
    """Solve for the strength of the effect in as-reported, pooled and sceptical; prints what to put in their files."""
    from experiments.provenance.results_folder import spelled
    from experiments.studies.trial.effect_settings import SETTINGS, solved

    level, table = solved(trials=trials, shown=lambda each: progress(each, len(SETTINGS), "settings"))
    if as_json:
        echo_json({"risk.level": level, "settings": table.to_dict("records")})
        return
    click.echo(f"risk.level = {level:g} (67 % of the highest-risk controls reoffend, definition of scenario trial)\n")
    forms = {"aim": "%", "direct_effect": ".3g", "support_effect": ".3g"}
    click.echo(spelled(table, forms))
    click.echo("\naim: risk of the mentored, as randomised, that the marginal hazard ratio over 24 months stands for.")

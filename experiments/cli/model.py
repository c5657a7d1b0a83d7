"""Commands that print what the model is made of: scenarios, quantities, municipalities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from experiments.cli.command import shared_options
from experiments.cli.main import echo_json
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
        if as_json:
            echo_json(known)
        else:
            click.echo("\n".join(f"{each:<24} {title}" for each, title in known.items()))
        return
    plan = load(name, changes)
    if shift:
        from experiments.studies.validation.baseline import factor_shifts, shifts_text  # pandas and the model

        table = factor_shifts(plan, seed=1)
        if as_json:
            echo_json(table.to_dict("records"))
        else:
            click.echo(shifts_text(table))
    elif as_json:
        echo_json({"digest": plan.digest, **plan.model_dump()})
    else:
        click.echo(f"# digest {plan.digest}\n{plan.to_toml()}", nl=False)


@shared_options("set", "json")
@click.command()
@click.argument("name", default="pooled")
@click.option("--grade", type=click.Choice(["measured", "judged", "assumed"]), default=None, help="Only this grade.")
@click.option("--markdown", is_flag=True, help="Print one table in Markdown.")
@click.option("--describe", type=click.Path(exists=True, path_type=Path), default=None, metavar="PATH",
              help="Bring the tables that the code writes in a Markdown page, or in all pages of a folder, up to date "
              "instead.")
def parameters(
    *, name: str, grade: str | None, markdown: bool, describe: Path | None, changes: Sequence[str], as_json: bool
) -> None:  # fmt: skip
    """Print every quantity of scenario NAME: value, unit, bounds, evidence grade, prior, meaning, source."""
    # Here, since the model would slow --help.
    from experiments.inputs.scenario_files import load
    from experiments.reproduction.parameter_tables import in_columns, in_markdown
    from simulation.parameters import quantities

    if describe is not None:
        _describe(describe, as_json)
        return
    plan = load(name, changes)
    if as_json:
        echo_json([asdict(row) for row in quantities(plan) if grade is None or row.grade == grade])
    else:
        click.echo((in_markdown if markdown else in_columns)(plan, grade))


def _describe(path: Path, as_json: bool) -> None:
    """Bring the tables that the code writes in some pages up to date, and say which changed."""
    from experiments.reproduction.parameter_tables import describe, pages  # the model, too

    changed, every = [page.as_posix() for page in describe(path)], pages(path)
    if as_json:
        echo_json({"pages": [page.as_posix() for page in every], "changed": changed})
        return
    for page in changed:
        click.echo(f"{page}: tables written anew")
    click.echo(f"{len(every)} pages with tables of the code, {len(changed)} of them changed.")


@shared_options("language", "json")
@click.command()
def municipalities(*, as_json: bool, language: Language) -> None:
    """Print the 98 municipalities: number, name, region, inhabitants, whether the programme is there today."""
    # Here, since pandas would slow --help.
    import pandas as pd

    from experiments.language.country import municipalities_text
    from experiments.language.messages import Messages
    from simulation.places import municipalities as every

    rows = [asdict(place) for place in every()]
    if as_json:
        echo_json(rows)
    else:
        click.echo(municipalities_text(pd.DataFrame(rows), Messages(language, "country")))

"""``desist report``: a study or a plan as one file for people who read no tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from experiments.cli.command import shared_options

PATH = click.Path(path_type=Path)


@shared_options("seed", "threads", "store", "no-store", "cluster", "language", "json")
@click.command()
@click.argument("names", nargs=-1, required=True, metavar="STUDY|PLAN ...")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), default=None, metavar="FILE.html",
              help="The file (default: results/report/NAME-LANGUAGE.html).")  # fmt: skip
@click.option("--prices", type=PATH, default=None, metavar="FILE",
              help="Plans: prices that differ from those that come with Desist (TOML; docs/money.md).")  # fmt: skip
@click.option("--posterior", type=PATH, default=None, metavar="FILE",
              help="Plans: draws from desist calibrate (default: those that come with Desist).")  # fmt: skip
@click.option("--draws", type=click.IntRange(1, 100_000), default=None, help="Plans: how many draws.")  # fmt: skip
@click.option("--grade-draws", type=click.IntRange(0, 100_000), default=None,
              help="Plans: draws for dividing uncertainty, if --draws are few (default 240; 0 for none).")  # fmt: skip
def report(names: tuple[str, ...], out: Path | None, as_json: bool, **options: Any) -> None:
    """One file that a civil servant can read, on a screen or on paper, in English or Danish.

    STUDY is trial, sweep, calibration, mechanisms, power, ladder or check-model: its folder under results/ is read if
    it was made by the same study and code, and the study is run otherwise. What follows -- are options of the study.
    PLAN is the name or file of a plan for the whole country, as for desist rollout; two or more are compared, with the
    same random numbers.

    \b
    desist report trial --language da
    desist report nationwide-at-once --language da
    desist report todays-area nationwide-at-once
    desist report power -- --size 400
    """  # noqa: D301
    from experiments.cli.reporting import make_report  # studies, tables and figures: not needed for the help

    make_report(names, out, as_json, **options)

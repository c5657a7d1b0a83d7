"""Options of verbs on plans that are not yet made from a study's fields."""

from __future__ import annotations

from pathlib import Path

import click

prices_option = click.option(
    "--prices", type=click.Path(path_type=Path), default=None, metavar="FILE",
    help="Prices that differ from those that come with Desist (TOML; docs/money.md).",
)  # fmt: skip
replicates_option = click.option(
    "--replicates", type=click.IntRange(1, 1000), default=None,
    help="How often each draw is simulated (default: once, every fourth twice).",
)  # fmt: skip
language_option = click.option(
    "--language", type=click.Choice(["en", "da"]), default="en", show_default=True,
    help="Language of the report that is printed; both are written.",
)  # fmt: skip

"""``desist study``: a study from a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from experiments.cli.catalogue import read_study
from experiments.cli.command import execute, shared_options


@shared_options
@click.command()
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE.toml")
def study(file: Path, **context: Any) -> int:
    """Run the study that a TOML file describes.

    Every result has such a file, study.toml, so that it can be made again from its own folder. FILE.toml may also be
    the folder.
    """
    return execute(read_study(file), **context)

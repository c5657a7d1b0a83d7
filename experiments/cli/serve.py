"""``desist serve``: the page."""

from __future__ import annotations

import os
import re
import sys
from importlib.util import find_spec

import click


@click.command()
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on; 0.0.0.0 opens the page to the network.",
)
@click.option("--port", type=click.IntRange(1, 65_535), default=8501, show_default=True, help="Port to listen on.")
@click.option("--base", default="", metavar="PATH", help="Path under which a reverse proxy shows the page.")
@click.option(
    "--name",
    "names",
    multiple=True,
    metavar="NAME",
    help="Name under which a reverse proxy shows the page, such as desist.example.dk; may be repeated.",
)
@click.option(
    "--visitors", type=click.IntRange(1, 1_000), default=100, show_default=True, help="Most visitors at once."
)
@click.option("--browser/--no-browser", default=None, help="Open a browser (default: if this is a terminal).")
def serve(
    host: str, port: int, base: str, names: tuple[str, ...], visitors: int, browser: bool | None
) -> None:  # fmt: skip
    """Open the page for a class or a meeting, in Danish and English, until you press Ctrl-C.

    It listens on this machine only, and asks nothing of any other. With --host 0.0.0.0 everybody on the network can
    open it: for a class, or behind a reverse proxy (docs/page.md).
    """
    from experiments.app import serving  # the page's server: not needed for the help

    base = base.strip("/")
    if not re.fullmatch(r"[\w.~/-]*", base, re.ASCII):
        raise serving.mistake(f"--base is [{base}]; allowed are letters, digits and . ~ _ - /, such as desist")
    for name in names:
        if not re.fullmatch(r"[\w.-]+|[0-9a-f:]+", name, re.ASCII | re.IGNORECASE):
            raise serving.mistake(
                f"--name is [{name}]; a name without port and path is needed, such as desist.example.dk"
            )
    if find_spec("streamlit") is None:
        raise click.UsageError("the page needs the package streamlit, which is not here; install Desist again")
    with serving.listening(host, port) as opened:
        click.echo(f"Desist is at {serving.address(host, port, base)}   (Ctrl-C stops it)")
        if host not in serving.LOOPBACK:
            click.echo(f"Warning: [{host}] opens the page to everybody on this network, without a password or "
                       "encryption; leave --host out to keep it on this machine.", err=True)  # fmt: skip
        try:
            serving.serve(opened, host, base=base, names=names, visitors=visitors,
                          open_browser=sys.stdout.isatty() if browser is None else browser)  # fmt: skip
        except KeyboardInterrupt:
            click.echo("\nDesist has stopped.")
            sys.stdout.flush()
            os._exit(0)  # without waiting for a thread that still compiles: Python's own end would trip over it

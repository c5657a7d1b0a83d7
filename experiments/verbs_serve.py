"""``desist serve``: the page."""

from __future__ import annotations

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
@click.option("--browser/--no-browser", default=None, help="Open a browser (default: if this is a terminal).")
def serve(host, port, base, browser):  # type: ignore[no-untyped-def]
    """Open the page for a class or a meeting, in Danish and English, until you press Ctrl-C.

    It listens on this machine only, and asks nothing of any other. With --host 0.0.0.0 everybody on the network can
    open it: for a class, or behind a reverse proxy (docs/page.md).
    """
    import sys

    try:
        import streamlit  # noqa: F401
    except ImportError:
        raise click.UsageError(
            "the page needs the extra app: pip install 'desist[app]' (here: pip install '.[app]')"
        ) from None
    from experiments.app.serving import LOOPBACK, free
    from experiments.app.serving import serve as start

    free(host, port)
    click.echo(
        f"Desist is at http://{'localhost' if host in LOOPBACK else host}:{port}/{base.strip('/')}   (Ctrl-C stops it)"
    )
    if host not in LOOPBACK:
        click.echo(f"Warning: [{host}] opens the page to everybody on this network, without a password or encryption; "
                   "leave --host out to keep it on this machine.", err=True)  # fmt: skip
    start(host, port, base=base.strip("/"), open_browser=sys.stdout.isatty() if browser is None else browser)

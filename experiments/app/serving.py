"""Starting the page: one process, this machine alone unless it is opened on purpose, nothing asked of any other."""

from __future__ import annotations

import os
import re
import socket
import webbrowser
from collections.abc import Iterable
from pathlib import Path
from threading import Thread
from typing import Any

PAGE = Path(__file__).with_name("page.py")
LOOPBACK = ("127.0.0.1", "localhost", "::1")
OPTIONS: dict[str, Any] = {
    "browser.gatherUsageStats": False, "client.toolbarMode": "minimal", "client.showErrorDetails": "none",
    "client.showErrorLinks": False, "client.showSidebarNavigation": False, "client.allowedOrigins": [],
    "global.developmentMode": False, "server.headless": True, "server.showEmailPrompt": False,
    "server.fileWatcherType": "none", "server.runOnSave": False, "server.enableCORS": True,
    "server.enableXsrfProtection": True, "server.enableStaticServing": False, "server.maxUploadSize": 1,
    "server.maxMessageSize": 20, "server.maxWidgetStateSize": 1, "server.disconnectedSessionTTL": 120,
    "runner.magicEnabled": False, "runner.postScriptGC": False,
    "logger.level": "warning", "logger.enableRich": False, "logger.hideWelcomeMessage": True,
    "theme.base": "light", "theme.primaryColor": "#1b5a9a", "theme.textColor": "#222222",
    "theme.backgroundColor": "#ffffff", "theme.secondaryBackgroundColor": "#f2f4f7", "theme.linkColor": "#1b5a9a",
    "theme.baseFontSize": 16, "theme.baseRadius": "small",
}  # fmt: skip
"""How Streamlit is set: silent, without its own menu, in one light theme whose contrast is tested. Garbage is collected
when Python finds it due and not after every move of a slider, which costs 50 ms each time."""


def mistake(text: str) -> ValueError:
    """A user's mistake, in one line; what it is made of is loaded only if there is one."""
    from simulation.parameters import ParameterError

    return ParameterError(text)


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens there; visitors who come before the page is ready wait in it.

    ParameterError if the address is not this machine's, or the port is taken.
    """
    # The protocol is named because asyncio sends small messages at once only on a socket that names it: without it an
    # answer waits 40 to 80 ms for nothing.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name != "nt":  # there it would let two servers share a port
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((host, port))
        opened.listen(256)
    except (socket.gaierror, UnicodeError):
        opened.close()
        raise mistake(f"--host is [{host}], which is no address of this machine; 0.0.0.0 is every one") from None
    except OSError as problem:
        opened.close()
        raise mistake(
            f"--port is [{port}] on [{host}], which cannot be opened ({problem.strerror}); choose another with --port"
        ) from None
    return opened


def address(host: str, port: int, base: str = "") -> str:
    """The address to type into a browser; for a page that is open to everybody that of this machine on its network."""
    name = "localhost" if host in LOOPBACK else own_address() if host in ("0.0.0.0", "::") else host
    return f"http://{f'[{name}]' if ':' in name else name}:{port}/{base}{'/' if base else ''}"


def own_address() -> str:
    """The address of this machine on its network; the name of the machine where there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # an address that is nobody's; connecting sends nothing
            return str(probe.getsockname()[0])
        except OSError:
            return socket.gethostname()


def inline_scripts() -> list[str]:
    """The scripts that stand inside the page: Streamlit's own, and those that panels write."""
    import streamlit

    from experiments.app.coordinator.panel import ROUND_JS
    from experiments.app.layout import FRAME_JS

    index = Path(streamlit.__file__).with_name("static") / "index.html"
    own = re.findall(r"<script>(.*?)</script>", index.read_text(encoding="utf-8"), re.DOTALL)
    return [*own, FRAME_JS, ROUND_JS]


def serve(
    opened: socket.socket, host: str, *, base: str, names: Iterable[str], visitors: int, open_browser: bool
) -> None:
    """Serve the page on a listening socket, opened on ``host``, until a KeyboardInterrupt has closed everything.

    ``base`` is the path under which a reverse proxy shows the page, without slashes at its ends; ``names`` are those
    under which the page may be asked for (on loopback also those of this machine; none on an address that is open to
    others: any name); ``visitors`` is the most at once.
    """
    import streamlit as st
    import uvicorn
    from starlette.middleware import Middleware
    from streamlit.web import bootstrap

    from experiments.app.access_control import LARGEST_MESSAGE, Door
    from experiments.app.connections import bound_logs, bounded, connections_for
    from experiments.app.layout import report_failure
    from experiments.app.preloading import warm_later

    port = opened.getsockname()[1]
    options = {**OPTIONS, "server.address": host, "server.port": port, "server.baseUrlPath": base}
    bootstrap.load_config_options({key.replace(".", "_"): value for key, value in options.items()})
    known = frozenset(name.lower() for name in names)
    if known or host in LOOPBACK:
        known |= {*LOOPBACK, host.lower()}
    door: Any = Door
    guard = Middleware(door, names=known, visitors=visitors, base=base, scripts=inline_scripts())
    page = st.App(PAGE, middleware=[guard], on_script_error=report_failure)
    config = uvicorn.Config(
        page, log_level="warning", access_log=False, lifespan="on", ws_max_size=LARGEST_MESSAGE, server_header=False,
        http=bounded(connections_for(visitors)), timeout_graceful_shutdown=2,
    )  # fmt: skip
    bound_logs()
    warm_later()
    if open_browser:
        Thread(target=webbrowser.open, args=(address(host, port, base),), daemon=True).start()
    server = uvicorn.Server(config)
    server.run(sockets=[opened])
    if server.started:  # a shell in the background has the interrupt ignored, once Uvicorn has taken it
        raise KeyboardInterrupt

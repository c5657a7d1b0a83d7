"""Starting the page: one process, this machine alone unless it is opened on purpose, nothing asked of any other."""

from __future__ import annotations

import socket
import webbrowser
from pathlib import Path
from threading import Thread
from typing import Any

from simulation.parameters import ParameterError

PAGE = Path(__file__).with_name("page.py")
LOOPBACK = ("127.0.0.1", "localhost", "::1")
OPTIONS: dict[str, Any] = {
    "browser.gatherUsageStats": False, "client.toolbarMode": "minimal", "client.showErrorDetails": "none",
    "client.showErrorLinks": False, "client.showSidebarNavigation": False, "global.developmentMode": False,
    "server.headless": True, "server.showEmailPrompt": False, "server.fileWatcherType": "none",
    "server.runOnSave": False,
    "server.maxUploadSize": 1, "server.maxMessageSize": 20, "server.disconnectedSessionTTL": 60,
    "runner.magicEnabled": False, "logger.level": "warning",
    "theme.base": "light", "theme.primaryColor": "#1b5a9a", "theme.textColor": "#222222",
    "theme.backgroundColor": "#ffffff", "theme.secondaryBackgroundColor": "#f2f4f7", "theme.linkColor": "#1b5a9a",
    "theme.baseFontSize": 16, "theme.baseRadius": "small",
}  # fmt: skip
"""How Streamlit is set: silent, without its own menu, in one light theme whose contrast is tested."""


def free(host: str, port: int) -> None:
    """Check that the page can listen there.

    Raises
    ------
    ParameterError
        If the address is not this machine's, or the port is taken.
    """
    kind = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(kind, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except socket.gaierror:
        raise ParameterError(f"--host is [{host}], which is no address of this machine; 0.0.0.0 is every one") from None
    except OSError as problem:
        raise ParameterError(
            f"--port is [{port}] on [{host}], which cannot be opened ({problem.strerror}); choose another with --port"
        ) from None


def serve(host: str, port: int, *, base: str = "", open_browser: bool = False) -> None:
    """Serve the page until it is interrupted."""
    from streamlit.web import bootstrap

    options = {**OPTIONS, "server.address": host, "server.port": port, "server.baseUrlPath": base}
    flags = {key.replace(".", "_"): value for key, value in options.items()}
    Thread(target=warm, daemon=True).start()
    if open_browser:
        Thread(target=_open_when_up, args=(host, port, base), daemon=True).start()
    bootstrap.load_config_options(flags)
    bootstrap.run(str(PAGE), False, [], flags)


def warm() -> None:
    """Load what panels need (and compile the model, if that was not done), so that the first answer comes at once."""
    from experiments.shelf import load
    from experiments.trial import trial_counts

    trial_counts(load("pooled"), seed=1, trials=2)


def _open_when_up(host: str, port: int, base: str) -> None:
    import time

    for _ in range(100):
        try:
            socket.create_connection((host, port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            webbrowser.open(f"http://{'localhost' if host in LOOPBACK else host}:{port}/{base}")
            return

"""How many connections the page holds, of everybody and of one client, how long it waits for a request, what it logs.

A request that is sent half, or not at all, holds a connection. So one client may hold half of all, a request must be
whole in time, and there are never more connections than this machine has files for. What strangers send is logged so
many times a minute and no more.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from time import monotonic
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

REQUEST_SECONDS = 20.0
"""How long a request may take to arrive."""
A_VISITOR = 20
"""Connections for each visitor: a browser opens six at once, and the next one comes before they are closed."""
OTHER_FILES = 200
"""Open files of the page beside its connections, at most."""
MOST_RECORDS = 60
"""Records a minute in the log."""


class Connections:
    """Open connections, counted by client; no more than ``most``, of one client no more than ``each``."""

    def __init__(self, most: int, each: int) -> None:
        self.most, self.each = most, each
        self.of: Counter[str] = Counter()

    def enter(self, client: str) -> bool:
        """Whether there is room for one more of a client; then it is counted."""
        if self.of.total() >= self.most or self.of[client] >= self.each:
            return False
        self.of[client] += 1
        return True

    def leave(self, client: str) -> None:
        """One connection of a client is closed."""
        self.of[client] -= 1
        if self.of[client] <= 0:
            del self.of[client]


def connections_for(visitors: int) -> Connections:
    """As many as so many visitors need, if this machine has files for them."""
    most = max(A_VISITOR, min(A_VISITOR * visitors, _files() - OTHER_FILES))
    return Connections(most, most // 2)


def _files() -> int:
    """How many files this process may open, after asking for as many as it may have."""
    try:
        import resource
    except ImportError:  # Windows, which has no such limit
        return 16_384
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536)
    if wanted > soft:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (OSError, ValueError):
            return soft
    return max(soft, wanted)


def bounded(table: Connections) -> type[H11Protocol]:
    """Uvicorn's protocol for connections that are counted, and closed if a request does not arrive in time."""

    class BoundedProtocol(H11Protocol):
        inside: str | None = None
        """The client, while it is counted."""
        waits: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            peer = transport.get_extra_info("peername")
            client = str(peer[0]) if isinstance(peer, tuple) and peer else "?"
            if not table.enter(client):
                transport.abort()
                return
            self.inside = client
            super().connection_made(transport)
            self._wait()

        def connection_lost(self, exc: Exception | None) -> None:
            if self.inside is not None:
                self._leave()
                super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            if self.inside is None:
                return
            before = self.cycle
            super().data_received(data)
            if self.cycle is not before or self.transport.get_protocol() is not self:
                self._arrived()
            elif self.waits is None:
                self._wait()

        def handle_websocket_upgrade(self, event: Any) -> None:
            super().handle_websocket_upgrade(event)
            taken: Any = self.transport.get_protocol()
            lost = taken.connection_lost

            def leave(exc: Exception | None) -> None:
                self._leave()
                lost(exc)

            taken.connection_lost = leave

        def _wait(self) -> None:
            self.waits = self.loop.call_later(REQUEST_SECONDS, self._too_late)

        def _arrived(self) -> None:
            if self.waits is not None:
                self.waits.cancel()
                self.waits = None

        def _too_late(self) -> None:
            self.waits = None
            self.transport.abort()

        def _leave(self) -> None:
            self._arrived()
            if self.inside is not None:
                table.leave(self.inside)
                self.inside = None

    return BoundedProtocol


class BoundedLog(logging.Filter):
    """Lets through so many records a minute; the last of them says that further ones are not logged."""

    def __init__(self, most: int = MOST_RECORDS) -> None:
        super().__init__()
        self.most, self.since, self.seen = most, monotonic(), 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record is written."""
        now = monotonic()
        if now - self.since >= 60:
            self.since, self.seen = now, 0
        self.seen += 1
        if self.seen == self.most:
            record.msg, record.args, record.exc_info, record.exc_text = (
                f"{record.getMessage()[:300]} (further messages of this minute are not logged)", (), None, None)
        return self.seen <= self.most


def bound_logs() -> None:
    """Bound whatever is logged in this process by one ``BoundedLog``."""
    bound = BoundedLog()
    loggers = [logging.getLogger(), *(each for each in logging.root.manager.loggerDict.values()
                                      if isinstance(each, logging.Logger))]  # fmt: skip
    handlers = {handler for each in loggers for handler in each.handlers}
    for handler in [*handlers, *([logging.lastResort] if logging.lastResort else [])]:
        handler.addFilter(bound)

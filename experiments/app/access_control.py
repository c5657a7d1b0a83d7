"""Access control of the page: which requests are let in, and how much one visitor may send.

It stands before everything else the server does. It refuses a request that would change something (the page takes no
files), an address too long to be one of the page's own, a request sent by somebody else's page or under another name,
and more visitors than there is room for. A visitor may send messages no faster than a person can move a slider.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

LONGEST_ADDRESS = 4_096
"""Characters of path and settings; the page's own addresses stay below a thousand."""
LARGEST_MESSAGE = 256 * 1024
"""Bytes of one message of a visitor; the page's own stay below a tenth of it."""
BURST, PACE = 60, 20.0
"""So many messages of a visitor at once, and so many a second after that; further ones wait."""
FULL = "Desist is full just now. Try again in a minute. / Der er fuldt hus. Prøv igen om et øjeblik."

log = logging.getLogger("desist.page")


class Door:
    """A server that lets in at most so many ``visitors`` at once, under ``names`` without ports (none: any name)."""

    def __init__(self, app: App, *, names: frozenset[str], visitors: int) -> None:
        self.app, self.names, self.visitors = app, names, visitors
        self.inside = 0
        self._logged: set[int] = set()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Let a request in, or refuse it."""
        refused = None if scope["type"] == "lifespan" else self.refusal(scope)
        if refused is not None:
            await self._turn_away(scope, receive, send, *refused)
        elif scope["type"] != "websocket":
            await self.app(scope, receive, send)
        else:
            self.inside += 1
            try:
                await self.app(scope, paced(receive), send)
            finally:
                self.inside -= 1

    def refusal(self, scope: Message) -> tuple[int, str] | None:
        """Why a request is refused: a status of HTTP and a sentence; None if it may come in."""
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        host, origin = headers.get("host", ""), headers.get("origin")
        if scope["type"] == "http" and scope["method"] not in ("GET", "HEAD"):
            return 405, "the page takes nothing but GET"
        if len(scope["path"]) + len(scope["query_string"]) > LONGEST_ADDRESS:
            return 414, f"the address is longer than {LONGEST_ADDRESS} characters"
        if self.names and _name(host) not in self.names:
            return 421, f"the page is not known as [{host[:80]}]; start it with --name {_name(host)[:80]}"
        if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            return 403, f"a page at [{origin[:80]}] asked for [{host[:80]}]; a proxy must pass the header Host on"
        if self.inside >= self.visitors and (scope["type"] == "websocket" or scope["path"].endswith("/")):
            return 503, FULL
        return None

    async def _turn_away(self, scope: Message, receive: Receive, send: Send, status: int, why: str) -> None:
        if status not in self._logged:  # once each: a log is no place for somebody else's flood
            self._logged.add(status)
            log.warning("Turned away (%s): %s. Further ones are not logged.", status, why.rstrip("."))
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": why[:100]})
            return
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": f"{why}\n".encode()})


def paced(receive: Receive) -> Receive:
    """The messages of a visitor, held back beyond ``BURST`` and ``PACE`` a second."""
    left, last = float(BURST), monotonic()

    async def next_one() -> Message:
        nonlocal left, last
        message = await receive()
        if message["type"] == "websocket.receive":
            now = monotonic()
            left, last = min(float(BURST), left + PACE * (now - last)) - 1, now
            if left < 0:
                await asyncio.sleep(-left / PACE)
        return message

    return next_one


def _name(host: str) -> str:
    """The name in a header Host, without its port, in lower case."""
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return ""

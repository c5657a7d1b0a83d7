"""Access control of the page: which requests are let in, and how much one visitor may send.

It stands before everything else the server does. It refuses a request that would change something (the page takes no
files), an address that is none of the page's own, a request sent by somebody else's page or under another name, and
more visitors than there is room for, of everybody and of one client. A visitor may send messages no faster than a
person can move a slider, and must send the first one soon.

What goes out says nothing of this machine, and tells browsers to load nothing from elsewhere, and to show the page in
nobody else's frame.
"""

from __future__ import annotations

import asyncio
import logging
import re
from base64 import b64encode
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from hashlib import sha256
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
FIRST_MESSAGE = 30.0
"""Seconds in which a visitor's browser says what it wants to see."""
OPEN = ("", "favicon.png", "manifest.json", "static/", "media/", "component/", "_stcore/health", "_stcore/host-config",
        "_stcore/stream", "_stcore/bidi-components/")  # fmt: skip
"""Addresses of the page; those that end in a stroke with all below them. All else is closed."""
POLICY = (
    "default-src 'self'; script-src 'self' blob:{scripts}; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' {socket}; worker-src 'self' blob:; "
    "frame-src 'none'; object-src 'none'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'"
)
"""What a browser may load for the page: nothing from elsewhere."""
GUARD = (
    (b"x-frame-options", b"DENY"), (b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
)  # fmt: skip
SAYS_TOO_MUCH = (b"server", b"x-powered-by", b"content-security-policy")
FULL = "Desist is full just now. Try again in a minute. / Der er fuldt hus. Prøv igen om et øjeblik."

log = logging.getLogger("desist.page")


class Door:
    """A server that lets in at most so many ``visitors`` at once, under ``names`` without ports (none: any name)."""

    def __init__(self, app: App, *, names: frozenset[str], visitors: int, base: str = "",
                 scripts: Iterable[str] = ()) -> None:  # fmt: skip
        self.app, self.names, self.visitors, self.base = app, names, visitors, f"/{base}/" if base else "/"
        self.scripts = "".join(f" 'sha256-{b64encode(sha256(each.encode()).digest()).decode()}'" for each in scripts)
        """The scripts that stand inside the page itself, as a policy names them."""
        self.of: Counter[str] = Counter()
        """Visitors who are inside, by client."""
        self._logged: set[int] = set()

    @property
    def inside(self) -> int:
        """Visitors who are inside."""
        return self.of.total()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Let a request in, or refuse it."""
        refused = None if scope["type"] == "lifespan" else self.refusal(scope)
        if refused is not None:
            await self._turn_away(scope, receive, send, *refused)
        elif scope["type"] == "http":
            await self.app(scope, receive, self._guarded(send, _host(scope)))
        elif scope["type"] == "websocket":
            client = _client(scope)
            self.of[client] += 1
            try:
                await self.app(scope, paced(receive), discreet(send))
            finally:
                self.of[client] -= 1
        else:
            await self.app(scope, receive, send)

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
        if not self._offered(scope["path"]):
            return 404, "there is no such address"
        few = self.inside >= self.visitors or self.of[_client(scope)] >= max(1, self.visitors // 2)
        if few and (scope["type"] == "websocket" or scope["path"].endswith("/")):
            return 503, FULL
        return None

    def _offered(self, path: str) -> bool:
        """Whether an address is one of the page's own."""
        own = path.removeprefix(self.base)
        below = tuple(each for each in OPEN if each.endswith("/"))
        return f"{path}/" == self.base or (path.startswith(self.base) and (own in OPEN or own.startswith(below)))

    def _guarded(self, send: Send, host: str) -> Send:
        """What is sent, with headers for the browser and without those that tell of the server."""
        policy = POLICY.format(socket=f"ws://{host} wss://{host}" if host else "", scripts=self.scripts)

        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept = [pair for pair in message.get("headers", []) if bytes(pair[0]).lower() not in SAYS_TOO_MUCH]
                message = {**message, "headers": [*kept, (b"content-security-policy", policy.encode()), *GUARD]}
            await send(message)

        return send_on

    async def _turn_away(self, scope: Message, receive: Receive, send: Send, status: int, why: str) -> None:
        if status not in self._logged:  # once each: a log is no place for somebody else's flood
            self._logged.add(status)
            log.warning("Turned away (%s): %s. Further ones are not logged.", status, why.rstrip("."))
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": why[:100]})
            return
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close"), *GUARD]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": f"{why}\n".encode()})


def discreet(send: Send) -> Send:
    """What is sent to a visitor, without paths of this machine, versions and the number of this installation."""
    from experiments.app.serving import PAGE

    path = str(PAGE).encode()

    async def send_on(message: Message) -> None:
        data = message.get("bytes")
        await send({**message, "bytes": without_details(data)} if data and path in data else message)

    return send_on


def without_details(data: bytes) -> bytes:
    """The message that begins a visit, without what it says of this machine; any other as it is."""
    from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

    message = ForwardMsg.FromString(data)
    if not message.HasField("new_session"):
        return data
    begun = message.new_session
    begun.main_script_path = "page.py"
    begun.initialize.ClearField("user_info")
    begun.initialize.ClearField("environment_info")
    begun.initialize.user_info.SetInParent()
    begun.initialize.environment_info.SetInParent()
    return bytes(message.SerializeToString())


def paced(receive: Receive) -> Receive:
    """The messages of a visitor, held back beyond ``BURST`` and ``PACE`` a second; who sends none has left."""
    left, last, silent = float(BURST), monotonic(), True

    async def next_one() -> Message:
        nonlocal left, last, silent
        try:
            message = await (asyncio.wait_for(receive(), FIRST_MESSAGE) if silent else receive())
        except TimeoutError:
            return {"type": "websocket.disconnect", "code": 1001}
        silent = silent and message["type"] == "websocket.connect"
        if message["type"] == "websocket.receive":
            now = monotonic()
            left, last = min(float(BURST), left + PACE * (now - last)) - 1, now
            if left < 0:
                await asyncio.sleep(-left / PACE)
        return message

    return next_one


def _client(scope: Message) -> str:
    """The address of a client, or of the one for whom a proxy on this machine asks."""
    client = scope.get("client")
    return str(client[0]) if client else ""


def _host(scope: Message) -> str:
    """The header Host, if it is a name that can stand in a policy."""
    found = next((value.decode("latin-1") for name, value in scope["headers"] if name.lower() == b"host"), "")
    return found if re.fullmatch(r"[\w.:\[\]-]{1,255}", found, re.ASCII) else ""


def _name(host: str) -> str:
    """The name in a header Host, without its port, in lower case."""
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return ""

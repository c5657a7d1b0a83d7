"""A visitor without a browser: speaks the page's own protocol over its websocket, for measurements and tests.

It sees what a browser is sent (texts, figures, controls, the address), and may send what a browser may send. A real
browser also draws; what a visitor here waits for is the last message of the page's answer.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any
from urllib.parse import parse_qsl

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Common_pb2 import DoubleArray, StringArray
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

PATIENCE = 60.0
"""Seconds after which an answer counts as missing."""


class PageError(Exception):
    """The page answered with an error, or not at all."""


@asynccontextmanager
async def visiting(place: str, query: str = "", **more: Any) -> AsyncIterator[Visitor]:
    """A visitor who has opened the page at ``place`` (``localhost:8501``) with ``query`` (``panel=trial&lang=da``).

    ``more`` is for the websocket, such as ``origin``.
    """
    async with connect(
        f"ws://{place}/_stcore/stream", subprotocols=[Subprotocol("streamlit")], max_size=None, **more
    ) as socket:
        visitor = Visitor(socket, query)
        await visitor.ask()
        yield visitor


@dataclass
class Visitor:
    """One visitor: the controls, texts and address that the page showed last.

    Controls are known by their key, which is the name of their setting in the address.
    """

    socket: ClientConnection
    query: str
    controls: dict[str, Any] = field(default_factory=dict)
    states: dict[str, WidgetState] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    figures: list[str] = field(default_factory=list)
    again: dict[str, float] = field(default_factory=dict)
    """Parts of the page that a browser asks for again and again, and how often (seconds)."""

    @property
    def address(self) -> dict[str, str]:
        """The settings that the address holds."""
        return dict(parse_qsl(self.query))

    async def set(self, key: str, value: float) -> float:
        """Move a slider; returns seconds until the answer was there."""
        self.states[key] = WidgetState(id=self.controls[key].id, double_array_value=DoubleArray(data=[float(value)]))
        return await self.ask()

    async def choose(self, key: str, index: int) -> float:
        """Choose one of some; returns seconds."""
        self.states[key] = _chosen(self.controls[key], index)
        return await self.ask()

    async def press(self, key: str) -> float:
        """Press a button; returns seconds."""
        return await self.ask(WidgetState(id=self.controls[key].id, trigger_value=True))

    async def act(self, chance: random.Random) -> float:
        """Move a slider or choose something on the panel that is open, as it comes; returns seconds."""
        own = {key: kind_of(each) for key, each in self.controls.items()
               if key not in ("lang", "panel") and not getattr(each, "disabled", False)}  # fmt: skip
        sliders = [key for key, kind in own.items() if kind == "Slider"]
        choices = [key for key, kind in own.items() if kind in ("ButtonGroup", "SelectSlider", "Radio", "Selectbox")]
        presses = [key for key in own if key.endswith("-again")]
        key = chance.choice(2 * sliders + choices + presses or ["lang"])
        control = self.controls[key]
        if key in sliders:
            steps = round((control.max - control.min) / control.step)
            return await self.set(key, control.min + control.step * chance.randint(0, steps))
        return await (self.press(key) if key in presses else self.choose(key, chance.randrange(len(control.options))))

    async def linger(self, seconds: float) -> None:
        """Look at the page for a while, and ask again for the parts of it that want to be."""
        until = perf_counter() + seconds
        while (left := until - perf_counter()) > 0:
            await asyncio.sleep(min(left, *self.again.values()) if self.again else left)
            for part in list(self.again) if perf_counter() < until else ():
                if part in self.again:
                    await self.ask(part=part)

    async def ask(self, *pressed: WidgetState, part: str = "") -> float:
        """Send every control's state and wait for the whole answer (or that of a part); returns seconds."""
        message = BackMsg()
        asked = message.rerun_script
        asked.query_string, asked.fragment_id, asked.is_auto_rerun = self.query, part, bool(part)
        asked.widget_states.widgets.extend([*self.states.values(), *pressed])
        begun = perf_counter()
        await self.socket.send(message.SerializeToString())
        try:
            async with asyncio.timeout(PATIENCE):
                await self._hear()
        except TimeoutError:
            raise PageError(f"no answer within {PATIENCE:.0f} s at {self.query}") from None
        return perf_counter() - begun

    async def _hear(self) -> None:
        """Read messages until the page, or the part that was asked for, is complete."""
        seen: dict[str, Any] = {}
        async for data in self.socket:
            message = ForwardMsg.FromString(data)
            kind = message.WhichOneof("type")
            if kind == "new_session" and not message.metadata.run.fragment_ids:
                self.texts, self.figures, self.again, seen = [], [], {}, {}
            elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
                self._see(message.delta.new_element, seen)
            elif kind == "page_info_changed":
                self.query = message.page_info_changed.query_string
            elif kind == "auto_rerun":
                self.again[message.auto_rerun.fragment_id] = message.auto_rerun.interval
            elif kind == "stop_auto_rerun":
                self.again = {k: v for k, v in self.again.items() if k not in message.stop_auto_rerun.fragment_ids}
            elif kind == "session_event" and message.session_event.WhichOneof("type") == "script_compilation_exception":
                raise PageError(message.session_event.script_compilation_exception.message)
            elif kind == "script_finished" and message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                self.controls = seen
                self.states = {key: state for key, state in self.states.items() if key in seen}
                return
            elif kind == "script_finished" and message.script_finished == ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY:
                self.controls |= seen
                return
        raise PageError(f"the page closed the door: {self.socket.close_code} {self.socket.close_reason}")

    def _see(self, element: Any, seen: dict[str, Any]) -> None:
        """Take in one element of the page."""
        kind = element.WhichOneof("type")
        body = getattr(element, kind)
        if kind == "exception":
            raise PageError(body.message)
        if kind in ("markdown", "heading", "html", "alert", "text", "code"):
            text = body.code_text if kind == "code" else body.body
            self.texts += [] if text.startswith(("<style>", "<script>")) else [text]
        elif kind == "vega_lite_chart":
            self.figures.append(body.spec)
        if getattr(body, "id", "").startswith("$$ID-"):
            key = body.id.split("-", 2)[2]
            seen[key] = body
            state = _state(body)
            if state is not None and (body.set_value or key not in self.states or self.states[key].id != body.id):
                self.states[key] = state


def kind_of(control: Any) -> str:
    """The kind of a control, such as ``Slider``; a slider over texts is a ``SelectSlider``."""
    name = str(type(control).__name__)
    return "SelectSlider" if name == "Slider" and control.options else name


def _chosen(control: Any, index: int) -> WidgetState:
    """The state of a control for one of some, as a browser sends it."""
    name = _name(control.options[index])
    if kind_of(control) in ("ButtonGroup", "SelectSlider"):
        return WidgetState(id=control.id, string_array_value=StringArray(data=[name]))
    return WidgetState(id=control.id, string_value=name)


def _state(control: Any) -> WidgetState | None:
    """The state that a control has when a browser first shows it; None for what has none."""
    kind = kind_of(control)
    if kind == "Slider":
        data = control.value if control.set_value else control.default
        return WidgetState(id=control.id, double_array_value=DoubleArray(data=data))
    if kind in ("Radio", "Selectbox"):
        name = control.raw_value if control.set_value else control.options[control.default]
        return WidgetState(id=control.id, string_value=name)
    if kind == "SelectSlider":
        names = control.raw_value if control.set_value else [control.options[int(k)] for k in control.default]
    elif kind in ("ButtonGroup", "MultiSelect"):
        names = control.raw_values if control.set_value else [_name(control.options[k]) for k in control.default]
    else:
        return None
    return WidgetState(id=control.id, string_array_value=StringArray(data=names))


def _name(option: Any) -> str:
    return option if isinstance(option, str) else str(option.content)

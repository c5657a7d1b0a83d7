"""Serving the page: to whom it is open, what it turns away, and what visitors share."""

from __future__ import annotations

import asyncio
import logging
import math
import os
import random
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from threading import Thread

import pytest
import streamlit
import uvicorn
from click.testing import CliRunner
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from experiments.app import access_control, connections, serving
from experiments.app.address import read_address
from experiments.app.catalogue import LANGUAGES, catalogue
from experiments.app.page import PANELS, every_setting
from experiments.app.shared_results import kept
from experiments.benchmarks.page import lesson
from experiments.benchmarks.visitor import PageError, kind_of, visiting
from experiments.cli.main import cli
from tests.mistakes import assert_one_line
from tests.page.conftest import told


def in_a_thread(function, *arguments, **more):
    """What a function returns in a thread of its own: in this one the event loop of a browser may be running."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(function, *arguments, **more).result()


def finished(coroutine):
    """What a coroutine returns."""
    return in_a_thread(asyncio.run, coroutine)


FAILED = {catalogue(language)["page.failed"] for language in LANGUAGES}


def at_door(*, names=("localhost",), visitors=2, kind="http", method="GET", path="/", query=b"", base="", **headers):
    """Ask at a door; a door, and the status with which it turned the request away (200: it did not)."""
    held = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": kind, "method": method, "path": path, "query_string": query, "headers": held}
    guard = access_control.Door(None, names=frozenset(names), visitors=visitors, base=base)  # type: ignore[arg-type]
    refused = guard.refusal(scope)
    return refused[0] if refused else 200


@pytest.mark.parametrize(
    ("status", "asked"),
    [
        (200, {"host": "localhost:8501"}),
        (200, {"host": "LOCALHOST:8501", "origin": "http://localhost:8501"}),
        (405, {"host": "localhost", "method": "PUT"}),
        (405, {"host": "localhost", "method": "POST"}),
        (414, {"host": "localhost", "query": b"a" * 5_000}),
        (421, {"host": "elsewhere.example"}),
        (421, {}),
        (403, {"host": "localhost:8501", "origin": "http://elsewhere.example"}),
        (403, {"host": "localhost:8501", "origin": "http://localhost:1"}),
        (403, {"host": "localhost:8501", "origin": "null", "kind": "websocket"}),
        (503, {"host": "localhost", "kind": "websocket", "visitors": 0}),
        (503, {"host": "localhost", "visitors": 0}),
        (200, {"host": "localhost", "visitors": 0, "path": "/static/js/index.js"}),
        (200, {"host": "desist.example", "origin": "https://desist.example", "names": ("desist.example",)}),
        (200, {"host": "[::1]:8501", "names": ("::1",)}),
        (200, {"host": "localhost", "path": "/desist/", "base": "desist"}),
        (200, {"host": "localhost", "path": "/desist", "base": "desist"}),
        (200, {"host": "localhost", "path": "/desist/media/a.png", "base": "desist"}),
        *((404, {"host": "localhost", "path": path}) for path in (
            "/_stcore/metrics", "/_stcore/agent/mcp", "/_stcore/script-health-check", "/_stcore/upload_file/a/b", "/auth/login", "/x", "//")),
        (404, {"host": "localhost", "path": "/", "base": "desist"}),
        (200, {"host": "10.0.0.7:8501", "origin": "http://10.0.0.7:8501", "names": ()}),
    ],
)  # fmt: skip
def test_the_door_lets_in_and_turns_away(status, asked):
    assert at_door(**asked) == status


def test_whoever_leaves_makes_room():
    seen = []

    async def inside(scope, receive, send):
        seen.append(guard.inside)

    guard = access_control.Door(inside, names=frozenset(), visitors=1)
    scope = {"type": "websocket", "path": "/", "query_string": b"", "headers": []}
    for _ in range(3):
        finished(guard(scope, None, None))  # type: ignore[arg-type]

    assert seen == [1, 1, 1]


def test_one_client_fills_half_of_the_house_at_most():
    """Others still get in; who sends nothing for a while has left."""
    guard = access_control.Door(None, names=frozenset(), visitors=4)  # type: ignore[arg-type]
    guard.of.update({"10.0.0.1": 2})

    def asks(client):
        scope = {"type": "websocket", "path": "/", "query_string": b"", "headers": [], "client": (client, 1)}
        return guard.refusal(scope)

    assert asks("10.0.0.1")[0] == 503
    assert asks("10.0.0.2") is None


def test_a_visitor_who_says_nothing_has_left(monkeypatch):
    async def silence():
        await asyncio.sleep(3600)

    monkeypatch.setattr(access_control, "FIRST_MESSAGE", 0.01)

    assert finished(access_control.paced(silence)())["type"] == "websocket.disconnect"


def test_half_sent_requests_are_closed_and_one_client_has_half_of_the_connections(monkeypatch):
    """Of eight connections four are a client's at most; they are closed in time, and counted no longer."""
    table = connections.Connections(8, 4)

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"here"})

    def half(source):
        asked = socket.create_connection(opened.getsockname(), source_address=(source, 0))
        asked.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
        return asked

    def whole(source):
        asked = HTTPConnection(*opened.getsockname(), source_address=(source, 0))
        try:
            asked.request("GET", "/")
            return asked.getresponse().read()
        except OSError:
            return b""
        finally:
            asked.close()

    monkeypatch.setattr(connections, "REQUEST_SECONDS", 1.0)
    opened = serving.listening("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off", http=connections.bounded(table)))
    running = Thread(target=asyncio.run, args=(server.serve([opened]),))
    running.start()
    try:
        held = [half("127.0.0.1") for _ in range(6)]

        assert [closed(asked) for asked in held[4:]] == [True, True]
        assert whole("127.0.0.2") == b"here"
        assert whole("127.0.0.1") == b""
        assert [closed(asked) for asked in held[:4]] == [True] * 4
        assert whole("127.0.0.1") == b"here"
        for asked in held:
            asked.close()
    finally:
        server.should_exit = True
        running.join()
        opened.close()
    assert table.of.total() == 0


def closed(asked):
    """Whether the other side closes a connection without an answer."""
    try:
        return asked.recv(1) == b""
    except ConnectionResetError:
        return True


def test_the_log_is_bounded():
    """The last record of a minute says so."""
    bound = connections.BoundedLog(3)
    records = [logging.LogRecord("x", logging.ERROR, "", 0, "no %s", (k,), None) for k in range(5)]

    assert [bound.filter(record) for record in records] == [True, True, True, False, False]
    assert records[2].getMessage() == "no 2 (further messages of this minute are not logged)"


def test_a_visit_begins_without_a_word_of_this_machine(served):
    """No path, no version, no number of the installation; the headers forbid what is not needed, and name no server."""
    message = ForwardMsg()
    message.new_session.main_script_path = str(serving.PAGE)
    message.new_session.initialize.user_info.installation_id = "number"
    message.new_session.initialize.environment_info.python_version = "3.11"
    found = ForwardMsg.FromString(access_control.without_details(message.SerializeToString()))

    async def raw():
        async with connect(f"ws://{place(served)}/_stcore/stream", origin=served) as socket:
            await socket.send(BackMsg(rerun_script=ClientState()).SerializeToString())
            return [await socket.recv() for _ in range(3)]

    begun = b"".join(finished(raw()))
    asked = HTTPConnection(place(served))
    asked.request("GET", "/")
    headers = {key.lower(): value for key, value in asked.getresponse().getheaders()}
    asked.close()

    assert found.new_session.main_script_path == "page.py"
    assert not found.new_session.initialize.user_info.installation_id
    for secret in (str(serving.PAGE.parent), sys.version.split()[0], streamlit.__version__):
        assert secret.encode() not in begun
    assert "server" not in headers
    assert headers["x-frame-options"] == "DENY"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]


def test_a_flood_of_messages_is_held_back(monkeypatch):
    waited = []

    async def sleep(seconds):
        waited.append(seconds)

    async def message():
        return {"type": "websocket.receive"}

    async def flood():
        receive = access_control.paced(message)
        for _ in range(access_control.BURST + 40):
            await receive()

    monkeypatch.setattr(access_control.asyncio, "sleep", sleep)
    finished(flood())

    assert len(waited) == pytest.approx(40, abs=2)
    assert max(waited) == pytest.approx(40 / access_control.PACE, abs=0.2)


def test_a_taken_port_and_an_address_that_is_not_ours_are_one_line():
    with serving.listening("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        assert_one_line(lambda: serving.listening("127.0.0.1", port), f"--port is [{port}] on [127.0.0.1]")
    assert_one_line(lambda: serving.listening("no.such.name.invalid", 0), "--host is [no.such.name.invalid]")
    assert_one_line(lambda: serving.listening("192.0.2.1", 0), "on [192.0.2.1], which cannot be opened")


def test_small_answers_are_sent_at_once():
    """asyncio switches Nagle's algorithm off only on sockets that name their protocol."""
    with serving.listening("127.0.0.1", 0) as opened:
        assert opened.proto == socket.IPPROTO_TCP


@pytest.mark.parametrize(("option", "value"), [("--base", "a b"), ("--name", "https://desist.example/")])
def test_a_path_or_name_that_cannot_be_is_refused(option, value):
    assert_one_line(lambda: CliRunner().invoke(cli, ["serve", option, value], catch_exceptions=False), f"is [{value}]")


def test_without_streamlit_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "streamlit", None)
    ran = CliRunner().invoke(cli, ["serve"])

    assert ran.exit_code == 2
    assert "needs the package streamlit" in ran.output


@pytest.mark.parametrize(("host", "warned"), [("127.0.0.1", False), ("0.0.0.0", True)])
def test_opening_it_to_the_network_is_warned_of(monkeypatch, host, warned):
    monkeypatch.setattr(serving, "serve", lambda *_, **__: None)
    ran = CliRunner().invoke(cli, ["serve", "--host", host, "--port", "18765", "--no-browser"])

    assert ran.exit_code == 0
    assert ("opens the page to everybody" in ran.output) == warned
    assert "http://0.0.0.0" not in ran.output


def test_an_error_in_a_panel_is_a_sentence_and_the_rest_of_the_page_goes_on(open_page, monkeypatch, caplog):
    from experiments.app.about import panel as about_panel

    def broken(w):
        raise RuntimeError("a mistake of ours")

    at = open_page(panel="teacher", lang="en")
    monkeypatch.setattr(about_panel, "show", broken)
    at.segmented_control(key="panel").set_value("about").run()

    assert [error.value for error in at.error] == [catalogue("en")["page.failed"]]
    assert not at.exception
    assert "a mistake of ours" in caplog.text
    assert catalogue("en")["page.never"] in "".join(element.proto.body for element in at.get("html"))

    at.segmented_control(key="panel").set_value("teacher").run()
    told(at)


def test_what_many_ask_for_at_once_is_computed_once_and_the_latest_are_kept():
    computed = []

    @kept(2)
    def slow(number):
        computed.append(number)
        time.sleep(0.05)
        return number

    threads = [Thread(target=slow, args=(1,)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number in (2, 3, 3, 1):
        slow(number)

    assert computed == [1, 2, 3, 1]


def test_an_error_is_not_kept_and_holds_nobody_up():
    tries = []

    @kept(2)
    def fails_once(number):
        tries.append(number)
        if len(tries) == 1:
            raise RuntimeError("once")
        return number

    with pytest.raises(RuntimeError, match="once"):
        fails_once(1)

    assert fails_once(1) == 1


# A real server ---------------------------------------------------------------------------------------------------


def place(served):
    return served.removeprefix("http://")


def test_three_visitors_at_once_keep_their_own_settings(served):
    """Each moves sliders of its own for two seconds, and at the end sees what somebody alone at its address sees."""

    async def stay(number):
        chance = random.Random(number)
        async with visiting(place(served), f"panel=trial&lang={LANGUAGES[number % 2]}&guessed=yes") as visitor:
            until = time.perf_counter() + 2
            while time.perf_counter() < until:
                value = chance.randrange(number, 67, 3)  # nobody else's
                await visitor.set("effect", value)
                assert visitor.address["effect"] == str(value)
                await visitor.act(chance)
                assert not FAILED & set(visitor.texts)
            assert visitor.address["lang"] == LANGUAGES[number % 2]
            return visitor

    async def all_at_once():
        return await asyncio.gather(*(stay(number) for number in range(3)))

    async def alone(query):
        async with visiting(place(served), query) as visitor:
            return visitor

    for visitor in finished(all_at_once()):
        other = finished(alone(visitor.query))

        assert (other.texts, other.figures) == (visitor.texts, visitor.figures)


def test_the_class_of_the_benchmark_moves_sliders_without_an_error(served):
    seen = in_a_thread(lesson, place(served), os.getpid(), visitors=2, seconds=2.0, pause=(0.05, 0.2))

    assert not seen.failed
    assert len([each for took in seen.took.values() for each in took]) > 3
    assert seen.memory > 50 or math.isnan(seen.memory)


FORGED = {
    "Slider": [{"double_array_value": {"data": data}} for data in ([1e9], [-1.5], [float("nan")], [], [3.0, 4.0])],
    "SelectSlider": [{"string_array_value": {"data": data}} for data in (["nothing"], [], ["a", "b"])],
    "ButtonGroup": [{"string_array_value": {"data": data}} for data in (["nothing"], [], ["nothing"] * 500)],
    "MultiSelect": [{"string_array_value": {"data": data}} for data in (["nothing"], ["nothing"] * 500)],
    "Radio": [{"string_value": "../../etc/passwd"}, {"string_value": ""}],
    "Selectbox": [{"string_value": "../../etc/passwd"}, {"string_value": ""}],
}


@pytest.mark.parametrize("panel", PANELS)
def test_values_that_no_control_would_send_change_nothing(served, panel):
    """A browser can be made to send anything: what is not allowed is not taken, and the page goes on."""

    async def forge():
        async with visiting(place(served), f"panel={panel}&lang=en&guessed=yes") as visitor:
            for turn in range(5):
                kinds = {control.id: FORGED.get(kind_of(control), []) for control in visitor.controls.values()}
                visitor.states = {}
                await visitor.ask(
                    *(WidgetState(id=each, **values[turn % len(values)]) for each, values in kinds.items() if values)
                )
                assert not FAILED & set(visitor.texts)
                assert read_address(every_setting(), visitor.address)[1] == []
            return visitor

    assert finished(forge()).address["panel"] == panel


def test_who_sends_nonsense_spoils_nobody_elses_visit(served):
    nonsense = [{"int_value": -7}, {"json_value": "{"}, {"bytes_value": b"\xff" * 100}, {"trigger_value": True}]

    async def forge():
        async with visiting(place(served), "panel=trial&lang=en&guessed=yes") as other:
            seen = other.texts
            for value in nonsense:
                async with visiting(place(served), "panel=trial&lang=en&guessed=yes") as visitor:
                    await visitor.ask(*(WidgetState(id=control.id, **value) for control in visitor.controls.values()))
            await other.ask()
            assert other.texts == seen

    finished(forge())


def test_a_message_too_large_closes_the_door_to_its_sender_alone(served):
    async def send():
        async with visiting(place(served), "panel=about") as good:
            with pytest.raises((PageError, ConnectionClosed)):
                async with visiting(place(served), "panel=about") as bad:
                    await bad.ask(WidgetState(id="x", string_value="x" * 2 * access_control.LARGEST_MESSAGE))
            await good.choose("lang", 1)
            return good.address["lang"]

    assert finished(send()) == "en"


def test_other_peoples_pages_and_files_are_turned_away(served):
    async def foreign():
        async with visiting(place(served), origin="http://elsewhere.example"):
            pass

    with pytest.raises(InvalidStatus):
        finished(foreign())
    for method, wanted, status in (("PUT", "_stcore/upload_file/a/b", 405), ("GET", "?" + "a" * 9_000, 414)):
        asked = HTTPConnection(place(served))
        asked.request(method, f"/{wanted}")
        assert asked.getresponse().status == status
        asked.close()


def test_it_starts_and_stops_without_a_superfluous_word():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "experiments.cli.main", "serve", "--port", str(port), "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:
        try:
            first = server.stdout.readline()

            async def come():
                async with visiting(f"localhost:{port}", "panel=about&lang=da") as visitor:
                    server.send_signal(signal.SIGINT)
                    return visitor

            visitor = finished(come())
            rest, _ = server.communicate(timeout=180)
        finally:
            server.kill()

    assert first == f"Desist is at http://localhost:{port}/   (Ctrl-C stops it)\n"
    assert catalogue("da")["about.title"] in visitor.texts
    rest = rest.replace("Compiling the model, once; the first numbers take longer.\n", "")
    assert (rest, server.returncode) == ("\nDesist has stopped.\n", 0)

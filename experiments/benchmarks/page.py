"""What the page costs: its cold start, a slider to its new picture, and a class of thirty for two minutes.

The first two are seen in headless Chromium, as a visitor sees them. The class speaks the page's own protocol without
a browser (``visitor``), since in a class each pupil has a machine of their own and only the server is shared; it
runs on the same cores as the server all the same.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from experiments.app.catalogue import LANGUAGES, catalogue
from experiments.app.page import PANELS
from experiments.benchmarks.visitor import PageError, Visitor, visiting

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-component-update",
    "--disable-background-networking", "--disable-sync",
)  # fmt: skip
LIMITS = {"cold start": 4.0, "slider": 0.3, "slider, 95 %": 0.6, "class": 1.0, "class, MiB": 1_536.0}
"""What must not be passed: seconds (median unless said), and memory."""
FIRST = ".st-key-guess_with input"
"""The first useful content: the slider of the guess."""
PICTURES = {
    "the trial, one": ("panel=trial&guessed=yes", "trial_people", '[data-testid^="stBidi"]'),
    "the trial, 1,000 times": ("panel=trial&guessed=yes&times=many", "effect", '[role="graphics-document"]'),
}
"""Address, slider and picture whose time from one to the other is taken."""
WATCH = Path(__file__).with_name("watch.js").read_text(encoding="utf-8").partition("\n")[2]


@contextmanager
def serving(log: Path | None = None, **environment: str) -> Iterator[tuple[str, int]]:
    """The page served by the command line in a process of its own: its place, and the number of the process.

    PageError if it ends before it listens, with its output in ``log``.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "experiments.cli.main", "serve", "--port", str(port), "--no-browser"]
    with (Path(os.devnull) if log is None else log).open("w") as output:
        server = subprocess.Popen(command, env=os.environ | environment, stdout=output, stderr=subprocess.STDOUT)
    try:
        while True:
            if server.poll() is not None:
                raise PageError(f"desist serve ended: {log.read_text() if log else server.returncode}")
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.01)
        yield f"localhost:{port}", server.pid
    finally:
        server.terminate()
        server.wait(20)


def chromium() -> str | None:
    """Where a Chromium is, or None: the system's, or the one that Playwright has installed."""
    from playwright.sync_api import sync_playwright  # only who develops has it

    if found := next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None):
        return found
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if Path(own).exists() else None


@contextmanager
def browsing() -> Iterator[Any]:
    """Headless Chromium."""
    from playwright.sync_api import sync_playwright  # only who develops has it

    path = chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


def cold_start(browser: Any, tries: int) -> list[float]:
    """Seconds from starting ``desist serve`` to the first useful content, with an empty browser each time."""
    took = []
    for _ in range(tries):
        with browser.new_context() as context:
            page = context.new_page()
            begun = time.perf_counter()
            with serving() as (place, _):
                page.goto(f"http://{place}/?panel=trial")
                page.wait_for_selector(FIRST)
                took.append(time.perf_counter() - begun)
    return took


def slider(browser: Any, place: str, name: str, moves: int) -> list[float]:
    """Seconds from a key on a slider to its new picture, each in a page that has nothing else to do."""
    query, key, picture = PICTURES[name]
    took = []
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        page = context.new_page()
        page.goto(f"http://{place}/?{query}&lang=da")
        control = page.locator(f".st-key-{key} input")
        page.wait_for_selector(picture)
        for move in range(moves + 2):  # the first two are not counted
            page.wait_for_timeout(700)
            control.focus()
            page.evaluate(WATCH, picture)
            page.keyboard.press("ArrowLeft" if move % 8 < 4 else "ArrowRight")
            took.append(float(page.evaluate("window.desistTook")))
    return took[2:]


@dataclass
class Lesson:
    """What a class saw: seconds of each answer by panel, what failed, and the most memory of the server (MiB)."""

    took: dict[str, list[float]]
    failed: list[str]
    memory: float


def lesson(
    place: str, pid: int, *, visitors: int = 30, seconds: float = 120.0, pause: tuple[float, float] = (1, 3),
    seed: int = 1,
) -> Lesson:  # fmt: skip
    """Let a class move sliders where process ``pid`` serves the page; ``seed`` decides what is moved.

    ``pause`` is the seconds from an answer to the next move, at least and at most; now and then the move is to another
    panel.
    """
    seen = Lesson({panel: [] for panel in PANELS}, [], 0.0)
    failures = {catalogue(language)["page.failed"] for language in LANGUAGES}

    async def move(visitor: Visitor, chance: random.Random) -> float:
        if chance.random() < 0.15:
            return await visitor.choose("panel", chance.randrange(len(PANELS)))
        return await visitor.act(chance)

    async def pupil(number: int, until: float) -> None:
        chance = random.Random(f"{seed} {number}")
        await asyncio.sleep(chance.uniform(0, pause[1]))
        panel = chance.choice(list(PANELS))
        try:
            async with visiting(place, f"panel={panel}&lang={LANGUAGES[number % 2]}&guessed=yes") as visitor:
                while time.perf_counter() < until:
                    await visitor.linger(chance.uniform(*pause))
                    spent = await move(visitor, chance)
                    seen.took[visitor.address["panel"]].append(spent)
                    if failures & set(visitor.texts):
                        seen.failed.append(f"a panel failed at {visitor.query}")
        except (PageError, OSError) as problem:
            seen.failed.append(str(problem))

    async def whole() -> None:
        until = time.perf_counter() + seconds
        pupils = asyncio.gather(*(pupil(number, until) for number in range(visitors)))
        while not pupils.done():
            seen.memory = max(seen.memory, memory(pid))
            await asyncio.wait([pupils], timeout=1)
        await pupils

    asyncio.run(whole())
    return seen


def memory(pid: int) -> float:
    """Memory of a process and all it has started, MiB; not a number where there is no /proc."""
    if not Path("/proc/self/status").exists():
        return float("nan")
    parents, sizes = {}, {}
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            fields = dict(line.split(":\t", 1) for line in status.read_text().splitlines() if ":\t" in line)
        except OSError:  # it has ended
            continue
        number = int(status.parent.name)
        parents[number], sizes[number] = int(fields["PPid"]), int(fields.get("VmRSS", "0 kB").split()[0]) / 1024

    def family(of: int) -> float:
        return sizes.get(of, 0.0) + sum(family(child) for child, parent in parents.items() if parent == of)

    return family(pid)


def page_costs(*, quick: bool = False) -> dict[str, dict[str, float]]:
    """Every measure: median, 95 % and worst in seconds and how many there were; the class also memory and errors."""
    found = {}
    with browsing() as browser:
        found["cold start"] = _row(cold_start(browser, 2 if quick else 5))
        with serving() as (place, _):
            for name in PICTURES:
                found[f"slider: {name}"] = _row(slider(browser, place, name, 5 if quick else 40))
    visitors, seconds = (5, 10.0) if quick else (30, 120.0)
    log = Path(tempfile.mkdtemp(prefix="desist-bench-")) / "page.log"
    with serving(log) as (place, pid):
        seen = lesson(place, pid, visitors=visitors, seconds=seconds)
    for problem in sorted(set(seen.failed)):
        sys.stderr.write(f"{problem}\n")
    if seen.failed:
        sys.stderr.write(f"the server's log: {log}\n")
    else:
        shutil.rmtree(log.parent)
    more = {"visitors": float(visitors), "errors": float(len(seen.failed)), "MiB": seen.memory}
    found |= {f"class: {panel}": _row(took) for panel, took in seen.took.items() if took}
    return {**found, "class": {**_row([each for took in seen.took.values() for each in took]), **more}}


def _row(took: list[float]) -> dict[str, float]:
    middle, high = np.quantile(took, [0.5, 0.95])
    return {"median": float(middle), "95 %": float(high), "worst": max(took), "number": float(len(took))}

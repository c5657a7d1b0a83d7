"""The page under test: without a browser by Streamlit's own tester, with one in headless Chromium."""

from __future__ import annotations

import pytest

from experiments.app.catalogue import LANGUAGES, PageMessages
from experiments.benchmarks.page import browsing, chromium, serving

HERE = ("http://localhost:", "http://127.0.0.1:", "ws://localhost:", "ws://127.0.0.1:", "data:", "blob:", "about:")
PATIENCE = 180_000
"""Milliseconds after which a test stops waiting for the page: none should depend on how busy the machine is."""


def told(at):
    """The page has been told without an error; what it says, as one text."""
    assert not at.exception, at.exception[0].message
    failed = [
        each.value for each in at.error if each.value in {PageMessages(language)("page.failed") for language in LANGUAGES}
    ]
    assert not failed, "a panel failed; what went wrong is in the log"
    kinds = (at.title, at.header, at.subheader, at.markdown, at.caption, at.warning, at.info, at.success, at.error)
    texts = [element.value for kind in kinds for element in kind]
    return "\n".join([*texts, *(element.proto.body for element in at.get("html"))])


@pytest.fixture
def open_page():
    """Open the page as a new visitor: ``open_page(panel="trial", lang="da", seed=3)``; settings as in the address."""
    from streamlit.testing.v1 import AppTest

    from experiments.app.serving import PAGE

    def opened(**address):
        at = AppTest.from_file(str(PAGE), default_timeout=PATIENCE / 1000)
        for key, value in address.items():
            at.query_params[key] = str(value)
        at.run()
        told(at)
        return at

    return opened


@pytest.fixture(scope="session")
def served(tmp_path_factory):
    """The page served on loopback by the command line; its address."""
    own = str(tmp_path_factory.mktemp("runs"))
    with serving(tmp_path_factory.mktemp("serve") / "log.txt", DESIST_STORE=own) as (place, _):
        yield f"http://{place}"


def pytest_collection_modifyitems(config, items):
    """Leave out the tests in a browser where there is none."""
    if chromium() is None:
        left = [item for item in items if "browser" not in getattr(item, "fixturenames", ())]
        config.hook.pytest_deselected(items=[item for item in items if item not in left])
        items[:] = left


def pytest_terminal_summary(terminalreporter):
    """Say so, in one line."""
    if chromium() is None:
        terminalreporter.write_line("no Chromium here, so the tests in a browser were left out: install the package "
                                    "chromium, or run playwright install chromium")  # fmt: skip


@pytest.fixture(scope="session")
def browser():
    """Headless Chromium."""
    from playwright.sync_api import expect

    expect.set_options(timeout=PATIENCE)
    with browsing() as opened:
        yield opened


@pytest.fixture
def visit(browser, served):
    """Open an address of the page: ``visit("?panel=trial&lang=da", width=390)``; no request may leave this machine."""
    outside, contexts, refused = [], [], []

    def opened(address="", *, width=1280, height=900, policy=False):
        """``policy`` has the browser follow the page's own policy, under which a test cannot wait for a condition."""
        context = browser.new_context(viewport={"width": width, "height": height}, locale="da-DK", bypass_csp=not policy)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("console", lambda said: refused.append(said.text) if "Content Security Policy" in said.text else None)
        page.on("request", lambda request: outside.append(request.url) if not request.url.startswith(HERE) else None)
        page.goto(f"{served}/{address}")
        page.wait_for_selector("h2")
        settle(page)
        if {"panel=trial", "guessed=yes"} <= set(address.strip("?").split("&")) and "times=many" not in address:
            page.wait_for_selector(".film .person")  # drawn by the browser itself, after the page is told
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not outside, f"requests left this machine: {outside}"
    assert not refused, f"the page asks for what its own policy forbids: {refused}"


def settle(page, pause=300):
    """Wait until the page is told to its end; ``pause`` (milliseconds) lets a change set out first."""
    page.wait_for_timeout(pause)
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')


def press(slider, key, condition):
    """Press a key on a slider until it has moved and the page has taken it, which JavaScript in ``condition`` says.

    A key is lost if the page draws the slider anew at that moment; whoever sits there presses again.
    """
    from playwright.sync_api import TimeoutError as TooLate

    before = slider.input_value()
    for _ in range(6):
        if slider.input_value() == before:
            slider.press(key)
        try:
            slider.page.wait_for_function(condition, timeout=PATIENCE / 6)
            break
        except TooLate:
            continue
    else:
        raise AssertionError(f"{key} was pressed, and {condition} is not so")
    settle(slider.page)


def violations(page):
    """What axe finds against WCAG 2 A and AA: rule and elements, a line each."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}).response["violations"]
    return [f"{each['id']}: {[node['html'][:120] for node in each['nodes']]}" for each in found]

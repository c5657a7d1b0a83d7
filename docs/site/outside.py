"""What the built site asks of other machines: nothing. A reader may follow links elsewhere; the pages load nothing.

    python docs/site/outside.py build/site

Every page and style sheet is read. If a Chromium and Playwright are here, pages are also opened and a search is made,
and each request is watched.
"""

from __future__ import annotations

import re
import shutil
import sys
import threading
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ELSEWHERE = re.compile(r"(?:https?:)?//", re.I)
IN_STYLES = re.compile(r"(?:url\(\s*[\"']?|@import\s+[\"'])((?:https?:)?//[^\"')\s]+)", re.I)
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync")  # fmt: skip
OPENED = ("", "guides/researcher/", "notebooks/teacher/", "reference/")


class Loaded(HTMLParser):
    """Gathers what a page loads by itself from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """``src`` and the like of anything; ``href`` of anything but a link that a reader follows."""
        said = {name: value or "" for name, value in attrs}
        for name in ("src", "srcset", "data", "poster", "action", *(["href"] if tag not in ("a", "area") else [])):
            if ELSEWHERE.match(said.get(name, "").strip()) and said.get("rel") != "canonical":
                self.found.append(f"<{tag} {name}={said[name]}>")
        self.found += [f"<{tag} style: {each}>" for each in IN_STYLES.findall(said.get("style", ""))]


def loaded(folder: Path) -> list[str]:
    """What pages and style sheets of a folder load from elsewhere: the file, and what."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".html":
            page = Loaded()
            page.feed(path.read_text(encoding="utf-8"))
            found += [f"{path.relative_to(folder)}: {each}" for each in page.found]
        elif path.suffix == ".css":
            styles = IN_STYLES.findall(path.read_text(encoding="utf-8"))
            found += [f"{path.relative_to(folder)}: {each}" for each in styles]
    return found


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, *_: object) -> None:
        """Nothing."""


def asked(folder: Path, chromium: str) -> tuple[list[str], int]:
    """Open pages of the site in a browser and search: requests that went elsewhere, and how many results were found."""
    from playwright.sync_api import sync_playwright

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    here = f"http://127.0.0.1:{server.server_port}/"
    went: list[str] = []
    try:
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path=chromium, args=list(FLAGS))
            page = browser.new_page()
            page.on("request", lambda request: went.append(request.url))
            for name in OPENED:
                page.goto(here + name, wait_until="networkidle")
            page.keyboard.press("s")
            page.locator("[data-md-component=search-query]").press_sequentially("volunteers", delay=20)
            page.locator(".md-search-result__item").first.wait_for(timeout=20_000)
            results = page.locator(".md-search-result__item").count()
            browser.close()
    finally:
        server.shutdown()
    return [url for url in went if not url.startswith((here, "data:", "blob:"))], results


def main(folder: Path) -> int:
    """Say what was found; 1 if anything is asked of other machines."""
    found = loaded(folder)
    pages = len(list(folder.rglob("*.html")))
    said = f"{pages} pages load nothing from elsewhere"
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    try:
        import playwright  # noqa: F401
    except ImportError:
        chromium = None
    if chromium is not None and not found:
        found, results = asked(folder, chromium)
        said += f"; a browser asked nothing of another machine, and a search found {results} pages"
    sys.stdout.write("\n".join(found or [said]) + "\n")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

"""What the tests of reports share: a small plan, the verb as it is typed, and a reader of pages."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

PLAN = """
name = "small"
title = "A small plan: Aarhus only"
title_da = "En lille plan: kun Aarhus"
years = 1
releases_per_year = 400.0
[[wave]]
municipalities = ["Aarhus"]
starts = "2027-01"
volunteers_at_start = 40.0
"""
VOID = {"meta", "img", "link", "br", "hr", "input"}


class Reader(HTMLParser):
    """Everything that a page must have in order: tags that close, headings, pictures, tables, links."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.headings: list[int] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.ids: list[str] = []
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append((tag, found))
        if found.get("id"):
            self.ids.append(str(found["id"]))
        if tag in ("h1", "h2", "h3"):
            self.headings.append(int(tag[1]))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def of(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of all elements of a kind."""
        return [attrs for name, attrs in self.tags if name == tag]


def read(page: str) -> Reader:
    """A page, read; fails if its elements do not close in order."""
    reader = Reader()
    reader.feed(page)

    assert not reader.wrong
    assert not reader.open
    return reader


def sound(page: str, language: str) -> Reader:
    """A page that is whole: language, headings in order, texts for pictures, headed tables, nothing from anywhere."""
    reader = read(page)

    assert reader.of("html")[0]["lang"] == language
    assert reader.headings[0] == 1
    assert reader.headings.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in zip(reader.headings, reader.headings[1:], strict=False))
    assert all(len(str(each["alt"])) > 20 for each in reader.of("img"))
    assert all(str(each["src"]).startswith("data:image/svg+xml;base64,") for each in reader.of("img"))
    assert all(each.get("scope") in ("col", "row") for each in reader.of("th"))
    assert len(reader.of("caption")) == len(reader.of("table"))
    assert len(reader.ids) == len(set(reader.ids))
    assert [each["id"] for each in reader.of("script")] == ["receipt"]
    assert not reader.of("link")
    assert page.count("<li>") >= 5
    return reader


def typed(words: list[str], monkeypatch, folder: Path) -> str:  # type: ignore[no-untyped-def]
    """Give ``desist report`` as it is typed, in a folder of its own; what it prints."""
    import contextlib
    import io

    from experiments.cli.main import cli

    monkeypatch.chdir(folder)
    monkeypatch.setattr("sys.argv", ["desist", *words])
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        cli.main(words, standalone_mode=False)
    return out.getvalue()


__all__ = ["PLAN", "Reader", "read", "sound", "typed"]

"""A report as one HTML file: what is on it, and how it becomes a page that needs nothing from anywhere.

The page is made by ``page.html`` with the style of ``page.css``: readable on a screen of any width and on
A4. Figures are pictures inside the file, with a text in their place for people who cannot see them.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from experiments.figures.style import styled
from experiments.language.formatting import Language
from experiments.reports.catalogue import FOLDER, ReportMessages
from simulation.parameters import ParameterError

SENTENCES = (5, 6)


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A figure on the page."""

    source: str
    """As a data URI (``picture``)."""
    alt: str
    """What it shows, for people who cannot see it."""
    caption: str


@dataclass(frozen=True, kw_only=True)
class Grid:
    """A table on the page; the first cell of each row is its heading."""

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    wordy: bool = False
    """Whether it holds sentences rather than numbers."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of the page below a heading: paragraphs, then a list, pictures and tables."""

    title: str
    paragraphs: Sequence[str] = ()
    points: Sequence[str] = ()
    pictures: Sequence[Picture] = ()
    grids: Sequence[Grid] = ()
    after: Sequence[str] = ()
    """Paragraphs that follow."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """A report."""

    language: Language
    kind: str
    """What kind of report it is, above the title."""
    title: str
    question: str
    answer: Sequence[str]
    """Five sentences."""
    parts: Sequence[Part]
    """Figures, uncertainty, assumptions, what would change the answer."""
    terms: Sequence[tuple[str, str]] = ()
    """Terms and abbreviations that are used, and what they mean."""
    sources: Sequence[tuple[str, str, str]] = ()
    """Tag, title and address of each source that is named."""
    receipt: Sequence[tuple[str, str]] = ()
    """What made it: label and value."""
    check: Sequence[str] = ()
    """How to check it."""
    grades: Mapping[str, Any] = field(default_factory=dict)
    """Shares of the uncertainty by grade, for the receipt."""

    def __post_init__(self) -> None:
        if len(self.answer) not in SENTENCES:
            allowed = " or ".join(map(str, SENTENCES))
            raise ParameterError(f"the answer has [{len(self.answer)}] sentences; a report has {allowed}")


def html(page: Page) -> str:
    """The page as one file: nothing is fetched from anywhere, and the same page gives the same bytes."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # slow to import

    library = Environment(loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined,
                          trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True)  # fmt: skip
    style = (FOLDER / "page.css").read_text(encoding="utf-8")
    return library.get_template("page.html").render(page=page, w=ReportMessages(page.language), style=style)


def capitalised(text: str) -> str:
    """A text with a capital at its beginning."""
    return text[:1].upper() + text[1:]


def picture(figure: Figure, *, alt: str, caption: str) -> Picture:
    """A figure as a picture inside the page: lines and letters as shapes, so that it is the same on every machine."""
    out = io.BytesIO()
    with styled(), mpl.rc_context({"svg.fonttype": "path"}):
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    text = base64.b64encode(out.getvalue()).decode("ascii")
    return Picture(source=f"data:image/svg+xml;base64,{text}", alt=alt, caption=caption)

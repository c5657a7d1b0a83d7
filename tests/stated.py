"""Numbers of the documents that quote results, and that stand outside marks: facts, settings and sources, page by page."""

from __future__ import annotations

import re
from pathlib import Path

from experiments.reproduction.documents import MADE, QUOTED

LIST = Path(__file__).with_name("stated_numbers.txt")
NUMBER = re.compile(r"(?<![\w.\-])\d[\d,]*(?:\.\d+)?(?!\w)")
DIGITS = 3
UNREAD = [re.compile(r"<!-- code: .*?<!-- end code -->", re.DOTALL), MADE, QUOTED, re.compile(r"```.*?```", re.DOTALL),
          re.compile(r"<!--.*?-->", re.DOTALL), re.compile(r"`[^`]*`"), re.compile(r"\]\([^)]*\)"),
          re.compile(r"https?://\S+|\bdoi \S+|\bNCJ \d+")]  # fmt: skip


def unmarked(text: str) -> set[str]:
    """Numbers of three or more digits outside marks, code, links and years.

    >>> sorted(unmarked("In 2018 about 2,100 of `5000` people, <!--row mean:0-->1,350<!--/--> of them, 7.65 each."))
    ['2,100', '7.65']
    """
    for pattern in UNREAD:
        text = pattern.sub(" ", text)
    found = (match.rstrip(",") for match in NUMBER.findall(text))
    return {each for each in found if len(re.sub(r"\D", "", each).lstrip("0")) >= DIGITS and not _year(each)}


def stated() -> dict[str, set[str]]:
    """The numbers that each page may state without a mark."""
    lines = LIST.read_text(encoding="utf-8").splitlines()
    pages = (line.partition(": ") for line in lines if line and not line.startswith("#"))
    return {page: set(numbers.split()) for page, _, numbers in pages}


def _year(number: str) -> bool:
    return re.fullmatch(r"(19|20)\d\d", number) is not None

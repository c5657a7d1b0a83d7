"""How far a study is, shown on standard error."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from tqdm import tqdm

Item = TypeVar("Item")


def progress(items: Iterable[Item], total: int, what: str) -> Iterator[Item]:
    """Show progress on standard error once it has taken two seconds, if somebody is looking."""
    yield from tqdm(items, total=total, desc=what, unit="", delay=2, disable=None, leave=False)

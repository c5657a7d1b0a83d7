"""Results that visitors share: computed once however many ask, and the latest few kept."""

from __future__ import annotations

from collections.abc import Callable
from threading import Condition
from typing import Any, TypeVar

from cachetools import LRUCache, cached

Function = TypeVar("Function", bound=Callable[..., Any])


def kept(most: int) -> Callable[[Function], Function]:
    """Keep the latest ``most`` results of a pure function; who asks for one that is being computed waits for it.

    Arguments must be hashable and say everything that decides the result; results are shared, so nobody may change
    them.
    """
    return cached(LRUCache(most), condition=Condition(), info=True)  # type: ignore[return-value]

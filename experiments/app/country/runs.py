"""Studies for everybody who has the page open: computed one at a time, beside the page, each once however many ask.

A study waits in a queue until it has been asked for a second time, a moment later: so a slider that is being moved
starts nothing. A study that nobody looks at any more is dropped before it begins; one that has begun is finished. The
latest results are kept.

One thread computes the studies. It holds up nobody, since the engine lets go of the interpreter while it computes: with
a study under way, work of 6 ms by another thread took 6 ms as before (a worker process: 14 ms, and 450 MB more).
"""

from __future__ import annotations

import os
import sys
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Condition, Thread, get_native_id
from typing import Any

from cachetools import LRUCache

from experiments.app.country.plans import RequestedPlan
from experiments.app.country.study import Step, forget, steps

KEPT, WAITING = 24, 60
"""Results that are kept, and most studies that may wait."""
PATIENCE = 10.0
"""Seconds after which a study that waits and is not asked for is dropped, and one that failed may be tried again."""
IDLE = 600.0
"""Seconds without work after which what only speeds up the next study is forgotten."""
BEHIND = 10
"""How far the thread stands back for the page itself (niceness)."""


@dataclass(frozen=True, kw_only=True)
class Status:
    """How far a study has come."""

    result: Any = None
    before: int = 0  # studies that come first
    done: int = 0
    whole: int = 0  # steps done and in all; 0 in all where it has not begun
    full: bool = False  # too many wait: it has no place yet
    at: float = 0.0  # when it failed (seconds, monotonic)
    problem: str = ""
    """Why it could not be computed."""


@dataclass
class _Entry:
    """A study in the queue."""

    looks: int = 0
    seen: float = 0.0
    done: int = 0
    whole: int = 0


@dataclass
class Runs:
    """The queue and the latest results; ``compute`` gives the steps of a study, ``rest`` is called after idleness."""

    compute: Callable[[RequestedPlan], Iterator[Step]] = steps
    rest: Callable[[], None] = forget
    _queue: OrderedDict[RequestedPlan, _Entry] = field(default_factory=OrderedDict)
    _kept: LRUCache[RequestedPlan, Status] = field(default_factory=lambda: LRUCache(KEPT))
    _change: Condition = field(default_factory=Condition)
    _busy: RequestedPlan | None = None
    _thread: Thread | None = None

    def ask(self, asked: RequestedPlan) -> Status:
        """How far a study has come; it takes a place in the queue if it has none."""
        now = time.monotonic()
        with self._change:
            found = self._kept.get(asked)
            if found is not None and (not found.problem or now - found.at <= PATIENCE):
                return found
            self._drop(now)
            if asked not in self._queue and len(self._queue) >= WAITING:
                return Status(full=True)
            entry = self._queue.setdefault(asked, _Entry())
            entry.looks, entry.seen = entry.looks + 1, now
            if self._thread is None:
                self._thread = Thread(target=self._work, name="country", daemon=True)
                self._thread.start()
            self._change.notify_all()
            first = [key for key in self._queue if key != self._busy]
            before = 0 if asked == self._busy else first.index(asked) + (self._busy is not None)
            return Status(before=before, done=entry.done, whole=entry.whole)

    def known(self, asked: RequestedPlan) -> Any:
        """The result of a study that has been computed; else None, and nothing is asked for."""
        with self._change:
            return self._kept.get(asked, Status()).result

    def waiting(self) -> int:
        """Studies that wait or are being computed."""
        with self._change:
            return len(self._queue)

    def _drop(self, now: float) -> None:
        for key in [key for key, entry in self._queue.items() if key != self._busy and now - entry.seen > PATIENCE]:
            del self._queue[key]

    def _keep(self, asked: RequestedPlan, status: Status) -> None:
        self._queue.pop(asked, None)
        self._kept[asked] = status

    def _next(self) -> RequestedPlan | None:
        """The study to compute next; None when there was nothing to do for long."""
        until = time.monotonic() + IDLE
        with self._change:
            while True:
                self._drop(time.monotonic())
                self._busy = next((key for key, entry in self._queue.items() if entry.looks > 1), None)
                if self._busy is not None:
                    return self._busy
                if time.monotonic() > until:
                    self.rest()
                    self._thread = None
                    return None
                self._change.wait(timeout=min(30.0, IDLE))

    def _work(self) -> None:
        if sys.platform == "linux":
            with suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, get_native_id(), BEHIND)
        while (asked := self._next()) is not None:
            try:
                status = self._computed(asked)
            except Exception as problem:  # a study that fails is reported to those who ask, and holds up nobody
                status = Status(problem=f"{type(problem).__name__}: {problem}", at=time.monotonic())
            with self._change:
                self._keep(asked, status)
                self._busy = None

    def _computed(self, asked: RequestedPlan) -> Status:
        """Compute a study to its end."""
        for done, whole, result in self.compute(asked):
            if result is not None:
                return Status(result=result, done=done, whole=whole)
            with self._change:
                entry = self._queue[asked]
                entry.done, entry.whole = done, whole
        raise RuntimeError("a study has ended without a result")


RUNS = Runs()
"""The studies of this page."""

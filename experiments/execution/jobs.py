"""A study as a job of pieces: each is computed once, here or elsewhere, and kept in the store (``store.py``).

A *job* is one function, one context (the scenario as text and what else all pieces share), and one small payload a
piece. ``finish`` gives the table of every piece in order: what the store has is read, the rest is computed by threads
or by any executor, and kept as soon as it is there. So a study that was killed goes on where it stood, and a finished
one is read back in a moment. Every table passes through the bytes of its file, so a result does not show where or
when it was computed.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, ThreadPoolExecutor, wait
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from pathlib import Path
from threading import Lock
from typing import Any

import click

from experiments.execution.code_digest import code_of
from experiments.execution.environment import RESULTS, versions
from experiments.execution.store import ADDRESS, Store, Table, canonical, decoded, encoded
from simulation.parameters import ParameterError

__all__ = ["Compute", "Job", "Store", "Table", "code_of", "compute", "finish", "opened"]

BATCH_SECONDS = 0.5
"""How long a task sent to an executor should take: short pieces are sent together."""
AHEAD = 4
"""Tasks in flight for each worker; no more pieces than these hold are in memory."""
LOOK_SECONDS = 5.0
"""How often an executor is asked how many workers it has: clusters grow and shrink."""
ALIVE_SECONDS = 1.0
"""How often an executor that is waited for is asked whether it is still there."""
KEPT = RESULTS / "runs"
"""The store that is used if none is named."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """A study cut into pieces.

    Raises ``TypeError`` or ``ValueError`` for a context or piece that JSON does not have.
    """

    name: str
    """What it is called in ``desist store``."""
    work: str
    """``module:function`` of (context, payload), which gives a table; it must be importable where it is computed."""
    context: dict[str, Any]
    """What all pieces share, as JSON has it; a scenario as its TOML text."""
    pieces: Sequence[dict[str, Any]]
    """What decides each piece, as JSON has it."""
    command: str = ""
    """The command as typed, for ``desist store``."""
    code: str = field(init=False)
    """Digest of the model and of the studies' code that the work rests on."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "code", code_of(self.work.partition(":")[0]))
        object.__setattr__(self, "context", _plain(self.context))

    @cached_property
    def _addresses(self) -> list[str]:
        common = hashlib.sha256(canonical([self.work, self.code, self.context]))
        found = []
        for piece in self.pieces:
            own = common.copy()
            own.update(canonical(piece))
            found.append(own.hexdigest()[:ADDRESS])
        return found

    def addresses(self) -> list[str]:
        """Where each piece is kept: a digest of work, code, context and payload."""
        return self._addresses


Compute = Callable[[Job], Iterator[Table]]
"""What gives the tables of a job's pieces, in order: with a store, workers and progress, or without."""


def _plain(data: dict[str, Any]) -> dict[str, Any]:
    """Data as JSON gives it back, so that work sees the same wherever it is done."""
    plain: dict[str, Any] = json.loads(json.dumps(data, ensure_ascii=False, allow_nan=False))
    return plain


# Computing -------------------------------------------------------------------------------------------------------


def compute(work: str, code: str, context: dict[str, Any], payloads: list[dict[str, Any]]) -> list[tuple[bytes, float]]:
    """Some pieces as the bytes of their files, with the seconds each took: what an executor is sent.

    Raises ``ParameterError`` if the code here is not that of the sender: then the results would not be the same.
    """
    module, name = work.split(":")
    here = code_of(module)
    if here != code:
        raise ParameterError(
            f"a worker has other code [{here}] than this machine [{code}]; install the same version of Desist there "
            "and start the workers again"
        )
    function: Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]] = getattr(import_module(module), name)
    results = []
    for payload in payloads:
        begun = time.perf_counter()
        table = function(context, payload)
        seconds = time.perf_counter() - begun
        about = {"work": work, "code": code, "piece": payload, "versions": versions()}
        results.append((encoded(table, about), seconds))
    return results


class _Task:
    """Pieces that were sent together; stored as soon as they are back, before anything asks for them."""

    def __init__(self, job: Job, part: list[int], pool: Executor, store: Store | None) -> None:
        self._pool, self._store, self._lock, self._kept = pool, store, Lock(), store is None
        self._addresses = [job.addresses()[k] for k in part]
        payloads = [_plain(job.pieces[k]) for k in part]
        self.future: Future[list[tuple[bytes, float]]] = pool.submit(compute, job.work, job.code, job.context, payloads)
        self.future.add_done_callback(self._arrived)

    def _arrived(self, future: Future[list[tuple[bytes, float]]]) -> None:
        """Called where the task was finished; a store that cannot be written is reported by ``take``."""
        if not future.cancelled() and future.exception() is None:
            with suppress(ParameterError):
                self._keep(future.result())

    def _keep(self, results: list[tuple[bytes, float]]) -> None:
        with self._lock:
            if not self._kept and self._store is not None:
                for address, (data, _) in zip(self._addresses, results, strict=True):
                    self._store.write(address, data)
                self._kept = True

    def take(self) -> list[tuple[bytes, float]]:
        """Wait for the results and see them kept; raises ``BrokenExecutor`` if nobody is left to give them."""
        while not wait((self.future,), ALIVE_SECONDS).done:
            if _gone(self._pool):
                raise BrokenExecutor("the scheduler is gone")
        results = self.future.result()
        self._keep(results)
        return results


def finish(
    job: Job, *, store: Store | None = None, executor: Executor | None = None, threads: int | None = None
) -> Generator[Table, None, None]:
    """The table of every piece, in order; those that the store has are read, the others computed and kept.

    Parameters
    ----------
    job
        The study.
    store
        Where pieces are kept; None to keep nothing.
    executor
        Who computes them: any ``concurrent.futures.Executor``, in processes or on other machines; None for threads
        here.
    threads
        Worker threads without an executor; None for one per core.

    Raises
    ------
    ParameterError
        In its turn, for a mistake in a piece; and if workers are lost, cannot import Desist or have other code.
        Whatever is finished by then is kept.

    Notes
    -----
    The first missing piece is computed before others are sent, so that a mistake of the user's is reported at once.
    """
    if store is not None:
        head = {"name": job.name, "work": job.work, "code": job.code, "command": job.command}
        store.enter(head, job.context, job.addresses())
    number = threads if threads is not None else os.cpu_count()
    with nullcontext(executor) if executor is not None else ThreadPoolExecutor(number) as pool:
        flight = _Flight(job, store, pool, batches=executor is not None)
        try:
            yield from map(decoded, flight.results())
        except Exception as problem:
            lost = _explained(problem, store) if executor is not None else None
            if lost is None:
                raise
            raise lost from None
        finally:
            flight.cancel()


def _explained(problem: Exception, store: Store | None) -> ParameterError | None:
    """What became of an executor, in one line; None if the problem is one of the piece's own."""
    for each in (problem, problem.__cause__):
        if isinstance(each, ImportError):
            return ParameterError(f"a worker or scheduler lacks Desist ({each}); install the same version there")
    if isinstance(problem, (BrokenExecutor, CancelledError)) or type(problem).__module__.startswith("distributed."):
        again = "what was finished is in the store: start the command again to go on" if store else "start it again"
        return ParameterError(f"the workers were lost ({type(problem).__name__}); {again}")
    return None


class _Flight:
    """The pieces of a job on their way: a few tasks ahead of what has been asked for, results in order."""

    def __init__(self, job: Job, store: Store | None, pool: Executor, *, batches: bool) -> None:
        self.job, self.store, self.pool, self.batches = job, store, pool, batches
        self.slots: deque[bytes | tuple[_Task, int]] = deque()
        """Pieces ahead, in order: what was read, or the task they are in with their number there."""
        self.position = 0
        self.size = 1
        """Pieces sent together."""
        self.tried = False
        """Whether a computed piece has come back."""
        self.asked = float("-inf")
        self.workers = 1

    def results(self) -> Iterator[bytes]:
        """The bytes of every piece, in order."""
        self._fill()
        while self.slots:
            slot = self.slots.popleft()
            data = slot if isinstance(slot, bytes) else self._taken(*slot)
            self._fill()
            yield data

    def _taken(self, task: _Task, number: int) -> bytes:
        results = task.take()
        if number == 0 and self.batches:
            seconds = sum(spent for _, spent in results) / len(results)
            self.size = max(1, min(int(BATCH_SECONDS / max(seconds, 1e-6)), 2 * self.size if self.tried else 1))
        self.tried = True
        return results[number][0]

    def _fill(self) -> None:
        """Read or send more pieces, once there is room for a whole task."""
        left = len(self.job.pieces) - self.position
        if not left or (not self.tried and any(isinstance(slot, tuple) for slot in self.slots)):
            return
        if time.monotonic() - self.asked > LOOK_SECONDS:
            self.workers, self.asked = _workers(self.pool), time.monotonic()
        size = min(self.size, 1 + left // self.workers)
        room = AHEAD * self.workers * size
        if len(self.slots) > room - size:
            return
        addresses, missing = self.job.addresses(), 0
        run: list[bytes | int] = []
        while self.position < len(addresses) and len(self.slots) + len(run) < room:
            data = self.store.read(addresses[self.position]) if self.store is not None else None
            run.append(self.position if data is None else data)
            missing += data is None
            self.position += 1
            if missing == size or (missing and not self.tried):
                self._send(run)
                run, missing = [], 0
                if not self.tried:
                    break
        self._send(run)

    def _send(self, run: list[bytes | int]) -> None:
        """Line up pieces that were read, and one task of those (by their numbers) that were not there."""
        part = [each for each in run if isinstance(each, int)]
        task = _Task(self.job, part, self.pool, self.store) if part else None
        number = 0
        for each in run:
            if isinstance(each, bytes):
                self.slots.append(each)
            elif task is not None:
                self.slots.append((task, number))
                number += 1

    def cancel(self) -> None:
        """Call back what has not begun, if anybody is there to be called."""
        if _gone(self.pool):
            return
        for slot in self.slots:
            if isinstance(slot, tuple):
                slot[0].future.cancel()


def _gone(pool: Executor) -> bool:
    """Whether an executor has lost its scheduler: a task that is sent meanwhile would be waited for, for ever."""
    status = getattr(getattr(pool, "_client", None), "status", None)
    return status is not None and status != "running"


def _workers(pool: Executor) -> int:
    """How many pieces an executor computes at once, as far as it shows; ``BrokenExecutor`` if it does not answer."""
    client = getattr(pool, "_client", None)
    if client is not None and hasattr(client, "nthreads"):
        try:
            return max(1, int(sum(client.nthreads().values())))
        except Exception as problem:  # whatever a scheduler that dies at this moment may cause
            raise BrokenExecutor("the scheduler is gone") from problem
    return int(getattr(pool, "_max_workers", 0) or os.cpu_count() or 1)


# For verbs -------------------------------------------------------------------------------------------------------


def opened(path: Path | None, no_store: bool = False) -> Store | None:
    """The store that a verb's options name (``results/runs`` if none); damaged files are reported on standard error.

    Raises ``ParameterError`` if it cannot be written.
    """
    return None if no_store else Store(path or KEPT, notice=lambda line: click.echo(f"desist: {line}", err=True))

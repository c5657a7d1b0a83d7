"""Where and how a study is computed: workers, store, progress. Nothing here decides a result.

A run of a few thousand people takes some ten milliseconds in steps of a fraction of one. Threads spend a third of the
time on handing the interpreter's lock to one another, and often wake on the same core; processes take two seconds to
start. So threads compute where there is little to do, and worker processes where there are many short runs. The bytes
are the same.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from threading import Thread
from typing import Protocol, TypeVar

from tqdm import tqdm

from experiments.execution.cluster import executor_of
from experiments.execution.jobs import Job, Store, Table, finish

Item = TypeVar("Item")
RUNS_FOR_PROCESSES = 300
"""From how many runs on worker processes are faster than threads."""


class Progress(Protocol):
    """Passes items on and may show how many of them there have been."""

    def __call__(self, items: Iterable[Item], total: int, what: str) -> Iterator[Item]:
        """The same items; ``total`` is how many there will be, ``what`` what they are called."""


class Compute(Protocol):
    """Computes a job: the tables of its pieces, in order."""

    def __call__(self, job: Job, what: str = "") -> Iterator[Table]:
        """The tables; ``what`` names the work in the progress bar (default: the last part of the job's name)."""


def silent(items: Iterable[Item], total: int, what: str) -> Iterator[Item]:  # noqa: ARG001  as Progress has them
    """Progress that shows nothing."""
    yield from items


def progress(items: Iterable[Item], total: int, what: str) -> Iterator[Item]:
    """Progress on standard error once it has taken two seconds, if that is a terminal."""
    yield from tqdm(items, total=total, desc=what, unit="", delay=2, disable=None, leave=False)


def no_note(text: str) -> None:
    """Take a note and show nothing."""


@dataclass(frozen=True, kw_only=True)
class RunContext:
    """Where a study is computed, and who is shown how far it is."""

    store: Store | None = None
    """Finished pieces are read from here and kept here; None to keep nothing."""
    executor: Executor | None = None
    """Who computes pieces: any ``concurrent.futures.Executor``; None for threads or processes here."""
    cluster: str | None = None
    """Address of a running Dask scheduler, instead of an executor."""
    threads: int | None = None
    """Workers here; None for one per core."""
    progress: Progress = silent
    note: Callable[[str], None] = no_note
    """Is given one line about what is about to be computed."""

    @contextmanager
    def computing(self, *, runs: int = 0) -> Iterator[Compute]:
        """A function that computes jobs, while its workers are up.

        Parameters
        ----------
        runs
            How many runs of some ten milliseconds there will be: from 300 on, processes take them and not threads.
        """
        given = nullcontext(self.executor) if self.executor is not None else None
        with given or workers_of(self.cluster, self.threads, runs=runs) as executor:

            def compute(job: Job, what: str = "") -> Iterator[Table]:
                work = finish(job, store=self.store, executor=executor, threads=self.threads)
                return self.progress(work, len(job.pieces), what or job.name.split(": ")[-1])

            yield compute


@contextmanager
def workers_of(cluster: str | None, threads: int | None, *, runs: int) -> Iterator[Executor | None]:
    """An executor for so many short runs: the cluster with this address, processes here, or None for threads."""
    number = threads if threads is not None else os.cpu_count() or 1
    with executor_of(cluster) as far:
        if far is not None or number == 1 or runs < RUNS_FOR_PROCESSES:
            yield far
            return
        with ProcessPoolExecutor(number, mp_context=get_context("spawn"), initializer=_begin_worker) as pool:
            yield pool


def _begin_worker() -> None:
    """Leave interrupts to the process that started this one, and end with it, however it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)

"""Where and how a study is computed: workers, store, progress. Nothing here decides a result."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Protocol, TypeVar

from experiments.execution.jobs import Job, Store, Table, finish
from experiments.execution.workers import workers_of

Item = TypeVar("Item")


class Progress(Protocol):
    """Passes items on and may show how many of them there have been."""

    def __call__(self, items: Iterable[Item], total: int, what: str) -> Iterator[Item]:
        """The same items; ``total`` is how many there will be, ``what`` what they are called."""


class Compute(Protocol):
    """Computes a job: the tables of its pieces, in order."""

    def __call__(self, job: Job, what: str = "") -> Iterator[Table]:
        """The tables; ``what`` names the work in the progress bar (default: the last part of the job's name)."""


def silent(items: Iterable[Item], total: int, what: str) -> Iterator[Item]:  # noqa: ARG001  as Progress asks
    """Progress that shows nothing."""
    yield from items


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

"""Who computes a study here: threads where there is little to do, worker processes where there are many short runs.

A run of a few thousand people takes some ten milliseconds in steps of a fraction of one. Threads spend a third of the
time on handing the interpreter's lock to one another, and often wake on the same core; processes take two seconds to
start. The bytes are the same.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from threading import Thread

from experiments.execution.cluster import executor_of
from experiments.execution.jobs import Job, Store, Table, finish
from experiments.execution.progress import progress

RUNS_FOR_PROCESSES = 300
"""From how many runs on worker processes are faster than threads."""


@contextmanager
def workers_of(cluster: str | None, threads: int | None, *, runs: int) -> Iterator[Executor | None]:
    """An executor for about so many short runs: the cluster, processes here, or None for threads.

    Parameters
    ----------
    cluster
        Address of a Dask scheduler, or None.
    threads
        Workers; None for one per core.
    runs
        How many runs of some ten milliseconds there will be.
    """
    number = threads if threads is not None else os.cpu_count() or 1
    with executor_of(cluster) as far:
        if far is not None or number == 1 or runs < RUNS_FOR_PROCESSES:
            yield far
            return
        with processes(number) as pool:
            yield pool


def runner(
    store: Store | None, executor: Executor | None, threads: int | None, *,
    label: Callable[[Job], str] = lambda job: job.name.split(": ")[-1],
) -> Callable[[Job], Iterator[Table]]:  # fmt: skip
    """A function that computes jobs and shows their progress, named by ``label`` (the last part of a job's name)."""
    def compute(job: Job) -> Iterator[Table]:
        return progress(finish(job, store=store, executor=executor, threads=threads), len(job.pieces), label(job))

    return compute


def processes(number: int) -> ProcessPoolExecutor:
    """Worker processes that leave interrupts to this one and end with it, however it ends."""
    return ProcessPoolExecutor(number, mp_context=get_context("spawn"), initializer=_begin)


def _begin() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)

"""A running Dask cluster as an executor: connected in seconds or refused in one line.

Its scheduler and workers are started with Dask's own commands (docs/runs.md). Dask sends what a dead worker had to
another; this file knows nothing of what is computed.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import click

from simulation.parameters import ParameterError

if TYPE_CHECKING:
    from distributed import Client

CONNECT_SECONDS = 5.0
"""How long a scheduler may take to answer."""
INSTALLED = "__import__('importlib.util').util.find_spec('experiments') is not None"
"""What the scheduler and every worker are asked."""
ADDRESS = re.compile(r"(tcp|tls)://([\w.-]+|\[[0-9a-fA-F:.]+\]):(\d{1,5})")


@contextmanager
def executor_of(address: str | None) -> Iterator[Executor | None]:
    """An executor that sends work to the cluster with this address; None without an address.

    Raises ``ParameterError`` if the address is none, Dask is not installed, or no scheduler answers there within five
    seconds.
    """
    if address is None:
        yield None
        return
    match = ADDRESS.fullmatch(address)
    if match is None or not 0 < int(match[3]) < 65536:
        raise ParameterError(f"--cluster is [{address}]; write tcp://HOST:PORT, as dask scheduler prints it")
    try:
        from distributed import Client  # not every installation has Dask
    except ImportError:
        raise ParameterError(
            f"--cluster is [{address}], but Dask is not installed; install it with pip install 'desist[cluster]'"
        ) from None
    _quiet()
    workers = _workers_at(address)
    if not workers:
        click.echo(f"desist: the cluster at {address} has no workers yet; waiting for them", err=True)
    try:
        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except OSError:  # it has died since it was asked
        raise _silent(address) from None
    try:
        _check_installed(address, client)
        yield client.get_executor(pure=False)
    finally:
        with suppress(Exception):  # a scheduler that is gone says no farewell
            client.close(timeout=CONNECT_SECONDS)


def _workers_at(address: str) -> int:
    """How many workers the scheduler has; asked first, since Dask's client waits for ever for a silent address."""
    with ThreadPoolExecutor(1) as beside:  # a notebook has an event loop of its own
        try:
            about = beside.submit(asyncio.run, _identity(address)).result()
            if about["type"] != "Scheduler":
                raise ValueError(f"this is a {str(about['type']).lower()}")
            return int(about["n_workers"])
        except (Exception, asyncio.CancelledError) as problem:  # whatever a stranger at that port may cause
            why = f" ({problem})" if isinstance(problem, ValueError) else ""
            raise _silent(address, why) from None


def _silent(address: str, why: str = "") -> ParameterError:
    return ParameterError(
        f"--cluster is [{address}], where no scheduler answers{why}; start one with dask scheduler, or leave "
        "--cluster out"
    )


async def _identity(address: str) -> dict[str, Any]:
    # not every installation has Dask
    from distributed.comm.core import connect
    from distributed.security import Security

    async with asyncio.timeout(CONNECT_SECONDS):
        comm = await connect(address, timeout=CONNECT_SECONDS, **Security().get_connection_args("client"))
        try:
            await comm.write({"op": "identity", "reply": True})
            about: dict[str, Any] = await comm.read()
            return about
        finally:
            comm.abort()


def _check_installed(address: str, client: Client) -> None:
    """See that Desist is there, before a worker without it dies of the first piece."""
    try:
        there = {"the scheduler": client.run_on_scheduler(eval, INSTALLED), **client.run(eval, INSTALLED)}
    except OSError:
        raise _silent(address) from None
    missing = [name for name, answer in there.items() if answer is not True]
    if missing:
        raise ParameterError(
            f"--cluster is [{address}], where Desist is not installed ({missing[0]}); install the same version there "
            "and start it again"
        )


def _quiet() -> None:
    """Keep Dask's own log off the terminal: what matters to a user is reported by the code that sent the work."""
    for name in ("distributed", *(each for each in logging.root.manager.loggerDict if each.startswith("distributed."))):
        logging.getLogger(name).setLevel(logging.CRITICAL)

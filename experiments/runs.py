"""The store of runs: each finished piece of a study is written once, whole, under the digest of all that decides it.

A *job* is a study cut into *pieces*: one function, one context (the scenario as text and what else all pieces share),
and one small payload a piece. ``finish`` gives the table of every piece in order: what the store has is read, the
rest is computed by threads or by any executor, and kept. So a study that was killed goes on where it stood, and a
finished one is read back in a moment.

A piece is an Arrow file (``pandas.read_feather`` opens it) whose name holds its address and the checksum of its
bytes. This file knows nothing of what is computed.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulation.parameters import ParameterError

if TYPE_CHECKING:
    import pyarrow as pa

Table = dict[str, list[Any]]
"""What a piece gives: columns of equal length, of numbers, truth values or texts."""

ADDRESS, CHECKSUM = 40, 16
"""Hexadecimal digits of a piece's address (160 bits), and of the checksum in its name."""
BATCH_SECONDS = 0.5
"""How long a task sent to an executor should take: short pieces are sent together."""
AHEAD = 4
"""Tasks in flight for each worker."""
STRAY_SECONDS = 3600.0
"""Age from which a half-written file of another process is removed."""
HERE = Path(__file__).resolve().parent


@dataclass(frozen=True, kw_only=True)
class Job:
    """A study cut into pieces."""

    name: str
    """What it is called in ``desist runs``."""
    work: str
    """``module:function`` of (context, payload), which gives a table; it must be importable where it is computed."""
    context: dict[str, Any]
    """What all pieces share, as JSON has it; a scenario as its TOML text."""
    pieces: Sequence[dict[str, Any]]
    """What decides each piece, as JSON has it."""
    command: str = ""
    """The command as typed, for ``desist runs``."""
    code: str = field(init=False)
    """Digest of the model and of the studies' code that the work rests on."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "code", code_of(self.work.split(":")[0]))

    def addresses(self) -> list[str]:
        """Where each piece is kept: a digest of work, code, context and payload."""
        common = hashlib.sha256(_canonical([self.work, self.code, self.context]))
        found = []
        for piece in self.pieces:
            own = common.copy()
            own.update(_canonical(piece))
            found.append(own.hexdigest()[:ADDRESS])
        return found


def _canonical(data: Any) -> bytes:
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


@cache
def code_of(module: str) -> str:
    """Digest of every file that can decide what a study's module computes.

    All of the model with its data, the module itself and the studies' modules it imports (wherever in the file),
    and the studies' data.
    """
    import simulation

    model = Path(simulation.__file__).parent
    files = [*model.glob("*.py"), *(model / "data").iterdir(), *(HERE / "data").iterdir(), *_sources(module)]
    digest = hashlib.sha256()
    for path in sorted(set(files)):
        if path.is_file():
            digest.update(f"{path.parent.name}/{path.name}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _sources(module: str) -> set[Path]:
    """The file of a module and of what it imports beside it."""
    start = Path(str(import_module(module).__file__)).resolve()
    found, waiting = set(), [start]
    while waiting:
        path = waiting.pop()
        if path in found or not path.is_file() or path == Path(__file__).resolve():
            continue
        found.add(path)
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == HERE.name:
                names = [node.module.split(".")[-1], *(alias.name for alias in node.names)]
                waiting += [HERE / f"{name}.py" for name in names]
    return found


class Store:
    """A folder of finished pieces.

    ``pieces/ab/cdef...-CHECKSUM.arrow`` holds a piece; ``studies/DIGEST.txt`` says which pieces a study is made of.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.damaged: list[Path] = []
        """Files that were found damaged, and removed."""
        self._names: dict[str, dict[str, str]] = {}
        try:
            (path / "pieces").mkdir(parents=True, exist_ok=True)
            (path / "studies").mkdir(exist_ok=True)
            probe = path / f".writable-{os.getpid()}"
            probe.touch()
            probe.unlink()
        except OSError as problem:
            raise ParameterError(
                f"--store is [{path}], which cannot be written ({problem.strerror}); name another folder or give "
                "--no-store"
            ) from None
        self._sweep_out()

    def _sweep_out(self) -> None:
        """Remove what killed processes left half-written."""
        for stray in [*self.path.glob("pieces/*/.*.part"), *self.path.glob("studies/.*.part")]:
            try:
                if time.time() - stray.stat().st_mtime > STRAY_SECONDS:
                    stray.unlink()
            except OSError:
                continue

    def _folder(self, prefix: str) -> dict[str, str]:
        """Address to file name, for the pieces whose address begins so."""
        if prefix not in self._names:
            try:
                names = [name for name in os.listdir(self.path / "pieces" / prefix) if not name.startswith(".")]
            except OSError:
                names = []
            self._names[prefix] = {prefix + name.split("-")[0]: name for name in names}
        return self._names[prefix]

    def has(self, address: str) -> bool:
        """Whether a piece is there (its bytes are checked when it is read)."""
        return address in self._folder(address[:2])

    def read(self, address: str) -> Table | None:
        """A piece; None if it is not there. A damaged file is removed and remembered in ``damaged``."""
        import pyarrow as pa

        name = self._folder(address[:2]).get(address)
        if name is None:
            return None
        path = self.path / "pieces" / address[:2] / name
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            self._folder(address[:2]).pop(address)
            return None
        if _checksum(data) != name.split("-")[-1].removesuffix(".arrow"):
            self.damaged.append(path)
            self._folder(address[:2]).pop(address)
            path.unlink(missing_ok=True)
            return None
        table: Table = pa.ipc.open_file(pa.BufferReader(data)).read_all().to_pydict()
        return table

    def write(self, address: str, table: Table, about: dict[str, Any]) -> None:
        """Keep a piece: written beside, flushed to disk, then moved into place, so that it is whole or not there."""
        data = _encoded(table, about)
        folder = self.path / "pieces" / address[:2]
        folder.mkdir(exist_ok=True)
        name = f"{address[2:]}-{_checksum(data)}.arrow"
        _whole(folder, name, data)
        if address[:2] in self._names:
            self._names[address[:2]][address] = name

    def enter(self, job: Job, addresses: Sequence[str]) -> None:
        """Write down which pieces a study is made of."""
        digest = hashlib.sha256(_canonical([job.name, job.work, list(addresses)])).hexdigest()[:16]
        head = {"name": job.name, "work": job.work, "code": job.code, "command": job.command, "pieces": len(addresses)}
        text = json.dumps(head, ensure_ascii=False) + "\n" + "\n".join(addresses) + "\n"
        _whole(self.path / "studies", f"{digest}.txt", text.encode())


def _checksum(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:CHECKSUM]


def _encoded(table: Table, about: dict[str, Any]) -> bytes:
    import pyarrow as pa

    made: pa.Table = pa.table(table).replace_schema_metadata({"desist": json.dumps(about, ensure_ascii=False)})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, made.schema) as writer:
        writer.write_table(made)
    data: bytes = sink.getvalue().to_pybytes()
    return data


def _whole(folder: Path, name: str, data: bytes) -> None:
    part = folder / f".{name}.{os.getpid()}.part"
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    try:
        os.write(handle, data)
        os.fsync(handle)
    finally:
        os.close(handle)
    os.replace(part, folder / name)


def compute(work: str, code: str, context: dict[str, Any], payloads: list[dict[str, Any]]) -> list[tuple[Table, float]]:
    """The tables of some pieces, with the seconds each took: what an executor is sent.

    Raises
    ------
    ParameterError
        If the code here is not that of whoever sent it: then the results would not be the same.
    """
    module, name = work.split(":")
    if code_of(module) != code:
        raise ParameterError(
            f"a worker runs other code ({code_of(module)}) than this machine ({code}); install the same version of "
            "Desist there and start the workers again"
        )
    function = getattr(import_module(module), name)
    results = []
    for payload in payloads:
        begun = time.perf_counter()
        results.append((function(context, payload), time.perf_counter() - begun))
    return results


def finish(
    job: Job, *, store: Store | None = None, executor: Executor | None = None, threads: int | None = None
) -> Iterator[Table]:
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

    Notes
    -----
    A mistake in a piece is raised when its turn comes; whatever was finished by then is kept. The first missing piece
    is computed before others are sent, so that a mistake of the user's is told at once.
    """
    addresses = job.addresses()
    if store is not None:
        store.enter(job, addresses)
    missing = [k for k, address in enumerate(addresses) if store is None or not store.has(address)]
    computed = _computed(job, missing, addresses, store, executor, threads)
    due = set(missing)
    try:
        for k, address in enumerate(addresses):
            if k not in due and store is not None:
                table = store.read(address)
                if table is None:
                    table = _kept(job, [k], addresses, store, compute(job.work, job.code, job.context, [job.pieces[k]]))[0]
                yield table
            else:
                yield next(computed)
    finally:
        computed.close()


def _kept(
    job: Job, part: list[int], addresses: list[str], store: Store | None, results: list[tuple[Table, float]]
) -> list[Table]:
    if store is not None:
        for k, (table, seconds) in zip(part, results, strict=True):
            about = {"work": job.work, "code": job.code, "study": job.name, "piece": job.pieces[k]}
            store.write(addresses[k], table, about)
            del seconds
    return [table for table, _ in results]


def _computed(
    job: Job, missing: list[int], addresses: list[str], store: Store | None, executor: Executor | None,
    threads: int | None,
) -> Iterator[Table]:  # fmt: skip
    """Tables of the missing pieces, in order; kept as soon as they arrive."""
    if not missing:
        return
    if executor is None:
        workers = threads if threads is not None else os.cpu_count() or 1
        with ThreadPoolExecutor(workers) as pool:
            yield from _flight(job, missing, addresses, store, pool, workers, local=True)
    else:
        yield from _flight(job, missing, addresses, store, executor, _workers(executor), local=False)


def _workers(executor: Executor) -> int:
    return int(getattr(executor, "_max_workers", 0) or os.cpu_count() or 1)


def _flight(
    job: Job, missing: list[int], addresses: list[str], store: Store | None, pool: Executor, workers: int, *,
    local: bool,
) -> Iterator[Table]:  # fmt: skip
    """Send pieces, a few tasks ahead of what has been asked for, and give their tables in order."""
    waiting = deque(missing)
    flying: deque[tuple[list[int], Future[list[tuple[Table, float]]]]] = deque()
    seconds, size = 0.0, 1

    def send(number: int) -> None:
        part = [waiting.popleft() for _ in range(min(number, len(waiting)))]
        payloads = [job.pieces[k] for k in part]
        if local:
            flying.append((part, pool.submit(_here, job, part, addresses, store)))
        else:
            flying.append((part, pool.submit(compute, job.work, job.code, job.context, payloads)))

    try:
        send(1)
        while flying:
            part, future = flying.popleft()
            results = future.result()
            tables = [table for table, _ in results] if local else _kept(job, part, addresses, store, results)
            seconds = max(sum(spent for _, spent in results) / len(results), 1e-6)
            if not local:
                size = max(1, min(int(BATCH_SECONDS / seconds), 1 + len(waiting) // workers))
            while waiting and len(flying) < AHEAD * workers:
                send(size)
            yield from tables
    finally:
        for _, future in flying:
            future.cancel()


def _here(job: Job, part: list[int], addresses: list[str], store: Store | None) -> list[tuple[Table, float]]:
    results = compute(job.work, job.code, job.context, [job.pieces[k] for k in part])
    _kept(job, part, addresses, store, results)
    return results

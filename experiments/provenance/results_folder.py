"""Where results go: one folder a study, tables and figures beside a manifest that says what made them."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from errno import EISDIR
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from experiments.execution.code_digest import code_of
from experiments.execution.environment import versions
from experiments.provenance.csv_tables import TEXTS, csv_of, texts_like_numbers
from experiments.provenance.receipts import inputs_of, shown
from experiments.provenance.stamps import COUNTS, STAMPED, digest, sealed, stamped
from simulation.parameters import ParameterError

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from simulation.scenario import Scenario


class Folder:
    """A study's folder, checked to be writable before any work is done; it remembers what is written into it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._files: dict[str, str] = {}
        self._texts: dict[str, list[str]] = {}
        self._made: dict[str, Any] | None = None
        try:
            path.mkdir(parents=True, exist_ok=True)
            probe = path / f".writable-{uuid4().hex}"
            probe.touch()
            probe.unlink()
        except (OSError, ValueError) as problem:  # a name with a NUL is a ValueError
            raise _unwritable(path, problem) from None

    def table(self, name: str, table: pd.DataFrame) -> Path:
        """Write a table as ``name.csv``; numbers with up to ten digits."""
        if texts := texts_like_numbers(table):
            self._texts[name] = texts
        return self.text(f"{name}.csv", csv_of(table))

    def text(self, name: str, text: str) -> Path:
        """Write a text whole or not at all."""
        return self.wrote(self._put(name, text.encode()))

    def figure(self, name: str, figure: Figure) -> Path:
        """Write a figure as ``name.png`` and ``name.svg``."""
        path = self._place(f"{name}.png")
        for kind, metadata in (("svg", {"Date": None, "Creator": None}), ("png", {"Software": None})):
            drawn = io.BytesIO()
            figure.savefig(drawn, format=kind, dpi=150 if kind == "png" else "figure", metadata=metadata)
            self.wrote(self._put(f"{name}.{kind}", drawn.getvalue()))
        return path

    def written(self, name: str, write: Callable[[Path], object]) -> Path:
        """Have other code write a file, whole or not at all, which takes the path to write to."""
        return self.wrote(self._whole(name, write))

    def wrote(self, path: Path) -> Path:
        """Remember a file that other code wrote into the folder; what is written after the manifest updates it."""
        self._files[path.relative_to(self.path).as_posix()] = ""
        if self._made is not None:
            self._seal(self._made)
        return path

    def manifest(self, scenario: Scenario | None, *, seed: int | None = None, command: str, module: str,
                 inputs: Sequence[Path] | None = None, **more: Any) -> Path:  # fmt: skip
        """Write ``manifest.json`` and the full ``scenario.toml``: what made the results, and how to make them again.

        Every text and picture gets its short receipt (``receipts.stamps``), and the manifest the digest of every
        file that was written here, of every file that the command names, and of the code.

        The scenario is None where nothing was run, as when a register is only counted; the seed where there are no
        random numbers. ``module`` is the one whose code decides the results, ``inputs`` are the files that the study
        read (None: those that the command names), and ``more`` is what else decides the results, or says how much was
        run.
        """
        self._made = None
        if scenario is not None:
            self.text("scenario.toml", scenario.to_toml())
        run: dict[str, Any] = {} if scenario is None else {"scenario": scenario.name, "digest": scenario.digest}
        run |= {} if seed is None else {"seed": seed}
        self._made = {
            "command": command, **run, **more, **({TEXTS: self._texts} if self._texts else {}), "code": code_of(module),
            "inputs": inputs_of(command) if inputs is None else {
                str(path): digest(path.read_bytes()) for path in inputs
            },
            "versions": versions(),
        }  # fmt: skip
        return self._seal(self._made)

    def _seal(self, made: dict[str, Any]) -> Path:
        """Stamp what is not yet stamped, and write the manifest over what was written so far."""
        known = {key: made[key] for key in ("scenario", "digest", "seed", *COUNTS) if key in made}
        about = {"command": shown(made["command"]), **known, "desist": made["versions"]["desist"]}
        for name, before in self._files.items():
            if not before:
                data = (self.path / name).read_bytes()
                if name.endswith(STAMPED):
                    data = stamped(name, data, about)
                    self._put(name, data)
                self._files[name] = digest(data)
        files = dict(sorted(self._files.items()))
        text = json.dumps(sealed({**made, "files": files}), indent=2, ensure_ascii=False)
        return self._put("manifest.json", f"{text}\n".encode())

    def _place(self, name: str) -> Path:
        """Where a file of that name lies: in the folder itself, whatever a plan or a scenario is called."""
        if Path(name).name != name:
            raise ParameterError(f"a file name is [{name}], which leads out of the folder; use letters and digits")
        return self.path / name

    def _put(self, name: str, data: bytes) -> Path:
        return self._whole(name, lambda part: part.write_bytes(data))

    def _whole(self, name: str, write: Callable[[Path], object]) -> Path:
        """Have a file written whole or not at all; two processes may write the same one."""
        path, part = self._place(name), self.path / f".{uuid4().hex}{Path(name).suffix}"
        try:
            write(part)
            os.replace(part, path)
        except OSError as problem:
            raise _unwritable(self.path, problem) from None
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)
        return path


def write_whole(file: Path, data: bytes, option: str) -> Path:
    """Write a file whole or not at all; a ``ParameterError`` that names the option if it cannot be written."""
    with _part_of(file, option) as part:
        part.write_bytes(data)
        os.replace(part, file)
    return file


def require_writable(file: Path, option: str) -> None:
    """Raise a ``ParameterError`` if a file cannot be written there, before anything is computed."""
    with _part_of(file, option) as part:
        part.write_bytes(b"")
        if file.is_dir():
            raise IsADirectoryError(EISDIR, "it is a folder")


@contextmanager
def _part_of(file: Path, option: str) -> Iterator[Path]:
    """A new name beside the file, of which nothing is left; what goes wrong becomes one line."""
    part = file.parent / f".{uuid4().hex}.part"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        yield part
    except (OSError, ValueError) as problem:  # a name with a NUL is a ValueError
        why = getattr(problem, "strerror", None) or problem
        raise ParameterError(f"{option} is [{file}], which cannot be written ({why}); name another") from None
    finally:
        with suppress(OSError, ValueError):
            part.unlink(missing_ok=True)


def _unwritable(path: Path, problem: OSError | ValueError) -> ParameterError:
    why = getattr(problem, "strerror", None) or problem
    return ParameterError(f"--out is [{path}], which cannot be written ({why}); name another folder")


def digest_of(path: Path) -> str:
    """First 16 hexadecimal digits of a file's SHA-256: what a manifest says of a file that was read."""
    return digest(path.read_bytes())[:16]

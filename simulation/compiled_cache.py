"""Compiled code kept on disk that is checked before it is used: what was cut off or changed is compiled anew.

Numba keeps the machine code of a loop in two files and trusts them: a file that was cut off ends in an error deep
inside it. Here each has the digest of its content at its head.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pickle
from pathlib import Path
from typing import Any

from numba.core.caching import IndexDataCacheFile

DIGEST = hashlib.sha256().digest_size


class CheckedFiles(IndexDataCacheFile):
    """Index and data file of a function's compiled code; what does not match its digest is as if it were not there."""

    def load(self, key: Any) -> Any:
        """The compiled code under a key; None if there is none that is whole."""
        try:
            return super().load(key)  # type: ignore[no-untyped-call]
        except Exception:
            return None

    def save(self, key: Any, data: Any) -> None:
        """Keep compiled code; a full disk is no reason to stop."""
        with contextlib.suppress(OSError):
            super().save(key, data)  # type: ignore[no-untyped-call]

    def _dump(self, obj: Any) -> bytes:
        data: bytes = super()._dump(obj)  # type: ignore[no-untyped-call]
        return hashlib.sha256(data).digest() + data

    def _load_data(self, name: str) -> Any:
        return pickle.loads(_checked(Path(self._cache_path, name).read_bytes()))

    def _load_index(self) -> dict[Any, str]:
        try:
            with Path(self._index_path).open("rb") as file:
                version, data = pickle.load(file), file.read()
            stamp, overloads = pickle.loads(_checked(data))
        except Exception:
            return {}
        return overloads if (version, stamp) == (self._version, self._source_stamp) else {}


def _checked(data: bytes) -> bytes:
    """What stands behind a digest, if it is that of the digest."""
    if hashlib.sha256(data[DIGEST:]).digest() != data[:DIGEST]:
        raise ValueError("compiled code does not match its digest")
    return data[DIGEST:]


def check_files(function: Any) -> None:
    """Let a compiled function check the files that it keeps."""
    kept = getattr(getattr(function, "_cache", None), "_cache_file", None)
    if kept is not None:  # none where compiling is switched off
        kept.__class__ = CheckedFiles


def is_private(folder: Path) -> bool:
    """Whether a folder is this user's own and nobody else may write there; people who may could have any code run."""
    if not hasattr(os, "getuid"):  # Windows: folders of a user are private
        return True
    about = folder.stat()
    return about.st_uid == os.getuid() and not about.st_mode & 0o022

"""How a rule becomes fast: three decorators around Numba, and a cache that cannot go stale.

A *rule* is a small pure function on plain numbers; it is inlined wherever a compiled loop uses it, and
stays an ordinary Python function for whoever wants to step through it (``plain``). A *pass* walks a rule
along a block of people; a *loop* is what Python calls. Nothing here knows what a person is.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

from simulation.compiled_cache import check_files, is_private

Function = TypeVar("Function", bound=Callable[..., Any])

KEPT_CACHES = 4
"""How many older caches of compiled code stay on disk (one per version of the sources)."""
UNCALLED: Any = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
"""For what only compiled code calls: without doors for Python and C, which take a third of the compiler's time.

Python must not call it (the process would end): it calls a ``loop``, or the ``plain`` function.
"""


def _cache_folder() -> Path:
    """Folder for compiled code, named by a digest of every source file of this package.

    Numba looks at the file of a function only, not at the files of the functions it calls; a name that
    changes with any of them makes an outdated machine code impossible.
    """
    digest = hashlib.sha256()
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.name.encode() + b"\0" + source.read_bytes())
    home = os.environ.get("DESIST_CACHE") or os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "desist" / digest.hexdigest()[:16]


def _prepare(folder: Path) -> None:
    """Make the folder and forget all but the newest few older ones.

    A place that cannot be written, or into which others may write, is not used: that is no error, but Numba then keeps
    its code beside the sources, or nowhere.
    """
    try:
        folder.parent.parent.mkdir(parents=True, exist_ok=True)
        folder.parent.mkdir(mode=0o700, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        if not (is_private(folder.parent) and is_private(folder)):
            return
        os.utime(folder)
        mine = [path for path in folder.parent.iterdir() if re.fullmatch("[0-9a-f]{16}", path.name)]
        older = sorted(mine, key=lambda path: path.stat().st_mtime, reverse=True)
        for old in older[KEPT_CACHES:]:
            shutil.rmtree(old, ignore_errors=True)
    except OSError:
        return
    settings: Any = numba.config
    settings.CACHE_DIR = str(folder)


if not os.environ.get("NUMBA_CACHE_DIR"):
    _prepare(_cache_folder())


def rule(function: Function) -> Function:
    """A behavioural rule: inlined into every compiled loop that uses it."""
    return cast(Function, numba.njit(forceinline=True, error_model="numpy", **UNCALLED)(function))


def part(function: Callable[..., Any]) -> Callable[..., Any]:
    """A part of a compiled loop (a pass along a block, or a step told one by one)."""
    return cast("Callable[..., Any]", numba.njit(nogil=True, error_model="numpy", **UNCALLED)(function))


def loop(function: Callable[..., Any]) -> Callable[..., Any]:
    """A compiled loop that Python calls: runs without the interpreter's lock, kept on disk."""
    found = numba.njit(nogil=True, error_model="numpy", cache=True)(function)
    check_files(found)
    return cast("Callable[..., Any]", found)


def plain(function: Function) -> Function:
    """The same function as ordinary Python (what the Mesa model calls, and a debugger can enter)."""
    return cast(Function, getattr(function, "py_func", function))

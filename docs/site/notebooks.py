"""Notebooks run from the first cell to the last, and written as pages: text, code, and what it printed and drew.

    python docs/site/notebooks.py docs/notebooks/researcher.ipynb ...   runs them, and prints the seconds each took

Under version control a notebook has no outputs. What a run gave is kept beside the site, under a digest of the notebook
and of the code that it rests on.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import nbformat
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import run_sync
from nbclient import NotebookClient
from nbformat import NotebookNode

HOME = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(HOME))
LONGEST = 120
"""Seconds that a notebook may take."""
PICTURE = r'<img [^>]*src="data:image/png;base64,([^"]*)"[^>]*>'
"""A picture within the HTML of a result."""


def executed(path: Path) -> NotebookNode:
    """A notebook with what its cells gave, run in a new kernel from the top.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        A cell failed.
    """
    notebook = nbformat.read(path, as_version=4)
    os.environ.pop("MPLBACKEND", None)  # pictures go into the notebook
    started = time.monotonic()
    kernel = AsyncKernelManager(kernel_name="python3", transport="ipc")
    try:
        NotebookClient(notebook, km=kernel, timeout=LONGEST, resources={"metadata": {"path": str(HOME)}}).execute()
    finally:
        run_sync(kernel.shutdown_kernel)(now=True)
    if (seconds := time.monotonic() - started) > LONGEST:
        raise SystemExit(f"{path.name} took {seconds:.0f} seconds; at most {LONGEST} are allowed")
    return notebook


def modules(text: str) -> list[str]:
    """The modules that a notebook's code rests on: those it imports from, and those of the studies it calls."""
    from experiments.studies.catalogue import STUDIES

    found = set(re.findall(r"\bfrom ((?:experiments|simulation)[\w.]*) import", text))
    called = {
        name for names in re.findall(r"\bfrom experiments import ([\w, ]+)", text) for name in re.findall(r"\w+", names)
    }
    for verb, place in STUDIES.items():
        name = verb.replace("-", "_")
        if name in called:
            own = [f"experiments.{part}.{name}" for part in ("figures", "language")]
            found |= {place.partition(":")[0], *(module for module in own if find_spec(module) is not None)}
    return sorted(found)


def digest(path: Path) -> str:
    """Of a notebook and of all code that decides what it gives."""
    from experiments.execution.code_digest import code_of

    text = path.read_text(encoding="utf-8")
    parts = [text, Path(__file__).read_text(encoding="utf-8"), *map(code_of, modules(text))]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def ran(path: Path, kept: Path) -> NotebookNode:
    """A notebook as it ran with this code: from the folder of what is kept, or run now and kept there."""
    file = kept / f"{path.stem}-{digest(path)}.ipynb"
    if file.is_file():
        return nbformat.read(file, as_version=4)
    notebook = executed(path)
    kept.mkdir(parents=True, exist_ok=True)
    for old in kept.glob(f"{path.stem}-*.ipynb"):
        old.unlink()
    nbformat.write(notebook, file)
    return notebook


def printed(html: str) -> str:
    """A piece of a cell's own HTML as it stands on a page: without styles, on one line."""
    table = re.sub(r"<style.*?</style>|(?<=<table)[^>]*|(?<=<tr)[^>]*", "", html, flags=re.S)
    return re.sub(r"\s*\n\s*", "", f'<div class="printed">{table}</div>')


def rendered(path: Path, kept: Path) -> tuple[str, dict[str, bytes]]:
    """A notebook as Markdown, and its pictures by file name.

    Pictures are described by ``alt`` in the metadata of the cell that draws them.
    """
    parts: list[str] = []
    pictures: dict[str, bytes] = {}

    def drawn(data: str, cell: NotebookNode) -> str:
        if "alt" not in cell.metadata:
            raise SystemExit(f"{path.name}: a picture has no description; write alt into the metadata of its cell")
        name = f"{path.stem}-{len(pictures) + 1}.png"
        pictures[name] = base64.b64decode(data)
        return f"![{cell.metadata['alt']}]({name})"

    for cell in ran(path, kept).cells:
        if cell.cell_type == "markdown":
            parts.append(cell.source)
            continue
        parts.append(f"```python\n{cell.source}\n```")
        before = len(pictures)

        for output in cell.outputs:
            data = output.get("data", {})
            if output.output_type == "stream":
                parts.append(f"```text\n{output.text.rstrip()}\n```")
            elif "image/png" in data:
                parts.append(drawn(data["image/png"], cell))
            elif "text/html" in data:  # a table, or a result with its answer, figure and table
                for k, piece in enumerate(re.split(PICTURE, data["text/html"])):
                    parts.append(drawn(piece, cell) if k % 2 else printed(piece))
            else:
                parts.append(f"```text\n{data['text/plain']}\n```")
        if "alt" in cell.metadata and len(pictures) == before:
            raise SystemExit(f"{path.name}: no picture was drawn of [{cell.metadata['alt']}]")
    parts.append(f"[This notebook as a file](files/{path.name})")
    return "\n\n".join(parts) + "\n", pictures


if __name__ == "__main__":
    for name in sys.argv[1:]:
        begun = time.monotonic()
        ran(Path(name).resolve(), HOME / "build" / "notebooks")
        sys.stdout.write(f"{time.monotonic() - begun:6.1f} s  {name}\n")

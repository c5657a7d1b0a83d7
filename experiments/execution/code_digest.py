"""Which code decides a result: one digest for a study's module, the model, and all that the module rests on."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from simulation.parameters import ParameterError

HERE = Path(__file__).resolve().parents[1]
STORING = {
    *(HERE / "execution" / f"{name}.py" for name in ("code_digest", "jobs", "store", "cluster")),
    HERE / "__init__.py", HERE / "cli" / "main.py", HERE / "provenance" / "results_folder.py",
}  # fmt: skip
"""What keeps, sends and prints results, and decides none of them."""


@cache
def code_of(module: str) -> str:
    """Digest of every file that can decide what a study's module computes.

    All of the model and its data, the studies' data, the module, and what it imports of ``experiments`` and beside
    itself, wherever in the file. Raises ``ParameterError`` if no other process could import the module.
    """
    model = _file("simulation").parent
    data = (*(model / "data").iterdir(), *(HERE / "inputs" / "data").iterdir())
    files = {*model.glob("*.py"), *data, *sources_of(module)}
    digest = hashlib.sha256()
    for path in sorted(files, key=lambda path: path.parts[-3:]):
        if path.is_file():
            digest.update("/".join(path.parts[-2:]).encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def _file(module: str) -> Path:
    """Where a module is written."""
    try:
        spec = find_spec(module) if module not in ("", "__main__") else None
    except (ImportError, ValueError):
        spec = None
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        raise ParameterError(f"work is in [{module}], which other processes cannot import; write it in a module's file")
    return Path(spec.origin).resolve()


def sources_of(module: str) -> set[Path]:
    """The file of a module and, again and again, of what those files import of its own package and the studies."""
    start = _file(module)
    top, *below = module.split(".")
    roots = {HERE.name: HERE.parent, top: start.parents[len(below) + (start.name == "__init__.py")]}
    found: set[Path] = set()
    waiting = [start]
    while waiting:
        path = waiting.pop()
        if path in found or path in STORING or not path.is_file():
            continue
        found.add(path)
        for node in ast.walk(ast.parse(path.read_bytes())):
            for folder, names in _imports(node, path):
                root = folder or roots.get(names[0]) or (start.parent if not below else None)
                for k in range(1, len(names) + 1):
                    if root is None:
                        break
                    waiting += [root.joinpath(*names[:k], "__init__.py"), root.joinpath(*names[:k]).with_suffix(".py")]
    return found


def _imports(node: ast.AST, path: Path) -> Iterator[tuple[Path | None, list[str]]]:
    """What a statement may import: a folder (None for an absolute import) and the names below it."""
    if isinstance(node, ast.Import):
        yield from ((None, alias.name.split(".")) for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = node.module.split(".") if node.module else []
        folder = path.parents[node.level - 1] if node.level else None
        yield from ((folder, [*base, alias.name]) for alias in node.names)

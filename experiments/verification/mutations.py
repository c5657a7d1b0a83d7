"""Mutations of a file (planted faults): one small change each, as a programmer might slip.

A comparison is turned, plus becomes minus, a constant is nudged, a statement is dropped, ... The changed text is the
original but for one expression or statement. Docstrings, types, decorators, messages of mistakes and imports are left
alone: no change there can alter a number.
"""

from __future__ import annotations

import ast
import copy
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

import numpy as np

TURNED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.GtE, ast.GtE: ast.Lt, ast.Gt: ast.LtE, ast.LtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
MOVED: dict[type[ast.cmpop], type[ast.cmpop]] = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt}
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult,
    ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.BitXor: ast.BitAnd, ast.LShift: ast.RShift,
    ast.RShift: ast.LShift, ast.Pow: ast.Mult,
}  # fmt: skip
EXTREMES = {"min": "max", "max": "min", "minimum": "maximum", "maximum": "minimum", "any": "all", "all": "any",
            "floor": "ceil", "ceil": "floor"}  # fmt: skip
NUDGE = 1.1
KINDS = ("comparison turned", "boundary moved", "operator exchanged", "sign turned", "constant nudged", "index shifted",
         "condition negated", "and for or", "not removed", "min for max", "statement dropped", "arguments exchanged",
         "constant's name exchanged")  # fmt: skip
"""Kinds of mutations, in the order in which they are drawn."""


@dataclass(frozen=True, order=True)
class Mutation:
    """One change in one file."""

    file: str
    line: int
    column: int
    kind: str
    before: str
    after: str
    end_line: int
    end_column: int

    @property
    def number(self) -> str:
        """Twelve digits that name it."""
        return hashlib.sha256(repr(sorted(asdict(self).items())).encode()).hexdigest()[:12]


def mutated(text: str, mutation: Mutation) -> str:
    """The text of a file with a mutation in it."""
    lines = text.encode().splitlines(keepends=True)
    head = b"".join(lines[: mutation.line - 1]) + lines[mutation.line - 1][: mutation.column]
    tail = lines[mutation.end_line - 1][mutation.end_column :] + b"".join(lines[mutation.end_line :])
    return (head + mutation.after.encode() + tail).decode()


def mutations_of(file: str, text: str) -> list[Mutation]:
    """Every mutation of a file, in order of place and kind."""
    tree, lines = ast.parse(text), text.encode().splitlines(keepends=True)
    names = sorted({node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
                    and node.id.isupper() and len(node.id) > 1})  # fmt: skip
    changes = (change for node in _decisive(tree) for change in _changes(node, names))
    return sorted({_mutation(file, lines, at, kind, changed) for kind, at, changed in changes})


def _mutation(
    file: str, lines: Sequence[bytes], at: ast.expr | ast.stmt, kind: str, changed: ast.AST | None
) -> Mutation:
    after = "pass" if changed is None else ast.unparse(changed)
    if isinstance(changed, ast.expr):
        after = f"({after})"
    line, column = at.end_lineno or at.lineno, at.end_col_offset or 0
    before = [*lines[at.lineno - 1 : line - 1], lines[line - 1][:column]]
    before[0] = before[0][at.col_offset :]
    return Mutation(file, at.lineno, at.col_offset, kind, b"".join(before).decode(), after, line, column)


def _decisive(tree: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a tree that can decide a number, without docstrings, types, decorators, messages and imports."""
    yield tree
    for name, value in ast.iter_fields(tree):
        if name not in ("annotation", "returns", "decorator_list", "type_params"):
            for child in value if isinstance(value, list) else [value]:
                docstring = isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)
                skipped = (ast.Raise, ast.JoinedStr, ast.Import, ast.ImportFrom, ast.arg)
                if isinstance(child, ast.AST) and not isinstance(child, skipped) and not docstring:
                    yield from _decisive(child)


Change = tuple[str, ast.expr | ast.stmt, ast.AST | None]
"""Kind of a mutation, the node that it changes, and what stands there then (None: nothing)."""


def _changes(node: ast.AST, names: Sequence[str]) -> Iterator[Change]:
    """The mutations of a node."""
    if isinstance(node, ast.expr):
        yield from _of_expressions(node, names)
    if isinstance(node, (ast.If, ast.While, ast.IfExp)):
        yield "condition negated", node.test, ast.UnaryOp(ast.Not(), node.test)
    if isinstance(node, ast.AugAssign):
        yield "sign turned", node, _with(node, op=OPERATORS.get(type(node.op), ast.Add)())
    call = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    targets = node.targets if isinstance(node, ast.Assign) else []
    column = bool(targets) and all(isinstance(each, (ast.Subscript, ast.Attribute)) for each in targets)
    if isinstance(node, ast.stmt) and (call or column or isinstance(node, (ast.AugAssign, ast.Continue, ast.Break))):
        yield "statement dropped", node, None


def _of_expressions(node: ast.expr, names: Sequence[str]) -> Iterator[Change]:
    if isinstance(node, ast.Compare):
        yield from _comparisons(node)
    elif isinstance(node, ast.BinOp) and type(node.op) in OPERATORS and not _is_text(node):
        yield "operator exchanged", node, _with(node, op=OPERATORS[type(node.op)]())
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.Not, ast.Invert)):
        yield ("sign turned" if isinstance(node.op, ast.USub) else "not removed"), node, node.operand
    elif isinstance(node, ast.Constant) and isinstance(node.value, (bool, int, float)):
        yield "constant nudged", node, ast.Constant(_nudged(node.value))
    elif isinstance(node, ast.BoolOp):
        yield "and for or", node, _with(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
    elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load) and isinstance(node.slice, ast.Name):
        yield "index shifted", node, _with(node, slice=ast.BinOp(node.slice, ast.Sub(), ast.Constant(1)))
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in names and len(names) > 1:
        yield "constant's name exchanged", node, ast.Name(names[(names.index(node.id) + 1) % len(names)], ast.Load())
    elif isinstance(node, ast.Call):
        yield from _calls(node)


def _comparisons(node: ast.Compare) -> Iterator[Change]:
    for k, op in enumerate(node.ops):
        for kind, table in (("comparison turned", TURNED), ("boundary moved", MOVED)):
            if type(op) in table:
                yield kind, node, _with(node, ops=[*node.ops[:k], table[type(op)](), *node.ops[k + 1 :]])


def _calls(node: ast.Call) -> Iterator[Change]:
    called, field = node.func, "attr" if isinstance(node.func, ast.Attribute) else "id"
    name = getattr(called, field, "")
    if name in EXTREMES:
        yield "min for max", node, _with(node, func=_with(called, **{field: EXTREMES[name]}))
    for k in range(0 if name in EXTREMES else len(node.args) - 1):
        one, other = node.args[k : k + 2]
        if not any(isinstance(each, ast.Starred) for each in (one, other)) and ast.dump(one) != ast.dump(other):
            yield "arguments exchanged", node, _with(node, args=[*node.args[:k], other, one, *node.args[k + 2 :]])


def _with(node: ast.AST, **fields: object) -> ast.AST:
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed


def _nudged(value: float) -> float:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    return 0.1 if value == 0.0 else float(f"{value * NUDGE:.12g}")


def _is_text(node: ast.BinOp) -> bool:
    """Whether an operator joins texts."""
    return any(isinstance(each, ast.JoinedStr) or (isinstance(each, ast.Constant) and isinstance(each.value, str))
               for each in (node.left, node.right))  # fmt: skip


def sample_mutations(mutations: dict[str, list[Mutation]], number: int, seed: int) -> list[Mutation]:
    """So many mutations, spread over files and kinds: file by file in turn, kind by kind in each, by lot within.

    Files are drawn in the order in which they are given. A sample of fewer is the start of a sample of more.
    """
    rng = np.random.default_rng([seed, 6])
    lines: dict[str, list[Mutation]] = {}
    for file, found in mutations.items():
        by_kind = {kind: [each for each in found if each.kind == kind] for kind in KINDS}
        queues = [list(rng.permutation(np.array(of, dtype=object))) for of in by_kind.values() if of]
        order = list(rng.permutation(len(queues)))
        lines[file] = []
        while any(queues):
            lines[file] += [queues[k].pop() for k in order if queues[k]]
    chosen: list[Mutation] = []
    while len(chosen) < number and any(lines.values()):
        chosen += [lines[file].pop(0) for file in lines if lines[file]]
    return chosen[:number]

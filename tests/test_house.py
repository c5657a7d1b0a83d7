"""The house itself: what may import what, how functions and names are built, and that both languages say the same."""

from __future__ import annotations

import ast
import re
import string
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from experiments.cli.main import VERBS
from experiments.language.messages import LANGUAGES, catalogue

HOME = Path(__file__).parents[1]
FILES = sorted(path for package in ("simulation", "experiments") for path in (HOME / package).rglob("*.py"))
DEFERRED = {
    "experiments/__init__.py": "public names are looked up when they are used",
    "simulation/__init__.py": "public names are looked up when they are used",
    "experiments/cli/": "commands are loaded for their help",
    "_study.py": "studies are read for the help of their commands",
    "experiments/app/": "the page shows before the engine is loaded",
}
"""Where an import inside a function is meant: a folder, a file or an end of names, and why."""
HEAVY = ("numba", "pandas", "scipy", "matplotlib", "mesa", "streamlit")


def trees() -> Iterator[tuple[str, ast.Module]]:
    """Every file of both packages, parsed."""
    for path in FILES:
        yield path.relative_to(HOME).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef]:
    """Every function in it."""
    yield from (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def test_imports_stand_at_the_top() -> None:
    """An import inside a function is one of those that are deferred on purpose, or says in a comment why it is there."""
    wrong = []
    for name, tree in trees():
        if any(name.startswith(each) or name.endswith(each) for each in DEFERRED):
            continue
        lines = (HOME / name).read_text(encoding="utf-8").splitlines()
        wrong += [
            f"{name}:{node.lineno}" for function in functions(tree) for node in ast.walk(function)
            if isinstance(node, (ast.Import, ast.ImportFrom)) and "#" not in lines[node.lineno - 1]
        ]  # fmt: skip
    assert not wrong, wrong


def test_no_function_takes_more_than_eight_parameters() -> None:
    """Beyond that they are a record; compiled functions, which take arrays, are left out."""
    wrong = []
    for name, tree in trees():
        for function in functions(tree):
            marks = {ast.unparse(each).split("(")[0].split(".")[-1] for each in function.decorator_list}
            if marks & {"rule", "part", "loop", "njit", "vectorize", "option", "argument"}:
                continue
            given = function.args
            number = len(given.posonlyargs) + len(given.args) + len(given.kwonlyargs)
            if number > 8 + (bool(given.args) and given.args[0].arg in ("self", "cls")):
                wrong.append(f"{name}:{function.lineno} {function.name} ({number})")
    assert not wrong, wrong


def test_a_class_name_means_one_class() -> None:
    """No two classes have the same name."""
    names = Counter(node.name for _, tree in trees() for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    assert not [name for name, number in names.items() if number > 1 and not name.startswith("_")]


def test_no_circles_between_files() -> None:
    """Whoever imports a file is never imported by it, however far round."""
    modules = {".".join(path.relative_to(HOME).with_suffix("").parts).removesuffix(".__init__") for path in FILES}
    uses: dict[str, set[str]] = {}
    for name, tree in trees():
        module = name.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
        found: set[str] = set()
        for node in tree.body:
            if isinstance(node, ast.ImportFrom) and node.module:
                found |= {each if each in modules else node.module
                          for each in (f"{node.module}.{alias.name}" for alias in node.names)}  # fmt: skip
            elif isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
        uses[module] = (found & modules) - {module}
    seen: dict[str, int] = {}

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert seen.get(module) != 1, " -> ".join((*path, module))
        if module not in seen:
            seen[module] = 1
            for other in sorted(uses[module]):
                visit(other, (*path, module))
            seen[module] = 2

    for module in sorted(uses):
        visit(module, ())


@pytest.fixture(scope="module")
def helps() -> dict[str, list[str]]:
    """Heavy packages that are loaded once the help of each verb was made."""
    code = (
        "import sys, click\nfrom experiments.cli.main import VERBS, cli\n"
        "cli.get_help(click.Context(cli))\n"
        "for verb in VERBS:\n"
        "    command = cli.get_command(click.Context(cli), verb)\n"
        "    command.get_help(click.Context(command))\n"
        f"    print(verb, *sorted(set({HEAVY}) & set(sys.modules)))\n"
    )
    lines = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=HOME).stdout
    return {line.split()[0]: line.split()[1:] for line in lines.splitlines()}


def test_help_loads_nothing_heavy(helps: dict[str, list[str]]) -> None:
    """The help of no verb loads compilers, tables, statistics or figures."""
    assert list(helps) == list(VERBS)
    assert {verb: found for verb, found in helps.items() if found} == {}


def test_both_languages_have_the_same_texts() -> None:
    """The same keys, and in each text the same placeholders."""
    texts = {language: catalogue(language) for language in LANGUAGES}
    assert set(texts["en"]) == set(texts["da"])

    def places(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}

    assert [key for key in texts["en"] if places(texts["en"][key]) != places(texts["da"][key])] == []


def test_texts_speak_the_field_s_language() -> None:
    """No text of a study speaks the first version's dialect."""
    dialect = re.compile(r"\b(told|luck|doubts?|doubted|purses?|rivals?|whoever)\b", re.IGNORECASE)
    texts = {key: text for key, text in catalogue("en").items() if not key.startswith(("page.", "report."))}
    assert {key: text for key, text in texts.items() if dialect.search(text)} == {}

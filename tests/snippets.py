"""Commands and snippets in the documents: found, and held against the command line (run: ``tests/snippets_run.py``).

The fences ``sh`` and ``python`` of a document are run in their order, in one new folder. A comment before a fence says
what is different when it is run:

    <!-- run: --draws 4 --trials 50 -->         options that are added to each desist command that knows them
    <!-- run: --port 8641, until "http://" -->  stopped with Ctrl-C when it has printed this
    <!-- run: exit 1, because ... -->           an exit code of 1 is allowed, and why
    <!-- run: parse, because ... -->            only held against the command line, and why
    <!-- run: not, because ... -->              nothing of ours, and why it cannot be run
    <!-- given: results/a.csv is experiments/inputs/data/a.csv -->   a file that is there, copied from the repository

A fence that is introduced by "save this as `NAME`" is saved. A ``text`` fence behind one that is run as it stands must be
what was printed; a line of three dots stands for lines that are left out.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

HOME = Path(__file__).resolve().parent.parent
DOCUMENTS = [HOME / "README.md", HOME / "results" / "README.md", *sorted((HOME / "docs").rglob("*.md"))]
"""The documents whose commands are held against the command line and run."""
FENCE = re.compile(r"^(?P<indent> *)(?P<ticks>```+)(?P<language>[\w-]*)[^\n]*\n(?P<text>.*?)^(?P=indent)(?P=ticks) *$", re.M | re.S)  # fmt: skip
MARK = re.compile(r"<!-- (?P<kind>run|given|setup): (?P<text>.*?) -->\s*", re.S)
SAVED = re.compile(r"(?:save (?:this|it)|gem (?:dette|den|det))\s+(?:som|as)\s+`(?P<name>[\w.-]+)`", re.I)
SPAN = re.compile(r"`(?P<text>desist [^`]+)`")


@dataclass(frozen=True, kw_only=True)
class Block:
    """A fence of a document."""

    document: Path
    line: int
    """Of the fence, from 1."""
    language: str
    text: str
    run: str = "run"
    """``run``, ``parse`` or ``not``; ``setup`` is run by ``.ci/run``."""
    options: tuple[str, ...] = ()
    """Added to each desist command that knows them."""
    until: str | None = None
    """Text upon which it is stopped."""
    exits: tuple[int, ...] = (0,)
    """Exit codes that are allowed."""
    reason: str = ""
    given: tuple[tuple[str, str], ...] = ()
    """Files that are there, and where in the repository they are."""
    saved: str | None = None
    """The file that it is saved as."""
    printed: str | None = None
    """What the document says is printed."""

    def __str__(self) -> str:
        """Where it is."""
        return f"{self.document.relative_to(HOME)}:{self.line}"


# What is in a document ----------------------------------------------------------------------------------------


def blocks(document: Path) -> list[Block]:
    """Fences ``sh``, ``python`` and ``toml`` of a document, in order, with what its comments say of them."""
    text = document.read_text(encoding="utf-8")
    found: list[Block] = []
    before = 0
    last: str | None = None
    for fence in FENCE.finditer(text):
        between, before = text[before : fence.start()], fence.end()
        language = fence["language"]
        body = re.sub(rf"^{fence['indent']}", "", fence["text"], flags=re.M)
        if language == "text" and last in ("sh", "python") and found and found[-1].printed is None:
            found[-1] = Block(**{**vars(found[-1]), "printed": body})
        last = language
        if language in ("sh", "python", "toml"):
            line = text.count("\n", 0, fence.start()) + 1
            saved = list(SAVED.finditer(" ".join(between.split("\n\n")[-2:]) if between else ""))
            found.append(Block(document=document, line=line, language=language, text=body,
                               saved=saved[-1]["name"] if saved else None, **marked(between, f"{document}:{line}")))  # fmt: skip
    return found


def marked(between: str, where: str) -> dict[str, Any]:
    """What the comments right before a fence say."""
    said: dict[str, Any] = {}
    ends = re.search(r"(?:<!-- (?:run|given|setup): (?:(?!-->).)* -->\s*)+$", between, re.S)
    for mark in MARK.finditer(ends[0] if ends else ""):
        if mark["kind"] == "setup":
            said["run"] = "setup"
        elif mark["kind"] == "given":
            name, _, source = mark["text"].partition(" is ")
            said["given"] = (*said.get("given", ()), (name.strip(), source.strip()))
        else:
            said |= instructed(" ".join(mark["text"].split()), where)
    return said


def instructed(text: str, where: str) -> dict[str, Any]:
    """What a comment ``run:`` asks for."""
    what, _, reason = text.partition("because ")
    said: dict[str, Any] = {"reason": reason}
    for part in (each.strip() for each in re.split(r",(?=\s)", what.strip().rstrip(","))):
        if part in ("parse", "not"):
            said["run"] = part
        elif part.startswith("until "):
            said["until"] = part.removeprefix("until ").strip('"')
        elif part == "exit 1":
            said["exits"] = (0, 1)
        elif part.startswith("--"):
            said["options"] = tuple(shlex.split(part))
        else:
            raise ValueError(f"{where}: [{part}] in a comment run: is not known; see tests/snippets.py")
    if not reason and ("run" in said or "exits" in said):
        raise ValueError(f"{where}: a comment run: [{text}] needs a reason: because ...")
    return said


def commands(script: str) -> Iterator[list[str]]:
    """The arguments of each desist command in a shell script; nothing is executed."""
    for line in script.replace("\\\n", " ").splitlines():
        words = shlex.shlex(line, posix=True, punctuation_chars=True)
        words.whitespace_split = True
        command: list[str] | None = None
        start = True
        for word in words:
            if set(word) <= set("();<>|&"):
                if command is not None:
                    yield command
                command, start = None, True
            elif command is not None:
                command.append(word)
            elif start and not re.match(r"\w+=", word):
                command, start = ([] if Path(word).name == "desist" else None), False
        if command is not None:
            yield command


def spans(document: Path) -> Iterator[list[str]]:
    """The arguments of each command that stands within a sentence, as `desist ...`."""
    for span in SPAN.finditer(FENCE.sub("", document.read_text(encoding="utf-8"))):
        yield span["text"].replace("\\|", "|").split()[1:]


# What the command line knows ----------------------------------------------------------------------------------


def verb(arguments: Sequence[str]) -> click.Command:
    """The verb of a command."""
    from experiments.cli.main import cli

    found = cli.get_command(click.Context(cli), arguments[0])
    if found is None:
        raise click.UsageError(f"unknown verb [{arguments[0]}]")
    return found


def known_options(arguments: Sequence[str]) -> set[str]:
    """The options of its verb."""
    return {"--help", *(name for each in verb(arguments).params for name in (*each.opts, *each.secondary_opts))}


def accept(arguments: Sequence[str]) -> None:
    """Read a command as the command line does, and compute nothing.

    Raises
    ------
    click.ClickException
        It would be refused.
    """
    if arguments and arguments[0].startswith("-"):
        return
    try:
        verb(arguments).make_context(arguments[0], list(arguments[1:]))
    except click.exceptions.Exit:
        return


def added(arguments: Sequence[str], options: Sequence[str]) -> list[str]:
    """Those of the added options that the command knows, each with its value."""
    groups: list[list[str]] = []
    for word in options:
        if word.startswith("--") or not groups:
            groups.append([])
        groups[-1].append(word)
    known = known_options(arguments)
    return [word for group in groups if group[0] in known for word in group]

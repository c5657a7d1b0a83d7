"""The documents say what the command line and the code know: no snippet is run here (``tests/snippets_run.py`` does)."""

from __future__ import annotations

import ast
import json
import os
import re
import tomllib
from importlib import import_module

import click
import pytest

from tests.snippets import DOCUMENTS, FENCE, HOME, accept, added, blocks, commands, instructed, known_options, spans
from tests.snippets_run import missing, run_document

BLOCKS = [block for document in DOCUMENTS for block in blocks(document)]
SHELL = [block for block in BLOCKS if block.language == "sh"]
PYTHON = [block for block in BLOCKS if block.language == "python"]
NOTEBOOKS = sorted((HOME / "docs" / "notebooks").glob("*.ipynb"))
FRONT = [HOME / "README.md", HOME / "docs" / "index.md", *sorted((HOME / "docs" / "guides").glob("*.md"))]
NEVER = re.compile(r"(compares policies|sammenligner indsatser).*?(never|aldrig)", re.I | re.S)
BUILT = "commands.md"
"""The one page that is made when the site is built."""
LINK = re.compile(r"\]\((?![a-z]+:|#|/)([^)\s#]+)(#[^)\s]*)?\)")


@pytest.mark.parametrize("block", SHELL, ids=str)
def test_every_command_is_one_that_the_command_line_takes(block):
    """Verbs, options and their kinds of value are known, in every shell block of every document."""
    for arguments in commands(block.text):
        accept(arguments)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(HOME)))
def test_commands_within_sentences_are_known(document):
    """`desist verb --option` in a sentence names a verb and options that exist."""
    for arguments in spans(document):
        if re.match(r"[a-z]", arguments[0]):
            own = arguments[: arguments.index("--")] if "--" in arguments else arguments
            named = {word.split("=")[0] for word in own if word.startswith("--")}

            assert named <= known_options(arguments), arguments


@pytest.mark.parametrize("block", [each for each in SHELL if each.options], ids=str)
def test_every_added_option_changes_a_command(block):
    """What a comment adds for the run is taken by a command of its block, and is accepted there."""
    taken = [added(arguments, block.options) for arguments in commands(block.text)]

    assert {word for word in block.options if word.startswith("--")} <= {word for words in taken for word in words}
    for arguments, more in zip(commands(block.text), taken, strict=True):
        accept([*arguments, *more])


@pytest.mark.parametrize("block", SHELL, ids=str)
def test_what_is_not_run_says_so_truly(block):
    """``parse`` stands over commands of ours, ``not`` over none."""
    ours = bool(list(commands(block.text)))

    assert block.run not in ("parse", "not") or ours == (block.run == "parse")


@pytest.mark.parametrize("block", PYTHON, ids=str)
def test_python_in_documents_imports_what_is_there(block):
    """Each name that a snippet imports from Desist is there."""
    for node in ast.walk(ast.parse(block.text)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in ("simulation", "experiments"):
            module = import_module(node.module or "")

            assert not [each.name for each in node.names if not hasattr(module, each.name)]


@pytest.mark.parametrize("block", [each for each in BLOCKS if each.language == "toml"], ids=str)
def test_toml_in_documents_is_toml(block):
    assert tomllib.loads(block.text)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(HOME)))
def test_links_lead_to_files(document):
    """Every relative link of a document leads to a file or folder of the repository."""
    text = FENCE.sub("", document.read_text(encoding="utf-8"))
    there = [target for target, _ in LINK.findall(text) if target != BUILT]

    assert not [target for target in there if not (document.parent / target).exists()]


@pytest.mark.parametrize("path", FRONT, ids=lambda path: path.name)
def test_the_front_says_what_it_must_not_be_used_for(path):
    """One line near the top: this compares policies and must never be used to judge a person."""
    assert NEVER.search(path.read_text(encoding="utf-8")[:1600])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_notebooks_are_kept_without_outputs(path):
    """No output, no counter, no trace of who ran it; the first cell says what it must not be used for."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]

    assert len(code) >= 3
    assert not [cell for cell in code if cell["outputs"] or cell["execution_count"] is not None]
    assert set(notebook["metadata"]) == {"kernelspec", "language_info"}
    assert NEVER.search("".join(notebook["cells"][0]["source"]))


def test_there_are_three_notebooks_and_a_guide_for_each_user():
    assert [path.stem for path in NOTEBOOKS] == ["planner", "researcher", "teacher"]
    assert {"planner.md", "researcher.md", "teacher.md"} <= {path.name for path in FRONT}


# The tools find what is wrong ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line", ["desist swep", "desist trial --trails 5", "desist trial --trials few", "desist person 3 4 5"]
)
def test_a_wrong_command_is_refused(line):
    with pytest.raises(click.ClickException):
        accept(next(commands(line)))


def test_commands_are_found_wherever_they_stand():
    """In paths, behind variables, over several lines, in pipes; not in comments, and not as another's argument."""
    script = "A=1 .venv/bin/desist trial \\\n  --trials 5 | head && desist runs # desist no\necho desist not\n"

    assert [["trial", "--trials", "5"], ["runs"]] == list(commands(script))


def test_output_that_was_not_printed_is_noticed():
    assert not missing("b\n...\nd\n", "a\nb\nc\nd\n")
    assert "[2]" in missing("1\n2\n", "1\n3\n")
    assert "[b]" in missing("d\n...\nb\n", "a\nb\nc\nd\n")


@pytest.mark.parametrize("text", ["pares, because x", "parse", "exit 1"])
def test_a_comment_that_is_not_understood_is_refused(text):
    with pytest.raises(ValueError, match="comment run"):
        instructed(text, "here")


MADE = """
Save this as `six.toml`:

```toml
six = 6
```

<!-- run: --list -->
```sh
cat six.toml; desist scenario
```

```python
print({printed})
```

```text
42
```
"""


@pytest.mark.parametrize(("printed", "problem"), [("42", ""), ("43", "it did not print [42]")])
def test_a_document_is_run_in_one_folder(tmp_path, printed, problem):
    """What is saved is there, options are added, and output that differs is a failure."""
    document = tmp_path / "made.md"
    document.write_text(MADE.replace("{printed}", printed), encoding="utf-8")
    done = run_document(document, tmp_path)

    assert ["", "", problem] == [ran.problem for ran in done]
    assert "six = 6" in done[1].output
    assert "pooled" in done[1].output


def test_nothing_but_text_is_in_the_documents_folder():
    """Documents are small: no file above 400 kB."""
    assert not [path for path in (HOME / "docs").rglob("*") if path.is_file() and os.path.getsize(path) > 400_000]

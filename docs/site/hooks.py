"""What the site adds to the documents: pages from live code, notebooks as they ran, files of the repository.

Documents link to each other, to pictures and to code by paths in the repository, so that they can be read there. For
the site every such file outside ``docs`` is brought along under ``repository/``, and the link is pointed at it.
"""

from __future__ import annotations

import posixpath
import re
import sys
from pathlib import Path, PurePosixPath
from typing import Any

import click
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

HOME = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(HOME))

import notebooks  # noqa: E402  (beside this file, which mkdocs loads by its path)

LINK = re.compile(r"(?P<before>\]\()(?P<target>[^)\s#]+)(?P<anchor>#[^)\s]*)?(?P<after>\))")
OUTSIDE = re.compile(r"[a-z]+:|//|/|#")
TAG = re.compile(r"(?P<code>^(?P<ticks>```+).*?^(?P=ticks) *$|`[^`\n]*`)|\[(?P<tag>S?\d+)\](?![(:])", re.M | re.S)
DANISH = ("guides/underviser.md", "guides/planlaegger.md", "notebooks/teacher.md")
"""Pages in Danish, which are marked so for screen readers."""
PICTURES = (".png", ".svg", ".jpg")
CODE = {".py": "python", ".toml": "toml", ".csv": "text", ".json": "json", ".cff": "yaml", ".txt": "text"}


def home_of(uri: str) -> PurePosixPath:
    """Where in the repository a page of the site comes from."""
    inside = uri.removeprefix("repository/")
    return PurePosixPath(inside if uri.startswith("repository/") else f"docs/{uri}")


def site_of(path: PurePosixPath) -> str:
    """The page or file of the site for a file of the repository."""
    if path.parts[:1] == ("docs",):
        return str(path.relative_to("docs")).replace(".ipynb", ".md")
    if (HOME / path).is_dir():
        return f"repository/{path}/{'README' if (HOME / path / 'README.md').is_file() else 'files'}.md"
    if path.suffix in (*PICTURES, ".md"):
        return f"repository/{path}"
    return f"repository/{path}.md"


def targets(markdown: str, page: PurePosixPath) -> dict[str, PurePosixPath]:
    """The links of a page that lead to files of the repository, each with the file's path there."""
    found = {}
    for link in LINK.finditer(markdown):
        if OUTSIDE.match(link["target"]):
            continue
        path = PurePosixPath(posixpath.normpath(page.parent / link["target"]))
        if path.parts[:1] != ("..",) and (HOME / path).exists():
            found[link["target"]] = path
    return found


def turned(markdown: str, uri: str) -> str:
    """A page with its links pointed at the site."""
    home = home_of(uri)
    known = targets(markdown, home)

    def replaced(link: re.Match[str]) -> str:
        path = known.get(link["target"])
        if path is None or (home.parts[0] == path.parts[0] == "docs" and path.suffix != ".ipynb"):
            return link[0]
        there = posixpath.relpath(site_of(path), posixpath.dirname(uri) or ".")
        anchor = link["anchor"] or "" if path.suffix == ".md" else ""
        return f"{link['before']}{there}{anchor}{link['after']}"

    return LINK.sub(replaced, markdown)


def sourced(markdown: str, uri: str) -> str:
    """A page whose tags such as [S10] lead to the list of sources; other numbers in brackets stay as they are."""
    there = posixpath.relpath("sources.md", posixpath.dirname(uri) or ".")
    known = set(re.findall(r"^\| (S\d+) \|", (HOME / "docs" / "sources.md").read_text(encoding="utf-8"), re.M))

    def replaced(found: re.Match[str]) -> str:
        if found["code"]:
            return found[0]
        tag = found["tag"]
        return f"[\\[{tag}\\]]({there}#{tag.lower()})" if tag in known else f"\\[{tag}\\]"

    if uri == "sources.md":
        named = r'| <span id="s\1">S\1</span> |'
        markdown = re.sub(r"^\| S(\d+) \|", named, markdown, flags=re.M)
    return TAG.sub(replaced, markdown)


def brought(path: PurePosixPath, config: MkDocsConfig) -> File:
    """A file or folder of the repository as a page or file of the site."""
    uri, real = site_of(path), HOME / path
    if real.is_dir() and not (real / "README.md").is_file():
        inside = [each.name for each in sorted(real.iterdir()) if each.suffix in (*CODE, *PICTURES)]
        names = [f"- [{name}]({name})" for name in inside]
        return File.generated(config, uri, content="\n".join([f"# {path}", "", *names, ""]))
    if real.is_dir():
        real = real / "README.md"
    if real.suffix in PICTURES:
        return File.generated(config, uri, abs_src_path=str(real))
    text = real.read_text(encoding="utf-8")
    if real.suffix != ".md":
        language = CODE.get(real.suffix, "text")
        text = f"---\nsearch:\n  exclude: true\n---\n\n# {path}\n\n``````{language}\n{text}\n``````\n"
    return File.generated(config, uri, content=text)


def commands() -> str:
    """The page of all verbs, from their own help."""
    from experiments.cli.main import SUMMARIES, VERBS, cli

    around = click.Context(cli, info_name="desist", max_content_width=100, terminal_width=100)
    lines = ["# Commands", "", "What `desist VERB --help` prints for every verb, when this site was built.", ""]
    for name in VERBS:
        command = cli.get_command(around, name)
        assert command is not None
        with command.make_context(name, [], parent=around, resilient_parsing=True) as context:
            lines += [f"## desist {name}", "", SUMMARIES[name], "", "```text", command.get_help(context), "```", ""]
    return "\n".join(lines)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the page of commands, the notebooks as they ran, and every file of the repository that a page links to."""
    files.append(File.generated(config, "reference/commands.md", content=commands()))
    for file in [each for each in files if each.src_uri.endswith(".ipynb")]:
        files.remove(file)
        page, pictures = notebooks.rendered(HOME / "docs" / file.src_uri, Path(config.site_dir).parent / "notebooks")
        files.append(File.generated(config, file.src_uri.replace(".ipynb", ".md"), content=page))
        for name, picture in pictures.items():
            files.append(File.generated(config, f"notebooks/{name}", content=picture))
        files.append(File.generated(config, file.src_uri.replace("notebooks/", "notebooks/files/"),
                                    abs_src_path=str(HOME / "docs" / file.src_uri)))  # fmt: skip
    waiting = [file for file in files if file.src_uri.endswith(".md")]
    while waiting:
        file = waiting.pop()
        for path in targets(file.content_string, home_of(file.src_uri)).values():
            if path.parts[0] != "docs" and files.get_file_from_path(site_of(path)) is None:
                files.append(brought(path, config))
                if path.suffix == ".md" or (HOME / path).is_dir():
                    waiting.append(files.get_file_from_path(site_of(path)) or file)
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Point the links of a page at the site, and its tags at the sources."""
    uri = page.file.src_uri
    return sourced(turned(markdown, uri), uri)


def on_page_content(html: str, **_: Any) -> str:
    """Lines of a session in a docstring are code, not quotations within quotations."""
    session = (
        r"<blockquote>\s*<blockquote>\s*<blockquote>\s*<p>(.*?)</p>\s*</blockquote>\s*</blockquote>\s*</blockquote>"
    )
    return re.sub(session, r"<pre><code>&gt;&gt;&gt; \1</code></pre>", html, flags=re.S)


def on_post_page(output: str, page: Page, **_: Any) -> str:
    """Say of a page in Danish that it is."""
    return output.replace('<html lang="en"', '<html lang="da"', 1) if page.file.src_uri in DANISH else output

"""The teacher's notes: a text in each language, numbers from the engine, and the same as a file to print.

The numbers are those that the links show: each lesson at its defaults. The notes use a small part of Markdown
(headings, paragraphs, lists, tables, bold, italics, code, links); ``page`` makes the printed file from the same text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from pathlib import Path
from string import Template

from experiments.app.catalogue import FOLDER, LANGUAGES, PageMessages
from experiments.app.lessons import panel as lessons
from experiments.app.shared_results import kept
from experiments.inputs.trial_result import CONTROL_PERCENT, MENTORED_PERCENT, PEOPLE
from experiments.language.formatting import Language
from simulation.parameter_sections import Definition

TEMPLATE = Path(__file__).parents[1] / "parts" / "teacher.html"
LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")
HEADINGS = {"## ": "h1", "### ": "h2", "#### ": "h3"}
SEED = lessons.SEED.default
DEFINITIONS: tuple[Definition, Definition] = ("prison", "any")
"""Of the lesson on base rates: as it opens, and as the notes' second link shows it."""


def published(w: PageMessages) -> dict[str, str]:
    """What the real trial printed."""
    facts = {"people": PEOPLE, "mentored": MENTORED_PERCENT, "control": CONTROL_PERCENT}
    return {name: w.number(fact, 0) for name, fact in {**facts, "gap": CONTROL_PERCENT - MENTORED_PERCENT}.items()}


def simulated(w: PageMessages) -> dict[str, str]:
    """Every other number in the notes, as the lessons give it at their defaults, written in the language."""
    from experiments.app.lessons.groups import base, chosen, gap, wings
    from experiments.app.lessons.trials import curse, luck

    small = luck(int(lessons.LUCK_SIZE.default), SEED)
    large = luck(int(lessons.LUCK_SIZE.codes[-1]), SEED)
    cursed = curse(lessons.CURSE_TRUTH.default, int(lessons.CURSE_SIZE.default), SEED)
    picked = chosen(lessons.SELF_DRIVE.default, lessons.SELF_CHOOSE.default, SEED)
    worst = wings(lessons.WINGS_SIZE.default, lessons.WINGS_DIFFER.default, SEED)
    effect, share = lessons.BASE_EFFECT.default, lessons.BASE_SHARE.default
    prison, every = (base(effect, share, definition, SEED) for definition in DEFINITIONS)
    return {
        "luck_small": w.percent(small.large), "luck_arm": w.number(small.per_arm, 0),
        "luck_far": w.percent(small.as_far, 1), "luck_large": w.percent(large.large),
        "luck_most": w.number(large.scenario.people.count, 0), "curse_truth": w.points(cursed.truth),
        "curse_power": w.percent(cursed.power), "curse_reported": w.points(cursed.reported),
        "self_naive": w.points(gap(picked.naive)[0], 1), "self_fair": w.points(gap(picked.fair)[0], 1),
        "base_others": w.points(prison.others.prevented, 1), "base_highest": w.points(prison.highest.prevented, 1),
        "any_others": w.points(every.others.prevented, 1), "any_highest": w.points(every.highest.prevented, 1),
        "wings_before": w.percent(worst.before), "wings_after": w.percent(worst.after),
    }  # fmt: skip


def template(language: Language) -> tuple[str, str]:
    """The notes with places for numbers, up to the questions (which need the engine), and from there."""
    text = (FOLDER / language / "page" / "teacher_notes.md").read_text(encoding="utf-8")
    at = text.index("\n### ", text.index("\n### ") + 1)
    return text[:at], text[at:]


def opening(language: Language) -> str:
    """Purpose, case and plan of the hour, as Markdown; nothing is computed."""
    return template(language)[0].format(**published(PageMessages(language)))


@kept(len(LANGUAGES))
def rest(language: Language) -> str:
    """Questions and answers with the engine's numbers, what not to conclude, sources, as Markdown."""
    w = PageMessages(language)
    return template(language)[1].format(**published(w), **simulated(w))


def notes(language: Language) -> str:
    """The whole of the notes, as Markdown."""
    return opening(language) + rest(language)


def page(w: PageMessages, text: str, address: str) -> str:
    """Notes (Markdown) as an HTML file of their own, which asks for nothing else and prints on A4.

    ``address`` is where the page is served; its own links begin there.
    """
    address = address.rstrip("/") + "/"
    whole = LINK.sub(lambda link: f"[{link[1]}]({address * link[2].startswith('?')}{link[2]})", text)
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        language=w.language, title=escape(re.sub(r"^#+ ", "", text.lstrip().splitlines()[0])),
        body="\n".join(_blocks(whole)), foot=escape(w("teacher.at", address=address)),
    )  # fmt: skip


def _blocks(text: str) -> Iterator[str]:
    """Each block of Markdown as HTML."""
    for block in re.split(r"\n\s*\n", text.strip()):
        lines = block.strip().splitlines()
        heading = next((mark for mark in HEADINGS if block.startswith(mark)), None)
        if heading:
            yield f"<{HEADINGS[heading]}>{_inline(block.removeprefix(heading))}</{HEADINGS[heading]}>"
        elif block.startswith("- "):
            yield "<ul>" + "".join(f"<li>{_inline(line.removeprefix('- '))}</li>" for line in lines) + "</ul>"
        elif block.startswith("|"):
            head, _, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines)
            yield f"<table><thead>{_row(head, 'th')}</thead><tbody>{''.join(_row(row) for row in rows)}</tbody></table>"
        else:
            yield f"<p>{_inline(' '.join(lines))}</p>"


def _row(cells: list[str], kind: str = "td") -> str:
    return "<tr>" + "".join(f"<{kind}>{_inline(cell)}</{kind}>" for cell in cells) + "</tr>"


def _inline(text: str) -> str:
    """Bold, italics, code and links of a line."""
    text = LINK.sub(r'<a href="\2">\1</a>', escape(text, quote=False))
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", text)
    text = re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", text)
    return re.sub(r"\*([^*]+)\*", r"<em>\1</em>", text)

"""The answer of ``desist ladder`` in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from experiments.inputs.trial_result import CONTROL_PERCENT, MENTORED_PERCENT
from experiments.language.answer import Answer, Shown
from experiments.language.claim import written
from experiments.language.messages import Messages

POINTS, KRONER = "points", "kroner"
KINDS = (POINTS, KRONER)
HEADLINE, REACH, DEFINITION = "headline", "reach", "definition"
ENDS = ("figure", "low", "high")
Row = Mapping[Any, Any]


def answer(facts: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], m: Messages) -> Answer:  # noqa: ARG001
    """What is left of both headlines, which steps take most, both ladders, and what each step replaces."""
    shown = [Shown(table=_table(facts[kind], m), title=m(f"table.{kind}")) for kind in KINDS]
    return Answer(sentences=list(_sentences(facts, m)), tables=shown, notes=list(_notes(facts, m)))


# Words of a step ----------------------------------------------------------------------------------------------


def label(step: str, m: Messages, *, lines: bool = False) -> str:
    """A step in plain words; with ``lines`` broken as in the figure."""
    text = m(f"label.{step}")
    return text if lines else text.replace("\n", " ")


def foot(last: str, kind: str, m: Messages) -> str:
    """What stands below the last step: what is left, and of whom."""
    return m(f"foot.{REACH if last == REACH else kind}")


def texts_of_step(step: str, kind: str, numbers: Mapping[str, Any], m: Messages) -> dict[str, str]:
    """What a step replaces by what, and its source: the columns what and source of a ladder.

    ``numbers`` is what ``EffectCounts.numbers`` of the study gives.
    """
    parts = written(numbers, m)
    if step == HEADLINE:
        return {"what": m(f"step.headline.{kind}", **parts, control=str(CONTROL_PERCENT),
                          mentored=str(MENTORED_PERCENT)), "source": m("step.headline.source")}  # fmt: skip
    shares = {name: _share(numbers[name], m) for name in ("lost", "matched", "joined", "highest")}
    middle, low, high = (m.number(value, 2) for value in numbers["level"])
    trial = m("in_trial", share=_share(numbers["in_trial"], m)) if numbers["in_trial"] else ""
    what = m(f"step.{step}.what", **parts, **shares, level=f"{middle} ({m.to(low, high)})", in_trial=trial,
             counted=m(f"counted.{numbers['counted'][kind]}"))  # fmt: skip
    return {"what": what, "source": m(f"step.{step}.source")}


def _share(values: Sequence[float] | None, m: Messages) -> str:
    """A share with the middle 95 % of its draws."""
    if values is None:
        return m("part")
    middle, low, high = (m.number(100 * value, 0) for value in values)
    return f"{middle} % ({m.to(low, high)})"


def figure_text(value: float | None, m: Messages) -> str:
    """A figure with one decimal, two below 1; a dash if it is not known."""
    if value is None or value != value:
        return "–"
    decimals = 2 if abs(value) < 0.995 else 1
    return m.number(round(value, decimals) + 0.0, decimals)


def with_interval(row: Row, m: Messages, before: str = "") -> str:
    """A figure with its interval; ``before`` is ``without_`` for the last figure without a step."""
    names = [f"{before}{end}" if end != "figure" or not before else before.removesuffix("_") for end in ENDS]
    middle, low, high = (figure_text(row[name], m) for name in names)
    return middle if row[names[1]] == row[names[2]] else f"{middle} ({m.to(low, high)})"


# The answer ---------------------------------------------------------------------------------------------------


def _sentences(facts: Mapping[str, Any], m: Messages) -> Iterator[str]:
    points, kroner = (facts[kind][-1] for kind in KINDS)
    rows = {row["per"]: row for row in facts["left"] if row["definition"] == "any"}
    course = rows.get("started course")
    also = "" if course is None else m("course", n=with_interval(course, m))
    yield m("released" if points["step"] == REACH else "yes", plan=facts["title"][m.language], course=also,
            headline=m.number(facts["headline"], 0), n=with_interval(points, m))  # fmt: skip
    yield m("krone", n=with_interval(kroner, m), share=m.of_hundred(kroner["above_one"]))
    for kind in KINDS:
        if len(facts[kind]) > 1:
            yield from _largest(facts[kind], kind, m)
    if (others := rows.get("released person, others too")) is not None:
        yield m("others", n=with_interval(others, m))
    yield m("how", draws=m.number(facts["draws"], 0))


def _largest(rows: Sequence[Row], kind: str, m: Messages) -> Iterator[str]:
    """The three steps that take most, and the one without which the final value would move most."""
    known = sorted((row for row in rows[1:] if row["factor"] is not None), key=lambda row: float(row["factor"]))
    if known:
        items = [m("step_item", name=label(row["step"], m), factor=m.number(row["factor"], 2)) for row in known[:3]]
        yield m(f"largest.{kind}", steps=m.listed(items))
    last = rows[-1]["figure"]
    moved = [row for row in rows[1:] if row["without"] is not None and last is not None]
    if moved:
        most = max(moved, key=lambda row: abs(float(row["without"]) - float(last)))
        yield m(f"without.{kind}", name=label(most["step"], m), n=figure_text(most["without"], m))


def _table(rows: Sequence[Row], m: Messages) -> pd.DataFrame:
    """A ladder as it is printed."""
    shared = [_times(row["over_orders"], None, m) for row in rows]
    columns = {
        "step": [row["step"] for row in rows], "left": [with_interval(row, m) for row in rows],
        "error": ["", *(m.number(row["error"]) if row["error"] is not None else "–" for row in rows[1:])],
        "factor": [_times(row["factor"], row["factor_error"], m) for row in rows],
        **({"over_orders": shared} if any(shared) else {}),
        "without": [with_interval(row, m, "without_") if row["without"] is not None else "" for row in rows],
    }  # fmt: skip
    return pd.DataFrame({m(f"column.{name}"): cells for name, cells in columns.items()})


def _times(factor: float | None, error: float | None, m: Messages) -> str:
    if factor is None:
        return ""
    return f"× {m.number(factor, 2)}" + ("" if error is None else f" ± {m.number(error, 2)}")


def _notes(facts: Mapping[str, Any], m: Messages) -> Iterator[str]:
    """What each step replaces, and its source: a line a step, two where the ladders count differently."""
    seen: set[str] = set()
    counted = facts["numbers"]["counted"]
    for kind in KINDS:
        for row in facts[kind][1:]:
            step = row["step"]
            if step in seen and not (step == DEFINITION and counted[POINTS] != counted[KRONER]):
                continue
            texts = texts_of_step(step, kind, facts["numbers"], m)
            source = texts["source"][:1].upper() + texts["source"][1:]
            yield m("note_kroner" if step in seen else "note", step=step, label=label(step, m), what=texts["what"],
                    source=source)  # fmt: skip
            seen.add(step)

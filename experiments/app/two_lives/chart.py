"""Pictures of two lives: two timelines above each other, and a mark for each of the 97."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import numpy as np
import pandas as pd

from experiments.app.catalogue import PageMessages
from experiments.app.charts import CONTROL, INK, MENTORED, QUIET, Rows, Spec, chart, field, layer
from experiments.app.two_lives.facts import KINDS, WINDOW, Life, LifePair, parting
from experiments.app.two_lives.sentences import counts, crime

ARMS = ("with", "without")
COLOUR = {"with": MENTORED, "without": CONTROL, "same": "#6b6b6b"}
BAND = "#ffe08a"
"""The month in which lives part."""
DECISIONS = {"fine": "circle", "suspended": "diamond", "prison": "square"}
_DASH, _CROSS = (
    "M-1,-0.25H1V0.25H-1Z",
    "M-1,-0.6L-0.6,-1L0,-0.4L0.6,-1L1,-0.6L0.4,0L1,0.6L0.6,1L0,0.4L-0.6,1L-1,0.6L-0.4,0Z",
)
MARKS = {
    "helped": ("circle", MENTORED), "same": ("square", INK), "none": (_DASH, QUIET), "worse": (_CROSS, CONTROL),
    "unmet": ("triangle-down", QUIET),
}  # fmt: skip
"""Shape and colour of a person in the strip, by kind."""
SIZE = {"expr": "width > 850 ? 18 : 14"}
"""Size of the type: larger where the picture is wide, as on a wall."""
STEP = 21
"""Pixels a row of the timelines."""
ACROSS = 25
"""People in a row of the strip."""


def table(lives: tuple[Life, Life]) -> pd.DataFrame:
    """The two lives by own month, a row a life and month.

    Columns life (with, without), month, in_prison, meets_mentors, one a support factor (1 held, 0 absent), offences,
    decision, and of months at liberty chance_of_offence and luck (0-1). After two years only decisions are known.
    """
    rows: Rows = []
    for arm, life in zip(ARMS, lives, strict=True):
        begin, end = -life.film.before, life.film.held.shape[1] - life.film.before
        late = sorted({e.month for e in life.events if e.what == "sanction" and e.month >= WINDOW})
        for month in (*range(begin, end), *late):
            here = [event for event in life.events if event.month == month]
            offences = sum(event.value for event in here if event.what == "offence")
            decision = ", ".join(event.detail for event in here if event.what == "sanction")
            state = _state(life, month) if month < end else {}
            rows.append({"life": arm, "month": month, **state, "offences": offences, "decision": decision})
    found = pd.DataFrame(rows)
    whole = [name for name in found if name not in ("life", "decision", "chance_of_offence", "luck")]
    return found.astype(dict.fromkeys(whole, "Int64"))


def _state(life: Life, month: int) -> dict[str, Any]:
    at = (life.number, month + life.film.before)
    inside = life.in_prison(month)
    risk, luck = life.risk(month)
    held = dict(zip(life.film.scenario.factor, life.film.held[at].astype(int).tolist(), strict=True))
    return {"in_prison": int(inside), "meets_mentors": int(life.film.met[at].any()), **held,
            "chance_of_offence": np.nan if inside else risk, "luck": np.nan if inside else luck}  # fmt: skip


def _bars(lives: tuple[Life, Life]) -> Rows:
    """Months in a row in which something is so: row, begin, end (exclusive), and whose colour it has."""
    before, number, found = lives[0].film.before, lives[0].number, []
    for arm, life, beside in zip(ARMS, lives, lives[::-1], strict=True):
        world, other = life.film, beside.film
        states = {"prison": (world.inside[number], other.inside[number], 0)}
        for f, name in enumerate(world.scenario.factor):
            states[name] = (world.held[number, :, f], other.held[number, :, f], before)
        for name, (own, its, first) in states.items():
            months = [(month, bool(own[month] == its[month])) for month in range(first, len(own)) if own[month]]
            # Months in a row have the same difference between their number and their place in the list.
            for (_, same), run in groupby(enumerate(months), key=lambda each: (each[0] - each[1][0], each[1][1])):
                when = [month - before for _, (month, _) in run]
                found.append({"row": f"{arm} {name}", "begin": when[0], "end": when[-1] + 1,
                              "colour": "same" if same else arm})  # fmt: skip
    return found


def _meetings(life: Life) -> Rows:
    months = np.flatnonzero(life.film.met[life.number].any(axis=1)) - life.film.before
    return [{"row": "with meets", "begin": m + 0.08, "end": m + 0.92, "colour": "with"} for m in months.tolist()]


def _marks(lives: tuple[Life, Life], what: str) -> Rows:
    """Offences, or decisions: row, middle of the month, number, kind, and whose colour it has."""
    row = "offence" if what == "offence" else "decision"
    return [
        {"row": f"{arm} {row}", "at": event.month + 0.5, "month": event.month, "number": event.value,
         "kind": event.detail, "colour": "same" if event in other.events else arm}
        for arm, life, other in zip(ARMS, lives, reversed(lives), strict=True)
        for event in life.events if event.what == what
    ]  # fmt: skip


def timelines(w: PageMessages, lives: tuple[Life, Life], *, seed: int) -> Spec:
    """Two timelines above each other on one axis of months; the month in which they part goes through both."""
    before, rows = lives[0].film.before, _rows(w, lives[0])
    decisions, offences = _marks(lives, "sanction"), _marks(lives, "offence")
    end = max([WINDOW, *(mark["month"] + 1 for mark in decisions)])
    months = [month for month in range(-before, end + 1) if month % 3 == 0]
    y = field("row", "nominal", title=None, scale={"domain": list(rows)}, axis=_row_axis(rows))
    x = field("begin", title=w("lives.chart.month"), scale={"domain": [-before, end], "nice": False},
              axis={"values": months, "labelFontSize": SIZE, "titleFontSize": SIZE})  # fmt: skip
    colour = field("colour", "nominal", legend=None, scale={"domain": list(COLOUR), "range": list(COLOUR.values())})
    bar = {"x": x, "x2": {"field": "end"}, "y": y, "color": colour}
    mark = {"x": field("at"), "y": y, "color": colour}
    text = {"x": mark["x"], "y": y, "text": {"field": "number"}}
    same, own = ([each for each in _bars(lives) if (each["colour"] == "same") == so] for so in (True, False))
    layers = [
        *_parting(w, lives),
        layer("rule", {"x": x}, [{"begin": 0}], color=QUIET, strokeDash=[2, 3]),
        layer("bar", bar, same, height={"band": 0.36}),
        layer("bar", bar, own + _meetings(lives[0]), height={"band": 0.74}),
        layer("circle", mark, offences, size=380, opacity=1),
        layer("text", text, offences, color="white", fontWeight=700, dy=1, fontSize=14),
        layer("point", {**mark, "shape": _shapes(w, decisions)}, decisions, filled=True, size=190, opacity=1),
    ]
    title = {"text": w("lives.chart.title", person=lives[0].number, seed=seed), "fontSize": SIZE}
    height = STEP * len(rows) + (100 if decisions else 72)
    return chart(w, description(w, lives), {"layer": layers, "title": title}, height=height)


def _rows(w: PageMessages, life: Life) -> dict[str, str]:
    """The rows of the picture from above, and what each is called."""
    common = ["prison", *life.film.scenario.factor, "offence", "decision"]
    rows = {}
    for arm, names in (("with", ["prison", "meets", *common[1:]]), ("without", common)):
        rows[f"{arm} title"] = w(f"lives.chart.{arm}")
        rows |= {f"{arm} {name}": w(f"lives.row.{name}") for name in names}
    return rows


def _row_axis(rows: dict[str, str]) -> dict[str, Any]:
    """Names of the rows; the name of a life is bold and has its colour."""
    bold = {"condition": {"test": "indexof(datum.value, 'title') > 0", "value": 700}, "value": 400}
    colours = [{"test": f"datum.value == '{arm} title'", "value": COLOUR[arm]} for arm in ARMS]
    return {
        "labelExpr": _labels(rows), "ticks": False, "domain": False, "grid": False,
        "labelFontWeight": bold, "labelColor": {"condition": colours, "value": INK}, "labelPadding": 6,
        "labelFontSize": SIZE,
    }  # fmt: skip


def _labels(rows: dict[str, str]) -> str:
    """What the axis says for each row, as a Vega expression."""
    text = "''"
    for row, label in rows.items():
        text = f"datum.value == '{row}' ? '{label}' : {text}"
    return text


def _shapes(w: PageMessages, decisions: Rows) -> Spec:
    names = {kind: w(f"lives.sanction.{kind}") for kind in DECISIONS}
    legend = {
        "title": None, "orient": "bottom", "labelExpr": _labels(names), "labelFontSize": SIZE,
        "symbolFillColor": INK, "symbolStrokeColor": INK, "columns": {"expr": "width < 400 ? 1 : 3"}, "offset": 4,
    }  # fmt: skip
    scale = {"domain": list(DECISIONS), "range": list(DECISIONS.values())}
    return field("kind", "nominal", scale=scale, legend=legend if decisions else None)


def _parting(w: PageMessages, lives: tuple[Life, Life]) -> Rows:
    """The month in which the lives part: a band through both timelines with its words above."""
    found = parting(*lives)
    if found is None:
        return []
    month, near = found[0], found[0] < 3
    values = [{"begin": month, "end": month + 1, "text": w("lives.part.mark", month=month)}]
    begin = field("begin")
    return [
        layer("rect", {"x": begin, "x2": {"field": "end"}}, values, color=BAND, stroke="#8a6d00", strokeWidth=1),
        layer("text", {"x": begin, "text": {"field": "text"}}, values, y=-6, baseline="bottom", fontWeight=700,
              fontSize=SIZE, align="left" if near else "center"),
    ]  # fmt: skip


def description(w: PageMessages, lives: tuple[Life, Life]) -> str:
    """The timelines as a sentence with the numbers."""
    found = parting(*lives)
    part = w("lives.part.never") if found is None else w("lives.part.title", month=found[0])
    held, alone = (
        ", ".join(w(f"lives.factor.{name}") for name in life.holds_at_end()) or w("lives.chart.nothing")
        for life in lives
    )
    said = {"with": crime(w, lives[0]), "without": crime(w, lives[1])}
    return w("lives.chart.description", person=lives[0].number, begin=-lives[0].film.before, end=WINDOW - 1,
             met=w.months(len(_meetings(lives[0]))), held=held, held_without=alone, parting=f"{part}.",
             **said)  # fmt: skip


def strip(w: PageMessages, both: LifePair, number: int) -> Spec:
    """A mark for each person, in the order of their numbers; the one who is looked at has a ring."""
    n = counts(both)
    values = [{"x": i % ACROSS, "y": i // ACROSS, "kind": kind, "person": i} for i, kind in enumerate(both.kinds)]
    there = [kind for kind in KINDS if n[kind]]
    names = {str(kind): f"{w(f'lives.kind.{kind}')}: {n[kind]}" for kind in there}
    place = {axis: field(axis, "ordinal", axis=None) for axis in ("x", "y")}
    legend = {"title": None, "orient": "bottom", "columns": 1, "labelExpr": _labels(names), "symbolSize": 110}
    looks = {
        channel: field("kind", "nominal", legend=legend, scale={
            "domain": there, "range": [MARKS[each][look] for each in there]})
        for look, channel in enumerate(("shape", "color"))
    }  # fmt: skip
    tip = {"tooltip": {"field": "person", "title": w("set.life.label")}}
    ring = layer("point", place, [values[number]], shape="circle", size=360, stroke=INK, strokeWidth=2.5)
    everybody = layer("point", place | looks | tip, values, filled=True, size=90, opacity=1)
    described = w("lives.often.description", person=number, **{name: n[name] for name in KINDS})
    return chart(w, described, {"layer": [ring, everybody]}, height=110 + 22 * len(there))

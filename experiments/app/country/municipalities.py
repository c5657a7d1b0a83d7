"""What a map of plans shows: a number for each municipality, its class, its colour, and all of it in words.

Colours are classes with names, so that the legend is words; what cannot be said of a municipality has a class of its
own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

import pandas as pd

from experiments.app.catalogue import PageMessages
from experiments.app.country.plans import Intended
from experiments.app.country.study import PlanSheet
from experiments.inputs.municipality_shapes import cells
from experiments.language.plan_text import month_text
from experiments.studies.rollout.plan import RolloutPlan, month_of
from experiments.studies.rollout.plan_runs import FEW
from simulation.municipalities import municipalities

PLANNED = ("opens", "released")
"""Of what a map may show, what a plan says before anything is run."""
AMONG = {"matched": "joined", "served": "joined", "started": "started", "offences_avoided": "started"}
"""Of whom there must be ``FEW`` at least for a number to say something."""
SHARES = ("matched", "served")
BLUES = ("#dbe9f6", "#7fb2d6", "#2b6ca8", "#08306b")
"""From little to much, as the maps of the command line."""
BELOW, TOO_FEW, NEVER = "#f1a340", "#c9c9c9", "#ffffff"
ROUND = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000)
MOST_CLASSES = 6


@dataclass(frozen=True, kw_only=True)
class Cells:
    """What a map shows: one row a municipality, and the colour of each class by its name, in order.

    Columns: number, name, short, row, column, value, text (the value in words), class.
    """

    table: pd.DataFrame
    colours: dict[str, str]


def values(what: str, sheet: PlanSheet | None, intends: Intended) -> dict[str, float]:
    """The number of each municipality, by name; NaN where too few people are behind it, none where it never opens."""
    names = [place.name for place in municipalities()]
    if what == "opens":
        return {name: float(intends.opens[name]) for name in names if name in intends.opens}
    if what == "released":
        return dict(intends.released)
    if sheet is None:
        return {}
    table = sheet.tables["by_municipality"].set_index("municipality")
    found = table["volunteers"] / table["needed"] if what == "served" else table[what]
    found = found.where(table[AMONG[what]] >= FEW)
    return {name: float(found[name]) for name in names if name in intends.opens}


def edges(known: Sequence[float], *, share: bool) -> list[float]:
    """Borders of classes that hold all these numbers: round ones, at most ``MOST_CLASSES`` between them."""
    if not known:
        return [0.0, 1.0]
    low, high = min(known), max(known)
    if share:
        step = next((each for each in (0.05, 0.1, 0.2, 0.25, 0.5) if high / each <= MOST_CLASSES), 1.0)
        first, last = math.floor(low / step + 1e-9), max(math.ceil(high / step - 1e-9), math.floor(low / step) + 1)
        return [step * k for k in range(first, last + 1)]
    least = max(0.0, low)
    below = max((each for each in ROUND if each <= least), default=0)
    above = next((each for each in ROUND if each > high), ROUND[-1])
    inner = [each for each in ROUND if below < each < above]
    while len(inner) + 1 > MOST_CLASSES:
        inner = inner[len(inner) % 2 :: 2] if len(inner) > 2 * MOST_CLASSES else inner[1:]
        below = 0
    return [float(below), *map(float, inner), float(max(above, below + 1))]


def cells_of(w: PageMessages, what: str, plan: RolloutPlan, own: Mapping[str, float], every: Sequence[float]) -> Cells:
    """What a map shows, with classes that hold ``every`` number of all maps that are seen together."""
    table = cells()
    table["value"] = [own.get(name, math.nan) for name in table["name"]]
    if what == "opens":
        return _dates(w, plan, table, every)
    known = [value for value in every if value == value]
    share, some = what in SHARES, edges([value for value in known if value >= 0], share=what in SHARES)
    names = [f"{w.number(100 * low if share else low, 0)}–{w.percent(high) if share else w.number(high, 0)}"
             for low, high in pairwise(some)]  # fmt: skip
    below, few, never = (w(f"country.map.{name}", n=int(FEW))
                         for name in ("below", f"few.{AMONG.get(what, 'joined')}", "never"))  # fmt: skip
    colours = {below: BELOW} if any(value < 0 for value in known) else {}
    colours |= dict(zip(names, shades(len(names)), strict=True))

    def named(name: str, value: float) -> tuple[str, str]:
        if value != value:
            return (few, few) if name in own else (never, never)
        number = w.percent(value) if share else w.number(value, 0 if abs(value) >= 9.95 else 1)
        kind = below if value < 0 else names[sum(value >= edge for edge in some[1:-1])]
        return kind, w(f"country.map.said.{what}", n=number)

    both = [named(name, value) for name, value in zip(table["name"], table["value"], strict=True)]
    table["class"], table["text"] = zip(*both, strict=True)
    seen = set(table["class"])
    colours |= {name: colour for name, colour in ((few, TOO_FEW), (never, NEVER)) if name in seen}
    return Cells(table=table, colours=colours)


def _dates(w: PageMessages, plan: RolloutPlan, table: pd.DataFrame, every: Sequence[float]) -> Cells:
    """Months of opening as classes, the first the darkest."""
    never = w("country.map.never")
    names = {month: month_name(w, plan, month) for month in sorted({int(value) for value in every})}
    table["class"] = [never if value != value else names[int(value)] for value in table["value"]]
    table["text"] = table["class"]
    blues = shades(len(names))[::-1] if len(names) > 1 else [BLUES[2]]
    closed = {never: NEVER} if (table["class"] == never).any() else {}
    return Cells(table=table, colours=dict(zip(names.values(), blues, strict=False)) | closed)


def month_name(w: PageMessages, plan: RolloutPlan, month: int) -> str:
    """The name and year of a month of a plan, counted from 0."""
    return month_text(w, month_of(plan, month))


def short_of(w: PageMessages, what: str, value: float) -> str:
    """A value as it stands on a tile; a dash where there is none."""
    if value != value:
        return "–"
    return w.percent(value) if what in SHARES else w.number(value, 0)


def shades(number: int) -> list[str]:
    """So many blues, from pale to dark."""
    parts = [tuple(int(colour[k : k + 2], 16) for k in (1, 3, 5)) for colour in BLUES]
    found = []
    for k in range(number):
        at = (len(BLUES) - 1) * (k + (number == 1)) / max(1, number - 1 + 2 * (number == 1))
        below = min(int(at), len(BLUES) - 2)
        mixed = (round(a + (b - a) * (at - below)) for a, b in zip(parts[below], parts[below + 1], strict=True))
        found.append("#" + "".join(f"{part:02x}" for part in mixed))
    return found


def ink(colour: str) -> str:
    """Black or white, whichever stands out more from a colour (contrast as in WCAG 2.1)."""
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    light = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return "#000000" if 0.2126 * light[0] + 0.7152 * light[1] + 0.0722 * light[2] > 0.179 else "#ffffff"


def key(every: Sequence[Cells], title: str) -> str:
    """What the colours mean (HTML), for all maps that are seen together."""
    colours = {name: colour for shown in every for name, colour in shown.colours.items()}
    parts = "".join(f'<span><i style="background:{colour}"></i>{escape(name)}</span>'
                    for name, colour in colours.items())  # fmt: skip
    return f'<p class="country-key"><b>{escape(title)}</b>{parts}</p>'


def listed(w: PageMessages, what: str, every: Mapping[str, Cells]) -> pd.DataFrame:
    """All municipalities with what they have under each plan, the largest first, in the language of the page."""
    first = next(iter(every.values())).table
    order = first.sort_values(["value", "name"], ascending=[what == "opens", True], na_position="last")["name"]
    texts = {name: each.table.set_index("name")["text"] for name, each in every.items()}
    heads = {name: name if len(every) > 1 else w(f"country.map.title.{what}") for name in every}
    columns = {heads[name]: [text[place] for place in order] for name, text in texts.items()}
    return pd.DataFrame({w("country.map.place"): [*order], **columns})


def described(w: PageMessages, what: str, shown: Cells) -> str:
    """A map in a sentence: how many municipalities have a number, the most and the least."""
    title, known = w(f"country.map.title.{what}"), shown.table.dropna(subset="value")
    if what == "opens" or known.empty:
        counts = shown.table["class"].value_counts()
        parts = [f"{name}: {counts[name]}" for name in shown.colours if name in counts]
        return w("country.map.described.classes", title=title, parts=", ".join(parts))
    rows = known.sort_values("value").to_dict("records")
    foot, top = rows[0], rows[-1]
    return w("country.map.described.amounts", title=title, n=len(known), most=top["name"], most_text=top["text"],
             least=foot["name"], least_text=foot["text"])  # fmt: skip

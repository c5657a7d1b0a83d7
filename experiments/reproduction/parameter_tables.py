"""Tables of the documents that the code writes itself: state variables, quantities, grades, patterns.

A page says where: whatever stands between ``<!-- code: NAME ... -->`` and ``<!-- end code -->`` is replaced by what the
code gives now (``desist reproduce --documents``). A test compares them. This file knows how such tables look, and
nothing of what the pages say around them.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from experiments.execution.store_listing import aligned
from experiments.inputs.parameter_points import EFFECT, uncertain_quantities
from experiments.inputs.scenario_files import load
from experiments.language.codebooks import codebook
from experiments.studies.catalogue import SUMMARIES
from simulation.cohort import prepared
from simulation.compiled_parameters import numbers_of
from simulation.engine import begin_lives, begin_world
from simulation.errors import nearest
from simulation.parameters import ParameterError, Quantity, quantities
from simulation.prices import Prices
from simulation.rules import NEVER

BLOCK = re.compile(r"<!-- code: ([^\n]*?) -->(.*?)<!-- end code -->", re.DOTALL)
"""A part of a page that the code writes, with the words of its order."""
GRADES = ("measured", "judged", "assumed")


class State(NamedTuple):
    """A column of the model's state variables: unit, lowest and highest value (None: no bound) and meaning."""

    unit: str
    low: float | None
    high: float | None
    what: str
    never: bool
    """Whether ``NEVER`` may stand in it, for what does not come."""

    @property
    def allowed(self) -> str:
        """The range as text."""
        if self.unit == "yes or no":
            return "0, 1"
        if self.low is None:
            text = "any"
        else:
            text = f"from {self.low:,g}" if self.high is None else f"{self.low:,g} to {self.high:,g}"
        return f"{text}, or {NEVER:,}" if self.never else text


def _described_states() -> dict[str, dict[str, State]]:
    """Every column of every table of state variables, in the order of ``simulation.state``."""
    found: dict[str, dict[str, State]] = {}
    with Path(__file__).with_name("state_variables.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            low, high = (float(row[end]) if row[end] else None for end in ("low", "high"))
            found.setdefault(row["table"], {})[row["variable"]] = State(
                row["unit"], low, high, row["what"], row["never"] == "yes"
            )
    return found


STATES = _described_states()

# Pages ------------------------------------------------------------------------------------------------------------


def up_to_date(text: str) -> str:
    """A page with every part that the code writes as the code writes it now.

    Raises ``ParameterError`` if a part asks for what there is not, or is not closed.
    """
    if text.count("<!-- code: ") != len(BLOCK.findall(text)):
        raise ParameterError("a part [<!-- code: ... -->] is not closed; add <!-- end code --> to it")

    def written(part: re.Match[str]) -> str:
        inside = _ordered(part.group(1).split())
        around = "\n" if "\n" in inside else ""
        return f"<!-- code: {part.group(1)} -->{around}{inside}{around}<!-- end code -->"

    return BLOCK.sub(written, text)


def _ordered(words: Sequence[str]) -> str:
    """What one part asks for: the name of a table, then its arguments."""
    name, arguments = (words[0], words[1:]) if words else ("", ())
    if name not in TABLES:
        raise ParameterError(f"no table is called [{name}]; {nearest(name, TABLES)}")
    try:
        return TABLES[name](*arguments)
    except TypeError:
        raise ParameterError(f"part [{' '.join(words)}] has too few or too many words; see TABLES") from None


# Tables -----------------------------------------------------------------------------------------------------------


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Rows as a table in Markdown; upright strokes in cells are escaped."""

    def line(cells: Sequence[str]) -> str:
        return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"

    return "\n".join([line(head), f"|{'---|' * len(head)}", *map(line, rows)])


def tables_of(verb: str) -> str:
    """The tables that a study saves: what a row is, and every column with its unit."""
    parts = []
    for book in codebook(verb):
        rows = [(f"`{name}`", column.unit or "-", column.what) for name, column in book.columns.items()]
        parts.append(f"`{book.name}.csv`: {book.about}\n\n{table(('column', 'unit', 'meaning'), rows)}")
    return "\n\n".join(parts)


def prices() -> str:
    """Every price that comes with Desist: key, default, unit, grade, prior and source."""
    rows = [(f"`{row.key}`", value_text(row.value), row.unit, row.grade, row.prior, row.source)
            for row in quantities(Prices())]  # fmt: skip
    return table(("price", "default", "unit", "grade", "prior", "source"), rows)


def states(name: str) -> str:
    """The columns of one table of state variables: name, what each has one value for, type, unit, range, meaning."""
    if name not in STATES:
        raise ParameterError(f"no state variables are called [{name}]; {nearest(name, STATES)}")
    columns, meant = live(name), STATES[name]
    return table(
        ("variable", "one for each", "type", "unit", "range", "what"),
        (
            (f"`{key}`", shape, str(kind), meant[key].unit, meant[key].allowed, meant[key].what)
            for key, (shape, kind) in columns.items()
        ),
    )


@cache
def live(name: str) -> dict[str, tuple[str, np.dtype[Any]]]:
    """Names of the columns of a table of state variables with what each has one value for, and its type."""
    scenario = load("trial", ["people.count=23"])
    numbers, ready = numbers_of(scenario, 1), prepared(scenario, 1, range(1))
    local, slots = begin_world(scenario, numbers, ready.replicates)
    each = {
        23: "person", len(scenario.factor): "factor", len(scenario.programme): "programme",
        len(local.number): "municipality", len(slots.state): "volunteer slot", len(local.number) + 1: "municipality",
        4: "word",
    }  # fmt: skip
    columns: dict[str, Any] = {
        "PeopleColumns": ready.people, "PersonState": begin_lives(scenario, ready, numbers), "MunicipalityState": local,
        "VolunteerSlots": slots,
    }  # fmt: skip
    found = columns[name]._asdict()
    return {
        key: (" and ".join(each[size] for size in reversed(column.shape)), column.dtype)
        for key, column in found.items()
    }


def listed(rows: Iterable[Quantity]) -> str:
    """Quantities as a table: key, what, value, unit, allowed, grade, prior, source."""
    return table(
        ("quantity", "what it is", "value", "unit", "allowed", "grade", "prior", "source"),
        (
            (f"`{row.key}`", row.what, value_text(row.value), row.unit, bounds_text(row), row.grade, row.prior,
             row.source)
            for row in rows
        ),
    )


def of_scenario(name: str, *parts: str) -> str:
    """Quantities of a scenario, those under the given dotted keys (all of them if none is given)."""
    rows = [row for row in quantities(load(name)) if not parts or row.key.startswith(tuple(f"{p}." for p in parts))]
    if not rows:
        raise ParameterError(
            f"scenario [{name}] has no quantity under [{', '.join(parts)}]; see desist parameters {name}"
        )
    return listed(rows)


def differing(*names: str) -> str:
    """The quantities in which scenarios that have them differ, a column each; empty where a scenario has it not."""
    values = {name: {row.key: value_text(row.value) for row in quantities(load(name))} for name in names}
    every = dict.fromkeys(key for found in values.values() for key in found)
    rows = [(f"`{key}`", *(values[name].get(key, "") for name in names)) for key in every]
    return table(("quantity", *names), (row for row in rows if len({cell for cell in row[1:] if cell}) > 1))


def grades(*names: str) -> str:
    """How many quantities of each grade some scenarios have, and how many of them are uncertain."""
    rows = []
    for name in names:
        number = _graded(name)
        whole = sum(number.values())
        uncertain = len(uncertain_quantities(load(name)))
        rows.append((f"`{name}`", str(whole), *(str(number[grade]) for grade in GRADES), str(uncertain)))
    return table(("scenario", "quantities", *GRADES, "uncertain"), rows)


def count(name: str) -> str:
    """The grades of one scenario as text."""
    number = _graded(name)
    parts = [f"{number['measured']} are graded *measured*", f"{number['judged']} *judged*"]
    return f"{sum(number.values())}, of which {', '.join(parts)} and {number['assumed']} *assumed*"


def _graded(name: str) -> dict[str, int]:
    rows = list(quantities(load(name)))
    return {grade: sum(row.grade == grade for row in rows) for grade in GRADES}


def patterns() -> str:
    """The observed patterns that the model is judged by."""
    text = files("experiments").joinpath("inputs/data/patterns.csv").read_text(encoding="utf-8")
    return table(
        ("", "pattern", "observed", "band", "data", "fitted to"),
        (
            (
                row["id"], row["statistic"], row["observed"], f"{row['band_low']} to {row['band_high']}",
                f"{row['data']}; {row['source']}", row["fitted"],
            )
            for row in csv.DictReader(text.splitlines())
        ),
    )  # fmt: skip


def verbs() -> str:
    """Every verb with its summary."""
    return table(("verb", "what it does"), ((f"`desist {verb}`", what) for verb, what in SUMMARIES.items()))


TABLES: Mapping[str, Callable[..., str]] = {
    "state": states,
    "quantities": of_scenario,
    "effect": lambda: listed(EFFECT),
    "differences": differing,
    "grades": grades,
    "count": count,
    "patterns": patterns,
    "prices": prices,
    "tables": tables_of,
    "verbs": verbs,
}
"""The functions that write what a page can ask for, by the first word of its order."""


# Values as text ---------------------------------------------------------------------------------------------------


def value_text(value: Any) -> str:
    """A value of a quantity as it is read."""
    if isinstance(value, dict):
        return ", ".join(f"{key} {each:g}" for key, each in value.items()) or "-"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "-"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:,.6g}" if isinstance(value, (int, float)) else str(value)


def bounds_text(row: Quantity) -> str:
    """The bounds of a quantity as they are read."""
    if row.low is None and row.high is None:
        return "-"
    return f"{row.low:,.10g} to {row.high:,.10g}" if row.high is not None else f"from {row.low:,.10g}"


HEADINGS = ("parameter", "value", "unit", "allowed", "grade", "prior")
WIDEST = 46
"""Characters of the widest column."""


def in_columns(rows: Sequence[Quantity], *, with_effect: bool) -> str:
    """Quantities in columns, with meaning and source below each, and how many; ``with_effect`` adds its short axes."""
    cells = [HEADINGS]
    cells += [(row.key, value_text(row.value), row.unit, bounds_text(row), row.grade, row.prior) for row in rows]
    lines = aligned(cells, widest=WIDEST)
    text = [lines[0]]
    for line, row in zip(lines[1:], rows, strict=True):
        text += [line, f"    {row.what}. Source: {row.source}."]
    counts = ", ".join(f"{sum(row.grade == each for row in rows)} {each}" for each in GRADES)
    text += ["", f"{len(rows)} quantities: {counts}."]
    if with_effect:
        text += ["", "In calibrate and sensitivity these two decide the hazard ratios of the programme:"]
        for row in EFFECT:
            text += [f"{row.key}  {row.unit}  {bounds_text(row)}  {row.grade}  {row.prior}",
                     f"    {row.what}. Source: {row.source}."]  # fmt: skip
    return "\n".join(text)

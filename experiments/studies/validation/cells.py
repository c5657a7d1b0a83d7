"""The cells of a register extract, in either form, as releases, decisions and ends of follow-up; mistakes by row."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiments.studies.validation.dates import ALLOWED, NO_DAY, Days, days
from experiments.studies.validation.read import WORDS, ExtractSheet, Mistakes, require_columns
from simulation.history import SANCTIONS

NUMBER = re.compile(r"[1-9]\d{0,2}")


@dataclass(frozen=True, kw_only=True)
class ExtractCells:
    """The contents of a file. Rows are numbered from 0; people have codes from 0 in order of appearance."""

    releases: pd.DataFrame
    """code, release (day), row."""
    cases: pd.DataFrame
    """code, offence and decision (days, or nothing), sanction (fine, suspended, prison, or empty), offences."""
    ends: dict[str, pd.DataFrame]
    """followed and decided: by code, day and row."""
    groups: pd.Series
    """By code, the cell of the column of ``--by``."""
    names: dict[str, str]
    """Headings by meaning."""
    has_offences: bool
    """Whether the file has dates of offences."""


_Rows = tuple[pd.DataFrame, pd.DataFrame, dict[str, pd.DataFrame]]
"""Releases, cases and ends of ``ExtractCells``."""


@dataclass
class _Reader:
    """Columns of a sheet, read on demand; blank rows are left out."""

    table: ExtractSheet
    columns: Mapping[str, str]
    wrong: Mistakes

    def __post_init__(self) -> None:
        cells = list(self.table.columns.values())
        self.rows = np.array([k for k in range(self.table.rows) if any(column[k] for column in cells)], np.int64)

    def heading(self, meaning: str) -> str:
        return self.columns.get(meaning, meaning)

    def text(self, meaning: str) -> list[str]:
        if meaning not in self.columns:
            return [""] * len(self.rows)
        column = self.table.columns[self.columns[meaning]]
        return [column[k] for k in self.rows]

    def days(self, meaning: str) -> Days:
        cells = self.text(meaning)
        found, bad = days(cells)
        for k in np.flatnonzero(bad):
            self.add(k, meaning, cells[k], f"allowed is {ALLOWED}")
        return found

    def codes(self) -> npt.NDArray[np.int64]:
        """People as numbers in order of appearance; rows without a person are reported."""
        cells = self.text("person")
        for k, cell in enumerate(cells):
            if not cell:
                self.add(k, "person", "", "each row needs the person's number or name")
        return pd.factorize(np.array(cells, dtype=object))[0].astype(np.int64)

    def add(self, k: int | np.integer, meaning: str, value: str, allowed: str) -> None:
        self.wrong.add(int(self.rows[k]), self.heading(meaning), value, allowed)


def read_cells(
    table: ExtractSheet, columns: dict[str, str], codes: Mapping[str, str], by: str | None, wrong: Mistakes
) -> ExtractCells:
    """Take a sheet apart, in whichever form it is; mistakes are added to ``wrong``."""
    require_columns(table, columns, ["person"], "to tell people apart")
    reader = _Reader(table, columns, wrong)
    person = reader.codes()
    releases, cases, ends = (_events if "event" in columns else _decisions)(reader, person, codes)
    groups = pd.Series([""] * 0, dtype=object)
    if by is not None:
        groups = _agreed(np.array([table.columns[by][k] for k in reader.rows], dtype=object), by, reader, person)
    _require_releases(reader, person, releases)
    names = {name: reader.heading(name) for name in ("release", "followed", "decided")}
    return ExtractCells(releases=releases, cases=cases, ends=ends, groups=groups, names=names,
                        has_offences="offence" in columns)  # fmt: skip


def _require_releases(reader: _Reader, person: npt.NDArray[np.int64], releases: pd.DataFrame) -> None:
    """Report people without a release, unless theirs was given and could not be read, which is reported already."""
    events = "event" in reader.columns
    given = np.array([bool(cell) for cell in reader.text("date" if events else "release")])
    if events:
        given &= np.array([_event(cell) == "release" for cell in reader.text("event")])
    named = np.array([bool(cell) for cell in reader.text("person")])
    silent = ~pd.Series(person).isin(set(releases["code"]) | set(person[given])).to_numpy() & named
    for k in np.flatnonzero(silent & ~pd.Series(person).duplicated().to_numpy()):
        reader.add(k, "event" if events else "release", "", "this person has no release; one is needed")


def _agreed(
    texts: npt.NDArray[np.object_], heading: str, reader: _Reader, person: npt.NDArray[np.int64]
) -> pd.Series:  # fmt: skip
    """One text a person; rows that contradict an earlier one are reported."""
    cells = pd.Series(texts, index=person, dtype=object)[texts != ""]
    first = cells[~cells.index.duplicated()]
    expected = pd.Series(person).map(first)
    for k in np.flatnonzero((texts != "") & (texts != expected)):
        reader.add(k, heading, texts[k], f"an earlier row of the same person says [{expected[k]}]")
    return first


def _decisions(reader: _Reader, person: npt.NDArray[np.int64], codes: Mapping[str, str]) -> _Rows:
    """A row a decision, person and release beside it."""
    require_columns(reader.table, reader.columns, ["release", "decision", "sanction"],
                    "in a table with a row a decision")  # fmt: skip
    release, offence, decision = (reader.days(name) for name in ("release", "offence", "decision"))
    releases = pd.DataFrame({"code": person, "release": release, "row": reader.rows}).dropna()
    cases = _cases(reader, person, offence, decision, reader.text("sanction"), codes)
    key = ["code", "offence", "decision", "sanction", "offences"]
    # A join repeats a person's decisions beside each of several releases: they happened once.
    again = cases.assign(release=release).groupby([*key, "release"], dropna=False).cumcount()
    cases = cases.assign(again=again).drop_duplicates([*key, "again"])[key].reset_index(drop=True)
    empty = cases["offence"].isna() & cases["decision"].isna()
    ends = {name: _end(reader, person, name, reader.days(name)) for name in ("followed", "decided")}
    return releases, cases[~empty].reset_index(drop=True), ends


def _events(reader: _Reader, person: npt.NDArray[np.int64], codes: Mapping[str, str]) -> _Rows:
    """A row an event: its kind, its date; for a decision also the sanction and the date of the offence."""
    require_columns(reader.table, reader.columns, ["date"], "in a table with a row an event")
    cells = reader.text("event")
    kind = np.array([_event(cell) or "" for cell in cells])
    for k in np.flatnonzero(kind == ""):
        reader.add(k, "event", cells[k], f"allowed is {', '.join(WORDS['events'])}")
    when, dates = reader.days("date"), reader.text("date")
    for k in np.flatnonzero((kind != "") & np.array([not cell for cell in dates])):
        reader.add(k, "date", "", f"needed is {ALLOWED}")
    sanction, offence = kind == "sanction", reader.days("offence")
    words = [cell if yes else "" for cell, yes in zip(reader.text("sanction"), sanction, strict=True)]
    cases = _cases(
        reader, person, np.where(kind == "offence", when, np.where(sanction, offence, NO_DAY)),
        np.where(sanction, when, NO_DAY), words, codes, own_offences=kind == "offence",
    )  # fmt: skip
    releases = pd.DataFrame({"code": person, "release": when, "row": reader.rows})[kind == "release"].dropna()
    ends = {name: _end(reader, person, name, np.where(kind == name, when, NO_DAY)) for name in ("followed", "decided")}
    return releases, cases[(kind == "offence") | sanction].reset_index(drop=True), ends


def _cases(
    reader: _Reader, person: npt.NDArray[np.int64], offence: Days, decision: Days, sanction: list[str],
    codes: Mapping[str, str], own_offences: npt.NDArray[np.bool_] | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Offences and decisions, checked against each other.

    ``own_offences`` says which rows are offences where they have rows of their own; then decisions bring none. An
    acquittal brings none in any case.
    """
    words = {word: kind for kind, known in WORDS["sanctions"].items() for word in known}
    words |= {code.casefold(): kind for code, kind in codes.items()}
    kinds = [words.get(cell.casefold()) for cell in sanction]
    decided, dates = ~np.isnat(decision), reader.text("decision" if "decision" in reader.columns else "date")
    for row, cell in enumerate(sanction):
        if decided[row] and not cell:
            reader.add(row, "sanction", "", "a decision needs one; a word for acquittals is named with --not-counted")
        elif cell and kinds[row] is None:
            known = f"allowed is {', '.join(SANCTIONS)} (or in Danish)"
            reader.add(row, "sanction", cell, f"{known}; name other words with --fine, --suspended, --prison or "
                       "--not-counted")  # fmt: skip
        elif cell and not dates[row]:
            reader.add(row, "decision", "", "a sanction needs the date on which it was decided")
    guilty = np.array([bool(kind) for kind in kinds])
    if "offence" in reader.columns:
        blank = np.array([not cell for cell in reader.text("offence")])
        for k in np.flatnonzero(decided & guilty & np.isnat(offence) & blank):
            reader.add(k, "offence", "", "a decision needs the date of its offence")
    for k in np.flatnonzero(decided & ~np.isnat(offence) & (decision < offence)):
        reader.add(k, "decision" if "decision" in reader.columns else "date", str(decision[k]),
                   f"before its offence on {offence[k]}; allowed is that day or later")  # fmt: skip
    number = _numbers(reader, len(person))
    number[decided & ~guilty] = 0
    if own_offences is not None and own_offences.any():
        number[~own_offences] = 0
    return pd.DataFrame({"code": person, "offence": offence, "decision": decision,
                         "sanction": [kind or "" for kind in kinds], "offences": number})  # fmt: skip


def _numbers(reader: _Reader, rows: int) -> npt.NDArray[np.int64]:
    """How many offences each row stands for; one where the cell is blank."""
    number = np.ones(rows, np.int64)
    for k, cell in enumerate(reader.text("offences")):
        if cell and not NUMBER.fullmatch(cell):
            reader.add(k, "offences", cell, "allowed is a whole number from 1 to 999")
        elif cell:
            number[k] = int(cell)
    return number


def _end(reader: _Reader, person: npt.NDArray[np.int64], name: str, when: Days) -> pd.DataFrame:
    """By person the day until which something is known; rows that contradict an earlier one are reported."""
    table = pd.DataFrame({"code": person, "day": when, "row": reader.rows, "k": np.arange(len(person))})
    table = table[table["day"].notna()]
    first = table.drop_duplicates("code").set_index("code")
    other = table[table["day"].to_numpy() != first["day"].reindex(table["code"]).to_numpy()]
    for k, code, day in zip(other["k"], other["code"], other["day"], strict=True):
        reader.add(k, name if name in reader.columns else "date", str(day.date()),
                   f"an earlier row of the same person says {first.loc[code, 'day'].date()}")  # fmt: skip
    return first[["day", "row"]]


def _event(cell: str) -> str | None:
    """The event that a word stands for."""
    return next((event for event, known in WORDS["events"].items() if cell.casefold() in known), None)

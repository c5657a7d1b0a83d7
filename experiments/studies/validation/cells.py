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


Texts = npt.NDArray[np.object_]


@dataclass
class _Reader:
    """Columns of a sheet, read on demand; blank rows are left out."""

    table: ExtractSheet
    columns: Mapping[str, str]
    wrong: Mistakes

    def __post_init__(self) -> None:
        cells = list(self.table.columns.values())
        self.rows = np.array([k for k in range(self.table.rows) if any(column[k] for column in cells)], np.int64)
        named = self.text("person")
        self.refuse(named == "", "person", "each row needs the person's number or name")
        self.person = pd.factorize(named)[0].astype(np.int64)
        """People as numbers in order of appearance."""

    def heading(self, meaning: str) -> str:
        return self.columns.get(meaning, meaning)

    def text(self, meaning: str) -> Texts:
        if meaning not in self.columns:
            return np.full(len(self.rows), "", dtype=object)
        column = self.table.columns[self.columns[meaning]]
        return np.array([column[k] for k in self.rows], dtype=object)

    def days(self, meaning: str) -> Days:
        cells = self.text(meaning)
        found, bad = days(cells)
        self.refuse(bad, meaning, f"allowed is {ALLOWED}", cells)
        return found

    def refuse(self, where: npt.NDArray[np.bool_], meaning: str, allowed: str, cells: Texts | None = None) -> None:
        """Report the rows in which a cell cannot be used, with its value."""
        for k in np.flatnonzero(where):
            self.add(k, meaning, "" if cells is None else cells[k], allowed)

    def add(self, k: int | np.integer, meaning: str, value: str, allowed: str) -> None:
        self.wrong.add(int(self.rows[k]), self.heading(meaning), value, allowed)


def read_cells(
    table: ExtractSheet, columns: dict[str, str], codes: Mapping[str, str], by: str | None, wrong: Mistakes
) -> ExtractCells:
    """Take a sheet apart, in whichever form it is; mistakes are added to ``wrong``."""
    require_columns(table, columns, ["person"], "to tell people apart")
    reader = _Reader(table, columns, wrong)
    releases, cases, ends = (_events if "event" in columns else _decisions)(reader, codes)
    groups = pd.Series([""] * 0, dtype=object)
    if by is not None:
        groups = _agreed(np.array([table.columns[by][k] for k in reader.rows], dtype=object), by, reader)
    _require_releases(reader, releases)
    names = {name: reader.heading(name) for name in ("release", "followed", "decided")}
    return ExtractCells(releases=releases, cases=cases, ends=ends, groups=groups, names=names,
                        has_offences="offence" in columns)  # fmt: skip


def _require_releases(reader: _Reader, releases: pd.DataFrame) -> None:
    """Report people without a release, unless theirs was given and could not be read, which is reported already."""
    events = "event" in reader.columns
    given = reader.text("date" if events else "release") != ""
    if events:
        given &= np.array([_event(cell) == "release" for cell in reader.text("event")])
    person = pd.Series(reader.person)
    silent = ~person.isin(set(releases["code"]) | set(reader.person[given])) & ~person.duplicated()
    reader.refuse(silent.to_numpy() & (reader.text("person") != ""), "event" if events else "release",
                  "this person has no release; one is needed")  # fmt: skip


def _agreed(texts: Texts, heading: str, reader: _Reader) -> pd.Series:
    """One text a person; rows that contradict an earlier one are reported."""
    cells = pd.Series(texts, index=reader.person, dtype=object)[texts != ""]
    first: pd.Series = cells[~cells.index.duplicated()]
    expected = pd.Series(reader.person).map(first)
    for k in np.flatnonzero((texts != "") & (texts != expected)):
        reader.add(k, heading, texts[k], f"an earlier row of the same person says [{expected[k]}]")
    return first


def _decisions(reader: _Reader, codes: Mapping[str, str]) -> _Rows:
    """A row a decision, person and release beside it."""
    require_columns(reader.table, reader.columns, ["release", "decision", "sanction"],
                    "in a table with a row a decision")  # fmt: skip
    release, offence, decision = (reader.days(name) for name in ("release", "offence", "decision"))
    releases = pd.DataFrame({"code": reader.person, "release": release, "row": reader.rows}).dropna()
    cases = _cases(reader, offence, decision, reader.text("sanction"), codes)
    key = ["code", "offence", "decision", "sanction", "offences"]
    # A join repeats a person's decisions beside each of several releases: they happened once.
    again = cases.assign(release=release).groupby([*key, "release"], dropna=False).cumcount()
    cases = cases.assign(again=again).drop_duplicates([*key, "again"])[key].reset_index(drop=True)
    empty = cases["offence"].isna() & cases["decision"].isna()
    ends = {name: _end(reader, name, reader.days(name)) for name in ("followed", "decided")}
    return releases, cases[~empty].reset_index(drop=True), ends


def _events(reader: _Reader, codes: Mapping[str, str]) -> _Rows:
    """A row an event: its kind, its date; for a decision also the sanction and the date of the offence."""
    require_columns(reader.table, reader.columns, ["date"], "in a table with a row an event")
    cells = reader.text("event")
    kind = np.array([_event(cell) or "" for cell in cells])
    reader.refuse(kind == "", "event", f"allowed is {', '.join(WORDS['events'])}", cells)
    when = reader.days("date")
    reader.refuse((kind != "") & (reader.text("date") == ""), "date", f"needed is {ALLOWED}")
    sanction, offence = kind == "sanction", reader.days("offence")
    cases = _cases(
        reader, np.where(kind == "offence", when, np.where(sanction, offence, NO_DAY)),
        np.where(sanction, when, NO_DAY), np.where(sanction, reader.text("sanction"), ""), codes,
        own_offences=kind == "offence",
    )  # fmt: skip
    releases = pd.DataFrame({"code": reader.person, "release": when, "row": reader.rows})
    ends = {name: _end(reader, name, np.where(kind == name, when, NO_DAY)) for name in ("followed", "decided")}
    return (releases[kind == "release"].dropna(), cases[(kind == "offence") | sanction].reset_index(drop=True), ends)


def _cases(
    reader: _Reader, offence: Days, decision: Days, sanction: Texts, codes: Mapping[str, str],
    own_offences: npt.NDArray[np.bool_] | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Offences and decisions, checked against each other.

    ``own_offences`` marks the rows that are offences where they have rows of their own; then decisions bring none. An
    acquittal brings none in any case.
    """
    words = {word: kind for kind, known in WORDS["sanctions"].items() for word in known}
    words |= {code.casefold(): kind for code, kind in codes.items()}
    kinds = np.array([words.get(cell.casefold()) for cell in sanction], dtype=object)
    dated = "decision" if "decision" in reader.columns else "date"
    decided, given, unknown = ~np.isnat(decision), sanction != "", pd.isna(kinds)
    reader.refuse(decided & ~given, "sanction",
                  "a decision needs one; a word for acquittals is named with --not-counted")  # fmt: skip
    reader.refuse(given & unknown, "sanction", f"allowed is {', '.join(SANCTIONS)} (or in Danish); name other words "
                  "with --fine, --suspended, --prison or --not-counted", sanction)  # fmt: skip
    reader.refuse(given & ~unknown & (reader.text(dated) == ""), "decision",
                  "a sanction needs the date on which it was decided")  # fmt: skip
    guilty = np.array([bool(kind) for kind in kinds])
    if "offence" in reader.columns:
        reader.refuse(decided & guilty & np.isnat(offence) & (reader.text("offence") == ""), "offence",
                      "a decision needs the date of its offence")  # fmt: skip
    for k in np.flatnonzero(decided & ~np.isnat(offence) & (decision < offence)):
        reader.add(k, dated, str(decision[k]), f"before its offence on {offence[k]}; allowed is that day or later")
    cells = reader.text("offences")
    counted = np.array([NUMBER.fullmatch(cell) is not None for cell in cells], bool)
    reader.refuse((cells != "") & ~counted, "offences", "allowed is a whole number from 1 to 999", cells)
    number = np.where(counted, cells, 1).astype(np.int64)
    number[decided & ~guilty] = 0
    if own_offences is not None and own_offences.any():
        number[~own_offences] = 0
    return pd.DataFrame({"code": reader.person, "offence": offence, "decision": decision,
                         "sanction": [kind or "" for kind in kinds], "offences": number})  # fmt: skip


def _end(reader: _Reader, name: str, when: Days) -> pd.DataFrame:
    """By person the day until which something is known; rows that contradict an earlier one are reported."""
    table = pd.DataFrame({"code": reader.person, "day": when, "row": reader.rows, "k": np.arange(len(when))})
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

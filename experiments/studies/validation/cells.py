"""The cells of a register extract, in either form, as releases, decisions and ends of follow-up; mistakes by row."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiments.studies.validation.dates import ALLOWED, NO_DAY, Days, days, today
from experiments.studies.validation.read import WORDS, ExtractSheet, Mistakes, Texts, require_columns
from simulation.history import SANCTIONS

NUMBER = re.compile(r"[1-9]\d{0,2}")
ENDS = ("followed", "decided", "died", "entered")
"""Days of a person that are no decision: the last on which offences and decisions are known, death, and the first on
which offences are known."""
UNKNOWN = "?"
"""Stands for a word that no sanction has."""


@dataclass(frozen=True, kw_only=True)
class ExtractCells:
    """The contents of a file. Rows are numbered from 0; people have codes from 0 in order of appearance."""

    releases: pd.DataFrame
    """code, release (day), row."""
    cases: pd.DataFrame
    """code, offence and decision (days, or nothing), sanction (fine, suspended, prison, or empty), offences."""
    ends: dict[str, pd.DataFrame]
    """Days by release (``_agreed``): those of ``ENDS``."""
    groups: pd.DataFrame | None
    """The cell of the column of ``--by`` by release; None if it is not asked for."""
    repeated: int
    """Rows with an offence or a decision that repeat another row to the letter."""
    names: dict[str, str]
    """Headings by meaning."""
    has_offences: bool
    """Whether the file has dates of offences."""


_Rows = tuple[pd.DataFrame, pd.DataFrame, dict[str, pd.DataFrame], int]
"""Releases, cases, ends and repeated rows of ``ExtractCells``."""


@dataclass
class _Reader:
    """Columns of a sheet, read on demand; blank rows are left out."""

    table: ExtractSheet
    columns: Mapping[str, str]
    wrong: Mistakes
    drop_identical: bool = False
    release: Days = field(default_factory=lambda: np.array([], "datetime64[D]"))
    """The release beside each row, if there is one."""

    def __post_init__(self) -> None:
        filled = np.logical_or.reduce([column != "" for column in self.table.columns.values()])
        self.rows = np.flatnonzero(filled)
        codes = pd.DataFrame({name: pd.factorize(column[self.rows])[0] for name, column in self.table.columns.items()})
        self.repeats = codes.duplicated().to_numpy()
        """Whether a row is another one's to the letter."""
        if self.drop_identical:
            self.rows, self.repeats = self.rows[~self.repeats], self.repeats[~self.repeats]
        named = self.text("person")
        self.refuse(named == "", "person", "each row needs the person's number or name")
        self.person = pd.factorize(named)[0].astype(np.int64)
        """People as numbers in order of appearance."""

    def heading(self, meaning: str) -> str:
        return self.columns.get(meaning, meaning)

    def text(self, meaning: str) -> Texts:
        if meaning not in self.columns:
            return np.full(len(self.rows), "", dtype=object)
        return self.table.columns[self.columns[meaning]][self.rows]

    def days(self, meaning: str) -> Days:
        cells = self.text(meaning)
        found, bad = days(cells)
        self.refuse(bad, meaning, f"allowed is {ALLOWED}", cells)
        self.refuse(found > today(), meaning, f"later than today ({today()}), so nobody can know it", cells)
        return found

    def refuse(self, where: npt.NDArray[np.bool_], meaning: str, allowed: str, cells: Texts | None = None) -> None:
        """Report the rows in which a cell cannot be used, with its value."""
        for k in np.flatnonzero(where):
            self.add(k, meaning, "" if cells is None else cells[k], allowed)

    def add(self, k: int | np.integer, meaning: str, value: str, allowed: str) -> None:
        self.wrong.add(int(self.rows[k]), self.heading(meaning), value, allowed)


def read_cells(
    table: ExtractSheet, columns: dict[str, str], codes: Mapping[str, str], by: str | None, wrong: Mistakes,
    *, drop_identical: bool = False,
) -> ExtractCells:  # fmt: skip
    """Take a sheet apart, in whichever form it is; mistakes are added to ``wrong``."""
    require_columns(table, columns, ["person"], "to tell people apart")
    reader = _Reader(table, columns, wrong, drop_identical)
    releases, cases, ends, repeated = (_events if "event" in columns else _decisions)(reader, codes)
    groups = None
    if by is not None:
        texts, of = table.columns[by][reader.rows], reader.release
        if "event" in columns and (texts[~np.isnat(of)] != "").any():  # what is said of a release stands beside it
            texts = np.where(np.isnat(of), "", texts)
        groups = _agreed(reader, texts, texts != "", by)
    _require_releases(reader, releases)
    names = {name: reader.heading(name) for name in ("release", *ENDS)}
    return ExtractCells(releases=releases, cases=cases, ends=ends, groups=groups, names=names, repeated=repeated,
                        has_offences="offence" in columns)  # fmt: skip


def _require_releases(reader: _Reader, releases: pd.DataFrame) -> None:
    """Report people without a release, unless theirs was given and could not be read, which is reported already."""
    events = "event" in reader.columns
    given = reader.text("date" if events else "release") != ""
    if events:
        given &= _kinds(reader.text("event"), _event) == "release"
    person = reader.person
    known = np.isin(person, np.concatenate([releases["code"].to_numpy(), person[given]]))
    silent = ~known & ~pd.Series(person).duplicated().to_numpy()
    reader.refuse(silent & (reader.text("person") != ""), "event" if events else "release",
                  "this person has no release; one is needed")  # fmt: skip


def _agreed(reader: _Reader, values: Texts | Days, known: npt.NDArray[np.bool_], heading: str) -> pd.DataFrame:
    """One value for each release of a person, and one for those of which no row says it: code, release, value, row.

    Between releases it may change; rows that contradict an earlier one of the same release are reported.
    """
    keys = ["code", "release"]
    table = pd.DataFrame({"code": reader.person, "release": reader.release, "value": values, "row": reader.rows,
                          "k": np.arange(len(values))})[known]  # fmt: skip
    first = table.drop_duplicates(keys)
    both = table.merge(first, on=keys, suffixes=("", "_first"))
    for k, value, was in both.loc[both["value"] != both["value_first"], ["k", "value", "value_first"]].to_numpy():
        said = [str(each.date()) if isinstance(each, pd.Timestamp) else str(each) for each in (value, was)]
        reader.add(k, heading, said[0], f"an earlier row of the same person says [{said[1]}]")
    return first[[*keys, "value", "row"]]


def of_releases(said: pd.DataFrame, releases: pd.DataFrame) -> pd.DataFrame:
    """What ``_agreed`` found for each release (value, row); the person's first where a release has none of its own."""
    own = releases[["code", "release"]].merge(said, on=["code", "release"], how="left")[["value", "row"]]
    first = said.drop_duplicates("code").set_index("code")[["value", "row"]].reindex(releases["code"])
    return own.where(own["value"].notna(), first.reset_index(drop=True))


def _decisions(reader: _Reader, codes: Mapping[str, str]) -> _Rows:
    """A row a decision, person and release beside it."""
    require_columns(reader.table, reader.columns, ["release", "decision", "sanction"],
                    "in a table with a row a decision")  # fmt: skip
    release, offence, decision = (reader.days(name) for name in ("release", "offence", "decision"))
    reader.release = release
    releases = pd.DataFrame({"code": reader.person, "release": release, "row": reader.rows}).dropna()
    cases = _cases(reader, offence, decision, reader.text("sanction"), codes)
    key = ["code", "offence", "decision", "sanction", "offences"]
    # A join repeats a person's decisions beside each of several releases: they happened once.
    again = cases.assign(release=release).groupby([*key, "release"], dropna=False).cumcount()
    cases = cases.assign(again=again).drop_duplicates([*key, "again"])[key].reset_index(drop=True)
    empty = cases["offence"].isna() & cases["decision"].isna()
    ends = {name: _end(reader, name, reader.days(name)) for name in ENDS}
    repeated = int((reader.repeats & ~(np.isnat(offence) & np.isnat(decision))).sum())
    return releases, cases[~empty].reset_index(drop=True), ends, repeated


def _events(reader: _Reader, codes: Mapping[str, str]) -> _Rows:
    """A row an event: its kind, its date; for a decision also the sanction and the date of the offence."""
    require_columns(reader.table, reader.columns, ["date"], "in a table with a row an event")
    cells = reader.text("event")
    kind = _kinds(cells, _event)
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
    reader.release = np.full(len(when), NO_DAY)  # ends are a person's
    ends = {name: _end(reader, name, np.where(kind == name, when, NO_DAY)) for name in ENDS}
    reader.release = np.where(kind == "release", when, NO_DAY)
    counted = (kind == "offence") | sanction
    return (releases[kind == "release"].dropna(), cases[counted].reset_index(drop=True), ends,
            int((reader.repeats & counted).sum()))  # fmt: skip


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
    kinds = _kinds(sanction, lambda cell: words.get(cell.casefold(), UNKNOWN))
    dated = "decision" if "decision" in reader.columns else "date"
    decided, given, unknown = ~np.isnat(decision), sanction != "", kinds == UNKNOWN
    reader.refuse(decided & ~given, "sanction",
                  "a decision needs one; a word for acquittals is named with --not-counted")  # fmt: skip
    reader.refuse(given & unknown, "sanction", f"allowed is {', '.join(SANCTIONS)} (or in Danish); name other words "
                  "with --fine, --suspended, --prison or --not-counted", sanction)  # fmt: skip
    reader.refuse(given & ~unknown & (reader.text(dated) == ""), "decision",
                  "a sanction needs the date on which it was decided")  # fmt: skip
    guilty = ~unknown & (kinds != "")
    if "offence" in reader.columns:
        reader.refuse(decided & guilty & np.isnat(offence) & (reader.text("offence") == ""), "offence",
                      "a decision needs the date of its offence")  # fmt: skip
    for k in np.flatnonzero(decided & ~np.isnat(offence) & (decision < offence)):
        reader.add(k, dated, str(decision[k]), f"before its offence on {offence[k]}; allowed is that day or later")
    cells = reader.text("offences")
    number = _kinds(cells, lambda cell: int(cell) if NUMBER.fullmatch(cell) else 0 if cell else 1).astype(np.int64)
    reader.refuse(number == 0, "offences", "allowed is a whole number from 1 to 999", cells)
    number[decided & ~guilty] = 0
    if own_offences is not None and own_offences.any():
        number[~own_offences] = 0
    return pd.DataFrame({"code": reader.person, "offence": offence, "decision": decision,
                         "sanction": np.where(guilty, kinds, ""), "offences": number})  # fmt: skip


def _end(reader: _Reader, name: str, when: Days) -> pd.DataFrame:
    """The day of an end by release (``_agreed``)."""
    return _agreed(reader, when, ~np.isnat(when), name if name in reader.columns else "date")


def _kinds(cells: Texts, meaning: Callable[[str], Any]) -> Texts:
    """What each cell means, asked once for each text."""
    codes, texts = pd.factorize(cells)
    return np.array([meaning(text) for text in texts], dtype=object)[codes]


def _event(cell: str) -> str:
    """The event that a word stands for; nothing if none is known."""
    return next((event for event, known in WORDS["events"].items() if cell.casefold() in known), "")

"""A user's own register extract as a history, so that the project's own outcome functions count it.

Two forms are read. A *row a decision*: what a join of releases and decisions gives, the person and the release
repeated beside each decision; whoever has none has one row without one. A *row an event*: releases, offences,
decisions and ends of follow-up one below the other, as one gets by stacking tables. A table with one row a person
and a column for each decision is not read: its width depends on the data.

Nothing is sent anywhere, and nothing of a person is kept: ``Register`` numbers people from 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiments.studies.validation.cells import Cells, read_cells
from experiments.studies.validation.dates import NO_DAY, months_after
from experiments.studies.validation.read import Mistakes, meanings, sheet
from simulation.history import EVENTS, SANCTIONS, History
from simulation.outcomes import DEFINITIONS, FURTHER_YEAR
from simulation.parameter_sections import Definition
from simulation.parameters import ParameterError

Releases = Literal["first", "every"]
LONGEST = 12_000
"""Months after which nothing is told apart."""


@dataclass(frozen=True, kw_only=True)
class Form:
    """How a file is to be read: what the options say."""

    columns: Mapping[str, str] = field(default_factory=dict)
    """Headings by what they mean (``read.MEANINGS``), where a file has its own."""
    codes: Mapping[str, str] = field(default_factory=dict)
    """Own words for sanctions, with what each is: fine, suspended, prison, or empty for not counted."""
    until: date | None = None
    """Last day on which offences and decisions are known, for everybody of whom the file does not say it."""
    releases: Releases | None = None
    """Which releases of a person count, where there are several."""
    by: str | None = None
    """Heading of the column by which people are split."""


@dataclass(frozen=True, kw_only=True)
class Register:
    """A user's register in the form of a history."""

    people: pd.DataFrame
    """One row a release: replicate (0), person (from 0), group (text, if asked for), followed and decided (months)."""
    events: pd.DataFrame
    """Offences and sanctions as in a history; months of offences before the release are negative."""
    definitions: tuple[Definition, ...]
    """The definitions that the file has columns for."""
    notes: tuple[str, ...] = ()
    """What was left aside, in sentences."""

    def history(self, definition: Definition) -> History:
        """The history to which a definition is applied.

        Decisions for offences from before the release count in the sense of ``sentence``, which asks for the date of
        the decision only, and never in the sense of ``any`` and ``prison``.

        Raises ``ParameterError`` for a definition that the file has no columns for.
        """
        if definition not in self.definitions:
            raise ParameterError(
                f"definition is [{definition}], but the file has no dates of offences; allowed is "
                f"{', '.join(self.definitions)}"
            )
        events = self.events
        if definition != "sentence":
            old = np.where(events["event"] == "offence", events["month"], events["value"]) < 0
            events = events[~old]
        return History(people=self.people, events=events.reset_index(drop=True))


def observe(path: Path, form: Form | None = None) -> Register:
    """Read a file and make a history of it.

    Raises
    ------
    ParameterError
        One line a mistake: file, row (as a spreadsheet counts), column, value in brackets, what is allowed.
    """
    asked = Form() if form is None else form
    table = sheet(path)
    columns = meanings(table, asked.columns)
    if asked.by is not None and asked.by not in table.columns:
        meanings(table, {"by": asked.by})
    wrong = Mistakes(file=table.file, first=table.first)
    cells = read_cells(table, columns, asked.codes, asked.by, wrong)
    releases = _releases(cells, asked, wrong)
    ends = _ends(cells, releases, asked, table.file, wrong)
    wrong.tell()
    return _register(cells, releases, ends, asked)


def _releases(cells: Cells, form: Form, wrong: Mistakes) -> pd.DataFrame:
    """The releases that count: code (of the person), release (day), row (where it was first said)."""
    said = cells.releases
    first = said.sort_values(["code", "release", "row"]).drop_duplicates(["code", "release"])
    if form.releases == "every":
        return first.reset_index(drop=True)
    if form.releases is None:
        several = first[first.duplicated("code")]
        for row, when in zip(several["row"], several["release"], strict=True):
            wrong.add(row, cells.names["release"], str(when.date()),
                      "the same person has an earlier release; say --releases first or --releases every")  # fmt: skip
    return first.drop_duplicates("code").reset_index(drop=True)


def _ends(cells: Cells, releases: pd.DataFrame, form: Form, file: str, wrong: Mistakes) -> pd.DataFrame:
    """followed and decided (months) of each release, from the file's own columns or the day of the extract."""
    release = releases["release"].to_numpy().astype("datetime64[D]")
    until = NO_DAY if form.until is None else np.datetime64(form.until, "D")
    ends = {}
    for name in ("followed", "decided"):
        own = cells.ends[name].reindex(releases["code"])
        when = own["day"].to_numpy().astype("datetime64[D]")
        early = ~np.isnat(when) & (when < release - 1)
        for row, day, begun in zip(own["row"][early], when[early], release[early], strict=True):
            wrong.add(int(row), cells.names[name], str(day),
                      f"before the release on {begun}; allowed is that day or later")  # fmt: skip
        ends[name] = np.where(np.isnat(when), until, when)
    ends["decided"] = np.where(np.isnat(ends["decided"]), ends["followed"], ends["decided"])
    lacking = np.isnat(ends["followed"])
    if lacking.any():
        wrong.tell()
        raise ParameterError(
            f"{file} does not say until when {_of(lacking)} followed; name a column with --followed, or the last day "
            "of the extract with --until 2020-12-31"
        )
    whole = {name: months_after(release, day + 1) for name, day in ends.items()}
    return pd.DataFrame({name: np.clip(months, 0, LONGEST) for name, months in whole.items()})


def _of(lacking: npt.NDArray[np.bool_]) -> str:
    number = int(lacking.sum())
    return "people are" if lacking.all() else f"{number:,} {'person is' if number == 1 else 'people are'}"


def _register(cells: Cells, releases: pd.DataFrame, ends: pd.DataFrame, form: Form) -> Register:
    """People and events in months of their own."""
    count = len(releases)
    people = pd.DataFrame({"replicate": np.zeros(count, np.int32), "person": np.arange(count, dtype=np.int32)})
    if form.by is not None:
        people["group"] = cells.groups.reindex(releases["code"]).fillna("").replace("", "(blank)").to_numpy()
    people = people.assign(followed=ends["followed"].astype(np.int16), decided=ends["decided"].astype(np.int16))
    units = releases.assign(person=people["person"], decided=people["decided"].to_numpy())
    cases = units.merge(cells.cases, on="code")
    release = cases["release"].to_numpy().astype("datetime64[D]")
    offence = _months(release, cases["offence"])
    decision = _months(release, cases["decision"])
    dated = cases["decision"].notna().to_numpy()
    before, late = dated & (decision < 0), dated & (decision >= cases["decided"].to_numpy())
    happened = cases["offence"].notna().to_numpy() & ~before
    judged = dated & ~before & (cases["sanction"] != "").to_numpy()
    offences = pd.DataFrame({"person": cases["person"], "month": offence, "event": "offence", "detail": "",
                             "value": cases["offences"]})[happened & (cases["offences"] > 0).to_numpy()]  # fmt: skip
    sanctions = pd.DataFrame({"person": cases["person"], "month": decision, "event": "sanction",
                              "detail": cases["sanction"], "value": offence})[judged]  # fmt: skip
    events = pd.concat([offences, sanctions], ignore_index=True)
    events["event"] = pd.Categorical(events["event"], categories=list(EVENTS))
    events["detail"] = pd.Categorical(events["detail"], categories=["", *SANCTIONS])
    events.insert(0, "replicate", np.int32(0))
    events = events.sort_values(["person", "month", "event"], ignore_index=True)
    definitions: Sequence[Definition] = DEFINITIONS if cells.has_offences else ("sentence",)
    notes = _notes(int(before.sum()), int((judged & happened & (offence < 0)).sum()), int(late.sum()),
                   int((dated & (cases["sanction"] == "").to_numpy()).sum()), people)  # fmt: skip
    return Register(people=people, events=events, definitions=tuple(definitions), notes=notes)


def _months(release: npt.NDArray[np.datetime64], when: pd.Series) -> npt.NDArray[np.int64]:
    """Own months of days; 0 where there is no day."""
    day = when.to_numpy().astype("datetime64[D]")
    known = ~np.isnat(day)
    months = np.zeros(len(day), np.int64)
    months[known] = months_after(release[known], day[known])
    return np.clip(months, -LONGEST, LONGEST)


def _notes(before: int, old: int, late: int, uncounted: int, people: pd.DataFrame) -> tuple[str, ...]:
    """What was left aside; numbers below five are not told."""
    short = int((np.minimum(people["followed"], people["decided"] - FURTHER_YEAR) <= 0).sum())
    told = (
        (before, "decisions from before the release left aside (earlier convictions)"),
        (old, "decisions after the release for offences from before it: they count under sentence only"),
        (late, "decisions after the last day known: they decide nothing"),
        (uncounted, "decisions that are no sanction (not counted)"),
        (short, "people of whom no month can be judged under any and prison (followed or decided too short)"),
    )
    return tuple(f"{'fewer than 5' if number < 5 else f'{number:,}'} {what}" for number, what in told if number)

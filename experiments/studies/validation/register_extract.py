"""A user's own register extract as a history, so that the project's own outcome functions count it.

Two forms are read. A *row a decision*: what a join of releases and decisions gives, the person and the release
repeated beside each decision; a person without decisions has one row. A *row an event*: releases, offences,
decisions and ends of follow-up one below the other, as one gets by stacking tables. A table with one row a person
and a column for each decision is not read: its width depends on the data.

Nothing is sent anywhere, and nothing of a person is kept: ``RegisterExtract`` numbers people from 0.
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

from experiments.language.register import label_of
from experiments.studies.validation.cells import ENDS, ExtractCells, of_releases, read_cells
from experiments.studies.validation.dates import DAY, NO_DAY, months_after
from experiments.studies.validation.read import Mistakes, columns_by_meaning, read_sheet
from simulation.history import EVENTS, SANCTIONS, History
from simulation.outcomes import DEFINITIONS, FURTHER_YEAR
from simulation.parameter_sections import Definition
from simulation.parameters import ParameterError

Releases = Literal["first", "every"]
LONGEST = 12_000
"""Months are cut off here, on either side."""


@dataclass(frozen=True, kw_only=True)
class ExtractFormat:
    """How a file is to be read, by the options."""

    columns: Mapping[str, str] = field(default_factory=dict)
    """Headings by what they mean (``read.WORDS``), where a file has its own."""
    codes: Mapping[str, str] = field(default_factory=dict)
    """Own words for sanctions, with what each is: fine, suspended, prison, or empty for not counted."""
    until: date | None = None
    """Last day on which offences and decisions are known, for everybody of whom the file does not say it."""
    releases: Releases | None = None
    """Which releases of a person count, where there are several."""
    by: str | None = None
    """Heading of the column by which people are split."""
    drop_identical: bool = False
    """Whether rows that repeat another to the letter count once."""


@dataclass(frozen=True, kw_only=True)
class RegisterExtract:
    """A user's register in the form of a history."""

    people: pd.DataFrame
    """One row a release: replicate (0), person (from 0), group (text, if asked for), followed and decided (months), and
    died (whether death ended the follow-up, if it ended anybody's)."""
    events: pd.DataFrame
    """Offences and sanctions as in a history; months of offences before the release are negative."""
    definitions: tuple[Definition, ...]
    """The definitions that the file has columns for."""
    left_out: Mapping[str, int] = field(default_factory=dict)
    """How many decisions or people do not count, by reason, where there are any.

    before (decisions from before the release), old_offence (decisions after the release for offences from before it:
    they count under ``sentence`` only), late (decisions after the last day known), no_sanction (decisions that are no
    sanction), short (people without a month that can be judged under ``any`` and ``prison``), entered (releases whose
    offences are known only from a later day). Noted beside them: died (people whose follow-up ended by death) and
    repeated (rows that repeat another to the letter, and count).
    """

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


def read_extract(path: Path, form: ExtractFormat | None = None) -> RegisterExtract:
    """Read a file and make a history of it.

    ``ParameterError`` has a line for each mistake: file, row (as a spreadsheet counts), column, value, what is allowed.
    """
    form = ExtractFormat() if form is None else form
    table = read_sheet(path)
    columns = columns_by_meaning(table, form.columns)
    if form.by is not None and form.by not in table.columns:
        columns_by_meaning(table, {"by": form.by})
    wrong = Mistakes(file=table.file, first=table.first)
    cells = read_cells(table, columns, form.codes, form.by, wrong, drop_identical=form.drop_identical)
    releases = _releases(cells, form, wrong)
    ends = _ends(cells, releases, form, table.file, wrong)
    wrong.raise_if_any()
    return _register(cells, releases, ends)


def _releases(cells: ExtractCells, form: ExtractFormat, wrong: Mistakes) -> pd.DataFrame:
    """The releases that count: code (of the person), release (day), row (the first with it)."""
    first = cells.releases.sort_values(["code", "release", "row"]).drop_duplicates(["code", "release"])
    if form.releases == "every":
        return first.reset_index(drop=True)
    if form.releases is None:
        several = first[first.duplicated("code")]
        for row, when in zip(several["row"], several["release"], strict=True):
            wrong.add(row, cells.names["release"], str(when.date()),
                      "the same person has an earlier release; say --releases first or --releases every")  # fmt: skip
    return first.drop_duplicates("code").reset_index(drop=True)


def _ends(cells: ExtractCells, releases: pd.DataFrame, form: ExtractFormat, file: str, wrong: Mistakes) -> pd.DataFrame:
    """followed and decided (months), died and late of each release, from the file's columns or the day of the extract.

    died: whether death is what ended the follow-up. late: whether offences are known only from a day after the release.
    """
    release = releases["release"].to_numpy().astype("datetime64[D]")
    until = NO_DAY if form.until is None else np.datetime64(form.until, "D")
    ends = {}
    for name in ENDS:
        own = of_releases(cells.ends[name], releases)
        when = own["value"].to_numpy().astype("datetime64[D]")
        early = ~np.isnat(when) & (when < release - DAY) & (name != "entered")
        for row, day, begun in zip(own["row"][early], when[early], release[early], strict=True):
            wrong.add(int(row), cells.names[name], str(day),
                      f"before the release on {begun}; allowed is that day or later")  # fmt: skip
        ends[name] = np.where(np.isnat(when) & (name in ("followed", "decided")), until, when)
    died, entered = ends.pop("died"), ends.pop("entered")
    dead = ~np.isnat(died) & ~(died > ends["followed"])
    ends["followed"] = np.where(dead, died, ends["followed"])
    ends["decided"] = np.where(np.isnat(ends["decided"]), ends["followed"], ends["decided"])
    missing = np.isnat(ends["followed"])
    if missing.any():
        wrong.raise_if_any()
        number = int(missing.sum())
        of = "people are" if missing.all() else f"{number:,} {'person is' if number == 1 else 'people are'}"
        raise ParameterError(
            f"{file} does not say until when {of} followed; name a column with --followed, or the last day "
            "of the extract with --until 2020-12-31"
        )
    whole = {name: months_after(release, np.asarray(day + DAY, dtype="datetime64[D]")) for name, day in ends.items()}
    return pd.DataFrame({**{name: np.clip(months, 0, LONGEST) for name, months in whole.items()},
                         "died": dead, "late": entered > release})  # fmt: skip


def _register(cells: ExtractCells, releases: pd.DataFrame, ends: pd.DataFrame) -> RegisterExtract:
    """People and events in months of their own."""
    late_entry = ends["late"].to_numpy()
    releases, ends = (table[~late_entry].reset_index(drop=True) for table in (releases, ends))
    count = len(releases)
    people = pd.DataFrame({"replicate": np.zeros(count, np.int32), "person": np.arange(count, dtype=np.int32)})
    if cells.groups is not None:
        named = of_releases(cells.groups, releases)["value"].map(label_of, na_action="ignore")
        people["group"] = named.fillna("(blank)").to_numpy()
    people = people.assign(followed=ends["followed"].astype(np.int16), decided=ends["decided"].astype(np.int16))
    if ends["died"].any():
        people["died"] = ends["died"]
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
    left_out = {
        "before": before.sum(), "old_offence": (judged & happened & (offence < 0)).sum(), "late": late.sum(),
        "no_sanction": (dated & (cases["sanction"] == "").to_numpy()).sum(),
        "short": (np.minimum(people["followed"], people["decided"] - FURTHER_YEAR) <= 0).sum(),
        "entered": late_entry.sum(), "died": ends["died"].sum(), "repeated": cells.repeated,
    }  # fmt: skip
    return RegisterExtract(people=people, events=events, definitions=tuple(definitions),
                           left_out={reason: int(number) for reason, number in left_out.items() if number})  # fmt: skip


def _months(release: npt.NDArray[np.datetime64], when: pd.Series) -> npt.NDArray[np.int64]:
    """Own months of days; 0 where there is no day."""
    day = when.to_numpy().astype("datetime64[D]")
    known = ~np.isnat(day)
    months = np.zeros(len(day), np.int64)
    months[known] = months_after(release[known], day[known])
    return np.clip(months, -LONGEST, LONGEST)

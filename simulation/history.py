"""What happened in a run, and the only thing that outcomes may look at: people at arrival, and dated events.

A history from a register has the same two tables. Months are a person's own: month 0 is the first after release.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from simulation.compiled_parameters import calendar_months, months_before
from simulation.engine import SimulatedChunk, chunks, tell
from simulation.parameters import ParameterError
from simulation.parquet_file import notes_of, read_parquet
from simulation.rules import CAUGHT, LEFT, PLANNED, UNPLANNED
from simulation.scenario import Scenario
from simulation.state import EventBuffer, PeopleColumns

if TYPE_CHECKING:
    import pyarrow as pa

EVENTS = (
    "release", "custody out", "custody in", "match", "unmatched", "exit", "contact", "gain", "loss", "offence",
    "sanction",
)  # fmt: skip
"""Names of the events, in the order of their codes (``telling``) and within a month."""
SANCTIONS = ("fine", "suspended", "prison")
ENDS = {PLANNED: "planned", UNPLANNED: "unplanned", LEFT: "volunteers gone", CAUGHT: "custody"}
ARMS = ("control", "mentored")
ALL_DECISIONS = 10_000
"""Month until which decisions are known where none is missed."""
GROUPS = ("others", "highest risk")


@dataclass(frozen=True, kw_only=True, eq=False)
class History:
    """People and events of one or more replicates.

    Attributes
    ----------
    people
        One row a person: replicate, person, arm (control, mentored), treated (met a programme at least once),
        group (others, highest risk), age (years), woman, priors (earlier convictions), sentence (months), place,
        release (calendar month), motivation and propensity (standard deviations), score (predicted log hazard),
        one column ``has_<factor>`` (held at release), followed and decided (own months until which offences and
        decisions are known).
    events
        One row an event: replicate, person, month (own), event, detail (factor, programme or sanction), value
        (offences; months to serve; month of the offence of a sanction; how a match ended is in ``detail``).
    about
        What made it: scenario digest, seed, versions.
    """

    people: pd.DataFrame
    events: pd.DataFrame
    about: dict[str, Any] = field(default_factory=dict)

    def same_as(self, other: History) -> bool:
        """Whether both tables are equal in every value and type."""
        return self.people.equals(other.people) and self.events.equals(other.events)

    def write(self, folder: Path) -> tuple[Path, Path]:
        """Write ``people.parquet`` and ``events.parquet``, each with ``about`` in its metadata."""
        return self.write_people(folder / "people.parquet"), self.write_events(folder / "events.parquet")

    def write_people(self, path: Path) -> Path:
        """Write the people alone, with ``about`` in the file's metadata."""
        return self._write(self.people, path)

    def write_events(self, path: Path) -> Path:
        """Write the events alone, with ``about`` in the file's metadata."""
        return self._write(self.events, path)

    def _write(self, table: pd.DataFrame, path: Path) -> Path:
        import pyarrow.parquet as pq  # slow to import

        pq.write_table(self._as_arrow(table), path, compression="zstd")
        return path

    def as_arrow(self) -> tuple[pa.Table, pa.Table]:
        """People and events as Arrow tables, each with ``about`` in its metadata."""
        return self._as_arrow(self.people), self._as_arrow(self.events)

    def _as_arrow(self, table: pd.DataFrame) -> pa.Table:
        import pyarrow as pa  # slow to import

        arrow = pa.Table.from_pandas(table, preserve_index=False)
        notes = {**(arrow.schema.metadata or {}), b"desist": json.dumps(self.about, sort_keys=True).encode()}
        return arrow.replace_schema_metadata(notes)

    @classmethod
    def read(cls, folder: Path) -> History:
        """Read a history written by ``write``; raises ``ParameterError`` if a file is missing or damaged."""
        tables, notes = [], {}
        for name in ("people.parquet", "events.parquet"):
            arrow = read_parquet(folder / name, "file", "desist run writes it")
            notes = notes_of(arrow)
            tables.append(arrow.to_pandas())
        return cls(people=tables[0], events=tables[1], about=notes)


def simulate(scenario: Scenario, *, seed: int, replicates: int = 1, first: int = 0) -> History:
    """Simulate some replicates of a scenario and record every event.

    Parameters
    ----------
    scenario
        The scenario to simulate.
    seed
        Whole number from 0 to 2**64 - 1.
    replicates
        How many, each with its own chance.
    first
        Number of the first.

    Returns
    -------
    A history whose tables are sorted by replicate, person and month; equal scenarios and seeds give equal bytes.
    """
    if replicates < 1:
        raise ParameterError(f"replicates is [{replicates}]; at least 1 is needed")
    parts = list(batches(scenario, seed=seed, replicates=replicates, first=first))
    if len(parts) == 1:
        return parts[0]
    people = pd.concat([part.people for part in parts], ignore_index=True)
    events = pd.concat([part.events for part in parts], ignore_index=True)
    return History(people=people, events=events, about=parts[0].about)


def batches(scenario: Scenario, *, seed: int, replicates: int, first: int = 0) -> Iterator[History]:
    """What ``simulate`` gives, some replicates after the other; each part says in ``about`` what the whole is."""
    packages = ("desist", "numpy", "numba", "pandas")
    about = {
        "scenario": scenario.digest, "name": scenario.name, "seed": seed, "replicates": replicates, "first": first,
        "versions": {package: version(package) for package in packages},
    }  # fmt: skip
    for part in chunks(scenario, range(first, first + replicates)):
        cohort, told = tell(scenario, seed=seed, replicate=part.start, replicates=len(part))
        yield History(people=people_table(scenario, cohort), events=events_table(scenario, cohort, told), about=about)


def people_table(scenario: Scenario, cohort: SimulatedChunk) -> pd.DataFrame:
    """The people of a cohort as the table of a history."""
    people, lives = cohort.people, cohort.lives
    followed, decided = known_until(scenario, people)
    names = [place.name for place in scenario.selected_municipalities]
    return pd.DataFrame(
        {
            "replicate": people.replicate.astype(np.int32),
            "person": people.person.astype(np.int32),
            "arm": pd.Categorical.from_codes(mentored(scenario, people).astype(np.int8), pd.Index(ARMS)),
            "treated": lives.months_met.sum(axis=0) > 0,
            "group": pd.Categorical.from_codes(lives.highest.astype(np.int8), pd.Index(GROUPS)),
            "age": people.age,
            "woman": people.woman == 1,
            "priors": people.priors,
            "sentence": people.sentence,
            "place": pd.Categorical.from_codes(people.place, pd.Index(names)),
            "release": people.release - np.int16(months_before(scenario)),
            "motivation": people.motivation,
            "propensity": people.propensity,
            "score": lives.score,
            **{f"has_{name}": row == 0 for name, row in zip(scenario.factor, people.lacks, strict=True)},
            "followed": followed,
            "decided": decided,
        }
    )


def mentored(scenario: Scenario, people: PeopleColumns) -> npt.NDArray[np.bool_]:
    """Whether each person is in the mentored arm: offered the programmes, whatever came of it (array of N)."""
    if scenario.trial.assignment == "randomised":
        in_arm: npt.NDArray[np.bool_] = people.side == 1
        return in_arm
    return np.full(len(people.person), scenario.trial.assignment == "everyone")


def known_until(scenario: Scenario, people: PeopleColumns) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.int16]]:
    """Own months until which offences, and until which decisions, are known (two arrays of N).

    Decisions are known however late they come, unless the scenario's calendar stops before.
    """
    left = np.maximum(calendar_months(scenario) - people.release.astype(np.int64), 0)
    followed = np.minimum(scenario.people.follow_up_months, left)
    decided = left if scenario.people.calendar_months else np.full(len(left), ALL_DECISIONS)
    return followed.astype(np.int16), decided.astype(np.int16)


def events_table(scenario: Scenario, cohort: SimulatedChunk, told: EventBuffer) -> pd.DataFrame:
    """Events in their own words, sorted by replicate, person, month and kind."""
    labels, code = _details(scenario, told)
    rows: dict[str, npt.NDArray[Any]] = {
        "replicate": cohort.people.replicate[told.person].astype(np.int32),
        "person": cohort.people.person[told.person].astype(np.int32),
        "month": told.month,
    }
    ends = EVENTS.index("exit")
    value = np.where(told.kind == ends, 0, told.value).astype(np.int16)
    order = np.lexsort((value, code, told.kind, told.month, rows["person"], rows["replicate"]))
    followed, decided = known_until(scenario, cohort.people)
    seen = np.where(told.kind == EVENTS.index("sanction"), decided[told.person], followed[told.person])
    order = order[told.month[order] < seen[order]]
    table = pd.DataFrame({name: column[order] for name, column in rows.items()})
    table["event"] = pd.Categorical.from_codes(told.kind[order].astype(np.int8), pd.Index(EVENTS))
    table["detail"] = pd.Categorical.from_codes(code[order], pd.Index(labels))
    table["value"] = value[order]
    return table


def _details(scenario: Scenario, told: EventBuffer) -> tuple[list[str], npt.NDArray[np.int16]]:
    """What an event was about: programme and how it ended, factor, or sanction; as categories and their codes."""
    programmes = list(scenario.programme)
    endings = [f"{name}: {how}" for name in programmes for how in ENDS.values()]
    groups = [[""], programmes, endings, list(scenario.factor), list(SANCTIONS)]
    kinds = ("", "programme", "ending", "factor", "sanction")
    begin = dict(zip(kinds, np.cumsum([0, *map(len, groups)]), strict=False))
    code = np.zeros(len(told.kind), np.int16)
    about = {
        "match": "programme", "unmatched": "programme", "contact": "programme", "gain": "factor", "loss": "factor",
        "sanction": "sanction",
    }  # fmt: skip
    for name, group in about.items():
        which = told.kind == EVENTS.index(name)
        code[which] = told.detail[which] + begin[group]
    which = told.kind == EVENTS.index("exit")
    how = np.array([list(ENDS).index(code) if code in ENDS else 0 for code in range(max(ENDS) + 1)])
    code[which] = begin["ending"] + told.detail[which] * len(ENDS) + how[told.value[which]]
    return [label for group in groups for label in group], code

"""What ``desist run`` keeps of many replicates: their histories packed, and what outcomes are computed from.

Replicates come in batches. Of each batch the tables are packed into two Parquet files in memory (a twentieth of their
size), and only who reoffended when stays unpacked. So memory grows little with the number of replicates.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from simulation.history import History
from simulation.outcomes import DEFINITIONS, match_counts, matches_of, offence_counts, times
from simulation.parameter_sections import Definition

COLUMNS = ["arm", "group", "time", "known"]
"""Columns of ``simulation.outcomes.times`` that the tables of a run are computed from."""


class PackedHistory:
    """A history as the bytes of ``people.parquet`` and ``events.parquet``."""

    def __init__(self) -> None:
        self._files = (io.BytesIO(), io.BytesIO())
        self._writers: list[Any] = []

    def add(self, part: History) -> None:
        """Pack further replicates."""
        import pyarrow.parquet as pq  # slow to import

        tables = part.as_arrow()
        if not self._writers:
            self._writers = [pq.ParquetWriter(file, table.schema, compression="zstd")
                             for file, table in zip(self._files, tables, strict=True)]  # fmt: skip
        for writer, table in zip(self._writers, tables, strict=True):
            writer.write_table(table)

    def close(self) -> None:
        """Nothing more is added."""
        for writer in self._writers:
            writer.close()

    def write_people(self, path: Path) -> None:
        """Write the people, as ``History.write_people`` does."""
        path.write_bytes(self._files[0].getbuffer())

    def write_events(self, path: Path) -> None:
        """Write the events, as ``History.write_events`` does."""
        path.write_bytes(self._files[1].getbuffer())

    def unpacked(self) -> History:
        """The history itself."""
        with TemporaryDirectory(prefix="desist-run-") as place:
            self.write_people(Path(place) / "people.parquet")
            self.write_events(Path(place) / "events.parquet")
            return History.read(Path(place))


class RecordedRuns:
    """Batches of replicates, and the tables of all of them together."""

    def __init__(self, batches: Iterable[History], *, window: int) -> None:
        self.history = PackedHistory()
        seen: dict[Definition, list[pd.DataFrame]] = {name: [] for name in DEFINITIONS}
        counts, found = [], []
        for part in batches:
            self.history.add(part)
            for name in DEFINITIONS:
                seen[name].append(times(part, name)[COLUMNS])
            counts.append(offence_counts(part, window=window))
            found.append(match_counts(part))
        self.history.close()
        self.times = {name: pd.concat(parts, ignore_index=True) for name, parts in seen.items()}
        """Who reoffended when, by definition."""
        self.offences = _offences(counts)
        self.matches = matches_of(pd.concat(found).groupby(level=[0, 1], sort=False).sum())


def _offences(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """``offence_counts`` of all batches together."""
    people = pd.concat([part["people"] for part in parts], axis=1).sum(axis=1)
    return parts[0].assign(people=people, share=people / max(1, people.sum()))

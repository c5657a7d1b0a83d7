"""How long each headline study takes: ``results/times.csv``, the only file there that time and machine decide."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from experiments.execution.environment import RESULTS
from experiments.execution.store import Contents
from experiments.reproduction.headline_studies import HeadlineStudy, Ran

TIMES = RESULTS / "times.csv"
COLUMNS = ("study", "seconds", "processor_seconds", "cores", "machine")


@dataclass
class Clock:
    """Which times may be written down: those of studies that found nothing in the store from before.

    What an earlier study of the same round left there does not count: in a round from the start it is there as well.
    """

    store: Path
    before: set[str] = field(default_factory=set)
    """Addresses of the pieces that were there when the round began."""
    seen: dict[str, float] = field(default_factory=dict)
    """When the store's studies had last been started."""

    @classmethod
    def started(cls, store: Path) -> Clock:
        """A clock for a round that begins now."""
        found = Contents.of(store)
        return cls(store=store, before=set(found.pieces), seen={each.digest: each.started for each in found.studies})

    def fresh(self) -> bool:
        """Whether no study that was started since the last question is made of pieces from before the round."""
        found = Contents.of(self.store)
        started = [each for each in found.studies if self.seen.get(each.digest) != each.started]
        self.seen = {each.digest: each.started for each in found.studies}
        return not any(address in self.before for each in started for address in each.addresses)


def read_times(home: Path) -> pd.DataFrame:
    """The times that were written down, ``COLUMNS``; no rows if there are none."""
    path = home / TIMES
    if not path.is_file():
        return pd.DataFrame(columns=list(COLUMNS))
    return pd.read_csv(path, keep_default_na=False, na_values=[""])


def write_times(home: Path, ran: Sequence[Ran], studies: Sequence[HeadlineStudy]) -> None:
    """Write down the times of some runs; those of the other studies stay, those of no study go."""
    old, machine = read_times(home).set_index("study"), f"{platform.system()} {platform.machine()}"
    new = pd.DataFrame(
        [{"study": each.study.name, "seconds": round(each.seconds), "processor_seconds": round(each.processor_seconds),
          "cores": os.cpu_count() or 1, "machine": machine} for each in ran],
        columns=list(COLUMNS),
    ).set_index("study")  # fmt: skip
    names = [study.name for study in studies]
    rows = [(new if name in new.index else old).loc[[name]] for name in names if name in new.index or name in old.index]
    table = pd.concat(rows).reset_index() if rows else new.reset_index()
    (home / TIMES).parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(home / TIMES, index=False, lineterminator="\n")


def format_seconds(seconds: float) -> str:
    """A time as text, to two digits or so.

    >>> format_seconds(7.4), format_seconds(95), format_seconds(5000)
    ('7 s', '1 min 35 s', '1 h 23 min')
    """
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"

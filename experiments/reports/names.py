"""What quantities are called in reports, where each comes from, and the sources behind the tags."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from experiments.inputs.evidence import PRICE, ModelInputs
from experiments.language.quantities import entry
from experiments.language.quantities import name_of as plain_name
from experiments.reports.catalogue import FOLDER, ReportMessages
from simulation.parameters import Quantity

TAG = re.compile(r"\[(S\d+)\]")


@cache
def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


def name_of(key: str, row: Quantity | None, w: ReportMessages) -> str:
    """A quantity's name in plain words; what it is declared to be, where no name is written."""
    return plain_name(key, row.what if row is not None else key, w.language)


def short_name(key: str, row: Quantity | None, w: ReportMessages) -> str:
    """The name without what stands in brackets."""
    return name_of(key, row, w).partition(" (")[0]


def source_of(key: str, row: Quantity | None, w: ReportMessages) -> str:
    """Where a quantity comes from; in Danish by its tags, where nothing more is written."""
    if row is None:
        return w("grades.nothing_found")
    found = entry(key)
    if w.language == "en":
        return found["source_en"] if found is not None and "source_en" in found else row.source
    if found is not None and "source" in found:
        return found["source"]
    tags = TAG.findall(row.source)
    if tags:
        return w("grades.rests_on", tags=" ".join(f"[{tag}]" for tag in dict.fromkeys(tags)))
    fitted = "fitted" in row.source
    return w("grades.fitted" if fitted else f"grades.no_source_{row.grade}")


def sources(texts: Iterable[str]) -> list[tuple[str, str, str]]:
    """Tag, title and address of every source that is named in some texts."""
    tags = {tag for text in texts for tag in TAG.findall(text)}
    known = _read("sources")
    return [(tag, known[tag]["title"], known[tag]["address"]) for tag in sorted(tags, key=lambda tag: int(tag[1:]))
            if tag in known]  # fmt: skip


def valued(key: str, value: float, row: Quantity | None, w: ReportMessages) -> str:
    """A value of a quantity as people write it."""
    if row is not None and row.unit == "share 0-1":
        return w.percent(value)
    if key.startswith(PRICE) and row is not None and "DKK" in row.unit:
        return w.kroner(value)
    return w.number(value, 2 if abs(value) < 1 else None)


def believed(key: str, values: pd.Series, inputs: ModelInputs, w: ReportMessages) -> str:
    """The middle 95 % of the draws of a quantity; the shares of its kinds, where it is a text."""
    row = inputs.rows.get(key)
    if not pd.api.types.is_numeric_dtype(values):
        shares = values.value_counts(normalize=True)
        return ", ".join(f"{kind_of(str(kind), w)} {w.percent(float(share))}" for kind, share in shares.items())
    low, high = (float(end) for end in np.quantile(values.astype(float), (0.025, 0.975)))
    return w.to(valued(key, low, row, w), valued(key, high, row, w))


def kind_of(kind: str, w: ReportMessages) -> str:
    """A definition of reoffending in plain words; any other text as it is."""
    return w(f"definitions.{kind}") if w.has(f"definitions.{kind}") else kind

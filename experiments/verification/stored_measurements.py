"""What a full run measured and wrote down: the planted faults and the left-out patterns, for who has not the time.

``desist falsify`` writes ``faults.csv``, ``left_out.csv`` and ``measured.json`` into its folder; those under version
control lie in ``results/falsify``. The quick run prints them, and says whether the code has changed since.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from simulation.outcomes import wilson

HERE = Path(__file__).resolve().parents[2]
SHIPPED = HERE / "results" / "falsify"
LEAST_NOTICED = 0.90
"""Share of the planted faults that must be noticed."""
NOT_OF_THE_LAWS = ("patterns", "left_out_patterns", "stored_measurements", "tasks", "controls")
"""Files of the attacks that have no say in whether a planted fault is noticed."""


def code_of_faults() -> str:
    """Digest of the model, and of the laws and closed forms that attack it."""
    attackers = Path(__file__).parent.glob("*.py")
    return _digest([*_model(), *(each for each in attackers if each.stem not in NOT_OF_THE_LAWS)])


def code_of_left_out() -> str:
    """Digest of the model, and of what predicts left-out patterns."""
    names = (
        "verification/left_out_patterns.py", "studies/calibration/register_fit.py", "statistics/response_surface.py",
        "studies/validation/baseline.py", "inputs/parameter_points.py", "inputs/data/baseline_targets.csv",
    )  # fmt: skip
    return _digest([*_model(), *(HERE / "experiments" / name for name in names)])


def _model() -> list[Path]:
    return [*(HERE / "simulation").glob("*.py"), *(HERE / "simulation" / "data").iterdir()]


def _digest(files: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(files, key=lambda path: path.parts[-2:]):
        digest.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


@dataclass(frozen=True, kw_only=True)
class Faults:
    """What became of planted faults."""

    table: pd.DataFrame
    """One row a fault: number, file, line, kind, before, after, outcome, noticed, how, words, seconds."""
    code: str
    """Digest of the code they were planted in, and of the laws."""
    seed: int

    @property
    def counted(self) -> pd.DataFrame:
        """The faults that count: noticed or missed."""
        return self.table[self.table["outcome"].isin(["noticed", "missed"])]

    @property
    def share(self) -> tuple[float, float, float]:
        """Share noticed of those that count, with 95 % (Wilson)."""
        hits, number = int((self.counted["outcome"] == "noticed").sum()), len(self.counted)
        low, high = wilson(hits, number)
        return hits / max(1, number), float(low), float(high)

    @property
    def least(self) -> float:
        """Share noticed if every fault without a difference were a miss."""
        run = self.table[self.table["outcome"] != "does not run"]
        return float((run["outcome"] == "noticed").sum() / max(1, len(run)))

    @property
    def missed(self) -> pd.DataFrame:
        """The survivors."""
        return self.table[self.table["outcome"] == "missed"]

    @property
    def enough(self) -> bool:
        """Whether at least ``LEAST_NOTICED`` of them were noticed."""
        return self.share[0] >= LEAST_NOTICED

    @property
    def changed(self) -> bool:
        """Whether the model or the laws have changed since."""
        return self.code != code_of_faults()

    def by_file(self) -> pd.DataFrame:
        """One row a file: planted, noticed, missed, no difference, does not run."""
        counts = pd.crosstab(self.table["file"], self.table["outcome"])
        counts = counts.reindex(columns=["noticed", "missed", "no difference", "does not run"], fill_value=0)
        return counts.assign(planted=counts.sum(axis=1)).reset_index()


def read_faults(folder: Path = SHIPPED) -> Faults | None:
    """The faults that a full run wrote into a folder; None if there are none."""
    about = _about(folder)
    if "faults" not in about or not (folder / "faults.csv").is_file():
        return None
    table = pd.read_csv(folder / "faults.csv", keep_default_na=False, dtype={"number": str})
    return Faults(table=table, code=about["faults"]["code"], seed=about["faults"]["seed"])


def read_left_out(folder: Path = SHIPPED) -> tuple[pd.DataFrame, bool] | None:
    """The left-out patterns that a full run wrote into a folder, and whether the code has changed since."""
    about = _about(folder)
    if "left_out" not in about or not (folder / "left_out.csv").is_file():
        return None
    table = pd.read_csv(folder / "left_out.csv", keep_default_na=False)
    return table, about["left_out"]["code"] != code_of_left_out()


def _about(folder: Path) -> dict[str, Any]:
    path = folder / "measured.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}

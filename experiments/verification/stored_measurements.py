"""What takes long to measure, as it was measured before: planted faults and left-out patterns.

``desist check-model`` writes ``faults.csv``, ``left_out.csv`` and, in ``facts.json``, what they were measured on; the
results under version control lie in ``results/check-model``. A run that does not measure them anew shows these, and
says whether the code has changed since.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from simulation.outcomes import wilson

HERE = Path(__file__).resolve().parents[2]
Part = Literal["left_out", "faults"]
STORED = HERE / "results" / "check-model"
LEAST_NOTICED = 0.90
"""Share of the planted faults that must be noticed."""
OTHERS = ("patterns", "left_out_patterns", "stored_measurements", "controls", "check_model", "check_model_study")
"""Files of this package that do not decide whether a planted fault is noticed."""
OUTCOMES = ("noticed", "missed", "no difference", "does not run")
"""What becomes of planted faults; the first two count."""


PREDICTING = (
    "verification/left_out_patterns.py", "studies/calibration/register_fit.py", "statistics/response_surface.py",
    "studies/validation/baseline.py", "inputs/parameter_points.py", "inputs/data/baseline_targets.csv",
)  # fmt: skip
"""Files that predict left-out patterns."""


def code_of(part: Part) -> str:
    """Digest of the model and of its invariants and analytical checks, or of what predicts left-out patterns."""
    files = [*(HERE / "simulation").glob("*.py"), *(HERE / "simulation" / "data").iterdir()]
    if part == "faults":
        own = [*Path(__file__).parent.glob("*.py"), *Path(__file__).parent.glob("*.toml")]
        files += [each for each in own if each.stem not in OTHERS]
    else:
        files += [HERE / "experiments" / name for name in PREDICTING]
    digest = hashlib.sha256()
    for path in sorted(files, key=lambda path: path.parts[-2:]):
        digest.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """A table that takes long to measure, and what it was measured on."""

    table: pd.DataFrame
    code: str
    """Digest of the code."""
    seed: int
    changed: bool = False
    """Whether the code has changed since."""


def stored(part: Part, folder: Path | None = None) -> Measurement | None:
    """A measurement as it was written into a folder (default: ``STORED``); None if there is none."""
    folder = folder or STORED
    facts, table = folder / "facts.json", folder / f"{part}.csv"
    about: dict[str, Any] = json.loads(facts.read_text(encoding="utf-8")) if facts.is_file() else {}
    measured = about.get("measured", {}).get(part)
    if measured is None or not table.is_file():
        return None
    columns = {"number": str} if part == "faults" else None
    return Measurement(table=pd.read_csv(table, keep_default_na=False, dtype=columns), code=measured["code"],
                       seed=measured["seed"], changed=measured["code"] != code_of(part))  # fmt: skip


# What planted faults came to ------------------------------------------------------------------------------------


def fault_summary(faults: pd.DataFrame) -> dict[str, Any]:
    """Planted faults in numbers: how many count and were noticed, and their share with its 95 % interval (Wilson).

    ``least`` is the share if every fault without a difference were missed, ``enough`` whether at least
    ``LEAST_NOTICED`` were noticed; ``outcomes`` and ``how`` are counts.
    """
    outcomes = faults["outcome"].value_counts()
    number = {name: int(outcomes.get(name, 0)) for name in OUTCOMES}
    total = number["noticed"] + number["missed"]
    low, high = wilson(number["noticed"], total)
    share = number["noticed"] / max(1, total)
    runs = total + number["no difference"]
    how = faults.loc[faults["outcome"] == "noticed", "how"].value_counts()
    return {
        "planted": len(faults), "files": int(faults["file"].nunique()), "counted": total, "noticed": number["noticed"],
        "share": share, "low": float(low), "high": float(high), "least": number["noticed"] / max(1, runs),
        "enough": share >= LEAST_NOTICED, "outcomes": number, "how": {str(name): int(n) for name, n in how.items()},
    }  # fmt: skip

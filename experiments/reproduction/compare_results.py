"""Are the results that are kept those that the code gives now?"""

from __future__ import annotations

from pathlib import Path

from experiments.provenance.receipts import compare
from experiments.reproduction.headline_studies import HeadlineStudy, keeps
from simulation.parameters import ParameterError


def differences(study: HeadlineStudy, old: Path, new: Path) -> tuple[int, list[str]]:
    """What differs between a study's results in two homes, a line a file, and how many files were compared.

    Parameters
    ----------
    study
        Which.
    old, new
        Homes: folders that hold ``results/``. Nothing in them is changed. What is not kept in the old one is compared
        by the digest in its manifest (``receipts.compare``).
    """
    here = old / study.folder
    try:
        table = compare(here, new / study.folder)
    except ParameterError as problem:
        return 0, [str(problem)]
    apart = table[~table["equal"].astype(bool)]
    lines = [f"{row['file']}: {row['words']}" for row in apart.to_dict("records")]
    lost = [name for name in table["file"] if keeps(study, name) and not (here / name).is_file()]
    return len(table), [*lines, *(f"{name}: should be kept, and is not there" for name in lost)]

"""Where a result goes: a finished folder is replaced by the same study of the same inputs, and by nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from experiments.provenance.csv_tables import csv_of
from experiments.provenance.receipts import MANIFEST, bare, inputs_of, manifest_of, page_receipt
from experiments.provenance.stamps import digest
from experiments.studies.catalogue import parse_study
from experiments.studies.study import DRAWS, ParameterDraws, Study, plain
from simulation.parameters import ParameterError
from simulation.scenario import fingerprint

SHORT = 6
"""Hexadecimal digits that the name of a folder beside another gets."""


def place_for(wanted: Path, study: Study) -> Path:
    """The folder itself, or one beside it with a short digest in its name, if the folder holds something else.

    Something else is a result of another study, or of the same study with other options, another seed or other
    contents of the files that it reads. A folder without a manifest is no finished result. A folder whose name differs
    in capitals alone is the same folder on Windows and macOS, and counts as something else everywhere.
    """
    twins = [each for each in _beside(wanted) if each.name != wanted.name
             and each.name.casefold() == wanted.name.casefold()]  # fmt: skip
    if not twins and not (wanted / MANIFEST).is_file():
        return wanted
    own = _identity(study, {str(path): digest(path.read_bytes()) for path in study.inputs()})
    same = not twins and own == _identity_in(wanted)
    return wanted if same else wanted.with_name(f"{wanted.name}-{own[:SHORT]}")


def _beside(folder: Path) -> list[Path]:
    """What lies in the same place."""
    return [*folder.parent.iterdir()] if folder.parent.is_dir() else []


def page_place_for(wanted: Path, command: str) -> Path:
    """The same for a page of ``desist report`` and the command that makes it."""
    if not wanted.is_file():
        return wanted
    own = {"command": bare(command), "inputs": inputs_of(command)}
    try:
        was = page_receipt(wanted.read_text(encoding="utf-8"))
    except (ParameterError, OSError, UnicodeDecodeError):
        was = {}
    same = own == {"command": bare(str(was.get("command"))), "inputs": was.get("inputs")}
    return wanted if same else wanted.with_name(f"{wanted.stem}-{fingerprint(own)[:SHORT]}{wanted.suffix}")


def _identity_in(folder: Path) -> str:
    """The identity of the study that a folder holds; nothing if that cannot be known."""
    try:
        manifest = manifest_of(folder)
        return _identity(parse_study(str(manifest.get("study")), draws=folder / DRAWS), manifest.get("inputs") or {})
    except ParameterError:
        return ""


def _identity(study: Study, inputs: Mapping[str, str]) -> str:
    """A digest of everything that decides a study's result but the code: a file counts by what is in it."""

    def known(value: Any) -> Any:
        if isinstance(value, ParameterDraws):
            return digest(csv_of(value.table).encode())
        named = inputs.get(str(Path(value))) if isinstance(value, (str, Path)) else None  # ./mine.toml is mine.toml
        return named or plain(value)

    values = {name: [known(each) for each in value] if isinstance(value, tuple) else known(value)
              for name, value in study}  # fmt: skip
    return fingerprint({"study": study.verb, **values, "inputs": sorted(inputs.values())})

"""Where results go: one folder a study, tables and figures beside a manifest that says what made them."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulation.parameters import ParameterError

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from simulation.scenario import Scenario

RESULTS = Path("results")
PACKAGES = ("desist", "emcee", "mesa", "numba", "numpy", "pandas", "scipy", "pyarrow", "matplotlib", "seaborn")


class Folder:
    """A study's folder, checked to be writable before any work is done."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.mkdir(parents=True, exist_ok=True)
            probe = path / ".writable"
            probe.touch()
            probe.unlink()
        except OSError as problem:
            raise ParameterError(
                f"--out is [{path}], which cannot be written ({problem.strerror}); name another folder"
            ) from None

    def table(self, name: str, table: pd.DataFrame) -> Path:
        """Write a table as ``name.csv``; numbers with up to ten digits."""
        return self.text(f"{name}.csv", table.to_csv(index=False, float_format="%.10g", lineterminator="\n"))

    def text(self, name: str, text: str) -> Path:
        """Write a text whole or not at all."""
        path, part = self.path / name, self.path / f".{name}.part"
        part.write_text(text, encoding="utf-8")
        os.replace(part, path)
        return path

    def figure(self, name: str, figure: Figure) -> Path:
        """Write a figure as ``name.png`` and ``name.svg``."""
        path = self.path / f"{name}.png"
        figure.savefig(path, dpi=150, metadata={"Software": None})
        figure.savefig(path.with_suffix(".svg"), metadata={"Date": None, "Creator": None})
        return path

    def manifest(self, scenario: Scenario, *, seed: int, command: str, **more: Any) -> Path:
        """Write ``manifest.json`` and the full ``scenario.toml``: what made the results, and how to make them again."""
        self.text("scenario.toml", scenario.to_toml())
        made = {
            "command": command, "scenario": scenario.name, "digest": scenario.digest, "seed": seed, **more,
            "versions": versions(),
        }  # fmt: skip
        return self.text("manifest.json", json.dumps(made, indent=2, ensure_ascii=False) + "\n")


def digest_of(path: Path) -> str:
    """First 16 hexadecimal digits of a file's SHA-256: what a manifest says of a file that was read."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that results may depend on."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def spelled(table: pd.DataFrame, forms: Mapping[str, str] | None = None) -> str:
    """A table as text for people: percentages where ``forms`` says '%', numbers in the given format otherwise."""
    shown = table.copy()
    for name, form in (forms or {}).items():
        if form == "%":
            shown[name] = [percent(value) for value in table[name]]
        else:
            shown[name] = [format(value, form) for value in table[name]]
    return str(shown.to_string(index=False))


def percent(share: float) -> str:
    """A share as a percentage with one decimal; a dash where it is not known."""
    return "-" if share != share else f"{100 * share:.1f} %"

"""Where results lie, and which versions of Python and of packages they may depend on."""

from __future__ import annotations

import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

RESULTS = Path("results")
PACKAGES = ("desist", "emcee", "mesa", "numba", "numpy", "pandas", "scipy", "pyarrow", "matplotlib", "seaborn")


@cache
def versions() -> dict[str, str]:
    """Versions of Python and of the packages that results may depend on."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found

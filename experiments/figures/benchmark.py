"""Figures of the benchmark: none, since seconds of one machine are read as numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from experiments.language.messages import Messages


def figures(
    facts: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], m: Messages  # noqa: ARG001  as every study's
) -> dict[str, Callable[[], Figure]]:  # fmt: skip
    """The study's figures by name."""
    return {}

"""``desist baseline`` has no figure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from experiments.language.messages import Messages


def figures(
    facts: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], m: Messages  # noqa: ARG001
) -> dict[str, Callable[[], Figure]]:  # fmt: skip
    """None."""
    return {}

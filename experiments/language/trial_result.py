"""What several studies say about the result that the trial reported."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from experiments.inputs.trial_result import CONTROL_PERCENT, MENTORED_PERCENT, REGION_67, REGION_95
from experiments.language.messages import Messages

FEW = 4
"""Sizes that are named one by one, before the largest."""
PAIR = {"mentored": f"{MENTORED_PERCENT} %", "control": f"{CONTROL_PERCENT} %"}


def sizes_note(sizes: Mapping[str, Any], m: Messages) -> str:
    """The note on group sizes that goes with every comparison; ``sizes`` is ``trial_result.group_sizes``."""
    mentored, control = (f"{', '.join(map(str, sizes[arm][:FEW]))} ... {sizes[arm][-1]}"
                         for arm in ("mentored", "control"))  # fmt: skip
    return m("trial_result.sizes", mentored_percent=PAIR["mentored"], control_percent=PAIR["control"],
             pairs=m.number(sizes["pairs"]), people=m.number(sizes["people"]), mentored=mentored,
             control=control)  # fmt: skip


def region(likelihood: float) -> str:
    """Which likelihood region a relative likelihood lies in: ``inside_67``, ``inside_95`` or ``outside``."""
    return "inside_67" if likelihood >= REGION_67 else "inside_95" if likelihood >= REGION_95 else "outside"

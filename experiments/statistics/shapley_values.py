"""Shapley values: how what players reach together is divided among them.

A player's value is the mean, over all orders in which the players could join, of what it adds (L. S. Shapley, "A value
for n-person games", 1953). The values add up to what all reach less what nobody reaches, and a player that changes
nothing gets exactly zero.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def shapley(values: npt.ArrayLike) -> Floats:
    """Exact Shapley values (... x n) from what each coalition reaches (... x 2**n).

    Bit i of a coalition's number says whether player i is in it.
    """
    v = np.asarray(values, dtype=np.float64)
    n = v.shape[-1].bit_length() - 1
    if v.shape[-1] != 2**n:
        raise ValueError(f"{v.shape[-1]} coalitions are not all sets of some players")
    masks = np.arange(2**n)
    parts = np.zeros((*v.shape[:-1], n))
    for i in range(n):
        rest = masks[masks >> i & 1 == 0]
        sizes = [int(mask).bit_count() for mask in rest]
        weights = [math.factorial(s) * math.factorial(n - s - 1) / math.factorial(n) for s in sizes]
        parts[..., i] = (v[..., rest | 1 << i] - v[..., rest]) @ np.array(weights)
    return parts


def members(players: Sequence[str], mask: int) -> list[str]:
    """The players of a coalition."""
    return [name for i, name in enumerate(players) if mask >> i & 1]

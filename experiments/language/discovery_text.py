"""How a quantity is said in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class NamedQuantity:
    """How a quantity is said; each by language."""

    label: Mapping[str, str]
    unit: Mapping[str, str] = field(default_factory=dict)
    """Written behind the value, with its space (" kr."); none if it is not there."""
    times: float = 1.0
    """A value is multiplied by this before it is said: 100 for shares said in per cent."""

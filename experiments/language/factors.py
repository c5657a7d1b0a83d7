"""What support factors are called."""

from __future__ import annotations

from experiments.language.messages import Messages


def factor_name(key: str, m: Messages, label: str = "") -> str:
    """A factor's own label in its scenario, or the catalogue's name of its key, or the key in words."""
    if label and label != key:
        return label
    return m(f"factor.{key}") if m.has(f"factor.{key}") else key.replace("_", " ")

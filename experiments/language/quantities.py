"""What support factors and quantities are called in a few words: in tables, figures and sentences."""

from __future__ import annotations

from experiments.language.messages import Messages


def factor_name(key: str, m: Messages, label: str = "") -> str:
    """A factor's own label in its scenario, or the catalogue's name of its key, or the key in words."""
    if label and label != key:
        return label
    return m(f"factor.{key}") if m.has(f"factor.{key}") else key.replace("_", " ")


def quantity_name(key: str, m: Messages) -> str:
    """A dotted key in a few words; one of a factor or a programme begins with the name of that."""
    if m.has(f"quantity.{key}"):
        return m(f"quantity.{key}")
    *above, last = key.split(".")
    part = f"quantity.part.{last}"
    words = m(part) if m.has(part) else last.replace("_", " ")
    if above[:1] == ["factor"]:
        return f"{factor_name(above[-1], m)}: {words}"
    return f"{above[-1].replace('_', ' ')}: {words}" if len(above) > 1 else words

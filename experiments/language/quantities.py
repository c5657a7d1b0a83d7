"""What quantities are called in a few words: in tables, figures and sentences."""

from __future__ import annotations

from experiments.language.factors import factor_name
from experiments.language.messages import Messages


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

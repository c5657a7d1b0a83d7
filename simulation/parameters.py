"""Quantities with a home: what a number means, its unit, its bounds, where it comes from, how sure it is.

Each quantity of the model is declared once, by ``par`` in a section of the scenario (``parameter_sections.py``,
``programmes.py``). This file knows how such a declaration is made, read back as a table, and how its prior is
written and drawn. It does not know any particular quantity.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import numpy as np
import numpy.typing as npt
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator
from pydantic.fields import FieldInfo

if TYPE_CHECKING:
    from collections.abc import Iterator

Grade = Literal["measured", "judged", "assumed"]
"""How well a number is known: *measured* in data that fit the model's meaning; *judged* from data about
something near it; *assumed* because nothing was found, or fitted so that the whole reproduces what was measured."""


class ParameterError(ValueError):
    """A scenario, study or option that cannot be used; the message is one line for the user (one a mistake).

    A line is shortened to ``LONGEST_LINE`` characters, long values first, and shows no control characters: what a user
    gave may be of any length and hold anything.
    """

    def __init__(self, message: str = "") -> None:
        lines = [_shortened(line) for line in str(message).split("\n")]
        more = [f"and {len(lines) - MOST_LINES:,} more mistakes"] if len(lines) > MOST_LINES else []
        super().__init__("\n".join([*lines[: MOST_LINES], *more]))


LONGEST_LINE, LONGEST_VALUE, MOST_LINES = 290, 70, 40
"""The longest line of a message and the longest value in it (characters), and the most lines."""


def _shortened(line: str) -> str:
    line = "".join(each if each.isprintable() else ascii(each)[1:-1] for each in line)
    if len(line) > LONGEST_LINE:
        line = re.sub(rf"[^\s,;]{{{LONGEST_VALUE + 1},}}", _middle_cut, line)
    if len(line) > LONGEST_LINE:
        line = re.sub(rf"\[([^\[\]]{{{LONGEST_VALUE + 1},}})\]", lambda m: f"[{m[1][: LONGEST_VALUE - 4]} ...]", line)
    if len(line) > LONGEST_LINE:  # what to do stands at the end
        line = f"{line[: LONGEST_LINE // 2]} ... {line[-(LONGEST_LINE // 2 - 5) :]}"
    return line


def _middle_cut(found: re.Match[str]) -> str:
    text = found[0]
    return f"{text[: LONGEST_VALUE // 2]}...{text[-(LONGEST_VALUE // 2 - 3) :]}"


LONGEST_NAME = 100
"""Characters of a name at most."""
RESERVED = frozenset({"aux", "con", "nul", "prn", *(f"{port}{k}" for port in ("com", "lpt") for k in range(10))})
"""Names that Windows keeps for devices, with any ending and in any capitals."""


def _usable(name: str) -> str:
    if not re.fullmatch(r"\w[\w.-]*", name) or name.endswith(".") or len(name) > LONGEST_NAME:
        raise ParameterError(f"[{repr(name)[1:-1]}] names a folder, too: letters, digits, - . and _ are allowed, "
                             f"at most {LONGEST_NAME}, a letter or digit first and no dot last")  # fmt: skip
    if name.partition(".")[0].lower() in RESERVED:
        raise ParameterError(f"[{name}] is a name that Windows keeps for itself; give another one")
    return name


def name_from(stem: str) -> str:
    """A usable name from the name of a file: what is not allowed becomes a hyphen."""
    name = re.sub(r"[^\w.-]+", "-", stem).strip("-.")[:LONGEST_NAME].rstrip(".")
    return name if name and name.partition(".")[0].lower() not in RESERVED else f"own-{name}".rstrip("-")


Name = Annotated[str, AfterValidator(_usable)]
"""A name that is also a folder's, on every system."""


class Section(BaseModel):
    """A part of a scenario: frozen, strict about types, and closed to unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


def par(
    default: Any,
    unit: str,
    low: float | None = None,
    high: float | None = None,
    *,
    what: str,
    source: str,
    grade: Grade,
    prior: str = "fixed",
) -> Any:
    """Declare a quantity.

    Parameters
    ----------
    default
        Value when a scenario does not say otherwise.
    unit
        Unit in words ("months", "share 0-1", "times").
    low, high
        Allowed range, ends included; None where there is no bound (or the value is not a number).
    what
        One line: what it is in the world.
    source
        Reference ("[S9]" etc. are listed in docs/sources.md) or the reason for an assumption.
    grade
        ``measured``, ``judged`` or ``assumed``.
    prior
        Its distribution before the trial, as ``Prior`` reads it; ``fixed`` if it is not uncertain.
    """
    Prior.read(prior)
    extra = {"unit": unit, "source": source, "grade": grade, "prior": prior, "low": low, "high": high}
    if callable(default):
        return Field(default_factory=default, description=what, json_schema_extra=cast(Any, extra))
    return Field(default, ge=low, le=high, description=what, json_schema_extra=cast(Any, extra))


def only_if_any(declared: Any) -> Any:
    """The same quantity, but while it is empty no part of a scenario (of file, digest, table)."""
    declared.json_schema_extra["only_if_any"] = True
    return declared


@dataclass(frozen=True, kw_only=True)
class Prior:
    """A distribution in the short notation of the evidence tables.

    ``N(mean, sd)``, ``LN(median, sd of the log)``, ``B(a, b)`` (beta), ``U(low, high)``, or ``fixed``.
    """

    kind: Literal["N", "LN", "B", "U", "fixed"]
    first: float = 0.0
    second: float = 0.0

    @classmethod
    def read(cls, text: str) -> Prior:
        """Read the short notation; raises ``ValueError`` naming what is wrong with it."""
        if text == "fixed":
            return cls(kind="fixed")
        found = re.fullmatch(r"(N|LN|B|U)\(\s*(-?\d+\.?\d*)\s*,\s*(-?\d+\.?\d*)\s*\)", text)
        if found is None:
            raise ValueError(f"prior [{text}] is not one of N(,) LN(,) B(,) U(,) or fixed")
        kind, first, second = found.group(1), float(found.group(2)), float(found.group(3))
        if second <= 0 or (kind in ("LN", "B") and first <= 0) or (kind == "U" and second <= first):
            raise ValueError(f"prior [{text}] has no such distribution")
        return cls(kind=cast(Any, kind), first=first, second=second)

    def quantile(self, share: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Value below which a share (0-1, any shape) of the distribution lies, in the same shape.

        Raises ``ValueError`` for a fixed quantity, which has no distribution.
        """
        from scipy import stats  # slow to import

        u = np.asarray(share, dtype=np.float64)
        if self.kind == "N":
            return np.asarray(stats.norm.ppf(u, self.first, self.second))
        if self.kind == "LN":
            return np.asarray(self.first * np.exp(self.second * stats.norm.ppf(u)))
        if self.kind == "B":
            return np.asarray(stats.beta.ppf(u, self.first, self.second))
        if self.kind == "U":
            return self.first + (self.second - self.first) * u
        raise ValueError("a fixed quantity has no distribution")


class About(Section):
    """Where a number in a table comes from: source, evidence grade, prior."""

    source: str
    grade: Grade
    prior: str = "fixed"

    @field_validator("prior")
    @classmethod
    def _readable(cls, text: str) -> str:
        Prior.read(text)
        return text


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """A declared quantity with its value in one scenario: one row of ``desist parameters``."""

    key: str
    value: Any
    unit: str
    low: float | None
    high: float | None
    grade: str
    prior: str
    what: str
    source: str


def quantities(section: BaseModel, prefix: str = "") -> Iterator[Quantity]:
    """Every quantity of a section, in order of declaration, tables of sections included.

    Yields only what ``par`` declared; names and labels are not quantities.
    """
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        key = f"{prefix}{name}"
        if isinstance(value, BaseModel):
            yield from quantities(value, f"{key}.")
        elif isinstance(value, dict) and any(isinstance(item, BaseModel) for item in value.values()):
            for label, item in value.items():
                yield from quantities(item, f"{key}.{label}.")
        elif (about := _about(field)) is not None:
            if about.pop("only_if_any", False) and not value:
                continue
            own = getattr(section, "about", {}).get(name)
            if own is not None:
                about.update(source=own.source, grade=own.grade, prior=own.prior)
            yield Quantity(key=key, value=value, what=field.description or "", **about)


def _about(field: FieldInfo) -> dict[str, Any] | None:
    extra = field.json_schema_extra
    return dict(extra) if isinstance(extra, dict) and "unit" in extra else None

"""The model attacks itself: checks that can fail, each with a claim, what was looked at, and a verdict.

A check is a plain function of a ``Ground`` (luck, size, worlds to look at). Its name is the function's, its claim the
first line of the function's docstring. Checks stand in tuples that someone can read (``laws.py``,
``forms.py``, ``patterns.py``). A *control* is a claim that is wrong on purpose: it holds its ground
only if it is refused.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from experiments.verification.random_scenarios import Ground

__all__ = ["Check", "Finding", "Ground", "broken", "check", "checks_of", "control", "judged", "law", "table_of"]

Kind = Literal["law", "closed form", "control", "pattern", "left out", "planted fault"]
Verdict = Literal["holds", "fails", "cannot say"]
Fitted = Literal["fitted to", "not fitted to", "-"]
HOLDS, FAILS, CANNOT_SAY = "holds", "fails", "cannot say"
DOUBT = 2.0
"""Standard errors within which a figure beside the end of its band decides nothing."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a check found."""

    value: float
    """The figure: breaches of a law, deviation of a form in tolerances, the model's figure for a pattern."""
    low: float = 0.0
    high: float = 0.0
    """Ends of what is allowed."""
    error: float = 0.0
    """Standard error of the value that is chance in the simulation; 0 if there is none."""
    looked: int = 1
    """How many things were looked at; nothing can be said of none."""
    words: str = ""
    """The first breach, or what else should be known."""

    @property
    def verdict(self) -> Verdict:
        """Holds inside the band, fails outside it; cannot say if nothing was seen or chance decides."""
        if self.looked == 0 or math.isnan(self.value):
            return "cannot say"
        inside = self.low <= self.value <= self.high
        near = min(abs(self.value - self.low), abs(self.value - self.high))
        if self.error > 0.0 and near < DOUBT * self.error:
            return "cannot say"
        return "holds" if inside else "fails"


@dataclass(frozen=True, kw_only=True)
class Check:
    """One attack on the model."""

    name: str
    kind: Kind
    family: str
    """Which kind of law, or which group of patterns it belongs to."""
    claim: str
    """One sentence that can be wrong."""
    look: Callable[[Ground], Finding] = field(repr=False)
    origin: str = "mathematics"
    """Where the claim comes from: mathematics, or the source of a figure."""
    fitted: Fitted = "-"
    """Whether the model was fitted to it."""
    known: str = ""
    """Why it is known to fail; empty if it is not."""


def check(kind: Kind, family: str, look: Callable[[Ground], Finding]) -> Check:
    """A check named and claimed by its function."""
    claim = (look.__doc__ or "").strip().split("\n\n")[0].replace("\n    ", " ")
    return Check(name=look.__name__.replace("_", " "), kind=kind, family=family, claim=claim, look=look)


def law(family: str, *looks: Callable[[Ground], Finding]) -> tuple[Check, ...]:
    """Laws of one family."""
    return tuple(check("law", family, look) for look in looks)


def checks_of(family: str, *looks: Callable[[Ground], Finding]) -> tuple[Check, ...]:
    """Closed forms of one family."""
    return tuple(check("closed form", family, look) for look in looks)


def control(*looks: Callable[[Ground], Finding]) -> tuple[Check, ...]:
    """Claims that are wrong on purpose; what they find is turned round, so that a control holds if it was refused."""

    def turned(look: Callable[[Ground], Finding]) -> Callable[[Ground], Finding]:
        def refused(ground: Ground) -> Finding:
            found = look(ground)
            return replace(found, value=float(found.verdict == FAILS), low=1.0, high=1.0, error=0.0)

        refused.__name__, refused.__doc__ = look.__name__, look.__doc__
        return refused

    return tuple(check("control", "controls that must fail", turned(look)) for look in looks)


class Breaches:
    """A count of what was looked at and of what broke a law, with the first breach in words."""

    def __init__(self) -> None:
        self.looked, self.number, self.first = 0, 0, ""

    def see(self, right: Any, words: str = "") -> None:
        """Look at one thing, or at an array of things."""
        each = np.asarray(right, dtype=bool)
        self.looked += each.size
        wrong = int(each.size - each.sum())
        if wrong and not self.first:
            self.first = words
        self.number += wrong

    def same(self, one: Any, other: Any, words: str = "") -> None:
        """Look at two columns that must be equal, value by value, and of the same length."""
        first, second = np.asarray(one), np.asarray(other)
        if first.shape != second.shape:
            self.see(False, f"{words}: {first.shape} against {second.shape}")
            return
        self.see(first == second, words)

    def near(self, one: Any, other: Any, words: str = "", rel: float = 1e-9, tiny: float = 1e-12) -> None:
        """Look at numbers that must agree but for the last digits."""
        first, second = np.broadcast_arrays(np.asarray(one, np.float64), np.asarray(other, np.float64))
        self.see(np.abs(first - second) <= tiny + rel * np.maximum(np.abs(first), np.abs(second)), words)

    def found(self) -> Finding:
        """The finding: no breach is allowed."""
        return Finding(value=float(self.number), looked=self.looked, words=self.first)


def broken(problem: Exception) -> Finding:
    """The finding where a check could not be carried out: the model broke down on the way."""
    return Finding(value=math.inf, words=f"broke down: {type(problem).__name__}: {str(problem)[:160]}")


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A check with what it found."""

    check: Check
    found: Finding
    seconds: float

    @property
    def verdict(self) -> Verdict:
        """Holds, fails or cannot say."""
        return self.found.verdict

    @property
    def stops(self) -> bool:
        """Whether the exit code is 1 for it: it fails, and no reason was known."""
        return self.verdict == FAILS and not self.check.known

    def row(self) -> dict[str, Any]:
        """As one row of the table of verdicts."""
        about = {name: value for name, value in asdict(self.check).items() if name != "look"}
        return {**about, **asdict(self.found), "verdict": self.verdict, "seconds": round(self.seconds, 3)}


def judged(checks: Iterable[Check], ground: Ground) -> Iterator[Judged]:
    """Carry out checks one by one; a check that breaks down has failed."""
    for one in checks:
        begun = time.perf_counter()
        try:
            found = one.look(ground)
        except Exception as problem:
            found = broken(problem)
        yield Judged(check=one, found=found, seconds=time.perf_counter() - begun)


COLUMNS = ("kind", "family", "name", "claim", "value", "error", "low", "high", "looked", "origin", "fitted", "known",
           "verdict", "words", "seconds")  # fmt: skip
"""Columns of the table of verdicts, in order."""


def table_of(results: Iterable[Judged]) -> pd.DataFrame:
    """The table of verdicts, one row a check."""
    return pd.DataFrame([each.row() for each in results], columns=list(COLUMNS))

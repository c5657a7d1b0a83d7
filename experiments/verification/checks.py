"""Checks of the model: claims that can be wrong, what was examined, and a verdict.

A check is a plain function of a ``CheckContext`` (seed, size, random scenarios). Its name is the function's, its claim
the first paragraph of the function's docstring. Checks stand in tuples that can be read (``invariants.py``,
``analytical.py``, ``patterns.py``), and these are the only lists: ``desist check-model`` carries them out, and so do
the tests. A *control* is a claim that is wrong on purpose: it holds only if it is refused.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from experiments.verification.check_context import CheckContext

__all__ = [
    "Check", "CheckContext", "CheckResult", "Deviations", "Finding", "Violations", "analytical_checks", "check_of",
    "controls", "evaluate", "fixed", "invariants", "verdict_table",
]  # fmt: skip

Kind = Literal["invariant", "analytical", "control", "pattern"]
Verdict = Literal["holds", "fails", "inconclusive"]
Fitted = Literal["fitted to", "not fitted to", "-"]
HOLDS, FAILS, INCONCLUSIVE = "holds", "fails", "inconclusive"
EDGE_ERRORS = 2.0
"""Standard errors within which a figure beside the end of its band decides nothing."""
BROKE_DOWN = "broke down"
CheckFunction = Callable[[CheckContext], "Finding"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a check found."""

    value: float
    """Violations of an invariant, largest deviation in tolerances or p-value of an analytical check, the model's figure
    for a pattern.
    """
    low: float = 0.0
    high: float = 0.0
    """Ends of what is allowed."""
    error: float = 0.0
    """Standard error (simulation) of the value; 0 if there is none."""
    examined: int = 1
    """How many things were examined; nothing can be said of none."""
    detail: str = ""
    """The first violation, or what else should be known."""

    @property
    def verdict(self) -> Verdict:
        """Holds inside the band, fails outside it; inconclusive if nothing was examined or simulation error decides."""
        if self.examined == 0 or math.isnan(self.value):
            return "inconclusive"
        inside = self.low <= self.value <= self.high
        near = min(abs(self.value - self.low), abs(self.value - self.high))
        if self.error > 0.0 and near < EDGE_ERRORS * self.error:
            return "inconclusive"
        return "holds" if inside else "fails"


@dataclass(frozen=True, kw_only=True)
class Check:
    """One claim about the model, and the function that checks it."""

    name: str
    kind: Kind
    family: str
    """Which kind of invariant or analytical check, or which group of patterns it belongs to."""
    claim: str
    """One sentence that can be wrong."""
    function: CheckFunction = field(repr=False)
    origin: str = "mathematics"
    """Where the claim comes from: mathematics, or the source of a figure."""
    fitted: Fitted = "-"
    """Whether the model was fitted to it."""
    known: str = ""
    """Why it is known to fail; empty if it is not."""

    @property
    def fixed(self) -> bool:
        """Whether it builds its own scenarios, or is about a whole sample of random ones."""
        return bool(getattr(self.function, "fixed", False))


def fixed(function: CheckFunction) -> CheckFunction:
    """Mark a check that builds its own scenarios, or is about a whole sample of random ones."""
    function.fixed = True  # type: ignore[attr-defined]
    return function


def check_of(kind: Kind, family: str, function: CheckFunction) -> Check:
    """A check named and claimed by its function."""
    claim = (function.__doc__ or "").strip().split("\n\n")[0].replace("\n    ", " ")
    return Check(name=function.__name__.replace("_", " "), kind=kind, family=family, claim=claim, function=function)


def invariants(family: str, *functions: CheckFunction) -> tuple[Check, ...]:
    """Invariants of one family."""
    return tuple(check_of("invariant", family, function) for function in functions)


def analytical_checks(family: str, *functions: CheckFunction) -> tuple[Check, ...]:
    """Analytical checks of one family."""
    return tuple(check_of("analytical", family, function) for function in functions)


def controls(*functions: CheckFunction) -> tuple[Check, ...]:
    """Claims that are wrong on purpose; their finding is inverted, so that a control holds if it was refused."""

    def inverted(function: CheckFunction) -> CheckFunction:
        def refused(context: CheckContext) -> Finding:
            found = function(context)
            return replace(found, value=float(found.verdict == FAILS), low=1.0, high=1.0, error=0.0)

        refused.__name__, refused.__doc__ = function.__name__, function.__doc__
        return refused

    return tuple(check_of("control", "controls that must fail", inverted(function)) for function in functions)


class Violations:
    """How many things were examined, how many violate the claim, and what the first violation was."""

    def __init__(self) -> None:
        self.examined, self.number, self.first = 0, 0, ""

    def check(self, right: Any, detail: str = "") -> None:
        """Examine one thing, or an array of things."""
        each = np.asarray(right, dtype=bool)
        self.examined += each.size
        wrong = int(each.size - each.sum())
        if wrong and not self.first:
            self.first = detail
        self.number += wrong

    def equal(self, one: Any, other: Any, detail: str = "") -> None:
        """Two columns must be equal, value by value, and of the same length."""
        first, second = np.asarray(one), np.asarray(other)
        if first.shape != second.shape:
            self.check(False, f"{detail}: {first.shape} against {second.shape}")
            return
        self.check(first == second, detail)

    def close(self, one: Any, other: Any, detail: str = "", rel: float = 1e-9, tiny: float = 1e-12) -> None:
        """Numbers must agree but for the last digits."""
        first, second = np.broadcast_arrays(np.asarray(one, np.float64), np.asarray(other, np.float64))
        self.check(np.abs(first - second) <= tiny + rel * np.maximum(np.abs(first), np.abs(second)), detail)

    def finding(self) -> Finding:
        """No violation is allowed."""
        return Finding(value=float(self.number), examined=self.examined, detail=self.first)


class Deviations:
    """The largest deviation of some figures from what they should be, in units of what is allowed."""

    def __init__(self) -> None:
        self.most, self.examined, self.detail = 0.0, 0, ""

    def check(self, value: Any, right: Any, allowed: float = 1e-9, detail: str = "") -> None:
        """Compare figures with what they should be."""
        one, other = np.broadcast_arrays(np.asarray(value, np.float64), np.asarray(right, np.float64))
        self.examined += one.size
        with np.errstate(invalid="ignore"):
            apart = np.where(one == other, 0.0, np.abs(one - other)) / allowed
        most = float(np.max(apart, initial=0.0)) if np.isfinite(apart).all() else np.inf
        if most > self.most:
            self.most = most
            self.detail = (
                f"{detail}: {np.ravel(one)[:4].tolist()} against {np.ravel(other)[:4].tolist()}" if most > 1 else ""
            )

    def finding(self) -> Finding:
        """At most one unit is allowed."""
        return Finding(value=self.most, low=0.0, high=1.0, examined=self.examined, detail=self.detail)


@dataclass(frozen=True, kw_only=True)
class CheckResult:
    """A check with what it found."""

    check: Check
    finding: Finding
    seconds: float

    @property
    def verdict(self) -> Verdict:
        """Holds, fails or inconclusive."""
        return self.finding.verdict

    @property
    def unexplained(self) -> bool:
        """Whether the exit code is 1 for it: it fails, and no reason was known."""
        return self.verdict == FAILS and not self.check.known

    def row(self) -> dict[str, Any]:
        """As one row of the table of verdicts."""
        about = {name: value for name, value in asdict(self.check).items() if name != "function"}
        return {**about, **asdict(self.finding), "verdict": self.verdict, "seconds": round(self.seconds, 3)}


def evaluate(checks: Iterable[Check], context: CheckContext) -> Iterator[CheckResult]:
    """Carry out checks one by one; a check in which the model breaks down has failed."""
    for check in checks:
        begun = time.perf_counter()
        try:
            finding = check.function(context)
        except Exception as problem:
            finding = Finding(value=math.inf, detail=f"{BROKE_DOWN}: {type(problem).__name__}: {str(problem)[:160]}")
        yield CheckResult(check=check, finding=finding, seconds=time.perf_counter() - begun)


COLUMNS = ("kind", "family", "name", "claim", "value", "error", "low", "high", "examined", "origin", "fitted", "known",
           "verdict", "detail", "seconds")  # fmt: skip
"""Columns of the table of verdicts, in order."""


def verdict_table(results: Iterable[CheckResult]) -> pd.DataFrame:
    """The table of verdicts, one row a check."""
    return pd.DataFrame([each.row() for each in results], columns=list(COLUMNS))

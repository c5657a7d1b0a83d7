"""Checks of the model: claims that can be wrong, what was examined, and a verdict.

A check is a plain function that fills a record (``Violations``, ``Deviations`` or ``PValues``) from a ``CheckContext``
(seed, size, random scenarios). Its name is the function's, its claim the first paragraph of the function's docstring.
Checks stand in tuples that can be read (at the end of each module; put together in ``lists.py``), and these are the
only lists: ``desist check-model`` carries them out, and so do the tests. A *control* is a claim that is wrong on
purpose: it holds only if it is refused.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from inspect import signature
from typing import Any, Literal, get_type_hints

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from experiments.verification.check_context import CheckContext
from simulation.parameters import ParameterError

Kind = Literal["invariant", "analytical", "control", "pattern"]
Verdict = Literal["holds", "fails", "inconclusive"]
Fitted = Literal["fitted to", "not fitted to", "-"]
FAILS = "fails"
EDGE_ERRORS = 2.0
"""Standard errors within which a figure beside the end of its band decides nothing."""
BROKE_DOWN = "broke down"
FALSE_ALARM = 1e-6
"""Probability with which a check with p-values refuses a true claim."""
SMALLEST_CELL = 10.0
"""Expected count below which the cells at the end of a table are pooled."""
Claim = Callable[..., None]
"""A function that examines a claim: it is given a record to fill (``Violations``, ``Deviations`` or ``PValues``)."""


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
    function: Callable[[CheckContext], Finding] = field(repr=False)
    origin: str = "mathematics"
    """Where the claim comes from: mathematics, or the source of a figure."""
    fitted: Fitted = "-"
    """Whether the model was fitted to it."""
    known: str = ""
    """Why it is known to fail; empty if it is not."""
    fixed: bool = False
    """Whether it builds its own scenarios, or is about a whole sample of random ones."""


def fixed(claim: Claim) -> Claim:
    """Mark a claim that asks for a context, and builds its own scenarios or is about a whole sample of random ones."""
    claim.fixed = True  # type: ignore[attr-defined]
    return claim


def check_of(kind: Kind, family: str, function: Claim) -> Check:
    """A check named and claimed by its function, which fills a record of the type that it asks for.

    It may ask for the ``context``, too, or for its ``seed`` alone, if it builds its own scenarios.
    """
    record, asked = get_type_hints(function)["claim"], signature(function).parameters

    def carry_out(context: CheckContext) -> Finding:
        claim, given = record(), {"context": context, "seed": context.seed}
        function(claim, **{name: value for name, value in given.items() if name in asked})
        found: Finding = claim.finding()
        return found

    text = (function.__doc__ or "").strip().split("\n\n")[0].replace("\n    ", " ")
    return Check(name=function.__name__.replace("_", " "), kind=kind, family=family, claim=text, function=carry_out,
                 fixed="context" not in asked or hasattr(function, "fixed"))  # fmt: skip


def checks_of(kind: Kind, family: str, *functions: Claim) -> tuple[Check, ...]:
    """Checks of one kind and family."""
    return tuple(check_of(kind, family, function) for function in functions)


invariants, analytical_checks = partial(checks_of, "invariant"), partial(checks_of, "analytical")
"""Invariants and analytical checks: their family, and the functions that examine them."""


def controls(*functions: Claim) -> tuple[Check, ...]:
    """Claims that are wrong on purpose; their finding is inverted, so that a control holds if it was refused."""

    def inverted(check: Check) -> Check:
        def refused(context: CheckContext) -> Finding:
            found = check.function(context)
            return replace(found, value=float(found.verdict == FAILS), low=1.0, high=1.0, error=0.0)

        return replace(check, function=refused)

    return tuple(inverted(check) for check in checks_of("control", "controls that must fail", *functions))


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

    def refused(self, act: Callable[[], object], detail: str, by: type[ValueError] = ParameterError) -> None:
        """Something must be refused by an error, in one line."""
        try:
            act()
        except by as refusal:
            self.check("\n" not in str(refusal), str(refusal))
        else:
            self.check(False, f"{detail} was not refused")

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
            if most > 1:
                self.detail = f"{detail}: {np.ravel(one)[:4].tolist()} against {np.ravel(other)[:4].tolist()}"

    def finding(self) -> Finding:
        """At most one unit is allowed."""
        return Finding(value=self.most, low=0.0, high=1.0, examined=self.examined, detail=self.detail)


class PValues:
    """The p-values of one check: how improbable the result would be if its claim were true.

    A claim is refused below ``FALSE_ALARM``, so a true one is refused once in a million. Several p-values are judged by
    the smallest, times their number (Bonferroni). Runs have fixed seeds, so a check that holds keeps holding until the
    model changes.
    """

    def __init__(self) -> None:
        self.smallest, self.number, self.examined, self.detail = 1.0, 0, 0, ""

    def _note(self, p: float, examined: int, detail: str) -> None:
        self.number, self.examined = self.number + 1, self.examined + examined
        if not p >= self.smallest:
            self.smallest, self.detail = (0.0 if math.isnan(p) else p), detail

    def share(self, hits: Any, number: Any, expected: float, detail: str = "") -> None:
        """So many of so many independent trials, against a chance (exact binomial)."""
        k, n = int(hits), int(number)
        p = float(stats.binomtest(k, n, min(1.0, max(0.0, float(expected)))).pvalue) if n else math.nan
        self._note(p, n, f"{detail}: {k} of {n} ({k / max(n, 1):.4f}) against {expected:.4f}")

    def share_of(self, yes: Any, expected: float, detail: str = "") -> None:
        """The share of independent people or trials that are true, against a chance."""
        self.share(np.sum(yes), np.size(yes), expected, detail)

    def mean(self, values: npt.ArrayLike, expected: float, sd: float, detail: str = "") -> None:
        """The mean of independent values with standard deviation ``sd`` (normal)."""
        data = np.asarray(values, dtype=np.float64)
        apart = float(data.mean()) - expected
        z = apart / (sd / math.sqrt(len(data))) if sd > 0 else math.copysign(math.inf, apart) if apart else 0.0
        against = f"mean {data.mean():.4f} against {expected:.4f}"
        self._note(float(2 * stats.norm.sf(abs(z))), len(data), f"{detail}: {against}")

    def counts(self, observed: npt.ArrayLike, chances: npt.ArrayLike, detail: str = "") -> None:
        """Counts with given chances (chi-square; the last cells are pooled until they are large enough)."""
        counts = np.asarray(observed, dtype=np.float64)
        expected = np.asarray(chances, dtype=np.float64) * counts.sum() / np.sum(chances)
        while len(expected) > 2 and expected[-1] < SMALLEST_CELL:
            expected = np.append(expected[:-2], expected[-2:].sum())
            counts = np.append(counts[:-2], counts[-2:].sum())
        p = float(stats.chisquare(counts, expected).pvalue) if counts.sum() else math.nan
        against = f"counts {counts.astype(int).tolist()} against {expected.round(1).tolist()}"
        self._note(p, int(counts.sum()), f"{detail}: {against}")

    def finding(self) -> Finding:
        """The smallest p-value, times how many there were; at least the rate of false alarms is allowed."""
        p = min(1.0, self.smallest * max(1, self.number))
        refused = self.detail if p < FALSE_ALARM else ""
        return Finding(value=p, low=FALSE_ALARM, high=1.0, examined=self.examined, detail=refused)


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

"""Two shares compared: a test, an interval, and, by adding up every pair of counts, what both will find.

A difference is the controls' share less that of the mentored: positive where mentoring helps. Nothing here knows of
the model.

References
----------
Fisher's exact test, two-sided: every table counts that is as improbable as the observed one or more so.
Newcombe (1998), Statistics in Medicine 17:873 (interval 10),
doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I.
Gelman & Carlin (2014), Perspectives on Psychological Science 9:641, doi:10.1177/1745691614551642 (exaggeration).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln, ndtr, ndtri, xlog1py, xlogy

from simulation.outcomes import wilson

Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]
REACH = 6.6
"""Standard deviations (and three people more) of a count within which pairs are added up; beyond lies under 1e-9."""
SURE = 4.5
"""Standard deviations between an expected result and the edge of significance from which a formula is used."""
CASE = (24, 0.67, 0.19)
"""People per arm, control risk and true difference of the case that every run calculates as a check of itself."""


def fisher(a: npt.ArrayLike, n1: npt.ArrayLike, b: npt.ArrayLike, n0: npt.ArrayLike) -> Floats:
    """Two-sided p-value of Fisher's exact test for a of n1 against b of n0 (any shapes that fit together)."""
    columns = np.broadcast_arrays(*(np.asarray(each, np.int64) for each in (a, n1, b, n0)))
    hits, first, others, second = (column.ravel() for column in columns)
    both = hits + others
    most = max(1, int(max(first.max(), second.max()))) + 1
    _, where, back = np.unique((first * most + second) * 2 * most + both, return_index=True, return_inverse=True)
    start, p = _tables(first[where], second[where], both[where])
    column = hits - start[back]
    inside = (column >= 0) & (column < p.shape[1])
    found = np.where(inside, p[back, np.clip(column, 0, p.shape[1] - 1)], 0.0)
    return np.minimum(found, 1.0).reshape(columns[0].shape)


def _tables(n1: Longs, n0: Longs, both: Longs) -> tuple[Longs, Floats]:
    """For each pair of sizes and number of reoffenders in both: p-values of a = start, start + 1, ...

    Counts more than nine standard deviations from the mean are left out: their p-value is 0.
    """
    n = np.maximum(n1 + n0, 1)
    mean, spread = both * n1 / n, np.sqrt(both * (n - both) * (n1 / n) * (n0 / n) / np.maximum(n - 1, 1))
    reach = int(np.ceil(9 * spread.max())) + 2
    start = np.maximum(np.floor(mean).astype(np.int64) - reach, np.maximum(0, both - n0))
    stop = np.minimum(np.ceil(mean).astype(np.int64) + reach, np.minimum(n1, both))
    a = start[:, None] + np.arange(int((stop - start).max()) + 1)
    there = a <= stop[:, None]
    a = np.where(there, a, start[:, None])
    log = gammaln(np.arange(int(n.max()) + 2) + 1.0)
    sizes, rest, total = n1[:, None], n0[:, None], both[:, None]
    ways = log[sizes] - log[a] - log[sizes - a] + log[rest] - log[total - a] - log[rest - total + a]
    chance = np.where(there, np.exp(ways - (log[n] - log[both] - log[n - both])[:, None]), 0.0)
    order = np.argsort(chance, axis=1)
    rising = np.take_along_axis(chance, order, axis=1)
    upto = np.cumsum(rising, axis=1)
    upto[:, :-1][rising[:, 1:] <= rising[:, :-1] * (1 + 1e-7)] = np.inf  # equally improbable tables count together
    upto = np.minimum.accumulate(upto[:, ::-1], axis=1)[:, ::-1]
    p = np.empty_like(upto)
    np.put_along_axis(p, order, upto, axis=1)
    return start, p


def z_test(a: npt.ArrayLike, n1: npt.ArrayLike, b: npt.ArrayLike, n0: npt.ArrayLike) -> Floats:
    """Two-sided p-value of the z-test with a common share (Pearson's chi-square without correction)."""
    hits, first, others, second = (np.asarray(each, np.float64) for each in (a, n1, b, n0))
    share = (hits + others) / np.maximum(first + second, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = (others / second - hits / first) / np.sqrt(share * (1 - share) * (1 / first + 1 / second))
    return np.where(np.isfinite(z), 2 * ndtr(-np.abs(z)), 1.0)


TESTS = {"fisher": fisher, "z": z_test}


def newcombe(a: npt.ArrayLike, n1: npt.ArrayLike, b: npt.ArrayLike, n0: npt.ArrayLike) -> tuple[Floats, Floats]:
    """95 % interval of the difference b / n0 - a / n1 by Newcombe's hybrid score method: low, high (-1 to 1).

    (-1, 1) where a group is empty.
    """
    hits, first, others, second = (np.asarray(each, np.float64) for each in (a, n1, b, n0))
    low1, high1 = wilson(hits, first)
    low0, high0 = wilson(others, second)
    share1, share0 = hits / np.maximum(first, 1), others / np.maximum(second, 1)
    gap, empty = share0 - share1, (first == 0) | (second == 0)
    low = gap - np.sqrt((share0 - low0) ** 2 + (high1 - share1) ** 2)
    high = gap + np.sqrt((high0 - share0) ** 2 + (share1 - low1) ** 2)
    return np.where(empty, -1.0, low), np.where(empty, 1.0, high)


def as_far_apart(mentored: npt.ArrayLike, control: npt.ArrayLike, gap: float) -> npt.NDArray[np.bool_]:
    """Whether two shares, rounded to whole percentages, lie at least ``gap`` percentage points apart."""
    rounded = [np.floor(100 * np.asarray(share, np.float64) + 0.5) for share in (mentored, control)]
    return np.asarray(rounded[1] - rounded[0] >= gap)


def formula(
    mentored: float, n1: float, control: float, n0: float, *, alpha: float = 0.05, corrected: bool = False
) -> float:
    """Chance of a significant result in favour of mentoring, by the normal approximation.

    The edge of significance comes from the common share, as in the z-test; ``corrected`` moves it outward by half of
    1 / n1 + 1 / n0, which is near to Fisher's test.
    """
    return float(ndtr(_margin(mentored, n1, control, n0, alpha, corrected=corrected)))


def _margin(mentored: float, n1: float, control: float, n0: float, alpha: float, *, corrected: bool) -> float:
    """Standard deviations by which the expected difference lies beyond the edge of significance."""
    common = (mentored * n1 + control * n0) / (n1 + n0)
    edge = -float(ndtri(alpha / 2)) * float(np.sqrt(common * (1 - common) * (1 / n1 + 1 / n0)))
    edge += 0.5 * (1 / n1 + 1 / n0) if corrected else 0.0
    spread = float(np.sqrt(mentored * (1 - mentored) / n1 + control * (1 - control) / n0))
    return (control - mentored - edge) / max(spread, 1e-9)


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What trials are expected to find; shares are of all trials, differences and widths in shares (1: 100 points)."""

    difference: float
    """The truth."""
    favour: float
    """Significant, and the mentored reoffend less."""
    against: float
    """Significant, and the mentored reoffend more."""
    width: float
    """Mean width of the 95 % interval."""
    reported: float
    """Mean reported difference among the significant; NaN if there is none."""
    magnitude: float
    """The same without its sign."""

    @property
    def power(self) -> float:
        """Share of trials that are significant, either way."""
        return self.favour + self.against

    @property
    def exaggeration(self) -> float:
        """How many times too large the significant ones are on average (type M); NaN without a true difference."""
        return self.magnitude / abs(self.difference) if self.difference else float("nan")


def expected(
    mentored: float, n1: int, control: float, n0: int, *, alpha: float = 0.05, test: str = "fisher"
) -> Expected:
    """What trials of n1 mentored people and n0 controls find: every pair of counts, weighted by its probability.

    ``mentored`` and ``control`` are the true risks, ``alpha`` is the level of the test (of ``TESTS``).
    """
    a, b = _counts(mentored, n1)[:, None], _counts(control, n0)[None, :]
    weight = _chances(a, n1, mentored) * _chances(b, n0, control)
    weight /= weight.sum()
    found = b / n0 - a / n1
    significant = np.where(TESTS[test](a, n1, b, n0) <= alpha, weight, 0.0)
    low, high = newcombe(a, n1, b, n0)
    power = float(significant.sum())
    return Expected(
        difference=control - mentored, favour=float(significant[found > 0].sum()),
        against=float(significant[found < 0].sum()), width=float((weight * (high - low)).sum()),
        reported=float((significant * found).sum() / power) if power else float("nan"),
        magnitude=float((significant * np.abs(found)).sum() / power) if power else float("nan"),
    )  # fmt: skip


def favour(mentored: float, n1: int, control: float, n0: int, *, alpha: float = 0.05, test: str = "fisher") -> float:
    """Chance of a significant result in favour of mentoring: as ``expected``; near 0 and 1 just these."""
    margin = _margin(mentored, n1, control, n0, alpha, corrected=test == "fisher")
    if abs(margin) > SURE:
        return float(margin > 0)
    a, b = _counts(mentored, n1)[:, None], _counts(control, n0)[None, :]
    found = (TESTS[test](a, n1, b, n0) <= alpha) & (b / n0 > a / n1)
    return float((_chances(a, n1, mentored) * _chances(b, n0, control))[found].sum())


def _counts(risk: float, n: int) -> Longs:
    """The counts that are not improbable."""
    reach = REACH * np.sqrt(n * risk * (1 - risk)) + 3
    return np.arange(max(0, int(n * risk - reach)), min(n, int(n * risk + reach) + 1) + 1)


def _chances(counts: Longs, n: int, risk: float) -> Floats:
    """Binomial probabilities."""
    ways = gammaln(n + 1) - gammaln(counts + 1) - gammaln(n - counts + 1)
    return np.asarray(np.exp(ways + xlogy(counts, risk) + xlog1py(n - counts, -risk)))


def sizes(mentored_arm: int, control_arm: int, share: float, pairs: int, shift: float = 0.0) -> list[tuple[int, int]]:
    """Pairs of group sizes as chance brings them: each person of an arm is in the group with chance ``share``.

    A lattice over the two binomial distributions, so that few pairs stand for all; ``shift`` (0-1) moves it. A group
    has at least one person.
    """
    from scipy.stats import binom  # slow to import; the tests and intervals do without

    if share >= 1:
        return [(mentored_arm, control_arm)]
    at = (np.arange(pairs) + 0.5) / pairs
    other = (np.arange(pairs) * 0.6180339887498949 + 0.5 + shift) % 1.0
    first = binom.ppf((at + shift / pairs) % 1.0, mentored_arm, share)
    second = binom.ppf(other, control_arm, share)
    return [(max(1, int(n1)), max(1, int(n0))) for n1, n0 in zip(first, second, strict=True)]


def mean_expected(rows: Sequence[Expected]) -> Expected:
    """Equally likely cases (pairs of group sizes) as one."""
    power = sum(row.power for row in rows)

    def among(name: str) -> float:
        return sum(row.power * getattr(row, name) for row in rows if row.power) / power if power else float("nan")

    means = {name: sum(getattr(row, name) for row in rows) / len(rows)
             for name in ("difference", "favour", "against", "width")}  # fmt: skip
    return Expected(**means, reported=among("reported"), magnitude=among("magnitude"))


def check(*, alpha: float) -> dict[str, Any]:
    """``CASE`` by every way there is, as a check of the calculation.

    per_arm, control, difference, width; formula (power by the normal approximation); and for each test power, reported
    (mean among the significant), exaggeration.
    """
    people, control, difference = CASE
    risk = control - difference
    cases = {test: expected(risk, people, control, people, alpha=alpha, test=test) for test in TESTS}
    return {
        "per_arm": people, "control": control, "difference": difference, "width": cases["fisher"].width,
        "formula": formula(risk, people, control, people, alpha=alpha),
        **{test: {"power": case.power, "reported": case.reported, "exaggeration": case.exaggeration}
           for test, case in cases.items()},
    }  # fmt: skip

"""What the trial reported, and how well a pair of risks explains it although the group sizes are not known.

29 % of the mentored and 67 % of the controls in the highest-risk group reoffended within two years; 97 people took
part, about half of them mentored. How many of the 97 were in the highest-risk group was never published. So every
pair of counts and sizes that rounds to 29 % and 67 % and is possible with 97 people is used, each weighted by how
probable its sizes are before the result is seen.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

PEOPLE = 97
MENTORED_PERCENT, CONTROL_PERCENT = 29, 67
"""As printed [S2]."""
GAP = CONTROL_PERCENT - MENTORED_PERCENT
"""Points between the two percentages."""
LIKE_THE_TRIAL, TRIALS_OWN = "a new group like the trial's", "the trial's own"
"""In tables: people like the trial's highest-risk group; and whichever definition of reoffending the trial used."""
MENTORED_ARM = 49
"""People drawn to mentors; half of 97, the other half has 48 (the exact split is not published)."""
SHARE_LOW, SHARE_HIGH = 0.3, 0.6
"""Share of the 97 in the highest-risk group: uniform between these (not published)."""
CLOSE, POSSIBLE = 1 / 3, 1 / 20
"""How probable the printed pair must be, relative to the best pair of risks, for a point to reproduce it, and not to
be excluded: the 67 % and the 95 % region of a likelihood ratio with two free risks."""
RULE = (
    "a point reproduces the trial if its pair of risks makes the printed pair 29 / 67 % at least 1/3 as probable as "
    "the best possible pair of risks does, summed over every group size that rounds to it; below 1/20 it is excluded "
    "(67 % and 95 % regions of the likelihood ratio)"
)


def rounds_to(percent: int, most: int) -> list[tuple[int, int]]:
    """Counts and sizes (k, n), n up to ``most``, whose share rounds to a whole percentage (halves away from zero)."""
    return [
        (k, n) for n in range(1, most + 1) for k in range(n + 1) if math.floor(100 * k / n + 0.5) == percent
    ]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Printed:
    """Every way in which the printed pair can have come about: arrays of W."""

    mentored_hits: Floats
    mentored_size: Floats
    control_hits: Floats
    control_size: Floats
    weight: Floats  # probability of the two sizes before the result is seen; all pairs of sizes together 1


@cache
def printed() -> Printed:
    """The pairs of counts and sizes that print 29 % and 67 % with 97 people in two arms of 49 and 48."""
    control_arm = PEOPLE - MENTORED_ARM
    sizes = size_weights()
    rows = [
        (k1, n1, k0, n0, sizes[n1, n0])
        for k1, n1 in rounds_to(MENTORED_PERCENT, MENTORED_ARM)
        for k0, n0 in rounds_to(CONTROL_PERCENT, control_arm)
    ]
    columns = np.array(rows, dtype=np.float64).T
    return Printed(
        mentored_hits=columns[0], mentored_size=columns[1], control_hits=columns[2], control_size=columns[3],
        weight=columns[4],
    )  # fmt: skip


@cache
def size_weights() -> Floats:
    """Probability of n1 mentored and n0 controls in the highest-risk group (array 50 x 49).

    The group's share of the 97 is uniform between 0.3 and 0.6; each of the 97 belongs to it with that probability.
    """
    from scipy.stats import binom

    share = np.linspace(SHARE_LOW, SHARE_HIGH, 301)
    mentored = binom.pmf(np.arange(MENTORED_ARM + 1)[:, None], MENTORED_ARM, share)
    control = binom.pmf(np.arange(PEOPLE - MENTORED_ARM + 1)[:, None], PEOPLE - MENTORED_ARM, share)
    weights: Floats = mentored @ control.T / len(share)
    return weights


def log_likelihood(mentored: npt.ArrayLike, control: npt.ArrayLike) -> Floats:
    """Log probability that a trial prints 29 % and 67 %, for given risks in the two arms.

    Parameters
    ----------
    mentored, control
        Two-year risks in the highest-risk group (0-1), any shape.

    Returns
    -------
    Array of that shape; summed over the group sizes, which were never published.
    """
    from scipy.special import gammaln, logsumexp

    p1 = np.clip(np.asarray(mentored, np.float64), 1e-9, 1 - 1e-9)[..., None]
    p0 = np.clip(np.asarray(control, np.float64), 1e-9, 1 - 1e-9)[..., None]
    way = printed()

    def binomial(k: Floats, n: Floats, p: Floats) -> Floats:
        choose = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
        return np.asarray(choose + k * np.log(p) + (n - k) * np.log1p(-p))

    terms = binomial(way.mentored_hits, way.mentored_size, p1) + binomial(way.control_hits, way.control_size, p0)
    return np.asarray(logsumexp(terms, b=way.weight, axis=-1))


@cache
def best_log_likelihood() -> float:
    """The largest that any pair of risks can reach (searched on a fine grid around 29 % and 67 %)."""
    p1, p0 = np.meshgrid(np.linspace(0.25, 0.33, 161), np.linspace(0.63, 0.71, 161))
    return float(log_likelihood(p1, p0).max())


def support(mentored: npt.ArrayLike, control: npt.ArrayLike) -> Floats:
    """How probable the printed pair is relative to the best pair of risks (0-1); see ``RULE``."""
    return np.exp(log_likelihood(mentored, control) - best_log_likelihood())

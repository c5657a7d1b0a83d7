"""The one way in which a test decides by chance whether what was simulated can be what a formula says.

Each check computes an exact or asymptotic p-value of its claim and fails below ``FALSE_ALARM``: a true claim is
refused once in a million. Runs have fixed seeds, so a check that passes keeps passing until the model changes.
What the checks can see is tested in ``test_statistics.py`` by claims that are wrong by a stated amount.
"""

from __future__ import annotations

import numpy as np
from scipy import stats

FALSE_ALARM = 1e-6
"""Probability with which a check refuses a true claim."""
SMALLEST_CELL = 10.0
"""Expected count below which the cells at the end of a table are pooled."""


class Improbable(AssertionError):
    """What was seen is too improbable if the claim is true."""


def share(hits, number, expected):
    """Check that ``hits`` of ``number`` independent trials can have the ``expected`` chance each (exact binomial)."""
    p = stats.binomtest(int(hits), int(number), float(expected)).pvalue
    _judge(p, f"{hits} of {number} ({hits / number:.4f}) against an expected share of {expected:.4f}")


def mean(values, expected, sd):
    """Check that independent values with standard deviation ``sd`` can have the ``expected`` mean (normal)."""
    values = np.asarray(values, dtype=np.float64)
    z = (values.mean() - expected) / (sd / np.sqrt(len(values)))
    _judge(2 * stats.norm.sf(abs(z)), f"mean {values.mean():.4f} of {len(values)} against {expected:.4f} (z = {z:.1f})")


def two_shares(hits, number, others, number_of_others):
    """Check that two groups can have the same chance (Fisher's exact test)."""
    table = [[hits, number - hits], [others, number_of_others - others]]
    _judge(stats.fisher_exact(table).pvalue, f"{hits} of {number} against {others} of {number_of_others}")


def counts(observed, chances):
    """Check that counts can have these chances (chi-square; the last cells are pooled until they are large enough)."""
    observed = np.asarray(observed, dtype=np.float64)
    expected = np.asarray(chances, dtype=np.float64) * observed.sum()
    while len(expected) > 2 and expected[-1] < SMALLEST_CELL:
        expected = np.append(expected[:-2], expected[-2:].sum())
        observed = np.append(observed[:-2], observed[-2:].sum())
    _judge(stats.chisquare(observed, expected).pvalue, f"counts {observed.tolist()} against {expected.round(1).tolist()}")


def _judge(p, claim):
    if p < FALSE_ALARM:
        raise Improbable(f"{claim}: p = {p:.1e}, below {FALSE_ALARM:.0e}")

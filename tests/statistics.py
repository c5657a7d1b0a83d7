"""The p-values of the checks (``experiments.verification.checks``) as assertions of a test."""

from __future__ import annotations

from scipy import stats

from experiments.verification.checks import FALSE_ALARM, PValues


class Improbable(AssertionError):
    """What was seen is too improbable if the claim is true."""


def share(hits, number, expected):
    """Check that ``hits`` of ``number`` independent trials can have the ``expected`` chance each (exact binomial)."""
    p_values = PValues()
    p_values.share(hits, number, expected)
    _judge(p_values.smallest, p_values.detail)


def mean(values, expected, sd):
    """Check that independent values with standard deviation ``sd`` can have the ``expected`` mean (normal)."""
    p_values = PValues()
    p_values.mean(values, expected, sd)
    _judge(p_values.smallest, p_values.detail)


def two_shares(hits, number, others, number_of_others):
    """Check that two groups can have the same chance (Fisher's exact test)."""
    table = [[hits, number - hits], [others, number_of_others - others]]
    _judge(stats.fisher_exact(table).pvalue, f"{hits} of {number} against {others} of {number_of_others}")


def counts(observed, chances):
    """Check that counts can have these chances (chi-square; the last cells are pooled until they are large enough)."""
    p_values = PValues()
    p_values.counts(observed, chances)
    _judge(p_values.smallest, p_values.detail)


def _judge(p, claim):
    if p < FALSE_ALARM:
        raise Improbable(f"{claim}: p = {p:.1e}, below {FALSE_ALARM:.0e}")

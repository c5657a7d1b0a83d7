"""A decision under uncertainty: what options do and what they cost, over equally probable draws of the parameters.

An *effect* is what money buys (for example reoffenders avoided), a *net cost* is kroner spent less kroner saved, and a
*threshold* is what a planner would pay for one unit of effect. Kroner and effects come from elsewhere; here they are
only compared. The value of more information is in ``value_of_information.py``.

References
----------
Fenwick, Claxton & Sculpher (2001), Health Economics 10:779, doi:10.1002/hec.635 (acceptability curve and frontier).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiments.statistics.intervals import interval
from simulation.outcomes import wilson
from simulation.parameters import ParameterError

Floats = npt.NDArray[np.float64]
QUADRANTS = ("more, dearer", "more, cheaper", "less, dearer", "less, cheaper")
"""Effect and cost against the comparator; no difference counts as less, and as dearer."""
PUBLIC_TOTAL = "public total"


@dataclass(frozen=True, kw_only=True)
class Options:
    """What each option does and costs at each draw; the same row is the same draw for all of them."""

    names: tuple[str, ...]
    effect: Floats
    """Units of effect, draws x options."""
    cost: Floats
    """Net kroner, draws x options; below zero is a saving."""

    def __post_init__(self) -> None:
        for key, values in (("effect", self.effect), ("cost", self.cost)):
            if len(values) < 2:
                raise ParameterError(
                    f"{key} has the shape [{' x '.join(map(str, values.shape))}]; two draws or more x "
                    f"{len(self.names)} options are needed"
                )
            if not np.isfinite(values).all():
                name = self.names[int(np.argmin(np.isfinite(values).all(axis=0)))]
                raise ParameterError(f"{key} of option [{name}] has values that are no numbers; leave such draws out")


def plane(options: Options, *, against: str) -> pd.DataFrame:
    """Points of the cost-effectiveness plane: option, draw, effect and cost (both more than the comparator's)."""
    base = options.names.index(against)
    parts = [
        pd.DataFrame({"option": name, "draw": np.arange(len(options.effect)),
                      "effect": options.effect[:, k] - options.effect[:, base],
                      "cost": options.cost[:, k] - options.cost[:, base]})
        for k, name in enumerate(options.names) if k != base
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def quadrants(options: Options, *, against: str) -> pd.DataFrame:
    """Share of draws in each quadrant of the plane: option, quadrant, share (0-1), low and high (95 %, Wilson)."""
    rows = []
    for name, points in plane(options, against=against).groupby("option", sort=False):
        more, cheaper = points["effect"] > 0, points["cost"] < 0
        for quadrant, hits in zip(QUADRANTS, (more & ~cheaper, more & cheaper, ~more & ~cheaper, ~more & cheaper),
                                  strict=True):  # fmt: skip
            low, high = wilson(hits.sum(), len(hits))
            rows.append((name, quadrant, hits.mean(), float(low), float(high)))
    return pd.DataFrame(rows, columns=["option", "quadrant", "share", "low", "high"])


def acceptability(options: Options, thresholds: Sequence[float] | Floats) -> pd.DataFrame:
    """How probable each option is to be the best one, at each threshold (kroner per unit of effect).

    One row a threshold and option: threshold, option, share (of draws, 0-1; options that tie at a draw share it), low
    and high (95 %, Wilson), best (the highest *mean* net benefit: it need not be the one most probable to be best).
    """
    parts = []
    for threshold in np.asarray(thresholds, np.float64):
        benefit = float(threshold) * options.effect - options.cost
        first = benefit == benefit.max(axis=1, keepdims=True)
        won = (first / first.sum(axis=1, keepdims=True)).sum(axis=0)
        low, high = wilson(won, len(benefit))
        parts.append(pd.DataFrame({
            "threshold": threshold, "option": options.names, "share": won / len(benefit), "low": low, "high": high,
            "best": np.arange(benefit.shape[1]) == benefit.mean(axis=0).argmax(),
        }))  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def break_even(savings: pd.DataFrame, costs: pd.DataFrame, *, total: Sequence[str]) -> pd.DataFrame:
    """How probable it is that each payer gets back what it pays.

    ``savings`` and ``costs`` are kroner, one row a draw, the same column for each payer; ``total`` names the payers of
    the public total. One row a payer, those of the total first, then ``PUBLIC_TOTAL``, then the others:
    payer, saved, spent, gain (mean kroner), error (of the mean gain), gain_low, gain_high (middle 95 % of the draws),
    probability (share of draws in which the gain is zero or more, 0-1), low, high (95 %, Wilson: simulation error; all
    three NaN for a payer that neither saves nor pays anything), per_krone (mean saved for a krone spent; NaN where
    nothing is spent).
    """
    named = {payer: (savings[payer], costs[payer]) for payer in total}
    named[PUBLIC_TOTAL] = savings[list(total)].sum(axis=1), costs[list(total)].sum(axis=1)
    named |= {payer: (savings[payer], costs[payer]) for payer in map(str, savings) if payer not in total}
    rows = []
    for payer, (back, out) in named.items():
        gain = (back - out).to_numpy(np.float64)
        low, high = wilson((gain >= 0).sum(), len(gain))
        sure = ((gain >= 0).mean(), float(low), float(high))
        if payer != PUBLIC_TOTAL and not (back.any() or out.any()):
            sure = (np.nan, np.nan, np.nan)
        rows.append((payer, back.mean(), out.mean(), gain.mean(), gain.std(ddof=1) / np.sqrt(len(gain)),
                     *interval(gain)[1:], *sure,
                     back.mean() / out.mean() if out.mean() > 0 else np.nan))  # fmt: skip
    columns = ["payer", "saved", "spent", "gain", "error", "gain_low", "gain_high", "probability", "low", "high",
               "per_krone"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)

"""A decision under uncertainty: what options do and what they cost, over equally probable draws of the parameters.

An *effect* is what money buys (reoffenders avoided, say), a *net cost* is kroner spent less kroner saved, and a
*threshold* is what a planner would pay for one unit of effect. Kroner and effects come from elsewhere; here they are
only compared. What it is worth to know more is in ``value_of_information.py``.

References
----------
Fenwick, Claxton & Sculpher (2001), Health Economics 10:779, doi:10.1002/hec.635 (acceptability curve and frontier).
Louis (1984), JASA 79:393, doi:10.1080/01621459.1984.10478062 (spread of true values behind noisy ones).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiments.statistics.intervals import interval
from simulation.errors import nearest
from simulation.outcomes import wilson
from simulation.parameters import ParameterError

Floats = npt.NDArray[np.float64]
QUADRANTS = ("more, dearer", "more, cheaper", "less, dearer", "less, cheaper")
"""Effect and cost against the comparator; no difference counts as less, and as dearer."""
PUBLIC = "public total"
EFFICIENT, DOMINATED, MIXED = "on the frontier", "another does as much for less", "two others mixed do as much for less"


@dataclass(frozen=True, kw_only=True)
class Options:
    """What each option does and costs at each draw; the same row is the same draw for all of them."""

    names: tuple[str, ...]
    effect: Floats
    """Units of effect, draws x options."""
    cost: Floats
    """Net kroner, draws x options; below zero is a saving."""

    def __post_init__(self) -> None:
        for key in ("effect", "cost"):
            values = np.asarray(getattr(self, key), np.float64)
            object.__setattr__(self, key, values)
            if values.ndim != 2 or values.shape[1] != len(self.names) or len(values) < 2:
                raise ParameterError(
                    f"{key} has the shape [{' x '.join(map(str, values.shape))}]; two draws or more x "
                    f"{len(self.names)} options are needed"
                )
            if not np.isfinite(values).all():
                name = self.names[int(np.argmin(np.isfinite(values).all(axis=0)))]
                raise ParameterError(f"{key} of option [{name}] has values that are no numbers; leave such draws out")
        if self.effect.shape != self.cost.shape:
            raise ParameterError(
                f"effect has [{len(self.effect)}] draws and cost [{len(self.cost)}]; the same draws are needed"
            )
        if len(set(self.names)) < len(self.names):
            raise ParameterError(f"options are [{', '.join(self.names)}]; each name may be there once")

    @classmethod
    def of(cls, table: pd.DataFrame, *, effect: str, cost: str, option: str = "plan", draw: str = "draw") -> Options:
        """Options from a long table; where a draw has several rows of an option (replicates), their mean is taken.

        Parameters
        ----------
        table
            One row or more an option and draw.
        effect, cost, option, draw
            Names of its columns.

        Raises
        ------
        ParameterError
            If a column or a draw of some option is missing.
        """
        for name in (effect, cost, option, draw):
            if name not in table:
                raise ParameterError(f"column [{name}] is missing; {nearest(name, table.columns)}")
        wide = table.pivot_table(index=draw, columns=option, values=[effect, cost], aggfunc="mean", observed=True)
        names = list(dict.fromkeys(table[option]))
        for name in names:
            gone = wide[effect][name].isna() | wide[cost][name].isna()
            if gone.any():
                raise ParameterError(f"option [{name}] has no draw {gone.idxmax()}; every option needs the same draws")
        both = (wide[key][names].to_numpy(np.float64) for key in (effect, cost))
        return cls(names=tuple(map(str, names)), effect=next(both), cost=next(both))

    def at(self, name: str) -> int:
        """The column of an option."""
        if name not in self.names:
            raise ParameterError(f"option [{name}] is not there; {nearest(name, self.names)}")
        return self.names.index(name)

    def net_benefit(self, threshold: float) -> Floats:
        """Kroner that each option is worth at a threshold (kroner per unit of effect), draws x options."""
        return threshold * self.effect - self.cost


def settled(values: npt.ArrayLike, errors: npt.ArrayLike) -> Floats:
    """Values of draws without the simulation noise in them.

    A draw's value is a mean over few replicates, so the values spread more than the truth behind them. They are pulled
    towards their mean until the spread is that of the parameter uncertainty alone: variance less mean squared error, or
    none if there is less.

    Parameters
    ----------
    values
        One a draw, or draws x columns.
    errors
        Standard errors of the values (simulation), in the same shape or one for all.
    """
    x = np.asarray(values, np.float64)
    noise = np.mean(np.broadcast_to(np.asarray(errors, np.float64), x.shape) ** 2, axis=0)
    spread = x.var(axis=0, ddof=1)
    kept = np.sqrt(np.clip(1 - noise / np.where(spread > 0, spread, 1.0), 0.0, 1.0))
    return np.asarray(x.mean(axis=0) + kept * (x - x.mean(axis=0)))


# Effect and cost ----------------------------------------------------------------------------------------------


def plane(options: Options, *, against: str) -> pd.DataFrame:
    """Points of the cost-effectiveness plane: option, draw, effect and cost (both more than the comparator's)."""
    base = options.at(against)
    parts = [
        pd.DataFrame({"option": name, "draw": np.arange(len(options.effect)),
                      "effect": options.effect[:, k] - options.effect[:, base],
                      "cost": options.cost[:, k] - options.cost[:, base]})
        for k, name in enumerate(options.names) if k != base
    ]  # fmt: skip
    if not parts:
        raise ParameterError(f"options are [{against}]; a comparison needs two")
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


def ratios(options: Options, *, against: str) -> pd.DataFrame:
    """What one more unit of effect costs with each option, and what the ratio means.

    The ratio is that of the means. It is a price only where both have the same sign, and the two signs mean opposite
    things, so ``verdict`` goes with it. A ratio has no interval where draws lie in several quadrants: the
    acceptability curve says how sure it is.

    Returns
    -------
    DataFrame
        option, effect, effect_low, effect_high, cost, cost_low, cost_high (mean and middle 95 % of the draws, more than
        the comparator's), ratio (kroner per unit; NaN where there is no price), verdict.
    """
    rows = []
    for name, points in plane(options, against=against).groupby("option", sort=False):
        effect, cost = float(points["effect"].mean()), float(points["cost"].mean())
        verdict, priced = _verdict(effect, cost)
        ends = [interval(points[key].to_numpy())[1:] for key in ("effect", "cost")]
        rows.append((name, effect, *ends[0], cost, *ends[1], cost / effect if priced else np.nan, verdict))
    columns = ["effect", "effect_low", "effect_high", "cost", "cost_low", "cost_high"]
    return pd.DataFrame(rows, columns=["option", *columns, "ratio", "verdict"])


def _verdict(effect: float, cost: float) -> tuple[str, bool]:
    """What a mean effect and cost say, and whether their ratio is a price."""
    if effect == 0:
        return "as much effect" + (", as dear" if cost == 0 else ", dearer" if cost > 0 else ", cheaper"), False
    if effect > 0:
        return ("more effect at a price", True) if cost > 0 else ("more effect and no dearer", False)
    return ("less effect, and saves", True) if cost < 0 else ("less effect and no cheaper", False)


def frontier(options: Options) -> pd.DataFrame:
    """Options in order of mean effect, those that a better one or a mix of two makes needless, and steps of price.

    Returns
    -------
    DataFrame
        option, effect, cost (means), verdict (``EFFICIENT``, ``DOMINATED`` or ``MIXED``), ratio (kroner per further
        unit against the next smaller option on the frontier; NaN for the first and for those beside it).
    """
    effect, cost = options.effect.mean(axis=0), options.cost.mean(axis=0)
    verdicts, order = [EFFICIENT] * len(effect), np.lexsort((cost, effect))
    for k in order:
        better = ((effect > effect[k]) & (cost <= cost[k])) | ((effect == effect[k]) & (cost < cost[k]))
        twin = (effect == effect[k]) & (cost == cost[k]) & (np.arange(len(effect)) < k)
        if (better | twin).any():
            verdicts[k] = DOMINATED
    edge: list[int] = []
    for k in order:
        if verdicts[k] == DOMINATED:
            continue
        while len(edge) > 1 and _price(effect, cost, edge[-1], k) <= _price(effect, cost, edge[-2], edge[-1]):
            verdicts[edge.pop()] = MIXED
        edge.append(k)
    price = {b: _price(effect, cost, a, b) for a, b in pairwise(edge)}
    return pd.DataFrame({
        "option": [options.names[k] for k in order], "effect": effect[order], "cost": cost[order],
        "verdict": [verdicts[k] for k in order], "ratio": [price.get(k, np.nan) for k in order],
    })  # fmt: skip


def _price(effect: Floats, cost: Floats, a: int, b: int) -> float:
    return float((cost[b] - cost[a]) / (effect[b] - effect[a]))


# Net benefit --------------------------------------------------------------------------------------------------


def net_benefits(options: Options, threshold: float) -> pd.DataFrame:
    """Net benefit at a threshold: option, mean, error (of the mean), low, high (middle 95 %), best (highest mean)."""
    worth = options.net_benefit(threshold)
    rows = [(name, worth[:, k].mean(), worth[:, k].std(ddof=1) / np.sqrt(len(worth)), *interval(worth[:, k])[1:])
            for k, name in enumerate(options.names)]  # fmt: skip
    out = pd.DataFrame(rows, columns=["option", "mean", "error", "low", "high"])
    return out.assign(best=np.arange(len(out)) == int(out["mean"].to_numpy().argmax()))


def acceptability(options: Options, thresholds: Sequence[float] | Floats) -> pd.DataFrame:
    """How probable each option is to be the best one, over what a unit of effect is worth.

    The option to take is the one with the highest *mean* net benefit (``best``: the frontier), which need not be the
    one most probable to be best. Options that tie at a draw share it.

    Parameters
    ----------
    options
        Two or more, the comparator among them.
    thresholds
        Kroner per unit of effect.

    Returns
    -------
    DataFrame
        One row a threshold and option: threshold, option, share (0-1; they add to 1), low and high (95 %, Wilson),
        best.
    """
    parts = []
    for threshold in np.asarray(thresholds, np.float64):
        worth = options.net_benefit(float(threshold))
        first = worth == worth.max(axis=1, keepdims=True)
        won = (first / first.sum(axis=1, keepdims=True)).sum(axis=0)
        low, high = wilson(won, len(worth))
        parts.append(pd.DataFrame({
            "threshold": threshold, "option": options.names, "share": won / len(worth), "low": low, "high": high,
            "best": np.arange(worth.shape[1]) == worth.mean(axis=0).argmax(),
        }))  # fmt: skip
    return pd.concat(parts, ignore_index=True)


# Payers -------------------------------------------------------------------------------------------------------


def break_even(savings: pd.DataFrame, costs: pd.DataFrame, *, total: Sequence[str]) -> pd.DataFrame:
    """How probable it is that each payer gets back what it pays.

    Parameters
    ----------
    savings, costs
        Kroner, one row a draw, one column a payer; a payer that is missing in one has none of it there.
    total
        The payers that make the public total. All others are shown below it and are not in it.

    Returns
    -------
    DataFrame
        One row a payer, ``PUBLIC`` after the payers of ``total``: payer, saved, spent, gain (mean kroner), error (of
        the mean gain), gain_low, gain_high (middle 95 % of the draws), probability (share of draws in which the gain
        is zero or more, 0-1), low, high (95 %, Wilson: simulation error), per_krone (mean saved for a krone spent; NaN
        where nothing is spent).
    """
    if len(savings) != len(costs):
        raise ParameterError(f"savings have [{len(savings)}] draws and costs [{len(costs)}]; the same are needed")
    payers = list(dict.fromkeys([*savings.columns, *costs.columns]))
    for payer in total:
        if payer not in payers:
            raise ParameterError(f"payer [{payer}] is not there; {nearest(payer, payers)}")
    saved = savings.reset_index(drop=True).reindex(columns=payers, fill_value=0.0)
    spent = costs.reset_index(drop=True).reindex(columns=payers, fill_value=0.0)
    named = [(payer, saved[payer], spent[payer]) for payer in total]
    named.append((PUBLIC, saved[list(total)].sum(axis=1), spent[list(total)].sum(axis=1)))
    named += [(payer, saved[payer], spent[payer]) for payer in payers if payer not in total]
    rows = []
    for payer, back, out in named:
        gain = (back - out).to_numpy(np.float64)
        low, high = wilson((gain >= 0).sum(), len(gain))
        rows.append((payer, back.mean(), out.mean(), gain.mean(), gain.std(ddof=1) / np.sqrt(len(gain)),
                     *interval(gain)[1:], (gain >= 0).mean(), float(low), float(high),
                     back.mean() / out.mean() if out.mean() > 0 else np.nan))  # fmt: skip
    columns = ["payer", "saved", "spent", "gain", "error", "gain_low", "gain_high", "probability", "low", "high",
               "per_krone"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)

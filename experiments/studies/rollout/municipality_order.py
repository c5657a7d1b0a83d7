"""Sequencing of municipalities: what more volunteers do in each, and in which order to open them for a budget.

Municipalities share nothing with one another: peers, flats, jobs, volunteers and waiting lists are local. So one run
with more volunteers everywhere gives each municipality's own answer, and a set of municipalities avoids the sum of what
each avoids. Single municipalities are small and their simulated outcomes noisy. They are therefore shrunk towards what
their courses avoid elsewhere (``shrunk``), and an order is evaluated by runs that did not select it.

References
----------
Efron & Morris (1975), JASA 70:311, doi:10.1080/01621459.1975.10479864 (shrinkage of noisy means).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiments.execution.jobs import Job, Table
from experiments.inputs.municipalities import Country
from experiments.inputs.municipality_shapes import shapes
from experiments.inputs.scenario_files import written
from experiments.studies.rollout.allocation_rules import OUTCOMES, per_course_of, summarise
from experiments.studies.rollout.plan import RolloutPlan, planned
from experiments.studies.rollout.plan_scenario import scenario_of
from experiments.studies.rollout.simulate import PlanDraws, counted, country_of, job_of
from simulation.history import GROUPS
from simulation.places import Place
from simulation.scenario import Scenario

Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]
MORE, DRAWS = 10.0, 32
"""Further volunteers in each municipality, and draws by default; every fourth is simulated twice."""
SPLITS, LOTS = 20, 200
"""How often the draws are split in halves, and how many orders are drawn by lot."""
BUDGETS = np.linspace(0.0, 1.0, 41)
"""Parts of what everything costs."""
BEST, RAW, LOT = "best value per krone", "best value per krone, not shrunk", "by lot"
RICHEST = "highest share at highest risk"
SHARES, AT = (0.25, 0.5, 0.75), (10, 20, 30)
"""Budgets at which orders are compared, and where they stand in ``BUDGETS``."""
ALPHABET, BORNHOLM = "abcdefghijklmnopqrstuvwxyzæøå", 400


def with_more(scenario: Scenario, more: Mapping[str, float]) -> Scenario:
    """The scenario with more trained volunteers in some municipalities (by name) when they open, and room for them."""
    changes: dict[str, Any] = {}
    for key in ("at_start", "ceiling"):
        by = dict(getattr(scenario.volunteers, f"{key}_by"))
        total, before = getattr(scenario.volunteers, key), math.fsum(by.values())
        for name, number in more.items():
            by[name] = by.get(name, 0.0) + number
        after = math.fsum(by.values())
        changes[f"volunteers.{key}"] = total * after / before if before > 0 else after
        changes[f"volunteers.{key}_by"] = by
    return scenario.changed(changes)


def simulate_more(context: dict[str, Any], payload: dict[str, Any]) -> dict[str, list[Any]]:
    """Counts of a draw with ``more`` volunteers (context) in every open municipality; rows by municipality only."""
    scenario = scenario_of(
        planned(context["plan"]), country_of(context["country"]), base=written(context["base"]),
        draw=payload["point"], plan_values=payload["plan_values"], released=np.array(payload["released"]),
    )  # fmt: skip
    more = dict.fromkeys(next(iter(scenario.programme.values())).municipalities, float(context["more"]))
    table = counted(with_more(scenario, more), payload["seed"], range(payload["replicates"]))
    return {str(name): column.tolist() for name, column in table[table["level"] == "place"].items()}


def run_more(
    plan: RolloutPlan, country: Country, draws: PlanDraws, compute: Callable[[Job], Iterator[Table]], *,
    replicates: int = 0,
    more: float = MORE, command: str = "",
) -> pd.DataFrame:  # fmt: skip
    """Counts of a plan with more volunteers in every municipality: as ``run_plan``, rows by municipality only."""
    like = job_of(plan, country, draws, replicates=replicates, command=command)
    job = replace(like, name=f"priorities: {more:g} more volunteers in {plan.name}",
                  work=f"{__name__}:simulate_more", context={**like.context, "more": more})  # fmt: skip
    return pd.concat([pd.DataFrame(table).assign(draw=k) for k, table in enumerate(compute(job))], ignore_index=True)


@dataclass(frozen=True, kw_only=True)
class ByMunicipality:
    """Differences between runs with the same random numbers, by run, municipality and risk group."""

    draws: Longs
    courses: dict[str, Floats]
    """More courses: ``started``, and of these ``started_first``, runs x municipalities x groups."""
    avoided: dict[str, Floats]
    """Fewer of each of ``OUTCOMES``, in the same shape."""

    @classmethod
    def between(
        cls, with_: pd.DataFrame, without: pd.DataFrame, places: Sequence[str], programme: str
    ) -> ByMunicipality:
        """From counts of two plans (``run_plan``) on the same draws and replicates."""
        kinds = {kind: f"{programme}.{kind}" for kind in ("started", "started_first")}
        draws, first = count_arrays(with_, [*OUTCOMES, *kinds.values()], places)
        _, other = count_arrays(without, [*OUTCOMES, *kinds.values()], places)
        courses = {kind: first[name] - other[name] for kind, name in kinds.items()}
        avoided = {name: other[name] - first[name] for name in OUTCOMES}
        return cls(draws=draws, courses=courses, avoided=avoided)

    def per_course(self, outcome: str) -> Floats:
        """What a course avoids in each risk group, draws x groups: all municipalities and replicates together."""
        number, row = np.unique(self.draws, return_inverse=True)
        both = np.zeros((2, len(number), len(GROUPS)))
        for part, values in zip(both, (self.avoided[outcome], self.courses[per_course_of(outcome)]), strict=True):
            np.add.at(part, row, values.sum(axis=1))
        return np.asarray(both[0] / np.where(both[1] != 0, both[1], np.inf))

    def expected(self, outcome: str, per_course: Floats) -> Floats:
        """What these courses avoid if each avoids as much as elsewhere (``per_course``), runs x municipalities."""
        row = np.unique(self.draws, return_inverse=True)[1]
        return np.asarray(np.einsum("rpg,rg->rp", self.courses[per_course_of(outcome)], per_course[row]))


def count_arrays(table: pd.DataFrame, columns: Sequence[str], places: Sequence[str]) -> tuple[Longs, dict[str, Floats]]:
    """The draw of each run, and counts as runs x municipalities x groups (0 for columns that are not there)."""
    rows = table[(table["level"] == "place") & table["where"].isin(list(places))]
    order = {"where": pd.Index(places), "group": pd.Index(GROUPS)}
    rows = rows.assign(**{key: pd.Categorical(rows[key], names) for key, names in order.items()})
    rows = rows.sort_values(["draw", "replicate", *order]).reindex(columns=["draw", *columns], fill_value=0.0)
    shape = (-1, len(places), len(GROUPS))
    found = {name: rows[name].to_numpy(np.float64).reshape(shape) for name in columns}
    return rows["draw"].to_numpy(np.int64).reshape(shape)[:, 0, 0], found


def shrunk(direct: Floats, expected: Floats) -> tuple[Floats, Floats, float]:
    """What municipalities avoid: what is expected of their courses, and the part of the rest that is not noise.

    With d what was simulated and e what was expected (runs x municipalities), and c the ratio of their sums, the
    estimate is c e + k (d - c e) with k = t² / (t² + s²): s is the standard error of the municipality's mean
    difference, and t² the spread of these differences between municipalities beyond their errors, their mean square
    less the mean of s² (or 0).

    Returns the estimates by run (runs x municipalities), k of each municipality (0-1), and c.
    """
    total = expected.sum()
    ratio = float(direct.sum() / total) if total != 0 else 1.0
    rest = direct - ratio * expected
    error = rest.var(axis=0, ddof=1) / len(rest)
    beyond = max(0.0, float(np.mean(rest.mean(axis=0) ** 2) - error.mean()))
    weight = beyond / np.where(beyond + error > 0, beyond + error, 1.0)
    return ratio * expected + weight * rest, weight, ratio


def marginal(more: ByMunicipality, whole: ByMunicipality, places: Sequence[Place]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What more volunteers do in each municipality.

    ``more`` is the plan with more volunteers less the plan, ``whole`` the plan less no plan (what a course avoids
    elsewhere), ``places`` the municipalities of both.

    Returns
    -------
    table
        One row a municipality: number, municipality, region, courses (with ``_error``, ``_low``, ``_high``), highest
        (share of them in the highest-risk group), for each outcome what is avoided (the same columns), ``_simulated``
        (by its own runs alone, with ``_simulated_error``) and ``_own_weight`` (k).
    checks
        One row an outcome: ratio (c: a further course against the plan's average one), rank_correlation (of the
        municipalities between two halves of the draws, mean over splits).
    """
    table, courses = _listed(places), more.courses["started"]
    table = table.join(named(summarise(courses.sum(axis=2), more.draws, pooled=True), "courses"))
    table["highest"] = courses[:, :, 1].sum(axis=0) / np.maximum(1.0, courses.sum(axis=(0, 2)))
    checks = []
    for outcome in OUTCOMES:
        direct = more.avoided[outcome].sum(axis=2)
        values, weight, ratio = shrunk(direct, more.expected(outcome, whole.per_course(outcome)))
        own = named(summarise(direct, more.draws), f"{outcome}_simulated").iloc[:, :2]
        table = table.join(named(summarise(values, more.draws, pooled=True), outcome)).join(own)
        table[f"{outcome}_own_weight"] = weight
        by_half = [pd.Series(values[half].mean(axis=0)).rank() for half in halves(more.draws, SPLITS, seed=1)]
        correlation = np.mean([one.corr(other) for one, other in zip(by_half[::2], by_half[1::2], strict=True)])
        checks.append({"outcome": outcome, "ratio": ratio, "rank_correlation": float(correlation)})
    return table, pd.DataFrame(checks)


def _listed(places: Sequence[Place]) -> pd.DataFrame:
    rows = [{"number": place.number, "municipality": place.name, "region": place.region} for place in places]
    return pd.DataFrame(rows)


def named(found: pd.DataFrame, name: str) -> pd.DataFrame:
    """Mean, error and interval of ``summarise`` under an outcome's name."""
    return found[["mean", "error", "low", "high"]].add_prefix(f"{name}_").rename(columns={f"{name}_mean": name})


def naive_orders(places: Sequence[Place], releases: Floats) -> dict[str, Longs]:
    """Orders that need no run: positions of the municipalities (with so many ``releases`` a year), first to last.

    Distances are those on the map; Bornholm, which is drawn nearer than it lies, is the farthest.
    """
    middle = {shape.place.number: np.array(shape.middle, np.float64) for shape in shapes()}
    today = [middle[shape.place.number] for shape in shapes() if shape.place.programme_area]
    far = [math.inf if place.number == BORNHOLM else min(float(np.hypot(*(middle[place.number] - at))) for at in today)
           for place in places]  # fmt: skip
    keys: dict[str, list[Any]] = {
        "largest first": [-place.population for place in places],
        "most releases first": [*(-releases)],
        "alphabetical": [alphabetical(place.name) for place in places],
        "today's area outward": [*zip(far, -releases, strict=True)],
    }
    return {name: np.array(sorted(range(len(places)), key=key.__getitem__), np.int64) for name, key in keys.items()}


def alphabetical(name: str) -> list[int]:
    """A Danish name as it is sorted: aa as å, and æ, ø, å after z; hyphens and spaces do not count."""
    return [ALPHABET.find(letter) for letter in name.lower().replace("aa", "å") if letter in ALPHABET]


def best_order(value: Floats, cost: Floats) -> Longs:
    """Municipalities by value per krone, the highest first; those that cost nothing count as nothing."""
    return np.argsort(-value / np.where(cost > 0, cost, np.inf), kind="stable")


def gained_by(order: Longs, value: Floats, cost: Floats, budgets: Floats) -> Floats:
    """What an order has avoided in each run when each budget is spent: runs x budgets (value, cost: runs x places).

    Municipalities open in order as long as there is money; of the first that cannot be paid, the part that can.
    """
    spent, gained = (np.cumsum(np.pad(each[:, order], ((0, 0), (1, 0))), axis=1) for each in (cost, value))
    return np.array([np.interp(budgets, x, y) for x, y in zip(spent, gained, strict=True)])


def halves(draws: Longs, splits: int, *, seed: int) -> Iterator[npt.NDArray[np.bool_]]:
    """Runs of a random half of the draws, then those of the other half; ``splits`` times."""
    rng, every = np.random.Generator(np.random.Philox(key=seed)), np.unique(draws)
    for _ in range(splits):
        chosen = np.isin(draws, rng.permutation(every)[: len(every) // 2])
        yield chosen
        yield ~chosen


@dataclass(frozen=True, kw_only=True)
class OrderComparison:
    """What orders avoid at each budget (kroner, all years); selected orders by the other half of the draws."""

    draws: Longs
    budgets: Floats
    held_out: dict[str, Floats]
    """What each order avoids, runs x budgets."""
    in_sample: dict[str, Floats]
    """The same by the very runs that selected it."""
    ranks: Longs
    """Position of each municipality in the best order (from 0), halves x municipalities."""

    def curves(self) -> pd.DataFrame:
        """One row an order and budget: order, budget (kroner), share (of what everything costs), as ``summarise``."""
        return pd.concat([summarise(values, self.draws).assign(order=name, budget=self.budgets, share=BUDGETS)
                          for name, values in self.held_out.items()], ignore_index=True)  # fmt: skip

    def regret(self) -> pd.DataFrame:
        """What orders avoid less than the best: order, share (of the budget), part, part_error, as ``summarise``."""
        best, parts = self.held_out[BEST][:, AT], []
        mean = summarise(best, self.draws)["mean"].abs()
        for name, values in self.held_out.items():
            lost = summarise(best - values[:, AT], self.draws).assign(order=name, share=SHARES)
            parts.append(lost.assign(part=lost["mean"] / mean, part_error=lost["error"] / mean))
        return pd.concat([part for part in parts if part["order"].iloc[0] not in (BEST, RAW)], ignore_index=True)

    def winners_curse(self) -> pd.DataFrame:
        """Selected orders evaluated by the same runs and by others: order, share, in_sample, held_out, by_lot."""
        return pd.DataFrame([
            {"order": name, "share": share, "in_sample": self.in_sample[name][:, k].mean(),
             "held_out": self.held_out[name][:, k].mean(), "by_lot": self.held_out[LOT][:, k].mean()}
            for name in (BEST, RAW) for share, k in zip(SHARES, AT, strict=True)
        ])  # fmt: skip


def compare_orders(
    value: Floats, expected: Floats, cost: Floats, richest: Floats, naive: Mapping[str, Longs], draws: Longs, *,
    seed: int, lots: int = LOTS,
) -> OrderComparison:  # fmt: skip
    """The best order against naive ones.

    Parameters
    ----------
    value, expected, cost, richest
        What each municipality avoids, what its courses are expected to, kroner, and the share of its releases that are
        in the highest-risk group (NaN where there is none): runs x municipalities.
    naive, draws
        Orders that need no run; the draw of each run, two draws or more.
    seed, lots
        Seed; how many orders by lot.
    """
    budgets = BUDGETS * cost.sum(axis=1).mean()
    rng = np.random.Generator(np.random.Philox(key=seed, counter=[0, 0, 0, 1]))
    held_out = {name: gained_by(order, value, cost, budgets) for name, order in naive.items()}
    by_lot = [gained_by(rng.permutation(value.shape[1]), value, cost, budgets) for _ in range(lots)]
    held_out[LOT] = np.mean(by_lot, axis=0)
    other, same = ({name: np.zeros((len(value), len(budgets))) for name in (BEST, RICHEST, RAW)} for _ in range(2))
    ranks = []
    for mine in halves(draws, SPLITS, seed=seed):
        price = cost[mine].mean(axis=0)
        orders = {
            BEST: best_order(shrunk(value[mine], expected[mine])[0].mean(axis=0), price),
            RAW: best_order(value[mine].mean(axis=0), price),
            RICHEST: np.argsort(-np.nan_to_num(richest[mine]).mean(axis=0), kind="stable"),
        }  # fmt: skip
        for name, order in orders.items():
            other[name][~mine] += gained_by(order, value[~mine], cost[~mine], budgets) / SPLITS
            same[name][mine] += gained_by(order, value[mine], cost[mine], budgets) / SPLITS
        ranks.append(np.argsort(orders[BEST]))
    every = {BEST: other[BEST], **held_out, RICHEST: other[RICHEST], RAW: other[RAW]}
    return OrderComparison(draws=draws, budgets=budgets, held_out=every, in_sample=same, ranks=np.array(ranks))


def order_table(
    found: OrderComparison, value: Floats, expected: Floats, cost: Floats, whole: ByMunicipality,
    places: Sequence[Place],
) -> pd.DataFrame:  # fmt: skip
    """The best order by all runs: position (from 1), number, municipality, region, courses, cost (kroner), value,
    per_million (value for a million kroner), first and last (middle 80 % of its positions by halves of the draws).
    """
    values, price = shrunk(value, expected)[0], cost.mean(axis=0)
    table = _listed(places).assign(courses=whole.courses["started"].sum(axis=2).mean(axis=0), cost=price)
    table = table.join(named(summarise(values, whole.draws, pooled=True), "value"))
    table["per_million"] = 1e6 * values.mean(axis=0) / np.where(price > 0, price, np.inf)
    table["first"], table["last"] = 1 + np.quantile(found.ranks, (0.1, 0.9), axis=0)
    table = table.iloc[best_order(values.mean(axis=0), price)].reset_index(drop=True)
    table.insert(0, "position", np.arange(1, len(table) + 1))
    return table

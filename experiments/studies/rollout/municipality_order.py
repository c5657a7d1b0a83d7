"""Which place first: what ten more volunteers do in each municipality, and in which order to open them for a budget.

Municipalities share nothing with one another: peers, flats, jobs, volunteers and waiting lists are local. So one run
with more volunteers everywhere gives each municipality's own answer, and what a set of municipalities is worth is the
sum of what each is worth. Single municipalities are small, and chance in them is large: what was simulated is pulled
towards what its courses are worth elsewhere (``pulled``), and an order is judged by runs that did not choose it.

References
----------
Efron & Morris (1975), JASA 70:311, doi:10.1080/01621459.1975.10479864 (pulling noisy means together).
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
from experiments.inputs.parameter_points import at_shares
from experiments.inputs.scenario_files import written
from experiments.studies.rollout.allocation_rules import OUTCOMES, per_course_of, spread
from experiments.studies.rollout.plan import RolloutPlan, planned
from experiments.studies.rollout.plan_scenario import scenario_of
from experiments.studies.rollout.simulate import PlanDraws, counted, country_of, job_of
from simulation.history import GROUPS
from simulation.parameters import Section, par, quantities
from simulation.places import Place
from simulation.scenario import Scenario

Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]
MORE, DRAWS = 10.0, 32
"""Volunteers more in each municipality, and draws by default; every fourth is told twice."""
SPLITS, LOTS = 20, 200
"""How often the draws are split in halves, and how many orders are drawn by lot."""
BUDGETS = np.linspace(0.0, 1.0, 41)
"""Parts of what everything costs."""
BEST, RAW, LOT = "best value per krone", "best as simulated, not pulled", "by lot"
RICHEST = "highest share at highest risk"
SHARES, AT = (0.25, 0.5, 0.75), (10, 20, 30)
"""Budgets at which orders are compared, and where they stand in ``BUDGETS``."""
ALPHABET, BORNHOLM = "abcdefghijklmnopqrstuvwxyzæøå", 400


class Costs(Section):
    """What an open municipality costs."""

    course: float = par(33_000.0, "DKK of 2021", 1, 10_000_000, what="price of a started course",
        source="24,000 to 36,700 [S2][S4][S6]", grade="judged", prior="LN(33000, 0.30)")
    open_a_year: float = par(50_000.0, "DKK of 2021 a year", 0, 100_000_000,
        what="what an open municipality costs however few courses it has: premises, meetings with prisons and the "
        "municipality, a small part of somebody's time", source="nothing found; assumed", grade="assumed",
        prior="LN(50000, 0.50)")

    @classmethod
    def of(cls, plan: RolloutPlan, course: float | None, open_a_year: float | None) -> Costs:
        """Prices with those that the user gives, or the plan (``offer.course_price``); given ones are not doubted."""
        if course is None and "course_price" in plan.offer.model_fields_set:
            course = plan.offer.course_price
        given = {"course": course, "open_a_year": open_a_year}
        return cls(**{key: value for key, value in given.items() if value is not None})

    def drawn(self, n: int, *, seed: int) -> dict[str, Floats]:
        """Prices at n draws, each evenly spread over its prior; those that are given stand as they are."""
        rng, found = np.random.Generator(np.random.Philox(key=seed)), {}
        for row in quantities(self):
            shares = (rng.permutation(n)[:, None] + 0.5) / n
            doubted = row.key not in self.model_fields_set
            found[row.key] = at_shares([row], shares)[:, 0] if doubted else np.full(n, float(row.value))
        return found


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


def more_piece(context: dict[str, Any], payload: dict[str, Any]) -> dict[str, list[Any]]:
    """As ``rollout.piece``, with ``more`` volunteers (context) in every open municipality; rows by place only."""
    scenario = scenario_of(
        planned(context["plan"]), country_of(context["country"]), base=written(context["base"]),
        draw=payload["point"], doubts=payload["doubts"], released=np.array(payload["released"]),
    )  # fmt: skip
    more = dict.fromkeys(next(iter(scenario.programme.values())).places, float(context["more"]))
    table = counted(with_more(scenario, more), payload["seed"], range(payload["replicates"]))
    return {str(name): column.tolist() for name, column in table[table["level"] == "place"].items()}


def run_more(
    plan: RolloutPlan, country: Country, doubts: PlanDraws, compute: Callable[[Job], Iterator[Table]], *,
    replicates: int = 0, more: float = MORE, command: str = "",
) -> pd.DataFrame:  # fmt: skip
    """Counts of a plan with more volunteers in every municipality: as ``rollout.run_plan``, rows by place only."""
    like = job_of(plan, country, doubts, replicates=replicates, command=command)
    job = replace(like, name=f"priorities: {more:g} more volunteers in {plan.name}",
                  work=f"{__name__}:more_piece", context={**like.context, "more": more})  # fmt: skip
    return pd.concat([pd.DataFrame(table).assign(draw=k) for k, table in enumerate(compute(job))], ignore_index=True)


@dataclass(frozen=True, kw_only=True)
class ByPlace:
    """What some runs have more of than others on the same luck, by run, municipality and risk group."""

    draws: Longs
    courses: dict[str, Floats]
    """More courses: ``started``, and of these ``started_first``, runs x places x groups."""
    avoided: dict[str, Floats]
    """Fewer of each of ``OUTCOMES``, in the same shape."""

    @classmethod
    def between(cls, with_: pd.DataFrame, without: pd.DataFrame, places: Sequence[str], programme: str) -> ByPlace:
        """From counts of two plans (``rollout.run_plan``) on the same draws and replicates."""
        kinds = {kind: f"{programme}.{kind}" for kind in ("started", "started_first")}
        draws, first = cube(with_, [*OUTCOMES, *kinds.values()], places)
        _, other = cube(without, [*OUTCOMES, *kinds.values()], places)
        courses = {kind: first[name] - other[name] for kind, name in kinds.items()}
        avoided = {name: other[name] - first[name] for name in OUTCOMES}
        return cls(draws=draws, courses=courses, avoided=avoided)

    def worth(self, outcome: str) -> Floats:
        """What a course avoids in each risk group, draws x groups: all places and replicates of a draw together."""
        number, row = np.unique(self.draws, return_inverse=True)
        both = np.zeros((2, len(number), len(GROUPS)))
        for part, values in zip(both, (self.avoided[outcome], self.courses[per_course_of(outcome)]), strict=True):
            np.add.at(part, row, values.sum(axis=1))
        return np.asarray(both[0] / np.where(both[1] != 0, both[1], np.inf))

    def expected(self, outcome: str, worth: Floats) -> Floats:
        """What these courses avoid if each is worth what it is elsewhere (``worth``), runs x places."""
        row = np.unique(self.draws, return_inverse=True)[1]
        return np.asarray(np.einsum("rpg,rg->rp", self.courses[per_course_of(outcome)], worth[row]))


def cube(table: pd.DataFrame, columns: Sequence[str], places: Sequence[str]) -> tuple[Longs, dict[str, Floats]]:
    """The draw of each run, and counts by place as runs x places x groups (0 for columns that are not there)."""
    rows = table[(table["level"] == "place") & table["where"].isin(list(places))]
    order = {"where": pd.Index(places), "group": pd.Index(GROUPS)}
    rows = rows.assign(**{key: pd.Categorical(rows[key], names) for key, names in order.items()})
    rows = rows.sort_values(["draw", "replicate", *order]).reindex(columns=["draw", *columns], fill_value=0.0)
    shape = (-1, len(places), len(GROUPS))
    found = {name: rows[name].to_numpy(np.float64).reshape(shape) for name in columns}
    return rows["draw"].to_numpy(np.int64).reshape(shape)[:, 0, 0], found


def pulled(direct: Floats, expected: Floats) -> tuple[Floats, Floats, float]:
    """What places are worth: what is expected of their courses, and as much of the rest as is not chance.

    With d what was simulated and e what was expected (runs x places), and c the ratio of their sums, a place is worth
    c e + k (d - c e) with k = t² / (t² + s²): s is the standard error of the place's mean difference, and t² the
    spread of these differences between places beyond their errors, their mean square less the mean of s² (or 0).

    Returns the worths (runs x places; their means are the estimates), k of each place (0-1), and c.
    """
    total = expected.sum()
    ratio = float(direct.sum() / total) if total != 0 else 1.0
    rest = direct - ratio * expected
    error = rest.var(axis=0, ddof=1) / len(rest)
    beyond = max(0.0, float(np.mean(rest.mean(axis=0) ** 2) - error.mean()))
    kept = beyond / np.where(beyond + error > 0, beyond + error, 1.0)
    return ratio * expected + kept * rest, kept, ratio


def marginal(more: ByPlace, whole: ByPlace, places: Sequence[Place]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What more volunteers do in each municipality.

    ``more`` is the plan with more volunteers against the plan, ``whole`` the plan against nothing (what a course is
    worth elsewhere), ``places`` the municipalities of both.

    Returns
    -------
    table
        One row a municipality: number, place, region, courses (with ``_error``, ``_low``, ``_high``), highest (share of
        them in the highest-risk group), for each outcome what is avoided (the same columns), ``_simulated`` (by its own
        runs alone, with ``_simulated_error``) and ``_kept`` (k).
    checks
        One row an outcome: ratio (c: a further course against the plan's average one), alike (rank correlation of the
        municipalities between two halves of the draws, mean over splits).
    """
    table, courses = _listed(places), more.courses["started"]
    table = table.join(named(spread(courses.sum(axis=2), more.draws, alike=True), "courses"))
    table["highest"] = courses[:, :, 1].sum(axis=0) / np.maximum(1.0, courses.sum(axis=(0, 2)))
    checks = []
    for outcome in OUTCOMES:
        direct = more.avoided[outcome].sum(axis=2)
        values, kept, ratio = pulled(direct, more.expected(outcome, whole.worth(outcome)))
        own = named(spread(direct, more.draws), f"{outcome}_simulated").iloc[:, :2]
        table = table.join(named(spread(values, more.draws, alike=True), outcome)).join(own)
        table[f"{outcome}_kept"] = kept
        by_half = [pd.Series(values[half].mean(axis=0)).rank() for half in halves(more.draws, SPLITS, seed=1)]
        alike = np.mean([one.corr(other) for one, other in zip(by_half[::2], by_half[1::2], strict=True)])
        checks.append({"outcome": outcome, "ratio": ratio, "alike": float(alike)})
    return table, pd.DataFrame(checks)


def _listed(places: Sequence[Place]) -> pd.DataFrame:
    return pd.DataFrame([{"number": place.number, "place": place.name, "region": place.region} for place in places])


def named(found: pd.DataFrame, name: str) -> pd.DataFrame:
    """Mean, error and interval of ``spread`` under an outcome's name."""
    return found[["mean", "error", "low", "high"]].add_prefix(f"{name}_").rename(columns={f"{name}_mean": name})


def naive_orders(places: Sequence[Place], releases: Floats) -> dict[str, Longs]:
    """Orders that need no run: positions of the places (with so many ``releases`` a year), the first to open first.

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
    """Places by value per krone, the highest first; those that cost nothing count as nothing."""
    return np.argsort(-value / np.where(cost > 0, cost, np.inf), kind="stable")


def won(order: Longs, value: Floats, cost: Floats, budgets: Floats) -> Floats:
    """What an order has won in each run when each budget is spent: runs x budgets (value and cost: runs x places).

    Places open in order as long as there is money; of the first that cannot be paid, the part that can.
    """
    spent, gained = (np.cumsum(np.pad(each[:, order], ((0, 0), (1, 0))), axis=1) for each in (cost, value))
    return np.array([np.interp(budgets, x, y) for x, y in zip(spent, gained, strict=True)])


def halves(draws: Longs, splits: int, *, seed: int) -> Iterator[npt.NDArray[np.bool_]]:
    """Runs of one half of the draws, drawn by lot, then those of the other half; ``splits`` times."""
    rng, every = np.random.Generator(np.random.Philox(key=seed)), np.unique(draws)
    for _ in range(splits):
        chosen = np.isin(draws, rng.permutation(every)[: len(every) // 2])
        yield chosen
        yield ~chosen


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What orders win at each budget (kroner, all years); those that runs chose by the other half of the draws."""

    draws: Longs
    budgets: Floats
    kept: dict[str, Floats]
    """What each order wins, runs x budgets."""
    promised: dict[str, Floats]
    """The same by the very runs that chose it."""
    ranks: Longs
    """Position of each place in the best order (from 0), halves x places."""

    def curves(self) -> pd.DataFrame:
        """One row an order and budget: order, budget (kroner), share (of what everything costs), then as ``spread``."""
        return pd.concat([spread(values, self.draws).assign(order=name, budget=self.budgets, share=BUDGETS)
                          for name, values in self.kept.items()], ignore_index=True)  # fmt: skip

    def regret(self) -> pd.DataFrame:
        """What orders win less than the best: order, share (of the budget), part, part_error, and as ``spread``."""
        best, parts = self.kept[BEST][:, AT], []
        mean = spread(best, self.draws)["mean"].abs()
        for name, values in self.kept.items():
            lost = spread(best - values[:, AT], self.draws).assign(order=name, share=SHARES)
            parts.append(lost.assign(part=lost["mean"] / mean, part_error=lost["error"] / mean))
        return pd.concat([part for part in parts if part["order"].iloc[0] not in (BEST, RAW)], ignore_index=True)

    def exaggerated(self) -> pd.DataFrame:
        """What choosing and judging by the same runs would have promised: order, share, promised, kept, lot."""
        return pd.DataFrame([
            {"order": name, "share": share, "promised": self.promised[name][:, k].mean(),
             "kept": self.kept[name][:, k].mean(), "lot": self.kept[LOT][:, k].mean()}
            for name in (BEST, RAW) for share, k in zip(SHARES, AT, strict=True)
        ])  # fmt: skip


def judged(value: Floats, expected: Floats, cost: Floats, richest: Floats, naive: Mapping[str, Longs], draws: Longs, *,
           seed: int, splits: int = SPLITS, lots: int = LOTS) -> Judged:  # fmt: skip
    """The best order against naive ones.

    Parameters
    ----------
    value, expected, cost, richest
        What each place wins, what its courses are expected to, kroner, and the share of its releases that are in the
        highest-risk group (NaN where there is none): runs x places.
    naive, draws
        Orders that need no run; the draw of each run, two draws or more.
    seed, splits, lots
        Luck; how many splits in halves, and orders by lot.
    """
    budgets = BUDGETS * cost.sum(axis=1).mean()
    rng = np.random.Generator(np.random.Philox(key=seed, counter=[0, 0, 0, 1]))
    kept = {name: won(order, value, cost, budgets) for name, order in naive.items()}
    kept[LOT] = np.mean([won(rng.permutation(value.shape[1]), value, cost, budgets) for _ in range(lots)], axis=0)
    other, same = ({name: np.zeros((len(value), len(budgets))) for name in (BEST, RICHEST, RAW)} for _ in range(2))
    ranks = []
    for mine in halves(draws, splits, seed=seed):
        price = cost[mine].mean(axis=0)
        orders = {
            BEST: best_order(pulled(value[mine], expected[mine])[0].mean(axis=0), price),
            RAW: best_order(value[mine].mean(axis=0), price),
            RICHEST: np.argsort(-np.nan_to_num(richest[mine]).mean(axis=0), kind="stable"),
        }  # fmt: skip
        for name, order in orders.items():
            other[name][~mine] += won(order, value[~mine], cost[~mine], budgets) / splits
            same[name][mine] += won(order, value[mine], cost[mine], budgets) / splits
        ranks.append(np.argsort(orders[BEST]))
    return Judged(draws=draws, budgets=budgets, kept={BEST: other[BEST], **kept, RICHEST: other[RICHEST],
                  RAW: other[RAW]}, promised=same, ranks=np.array(ranks))  # fmt: skip


def order_table(found: Judged, value: Floats, expected: Floats, cost: Floats, whole: ByPlace, places: Sequence[Place]
                ) -> pd.DataFrame:  # fmt: skip
    """The best order by all runs: position (from 1), number, place, region, courses, cost (kroner), value, per_million
    (value for a million kroner), first and last (middle 80 % of its positions by halves of the draws).
    """
    values, price = pulled(value, expected)[0], cost.mean(axis=0)
    table = _listed(places).assign(courses=whole.courses["started"].sum(axis=2).mean(axis=0), cost=price)
    table = table.join(named(spread(values, whole.draws, alike=True), "value"))
    table["per_million"] = 1e6 * values.mean(axis=0) / np.where(price > 0, price, np.inf)
    table["first"], table["last"] = 1 + np.quantile(found.ranks, (0.1, 0.9), axis=0)
    table = table.iloc[best_order(values.mean(axis=0), price)].reset_index(drop=True)
    table.insert(0, "position", np.arange(1, len(table) + 1))
    return table

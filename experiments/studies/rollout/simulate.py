"""A plan for the whole country, run at draws of the uncertain parameters, beside Denmark without it.

Every draw of the posterior comes with a draw of what is uncertain about the plan (recruiting, ceiling, scaling up) and
about the country (how many are released where). Each is run once or more, with the plan and without it, with the same
random numbers. What is kept are counts (``simulation.monthly_counts``): by year, region and risk group, by month and
region, and by municipality.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiments.execution.jobs import Compute, Job, Table
from experiments.inputs.municipalities import Country
from experiments.inputs.parameter_points import at_shares, uncertain_of_schemes
from experiments.inputs.posterior import Posterior
from experiments.inputs.scenario_files import OTHER_SCHEMES, load, written
from experiments.studies.rollout.plan import RolloutPlan, planned, uncertain
from experiments.studies.rollout.plan_scenario import everybody, scenario_of
from simulation.compiled_parameters import months_before
from simulation.engine import SimulatedChunk, over_chunks
from simulation.history import GROUPS
from simulation.monthly_counts import names
from simulation.municipalities import municipalities
from simulation.scenario import Scenario

DRAWS = 48
"""Draws of the uncertain parameters, by default."""
TWICE = 4
"""Every so many draws are run twice, by default: enough to estimate the stochastic variation."""
OF_THE_STREAM = ("scenario", "begins", "years", "releases_per_year", "set")
"""What of a plan decides Denmark without it."""
COUNTRY = "Denmark"
ARRAYS = ("ratio", "own", "strength", "flats", "jobs")
"""Fields of a country that are arrays, one entry a municipality."""
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class PlanDraws:
    """Draws of everything uncertain: one row each."""

    points: list[dict[str, Any]]
    """Of the scenario, by dotted key; empty without a posterior."""
    plan: list[dict[str, float]]
    """Of the plan's own quantities."""
    released: Floats
    """Releases a year, draws x places."""
    seeds: list[int]
    """Seed of each draw: the same for every plan."""

    def table(self) -> pd.DataFrame:
        """One row a draw, one column a quantity; those of the plan begin with ``plan.``, for some have the same key."""
        own = [{f"plan.{key}": value for key, value in row.items()} for row in self.plan]
        return pd.DataFrame([{**point, **row} for point, row in zip(self.points, own, strict=True)])


def draw_uncertain(plan: RolloutPlan, country: Country, posterior: Posterior | None, n: int, *, seed: int) -> PlanDraws:
    """Draws of what is uncertain about scenario, plan and country.

    A quantity of the plan has the same share of its prior in every plan, so plans differ in what they do only.
    """
    from scipy.stats import qmc  # slow to import

    points = [{} for _ in range(n)] if posterior is None else posterior.draws(n)
    n = len(points)
    every = uncertain(planned({"name": "every"}))
    shares = qmc.LatinHypercube(len(every), rng=np.random.default_rng(seed)).random(n)
    values = at_shares(every, shares)
    own = {row.key for row in uncertain(plan)}
    drawn = [
        {row.key: float(value) for row, value in zip(every, line, strict=True) if row.key in own} for line in values
    ]
    if plan.other_schemes:
        names = list(load(OTHER_SCHEMES).programme)
        rows = uncertain_of_schemes(load(OTHER_SCHEMES), names)  # of all, so that plans share them
        beside = at_shares(rows, qmc.LatinHypercube(len(rows), rng=np.random.default_rng([seed, 8])).random(n))
        mine = tuple(f"scheme.{name}." for name in plan.other_schemes)
        for own_values, line in zip(drawn, beside, strict=True):
            own_values |= {row.key: float(value) for row, value in zip(rows, line, strict=True)
                           if row.key.startswith(mine)}  # fmt: skip
    released = country.drawn(n, seed)
    return PlanDraws(points=points, plan=drawn, released=released, seeds=[seed * 1_000_003 + k for k in range(n)])


def at_drawn_prices(plan: RolloutPlan, values: Sequence[dict[str, float]], prices: pd.DataFrame) -> None:
    """Put into the values of a plan, draw by draw, the price of a course for its budget, if it has one.

    ``prices`` are ``costs.plan_prices``, one row a draw.
    """
    price = f"scheme.{next(iter(everybody(plan).programme))}.per_start"
    if plan.offer.budget_a_year and price in prices:
        for row, kroner in zip(values, prices[price], strict=True):
            row["offer.course_price"] = float(kroner)


def simulate_draw(context: dict[str, Any], payload: dict[str, Any]) -> dict[str, list[Any]]:
    """Counts of a plan, or of Denmark without it, at one draw.

    ``context`` and ``payload`` are those of ``job_of``. Columns: level, replicate (-1: mean over them), time (year or
    month), where (region or municipality), group ("" for both), then counts.
    """
    scenario = drawn_scenario(context, payload)
    table = counted(scenario, payload["seed"], range(payload["replicates"]), whole=context.get("whole", False))
    return {str(name): column.tolist() for name, column in table.items()}


def drawn_scenario(context: dict[str, Any], payload: dict[str, Any]) -> Scenario:
    """The scenario of a plan at one draw (arguments as for ``simulate_draw``)."""
    return scenario_of(
        planned(context["plan"]), country_of(context["country"]), base=written(context["base"]), draw=payload["point"],
        plan_values=payload["plan_values"], released=np.array(payload["released"]), none=context.get("none", False),
    )  # fmt: skip


def simulate_supply(context: dict[str, Any], payload: dict[str, Any]) -> dict[str, list[Any]]:
    """Volunteers month by month in every municipality, at one draw (arguments as for ``simulate_draw``).

    Columns: where, time (month), volunteers (trained), joined (people who came onto the list), months (person-months
    matched), started (courses).
    """
    scenario = drawn_scenario(context, payload)
    rows, before = names(scenario), months_before(scenario)
    programme = next(iter(scenario.programme))
    wanted = {"joined": f"{programme}.joined", "months": f"{programme}.months", "started": f"{programme}.started"}

    def reduced(cohort: SimulatedChunk) -> Floats:
        return np.asarray(cohort.tally.sum(axis=2, dtype=np.float64))

    (tally,) = over_chunks(scenario, payload["seed"], range(1), reduced, threads=1, ledger=True)
    months, places = tally.shape[1] - before, len(scenario.selected_municipalities)
    counts = {name: tally[rows.index(row)] for name, row in wanted.items()}
    counts["volunteers"] = tally[rows.index("free_months")] + tally[rows.index("busy_months")]
    counts["joined"][before] += counts["joined"][:before].sum(axis=0)
    return {
        "where": [place.name for _ in range(months) for place in scenario.selected_municipalities],
        "time": np.repeat(np.arange(months), places).tolist(),
        **{name: values[before:].ravel().tolist() for name, values in counts.items()},
    }


def simulate_pair(context: dict[str, Any], payload: dict[str, Any]) -> dict[str, list[Any]]:
    """``simulate_draw`` with the plan and without it, since they share their people; a column ``none`` first."""
    with_, without = (simulate_draw({**context, "none": none}, payload) for none in (False, True))
    number = len(without["time"])
    columns = {name: values + without.get(name, [0.0] * number) for name, values in with_.items()}
    return {"none": [0] * len(with_["time"]) + [1] * number, **columns}


def counted(scenario: Scenario, seed: int, replicates: range, *, whole: bool = False) -> pd.DataFrame:
    """Counts of some replicates of a country's scenario; columns as in ``simulate_draw``.

    With ``whole`` there are rows by year and group of the whole country only: they take less room.
    """
    rows = names(scenario)
    places = scenario.selected_municipalities
    regions = [COUNTRY] if whole else list(dict.fromkeys(place.region for place in places))
    inside = np.array([[region in (place.region, COUNTRY) for place in places] for region in regions], np.float64)
    before = months_before(scenario)

    def reduced(cohort: SimulatedChunk) -> tuple[list[int], Floats, Floats, Floats]:
        count, width = len(cohort.local.number) // len(places), len(places)
        tally = cohort.tally.reshape(*cohort.tally.shape[:3], count, width)
        runs = np.unique(cohort.people.replicate).tolist()
        months = tally.shape[1]
        year = np.maximum(0, np.arange(months) - before) // 12
        starts = np.flatnonzero(np.diff(year, prepend=-1))
        by_year = np.add.reduceat(tally, starts, axis=1).astype(np.float64)
        monthly = tally.sum(axis=2, dtype=np.float64)
        return runs, by_year @ inside.T, monthly @ inside.T, by_year.sum(axis=1)

    found = list(over_chunks(scenario, seed, replicates, reduced, threads=1, ledger=True))
    parts = []
    for runs, by_region, _, by_place in found:
        for k, replicate in enumerate(runs):
            parts.append(_frame("year", replicate, by_region[:, :, :, k], regions, GROUPS, rows))
            if not whole:
                here = by_place[:, :, k][:, None]
                parts.append(_frame("place", replicate, here, [place.name for place in places], GROUPS, rows))
    if not whole:
        monthly = np.concatenate([each[2] for each in found], axis=2).mean(axis=2)
        parts.append(_frame("month", -1, monthly[:, before:, None], regions, ("",), rows))
    table = pd.concat(parts, ignore_index=True)
    head, counts = table.iloc[:, :5], table.iloc[:, 5:].astype(np.float32)
    volunteers = (counts["free_months"] + counts["busy_months"]).rename("volunteer_months")
    return pd.concat([head, volunteers, counts], axis=1)


def _frame(
    level: str, replicate: int, values: Floats, where: Sequence[str], groups: Sequence[str], columns: Sequence[str]
) -> pd.DataFrame:
    """Rows x times x groups x places as a tidy table."""
    _, times, kinds, places = values.shape
    index = np.indices((times, kinds, places)).reshape(3, -1)
    head = pd.DataFrame({
        "level": level, "replicate": replicate, "time": index[0], "where": np.array(where)[index[2]],
        "group": np.array(groups)[index[1]],
    })  # fmt: skip
    return pd.concat([head, pd.DataFrame(values.reshape(len(values), -1).T, columns=list(columns))], axis=1)


def country_of(data: dict[str, Any]) -> Country:
    """A country from the plain data of ``country_data``."""
    arrays = {key: np.array([np.nan if each is None else each for each in data[key]], dtype=np.float64)
              for key in ARRAYS}  # fmt: skip
    return Country(places=municipalities(), spread=data["spread"], total=data["total"], **arrays)


def country_data(country: Country) -> dict[str, Any]:
    """A country as plain data for the pieces of a job."""
    arrays = {key: [None if np.isnan(each) else float(f"{each:.10g}") for each in getattr(country, key)]
              for key in ARRAYS}  # fmt: skip
    return {**arrays, "spread": country.spread, "total": country.total}


def job_of(
    plan: RolloutPlan, country: Country, drawn: PlanDraws, *, replicates: int = 0, none: bool = False,
    whole: bool = False, command: str = "",
) -> Job:  # fmt: skip
    """The runs of a plan (or of Denmark without it) as a job of one piece a draw.

    ``replicates`` is how often each draw is run; 0 for once, and every fourth twice. Denmark without a plan is the
    same job for every plan with the same stream of releases.
    """
    if none:
        bare = {key: getattr(plan, key) for key in OF_THE_STREAM}
        plan = planned({"name": "none", **bare, "wave": [{"municipalities": ["all"], "starts": plan.begins}]})
    rows = zip(drawn.points, drawn.plan, drawn.released, drawn.seeds, strict=True)
    pieces: list[dict[str, Any]] = [
        {"point": point, "plan_values": {} if none else own, "released": [float(f"{x:.10g}") for x in row],
         "seed": seed, "replicates": replicates or (2 if k % TWICE == 0 else 1)}
        for k, (point, own, row, seed) in enumerate(rows)
    ]  # fmt: skip
    return Job(
        name=f"rollout: {plan.name}", work=f"{__name__}:simulate_draw", command=command, pieces=pieces,
        context={"plan": plan.model_dump(exclude_unset=True), "base": everybody(plan).to_toml(), "none": none,
                 "country": country_data(country), "whole": whole},
    )  # fmt: skip


def run_pairs(
    plan: RolloutPlan, country: Country, drawn: PlanDraws, compute: Compute, *,
    command: str = "",
) -> tuple[pd.DataFrame, pd.DataFrame]:  # fmt: skip
    """Counts of the whole country with a plan and without it, once at every draw (``run_plan`` with ``whole``)."""
    job = job_of(plan, country, drawn, replicates=1, whole=True, command=command)
    job = replace(job, name=f"rollout, in pairs: {plan.name}", work=f"{__name__}:simulate_pair")
    frame = _joined(compute(job))
    with_, without = (frame[frame["none"] == none].drop(columns="none") for none in (0, 1))
    return with_, without


def run_supply(
    plan: RolloutPlan, country: Country, drawn: PlanDraws, compute: Compute, *, draws: int,
    command: str = "",
) -> pd.DataFrame:  # fmt: skip
    """Volunteers by municipality and month at the first draws: draw, then the columns of ``simulate_supply``."""
    job = job_of(plan, country, drawn, replicates=1, command=command)
    job = replace(job, name=f"rollout, volunteers: {plan.name}", work=f"{__name__}:simulate_supply",
                  pieces=job.pieces[:draws])  # fmt: skip
    return _joined(compute(job))


def _joined(tables: Iterator[Table]) -> pd.DataFrame:
    """The tables of a job under each other, with the number of the draw."""
    parts = []
    for draw, table in enumerate(tables):
        frame = pd.DataFrame(table)
        frame.insert(0, "draw", draw)
        parts.append(frame)
    return pd.concat(parts, ignore_index=True)


def run_plan(
    plan: RolloutPlan, country: Country, drawn: PlanDraws, compute: Compute, *,
    replicates: int = 0, none: bool = False, command: str = "",
) -> pd.DataFrame:  # fmt: skip
    """Counts of a plan at every draw: draw, then the columns of ``simulate_draw``."""
    return _joined(compute(job_of(plan, country, drawn, replicates=replicates, none=none, command=command)))

"""Allocation rules of a plan's waiting lists, compared over horizons and capacities with common random numbers.

A rule only decides who is served where not everybody can be. So volunteers are no limit here: there are as many as are
ever needed, every municipality of the plan is open from its first month, and the limit is a number of courses a year,
a part of what would serve everybody. Denmark without courses, with courses for everybody, and with each rule at each
limit are simulated with the same random numbers, once with the effect of the draw and once with the same effect for
everybody: the effect in the highest-risk group applies to the others too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiments.execution.jobs import Job, Table
from experiments.inputs.municipalities import Country, eligible_share
from experiments.studies.rollout.plan import RolloutPlan, planned
from experiments.studies.rollout.plan_scenario import everybody
from experiments.studies.rollout.simulate import PlanDraws, counted, drawn_scenario, job_of
from simulation.history import GROUPS
from simulation.outcomes import wilson
from simulation.scenario import Scenario

RULES = ("first come", "highest risk", "lowest risk", "lottery")
NOBODY, EVERYBODY = "nobody", "everybody"
"""The runs without a rule: nobody is served, or all who want it and have time."""
EFFECTS = ("own", "same")
"""The effect of the draw, next to nothing outside the highest-risk group; or the same effect for everybody."""
OUTCOMES = ("offences", "relapses_any", "reoffenders_any", "custody_months")
"""What a course is to avoid. Reoffenders are people who commit a new crime within two years of their first release in
the plan's years; relapses are releases, first or later, after which that happens."""
OF_A_RUN = ("released", "offences", "relapses_any", "reoffenders_any", "custody_months", "liberty_months")
OF_A_COURSE = ("joined", "started", "started_first", "months", "contacts", "ended_in_custody")
"""Counts of everybody and of the programme."""
KEYS = ["draw", "replicate", "effect", "capacity", "rule"]
DRAWS = 10
"""Draws by default; every fourth is simulated twice, for the simulation error."""
SLOTS_EACH, SLOTS_LEAST, REFILLED, MOST_RECRUITS = 6.0, 20.0, 0.15, 5_000.0
"""Volunteers without a limit: so many for each course that is expected in a municipality and year (two for 14 months
and some in training make three) and so many more; part of these who come forward in a month; most in a scenario."""
AFTER = 12
"""Months after the plan's years in which decisions still come; the few that come later are not counted."""


def per_course_of(outcome: str) -> str:
    """Which courses an outcome is of: reoffenders are counted after first releases only."""
    return "started_first" if outcome.startswith("reoffenders") else "started"


def alone(plan: RolloutPlan) -> RolloutPlan:
    """The plan without other schemes beside it."""
    return planned({**plan.model_dump(exclude_unset=True), "other_schemes": []}) if plan.other_schemes else plan


def at_once(plan: RolloutPlan) -> RolloutPlan:
    """The plan with all its municipalities open from its first month; itself if they are."""
    if all(wave.starts == plan.begins for wave in plan.wave):
        return plan
    waves = [{**wave.model_dump(exclude_unset=True), "starts": plan.begins} for wave in plan.wave]
    return planned({**plan.model_dump(exclude_unset=True), "wave": waves})


def without_limit(scenario: Scenario) -> Scenario:
    """A plan's scenario with more volunteers than are ever needed, and no limit of courses or coordinators."""
    (name, row), people = next(iter(scenario.programme.items())), scenario.people
    uptake = people.accepts_volunteers if row.accepted_from == "volunteers" else people.accepts_system
    share = eligible_share(people, row.shortest_sentence_months) * uptake
    releases = scenario.municipalities.releases
    slots = {place: SLOTS_EACH * share * releases.get(place, 0.0) + SLOTS_LEAST for place in row.municipalities}
    total = sum(slots.values())
    return scenario.changed({
        "volunteers.at_start": total, "volunteers.at_start_by": slots, "volunteers.ceiling": total,
        "volunteers.ceiling_by": slots, "volunteers.recruits_per_month": min(MOST_RECRUITS, REFILLED * total),
        "volunteers.recruits_by": slots, "volunteers.campaign_months": 0.0, "volunteers.coordinators": 0.0,
        f"programme.{name}.max_per_year": 0.0,
    })  # fmt: skip


def same_for_all(scenario: Scenario) -> Scenario:
    """The scenario with the effect of the highest-risk group for everybody."""
    name, row = next(iter(scenario.programme.items()))
    pairs = ("direct_hazard_ratio", "support_hazard_ratio", "gain_multiplier")
    return scenario.changed({f"programme.{name}.{pair}_others": getattr(row, pair) for pair in pairs})


def yearly(scenario: Scenario, seed: int, replicate: int) -> pd.DataFrame:
    """Counts of one run by year and risk group, all municipalities: time, group, ``OF_A_RUN``, ``OF_A_COURSE``."""
    programme = next(iter(scenario.programme))
    columns = {**{name: name for name in OF_A_RUN}, **{f"{programme}.{name}": name for name in OF_A_COURSE}}
    table = counted(scenario, seed, range(replicate, replicate + 1), whole=True)[["time", "group", *columns]]
    return table.rename(columns=columns).astype(dict.fromkeys(columns.values(), np.float64))


def simulate_rules(context: dict[str, Any], payload: dict[str, Any]) -> dict[str, list[Any]]:
    """Every rule at every capacity, for both effects, at one draw and replicate.

    ``context``: ``plan``, ``base``, ``country`` (as in ``simulate.job_of``), ``capacities``; ``payload``: ``point``,
    ``plan_values``, ``released``, ``seed``, ``replicate``. Columns: effect, capacity, rule, then those of ``yearly``.
    """
    scenario, parts = without_limit(drawn_scenario(context, payload)), []

    def simulate(scenario: Scenario, effect: str, capacity: float, rule: str) -> pd.DataFrame:
        table = yearly(scenario, payload["seed"], payload["replicate"])
        parts.append(table.assign(effect=effect, capacity=capacity, rule=rule))
        return table

    simulate(scenario.replace(trial__assignment="nobody"), "", 0.0, NOBODY)
    for effect, here in (("own", scenario), ("same", same_for_all(scenario))):
        name, row = next(iter(here.programme.items()))
        everybody_wants = simulate(here, effect, 1.0, EVERYBODY)["joined"].sum() / (row.closes_month / 12)
        for capacity, rule in product(context["capacities"], RULES):
            limited = here.changed({
                f"programme.{name}.allocation": rule,
                f"programme.{name}.max_per_year": max(1e-6, round(capacity * everybody_wants, 6)),
            })  # fmt: skip
            simulate(limited, effect, capacity, rule)
    whole = pd.concat(parts, ignore_index=True)
    return {str(name): column.tolist() for name, column in whole.items()}


def rules_job(
    plan: RolloutPlan, country: Country, draws: PlanDraws, *, capacities: Sequence[float], replicates: int = 0,
    command: str = "",
) -> Job:  # fmt: skip
    """The runs of all rules as a job with one task a draw and replicate; capacities are parts of what serves everybody.

    ``replicates`` as for ``job_of``.
    """
    plan = at_once(alone(plan))
    like = job_of(plan, country, draws, replicates=replicates, command=command)
    pieces = [{**{key: value for key, value in piece.items() if key != "replicates"}, "replicate": k}
              for piece in like.pieces for k in range(piece["replicates"])]  # fmt: skip
    base = everybody(plan).replace(people__calendar_months=plan.months + AFTER).to_toml()
    context = {**{key: like.context[key] for key in ("plan", "country")}, "base": base, "capacities": list(capacities)}
    return replace(like, name=f"priorities: rules of {plan.name}", work=f"{__name__}:simulate_rules", pieces=pieces,
                   context=context)  # fmt: skip


def run_rules(work: Job, draws: PlanDraws, compute: Callable[[Job], Iterator[Table]]) -> pd.DataFrame:
    """The counts of all runs of a ``rules_job``: ``KEYS``, then the columns of ``yearly``."""
    numbers = {seed: k for k, seed in enumerate(draws.seeds)}
    parts = [
        pd.DataFrame(table).assign(draw=numbers[payload["seed"]], replicate=payload["replicate"])
        for payload, table in zip(work.pieces, compute(work), strict=True)
    ]
    whole = pd.concat(parts, ignore_index=True)
    return whole[[*KEYS, *whole.columns.drop(KEYS)]]


def horizons_of(plan: RolloutPlan) -> list[int]:
    """Years to which outcomes are cumulated: 2, 3 ... to the years of the plan."""
    return list(range(min(2, plan.years), plan.years + 1))


def cumulate(table: pd.DataFrame, horizons: Sequence[int]) -> pd.DataFrame:
    """Outcomes avoided against nobody, cumulated from the first year to each horizon (years), from ``run_rules``.

    One row a run and horizon: ``KEYS``, horizon, courses (started), highest (of these in the highest-risk group), first
    (of these around a first release), then an avoided number for each of ``OUTCOMES``.
    """
    wanted = [*OUTCOMES, "started", "started_first"]
    by_year = table.groupby([*KEYS, "time"], sort=False)[wanted].sum()
    mine = table[table["group"] == GROUPS[1]].groupby([*KEYS, "time"], sort=False)["started"].sum()
    by_year["highest"] = mine.reindex(by_year.index, fill_value=0.0)
    upto = by_year.sort_index(level="time").groupby(level=KEYS, sort=False).cumsum().reset_index()
    upto["horizon"] = upto.pop("time") + 1
    upto = upto[upto["horizon"].isin(list(horizons))]
    nobody = upto[upto["rule"] == NOBODY].set_index(["draw", "replicate", "horizon"])
    ours = upto[upto["rule"] != NOBODY]
    base = nobody.loc[pd.MultiIndex.from_frame(ours[["draw", "replicate", "horizon"]])]
    avoided = pd.DataFrame(base[list(OUTCOMES)].to_numpy() - ours[list(OUTCOMES)].to_numpy(), columns=list(OUTCOMES))
    head = ours[[*KEYS, "horizon", "started", "highest", "started_first"]].reset_index(drop=True)
    return pd.concat([head.rename(columns={"started": "courses", "started_first": "first"}), avoided], axis=1)


def best_shares(values: pd.DataFrame) -> pd.Series:
    """Share of the rows (draws) in which each column (rule) has the highest value; those that tie share a row."""
    first = values.eq(values.max(axis=1), axis=0)
    return first.div(first.sum(axis=1), axis=0).mean()


def summarise(values: npt.ArrayLike, draws: npt.ArrayLike, *, pooled: bool = False) -> pd.DataFrame:
    """Means of many outcomes at once (runs x outcomes), with parameter uncertainty and stochastic variation apart.

    Draws with several runs (replicates) separate the two. With ``pooled`` the outcomes are one outcome in many
    municipalities, and all of them together separate the two.

    One row an outcome: mean (over draws), error (its simulation error), low, high (95 % of the draws, without
    stochastic variation), stochastic_sd (standard deviation of one future given the parameters; NaN if no draw has two
    runs).
    """
    x = np.asarray(values, np.float64)
    number, row = np.unique(np.asarray(draws), return_inverse=True)
    sizes = np.bincount(row).astype(np.float64)
    means = np.zeros((len(number), x.shape[1]))
    np.add.at(means, row, x)
    means /= sizes[:, None]
    mean, free = means.mean(axis=0), (sizes - 1).sum()
    within = ((x - means[row]) ** 2).sum(axis=0) / free if free else np.full(x.shape[1], np.nan)
    between = means.var(axis=0, ddof=1) if len(number) > 1 else np.zeros(x.shape[1])
    noise, seen = np.nan_to_num(within) * np.mean(1 / sizes), between
    if pooled:
        noise, seen = np.full_like(between, noise.sum()), np.full_like(between, between.sum())
    left = np.sqrt(np.clip(1 - noise / np.where(seen > 0, seen, 1.0), 0.0, 1.0))
    low, high = np.quantile(mean + (means - mean) * left, (0.025, 0.975), axis=0)
    return pd.DataFrame({
        "mean": mean, "error": np.sqrt(between / len(number)), "low": low, "high": high,
        "stochastic_sd": np.sqrt(within),
    })  # fmt: skip


def rules_table(avoided: pd.DataFrame) -> pd.DataFrame:
    """What each rule avoids (from ``cumulate``), with intervals, and how probable it is that no other avoids more.

    One row an effect, capacity, outcome, horizon and rule: courses (mean), highest, first (shares of them, 0-1); mean,
    error, low, high, stochastic_sd (as ``summarise``) of the total avoided; the same of what is avoided per course
    (``each_mean`` ...); best (share of draws in which the rule avoids most, 0-1; NaN where everybody is served),
    best_low, best_high (95 %, Wilson).
    """
    cell = ["effect", "capacity", "outcome", "horizon", "rule"]
    ids = [*KEYS, "horizon", "courses", "highest", "first"]
    long = avoided.melt(id_vars=ids, value_vars=list(OUTCOMES), var_name="outcome", value_name="total")
    total, courses, *parts = (
        long.pivot_table(index=["draw", "replicate"], columns=cell, values=name, aggfunc="mean", sort=False)
        for name in ("total", "courses", "highest", "first")
    )
    draws, started = total.index.get_level_values("draw").to_numpy(), courses.to_numpy()
    out = total.columns.to_frame(index=False).assign(courses=started.mean(axis=0))
    for name, part in zip(("highest", "first"), parts, strict=True):
        out[name] = part.to_numpy().sum(axis=0) / np.maximum(1.0, started.sum(axis=0))
    each = summarise(total.to_numpy() / np.where(started > 0, started, np.nan), draws).add_prefix("each_")
    out = pd.concat([out, summarise(total, draws), each], axis="columns")
    by_draw = total.groupby(level="draw").mean()
    for _, rows in out[out["rule"] != EVERYBODY].groupby(cell[:-1], sort=False):
        shares = best_shares(by_draw.iloc[:, rows.index]).to_numpy()
        low, high = wilson(shares * len(by_draw), len(by_draw))
        out.loc[rows.index, ["best", "best_low", "best_high"]] = np.column_stack([shares, low, high])
    return out


def risk_groups(table: pd.DataFrame, horizons: Sequence[int]) -> pd.DataFrame:
    """What decides which rule is best: the two risk groups without courses, and what a course does in each of them.

    From Denmark with courses for nobody and for everybody, means over the runs. One row an effect and group: released
    (a run), offences, relapses, custody_months (each per release, without courses); courses, months, contacts (matched
    and meeting, per course), in_custody (share of courses ended by custody); and for each outcome, at the first and
    last horizon, what is avoided per course (``per_course_of``), ``avoided_<outcome>_first`` and ``_last``.
    """
    rows = []
    for effect, group in product(EFFECTS, GROUPS):
        here = table[table["group"] == group]
        without, with_ = here[here["rule"] == NOBODY], here[(here["rule"] == EVERYBODY) & (here["effect"] == effect)]
        runs = without[["draw", "replicate"]].drop_duplicates().shape[0]
        released, started = without["released"].sum(), with_["started"].sum()
        row: dict[str, Any] = {
            "effect": effect, "group": group, "released": released / runs,
            "offences": without["offences"].sum() / released, "relapses": without["relapses_any"].sum() / released,
            "custody_months": without["custody_months"].sum() / released, "courses": started / runs,
            "months": with_["months"].sum() / started, "contacts": with_["contacts"].sum() / started,
            "in_custody": with_["ended_in_custody"].sum() / started,
        }  # fmt: skip
        for end, horizon in (("first", horizons[0]), ("last", horizons[-1])):
            after, before = (each[each["time"] < horizon] for each in (with_, without))
            for outcome in OUTCOMES:
                gained = before[outcome].sum() - after[outcome].sum()
                row[f"avoided_{outcome}_{end}"] = gained / max(1.0, after[per_course_of(outcome)].sum())
        rows.append(row)
    return pd.DataFrame(rows)

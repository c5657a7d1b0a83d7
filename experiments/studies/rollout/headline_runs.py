"""The runs behind the ladder from headline to delivered effect: who is simulated for each set of steps.

A step is one way in which a run differs from the trial as it was reported. Four of them change the run itself: how
strong the effect is, whose baseline hazard, what is lost in growing, and whose volunteers and municipalities (the
trial's own, or the plan's). The others change what is counted. People are simulated at draws of the uncertain
parameters, with and without mentors and with the same random numbers; stored are counts of people by risk group.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiments.execution.jobs import Compute, Job
from experiments.inputs.municipalities import Country
from experiments.inputs.parameter_points import STRENGTH, at_point
from experiments.inputs.posterior import Posterior, fitting
from experiments.inputs.scenario_files import load, written
from experiments.studies.rollout.plan import RolloutPlan, planned, with_values
from experiments.studies.rollout.plan_scenario import EFFECTS, TIMES, everybody, lost_in_scaling, scenario_of
from experiments.studies.rollout.simulate import PlanDraws, country_data, country_of, draw_uncertain
from simulation.engine import SimulatedChunk, run
from simulation.outcomes import DEFINITIONS
from simulation.population import reference
from simulation.rules import ASIDE, WAITING, WITHOUT
from simulation.scenario import Scenario

SMALL_TRIAL, DEFINITION, SIGN_UPS, AVERAGE, SCALING, UNFILLED, REACH = (
    "small-trial", "definition", "sign-ups", "average-risk", "scaling", "unfilled", "reach",
)  # fmt: skip
"""Steps that need runs."""
SIMULATED = (SMALL_TRIAL, DEFINITION, SIGN_UPS, AVERAGE, SCALING, UNFILLED, REACH)
DRAWS, TRIALS = 40, 120
"""Draws by default, and trials of 97 people at each of them."""
AS_REPORTED, TRIAL = "as-reported", "trial"
"""The scenario in which the trial prints 29 and 67 %, and the one that draws of a posterior are for."""
WINDOW = 24
COHORT = {"people.include_reentries": False, "people.follow_up_months": WINDOW, "people.calendar_months": 0}
"""Every release is a person of its own, followed for two years: the result is a share of releases."""
NOTHING = {
    **{f"programme.{name}": 1.0 for name in EFFECTS}, **{f"programme.{name}": 0.0 for name in TIMES},
    "programme.delivered_by": "slots", "programme.capacity": 0.0,
}  # fmt: skip
"""The same offer with nothing behind it: the list still says who would have accepted, and nobody is helped."""
LOST = "quality.lost_per_doubling"
COLUMNS = ("people", "joined", "started", *DEFINITIONS, *(f"all_{name}" for name in DEFINITIONS))
"""Counts: people (of a trial: those randomised to mentors, all of whom said yes); those who said yes in time and whom
the plan would serve at their risk; those of them who were matched; reoffenders by definition among those who said yes,
and among all people."""
GROUPS = ("others", "highest risk")
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, order=True)
class RunVariant:
    """In what a run differs from the trial as it was reported."""

    shrunk: bool = False
    """The effect as the posterior has it; else as reported, without any uncertainty about the model."""
    ordinary: bool = False
    """The baseline hazard of all who are released; else that of the trial's people."""
    planned: bool = False
    """The plan's municipalities and volunteers; else the trial's."""
    scaled: bool = False
    """The effect after what the plan loses in growing."""
    offered: bool = True
    """Whether there are mentors."""

    @classmethod
    def of(cls, steps: Iterable[str]) -> Self:
        """The variant with mentors after a set of steps."""
        names = set(steps)
        return cls(shrunk=SMALL_TRIAL in names, ordinary=SIGN_UPS in names, planned=UNFILLED in names,
                   scaled=SCALING in names)  # fmt: skip

    @property
    def without(self) -> RunVariant:
        """The same people with the same random numbers, without mentors."""
        return replace(self, scaled=False, offered=False)

    @property
    def country(self) -> RunVariant:
        """The whole country, in which it is counted how many of the released say yes."""
        return replace(self, ordinary=True, planned=True, scaled=False, offered=False)


def variants_of(sets: Iterable[frozenset[str]]) -> list[RunVariant]:
    """What must be run for some sets of steps, those of the same people side by side."""
    found: set[RunVariant] = set()
    for steps in sets:
        if steps & set(SIMULATED):
            variant = RunVariant.of(steps)
            found |= {variant, variant.without} | ({variant.country} if REACH in steps else set())
    return sorted(found)


@dataclass(frozen=True, kw_only=True)
class HeadlineRuns:
    """What all runs of a ladder share: the plan, the draws, and the scenarios they start from."""

    plan: RolloutPlan
    country: Country
    drawn: PlanDraws
    """Draws of the uncertain parameters: of the model, of the plan and of the country."""
    seed: int
    trials: int = TRIALS
    command: str = ""

    @classmethod
    def of(
        cls, plan: RolloutPlan, country: Country, posterior: Posterior, *, draws: int = DRAWS, seed: int = 1,
        trials: int = TRIALS, command: str = "",
    ) -> Self:  # fmt: skip
        """The runs at draws of the uncertain parameters, without other schemes beside the plan."""
        alone = plan.model_copy(update={"other_schemes": []})
        drawn = draw_uncertain(alone, country, by_difference(posterior, draws), draws, seed=seed)
        return cls(plan=alone, country=country, drawn=drawn, seed=seed, trials=trials, command=command)

    @property
    def number(self) -> int:
        """Draws."""
        return len(self.drawn.points)

    def of_the_trial(self, key: str, variant: RunVariant) -> list[Any]:
        """A value of the trial's scenario, by dotted key, at each draw."""
        own = load(TRIAL if variant.shrunk else AS_REPORTED).value(key)
        return [point.get(key, own) if variant.shrunk else own for point in self.drawn.points]

    def lost(self) -> Floats:
        """Share (0-1) of the effect's logarithm that the plan loses in growing, at each draw."""
        return np.array([lost_in_scaling(with_values(self.plan, own), self.country) for own in self.drawn.plan])

    def job(self, some: Sequence[RunVariant]) -> Job:
        """The runs of some variants, a task a draw and variant, draw by draw."""
        as_reported = self.plan.model_copy(update={"scenario": AS_REPORTED})
        bases = {
            name: {"trial": load(trial).to_toml(), "country": everybody(plan).changed(COHORT).to_toml()}
            for name, trial, plan in (("shrunk", TRIAL, self.plan), ("reported", AS_REPORTED, as_reported))
        }
        drawn = self.drawn
        rows = zip(drawn.points, drawn.plan, drawn.released, drawn.seeds, strict=True)
        pieces = [
            {"point": point if variant.shrunk else {}, "of_plan": own, "seed": seed, "variant": asdict(variant),
             "released": [float(f"{x:.10g}") for x in released]}
            for point, own, released, seed in rows for variant in some
        ]  # fmt: skip
        return Job(
            name=f"ladder: {self.plan.name}", work=f"{__name__}:simulate_variant", command=self.command, pieces=pieces,
            context={"plan": self.plan.model_dump(exclude_unset=True), "country": country_data(self.country),
                     "bases": bases, "trials": self.trials},
        )  # fmt: skip

    def counts(
        self, some: Sequence[RunVariant], compute: Compute
    ) -> dict[RunVariant, Floats]:
        """Counts of each variant: draws x ``GROUPS`` x ``COLUMNS``."""
        if not some:
            return {}
        tables = [pd.DataFrame(table)[list(COLUMNS)].to_numpy(np.float64) for table in compute(self.job(some))]
        whole = np.array(tables).reshape(self.number, len(some), len(GROUPS), len(COLUMNS))
        return {variant: whole[:, k] for k, variant in enumerate(some)}


def by_difference(posterior: Posterior, number: int) -> Posterior:
    """So many draws, evenly spaced in the order of the trial's own difference, whatever their order in the file.

    Medians then hardly depend on which draws were taken. Where the file has not the trial's risks, the strength of the
    effect stands for the difference.
    """
    table = posterior.table
    first = table[STRENGTH] if STRENGTH in table else pd.Series(0.0, index=table.index)
    if {"_control", "_mentored"} <= set(table.columns):
        first = table["_mentored"] - table["_control"]
    order = table.assign(_first=first).sort_values(["_first", *table.columns]).index
    n = min(number, len(table))
    rows = ((np.arange(n) + 0.5) / n * len(table)).astype(int)
    return Posterior(table=table.loc[order[rows]].reset_index(drop=True), about=posterior.about)


# One run ------------------------------------------------------------------------------------------------------


def simulate_variant(context: Mapping[str, Any], payload: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Counts of one variant at one draw: ``COLUMNS``, a row each of ``GROUPS``."""
    variant, seed = RunVariant(**payload["variant"]), payload["seed"]
    scenario = scenario_at(context, payload)
    if variant.planned:
        cohort = run(scenario, seed=seed, threads=1)
        return _counted(cohort, np.ones(len(cohort.people.side), bool), cohort.lives.status[0] != ASIDE)
    cohort = run(scenario, seed=seed, replicates=context["trials"], threads=1)
    served = planned(dict(context["plan"])).offer.highest_risk_share
    return _counted(cohort, cohort.people.side == 1, cohort.lives.score >= reference(scenario).score_of(served))


def scenario_at(context: Mapping[str, Any], payload: Mapping[str, Any]) -> Scenario:
    """The scenario of a task: the country under the plan, or the trial with the plan's loss."""
    variant, point = RunVariant(**payload["variant"]), payload["point"]
    bases = context["bases"]["shrunk" if variant.shrunk else "reported"]
    trial = written(bases["trial"])
    trial = at_point(trial, fitting(trial, point))
    level = 1.0 if variant.ordinary else trial.risk.hazard_multiplier
    plan = planned(dict(context["plan"]))
    if not variant.shrunk:
        plan = plan.model_copy(update={"scenario": AS_REPORTED})
    of_plan = dict(payload["of_plan"]) | ({} if variant.scaled else {LOST: 0.0})
    country = scenario_of(plan, country_of(context["country"]), draw=point, plan_values=of_plan,
                          released=np.array(payload["released"]), base=written(bases["country"]))  # fmt: skip
    country = country.changed({"programme.re_eligible": False})
    if variant.planned:
        return country.changed({"risk.hazard_multiplier": level, **({} if variant.offered else NOTHING)})
    mentors = next(iter(country.programme.values()))
    changes = {f"programme.{name}": getattr(mentors, name) for name in (*EFFECTS, *TIMES)}
    nobody = {} if variant.offered else {"trial.assignment": "nobody"}
    return trial.changed({**changes, "risk.hazard_multiplier": level, **nobody})


def _counted(cohort: SimulatedChunk, counted: Bools, served: Bools) -> dict[str, list[Any]]:
    """A cohort as counts: of the people that are counted, those who said yes and would be served apart."""
    lives = cohort.lives
    joined = counted & served
    started = joined & ~np.isin(lives.status[0], (ASIDE, WAITING, WITHOUT))
    hits = [getattr(lives, f"time_{name}") <= WINDOW for name in DEFINITIONS]
    rows = [counted, joined, started, *(joined & hit for hit in hits), *(counted & hit for hit in hits)]
    return {
        name: [int((row & (lives.highest == group)).sum()) for group in range(len(GROUPS))]
        for name, row in zip(COLUMNS, rows, strict=True)
    }

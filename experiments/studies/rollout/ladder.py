"""The study of ``desist ladder``: both ladders of a plan, from the headline down to what is left."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from experiments.execution.context import RunContext
from experiments.inputs.posterior import SHIPPED, Posterior
from experiments.provenance.results_folder import digest_of
from experiments.studies.result import StudyResult
from experiments.studies.rollout.headline_runs import DRAWS, HeadlineRuns, variants_of
from experiments.studies.rollout.headline_steps import (
    HEADLINE,
    EffectCounts,
    ladders,
    left,
    sets_of,
    steps_without,
)
from experiments.studies.rollout.ladder_study import LadderStudy
from experiments.studies.rollout.plan import load
from experiments.studies.rollout.plan_scenario import everybody
from simulation.prices import Prices, read_prices


def run_ladder(study: LadderStudy, context: RunContext | None) -> StudyResult:
    """Run every variant that the steps need, and read both ladders from the counts."""
    context, steps = context or RunContext(), steps_without(study.without)
    plan, country = load(study.plan)
    prices = Prices() if study.prices is None else read_prices(study.prices)
    posterior, used = _posterior(study)
    runs = HeadlineRuns.of(plan, country, posterior, draws=study.draws or DRAWS, seed=study.seed,
                           command=study.command())  # fmt: skip
    with context.computing() as compute:
        counts = runs.counts(variants_of(sets_of(steps, orders=study.orders)), compute)
    found = EffectCounts(runs=runs, counts=counts, prices=prices, definition=study.definition)
    tables, rest = ladders(found, steps, orders=study.orders), left(found, steps)
    title = plan.title or plan.name
    facts = {
        "plan": plan.name, "title": {"en": title, "da": plan.title_da or title}, "headline": HEADLINE,
        "definition": study.definition, **{kind: _numbers(table) for kind, table in tables.items()},
        "left": rest.to_dict("records"), "numbers": found.numbers(steps), "draws": runs.number,
    }  # fmt: skip
    return StudyResult(
        study=study, tables={**tables, "left": rest}, facts=facts, scenario=everybody(plan),
        counts={"plan": plan.name, "draws": runs.number, "trials": runs.trials, "without": list(study.without),
                "definition": study.definition, **used,
                "prices": None if study.prices is None else digest_of(study.prices)},
    )  # fmt: skip


def _numbers(table: Any) -> list[dict[str, Any]]:
    """The rows of a ladder without their texts."""
    rows: list[dict[str, Any]] = table.drop(columns=["what", "source"]).to_dict("records")
    return rows


def _posterior(study: LadderStudy) -> tuple[Posterior, dict[str, str]]:
    """The posterior, given or the one that comes with Desist; name and digest of its file, if it is read from one."""
    given: Any = study.posterior
    if isinstance(given, Posterior):
        return given, {}
    file = SHIPPED if given is None else Path(given)
    return Posterior.read(file), {"posterior": file.name, "posterior_digest": digest_of(file)}

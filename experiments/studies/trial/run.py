"""One scenario, simulated: history, outcomes and survival curves; or its outcomes over draws of a posterior."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Self

import pandas as pd

from experiments.execution.context import RunContext
from experiments.inputs.posterior import Posterior, fitting, posterior_of
from experiments.inputs.scenario_files import change, scenario_of
from experiments.provenance.results_folder import digest_of
from experiments.studies.result import StudyResult
from experiments.studies.trial.recorded_runs import RecordedRuns
from experiments.studies.trial.run_study import USUAL, RunStudy
from experiments.studies.trial.scenario_over_draws import over_draws, summary
from experiments.studies.trial.validation_tables import validation_tables
from simulation.engine import chunks
from simulation.history import History, batches
from simulation.outcomes import DEFINITIONS, curve, shares, times
from simulation.parameter_sections import Definition
from simulation.parameters import ParameterError
from simulation.scenario import Scenario

DRAWS, PEOPLE = 100, 4_000
"""Draws of a posterior, and people simulated at each of them, if the study does not say."""
HISTORY = ("people.parquet", "events.parquet")


@dataclass(frozen=True, kw_only=True, eq=False)
class RunResult(StudyResult):
    """The result of ``desist run``, and further outcomes from its history."""

    study: RunStudy
    unpack: Callable[[], History] | None = None
    """Gives the history; None where the scenario was simulated over draws, of which no history is kept."""

    @cached_property
    def history(self) -> History | None:
        """People and events; None over draws."""
        return None if self.unpack is None else self.unpack()

    def outcomes(self, by: str | Sequence[str] | None = None, *, window: int | None = None) -> pd.DataFrame:
        """Share who reoffend within a window, for each definition.

        Parameters
        ----------
        by
            Columns to split by: arm, group, treated or replicate, alone or several; an empty list for all people.
            Without it, as in the table ``outcomes``. Over draws: arm, group or both.
        window
            Months after release (default: the study's; over draws no other is known).

        Returns
        -------
        DataFrame
            definition, the columns of ``by``, then what ``simulation.outcomes.shares`` gives; over draws what
            ``scenario_over_draws.summary`` gives.
        """
        assert self.scenario is not None
        split = split_of(self.scenario) if by is None else [by] if isinstance(by, str) else list(by)
        if self.history is not None:
            seen = {name: times(self.history, name) for name in DEFINITIONS}
            return outcome_table(seen, window or self.study.window, split)
        if window not in (None, self.study.window):
            raise ParameterError(f"window is [{window}]; over draws only {self.study.window} months were counted")
        return summary(self.tables["draws"], by=split)

    def survival(self, by: str | Sequence[str] = "arm", *, definition: Definition | None = None) -> pd.DataFrame:
        """Share with a new offence by month (Kaplan and Meier), as ``simulation.outcomes.curve`` gives it.

        Parameters
        ----------
        by
            Columns to split by; an empty list for all people.
        definition
            What counts (default: the scenario's definition).

        Raises
        ------
        ParameterError
            If the scenario was simulated over draws, so that there is no history.
        """
        if self.history is None:
            raise ParameterError("a run over draws keeps no history and has no survival curves; leave posterior out")
        assert self.scenario is not None
        split = [by] if isinstance(by, str) else list(by)
        return curve(times(self.history, definition or self.scenario.trial.definition), by=split)

    @classmethod
    def restored(cls, folder: Path, **parts: Any) -> Self:
        """The result with its history, if that was kept."""
        kept = all(name in parts["files"] for name in HISTORY)
        return cls(**parts, unpack=partial(History.read, folder) if kept else None)


def run_scenario(study: RunStudy, context: RunContext | None) -> RunResult:
    """Simulate a scenario, once or at draws of a posterior."""
    context = context or RunContext()
    scenario = scenario_of(study, USUAL)
    longest = scenario.people.follow_up_months
    if study.window > longest:
        raise ParameterError(
            f"--window is [{study.window}]; scenario {scenario.name} follows people for {longest} months: name a "
            f"shorter window or set people.follow_up_months={study.window}"
        )
    posterior = posterior_of(study)
    if posterior is not None:
        return _over_draws(study, scenario, posterior, context)
    replicates = study.replicates or 1
    parts = context.progress(batches(scenario, seed=study.seed, replicates=replicates),
                             len(chunks(scenario, range(replicates))), "batches of replicates")  # fmt: skip
    return _result(study, scenario, RecordedRuns(parts, window=study.window), replicates)


def split_of(scenario: Scenario) -> list[str]:
    """The columns by which outcomes are split: arms, and risk groups where there is a programme."""
    return ["arm", "group"] if scenario.programme else ["arm"]


def outcome_table(seen: Mapping[Definition, pd.DataFrame], window: int, by: Sequence[str]) -> pd.DataFrame:
    """Shares for every definition, from its ``times``: definition, the columns of ``by``, and what ``shares`` gives."""
    table = pd.concat(
        [shares(table, window=window, by=by).assign(definition=name) for name, table in seen.items()], ignore_index=True
    )
    return table[["definition", *table.columns.drop("definition")]]


def _result(study: RunStudy, scenario: Scenario, runs: RecordedRuns, replicates: int) -> RunResult:
    """Tables, facts and files of a run with its history."""
    rates, seen = outcome_table(runs.times, study.window, split_of(scenario)), runs.times[scenario.trial.definition]
    arms = shares(seen, window=study.window, by=["arm"])
    tables = {"outcomes": rates, "curves": curve(seen), "offences": runs.offences}
    if len(runs.matches):
        tables["matches"] = runs.matches
    if study.export:
        tables |= validation_tables(scenario, seed=study.seed)
    facts = {
        **_about(study, scenario, replicates), "by_arm": arms.to_dict("records"), "outcomes": rates.to_dict("records"),
        "offences": runs.offences.to_dict("records"), "matches": runs.matches.to_dict("records"),
    }  # fmt: skip
    packed = runs.history
    return RunResult(
        study=study, tables=tables, facts=facts, scenario=scenario, counts={"replicates": replicates},
        unpack=packed.unpacked, files={HISTORY[0]: packed.write_people, HISTORY[1]: packed.write_events},
    )  # fmt: skip


def _about(study: RunStudy, scenario: Scenario, replicates: int) -> dict[str, Any]:
    return {
        "scenario": scenario.name, "title": scenario.title or scenario.name, "digest": scenario.digest,
        "seed": study.seed, "people": scenario.people.count, "replicates": replicates, "window": study.window,
        "definition": scenario.trial.definition, "assignment": scenario.trial.assignment,
        "programmes": {name: row.label or name for name, row in scenario.programme.items()},
    }  # fmt: skip


def _over_draws(study: RunStudy, scenario: Scenario, posterior: Posterior, context: RunContext) -> RunResult:
    """Outcomes over the draws of a posterior."""
    if study.export:
        raise ParameterError("--export is given with --posterior, which keeps no history; leave one of them out")
    replicates = study.replicates or max(1, round(PEOPLE / scenario.people.count))
    fixed = [change(each)[0] for each in study.set]
    number = min(study.draws or DRAWS, len(posterior.table))
    points = [fitting(scenario, draw, but=fixed) for draw in posterior.draws(number)]
    with context.computing(runs=number) as compute:
        table = over_draws(
            scenario, points, lambda job: compute(job, "draws"), seed=study.seed, replicates=replicates,
            window=study.window, command=study.command(),
        )  # fmt: skip
    found = summary(table, by=split_of(scenario))
    facts = {
        **_about(study, scenario, replicates), "draws": number,
        "following": len(points[0]), "outcomes": found.to_dict("records"),
    }  # fmt: skip
    counts: dict[str, Any] = {"replicates": replicates, "draws": number}
    if isinstance(study.posterior, Path):
        counts["posterior"] = digest_of(study.posterior)
    return RunResult(study=study, tables={"draws": table, "outcomes_over_draws": found}, facts=facts,
                     scenario=scenario, counts=counts)  # fmt: skip

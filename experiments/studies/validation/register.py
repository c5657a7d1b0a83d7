"""The study of a register extract: shares, curve, numbers of offences, and the model beside them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pandas as pd

from experiments.execution.context import RunContext
from experiments.inputs.scenario_files import scenario_of
from experiments.provenance.results_folder import digest_of
from experiments.studies.result import StudyResult
from experiments.studies.validation import tables
from experiments.studies.validation.dates import ALLOWED, day
from experiments.studies.validation.disclosure import (
    WHOLE,
    pool_small_groups,
    suppress_counts,
    suppress_curve,
    suppress_shares,
    to_nearest_five,
)
from experiments.studies.validation.read import MEANINGS
from experiments.studies.validation.register_extract import ExtractFormat, RegisterExtract, read_extract
from experiments.studies.validation.register_study import RegisterStudy
from simulation.parameter_sections import Definition
from simulation.parameters import ParameterError
from simulation.scenario import Scenario

USUAL = "everyone"


def run_register(study: RegisterStudy, context: RunContext | None) -> StudyResult:
    """Read the extract, count it, leave out what is too small, and simulate the scenario beside it."""
    context = context or RunContext()
    if study.set and study.scenario is None:
        raise ParameterError(f"--set is [{study.set[0]}], but no scenario is simulated; add --beside SCENARIO")
    plan = None if study.scenario is None else scenario_of(study, USUAL)
    register = read_extract(study.file, _format(study))
    definition: Definition = study.definition or register.definitions[0]
    register.history(definition)
    register = pool_small_groups(register, least=study.least)
    counts = _counts(register, definition, sorted(set(study.window)), study.least)
    compared = _Compared() if plan is None else _compare(study, context, plan, register, definition, counts)
    shown = {"outcomes": counts.shares.drop(columns="shown"), "curve": counts.curve}
    if counts.offences is not None:
        shown["offences"] = counts.offences.drop(columns="shown")
    facts = {
        "releases": to_nearest_five(len(register.people)), "definitions": list(register.definitions),
        "definition": definition, "windows": counts.windows, "least": study.least,
        "left_out": {reason: number if number >= study.least else None for reason, number in register.left_out.items()},
        "reoffended": _latest(counts.shares[counts.shares["shown"] & (counts.shares["group"] == WHOLE)], definition),
        "offences_window": counts.longest, "scenario": None if plan is None else plan.name, **compared.facts,
    }  # fmt: skip
    return StudyResult(
        study=study, tables=shown | compared.tables, facts=facts, scenario=compared.scenario,
        counts={"file": study.file.name, "file_digest": digest_of(study.file), "definition": definition,
                "windows": counts.windows, "least": study.least, **compared.counts},
        passed=compared.inside is not False,
    )  # fmt: skip


def _format(study: RegisterStudy) -> ExtractFormat:
    """How the file is to be read."""
    kinds: dict[str, str] = {}
    for name, kind in (("fine", "fine"), ("suspended", "suspended"), ("prison", "prison"), ("not_counted", "")):
        for word in getattr(study, name):
            if kinds.setdefault(word.casefold(), kind) != kind:
                option = f"--{name.replace('_', '-')}"
                raise ParameterError(f"{option} is [{word}], which another option names, too; name it once")
    columns = {name: heading for name in MEANINGS if (heading := getattr(study, name)) is not None}
    return ExtractFormat(columns=columns, codes=kinds, until=_day(study.until), releases=study.releases, by=study.by)


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    if (found := day(text.strip())) is None:
        raise ParameterError(f"--until is [{text}]; allowed is {ALLOWED}")
    return found


@dataclass(frozen=True, kw_only=True)
class _Counts:
    """The register's tables, without what is too small; shares and offences with a column shown."""

    windows: list[int]
    shares: pd.DataFrame
    curve: pd.DataFrame
    offences: pd.DataFrame | None
    """None if the file has no dates of offences."""
    longest: int
    """Window of the offences."""


def _counts(register: RegisterExtract, definition: Definition, windows: list[int], least: int) -> _Counts:
    shares = suppress_shares(tables.observed_shares(register, windows), least=least)
    curve = suppress_curve(tables.observed_times(register, definition), least=least)
    longest, offences = max(windows), None
    if "any" in register.definitions:
        known = shares[shares["shown"] & (shares["definition"] == "any") & (shares["group"] == WHOLE)]
        longest = int(known["window"].max()) if len(known) else longest
        offences = suppress_counts(tables.observed_offences(register, longest), least=least)
    return _Counts(windows=windows, shares=shares, curve=curve, offences=offences, longest=longest)


@dataclass(frozen=True, kw_only=True)
class _Compared:
    """What the model beside the register adds to the result."""

    scenario: Scenario | None = None
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=lambda: {"comparison": None, "cohorts": None})
    counts: dict[str, Any] = field(default_factory=dict)
    inside: bool | None = None
    """Whether the register's latest share lies among the model's; None if nothing can be compared."""


def _compare(study: RegisterStudy, context: RunContext, plan: Scenario, register: RegisterExtract,
             definition: Definition, counts: _Counts) -> _Compared:  # fmt: skip
    plan = tables.matching_scenario(plan, register)
    cohorts = tables.cohorts_needed(len(register.people))
    shares, band = tables.simulate_alongside(
        plan, register, definition, counts.windows, seed=study.seed, threads=context.threads,
        shown=lambda rows: context.progress(rows, cohorts, "cohorts"),
    )  # fmt: skip
    beside = tables.compare(counts.shares, shares)
    latest = _latest(beside[beside["inside"].notna()], definition)
    return _Compared(
        scenario=plan, facts={"comparison": latest, "cohorts": cohorts}, counts={"cohorts": cohorts},
        tables={"beside": beside.drop(columns="shown"), "model": band[band["month"] <= counts.curve["month"].max()]},
        inside=None if latest is None else bool(latest["inside"]),
    )  # fmt: skip


def _latest(rows: pd.DataFrame, definition: str) -> dict[str, Any] | None:
    """The row of the longest window under the definition."""
    rows = rows[rows["definition"] == definition].sort_values("window")
    return None if rows.empty else {str(key): value for key, value in rows.iloc[-1].to_dict().items() if key != "shown"}

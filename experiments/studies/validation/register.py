"""The study of a register extract: shares, curve, numbers of offences, and the model beside them."""

from __future__ import annotations

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
from experiments.studies.validation.register_extract import ExtractFormat, read_extract
from experiments.studies.validation.register_study import RegisterStudy
from simulation.outcomes import offence_counts, times
from simulation.parameter_sections import Definition
from simulation.parameters import ParameterError

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
    windows = sorted(set(study.window))
    shares = suppress_shares(tables.observed_shares(register, windows), least=study.least)
    observed = times(register.history(definition), definition)
    curve = suppress_curve(observed if "group" in observed else observed.assign(group=WHOLE), least=study.least)
    shown = {"outcomes": shares.drop(columns="shown"), "curve": curve}
    whole = shares[shares["shown"] & (shares["group"] == WHOLE)]
    longest = max(windows)
    if "any" in register.definitions:
        known = whole.loc[whole["definition"] == "any", "window"]
        longest = int(known.max()) if len(known) else longest
        offences = suppress_counts(offence_counts(register.history("any"), window=longest), least=study.least)
        shown["offences"] = offences.drop(columns="shown")
    facts: dict[str, Any] = {
        "releases": to_nearest_five(len(register.people)), "definitions": list(register.definitions),
        "definition": definition, "windows": windows, "least": study.least,
        "left_out": {reason: number if number >= study.least else None for reason, number in register.left_out.items()},
        "reoffended": _latest(whole, definition), "offences_window": longest,
        "scenario": None if plan is None else plan.name, "comparison": None, "cohorts": None,
    }  # fmt: skip
    counts = {"file": study.file.name, "file_digest": digest_of(study.file), "definition": definition,
              "windows": windows, "least": study.least}  # fmt: skip
    if plan is not None:
        plan = tables.matching_scenario(plan, register)
        cohorts = facts["cohorts"] = counts["cohorts"] = tables.cohorts_needed(len(register.people))
        model, band = tables.simulate_alongside(
            plan, register, definition, windows, seed=study.seed, threads=context.threads,
            shown=lambda rows: context.progress(rows, cohorts, "cohorts"),
        )  # fmt: skip
        beside = tables.compare(shares, model)
        facts["comparison"] = _latest(beside[beside["inside"].notna()], definition)
        shown |= {"beside": beside.drop(columns="shown"), "model": band[band["month"] <= curve["month"].max()]}
    compared = facts["comparison"]
    return StudyResult(study=study, tables=shown, facts=facts, scenario=plan, counts=counts,
                       passed=compared is None or bool(compared["inside"]))  # fmt: skip


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


def _latest(rows: pd.DataFrame, definition: str) -> dict[str, Any] | None:
    """The row of the longest window under the definition."""
    rows = rows[rows["definition"] == definition].sort_values("window")
    return None if rows.empty else {str(key): value for key, value in rows.iloc[-1].to_dict().items() if key != "shown"}

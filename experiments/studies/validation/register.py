"""The study of a register extract: shares, curve, numbers of offences, and the model beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from experiments.execution.context import RunContext
from experiments.inputs.scenario_files import scenario_of
from experiments.provenance.results_folder import digest_of
from experiments.statistics.response_surface import Floats
from experiments.studies.result import StudyResult
from experiments.studies.validation import disclosure
from experiments.studies.validation.dates import ALLOWED, day, today
from experiments.studies.validation.read import WORDS
from experiments.studies.validation.register_extract import ExtractFormat, RegisterExtract, read_extract
from experiments.studies.validation.register_study import RegisterStudy
from simulation.engine import run
from simulation.outcomes import curve, offence_counts, shares, times
from simulation.parameter_sections import Definition
from simulation.parameters import ParameterError
from simulation.scenario import Scenario

MODEL_PEOPLE = 20_000
"""People simulated for the comparison, at least."""
COHORTS = 100
"""Cohorts of as many people as the register has, at least."""
LONGEST = 240
"""Months of follow-up that the model can simulate."""
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
    register = disclosure.pool_small_groups(register, least=study.least)
    windows = sorted(set(study.window))
    counted = disclosure.suppress_shares(observed_shares(register, windows), least=study.least)
    observed = times(register.history(definition), definition)
    if "died" in register.people:
        followed = register.people["followed"].to_numpy()
        observed["died"] = register.people["died"].to_numpy() & (observed["known"].to_numpy() == followed)
    observed = observed if "group" in observed else observed.assign(group=disclosure.WHOLE)
    observed = disclosure.of_shown_groups(observed, counted, definition, least=study.least)
    steps = disclosure.suppress_curve(observed, least=study.least)
    shown = {"outcomes": counted.drop(columns="shown"), "curve": steps}
    whole = counted[counted["shown"] & (counted["group"] == disclosure.WHOLE)]
    longest = max(windows)
    if "any" in register.definitions:
        known = whole.loc[whole["definition"] == "any", "window"]
        longest = int(known.max()) if len(known) else longest
        offences = offence_counts(register.history("any"), window=longest)
        offences = disclosure.suppress_counts(offences, least=study.least)
        shown["offences"] = offences.drop(columns="shown")
    facts: dict[str, Any] = {
        "releases": disclosure.to_nearest_five(len(register.people)), "definitions": list(register.definitions),
        "definition": definition, "windows": windows, "least": study.least,
        "left_out": {reason: number if number >= study.least else None for reason, number in register.left_out.items()},
        "reoffended": _latest(whole, definition), "offences_window": longest,
        "disagree": disagreement(whole, steps, definition), "deaths": "died" in observed,
        "scenario": None if plan is None else plan.name, "comparison": None, "cohorts": None,
    }  # fmt: skip
    counts = {"file": study.file.name, "file_digest": digest_of(study.file), "definition": definition,
              "windows": windows, "least": study.least}  # fmt: skip
    if plan is not None:
        plan = matching_scenario(plan, register)
        about = disclosure.to_nearest_five(len(register.people)) or disclosure.LEAST
        cohorts = facts["cohorts"] = counts["cohorts"] = cohorts_needed(about)
        model, band = simulate_alongside(
            plan, register, definition, windows, seed=study.seed, threads=context.threads,
            shown=lambda rows: context.progress(rows, cohorts, "cohorts"),
        )  # fmt: skip
        plan = plan.changed({"people.count": about})  # what is saved must not tell how many there are exactly
        beside = compare(counted, model)
        facts["comparison"] = _latest(beside[beside["inside"].notna()], definition)
        shown |= {"beside": beside.drop(columns="shown"), "model": band[band["month"] <= steps["month"].max()]}
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
    columns = {name: heading for name in WORDS["columns"] if (heading := getattr(study, name)) is not None}
    until = None if study.until is None else day(study.until.strip())
    if study.until is not None and until is None:
        raise ParameterError(f"--until is [{study.until}]; allowed is {ALLOWED}")
    if until is not None and np.datetime64(until, "D") > today():
        raise ParameterError(f"--until is [{study.until}], later than today ({today()}); give the last day of the "
                             "extract")  # fmt: skip
    return ExtractFormat(columns=columns, codes=kinds, until=until, releases=study.releases, by=study.by,
                         drop_identical=study.drop_identical)  # fmt: skip


def _latest(rows: pd.DataFrame, definition: str) -> dict[str, Any] | None:
    """The row of the longest window under the definition."""
    rows = rows[rows["definition"] == definition].sort_values("window")
    return None if rows.empty else {str(key): value for key, value in rows.iloc[-1].to_dict().items() if key != "shown"}


def disagreement(whole: pd.DataFrame, steps: pd.DataFrame, definition: str) -> dict[str, Any] | None:
    """The longest window at which share and curve of everybody contradict each other: window, share, curve (0-1).

    Both estimate the same where follow-up ends for reasons that have nothing to do with reoffending. None if their 95 %
    intervals overlap. The curve rises, so where it is not published at the window itself the months beside it bound it.
    """
    steps = steps[steps["group"] == disclosure.WHOLE].sort_values("month")
    for row in whole[whole["definition"] == definition].sort_values("window", ascending=False).to_dict("records"):
        before, after = steps[steps["month"] <= row["window"]], steps[steps["month"] >= row["window"]]
        below = before[before["low"] > row["high"]].tail(1)
        above = after[after["high"] < row["low"]].head(1)
        for found in (below, above):
            if len(found):
                return {"window": int(row["window"]), "share": row["share"], "curve": float(found["share"].item())}
    return None


def observed_shares(register: RegisterExtract, windows: Sequence[int]) -> pd.DataFrame:
    """Shares who reoffended, with Wilson's 95 % interval, by definition, group (``all`` for everybody) and window."""
    parts = []
    for definition in register.definitions:
        table = times(register.history(definition), definition)
        splits: list[tuple[str, ...]] = [(), ("group",)] if "group" in table else [()]
        for by in splits:
            for window in windows:
                rows = shares(table, window=window, by=by)
                rows = rows.assign(definition=definition, window=window)
                parts.append(rows.drop(columns="all", errors="ignore") if by else rows.rename(columns={"all": "group"}))
    columns = ["definition", "group", "window", "people", "censored", "reoffended", "share", "low", "high"]
    out = pd.concat(parts, ignore_index=True)[columns]
    codes = [pd.factorize(out[name])[0] for name in ("group", "definition")]
    return out.iloc[np.lexsort([out["window"].to_numpy(), *codes])].reset_index(drop=True)


# The model beside it ------------------------------------------------------------------------------------------


def matching_scenario(scenario: Scenario, register: RegisterExtract) -> Scenario:
    """A scenario for as many people as the register has, followed as long as the longest of them.

    A trial is refused: its two arms are not one population.
    """
    if scenario.trial.assignment == "randomised":
        raise ParameterError(
            f"--beside is [{scenario.name}], which randomises half of its people to a programme; add --set "
            "trial.assignment=nobody or --set trial.assignment=everyone"
        )
    longest = int(register.people["followed"].max())
    if longest < 1:
        raise ParameterError("nobody in the register was followed for a whole month; there is nothing to compare")
    return scenario.changed({
        "people.count": len(register.people), "people.follow_up_months": min(longest, LONGEST),
        "people.calendar_months": 0, "people.include_reentries": False,
    })  # fmt: skip


def cohorts_needed(people: int) -> int:
    """How many cohorts of so many people are simulated."""
    return max(COHORTS, -(-MODEL_PEOPLE // people))


def simulate_alongside(
    scenario: Scenario, register: RegisterExtract, definition: Definition, windows: Sequence[int], *, seed: int,
    threads: int | None = None, shown: Callable[[Iterable[int]], Iterable[int]] = iter,
) -> tuple[pd.DataFrame, pd.DataFrame]:  # fmt: skip
    """The model's shares and its curve, from cohorts of as many people, each followed as long as one of the register's.

    ``scenario`` is that of ``matching_scenario``; ``shown`` may wrap the numbers of the cohorts to show progress. The
    shares: definition, window, model (mean over the cohorts), model_low, model_high (their middle 95 %), NaN where
    nobody can be judged. The curve of the definition: month, share, low, high.
    """
    number = len(register.people)
    months = {name: times(register.history(name), name)["known"].to_numpy(np.int64) for name in register.definitions}
    found: dict[tuple[str, int], list[float]] = {(name, w): [] for name in register.definitions for w in windows}
    curves = []
    for replicate in shown(range(cohorts_needed(disclosure.to_nearest_five(number) or disclosure.LEAST))):
        lives = run(scenario, seed=seed, replicates=range(replicate, replicate + 1), threads=threads).lives
        for name in register.definitions:
            known = np.minimum(months[name], scenario.people.follow_up_months)
            time = getattr(lives, f"time_{name}").astype(np.int64)
            for window in windows:
                judged = known >= window
                found[name, window].append(float((time[judged] <= window).mean()) if judged.any() else np.nan)
            if name == definition:
                table = pd.DataFrame({"time": time, "known": known})
                curves.append(curve(table, by=())["share"].to_numpy())
    rows = [(name, w, *_middle(np.array(column)[:, None])[:, 0]) for (name, w), column in found.items()]
    shares_of = pd.DataFrame(rows, columns=["definition", "window", "model", "model_low", "model_high"])
    middle, low, high = _middle(np.array(curves))
    return shares_of, pd.DataFrame({"month": np.arange(len(middle)), "share": middle, "low": low, "high": high})


def _middle(table: Floats) -> Floats:
    """Mean and middle 95 % over the rows: 3 x columns."""
    return np.stack([table.mean(axis=0), *np.quantile(table, [0.025, 0.975], axis=0)])


def compare(observed: pd.DataFrame, model: pd.DataFrame) -> pd.DataFrame:
    """Register beside model, everybody together: the register's shares with model, model_low, model_high and inside.

    inside: whether the register's share lies among the middle 95 % of the model's cohorts. Where the register's share
    is not shown, the model's is not either, since it would reveal how many can be judged.
    """
    rows = observed[observed["group"] == disclosure.WHOLE].merge(model, on=["definition", "window"])
    rows.loc[rows["share"].isna(), ["model", "model_low", "model_high"]] = np.nan
    inside: list[Any] = [
        None if share != share or low != low else bool(low <= share <= high)
        for share, low, high in zip(rows["share"], rows["model_low"], rows["model_high"], strict=True)
    ]
    return rows.assign(inside=inside).drop(columns="group")

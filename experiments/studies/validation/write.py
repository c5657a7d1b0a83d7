"""A history of the model written as a register extract, as an example of invented people for ``desist register``.

Read back, it gives the model's own outcomes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiments.inputs.scenario_files import load
from experiments.language.messages import Language, Messages
from experiments.studies.validation.dates import DAY, Days, day_of, days_in
from simulation.history import History, simulate
from simulation.parameters import ParameterError

FIRST_RELEASE = date(2016, 1, 1)
Style = Literal["decisions", "events"]
EXAMPLE = {
    "people.count": 2_000, "people.release_months": 12, "people.follow_up_months": 36, "people.calendar_months": 48,
}  # fmt: skip
"""The people of an example: released over a year, followed until the end of the fourth."""


def write_example(path: Path, language: Language, *, scenario: str, changes: Sequence[str], seed: int) -> str:
    """Write an extract of people invented by a scenario, and return a sentence about it."""
    plan = load(scenario, changes).changed(EXAMPLE)
    try:
        extract(simulate(plan, seed=seed)).to_csv(path, index=False, lineterminator="\n")
    except OSError as problem:
        raise ParameterError(f"--example is [{path}], which cannot be written ({problem.strerror})") from None
    m = Messages(language, "register")
    return m("example", file=str(path), people=m.number(EXAMPLE["people.count"]), scenario=plan.name)


def extract(
    history: History, *, first: date = FIRST_RELEASE, spread: int = 1, style: Style = "decisions"
) -> pd.DataFrame:
    """A history of one replicate as the table of a register: text, as a CSV file has it; dates as 2016-05-31.

    ``first`` is the calendar month of the model's month 0; ``spread`` decides which days of a month are taken. The
    style ``decisions`` has a row a decision (person, release, offence, decision, sanction, offences, followed,
    decided), ``events`` a row an event (person, event, date, sanction, offence, offences). Offences of one month are
    one row with their number.
    """
    people = history.people
    person = people["person"].to_numpy(np.int64)
    shift = (person * 7 + spread * 13) % 31
    month = np.datetime64(first, "M") + people["release"].to_numpy(np.int64).astype("timedelta64[M]")
    release = month.astype("datetime64[D]") + np.minimum(shift, days_in(month) - 1).astype("timedelta64[D]")
    table = pd.DataFrame({"person": person, "release": _text(release)})
    for name in ("followed", "decided"):
        table[name] = _text(day_of(release, people[name].to_numpy(np.int64)) - DAY)
    cases = _cases(history, release, person, spread)
    if style == "events":
        return _listed(table, cases)
    columns = ["person", "release", "offence", "decision", "sanction", "offences", "followed", "decided"]
    cases = cases[["person", "offence", "decision", "sanction", "offences"]]
    rows = table.merge(cases, on="person", how="left").sort_values(["person", "offence"], ignore_index=True)
    return rows[columns].fillna("").astype({"person": str})


def _cases(history: History, release: Days, person: npt.NDArray[np.int64], spread: int) -> pd.DataFrame:
    """person, offence and decision (days), sanction, offences (number): a row a case."""
    events = history.events
    committed = events[events["event"] == "offence"][["person", "month", "value"]]
    committed = committed.rename(columns={"month": "of", "value": "offences"})
    decided = events[events["event"] == "sanction"][["person", "value", "month", "detail"]]
    decided = decided.rename(columns={"value": "of", "month": "decided_in", "detail": "sanction"})
    cases = committed.merge(decided.astype({"sanction": str}), on=["person", "of"], how="left")
    begun = pd.Series(release, index=person).loc[cases["person"]].to_numpy().astype("datetime64[D]")
    days = (cases["person"].to_numpy(np.int64) * 5 + cases["of"].to_numpy(np.int64) * 11 + spread) % 28 * DAY
    cases["offence"] = _text(day_of(begun, cases["of"].to_numpy(np.int64)) + days)
    known = cases["decided_in"].notna().to_numpy()
    decision = np.full(len(cases), np.datetime64("NaT", "D"))
    decision[known] = day_of(begun[known], cases["decided_in"].to_numpy(float)[known].astype(np.int64)) + days[known]
    return cases.assign(decision=_text(decision), sanction=cases["sanction"].fillna(""),
                        offences=cases["offences"].astype(str))  # fmt: skip


def _text(days: Days) -> npt.NDArray[np.str_]:
    """Days as 2016-05-31, nothing where there is none."""
    cells = np.datetime_as_string(days)
    return np.where(cells == "NaT", "", cells)


def _listed(table: pd.DataFrame, cases: pd.DataFrame) -> pd.DataFrame:
    nothing = {"sanction": "", "offence": "", "offences": ""}
    parts = [pd.DataFrame({"person": table["person"], "event": name, "date": table[name], **nothing})
             for name in ("release", "followed", "decided")]  # fmt: skip
    parts.append(pd.DataFrame({"person": cases["person"], "event": "offence", "date": cases["offence"], **nothing,
                               "offences": cases["offences"]}))  # fmt: skip
    decided = cases[["person", "decision", "sanction", "offence"]].rename(columns={"decision": "date"})
    decided = decided[decided["sanction"] != ""]
    parts.append(decided.assign(event="sanction", offences=""))
    listed = pd.concat(parts, ignore_index=True)
    return listed.sort_values(["person", "date"], kind="stable", ignore_index=True).astype({"person": str})

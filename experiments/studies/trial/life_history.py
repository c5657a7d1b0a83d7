"""One simulated person, month by month: what happened, and why.

A device to see how the model works. It is not a forecast for any real person.
"""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from experiments.execution.context import RunContext
from experiments.inputs.scenario_files import scenario_of
from experiments.studies.result import StudyResult
from experiments.studies.trial.person_study import PersonStudy
from simulation.history import History
from simulation.mesa_model import Entry, Person, ReentryModel
from simulation.parameters import ParameterError
from simulation.scenario import Scenario

COLUMNS = ("month", "event", "about", "ending", "value", "probability", "random_number")


def run_person(study: PersonStudy, context: RunContext | None) -> StudyResult:  # noqa: ARG001  nothing is stored
    """Simulate the scenario with the readable driver, and take down what happened to one person."""
    scenario = scenario_of(study, "")
    if study.without:
        scenario = scenario.changed({"trial.assignment": "nobody"})
    if study.person >= scenario.people.count:
        raise ParameterError(
            f"person is [{study.person}]; this scenario has people 0 to {scenario.people.count - 1}"
        )
    model = ReentryModel(scenario, seed=study.seed, replicate=study.replicate, watch=[study.person])
    history = model.run()
    person = model.persons[study.person]
    events = _events(scenario, history, person)
    facts = {"scenario": scenario.name, "seed": study.seed, "replicate": study.replicate, "without": study.without,
             **_person(model, person), "events": events, "end": {
                 "offences": int(person.offences), "present": [name for name, have in person.support.items() if have],
                 "in_custody": bool(person.inside),
             }}  # fmt: skip
    table = pd.DataFrame([{name: event.get(name) for name in COLUMNS} for event in events], columns=list(COLUMNS))
    return StudyResult(study=study, tables={"months": table}, facts=facts, scenario=scenario)


def _person(model: ReentryModel, person: Person) -> dict[str, Any]:
    """What is known of the person at release, and what nobody can see."""
    people, row = model.people, person.row
    missing = [name for name, lacks in zip(model.scenario.factor, people.lacks[:, row], strict=True) if lacks]
    randomised = model.scenario.trial.assignment == "randomised"
    return {
        "person": person.number, "woman": bool(people.woman[row]), "age": float(person.age),
        "municipality": person.place, "earlier_convictions": int(person.priors),
        "sentence": float(people.sentence[row]), "highest_risk": bool(model.lives.highest[row]),
        "arm": ("mentored" if people.side[row] else "control") if randomised else None, "missing": missing,
        "motivation": float(people.motivation[row]), "frailty": float(people.propensity[row]),
    }  # fmt: skip


def _events(scenario: Scenario, history: History, person: Person) -> list[dict[str, Any]]:
    """The person's events in order, those of a crime with its probability, random number and multipliers."""
    diary = {entry.month: entry for entry in person.diary}
    labels = {name: row.label or name for name, row in scenario.programme.items()}
    mine = history.events[history.events["person"] == person.number].sort_values("month", kind="stable")
    found = []
    for row in mine.to_dict("records"):
        about, _, ending = str(row["detail"]).partition(": ")
        event: dict[str, Any] = {
            "month": int(row["month"]), "event": str(row["event"]), "about": labels.get(about, about),
            "ending": ending, "value": int(row["value"]),
        }  # fmt: skip
        entry = diary.get(event["month"])
        found.append(event | (_why(entry, scenario) if event["event"] == "offence" and entry is not None else {}))
    return found


def _why(entry: Entry, scenario: Scenario) -> dict[str, Any]:
    """Probability of an offence in a month, the random number that decided it, and what changed the hazard."""
    parts = list(entry.parts.items())[1:]
    return {
        "probability": 1 - math.exp(-entry.hazard), "random_number": float(entry.luck),
        "multipliers": [{**_cause(name, scenario), "times": float(times)} for name, times in parts
                        if abs(times - 1) > 0.005],
    }  # fmt: skip


def _cause(name: str, scenario: Scenario) -> dict[str, str]:
    """What a multiplier of the hazard stands for: time, peers, a programme, or a support factor that is missing."""
    if name in scenario.programme:
        return {"cause": "programme", "of": scenario.programme[name].label or name}
    factor = name.removeprefix("lacking ")
    return {"cause": "missing", "of": factor} if factor in scenario.factor else {"cause": name, "of": ""}

"""One person's life as a story: month by month what happened, and why.

A device to see how the model works. It is not a forecast for any real person.
"""

from __future__ import annotations

import math

from simulation.history import History
from simulation.mesa_model import Entry, Person, ReentryModel
from simulation.parameters import ParameterError
from simulation.scenario import Scenario

NOTE = "This shows how the model works. It says nothing about any real person."


SPOKEN = {"fine": "a fine", "suspended": "a suspended sentence", "prison": "a prison sentence"}


def story(scenario: Scenario, number: int, *, seed: int, replicate: int = 0) -> list[str]:
    """The life of person ``number`` of a replicate, a line a month in which something happened.

    Raises
    ------
    ParameterError
        If there is no such person.
    """
    if not 0 <= number < scenario.people.count:
        raise ParameterError(f"person is [{number}]; this scenario has people 0 to {scenario.people.count - 1}")
    model = ReentryModel(scenario, seed=seed, replicate=replicate, watch=[number])
    history = model.run()
    person = model.persons[number]
    return [*_beginning(model, person), *_months(scenario, history, person), *_ending(person), NOTE]


def _beginning(model: ReentryModel, person: Person) -> list[str]:
    people, row = model.people, person.row
    who = "woman" if people.woman[row] else "man"
    lacks = [name for name, lacked in zip(model.scenario.factor, people.lacks[:, row], strict=True) if lacked]
    arm = {"randomised": "drawn to mentors" if people.side[row] else "drawn to the control arm"}.get(
        model.scenario.trial.assignment, ""
    )
    high = "in the highest-risk group" if model.lives.highest[row] else "not in the highest-risk group"
    past = "conviction" if person.priors == 1 else "convictions"
    text = (
        f"Person {person.number}: a {who} of {person.age:.0f} from {person.place}, {person.priors} earlier {past}, "
        f"sentence {people.sentence[row]:.1f} months; {high}{', ' + arm if arm else ''}. "
        f"At release lacks {', '.join(lacks) if lacks else 'nothing'}."
    )
    return [text, f"Motivation {people.motivation[row]:+.1f} sd, lasting difference {people.propensity[row]:+.1f} sd "
                  "(neither can be seen by anyone)."]  # fmt: skip


def _months(scenario: Scenario, history: History, person: Person) -> list[str]:
    """A line a month; months in a row in which they only meet are told in one."""
    events = history.events
    diary = {entry.month: entry for entry in person.diary}
    labels = {name: row.label or name for name, row in scenario.programme.items()}
    lines: list[tuple[int, int, str]] = []
    for month, rows in events[events["person"] == person.number].groupby("month", sort=True):
        told = [
            _sentence(str(row.event), _named(str(row.detail), labels), int(row.value), diary.get(int(month)), labels)
            for row in rows.itertuples()
        ]
        text = "; ".join(told)
        if lines and lines[-1][2] == text and lines[-1][1] == month - 1 and text.startswith("meets "):
            lines[-1] = (lines[-1][0], int(month), text)
        else:
            lines.append((int(month), int(month), text))
    return [
        f"month {begin}: {text}" if begin == end else f"months {begin} to {end}: {text}" for begin, end, text in lines
    ]


def _named(detail: str, labels: dict[str, str]) -> str:
    name, sign, rest = detail.partition(": ")
    return labels.get(name, name) + sign + rest


def _sentence(event: str, detail: str, value: int, entry: Entry | None, labels: dict[str, str]) -> str:
    if event == "offence":
        number = "1 offence" if value == 1 else f"{value} offences"
        return f"{number} ({_why(entry, labels)})" if entry is not None else number
    lost = "custody destroys" if value else "loses"
    programme, _, how = detail.partition(": ")
    return {
        "release": "released",
        "custody out": "released from custody",
        "custody in": f"to custody for {value} {'month' if value == 1 else 'months'}",
        "match": f"matched with {programme}" + (f" ({value} volunteers)" if value else ""),
        "unmatched": f"released without {programme}: nobody was free in time",
        "exit": f"{programme} ends ({how})",
        "contact": f"meets {programme}",
        "gain": f"gains {detail}",
        "loss": f"{lost} {detail}",
        "sanction": f"{SPOKEN.get(detail, detail)} for the case of month {value}",
    }[event]


def _why(entry: Entry, labels: dict[str, str]) -> str:
    chance = 1 - math.exp(-entry.hazard)
    parts = list(entry.parts.items())[1:]
    raised = [f"{labels.get(name, name)} x{times:.2f}" for name, times in parts if abs(times - 1) > 0.005]
    return f"chance {100 * chance:.1f} %, luck {entry.luck:.3f}; {', '.join(raised) or 'nothing changed it'}"


def _ending(person: Person) -> list[str]:
    holds = [name for name, have in person.support.items() if have]
    return [f"At the end: {person.offences} offences; holds {', '.join(holds) if holds else 'nothing'}"
            f"{'; in custody' if person.inside else ''}."]  # fmt: skip



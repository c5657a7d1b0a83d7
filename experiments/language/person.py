"""The story of ``desist person`` in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import pandas as pd

from experiments.language.answer import Answer
from experiments.language.messages import Messages


def answer(facts: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], m: Messages) -> Answer:  # noqa: ARG001
    """The person, what happened month by month, and how it ended."""
    return Answer(sentences=[*_person(facts, m), *_months(facts["events"], m), *_end(facts["end"], m), m("note")])


def _person(facts: Mapping[str, Any], m: Messages) -> Iterator[str]:
    convictions = facts["earlier_convictions"]
    yield m(
        "person", number=str(facts["person"]), who=m("woman" if facts["woman"] else "man"),
        age=m.number(facts["age"], 0), municipality=facts["municipality"], n=m.number(convictions, 0),
        convictions=m("conviction" if convictions == 1 else "convictions"), sentence=m.number(facts["sentence"], 1),
        risk=m("highest" if facts["highest_risk"] else "not_highest"),
        arm=m(f"arm_{facts['arm']}") if facts["arm"] else "", missing=_listed(facts["missing"], m),
    )  # fmt: skip
    yield m("unseen", motivation=_signed(facts["motivation"], m), frailty=_signed(facts["frailty"], m))


def _signed(value: float, m: Messages) -> str:
    return ("+" if value >= 0 else "") + m.number(value, 1)


def _listed(factors: Sequence[str], m: Messages) -> str:
    return ", ".join(_factor(name, m) for name in factors) or m("nothing")


def _factor(name: str, m: Messages) -> str:
    """A support factor in words; one of the user's own by its key."""
    return m(f"factor.{name}") if m.has(f"factor.{name}") else name


def _months(events: Sequence[Mapping[str, Any]], m: Messages) -> list[str]:
    """A line a month in which something happened; months in a row with nothing but a meeting are one line."""
    lines: list[tuple[int, int, str]] = []
    for month, rows in groupby(events, key=lambda event: int(event["month"])):
        several = list(rows)
        text = "; ".join(_event(event, m) for event in several)
        only = all(event["event"] == "contact" for event in several)
        if only and lines and lines[-1][1:] == (month - 1, text):
            lines[-1] = (lines[-1][0], month, text)
        else:
            lines.append((month, month, text))
    return [m("month" if first == last else "months", first=str(first), last=str(last), text=text)
            for first, last, text in lines]  # fmt: skip


def _event(event: Mapping[str, Any], m: Messages) -> str:
    kind, about, value = event["event"], event["about"], event["value"]
    if kind == "offence":
        number = m("offence" if value == 1 else "offences", n=m.number(value, 0))
        return m("offence_why", offences=number, why=_why(event, m)) if "probability" in event else number
    if kind == "custody in":
        return m("event.custody in", months=m.months(value))
    if kind == "match":
        return m("event.match_volunteers" if value else "event.match", programme=about, n=m.number(value, 0))
    if kind == "sanction":
        return m("event.sanction", sanction=m(f"sanction.{about}"), month=str(value))
    if kind == "loss":
        return m("event.lost_in_custody" if value else "event.loss", factor=_factor(about, m))
    ending = m(f"ending.{event['ending']}") if event["ending"] else ""
    return m(f"event.{kind}", programme=about, factor=_factor(about, m), ending=ending)


def _why(event: Mapping[str, Any], m: Messages) -> str:
    """The probability of an offence in that month, the random number, and what changed the hazard."""
    changed = ", ".join(
        f"{m('cause.' + each['cause'], of=_factor(each['of'], m))} × {m.number(each['times'], 2)}"
        for each in event["multipliers"]
    )
    return m("why", probability=m.percent(event["probability"], 1), random=m.number(event["random_number"], 3),
             changed=changed or m("unchanged"))  # fmt: skip


def _end(end: Mapping[str, Any], m: Messages) -> Iterator[str]:
    number = m("offence" if end["offences"] == 1 else "offences", n=m.number(end["offences"], 0))
    yield m("end_in_custody" if end["in_custody"] else "end", offences=number, present=_listed(end["present"], m))

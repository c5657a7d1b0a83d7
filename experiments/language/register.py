"""The answer of ``desist register`` in sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from typing import Any

import pandas as pd

from experiments.language.answer import Answer, Shown
from experiments.language.messages import LANGUAGES, Messages
from experiments.language.shown import shown_table

EVERYBODY = "all"
"""The group of everybody."""


def answer(facts: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], m: Messages) -> Answer:
    """Share who reoffended, whether the model agrees; tables of shares, numbers of offences and the model."""
    return Answer(sentences=list(_sentences(facts, m)), tables=list(_tables(facts, tables, m)),
                  notes=list(_notes(facts, m)))  # fmt: skip


def group_name(name: object, m: Messages) -> str:
    """The name of a group: the user's own, or one of ours in the reader's language."""
    return m(f"group.{name}") if m.has(f"group.{name}") else str(name)


@cache
def _taken() -> frozenset[str]:
    """Words for all, for a blank and for small groups, in every language, without regard to case."""
    names = ("all", "(blank)", "(small groups)", "4 or more")
    shown = (group_name(name, Messages(each, "register")) for each in LANGUAGES for name in names)
    return frozenset(word.casefold() for word in (*names, *shown))


def label_of(group: str) -> str:
    """A user's group as tables show it: in quotation marks if it could be taken for all, a blank or small groups."""
    return f'"{group}"' if group.strip('"').casefold() in _taken() else group


def people(number: int | None, m: Messages) -> str:
    """About how many people there are."""
    return m("fewer", least="5") if number is None else m("about", number=m.number(number, 0))


def _sentences(facts: Mapping[str, Any], m: Messages) -> Iterator[str]:
    row, beside = facts["reoffended"], facts["comparison"]
    definition = m(f"rule.{facts['definition']}")
    yield m("releases", releases=people(facts["releases"], m))
    if row is None:
        yield m("no_share", definition=definition)
    else:
        yield m("reoffended", share=m.percent(row["share"], 1), months=m.months(row["window"]),
                low=m.percent(row["low"], 1), high=m.percent(row["high"], 1), definition=definition)  # fmt: skip
    if facts["scenario"] is None:
        return
    if beside is None:
        yield m("no_comparison")
        return
    yield m("inside" if beside["inside"] else "outside", months=m.months(beside["window"]),
            share=m.percent(beside["share"], 1), scenario=facts["scenario"], cohorts=m.number(facts["cohorts"], 0),
            low=m.percent(beside["model_low"], 1), high=m.percent(beside["model_high"], 1))  # fmt: skip


def _tables(facts: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], m: Messages) -> Iterator[Shown]:
    share = partial(m.percent, decimals=1)
    count = partial(m.number, decimals=0)
    rows = tables["outcomes"]
    columns: dict[str, Callable[[Any], str] | None] = {"definition": None}
    columns |= {"group": lambda name: group_name(name, m)} if (rows["group"] != EVERYBODY).any() else {}
    columns |= {"window": None, "people": count}
    columns |= {"censored": count} if (rows["censored"].fillna(1) > 0).any() else {}
    columns |= {"reoffended": count, "share": share, "low": share, "high": share}
    yield shown_table(rows, columns, m, title=m("outcomes_title"))
    if "offences" in tables:
        yield shown_table(tables["offences"], {
            "offences": lambda name: group_name(name, m), "people": count, "share": share,
        }, m, title=m("offences_title", months=m.months(facts["offences_window"])))  # fmt: skip
    if "beside" in tables:
        known = {True: m("yes"), False: m("no")}
        wide: dict[str, Callable[[Any], str] | None] = {"definition": None, "window": None}
        wide |= dict.fromkeys(("share", "low", "high", "model", "model_low", "model_high"), share)
        wide |= {"inside": lambda value: known.get(value, "–")}
        yield shown_table(tables["beside"], wide, m, title=m("beside_title", scenario=facts["scenario"]))


def _notes(facts: Mapping[str, Any], m: Messages) -> Iterator[str]:
    for definition in facts["definitions"]:
        yield m("definition", name=definition, rule=m(f"rule.{definition}"))
    least = m.number(facts["least"], 0)
    for reason, number in facts["left_out"].items():
        many = m("fewer", least=least) if number is None else m.number(number, 0)
        yield m(f"left_out.{reason}", number=many)
    if facts["deaths"]:
        yield m("deaths")
    if (apart := facts["disagree"]) is not None:
        yield m("disagree", months=m.months(apart["window"]), share=m.percent(apart["share"], 1),
                curve=m.percent(apart["curve"], 1))  # fmt: skip
    yield m("dash", least=least)

"""The answer of ``desist run`` in sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from experiments.language.answer import Answer, Shown
from experiments.language.messages import Messages

DEFINITIONS = ("any", "prison", "sentence")
Row = Mapping[str, Any]


def answer(facts: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], m: Messages) -> Answer:  # noqa: ARG001
    """Who was simulated and how many of them reoffend; the tables; the definitions."""
    if "draws" in facts:
        return _over_draws(facts, m)
    whole = m("simulated_replicates" if facts["replicates"] > 1 else "simulated", title=facts["title"],
              people=m.number(facts["people"], 0), n=m.number(facts["replicates"], 0))  # fmt: skip
    shown = [Shown(table=_table(facts["outcomes"], _outcome_cells(m), m), title=_title("outcomes", facts, m))]
    shown.append(Shown(table=_table(facts["offences"], {
        "offences": lambda text: m("cell.four_or_more") if text == "4 or more" else str(text),
        "people": lambda number: m.number(number, 0),
        "share": lambda share: m.percent(share, 1),
    }, m), title=_title("offences", facts, m)))  # fmt: skip
    if facts["matches"]:
        shown.append(Shown(table=_table(facts["matches"], {
            "programme": lambda name: facts["programmes"].get(name, name), "what": lambda what: m(f"match.{what}"),
            "people": lambda number: m.number(number, 0 if float(number).is_integer() else 1),
        }, m), title=m("table.matches")))  # fmt: skip
    notes = [m("empty")] if not all(row["people"] for row in facts["outcomes"]) else []
    return Answer(sentences=[whole, *_arms(facts, m), m("interval")], tables=shown, notes=[*notes, *_rules(m)])


def _arms(facts: Mapping[str, Any], m: Messages) -> Iterator[str]:
    """How many reoffend, by arm, under the scenario's own definition."""
    arms = {row["arm"]: row for row in facts["by_arm"] if row["people"]}
    parts = {"window": m.months(facts["window"]), "definition": m(f"common.definition.{facts['definition']}"),
             "programmes": m.listed(list(facts["programmes"].values()))}  # fmt: skip
    if len(arms) == 2:
        yield m("arms", **parts, mentored=_share(arms["mentored"], m), control=_share(arms["control"], m))
    for arm, row in arms.items() if len(arms) == 1 else ():
        yield m("offered" if arm == "mentored" and facts["programmes"] else "nobody", **parts, share=_share(row, m))


def _share(row: Row, m: Messages) -> str:
    """A share with its interval."""
    return f"{m.percent(row['share'], 1)} ({m.to(m.percent(row['low'], 1), m.percent(row['high'], 1))})"


def _over_draws(facts: Mapping[str, Any], m: Messages) -> Answer:
    """The same over draws of the uncertain parameters."""
    sentences = [m("draws", title=facts["title"], draws=m.number(facts["draws"], 0),
                   people=m.number(facts["people"], 0), n=m.number(facts["replicates"], 0))]  # fmt: skip
    rows = [row for row in facts["outcomes"] if row["definition"] == facts["definition"]]
    window, definition = m.months(facts["window"]), m(f"common.definition.{facts['definition']}")
    for row in rows:
        parts = {"who": _who(row, m), "window": window, "definition": definition}
        if row["arm"] == "difference":
            parts |= _points(row, m) | {"programmes": m.listed(list(facts["programmes"].values()))}
            sentences.append(m("gap" if row["share"] >= 0 else "gap_more", **parts))
        elif len({each["arm"] for each in rows}) == 1:
            parts |= {name: m.percent(row[name], 1) for name in ("share", "low", "high")}
            sentences.append(m("drawn", **parts))
    shown = Shown(table=_table(facts["outcomes"], _outcome_cells(m), m), title=_title("outcomes", facts, m))
    effect = m("effect_follows" if facts["programmes"] else "no_programme")
    notes = [m("spread"), m("following", n=m.number(facts["following"], 0), effect=effect), *_rules(m)]
    return Answer(sentences=sentences, tables=[shown], notes=notes)


def _points(row: Row, m: Messages) -> dict[str, str]:
    """A difference with its interval in percentage points; without its sign where more and not fewer reoffend."""
    if row["share"] < 0:
        return {"share": m.points(-row["share"]), "low": m.points(-row["high"]), "high": m.points(-row["low"])}
    return {name: m.points(row[name]) for name in ("share", "low", "high")}


def _who(row: Row, m: Messages) -> str:
    return m(f"who.{row['group']}") if "group" in row else m("who.all")


def _title(name: str, facts: Mapping[str, Any], m: Messages) -> str:
    return m(f"table.{name}", window=m.months(facts["window"]))


def _rules(m: Messages) -> list[str]:
    return [m("rule", name=m(f"cell.{name}"), text=m(f"counts.{name}")) for name in DEFINITIONS]


def _outcome_cells(m: Messages) -> dict[str, Callable[[Any], str]]:
    """How each column of outcomes is written."""
    named, shares = ("definition", "arm", "group"), ("share", "low", "high", "stochastic_sd", "parameter_sd")
    return {
        **{name: lambda text: m(f"cell.{text}") for name in named},
        **{name: lambda number: m.number(number, 0) for name in ("people", "censored", "reoffended")},
        **{name: lambda share: m.percent(share, 1) for name in shares},
    }  # fmt: skip


def _table(rows: Sequence[Row], cells: Mapping[str, Callable[[Any], str]], m: Messages) -> pd.DataFrame:
    """Rows as a table of texts; a column of people left out that is 0 everywhere is not shown."""
    names = [name for name in rows[0] if name != "censored" or any(row[name] for row in rows)] if rows else []
    return pd.DataFrame({m.heading(name): [cells[name](row[name]) for row in rows] for name in names})
